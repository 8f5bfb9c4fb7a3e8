"""The sheet that a figure is drawn on: headline, finding, note and stamp, text broken by its width."""

import re
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import text_to_path

from mgbone.figures import look
from mgbone.figures.look import BASE_SIZE, BOLD, DOUBLE, MM, QUIET, SMALL_SIZE, TITLE_SIZE
from mgbone.study.language import N_, current, tr
from mgbone.study.naming import contrast_label, has_doses, nutrient_word, study_in_use

MARKS = N_("* p < 0.05, † 0.05 ≤ p < 0.10")
_LINE_HEIGHT = 1.35
_PAD = 6.0 * MM


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
    height: float = 90.0,
    title: str = "",
    finding: str = "",
    note: str | Sequence[str] = "",
    legend: Sequence[Line2D] = (),
    titles: Iterable[str] = (),
    xlabel: str = "",
    ylabel: str = "",
    **grid: Any,
) -> tuple[Figure, Any]:
    """Make a figure with a headline, what was found below it, and a note at the foot; return it and its axes.

    Parameters
    ----------
    nrows, ncols : int
        Grid of axes, an array as from ``squeeze=False``; both 0 gives None, for figures that place their own.
    width, height : float
        Width of the figure and height of its panels, in mm; headline and note come on top.
    title, finding : str
        What is asked; what the data answer. Broken into lines by their real width.
    note : str or sequence of str
        The method, and how to read marks; several are joined.
    legend : sequence of Line2D
        Entries of the legend, which stands between finding and panels.
    titles : iterable of str
        Above the panels, in reading order.
    xlabel, ylabel : str
        Below the last row of panels; at the left of the first column.
    **grid
        For ``Figure.subplots``.
    """
    look.use()
    inner = (width * MM - 2 * _PAD) * 72
    notes = [note] if isinstance(note, str) else note
    note = capital(tr("; ").join(tr(words) for words in notes if words))
    title, finding = _of_study(title), tr(finding)
    head = wrap(title, inner, TITLE_SIZE, bold=current() == "en") if title else []
    found = wrap(finding, inner, BASE_SIZE) if finding else []
    foot = wrap(note, inner - 124, SMALL_SIZE) if note else []
    words = (len(head) * TITLE_SIZE + len(found) * BASE_SIZE) * _LINE_HEIGHT / 72
    entry = max((text_width(handle.get_label(), SMALL_SIZE) + 34 for handle in legend), default=inner)
    columns = min(max(1, int(inner // entry)), len(legend))
    signs = -(-len(legend) // columns) * SMALL_SIZE * 1.6 / 72 if legend else 0
    top = _PAD + words + signs + (0.05 if words else 0)
    bottom = 0.2 + max(1, len(foot)) * SMALL_SIZE * _LINE_HEIGHT / 72
    total = height * MM + top + bottom
    # Outside pyplot: nothing has to be closed.
    figure = Figure(figsize=(width * MM, total), dpi=look.DPI, layout="constrained")
    _Canvas(figure)
    edge = 0.6 * _PAD / (width * MM)
    figure.get_layout_engine().set(
        rect=(edge, bottom / total, 1 - 2 * edge, height * MM / total), w_pad=0.04, h_pad=0.04
    )
    x, y = _PAD / (width * MM), 1 - 0.7 * _PAD / total
    upper = {"ha": "left", "va": "top", "linespacing": 1.25}
    if head:
        look.embolden(figure.text(x, y, "\n".join(head), label=title, size=TITLE_SIZE, gid="title", **upper))
        y -= len(head) * TITLE_SIZE * _LINE_HEIGHT / 72 / total
    if found:
        figure.text(x, y, "\n".join(found), label=finding, size=BASE_SIZE, gid="finding", **upper)
    if legend:
        y -= (len(found) * BASE_SIZE * _LINE_HEIGHT + 1) / 72 / total
        figure.legend(handles=list(legend), loc="upper left", bbox_to_anchor=(x - 0.004, y), ncols=columns,
                      borderaxespad=0, borderpad=0.2).set_in_layout(False)  # fmt: skip
    if foot:
        figure.text(x, 0.09 / total, "\n".join(foot), label=note, color=QUIET, gid="note",
                    **upper | {"va": "bottom"})  # fmt: skip
    if not (nrows and ncols):
        return figure, None
    axes = figure.subplots(nrows, ncols, squeeze=False, **grid)
    for ax, above in zip(axes.flat, titles, strict=False):
        ax.set_title(above)
    for ax in axes[-1]:
        ax.set_xlabel(tr(xlabel))
    for ax in axes[:, 0]:
        ax.set_ylabel(tr(ylabel))
    return figure, axes


class _Canvas(FigureCanvasAgg):
    """Measures text and writes the PNG with one renderer, and draws nothing until saved.

    (Agg's own canvas draws the whole figure whenever seaborn looks at its labels.)
    """

    def draw(self) -> None:
        self.figure.stale = False  # else seaborn draws all the same


def _of_study(title: str) -> str:
    """Name in a title of the notebooks what the diets differ in; without doses it is another title."""
    if "{nutrient}" not in title:
        return tr(title)
    if has_doses():
        return tr(title, nutrient=nutrient_word())
    return tr(_WITHOUT_DOSES[title])


_AS_PERCENT = N_("Each endpoint in percent of its reference group")
_WITHOUT_DOSES = {
    "Eating less, or less {nutrient}?": N_("Eating less, or the diet itself?"),
    "Did serum {nutrient} fall, and did other minerals follow?": N_("Did minerals in serum change?"),
    "How each endpoint follows the {nutrient} of the diet": _AS_PERCENT,
}


def capital(words: str) -> str:
    """Begin a sentence with a capital, unless it begins with a symbol such as p or n."""
    return words[:1].upper() + words[1:] if words[1:2].isalpha() else words


def lay_out(figure: Figure) -> None:
    """Lay panels and labels out once and keep them there, on a grid of a ten-thousandth of the figure.

    The solver of the constrained layout ends in other last digits from run to run, which would show in the
    bytes; and PNG and SVG would each get a layout of their own.
    """
    engine = figure.get_layout_engine()
    if engine is None:
        return
    figure.set_dpi(look.DPI)
    engine.execute(figure)
    figure.set_layout_engine(None)
    for ax in figure.axes:
        ax.set_position([round(edge, 4) for edge in ax.get_position(original=True).bounds])
        ax.apply_aspect()
        for axis in (axis for axis in (ax.xaxis, ax.yaxis) if axis.label.get_text()):
            axis.get_tightbbox()
            place = axis.label.get_transform().transform(axis.label.get_position())
            axis.set_label_coords(*ax.transAxes.inverted().transform(place).round(4))


def words_of(figure: Figure) -> dict[str, str]:
    """Return headline, finding and note of a figure, unbroken, by those names; "" where it has none."""
    texts = {text.get_gid(): text.get_label() for text in figure.texts}
    return {name: texts.get(name, "") for name in ("title", "finding", "note")}


def panels(n: int, most: int, height: float, **options: Any) -> tuple[Figure, list[Axes]]:
    """Make a figure of `n` panels in reading order, at most `most` side by side in rows `height` mm high.

    The lowest panel of each column has the label of the x axis; options are those of `new_figure`.
    """
    columns = min(most, n)
    figure, axes = new_figure(-(-n // columns), columns, height=height * -(-n // columns), **options)
    for blank, above in zip(axes.flat[n:], axes.flat[n - columns :], strict=False):
        blank.set_visible(False)
        above.tick_params(labelbottom=True)
        above.set_xlabel(blank.get_xlabel())
    return figure, list(axes.flat[:n])


def contrast_panels(
    table: pd.DataFrame, *, room: int = 0, **options: Any
) -> tuple[Figure, list[tuple[Axes, pd.DataFrame]]]:
    """Make a figure with a panel for each contrast of a table; return it, and each panel with its rows.

    The figure is as wide as one of `room` panels more; options are those of `new_figure`.
    """
    contrasts = by_dose(table["contrast"])
    width = look.panels_width(len(contrasts) + room)
    figure, axes = new_figure(
        1, len(contrasts), width=width, titles=map(contrast_label, contrasts), **options
    )
    return figure, [(ax, table[table["contrast"] == c]) for ax, c in zip(axes[0], contrasts, strict=True)]


def by_dose(contrasts: Iterable[str]) -> list[str]:
    """Return each contrast once, in the order that all figures have them in: from the mildest diet down."""
    place = {contrast.name: i for i, contrast in enumerate(study_in_use().shown_contrasts)}
    return sorted(dict.fromkeys(contrasts), key=lambda name: place.get(name, len(place)))


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
    figure, _ = new_figure(0, 0, width=look.ONE_AND_HALF, height=6, title=title, finding=why)
    figure.set_layout_engine(None)
    return figure


def stamp(figure: Figure, label: str | None) -> Figure:
    """Write `label` ("SIMULATED DATA") in a frame at the lower right corner, outside all panels.

    Nothing is written where the label is empty: measured data need none.
    """
    for old in [t for t in figure.texts if t.get_gid() == "stamp"]:
        old.remove()
    if label:
        width, height = figure.get_size_inches()
        frame = {"boxstyle": "round,pad=0.25", "fc": "#fff4f2", "ec": "#8a1c1c", "linewidth": 0.6}
        face = BOLD if label.isascii() else {}
        figure.text(1 - _PAD / width, 0.12 / height, label, ha="right", va="bottom", size=SMALL_SIZE,
                    color="#8a1c1c", gid="stamp", bbox=frame, **face)  # fmt: skip
    return figure


def wrap(content: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Break text into lines of at most `width` points, between words, in Japanese between phrases.

    A line does not begin with a closing mark, and a sign such as < or % stays with its number. A Japanese
    phrase too long for a line is broken between scripts, or else between letters.
    """

    def fits(words: str) -> bool:
        # The widest letter of the fonts takes 2.02 times its size: what is short need not be measured.
        return 2.1 * size * len(words) <= width or text_width(words.rstrip(), size, bold=bold) <= width

    lines = []
    for paragraph in content.split("\n"):
        pieces = [*_pieces(paragraph, fits, _BREAKS)] or [""]
        while pieces:
            starts = ["".join(pieces[:n]).strip() for n in range(1, len(pieces) + 1)]
            n = max(1, bisect(starts, False, key=lambda words: not fits(words)))
            lines.append(starts[n - 1])
            pieces = pieces[n:]
    return lines


@cache
def text_width(content: str, size: float, *, bold: bool = False) -> float:
    """Width of a line of text in points, in the fonts of the figures."""
    if not content.strip():
        return 0.0
    look.register_japanese_font()
    # Japanese is emboldened by its outline (`look.embolden`): its font has no bold, and matplotlib would warn
    heavy = bold and not any(letter > "⺀" for letter in content)
    faces = ["DejaVu Sans"] if heavy else ["DejaVu Sans", "IPAexGothic"]
    font = FontProperties(family=faces, weight="bold" if heavy else "normal", size=size)
    return float(text_to_path.get_text_width_height_descent(content, font, ismath=False)[0])


def _pieces(words: str, fits: Callable[[str], bool], breaks: Sequence[re.Pattern[str]]) -> Iterator[str]:
    """Cut words where a line may end; a piece that fits no line is cut at the next finer kind of place."""
    for piece in breaks[0].split(words):
        if breaks[1:] and len(piece) > 1 and not fits(piece):
            yield from _pieces(piece, fits, breaks[1:])
        elif piece:
            yield piece


_NOT_FIRST = "、。，．）」：；％ーャュョッァィゥェォぁぃぅぇぉっゃゅょ )"
# Places where a line may end, from the best to the worst: after a blank or a mark and where a phrase of
# Japanese begins; between scripts; between Japanese letters.
_BREAKS = (
    re.compile(
        rf"(?<= )(?<![<≤≥=±*†✓≈✗?] )(?![%<≤≥=±])|(?<=[、。，．：；）」])(?![{_NOT_FIRST}])"
        rf"|(?<=[ぁ-ん])(?![ぁ-ん{_NOT_FIRST}])|(?<=[⺀-￿])(?=[（「])"
    ),
    re.compile(rf"(?<=[ァ-ヶー])(?![ァ-ヶ{_NOT_FIRST}])|(?<=[一-鿿])(?=[ァ-ヶ])"),
    re.compile(rf"(?<=[⺀-￿])(?<![（「])(?![{_NOT_FIRST}])|(?<![（「])(?![{_NOT_FIRST}])(?=[⺀-￿])"),
)
