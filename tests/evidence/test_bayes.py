"""Bayes factors, ranks, covariance and outliers against R (tests/r/make_absence_truth.R) and by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from helpers import R
from scipy import stats

from mgbone.biochem.pair_feeding import ADJUSTED, UNADJUSTED, adjust_for_intake, pair_feeding
from mgbone.evidence import bayes, other_tests
from mgbone.evidence.comparison import compare
from mgbone.evidence.rank_tests import gehan_scores, kruskal_wallis, rank_z, two_sided

TRUTH = json.loads((R / "absence_truth.json").read_text())


@pytest.fixture(scope="module")
def measurements():
    n = len(TRUTH["y"])
    fixed = {"experiment": "exp1", "endpoint": "serum_mg", "unit": "mg/dL"}
    return pd.DataFrame(
        {"animal_id": [f"a{i}" for i in range(n)], "group": TRUTH["g"], "value": TRUTH["y"]} | fixed
    )


def by_group():
    values, groups = np.array(TRUTH["y"]), np.array(TRUTH["g"])
    return {g: values[groups == g] for g in ("control", "pairfed", "mg001")}


def test_bayes_factor_agrees_with_r():
    groups = by_group()
    found = bayes.bayes_factor(groups["pairfed"], groups["control"])
    assert found == pytest.approx(TRUTH["bayes"], rel=1e-8)


def test_only_rows_without_a_finding_are_weighed(measurements, study):
    evidence = compare(measurements, study)
    weighed = bayes.weigh_absence(measurements, evidence)
    assert set(weighed["contrast"]) == set(evidence.loc[evidence["level"] == "none", "contrast"])
    assert set(weighed["speaks"]) <= set(bayes.SPEAKS)


@pytest.mark.parametrize(
    ("bf", "words"),
    [(1 / 3, bayes.ABSENCE), (0.34, bayes.NOTHING), (2.99, bayes.NOTHING), (3, bayes.DIFFERENCE)],
)
def test_words_of_a_bayes_factor(bf, words):
    assert bayes.speaks(bf) == words


def test_two_groups_that_are_alike_speak_for_absence_only_when_they_are_large():
    few, many = np.linspace(-1, 1, 4), np.linspace(-1, 1, 40)
    assert bayes.speaks(bayes.bayes_factor(few, few)) == bayes.NOTHING
    assert bayes.speaks(bayes.bayes_factor(many, many)) == bayes.ABSENCE


def test_the_smallest_bayes_factor_says_how_many_animals_are_needed():
    n = bayes.animals_to_show_absence()
    assert bayes.smallest_bayes_factor(n, n) <= 1 / 3 < bayes.smallest_bayes_factor(n - 1, n - 1)
    few = np.linspace(-1, 1, 8)
    assert bayes.smallest_bayes_factor(8, 8) == pytest.approx(bayes.bayes_factor(few, few))


def test_dunn_and_kruskal_wallis_agree_with_r():
    z = rank_z(by_group())
    assert kruskal_wallis(by_group()) == pytest.approx(TRUTH["kruskal"], abs=1e-12)
    for contrast, p in TRUTH["dunn"].items():
        assert two_sided(z[tuple(contrast.split("_vs_"))]) == pytest.approx(p, abs=1e-12)


def test_dunn_in_the_table_of_tests_is_holm_adjusted(measurements, study):
    tests = other_tests.compare_tests(measurements, study)
    found = tests[tests["test"] == "dunn"].set_index("contrast")["p"]
    for contrast, p in TRUTH["dunn_holm"].items():
        assert found[contrast] == pytest.approx(p, abs=1e-12)


def test_welch_and_kruskal_in_the_omnibus_table_agree_with_r(measurements):
    found = other_tests.omnibus_tests(measurements).iloc[0]
    assert found["p_welch"] == pytest.approx(TRUTH["welch"], abs=1e-8)
    assert found["p_kruskal"] == pytest.approx(TRUTH["kruskal"], abs=1e-8)


def test_scores_without_censoring_are_centred_ranks():
    assert gehan_scores(np.array([3.0, 1, 2, 2])).tolist() == [3, -3, 0, 0]


def test_scores_of_censored_values_by_hand():
    """<2 and <5 can't be told apart, nor can <5 and 3; 6 is above all, 2 is above <2."""
    values, censored = np.array([2.0, 5, 2, 3, 6]), np.array([True, True, False, False, False])
    assert gehan_scores(values, censored).tolist() == [-3, -1, -1, 1, 4]


def test_what_stands_for_a_censored_value_changes_nothing_below_all_others():
    values = {"a": np.array([0.5, 0.5, 2, 3]), "b": np.array([4.0, 5, 6, 7])}
    censored = {"a": np.array([True, True, False, False]), "b": np.zeros(4, bool)}
    assert kruskal_wallis(values, censored) == pytest.approx(kruskal_wallis(values))


def test_ancova_agrees_with_r(measurements, study):
    intake = pd.Series(TRUTH["x"], index=measurements["animal_id"])
    found = adjust_for_intake(measurements, intake, study).set_index(["contrast", "model"])
    for model, expected in ((UNADJUSTED, TRUTH["plain"]), (ADJUSTED, TRUTH["adjusted"])):
        row = found.loc[("mg001_vs_pairfed", model), ["estimate", "ci_low", "ci_high", "p"]]
        assert row.to_numpy(float) == pytest.approx(expected, abs=1e-10)
    row = found.loc[("mg001_vs_control", ADJUSTED)]
    for name in ("slope", "p_slope", "p_parallel"):
        assert row[name] == pytest.approx(TRUTH[name], abs=1e-10)


def test_percent_of_the_control_allows_for_its_scatter(measurements, study):
    """At a limit R the difference of case and R times the control is just not significant (Fieller)."""
    intake = pd.Series(TRUTH["x"], index=measurements["animal_id"])
    found = adjust_for_intake(measurements, intake, study).set_index(["contrast", "model"])
    row, groups = found.loc[("mg001_vs_control", UNADJUSTED)], by_group()
    case, control = groups["mg001"], groups["control"]
    df = sum(map(len, groups.values())) - 3
    variance = sum(((v - v.mean()) ** 2).sum() for v in groups.values()) / df
    for limit in 1 + row[["percent_low", "percent_high"]] / 100:
        error = np.sqrt(variance * (1 / len(case) + limit**2 / len(control)))
        t = abs(case.mean() - limit * control.mean()) / error
        assert t == pytest.approx(stats.t.isf(0.025, df))
    pair = found.loc[("mg001_vs_pairfed", ADJUSTED)]
    assert pair["percent_low"] < pair["percent"] < pair["percent_high"]


def test_unadjusted_differences_add_up(measurements, study):
    """Against control = against pair-fed + pair-fed against control."""
    intake = pd.Series(TRUTH["x"], index=measurements["animal_id"])
    found = adjust_for_intake(measurements, intake, study)
    plain = found[found["model"] == UNADJUSTED].set_index("contrast")["estimate"]
    assert plain["mg001_vs_control"] == pytest.approx(plain["mg001_vs_pairfed"] + plain["pairfed_vs_control"])


def test_only_pair_fed_experiments_are_adjusted(study):
    fed = {name: pair_feeding(experiment, study) for name, experiment in study.experiments.items()}
    assert fed == {"exp1": ("control", "pairfed", "mg001"), "exp2": None}


def test_outliers_agree_with_r_and_stay_in(measurements):
    scored = other_tests.flag_outliers(measurements, limit=2)
    assert scored["studentised"].to_numpy() == pytest.approx(TRUTH["rstudent"], abs=1e-10)
    assert scored["p"].to_numpy() == pytest.approx(TRUTH["p_outlier"], abs=1e-10)
    flagged = other_tests.flag_outliers(measurements)
    assert len(flagged) == sum(p < 0.05 for p in TRUTH["p_outlier"])


def test_rows_of_the_ledger_that_depend_on_the_test(study):
    p = {"tukey_kramer": 0.04, "games_howell": 0.06, "permutation": 0.2}
    key = {"experiment": "exp1", "endpoint": "serum_mg", "contrast": "mg001_vs_pairfed"}
    tests = pd.DataFrame([{**key, "test": name, "p": value} for name, value in p.items()])
    claims = pd.DataFrame(
        [{**key, "claim_id": "1", "statement_en": "x", "statement_ja": "x", "level": "significant"}]
    )
    row = other_tests.changed_claims(tests, claims, study).iloc[0]
    assert row["declared"] == "significant"
    assert row["otherwise"] == "trend (Games-Howell); no difference (permutation)"
