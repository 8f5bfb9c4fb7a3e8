"""What laboratories really keep gives the very frames of the same data in the form of the dictionary."""

import numpy as np
import pandas as pd
import pytest
from helpers.counting import counted
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
    write_book,
)
from helpers.languages import speak
from helpers.small_dataset import write_cel
from openpyxl.styles import Font

import mgbone
from mgbone.dataset.lab.grid import Grid
from mgbone.dataset.lab.sheet import read_sheet
from mgbone.study.dictionary import field_label, field_unit

MG, CA, P, CREATININE = 2.4305, 4.0078, 3.0974, 11.312  # mg/dL in one mmol/L, from atomic weights
ALL = ("animals", "serum", "urine", "qct_slices")


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The tables as the canonical CSV files give them."""
    folder = csv_folder(tmp_path_factory.mktemp("canonical") / "lab")
    return mgbone.open_dataset(folder)


def titled(language):
    """Headings as people write them, in place of the dictionary's names."""

    def change(folder):
        for name, frame in frames().items():
            names = {column: speak(language, field_label, name, column, unit=True) for column in frame}
            replace_sheet(name, frame.rename(columns=names))(folder)

    return change


def named(sheets):
    return book(lambda one: [setattr(one[old], "title", new) for old, new in sheets.items()])


def groups(names, experiments=None):
    frame = frames(("animals",))["animals"]
    frame["group"] = frame["group"].map(names)
    if experiments:
        frame["experiment"] = frame["experiment"].map(experiments)
    return replace_sheet("animals", frame)


JAPANESE = {
    "control": "正常食群",
    "pairfed": "ペアフィーディング群",
    "mg001": "0.01％Mg欠乏食群",
    "mg002": "０．０２％Ｍｇ欠乏食群",
    "mg004": "0.04 % Mg",
}
LOOSE = {
    "control": "Ctrl",
    "pairfed": "ペアフィーディング",
    "mg001": "Mg 0.01% ",
    "mg002": "0.02%Mg食群",
    "mg004": "MG004",
}


def other_units(folder):
    serum, urine = frames()["serum"], frames()["urine"]
    serum = serum.assign(
        serum_mg=serum["serum_mg"] / MG, serum_ca=serum["serum_ca"] / CA * 2, serum_p=serum["serum_p"] / P
    )
    serum["serum_pth"] /= 1000
    serum = serum.rename(
        columns={
            "serum_mg": "血清Mg（mmol/L）",
            "serum_ca": "Ca [mEq/L]",
            "serum_p": "リン, mM",
            "serum_pth": "PTH (ng/mL)",
        }
    )
    urine = urine.assign(
        creatinine=urine["creatinine"] * CREATININE, urine_volume=urine["urine_volume"] / 1000
    )
    urine = urine.rename(columns={"creatinine": "Cr (mg/dl)", "urine_volume": "尿量 (L/日)"})
    both(replace_sheet("serum", serum), replace_sheet("urine", urine))(folder)


def unit_row(folder):
    serum = frames()["serum"].astype(object)
    heads = dict(zip(serum.columns, ["個体番号", "Mg", "Ca", "IP", "PTH", "OC", "ALP"], strict=True))
    units = ["単位", "ｍｇ／ｄＬ", "(mg/dl)", "mg/dL", "pg/mL", "ng/mL", "IU/L"]
    serum.loc[-1] = units
    replace_sheet("serum", serum.sort_index().rename(columns=heads), "血清")(folder)


def two_rows_of_headings(folder):
    def edit(one):
        one.insert_rows(1)
        for column, text_ in enumerate(["Mg (mg/dL)", "Ca (mg/dL)", "P (mg/dL)"], start=2):
            one.cell(2, column).value = text_
        one["B1"] = "血清"
        one.merge_cells("B1:D1")

    sheet("serum", edit)(folder)


def titles_and_blanks(folder):
    def edit(one):
        one.insert_rows(1, 3)
        one["A1"] = "2026年度 血清生化学"
        one["C2"] = DAY
        one.insert_cols(1)
        one.insert_rows(9)
        one["J6"] = "溶血"

    sheet("serum", edit)(folder)


def merged_groups(folder):
    def edit(one):
        for first in range(2, 14, 2):
            one.merge_cells(f"C{first}:C{first + 1}")
        one.merge_cells("B2:B7")
        one.merge_cells("B8:B13")

    sheet("animals", edit)(folder)


def all_in_one(folder):
    every = frames(("animals",))["animals"]
    for name in ("serum", "urine"):
        every = every.merge(frames((name,))[name], on="animal_id")
    both(replace_sheet("animals", every, "データ"), drop("serum"), drop("urine"))(folder)


def sheet_per_experiment(folder):
    for name in ALL:
        frame = frames((name,))[name]
        first = frame["animal_id"].str.startswith("e1")
        both(replace_sheet(name, frame[first], f"{name} exp1"))(folder)
        book(lambda one, n=name: one.create_sheet(f"{n} exp2"))(folder)
        replace_sheet(f"{name} exp2", frame[~first])(folder)


def sheet_per_assay(folder):
    serum = frames()["serum"]
    who = frames()["animals"][["animal_id", "group"]]
    for column in serum.columns[1:]:
        book(lambda one, c=column: one.create_sheet(c))(folder)
        one = who.merge(serum[["animal_id", column]], on="animal_id").rename(
            columns={column: speak("ja", field_label, "serum", column, unit=True)}
        )
        replace_sheet(column, one)(folder)
    drop("serum")(folder)


def numbers_as_text(folder):
    """Full-width digits, commas between thousands, units in cells."""
    serum = frames()["serum"].astype(object)
    wide = str.maketrans("0123456789.,", "０１２３４５６７８９．，")
    serum["serum_mg"] = serum["serum_mg"].map(lambda value: f"{value}".translate(wide))
    serum["serum_ca"] = serum["serum_ca"].map(lambda value: f" {value} ｍｇ／ｄＬ")
    serum["serum_alp"] = serum["serum_alp"].map(lambda value: f"{value:,}")
    replace_sheet("serum", serum)(folder)


def thousands(folder):
    frame = frames()["urine"].astype(object)
    frame["dpd"] = [
        f"{1000 * value:,.3f}" if place else f"{1000 * value:,.0f}"
        for place, value in enumerate(frame["dpd"])
    ]
    frame.loc[0, "dpd"] = "855,123"
    frame.loc[1, "dpd"] = "1,234,567.5"
    replace_sheet("urine", frame.rename(columns={"dpd": "DPD (pmol/L)"}))(folder)


def same_again(folder):
    def edit(workbook):
        new = workbook.create_sheet("グラフ用")
        for row in workbook["serum"].iter_rows(max_col=3, values_only=True):
            new.append(row)

    book(edit)(folder)


GOOD = {
    "workbook with the dictionary's names": lambda folder: None,
    "Japanese headings": titled("ja"),
    "English headings": titled("en"),
    "Japanese names of sheets": named(
        {"animals": "動物", "serum": "血清", "urine": "尿", "qct_slices": "qCT"}
    ),
    "sheets in another order, with others between": book(
        lambda one: (one.move_sheet("serum", -1), one.create_sheet("メモ", 0).append(["解剖は4月1日"]))
    ),
    "Japanese groups": groups(
        JAPANESE, {"exp1": "実験1", "exp2": "0.04％および0.02％Mg欠乏食投与実験（2週間）"}
    ),
    "groups loosely written": groups(LOOSE, {"exp1": 1, "exp2": "Exp. 2"}),
    "groups as the workbook's lists give them": groups(
        {
            "control": "control / 正常食群 / Control",
            "pairfed": "pairfed / ペアフィーディング群 / Pair-fed",
            "mg001": "mg001 / 0.01％Mg欠乏食群 / 0.01 % Mg",
            "mg002": "mg002",
            "mg004": "mg004",
        },
        {"exp1": "exp1 / 0.01％Mg欠乏食投与実験（2週間）", "exp2": "exp2"},
    ),
    "other units": other_units,
    "a row of units": unit_row,
    "two rows of headings": two_rows_of_headings,
    "titles, remarks, blank rows and columns": titles_and_blanks,
    "merged groups": merged_groups,
    "all in one sheet": all_in_one,
    "a sheet per experiment": sheet_per_experiment,
    "a sheet per assay, with groups repeated": sheet_per_assay,
    "one row per measurement": replace_sheet("serum", long_form("serum")),
    "one row per measurement, with units converted": replace_sheet(
        "serum",
        long_form("serum").assign(
            値=lambda t: t["値"].where(t["項目"] != "血清Mg濃度", t["値"] / MG),
            単位=lambda t: t["単位"].where(t["項目"] != "血清Mg濃度", "mmol/L"),
        ),
    ),
    "one row per measurement, no units, the dictionary's items": replace_sheet(
        "serum", long_form("serum", unit=False)
    ),
    "one row per measurement, all tables": lambda folder: both(
        replace_sheet("serum", pd.concat([long_form("serum"), long_form("urine")]), "測定"), drop("urine")
    )(folder),
    "numbers as text": numbers_as_text,
    "dates in a column of its own": sheet(
        "serum",
        lambda one: [
            setattr(one.cell(row, 8), "value", DAY if row > 1 else "測定日") for row in range(1, 14)
        ],
    ),
    "a temporary file of Excel": file("~$lab.xlsx", b"\x05owner"),
    "hidden sheets": book(lambda one: setattr(one.create_sheet("serum old"), "sheet_state", "hidden")),
    "a sheet of means beside the data": book(
        lambda one: [
            one.create_sheet("まとめ").append(row) for row in (["群", "血清Mg濃度 (mg/dL)"], ["control", 2.0])
        ]
    ),
    "a sheet of the same values once more": same_again,
    "formats, fonts and comments": sheet("serum", lambda one: setattr(one["B2"], "font", Font(bold=True))),
    "the example row left in": sheet(
        "serum",
        lambda one: (
            one.insert_rows(2),
            setattr(one["A2"], "value", "例 / EXAMPLE（消す / delete）"),
            setattr(one["B2"], "value", "x"),
        ),
    ),
    "a remark below the table": sheet("serum", lambda one: one.append(["※ 2番は溶血"])),
    "rows of means and SD that are left out when told": both(
        sheet("serum", lambda one: [one.append([word, 1.9, 10, 9, 110]) for word in ("平均", "ＳＤ")]),
        sheet("animals", lambda one: one.append([None, None, "Mean ± SD", 90])),
        file("reading.yml", "leave_out: [平均, SD, mean±SD]\n"),
    ),
    # text files
    "CSV with byte order mark": text("serum", lambda data: data, "utf-8-sig"),
    "CSV in CP932": text("serum", lambda data: data.replace("serum_mg", "血清Mg濃度"), "cp932"),
    "CSV in UTF-16": text("serum", lambda data: data, "utf-16"),
    "tabs": text("serum", lambda data: data.replace(",", "\t")),
    "semicolons": text("serum", lambda data: data.replace(",", ";")),
    "CRLF": text("serum", lambda data: data.replace("\n", "\r\n")),
    "CR": text("serum", lambda data: data.replace("\n", "\r")),
    "quotes with line breaks in headings": text(
        "serum", lambda data: data.replace("serum_mg", '"血清Mg濃度\n(mg/dL)"')
    ),
    "blank rows and columns": text(
        "serum", lambda data: "\n".join(f"{line},," for line in data.splitlines()) + "\n,,,,,,,,\n\n"
    ),
    "a title above the table": text("serum", lambda data: "血清 2026\n\n" + data),
    "a title above the table, as Excel writes it": text(
        "serum", lambda data: f"血清 2026{',' * 6}\n{',' * 6}\n" + data
    ),
}


@pytest.mark.parametrize("case", GOOD)
def test_it_is_read_as_the_same_data_in_the_form_of_the_dictionary(tmp_path, expected, case):
    folder = lab_folder(tmp_path / "lab")
    GOOD[case](folder)
    dataset = mgbone.open_dataset(folder)
    assert list(dataset.tables) == list(ALL)
    for name in ALL:
        found = dataset.tables[name].sort_values(["animal_id"], kind="stable", ignore_index=True)
        same = expected.tables[name].sort_values(["animal_id"], kind="stable", ignore_index=True)
        pd.testing.assert_frame_equal(found, same, rtol=1e-11)
    assert dataset.below_limit.empty
    assert (dataset.kind, dataset.label, dataset.name) == ("measured", "measured data", "lab")


def test_the_canonical_tables_are_those_of_the_descriptor(expected):
    for name, frame in frames().items():
        pd.testing.assert_frame_equal(
            expected.tables[name], frame[list(expected.tables[name])], check_dtype=False
        )
    assert expected.notes == ()


# --- what is said of it ------------------------------------------------------------------------------


def notes(folder):
    return "\n".join(mgbone.open_dataset(folder).notes)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (
            "Japanese groups",
            [
                "sheet animals, column C \"group\": '正常食群' read as control (4 rows)",
                "'0.02%Mg欠乏食群' read as mg002 (2 rows)",
                "'実験1' read as exp1 (6 rows)",
            ],
        ),
        (
            "other units",
            [
                "12 values of serum_mg converted from mmol/L to mg/dL (x "
                "2.4305; Mg 24.305, abridged standard",
                "serum_ca converted from mEq/L to mg/dL (x 2.0039; Ca 40.078",
                "serum_p converted from mM to mg/dL (x 3.0974; P 30.974",
                "serum_pth converted from ng/mL to pg/mL (x 1000)",
                "creatinine converted from mg/dl to mmol/L (x 0.0884017; creatinine C4H7N3O 113.12",
                "urine_volume converted from L/日 to mL/day (x 1000)",
            ],
        ),
        (
            "merged groups",
            [
                "column C \"group\": 'control' in merged cells holds for rows 2 to 3",
                "column B \"experiment\": 'exp2' in merged cells holds for rows 8 to 13",
            ],
        ),
        (
            "numbers as text",
            [
                'column B "serum_mg": full-width characters read as half-width (rows 2, 3,',
                "the unit mg/dL in the cell",
            ],
        ),
        (
            "titles, remarks, blank rows and columns",
            ["column J has no heading and was left out (from row 6)"],
        ),
        ("dates in a column of its own", ['columns not in the dictionary were left out: H "測定日"']),
        ("hidden sheets", ["lab.xlsx, sheet serum old: hidden, and not read"]),
        ("a temporary file of Excel", ["a workbook is open in Excel: what is not saved yet was not read"]),
        ("a sheet of means beside the data", ["sheet まとめ: holds no column of animals with measurements"]),
        ("the example row left in", ["sheet serum, row 2: the example row was passed over; delete it"]),
        (
            "rows of means and SD that are left out when told",
            ["sheet serum: rows 14, 15 left out, as reading.yml says (平均, ＳＤ)."],
        ),
        ("a remark below the table", ["sheet serum, row 14: passed over as a remark: '※ 2番は溶血'"]),
        ("CSV in CP932", ["serum.csv: read as CP932", '"血清Mg濃度": no unit stated, taken as mg/dL']),
        ("CSV in UTF-16", ["serum.csv: read as UTF-16"]),
        ("tabs", ["serum.csv: columns are parted by tabs"]),
    ],
)
def test_what_was_converted_or_left_out_is_said(tmp_path, case, said):
    folder = lab_folder(tmp_path / "lab")
    GOOD[case](folder)
    found = notes(folder)
    for piece in said:
        assert piece in found, found


def test_missing_values_are_listed(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    cells("serum", B2="-", B3="欠測", B4="NA", B5="－", B6=None, B7="死亡")(folder)
    dataset = mgbone.open_dataset(folder)
    assert dataset.serum["serum_mg"].isna().tolist() == [True] * 6 + [False] * 6
    found = "\n".join(dataset.notes)
    for word, row in (("-", 2), ("欠測", 3), ("NA", 4), ("－", 5), ("死亡", 7)):
        assert f'lab.xlsx, sheet serum, column B "serum_mg": {word!r} taken as missing (row {row}).' in found
    assert "row 6" not in found  # blank is the dictionary's own word for it


def test_values_below_a_limit_are_kept_as_censored(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    both(
        sheet("serum", lambda one: one.insert_rows(2)),
        cells(
            "serum",
            A2="検出限界 / limit of detection",
            E2="20 pg/mL",
            E3="N.D.",
            E4="検出せず",
            E5="<15",
            E6="＜１５",
            B7="<0.5",
            E8="10未満",
        ),
    )(folder)
    dataset = mgbone.open_dataset(folder)
    assert dataset.below_limit.to_numpy().tolist() == [
        ["serum", "serum_mg", "e1-mg001-1", 0.5],
        ["serum", "serum_pth", "e1-control-1", 20.0],
        ["serum", "serum_pth", "e1-control-2", 20.0],
        ["serum", "serum_pth", "e1-pairfed-1", 15.0],
        ["serum", "serum_pth", "e1-pairfed-2", 15.0],
        ["serum", "serum_pth", "e1-mg001-2", 10.0],
    ]
    found = "\n".join(dataset.notes)
    assert "'N.D.' read as below the stated limit, <20 (row 3)" in found
    assert "<15 kept as below a limit of detection (rows 5, 6)" in found


@pytest.mark.parametrize("marks", [("単位", "LOD", 0), ("units", "検出限界", 2), (None, "検出下限", 1)])
def test_rows_of_units_and_limits_where_the_animals_stand_in_a_later_column(tmp_path, marks):
    unit, limit, place = marks
    who = frames()["animals"][["group", "experiment", "animal_id"]]
    serum = frames()["serum"][["animal_id", "serum_mg", "serum_pth"]].astype(object)
    serum.loc[0, "serum_pth"] = "ND"
    table = who.merge(serum, on="animal_id").rename(columns={"serum_mg": "Mg", "serum_pth": "PTH"})
    rows = [[None, None, None, "mmol/L", "pg/mL"], [None, None, None, None, 7]]
    rows[0][place], rows[1][place] = unit, limit
    both(drop("serum"), book(lambda one: one.create_sheet("血清")))(lab_folder(tmp_path / "lab"))
    replace_sheet("血清", pd.concat([pd.DataFrame(rows, columns=table.columns, dtype=object), table]))(
        tmp_path / "lab"
    )
    dataset = mgbone.open_dataset(tmp_path / "lab")
    expected = (frames()["serum"]["serum_mg"] * MG).tolist()
    assert dataset.serum["serum_mg"].tolist() == pytest.approx(expected)
    assert dataset.below_limit.to_numpy().tolist() == [["serum", "serum_pth", "e1-control-1", 7.0]]


def test_limits_are_converted_with_their_column_and_may_stand_in_the_heading(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    both(
        replace_sheet("serum", frames()["serum"].rename(columns={"serum_mg": "Mg (mmol/L, 検出限界 0.2)"})),
        cells("serum", B2="ND", B3="<0.1"),
    )(folder)
    dataset = mgbone.open_dataset(folder)
    assert dataset.below_limit["limit"].tolist() == pytest.approx([0.2 * MG, 0.1 * MG])
    assert dataset.serum["serum_mg"].head(2).tolist() == pytest.approx([0.2 * MG, 0.1 * MG])


def test_censored_values_with_one_row_per_measurement(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    long = long_form("serum").astype({"値": object})
    long.loc[long.index[long["項目"] == "血清PTH濃度"][0], "値"] = "<5"
    replace_sheet("serum", long)(folder)
    dataset = mgbone.open_dataset(folder)
    assert dataset.below_limit.to_numpy().tolist() == [["serum", "serum_pth", "e1-control-1", 5.0]]


def test_commas_of_thousands_where_other_cells_show_the_decimal_point(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    thousands(folder)
    dataset = mgbone.open_dataset(folder)
    assert dataset.urine["dpd"].head(2).tolist() == [855.123, 1234.5675]
    assert "commas between thousands taken out" in "\n".join(dataset.notes)


def test_cached_values_of_formulas_are_read_and_said(tmp_path):
    """A workbook as Excel saves it: the formula, and the value it had."""
    folder = lab_folder(tmp_path / "lab")
    cells("serum", B3="=B4*2")(folder)
    parts(
        lambda name, data: data.replace(b"<f>B4*2</f><v />", b"<f>B4*2</f><v>3.75</v>").replace(
            b"<f>B4*2</f><v/>", b"<f>B4*2</f><v>3.75</v>"
        )
    )(folder)
    dataset = mgbone.open_dataset(folder)
    assert dataset.serum.loc[1, "serum_mg"] == 3.75
    assert 'column B "serum_mg": 1 formula not run; the values as the spreadsheet saved them' in "\n".join(
        dataset.notes
    )


def test_no_experiment_is_needed_where_groups_tell_it(tmp_path):
    folder = tmp_path / "lab"
    kept = frames()
    animals = kept["animals"][kept["animals"]["group"].isin(["mg001", "mg002", "mg004", "pairfed"])]
    write_book(folder / "lab.xlsx", {"animals": animals.drop(columns="experiment")})
    dataset = mgbone.open_dataset(folder)
    assert dataset.animals["experiment"].tolist() == animals["experiment"].tolist()
    assert "no column names the experiment; it was taken from the groups" in "\n".join(dataset.notes)
    assert dataset.serum is None and list(dataset.tables) == ["animals"]


def test_columns_that_are_not_there_are_said_and_count_as_not_measured(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    sheet("serum", lambda one: one.delete_cols(5, 2))(folder)
    dataset = mgbone.open_dataset(folder)
    assert dataset.serum[["serum_pth", "serum_osteocalcin"]].isna().all(axis=None)
    assert "no column of serum_pth, serum_osteocalcin; taken as not measured" in "\n".join(dataset.notes)


def test_missing_values_of_text_files_are_listed(tmp_path):
    folder = csv_folder(tmp_path / "lab")
    path = folder / "serum.csv"
    values = frames()["serum"].astype(object)
    values.loc[:2, "serum_mg"] = ["NaN", "nan", ""]
    values.to_csv(path, index=False)
    dataset = mgbone.open_dataset(folder)
    assert dataset.serum["serum_mg"].isna().sum() == 3
    found = "\n".join(dataset.notes)
    assert "'NaN' taken as missing (row 2)" in found and "'nan' taken as missing (row 3)" in found


def test_numbers_as_names_of_animals_are_the_same_in_all_sheets(tmp_path):
    folder = tmp_path / "lab"
    kept = frames(("animals", "serum"))
    number = {name: place + 1 for place, name in enumerate(kept["animals"]["animal_id"])}
    kept["animals"]["animal_id"] = kept["animals"]["animal_id"].map(number)
    kept["serum"]["animal_id"] = kept["serum"]["animal_id"].map(lambda name: f" {number[name]}　")
    write_book(folder / "lab.xlsx", kept)
    dataset = mgbone.open_dataset(folder)
    assert (
        dataset.animals["animal_id"].tolist()
        == dataset.serum["animal_id"].tolist()
        == [str(n) for n in range(1, 13)]
    )


def test_names_in_full_width_are_the_same_names_and_said(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    cells("serum", A2="ｅ１-control-１")(folder)
    dataset = mgbone.open_dataset(folder)
    assert dataset.serum.loc[0, "animal_id"] == "e1-control-1"
    assert "names written in half width: 'ｅ１-control-１' to 'e1-control-1'" in "\n".join(dataset.notes)


def test_notes_stand_together_by_sheet_and_column(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    both(GOOD["Japanese groups"], cells("serum", B2="-"), cells("animals", D2="欠測"))(folder)
    places = [note.split(", column")[0] for note in mgbone.open_dataset(folder).notes]
    assert places == ["lab.xlsx, sheet animals"] * 8 + ["lab.xlsx, sheet serum"]


def calls_for_a_table_of_genes(folder, width, rows=60):
    """Count the calls of functions by which a table of expression values is passed over."""
    names = ",".join(f"gene {number}" for number in range(width))
    (folder / "normalised.csv").write_text(f"sample,{names}\n" + f"R1{',7.25' * width}\n" * rows)
    found, calls = counted(notes, folder)
    assert "normalised.csv: holds no column of animals with measurements, and was not read" in found
    return calls


@pytest.mark.slow
def test_a_table_as_wide_as_there_are_genes_is_passed_over_quickly(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    narrow, wide = (calls_for_a_table_of_genes(folder, width) for width in (2_000, 8_000))
    assert (wide - narrow) / (6_000 * 60) < 3


def test_a_text_file_that_is_no_table_does_not_matter(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    (folder / "log.csv").write_text("scanned,today\nerror,1,2,3\n\nx\n")
    (folder / "memo.txt").write_text("serum, urine\nand more\n")
    (folder / "photo.jpg").write_bytes(b"x")
    found = notes(folder)
    assert "log.csv: holds no column of animals" in found and "files that were not read: photo.jpg." in found


def test_slices_spread_over_files_without_numbers_are_kept_apart(tmp_path):
    folder = csv_folder(tmp_path / "lab")
    table = frames()["qct_slices"].drop(columns="slice")
    (folder / "qct_slices.csv").unlink()
    for name, rows in table.groupby("animal_id", sort=False):
        rows.to_csv(folder / f"qct_{name}.csv", index=False)
    found = mgbone.open_dataset(folder).qct_slices
    expected = frames()["qct_slices"]
    order = ["animal_id", "slice"]
    pd.testing.assert_frame_equal(
        found.sort_values(order, ignore_index=True),
        expected.sort_values(order, ignore_index=True)[list(found)],
        check_dtype=False,
    )


def test_values_below_a_limit_in_several_sheets(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    sheet_per_experiment(folder)
    both(cells("serum exp1", E3="<5"), cells("serum exp2", E2="<6"))(folder)
    limits = mgbone.open_dataset(folder).below_limit
    assert limits[["animal_id", "limit"]].to_numpy().tolist() == [
        ["e1-control-2", 5.0],
        ["e2-control-1", 6.0],
    ]


def test_a_text_file_of_one_row_without_a_line_end(tmp_path):
    folder = csv_folder(tmp_path / "lab", ("animals",))
    (folder / "serum.csv").write_text("animal_id,serum_mg\ne1-control-1,1.9")
    assert mgbone.open_dataset(folder).serum["serum_mg"].tolist() == [1.9]


def test_leading_zeros_of_names_stay_in_text_files(tmp_path):
    folder = csv_folder(tmp_path / "lab", ("animals",))
    path = folder / "animals.csv"
    path.write_text(path.read_text().replace("e1-control-1", "007"))
    assert mgbone.open_dataset(folder).animals.loc[0, "animal_id"] == "007"


def test_scans_are_found_in_their_folder(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    for seed, name in enumerate(("R1.CEL", "R2.cel")):
        write_cel(folder / "cel" / name, seed=seed)
    rows = [["A1", "e1-mg001-1", "R1.CEL"], ["A2", "e1-mg001-2", "cel\\R2"]]
    book(
        lambda one: (
            [one.create_sheet("アレイ").append(row) for row in [["アレイID", "動物ID", "CELファイル"]]]
            and [one["アレイ"].append(row) for row in rows]
        )
    )(folder)
    dataset = mgbone.open_dataset(folder)
    assert dataset.arrays["file"].tolist() == ["cel/R1.CEL", "cel/R2.cel"]
    assert [path.is_file() for path in dataset.cel_paths] == [True, True]


def test_a_study_file_of_the_folder_names_the_groups(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    study = (mgbone.study.paths.project_root() / "data" / "study.yml").read_text(encoding="utf-8")
    (folder / "study.yml").write_text(
        study.replace("synonyms: [対照群,", "synonyms: [ふつう, 対照群,"), encoding="utf-8"
    )
    groups({"control": "ふつう群"} | {name: name for name in ("pairfed", "mg001", "mg002", "mg004")})(folder)
    assert set(mgbone.open_dataset(folder).animals["group"]) == {
        "control",
        "pairfed",
        "mg001",
        "mg002",
        "mg004",
    }


def test_a_shipped_dataset_without_its_descriptor_is_not_taken_for_measurements(tmp_path):
    folder = csv_folder(tmp_path / "simulated")
    (fault,) = mgbone.check_dataset(folder)
    assert fault.startswith("datapackage.json: the file is missing")


def test_a_heading_of_the_dictionary_implies_its_unit_and_no_other_does():
    table = frames(("serum",))["serum"].rename(columns={"serum_mg": "Mg"})
    rows = [list(table.columns), *table.to_numpy().tolist()]
    grid = Grid("x", "s", top=rows, rows=rows)
    found = read_sheet(grid, "serum")
    assert [fault.problem for fault in found.faults] == [
        f"no unit is stated for serum_mg, which is kept in {field_unit('serum', 'serum_mg')}"
    ]
    assert np.isnan(found.pieces[0].frame["serum_mg"]).all()
