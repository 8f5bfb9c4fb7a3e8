"""The plane of two ordered alternatives: one way with the dose, or most at the mildest dose."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from mgbone.figures import canvas, look
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.language import N_, tr
from mgbone.study.naming import AXIS_NAMES, axis_of, row_label

MARKERS: Mapping[str, str] = {
    "intake": "P", "status": "*", "minerals": "o", "formation": "s", "resorption": "^", "density": "D",
}  # fmt: skip
# Where a name may stand beside its point, in points, the best first.
_PLACES = ((7, 0), (-7, 0), (0, 8), (0, -8), (6, 7), (-6, 7), (6, -7), (-6, -7), (0, 17), (0, -17))
_SIZES = {"*": 1.5, "P": 1.15, "^": 1.1, "D": 0.85}


def shape_plane(shapes: pd.DataFrame, study: Study, title: str = "") -> Figure:
    """Draw each endpoint at its two z: across for one way, upwards for a peak at the mildest dose.

    Beyond the diagonals the endpoint is nearer to that shape. Named are those significant over both tests;
    filled are those of which a shape is named, since every contrast that it implies holds.

    Parameters
    ----------
    shapes : DataFrame
        From `mgbone.integration.shapes.dose_shapes`.
    """
    if shapes.empty:
        why = N_("No endpoint was measured at every dose.")
        return canvas.empty_figure(why, title)
    across = 1.45 * max(2.5, float(shapes["z_one_way"].abs().max()))
    upwards = 1.3 * max(2.5, float(shapes["z_peak"].abs().max()))
    mildest = naming.narrow_label(study.dose_order[0].case)
    figure, axes = canvas.new_figure(
        1, 1, width=look.ONE_AND_HALF, height=11 + 88 * upwards / across, title=title,
        subtitle=tr(
            "z of two tests on the same animals: one way with the dose (Jonckheere) and a peak at {dose} "
             "(Mack-Wolfe)",
            dose=mildest),
        note=tr(
            "With a name: p < {limit:g} over both tests (labels permuted within each experiment); filled: "
            "every contrast that the shape implies holds",
            limit=study.thresholds["significant"]))  # fmt: skip
    ax = axes[0, 0]
    ax.set(xlim=(-across, across), ylim=(-upwards, upwards), aspect="equal")
    _regions(ax, across, upwards, mildest, study.dose_of.name)
    for row in shapes.to_dict("records"):
        found = row["shape"] != "neither"
        marker = MARKERS.get(axis_of(row["endpoint"]), "X")
        ax.plot(
            [row["z_one_way"]], [row["z_peak"]], marker=marker, markersize=5.5 * _SIZES.get(marker, 1.0),
            linestyle="none", markerfacecolor=look.INK if found else "white", zorder=4 if found else 3,
            markeredgecolor=look.INK if found else look.QUIET, markeredgewidth=0.8,
            gid=f"shape-{row['endpoint']}",
        )  # fmt: skip
    ax.set_xlabel(tr("z, one way with the dose"))
    ax.set_ylabel(tr("z, peak at {dose}", dose=mildest))
    present = list(dict.fromkeys(axis_of(e) for e in shapes["endpoint"]))
    hollow = {"markerfacecolor": "white", "markeredgecolor": look.INK, "markeredgewidth": 0.8}
    shown = [(tr(name), MARKERS.get(a, "X")) for a, name in AXIS_NAMES.items() if a in present]
    handles = [look.mark(name, marker, 5.5 * _SIZES.get(marker, 1.0), **hollow) for name, marker in shown]
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
    _names(ax, shapes[shapes["p_either"] < study.thresholds["significant"]])
    return figure


def _regions(ax: Axes, across: float, upwards: float, mildest: str, nutrient: str) -> None:
    corner = max(across, upwards)
    for sign in (-1, 1):
        outside = [sign * corner, 0, sign * corner]
        ax.fill_between([-corner, 0, corner], outside, sign * corner, color="#f4f4f4", linewidth=0, zorder=0)
        ax.plot([-corner, corner], [-sign * corner, sign * corner], color=look.LINE, linewidth=0.6, zorder=1)
    words = (
        (0, 0.94, N_("highest at {dose}"), 0),
        (0, -0.94, N_("lowest at {dose}"), 0),
        (0.965, 0, N_("rises as {nutrient} gets scarcer"), 90),
        (-0.965, 0, N_("falls as {nutrient} gets scarcer"), 90),
    )
    for x, y, pair, turned in words:
        ax.text(
            x * across, y * upwards, tr(pair, dose=mildest, nutrient=nutrient), color=look.QUIET,
            size=look.SMALL_SIZE, rotation=turned, ha="center", va="center",
        )  # fmt: skip


def _names(ax: Axes, named: pd.DataFrame) -> None:
    """Write names beside their points, at the first of the places where they meet nothing."""
    figure = ax.figure
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    taken = [_around(ax, line) for line in ax.lines if line.get_marker() not in ("None", None, "")]
    taken += [text.get_window_extent(renderer) for text in ax.texts]
    frame = ax.get_window_extent(renderer)
    for row in named.sort_values(["p_either", "endpoint"]).to_dict("records"):
        best = None
        for dx, dy in _PLACES:
            label = ax.annotate(
                row_label(row["endpoint"]), (row["z_one_way"], row["z_peak"]), xytext=(dx, dy),
                textcoords="offset points", size=look.SMALL_SIZE,
                va="bottom" if dy > 0 else "top" if dy < 0 else "center",
                ha="left" if dx > 0 else "right" if dx < 0 else "center", gid="name", zorder=5,
            )  # fmt: skip
            box = label.get_window_extent(renderer)
            meets = sum(box.overlaps(other) for other in taken) + 10 * (not _inside(box, frame))
            if best is None or meets < best[0]:
                if best is not None:
                    best[1].remove()
                best = (meets, label, box)
            else:
                label.remove()
            if meets == 0:
                break
        taken.append(best[2])


def _around(ax: Axes, line: Line2D, half: float = 5.0) -> Bbox:
    x, y = ax.transData.transform((np.ravel(line.get_xdata())[0], np.ravel(line.get_ydata())[0]))
    half = half * ax.figure.dpi / 72
    return Bbox([[x - half, y - half], [x + half, y + half]])


def _inside(box: Bbox, frame: Bbox) -> bool:
    return frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
