"""Permutation of group labels, for tests that ask nothing of the distribution."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from math import comb

import numpy as np

TIE = 1e-12
"""Statistics that differ by less than this share are ties; they would differ by rounding alone."""


def label_permutations(is_case: np.ndarray, n_permutations: int, seed: int) -> np.ndarray:
    """Return rows of boolean labels: every split, or a seeded sample with the observed one among them.

    Parameters
    ----------
    is_case : bool array, shape (n_animals,)
        The observed labels.
    n_permutations : int
        Every split is returned, each once, if there are no more than this; otherwise this many rows.

    Returns
    -------
    bool array, shape (n_splits, n_animals)
    """
    n, k = len(is_case), int(is_case.sum())
    if comb(n, k) <= n_permutations:
        return _every_split(n, k)
    rng = np.random.default_rng(seed)
    labels = np.array([rng.permutation(is_case) for _ in range(n_permutations - 1)])
    return np.vstack([is_case[None, :], labels])


@cache
def _every_split(n: int, k: int) -> np.ndarray:
    chosen = np.array(list(combinations(range(n), k)))
    labels = np.zeros((len(chosen), n), dtype=bool)
    labels[np.arange(len(chosen))[:, None], chosen] = True
    labels.setflags(write=False)  # it is handed out again
    return labels


def correlations(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Correlation of label and value, for each labelling and each column; a column that does not vary gives
    0, one that lacks a value is missing.

    Its size orders labellings as Student's t does, t = r sqrt(df / (1 - r^2)), but keeps its precision where
    groups lie so far apart that hardly any variance is left within them.

    Parameters
    ----------
    values : float array, shape (n_animals, n_points)
    labels : bool array, shape (n_splits, n_animals)
        True for the case; equally many in each row.

    Returns
    -------
    float array, shape (n_splits, n_points)
        From -1 to 1; positive where the case has the larger mean.
    """
    share = labels[0].mean()
    # The mean of equal numbers is not always that number: what is left over must not count as variance.
    varies = ~(np.ptp(values, axis=0) <= 0)  # a missing value goes on
    centred = np.where(varies, values - values.mean(axis=0), 0.0)
    length = np.sqrt((centred**2).sum(axis=0) * labels.shape[1] * share * (1 - share))
    return np.clip((labels - share) @ centred / np.where(varies, length, 1.0), -1, 1)


def t_statistics(values: np.ndarray, is_case: np.ndarray) -> np.ndarray:
    """Student's t of case minus reference for each column of values (n_animals, n_points).

    It is infinite where values differ between the groups only, 0 where they don't differ at all, and missing
    where one is missing.
    """
    case, reference = values[is_case], values[~is_case]
    difference = case.mean(axis=0) - reference.mean(axis=0)
    within = sum(((v - v.mean(axis=0)) ** 2).sum(axis=0) for v in (case, reference))
    error = np.sqrt(within / (len(values) - 2) * (1 / len(case) + 1 / len(reference)))
    varies = ~(np.ptp(values, axis=0) <= 0)
    infinite = np.copysign(np.inf, difference)
    return np.where(varies, np.divide(difference, error, out=infinite, where=~(error <= 0)), 0.0)


def permutation_p(
    case: np.ndarray, reference: np.ndarray, n_permutations: int = 20_000, seed: int = 0
) -> float:
    """Two-sided p of Student's t under permutation of the labels, exact up to `n_permutations` splits.

    With 8 against 8 there are 12,870 splits, so that p is exact by default. It is missing where a value is.
    """
    values = np.concatenate([case, reference])[:, None]
    is_case = np.arange(len(values)) < len(case)
    observed = np.abs(correlations(values, is_case[None, :]))[0]
    permuted = np.abs(correlations(values, label_permutations(is_case, n_permutations, seed)))[:, 0]
    return float(share_as_large(permuted, observed)[0])


def share_as_large(permuted: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Share of the permuted statistics that are no smaller than each observed one, up to rounding.

    It is missing where the observed statistic is, and everywhere where a permuted one is.
    """
    beyond = len(permuted) - np.searchsorted(np.sort(permuted), observed * (1 - TIE))
    unknown = np.isnan(observed) | np.isnan(permuted).any()
    return np.where(unknown, np.nan, beyond / len(permuted))
