"""How many animals: against power.t.test of R, a million cohorts drawn in R, and what is known beforehand."""

import json

import helpers.figure_data as made
import numpy as np
import pandas as pd
import pytest
from helpers import R

from mgbone.certainty import animals, cohorts
from mgbone.certainty.observed import observed_differences
from mgbone.claims.judging import judge
from mgbone.evidence.comparison import compare
from mgbone.evidence.power import smallest_difference
from mgbone.integration import doses
from mgbone.study.errors import MgboneError
from mgbone.study.ledger import load_claims

TRUTH = json.loads((R / "certainty_truth.json").read_text())


@pytest.fixture(scope="module")
def frames(study):
    measured = made.measurements(study)
    evidence = doses.combine(compare(measured, study), doses.dose_order_evidence(measured, study))
    claims = load_claims()
    verdicts = judge(claims, evidence)
    observed = observed_differences(verdicts, measured, study)
    return verdicts, observed, cohorts.observed_truth(measured, claims["endpoint"])


def two_groups(difference):
    """One statement on two groups of 8 with an SD of 1."""
    row = {"claim_id": "x", "contrast": "a_vs_b", "endpoint": "serum_mg", "verdict": "reproduced"}
    row |= {"level": "significant", "direction": "up" if difference > 0 else "down"}
    seen = {"t": 1.0, "n_groups": 2, "variance": 1.0, "difference": difference, "mean_reference": 10.0}
    return pd.DataFrame([row]), pd.DataFrame([seen])


@pytest.mark.parametrize("difference", [1.1, -1.1])
def test_two_groups_need_what_r_says(study, difference):
    needed = animals.animals_needed(*two_groups(difference), {}, study).iloc[0]
    assert needed[["n80", "n90"]].tolist() == [TRUTH["two_groups"]["n80"], TRUTH["two_groups"]["n90"]]


def test_power_by_n_is_that_of_r(study):
    by_n = animals.chances_by_n(*two_groups(1.1), {}, study, sizes=[8])
    assert by_n["chance"].tolist() == pytest.approx([TRUTH["two_groups"]["power"]], abs=1e-6)


@pytest.mark.parametrize("case", TRUTH["equivalence"])
def test_power_of_equivalence_is_that_of_a_million_cohorts(study, case):
    found = animals.power_of_equivalence(case["bound"], case["scatter"], case["n"], 3, study)
    assert found == pytest.approx(case["chance"], abs=4 * np.sqrt(0.25 / 1e6))


def test_every_statement_about_animals_has_a_number_and_no_trend_has_one(frames, study):
    verdicts, observed, truths = frames
    needed = animals.animals_needed(verdicts, observed, truths, study).set_index("claim_id")
    about = verdicts.set_index("claim_id")
    arrays = about["domain"].eq("microarray")
    assert needed[arrays].isna().all(axis=None) and needed[~arrays].notna().all(axis=None)
    assert np.isinf(needed[about["level"].eq("trend")]).all(axis=None)
    assert (needed["n90"] >= needed["n80"])[~arrays].all()
    assert (needed.loc[about["level"].eq("none"), "n80"] < 100).all()
    assert 2 <= needed.loc["4-4-02", "n80"] < 20


def test_the_number_is_the_smallest_that_does(frames, study):
    verdicts, observed, truths = frames
    some = verdicts["claim_id"].isin(["4-1-1-04", "4-1-1-07", "4-4-02"])
    rows, seen = verdicts[some], observed[some]
    needed = animals.animals_needed(rows, seen, truths, study)
    for row in needed.itertuples():
        one = rows["claim_id"] == row.claim_id
        by_n = animals.chances_by_n(rows[one], seen[one], truths, study, [int(row.n80) - 1, int(row.n80)])
        before, at = by_n["chance"]
        assert before < 0.8 <= at


def test_a_difference_that_points_the_other_way_is_never_found(study):
    verdicts, seen = two_groups(1.1)
    needed = animals.animals_needed(verdicts.assign(direction="down"), seen, {}, study)
    assert np.isinf(needed[["n80", "n90"]].to_numpy()).all()


def test_a_plan_has_the_power_of_the_declared_test(frames, study):
    verdicts, observed, _ = frames
    planned = animals.plan(observed, verdicts, study, 12, ["serum_alp", "bmd_cortical_mid"])
    assert planned["n_a_group"].eq(12).all() and len(planned) == 6  # three comparisons each
    bounds = planned.drop_duplicates("endpoint").set_index("endpoint")["percent"].to_dict()
    assert bounds == {"serum_alp": 25, "bmd_cortical_mid": 5.3}
    assert (planned["power_low"] < planned["power"]).all()
    assert (planned["power"] < planned["power_high"]).all()
    assert (planned["n80_low"] <= planned["n80"]).all() and (planned["n80"] <= planned["n80_high"]).all()
    # The effect that 12 animals a group find in 80 % of studies, as the report's text gives it.
    row = planned.iloc[0]
    percent = 100 * smallest_difference(12, 3) * row["sd"] / (row["difference"] / row["percent"] * 100)
    again = animals.plan(observed, verdicts, study, 12, ["serum_alp"], percent).iloc[0]
    assert again["power"] == pytest.approx(0.8, abs=1e-6) and again["n80"] == 12


def test_the_interval_of_the_sd_is_that_of_chi_squared(frames, study):
    """With 21 degrees of freedom the limits are 0.7694 and 1.4290 times the SD (table of chi-squared)."""
    verdicts, observed, _ = frames
    row = animals.plan(observed, verdicts, study, 8, ["serum_alp"]).iloc[0]
    assert row["sd_low"] / row["sd"] == pytest.approx(np.sqrt(21 / 35.479), abs=1e-5)
    assert row["sd_high"] / row["sd"] == pytest.approx(np.sqrt(21 / 10.283), abs=1e-4)


@pytest.mark.parametrize(
    ("endpoints", "n", "percent", "said"),
    [
        (["serum_alp"], 1, None, "A group of 1 can't be compared"),
        (["serum_zinc"], 8, None, "about serum_zinc"),
        (["serum_alp"], 8, 0.0, "no smallest effect of interest"),
    ],
)
def test_a_plan_that_can_not_be_is_said(frames, study, endpoints, n, percent, said):
    verdicts, observed, _ = frames
    with pytest.raises(MgboneError, match=said):
        animals.plan(observed, verdicts, study, n, endpoints, percent)
