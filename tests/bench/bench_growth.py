"""Measure how notebooks grow with animals (01, 02) and with arrays (03): tests/bench/bench_growth.py.

The shipped dataset is taken five and more times over in a temporary folder, each copy of an animal and of a
scan with noise of its own; each notebook runs as `make all` runs it.
"""

from __future__ import annotations

import math
import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from bench_make import ROOT, Measured, measure

from mgbone.dataset.arrays.cel import read_cel
from mgbone.dataset.descriptor import write_datapackage
from mgbone.simulate.cel_writer import write_cel

SHIPPED = ROOT / "data" / "simulated"
NAMES = {
    "animal_id",
    "experiment",
    "group",
    "array_id",
    "file",
    "slice",
    "position",
    "thickness",
    "femur_length",
}
TABLES = ("animals", "serum", "urine", "qct_slices", "arrays")


def larger(folder: Path, times: int, arrays: bool) -> Path:
    """Write the shipped dataset `times` over, either its arrays or its other tables."""
    rng = np.random.default_rng(1)
    folder.mkdir(parents=True)
    kept = ("animals", "arrays") if arrays else TABLES[:-1]
    for name in kept:
        table = pd.read_csv(SHIPPED / f"{name}.csv")
        copies = [_copied(table, number, rng) for number in range(times)]
        pd.concat(copies, ignore_index=True).to_csv(folder / f"{name}.csv", index=False)
    if arrays:
        shutil.copytree(SHIPPED / "platform", folder / "platform")
        (folder / "cel").mkdir()
        for path in sorted((SHIPPED / "cel").glob("*.CEL")):
            _scan_again(path, folder / "cel", times, rng)
    # Passed off as measured: a simulated dataset has all tables and arrays.
    write_datapackage(folder, "measured", f"Simulated data {times} times over, with noise", "増やしたデータ")
    return folder


def _copied(table: pd.DataFrame, number: int, rng: np.random.Generator) -> pd.DataFrame:
    copy = table.copy()
    noise = rng.normal(1, 0.01, len(table))  # one for a row: the parts of a bone still add up
    for column in [c for c in table if c not in NAMES]:
        copy[column] = (table[column] * noise).round(5)
    for column in [c for c in ("animal_id", "array_id") if c in table]:
        copy[column] = table[column] + f"-{number}"
    if "file" in table:
        copy["file"] = table["file"].str.replace(".CEL", f"-{number}.CEL")
    return copy


def _scan_again(path: Path, folder: Path, times: int, rng: np.random.Generator) -> None:
    scan = read_cel(path)
    for number in range(times):
        seen = (scan.intensities * np.exp(rng.normal(0, 0.1, len(scan.intensities)))).clip(1, 65_000)
        write_cel(
            folder / f"{path.stem}-{number}.CEL", seen.astype("f4"), scan.stdv, scan.pixels,
            chip_type=scan.chip_type, n_rows=scan.n_rows, n_cols=scan.n_cols,
            scan_date=datetime(2020, 1, 1), array_id=f"{path.stem}-{number}",
        )  # fmt: skip


def run(notebook: str, dataset: Path, what: str) -> Measured:
    """Run a notebook on a dataset, in a process of its own."""
    places = [f"--{name}={dataset.parent / name}" for name in ("figures", "derived", "build")]
    asked = ["run", f"notebooks/{notebook}.ipynb", f"--dataset={dataset}", *places]
    limit = "4 GB" if "array" in notebook else ""
    return measure(f"{notebook}, {what}", limit, [sys.executable, "-m", "mgbone.execute.cli", *asked], ROOT)


def main() -> None:
    """Measure and print a table; the power says how a notebook grows from the row above."""
    print("| notebook | processor | clock | memory | limit | power |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="mgbone-growth-") as scratch:
        for arrays, notebooks, sizes in (
            (False, ("01_biochem", "02_qct"), (48, 240, 2400)),
            (True, ("03_microarray",), (20, 100, 500)),
        ):
            kind = "arrays" if arrays else "animals"
            folders = {
                n: larger(Path(scratch) / kind / str(n) / "grown", n // sizes[0], arrays) for n in sizes
            }
            for notebook in notebooks:
                before: tuple[int, float] | None = None
                for n, folder in folders.items():
                    found = run(notebook, folder, f"{n:,} {kind}")
                    power = before and math.log(found.cpu / before[1]) / math.log(n / before[0])
                    told = f"{power:.2f}" if power is not None else ""
                    print(f"{found.row()} {told} |", flush=True)
                    before = n, found.cpu


if __name__ == "__main__":
    main()
