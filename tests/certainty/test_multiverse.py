"""Tests of the multiverse: what is crossed, what each specification says, and what all say jointly."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.small_dataset import in_memory, tables

import mgbone
from mgbone.certainty.batch import Batch, run_test
from mgbone.certainty.joint import JOINT_COLUMNS, Tally
from mgbone.certainty.multiverse import (
    Multiverse,
    _labelled,
    _wide,
    animal_multiverse,
    draw_labels,
    make_forms,
)
from mgbone.certainty.multiverse_words import analyses_table, decision_table, most_divided, tell_analyses
from mgbone.certainty.specifications import judged, specification_curve, sum_up
from mgbone.claims.judging import judge
from mgbone.evidence import compare, flag_outliers
from mgbone.evidence.other_tests import without_most_extreme
from mgbone.figures.specifications import specification_curve as draw_curve
from mgbone.study.ledger import KEYS, load_claims
from mgbone.study.multiverse import Decision, Option, specifications
from mgbone.study.paths import project_root

TEST = Decision(
    "test", "Test", ("serum_*",), (Option("tukey_kramer", "Tukey-Kramer", "r"), Option("dunn", "Dunn", "r"))
)
OUTLIERS = Decision(
    "outliers", "Outliers", ("serum_*",), (Option("kept", "kept", "r"), Option("flagged_out", "out", "r"))
)


def claim(**changes):
    row = {
        "claim_id": "c",
        "experiment": "exp2",
        "domain": "biochem",
        "endpoint": "serum_ca",
        "value": np.nan,
        "contrast": "mg004_vs_control",
        "direction": "up",
        "level": "significant",
    }
    return pd.DataFrame([row | changes])


def four(p, way=(1, 1, 1, 1), estimate=(10.0, 12.0, 14.0, 16.0)):
    """Specifications of two decisions with two options each: tukey kept, tukey out, dunn kept, dunn out."""
    return pd.DataFrame({
        "claim_id": "c", "test": ["tukey_kramer", "tukey_kramer", "dunn", "dunn"],
        "outliers": ["kept", "flagged_out"] * 2, "p": p, "way": way, "estimate": estimate, "logs": False,
    })  # fmt: skip


def test_decisions_are_crossed_where_they_touch_an_endpoint(study):
    assert len(specifications((TEST, OUTLIERS), "serum_ca")) == 4
    assert specifications((TEST, OUTLIERS), "serum_ca")[0] == {"test": "tukey_kramer", "outliers": "kept"}
    assert specifications((TEST, OUTLIERS), "urine_ctx") == []
    # 5 tests, 3 rules, 2 scales; urine in 2 forms; regions in 3 and densities in 2 ways
    counts = {
        e: len(specifications(study.multiverse, e))
        for e in ("serum_mg", "urine_ctx", "bmd_whole_full", "bmd_whole_mid")
    }
    assert list(counts.values()) == [30, 60, 60, 180]
    for decision in study.multiverse:
        assert all(option.reason and option.reason_ja for option in decision.options), decision.id


def test_a_tiny_multiverse_says_what_was_worked_out_by_hand(study):
    small = replace(study, multiverse=(TEST, OUTLIERS))
    # The test decides the verdict; outliers move the estimate by 2, the test by 4.
    table = judged(four([0.01, 0.02, 0.06, 0.20]), claim(), small)
    assert table["verdict"].tolist() == ["reproduced", "reproduced", "direction_only", "direction_only"]
    statements, decisions = sum_up(table, small, pd.DataFrame(columns=JOINT_COLUMNS))
    row = statements.iloc[0]
    assert (row["specifications"], row["share_of_specifications"]) == (4, 0.5)
    assert (row["p_min"], row["p_max"], row["p_declared"]) == (0.01, 0.20, 0.01)
    assert (row["estimate_min"], row["estimate_max"]) == (10.0, 16.0)
    assert (row["most_decisive"], row["decisive_share"]) == ("test", 1.0)
    shares = decisions.set_index("decision")
    # Sums of squares of 10, 12, 14, 16 about 13: 20 in all, 16 between tests, 4 between rules.
    assert shares.loc["test", "of_estimate"] == pytest.approx(0.8)
    assert shares.loc["outliers", "of_estimate"] == pytest.approx(0.2)
    assert shares.loc["outliers", "of_verdict"] == 0.0


def test_a_difference_the_other_way_and_a_specification_without_answer(study):
    small = replace(study, multiverse=(TEST, OUTLIERS))
    table = judged(four([0.01, 0.01, np.nan, 0.5], way=(1, -1, 0, -1)), claim(), small)
    assert table["verdict"].tolist() == ["reproduced", "contradicted", "not_tested", "contradicted"]
    statements, _ = sum_up(table, small, pd.DataFrame(columns=JOINT_COLUMNS))
    assert statements.loc[0, "specifications"] == 3
    curve = specification_curve(table, "c")
    assert curve["rank"].tolist() == [1, 2, 3] and curve["declared"].tolist() == [True, False, False]


def test_a_declared_analysis_that_could_not_be_made_is_no_other_one(study):
    """Of the four specifications that of kept values with Tukey-Kramer is wanting, or gave no answer."""
    small = replace(study, multiverse=(TEST, OUTLIERS))
    rows = four([0.01, 0.01, 0.03, 0.5])
    gone = judged(rows.iloc[1:], claim(), small)
    assert gone["specification"].tolist() == [1, 2, 3]
    mute = judged(rows.assign(p=[np.nan, 0.01, 0.03, 0.5]), claim(), small)
    for table in (gone, mute):
        statements, _ = sum_up(table, small, pd.DataFrame(columns=JOINT_COLUMNS))
        row = statements.iloc[0]
        assert (row["verdict"], row["specifications"]) == ("not_tested", 3)
        assert np.isnan([row["share_of_specifications"], row["p_declared"]]).all() and row["p_min"] == 0.01
        curve = specification_curve(table, "c")
        assert curve["rank"].tolist() == [1, 2, 3] and not curve["declared"].any()
        about = pd.DataFrame({"claim_id": ["c"], "asserts": "effect"})
        assert (
            "no statement that another analysis"
            in tell_analyses(Multiverse(table, statements, None), about).data
        )


@pytest.mark.parametrize("column", ["estimate", "p"])
def test_a_curve_keeps_its_numbers_though_one_kind_is_missing(study, column):
    """Behind limits of detection there is a p without an estimate; a decision that does not touch goes."""
    small = replace(study, multiverse=(TEST, OUTLIERS, replace(TEST, id="urine", endpoints=("urine_*",))))
    rows = four([0.01, 0.02, 0.03, 0.04]).assign(level="significant", urine="tukey_kramer")
    rows[column] = np.nan
    curve = specification_curve(judged(rows, claim(), small), "c")
    assert curve[column].isna().all() and len(curve) == 4
    assert {"test", "outliers", "estimate", "p"} <= set(curve) and "urine" not in curve
    about = {"claim_id": "c", "domain": "biochem", "endpoint": "serum_ca", "verdict": "reproduced",
             "most_decisive": None, "decisive_share": np.nan, "joint_p": np.nan, "statement_en": "S",
             "statement_ja": "S"}  # fmt: skip
    figure = draw_curve(curve, pd.DataFrame([about]), small)
    said = " ".join(text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text")))
    assert ("smallest to the largest p" in said) == (column == "estimate")


def test_a_stated_mean_is_held_against_the_scale_of_the_values(study):
    small = replace(study, multiverse=(TEST, OUTLIERS))
    rows = four([0.01] * 4).assign(
        n_case=8, mean_case=[2.0, 2.0, np.log(2), 2.0], sd_case=0.1, logs=[False, False, True, False]
    )
    table = judged(rows, claim(value=2.05), small)
    assert table["verdict"].tolist() == ["reproduced"] * 4
    assert set(judged(rows, claim(value=2.5), small)["verdict"]) == {"direction_only"}


def test_joint_statistics_are_those_of_simonsohn_by_hand():
    # Three labellings, two specifications.
    tally = Tally(0.05)
    tally.add(np.array([0.01, 0.20, 0.60]), np.array([1, 1, -1]))
    tally.add(np.array([0.03, 0.04, 0.50]), np.array([1, -1, -1]))
    tally.add(np.array([np.nan, 0.04, 0.50]), np.array([1, -1, -1]))  # not tested in these data
    found = tally.joint()
    assert found["median_p"] == pytest.approx(0.02)
    assert found["share_significant"] == 1.0
    assert found["stouffer_z"] == pytest.approx((2.5758 + 2.1701) / np.sqrt(2), abs=1e-4)
    assert found["joint_p_median"] == pytest.approx(1 / 3)
    assert found["joint_p_share"] == pytest.approx(1 / 3)
    assert found["joint_p_stouffer"] == pytest.approx(1 / 3)


def test_labels_are_permuted_among_the_animals_that_were_measured():
    """Group c was not measured: it stays empty, and a and b keep their sizes, in every labelling."""
    groups = np.repeat(["a", "b", "c"], [5, 3, 4]).astype(object)
    among = groups != "c"
    among[0] = False
    member = draw_labels(groups, ["a", "b", "c"], 200, 3, among)
    sizes = member[:, :, among].sum(axis=2)
    assert (sizes == [4, 3, 0]).all()
    assert (member[0] == (groups == np.array([["a"], ["b"], ["c"]]))).all()
    assert len(np.unique(member[:, 0], axis=0)) == 35  # all ways to choose 4 of 7
    assert (member[:, 0, 0] == 1).all()  # who was not measured stays where it was


def test_every_form_of_an_endpoint_has_the_labels_of_its_animals(study):
    """Urine of one group was not collected: its labels stay with its animals, of serum they do not."""
    frames = tables(4)
    exp2 = frames["animals"].query("experiment == 'exp2'")
    gone = exp2.loc[exp2["group"].eq("mg002"), "animal_id"]
    urine = frames["urine"]
    urine.loc[urine["animal_id"].isin(gone), urine.columns.difference(["animal_id"])] = np.nan
    urine.loc[urine["animal_id"].eq("e2-control-1"), "creatinine"] = np.nan  # has its excretion per day
    dataset = in_memory(study, **frames)
    animals = dataset.animals.query("experiment == 'exp2'")
    forms = make_forms(dataset)[:2]
    wide = [
        (form, *_wide(form.measurements, animals["animal_id"], [*some, "urine_ctx"]))
        for form, some in zip(forms, (["serum_ca"], []), strict=True)
    ]
    order, groups = study.experiments["exp2"].groups, animals["group"].to_numpy(object)
    tasks = list(_labelled(wide, groups, order, (50, 1)))
    assert [task.table.columns.tolist() for task in tasks] == [["serum_ca"], ["urine_ctx"], ["urine_ctx"]]
    serum, ratio, day = (task.member for task in tasks)
    assert (ratio == day).all()
    of_gone = animals["animal_id"].isin(gone).to_numpy()
    place = order.index("mg002")
    assert (ratio[:, place] == of_gone).all() and (serum[:, place] != of_gone).any()


def test_without_effect_joint_p_and_significant_shares_keep_their_size(study):
    """300 endpoints of animals that nothing was done to, 199 permutations each."""
    rng = np.random.default_rng(9)
    groups = np.repeat(list(study.experiments["exp2"].groups), 8).astype(object)
    values, member = (
        rng.standard_normal((24, 300)),
        draw_labels(groups, study.experiments["exp2"].groups, 200, 1),
    )
    batch = Batch(values, member, np.ones(values.shape), [(1, 0)], np.zeros(values.shape, dtype=bool))
    tallies = [Tally(0.05) for _ in range(300)]
    for rule in ("kept", "flagged_out", "most_extreme_out"):
        for test in ("tukey_kramer", "mann_whitney"):
            p, way = run_test(batch.without(rule), test)
            for i, tally in enumerate(tallies):
                tally.add(p[:, 0, i], way[:, 0, i])
    found = pd.DataFrame([tally.joint() for tally in tallies])
    # Mann-Whitney of one contrast has 5 %, Tukey-Kramer over three groups about 2 %; 95 % of 300 draws within
    assert 0.01 < found["share_significant"].mean() < 0.06
    for name in ("median", "stouffer"):
        assert 0.025 <= found[f"joint_p_{name}"].le(0.05).mean() <= 0.08, name
        assert found[f"joint_p_{name}"].mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.slow
def test_the_multiverse_of_a_dataset_begins_with_the_declared_analysis(study):
    from mgbone.biochem import derive_endpoints
    from mgbone.qct import regional_density

    # The other two tests take their tables of tails for groups of four, which is the better part of the time.
    some = [
        replace(one, options=[o for o in one.options if o.id not in ("games_howell", "dunnett")])
        for one in study.multiverse
    ]
    frames, claims = tables(4), load_claims()
    frames["serum"].loc[frames["serum"]["animal_id"].str.contains("mg001"), "serum_ca"] += 20
    dataset = in_memory(replace(study, multiverse=tuple(some)), **frames)
    found = animal_multiverse(dataset, claims, n_permutations=20)
    measured = pd.concat([derive_endpoints(dataset), regional_density(dataset, study)])
    declared = (
        compare(measured, study)
        .merge(claims, on=["experiment", "endpoint", "contrast"])
        .set_index("claim_id")
    )
    first = found.specifications.query("specification == 0").set_index("claim_id")
    assert len(first) == 79
    pd.testing.assert_series_equal(
        first["p"], declared["p"].reindex(first.index), check_names=False, rtol=1e-8
    )
    percent = 100 * declared["estimate"] / declared["mean_reference"]
    pd.testing.assert_series_equal(first["estimate"], percent.reindex(first.index), check_names=False)
    # What was added to one group no other labelling shows: its p is the smallest that 20 labellings can give.
    raised = claims["endpoint"].eq("serum_ca") & claims["contrast"].eq("mg001_vs_pairfed")
    joint = found.statements.set_index("claim_id")["joint_p"]
    assert raised.any() and (joint[claims.loc[raised, "claim_id"]] == 1 / 20).all()
    assert (joint > 0.1).mean() > 0.5  # nothing was done to most endpoints


def test_an_endpoint_that_is_all_blank_has_no_specification(study):
    """In one experiment, and in both; the other endpoints keep theirs."""
    frames, claims = tables(3), load_claims()
    study = replace(study, multiverse=(TEST, OUTLIERS))
    whole = animal_multiverse(in_memory(study, **tables(3)), claims, n_permutations=1)
    of_two = frames["serum"]["animal_id"].str.startswith("e2")
    frames["serum"].loc[of_two, "serum_ca"] = np.nan
    frames["serum"]["serum_pth"] = np.nan
    found = animal_multiverse(in_memory(study, **frames), claims, n_permutations=1)
    lost = set(whole.statements["claim_id"]) - set(found.statements["claim_id"])
    blank = claims["endpoint"].eq("serum_ca") & claims["experiment"].eq("exp2")
    blank |= claims["endpoint"].eq("serum_pth")
    assert lost == set(claims.loc[blank, "claim_id"])


def test_specifications_of_one_statement_are_those_of_specr(study):
    told = json.loads((Path(__file__).parents[1] / "r" / "multiverse_truth.json").read_text())
    data = project_root() / "data" / "simulated"
    urine = pd.read_csv(data / "urine.csv").merge(
        pd.read_csv(data / "animals.csv").query("experiment == 'exp2'")
    )
    ratio, day = urine["ctx"] / urine["creatinine"], urine["ctx"] * urine["urine_volume"] / 1000
    values = np.column_stack([ratio, np.log(ratio), day, np.log(day)])
    member = draw_labels(urine["group"].to_numpy(object), ["control", "mg004", "mg002"], 1, 0)
    whole = Batch(values, member, np.ones(values.shape), [(1, 0)], np.zeros(values.shape, dtype=bool))
    for batch, rows in ((whole, told["rows"][:4]), (whole.without("most_extreme_out"), told["rows"][4:])):
        p, _ = run_test(batch, "tukey_kramer")
        estimate = batch.mean[0, 1] - batch.mean[0, 0]
        assert estimate == pytest.approx([row["estimate"] for row in rows], rel=1e-9)
        assert p[0, 0] == pytest.approx([row["p"] for row in rows], rel=1e-7)


def test_without_statements_there_is_nothing_to_ask(study):
    dataset = in_memory(study)
    found = animal_multiverse(dataset, load_claims().head(0), n_permutations=1)
    assert found.specifications.empty and found.statements.empty and found.decisions.empty
    assert most_divided(found) is None
    curve = specification_curve(found.specifications, None)
    assert curve.empty
    verdicts = judge(
        load_claims().head(0),
        pd.DataFrame(columns=["experiment", "endpoint", "contrast", "direction", "level"]),
    )
    assert "no statement" in tell_analyses(found, verdicts).data
    assert analyses_table(found, verdicts, study).index.tolist() == ["–"]
    assert analyses_table(found, verdicts, study, without="not run").iloc[0, 0] == "not run"


def test_words_count_the_statements_that_every_analysis_gives(study):
    small = replace(study, multiverse=(TEST, OUTLIERS))
    claims = pd.concat([claim(), claim(claim_id="d", level="none", direction="none")], ignore_index=True)
    rows = pd.concat([four([0.01, 0.02, 0.06, 0.2]), four([0.3, 0.4, 0.5, 0.6]).assign(claim_id="d")])
    table = judged(rows.reset_index(drop=True), claims, small)
    found = Multiverse(table, *sum_up(table, small, pd.DataFrame(columns=JOINT_COLUMNS)))
    verdicts = claims.assign(asserts=["effect", "absence"])
    said = tell_analyses(found, verdicts).data
    assert said.startswith(
        "8 analyses of 2 statements. 0 of 1 statements of an effect and 1 of 1 of an absence"
    )
    shown = analyses_table(found, verdicts, small)
    assert shown.index.tolist() == ["c"]
    assert shown.loc["c", ["with that verdict", "moved most by"]].tolist() == ["50 %", "Test"]
    assert most_divided(found) == "c"
    assert len(decision_table(small)) == 4


@pytest.mark.slow
def test_every_analysis_of_the_shipped_animals_by_the_declared_test_is_that_of_compare(study):
    """Tukey-Kramer after each rule for outliers, on each scale, of each form of the values."""
    dataset, claims = mgbone.open_dataset("data/simulated"), load_claims()
    found = animal_multiverse(dataset, claims, n_permutations=1).specifications
    found = found[found["test"] == "tukey_kramer"].merge(claims[["claim_id", *KEYS]], on="claim_id")
    checked = 0
    for form in make_forms(dataset):
        here = found
        for name, option in form.options.items():
            here = here[here[name].isna() | here[name].eq(option)]
        here = here[here["endpoint"].isin(form.measurements["endpoint"].unique())]
        for scale, rule in product(("none", "logarithm"), ("kept", "flagged_out", "most_extreme_out")):
            rows = here[here["transformation"].eq(scale) & here["outliers"].eq(rule)]
            table = form.measurements[form.measurements["endpoint"].isin(rows["endpoint"].unique())]
            table = table.assign(value=np.log(table["value"])) if scale == "logarithm" else table
            if rule == "most_extreme_out":
                table = without_most_extreme(table)
            elif rule == "flagged_out":
                gone = pd.MultiIndex.from_frame(flag_outliers(table)[["animal_id", "endpoint"]])
                table = table[~pd.MultiIndex.from_frame(table[["animal_id", "endpoint"]]).isin(gone)]
            both = rows.merge(compare(table, study), on=KEYS, suffixes=("", "_declared"))
            assert len(both) == len(rows)
            np.testing.assert_allclose(both["p"], both["p_declared"], rtol=1e-7)
            assert (both["level"] == both["level_declared"]).all()
            assert (both["points"] == both["points_declared"]).all()
            checked += len(both)
    assert checked >= len(found)
