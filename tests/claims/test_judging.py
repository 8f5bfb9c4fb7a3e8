"""The ledger is whole, and the judge can say each of its four words."""

import numpy as np
import pandas as pd
import pytest

from mgbone.claims.judging import judge, tally
from mgbone.evidence.comparison import points_of
from mgbone.study.design import REGIONS, STRUCTURES
from mgbone.study.errors import StudyError
from mgbone.study.ledger import CLAIM_COLUMNS, load_claims


@pytest.fixture(scope="module")
def claims():
    return load_claims()


def test_ledger_counts(claims):
    assert claims["domain"].value_counts().to_dict() == {
        "qct": 48, "biochem": 31, "microarray": 7, "integration": 1,
    }  # fmt: skip
    assert set(claims["section"]) == {"4-1-1", "4-1-2", "4-2-1", "4-2-2", "4-3-1", "4-3-2", "4-4"}
    measured = claims[claims["domain"].isin(["biochem", "qct"])]
    assert measured["level"].isin(["significant", "trend"]).sum() == 17
    assert not claims.duplicated(["experiment", "endpoint", "contrast"]).any()


def test_ledger_states_what_the_report_states(claims):
    found = claims.set_index(["experiment", "endpoint", "contrast"])[["direction", "level", "value"]]
    assert found.loc[("exp1", "serum_mg", "mg001_vs_pairfed")].tolist() == ["down", "significant", 0.82]
    assert found.loc[("exp2", "serum_mg", "mg002_vs_control")].tolist() == ["down", "significant", 1.5]
    assert found.loc[("exp2", "serum_mg", "mg004_vs_control")].tolist()[:2] == ["down", "trend"]
    assert found.loc[("exp2", "serum_osteocalcin", "mg002_vs_mg004")].tolist()[:2] == ["down", "significant"]
    assert found.loc[("exp2", "urine_ctx", "mg004_vs_control")].tolist()[:2] == ["up", "significant"]
    effects = claims[(claims["domain"] == "qct") & (claims["level"] != "none")]
    assert set(effects["contrast"] + " " + effects["endpoint"] + " " + effects["level"]) == {
        "mg001_vs_pairfed bmd_trabecular_proximal trend",
        "mg002_vs_control bmd_trabecular_full significant",
        "mg002_vs_control bmd_trabecular_distal significant",
        "mg002_vs_control bmd_trabecular_mid trend",
        "mg002_vs_control bmd_cortical_mid trend",
    }


def test_ledger_covers_every_cell_of_the_density_map(claims):
    cells = claims[claims["domain"] == "qct"].groupby("contrast")["endpoint"].agg(set)
    expected = {f"bmd_{s}_{r}" for s in STRUCTURES for r in REGIONS}
    assert all(found == expected for found in cells)
    assert list(cells.index) == ["mg001_vs_pairfed", "mg002_vs_control", "mg004_vs_control"]


def test_ledger_contrasts_exist(claims, study):
    for row in claims[claims["experiment"] != "both"].itertuples():
        study.contrast(row.experiment, row.contrast)


def claim(direction, level, value=np.nan):
    row = dict.fromkeys(CLAIM_COLUMNS, "x") | {"direction": direction, "level": level, "value": value}
    return pd.DataFrame([row])


def evidence(direction, level, estimate=np.nan, **more):
    found = {"direction": direction, "level": level, "estimate": estimate, "points": points_of(estimate)}
    return pd.DataFrame([{"experiment": "x", "endpoint": "x", "contrast": "x", **found, **more}])


@pytest.mark.parametrize(
    ("stated", "observed", "verdict"),
    [
        (("up", "significant"), ("up", "significant", 1.0), "reproduced"),
        (("down", "trend"), ("down", "trend", -1.0), "reproduced"),
        (("none", "none"), ("none", "none", 0.3), "reproduced"),
        (("none", "separated"), ("none", "separated", 0.3), "reproduced"),
        (("down", "monotonic"), ("down", "monotonic", -0.8), "reproduced"),
        (("up", "significant"), ("up", "trend", 1.0), "direction_only"),
        (("up", "trend"), ("up", "significant", 1.0), "direction_only"),
        (("up", "significant"), ("none", "none", 1.0), "direction_only"),
        (("up", "significant"), ("none", "none", -1.0), "contradicted"),
        (("up", "significant"), ("none", "none", np.nan), "contradicted"),
        (("up", "significant"), ("down", "significant", -1.0), "contradicted"),
        (("none", "none"), ("up", "trend", 1.0), "contradicted"),
        (("none", "separated"), ("none", "mixed", 0.0), "contradicted"),
        (("down", "monotonic"), ("none", "not_monotonic", 0.1), "contradicted"),
        (("up", "significant"), (None, None, 1.0), "not_tested"),
    ],
)
def test_verdicts(stated, observed, verdict):
    assert judge(claim(*stated), evidence(*observed))["verdict"].tolist() == [verdict]


def test_an_odds_ratio_is_no_direction():
    """Log2 odds of 1.2 in the list of genes that fell, not significant: nothing says that the theme rose."""
    theme = evidence("none", "none", 1.2).drop(columns="points")
    for stated in ("up", "down"):
        assert judge(claim(stated, "significant"), theme)["verdict"].tolist() == ["contradicted"]


def test_a_statement_without_evidence_is_not_tested():
    other = evidence("up", "significant").assign(endpoint="other")
    assert judge(claim("up", "significant"), other)["verdict"].tolist() == ["not_tested"]


def test_a_stated_mean_must_lie_in_the_interval_of_the_mean():
    row = {
        "estimate": -1.0,
        "n_case": 4,
        "mean_case": 1.0,
        "sd_case": 0.2,
    }  # half-width 3.182 * 0.2 / 2 = 0.318
    assert (
        judge(claim("down", "significant", 1.31), evidence("down", "significant", **row))["verdict"][0]
        == "reproduced"
    )
    assert (
        judge(claim("down", "significant", 1.33), evidence("down", "significant", **row))["verdict"][0]
        == "direction_only"
    )


def test_nothing_of_the_ledger_is_lost(claims):
    verdicts = judge(claims, evidence("up", "significant"))
    assert verdicts["claim_id"].tolist() == claims["claim_id"].tolist()
    counts = tally(verdicts)
    assert counts["not_tested"].groupby("asserts").sum().to_dict() == {"effect": 23, "absence": 64}
    assert counts.drop(columns="not_tested").eq(0).all(axis=None)


def test_doubled_evidence_and_missing_columns_are_refused():
    doubled = pd.concat([evidence("up", "trend")] * 2)
    with pytest.raises(StudyError, match="two rows for x / x / x"):
        judge(claim("up", "trend"), doubled)
    with pytest.raises(StudyError, match="lacks the column level"):
        judge(claim("up", "trend"), evidence("up", "trend").drop(columns="level"))


def test_a_faulty_ledger_is_named_by_row(tmp_path, claims):
    broken = claims.copy()
    broken.loc[3, "level"] = "strong"
    broken.loc[5, "direction"] = "sideways"
    broken.loc[7, "claim_id"] = broken.loc[6, "claim_id"]
    path = tmp_path / "claims.csv"
    broken.to_csv(path, index=False)
    with pytest.raises(StudyError) as caught:
        load_claims(path)
    for part in (
        "row 5 has the level 'strong'",
        "row 7 has the direction 'sideways'",
        "row 9 repeats the claim_id",
    ):
        assert part in str(caught.value)


def test_criteria_stand_side_by_side_and_count_only_where_they_apply():
    met = judge(
        claim("down", "significant", 1.31),
        evidence("down", "trend", n_case=4, mean_case=1.0, sd_case=0.2, points="down"),
    ).iloc[0]
    assert (met["same_direction"], met["same_level"], met["value_inside"]) == (True, False, True)
    assert pd.isna(met["equivalent"]) and met["criteria"] == "2/3" and pd.isna(met["absence"])
    for said, criteria in (("absence supported", "2/2"), ("effect excluded beyond 14 %", "1/2")):
        quiet = judge(claim("none", "none"), evidence("none", "none", absence=said)).iloc[0]
        assert (quiet["asserts"], quiet["absence"], quiet["criteria"]) == ("absence", said, criteria)
        assert pd.isna(quiet["same_direction"])
    # Where the data show an effect, or nothing is known of a bound, absence is not shown.
    loud = judge(claim("none", "none"), evidence("up", "significant", absence=np.nan)).iloc[0]
    assert (loud["absence"], loud["criteria"]) == ("not shown", "0/2")
    untested = judge(claim("up", "trend"), evidence("up", "trend").iloc[:0]).iloc[0]
    assert untested["verdict"] == "not_tested" and pd.isna(untested["criteria"])
