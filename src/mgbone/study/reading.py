"""Tables for a reader: names for codes, exact p, sentences set from the left."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import pandas as pd
from IPython.display import Markdown
from pandas.io.formats.style import Styler

from mgbone.study.design import REGIONS
from mgbone.study.dictionary import endpoint_label, region_label, structure_label
from mgbone.study.ledger import VERDICTS
from mgbone.study.naming import contrast_label, format_p_value, group_label, word


def with_names(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with names for codes (also in headings and index), exact p, and numbers of three digits.

    All cells but whole numbers come back as text.
    """
    shown = table.copy()
    for column in table.columns:
        if column in _NAMES:
            shown[column] = table[column].map(_NAMES[column])
        elif column in ("p", "q") or str(column).startswith("p_"):
            shown[column] = table[column].map(format_p_value)
        elif pd.api.types.is_float_dtype(table[column]):
            shown[column] = table[column].map(lambda x: f"{x:.3g}" if pd.notna(x) else "")
    if table.index.name in _NAMES:
        shown.index = table.index.map(_NAMES[table.index.name])
    shown = shown.rename(columns=_heading).rename_axis(columns=None)
    return shown.rename_axis(index=_heading(table.index.name)) if table.index.name else shown


def as_text_table(table: pd.DataFrame) -> Styler:
    """Set a table of sentences from the left, as text is read; mere row numbers are not shown."""
    left = [{"selector": "th, td", "props": "text-align: left; vertical-align: top"}]
    shown = table.style.format(escape="html").set_table_styles(left)
    return shown.hide() if isinstance(table.index, pd.RangeIndex) else shown


def _heading(column: object) -> object:
    """Name a contrast, a verdict, a region or a measure that heads a column."""
    if column in VERDICTS:
        return word(column)
    if column in REGIONS:
        return region_label(column)
    return contrast_label(column) if "_vs_" in str(column) else _HEADINGS.get(column, column)


_NAMES = {
    "endpoint": endpoint_label,
    "endpoint_in_unit": partial(endpoint_label, unit=True),
    "contrast": contrast_label,
    "domain": word,
    "group": group_label,
    "structure": structure_label,
    "region": region_label,
}

_HEADINGS = {
    "endpoint_in_unit": "endpoint",
    "50%": "median",
    "std": "SD",
    "qct_slices": "qCT",
    "cv_uncorrected": "CV before (%)",
    "cv_corrected": "CV after (%)",
    "p_normality": "p, normal scatter",
    "p_equal_variance": "p, equal scatter",
    "sd_ratio": "largest SD / smallest",
    "p_anova": "p, ANOVA",
    "p_welch": "p, Welch",
    "p_kruskal": "p, Kruskal-Wallis",
    "ci_low": "from",
    "ci_high": "to",
    "hedges_g": "Hedges g",
    "g_low": "g from",
    "g_high": "g to",
    "percent_uncorrected": "before (%)",
    "p_uncorrected": "p before",
    "level_uncorrected": "level before",
    "percent_corrected": "after (%)",
    "p_corrected": "p after",
    "level_corrected": "level after",
    "p_maxt": "p, max-T",
    "significant_maxt": "significant after max-T",
    "p_holm": "p, Holm",
    "significant_holm": "significant after Holm",
    "significant_bh": "significant after Benjamini-Hochberg",
    "expected": "expected by chance",
    "lowest_score": "lowest score",
    "lowest_if_changed": "lowest if changed",
    "claim_id": "claim",
    "statement_en": "statement",
}


def notes(said: Iterable[str]) -> Markdown:
    """List what was noted while reading (`Dataset.notes`, `ArraySet.notes`), or say that nothing was."""
    lines = [f"- {text.replace('<', '&lt;')}" for text in said]
    return Markdown("\n".join(lines) or "*Nothing to note.*")
