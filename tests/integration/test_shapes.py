"""One way with the dose or a peak at the mildest one: both statistics, their null, and the choice."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from mgbone.evidence.columns import EVIDENCE_COLUMNS
from mgbone.integration.shapes import (
    SHAPE_COLUMNS,
    _one_way,
    _peak,
    _permuted,
    dose_shapes,
    mann_whitney,
    shape_evidence,
)

# Fasting metabolic rate of white-tailed deer in six periods of the year (Silver et al. 1969), the example of
# Hollander, Wolfe and Chicken (2014, section 6.3A) for a known peak in the fourth period.
DEER = [
    np.array(period)
    for period in (
        [36, 33.6, 26.9, 35.8, 30.1, 31.2, 35.3], [39.9, 29.1, 43.4], [44.6, 54.4, 48.2, 55.7, 50],
        [53.8, 53.9, 62.5, 46.6], [44.3, 34.1, 35.7, 35.6], [31.7, 22.1, 30.7],
    )
]  # fmt: skip


def measured(means, *, n=8, seed=0, endpoint="x", spread=1.0):
    """Values per (experiment, group) around the means given."""
    rng = np.random.default_rng(seed)
    rows = [
        {"experiment": e, "group": g, "endpoint": endpoint, "value": value}
        for (e, g), mean in means.items()
        for value in mean + spread * rng.standard_normal(n)
    ]
    return pd.DataFrame(rows)


def means(control, mg004, mg002, pairfed, mg001):
    return {
        ("exp2", "control"): control, ("exp2", "mg004"): mg004, ("exp2", "mg002"): mg002,
        ("exp1", "pairfed"): pairfed, ("exp1", "mg001"): mg001,
    }  # fmt: skip


def _as_pairs(levels):
    return {(i, j): (levels[i], levels[j]) for i, j in combinations(range(len(levels)), 2)}


def one_way_statistic(levels):
    return _one_way(_as_pairs(levels), len(levels))


def peak_statistic(levels, peak):
    return _peak(_as_pairs(levels), len(levels), peak)


def test_pairs_are_counted_with_ties_as_halves():
    assert mann_whitney(np.array([1.0, 2, 3]), np.array([2.0, 4])) == 1 + 0.5 + 3


def test_statistics_are_those_of_r_on_a_published_example():
    # J and A summed from R's wilcox.test, two periods at a time.
    assert one_way_statistic(DEER) == 151
    assert peak_statistic(DEER, 3) == 157
    assert peak_statistic(DEER, 5) == one_way_statistic(DEER)


def test_null_distribution_has_the_mean_and_variance_of_mack_and_wolfe():
    sizes = np.array([len(period) for period in DEER])
    total, up, down, top = sizes.sum(), sizes[:4].sum(), sizes[3:].sum(), sizes[3]
    mean = (up**2 + down**2 - (sizes**2).sum() - top**2) / 4
    variance = (
        2 * (up**3 + down**3) + 3 * (up**2 + down**2) - (sizes**2 * (2 * sizes + 3)).sum()
        - top**2 * (2 * top + 3) + 12 * top * up * down - 12 * top**2 * total
    ) / 72  # fmt: skip
    assert mean == 85.5
    assert variance == pytest.approx(291.9167, abs=1e-4)
    permuted = list(_permuted({("e", str(i)): v for i, v in enumerate(DEER)}, 20_000, seed=1).values())
    statistic = peak_statistic(permuted, 3)
    assert statistic[0] == 157
    assert statistic.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / 20_000))
    assert statistic.var() == pytest.approx(variance, rel=0.04)


@pytest.mark.parametrize(
    ("where", "shape", "direction"),
    [
        (means(20, 18, 16, 20, 14), "one_way", "down"),
        (means(20, 22, 24, 20, 26), "one_way", "up"),
        (means(20, 24, 20, 20, 20), "peak", "up"),
        (means(20, 16, 20, 20, 20), "peak", "down"),
        (means(20, 20, 20, 20, 20), "neither", "none"),
        # The controls of the two experiments differ, the diets do nothing.
        (means(20, 20, 20, 40, 40), "neither", "none"),
    ],
)
def test_a_planted_shape_is_named(study, where, shape, direction):
    row = dose_shapes(measured(where, seed=3, spread=0.4), study, 500).iloc[0]
    assert (row["shape"], row["direction"]) == (shape, direction)
    assert (row["n"], row["n_reference"]) == (24, 16)


def test_each_experiment_has_its_own_scale(study):
    table = measured(means(20, 22, 19, 20, 17))
    scaled = table.assign(value=table["value"].where(table["experiment"] == "exp2", 7 * table["value"]))
    pd.testing.assert_frame_equal(dose_shapes(table, study, 300), dose_shapes(scaled, study, 300))


@pytest.mark.slow
def test_without_effect_about_one_in_twenty_is_called_a_shape(study):
    tables = [measured(means(*[10] * 5), seed=i, endpoint=f"e{i}") for i in range(300)]
    shapes = dose_shapes(pd.concat(tables), study, 200)
    assert 0.02 <= (shapes["p_either"] < 0.05).mean() <= 0.09
    assert (shapes["shape"] != "neither").mean() <= 0.02
    assert (shapes["p_either"] >= shapes[["p_one_way", "p_peak"]].min(axis=1)).all()
    assert shapes["p_either"].min() >= 1 / 200


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "misnamed", "before"),
    [
        (means(20, 22, 22, 20, 22), "one_way", 0.5),  # a plateau
        (means(20, 20, 20, 20, 22), "one_way", 0.5),  # an effect at 0.01 % alone
        (means(20, 22, 20, 20, 18), "peak", 0.5),  # up at 0.04 %, down at 0.01 %
    ],
)
def test_another_pattern_is_not_called_by_the_name_of_a_shape(study, where, misnamed, before):
    """By the nearer of the two statistics most of these 150 would have been, which no contrast supports."""
    tables = [measured(where, seed=i, endpoint=f"e{i}") for i in range(150)]
    shapes = dose_shapes(pd.concat(tables), study, 200)
    nearer = np.where(shapes["z_one_way"].abs() >= shapes["z_peak"].abs(), "one_way", "peak")
    assert ((nearer == misnamed) & (shapes["p_either"] < 0.05)).mean() > before
    assert (shapes["shape"] == misnamed).mean() <= 0.05


def test_an_endpoint_without_a_dose_or_a_reference_is_left_out(study):
    table = measured(means(20, 22, 19, 20, 17))
    for group in ("mg004", "pairfed"):
        left = table[table["group"] != group]
        assert dose_shapes(left, study, 50).empty
        assert list(dose_shapes(left, study, 50).columns) == SHAPE_COLUMNS
    blank = table.assign(value=table["value"].mask(table.index.isin([0, 9, 33])))
    row = dose_shapes(blank, study, 50).iloc[0]
    assert (row["n"], row["n_reference"]) == (22, 15)


def test_a_constant_endpoint_has_no_shape(study):
    row = dose_shapes(measured(means(*[10] * 5), spread=0.0), study, 50).iloc[0]
    assert (row["shape"], row["p_either"], row["z_peak"]) == ("neither", 1.0, 0.0)


def test_evidence_rows_carry_the_better_supported_shape(study):
    tables = [measured(means(20, 24, 20, 20, 20), endpoint="urine_ctx"),
              measured(means(20, 18, 16, 20, 14), endpoint="serum_mg")]  # fmt: skip
    shapes = dose_shapes(pd.concat(tables), study, 500)
    rows = shape_evidence(shapes).set_index("endpoint")
    assert [*rows.columns[:2], "endpoint", *rows.columns[2:]] == EVIDENCE_COLUMNS
    assert rows.loc["urine_ctx", ["level", "direction"]].tolist() == ["peak", "up"]
    assert rows.loc["serum_mg", ["level", "direction"]].tolist() == ["one_way", "down"]
    assert rows.loc["urine_ctx", "estimate"] == shapes.set_index("endpoint").loc["urine_ctx", "z_peak"]
    assert shape_evidence(shapes.iloc[:0]).empty
