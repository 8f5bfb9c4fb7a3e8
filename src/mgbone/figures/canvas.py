"""The sheet that a figure is drawn on: headline, note and stamp, text broken by its width, dots set apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from mgbone.figures import titles
from mgbone.figures.look import (
    _RC,
    BASE_SIZE,
    BOLD,
    DOUBLE,
    INK,
    MM,
    ONE_AND_HALF,
    QUIET,
    SMALL_SIZE,
    TITLE_SIZE,
    _register_japanese_font,
    panels_width,
    use,
)
from mgbone.study.language import current, tr
from mgbone.study.naming import contrast_label

_LINE_HEIGHT = 1.35
_PAD = 5.0 * MM


def turn_crowded(ax: Axes, names: Sequence[str], slot: float) -> None:
    """Turn the labels of the x axis where one of `names` is wider than `slot` points."""
    if max((text_width(name, SMALL_SIZE) for name in names), default=0) > slot:
        for label in ax.get_xticklabels():
            label.set(rotation=40, ha="right", rotation_mode="anchor", linespacing=0.9)


def new_figure(
    nrows: int = 1,
    ncols: int = 1,
    *,
    width: float = DOUBLE,
    height: float = 70.0,
    title: str = "",
    subtitle: str = "",
    note: str = "",
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
    ja = current() == "ja"
    title, subtitle, note = (tr(words) for words in (titles.of_study(title), subtitle, note))
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
    text_options = {"ha": "left", "linespacing": 1.25}
    if head:
        drawn = figure.text(x, y, "\n".join(head), size=TITLE_SIZE, va="top", gid="title", **text_options)
        # The Japanese font has no bold face: a thin outline makes one, the same for Latin letters beside it.
        if ja:
            drawn.set_path_effects([patheffects.withStroke(linewidth=0.35, foreground=INK)])
        else:
            drawn.set(**BOLD)
        y -= len(head) * TITLE_SIZE * _LINE_HEIGHT / 72 / total
    if sub:
        quiet = {"size": BASE_SIZE, "color": QUIET, "va": "top", "gid": "subtitle"}
        figure.text(x, y, "\n".join(sub), **quiet, **text_options)
    if foot:
        quiet = {"size": SMALL_SIZE, "color": QUIET, "va": "bottom", "gid": "note"}
        figure.text(x, 0.09 / total, "\n".join(foot), **quiet, **text_options)
    if not (nrows and ncols):
        return figure, None
    return figure, figure.subplots(nrows, ncols, squeeze=False, **grid)


def panels(
    n: int, most: int, height: float, *, above: float = 0.0, **options: Any
) -> tuple[Figure, list[Axes], np.ndarray]:
    """Make a figure of `n` panels, at most `most` side by side; places without a panel stay blank.

    Parameters
    ----------
    height : float
        Of a row of panels, mm.
    above : float
        Height on top of all rows, mm.
    **options
        For `new_figure`.

    Returns
    -------
    tuple
        The figure, the panels in reading order, and the grid that they stand in.
    """
    columns = min(most, n)
    rows = -(-n // columns)
    figure, axes = new_figure(rows, columns, width=DOUBLE, height=height * rows + above, **options)
    for ax in axes.flat[n:]:
        ax.set_visible(False)
    return figure, list(axes.flat[:n]), axes


def contrast_panels(
    table: pd.DataFrame, *, room: int = 0, **options: Any
) -> tuple[Figure, list[tuple[Axes, str, pd.DataFrame]]]:
    """Make a figure with a panel for each contrast of a table, its name above it.

    Parameters
    ----------
    room : int
        How many panels more the figure is as wide as.
    **options
        For `new_figure`.

    Returns
    -------
    tuple
        The figure; each panel with its contrast and the rows of the table that are about it.
    """
    contrasts = list(table["contrast"].unique())
    n = len(contrasts)
    figure, axes = new_figure(1, n, width=panels_width(n + room), **options)
    for ax, contrast in zip(axes[0], contrasts, strict=True):
        ax.set_title(contrast_label(contrast))
    rows = [table[table["contrast"] == contrast] for contrast in contrasts]
    return figure, list(zip(axes[0], contrasts, rows, strict=True))


def places(kinds: Iterable[str], gap: float, first: float = 0.0) -> list[float]:
    """Return where rows stand, one below the other, with a `gap` more where one is of another kind."""
    found: list[float] = []
    y, before = first, None
    for kind in kinds:
        y += gap if found and kind != before else 0.0
        found.append(y)
        y, before = y + 1, kind
    return found


def empty_figure(why: str, title: str = "") -> Figure:
    """Make the figure that stands where nothing can be drawn, and says why."""
    figure, axes = new_figure(1, 1, width=ONE_AND_HALF, height=16, title=title)
    axes[0, 0].set_axis_off()
    words = "\n".join(wrap(tr(why), ONE_AND_HALF * MM * 72 * 0.85, BASE_SIZE))
    axes[0, 0].text(0.5, 0.5, words, ha="center", va="center", color=QUIET, transform=axes[0, 0].transAxes)
    return figure


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
