"""Doses held beside one another, each against its own reference."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from helpers import R
from scipy import stats

from mgbone.claims.judging import judge
from mgbone.evidence.columns import EVIDENCE_COLUMNS
from mgbone.evidence.comparison import compare
from mgbone.integration.doses import (
    combine,
    dose_order_evidence,
    dose_response,
    dose_steps,
    findings_per_dose,
    on_one_scale,
    percent_change,
    reported_percents,
    require_all_tested,
    size_of_dose_order,
    stack,
)
from mgbone.study.errors import MgboneError
from mgbone.study.ledger import load_claims
from mgbone.study.paths import project_root

TRUTH = json.loads((R / "dose_truth.json").read_text())
CENTRES = {
    ("exp1", "control"): 2.2, ("exp1", "pairfed"): 2.0, ("exp1", "mg001"): 0.8,
    ("exp2", "control"): 1.0, ("exp2", "mg004"): 0.9, ("exp2", "mg002"): 0.7,
}  # fmt: skip


def measured(centres=CENTRES, endpoint="serum_mg"):
    spread = np.array([-0.03, -0.01, 0.01, 0.03])
    rows = [
        {
            "animal_id": f"{e}-{g}-{i}",
            "experiment": e,
            "group": g,
            "endpoint": endpoint,
            "value": m + d,
            "unit": "mg/dL",
        }
        for (e, g), m in centres.items()
        for i, d in enumerate(spread)
    ]
    return pd.DataFrame(rows)


def test_each_dose_is_measured_against_its_own_reference(study):
    percents = percent_change(measured(), study).groupby("contrast", sort=False)["percent"].mean()
    assert percents.to_dict() == pytest.approx(
        {"mg004_vs_control": -10, "mg002_vs_control": -30, "mg001_vs_pairfed": -60}, abs=1e-9
    )


def test_dose_order_of_serum_mg(study):
    row = dose_order_evidence(measured(), study).iloc[0]
    assert (row["experiment"], row["contrast"], row["level"], row["direction"]) == (
        "both",
        "dose_order",
        "monotonic",
        "down",
    )
    assert (row["n_case"], row["n_reference"]) == (12, 8)


def test_a_peak_is_not_monotonic(study):
    peak = dose_order_evidence(measured({**CENTRES, ("exp2", "mg004"): 0.6}), study).iloc[0]
    assert (peak["level"], peak["direction"]) == ("not_monotonic", "none")


@pytest.mark.parametrize("missing", [
    {("exp2", "mg004"): 0.999, ("exp2", "mg002"): 0.998, ("exp1", "mg001"): 1.990},  # no step is there
    {("exp2", "mg004"): 0.702},  # 0.04 % is no better off than 0.02 %
    {("exp1", "mg001"): 1.398},  # 0.01 % is hardly worse off than 0.02 %
])  # fmt: skip
def test_an_order_needs_each_of_its_steps(study, missing):
    row = dose_order_evidence(measured({**CENTRES, **missing}), study).iloc[0]
    assert (row["level"], row["direction"]) == ("not_monotonic", "none")
    assert row["p"] > 0.05


def test_steps_are_those_of_r(study):
    groups = {(e, g): TRUTH[g] for e, g in [("exp2", "control"), ("exp2", "mg004"), ("exp2", "mg002"),
                                            ("exp1", "pairfed"), ("exp1", "mg001")]}  # fmt: skip
    rows = [(e, g, v) for (e, g), values in groups.items() for v in values]
    table = pd.DataFrame(rows, columns=["experiment", "group", "value"]).assign(endpoint="serum_mg")
    steps = dose_steps(table, study)
    assert steps["step"].tolist() == ["0.04 to 0.02 % Mg", "0.02 to 0.01 % Mg"]
    for row, (estimate, error, df, p) in zip(
        steps.itertuples(), (TRUTH["second"], TRUTH["third"]), strict=True
    ):
        assert (row.estimate, row.p) == pytest.approx((estimate, p), rel=1e-9)
        assert row.ci_high == pytest.approx(estimate + stats.t.ppf(0.975, df) * error, rel=1e-9)
        assert row.percent == pytest.approx(100 * (np.exp(estimate) - 1), rel=1e-9)
    order = dose_order_evidence(table, study).iloc[0]
    assert order["p"] == pytest.approx(max(TRUTH["second"][3], TRUTH["third"][3]), rel=1e-9)
    assert (order["n_case"], order["n_reference"]) == (20, 13)


def test_the_size_of_the_order_is_drawn_with_the_animals_own_scatter(study):
    told = size_of_dose_order(measured(), study, n_draws=2000)
    assert told["step"].tolist() == ["0.04 to 0.02 % Mg", "0.02 to 0.01 % Mg", "all"]
    assert told["size"].iloc[:2].between(0.025, 0.065).all() and told["size"].iloc[2] < 0.005
    assert size_of_dose_order(measured().iloc[:0], study).empty


def test_a_missing_dose_gives_no_row(study):
    only_one = {key: value for key, value in CENTRES.items() if key[0] == "exp2"}
    assert dose_order_evidence(measured(only_one), study).empty


def test_dose_response_and_findings(study):
    evidence = compare(measured(), study)
    table = dose_response(evidence, study).set_index("dietary_mg_percent")
    assert table["percent"].to_dict() == pytest.approx({0.04: -10, 0.02: -30, 0.01: -60})
    source = evidence.set_index("contrast").loc["mg001_vs_pairfed"]
    n, m = source["n_case"], source["n_reference"]
    error = (source["ci_high"] - source["estimate"]) ** 2 / (1 / n + 1 / m)
    for limit in table.loc[0.01, ["ci_low", "ci_high"]] / 100 + 1:
        # At the limit the difference of case and so many times the reference is just not significant.
        apart = source["mean_case"] - limit * source["mean_reference"]
        assert apart**2 == pytest.approx(error * (1 / n + limit**2 / m))
    found = findings_per_dose(evidence, study)
    assert found["contrast"].tolist() == ["mg004_vs_control", "mg002_vs_control", "mg001_vs_pairfed"]
    assert found["percent"].tolist() == pytest.approx([-10, -30, -60])
    assert found["direction"].tolist() == ["down"] * 3


def test_clusters_have_no_direction(study):
    evidence = compare(measured(), study).iloc[:1].assign(
        experiment="exp1", contrast="mg001_vs_pairfed", endpoint="array_clustering", domain="microarray",
        direction="none", level="separated",
    )  # fmt: skip
    assert findings_per_dose(evidence, study)["direction"].tolist() == [""]


def test_reported_means_stand_on_the_scale_of_their_own_reference(study):
    evidence = compare(measured(), study)
    claims = pd.DataFrame(
        [
            ("exp1", "serum_mg", "mg001_vs_pairfed", 0.9),
            ("exp2", "serum_mg", "mg002_vs_control", 0.75),
            ("exp2", "serum_mg", "mg004_vs_control", np.nan),
            ("exp2", "urine_ctx", "mg002_vs_control", 3.0),
        ],
        columns=["experiment", "endpoint", "contrast", "value"],
    )
    table = reported_percents(claims, evidence, study)
    # Pair-fed rats have 2.0 mg/dL, the control of experiment 2 has 1.0; what has no evidence has no scale.
    assert table.to_dict("list") == {
        "endpoint": ["serum_mg", "serum_mg"],
        "dietary_mg_percent": [0.01, 0.02],
        "percent": pytest.approx([-55, -25]),
    }


def test_a_study_without_doses_or_stated_contrasts_has_empty_tables(study):
    silent = {name: replace(e, report_contrasts=()) for name, e in study.experiments.items()}
    unordered = replace(study, dose_order=(), experiments=silent)
    assert percent_change(measured(), unordered).empty
    assert dose_order_evidence(measured(), unordered).empty
    evidence = compare(measured(), unordered)
    assert dose_response(evidence, unordered).empty
    assert findings_per_dose(evidence, unordered).empty
    assert on_one_scale(evidence, unordered) == []


def test_no_reported_mean_gives_no_row(study):
    claims = pd.DataFrame(
        {"experiment": ["exp1"], "endpoint": "serum_mg", "contrast": "mg001_vs_pairfed", "value": np.nan}
    )
    assert reported_percents(claims, compare(measured(), study), study).empty


def test_evidence_is_stacked_in_the_order_given(study):
    first, second = compare(measured(), study), compare(measured(endpoint="serum_ca"), study)
    order = dose_order_evidence(measured(), study)
    together = combine(first, order, first.iloc[:0], second)
    assert together["endpoint"].tolist() == ["serum_mg"] * 7 + ["serum_ca"] * 6
    assert together.index.tolist() == list(range(13))
    pd.testing.assert_frame_equal(together.iloc[:6], first)
    assert together.loc[6, "contrast"] == "dose_order"


def test_no_evidence_at_all_is_an_empty_table(study):
    nothing = combine(compare(measured(), study).iloc[:0])
    assert nothing.empty
    assert list(nothing.columns) == EVIDENCE_COLUMNS
    assert list(combine().columns) == EVIDENCE_COLUMNS


def test_a_comparison_that_is_there_twice_is_refused(study):
    evidence = compare(measured(), study)
    with pytest.raises(MgboneError, match="serum_mg, mg001_vs_pairfed, in exp1 twice"):
        combine(evidence, evidence)


def test_a_row_of_the_ledger_that_nothing_answers_stops_the_shipped_dataset(study, tmp_path):
    """From the ledger's file to the stop: one statement more, on an endpoint that no notebook produces."""
    ledger = (project_root() / "data" / "report" / "claims.csv").read_text(encoding="utf-8")
    path = tmp_path / "claims.csv"
    row = "9-9-01,9-9,exp1,biochem,serum_fgf23,mg001_vs_pairfed,up,significant,,,no,FGF23 rose.,上昇。"
    path.write_text(f"{ledger}{row}\n", encoding="utf-8")
    claims = load_claims(path)
    # Evidence that answers every other row, as the four notebooks write it.
    evidence = load_claims()[["experiment", "endpoint", "contrast", "direction", "level"]]
    evidence = evidence.drop_duplicates(["experiment", "endpoint", "contrast"])
    shipped = SimpleNamespace(is_simulated=True)
    require_all_tested(judge(load_claims(), evidence), shipped)
    verdicts = judge(claims, evidence)
    assert verdicts.set_index("claim_id").loc["9-9-01", "verdict"] == "not_tested"
    with pytest.raises(MgboneError, match=r"1 statements of the ledger were not tested: 9-9-01"):
        require_all_tested(verdicts, shipped)


def test_measurements_are_stacked_and_scores_have_no_percentages(study):
    nothing = measured().iloc[:0]
    assert len(stack([nothing, measured(), nothing, measured(endpoint="serum_ca")])) == 48
    assert stack([nothing, nothing]).empty
    score = measured(endpoint="score_bone_metabolism")
    evidence = compare(stack([measured(), score]), study)
    assert on_one_scale(evidence, study) == ["serum_mg", "score_bone_metabolism"]
    assert on_one_scale(evidence.iloc[:0], study) == []
    found = findings_per_dose(evidence, study).groupby("endpoint")["percent"].count()
    assert found.to_dict() == {"serum_mg": 3, "score_bone_metabolism": 0}


@pytest.mark.parametrize(("simulated", "verdict", "stops"), [
    (True, "not_tested", True), (False, "not_tested", False), (True, "contradicted", False),
])  # fmt: skip
def test_a_simulated_dataset_must_speak_to_every_statement(simulated, verdict, stops):
    verdicts = pd.DataFrame({"claim_id": ["a", "b", "c"], "verdict": ["reproduced", verdict, verdict]})
    dataset = SimpleNamespace(is_simulated=simulated)
    if stops:
        with pytest.raises(MgboneError, match=r"2 statements of the ledger were not tested: b, c\."):
            require_all_tested(verdicts, dataset)
    else:
        require_all_tested(verdicts, dataset)
