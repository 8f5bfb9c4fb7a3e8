"""Expression by gene: the table of a dataset, and one probe set for each gene."""

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mgbone.dataset.arrays.expression import assign_columns
from mgbone.dataset.arrays.expression_table import MatrixWarning, read_expression_table
from mgbone.dataset.arrays.symbol_table import gene_symbols
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr


def read_expression(path: Path, arrays: pd.DataFrame) -> pd.DataFrame:
    """Read the expression table of a dataset as genes x arrays, log2.

    Whether values are intensities is told by the arrays' own columns. Gene symbols are those of
    `mgbone.dataset.arrays.symbol_table.gene_symbols`; else its identifiers are the symbols.

    Parameters
    ----------
    arrays : DataFrame
        Columns array_id and file; the result has one column per row, under its array_id, in that order.

    Raises
    ------
    MgboneError
        If the table can't be read, lacks an array, or it is not clear which column an array is.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MatrixWarning)  # notes of the dataset say what they say
        table = read_expression_table(path)
        faults, chosen = assign_columns(table, arrays, "arrays.csv")
        if faults:
            raise MgboneError("\n".join(map(str, faults)))
        values = table.log2(chosen)
    values = values.set_axis(pd.Index(arrays["array_id"], name="array_id"), axis=1)
    symbols = gene_symbols(table, path.parent)
    return (values if symbols is None else summarise_to_genes(values, symbols)).rename_axis("gene")


def summarise_to_genes(expression: pd.DataFrame, symbols: Mapping[str, str] | pd.Series) -> pd.DataFrame:
    """Keep one probeset per gene: the one with the highest average expression over all arrays given.

    The choice looks at no group and so can't favour a contrast. Probesets without a symbol (controls, loci
    that were never named) are dropped. Of two with the same average the first one in the table stays.

    Parameters
    ----------
    expression : DataFrame, shape (n_probesets, n_arrays)
        log2 expression, probesets as index.
    symbols : Series or mapping
        Gene symbol of a probeset; missing or empty where it has none.

    Returns
    -------
    DataFrame, shape (n_genes, n_arrays)
        Index `gene`, in the order in which the chosen probesets stand in `expression`.

    Raises
    ------
    MgboneError
        If no probeset has a symbol.
    """
    table = probeset_choice(expression, symbols)
    chosen = table[table["kept"]]
    genes = expression.loc[chosen.index]
    return genes.set_axis(pd.Index(chosen["gene"], name="gene"), axis=0)


def probeset_choice(expression: pd.DataFrame, symbols: Mapping[str, str] | pd.Series) -> pd.DataFrame:
    """Show which probeset stands for which gene, for `summarise_to_genes`.

    Returns
    -------
    DataFrame
        Index as `expression`; columns gene (missing where there is no symbol), average_expression, and kept.

    Raises
    ------
    MgboneError
        If a probeset stands twice in the table, or none has a symbol.
    """
    check_numbers(expression)
    if expression.index.has_duplicates:
        said = N_(
            "The probeset {probeset!r} stands more than once in the expression table; each needs a row of "
            "its own."
        )
        raise MgboneError(tr(said, probeset=expression.index[expression.index.duplicated()][0]))
    gene = pd.Series(expression.index.map(pd.Series(dict(symbols), dtype=object)), index=expression.index)
    gene = gene.where(gene.notna() & (gene.astype(str).str.strip() != ""))
    if gene.isna().all():
        said = N_(
            "None of the {n} probesets has a gene symbol in the annotation. Its names look like "
            "{annotation}, those of the table like {examples}: are they of the same chip?"
        )
        raise MgboneError(
            tr(said, n=len(gene), annotation=examples(dict(symbols)), examples=examples(expression.index))
        )
    average = expression.mean(axis=1)
    best_first = pd.DataFrame({"gene": gene, "average": average}).sort_values(
        "average", ascending=False, kind="stable"
    )
    first = ~best_first.duplicated("gene") & best_first["gene"].notna()
    kept = first.reindex(expression.index)
    return pd.DataFrame({"gene": gene, "average_expression": average, "kept": kept})


def check_numbers(expression: pd.DataFrame) -> None:
    """Raise an MgboneError if an expression table is empty or holds a value that is no finite number."""
    try:
        values = expression.to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        said = N_("The expression table holds something that is no number: {error}.")
        raise MgboneError(tr(said, error=error)) from error
    if values.size == 0:
        raise MgboneError(tr("The expression table is empty."))
    bad = ~np.isfinite(values)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        said = N_(
            "{n} expression values are missing or infinite, the first in row {row!r}, array {array!r}; drop "
            "such genes or arrays before testing."
        )
        raise MgboneError(
            tr(said, n=int(bad.sum()), row=expression.index[row], array=expression.columns[column])
        )


def examples(names: Iterable[Any]) -> str:
    """Return the first three names, for a message."""
    return tr(", ").join(str(name) for name in list(names)[:3]) or tr("none")
