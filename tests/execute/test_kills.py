"""Killed at any moment: whole files only, and the next run carries on to the bytes of an undisturbed one."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from helpers.tiny_project import STEMS, environment, make, tiny_notebook, tiny_project

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="make and POSIX signals")]

KILLS = 10
BULK = 400_000  # characters a figure: long enough for a kill to meet one half written
DRAWING = (
    "for number in range(12):\n"
    f"    run.draw(f'{{run.stem}}_{{number}}', f'<svg>{{dataset}}{{number}}' + 'x' * {BULK} + '</svg>')"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tiny_project(tmp_path_factory.mktemp("killed") / "project")
    for stem in STEMS:
        module = stem[3:]
        tiny_notebook(folder / "notebooks" / f"{stem}.ipynb", module, DRAWING)
    for name in ("simulated", "lab"):
        (folder / "data" / name / "readonly.csv").write_text("animal_id\n")
    return folder


def figures(folder):
    """Return the bytes of every figure and of each list of outputs, hidden files too, by path."""
    places = [folder / "figures", folder / "data" / "derived"]
    files = [path for place in places for path in sorted(place.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def torn(folder):
    """Return the files that are not whole, among all that a run writes and that bear their final name."""
    ends = {
        ".png": "</svg>",
        ".svg": "</svg>",
        ".html": "</html>",
        ".txt": "\n",
        ".digest": "\n",
    }
    found = []
    for place in (folder / "figures", folder / "data" / "derived", folder / "build"):
        for path in sorted(place.rglob("*.*")):
            if path.name.startswith(".") or path.suffix not in {*ends, ".ipynb"}:
                continue
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".ipynb":
                whole = bool(json.loads(text)["cells"])
            elif path.stem.endswith("_a"):  # the small figure of every tiny notebook
                whole = text == "data/simulated en"
            else:
                whole = text.endswith(ends[path.suffix]) or text.rstrip().endswith(ends[path.suffix])
                whole &= path.suffix not in (".png", ".svg") or len(text) > BULK
            found += [] if whole else [path.name]
    return found


def start(folder):
    """Begin `make all` in a process group of its own."""
    return subprocess.Popen(
        ["make", f"PY={sys.executable}", "all"], cwd=folder, env=environment(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def test_ten_kills_leave_whole_files_and_the_next_run_carries_on(project):
    inputs = {path: path.read_bytes() for path in (project / "data" / "simulated").rglob("*.csv")}
    began = time.monotonic()
    assert make(project, "all").returncode == 0
    whole_run = time.monotonic() - began
    undisturbed = figures(project)
    moments = random.Random(20)
    for number in range(KILLS):
        # Sometimes all is to be done, more often the last notebook alone, so that kills meet every stage.
        stale = STEMS if number % 5 == 0 else STEMS[-1:]
        for stem in stale:
            (project / "build" / "simulated" / f"{stem}.ipynb").unlink(missing_ok=True)
        run = start(project)
        time.sleep(moments.uniform(0.1, whole_run if len(stale) > 1 else whole_run / 2))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        assert torn(project) == [], number
        again = make(project, "all")
        assert again.returncode == 0, again.stderr
        assert "Traceback" not in again.stderr
        assert torn(project) == [], number
    time.sleep(1.5)  # a kernel whose parent was killed notices within a second
    assert {k: v for k, v in figures(project).items() if "/." not in k} == undisturbed
    assert {path: path.read_bytes() for path in inputs} == inputs
    assert "started" not in make(project, "all").stdout


def test_a_table_cut_short_is_seen_as_torn(project, tmp_path):
    """The check of this file can fail."""
    page = tmp_path / "figures" / "lab" / "x_1.svg"
    page.parent.mkdir(parents=True)
    page.write_text("<svg>" + "x" * BULK)
    assert torn(tmp_path) == ["x_1.svg"]
    page.write_text("<svg></svg>")
    assert torn(tmp_path) == ["x_1.svg"]
    page.write_text("<svg>" + "x" * BULK + "</svg>")
    assert torn(tmp_path) == []
