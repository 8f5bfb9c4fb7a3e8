"""Sentences with numbers in them, written from the tables of the run: prose and data can't disagree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import pandas as pd
from IPython.display import Markdown
from pandas.io.formats.style import Styler

from mgbone import absence
from mgbone.claims import VERDICTS
from mgbone.dictionary import endpoint_label, region_label, structure_label, typeset_unit
from mgbone.figures.style import WORDS, contrast_label, format_p, format_p_value, group_label, text
from mgbone.intake import ADJUSTED, UNADJUSTED
from mgbone.study import REGIONS, Study

_LEVEL = {"significant": "significant", "trend": "a trend", "none": "no difference shown"}
NO_LEDGER = (
    "*There is no ledger of statements for this study, so the evidence above stands without verdicts. To "
    "have statements judged, put a claims.csv of the form of data/report/claims.csv into the dataset's "
    "folder.*"
)
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

    What was not measured is said as well: an endpoint, or a group of a comparison.
    """
    wanted = list(contrasts) if contrasts is not None else _reported(study)
    lines = []
    for endpoint in endpoints:
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


def gene_counts(called: pd.DataFrame) -> pd.DataFrame:
    """Count the genes called up and down per comparison."""
    called = called.assign(contrast=called["contrast"].map(contrast_label))
    counts = called.groupby(["contrast", "direction"], sort=False).size().unstack(fill_value=0)  # noqa: PD010
    return (
        counts.reindex(columns=["up", "down", "none"], fill_value=0)
        .rename_axis("comparison")
        .rename_axis(columns=None)
    )


def how_normalised(has_probes: bool, genes: pd.DataFrame, probesets: int) -> Markdown:
    """Say whether the arrays were normalised here, and how many genes they measure.

    Parameters
    ----------
    has_probes : bool
        Whether this run began with scans (`RmaSteps.has_probes`).
    genes : DataFrame, genes x arrays
    probesets : int
        Rows before they were summarised to genes.
    """
    n_genes, n_arrays = genes.shape
    measured = f"{n_genes:,} genes in {n_arrays} arrays"
    if has_probes:
        return Markdown(f"Normalised here by RMA: {probesets:,} probe sets, summarised to {measured}.")
    return Markdown(
        f"These values came normalised: {measured}. What rests on the scans themselves (intensities, "
        "agreement of probes, chip images) can't be shown."
    )


_LIMITS = {
    "rle_median": "median RLE within ±{max_rle_median:g}",
    "rle_iqr": "spread of RLE up to {max_rle_spread:g} times the usual",
    "nuse_median": "median NUSE up to {max_nuse_median:g}",
    "correlation": "median correlation with the other arrays from {min_correlation:g}",
    "brightness": "brightness within {max_brightness:g} log2 steps of the usual",
}


def name_flags(flags: pd.DataFrame) -> Markdown:
    """Say which limits of quality were held against the arrays, and which arrays exceed one.

    Limits of what could not be measured (for want of scans) are left out and named.

    Parameters
    ----------
    flags : DataFrame
        From `mgbone.microarray.quality.flag_arrays`, with its limits.
    """
    known = [column for column in _LIMITS if flags[column].notna().any()]
    rules = ", ".join(_LIMITS[column].format(**flags.attrs["limits"]) for column in known)
    unknown = ", ".join(column for column in _LIMITS if column not in known)
    found = flags[flags["flagged"]]
    named = "; ".join(f"**{row.array_id}** ({row.flags})" for row in found.itertuples())
    said = f"{len(found)} of {len(flags)} arrays exceed a limit: {named}" if named else ""
    rest = f" Not known without scans: {unknown}." if unknown else ""
    return Markdown(f"Limits: {rules}. {said or f'None of the {len(flags)} arrays exceeds one'}.{rest}")


def overlap(shared: pd.DataFrame) -> Markdown:
    """Say how alike two contrasts are, and how alike chance and a shared reference would make them.

    Parameters
    ----------
    shared : DataFrame
        From `mgbone.microarray.expression.overlap_summary`: one row.
    """
    row = shared.iloc[0]
    a, b = (contrast_label(row[f"contrast_{side}"]) for side in "ab")
    alike = (
        f"Over all {row['genes']:,} genes the changes correlate with r = {row['correlation']:.2f}; the "
        f"shared reference alone would give {row['correlation_by_chance']:.2f}."
    )
    counts = (
        f"{a} changed {row['changed_a']} genes, {b} {row['changed_b']}; **{row['both_same']}** changed the "
        f"same way in both, {row['both_opposite']} in opposite ways, where {row['expected']:.1f} would "
        "change the same way if the two lists shared neither a reference nor a cause."
    )
    return Markdown(f"{alike} {counts}")


def overlaps(shared: Iterable[pd.DataFrame]) -> Markdown:
    """Say of each pair of contrasts how alike the two are (`overlap`)."""
    said = [overlap(one).data for one in shared]
    return Markdown("\n\n".join(said) or "*No two comparisons that were tested share their reference.*")


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


def absence_table(weighed: pd.DataFrame, unit_percent: bool = True) -> pd.DataFrame:
    """Return what comparisons without a finding say, as a reader wants it.

    Parameters
    ----------
    weighed : DataFrame
        From `mgbone.absence.weigh_absence`.
    unit_percent : bool
        Give the interval in percent of the reference's mean, otherwise in the endpoint's unit.
    """
    low, high = ("percent_low", "percent_high") if unit_percent else ("ci_low", "ci_high")
    if weighed.empty:
        columns = ["endpoint", "comparison", "95 % interval", "p", "Bayes factor", "the data"]
        return pd.DataFrame(columns=columns)
    unit = " %" if unit_percent else " " + weighed["unit"].map(typeset_unit)
    table = pd.DataFrame(
        {
            "endpoint": weighed["endpoint"].map(endpoint_label),
            "comparison": weighed["contrast"].map(contrast_label),
            "95 % interval": (
                weighed[low].map("{:+.3g}".format) + " to " + weighed[high].map("{:+.3g}".format) + unit
            ).where(weighed[low].notna(), "–"),
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
    counts = weighed["speaks"].value_counts().reindex(absence.SPEAKS, fill_value=0)
    plural = {words: words.replace("speaks", "speak").replace("says", "say") for words in absence.SPEAKS}
    parts = [f"**{n}** {plural[words]}" for words, n in counts.items()]
    n_case, n_reference = weighed[["n_case", "n_reference"]].max()
    best = absence.smallest_bayes_factor(n_case, n_reference)
    return Markdown(
        f"Of {len(weighed)} comparisons without a finding, {', '.join(parts)}. The Bayes factors run from "
        f"{weighed['bf10'].min():.2f} to {weighed['bf10'].max():.2f}. With {n_case} against {n_reference} "
        f"animals, two groups with exactly the same mean would give {best:.2f}; at least "
        f"{absence.animals_to_show_absence()} a group are needed before equal means can speak for absence."
    )


def pair_feeding_table(
    adjusted: pd.DataFrame, groups: Mapping[str, tuple[str, str, str]]
) -> pd.DataFrame | Markdown:
    """Divide the difference from the control into intake and magnesium, in percent of the control's mean.

    Parameters
    ----------
    adjusted : DataFrame
        From `mgbone.intake.adjust_for_intake`.
    groups : mapping
        From `mgbone.intake.pair_fed_experiments`: freely fed control, pair-fed group, and the group that it
        was paired with, by experiment. Where there is none, a sentence is returned.
    """
    if not groups:
        return Markdown("*This study has no pair-fed group beside a freely fed one: nothing can be divided.*")
    if adjusted.empty:
        return Markdown("*Intake, or a group, was not measured: nothing can be divided.*")
    here = {name: adjusted[adjusted["experiment"] == name] for name in groups}
    return pd.concat([_divided(here[name], *of) for name, of in groups.items() if len(here[name])])


def _divided(adjusted: pd.DataFrame, control: str, paired: str, case: str) -> pd.DataFrame:
    rows = {
        key: part.set_index("endpoint") for key, part in adjusted.groupby(["contrast", "model"], sort=False)
    }
    whole = rows[f"{case}_vs_{control}", UNADJUSTED]
    checked = rows[f"{case}_vs_{paired}", ADJUSTED].reindex(whole.index)
    columns = {
        "against control": whole["percent"],
        "of it eating less": rows[f"{paired}_vs_{control}", UNADJUSTED]["percent"],
        "of it magnesium": rows[f"{case}_vs_{paired}", UNADJUSTED]["percent"],
    }
    table = pd.DataFrame({name: column.map(_signed) for name, column in columns.items()}, index=whole.index)
    table["p"] = rows[f"{case}_vs_{paired}", UNADJUSTED]["p"].map(format_p)
    table["magnesium, adjusted for intake"] = checked["percent"].map(_signed)
    table["p, adjusted"] = checked["p"].map(format_p)
    table["slope on intake"] = checked["p_slope"].map(format_p)
    table["slopes differ"] = checked["p_parallel"].map(format_p)
    return table.set_axis([endpoint_label(e) for e in whole.index])


def _signed(percent: float) -> str:
    return f"{percent:+.1f} %" if pd.notna(percent) else "–"


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


def readable(table: pd.DataFrame) -> pd.DataFrame:
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


def in_words(table: pd.DataFrame) -> Styler:
    """Set a table of sentences from the left, as text is read; mere row numbers are not shown."""
    left = [{"selector": "th, td", "props": "text-align: left; vertical-align: top"}]
    shown = table.style.format(escape="html").set_table_styles(left)
    return shown.hide() if isinstance(table.index, pd.RangeIndex) else shown


def _heading(column: object) -> object:
    """Name a contrast, a verdict, a region or a measure that heads a column."""
    if column in VERDICTS:
        return text(column)
    if column in REGIONS:
        return region_label(column)
    return contrast_label(column) if "_vs_" in str(column) else _HEADINGS.get(column, column)


def _domain(domain: str) -> str:
    return text(domain) if domain in WORDS else domain


_NAMES = {
    "endpoint": endpoint_label,
    "endpoint_in_unit": partial(endpoint_label, unit=True),
    "contrast": contrast_label,
    "domain": _domain,
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
    "p_holm": "p, Holm",
    "significant_holm": "significant after Holm",
    "significant_bh": "significant after Benjamini-Hochberg",
    "expected": "expected by chance",
    "lowest_score": "lowest score",
    "lowest_if_changed": "lowest if changed",
    "claim_id": "claim",
    "statement_en": "statement",
}


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


def arrays_not_compared(lacking: pd.DataFrame) -> Markdown:
    """Name the comparisons of arrays that can't be tested, and why.

    Parameters
    ----------
    lacking : DataFrame
        From `mgbone.microarray.arrays.not_testable`.
    """
    lines = [
        f"- {contrast_label(row.contrast)}: not tested ({row.n_case} and {row.n_reference} arrays; two a "
        "group are the least that show how much arrays of a group vary)."
        for row in lacking.itertuples()
    ]
    return Markdown("\n".join(lines) or "Every comparison of the study has arrays enough to be tested.")


def themes_in_sets(themes: pd.DataFrame, theme_genes: Mapping[str, set[str]], source: str) -> Markdown:
    """Say which themes of the report the gene sets can speak to; sets other than GO may know none of them."""
    lacking = [theme for theme in dict.fromkeys(themes["theme"]) if not theme_genes.get(theme)]
    if not lacking:
        return Markdown(f"The gene sets ({source}) hold terms of all {themes['theme'].nunique()} themes.")
    names = ", ".join(endpoint_label(theme) for theme in lacking)
    return Markdown(
        f"The gene sets ({source}) hold no term of: **{names}**. What the report says of these can't be "
        "tested here; themes are told by GO identifiers (data/genesets/themes.csv)."
    )


def swapped(checked: pd.DataFrame) -> Markdown:
    """Name the arrays whose expression contradicts their label, and the groups that can't be told apart.

    Parameters
    ----------
    checked : DataFrame
        From `mgbone.microarray.labels.check_labels`.
    """
    lines = [
        f"- **{row.flagged}**: look at the label. With it changed, every array of "
        f"{contrast_label(row.contrast)} lies with its group "
        f"(lowest score {row.lowest_if_changed:.2f} instead of {row.lowest_score:.2f}). "
        "Nothing was changed here."
        for row in checked[checked["flagged"] != ""].itertuples()
    ]
    fit = checked["says"].eq("labels fit")
    lines = lines or [f"No array contradicts its label ({fit.sum()} of {len(checked)} comparisons can tell)."]
    untold = checked[~fit & (checked["flagged"] == "")]
    lines += [f"- {contrast_label(row.contrast)}: {row.says}." for row in untold.itertuples()]
    return Markdown("\n".join(lines[:1] + ([""] if untold.size else []) + lines[1:]))


def notes(said: Iterable[str]) -> Markdown:
    """List what was noted while reading (`Dataset.notes`, `ArraySet.notes`), or say that nothing was."""
    lines = [f"- {text.replace('<', '&lt;')}" for text in said]
    return Markdown("\n".join(lines) or "*Nothing to note.*")
