"""Compact letters by multcompView, and the summary table by hand."""

import datetime
from types import SimpleNamespace
from zipfile import ZipFile

import helpers.figure_data as made
import numpy as np
import pandas as pd
import pytest
from helpers import R
from openpyxl import load_workbook

from mgbone.evidence.comparison import compare
from mgbone.evidence.letters import (
    compact_letters,
    journal_notes,
    journal_tables,
    mean_and_sd,
    summary_table,
)
from mgbone.execute.workbook import write_workbook
from mgbone.study.design import load_study
from mgbone.study.language import speaking

TRUTH = pd.read_csv(R / "letters_truth.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def study():
    return load_study()


@pytest.fixture(scope="module")
def summary(study):
    measured = made.measurements(study)
    return summary_table(measured, compare(measured, study), study)


@pytest.mark.parametrize("row", list(TRUTH.itertuples()), ids=lambda row: f"case {row.Index + 1}")
def test_letters_are_those_of_multcompview(row):
    """multcompView doesn't sweep either; it may call the same columns by other letters."""
    names = row.groups.split()
    different = [frozenset(pair.split("-")) for pair in row.differ.split()]
    found = compact_letters(names, different)

    def columns(letters):
        return {frozenset(g for g in names if x in letters[g]) for x in "".join(letters.values())}

    assert columns(found) == columns(dict(zip(names, row.letters.split(), strict=True)))
    assert found[names[0]].startswith("a")
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            assert bool(set(found[one]) & set(found[other])) == (frozenset((one, other)) not in different)


def test_letters_of_a_case_by_hand():
    """C differs from A and from E, B from E: C B D | A B D | A D E, by insertion and absorption on paper."""
    different = [frozenset(pair) for pair in ("AC", "CE", "BE")]
    assert compact_letters("ABCDE", different) == {"A": "ab", "B": "ac", "C": "c", "D": "abc", "E": "b"}
    assert compact_letters(["x", "y"], []) == {"x": "a", "y": "a"}


def test_a_group_is_summarised_by_hand(study):
    values = {"control": [2.0, 2.2, 2.4], "mg004": [2.1, 2.0, 2.2], "mg002": [1.0, 1.2, 1.4]}
    rows = [
        (f"{g}{i}", "exp2", g, "serum_mg", v, "mg/dL") for g, vs in values.items() for i, v in enumerate(vs)
    ]
    columns = ["animal_id", "experiment", "group", "endpoint", "value", "unit"]
    measured = pd.DataFrame(rows, columns=columns)
    evidence = compare(measured, study)
    table = summary_table(measured, evidence, study).set_index("group")
    assert table.loc["control", ["n", "mean"]].tolist() == [3, pytest.approx(2.2)]
    assert table.loc["control", "sd"] == pytest.approx(0.2)
    assert table.loc["control", "sem"] == pytest.approx(0.2 / np.sqrt(3))
    # F = (between / 2) / (within / 6), between = 3 sum of squared deviations of the means from 1.8333.
    between = 3 * ((2.2 - 11 / 6) ** 2 + (2.1 - 11 / 6) ** 2 + (1.2 - 11 / 6) ** 2)
    within = 0.08 + 0.02 + 0.08
    f = (between / 2) / (within / 6)
    # With 2 and 6 degrees of freedom p is a power in closed form.
    assert table["p_anova"].unique() == pytest.approx([(1 + 2 * f / 6) ** -3])
    assert table["letters_significant"].to_dict() == {"control": "a", "mg004": "a", "mg002": "b"}
    p = evidence.set_index("contrast")["p"]
    assert table.loc["mg002", "p_vs_control"] == table.loc["control", "p_vs_mg002"] == p["mg002_vs_control"]
    assert np.isnan(table.loc["control", "p_vs_control"]) and np.isnan(table.loc["control", "p_vs_mg001"])


@pytest.mark.slow
def test_letters_at_both_levels_agree_with_p(summary, study):
    for (_, _), rows in summary.groupby(["experiment", "endpoint"]):
        rows = rows.set_index("group")
        for level in ("significant", "trend"):
            letters = rows[f"letters_{level}"]
            for a in rows.index:
                for b in rows.index:
                    if a != b:
                        shared = bool(set(letters[a]) & set(letters[b]))
                        assert shared == (rows.loc[a, f"p_vs_{b}"] >= study.thresholds[level])
        assert "a" in rows.loc[rows["mean"].idxmax(), "letters_significant"]


def test_no_letters_without_the_p_of_every_pair(study):
    measured = made.measurements(study).query("experiment == 'exp2' and endpoint == 'serum_mg'")
    evidence = compare(measured, study)
    table = summary_table(measured, evidence[evidence["contrast"] != "mg002_vs_mg004"], study)
    assert table["letters_significant"].isna().all() and table["p_vs_control"].notna().sum() == 2
    alone = summary_table(measured[measured["group"] == "mg002"], evidence.iloc[:0], study)
    assert alone["letters_trend"].isna().all() and alone["n"].tolist() == [8]
    assert summary_table(measured.iloc[:0], evidence.iloc[:0], study).empty


def test_values_below_a_limit_have_letters_but_no_mean(study):
    measured = made.measurements(study).query("experiment == 'exp2' and endpoint == 'serum_mg'")
    measured = measured.assign(censored=measured["value"] < measured["value"].median())
    table = summary_table(measured, compare(measured, study), study)
    assert table[["mean", "sd", "sem", "p_anova"]].isna().all(axis=None)
    assert table["letters_significant"].notna().all()


@pytest.mark.parametrize(("mean", "sd", "written"), [
    (2.046, 0.1372, "2.05 ± 0.14"), (671.75, 98.68, "672 ± 99"), (671.75, 0.0996, "671.75 ± 0.10"),
    (98.1, 123.4, "98 ± 123"), (2.0, np.nan, "2"), (np.nan, np.nan, ""),
])  # fmt: skip
def test_mean_and_sd_are_written_to_two_digits_of_the_sd(mean, sd, written):
    assert mean_and_sd(mean, sd) == written


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_table_of_journals_never_shows_letters_without_p(summary, study, language):
    with speaking(language):
        tables, notes = journal_tables(summary, study), journal_notes(study)
    table = tables["exp2"]
    experiment = study.experiments["exp2"]
    assert table.index.name == {"en": experiment.label, "ja": experiment.label_ja}[language]
    assert table.shape[1] == 3 * 4 + 1 + 3
    assert (table["p"] != "").all(axis=None)
    assert "SEM" in notes[0] and "0.05" in notes[0] and "0.1" in notes[0]


def test_a_workbook_says_what_it_is_and_has_the_same_bytes_again(summary, study, tmp_path, monkeypatch):
    tables = journal_tables(summary, study)
    for name, year in (("one.xlsx", 2024), ("two.xlsx", 2031)):
        monkeypatch.setattr("openpyxl.writer.excel.datetime", _clock(year))
        write_workbook(tables, tmp_path / name, journal_notes(study), "SIMULATED DATA")
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    with ZipFile(tmp_path / "one.xlsx") as parts:
        assert {part.date_time[0] for part in parts.infolist()} == {1980}
    book = load_workbook(tmp_path / "one.xlsx")
    assert book.sheetnames == ["exp1", "exp2"]
    sheet = book["exp2"]
    assert sheet["A1"].value == "SIMULATED DATA"
    assert [sheet["B2"].value, sheet["B3"].value, sheet["C3"].value] == ["Control", "n", "mean ± SD"]
    assert sheet.cell(4, 3).value == tables["exp2"].iloc[0, 1]
    assert sheet.cell(sheet.max_row - 1, 1).value == journal_notes(study)[0]


def _clock(year):
    class Fixed(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(year, 5, 6, tzinfo=tz)

    return SimpleNamespace(datetime=Fixed, timezone=datetime.timezone)
