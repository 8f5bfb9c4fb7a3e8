"""One table of a dataset: from the bytes of a CSV file to a typed frame, with every fault on the way."""

import csv
import io
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd

from mgbone.dataset.faults import Fault, Note, fault_in_rows, listing, nearest, wrong_lengths
from mgbone.dataset.lab.cell import Reading, read_numbers
from mgbone.dataset.lab.grid import Unreadable, text_cells
from mgbone.dataset.lab.headings import fold
from mgbone.dataset.table import BELOW_LIMIT, Table, check_repeated, check_values
from mgbone.study.dictionary import table_fields, table_schema, typeset_unit
from mgbone.study.language import tr

LONGEST_SHOWN = 80


def read_table(
    data: bytes, file: str, name: str, limits: Mapping[str, float] | None = None, drawn: bool = False
) -> Table:
    """Read and check one table by itself; what it owes to others: `mgbone.dataset.agreement`.

    The data are CSV, UTF-8 with or without a byte order mark; messages call them `file`, the dictionary
    `name`. Where a column has a limit of detection (`limits`, in its unit), ``N.D.`` is read as ``<limit``.
    Nobody adds a column by hand to a table that the compendium's own program writes (`drawn`).
    """
    table = Table()
    try:
        header, text = _regular(_text_of(data), file, table)
    except Unreadable as error:
        return Table(faults=[Fault(file, *error.args)])
    columns = _match_columns(header, file, name, table, drawn)
    if columns is None:
        return table
    fields = table_fields(name)
    texts = {n for n, one in enumerate(header) if fields.get(one, {"type": "string"})["type"] == "string"}
    raw = text_cells(text, ",", 2, len(header), texts)
    raw = raw[raw.notna().any(axis=1)]
    _check_nameless(raw, header, file, table)
    if raw.empty:
        advice = tr("Fill in a row per animal, or leave the table out.")
        table.faults.append(Fault(file, tr("has a header but no rows"), advice))
    typed = {}
    for spec in table_schema(name)["fields"]:
        if spec["name"] in columns:
            cells = raw.iloc[:, columns[spec["name"]]]
            if spec["type"] == "string":
                blank = cells.str.strip() == "" if cells.notna().any() else cells.isna()
                typed[spec["name"]] = cells.mask(blank).astype("str")
                table.faults += check_values(typed[spec["name"]], spec, file)
                continue
            values, below = _numbers(cells, spec, name, (limits or {}).get(spec["name"]), file, table.faults)
            typed[spec["name"]] = values
            table.below_limit |= {spec["name"]: below} if below.any() else {}
    table.frame = pd.DataFrame(typed, index=raw.index)
    table.faults += check_repeated(table.frame, file, name)
    return table


# --- bytes to rows -----------------------------------------------------------------------------------


def _text_of(data: bytes) -> str:
    """Return the text of a file; one that is not UTF-8 is Unreadable, with what it seems to be."""
    as_utf8 = tr("In Excel, save it as 'CSV UTF-8 (comma delimited)'.")
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise Unreadable(tr("is an Excel workbook, not CSV text"), as_utf8)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unreadable(tr("is UTF-16 text, not UTF-8"), as_utf8)
    if not data.strip():
        raise Unreadable(tr("is empty"), tr("Fill in the table, or take the file and its resource out."))
    if b"\0" in data:
        problem = tr("holds a zero byte, which text never does; it is damaged")
        raise Unreadable(problem, tr("Copy the file again."), 1 + data.count(b"\n", 0, data.find(b"\0")))
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        byte = f"0x{data[error.start]:02x}"
        problem = tr("is not UTF-8 text (byte {byte})", byte=byte)
        with suppress(UnicodeDecodeError):
            data.decode("cp932")
            problem = tr("is not UTF-8 text (byte {byte}); it seems to be Shift_JIS (CP932)", byte=byte)
        raise Unreadable(problem, as_utf8, 1 + data.count(b"\n", 0, error.start)) from error


def _regular(text: str, file: str, table: Table) -> tuple[list[str], str]:
    """Return the header, and the text with rows of wrong length blanked and reported; row numbers stay."""
    try:
        header = [cell.strip() for cell in next(csv.reader(io.StringIO(text, newline=""), strict=True))]
        return header, _fitted(text, header, file, table)
    except csv.Error as error:
        advice = tr("Save it again as CSV; look for a quotation mark without its pair.")
        raise Unreadable(tr("can't be read as CSV ({error})", error=error), advice) from error


def _fitted(text: str, header: list[str], file: str, table: Table) -> str:
    semicolons, tabs = tr("has semicolons between its columns"), tr("has tabs between its columns")
    for delimiter, problem in ((";", semicolons), ("\t", tabs)):
        if len(header) == 1 and delimiter in header[0]:
            raise Unreadable(problem, tr("Save it as CSV with commas between the columns."), 1)
    if '"' not in text:
        # Counting commas is ten times faster than parsing; only a file with a bad row is parsed twice.
        lines = text.replace("\r", "\n").split("\n")
        if {line.count(",") for line in lines if line.strip()} == {len(header) - 1}:
            return text
    width = len(header)
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    # Empty cells beyond the last column, which spreadsheets leave where something was deleted, are cut.
    rows = [row if any(map(str.strip, row[width:])) else row[:width] for row in rows]
    bad = [n for n, row in enumerate(rows, start=1) if len(row) != width and any(map(str.strip, row))]
    problem = tr("has {cells} cells, but the header has {width} columns")
    table.faults += wrong_lengths(file, rows, bad, width, problem)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(row if len(row) == width else [""] * width for row in rows)
    return out.getvalue()


def _check_nameless(raw: pd.DataFrame, header: list[str], file: str, table: Table) -> None:
    for place, column in enumerate(header):
        if not column and raw.iloc[:, place].notna().any():
            row = int(raw.index[raw.iloc[:, place].notna()][0])
            problem = tr(
                "column {number} has no name, but row {row} holds something in it", number=place + 1, row=row
            )
            table.faults.append(Fault(file, problem, tr("Name the column in row 1, or clear it."), row=1))


# --- columns -----------------------------------------------------------------------------------------


def _match_columns(
    header: list[str], file: str, name: str, table: Table, drawn: bool
) -> dict[str, int] | None:
    """Return the place of each known column; report missing and doubled ones, note unknown ones."""
    fields = table_fields(name)
    columns = {column: header.index(column) for column in fields if column in header}
    for column in dict.fromkeys(column for column in header if column and header.count(column) > 1):
        problem, advice = tr("stands twice in the header"), tr("Delete or rename one.")
        table.faults.append(Fault(file, problem, advice, row=1, column=column))
    unknown = [column for column in dict.fromkeys(header) if column and column not in fields]
    missing = [column for column in fields if column not in columns]
    if not columns:
        named = {"columns": listing(fields, most=12), "found": listing(header)}
        problem = tr("the header has none of the columns {columns}; found {found}", **named)
        table.faults.append(Fault(file, problem, tr("Put the names of the columns into row 1."), row=1))
        return None
    for column in missing:
        meant = _meant(column, fields[column], unknown)
        problem = tr("the column is missing")
        advice = tr("Add it; leave its cells blank where nothing was measured.")
        if meant:
            problem = tr("the column is missing (the nearest name found is {name!r})", name=meant)
            advice = tr("Name it {column}.", column=column)
        elif drawn:
            advice = tr(
                "These data are drawn by a program: give the column an entry in "
                "src/mgbone/simulate/calibration.yml and run `python -m mgbone.simulate --rewrite`. That "
                "draws all animals anew, so that every figure changes; or take the file from git again."
            )
        elif fields[column].get("constraints", {}).get("required"):
            advice = tr("Add it; every row needs it.")
        table.faults.append(Fault(file, problem, advice, row=1, column=column))
        unknown = [other for other in unknown if other != meant]
    if unknown:
        names = tr(", ").join(unknown)
        said = tr("columns not in the dictionary were left out: {names}.", names=names)
        table.notes.append(str(Note(file, said)))
    return columns


def _meant(column: str, spec: dict[str, Any], unknown: list[str]) -> str | None:
    """Return the unknown column that seems to be `column`: its title, or a name like it."""
    titles = {fold(spec["title"]), fold(spec["title_ja"]), fold(column)}
    for other in unknown:
        if {fold(re.sub(r"[\s(（\[].*$", "", other)), fold(other)} & titles:
            return other
    return nearest(column, unknown)


# --- cells -------------------------------------------------------------------------------------------


def _numbers(
    cells: pd.Series, spec: dict[str, Any], table: str, limit: float | None, file: str, faults: list[Fault]
) -> tuple[pd.Series, pd.Series]:
    """Return the numbers of a column, and which are below a limit of detection; all else is reported.

    Cells are read as those of a laboratory's own files are, but an archive keeps plain numbers only.
    """
    values, readings = read_numbers(cells)
    assay = spec["name"] in BELOW_LIMIT.get(table, ())
    below = pd.Series(False, index=cells.index)
    bad = dict.fromkeys(values.index[np.isinf(values)], "")
    advice: dict[int, str] = {}  # once for cells that say the same: a column may hold it half a million times
    for row, reading in readings.items():
        if reading.kind == "undetected" and assay and limit is not None:
            values[row], below[row] = limit, True
        elif reading.kind == "below" and assay and reading.is_plain:
            below[row] = True
        elif reading.kind != "missing" or reading.how:
            if id(reading) not in advice:
                advice[id(reading)] = _plainly(reading, spec, assay)
            bad[row] = advice[id(reading)]
    if spec["type"] == "integer":
        bad |= dict.fromkeys(values.index[values.notna() & (values % 1 != 0)], "")
    unit = typeset_unit(spec.get("unit", ""))
    if spec["type"] == "integer":
        problem = tr("found {found!r}, expected a whole number")
    elif unit:
        problem = tr("found {found!r}, expected a number in {unit}")
    else:
        problem = tr("found {found!r}, expected a number")
    plain = tr("Write a number, or leave the cell blank if it was not measured.")
    if spec.get("constraints", {}).get("required"):
        plain = tr("Write a number.")
    write = {row: said or plain for row, said in bad.items()}
    texts = {row: f"{one:.10g}" if isinstance(one := cells[row], float) else str(one).strip() for row in bad}
    found = {row: text[:LONGEST_SHOWN] + "..." * (len(text) > LONGEST_SHOWN) for row, text in texts.items()}
    of_row = {"found": found, "write": write, "unit": unit}
    faults += fault_in_rows(file, spec["name"], sorted(bad), problem, "{write}", **of_row)
    unreadable = pd.Series(cells.index.isin(list(bad)), index=cells.index)
    values = values.mask(unreadable)
    faults += check_values(values, spec, file, unreadable)
    return values, below


def _plainly(reading: Reading, spec: dict[str, Any], assay: bool) -> str:
    """Say how to write as a plain number what can be read in one way only."""
    if reading.kind == "undetected" and assay:
        return tr(
            "Leave the cell blank where nothing was measured. If it means not detected, write < and the "
            'limit, as <0.5, or state the limit: "detection_limit": 0.5 beside "name": "{column}" '
            "in datapackage.json.",
            column=spec["name"],
        )
    if reading.kind in ("missing", "undetected"):
        return tr("Leave the cell blank where nothing was measured.")
    if reading.kind == "below" and not assay:
        return tr(
            "A value beyond a limit of detection can't be read here: leave the cell blank and note the limit "
            "in the dataset's README.md."
        )
    if reading.kind in ("number", "below"):
        number = f"{'<' if reading.kind == 'below' else ''}{reading.number:.15g}"
        if reading.unit and "unit" in spec:
            unit = typeset_unit(spec["unit"])
            return tr("Write the number alone, in {unit}: {number}.", unit=unit, number=number)
        if reading.unit:
            return tr("Write the number alone: {number}.", number=number)
        if reading.is_plain:
            return tr("Write it with half-width digits: {number}.", number=number)
        return tr("Write it without commas: {number}.", number=number)
    return reading.advice
