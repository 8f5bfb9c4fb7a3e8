"""Urine: markers against creatinine, and each animal before and after division by it."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgbone.figures import canvas, findings, look, marks
from mgbone.study import naming
from mgbone.study.dictionary import field_label
from mgbone.study.language import N_, tr

_FIELDS = {"urine_ctx": ("ctx", "CTX-I"), "urine_dpd": ("dpd", "DPD")}
_STEPS = ("uncorrected", "corrected")


def dilution(table: pd.DataFrame, spread: pd.DataFrame, title: str = "") -> Figure:
    """Draw, per marker, the urine as collected and each animal's distance from its group before and after.

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
        return canvas.empty_figure(N_("No marker was measured together with creatinine"), title)
    groups = [g for g in naming.groups_in_use() if g in set(table["group"])]
    figure, axes = canvas.new_figure(
        1, 2 * len(measured), height=100.0, title=title, finding=_finding(spread, measured),
        legend=look.group_handles(groups),
        note=[N_("left: marker against creatinine in the same urine (thin urine has little of both)"),
              N_("right: each animal's distance from the mean of its group"),
              N_("CV: coefficient of variation within groups")],
    )  # fmt: skip
    for number, endpoint in enumerate(measured):
        here = table[table["endpoint"].eq(endpoint)]
        left, right = axes[0, 2 * number : 2 * number + 2]
        field, name = _FIELDS[endpoint]
        marks.animals(left, here.assign(at=here["creatinine"], value=here["uncorrected"]), spread=0, size=18)
        left.set(
            xlabel=field_label("urine", "creatinine", unit=True),
            ylabel=field_label("urine", field, unit=True),
        )
        left.set(xlim=(0, None), ylim=(0, None))
        left.set_title(name)
        _paths(right, here, spread[spread["endpoint"].eq(endpoint)], groups)
    return figure


def _paths(ax: Axes, table: pd.DataFrame, spread: pd.DataFrame, groups: list[str]) -> None:
    """Draw how far the animals of each group lie apart before and after."""
    ax.axhline(0, color=look.LINE, linewidth=0.8, zorder=0)
    table = table.assign(lane=table["group"].map({g: 0.9 * i / len(groups) for i, g in enumerate(groups)}))
    columns = [f"deviation_{step}" for step in _STEPS]
    for step, column in enumerate(columns):
        marks.animals(ax, table.assign(at=step * 1.2 + table["lane"], value=table[column]), spread=0, size=16)
    names = [tr(N_("before")), tr(N_("after"))]
    cv = [f"CV {spread[f'cv_{step}'].iloc[0]:.0f} %" if len(spread) else "" for step in _STEPS]
    ax.set_xticks([0.36, 1.56], [f"{name}\n{one}" for name, one in zip(names, cv, strict=True)])
    ax.set_xlim(-0.2, 2.2)
    ax.tick_params(axis="x", length=0)
    ax.yaxis.set_major_formatter(lambda y, _: look.signed(y, "g"))
    ax.set_ylabel(tr("From the group's mean (%)"))


def _finding(spread: pd.DataFrame, measured: list[str]) -> str:
    rows = spread[spread["endpoint"].isin(measured)]
    said = [
        tr("{marker}: from {before:.0f} to {after:.0f} %", marker=_FIELDS[row.endpoint][1],
           before=row.cv_uncorrected, after=row.cv_corrected)
        for row in rows.itertuples()
    ]  # fmt: skip
    return findings.sentence([tr("division by creatinine moves the spread within groups ({how})",
                                 how=tr(", ").join(said))]) if said else ""  # fmt: skip
