"""Doses side by side: how each endpoint follows the diet, in which shape, and what each dose did."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mgbone.figures import canvas, findings, look, marks
from mgbone.study import naming
from mgbone.study.design import Contrast, Study
from mgbone.study.dictionary import is_derived
from mgbone.study.language import N_, tr
from mgbone.study.naming import AXIS_NAMES, axis_of, row_label

_HOLLOW: Mapping[str, Any] = {"markerfacecolor": "white", "markeredgecolor": look.INK, "markeredgewidth": 1.1}


def dose_response(
    doses: pd.DataFrame,
    endpoints: Sequence[str],
    study: Study,
    title: str = "",
    *,
    animals: pd.DataFrame,
    reported: pd.DataFrame,
    shapes: pd.DataFrame,
    columns: int = 4,
) -> Figure:
    """Draw dietary Mg against the change of endpoints, in percent of the reference of the same experiment.

    All tables have endpoint. `doses` is from `mgbone.integration.dose_response`: group, dietary_mg_percent,
    percent, ci_low, ci_high, level; of `endpoints`, the panels, those without a row in it are left out.
    `animals` is from `mgbone.integration.percent_change`: group, dietary_mg_percent, percent of each animal.
    `reported` has dietary_mg_percent and percent of values that the report states, drawn as open diamonds.
    `shapes` is from `mgbone.integration.shapes.dose_shapes`: p_one_way, p_peak, shape; both p stand in the
    panel, that of a shape that is named in bold.
    """
    endpoints = [e for e in endpoints if doses["endpoint"].eq(e).any()]
    if not endpoints:
        return canvas.empty_figure(N_("No endpoint was measured at any of the doses."), title)
    shapes, reported = (table[table["endpoint"].isin(endpoints)] for table in (shapes, reported))
    handles = [
        look.mark(tr("mean, 95 % interval of the difference"), "_", 8, color=look.INK, markeredgewidth=1.8)
    ]
    if len(reported):
        handles.append(look.mark(tr("value in the report"), "D", 5.5, **_HOLLOW))
    figure, panels = canvas.panels(
        len(endpoints), columns, 66.0, sharex=True, title=title, xlabel=naming.dose_heading(study),
        finding=_shapes_found(shapes, study) if len(shapes) else "", legend=handles, ylabel=N_("Change (%)"),
        note=[tr("change from the reference of the same experiment: {pairs}", pairs=_against(study)),
              N_("dots: animals, dashed: reference group"), canvas.MARKS,
              tr("below, p of two tests: one way with the dose, peak at {dose} (bold: the shape is named)",
                 dose=naming.narrow_label(study.shown_contrasts[0].case)) if len(shapes) else ""],
    )  # fmt: skip
    room = 0.8 * 72 * look.DOUBLE * look.MM / min(columns, len(endpoints))
    for ax, endpoint in zip(panels, endpoints, strict=True):
        tables = (table[table["endpoint"].eq(endpoint)] for table in (doses, animals, reported, shapes))
        _dose_panel(ax, tables, study)
        ax.set_title("\n".join(canvas.wrap(row_label(endpoint), room, look.BASE_SIZE)))
    return figure


def _against(study: Study) -> str:
    """Name every dose with the reference that it is held against, doses of one reference together."""
    held: dict[tuple[str, str], list[Contrast]] = {}
    for contrast in study.shown_contrasts:
        held.setdefault((contrast.experiment, contrast.reference), []).append(contrast)
    return tr(", ").join(
        tr("{case} vs {reference}", reference=naming.group_label(reference, short=True),
           case=findings.listed(naming.group_label(c.case, short=True) for c in members))
        for (_, reference), members in held.items()
    )  # fmt: skip


def _dose_panel(ax: Axes, tables: Iterable[pd.DataFrame], study: Study) -> None:
    """Draw one endpoint: the animals of each dose, beside them the mean with its interval, p at the foot."""
    doses, animals, reported, shapes = tables
    contrasts = study.shown_contrasts
    mg = [study.groups[c.case].dietary_mg_percent for c in contrasts]
    by_contrast = {c.name: x for x, c in enumerate(contrasts, start=1)}
    by_dose = {dose: x for x, dose in reversed(list(enumerate(mg, start=1)))}
    marks.zero(ax, color=look.QUIET, linewidth=0.9, linestyle=look.DASHES)
    place = doses["dietary_mg_percent"].map(by_dose)
    if "contrast" in doses:
        place = doses["contrast"].map(by_contrast).fillna(place)
    lanes = dict(zip(doses["group"], place - 0.14, strict=True))
    table = animals.assign(at=animals["group"].map(lanes), value=animals["percent"])
    marks.animals(ax, table.dropna(subset="at"), spread=0.44, size=20)
    x = place + 0.24
    ax.vlines(x, doses["ci_low"], doses["ci_high"], colors=look.INK, linewidth=1.2, zorder=4)
    ax.plot(x, doses["percent"], "_", color=look.INK, markersize=9, markeredgewidth=1.8, zorder=4)
    for at, row in zip(x, doses.itertuples(), strict=True):
        if mark := naming.level_mark(row.level):
            marks.above(ax, mark, (at, row.ci_high), 1, size=look.BASE_SIZE, gid="mark",
                        path_effects=marks.HALO)  # fmt: skip
    ax.plot(reported["dietary_mg_percent"].map(by_dose) + 0.42, reported["percent"], "D", markersize=5.5,
            zorder=5, gid="reported", **_HOLLOW)  # fmt: skip
    for at, (before, after) in enumerate(pairwise(c.experiment for c in contrasts), start=1):
        if before != after:  # a line between experiments, above the words on the shape
            ax.axvline(at + 0.56, ymin=0.24, color=look.LINE, linewidth=0.8, zorder=0)
    dosed = all(dose is not None for dose in mg)
    labels = [f"{d:g}" if dosed else naming.narrow_label(c.case) for d, c in zip(mg, contrasts, strict=True)]
    ax.set_xlim(0.4, len(mg) + 0.66)
    ax.set_xticks(range(1, len(mg) + 1), labels)
    canvas.turn_crowded(ax, labels, 80 / len(mg))
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.34 * (high - low), high + 0.08 * (high - low))  # room for words and marks
    for row in shapes.itertuples():
        for y, shape, words in ((0.11, "one_way", N_("one way: {p}")), (0.01, "peak", N_("peak: {p}"))):
            p = tr(words, p=naming.format_p_value(getattr(row, f"p_{shape}")))
            written = ax.text(0.02, y, p, transform=ax.transAxes, va="bottom", in_layout=False, gid="p")
            look.embolden(written, when=row.shape == shape)


def _shapes_found(shapes: pd.DataFrame, study: Study) -> str:
    """Say which endpoints go one way, up or down, and which are highest or lowest at the mildest dose."""
    words = {
        ("one_way", True): N_("rising as {nutrient} gets scarcer: {names}"),
        ("one_way", False): N_("falling as {nutrient} gets scarcer: {names}"),
        ("peak", True): N_("highest at {dose}: {names}"),
        ("peak", False): N_("lowest at {dose}: {names}"),
    }
    higher = shapes["z_one_way"].where(shapes["shape"].eq("one_way"), shapes["z_peak"]) > 0
    dose = naming.narrow_label(study.shown_contrasts[0].case)
    said = [
        tr(text, names=findings.listed(map(findings.name, rows)), dose=dose, nutrient=study.dose_of.name)
        for (shape, up), text in words.items()
        if len(rows := shapes.loc[shapes["shape"].eq(shape) & higher.eq(up), "endpoint"])
    ]
    return findings.sentence(said or [tr("no endpoint follows the dose in either shape")])


MARKERS: Mapping[str, str] = {
    "intake": "P", "status": "*", "minerals": "o", "formation": "s", "resorption": "^", "density": "D",
}  # fmt: skip
_SIZES = {"*": 2.2, "P": 1.3, "^": 1.2, "D": 0.75}


def shape_plane(shapes: pd.DataFrame, study: Study, title: str = "") -> Figure:
    """Draw each endpoint at its two z: across for one way, upwards for a peak at the mildest dose.

    Beyond the diagonals the endpoint is nearer to that shape. With a name are those significant over both
    tests; filled are those of which a shape is named, since every contrast that it implies holds.

    `shapes` is from `mgbone.integration.shapes.dose_shapes`.
    """
    if shapes.empty:
        return canvas.empty_figure(N_("No endpoint was measured at every dose."), title)
    limit = study.thresholds["significant"]
    across = 1.45 * max(2.5, float(shapes["z_one_way"].abs().max()))
    upwards = 1.3 * max(2.5, float(shapes["z_peak"].abs().max()))
    mildest = naming.narrow_label(study.shown_contrasts[0].case)
    table = shapes.assign(
        x=shapes["z_one_way"], y=shapes["z_peak"], name=shapes["endpoint"].map(row_label),
        axis=shapes["endpoint"].map(axis_of), found=shapes["shape"] != "neither",
    )  # fmt: skip
    present = [axis for axis in AXIS_NAMES if axis in set(table["axis"])]
    named = table[table["p_either"] < limit].sort_values(["p_either", "endpoint"], kind="stable")
    figure, axes = canvas.new_figure(
        1, 1, width=look.ONE_AND_HALF, height=14 + 150 * upwards / across, title=title,
        finding=_shapes_found(shapes, study), xlabel=N_("z, one way with the dose"),
        ylabel=tr("z, peak at {dose}", dose=mildest),
        note=[tr("z of two tests on the same animals: one way with the dose (Jonckheere), peak at {dose} "
                 "(Mack-Wolfe)", dose=mildest),
              tr("with a name: p < {limit:g} over both tests (labels permuted within each experiment)",
                 limit=limit),
              N_("filled: every contrast that the shape implies holds")],
        legend=[look.mark(tr(AXIS_NAMES[axis]), MARKERS.get(axis, "X"), 6.5, **_HOLLOW) for axis in present],
    )  # fmt: skip
    ax = axes[0, 0]
    ax.set(xlim=(-across, across), ylim=(-upwards, upwards), aspect="equal")
    _regions(ax, across, upwards, mildest, study.dose_of.name)
    for (axis, found), rows in table.groupby(["axis", "found"], sort=False):
        marker, edge = MARKERS.get(axis, "X"), look.INK if found else look.QUIET
        ax.scatter(rows["x"], rows["y"], marker=marker, s=42 * _SIZES.get(marker, 1.0), linewidth=1.0,
                   facecolor=look.INK if found else "white", edgecolor=edge, zorder=4 if found else 3,
                   gid="shape-found" if found else "shape")  # fmt: skip
    canvas.lay_out(figure)
    marks.name_points(ax, named, table[~table["endpoint"].isin(named["endpoint"])])
    return figure


def _regions(ax: Axes, across: float, upwards: float, mildest: str, nutrient: str) -> None:
    corner = max(across, upwards)
    for sign in (-1, 1):
        outside = [sign * corner, 0, sign * corner]
        ax.fill_between([-corner, 0, corner], outside, sign * corner, color="#f4f4f4", linewidth=0, zorder=0)
        ax.plot([-corner, corner], [-sign * corner, sign * corner], color=look.LINE, linewidth=0.8, zorder=1)
    words = (
        (0, 0.95, N_("highest at {dose}")),
        (0, -0.95, N_("lowest at {dose}")),
        (0.965, 0, N_("rises as {nutrient} gets scarcer")),
        (-0.965, 0, N_("falls as {nutrient} gets scarcer")),
    )
    for x, y, text in words:
        ax.text(x * across, y * upwards, tr(text, dose=mildest, nutrient=nutrient), color=look.QUIET,
                rotation=90 if x else 0, ha="center", va="center")  # fmt: skip


def per_dose(told: pd.DataFrame, evidence: pd.DataFrame, study: Study, title: str = "") -> Figure:
    """Draw what each dose did in the report's order of argument: one column per dose, one row per axis.

    `told` is from `mgbone.integration.words.told_per_dose`, significant findings bold; it tells of
    `evidence`, whose changes are counted.
    """
    if told.empty or evidence.empty:
        return canvas.empty_figure(N_("Nothing was measured at any dose."), title)
    contrasts = [c for c in study.shown_contrasts if c.name in set(told["contrast"])]
    width = 0.85 / len(contrasts)
    room = (width - 0.02) * 0.95 * look.DOUBLE * look.MM * 72
    broken = [canvas.wrap(r.words, room, look.SMALL_SIZE, bold=r.sure) for r in told.itertuples()]
    lines = told.assign(words=broken).explode("words")
    lines["line"] = lines.groupby(["axis", "contrast"]).cumcount()
    heights = lines.groupby("axis", sort=False)["line"].max() + 1
    total = heights.sum() + 0.9 * len(heights)
    figure, axes = canvas.new_figure(
        1, 1, height=5.3 * total + 14, title=title, finding=_per_dose_finding(evidence, study),
        note=[N_("change of the mean in percent of the reference group"),
              N_("bold: p < 0.05, hollow arrow: trend, dash: no difference found"), canvas.MARKS],
    )  # fmt: skip
    ax = axes[0, 0]
    ax.set(xlim=(0, 1), ylim=(total + 0.2, -2.0))
    ax.axis("off")
    left = {c.name: 0.15 + number * width for number, c in enumerate(contrasts)}
    for contrast in contrasts:
        x, fill = left[contrast.name], look.colour(contrast.case)
        ax.add_patch(Rectangle((x + 0.003, -1.85), width - 0.012, 1.55, facecolor=fill, linewidth=0))
        name = "\n".join(canvas.wrap(naming.contrast_label(contrast.name), room, look.BASE_SIZE))
        ax.text(x + width / 2 - 0.003, -1.08, name, ha="center", va="center", color=look.ink_on(fill),
                size=look.BASE_SIZE if "\n" not in name else look.SMALL_SIZE, linespacing=1.0)  # fmt: skip
    top = (heights + 0.9).cumsum() - heights - 0.9
    for axis, y in top.items():
        ax.plot([0, 0.99], [y - 0.15, y - 0.15], color=look.LINE, linewidth=0.8)
        look.embolden(ax.text(0, y + 0.55, tr(AXIS_NAMES[axis]), size=look.BASE_SIZE, va="center"))
    for row in lines.itertuples():
        ink = {"up": look.UP, "down": look.DOWN}.get(row.direction, look.INK if row.sure else look.QUIET)
        written = ax.text(left[row.contrast] + 0.008, top[row.axis] + 0.55 + row.line, row.words, color=ink,
                          va="center", in_layout=False, gid="finding")  # fmt: skip
        look.embolden(written, when=row.sure)
    return figure


def _per_dose_finding(evidence: pd.DataFrame, study: Study) -> str:
    """Say how many endpoints changed at each dose."""

    def say(rows: pd.DataFrame) -> str:
        level = rows["level"]
        changed = level.isin(["significant", "separated"])
        return tr("{n} of {all} endpoints changed, {trends} by trend", n=int(changed.sum()),
                  all=int(level.notna().sum()), trends=int(level.eq("trend").sum()))  # fmt: skip

    rows = findings.of_doses(evidence, study)
    return findings.by_contrast(rows.loc[[not is_derived(e) for e in rows["endpoint"]]], say)
