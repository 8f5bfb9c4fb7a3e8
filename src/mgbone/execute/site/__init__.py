"""The course as static pages, searchable and without a network: executed notebooks, glossary, report.

Sphinx builds them, with MyST-NB for notebooks and the theme Furo: the extra ``site`` of pyproject.toml.
"""

import re
import shutil
import tempfile
import warnings
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import nbformat

from mgbone.course.copies import START, executed, start_page
from mgbone.course.exercises import student_notebook
from mgbone.course.glossary import GLOSSARY, Uses, glossary_notebook, link_terms
from mgbone.study.errors import MgboneError
from mgbone.study.language import LANGUAGES, N_, speaking, tr
from mgbone.study.paths import project_root
from mgbone.study.places import Settings, relative

HERE = Path(__file__).parent
_LANDING = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>mgbone</title>
<meta name="viewport" content="width=device-width,initial-scale=1"></head>
<body style="font:1.5rem sans-serif;text-align:center;padding:3rem">
<p><a href="ja/index.html" lang="ja">{ja}</a></p><p><a href="en/index.html">{en}</a></p></body></html>
"""


def write_site(settings: Settings, target: Path) -> Path:
    """Write the pages of a finished run in one language.

    Parameters
    ----------
    settings : Settings
        The run, and the language.
    target : Path
        Gets a subfolder a language, and a page to choose between them.

    Returns
    -------
    Path
        The page to begin with.

    Raises
    ------
    MgboneError
        If a notebook has not run, or Sphinx is not installed or complains.
    """
    if not all(map(find_spec, ("sphinx", "myst_nb", "furo"))):
        raise MgboneError(tr("The site needs more packages: pip install --no-deps -r requirements-site.lock"))
    with speaking(settings.language), tempfile.TemporaryDirectory(prefix="mgbone-site-") as folder:
        source = Path(folder) / "source"
        source.mkdir()
        _write_sources(settings, source)
        out = target / settings.language
        shutil.rmtree(out, ignore_errors=True)
        _build(settings, source, out, Path(folder) / "trees")
    (target / "index.html").write_text(_LANDING.format(**_NAMES), encoding="utf-8")
    return out / "index.html"


_BESIDE = {"report.html": N_("Report"), "explorer.html": N_("Explorer")}
_NAMES = dict(zip(LANGUAGES, ("English", "\u65e5\u672c\u8a9e"), strict=True))


def _beside(settings: Settings) -> dict[str, str]:
    """Return the pages of a run that the site takes in as they are, with their titles."""
    return {name: tr(title) for name, title in _BESIDE.items() if (settings.build / name).is_file()}


def _write_sources(settings: Settings, source: Path) -> None:
    uses, stems = Uses(), []
    for path in sorted((project_root() / "notebooks").glob("*.ipynb")):
        if path.stem == START:
            continue
        stems.append(path.stem)
        notebook = student_notebook(executed(settings, path.name))
        _write(_to_read(link_terms(notebook, path.stem, uses), settings, source), source / path.name)
    _write(glossary_notebook(uses), source / f"{GLOSSARY}.ipynb")
    extra = source / "extra"
    extra.mkdir(exist_ok=True)
    for name in _beside(settings):
        shutil.copy(settings.build / name, extra)
    start = start_page(settings)
    contents = "\n".join(["```{toctree}", ":hidden:", "", *stems, GLOSSARY, "```"])
    start.cells.append(nbformat.v4.new_markdown_cell(contents, id="contents"))
    for cell in start.cells:
        cell.source = _to_pages(cell.source, settings)
    _write(start, source / "index.ipynb")


def _write(notebook: nbformat.NotebookNode, path: Path) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace(f"({START}.ipynb", "(index.ipynb")
    nbformat.write(notebook, path)


def _to_pages(text: str, settings: Settings) -> str:
    """Let links to a run's pages lead to those of the site; what the site has not is named without a link."""
    pages = re.escape(f"{relative(settings.build)}/")
    text = re.sub(rf"\]\((?:\.\./)*{pages}(\d\d_\w+)\.html\)", r"](\1.ipynb)", text)
    for name in _beside(settings):
        text = re.sub(rf"\[([^\]]+)\]\((?:\.\./)*{pages}{name}\)", rf'<a href="{name}">\1</a>', text)
    return re.sub(r"\[([^\]]+)\]\(\.\./[^)]*\)", r"`\1`", text)


def _to_read(notebook: nbformat.NotebookNode, settings: Settings, source: Path) -> nbformat.NotebookNode:
    """Return an executed notebook as it is read: a cell a picture, with its words; links within the site."""
    cells = []
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if {"parameters", "injected-parameters"} & set(tags):
            continue
        pictures = [o for o in cell.get("outputs", []) if "image/png" in o.get("data", {})]
        for output in cell.get("outputs", []):
            if html := output.get("data", {}).get("text/html"):
                output["data"]["text/html"] = _links(html, settings, source)
        cells.append(cell)
        for number, picture in enumerate(pictures):
            shown = cell
            if number:
                cell.outputs.remove(picture)
                shown = nbformat.v4.new_code_cell("", id=f"{cell.id}-{number}", outputs=[picture])
                shown.metadata["tags"] = ["remove-input"]
                cells.append(shown)
            told = picture.metadata.get("image/png", {})
            image = {"alt": told.get("alt", ""), "width": f"{told.get('width', 900)}px"}
            shown.metadata["mystnb"] = {"image": image}
    notebook.cells = cells
    return notebook


def _links(html: str, settings: Settings, source: Path) -> str:
    def figure(found: re.Match) -> str:
        path = settings.figures / found[1]
        if not path.is_file():
            return 'href="#'
        (source / "extra" / "figures").mkdir(parents=True, exist_ok=True)
        shutil.copy(path, source / "extra" / "figures")
        return f'href="figures/{found[1]}'

    html = re.sub(r'href="(?:\.\./)+[^"]*figures/[^"]*?([\w-]+\.png)', figure, html)
    return re.sub(r'(href="\w+)\.ipynb(?=[#"])', r"\1.html", html)


def _build(settings: Settings, source: Path, out: Path, trees: Path) -> None:
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError
    from sphinx.util.console import nocolor

    nocolor()
    other = next(language for language in LANGUAGES if language != settings.language)
    options = {
        "extensions": ["myst_nb", "mgbone.execute.site.building"],
        "root_doc": "index",
        "project": "mgbone",
        "html_title": "mgbone",
        "language": settings.language,
        "exclude_patterns": ["extra/*"],
        "smartquotes": False,
        "nb_execution_mode": "off",
        "nb_merge_streams": True,
        "nb_code_prompt_show": tr("Show the code"),
        "nb_code_prompt_hide": tr("Hide the code"),
        "myst_heading_anchors": 4,
        "myst_heading_slug_func": "mgbone.course.glossary.slug",
        "html_theme": "furo",
        "html_static_path": [str(HERE / "static")],
        "html_css_files": ["site.css"],
        "templates_path": [str(HERE / "templates")],
        "html_sidebars": {"**": [
            "sidebar/brand.html", "languages.html", "sidebar/search.html", "sidebar/scroll-start.html",
            "sidebar/navigation.html", "beside.html", "sidebar/scroll-end.html",
        ]},
        "html_context": {"other": other, "other_name": _NAMES[other], "beside": _beside(settings)},
        "html_extra_path": [str(source / "extra")],
        "html_show_search_summary": False,
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_use_index": False,
    }  # fmt: skip
    heard = StringIO()
    places = (source, None, out, trees)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what its extensions will have to change one day
            Sphinx(*places, "html", options, status=None, warning=heard, freshenv=True).build()
    except SphinxError as error:
        raise MgboneError(tr("Sphinx stopped: {error}", error=error)) from None
    if lines := heard.getvalue().strip().splitlines():
        raise MgboneError(tr("Sphinx complains:\n{lines}", lines="\n".join(lines[:20])))
