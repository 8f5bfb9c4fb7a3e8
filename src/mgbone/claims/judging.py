"""From evidence to verdicts: every statement of the report held against the data."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from mgbone.study.errors import StudyError
from mgbone.study.ledger import KEYS, VERDICTS

_RENAMED = {
    "direction": "observed_direction",
    "level": "observed_level",
    "unit": "observed_unit",
    "domain": "observed_domain",
}


def in_ledger(table: pd.DataFrame, ledger: pd.DataFrame) -> pd.DataFrame:
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
        At least experiment, endpoint, contrast, direction, level; `points` says where a difference whose
        level is none points. Without it, as for a theme that no list of genes is enriched with, it has no
        direction.

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
    told = (row["observed_direction"], row.get("points"))
    return next((str(way) for way in told if way in ("up", "down")), "none")


def _value_agrees(row: dict[str, object]) -> bool:
    stated = row["value"]
    if pd.isna(stated) or pd.isna(row.get("mean_case", np.nan)) or pd.isna(row.get("sd_case", np.nan)):
        return True
    n = row["n_case"]
    half_width = stats.t.ppf(0.975, n - 1) * row["sd_case"] / np.sqrt(n)
    return bool(abs(row["mean_case"] - stated) <= half_width)
