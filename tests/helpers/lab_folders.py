"""The small dataset as laboratories keep it: a workbook, or text files, for tests to vary and to spoil."""

import datetime
import io
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import pandas as pd
from openpyxl import Workbook, load_workbook

from helpers.languages import speak
from helpers.small_dataset import tables

TABLES = ("animals", "serum", "urine", "qct_slices")


def frames(names=TABLES):
    """Return tables of the small dataset."""
    return {name: table for name, table in tables().items() if name in names}


def write_book(path, sheets):
    """Write a workbook with a sheet per frame: headings in row 1, then the rows."""
    book = Workbook()
    book.remove(book.active)
    for name, frame in sheets.items():
        _fill(book.create_sheet(name), frame)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


def _fill(sheet, frame):
    sheet.append([str(column) for column in frame.columns])
    for row in frame.astype(object).to_numpy().tolist():
        sheet.append([None if cell != cell else cell for cell in row])


@cache
def _book_bytes():
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "lab.xlsx"
        write_book(path, frames())
        return path.read_bytes()


def lab_folder(folder):
    """Write the small dataset into one workbook, lab.xlsx."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lab.xlsx").write_bytes(_book_bytes())
    return folder


def csv_folder(folder, names=TABLES):
    """Write the small dataset as text files, in the form of the dictionary."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames(names).items():
        frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    return folder


# --- what can be done to a workbook ------------------------------------------------------------------


def book(edit):
    """Change lab.xlsx."""

    def change(folder):
        path = folder / "lab.xlsx"
        workbook = load_workbook(path)
        edit(workbook)
        workbook.save(path)

    return change


def cells(sheet, **values):
    """Put values into cells: ``cells("serum", B2="<0.5")``."""

    def edit(workbook):
        for place, value in values.items():
            workbook[sheet][place] = value

    return book(edit)


def sheet(name, edit):
    """Change one sheet."""
    return book(lambda workbook: edit(workbook[name]))


def both(*changes):
    """Do several things."""

    def change(folder):
        for one in changes:
            one(folder)

    return change


def replace_sheet(name, frame, renamed=None):
    """Write another frame in place of a sheet."""

    def edit(workbook):
        place = workbook.sheetnames.index(name)
        workbook.remove(workbook[name])
        _fill(workbook.create_sheet(renamed or name, place), frame)

    return book(edit)


def parts(edit):
    """Change the files within lab.xlsx, which is a ZIP archive: `edit` takes and gives a name and bytes."""

    def change(folder):
        path = folder / "lab.xlsx"
        out = io.BytesIO()
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                new.writestr(name, edit(name, old.read(name)))
        path.write_bytes(out.getvalue())

    return change


def file(name, data):
    """Write a file."""
    return lambda folder: (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def text(table, edit, encoding="utf-8"):
    """Write a table as text in place of its sheet: `edit` takes and gives the text of the canonical CSV."""

    def change(folder):
        frame = frames((table,))[table]
        content = frame.to_csv(index=False, lineterminator="\n")
        (folder / f"{table}.csv").write_bytes(edit(content).encode(encoding))
        drop(table)(folder)

    return change


def drop(name):
    """Take a sheet out of the workbook."""
    return book(lambda workbook: workbook.remove(workbook[name]))


def long_form(table, frame=None, unit=True):
    """Return a table with one row per measurement: animal, item, value, unit."""
    from mgbone.study.dictionary import field_label, field_unit

    wide = frames((table,))[table] if frame is None else frame
    long = wide.melt(id_vars="animal_id", var_name="item", value_name="value").sort_values(
        ["animal_id", "item"], kind="stable", ignore_index=True
    )
    fields = long["item"]
    out = pd.DataFrame(
        {"動物番号": long["animal_id"], "項目": [speak("ja", field_label, table, one) for one in fields]}
    )
    out["値"] = long["value"]
    if unit:
        out["単位"] = [field_unit(table, one) for one in fields]
    return out


DAY = datetime.datetime(2026, 1, 2)
