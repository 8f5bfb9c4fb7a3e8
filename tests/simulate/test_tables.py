"""The simulated tables: what they are calibrated to, what they show, and that they come out alike."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import mgbone.simulate
from mgbone.simulate import __main__ as command
from mgbone.simulate import calibration, dataset_writer, femur, readme, tables
from mgbone.study.design import load_study
from mgbone.study.dictionary import TABLES
from mgbone.study.errors import MgboneError
from mgbone.study.ledger import load_claims
from mgbone.study.paths import project_root

DATA = project_root() / "data"
DOMAINS = ["biochem", "qct"]
# The declared levels drawn in by a margin, so that no statement hangs on a rounding.
WIDE = {"significant": (0, 0.04), "trend": (0.055, 0.095), "none": (0.15, 1)}
DECLARED = {"significant": (0, 0.05), "trend": (0.05, 0.10), "none": (0.10, 1)}


@pytest.fixture(scope="module", params=["simulated", "null"])
def shipped(request):
    return read(DATA / request.param)


@pytest.fixture(scope="module")
def simulated():
    return read(DATA / "simulated")


@pytest.fixture(scope="module")
def null():
    return read(DATA / "null")


@pytest.fixture(scope="module")
def draw_once():
    """`simulate_tables`, but a seed that was drawn before gives a copy of what it gave then."""
    drawn = cache(lambda effect, seed: tables.simulate_tables(load_study(), effect=effect, seed=seed))

    def draw(study, *, effect, seed, uncentred=False):
        assert study == load_study() and not uncentred
        found = drawn(effect, seed)
        frames = {name: getattr(found, name).copy() for name in TABLES}
        return tables.Tables(**frames, attempts=found.attempts)

    return draw


@pytest.fixture
def drawn_once(draw_once, monkeypatch):
    """For tests of what becomes of the tables, not of how they are drawn."""
    monkeypatch.setattr(dataset_writer, "simulate_tables", draw_once)


def read(folder: Path) -> dict[str, pd.DataFrame]:
    names = ["animals", "serum", "urine", "qct_slices", "arrays"]
    return {name: pd.read_csv(folder / f"{name}.csv") for name in names}


def endpoints(dataset: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """All endpoints of a dataset by the plainest means, apart from the package's own derivation."""
    wide = dataset["animals"].merge(dataset["serum"], on="animal_id").merge(dataset["urine"], on="animal_id")
    wide["body_weight_gain"] = wide["body_weight_final"] - wide["body_weight_initial"]
    wide["urine_ctx"] = wide["ctx"] / wide["creatinine"]
    wide["urine_dpd"] = wide["dpd"] / wide["creatinine"]
    slices = dataset["qct_slices"].merge(dataset["animals"][["animal_id", "femur_length"]], on="animal_id")
    third = (3 * slices["position"] / slices["femur_length"]).astype(int)
    regions = {"full": third >= 0, "distal": third == 0, "mid": third == 1, "proximal": third == 2}
    for region, inside in regions.items():
        for structure in ("whole", "cortical", "cancellous", "trabecular"):
            chosen = slices[inside]
            content = chosen.groupby("animal_id")[f"{structure}_content"].sum()
            volume = (chosen[f"{structure}_area"] * chosen["thickness"]).groupby(chosen["animal_id"]).sum()
            wide[f"bmd_{structure}_{region}"] = wide["animal_id"].map(1000 * content / volume)
    return wide


def tukey(wide: pd.DataFrame, experiment: str, endpoint: str, contrast: str) -> tuple[float, float]:
    """Difference (case minus reference) and p of scipy's own Tukey-Kramer test over the three groups."""
    return tukey_of_groups(wide, experiment, endpoint)(contrast)


def tukey_of_groups(wide: pd.DataFrame, experiment: str, endpoint: str) -> Callable:
    """Test all pairs of an experiment's groups; return a function that tells difference and p of one."""
    of_experiment = wide[wide["experiment"] == experiment]
    groups = {group: table[endpoint].to_numpy() for group, table in of_experiment.groupby("group")}
    assert len(groups) == 3
    result = stats.tukey_hsd(*groups.values())
    differences, p = result.statistic, result.pvalue

    def of(contrast: str) -> tuple[float, float]:
        case, reference = (list(groups).index(group) for group in contrast.split("_vs_"))
        return differences[case, reference], p[case, reference]

    return of


@cache
def shipped_claims(name: str, limits: str) -> pd.DataFrame:
    """`held` for a shipped dataset, computed once."""
    return held(read(DATA / name), {"WIDE": WIDE, "DECLARED": DECLARED}[limits])


def held(dataset: dict[str, pd.DataFrame], limits: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """The ledger's rows on biochemistry and qCT, with p and whether the statement holds."""
    wide = endpoints(dataset)
    claims = load_claims()
    claims = claims[claims["domain"].isin(DOMAINS)].copy()
    tests = cache(lambda experiment, endpoint: tukey_of_groups(wide, experiment, endpoint))
    keys = claims[["experiment", "endpoint", "contrast"]].to_numpy()
    results = [tests(experiment, endpoint)(contrast) for experiment, endpoint, contrast in keys]
    claims["difference"], claims["p"] = np.array(results).T
    low, high = np.array([limits[level] for level in claims["level"]]).T
    inside = claims["p"].between(low, high)
    sign = claims["direction"].map({"up": 1, "down": -1, "none": 0})
    return claims.assign(holds=inside & ((sign == 0) | (np.sign(claims["difference"]) == sign)))


# --- what the datasets show -----------------------------------------------------------------------


@pytest.mark.slow
def test_every_statement_on_biochemistry_and_qct_holds_in_simulated():
    claims = shipped_claims("simulated", "WIDE")
    assert len(claims) == 79
    failing = claims.loc[~claims["holds"], ["claim_id", "endpoint", "contrast", "level", "p"]]
    assert failing.empty, failing.to_string()


@pytest.mark.slow
def test_p_values_vary_as_in_a_real_study():
    claims = shipped_claims("simulated", "WIDE")
    p = claims.loc[claims["level"] == "significant", "p"]
    assert p.between(0.0001, 0.03).sum() >= 6
    assert p.max() < 0.035
    nothing = claims[claims["level"] == "none"]
    assert (nothing["difference"].abs() > 0).all()
    assert nothing["p"].between(0.15, 0.5).sum() >= 10


def test_serum_magnesium_has_the_reported_means_exactly(simulated):
    values = pd.read_csv(DATA / "simulated" / "serum.csv", dtype=str)
    groups = simulated["animals"].set_index("animal_id")["group"]
    for group, total in (("mg001", Decimal("6.56")), ("mg002", Decimal("12.00"))):
        chosen = values.loc[values["animal_id"].map(groups) == group, "serum_mg"]
        assert len(chosen) == 8
        assert sum(map(Decimal, chosen)) == total  # 8 times 0.82 and 8 times 1.50
    means = endpoints(simulated).groupby(["experiment", "group"])["serum_mg"].mean()
    assert means["exp2", "mg004"] / means["exp2", "control"] == pytest.approx(0.92, abs=0.005)


def test_growth_and_intake_at_001_are_those_of_the_predecessor_report(simulated):
    wide = endpoints(simulated)
    difference, p = tukey(wide, "exp1", "body_weight_gain", "mg001_vs_control")
    assert difference < 0
    assert p < 0.05
    for endpoint in ("body_weight_gain", "food_intake"):
        assert tukey(wide, "exp1", endpoint, "mg001_vs_pairfed")[1] > 0.15
    intake = wide.groupby(["experiment", "group"])["food_intake"].mean()
    assert intake["exp1", "mg001"] / intake["exp1", "control"] == pytest.approx(0.95, abs=0.001)


@pytest.mark.slow
def test_null_shows_at_most_two_of_the_17_effects():
    claims = shipped_claims("null", "DECLARED")
    effects = claims[claims["level"] != "none"]
    assert len(effects) == 17
    assert effects["holds"].sum() <= 2


def test_null_is_an_honest_draw(null):
    """Its group means differ as samples do: they are neither all equal nor those of the calibration."""
    means = (
        endpoints(null).groupby(["experiment", "group"])[["serum_ca", "serum_alp", "bmd_whole_full"]].mean()
    )
    spread = means.groupby("experiment").agg(np.ptp)
    assert (spread > [0.02, 5, 1]).all().all()
    assert not np.isclose(means, means.round(1)).all()


# --- plausibility of the tables -------------------------------------------------------------------


def test_there_are_eight_animals_a_group_and_four_arrays_an_array_group(shipped, study):
    animals = shipped["animals"]
    sizes = animals.groupby(["experiment", "group"]).size()
    assert set(sizes.index) == {(e.name, g) for e in study.experiments.values() for g in e.groups}
    assert (sizes == 8).all()
    assert animals["animal_id"].is_unique
    assert "e1-control-1" in set(animals["animal_id"])
    arrays = shipped["arrays"].merge(animals, on="animal_id")
    expected = {(e.name, g): 4 for e in study.experiments.values() for g in e.array_groups}
    assert arrays.groupby(["experiment", "group"]).size().to_dict() == expected
    assert set(arrays["animal_id"].str[-1]) == set("1234")
    for name in ("serum", "urine"):
        assert list(shipped[name]["animal_id"]) == list(animals["animal_id"])


def test_groups_begin_at_equal_mean_weight_and_pairs_eat_alike(shipped):
    animals = shipped["animals"]
    initial = animals.groupby(["experiment", "group"])["body_weight_initial"].mean()
    assert initial.groupby("experiment").agg(np.ptp).max() < 0.5
    assert animals["body_weight_initial"].between(70, 110).all()
    assert animals["body_weight_final"].between(130, 200).all()
    exp1 = animals[animals["experiment"] == "exp1"].groupby("group")["food_intake"].apply(np.array)
    assert np.corrcoef(exp1["mg001"], exp1["pairfed"])[0, 1] > 0.8
    assert abs(np.corrcoef(exp1["mg001"], exp1["control"])[0, 1]) < 0.8


def test_pooled_sd_is_that_of_the_literature(simulated):
    """SDs of ../shared/literature/baselines.csv, or smaller where an entry of the calibration says why."""
    found = endpoints(simulated).drop(columns=["animal_id"]).groupby(["experiment", "group"])
    pooled = np.sqrt(found.var().mean())
    expected = {
        "body_weight_initial": 5, "serum_mg": 0.17, "serum_ca": 0.4, "serum_p": 0.6, "serum_pth": 33,
        "serum_osteocalcin": 24, "serum_alp": 100, "urine_ctx": 28, "urine_dpd": 40, "femur_length": 0.6,
        "bmd_whole_full": 18, "bmd_cortical_full": 20, "bmd_cancellous_full": 20, "bmd_trabecular_full": 23,
    }  # fmt: skip
    ratio = pooled[list(expected)] / pd.Series(expected)
    assert ratio.between(0.7, 1.3).all(), ratio.to_string()
    level = found.mean().loc[("exp1", "control")]
    densities = {"whole": 520, "cortical": 800, "cancellous": 280, "trabecular": 380}
    for structure, mean in densities.items():
        assert level[f"bmd_{structure}_full"] == pytest.approx(mean, rel=0.05)


def test_values_of_one_animal_go_together(simulated):
    wide = endpoints(simulated)
    numbers = wide.select_dtypes("number").columns
    within = wide[numbers] - wide.groupby(["experiment", "group"])[numbers].transform("mean")
    r = within.corr()
    for one, other in (
        ("serum_osteocalcin", "serum_alp"), ("serum_osteocalcin", "serum_mg"), ("urine_ctx", "urine_dpd"),
        ("bmd_trabecular_distal", "bmd_trabecular_proximal"), ("bmd_cortical_mid", "bmd_cortical_distal"),
        ("body_weight_initial", "femur_length"),
    ):  # fmt: skip
        assert r.loc[one, other] > 0.2, (one, other)
    assert r.loc["serum_ca", "serum_pth"] < 0


# --- slices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["simulated", "null"])
def test_whole_is_cortical_and_cancellous_to_the_last_digit_written(name):
    slices = pd.read_csv(DATA / name / "qct_slices.csv", dtype=str)
    for quantity in ("area", "content"):
        parts = (slices[f"{structure}_{quantity}"].map(Decimal) for structure in ("cortical", "cancellous"))
        assert (slices[f"whole_{quantity}"].map(Decimal) == sum(parts)).all()


def test_trabecular_is_part_of_cancellous(shipped):
    slices = shipped["qct_slices"]
    for quantity in ("area", "content"):
        assert (slices[f"trabecular_{quantity}"] > 0).all()
        assert (slices[f"trabecular_{quantity}"] <= slices[f"cancellous_{quantity}"]).all()


def test_slices_follow_every_half_millimetre_within_the_femur(shipped):
    length = shipped["animals"].set_index("animal_id")["femur_length"]
    for animal, table in shipped["qct_slices"].groupby("animal_id"):
        assert list(table["slice"]) == list(range(1, len(table) + 1))
        assert np.allclose(table["position"], (table["slice"] - 0.5) * 0.5)
        assert (table["thickness"] == 0.5).all()
        assert length[animal] - 0.5 < table["position"].iloc[-1] + 0.25 <= length[animal] + 1e-9
    assert shipped["qct_slices"].groupby("animal_id").size().between(50, 60).all()


def test_the_femur_has_wide_ends_a_narrow_shaft_and_smooth_profiles(shipped):
    slices = shipped["qct_slices"].merge(shipped["animals"][["animal_id", "femur_length"]], on="animal_id")
    fraction = slices["position"] / slices["femur_length"]
    area = (
        slices["whole_area"].groupby(pd.cut(fraction, [0, 0.15, 0.35, 0.65, 0.85, 1]), observed=True).mean()
    )
    assert area.iloc[0] > 2 * area.iloc[2]
    assert area.iloc[4] > 1.5 * area.iloc[2]
    share = slices["cortical_area"] / slices["whole_area"]
    assert share[fraction.between(0.4, 0.6)].mean() > share[fraction < 0.2].mean() + 0.15
    bone = slices["trabecular_area"] / slices["whole_area"]
    assert bone[fraction.between(0.4, 0.6)].max() < 0.2 < bone[fraction < 0.2].mean()
    density = slices["cortical_content"] / slices["cortical_area"] / slices["thickness"]
    steps = density.groupby(slices["animal_id"]).apply(lambda d: np.corrcoef(d[:-1], d[1:])[0, 1])
    assert steps.min() > 0.8


def test_slices_get_the_densities_that_are_asked_for(study):
    base = {v.name: v.mean for v in calibration.variables() if v.name.startswith("bmd_")}
    wanted = base | {"bmd_trabecular_distal": base["bmd_trabecular_distal"] * 1.1}
    slices = femur.simulate_slices(wanted, 27.3, 1.02, study, np.random.default_rng(1))
    found = femur.regional_densities(slices, 27.3, study)
    assert {name: found[name] for name in wanted} == pytest.approx(wanted, rel=2e-4)
    assert len(slices) == 54


def test_draws_stay_within_what_a_femur_can_have():
    row = {v.name: v.mean for v in calibration.variables() if v.name.startswith("bmd_")}
    assert tables._wanted_densities(row) == row
    raised = tables._wanted_densities(row | {"bmd_trabecular_distal": row["bmd_cancellous_distal"] - 1})
    assert raised["bmd_trabecular_distal"] == pytest.approx(1.05 * row["bmd_cancellous_distal"])


def test_densities_that_no_femur_can_have_are_refused(study):
    wanted = {v.name: v.mean for v in calibration.variables() if v.name.startswith("bmd_")}
    wanted["bmd_cancellous_distal"] = (
        wanted["bmd_trabecular_distal"] + 50
    )  # a space denser than the bone in it
    with pytest.raises(ValueError, match="can't be adjusted"):
        femur.simulate_slices(wanted, 27.5, 1.0, study, np.random.default_rng(1))


# --- calibration ----------------------------------------------------------------------------------


def test_every_calibrated_value_names_its_source():
    raw = calibration.load_calibration()
    known = set(raw["sources"]) | {"assumed"}
    used = set()

    def require(entry: dict, key: str, where: str) -> None:
        assert key in entry, f"{where} has no {key}"
        keys = str(entry[key]).split(";")
        assert set(keys) <= known, f"{where}: {keys}"
        used.update(keys)

    for name, entry in raw["endpoints"].items():
        require(entry["baseline"], "mean_source", name)
        require(entry["baseline"], "sd_source", name)
        require(entry["loadings"], "source", name)
        for groups in entry.get("effects", {}).values():
            for group, effect in groups.items():
                require(effect, "source", f"{name} {group}")
                for value in ("p", "sd"):
                    if value in effect:
                        require(effect, f"{value}_source", f"{name} {group}")
    for part in ("factors", "experiments_differ", "pair_feeding", "femur"):
        require(raw[part], "source", part)
    assert used == known, f"listed but not used: {known - used}"


def test_loadings_name_factors_and_leave_something_to_each_variable():
    factors = set(calibration.load_calibration()["factors"]["meaning"])
    for variable in calibration.variables():
        assert set(variable.loadings) <= factors, variable.name
        assert 0.4 < variable.own < 1, variable.name


def test_targets_have_the_level_and_direction_of_the_ledger(study):
    claims = load_claims().set_index(["experiment", "endpoint", "contrast"])
    compared = 0
    for variable in calibration.variables():
        for experiment, groups in variable.effects.items():
            for group, effect in groups.items():
                contrast = f"{group}_vs_{effect.get('versus')}"
                if "p" not in effect:
                    continue
                low, high = DECLARED[effect["level"]]
                assert low <= effect["p"] <= high, (variable.name, group)
                if (experiment, variable.name, contrast) in claims.index:
                    claim = claims.loc[(experiment, variable.name, contrast)]
                    assert effect["level"] == claim["level"], (variable.name, group)
                    assert claim["direction"] in ("none", effect["direction"]), (variable.name, group)
                    assert effect["source"] == "K1", (variable.name, group)
                    compared += 1
    assert compared == 58  # all but full length, means stated as such, and 0.02 % against 0.04 %


@pytest.mark.parametrize("p", [0.001, 0.02, 0.07, 0.4])
def test_the_difference_for_a_p_gives_that_p(p):
    residuals = np.array([-1.3, -0.9, -0.4, -0.1, 0.2, 0.5, 0.8, 1.2])
    residuals = 3 * residuals / residuals.std(ddof=1)
    difference = calibration.difference_for_p(p, 3.0, 8)
    result = stats.tukey_hsd(10 + residuals, 10 + difference + residuals, 11 + residuals)
    assert result.pvalue[0, 1] == pytest.approx(p, rel=1e-6)


def test_means_follow_from_the_effects():
    variable = calibration.Variable(
        "x", "1", 10.0, 2.0, 1, "normal", {},
        {"exp": {"b": {"versus": "a", "change": -0.1}, "c": {"versus": "b", "direction": "up", "p": 0.03}}},
    )  # fmt: skip
    means = calibration.group_means(variable, "exp", ("a", "b", "c"), 8)
    assert means["a"] == 10
    assert means["b"] == pytest.approx(9)
    assert means["c"] - means["b"] == pytest.approx(calibration.difference_for_p(0.03, 2.0, 8))
    assert calibration.group_means(variable, "exp", ("a", "b", "c"), 8, baseline=20)["b"] == pytest.approx(18)
    assert calibration.group_means(variable, "other", ("a",), 8) == {"a": 10}


def test_deviates_correlate_as_the_loadings_say():
    deviates = tables._standard_normal(40_000, np.random.default_rng(3))
    loadings = {v.name: v.loadings for v in calibration.variables()}
    found = deviates.corr()
    for one, other in (
        ("serum_osteocalcin", "serum_alp"),
        ("serum_ca", "serum_pth"),
        ("serum_ca", "serum_mg"),
    ):
        expected = sum(value * loadings[other].get(factor, 0) for factor, value in loadings[one].items())
        assert found.loc[one, other] == pytest.approx(expected, abs=0.02)
    assert deviates.std().between(0.98, 1.02).all()


def test_lognormal_variables_keep_mean_and_sd():
    variable = next(v for v in calibration.variables() if v.shape == "lognormal")
    shaped = tables._shaped(np.random.default_rng(5).standard_normal(400_000), variable)
    assert shaped.mean() == pytest.approx(0, abs=0.01)
    assert shaped.std() == pytest.approx(1, abs=0.02)
    assert stats.skew(shaped) > 0.5
    assert (variable.mean + variable.sd * shaped).min() > 0


@given(
    st.lists(st.floats(0.1, 1000, allow_nan=False), min_size=2, max_size=12),
    st.integers(min_value=0, max_value=3),
)
def test_rounding_keeps_the_mean(values, decimals):
    rounded = tables.round_keeping_mean(np.array(values), decimals)
    unit = 10.0**-decimals
    assert abs(rounded.sum() - sum(values)) <= unit / 2 + 1e-6
    assert (np.abs(rounded - values) <= unit + 1e-9).all()
    assert np.allclose(rounded / unit, np.rint(rounded / unit))


# --- drawing --------------------------------------------------------------------------------------


def test_the_seed_decides_everything(study):
    first, again, other = (tables.simulate_tables(study, effect=False, seed=seed) for seed in (7, 7, 8))
    for name in ("animals", "serum", "urine", "qct_slices", "arrays"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name))
    assert not first.serum.equals(other.serum)


def standardised_differences(study, uncentred: bool, draws: int) -> pd.DataFrame:
    """Differences of two group means from the calibrated one, over their standard error: draws x variables.

    Of mg002 and control, which are not pair-fed; but for the initial weight, nothing drawn allocates them.
    """
    experiment, n = study.experiments["exp2"], study.animals_per_group
    variables = [v for v in calibration.variables() if v.name != "body_weight_initial"]
    rows = []
    for seed in range(draws):
        drawn = tables._draw_experiment(study, experiment, True, uncentred, np.random.default_rng(seed))
        means = drawn.groupby("group").mean(numeric_only=True)
        row = {}
        for v in variables:
            if any("change" in effect for effect in v.effects.get("exp2", {}).values()):
                continue  # a change in percent of a baseline that differs from draw to draw
            plan = calibration.group_means(v, "exp2", experiment.groups, n)
            sds = [calibration.group_sd(v, "exp2", g) for g in ("mg002", "control")]
            difference = means.loc["mg002", v.name] - means.loc["control", v.name]
            row[v.name] = (difference - plan["mg002"] + plan["control"]) / np.hypot(*sds) * np.sqrt(n)
        rows.append(row)
    return pd.DataFrame(rows)


@pytest.mark.slow
def test_uncentred_means_lie_about_the_calibrated_ones_as_those_of_samples_do(study, monkeypatch):
    monkeypatch.setattr(tables, "N_ALLOCATIONS", 20)  # how weights are shared out is not asked here
    free = standardised_differences(study, True, 120)
    assert {"serum_ca", "urine_ctx", "bmd_cortical_mid", "femur_length"} <= set(free)
    assert free.mean().abs().max() < 4 / np.sqrt(120)
    # Means of 120 draws have a chi-square variance: between 0.6 and 1.6 in all of some 30 variables.
    assert free.var().between(0.55, 1.7).all() and free.var().mean() == pytest.approx(1, abs=0.12)
    assert stats.kstest(free["serum_ca"], "norm").pvalue > 0.001
    assert standardised_differences(study, False, 2).abs().max().max() < 0.05  # rounding alone


@pytest.mark.slow
def test_uncentred_tables_are_the_first_draw_whatever_it_shows(study):
    drawn = tables.simulate_tables(study, effect=True, seed=3, uncentred=True)
    assert drawn.attempts == 1
    found = endpoints({name: getattr(drawn, name) for name in TABLES})
    magnesium = found.groupby("group")["serum_mg"].mean()
    assert magnesium["mg001"] != pytest.approx(0.82, abs=0.005)
    assert magnesium["mg001"] == pytest.approx(0.82, abs=4 * 0.12 / np.sqrt(8))


@pytest.mark.slow
def test_a_cohort_is_a_dataset_that_says_what_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(dataset_writer, "_write_arrays", lambda *_: None)
    folder = tmp_path / "cohort"
    assert command.main([str(folder), "--uncentred", "5"]) == 0
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "SIMULATED DATA" in text and "--uncentred 5" in text and "no effect" not in text
    assert "コホート" in (folder / "datapackage.json").read_text(encoding="utf-8")
    assert command.main([str(folder), "--uncentred", "5"]) == 1
    assert "Name one new folder" in capsys.readouterr().err


@pytest.mark.slow
def test_any_seed_gives_a_dataset_that_shows_what_the_report_states(study):
    drawn = tables.simulate_tables(study, effect=True, seed=1)
    assert drawn.attempts < 10
    dataset = {name: getattr(drawn, name) for name in ("animals", "serum", "urine", "qct_slices", "arrays")}
    assert held(dataset, WIDE)["holds"].all()


def test_own_tukey_table_agrees_with_scipy(simulated, study):
    wide = endpoints(simulated)
    numbers = ["animal_id", "experiment", "group", "serum_p", "bmd_whole_full"]
    table = tables.tukey_table(wide[numbers].set_index("animal_id"), study)
    assert len(table) == 12
    for row in table.itertuples():
        difference, p = tukey(wide, row.experiment, row.endpoint, row.contrast)
        assert row.difference == pytest.approx(difference, rel=1e-9)
        assert row.p == pytest.approx(p, rel=1e-6)


@pytest.mark.slow
def test_a_calibration_that_contradicts_the_ledger_is_reported(study, monkeypatch):
    monkeypatch.setattr(tables, "MAX_ATTEMPTS", 1)
    monkeypatch.setattr(tables, "statements_hold", lambda drawn, study: False)
    with pytest.raises(RuntimeError, match=r"compare calibration\.yml"):
        tables.simulate_tables(study, effect=True, seed=1)


@pytest.fixture(scope="module")
def findings_by_chance():
    """`chance_findings`, for each seed once."""
    count = tables.chance_findings
    counted = cache(lambda seed: count(load_study(), seed))

    def of(study, seed):
        assert study == load_study()
        return counted(seed)

    return of


@pytest.mark.slow
def test_the_table_of_chance_findings_is_what_the_seeds_give(study, findings_by_chance):
    table = readme.chance_table()
    first = dataset_writer.SHIPPED["null"].seed
    assert list(table["seed"]) == list(range(first, first + 200))
    for row in table.iloc[[0, 6, 17]].itertuples():
        assert findings_by_chance(study, row.seed) == row.findings
    assert (table["findings"] <= 2).mean() > 0.95
    claims = shipped_claims("null", "DECLARED")
    assert table["findings"].iloc[0] == claims.loc[claims["level"] != "none", "holds"].sum()


# --- folders --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [pytest.param("simulated", marks=pytest.mark.slow), "null"])
def test_the_shipped_tables_are_those_that_the_generator_writes(name, tmp_path, drawn_once):
    shipped = dataset_writer.SHIPPED[name]
    new = dataset_writer.write_dataset(
        tmp_path / name, effect=shipped.effect, seed=shipped.seed, arrays=False
    )
    files = [*(f"{table}.csv" for table in TABLES), "README.md"]
    for file in files:
        assert (new / file).read_bytes() == (DATA / name / file).read_bytes(), file
        assert b"\r" not in (new / file).read_bytes()
    assert sorted(path.name for path in new.iterdir()) == sorted([*files, "datapackage.json"])


@pytest.mark.parametrize("name", ["simulated", "null"])
def test_the_readme_says_in_both_languages_that_nothing_was_measured(name):
    text = (DATA / name / "README.md").read_text(encoding="utf-8")
    assert "SIMULATED DATA" in text.splitlines()[2]
    assert "シミュレーションデータです。測定値ではありません。" in text.splitlines()[2]
    assert f"Seed / 乱数の種: {dataset_writer.SHIPPED[name].seed}\n" in text
    assert "CC0-1.0" in text
    assert "$" not in text


def fake_arrays(folder, arrays, animals, effect, seed, uncentred=False):
    """Stand in for the arrays, which take longer: one small file each."""
    for file in arrays["file"]:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(f"{file} {effect} {seed}\n")


@pytest.fixture
def small(tmp_path, monkeypatch, drawn_once):
    monkeypatch.setattr(dataset_writer, "_write_arrays", fake_arrays)
    folder = tmp_path / "null"
    shipped = dataset_writer.SHIPPED["null"]
    assert dataset_writer.ensure_dataset(folder, shipped) == "null: 26 files written, with new checksums."
    return folder, shipped


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_whole_dataset_is_left_alone(small, monkeypatch):
    folder, shipped = small
    monkeypatch.setattr(dataset_writer, "write_dataset", None)
    monkeypatch.setattr(dataset_writer, "_write_arrays", None)
    assert "all 26 files are there" in dataset_writer.ensure_dataset(folder, shipped)


@pytest.mark.parametrize("lost", ["cel/e1-mg001-1.CEL", "serum.csv", "README.md", "cel"])
def test_what_is_missing_is_written_again(small, lost):
    folder, shipped = small
    before = snapshot(folder)
    shutil.rmtree(folder / lost) if lost == "cel" else (folder / lost).unlink()
    assert "all as committed" in dataset_writer.ensure_dataset(folder, shipped)
    assert snapshot(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["null"]


def test_a_changed_file_is_written_again(small):
    folder, shipped = small
    before = snapshot(folder)
    (folder / "urine.csv").write_text("changed")
    (folder / "cel/e1-mg001-2.CEL").write_text("changed")
    assert "2 of 26 files written anew" in dataset_writer.ensure_dataset(folder, shipped)
    assert snapshot(folder) == before


def test_arrays_alone_do_not_need_the_tables_drawn_again(small, monkeypatch):
    folder, shipped = small
    shutil.rmtree(folder / "cel")
    monkeypatch.setattr(dataset_writer, "simulate_tables", None)
    assert "20 of 26 files written anew" in dataset_writer.ensure_dataset(folder, shipped)


def test_a_generator_that_gives_other_bytes_is_reported_and_changes_nothing(small, monkeypatch):
    folder, shipped = small
    (folder / "cel/e1-mg001-1.CEL").unlink()
    before = snapshot(folder)

    def other(folder, arrays, animals, effect, seed, uncentred=False):
        fake_arrays(folder, arrays, animals, effect, seed + 1)

    monkeypatch.setattr(dataset_writer, "_write_arrays", other)
    for act in (dataset_writer.ensure_dataset, dataset_writer.check_dataset_is_reproduced):
        with pytest.raises(MgboneError, match=r"not generated as committed: cel/e.*CEL.*--rewrite"):
            act(folder, shipped)
        assert snapshot(folder) == before
    dataset_writer.rewrite_dataset(folder, shipped)
    assert "generated as committed" in dataset_writer.check_dataset_is_reproduced(folder, shipped)


def test_check_sees_a_changed_readme_or_descriptor(small):
    folder, shipped = small
    for name in ("README.md", "datapackage.json"):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text + "\n", encoding="utf-8")
        with pytest.raises(MgboneError, match=re.escape(name)):
            dataset_writer.check_dataset_is_reproduced(folder, shipped)
        (folder / name).write_text(text, encoding="utf-8")
    assert "26 files" in dataset_writer.check_dataset_is_reproduced(folder, shipped)


def test_rewriting_removes_what_an_earlier_generator_left(small):
    folder, shipped = small
    (folder / "cel" / "old.CEL").write_text("left over")
    (folder / "cel" / ".complete").write_text("")  # the mark of make
    dataset_writer.rewrite_dataset(folder, shipped)
    assert not (folder / "cel" / "old.CEL").exists()
    assert (folder / "cel" / ".complete").exists()


def test_what_a_killed_run_left_is_removed(small):
    folder, shipped = small
    (folder.parent / ".new-null-abc" / "null").mkdir(parents=True)
    (folder.parent / ".new-simulated-abc").mkdir()  # of the other dataset, which may be running
    dataset_writer.check_dataset_is_reproduced(folder, shipped)
    assert sorted(path.name for path in folder.parent.iterdir()) == [".new-simulated-abc", "null"]


def test_an_unreadable_descriptor_is_named(small):
    folder, shipped = small
    (folder / "datapackage.json").write_text("{")
    with pytest.raises(MgboneError, match=r"null/datapackage.json can't be read.*Restore it from git"):
        dataset_writer.ensure_dataset(folder, shipped)


# --- the command and the house rules --------------------------------------------------------------


def test_the_command_writes_what_is_asked_for(tmp_path, monkeypatch, capsys, drawn_once):
    monkeypatch.setattr(dataset_writer, "_write_arrays", fake_arrays)
    monkeypatch.setattr(dataset_writer, "shipped_folder", lambda name: tmp_path / name)
    assert command.main(["data/null"]) == 0
    assert capsys.readouterr().out == "null: 26 files written, with new checksums.\n"
    assert command.main(["null", "--check"]) == 0
    assert command.main(["null", "--rewrite"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["null"]


def test_the_command_names_what_it_does_not_know(capsys):
    assert command.main(["data/lab2026"]) == 1
    assert "There is no shipped dataset 'lab2026'; choose simulated or null." in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_counts_chance_findings(capsys, monkeypatch, findings_by_chance):
    monkeypatch.setattr(tables, "chance_findings", findings_by_chance)
    assert command.main(["--chance", "2"]) == 0
    assert capsys.readouterr().out == "seed,findings\n2002361,0\n2002362,0\n"


def test_no_analysis_imports_the_simulation():
    wing = Path(mgbone.simulate.__file__).parent
    for path in wing.parent.rglob("*.py"):
        if wing in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            assert not [name for name in names if name.startswith("mgbone.simulate")], path.name


def test_the_limits_for_drawing_lie_within_the_declared_levels(study):
    limits = [tables.MARGINS[level] for level in ("significant", "trend", "none")]
    thresholds = [study.thresholds["significant"], study.thresholds["trend"]]
    for (lower, upper), threshold in zip(pairwise(limits), thresholds, strict=True):
        assert lower[1] < threshold < upper[0]
