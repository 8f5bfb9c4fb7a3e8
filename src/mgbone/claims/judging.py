"""From evidence to verdicts: every statement of the report held against the data."""

import numpy as np
import pandas as pd
from scipy import stats

from mgbone.study.errors import StudyError
from mgbone.study.language import tr
from mgbone.study.ledger import KEYS, VERDICTS
from mgbone.study.naming import NOT_SHOWN, SUPPORTED

CRITERIA = ("same_direction", "same_level", "value_inside", "equivalent")

_RENAMED = {name: f"observed_{name}" for name in ("direction", "level", "unit", "domain")}


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
        ``observed_...``), `asserts` (``effect`` or ``absence``), `verdict`, `absence` (what the data exclude)
        and the criteria, each met or not and missing where it does not apply: `same_direction`, `same_level`,
        `value_inside` (the stated mean lies within the interval of the observed one), `equivalent` (no
        difference beyond the study's bound, by TOST); `criteria` counts them, as ``2/3``.

    Raises
    ------
    StudyError
        If the evidence lacks one of those columns or has two rows for one comparison.
    """
    lacking = [c for c in [*KEYS, "direction", "level"] if c not in evidence.columns]
    if lacking:
        raise StudyError(tr("the evidence lacks the column {columns}.", columns=tr(", ").join(lacking)))
    doubled = evidence[evidence.duplicated(KEYS)]
    if len(doubled):
        raise StudyError(tr("the evidence has two rows for {row}.", row=" / ".join(doubled[KEYS].iloc[0])))
    joined = claims.merge(evidence.rename(columns=_RENAMED), on=KEYS, how="left", validate="many_to_one")
    joined["asserts"] = what_is_asserted(joined)
    rows = joined.to_dict("records")
    joined["verdict"] = [_verdict(row) for row in rows]
    joined["absence"] = [_absence(row) for row in rows]
    return joined.join(_criteria(rows, joined.index))


def what_is_asserted(claims: pd.DataFrame) -> pd.Series:
    """Say of each statement whether it asserts an effect or an absence; the two are never added up.

    A statement that arrays mix is one of absence.
    """
    return pd.Series(
        np.where(claims["level"].isin(["none", "mixed"]), "absence", "effect"), claims.index, name="asserts"
    )


def tally(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Count verdicts per domain, effects and absences apart.

    Returns
    -------
    DataFrame of int
        Index asserts (effect, absence) and domain, in the order of the ledger; columns the four verdicts.
    """
    counts = pd.crosstab([verdicts["asserts"], verdicts["domain"]], verdicts["verdict"])
    order = verdicts[["asserts", "domain"]].drop_duplicates()
    order = order.sort_values("asserts", ascending=False, kind="stable")
    return counts.reindex(
        index=pd.MultiIndex.from_frame(order), columns=list(VERDICTS), fill_value=0
    ).rename_axis(columns=None)


def _absence(row: dict[str, object]) -> str | float:
    """What the data exclude where a statement says that there is no difference; missing for an effect."""
    if row["asserts"] == "effect":
        return np.nan
    found = row.get("absence")
    return found if isinstance(found, str) else NOT_SHOWN


def _criteria(rows: list[dict[str, object]], index: pd.Index) -> pd.DataFrame:
    """Return the criteria as columns of booleans, missing where one does not apply, and how many are met."""
    met = pd.DataFrame([_criteria_of(row) for row in rows], index, dtype="boolean", columns=list(CRITERIA))
    n, m = met.sum(axis=1), met.notna().sum(axis=1)
    return met.assign(criteria=(n.astype(str) + "/" + m.astype(str)).where(m > 0))


def _criteria_of(row: dict[str, object]) -> dict[str, bool]:
    if not isinstance(row["observed_level"], str):
        return {}
    met = {"same_level": row["observed_level"] == row["level"]}
    if row["direction"] != "none":
        met["same_direction"] = _points(row) == row["direction"]
    if pd.notna(row["value"]):
        met["value_inside"] = _value_agrees(row)
    if row["level"] == "none":
        met["equivalent"] = _absence(row) == SUPPORTED
    return met


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
