"""Tests on ranks, for values that may lie below a limit of detection."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from scipy import stats

SUBSTITUTE = 2**-0.5  # what is put in the place of a censored value, as a part of its limit


def gehan_scores(values: np.ndarray, censored: np.ndarray | None = None) -> np.ndarray:
    """Return for each value how many others are surely smaller minus how many are surely larger.

    A censored value stands for anything below its limit, so it is surely smaller than all that is measured at
    or above the limit and can't be told apart from the rest (Gehan 1965, turned to the left). Without
    censoring these are the ranks, doubled and centred.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Measured values; the limit where a value is censored.
    censored : ndarray of bool, shape (n,), optional
    """
    hidden = np.zeros(len(values), dtype=bool) if censored is None else np.asarray(censored, dtype=bool)
    above = np.where(hidden[None, :], values[:, None] >= values[None, :], values[:, None] > values[None, :])
    above &= ~hidden[:, None]
    return above.sum(axis=1).astype(float) - above.sum(axis=0)


def kruskal_dunn(
    values: Mapping[str, np.ndarray], censored: Mapping[str, np.ndarray] | None = None
) -> tuple[float, dict[frozenset[str], float]]:
    """Kruskal-Wallis test over groups, and Dunn's test (1964) between each two, with correction for ties.

    With censored values the ranks are replaced by `gehan_scores`.

    Parameters
    ----------
    values : mapping of str to ndarray
        Values by group, at least two groups.
    censored : mapping of str to ndarray of bool, optional
        Which of them are limits, not values.

    Returns
    -------
    tuple
        p of Kruskal-Wallis, and the two-sided p per pair of groups, not yet adjusted for the number of pairs;
        all missing where nothing varies.
    """
    sizes = [len(v) for v in values.values()]
    limits = None if censored is None else np.concatenate([censored[g] for g in values])
    scores = gehan_scores(np.concatenate(list(values.values())).astype(float), limits)
    parts = dict(zip(values, np.split(scores, np.cumsum(sizes)[:-1]), strict=True))
    variance = (scores**2).sum() / (len(scores) - 1)
    pairs = [frozenset(pair) for pair in combinations(values, 2)]
    if variance == 0:
        return np.nan, dict.fromkeys(pairs, np.nan)
    h = sum(s.sum() ** 2 / len(s) for s in parts.values()) / variance
    p = {}
    for pair in pairs:
        a, b = (parts[g] for g in pair)
        z = (a.mean() - b.mean()) / np.sqrt(variance * (1 / len(a) + 1 / len(b)))
        p[pair] = float(2 * stats.norm.sf(abs(z)))
    return float(stats.chi2.sf(h, len(parts) - 1)), p
