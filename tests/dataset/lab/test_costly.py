"""Workbooks that claim to be huge are read or named within seconds and little memory."""

import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from helpers.counting import MOST_CALLS, counted
from helpers.lab_folders import both, csv_folder, lab_folder, parts
from helpers.small_dataset import write_small_dataset

import mgbone

MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def serum(old, new):
    """Change the sheet of serum within lab.xlsx."""
    return parts(lambda name, data: data.replace(old, new) if name == "xl/worksheets/sheet2.xml" else data)


def merged(reference):
    end = b"</sheetData>"
    return serum(end, end + b'<mergeCells><mergeCell ref="%s"/></mergeCells>' % reference)


def note(place, row):
    cell = b'<row r="%d"><c r="%s%d" t="inlineStr"><is><t>note</t></is></c></row>' % (row, place, row)
    return serum(b"</sheetData>", cell + b"</sheetData>")


def texts(content):
    """Add shared texts to lab.xlsx, which has none."""

    def change(folder):
        with zipfile.ZipFile(folder / "lab.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/sharedStrings.xml", b'<sst xmlns="%s">%s</sst>' % (MAIN, content))

    return change


def lying(folder):
    """Have the sheet of serum unpack to 2 GB, and say that it is small."""
    zeros = io.BytesIO()
    path = folder / "lab.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(zeros, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            with new.open(name, "w", force_zip64=False) as part:
                part.write(old.read(name))
                for _ in range(200 if name.endswith("sheet2.xml") else 0):
                    part.write(bytes(1_000_000))
        size = new.getinfo("xl/worksheets/sheet2.xml").file_size
    small = zeros.getvalue().replace(size.to_bytes(4, "little"), (5000).to_bytes(4, "little"))
    path.write_bytes(small)


COSTLY = {
    "a column merged as a whole": (merged(b"A1:A1048576"), "the cells of rows 1 to 1048576 are merged"),
    "all cells merged": (merged(b"A1:XFD1048576"), "the cells of rows 1 to 1048576 are merged"),
    "many merged cells": (
        serum(
            b"</sheetData>",
            b"</sheetData><mergeCells>" + b'<mergeCell ref="A2:A3"/>' * 300_000 + b"</mergeCells>",
        ),
        "has more than 10,000 merged cells",
    ),
    "a note in the last row": (note(b"A", 1048576), None),
    "a note far to the right": (note(b"AX", 200_000), None),
    "a note in the last cell": (note(b"XFD", 1048576), "reaches to row 1048576, column 16384"),
    "a sheet that declares 19 million cells": (
        serum(b"<sheetData>", b'<dimension ref="A1:R1048576"/><sheetData>'),
        None,
    ),
    "very many texts": (texts(b"<si/>" * 15_000_000), "holds more than 400,000 cells"),
    "nested texts": (texts(b"<si><r>" * 300_000 + b"</r></si>" * 300_000), None),
    "very many rows": (serum(b"</sheetData>", b"<row/>" * 5_000_000 + b"</sheetData>"), "400,000 cells"),
    "a part that lies about its size": (lying, "lab.xlsx"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", COSTLY)
def test_a_costly_workbook_is_read_or_named_in_time(tmp_path, case):
    spoil, expected = COSTLY[case]
    folder = lab_folder(tmp_path / "lab")
    spoil(folder)
    faults, calls = counted(mgbone.check_dataset, folder)
    assert calls < MOST_CALLS
    if expected is None:
        assert faults == []
    else:
        (fault,) = faults
        assert expected in fault


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells the highest memory")
def test_costly_workbooks_stay_within_memory(tmp_path):
    """In a process of its own, whose highest memory is that of these workbooks."""
    folders = []
    for case in (
        "very many texts",
        "many merged cells",
        "all cells merged",
        "a part that lies about its size",
    ):
        folder = lab_folder(tmp_path / case.replace(" ", "_"))
        both(COSTLY[case][0])(folder)
        folders.append(str(folder))
    code = (
        "import sys, pathlib, mgbone\n"
        "for folder in sys.argv[1:]: mgbone.check_dataset(folder)\n"
        "print(pathlib.Path('/proc/self/status').read_text())"
    )
    done = subprocess.run([sys.executable, "-c", code, *folders], capture_output=True, text=True, check=True)
    assert int(re.search(r"VmHWM:\s*(\d+) kB", done.stdout)[1]) < 500_000


@pytest.mark.slow
def test_a_text_file_of_very_many_columns_is_named(tmp_path):
    folder = csv_folder(tmp_path / "lab", ("animals",))
    heading = ",".join(["animal_id", *(f"c{one}" for one in range(1_000_000))])
    (folder / "serum.csv").write_text(f"{heading}\ne1-control-1{',1' * 1_000_000}\n")
    (fault,), calls = counted(mgbone.check_dataset, folder)
    assert fault.startswith("serum.csv: has 1,000,001 columns; 100,000 are the most")
    assert calls < MOST_CALLS


@pytest.mark.slow
def test_very_many_listed_files_take_no_time_each_by_each(tmp_path):
    folder = write_small_dataset(tmp_path / "small", "measured")
    described = json.loads((folder / "datapackage.json").read_text())
    described["resources"] += [{"name": f"x{one}", "path": f"x{one}.txt"} for one in range(30_000)]
    (folder / "datapackage.json").write_text(json.dumps(described))
    faults, calls = counted(mgbone.check_dataset, folder)
    assert len(faults) > 1 and calls < MOST_CALLS
