"""Standardised effects on one scale: Hedges g with interval, one panel per contrast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from mgbone.figures import canvas, look
from mgbone.study import naming
from mgbone.study.design import Contrast, Study
from mgbone.study.language import N_, tr
from mgbone.study.naming import AXIS_NAMES, axis_of, row_label

ROW = 5.4  # mm a row


def effect_forest(
    evidence: pd.DataFrame,
    endpoints: Sequence[str],
    study: Study,
    title: str = "",
    *,
    headings: bool = False,
) -> Figure:
    """Draw Hedges g with 95 % interval: rows endpoints, a panel per dose, the experiments never pooled.

    Parameters
    ----------
    evidence : DataFrame
        experiment, endpoint, contrast, hedges_g, g_low, g_high, p, level.
    endpoints : sequence of str
        Rows from the top; a gap and a name set the axes of the argument apart.
    headings : bool
        Name the axes of the argument above their rows.

    Returns
    -------
    Figure
        A sentence where there is no endpoint to draw.
    """
    contrasts = list(study.shown_contrasts)
    endpoints = study.endpoints_of(endpoints, evidence)
    if not contrasts or not evidence["endpoint"].isin(list(endpoints)).any():
        why = N_("No effect could be measured on this scale.")
        return canvas.empty_figure(why, title)
    gap, first = (1.0, 0.6) if headings else (0.55, 0.0)  # rows between two axes of the argument
    places = dict(zip(endpoints, canvas.places(map(axis_of, endpoints), gap, first), strict=True))
    depth = max(places.values()) + 1 if places else 1
    figure, panels, axes = canvas.panels(
        len(contrasts), 4, ROW * (depth + 1.5) + 14, sharey=True, title=title,
        subtitle=N_("Hedges g of case minus reference, 95 % interval; p of the declared test. "
                  "Filled: p < 0.05, pale: p < 0.10, hollow: neither"),
        note=_note(evidence, endpoints)
    )  # fmt: skip
    reach = _reach(evidence, endpoints, contrasts)
    for ax, contrast in zip(panels, contrasts, strict=True):
        _panel(ax, evidence, places, contrast, reach, axes.shape[1])
    first = axes[0, 0]
    first.set_ylim(depth - 0.3, -0.75)
    first.set_yticks(list(places.values()), [row_label(e) for e in places])
    for ax in axes.flat:
        ax.tick_params(axis="y", length=0)
    if headings:
        _headings(first, places)
    else:
        _axis_rules(list(axes.flat), places)
    words = N_("Hedges g (in SD; scale narrows outwards)")
    axes[-1, axes.shape[1] // 2 if len(axes) == 1 else 0].set_xlabel(tr(words))
    return figure


def _note(evidence: pd.DataFrame, endpoints: Sequence[str]) -> str:
    shown = evidence[evidence["endpoint"].isin(list(endpoints))]
    note = tr("* p < 0.05, † 0.05 ≤ p < 0.10")
    if (shown["hedges_g"].notna() & shown["g_low"].isna()).any():
        why = N_("; no line: values below a limit of detection")
        note += tr(why)
    return note


def _reach(evidence: pd.DataFrame, endpoints: Sequence[str], contrasts: Sequence[Contrast]) -> float:
    chosen = evidence[evidence["endpoint"].isin(list(endpoints))]
    chosen = chosen[chosen["contrast"].isin([c.name for c in contrasts])]
    reach = chosen[["g_low", "g_high"]].abs().to_numpy(float)
    return float(max(np.nanmax(reach) * 1.08, 2.0)) if np.isfinite(reach).any() else 2.0


def _panel(
    ax: Axes,
    evidence: pd.DataFrame,
    places: Mapping[str, float],
    contrast: Contrast,
    reach: float,
    panels: int,
) -> None:
    here = evidence[evidence["experiment"].eq(contrast.experiment) & evidence["contrast"].eq(contrast.name)]
    rows = here.set_index("endpoint")
    ax.axvline(0, color=look.LINE, linewidth=0.7, zorder=0)
    for endpoint, y in places.items():
        if endpoint not in rows.index or not np.isfinite(rows.loc[endpoint, "hedges_g"]):
            ax.text(
                0, y, tr("not tested"), ha="center", va="center",
                size=look.SMALL_SIZE, color=look.QUIET, backgroundcolor="white",
            )  # fmt: skip
            continue
        _effect(ax, rows.loc[endpoint], y, contrast.case)
    # One very large effect (serum Mg) must not press all others flat, nor be cut off.
    ax.set_xscale("asinh", linear_width=2)
    ax.set_xlim(-reach, reach)
    ticks = [t for t in ((2, 10, 50) if reach > 10 else (1, 2, 4)) if t < reach]
    ax.set_xticks([*(-t for t in reversed(ticks)), 0, *ticks])
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}".replace("-", "−")))
    small = [t for t in (1, 3, 4, 5, 6, 8, 20, 30) if t < reach]
    ax.xaxis.set_minor_locator(FixedLocator([*(-t for t in small), *small]))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.annotate(
        "p", (1, -0.72), xycoords=ax.get_yaxis_transform(), xytext=(3, 0), textcoords="offset points",
        ha="left", va="center", size=look.SMALL_SIZE, annotation_clip=False,
    )  # fmt: skip
    ax.set_title(naming.panel_name(contrast.name, panels), size=look.BASE_SIZE + 0.5)
    ax.spines["left"].set_visible(False)


def _effect(ax: Axes, row: pd.Series, y: float, group: str) -> None:
    colour = look.colour(group)
    line = look.line_colour(group)
    ax.plot([row["g_low"], row["g_high"]], [y, y], color=line, linewidth=1.1, solid_capstyle="butt", zorder=2)
    face = {"significant": colour, "trend": look.tint(colour)}.get(row["level"], "white")
    ax.plot(
        [row["hedges_g"]], [y], marker=look.marker(group), markersize=5.2 * look.group_style(group).size,
        markerfacecolor=face, markeredgecolor=line, markeredgewidth=0.8,
        linestyle="none", zorder=3, gid="effect",
    )  # fmt: skip
    mark = naming.level_mark(row["level"])
    ax.annotate(
        f"{naming.format_p_value(row['p'])}{' ' + mark if mark else ''}", (1, y),
        xycoords=ax.get_yaxis_transform(), xytext=(3, 0), textcoords="offset points", ha="left", va="center",
        size=look.SMALL_SIZE, color=look.INK if mark else "#8c8c8c", annotation_clip=False, gid="p",
    )  # fmt: skip


def _axis_rules(axes: Sequence[Axes], places: Mapping[str, float]) -> None:
    names = list(places)
    for above, below in pairwise(names):
        if axis_of(above) != axis_of(below):
            y = (places[above] + places[below]) / 2
            for ax in axes:
                ax.axhline(y, color=look.PALE, linewidth=0.7, zorder=0)


def _headings(ax: Axes, places: Mapping[str, float]) -> None:
    before = None
    for endpoint, y in places.items():
        if (axis := axis_of(endpoint)) != before:
            ax.annotate(
                tr(AXIS_NAMES[axis]), (0, y - 0.85), xycoords=ax.get_yaxis_transform(),
                xytext=(-4, 0), textcoords="offset points", ha="right", va="center", annotation_clip=False,
                size=look.SMALL_SIZE, gid="heading", **look.bold(),
            )  # fmt: skip
        before = axis
