"""The arrays: distributions, boxes, likeness, pictures of the chips, trees.

Where a function takes `groups`, it is a Series: the group of each array by array_id.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import dendrogram

from mgbone.figures import canvas, findings, look, marks
from mgbone.figures.groups import experiment_title, narrow
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.language import N_, tr

_STAGES: Mapping[str, str] = {
    "raw": N_("As scanned"),
    "normalised": N_("After RMA"),
    "as it came": N_("As it came, normalised elsewhere"),
}
_APART = N_("{stage}: peaks from {low:.1f} to {high:.1f}")
_TOGETHER = N_("{stage}: all arrays on one line, peak at {low:.1f}")


def in_order(groups: pd.Series) -> pd.Series:
    """Return the groups of the arrays in the order that all figures have them in."""
    place = {group: i for i, group in enumerate(naming.groups_in_use())}
    return groups.sort_values(key=lambda names: names.map(place), kind="stable")


def array_distributions(densities: pd.DataFrame, groups: pd.Series, title: str = "") -> Figure:
    """Draw the distribution of log2 values of each array before and after normalisation.

    `densities` has stage ("raw", "normalised"; others are drawn under the name given), array_id, value (log2)
    and density.
    """
    peaks = densities.loc[densities.groupby(["stage", "array_id"], sort=False)["density"].idxmax()]
    said = [
        tr(_APART if np.ptp(rows["value"]) > 0.05 else _TOGETHER, stage=tr(_STAGES.get(stage, stage)),
           low=rows["value"].min(), high=rows["value"].max())
        for stage, rows in peaks.groupby("stage", sort=False)
    ]  # fmt: skip
    figure, axes = canvas.new_figure(
        1, len(said), width=look.panels_width(max(2, len(said))), height=68, title=title,
        finding=findings.sentence(said), note=N_("each line an array; density of log2 values"),
        legend=look.line_handles(look.in_order(groups)), xlabel=N_("log2 intensity"),
        titles=[tr(_STAGES.get(stage, stage)) for stage in peaks["stage"].unique()],
    )  # fmt: skip
    table = densities.assign(group=densities["array_id"].map(groups))
    for ax, (_, rows) in zip(axes[0], table.groupby("stage", sort=False), strict=True):
        marks.lines(ax, rows, "value", "density", "array_id", 0.8, linewidths=1)
        ax.set_ylim(0, None)
    axes[0, 0].set_ylabel(tr("Density", "probability"))
    return figure


def array_boxes(
    boxes: pd.DataFrame, groups: pd.Series, limits: Mapping[str, tuple[float, float]], title: str = ""
) -> Figure:
    """Draw a box per array for each measure of quality, one panel above the other.

    `boxes` has measure (such as RLE, NUSE), array_id, q05, q25, median, q75, q95; `limits` the range of the
    median of each measure inside which an array is not flagged, which is drawn as a band.
    """
    arrays = in_order(groups[groups.index.isin(boxes["array_id"])])
    low, high = (boxes["measure"].map(lambda m: limits.get(m, (-np.inf, np.inf))).str[end] for end in (0, 1))
    beyond = boxes[~boxes["median"].between(low, high)]
    names = [f"{naming.group_label(groups[a], short=True)} {look.array_label(a)}" for a in beyond["array_id"]]
    measures = list(boxes["measure"].unique())
    figure, axes = canvas.new_figure(
        len(measures), 1, height=46 * len(measures) + 8, sharex=True, title=title,
        finding=findings.sentence([tr("beyond the limits: {names}",
                                      names=findings.listed(names))]) if names else
        tr("No array is beyond the limits."),
        note=[N_("box: quartiles and median, whiskers: 5 to 95 %"),
              N_("grey band: limits for the median; beyond them an array is flagged")],
    )  # fmt: skip
    for ax, measure in zip(axes[:, 0], measures, strict=True):
        rows = boxes[boxes["measure"] == measure].set_index("array_id")
        if measure in limits:
            low, high = limits[measure]
            low = max(low, min(rows["q05"].min(), high) - 0.02 * abs(high))  # a side without limit ends below
            ax.axhspan(low, high, color=look.PALE, linewidth=0, zorder=0)
        _boxes(ax, rows, arrays)
        for array in beyond.loc[beyond["measure"].eq(measure), "array_id"]:
            spot = arrays.index.get_loc(array), rows.loc[array, "q95"]
            look.embolden(marks.above(ax, "!", spot, 1, color=look.UP, size=look.TITLE_SIZE))
        ax.set(ylabel=measure, xlabel="")
        ax.locator_params(axis="y", nbins=5)
        ax.tick_params(axis="x", which="both", length=0)
    thinned = arrays.index[:: -(-len(arrays) // 30)]
    places = {group: np.flatnonzero(arrays.eq(group)).mean() for group in arrays.unique()}
    foot = axes[-1, 0]
    foot.set_xticks(arrays.index.get_indexer(thinned), [look.array_label(a) for a in thinned])
    foot.xaxis.set_remove_overlapping_locs(False)
    foot.set_xticks([*places.values()], [narrow(group, 600 / len(places)) for group in places], minor=True)
    foot.tick_params(axis="x", which="minor", pad=18)
    return figure


def _boxes(ax: Axes, rows: pd.DataFrame, arrays: pd.Series) -> None:
    """Draw the boxes as lines: thin from 5 to 95 %, thick between the quartiles, the median across."""
    rows, x, inks = rows.reindex(arrays.index), np.arange(len(arrays)), [*map(look.colour, arrays)]
    ax.vlines(x, rows["q05"], rows["q95"], colors=[*map(look.line_colour, arrays)], linewidth=0.8)
    ax.vlines(x, rows["q25"], rows["q75"], colors=inks, linewidth=360 / len(rows))
    ax.hlines(rows["median"], x - 0.3, x + 0.3, colors=[*map(look.ink_on, inks)], linewidth=1.5, zorder=5)


def array_map(
    scores: pd.DataFrame,
    explained: Sequence[float],
    correlation: pd.DataFrame,
    groups: pd.Series,
    title: str = "",
) -> Figure:
    """Draw the arrays on their first two principal components, and the correlation of each two of them.

    `scores` has PC1 and PC2 by array_id, `explained` their shares of the variance; `correlation` is arrays by
    arrays.
    """
    arrays = in_order(groups[groups.index.isin(correlation.index)])
    shown = list(dict.fromkeys(arrays))
    off = correlation.loc[arrays.index, arrays.index].to_numpy(float, copy=True)
    np.fill_diagonal(off, np.nan)
    same = arrays.to_numpy()[:, None] == arrays.to_numpy()
    within, between = (pd.Series(off[mask]).median() for mask in (same, ~same))
    figure, axes = canvas.new_figure(
        1, 2, height=100, title=title, legend=look.group_handles(shown),
        finding=tr("Arrays of one group correlate by r = {within:.3f} (median), those of two groups by "
                   "{between:.3f}; the lowest r is {low:.3f}.",
                   within=within, between=between, low=np.nanmin(off)),
        note=N_("left: principal components; right: Pearson correlation of log2 expression"),
    )  # fmt: skip
    left, right = axes[0]
    drawn = scores[scores.index.isin(arrays.index)].rename(columns={"PC1": "at", "PC2": "value"})
    marks.animals(left, drawn.assign(group=drawn.index.map(groups)), spread=0, size=44)
    left.set(**{f"{axis}label": f"PC{i + 1} ({100 * explained[i]:.0f} %)" for i, axis in enumerate("xy")})
    left.margins(0.12)
    for draw in (left.axhline, left.axvline):
        draw(0, color=look.LINE, linewidth=0.8, zorder=0)
    mesh = marks.heat(right, off, linewidths=0, cmap="cividis", rasterized=True, square=True)
    ends = np.cumsum([arrays.eq(g).sum() for g in shown])
    for draw in (right.hlines, right.vlines):
        draw(ends[:-1], 0, len(off), colors="white", linewidth=2)
    middle = (np.append(0, ends[:-1]) + ends) / 2
    names = [naming.group_label(g, short=True) for g in shown]
    right.set_xticks(middle, names, rotation=30, ha="right", rotation_mode="anchor")
    right.set_yticks(middle, names)
    right.tick_params(length=0)
    marks.colour_bar([right], mesh, "Pearson r")
    return figure


def pseudo_images(
    images: Mapping[str, np.ndarray], groups: pd.Series, title: str = "", *, spoilt: np.ndarray | None = None
) -> Figure:
    """Draw chips as images of the residuals of the probe-level model: a spot or a scratch would show.

    `images` are residuals in log2 by array, each of shape (n_rows, n_cols); cells without one are missing
    (drawn white). There are none where the arrays came normalised: the figure then says so. `spoilt` is a
    chip with faults made up, to be learned from (`mgbone.microarray.quality.spoil`); it comes last.
    """
    if not images:
        why = N_("No chip images: the arrays came normalised, without their cells")
        return canvas.empty_figure(why, title)
    names = {a: f"{naming.group_label(groups[a], short=True)} {look.array_label(a)}" for a in images}
    widths = {array: float(np.nanquantile(np.abs(image), 0.5)) for array, image in images.items()}
    widest = max(widths, key=widths.get)
    reach = float(np.nanquantile(np.abs(np.stack(list(images.values()))), 0.98)) or 1.0
    # Pairs: arrays of two experiments may bear one name.
    shown = [(names[array], image) for array, image in images.items()]
    if spoilt is not None:
        shown.append((tr("made up: bubble, scratch"), spoilt))
    columns = -(-len(shown) // -(-len(shown) // 5))
    width = look.panels_width(max(2, columns))
    figure, panels = canvas.panels(
        len(shown), columns, (width - 32) / columns + 6, width=width, title=title,
        titles=[name for name, _ in shown],
        finding=tr("The largest residuals are on {array}: half of its cells are off by {r:.2f} log2 or more.",
                   array=names[widest], r=widths[widest]),
        note=N_("residual of each cell in place: yellow brighter, blue dimmer than the model predicts; a "
                "spot or a scratch would stand out"),
    )  # fmt: skip
    for ax, (_, image) in zip(panels, shown, strict=True):
        drawn = ax.imshow(image, "cividis", vmin=-reach, vmax=reach, interpolation="nearest", rasterized=True)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
    marks.colour_bar(panels, drawn, tr("log2 residual"), 0.7)
    return figure


_LEVELS = {"separated": N_("separated"), "mixed": N_("mixed"), "not_tested": N_("too few arrays to tell")}
_FEW = 24  # arrays, each of which has its number, and each branch its support
_TREE = N_("average linkage of 1 − Pearson r")


def dendrogram_heatmap(clustering: Any, experiment: str, study: Study) -> Figure:
    """Draw the tree of the arrays with bootstrap support, the groups below it, and the genes behind it.

    Not by seaborn's clustermap, which makes a figure of its own and knows no support of branches.
    `clustering` is from `mgbone.microarray.arrays.cluster_experiment`; if it is None the figure says so.
    """
    title = tr("Do the arrays part by diet? {experiment}",
               experiment=experiment_title(study.experiments[experiment], study))  # fmt: skip
    if clustering is None:
        return canvas.empty_figure(N_("Fewer than two groups with two arrays: no tree"), title)
    v = clustering.verdict
    figure, axes = canvas.new_figure(
        3, 1, width=look.ONE_AND_HALF if len(clustering.order) <= 8 else look.DOUBLE, height=138, title=title,
        finding=_tree_found(clustering),
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
    mesh = marks.heat(heat, values, linewidths=0, cmap="cividis", vmin=-reach, vmax=reach, rasterized=True)
    heat.set_ylabel(tr("{n} genes", n=f"{len(values):,}"))
    marks.colour_bar([heat], mesh, tr("log2 expression minus gene mean"), 1.0)
    return figure


def _tree_found(clustering: Any) -> str:
    v = clustering.verdict
    words = N_("The arrays don't part by group (in {support:.0f} % of bootstrap trees): {level}.")
    if v["rand"] > 1 - 1e-9:
        words = N_("The arrays part by group, in {support:.0f} % of bootstrap trees: {level}.")
    return tr(words, support=100 * v["cut_support"], level=tr(_LEVELS[str(v["level"])]))


def _tree(ax: Axes, clustering: Any) -> None:
    drawn = dendrogram(clustering.linkage, ax=ax, no_labels=True, link_color_func=lambda _: look.INK)
    heights = clustering.linkage[:, 2]
    span = heights[-1] - heights[0]
    floor = heights[0] - 0.35 * span
    by_height = {round(float(h), 12): i for i, h in enumerate(heights)}
    room = (0.0, 0.0) if len(heights) < _FEW else (0.05 * 10 * len(heights), 0.09 * span)
    taken: list[tuple[float, float]] = []
    joints = [(y[1], (x[1] + x[2]) / 2) for x, y in zip(drawn["icoord"], drawn["dcoord"], strict=True)]
    for y, x in sorted(joints, reverse=True):
        support = clustering.nodes.loc[by_height[round(float(y), 12)], "support"]
        if np.isfinite(support) and not any(abs(x - a) < room[0] and abs(y - b) < room[1] for a, b in taken):
            taken.append((x, y))
            ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.2}
            marks.above(ax, f"{100 * support:.0f}", (x, y), xytext=(2, 1.5), ha="left", gid="support",
                        bbox=ground)  # fmt: skip
    k = clustering.groups.nunique()
    cut = (heights[-k + 1] + heights[-k]) / 2 if len(heights) >= k else heights[-1]
    ax.axhline(cut, color=look.LINE, linewidth=0.9, linestyle=look.DASHES, zorder=0)
    ax.set(ylim=(floor, floor + 1.13 * (heights[-1] - floor)), ylabel=tr("1 − Pearson r"))
    ax.spines["bottom"].set_visible(False)
    ax.locator_params(axis="y", nbins=4)


def _strip(ax: Axes, clustering: Any) -> None:
    """Groups of the arrays: a coloured box each, if they are few with its marker and number."""
    styles = [look.group_style(clustering.groups[array]) for array in clustering.order]
    ax.pcolormesh([[to_rgb(style.colour) for style in styles]], edgecolors="white",
                  linewidth=1 if len(styles) <= marks.MANY else 0)  # fmt: skip
    for i, (array, style) in enumerate(zip(clustering.order, styles, strict=True)):
        if len(styles) <= _FEW:
            ink = look.ink_on(style.colour)
            ax.plot(i + 0.34, 0.5, style.marker, color=ink, markersize=4.5, markeredgewidth=0)
            ax.text(i + 0.64, 0.48, look.array_label(array), ha="center", va="center", color=ink)
    ax.set(xlim=(0, len(styles)), ylim=(0, 1))
    ax.set_axis_off()


def cohesion(clusterings: Mapping[str, Any], title: str = "") -> Figure:
    """Draw the tree of each contrast above its permutation test.

    `clusterings` is from `mgbone.microarray.clustering.cluster_contrasts`, by contrast.
    """

    def say(one: Any) -> str:
        v = one.verdict
        return tr("{level}, {p}", level=tr(_LEVELS[str(v["level"])]), p=naming.format_p(v["p"]))

    contrasts, n = canvas.by_dose(clusterings), len(clusterings)
    figure, axes = canvas.new_figure(
        3, n, width=look.panels_width(n), height=116, title=title,
        finding=findings.by_contrast(clusterings, say), titles=[naming.panel_name(c, n) for c in contrasts],
        note=[_TREE, N_("numbers: % bootstrap support; dashed: the cut"),
              N_("below: mean silhouette of every distinct split of the arrays into two groups of the same "
                 "sizes, red line: these groups"),
              N_("separated: cut equals groups and p < 0.05")],
        gridspec_kw={"height_ratios": [40, 5, 34]},
    )  # fmt: skip
    for (tree, strip, null), contrast in zip(axes.T, contrasts, strict=True):
        _tree(tree, clusterings[contrast])
        _strip(strip, clusterings[contrast])
        _null(null, clusterings[contrast])
    for ax in axes[:, 1:].flat:
        ax.set_ylabel("")
    return figure


def _null(ax: Axes, clustering: Any) -> None:
    observed = float(clustering.verdict["silhouette"])
    null = np.asarray(clustering.null)
    sns.histplot(x=null.round(10), bins=20, ax=ax, color=look.CLOUD, edgecolor="white", alpha=1)
    ax.axvline(observed, color=look.UP, linewidth=1.8)
    low, high = min(null.min(), observed), max(null.max(), observed)
    margin = 0.07 * (high - low) + 0.004
    ax.set_xlim(low - margin, high + margin)
    ax.set_title(naming.format_p(clustering.verdict["p"]), color=look.UP)
    ax.set(xlabel=tr("Mean silhouette"), ylabel=tr("Splits of the arrays"))
    ax.yaxis.get_major_locator().set_params(integer=True, nbins=4)
    ax.locator_params(axis="x", nbins=4)
