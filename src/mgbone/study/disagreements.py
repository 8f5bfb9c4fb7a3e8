"""What other papers state where they and the report disagree, read from a file and checked."""

from pathlib import Path

import pandas as pd

from mgbone.study.design import Study
from mgbone.study.errors import StudyError
from mgbone.study.language import tr
from mgbone.study.ledger import KEYS, LEVELS
from mgbone.study.paths import project_root, resolve

SOURCE_COLUMNS = [
    "topic", "topic_en", "topic_ja", "source", "source_ja", "citation", *KEYS,
    "direction", "level", "percent", "statement_en", "statement_ja",
]  # fmt: skip


def load_disagreements(path: str | Path | None = None) -> pd.DataFrame:
    """Read what sources state on questions on which they disagree (``data/report/disagreements.csv``).

    Returns
    -------
    DataFrame
        Columns of ``SOURCE_COLUMNS``: a topic, its source, and the comparison of this study that comes
        nearest to it; `percent` is the stated change and `level` how sure the source is of it, each missing
        where the source does not say.

    Raises
    ------
    StudyError
        If the file can't be read, lacks a column, leaves a citation or statement blank, or names a direction
        that does not go with its level.
    """
    path = project_root() / "data" / "report" / "disagreements.csv" if path is None else resolve(path)
    try:
        table = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype={"percent": float})
    except (OSError, ValueError) as error:
        raise StudyError(
            tr("The sources {file} can't be read: {error}", file=path.name, error=error)
        ) from error
    if missing := [c for c in SOURCE_COLUMNS if c not in table.columns]:
        raise StudyError(
            tr("{file} lacks the column {columns}.", file=path.name, columns=tr(", ").join(missing))
        )
    filled = [c for c in SOURCE_COLUMNS if c not in ("percent", "level")]
    for number, row in enumerate(table.to_dict("records"), start=2):
        if blank := [c for c in filled if pd.isna(row[c])]:
            raise StudyError(
                tr(
                    "{file}, row {number}: {column} is blank; every source needs it.",
                    file=path.name,
                    number=number,
                    column=blank[0],
                )
            )
        if pd.isna(row["level"]) and pd.isna(row["percent"]):
            raise StudyError(
                tr(
                    "{file}, row {number}: a source states a level, a percentage or both.",
                    file=path.name,
                    number=number,
                )
            )
        if pd.notna(row["level"]) and row["direction"] not in LEVELS.get(row["level"], ()):
            raise StudyError(
                tr(
                    "{file}, row {number}: {direction} does not go with {level}; significant and trend "
                    "are up or down, none is none.",
                    file=path.name,
                    number=number,
                    direction=row["direction"],
                    level=row["level"],
                )
            )
    return table[SOURCE_COLUMNS]


def disagreements_for(study: Study) -> pd.DataFrame:
    """Return `load_disagreements` for a study of the report's design, and no row for any other."""
    table = load_disagreements()
    return table if study.follows_report else table.iloc[:0]
