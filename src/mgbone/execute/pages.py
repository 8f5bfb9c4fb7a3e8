"""Notebooks as pages to read, and those that nothing is run for: where to start, and what words mean."""

import re
import warnings
from copy import deepcopy

import nbformat
from traitlets.config import Config

from mgbone.course.copies import START, leading_from, start_page
from mgbone.course.glossary import GLOSSARY, Uses, glossary_notebook, link_terms
from mgbone.course.sheets import TEACHER, teacher_notebook
from mgbone.execute.policy import with_policy
from mgbone.study.language import current, in_language
from mgbone.study.paths import project_root, write_aside
from mgbone.study.places import Settings

# The exporter's own template leaves out what a picture shows.
_TEMPLATE = """{% extends 'lab/index.html.j2' %}
{% block data_png scoped %}{{ super() | replace(
'<img ', '<img alt="%s" ' % (output | get_metadata('alt', 'image/png') or '') | escape_html)
}}{% endblock %}"""


def page_of(notebook: nbformat.NotebookNode, stem: str) -> str:
    """Render a notebook as one page that asks no other machine for anything.

    Title, language and what pictures show are said for readers that don't see. Links to notebooks lead to
    pages, terms to the glossary. The presets of the parameters are left out: the values of the run stand
    below them.
    """
    from nbconvert import HTMLExporter

    linked = link_terms(deepcopy(notebook), stem)
    title = next(filter(None, map(heading_of, notebook.cells)), "mgbone")
    aside = _put_aside(linked)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        presets = Config(TagRemovePreprocessor={"enabled": True, "remove_cell_tags": {"parameters"}})
        elsewhere = dict.fromkeys(("require_js_url", "mathjax_url", "mermaid_js_url", "jquery_url"), "")
        exporter = HTMLExporter(config=presets, raw_template=_TEMPLATE, language_code=current(), **elsewhere)
        exporter.register_filter("clean_html", "{}".format)  # of code alone, which highlighting escapes
        body, _ = exporter.from_notebook_node(linked, resources={"metadata": {"name": title}})
    body = re.sub("|".join(aside) or "$^", lambda found: aside[found[0]], body)
    return with_policy(re.sub(r'(href="\w+)\.ipynb(?=[#"])', r"\1.html", body))


def _put_aside(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """Put words in the place of tables, in place, and return what they stand for.

    The exporter reads its page once more to the last tag, most of which belong to tables.
    """
    kept = {}
    for number, output in enumerate(o for cell in notebook.cells for o in cell.get("outputs", [])):
        if "text/html" in output.get("data", {}):
            kept[f"output-{number}-put-aside"] = output["data"]["text/html"]
            output["data"]["text/html"] = f"output-{number}-put-aside"
    return kept


def heading_of(cell: nbformat.NotebookNode) -> str | None:
    """Return the first heading of level 1 or 2 of a markdown cell."""
    found = re.search(r"^##? +(.+)$", cell.source, re.M) if cell.cell_type == "markdown" else None
    return found[1].strip() if found else None


def write_pages(settings: Settings) -> None:
    """Write start page, glossary and the teacher's sheets, beside the executed notebooks and in their forms.

    The glossary leads back to the notebooks as they are stored, so that none has to have run.
    """
    uses, lessons = Uses(), {}
    for path in sorted((project_root() / "notebooks").glob("*.ipynb")):
        if path.stem != START:
            notebook = in_language(nbformat.read(path, as_version=4), path.stem)
            lessons[path.stem] = deepcopy(notebook)
            link_terms(notebook, path.stem, uses)
    made = {
        START: leading_from(start_page(settings), project_root() / "notebooks", settings.build),
        GLOSSARY: glossary_notebook(uses),
        TEACHER: teacher_notebook(lessons),
    }
    for stem, notebook in made.items():
        with write_aside(settings.build / f"{stem}.ipynb") as aside:
            nbformat.write(notebook, aside)
        with write_aside(settings.build / f"{stem}.html") as aside:
            aside.write_text(page_of(notebook, stem), encoding="utf-8")
