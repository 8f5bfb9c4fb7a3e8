"""What a judge would confirm where there is nothing: permuted labels, and data without effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgbone.figures import canvas, look
from mgbone.study.language import N_, tr

_PANELS = {
    "effect": N_("statements of an effect"),
    "no_effect": N_("statements of no difference"),
}


def counts_by_chance(counts: pd.DataFrame, spread: pd.DataFrame, title: str = "") -> Figure:
    """Draw how many statements are reproduced with shuffled labels, without effect, and in these data.

    Parameters
    ----------
    counts : DataFrame
        From `mgbone.integration.negative_control.count_control`.
    spread : DataFrame
        From `mgbone.integration.negative_control.distribution`.

    Returns
    -------
    Figure
        A sentence where nothing could be permuted.
    """
    kinds = [kind for kind in _PANELS if (spread["kind"] == kind).any()]
    if not kinds:
        why = N_("No statement about animals could be tested, so no labels were permuted.")  # fmt: skip
        return canvas.empty_figure(why, title)
    figure, axes = canvas.new_figure(
        1, len(kinds), width=look.DOUBLE, height=52, title=title,
        subtitle=N_("How many statements the same judge calls reproduced"),
        note=N_("Bars: group labels of these animals permuted within each experiment; broken line: expected "
              "by theory"))  # fmt: skip
    rows = counts.set_index("kind")
    for ax, kind in zip(axes[0], kinds, strict=True):
        _panel(ax, rows.loc[kind], spread[spread["kind"] == kind])
        ax.set_title(
            tr("{n} {what}", n=int(rows.loc[kind, "statements"]),
                       what=tr(_PANELS[kind]))
        )  # fmt: skip
    axes[0, 0].set_ylabel(tr("% of permutations"))
    return figure


def _panel(ax: Axes, row: pd.Series, spread: pd.DataFrame) -> None:
    height = 100 * spread["share"]
    ax.bar(spread["reproduced"], height, width=0.8, color="#bdbdbd", linewidth=0)
    top = float(height.max())
    ax.axvline(row["nominal"], color=look.QUIET, linewidth=0.9, linestyle=(0, (4, 2)), gid="nominal")
    marks = [(row["this"], look.INK, N_("these data"), "this")]
    if np.isfinite(row["null"]):
        marks.append((row["null"], "white", N_("data without effect"), "null"))
    for level, (x, face, words, gid) in enumerate(marks):
        y = top * (1.14 + 0.16 * level)
        ax.plot([x], [y], marker="v", markersize=6, markerfacecolor=face, markeredgecolor=look.INK,
                markeredgewidth=0.9, linestyle="none", gid=gid, clip_on=False)  # fmt: skip
        left = x > row["statements"] / 2
        ax.annotate(
            f"{tr(words)}: {int(x)}", (x, y), xytext=(-6 if left else 6, 0),
            textcoords="offset points", ha="right" if left else "left", va="center", size=look.SMALL_SIZE,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.6},
        )  # fmt: skip
    least = np.nanmin([spread["reproduced"].min(), row["null"], row["this"]])
    low = 0 if row["statements"] < 30 else int(least) - 3
    ax.set(xlim=(low - 0.9, row["statements"] + 0.9), ylim=(0, top * 1.42))
    ax.set_yticks([tick for tick in ax.get_yticks() if tick <= min(100, 1.05 * top)])
    step = 5 if row["statements"] - low > 10 else 2
    ax.set_xticks(np.arange(-(-low // step) * step, row["statements"] + 1, step))
    ax.set_xlabel(tr("statements called reproduced"))
