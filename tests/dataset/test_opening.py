"""Opening a dataset: what is good opens; what is bad is named with file, row, column, find and advice."""

import gc
import hashlib
import json
import re
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from helpers.languages import speak
from helpers.small_dataset import assert_named, describe, tables, write_cel, write_small_dataset

import mgbone
from mgbone.dataset.agreement import check_relations
from mgbone.dataset.csv_table import read_table
from mgbone.dataset.descriptor import write_datapackage
from mgbone.dataset.faults import MOST_OF_A_KIND
from mgbone.study.design import STRUCTURES, load_study
from mgbone.study.dictionary import TABLES, table_schema
from mgbone.study.errors import DatasetError, MgboneError


@pytest.fixture
def folder(tmp_path):
    return write_small_dataset(tmp_path / "small")


# --- what is good ------------------------------------------------------------------------------------


def test_a_dataset_opens_with_its_tables_typed_and_in_order(folder):
    dataset = mgbone.open_dataset(folder)
    assert (dataset.name, dataset.kind, dataset.seed, dataset.is_simulated) == ("small", "simulated", 1, True)
    assert (dataset.title, dataset.title_ja) == ("A small dataset", "小さなデータ")
    assert dataset.study == load_study()
    assert list(dataset.tables) == list(TABLES)
    for name, written in tables().items():
        columns = [field["name"] for field in table_schema(name)["fields"]]
        pd.testing.assert_frame_equal(dataset.tables[name], written[columns], check_dtype=False)
    assert dataset.qct_slices["slice"].dtype == "int64"
    assert [path.relative_to(folder).as_posix() for path in dataset.cel_paths] == list(dataset.arrays["file"])
    assert dataset.platform_folder == folder / "platform"
    assert dataset.notes == ()


def test_label_says_simulated_in_both_languages_and_measured_otherwise(folder, tmp_path):
    simulated = mgbone.open_dataset(folder)
    assert (simulated.label, speak("ja", lambda: simulated.label)) == (
        "simulated data",
        "シミュレーションデータ",
    )
    measured = mgbone.open_dataset(write_small_dataset(tmp_path / "lab", kind="measured"))
    assert (measured.label, speak("ja", lambda: measured.label), measured.is_simulated) == (
        "measured data",
        "測定データ",
        False,
    )
    assert measured.seed is None


def test_measured_data_may_lack_tables_hashes_platform_and_values(tmp_path):
    folder = write_small_dataset(tmp_path / "lab", kind="measured")
    for gone in ("serum.csv", "urine.csv", "arrays.csv", "platform/Chip.pgf"):
        (folder / gone).unlink()
    (folder / "platform").rmdir()
    for cel in (folder / "cel").iterdir():
        cel.unlink()
    change(folder, "animals.csv", lambda lines: [lines[0], blanked(lines[1], 5), *lines[2:]])
    write_datapackage(folder, "measured", "Lab")
    raw = json.loads((folder / "datapackage.json").read_text())
    for resource in raw["resources"]:
        del resource["hash"], resource["bytes"], resource["schema"]
    (folder / "datapackage.json").write_text(json.dumps(raw))
    dataset = mgbone.open_dataset(folder)
    assert dataset.serum is None and dataset.urine is None and dataset.arrays is None
    assert dataset.cel_paths == () and dataset.platform_folder is None
    assert np.isnan(dataset.animals.loc[0, "food_intake"])
    assert list(dataset.tables) == ["animals", "qct_slices"]


def test_unknown_columns_are_left_out_and_said(folder):
    change(
        folder, "serum.csv", lambda lines: [f"{line},{1 if i else 'zinc'}" for i, line in enumerate(lines)]
    )
    describe(folder)
    dataset = mgbone.open_dataset(folder)
    assert "zinc" not in dataset.serum
    assert dataset.notes == ("serum.csv: columns not in the dictionary were left out: zinc.",)


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data + b"\n,,,,,,\n",
        lambda data: data.replace(b"animal_id,", b"animal_id , ", 1).replace(b"\n", b",,\n"),
        lambda data: data.rstrip(b"\n"),
        lambda data: re.sub(rb"(?m)^(e\d-[^,]*),", rb'"\1",', data),
    ],
    ids=["byte order mark", "CRLF", "blank rows", "blank columns", "no last line end", "quotes"],
)
def test_harmless_ways_of_writing_csv_give_the_same_table(folder, rewrite):
    expected = mgbone.open_dataset(folder).serum
    path = folder / "serum.csv"
    path.write_bytes(rewrite(path.read_bytes()))
    describe(folder)
    pd.testing.assert_frame_equal(mgbone.open_dataset(folder).serum, expected)


def test_a_study_file_in_the_folder_wins(folder):
    text = (mgbone.study.paths.project_root() / "data" / "study.yml").read_text(encoding="utf-8")
    text = text.replace("mg002", "low").replace("title: Mild", "title: Another")
    (folder / "study.yml").write_text(text, encoding="utf-8")
    change(folder, "animals.csv", lambda lines: [line.replace(",mg002,", ",low,") for line in lines])
    describe(folder)
    dataset = mgbone.open_dataset(folder)
    assert dataset.study.title.startswith("Another")
    assert "low" in set(dataset.animals["group"])


def test_a_relative_path_counts_from_the_project(tmp_path, monkeypatch):
    root = tmp_path / "project"
    (root / "data").mkdir(parents=True)
    (root / "data" / "study.yml").write_bytes(
        (mgbone.study.paths.project_root() / "data" / "study.yml").read_bytes()
    )
    write_small_dataset(root / "data" / "small")
    monkeypatch.setenv("MGBONE_ROOT", str(root))
    monkeypatch.chdir(tmp_path)
    assert mgbone.open_dataset("data/small").path == root / "data" / "small"


# --- what is bad -------------------------------------------------------------------------------------


def change(folder, file, edit):
    """Rewrite a text file line by line."""
    path = folder / file
    path.write_text("\n".join(edit(path.read_text(encoding="utf-8").splitlines())) + "\n", encoding="utf-8")


def blanked(line, column):
    cells = line.split(",")
    cells[column] = ""
    return ",".join(cells)


def cell(file, row, column, value):
    """Put a value into a spreadsheet row of a table."""

    def spoil(folder):
        def edit(lines):
            place = lines[0].split(",").index(column)
            cells = lines[row - 1].split(",")
            cells[place] = value(cells[place]) if callable(value) else value
            return [*lines[: row - 1], ",".join(cells), *lines[row:]]

        change(folder, file, edit)

    return spoil


def lines(file, edit):
    return lambda folder: change(folder, file, edit)


def header(file, old, new):
    return lines(file, lambda rows: [rows[0].replace(old, new), *rows[1:]])


def without_column(file, column):
    def spoil(folder):
        frame = pd.read_csv(folder / file, dtype=str)
        frame.drop(columns=column).to_csv(folder / file, index=False)

    return spoil


def recoded(file, encoding, text=None):
    def spoil(folder):
        path = folder / file
        content = path.read_text(encoding="utf-8")
        path.write_bytes((text(content) if text else content).encode(encoding))

    return spoil


def contents(file, data):
    return lambda folder: (folder / file).write_bytes(data)


def descriptor(edit):
    """Change datapackage.json after all; the marker keeps the runner from writing it anew."""

    def spoil(folder):
        raw = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
        replaced = edit(raw)
        raw = raw if replaced is None else replaced
        (folder / "datapackage.json").write_text(json.dumps(raw, ensure_ascii=False), encoding="utf-8")

    spoil.keeps_descriptor = True
    return spoil


def after(spoil):
    """Spoil without writing the descriptor anew, so that checksums no longer fit."""

    def later(folder):
        spoil(folder)

    later.keeps_descriptor = True
    return later


def resource(raw, name):
    return next(entry for entry in raw["resources"] if entry["name"] == name)


def same_scan(folder):
    (folder / "cel/e1-mg001-1.CEL").write_bytes((folder / "cel/e1-pairfed-1.CEL").read_bytes())


def cut(file, share):
    def spoil(folder):
        data = (folder / file).read_bytes()
        (folder / file).write_bytes(data[: int(len(data) * share)])

    return spoil


BLANK = "leave the cell blank if it was not measured"

# What is done to the small dataset, and for each fault that must be named, in order, the pieces of its line.
# The first piece is where the line begins.
BAD = {
    # the folder and its descriptor
    "no descriptor": (
        after(lambda folder: [path.unlink() for path in folder.glob("*.*")]),
        [["datapackage.json: the file is missing.", "is this the right folder?"]],
    ),
    "descriptor not JSON": (
        after(contents("datapackage.json", b'{"kind": "simulated",\n "seed": 1,,}')),
        [["datapackage.json: is not valid JSON", "line 2, character 12", "comma"]],
    ),
    "descriptor not UTF-8": (
        after(contents("datapackage.json", '{"title": "血清"}'.encode("cp932"))),
        [["datapackage.json: is not UTF-8 text (byte 12)", "encoding UTF-8"]],
    ),
    "descriptor a list": (
        after(contents("datapackage.json", b"[1, 2]")),
        [["datapackage.json: holds no JSON object"]],
    ),
    "descriptor nested without end": (
        after(contents("datapackage.json", b"[" * 100_000)),
        [["datapackage.json: is not valid JSON: it is nested without end"]],
    ),
    "no kind": (
        descriptor(lambda raw: raw.pop("kind") and None),
        [["datapackage.json: kind is None", '"kind": "simulated" or "kind": "measured"']],
    ),
    "no seed": (
        descriptor(lambda raw: raw.pop("seed") and None),
        [["datapackage.json: seed is None", "from git", "mgbone.simulate --rewrite`"]],
    ),
    "no resources": (
        descriptor(lambda raw: {**raw, "kind": "measured", "resources": "all"}),
        [["datapackage.json: lists no resources"]]
        + [[f"datapackage.json: does not list {name}.csv, which lies in the folder"] for name in TABLES],
    ),
    "resource without path": (
        descriptor(lambda raw: raw["resources"].append({"name": "other"})),
        [["datapackage.json: resource 11 has no path"]],
    ),
    "resource outside": (
        descriptor(lambda raw: raw["resources"].append({"name": "other", "path": "../x.csv", "hash": "0"})),
        [["datapackage.json: resource 11 has the path '../x.csv', which is none within the folder"]],
    ),
    "resource of a name longer than file systems allow": (
        descriptor(lambda raw: raw["resources"].append({"name": "other", "path": "a" * 300, "hash": "0"})),
        [["datapackage.json: resource 11 has the path 'aaa", "which is none within the folder"]],
    ),
    "resource of a path that no file can have": (
        descriptor(
            lambda raw: raw["resources"].append({"name": "other", "path": "a/" * 600 + "a", "hash": "0"})
        ),
        [["datapackage.json: resource 11 has the path 'a/a/a", "which is none within the folder"]],
    ),
    "resource with a zero byte in its path": (
        descriptor(lambda raw: resource(raw, "serum").update(path="serum\0.csv")),
        [
            ["datapackage.json: resource 2 has the path 'serum\\x00.csv', which is none within the folder"],
            ["datapackage.json: does not list serum.csv"],
        ],
    ),
    "descriptor with an endless number": (
        after(contents("datapackage.json", b'{"seed": ' + b"9" * 5000 + b"}")),
        [["datapackage.json: is not valid JSON (", "Write it anew."]],
    ),
    "resource twice": (
        descriptor(lambda raw: raw["resources"].append(dict(resource(raw, "serum"), name="again"))),
        [["datapackage.json: serum.csv is listed twice", "Delete one"]],
    ),
    "no hash": (
        descriptor(lambda raw: resource(raw, "serum").pop("hash") and None),
        [["datapackage.json: serum.csv has no hash", "from git", "mgbone.simulate --rewrite`"]],
    ),
    "hash of another kind": (
        descriptor(lambda raw: resource(raw, "serum").update(hash="md5:d41d8cd98f00b204e9800998ecf8427e")),
        [["datapackage.json: the hash of serum.csv is 'md5:d41d", "not a SHA-256", "64 hexadecimal digits"]],
    ),
    "hash too short": (
        descriptor(lambda raw: resource(raw, "serum").update(hash="sha256:d41d")),
        [
            [
                "datapackage.json: the hash of serum.csv is 'sha256:d41d', not a SHA-256",
                "64 hexadecimal digits",
            ]
        ],
    ),
    "other unit in the schema": (
        descriptor(lambda raw: resource(raw, "serum")["schema"]["fields"][1].update(unit="mmol/L")),
        [["datapackage.json: gives serum.serum_mg the unit 'mmol/L', but it is 'mg/dL'", "Convert"]],
    ),
    "table not listed": (
        descriptor(lambda raw: raw["resources"].remove(resource(raw, "urine"))),
        [["datapackage.json: does not list urine.csv, which lies in the folder", '"path": "urine.csv"']],
    ),
    "table missing": (
        lambda folder: (folder / "urine.csv").unlink(),
        [["datapackage.json: the table urine is missing", "Add urine.csv"]],
    ),
    "file missing": (
        after(lambda folder: (folder / "urine.csv").unlink()),
        [["urine.csv: the file is missing. Run `make data`"]],
    ),
    "study file broken": (
        lambda folder: (folder / "study.yml").write_text("groups: {a: 1}\n"),
        [["study.yml: ", "wrong form", "data/study.yml"]],
    ),
    # checksums
    "wrong checksum": (
        after(cell("serum.csv", 2, "serum_mg", "1.999")),
        [
            [
                "serum.csv: the checksum is wrong: expected sha256 ",
                "found ",
                "`make data` to write it anew",
                "if a change of the generator is intended, run `python -m mgbone.simulate --rewrite`",
            ]
        ],
    ),
    "line endings": (
        after(contents("serum.csv", tables()["serum"].to_csv(index=False, lineterminator="\r\n").encode())),
        [["serum.csv: its line endings were changed to CRLF", "core.autocrlf false"]],
    ),
    "wrong checksum of a library file": (
        after(contents("platform/Chip.pgf", b"other")),
        [["platform/Chip.pgf: the checksum is wrong", "(5 bytes, described: 26)"]],
    ),
    # the file as text
    "empty table": (contents("serum.csv", b" \n"), [["serum.csv: is empty."]]),
    "Excel workbook": (
        contents("serum.csv", b"PK\x03\x04 and so on"),
        [["serum.csv: is an Excel workbook, not CSV text", "CSV UTF-8"]],
    ),
    "UTF-16": (recoded("serum.csv", "utf-16"), [["serum.csv: is UTF-16 text, not UTF-8", "CSV UTF-8"]]),
    "Shift_JIS": (
        recoded("animals.csv", "cp932", lambda text: text.replace(",mg001,", ",欠乏食群,")),
        [["animals.csv, row 6: is not UTF-8 text (byte 0x8c", "Shift_JIS (CP932)", "CSV UTF-8"]],
    ),
    "zero bytes": (
        recoded("serum.csv", "utf-8", lambda text: text.replace("e1-pairfed-2", "e1\0")),
        [["serum.csv, row 5: holds a zero byte", "Copy the file again"]],
    ),
    "semicolons": (
        recoded("serum.csv", "utf-8", lambda text: text.replace(",", ";")),
        [["serum.csv, row 1: has semicolons between its columns", "commas"]],
    ),
    "quote without pair": (
        cell("serum.csv", 3, "animal_id", lambda text: f'"{text}'),
        [["serum.csv: can't be read as CSV", "quotation mark"]],
    ),
    "row too long": (
        lines("serum.csv", lambda rows: [*rows[:3], rows[3].replace(".", ",", 1), *rows[4:]]),
        [["serum.csv, row 4: has 8 cells, but the header has 7 columns", "decimal comma"]],
    ),
    "two rows run together by a vertical tab": (
        recoded("serum.csv", "utf-8", lambda text: text.replace("\ne1-control-2", "\x0be1-control-2")),
        [["serum.csv, row 2: has 13 cells, but the header has 7 columns"]],
    ),
    "end cut off": (
        cut("serum.csv", 0.98),
        [["serum.csv, row 13: has ", "but the header has 7 columns", "cut off"]],
    ),
    "header only": (lines("serum.csv", lambda rows: rows[:1]), [["serum.csv: has a header but no rows"]]),
    "no header": (
        lines("serum.csv", lambda rows: rows[1:]),
        [["serum.csv, row 1: the header has none of the columns animal_id, serum_mg", "found e1-control-1"]],
    ),
    # columns
    "missing column": (
        without_column("serum.csv", "serum_mg"),
        [["serum.csv, row 1, column serum_mg: the column is missing. Add it; leave its cells blank"]],
    ),
    "missing column that is needed": (
        without_column("animals.csv", "group"),
        [["animals.csv, row 1, column group: the column is missing. Add it; every row needs it."]],
    ),
    "misspelt column": (
        header("serum.csv", "serum_osteocalcin", "serum_osteocalcine"),
        [
            [
                "serum.csv, row 1, column serum_osteocalcin: ",
                "nearest name found is 'serum_osteocalcine'",
                "Name it serum",
            ]
        ],
    ),
    "column in Japanese": (
        header("serum.csv", "serum_ca", "血清Ca濃度（mg/dL）"),
        [
            [
                "serum.csv, row 1, column serum_ca: ",
                "nearest name found is '血清Ca濃度（mg/dL）'",
                "Name it serum_ca.",
            ]
        ],
    ),
    "column in capitals": (
        header("urine.csv", "dpd", "DPD"),
        [["urine.csv, row 1, column dpd: the column is missing (the nearest name found is 'DPD')"]],
    ),
    "column twice": (
        header("serum.csv", "serum_ca", "serum_mg"),
        [
            ["serum.csv, row 1, column serum_mg: stands twice in the header", "Delete or rename"],
            ["serum.csv, row 1, column serum_ca: the column is missing"],
        ],
    ),
    "column without name": (
        lines(
            "serum.csv",
            lambda rows: [f"{rows[0]},", f"{rows[1]},", f"{rows[2]},note", *(f"{r}," for r in rows[3:])],
        ),
        [["serum.csv, row 1: column 8 has no name, but row 3 holds something in it"]],
    ),
    # cells
    "text for a number": (
        cell("serum.csv", 5, "serum_mg", "high"),
        [
            [
                "serum.csv, row 5, column serum_mg: found 'high', expected a number in mg/dL. Write a number",
                BLANK,
            ]
        ],
    ),
    "number with unit": (
        cell("urine.csv", 3, "ctx", "512 ug/L"),
        [
            [
                "urine.csv, row 3, column ctx: found '512 ug/L', expected a number in µg/L",
                "Write the number alone, in µg/L",
            ]
        ],
    ),
    "censored": (
        cell("urine.csv", 4, "creatinine", "<0.5"),
        [
            [
                "urine.csv, row 4, column creatinine: found '<0.5', expected a number in mmol/L",
                "limit of detection",
                "blank",
            ]
        ],
    ),
    "censored, full width": (
        cell("urine.csv", 4, "creatinine", "＜0.5"),
        [["urine.csv, row 4, column creatinine: found '＜0.5'", "limit of detection"]],
    ),
    "not determined": (
        cell("serum.csv", 4, "serum_pth", "N.D."),
        [
            [
                "serum.csv, row 4, column serum_pth: found 'N.D.'",
                "Leave the cell blank where nothing was measured.",
                "If it means not detected, write < and the limit",
            ]
        ],
    ),
    "not measured in Japanese": (
        cell("serum.csv", 4, "serum_pth", "欠測"),
        [
            [
                "serum.csv, row 4, column serum_pth: found '欠測'",
                "Leave the cell blank where nothing was measured.",
            ]
        ],
    ),
    "nan": (
        cell("serum.csv", 4, "serum_pth", "nan"),
        [["serum.csv, row 4, column serum_pth: found 'nan'", "Leave the cell blank"]],
    ),
    "infinity": (
        cell("serum.csv", 4, "serum_pth", "inf"),
        [["serum.csv, row 4, column serum_pth: found 'inf', expected a number in pg/mL"]],
    ),
    "too large for a number": (
        cell("serum.csv", 4, "serum_pth", "1e999"),
        [["serum.csv, row 4, column serum_pth: found 'inf', expected a number in pg/mL"]],
    ),
    "true": (
        lines("serum.csv", lambda rows: [rows[0], *(re.sub(r"[^,]+$", "True", row) for row in rows[1:3])]),
        [
            [f"serum.csv, row {row}, column serum_alp: found 'True', expected a number in U/L"]
            for row in (2, 3)
        ],
    ),
    "full-width digits": (
        cell("serum.csv", 4, "serum_mg", "０．８２"),
        [["serum.csv, row 4, column serum_mg: found '０．８２'", "half-width digits: 0.82."]],
    ),
    "thousands": (
        cell("serum.csv", 4, "serum_alp", '"1,250"'),
        [["serum.csv, row 4, column serum_alp: found '1,250'", "without commas: 1250"]],
    ),
    "decimal comma": (
        cell("serum.csv", 4, "serum_mg", '"1,5"'),
        [["serum.csv, row 4, column serum_mg: found '1,5'", "decimal with a point: 1.5."]],
    ),
    "formula": (
        cell("serum.csv", 4, "serum_mg", "=A1/2"),
        [
            [
                "serum.csv, row 4, column serum_mg: found '=A1/2', expected a number in mg/dL. Write",
                BLANK,
            ]
        ],
    ),
    "negative concentration": (
        cell("serum.csv", 7, "serum_ca", "-10.2"),
        [["serum.csv, row 7, column serum_ca: found -10.2, allowed is 0 or more mg/dL", "Correct the value"]],
    ),
    "creatinine zero": (
        cell("urine.csv", 2, "creatinine", "0"),
        [["urine.csv, row 2, column creatinine: found 0, allowed is more than 0 mmol/L"]],
    ),
    "slice not whole": (
        cell("qct_slices.csv", 3, "slice", "2.5"),
        [["qct_slices.csv, row 3, column slice: found '2.5', expected a whole number. Write a number."]],
    ),
    "slice zero": (
        cell("qct_slices.csv", 2, "slice", "0"),
        [["qct_slices.csv, row 2, column slice: found 0, allowed is 1 or more"]],
    ),
    "thickness blank": (
        cell("qct_slices.csv", 2, "thickness", ""),
        [["qct_slices.csv, row 2, column thickness: is blank. Fill in the slice thickness of this row."]],
    ),
    "group blank": (
        cell("animals.csv", 2, "group", " "),
        [["animals.csv, row 2, column group: is blank. Fill in"]],
    ),
    "blank after a name": (
        cell("serum.csv", 2, "animal_id", "e1-control-1 "),
        [
            ["serum.csv, row 2, column animal_id: found 'e1-control-1 ', allowed is a name without blanks"],
            [
                "serum.csv, row 2, column animal_id: found 'e1-control-1 ', which is not in animals.csv",
                "Is it e1-control-1?",
            ],
        ],
    ),
    "row counted past blank lines": (
        lines(
            "serum.csv",
            lambda rows: [*rows[:3], "", ",,,,,,", *rows[3:6], rows[6].replace(",", ",x", 1), *rows[7:]],
        ),
        [["serum.csv, row 9, column serum_mg: found 'x"]],
    ),
    "row counted past line breaks in a cell": (
        lambda folder: (folder / "serum.csv").write_text(
            (folder / "serum.csv")
            .read_text()
            .replace("animal_id", '"animal\n_id",animal_id')
            .replace("\ne1", '\n"a\nb",e1')
            .replace("\ne2", '\n"a\nb",e2')
            .replace("e2-mg002-2,", "e2-mg002-2,x")
        ),
        [["serum.csv, row 13, column serum_mg: found 'x"]],
    ),
    # rows
    "animal twice": (
        lines("animals.csv", lambda rows: [*rows, rows[1]]),
        [["animals.csv, row 14, column animal_id: e1-control-1 stands already in row 2", "Delete one"]],
    ),
    "animal twice in serum": (
        cell("serum.csv", 3, "animal_id", "e1-control-1"),
        [["serum.csv, row 3, column animal_id: e1-control-1 stands already in row 2"]],
    ),
    "slice twice": (
        cell("qct_slices.csv", 4, "slice", "2"),
        [["qct_slices.csv, row 4, columns animal_id, slice: e1-control-1 2 stands already in row 3"]],
    ),
    "array twice": (
        cell("arrays.csv", 3, "array_id", "e1-pairfed-1-a"),
        [["arrays.csv, row 3, column array_id: e1-pairfed-1-a stands already in row 2"]],
    ),
    "CEL file for two arrays": (
        cell("arrays.csv", 3, "file", "cel/e1-pairfed-1.CEL"),
        [["arrays.csv, row 3, column file: cel/e1-pairfed-1.CEL stands already in row 2"]],
    ),
    # between tables
    "unknown group": (
        cell("animals.csv", 5, "group", "mg002"),
        [
            [
                "animals.csv, row 5, column group: found 'mg002', exp1 has the groups control, pairfed, mg",
                "study.yml",
            ]
        ],
    ),
    "group in Japanese": (
        cell("animals.csv", 2, "group", "正常食群"),
        [["animals.csv, row 2, column group: found '正常食群'", "Write control, if that is meant"]],
    ),
    "unknown experiment": (
        cell("animals.csv", 2, "experiment", "Exp 1"),
        [
            [
                "animals.csv, row 2, column experiment: found 'Exp 1', the study has the experiments exp1,",
                "Write exp1",
            ]
        ],
    ),
    "animal only in serum": (
        cell("serum.csv", 6, "animal_id", "e1-mg01-1"),
        [
            [
                "serum.csv, row 6, column animal_id: found 'e1-mg01-1', which is not in animals.csv",
                "Is it e1-mg001-1?",
            ]
        ],
    ),
    "animal only in slices, said once": (
        lines("qct_slices.csv", lambda rows: [row.replace("e1-mg001-1", "someone") for row in rows]),
        [
            [
                "qct_slices.csv, row 22, column animal_id: found 'someone' (in 5 rows)",
                "or add the animal there",
            ]
        ],
    ),
    "array of an unknown animal": (
        cell("arrays.csv", 2, "animal_id", "rat 7"),
        [["arrays.csv, row 2, column animal_id: found 'rat 7', which is not in animals.csv"]],
    ),
    # slices
    "beyond the femur": (
        cell("qct_slices.csv", 6, "position", "40"),
        [
            [
                "qct_slices.csv, row 6, column position: found 40 mm, but the femur of e1-control-1 is 2",
                "in mm from the distal",
            ]
        ],
    ),
    "two slices at one place": (
        lines(
            "qct_slices.csv",
            lambda rows: [*rows[:3], re.sub(r",3,[^,]*", f",3,{rows[2].split(',')[2]}", rows[3]), *rows[4:]],
        ),
        [["qct_slices.csv, row 4, column position: found ", "where e1-control-1 has a slice already"]],
    ),
    "slices without femoral length": (
        cell("animals.csv", 3, "femur_length", ""),
        [
            [
                "qct_slices.csv, row 7, column animal_id: e1-control-2 has slices, but no femur_length",
                "Fill in",
            ]
        ],
    ),
    "whole is not the sum": (
        cell("qct_slices.csv", 9, "whole_area", "10.4"),
        [
            [
                "qct_slices.csv, row 9, column whole_area: found 10.4 mm², but cortical + cancellous is 10",
                "the sum",
            ]
        ],
    ),
    "trabecular above cancellous": (
        cell("qct_slices.csv", 9, "trabecular_content", "0.7"),
        [
            [
                "qct_slices.csv, row 9, column trabecular_content: found 0.7 mg, more than",
                "(0.6 mg)",
                "exchanged",
            ]
        ],
    ),
    "half a measurement": (
        cell("qct_slices.csv", 9, "trabecular_area", ""),
        [
            [
                "qct_slices.csv, row 9, columns trabecular_area, trabecular_content: ",
                "trabecular_area is blank",
                "both",
            ]
        ],
    ),
    "denser than mineral": (
        lines(
            "qct_slices.csv",
            lambda rows: [*rows[:2], re.sub(r",0\.5,", ",0.01,", rows[2], count=1), *rows[3:]],
        ),
        [
            [f"qct_slices.csv, row 3, column {name}_content: found ", "hydroxyapatite", "Check the units"]
            for name in STRUCTURES
        ],
    ),
    # CEL files
    "CEL missing": (
        after(lambda folder: (folder / "cel/e2-mg004-1.CEL").unlink()),
        [["cel/e2-mg004-1.CEL: the file is missing. Run `make data`, which writes it."]],
    ),
    "all CEL files missing, said once": (
        after(lambda folder: [path.unlink() for path in (folder / "cel").iterdir()]),
        [["cel/: 4 files are missing (e1-mg001-1.CEL, e1-pairfed-1.CEL, ", "which writes them."]],
    ),
    "CEL not listed": (
        descriptor(lambda raw: raw["resources"].remove(resource(raw, "cel/e2-mg004-1.cel"))),
        [["datapackage.json: does not list cel/e2-mg004-1.CEL, which arrays.csv names", "from git"]],
    ),
    "CEL truncated": (
        cut("cel/e2-mg004-1.CEL", 0.7),
        [["cel/e2-mg004-1.CEL: ", "truncated", "Copy the file again from its source."]],
    ),
    "CEL is something else": (
        contents("cel/e2-mg004-1.CEL", b"%PDF-1.7 and more"),
        [["cel/e2-mg004-1.CEL: is not a CEL file", "%PDF"]],
    ),
    "CEL path outside": (
        cell("arrays.csv", 2, "file", "../cel/a.CEL"),
        [["arrays.csv, row 2, column file: found '../cel/a.CEL', which is none within the folder"]],
    ),
    "CEL path no CEL": (
        cell("arrays.csv", 2, "file", "cel/a.txt"),
        [["arrays.csv, row 2, column file: found 'cel/a.txt', allowed is the path of a .CEL file"]],
    ),
    "one scan twice": (
        same_scan,
        [["arrays.csv, row 3, column file: e1-mg001-1.CEL holds the same scan as cel/e1-pairfed-1.CEL"]],
    ),
    "another chip": (
        lambda folder: write_cel(folder / "cel/e1-mg001-1.CEL", chip="RaGene-2_0-st-v1", seed=9),
        [
            [
                "arrays.csv, row 3, column file: cel/e1-mg001-1.CEL: chip RaGene-2_0-st-v1",
                "the other arrays are Clariom_S_Rat",
            ]
        ],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_dataset_is_refused_and_says_where_and_what_to_do(folder, case):
    spoil, expected = BAD[case]
    spoil(folder)
    if not hasattr(spoil, "keeps_descriptor"):
        describe(folder)
    faults = mgbone.check_dataset(folder)
    assert_named(faults, expected, folder)
    with pytest.raises(DatasetError) as caught:
        mgbone.open_dataset(folder)
    assert caught.value.faults == faults


def test_the_table_of_bad_inputs_is_long_enough():
    assert len(BAD) >= 30


def test_all_faults_of_all_files_come_at_once(folder):
    for case in (
        "unknown group",
        "negative concentration",
        "creatinine zero",
        "beyond the femur",
        "another chip",
    ):
        BAD[case][0](folder)
    cell("serum.csv", 2, "serum_mg", "high")(folder)
    describe(folder)
    (folder / "platform/Chip.pgf").write_text("changed")
    faults = mgbone.check_dataset(folder)
    assert [fault.split(":")[0] for fault in faults] == [
        "serum.csv, row 2, column serum_mg",
        "serum.csv, row 7, column serum_ca",
        "urine.csv, row 2, column creatinine",
        "animals.csv, row 5, column group",
        "qct_slices.csv, row 6, column position",
        "platform/Chip.pgf",
        "arrays.csv, row 3, column file",
    ]
    with pytest.raises(DatasetError, match=r"^7 faults found:\n  - serum.csv, row 2"):
        mgbone.open_dataset(folder)


def test_one_found_name_is_offered_for_one_missing_column_only(folder):
    header("serum.csv", "serum_pth", "serum_pt")(folder)
    without_column("serum.csv", "serum_p")(folder)
    describe(folder)
    faults = mgbone.check_dataset(folder)
    assert ["the column is missing" in fault for fault in faults] == [True, True]
    assert ["'serum_pt'" in fault for fault in faults].count(True) == 1


def test_many_faults_of_a_kind_are_counted_not_listed(folder):
    change(
        folder,
        "qct_slices.csv",
        lambda rows: [rows[0], *(row.replace(",0.5,", ",-1,", 1) for row in rows[1:])],
    )
    describe(folder)
    faults = [fault for fault in mgbone.check_dataset(folder) if "column thickness" in fault]
    n_rows = len(tables()["qct_slices"])
    assert len(faults) == MOST_OF_A_KIND + 1
    left = n_rows - MOST_OF_A_KIND
    assert faults[-1] == (
        f"qct_slices.csv, column thickness: {left} more rows have a fault of this kind, from row "
        f"{MOST_OF_A_KIND + 2} on. Mend them in the same way."
    )


@pytest.mark.parametrize(
    ("name", "problem"), [("nowhere", "the folder is missing"), ("file", "is a file, not a folder")]
)
def test_a_folder_that_is_none_is_named(tmp_path, name, problem):
    (tmp_path / "file").write_text("")
    assert mgbone.check_dataset(tmp_path / name) == [
        f"{tmp_path / name}: {problem}. Give the folder that holds the dataset."
    ]


def test_rounded_sums_are_no_fault(folder):
    for row, column, value in (
        (2, "whole_area", "10.01"),
        (3, "trabecular_content", "0.61"),
        (4, "whole_content", "3.002"),
    ):
        cell("qct_slices.csv", row, column, value)(folder)
    for column in (f"{structure}_{measure}" for structure in STRUCTURES for measure in ("area", "content")):
        cell("qct_slices.csv", 5, column, "")(folder)
        cell("qct_slices.csv", 6, column, "0")(folder)
    describe(folder)
    assert mgbone.check_dataset(folder) == []


SPOILERS = [
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    "０".encode(),
    b"<0.5",
    b"1e400",
    b"",
    b"True",
    b" ",
    b"\t",
]
SPOILERS += [b"9" * 30, b"1_0", b"0x10", b"\x0b", "\u2028".encode(), b"+", b".", b"-", b";"]


@pytest.mark.parametrize("seed", range(40))
def test_no_damage_to_a_table_gives_a_traceback_or_a_warning(seed):
    rng = np.random.default_rng(seed)
    spoilt = rng.choice(TABLES)
    frames, names = {}, {name: f"{name}.csv" for name in TABLES}
    for name, frame in tables().items():
        data = bytearray(frame.to_csv(index=False).encode())
        for _ in range(rng.choice([1, 2, 30]) if name == spoilt else 0):
            start = int(rng.integers(len(data) + 1))
            data[start : start + int(rng.choice([0, 1, 8]))] = SPOILERS[rng.integers(len(SPOILERS))]
        table = read_table(bytes(data), names[name], name)
        assert all(str(fault).startswith(names[name]) for fault in table.faults)
        if table.frame is not None:
            frames[name] = table.frame
    assert all(isinstance(str(fault), str) for fault in check_relations(frames, names, load_study()))


@pytest.mark.parametrize("value", [None, [], {"a": []}, "\0", "é\ud800", 10**30], ids=repr)
def test_no_value_in_the_descriptor_gives_a_traceback(folder, value):
    path = folder / "datapackage.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    places = [(key,) for key in whole]
    places += [("resources", 1, key) for key in whole["resources"][1]]
    places += [("resources", 1, "schema", "fields"), ("resources", 1, "schema", "fields", 1)]
    places += [("resources", 1, "schema", "fields", 1, key) for key in ("name", "unit", "type")]
    for place in places:
        raw = json.loads(json.dumps(whole))
        inside = raw
        for key in place[:-1]:
            inside = inside[key]
        inside[place[-1]] = value
        path.write_text(json.dumps(raw))
        for fault in mgbone.check_dataset(folder):
            fault.encode("utf-8")


# --- the descriptor ----------------------------------------------------------------------------------


def test_the_descriptor_is_valid_frictionless_and_tells_the_files(folder):
    # frictionless' own dependencies warn on import; that is theirs, not the descriptor's
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from frictionless import Package
    raw = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert list(Package.metadata_validate(raw)) == []
    report = Package.from_descriptor(raw, basepath=str(folder)).validate()
    assert report.valid, report.flatten(["type", "note"])
    assert [entry["path"] for entry in raw["resources"]][:5] == [f"{name}.csv" for name in TABLES]
    for entry in raw["resources"]:
        data = (folder / entry["path"]).read_bytes()
        assert (entry["bytes"], entry["hash"]) == (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
    assert raw["kind"] == "simulated" and raw["seed"] == 1 and raw["licenses"][0]["name"] == "CC0-1.0"


def test_frictionless_too_rejects_a_spoilt_table(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from frictionless import Package
    cell("serum.csv", 7, "serum_ca", "-10.2")(folder)
    describe(folder)
    raw = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    report = Package.from_descriptor(raw, basepath=str(folder)).validate()
    assert report.flatten(["rowNumber", "fieldName", "type"]) == [[7, "serum_ca", "constraint-error"]]


def test_the_same_folder_gives_the_same_descriptor(folder, tmp_path):
    first = (folder / "datapackage.json").read_bytes()
    describe(folder)
    assert (folder / "datapackage.json").read_bytes() == first
    other = write_small_dataset(tmp_path / "elsewhere" / "small")
    assert (other / "datapackage.json").read_bytes() == first


def test_groups_of_the_study_become_allowed_values(folder):
    groups = {name: experiment.groups for name, experiment in load_study().experiments.items()}
    write_datapackage(folder, "simulated", "With groups", seed=2, groups=groups)
    raw = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    fields = {entry["name"]: entry for entry in resource(raw, "animals")["schema"]["fields"]}
    assert fields["experiment"]["constraints"]["enum"] == ["exp1", "exp2"]
    assert fields["group"]["constraints"]["enum"] == ["control", "pairfed", "mg001", "mg004", "mg002"]
    assert mgbone.check_dataset(folder) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "real", "title": "x"}, "'real' is not known; choose simulated or measured"),
        ({"kind": "simulated", "title": "x"}, "must name the seed"),
    ],
)
def test_a_descriptor_that_would_be_refused_is_not_written(folder, arguments, message):
    before = (folder / "datapackage.json").read_bytes()
    with pytest.raises(MgboneError, match=message):
        write_datapackage(folder, **arguments)
    assert (folder / "datapackage.json").read_bytes() == before


def test_a_folder_without_tables_gets_no_descriptor(tmp_path):
    with pytest.raises(MgboneError, match="holds none of the tables animals, serum"):
        write_datapackage(tmp_path, "measured", "x")
    assert list(tmp_path.iterdir()) == []


# --- pandera reads the same schemas ------------------------------------------------------------------

BROKEN = [
    ("serum", "serum_mg", -1.0),
    ("animals", "body_weight_final", -3.0),
    ("animals", "animal_id", None),
    ("animals", "animal_id", "e1-control-2"),
    ("animals", "animal_id", " x"),
    ("qct_slices", "slice", 0),
    ("qct_slices", "thickness", None),
]


@pytest.fixture(scope="module")
def pandera_schema():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandera.io.pandas_io as pandas_io
    return lambda name: pandas_io.from_frictionless_schema(table_schema(name))


@pytest.mark.parametrize("name", TABLES)
def test_pandera_accepts_what_is_accepted_here(name, pandera_schema):
    frame = tables()[name]
    pandera_schema(name).validate(frame, lazy=True)
    assert read_table(frame.to_csv(index=False).encode(), f"{name}.csv", name).faults == []


@pytest.mark.parametrize(("name", "column", "value"), BROKEN)
def test_pandera_rejects_what_is_rejected_here(name, column, value, pandera_schema):
    from pandera.errors import SchemaErrors

    frame = tables()[name].astype({column: object})
    frame.loc[0, column] = value
    frame[column] = frame[column].infer_objects()
    assert read_table(frame.to_csv(index=False).encode(), f"{name}.csv", name).faults
    with pytest.raises(SchemaErrors):
        pandera_schema(name).validate(frame, lazy=True)


# --- speed -------------------------------------------------------------------------------------------


def test_importing_the_package_loads_no_library():
    code = (
        "import sys, mgbone; print(sorted({'numpy', 'pandas', 'frictionless', 'pandera'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_opening_loads_neither_pandera_nor_frictionless(folder):
    code = (
        f"import sys, mgbone; mgbone.open_dataset({str(folder)!r}); "
        "print(sorted({'pandera', 'frictionless', 'matplotlib', 'gseapy', 'pylimma'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def write_many(folder, n_animals=5000, n_slices=100):
    """Write 5,000 animals and 500,000 slices, measured."""
    folder.mkdir()
    one = tables(n_per_group=-(-n_animals // 6))
    animals = one["animals"].iloc[:n_animals]
    animals.to_csv(folder / "animals.csv", index=False)
    one["serum"].iloc[:n_animals].to_csv(folder / "serum.csv", index=False)
    slices = one["qct_slices"].iloc[:1].loc[[0] * (n_animals * n_slices)].reset_index(drop=True)
    slices["animal_id"] = animals["animal_id"].repeat(n_slices).to_numpy()
    slices["slice"] = np.tile(np.arange(1, n_slices + 1), n_animals)
    slices["position"] = (slices["slice"] * 0.25 - 0.125).round(3)
    slices.to_csv(folder / "qct_slices.csv", index=False)
    write_datapackage(folder, "measured", "Many")


def spoilt_everywhere(folder):
    """Put a fault of another kind into every other row of every column of the slices."""
    frame = pd.read_csv(folder / "qct_slices.csv").astype(object)
    frame.loc[::2, "thickness"] = "thin"
    frame.loc[::2, "cortical_area"] = "-3"
    frame.loc[::3, "position"] = "99"
    frame.loc[1::2, "whole_content"] = "<0.5"
    frame.loc[::4, "animal_id"] = "nobody"
    frame.loc[::5, "slice"] = 1
    frame.to_csv(folder / "qct_slices.csv", index=False)
    write_datapackage(folder, "measured", "Many")


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [None, spoilt_everywhere])
def test_five_thousand_animals_take_at_most_one_gigabyte(tmp_path, spoil):
    folder = tmp_path / "many"
    write_many(folder)
    if spoil:
        spoil(folder)
    gc.collect()
    code = (
        f"import mgbone, resource; n = len(mgbone.check_dataset({str(folder)!r})); "
        "print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, kilobytes = map(int, done.stdout.split())
    assert (count > 0) == bool(spoil)
    assert kilobytes <= 1_000_000
