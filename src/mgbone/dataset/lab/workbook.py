"""Excel workbooks as grids: the stored values in one pass, however far apart or many the cells claim to be.

Formulas and macros are never run. A workbook is unpacked here, part by part and no further than the limits
below, whatever sizes it declares; openpyxl's streaming parser then meets only what fits into memory.
"""

import datetime
import io
import json
import re
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mgbone.dataset.faults import Fault, Note, rows_words
from mgbone.dataset.lab.cell import ShownNumber, is_blank
from mgbone.dataset.lab.grid import LISTS, SAVE_AS, TOP, Grid, Unreadable, sheet_words
from mgbone.study.language import N_, tr

MOST_UNPACKED = 100_000_000
"""Bytes that a workbook may unpack to. Longer tables belong into CSV, which is read much faster."""

MOST_TAGS = 1_600_000
"""Tags in all parts that are read; four a cell, so 400,000 cells, which take three seconds."""

MOST_MERGED = 10_000

MOST_CELLS = 4_000_000
"""Rows that hold something, by columns of the table."""

MOST_SPANNED = 20_000_000
"""Cells of the rectangle that a sheet spans; beyond it something stands far away by mistake."""

AGAIN = N_("Open it in Excel and save it again as 'Excel workbook (.xlsx)'.")
AS_CSV = N_("Save long tables as CSV, which is read much faster.")

# "Strict Open XML" differs from what Excel saves by itself in the names of its namespaces.
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(officeDocument|spreadsheetml|drawingml)/")
_ZEROS = re.compile(r"0{2,}")


def read_workbook(path: Path, file: str) -> tuple[list[Grid], list[Fault], list[Note]]:
    """Read all visible sheets of a workbook (.xlsx), or raise Unreadable; what is passed over is noted."""
    grids, faults, notes = [], [], []
    try:
        book, strings = _opened(_unpacked(path.read_bytes()))
        for sheet in book.worksheets:
            if sheet.title == LISTS:
                continue
            if sheet.sheet_state != "visible":
                notes.append(Note(sheet_words(file, sheet.title), tr("hidden, and not read.")))
                continue
            try:
                grids.append(_grid(sheet, strings, file))
            except Unreadable as error:
                faults.append(Fault(sheet_words(file, sheet.title), *error.args))
    except Unreadable:
        raise
    except Exception as error:  # damaged workbooks raise whatever the place of the damage raises
        problem = tr("can't be read as a workbook ({error})", error=type(error).__name__)
        raise Unreadable(problem, tr(AGAIN)) from error
    return grids, faults, notes


def _unpacked(data: bytes) -> dict[str, bytes]:
    """Return the XML parts of a workbook, in the namespaces of everyday workbooks."""
    if not data:
        raise Unreadable(tr("is empty"), tr("Fill in the table, or take the file away."))
    if data[:4] == b"\xd0\xcf\x11\xe0":
        problem = tr("is protected by a password, or is in the old format of Excel")
        raise Unreadable(problem, tr("Take the password off, and save it as 'Excel workbook (.xlsx)'."))
    parts, size, tags = {}, 0, 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if any(name.endswith("vbaProject.bin") for name in names):
                raise Unreadable(*map(tr, SAVE_AS[".xlsm"]))
            declared = sum(part.file_size for part in archive.infolist())
            if declared > MOST_UNPACKED or len(names) > 10_000:
                raise Unreadable(_too_large(declared), tr(AS_CSV))
            needed = re.compile(r"(?!xl/(?:drawings|charts|media|comments)).*\.(?:xml|rels)", re.DOTALL)
            for name in filter(needed.fullmatch, names):
                parts[name] = _STRICT.sub(
                    rb"http://schemas.openxmlformats.org/\1/2006/", _part(archive, name)
                )
                size += len(parts[name])
                tags += parts[name].count(b"<")
                if size > MOST_UNPACKED:
                    raise Unreadable(_too_large(size), tr(AS_CSV))
                if tags > MOST_TAGS:
                    raise Unreadable(tr("holds more than {most:,} cells", most=MOST_TAGS // 4), tr(AS_CSV))
    except Unreadable:
        raise
    except Exception as error:  # a damaged archive raises many things; each means the same
        raise Unreadable(tr("is no Excel workbook, or a damaged one"), tr(AGAIN)) from error
    return parts


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """Unpack one part piecewise: one that lies about its size would fill the memory at once."""
    pieces, size = [], 0
    with archive.open(name) as stream:
        while piece := stream.read(1 << 20):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_UNPACKED:
                raise Unreadable(_too_large(size), tr(AS_CSV))
    return b"".join(pieces)


def _too_large(size: int) -> str:
    return tr("unpacks to {size:,.0f} MB, more than {most:.0f} MB", size=size / 1e6, most=MOST_UNPACKED / 1e6)


def _opened(parts: dict[str, bytes]):
    """Return the workbook, opened by openpyxl without the cells of its sheets, and its shared texts."""
    # Reading workbooks is seldom asked for, and importing this takes a quarter of a second.
    from openpyxl import load_workbook

    strings: list[str] = []
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for name, data in parts.items():
            if name.endswith("/sharedStrings.xml"):
                strings = _texts(data)
                data = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
            archive.writestr(name, data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of parts that don't matter here, such as drop-down lists
        return load_workbook(kept, read_only=True, data_only=True, keep_links=False), strings


def _texts(data: bytes) -> list[str]:
    """Return the texts that cells share, without readings (furigana); a text may consist of runs."""
    from openpyxl.xml.constants import SHEET_MAIN_NS
    from openpyxl.xml.functions import iterparse

    main = f"{{{SHEET_MAIN_NS}}}"
    texts = []
    for _, node in iterparse(io.BytesIO(data)):
        if node.tag == f"{main}si":
            runs = [*node.findall(f"{main}t"), *node.findall(f"{main}r/{main}t")]
            texts.append("".join(run.text or "" for run in runs).replace("x005F_", ""))
            node.clear()
    return texts


def _grid(sheet, strings: list[str], file: str) -> Grid:
    """Read the cells of a sheet that hold something; those that are only formatted count for nothing."""
    from openpyxl.cell.read_only import ReadOnlyCell

    styles: dict[int, tuple[str, bool]] = {}
    found = _Found()
    for cell in _cells(sheet, strings, found):
        value, style = cell["value"], cell["style_id"]
        if value is None:
            continue
        if style:
            if style not in styles:
                one = ReadOnlyCell(sheet, **cell)
                styles[style] = one.number_format, bool(one.font.strike)
            value = _as_shown(value, styles[style][0])
            found.struck |= {cell["row"]} if styles[style][1] else set()
        found.rows.setdefault(cell["row"], {})[cell["column"]] = value
    rows = found.rows
    top = [rows.get(number, {}) for number in range(1, min(TOP, max(rows, default=0)) + 1)]
    width = max((max(row, default=0) for row in top), default=0)
    last, far = max(rows, default=0), max((max(row) for row in rows.values()), default=0)
    if len(rows) * width > MOST_CELLS or last * far > MOST_SPANNED:
        raise Unreadable(*_too_far(last, far))
    numbers = sorted(rows)
    grid = Grid(file, sheet.title, merged=sorted(found.merged), formulas=found.formulas, numbers=numbers)
    grid.top = [_dense(row, width) for row in top]
    grid.rows = [_dense(rows.pop(number), width) for number in numbers]
    for marked, one, several in (
        (
            found.hidden.intersection(numbers),
            N_("{rows} is hidden or filtered out; what stands there was read."),
            N_("{rows} are hidden or filtered out; what stands there was read."),
        ),
        (
            found.struck,
            N_("{rows} is struck out, at least in part; what stands there was read."),
            N_("{rows} are struck out, at least in part; what stands there was read."),
        ),
    ):
        if marked:
            said = tr(one if len(marked) == 1 else several, rows=rows_words(sorted(marked)))
            grid.notes.append(Note(grid.where, said))
    return grid


def _too_far(row: int, column: int) -> tuple[str, str]:
    problem = tr("reaches to row {row}, column {column}", row=row, column=column)
    return problem, tr("A cell far away holds something; delete the rows and columns beyond the table.")


def _dense(row: Mapping[int, object], width: int) -> list[object]:
    return [row.get(column) for column in range(1, width + 1)]


@dataclass
class _Found:
    """What a sheet holds: values by row and column, and what stands beside them; all counted from 1."""

    rows: dict[int, dict[int, object]] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)
    struck: set[int] = field(default_factory=set)


def _cells(sheet, strings: list[str], found: _Found) -> Iterator[dict[str, Any]]:
    """Go through the cells of a sheet; note merged cells, formulas and hidden rows on the way."""
    from openpyxl.utils import range_boundaries

    # openpyxl hands out either values or formulas; its parser of rows gives both in one pass.
    from openpyxl.worksheet._reader import FORMULA_TAG, ROW_TAG, SHEET_MAIN_NS, WorkSheetParser, iterparse

    class Parser(WorkSheetParser):
        """Remembers where formulas stand, while handing out the values that were saved for them."""

        def parse_cell(self, element):
            cell = super().parse_cell(element)
            if element.find(FORMULA_TAG) is not None:
                found.formulas.add((cell["row"], cell["column"]))
            return cell

    book = sheet.parent
    parser = Parser(
        None, strings, data_only=True, epoch=book.epoch,
        date_formats=book._date_formats, timedelta_formats=book._timedelta_formats,
    )  # fmt: skip
    with sheet._get_source() as source, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of dates beyond the calendar, which come as errors
        for _, element in iterparse(source):
            if element.tag == ROW_TAG:
                number, cells = parser.parse_row(element)
                if element.get("hidden") in ("1", "true"):
                    found.hidden.add(number)
                yield from cells
                element.clear()
            elif element.tag == f"{{{SHEET_MAIN_NS}}}mergeCell":
                left, low, right, high = range_boundaries(element.get("ref"))
                found.merged.append((low, high, left, right))
                if len(found.merged) > MOST_MERGED:
                    problem = tr("has more than {most:,} merged cells", most=MOST_MERGED)
                    raise Unreadable(problem, tr("Unmerge them."))


def _as_shown(value: object, form: str) -> object:
    """Keep what a number format shows beside a whole number, where it is more than its digits."""
    if not isinstance(value, int) or isinstance(value, bool) or not _ZEROS.fullmatch(form) or value < 0:
        return value
    return ShownNumber(value, f"{value:0{len(form)}d}")


# --- old Excel (.xls) and LibreOffice (.ods) ---------------------------------------------------------
# Calamine keeps a sheet as one rectangle, however far apart its cells are, and says nothing of formulas. So
# it works in a process of its own, whose memory and time are limited, and it reads no .xlsx.

OTHER_WORKBOOKS = (".xls", ".ods")

MOST_BYTES = 30_000_000
MOST_MEMORY = 450_000_000
MOST_SECONDS = 10

_SHEETS = Path(__file__).with_name("_sheets.py")


def read_other_workbook(path: Path, file: str) -> tuple[list[Grid], list[Fault], list[Note]]:
    """Read all visible sheets of a workbook (.xls, .ods), as `workbook.read_workbook` does those of .xlsx."""
    data = path.read_bytes()
    if not data:
        raise Unreadable(tr("is empty"), tr("Fill in the table, or take the file away."))
    if len(data) > MOST_BYTES:
        problem = tr("has {size:.0f} MB, more than {most:.0f}", size=len(data) / 1e6, most=MOST_BYTES / 1e6)
        raise Unreadable(problem, tr(AS_CSV))
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        raise Unreadable(*map(tr, SAVE_AS[".xlsm"]))
    command = [sys.executable, "-I", str(_SHEETS), str(path), str(MOST_MEMORY), str(MOST_CELLS)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=MOST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode:
        raise Unreadable(*_why(done))
    sheets = [json.loads(line, object_hook=_date) for line in done.stdout.decode().splitlines()]
    return _grids(sheets, file)


def _why(done: subprocess.CompletedProcess | None) -> tuple[str, str]:
    advice = tr("Open it and save it as 'Excel workbook (.xlsx)'.")
    said = "" if done is None else done.stderr.decode(errors="replace")
    if "Password" in said:
        return tr("is protected by a password"), tr(
            "Take the password off, and save it as 'Excel workbook (.xlsx)'."
        )
    if done is None or done.returncode < 0 or "MemoryError" in said or "limit exceeded" in said:
        return tr("takes too much time or memory; a cell far away may hold something"), advice
    return tr("can't be read as a workbook"), advice


def _grids(sheets: list[dict], file: str) -> tuple[list[Grid], list[Fault], list[Note]]:
    grids, faults, notes = [], [], []
    for sheet in sheets:
        name, rows = sheet["name"], sheet["rows"]
        where = sheet_words(file, name)
        if sheet["hidden"]:
            notes.append(Note(where, tr("hidden, and not read.")))
            continue
        if sheet["far"]:
            faults.append(Fault(where, *_too_far(*(place + 1 for place in sheet["far"]))))
            continue
        rows = [[None if is_blank(cell) else cell for cell in row] for row in rows]
        numbers = [number for number, row in enumerate(rows, start=1) if any(one is not None for one in row)]
        merged = [
            (top + 1, bottom + 1, left + 1, right + 1) for (top, left), (bottom, right) in sheet["merged"]
        ]
        grids.append(
            Grid(
                file, name, top=rows[:TOP], rows=[rows[number - 1] for number in numbers], numbers=numbers,
                merged=merged,
            )
        )  # fmt: skip
    if grids:
        notes.insert(
            0,
            Note(
                file,
                tr("in this format formulas, hidden rows and struck-out values can't be told apart from "
                   "others; save it as .xlsx to have them checked."),
            ),
        )  # fmt: skip
    return grids, faults, notes


def _date(read: dict) -> object:
    if "seconds" in read:
        return datetime.timedelta(seconds=read["seconds"])
    if "time" in read:
        return datetime.time.fromisoformat(read["time"])
    return datetime.datetime.fromisoformat(read["date"]) if "date" in read else read
