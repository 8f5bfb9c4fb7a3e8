"""Verdicts in sentences and tables."""

from __future__ import annotations

import pandas as pd
from IPython.display import Markdown

from mgbone.study.naming import SUPPORTED, absence_in_words, as_chance, format_p

NO_LEDGER = (
    "*There is no ledger of statements for this study, so the evidence above stands without verdicts. To "
    "have statements judged, put a claims.csv of the form of data/report/claims.csv into the dataset's "
    "folder.*"
)

# Effects and absences are never added up: an absence is "reproduced" by nearly any data.
_ASSERTED = {
    "effect": "Statements of an effect: **{n} of {of}** reproduced",
    "absence": "Statements of an absence: **{n} of {of}** not shown otherwise; **{supported}** of them are "
    "supported, since the data exclude a difference beyond the bound that the study declares",
}

_SIGN = {"up": "▲ up", "down": "▼ down"}


def verdict_table(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger as a reader wants it: statement, reported and observed finding, p, verdict.

    Beside the verdict stand the criteria that are met, what is said of an absence and, where it was computed
    (`p_without_effect`), the chance of this verdict with nothing to find.
    """

    def said(direction: pd.Series, level: pd.Series) -> pd.Series:
        signed = direction.map(_SIGN) + " (" + level + ")"
        return signed.where(direction.isin(["up", "down"]), level).fillna("not tested")

    table = pd.DataFrame(
        {
            "statement": verdicts["statement_en"],
            "report": said(verdicts["direction"], verdicts["level"]),
            "data": said(verdicts["observed_direction"], verdicts["observed_level"]),
            "p": verdicts["p"].map(lambda p: format_p(p) if pd.notna(p) else ""),
            "verdict": verdicts["verdict"],
            "criteria met": verdicts["criteria"].fillna(""),
            "absence": verdicts["absence"].map(absence_in_words),
        }
    )
    if "p_without_effect" in verdicts:
        table["by chance"] = verdicts["p_without_effect"].map(as_chance)
    return table.set_axis(pd.Index(verdicts["claim_id"], name="claim"))


def count_verdicts(verdicts: pd.DataFrame) -> Markdown:
    """Say how many statements got which verdict, those of an effect and those of an absence apart."""
    if verdicts.empty:
        return Markdown(NO_LEDGER)
    lines = []
    for asserts, words in _ASSERTED.items():
        rows = verdicts[verdicts["asserts"] == asserts]
        counts = rows["verdict"].value_counts()
        rest = [f"{n} {v.replace('_', ' ')}" for v, n in counts.items() if v != "reproduced"]
        supported = int(rows["absence"].eq(SUPPORTED).sum())
        said = words.format(n=counts.get("reproduced", 0), of=len(rows), supported=supported)
        lines += [f"- {said}{'; '.join(['', *rest])}."] if len(rows) else []
    return Markdown("\n".join(lines))


def count_changes(changed: pd.DataFrame, claims: pd.DataFrame) -> Markdown:
    """Say how many rows of the ledger another test would put at another level."""
    if claims.empty:
        return Markdown(
            "*Without a ledger there is nothing to count; all comparisons are in the table of tests.*"
        )
    words = {"none": "without a finding", "trend": "a trend"}
    levels = changed["declared"].value_counts()
    parts = ", ".join(f"{n} {words.get(level, level)}" for level, n in levels.items())
    declared = f" By the declared test they are: {parts}." if parts else ""
    return Markdown(f"**{len(changed)}** of {len(claims)} rows of the ledger depend on the choice.{declared}")
