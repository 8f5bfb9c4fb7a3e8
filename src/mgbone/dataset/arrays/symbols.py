"""Gene symbols: how they are written, and those that a spreadsheet has made dates of."""

import re
from collections.abc import Collection, Iterable, Sequence

from mgbone.dataset.faults import listing
from mgbone.study.language import N_, tr

_ENSEMBL = {
    "ENSRNO": N_("Ensembl (rat)"),
    "ENSMUS": N_("Ensembl (mouse)"),
    "ENSG0": N_("Ensembl (human)"),
    "ENSDAR": N_("Ensembl (zebrafish)"),
}


_ENOUGH = 2000
"""So many names, evenly out of the alphabet, tell how all are written."""


def symbol_style(names: Collection[str]) -> str:
    """Name the kind of gene names in a collection, in English.

    One of "human symbols (IL6)", "rat or mouse symbols (Il6)", "Entrez numbers", "Ensembl (rat)" and so on,
    "probeset names", or "mixed or unknown".
    """
    names = sorted(str(n) for n in names)
    if not names:
        return N_("none")
    names = names[:: -(-len(names) // _ENOUGH)]
    if _share(names, r"\d+$") > 0.8:
        return N_("Entrez numbers")
    for prefix, style in _ENSEMBL.items():
        if sum(n.startswith(prefix) for n in names) > 0.8 * len(names):
            return style
    if _share(names, r"TC[\dXYU]+\d+.*\.|\d+_(a|s|x)?_?at$|AFFX") > 0.8:
        return N_("probeset names")
    if _share(names, r"[A-Z][A-Z0-9.@/-]*$|C\d+orf\d+$") > 0.7:
        return N_("human symbols (IL6)")
    if _share(names, r"[A-Z][a-z0-9./-]*$|LOC\d+$|[A-Z]{2,}\d*[a-z]*\d*$|[A-Z0-9]+Rik$") > 0.7:
        return N_("rat or mouse symbols (Il6)")
    return N_("mixed or unknown")


def _share(names: Sequence[str], pattern: str) -> float:
    matcher = re.compile(pattern)
    return sum(matcher.match(n) is not None for n in names) / len(names)


_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"

_DATE = re.compile(
    rf"(?i)(?:\d{{1,2}}-(?:{_MONTH})|(?:{_MONTH})-\d{{1,2}}"
    r"|\d{4}[-/]\d{1,2}[-/]\d{1,2}(?: 0?0:00(?::00)?)?|\d{1,2}/\d{1,2}(?:/(?:\d{2}|\d{4}))?"
    r"|(?:\d{4}年)?\d{1,2}月\d{1,2}日)$"
)


def date_like(names: Iterable[object]) -> list[str]:
    """Return those of some gene symbols that are dates, as Excel makes of Marchf1, Septin2 or Dec1."""
    return [str(name) for name in names if _DATE.match(str(name).strip())]


def dates_among(symbols: Iterable[object]) -> str | None:
    """Say which gene symbols are dates (`date_like`) and why, as a warning begins; None if there is none."""
    dates = date_like(symbols)
    if not dates:
        return None
    names = listing(dates, most=3)
    if len(dates) == 1:
        return tr(
            "a gene symbol is a date ({names}): Excel makes dates of names such as Marchf1 or Septin2",
            names=names,
        )
    return tr(
        "{count} gene symbols are dates ({names}): Excel makes dates of names such as Marchf1 or Septin2",
        count=len(dates), names=names,
    )  # fmt: skip
