"""Workbooks and text files as grids of cells with the row numbers that a spreadsheet shows; nothing is
interpreted.

A workbook's formulas and macros are never run: the values that it stores are read. Files are read, never
written.
"""

from __future__ import annotations

import csv
import io
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice

import pandas as pd

from mgbone.dataset.faults import Fault, Note, wrong_lengths
from mgbone.dataset.lab.cell import is_blank
from mgbone.study.language import N_, tr

LISTS = "lists"
"""Name of the sheet that holds the choices of the template's drop-down lists."""

TOP = 40
"""So many rows are looked at to find the headings."""

TEXT_ENDINGS = (".csv", ".tsv", ".txt")

SAVE_AS = {
    ".xlsm": (
        N_("is a workbook with macros, which are never run here"),
        N_("Save it as 'Excel workbook (.xlsx)'."),
    ),
    ".xlsb": (N_("is a binary workbook"), N_("In Excel, save it as 'Excel workbook (.xlsx)'.")),
    ".numbers": (N_("is a table of Numbers"), N_("Export it as Excel (.xlsx).")),
}
"""Problem and advice by the ending of a file, in English."""

_DELIMITERS = {
    ",": "",
    "\t": N_("columns are parted by tabs."),
    ";": N_("columns are parted by semicolons."),
    " ": N_("columns are parted by blanks."),
}
"""What parts columns, in the order of trying, and what is said of it."""


WIDEST_FILE = 100_000
"""Columns of a text file: more than a table of genes has, which may lie beside the animals."""


class Unreadable(Exception):
    """Why a file or sheet is not read: problem, advice and maybe the row."""


@dataclass
class Grid:
    """One sheet of a workbook, or one text file."""

    file: str  # Path within the dataset folder.
    sheet: str = ""  # Name of the sheet; empty for a text file.
    top: list[list[object]] = field(default_factory=list)  # The first rows, for finding the headings.
    # First row, last row, first column, last column of merged cells, counted from 1.
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    formulas: set[tuple[int, int]] = field(default_factory=set)  # Row and column of cells that hold formulas.
    delimiter: str = ""  # Of a text file.
    notes: list[Note] = field(default_factory=list)  # What had to be done to read it.
    faults: list[Fault] = field(default_factory=list)  # Rows of another length than the table's.
    rows: list[list[object]] | None = None  # Of a workbook: those that hold something.
    numbers: list[int] | None = None  # The numbers of these rows; by default, all from 1 on.
    text: str = ""  # Of a text file: as many cells in every row.
    # Words (folded) of rows of means and SD that are left out, as the laboratory has told.
    leave_out: frozenset[str] = frozenset()

    @property
    def where(self) -> str:
        """The place as messages call it."""
        return sheet_words(self.file, self.sheet) if self.sheet else self.file

    @property
    def width(self) -> int:
        """The number of columns."""
        return max(map(len, self.top), default=0)

    def body(self, first: int, names: set[int]) -> pd.DataFrame:
        """Return the rows from `first` on (counted from 1), indexed by row; blank cells are missing.

        Cells of the columns `names` (counted from 0) are names and not to be taken for numbers (007).
        """
        if self.rows is not None:
            numbers = self.numbers or range(1, len(self.rows) + 1)
            start = bisect_left(numbers, first)
            frame = pd.DataFrame(
                self.rows[start:], index=list(numbers[start:]), columns=range(self.width), dtype=object
            )
            return frame.where(~frame.map(is_blank), None)
        return text_cells(self.text, self.delimiter, first, self.width, names)


def text_cells(text: str, delimiter: str, first: int, width: int, names: Collection[int]) -> pd.DataFrame:
    """Return the rows of a regular text from `first` on, as `Grid.body` does."""
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            header=None,
            sep=delimiter,
            skiprows=first - 1,
            names=range(width),
            index_col=False,
            dtype=dict.fromkeys(names, str),
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
            low_memory=False,
        )
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=range(width), dtype=object)
    frame.index = frame.index + first
    return frame


def sheet_words(file: str, sheet: str) -> str:
    """Return a sheet as messages call it."""
    return tr("{file}, sheet {sheet}", file=file, sheet=sheet)


# --- text files --------------------------------------------------------------------------------------


def read_text(data: bytes, file: str) -> Grid:
    """Read a text file whose columns are parted by commas, tabs, semicolons or, as R writes them, blanks.

    UTF-8 with and without byte order mark, UTF-16 with one, and CP932 (Shift_JIS of Windows) are read; what
    can't be is Unreadable.
    """
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        problem = tr("is an Excel workbook under the name of a text file")
        raise Unreadable(problem, tr("Give it the ending .xlsx."))
    text, encoding = _decoded(data)
    if not text.strip():
        raise Unreadable(tr("is empty"), tr("Fill in the table, or take the file away."))
    notes = [] if encoding == "UTF-8" else [Note(file, tr("read as {encoding}.", encoding=tr(encoding)))]
    delimiter = _delimiter(text)
    if delimiter != ",":
        notes.append(Note(file, tr(_DELIMITERS[delimiter])))
    try:
        text = _with_first_heading(text.replace("\r\n", "\n").replace("\r", "\n"), delimiter)
        text, faults = _regular(text, delimiter, file)
    except csv.Error as error:
        advice = tr("Save it again as CSV; look for a quotation mark without its pair.")
        raise Unreadable(tr("can't be read as CSV ({error})", error=error), advice) from error
    lines = list(islice(_records(text, delimiter), TOP))
    if lines and (width := max(map(len, lines))) > WIDEST_FILE:
        problem = tr("has {width:,} columns; {most:,} are the most", width=width, most=WIDEST_FILE)
        raise Unreadable(problem, tr("Is it the right file, with animals in rows?"))
    return Grid(file, top=lines, delimiter=delimiter, text=text, notes=notes, faults=faults)


def _decoded(data: bytes) -> tuple[str, str]:
    """Return a text and the name of its encoding."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16"), "UTF-16"
        except UnicodeDecodeError as error:
            raise Unreadable(tr("is damaged UTF-16 text"), tr("Save it again as 'CSV UTF-8'.")) from error
    if b"\0" in data:
        problem = tr("holds a zero byte, which text never does; it is damaged")
        advice = tr("Copy the file again, or save it again as 'CSV UTF-8'.")
        raise Unreadable(problem, advice, 1 + data.count(b"\n", 0, data.find(b"\0")))
    try:
        return data.decode("utf-8").removeprefix("\ufeff"), "UTF-8"
    except UnicodeDecodeError as error:
        try:
            return data.decode("cp932"), N_("CP932 (Shift_JIS of Windows)")
        except UnicodeDecodeError:
            row, byte = 1 + data.count(b"\n", 0, error.start), f"0x{data[error.start]:02x}"
            problem = tr("is neither UTF-8 nor CP932 text (byte {byte})", byte=byte)
            advice = tr("In Excel, save it as 'CSV UTF-8 (comma delimited)'.")
            raise Unreadable(problem, advice, row) from error


def _delimiter(text: str) -> str:
    """Return what parts the columns: what most of the first lines agree on; a blank only if nothing else."""
    head = text[:20_000].splitlines()[:TOP]
    best = (0, ",")
    for delimiter in _DELIMITERS:
        if delimiter == " " and best[0]:
            break
        try:
            counts = Counter(len(row) - 1 for row in csv.reader(head, delimiter=delimiter))
        except csv.Error:
            continue
        score = max((rows * columns for columns, rows in counts.items()), default=0)
        best = max(best, (score, delimiter), key=lambda one: one[0])
    return best[1]


def _with_first_heading(text: str, delimiter: str) -> str:
    """Put a blank heading over the names of rows, which R's write.table leaves without one."""
    widths = [len(row) for row in islice(_records(text, delimiter), TOP)]
    alike = len(widths) > 1 and set(widths[1:]) == {widths[0] + 1} and text[0] not in delimiter
    return f"{delimiter}{text}" if alike else text


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _regular(text: str, delimiter: str, file: str) -> tuple[str, list[Fault]]:
    """Return the text with as many cells in every row, one line a row; rows of another length are faults."""
    if '"' not in text:
        # Counting delimiters is ten times faster than parsing; only an irregular file is parsed twice.
        if len({line.count(delimiter) for line in text.rstrip("\n").split("\n")}) == 1:
            return text, []
        rows = [line.split(delimiter) for line in text.rstrip("\n").split("\n")]
    else:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    cut = [_cut(row) for row in rows]
    # The table is as wide as most of its first rows are; titles above it are narrower.
    widths = Counter(len(row) for row, filled in zip(rows[:TOP], cut, strict=False) if filled)
    width = max(widths, key=lambda one: (widths[one], one), default=0)
    begin = next((place for place, row in enumerate(rows) if len(row) == width), 0)
    strange = [
        number
        for number, (row, filled) in enumerate(zip(rows, cut, strict=True), start=1)
        if filled and number > begin and (len(filled) > width or len(row) < width)
    ]
    problem = tr("has {cells} cells, but the table has {width} columns")
    faults = wrong_lengths(file, rows, strange, width, problem)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    for row in cut:
        writer.writerow([" ".join(cell.split("\n")) for cell in row[:width]] + [""] * (width - len(row)))
    return out.getvalue(), faults


def _cut(row: list[str]) -> list[str]:
    """Cut the empty cells at the end of a row."""
    end = len(row)
    while end and not row[end - 1].strip():
        end -= 1
    return row[:end]
