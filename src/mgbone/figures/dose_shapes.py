"""The plane of two ordered alternatives: one way with the dose, or most at the mildest dose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from mgbone.figures import canvas, look
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.naming import AXIS_NAMES, axis_of, row_label

MARKERS: Mapping[str, str] = {
    "intake": "P", "status": "*", "minerals": "o", "formation": "s", "resorption": "^", "density": "D",
}  # fmt: skip


_PLACES = ((7, 0), (-7, 0), (0, 6), (0, -6), (5, 4), (-5, 4), (5, -4), (-5, -4), (0, 15), (0, -15))


_SIZES = {"*": 1.5, "P": 1.15, "^": 1.1, "D": 0.85}


def shape_plane(
    shapes: pd.DataFrame,
    study: Study,
    language: str = "en",
    title: str | Sequence[str] = "",
) -> Figure:
    """Draw each endpoint at its two z: across for one way, upwards for a peak at the mildest dose.

    Beyond the diagonals the endpoint is nearer to that shape. Filled and named are those where it is
    significant over both tests.

    Parameters
    ----------
    shapes : DataFrame
        From `mgbone.integration.shapes.dose_shapes`.

    Returns
    -------
    Figure
    """
    title = naming.say(title, language)
    if shapes.empty:
        why = ("No endpoint was measured at every dose.", "すべての用量で測定された項目がありません。")
        return canvas.empty_figure(why, title, language)
    across = 1.45 * max(2.5, float(shapes["z_one_way"].abs().max()))
    upwards = 1.3 * max(2.5, float(shapes["z_peak"].abs().max()))
    mildest = naming.narrow_label(study.dose_order[0].case, language)
    figure, axes = canvas.new_figure(
        1, 1, width=look.ONE_AND_HALF, height=11 + 88 * upwards / across, title=title,
        subtitle=naming.text(
            ("z of two tests on the same animals: one way with the dose (Jonckheere) and a peak at {dose} "
             "(Mack-Wolfe)",
             "同じ個体での2つの検定のz：用量に従う（Jonckheere）と{dose}で最大（Mack-Wolfe）"),
            language, dose=mildest),
        note=naming.text(
            ("Filled: p < {limit:g} over both tests; labels permuted within each experiment",
             "塗り：両検定を通してp < {limit:g}，各実験内で群を並べ替え"),
            language, limit=study.thresholds["significant"]),
        language=language,
    )  # fmt: skip
    ax = axes[0, 0]
    ax.set(xlim=(-across, across), ylim=(-upwards, upwards), aspect="equal")
    _regions(ax, across, upwards, mildest, language)
    for row in shapes.to_dict("records"):
        found = row["shape"] != "neither"
        marker = MARKERS.get(axis_of(row["endpoint"]), "X")
        ax.plot(
            [row["z_one_way"]], [row["z_peak"]], marker=marker, markersize=5.5 * _SIZES.get(marker, 1.0),
            linestyle="none", markerfacecolor=look.INK if found else "white", zorder=4 if found else 3,
            markeredgecolor=look.INK if found else look.QUIET, markeredgewidth=0.8,
            gid=f"shape-{row['endpoint']}",
        )  # fmt: skip
    ax.set_xlabel(naming.text(("z, one way with the dose", "用量に従う変化のz"), language))
    ax.set_ylabel(naming.text(("z, peak at {dose}", "{dose}で最大となる変化のz"), language, dose=mildest))
    present = list(dict.fromkeys(axis_of(e) for e in shapes["endpoint"]))
    ax.legend(
        handles=[
            Line2D([], [], linestyle="none", marker=MARKERS.get(a, "X"), markerfacecolor="white",
                   markeredgecolor=look.INK, markeredgewidth=0.8,
                   markersize=5.5 * _SIZES.get(MARKERS.get(a, "X"), 1.0),
                   label=naming.text(AXIS_NAMES[a], language))
            for a in AXIS_NAMES if a in present
        ],
        loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0,
    )  # fmt: skip
    _names(ax, shapes[shapes["shape"] != "neither"], language)
    return figure


def _regions(ax: Axes, across: float, upwards: float, mildest: str, language: str) -> None:
    corner = max(across, upwards)
    for sign in (-1, 1):
        outside = [sign * corner, 0, sign * corner]
        ax.fill_between([-corner, 0, corner], outside, sign * corner, color="#f4f4f4", linewidth=0, zorder=0)
        ax.plot([-corner, corner], [-sign * corner, sign * corner], color=look.LINE, linewidth=0.6, zorder=1)
    words = (
        (0, 0.94, ("highest at {dose}", "{dose}で最高"), 0),
        (0, -0.94, ("lowest at {dose}", "{dose}で最低"), 0),
        (0.965, 0, ("rises as Mg gets scarcer", "Mgが少ないほど高い"), 90),
        (-0.965, 0, ("falls as Mg gets scarcer", "Mgが少ないほど低い"), 90),
    )
    for x, y, pair, turned in words:
        ax.text(
            x * across, y * upwards, naming.text(pair, language, dose=mildest), color=look.QUIET,
            size=look.SMALL_SIZE, rotation=turned, ha="center", va="center",
        )  # fmt: skip


def _names(ax: Axes, named: pd.DataFrame, language: str) -> None:
    """Write names beside their points, at the first of eight places where they meet nothing."""
    figure = ax.figure
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    taken = [_around(ax, line) for line in ax.lines if line.get_marker() not in ("None", None, "")]
    taken += [text.get_window_extent(renderer) for text in ax.texts]
    frame = ax.get_window_extent(renderer)
    for row in named.sort_values("p_either").to_dict("records"):
        best = None
        for dx, dy in (
            (7, 0),
            (-7, 0),
            (0, 8),
            (0, -8),
            (6, 7),
            (-6, 7),
            (6, -7),
            (-6, -7),
            (0, 17),
            (0, -17),
        ):
            label = ax.annotate(
                row_label(row["endpoint"], language), (row["z_one_way"], row["z_peak"]), xytext=(dx, dy),
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
