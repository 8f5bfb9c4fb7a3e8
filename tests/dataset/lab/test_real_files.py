"""Forms that laboratories keep their data in, read, or refused by one line that says what to do."""

import io
import sys
import unicodedata
import zipfile

import pandas as pd
import pytest
from helpers.lab_folders import (
    both,
    cells,
    csv_folder,
    file,
    frames,
    lab_folder,
    parts,
    sheet,
    write_book,
)
from helpers.small_dataset import write_cel
from openpyxl import Workbook
from openpyxl.styles import Font

import mgbone
from mgbone.dataset.lab.mapping import read_mapping
from mgbone.dataset.lab.proposal import propose_mapping
from mgbone.execute.cli import main
from mgbone.study.errors import MgboneError

ANIMALS = "animal_id,experiment,group\n" + "".join(
    f"R{n},exp2,{group}\n" for n, group in enumerate(["control"] * 3 + ["mg004"] * 3 + ["mg002"] * 3, start=1)
)


def folder_of(folder, **texts):
    """Write text files; ``serum="..."`` becomes serum.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"animals": ANIMALS, **texts}.items():
        if text is not None:
            (folder / (name if "." in name else f"{name}.csv")).write_text(text, encoding="utf-8")
    return folder


def serum_of(heading, value):
    return f"animal_id,{heading}\n" + "".join(f"R{n},{value}\n" for n in range(1, 10))


def one_fault(folder, *pieces):
    faults = mgbone.check_dataset(folder)
    assert len(faults) == 1, "\n".join(faults)
    for piece in pieces:
        assert piece in faults[0]


# --- headings, names, groups -------------------------------------------------------------------------


def two_rows(path, merged=True):
    """Write headings in two rows: 血清 over Mg, Ca and P, with one unit for the three; 尿 over two."""
    book = Workbook()
    one = book.active
    for row in (
        ["ラットNo.", "実験", "群", "血清 (mg/dL)", None, None, "尿", None],
        [None, None, None, "Mg", "Ca", "P", "CTX-I (µg/L)", "クレアチニン (mmol/L)"],
        ["R1", "実験2", "正常食群", 2.0, 10.1, 8.5, 480, 5.2],
        ["R2", "実験2", "0.04％Mg", 1.6, 10.2, 8.6, 490, 5.3],
    ):
        one.append(row)
    for place in ("A1:A2", "B1:B2", "C1:C2", "D1:F1", "G1:H1") if merged else ():
        one.merge_cells(place)
    path.parent.mkdir(parents=True)
    book.save(path)
    return path.parent


@pytest.mark.parametrize("merged", [True, False])
def test_headings_in_two_rows_are_read_together(tmp_path, merged):
    dataset = mgbone.open_dataset(two_rows(tmp_path / "lab" / "lab.xlsx", merged))
    row = dataset.serum.iloc[0]
    assert (row["serum_mg"], row["serum_ca"], row["serum_p"]) == (2.0, 10.1, 8.5)
    assert dataset.urine[["ctx", "creatinine"]].to_numpy().tolist() == [[480, 5.2], [490, 5.3]]
    assert dataset.animals["animal_id"].tolist() == ["R1", "R2"]


def test_a_number_is_matched_as_it_is_shown(tmp_path):
    folder = tmp_path / "lab"
    animals = pd.DataFrame({"動物ID": [1, 2], "実験": ["exp2"] * 2, "群": ["control", "mg004"]})
    write_book(
        folder / "lab.xlsx",
        {"動物": animals, "血清": pd.DataFrame({"動物ID": ["001", "002"], "Mg (mg/dL)": [2, 1.5]})},
    )
    sheet("動物", lambda one: [setattr(one[f"A{row}"], "number_format", "000") for row in (2, 3)])(folder)
    assert mgbone.open_dataset(folder).animals["animal_id"].tolist() == ["001", "002"]


def test_groups_by_the_dose_alone(tmp_path):
    text = (
        ANIMALS.replace("exp2", "2")
        .replace("control", "0.05")
        .replace("mg004", "0.04")
        .replace("mg002", "0.020")
    )
    dataset = mgbone.open_dataset(folder_of(tmp_path / "lab", animals=text))
    assert dataset.animals["group"].unique().tolist() == ["control", "mg004", "mg002"]


def test_unknown_groups_are_named_once_each_and_their_experiments_not_at_all(tmp_path):
    text = "animal_id,group\n" + "".join(f"R{n},{1 + n // 4}\n" for n in range(9))
    faults = mgbone.check_dataset(folder_of(tmp_path / "lab", animals=text))
    assert len(faults) == 3
    assert not any("blank" in fault for fault in faults)


@pytest.mark.parametrize("name", ["?", "？"])
def test_a_question_mark_is_a_name_and_no_blank(tmp_path, name):
    text = ANIMALS.replace("R1,exp2,control", f"{name},exp2,control")
    assert mgbone.open_dataset(folder_of(tmp_path / "lab", animals=text)).animals["animal_id"].iloc[0] == "?"
    text = ANIMALS.replace("R1,exp2,control", f"R1,exp2,{name}")
    one_fault(folder_of(tmp_path / "other", animals=text), "row 2", "found '?'", "allowed: control")


def test_a_table_without_a_known_heading_of_animals_is_named_with_its_headings(tmp_path):
    folder = folder_of(
        tmp_path / "lab", animals=None, data="Nager,experiment,group,serum_mg\na,exp2,control,2\n"
    )
    one_fault(
        folder, "data.csv: no heading names the animals; found in row 1: Nager, experiment, group", "動物ID"
    )
    folder = folder_of(
        tmp_path / "near", animals=None, data="Anima ID,experiment,group,serum_mg\na,exp2,control,2\n"
    )
    one_fault(folder, "If 'Anima ID' holds the names of the animals, write")


# --- units -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "value", "field", "expected"),
    [
        ("ALP (µkat/L)", 10, "serum_alp", 600),
        ('"ALP (IU/L, 37℃)"', 600, "serum_alp", 600),
        ("Pi (mg%)", 9.1, "serum_p", 9.1),
        ("Ca mg/100mL", 10.4, "serum_ca", 10.4),
    ],
)
def test_units_of_clinical_chemistry(tmp_path, heading, value, field, expected):
    dataset = mgbone.open_dataset(folder_of(tmp_path / "lab", serum=serum_of(heading, value)))
    assert dataset.serum[field].unique().tolist() == [expected]


@pytest.mark.parametrize(
    ("heading", "advice"),
    [("PTH (pmol/L)", "molar mass that the maker"), ("Mg (U/L)", "Convert the values first, or correct")],
)
def test_a_unit_that_can_not_be_converted_says_what_is_lacking(tmp_path, heading, advice):
    one_fault(folder_of(tmp_path / "lab", serum=serum_of(heading, 1)), "can't be converted", advice)


# --- files -------------------------------------------------------------------------------------------


def strict(name, data):
    if name.endswith((".xml", ".rels")):
        for part in (b"officeDocument", b"spreadsheetml"):
            data = data.replace(
                b"http://schemas.openxmlformats.org/%s/2006/" % part, b"http://purl.oclc.org/ooxml/%s/" % part
            )
    return data


def test_strict_open_xml_is_read_as_any_workbook(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    parts(strict)(folder)
    with zipfile.ZipFile(folder / "lab.xlsx") as archive:
        assert b"purl.oclc.org/ooxml/spreadsheetml/main" in archive.read("xl/worksheets/sheet1.xml")
    assert mgbone.open_dataset(folder).serum["serum_mg"].tolist() == frames()["serum"]["serum_mg"].tolist()


def test_hidden_rows_and_struck_out_values_are_said(tmp_path):
    folder = lab_folder(tmp_path / "lab")
    sheet("serum", lambda one: setattr(one.row_dimensions[4], "hidden", True))(folder)
    sheet("serum", lambda one: setattr(one["B6"], "font", Font(strike=True)))(folder)
    notes = "\n".join(mgbone.open_dataset(folder).notes)
    assert "sheet serum: row 4 is hidden or filtered out; what stands there was read." in notes
    assert "sheet serum: row 6 is struck out, at least in part" in notes


def test_tables_of_r(tmp_path):
    rows = [line.split(",") for line in ANIMALS.splitlines()]
    table = "\n".join(
        " ".join(f'"{cell}"' for cell in (row if n == 0 else [n, *row])) for n, row in enumerate(rows)
    )
    serum = frames()["serum"].head(3).assign(animal_id=["R1", "R2", "R3"]).to_csv()
    folder = folder_of(tmp_path / "lab", **{"animals": None, "animals.txt": table, "serum": serum})
    dataset = mgbone.open_dataset(folder)
    assert dataset.animals["animal_id"].tolist() == [f"R{n}" for n in range(1, 10)]
    assert len(dataset.serum) == 3
    assert "animals.txt: columns are parted by blanks." in dataset.notes


def test_a_column_per_group_names_animals_by_group_and_row(tmp_path):
    text = "control,mg004,mg002\n2.01,1.66,1.15\n2.1,,1.31\n"
    dataset = mgbone.open_dataset(folder_of(tmp_path / "lab", animals=None, serum_mg=text))
    serum = dataset.serum.set_index("animal_id")["serum_mg"]
    assert serum.to_dict() == {
        "control-1": 2.01,
        "control-2": 2.1,
        "mg004-1": 1.66,
        "mg002-1": 1.15,
        "mg002-2": 1.31,
    }
    assert set(dataset.animals["experiment"]) == {"exp2"}
    assert "animals named by their group and row" in "\n".join(dataset.notes)


def test_a_column_per_group_says_what_hinders(tmp_path):
    text = "control,mg004,mg002\n2.01,x,1.15\n"
    folder = folder_of(tmp_path / "lab", animals=None, serum_mg=text)
    one_fault(folder, "serum_mg.csv, row 2", "mg004", "found 'x'")
    one_fault(
        folder_of(tmp_path / "other", animals=None, result=text.replace("x", "1")),
        "Name the sheet or file for it",
    )


@pytest.mark.parametrize("form", ["NFD", "full width"])
def test_files_are_found_by_their_names_as_people_see_them(tmp_path, form):
    folder = csv_folder(tmp_path / "lab", ("animals",))
    (folder / "cel").mkdir()
    animals = frames()["animals"]["animal_id"].head(2).tolist()
    names = ["グループ１", "ラットデータ２"]
    for seed, name in enumerate(names):
        on_disk = unicodedata.normalize("NFD", name) if form == "NFD" else name
        write_cel(folder / "cel" / f"{on_disk}.CEL", seed=seed)
    listed = pd.DataFrame(
        {"array_id": ["a", "b"], "animal_id": animals, "file": [f"{name}.CEL" for name in names]}
    )
    listed.to_csv(folder / "arrays.csv", index=False)
    assert not [fault for fault in mgbone.check_dataset(folder) if "missing" in fault]


# --- qCT of others -----------------------------------------------------------------------------------

PQCT = """SampNo,Site,Filename,SIDE,CTPOS,TOT_A,TOT_CNT,CRT_A,CRT_CNT,TRAB_A,TRAB_CNT
R1,Femur,V0,R,5,40,30,20,18,15,5
R1,Femur,V1,L,5,42,32,22,20,17,7
R1,Tibia,V2,R,5,1,1,1,1,0,0
"""
LENGTH = (
    ANIMALS.replace("group", "group,femur_length")
    .replace("control", "control,30")
    .replace("mg004", "mg004,30")
    .replace("mg002", "mg002,30")
)
MAPPED = """files: pqct.csv
columns: {animal_id: SampNo, position: CTPOS, whole_area: TOT_A, whole_content: TOT_CNT, cortical_area: CRT_A,
          cortical_content: CRT_CNT, cancellous_area: TRAB_A, cancellous_content: TRAB_CNT}
units: {position: mm, whole_area: mm2, whole_content: mg/mm, cortical_area: mm2, cortical_content: mg/mm,
        cancellous_area: mm2, cancellous_content: mg/mm}
direction: distal to proximal
thickness: 0.5
only: {Site: Femur}
average: [SIDE]
compartments: independent
"""


def pqct(folder, mapping=MAPPED):
    return folder_of(folder, **{"animals": LENGTH, "pqct": PQCT, "qct_mapping.yml": mapping})


def test_exports_of_pqct_by_site_and_side_in_content_per_length(tmp_path):
    """By hand: mean of right and left, times 0.5 mm of bone."""
    dataset = mgbone.open_dataset(pqct(tmp_path / "lab"))
    (row,) = dataset.qct_slices.to_dict("records")
    assert (row["whole_area"], row["whole_content"], row["cortical_content"]) == (41, 15.5, 9.5)
    notes = "\n".join(dataset.notes)
    assert "1 rows left out, whose Site is not Femur" in notes and "2 rows averaged over SIDE to 1" in notes
    assert "content per length times the thickness" in notes


def test_without_a_word_on_it_the_whole_is_the_sum_of_its_parts(tmp_path):
    faults = mgbone.check_dataset(pqct(tmp_path / "lab", MAPPED.replace("compartments: independent\n", "")))
    assert faults and all("write compartments: independent into qct_mapping.yml" in fault for fault in faults)


def test_compartments_that_are_no_parts_are_said_once(tmp_path):
    """Ten slices, none of which is the sum of its parts, in area and in content."""
    rows = "".join(f"R1,Femur,V{n},R,{n},40,30,20,20,12,8\n" for n in range(1, 11))
    folder = pqct(tmp_path / "lab", MAPPED.replace("compartments: independent\n", ""))
    (folder / "pqct.csv").write_text(PQCT.partition("\n")[0] + "\n" + rows)
    first, more = mgbone.check_dataset(folder)
    assert first.startswith("pqct.csv, row 2") and "found 40 mm², but cortical + cancellous is 32" in first
    assert "compartments: independent" in first and "9 more rows have a fault of this kind" in more


@pytest.mark.parametrize(
    ("old", "new", "pieces"),
    [
        ("Site: Femur", "Site: Hip", ["has no row whose Site is Hip; found Femur, Tibia", "Correct `only`"]),
        ("[SIDE]", "[SIED]", ["pqct.csv: lacks the columns that qct_mapping.yml names: 'SIED'"]),
        ("independent", "none", ["line 10, compartments: found 'none', allowed is parts or"]),
        ("thickness: 0.5", "thickness: -1", ["line 7, thickness: found -1, allowed is a number in mm"]),
        ("[SIDE]", "[SIDE]\naverage: [Site]", ["line 10, average: stands a second time"]),
        ("only: {Site: Femur}", "only: {Site: no}", ["line 8: found no, which YAML takes for truth values"]),
        ("position: CTPOS", "positon: CTPOS", ["line 2, columns.positon", "Is it position?"]),
    ],
)  # fmt: skip
def test_slips_in_the_mapping_file_are_named_with_their_lines(tmp_path, old, new, pieces):
    assert old in MAPPED
    one_fault(pqct(tmp_path / "lab", MAPPED.replace(old, new, 1)), *pieces)


def test_a_mapping_is_proposed_for_an_export(tmp_path, capsys):
    folder = pqct(tmp_path / "lab", "# nothing yet\n")
    assert main(["map", str(folder)]) == 0
    text = capsys.readouterr().out
    assert "  whole_area: TOT_A\n" in text and "# average: [SIDE]" in text and "# SIDE has R, L" in text
    kept = text.replace("# only: {Site: Femur}", "only: {Site: Femur}").replace(
        "# average: [SIDE]", "average: [SIDE]"
    )
    (folder / "qct_mapping.yml").write_text(kept + "compartments: independent\n")
    mapping, faults = read_mapping(folder)
    assert faults == [] and mapping.only == {"Site": "Femur"}
    assert len(mgbone.open_dataset(folder).qct_slices) == 1


def test_no_mapping_is_proposed_for_what_is_no_export(tmp_path):
    with pytest.raises(MgboneError, match="no table looks like a scanner's export"):
        propose_mapping(folder_of(tmp_path / "lab"))


@pytest.mark.parametrize(
    ("structure", "read"), [("trabecular", True), ("cancellous", True), ("cortical", False)]
)
def test_marrow_may_lie_below_zero_and_cortical_bone_may_not(tmp_path, structure, read):
    text = "animal_id,structure,region,density (mg/cm3)\n"
    text += f"R1,{structure},distal,-11.28\nR2,{structure},distal,31\n"
    folder = folder_of(tmp_path / "lab", qct_regions=text)
    if read:
        dataset = mgbone.open_dataset(folder)
        assert dataset.qct_regions["density"].tolist() == [-11.28, 31]
        assert "1 value below zero (R1) kept" in "\n".join(dataset.notes)
    else:
        one_fault(folder, "qct_regions.csv, row 2", "found -11.28, allowed is 0 or more")


# --- terminals ---------------------------------------------------------------------------------------


def test_a_terminal_that_lacks_the_signs_gets_others(tmp_path, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    folder = lab_folder(tmp_path / "lab")
    both(cells("serum", B2="２"), file("メモ.doc", "x"))(folder)
    assert main(["check", str(folder)]) == 0
    sys.stdout.flush()
    assert b"\\u30e1\\u30e2.doc" in raw.getvalue()
