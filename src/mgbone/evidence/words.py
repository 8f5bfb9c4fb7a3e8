"""Evidence in sentences and tables: findings, widths of intervals, absence, outliers."""

from collections.abc import Iterable

import pandas as pd
from IPython.display import Markdown

from mgbone.evidence import bayes, trends
from mgbone.evidence.power import smallest_difference
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_label, endpoint_unit, unit_label
from mgbone.study.language import N_, tr
from mgbone.study.naming import SUPPORTED, absence_in_words, contrast_label, format_p, rounded_up, word
from mgbone.study.paths import as_written
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
    stated = (c.name for e in study.experiments.values() for c in e.report_contrasts)
    wanted = list(stated if contrasts is None else contrasts)
    lines = []
    for endpoint in study.endpoints_of(endpoints, evidence):
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


def width_of_effects(evidence: pd.DataFrame, measurements: pd.DataFrame, study: Study) -> Markdown:
    """Say how large a true difference the declared test finds, and how wide the narrowest interval is."""
    known = evidence.dropna(subset=["g_low", "g_high"])
    if known.empty:
        return Markdown(tr("*No effect size has an interval.*"))
    half = (known["g_high"] - known["g_low"]) / 2
    row = known.loc[half.idxmin()]
    animals = measurements.dropna(subset="value").groupby(["experiment", "endpoint", "group"]).size()
    of = animals[row["experiment"], row["endpoint"]]
    of = of[of > 1]  # a group of one says nothing of the scatter within groups
    if len(of) < 2:
        return Markdown(tr("*No two groups have two animals each, which a statement on power would need.*"))
    limit = study.thresholds["significant"]
    needed = smallest_difference(int(of.min()), len(of), limit)
    said = N_(
        "With {n} animals in each of {groups} groups the declared test finds a true difference of "
        "**{needed:.2f} SD** 4 times in 5 (p < {limit:g}), a smaller one less often. The narrowest interval "
        "of Hedges g reaches {half:.2f} SD to either side: so far from the truth an estimate may lie."
    )
    return Markdown(tr(said, n=of.min(), groups=len(of), needed=needed, limit=limit, half=half.min()))


def _sentence(row: dict[str, object]) -> str:
    row = {key: as_written(cell) if isinstance(cell, float) else cell for key, cell in row.items()}
    named = {
        **row, "name": endpoint_label(row["endpoint"]), "contrast": contrast_label(row["contrast"]),
        "unit": tr(" %") if row["unit"] == "%" else " " + unit_label(row["unit"]), "p": format_p(row["p"]),
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
    points = tr(" percentage points") if row["unit"] == "%" else ""
    base = row["mean_reference"]  # of which a difference is a percentage, where it is not zero
    percent = tr(" ({percent:+.1f} %)", percent=100 * row["estimate"] / base) if base else ""
    return tr(
        "- **{name}**, {contrast}: {mean_case:.3g} against {mean_reference:.3g}{unit}, difference "
        "{estimate:+.3g}{percent}, {interval}, {g}{p}: **{level}**.",
        **named | {
            "percent": points + percent, "interval": interval,
            "g": g + tr(", ") if g else "", "level": tr(_LEVEL[row["level"]]),
        },
    )  # fmt: skip


def tell_trends(verdicts: pd.DataFrame, study: Study) -> Markdown:
    """Say of statements of a trend that nobody can replicate one, and what holds by a wider criterion.

    `verdicts` comes from `mgbone.claims.judge`.
    """
    stated = trends.stated_trends(verdicts, study)
    if stated.empty:
        return Markdown(tr("*No statement is of a trend.*"))
    n = stated["n_case"].max()
    groups = max(len(study.experiments[name].groups) for name in stated["experiment"])
    low, high = (study.thresholds[level] for level in ("significant", "trend"))
    said = N_(
        "**A trend can't be replicated, by anyone.** Whatever the size of the true effect, p falls between "
        "{low:g} and {high:g} again in at most {here:.0f} % of repetitions with {n:.0f} animals a group, "
        "and more animals do not help ({ever:.0f} % with as many as one likes). So a verdict on a trend "
        "says little; beside it stands the criterion *same sign, p < {high:g}*, which **{same}** of "
        "{stated} statements of a trend meet:"
    )
    chances = {"ever": 100 * trends.most_frequent_trend(float("inf"), groups, study)}
    if n > 1:
        chances["here"] = 100 * trends.most_frequent_trend(n, groups, study)
    else:
        said = N_(
            "**A trend can't be replicated, by anyone.** Whatever the size of the true effect, p falls "
            "between {low:g} and {high:g} again in at most {ever:.0f} % of repetitions, with as many animals "
            "as one likes. Here no comparison has two animals a group, so **{same}** of {stated} statements "
            "of a trend meet the criterion *same sign, p < {high:g}*:"
        )
    counts = {"same": int(stated["same_sign"].sum()), "stated": len(stated)}
    lines = [tr(said, low=low, high=high, n=n, **chances, **counts), ""]
    each = N_(
        "- {endpoint}, {comparison}: stated {direction}, {p}; verdict {verdict}; same sign, p < {high:g}: "
        "{met}"
    )
    for row in stated.to_dict("records"):
        named = {"endpoint": endpoint_label(row["endpoint"]), "comparison": contrast_label(row["contrast"])}
        named |= {"direction": word(row["direction"]), "verdict": word(row["verdict"])}
        met = tr(N_("met") if row["same_sign"] else N_("not met"))
        lines.append(tr(each, p=format_p(row["p"]), high=high, met=met, **named))
    return Markdown("\n".join(lines))


def absence_table(weighed: pd.DataFrame) -> pd.DataFrame:
    """Return what comparisons without a finding say: intervals in percent of the reference's mean.

    `weighed` comes from `mgbone.evidence.bayes.weigh_absence`.
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
            tr("bound"): [tr("± {percent:g} %", percent=bound) for bound in weighed["bound_percent"]],
            tr("p, equivalence"): weighed["p_equivalence"].map(format_p),
            tr("excluded beyond"): [
                tr("{percent} %", percent=rounded_up(smallest))
                for smallest in weighed["smallest_bound_percent"]
            ],
            tr("severity"): weighed["severity"].map("{:.2f}".format),
            tr("the data"): weighed["absence"].map(absence_in_words),
            tr("Bayes factor"): weighed["bf10"].map(lambda bf: f"{bf:.2f}" if pd.notna(bf) else "–"),
        }
    )
    return or_none(table.reset_index(drop=True))


def count_absence(weighed: pd.DataFrame) -> Markdown:
    """Count what comparisons without a finding say, and say whether so few animals could show absence."""
    if weighed.empty:
        return Markdown(tr("*No comparison that could be tested is without a finding.*"))
    supported = weighed["absence"].eq(SUPPORTED)
    beyond = weighed.loc[~supported, "smallest_bound_percent"]
    others = N_(" The others exclude no more than what is larger than {low} to {high} %.")
    others = tr(others, low=rounded_up(beyond.min()), high=rounded_up(beyond.max())) if len(beyond) else ""
    said = N_(
        "Of {n} comparisons without a finding, **{supported}** exclude a difference beyond the bound "
        "declared for them.{others} Bayes factors can't tell: they run from {low:.2f} to {high:.2f}, and "
        "with so many animals two groups with exactly the same mean would give {best:.2f}. At least {enough} "
        "a group are needed before equal means can speak for absence (1/3)."
    )
    bayes_factors = {
        "low": weighed["bf10"].min(), "high": weighed["bf10"].max(),
        "best": bayes.smallest_bayes_factor(*weighed[["n_case", "n_reference"]].max()),
        "enough": bayes.animals_to_show_absence(),
    }  # fmt: skip
    return Markdown(tr(said, n=len(weighed), supported=supported.sum(), others=others, **bayes_factors))


def name_outliers(flagged: pd.DataFrame) -> Markdown:
    """Name the values that are flagged, all of which stay in."""
    said = N_(
        "- {animal_id}, {name}: {value:.4g} {unit}, studentised residual {studentised:+.1f}, {p} after "
        "Bonferroni"
    )
    names = ({"name": endpoint_label(e), "unit": endpoint_unit(e, typeset=True)} for e in flagged["endpoint"])
    rows = zip(flagged.to_dict("records"), names, strict=True)
    lines = [tr(said, **row | named | {"p": format_p(row["p"])}) for row, named in rows]
    return Markdown("\n".join(lines) or tr("No value is flagged."))
