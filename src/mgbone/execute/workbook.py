"""Tables as a workbook to hand on: a sheet each, with what has to be said, and the same bytes every time."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from mgbone.study.paths import write_aside

_WHEN = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can state
_WIDEST = 44


def write_workbook(
    tables: Mapping[str, pd.DataFrame], path: Path, notes: Sequence[str] = (), stamp: str | None = None
) -> None:
    """Write tables of text as one workbook, whole or not at all.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By the name of their sheet; columns with headings of two rows, the upper one spanning those below it.
    notes : sequence of str
        What stands under each table.
    stamp : str, optional
        What stands over each table, such as that data are simulated.
    """
    book = Workbook()
    book.remove(book.active)
    for name, table in tables.items():
        _write_sheet(book.create_sheet(name), table, notes, stamp)
    with write_aside(path) as aside:
        book.save(aside)
        _without_time(aside)


def _write_sheet(sheet: Worksheet, table: pd.DataFrame, notes: Sequence[str], stamp: str | None) -> None:
    if stamp:
        sheet.append([stamp])
        sheet.cell(1, 1).font = Font(bold=True, color="B00020")
    top = sheet.max_row + 1 if stamp else 1
    upper, lower = (list(table.columns.get_level_values(level)) for level in (0, 1))
    before = [None, *upper[:-1]]
    sheet.append([None, *(head if head != left else None for head, left in zip(upper, before, strict=True))])
    sheet.append([table.index.name, *lower])
    for name, row in zip(table.index, table.itertuples(index=False), strict=True):
        sheet.append([name, *row])
    last = sheet.max_row
    for note in notes:
        sheet.append([note])
    for row in sheet.iter_rows():
        for cell in row:
            if cell.data_type == "f":  # a name such as =A1 is a text here, and no formula
                cell.data_type = "s"
    rule = Side(style="thin")
    for row, border in ((top, Border(top=rule)), (top + 1, Border(bottom=rule)), (last, Border(bottom=rule))):
        for cell in sheet[row][: table.shape[1] + 1]:
            cell.border = border
            cell.font = Font(bold=row < last)
    for row in sheet.iter_rows(min_row=top, max_row=last, min_col=2):
        for cell in row:
            cell.alignment = Alignment(horizontal="left" if cell.row == top else "center")
    for number in range(1, table.shape[1] + 2):
        written = [str(sheet.cell(row, number).value or "") for row in range(top + 1, last + 1)]
        widest = max((sum(1 + (char > "\u2e80") for char in text) for text in written), default=0)
        sheet.column_dimensions[get_column_letter(number)].width = min(widest + 2, _WIDEST)
    sheet.freeze_panes = sheet.cell(top + 2, 2)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _without_time(path: Path) -> None:
    """Take out the time of writing, which openpyxl always states, and what depends on the version of zlib."""
    with ZipFile(path) as written:
        parts = {name: written.read(name) for name in written.namelist()}
    with ZipFile(path, "w") as timeless:
        for name, part in parts.items():
            if name == "docProps/core.xml":
                part = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"1980-01-01T00:00:00Z", part)
            timeless.writestr(ZipInfo(name, _WHEN), part)
