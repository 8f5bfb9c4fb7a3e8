"""Pair-feeding: how a difference divides into what eating less does and what magnesium does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgbone.figures import canvas, look
from mgbone.study import naming
from mgbone.study.dictionary import endpoint_label
from mgbone.study.language import N_, tr

_COLUMNS = 3


def pair_feeding(
    table: pd.DataFrame, groups: tuple[str, str, str], experiment: str, title: str = ""
) -> Figure:
    """Draw differences with 95 % intervals in percent of the control's mean, a panel per endpoint.

    Parameters
    ----------
    table : DataFrame
        experiment, endpoint, contrast, model (unadjusted, adjusted), percent, percent_low, percent_high.
    groups : tuple of str
        Freely fed control, pair-fed group, the group that it was paired with.
    experiment : str
    """
    control, paired, case = groups
    lines = [
        (f"{case}_vs_{control}", "unadjusted", case),
        (f"{paired}_vs_{control}", "unadjusted", paired),
        (f"{case}_vs_{paired}", "unadjusted", case),
        (f"{case}_vs_{paired}", "adjusted", case),
        (f"{case}_vs_{control}", "adjusted", case),
    ]
    here = table[table["experiment"].eq(experiment)]
    endpoints = list(dict.fromkeys(here["endpoint"]))
    if not endpoints:
        why = N_("Nothing to divide: intake, or a group, was not measured")
        return canvas.empty_figure(why, title)
    rows = -(-len(endpoints) // _COLUMNS)
    figure, axes = canvas.new_figure(
        rows, _COLUMNS, width=look.DOUBLE, height=33.0 * rows, sharey=True, title=title,
        subtitle=N_("Difference in % of the control's mean, 95 % interval. Filled: as measured; hollow: "
                  "adjusted for food intake"),
        note=N_(
            "The first line is the sum of the second (eating less) and the third (magnesium)"))  # fmt: skip
    figure.get_layout_engine().set(wspace=0.06)  # or the numbers below two panels would meet
    for ax, endpoint in zip(axes.flat, endpoints, strict=False):
        _panel(ax, here[here["endpoint"].eq(endpoint)].set_index(["contrast", "model"]), lines)
        ax.set_title(endpoint_label(endpoint), size=look.BASE_SIZE + 0.5)
    for ax in axes.flat[len(endpoints) :]:
        ax.set_visible(False)
    axes[0, 0].set_ylim(len(lines) - 0.4, -0.6)
    axes[0, 0].set_yticks(range(len(lines)), [_line_name(c, model) for c, model, _ in lines])
    for ax in axes[:, 0]:
        ax.tick_params(axis="y", labelsize=look.SMALL_SIZE)
    for ax in axes.flat:
        ax.tick_params(axis="y", length=0)
    return figure


def _panel(ax: Axes, rows: pd.DataFrame, lines: Sequence[tuple[str, str, str]]) -> None:
    ax.axvline(0, color=look.LINE, linewidth=0.7, zorder=0)
    ax.axhline(2.5, color=look.PALE, linewidth=0.7, zorder=0)
    for y, (contrast, model, group) in enumerate(lines):
        if (contrast, model) not in rows.index or not np.isfinite(rows.loc[(contrast, model), "percent"]):
            continue
        row = rows.loc[(contrast, model)]
        ink = look.line_colour(group)
        ax.plot([row["percent_low"], row["percent_high"]], [y, y], color=ink, linewidth=1.1, zorder=2)
        ax.plot(
            [row["percent"]], [y], marker=look.marker(group), linestyle="none", zorder=3, gid="difference",
            markersize=4.8, markeredgecolor=ink, markeredgewidth=0.8,
            markerfacecolor=look.colour(group) if model == "unadjusted" else "white",
        )  # fmt: skip
    ax.margins(x=0.08)
    ax.locator_params(axis="x", nbins=4)
    ax.xaxis.set_major_formatter(lambda x, _: look.signed(x, "g"))
    ax.spines["left"].set_visible(False)


def _line_name(contrast: str, model: str) -> str:
    name = naming.contrast_label(contrast)
    adjusted = N_("{name}, adjusted")
    return name if model == "unadjusted" else tr(adjusted, name=name)
