"""No finding is not no effect: how large a difference the data exclude, and how severely."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from scipy import stats

from mgbone.evidence.columns import EQUIVALENCE_COLUMNS
from mgbone.evidence.percent import ratio_limits
from mgbone.study.naming import absence


def equivalence(
    means: tuple[float, float],
    sizes: tuple[int, int],
    variance: float,
    df: float,
    bound_percent: float,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Test whether two means differ by less than a bound in percent of the reference's mean (TOST).

    Two one-sided t tests (Schuirmann 1987) of the ratio of means against 1 - bound and 1 + bound, with the
    reference's mean as uncertain as it is (Sasabuchi 1988). p is the larger one; no correction for several
    groups is due, since equivalence is what is to be shown.

    Returns
    -------
    tuple of float
        p, and the smallest bound in percent that would pass at ``1 - confidence``; missing where none would.
    """
    sign = np.sign(means[1])
    case, reference = (sign * mean for mean in means)
    if not (np.isfinite(variance) and variance > 0 and reference > 0):
        return np.nan, np.nan
    bound = bound_percent / 100
    p = max(
        float(stats.t.sf(side * (edge * reference - case) / _error(edge, sizes, variance), df))
        for side, edge in ((1, 1 + bound), (-1, 1 - bound))
    )
    squared = stats.t.ppf(confidence, df) ** 2 * variance
    low, high = ratio_limits(case, reference, *(squared / n for n in sizes))
    return p, float(100 * max(high - 1, 1 - low))


def how_sure(
    row: Mapping[str, Any], spread: tuple[float, float], bound_percent: float, confidence: float = 0.95
) -> dict[str, float]:
    """Return what a comparison excludes, and how severely its claim was tested (Mayo and Spanos 2006).

    Severity is the probability of a result that speaks less for the claim, were the claim only just false.
    Of a finding the claim is that there is a difference with this sign, of ``none`` that it lies within the
    bound.

    Parameters
    ----------
    row : mapping
        level, mean_case, mean_reference, n_case, n_reference.
    spread : pair of float
        From `pooled_variance`.
    bound_percent : float
        The largest difference that counts as none; missing where percent mean nothing.

    Returns
    -------
    dict
        ``EQUIVALENCE_COLUMNS``, missing where nothing was tested; `absence` (`mgbone.study.naming.absence`)
        stands where the level is ``none``.
    """
    means, sizes = ((row[f"{what}_case"], row[f"{what}_reference"]) for what in ("mean", "n"))
    variance, df = spread
    if row["level"] is None or not variance > 0:
        return dict.fromkeys(EQUIVALENCE_COLUMNS, np.nan)
    p, smallest = np.nan, np.nan
    if np.isfinite(bound_percent):
        p, smallest = equivalence(means, sizes, variance, df, bound_percent, confidence)
    t = abs(means[0] - means[1]) / _error(1.0, sizes, variance)
    severity = 1 - p if row["level"] == "none" else float(stats.t.cdf(t, df))
    said = absence(smallest, bound_percent) if row["level"] == "none" else None
    return dict(zip(EQUIVALENCE_COLUMNS, (bound_percent, p, smallest, severity, said), strict=True))


def pooled_variance(groups: Iterable[np.ndarray]) -> tuple[float, int]:
    """Return the variance within groups of two values or more and its degrees of freedom, or (nan, 0)."""
    counted = [group for group in groups if len(group) > 1]
    df = sum(map(len, counted)) - len(counted)
    squares = sum(((group - group.mean()) ** 2).sum() for group in counted)
    return (float(squares / df), df) if df else (np.nan, 0)


def _error(ratio: float, sizes: tuple[int, int], variance: float) -> float:
    """Standard error of the case's mean minus `ratio` times the reference's."""
    return float(np.sqrt(variance * (1 / sizes[0] + ratio**2 / sizes[1])))
