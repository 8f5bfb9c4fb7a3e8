"""One table of a dataset: from the bytes of a CSV file to a typed frame, with every fault on the way.

The rules are those of the Table Schema in the dictionary (type, required, minimum, pattern, unique and
primaryKey) and ``positive``, which it adds. They are applied here and not by pandera, whose import takes
longer than opening a dataset; it can read the same schemas, and a test holds the two together.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mgbone.dataset.faults import Fault, fault_in_rows, fault_per_row, listing, nearest, wrong_lengths
from mgbone.study.dictionary import measured_fields, table_fields, table_schema, typeset_unit

_BLANK_WORDS = {
    "na",
    "n.a.",
    "n/a",
    "nd",
    "n.d.",
    "nan",
    "null",
    "none",
    "-",
    "--",
    "ー",
    "−",
    "—",
    "―",
    "欠測",
    "なし",
}

# Assays with a limit of detection: here a cell may read "<0.5". Creatinine may not, as it divides the others.
BELOW_LIMIT = {"serum": set(measured_fields("serum")), "urine": {"ctx", "dpd"}}
_ALL_BELOW_LIMIT = set().union(*BELOW_LIMIT.values())

# How a laboratory writes "below the limit" without saying the limit, folded as by `is_not_detected`. Read
# only in a column whose limit is stated: elsewhere "ND" may as well mean "not done".
NOT_DETECTED = {
    "nd",
    "notdetected",
    "undetected",
    "undetectable",
    "bdl",
    "blod",
    "bloq",
    "<lod",
    "<loq",
    "検出せず",
    "検出されず",
    "不検出",
    "未検出",
    "検出限界以下",
    "検出限界未満",
    "測定限界以下",
    "測定限界未満",
    "定量下限未満",
}


def is_not_detected(cell: str) -> bool:
    """Say whether a cell reads "not detected" without a limit of its own, as ``N.D.``, ``nd`` or 検出せず."""
    return re.sub(r"[\s.]", "", unicodedata.normalize("NFKC", cell)).casefold() in NOT_DETECTED


@dataclass
class Table:
    """A table as read.

    Attributes
    ----------
    frame : DataFrame or None
        The known columns in the order of the dictionary, typed (a bad cell is missing); its index holds
        spreadsheet rows, the header being row 1. None where the file can't be read as a table.
    faults : list of Fault
    notes : list of str
        What was left out without being a fault: columns that the dictionary does not know.
    below_limit : dict of str to Series
        Per column with such cells: which rows are below a limit of detection; the frame holds the limit.
    """

    frame: pd.DataFrame | None = None
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    below_limit: dict[str, pd.Series] = field(default_factory=dict)


def read_table(data: bytes, file: str, name: str, limits: Mapping[str, float] | None = None) -> Table:
    """Read and check one table by itself; what it owes to others: `mgbone.dataset.agreement`.

    Parameters
    ----------
    data : bytes
        Contents of the file: CSV, UTF-8 with or without a byte order mark.
    file : str
        How messages call the file.
    name : str
        Name of the table in the dictionary.
    limits : mapping of str to float, optional
        Limit of detection by column, in the column's unit: there ``N.D.`` is read as ``<limit``.
    """
    table = Table()
    fault = _not_text(data, file)
    if fault:
        return Table(faults=[fault])
    try:
        header, data = _regular(data, file, table)
    except csv.Error as error:
        problem = f"can't be read as CSV ({error})"
        return Table(
            faults=[Fault(file, problem, "Save it again as CSV; look for a quotation mark without its pair.")]
        )
    if header is None:
        return table
    columns = _match_columns(header, file, name, table)
    if columns is None:
        return table
    raw = _parse(data, header, name)
    raw = raw[raw.notna().any(axis=1)]
    _check_nameless(raw, header, file, table)
    if raw.empty:
        table.faults.append(
            Fault(file, "has a header but no rows", "Fill in a row per animal, or leave the table out.")
        )
    typed = {}
    for spec in table_schema(name)["fields"]:
        if spec["name"] in columns:
            cells = raw.iloc[:, columns[spec["name"]]]
            if spec["name"] in BELOW_LIMIT.get(name, ()):
                cells, below = _limits(cells, (limits or {}).get(spec["name"]))
                table.below_limit |= {spec["name"]: below} if below.any() else {}
            typed[spec["name"]] = _typed(cells, spec, file, table.faults)
    table.frame = pd.DataFrame(typed, index=raw.index)
    check_repeated(table.frame, file, name, table.faults)
    return table


# --- bytes to rows -----------------------------------------------------------------------------------


def _not_text(data: bytes, file: str) -> Fault | None:
    """Return the fault of a file that is not UTF-8 text, saying what it seems to be instead."""
    as_utf8 = "In Excel, save it as 'CSV UTF-8 (comma delimited)'."
    if data[:4] == b"PK\x03\x04" or data[:4] == b"\xd0\xcf\x11\xe0":
        return Fault(file, "is an Excel workbook, not CSV text", as_utf8)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Fault(file, "is UTF-16 text, not UTF-8", as_utf8)
    if not data.strip():
        return Fault(file, "is empty", "Fill in the table, or take the file and its resource out.")
    row = 1 + data.count(b"\n", 0, max(data.find(b"\0"), 0))
    if b"\0" in data:
        return Fault(
            file, "holds a zero byte, which text never does; it is damaged", "Copy the file again.", row=row
        )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = 1 + data.count(b"\n", 0, error.start)
        problem = f"is not UTF-8 text (byte 0x{data[error.start]:02x})"
        try:
            data.decode("cp932")
            problem += "; it seems to be Shift_JIS (CP932)"
        except UnicodeDecodeError:
            pass
        return Fault(file, problem, as_utf8, row=row)
    return None


def _regular(data: bytes, file: str, table: Table) -> tuple[list[str] | None, bytes]:
    """Return the header, and the data with rows of wrong length blanked and reported; row numbers stay."""
    text = data.decode("utf-8-sig")
    header = [cell.strip() for cell in next(csv.reader(io.StringIO(text, newline=""), strict=True))]
    for delimiter, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and delimiter in header[0]:
            advice = "Save it as CSV with commas between the columns."
            table.faults.append(Fault(file, f"has {word} between its columns", advice, row=1))
            return None, data
    if '"' not in text:
        # Counting commas is ten times faster than parsing; only a file with a bad row is parsed twice.
        lines = text.replace("\r", "\n").split("\n")
        lengths = {line.count(",") for line in lines if line.strip()}
        if lengths == {len(header) - 1}:
            return header, data
    width = len(header)
    rows = [_fitted(row, width) for row in csv.reader(io.StringIO(text, newline=""), strict=True)]
    bad = [
        number for number, row in enumerate(rows, start=1) if len(row) != width and any(map(str.strip, row))
    ]
    table.faults += wrong_lengths(file, rows, bad, f"header has {width}")
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(row if len(row) == width else [""] * width for row in rows)
    return header, out.getvalue().encode()


def _fitted(row: list[str], width: int) -> list[str]:
    """Cut empty cells beyond the last column, which spreadsheets leave where something was deleted."""
    return row[:width] if len(row) > width and not any(map(str.strip, row[width:])) else row


def _parse(data: bytes, header: list[str], name: str) -> pd.DataFrame:
    fields = table_fields(name)
    texts = {
        place: str
        for place, column in enumerate(header)
        if fields.get(column, {"type": "string"})["type"] == "string"
    }
    frame = pd.read_csv(
        io.BytesIO(data),
        header=None,
        skiprows=1,
        names=range(len(header)),
        index_col=False,
        dtype=texts,
        keep_default_na=False,
        na_values=[""],
        skip_blank_lines=False,
        low_memory=False,
    )
    frame.index = frame.index + 2
    return frame


def _check_nameless(raw: pd.DataFrame, header: list[str], file: str, table: Table) -> None:
    for place, column in enumerate(header):
        if not column and raw.iloc[:, place].notna().any():
            row = int(raw.index[raw.iloc[:, place].notna()][0])
            problem = f"column {place + 1} has no name, but row {row} holds something in it"
            table.faults.append(Fault(file, problem, "Name the column in row 1, or clear it.", row=1))


# --- columns -----------------------------------------------------------------------------------------


def _match_columns(header: list[str], file: str, name: str, table: Table) -> dict[str, int] | None:
    """Return the place of each known column; report missing and doubled ones, note unknown ones."""
    fields = table_fields(name)
    columns = {column: header.index(column) for column in fields if column in header}
    for column in dict.fromkeys(column for column in header if column and header.count(column) > 1):
        table.faults.append(
            Fault(file, "stands twice in the header", "Delete or rename one.", row=1, column=column)
        )
    unknown = [column for column in dict.fromkeys(header) if column and column not in fields]
    missing = [column for column in fields if column not in columns]
    if not columns:
        problem = f"the header has none of the columns {listing(fields, most=12)}; found {listing(header)}"
        table.faults.append(Fault(file, problem, "Put the names of the columns into row 1.", row=1))
        return None
    for column in missing:
        meant = _meant(column, fields[column], unknown)
        near = f" (the nearest name found is {meant!r})" if meant else ""
        advice = (
            f"Name it {column}." if meant else "Add it; leave its cells blank where nothing was measured."
        )
        if not meant and fields[column].get("constraints", {}).get("required"):
            advice = "Add it; every row needs it."
        table.faults.append(Fault(file, f"the column is missing{near}", advice, row=1, column=column))
        unknown = [other for other in unknown if other != meant]
    if unknown:
        table.notes.append(f"{file}: columns not in the dictionary were left out: {', '.join(unknown)}.")
    return columns


def _meant(column: str, spec: dict[str, Any], unknown: list[str]) -> str | None:
    """Return the unknown column that seems to be `column`: its title, or a name like it."""
    titles = {_folded(spec["title"]), _folded(spec["title_ja"]), _folded(column)}
    for other in unknown:
        if _folded(re.sub(r"[\s(（\[].*$", "", other)) in titles or _folded(other) in titles:
            return other
    return nearest(column, unknown)


def _folded(text: str) -> str:
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", text).casefold())


# --- cells -------------------------------------------------------------------------------------------


def _typed(cells: pd.Series, spec: dict[str, Any], file: str, faults: list[Fault]) -> pd.Series:
    if spec["type"] == "string":
        values = cells.mask(cells.str.strip() == "") if cells.notna().any() else cells
        values = values.astype("str")
        unreadable = pd.Series(False, index=cells.index)
    else:
        values, unreadable = _numbers(cells, spec, file, faults)
    check_values(values, spec, file, faults, unreadable)
    return values


def check_values(
    values: pd.Series,
    spec: dict[str, Any],
    file: str,
    faults: list[Fault],
    unreadable: pd.Series | None = None,
) -> None:
    """Hold typed values of one column against the dictionary: required, minimum, pattern.

    Parameters
    ----------
    values : Series
        Numbers, or names; indexed by spreadsheet row.
    spec : mapping
        The field's entry in the dictionary.
    file : str
        How messages call the file.
    faults : list of Fault
        What is found is added to it.
    unreadable : Series of bool, optional
        Values that are missing because they could not be read, which has been reported.
    """
    if spec.get("constraints", {}).get("required"):
        missing = values.isna() if unreadable is None else values.isna() & ~unreadable
        faults += fault_in_rows(file, spec["name"], values.index[missing], "is blank", _fill_in(spec))
    if spec["type"] == "string":
        _check_pattern(values, spec, file, faults)
    else:
        _check_range(values, spec, file, faults)


def _limits(cells: pd.Series, stated: float | None) -> tuple[pd.Series, pd.Series]:
    """Return a column with "<0.5" replaced by its limit, "N.D." by the stated one, and where that was."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells, pd.Series(False, index=cells.index)
    text = cells.astype(object).where(cells.notna(), "").astype(str)
    text = text.map(lambda cell: unicodedata.normalize("NFKC", cell).strip())
    limit = text.str.extract(r"^<\s*((?=[0-9.]*[1-9])[0-9]+(?:\.[0-9]+)?)$")[0]
    if stated is not None:
        limit = limit.mask(text.map(is_not_detected), f"{stated:.15g}")
    return cells.astype(object).mask(limit.notna(), limit), limit.notna()


def _fill_in(spec: dict[str, Any]) -> str:
    return f"Fill in the {spec['title'].lower() if spec['type'] != 'string' else spec['title']} of this row."


def _numbers(
    cells: pd.Series, spec: dict[str, Any], file: str, faults: list[Fault]
) -> tuple[pd.Series, pd.Series]:
    """Return the numbers of a column and where it holds something else, which is reported."""
    if pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype):
        values, text = cells.astype(float), cells
    else:
        text = cells.astype(object).where(cells.notna(), "").astype(str).str.strip()
        values = pd.to_numeric(text.where(text.str.fullmatch(r"[-+0-9.eE]+")), errors="coerce").astype(float)
        text = text.where(text != "")
    bad = text.notna() & ~np.isfinite(values)
    allowed = "a number" if spec["type"] == "number" else "a whole number"
    if spec["type"] == "integer":
        bad |= values.notna() & (values % 1 != 0)
    unit = typeset_unit(spec.get("unit", ""))
    expected = f"{allowed} in {unit}" if unit else allowed
    required = spec.get("constraints", {}).get("required", False)

    def describe(row: int) -> tuple[str, str]:
        found = text.loc[row] if isinstance(text.loc[row], str) else f"{text.loc[row]:.10g}"
        return f"found {found!r}, expected {expected}", _number_advice(found, unit, required, spec)

    faults += fault_per_row(file, spec["name"], cells.index[bad], describe)
    return values.mask(bad), bad


def _number_advice(found: str, unit: str, required: bool, spec: dict[str, Any]) -> str:
    plain = unicodedata.normalize("NFKC", found).strip()
    blank = "" if required else ", or leave the cell blank if it was not measured"
    if spec["name"] in _ALL_BELOW_LIMIT and is_not_detected(found):
        return (
            "Leave the cell blank where nothing was measured. If it means not detected, write < and the "
            f'limit, as <0.5, or state the limit: "detection_limit": 0.5 beside "name": "{spec["name"]}" '
            "in datapackage.json."
        )
    if found.casefold() in _BLANK_WORDS and not required:
        return "Leave the cell blank where nothing was measured."
    if re.match(r"[<>≤≥]", plain) and not required:
        limit = "A value beyond a limit of detection can't be read here"
        return f"{limit}: leave the cell blank and note the limit in the dataset's README.md."
    if plain != found and _is_number(plain):
        return f"Write it with half-width digits: {plain}."
    if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        joined = plain.replace(",", "")
        return f"Write it without commas: {joined}; if the comma is a decimal point, write a point."
    if re.fullmatch(r"[-+]?\d+,\d+", plain):
        return f"Write the decimal with a point: {plain.replace(',', '.')}."
    if re.match(r"[-+]?[\d.]+\s*[^\d\s.,]", plain):
        return f"Write the number alone{f', in {unit}' if unit else ''}{blank}."
    return f"Write a number{blank}."


def _is_number(text: str) -> bool:
    try:
        return np.isfinite(float(text))
    except ValueError:
        return False


def _check_range(values: pd.Series, spec: dict[str, Any], file: str, faults: list[Fault]) -> None:
    minimum = spec.get("constraints", {}).get("minimum")
    if minimum is None:
        return
    positive = spec.get("positive", False)
    unit = typeset_unit(spec.get("unit", ""))
    low = values.index[(values <= minimum) if positive else (values < minimum)]
    bound = f"more than {minimum}" if positive else f"{minimum} or more"
    problem = f"found {{value:.10g}}, allowed is {bound}{f' {unit}' if unit else ''}"
    may_be_blank = not spec["constraints"].get("required", False)
    advice = "Correct the value, or leave the cell blank." if may_be_blank else "Correct the value."
    faults += fault_in_rows(file, spec["name"], low, problem, advice, value=values)


def _check_pattern(values: pd.Series, spec: dict[str, Any], file: str, faults: list[Fault]) -> None:
    pattern = spec.get("constraints", {}).get("pattern")
    if pattern is None:
        return
    wrong = [value for value in values.dropna().unique() if not re.fullmatch(pattern, value)]
    rows = values.index[values.isin(wrong)] if wrong else []
    problem = "found {value!r}, allowed is a name without blanks around it"
    advice = "Delete the blanks before and after it."
    faults += fault_in_rows(file, spec["name"], rows, problem, advice, value=values)


# --- rows --------------------------------------------------------------------------------------------


def check_repeated(frame: pd.DataFrame, file: str, name: str, faults: list[Fault]) -> None:
    """Report rows with the primary key of an earlier row, and values that must be unique but are not."""
    schema = table_schema(name)
    unique = [[spec["name"]] for spec in schema["fields"] if spec.get("constraints", {}).get("unique")]
    for key in [schema["primaryKey"], *(one for one in unique if one != schema["primaryKey"])]:
        if not set(key) <= set(frame.columns):
            continue
        keys = frame[key].dropna()
        repeated = keys.index[keys.duplicated()]
        if not len(repeated):
            continue
        first = {
            value: row
            for row, value in reversed(list(zip(keys.index, keys.itertuples(index=False), strict=True)))
        }

        def describe(row: int, keys=keys, first=first) -> tuple[str, str]:
            value = next(keys.loc[[row]].itertuples(index=False))
            shown = " ".join(f"{part:g}" if isinstance(part, float) else str(part) for part in value)
            problem = f"{shown} stands already in row {first[value]}"
            return problem, "Delete one of the two rows, or correct the name."

        faults += fault_per_row(file, ", ".join(key), repeated, describe)
