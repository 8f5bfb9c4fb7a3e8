"""The explorer: all genes, endpoints and statements of a run on one page that needs no network."""

import base64
import gzip
import hashlib
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import bokeh
from IPython.display import HTML
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mgbone.lookup.content import expression, genes_and_statements
from mgbone.lookup.tables import Tables
from mgbone.lookup.words import WORDS
from mgbone.study import naming
from mgbone.study.language import current, either, speaking, tr
from mgbone.study.paths import write_aside

HERE = Path(__file__).parent
SCRIPTS = ("data.js", "table.js", "plots.js", "genes.js", "others.js", "state.js", "main.js")
LIBRARY = ("bokeh.min.js", "bokeh-api.min.js")


def write_explorer(tables: Tables) -> Path:
    """Write ``explorer.html`` into the build folder of a finished run; the same run gives the same bytes.

    Bokeh 3.9 draws, with its script (1.39 MB, 0.39 MB gzipped) in the page: that of plotly 7.1 is 4.82 MB
    (1.47 MB), and itables 2.9 (0.62 MB) has tables alone. It paints on canvas without WebGL, exports SVG by
    itself, lets a glyph be painted in another way, and runs under a policy without `eval`.

    Raises
    ------
    MgboneError
        If `make all` has not run on the dataset.
    """
    target = tables.build / "explorer.html"
    html = render(tables)
    with write_aside(target) as aside:
        aside.write_text(html, encoding="utf-8", newline="\n")
    return target


def explore(dataset: str | Path = Tables.dataset, height: int = 900, **folders: str | Path) -> HTML:
    """Show the explorer of a dataset in a frame; it is written if it is not there or older than the tables.

    Parameters
    ----------
    dataset : path-like
        A dataset that `make all` has run on.
    height : int
        Of the frame, in pixels.

    Returns
    -------
    HTML
        A link to the file, which an untrusted notebook keeps, and a frame that holds it. JupyterLab finds
        both where its folder holds the notebook and the file, as with `make lab`.

    Raises
    ------
    MgboneError
        If nothing has run on the dataset.
    """
    tables = Tables(dataset, **{"language": current(), **folders})
    made, page = tables.made, tables.build / "explorer.html"
    if not page.is_file() or page.stat().st_mtime_ns < made:
        write_explorer(tables)
    said, address = tr("Open the explorer beside the notebook"), quote(Path(os.path.relpath(page)).as_posix())
    return HTML(
        f'<p><a href="{address}">{said}</a></p>'
        f'<iframe src="{address}" width="100%" height="{height}" style="border: 0"></iframe>'
    )


def render(tables: Tables) -> str:
    """Return the page as HTML, in the language of `tables`."""
    with speaking(tables.language):
        naming.use_study(tables.study)
        own = "\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)
        scripts = [*map(_library, LIBRARY), f"\n(() => {{\n'use strict';\n{own}}})();\n"]
        digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
        environment = Environment(
            loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, keep_trailing_newline=True,
        )  # fmt: skip
        words = {key: tr(word) for key, word in WORDS.items()}
        return environment.get_template("explorer.html.j2").render(
            lang=tables.language, w=words, stamp=tables.stamp, name=tables.name,
            title=either(tables.descriptor.title, tables.descriptor.title_ja),
            style_sheet=Markup((HERE / "explorer.css").read_text(encoding="utf-8")),
            scripts=[Markup(script) for script in scripts],
            hashes=" ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests),
            blobs={
                "data": _packed({**genes_and_statements(tables), "words": words}),
                "expression": _packed(expression(tables)),
            },
        )  # fmt: skip


def _library(name: str) -> str:
    """Return a script of Bokeh; what would end the element that it stands in is written in another way."""
    text = (Path(bokeh.__file__).parent / "server" / "static" / "js" / name).read_text(encoding="utf-8")
    return "\n" + text.replace("</script", "<\\/script").replace("<!--", "<\\!--") + "\n"


def _packed(content: dict[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=9, mtime=0)).decode("ascii")
