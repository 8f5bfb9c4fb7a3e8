"""Reporting checklists: what they ask, what the report states, what this compendium adds or leaves open."""

import pandas as pd

from mgbone.study.errors import StudyError
from mgbone.study.language import either, tr
from mgbone.study.paths import project_root

CHECKLISTS = {
    "arrive": "ARRIVE 2.0 (Percie du Sert et al. 2020)",
    "bouxsein": "Bouxsein et al. (2010), bone by micro-CT in rodents",
}

COLUMNS = ["number", "part", "item", "asks", "status", "report", "compendium"]
SAID = ["part", "item", "asks", "report", "compendium"]
"""Columns that the file holds in Japanese, too: as ``part_ja``."""

STATUSES = ("stated", "partly", "open")


def load_checklist(name: str) -> pd.DataFrame:
    """Read a checklist with its answers (``data/report/<name>.csv``), in the language in use.

    Parameters
    ----------
    name : str
        One of ``CHECKLISTS``.

    Returns
    -------
    DataFrame
        Columns number, part, item, asks, status (is it in the report: stated, partly, open), report,
        compendium.

    Raises
    ------
    StudyError
        If there is no such checklist, a column is missing, a cell is blank, or a status is none of the three.
    """
    if name not in CHECKLISTS:
        raise StudyError(
            tr(
                "There is no checklist {name!r}; there are {known}.",
                name=name,
                known=tr(", ").join(CHECKLISTS),
            )
        )
    path = project_root() / "data" / "report" / f"{name}.csv"
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise StudyError(
            tr("The checklist {file} can't be read: {error}", file=path.name, error=error)
        ) from error
    columns = [*COLUMNS, *(f"{name}_ja" for name in SAID)]
    if list(table.columns) != columns:
        raise StudyError(
            tr("{file} must have the columns {columns}.", file=path.name, columns=tr(", ").join(columns))
        )
    blank = table.eq("").any(axis=1) | ~table["status"].isin(STATUSES)
    if blank.any():
        row = int(blank.idxmax()) + 2
        raise StudyError(
            tr(
                "{file}: row {row} has a blank cell or a status other than {statuses}.",
                file=path.name,
                row=row,
                statuses=tr(", ").join(STATUSES),
            )
        )
    said = {name: table[either(name, f"{name}_ja")] for name in SAID}
    return table.assign(**said)[COLUMNS]


def count_statuses(table: pd.DataFrame) -> pd.DataFrame:
    """Count, per part of a checklist, what the report states, states partly and leaves open."""
    counts = pd.crosstab(table["part"], table["status"])
    counts = counts.reindex(index=table["part"].unique(), columns=list(STATUSES), fill_value=0)
    return counts.rename_axis(index=None, columns=None)
