"""Set the numbers of notebook 03, CEL files to gene sets without pictures, beside the same in R.

    python tests/bench/bench_arrays.py            three runs of each, one after the other in turn

Each run is a process of its own with one thread, loading of packages included; the fastest of each counts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "data/simulated"
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
PACKAGES = ("affxparser", "preprocessCore", "limma")


def analyse() -> None:
    """Compute in this process what `bench_arrays.R` computes."""
    import mgbone
    from mgbone.microarray import arrays, changed_genes, enrichment, genesets

    dataset = mgbone.open_dataset(FOLDER)
    scans = arrays.load_arrays(dataset)
    _, genes = arrays.normalise(scans)
    tested = arrays.compare_arrays(genes, scans.table, dataset.study)
    sets = genesets.load_gene_sets()
    lists = changed_genes.gene_lists(tested, q=0.05, log2_fold_change=0.0)
    enrichment.over_representation(lists, sets, genes.index)
    found = enrichment.camera(tested, sets)
    print(len(genes), "genes,", len(found), "tests of sets")


def seconds(command: list[str]) -> tuple[float, float]:
    """Run a command; return the seconds of processor that it and its children took, and of the clock."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | ONE_THREAD, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} failed with status {process.returncode}")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - start


def has_r() -> bool:
    """Say whether R with the packages is installed."""
    if not shutil.which("Rscript"):
        return False
    asked = " && ".join(f"requireNamespace('{name}', quietly = TRUE)" for name in PACKAGES)
    command = ["Rscript", "-e", f"quit(status = !({asked}))"]
    return not subprocess.run(command, capture_output=True, check=False).returncode


def main() -> None:
    """Measure both in turn and print a table."""
    commands = {"mgbone": [sys.executable, __file__, "--here"]}
    if has_r():
        commands["R"] = ["Rscript", "tests/bench/bench_arrays.R", FOLDER]
    taken = {name: [] for name in commands}
    for _ in range(3):
        for name, command in commands.items():
            taken[name].append(seconds(command))
    best = {name: tuple(map(min, zip(*runs, strict=True))) for name, runs in taken.items()}
    print("| CEL files to gene sets | processor | clock |\n|---|---|---|")
    for name, (cpu, wall) in best.items():
        print(f"| {name} | {cpu:.1f} s | {wall:.1f} s |")
    if "R" in best:
        ratios = [mine / theirs for mine, theirs in zip(best["mgbone"], best["R"], strict=True)]
        print(f"| ratio | {ratios[0]:.2f} | {ratios[1]:.2f} |")
    else:
        print(f"\nR with {', '.join(PACKAGES)} is not installed here: nothing to compare with.")


if __name__ == "__main__":
    analyse() if "--here" in sys.argv else main()
