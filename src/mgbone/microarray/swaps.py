"""Does an array's expression contradict its label? Swapped samples, told by genes that separate two groups.

For two groups of one experiment each array is left out in turn. Among the others the ``N_GENES`` genes with
the largest t (with the median SD added to the SD, as Tusher et al. 2001) are chosen, and the array is placed
on the line between the two centroids by diagonal linear discriminant analysis (Dudoit et al. 2002): 1 is the
centroid of its own group, 0 half-way, -1 that of the other. The array has no part in choosing genes or
centroids, so that without any difference between groups scores lie around 0 or below.

*The rule.* The labels fit if every array of both groups scores at least ``FITS``: it lies no more than a
quarter of the way over to the other group. Where they don't, labels are changed for at most one array of each
group, among the ``SUSPECTS`` of each with the lowest scores. If under one of these changes all arrays fit,
and no other split of the arrays into groups of these sizes fits as well, the changed arrays are flagged: they
are more likely swapped than odd. Otherwise the groups can't be told apart, and nothing is said of any array.

*Derivation of the limit.* Under the right labels the lowest score of the shipped arrays is 0.79, even where
the groups don't cluster (0.04 % and 0.02 % Mg). On arrays without any effect, over all 35 splits of each pair
of groups, the best lowest score is 0.28 (tests/test_labels.py). Half-way between lies 0.5.

The usual test, by genes of the sex chromosomes (Toker et al. 2016), tells nothing where all animals are male.

References
----------
Dudoit S, Fridlyand J, Speed TP (2002) J Am Stat Assoc 97:77-87. Toker L, Feng M, Pavlidis P (2016)
F1000Research 5:2103. Tusher VG, Tibshirani R, Chu G (2001) Proc Natl Acad Sci USA 98:5116-5121.
"""

from collections.abc import Iterator
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from mgbone.study.design import Study
from mgbone.study.language import N_

N_GENES = 200
FITS = 0.5
FEWEST = 3
SUSPECTS = 4
MOST_SPLITS = 100
COLUMNS = ["experiment", "contrast", "arrays", "lowest_score", "says", "flagged", "lowest_if_changed"]

AGREE, CONTRADICT, UNTOLD, FEW = (
    N_("labels fit"), N_("arrays contradict their labels"), N_("groups can't be told apart"),
    N_("too few arrays to tell"),
)  # fmt: skip


def check_labels(genes: pd.DataFrame, table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Hold the label of each array against its expression, for each two groups of an experiment.

    Parameters
    ----------
    genes : DataFrame, genes x arrays
        log2 expression.
    table : DataFrame
        One row per array: array_id, experiment, group.

    Returns
    -------
    DataFrame
        One row per pair of groups: experiment, contrast, arrays (their number), lowest_score (under the
        labels given), says (one of ``AGREE``, ``CONTRADICT``, ``UNTOLD``, ``FEW``), flagged (arrays, joined
        by ", "), and lowest_if_changed (the lowest score with their labels changed). With fewer than three
        arrays in a group nothing is tried.
    """
    rows = []
    for experiment in study.experiments.values():
        of_experiment = table[table["experiment"] == experiment.name]
        present = [g for g in experiment.groups if (of_experiment["group"] == g).any()]
        for a, b in combinations(present, 2):
            pair = of_experiment[of_experiment["group"].isin([a, b])]
            is_b = pair["group"].eq(b).to_numpy()
            found = _check_pair(genes[pair["array_id"]].to_numpy(float), is_b)
            names = ", ".join(pair["array_id"].to_numpy()[found.pop("changed")])
            rows.append({"experiment": experiment.name, "contrast": f"{b}_vs_{a}", "flagged": names, **found})
    return pd.DataFrame(rows, columns=COLUMNS)


def scores(values: np.ndarray, is_b: np.ndarray) -> np.ndarray:
    """Place each array, left out in turn, between the centroid of the other group (-1) and its own (1).

    Parameters
    ----------
    values : ndarray, shape (n_genes, n_arrays)
    is_b : ndarray of bool, shape (n_arrays,)
        Which of two groups an array is labelled with; each needs two arrays, and one of them three.
    """
    n_genes = max(1, min(N_GENES, len(values) // 10))
    found = np.empty(len(is_b))
    for i in range(len(is_b)):
        others = np.arange(len(is_b)) != i
        a, b = values[:, others & ~is_b], values[:, others & is_b]
        mean_a, mean_b = a.mean(axis=1), b.mean(axis=1)
        within = np.square(a - mean_a[:, None]).sum(axis=1) + np.square(b - mean_b[:, None]).sum(axis=1)
        sd = np.sqrt(within / (a.shape[1] + b.shape[1] - 2))
        sd += np.median(sd) or 1.0
        apart = mean_b - mean_a
        best = np.argsort(-np.abs(apart / sd), kind="stable")[:n_genes]
        axis = apart[best] / np.square(sd[best])
        length = float(axis @ apart[best])
        place = (
            float(axis @ (values[best, i] - (mean_a + mean_b)[best] / 2)) / (length / 2) if length else 0.0
        )
        found[i] = place if is_b[i] else -place
    return found


def _check_pair(values: np.ndarray, is_b: np.ndarray) -> dict[str, object]:
    none = np.zeros(len(is_b), dtype=bool)
    row = {"arrays": len(is_b), "changed": none}
    if min(is_b.sum(), (~is_b).sum()) < FEWEST:
        return row | {"says": FEW, "lowest_score": np.nan, "lowest_if_changed": np.nan}
    given = scores(values, is_b)
    lowest = float(given.min())
    row |= {"lowest_score": lowest, "lowest_if_changed": np.nan}
    if lowest >= FITS:
        return row | {"says": AGREE}
    tried = [(float(scores(values, is_b ^ change).min()), change) for change in _changes(is_b, given)]
    best, change = max(tried, key=lambda pair: pair[0], default=(-np.inf, none))
    changed = is_b ^ change
    others = (split for split in _splits(changed) if (split == changed).any() and (split != changed).any())
    if best >= FITS and all(scores(values, split).min() < best for split in others):
        return row | {"says": CONTRADICT, "changed": change, "lowest_if_changed": best}
    return row | {"says": UNTOLD}


def _changes(is_b: np.ndarray, given: np.ndarray) -> Iterator[np.ndarray]:
    """Changes of at most one label of each group, among the lowest scores, that leave both three arrays."""
    order = np.argsort(given, kind="stable")
    in_a, in_b = (order[is_b[order] == side][:SUSPECTS] for side in (False, True))
    for which in [*((i,) for i in (*in_a, *in_b)), *((i, j) for i in in_a for j in in_b)]:
        change = np.zeros(len(is_b), dtype=bool)
        change[list(which)] = True
        changed = is_b ^ change
        if min(changed.sum(), (~changed).sum()) >= FEWEST:
            yield change


def _splits(is_b: np.ndarray) -> Iterator[np.ndarray]:
    """Splits of the arrays into groups of these sizes: all of them, or a seeded sample if there are many."""
    n, k = len(is_b), int(is_b.sum())
    if comb(n, k) <= MOST_SPLITS:
        chosen = combinations(range(n), k)
    else:
        rng = np.random.default_rng(0)
        chosen = (rng.choice(n, k, replace=False) for _ in range(MOST_SPLITS))
    for members in chosen:
        split = np.zeros(n, dtype=bool)
        split[list(members)] = True
        yield split
