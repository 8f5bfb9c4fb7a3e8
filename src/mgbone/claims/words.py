"""Verdicts in sentences and tables."""

import pandas as pd
from IPython.display import Markdown

from mgbone.study.language import N_, either, tr
from mgbone.study.naming import SUPPORTED, absence_in_words, chance_in_words, format_p, word
from mgbone.study.reading import or_none

NO_LEDGER = N_(
    "*There is no ledger of statements for this study, so the evidence above stands without verdicts. To "
    "have statements judged, put a claims.csv of the form of data/report/claims.csv into the dataset's "
    "folder.*"
)

# Effects and absences are never added up: an absence is "reproduced" by nearly any data.
_ASSERTED = {
    "effect": N_("- Statements of an effect: **{n} of {of}** reproduced{rest}."),
    "absence": N_(
        "- Statements of an absence: **{n} of {of}** not shown otherwise; supported, in that the data "
        "exclude a difference beyond the bound that the study declares: **{supported}**{rest}."
    ),
}

_SIGN = {"up": N_("▲ up"), "down": N_("▼ down")}


def verdict_table(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger as a reader wants it: statement, reported and observed finding, p, verdict.

    Beside the verdict stand the criteria that are met, what is said of an absence and, where it was computed
    (`p_without_effect`), the chance of this verdict with nothing to find.
    """

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
            tr("criteria met"): verdicts["criteria"].fillna(""),
            tr("absence", "what the data exclude"): verdicts["absence"].map(absence_in_words),
        }
    )
    if "p_without_effect" in verdicts:
        table[tr("by chance")] = [chance_in_words(row) for row in verdicts.to_dict("records")]
    return or_none(table.set_axis(pd.Index(verdicts["claim_id"], name=tr("claim"))))


def count_verdicts(verdicts: pd.DataFrame) -> Markdown:
    """Say how many statements got which verdict, those of an effect and those of an absence apart."""
    if verdicts.empty:
        return Markdown(tr(NO_LEDGER))
    lines = []
    for asserts, words in _ASSERTED.items():
        rows = verdicts[verdicts["asserts"] == asserts]
        counts = rows["verdict"].value_counts()
        rest = "".join(
            tr("; {n} {verdict}", n=n, verdict=word(v)) for v, n in counts.items() if v != "reproduced"
        )
        supported = int(rows["absence"].eq(SUPPORTED).sum())
        told = {"n": counts.get("reproduced", 0), "of": len(rows), "supported": supported, "rest": rest}
        lines += [tr(words, **told)] if len(rows) else []
    return Markdown("\n".join(lines))


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
