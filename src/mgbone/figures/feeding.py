"""Pair-feeding: how a difference divides into what eating less does and what magnesium does."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mgbone.figures import canvas, findings, look, marks
from mgbone.study import naming
from mgbone.study.dictionary import endpoint_label
from mgbone.study.language import N_, tr


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
    pairs = [(case, control), (paired, control), (case, paired)]
    lines = [(f"{a}_vs_{b}", "unadjusted") for a, b in pairs]
    lines += [(f"{a}_vs_{b}", "adjusted") for a, b in (pairs[2], pairs[0])]
    here = table[table["experiment"].eq(experiment)]
    endpoints = list(dict.fromkeys(here["endpoint"]))
    if not endpoints:
        return canvas.empty_figure(N_("Nothing to divide: intake, or a group, was not measured"), title)
    figure, panels, axes = canvas.panels(
        len(endpoints), 3, 47.0, sharey=True, title=title, finding=_finding(here, lines[2][0]),
        note=[N_("difference in % of the control's mean, 95 % interval"),
              N_("filled: as measured, hollow: adjusted for food intake"),
              N_("the first line is the sum of the second (eating less) and the third (magnesium)")],
    )  # fmt: skip
    for ax, endpoint in zip(panels, endpoints, strict=True):
        keys = list(zip(here["contrast"], here["model"], strict=True))
        rows = here.assign(at=[lines.index(key) if key in lines else np.nan for key in keys])
        rows = rows[rows["endpoint"].eq(endpoint) & rows["at"].notna()]
        rows = rows.rename(columns={"percent": "value", "percent_low": "low", "percent_high": "high"})
        level = rows["model"].map({"unadjusted": "significant", "adjusted": "none"})
        ax.axvline(0, color=look.LINE, linewidth=0.8, zorder=0)
        ax.axhline(2.5, color=look.PALE, linewidth=0.9, zorder=0)
        marks.estimates(ax, rows.assign(level=level, group=rows["contrast"].str.split("_vs_").str[0]))
        ax.set_title(endpoint_label(endpoint))
        ax.margins(x=0.08)
        ax.locator_params(axis="x", nbins=5)
        ax.xaxis.set_major_formatter(lambda x, _: look.signed(x, "g"))
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
    axes[0, 0].set_ylim(len(lines) - 0.4, -0.6)
    axes[0, 0].set_yticks(range(len(lines)), [_line_name(*line) for line in lines])
    return figure


def _line_name(contrast: str, model: str) -> str:
    name = naming.contrast_label(contrast)
    return name if model == "unadjusted" else tr("{name}, adjusted", name=name)


def _finding(table: pd.DataFrame, contrast: str) -> str:
    """Say which endpoints differ from the pair-fed group by more than what was eaten explains."""
    rows = table[table["contrast"].eq(contrast) & table["model"].eq("adjusted")]
    clear = rows[(rows["percent_low"] > 0) | (rows["percent_high"] < 0)]
    if clear.empty:
        return tr("Beyond what was eaten, no endpoint differs between the pair-fed group and its partner.")
    named = [
        tr("{what} {percent} %", what=findings.name(r.endpoint), percent=findings.percent(r.percent))
        for r in clear.itertuples()
    ]
    return findings.sentence([
        tr("beyond what was eaten, {contrast}: {names}",
           contrast=naming.contrast_label(contrast), names=findings.listed(named))])  # fmt: skip
