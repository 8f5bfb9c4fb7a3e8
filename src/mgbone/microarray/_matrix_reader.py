"""Normalised expression as a table of genes and arrays."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from os import PathLike

import pandas as pd

from mgbone.dataset.arrays.array_names import plain_name
from mgbone.dataset.arrays.expression_table import (
    ColumnsLeftOutWarning,
    ExpressionTable,
    MatrixError,
    read_expression_table,
)
from mgbone.dataset.faults import listing


def read_normalised_matrix(
    path: str | PathLike,
    *,
    symbols: Mapping[str, str] | pd.Series | None = None,
    arrays: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Read normalised expression as a log2 table of genes (or probe sets) x arrays.

    Parameters
    ----------
    path : path-like
        A TAC export (tab-separated text), a GEO series matrix, or a plain table (parted by commas, tabs or
        semicolons, identifiers in the first column); gzip-compressed or not.
    symbols : Series or mapping, optional
        Gene symbol of each identifier (for example ``Platform.annotation["gene_symbol"]``). If given, or if
        the table has a column of gene symbols, rows are summarised to genes as
        `mgbone.microarray.differential.summarise_to_genes` does.
    arrays : sequence of str, optional
        The arrays to take, by heading, name of the CEL file, accession or title (`matching_columns`). By
        default all columns that look like arrays: those marked as signals, otherwise all of numbers but
        statistics and annotation (means, p, Entrez numbers, places on a chromosome, lengths, counts ...).

    Returns
    -------
    pandas.DataFrame of float, genes x arrays
        log2 expression; index ``gene`` (or ``probeset_id``, if no symbols are known); columns as in `arrays`,
        otherwise the arrays' plain names. ``attrs["left_out"]`` lists the other columns of numbers.

    Raises
    ------
    MatrixError
        If the file can't be read, holds no arrays or not those asked for, repeats an identifier, or has
        missing or impossible values.

    Warns
    -----
    LinearScaleWarning
        If values beyond `LINEAR_ABOVE` show that they are no logarithms; log2 is taken then.
    ColumnsLeftOutWarning
        If a plain table has columns of numbers that were not taken for arrays.
    TextFormWarning, DateSymbolWarning
        See there.
    """
    table = read_expression_table(path)
    if arrays is None:
        headings, names = list(table.arrays), _own_names(table)
        if table.others and not table.has_signals:
            left = listing(table.others)
            text = f"{table.path.name}: {left} left out, no arrays by their names, or empty."
            warnings.warn(text, ColumnsLeftOutWarning, stacklevel=2)
    else:
        headings, names = _named(table, arrays), list(arrays)
    values = table.log2(headings).set_axis(names, axis=1)
    symbols = table.symbols if symbols is None else symbols
    if symbols is not None:
        from mgbone.microarray.differential import (
            summarise_to_genes,  # needs limma, which takes a while to load
        )

        values = summarise_to_genes(values, symbols)
    values.attrs["left_out"] = [heading for heading in table.columns if heading not in headings]
    return values


def _own_names(table: ExpressionTable) -> list[str]:
    names = [plain_name(heading) if table.has_signals else heading for heading in table.arrays]
    if len(names) < 2:
        raise MatrixError(
            f"{table.path}: holds fewer than two columns of numbers that look like arrays "
            f"({listing(table.others)} do not, by their names). Export one per array, or name the arrays."
        )
    for name in names:
        if names.count(name) > 1:
            both = [heading for heading, own in zip(table.arrays, names, strict=True) if own == name]
            raise MatrixError(
                f"{table.path}: has two arrays of the same name, {name!r} ({' and '.join(both)}). Rename one."
            )
    return names


def _named(table: ExpressionTable, arrays: Sequence[str]) -> list[str]:
    headings = []
    for name, found in zip(arrays, table.find((name,) for name in arrays), strict=True):
        if not found:
            there = listing(table.columns, most=5)
            raise MatrixError(f"{table.path}: has no column for the array {name!r}. Its columns are {there}.")
        if len(found) > 1:
            raise MatrixError(
                f"{table.path}: {' and '.join(map(repr, found))} may both be the array {name!r}. "
                "Give the heading itself."
            )
        if found[0] in headings:
            other = arrays[headings.index(found[0])]
            raise MatrixError(
                f"{table.path}: {found[0]!r} is the column of both {other!r} and {name!r}. "
                "Name each array once."
            )
        headings += found
    return headings
