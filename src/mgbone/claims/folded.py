"""Every verdict folded out: what was stated, what was found, and where to see it."""

import json
import re
from fnmatch import fnmatchcase
from html import escape
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, Undefined

from mgbone.study import naming
from mgbone.study.dictionary import unit_label
from mgbone.study.language import current, prose, speaking, tr
from mgbone.study.naming import VERDICTS
from mgbone.study.paths import project_root

TEMPLATES = Path(__file__).parent

SECTION_COLUMNS = ["figure", "notebook", "heading", "anchor"]
_NAME = re.compile(r"""["'](\d\d_[^"'\s]+)["']""")


def figure_sections(folder: str | Path | None = None) -> pd.DataFrame:
    """Find the section of a notebook that shows each figure: the nearest heading above the cell.

    Headings are those of the language in use.

    Parameters
    ----------
    folder : path, optional
        Where the notebooks lie; without it the project's.

    Returns
    -------
    DataFrame
        Columns figure, notebook, heading, anchor (the heading's id in the notebook's page). Where a name is
        put together in a loop, ``*`` stands for the part that varies.
    """
    folder = project_root() / "notebooks" if folder is None else Path(folder)
    rows = []
    for path in sorted(folder.glob("*.ipynb")):
        heading = ""
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                source = prose(path.stem, cell.get("id", ""), source)
                found = re.findall(r"^#{1,4} +(.+)$", source, re.M)
                heading = found[-1].strip() if found else heading
            elif "run.show(" in source:
                names = (re.sub(r"\{[^}]*\}", "*", name) for name in _NAME.findall(source))
                rows += [(name, path.stem, heading, heading.replace(" ", "-")) for name in names]
    return pd.DataFrame(rows, columns=SECTION_COLUMNS)


def link_sections(verdicts: pd.DataFrame, sections: pd.DataFrame | None = None) -> pd.DataFrame:
    """Add to each verdict the notebook and heading under which its figure stands: in English, as tables are.

    Returns
    -------
    DataFrame
        `verdicts` with the columns notebook, heading and anchor; missing where there is no figure.
    """
    if sections is None:
        with speaking("en"):
            sections = figure_sections()
    figure = verdicts["figure"] if "figure" in verdicts else pd.Series(pd.NA, index=verdicts.index)
    known = sections.drop_duplicates("figure").to_dict("records")
    found = [_section_of(name, known) for name in figure]
    return verdicts.assign(**{c: [one.get(c, pd.NA) for one in found] for c in SECTION_COLUMNS[1:]})


def _section_of(figure: object, known: list[dict[str, str]]) -> dict[str, str]:
    """Return the row of a figure: that of its name, otherwise that of a pattern which it fits."""
    stem = Path(figure).stem if isinstance(figure, str) else ""
    fits = [row for row in known if fnmatchcase(stem, row["figure"])]
    return min(fits, key=lambda row: "*" in row["figure"], default={})


def verdict_details(verdicts: pd.DataFrame, pages: str = "", figures: str = "../../figures/") -> str:
    """Return the ledger as HTML, by dose and domain: a line per statement, which folds out.

    The line alone (sign, statement, p) is what print shows. Each element names the row of evidence.csv that
    its numbers stand in (``data-row``: experiment, endpoint and contrast).

    Parameters
    ----------
    verdicts : DataFrame
        From `claims.judge`; where it has the columns of `link_sections`, those are brought into the language.
    pages, figures : str
        What stands before the name of a notebook and of a figure in links, such as ``../``.
    """
    if verdicts.empty:
        return f"<p>{escape(tr('There is no ledger of statements for this study.'))}</p>"
    if "anchor" in verdicts and current() != "en":
        verdicts = link_sections(verdicts, figure_sections())
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("ledger.html.j2").render(
        verdicts=verdicts, pages=pages, figures=figures, ja=current() == "ja", tr=tr, said=_said,
        known=_known, naming=naming, unit_label=unit_label, stem=lambda figure: Path(figure).stem,
        signs={verdict: sign for verdict, (_, sign) in VERDICTS.items()},
    )  # fmt: skip


def _said(direction: object, level: object) -> str:
    if not isinstance(level, str):
        return naming.word("not_tested")
    if direction in ("up", "down") and level in ("significant", "trend"):
        return tr("{direction} ({level})", direction=naming.word(direction), level=naming.word(level))
    return naming.word(level)


def _known(value: object) -> bool:
    return not (value is None or isinstance(value, Undefined) or pd.isna(value))
