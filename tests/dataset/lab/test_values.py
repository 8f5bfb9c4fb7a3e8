"""Cells, units and headings by themselves: what is read, what is refused, and that nothing is guessed."""

import datetime
import math

import pandas as pd
import pytest
from helpers import ROOT
from helpers.languages import speak
from hypothesis import given
from hypothesis import strategies as st

import mgbone
from mgbone.dataset.lab.cell import is_blank, read_name, read_number, read_numbers
from mgbone.dataset.lab.groups import experiments_named, groups_named
from mgbone.dataset.lab.headings import fold, place_named, read_heading, table_named
from mgbone.dataset.lab.units import (
    BEGIN,
    END,
    MOLAR_MASS,
    conversion,
    unit_of,
    units_table,
    write_units_table,
)
from mgbone.study.design import REGIONS, STRUCTURES
from mgbone.study.dictionary import (
    TABLES,
    endpoint,
    endpoints,
    region_label,
    structure_label,
    table_fields,
    typeset_unit,
)

WIDE = str.maketrans("0123456789.-+eE<", "０１２３４５６７８９．－＋ｅＥ＜")


# --- numbers -----------------------------------------------------------------------------------------


@given(st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.text(" \t\u3000", max_size=2))
def test_a_number_is_read_back_in_any_width(number, wide, blank):
    text = f"{blank}{number!r}{blank}"
    reading = read_number(text.translate(WIDE) if wide else text)
    assert (reading.kind, reading.number) == ("number", number)


@given(st.text(max_size=12), st.booleans())
def test_any_text_gives_a_reading_and_never_an_error(text, commas):
    reading = read_number(text, commas)
    assert reading.kind in ("number", "below", "undetected", "missing", "bad")
    assert math.isfinite(reading.number) == (reading.kind in ("number", "below"))
    assert bool(reading.problem or reading.found) == bool(reading.advice) == (reading.kind == "bad")
    assert is_blank(text) <= (reading.kind == "missing")


@given(st.text("0123456789,.", min_size=1, max_size=9))
def test_a_comma_is_never_taken_for_a_decimal_point(text):
    reading = read_number(text)
    if "," in text and reading.kind == "number":
        assert reading.number == float(text.replace(",", ""))
        assert "." in text or text.count(",") > 1
        assert all(len(part) == 3 for part in text.partition(".")[0].split(",")[1:])


@given(st.floats(min_value=1e-6, max_value=1e9))
def test_a_limit_keeps_its_value(limit):
    for text in (f"<{limit!r}", f"＜ {limit!r}", f"{limit!r}未満"):
        reading = read_number(text)
        assert (reading.kind, reading.number) == ("below", limit), text


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("０．８２", "number", 0.82),
        (" 1.5 ", "number", 1.5),
        ("−3", "number", -3),
        ("1,234.5", "number", 1234.5),
        ("1,234,567", "number", 1234567),
        ("１，２３４．５", "number", 1234.5),
        ("12.5 g", "number", 12.5),
        ("5ｍｇ／ｄＬ", "number", 5),
        ("N.D.", "undetected", None),
        ("ＮＤ", "undetected", None),
        ("検出限界以下", "undetected", None),
        ("欠測", "missing", None),
        ("ー", "missing", None),
        ("－", "missing", None),
        ("n/a", "missing", None),
        ("", "missing", None),
        (None, "missing", None),
        (float("nan"), "missing", None),
        ("1,234", "bad", None),
        ("0,123", "bad", None),
        ("1,23", "bad", None),
        ("12,34,567", "bad", None),
        ("1 234", "bad", None),
        ("1.2.3", "bad", None),
        ("5/6", "bad", None),
        ("Jan-5", "bad", None),
        ("2026年4月1日", "bad", None),
        ("1e999", "bad", None),
        ("<0", "bad", None),
        ("<<1", "bad", None),
        ("≤1", "bad", None),
        ("0.82％", "bad", None),
        ("#N/A", "bad", None),
        (True, "bad", None),
        (datetime.time(1, 2), "bad", None),
        (datetime.date(2026, 1, 2), "bad", None),
        (float("inf"), "bad", None),
    ],
)
def test_how_a_cell_is_read(text, kind, number):
    reading = read_number(text)
    assert reading.kind == kind, reading
    if number is not None:
        assert reading.number == number


def test_one_comma_parts_thousands_only_where_the_column_shows_a_decimal_point():
    assert read_number("1,234").kind == "bad"
    assert read_number("1,234", commas=True).number == 1234
    assert read_number("0,234", commas=True).kind == "bad"


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1,9", "２，０５", "12,125", "2", None, "N.D."], [1.9, 2.05, 12.125, 2, None, None]),
        (["<0,5", "1,25 mg/dL", "-3,5"], [0.5, 1.25, -3.5]),
        (["0,123", "0,456"], [0.123, 0.456]),
        (["1234,567", "2345,678"], [1234.567, 2345.678]),
        (["1,9", 2, "3,5"], [1.9, 2, 3.5]),
        (["1,9", "2.0", "3,5"], None),
        (["1,9", 2.5, "3,5"], None),
        (["1,234", "2,345"], None),
        (["1,9", "12", "13", "14"], None),
        (["1.234,5", "2,5", "3,5"], None),
        (["1,9", "2,", "3,5"], None),
        (["1,2,3", "2,5", "3,5"], None),
    ],
)
def test_decimal_commas_are_read_where_the_whole_column_has_them(cells, values):
    found, readings = read_numbers(pd.Series(cells, dtype=object))
    bad = {row for row, one in readings.items() if one.kind == "bad"}
    with_comma = {row for row, cell in enumerate(cells) if isinstance(cell, str) and set(cell) & set(",，")}
    if values is None:
        assert with_comma & bad
        return
    assert not bad
    assert found.tolist() == pytest.approx([math.nan if v is None else v for v in values], nan_ok=True, abs=0)
    assert all("comma read as decimal point" in readings[row].how for row in with_comma)


@pytest.mark.parametrize("cell", ["10³", "①", "1²", "٣", "５³", "<1²", "½", "2e³", "２ｅ−³"])
def test_other_digits_are_no_numbers(cell):
    assert read_number(cell).kind == "bad"


def test_other_digits_are_no_numbers_in_a_column_with_decimal_commas_either():
    _, readings = read_numbers(pd.Series(["1,5³", "1,2e³", "1,5", "2,5"], dtype=object))
    assert [readings[row].kind for row in readings] == ["bad", "bad", "number", "number"]


def test_a_whole_number_of_400_digits_is_refused():
    _, readings = read_numbers(pd.Series([int("9" * 400), "1,5", "2,5"], dtype=object))
    assert readings[0].kind == "bad"


def test_other_digits_stay_in_names_and_in_units():
    assert [read_name(name)[0] for name in ("R1³", "①-１", "ラット２")] == ["R1³", "①-1", "ラット2"]
    for cell in ("１００ mg/cm³", "100ｍｇ／ｃｍ³", "100㎎/㎤", "100 ㎎/cm³", "100㎠", "100㎟", "1e2㎟"):
        reading = read_number(cell)
        assert reading.number == 100 and reading.unit is not None, cell


@pytest.mark.parametrize(
    ("delimiter", "other", "values"),
    [(";", "1,9", [8.861, 9.161]), (";", "1.9", None), (";", "2", None), ("\t", "1,9", None)],
)
def test_three_decimals_are_read_where_another_column_of_the_file_shows_the_comma(
    tmp_path, delimiter, other, values
):
    rows = [
        ["animal_id", "group", "serum_mg", "serum_p"],
        ["a", "mg004", other, "8,861"],
        ["b", "mg004", other, "9,161"],
    ]
    (tmp_path / "serum.csv").write_text("\n".join(map(delimiter.join, rows)))
    if values is None:
        faults = mgbone.check_dataset(tmp_path)
        assert len(faults) == 2 and all("may be read in two ways" in fault for fault in faults)
        return
    dataset = mgbone.open_dataset(tmp_path)
    assert dataset.serum["serum_p"].tolist() == values
    assert 'serum.csv, column D "serum_p": the comma read as decimal point' in "\n".join(dataset.notes)


@given(st.lists(st.decimals(0, 9999, places=2), min_size=1, max_size=6))
def test_a_column_of_decimal_commas_is_that_of_points(numbers):
    texts = [f"{number}".replace(".", ",") for number in numbers]
    found, _ = read_numbers(pd.Series(texts, dtype=object))
    assert found.tolist() == [float(number) for number in numbers]


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (" Ａ１　", "A1"),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        ("R  1", "R 1"),
        ("", None),
        (None, None),
        ("007", "007"),
    ],
)
def test_how_a_name_is_read(cell, name):
    assert read_name(cell) == (name, "")


@pytest.mark.parametrize("cell", [True, datetime.datetime(2026, 1, 2), "#REF!"])
def test_what_is_no_name_is_a_fault(cell):
    name, problem = read_name(cell)
    assert name is None and problem.startswith("found ")


# --- units -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "field", "target", "factor"),
    [
        # atomic weights (IUPAC 2021, abridged) / 10: grams per mole to mg/dL per mmol/L
        ("mmol/L", "serum_mg", "mg/dL", 24.305 / 10),
        ("mmol/L", "serum_ca", "mg/dL", 40.078 / 10),
        ("mmol/L", "serum_p", "mg/dL", 30.974 / 10),
        ("mEq/L", "serum_mg", "mg/dL", 24.305 / 20),
        ("mEq/L", "serum_ca", "mg/dL", 40.078 / 20),
        ("umol/L", "serum_mg", "mg/dL", 24.305 / 10_000),
        ("mg/dL", "creatinine", "mmol/L", 10 / 113.12),
        ("ｍＭ", "serum_mg", "mg/dL", 2.4305),
        ("mg/L", "serum_mg", "mg/dL", 0.1),
        ("µg/mL", "serum_mg", "mg/dL", 0.1),
        ("μg/mL", "serum_mg", "mg/dL", 0.1),
        ("㎎／㎗", "serum_mg", "mg/dL", 1),
        ("MG/DL", "serum_mg", "mg/dL", 1),
        ("IU/L", "serum_alp", "U/L", 1),
        ("mU/mL", "serum_alp", "U/L", 1),
        ("IU/L, 37℃", "serum_alp", "U/L", 1),
        # 1 kat is 1 mol/s, 1 U is 1 umol/min: 1 ukat/L = 60 U/L
        ("µkat/L", "serum_alp", "U/L", 60),
        ("nkat/mL", "serum_alp", "U/L", 60),
        ("mg%", "serum_p", "mg/dL", 1),
        ("mg/100 mL", "serum_ca", "mg/dL", 1),
        ("ug%", "serum_mg", "mg/dL", 0.001),
        ("kg", "body_weight_initial", "g", 1000),
        ("g/日", "food_intake", "g/day", 1),
        ("L/24h", "urine_volume", "mL/day", 1000),
        ("cm", "femur_length", "mm", 10),
        ("cm²", "whole_area", "mm2", 100),
        ("g", "whole_content", "mg", 1000),
        ("g/cm3", "density", "mg/cm3", 1000),
        ("nM", "dpd", "nmol/L", 1),
        ("pmol/mL", "dpd", "nmol/L", 1),
        ("ng/mL", "ctx", "ug/L", 1),
    ],
)
def test_factor_between_units(stated, field, target, factor):
    assert conversion(unit_of(stated), target, field).factor == pytest.approx(factor, rel=1e-9)


def test_the_readme_holds_the_table_of_units_as_it_is(tmp_path):
    text = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    written = text.partition(BEGIN)[2].partition(END)[0]
    assert written.strip() == units_table().strip(), "run mgbone.dataset.lab.units.write_units_table()"
    path = tmp_path / "README.md"
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_units_table(path)
    assert path.read_text(encoding="utf-8") == f"before\n{BEGIN}\n\n{units_table()}\n{END}\nafter\n"


def test_the_table_of_units_gives_factors_and_sources():
    """Factors by hand, as in the test of factors above: 24.305 g/mol Mg, 60 s, 113.12 g/mol creatinine."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in units_table().splitlines()[2:]]
    found = {(row[0], row[1].strip("`")): (row[3], row[4]) for row in rows}
    assert len(found) == len(rows)
    for key, factor, source in (
        (("mmol/L", "serum_mg"), "2.4305", "IUPAC 2021"),
        (("mEq/L", "serum_ca"), "2.0039", "two equivalents per mole; Ca 40.078"),
        (("ukat/L", "serum_alp"), "60", "IUBMB 1978"),
        (("mg%", "serum_mg"), "1", "100 mL of solution"),
        (("mg/dL", "creatinine"), "0.0884017", "C4H7N3O 113.120"),
        (("mEq/L", "serum_p"), "", "charge of phosphate"),
        (("pmol/L", "serum_pth"), "", "maker's factor"),
    ):
        assert found[key][0] == factor and source in found[key][1], key
    assert all(source for _, source in found.values())


@pytest.mark.parametrize(
    "text", ["Mg", "%", "mg‰", "個", "", "mg/dL/day", "g/", "匹", "kmol", "dg", "m4", "mg2", "cps"]
)
def test_what_is_no_unit_is_none(text):
    assert unit_of(text) is None


@pytest.mark.parametrize(
    ("stated", "field", "target"),
    [
        ("mmol/L", "serum_pth", "pg/mL"),
        ("mEq/L", "serum_p", "mg/dL"),
        ("mg", "serum_mg", "mg/dL"),
        ("U/L", "serum_mg", "mg/dL"),
    ],
)
def test_what_can_not_be_converted_is_none(stated, field, target):
    assert conversion(unit_of(stated), target, field) is None


@given(st.text(max_size=8))
def test_any_text_is_a_unit_or_none(text):
    unit = unit_of(text)
    assert unit is None or unit.size > 0


def test_every_unit_of_the_dictionary_is_known_and_stays_itself():
    units = {spec["unit"] for table in TABLES for spec in table_fields(table).values() if spec.get("unit")}
    for unit in units | {"mg/cm3"}:
        for text in (unit, typeset_unit(unit)):
            assert conversion(unit_of(text), unit, "x").factor == 1, text


def test_molar_masses_say_their_source():
    assert all("IUPAC" in source for _, source in MOLAR_MASS.values())


# --- headings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_every_name_and_title_of_the_dictionary_is_understood(table):
    for name, spec in table_fields(table).items():
        unit = f" ({typeset_unit(spec['unit'])})" if spec.get("unit") else ""
        for words in (name, spec["title"], spec["title_ja"], f"{spec['title_ja']} / {spec['title']}"):
            for text in (words, f"{words}{unit}", f"  {words}\n{unit}", words.upper()):
                heading = read_heading(text)
                assert (heading.field, heading.own) == (name, True), text
                assert heading.table == ("" if name == "animal_id" else table)


@pytest.mark.parametrize("name", endpoints("qct"))
def test_every_regional_density_is_understood(name):
    for words in (name, endpoint(name)["title"], endpoint(name)["title_ja"]):
        assert read_heading(f"{words} (mg/cm³)").field == name


@pytest.mark.parametrize(
    ("text", "table", "field"),
    [
        ("Mg", "serum", "serum_mg"),
        ("Mg", "", ""),
        ("Ｍｇ（mg/dL）", "serum", "serum_mg"),
        ("血中Ca濃度, mg/dL", "", "serum_ca"),
        ("個体No.", "", "animal_id"),
        ("体重", "animals", ""),
        ("Mg/Ca", "serum", ""),
        ("血清 / 尿", "", ""),
        ("Cr (mg/dL)", "urine", "creatinine"),
        ("Ca mg/100 mL", "serum", "serum_ca"),
        ("i-PTH（pg/ml）", "serum", "serum_pth"),
        ("MouseID", "", "animal_id"),
        ("マウスID", "", "animal_id"),
        ("Rat#", "", "animal_id"),
        ("検体No", "", "animal_id"),
        ("耳番号", "", "animal_id"),
        ("", "serum", ""),
    ],
)
def test_headings_of_laboratories(text, table, field):
    assert read_heading(text, table).field == field


def test_a_heading_may_state_unit_and_limit_of_detection():
    heading = read_heading("血清PTH (pg/mL; 検出限界 5 pg/mL)")
    assert (heading.field, heading.unit.text, heading.limit) == ("serum_pth", "pg/mL", "5 pg/mL")


@given(st.text(max_size=15), st.sampled_from(["", *TABLES]))
def test_any_text_is_a_heading_or_none(text, table):
    heading = read_heading(text, table)
    assert heading.text == text and isinstance(fold(text), str)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("血清", "serum"),
        ("serum 血清", "serum"),
        ("exp1_serum", "serum"),
        ("qct_slices qCTスライス", "qct_slices"),
        ("血清2026", "serum"),
        ("動物", "animals"),
        ("Sheet1", ""),
        ("血清と尿", ""),
        ("serum urine", ""),
        ("arrays マイクロアレイ", "arrays"),
        ("qct_regions", "qct_regions"),
    ],
)
def test_what_a_sheet_is_named_for(name, table):
    assert table_named(name) == table


def test_structures_and_regions_by_their_names_in_both_languages():
    for language in ("en", "ja"):
        assert [
            place_named("structures", speak(language, structure_label, one)) for one in STRUCTURES
        ] == list(STRUCTURES)
        assert [place_named("regions", speak(language, region_label, one)) for one in REGIONS] == list(
            REGIONS
        )
    assert [place_named("regions", speak("ja", region_label, one)) for one in REGIONS] == list(REGIONS)
    assert place_named("structures", "骨") == ""


# --- groups ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "experiment", "groups"),
    [
        ("正常食群", "exp1", ["control"]),
        ("正常食", "exp1", ["control"]),
        ("対照", "exp2", ["control"]),
        ("CONTROL group", "exp1", ["control"]),
        ("0.01% Mg", "exp1", ["mg001"]),
        ("０．０１％Ｍｇ欠乏食群", "exp1", ["mg001"]),
        ("Mg 0.010%", "exp1", ["mg001"]),
        ("0.05% Mg", "exp1", ["control", "pairfed"]),
        ("0.05% Mg", "exp2", ["control"]),
        ("0.02% Mg", "exp1", []),
        ("0.1% Mg", "exp1", []),
        ("0.01", "exp1", ["mg001"]),
        ("0.05", "exp1", ["control", "pairfed"]),
        ("1", "exp1", []),
        ("pairfed / ペアフィーディング群", "exp1", ["pairfed"]),
        ("control / ペアフィーディング群", "exp1", []),
        ("", "exp1", []),
    ],
)
def test_groups_as_laboratories_write_them(text, experiment, groups, study):
    assert [group for _, group in groups_named(text, study, experiment)] == groups


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("exp1", ["exp1"]),
        ("1", ["exp1"]),
        ("実験２", ["exp2"]),
        ("Exp. 2", ["exp2"]),
        ("3", []),
        ("実験", []),
    ],
)
def test_experiments_as_laboratories_write_them(text, names, study):
    assert experiments_named(text, study) == names
