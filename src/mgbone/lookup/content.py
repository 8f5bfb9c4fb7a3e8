"""What the explorer shows: the derived tables as plain values, each number that of its table."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from mgbone.figures import look
from mgbone.figures.genes import THEMES
from mgbone.lookup.cards import endpoint_animals
from mgbone.lookup.finding import gene_synonyms
from mgbone.lookup.tables import Tables
from mgbone.microarray.genesets import theme_genes
from mgbone.study import naming
from mgbone.study.dictionary import endpoint_label, endpoint_unit, unit_label
from mgbone.study.errors import MgboneError
from mgbone.study.language import either, tr

CHANGES = ("log2_fold_change", "ci_low", "ci_high", "average_expression", "p", "q")
EVIDENCE = (
    "experiment", "endpoint", "contrast", "n_case", "n_reference", "estimate", "ci_low", "ci_high", "unit",
    "hedges_g", "p", "test", "direction", "level",
)  # fmt: skip
_MARKERS = {
    "o": "circle", "s": "square", "^": "triangle", "D": "diamond", "v": "inverted_triangle", "d": "diamond",
    "p": "hex", "8": "hex", "P": "plus", "X": "x", "<": "triangle", ">": "triangle", "h": "hex", "*": "star",
}  # fmt: skip


def genes_and_statements(tables: Tables) -> dict[str, Any]:
    """Return all but the expression of single animals."""
    return {
        "stamp": tables.stamp or "",
        "dataset": tables.name,
        "limits": {"q": tables.study.thresholds["gene_q"]},
        "groups": _groups(tables),
        "experiments": {
            name: {"label": naming.experiment_label(name), "groups": list(experiment.groups)}
            for name, experiment in tables.study.experiments.items()
        },
        **_changes(tables),
        **_endpoints(tables),
        "claims": _claims(tables),
    }


def expression(tables: Tables) -> dict[str, Any]:
    """Return log2 expression: its arrays, and a list of values a gene in the order of the genes."""
    if not tables.has("expression"):
        return {"arrays": [], "values": []}
    arrays, table = tables.read("expression_arrays"), tables.read("expression")
    values = table.set_index("gene").reindex(_genes(tables))[list(arrays["array_id"])]
    return {
        "arrays": arrays[["animal_id", "experiment", "group"]].to_numpy().tolist(),
        "values": _plain_rows(values),
    }


def _groups(tables: Tables) -> dict[str, Any]:
    return {
        name: {
            "label": naming.group_label(name, short=True),
            "colour": look.colour(name),
            "line": look.line_colour(name),
            "marker": _MARKERS.get(look.group_style(name).marker, "circle"),
        }
        for name in tables.study.groups
    }


def _genes(tables: Tables) -> list[str]:
    if not tables.has("differential_expression"):
        return []
    return list(dict.fromkeys(tables.read("differential_expression")["gene"]))


def _changes(tables: Tables) -> dict[str, Any]:
    """Return genes, their names and themes, and per contrast the columns of `CHANGES` in their order."""
    genes = _genes(tables)
    if not genes:
        listed = ("genes", "chip", "names", "themes", "theme", "contrasts")
        return {"synonyms": {}, **{key: [] for key in listed}}
    table = tables.read("differential_expression")
    names = tables.chip_genes.reindex(genes)["gene_name"].fillna("")
    members = theme_genes(tables.gene_sets, tables.themes)
    theme = [next((i for i, t in enumerate(THEMES) if g in members.get(t, ())), -1) for g in genes]
    contrasts = []
    for (experiment, contrast), rows in table.groupby(["experiment", "contrast"], sort=False):
        rows = rows.set_index("gene").reindex(genes)
        contrasts.append({
            "name": contrast, "experiment": experiment, "label": naming.contrast_label(contrast),
            **{column: _row(rows[column]) for column in CHANGES},
        })  # fmt: skip
    present, on_chip = set(genes), []  # of a run of before the table of the chip nothing
    if tables.has("genes_on_chip"):
        on_chip = _plain_rows(tables.read("genes_on_chip").set_index("gene").reindex(genes))
    return {
        "genes": genes,
        "chip": on_chip,
        "names": names.tolist(),
        "synonyms": {gene: words for gene, words in gene_synonyms().items() if gene in present},
        "themes": [{"label": tr(label), "colour": colour} for colour, _, label in THEMES.values()],
        "theme": theme,
        "contrasts": contrasts,
    }


def _endpoints(tables: Tables) -> dict[str, Any]:
    """Return the endpoints with every animal, and the rows of evidence."""
    evidence = tables.read("evidence")
    known = {}
    for name in dict.fromkeys(evidence["endpoint"]):
        animals = endpoint_animals(name, tables)
        animals = animals.replace([np.inf, -np.inf], np.nan).dropna(subset=["value"])
        known[name] = {
            "label": _label(name),
            "unit": _unit(name),
            "domain": naming.word(evidence.loc[evidence["endpoint"].eq(name), "domain"].iloc[0]),
            "animals": animals[["animal_id", "experiment", "group", "value"]].to_numpy().tolist(),
        }
    rows = evidence[list(EVIDENCE)].astype(object)
    shown = rows.assign(unit=rows["unit"].map(unit_label, na_action="ignore"))
    shown = shown.assign(test=rows["test"].map(naming.name_of_test, na_action="ignore"))
    labels = {name: naming.contrast_label(name) for name in dict.fromkeys(evidence["contrast"])}
    return {
        "endpoints": known,
        "evidence": {"columns": list(EVIDENCE), "rows": _plain_rows(shown)},
        "contrast_labels": labels,
    }


def _label(name: str) -> str:
    try:
        return endpoint_label(name)
    except MgboneError:
        return name.replace("_", " ")


def _unit(name: str) -> str:
    try:
        return endpoint_unit(name, typeset=True)
    except MgboneError:
        return ""


def _claims(tables: Tables) -> list[dict[str, Any]]:
    """Return the statements with their verdicts, by dose and domain as the ledger has them."""
    rows = []
    for row in tables.read("verdicts").to_dict("records"):
        p = row["p"]
        certain = tables.certain(row["claim_id"], row["verdict"])
        again, severity, share = (
            naming.number_of(certain, key) for key in ("p_shrunken", "severity", "share_of_specifications")
        )
        rows.append({
            "id": row["claim_id"],
            "dose": naming.contrast_label(row["contrast"]),
            "domain": naming.word(row["domain"]),
            "kind": naming.word(row["asserts"]),
            "verdict": naming.word(row["verdict"]),
            "mark": naming.VERDICTS[row["verdict"]][1],
            "text": either(row["statement_en"], row["statement_ja"]),
            "endpoint": row["endpoint"],
            "p": None if pd.isna(p) else p,
            "again": None if pd.isna(again) else round(100 * again),
            "severity": None if pd.isna(severity) else round(severity, 3),
            "share": None if pd.isna(share) else round(100 * share),
        })  # fmt: skip
    return rows


def _plain_rows(table: pd.DataFrame) -> list[list[Any]]:
    if all(isinstance(kind, np.dtype) and kind.kind == "f" for kind in table.dtypes):
        values = table.to_numpy()
        return values.tolist() if np.isfinite(values).all() else [_row(row) for row in values.tolist()]
    return [_row(row) for row in table.to_numpy().tolist()]


def _row(row: Iterable[Any]) -> list[Any]:
    """Return plain values; JSON has no infinite numbers, and no picture has a place for them."""
    return [None if pd.isna(value) or value in (np.inf, -np.inf) else value for value in row]
