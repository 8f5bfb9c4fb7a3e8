"""Tables of notebook 03 as a reader wants them: comparisons and themes by their names, numbers rounded."""

from __future__ import annotations

import pandas as pd
from IPython.display import Markdown

from mgbone.dictionary import endpoint_label
from mgbone.figures.style import contrast_label, format_p_value
from mgbone.study import Study

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
            "the groups are": table["level"],
            "agreement of cut and groups (adjusted Rand index)": table["rand"].map("{:.2f}".format),
            "bootstrap trees cut so": table["cut_support"].map("{:.0%}".format),
            "mean silhouette": table["silhouette"].map("{:.2f}".format),
            "splits tried": table["splits"],
            "p": table["p"].map(format_p_value),
        }
    )


def top_genes(table: pd.DataFrame, study: Study) -> pd.DataFrame:
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


def best_terms(best: pd.DataFrame) -> pd.DataFrame:
    """Return the term that speaks best for each theme.

    Parameters
    ----------
    best : DataFrame
        From `mgbone.microarray.arrays.best_theme_terms`.
    """
    return pd.DataFrame(
        {
            "comparison": best["contrast"].map(contrast_label),
            "theme": best["theme"].map(endpoint_label),
            "best term": best["name"],
            "among the genes": _among(best["direction"], best["hits"]),
            "genes in the list": best["hits"],
            "p": best["p"].map(format_p_value),
            "q": best["q"].map(format_p_value),
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
