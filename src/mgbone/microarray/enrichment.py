"""Gene sets tested: over-representation, camera and running sums, and terms that say the same folded."""

import warnings
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from mgbone.dataset.faults import listing
from mgbone.microarray.genesets import LARGEST, SMALLEST, GeneSets, GeneSetWarning
from mgbone.study.errors import MgboneError
from mgbone.study.language import tr

ORA_COLUMNS = [
    "contrast", "direction", "term", "name", "set_size", "list_size", "background", "hits", "expected",
    "odds_ratio", "log2_odds_ratio", "ci_low", "ci_high", "p", "q", "q_both", "genes",
]  # fmt: skip

CAMERA_COLUMNS = ["contrast", "term", "name", "n_genes", "correlation", "direction", "p", "q", "mean_z"]
PRERANK_COLUMNS = [
    "contrast", "term", "name", "n_genes", "es", "nes", "p", "n_permutations", "leading_edge",
]  # fmt: skip
RUNNING_COLUMNS = ["contrast", "term", "rank", "t", "hit", "running_sum"]

FOLD_SHARE = 0.7


# --- Over-representation -----------------------------------------------------------------------------


def over_representation(
    gene_lists: Mapping[str, Mapping[str, Sequence[str]]],
    gene_sets: GeneSets,
    background: Collection[str] | Mapping[str, Collection[str]],
    smallest: int = SMALLEST,
    largest: int = LARGEST,
) -> pd.DataFrame:
    """Test each set for holding more genes of a list than by chance (Fisher 1935, one-sided).

    Genes outside the background are taken out of lists and sets first, and sets are kept if `smallest` to
    `largest` of their genes remain. Symbols are compared as written: two that differ in case only are two
    genes. Benjamini-Hochberg q values count *all* sets kept, those without any gene of the list (p = 1) too,
    list by list; `q_both` counts them over the lists of a contrast together, for a question that either list
    may answer.

    Parameters
    ----------
    gene_lists : mapping
        ``gene_lists[contrast]["up"]`` and ``["down"]``, as from `changed_genes.gene_lists`.
    gene_sets : GeneSets
    background : collection of str, or mapping of such by contrast
        The genes that could have come into a list: those expressed (`changed_genes.expressed_genes`), since a
        silent gene can't change and makes every process of the tissue look enriched (Timmons et al. 2015); or
        all genes on the chip.

    Returns
    -------
    DataFrame
        Columns of ``ORA_COLUMNS``; direction is that of the list; `background` counts its genes; `expected`
        the hits by chance; odds ratio
        with Haldane's 1/2 added to each cell and its 95 % interval on the log2 scale (Woolf); `genes` the
        hits, sorted and joined by ";". Sorted by contrast and direction as given, then p, then term.

    No rows, and a warning, where no set has enough genes in the background (`restrict`).

    Raises
    ------
    MgboneError
        If there is no list.
    """
    if not gene_lists:
        raise MgboneError(tr("There is no list of genes to test; hand in gene_lists(table)."))
    by_contrast = background if isinstance(background, Mapping) else dict.fromkeys(gene_lists, background)
    tables = [pd.DataFrame(columns=ORA_COLUMNS)]
    for contrast, lists in gene_lists.items():
        chip = {str(g) for g in by_contrast[contrast]}
        on_chip = restrict(gene_sets, chip, smallest, largest)
        for direction, genes in lists.items() if on_chip.genes else ():
            table = _enrich([g for g in dict.fromkeys(genes) if g in chip], on_chip, chip)
            tables.append(table.assign(contrast=contrast, direction=direction))
    tested = pd.concat(tables[1:] or tables, ignore_index=True)
    if tested.empty:
        return tested
    tested["q_both"] = tested.groupby("contrast")["p"].transform(stats.false_discovery_control, method="bh")
    return tested[ORA_COLUMNS]


def restrict(
    gene_sets: GeneSets, background: Collection[str], smallest: int = SMALLEST, largest: int = LARGEST
) -> GeneSets:
    """Keep the genes of each set that are on the chip, and the sets with `smallest` to `largest` of them.

    Warns
    -----
    GeneSetWarning
        If there were sets and none is left; do they speak of the same genes (`fit_gene_sets`)?
    """
    chip = set(background)
    kept = {term: tuple(filter(chip.__contains__, genes)) for term, genes in gene_sets.genes.items()}
    kept = {term: genes for term, genes in kept.items() if smallest <= len(genes) <= largest}
    if gene_sets.genes and not kept:
        told = tr(
            "No set in {sets} has {smallest} to {largest} genes on the chip.",
            sets=gene_sets.source or tr("the gene sets"),
            smallest=smallest,
            largest=largest,
        )
        warnings.warn(told, GeneSetWarning, stacklevel=3)
    return GeneSets(kept, {t: gene_sets.name(t) for t in kept}, gene_sets.source)


def _enrich(genes: list[str], gene_sets: GeneSets, chip: set[str]) -> pd.DataFrame:
    """Over-representation of one list in all sets."""
    chosen = set(genes)
    hits = [sorted(chosen.intersection(members)) for members in gene_sets.genes.values()]
    table = pd.DataFrame(
        {
            "set_size": [len(members) for members in gene_sets.genes.values()],
            "hits": [len(found) for found in hits],
            "genes": [";".join(found) for found in hits],
        },
        index=list(gene_sets.genes),
    )
    k, n = len(genes), len(chip)
    m, x = table["set_size"].to_numpy(float), table["hits"].to_numpy(float)
    cells = np.array([x, m - x, k - x, n - m - k + x]) + 0.5
    odds = cells[0] * cells[3] / (cells[1] * cells[2]) if k else np.full(len(m), np.nan)
    error = np.sqrt((1 / cells).sum(axis=0)) / np.log(2)
    half = stats.norm.ppf(0.975) * error
    table = table.assign(
        term=table.index,
        name=[gene_sets.name(t) for t in table.index],
        list_size=k,
        p=_at_least(x, n, m, k),
        background=n,
        expected=m * k / n,
        odds_ratio=odds,
        log2_odds_ratio=np.log2(odds),
        ci_low=np.log2(odds) - half,
        ci_high=np.log2(odds) + half,
    )
    table["q"] = stats.false_discovery_control(table["p"], method="bh")
    return table.sort_values(["p", "term"], kind="stable")


def _at_least(hits: np.ndarray, genes: int, of_set: np.ndarray, of_list: int) -> np.ndarray:
    """Probability of so many hits or more; once for sets alike, of which there are many."""
    alike, where = np.unique(np.column_stack([hits, of_set]), axis=0, return_inverse=True)
    return np.minimum(stats.hypergeom.sf(alike[:, 0] - 1, genes, alike[:, 1], of_list), 1.0)[where]


def fold_terms(enriched: pd.DataFrame, q: float = 0.05, share: float = FOLD_SHARE) -> pd.DataFrame:
    """Fold terms that say the same: keep the best term and put its near-copies under it.

    Going down the terms of a list by p, a term is folded under the first kept one with which it has at
    least `share` of its hits in common, counted against the smaller of the two (overlap coefficient).

    Returns
    -------
    DataFrame
        The rows of `enriched` with q below `q`, with the columns `folded_under` (missing for a kept term)
        and `folded` (how many terms a kept one stands for besides itself).
    """
    tables = []
    for _, rows in enriched[enriched["q"] < q].groupby(["contrast", "direction"], sort=False):
        rows = rows.sort_values(["p", "term"], kind="stable")
        hits = [set(genes.split(";")) for genes in rows["genes"]]
        kept: list[int] = []
        under: list[str | None] = []
        for i, mine in enumerate(hits):
            like = (j for j in kept if len(mine & hits[j]) >= share * min(len(mine), len(hits[j])))
            parent = next(like, None)
            under.append(None if parent is None else rows["term"].iloc[parent])
            if parent is None:
                kept.append(i)
        rows = rows.assign(folded_under=pd.Series(under, index=rows.index, dtype=object))
        counts = rows["folded_under"].value_counts()
        tables.append(rows.assign(folded=rows["term"].map(counts).fillna(0).astype(int)))
    if not tables:
        return enriched.head(0).assign(folded_under=pd.Series(dtype=object), folded=pd.Series(dtype=int))
    return pd.concat(tables, ignore_index=True)


def camera(
    table: pd.DataFrame,
    gene_sets: GeneSets,
    inter_gene_correlation: float = 0.01,
    smallest: int = SMALLEST,
    largest: int = LARGEST,
) -> pd.DataFrame:
    """Test whether the genes of a set rose or fell more than other genes did.

    Competitive and without any limit for single genes; the variance of a set's mean is raised for the
    correlation between its genes, which would otherwise make large sets of co-regulated genes look
    significant (Wu and Smyth 2012, Nucleic Acids Res 40:e133), as limma's ``cameraPR`` does; all sets at
    once, since set by set, as in pylimma, it takes much longer. As in limma's ``camera`` the statistic
    is the z score with the p value of the moderated t: t itself has long tails with few arrays, and its
    variance over all genes would drown the sets. limma approximates z, here it is exact.

    Parameters
    ----------
    table : DataFrame
        From `differential_expression`: columns gene, contrast, t, p.
    gene_sets : GeneSets
    inter_gene_correlation : float
        Of all sets; preset as in limma.

    Returns
    -------
    DataFrame
        Columns contrast, term, name, n_genes, correlation, direction, p, q (Benjamini-Hochberg within the
        contrast), mean_z (of the set); sorted by contrast as given, then p, then term.

    Raises
    ------
    MgboneError
        If the table is empty.

    No rows, and a warning, where no set has enough genes in the table (`restrict`).
    """
    _check_ranked(table)
    tables = []
    for contrast, genes in table.groupby("contrast", sort=False):
        z = pd.Series(_z_scores(genes), index=genes["gene"].to_numpy())
        sets = restrict(gene_sets, z.index, smallest, min(largest, len(z) - 2))
        if not sets.genes:
            continue
        sizes = np.array([len(members) for members in sets.genes.values()])
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        # All sets at once: looking genes up set by set would take longer than the test.
        rows = z.index.get_indexer([gene for members in sets.genes.values() for gene in members])
        means = np.add.reduceat(z.to_numpy()[rows], starts) / sizes
        t = _two_sample_t(means, sizes, z.to_numpy(), inter_gene_correlation)
        p = 2 * stats.t.sf(np.abs(t), len(z) - 2)
        frame = pd.DataFrame(
            {
                "contrast": contrast,
                "term": list(sets.genes),
                "name": [sets.name(term) for term in sets.genes],
                "n_genes": sizes,
                "correlation": float(inter_gene_correlation),
                "direction": np.where(t < 0, "down", "up"),
                "p": p,
                "q": stats.false_discovery_control(p, method="bh"),
                "mean_z": means,
            }
        )
        tables.append(frame.sort_values(["p", "term"], kind="stable"))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=CAMERA_COLUMNS)


def _two_sample_t(means: np.ndarray, sizes: np.ndarray, z: np.ndarray, correlation: float) -> np.ndarray:
    """Return t of the genes of each set against all others, the variance of the sets' means inflated."""
    n, others = len(z), len(z) - sizes
    difference = n / others * (means - z.mean())
    pooled = ((n - 1) * z.var(ddof=1) - difference**2 * sizes * others / n) / (n - 2)
    inflation = 1 + (sizes - 1) * correlation
    return difference / np.sqrt(pooled * (inflation / sizes + 1 / others))


def _check_ranked(table: pd.DataFrame, contrast: str | None = None) -> None:
    """Check that there are genes to rank, of the contrast if one is named."""
    if table.empty:
        raise MgboneError(
            tr(
                "The table of tested genes is empty, so there is nothing to rank; hand in what "
                "differential_expression gives."
            )
        )
    known = list(table["contrast"].unique())
    if contrast is not None and contrast not in known:
        raise MgboneError(
            tr(
                "There is no contrast {contrast!r} in the table, which has {known}.",
                contrast=contrast,
                known=listing(known),
            )
        )


def _z_scores(table: pd.DataFrame) -> np.ndarray:
    """Turn t and p into normal deviates; a p that underflowed counts as the smallest number there is."""
    p = table["p"].clip(lower=np.finfo(float).tiny)
    return np.sign(table["t"].to_numpy()) * stats.norm.isf(p.to_numpy() / 2)


def prerank(
    table: pd.DataFrame,
    gene_sets: GeneSets,
    contrast: str,
    permutations: int = 1000,
    seed: int = 1,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Gene-set enrichment of a ranked list (GSEA preranked, Subramanian et al. 2005) for a few chosen sets.

    Genes are ranked by moderated t, ties by name. Going down the ranking the sum climbs by |t| at a gene of
    the set and sinks evenly at all others; the score is its farthest point. The null takes as many random
    genes and so ignores that genes are correlated: read it beside `camera`. A score is held against those of
    its own sign, as the authors do, so that only about half of the permutations count.

    Returns
    -------
    results : DataFrame
        Columns contrast, term, name, n_genes, es, nes (es over the mean score of its sign by chance), p
        ((b + 1) / (n + 1), with b of the n permutations that count as far out; Phipson and Smyth 2010),
        n_permutations (n), leading_edge (genes joined by ";"). There is no q: over a few chosen sets it would
        mean nothing.
    running : DataFrame
        Columns contrast, term, rank (0 is the most raised gene), t, hit, running_sum: one row per term and
        gene.

    Raises
    ------
    MgboneError
        If the contrast is not in the table.

    No rows, and a warning, where no set has enough genes in the table (`restrict`).
    """
    _check_ranked(table, contrast)
    rows = table[table["contrast"] == contrast]
    ranked = rows.sort_values(["t", "gene"], ascending=[False, True], kind="stable").set_index("gene")["t"]
    sets = restrict(gene_sets, ranked.index, SMALLEST, LARGEST)
    weight, rng = np.abs(ranked.to_numpy()), np.random.default_rng(seed)
    results, running = [], []
    for term, members in sets.genes.items():
        at = np.sort(ranked.index.get_indexer(list(members)))
        es, peak = _farthest(at[None, :], weight)
        random = np.sort(
            [rng.choice(len(weight), len(at), replace=False) for _ in range(permutations)], axis=1
        )
        null = _farthest(random, weight)[0]
        null = np.abs(null[np.sign(null) == np.sign(es[0])])
        beyond = int((null >= abs(es[0]) * (1 - 1e-9)).sum())
        leading = at[: peak[0] + 1] if es[0] > 0 else at[peak[0] :]
        results.append(
            {
                "contrast": contrast,
                "term": term,
                "name": sets.name(term),
                "n_genes": len(at),
                "es": es[0],
                "nes": es[0] / null.mean() if len(null) else np.nan,
                "p": (beyond + 1) / (len(null) + 1),
                "n_permutations": len(null),
                "leading_edge": ";".join(ranked.index[leading]),
            }
        )
        hit = np.isin(np.arange(len(weight)), at)
        frame = pd.DataFrame({"rank": np.arange(len(weight)), "t": ranked.to_numpy(), "hit": hit})
        running.append(frame.assign(running_sum=_running_sum(hit, weight), contrast=contrast, term=term))
    if not results:
        return pd.DataFrame(columns=PRERANK_COLUMNS), pd.DataFrame(columns=RUNNING_COLUMNS)
    return pd.DataFrame(results)[PRERANK_COLUMNS], pd.concat(running, ignore_index=True)[RUNNING_COLUMNS]


def _running_sum(hit: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Running sum over the ranking (n_genes,)."""
    up = np.where(hit, weight if weight[hit].any() else 1.0, 0.0)
    return np.cumsum(up / up.sum() - ~hit / (~hit).sum())


def _farthest(at: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the farthest point of the running sum, and which of the set's genes it lies at.

    Parameters
    ----------
    at : int array, shape (n_sets, n_members)
        Places of each set's genes in the ranking, in order.
    weight : float array, shape (n_genes,)
    """
    up = weight[at]
    up = np.where(up.any(axis=1, keepdims=True), up, 1.0)
    climbed = np.cumsum(up, axis=1) / up.sum(axis=1, keepdims=True)
    sunk = (at - np.arange(at.shape[1])) / (len(weight) - at.shape[1])
    # The sum turns at genes of the set only: it is highest on one of them, and lowest just before one.
    high, low = climbed - sunk, climbed - up / up.sum(axis=1, keepdims=True) - sunk
    top, bottom = high.argmax(axis=1), low.argmin(axis=1)
    rows = np.arange(len(at))
    above = high[rows, top] > -low[rows, bottom]
    return np.where(above, high[rows, top], low[rows, bottom]), np.where(above, top, bottom)
