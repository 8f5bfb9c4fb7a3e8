"""Measure what the README promises, print it and write it to BENCHMARKS.md: ``make bench``.

A fresh clone of the last commit goes into a temporary folder, and ``make all`` is run there three times: from
nothing, installation included; with the environment and the raw files in place; and with nothing to do.
"""

from __future__ import annotations

import os
import platform
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
VARIABLES = {"DATASET", "LANGUAGE", "FIGURES", "DERIVED", "BUILD", "VENV"}


@dataclass
class Measured:
    """Wall time and the largest sum of resident memory over all processes of one command."""

    what: str
    seconds: float
    megabytes: float
    limit: str

    def row(self) -> str:
        """Return the row of the table."""
        return f"| {self.what} | {self.seconds:.1f} s | {self.megabytes:,.0f} MB | {self.limit} |"


def measure(what: str, limit: str, command: list[str], folder: Path) -> Measured:
    """Run a command to its end and measure it.

    Raises
    ------
    SystemExit
        If the command fails; its last words are shown.
    """
    print(f"{what} ...", flush=True)
    variables = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(INHERITED) and key not in VARIABLES
    }
    start = time.monotonic()
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
        if status != 0:
            log.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{log.read()[-3000:]}")
    return Measured(what, seconds, peaks[0], limit)


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


def measure_make() -> list[Measured]:
    """Measure the three runs of ``make all`` in a fresh clone."""
    with tempfile.TemporaryDirectory(prefix="mgbone-bench-") as scratch:
        clone = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        shutil.rmtree(clone / "figures", ignore_errors=True)
        make = ["make", "all"]
        first = measure("from nothing: install, generate the arrays, run all", "240 s", make, clone)
        for made in ("figures", "build", "data/derived"):
            shutil.rmtree(clone / made)
        second = measure("environment in place: CEL files to last figure", "60 s, 4 GB", make, clone)
        third = measure("nothing changed", "1 s", make, clone)
    return [first, second, third]


def told_by(script: str) -> str:
    """Return what another benchmark of this folder prints."""
    print(f"{script} ...", flush=True)
    command = [sys.executable, str(ROOT / "tests" / "bench" / script)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Measure, print and write down."""
    rows = [measured.row() for measured in measure_make()]
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
            "| `make all` | time | memory | limit |",
            "|---|---|---|---|",
            *rows,
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
