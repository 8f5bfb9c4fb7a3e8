"""Names to things: a gene, an endpoint, a statement or a term by its name, another name, or nearly that."""

import re
import unicodedata
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

import pandas as pd
import yaml

from mgbone.lookup.tables import Tables
from mgbone.study.dictionary import endpoint, endpoints
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, either, tr

KINDS = {"gene": N_("gene"), "endpoint": N_("endpoint"), "claim": N_("statement"), "term": N_("GO term")}
FOUND_COLUMNS = ["kind", "name", "title", "match"]
_NEAREST = 5


def find(query: str, tables: Tables, kind: str | None = None) -> pd.DataFrame:
    """Find what a name stands for.

    Parameters
    ----------
    query : str
        A gene's symbol, an endpoint's name or title in either language, another name of either, a
        statement's id, a term's id or name. Case, width, blanks and punctuation don't matter.
    kind : {"gene", "endpoint", "claim", "term"}, optional
        Look for these only.

    Returns
    -------
    DataFrame
        Columns kind, name, title (in the language in use), match: ``exact`` for what has this name,
        ``near`` for the nearest names where nothing has it. One row for each thing.
    """
    index = name_index(tables)
    index = index[index["kind"].eq(kind)] if kind else index
    wanted = fold(query)
    exact = index[index["folded"].eq(wanted)] if wanted else index[:0]
    if len(exact):
        # A thing's own name comes before another thing's by-name.
        rows = exact.assign(match="exact").sort_values("own", ascending=False, kind="stable")
    else:
        near = get_close_matches(wanted, list(dict.fromkeys(index["folded"])), n=_NEAREST, cutoff=0.6)
        place = {name: i for i, name in enumerate(near)}
        rows = index[index["folded"].isin(near)].assign(match="near")
        rows = rows.assign(at=rows["folded"].map(place)).sort_values("at", kind="stable")
    rows = rows.drop_duplicates(["kind", "name"])
    return rows.assign(title=_titles(rows))[FOUND_COLUMNS].reset_index(drop=True)


def the_one(query: str, tables: Tables, kind: str) -> str:
    """Return the name of the thing of this kind that a query stands for.

    Raises
    ------
    MgboneError
        If there is none, with the nearest names; or if there are several.
    """
    found = find(query, tables, kind)
    exact = found[found["match"].eq("exact")]
    if len(exact) and (len(exact) == 1 or fold(exact["name"].iloc[0]) == fold(query)):
        return exact["name"].iloc[0]
    if len(exact):
        said = N_("{query} may be any of these; say which: {names}")
        raise MgboneError(tr(said, query=query, names=tr(", ").join(exact["name"])))
    other = find(query, tables)
    other = other[other["match"].eq("exact")]
    hints = [_listed(found)] if len(found) else []
    hints += [tr("There is something else of this name: {names}", names=_listed(other))] if len(other) else []
    if not hints:
        raise MgboneError(tr("There is no {kind} {query!r}, and none of a name like it.",
                             kind=tr(KINDS[kind]), query=query))  # fmt: skip
    raise MgboneError(tr("There is no {kind} {query!r}. Nearest: {names}",
                         kind=tr(KINDS[kind]), query=query, names=tr("; ").join(hints)))  # fmt: skip


def _listed(found: pd.DataFrame) -> str:
    return tr(", ").join(
        name if title in ("", name) else tr("{name} ({title})", name=name, title=title)
        for name, title in zip(found["name"], found["title"], strict=True)
    )


def fold(name: str) -> str:
    """Reduce a name to what tells it from others: no case, width, blanks or punctuation."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


def name_index(tables: Tables) -> pd.DataFrame:
    """Return all names: columns kind, name, label (one of its names), folded, own (whether `name` itself)."""
    if "name index" not in tables.kept:
        claims = [("claim", name, name) for name in tables.read("verdicts")["claim_id"]]
        names = tables.gene_sets.names
        terms = [("term", term, label) for term in tables.gene_sets.genes for label in (term, names[term])]
        rows = [*_genes(tables), *_endpoints(), *claims, *terms]
        index = pd.DataFrame(rows, columns=["kind", "name", "label"]).drop_duplicates()
        index["folded"] = index["label"].map(fold)
        index["own"] = index["name"].eq(index["label"])
        tables.kept["name index"] = index[index["folded"].ne("")].reset_index(drop=True)
    return tables.kept["name index"]


def _genes(tables: Tables) -> list[tuple[str, str, str]]:
    if not tables.has("differential_expression"):
        return []
    genes = tables.read("differential_expression")["gene"].unique()
    named = tables.chip_genes.reindex(genes)["gene_name"].fillna("")
    rows = [("gene", gene, label) for gene in genes for label in (gene, named[gene])]
    present = set(genes)
    return rows + [
        ("gene", gene, word) for gene, words in gene_synonyms().items() if gene in present for word in words
    ]


@cache
def gene_synonyms() -> dict[str, list[str]]:
    """Return other names of genes, by symbol."""
    text = files("mgbone.lookup").joinpath("synonyms.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


@cache
def _endpoints() -> list[tuple[str, str, str]]:
    text = files("mgbone.dataset.lab").joinpath("words.yml").read_text(encoding="utf-8")
    headings = yaml.safe_load(text)["columns"]
    rows = []
    for name in endpoints():
        entry = endpoint(name)
        labels = [name, *(entry.get(key, "") for key in ("title", "title_ja", "short", "short_ja"))]
        if entry["domain"] == "qct":  # the short form of a density is that of a region
            labels = labels[:3]
        field = headings.get(name) or headings.get(name.removeprefix("urine_")) or {}
        labels += [*field.get("names", []), *field.get("short", [])]
        rows += [("endpoint", name, label) for label in labels]
    return rows


def _titles(rows: pd.DataFrame) -> list[str]:
    """Return for genes and terms the label that was found, for endpoints the title in the language in use."""
    return [
        either(endpoint(name)["title"], endpoint(name)["title_ja"]) if kind == "endpoint" else label
        for kind, name, label in zip(rows["kind"], rows["name"], rows["label"], strict=True)
    ]
