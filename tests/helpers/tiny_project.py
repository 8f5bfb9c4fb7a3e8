"""A project of tiny notebooks under the real Makefile, for tests of what runs when."""

import json
import os
import re
import shutil
import subprocess
import sys

from helpers import ROOT

# Beside all of the ground floor, which stands for itself.
REAL = (
    "__init__.py", "course/__init__.py", "course/copies.py", "course/exercises.py", "course/glossary.py",
    "course/sheets.py", "dataset/__init__.py", "dataset/arrays/__init__.py", "dataset/arrays/expression.py",
    "dataset/descriptor.py", "dataset/faults.py", "dataset/table.py",
    "execute/__init__.py", "execute/cli.py", "execute/kernels.py", "execute/loaded.py",
    "execute/notebook.py", "execute/pages.py", "execute/policy.py", "execute/stamps.py",
)  # fmt: skip
STEMS = ("01_biochem", "02_qct", "03_microarray", "04_integration")
APART = "05_certainty"

DATASET = """
from types import SimpleNamespace
from mgbone.study.errors import DatasetError

def open_dataset(path):
    faults = path / "faults.txt"
    if faults.exists():
        raise DatasetError(faults.read_text().splitlines())
    return SimpleNamespace(
        title="Tiny", title_ja="", name=path.name, is_simulated=True, arrays=None, notes=(), doubts=()
    )
"""
SIMULATE = """
import sys
from pathlib import Path

for part in ("cel/a.CEL", "platform/a.pgf"):
    path = Path(sys.argv[1]) / part
    path.parent.mkdir(exist_ok=True)
    path.write_text(part)
"""
CONTROL = """
from mgbone.study.paths import resolve, write_aside

def main(target):
    with write_aside(resolve(target)) as aside:
        aside.write_text("level")
"""
RUN = """
from pathlib import Path
from mgbone.study.places import of_language, relative
from mgbone.study.paths import resolve, write_aside

class Run:
    def __init__(self, stem, dataset, figures, derived, language):
        name = Path(dataset).name
        self.stem, self.outputs = stem, []
        self.figures, self.lists = (of_language(resolve(f) / name, language) for f in (figures, derived))

    def draw(self, name, text):
        for ending in ("png", "svg"):
            path = self.figures / f"{name}.{ending}"
            with write_aside(path) as aside:
                aside.write_text(text)
            self.outputs.append(path)

    def finish(self):
        with write_aside(self.lists / f"{self.stem}.outputs.txt") as aside:
            aside.write_text("".join(f"{relative(path)}\\n" for path in self.outputs))
"""


def write_notebook(path, *sources, parameters=("dataset", "figures_folder", "derived_folder", "language")):
    """Write a notebook of a title, a parameters cell and the given code cells."""

    def cell(number, kind, source, tags=()):
        code = {"outputs": [], "execution_count": None} if kind == "code" else {}
        return {
            "cell_type": kind,
            "id": f"c{number}",
            "metadata": {"tags": list(tags)},
            "source": source,
            **code,
        }

    assigned = "\n".join(f'{name} = "?"' for name in parameters)
    cells = [cell(0, "markdown", "# A title"), cell(1, "code", assigned, ["parameters"])]
    cells += [cell(number, "code", source) for number, source in enumerate(sources, start=2)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))


def tiny_notebook(path, module, *extra):
    """Write a notebook that loads `module`, draws one figure and names its outputs."""
    write_notebook(
        path,
        f"import mgbone.{module}\nfrom mgbone.execute.run import Run\n"
        f"run = Run({path.stem!r}, dataset, figures_folder, derived_folder, language)",
        *extra,
        f"run.draw({path.stem!r} + '_a', f'{{dataset}} {{language}}')",
        "run.finish()",
    )


def tiny_project(folder):
    """Lay out a project; return its folder."""
    package = folder / "src" / "mgbone"
    for part in ("biochem", "certainty", "integration", "microarray", "simulate"):
        (package / part).mkdir(parents=True)
        (package / part / "__init__.py").write_text("")
    shutil.copytree(
        ROOT / "src/mgbone/study", package / "study", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in REAL:
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "src" / "mgbone" / name, package / name)
    (package / "dataset" / "opening.py").write_text(DATASET)
    (package / "execute" / "run.py").write_text(RUN)
    (package / "simulate" / "__main__.py").write_text(SIMULATE)
    (package / "integration" / "negative_control.py").write_text(CONTROL)
    (package / "qct.py").write_text("")
    for stem in (*STEMS, APART):
        tiny_notebook(folder / "notebooks" / f"{stem}.ipynb", stem[3:])
    write_notebook(folder / "notebooks" / "00_start.ipynb")
    shutil.copy(ROOT / "Makefile", folder / "Makefile")
    (folder / "data" / "simulated").mkdir(parents=True)
    shutil.copy(ROOT / "data" / "glossary.yml", folder / "data")
    shutil.copytree(ROOT / "data" / "faulty", folder / "data" / "faulty")
    (folder / "data" / "study.yml").write_text("")
    listed = [{"path": "animals.csv"}, {"path": "cel/a.CEL"}, {"path": "platform/a.pgf"}]
    (folder / "data" / "simulated" / "datapackage.json").write_text(
        json.dumps({"resources": listed}, indent=1)
    )
    (folder / "data" / "simulated" / "animals.csv").write_text("animal_id\n")
    (folder / "data" / "lab").mkdir()
    (folder / "data" / "lab" / "our animals.csv").write_text("animal_id\n")
    return folder


def due(told):
    """Return the stems of the notebooks that a dry run would execute, in the order of their beginning."""
    runs = re.findall(r"mgbone\.execute\.cli run .*", told)
    return [stem for run in runs for stem in re.findall(r"notebooks/(\w+)\.ipynb", run)]


def environment():
    """Return the variables of a plain terminal: nothing of the make or the tests that we run under."""
    dropped = ("MAKE", "MFLAGS", "PYTEST", "PYTHON", "MGBONE", "COV_", "DATASET", "LANGUAGE")
    return {key: value for key, value in os.environ.items() if not key.startswith(dropped)}


def make(folder, *arguments, **options):
    """Run make with this interpreter as the environment; return the finished process."""
    command = ["make", f"PY={sys.executable}", *arguments]
    options = {"capture_output": True, "text": True, "timeout": 300, "check": False, **options}
    return subprocess.run(command, cwd=folder, env=environment(), **options)
