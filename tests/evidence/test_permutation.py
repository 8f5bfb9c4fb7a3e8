"""Permutation of labels: exact where all splits are taken, and sound where values do not vary."""

import json
from itertools import combinations

import numpy as np
import pytest
from helpers import R
from scipy import stats

from mgbone.evidence.permutation import (
    correlations,
    family_wise_p,
    label_permutations,
    permutation_p,
    share_as_large,
    t_statistics,
)

TRUTH = json.loads((R / "sensitivity_truth.json").read_text())
EIGHT = np.arange(16) < 8


def test_all_splits_come_once_whatever_the_order_of_the_labels():
    labels = label_permutations(np.array([False, True, False, True, True]))
    assert labels.shape == (10, 5)
    assert {tuple(np.flatnonzero(row)) for row in labels} == set(combinations(range(5), 3))


def test_a_sample_of_splits_holds_the_observed_one_and_its_size():
    twelve = np.arange(24) >= 12  # 2,704,156 splits
    labels = label_permutations(twelve, 100, seed=3)
    assert labels.shape == (101, 24)
    assert (labels.sum(axis=1) == 12).all()
    assert (labels[0] == twelve).all()
    assert len(np.unique(labels, axis=0)) > 90
    assert (labels == label_permutations(twelve, 100, seed=3)).all()
    assert (labels != label_permutations(twelve, 100, seed=4)).any()
    assert label_permutations(np.arange(20) < 10).shape == (184_756, 20)


def test_the_largest_statistic_never_gives_zero_by_a_sample():
    far = np.where(np.arange(24) < 12, 0.0, 100.0)[:, None] + np.arange(24)[:, None] % 5
    p, made = family_wise_p(far, np.arange(24) >= 12, n_random=400, seed=4)
    assert made == 401
    assert p[0] == 1 / 401  # (0 + 1) / (400 + 1)


def test_t_and_correlation_are_those_of_scipy():
    values = np.random.default_rng(5).normal(700, 30, (11, 4))
    is_case = np.array([1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0], dtype=bool)
    expected = stats.ttest_ind(values[is_case], values[~is_case]).statistic
    t, r = t_statistics(values, is_case), correlations(values, is_case[None, :])[0]
    assert t == pytest.approx(expected, rel=1e-10)
    assert r * np.sqrt(9 / (1 - r**2)) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("experiment", ["exp1", "exp2"])
def test_p_is_that_of_every_split_in_r(experiment):
    truth = TRUTH[experiment]
    for contrast, expected in zip(truth["contrasts"], truth["permutation_raw"], strict=True):
        case, reference = (np.array(truth["groups"][g]) for g in contrast.split("_vs_"))
        assert permutation_p(case, reference) == pytest.approx(expected, abs=1e-12)


def test_three_against_three_is_that_of_r():
    three = TRUTH["three"]
    assert permutation_p(np.array(three["case"]), np.array(three["reference"])) == pytest.approx(three["p"])


@pytest.mark.parametrize("distance", [1.0, 1e3, 1e7])
def test_separated_groups_have_the_smallest_p_however_far_apart(distance):
    reference = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    # Two of 12,870 splits: the observed one and its mirror image.
    assert permutation_p(reference + distance, reference) == pytest.approx(2 / 12870)


@pytest.mark.parametrize("value", [0.1, 800.3, 0.0, 1e-9])
def test_values_that_do_not_vary_show_nothing(value):
    same = np.full(8, value)
    assert permutation_p(same, same) == 1
    assert t_statistics(np.full((16, 1), value), EIGHT) == 0


def test_t_is_infinite_where_only_the_groups_differ():
    values = np.where(EIGHT, 1.0, 2.0)[:, None]
    assert t_statistics(values, EIGHT)[0] == -np.inf


def test_a_missing_value_never_gives_a_number():
    values = np.arange(1.0, 9)
    hole = np.where(values == 3, np.nan, values)
    for case, reference in ((hole, values), (values, hole), (hole, hole)):
        assert np.isnan(permutation_p(case, reference))
    both = np.column_stack([np.tile(values, 2) ** 2, np.concatenate([hole, values])])
    r = correlations(both, EIGHT[None, :])[0]
    t = t_statistics(both, EIGHT)
    assert np.isnan([r[1], t[1]]).all() and np.isfinite([r[0], t[0]]).all()
    assert np.isnan(share_as_large(np.array([1.0, 2.0]), np.array([np.nan, 1.0]))).tolist() == [True, False]
    assert np.isnan(share_as_large(np.array([1.0, np.nan]), np.array([1.0]))).all()


def test_ties_count_as_large():
    assert share_as_large(
        np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.0 * (1 + 1e-15), 5.0, 0.5])
    ).tolist() == [
        0.5,
        0.0,
        1.0,
    ]
