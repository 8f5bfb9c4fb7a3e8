"""Measure what the README promises, print it and write it to BENCHMARKS.md: ``make bench``.

A fresh clone of the last commit goes into a temporary folder, and ``make all`` is run there three times: from
nothing, installation included; with the environment and the raw files in place; and with nothing to do.

    make bench AGAINST=419dd96        measures that commit beside it, in turn, each with its own packages
"""

from __future__ import annotations

import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
# What make or a user hands down must not reach the clone: PY would spare it its own environment.
INHERITED = ("MAKE", "MFLAGS", "PY", "MGBONE", "VIRTUAL_ENV", "PIP_NO_CACHE")
CHAIN = ("03_microarray", "04_integration")
VARIABLES = {"DATASET", "LANGUAGE", "FIGURES", "DERIVED", "BUILD", "VENV", "AGAINST"}


@dataclass
class Measured:
    """Seconds of all processes of a command and by the clock, the largest sum of their memory, the log."""

    what: str
    cpu: float
    seconds: float
    megabytes: float
    limit: str
    log: str

    def row(self) -> str:
        """Return the row of the table."""
        return (
            f"| {self.what} | {self.cpu:.1f} s | {self.seconds:.1f} s | {self.megabytes:,.0f} MB | "
            f"{self.limit} |"
        )

    @property
    def chain(self) -> float:
        """Seconds by the clock of the longest chain of notebooks: 03, then 04."""
        return sum(float(re.findall(rf"\[{stem}\] +([\d.]+) s", self.log)[-1]) for stem in CHAIN)


def measure(what: str, limit: str, command: list[str], folder: Path) -> Measured:
    """Run a command to its end and measure it.

    Raises
    ------
    SystemExit
        If the command fails; its last words are shown.
    """
    print(f"{what} ...", file=sys.stderr, flush=True)
    variables = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(INHERITED) and key not in VARIABLES
    }
    start, before = time.monotonic(), _processor()
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**variables, "PIP_NO_CACHE_DIR": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        peaks = [0.0]
        watcher = threading.Thread(target=_watch, args=(process, peaks), daemon=True)
        watcher.start()
        status = process.wait()
        seconds = time.monotonic() - start
        watcher.join()
        log.seek(0)
        said = log.read()
        if status != 0:
            raise SystemExit(f"{' '.join(command)} failed:\n{said[-3000:]}")
    return Measured(what, _processor() - before, seconds, peaks[0], limit, said)


def _processor() -> float:
    """Seconds, user and system, of all children that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _watch(process: subprocess.Popen, peaks: list[float]) -> None:
    """Keep the largest sum of resident memory, in MB, of a process and all processes below it."""
    root = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            family = [root, *root.children(recursive=True)]
        except psutil.Error:
            return
        total = 0
        for member in family:
            try:
                total += member.memory_info().rss
            except psutil.Error:
                continue
        peaks[0] = max(peaks[0], total / 1e6)
        time.sleep(0.2)


def measure_make(scratch: Path) -> list[Measured]:
    """Measure the three runs of ``make all`` in a fresh clone of the last commit."""
    clone = cloned(scratch, "HEAD")
    make = ["make", "all"]
    first = measure("from nothing: install, generate the arrays, run all", "240 s", make, clone)
    second = again(clone)
    third = measure("nothing changed", "1 s", make, clone)
    return [first, second, third]


def cloned(scratch: Path, commit: str) -> Path:
    """Clone a commit into a folder of `scratch`, without its figures."""
    clone = scratch / commit
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    named = subprocess.run(["git", "rev-parse", commit], cwd=ROOT, capture_output=True, text=True, check=True)
    subprocess.run(["git", "checkout", "--quiet", named.stdout.strip()], cwd=clone, check=True)
    shutil.rmtree(clone / "figures", ignore_errors=True)
    return clone


def again(clone: Path) -> Measured:
    """Measure ``make all`` with environment and arrays in place."""
    for made in ("figures", "build", "data/derived"):
        shutil.rmtree(clone / made)
    return measure("environment in place: CEL files to last figure", "60 s, 4 GB", ["make", "all"], clone)


def beside(scratch: Path, commit: str, times: int = 3) -> str:
    """Measure ``make all`` of this commit and of another in turn; return a table of the least of each."""
    here, there = scratch / "HEAD", cloned(scratch, commit)
    measure(f"{commit}: install", "", ["make", "all"], there)
    runs = [(again(here), again(there)) for _ in range(times)]
    rows = [f"| `make all`, environment in place | this commit | {commit} | ratio |", "|---|---|---|---|"]
    for what, figure in (("all processes", "cpu"), ("03, then 04, by the clock", "chain")):
        mine, theirs = (min(getattr(run, figure) for run in taken) for taken in zip(*runs, strict=True))
        rows.append(f"| {what} | {mine:.1f} s | {theirs:.1f} s | {mine / theirs:.2f} |")
    return "\n".join(rows)


def told_by(script: str) -> str:
    """Return what another benchmark of this folder prints."""
    print(f"{script} ...", flush=True)
    command = [sys.executable, str(ROOT / "tests" / "bench" / script)]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def main() -> None:
    """Measure, print and write down."""
    against = os.environ.get("AGAINST")
    with tempfile.TemporaryDirectory(prefix="mgbone-bench-") as scratch:
        rows = [measured.row() for measured in measure_make(Path(scratch))]
        ratio = ["", beside(Path(scratch), against)] if against else []
    memory = psutil.virtual_memory().total / 2**30
    asked = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    text = "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `make bench`; the numbers are one machine's on one day.",
            "",
            f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB, {platform.system()}, "
            f"Python {platform.python_version()}, commit {commit}.",
            "",
            "| `make all` | processor | clock | memory | limit |",
            "|---|---|---|---|---|",
            *rows,
            *ratio,
            "",
            "Memory is the largest sum over all processes at one moment; shared pages count several times.",
            "Installing includes the download, without a cache.",
            "",
            "## Functions",
            "",
            told_by("bench_functions.py"),
            "",
            "## Checking a large dataset",
            "",
            told_by("bench_check.py"),
            "",
            "## Explorer page in Chromium",
            "",
            told_by("bench_explorer.py"),
            "",
            "## Growth with animals and arrays",
            "",
            told_by("bench_growth.py"),
            "",
            "## Arrays beside R",
            "",
            told_by("bench_arrays.py"),
            "",
            "## RMA beside R's oligo",
            "",
            "```",
            told_by("bench_rma.py"),
            "```",
            "",
        ]
    )
    (ROOT / "BENCHMARKS.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
