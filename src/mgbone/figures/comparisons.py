"""Comparisons side by side: effects on one scale, what eating less explains, p of every test."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mgbone.figures import canvas, findings, look, marks
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_label
from mgbone.study.language import N_, tr
from mgbone.study.naming import AXIS_NAMES, axis_of, row_label

_EFFECT, _PERCENT = ("hedges_g", "g_low", "g_high"), ("percent", "percent_low", "percent_high")
_ROW = 6.6  # mm a row
_APART = 3.0  # endpoints that reach so many times as far as the middle one stand on an axis of their own


def effect_forest(
    evidence: pd.DataFrame, endpoints: Sequence[str], study: Study, title: str = "", *, headings: bool = False
) -> Figure:
    """Draw Hedges g with 95 % interval: rows endpoints, a panel per dose, the experiments never pooled.

    The scale is linear; endpoints that would press all others flat have an axis of their own below.

    `evidence` has experiment, endpoint, contrast, hedges_g, g_low, g_high, p and level. `endpoints` are the
    rows from the top; a gap sets the axes of the argument apart, with `headings` their names as well.
    """
    endpoints = study.endpoints_of(endpoints, evidence)
    rows = findings.of_doses(evidence, study)
    rows = rows[rows["endpoint"].isin(list(endpoints))]
    if rows.empty:
        return canvas.empty_figure(N_("No effect could be measured on this scale."), title)
    contrasts = [c.name for c in study.shown_contrasts]
    reach = rows[[*_EFFECT]].abs().max(axis=1).groupby(rows["endpoint"]).max()
    apart = reach.index[reach > _APART * reach.median()]
    blocks = [[e for e in endpoints if e not in apart], [e for e in endpoints if e in apart]]
    gap, first = (1.15, 0.9) if headings else (0.4, 0.0)  # rows between two axes of the argument
    placed = [dict(zip(block, canvas.places(map(axis_of, block), gap, first), strict=True))
              for block in blocks if block]  # fmt: skip
    depths = [max(places.values()) + 1.4 for places in placed]
    figure, axes = canvas.new_figure(
        len(placed), len(contrasts), height=_ROW * sum(depths) + 16 + 14 * len(placed), sharey="row",
        title=title, finding=_effects_found(rows), xlabel=N_("Hedges g (SD)"),
        note=[N_("Hedges g of case minus reference, 95 % interval; at the right p of the declared test"),
              N_("filled: p < 0.05, pale: p < 0.10, hollow: neither"), canvas.MARKS,
              N_("no line: values below a limit of detection")
              if (rows["hedges_g"].notna() & rows["g_low"].isna()).any() else "",
              N_("axis of its own: what is far larger") if len(apart) else ""],
        gridspec_kw={"height_ratios": [depth + 1.5 for depth in depths]},
    )  # fmt: skip
    for line, places, depth in zip(axes, placed, depths, strict=True):
        here = rows[rows["endpoint"].isin(list(places))]
        limit = max(2.0, 1.05 * float(np.nanmax(reach.reindex(list(places)), initial=0)))
        for ax, contrast in zip(line, contrasts, strict=True):
            _effects(ax, here[here["contrast"].eq(contrast)], places)
            ax.set_xlim(-limit, limit)
        line[0].set_ylim(depth - 0.6, -0.75)
        _set_apart(line, places, headings=headings)
    for ax, contrast in zip(axes[0], contrasts, strict=True):
        ax.set_title(naming.panel_name(contrast, len(contrasts)), pad=10)
    return figure


def _effects_found(rows: pd.DataFrame) -> str:
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


def _effects(ax: Axes, rows: pd.DataFrame, places: Mapping[str, float]) -> None:
    marks.zero(ax, "x")
    marks.estimates(ax, rows.assign(at=rows["endpoint"].map(places)), _EFFECT)
    tested = rows[rows["hedges_g"].notna()].set_index("endpoint")
    for endpoint, y in places.items():
        p, level = tested.loc[endpoint, ["p", "level"]] if endpoint in tested.index else (None, None)
        words = tr("not tested") if p is None else marks.p_words(p, level)
        marks.beside(ax, words, y, bold=bool(naming.level_mark(level)), gid="p")
    marks.beside(ax, "p", -0.72)
    marks.rows(ax, [*places.values()], [*map(row_label, places)])
    ax.xaxis.set_major_locator(MaxNLocator(4, symmetric=True, steps=[1, 2, 5, 10]))


def _set_apart(axes: Sequence[Axes], places: Mapping[str, float], *, headings: bool) -> None:
    """Set the axes of the argument apart, by a heading above the rows of each or by a line between them."""
    for above, below in pairwise([None, *places]):
        if above is not None and axis_of(above) == axis_of(below):
            continue
        if headings:
            name = tr(AXIS_NAMES[axis_of(below)])
            marks.beside(axes[0], name, places[below] - 0.95, -4, bold=True, gid="heading")
        elif above is not None:
            for ax in axes:
                ax.axhline((places[above] + places[below]) / 2, color=look.PALE, linewidth=0.9, zorder=0)


def pair_feeding(
    table: pd.DataFrame, groups: tuple[str, str, str], experiment: str, title: str = ""
) -> Figure:
    """Draw differences with 95 % intervals in percent of the control's mean, a panel per endpoint.

    `table` has experiment, endpoint, contrast, model (unadjusted, adjusted), percent, percent_low and
    percent_high; `groups` are the freely fed control, the pair-fed group, and the one it was paired with.
    """
    control, paired, case = groups
    whole, eating, beyond = f"{case}_vs_{control}", f"{paired}_vs_{control}", f"{case}_vs_{paired}"
    lines = [(c, "unadjusted") for c in (whole, eating, beyond)] + [(c, "adjusted") for c in (beyond, whole)]
    here = table[table["experiment"].eq(experiment)]
    endpoints = list(dict.fromkeys(here["endpoint"]))
    if not endpoints:
        return canvas.empty_figure(N_("Nothing to divide: intake, or a group, was not measured"), title)
    place = {line: y for y, line in enumerate(lines)}
    here = here.assign(
        at=[place.get(key, np.nan) for key in zip(here["contrast"], here["model"], strict=True)],
        level=here["model"].map({"unadjusted": "significant", "adjusted": "none"}),
    )
    figure, panels = canvas.panels(
        len(endpoints), 3, 47.0, sharey=True, title=title, finding=_beyond_eating(here, beyond),
        titles=map(endpoint_label, endpoints),
        note=[N_("difference in % of the control's mean, 95 % interval"),
              N_("filled: as measured, hollow: adjusted for food intake"),
              N_("the first line is the sum of the second (eating less) and the third (magnesium)")],
    )  # fmt: skip
    names = [naming.contrast_label(contrast) for contrast, _ in lines]
    names[3:] = [tr("{name}, adjusted", name=name) for name in names[3:]]
    for ax, endpoint in zip(panels, endpoints, strict=True):
        marks.zero(ax, "x")
        ax.axhline(2.5, color=look.PALE, linewidth=0.9, zorder=0)
        marks.estimates(ax, here[here["endpoint"].eq(endpoint) & here["at"].notna()], _PERCENT)
        ax.margins(x=0.08)
        ax.locator_params(axis="x", nbins=5)
        marks.rows(ax, range(len(lines)), names)
    panels[0].set_ylim(len(lines) - 0.4, -0.6)
    return figure


def _beyond_eating(table: pd.DataFrame, contrast: str) -> str:
    """Say which endpoints differ from the pair-fed group by more than what was eaten explains."""
    rows = table[table["contrast"].eq(contrast) & table["model"].eq("adjusted")]
    clear = rows[(rows["percent_low"] > 0) | (rows["percent_high"] < 0)]
    if clear.empty:
        return tr("Beyond what was eaten, no endpoint differs between the pair-fed group and its partner.")
    named = [
        tr("{what} {percent} %", what=findings.name(r.endpoint), percent=look.signed(r.percent, ".0f"))
        for r in clear.itertuples()
    ]
    return findings.sentence([
        tr("beyond what was eaten, {contrast}: {names}",
           contrast=naming.contrast_label(contrast), names=findings.listed(named))])  # fmt: skip


# Three steps of one hue: the darker, the smaller p.
_LEVELS = ("none", "trend", "significant")
_SHADES = ListedColormap(["#f3f3f3", "#a9c7d8", "#33617f"])


def choice_of_test(
    table: pd.DataFrame,
    study: Study,
    title: str = "",
    *,
    declared: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Figure:
    """Draw p by comparison (rows) and test (columns); a frame marks another level than the declared test's.

    `table` has experiment, endpoint, contrast, test, test_run and p: one row per cell, in the order wanted; a
    row whose declared test gave way to one for values below a limit names it. The others are held against the
    `declared` test, the first in `table` unless given; `names` are what tests are called above their columns.
    """
    if table.empty:
        return canvas.empty_figure(N_("No comparison was tested here"), title)
    of = ["experiment", "endpoint", "contrast"]
    table = table.assign(key=list(table[of].itertuples(index=False, name=None)))
    tests, keys = list(dict.fromkeys(table["test"])), list(dict.fromkeys(table["key"]))
    last = table.drop_duplicates(["key", "test"], keep="last").set_index(["key", "test"])["p"]
    p = last.unstack().reindex(index=pd.Index(keys, tupleize_cols=False), columns=tests)  # noqa: PD010
    level = p.map(lambda value: _LEVELS.index(study.level(value)) if np.isfinite(value) else np.nan)
    base = level[declared or tests[0]]
    differs = (level.notna().mul(base.notna(), axis=0) & level.ne(base, axis=0)).to_numpy()
    figure, axes = canvas.new_figure(
        1, 1, height=6.4 * (len(keys) + 2), title=title,
        finding=tr("{n} of {all} comparisons come to another level under at least one other test.",
                   n=int(differs.any(axis=1).sum()), all=len(keys)),
        note=[N_("p of each test"), N_("dark: p < 0.05, pale: p < 0.10"),
              N_("frame and bold: another level than the declared test's")],
    )  # fmt: skip
    called = [tr((names or {}).get(t, naming.name_of_test(t))) for t in tests]
    run = table[table["test"].eq(declared or tests[0])].set_index("key")["test_run"]
    instead = [f" ({naming.name_of_test(t)})" if t == naming.GEHAN else "" for t in run.reindex(p.index)]
    marks.heat(
        axes[0, 0], level, p.map(lambda value: naming.format_p_value(value) or "–").to_numpy(),
        xticklabels=["\n".join(canvas.wrap(name, 480 / len(tests), look.SMALL_SIZE)) for name in called],
        yticklabels=[f"{row_label(e)}{tr(': ')}{naming.contrast_label(c)}{t}"
                     for (_, e, c), t in zip(keys, instead, strict=True)],
        bold=differs, framed=differs, frame=look.UP, cmap=_SHADES, vmin=0, vmax=2,
    )  # fmt: skip
    axes[0, 0].xaxis.tick_top()
    axes[0, 0].tick_params(length=0)
    return figure
