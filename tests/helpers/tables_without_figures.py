"""Run the cells of notebooks in this process and draw nothing: only the tables are written.

Called with the dataset, the folder of figures and that of derived tables, as `mgbone run` is.
"""

import sys

import nbformat

from helpers import ROOT
from helpers.tiny_project import STEMS
from mgbone.course.exercises import LESSON
from mgbone.execute import run
from mgbone.study.errors import NothingToShow


def save(figure, folder, name, stamp=None):
    """Stand in for saving a figure, which takes most of the time of a run."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{name}.png", folder / f"{name}.svg"
    for path in paths:
        path.write_bytes(b"not drawn")
    return paths


def run_cells(stem, dataset, figures, derived, language="ja"):
    """Run the code cells of a notebook; tables are the same in every language."""
    names = {"dataset": dataset, "figures_folder": figures, "derived_folder": derived, "language": language}
    for cell in nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4).cells:
        if cell.cell_type == "code" and not {"parameters", LESSON} & set(cell.metadata.get("tags", [])):
            try:
                exec(compile(cell.source, cell.id, "exec"), names)
            except NothingToShow:
                return


if __name__ == "__main__":
    run.save_figure, run.display = save, lambda *shown: None
    for stem in STEMS:
        run_cells(stem, *sys.argv[1:])
