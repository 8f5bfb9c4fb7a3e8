"""The declared test and the judge on many cohorts at once, from means and sums of squares."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from mgbone.evidence.power import studentised_range
from mgbone.integration import contrasts
from mgbone.study.design import Study
from mgbone.study.ledger import VERDICTS

REPRODUCED, DIRECTION_ONLY, CONTRADICTED, NOT_TESTED = range(len(VERDICTS))


@dataclass(frozen=True)
class Moments:
    """What the declared test needs of the groups of one experiment, cohort by cohort.

    Attributes
    ----------
    groups, endpoints : tuple of str
    n : int array, shape (n_groups, n_cohorts or 1, n_endpoints)
        Animals with a value.
    mean, squares : float array, shape (n_groups, n_cohorts, n_endpoints)
        Mean, and sum of squares about it.
    """

    groups: tuple[str, ...]
    endpoints: tuple[str, ...]
    n: np.ndarray
    mean: np.ndarray
    squares: np.ndarray


def judge_many(
    statements: pd.DataFrame, moments: Mapping[str, Moments], study: Study
) -> dict[str, np.ndarray]:
    """Judge statements about animals in each cohort as `mgbone.claims.judge` does on `evidence.compare`.

    Parameters
    ----------
    statements : DataFrame
        Of the ledger; those whose endpoint or groups are not among `moments` are left out, and an order of
        doses where the sizes of groups vary between cohorts.
    moments : mapping of str to Moments
        By experiment.

    Returns
    -------
    dict of str to int8 array, shape (n_cohorts,)
        By claim_id, in the order of `statements`: places in `mgbone.study.ledger.VERDICTS`.
    """
    judged: dict[str, np.ndarray] = {}
    for experiment, of in moments.items():
        known = np.array([set(c.split("_vs_")) <= set(of.groups) for c in statements["contrast"]], dtype=bool)
        about = statements[
            statements["experiment"].eq(experiment) & statements["endpoint"].isin(of.endpoints) & known
        ]
        if len(about):
            judged |= dict(zip(about["claim_id"], _judge_pairs(about, of, study).T, strict=True))
    for row in statements[statements["contrast"] == "dose_order"].to_dict("records"):
        if (verdict := _judge_order(row, moments, study)) is not None:
            judged[row["claim_id"]] = verdict
    return {c: judged[c] for c in statements["claim_id"] if c in judged}


def _judge_pairs(about: pd.DataFrame, of: Moments, study: Study) -> np.ndarray:
    """Verdicts on statements about two groups, shape (n_cohorts, n_statements)."""
    column = [of.endpoints.index(e) for e in about["endpoint"]]
    case, reference = np.array([[of.groups.index(g) for g in c.split("_vs_")] for c in about["contrast"]]).T
    n, mean, squares = (part[:, :, column] for part in (of.n, of.mean, of.squares))
    at = np.arange(len(column))
    (n1, m1, ss1), (n0, m0, _) = (
        tuple(part[chosen, :, at].T for part in (n, mean, squares)) for chosen in (case, reference)
    )
    # As in the declared test, a group of one animal takes no part.
    k, within = (n > 1).sum(axis=0), np.where(n > 1, squares, 0).sum(axis=0)
    df = np.where(n > 1, n, 0).sum(axis=0) - k
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(within / df / 2 * (1 / n1 + 1 / n0))
        size = np.where((error > 0) & (n1 > 1) & (n0 > 1), np.abs(m1 - m0) / error, np.nan)
    significant, trend = (size > _limits(study.thresholds[at], k, df) for at in ("significant", "trend"))
    level = about["level"].to_numpy(str)
    same_level = np.where(
        level == "none", ~trend, np.where(level == "significant", significant, trend & ~significant)
    )
    way = np.select([about["direction"] == "up", about["direction"] == "down"], [1, -1], 0)
    points = (np.sign(m1 - m0) == way) & (way != 0)
    right = same_level & (points | (level == "none")) & np.isin(level, ["significant", "trend", "none"])
    right &= (way == 0) == (level == "none")
    inside = _inside(about["value"].to_numpy(float), n1, m1, ss1)
    verdict = np.where(right & inside, REPRODUCED, np.where(right | points, DIRECTION_ONLY, CONTRADICTED))
    return np.where(np.isfinite(size), verdict, NOT_TESTED).astype(np.int8)


def _limits(limit: float, k: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Critical value of the studentised range for each number of groups and degrees of freedom."""
    shapes, place = np.unique(np.stack([k, df]).reshape(2, -1), axis=1, return_inverse=True)
    known = np.array([studentised_range(limit, int(a), int(b)) for a, b in shapes.T])
    return known[place].reshape(k.shape)


def _inside(stated: np.ndarray, n: np.ndarray, mean: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Whether a stated mean lies in the interval of the case's mean; true where none is stated."""
    inside = np.ones(mean.shape, dtype=bool)
    told = np.isfinite(stated)
    n, mean, squares = (np.broadcast_to(part, mean.shape)[:, told] for part in (n, mean, squares))
    with np.errstate(invalid="ignore", divide="ignore"):
        half = stats.t.ppf(0.975, n - 1) * np.sqrt(squares / (n - 1) / n)
    inside[:, told] = np.abs(mean - stated[told]) <= half
    return inside


def _judge_order(
    row: Mapping[str, object], moments: Mapping[str, Moments], study: Study
) -> np.ndarray | None:
    """Verdicts on an order of doses (n_cohorts,); None where it was not measured, or sizes of groups vary."""
    parts = {}
    for contrast in study.dose_order:
        of = moments.get(contrast.experiment)
        if of is None or row["endpoint"] not in of.endpoints:
            return None
        for group in (contrast.reference, contrast.case):
            if group not in of.groups:
                return None
            at = (of.groups.index(group), slice(None), of.endpoints.index(row["endpoint"]))
            parts[contrast.experiment, group] = [part[at] for part in (of.n, of.mean, of.squares)]
    if not parts or any(np.ptp(n) > 0 or n.min() < 2 for n, _, _ in parts.values()):
        return None
    size = np.array([n.flat[0] for n, _, _ in parts.values()])
    mean, squares = (np.stack([part[i] for part in parts.values()], axis=-1) for i in (1, 2))
    estimate, _, _, p = contrasts.log_ratios_of(
        list(parts), mean, squares / (size - 1), size, contrasts.steps(study), study
    )
    sign = 1 if row["direction"] == "up" else -1
    ordered = contrasts.all_hold(estimate, p, sign) < study.thresholds["significant"]
    points = np.sign(estimate.sum(axis=-1)) == sign
    verdict = np.where(ordered, REPRODUCED, np.where(points, DIRECTION_ONLY, CONTRADICTED))
    return np.where(np.isfinite(p).all(axis=-1), verdict, NOT_TESTED).astype(np.int8)
