"""The explorer: all genes, endpoints and statements of a run on one page that needs no network."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import bokeh
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mgbone.lookup.content import expression, genes_and_statements
from mgbone.lookup.tables import Tables
from mgbone.lookup.words import WORDS
from mgbone.study import naming
from mgbone.study.language import either, speaking, tr
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


def render(tables: Tables) -> str:
    """Return the page as HTML, in the language of `tables`."""
    with speaking(tables.language):
        naming.use_study(tables.study)
        scripts = [*map(_library, LIBRARY), _own_script()]
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
            hashes=" ".join(f"'sha256-{_digest(script)}'" for script in scripts),
            blobs={
                "data": _packed({**genes_and_statements(tables), "words": words}),
                "expression": _packed(expression(tables)),
            },
        )  # fmt: skip


def _library(name: str) -> str:
    """Return a script of Bokeh; what would end the element that it stands in is written in another way."""
    text = (Path(bokeh.__file__).parent / "server" / "static" / "js" / name).read_text(encoding="utf-8")
    return "\n" + text.replace("</script", "<\\/script").replace("<!--", "<\\!--") + "\n"


def _own_script() -> str:
    parts = [(HERE / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return "\n(() => {\n'use strict';\n" + "\n".join(parts) + "})();\n"


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


def _packed(content: dict[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=9, mtime=0)).decode("ascii")
