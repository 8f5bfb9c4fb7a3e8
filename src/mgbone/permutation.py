"""Permutation of group labels, for tests that ask nothing of the distribution."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np


def label_permutations(is_case: np.ndarray, n_permutations: int, seed: int) -> np.ndarray:
    """Return rows of boolean labels, the observed one first: every split, or a seeded sample of them."""
    n, k = len(is_case), int(is_case.sum())
    if comb(n, k) <= n_permutations:
        chosen = np.array(list(combinations(range(n), k)))
        labels = np.zeros((len(chosen), n), dtype=bool)
        labels[np.arange(len(chosen))[:, None], chosen] = True
        return labels
    rng = np.random.default_rng(seed)
    labels = np.array([rng.permutation(is_case) for _ in range(n_permutations - 1)])
    return np.vstack([is_case[None, :], labels])


def t_statistics(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Student's t of case minus reference for each labelling (rows) and each column of animals x points values."""
    labels = labels.astype(float)
    n_case, n_reference = labels[0].sum(), (1 - labels[0]).sum()
    centred = values - values.mean(axis=0)
    total = (centred**2).sum(axis=0)
    mean_case = labels @ centred / n_case
    mean_reference = -mean_case * n_case / n_reference
    within = total - n_case * mean_case**2 - n_reference * mean_reference**2
    variance = np.maximum(within, 1e-300) / (n_case + n_reference - 2)
    return (mean_case - mean_reference) / np.sqrt(variance * (1 / n_case + 1 / n_reference))


def permutation_p(case: np.ndarray, reference: np.ndarray, n_permutations: int = 20_000, seed: int = 0) -> float:
    """Two-sided p of Student's t under permutation of the labels, exact up to `n_permutations` splits.

    With 8 against 8 there are 12,870 splits, so that p is exact by default.
    """
    values = np.concatenate([case, reference])[:, None]
    is_case = np.arange(len(values)) < len(case)
    observed = abs(t_statistics(values, is_case[None, :])[0, 0])
    permuted = np.abs(t_statistics(values, label_permutations(is_case, n_permutations, seed)))[:, 0]
    return float((permuted >= observed * (1 - 1e-12)).mean())
