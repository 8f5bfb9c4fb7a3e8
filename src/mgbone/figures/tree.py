"""The tree of the arrays with the genes behind it, and how cohesive groups are against chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy.cluster.hierarchy import dendrogram

from mgbone.figures import canvas, look, titles
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.language import N_, tr

_LEVELS = {
    "separated": N_("separated"),
    "mixed": N_("mixed"),
    "not_tested": N_("too few arrays to tell"),
}


def dendrogram_heatmap(clustering: Any, experiment: str, study: Study) -> Figure:
    """Draw the tree of the arrays with bootstrap support, the groups below it, and the genes behind it.

    Parameters
    ----------
    clustering : mgbone.microarray.clustering.Clustering or None
        From `mgbone.microarray.arrays.cluster_experiment`; without one the figure says so.
    experiment : str
    """
    title = titles.tree(study.experiments[experiment], study)
    if clustering is None:
        why = N_("Fewer than two groups with two arrays: no tree")
        return canvas.empty_figure(why, title)
    groups = list(dict.fromkeys(clustering.groups))
    n = len(clustering.order)
    figure, _ = canvas.new_figure(
        0, 0, width=look.ONE_AND_HALF if n <= 8 else look.DOUBLE, height=108,
        title=title,
        subtitle=_tree_words(clustering),
        note=N_("Numbers in the tree: % of bootstrap trees (genes redrawn) with the same branch; dashed: "
              "the cut"))  # fmt: skip
    grid = figure.add_gridspec(3, 2, height_ratios=[44, 5, 52], width_ratios=[60, 1.6])
    tree, strip, heat = (figure.add_subplot(grid[row, 0]) for row in range(3))
    _tree(tree, clustering)
    _strip(strip, clustering)
    image = _heat(heat, clustering)
    bar = figure.colorbar(image, cax=figure.add_subplot(grid[2, 1]))
    bar.outline.set_linewidth(0.5)
    bar.set_label(tr("log2 expression minus gene mean"))
    tree.legend(
        handles=look.group_handles(groups), loc="upper right", bbox_to_anchor=(1, 1.06),
        ncols=len(groups), borderaxespad=0,
    )  # fmt: skip
    return figure


def _tree_words(clustering: Any) -> str:
    v = clustering.verdict
    return tr(
        "Average linkage of 1 − Pearson r, {n} most variable genes. Rule: {level} (cut = groups: {cut}, "
         "in {support} % of bootstrap trees; cohesion: mean silhouette {s}, permutation {p})",
        n=f"{v['n_genes']:,}", level=tr(_LEVELS[str(v["level"])]),
        cut=_yes(v["rand"] > 1 - 1e-9), support=f"{100 * v['cut_support']:.0f}",
        s=f"{v['silhouette']:z.2f}".replace("-", "−"),
        p=naming.format_p(float(v["p"])))  # fmt: skip


def _yes(value: bool) -> str:
    return tr(N_("yes") if value else N_("no"))


def _tree(ax: Axes, clustering: Any, *, legend_room: float = 1.16) -> None:
    drawn = dendrogram(clustering.linkage, no_plot=True)
    heights = clustering.linkage[:, 2]
    floor = heights[0] - 0.35 * (heights[-1] - heights[0])
    by_height = {round(float(h), 12): i for i, h in enumerate(heights)}
    for x, y in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        ax.plot(x, np.maximum(y, floor), color=look.INK, linewidth=0.9, solid_joinstyle="miter")
        node = by_height[round(float(y[1]), 12)]
        support = clustering.nodes.loc[node, "support"]
        if np.isfinite(support):
            ax.annotate(
                f"{100 * support:.0f}", ((x[1] + x[2]) / 2, y[1]), xytext=(1.6, 0.8),
                textcoords="offset points",
                ha="left", va="bottom", fontsize=look.LABEL_SIZE - 0.3, color=look.QUIET,
            )  # fmt: skip
    k = clustering.groups.nunique()
    cut = (heights[-k + 1] + heights[-k]) / 2 if len(heights) >= k else heights[-1]
    ax.axhline(cut, color=look.QUIET, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0)
    ax.set_xlim(0, 10 * len(clustering.order))
    ax.set_ylim(floor, floor + (heights[-1] - floor) * legend_room)
    ax.set_ylabel(tr("1 − Pearson r"))
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.locator_params(axis="y", nbins=4)


def _strip(ax: Axes, clustering: Any) -> None:
    """Groups of the arrays: a coloured box each, with its marker and number."""
    for i, array in enumerate(clustering.order):
        group = clustering.groups[array]
        ax.add_patch(Rectangle((i + 0.04, 0.05), 0.92, 0.9, color=look.colour(group), linewidth=0))
        ink = look.ink_on(look.colour(group))
        ax.plot(i + 0.36, 0.5, look.marker(group), color=ink, markersize=3.6, markeredgewidth=0)
        ax.text(
            i + 0.62,
            0.47,
            look.array_label(array),
            ha="center",
            va="center",
            fontsize=look.LABEL_SIZE,
            color=ink,
        )
    ax.set_xlim(0, len(clustering.order))
    ax.set_ylim(0, 1)
    ax.set_axis_off()


def _heat(ax: Axes, clustering: Any):
    values = clustering.heat.to_numpy()
    reach = float(np.quantile(np.abs(values), 0.98)) or 1.0
    image = ax.imshow(
        values, aspect="auto", interpolation="nearest", cmap=look.DIVERGING, rasterized=True,
        norm=TwoSlopeNorm(0, -reach, reach), extent=(0, values.shape[1], values.shape[0], 0),
    )  # fmt: skip
    ax.set_xticks([])
    ax.set_yticks([])
    words = N_("{n} genes")
    ax.set_ylabel(tr(words, n=f"{len(clustering.heat):,}"))
    ax.spines[["left", "bottom"]].set_visible(False)
    return image


def cohesion(clusterings: Mapping[str, Any], title: str = "") -> Figure:
    """Draw the tree of each contrast above its permutation test.

    Parameters
    ----------
    clusterings : mapping
        From `mgbone.microarray.clustering.cluster_contrasts`, by contrast.
    """
    n = len(clusterings)
    figure, axes = canvas.new_figure(
        3, n, width=look.panels_width(n), height=88, title=title,
        subtitle=N_("Above: average linkage of 1 − Pearson r, % bootstrap support. Below: mean silhouette of "
                  "every distinct split of the arrays into two groups of the same sizes"),
        note=N_("Dashed: the cut. Separated: cut equals groups and p < 0.05"),
        gridspec_kw={"height_ratios": [40, 5, 34]})  # fmt: skip
    for column, (contrast, clustering) in enumerate(clusterings.items()):
        tree, strip, null = axes[:, column]
        _tree(tree, clustering, legend_room=1.12)
        _strip(strip, clustering)
        _null(null, clustering)
        level = tr(_LEVELS[str(clustering.verdict["level"])])
        tree.set_title(f"{naming.panel_name(contrast, n)}: {level}")
        if column:
            tree.set_ylabel("")
            null.set_ylabel("")
    return figure


def _null(ax: Axes, clustering: Any) -> None:
    observed = float(clustering.verdict["silhouette"])
    ax.hist(clustering.null, bins=20, color=look.CLOUD, edgecolor="white", linewidth=0.4)
    ax.axvline(observed, color=look.UP, linewidth=1.4)
    low, high = sorted([float(clustering.null.min()), observed])
    high = max(high, float(clustering.null.max()))
    margin = 0.07 * (high - low) + 0.004
    ax.set_xlim(low - margin, high + margin)
    right = observed > sum(ax.get_xlim()) / 2
    ax.annotate(
        f"{tr('these groups')}\n{naming.format_p(clustering.verdict['p'])}",
        (observed, 0.97), xycoords=("data", "axes fraction"), xytext=(-4 if right else 4, 0),
        textcoords="offset points", ha="right" if right else "left", va="top", fontsize=look.SMALL_SIZE,
        color=look.UP, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1},
    )  # fmt: skip
    ax.set_ylim(0, 1.3 * ax.get_ylim()[1])
    ax.set_xlabel(tr("Mean silhouette"))
    ax.set_ylabel(tr("Splits of the arrays"))
    ax.yaxis.get_major_locator().set_params(integer=True, nbins=4)
