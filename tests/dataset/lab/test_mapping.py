"""Exports of a qCT scanner under other names: columns, units, direction, thickness; slices or regions."""

import numpy as np
import pandas as pd
import pytest
from helpers.lab_folders import csv_folder, frames

import mgbone
from mgbone.qct import regional_density
from mgbone.study.design import REGIONS, STRUCTURES

THEIRS = {"animal_id": "Sample ID", "slice": "Slice No.", "position": "Pos", "thickness": "Thick (mm)"}
MAPPING = """
files: latheta*.csv
direction: distal to proximal
columns:
  animal_id: Sample ID
  slice: Slice No.
  position: Pos
  thickness: Thick (mm)
  whole_area: Total Area
  whole_content: Total BMC
  cortical_area: Cort Area
  cortical_content: Cort BMC
  cancellous_area: Canc Area
  cancellous_content: Canc BMC
  trabecular_area: Trab Area
  trabecular_content: Trab BMC
units: {position: mm, whole_area: mm2, cortical_area: mm2, cancellous_area: mm2, trabecular_area: mm2,
        whole_content: mg, cortical_content: mg, cancellous_content: mg, trabecular_content: mg}
phantom: "HA 0 to 800 mg/cm3"
"""


def export(table=None):
    """Return the slices under the names of a scanner's software."""
    table = frames()["qct_slices"] if table is None else table
    short = {"whole": "Total", "cortical": "Cort", "cancellous": "Canc", "trabecular": "Trab"}
    kinds = {"area": "Area", "content": "BMC"}
    names = {f"{s}_{k}": f"{a} {b}" for s, a in short.items() for k, b in kinds.items()}
    return table.rename(columns=THEIRS | names)


def write(folder, table, mapping=MAPPING, name="latheta_1.csv"):
    csv_folder(folder, ("animals",))
    table.to_csv(folder / name, index=False, encoding="cp932")
    (folder / "qct_mapping.yml").write_text(mapping, encoding="utf-8")
    return folder


def slices_of(folder):
    return mgbone.open_dataset(folder).qct_slices


def same(found):
    return pd.testing.assert_frame_equal(
        found, frames()["qct_slices"][list(found)], check_dtype=False, rtol=1e-11
    )


def test_columns_under_other_names(tmp_path):
    folder = write(tmp_path / "lab", export())
    same(slices_of(folder))
    assert "qct_mapping.yml: calibrated with HA 0 to 800 mg/cm3." in mgbone.open_dataset(folder).notes


def test_other_units(tmp_path):
    table = export()
    for column in table.columns[table.columns.str.endswith("Area")]:
        table[column] /= 100
    table["Pos"] /= 10
    folder = write(
        tmp_path / "lab", table, MAPPING.replace("mm2", "cm2").replace("position: mm", "position: cm")
    )
    same(slices_of(folder))
    assert "60 values of whole_area converted from cm² to mm² (x 100)" in "\n".join(
        mgbone.open_dataset(folder).notes
    )


def test_a_unit_in_the_heading_of_the_export_wins(tmp_path):
    table = export().rename(columns={"Pos": "Pos (cm)"})
    table["Pos (cm)"] /= 10
    mapping = MAPPING.replace("position: Pos", "position: Pos (cm)")
    same(slices_of(write(tmp_path / "lab", table, mapping)))


def test_a_scan_from_the_hip_is_turned(tmp_path):
    """By hand: a slice at 2 mm from the hip of a femur of 27 mm lies at 25 mm from the knee."""
    length = frames()["animals"].set_index("animal_id")["femur_length"]
    table = frames()["qct_slices"]
    n = table.groupby("animal_id")["slice"].transform("max")
    table["position"] = table["animal_id"].map(length) - table["position"]
    table["slice"] = n + 1 - table["slice"]
    folder = write(
        tmp_path / "lab", export(table), MAPPING.replace("distal to proximal", "proximal to distal")
    )
    found = slices_of(folder).sort_values(["animal_id", "slice"], ignore_index=True)
    expected = frames()["qct_slices"].sort_values(["animal_id", "slice"], ignore_index=True)
    pd.testing.assert_frame_equal(found, expected[list(found)], check_dtype=False, rtol=1e-9)
    assert "positions were counted from the other end" in "\n".join(mgbone.open_dataset(folder).notes)


def test_thickness_and_positions_as_stated(tmp_path):
    table = export().drop(columns=["Thick (mm)", "Pos"])
    mapping = MAPPING.replace("  position: Pos\n  thickness: Thick (mm)\n", "").replace("position: mm, ", "")
    folder = write(tmp_path / "lab", table, mapping + "thickness: 0.5\npitch: 2\nfirst_position: 1.5\n")
    found = slices_of(folder)
    assert found["thickness"].unique().tolist() == [0.5]
    assert found.groupby("animal_id")["position"].unique().iloc[0].tolist() == [1.5, 3.5, 5.5, 7.5, 9.5]
    folder = write(tmp_path / "other", table, mapping + "thickness: 0.5\npitch: 2\n")
    assert slices_of(folder)["position"].head(2).tolist() == [1.0, 3.0]
    assert "positions taken as 1 mm + 2 mm per slice" in "\n".join(mgbone.open_dataset(folder).notes)


def test_slices_are_numbered_by_position_where_they_have_no_number(tmp_path):
    table = export().drop(columns="Slice No.").sample(frac=1, random_state=1)
    folder = write(tmp_path / "lab", table, MAPPING.replace("  slice: Slice No.\n", ""))
    found = slices_of(folder).sort_values(["animal_id", "slice"], ignore_index=True)
    expected = frames()["qct_slices"].sort_values(["animal_id", "slice"], ignore_index=True)
    pd.testing.assert_frame_equal(found, expected[list(found)], check_dtype=False)
    assert "slices numbered from the distal end by their position" in "\n".join(
        mgbone.open_dataset(folder).notes
    )


def test_several_exports_are_put_together(tmp_path):
    table = export()
    folder = write(tmp_path / "lab", table.head(30))
    table.tail(30).to_csv(folder / "latheta_2.csv", index=False)
    same(slices_of(folder))


def test_an_export_in_several_files_is_faulted_in_the_right_one(tmp_path):
    table = export()
    folder = write(tmp_path / "lab", table.head(30))
    last = table.tail(30).copy()
    last.loc[last.index[3], "Total Area"] = 99
    last.to_csv(folder / "latheta_2.csv", index=False)
    (fault,) = mgbone.check_dataset(folder)
    assert fault.startswith(
        'latheta_2.csv, row 5, column E "Total Area": found 99 mm², but cortical + cancellous'
    )


# --- regions -----------------------------------------------------------------------------------------


def regional_values():
    """Return density by animal, structure and region, as a function of all three."""
    rows = [
        (animal, structure, region, 100.0 + 10 * a + 3 * s + r)
        for a, animal in enumerate(frames()["animals"]["animal_id"])
        for s, structure in enumerate(STRUCTURES)
        for r, region in enumerate(REGIONS)
    ]
    return pd.DataFrame(rows, columns=["animal_id", "structure", "region", "density"])


def in_order(table):
    return table.sort_values(["animal_id", "structure", "region"], ignore_index=True)


def theirs(table):
    structures = {"whole": "全骨", "cortical": "皮質骨", "cancellous": "海綿骨", "trabecular": "骨梁"}
    regions = {"full": "全長", "distal": "遠位部", "mid": "中間部", "proximal": "近位部"}
    return table.assign(structure=table["structure"].map(structures), region=table["region"].map(regions))


@pytest.mark.parametrize("form", ["density", "content and volume", "wide", "mapped"])
def test_regional_density_in_each_form(tmp_path, form):
    folder = csv_folder(tmp_path / "lab", ("animals",))
    table = regional_values()
    if form == "density":
        given = theirs(table).rename(
            columns={
                "animal_id": "動物ID",
                "structure": "構造",
                "region": "部位",
                "density": "骨密度 (g/cm3)",
            }
        )
        given["骨密度 (g/cm3)"] /= 1000
    elif form == "content and volume":
        given = (
            theirs(table)
            .assign(volume=20.0, content=lambda t: t["density"] * 20 / 1000)
            .drop(columns="density")
        )
        given = given.rename(columns={"volume": "体積 (mm3)", "content": "骨塩量 (mg)"})
    elif form == "wide":
        names = "bmd_" + table["structure"] + "_" + table["region"]
        given = (
            table.assign(name=names)
            .pivot_table(index="animal_id", columns="name", values="density")
            .reset_index()
        )
    else:
        codes = table.replace({"structure": {"cortical": "C1"}, "region": {"mid": "R2"}})
        given = codes.rename(
            columns={"animal_id": "Sample", "structure": "Comp", "region": "ROI", "density": "vBMD2"}
        )
        (folder / "qct_mapping.yml").write_text(
            "rows: regions\nfiles: qct_regions.csv\nunits: {density: mg/cm3}\nstructures: "
            "{C1: cortical}\nregions: {R2: mid}\n"
            "columns: {animal_id: Sample, structure: Comp, region: ROI, density: vBMD2}\n"
        )
    given.to_csv(folder / "qct_regions.csv", index=False)
    dataset = mgbone.open_dataset(folder)
    pd.testing.assert_frame_equal(in_order(dataset.qct_regions), in_order(table), rtol=1e-9)
    assert dataset.qct_slices is None


def test_regional_density_becomes_endpoints_as_it_is(tmp_path):
    folder = csv_folder(tmp_path / "lab", ("animals",))
    regional_values().rename(columns={"density": "density (mg/cm3)"}).to_csv(
        folder / "qct_regions.csv", index=False
    )
    dataset = mgbone.open_dataset(folder)
    found = regional_density(dataset, dataset.study).set_index(["animal_id", "endpoint"])["value"]
    values = regional_values()
    values["endpoint"] = "bmd_" + values["structure"] + "_" + values["region"]
    expected = values.set_index(["animal_id", "endpoint"])["density"]
    np.testing.assert_allclose(found.loc[expected.index], expected)


def test_doubled_regional_density_is_a_fault(tmp_path):
    folder = csv_folder(tmp_path / "lab", ("animals",))
    table = regional_values().rename(columns={"density": "density (mg/cm3)"})
    pd.concat([table, table.head(1)]).to_csv(folder / "qct_regions.csv", index=False)
    (fault,) = mgbone.check_dataset(folder)
    assert fault.startswith("qct_regions.csv, row 194: whole full of e1-control-1 stands already in row 2")
