"""Workbooks of LibreOffice and of old Excel are read as their .xlsx; what can't be read is named in time."""

import zipfile
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd
import pytest
from helpers import ROOT
from helpers.lab_folders import csv_folder, file, frames

import mgbone

NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)
MIME = "application/vnd.oasis.opendocument.spreadsheet"
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIME}"/></manifest:manifest>'
)
TABLES = ("animals", "serum", "urine")


def cell(value, more=""):
    if value is None or value != value:
        return f"<table:table-cell {more}/>"
    if isinstance(value, str):
        text = f"<text:p>{escape(value)}</text:p>"
        return f'<table:table-cell office:value-type="string" {more}>{text}</table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{value!r}" {more}/>'


def row(cells, more=""):
    return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"


def sheet(name, frame, extra=""):
    rows = [list(frame.columns), *frame.astype(object).to_numpy().tolist()]
    body = "".join(row(cell(one) for one in line) for line in rows)
    return f'<table:table table:name="{escape(name)}">{body}{extra}</table:table>'


def write_ods(path, *sheets):
    """Write sheets as LibreOffice does: one XML of all cells in an archive."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = f"<office:document-content {NAMES}><office:body><office:spreadsheet>{''.join(sheets)}"
    content += "</office:spreadsheet></office:body></office:document-content>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", MIME)
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", content)
    return path.parent


def small(tables=None, **extra):
    return [sheet(name, frame, extra.get(name, "")) for name, frame in (tables or frames(TABLES)).items()]


def test_a_workbook_of_libreoffice_is_read_as_the_same_data(tmp_path):
    empty = row([cell(None, 'table:number-columns-repeated="16384"')], 'table:number-rows-repeated="1048500"')
    folder = write_ods(tmp_path / "lab" / "lab.ods", *small(serum=empty))
    dataset = mgbone.open_dataset(folder)
    expected = mgbone.open_dataset(csv_folder(tmp_path / "csv", TABLES))
    assert list(dataset.tables) == list(TABLES)
    for name in TABLES:
        pd.testing.assert_frame_equal(dataset.tables[name], expected.tables[name])
    assert dataset.notes[0].startswith("lab.ods: in this format formulas, hidden rows")


def test_its_faults_name_sheet_row_and_column(tmp_path):
    tables = frames(TABLES)
    tables["serum"] = tables["serum"].astype(object)
    tables["serum"].loc[[0, 1, 2], "serum_mg"] = ["#DIV/0!", "1,9x", "<0.5"]
    faults = mgbone.check_dataset(write_ods(tmp_path / "lab" / "lab.ods", *small(tables)))
    assert len(faults) == 2
    assert faults[0].startswith('lab.ods, sheet serum, row 2, column B "serum_mg": found #DIV/0!, an error')
    assert faults[1].startswith("lab.ods, sheet serum, row 3")


def test_an_old_workbook_is_read_with_its_merged_and_hidden_parts(tmp_path):
    """tests/dataset/lab/old.xls: numbers, a date, a merged group over two rows, a hidden sheet."""
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "lab.xls").write_bytes((ROOT / "tests" / "dataset" / "lab" / "old.xls").read_bytes())
    dataset = mgbone.open_dataset(folder)
    assert dataset.animals["animal_id"].tolist() == ["R1", "R2", "R3"]
    assert dataset.animals["group"].tolist() == ["control", "control", "mg004"]
    assert dataset.serum["serum_mg"].tolist() == [1.9, 2.0, 1.25]
    assert "lab.xls, sheet old: hidden, and not read." in dataset.notes
    assert any("'control' in merged cells holds for rows 2 to 3" in note for note in dataset.notes)


FAR = row([cell(None, 'table:number-columns-repeated="16000"'), cell(1.0)])
WIDE = row([cell(1.0, 'table:number-columns-repeated="1024"')], 'table:number-rows-repeated="60000"')
ENDLESS = row([cell(1.0, 'table:number-columns-repeated="16384"')], 'table:number-rows-repeated="1048000"')


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "can't be read as a workbook"),
        ("lab.ods", b"PK", "can't be read as a workbook"),
        ("lab.ods", b"", "is empty"),
        ("old.xls", b"\xd0\xcf\x11\xe0" + "_VBA_PROJECT".encode("utf-16-le"), "with macros, which are never"),
        ("big.xls", bytes(30_000_001), "more than 30"),
    ],
)
def test_what_is_no_workbook_is_named(tmp_path, name, data, said):
    folder = csv_folder(tmp_path / "lab", TABLES)
    file(name, data)(folder)
    (fault,) = mgbone.check_dataset(folder)
    assert fault.startswith(f"{name}: ") and said in fault


@pytest.mark.slow
@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (FAR, None),
        (WIDE, "reaches to row 600\\d+, column 1024|too much"),
        (ENDLESS, "too much time or memory"),
    ],
    ids=["far", "wide", "endless"],
)
def test_a_costly_one_is_read_or_named(tmp_path, extra, said):
    faults = mgbone.check_dataset(write_ods(tmp_path / "lab" / "lab.ods", *small(serum=extra)))
    if said is None:
        assert faults == []
    else:
        assert len(faults) == 1 and pd.Series(faults).str.contains(said).all(), faults


def test_a_date_is_still_no_number(tmp_path):
    tables = frames(TABLES)
    made = '<table:table-cell office:value-type="date" office:date-value="2026-01-02"/>'
    (serum,) = small({"serum": tables["serum"].assign(serum_mg=np.nan)})
    serum = serum.replace("<table:table-cell />", made, 1)
    sheets = [*small({"animals": tables["animals"]}), serum]
    (fault,) = mgbone.check_dataset(write_ods(tmp_path / "lab" / "lab.ods", *sheets))
    assert "found a date or time (2026-01-02" in fault
