"""What sources state on questions on which they disagree, on top of what the data show."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mgbone.figures import canvas, look
from mgbone.study.language import N_, either, tr

_HOLDS: Mapping[str, str] = {"yes": "✓", "size": "≈", "no": "✗", "not_tested": "?"}
_DIAMOND: Mapping[str, object] = {"marker": "D", "markersize": 6, "color": look.INK, "linestyle": "none"}


def stated_and_measured(confronted: pd.DataFrame, title: str = "") -> Figure:
    """Draw one row per source: its number on the interval of these data, its words at the right.

    Parameters
    ----------
    confronted : DataFrame
        From `mgbone.integration.disagreements.hold_against_sources`.
    """
    if confronted.empty:
        return canvas.empty_figure(N_("No disagreement of sources is recorded for this study."), title)
    # A row for the heading of each topic, and a gap before it.
    places = canvas.places(confronted["topic"], 1.35, 1.0)
    depth = max(places) + 1
    figure, _ = canvas.new_figure(
        0, 0, height=6.6 * (depth + 0.8) + 16, title=title, finding=_finding(confronted),
        note=[N_("change against the reference, in percent; the sources' animals, diets and references "
                 "differ"),
              N_("✓ these data have the stated level; ≈ the stated size only; ✗ neither; ? not tested")],
        legend=[Line2D([], [], label=tr("stated", "by a source"), **_DIAMOND),
                Patch(facecolor=look.CLOUD, label=tr("these data, 95 %"))],
    )  # fmt: skip
    ax = figure.add_subplot()
    ax.set_position([0.3, 0.125, 0.3, 0.735])  # by hand: the words beside it take more room than it does
    numbers = confronted[["data_low", "data_high", "percent"]].abs().to_numpy(float)
    reach = 1.1 * float(np.nanmax(numbers, initial=20))
    ax.axvline(0, color=look.LINE, linewidth=0.7, zorder=0)
    for y, row in zip(places, confronted.to_dict("records"), strict=True):
        _row(ax, y, row)
    topics = confronted.assign(y=places).drop_duplicates("topic")
    for y, *words in topics[["y", "topic_en", "topic_ja"]].itertuples(index=False):
        written = ax.annotate(
            either(*words), (0, y - 1), xycoords=ax.get_yaxis_transform(), xytext=(-5, 0), gid="topic",
            textcoords="offset points", ha="right", va="center", annotation_clip=False, size=look.BASE_SIZE,
        )  # fmt: skip
        look.embolden(written)
    ax.set(xlim=(-reach, reach), ylim=(depth - 0.3, -0.8), yticks=[])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(tr("change (%)"))
    return figure


def _finding(confronted: pd.DataFrame) -> str:
    holds = confronted["holds"].astype(str)
    return tr("Of {all} statements of sources, these data have the level of {yes} and the size alone of "
              "{size}.",
              all=len(holds), yes=int(holds.eq("yes").sum()), size=int(holds.eq("size").sum()))  # fmt: skip


def _row(ax: Axes, y: float, row: Mapping[str, object]) -> None:
    ax.annotate(
        either(row["source"], row["source_ja"]), (0, y), xycoords=ax.get_yaxis_transform(),
        xytext=(-5, 0), textcoords="offset points", ha="right", va="center", size=look.SMALL_SIZE,
        annotation_clip=False,
    )  # fmt: skip
    if np.isfinite(row["data_percent"]):
        grey = {"color": look.CLOUD, "linewidth": 6.5, "solid_capstyle": "butt", "zorder": 1}
        ax.plot([row["data_low"], row["data_high"]], [y, y], gid="interval", **grey)
        ax.plot([row["data_percent"]] * 2, [y - 0.28, y + 0.28], color=look.QUIET, linewidth=1.6, zorder=2)
    if np.isfinite(row["percent"]):
        ax.plot([row["percent"]], [y], zorder=3, gid="stated", **_DIAMOND)
    mark = _HOLDS[str(row["holds"])]
    said = either(row["statement_en"], row["statement_ja"])
    lines = canvas.wrap(said, 225, look.SMALL_SIZE)
    ax.annotate(
        mark, (1, y), xycoords=ax.get_yaxis_transform(), xytext=(6, 0), textcoords="offset points",
        ha="center", va="center", size=look.BASE_SIZE + 0.5, annotation_clip=False, gid="holds",
    )  # fmt: skip
    ax.annotate(
        "\n".join(lines), (1, y), xycoords=ax.get_yaxis_transform(), xytext=(15, 0),
        textcoords="offset points", ha="left", va="center", size=look.SMALL_SIZE, linespacing=1.05,
        annotation_clip=False, gid="said",
    )  # fmt: skip
