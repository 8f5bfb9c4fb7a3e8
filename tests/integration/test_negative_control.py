"""The negative control: the judge on data without effect and on permuted labels, against chance."""

import dataclasses

import helpers.figure_data as made
import numpy as np
import pandas as pd
import pytest
from helpers.small_dataset import in_memory

from mgbone.claims.judging import judge
from mgbone.dataset.opening import open_dataset
from mgbone.evidence.comparison import compare
from mgbone.integration import contrasts, negative_control
from mgbone.integration import doses as dose_tables
from mgbone.integration.words import control_table
from mgbone.study.errors import MgboneError
from mgbone.study.ledger import load_claims


@pytest.fixture(scope="module")
def claims():
    return load_claims()


def noise(study, seed):
    """All endpoints of 48 animals from one distribution; those of an animal correlate."""
    table = made.measurements(study)
    rng = np.random.default_rng(seed)
    shared = dict(zip(table["animal_id"].unique(), rng.standard_normal(48), strict=True))
    return table.assign(value=table["animal_id"].map(shared) + rng.standard_normal(len(table)) + 50)


def verdicts_of(measurements, claims, study):
    rows = compare(measurements, study), dose_tables.dose_order_evidence(measurements, study)
    return judge(claims, dose_tables.combine(*rows)).set_index("claim_id")["verdict"]


@pytest.mark.parametrize("missing", [(), [("e1-mg001-2", "serum_mg"), ("e2-control-8", "urine_ctx")]])
def test_the_observed_labelling_is_judged_as_the_judge_does(study, claims, missing):
    measured = made.measurements(study, missing=missing)
    first = negative_control.permute_labels(measured, claims, study, 3).iloc[0]
    same = verdicts_of(measured, claims, study).eq("reproduced").reindex(first.index)
    # Blanks make the sizes of groups vary with the labelling: then the order of doses is left out.
    assert len(first) == (79 if missing else 80)
    assert [c for c in first.index if first[c] != same[c]] == []
    assert first.sum() > 60


def test_a_permuted_labelling_is_judged_as_the_judge_does(study, claims):
    """Relabel the animals as the third permutation did, and let the slow way judge."""
    measured = noise(study, 4)
    permuted = negative_control.permute_labels(measured, claims, study, 3, seed=9)
    rng = np.random.default_rng(9)
    relabelled = []
    for _, table in measured.groupby("experiment", sort=False):
        group = table.drop_duplicates("animal_id").set_index("animal_id")["group"]
        labels = np.tile(group.to_numpy(object), (3, 1))
        labels[1:] = rng.permuted(labels[1:], axis=1)
        relabelled.append(
            table.assign(group=table["animal_id"].map(dict(zip(group.index, labels[2], strict=True))))
        )
    verdicts = verdicts_of(pd.concat(relabelled), claims, study)
    assert (permuted.iloc[2] == verdicts.eq("reproduced").reindex(permuted.columns)).all()


def test_two_groups_have_the_chances_of_a_t_test(study):
    sizes = np.array([8, 8])
    chances = [negative_control._chance(level, sizes, study) for level in ("significant", "trend", "none")]
    assert chances == pytest.approx([0.025, 0.025, 0.90], abs=1e-6)
    assert np.isnan(negative_control._chance("none", np.array([8]), study))


def test_theory_and_permutation_agree_where_there_is_nothing(study, claims):
    no_means = claims.assign(value=np.nan)
    spread = [
        negative_control.permute_labels(noise(study, seed), no_means, study, 400, seed).iloc[1:]
        for seed in range(4)
    ]
    kinds = negative_control.kind_of(claims)
    chances = negative_control.chance_of(no_means, noise(study, 0), study)
    for kind, tolerance in (("effect", 0.06), ("no_effect", 0.6)):
        names = claims.loc[kinds == kind, "claim_id"]
        mean = pd.concat(spread)[list(names)].sum(axis=1).mean()
        assert mean == pytest.approx(chances[kinds == kind].sum(), abs=tolerance), kind


def test_correlated_endpoints_make_counts_vary_more_than_a_binomial(study, claims):
    names = claims.loc[negative_control.kind_of(claims) == "no_effect", "claim_id"]
    counts = negative_control.permute_labels(noise(study, 1), claims, study, 600)[list(names)].sum(axis=1)
    chance = negative_control.chance_of(claims, noise(study, 1), study)[
        negative_control.kind_of(claims) == "no_effect"
    ]
    assert counts.var() > 1.5 * (chance * (1 - chance)).sum()


def test_theory_of_the_dose_order_is_what_its_parts_give(study):
    """Two steps that share no group are independent; those of the study share the control of a diet."""
    sizes = {("exp2", g): 8 for g in ("control", "mg004", "mg002")}
    sizes |= {("exp1", g): 8 for g in ("pairfed", "mg001")}
    chance = contrasts.chance_of_order(sizes, study, 0.05)
    assert 1e-5 < chance < 0.025**2  # each step alone has 0.025; the second starts where the first ends
    rng = np.random.default_rng(3)
    draws = {key: 1 + 0.1 * rng.standard_normal((200_000, 8)) for key in sizes}
    estimate, _, _, p = contrasts.log_ratios(draws, contrasts.steps(study), study)
    simulated = (contrasts.all_hold(estimate, p, -1) < 0.05).mean()
    assert chance == pytest.approx(simulated, abs=5e-5)


@pytest.mark.parametrize(("arrays", "separated"), [(2, 0), (3, 0), (4, 1 / 35), (5, 1 / 126), (0, np.nan)])
def test_chance_of_separate_clusters_knows_how_many_arrays_the_rule_needs(study, claims, arrays, separated):
    """One in n over k / 2 splits: 8!/(4! 4! 2!) = 35, 10!/(5! 5! 2!) = 126; three a group can't get there."""
    of = dataclasses.replace(study, arrays_per_group=arrays)
    chances = negative_control.chance_of(claims, made.measurements(study), of)
    assert chances[claims["level"] == "separated"].tolist() == pytest.approx([separated], nan_ok=True)
    assert chances[claims["level"] == "mixed"].tolist() == pytest.approx([1 - separated] * 2, nan_ok=True)


def test_every_statement_has_a_kind(claims):
    kinds = negative_control.kind_of(claims).value_counts()
    assert kinds.to_dict() == {"no_effect": 62, "effect": 17, "array_effect": 5, "array_mixed": 2, "order": 1}


def test_counts_per_kind(study, claims):
    permuted = pd.DataFrame(
        {c: [True, False, True, False] for c in claims["claim_id"] if not c.startswith("4-3")}
    )
    verdicts = claims[["claim_id"]].assign(
        verdict=np.where(claims["level"] == "none", "reproduced", "contradicted")
    )
    chances = pd.Series(0.5, index=claims.index)
    table = negative_control.count_control(claims, verdicts, verdicts, chances, permuted).set_index("kind")
    assert table.loc["effect", ["statements", "this", "null", "nominal"]].tolist() == [17, 0, 0, 8.5]
    assert table.loc["no_effect", ["this", "null"]].tolist() == [62, 62]
    # The observed labelling is no permutation: 17 x (False, True, False).
    assert table.loc["effect", "permuted_mean"] == pytest.approx(17 / 3)
    assert table.loc["effect", ["permuted_low", "permuted_high"]].tolist() == [0, 17]
    assert table.loc["array_effect", "permuted_mean":].isna().all()
    spread = negative_control.distribution(claims, permuted)
    assert spread[spread["kind"] == "effect"][["reproduced", "share"]].to_numpy().tolist() == [
        [0, pytest.approx(2 / 3)], [17, pytest.approx(1 / 3)],
    ]  # fmt: skip
    told = control_table(table.reset_index()).set_index("how many")
    assert (
        told.loc[17, "without effect: shuffled labels"] == "33.3 %"
        and told.loc[17, "by theory"] == "at most 50 %"
    )
    assert told.loc[62, "in the dataset without effect"] == "100 %" and told.loc[62, "reproduced here"] == 62
    alone = negative_control.count_control(claims, verdicts, None, chances, permuted)
    assert set(control_table(alone)["in the dataset without effect"]) == {"–"}


def test_only_statements_that_were_tested_are_counted(claims):
    verdicts = claims[["claim_id"]].assign(verdict=["reproduced", "not_tested"] * 43 + ["contradicted"])
    assert negative_control.tested(claims, verdicts)["claim_id"].tolist() == [
        *claims["claim_id"][:86:2],
        claims["claim_id"][86],
    ]


def test_without_statements_or_measurements_nothing_is_counted(study, claims):
    nothing = made.measurements(study).iloc[:0]
    assert negative_control.permute_labels(nothing, claims, study, 5).empty
    none = claims.head(0)
    empty = negative_control.count_control(
        none, none.assign(verdict=""), None, pd.Series(dtype=float), pd.DataFrame()
    )
    assert empty.empty
    assert control_table(empty).empty
    assert negative_control.chance_of(claims, nothing, study).isna().sum() == 80


def test_endpoints_below_a_limit_are_left_out(study, claims):
    measured = made.measurements(study)
    hidden = measured.assign(
        censored=(measured["endpoint"] == "serum_pth") & (measured["experiment"] == "exp2")
    )
    permuted = negative_control.permute_labels(hidden, claims, study, 2)
    pth = claims[claims["endpoint"] == "serum_pth"].set_index("claim_id")["experiment"]
    assert {pth[c] for c in pth.index if c in permuted} == {"exp1"}


def test_without_a_control_there_are_no_verdicts_on_it(claims):
    assert negative_control.judge_control(claims, None) is None


def test_the_evidence_is_written_to_eight_digits(study, claims, monkeypatch, tmp_path):
    monkeypatch.setattr(negative_control, "open_dataset", lambda path: in_memory(study=study, arrays=None))
    negative_control.main(tmp_path / "derived" / "null" / "control_evidence.csv")
    (written,) = (tmp_path / "derived" / "null").iterdir()
    read = pd.read_csv(written, keep_default_na=False, na_values=[""])
    found = negative_control.evidence_of(in_memory(study=study, arrays=None))
    pd.testing.assert_frame_equal(read, found.reset_index(drop=True), rtol=1e-7, check_dtype=False)
    assert set(read["domain"]) == {"biochem", "qct", "integration"}


@pytest.mark.slow
def test_a_control_that_is_not_whole_is_said_with_its_name(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "study.yml").write_text("")
    monkeypatch.setenv("MGBONE_ROOT", str(tmp_path))
    with pytest.raises(MgboneError, match=r"^data/null: "):
        negative_control.main(str(tmp_path / "x.csv"))
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.slow
def test_the_shipped_control_has_hardly_an_effect_to_confirm(claims):
    evidence = negative_control.evidence_of(open_dataset(negative_control.NULL))
    verdicts = negative_control.judge_control(claims, evidence)
    assert (verdicts["verdict"] != "not_tested").all()
    kinds = negative_control.kind_of(claims).to_numpy()
    reproduced = (verdicts["verdict"] == "reproduced").to_numpy()
    assert reproduced[kinds == "effect"].sum() <= 2
    assert reproduced[kinds == "array_effect"].sum() == 0
    assert reproduced[kinds == "array_mixed"].sum() == 2
    assert reproduced[kinds == "no_effect"].sum() >= 50


def test_a_verdict_has_the_chance_it_has_without_effect(study):
    """Whatever the verdict: the chances of all that a statement can get make one."""
    verdicts = ["reproduced", "direction_only", "contradicted", "not_tested"]
    effect = pd.DataFrame({"verdict": verdicts, "direction": "down", "level": "significant"})
    absence = pd.DataFrame({"verdict": [verdicts[0], verdicts[2]], "direction": "none", "level": "none"})
    table = pd.concat([effect, absence], ignore_index=True).assign(
        experiment="exp1", domain="biochem", endpoint="serum_mg", contrast="mg001_vs_control"
    )
    measured = negative_control.measure(in_memory(study=study, arrays=None))
    chance = negative_control.chance_of_verdict(table, measured, study)
    assert chance[:3].sum() == pytest.approx(1) and chance[4:].sum() == pytest.approx(1)
    assert chance[0] < 0.02 and chance[4] > 0.9 and pd.isna(chance[3])
