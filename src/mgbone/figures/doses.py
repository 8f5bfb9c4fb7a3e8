"""Doses side by side: how each endpoint follows the diet, and what each dose did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from mgbone.figures import canvas, findings, look, marks
from mgbone.study import naming
from mgbone.study.design import Contrast, Study
from mgbone.study.dictionary import endpoint_label, is_derived
from mgbone.study.language import N_, tr
from mgbone.study.naming import AXIS_NAMES, axis_of, row_label

_ARGUMENT = ("intake", "status", "minerals", "formation", "resorption", "density", "transcriptome")
_ARROWS: Mapping[tuple[str, bool], str] = {
    ("up", True): "▲", ("down", True): "▼", ("up", False): "△", ("down", False): "▽",
}  # fmt: skip
_ONE_WAY, _PEAK = N_("one way with the dose: {names}"), N_("a peak at {dose}: {names}")


def dose_response(
    doses: pd.DataFrame,
    endpoints: Sequence[str],
    study: Study,
    title: str = "",
    *,
    animals: pd.DataFrame | None = None,
    reported: pd.DataFrame | None = None,
    shapes: pd.DataFrame | None = None,
    columns: int = 4,
) -> Figure:
    """Draw dietary Mg against the change of endpoints, in percent of the reference of the same experiment.

    Parameters
    ----------
    doses : DataFrame
        endpoint, group, dietary_mg_percent, percent, ci_low, ci_high, level (`integration.dose_response`).
    endpoints : sequence of str
        Panels, in reading order; those without a row in `doses` are left out.
    animals : DataFrame, optional
        endpoint, group, dietary_mg_percent, percent: each animal (`integration.percent_change`).
    reported : DataFrame, optional
        endpoint, dietary_mg_percent, percent: values that the report states, as open diamonds.
    shapes : DataFrame, optional
        endpoint, p_one_way, p_peak, shape (`mgbone.integration.shapes.dose_shapes`): both p stand in the
        panel, that of a shape that is named in bold.
    """
    endpoints = [e for e in endpoints if doses["endpoint"].eq(e).any()]
    if not endpoints:
        return canvas.empty_figure(N_("No endpoint was measured at any of the doses."), title)
    shown = shapes[shapes["endpoint"].isin(endpoints)] if shapes is not None else pd.DataFrame()
    handles = [
        look.mark(tr("mean, 95 % interval of the difference"), "_", 8, color=look.INK, markeredgewidth=1.8),
        *(
            [look.mark(tr("value in the report"), "D", 5.5, **_OPEN)]
            if reported is not None and len(reported)
            else []
        ),
    ]
    figure, panels, axes = canvas.panels(
        len(endpoints), columns, 66.0, sharex=True, title=title,
        finding=_shapes_found(shown, study) if len(shown) else "", legend=handles,
        note=[tr("change from the reference of the same experiment: {pairs}", pairs=_against(study)),
              N_("dots: animals, dashed: reference group"), canvas.MARKS,
              tr("below, p of two tests: one way with the dose, peak at {dose} (bold: the shape is named)",
                 dose=naming.narrow_label(study.shown_contrasts[0].case)) if len(shown) else ""],
    )  # fmt: skip
    for ax, endpoint in zip(panels, endpoints, strict=True):
        chosen = [None if t is None else t[t["endpoint"].eq(endpoint)] for t in (doses, animals, reported)]
        _dose_panel(ax, *chosen, study)
        ax.set_title(row_label(endpoint))
        for row in shown[shown["endpoint"].eq(endpoint)].itertuples() if len(shown) else ():
            _shape_words(ax, row)
    for ax in axes[:, 0]:
        ax.set_ylabel(tr("Change (%)"))
    for number, ax in enumerate(panels):
        if number + axes.shape[1] >= len(endpoints):
            ax.tick_params(labelbottom=True)
            ax.set_xlabel(naming.dose_heading(study))
    return figure


_OPEN: Mapping[str, object] = {
    "markerfacecolor": "white",
    "markeredgecolor": look.INK,
    "markeredgewidth": 1.1,
}


def _shapes_found(shapes: pd.DataFrame, study: Study) -> str:
    """Say which endpoints follow the dose one way, and which peak at the mildest."""
    names = {kind: map(findings.name, rows["endpoint"]) for kind, rows in shapes.groupby("shape", sort=False)}
    dose = naming.narrow_label(study.shown_contrasts[0].case)
    said = [
        tr(words, names=findings.listed(names[kind]), dose=dose)
        for kind, words in (("one_way", _ONE_WAY), ("peak", _PEAK)) if kind in names
    ]  # fmt: skip
    return findings.sentence(said or [tr("no endpoint follows the dose in either shape")])


def _against(study: Study) -> str:
    """Name every dose with the reference that it is held against, doses of one reference together."""
    cases: dict[tuple[str, str], list[Contrast]] = {}
    for contrast in study.shown_contrasts:
        cases.setdefault((contrast.experiment, contrast.reference), []).append(contrast)
    return tr(", ").join(
        tr("{case} vs {reference}",
           case=findings.listed(naming.group_label(c.case, short=True) for c in members),
           reference=naming.group_label(reference, short=True))
        for (_, reference), members in cases.items()
    )  # fmt: skip


def _shape_words(ax: Axes, row: tuple) -> None:
    """Write the p of both shapes below the axis of the panel's values, above the frame."""
    for y, shape, words in ((0.11, "one_way", N_("one way: {p}")), (0.01, "peak", N_("peak: {p}"))):
        p = naming.format_p(getattr(row, f"p_{shape}"))
        label = ax.text(0.02, y, tr(words, p=p), transform=ax.transAxes, size=look.SMALL_SIZE, ha="left",
                        va="bottom", gid="p")  # fmt: skip
        label.set_in_layout(False)
        if row.shape == shape:
            look.embolden(label)


def _dose_panel(
    ax: Axes, doses: pd.DataFrame, animals: pd.DataFrame | None, reported: pd.DataFrame | None, study: Study
) -> None:
    """Draw one endpoint: the animals of each dose, beside them the mean with its interval."""
    mg = [study.groups[c.case].dietary_mg_percent for c in study.shown_contrasts]
    by_contrast = {c.name: x for x, c in enumerate(study.shown_contrasts, start=1)}
    by_dose = {dose: x for x, dose in reversed(list(enumerate(mg, start=1)))}
    ax.axhline(0, color=look.QUIET, linewidth=0.9, linestyle=look.DASHES, zorder=0)
    place = doses["dietary_mg_percent"].map(by_dose)
    if "contrast" in doses:
        place = doses["contrast"].map(by_contrast).fillna(place)
    if animals is not None:
        lanes = dict(zip(doses["group"], place - 0.14, strict=True))
        marks.animals(ax,
                      animals.assign(at=animals["group"].map(lanes),
                                     value=animals["percent"]).dropna(subset="at"),
                      spread=0.44, size=20)  # fmt: skip
    x = place + 0.24
    ax.vlines(x, doses["ci_low"], doses["ci_high"], colors=look.INK, linewidth=1.2, zorder=4)
    ax.plot(x, doses["percent"], "_", color=look.INK, markersize=9, markeredgewidth=1.8, zorder=4)
    for at, row in zip(x, doses.itertuples(), strict=True):
        if mark := naming.level_mark(row.level):
            ax.annotate(mark, (at, row.ci_high), xytext=(0, 1), textcoords="offset points", ha="center",
                        va="bottom", size=look.BASE_SIZE, gid="mark")  # fmt: skip
    if reported is not None:
        ax.plot(reported["dietary_mg_percent"].map(by_dose) + 0.42, reported["percent"], "D", markersize=5.5,
                zorder=5, gid="reported", **_OPEN)  # fmt: skip
    for at, (before, after) in enumerate(pairwise(c.experiment for c in study.shown_contrasts), start=1):
        if before != after:
            # Only above the words on the shape.
            ax.axvline(at + 0.56, ymin=0.24, color=look.LINE, linewidth=0.8, zorder=0)
    dosed = all(dose is not None for dose in mg)
    labels = [f"{d:g}" if dosed else naming.narrow_label(c.case)
              for d, c in zip(mg, study.shown_contrasts, strict=True)]  # fmt: skip
    ax.set(xlim=(0.4, len(mg) + 0.66), xlabel="", ylabel="")
    ax.yaxis.set_major_formatter(lambda y, _: look.signed(y, "g"))
    ax.set_xticks(range(1, len(mg) + 1), labels)
    canvas.turn_crowded(ax, labels, 80 / len(mg))
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.34 * (high - low), high + 0.08 * (high - low))  # room for words and marks


def per_dose(evidence: pd.DataFrame, study: Study, title: str = "") -> Figure:
    """Draw what each dose did in the report's order of argument: one column per dose, one row per axis.

    Findings stand with arrow, size and mark, significant ones filled and bold, trends hollow; what did not
    differ is named below them. Intake is also held against the study's other references, since a diet that
    is eaten less is the reason to feed in pairs, and what does not differ from the reference against the
    milder diets of its experiment.

    Parameters
    ----------
    evidence : DataFrame
        All parts of the study: experiment, endpoint, contrast, estimate, mean_reference, p, level, direction.
    """
    if not study.shown_contrasts or evidence.empty:
        return canvas.empty_figure(N_("Nothing was measured at any dose."), title)
    present = set(evidence["endpoint"].map(axis_of))
    arguments = [axis for axis in _ARGUMENT if study.follows_report or axis in present]
    width = 0.85 / len(study.shown_contrasts)
    room = (width - 0.02) * 0.95 * look.DOUBLE * look.MM * 72
    cells = {
        (axis, c.name): [
            (line, ink, sure)
            for words, ink, sure in _cell_lines(evidence, axis, c, study)
            for line in canvas.wrap(words, room, look.SMALL_SIZE, bold=sure)
        ]
        for axis in arguments for c in study.shown_contrasts
    }  # fmt: skip
    heights = [max(1, *(len(cells[axis, c.name]) for c in study.shown_contrasts)) for axis in arguments]
    total = sum(heights) + 0.9 * len(arguments)
    figure, axes = canvas.new_figure(
        1, 1, height=5.3 * total + 14, title=title, finding=_per_dose_finding(evidence, study),
        note=[N_("change of the mean in percent of the reference group"),
              N_("bold: p < 0.05, hollow arrow: trend, dash: no difference found"), canvas.MARKS],
    )  # fmt: skip
    ax = axes[0, 0]
    ax.set(xlim=(0, 1), ylim=(total + 0.2, -2.0))
    ax.axis("off")
    for number, contrast in enumerate(study.shown_contrasts):
        x = 0.15 + number * width
        fill = look.colour(contrast.case)
        box = FancyBboxPatch(
            (x + 0.006, -1.75), width - 0.018, 1.35, boxstyle="round,pad=0,rounding_size=0.008"
        )
        box.set(facecolor=fill, linewidth=0, mutation_aspect=total)
        ax.add_patch(box)
        name = "\n".join(canvas.wrap(naming.contrast_label(contrast.name), room, look.BASE_SIZE))
        ax.text(x + width / 2 - 0.003, -1.08, name, ha="center", va="center", color=look.ink_on(fill),
                size=look.BASE_SIZE if "\n" not in name else look.SMALL_SIZE, linespacing=1.0)  # fmt: skip
    y = 0.0
    for axis, height in zip(arguments, heights, strict=True):
        ax.plot([0, 0.99], [y - 0.15, y - 0.15], color=look.LINE, linewidth=0.8)
        look.embolden(ax.text(0, y + 0.55, tr(AXIS_NAMES[axis]), size=look.BASE_SIZE, va="center"))
        for number, contrast in enumerate(study.shown_contrasts):
            for line, (words, ink, sure) in enumerate(cells[axis, contrast.name]):
                written = ax.text(
                    0.158 + number * width, y + 0.55 + line, words, size=look.SMALL_SIZE, color=ink,
                    va="center", gid="finding",
                )  # fmt: skip
                if sure:
                    look.embolden(written)
        y += height + 0.9
    return figure


def _per_dose_finding(evidence: pd.DataFrame, study: Study) -> str:
    """Say how many endpoints changed at each dose."""
    rows = findings.of_doses(evidence, study)
    rows = rows.loc[[not is_derived(e) for e in rows["endpoint"]]]
    said = [
        tr("{n} of {all} endpoints changed, {trends} by trend",
           n=int(of_dose["level"].isin(["significant", "separated"]).sum()),
           all=int(of_dose["level"].notna().sum()), trends=int(of_dose["level"].eq("trend").sum()))
        for _, of_dose in rows.groupby("contrast", sort=False)
    ]  # fmt: skip
    return findings.counted(said, rows["contrast"].unique())


def _cell_lines(
    evidence: pd.DataFrame, axis: str, contrast: Contrast, study: Study
) -> list[tuple[str, str, bool]]:
    """Words, ink and whether it is significant, for each line of a cell."""
    here = _of_axis(evidence, axis, contrast)
    lines, without = [], []
    for row in here.to_dict("records"):
        name = endpoint_label(row["endpoint"], short=axis != "transcriptome")
        level = row["level"]
        if level == "separated":
            words = N_("Arrays cluster by group")
            lines.append((tr(words), look.INK, True))
        elif level == "mixed":
            words = N_("Arrays do not cluster by group")
            lines.append((tr(words), look.QUIET, False))
        elif naming.level_mark(level):
            lines.append(_finding(row, name))
        elif isinstance(level, str):
            without.append(name)
    others = _against_others(evidence, axis, contrast, study)
    lines += others
    against = tr(" (vs {name})", name=naming.narrow_label(contrast.reference))
    without = [f"{n}{against}" if any(f" {n} " in words for words, *_ in others) else n for n in without]
    if len(without) > 5:
        several = N_("{n} others: no difference") if lines else N_("All {n}: no difference")  # fmt: skip
        lines.append((tr(several, n=len(without)), look.QUIET, False))
    elif axis == "transcriptome":
        lines += [(f"– {name}", look.QUIET, False) for name in without]
    elif without:
        lines.append((f"– {tr(', ').join(without)}", look.QUIET, False))
    return lines or [(tr("not tested"), look.QUIET, False)]


def _of_axis(evidence: pd.DataFrame, axis: str, contrast: Contrast) -> pd.DataFrame:
    here = evidence[evidence["experiment"].eq(contrast.experiment) & evidence["contrast"].eq(contrast.name)]
    # By .loc, since an empty list in brackets alone would choose columns.
    return here.loc[[axis_of(e) == axis and not is_derived(e) for e in here["endpoint"]]]


def _finding(row: Mapping[str, object], name: str, against: str = "") -> tuple[str, str, bool]:
    sure = row["level"] == "significant"
    arrow = _ARROWS[str(row["direction"]), sure]
    ink = look.UP if row["direction"] == "up" else look.DOWN
    return f"{arrow} {name}{_change(row)}{against} {naming.level_mark(row['level'])}", ink, sure


def _against_others(
    evidence: pd.DataFrame, axis: str, contrast: Contrast, study: Study
) -> list[tuple[str, str, bool]]:
    """Findings for the same diet against the other groups of its experiment.

    Of a reference only those on intake; of a milder diet those on what does not differ from the reference,
    which would otherwise pass for untouched.
    """
    here = _of_axis(evidence, axis, contrast)
    found = set(here.loc[[bool(naming.level_mark(level)) for level in here["level"]], "endpoint"])
    lines = []
    for other in study.experiments[contrast.experiment].contrasts:
        if other.case != contrast.case or other.name == contrast.name:
            continue
        against = tr(" (vs {name})", name=naming.narrow_label(other.reference))  # fmt: skip
        milder = _is_dose(other.reference, study)
        lines += [
            _finding(row, endpoint_label(row["endpoint"], short=True), against)
            for row in _of_axis(evidence, axis, other).to_dict("records")
            if row["level"] in ("significant", "trend")
            and (row["endpoint"] not in found if milder else row["endpoint"] == "food_intake")
        ]
    return lines


def _is_dose(group: str, study: Study) -> bool:
    return group in {contrast.case for contrast in study.shown_contrasts}


def _change(row: Mapping[str, object]) -> str:
    """Change in percent of the reference mean, empty where there is none (gene sets)."""
    mean, estimate = row.get("mean_reference"), row.get("estimate")
    if mean is None or estimate is None or not np.isfinite(mean) or not np.isfinite(estimate) or mean == 0:
        return ""
    return f" {100 * estimate / mean:+.0f} %".replace("-", "−")
