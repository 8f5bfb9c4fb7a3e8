"""Read expression that was normalised elsewhere, for those who have no CEL files.

Three kinds of table are told apart by their content: the tab-separated export of Thermo Fisher's
Transcriptome Analysis Console (TAC), a GEO series matrix, and a plain table with one row per gene and one
column per array.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from mgbone.errors import MgboneError
from mgbone.microarray._files import UnreadableFile, read_bytes

LINEAR_ABOVE = 32.0
"""Largest value that a log2 intensity can reach; tables with larger ones are taken for linear."""

_SIGNAL = re.compile(
    r"(?i)^(?P<name>.+?)(?:[_ ]?\(Clariom[^)]*\))?(?:\.[\w-]+)?(?:\.chp)?\s+(?:signal|\(log2\))(?:\s.*)?$"
)
_SUMMARY = re.compile(
    r"(?i)fold.?change|p.?val|\bfdr\b|\bq.?val|avg|average|\bmean\b"
    r"|standard dev|\bstd\b|\bevent\b|bi-?weight|f-?test"
)
_HEAD = 50
_SYMBOL = re.compile(r"(?i)^(gene[ _.]?symbols?|symbol|gene)$")


class MatrixError(MgboneError):
    """A table of expression values can't be read or understood."""


class LinearScaleWarning(UserWarning):
    """Values looked like intensities rather than logarithms, and log2 was taken."""


def read_normalised_matrix(
    path: str | PathLike, *, symbols: Mapping[str, str] | pd.Series | None = None
) -> pd.DataFrame:
    """Read normalised expression as a log2 table of genes (or probe sets) x arrays.

    Parameters
    ----------
    path : path-like
        A TAC export (tab-separated text), a GEO series matrix, or a plain table (comma- or tab-separated,
        identifiers in the first column); gzip-compressed or not.
    symbols : Series or mapping, optional
        Gene symbol of each identifier (for example ``Platform.annotation["gene_symbol"]``). If given, or if
        the table has a column of gene symbols, rows are summarised to genes as
        `mgbone.microarray.expression.summarise_to_genes` does.

    Returns
    -------
    pandas.DataFrame of float, genes x arrays
        log2 expression; index ``gene`` (or ``probeset_id``, if no symbols are known).

    Raises
    ------
    MatrixError
        If the file can't be read, holds no arrays, repeats an identifier, or has missing or impossible
        values.

    Warns
    -----
    LinearScaleWarning
        If values beyond `LINEAR_ABOVE` show that they are no logarithms; log2 is taken then.
    """
    path = Path(path)
    text = _text(path)
    table = _series_matrix(path, text) if "!series_matrix_table_begin" in text else _plain_table(path, text)
    table, own_symbols = _split_symbols(table)
    values = _log2(path, _arrays(path, table))
    symbols = own_symbols if symbols is None else symbols
    if symbols is None:
        return values
    from mgbone.microarray.expression import summarise_to_genes  # needs limma, which takes a while to load

    return summarise_to_genes(values, symbols)


def _text(path: Path) -> str:
    try:
        data = read_bytes(path)
    except (OSError, UnreadableFile) as error:
        raise MatrixError(
            f"{path}: can't be read ({getattr(error, 'strerror', None) or error}). Check the file."
        ) from error
    encoding = (
        "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    )  # the console writes either
    return data.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def _series_matrix(path: Path, text: str) -> pd.DataFrame:
    body = text.partition("!series_matrix_table_begin\n")[2]
    body, mark, _ = body.partition("!series_matrix_table_end")
    if not mark:
        raise MatrixError(f"{path}: ends before its table does (truncated?). Download it again.")
    return _parse(path, body, "\t")


def _plain_table(path: Path, text: str) -> pd.DataFrame:
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith(("#", "!"))]
    separator = "\t" if any("\t" in line for line in lines[:_HEAD]) else ","
    # Lines about the analysis may stand above the table; it begins with the first line as wide as most.
    widths = [_width(line, separator) for line in lines[:_HEAD]]
    usual = max(set(widths), key=widths.count, default=0)
    if usual < 2:
        raise MatrixError(
            f"{path}: holds no table of genes and arrays. Export it as text with tabs or commas."
        )
    return _parse(path, "\n".join(lines[widths.index(usual) :]), separator)


def _width(line: str, separator: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=separator)))
    except csv.Error:  # a field beyond all measure
        return 0


def _parse(path: Path, body: str, separator: str) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            head = next(csv.reader([body.partition("\n")[0]], delimiter=separator))
            table = pd.read_csv(
                io.StringIO(body), sep=separator, dtype={head[0]: str}, index_col=False, low_memory=False
            )
    except (ValueError, StopIteration, IndexError, csv.Error, Warning) as error:  # pandas raises ValueErrors
        raise MatrixError(f"{path}: can't be understood as a table ({error}). Export it again.") from error
    key = table.columns[0]
    if table.empty or table[key].isna().any():
        raise MatrixError(
            f"{path}: has rows without an identifier in its first column ({key}), or none at all."
        )
    repeated = table[key][table[key].duplicated()]
    if not repeated.empty:
        raise MatrixError(
            f"{path}: lists {repeated.iloc[0]} more than once. Give each row its own identifier."
        )
    return table.set_index(key).rename_axis("probeset_id")


def _split_symbols(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series | None]:
    column = next((name for name in table.columns if _SYMBOL.match(str(name).strip())), None)
    if column is None or pd.api.types.is_numeric_dtype(table[column]):
        return table, None
    # TAC names several genes of one transcript cluster as "A; B": the first is the best assigned.
    first = table[column].str.split(";").str[0].str.strip()
    return table.drop(columns=column), first.where(~first.isin(["", "---"]))


def _arrays(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Keep the columns that hold one value per array, under their plain names."""
    named = {
        name: found["name"]
        for name in table.columns
        if (found := _SIGNAL.match(str(name))) and not _SUMMARY.search(name)
    }
    if named:
        table = table[list(named)].rename(columns=named)
    else:
        numeric = table.select_dtypes("number")
        table = numeric[[name for name in numeric.columns if not _SUMMARY.search(str(name))]]
    if table.shape[1] < 2:
        raise MatrixError(
            f"{path}: holds fewer than two columns of numbers that look like arrays. Export one per array."
        )
    if not table.columns.is_unique:
        raise MatrixError(f"{path}: has two arrays of the same name. Rename one of them.")
    try:
        return table.astype(float)
    except ValueError as error:
        raise MatrixError(
            f"{path}: holds something that is not a number ({error}). Export it again."
        ) from error


def _log2(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    values = table.to_numpy()
    faulty = ~np.isfinite(values)
    if faulty.any():
        row, column = np.argwhere(faulty)[0]
        raise MatrixError(
            f"{path}: {int(faulty.sum())} values are missing or not finite, the first for "
            f"{table.index[row]} in {table.columns[column]}. Leave such rows out, or export the values again."
        )
    if values.max() <= LINEAR_ABOVE:
        return table
    if values.min() <= 0:
        raise MatrixError(
            f"{path}: values reach {values.max():g}, so they are no logarithms, but some are not positive. "
            "Export log2 values."
        )
    text = f"{path.name}: values reach {values.max():g}, so they are intensities; their log2 is used."
    warnings.warn(text, LinearScaleWarning, stacklevel=3)
    return np.log2(table)
