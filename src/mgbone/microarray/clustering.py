"""Do arrays of one group look alike? Hierarchical clustering, decided by a rule and not by eye."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from math import comb, factorial, prod

import numpy as np
import pandas as pd
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from mgbone.evidence.permutation import label_permutations
from mgbone.microarray.differential import split_contrast
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr

N_GENES = 1000
LINKAGE = "average"
BOOTSTRAPS = 1000
MOST_SPLITS = 20_000
MOST_WAYS = 100
N_RANDOM = 9999


@dataclass(frozen=True)
class Clustering:
    """A tree of arrays and what speaks for it; made by `cluster_arrays`.

    Attributes
    ----------
    groups : Series
        Group of each array, in the order of the table.
    linkage : ndarray, shape (n_arrays - 1, 4)
        As scipy gives it; row i joins two branches at a distance of 1 - Pearson correlation.
    nodes : DataFrame
        One row per join, lowest first: node, height, size, arrays (joined by ";"), support (share of
        bootstrap trees that have the very same branch; missing for the root, which every tree has).
    order : tuple of str
        Arrays from left to right below the tree.
    distances : DataFrame
        1 - Pearson correlation of each two arrays.
    heat : DataFrame
        Expression of the genes used, each gene minus its mean over the arrays; genes in tree order, arrays
        in `order`.
    verdict : mapping
        level ("separated", "mixed" or "not_tested"), rand (adjusted Rand index of cut and groups),
        cut_support (share of bootstrap trees whose cut gives exactly the groups), silhouette (mean), p,
        splits (how many were compared), exact (whether those were all there are), n_genes, linkage,
        bootstraps.
    clusters : Series
        Cluster of each array when the tree is cut at the number of groups, from 1.
    null : ndarray
        Mean silhouette of each split of the permutation test.
    """

    groups: pd.Series
    linkage: np.ndarray
    nodes: pd.DataFrame
    order: tuple[str, ...]
    distances: pd.DataFrame
    heat: pd.DataFrame
    verdict: Mapping[str, object]
    clusters: pd.Series
    null: np.ndarray


def cluster_arrays(
    expression: pd.DataFrame,
    groups: Mapping[str, str] | pd.Series,
    n_genes: int = N_GENES,
    linkage: str = LINKAGE,
    bootstraps: int = BOOTSTRAPS,
    seed: int = 1,
    cluster_p: float = 0.05,
) -> Clustering:
    """Cluster the arrays of one experiment, or of two groups of it, and decide if the groups are clusters.

    *Tree.* Genes: the `n_genes` with the largest variance over the arrays handed in, whatever their group.
    Distance: 1 - Pearson correlation. Linkage: average.

    *Rule.* Groups are ``separated`` if cutting the tree into as many clusters as there are groups gives
    exactly the groups (adjusted Rand index 1), and a permutation test of their cohesion has p <
    `cluster_p`; otherwise they are ``mixed``. Where the arrays are too few for so small a p
    (`can_be_separated`) the rule can't answer, and the level is ``not_tested``.

    *Cohesion.* The mean silhouette (Rousseeuw 1987) of the arrays, for the true groups against every
    distinct way of splitting the arrays into groups of these sizes, itself included: p is the share with a
    silhouette no smaller. With 4 against 4 arrays there are 35 splits, so that the smallest p is 1/35 =
    0.029. Above 20,000 splits, 9,999 random ones are drawn and the true one is added.

    *Support.* Genes are drawn with replacement `bootstraps` times (Felsenstein 1985). The share of trees
    with the same branch says how much the tree hangs on a few genes. It says nothing about other animals,
    and it is no p value: genes are not independent, which makes it too high.

    Parameters
    ----------
    expression : DataFrame, shape (n_genes, n_arrays)
        log2 expression.
    groups : Series or mapping
        Group of each array.
    n_genes, linkage, bootstraps, seed, cluster_p
        As said above; `linkage` is any that scipy offers for a table of distances.

    Raises
    ------
    MgboneError
        If there are fewer than two groups, a group has one array, an array has no group, or values are
        missing.
    """
    labels = _labels(expression, groups)
    values = _most_variable(expression[labels.index], n_genes)
    codes, _ = pd.factorize(labels)
    distances, tree, clusters, rand = _cut(values.to_numpy(float), codes, linkage)
    silhouette, p, null, exact = _cohesion(distances, codes, seed)
    branches = _branches(tree)
    support, cut_support = _bootstrap(values.to_numpy(float).T, branches, codes, linkage, bootstraps, seed)
    verdict = {
        "level": _level(rand, p, codes, cluster_p), "rand": rand, "cut_support": cut_support,
        "silhouette": silhouette, "p": p, "splits": len(null), "exact": exact,
        "n_genes": len(values), "linkage": linkage, "bootstraps": bootstraps,
    }  # fmt: skip
    order = hierarchy.leaves_list(tree)
    between_genes = _tree(_distances(values.iloc[:, order].to_numpy(float)), "average")
    heat = values.iloc[:, order].sub(values.iloc[:, order].mean(axis=1), axis=0)
    return Clustering(
        groups=labels,
        linkage=tree,
        nodes=_nodes(tree, branches, support, labels.index),
        order=tuple(labels.index[order]),
        distances=pd.DataFrame(distances, labels.index, labels.index),
        heat=heat.iloc[hierarchy.leaves_list(between_genes)],
        verdict=verdict,
        clusters=pd.Series(clusters, index=labels.index, name="cluster"),
        null=null,
    )


def cluster_contrasts(
    expression: pd.DataFrame,
    groups: Mapping[str, str] | pd.Series,
    contrasts: Sequence[str],
    **options: object,
) -> dict[str, Clustering]:
    """Apply `cluster_arrays` to the arrays of the two groups of each contrast, the others left out.

    So each deficient group is held against its own reference: whether 0.02 % stands apart from the control
    does not depend on 0.04 %.
    """
    labels = _labels(expression, groups)
    found = {}
    for contrast in contrasts:
        pair = labels[labels.isin(split_contrast(contrast))]
        missing = set(split_contrast(contrast)) - set(pair)
        if missing:
            group = sorted(missing)[0]
            said = N_("The contrast {contrast!r} needs the group {group!r}, which has no array.")
            raise MgboneError(tr(said, contrast=contrast, group=group))
        found[contrast] = cluster_arrays(expression[pair.index], pair, **options)
    return found


def clustering_table(clusterings: Mapping[str, Clustering]) -> pd.DataFrame:
    """One row per clustering: its name and the entries of its verdict."""
    return pd.DataFrame([{"comparison": name, **c.verdict} for name, c in clusterings.items()])


def _labels(expression: pd.DataFrame, groups: Mapping[str, str] | pd.Series) -> pd.Series:
    given = pd.Series(dict(groups), dtype=object).reindex(expression.columns)
    if given.isna().any():
        array = given.index[given.isna()][0]
        said = N_("The array {array!r} has no group; give each array one, by its name.")
        raise MgboneError(tr(said, array=array))
    sizes = given.value_counts()
    if len(sizes) < 2:
        raise MgboneError(tr("Clusters can be held against groups only if there are two groups or more."))
    if sizes.min() < 2:
        group = sizes.idxmin()
        said = N_("The group {group!r} has a single array, which can't be told from an outlier.")
        raise MgboneError(tr(said, group=group))
    if not np.isfinite(expression.to_numpy(float)).all():
        raise MgboneError(
            tr("Some expression values are missing or infinite; drop such genes or arrays first.")
        )
    return given


def _most_variable(expression: pd.DataFrame, n_genes: int) -> pd.DataFrame:
    if not expression.index.is_unique:
        raise MgboneError(
            tr("Genes stand more than once in the expression table; use summarise_to_genes first.")
        )
    return expression.iloc[_largest(expression.var(axis=1).fillna(0).to_numpy(), n_genes)]


def _largest(variance: np.ndarray, n_genes: int) -> np.ndarray:
    """Where the largest variances stand, the largest first, of equal ones the earlier."""
    n = min(n_genes, int((variance > 0).sum()))
    limit = np.partition(variance, -n)[-n] if n else np.inf
    candidates = np.flatnonzero(variance >= limit)
    chosen = candidates[np.argsort(-variance[candidates], kind="stable")][:n]
    if len(chosen) < 3:
        said = N_("Only {n} genes vary between the arrays; that is too few to cluster by.")
        raise MgboneError(tr(said, n=len(chosen)))
    return chosen


def _cut(
    values: np.ndarray, codes: np.ndarray, linkage: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Distances, tree, the clusters of its cut into as many as there are groups, and their Rand index."""
    distances = _distances(values.T)
    tree = _tree(distances, linkage)
    clusters = hierarchy.fcluster(tree, codes.max() + 1, "maxclust")
    return distances, tree, clusters, _adjusted_rand(codes, clusters)


def _level(rand: float, p: float, codes: np.ndarray, cluster_p: float) -> str:
    if not can_be_separated(np.bincount(codes).tolist(), cluster_p):
        return "not_tested"
    return "separated" if rand > 1 - 1e-9 and p < cluster_p else "mixed"


def share_called_mixed(
    clustering: Clustering, expression: pd.DataFrame, profile: pd.Series, cluster_p: float = 0.05
) -> tuple[float, int]:
    """Say how often two groups would be called mixed though a known profile told them apart: the severity.

    The arrays are taken without what tells their groups apart (each gene minus its group's mean), shared out
    to two groups of the same sizes in every way, or in 100 random ones where there are more, and the profile
    is added to the arrays of the first. "Mixed" speaks against such a difference only if this share is small
    (Mayo 2018). Where not all splits can be tried, cohesion is held against 999 random ones.

    Parameters
    ----------
    clustering : Clustering
        Of two groups; its genes, linkage and groups are used.
    expression : DataFrame, genes x arrays
        log2 expression, all genes.
    profile : Series
        log2 fold change of each gene, by gene.

    Returns
    -------
    share : float
    ways : int
        How many ways of sharing out the arrays were tried.
    """
    labels = clustering.groups
    n_genes, linkage = int(clustering.verdict["n_genes"]), str(clustering.verdict["linkage"])
    values = expression[labels.index]
    groups = labels.to_numpy()
    means = values.mean(axis=1).to_numpy(float)[:, None]
    alike = (values - values.T.groupby(groups).transform("mean").T).to_numpy(float)
    added = profile.reindex(values.index).to_numpy(float)
    is_first = groups == groups[0]
    n, n_first = len(is_first), int(is_first.sum())
    if comb(n, n_first) <= MOST_WAYS:
        first = label_permutations(is_first).astype(float)
    else:
        rng = np.random.default_rng(1)
        first = np.array([rng.permutation(is_first) for _ in range(MOST_WAYS)], dtype=float)
    # The variance of a sum, so that only the genes chosen by it need to be added up.
    own = (alike**2).sum(axis=1)[:, None] + 2 * added[:, None] * (alike @ (first - n_first / n).T)
    variances = (own + (added**2 * n_first * (n - n_first) / n)[:, None]) / (n - 1)
    levels = []
    for way, variance in zip(first, variances.T, strict=True):
        most = _largest(variance, n_genes)
        drawn = means[most] + alike[most] + added[most, None] * way
        # Cohesion takes most of the time, and only decides where the cut gives exactly the groups.
        codes = 1 - way.astype(int)
        levels.append(_separation(drawn, codes, linkage, cluster_p, with_p=False, n_random=999)[0])
    return levels.count("mixed") / len(levels), len(levels)


def separation(
    values: np.ndarray,
    codes: np.ndarray,
    n_genes: int = N_GENES,
    linkage: str = LINKAGE,
    cluster_p: float = 0.05,
    with_p: bool = True,
) -> tuple[str, float, float]:
    """Apply the rule of `cluster_arrays` without what its figures need.

    Parameters
    ----------
    values : float array, shape (genes, arrays)
        log2 expression.
    codes : int array, shape (arrays,)
        Group of each array, from 0.
    with_p : bool
        Work out p though the cut is not that of the groups, so that the level does not rest on it.

    Returns
    -------
    level : str
    silhouette, p : float
        p is missing where it was not worked out.
    """
    most = _largest(values.var(axis=1, ddof=1), n_genes)
    return _separation(values[most], codes, linkage, cluster_p, with_p)


def _separation(
    values: np.ndarray,
    codes: np.ndarray,
    linkage: str,
    cluster_p: float,
    with_p: bool,
    n_random: int = N_RANDOM,
) -> tuple[str, float, float]:
    distances, _, _, rand = _cut(values, codes, linkage)
    exact = rand > 1 - 1e-9
    p = _cohesion(distances, codes, 1, n_random)[1] if with_p or exact else np.nan
    return _level(rand, p, codes, cluster_p), _silhouette(distances, codes), p


def _distances(matrix: np.ndarray) -> np.ndarray:
    distances = 1 - np.corrcoef(matrix)
    np.fill_diagonal(distances, 0)
    return np.clip((distances + distances.T) / 2, 0, 2)


def _tree(distances: np.ndarray, linkage: str) -> np.ndarray:
    return hierarchy.linkage(squareform(distances, checks=False), linkage)


def _branches(tree: np.ndarray) -> list[frozenset[int]]:
    """Arrays below each join, in the order of the joins."""
    n = len(tree) + 1
    below: list[frozenset[int]] = [frozenset([i]) for i in range(n)]
    for left, right in tree[:, :2].astype(int):
        below.append(below[left] | below[right])
    return below[n:]


def _bootstrap(
    matrix: np.ndarray,
    branches: list[frozenset[int]],
    codes: np.ndarray,
    linkage: str,
    bootstraps: int,
    seed: int,
) -> tuple[np.ndarray, float]:
    """Share of trees from redrawn genes that have each branch, and whose cut gives exactly the groups."""
    rng = np.random.default_rng(seed)
    seen = np.zeros(len(branches))
    exact = 0
    groups = [frozenset(np.flatnonzero(codes == code).tolist()) for code in np.unique(codes)]
    joins = len(codes) - len(groups)
    groups = {group for group in groups if len(group) > 1}
    for _ in range(bootstraps):
        tree = _tree(_distances(matrix[:, rng.integers(0, matrix.shape[1], matrix.shape[1])]), linkage)
        found = _branches(tree)
        # The cut gives the groups if the joins below it are just those that make them.
        exact += groups <= set(found[:joins])
        found = set(found)
        seen += [branch in found for branch in branches]
    return seen / bootstraps, exact / bootstraps


def _nodes(
    tree: np.ndarray, branches: list[frozenset[int]], support: np.ndarray, arrays: pd.Index
) -> pd.DataFrame:
    members = [";".join(arrays[i] for i in sorted(branch)) for branch in branches]
    size = tree[:, 3].astype(int)
    table = pd.DataFrame({"node": np.arange(len(tree)), "height": tree[:, 2], "size": size})
    table = table.assign(arrays=members, support=support)
    table.loc[table["size"] == len(arrays), "support"] = np.nan
    return table


def _adjusted_rand(a: np.ndarray, b: np.ndarray) -> float:
    """Adjusted Rand index (Hubert and Arabie 1985): 1 for the same partition, about 0 by chance."""
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)
    pairs = (table * (table - 1) / 2).sum()
    rows, columns = (float((s * (s - 1) / 2).sum()) for s in (table.sum(axis=1), table.sum(axis=0)))
    expected = rows * columns / (len(a) * (len(a) - 1) / 2)
    most = (rows + columns) / 2
    return 1.0 if most == expected else float((pairs - expected) / (most - expected))


def _silhouette(distances: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Mean silhouette: how much nearer, on average, an array is to its own group than to the next one.

    Codes are of one split, or of many, one a row.
    """
    members = np.eye(codes.max() + 1)[codes]
    sizes = members.sum(axis=-2, keepdims=True)
    sums = np.moveaxis(np.tensordot(members, distances, axes=([-2], [0])), -2, -1)
    own = members > 0
    within = sums[own].reshape(codes.shape) / ((members * sizes)[own].reshape(codes.shape) - 1)
    nearest = np.where(own, np.inf, sums / sizes).min(axis=-1)
    largest = np.maximum(within, nearest)
    shares = np.divide(nearest - within, largest, out=np.zeros_like(within), where=largest > 0)
    return shares.mean(axis=-1)


def _cohesion(
    distances: np.ndarray, codes: np.ndarray, seed: int, n_random: int = N_RANDOM
) -> tuple[float, float, np.ndarray, bool]:
    """Mean silhouette of the groups, its p, that of each split, and whether all splits were tried."""
    observed = float(_silhouette(distances, codes))
    sizes = np.bincount(codes).tolist()
    exact = n_splits(sizes) <= MOST_SPLITS
    if exact:
        null = _silhouettes(distances, _splits(len(codes), sizes))
    else:
        rng = np.random.default_rng(seed)
        random = _silhouettes(distances, (rng.permutation(codes) for _ in range(n_random)))
        null = np.concatenate([[observed], random])
    return observed, float(np.mean(null >= observed - 1e-12)), null, exact


def _silhouettes(distances: np.ndarray, splits: Iterable[np.ndarray], at_once: int = 1000) -> np.ndarray:
    """Silhouette of each split, some at a time, so that memory does not grow with their number."""
    splits = iter(splits)
    parts = iter(lambda: list(islice(splits, at_once)), [])
    return np.concatenate([_silhouette(distances, np.array(part)) for part in parts])


def can_be_separated(sizes: Sequence[int], cluster_p: float) -> bool:
    """Say if groups of these sizes could be told apart at all: p is no smaller than one over their splits."""
    return n_splits(sizes) * cluster_p > 1


def n_splits(sizes: Sequence[int]) -> int:
    """Number of distinct ways to split arrays into unlabelled groups of these sizes."""
    ways = factorial(sum(sizes)) // prod(factorial(s) for s in sizes)
    return ways // prod(factorial(list(sizes).count(s)) for s in set(sizes))


def _splits(n: int, sizes: Sequence[int]) -> Iterator[np.ndarray]:
    """Each distinct split once: among groups of one size, the one with the lowest free array comes first."""

    def place(
        free: tuple[int, ...], left: tuple[int, ...], codes: np.ndarray, code: int
    ) -> Iterator[np.ndarray]:
        if not free:
            yield codes.copy()
            return
        first, rest = free[0], free[1:]
        for size in sorted(set(left)):
            remaining = list(left)
            remaining.remove(size)
            for others in combinations(rest, size - 1):
                chosen = [first, *others]
                codes[chosen] = code
                yield from place(tuple(i for i in rest if i not in others), tuple(remaining), codes, code + 1)

    yield from place(tuple(range(n)), tuple(sizes), np.zeros(n, dtype=int), 0)
