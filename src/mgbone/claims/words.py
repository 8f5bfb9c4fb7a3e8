"""Verdicts in sentences and tables."""

from __future__ import annotations

import pandas as pd
from IPython.display import Markdown

from mgbone.study.language import N_, either, tr
from mgbone.study.naming import format_p, word
from mgbone.study.reading import or_none

NO_LEDGER = N_(
    "*There is no ledger of statements for this study, so the evidence above stands without verdicts. To "
    "have statements judged, put a claims.csv of the form of data/report/claims.csv into the dataset's "
    "folder.*"
)

_SIGN = {"up": N_("▲ up"), "down": N_("▼ down")}


def verdict_table(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger as a reader wants it: statement, reported and observed finding, p, verdict."""

    def said(direction: pd.Series, level: pd.Series) -> list[str]:
        return [
            tr("{direction} ({level})", direction=tr(_SIGN[way]), level=word(of)) if way in _SIGN
            else word(of) if pd.notna(of) else word("not_tested")
            for way, of in zip(direction, level, strict=True)
        ]  # fmt: skip

    table = pd.DataFrame(
        {
            tr("statement"): verdicts[either("statement_en", "statement_ja")],
            tr("report"): said(verdicts["direction"], verdicts["level"]),
            tr("data"): said(verdicts["observed_direction"], verdicts["observed_level"]),
            "p": verdicts["p"].map(lambda p: format_p(p) if pd.notna(p) else ""),
            tr("verdict"): verdicts["verdict"].map(word),
        }
    )
    return or_none(table.set_axis(pd.Index(verdicts["claim_id"], name=tr("claim"))))


def count_verdicts(verdicts: pd.DataFrame) -> Markdown:
    """Say how many statements got which verdict."""
    if verdicts.empty:
        return Markdown(tr(NO_LEDGER))
    counts = verdicts["verdict"].value_counts()
    parts = tr(", ").join(
        tr("**{n}** {verdict}", n=n, verdict=word(verdict)) for verdict, n in counts.items()
    )
    return Markdown(tr("Of {n} statements: {parts}.", n=len(verdicts), parts=parts))


def count_changes(changed: pd.DataFrame, claims: pd.DataFrame) -> Markdown:
    """Say how many rows of the ledger another test would put at another level."""
    if claims.empty:
        return Markdown(
            tr("*Without a ledger there is nothing to count; all comparisons are in the table of tests.*")
        )
    levels = changed["declared"].value_counts()
    parts = tr(", ").join(tr("{n} {level}", n=n, level=tr(_LEVELS[level])) for level, n in levels.items())
    said = tr("**{n}** of {all} rows of the ledger depend on the choice.", n=len(changed), all=len(claims))
    return Markdown(said + (tr(" By the declared test they are: {parts}.", parts=parts) if parts else ""))


_LEVELS = {"significant": N_("significant"), "trend": N_("a trend"), "none": N_("without a finding")}
