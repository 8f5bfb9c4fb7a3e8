"""A table as CSV: harmless ways of writing it, and what is wrong in it by row, column, find and advice."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from helpers.small_dataset import describe, tables
from helpers.spoiling import (
    assert_refused,
    cell,
    change,
    contents,
    cut,
    header,
    lines,
    recoded,
    without_column,
)

import mgbone
from mgbone.dataset.agreement import check_relations
from mgbone.dataset.csv_table import read_table
from mgbone.dataset.faults import MOST_OF_A_KIND
from mgbone.study.dictionary import OPTIONAL, TABLES, table_schema

# --- what is good ------------------------------------------------------------------------------------


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


# --- what is bad -------------------------------------------------------------------------------------

BLANK = "leave the cell blank if it was not measured"

# What is done to the small dataset, and for each fault that must be named, in order, the pieces of its line.
# The first piece is where the line begins.
BAD = {
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
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_refused_and_says_where_and_what_to_do(folder, case):
    assert_refused(folder, *BAD[case])


def test_the_table_of_bad_inputs_is_long_enough():
    assert len(BAD) >= 30


def test_one_found_name_is_offered_for_one_missing_column_only(folder):
    header("serum.csv", "serum_pth", "serum_pt")(folder)
    without_column("serum.csv", "serum_p")(folder)
    describe(folder)
    faults = mgbone.check_dataset(folder)
    assert ["the column is missing" in fault for fault in faults] == [True, True]
    assert ["'serum_pt'" in fault for fault in faults].count(True) == 1


def test_a_cell_without_end_is_shown_by_its_beginning():
    serum = tables()["serum"].astype(object)
    serum.loc[0, "serum_mg"] = "9" * 100_000
    (fault,) = read_table(serum.to_csv(index=False).encode(), "serum.csv", "serum").faults
    assert "'" + "9" * 80 + "...'" in fault.problem and len(fault.problem) < 200


def test_a_new_column_of_the_shipped_data_is_drawn_and_not_added_by_hand():
    """As it is missed after a marker was added to the dictionary."""
    data = tables()["serum"].drop(columns="serum_alp").to_csv(index=False).encode()
    (by_hand,), (by_program,) = (
        read_table(data, "serum.csv", "serum", drawn=drawn).faults for drawn in (False, True)
    )
    assert by_hand.problem == by_program.problem == "the column is missing"
    assert by_hand.advice.startswith("Add it; leave its cells blank")
    assert "calibration.yml" in by_program.advice and "draws all animals anew" in by_program.advice


@pytest.mark.parametrize(("wrong", "written_out"), [(25, MOST_OF_A_KIND), (60, 1)])
def test_many_faults_of_a_kind_are_counted_not_listed(folder, wrong, written_out):
    """Of 60 slices; what most of a column has is a fault of the column, and one row shows it."""
    assert len(tables()["qct_slices"]) == 60

    def spoil(rows):
        spoilt = (row.replace(",0.5,", ",-1,", 1) for row in rows[1 : wrong + 1])
        return [rows[0], *spoilt, *rows[wrong + 1 :]]

    change(folder, "qct_slices.csv", spoil)
    describe(folder)
    faults = [fault for fault in mgbone.check_dataset(folder) if "column thickness" in fault]
    assert len(faults) == written_out + 1
    rows = ", ".join(f"row {row}" for row in range(written_out + 2, written_out + 12))
    left = wrong - written_out
    assert faults[-1] == (
        f"qct_slices.csv, column thickness: {left} more rows have a fault of this kind: {rows} and "
        f"{left - 10} more. Mend them in the same way."
    )


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
def test_no_damage_to_a_table_gives_a_traceback_or_a_warning(seed, study):
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
    assert all(isinstance(str(fault), str) for fault in check_relations(frames, names, study))


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


@pytest.mark.parametrize("name", [name for name in TABLES if name not in OPTIONAL])
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
