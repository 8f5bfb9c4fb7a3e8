"""Evidence in sentences and tables: findings, widths of intervals, absence, outliers."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from IPython.display import Markdown

from mgbone.evidence import bayes
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_label, typeset_unit
from mgbone.study.language import N_, tr
from mgbone.study.naming import contrast_label, format_p
from mgbone.study.reading import or_none

_LEVEL = {"significant": N_("significant"), "trend": N_("a trend"), "none": N_("no difference shown")}


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

    What was not measured is said as well: an endpoint, or a group of a comparison.
    """
    wanted = list(contrasts) if contrasts is not None else _reported(study)
    lines = []
    for endpoint in endpoints:
        rows = evidence[(evidence["endpoint"] == endpoint) & evidence["contrast"].isin(wanted)]
        lines += [_sentence(row) for row in rows.to_dict("records")]
        lines += _not_measured(endpoint, set(rows["contrast"]), wanted, evidence, study)
    return Markdown("\n".join(lines) or tr("*Nothing of this was measured.*"))


def each_finding(evidence: pd.DataFrame) -> Markdown:
    """Say every row of evidence in one line, as `findings` does, and nothing of what is not among them."""
    lines = [_sentence(row) for row in evidence.to_dict("records")]
    return Markdown("\n".join(lines) or tr("*There is no finding.*"))


def _not_measured(
    endpoint: str, told: set[str], wanted: list[str], evidence: pd.DataFrame, study: Study
) -> list[str]:
    name = endpoint_label(endpoint)
    present = set(evidence["experiment"])
    lacking = [
        c.name for c in study.contrasts
        if c.name in wanted and c.name not in told and c.experiment in present
    ]  # fmt: skip
    if not told and lacking:
        return [tr("- {name}: not measured.", name=name)]
    said = N_("- {name}, {contrast}: not measured in both groups.")
    return [tr(said, name=name, contrast=contrast_label(c)) for c in lacking]


def width_of_effects(evidence: pd.DataFrame) -> Markdown:
    """Say how large an effect must be to be told from none, from the narrowest interval of Hedges g."""
    known = evidence.dropna(subset=["g_low", "g_high"])
    if known.empty:
        return Markdown(tr("*No effect size has an interval.*"))
    half = (known["g_high"] - known["g_low"]) / 2
    row = known.loc[half.idxmin()]
    return Markdown(
        tr(
            "The narrowest interval reaches {half:.2f} SD to either side ({n_case:.0f} against "
            "{n_reference:.0f} animals): these data can't tell an effect smaller than that from none.",
            half=half.min(), **row[["n_case", "n_reference"]],
        )
    )  # fmt: skip


def _sentence(row: dict[str, object]) -> str:
    named = {
        **row, "name": endpoint_label(row["endpoint"]), "contrast": contrast_label(row["contrast"]),
        "unit": typeset_unit(row["unit"]), "p": format_p(row["p"]),
    }  # fmt: skip
    if not isinstance(row["level"], str):
        few = min(row["n_case"], row["n_reference"]) < 2
        why = tr("a group of one can't be tested") if few else tr("the values leave nothing to test")
        said = N_("- {name}, {contrast}: not tested (n = {n_case} and {n_reference}; {why}).")
        return tr(said, **named, why=why)
    interval = tr("no interval (values below the limit of detection)")
    if pd.notna(row["ci_low"]):
        interval = tr("95 % interval {ci_low:+.3g} to {ci_high:+.3g}", **row)
    g = tr("Hedges g {hedges_g:+.2f}", **row) if pd.notna(row["hedges_g"]) else ""
    g += tr(" ({g_low:+.2f} to {g_high:+.2f})", **row) if pd.notna(row["g_low"]) else ""
    return tr(
        "- **{name}**, {contrast}: {mean_case:.3g} against {mean_reference:.3g} {unit}, difference "
        "{estimate:+.3g}{percent}, {interval}, {g}{p}: **{level}**.",
        **named | {
            "percent": _percent(row["estimate"], row["mean_reference"]), "interval": interval,
            "g": g + tr(", ") if g else "", "level": tr(_LEVEL[row["level"]]),
        },
    )  # fmt: skip


def _percent(estimate: float, reference: float) -> str:
    """Write a difference in percent of the reference's mean, where that is not zero."""
    return tr(" ({percent:+.1f} %)", percent=100 * estimate / reference) if reference else ""


def _reported(study: Study) -> list[str]:
    return [c.name for e in study.experiments.values() for c in e.report_contrasts]


def absence_table(weighed: pd.DataFrame) -> pd.DataFrame:
    """Return what comparisons without a finding say: intervals in percent of the reference's mean.

    Parameters
    ----------
    weighed : DataFrame
        From `mgbone.evidence.bayes.weigh_absence`.
    """
    intervals = [
        tr("{low:+.3g} to {high:+.3g} %", low=low, high=high) if pd.notna(low) else "–"
        for low, high in zip(weighed["percent_low"], weighed["percent_high"], strict=True)
    ]
    table = pd.DataFrame(
        {
            tr("endpoint"): weighed["endpoint"].map(endpoint_label),
            tr("comparison"): weighed["contrast"].map(contrast_label),
            tr("95 % interval"): intervals,
            "p": weighed["p"].map(format_p),
            tr("Bayes factor"): weighed["bf10"].map(lambda bf: f"{bf:.2f}" if pd.notna(bf) else "–"),
            tr("the data"): weighed["speaks"].map(tr),
        }
    )
    return or_none(table.reset_index(drop=True))


def count_absence(weighed: pd.DataFrame) -> Markdown:
    """Count what comparisons without a finding say, and say whether so few animals could show absence."""
    if weighed.empty:
        return Markdown(tr("*No comparison that could be tested is without a finding.*"))
    counts = weighed["speaks"].value_counts().reindex(bayes.SPEAKS, fill_value=0)
    n_case, n_reference = weighed[["n_case", "n_reference"]].max()
    return Markdown(
        tr(
            "Of {n} comparisons without a finding, **{absence}** speak for absence, **{nothing}** say "
            "nothing, **{difference}** speak for a difference. The Bayes factors run from {low:.2f} to "
            "{high:.2f}. With "
            "{n_case} against {n_reference} animals, two groups with exactly the same mean would give "
            "{best:.2f}; at least {enough} a group are needed before equal means can speak for absence.",
            n=len(weighed), absence=counts[bayes.ABSENCE], nothing=counts[bayes.NOTHING],
            difference=counts[bayes.DIFFERENCE], low=weighed["bf10"].min(), high=weighed["bf10"].max(),
            n_case=n_case, n_reference=n_reference, best=bayes.smallest_bayes_factor(n_case, n_reference),
            enough=bayes.animals_to_show_absence(),
        )
    )  # fmt: skip


def name_outliers(flagged: pd.DataFrame) -> Markdown:
    """Name the values that are flagged, all of which stay in."""
    said = N_(
        "- {animal_id}, {name}: {value:.4g}, studentised residual {studentised:+.1f}, {p} after Bonferroni"
    )
    lines = [
        tr(said, **row | {"name": endpoint_label(row["endpoint"]), "p": format_p(row["p"])})
        for row in flagged.to_dict("records")
    ]
    return Markdown("\n".join(lines) or tr("No value is flagged."))
