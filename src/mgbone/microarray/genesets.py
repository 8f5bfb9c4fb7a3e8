"""What changed genes have in common: gene sets, their tests, and the themes that the report names."""

from __future__ import annotations

import gzip
import re
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import gseapy
import numpy as np
import pandas as pd
import pylimma
import requests
from scipy import stats

from mgbone.errors import MgboneError
from mgbone.evidence import EVIDENCE_COLUMNS
from mgbone.faults import listing
from mgbone.microarray._files import UnreadableFile, decode, read_bytes
from mgbone.microarray.expression import split_contrast
from mgbone.microarray.matrix import dates_among
from mgbone.paths import project_root, resolve, write_aside
from mgbone.study import Study

SHIPPED = "data/genesets/go_bp.gmt.gz"
THEMES = ("inflammatory_response_genes", "mineral_metabolism_genes", "bone_metabolism_genes")
ORA_COLUMNS = [
    "contrast", "direction", "term", "name", "set_size", "list_size", "hits", "expected",
    "odds_ratio", "log2_odds_ratio", "ci_low", "ci_high", "p", "q", "genes",
]  # fmt: skip
SMALLEST, LARGEST = 10, 1000
FOLD_SHARE = 0.7
_ENSEMBL = {"ENSRNO": "rat", "ENSMUS": "mouse", "ENSG0": "human", "ENSDAR": "zebrafish"}


class GeneSetWarning(UserWarning):
    """Gene sets that fit the chip badly, or less well than they could."""


@dataclass(frozen=True)
class GeneSets:
    """Gene sets and their names.

    Attributes
    ----------
    genes : mapping of str to tuple of str
        Gene symbols of each term, in the order of the file.
    names : mapping of str to str
        Readable name of each term; the term itself where the file gives none.
    source : str
        File that they were read from, without its folder.
    """

    genes: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    def __len__(self) -> int:
        return len(self.genes)

    def name(self, term: str) -> str:
        """Readable name of a term."""
        return self.names.get(term, term)

    def only(self, terms: Iterable[str]) -> GeneSets:
        """Return the sets of some terms; terms that are not there are left out."""
        chosen = [t for t in terms if t in self.genes]
        return GeneSets({t: self.genes[t] for t in chosen}, {t: self.name(t) for t in chosen}, self.source)


def load_gene_sets(path: str | Path | None = None, symbols: str = "as written") -> GeneSets:
    """Read gene sets from a GMT file (plain or gzipped, by content); without `path`, the shipped GO terms.

    Parameters
    ----------
    path : str or Path, optional
        Tab-separated lines: term, description, genes. A relative path counts from the project's folder.
    symbols : {"as written", "rat"}
        "rat" rewrites human symbols (IL6) in rat style (Il6); see data/genesets/README.md for the rules.

    Raises
    ------
    MgboneError
        If the file can't be read, is not GMT, or repeats a term.

    Warns
    -----
    GeneSetWarning
        If the file is not Unicode text, or Excel made dates of some genes.
    """
    if symbols not in ("as written", "rat"):
        raise MgboneError(f"symbols={symbols!r} is not known; use 'as written' or 'rat'.")
    path = project_root() / SHIPPED if path is None else resolve(path)
    genes: dict[str, tuple[str, ...]] = {}
    names: dict[str, str] = {}
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        term, *rest = line.rstrip("\r\n").split("\t")
        if len(rest) < 2 or not term.strip():
            raise MgboneError(
                f"{path.name}, line {number}: a GMT line has a term, a description and genes, split by tabs; "
                f"this one begins with {line[:40]!r}."
            )
        if term in genes:
            raise MgboneError(f"{path.name}, line {number}: the term {term!r} stands there a second time.")
        members = [g.split(",")[0].strip() for g in rest[1:]]  # Enrichr may add a weight after a comma
        rewritten = (rat_style(g) if symbols == "rat" else g for g in members if g)
        genes[term] = tuple(dict.fromkeys(rewritten))
        names[term] = _readable(term, rest[0])
    if not genes:
        raise MgboneError(f"{path.name} holds no gene set.")
    if found := dates_among(dict.fromkeys(g for members in genes.values() for g in members)):
        told = f"{path.name}: {found}. Take the file as it was before Excel."
        warnings.warn(told, GeneSetWarning, stacklevel=2)
    return GeneSets(genes, names, path.name)


def _lines(path: Path) -> list[str]:
    try:
        text, encoding = decode(read_bytes(path))
    except (OSError, UnreadableFile) as error:
        raise MgboneError(
            f"The gene sets {path.name} can't be read ({error}); give the path of a GMT file."
        ) from error
    if encoding:
        warnings.warn(f"{path.name} is not UTF-8 text; read as {encoding}.", GeneSetWarning, stacklevel=3)
    return text.splitlines()


def _readable(term: str, description: str) -> str:
    """Descriptions of some collections are empty, "na" or a web address: then the term names itself."""
    text = description.strip()
    if text.lower() in ("", "na", "n/a") or "://" in text:
        return term
    return text


def rat_style(symbol: str) -> str:
    """Write a human gene symbol in rat style: first character kept, the rest in lower case.

    ``LOC`` + digits and ``C1orf112``-like names stay. This changes spelling only; it finds no orthologue.
    """
    if re.match(r"^LOC\d+$|^C(\d+|X|Y)orf\d+", symbol):
        return symbol
    return symbol[:1] + symbol[1:].lower()


def load_themes(path: str | Path | None = None) -> pd.DataFrame:
    """Read which terms stand for each theme of the report: columns theme, go_id, term, reason.

    Raises
    ------
    MgboneError
        If the file or a column is missing.
    """
    path = project_root() / "data" / "genesets" / "themes.csv" if path is None else resolve(path)
    try:
        themes = pd.read_csv(path, dtype=str)
    except (OSError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise MgboneError(f"The themes {path.name} can't be read: {error}") from error
    missing = [c for c in ("theme", "go_id", "term", "reason") if c not in themes.columns]
    if missing:
        raise MgboneError(f"{path.name} lacks the column {', '.join(missing)}.")
    return themes


def theme_genes(gene_sets: GeneSets, themes: pd.DataFrame) -> dict[str, set[str]]:
    """Genes of each theme: those of any of its terms."""
    return {
        theme: {g for term in rows["go_id"] for g in gene_sets.genes.get(term, ())}
        for theme, rows in themes.groupby("theme", sort=False)
    }


def name_genes(
    called: pd.DataFrame, genes_of_themes: Mapping[str, Collection[str]], n: int = 6
) -> pd.DataFrame:
    """Choose the genes that a volcano or MA plot names: the best changed ones of each theme.

    Parameters
    ----------
    called : DataFrame
        From `expression.call_genes`: gene, contrast, p, direction.
    genes_of_themes : mapping
        From `theme_genes`.
    n : int
        Names per contrast, theme and direction.

    Returns
    -------
    DataFrame
        `called` with the columns theme (the first theme that a changed gene belongs to, otherwise missing)
        and named (whether it is among the `n` with the smallest p).
    """
    theme = pd.Series(None, index=called.index, dtype=object)
    changed = called["direction"] != "none"
    for name in reversed(list(genes_of_themes)):
        theme[changed & called["gene"].isin(set(genes_of_themes[name]))] = name
    marked = called.assign(theme=theme)
    best = marked[theme.notna()].sort_values(["p", "gene"], kind="stable")
    chosen = best.groupby(["contrast", "theme", "direction"], sort=False).head(n).index
    return marked.assign(named=marked.index.isin(chosen))


# ---- Do the sets speak of the same genes as the chip?
# ----------------------------------------------------------------


def match_symbols(gene_sets: GeneSets, background: Collection[str]) -> pd.DataFrame:
    """Count how many genes of the sets are on the chip, as written and without regard to case.

    Returns
    -------
    DataFrame
        One row: genes_in_sets, genes_on_chip, found, share (of the genes in sets), found_any_case,
        share_any_case, chip_share (of the genes on the chip that are in some set), style_sets, style_chip.
    """
    chip = {str(g) for g in background}
    members = {g for genes in gene_sets.genes.values() for g in genes}
    found = len(members & chip)
    any_case = len({g.upper() for g in members} & {g.upper() for g in chip})
    row = {
        "genes_in_sets": len(members),
        "genes_on_chip": len(chip),
        "found": found,
        "share": found / max(1, len(members)),
        "found_any_case": any_case,
        "share_any_case": any_case / max(1, len(members)),
        "chip_share": found / max(1, len(chip)),
        "style_sets": symbol_style(members),
        "style_chip": symbol_style(chip),
    }
    return pd.DataFrame([row])


def symbol_style(names: Collection[str]) -> str:
    """Name the kind of gene names in a collection.

    One of "human symbols (IL6)", "rat or mouse symbols (Il6)", "Entrez numbers", "Ensembl (rat)" and so on,
    "probeset names", or "mixed or unknown".
    """
    names = [str(n) for n in names]
    if not names:
        return "none"
    if _share(names, r"\d+$") > 0.8:
        return "Entrez numbers"
    for prefix, organism in _ENSEMBL.items():
        if sum(n.startswith(prefix) for n in names) > 0.8 * len(names):
            return f"Ensembl ({organism})"
    if _share(names, r"TC[\dXYU]+\d+.*\.|\d+_(a|s|x)?_?at$|AFFX") > 0.8:
        return "probeset names"
    if _share(names, r"[A-Z][A-Z0-9.@/-]*$|C\d+orf\d+$") > 0.7:
        return "human symbols (IL6)"
    if _share(names, r"[A-Z][a-z0-9./-]*$|LOC\d+$|[A-Z]{2,}\d*[a-z]*\d*$|[A-Z0-9]+Rik$") > 0.7:
        return "rat or mouse symbols (Il6)"
    return "mixed or unknown"


def _share(names: Sequence[str], pattern: str) -> float:
    matcher = re.compile(pattern)
    return sum(matcher.match(n) is not None for n in names) / len(names)


def check_symbols(gene_sets: GeneSets, background: Collection[str]) -> pd.DataFrame:
    """Return `match_symbols`; raise if sets and chip plainly don't speak of the same genes, warn if hardly.

    Raises
    ------
    MgboneError
        If under a tenth of the genes in the sets are on the chip.

    Warns
    -----
    GeneSetWarning
        If under half are, or ignoring case would find clearly more.
    """
    match = match_symbols(gene_sets, background)
    row = match.iloc[0]
    hint = _hint(row, gene_sets)
    told = (
        f"{row['found']} of {row['genes_in_sets']} genes in {gene_sets.source or 'the gene sets'} "
        f"({100 * row['share']:.1f} %) are among the {row['genes_on_chip']} genes on the chip. {hint}"
    )
    # A short list of genes can't cover all sets, however well it fits: then its own share is what counts.
    share = max(row["share"], row["chip_share"])
    share_any_case = max(row["share_any_case"], row["found_any_case"] / max(1, row["genes_on_chip"]))
    if share < 0.1:
        raise MgboneError(told)
    if share < 0.5 or share_any_case > 1.2 * share:
        warnings.warn(told, GeneSetWarning, stacklevel=3)
    return match


def _hint(row: pd.Series, gene_sets: GeneSets) -> str:
    sets, chip = row["style_sets"], row["style_chip"]
    both = f"The sets hold {sets}, the chip {chip}."
    if row["found_any_case"] > 1.2 * max(1, row["found"]):
        percent = f"{100 * row['share_any_case']:.1f} %"
        fix = (
            "load_gene_sets(path, symbols='rat') rewrites human symbols in rat style"
            if sets.startswith("human")
            else "write the symbols of the chip in the style of the sets"
        )
        return f"Symbol case differs: {both} Without regard to case {percent} would be found; {fix}."
    mouse = any(g.endswith("Rik") for genes in gene_sets.genes.values() for g in genes)
    kind = " (names ending in Rik are the mouse's)" if mouse else ""
    return (
        f"Organism or kind of name differs: {both[:-1]}{kind}. "
        "Take sets with gene symbols of the rat, or of human with symbols='rat'."
    )


# ---- Over-representation
# ---------------------------------------------------------------------------------------------


def over_representation(
    gene_lists: Mapping[str, Mapping[str, Sequence[str]]],
    gene_sets: GeneSets,
    background: Collection[str],
    smallest: int = SMALLEST,
    largest: int = LARGEST,
) -> pd.DataFrame:
    """Test each set for holding more genes of a list than by chance (one-sided Fisher, by gseapy).

    The background is the chip: genes that it can't see are taken out of lists and sets first, and sets are
    kept if `smallest` to `largest` of their genes remain. Benjamini-Hochberg q values count *all* sets
    kept, those without any gene of the list (p = 1) too, list by list; gseapy itself would count only those
    with a hit.

    Parameters
    ----------
    gene_lists : mapping
        ``gene_lists[contrast]["up"]`` and ``["down"]``, as from `expression.gene_lists`.
    gene_sets : GeneSets
    background : collection of str
        All genes on the chip.

    Returns
    -------
    DataFrame
        Columns of ``ORA_COLUMNS``; direction is that of the list; `expected` the hits by chance; odds ratio
        with Haldane's 1/2 added to each cell and its 95 % interval on the log2 scale (Woolf); `genes` the
        hits, sorted and joined by ";". Sorted by contrast and direction as given, then p, then term.

    Raises
    ------
    MgboneError
        If sets and chip don't speak of the same genes (`check_symbols`), or no set has enough genes on the
        chip.
    """
    check_symbols(gene_sets, background)
    chip = {str(g) for g in background}
    on_chip = restrict(gene_sets, chip, smallest, largest)
    tables = []
    for contrast, lists in gene_lists.items():
        for direction, genes in lists.items():
            table = _enrich([g for g in dict.fromkeys(genes) if g in chip], on_chip, chip)
            tables.append(table.assign(contrast=contrast, direction=direction))
    if not tables:
        raise MgboneError("There is no list of genes to test; hand in expression.gene_lists(table).")
    return pd.concat(tables, ignore_index=True)[ORA_COLUMNS]


def restrict(
    gene_sets: GeneSets, background: Collection[str], smallest: int = SMALLEST, largest: int = LARGEST
) -> GeneSets:
    """Keep the genes of each set that are on the chip, and the sets with `smallest` to `largest` of them.

    Raises
    ------
    MgboneError
        If no set is left.
    """
    chip = set(background)
    kept = {term: tuple(g for g in genes if g in chip) for term, genes in gene_sets.genes.items()}
    kept = {term: genes for term, genes in kept.items() if smallest <= len(genes) <= largest}
    if not kept:
        raise MgboneError(
            f"No set in {gene_sets.source or 'the gene sets'} has {smallest} to {largest} genes on the chip."
        )
    return GeneSets(kept, {t: gene_sets.name(t) for t in kept}, gene_sets.source)


def _enrich(genes: list[str], gene_sets: GeneSets, chip: set[str]) -> pd.DataFrame:
    """Over-representation of one list in all sets."""
    sizes = pd.Series({term: len(members) for term, members in gene_sets.genes.items()}, name="set_size")
    table = pd.DataFrame({"set_size": sizes, "p": 1.0, "hits": 0, "genes": ""})
    if genes:
        sets = {term: list(members) for term, members in gene_sets.genes.items()}
        with np.errstate(divide="ignore"):  # gseapy takes the log of p, which may be too small for a double
            found = gseapy.enrich(genes, sets, background=sorted(chip), outdir=None, no_plot=True).results
        if len(found):
            found = found.set_index("Term")
            hits = found["Genes"].str.split(";").map(sorted)
            table.loc[found.index, "p"] = found["P-value"].astype(float)
            table.loc[found.index, "hits"] = hits.map(len)
            table.loc[found.index, "genes"] = hits.map(";".join)
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
        expected=m * k / n,
        odds_ratio=odds,
        log2_odds_ratio=np.log2(odds),
        ci_low=np.log2(odds) - half,
        ci_high=np.log2(odds) + half,
        q=stats.false_discovery_control(table["p"], method="bh"),
    )
    return table.sort_values(["p", "term"], kind="stable")


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


# ---- Tests on the ranked list
# ----------------------------------------------------------------------------------------


def gene_set_correlation(
    expression: pd.DataFrame, groups: pd.Series | Mapping[str, str], gene_sets: GeneSets
) -> pd.DataFrame:
    """Estimate the mean correlation between the genes of each set, from what groups leave unexplained.

    With residual effects (d a gene, orthogonal to the groups) scaled to a mean square of 1 a gene, the
    variance inflation of a set of m genes is m times the mean square of its mean residual effect, and the
    correlation (inflation - 1) / (m - 1) (Wu and Smyth 2012, section 3). Few arrays give rough values. This
    is written out here because pylimma 0.2.0's own function averages over the wrong axis (0.15 instead of
    0.00 for independent genes).

    Parameters
    ----------
    expression : DataFrame, shape (n_genes, n_arrays)
    groups : Series or mapping
        Group of each array.
    gene_sets : GeneSets

    Returns
    -------
    DataFrame
        Columns term, name, n_genes, correlation, variance_inflation; sets with fewer than two genes in the
        table are left out.
    """
    labels = pd.Series(dict(groups)).reindex(expression.columns)
    design = pd.get_dummies(labels, dtype=float).to_numpy()
    orthogonal = np.linalg.qr(design, mode="complete")[0][:, design.shape[1] :]
    effects = expression.to_numpy(float) @ orthogonal
    size = np.sqrt((effects**2).mean(axis=1, keepdims=True))
    scaled = pd.DataFrame(effects / np.where(size > 0, size, 1.0), index=expression.index)
    rows = []
    for term, genes in gene_sets.genes.items():
        present = scaled.index.intersection(pd.Index(genes))
        m = len(present)
        if m < 2:
            continue
        inflation = m * float((scaled.loc[present].mean() ** 2).mean())
        rows.append((term, gene_sets.name(term), m, (inflation - 1) / (m - 1), inflation))
    return pd.DataFrame(rows, columns=["term", "name", "n_genes", "correlation", "variance_inflation"])


def camera(
    table: pd.DataFrame,
    gene_sets: GeneSets,
    inter_gene_correlation: float | pd.Series = 0.01,
    smallest: int = SMALLEST,
    largest: int = LARGEST,
) -> pd.DataFrame:
    """Test whether the genes of a set rose or fell more than other genes did.

    Competitive and without any limit for single genes; the variance of a set's mean is raised for the
    correlation between its genes, which would otherwise make large sets of co-regulated genes look
    significant (Wu and Smyth 2012, Nucleic Acids Res 40:e133), by pylimma's `camera_pr`. As in limma's
    ``camera`` the statistic is the z score with the p value of the moderated t: t itself has long tails
    with few arrays, and its variance over all genes would drown the sets. limma approximates z, here it is
    exact.

    Parameters
    ----------
    table : DataFrame
        From `differential_expression`: columns gene, contrast, t, p.
    gene_sets : GeneSets
    inter_gene_correlation : float or Series
        limma's preset of 0.01 for all sets, or one estimated value a term (`gene_set_correlation`); sets that
        the Series does not have are left out, negative values count as 0.

    Returns
    -------
    DataFrame
        Columns contrast, term, name, n_genes, correlation, direction, p, q (Benjamini-Hochberg within the
        contrast), mean_z (of the set); sorted by contrast as given, then p, then term.

    Raises
    ------
    MgboneError
        If the table is empty, sets and chip don't speak of the same genes (`check_symbols`), no set has
        enough genes in the table, or no set has a correlation.
    """
    _check_ranked(table, gene_sets)
    if isinstance(inter_gene_correlation, pd.Series):
        inter_gene_correlation = inter_gene_correlation.dropna()
    tables = []
    for contrast, genes in table.groupby("contrast", sort=False):
        z = pd.Series(_z_scores(genes), index=genes["gene"].to_numpy())
        sets = restrict(gene_sets, z.index, smallest, min(largest, len(z) - 2))
        if isinstance(inter_gene_correlation, pd.Series):
            sets = sets.only(inter_gene_correlation.index)
            if not len(sets):
                raise MgboneError(
                    "None of the correlations between genes is of a set that can be tested; take those that "
                    "gene_set_correlation gives for the same sets, by term."
                )
            correlation = inter_gene_correlation.reindex(list(sets.genes)).clip(lower=0).to_numpy(float)
        else:
            correlation = np.full(len(sets), float(inter_gene_correlation))
        sizes = np.array([len(members) for members in sets.genes.values()])
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        # All sets at once: looking genes up set by set would take longer than the test.
        rows = z.index.get_indexer([gene for members in sets.genes.values() for gene in members])
        index = dict(zip(sets.genes, np.split(rows, starts[1:]), strict=True))
        found = pylimma.camera_pr(z, index, inter_gene_cor=correlation, sort=False)
        p = found["p_value"].to_numpy(float)
        frame = pd.DataFrame(
            {
                "contrast": contrast,
                "term": list(index),
                "name": [sets.name(term) for term in index],
                "n_genes": found["n_genes"].to_numpy(),
                "correlation": correlation,
                "direction": found["direction"].str.lower().to_numpy(),
                "p": p,
                "q": stats.false_discovery_control(p, method="bh"),
                "mean_z": np.add.reduceat(z.to_numpy()[rows], starts) / sizes,
            }
        )
        tables.append(frame.sort_values(["p", "term"], kind="stable"))
    return pd.concat(tables, ignore_index=True)


def _check_ranked(table: pd.DataFrame, gene_sets: GeneSets, contrast: str | None = None) -> None:
    """Check that there are genes to rank, of the contrast if one is named, and that the sets know them."""
    if table.empty:
        raise MgboneError(
            "The table of tested genes is empty, so there is nothing to rank; "
            "hand in what differential_expression gives."
        )
    known = list(table["contrast"].unique())
    if contrast is not None and contrast not in known:
        raise MgboneError(f"There is no contrast {contrast!r} in the table, which has {listing(known)}.")
    check_symbols(gene_sets, table["gene"].unique())


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
    """Gene-set enrichment of a ranked list (GSEA preranked, by gseapy) for a few chosen sets.

    Genes are ranked by moderated t, ties by name. Its null permutes genes and so ignores that they are
    correlated: read it beside `camera`. It takes about 0.1 s a set.

    Returns
    -------
    results : DataFrame
        Columns contrast, term, name, n_genes, es, nes, p, q (over the sets handed in), leading_edge (genes
        joined by ";"). p and q are no smaller than 1 / (permutations + 1), the least that so many can show.
    running : DataFrame
        Columns contrast, term, rank (0 is the most raised gene), t, hit, running_sum: one row per term and
        gene.

    Raises
    ------
    MgboneError
        If the contrast is not in the table, sets and chip don't speak of the same genes (`check_symbols`), or
        no set has enough genes in the table.
    """
    _check_ranked(table, gene_sets, contrast)
    rows = table[table["contrast"] == contrast]
    ranked = rows.sort_values(["t", "gene"], ascending=[False, True], kind="stable").set_index("gene")["t"]
    sets = restrict(gene_sets, ranked.index, SMALLEST, LARGEST)
    with warnings.catch_warnings():  # gseapy still calls pandas in ways that pandas 3 speaks against
        warnings.simplefilter("ignore", DeprecationWarning)
        done = gseapy.prerank(
            rnk=_without_ties(ranked),
            gene_sets={term: list(genes) for term, genes in sets.genes.items()},
            min_size=SMALLEST,
            max_size=LARGEST,
            permutation_num=permutations,
            seed=seed,
            threads=1,
            outdir=None,
            no_plot=True,
            verbose=False,
        )
    least = 1 / (permutations + 1)
    results, running = [], []
    for term in sets.genes:
        one = done.results[term]
        results.append(
            {
                "contrast": contrast,
                "term": term,
                "name": sets.name(term),
                "n_genes": len(sets.genes[term]),
                "es": float(one["es"]),
                "nes": float(one["nes"]),
                "p": max(float(one["pval"]), least),
                "q": max(float(one["fdr"]), least),
                "leading_edge": one["lead_genes"],
            }
        )
        hit = np.zeros(len(ranked), dtype=bool)
        hit[np.asarray(one["hits"], dtype=int)] = True
        frame = pd.DataFrame({"rank": np.arange(len(ranked)), "t": ranked.to_numpy(), "hit": hit})
        running.append(frame.assign(running_sum=one["RES"], contrast=contrast, term=term))
    columns = ["contrast", "term", "rank", "t", "hit", "running_sum"]
    return pd.DataFrame(results), pd.concat(running, ignore_index=True)[columns]


def _without_ties(ranked: pd.Series) -> pd.Series:
    """Move tied values apart by the smallest step there is, in the order given, so that gseapy sees none."""
    values = ranked.to_numpy(float).copy()
    for i in range(1, len(values)):
        if values[i] >= values[i - 1]:
            values[i] = np.nextafter(values[i - 1], -np.inf)
    return pd.Series(values, index=ranked.index)


# ---- What it says to the report
# --------------------------------------------------------------------------------------


def theme_evidence(
    enriched: pd.DataFrame,
    themes: pd.DataFrame,
    study: Study,
    experiment: str,
    groups: pd.Series | Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Turn the tests of all terms into one row of evidence per theme and contrast.

    Each theme is spoken for by its term with the smallest q in either list. That q counts all terms tested,
    not those of the theme alone, so that picking the best of a few is paid for. `estimate` is the log2 odds
    ratio of that term in the list (above 0: more genes than by chance), with its Woolf interval; `p` is its
    q; `direction` the list that it was found in, none where its level is none.

    Parameters
    ----------
    enriched : DataFrame
        From `over_representation`, over all terms.
    themes : DataFrame
        From `load_themes`.
    study : Study
    experiment : str
    groups : Series or mapping, optional
        Group of each array, to count arrays; without it the counts are the study's.

    Returns
    -------
    DataFrame
        The columns of the evidence and term, term_name, list_size, hits; one row per array contrast of the
        experiment in `enriched` and theme.

    Raises
    ------
    MgboneError
        If the experiment is unknown.

    A theme of which no term was tested (gene sets of another kind) has a row without a level.
    """
    if experiment not in study.experiments:
        raise MgboneError(f"{experiment!r} is no experiment; there are {', '.join(study.experiments)}.")
    sizes = None if groups is None else pd.Series(dict(groups)).value_counts()
    rows = []
    for contrast in study.experiments[experiment].array_contrasts:
        tested = enriched[enriched["contrast"] == contrast.name]
        if tested.empty:
            continue
        for theme, terms in themes.groupby("theme", sort=False):
            of_theme = tested[tested["term"].isin(terms["go_id"])]
            if of_theme.empty:
                rows.append(_untested_row(theme, contrast.name, experiment, study, sizes))
                continue
            best = of_theme.sort_values(["q", "p", "log2_odds_ratio"], ascending=[True, True, False]).iloc[0]
            rows.append(_evidence_row(best, theme, contrast.name, experiment, study, sizes))
    return pd.DataFrame(rows).reindex(columns=[*EVIDENCE_COLUMNS, "term", "term_name", "list_size", "hits"])


def _untested_row(
    theme: str, contrast: str, experiment: str, study: Study, sizes: pd.Series | None
) -> dict[str, object]:
    row = {"experiment": experiment, "domain": "microarray", "endpoint": theme, "contrast": contrast}
    return row | _array_counts(contrast, study, sizes) | {"test": "not tested"}


def _array_counts(contrast: str, study: Study, sizes: pd.Series | None) -> dict[str, int]:
    count = [
        study.arrays_per_group if sizes is None else int(sizes.get(g, 0)) for g in split_contrast(contrast)
    ]
    return dict(zip(("n_case", "n_reference"), count, strict=True))


def _evidence_row(
    best: pd.Series, theme: str, contrast: str, experiment: str, study: Study, sizes: pd.Series | None
) -> dict[str, object]:
    level = study.level(best["q"])
    return {
        "experiment": experiment,
        "domain": "microarray",
        "endpoint": theme,
        "contrast": contrast,
        **_array_counts(contrast, study, sizes),
        "estimate": best["log2_odds_ratio"],
        "ci_low": best["ci_low"],
        "ci_high": best["ci_high"],
        "unit": "log2 odds ratio",
        "p": best["q"],
        "test": f"over-representation, BH over all terms ({best['term']})",
        "direction": "none" if level == "none" else best["direction"],
        "level": level,
        "term": best["term"],
        "term_name": best["name"],
        "list_size": best["list_size"],
        "hits": best["hits"],
    }


# ---- Newer sets
# ------------------------------------------------------------------------------------------------------


def fetch_gene_sets(
    library: str = "GO_Biological_Process_2025", organism: str = "Human", folder: str | Path = "data/genesets"
) -> Path:
    """Fetch a current library with gseapy (Enrichr) and write it as ``<library>.gmt.gz`` in rat style.

    Enrichr has no rat libraries; human ones are rewritten as the shipped sets were. The shipped file is never
    written over. Nothing is written unless everything was fetched.

    Returns
    -------
    Path
        The file; hand it to `load_gene_sets`.

    Raises
    ------
    MgboneError
        If the network can't be reached (with what to do instead), or the library does not exist.
    """
    try:
        fetched = gseapy.get_library(library, organism=organism, min_size=0, max_size=10**6)
    except ValueError as error:
        raise MgboneError(
            f"Enrichr has no library {library!r} for {organism}; "
            f"gseapy.get_library_name(organism={organism!r}) lists them."
        ) from error
    except Exception as error:
        if not _is_offline(error):
            raise
        raise MgboneError(
            f"Gene sets can't be fetched: the network or Enrichr's server is not reachable "
            f"({type(error).__name__}). "
            "Nothing is lost: the shipped GO terms (data/genesets/go_bp.gmt.gz) need no network. For "
            "newer ones run "
            "`make genesets` where there is one, or download a GMT file by hand and read it with "
            "load_gene_sets('mine.gmt', symbols='rat')."
        ) from error
    target = resolve(folder) / f"{library}.gmt.gz"
    lines = []
    for term in sorted(fetched):
        genes = sorted({rat_style(g.split(",")[0]) for g in fetched[term]})
        found = re.search(r"\((GO:\d{7})\)\s*$", term)
        name = term[: found.start()].strip() if found else term
        lines.append("\t".join([found.group(1) if found else term, name, *genes]))
    with write_aside(target) as aside:
        aside.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))
    return target


def _is_offline(error: Exception) -> bool:
    """Gseapy lets errors of requests through or wraps them in a bare Exception of its own."""
    if isinstance(error, requests.exceptions.RequestException | OSError):
        return True
    return type(error) is Exception
