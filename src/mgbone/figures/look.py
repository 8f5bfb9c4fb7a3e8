"""One look for all figures: seaborn's theme, colours and markers of groups, words in two languages."""

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib import font_manager, patheffects
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.text import Text
from seaborn.utils import relative_luminance

from mgbone.study.design import Group
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr
from mgbone.study.naming import group_label, groups_in_use, in_use

MM = 1 / 25.4
# A figure is drawn in the size that it is shown in: 900 pixels of a page, 96 to the inch, are 238 mm. So a
# text of 8 points is read as one of 8 points.
SINGLE, ONE_AND_HALF, DOUBLE = 119.0, 178.0, 238.0
DPI = 150  # of the PNG

INK, QUIET, LINE, PALE = "#1a1a1a", "#595959", "#b8b8b8", "#ececec"
UP, DOWN = "#b2182b", "#2166ac"
CLOUD, CHANGED = "#c9c9c9", "#7d7d7d"  # all genes, those that changed
# Blue over white to red, the ends equally dark: in grey the numbers in the cells tell the sign.
DIVERGING = LinearSegmentedColormap.from_list(
    "mgbone", ["#2f6db3", "#a9c9e6", "#f7f7f7", "#f0b59e", "#b83a2f"]
)

TITLE_SIZE, BASE_SIZE, SMALL_SIZE = 12.0, 9.5, 8.5

# Only DejaVu has a bold face; asking the Japanese font for one makes matplotlib complain in the log.
BOLD: Mapping[str, Any] = {"fontfamily": ["DejaVu Sans"], "fontweight": "bold"}
DASHES = (0, (4, 3))


@dataclass(frozen=True)
class GroupStyle:
    """Colour and marker of a group, the same in every figure; the edge is dark where the colour is light."""

    colour: str
    marker: str
    size: float
    edge: str = "white"
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
    **dict.fromkeys(("font.size", "xtick.labelsize", "ytick.labelsize", "legend.fontsize"), SMALL_SIZE),
    **dict.fromkeys(("axes.titlesize", "axes.labelsize"), BASE_SIZE),
    **dict.fromkeys(("axes.edgecolor", "axes.labelcolor", "text.color", "xtick.color", "ytick.color"), INK),
    **dict.fromkeys(("axes.linewidth", "xtick.major.width", "ytick.major.width", "patch.linewidth"), 0.8),
    **dict.fromkeys(("xtick.major.size", "ytick.major.size"), 3),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
    "axes.titlelocation": "left",
    "axes.titlepad": 6,
    "axes.titley": 1.0,
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "lines.linewidth": 1.3,
    "hatch.linewidth": 0.5,
    "legend.handletextpad": 0.4,
    "legend.columnspacing": 1.4,
    "svg.fonttype": "path",
    "svg.hashsalt": "mgbone",
}


def use() -> None:
    """Set the theme of seaborn and the look of this package on top of it, fonts last.

    Every figure calls it when it is made and when it is saved. It starts from the defaults of matplotlib, so
    that no earlier theme nor a reader's matplotlibrc changes a figure or takes its Japanese font away.

    Raises
    ------
    MgboneError
        If the Japanese font is not installed.
    """
    register_japanese_font()
    mpl.rcdefaults()
    sns.set_theme(context="paper", style="ticks", rc=_RC)


@cache
def register_japanese_font() -> None:
    """Make the Japanese font known to matplotlib, once."""
    # Importing matplotlib_fontja would set font.family for the whole process, so only its font file is used.
    spec = importlib.util.find_spec("matplotlib_fontja")
    file = Path(spec.origin).parent / "fonts" / "ipaexg.ttf" if spec and spec.origin else None
    if file is None or not file.is_file():
        raise MgboneError(tr("The font IPAexGothic is missing; the package matplotlib-fontja brings it."))
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
    steps = np.linspace(0, 1, len(less)) if len(less) > 1 else [0.5]
    ramp = [(mpl.colors.to_hex(_RAMP(x)), _RAMP_MARKERS[i % 9]) for i, x in enumerate(steps)]
    for part, looks in ((normal, _NORMAL_LOOKS), (less, ramp)):
        if all(group.name in GROUPS for group in part):  # else two of them might look alike
            given |= {group.name: GROUPS[group.name] for group in part}
            continue
        for i, group in enumerate(part):
            fill, shape = looks[i % len(looks)]
            dark = mpl.colors.to_hex(0.6 * np.array(mpl.colors.to_rgb(fill)))
            edge = dark if lightness(fill) > 72 else "white"
            line = _LINES[(i if part is normal else i + len(normal)) % len(_LINES)]
            given[group.name] = GroupStyle(fill, shape, 1.0, edge, line)
    return given


def group_style(group: str) -> GroupStyle:
    """Return colour and marker of a group.

    Raises
    ------
    MgboneError
        If no study in use has the group.
    """
    own = _looks(tuple(in_use[0].groups.values())) if in_use else {}
    if group not in own and group not in GROUPS:
        said = N_("The group {group!r} has no colour; groups are {known}.")
        raise MgboneError(tr(said, group=group, known=tr(", ").join(groups_in_use())))
    return own.get(group) or GROUPS[group]


def colour(group: str) -> str:
    """Return the colour of a group."""
    return group_style(group).colour


def line_colour(group: str) -> str:
    """Return the colour for lines and edges of a group: its own, darker where that is too light on white."""
    style = group_style(group)
    return style.colour if style.edge == "white" else style.edge


def face(colour_name: Any, level: object) -> Any:
    """Return what an estimate is filled with: its colour if significant, pale if a trend, otherwise white."""
    return {"significant": colour_name, "trend": tint(colour_name)}.get(level, "white")


def group_handles(groups: Sequence[str]) -> list[Line2D]:
    """Legend entries for groups, in the order given."""
    return [
        mark(group_label(g), one.marker, 6 * one.size, color=one.colour, markeredgecolor=one.edge)
        for g in groups
        for one in [group_style(g)]
    ]


def line_handles(groups: Sequence[str]) -> list[Line2D]:
    """Legend entries for the lines of groups."""
    return [line(color=line_colour(g), linestyle=group_style(g).line, label=group_label(g)) for g in groups]


def in_order(groups: Iterable[str]) -> list[str]:
    """Return which groups there are, in the order that all figures have them in."""
    present = set(groups)
    return [group for group in groups_in_use() if group in present]


def line(**options: Any) -> Line2D:
    """Legend entry for a line, with the look of the figure that is made after it."""
    use()
    return Line2D([], [], **options)


def mark(label: str, marker: str, markersize: float, **options: Any) -> Line2D:
    """Legend entry for a marker."""
    return line(linestyle="none", marker=marker, markersize=markersize, label=label, **options)


def lightness(colour_name: Any) -> float:
    """CIE lightness L* (0 black, 100 white) of a colour: what is left of it in grey."""
    y = relative_luminance(colour_name)
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def ink_on(colour_name: Any) -> str:
    """Return black or white, whichever stands out more on a colour: by 4.58 to 1 at the least."""
    return "white" if relative_luminance(colour_name) < 0.179 else "black"


def tint(colour_name: Any, share: float = 0.55) -> tuple[float, float, float]:
    """Mix a colour with white; `share` is the part of white."""
    return tuple(float(part + (1 - part) * share) for part in mpl.colors.to_rgb(colour_name))


def panels_width(n: int) -> float:
    """Return the width of a figure of `n` panels side by side, mm."""
    return {1: SINGLE, 2: ONE_AND_HALF}.get(n, DOUBLE)


def array_label(array: str) -> str:
    """Shorten the name of an array to its number within the group, where it has one."""
    return array.replace(".", "-").rsplit("-", 1)[-1]


def embolden(text: Text, *, when: bool = True) -> Text:
    """Make a text bold; a thin outline stands for the bold face that the Japanese font lacks."""
    if not when:
        return text
    if any(letter > "⺀" for letter in text.get_text()):
        text.set_path_effects([patheffects.withStroke(linewidth=0.45, foreground=text.get_color())])
    else:
        text.set(**BOLD)
    return text


def signed(number: float, form: str = ".1f") -> str:
    """Write a number with its sign, a true minus for negative ones and none for zero."""
    written = format(number, f"+{form}").replace("-", "−")
    return written if any(digit in written for digit in "123456789") else written.lstrip("+−")
