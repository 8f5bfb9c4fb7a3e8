"""The ledger: the statements that data are held against, read from a file and checked."""

from pathlib import Path

import numpy as np
import pandas as pd

from mgbone.study.design import Study
from mgbone.study.errors import StudyError
from mgbone.study.language import N_, tr
from mgbone.study.paths import project_root, resolve

CLAIM_COLUMNS = [
    "claim_id", "section", "experiment", "domain", "endpoint", "contrast", "direction", "level",
    "value", "unit", "implied", "statement_en", "statement_ja",
]  # fmt: skip

LEDGER = "claims.csv"  # a dataset's own, in its folder
KEYS = ["experiment", "endpoint", "contrast"]

LEVELS = {
    "significant": {"up", "down"},
    "trend": {"up", "down"},
    "none": {"none"},
    "separated": {"none"},
    "mixed": {"none"},
    "monotonic": {"up", "down"},
}

VERDICTS = ("reproduced", "direction_only", "contradicted", "not_tested")


def load_claims(path: str | Path | None = None) -> pd.DataFrame:
    """Read a ledger; without `path`, the report's (``data/report/claims.csv``).

    Returns
    -------
    DataFrame
        One row per statement with the columns of ``CLAIM_COLUMNS``.

    Raises
    ------
    StudyError
        If the file is missing, lacks a column, repeats a claim_id, or names a level, or a direction for a
        level, that does not exist; the row is named as a spreadsheet counts it.
    """
    path = project_root() / "data" / "report" / "claims.csv" if path is None else resolve(path)
    try:
        claims = pd.read_csv(
            path, dtype={"claim_id": str, "section": str}, keep_default_na=False, na_values=[""]
        )
    except (OSError, ValueError) as error:
        raise StudyError(tr("The ledger {path} can't be read: {error}", path=path, error=error)) from error
    missing = [c for c in CLAIM_COLUMNS if c not in claims.columns]
    if missing:
        raise StudyError(
            tr("{file} lacks the column {columns}.", file=path.name, columns=tr(", ").join(missing))
        )
    faults = _faults(claims)
    if faults:
        raise StudyError(f"{path.name}: " + tr("; ").join(faults))
    return claims[CLAIM_COLUMNS]


def ledger_faults(folder: Path, study: Study) -> list[str]:
    """Say what is wrong with the ledger in the folder of a dataset, if it has one."""
    if not (folder / LEDGER).is_file():
        return []
    try:
        claims = load_claims(folder / LEDGER)
    except StudyError as error:
        return [str(error).removeprefix(f"{LEDGER}: ")]
    known = {(c.experiment, c.name) for c in study.contrasts}
    listed = sorted(
        tr("{contrast} in {experiment}", contrast=name, experiment=where) for where, name in known
    )
    return [
        tr(
            "row {row} speaks of {contrast} in {experiment}, which the study does not compare; "
            "it has {known}",
            row=i + 2,
            contrast=contrast,
            experiment=experiment,
            known=tr(", ").join(listed),
        )
        for i, (experiment, contrast) in enumerate(zip(claims["experiment"], claims["contrast"], strict=True))
        if contrast != "dose_order" and (experiment, contrast) not in known
    ]


def _faults(claims: pd.DataFrame) -> list[str]:
    faults = [tr("row {row} repeats the claim_id {id}", row=i + 2, id=claims["claim_id"][i])
              for i in np.flatnonzero(claims["claim_id"].duplicated())]  # fmt: skip
    for i, (level, direction) in enumerate(zip(claims["level"], claims["direction"], strict=True)):
        if level not in LEVELS:
            said = N_("row {row} has the level {level!r}; allowed: {known}")
            faults.append(tr(said, row=i + 2, level=level, known=tr(", ").join(LEVELS)))
        elif direction not in LEVELS[level]:
            said = N_("row {row} has the direction {direction!r}; with {level} it must be {allowed}")
            allowed = tr(" or ").join(sorted(LEVELS[level]))
            faults.append(tr(said, row=i + 2, direction=direction, level=level, allowed=allowed))
    return faults
