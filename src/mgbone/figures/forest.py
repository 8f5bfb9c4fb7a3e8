"""Standardised effects on one scale: Hedges g with interval, one panel per contrast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mgbone.figures import canvas, findings, look, marks
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.language import N_, tr
from mgbone.study.naming import AXIS_NAMES, axis_of, row_label

_ROW = 6.6  # mm a row
_APART = 3.0  # endpoints that reach so many times as far as the middle one stand on an axis of their own


def effect_forest(
    evidence: pd.DataFrame,
    endpoints: Sequence[str],
    study: Study,
    title: str = "",
    *,
    headings: bool = False,
) -> Figure:
    """Draw Hedges g with 95 % interval: rows endpoints, a panel per dose, the experiments never pooled.

    The scale is linear; endpoints that would press all others flat have an axis of their own below.

    Parameters
    ----------
    evidence : DataFrame
        experiment, endpoint, contrast, hedges_g, g_low, g_high, p, level.
    endpoints : sequence of str
        Rows from the top; a gap sets the axes of the argument apart.
    headings : bool
        Name the axes of the argument above their rows.

    Returns
    -------
    Figure
        A sentence where there is no endpoint to draw.
    """
    contrasts = list(study.shown_contrasts)
    endpoints = study.endpoints_of(endpoints, evidence)
    rows = findings.of_doses(evidence, study)
    rows = rows[rows["endpoint"].isin(list(endpoints))]
    if rows.empty:
        return canvas.empty_figure(N_("No effect could be measured on this scale."), title)
    apart = _apart(rows)
    blocks = [[e for e in endpoints if e not in apart], [e for e in endpoints if e in apart]]
    gap, first = (1.15, 0.9) if headings else (0.4, 0.0)  # rows between two axes of the argument
    placed = [
        dict(zip(block, canvas.places(map(axis_of, block), gap, first), strict=True))
        for block in blocks
        if block
    ]
    depths = [max(places.values()) + 1.4 for places in placed]
    no_line = (rows["hedges_g"].notna() & rows["g_low"].isna()).any()
    figure, axes = canvas.new_figure(
        len(placed), len(contrasts), height=_ROW * sum(depths) + 16 + 14 * len(placed), sharey="row",
        title=title, finding=_finding(rows),
        note=[N_("Hedges g of case minus reference, 95 % interval; at the right p of the declared test"),
              N_("filled: p < 0.05, pale: p < 0.10, hollow: neither"), canvas.MARKS,
              N_("no line: values below a limit of detection") if no_line else "",
              N_("axis of its own: what is far larger") if apart else ""],
        gridspec_kw={"height_ratios": [depth + 1.5 for depth in depths]},
    )  # fmt: skip
    for line, places, depth in zip(axes, placed, depths, strict=True):
        here = rows[rows["endpoint"].isin(list(places))]
        reach = max(2.0, 1.05 * float(np.nanmax(here[["g_low", "g_high", "hedges_g"]].abs(), initial=0)))
        for ax, contrast in zip(line, contrasts, strict=True):
            _panel(ax, here[here["contrast"].eq(contrast.name)], places, contrast.case)
            ax.set_xlim(-reach, reach)
        line[0].set_ylim(depth - 0.6, -0.75)
        line[0].set_yticks(list(places.values()), [row_label(e) for e in places])
        (_headings if headings else _rules)(line, places)
    for ax, contrast in zip(axes[0], contrasts, strict=True):
        ax.set_title(naming.panel_name(contrast.name, len(contrasts)))
    for ax in axes[-1]:
        ax.set_xlabel(tr("Hedges g (SD)"))
    return figure


def _apart(rows: pd.DataFrame) -> list[str]:
    """Return the endpoints that are far beyond the others."""
    reach = rows.groupby("endpoint")[["g_low", "g_high", "hedges_g"]].agg(lambda g: g.abs().max()).max(axis=1)
    return reach.index[reach > _APART * reach.median()].tolist()


def _finding(rows: pd.DataFrame) -> str:
    known = rows.dropna(subset=["hedges_g"])
    clear = known[known["level"].eq("significant")]
    if clear.empty:
        return findings.sentence([tr(findings.NOTHING)])
    largest = clear.loc[clear["hedges_g"].abs().idxmax()]
    return findings.sentence([
        tr("{n} of {all} effects are significant", n=len(clear), all=len(known)),
        tr("the largest: {what}, {contrast}, g = {g}", what=findings.name(largest["endpoint"]),
           contrast=naming.contrast_label(largest["contrast"]), g=look.signed(largest["hedges_g"])),
    ])  # fmt: skip


def _panel(ax: Axes, rows: pd.DataFrame, places: Mapping[str, float], group: str) -> None:
    ax.axvline(0, color=look.LINE, linewidth=0.8, zorder=0)
    rows = rows.rename(columns={"hedges_g": "value", "g_low": "low", "g_high": "high"})
    rows = rows.assign(at=rows["endpoint"].map(places), group=group)
    marks.estimates(ax, rows)
    aside = {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points", "va": "center",
             "size": look.SMALL_SIZE, "annotation_clip": False}  # fmt: skip
    shown = rows.set_index("endpoint")
    for endpoint, y in places.items():
        known = endpoint in shown.index and np.isfinite(shown.loc[endpoint, "value"])
        words = tr("not tested")
        if known:
            row = shown.loc[endpoint]
            words = marks.p_words(naming.format_p_value(row["p"]), row["level"])
        written = ax.annotate(words, (1, y), xytext=(4, 0), gid="p", **aside)
        if known and naming.level_mark(row["level"]):
            look.embolden(written)
    ax.annotate("p", (1, -0.72), xytext=(4, 0), **aside)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(4, symmetric=True, steps=[1, 2, 5, 10]))
    ax.xaxis.set_major_formatter(lambda x, _: look.signed(x, "g"))


def _rules(axes: Sequence[Axes], places: Mapping[str, float]) -> None:
    for above, below in pairwise(places):
        if axis_of(above) != axis_of(below):
            for ax in axes:
                ax.axhline((places[above] + places[below]) / 2, color=look.PALE, linewidth=0.9, zorder=0)


def _headings(axes: Sequence[Axes], places: Mapping[str, float]) -> None:
    ax, before = axes[0], None
    for endpoint, y in places.items():
        if (axis := axis_of(endpoint)) != before:
            written = ax.annotate(
                tr(AXIS_NAMES[axis]), (0, y - 0.95), xycoords=ax.get_yaxis_transform(), xytext=(-4, 0),
                textcoords="offset points", ha="right", va="center", annotation_clip=False,
                size=look.SMALL_SIZE, gid="heading",
            )  # fmt: skip
            look.embolden(written)
        before = axis
