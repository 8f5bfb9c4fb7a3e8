"""Quality of the arrays: distributions, boxes, likeness of arrays, pictures of the chips."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import MatplotlibDeprecationWarning
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mgbone.figures import canvas, findings, look, marks
from mgbone.study import naming
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
    return groups.iloc[np.argsort(groups.map(place).to_numpy(), kind="stable")]


def array_distributions(densities: pd.DataFrame, groups: pd.Series, title: str = "") -> Figure:
    """Draw the distribution of log2 values of each array before and after normalisation.

    Parameters
    ----------
    densities : DataFrame
        Columns stage ("raw", "normalised"; others are drawn under the name given), array_id,
        value (log2), density.
    groups : Series
        Group of each array.
    """
    stages = list(densities["stage"].unique())
    shown = list(dict.fromkeys(in_order(groups)))
    peaks = densities.loc[densities.groupby(["stage", "array_id"], sort=False)["density"].idxmax()]
    said = [
        tr(_APART if np.ptp(rows["value"]) > 0.05 else _TOGETHER, stage=tr(_STAGES.get(stage, stage)),
           low=rows["value"].min(), high=rows["value"].max())
        for stage, rows in peaks.groupby("stage", sort=False)
    ]  # fmt: skip
    figure, axes = canvas.new_figure(
        1, len(stages), width=look.panels_width(max(2, len(stages))), height=68, title=title,
        finding=findings.sentence(said), note=N_("each line an array; density of log2 values"),
        legend=[Line2D([], [], color=look.line_colour(g), linestyle=look.line_style(g),
                       label=naming.group_label(g))
                for g in shown],
    )  # fmt: skip
    for ax, stage in zip(axes[0], stages, strict=True):
        rows = densities[densities["stage"] == stage]
        rows = rows.assign(group=rows["array_id"].map(groups))
        for group, lines in rows.groupby("group", sort=False):
            sns.lineplot(lines, x="value", y="density", units="array_id", estimator=None, sort=False,
                         ax=ax, linewidth=1,
                         color=look.line_colour(group), linestyle=look.line_style(group),
                         alpha=0.8)  # fmt: skip
        ax.set(title=tr(_STAGES.get(stage, stage)), xlabel=tr("log2 intensity"), ylabel="", ylim=(0, None))
    axes[0, 0].set_ylabel(tr("Density", "probability"))
    return figure


def array_boxes(
    boxes: pd.DataFrame,
    groups: pd.Series,
    limits: Mapping[str, tuple[float, float]] | None = None,
    title: str = "",
) -> Figure:
    """Draw a box per array for each measure of quality, one panel above the other.

    Parameters
    ----------
    boxes : DataFrame
        Columns measure (such as RLE, NUSE), array_id, q05, q25, median, q75, q95.
    groups : Series
        Group of each array.
    limits : mapping, optional
        Range of the median of each measure inside which an array is not flagged; drawn as a band.
    """
    limits = limits or {}
    arrays = in_order(groups[groups.index.isin(boxes["array_id"])])
    bound = boxes["measure"].map(lambda m: limits.get(m, (-np.inf, np.inf)))
    beyond = boxes.loc[[not low <= m <= high for m, (low, high) in zip(boxes["median"], bound, strict=True)]]
    names = [f"{naming.group_label(groups[a], short=True)} {look.array_label(a)}" for a in beyond["array_id"]]
    measures = list(boxes["measure"].unique())
    figure, axes = canvas.new_figure(
        len(measures), 1, height=46 * len(measures) + 8, sharex=True, title=title,
        finding=findings.sentence([tr("beyond the limits: {names}",
                                      names=findings.listed(names))]) if names else
        tr("No array is beyond the limits."),
        note=[N_("box: quartiles and median, whiskers: 5 to 95 %"),
              N_("grey band: limits for the median; beyond them an array is flagged")],
        legend=look.group_handles(list(dict.fromkeys(arrays))),
    )  # fmt: skip
    for ax, measure in zip(axes[:, 0], measures, strict=True):
        rows = boxes[boxes["measure"] == measure].set_index("array_id")
        if measure in limits:
            low, high = limits[measure]
            low = max(low, min(rows["q05"].min(), high) - 0.02 * abs(high))  # a side without limit ends below
            ax.axhspan(low, high, color=look.PALE, linewidth=0, zorder=0)
        _boxes(ax, rows, arrays)
        for array in beyond.loc[beyond["measure"].eq(measure), "array_id"]:
            mark = ax.annotate("!", (arrays.index.get_loc(array), rows.loc[array, "q95"]), xytext=(0, 1),
                               va="bottom",
                               textcoords="offset points", ha="center", color=look.UP,
                               size=look.TITLE_SIZE)  # fmt: skip
            look.embolden(mark)
        ax.set(ylabel=measure, xlabel="")
        ax.locator_params(axis="y", nbins=5)
    few = len(arrays) <= 60
    axes[-1, 0].set_xticks(
        range(len(arrays)) if few else [], [look.array_label(a) for a in arrays.index] if few else []
    )
    axes[-1, 0].tick_params(axis="x", length=0)
    return figure


def _boxes(ax: Axes, rows: pd.DataFrame, arrays: pd.Series) -> None:
    """Draw the boxes: the five quantiles of an array, as values, have themselves as quartiles and ends."""
    quantiles = ["q05", "q25", "median", "q75", "q95"]
    long = rows.reset_index().melt("array_id", quantiles)
    long["group"] = long["array_id"].map(arrays)
    with warnings.catch_warnings():
        # seaborn 0.13 still hands matplotlib 3.11 a deprecated name.
        warnings.simplefilter("ignore", MatplotlibDeprecationWarning)
        sns.boxplot(
            long, x="array_id", y="value", hue="group", order=list(arrays.index), ax=ax, whis=(0, 100),
            width=0.6,
            palette={g: look.colour(g) for g in arrays.unique()}, saturation=1, linewidth=0.8, dodge=False,
            legend=False, medianprops={"linewidth": 0}, linecolor=look.INK,
        )  # fmt: skip
    for x, (array, group) in enumerate(arrays.items()):
        if array in rows.index:
            ax.hlines(rows.loc[array, "median"], x - 0.3, x + 0.3, colors=look.ink_on(look.colour(group)),
                      linewidth=1.5, zorder=5)  # fmt: skip


def array_map(
    scores: pd.DataFrame,
    explained: Sequence[float],
    correlation: pd.DataFrame,
    groups: pd.Series,
    title: str = "",
) -> Figure:
    """Draw the arrays on their first two principal components, and the correlation of each two of them.

    Parameters
    ----------
    scores : DataFrame
        Index array_id; columns PC1, PC2.
    explained : sequence of float
        Share of the variance of PC1 and PC2.
    correlation : DataFrame
        Arrays by arrays.
    groups : Series
        Group of each array.
    """
    arrays = in_order(groups[groups.index.isin(correlation.index)])
    shown = list(dict.fromkeys(arrays))
    table = correlation.loc[arrays.index, arrays.index].to_numpy(float)
    off = np.where(np.eye(len(table), dtype=bool), np.nan, table)
    same = arrays.to_numpy()[:, None] == arrays.to_numpy()
    within, between = (np.nanmedian(np.where(mask, off, np.nan)) if (mask & ~np.isnan(off)).any() else np.nan
                       for mask in (same, ~same))  # fmt: skip
    figure, axes = canvas.new_figure(
        1, 2, height=100, title=title, legend=look.group_handles(shown),
        finding=tr("Arrays of one group correlate by r = {within:.3f} (median), those of two groups by "
                   "{between:.3f}; "
                   "the lowest r is {low:.3f}.", within=within, between=between, low=np.nanmin(off)),
        note=N_("left: principal components; right: Pearson correlation of log2 expression"),
    )  # fmt: skip
    left, right = axes[0]
    drawn = scores[scores.index.isin(arrays.index)]
    marks.animals(left,
                  pd.DataFrame({"at": drawn["PC1"], "value": drawn["PC2"], "group": drawn.index.map(groups)}),
                  spread=0, size=44)  # fmt: skip
    left.set_xlabel(f"PC1 ({100 * explained[0]:.0f} %)")
    left.set_ylabel(f"PC2 ({100 * explained[1]:.0f} %)")
    left.margins(0.12)
    left.axhline(0, color=look.LINE, linewidth=0.8, zorder=0)
    left.axvline(0, color=look.LINE, linewidth=0.8, zorder=0)
    mesh = marks.heat(right, off, gap=0, cmap="cividis", rasterized=True, square=True)
    ends = np.cumsum([arrays.eq(g).sum() for g in shown])
    right.hlines(ends[:-1], 0, len(table), colors="white", linewidth=2)
    right.vlines(ends[:-1], 0, len(table), colors="white", linewidth=2)
    middle = [(a + b) / 2 for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    names = [naming.group_label(g, short=True) for g in shown]
    right.set_xticks(middle, names, rotation=30, ha="right", rotation_mode="anchor")
    right.set_yticks(middle, names)
    right.tick_params(length=0)
    marks.colour_bar(right, mesh, "Pearson r")
    return figure


def pseudo_images(images: Mapping[str, np.ndarray], groups: pd.Series, title: str = "") -> Figure:
    """Draw chips as images of the residuals of the probe-level model: a spot or a scratch would show.

    Parameters
    ----------
    images : mapping of array to ndarray, shape (n_rows, n_cols)
        Residuals in log2; cells without one are missing (drawn white). None where the arrays came
        normalised: the figure then says so.
    groups : Series
        Group of each array.
    """
    if not images:
        return canvas.empty_figure(
            N_("No chip images: the arrays came normalised, without their cells"), title
        )
    names = {a: f"{naming.group_label(groups[a], short=True)} {look.array_label(a)}" for a in images}
    widths = {array: float(np.nanquantile(np.abs(image), 0.5)) for array, image in images.items()}
    widest = max(widths, key=widths.get)
    reach = float(np.nanquantile(np.abs(np.stack(list(images.values()))), 0.98)) or 1.0
    columns = min(5, len(images))
    width = look.panels_width(max(2, columns))
    figure, panels, _ = canvas.panels(
        len(images), 5, (width - 32) / columns + 6, width=width, title=title,
        finding=tr("The largest residuals are on {array}: half of its cells are off by {r:.2f} log2 or more.",
                   array=names[widest], r=widths[widest]),
        note=N_("residual of each cell in place: red brighter, blue dimmer than the model predicts; a spot "
                "or a "
                "scratch would stand out"),
    )  # fmt: skip
    for ax, (array, image) in zip(panels, images.items(), strict=True):
        drawn = ax.imshow(
            image, cmap=look.DIVERGING, vmin=-reach, vmax=reach, interpolation="nearest", rasterized=True
        )
        ax.set(title=names[array], xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
    marks.colour_bar(panels, drawn, tr("log2 residual"), shrink=0.7)
    return figure
