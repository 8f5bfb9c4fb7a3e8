"""What is said of certainty: a chance to be found again, animals, a plan; and whether to believe it."""

import helpers.figure_data as made
import numpy as np
import pandas as pd
import pytest

from mgbone import certainty
from mgbone.certainty import words
from mgbone.certainty.calibration import PREDICTED, calibrate
from mgbone.claims.judging import judge
from mgbone.dataset.opening import open_dataset
from mgbone.evidence.comparison import compare
from mgbone.integration import doses, negative_control
from mgbone.study.ledger import load_claims


def certain(measured, study):
    """Return verdicts and the table of certainty of some measurements, from 1,000 cohorts."""
    evidence = doses.combine(compare(measured, study), doses.dose_order_evidence(measured, study))
    verdicts = judge(load_claims(), evidence)
    observed = certainty.observed_differences(verdicts, measured, study)
    job = certainty.prepare(measured, verdicts, study)
    n, counts = certainty.run_cohorts(job, 1000)
    again = certainty.replication(verdicts, observed, job, n, counts)
    severe = certainty.severity(verdicts)
    closed = certainty.closed_chances(verdicts, observed, study)
    table = certainty.certainty_table(verdicts, again, severe)
    return {"verdicts": verdicts, "observed": observed, "job": job, "n": n, "counts": counts, "again": again,
            "closed": closed, "table": table}  # fmt: skip


@pytest.fixture(scope="module")
def told(study):
    return certain(made.measurements(study), study)


def test_the_run_that_is_shown_is_named(told):
    said = words.tell_run(told["job"], told["n"]).data
    assert "**1,000 cohorts**" in said and "80 statements" in said and "COHORTS=" in said
    assert "77 statements have a closed form. 3 rest on" in words.tell_ways(told["again"]).data


def test_effects_and_absences_have_a_table_each(told):
    table = told["table"].assign(n80=np.inf, n90=12.0)
    effects, absences = words.chance_table(table), words.chance_table(table, "absence")
    assert (len(effects), len(absences)) == (23, 64)
    row = effects.loc["4-1-1-04"]
    assert row["without effect"] == "1.0 %" and row["animals a group for 80 %"] == "never"
    assert row["for 90 %"] == "12" and 60 < float(row["likelihood ratio"]) < 101
    assert effects.loc["4-3-1-01", "shrunken"] == ""


def test_ratios_are_told_in_full(told):
    table = told["table"][told["table"]["asserts"] == "effect"].head(6)
    ratios = [0.0123, 12.34, 999.4, 999.7, 1000.4, np.nan]
    shown = words.chance_table(table.assign(likelihood_ratio=ratios))["likelihood ratio"]
    assert shown.tolist() == ["0.0123", "12.3", "999", "1,000", "> 1,000", ""]


def test_agreement_is_told_in_standard_errors(told):
    drawn = certainty.counted_chances(told["job"], told["n"], told["counts"])
    table = words.agreement_table(told["closed"], drawn, told["n"])
    assert list(table["statements"]) == [77, 77, 77]
    assert (table["root mean square (1 expected)"].astype(float) < 1.4).all()


def test_how_many_hold_adds_up_to_one_for_each_kind(told):
    spread = certainty.how_many_hold(told["counts"])
    assert spread.groupby(["truth", "asserts"])["share"].sum().to_numpy() == pytest.approx(np.ones(6))
    assert spread.groupby("asserts")["statements"].first().to_dict() == {"absence": 62, "effect": 18}


def test_a_plan_is_told_with_its_animals(told, study):
    planned = certainty.plan(told["observed"], told["verdicts"], study, 10)
    assert len(planned) == 17
    said = words.tell_plan(planned, study).data
    assert "**10 animals a group** (60 in 6 groups)" in said and "of 17 differences" in said
    table = words.plan_table(planned)
    assert table["power (%)"].str.match(r"\d+ \(\d+ to \d+\)").all()
    assert words.tell_plan(planned.head(0), study).data == "*Nothing was planned.*"


def test_without_statements_everything_is_said_to_be_none(study):
    measured = made.measurements(study)
    none = judge(load_claims().head(0), compare(measured, study))
    observed = certainty.observed_differences(none, measured, study)
    job = certainty.prepare(measured, none, study)
    n, counts = certainty.run_cohorts(job, 1)
    again = certainty.replication(none, observed, job, n, counts)
    table = certainty.certainty_table(none, again, certainty.severity(none))
    assert table.empty and words.chance_table(table).iloc[0, 0] == "none"
    assert words.plan_table(certainty.plan(observed, none, study, 8)).iloc[0, 0] == "none"
    closed = certainty.closed_chances(none, observed, study)
    shown = words.agreement_table(closed, certainty.counted_chances(job, n, counts), n)
    assert shown.empty or shown.iloc[0, 0] == "none"


@pytest.mark.slow
def test_chances_meet_the_frequency_of_repeated_studies(study):
    """40,000 studies of each kind: shrunken chances where effects are as elsewhere, predictive ones where any
    size is equally likely (within a point and a half), and plug-in ones nowhere for a significant effect."""
    table = calibrate(study).set_index(["effects", "level"])
    elsewhere = table.loc["as_elsewhere"]
    assert elsewhere["shrunken"].between(elsewhere["low"], elsewhere["high"]).all()
    assert ((table.loc["any", "predictive"] - table.loc["any", "frequency"]).abs() < 0.015).all()
    assert elsewhere.loc["significant", "plugin"] > elsewhere.loc["significant", "high"] + 0.2
    assert table["studies"].sum() == 80_000
    shown = words.calibration_table(table.reset_index())
    assert len(shown) == 6
    for heading, column in (("truth as observed", "plugin"), ("shrunken", "shrunken")):
        assert shown[heading].tolist() == [f"{100 * chance:.1f}" for chance in table[column]]
    for row, text in zip(table.itertuples(), shown["found again (%)"], strict=True):
        assert text.startswith(f"{100 * row.frequency:.1f} (") and row.low < row.frequency < row.high
    assert set(PREDICTED) == {"plugin", "predictive", "shrunken"}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "most"), [("simulated", None), ("null", 2)])
def test_nothing_that_is_an_effect_looks_certain_where_there_is_none(study, name, most):
    """In the dataset without effect no statement of an effect is likely to be found, now or again."""
    found = certain(negative_control.measure(open_dataset(f"data/{name}")), study)
    effects = found["table"][found["table"]["asserts"].eq("effect")].dropna(subset="p_shrunken")
    reproduced = effects[effects["verdict"] == "reproduced"]
    if most is None:
        assert len(reproduced) == 18 and reproduced["p_shrunken"].gt(0.5).sum() >= 4
        return
    assert len(reproduced) <= most and (reproduced["p_shrunken"] < 0.5).all()
    chances = found["closed"].merge(effects[["claim_id"]], on="claim_id")
    likely = chances[chances["truth"].isin(["shrunken", "predictive"])]
    assert (likely["reproduced"] < 0.5).all()
    assert pd.Series(likely["reproduced"]).median() < 0.1
