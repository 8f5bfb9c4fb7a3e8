"""Workbooks of old Excel (.xls) and of LibreOffice (.ods), read by calamine into the same grids.

Calamine keeps a sheet as one rectangle, however far apart its cells are, and says nothing of formulas. So it
works in a process of its own, whose memory and time are limited, and it reads no .xlsx: there
`mgbone.dataset.lab.workbook` finds formulas without values, hidden rows, number formats and struck-out cells.
"""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from pathlib import Path

from mgbone.dataset.faults import Fault, Note
from mgbone.dataset.lab.cell import is_blank
from mgbone.dataset.lab.grid import SAVE_AS, TOP, Grid, sheet_words
from mgbone.study.language import tr

ENDINGS = (".xls", ".ods")

MOST_BYTES = 30_000_000
MOST_MEMORY = 450_000_000
MOST_SECONDS = 10
MOST_CELLS = 4_000_000

_SHEETS = Path(__file__).with_name("_sheets.py")


def read_other_workbook(path: Path, file: str) -> tuple[list[Grid], list[Fault], list[Note]]:
    """Read all visible sheets of a workbook (.xls, .ods), as `workbook.read_workbook` does those of .xlsx."""
    data = path.read_bytes()
    if not data:
        return [], [Fault(file, tr("is empty"), tr("Fill in the table, or take the file away."))], []
    if len(data) > MOST_BYTES:
        problem = tr("has {size:.0f} MB, more than {most:.0f}", size=len(data) / 1e6, most=MOST_BYTES / 1e6)
        return [], [Fault(file, problem, tr("Save long tables as CSV, which is read much faster."))], []
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        return [], [Fault(file, *map(tr, SAVE_AS[".xlsm"]))], []
    command = [sys.executable, "-I", str(_SHEETS), str(path), str(MOST_MEMORY), str(MOST_CELLS)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=MOST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode:
        return [], [Fault(file, *_why(done))], []
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
            row, column = (place + 1 for place in sheet["far"])
            problem = tr("reaches to row {row}, column {column}", row=row, column=column)
            advice = tr("A cell far away holds something; delete the rows and columns beyond the table.")
            faults.append(Fault(where, problem, advice))
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
