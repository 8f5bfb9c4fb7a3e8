"""One look for all figures: colours and markers of the groups, two languages, sizes, words and marks."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D

from mgbone.study.design import Group
from mgbone.study.errors import MgboneError
from mgbone.study.language import current
from mgbone.study.naming import group_label, groups_in_use, in_use

MM = 1 / 25.4
SINGLE, ONE_AND_HALF, DOUBLE = 89.0, 136.0, 183.0  # column widths of a journal page, mm

INK, QUIET, LINE, PALE = "#1a1a1a", "#5c5c5c", "#b8b8b8", "#ececec"
UP, DOWN = "#b2182b", "#2166ac"
CLOUD, CHANGED = "#c9c9c9", "#7d7d7d"  # all genes, those that changed
DIVERGING = "RdBu_r"

TITLE_SIZE, BASE_SIZE, SMALL_SIZE, LABEL_SIZE = 9.5, 7.5, 7.0, 6.3

# Only DejaVu has a bold face; asking the Japanese font for one makes matplotlib complain in the log.
BOLD: Mapping[str, Any] = {"fontfamily": ["DejaVu Sans"], "fontweight": "bold"}


@dataclass(frozen=True)
class GroupStyle:
    """Colour and marker of a group, the same in every figure; an edge where it is too light."""

    colour: str
    marker: str
    size: float
    edge: str = ""
    line: Any = "-"


# The darker, the less magnesium; the two groups on the normal diet are grey and blue. CIE lightness falls in
# steps of 14 or more (81, 66, 51, 37, 20), so that the order survives a grey print and colour blindness.
GROUPS: Mapping[str, GroupStyle] = {
    "control": GroupStyle("#585858", "o", 1.0),
    "pairfed": GroupStyle("#4fa8dc", "s", 0.92, line=(0, (5, 1.5))),
    "mg004": GroupStyle("#f2c14e", "^", 1.08, "#96700f", (0, (1, 1))),
    "mg002": GroupStyle("#c4601d", "D", 0.84, line=(0, (4, 1.2, 1, 1.2))),
    "mg001": GroupStyle("#5a0f4d", "v", 1.08),
}
# For the groups of another study: those on its normal diet, and those with less, from the mildest down.
_NORMAL_LOOKS = (("#585858", "o"), ("#4fa8dc", "s"), ("#7a9a6b", "d"), ("#9a86b5", "p"), ("#2f5d7c", "8"))
_RAMP = LinearSegmentedColormap.from_list("doses", ["#f2c14e", "#c4601d", "#5a0f4d"])
_RAMP_MARKERS = "^DvPX<>h*"
_LINES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (4, 1.2, 1, 1.2)), (0, (3, 1, 1, 1, 1, 1)), (0, (8, 2)))

_RC: Mapping[str, Any] = {
    "font.family": ["DejaVu Sans", "IPAexGothic"],
    "font.size": BASE_SIZE,
    "axes.titlesize": BASE_SIZE + 0.5,
    "axes.titleweight": "normal",
    "axes.titlelocation": "left",
    "axes.titlepad": 5,
    "axes.labelsize": BASE_SIZE,
    "axes.labelpad": 3,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "axes.facecolor": "white",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "savefig.bbox": None,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": SMALL_SIZE,
    "ytick.labelsize": SMALL_SIZE,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.direction": "out",
    "ytick.direction": "out",
    "lines.linewidth": 1.0,
    "patch.linewidth": 0.6,
    "legend.fontsize": SMALL_SIZE,
    "legend.frameon": False,
    "legend.handletextpad": 0.4,
    "legend.columnspacing": 1.4,
    "svg.fonttype": "path",
    "svg.hashsalt": "mgbone",
    "figure.dpi": 110,
}


def use() -> None:
    """Set the look, fonts last.

    Every figure of this package calls it when it is made and when it is saved. It starts from the defaults of
    matplotlib, so that neither an earlier ``seaborn.set_theme`` nor a reader's matplotlibrc changes a figure
    or takes its Japanese font away.

    Raises
    ------
    MgboneError
        If the Japanese font is not installed.
    """
    _register_japanese_font()
    mpl.rcdefaults()
    mpl.rcParams.update(_RC)


@cache
def _register_japanese_font() -> None:
    # Importing matplotlib_fontja would set font.family for the whole process, so only its font file is used.
    spec = importlib.util.find_spec("matplotlib_fontja")
    file = Path(spec.origin).parent / "fonts" / "ipaexg.ttf" if spec and spec.origin else None
    if file is None or not file.is_file():
        raise MgboneError("The font IPAexGothic is missing; the package matplotlib-fontja brings it.")
    font_manager.fontManager.addfont(str(file))


@cache
def _looks(groups: tuple[Group, ...]) -> Mapping[str, GroupStyle]:
    """Give each group of a study its look.

    Groups of the compendium's own study keep theirs. In another study the groups with the highest dose, or
    with none, are grey, blue and so on; the others get darker with every step that they have less. Looks
    depend on the study file alone.
    """
    highest = max((g.dose for g in groups if g.dose is not None), default=None)
    normal = [g for g in groups if g.dose in (None, highest)]
    less = sorted((g for g in groups if g not in normal), key=lambda g: -g.dose)
    given = {}
    for part, looks in ((normal, _NORMAL_LOOKS), (less, _ramp(len(less)))):
        if all(group.name in GROUPS for group in part):  # else two of them might look alike
            given |= {group.name: GROUPS[group.name] for group in part}
            continue
        for i, group in enumerate(part):
            fill, shape = looks[i % len(looks)]
            edge = mpl.colors.to_hex(0.6 * np.array(mpl.colors.to_rgb(fill))) if luminance(fill) > 72 else ""
            line = _LINES[(i if part is normal else i + len(normal)) % len(_LINES)]
            given[group.name] = GroupStyle(fill, shape, 1.0, edge, line)
    return given


def _ramp(n: int) -> list[tuple[str, str]]:
    """Colour and marker of each of `n` groups from the mildest deficiency to the hardest."""
    places = np.linspace(0, 1, n) if n > 1 else [0.5]
    return [(mpl.colors.to_hex(_RAMP(x)), _RAMP_MARKERS[i % 9]) for i, x in enumerate(places)]


def group_style(group: str) -> GroupStyle:
    """Return colour and marker of a group.

    Raises
    ------
    MgboneError
        If no study in use has the group.
    """
    own = _looks(tuple(in_use[0].groups.values())) if in_use else {}
    if group not in own and group not in GROUPS:
        raise MgboneError(f"The group {group!r} has no colour; groups are {', '.join(groups_in_use())}.")
    return own.get(group) or GROUPS[group]


def colour(group: str) -> str:
    """Return the colour of a group."""
    return group_style(group).colour


def line_colour(group: str) -> str:
    """Return the colour for lines and edges of a group: its own, darker where that is too light on white."""
    return group_style(group).edge or group_style(group).colour


def marker(group: str) -> str:
    """Return the marker of a group."""
    return group_style(group).marker


def dots(
    ax: Axes, x: Any, y: Any, group: str, *, size: float = 4.4, hollow: bool = False, **options: Any
) -> Line2D:
    """Draw the animals of a group in its colour and marker; return the artist that holds them.

    Hollow dots are for values that are not exact, such as those below a detection limit.
    """
    style = group_style(group)
    drawn = {
        "linestyle": "none",
        "marker": style.marker,
        "markersize": size * style.size,
        "markerfacecolor": style.colour,
        "markeredgecolor": "white",
        "markeredgewidth": 0.4,
        "zorder": 3,
        "gid": f"animals-{group}",
    }
    if style.edge:
        drawn |= {"markeredgecolor": style.edge, "markeredgewidth": 0.45}
    if hollow:
        drawn |= {"markerfacecolor": "white", "markeredgecolor": style.colour, "markeredgewidth": 0.9}
    return ax.plot(np.atleast_1d(x), np.atleast_1d(y), **{**drawn, **options})[0]


def group_handles(groups: Sequence[str]) -> list[Line2D]:
    """Legend entries for groups, in the order given."""
    handles = []
    for group in groups:
        style = group_style(group)
        edge = (style.edge, 0.45) if style.edge else ("white", 0.4)
        handles.append(
            mark(
                group_label(group), style.marker, 4.4 * style.size, markerfacecolor=style.colour,
                markeredgecolor=edge[0], markeredgewidth=edge[1],
            )
        )  # fmt: skip
    return handles


def mark(label: str, marker: str, size: float, **options: Any) -> Line2D:
    """Legend entry for a marker."""
    return Line2D([], [], linestyle="none", marker=marker, markersize=size, label=label, **options)


def line_style(group: str) -> Any:
    """Return the dash pattern of a group's lines."""
    return group_style(group).line


def line_handles(groups: Sequence[str]) -> list[Line2D]:
    """Legend entries for the lines of groups, with their short names."""
    drawn = [{"color": line_colour(g), "linestyle": line_style(g)} for g in groups]
    names = [group_label(g, short=True) for g in groups]
    return [Line2D([], [], label=name, **line) for name, line in zip(names, drawn, strict=True)]


def luminance(colour_name: str) -> float:
    """CIE lightness L* (0 black, 100 white) of a colour: what is left of it in grey."""
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in mpl.colors.to_rgb(colour_name)
    )
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def ink_on(colour_name: Any) -> str:
    """Return black or white, whichever reads better on a colour."""
    return "white" if luminance(colour_name) < 55 else INK


def tint(colour_name: Any, share: float = 0.55) -> tuple[float, float, float]:
    """Mix a colour with white; `share` is the part of white."""
    rgb = np.array(mpl.colors.to_rgb(colour_name))
    red, green, blue = rgb + (1 - rgb) * share
    return float(red), float(green), float(blue)


def panels_width(n: int) -> float:
    """Return the width of a figure of `n` panels side by side, mm."""
    return {1: SINGLE, 2: ONE_AND_HALF}.get(n, DOUBLE)


def array_label(array: str) -> str:
    """Shorten the name of an array to its number within the group, where it has one."""
    return array.replace(".", "-").rsplit("-", 1)[-1]


def bold() -> dict[str, object]:
    """Return the options of bold text, none in Japanese, whose font has no bold face."""
    return dict(BOLD) if current() == "en" else {}


def signed(number: float, form: str = ".1f") -> str:
    """Write a number with its sign, a true minus for negative ones and none for zero."""
    written = format(number, f"+{form}").replace("-", "−")
    return written if any(digit in written for digit in "123456789") else written.lstrip("+−")
