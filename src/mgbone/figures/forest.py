"""Standardised effects on one scale: Hedges g with interval, one panel per contrast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from mgbone.dictionary import endpoint_label
from mgbone.figures import style
from mgbone.study import Contrast, Study

ROW = 5.4  # mm a row
_MOST_PANELS = 4  # side by side
_GAP = 0.55  # rows between two axes of the argument

# The report's order of argument.
AXES: Mapping[str, tuple[str, ...]] = {
    "intake": ("food_intake", "body_weight_gain"),
    "status": ("serum_mg",),
    "minerals": ("serum_ca", "serum_p"),
    "formation": ("serum_osteocalcin", "serum_alp"),
    "resorption": ("urine_ctx", "urine_dpd", "serum_pth"),
}
AXIS_NAMES: Mapping[str, tuple[str, str]] = {
    "intake": ("Intake, growth", "摂食・成長"),
    "status": ("Mg status", "Mg状態"),
    "minerals": ("Minerals", "ミネラル"),
    "formation": ("Formation", "骨形成"),
    "resorption": ("Resorption, PTH", "骨吸収・PTH"),
    "density": ("Density", "骨密度"),
    "transcriptome": ("Transcriptome", "遺伝子発現"),
}


def axis_of(endpoint: str) -> str:
    """Return the axis of the argument that an endpoint belongs to: status, minerals, formation and so on."""
    if endpoint.startswith("bmd_"):
        return "density"
    for axis, members in AXES.items():
        if endpoint in members:
            return axis
    return "transcriptome"


def row_label(endpoint: str, language: str) -> str:
    """Return the name of an endpoint beside others: densities by structure and region only."""
    return endpoint_label(endpoint, language, short=axis_of(endpoint) == "density")


def effect_forest(
    evidence: pd.DataFrame,
    endpoints: Sequence[str],
    study: Study,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    contrasts: Sequence[Contrast] | None = None,
    subtitle: str | Sequence[str] | None = None,
    headings: bool = False,
) -> Figure:
    """Draw Hedges g with 95 % interval: rows endpoints, a panel per contrast, the experiments never pooled.

    Parameters
    ----------
    evidence : DataFrame
        experiment, endpoint, contrast, hedges_g, g_low, g_high, p, level.
    endpoints : sequence of str
        Rows from the top; a gap and a name set the axes of the argument apart.
    contrasts : sequence of Contrast, optional
        Panels; without it each dose against its own reference (``study.dose_order``).
    headings : bool
        Name the axes of the argument above their rows.

    Returns
    -------
    Figure
        A sentence where there is no endpoint to draw.
    """
    contrasts = list(contrasts if contrasts is not None else study.dose_order)
    if not contrasts or not evidence["endpoint"].isin(list(endpoints)).any():
        why = ("No effect could be measured on this scale.", "この尺度で示せる効果がありません。")
        return style.empty_figure(why, title, language)
    places = _places(endpoints, gap=1.0 if headings else _GAP, first=0.6 if headings else 0.0)
    depth = max(places.values()) + 1 if places else 1
    if subtitle is None:
        subtitle = (
            "Hedges g of case minus reference, 95 % interval; p of the declared test. "
            "Filled: p < 0.05, pale: p < 0.10, hollow: neither",
            "Hedgesのgと95％信頼区間（対象群−対照群），pは所定の検定による。"
            "塗り：p < 0.05，淡色：p < 0.10，白抜き：それ以外",
        )
    columns = min(_MOST_PANELS, len(contrasts))
    rows = -(-len(contrasts) // columns)
    figure, axes = style.new_figure(
        rows, columns, width=style.DOUBLE, height=(ROW * (depth + 1.5) + 14) * rows, sharey=True,
        title=style.say(title, language), subtitle=style.say(subtitle, language),
        note=_note(evidence, endpoints, language), language=language,
    )  # fmt: skip
    reach = _reach(evidence, endpoints, contrasts)
    for ax in axes.flat[len(contrasts) :]:
        ax.set_visible(False)
    for ax, contrast in zip(axes.flat, contrasts, strict=False):
        _panel(ax, evidence, places, contrast, reach, language, columns)
    first = axes[0, 0]
    first.set_ylim(depth - 0.3, -0.75)
    first.set_yticks(list(places.values()), [row_label(e, language) for e in places])
    for ax in axes.flat:
        ax.tick_params(axis="y", length=0)
    if headings:
        _headings(first, places, language)
    else:
        _axis_rules(list(axes.flat), places)
    words = ("Hedges g (in SD; scale narrows outwards)", "Hedgesのg（SD単位，外側ほど圧縮）")
    axes[-1, columns // 2 if rows == 1 else 0].set_xlabel(style.text(words, language))
    return figure


def _note(evidence: pd.DataFrame, endpoints: Sequence[str], language: str) -> str:
    shown = evidence[evidence["endpoint"].isin(list(endpoints))]
    note = style.text("marks", language)
    if (shown["hedges_g"].notna() & shown["g_low"].isna()).any():
        why = ("; no line: values below a limit of detection", "；線なし：検出限界未満の値を含む")
        note += style.text(why, language)
    return note


def _places(endpoints: Sequence[str], gap: float = _GAP, first: float = 0.0) -> dict[str, float]:
    places, y, before = {}, first, None
    for endpoint in endpoints:
        axis = axis_of(endpoint)
        if before is not None and axis != before:
            y += gap
        places[endpoint] = y
        y, before = y + 1, axis
    return places


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
    language: str,
    panels: int,
) -> None:
    here = evidence[evidence["experiment"].eq(contrast.experiment) & evidence["contrast"].eq(contrast.name)]
    rows = here.set_index("endpoint")
    ax.axvline(0, color=style.LINE, linewidth=0.7, zorder=0)
    for endpoint, y in places.items():
        if endpoint not in rows.index or not np.isfinite(rows.loc[endpoint, "hedges_g"]):
            ax.text(
                0, y, style.text("not_tested", language), ha="center", va="center",
                size=style.SMALL_SIZE, color=style.QUIET, backgroundcolor="white",
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
        ha="left", va="center", size=style.SMALL_SIZE, annotation_clip=False,
    )  # fmt: skip
    ax.set_title(style.panel_name(contrast.name, language, panels), size=style.BASE_SIZE + 0.5)
    ax.spines["left"].set_visible(False)


def _effect(ax: Axes, row: pd.Series, y: float, group: str) -> None:
    colour = style.colour(group)
    line = style.line_colour(group)
    ax.plot([row["g_low"], row["g_high"]], [y, y], color=line, linewidth=1.1, solid_capstyle="butt", zorder=2)
    face = {"significant": colour, "trend": style.tint(colour)}.get(row["level"], "white")
    ax.plot(
        [row["hedges_g"]], [y], marker=style.marker(group), markersize=5.2 * style.group_style(group).size,
        markerfacecolor=face, markeredgecolor=line, markeredgewidth=0.8,
        linestyle="none", zorder=3, gid="effect",
    )  # fmt: skip
    mark = style.level_mark(row["level"])
    ax.annotate(
        f"{style.format_p_value(row['p'])}{' ' + mark if mark else ''}", (1, y),
        xycoords=ax.get_yaxis_transform(), xytext=(3, 0), textcoords="offset points", ha="left", va="center",
        size=style.SMALL_SIZE, color=style.INK if mark else "#8c8c8c", annotation_clip=False, gid="p",
    )  # fmt: skip


def _axis_rules(axes: Sequence[Axes], places: Mapping[str, float]) -> None:
    names = list(places)
    for above, below in pairwise(names):
        if axis_of(above) != axis_of(below):
            y = (places[above] + places[below]) / 2
            for ax in axes:
                ax.axhline(y, color=style.PALE, linewidth=0.7, zorder=0)


def _headings(ax: Axes, places: Mapping[str, float], language: str) -> None:
    bold = dict(style.BOLD) if language == "en" else {}
    before = None
    for endpoint, y in places.items():
        if (axis := axis_of(endpoint)) != before:
            ax.annotate(
                style.text(AXIS_NAMES[axis], language), (0, y - 0.85), xycoords=ax.get_yaxis_transform(),
                xytext=(-4, 0), textcoords="offset points", ha="right", va="center", annotation_clip=False,
                size=style.SMALL_SIZE, gid="heading", **bold,
            )  # fmt: skip
        before = axis
