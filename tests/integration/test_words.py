"""Sentences of notebook 04: every number in them is one of the tables handed in."""

import re

import helpers.figure_data as made
import numpy as np
import pandas as pd
import pytest

from mgbone.integration.shapes import SHAPE_COLUMNS, dose_shapes
from mgbone.integration.within_animals import (
    PAIR_COLUMNS,
    correlate_within,
    partial_within,
    smallest_detectable,
    wide_table,
)
from mgbone.integration.words import count_power, count_shapes, fold_out, pair_table, tell_size


@pytest.fixture(scope="module")
def pairs(study):
    wide = wide_table(made.measurements(study))
    return wide, partial_within(wide, correlate_within(wide))


def test_shapes_are_counted_and_named(study):
    shapes = dose_shapes(made.measurements(study), study, 200)
    words = count_shapes(shapes, study).data
    found = shapes[shapes["p_either"] < 0.05]
    assert words.startswith(f"Endpoints with p < 0.05 over both tests: **{len(found)}** of {len(shapes)} ")
    assert f"a shape implies holds: **{(shapes['shape'] != 'neither').sum()}**;" in words
    assert f"(about {0.05 * len(shapes):.1f} by chance)" in words
    assert "- Serum magnesium falls as magnesium gets scarcer: z -" in words
    assert words.count("has no shape: z") == (found["shape"] == "neither").sum() > 0
    assert words.count("\n- ") == len(found)
    assert "no shape can be tested" in count_shapes(pd.DataFrame(columns=SHAPE_COLUMNS), study).data


def test_the_size_of_a_test_is_said_in_numbers(study):
    size = pd.DataFrame(
        {"step": ["0.04 to 0.02 % Mg", "0.02 to 0.01 % Mg", "all"], "size": [0.046, 0.0488, 0.0002]}
    )
    words = tell_size(size, study).data
    assert "4.6 to 4.9 % of draws (nominal 5 %)" in words and "every step, in 0.02 %" in words
    assert "no order can be tested" in tell_size(size.iloc[:0], study).data


def test_pairs_that_stand_out_are_listed_surest_first(study, pairs):
    table = pair_table(pairs[1], study)
    chosen = pairs[1][pairs[1]["p"] < 0.05].sort_values("p")
    assert len(table) == len(chosen) > 0
    assert [float(r) for r in table["r"]] == pytest.approx(chosen["r"].tolist(), abs=0.005)
    assert table["df"].tolist() == chosen["df"].tolist()
    unknown = pairs[1].assign(r_partial=np.nan, q_partial=np.nan)
    assert set(pair_table(unknown, study)["partial r"]) == {"–"}
    assert pair_table(pairs[1].iloc[:0], study)["endpoints"].tolist() == ["none"]


def test_power_is_said_in_numbers(study, pairs):
    wide, both = pairs
    detectable = smallest_detectable(wide, both, study)
    words = count_power(detectable, both, study).data
    assert words.startswith(f"Pairs with p < 0.05: {(both['p'] < 0.05).sum()} of {len(both)} ")
    assert f"after correction for all pairs: **{(both['q'] < 0.05).sum()}**." in words
    held = both["q_partial"].dropna()
    assert f"figure, after correction: **{(held < 0.05).sum()}** of {len(held)}." in words
    assert "by the declared test over 3 groups at p < 0.05" in words
    r, g = (detectable.loc[detectable["effect"] == e, "smallest"].iloc[0] for e in "rg")
    assert f"n = 48 in 6 groups, 41 degrees of freedom): **|r| = {r:.2f}**" in words
    assert f"Animals, 8 a group: a difference of **{g:.2f} SD**" in words
    nothing = pd.DataFrame(columns=PAIR_COLUMNS)
    assert not re.search(r"\d", count_power(detectable, nothing, study).data)


def test_the_ledger_can_be_folded_out_where_there_is_none():
    assert "no ledger" in fold_out(pd.DataFrame()).data
