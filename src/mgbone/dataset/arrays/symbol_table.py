"""Gene symbols of identifiers: from a column of their own, a laboratory's two columns, or the annotation."""

import csv
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from mgbone.dataset.arrays.expression_table import ExpressionTable, MatrixError
from mgbone.dataset.arrays.files import MAX_NAMES, UnreadableFile, decode, files_below, read_bytes
from mgbone.study.language import tr

NAMES = ("symbols.csv", "symbols.tsv", "symbols.txt")
"""In ``platform/``: an identifier and its gene symbol in each line, parted by a tab, comma or semicolon."""

_NONE = ("", "---", "NA", "nan")


def symbol_file(folder: Path) -> Path | None:
    """Return the table of symbols that a laboratory has put into ``platform/``, if there is one."""
    return next((path for name in NAMES if (path := folder / "platform" / name).is_file()), None)


def annotation_file(folder: Path) -> Path | None:
    """Return the transcript annotation of the dataset, if there is one."""
    names = (".transcript.csv", ".transcript.csv.gz")
    return next(
        (path for path in files_below(folder / "platform") if path.name.lower().endswith(names)), None
    )


def gene_symbols(table: ExpressionTable, folder: Path) -> pd.Series | None:
    """Return the gene symbol of each row of an expression table, missing where it has none.

    The table's own column counts first, then ``platform/symbols.csv`` (`read_symbols`), then the chip's
    annotation. None where there is neither, or where they know none of its identifiers: then these are taken
    for symbols themselves. A file that can't be read is a MatrixError or PlatformError.
    """
    from mgbone.dataset.arrays.library_files import read_transcript_annotation

    if table.symbols is not None:
        return table.symbols
    names = table.columns.index
    if own := symbol_file(folder):
        return _of(names, read_symbols(own))
    if annotation := annotation_file(folder):
        return _of(names, read_transcript_annotation(annotation)["gene_symbol"].dropna())
    return None


def _of(names: pd.Index, known: pd.Series) -> pd.Series | None:
    """Look identifiers up; ``ENSRNOG00000012345.2`` counts as that gene whatever its version."""
    found = pd.Series(names, index=names).map(known)
    bare = pd.Series(names.str.replace(r"^(ENS[A-Z]*\d+)\.\d+$", r"\1", regex=True), index=names).map(known)
    found = found.where(found.notna(), bare)
    return found if found.notna().any() else None


def read_symbols(path: Path) -> pd.Series:
    """Read a table of two columns: gene symbol by identifier; of several symbols in a cell the first.

    Raises
    ------
    MatrixError
        If the file can't be read, a line has no second column, or an identifier has two symbols.
    """
    try:
        text, _ = decode(read_bytes(path, MAX_NAMES))
    except (OSError, UnreadableFile) as error:
        why = getattr(error, "strerror", None) or error
        raise MatrixError(tr("{file}: can't be read ({why}). Check the file.", file=path, why=why)) from error
    lines = text.splitlines()
    delimiter = next((one for one in "\t;," if lines and one in lines[0]), ",")
    known: dict[str, str] = {}
    for number, cells in _rows(lines, delimiter, path):
        name, symbol = cells[0].strip(), re.split(r"///|[;|]", cells[1])[0].strip()
        if not name or symbol in _NONE:
            continue
        if known.setdefault(name, symbol) != symbol:
            said = tr(
                "{file}, line {line}: {name} is {symbol}, but {other} above. Leave one of the two.",
                file=path, line=number, name=name, symbol=symbol, other=known[name],
            )  # fmt: skip
            raise MatrixError(said)
    return pd.Series(known, dtype="str", name="gene_symbol")


def _rows(lines: Iterable[str], delimiter: str, path: Path) -> Iterable[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for cells in reader:
            if len(cells) > 1:
                yield reader.line_num, cells
            elif any(cell.strip() for cell in cells):
                said = tr(
                    "{file}, line {line}: has one column. Write an identifier and its gene symbol, parted by "
                    "a tab or a comma.",
                    file=path, line=reader.line_num,
                )  # fmt: skip
                raise MatrixError(said)
    except csv.Error as error:
        said = tr("{file}, line {line}: can't be read ({why}). Check the file.", file=path,
                  line=reader.line_num, why=error)  # fmt: skip
        raise MatrixError(said) from error
