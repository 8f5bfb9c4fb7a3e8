"""Time this package's RMA and R's oligo::basicRMA on the same arrays in one run, with their peak memory.

    python tests/bench/bench_rma.py            20 arrays against R, then 500 arrays
    python tests/bench/bench_rma.py --quick    without the 500

Every measurement has a process of its own, so that its peak memory is its own. Exits with 1 if a target of
the compendium is missed: three times as fast as R, with less peak memory, the same result within 1e-6 log2;
500 arrays in at most 30 times the time of 20 and below 4 GB. Loading packages and compiled code is not timed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SETS, PROBES_A_SET = 22_900, 10
GIB = 1024**3


def write_arrays(folder: Path, n_arrays: int) -> None:
    """Write made-up arrays one by one, so that the writer itself needs no memory for all of them."""
    rng = np.random.default_rng(7)
    n_probes = SETS * PROBES_A_SET
    level = (rng.normal(6.5, 2, SETS).repeat(PROBES_A_SET) + rng.normal(0, 1, n_probes)).astype(np.float32)
    with (folder / "intensities.f32").open("wb") as stream:
        for _ in range(n_arrays):
            background = rng.normal(60, 10, n_probes).clip(10)
            signal = np.exp2(level + rng.normal(0, 0.3, n_probes))
            np.minimum(np.round(background + signal, 1), 65_535).astype("<f4").tofile(stream)
    labels = (f"TC{i:08d}.rn.1" for i in range(SETS) for _ in range(PROBES_A_SET))
    (folder / "labels.txt").write_text("\n".join(labels) + "\n")
    (folder / "shape.txt").write_text(f"{n_probes} {n_arrays}\n")


def run_here(folder: Path) -> None:
    """Normalise the arrays of `folder` in this process; print the seconds of the fastest of three calls."""
    import pandas as pd

    from mgbone.microarray.normalisation import rma

    rma(
        np.random.default_rng(0).gamma(2, 100, (200, 3)).astype("f4") + 20, np.arange(200) // 4
    )  # loads the code
    n_probes, n_arrays = map(int, (folder / "shape.txt").read_text().split())
    intensities = np.fromfile(folder / "intensities.f32", dtype="<f4").reshape(n_arrays, n_probes).T
    labels = pd.Index((folder / "labels.txt").read_text().split())
    seconds = []
    for _ in range(3 if n_arrays < 100 else 1):
        start = time.perf_counter()
        expression = rma(intensities, labels)
        seconds.append(time.perf_counter() - start)
    if n_arrays < 100:
        expression.to_numpy().T.tofile(folder / "ours.f64")
    print("SECONDS", min(seconds))


def measure(command: list[str]) -> tuple[float, int, str]:
    """Run a command; return its own time, its peak resident memory in bytes, and its output."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise SystemExit(f"{command[0]} failed with status {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return float(output.split("SECONDS")[1].split()[0]), usage.ru_maxrss * unit, output


def has_oligo() -> bool:
    """Say whether R with oligo is installed."""
    command = ["Rscript", "-e", "quit(status = !requireNamespace('oligo', quietly = TRUE))"]
    return (
        bool(shutil.which("Rscript"))
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )


def compare(folder: Path) -> tuple[list[tuple], dict]:
    """Measure 20 arrays here and in R."""
    write_arrays(folder, 20)
    seconds, memory, _ = measure([sys.executable, __file__, "--here", str(folder)])
    rows = [("mgbone rma", 20, seconds, memory)]
    facts = {"seconds_20": seconds, "memory_20": memory}
    if has_oligo():
        r_seconds, r_memory, _ = measure(["Rscript", str(HERE / "bench_rma.R"), str(folder)])
        rows.append(("oligo basicRMA (R)", 20, r_seconds, r_memory))
        ours, theirs = (np.fromfile(folder / name) for name in ("ours.f64", "expression.f64"))
        facts |= {
            "r_seconds_20": r_seconds,
            "r_memory_20": r_memory,
            "times_as_fast": r_seconds / seconds,
            "largest_difference": float(np.abs(ours - theirs).max()),
        }
    return rows, facts


def many(folder: Path, facts: dict) -> tuple:
    """Measure 500 arrays here."""
    write_arrays(folder, 500)
    seconds, memory, _ = measure([sys.executable, __file__, "--here", str(folder)])
    facts |= {"seconds_500": seconds, "memory_500": memory, "times_20": seconds / facts["seconds_20"]}
    return ("mgbone rma", 500, seconds, memory)


def report(rows: list[tuple], facts: dict) -> list[str]:
    """Print the table and what follows from it; return the targets that were missed."""
    print(
        f"\nRMA of arrays with {SETS * PROBES_A_SET:,} probes in {SETS:,} sets, {os.cpu_count()} processors"
    )
    print(f"{'':22}{'arrays':>7}{'seconds':>10}{'peak memory':>14}")
    for name, arrays, seconds, memory in rows:
        print(f"{name:22}{arrays:7d}{seconds:10.2f}{memory / GIB:10.2f} GiB")
    checks = []
    if "r_seconds_20" in facts:
        print(
            f"{facts['times_as_fast']:.1f} times as fast as R; largest difference "
            f"{facts['largest_difference']:.1e} log2"
        )
        checks += [
            ("three times as fast as R", facts["times_as_fast"] >= 3),
            ("less peak memory than R", facts["memory_20"] < facts["r_memory_20"]),
            ("within 1e-6 log2 of R", facts["largest_difference"] < 1e-6),
        ]
    else:
        print("R with oligo is not installed here (Debian: r-bioc-oligo): nothing to compare with.")
    if "times_20" in facts:
        print(f"500 arrays take {facts['times_20']:.1f} times as long as 20")
        checks += [
            ("500 arrays in 30 times the time of 20", facts["times_20"] <= 30),
            ("500 arrays below 4 GB", facts["memory_500"] < 4e9),
        ]
    return [name for name, met in checks if not met]


def main() -> int:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave the 500 arrays out")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        run_here(options.here)
        return 0
    with tempfile.TemporaryDirectory(prefix="bench_rma_") as folder:
        rows, facts = compare(Path(folder))
        if not options.quick:
            rows.append(many(Path(folder), facts))
    missed = report(rows, facts)
    if options.json:
        options.json.write_text(json.dumps(facts, indent=1) + "\n")
    for name in missed:
        print(f"MISSED: {name}")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
