"""Every verdict folded out: what was stated, what was found, and where to see it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from html import escape
from pathlib import Path

import pandas as pd

from mgbone.study import naming
from mgbone.study.dictionary import typeset_unit
from mgbone.study.language import N_, current, tr
from mgbone.study.naming import VERDICTS
from mgbone.study.paths import project_root

SECTION_COLUMNS = ["figure", "notebook", "heading", "anchor"]
_NAME = re.compile(r"""["'](\d\d_[^"'\s]+)["']""")

_WORDS: Mapping[str, str] = {
    "report": N_("The report"), "data": N_("These data"),
    "difference": N_("Difference"), "interval": N_("95 % interval"),
    "p": N_("p"), "test": N_("Test"), "where": N_("Shown in"),
    "figure": N_("figure"), "stated_mean": N_("Stated mean"),
    "up": N_("higher"), "down": N_("lower"), "significant": N_("significant"),
    "trend": N_("trend"), "none": N_("no difference"),
    "separated": N_("separate clusters"), "mixed": N_("mixed clusters"),
    "monotonic": N_("step by step with the diet"),
    "not_monotonic": N_("not step by step"), "not_tested": N_("not tested"),
    "no_ledger": N_("There is no ledger of statements for this study."),
}  # fmt: skip

_CSS = """
.verdicts details{border-left:4px solid #999;margin:2px 0;padding:1px 8px}
.verdicts .reproduced{border-color:#7fb79b}.verdicts .direction_only{border-color:#d9a400}
.verdicts .contradicted{border-color:#b23a2c}.verdicts .not_tested{border-style:dotted}
.verdicts summary{cursor:pointer}
.verdicts dl{display:grid;grid-template-columns:max-content 1fr;gap:1px 10px;margin:4px 18px}
.verdicts dt{color:#555}.verdicts dd{margin:0}
@media print{.verdicts summary{list-style:none}.verdicts details{break-inside:avoid}}
"""  # fmt: skip


def figure_sections(folder: str | Path | None = None) -> pd.DataFrame:
    """Find the section of a notebook that shows each figure: the nearest heading above the cell.

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
                found = re.findall(r"^#{1,4} +(.+)$", source, re.M)
                heading = found[-1].strip() if found else heading
            elif "run.show(" in source:
                names = (re.sub(r"\{[^}]*\}", "*", name) for name in _NAME.findall(source))
                rows += [(name, path.stem, heading, heading.replace(" ", "-")) for name in names]
    return pd.DataFrame(rows, columns=SECTION_COLUMNS)


def link_sections(verdicts: pd.DataFrame, sections: pd.DataFrame | None = None) -> pd.DataFrame:
    """Add to each verdict the notebook and heading under which its figure stands.

    Returns
    -------
    DataFrame
        `verdicts` with the columns notebook, heading and anchor; missing where there is no figure.
    """
    sections = figure_sections() if sections is None else sections
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
        From `claims.judge`, with `link_sections`.
    language : {"en", "ja"}
        Of headings and lines; the statement is given in both.
    pages, figures : str
        What stands before the name of a notebook's page and of a figure in links, such as ``../``.
    """
    if verdicts.empty:
        return f"<p>{escape(_word('no_ledger'))}</p>"
    parts = [f"<style>{_CSS}</style>", '<div class="verdicts">']
    for contrast, of_contrast in verdicts.groupby("contrast", sort=False):
        parts.append(f"<h4>{escape(naming.contrast_label(contrast))}</h4>")
        for domain, rows in of_contrast.groupby("domain", sort=False):
            parts.append(f"<h5>{escape(naming.word(domain))}</h5>")
            parts += [_fold(row, pages, figures) for row in rows.to_dict("records")]
    return "\n".join([*parts, "</div>"])


def _fold(row: Mapping[str, object], pages: str, figures: str) -> str:
    verdict = str(row["verdict"])
    key = "|".join(str(row[k]) for k in ("experiment", "endpoint", "contrast"))
    first, second = (
        ("statement_ja", "statement_en") if current() == "ja" else ("statement_en", "statement_ja")
    )
    p = f" <small>{escape(naming.format_p(row['p']))}</small>" if _known(row.get("p")) else ""
    summary = (
        f"{VERDICTS[verdict][1]} <small>{escape(str(row['claim_id']))}</small> {escape(str(row[first]))}{p} "
        f"<small>({escape(naming.word(verdict))})</small>"
    )
    facts = {name: value for name, value in _facts(row, pages, figures).items() if value}
    items = "".join(f"<dt>{escape(_word(name))}</dt><dd>{value}</dd>" for name, value in facts.items())
    return (
        f'<details class="{verdict}" id="verdict-{escape(str(row["claim_id"]), quote=True)}" '
        f'data-row="{escape(key, quote=True)}"><summary>{summary}</summary>'
        f"<dl><dt></dt><dd>{escape(str(row[second]))}</dd>{items}</dl></details>"
    )


def _facts(row: Mapping[str, object], pages: str, figures: str) -> dict[str, str]:
    unit = typeset_unit(str(row["observed_unit"])) if _known(row.get("observed_unit")) else ""
    facts = {
        "report": _said(row["direction"], row["level"]),
        "stated_mean": f"{row['value']:g} {escape(str(row['unit']))}" if _known(row.get("value")) else "",
        "data": _said(row.get("observed_direction"), row.get("observed_level")),
    }
    if _known(row.get("estimate")):
        facts["difference"] = f"{row['estimate']:+.3g} {escape(unit)}"
    if _known(row.get("ci_low")):
        facts["interval"] = f"{row['ci_low']:+.3g} … {row['ci_high']:+.3g} {escape(unit)}"
    if _known(row.get("p")):
        facts["p"] = escape(naming.format_p_value(row["p"]))
        facts["test"] = escape(naming.name_of_test(str(row["test"])))
    links = []
    if _known(row.get("notebook")):
        target = escape(f"{pages}{row['notebook']}.html#{row['anchor']}", quote=True)
        links.append(f'<a href="{target}">{escape(str(row["notebook"]))}, {escape(str(row["heading"]))}</a>')
    if _known(row.get("figure")):
        target = escape(f"{figures}{row['figure']}", quote=True)
        label = escape(f"{_word('figure')} {Path(str(row['figure'])).stem}")
        links.append(f'<a href="{target}">{label}</a>')
    return facts | {"where": "; ".join(links)}


def _said(direction: object, level: object) -> str:
    if not isinstance(level, str):
        return escape(_word("not_tested"))
    if direction in ("up", "down") and level in ("significant", "trend"):
        return escape(f"{_word(str(direction))} ({_word(level)})")
    return escape(_word(level) if level in _WORDS else level)


def _word(name: str) -> str:
    return tr(_WORDS[name])


def _known(value: object) -> bool:
    return value is not None and not pd.isna(value)
