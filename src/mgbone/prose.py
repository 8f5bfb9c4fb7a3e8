"""Sentences with numbers in them, written from the tables of the run: prose and data can't disagree."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from IPython.display import Markdown

from mgbone.dictionary import endpoint_label
from mgbone.figures.style import contrast_label, format_p
from mgbone.study import Study

_LEVEL = {"significant": "significant", "trend": "a trend", "none": "no difference shown"}
_SIGN = {"up": "▲ up", "down": "▼ down"}


def findings(
    evidence: pd.DataFrame, study: Study, endpoints: Iterable[str], contrasts: Iterable[str] | None = None
) -> Markdown:
    """Say in one line per comparison what was found: means, difference, interval, effect size, p.

    Parameters
    ----------
    evidence : DataFrame
        From `mgbone.evidence.compare`.
    endpoints : iterable of str
        Endpoints to speak of, in this order.
    contrasts : iterable of str, optional
        Contrasts to speak of; without it those that the report states.
    """
    wanted = list(contrasts) if contrasts is not None else _reported(study)
    lines = []
    for endpoint in endpoints:
        rows = evidence[(evidence["endpoint"] == endpoint) & evidence["contrast"].isin(wanted)]
        lines += [_sentence(row) for row in rows.to_dict("records")]
    return Markdown("\n".join(lines) or "*Nothing of this was measured.*")


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
    counts = verdicts["verdict"].value_counts()
    parts = [f"**{counts[v]}** {v.replace('_', ' ')}" for v in counts.index]
    return Markdown(f"Of {len(verdicts)} statements: {', '.join(parts)}.")


def gene_counts(called: pd.DataFrame) -> pd.DataFrame:
    """Count the genes called up and down per contrast."""
    counts = called.groupby(["contrast", "direction"], sort=False).size().unstack(fill_value=0)  # noqa: PD010
    return counts.reindex(columns=["up", "down", "none"], fill_value=0).rename_axis(columns=None)


def _sentence(row: dict[str, object]) -> str:
    name = endpoint_label(row["endpoint"])
    against = contrast_label(row["contrast"])
    if not isinstance(row["level"], str):
        return f"- {name}, {against}: not tested (n = {row['n_case']} and {row['n_reference']})."
    percent = 100 * row["estimate"] / row["mean_reference"]
    return (
        f"- **{name}**, {against}: {row['mean_case']:.3g} against {row['mean_reference']:.3g} {row['unit']}, "
        f"difference {row['estimate']:+.3g} ({percent:+.1f} %), 95 % interval {row['ci_low']:+.3g} to "
        f"{row['ci_high']:+.3g}, Hedges g {row['hedges_g']:+.2f}, {format_p(row['p'])}: "
        f"**{_LEVEL[row['level']]}**."
    )


def _reported(study: Study) -> list[str]:
    return [c.name for e in study.experiments.values() for c in e.report_contrasts]
