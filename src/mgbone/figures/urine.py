"""Urinary markers before and after creatinine: what the dilution of the urine does to them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgbone.figures import canvas, look
from mgbone.study import naming
from mgbone.study.dictionary import field_label
from mgbone.study.language import N_, tr

_FIELDS = {"urine_ctx": "ctx", "urine_dpd": "dpd"}
_NAMES = {"urine_ctx": "CTX-I", "urine_dpd": "DPD"}
_STEPS = ("uncorrected", "corrected")


def dilution(table: pd.DataFrame, spread: pd.DataFrame, title: str = "") -> Figure:
    """Draw, per marker, the urine as collected and each animal's way through the correction.

    Parameters
    ----------
    table : DataFrame
        animal_id, group, endpoint, creatinine, uncorrected, deviation_uncorrected, deviation_corrected (in
        percent of the mean of the animal's own group); values below a limit of detection, if there is a
        column `censored`, are hollow.
    spread : DataFrame
        endpoint, cv_uncorrected, cv_corrected: written below the animals.
    """
    measured = [endpoint for endpoint in _FIELDS if table["endpoint"].eq(endpoint).any()]
    if not measured:
        why = N_("No marker was measured together with creatinine")
        return canvas.empty_figure(why, title)
    figure, axes = canvas.new_figure(
        1, 2 * len(measured), width=look.DOUBLE, height=64.0, title=title,
        subtitle=N_("Marker against creatinine in the same urine (thin urine has little of both), and each "
                  "animal's distance from the mean of its group, before and after division"),
        note=N_("Dots: animals; CV: coefficient of variation within groups"))  # fmt: skip
    groups = [g for g in naming.groups_in_use() if g in set(table["group"])]
    for number, endpoint in enumerate(measured):
        here = table[table["endpoint"].eq(endpoint)]
        left, right = axes[0, 2 * number], axes[0, 2 * number + 1]
        _scatter(left, here, endpoint, groups)
        _paths(right, here, spread[spread["endpoint"].eq(endpoint)], groups)
        left.set_title(_NAMES[endpoint])
    if groups:
        handles = look.group_handles(groups)
        axes[0, -1].legend(handles=handles, loc="upper left", bbox_to_anchor=(1, 1), borderaxespad=0.3)
    return figure


def _scatter(ax: Axes, table: pd.DataFrame, endpoint: str, groups: Sequence[str]) -> None:
    for group in groups:
        rows = table[table["group"].eq(group)]
        for hollow, part in _by_censoring(rows):
            look.dots(ax, part["creatinine"], part["uncorrected"], group, size=3.4, hollow=hollow)
    ax.set_xlabel(field_label("urine", "creatinine", unit=True))
    ax.set_ylabel(field_label("urine", _FIELDS[endpoint], unit=True))
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)


def _paths(ax: Axes, table: pd.DataFrame, spread: pd.DataFrame, groups: Sequence[str]) -> None:
    ax.axhline(0, color=look.LINE, linewidth=0.7, zorder=0)
    columns = [f"deviation_{step}" for step in _STEPS]
    for group in groups:
        rows = table[table["group"].eq(group)]
        ink = look.line_colour(group)
        ax.plot([0, 1], rows[columns].to_numpy().T, color=ink, linewidth=0.5, alpha=0.45, zorder=1)
        for hollow, part in _by_censoring(rows):
            for x, column in enumerate(columns):
                look.dots(ax, [x] * len(part), part[column], group, size=3.0, hollow=hollow)
    words = (N_("before"), N_("after"))
    names = [tr(pair) for pair in words]
    cv = [f"CV {spread[f'cv_{step}'].iloc[0]:.0f} %" if len(spread) else "" for step in _STEPS]
    ax.set_xticks([0, 1], [f"{name}\n{one}" for name, one in zip(names, cv, strict=True)])
    ax.set_xlim(-0.45, 1.45)
    ax.tick_params(axis="x", length=0)
    ax.yaxis.set_major_formatter(lambda y, _: look.signed(y, "g"))
    ax.set_ylabel(tr("From the group's mean (%)"))


def _by_censoring(rows: pd.DataFrame) -> list[tuple[bool, pd.DataFrame]]:
    if "censored" not in rows:
        return [(False, rows)]
    return [(bool(hollow), part) for hollow, part in rows.groupby("censored")]
