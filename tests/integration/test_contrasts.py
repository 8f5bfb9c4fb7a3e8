"""Log ratios of doses: their values by R, their size by simulation."""

import json

import numpy as np
import pandas as pd
import pytest
from helpers import R

from mgbone.integration.contrasts import all_hold, log_ratios, steps, values_by_level, weights
from mgbone.study.design import load_study

TRUTH = json.loads((R / "dose_truth.json").read_text())
GROUPS = [("exp2", "control"), ("exp1", "pairfed"), ("exp2", "mg004"), ("exp2", "mg002"), ("exp1", "mg001")]


@pytest.fixture(scope="module")
def study():
    return load_study()


def test_values_are_those_of_r(study):
    values = {key: np.array(TRUTH[key[1]]) for key in GROUPS}
    found = log_ratios(values, [(0, 1), (1, 2), (2, 3)], study)
    assert np.transpose(found) == pytest.approx(
        np.array([TRUTH["first"], TRUTH["second"], TRUTH["third"]]), rel=1e-9
    )


def test_a_reference_that_two_diets_share_drops_out(study):
    assert steps(study) == [(1, 2), (2, 3)]
    assert weights(GROUPS, [(0, 1), (1, 2), (2, 3)], study).tolist() == [
        [-1, 0, 1, 0, 0], [0, 0, -1, 1, 0], [1, -1, 0, -1, 1],
    ]  # fmt: skip


# (coefficient of variation, animals a group): alike, unlike between groups, and few and scattered.
@pytest.mark.parametrize(
    ("scatter", "n"), [([0.08] * 5, 8), ([0.05, 0.05, 0.08, 0.12, 0.25], 8), ([0.3] * 5, 8), ([0.1] * 5, 5)]
)
def test_each_step_has_its_nominal_size(study, scatter, n):
    """20,000 draws without effect; the standard error of a share of 5 % is 0.15 %."""
    rng = np.random.default_rng(1)
    values = {
        key: 2.1 * (1 + cv * rng.standard_normal((20_000, n)))
        for key, cv in zip(GROUPS, scatter, strict=True)
    }
    estimate, _, _, p = log_ratios(values, steps(study), study)
    size = (p < 0.05).mean(axis=0)
    assert (size >= 0.04).all() and (size <= 0.055).all(), size
    assert (all_hold(estimate, p, -1) < 0.05).mean() < 0.002


def test_a_missing_step_is_called_an_order_at_most_half_as_often_as_the_level_says(study):
    """The hardest case for "every step holds": one is beyond doubt, the other is not there."""
    rng = np.random.default_rng(2)
    draws = {key: 1 + 0.08 * rng.standard_normal((20_000, 8)) for key in GROUPS}
    for changed, factor in ((("exp2", "mg004"), 2.0), (("exp1", "mg001"), 0.4)):
        values = {key: v * (factor if key == changed else 1.0) for key, v in draws.items()}
        estimate, _, _, p = log_ratios(values, steps(study), study)
        assert 0.02 < (all_hold(estimate, p, -1) < 0.05).mean() < 0.03


def test_what_can_not_be_compared_is_missing(study):
    values = {key: np.array(TRUTH[key[1]]) for key in GROUPS}
    below = log_ratios(values | {("exp2", "mg004"): np.array([-2.0, 1.0, 0.5])}, [(0, 1), (0, 2)], study)[3]
    assert np.isnan(below[0]) and below[1] < 0.001
    constant = log_ratios({key: np.full(7, 0.1) for key in GROUPS}, [(1, 2)], study)[3]
    assert np.isnan(constant).all()


def test_a_group_of_one_leaves_nothing_to_compare(study):
    rows = [(e, g, v) for e, g in GROUPS for v in TRUTH[g]]
    table = pd.DataFrame(rows, columns=["experiment", "group", "value"])
    assert list(values_by_level(table, study)) == GROUPS
    few = table[(table["group"] != "mg002") | (table["value"] == 1.49)]
    assert values_by_level(few, study) == {}
