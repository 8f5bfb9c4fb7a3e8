"""Damage a laboratory's folder at random: it is read, or refused in words that name the file, in time."""

import io
import os
import zipfile

import pandas as pd
from helpers.counting import MOST_CALLS, counted
from helpers.lab_folders import csv_folder, lab_folder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mgbone
from mgbone.dataset.arrays.symbol_table import read_symbols
from mgbone.dataset.lab.cell import read_name, read_numbers
from mgbone.dataset.lab.proposal import propose_mapping
from mgbone.study.errors import MgboneError

MOST = int(os.environ.get("MGBONE_FUZZ", "0"))
"""Examples of each test, for a run of an hour: MGBONE_FUZZ=100000."""

few = settings(
    max_examples=MOST or 4, derandomize=not MOST, database=None, suppress_health_check=list(HealthCheck)
)

TEXTS = st.sampled_from(
    [
        '"',
        ",",
        ";",
        "\t",
        "\n",
        "\r",
        "\0",
        "=1+1",
        "１，９",
        "1,9",
        "<",
        "\ufeff",
        "平均",
        "\U0001f400",
        "9" * 400,
    ]
)
YAML = st.sampled_from(
    [
        "- ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a",
        "!!python/object:os.system ",
        "no",
        "1e999",
        ".nan",
        "\t",
        "'",
        "#",
        "|\n",
        "? ",
    ]
)
MAPPING = """rows: slices
files: scanner.csv
columns: {animal_id: SampNo, position: CTPOS, whole_area: TOT_A, whole_content: TOT_CNT}
units: {position: mm, whole_area: mm2, whole_content: mg}
direction: distal to proximal
thickness: 1
only: {SIDE: R}
"""
SCANNER = "SampNo,SIDE,CTPOS,TOT_A,TOT_CNT\ne1-control-1,R,5,10,5\ne1-control-2,R,5,10,5\n"
STUDY = """title: Mice
experiments:
  spring: {label: Running, weeks: 3, groups: [control, mg004], contrasts: [mg004_vs_control]}
groups:
  control: {label: Rest, label_ja: 安静}
  mg004: {label: Run, label_ja: 走行, dietary_mg_percent: 0.04}
thresholds: {significant: 0.05}
"""


@st.composite
def damaged(draw, text, pieces):
    """Overwrite, insert, double and cut at a few places of a text."""
    for _ in range(draw(st.integers(1, 5))):
        at, piece = draw(st.integers(0, len(text))), draw(st.one_of(pieces, st.text(max_size=6)))
        until = at + draw(st.integers(0, 30))
        middle = draw(st.sampled_from([piece, piece + text[at:until], text[at:until] * 2, ""]))
        text = text[:at] + middle + text[until:]
    return text


def check(folder):
    """Check a folder: it has faults in words, or opens, within so much work."""
    faults, calls = counted(mgbone.check_dataset, folder)
    assert all(fault.endswith((".", "?", ")")) and str(folder) not in fault for fault in faults), faults
    if not faults:
        mgbone.open_dataset(folder)
    assert calls < MOST_CALLS


def write(path, text):
    path.write_bytes(text.encode("utf-8", errors="surrogatepass"))


@few
@given(st.data())
def test_damaged_text_files(tmp_path_factory, data):
    folder = csv_folder(tmp_path_factory.mktemp("lab") / "lab")
    name = data.draw(st.sampled_from(["animals", "serum", "urine", "qct_slices"]))
    path = folder / f"{name}.csv"
    write(path, data.draw(damaged(path.read_text(encoding="utf-8"), TEXTS)))
    check(folder)


@few
@given(st.data())
def test_damaged_parts_of_a_workbook(tmp_path_factory, data):
    folder = lab_folder(tmp_path_factory.mktemp("lab") / "lab")
    path, out = folder / "lab.xlsx", io.BytesIO()
    pieces = st.sampled_from(
        ["<", ">", "&amp;", "<c/>", 'r="XFD1048576"', 't="s"', "<v>-1</v>", "<row>", "1e999"]
    )
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        chosen = data.draw(st.sampled_from([n for n in names if n.endswith((".xml", ".rels"))]))
        for name in names:
            part = old.read(name)
            if name == chosen:
                part = data.draw(damaged(part.decode(), pieces)).encode("utf-8", errors="surrogatepass")
            new.writestr(name, part)
    path.write_bytes(out.getvalue())
    check(folder)


@few
@given(st.binary(max_size=200), st.sampled_from([".xls", ".ods", ".xlsx"]), st.booleans())
def test_arbitrary_bytes_under_the_name_of_a_workbook(tmp_path_factory, rest, ending, magic):
    folder = csv_folder(tmp_path_factory.mktemp("lab") / "lab", ("animals",))
    begin = {".xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}.get(ending, b"PK\x03\x04") if magic else b""
    (folder / f"more{ending}").write_bytes(begin + rest)
    check(folder)


@few
@given(st.data())
def test_damaged_settings(tmp_path_factory, data):
    folder = csv_folder(tmp_path_factory.mktemp("lab") / "lab", ("animals", "serum"))
    texts = {"study.yml": STUDY, "qct_mapping.yml": MAPPING, "reading.yml": "leave_out: [平均, SD]\n"}
    chosen = data.draw(st.sampled_from(sorted(texts)))
    write(folder / "scanner.csv", SCANNER)
    for name, text in texts.items():
        if name == chosen:
            write(folder / name, data.draw(damaged(text, YAML)))
        elif name == "qct_mapping.yml":
            write(folder / name, text)
    check(folder)


@few
@given(st.data())
def test_a_mapping_is_proposed_for_any_export(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("lab")
    write(folder / "scanner.csv", data.draw(damaged(SCANNER, TEXTS)))
    try:
        assert propose_mapping(folder).endswith("\n")
    except MgboneError as error:
        assert str(error)


@few
@given(st.data())
def test_damaged_tables_of_symbols(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("platform") / "symbols.tsv"
    write(path, data.draw(damaged("gene\tsymbol\nENSRNOG1\tCtsk\nENSRNOG2\tAcp5 /// Il6\n", TEXTS)))
    try:
        assert read_symbols(path).notna().all()
    except MgboneError as error:
        assert "symbols.tsv" in str(error)


@few
@given(st.lists(st.one_of(st.none(), st.text(max_size=8), st.floats(), st.booleans(), TEXTS), max_size=8))
def test_any_column_is_read_or_refused(cells):

    values, readings = read_numbers(pd.Series(cells, dtype=object))
    assert len(values) == len(cells)
    for row, reading in readings.items():
        assert bool(reading.problem or reading.found) == bool(reading.advice) == (reading.kind == "bad"), (
            row,
            reading,
        )
    for cell in cells:
        name, problem = read_name(cell)
        assert name is None or not problem
