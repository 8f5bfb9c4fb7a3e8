"""What a judge would confirm where there is nothing: permuted labels, and data without effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mgbone.figures import canvas, findings, look
from mgbone.study.language import N_, tr

_PANELS = {
    "effect": N_("statements of an effect"),
    "no_effect": N_("statements of no difference"),
}
# What the marks over the bars stand for: the column of the counts, its filling and its name.
_MARKS = (("this", look.INK, N_("these data")), ("null", "white", N_("data without effect")))


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
        why = N_("No statement about animals could be tested, so no labels were permuted.")
        return canvas.empty_figure(why, title)
    rows = counts.set_index("kind").loc[kinds]
    handles = [
        look.mark(tr(words), "v", 8, markerfacecolor=face, markeredgecolor=look.INK, markeredgewidth=1.1)
        for column, face, words in _MARKS if rows[column].notna().any()
    ]  # fmt: skip
    handles.append(Line2D([], [], color=look.QUIET, linestyle=look.DASHES, label=tr("expected by theory")))
    figure, axes = canvas.new_figure(
        1, len(kinds), height=70, title=title, finding=_finding(rows), legend=handles,
        note=[N_("how many statements the same judge calls reproduced"),
              N_("bars: group labels of these animals permuted within each experiment")],
    )  # fmt: skip
    for ax, kind in zip(axes[0], kinds, strict=True):
        _panel(ax, rows.loc[kind], spread[spread["kind"] == kind])
        ax.set_title(tr("{n} {what}", n=int(rows.loc[kind, "statements"]), what=tr(_PANELS[kind])))
    axes[0, 0].set_ylabel(tr("% of permutations"))
    return figure


def _finding(rows: pd.DataFrame) -> str:
    """Say how many statements are reproduced here, and how many where there is nothing."""
    said = []
    for kind, row in rows.iterrows():
        null = (
            tr(", {null} in data without effect", null=int(row["null"])) if np.isfinite(row["null"]) else ""
        )
        said.append(
            tr("of {n} {what} {this} are reproduced, {nominal:.1f} expected by chance",
               n=int(row["statements"]),
               what=tr(_PANELS[kind]), this=int(row["this"]), nominal=row["nominal"]) + null
        )  # fmt: skip
    return findings.sentence(said)


def _panel(ax: Axes, row: pd.Series, spread: pd.DataFrame) -> None:
    height = 100 * spread["share"]
    ax.bar(spread["reproduced"], height, width=0.8, color="#bdbdbd", linewidth=0)
    top = float(height.max())
    ax.axvline(row["nominal"], color=look.QUIET, linewidth=1.2, linestyle=look.DASHES, gid="nominal")
    for level, (column, face, _) in enumerate(_MARKS):
        if np.isfinite(row[column]):
            ax.plot(row[column], top * (1.12 + 0.13 * level), "v", markersize=8, markerfacecolor=face,
                    gid=column,
                    markeredgecolor=look.INK, markeredgewidth=1.1)  # fmt: skip
    least = np.nanmin([spread["reproduced"].min(), row["null"], row["this"]])
    low = 0 if row["statements"] < 30 else int(least) - 3
    ax.set(xlim=(low - 0.9, row["statements"] + 0.9), ylim=(0, top * 1.35))
    ax.set_yticks([tick for tick in ax.get_yticks() if tick <= min(100, 1.05 * top)])
    step = 5 if row["statements"] - low > 10 else 2
    ax.set_xticks(np.arange(-(-low // step) * step, row["statements"] + 1, step))
    ax.set_xlabel(tr("statements called reproduced"))
