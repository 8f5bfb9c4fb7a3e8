"""Quality of the arrays: distributions, boxes, likeness of arrays, pictures of the chips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from mgbone.figures import canvas, look
from mgbone.figures.genes import ROOM
from mgbone.study import naming
from mgbone.study.language import N_, tr


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
    figure, axes = canvas.new_figure(
        1, len(stages), width=look.panels_width(max(2, len(stages))), height=52, title=title,
        subtitle=N_("Each line an array; density of log2 values"))  # fmt: skip
    for ax, stage in zip(axes[0], stages, strict=True):
        rows = densities[densities["stage"] == stage]
        for array, line in rows.groupby("array_id", sort=False):
            ink = look.line_colour(groups[array])
            ax.plot(line["value"], line["density"], color=ink, linewidth=0.9, alpha=0.9)
        ax.set_title(tr(_STAGES.get(stage, (stage, stage))))
        ax.set_xlabel(tr("log2 intensity"))
        ax.set_ylim(bottom=0)
    axes[0, 0].set_ylabel(tr("Density", "probability"))
    shown = list(dict.fromkeys(groups))
    handles = [Line2D([], [], color=look.line_colour(g), label=naming.group_label(g)) for g in shown]
    # One panel has no room for a long line.
    columns = len(handles) if len(stages) > 1 else min(3, len(handles))
    figure.legend(handles=handles, loc="outside lower left", ncols=columns)
    return figure


_STAGES: Mapping[str, str] = {
    "raw": N_("As scanned"),
    "normalised": N_("After RMA"),
    "as it came": N_("As it came, normalised elsewhere"),
}


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
    measures = list(boxes["measure"].unique())
    arrays = list(dict.fromkeys(boxes["array_id"]))
    figure, axes = canvas.new_figure(
        len(measures), 1, width=look.DOUBLE, height=34 * len(measures) + 8, sharex=True, title=title,
        subtitle=N_(
        "Box: quartiles and median, whiskers: 5 to 95 %. Grey band: limits for the median; beyond "
                  "them an array is flagged"))  # fmt: skip
    for ax, measure in zip(axes[:, 0], measures, strict=True):
        rows = boxes[boxes["measure"] == measure].set_index("array_id")
        if limits and measure in limits:
            low, high = limits[measure]
            low = max(low, min(rows["q05"].min(), high) - 0.02 * abs(high))  # a side without limit ends below
            ax.axhspan(low, high, color=look.PALE, linewidth=0, zorder=0)
        for i, array in enumerate(arrays):
            if array in rows.index:
                _box(ax, i, rows.loc[array], groups[array], limits.get(measure) if limits else None)
        ax.set_ylabel(measure)
        ax.set_xlim(-0.7, len(arrays) - 0.3)
        ax.locator_params(axis="y", nbins=5)
    axes[-1, 0].set_xticks(range(len(arrays)), [look.array_label(a) for a in arrays])
    axes[-1, 0].tick_params(axis="x", length=0)
    names = [naming.group_label(groups[a], short=True) for a in arrays]
    for name in dict.fromkeys(names):
        at = [i for i, other in enumerate(names) if other == name]
        axes[-1, 0].annotate(
            name, ((at[0] + at[-1]) / 2, 0), xycoords=("data", "axes fraction"), xytext=(0, -16),
            textcoords="offset points", ha="center", va="top", annotation_clip=False,
        )  # fmt: skip
    return figure


def _box(ax: Axes, x: float, row: pd.Series, group: str, limit: tuple[float, float] | None) -> None:
    colour = look.colour(group)
    edge = look.line_colour(group)
    ax.plot([x, x], [row["q05"], row["q95"]], color=edge, linewidth=0.9, zorder=1)
    ax.add_patch(Rectangle((x - 0.3, row["q25"]), 0.6, row["q75"] - row["q25"], facecolor=colour,
                           edgecolor=edge, linewidth=0.7, zorder=2))  # fmt: skip
    ax.plot([x - 0.3, x + 0.3], [row["median"]] * 2, color=look.ink_on(colour), linewidth=1.2, zorder=3)
    if limit and not limit[0] <= row["median"] <= limit[1]:
        ax.annotate("!", (x, row["q95"]), xytext=(0, 1), textcoords="offset points", ha="center", va="bottom",
                    color=look.UP, fontsize=look.TITLE_SIZE, **look.BOLD)  # fmt: skip


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
    figure, axes = canvas.new_figure(
        1,
        2,
        width=look.DOUBLE,
        height=74,
        title=title,
        subtitle=N_("Left: principal components; right: Pearson correlation of log2 expression"),
    )
    left, right = axes[0]
    order = [a for g in dict.fromkeys(groups) for a in groups.index[groups == g] if a in correlation.index]
    for group in dict.fromkeys(groups):
        arrays = [a for a in scores.index if groups[a] == group]
        look.dots(left, scores.loc[arrays, "PC1"], scores.loc[arrays, "PC2"], group, size=5.5)
    left.set_xlabel(f"PC1 ({100 * explained[0]:.0f} %){ROOM}{ROOM}")
    left.set_ylabel(f"PC2 ({100 * explained[1]:.0f} %)")
    left.margins(0.12)
    left.axhline(0, color=look.LINE, linewidth=0.6, zorder=0)
    left.axvline(0, color=look.LINE, linewidth=0.6, zorder=0)
    legend = left.legend(
        handles=look.group_handles(list(dict.fromkeys(groups))),
        loc="upper left", bbox_to_anchor=(-0.05, -0.17), ncols=3, borderaxespad=0,
    )  # fmt: skip
    legend.set_in_layout(False)  # else it would widen the panel's column; ROOM makes the height
    table = correlation.loc[order, order].to_numpy(float)
    off = table[~np.eye(len(table), dtype=bool)]
    image = right.imshow(table, cmap="cividis", vmin=float(off.min()), vmax=float(off.max()), rasterized=True)
    ends = np.cumsum([sum(groups[a] == g for a in order) for g in dict.fromkeys(groups[a] for a in order)])
    for end in ends[:-1]:
        right.axhline(end - 0.5, color="white", linewidth=1.2)
        right.axvline(end - 0.5, color="white", linewidth=1.2)
    starts = [0, *ends[:-1]]
    names = [naming.group_label(g, short=True) for g in dict.fromkeys(groups[a] for a in order)]
    middle = [(a + b - 1) / 2 for a, b in zip(starts, ends, strict=True)]
    right.set_xticks(middle, names, rotation=30, ha="right", rotation_mode="anchor")
    right.set_yticks(middle, names)
    right.tick_params(length=0)
    right.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=right, shrink=0.8)
    bar.outline.set_linewidth(0.5)
    bar.set_label("Pearson r")
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
            N_("No chip images: the arrays came normalised, without their cells"),
            title)  # fmt: skip
    columns = min(5, max(1, len(images)))
    rows = -(-len(images) // columns)
    width = look.panels_width(max(2, columns))
    figure, axes = canvas.new_figure(
        rows,
        columns,
        width=width,
        height=(width - 24) / columns * rows + 4 * rows,
        title=title,
        subtitle=N_("Residual of each cell in place: red brighter, blue dimmer than the model predicts"),
    )
    known = np.concatenate([np.abs(i[np.isfinite(i)]) for i in images.values()])
    reach = float(np.quantile(known, 0.98)) or 1.0
    for ax in axes.flat[len(images) :]:
        ax.set_axis_off()
    for ax, (array, image) in zip(axes.flat, images.items(), strict=False):
        drawn = ax.imshow(
            image, cmap=look.DIVERGING, vmin=-reach, vmax=reach, interpolation="nearest", rasterized=True
        )
        ax.set_title(f"{naming.group_label(groups[array], short=True)} {look.array_label(array)}")
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set_visible(True)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.7, aspect=28)
    bar.outline.set_linewidth(0.5)
    bar.set_label(tr("log2 residual"))
    return figure
