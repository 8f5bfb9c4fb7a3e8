"""What figures are put together from: animals, estimates with intervals, heat maps, names of points."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation

from mgbone.figures import canvas, look
from mgbone.study import naming

HALO = [patheffects.withStroke(linewidth=2, foreground="white")]  # no line strikes through a word
MANY = 100
"""From so many animals at one place on, their density is drawn in place of dots."""
ESTIMATE = ("estimate", "ci_low", "ci_high")


def animals(ax: Axes, table: pd.DataFrame, *, spread: float = 0.5, size: float = 30.0) -> None:
    """Draw each animal as a dot in the colour and marker of its group, beside others of like value.

    `table` has at (place on the x axis), value, group; where a boolean column `censored` is true, dots are
    hollow. The dots of one place take `spread` units of the x axis, each has an area of `size` square points.
    """
    table = table.dropna(subset=["value"])
    if table.empty:
        return
    styles = {g: look.group_style(g) for g in table["group"].unique()}
    colours = {g: style.colour for g, style in styles.items()}
    if spread and table.groupby("at").size().max() > MANY:
        _densities(ax, table, colours, spread)
        return
    table = table.assign(x=table["at"] + spread * _side_steps(table))
    crowd = 5 * MANY / len(table)  # from five hundred dots on they get smaller, and pixels in the SVG
    first = len(ax.collections)
    by_seaborn(
        sns.scatterplot, ax, table, x="x", y="value", hue="group", style="group", palette=colours,
        legend=False, s=size * max(0.1, min(1.0, crowd)), rasterized=crowd < 1, zorder=3, gid="animals",
        markers={g: style.marker for g, style in styles.items()}, linewidth=0.6 * (crowd >= 1),
    )  # fmt: skip
    drawn = ax.collections[first]
    drawn.set_edgecolor([styles[g].edge for g in table["group"]])
    if "censored" in table and table["censored"].eq(True).any():
        hollow = table["censored"].eq(True)
        fills = ["white" if h else colours[g] for h, g in zip(hollow, table["group"], strict=True)]
        drawn.set(facecolor=fills, edgecolor=[look.line_colour(g) for g in table["group"]])


def by_seaborn(draw: Callable[..., Any], ax: Axes, table: Any, **options: Any) -> None:
    """Let a function of seaborn draw, without the names of columns that it would write at the axes.

    It writes none where there is a name already, and does not look at every tick before either.
    """
    labels = {"xlabel": ax.get_xlabel(), "ylabel": ax.get_ylabel()}
    ax.set(xlabel="-", ylabel="-")
    draw(table, ax=ax, **options)
    ax.set(**labels)


def _densities(ax: Axes, table: pd.DataFrame, colours: dict[str, str], spread: float) -> None:
    """Draw the density at each place in the colour of its group, in grey where groups share a place."""
    apart = np.diff(np.sort(table["at"].unique()))
    width = spread / (apart.min() if len(apart) else 1.0)  # seaborn takes it in units of the least distance
    shared = table.groupby("at")["group"].nunique().max() > 1
    by_group = {"color": look.CLOUD} if shared else {"hue": "group", "palette": colours, "saturation": 1}
    by_seaborn(
        sns.violinplot, ax, table, x="at", y="value", native_scale=True, dodge=False, width=width, cut=0,
        inner=None, linewidth=0, density_norm="width", legend=False, **by_group,
    )  # fmt: skip


def _side_steps(table: pd.DataFrame) -> pd.Series:
    """Steps from -0.5 to 0.5 that lead neighbours in value far apart: multiples of the golden ratio.

    The quasirandom scatter of Sherrill-Mix and Clarke (vipor, 2017): no random numbers, linear in time.
    """
    rank = table.groupby("at")["value"].rank(method="first")
    count = table.groupby("at")["value"].transform("size")
    return ((rank * 0.618034 + 0.5) % 1 - 0.5).where(count > 1, 0.0)


def means(ax: Axes, table: pd.DataFrame, *, beside: float = 0.36) -> None:
    """Draw mean ± SD of the values at each place, beside the dots, so that neither hides the other."""
    table = table.dropna(subset=["value"])
    if len(table):
        by_seaborn(
            sns.pointplot, ax, table.assign(at=table["at"] + beside), x="at", y="value", native_scale=True,
            errorbar="sd", color=look.INK, linestyle="none", marker="_", markersize=9, markeredgewidth=1.8,
            err_kws={"linewidth": 1.1}, zorder=2,
        )  # fmt: skip


def estimates(
    ax: Axes, rows: pd.DataFrame, of: Sequence[str] = ESTIMATE, *, upright: bool = False, size: float = 42.0
) -> None:
    """Draw estimates with their intervals: filled where significant, pale where a trend, otherwise hollow.

    `rows` has at (place on the other axis), level, contrast (whose case gives colour and marker), and the
    columns `of` the estimate and of the ends of its interval; `upright`, estimates are on the y axis.
    """
    estimate, low, high = of
    rows = rows[np.isfinite(rows[estimate].astype(float))]
    if rows.empty:
        return
    case = rows["contrast"].str.partition("_vs_")[0]
    rows = rows.assign(ink=case.map(look.line_colour), marker=[look.group_style(g).marker for g in case])
    known = rows[rows[low].notna()]
    interval = ax.vlines if upright else ax.hlines
    interval(known["at"], known[low], known[high], colors=known["ink"], linewidth=1.4, zorder=2,
             gid="interval")  # fmt: skip
    for marker, part in rows.groupby("marker", sort=False):
        fills = [look.face(ink, level) for ink, level in zip(part["ink"], part["level"], strict=True)]
        x, y = ("at", estimate) if upright else (estimate, "at")
        ax.scatter(part[x], part[y], s=size, marker=marker, c=fills, edgecolors=part["ink"], linewidths=1,
                   zorder=3, gid="estimate")  # fmt: skip


def lines(ax: Axes, table: pd.DataFrame, x: str, y: str, unit: str, alpha: float, **options: Any) -> None:
    """Draw a line for each `unit` (an animal, an array) in the colour of its `group`, as one collection.

    However many there are, together they stay as dark as a hundred.
    """
    units = list(table.groupby([unit, "group"], sort=False))
    inks = [look.line_colour(group) for (_, group), _ in units]
    dashes = [look.group_style(group).line for (_, group), _ in units]
    paler = min(1.0, MANY / max(1, len(units)))
    ax.add_collection(LineCollection(
        [rows[[x, y]].to_numpy() for _, rows in units], colors=inks, linestyles=dashes,
        alpha=alpha * paler, rasterized=len(units) > MANY, **options,
    ))  # fmt: skip
    ax.autoscale_view()


def zero(ax: Axes, axis: str = "y", **line: Any) -> None:
    """Draw a line at zero, and give the numbers of that axis their sign."""
    draw = ax.axhline if axis == "y" else ax.axvline
    draw(0, **{"color": look.LINE, "linewidth": 0.8, "zorder": 0, **line})
    getattr(ax, f"{axis}axis").set_major_formatter(lambda value, _: look.signed(value, "g"))


def above(ax: Axes, words: str, spot: tuple[Any, Any], shift: float = 2.0, **options: Any) -> Annotation:
    """Write words over a spot, `shift` points away."""
    place = {"xytext": (0, shift), "textcoords": "offset points", "ha": "center", "va": "bottom"}
    return ax.annotate(words, spot, **{**place, **options})


def beside(ax: Axes, words: str, y: float, shift: float = 4.0, *, bold: bool = False, **options: Any) -> None:
    """Write words at the right of a panel, or at its left if `shift` (in points) is negative."""
    place = {"xytext": (shift, 0), "textcoords": "offset points", "xycoords": ax.get_yaxis_transform(),
             "ha": "left" if shift > 0 else "right", "va": "center"}  # fmt: skip
    written = ax.annotate(words, (float(shift > 0), y), annotation_clip=False, **{**place, **options})
    look.embolden(written, when=bold)


def rows(ax: Axes, at: Sequence[float], names: Sequence[str]) -> None:
    """Name the rows of a panel, which needs neither ticks nor a line for them."""
    ax.set_yticks(at, names)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def p_words(p: float, level: object) -> str:
    """Write p with its mark."""
    return f"{naming.format_p_value(p)} {naming.level_mark(level)}".rstrip()


def heat(
    ax: Axes,
    values: Any,
    words: Any = None,
    *,
    bold: Any = None,
    framed: Any = (),
    frame: str = "black",
    **options: Any,
) -> QuadMesh:
    """Draw a table as a heat map with words in its cells, black or white as reads better; return the cells.

    All are of shape (n, m): `values`, where cells without a number stay blank but for their words; `words`;
    `bold`, whose words are bold, without it those marked as significant or as a trend; `framed`, what gets a
    heavy frame, in the colour `frame`. Options are those of `seaborn.heatmap`: labels of the axes, of which
    there are none else, colours, lines.
    """
    values = np.asarray(values, dtype=float)
    plain = {"cbar": False, "xticklabels": False, "yticklabels": False, "linewidths": 1, "linecolor": "white"}
    by_seaborn(sns.heatmap, ax, values, **{**plain, **options})
    ax.tick_params(length=0, rotation=0)
    mesh = ax.collections[0]
    for y, x in np.argwhere(framed):
        ax.add_patch(Rectangle((x + 0.04, y + 0.04), 0.92, 0.92, fill=False, linewidth=2, edgecolor=frame,
                               gid="framed"))  # fmt: skip
    if words is None:
        return mesh
    mesh.update_scalarmappable()
    faces = mesh.get_facecolors().reshape(*values.shape, 4)
    for (y, x), word in np.ndenumerate(np.asarray(words, dtype=object)):
        if word:
            ink = look.ink_on(faces[y, x]) if np.isfinite(values[y, x]) else look.QUIET
            text = ax.text(x + 0.5, y + 0.5, word, ha="center", va="center", color=ink, linespacing=1.2,
                           in_layout=False, gid="cell")  # fmt: skip
            marked = word.split("\n")[0][-1:] in ("*", "†")
            look.embolden(text, when=marked if bold is None else bold[y, x])
    return mesh


def colour_bar(panels: Sequence[Axes], shades: Any, label: str, shrink: float = 0.8) -> None:
    """Draw the scale of the colours of a heat map beside its panels."""
    bar = panels[0].figure.colorbar(shades, ax=panels, shrink=shrink, aspect=24, pad=0.015, label=label)
    bar.outline.set_visible(False)


def around_zero(values: Any, least: float) -> Normalize:
    """Return a scale of colours that reaches as far to either side of zero as the largest of the values."""
    known = np.abs(np.asarray(values, dtype=float))
    reach = max(least, float(np.ceil(np.nanmax(known)))) if np.isfinite(known).any() else least
    return Normalize(-reach, reach)


# Where a name may stand beside its point: directions, best first, and how far, in points.
_WAYS = [(1, 0), (-1, 0), (0, 1), (0, -1),
         *((x, y) for flat in (1, 2) for y in (1, -1) for x in (flat, -flat))]  # fmt: skip
_FAR = (7.0, 14.0, 22.0, 32.0, 44.0, 58.0)


def name_points(ax: Axes, named: pd.DataFrame, others: pd.DataFrame) -> None:
    """Write names beside points where they meet nothing, with a line where a name stands away from its point.

    The panels must be laid out (`canvas.lay_out`). A line never comes near another point that is marked.
    `named` has x, y and name, the first are placed first; `others` x and y of points that names should not
    hide and lines not touch.
    """
    scale = 72 / ax.figure.dpi
    spots, rest = (ax.transData.transform(t[["x", "y"]].to_numpy(float)) * scale for t in (named, others))
    avoid = np.vstack([spots, rest]).round(2)
    frame = ax.get_window_extent().extents.round(2) * scale
    taken = np.reshape([text.get_window_extent().extents * scale for text in ax.texts], (-1, 4))
    for name, spot in zip(named["name"], spots.round(2), strict=True):
        half = np.array([canvas.text_width(name, look.SMALL_SIZE), look.SMALL_SIZE * 1.2]) / 2
        centres = np.array([spot + np.array(way) / np.hypot(*way) * far + np.sign(way) * half
                            for far in _FAR for way in _WAYS])  # fmt: skip
        boxes = np.hstack([centres - half, centres + half]).round(2)
        box = boxes[np.argmin(_costs(boxes, spot, avoid, len(named), taken, frame))]
        taken = np.vstack([taken, box])
        ax.annotate(
            name, spot - frame[:2], xycoords="axes points", xytext=(box[:2] + box[2:]) / 2 - frame[:2],
            textcoords="axes points", ha="center", va="center", gid="name", zorder=6, path_effects=HALO,
        )  # fmt: skip
        foot = np.clip(spot, box[:2], box[2:])
        if np.hypot(*(foot - spot)) > 8:
            ends = ax.transData.inverted().transform(np.array([spot, foot]) / scale)
            ax.add_line(Line2D(*ends.T, color=look.INK, linewidth=0.6, zorder=5, gid="leader"))


def _costs(
    boxes: np.ndarray, spot: np.ndarray, avoid: np.ndarray, n: int, taken: np.ndarray, frame: np.ndarray
) -> np.ndarray:
    """Say how badly a name stands in each box: outside the panel, over names or points (first `n`: named)."""
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    line = np.clip(spot, low, high) - spot
    length = np.hypot(*line[:, 0].T)
    apart = np.hypot(*(avoid - spot).T) > 0.5
    outside = (boxes[:, :2] < frame[:2]).any(axis=1) | (boxes[:, 2:] > frame[2:]).any(axis=1)
    over = ((low < taken[:, 2:] + 1) & (taken[:, :2] < high + 1)).all(axis=2).sum(axis=1)
    steps = (spot + np.linspace(0, 1, 10)[:, None] * line)[:, :, None]
    over += ((steps > taken[:, :2]) & (steps < taken[:, 2:])).all(axis=3).any(axis=1).sum(axis=1)
    hides = ((avoid > low - 3) & (avoid < high + 3)).all(axis=2)
    square = np.maximum(1e-9, (line**2).sum(axis=2))
    along = np.clip(((avoid - spot) * line).sum(axis=2) / square, 0, 1)
    near = (np.hypot(*np.moveaxis(avoid - spot - along[:, :, None] * line, 2, 0)) < 4) & apart
    # A name that stands nearer to another ringed point than to its own would be read as the name of that.
    gaps = np.hypot(*np.moveaxis(np.clip(avoid[:n], low, high) - avoid[:n], 2, 0))
    mistaken = ((gaps < length[:, None]) & apart[:n]).sum(axis=1)
    hidden = 300 * (hides[:, :n].sum(axis=1) + near[:, :n].sum(axis=1))
    hidden += 10 * hides[:, n:].sum(axis=1) + 2 * near[:, n:].sum(axis=1)
    return 1000 * outside + 400 * over + hidden + 40 * mistaken + 0.3 * length
