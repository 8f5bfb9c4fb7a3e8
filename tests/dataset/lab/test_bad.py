"""What a laboratory may get wrong: each mistake is said with file, sheet, row, column and what to do."""

import zipfile

import numpy as np
import pandas as pd
import pytest
from helpers.lab_folders import (
    DAY,
    book,
    both,
    cells,
    csv_folder,
    drop,
    file,
    frames,
    lab_folder,
    long_form,
    parts,
    replace_sheet,
    sheet,
    text,
)
from helpers.languages import speak
from helpers.small_dataset import assert_named
from helpers.spoiling import faults_of

import mgbone
from mgbone.execute.cli import main
from mgbone.study.errors import DatasetError

SERUM = "lab.xlsx, sheet serum"
ANIMALS = "lab.xlsx, sheet animals"
MG = 'column B "serum_mg"'
FROM_XLS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def heading(table, old, new):
    """Rename a heading of a sheet."""

    def edit(worksheet):
        (cell,) = [cell for cell in worksheet[1] if cell.value == old]
        cell.value = new

    return sheet(table, edit)


def mapping(body, without=()):
    """Write qct_mapping.yml, and the slices as a scanner's software might export them."""
    slices = frames()["qct_slices"]
    export = slices.rename(columns={"animal_id": "Sample ID", "slice": "Slice No.", "position": "Pos"})
    export = export.drop(columns=list(without))
    return both(
        drop("qct_slices"),
        lambda folder: export.to_csv(folder / "latheta.csv", index=False),
        file("qct_mapping.yml", body),
    )


COLUMNS = "columns:\n  animal_id: Sample ID\n  slice: Slice No.\n  position: Pos\n" + "".join(
    f"  {name}: {name}\n" for name in frames()["qct_slices"].columns[3:]
)
UNITS = "units: {position: mm, thickness: mm, " + ", ".join(
    f"{s}_area: mm2, {s}_content: mg" for s in ("whole", "cortical", "cancellous", "trabecular")
)
MAPPED = f"files: latheta.csv\ndirection: distal to proximal\n{COLUMNS}{UNITS}}}\n"


def regional(**changes):
    """A table of regional density in place of slices."""
    rows = [(animal, "皮質骨", "遠位部", 700.0) for animal in frames()["animals"]["animal_id"]]
    table = pd.DataFrame(rows, columns=["動物番号", "構造", "部位", "骨密度 (mg/cm3)"])
    for column, value in changes.items():
        table = table.astype({column: object})
        table.loc[0, column] = value
    return replace_sheet("qct_slices", table, "qct_regions")


ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'

# What is done to the workbook, and for each fault that must be named, in order, the pieces of its line.
# The first piece is where the line begins.
BAD = {
    # files
    "old format of Excel, damaged": (
        file("old.xls", FROM_XLS),
        [["old.xls: can't be read as a workbook", ".xlsx"]],
    ),
    "old format under a new name": (
        file("new.xlsx", FROM_XLS),
        [["new.xlsx: is protected by a password, or is in the old format", "Take the password off"]],
    ),
    "macros": (
        file("lab.xlsm", b"PK"),
        [["lab.xlsm: is a workbook with macros, which are never run", ".xlsx"]],
    ),
    "macros under the name of a plain workbook": (
        lambda folder: _with_macros(folder),
        [["lab.xlsx: is a workbook with macros", "Save it as"]],
    ),
    "Numbers": (file("lab.numbers", b"PK"), [["lab.numbers: is a table of Numbers", "Export it as"]]),
    "workbook empty": (file("more.xlsx", b""), [["more.xlsx: is empty", "take the file away"]]),
    "workbook truncated": (
        lambda folder: (folder / "lab.xlsx").write_bytes((folder / "lab.xlsx").read_bytes()[:4000]),
        [["lab.xlsx: is no Excel workbook, or a damaged one", "Open it in Excel"]],
    ),
    "workbook with damaged sheet": (
        parts(lambda name, data: data[: len(data) // 2] if name.endswith("sheet2.xml") else data),
        [["lab.xlsx: can't be read as a workbook", "Open it in Excel"]],
    ),
    "workbook with entities": (
        parts(lambda name, data: ENTITY + data if name.endswith("sheet2.xml") else data),
        [["lab.xlsx: can't be read as a workbook", "Open it in Excel"]],
    ),
    "workbook that unpacks to very much": (
        lambda folder: _bomb(folder),
        [["lab.xlsx: unpacks to", "more than 100 MB", "Save long tables as CSV"]],
    ),
    "a picture named as a workbook": (
        file("photo.xlsx", b"\x89PNG\r\n" + bytes(100)),
        [["photo.xlsx: is no Excel workbook"]],
    ),
    "workbook named as CSV": (
        lambda folder: (folder / "serum.csv").write_bytes((folder / "lab.xlsx").read_bytes()),
        [["serum.csv: is an Excel workbook under the name of a text file", ".xlsx"]],
    ),
    "CSV empty": (text("serum", lambda _: " \n"), [["serum.csv: is empty", "Fill in the table"]]),
    "CSV with a zero byte": (
        text("serum", lambda data: data.replace("e1-control-2", "e1\0control-2")),
        [["serum.csv, row 3: holds a zero byte"]],
    ),
    "CSV neither UTF-8 nor CP932": (
        both(drop("serum"), file("serum.csv", b"animal_id,serum_mg\ne1-control-1,\x81\x20\xe3\x81\n")),
        [["serum.csv, row 2: is neither UTF-8 nor CP932", "CSV UTF-8"]],
    ),
    "CSV with a lone quotation mark": (
        text("serum", lambda data: data.replace("e1-control-2,", '"e1-control-2,')),
        [["serum.csv: can't be read as CSV", "quotation mark without its pair"]],
    ),
    "CSV with a decimal comma": (
        text("serum", lambda data: _row(data, 3, lambda cells: [cells[0], "1,9", *cells[2:]])),
        [["serum.csv, row 3: has 8 cells, but the table has 7 columns", "decimal comma"]],
    ),
    "CSV cut off": (
        text("serum", lambda data: data[: data.rindex(",")]),
        [["serum.csv, row 13: has 6 cells, but the table has 7 columns", "cut off"]],
    ),
    "no animals anywhere": (
        drop("animals"),
        [["lab: no table says which animals there are", "Fill in the sheet of animals"]],
    ),
    # sheets and headings
    "no heading": (
        sheet("serum", lambda one: one.delete_rows(1)),
        [[f"{SERUM}: no heading names the animals; found in row 1", '"動物ID"']],
    ),
    "no heading below a title": (
        sheet("serum", lambda one: (one.delete_rows(1), one.insert_rows(1, 2), one.cell(1, 2, "血清の表"))),
        [[f"{SERUM}: no heading names the animals; found in row 1: 血清の表", '"動物ID"']],
    ),
    "no heading below blank rows": (
        sheet("serum", lambda one: (one.delete_rows(1), one.insert_rows(1, 2))),
        [[f"{SERUM}: no heading names the animals; found in row 3: e1-control-1", '"動物ID"']],
    ),
    "no column of animals": (
        heading("serum", "animal_id", "who"),
        [[f"{SERUM}: no heading names the animals; found in row 1: who, serum_mg"]],
    ),
    "heading twice": (
        heading("serum", "serum_ca", "Serum magnesium"),
        [
            [
                f'{SERUM}, row 1, column C "Serum magnesium": the heading means serum_mg, as that of',
                "Delete or rename",
            ]
        ],
    ),
    "heading with two meanings": (
        heading("animals", "body_weight_final", "体重 (g)"),
        [
            [
                f'{ANIMALS}, row 1, column E "体重 (g)": the heading may mean '
                "body_weight_final or body_weight_initial"
            ]
        ],
    ),
    "heading misspelt": (
        heading("serum", "serum_osteocalcin", "serum_osteocalcine"),
        [
            [
                f'{SERUM}, row 1, column F "serum_osteocalcine": the heading '
                "is not known; is it serum_osteocalcin?",
                "血清オステオカルシン濃度 (ng/mL)",
            ]
        ],
    ),
    "headings without rows": (
        text("serum", lambda data: data.splitlines()[0] + "\n"),
        [["serum.csv: has headings but no rows"]],
    ),
    "cell far away": (
        cells("serum", XFD1048576="x"),
        [[f"{SERUM}: reaches to row 1048576, column 16384", "delete the rows and columns"]],
    ),
    # units
    "no unit with a laboratory's own heading": (
        heading("serum", "serum_mg", "血清Mg"),
        [
            [
                f'{SERUM}, column B "血清Mg": no unit is stated for serum_mg, which is kept in mg/dL',
                "血清Mg濃度 (mg/dL)",
            ]
        ],
    ),
    "unit not understood": (
        heading("serum", "serum_mg", "血清Mg (mg‰)"),
        [[f"{SERUM}, row 1, column B \"血清Mg (mg‰)\": the unit 'mg‰' is not understood", "such as mg/dL"]],
    ),
    "unit of another kind": (
        heading("serum", "serum_mg", "血清Mg (mg)"),
        [
            [
                f'{SERUM}, column B "血清Mg (mg)": the unit mg can\'t be converted to mg/dL',
                "Convert the values first",
            ]
        ],
    ),
    "amount of what has no molar mass": (
        heading("serum", "serum_pth", "PTH (pmol/L)"),
        [[f'{SERUM}, column E "PTH (pmol/L)": the unit pmol/L can\'t be converted to pg/mL']],
    ),
    "equivalents of phosphate": (
        heading("serum", "serum_p", "血清P (mEq/L)"),
        [[f'{SERUM}, column D "血清P (mEq/L)": the unit mEq/L can\'t be converted to mg/dL']],
    ),
    "unit in heading and another in the row of units": (
        both(
            heading("serum", "serum_mg", "血清Mg (mg/dL)"),
            sheet("serum", lambda one: one.insert_rows(2)),
            cells("serum", A2="単位", B2="mmol/L"),
        ),
        [
            [
                f'{SERUM}, row 2, column B "血清Mg (mg/dL)": found the unit '
                "'mmol/L', but the heading says mg/dL"
            ]
        ],
    ),
    "unit in a cell that contradicts the heading": (
        both(heading("serum", "serum_mg", "血清Mg (mg/dL)"), cells("serum", B3="0.8 mmol/L")),
        [[f'{SERUM}, row 3, column B "血清Mg (mg/dL)": the cell says mmol/L, but the column mg/dL']],
    ),
    # cells
    "a word for a number": (
        cells("serum", B3="高"),
        [[f"{SERUM}, row 3, {MG}: found '高', expected a number in mg/dL", "leave the cell blank"]],
    ),
    "a number with a remark": (
        cells("serum", B3="1.9*"),
        [[f"{SERUM}, row 3, {MG}: found '1.9*', expected a number alone", "a column of its own"]],
    ),
    "two numbers": (
        cells("serum", B3="1.9 2.1"),
        [[f"{SERUM}, row 3, {MG}: found '1.9 2.1'", "Take the blanks out"]],
    ),
    "mean and SD": (
        cells("serum", B3="1.9±0.1"),
        [[f"{SERUM}, row 3, {MG}: found '1.9±0.1'", "number alone"]],
    ),
    "a date for a number": (
        cells("serum", B3=DAY),
        [[f"{SERUM}, row 3, {MG}: found a date or time (2026-01-02", "format of the cell to number"]],
    ),
    "a date as text": (
        cells("serum", B3="1月2日"),
        [[f"{SERUM}, row 3, {MG}: found '1月2日', which looks like a date"]],
    ),
    "a truth value": (cells("serum", B3=True), [[f"{SERUM}, row 3, {MG}: found TRUE, a truth value"]]),
    "an error of the spreadsheet": (
        cells("serum", B3="#DIV/0!"),
        [[f"{SERUM}, row 3, {MG}: found #DIV/0!, an error of the spreadsheet", "Mend the formula"]],
    ),
    "a formula that was never calculated": (
        cells("serum", B3="=B4*2"),
        [
            [
                f"{SERUM}, row 3, {MG}: holds a formula without a calculated value",
                "save it, so that it is calculated",
            ]
        ],
    ),
    "an array formula": (
        cells("serum", B3="=SUM(B4:B5)", B5="=B3"),
        [[f"{SERUM}, row 3, {MG}: holds a formula"], [f"{SERUM}, row 5, {MG}: holds a formula"]],
    ),
    "a comma of thousands or of decimals": (
        cells("serum", E3="1,234", E4=110),
        [
            [
                f"{SERUM}, row 3, column E \"serum_pth\": found '1,234', which may be read in two ways",
                "1234",
                "1.234",
            ]
        ],
    ),
    "a decimal comma": (
        cells("serum", B3="1,9"),
        [[f"{SERUM}, row 3, {MG}: found '1,9'", "Write the decimal with a point: 1.9."]],
    ),
    "more than a limit": (
        cells("serum", B3=">5"),
        [[f"{SERUM}, row 3, {MG}: found '>5', no exact value", "leave the cell blank"]],
    ),
    "about": (cells("serum", B3="約2"), [[f"{SERUM}, row 3, {MG}: found '約2', no exact value"]]),
    "at most": (cells("serum", B3="0.5以下"), [[f"{SERUM}, row 3, {MG}: found '0.5以下', no exact value"]]),
    "below no limit": (cells("serum", B3="<"), [[f"{SERUM}, row 3, {MG}: found '<'"]]),
    "below zero": (cells("serum", B3="<0"), [[f"{SERUM}, row 3, {MG}: found '<0'", "as <0.5"]]),
    "below a limit where there is none": (
        cells("animals", F3="<5"),
        [[f'{ANIMALS}, row 3, column F "food_intake": found <5, but food_intake has no limit of detection']],
    ),
    "not detected without a limit": (
        cells("serum", B3="N.D.", B5="検出せず"),
        [
            [f"{SERUM}, row 3, {MG}: found 'N.D.', and no limit of detection is stated", "a row 検出限界"],
            [f"{SERUM}, row 5, {MG}: found '検出せず', and no limit"],
        ],
    ),
    "a limit that is no number": (
        both(sheet("serum", lambda one: one.insert_rows(2)), cells("serum", A2="検出限界", B2="低い")),
        [[f"{SERUM}, {MG}: the limit of detection reads '低い', expected a number above 0"]],
    ),
    "a limit of a weight": (
        both(sheet("animals", lambda one: one.insert_rows(2)), cells("animals", A2="LOD", F2=1)),
        [
            [
                f'{ANIMALS}, column F "food_intake": states the limit of '
                "detection '1', but food_intake has none"
            ]
        ],
    ),
    "negative": (cells("serum", B3=-1), [[f"{SERUM}, row 3, {MG}: found -1, allowed is 0 or more mg/dL"]]),
    "creatinine zero": (
        cells("urine", E3=0),
        [['lab.xlsx, sheet urine, row 3, column E "creatinine": found 0, allowed is more than 0 mmol/L']],
    ),
    "merged numbers": (
        sheet("serum", lambda one: one.merge_cells("B3:B4")),
        [[f"{SERUM}, row 3, {MG}: the cells of rows 3 to 4 are merged", "Unmerge them"]],
    ),
    "number of a slice not whole": (
        cells("qct_slices", B3=1.5),
        [
            ['lab.xlsx, sheet qct_slices, row 3, column B "slice": found 1.5, expected a whole number'],
            ['lab.xlsx, sheet qct_slices, row 3, column B "slice": is blank'],
        ],
    ),
    # animals, groups, experiments
    "unknown group": (
        cells("animals", C3="高Mg食群"),
        [
            [
                f"{ANIMALS}, row 3, column C \"group\": found '高Mg食群', "
                "allowed: control (正常食群), pairfed",
                "study.yml",
            ]
        ],
    ),
    "a diet that two groups are fed": (
        cells("animals", C3="0.05％Mg食"),
        [[f"{ANIMALS}, row 3, column C \"group\": found '0.05%Mg食', which may mean control or pairfed"]],
    ),
    "a group of another experiment": (
        cells("animals", C3="0.02％Mg欠乏食群"),
        [
            [
                f"{ANIMALS}, row 3, column C \"group\": found '0.02%Mg欠乏食群', "
                "allowed: control (正常食群), pairfed"
            ]
        ],
    ),
    "unknown experiment": (
        cells("animals", B3="実験5"),
        [
            [
                f"{ANIMALS}, row 3, column B \"experiment\": found '実験5', "
                "allowed: exp1 (0.01％Mg欠乏食投与実験"
            ]
        ],
    ),
    "group blank": (
        cells("animals", C3=None),
        [[f'{ANIMALS}, row 3, column C "group": is blank', "Fill in the 群"]],
    ),
    "no column of groups": (
        sheet("animals", lambda one: one.delete_cols(3)),
        [[f"{ANIMALS}: the column group is missing", 'Add a column "群" or "group"']],
    ),
    "experiment not to be told from the group": (
        sheet("animals", lambda one: one.delete_cols(2)),
        [
            [
                f"{ANIMALS}, row {row}, column B \"group\": found 'control', a "
                "group of several experiments (exp1, exp2)"
            ]
            for row in (2, 3, 8, 9)
        ],
    ),
    "an animal twice": (
        cells("animals", A3="e1-control-1"),
        [
            [f'{ANIMALS}, row 3, column A "animal_id": e1-control-1 stands already in row 2', "Delete one"],
            [f"{SERUM}, row 3, column A \"animal_id\": found 'e1-control-2', which is not in {ANIMALS}"],
            ["lab.xlsx, sheet urine, row 3, column A"],
            ["lab.xlsx, sheet qct_slices, row 7, column A"],
        ],
    ),
    "an unknown animal": (
        cells("serum", A3="e1-contrl-2"),
        [
            [
                f"{SERUM}, row 3, column A \"animal_id\": found 'e1-contrl-2', which is not in {ANIMALS}",
                "Is it e1-control-2?",
            ]
        ],
    ),
    "an animal without a name": (
        cells("serum", A3=None),
        [[f'{SERUM}, row 3, column A "animal_id": is blank', "Fill in the Animal of this row"]],
    ),
    "a name that Excel made a date of": (
        cells("serum", A3=DAY),
        [[f'{SERUM}, row 3, column A "animal_id": found a date or time', "format of the cell to text"]],
    ),
    "a row of means": (
        sheet("serum", lambda one: one.append(["平均", 1.9, 10, 9, 110, 130, 650])),
        [
            [
                f"{SERUM}, row 14, column A \"animal_id\": found '平均', which seems to be a row of means",
                "Delete it; or, to leave such rows out, write leave_out: [平均] into reading.yml",
            ]
        ],
    ),
    "a word of reading.yml that is no row of means": (
        file("reading.yml", "leave_out: [平均, e1-control-1]\nleave: []\n"),
        [["reading.yml, line 2", "leave_out"]],
    ),
    "an animal to leave out": (
        file("reading.yml", "leave_out: [平均, e1-control-1]\n"),
        [
            [
                "reading.yml, line 1, leave_out.1: 'e1-control-1' is no word for a row of means",
                "never left out",
            ]
        ],
    ),
    "a row of means of which reading.yml says nothing": (
        both(
            sheet("serum", lambda one: one.append(["SD", 1.9, 10, 9, 110, 130, 650])),
            file("reading.yml", "leave_out: [平均]\n"),
        ),
        [[f"{SERUM}, row 14, column A \"animal_id\": found 'SD'"]],
    ),
    "a row of means under a group": (
        sheet("animals", lambda one: one.append([None, None, "Mean ± SD", 90])),
        [[f"{ANIMALS}, row 14, column A \"animal_id\": found 'Mean ± SD', which seems to be a row of means"]],
    ),
    "two sheets that contradict one another": (
        book(lambda one: _second_sheet(one)),
        [
            [
                'lab.xlsx, sheet serum 2, row 2, column B "serum_mg": found 9.9 for e1-control-1, which has',
                f"in row 2 of {SERUM}",
                "Write one value for each animal",
            ]
        ],
    ),
    "a number in one sheet and a limit in another": (
        both(cells("serum", B2=0.5), book(lambda one: _second_sheet(one, "<0.5"))),
        [['lab.xlsx, sheet serum 2, row 2, column B "serum_mg": found <0.5 for e1-control-1, which has 0.5']],
    ),
    "a slice without a number, in one of several files": (
        both(
            drop("qct_slices"),
            lambda folder: _two_exports(folder, blank=True),
        ),
        [['qct_2.csv, row 3, column B "slice": is blank', "Fill in the slice of this slice"]],
    ),
    "the same slices in two files": (
        both(drop("qct_slices"), lambda folder: _two_exports(folder, again=True)),
        [["qct_2.csv, row 2, column E", "found 9 for e1-control-1 1, which has 10 in row 2 of qct_1.csv"]],
    ),
    # one row per measurement
    "a measurement misspelt": (
        replace_sheet("serum", long_form("serum").replace("血清ALP活性", "血清ALP活性値")),
        [
            [
                f"{SERUM}, row 2, column B \"項目\": found '血清ALP活性値' (in 12 "
                "rows), which is not known; is it serum_alp?"
            ]
        ],
    ),
    "a measurement that is not named": (
        replace_sheet("serum", long_form("serum").assign(項目=lambda t: t["項目"].mask(t.index == 3))),
        [[f'{SERUM}, row 5, column B "項目": is blank. Say what was measured.']],
    ),
    "a measurement twice": (
        replace_sheet("serum", pd.concat([long_form("serum"), long_form("serum").head(1)])),
        [[f'{SERUM}, row 74, column C "値": found', "for e1-control-1, which has", f"in row 2 of {SERUM}"]],
    ),
    "no unit with one row per measurement": (
        replace_sheet("serum", long_form("serum").assign(単位=lambda t: t["単位"].mask(t.index == 3))),
        [[f'{SERUM}, row 5, column C "値": no unit is stated for serum_', "a column of units"]],
    ),
    "an unknown unit with one row per measurement": (
        replace_sheet("serum", long_form("serum").assign(単位=lambda t: t["単位"].mask(t.index == 3, "個"))),
        [
            [f"{SERUM}, row 5, column D \"単位\": found '個', which is no unit"],
            [f'{SERUM}, row 5, column C "値": no unit'],
        ],
    ),
    # quantitative CT
    "slice beyond the femur": (
        cells("qct_slices", C3=99),
        [
            [
                'lab.xlsx, sheet qct_slices, row 3, column C "position": found '
                "99 mm, but the femur of e1-control-1"
            ]
        ],
    ),
    "slices in another unit than they say": (
        heading("qct_slices", "whole_area", "全骨の断面積 (cm2)"),
        [
            ['lab.xlsx, sheet qct_slices, row 2, column E "全骨の断面積 (cm2)": found 1000 mm², but'],
            ["lab.xlsx, sheet qct_slices, column E", "59 more rows"],
        ],
    ),
    "mapping file that is no YAML": (
        mapping("columns: [a\n"),
        [["qct_mapping.yml, line 2: a slip in the form", "name: value"]],
    ),
    "mapping file with an unknown entry": (
        mapping(MAPPED + "colums: x\n"),
        [["qct_mapping.yml, line 17, colums: is not known here. Is it columns?"]],
    ),
    "mapping file without a direction": (
        mapping(MAPPED.replace("direction", "# direction")),
        [["qct_mapping.yml, line 1, direction: is not stated", "'distal to proximal' (from the knee)"]],
    ),
    "mapping file with an unknown field": (
        mapping(MAPPED.replace("  slice:", "  slic:")),
        [["qct_mapping.yml, line 5, columns.slic: 'slic' is not in the dictionary. Is it slice?"]],
    ),
    "mapping file about no file": (
        mapping(MAPPED.replace("latheta", "scan")),
        [["qct_mapping.yml: is about scan.csv, which is not in the folder"]],
    ),
    "mapping file with a heading that the export lacks": (
        mapping(MAPPED.replace("Pos\n", "Posn\n")),
        [["latheta.csv: lacks the columns that qct_mapping.yml names: 'Posn'", "Correct the names"]],
    ),
    "mapping file with a bad unit": (
        mapping(MAPPED.replace("position: mm", "position: mg")),
        [["qct_mapping.yml, line 16, units.position: is 'mg'", "converted to mm"]],
    ),
    "mapping file with a bad thickness": (
        mapping(MAPPED + "thickness: thin\n"),
        [["qct_mapping.yml, line 17, thickness: found 'thin', allowed is a number in mm"]],
    ),
    "an export without thickness": (
        mapping(MAPPED.replace("  thickness: thickness\n", "").replace("thickness: mm, ", ""), ["thickness"]),
        [["latheta.csv: no slice has a thickness", "or state it in qct_mapping.yml"]],
    ),
    "regional density of an unknown structure": (
        regional(構造="骨"),
        [["lab.xlsx, sheet qct_regions, row 2, column B \"構造\": found '骨', allowed: whole, cortical"]],
    ),
    "regional density that no bone has": (
        regional(**{"骨密度 (mg/cm3)": 9000}),
        [["lab.xlsx, sheet qct_regions, row 2, column D", "found 9000 mg/cm³, denser than hydroxyapatite"]],
    ),
    "regional density of an unknown animal": (
        regional(動物番号="X"),
        [["lab.xlsx, sheet qct_regions, row 2, column A", "found 'X', which is not in the table of animals"]],
    ),
    "regional density of no animal": (
        regional(動物番号=None),
        [['lab.xlsx, sheet qct_regions, row 2, column A "動物番号": is blank', "Fill in the"]],
    ),
    "regional density beside slices": (
        book(lambda one: _regional_too(one)),
        [["lab.xlsx, sheet qct_regions: holds regional density, but there are slices, too", "Keep one"]],
    ),
    # arrays
    "CEL file missing": (
        book(lambda one: _arrays(one, "R1.CEL")),
        [["R1.CEL: the file is missing", "Copy it there"]],
    ),
    # the study
    "study file damaged": (
        file("study.yml", "groups: [1"),
        [["study.yml, line 1: a slip in the form", "brackets"]],
    ),
}


def _row(data, number, change):
    lines = data.splitlines()
    lines[number - 1] = ",".join(change(lines[number - 1].split(",")))
    return "\n".join(lines) + "\n"


def _with_macros(folder):
    with zipfile.ZipFile(folder / "lab.xlsx", "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")


def _bomb(folder):
    with zipfile.ZipFile(folder / "lab.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(2):
            archive.writestr(f"xl/media/{number}.xml", b"0" * 60_000_000)


def _two_exports(folder, blank=False, again=False):
    table = frames()["qct_slices"].astype({"slice": object})
    first, second = table.head(30), table.tail(30).reset_index(drop=True)
    if blank:
        second.loc[1, "slice"] = None
    if again:
        first, second = table, table.head(1).assign(whole_area=9)
    first.to_csv(folder / "qct_1.csv", index=False)
    second.to_csv(folder / "qct_2.csv", index=False)


def _second_sheet(workbook, value=9.9):
    new = workbook.create_sheet("serum 2")
    new.append(["animal_id", "serum_mg"])
    new.append(["e1-control-1", value])


def _regional_too(workbook):
    new = workbook.create_sheet("qct_regions")
    new.append(["animal_id", "structure", "region", "density (mg/cm3)"])
    new.append(["e1-control-1", "cortical", "mid", 700])


def _arrays(workbook, name):
    new = workbook.create_sheet("arrays")
    new.append(["array_id", "animal_id", "file"])
    new.append(["A1", "e1-mg001-1", name])


def state(folder):
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir() if path.is_file()
    }


@pytest.mark.parametrize("case", BAD)
def test_a_mistake_is_named_with_its_place_and_what_to_do(tmp_path, case):
    spoil, expected = BAD[case]
    folder = lab_folder(tmp_path / "lab")
    spoil(folder)
    before = state(folder)
    faults = faults_of(folder)
    assert_named(faults, expected, folder)
    assert not any("simulated" in fault for fault in faults), faults
    assert state(folder) == before


def test_the_table_of_bad_inputs_is_long_enough():
    assert len(BAD) >= 60


def test_all_mistakes_of_all_sheets_come_at_once(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    for case in (
        "a word for a number",
        "creatinine zero",
        "unknown group",
        "slice beyond the femur",
        "old format of Excel, damaged",
    ):
        BAD[case][0](folder)
    text("urine", lambda data: data.replace("ctx", "ctx1"))(folder)
    assert [fault.split(":")[0] for fault in mgbone.check_dataset(folder)] == [
        "old.xls",
        'lab.xlsx, sheet serum, row 3, column B "serum_mg"',
        'urine.csv, row 1, column C "ctx1"',
        'lab.xlsx, sheet animals, row 3, column C "group"',
        'lab.xlsx, sheet qct_slices, row 3, column C "position"',
    ]


def test_a_faulty_folder_does_not_open(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    BAD["a word for a number"][0](folder)
    with pytest.raises(DatasetError, match=r"^1 fault found:\n  - lab.xlsx, sheet serum, row 3"):
        mgbone.open_dataset(folder)


def test_one_text_in_many_rows_is_one_mistake(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    cells("animals", C2="高Mg食", C3="高Mg食", C4="高Zn食")(folder)
    found = mgbone.check_dataset(folder)
    assert [fault.partition(", allowed")[0] for fault in found] == [
        f"{ANIMALS}, row 2, column C \"group\": found '高Mg食' (in 2 rows)",
        f"{ANIMALS}, row 4, column C \"group\": found '高Zn食'",
    ]


SPOILERS = [
    "",
    "=A1",
    "#REF!",
    "＜0.5",
    "N.D.",
    "1,234",
    "1e400",
    "True",
    " ",
    "\u3000",
    "例 / EXAMPLE",
    "平均",
    "単位",
]
SPOILERS += [
    "-",
    "欠測",
    "0.05％Mg食",
    DAY,
    True,
    1e308,
    -1,
    0,
    "mg/dL",
    "x" * 40_000,
    "\u200b",
    "2026/1/2",
    "(",
    "serum_mg",
]


@pytest.mark.parametrize("seed", range(15))
def test_no_damage_to_a_workbook_gives_a_traceback_or_a_warning(tmp_path, seed):
    rng = np.random.default_rng(seed)
    folder = lab_folder(tmp_path / "lab")

    def edit(workbook):
        for _ in range(int(rng.choice([1, 3, 30]))):
            one = workbook[str(rng.choice(workbook.sheetnames))]
            row, column = int(rng.integers(1, 8)), int(rng.integers(1, 8))
            spoiler = SPOILERS[rng.integers(len(SPOILERS))]
            one.cell(row, column).value = spoiler[:32_000] if isinstance(spoiler, str) else spoiler
        if rng.random() < 0.3:
            one.merge_cells(start_row=1, end_row=3, start_column=1, end_column=2)

    book(edit)(folder)
    for fault in mgbone.check_dataset(folder):
        assert fault.startswith(("lab.xlsx", "lab:")), fault


@pytest.mark.parametrize("seed", range(15))
def test_no_damage_to_a_text_file_gives_a_traceback_or_a_warning(tmp_path, seed):
    rng = np.random.default_rng(seed)
    folder = csv_folder(tmp_path / "lab")
    spoilers = [one.encode() for one in SPOILERS if isinstance(one, str)] + [
        b'"',
        b",",
        b"\n",
        b"\0",
        b"\xff",
        b"\x81",
        b";",
    ]
    path = folder / f"{rng.choice(['animals', 'serum', 'urine', 'qct_slices'])}.csv"
    data = bytearray(path.read_bytes())
    for _ in range(int(rng.choice([1, 3, 30]))):
        start = int(rng.integers(min(len(data), 600)))
        data[start : start + int(rng.choice([0, 1, 8]))] = spoilers[rng.integers(len(spoilers))]
    path.write_bytes(bytes(data))
    for fault in mgbone.check_dataset(folder):
        assert ".csv" in fault or fault.startswith("lab:"), fault


def test_make_check_speaks_japanese(tmp_path, capsys):
    folder = lab_folder(tmp_path / "lab")
    cells("animals", C3="高Mg食群")(folder)
    cells("serum", B3="高い", B4="２.１")(folder)
    assert main(["check", str(folder), "--language", "ja"]) == 1
    told = [line.removeprefix("  - ") for line in capsys.readouterr().err.splitlines()[1:]]
    assert told == [
        "lab.xlsx シート「serum」 3行目 B列「serum_mg」：「高い」と書かれていますが、"
        "数値（mg/dL）が必要です。数値を書いてください。測定していなければ空欄にしてください。",
        "lab.xlsx シート「animals」 3行目 C列「group」：「高Mg食群」と書かれています。"
        "使えるのはcontrol（正常食群）、pairfed（ペアフィーディング群）、mg001（0.01％Mg欠乏食群）です。上のいずれかを書いてください。"
        "群の別の呼び名や別の研究計画は、フォルダのstudy.ymlに書きます。",
    ]


def test_what_was_converted_is_said_in_japanese(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    cells("serum", B3="２.１", B4="2.1 mg/dL", B5="欠測")(folder)
    notes = speak("ja", mgbone.open_dataset, folder).notes
    where = "lab.xlsx シート「serum」 B列「serum_mg」："
    assert [note for note in notes if note.startswith(where)] == [
        where + "全角文字を半角として読みました（3行目）。",
        where + "セルの中の単位mg/dLを読みました（4行目）。",
        where + "「欠測」を測定なしとして読みました（5行目）。",
    ]
