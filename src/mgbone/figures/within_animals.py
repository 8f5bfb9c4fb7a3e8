"""Correlations within animals: a network in the order of the argument, and every pair as a number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from mgbone.figures import canvas, look
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_label
from mgbone.study.language import N_, tr
from mgbone.study.naming import axis_of

# How sure a line is, from thick and black to thin and grey: which value, below which limit, width, colour.
_SURE = (
    ("q", "significant", 2.2, look.INK),
    ("q", "trend", 1.3, "#4d4d4d"),
    ("p", "significant", 0.6, "#9a9a9a"),
)

FEEBLE = 0.15
"""Correlations nearer to zero than this are shaded but not written out, so that the others can be read."""

_NOTE = N_(
    "Right, below the diagonal: r; above: with the other endpoints held (pairs with a gene score: "
    "with serum Mg held); no number: |r| < {feeble:g}. Frame: q < {limit:g}"
)
_SHORT_NOTE = N_(
    "Right, below the diagonal: r; above: with the other endpoints held; no number: |r| < {feeble:g}. "
    "Frame: q < {limit:g}"
)


def correlation_network(pairs: pd.DataFrame, study: Study, title: str = "") -> Figure:
    """Draw correlations within groups: as a network at the left, as a table of numbers at the right.

    Endpoints stand on a circle by the axes of the argument. A line is as thick as the pair is sure (after
    correction for all pairs, as a trend, or without correction only); solid is positive, dashed negative, so
    that grey print loses nothing. In the table, r stands below the diagonal and the partial correlation
    above; the darker, the stronger, and below ``FEEBLE`` without a number.

    Parameters
    ----------
    pairs : DataFrame
        From `mgbone.integration.within_animals.partial_within`.
    """
    if pairs.empty:
        why = N_("No two endpoints were measured in enough of the same animals.")
        return canvas.empty_figure(why, title)
    names = list(dict.fromkeys([*pairs["a"], *pairs["b"]]))
    limit, trend = study.thresholds["significant"], study.thresholds["trend"]
    figure, axes = canvas.new_figure(
        1, 2, width=look.DOUBLE, height=92, title=title,
        subtitle=tr(
            "Group means removed; {n} pairs of endpoints of the same animals", n=len(pairs)),
        note=tr(_NOTE if "serum_mg" in names else _SHORT_NOTE, limit=limit, feeble=FEEBLE),
        gridspec_kw={"width_ratios": [0.88, 1.12]})  # fmt: skip
    _network(axes[0, 0], pairs, names, (limit, trend))
    _numbers(axes[0, 1], pairs, names, limit)
    return figure


def _network(ax: Axes, pairs: pd.DataFrame, names: Sequence[str], limits: tuple[float, float]) -> None:
    angles = _angles(names)
    spots = {name: np.array([np.cos(a), np.sin(a)]) for name, a in angles.items()}
    drawn = pairs.iloc[np.argsort(-pairs["p"].to_numpy(), kind="stable")]
    for row in drawn.to_dict("records"):
        sure = _sure(row, *limits)
        if sure is None:
            continue
        start, end = spots[row["a"]], spots[row["b"]]
        path = Path([start, 0.25 * (start + end), end], [Path.MOVETO, Path.CURVE3, Path.CURVE3])
        line = PathPatch(path, facecolor="none", edgecolor=_SURE[sure][3], linewidth=_SURE[sure][2])
        line.set(linestyle="-" if row["r"] > 0 else (0, (3, 2)), zorder=4 - sure, capstyle="butt")
        line.set_gid(f"pair-{row['a']}-{row['b']}")
        ax.add_patch(line)
    for name, (x, y) in spots.items():
        ax.plot([x], [y], marker="o", markersize=5, color=look.INK, markerfacecolor="white", zorder=5)
        degrees = np.degrees(angles[name]) % 360
        left = 90 < degrees < 270
        ax.text(
            1.08 * x, 1.08 * y, _label(name), rotation=degrees - 180 if left else degrees,
            rotation_mode="anchor", ha="right" if left else "left", va="center", size=look.SMALL_SIZE,
            gid="node",
        )  # fmt: skip
    ax.set(xlim=(-1.62, 1.62), ylim=(-2.05, 1.5), aspect="equal")
    ax.axis("off")
    limit, trend = limits
    words = (f"q < {limit:g}", f"q < {trend:g}", f"p < {limit:g}")
    lines = [
        Line2D([], [], color=colour, linewidth=width, label=word)
        for word, (*_, width, colour) in zip(words, _SURE, strict=True)
    ]
    for word, dash in ((N_("together"), "-"), (N_("opposite"), (0, (3, 2)))):
        lines.append(Line2D([], [], color=look.INK, linewidth=1.3, linestyle=dash, label=tr(word)))
    ax.legend(handles=lines, loc="lower center", bbox_to_anchor=(0.5, 0.0), ncols=3, handlelength=1.8,
              columnspacing=0.9)  # fmt: skip


def _numbers(ax: Axes, pairs: pd.DataFrame, names: Sequence[str], limit: float) -> None:
    place = {name: i for i, name in enumerate(names)}
    n = len(names)
    cells = [(i, i, np.nan, False) for i in range(n)]
    for row in pairs.to_dict("records"):
        i, j = sorted((place[row["a"]], place[row["b"]]))
        cells.append((i, j, row["r"], row["q"] < limit))
        if np.isfinite(row["r_partial"]):
            cells.append((j, i, row["r_partial"], row["q_partial"] < limit))
    greys = [look.PALE if np.isnan(r) else str(round(1 - 0.75 * abs(r), 3)) for *_, r, _ in cells]
    squares = [Rectangle((x, y), 1, 1) for x, y, *_ in cells]
    ax.add_collection(
        PatchCollection(squares, facecolors=greys, edgecolors="white", linewidths=0.5, gid="cells")
    )
    for (x, y, r, framed), grey in zip(cells, greys, strict=True):
        _number(ax, x, y, r, framed, look.ink_on(grey))
    ax.set(xlim=(0, n), ylim=(n, 0), aspect="equal")
    labels = [_label(name) for name in names]
    ax.set_yticks(np.arange(n) + 0.5, labels)
    ax.set_xticks(np.arange(n) + 0.5, labels, rotation=90)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _number(ax: Axes, x: float, y: float, r: float, framed: bool, ink: str) -> None:
    if framed:
        edge = Rectangle((x + 0.05, y + 0.05), 0.9, 0.9, facecolor="none", edgecolor=look.INK, zorder=3)
        ax.add_patch(edge)
    if abs(r) >= FEEBLE:
        words = f"{r:.2f}".replace("0.", ".").replace("-", "−")
        ax.text(x + 0.5, y + 0.53, words, ha="center", va="center", size=5.2, color=ink, gid="r")


def _sure(row: dict[str, float], limit: float, trend: float) -> int | None:
    return next(
        (k for k, ok in enumerate((row["q"] < limit, row["q"] < trend, row["p"] < limit)) if ok),
        None,
    )


def _angles(names: Sequence[str], gap: float = 0.7) -> dict[str, float]:
    """Places on the circle, clockwise from the top, with a gap of `gap` places between two axes."""
    places = canvas.places(map(axis_of, names), gap)
    around = places[-1] + 1 + gap
    return {n: np.pi / 2 - 2 * np.pi * (k + 0.5 * gap) / around for n, k in zip(names, places, strict=True)}


def _label(name: str) -> str:
    return endpoint_label(name, short=True)
