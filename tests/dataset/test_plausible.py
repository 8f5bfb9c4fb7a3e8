"""What is possible but hardly true is said, and stops nothing."""

import pandas as pd
import pytest
from helpers import ROOT
from helpers.lab_folders import lab_folder, replace_sheet
from helpers.languages import speak
from helpers.small_dataset import tables

import mgbone
from mgbone.dataset.plausible import find_implausible
from mgbone.dataset.table import Table
from mgbone.execute.cli import main
from mgbone.execute.stamps import recorded_notes
from mgbone.study.design import STRUCTURES
from mgbone.study.dictionary import plausible, table_fields

N = 4
NAMES = {
    name: f"{name}.csv" for name in ("animals", "serum", "urine", "balance", "qct_slices", "qct_regions")
}


def doubts(study, spoil, below=None, **more):
    """Return what is said of the small dataset, its slices scattered as real ones are, after `spoil`."""
    frames = {name: frame for name, frame in tables(N).items() if name != "arrays"}
    slices = frames["qct_slices"]
    scatter = 1 + pd.Series(range(len(slices))) / 1e4
    measured = [name for name in slices if name.endswith(("_area", "_content"))]
    slices[measured] = slices[measured].mul(scatter, axis=0)
    for frame in frames.values():
        frame.index = frame.index + 2
    spoil(frames)
    held = {name: Table(frame) for name, frame in frames.items()}
    if below:
        table, column = below.split(".")
        held[table].below_limit[column] = pd.Series(True, index=frames[table].index)
    return [str(one) for one in find_implausible(held, NAMES, study, **more)]


def scaled(table, column, factor, rows=slice(None)):
    def spoil(frames):
        frames[table].loc[frames[table].index[rows], column] *= factor

    return spoil


def put(table, column, value, rows=slice(None)):
    def spoil(frames):
        frames[table].loc[frames[table].index[rows], column] = value

    return spoil


def exchanged(frames):
    frames["serum"][["serum_ca", "serum_p"]] = frames["serum"][["serum_p", "serum_ca"]].to_numpy()


def weights_exchanged(frames):
    columns = ["body_weight_final", "body_weight_initial"]
    frames["animals"][columns] = frames["animals"][columns[::-1]].to_numpy()


def one_weight_of_three(frames):
    put("animals", "body_weight_initial", float("nan"), [0])(frames)
    scaled("animals", "body_weight_initial", 8.5, [2])(frames)


def slices_left_blank(frames):
    """Of two animals no slice was measured, of a third the content of one slice alone."""
    slices = frames["qct_slices"]
    slices.loc[slices["animal_id"].isin(["e1-control-1", "e1-control-2"]), slices.columns[4:]] = float("nan")
    content = [f"{structure}_content" for structure in STRUCTURES]
    slices.loc[slices["animal_id"].eq("e1-control-3") & slices["slice"].gt(1), content] = float("nan")


def content_in_grams(frames):
    for structure in STRUCTURES:
        scaled("qct_slices", f"{structure}_content", 1e-3)(frames)


def copied_row(frames):
    serum = frames["serum"]
    serum.loc[9, serum.columns[1:]] = serum.loc[3, serum.columns[1:]].to_numpy()


def copied_slices(frames):
    slices = frames["qct_slices"]
    one, other = (slices["animal_id"] == name for name in ("e1-control-1", "e1-control-2"))
    columns = slices.columns[4:]
    slices.loc[other, columns] = slices.loc[one, columns].to_numpy()


def mean_of_cages(frames):
    animals = frames["animals"]
    by = animals.groupby(["experiment", "group"])["food_intake"]
    animals["food_intake"] = by.transform("median")


CASES = {
    "Mg a thousand times": (
        scaled("serum", "serum_mg", 1000),
        [
            "serum.csv, column serum_mg: 24 of 24 values lie outside 0.1 to 8 mg/dL",
            "e1-control-1 ",
            "and 19 more",
            "Taken as µg/dL they would be within 1.4 to 3.2 mg/dL: is the unit right?",
        ],
    ),
    "Mg in ug/mL": (scaled("serum", "serum_mg", 10), ["24 of 24", "Taken as mg/L they would be within"]),
    "Mg in mmol/L": (
        scaled("serum", "serum_mg", 1 / 2.4305),
        ["median of the animals on the normal diet is 0.8", "1.4 to 3.2", "Taken as mmol/L"],
    ),
    "one Mg typed without its point": (
        scaled("serum", "serum_mg", 100, [3]),
        ["serum.csv, row 5, column serum_mg: 1 of 24 values lie outside", "e1-control-4", "decimal point"],
    ),
    "two Mg typed without their point": (
        scaled("serum", "serum_mg", 100, [3, 9]),
        ["serum.csv, column serum_mg: 2 of 24 values lie outside", "e1-control-4", "decimal point"],
    ),
    "Ca and P exchanged": (
        exchanged,
        ["columns serum_ca, serum_p: serum_p is above serum_ca in", "of 24 animals", "exchanged?"],
    ),
    "ALP of 0": (
        put("serum", "serum_alp", 0.0, [0, 7]),
        ["2 of 24", "e1-control-1 0, ", "Is 0 written where"],
    ),
    "all ALP of 0": (put("serum", "serum_alp", 0.0), ["24 of 24", "Is 0 written where"]),
    "ALP of 45,000": (put("serum", "serum_alp", 45000.0, [1]), ["row 3", "45000", "5000 U/L"]),
    "a date for a value": (put("urine", "ctx", 45000.0, [1]), ["urine.csv, row 3", "45000"]),
    "weights ten times": (
        scaled("animals", "body_weight_final", 10),
        ["animals.csv, column body_weight_final: 24 of 24", "Divided by 10 they would be"],
    ),
    "one weight ten times": (
        scaled("animals", "body_weight_initial", 8.5, [2]),
        ["row 4, column body_weight_initial: far from the rest of its group: e1-control-3 ", "median of "],
    ),
    "one weight of three ten times": (
        one_weight_of_three,
        ["row 4, column body_weight_initial: far from the rest of its group: e1-control-3 "],
    ),
    "weights exchanged": (
        weights_exchanged,
        ["body_weight_final, body_weight_initial: body_weight_initial is above", "24 of 24 animals"],
    ),
    "creatinine in mg/dL": (
        scaled("urine", "creatinine", 11.312),
        ["24 of 24", "Taken as mg/dL they would be"],
    ),
    "a row copied": (
        copied_row,
        ["serum.csv, column animal_id: e1-control-2, e1-pairfed-4 have the same numbers"],
    ),
    "slices copied": (
        copied_slices,
        ["qct_slices.csv", "e1-control-1, e1-control-2 have the same numbers in all sl"],
    ),
    "a column filled down": (
        put("serum", "serum_pth", 110.0),
        ["serum.csv, column serum_pth: all 24 values are 110. Was the column filled down?"],
    ),
    "means of cages": (
        mean_of_cages,
        ["column food_intake: all animals of a group have the same value", "cage"],
    ),
    "content in g": (
        content_in_grams,
        ["whole_content, whole_area, thickness: 24 of 24", "cortical_content"],
    ),
    "thickness ten times": (scaled("qct_slices", "thickness", 10), ["whole_content", "cortical_content"]),
    "positions in cm": (
        scaled("qct_slices", "position", 0.1),
        [
            "qct_slices.csv, column position: the slices of every animal lie in the first 9 % of its femur",
            "in cm",
        ],
    ),
}


def test_the_small_dataset_is_plausible(study):
    assert doubts(study, lambda frames: None) == []


def test_slices_that_were_not_measured_are_no_copies_and_no_loss_of_density(study):
    assert doubts(study, slices_left_blank) == []


@pytest.mark.parametrize("case", CASES)
def test_what_is_hardly_true_is_said(study, case):
    spoil, expected = CASES[case]
    found = doubts(study, spoil)
    text = "\n".join(found)
    assert all(piece in text for piece in expected), text
    assert len(found) == (2 if case in ("content in g", "thickness ten times") else 1), text
    assert all(one.endswith((".", "?")) for one in found)
    told = speak("ja", doubts, study, spoil)
    assert len(told) == len(found) and not any(one in told for one in found)


@pytest.mark.parametrize("dataset", ["simulated", "null"])
def test_the_shipped_animals_are_plausible(study, dataset):
    folder = ROOT / "data" / dataset
    held = {
        name: Table(pd.read_csv(folder / f"{name}.csv"))
        for name in ("animals", *NAMES)
        if name in ("animals", "serum", "urine", "balance", "qct_slices")
    }
    assert find_implausible(held, NAMES, study) == []


def test_values_below_a_limit_are_not_called_alike(study):
    assert doubts(study, put("serum", "serum_pth", 5.0), below="serum.serum_pth") == []


def test_regional_densities_have_ranges_too(study):
    rows = [(f"m{one}", "cortical", "mid", 0.8) for one in range(3)]
    regions = pd.DataFrame(rows, columns=["animal_id", "structure", "region", "density"])
    (said,) = doubts(study, lambda frames: None, regions=regions)
    assert (
        said.startswith("qct_regions.csv, column bmd_cortical_mid: 3 of 3") and "Multiplied by 1,000" in said
    )


def test_a_workbook_names_its_own_sheet_and_heading(tmp_path):
    frame = tables()["serum"]
    frame["serum_mg"] *= 1000
    folder = lab_folder(tmp_path / "lab")
    replace_sheet("serum", frame.rename(columns={"serum_mg": "血清Mg (mg/dL)"}))(folder)
    dataset = mgbone.open_dataset(folder)
    assert any(
        one.startswith('lab.xlsx, sheet serum, column B "血清Mg (mg/dL)": 12 of 12') for one in dataset.doubts
    )


def test_every_measured_field_has_a_range_with_a_known_source():
    held = plausible()
    fields = {
        name
        for table in ("animals", "serum", "urine", "balance")
        for name, spec in table_fields(table).items()
        if spec["type"] == "number"
    }
    assert fields <= set(held["ranges"])
    for entry in (*held["ranges"].values(), *held["order"]):
        assert entry["source"] == "assumed" or set(entry["source"].split(";")) <= set(held["sources"])
        low, high = entry.get("possible", (0, 1))
        usual = entry.get("usual", (low, high))
        assert low <= usual[0] < usual[1] <= high


@pytest.mark.parametrize(("language", "heading"), [("en", "Worth a second look"), ("ja", "念のため確かめて")])
def test_a_check_shows_it_and_goes_on(tmp_path, capsys, language, heading):
    folder = lab_folder(tmp_path / "lab")
    frame = tables()["serum"]
    frame["serum_alp"] = 0
    replace_sheet("serum", frame)(folder)
    shown = {}
    for more in ([], ["--record", str(tmp_path / "build")]):
        assert main(["check", str(folder), "--language", language, *more]) == 0
        shown[bool(more)] = capsys.readouterr().out
        assert heading in shown[bool(more)] and "serum_alp" in shown[bool(more)]
    doubts, notes = recorded_notes(tmp_path / "build")
    assert [one in shown[False] for one in (*doubts, *notes)] == [True] * len([*doubts, *notes])
    assert len(doubts) >= 1 and "serum_alp" in doubts[0]
