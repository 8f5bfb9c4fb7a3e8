"""From evidence to verdicts: every statement of the report held against the data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from mgbone.dataset import Dataset
from mgbone.errors import StudyError
from mgbone.paths import project_root, resolve
from mgbone.study import Study, load_study

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
_RENAMED = {
    "direction": "observed_direction",
    "level": "observed_level",
    "unit": "observed_unit",
    "domain": "observed_domain",
}


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
        raise StudyError(f"The ledger {path} can't be read: {error}") from error
    missing = [c for c in CLAIM_COLUMNS if c not in claims.columns]
    if missing:
        raise StudyError(f"{path.name} lacks the column {', '.join(missing)}.")
    faults = _faults(claims)
    if faults:
        raise StudyError(f"{path.name}: " + "; ".join(faults))
    return claims[CLAIM_COLUMNS]


def ledger_of(dataset: Dataset) -> pd.DataFrame:
    """Return the statements that a dataset is held against.

    ``claims.csv`` in its folder if there is one; the report's if the dataset follows the report's design; for
    a study of its own none, since the report's statements are not about it.
    """
    own = dataset.path / LEDGER
    if own.is_file():
        return load_claims(own)
    report = load_claims()
    return report if dataset.study.design == load_study().design else report.head(0)


def ledger_faults(folder: Path, study: Study) -> list[str]:
    """Say what is wrong with the ledger in the folder of a dataset, if it has one."""
    if not (folder / LEDGER).is_file():
        return []
    try:
        claims = load_claims(folder / LEDGER)
    except StudyError as error:
        return [str(error).removeprefix(f"{LEDGER}: ")]
    known = {(c.experiment, c.name) for c in study.contrasts}
    return [
        f"row {i + 2} speaks of {contrast} in {experiment}, which the study does not compare; "
        f"it has {', '.join(sorted(f'{name} in {where}' for where, name in known))}"
        for i, (experiment, contrast) in enumerate(zip(claims["experiment"], claims["contrast"], strict=True))
        if contrast != "dose_order" and (experiment, contrast) not in known
    ]


def spoken_of(table: pd.DataFrame, ledger: pd.DataFrame) -> pd.DataFrame:
    """Keep the comparisons of which a ledger speaks; without a ledger all of them."""
    return table.merge(ledger[KEYS].drop_duplicates()) if len(ledger) else table


def judge(claims: pd.DataFrame, evidence: pd.DataFrame) -> pd.DataFrame:
    """Hold each statement against the evidence for the same experiment, endpoint and contrast.

    The verdict is

    - ``reproduced``: direction and level are those of the statement, and where the statement gives a mean, it
      lies within the 95 % interval of the group's mean (when the evidence carries `mean_case` and `sd_case`);
    - ``direction_only``: the difference points the way the statement says, at another level, or its mean
      disagrees;
    - ``contradicted``: the data point the other way, or show an effect where the statement has none, or
      another kind of clustering or dose order;
    - ``not_tested``: there is no evidence, or it could not be tested.

    Parameters
    ----------
    claims : DataFrame
        The ledger, columns of ``CLAIM_COLUMNS``.
    evidence : DataFrame
        At least experiment, endpoint, contrast, direction, level; `estimate` decides the direction of a
        difference whose level is none.

    Returns
    -------
    DataFrame
        The claims in their order, the evidence beside them (its direction, level, unit and domain named
        ``observed_...``), and `verdict`.

    Raises
    ------
    StudyError
        If the evidence lacks one of those columns or has two rows for one comparison.
    """
    lacking = [c for c in [*KEYS, "direction", "level"] if c not in evidence.columns]
    if lacking:
        raise StudyError(f"the evidence lacks the column {', '.join(lacking)}.")
    doubled = evidence[evidence.duplicated(KEYS)]
    if len(doubled):
        raise StudyError(f"the evidence has two rows for {' / '.join(doubled[KEYS].iloc[0])}.")
    joined = claims.merge(evidence.rename(columns=_RENAMED), on=KEYS, how="left", validate="many_to_one")
    joined["verdict"] = [_verdict(row) for row in joined.to_dict("records")]
    return joined


def tally(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Count verdicts per domain: rows domains and total, columns the four verdicts."""
    counts = pd.crosstab(verdicts["domain"], verdicts["verdict"])
    counts = counts.reindex(index=verdicts["domain"].unique(), columns=list(VERDICTS), fill_value=0)
    counts.loc["total"] = counts.sum()
    return counts.rename_axis(index="domain", columns=None)


def _verdict(row: dict[str, object]) -> str:
    level = row["observed_level"]
    if not isinstance(level, str):
        return "not_tested"
    if level == row["level"] and row["observed_direction"] == row["direction"]:
        return "reproduced" if _value_agrees(row) else "direction_only"
    if row["direction"] != "none" and _points(row) == row["direction"]:
        return "direction_only"
    return "contradicted"


def _points(row: dict[str, object]) -> str:
    """Where the observed difference points, whatever its level."""
    if row["observed_direction"] in ("up", "down"):
        return str(row["observed_direction"])
    estimate = row.get("estimate", np.nan)
    if not isinstance(estimate, (int, float)) or not np.isfinite(estimate) or estimate == 0:
        return "none"
    return "up" if estimate > 0 else "down"


def _value_agrees(row: dict[str, object]) -> bool:
    stated = row["value"]
    if pd.isna(stated) or pd.isna(row.get("mean_case", np.nan)) or pd.isna(row.get("sd_case", np.nan)):
        return True
    n = row["n_case"]
    half_width = stats.t.ppf(0.975, n - 1) * row["sd_case"] / np.sqrt(n)
    return bool(abs(row["mean_case"] - stated) <= half_width)


def _faults(claims: pd.DataFrame) -> list[str]:
    faults = [f"row {i + 2} repeats the claim_id {claims['claim_id'][i]}"
              for i in np.flatnonzero(claims["claim_id"].duplicated())]  # fmt: skip
    for i, (level, direction) in enumerate(zip(claims["level"], claims["direction"], strict=True)):
        if level not in LEVELS:
            faults.append(f"row {i + 2} has the level {level!r}; allowed: {', '.join(LEVELS)}")
        elif direction not in LEVELS[level]:
            allowed = " or ".join(sorted(LEVELS[level]))
            faults.append(f"row {i + 2} has the direction {direction!r}; with {level} it must be {allowed}")
    return faults
