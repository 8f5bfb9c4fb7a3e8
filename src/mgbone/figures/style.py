"""One look for all figures: colours and markers of the groups, two languages, sizes, words and marks."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager, patheffects
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import TextPath

from mgbone.errors import MgboneError
from mgbone.study import Group, Study, load_study

LANGUAGES = ("en", "ja")
SIMULATED = ("SIMULATED DATA", "シミュレーションデータ")

MM = 1 / 25.4
SINGLE, ONE_AND_HALF, DOUBLE = 89.0, 136.0, 183.0  # column widths of a journal page, mm

INK = "#1a1a1a"
QUIET = "#5c5c5c"
LINE = "#b8b8b8"
PALE = "#ececec"
UP, DOWN = "#b2182b", "#2166ac"

TITLE_SIZE, BASE_SIZE, SMALL_SIZE = 9.5, 7.5, 7.0
# Only DejaVu has a bold face; asking the Japanese font for one makes matplotlib complain in the log.
BOLD: Mapping[str, Any] = {"fontfamily": ["DejaVu Sans"], "fontweight": "bold"}
_LINE_HEIGHT = 1.35
_PAD = 5.0 * MM


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
LEVEL_MARKS: Mapping[str, str] = {"significant": "*", "trend": "†"}

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


def text(content: str | Sequence[str] | Mapping[str, str], language: str = "en", **fields: object) -> str:
    """Return `content` in one language.

    Parameters
    ----------
    content : str, pair of str, or mapping
        A key of ``WORDS``, a pair (English, Japanese), or a mapping with ``en`` and ``ja``.
    language : {"en", "ja"}
    **fields
        Filled in by ``str.format``.

    Raises
    ------
    MgboneError
        If the language is not known, or a key is not in ``WORDS``.
    """
    if language not in LANGUAGES:
        raise MgboneError(f"The language {language!r} is not known; use {' or '.join(LANGUAGES)}.")
    if isinstance(content, str):
        if content not in WORDS:
            raise MgboneError(f"{content!r} is not in the catalogue; give a pair (English, Japanese).")
        content = WORDS[content]
    chosen = content[language] if isinstance(content, Mapping) else content[LANGUAGES.index(language)]
    return chosen.format(**fields) if fields else chosen


def say(content: str | Sequence[str] | Mapping[str, str], language: str = "en") -> str:
    """Return a string as it is, a pair or mapping in one language; for titles that a caller hands in."""
    return content if isinstance(content, str) else text(content, language)


def name_of_test(test: str, language: str = "en") -> str:
    """Return the name of a statistical test; one that has no Japanese name here stays as it is."""
    return text(_TESTS[test], language) if test in _TESTS else test


_TESTS: Mapping[str, tuple[str, str]] = {
    "one-way ANOVA, Tukey-Kramer": ("one-way ANOVA, Tukey-Kramer", "一元配置分散分析，Tukey-Kramer法"),
    "Student's t test": ("Student's t test", "Studentのt検定"),
    "Kruskal-Wallis on Gehan scores, Dunn with Holm": (
        "Dunn's test on Gehan scores (values below a limit hollow)",
        "Gehanスコアによる Dunn法（白抜き：検出限界未満）",
    ),
    "not tested": ("not tested", "検定なし"),
}

WORDS: Mapping[str, tuple[str, str]] = {
    "simulated": SIMULATED,
    "mean_sd": ("Dots: animals; bar: mean ± SD", "点：各個体，横線：平均値±標準偏差"),
    "n": ("n = {n}", "n = {n}"),
    "up": ("higher", "上昇"),
    "down": ("lower", "低下"),
    "none": ("no difference", "差なし"),
    "marks": ("* p < 0.05, † 0.05 ≤ p < 0.10", "* p < 0.05，† 0.05 ≤ p < 0.10"),
    "biochem": ("Biochemistry", "生化学"),
    "qct": ("Bone density (qCT)", "骨密度（qCT）"),
    "microarray": ("Gene expression", "遺伝子発現"),
    "integration": ("Integration", "統合"),
    "reproduced": ("reproduced", "再現"),
    "direction_only": ("direction only", "方向のみ一致"),
    "contradicted": ("contradicted", "不一致"),
    "not_tested": ("not tested", "検定なし"),
    "not_measured": ("not measured", "測定なし"),
}


_adopted: list[Study] = []


def adopt(study: Study) -> None:
    """Speak of the groups of this study from now on, and forget those of the study adopted before."""
    _adopted[:] = [study]


def groups_in_use() -> dict[str, Group]:
    """Return the groups that can be named: those of the study in use, and of the compendium's own."""
    own = _adopted[0].groups if _adopted else {}
    return {**_preset_groups(), **own}


@cache
def _preset_groups() -> Mapping[str, Group]:
    return load_study().groups


@cache
def _looks(groups: tuple[Group, ...]) -> Mapping[str, GroupStyle]:
    """Give each group of a study its look.

    Groups of the compendium's own study keep theirs. In another study the groups with the most magnesium are
    grey, blue and so on; the others get darker with every step that they have less. Looks depend on the study
    file alone.
    """
    normal_mg = max((g.dietary_mg_percent for g in groups), default=0.0)
    normal = [g for g in groups if g.dietary_mg_percent == normal_mg]
    less = sorted((g for g in groups if g not in normal), key=lambda g: -g.dietary_mg_percent)
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
    own = _looks(tuple(_adopted[0].groups.values())) if _adopted else {}
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


def group_label(group: str, language: str = "en", *, short: bool = False) -> str:
    """Return the name of a group, long or short.

    Raises
    ------
    MgboneError
        If no study in use has the group.
    """
    found = groups_in_use().get(group)
    if found is None:
        raise MgboneError(f"The group {group!r} is not known; groups are {', '.join(groups_in_use())}.")
    return text((found.short, found.short_ja) if short else (found.label, found.label_ja), language)


def narrow_label(group: str, language: str = "en") -> str:
    """Return the name of a group for narrow panels: the dose alone where there is one."""
    narrow = groups_in_use()[group].narrow_ja if language == "ja" else ""
    return narrow or group_label(group, language, short=True).removesuffix("Mg").rstrip()


def contrast_label(contrast: str, language: str = "en", *, short: bool = True) -> str:
    """Return ``case_vs_reference`` in words, such as "0.02 % Mg − Control"."""
    case, separator, reference = contrast.partition("_vs_")
    if not separator:
        return text(_NOT_OF_GROUPS[contrast], language) if contrast in _NOT_OF_GROUPS else contrast
    return text(
        ("{case} vs {reference}", "{case} 対 {reference}"),
        language,
        case=group_label(case, language, short=short),
        reference=group_label(reference, language, short=short),
    )


_NOT_OF_GROUPS: Mapping[str, tuple[str, str]] = {
    "dose_order": ("Order of doses", "用量の順序"),
    "dose_shape": ("One way or peak", "用量順か最大か"),
    "within_groups": ("Within groups", "群内の相関"),
}


def turn_crowded(ax: Axes, names: Sequence[str], slot: float) -> None:
    """Turn the labels of the x axis where one of `names` is wider than `slot` points."""
    if max((text_width(name, SMALL_SIZE) for name in names), default=0) > slot:
        for label in ax.get_xticklabels():
            label.set(rotation=40, ha="right", rotation_mode="anchor", linespacing=0.9)


def panel_name(contrast: str, language: str = "en", panels: int = 1) -> str:
    """Return a contrast in words for the head of a panel, in two lines where many stand side by side."""
    name = contrast_label(contrast, language)
    if panels <= 3:
        return name
    case, separator, reference = name.partition(" vs " if language == "en" else " 対 ")
    return f"{case}\n{separator.strip()} {reference}"


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


def group_handles(groups: Sequence[str], language: str = "en") -> list[Line2D]:
    """Legend entries for groups, in the order given."""
    handles = []
    for group in groups:
        style = group_style(group)
        edge = (style.edge, 0.45) if style.edge else ("white", 0.4)
        handles.append(
            Line2D(
                [], [], linestyle="none", marker=style.marker, markersize=4.4 * style.size,
                markerfacecolor=style.colour, markeredgecolor=edge[0], markeredgewidth=edge[1],
                label=group_label(group, language),
            )
        )  # fmt: skip
    return handles


def line_style(group: str) -> Any:
    """Return the dash pattern of a group's lines."""
    return group_style(group).line


def line_handles(groups: Sequence[str], language: str = "en") -> list[Line2D]:
    """Legend entries for the lines of groups, with their short names."""
    drawn = [{"color": line_colour(g), "linestyle": line_style(g)} for g in groups]
    names = [group_label(g, language, short=True) for g in groups]
    return [Line2D([], [], label=name, **line) for name, line in zip(names, drawn, strict=True)]


def format_p(p: float) -> str:
    """Write a p value exactly: ``p = 0.032``, ``p = 0.0004``, ``p = 1.2e-7``; ``not tested`` if missing."""
    number = format_p_value(p)
    return f"p = {number}" if number else "not tested"


def format_p_value(p: float) -> str:
    """Write the number of :func:`format_p` alone; a missing one as an empty string."""
    if p is None or not math.isfinite(p):
        return ""
    if p >= 0.9995:
        return "1.000"
    if p >= 0.001:
        digits = 3
        # A p just below a threshold must not be rounded onto it: 0.0496 is not 0.050.
        while digits < 6 and any(p < limit <= round(p, digits) for limit in (0.05, 0.1)):
            digits += 1
        return f"{p:.{digits}f}"
    if p >= 0.0001:
        return f"{p:.4f}"
    if p == 0:
        return "0"
    mantissa, exponent = f"{p:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def level_mark(level: object) -> str:
    """Return ``*`` for significant, ``†`` for trend, otherwise nothing."""
    return LEVEL_MARKS.get(level, "") if isinstance(level, str) else ""


def new_figure(
    nrows: int = 1,
    ncols: int = 1,
    *,
    width: float = DOUBLE,
    height: float = 70.0,
    title: str = "",
    subtitle: str = "",
    note: str = "",
    language: str = "en",
    **grid: Any,
) -> tuple[Figure, Any]:
    """Make a figure with a headline, a quieter line below it, and a note at the foot.

    Parameters
    ----------
    nrows, ncols : int
        Grid of axes; both 0 gives none, for figures that place their own.
    width, height : float
        Width of the figure and height of its panels, in mm; headline and note come on top.
    title, subtitle, note : str
        What is seen; n and test; how to read marks. Broken into lines by their real width.
    **grid
        For ``Figure.subplots``.

    Returns
    -------
    tuple
        The figure and its axes (an array as from ``squeeze=False``, or None).
    """
    use()
    inner = (width * MM - 2 * _PAD) * 72
    ja = language == "ja"
    head = wrap(title, inner, TITLE_SIZE, bold=not ja) if title else []
    sub = wrap(subtitle, inner, BASE_SIZE) if subtitle else []
    foot = wrap(note, inner - 70, SMALL_SIZE) if note else []
    above = (len(head) * TITLE_SIZE + len(sub) * BASE_SIZE) * _LINE_HEIGHT / 72
    top = _PAD + above + (0.05 if above else 0)
    bottom = max(_PAD, 0.09 + max(1, len(foot)) * SMALL_SIZE * _LINE_HEIGHT / 72 + 0.05)
    total = height * MM + top + bottom
    figure = plt.figure(figsize=(width * MM, total), layout="constrained")
    edge = 0.6 * _PAD / (width * MM)
    figure.get_layout_engine().set(
        rect=(edge, bottom / total, 1 - 2 * edge, height * MM / total),
        w_pad=0.03, h_pad=0.03, wspace=0.03, hspace=0.03,
    )  # fmt: skip
    x, y = _PAD / (width * MM), 1 - 0.7 * _PAD / total
    if head:
        drawn = figure.text(
            x, y, "\n".join(head), size=TITLE_SIZE, va="top", ha="left", linespacing=1.25, gid="title"
        )
        # The Japanese font has no bold face: a thin outline makes one, the same for Latin letters beside it.
        if ja:
            drawn.set_path_effects([patheffects.withStroke(linewidth=0.35, foreground=INK)])
        else:
            drawn.set(**BOLD)
        y -= len(head) * TITLE_SIZE * _LINE_HEIGHT / 72 / total
    if sub:
        figure.text(
            x, y, "\n".join(sub), size=BASE_SIZE, color=QUIET, va="top", ha="left",
            linespacing=1.25, gid="subtitle",
        )  # fmt: skip
    if foot:
        figure.text(
            x, 0.09 / total, "\n".join(foot), size=SMALL_SIZE, color=QUIET, va="bottom", ha="left",
            linespacing=1.25, gid="note",
        )  # fmt: skip
    if not (nrows and ncols):
        return figure, None
    return figure, figure.subplots(nrows, ncols, squeeze=False, **grid)


def empty_figure(why: str | Sequence[str], title: str | Sequence[str] = "", language: str = "en") -> Figure:
    """Make the figure that stands where nothing can be drawn, and says why.

    Parameters
    ----------
    why, title : str or (English, Japanese)
    """
    figure, axes = new_figure(
        1, 1, width=ONE_AND_HALF, height=16, title=say(title, language), language=language
    )
    axes[0, 0].set_axis_off()
    words = "\n".join(wrap(text(why, language), ONE_AND_HALF * MM * 72 * 0.85, BASE_SIZE))
    axes[0, 0].text(0.5, 0.5, words, ha="center", va="center", color=QUIET, transform=axes[0, 0].transAxes)
    return figure


def not_measured(names: Sequence[str], language: str = "en") -> str:
    """Return "Not measured: ..." with the names of what is absent."""
    comma = ", " if language == "en" else "，"
    return text(("Not measured: {what}", "測定なし：{what}"), language, what=comma.join(names))


def stamp(figure: Figure, label: str | None) -> Figure:
    """Write `label` ("SIMULATED DATA") in a frame at the lower right corner, outside all panels.

    Nothing is written where the label is empty: measured data need none.
    """
    for old in [t for t in figure.texts if t.get_gid() == "stamp"]:
        old.remove()
    if label:
        width, height = figure.get_size_inches()
        figure.text(
            1 - _PAD / width, 0.1 / height, label, ha="right", va="bottom", size=SMALL_SIZE, color="#8a1c1c",
            gid="stamp", **(BOLD if label.isascii() else {}),
            bbox={"boxstyle": "round,pad=0.25", "fc": "#fff4f2", "ec": "#8a1c1c", "linewidth": 0.6},
        )  # fmt: skip
    return figure


def wrap(content: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Break text into lines of at most `width` points, between words, or between Japanese letters.

    A line does not begin with a closing mark.
    """
    lines = []
    for paragraph in content.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            if line and text_width(line + piece.rstrip(), size, bold=bold) > width:
                lines.append(line.rstrip())
                line = piece.lstrip()
            else:
                line += piece
        lines.append(line.rstrip())
    return lines


@cache
def text_width(content: str, size: float, *, bold: bool = False) -> float:
    """Width of a line of text in points, in the fonts of the figures."""
    if not content.strip():
        return 0.0
    _register_japanese_font()
    family = BOLD["fontfamily"] if bold else _RC["font.family"]
    font = FontProperties(family=family, weight="bold" if bold else "normal", size=size)
    # The outermost control point of the outline: the same edge within a hair, found much faster.
    return float(TextPath((0, 0), content.replace("$", r"\$"), prop=font).vertices[:, 0].max())


def _pieces(paragraph: str) -> list[str]:
    pieces = [""]
    for before, letter in zip(" " + paragraph, paragraph, strict=False):
        wide = letter > "⺀"
        opens = before == " " or wide or before > "⺀"
        if opens and letter not in _NOT_FIRST and before not in "（「":
            pieces.append(letter)
        else:
            pieces[-1] += letter
    return [p for p in pieces if p]


_NOT_FIRST = "、。，．）」：；％ーャュョッァィゥェォぁぃぅぇぉっゃゅょ )"


def jitter(values: Any, *, spread: float = 0.32, width: float | None = None) -> np.ndarray:
    """Side steps that keep the dots of one group apart: deterministic, none where a dot stands alone.

    Parameters
    ----------
    values : array-like, shape (n,)
        Missing values get 0.
    spread : float
        Largest side step, in units of the axis.
    width : float, optional
        Distance in value below which two dots overlap; without it a 14th of the range of `values`.

    Returns
    -------
    ndarray, shape (n,)
    """
    values = np.asarray(values, dtype=float)
    steps = np.zeros(len(values))
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 2:
        return steps
    near = width if width is not None else np.ptp(values[known]) / 14
    step = spread / 3
    candidates = [0.0, *(sign * step * k for k in (1, 2, 3) for sign in (1, -1))]
    placed: list[int] = []
    for i in known[np.argsort(values[known], kind="stable")]:
        taken = [steps[j] for j in placed if abs(values[i] - values[j]) < near]
        free = [c for c in candidates if all(abs(c - t) > step * 0.9 for t in taken)]
        steps[i] = free[0] if free else candidates[len(placed) % len(candidates)]
        placed.append(int(i))
    return steps


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
