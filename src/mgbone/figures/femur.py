"""The femur drawn with the differences in density of its parts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from mgbone.figures import canvas, look, marks
from mgbone.figures.density import DIFFERENCE, NO_CELLS, cells_found, cells_of, region_name, structure_name
from mgbone.study import naming
from mgbone.study.design import REGIONS, STRUCTURES, Study
from mgbone.study.dictionary import region_label, structure_label
from mgbone.study.language import N_, tr


def femur_drawing(cells: pd.DataFrame, study: Study, title: str = "") -> Figure:
    """Draw a femur per dose, its parts coloured by percent difference, numbers where there is a finding.

    Cortex, cancellous space and trabeculae are drawn in the bone, third by third; whole bone is the strip at
    its left; the four squares below it stand for the full length. Parts below the reference are hatched,
    their trabeculae broken, since in grey the two ends of the colour scale are alike.

    `cells` is as for `density_map`.
    """
    contrasts = list(study.shown_contrasts)
    if not contrasts or cells.empty:
        return canvas.empty_figure(NO_CELLS, title)
    figure, panels = canvas.panels(
        len(contrasts), 4, 104.0, title=title, finding=cells_found(cells, study),
        note=[DIFFERENCE, N_("numbers beside the bone where p < 0.10"), canvas.MARKS,
              N_("hatched or broken: below the reference")],
    )  # fmt: skip
    norm = marks.around_zero(cells["percent"], 2.0)
    for number, (ax, contrast) in enumerate(zip(panels, contrasts, strict=True)):
        _femur(ax, cells_of(cells, contrast), norm, study, names=number == 0)
        ax.set_title(naming.contrast_label(contrast.name), loc="center")
    marks.colour_bar(panels, ScalarMappable(norm, look.DIVERGING), tr("Difference (% of reference)"), 0.7)
    return figure


# Outline of a femur, knee at the bottom, y in percent of length, x on the same scale but drawn half again as
# wide, so that the parts inside can be seen.
_OUTLINE = np.array([
    (0, 4.5), (-4, 1.2), (-10, 0.6), (-14.5, 4), (-15, 10), (-12.5, 16), (-10, 24), (-9, 34), (-9, 50),
    (-9.4, 60),
    (-11.5, 66), (-12.6, 70), (-11, 75), (-11.5, 81), (-13.5, 88), (-13, 95), (-9.5, 99.3), (-5.5, 96.5),
    (-3, 91.5), (1, 89), (5, 88.8), (8, 91.5), (9.6, 95.8), (13.5, 98.8), (18.5, 97.8), (21, 93), (19.6, 88),
    (15.5, 85.4), (12, 82), (9.8, 77),
    (9.2, 71), (9, 62), (9, 50), (9, 34), (10, 24), (12.5, 16), (15, 10), (14.5, 4), (10, 0.6), (4, 1.2),
])  # fmt: skip


def _smooth(points: np.ndarray, steps: int = 8) -> np.ndarray:
    """Closed Catmull-Rom curve through `points` (n, 2), as a polygon of n * `steps` corners."""
    p0, p1, p2, p3 = (np.roll(points, shift, axis=0)[:, None, :] for shift in (1, 0, -1, -2))
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    curve = p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    return curve.reshape(-1, 2)


def _inset(outline: np.ndarray) -> np.ndarray:
    """Inner border of the cortex: thick at mid-shaft, thin at the ends."""
    tangent = np.roll(outline, -1, axis=0) - np.roll(outline, 1, axis=0)
    normal = np.column_stack([tangent[:, 1], -tangent[:, 0]]) / np.hypot(*tangent.T)[:, None]
    thickness = 1.9 + 1.9 * np.exp(-(((outline[:, 1] - 52) / 26) ** 2))
    return outline + normal * thickness[:, None]


def _femur(ax: Axes, cells: pd.DataFrame, norm: Normalize, study: Study, *, names: bool) -> None:
    outer = _smooth(_OUTLINE)
    inner = _inset(outer)
    for region in REGIONS[1:]:
        low, high = (100 * limit for limit in study.regions[region])
        third = {"xy": (-30, low), "width": 60, "height": high - low, "linewidth": 0}
        for order, (shape, structure) in enumerate(((outer, "cortical"), (inner, "cancellous")), start=1):
            part = ax.add_patch(Rectangle(**third, zorder=order, **_fill(cells, norm, structure, region)))
            _clip(ax, [part], shape)
        _struts(ax, inner, low, high, _fill(cells, norm, "trabecular", region))
        _framed(ax, ((-25, low + 0.6), 4, high - low - 1.2), 2, _fill(cells, norm, "whole", region))
        _findings(ax, cells, region, (low + high) / 2, above_names=names and low < _NAMES_TOP < high)
        if low > 0:
            ax.plot([-26, 22], [low, low], color=look.INK, linewidth=0.5, linestyle=(0, (3, 2)), zorder=5)
        if names:
            ax.text(-27, (low + high) / 2, region_name(region), rotation=90, ha="right", va="center",
                    color=look.QUIET)  # fmt: skip
    for line in (outer, inner):
        ax.add_patch(Polygon(line, fill=False, edgecolor=look.INK, linewidth=0.7, zorder=4))
    if names:
        _legend_of_parts(ax)
    _full_length(ax, cells, norm)
    ax.set(xlim=(-33, 62), ylim=(-36, 107), aspect="equal")
    ax.axis("off")


def _fill(cells: pd.DataFrame, norm: Normalize, structure: str, region: str) -> dict[str, Any]:
    """Colour a part by its percent; hatch it where that would be written as -0.1 % or less."""
    percent = cells["percent"].get((structure, region), np.nan)
    return {
        "facecolor": look.DIVERGING(norm(percent)) if np.isfinite(percent) else "white",
        "edgecolor": look.QUIET, "hatch": "//////" if percent <= -0.05 else None, "hatch_linewidth": 0.45,
    }  # fmt: skip


def _framed(ax: Axes, box: tuple[tuple[float, float], float, float], order: float, fill: Mapping) -> None:
    ax.add_patch(Rectangle(*box, zorder=order, linewidth=0, **fill))
    ax.add_patch(Rectangle(*box, zorder=order, linewidth=0.5, fill=False, edgecolor=look.QUIET))


def _struts(ax: Axes, shape: np.ndarray, low: float, high: float, fill: Mapping) -> None:
    """Draw trabeculae: crossing arches, dense at the ends of the bone and few along the shaft."""
    across, drawn = np.linspace(-30, 30, 60), []
    dashes = (1.5 * 3.2, 0.5 * 3.2) if fill["hatch"] else ()
    for number, y in enumerate(y for y in _STRUT_HEIGHTS if low <= y < high):
        line = y + (0.55 if number % 2 else -0.55) * across
        inside = (line >= low + 0.8) & (line <= high - 0.8)
        for width, ink in ((4.0, look.QUIET), (3.2, fill["facecolor"])):
            broken = {"linestyle": "--", "dashes": [dash / width for dash in dashes]} if dashes else {}
            drawn += ax.plot(across[inside], line[inside], color=ink, linewidth=width, zorder=3,
                             solid_capstyle="butt", gid="strut", **broken)  # fmt: skip
    _clip(ax, drawn, shape)


def _clip(ax: Axes, parts: Sequence[Artist], shape: np.ndarray) -> None:
    mask = Polygon(shape, transform=ax.transData)
    for part in parts:
        part.set_clip_path(mask.get_path(), mask.get_transform())


_STRUT_HEIGHTS = (3, 7, 11, 15, 19, 23, 28, 30, 39, 41, 49, 51, 59, 61, 70, 72, 77, 81, 85, 89, 93, 97)
_NAMES_TOP = 47.5  # above the names of the parts, in percent of the length


def _findings(ax: Axes, cells: pd.DataFrame, region: str, y: float, *, above_names: bool) -> None:
    words = (_percent(cells, structure, region) for structure in STRUCTURES)
    lines = [word for word in words if word.endswith(tuple(naming.LEVEL_MARKS.values()))]
    # Several lines round the middle would reach the names.
    above = above_names and len(lines) > 1
    if lines:
        ax.text(24, _NAMES_TOP if above else y, "\n".join(lines), ha="left",
                va="bottom" if above else "center", linespacing=1.35, gid="part")  # fmt: skip


def _percent(cells: pd.DataFrame, structure: str, region: str) -> str:
    """Name a structure with its difference and the mark of its level; empty where there is none."""
    if (structure, region) not in cells.index:
        return ""
    percent, level = cells.loc[(structure, region), ["percent", "level"]]
    return f"{structure_name(structure)} {look.signed(percent)} %{naming.level_mark(level)}"


def _legend_of_parts(ax: Axes) -> None:
    leader = {"arrowstyle": "-", "color": look.INK, "linewidth": 0.5, "shrinkA": 1, "shrinkB": 0,
              "patchA": None, "relpos": (0, 0.5)}  # fmt: skip
    parts = (
        (N_("cortex"), (7.6, 44), 44),
        (N_("cancellous space"), (3.2, 36.5), 38),
        (N_("trabeculae"), (0.0, 30), 32),
    )
    for words, target, y in parts:
        ax.annotate(tr(words), target, xytext=(24, y), ha="left", va="center", color=look.QUIET, zorder=6,
                    arrowprops=leader)  # fmt: skip
    ax.text(-25, 101.5, structure_label("whole"), ha="left", va="bottom", color=look.QUIET)


def _full_length(ax: Axes, cells: pd.DataFrame, norm: Normalize) -> None:
    ax.text(-25, -6, region_label("full").capitalize(), color=look.QUIET, ha="left", va="center")
    for number, structure in enumerate(STRUCTURES):
        y = -13 - 6.6 * number
        _framed(ax, ((-25, y - 2.3), 4.6, 4.6), 1, _fill(cells, norm, structure, "full"))
        if words := _percent(cells, structure, "full"):
            ink = look.QUIET if words.endswith("%") else look.INK
            ax.text(-18.5, y, words, color=ink, ha="left", va="center", gid="full")
