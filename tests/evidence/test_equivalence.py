"""Equivalence, severity and power against R (tests/r/make_equivalence_truth.R)."""

import json

import numpy as np
import pandas as pd
import pytest
from helpers import R

from mgbone.evidence.comparison import compare
from mgbone.evidence.equivalence import equivalence, pooled_variance
from mgbone.evidence.power import power_of_tukey, smallest_difference
from mgbone.study.design import load_study
from mgbone.study.ledger import load_claims
from mgbone.study.naming import NOT_SHOWN, SUPPORTED, absence, rounded_up

TRUTH = json.loads((R / "equivalence_truth.json").read_text())
GROUPS = {name: np.array(values) for name, values in TRUTH["groups"].items()}
SPREAD = (TRUTH["within"], TRUTH["df"])


def pair(case):
    return (
        (GROUPS[case].mean(), GROUPS["control"].mean()),
        (len(GROUPS[case]), len(GROUPS["control"])),
    )


@pytest.mark.parametrize("case", ["low", "lower"])
def test_equivalence_and_its_smallest_bound_are_those_of_r(case):
    truth = TRUTH["answers"][case]
    assert pooled_variance(GROUPS.values()) == pytest.approx(SPREAD, abs=1e-12)
    for bound in (5, 20):
        p, smallest = equivalence(*pair(case), *SPREAD, bound)
        assert p == pytest.approx(truth[f"p_{bound}"], rel=1e-9)
        assert smallest == pytest.approx(truth["smallest"], abs=1e-7)
    assert equivalence(*pair(case), *SPREAD, truth["smallest"])[0] == pytest.approx(0.05, abs=1e-9)


def test_a_reference_that_may_be_zero_bounds_nothing():
    assert np.isnan(equivalence((1.0, 0.1), (4, 4), 1.0, 6, 20)[1])
    assert np.isnan(equivalence((1.0, 0.0), (4, 4), 1.0, 6, 20)).all()
    # A negative scale is judged as its mirror image.
    assert equivalence((-9.0, -10.0), (4, 4), 1.0, 6, 20) == equivalence((9.0, 10.0), (4, 4), 1.0, 6, 20)


def test_absence_is_supported_only_within_the_bound():
    assert absence(4.5, 5) == SUPPORTED
    assert absence(14.31, 5) == "effect excluded beyond 14.4 %"  # never rounded to what was not shown
    assert (rounded_up(42.549), rounded_up(42.6), rounded_up(np.inf)) == ("42.6", "42.6", "inf")
    assert absence(100, 5) == absence(np.inf, 5) == absence(np.nan, 5) == NOT_SHOWN


def test_evidence_says_what_it_excludes_and_how_severely():
    study = load_study()
    names = dict(zip(GROUPS, ("control", "mg004", "mg002"), strict=True))
    rows = [(f"{g}{i}", names[g], v) for g, values in GROUPS.items() for i, v in enumerate(values)]
    table = pd.DataFrame(rows, columns=["animal_id", "group", "value"]).assign(
        experiment="exp2", endpoint="serum_ca", unit="mg/dL"
    )
    found = compare(table, study).set_index("contrast")
    low, lower = found.loc["mg004_vs_control"], found.loc["mg002_vs_control"]
    assert study.equivalence_bound("serum_ca") == low["bound_percent"] == 8
    assert (low["level"], low["absence"]) == ("none", SUPPORTED)
    assert low["severity"] == pytest.approx(1 - low["p_equivalence"])
    assert low["smallest_bound_percent"] == pytest.approx(TRUTH["answers"]["low"]["smallest"], abs=1e-7)
    assert lower["level"] == "significant" and pd.isna(lower["absence"])
    assert lower["severity"] == pytest.approx(TRUTH["answers"]["lower"]["severity_of_effect"], abs=1e-12)
    # Percent of an arbitrary score mean nothing, values below a limit have no mean.
    for changed in ({"endpoint": "score_bone_metabolism"}, {"censored": table.index == 0}):
        rows = compare(table.assign(**changed), study)
        assert rows["p_equivalence"].isna().all() and rows["smallest_bound_percent"].isna().all()


def test_every_endpoint_that_absence_is_claimed_of_has_a_bound_with_a_reason():
    study, claims = load_study(), load_claims()
    quiet = claims.loc[claims["level"] == "none", "endpoint"].unique()
    assert all(np.isfinite(study.equivalence_bound(endpoint)) for endpoint in quiet)
    assert all(len(entry[key]) > 20 for entry in study.equivalence for key in ("reason", "reason_ja"))


@pytest.mark.parametrize(("n", "k"), [(8, 3), (4, 3), (8, 2)])
def test_the_smallest_difference_is_that_of_the_declared_test(n, k):
    assert smallest_difference(n, k) == pytest.approx(TRUTH["smallest_difference"][f"{n}_{k}"], abs=1e-6)


def test_power_without_a_difference_is_below_the_level():
    """Tukey-Kramer over three groups calls one given pair in less than 5 %; over two in 5 % (R: qtukey)."""
    assert power_of_tukey(0.0, (8, 8), 2, 14, 0.05) == pytest.approx(0.05, abs=1e-9)
    assert power_of_tukey(0.0, (8, 8), 3, 21, 0.05) == pytest.approx(0.01987379, abs=1e-7)
