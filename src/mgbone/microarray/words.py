"""Tables of notebook 03 as a reader wants them: comparisons and themes by their names, numbers rounded."""

from collections.abc import Iterable, Mapping
from html import escape

import pandas as pd
from IPython.display import Markdown

from mgbone.microarray.genesets import GeneSets
from mgbone.microarray.swaps import AGREE
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_label
from mgbone.study.language import N_, tr
from mgbone.study.naming import contrast_label, format_p_value, word

SELDOM = 0.05  # a change that the rule misses no oftener than this is one that it speaks against
_SIGN = {"up": N_("▲ raised"), "down": N_("▼ lowered")}


def clusterings(table: pd.DataFrame) -> pd.DataFrame:
    """Return what the rule said of each comparison.

    `table` comes from `mgbone.microarray.clustering.clustering_table`.
    """
    return pd.DataFrame(
        {
            tr("comparison"): table["comparison"].map(contrast_label),
            tr("the groups are"): table["level"]
            .map(word)
            .replace(word("not_tested"), tr("not tested: too few arrays")),
            tr("agreement of cut and groups (adjusted Rand index)"): table["rand"].map("{:.2f}".format),
            tr("bootstrap trees cut so"): table["cut_support"].map(
                lambda share: tr("{percent:.0f} %", percent=100 * share)
            ),
            tr("mean silhouette"): table["silhouette"].map("{:z.2f}".format),
            tr("splits tried"): table["splits"],
            "p": table["p"].map(format_p_value),
        }
    )


def tell_severity(severity: pd.DataFrame) -> Markdown:
    """Say in numbers what the verdict "mixed" would have missed.

    `severity` comes from `mgbone.microarray.arrays.severity_of_mixed`.
    """
    if severity.empty:
        return Markdown(
            tr("No comparison is mixed beside one that is separated, whose change could be tried.")
        )
    lines = []
    for (contrast, profile), rows in severity.groupby(["contrast", "profile"], sort=False):
        said = tr(
            "**{c}**: with {parts} % of the change of {profile} added, the rule still says mixed in "
            "{mixed} % of {n} ways to share out the arrays.",
            c=contrast_label(contrast), profile=contrast_label(profile), n=rows["ways"].iloc[0],
            parts=tr(", ").join(f"{100 * part:.0f}" for part in rows["part"]),
            mixed=tr(", ").join(f"{100 * share:.0f}" for share in rows["called_mixed"]))  # fmt: skip
        seen = rows.loc[rows["called_mixed"] <= SELDOM, "part"]
        ruled_out = (
            tr("So it speaks against a change of {part} % of that size or more, not against a smaller one.",
               part=f"{100 * seen.min():.0f}")
            if len(seen) else tr("So it speaks against no change of that size.")
        )  # fmt: skip
        lines.append(tr("- {said} {ruled_out}", said=said, ruled_out=ruled_out))
    return Markdown("\n".join(lines))


def top_genes_table(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the best genes of each comparison with the interval of the fold change.

    Parameters
    ----------
    table : DataFrame
        From `mgbone.microarray.arrays.top_genes`.
    study : Study
        Its confidence is named in the heading.
    """
    ends = zip(table["ci_low"], table["ci_high"], strict=True)
    intervals = [tr("{ci_low:+.2f} to {ci_high:+.2f}", ci_low=low, ci_high=high) for low, high in ends]
    return pd.DataFrame(
        {
            tr("comparison"): table["contrast"].map(contrast_label),
            tr("gene"): table["gene"],
            tr("log2 fold change"): table["log2_fold_change"].map("{:+.2f}".format),
            tr("{percent:g} % interval", percent=100 * study.thresholds["confidence"]): intervals,
            tr("average log2 expression"): table["average_expression"].map("{:.1f}".format),
            tr("moderated t"): table["t"].map("{:+.1f}".format),
            "p": table["p"].map(format_p_value),
            "q": table["q"].map(format_p_value),
        }
    )


def backgrounds(expressed: pd.DataFrame, on_chip: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Count the enriched terms of each list under the declared background and against the whole chip.

    Parameters
    ----------
    expressed, on_chip : DataFrame
        From `mgbone.microarray.enrichment.over_representation`, with either background.
    study : Study
        Its `gene_set_q` is the limit.
    """
    limit = study.thresholds["gene_set_q"]
    keys = ["contrast", "direction"]
    counts = [
        table.assign(enriched=table["q"] < limit)
        .groupby(keys, sort=False)
        .agg(genes=("background", "first"), changed=("list_size", "first"), enriched=("enriched", "sum"))
        for table in (expressed, on_chip)
    ]
    both = counts[0].join(counts[1].add_suffix("_chip")).reset_index()
    return pd.DataFrame(
        {
            tr("comparison"): both["contrast"].map(contrast_label),
            tr("list"): both["direction"].map(_SIGN).map(tr),
            tr("genes expressed"): both["genes"].map("{:,}".format),
            tr("of them in the list"): both["changed"],
            tr("terms with q < {limit:g}", limit=limit): both["enriched"],
            tr("genes on the chip"): both["genes_chip"].map("{:,}".format),
            tr("in the list"): both["changed_chip"],
            tr("terms with q < {limit:g} against the chip", limit=limit): both["enriched_chip"],
        }
    )


def best_terms(best: pd.DataFrame, on_chip: pd.DataFrame) -> pd.DataFrame:
    """Return the term that speaks best for each theme, and its q against the whole chip.

    Parameters
    ----------
    best : DataFrame
        From `mgbone.microarray.arrays.best_theme_terms`.
    on_chip : DataFrame
        From `mgbone.microarray.enrichment.over_representation`, with all genes of the chip as background.
    """
    keys = ["contrast", "direction", "term"]
    chip_q = best[keys].merge(on_chip[[*keys, "q_both"]], how="left", validate="m:1")["q_both"]
    return pd.DataFrame(
        {
            tr("comparison"): best["contrast"].map(contrast_label),
            tr("theme"): best["theme"].map(endpoint_label),
            tr("best term"): best["name"],
            tr("among the genes"): _among(best["direction"], best["hits"]),
            tr("genes in the list"): best["hits"],
            "p": best["p"].map(format_p_value),
            "q": best["q"].map(format_p_value),
            tr("q against the whole chip"): chip_q.map(format_p_value).to_numpy(),
        }
    )


def both_tests(both: pd.DataFrame) -> pd.DataFrame:
    """Return over-representation and camera side by side.

    `both` comes from `mgbone.microarray.arrays.themes_under_both`.
    """
    return pd.DataFrame(
        {
            tr("comparison"): both["contrast"].map(contrast_label),
            tr("theme"): both["theme"].map(endpoint_label),
            tr("term"): both["name"],
            tr("most among"): _among(both["over_representation_direction"], both["over_representation_hits"]),
            tr("q of over-representation"): both["over_representation_q"].map(format_p_value),
            tr("camera: its genes are"): both["camera_direction"].map(_sign).fillna(tr("not tested")),
            tr("p of camera"): both["camera_p"].map(format_p_value),
            tr("q of camera"): both["camera_q"].map(format_p_value),
        }
    )


def _among(direction: pd.Series, hits: pd.Series) -> pd.Series:
    """Name the list of a comparison that holds most of a term, if either holds any."""
    return direction.map(_sign).where(hits > 0, tr("no gene"))


def _sign(direction: object) -> str | None:
    return tr(_SIGN[direction]) if direction in _SIGN else None


def tell_both_tests(both: pd.DataFrame, study: Study) -> Markdown:
    """Say which themes hold under both tests and which under over-representation alone.

    Parameters
    ----------
    both : DataFrame
        From `mgbone.microarray.arrays.themes_under_both`.
    study : Study
        Its `gene_set_q` is the limit for both tests.
    """
    limit = study.thresholds["gene_set_q"]
    first = both[both["over_representation_q"] < limit]
    same = first["over_representation_direction"] == first["camera_direction"]
    firm = same & (first["camera_q"] < limit)
    lines = [
        tr("- **Under both** (q < {limit:g}): {themes}.", limit=limit, themes=_named(first[firm])),
        tr("- **Under over-representation only**: {themes}.", themes=_named(first[~firm])),
    ]
    return Markdown("\n".join(lines))


def _named(rows: pd.DataFrame) -> str:
    named = [
        tr(
            "{theme} {sign} ({contrast}, camera q = {q})",
            theme=endpoint_label(row.theme), sign=_sign(row.over_representation_direction),
            contrast=contrast_label(row.contrast), q=format_p_value(row.camera_q) or tr("not tested"),
        )
        for row in rows.itertuples()
    ]  # fmt: skip
    return tr("; ").join(named) or tr("none")


def gene_counts(called: pd.DataFrame) -> pd.DataFrame:
    """Count the genes called up and down per comparison."""
    counts = called.groupby(["contrast", "direction"], sort=False).size().unstack(fill_value=0)  # noqa: PD010
    counts = counts.reindex(columns=["up", "down", "none"], fill_value=0)
    counts = counts.rename(columns=word, index=contrast_label)
    return counts.rename_axis(index=tr("comparison"), columns=None)


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
    measured = tr("{genes:,} genes in {arrays} arrays", genes=n_genes, arrays=n_arrays)
    if has_probes:
        said = N_("Normalised here by RMA: {probesets:,} probe sets, summarised to {measured}.")
        return Markdown(tr(said, probesets=probesets, measured=measured))
    said = N_(
        "These values came normalised: {measured}. What rests on the scans themselves (intensities, "
        "agreement of probes, chip images) can't be shown."
    )
    return Markdown(tr(said, measured=measured))


_LIMITS = {
    "rle_median": N_("median RLE within ±{max_rle_median:g}"),
    "rle_iqr": N_("spread of RLE up to {max_rle_spread:g} times the usual"),
    "nuse_median": N_("median NUSE up to {max_nuse_median:g}"),
    "correlation": N_("median correlation with the other arrays from {min_correlation:g}"),
    "brightness": N_("brightness within {max_brightness:g} of the usual (log2)"),
}
_MEASURES = {
    "rle_median": N_("RLE median"),
    "rle_iqr": N_("RLE spread"),
    "nuse_median": N_("NUSE median"),
    "correlation": N_("correlation"),
    "brightness": N_("brightness"),
}


def flag_table(flags: pd.DataFrame) -> pd.DataFrame:
    """Return the measures of quality array by array, and by name those that exceed a limit.

    `flags` comes from `mgbone.microarray.quality.flag_arrays`.
    """
    measures = {tr(name): flags[column].map("{:.3f}".format) for column, name in _MEASURES.items()}
    exceeded = [_measures(told.split(", ") if told else []) for told in flags["flags"]]
    return pd.DataFrame({tr("array"): flags["array_id"], **measures, tr("exceeded"): exceeded})


def _measures(columns: Iterable[str]) -> str:
    of_flag = {"rle_spread": "rle_iqr", "nuse": "nuse_median"}  # flags are named after limits
    return tr(", ").join(tr(_MEASURES[of_flag.get(column, column)]) for column in columns)


def hand_table(by_hand: pd.DataFrame) -> pd.DataFrame:
    """Return the steps of genes worked by hand (`mgbone.microarray.differential.genes_by_hand`)."""
    genes = by_hand.columns.drop(["step", "name", "formula"])
    is_p = by_hand["step"].isin(["p_ordinary", "p"])
    formula = [f"<code>{escape(tr(text))}</code>" for text in by_hand["formula"]]
    steps = pd.DataFrame({tr("step"): by_hand["name"].map(tr), tr("formula"): formula})
    numbers = by_hand[genes].map("{:.4g}".format).mask(is_p, by_hand[genes].map(format_p_value))
    return steps.join(numbers)


def name_flags(flags: pd.DataFrame) -> Markdown:
    """Say which limits of quality were held against the arrays, and which arrays exceed one.

    Limits of what could not be measured (for want of scans) are left out and named.

    `flags` comes from `mgbone.microarray.quality.flag_arrays`, with its limits.
    """
    known = [column for column in _LIMITS if flags[column].notna().any()]
    rules = tr(", ").join(tr(_LIMITS[column], **flags.attrs["limits"]) for column in known)
    unknown = _measures(column for column in _LIMITS if column not in known)
    found = flags[flags["flagged"]]
    named = tr("; ").join(
        tr("**{array}** ({measures})", array=row.array_id, measures=_measures(row.flags.split(", ")))
        for row in found.itertuples()
    )
    rest = tr(" Not known without scans: {measures}.", measures=unknown) if unknown else ""
    said = N_("Limits: {rules}. None of the {all} arrays exceeds one.{rest}")
    if named:
        said = N_("Limits: {rules}. {n} of {all} arrays exceed a limit: {named}.{rest}")
    return Markdown(tr(said, rules=rules, n=len(found), all=len(flags), named=named, rest=rest))


def overlap(shared: pd.DataFrame) -> Markdown:
    """Say how alike two contrasts are, and how alike chance and a shared reference would make them.

    `shared` comes from `mgbone.microarray.changed_genes.overlap_summary`: one row.
    """
    row = shared.to_dict("records")[0]
    named = {side: contrast_label(row[f"contrast_{side}"]) for side in "ab"}
    said = N_(
        "Over all {genes:,} genes the changes correlate with r = {correlation:.2f}; the shared reference "
        "alone would give {correlation_by_chance:.2f}. {a} changed {changed_a} genes, {b} {changed_b}; "
        "**{both_same}** changed the same way in both, {both_opposite} in opposite ways, where "
        "{expected:.1f} would change the same way if the two lists shared neither a reference nor a cause."
    )
    return Markdown(tr(said, **row, **named))


def overlaps(shared: Iterable[pd.DataFrame]) -> Markdown:
    """Say of each pair of contrasts how alike the two are (`overlap`)."""
    said = [overlap(one).data for one in shared]
    return Markdown("\n\n".join(said) or tr("*No two comparisons that were tested share their reference.*"))


def arrays_not_compared(lacking: pd.DataFrame) -> Markdown:
    """Name the comparisons of arrays that can't be tested, and why.

    `lacking` comes from `mgbone.microarray.arrays.not_testable`.
    """
    said = N_(
        "- {name}: not tested ({n_case} and {n_reference} arrays; two a group are the least that show how "
        "much arrays of a group vary)."
    )
    lines = [tr(said, name=contrast_label(row["contrast"]), **row) for row in lacking.to_dict("records")]
    return Markdown("\n".join(lines) or tr("Every comparison of the study has arrays enough to be tested."))


def themes_in_sets(
    themes: pd.DataFrame, theme_genes: Mapping[str, set[str]], gene_sets: GeneSets
) -> Markdown:
    """Say which themes of the report the gene sets can speak to; sets other than GO may know none of them.

    What was done to fit the sets to the chip (`genesets.fit_gene_sets`) is said first.
    """
    source, notes = gene_sets.source, "".join(f"{note}\n\n" for note in gene_sets.notes)
    lacking = [theme for theme in dict.fromkeys(themes["theme"]) if not theme_genes.get(theme)]
    if not lacking:
        said = N_("The gene sets ({source}) hold terms of all {n} themes.")
        return Markdown(notes + tr(said, source=source, n=themes["theme"].nunique()))
    names = tr(", ").join(endpoint_label(theme) for theme in lacking)
    return Markdown(
        notes
        + tr(
            "The gene sets ({source}) hold no term of: **{names}**. What the report says of these can't be "
            "tested here; themes are told by GO identifiers (data/genesets/themes.csv).",
            source=source, names=names,
        )
    )  # fmt: skip


def swapped(checked: pd.DataFrame) -> Markdown:
    """Name the arrays whose expression contradicts their label, and the groups that can't be told apart.

    `checked` comes from `mgbone.microarray.swaps.check_labels`.
    """
    said = N_(
        "- **{flagged}**: look at the label. With it changed, every array of {name} lies with its group "
        "(lowest score {lowest_if_changed:.2f} instead of {lowest_score:.2f}). Nothing was changed here."
    )
    found = checked[checked["flagged"] != ""].to_dict("records")
    lines = [tr(said, name=contrast_label(row["contrast"]), **row) for row in found]
    fit = checked["says"].eq(AGREE)
    none = N_("No array contradicts its label ({fit} of {all} comparisons can tell).")
    lines = lines or [tr(none, fit=fit.sum(), all=len(checked))]
    untold = checked[~fit & (checked["flagged"] == "")]
    lines += [f"- {contrast_label(row.contrast)}{tr(': ')}{tr(row.says)}" for row in untold.itertuples()]
    return Markdown("\n".join(lines[:1] + ([""] if untold.size else []) + lines[1:]))
