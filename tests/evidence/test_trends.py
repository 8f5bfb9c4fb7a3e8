"""How often a trend comes again: by simulation, and in closed form where there are ever so many animals."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mgbone.evidence.trends import most_frequent_trend, stated_trends
from mgbone.evidence.words import tell_trends
from mgbone.study.design import load_study


@pytest.fixture(scope="module")
def study():
    return load_study()


def test_of_two_groups_with_ever_so_many_animals_it_is_an_area_of_the_normal(study):
    """The unit normal over the stretch from 1.645 to 1.960 is largest if it is centred there."""
    half = (stats.norm.isf(0.025) - stats.norm.isf(0.05)) / 2
    assert most_frequent_trend(float("inf"), 2, study) == pytest.approx(
        2 * stats.norm.cdf(half) - 1, abs=1e-4
    )


def test_it_is_what_tukey_gives_in_a_simulation(study):
    """Three groups of eight, one of them 1.19 SD off: 30,000 experiments, scipy's own Tukey distribution."""
    rng = np.random.default_rng(5)
    best = most_frequent_trend(8, 3, study)
    shares = []
    for effect in (1.0, 1.19, 1.4):
        groups = rng.standard_normal((3, 30_000, 8))
        groups[2] += effect
        error = np.sqrt(groups.var(axis=-1, ddof=1).mean(axis=0) / 8)
        q = (groups[2].mean(axis=-1) - groups[0].mean(axis=-1)) / error
        p = stats.studentized_range.sf(np.array([3.0649, 3.5646]), 3, 21)
        assert p == pytest.approx([0.10, 0.05], abs=1e-3)
        shares.append(((q > 3.0649) & (q < 3.5646)).mean())
    assert max(shares) == pytest.approx(best, abs=0.006)
    assert best == pytest.approx(0.13, abs=0.002)


def test_more_animals_do_not_help(study):
    chances = [most_frequent_trend(n, 3, study) for n in (4, 8, 16, 100, float("inf"))]
    assert chances == sorted(chances, reverse=True) and chances[-1] > 0.11


def test_the_wider_criterion_stands_beside_the_verdict(study):
    rows = [
        ("exp2", "serum_mg", "mg004_vs_control", "down", "trend", "down", 0.083, "reproduced"),
        ("exp2", "serum_p", "mg004_vs_control", "up", "trend", "up", 0.012, "direction_only"),
        ("exp2", "serum_alp", "mg002_vs_control", "up", "trend", "down", 0.012, "contradicted"),
        ("exp2", "serum_ca", "mg002_vs_control", "up", "trend", "up", 0.4, "direction_only"),
        ("exp1", "serum_mg", "mg001_vs_pairfed", "down", "significant", "down", 0.001, "reproduced"),
    ]
    columns = ["experiment", "endpoint", "contrast", "direction", "level", "points", "p", "verdict"]
    verdicts = pd.DataFrame(rows, columns=columns).assign(n_case=8)
    assert stated_trends(verdicts, study)["same_sign"].tolist() == [True, True, False, False]
    words = tell_trends(verdicts, study).data
    assert "at most 13 % of repetitions with 8 animals a group" in words
    assert "**2** of 4 statements of a trend meet" in words
    assert (
        "- Serum phosphorus, 0.04 % Mg vs Control: stated higher, p = 0.012; verdict direction only; "
        in words
    )
    assert words.count(": met") == words.count(": not met") == 2
    assert "No statement" in tell_trends(verdicts.iloc[-1:], study).data
