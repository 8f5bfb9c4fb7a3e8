"""Correlations within groups: group means taken out, degrees of freedom, partials, and what n can show."""

import json

import numpy as np
import pandas as pd
import pingouin as pg
import pytest
from helpers import R
from scipy import stats

from mgbone.evidence.columns import EVIDENCE_COLUMNS
from mgbone.integration.doses import SCORES
from mgbone.integration.within_animals import (
    ENDPOINTS,
    PAIR_COLUMNS,
    correlate_within,
    partial_within,
    smallest_detectable,
    wide_table,
    within_evidence,
)
from mgbone.study.errors import MgboneError

GROUPS = [("exp1", "control"), ("exp1", "pairfed"), ("exp1", "mg001"), ("exp2", "control"), ("exp2", "mg004")]


def measured(values, n=8):
    """Long measurements from a function of (group number, generator) that gives endpoint: n values."""
    rng = np.random.default_rng(11)
    rows = []
    for number, (experiment, group) in enumerate(GROUPS):
        for endpoint, given in values(number, rng).items():
            for i, value in enumerate(given):
                rows.append((f"{experiment}-{group}-{i}", experiment, group, endpoint, value, ""))
    columns = ["animal_id", "experiment", "group", "endpoint", "value", "unit"]
    return pd.DataFrame(rows, columns=columns)


def linked(number, rng, n=8):
    """Two endpoints linked within groups whose group means run opposite, and one on its own."""
    shared, own = rng.standard_normal((2, n))
    return {
        "serum_mg": 5 * number + 2 * shared + own,
        "serum_ca": -9 * number + 2 * shared + rng.standard_normal(n),
        "serum_p": rng.standard_normal(n),
    }


@pytest.fixture(scope="module")
def wide():
    return wide_table(measured(linked))


def test_animals_are_put_side_by_side_in_the_order_of_the_argument(wide):
    assert list(wide.columns) == ["stratum", "serum_mg", "serum_ca", "serum_p"]
    assert len(wide) == 40
    assert wide.loc["exp2-mg004-3", "stratum"] == "exp2/mg004"


def test_group_means_don_t_enter(wide):
    pair = correlate_within(wide).set_index(["a", "b"]).loc[("serum_mg", "serum_ca")]
    raw = wide[["serum_mg", "serum_ca"]].corr().iloc[0, 1]
    assert raw < -0.9 < 0.5 < pair["r"]
    moved = wide.assign(serum_ca=wide["serum_ca"] + 3 * pd.factorize(wide["stratum"])[0])
    again = correlate_within(moved).set_index(["a", "b"]).loc[("serum_mg", "serum_ca")]
    assert again["r"] == pytest.approx(pair["r"], abs=1e-12)


def test_r_and_p_are_those_of_a_partial_correlation_and_of_bland_and_altman(wide):
    pair = correlate_within(wide).set_index(["a", "b"]).loc[("serum_mg", "serum_ca")]
    dummies = pd.get_dummies(wide["stratum"], drop_first=True, dtype=float)
    partial = pg.partial_corr(
        wide.join(dummies), x="serum_mg", y="serum_ca", covar=list(dummies.columns)
    ).iloc[0]
    assert (pair["n"], pair["groups"], pair["df"]) == (40, 5, 34)
    assert pair["r"] == pytest.approx(partial["r"], abs=1e-9)
    assert pair["p"] == pytest.approx(partial["p_val"], rel=1e-6)
    assert [pair["ci_low"], pair["ci_high"]] == pytest.approx(list(partial["CI95"]), abs=0.0051)
    repeated = pg.rm_corr(data=wide, x="serum_mg", y="serum_ca", subject="stratum").iloc[0]
    assert pair["df"] == repeated["dof"]
    assert pair["r"] == pytest.approx(repeated["r"], abs=1e-9)
    assert pair["p"] == pytest.approx(repeated["pval"], rel=1e-6)


@pytest.mark.slow
def test_counting_group_means_as_observations_would_find_too_much(study):
    """Over many pairs without any link, p is uniform with the reduced degrees of freedom."""
    rng = np.random.default_rng(5)
    names = [f"e{i}" for i in range(40)]
    wide = pd.DataFrame(rng.standard_normal((20, 40)), columns=names)
    wide.insert(0, "stratum", np.repeat(["a", "b", "c", "d", "e"], 4))
    pairs = correlate_within(wide)
    assert set(pairs["df"]) == {14}
    assert (pairs["p"] < 0.05).mean() == pytest.approx(0.05, abs=0.02)
    naive = 2 * stats.t.sf(np.abs(pairs["r"]) * np.sqrt(18 / (1 - pairs["r"] ** 2)), 18)
    assert (naive < 0.05).mean() > 0.07


def test_animals_without_one_of_the_two_and_groups_of_one_are_left_out(wide):
    gaps = wide.copy()
    gaps.iloc[:3, 1] = np.nan
    gaps.loc[gaps["stratum"] == "exp2/control", "serum_mg"] = np.nan
    gaps.loc["exp2-control-0", "serum_mg"] = 12.0
    pair = correlate_within(gaps).set_index(["a", "b"]).loc[("serum_mg", "serum_ca")]
    assert (pair["n"], pair["groups"], pair["df"]) == (29, 4, 24)


def test_constant_endpoints_and_too_few_animals_give_no_pair(wide):
    flat = wide.assign(serum_p=wide["stratum"].str.len().astype(float))
    assert set(correlate_within(flat)["b"]) == {"serum_ca"}
    assert correlate_within(wide.groupby("stratum").head(1)).empty
    few = correlate_within(wide.iloc[:0])
    assert few.empty
    assert list(partial_within(wide.iloc[:0], few).columns) == PAIR_COLUMNS


def test_partial_correlation_holds_the_others_and_the_group(wide):
    both = partial_within(wide, correlate_within(wide)).set_index(["a", "b"])
    row = both.loc[("serum_mg", "serum_ca")]
    # Residuals after regression on group and serum_p, by least squares.
    design = np.column_stack([pd.get_dummies(wide["stratum"], dtype=float), wide["serum_p"]])
    left = [
        wide[e] - design @ np.linalg.lstsq(design, wide[e], rcond=None)[0] for e in ("serum_mg", "serum_ca")
    ]
    assert row["r_partial"] == pytest.approx(np.corrcoef(*left)[0, 1], abs=1e-9)
    assert (row["held"], row["df_partial"]) == (1, 33)
    t = abs(row["r_partial"]) * np.sqrt(33 / (1 - row["r_partial"] ** 2))
    assert row["p_partial"] == pytest.approx(2 * stats.t.sf(t, 33), rel=1e-9)


def test_a_link_by_way_of_a_third_endpoint_vanishes_in_the_partial():
    def chain(number, rng):
        cause = rng.standard_normal(40)
        noise = 0.5 * rng.standard_normal((2, 40))
        return {"serum_mg": cause, "serum_ca": cause + noise[0], "serum_p": cause + noise[1]}

    wide = wide_table(measured(chain))
    pair = partial_within(wide, correlate_within(wide)).set_index(["a", "b"]).loc[("serum_ca", "serum_p")]
    assert pair["r"] > 0.7
    assert abs(pair["r_partial"]) < 0.2


def test_pairs_with_a_score_hold_serum_magnesium_only():
    def with_scores(number, rng):
        return {e: rng.standard_normal(8) for e in ENDPOINTS if e not in SCORES} | {
            e: rng.standard_normal(4) for e in SCORES
        }

    wide = wide_table(measured(with_scores))
    pairs = partial_within(wide, correlate_within(wide))
    assert len(pairs) == 15 * 14 // 2
    scored = pairs["a"].isin(SCORES) | pairs["b"].isin(SCORES)
    assert set(pairs.loc[scored, "n"]) == {20}
    assert set(pairs.loc[~scored, "held"]) == {10}
    with_mg = scored & pairs["a"].eq("serum_mg")
    assert set(pairs.loc[scored & ~with_mg, "held"]) == {1}
    assert set(pairs.loc[with_mg, "held"]) == {0}
    assert pairs.loc[with_mg, "r_partial"].to_numpy() == pytest.approx(
        pairs.loc[with_mg, "r"].to_numpy(), abs=1e-9
    )


def test_endpoints_that_follow_from_one_another_have_no_partial():
    def sum_of_two(number, rng):
        a, b = rng.standard_normal((2, 8))
        return {"serum_mg": a, "serum_ca": b, "serum_p": a + b}

    wide = wide_table(measured(sum_of_two))
    pairs = partial_within(wide, correlate_within(wide))
    assert pairs["r_partial"].isna().all()
    assert pairs["q"].notna().all()


def test_false_discovery_counts_all_pairs(wide):
    pairs = partial_within(wide, correlate_within(wide))
    assert pairs["q"].to_numpy() == pytest.approx(pg.multicomp(pairs["p"].to_numpy(), method="fdr_bh")[1])


def test_values_below_a_limit_are_not_correlated():
    table = measured(linked)
    hidden = table.assign(censored=(table["endpoint"] == "serum_p") & table["animal_id"].str.endswith("-0"))
    assert wide_table(hidden)["serum_p"].notna().sum() == 35
    assert wide_table(hidden)["serum_mg"].notna().sum() == 40


def test_pairs_become_rows_of_evidence(wide, study):
    pairs = partial_within(wide, correlate_within(wide))
    rows = within_evidence(pairs, study)
    assert list(rows.columns) == EVIDENCE_COLUMNS
    first = rows.iloc[0]
    assert first["endpoint"] == "serum_mg~serum_ca"
    assert (first["p"], first["estimate"]) == (pairs.loc[0, "q"], pairs.loc[0, "r"])
    assert first["direction"] == "up" and first["level"] == "significant"
    assert within_evidence(pairs.iloc[:0], study).empty


def test_what_so_many_animals_can_show_is_what_r_says(study):
    """Smallest r and difference: R, solved for 80 % (tests/r: make_power_truth, make_equivalence_truth)."""
    truth = json.loads((R / "power_truth.json").read_text())
    tukey = json.loads((R / "equivalence_truth.json").read_text())["smallest_difference"]

    def all_there(number, rng):
        return {"serum_mg": rng.standard_normal(8), "serum_ca": rng.standard_normal(8),
                SCORES[0]: rng.standard_normal(4)}  # fmt: skip

    wide = wide_table(measured(all_there))
    pairs = partial_within(wide, correlate_within(wide))
    table = smallest_detectable(wide, pairs, study).set_index("what")
    assert table["df"].to_dict() == {
        "within groups, animals": 34, "within groups, arrays": 14,
        "two groups, animals": 21, "two groups, arrays": 9,
    }  # fmt: skip
    for what, df in (("within groups, animals", "34"), ("within groups, arrays", "14")):
        assert table.loc[what, "smallest"] == pytest.approx(truth["r"][df], abs=0.012)
        assert table.loc[what, "smallest_strict"] > table.loc[what, "smallest"]
    assert table.loc["two groups, animals", "smallest"] == pytest.approx(tukey["8_3"], abs=1e-4)
    assert table.loc["two groups, arrays", "smallest"] == pytest.approx(tukey["4_3"], abs=1e-4)
    assert smallest_detectable(wide.iloc[:0], pairs.iloc[:0], study).empty


def test_a_doubled_animal_is_no_mean_of_two():
    table = measured(linked)
    twice = pd.concat([table, table.iloc[[0]].assign(value=0.0)], ignore_index=True)
    with pytest.raises(MgboneError, match="twice"):
        wide_table(twice)
