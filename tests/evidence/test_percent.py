"""Percent of an uncertain reference, against R (tests/r/make_exact_truth.R) and an outside recomputation."""

import json

import numpy as np
import pandas as pd
import pytest
from helpers import R

from mgbone.biochem.endpoints import derive_endpoints
from mgbone.dataset.opening import open_dataset
from mgbone.evidence.comparison import compare
from mgbone.evidence.percent import percent_intervals, ratio_limits
from mgbone.integration.doses import dose_response
from mgbone.study.design import load_study

TRUTH = json.loads((R / "exact_truth.json").read_text())


@pytest.fixture(scope="module")
def evidence():
    rows = [
        {"animal_id": f"{g}-{i}", "experiment": "exp2", "group": g, "endpoint": "serum_mg", "value": v}
        for g, values in TRUTH["groups"].items()
        for i, v in enumerate(values)
    ]
    return compare(pd.DataFrame(rows).assign(unit="mg/dL"), load_study())


@pytest.mark.parametrize("case", ["mg004", "mg002"])
def test_limits_are_the_ratios_that_r_does_not_refuse(evidence, case):
    row = percent_intervals(evidence)[evidence["contrast"] == f"{case}_vs_control"].iloc[0]
    assert [row["percent_low"], row["percent_high"]] == pytest.approx(
        TRUTH["fieller"][case], abs=1e-5
    )  # qtukey
    control, values = (np.mean(TRUTH["groups"][g]) for g in ("control", case))
    assert row["percent"] == pytest.approx(100 * (values / control - 1))


def test_ctx_of_the_shipped_data():
    """An outside recomputation: +6 to +111 % in place of +7 to +86 %, which took the reference as known."""
    dataset = open_dataset("data/simulated")
    ctx = derive_endpoints(dataset).query("endpoint == 'urine_ctx'")
    found = dose_response(compare(ctx, dataset.study), dataset.study).set_index("contrast")
    low, high = found.loc["mg004_vs_control", ["ci_low", "ci_high"]]
    assert (round(low), round(high)) == (6, 111)


def test_the_sign_is_that_of_the_difference_where_the_reference_is_negative(evidence):
    turned = evidence.assign(
        mean_case=-evidence["mean_case"], mean_reference=-evidence["mean_reference"],
        estimate=-evidence["estimate"], ci_low=-evidence["ci_high"], ci_high=-evidence["ci_low"],
    )  # fmt: skip
    plain, found = percent_intervals(evidence), percent_intervals(turned)
    assert found["percent"].tolist() == pytest.approx((-plain["percent"]).tolist())
    assert found["percent_low"].tolist() == pytest.approx((-plain["percent_high"]).tolist())


def test_a_reference_not_clear_of_zero_has_no_limits():
    low, high = ratio_limits(np.array([5.0, 5.0]), np.array([1.0, 4.0]), 1.0, np.array([1.1, 1.1]))
    assert np.isnan([low[0], high[0]]).all()
    # 14.9 R^2 - 40 R + 24 = 0 by hand.
    assert (low[1], high[1]) == pytest.approx(
        ((40 - np.sqrt(1600 - 4 * 14.9 * 24)) / 29.8, (40 + np.sqrt(1600 - 4 * 14.9 * 24)) / 29.8)
    )
