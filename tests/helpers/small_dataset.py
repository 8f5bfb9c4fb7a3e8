"""A small dataset without fault, for tests to spoil."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from mgbone.dataset.descriptor import write_datapackage
from mgbone.dataset.opening import Dataset
from mgbone.study.design import STRUCTURES, load_study

N_SLICES = 5


def write_cel(path, chip="Clariom_S_Rat", seed=0, side=4):
    """Write a text CEL file (version 3) of side x side cells."""
    rng = np.random.default_rng(seed)
    rows = [f"{x}\t{y}\t{rng.uniform(50, 5000):.1f}\t9.0\t25" for y in range(side) for x in range(side)]
    text = (
        f"[CEL]\nVersion=3\n\n[HEADER]\nCols={side}\nRows={side}\n"
        f"DatHeader=[0..65534]  {chip}.1sq\nAlgorithm=Percentile\nAlgorithmParameters=Percentile:75\n\n"
        f"[INTENSITY]\nNumberCells={side * side}\nCellHeader=X\tY\tMEAN\tSTDV\tNPIXELS\n"
        + "\n".join(rows)
        + "\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


_study = cache(load_study)


def tables(n_per_group=2):
    """Return the five tables as frames, without fault; each caller gets its own."""
    return {name: frame.copy() for name, frame in _tables(n_per_group).items()}


@cache
def _tables(n_per_group):
    rng = np.random.default_rng(1)
    study = _study()
    who = [
        (f"e{number}-{group}-{one}", name, group)
        for number, (name, experiment) in enumerate(study.experiments.items(), start=1)
        for group in experiment.groups
        for one in range(1, n_per_group + 1)
    ]
    animals = pd.DataFrame(who, columns=["animal_id", "experiment", "group"])
    n = len(animals)
    animals["body_weight_initial"] = rng.normal(90, 5, n).round(1)
    animals["body_weight_final"] = rng.normal(165, 9, n).round(1)
    animals["food_intake"] = rng.normal(14, 1, n).round(2)
    animals["femur_length"] = rng.normal(27.5, 0.5, n).round(2)
    names = animals["animal_id"]
    serum = pd.DataFrame({"animal_id": names})
    for column, mean in {"mg": 2, "ca": 10, "p": 9, "pth": 110, "osteocalcin": 130, "alp": 650}.items():
        serum[f"serum_{column}"] = (mean * rng.uniform(0.9, 1.1, n)).round(3)
    urine = pd.DataFrame({"animal_id": names})
    for column, mean in {"urine_volume": 12, "ctx": 500, "dpd": 900, "creatinine": 5}.items():
        urine[column] = (mean * rng.uniform(0.9, 1.1, n)).round(3)
    slices = animals[["animal_id", "femur_length"]].loc[animals.index.repeat(N_SLICES)].reset_index(drop=True)
    slices["slice"] = np.tile(np.arange(1, N_SLICES + 1), n)
    slices["position"] = (slices.pop("femur_length") * (slices["slice"] - 0.5) / N_SLICES).round(2)
    slices["thickness"] = 0.5
    area = {"cortical": 6.0, "cancellous": 4.0, "trabecular": 2.0}
    area["whole"] = area["cortical"] + area["cancellous"]
    content = {"cortical": 2.4, "cancellous": 0.6, "trabecular": 0.5, "whole": 3.0}
    for structure in STRUCTURES:
        slices[f"{structure}_area"], slices[f"{structure}_content"] = area[structure], content[structure]
    first = names[names.str.endswith("-1") & (animals["group"] != "control")].reset_index(drop=True)
    arrays = pd.DataFrame({"array_id": first + "-a", "animal_id": first, "file": "cel/" + first + ".CEL"})
    return {"animals": animals, "serum": serum, "urine": urine, "qct_slices": slices, "arrays": arrays}


def write_small_dataset(folder, kind="simulated"):
    """Write the small dataset with its CEL and library files and descriptor."""
    folder.mkdir(parents=True)
    frames = tables()
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    for seed, file in enumerate(frames["arrays"]["file"]):
        write_cel(folder / file, seed=seed)
    (folder / "platform").mkdir()
    (folder / "platform" / "Chip.pgf").write_text("#%chip_type=Clariom_S_Rat\n")
    describe(folder, kind)
    return folder


def describe(folder, kind="simulated"):
    """Write the descriptor anew, so that a spoilt table is the only fault and not its checksum."""
    write_datapackage(
        folder, kind, "A small dataset", "小さなデータ", seed=1 if kind == "simulated" else None
    )


def in_memory(study=None, **frames):
    """Return the small dataset without its folder, with some of its tables replaced (None: left out)."""
    held = {**tables(), **frames}
    return Dataset(
        path=Path("small"), name="small", kind="simulated", title="A small dataset", title_ja="小さなデータ",
        seed=1, study=study or _study(), **held,
    )  # fmt: skip


def assert_named(faults, expected, folder):
    """Hold each fault against its beginning and its pieces; none may show a traceback or a folder."""
    assert len(faults) == len(expected), "\n".join(faults)
    for fault, (start, *pieces) in zip(faults, expected, strict=True):
        assert fault.startswith(start), fault
        for piece in pieces:
            assert piece in fault, fault
        assert fault.endswith((".", "?")) and "Traceback" not in fault and str(folder) not in fault, fault
