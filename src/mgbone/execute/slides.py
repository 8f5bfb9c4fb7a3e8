"""A deck of slides a notebook, to teach from: goals, every figure under its heading, summary and quiz.

nbconvert's own slides load reveal.js from another machine; these are a file each that needs no network, moves
by the arrow keys or by scrolling, and is printed a slide a page.
"""

import re
from html import escape
from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader

from mgbone.course.copies import executed
from mgbone.course.exercises import QUIZ
from mgbone.execute.policy import with_policy
from mgbone.study.language import current, speaking
from mgbone.study.paths import project_root, write_aside
from mgbone.study.places import Settings

_WHOLE = ("goals", "summary")
"""Ids of cells that are a slide each."""


def write_slides(settings: Settings) -> list[Path]:
    """Write ``slides/<notebook>.html`` beside the executed notebooks.

    Raises
    ------
    MgboneError
        If a notebook has not run.
    """
    written = []
    with speaking(settings.language):
        for stored in sorted((project_root() / "notebooks").glob("0[1-9]_*.ipynb")):
            written.append(settings.build / "slides" / f"{stored.stem}.html")
            with write_aside(written[-1]) as aside:
                aside.write_text(deck(executed(settings, stored.name)), encoding="utf-8")
    return written


def deck(notebook: nbformat.NotebookNode) -> str:
    """Return a page with a section a slide.

    Parameters
    ----------
    notebook : NotebookNode
        Executed. Cells with pictures, those tagged ``quiz`` and those named goals and summary become slides.
    """
    slides, heading = [_prose(notebook.cells[0].source)], ""
    for cell in notebook.cells[1:]:
        if cell.cell_type == "markdown":
            heading = (re.findall(r"^#{2,4} +(.+)$", cell.source, re.M) or [heading])[-1]
            if cell.id in _WHOLE or QUIZ in cell.metadata.get("tags", []):
                slides.append(_prose(_without_links(cell.source)))
        for output in cell.get("outputs", []):
            if picture := output.get("data", {}).get("image/png"):
                alt = output.metadata.get("image/png", {}).get("alt", "")
                shown = f'<img alt="{escape(alt)}" src="data:image/png;base64,{picture.strip()}">'
                slides.append(f"<h2>{escape(heading)}</h2>{shown}")
    here = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    title = re.match("# +(.+)", notebook.cells[0].source)[1]
    script = (Path(__file__).parent / "slides.js").read_text(encoding="utf-8")
    page = here.get_template("slides.html.j2").render(
        slides=slides, title=title, language=current(), script=script
    )
    return with_policy(page, script)


def _prose(source: str) -> str:
    from nbconvert.filters import markdown2html

    return markdown2html(source)


def _without_links(source: str) -> str:
    """Leave out the line that leads to other notebooks, and links: a slide is shown, not clicked."""
    kept = [line for line in source.splitlines() if line.count(".ipynb)") < 1 or "**" not in line]
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", "\n".join(kept))
