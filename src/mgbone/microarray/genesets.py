"""What changed genes have in common: gene sets, their tests, and the themes that the report names."""

from __future__ import annotations

import gzip
import re
import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd
import requests

from mgbone.dataset.arrays.files import MAX_NAMES, UnreadableFile, decode, read_bytes
from mgbone.dataset.arrays.symbols import dates_among, symbol_style
from mgbone.dataset.faults import listing
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr
from mgbone.study.paths import project_root, resolve, write_aside

SHIPPED = "data/genesets/go_bp.gmt.gz"

SMALLEST, LARGEST = 10, 1000
"""Genes on the chip that a set has to have, and may have, to be tested."""


NAMED = 6


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
    notes : tuple of str
        How they were brought to the symbols of a chip (`fit_gene_sets`).
    """

    genes: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.genes)

    @cached_property
    def members(self) -> frozenset[str]:
        """All genes of all sets."""
        return frozenset(chain.from_iterable(self.genes.values()))

    @cached_property
    def style(self) -> str:
        """How the genes are written (`symbol_style`)."""
        return symbol_style(self.members)

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
        If the file is not Unicode text, has sets without genes, or Excel made dates of some genes.
    """
    if symbols not in ("as written", "rat"):
        raise MgboneError(tr("symbols={symbols!r} is not known; use 'as written' or 'rat'.", symbols=symbols))
    path = project_root() / SHIPPED if path is None else resolve(path)
    genes: dict[str, tuple[str, ...]] = {}
    names: dict[str, str] = {}
    empty: list[str] = []
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        term, *rest = line.rstrip("\r\n").split("\t")
        if not rest or not term.strip():
            said = N_(
                "{file}, line {number}: a GMT line has a term, a description and genes, split by tabs; this "
                "one begins with {line!r}."
            )
            raise MgboneError(tr(said, file=path.name, number=number, line=line[:40]))
        if term in genes:
            said = N_("{file}, line {number}: the term {term!r} stands there a second time.")
            raise MgboneError(tr(said, file=path.name, number=number, term=term))
        members = [g.split(",")[0].strip() for g in rest[1:]]  # Enrichr may add a weight after a comma
        if not any(members):
            empty.append(term)
            continue
        rewritten = (rat_style(g) if symbols == "rat" else g for g in members if g)
        genes[term] = tuple(dict.fromkeys(rewritten))
        names[term] = _readable(term, rest[0])
    if not genes:
        raise MgboneError(tr("{file} holds no gene set.", file=path.name))
    if empty:
        said = N_("{file}: {n} set{plural} without genes passed over ({names}).")
        plural = "s" if len(empty) > 1 else ""
        told = tr(said, file=path.name, n=len(empty), plural=plural, names=listing(empty, most=3))
        warnings.warn(told, GeneSetWarning, stacklevel=2)
    if found := dates_among(dict.fromkeys(g for members in genes.values() for g in members)):
        told = tr("{file}: {found}. Take the file as it was before Excel.", file=path.name, found=found)
        warnings.warn(told, GeneSetWarning, stacklevel=2)
    return GeneSets(genes, names, path.name)


def _lines(path: Path) -> list[str]:
    try:
        text, encoding = decode(read_bytes(path, MAX_NAMES))
    except (OSError, UnreadableFile) as error:
        said = N_("The gene sets {file} can't be read ({error}); give the path of a GMT file.")
        raise MgboneError(tr(said, file=path.name, error=error)) from error
    if encoding:
        warnings.warn(
            tr("{file} is not UTF-8 text; read as {encoding}.", file=path.name, encoding=encoding),
            GeneSetWarning,
            stacklevel=3,
        )
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


def load_themes() -> pd.DataFrame:
    """Read which terms stand for each theme of the report: columns theme, go_id, term, reason.

    Raises
    ------
    MgboneError
        If the file or a column is missing.
    """
    path = project_root() / "data" / "genesets" / "themes.csv"
    try:
        themes = pd.read_csv(path, dtype=str)
    except (OSError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        said = N_("The themes {file} can't be read: {error}")
        raise MgboneError(tr(said, file=path.name, error=error)) from error
    missing = [c for c in ("theme", "go_id", "term", "reason") if c not in themes.columns]
    if missing:
        said = N_("{file} lacks the column {columns}.")
        raise MgboneError(tr(said, file=path.name, columns=tr(", ").join(missing)))
    return themes


def theme_genes(gene_sets: GeneSets, themes: pd.DataFrame) -> dict[str, set[str]]:
    """Genes of each theme: those of any of its terms."""
    return {
        theme: {g for term in rows["go_id"] for g in gene_sets.genes.get(term, ())}
        for theme, rows in themes.groupby("theme", sort=False)
    }


def name_genes(called: pd.DataFrame, genes_of_themes: Mapping[str, Collection[str]]) -> pd.DataFrame:
    """Choose the genes that a volcano or MA plot names: the best changed ones of each theme.

    Parameters
    ----------
    called : DataFrame
        From `expression.call_genes`: gene, contrast, p, direction.
    genes_of_themes : mapping
        From `theme_genes`.

    Returns
    -------
    DataFrame
        `called` with the columns theme (the first theme that a changed gene belongs to, otherwise missing)
        and named (whether it is one of the ``NAMED`` with the smallest p of contrast, theme and direction).
    """
    theme = pd.Series(None, index=called.index, dtype=object)
    changed = called["direction"] != "none"
    for name in reversed(list(genes_of_themes)):
        theme[changed & called["gene"].isin(set(genes_of_themes[name]))] = name
    marked = called.assign(theme=theme)
    best = marked[theme.notna()].sort_values(["p", "gene"], kind="stable")
    chosen = best.groupby(["contrast", "theme", "direction"], sort=False).head(NAMED).index
    return marked.assign(named=marked.index.isin(chosen))


def _match(gene_sets: GeneSets, chip: Collection[str]) -> dict[str, Any]:
    """Count the genes of sets and chip, and those in both as written (found) and without regard to case.

    Shares are of the genes in sets, that of the chip of its own genes; styles are those of `symbol_style`.
    """
    chip, members = set(map(str, chip)), gene_sets.members
    found = len(members & chip)
    any_case = len(set(map(str.upper, members)) & set(map(str.upper, chip)))
    return {
        "genes_in_sets": len(members), "genes_on_chip": len(chip), "found": found, "found_any_case": any_case,
        "share": found / max(1, len(members)), "share_any_case": any_case / max(1, len(members)),
        "chip_share": found / max(1, len(chip)),
        "style_sets": gene_sets.style, "style_chip": symbol_style(chip),
    }  # fmt: skip


def check_symbols(gene_sets: GeneSets, background: Collection[str]) -> None:
    """Raise an error if sets and chip plainly don't speak of the same genes, warn if hardly.

    Raises
    ------
    MgboneError
        If under a tenth of the genes in the sets are on the chip.

    Warns
    -----
    GeneSetWarning
        If under half are, or ignoring case would find clearly more.
    """
    row = _match(gene_sets, background)
    told = tr(
        "{found} of {genes_in_sets} genes in {sets} ({percent:.1f} %) are among the {genes_on_chip} genes "
        "on the chip. {hint}",
        sets=gene_sets.source or tr("the gene sets"),
        percent=100 * row["share"],
        hint=_hint(row, gene_sets, background),
        **row,
    )
    # A short list of genes can't cover all sets, however well it fits: then its own share is what counts.
    share = max(row["share"], row["chip_share"])
    share_any_case = max(row["share_any_case"], row["found_any_case"] / max(1, row["genes_on_chip"]))
    if share < 0.1:
        raise MgboneError(told)
    if share < 0.5 or share_any_case > 1.2 * share:
        warnings.warn(told, GeneSetWarning, stacklevel=3)


def fit_gene_sets(gene_sets: GeneSets, background: Collection[str]) -> GeneSets:
    """Bring sets to the symbols of a chip: spelt as there, or none at all where they speak of other genes.

    Symbols that differ from the chip's in case only (BGLAP of human, Bglap of the rat) are spelt as on the
    chip, if that finds clearly more and only one gene there is meant. That changes spelling; it finds no
    orthologue. Sets of which under a tenth is known (`check_symbols`) are left out, and nothing is tested.

    Returns
    -------
    GeneSets
        Its notes say what was done.
    """
    chip = dict.fromkeys(str(gene) for gene in background)
    row, notes = _match(gene_sets, chip), []
    if row["found_any_case"] > 1.2 * max(1, row["found"]):
        of_any_case: dict[str, list[str]] = {}
        for gene in chip:
            of_any_case.setdefault(gene.upper(), []).append(gene)
        spelt = {name: genes[0] for name, genes in of_any_case.items() if len(genes) == 1}
        respelt = {
            term: tuple(
                dict.fromkeys(gene if gene in chip else spelt.get(gene.upper(), gene) for gene in genes)
            )
            for term, genes in gene_sets.genes.items()
        }
        gene_sets = replace(gene_sets, genes=respelt)
        said = N_(
            "{source}: its symbols ({theirs}) were compared with those of the chip ({ours}) without regard "
            "to case: {found} instead of {before} of its genes are found. Spelling alone was changed; no "
            "orthologue was looked up."
        )
        found = _match(gene_sets, chip)["found"]
        about = {"source": gene_sets.source or tr("the gene sets"), "found": found, "before": row["found"]}
        notes.append(tr(said, theirs=row["style_sets"], ours=row["style_chip"], **about))
    why = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GeneSetWarning)
            check_symbols(gene_sets, chip)
    except MgboneError as error:
        why = str(error)
    known = (len(chip.keys() & set(genes)) for genes in gene_sets.genes.values())
    if not why and not any(SMALLEST <= n <= LARGEST for n in known):
        why = tr("No set has {least} to {most} genes on the chip.", least=SMALLEST, most=LARGEST)
    if why:
        notes.append(tr("{why} No gene set is tested; all else goes on.", why=why))
        return GeneSets({}, {}, gene_sets.source, tuple(notes))
    return replace(gene_sets, notes=tuple(notes))


def _hint(row: Mapping[str, Any], gene_sets: GeneSets, background: Collection[str]) -> str:
    styles = {"sets": tr(row["style_sets"]), "chip": tr(row["style_chip"])}
    if row["found_any_case"] > 1.2 * max(1, row["found"]):
        fix = (
            tr("load_gene_sets(path, symbols='rat') rewrites human symbols in rat style")
            if row["style_sets"].startswith("human")
            else tr("write the symbols of the chip in the style of the sets")
        )
        return tr(
            "Symbol case differs: The sets hold {sets}, the chip {chip}. Without regard to case "
            "{percent:.1f} % would be found; {fix}.",
            percent=100 * row["share_any_case"],
            fix=fix,
            **styles,
        )
    is_mouse = any(g.endswith("Rik") for g in gene_sets.members)
    mouse = tr(" (names ending in Rik are the mouse's)") if is_mouse else ""
    if row["style_sets"] == row["style_chip"]:
        chip, sets = {str(gene) for gene in background}, gene_sets.members
        theirs, ours = (listing(sorted(one), most=3) for one in (sets - chip, chip - sets))
        return tr(
            "Both are written alike ({sets}), but the names differ: only the sets have {theirs}; only the "
            "chip has {ours}{kind}. Take sets of the chip's species, or map its names by "
            "platform/symbols.csv.",
            theirs=theirs, ours=ours, sets=styles["sets"],
            kind=mouse,
        )  # fmt: skip
    return tr(
        "Organism or kind of name differs: The sets hold {sets}, the chip {chip}{kind}. Take sets with gene "
        "symbols of the rat, or of human with symbols='rat'.",
        kind=mouse,
        **styles,
    )


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
    import gseapy  # which takes a second to import, and serves here alone

    try:
        fetched = gseapy.get_library(library, organism=organism, min_size=0, max_size=10**6)
    except ValueError as error:
        said = N_(
            "Enrichr has no library {library!r} for {organism}; "
            "gseapy.get_library_name(organism={organism!r}) lists them."
        )
        raise MgboneError(tr(said, library=library, organism=organism)) from error
    except Exception as error:
        # gseapy lets errors of requests through or wraps them in a bare Exception of its own.
        if not (
            isinstance(error, requests.exceptions.RequestException | OSError) or type(error) is Exception
        ):
            raise
        said = N_(
            "Gene sets can't be fetched: the network or Enrichr's server is not reachable ({error}). Nothing "
            "is lost: the shipped GO terms (data/genesets/go_bp.gmt.gz) need no network. For newer ones run "
            "`make genesets` where there is one, or download a GMT file by hand and read it with "
            "load_gene_sets('mine.gmt', symbols='rat')."
        )
        raise MgboneError(tr(said, error=type(error).__name__)) from error
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
