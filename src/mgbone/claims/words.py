"""Verdicts in sentences and tables."""

from __future__ import annotations

import pandas as pd
from IPython.display import Markdown

from mgbone.study.naming import format_p

NO_LEDGER = (
    "*There is no ledger of statements for this study, so the evidence above stands without verdicts. To "
    "have statements judged, put a claims.csv of the form of data/report/claims.csv into the dataset's "
    "folder.*"
)

_SIGN = {"up": "▲ up", "down": "▼ down"}


def verdict_table(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger as a reader wants it: statement, reported and observed finding, p, verdict."""

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
        }
    )
    return table.set_axis(pd.Index(verdicts["claim_id"], name="claim"))


def count_verdicts(verdicts: pd.DataFrame) -> Markdown:
    """Say how many statements got which verdict."""
    if verdicts.empty:
        return Markdown(NO_LEDGER)
    counts = verdicts["verdict"].value_counts()
    parts = [f"**{counts[v]}** {v.replace('_', ' ')}" for v in counts.index]
    return Markdown(f"Of {len(verdicts)} statements: {', '.join(parts)}.")


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
