"""Permutation of group labels, for tests that ask nothing of the distribution."""

from functools import cache
from itertools import combinations
from math import comb

import numpy as np

TIE = 1e-12
"""Statistics that differ by less than this share are ties; they would differ by rounding alone."""

MOST_SPLITS = 200_000
"""Up to so many splits are all listed: 10 against 10 animals have 184,756."""
N_RANDOM = 20_000


def label_permutations(is_case: np.ndarray, n_random: int = N_RANDOM, seed: int = 0) -> np.ndarray:
    """Return rows of boolean labels: every split, or the observed one and a seeded sample.

    Parameters
    ----------
    is_case : bool array, shape (n_animals,)
        The observed labels.
    n_random : int
        Above ``MOST_SPLITS`` splits so many are drawn, below the observed one. As it is counted with them,
        a share of rows is (b + 1) / (B + 1), and never 0 (Phipson and Smyth 2010).

    Returns
    -------
    bool array, shape (n_splits, n_animals)
    """
    n, k = len(is_case), int(is_case.sum())
    if comb(n, k) <= MOST_SPLITS:
        return _every_split(n, k)
    rng = np.random.default_rng(seed)
    labels = np.array([rng.permutation(is_case) for _ in range(n_random)])
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


def permutation_p(case: np.ndarray, reference: np.ndarray) -> float:
    """Two-sided p of Student's t under permutation of the labels, exact up to ``MOST_SPLITS`` splits.

    With 8 against 8 there are 12,870 splits. It is missing where a value is.
    """
    values = np.concatenate([case, reference])[:, None]
    return float(family_wise_p(values, np.arange(len(values)) < len(case))[0][0])


def family_wise_p(
    values: np.ndarray, is_case: np.ndarray, n_random: int = N_RANDOM, seed: int = 0
) -> tuple[np.ndarray, int]:
    """Two-sided p of each column, holding the error over all of them: max-T (Westfall and Young 1993).

    Each column's |t| is held against the largest |t| of any column, split by split, so that columns that go
    together count as little more than one.

    Parameters
    ----------
    values : float array, shape (n_animals, n_columns)
    is_case : bool array, shape (n_animals,)

    Returns
    -------
    p : float array, shape (n_columns,)
        Missing throughout where a value is.
    n_permutations : int
        Splits that were made, the observed one included.
    """
    labels = label_permutations(is_case, n_random, seed)
    largest = np.abs(correlations(values, labels)).max(axis=1, initial=0)
    observed = np.abs(correlations(values, is_case[None, :]))[0]
    return share_as_large(largest, observed), len(labels)


def share_as_large(permuted: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Share of the permuted statistics that are no smaller than each observed one, up to rounding.

    It is missing where the observed statistic is, and everywhere where a permuted one is.
    """
    beyond = len(permuted) - np.searchsorted(np.sort(permuted), observed * (1 - TIE))
    unknown = np.isnan(observed) | np.isnan(permuted).any()
    return np.where(unknown, np.nan, beyond / len(permuted))
