"""Expression normalised elsewhere, as part of a dataset: a file ``expression.*`` in place of CEL files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mgbone.dataset.faults import Fault, Note, fault_of, listing, quoted, row_words
from mgbone.study.errors import MgboneError
from mgbone.study.language import tr

if TYPE_CHECKING:
    from mgbone.dataset.arrays.expression_table import ExpressionTable

NAME = "expression"

ENDINGS = (".txt", ".tsv", ".csv", ".txt.gz", ".tsv.gz", ".csv.gz", ".xlsx", ".xls")
"""Workbooks are among them to be refused with the cause, not to be passed over."""


def expression_files(folder: Path) -> list[Path]:
    """Return the files of a folder that are named as an expression table is; there should be one at most."""
    return [path for path in (folder / f"{NAME}{ending}" for ending in ENDINGS) if path.is_file()]


def check_expression(path: Path, arrays: pd.DataFrame, file: str) -> tuple[list[Fault], list[str]]:
    """Hold an expression table against the arrays of the dataset; return faults, and what was left out.

    The column of an array bears its `file`, with or without folder and what scanners and consoles add to
    names, or its `array_id` (`mgbone.dataset.arrays.array_names.matching_columns`). The index of `arrays`
    holds spreadsheet rows; messages call that table `file`.
    """
    from mgbone.dataset.arrays.expression_table import read_expression_table
    from mgbone.dataset.arrays.symbol_table import gene_symbols
    from mgbone.dataset.arrays.symbols import symbol_style

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            table = read_expression_table(path)
        except MgboneError as error:
            return [fault_of(path.name, error)], []
        faults, chosen, left = [], [], []
        if {"array_id", "file"} <= set(arrays):
            listed = arrays.dropna(subset=["array_id", "file"])
            faults, chosen = assign_columns(table, listed, file)
            left = _left_out(table, chosen, file)
            try:
                table.log2(chosen)
            except MgboneError as error:
                faults.append(fault_of(path.name, error))
    notes = [*dict.fromkeys(str(one.message) for one in told), *left]
    try:
        symbols = gene_symbols(table, path.parent)
    except MgboneError as error:
        advice = str(error).replace(f"{path.parent}/", "")
        return [*faults, Fault(path.name, tr("has no gene symbols"), advice)], notes
    style = symbol_style(table.columns.index if symbols is None else symbols.dropna())
    if not style.endswith(("(IL6)", "(Il6)", "unknown")):
        problem = tr("names genes by {style}, not by symbols", style=tr(style))
        problem = tr("names no gene") if style == "none" else problem
        advice = tr(
            "Add a column gene_symbol, or put the chip's annotation (.transcript.csv) or a table of two "
            "columns, identifier and gene symbol (symbols.csv), into platform/."
        )
        faults.append(Fault(path.name, problem, advice))
    return faults, notes


def assign_columns(table: ExpressionTable, listed: pd.DataFrame, file: str) -> tuple[list[Fault], list[str]]:
    """Find the column of each array; those that have none, one of several, or that of another are faults."""
    faults, row_of = [], {}
    found = table.find(zip(listed["file"], listed["array_id"], strict=True))
    for row, columns in zip(listed.index, found, strict=True):
        name, own = listed["file"][row], listed["array_id"][row]
        held = table.path.name
        advice = tr("Write the array's column into `file`, as it stands in the heading.")
        if not columns:
            problem = tr("{file} has no column {name!r} or {own!r}", file=held, name=name, own=own)
            advice = tr(
                "Write the array's column into `file`, as it stands in the heading; the columns are {names}.",
                names=listing(table.columns, most=5),
            )
        elif len(columns) > 1:
            names = tr(" and ").join(map(quoted, columns))
            problem = tr("{names} of {file} may both be the array {own!r}", names=names, file=held, own=own)
        elif columns[0] in row_of:
            said = {"name": columns[0], "file": held, "row": row_words(row_of[columns[0]])}
            problem = tr("the column {name!r} of {file} is that of {row} already", **said)
            advice = tr("Name one column per array.")
        else:
            row_of[columns[0]] = row
            continue
        faults.append(Fault(file, problem, advice, row=row, column="file"))
    return faults, list(row_of)


def _left_out(table: ExpressionTable, chosen: list[str], file: str) -> list[str]:
    """Say which columns of numbers are not used, arrays that nobody listed before those that are none."""
    said = []
    if arrays := [name for name in table.arrays if name not in chosen]:
        said.append(tr("{names} not in {file}, left out.", names=listing(arrays, most=5), file=file))
    if others := [name for name in table.others if name not in chosen]:
        names = listing(others, most=5)
        said.append(tr("{names} left out, no arrays by their names, or empty.", names=names))
    return [str(Note(table.path.name, one)) for one in said]
