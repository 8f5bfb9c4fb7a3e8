"""Tables of notebook 03 as a reader wants them: comparisons and themes by their names, numbers rounded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd
from IPython.display import Markdown

from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_label
from mgbone.study.language import tr
from mgbone.study.naming import contrast_label, format_p_value

SELDOM = 0.05  # a change that the rule misses no oftener than this is one that it speaks against
_SIGN = {"up": "▲ raised", "down": "▼ lowered"}


def clusterings(table: pd.DataFrame) -> pd.DataFrame:
    """Return what the rule said of each comparison.

    Parameters
    ----------
    table : DataFrame
        From `mgbone.microarray.clustering.clustering_table`.
    """
    return pd.DataFrame(
        {
            "comparison": table["comparison"].map(contrast_label),
            "the groups are": table["level"].replace("not_tested", tr("not tested: too few arrays")),
            "agreement of cut and groups (adjusted Rand index)": table["rand"].map("{:.2f}".format),
            "bootstrap trees cut so": table["cut_support"].map("{:.0%}".format),
            "mean silhouette": table["silhouette"].map("{:.2f}".format),
            "splits tried": table["splits"],
            "p": table["p"].map(format_p_value),
        }
    )


def tell_severity(severity: pd.DataFrame) -> Markdown:
    """Say in numbers what the verdict "mixed" would have missed.

    Parameters
    ----------
    severity : DataFrame
        From `mgbone.microarray.arrays.severity_of_mixed`.
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
            parts=", ".join(f"{100 * part:.0f}" for part in rows["part"]),
            mixed=", ".join(f"{100 * share:.0f}" for share in rows["called_mixed"]))  # fmt: skip
        seen = rows.loc[rows["called_mixed"] <= SELDOM, "part"]
        ruled_out = (
            tr("So it speaks against a change of {part} % of that size or more, not against a smaller one.",
               part=f"{100 * seen.min():.0f}")
            if len(seen) else tr("So it speaks against no change of that size.")
        )  # fmt: skip
        lines.append(f"- {said} {ruled_out}")
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
    low, high = table["ci_low"].map("{:+.2f}".format), table["ci_high"].map("{:+.2f}".format)
    return pd.DataFrame(
        {
            "comparison": table["contrast"].map(contrast_label),
            "gene": table["gene"],
            "log2 fold change": table["log2_fold_change"].map("{:+.2f}".format),
            f"{study.thresholds['confidence']:.0%} interval": low + " to " + high,
            "average log2 expression": table["average_expression"].map("{:.1f}".format),
            "moderated t": table["t"].map("{:+.1f}".format),
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
            "comparison": both["contrast"].map(contrast_label),
            "list": both["direction"].map(_SIGN),
            "genes expressed": both["genes"].map("{:,}".format),
            "of them in the list": both["changed"],
            f"terms with q < {limit:g}": both["enriched"],
            "genes on the chip": both["genes_chip"].map("{:,}".format),
            "in the list": both["changed_chip"],
            f"terms with q < {limit:g} against the chip": both["enriched_chip"],
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
            "comparison": best["contrast"].map(contrast_label),
            "theme": best["theme"].map(endpoint_label),
            "best term": best["name"],
            "among the genes": _among(best["direction"], best["hits"]),
            "genes in the list": best["hits"],
            "p": best["p"].map(format_p_value),
            "q": best["q"].map(format_p_value),
            "q against the whole chip": chip_q.map(format_p_value).to_numpy(),
        }
    )


def both_tests(both: pd.DataFrame) -> pd.DataFrame:
    """Return over-representation and camera side by side.

    Parameters
    ----------
    both : DataFrame
        From `mgbone.microarray.arrays.themes_under_both`.
    """
    return pd.DataFrame(
        {
            "comparison": both["contrast"].map(contrast_label),
            "theme": both["theme"].map(endpoint_label),
            "term": both["name"],
            "most among": _among(both["over_representation_direction"], both["over_representation_hits"]),
            "q of over-representation": both["over_representation_q"].map(format_p_value),
            "camera: its genes are": both["camera_direction"].map(_SIGN).fillna("not tested"),
            "p of camera": both["camera_p"].map(format_p_value),
            "q of camera": both["camera_q"].map(format_p_value),
        }
    )


def _among(direction: pd.Series, hits: pd.Series) -> pd.Series:
    """Name the list of a comparison that holds most of a term, if either holds any."""
    return direction.map(_SIGN).where(hits > 0, "no gene")


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
        f"- **Under both** (q < {limit:g}): {_named(first[firm])}.",
        f"- **Under over-representation only**: {_named(first[~firm])}.",
    ]
    return Markdown("\n".join(lines))


def _named(rows: pd.DataFrame) -> str:
    named = [
        f"{endpoint_label(row.theme)} {_SIGN[row.over_representation_direction]} "
        f"({contrast_label(row.contrast)}, camera q = {format_p_value(row.camera_q) or 'not tested'})"
        for row in rows.itertuples()
    ]
    return "; ".join(named) or "none"


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
        From `mgbone.microarray.changed_genes.overlap_summary`: one row.
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
        From `mgbone.microarray.swaps.check_labels`.
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
