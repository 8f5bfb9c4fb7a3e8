"""The tree of the arrays with the genes behind it, and how cohesive groups are against chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import dendrogram

from mgbone.figures import canvas, findings, look, marks
from mgbone.figures.groups import experiment_title
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.language import N_, tr

_LEVELS = {
    "separated": N_("separated"),
    "mixed": N_("mixed"),
    "not_tested": N_("too few arrays to tell"),
}
_TREE = N_("average linkage of 1 − Pearson r")


def dendrogram_heatmap(clustering: Any, experiment: str, study: Study) -> Figure:
    """Draw the tree of the arrays with bootstrap support, the groups below it, and the genes behind it.

    Not by seaborn's clustermap, which makes a figure of its own and knows no support of branches.

    Parameters
    ----------
    clustering : mgbone.microarray.clustering.Clustering or None
        From `mgbone.microarray.arrays.cluster_experiment`; without one the figure says so.
    experiment : str
    """
    title = tr("Do the arrays part by diet? {experiment}",
               experiment=experiment_title(study.experiments[experiment], study))  # fmt: skip
    if clustering is None:
        return canvas.empty_figure(N_("Fewer than two groups with two arrays: no tree"), title)
    v = clustering.verdict
    figure, axes = canvas.new_figure(
        3, 1, width=look.ONE_AND_HALF if len(clustering.order) <= 8 else look.DOUBLE, height=138, title=title,
        finding=_finding(clustering),
        note=[_TREE, tr("{n:,} most variable genes", n=v["n_genes"]),
              N_("numbers: % of bootstrap trees (genes redrawn) with the same branch; dashed: the cut"),
              tr("cohesion: mean silhouette {s}, {p} by permutation", s=look.signed(v["silhouette"], ".2f"),
                 p=naming.format_p(float(v["p"])))],
        legend=look.group_handles(list(dict.fromkeys(clustering.groups))),
        gridspec_kw={"height_ratios": [44, 5, 52]},
    )  # fmt: skip
    tree, strip, heat = axes[:, 0]
    _tree(tree, clustering)
    _strip(strip, clustering)
    values = clustering.heat.to_numpy()
    reach = float(np.quantile(np.abs(values), 0.98)) or 1.0
    mesh = marks.heat(heat, values, gap=0, cmap=look.DIVERGING, vmin=-reach, vmax=reach, rasterized=True)
    heat.set_ylabel(tr("{n} genes", n=f"{len(clustering.heat):,}"))
    marks.colour_bar(heat, mesh, tr("log2 expression minus gene mean"), shrink=1.0)
    return figure


def _finding(clustering: Any) -> str:
    v = clustering.verdict
    same = v["rand"] > 1 - 1e-9
    words = (
        N_("The arrays part by group, in {support:.0f} % of bootstrap trees: {level}.")
        if same else
        N_("The arrays don't part by group (in {support:.0f} % of bootstrap trees): {level}.")
    )  # fmt: skip
    return tr(words, support=100 * v["cut_support"], level=tr(_LEVELS[str(v["level"])]))


def _tree(ax: Axes, clustering: Any) -> None:
    drawn = dendrogram(clustering.linkage, no_plot=True)
    heights = clustering.linkage[:, 2]
    span = heights[-1] - heights[0]
    floor = heights[0] - 0.35 * span
    by_height = {round(float(h), 12): i for i, h in enumerate(heights)}
    for x, y in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        ax.plot(x, np.maximum(y, floor), color=look.INK, linewidth=1.1, solid_joinstyle="miter")
        support = clustering.nodes.loc[by_height[round(float(y[1]), 12)], "support"]
        if np.isfinite(support):
            ax.annotate(
                f"{100 * support:.0f}", ((x[1] + x[2]) / 2, y[1]), xytext=(2, 1.5),
                textcoords="offset points",
                ha="left", va="bottom", size=look.SMALL_SIZE, gid="support",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.2},
            )  # fmt: skip
    k = clustering.groups.nunique()
    cut = (heights[-k + 1] + heights[-k]) / 2 if len(heights) >= k else heights[-1]
    ax.axhline(cut, color=look.LINE, linewidth=0.9, linestyle=look.DASHES, zorder=0)
    ax.set(
        xlim=(0, 10 * len(clustering.order)), ylim=(floor, floor + 1.13 * (heights[-1] - floor)), xticks=[]
    )
    ax.set_ylabel(tr("1 − Pearson r"))
    ax.spines["bottom"].set_visible(False)
    ax.locator_params(axis="y", nbins=4)


def _strip(ax: Axes, clustering: Any) -> None:
    """Groups of the arrays: a coloured box each, with its marker and number."""
    many = len(clustering.order) > 24
    for i, array in enumerate(clustering.order):
        fill = look.colour(clustering.groups[array])
        ax.axvspan(i + 0.02, i + 0.98, color=fill, linewidth=0)
        if not many:
            ink = look.ink_on(fill)
            ax.plot(
                i + 0.34,
                0.5,
                look.marker(clustering.groups[array]),
                color=ink,
                markersize=4.5,
                markeredgewidth=0,
            )
            ax.text(
                i + 0.64,
                0.48,
                look.array_label(array),
                ha="center",
                va="center",
                size=look.SMALL_SIZE,
                color=ink,
            )
    ax.set(xlim=(0, len(clustering.order)), ylim=(0, 1))
    ax.set_axis_off()


def cohesion(clusterings: Mapping[str, Any], title: str = "") -> Figure:
    """Draw the tree of each contrast above its permutation test.

    Parameters
    ----------
    clusterings : mapping
        From `mgbone.microarray.clustering.cluster_contrasts`, by contrast.
    """
    n = len(clusterings)
    said = [
        tr("{level}, {p}", level=tr(_LEVELS[str(c.verdict["level"])]), p=naming.format_p(c.verdict["p"]))
        for c in clusterings.values()
    ]
    figure, axes = canvas.new_figure(
        3, n, width=look.panels_width(n), height=116, title=title,
        finding=findings.counted(said, clusterings),
        note=[_TREE, N_("numbers: % bootstrap support; dashed: the cut"),
              N_("below: mean silhouette of every distinct split of the arrays into two groups of the same "
                 "sizes, "
                 "red line: these groups"),
              N_("separated: cut equals groups and p < 0.05")],
        gridspec_kw={"height_ratios": [40, 5, 34]},
    )  # fmt: skip
    for column, (contrast, clustering) in enumerate(clusterings.items()):
        tree, strip, null = axes[:, column]
        _tree(tree, clustering)
        _strip(strip, clustering)
        _null(null, clustering)
        tree.set_title(naming.panel_name(contrast, n))
        if column:
            tree.set_ylabel("")
            null.set_ylabel("")
    return figure


def _null(ax: Axes, clustering: Any) -> None:
    observed = float(clustering.verdict["silhouette"])
    sns.histplot(
        x=np.asarray(clustering.null).round(10), bins=20, ax=ax, color=look.CLOUD, edgecolor="white", alpha=1
    )
    ax.axvline(observed, color=look.UP, linewidth=1.8)
    low, high = sorted([float(clustering.null.min()), observed])
    margin = 0.07 * (max(high, float(clustering.null.max())) - low) + 0.004
    ax.set_xlim(low - margin, max(high, float(clustering.null.max())) + margin)
    ax.set_title(naming.format_p(clustering.verdict["p"]), color=look.UP)
    ax.set(xlabel=tr("Mean silhouette"), ylabel=tr("Splits of the arrays"))
    ax.yaxis.get_major_locator().set_params(integer=True, nbins=4)
