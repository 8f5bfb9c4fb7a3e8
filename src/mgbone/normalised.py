"""Expression normalised elsewhere, as part of a dataset: a file ``expression.*`` in place of CEL files."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import pandas as pd

from mgbone.errors import MgboneError
from mgbone.faults import Fault, listing

NAME = "expression"
ENDINGS = (".txt", ".tsv", ".csv", ".txt.gz", ".tsv.gz", ".csv.gz")
SYMBOLS_NEEDED = "Add a column gene_symbol, or put the chip's annotation (.transcript.csv) into platform/."


def expression_files(folder: Path) -> list[Path]:
    """Return the files of a folder that are named as an expression table is; there should be one at most."""
    return [path for path in (folder / f"{NAME}{ending}" for ending in ENDINGS) if path.is_file()]


def column_of_arrays(columns: Iterable[object], arrays: pd.DataFrame) -> pd.Series:
    """Find the column of each array in an expression table.

    It bears the array's `file`, its name without folder and ending, or its `array_id`, in that order:
    consoles and repositories name columns after the scan's file.

    Parameters
    ----------
    columns : iterable of str
        Of the expression table.
    arrays : DataFrame
        Columns array_id and file.

    Returns
    -------
    Series of str
        Indexed as `arrays`; missing where no column fits.
    """
    there = {str(column) for column in columns}

    def find(array_id: str, file: str) -> str | None:
        name = PurePosixPath(str(file)).name
        stem = name.removesuffix(".gz").removesuffix(".CEL").removesuffix(".cel")
        return next((one for one in (str(file), name, stem, str(array_id)) if one in there), None)

    found = [find(*pair) for pair in zip(arrays["array_id"], arrays["file"], strict=True)]
    return pd.Series(found, index=arrays.index, dtype=object)


def check_expression(path: Path, arrays: pd.DataFrame, file: str) -> tuple[list[Fault], list[str]]:
    """Hold an expression table against the arrays of the dataset.

    Parameters
    ----------
    path : Path
        The expression table.
    arrays : DataFrame
        array_id and file; the index holds spreadsheet rows.
    file : str
        How messages call the table of arrays.

    Returns
    -------
    faults : list of Fault
    notes : list of str
        What was done or left out without being a fault.
    """
    from mgbone.microarray.genesets import symbol_style
    from mgbone.microarray.matrix import read_normalised_matrix

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            table = read_normalised_matrix(path)
        except MgboneError as error:
            problem, _, advice = str(error).removeprefix(f"{path}: ").rstrip(".").rpartition(". ")
            return [Fault(path.name, problem or advice, f"{advice}." if problem else "Export it again.")], []
    notes = [str(one.message) for one in told]
    if not {"array_id", "file"} <= set(arrays):
        return [], notes
    listed = arrays.dropna(subset=["array_id", "file"])
    columns = column_of_arrays(table.columns, listed)
    advice = (
        f"Write the array's column into `file`; the columns are {listing(map(str, table.columns), most=5)}."
    )
    faults = [
        Fault(
            file,
            f"{path.name} has no column {listed['file'][row]!r} or {listed['array_id'][row]!r}",
            advice,
            row=row,
            column="file",
        )
        for row in columns.index[columns.isna()]
    ]
    for column in columns[columns.duplicated(keep="first")].dropna().unique():
        rows = columns.index[columns == column]
        problem = f"the column {column!r} of {path.name} is that of row {rows[0]} already"
        faults.append(Fault(file, problem, "Name one column per array.", row=rows[1], column="file"))
    if left := [str(column) for column in table.columns if column not in set(columns.dropna())]:
        notes.append(f"{path.name}: {listing(left, most=5)} not in {file}, left out.")
    style = symbol_style(table.index)
    if not style.endswith(("(IL6)", "(Il6)", "unknown")) and _annotation(path.parent) is None:
        faults.append(Fault(path.name, f"names genes by {style}, not by symbols", SYMBOLS_NEEDED))
    return faults, notes


def read_expression(path: Path, arrays: pd.DataFrame) -> pd.DataFrame:
    """Read the expression table of a dataset as genes x arrays, log2.

    Gene symbols come from the table's own column, else from the transcript annotation in ``platform/``
    beside it; else its identifiers are the symbols.

    Parameters
    ----------
    path : Path
    arrays : DataFrame
        Columns array_id and file; the result has one column per row, under its array_id, in that order.

    Raises
    ------
    MgboneError
        If the table can't be read or lacks an array.
    """
    from mgbone.microarray.expression import summarise_to_genes
    from mgbone.microarray.matrix import LinearScaleWarning, read_normalised_matrix
    from mgbone.microarray.platform import read_transcript_annotation

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinearScaleWarning)  # a note of the dataset says so
        table = read_normalised_matrix(path)
    annotation = _annotation(path.parent)
    if table.index.name != "gene" and annotation is not None:
        symbols = read_transcript_annotation(annotation)["gene_symbol"]
        if table.index.isin(symbols.index).any():
            table = summarise_to_genes(table, symbols.reindex(table.index))
    columns = column_of_arrays(table.columns, arrays)
    if columns.isna().any():
        raise MgboneError(f"{path.name} lacks the array {arrays.loc[columns.isna(), 'array_id'].iloc[0]}.")
    chosen = table[list(columns)].set_axis(pd.Index(arrays["array_id"], name="array_id"), axis=1)
    return chosen.rename_axis("gene")


def _annotation(folder: Path) -> Path | None:
    """Return the transcript annotation of the dataset, if there is one."""
    from mgbone.microarray._files import files_below

    names = (".transcript.csv", ".transcript.csv.gz")
    return next(
        (path for path in files_below(folder / "platform") if path.name.lower().endswith(names)), None
    )
