"""From the tables of serum and urine to endpoints, by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers.small_dataset import in_memory
from scipy import stats

from mgbone import biochem
from mgbone.biochem.endpoints import (
    SERUM,
    before_and_after_creatinine,
    check_assumptions,
    count_values,
    derive_endpoints,
    effect_of_creatinine,
    findings_without_creatinine,
)
from mgbone.evidence.comparison import compare
from mgbone.study.dictionary import endpoints

FIRST = "e1-control-1"


def values(dataset, animal=FIRST):
    table = derive_endpoints(dataset)
    return table[table["animal_id"] == animal].set_index("endpoint")["value"]


def test_endpoints_by_hand():
    tables = in_memory().tables
    animals, serum, urine = (tables[name].copy() for name in ("animals", "serum", "urine"))
    animals.loc[0, ["body_weight_initial", "body_weight_final", "food_intake"]] = [90.5, 165.0, 13.7]
    serum.loc[0, ["serum_mg", "serum_alp"]] = [2.1, 640.0]
    urine.loc[0, ["ctx", "dpd", "creatinine"]] = [480.0, 900.0, 4.0]
    found = values(in_memory(animals=animals, serum=serum, urine=urine))
    expected = {"body_weight_gain": 74.5, "food_intake": 13.7, "serum_mg": 2.1, "serum_alp": 640.0}
    expected |= {"urine_ctx": 120.0, "urine_dpd": 225.0}
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_every_endpoint_of_the_dictionary_with_its_unit():
    table = derive_endpoints(in_memory())
    assert set(table["endpoint"]) == set(endpoints("biochem")) == set(biochem.ALL)
    assert not table.duplicated(["animal_id", "endpoint"]).any()
    units = table.groupby("endpoint")["unit"].unique()
    assert units["urine_ctx"].tolist() == ["ug/mmol Cr"]
    assert units["serum_mg"].tolist() == ["mg/dL"]
    assert (
        table["animal_id"].iloc[: len(in_memory().animals)].tolist()
        == in_memory().animals["animal_id"].tolist()
    )


def test_rows_are_matched_by_animal_not_by_place():
    serum, urine = in_memory().serum, in_memory().urine
    turned = in_memory(serum=serum.iloc[::-1], urine=urine.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(derive_endpoints(turned), derive_endpoints(in_memory()))


def test_animals_that_are_not_in_a_table_have_missing_values():
    dataset = in_memory()
    fewer = in_memory(serum=dataset.serum.iloc[1:], urine=dataset.urine.iloc[1:])
    found = values(fewer)
    assert found[[*SERUM, "urine_ctx", "urine_dpd"]].isna().all()
    assert found[["food_intake", "body_weight_gain"]].notna().all()
    assert len(derive_endpoints(fewer)) == len(derive_endpoints(dataset))


def test_tables_that_are_not_there_give_no_endpoints():
    table = derive_endpoints(in_memory(serum=None, urine=None))
    assert set(table["endpoint"]) == set(biochem.GROWTH)


def test_urine_without_creatinine_can_not_be_corrected():
    urine = in_memory().urine
    urine.loc[0, "creatinine"] = 0.0
    assert values(in_memory(urine=urine))[["urine_ctx", "urine_dpd"]].isna().all()


def test_counts_show_who_is_missing():
    dataset = in_memory()
    serum = dataset.serum.copy()
    serum.loc[0, SERUM] = np.nan  # a row, but no value in it
    serum.loc[1, "serum_mg"] = np.nan  # one value of six
    slices = dataset.qct_slices.copy()
    measured = [c for c in slices if c.endswith(("_area", "_content"))]
    slices.loc[slices["animal_id"] == FIRST, measured] = np.nan
    counts = count_values(
        in_memory(serum=serum, urine=dataset.urine.iloc[2:], qct_slices=slices, arrays=None)
    )
    counts = counts.set_index(["experiment", "group"])
    assert counts.loc[("exp1", "control")].to_dict() == {
        "animals": 2, "serum": 1, "urine": 0, "qct_slices": 1, "arrays": 0,
    }  # fmt: skip
    assert counts.loc[("exp2", "mg002")].tolist() == [2, 2, 2, 2, 0]
    assert counts.index.tolist()[:3] == [("exp1", g) for g in ("control", "pairfed", "mg001")]


def test_arrays_are_counted_by_animal():
    counts = count_values(in_memory()).set_index(["experiment", "group"])["arrays"]
    assert counts.to_dict() == {
        ("exp1", "control"): 0, ("exp1", "pairfed"): 1, ("exp1", "mg001"): 1,
        ("exp2", "control"): 0, ("exp2", "mg004"): 1, ("exp2", "mg002"): 1,
    }  # fmt: skip


def test_creatinine_takes_dilution_away():
    urine = in_memory().urine
    dilution = np.tile([0.5, 2.0], len(urine) // 2)  # within each group of two
    urine["creatinine"], urine["ctx"], urine["dpd"] = 5 * dilution, 500 * dilution, 900 * dilution
    row = effect_of_creatinine(in_memory(urine=urine)).set_index("endpoint").loc["urine_ctx"]
    assert row["cv_corrected"] == pytest.approx(0, abs=1e-9)
    # SD of (0.5, 2) is 1.0607, their mean 1.25.
    one = 100 * np.std([0.5, 2], ddof=1) / 1.25
    assert row["cv_uncorrected"] == pytest.approx(one)
    urine.loc[2:, "ctx"] = 500.0  # only the first of six groups varies now
    row = effect_of_creatinine(in_memory(urine=urine)).set_index("endpoint").loc["urine_ctx"]
    assert row["cv_uncorrected"] == pytest.approx(np.sqrt(one**2 / 6))


def test_creatinine_is_judged_on_the_same_animals():
    urine = in_memory().urine
    urine["creatinine"] = 5.0
    urine.loc[0, ["creatinine", "ctx"]] = [np.nan, 5000.0]
    rows = effect_of_creatinine(in_memory(urine=urine))
    assert rows["cv_corrected"].tolist() == pytest.approx(rows["cv_uncorrected"].tolist())


def test_no_urine_no_effect_of_creatinine():
    empty = effect_of_creatinine(in_memory(urine=None))
    assert empty.empty
    assert list(empty.columns) == ["endpoint", "cv_uncorrected", "cv_per_day", "cv_corrected"]


# --- assumptions -----------------------------------------------------------------------------------------


def grouped(**groups):
    rows = [("exp2", group, "serum_mg", v) for group, values in groups.items() for v in values]
    return pd.DataFrame(rows, columns=["experiment", "group", "endpoint", "value"])


def test_assumptions_are_those_of_scipy():
    rng = np.random.default_rng(4)
    groups = {
        "control": rng.normal(2, 0.2, 8),
        "mg004": rng.normal(1.8, 0.5, 7),
        "mg002": rng.exponential(1, 8),
    }
    row = check_assumptions(grouped(**groups)).iloc[0]
    residuals = np.concatenate([v - v.mean() for v in groups.values()])
    sds = [v.std(ddof=1) for v in groups.values()]
    assert row["p_normality"] == pytest.approx(stats.shapiro(residuals).pvalue)
    assert row["p_equal_variance"] == pytest.approx(stats.levene(*groups.values(), center="median").pvalue)
    assert row["sd_ratio"] == pytest.approx(max(sds) / min(sds))


def test_missing_values_and_lone_animals_say_nothing_of_spread():
    rng = np.random.default_rng(4)
    pair = {"control": rng.normal(2, 0.2, 6), "mg002": rng.normal(1, 0.3, 6)}
    alone = check_assumptions(grouped(**pair))
    more = check_assumptions(grouped(**pair, mg004=[7.0, np.nan]))
    pd.testing.assert_frame_equal(alone, more)


def test_what_does_not_vary_is_left_out():
    checks = check_assumptions(grouped(control=[0.1] * 8, mg002=[0.3] * 8))
    assert checks.empty
    assert "p_normality" in checks.columns
    assert (
        check_assumptions(grouped(control=[0.1] * 5, mg002=[0.3, 0.4, 0.5, 0.8])).iloc[0]["sd_ratio"]
        == np.inf
    )


def test_markers_before_and_after_creatinine_by_hand():
    urine = in_memory().urine
    urine.loc[[0, 1], ["ctx", "creatinine"]] = [[400.0, 4.0], [600.0, 3.0]]  # a group of two
    table = before_and_after_creatinine(in_memory(urine=urine)).query("endpoint == 'urine_ctx'").iloc[:2]
    assert table["uncorrected"].tolist() == [400, 600]
    assert table["corrected"].tolist() == [100, 200]
    assert table["deviation_uncorrected"].tolist() == pytest.approx([-20, 20])
    assert table["deviation_corrected"].tolist() == pytest.approx([-100 / 3, 100 / 3])
    assert before_and_after_creatinine(in_memory(urine=None)).empty


def test_both_sides_of_the_correction_stand_below_a_limit_alike():
    below = pd.DataFrame([["urine", "ctx", FIRST, 12.5]], columns=["table", "field", "animal_id", "limit"])
    urine = in_memory().urine
    urine.loc[0, ["ctx", "creatinine"]] = [12.5, 4.0]
    dataset = replace(in_memory(urine=urine), below_limit=below)
    row = before_and_after_creatinine(dataset).iloc[0]
    assert row["censored"]
    assert row["uncorrected"] == pytest.approx(12.5 / 2**0.5)
    assert row["corrected"] == pytest.approx(12.5 / 4 / 2**0.5)


def test_findings_without_creatinine_are_those_of_the_raw_markers(study):
    urine = in_memory().urine
    urine["ctx"] *= np.linspace(0.5, 2, len(urine))
    dataset = in_memory(urine=urine)
    found = compare(derive_endpoints(dataset), study)
    table = findings_without_creatinine(dataset, study, found)
    assert set(table["endpoint"]) == {"urine_ctx", "urine_dpd"}
    assert len(table) == 2 * 6
    raw = derive_endpoints(in_memory(urine=urine.assign(creatinine=1.0)))
    expected = compare(raw, study).set_index(["endpoint", "contrast"])
    ctx = table.set_index(["endpoint", "contrast"]).loc["urine_ctx"]
    for contrast in ctx.index:
        row, after = expected.loc[("urine_ctx", contrast)], found.set_index(["endpoint", "contrast"])
        assert ctx.loc[contrast, "p_uncorrected"] == pytest.approx(row["p"])
        assert ctx.loc[contrast, "percent_uncorrected"] == pytest.approx(
            100 * row["estimate"] / row["mean_reference"]
        )
        assert ctx.loc[contrast, "p_corrected"] == after.loc[("urine_ctx", contrast), "p"]
    assert findings_without_creatinine(in_memory(urine=None), study, found.iloc[:0]).empty


def test_excretion_per_day_is_concentration_times_the_volume_of_24_hours(study):
    urine = in_memory().urine
    urine["ctx"], urine["urine_volume"] = 400.0, 10.0
    urine.loc[0, ["ctx", "urine_volume"]] = [520.0, 12.5]
    table = before_and_after_creatinine(in_memory(urine=urine))
    ctx = table[table["endpoint"] == "urine_ctx"].set_index("animal_id")["per_day"]
    assert ctx[FIRST] == 6.5 and set(ctx.drop(FIRST)) == {4.0}  # ug/L times mL/day, in ug/day

    # Had every rat the same volume, excretion and concentration would tell the same.
    urine = in_memory().urine.assign(urine_volume=11.0)
    urine["ctx"] *= np.linspace(0.5, 2, len(urine))
    dataset = in_memory(urine=urine)
    told = findings_without_creatinine(dataset, study, compare(derive_endpoints(dataset), study))
    for number in ("percent", "p"):
        assert told[f"{number}_per_day"].to_numpy() == pytest.approx(told[f"{number}_uncorrected"], rel=1e-9)
    spread = effect_of_creatinine(dataset)
    assert spread["cv_per_day"].tolist() == pytest.approx(spread["cv_uncorrected"].tolist())


def test_without_the_volume_of_urine_there_is_no_excretion_per_day(study):
    urine = in_memory().urine.assign(urine_volume=np.nan)
    dataset = in_memory(urine=urine)
    told = findings_without_creatinine(dataset, study, compare(derive_endpoints(dataset), study))
    assert told["p_per_day"].isna().all() and told["p_corrected"].notna().any()
