"""Sentences that are written from evidence."""

import numpy as np
import pandas as pd
import pytest

from mgbone.evidence import words as evidence_words
from mgbone.evidence.comparison import compare
from mgbone.evidence.words import findings
from mgbone.study.language import speaking
from mgbone.study.naming import absence
from mgbone.study.paths import write_table
from mgbone.study.reading import with_names


@pytest.fixture(scope="module")
def evidence(study):
    groups = {"control": [2.0, 2.1, 1.9, 2.0], "mg004": [1.9, 2.1, 2.0, 1.9], "mg002": [1.0, 1.1, 0.9, 1.0]}
    rows = [
        {
            "animal_id": f"{g}-{i}",
            "experiment": "exp2",
            "group": g,
            "endpoint": e,
            "value": v * scale,
            "unit": "mg/dL",
        }
        for e, scale in (("serum_mg", 1), ("serum_ca", -1))
        for g, values in groups.items()
        for i, v in enumerate(values)
    ]
    return compare(pd.DataFrame(rows), study)


def test_a_finding_says_means_difference_interval_effect_and_p(evidence, study):
    line = findings(evidence, study, ["serum_mg"], ["mg002_vs_control"]).data
    row = evidence.set_index(["endpoint", "contrast"]).loc[("serum_mg", "mg002_vs_control")]
    assert "1 against 2 mg/dL" in line
    assert "difference -1 (-50.0 %)" in line
    assert f"95 % interval {row['ci_low']:+.3g} to {row['ci_high']:+.3g}" in line
    assert f"Hedges g {row['hedges_g']:+.2f} ({row['g_low']:+.2f} to {row['g_high']:+.2f}), p = " in line
    assert line.endswith("**significant**.")
    assert line.startswith("- **Serum")
    assert "\n" not in line


def test_a_difference_of_percentages_is_in_percentage_points(evidence):
    row = evidence.iloc[:1].assign(endpoint="absorption_mg", unit="%", estimate=-1.0, mean_reference=2.0)
    said = evidence_words.each_finding(row).data
    assert "against 2 %, difference -1 percentage points (-50.0 %), 95" in said
    with speaking("ja"):
        assert "対 2％、差-1ポイント（-50.0％）、95" in evidence_words.each_finding(row).data


def test_an_outlier_is_named_with_its_unit():
    row = {"animal_id": "e1-2", "endpoint": "urine_ctx", "value": 53.1, "studentised": -4.1, "p": 0.012}
    assert "e1-2, Urinary CTX-I: 53.1 µg/mmol Cr, " in evidence_words.name_outliers(pd.DataFrame([row])).data


def test_what_is_said_before_and_after_a_table_is_written_is_the_same(evidence, study, tmp_path):
    close = evidence.assign(estimate=0.7375 - 1e-13)  # a hair less than what is written, and rounds to 0.738
    write_table(close, tmp_path / "evidence.csv")
    read = pd.read_csv(tmp_path / "evidence.csv")
    said = [findings(table, study, ["serum_mg"], ["mg002_vs_control"]).data for table in (close, read)]
    assert said[0] == said[1] and "+0.738" in said[0]
    assert with_names(close[["estimate"]])["estimate"].iloc[0] == "0.738"


def test_absence_and_its_table_give_one_number(study):
    weighed = pd.DataFrame(
        {
            "endpoint": ["serum_pth"], "contrast": "mg001_vs_pairfed", "percent_low": -51.3,
            "percent_high": 21.4, "p": 0.361, "bound_percent": 25.0, "p_equivalence": 0.391,
            "smallest_bound_percent": 42.549, "severity": 0.61, "absence": absence(42.549, 25),
            "bf10": 0.76, "n_case": 8, "n_reference": 8,
        }
    )  # fmt: skip
    (row,) = evidence_words.absence_table(weighed).to_dict("records")
    assert (row["excluded beyond"], row["the data"]) == ("42.6 %", "effect excluded beyond 42.6 %")
    assert "larger than 42.6 to 42.6 %" in evidence_words.count_absence(weighed).data


def test_no_difference_is_said_to_be_not_shown(evidence, study):
    assert findings(evidence, study, ["serum_mg"], ["mg004_vs_control"]).data.endswith(
        "**no difference shown**."
    )


def test_a_trend_is_called_one(evidence, study):
    almost = evidence.assign(level="trend", p=0.07)
    line = findings(almost, study, ["serum_mg"], ["mg004_vs_control"]).data
    assert line.endswith("p = 0.070: **a trend**.")


def test_the_reports_contrasts_are_spoken_of_in_the_order_of_the_endpoints(evidence, study):
    lines = findings(evidence, study, ["serum_ca", "serum_mg"]).data.splitlines()
    assert len(lines) == 4  # mg002_vs_mg004 is not the report's
    assert ["calcium" in line or "Ca" in line for line in lines] == [True, True, False, False]


def test_what_was_not_tested_is_said(evidence, study):
    untested = evidence.assign(level=None, n_case=1, p=np.nan)
    assert findings(untested, study, ["serum_mg"], ["mg002_vs_control"]).data.endswith(
        "not tested (n = 1 and 4; a group of one can't be tested)."
    )


def test_nothing_measured_is_said(evidence, study):
    assert findings(evidence, study, ["urine_ctx"]).data == "- Urinary CTX-I: not measured."
    assert findings(evidence, study, ["serum_mg"], []).data == "*Nothing of this was measured.*"


def test_the_width_of_effects_is_that_of_the_declared_test(study):
    """8 animals in each of 3 groups: 1.70 SD (tests/r/make_equivalence_truth.R)."""
    table = pd.DataFrame({"g_low": [-1.0, -0.7, np.nan], "g_high": [1.4, 1.5, np.nan]}).assign(
        experiment="exp2", endpoint="serum_mg"
    )
    animals = pd.DataFrame(
        [("exp2", "serum_mg", group, 1.0) for group in ("control", "mg004", "mg002") for _ in range(8)],
        columns=["experiment", "endpoint", "group", "value"],
    )
    said = evidence_words.width_of_effects(table, animals, study).data
    assert "With 8 animals in each of 3 groups" in said and "**1.70 SD** 4 times in 5" in said
    assert "reaches 1.10 SD to either side" in said
    assert "No effect size" in evidence_words.width_of_effects(table.iloc[2:], animals, study).data


def test_each_finding_says_the_rows_and_nothing_else(evidence):
    rows = evidence[evidence["contrast"] == "mg002_vs_mg004"]
    said = evidence_words.each_finding(rows).data
    assert said.count("\n") == len(rows) - 1
    assert "0.02 % Mg vs 0.04 % Mg" in said and "not measured" not in said
    assert "no finding" in evidence_words.each_finding(rows.iloc[:0]).data
