"""Density of regions and profiles along the femur, against calculation by hand and R."""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from helpers import R
from helpers.small_dataset import in_memory
from scipy import stats

from mgbone.dataset.opening import open_dataset
from mgbone.evidence.comparison import compare
from mgbone.qct import (
    located_slices,
    mean_slice_density,
    percent_differences,
    profile_summary,
    profile_test,
    profile_tests,
    profiles,
    regional_density,
    scan_faults,
    slice_mean_differences,
    slice_table,
    strongest_points,
    survivors,
)
from mgbone.study.design import REGIONS, STRUCTURES

TRUTH = json.loads((R / "groups_truth.json").read_text())
ONE = "e2-control-1"


@pytest.fixture(scope="module")
def contrast(study):
    return study.contrast("exp2", "mg002_vs_control")


def scanned(positions, areas=10.0, contents=5.0, thickness=0.5, length=30.0, animal=ONE):
    """Return a dataset with one animal whose slices lie at the positions given, in the order given."""
    animals = in_memory().animals
    animals.loc[animals["animal_id"] == animal, "femur_length"] = length
    slices = pd.DataFrame(
        {"animal_id": animal, "slice": np.arange(1, len(positions) + 1), "position": positions}
    )
    slices["thickness"] = thickness
    for structure in STRUCTURES:
        slices[f"{structure}_area"], slices[f"{structure}_content"] = areas, contents
    return in_memory(animals=animals, qct_slices=slices)


def value(measurements, endpoint, animal=ONE):
    return measurements.set_index(["animal_id", "endpoint"])["value"][animal, endpoint]


# --- regions ---------------------------------------------------------------------------------------------


def test_density_of_a_region_is_content_over_volume(study):
    # 3 mg in 10 mm2 x 0.5 mm and 12 mg in 30 mm2 x 0.2 mm: 15 mg in 11 mm3.
    positions = [2.5, 7.5, 12.5, 17.5]
    dataset = scanned(positions, [10.0, 30.0, 4.0, 4.0], [3.0, 12.0, 1.0, 1.0], [0.5, 0.2, 0.5, 0.5])
    density = regional_density(dataset, study)
    assert value(density, "bmd_whole_distal") == pytest.approx(1000 * 15 / 11)
    assert value(density, "bmd_trabecular_mid") == pytest.approx(1000 * 1 / 2)
    assert np.isnan(value(density, "bmd_whole_proximal"))
    # Two thirds of the femur are not its full length.
    assert np.isnan(value(density, "bmd_cortical_full"))
    assert density["unit"].unique().tolist() == ["mg/cm3"]


def test_mean_of_slices_is_another_number(study):
    dataset = scanned([2.5, 7.5], [10.0, 30.0], [3.0, 12.0], [0.5, 0.2])
    plain = mean_slice_density(dataset, study)
    assert value(plain, "bmd_whole_distal") == pytest.approx((1000 * 3 / 5 + 1000 * 12 / 6) / 2)
    assert value(plain, "bmd_whole_distal") != pytest.approx(
        value(regional_density(dataset, study), "bmd_whole_distal"), rel=0.01
    )


def test_difference_of_the_mean_of_slices_is_the_median_of_the_animals(study):
    dataset = scanned([2.5, 7.5], [10.0, 30.0], [3.0, 12.0], [0.5, 0.2])
    regional, plain = regional_density(dataset, study), mean_slice_density(dataset, study)
    table = slice_mean_differences(regional, plain)
    assert list(table.index) == list(STRUCTURES) and list(table) == list(REGIONS)
    # (600 + 2000) / 2 against 15 mg in 11 mm3.
    assert table.loc["whole", "distal"] == pytest.approx(100 * (1300 / (15000 / 11) - 1))
    assert np.isnan(table.loc["whole", "mid"])
    three = pd.concat([regional.assign(animal_id=name) for name in "abc"])
    other = pd.concat(
        [
            regional.assign(animal_id=n, value=regional["value"] * f)
            for n, f in zip("abc", [1, 1.1, 1.5], strict=True)
        ]
    )
    assert slice_mean_differences(three, other).loc["whole", "distal"] == pytest.approx(10)


def test_every_animal_has_every_structure_and_region(study):
    density = regional_density(in_memory(), study)
    animals = in_memory().animals
    assert set(density["endpoint"]) == {f"bmd_{s}_{r}" for s in STRUCTURES for r in REGIONS}
    assert (
        density.groupby("endpoint")["animal_id"].apply(list).map(animals["animal_id"].tolist().__eq__).all()
    )
    assert value(density, "bmd_cortical_full") == pytest.approx(1000 * 2.4 / (6.0 * 0.5))


def test_each_structure_is_taken_from_its_own_columns(study):
    density = regional_density(in_memory(), study).groupby("endpoint")["value"].first()
    expected = {"whole": 600, "cortical": 800, "cancellous": 300, "trabecular": 500}
    for structure, one in expected.items():
        assert density[f"bmd_{structure}_mid"] == pytest.approx(one)


def test_a_slice_belongs_where_its_centre_lies(study):
    low, high = study.regions["mid"]
    positions = [0.0, np.nextafter(30 * low, 0), 30 * low, np.nextafter(30 * high, 0), 30 * high, 30.0]
    located = located_slices(scanned(positions), study)
    assert located["region"].tolist() == ["distal", "distal", "mid", "mid", "proximal", "proximal"]
    assert located["percent"].tolist() == pytest.approx(
        [0, 100 * low, 100 * low, 100 * high, 100 * high, 100]
    )
    assert located["group"].unique().tolist() == ["control"]


def test_limits_are_fractions_of_each_animals_own_femur(study):
    assert located_slices(scanned([11.0], length=30.0), study)["region"].tolist() == ["mid"]
    assert located_slices(scanned([11.0], length=36.0), study)["region"].tolist() == ["distal"]


def test_slices_without_the_structure_weigh_nothing(study):
    dataset = scanned([2.5, 7.5, 12.5, 17.5], [0.0, 5.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0])
    for measure in (regional_density, mean_slice_density):
        density = measure(dataset, study)
        assert value(density, "bmd_trabecular_distal") == pytest.approx(1000 * 2 / 2.5)
        assert np.isnan(value(density, "bmd_trabecular_mid"))


def test_content_without_any_volume_is_no_density(study):
    # An area below 0.005 mm2 is written as 0.00; what it holds is no infinite density.
    for measure in (regional_density, mean_slice_density):
        assert np.isnan(value(measure(scanned([2.0], 0.0, 0.01), study), "bmd_trabecular_full"))


def test_each_animal_has_its_own_density(study):
    slices = in_memory().qct_slices
    animals = in_memory().animals["animal_id"]
    own = pd.Series(np.linspace(1, 2, len(animals)), index=animals)
    slices["whole_content"] = 5 * slices["animal_id"].map(own)
    density = regional_density(in_memory(qct_slices=slices), study)
    whole = density[density["endpoint"] == "bmd_whole_full"].set_index("animal_id")["value"]
    assert whole.to_dict() == pytest.approx((1000 * own).to_dict())


def trabeculae_scanned_to(last):
    """60 slices of 0.5 mm in a femur of 30 mm, trabeculae blank after the slice `last`."""
    positions = np.arange(0.25, 30, 0.5)
    density = np.linspace(700, 200, len(positions))  # falls from knee to hip
    dataset = scanned(positions, 10.0, 10 * 0.5 * density / 1000)
    late = dataset.qct_slices["slice"] > last
    dataset.qct_slices.loc[late, ["trabecular_area", "trabecular_content"]] = np.nan
    return dataset, density


def test_a_part_does_not_stand_for_the_whole(study):
    dataset, density = trabeculae_scanned_to(30)
    measured = {measure: measure(dataset, study) for measure in (regional_density, mean_slice_density)}
    for found in measured.values():
        assert value(found, "bmd_trabecular_distal") == pytest.approx(density[:20].mean())
        # 15 of 30 mm of the bone and 5 of 10 mm of the middle were measured.
        for region in ("full", "mid", "proximal"):
            assert np.isnan(value(found, f"bmd_trabecular_{region}"))
        assert value(found, "bmd_cortical_full") == pytest.approx(density.mean())
    named = scan_faults(dataset).query("fault == 'uncovered'")["where"].tolist()
    assert named == [
        "Trabecular bone, full length: 50 % measured, no density",
        "Trabecular bone, middle region: 50 % measured, no density",
        "Trabecular bone, proximal region: 0 % measured, no density",
    ]


def test_a_few_blank_slices_of_a_region_are_left_out(study):
    dataset, density = trabeculae_scanned_to(59)  # 1 of 20 slices of the region
    found = regional_density(dataset, study)
    assert value(found, "bmd_trabecular_proximal") == pytest.approx(density[40:59].mean())
    assert np.isnan(value(regional_density(trabeculae_scanned_to(57)[0], study), "bmd_trabecular_proximal"))


def test_slices_that_are_gone_cover_nothing(study):
    dataset, _ = trabeculae_scanned_to(60)
    gone = dataset.qct_slices["slice"].between(20, 34)
    found = regional_density(in_memory(animals=dataset.animals, qct_slices=dataset.qct_slices[~gone]), study)
    for region, known in {"distal": True, "mid": False, "proximal": True, "full": False}.items():
        assert np.isfinite(value(found, f"bmd_whole_{region}")) == known


# --- how the scan went -----------------------------------------------------------------------------------


def table_of(positions, **options):
    return slice_table(scanned(positions, **options)).iloc[0]


def test_a_clean_scan_has_no_faults():
    row = table_of(np.arange(0.5, 29.9, 0.5))
    assert (row["n_slices"], row["first"], row["last"]) == (59, 0.5, 29.5)
    assert (row["gaps"], row["doubled"], row["misplaced"]) == (0, 0, 0)
    assert row["pitch"] == pytest.approx(0.5)
    assert row["covered"] == pytest.approx(59 * 0.5 / 30)


def test_a_gap_is_found():
    row = table_of([1, 2, 3, 5, 6, 7])
    assert (row["gaps"], row["doubled"], row["misplaced"]) == (1, 0, 0)


def test_a_doubled_slice_is_found():
    row = table_of([1, 2, 3, 3.1, 4, 5])
    assert (row["gaps"], row["doubled"], row["misplaced"]) == (0, 1, 0)


def test_slices_out_of_order_and_beyond_the_bone_are_found():
    assert table_of([1, 2, 4, 3, 5, 6])["misplaced"] == 1
    assert table_of([1, 2, 3, 4], length=3.5)["misplaced"] == 1


def test_order_is_that_of_the_slice_number_not_of_the_file():
    dataset = scanned([1.0, 2.0, 3.0])
    shuffled = in_memory(animals=dataset.animals, qct_slices=dataset.qct_slices.iloc[::-1])
    assert slice_table(shuffled).iloc[0]["misplaced"] == 0


def test_a_single_slice_has_no_pitch():
    row = table_of([3.0])
    assert np.isnan(row["pitch"])
    assert (row["gaps"], row["doubled"], row["misplaced"]) == (0, 0, 0)


def faults_of(positions, **options):
    table = scan_faults(scanned(positions, **options)).query("fault != 'uncovered'")
    assert table["animal_id"].isin([ONE]).all()
    return list(zip(table["fault"], table["where"], strict=True))


def test_faults_of_a_scan_are_named_with_their_place():
    whole = np.arange(0.5, 29.9, 0.5)
    assert faults_of(whole) == []
    assert faults_of(np.delete(whole, 9)) == [("gap", "none from 4.5 to 5.5 mm")]
    assert faults_of(np.sort([*whole, 4.1])) == [("doubled", "at 4 and 4.1 mm")]
    back = whole.copy()
    back[[3, 4]] = back[[4, 3]]
    assert faults_of(back) == [("misplaced", "slice 5 lies before slice 4")]


def test_a_scan_that_leaves_out_an_end_or_goes_beyond_it_is_named():
    whole = np.arange(0.5, 29.9, 0.5)
    assert faults_of(whole[4:]) == [("incomplete", "begins 2.25 mm from the knee")]
    assert faults_of(whole[:-4]) == [("incomplete", "ends 2.25 mm before the hip")]
    assert faults_of(whole, length=29.0) == [("misplaced", "ends 0.5 mm beyond the femur")]
    assert scan_faults(in_memory(qct_slices=None)).empty


# --- profiles --------------------------------------------------------------------------------------------


def test_profile_of_a_linear_femur_is_that_line(study):
    positions = np.array([0.3, 4.0, 11.0, 17.0, 21.0, 29.7])
    # Density 400 + 10 x position, in slices of 10 mm2 x 0.5 mm.
    dataset = scanned(positions, contents=5 * (400 + 10 * positions) / 1000)
    profile = profiles(dataset, study, ("cortical",), n_points=25)
    assert profile["percent"].tolist() == np.linspace(2, 98, 25).tolist()
    assert profile["density"].to_numpy() == pytest.approx(400 + 10 * 30 * profile["percent"] / 100)
    assert profile["structure"].unique().tolist() == ["cortical"]
    shuffled = in_memory(animals=dataset.animals, qct_slices=dataset.qct_slices.iloc[::-1])
    pd.testing.assert_frame_equal(profiles(shuffled, study, ("cortical",), n_points=25), profile)


def test_profile_does_not_reach_beyond_the_scan(study):
    profile = profiles(scanned([6.0, 24.0]), study, ("whole",), n_points=49).set_index("percent")["density"]
    assert profile.loc[20:80].notna().all()
    assert profile.loc[:19.9].isna().all()
    assert profile.loc[80.1:].isna().all()


def test_profile_has_no_value_in_a_gap(study):
    """Slices 20 to 34 are gone: 8 mm without a slice, from 9.25 to 17.25 mm of 30."""
    dataset, _ = trabeculae_scanned_to(60)
    gone = dataset.qct_slices["slice"].between(20, 34)
    dataset = in_memory(animals=dataset.animals, qct_slices=dataset.qct_slices[~gone])
    profile = profiles(dataset, study, ("whole",), n_points=97).set_index("percent")["density"]
    assert profile.loc[31:57].isna().all()
    assert profile.loc[:30].notna().all() and profile.loc[58:].notna().all()
    blank, _ = trabeculae_scanned_to(30)
    profile = profiles(blank, study, n_points=97).set_index("percent").groupby("structure")["density"]
    assert profile.get_group("trabecular").loc[50:].isna().all()
    assert profile.get_group("cortical").notna().all()


def test_summary_gives_the_t_interval():
    values = np.array([701.0, 715.0, 698.0, 722.0])
    profile = pd.DataFrame(
        {"structure": "whole", "experiment": "exp2", "group": "mg002", "percent": 50.0, "density": values}
    )
    row = profile_summary(profile).iloc[0]
    low, high = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    assert (row["n"], row["mean"], row["sd"]) == pytest.approx((4, values.mean(), values.std(ddof=1)))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high))


def along(case, reference, structure="whole"):
    """Return a profile of two groups of exp2, values of shape (animals, points)."""
    rows = [
        {
            "structure": structure, "animal_id": f"{group}-{i}", "experiment": "exp2", "group": group,
            "percent": float(k), "density": v,
        }
        for group, values in (("control", reference), ("mg002", case))
        for i, one in enumerate(values)
        for k, v in enumerate(one)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_family_wise_p_is_that_of_all_twenty_splits(contrast):
    rng = np.random.default_rng(11)
    case, reference = rng.normal([700, 760, 710, 695], 20, (3, 4)), rng.normal(700, 20, (3, 4))
    both = np.vstack([case, reference])
    splits = list(combinations(range(6), 3))

    def size_of_t(chosen):
        rest = [i for i in range(6) if i not in chosen]
        return np.abs(stats.ttest_ind(both[list(chosen)], both[rest]).statistic)

    permuted = np.array([size_of_t(s) for s in splits])
    observed = size_of_t((0, 1, 2))
    expected = (permuted.max(axis=1)[:, None] >= observed * (1 - 1e-9)).mean(axis=0)
    pointwise = (permuted >= observed * (1 - 1e-9)).mean(axis=0)
    tested = profile_test(along(case, reference), contrast)
    assert tested["p"].tolist() == pytest.approx(expected.tolist(), abs=1e-12)
    assert (tested["p"] >= pointwise - 1e-12).all()
    assert tested["p"].gt(pointwise + 1e-9).any()
    assert tested["n_permutations"].unique().tolist() == [20]
    assert tested["t"].abs().tolist() == pytest.approx(observed.tolist())
    assert tested["difference"].tolist() == pytest.approx(
        (case.mean(axis=0) - reference.mean(axis=0)).tolist()
    )


def test_one_point_alone_has_the_exact_pointwise_p(contrast):
    case, reference = np.array([[5.1], [6.3], [5.8]]), np.array([[4.9], [5.2], [4.1]])
    assert profile_test(along(case, reference), contrast)["p"].item() == pytest.approx(0.2)


def test_a_point_where_nothing_varies_does_not_hide_the_others(contrast):
    rng = np.random.default_rng(2)
    case, reference = rng.normal(800, 10, (8, 3)), rng.normal(700, 10, (8, 3))
    case[:, 1] = reference[:, 1] = 0.1
    tested = profile_test(along(case, reference), contrast)
    assert tested["p"].tolist() == pytest.approx([2 / 12870, 1, 2 / 12870])
    assert tested["t"].iloc[1] == 0


def test_error_is_held_over_the_whole_length(contrast):
    rng = np.random.default_rng(7)
    smallest = []
    for _ in range(200):
        smooth = rng.normal(0, 1, (10, 12)).cumsum(axis=1)
        smallest.append(profile_test(along(smooth[:5], smooth[5:]), contrast)["p"].min())
    # 200 x 5 % = 10 expected; 18 is the 99th percentile of that binomial.
    assert (np.array(smallest) <= 0.05).sum() <= 18
    assert (np.array(smallest) <= 0.5).sum() > 70  # not merely always 1


def test_profiles_of_the_shipped_data_have_the_exact_p(study):
    """All 12,870 splits, listed by an outside recomputation in R: 0.0227 and 0.0768, trabeculae at 0.02 %."""
    tests = profile_tests(profiles(open_dataset("data/simulated"), study), study)
    best = strongest_points(tests)
    assert set(tests["n_permutations"]) == {12_870}
    found = sorted(best["p"].round(4))
    assert {0.0227, 0.0768} <= set(found), best


def test_points_that_an_animal_lacks_are_left_out(contrast):
    case, reference = np.arange(9.0).reshape(3, 3), np.arange(9.0).reshape(3, 3) ** 1.1
    case[1, 0] = np.nan
    assert profile_test(along(case, reference), contrast)["percent"].tolist() == [1.0, 2.0]


def test_an_animal_without_values_is_left_out_and_named(study, contrast):
    rng = np.random.default_rng(5)
    case, reference = rng.normal(700, 20, (2, 4, 3))
    case[2, :] = np.nan
    profile = along(case, reference)
    tested = profile_tests(profile, study)
    others = profile_test(profile[profile["animal_id"] != "mg002-2"], contrast)
    assert tested["p"].tolist() == others["p"].tolist() and len(tested) == 3
    assert tested["n_permutations"].unique().tolist() == [35]  # 3 against 4 animals
    assert tested["left_out"].unique().tolist() == ["mg002-2"]
    assert strongest_points(tested)["left_out"].tolist() == ["mg002-2"]
    assert "left_out" not in strongest_points(others.assign(structure="whole"))


def test_an_animal_whose_slices_are_blank_stays_in_the_profiles(study):
    dataset = in_memory()
    dataset.qct_slices.loc[dataset.qct_slices["animal_id"] == ONE, "trabecular_content"] = np.nan
    profile = profiles(dataset, study, ("trabecular",)).set_index("animal_id")["density"]
    assert profile[ONE].isna().all() and len(profile[ONE]) == 51


def test_tests_are_those_that_the_report_states(study):
    rng = np.random.default_rng(1)
    values = rng.normal(700, 20, (2, 3, 4))
    profile = pd.concat([along(*values), along(*values[::-1], structure="cortical")])
    tests = profile_tests(profile, study)
    assert tests[["structure", "contrast"]].drop_duplicates().to_numpy().tolist() == [
        ["whole", "mg002_vs_control"],
        ["cortical", "mg002_vs_control"],
    ]
    best = strongest_points(tests).set_index("structure")
    assert best.loc["whole", "p"] == tests.loc[tests["structure"] == "whole", "p"].min()
    assert best.loc["whole", "difference"] == pytest.approx(-best.loc["cortical", "difference"])


# --- differences per cell --------------------------------------------------------------------------------


@pytest.fixture
def nobody(study):
    """A table of densities without animals."""
    return regional_density(in_memory(), study).iloc[:0]


def test_cells_of_the_shipped_data_have_the_exact_p(study):
    """All 12,870 splits, listed by an outside recomputation in R."""
    density = regional_density(open_dataset("data/simulated"), study)
    cells = percent_differences(compare(density, study), density).set_index(["contrast", "endpoint"])
    assert cells.loc[("mg002_vs_control", "bmd_trabecular_distal"), "p_maxt"] == pytest.approx(
        0.0525, abs=5e-5
    )
    counts = survivors(cells.reset_index(), study).set_index("contrast")
    assert counts["significant_maxt"].eq(0).all()


def test_max_t_is_held_against_the_largest_cell_by_hand(study):
    """Two groups of three, two cells: of 20 splits, how many reach as far in either cell?"""
    cells = {"bmd_whole_full": [3.0, 5, 7, 1, 2, 4], "bmd_whole_mid": [1.0, 0, 2, 1, 3, 0]}
    rows = [
        {
            "animal_id": f"{i}",
            "experiment": "exp2",
            "group": ("mg002", "control")[i > 2],
            "endpoint": e,
            "value": v,
        }
        for e, values in cells.items()
        for i, v in enumerate(values)
    ]
    table = pd.DataFrame(rows).assign(unit="mg/cm3")
    # |t| rises with the distance of the mean of the case from that of all, in SD of all.
    reach = {e: {} for e in cells}
    for e, values in cells.items():
        values = np.array(values)
        for split in combinations(range(6), 3):
            reach[e][split] = abs(values[list(split)].mean() - values.mean()) / values.std()
    largest = [max(reach[e][s] for e in cells) for s in combinations(range(6), 3)]
    found = percent_differences(compare(table, study), table).set_index("endpoint")
    for e in cells:
        expected = np.mean([one >= reach[e][0, 1, 2] - 1e-9 for one in largest])
        assert found.loc[e, "p_maxt"] == pytest.approx(expected)
    lone = table[~(table["endpoint"].eq("bmd_whole_mid") & table["animal_id"].eq("1"))]
    found = percent_differences(compare(lone, study), lone).set_index("endpoint")
    assert np.isnan(found.loc["bmd_whole_mid", "p_maxt"])  # an animal lacks it
    own = np.mean([reach["bmd_whole_full"][s] >= reach["bmd_whole_full"][0, 1, 2] - 1e-9 for s in reach[e]])
    assert found.loc["bmd_whole_full", "p_maxt"] == pytest.approx(own)


def cells_with(p, domain="qct"):
    n = len(p)
    endpoints = [f"bmd_{s}_{r}" for s in STRUCTURES for r in REGIONS][:n]
    return pd.DataFrame(
        {
            "experiment": "exp2",
            "domain": domain,
            "endpoint": endpoints,
            "contrast": "mg002_vs_control",
            "p": p,
            "estimate": -30.0,
            "mean_reference": 600.0,
            "level": "none",
        }
    )


def test_corrections_are_those_of_r(nobody):
    p = [0.01, 0.04, 0.03, 0.2]
    other = cells_with([0.9, 0.9, 0.9, 0.9]).assign(contrast="mg004_vs_control")
    cells = percent_differences(pd.concat([cells_with(p), other], ignore_index=True), nobody)
    assert cells["p_holm"].tolist()[:4] == pytest.approx(TRUTH["holm"])
    assert cells["q"].tolist()[:4] == pytest.approx(TRUTH["bh"])
    assert cells["percent"].tolist() == pytest.approx([-5] * 8)
    assert cells["structure"].tolist()[:4] == ["whole"] * 4
    assert cells["region"].tolist()[:4] == list(REGIONS)


def test_corrections_count_only_what_was_tested(nobody):
    cells = percent_differences(cells_with([0.01, np.nan, 0.04, 0.03, 0.2]), nobody)
    tested = cells["p"].notna()
    assert cells.loc[tested, "p_holm"].tolist() == pytest.approx(TRUTH["holm"])
    assert cells.loc[tested, "q"].tolist() == pytest.approx(TRUTH["bh"])
    assert cells.loc[~tested, ["p_holm", "q"]].isna().all(axis=None)


def test_only_density_is_counted(nobody):
    mixed = pd.concat([cells_with([0.01, 0.02]), cells_with([0.01], domain="biochem")], ignore_index=True)
    assert len(percent_differences(mixed, nobody)) == 2


@pytest.mark.slow
def test_sixteen_cells_per_contrast_from_slices_to_map(study):
    rng = np.random.default_rng(1)
    slices = in_memory().qct_slices
    for structure in STRUCTURES:
        slices[f"{structure}_content"] *= rng.uniform(0.9, 1.1, len(slices))
    density = regional_density(in_memory(qct_slices=slices), study)
    cells = percent_differences(compare(density, study), density)
    assert cells.groupby(["experiment", "contrast"]).size().tolist() == [16] * 6
    assert (cells["p_holm"] >= cells["q"] - 1e-12).all()
    assert (cells["q"] >= cells["p"] - 1e-12).all()
