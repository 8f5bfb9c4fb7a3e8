"""Opening a dataset: what is good opens, all that is bad is told at once, and neither takes long."""

import gc
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from helpers.languages import speak
from helpers.small_dataset import describe, tables, write_cel, write_small_dataset
from helpers.spoiling import blanked, cell, change

import mgbone
from mgbone.dataset.descriptor import write_datapackage
from mgbone.study.dictionary import OPTIONAL, TABLES, table_schema
from mgbone.study.errors import DatasetError

# --- what is good ------------------------------------------------------------------------------------


def test_a_dataset_opens_with_its_tables_typed_and_in_order(folder, study):
    dataset = mgbone.open_dataset(folder)
    assert (dataset.name, dataset.kind, dataset.seed, dataset.is_simulated) == ("small", "simulated", 1, True)
    assert (dataset.title, dataset.title_ja) == ("A small dataset", "小さなデータ")
    assert dataset.study == study
    assert list(dataset.tables) == [name for name in TABLES if name not in OPTIONAL]
    for name, written in tables().items():
        columns = [field["name"] for field in table_schema(name)["fields"]]
        pd.testing.assert_frame_equal(dataset.tables[name], written[columns], check_dtype=False)
    assert dataset.qct_slices["slice"].dtype == "int64"
    assert [path.relative_to(folder).as_posix() for path in dataset.cel_paths] == list(dataset.arrays["file"])
    assert dataset.platform_folder == folder / "platform"
    assert dataset.notes == ()


def test_label_says_simulated_in_both_languages_and_measured_otherwise(folder, tmp_path):
    simulated = mgbone.open_dataset(folder)
    assert (simulated.label, speak("ja", lambda: simulated.label)) == (
        "simulated data",
        "シミュレーションデータ",
    )
    measured = mgbone.open_dataset(write_small_dataset(tmp_path / "lab", kind="measured"))
    assert (measured.label, speak("ja", lambda: measured.label), measured.is_simulated) == (
        "measured data",
        "測定データ",
        False,
    )
    assert measured.seed is None


def test_measured_data_may_lack_tables_hashes_platform_and_values(tmp_path):
    folder = write_small_dataset(tmp_path / "lab", kind="measured")
    for gone in ("serum.csv", "urine.csv", "arrays.csv", "platform/Chip.pgf"):
        (folder / gone).unlink()
    (folder / "platform").rmdir()
    for cel in (folder / "cel").iterdir():
        cel.unlink()
    change(folder, "animals.csv", lambda lines: [lines[0], blanked(lines[1], 5), *lines[2:]])
    write_datapackage(folder, "measured", "Lab")
    raw = json.loads((folder / "datapackage.json").read_text())
    for resource in raw["resources"]:
        del resource["hash"], resource["bytes"], resource["schema"]
    (folder / "datapackage.json").write_text(json.dumps(raw))
    dataset = mgbone.open_dataset(folder)
    assert dataset.serum is None and dataset.urine is None and dataset.arrays is None
    assert dataset.cel_paths == () and dataset.platform_folder is None
    assert np.isnan(dataset.animals.loc[0, "food_intake"])
    assert list(dataset.tables) == ["animals", "qct_slices"]


def test_a_study_file_in_the_folder_wins(folder):
    text = (mgbone.study.paths.project_root() / "data" / "study.yml").read_text(encoding="utf-8")
    text = text.replace("mg002", "low").replace("title: Mild", "title: Another")
    (folder / "study.yml").write_text(text, encoding="utf-8")
    change(folder, "animals.csv", lambda lines: [line.replace(",mg002,", ",low,") for line in lines])
    describe(folder)
    dataset = mgbone.open_dataset(folder)
    assert dataset.study.title.startswith("Another")
    assert "low" in set(dataset.animals["group"])


def test_a_relative_path_counts_from_the_project(tmp_path, monkeypatch):
    root = tmp_path / "project"
    (root / "data").mkdir(parents=True)
    (root / "data" / "study.yml").write_bytes(
        (mgbone.study.paths.project_root() / "data" / "study.yml").read_bytes()
    )
    write_small_dataset(root / "data" / "small")
    monkeypatch.setenv("MGBONE_ROOT", str(root))
    monkeypatch.chdir(tmp_path)
    assert mgbone.open_dataset("data/small").path == root / "data" / "small"


# --- what is bad -------------------------------------------------------------------------------------


def test_all_faults_of_all_files_come_at_once(folder):
    for spoil in (
        cell("animals.csv", 5, "group", "mg002"),
        cell("serum.csv", 7, "serum_ca", "-10.2"),
        cell("urine.csv", 2, "creatinine", "0"),
        cell("qct_slices.csv", 6, "position", "40"),
        cell("serum.csv", 2, "serum_mg", "high"),
    ):
        spoil(folder)
    write_cel(folder / "cel/e1-mg001-1.CEL", chip="RaGene-2_0-st-v1", seed=9)
    describe(folder)
    (folder / "platform/Chip.pgf").write_text("changed")
    faults = mgbone.check_dataset(folder)
    assert [fault.split(":")[0] for fault in faults] == [
        "serum.csv, row 2, column serum_mg",
        "serum.csv, row 7, column serum_ca",
        "urine.csv, row 2, column creatinine",
        "animals.csv, row 5, column group",
        "qct_slices.csv, row 6, column position",
        "platform/Chip.pgf",
        "arrays.csv, row 3, column file",
    ]
    with pytest.raises(DatasetError, match=r"^7 faults found:\n  - serum.csv, row 2"):
        mgbone.open_dataset(folder)


@pytest.mark.parametrize(
    ("name", "problem"), [("nowhere", "the folder is missing"), ("file", "is a file, not a folder")]
)
def test_a_folder_that_is_none_is_named(tmp_path, name, problem):
    (tmp_path / "file").write_text("")
    assert mgbone.check_dataset(tmp_path / name) == [
        f"{tmp_path / name}: {problem}. Give the folder that holds the dataset."
    ]


# --- speed -------------------------------------------------------------------------------------------


def test_importing_the_package_loads_no_library():
    code = (
        "import sys, mgbone; print(sorted({'numpy', 'pandas', 'frictionless', 'pandera'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_opening_loads_neither_pandera_nor_frictionless(folder):
    code = (
        f"import sys, mgbone; mgbone.open_dataset({str(folder)!r}); "
        "print(sorted({'pandera', 'frictionless', 'matplotlib', 'gseapy', 'pylimma'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def write_many(folder, n_animals=5000, n_slices=100):
    """Write 5,000 animals and 500,000 slices, measured."""
    folder.mkdir()
    one = tables(n_per_group=-(-n_animals // 6))
    animals = one["animals"].iloc[:n_animals]
    animals.to_csv(folder / "animals.csv", index=False)
    one["serum"].iloc[:n_animals].to_csv(folder / "serum.csv", index=False)
    slices = one["qct_slices"].iloc[:1].loc[[0] * (n_animals * n_slices)].reset_index(drop=True)
    slices["animal_id"] = animals["animal_id"].repeat(n_slices).to_numpy()
    slices["slice"] = np.tile(np.arange(1, n_slices + 1), n_animals)
    slices["position"] = (slices["slice"] * 0.25 - 0.125).round(3)
    slices.to_csv(folder / "qct_slices.csv", index=False)
    write_datapackage(folder, "measured", "Many")


def spoilt_everywhere(folder):
    """Put a fault of another kind into every other row of every column of the slices."""
    frame = pd.read_csv(folder / "qct_slices.csv").astype(object)
    frame.loc[::2, "thickness"] = "thin"
    frame.loc[::2, "cortical_area"] = "-3"
    frame.loc[::3, "position"] = "99"
    frame.loc[1::2, "whole_content"] = "<0.5"
    frame.loc[::4, "animal_id"] = "nobody"
    frame.loc[::5, "slice"] = 1
    frame.to_csv(folder / "qct_slices.csv", index=False)
    write_datapackage(folder, "measured", "Many")


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
@pytest.mark.parametrize("spoil", [None, spoilt_everywhere])
def test_five_thousand_animals_take_at_most_one_gigabyte(tmp_path, spoil):
    folder = tmp_path / "many"
    write_many(folder)
    if spoil:
        spoil(folder)
    gc.collect()
    code = (
        # A child counts its parent's memory in ru_maxrss, not in VmHWM.
        f"import mgbone; n = len(mgbone.check_dataset({str(folder)!r})); "
        "print(n, open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, kilobytes = map(int, done.stdout.split())
    assert (count > 0) == bool(spoil)
    assert kilobytes <= 1_000_000
