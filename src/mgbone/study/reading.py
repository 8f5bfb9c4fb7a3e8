"""Tables for a reader: names for codes, exact p, sentences set from the left."""

import re
from collections.abc import Callable, Iterable
from functools import partial
from html import escape

import pandas as pd
from IPython.display import HTML
from pandas.io.formats.style import Styler

from mgbone.study.design import REGIONS
from mgbone.study.dictionary import (
    endpoint_label,
    endpoint_unit,
    endpoints,
    region_label,
    structure_label,
    unit_label,
)
from mgbone.study.language import N_, either, tr
from mgbone.study.naming import (
    WORDS,
    contrast_label,
    dose_heading,
    experiment_label,
    format_p_value,
    group_label,
    study_in_use,
    three_digits,
    word,
)
from mgbone.study.paths import as_written


def with_names(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with names for codes (also in headings and index), exact p, and numbers of three digits.

    All cells but whole numbers come back as text; of statements in two languages that in use is left, and a
    table without rows says so (`or_none`).
    """
    if table.index.nlevels > 1:
        shown = with_names(table.reset_index())
        return shown.set_index(list(shown.columns[: table.index.nlevels]))
    shown = table.drop(columns=either("statement_ja", "statement_en"), errors="ignore")
    for column in shown.columns:
        if name := _name_of(column):
            shown[column] = table[column].map(name, na_action="ignore")
        elif column in ("p", "q") or str(column).startswith("p_"):
            shown[column] = table[column].map(format_p_value)
        elif pd.api.types.is_float_dtype(table[column]):
            shown[column] = table[column].map(lambda x: three_digits(as_written(x)) if pd.notna(x) else "")
    index = table.index
    names = [name for name in index.names if name]
    if len(names) == 1 and (name := _name_of(names[0])):
        shown.index = index.map(name)
    elif not names and not isinstance(index, pd.RangeIndex):
        shown = shown.rename(index=_heading)
    shown = shown.rename(columns=_heading).rename_axis(columns=None)
    return or_none(shown.rename_axis(index=_heading(names[0])) if len(names) == 1 else shown)


def in_unit(heading: str, endpoint: str) -> str:
    """Return what heads a column of values of one endpoint, with their unit: ``mean (mg/dL)``."""
    return tr("{heading} ({unit})", heading=_heading(heading), unit=endpoint_unit(endpoint, typeset=True))


def or_none(table: pd.DataFrame, said: str = "") -> pd.DataFrame:
    """Return a table; one without rows gets a row that says so, since a bare heading looks like a failure."""
    if len(table) or table.columns.empty:
        return table
    row = [said or tr("none"), *[""] * (len(table.columns) - 1)]
    return pd.DataFrame([row], columns=table.columns, index=pd.Index(["–"], name=table.index.name))


def as_text_table(table: pd.DataFrame) -> Styler:
    """Set a table of sentences from the left, as text is read; mere row numbers are not shown."""
    left = [{"selector": "th, td", "props": "text-align: left; vertical-align: top"}]
    shown = or_none(table).style.format(escape="html").set_table_styles(left)
    return shown.hide() if isinstance(table.index, pd.RangeIndex) else shown


def _name_of(column: object) -> Callable[[str], str] | None:
    """Return what names the codes of a column."""
    if str(column).startswith("level_"):
        return word
    return _NAMES.get(column)


def _heading(column: object) -> object:
    """Name a contrast, a region, a word such as a verdict, or a measure that heads a column."""
    if column in REGIONS:
        return region_label(column)
    if column == "dietary_mg_percent":
        return dose_heading(study_in_use())
    if column in WORDS:
        return word(column)
    if column in endpoints():
        return endpoint_label(column)
    return contrast_label(column) if "_vs_" in str(column) else tr(_HEADINGS.get(column, str(column)))


def _endpoints(patterns: str) -> str:
    """Name endpoints, or all regions of a structure (``bmd_whole_*``), out of a list."""
    whole = re.compile(r"bmd_([a-z]+)_\*")
    return tr(", ").join(
        tr("{structure}, all regions", structure=structure_label(found[1]))
        if (found := whole.fullmatch(name))
        else endpoint_label(name) if name in endpoints() else name
        for name in patterns.split(", ")
    )  # fmt: skip


_NAMES = {
    "experiment": experiment_label,
    "endpoint": endpoint_label,
    "endpoints": _endpoints,
    "endpoint_in_unit": partial(endpoint_label, unit=True),
    "contrast": contrast_label,
    "domain": word,
    "group": group_label,
    "structure": structure_label,
    "region": region_label,
    **dict.fromkeys(["level", "declared", "direction", "status", "asserts"], word),
    **dict.fromkeys(["says", "fault"], tr),
    "unit": unit_label,
}

_HEADINGS = {
    "probeset_id": N_("probe set"),
    "place": N_("place in the genome"),
    "probes": N_("probes"),
    "probe_correlation": N_("correlation between probes"),
    "probe_residual": N_("residual of the probes, log2"),
    "experiment": N_("experiment"),
    "group": N_("group"),
    "animals": N_("animals"),
    "animal_id": N_("animal"),
    "serum": N_("serum"),
    "urine": N_("urine"),
    "qct_slices": "qCT",
    "arrays": N_("arrays"),
    "array_id": N_("array"),
    "planned": N_("planned"),
    "id": "id",
    "asserts": N_("statements of"),
    "decision": N_("decision"),
    "reason": N_("reason"),
    "number": N_("number"),
    "item": N_("item"),
    "asks": N_("asks for"),
    "status": N_("in the report?"),
    "report": N_("report"),
    "compendium": N_("this compendium"),
    "endpoint": N_("endpoint"),
    "endpoint_in_unit": N_("endpoint"),
    "endpoints": N_("endpoints"),
    "bound_percent": N_("bound (%)"),
    "contrast": N_("comparison"),
    "domain": N_("part"),
    "structure": N_("structure"),
    "region": N_("region"),
    "gene": N_("gene"),
    "n_groups": N_("groups"),
    "n_reference": N_("n of the reference"),
    "mean_case": N_("mean"),
    "mean_reference": N_("mean of the reference"),
    "variance": N_("variance within groups"),
    "error": N_("standard error"),
    "bound": N_("bound of equivalence"),
    "table": N_("table"),
    "field": N_("column"),
    "limit": N_("limit"),
    "value": N_("value"),
    "unit": N_("unit"),
    "count": "n",
    "mean": N_("mean"),
    "50%": N_("median"),
    "std": "SD",
    "min": N_("lowest"),
    "max": N_("highest"),
    "cv_uncorrected": N_("CV as collected (%)"),
    "cv_per_day": N_("CV per day (%)"),
    "cv_corrected": N_("CV per creatinine (%)"),
    "p_normality": N_("p, normal scatter"),
    "p_equal_variance": N_("p, equal scatter"),
    "sd_ratio": N_("largest SD / smallest"),
    "p_anova": N_("p, ANOVA"),
    "p_welch": N_("p, Welch"),
    "p_kruskal": N_("p, Kruskal-Wallis"),
    "estimate": N_("estimate"),
    "difference": N_("difference"),
    "percent": N_("change (%)"),
    "at % of length": N_("at % of length"),
    "ci_low": N_("from"),
    "ci_high": N_("to"),
    "hedges_g": N_("Hedges g"),
    "g_low": N_("g from"),
    "g_high": N_("g to"),
    "direction": N_("direction"),
    "level": N_("level"),
    "percent_uncorrected": N_("as collected (%)"),
    "p_uncorrected": N_("p as collected"),
    "level_uncorrected": N_("level as collected"),
    "percent_per_day": N_("per day (%)"),
    "p_per_day": N_("p per day"),
    "level_per_day": N_("level per day"),
    "percent_corrected": N_("per creatinine (%)"),
    "p_corrected": N_("p per creatinine"),
    "level_corrected": N_("level per creatinine"),
    "p_maxt": N_("p, max-T"),
    "significant_maxt": N_("significant after max-T"),
    "p_holm": N_("p, Holm"),
    "cells": N_("cells"),
    "significant_holm": N_("significant after Holm"),
    "significant_bh": N_("significant after Benjamini-Hochberg"),
    "expected": N_("expected by chance"),
    "n_slices": N_("slices"),
    "first": N_("first (mm)"),
    "last": N_("last (mm)"),
    "pitch": N_("step (mm)"),
    "gaps": N_("gaps"),
    "doubled": N_("doubled"),
    "misplaced": N_("misplaced"),
    "covered": N_("share scanned"),
    "fault": N_("fault"),
    "where": N_("where"),
    "lowest_score": N_("lowest score"),
    "says": N_("labels"),
    "flagged": N_("flagged"),
    "lowest_if_changed": N_("lowest if changed"),
    "n_case": "n",
    "claim_id": N_("claim"),
    "statement_en": N_("statement"),
    "statement_ja": N_("statement"),
    "declared": N_("declared test"),
    "otherwise": N_("other tests"),
}


def notes(said: Iterable[str]) -> HTML:
    """List what was noted while reading (`Dataset.notes`, `ArraySet.notes`), or say that nothing was.

    Names out of a file stand in these sentences: they are shown as text, whatever marks they hold.
    """
    lines = "".join(f"<li>{escape(text)}</li>" for text in said)
    return HTML(f"<ul>{lines}</ul>" if lines else f"<em>{escape(tr('Nothing to note.'))}</em>")
