"""Other tests for the same comparisons, held against base R."""

import json

import numpy as np
import pandas as pd
import pingouin as pg
import pytest
from helpers import R
from scipy import stats

from mgbone.biochem.endpoints import derive_endpoints
from mgbone.dataset.opening import open_dataset
from mgbone.evidence import exact, other_tests
from mgbone.evidence.exact import dunnett
from mgbone.evidence.other_tests import DECLARED, NAMES, changed_levels, compare_tests, without_most_extreme

TRUTH = json.loads((R / "sensitivity_truth.json").read_text())
EXACT = json.loads((R / "exact_truth.json").read_text())
CASES = [
    (experiment, test, i)
    for experiment in ("exp1", "exp2")
    for test in (DECLARED, "log_scale", "games_howell", "mann_whitney", "permutation")
    for i in range(3)
]


def measured(groups, experiment, endpoint="serum_mg"):
    rows = [
        {
            "animal_id": f"{experiment}-{g}-{i}",
            "experiment": experiment,
            "group": g,
            "endpoint": endpoint,
            "value": v,
        }
        for g, values in groups.items()
        for i, v in enumerate(values)
    ]
    return pd.DataFrame(rows).assign(unit="mg/dL")


@pytest.fixture(scope="module")
def tests(study):
    return compare_tests(pd.concat([measured(TRUTH[e]["groups"], e) for e in ("exp1", "exp2")]), study)


def p_of(tests, contrast, test):
    return tests.loc[tests["contrast"].eq(contrast) & tests["test"].eq(test), "p"].item()


@pytest.mark.parametrize(("experiment", "test", "i"), CASES)
def test_p_is_that_of_r(tests, experiment, test, i):
    truth = TRUTH[experiment]
    # R's ptukey itself is good to about 1e-9; the others are exact.
    assert p_of(tests, truth["contrasts"][i], test) == pytest.approx(truth[test][i], abs=1e-8)


def test_every_comparison_has_every_test_once(tests):
    assert len(tests) == 6 * len(NAMES)
    assert not tests.duplicated(["experiment", "endpoint", "contrast", "test"]).any()
    uncovered = tests["test"].eq("dunnett") & ~tests["contrast"].str.endswith("_vs_control")
    assert tests.loc[~uncovered, "p"].between(0, 1).all()
    assert tests.loc[uncovered, "p"].isna().all() and uncovered.sum() == 2
    assert list(dict.fromkeys(tests["test"])) == list(NAMES)


def test_dunnett_is_that_of_r(study):
    found = compare_tests(measured(EXACT["groups"], "exp2"), study)
    for case, p in EXACT["dunnett"].items():
        assert p_of(found, f"{case}_vs_control", "dunnett") == pytest.approx(p, abs=1e-9)


def test_dunnett_of_two_groups_is_students_t():
    case, control = np.array([1.2, 2.1, 1.7, 2.9]), np.array([2.2, 3.4, 3.1, 2.8, 3.9])
    p = dunnett({"control": control, "mg004": case}, "control")["mg004"]
    assert p == pytest.approx(stats.ttest_ind(case, control).pvalue, abs=1e-10)


def test_dunnett_of_the_shipped_data():
    """An outside recomputation in R: ALP at 0.02 % 0.0486, serum Mg at 0.04 % 0.062."""
    dataset = open_dataset("data/simulated")
    chosen = derive_endpoints(dataset).query("endpoint in ['serum_alp', 'serum_mg'] and experiment == 'exp2'")
    tests = (
        compare_tests(chosen, dataset.study).query("test == 'dunnett'").set_index(["endpoint", "contrast"])
    )
    assert tests.loc[("serum_alp", "mg002_vs_control"), "p"] == pytest.approx(0.0486, abs=5e-5)
    assert tests.loc[("serum_mg", "mg004_vs_control"), "p"] == pytest.approx(0.062, abs=5e-4)


def test_without_extreme_is_the_declared_test_on_one_animal_less(study, tests):
    groups = {g: np.array(v) for g, v in TRUTH["exp1"]["groups"].items()}
    farthest = {g: np.abs(v - v.mean()).max() / v.std(ddof=1) for g, v in groups.items()}
    worst = max(farthest, key=farthest.get)
    values = groups[worst]
    groups[worst] = np.delete(values, np.abs(values - values.mean()).argmax())
    three = stats.tukey_hsd(*(groups[g] for g in ("mg001", "pairfed", "control"))).pvalue
    assert p_of(tests, "mg001_vs_pairfed", "without_extreme") == pytest.approx(three[0, 1], abs=1e-8)


def test_one_value_is_left_out_even_if_several_lie_equally_far():
    # In groups of two both values lie 0.707 SD from their mean, always.
    pairs = measured({"control": [1.0, 2.0], "mg004": [4.0, 6.0], "mg002": [9.0, 9.5]}, "exp2")
    left = without_most_extreme(pd.concat([pairs, pairs.assign(endpoint="serum_ca")]))
    assert left.groupby("endpoint").size().to_dict() == {"serum_ca": 5, "serum_mg": 5}
    assert left.iloc[0]["value"] == 2.0


def test_nothing_is_left_out_where_no_group_varies():
    flat = measured({"control": [0.5, 0.5, 0.5], "mg004": [1.0, 1.0, 1.0], "mg002": [2.0]}, "exp2")
    assert len(without_most_extreme(flat)) == len(flat)


def test_the_extreme_animal_is_judged_by_its_own_group():
    groups = {"control": [10.0, 10.1, 9.9, 10.05, 9.95, 11.0], "mg004": [1.0, 30.0, 15.0, 20.0, 8.0, 12.0]}
    left = without_most_extreme(measured(groups, "exp2"))
    assert set(measured(groups, "exp2")["value"]) - set(left["value"]) == {11.0}


def test_no_logarithm_of_part_of_an_endpoint(study):
    groups = {"control": [1.0, 2.0, 3.0], "mg004": [2.0, 0.0, 4.0], "mg002": [3.0, 4.0, 5.0]}
    tests = compare_tests(measured(groups, "exp2", "body_weight_gain"), study)
    assert tests.loc[tests["test"] == "log_scale", "p"].isna().all()
    assert tests.loc[tests["test"] == DECLARED, "p"].notna().all()


def test_missing_values_and_lone_animals_are_not_tested(study):
    groups = {"control": [1.0, 2.0, np.nan, 3.0], "mg004": [2.0, np.nan], "mg002": [3.0, 4.0, 5.5]}
    tests = compare_tests(measured(groups, "exp2"), study).set_index(["contrast", "test"])["p"]
    assert tests["mg004_vs_control"].isna().all()
    two = {g: np.array(groups[g])[~np.isnan(groups[g])] for g in ("control", "mg002")}
    pair = tests["mg002_vs_control"]
    assert pair["games_howell"] == pytest.approx(
        stats.ttest_ind(two["mg002"], two["control"], equal_var=False).pvalue, abs=1e-8
    )
    assert pair["mann_whitney"] == pytest.approx(stats.mannwhitneyu(*two.values()).pvalue)
    assert pair[DECLARED] == pytest.approx(stats.ttest_ind(two["mg002"], two["control"]).pvalue, abs=1e-8)


def test_only_what_a_contrast_asks_for_is_computed(study, monkeypatch):
    """Two groups of many cost as much as two, and p is as it is among all."""
    rng = np.random.default_rng(5)
    groups = {f"g{k}": rng.normal(k / 2, 1 + k, 6) for k in range(5)}
    pairs = [("g3", "g0"), ("g4", "g0")]
    calls = []
    tail, within = exact.studentised_range_tail, exact.dunnett_tail
    monkeypatch.setattr(other_tests, "studentised_range_tail", lambda *a: calls.append("tail") or tail(*a))
    monkeypatch.setattr(exact, "dunnett_tail", lambda *a: calls.append("within") or within(*a))
    games_howell, by_control = other_tests._games_howell(groups, pairs), other_tests._dunnett(groups, pairs)
    assert calls == ["tail", "tail", "within", "within"]
    monkeypatch.undo()
    rows = pd.DataFrame([(name, v) for name, vs in groups.items() for v in vs], columns=["group", "value"])
    table = pg.pairwise_gameshowell(rows, dv="value", between="group").set_index(["A", "B"])
    assert games_howell == pytest.approx([table.loc[(b, a), "pval"] for a, b in pairs], abs=1e-12)
    others = [groups[name] for name in list(groups)[1:]]
    of_scipy = stats.dunnett(*others, control=groups["g0"], rng=np.random.default_rng(1)).pvalue
    assert by_control == pytest.approx(of_scipy[2:], abs=2e-3)


def test_constant_values_stop_nothing(study):
    flat = measured({g: [2.0, 2.0, 2.0] for g in ("control", "mg004", "mg002")}, "exp2")
    tests = compare_tests(flat, study)
    assert not (tests["p"] < 1).any()


def test_changed_levels_are_those_that_differ(study):
    p = {("mg004_vs_control", "a"): 0.04, ("mg004_vs_control", "b"): 0.06}
    p |= {("mg002_vs_control", "a"): 0.01, ("mg002_vs_control", "b"): 0.049}
    p |= {("mg002_vs_mg004", "a"): 0.02, ("mg002_vs_mg004", "b"): np.nan}
    rows = [
        {"experiment": "exp2", "endpoint": "serum_mg", "contrast": c, "test": t, "p": v}
        for (c, t), v in p.items()
    ]
    changed = changed_levels(pd.DataFrame(rows), study)
    assert changed.index.tolist() == [("exp2", "serum_mg", "mg004_vs_control")]
    assert changed.iloc[0].to_dict() == {"a": "significant", "b": "trend"}
