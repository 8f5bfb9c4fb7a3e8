"""Tests of many labellings at once against the declared functions, one labelling at a time."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mgbone.certainty import tails
from mgbone.certainty.batch import Batch, logarithms, run_test
from mgbone.certainty.multiverse import draw_labels
from mgbone.evidence import compare, compare_tests, flag_outliers
from mgbone.evidence.exact import dunnett_tail, studentised_range_tail
from mgbone.evidence.other_tests import without_most_extreme
from mgbone.evidence.rank_tests import SUBSTITUTE

ENDPOINTS = ["serum_ca", "serum_p", "serum_alp", "serum_pth"]
TESTS = ["tukey_kramer", "games_howell", "dunnett", "dunn", "mann_whitney"]


@pytest.fixture(scope="module")
def animals(study):
    """Values of 8, 7 and 6 animals: smooth, with ties, with an outlier and blanks, and with limits."""
    rng = np.random.default_rng(4)
    groups = np.repeat(list(study.experiments["exp2"].groups), [8, 7, 6]).astype(object)
    values = 10 + rng.standard_normal((21, 4)) + 1.5 * (groups == "mg002")[:, None]
    values[:, 1] = values[:, 1].round(0)
    values[3, 2], values[[5, 12], 2] = 25.0, np.nan
    hidden = np.zeros(values.shape, dtype=bool)
    hidden[:, 3] = values[:, 3] < 9.6
    values[:, 3] = np.where(hidden[:, 3], 9.6 * SUBSTITUTE, values[:, 3])
    return groups, values, hidden


def as_frame(groups, values, hidden):
    who = pd.DataFrame(
        {"animal_id": [f"a{i}" for i in range(len(groups))], "experiment": "exp2", "group": groups}
    )
    tables = [
        who.assign(endpoint=ENDPOINTS[i], value=values[:, i], unit="", censored=hidden[:, i])
        for i in range(values.shape[1])
    ]
    return pd.concat(tables, ignore_index=True)


def leave_out(table, rule):
    if rule == "most_extreme_out":
        return without_most_extreme(table)
    if rule == "flagged_out":
        gone = pd.MultiIndex.from_frame(flag_outliers(table)[["animal_id", "endpoint"]])
        return table[~pd.MultiIndex.from_frame(table[["animal_id", "endpoint"]]).isin(gone)]
    return table


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["kept", "flagged_out", "most_extreme_out"])
@pytest.mark.parametrize("logs", [False, True])
def test_every_specification_is_that_of_the_declared_functions(study, animals, rule, logs):
    groups, values, hidden = animals
    scaled = np.where(hidden.any(axis=0), values, logarithms(values)) if logs else values
    order = study.experiments["exp2"].groups
    contrasts = [c for c in study.contrasts if c.experiment == "exp2"]
    member = draw_labels(groups, order, 3, seed=1)
    pairs = [(order.index(c.case), order.index(c.reference)) for c in contrasts]
    batch = Batch(scaled, member, np.isfinite(scaled).astype(float), pairs, hidden).without(rule)
    for labelling in (0, 2):
        labels = np.array(order, dtype=object)[member[labelling].argmax(axis=0)]
        table = leave_out(as_frame(labels, scaled, hidden), rule)
        declared = compare_tests(table, study, compare(table, study)).set_index(
            ["test", "endpoint", "contrast"]
        )["p"]
        for test in TESTS:
            p, _ = run_test(batch, test)
            for i, contrast in enumerate(contrasts):
                for j, endpoint in enumerate(ENDPOINTS):
                    expected = declared[test, endpoint, contrast.name]
                    assert p[labelling, i, j] == pytest.approx(expected, abs=1e-6, nan_ok=True), (
                        test,
                        endpoint,
                    )


@pytest.mark.parametrize(("df", "t"), [(3, 0.4), (12, 2.5), (21, 2.52), (21, 9.0)])
def test_tails_between_nodes_are_the_exact_ones(df, t):
    at, k = np.array([t]), np.array([3])
    exact = studentised_range_tail(t * np.sqrt(2), 3, df)
    assert tails.tukey_p(at, k, np.array([df]))[0] == pytest.approx(exact, rel=1e-8)
    # Welch's degrees of freedom are no whole numbers
    exact = studentised_range_tail(t * np.sqrt(2), 3, df + 0.37)
    found = tails.games_howell_p(at, k, at * 0 + df + 0.37)
    assert found[0] == pytest.approx(exact, rel=1e-6)
    sizes = (np.array([8]), np.array([8]), np.array([7]))
    assert tails.dunnett_p(at, sizes, np.array([df]))[0] == pytest.approx(
        dunnett_tail(t, [8, 7], 8, df), abs=1e-9
    )


@pytest.mark.parametrize("df", [1.0, 1.6, 2.5, 3.9, 7.3, 14.0])
def test_tails_at_few_degrees_of_freedom_are_those_of_scipy(df):
    """Over the whole span that two groups of two and of eight animals leave to Welch's degrees of freedom."""
    t = np.array([0.3, 1.7, 4.0, 11.0])
    found = tails.games_howell_p(t, np.full(4, 3), np.full(4, df))
    expected = stats.studentized_range.sf(t * np.sqrt(2), 3, df)
    assert found == pytest.approx(expected, rel=2e-5, abs=1e-9)


def test_a_tail_beyond_the_nodes_goes_on_as_a_straight_line():
    """With one degree of freedom p falls as 1 / t, and is no smaller than that however large t is."""
    t, k = np.array([200.0, 2e3, 2e4, 2e5]), np.full(4, 3)
    for found in (tails.games_howell_p(t, k, np.ones(4)), tails.tukey_p(t, k, np.ones(4, dtype=int))):
        assert found[:2] == pytest.approx(stats.studentized_range.sf(t[:2] * np.sqrt(2), 3, 1), rel=1e-3)
        assert found[1:3] / found[2:] == pytest.approx([10, 10], rel=1e-3)


def test_a_constant_endpoint_and_a_lone_animal_have_no_p():
    values = np.column_stack([np.full(6, 2.0), [1.0, 2, 3, 4, 5, 6]])
    member = np.array([[[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 0, 1]]], dtype=float)
    batch = Batch(values, member, np.ones((6, 2)), [(1, 0), (2, 0)], np.zeros((6, 2), dtype=bool))
    for test in TESTS:
        p, _ = run_test(batch, test)
        assert np.isnan(p[0, 1]).all(), test
        assert np.isnan(p[0, 0, 0]) or (test == "mann_whitney" and p[0, 0, 0] == 1)
