"""Made-up tables with a fault in each, small enough to be read by eye: ``data/faulty``, for lessons alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from mgbone.simulate.tables import MG_CREATININE_PER_MMOL
from mgbone.study.paths import write_aside

SEED = 20360
MADE_UP = "# Made up by a program (mgbone.simulate.faulty), with a fault to be found; nobody measured this."
SIDE = 40


def units(rng: np.random.Generator) -> pd.DataFrame:
    """CTX-I (ug/L) and creatinine of 16 rats; four creatinines are in mg/dL, all others in mmol/L."""
    animals = [f"{group}-{i}" for group in ("control", "mg001") for i in range(1, 9)]
    creatinine = rng.normal(4.4, 0.9, 16).clip(2.8, 6.2)
    ctx = creatinine * rng.normal(95, 14, 16)
    stale = np.isin(animals, ["control-7", "mg001-2", "mg001-5", "mg001-6"])
    groups = [animal.partition("-")[0] for animal in animals]
    ctx[3] *= 0.55  # one that is merely low
    creatinine = np.where(stale, creatinine * MG_CREATININE_PER_MMOL / 10, creatinine)
    return pd.DataFrame(
        {"animal_id": animals, "group": groups, "ctx": ctx.round(1), "creatinine": creatinine.round(2)}
    )


def gap(rng: np.random.Generator) -> pd.DataFrame:
    """Slices of three femora; in one some are missing, and the numbers run on; another is merely short."""
    rows = []
    for femur, length, lost in (
        ("femur-a", 26.0, ()),
        ("femur-b", 28.5, range(21, 26)),
        ("femur-c", 23.5, ()),
    ):
        at = [i for i in range(int(length / 0.5)) if i not in lost]
        position = 0.25 + 0.5 * np.array(at)
        area = 13 + 9 * (2 * position / length - 1) ** 2 + rng.normal(0, 0.15, len(at))
        rows.append(pd.DataFrame({"animal_id": femur, "slice": range(1, len(at) + 1), "position": position,
                                  "whole_area": area.round(2)}))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def scratch(rng: np.random.Generator) -> pd.DataFrame:
    """Residuals of four chips, laid out as on the chip; one has a scratch, another is noisy throughout."""
    chips = []
    for chip, spread in (("chip-1", 0.22), ("chip-2", 0.42), ("chip-3", 0.22), ("chip-4", 0.24)):
        image = rng.normal(0, spread, (SIDE, SIDE))
        if chip == "chip-3":
            image[6:33, 25] -= 0.8
        table = pd.DataFrame(image.round(2), columns=[f"x{i:02d}" for i in range(SIDE)])
        table.insert(0, "y", range(SIDE))
        table.insert(0, "chip", chip)
        chips.append(table)
    return pd.concat(chips, ignore_index=True)


def swapped(rng: np.random.Generator) -> pd.DataFrame:
    """log2 expression of 12 genes on 8 arrays; the labels of two were exchanged, and a third is noisy."""
    groups = ["control"] * 4 + ["mg001"] * 4
    truly = np.array([0, 0, 1, 0, 1, 1, 1, 0])  # arrays 3 and 8 bear each other's label
    change = np.where(np.arange(12) % 3 == 0, -1.1, 1.2)
    noise = rng.normal(0, 0.25, (12, 8))
    noise[:, 1] *= 3
    values = rng.uniform(5, 11, 12)[:, None] + change[:, None] * truly + noise
    table = pd.DataFrame(values.T.round(2), columns=[f"gene_{i:02d}" for i in range(1, 13)])
    table.insert(0, "group", groups)
    table.insert(0, "array_id", [f"array-{i}" for i in range(1, 9)])
    return table


def batch(rng: np.random.Generator) -> pd.DataFrame:
    """log2 expression of one gene on 12 arrays scanned on two days; the day moves it, the diet does not."""
    diet = ["control"] * 6 + ["mg001"] * 6
    day = ["Monday"] * 5 + ["Tuesday"] + ["Monday"] + ["Tuesday"] * 5
    value = 8.0 + 1.2 * (np.array(day) == "Tuesday") + rng.normal(0, 0.12, 12)
    names = [f"array-{i:02d}" for i in range(1, 13)]
    return pd.DataFrame({"array_id": names, "diet": diet, "scanned": day, "expression": value.round(2)})


TABLES: dict[str, Callable[[np.random.Generator], pd.DataFrame]] = {
    made.__name__: made for made in (units, gap, scratch, swapped, batch)
}


def write_faulty(folder: str | Path) -> None:
    """Write each of ``TABLES`` as CSV that says in its first line that it is made up."""
    for i, (name, made) in enumerate(TABLES.items()):
        text = made(np.random.default_rng(SEED + i)).to_csv(index=False, lineterminator="\n")
        with write_aside(Path(folder) / f"{name}.csv") as aside:
            aside.write_text(f"{MADE_UP}\n{text}", encoding="utf-8")
