"""compare() against R (tests/r/make_groups_truth.R) and against hand calculation."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers import R

from mgbone.evidence import comparison
from mgbone.evidence.columns import EVIDENCE_COLUMNS
from mgbone.evidence.comparison import animals_by_endpoints, compare, hedges_g
from mgbone.evidence.exact import studentised_range_tail
from mgbone.evidence.other_tests import omnibus_tests
from mgbone.study.errors import MgboneError

TRUTH = json.loads((R / "groups_truth.json").read_text())
EXACT = json.loads((R / "exact_truth.json").read_text())


def measurements(values, groups, experiment="exp2", endpoint="serum_mg"):
    return pd.DataFrame(
        {
            "animal_id": [f"a{i}" for i in range(len(values))],
            "experiment": experiment,
            "group": groups,
            "endpoint": endpoint,
            "value": values,
            "unit": "mg/dL",
        }
    )


@pytest.fixture(scope="module")
def evidence(study):
    return compare(measurements(TRUTH["y"], TRUTH["g"]), study).set_index("contrast")


def test_tukey_kramer_of_unequal_groups_agrees_with_r(evidence):
    for name, row in zip(TRUTH["tukey_names"], TRUTH["tukey"], strict=True):
        found = evidence.loc[name.replace("-", "_vs_")]
        assert found["estimate"] == pytest.approx(row["diff"], abs=1e-12)
        assert found["p"] == pytest.approx(row["p adj"], abs=1e-8)
        assert found["ci_low"] == pytest.approx(row["lwr"], abs=1e-8)
        assert found["ci_high"] == pytest.approx(row["upr"], abs=1e-8)


def test_hedges_g_agrees_with_r(evidence):
    for contrast, g in TRUTH["hedges"].items():
        assert evidence.loc[contrast, "hedges_g"] == pytest.approx(g, abs=1e-8)
        found = evidence.loc[contrast, ["g_low", "g_high"]].tolist()
        assert found == pytest.approx(TRUTH["hedges_ci"][contrast], abs=1e-8)


@pytest.mark.parametrize("truth", EXACT["hedges"])
def test_interval_of_g_is_that_of_noncentral_t_in_r(truth):
    n1, n2 = int(truth["n1"]), int(truth["n2"])
    reference = np.concatenate([np.arange(n2 - 1.0), [7.0]])
    case = np.concatenate([np.arange(n1 - 1.0), [-4.0]])
    pooled = np.sqrt((case.var() * n1 + reference.var() * n2) / (n1 + n2 - 2))
    case = case - case.mean() + reference.mean() + truth["d"] * pooled
    g, *limits = hedges_g(case, reference)
    assert g == pytest.approx(truth["d"] * (1 - 3 / (4 * (n1 + n2) - 9)), abs=1e-12)
    assert limits == pytest.approx(truth["ci"], abs=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("true", [0, 3])
def test_interval_of_g_covers_the_truth(true):
    # Of 2,000 pairs 95 % have an SD of 0.5 %; the interval of a large sample covers 99 % at 0.
    rng = np.random.default_rng(5)
    pairs = rng.normal(0, 1, (2000, 2, 4))
    limits = np.array([hedges_g(case + true, reference)[1:] for case, reference in pairs])
    inside = (limits[:, 0] <= true) & (true <= limits[:, 1])
    assert inside.mean() == pytest.approx(0.95, abs=0.013)


def test_two_groups_are_students_t(study):
    table = measurements(TRUTH["y"], TRUTH["g"]).query("group != 'mg002'")
    row = compare(table, study).iloc[0]
    assert row["test"] == "Student's t test"
    assert row["p"] == pytest.approx(TRUTH["student_p"], abs=1e-8)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(TRUTH["student_ci"], abs=1e-8)


def test_pairs_that_no_contrast_asks_for_are_not_computed(study, evidence, monkeypatch):
    """One contrast of three groups is the same row as beside the others, and 200 groups have 19,900 pairs."""
    exp2 = study.experiments["exp2"]
    one = replace(study, experiments={"exp2": replace(exp2, contrasts=exp2.contrasts[:1])})
    tails = []
    monkeypatch.setattr(
        comparison, "studentised_range_tail", lambda *a: tails.append(a) or studentised_range_tail(*a)
    )
    (row,) = compare(measurements(TRUTH["y"], TRUTH["g"]), one).to_dict("records")
    assert len(tails) == 1
    of_all = evidence.loc[row["contrast"]]
    assert row["test"] == of_all["test"] == "one-way ANOVA, Tukey-Kramer"
    assert [row[c] for c in ("p", "ci_low", "ci_high")] == [of_all[c] for c in ("p", "ci_low", "ci_high")]


def test_analysis_of_variance_agrees_with_r():
    row = omnibus_tests(measurements(TRUTH["y"], TRUTH["g"])).iloc[0]
    assert row["p_anova"] == pytest.approx(TRUTH["anova_p"], abs=1e-12)
    assert row["n"] == 20


def test_columns_sign_and_levels(evidence, study):
    assert set(evidence.reset_index().columns) == set(EVIDENCE_COLUMNS)
    assert evidence.loc["mg004_vs_control", "level"] == "significant"
    assert set(evidence["direction"]) == {"down"}
    reverse = replace(study, thresholds={**study.thresholds, "significant": 0.01})
    again = compare(measurements(TRUTH["y"], TRUTH["g"]), reverse).set_index("contrast")
    assert again.loc["mg004_vs_control", "level"] == "trend"
    strict = replace(study, thresholds={**study.thresholds, "significant": 0.01, "trend": 0.02})
    row = compare(measurements(TRUTH["y"], TRUTH["g"]), strict).set_index("contrast").loc["mg004_vs_control"]
    assert (row["level"], row["direction"]) == ("none", "none")


def test_level_limits_are_the_reports_words(study):
    assert [study.level(p) for p in (0.0499, 0.05, 0.0999, 0.1, np.nan)] == [
        "significant", "trend", "trend", "none", "none",
    ]  # fmt: skip


def test_missing_values_are_animals_less(study):
    table = measurements(TRUTH["y"], TRUTH["g"])
    table.loc[0, "value"] = np.nan
    row = compare(table, study).set_index("contrast").loc["mg004_vs_control"]
    assert (row["n_reference"], row["n_case"]) == (6, 5)


def test_a_group_of_one_is_not_tested(study):
    table = measurements([1.0, 1.2, 1.1, 2.0, 2.2, 0.5], ["control"] * 3 + ["mg004"] * 2 + ["mg002"])
    found = compare(table, study).set_index("contrast")
    assert found.loc["mg002_vs_control", "test"] == "not tested"
    assert pd.isna(found.loc["mg002_vs_control", ["p", "level", "ci_low"]]).all()
    assert found.loc["mg004_vs_control", "p"] < 0.05


def test_values_that_do_not_vary_are_not_tested(study):
    found = compare(measurements([1.0] * 6, ["control"] * 3 + ["mg004"] * 3), study)
    assert found["level"].isna().all()


def test_unknown_group_and_missing_column_are_named(study):
    with pytest.raises(MgboneError, match=r"'mg005' in 'exp2'; allowed there: control, mg004, mg002"):
        compare(measurements([1.0, 2.0], ["control", "mg005"]), study)
    with pytest.raises(MgboneError, match="lacks the column unit"):
        compare(measurements([1.0], ["control"]).drop(columns="unit"), study)


def test_an_animal_that_stands_there_twice_is_named(study):
    table = measurements(TRUTH["y"], TRUTH["g"])
    twice = pd.concat([table, table.iloc[[3]].assign(value=9.0)], ignore_index=True)
    for wants in (lambda t: compare(t, study), animals_by_endpoints):
        with pytest.raises(MgboneError, match=r"'a3' twice for 'serum_mg'"):
            wants(twice)
    wide = animals_by_endpoints(table)
    assert wide["serum_mg"].to_dict() == dict(zip(table["animal_id"], TRUTH["y"], strict=True))
