"""Evidence in sentences and tables: findings, widths of intervals, absence, outliers."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from IPython.display import Markdown

from mgbone.evidence import bayes
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_label, typeset_unit
from mgbone.study.naming import contrast_label, format_p

_LEVEL = {"significant": "significant", "trend": "a trend", "none": "no difference shown"}


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
    for endpoint in study.endpoints_of(endpoints, evidence):
        rows = evidence[(evidence["endpoint"] == endpoint) & evidence["contrast"].isin(wanted)]
        lines += [_sentence(row) for row in rows.to_dict("records")]
        lines += _not_measured(endpoint, set(rows["contrast"]), wanted, evidence, study)
    return Markdown("\n".join(lines) or "*Nothing of this was measured.*")


def each_finding(evidence: pd.DataFrame) -> Markdown:
    """Say every row of evidence in one line, as `findings` does, and nothing of what is not among them."""
    lines = [_sentence(row) for row in evidence.to_dict("records")]
    return Markdown("\n".join(lines) or "*There is no finding.*")


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
        return [f"- {name}: not measured."]
    return [f"- {name}, {contrast_label(c)}: not measured in both groups." for c in lacking]


def width_of_effects(evidence: pd.DataFrame) -> Markdown:
    """Say how large an effect must be to be told from none, from the narrowest interval of Hedges g."""
    known = evidence.dropna(subset=["g_low", "g_high"])
    if known.empty:
        return Markdown("*No effect size has an interval.*")
    half = (known["g_high"] - known["g_low"]) / 2
    row = known.loc[half.idxmin()]
    return Markdown(
        f"The narrowest interval reaches {half.min():.2f} SD to either side ({row['n_case']:.0f} against "
        f"{row['n_reference']:.0f} animals): these data can't tell an effect smaller than that from none."
    )


def _sentence(row: dict[str, object]) -> str:
    name = endpoint_label(row["endpoint"])
    against = contrast_label(row["contrast"])
    if not isinstance(row["level"], str):
        few = min(row["n_case"], row["n_reference"]) < 2
        why = "a group of one can't be tested" if few else "the values leave nothing to test"
        return f"- {name}, {against}: not tested (n = {row['n_case']} and {row['n_reference']}; {why})."
    percent = _percent(row["estimate"], row["mean_reference"])
    interval = f"95 % interval {row['ci_low']:+.3g} to {row['ci_high']:+.3g}"
    if pd.isna(row["ci_low"]):
        interval = "no interval (values below the limit of detection)"
    g = f"Hedges g {row['hedges_g']:+.2f}" if pd.notna(row["hedges_g"]) else ""
    g += f" ({row['g_low']:+.2f} to {row['g_high']:+.2f})" if pd.notna(row["g_low"]) else ""
    g += ", " if g else ""
    return (
        f"- **{name}**, {against}: {row['mean_case']:.3g} against {row['mean_reference']:.3g} "
        f"{typeset_unit(row['unit'])}, difference {row['estimate']:+.3g}{percent}, {interval}, "
        f"{g}{format_p(row['p'])}: **{_LEVEL[row['level']]}**."
    )


def _percent(estimate: float, reference: float) -> str:
    """Write a difference in percent of the reference's mean, where that is not zero."""
    return f" ({100 * estimate / reference:+.1f} %)" if reference else ""


def _reported(study: Study) -> list[str]:
    return [c.name for e in study.experiments.values() for c in e.report_contrasts]


def absence_table(weighed: pd.DataFrame) -> pd.DataFrame:
    """Return what comparisons without a finding say: intervals in percent of the reference's mean.

    Parameters
    ----------
    weighed : DataFrame
        From `mgbone.evidence.bayes.weigh_absence`.
    """
    if weighed.empty:
        columns = ["endpoint", "comparison", "95 % interval", "p", "Bayes factor", "the data"]
        return pd.DataFrame(columns=columns)
    low, high = (weighed[f"percent_{end}"].map("{:+.3g}".format) for end in ("low", "high"))
    table = pd.DataFrame(
        {
            "endpoint": weighed["endpoint"].map(endpoint_label),
            "comparison": weighed["contrast"].map(contrast_label),
            "95 % interval": (low + " to " + high + " %").where(weighed["percent_low"].notna(), "–"),
            "p": weighed["p"].map(format_p),
            "Bayes factor": weighed["bf10"].map(lambda bf: f"{bf:.2f}" if pd.notna(bf) else "–"),
            "the data": weighed["speaks"],
        }
    )
    return table.reset_index(drop=True)


def count_absence(weighed: pd.DataFrame) -> Markdown:
    """Count what comparisons without a finding say, and say whether so few animals could show absence."""
    if weighed.empty:
        return Markdown("*No comparison that could be tested is without a finding.*")
    counts = weighed["speaks"].value_counts().reindex(bayes.SPEAKS, fill_value=0)
    plural = {words: words.replace("speaks", "speak").replace("says", "say") for words in bayes.SPEAKS}
    parts = [f"**{n}** {plural[words]}" for words, n in counts.items()]
    n_case, n_reference = weighed[["n_case", "n_reference"]].max()
    best = bayes.smallest_bayes_factor(n_case, n_reference)
    return Markdown(
        f"Of {len(weighed)} comparisons without a finding, {', '.join(parts)}. The Bayes factors run from "
        f"{weighed['bf10'].min():.2f} to {weighed['bf10'].max():.2f}. With {n_case} against {n_reference} "
        f"animals, two groups with exactly the same mean would give {best:.2f}; at least "
        f"{bayes.animals_to_show_absence()} a group are needed before equal means can speak for absence."
    )


def name_outliers(flagged: pd.DataFrame) -> Markdown:
    """Name the values that are flagged, all of which stay in."""
    if flagged.empty:
        return Markdown("No value is flagged.")
    lines = [
        f"- {row.animal_id}, {endpoint_label(row.endpoint)}: {row.value:.4g}, studentised residual "
        f"{row.studentised:+.1f}, {format_p(row.p)} after Bonferroni"
        for row in flagged.itertuples()
    ]
    return Markdown("\n".join(lines))
