"""Measure how long the check of a large laboratory folder takes: 5,000 animals with 100 slices each.

The folder is made in a temporary place, as text files and, far smaller, as a workbook; ``bench_make.py``
writes the table into BENCHMARKS.md. By itself: ``python tests/bench/bench_check.py``.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from mgbone.study.design import STRUCTURES, load_study

ANIMALS, SLICES = 5_000, 100
IN_WORKBOOK = 250
CHECK = "import sys; from mgbone.execute.cli import main; sys.exit(main(['check', sys.argv[1]]))"


def tables(animals: int) -> dict[str, pd.DataFrame]:
    """Return sound tables of so many animals, `SLICES` slices each, headed as laboratories do."""
    rng = np.random.default_rng(1)
    study = load_study()
    designs = [(e.label_ja, study.groups[g].label_ja) for e in study.experiments.values() for g in e.groups]
    who = pd.DataFrame([designs[place % len(designs)] for place in range(animals)], columns=["実験", "群"])
    who.insert(0, "動物ID", [f"R{place:05d}" for place in range(animals)])
    who["大腿骨長 (mm)"] = rng.normal(27.5, 0.5, animals).round(2)
    serum = pd.DataFrame(
        {"動物ID": who["動物ID"], "血清Mg (mmol/L)": rng.normal(0.8, 0.05, animals).round(3)}
    )
    serum["PTH (pg/mL)"] = rng.normal(110, 9, animals).round(1)
    slices = who.loc[who.index.repeat(SLICES), ["動物ID", "大腿骨長 (mm)"]].reset_index(drop=True)
    number = np.tile(np.arange(1, SLICES + 1), animals)
    table = {"動物ID": slices["動物ID"], "スライス番号": number}
    table["位置 (mm)"] = (slices["大腿骨長 (mm)"] * (number - 0.5) / SLICES).round(3)
    table["スライス厚 (mm)"] = 0.27
    amounts = {"cortical": (6.0, 4.0), "cancellous": (4.0, 1.0), "trabecular": (2.0, 0.8)}
    noise = rng.uniform(0.9, 1.1, len(slices))
    drawn = {name: [(value * noise).round(4) for value in pair] for name, pair in amounts.items()}
    drawn["whole"] = [drawn["cortical"][i] + drawn["cancellous"][i] for i in range(2)]
    for structure in STRUCTURES:
        table[f"{structure}_area"], table[f"{structure}_content"] = (one.round(4) for one in drawn[structure])
    return {"動物": who, "血清": serum, "qct_slices": pd.DataFrame(table)}


def measure(what: str, limit: str, folder: Path) -> str:
    """Check a folder in a process of its own; return the row of the table."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    command = [sys.executable, "-c", CHECK, str(folder)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if found.returncode:
        raise SystemExit(f"{what}: {found.stderr[-2000:]}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (
        f"| {what} | {seconds:.1f} s ({used:.1f} s of one core) | {after.ru_maxrss / 1e3:,.0f} MB | {limit} |"
    )


def measure_check() -> list[str]:
    """Measure both folders, the smaller first: memory is counted as the largest of all processes so far."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="mgbone-bench-") as scratch:
        small, large = Path(scratch) / "small", Path(scratch) / "large"
        small.mkdir()
        with pd.ExcelWriter(small / "lab.xlsx", engine="openpyxl") as writer:
            for name, table in tables(IN_WORKBOOK).items():
                table.to_excel(writer, sheet_name=name, index=False)
        what = f"check a workbook: {IN_WORKBOOK} animals, {IN_WORKBOOK * SLICES:,} slices"
        rows.append(measure(what, "", small))
        large.mkdir()
        for name, table in tables(ANIMALS).items():
            table.to_csv(large / f"{name}.csv", index=False, encoding="cp932")
        what = f"check CSV files: {ANIMALS:,} animals, {ANIMALS * SLICES:,} slices"
        rows.append(measure(what, "10 s, 1 GB", large))
    return rows


if __name__ == "__main__":
    print("\n".join(["| what | time | memory | limit |", "|---|---|---|---|", *measure_check()]))
