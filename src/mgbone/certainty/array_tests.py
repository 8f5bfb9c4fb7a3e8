"""The tests of notebook 03 for many sets of arrays: the numbers of the declared functions, no tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import optimize, sparse, special

from mgbone.microarray.genesets import LARGEST, SMALLEST, GeneSets

_NEGLIGIBLE = 1e-17


class Fitted(NamedTuple):
    """Tests of genes, arrays of shape (genes, contrasts), and the degrees of freedom of all t."""

    log2_fold_change: np.ndarray
    t: np.ndarray
    df: float

    def of(self, contrast: int) -> Fitted:
        """Return the tests of one contrast, arrays of shape (genes,)."""
        return self._replace(log2_fold_change=self.log2_fold_change[:, contrast], t=self.t[:, contrast])

    def changed(self, q: float, log2_fold_change: float) -> tuple[np.ndarray, np.ndarray]:
        """Return which genes of one contrast rose and which fell, by limits of q and of the change.

        q is that of Benjamini and Hochberg (1995). Genes with a p above its limit have no smaller q, so that
        their p is not worked out.
        """
        size = np.abs(self.t)
        candidates = np.flatnonzero(size >= special.stdtrit(self.df, 1 - q / 2) * (1 - 1e-9))
        p = 2 * special.stdtr(self.df, -size[candidates])
        ordered = np.sort(p)
        passed = np.flatnonzero(ordered * (len(size) / np.arange(1, len(p) + 1)) < q)
        found = np.zeros(len(size), dtype=bool)
        if len(passed):
            found[candidates[p <= ordered[passed[-1]]]] = True
        found &= np.abs(self.log2_fold_change) >= log2_fold_change
        return found & (self.t > 0), found & (self.t < 0)


def moderated_t(
    values: np.ndarray, codes: np.ndarray, contrasts: Sequence[tuple[int, int]], trend: bool = False
) -> Fitted:
    """Test genes as `mgbone.microarray.differential_expression` does (Smyth 2004).

    Parameters
    ----------
    values : float array, shape (genes, arrays)
        log2 expression.
    codes : int array, shape (arrays,)
        Group of each array; groups of one array lend no variance.
    contrasts : sequence of (int, int)
        Case and reference.
    trend : bool
        Let the prior variance follow the mean expression (limma-trend, Law et al. 2014).
    """
    belongs = np.eye(codes.max() + 1)[codes]
    n = belongs.sum(axis=0)
    means = values @ belongs / np.maximum(n, 1)
    df = len(codes) - np.count_nonzero(n)
    residual = values - means[:, codes]
    variance = np.einsum("ij,ij->i", residual, residual) / df
    prior_df, prior = fit_prior(variance, df, values.mean(axis=1) if trend else None)
    weight = 1 / (1 + df / prior_df)
    squeezed = weight * prior + (1 - weight) * variance
    total = min(df + prior_df, df * len(values))
    case, reference = (list(side) for side in zip(*contrasts, strict=True))
    change = means[:, case] - means[:, reference]
    return Fitted(change, change / np.sqrt(squeezed[:, None] * (1 / n[case] + 1 / n[reference])), total)


def fit_prior(
    variance: np.ndarray, df: int, level: np.ndarray | None = None
) -> tuple[float, np.ndarray | float]:
    """Fit limma's prior of variances (fitFDist), which may follow the level of expression.

    pylimma fits the same model, but takes several times as long, and with a level most of a minute for the
    genes of a chip: it spans their square.

    Returns
    -------
    df : float
        Infinite where variances differ no more than chance makes them.
    variance : float, or float array of shape (genes,)
        With a level along a natural cubic spline with knots at the ends and the thirds of the genes.
    """
    middle = np.median(variance)
    log = np.log(np.maximum(variance, 1e-5 * (middle or 1.0)))
    log = log - special.digamma(df / 2) + np.log(df / 2)
    fitted, parameters = log.mean(), 1
    if level is not None:
        basis = _natural_spline(level)
        fitted, parameters = basis @ np.linalg.lstsq(basis, log, rcond=None)[0], basis.shape[1]
    beyond = ((log - fitted) ** 2).sum() / (len(log) - parameters) - special.polygamma(1, df / 2)
    if beyond <= 0:
        return np.inf, np.exp(fitted)
    half = optimize.brentq(lambda y: special.polygamma(1, y) - beyond, 1e-4, 1e9, xtol=1e-12)
    return 2 * half, np.exp(fitted + special.digamma(half) - np.log(half))


def _natural_spline(level: np.ndarray) -> np.ndarray:
    knots = np.quantile(level, [0, 1 / 3, 2 / 3, 1])
    scaled, knots = (level - knots[0]) / np.ptp(knots), (knots - knots[0]) / np.ptp(knots)
    cubes = [np.maximum(scaled - knot, 0) ** 3 for knot in knots]
    bent = [(cubes[i] - cubes[3]) / (knots[3] - knots[i]) for i in range(3)]
    return np.column_stack([np.ones_like(scaled), scaled, bent[0] - bent[2], bent[1] - bent[2]])


@dataclass(frozen=True, eq=False)
class Terms:
    """Gene sets as a table of ones and zeros, for a chip.

    Attributes
    ----------
    holds : sparse float array, shape (terms, genes)
    names : list of str
    of_theme : dict of str to int array
        Places of the terms that speak for a theme.
    """

    holds: sparse.csr_array
    names: list[str]
    of_theme: Mapping[str, np.ndarray]

    @property
    def annotated(self) -> np.ndarray:
        """Genes of which some term tells."""
        return np.asarray(self.holds.sum(axis=0)).ravel() > 0


def index_terms(gene_sets: GeneSets, genes: Collection[str], themes: pd.DataFrame) -> Terms:
    """Bring gene sets into the order of the genes of a chip.

    Parameters
    ----------
    genes : collection of str
        In the order of the expression.
    themes : DataFrame
        From `mgbone.microarray.load_themes`.
    """
    place = {gene: i for i, gene in enumerate(genes)}
    rows, columns = [], []
    for row, members in enumerate(gene_sets.genes.values()):
        inside = [place[gene] for gene in members if gene in place]
        rows += [row] * len(inside)
        columns += inside
    shape = (len(gene_sets.genes), len(place))
    holds = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    names = list(gene_sets.genes)
    at = {name: i for i, name in enumerate(names)}
    of_theme = {
        theme: np.array([at[term] for term in terms["go_id"] if term in at], dtype=int)
        for theme, terms in themes.groupby("theme", sort=False)
    }
    return Terms(holds, names, of_theme)


class Enriched(NamedTuple):
    """Over-representation of lists in terms: hits, p, and the genes of each term in the background."""

    hits: np.ndarray  # terms x lists
    p: np.ndarray  # terms x lists
    size: np.ndarray  # terms
    list_size: np.ndarray  # lists
    background: int

    def lists(self, chosen: Sequence[int]) -> Enriched:
        """Return what is said of some of the lists."""
        return self._replace(hits=self.hits[:, chosen], p=self.p[:, chosen], list_size=self.list_size[chosen])


def over_representation(terms: Terms, lists: np.ndarray, background: np.ndarray) -> Enriched:
    """Test every term for holding more genes of each list than by chance (Fisher 1935, one-sided).

    Parameters
    ----------
    lists : bool array, shape (genes, lists)
    background : bool array, shape (genes,)
    """
    inside = (lists & background[:, None]).astype(float)
    size, hits = terms.holds @ background.astype(float), terms.holds @ inside
    n, k = int(background.sum()), inside.sum(axis=0)
    p = np.ones_like(hits)
    for column, drawn in enumerate(k):
        if drawn:
            p[:, column] = at_least(hits[:, column], n, size, drawn)
    return Enriched(hits, p, size, k, n)


def at_least(hits: np.ndarray, genes: int, of_set: np.ndarray, of_list: float) -> np.ndarray:
    """Probability of so many hits or more when a list is drawn at random (hypergeometric).

    Terms are added up from the hits outwards, on the side of the mean where there is less to add.
    """
    alike, where = np.unique(hits * (genes + 1) + of_set, return_inverse=True)
    x, m = np.divmod(alike, genes + 1)
    upper = x > m * of_list / genes
    start = np.where(upper, x, x - 1)
    low = np.maximum(0, of_list + m - genes)
    high = np.minimum(m, of_list)
    with np.errstate(divide="ignore", invalid="ignore"):
        term = np.exp(
            _log_choose(m, start) + _log_choose(genes - m, of_list - start) - _log_choose(genes, of_list)
        )
    term = np.where((start >= low) & (start <= high), term, 0.0)
    total, at = term.copy(), start.copy()
    going = np.flatnonzero(term > 0)
    while len(going):
        i, s, u = m[going], at[going], upper[going]
        up = (i - s) * (of_list - s) / ((s + 1) * (genes - i - of_list + s + 1))
        down = s * (genes - i - of_list + s) / ((i - s + 1) * (of_list - s + 1))
        term[going] *= np.where(u, up, down)
        at[going] += np.where(u, 1, -1)
        total[going] += term[going]
        going = going[term[going] > _NEGLIGIBLE * total[going]]
    return np.clip(np.where(upper, total, 1 - total), 0, 1)[where.ravel()]


def _log_choose(n: np.ndarray, k: np.ndarray) -> np.ndarray:
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


class Spoken(NamedTuple):
    """What speaks for a theme: its best term with q over both lists, list (1 up, -1 down) and log2 odds."""

    q: float
    way: int
    estimate: float
    term: int = -1


def speak_for_themes(
    terms: Terms, up_and_down: Enriched, sizes: tuple[int, int] = (SMALLEST, LARGEST)
) -> dict[str, Spoken]:
    """Choose for every theme its best term, as `mgbone.microarray.findings.theme_evidence` does.

    Parameters
    ----------
    up_and_down : Enriched
        Of two lists: genes up, genes down.
    sizes : pair of int
        Genes that a term must have, and may have, in the background.
    """
    kept = (up_and_down.size >= sizes[0]) & (up_and_down.size <= sizes[1])
    # q of Benjamini and Hochberg at every rank; those of a few terms are looked up.
    ordered = np.sort(up_and_down.p[kept], axis=None)
    raised = ordered * len(ordered) / np.arange(1, len(ordered) + 1)
    lowest = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1)
    found = {}
    for theme, rows in terms.of_theme.items():
        rows = rows[kept[rows]]
        if not len(rows):
            found[theme] = Spoken(np.nan, 0, np.nan)
            continue
        x, m, k = up_and_down.hits[rows], up_and_down.size[rows][:, None], up_and_down.list_size[None]
        a, b, c, d = (cell + 0.5 for cell in (x, m - x, k - x, up_and_down.background - m - k + x))
        odds, p = np.where(k > 0, np.log2(a * d / (b * c)), np.nan), up_and_down.p[rows]
        q = lowest[np.searchsorted(ordered, p)]
        # As the declared table is sorted: by list, then p, then the name of the term.
        best = min(
            (q[i, c], p[i, c], -odds[i, c], c, terms.names[r], r) for c in (0, 1) for i, r in enumerate(rows)
        )
        found[theme] = Spoken(best[0], 1 if best[3] == 0 else -1, -best[2], int(best[5]))
    return found
