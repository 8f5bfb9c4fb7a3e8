"""Copies of the notebooks to work in: with the outputs of a run, and never written over once changed.

A copy is made of the executed notebook that a run left, so that nothing has to run for it. Its
parameters send figures and tables to the course's own folders; Run All in a copy changes no file that git
knows.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import nbformat

from mgbone.course.exercises import student_notebook
from mgbone.course.glossary import GLOSSARY, Uses, glossary_notebook, link_terms
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, in_language, tr
from mgbone.study.paths import project_root, write_aside
from mgbone.study.places import Settings, listed_files, relative

START = "00_start"
"""The notebook to begin with; it is not run."""

_KEPT = {"tags", "jupyter", "slideshow", "editable"}
_MARK = "mgbone"  # of a copy, in its metadata: what it was made of


def write_copies(settings: Settings, course: Path) -> Iterator[str]:
    """Write the copies of a finished run, and copy the tables that they read.

    A copy of which a cell was changed is left as it is; if the notebook has changed, too, the newer one is
    put beside it under the next number.

    Parameters
    ----------
    settings : Settings
        The run that copies are made of.
    course : Path
        Gets one folder a language, ``figures`` and ``tables``; other datasets than the shipped one have
        subfolders.

    Yields
    ------
    str
        A sentence on each copy that was written, or was due but kept.

    Raises
    ------
    MgboneError
        If a notebook has not run on the dataset.
    """
    own = "" if settings.dataset == Settings.dataset else settings.name
    folder = course / settings.language / own
    parameters = {
        "dataset": str(settings.dataset),
        "figures_folder": relative(course / "figures"),
        "derived_folder": relative(course / "tables"),
        "language": settings.language,
    }
    uses = Uses()
    for source in sorted((project_root() / "notebooks").glob("*.ipynb")):
        if source.stem == START:
            copy = leading_from(start_page(settings), source.parent, folder)
        else:
            copy = make_copy(executed(settings, source.name), parameters, settings.build, folder)
            copy = link_terms(copy, source.stem, uses)
        yield from _place(copy, folder / source.name)
    yield from _place(glossary_notebook(uses), folder / f"{GLOSSARY}.ipynb")
    _copy_tables(settings, course / "tables")


def start_page(settings: Settings) -> nbformat.NotebookNode:
    """Return the start page in the language in use; its links and cells are of a dataset's run."""
    folder = project_root() / "notebooks"
    page = in_language(nbformat.read(folder / f"{START}.ipynb", as_version=4), START)
    pages = Path(os.path.relpath(settings.build, folder)).as_posix()
    usual = {"](../build/simulated/": f"]({pages}/"}
    for name in ("dataset", "language"):
        usual[json.dumps(getattr(Settings, name))] = json.dumps(str(getattr(settings, name)))
    for cell in page.cells:
        for text, own in usual.items():
            cell.source = cell.source.replace(text, own)
    return page


def executed(settings: Settings, name: str) -> nbformat.NotebookNode:
    """Return a notebook as the run left it; an MgboneError where it has not run."""
    path = settings.build / name
    if not path.is_file():
        raise MgboneError(tr("{path} is not there yet: run `make certainty` first.", path=relative(path)))
    return nbformat.read(path, as_version=4)


def make_copy(
    executed: nbformat.NotebookNode, parameters: dict[str, str], before: Path, after: Path
) -> nbformat.NotebookNode:
    """Return a notebook to work in: blanks instead of solutions, and the outputs of all other cells.

    Parameters
    ----------
    executed : NotebookNode
        As `mgbone.execute.notebook` leaves it.
    parameters : dict
        What the cell of parameters assigns.
    before, after : Path
        The folders of the executed notebook and of the copy; relative links of outputs follow.
    """
    cells = [cell for cell in executed.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    for cell in cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in _KEPT})
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = "\n".join(f"{name} = {json.dumps(value)}" for name, value in parameters.items())
    # As a kernel tells it, so that JupyterLab finds nothing to change when it opens the copy.
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": executed.metadata.get("language_info", {})}
    copy = nbformat.from_dict({**executed, "cells": cells, "metadata": metadata})
    return leading_from(student_notebook(copy), before, after)


def leading_from(notebook: nbformat.NotebookNode, before: Path, after: Path) -> nbformat.NotebookNode:
    """Let links out of the notebook's folder lead, in place, to the same files from another one."""

    def moved(found: re.Match) -> str:
        file, hash_, place = found[2].partition("#")
        return found[1] + Path(os.path.relpath(before / file, after)).as_posix() + hash_ + place

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"(\]\()(\.\./[^)\s]+)", moved, cell.source)
        for output in cell.get("outputs", []):
            if html := output.get("data", {}).get("text/html"):
                output["data"]["text/html"] = re.sub(r'(href=")(\.\./[^"]+)', moved, html)
    return notebook


def _place(copy: nbformat.NotebookNode, path: Path) -> Iterator[str]:
    """Put a copy where none is, or where one is that nobody changed; say what was done."""
    copy.metadata[_MARK] = {"whole": _digest(copy.cells), "sources": _digest(_written(copy))}
    kept = None
    for number in count(1):
        here = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        there = _read(here)
        mark = {} if there is None else there.metadata.get(_MARK, {})
        if here.exists() and mark.get("whole") == copy.metadata[_MARK]["whole"]:
            return  # made of the same; whatever was changed in it since stays
        if here.exists() and (there is None or mark.get("sources") != _digest(_written(there))):
            kept = here
            continue
        with write_aside(here) as aside:
            nbformat.write(copy, aside)
        said = N_("{new} is new.") if there is None else N_("{new} was renewed; you had not changed it.")
        if kept is not None:
            said = N_("{kept} stays as you left it; the newer one lies beside it: {new}.")
        yield tr(said, new=relative(here), kept=relative(kept or here))
        return


def _read(path: Path) -> nbformat.NotebookNode | None:
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError):
        return None


def _written(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """Return what a person writes: running a notebook, or leaving an empty cell at its end, is no change."""
    return [(cell.cell_type, cell.source.rstrip()) for cell in notebook.cells if cell.source.strip()]


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _copy_tables(settings: Settings, tables: Path) -> None:
    """Copy what notebooks read of those before them; what a copy wrote itself stays while it is newer."""
    wanted = {path for list_ in settings.lists.glob("*.inputs.txt") for path in listed_files(list_)}
    for path in sorted(wanted):
        target = tables / path.parent.name / path.name
        if path.is_file() and not (target.is_file() and target.stat().st_mtime_ns >= path.stat().st_mtime_ns):
            with write_aside(target) as aside:
                shutil.copy2(path, aside)
