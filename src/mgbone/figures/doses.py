"""Doses side by side: how each endpoint follows the diet, and what each dose did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from mgbone.figures import canvas, look
from mgbone.study import naming
from mgbone.study.design import Contrast, Study
from mgbone.study.dictionary import endpoint_label, is_derived
from mgbone.study.language import N_, current, tr
from mgbone.study.naming import AXIS_NAMES, axis_of, row_label

_ARGUMENT = ("intake", "status", "minerals", "formation", "resorption", "density", "transcriptome")
_GREY = "#767676"
_ARROWS: Mapping[tuple[str, bool], str] = {
    ("up", True): "▲", ("down", True): "▼", ("up", False): "△", ("down", False): "▽",
}  # fmt: skip


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
        panel, that of a shape that is named in black.
    """
    endpoints = [e for e in endpoints if doses["endpoint"].eq(e).any()]
    if not endpoints:
        why = N_("No endpoint was measured at any of the doses.")
        return canvas.empty_figure(why, title)
    note = tr(
        "Dots: animals; black: mean, 95 % interval of the difference; dashed: reference group")  # fmt: skip
    if reported is not None and len(reported):
        note += tr("; open diamond: value in the report")
    if shapes is not None and len(shapes):
        words = N_("; p of two tests: one way with the dose, peak at {dose} (black: named)")
        note += tr(words, dose=naming.narrow_label(study.shown_contrasts[0].case))
    figure, panels, axes = canvas.panels(
        len(endpoints), columns, 46.0, sharex=True, title=title,
        subtitle=tr("Change from the reference of the same experiment: {pairs}", pairs=_against(study)),
        note=tr("; ").join([note, tr("* p < 0.05, † 0.05 ≤ p < 0.10")])
    )  # fmt: skip
    for ax, endpoint in zip(panels, endpoints, strict=True):
        _dose_panel(ax, endpoint, doses, animals, reported, study)
        ax.set_title(row_label(endpoint))
        if shapes is not None and (shapes["endpoint"] == endpoint).any():
            _shape_words(ax, shapes[shapes["endpoint"] == endpoint].iloc[0])
    for ax in axes[:, 0]:
        ax.set_ylabel(tr("Change (%)"))
    for ax in panels:
        ax.yaxis.set_major_formatter(lambda y, _: look.signed(y, "g"))
    for number, ax in enumerate(panels):
        if number + axes.shape[1] >= len(endpoints):
            ax.tick_params(labelbottom=True)
            ax.set_xlabel(naming.dose_heading(study))
    return figure


def per_dose(evidence: pd.DataFrame, study: Study, title: str = "") -> Figure:
    """Draw what each dose did in the report's order of argument: one column per dose, one row per axis.

    Findings stand with arrow, size and mark, significant ones filled and bold, trends hollow; what did not
    differ is named in grey below them. Intake is also held against the study's other references, since a diet
    that is eaten less is the reason to feed in pairs, and what does not differ from the reference against the
    milder diets of its experiment.

    Parameters
    ----------
    evidence : DataFrame
        All parts of the study: experiment, endpoint, contrast, estimate, mean_reference, p, level, direction.
    """
    if not study.shown_contrasts or evidence.empty:
        why = N_("Nothing was measured at any dose.")
        return canvas.empty_figure(why, title)
    present = set(evidence["endpoint"].map(axis_of))
    arguments = [axis for axis in _ARGUMENT if study.follows_report or axis in present]
    cells = {
        (axis, c.name): _cell_lines(evidence, axis, c, study)
        for axis in arguments
        for c in study.shown_contrasts
    }
    heights = [max(1, *(len(cells[axis, c.name]) for c in study.shown_contrasts)) for axis in arguments]
    total = sum(heights) + 0.9 * len(arguments)
    figure, axes = canvas.new_figure(
        1, 1, width=look.DOUBLE, height=4.3 * total + 12, title=title,
        subtitle=N_("Change of the mean in percent of the reference group; bold: p < 0.05, hollow arrow: "
                  "trend, grey: no difference found"),
        note=tr("* p < 0.05, † 0.05 ≤ p < 0.10"))  # fmt: skip
    ax = axes[0, 0]
    ax.set_xlim(0, 1)
    ax.set_ylim(total + 0.2, -2.0)
    ax.axis("off")
    left = 0.15
    width = (1 - left) / len(study.shown_contrasts)
    for number, contrast in enumerate(study.shown_contrasts):
        x = left + number * width
        fill = look.colour(contrast.case)
        shape = "round,pad=0,rounding_size=0.008"
        box = FancyBboxPatch((x + 0.006, -1.75), width - 0.018, 1.35, boxstyle=shape)
        box.set(facecolor=fill, linewidth=0, mutation_aspect=total)
        ax.add_patch(box)
        name = naming.contrast_label(contrast.name)
        room = (width - 0.03) * 0.92 * look.DOUBLE * look.MM * 72
        size = min(look.BASE_SIZE + 0.5, look.BASE_SIZE * room / canvas.text_width(name, look.BASE_SIZE))
        ax.text(
            x + width / 2 - 0.003, -1.08, name, ha="center", va="center", size=size,
            color=look.ink_on(fill),
        )  # fmt: skip
    y = 0.0
    for axis, height in zip(arguments, heights, strict=True):
        ax.plot([0, 0.99], [y - 0.15, y - 0.15], color=look.LINE, linewidth=0.6)
        name = tr(AXIS_NAMES[axis])
        ax.text(0, y + 0.55, name, size=look.BASE_SIZE, va="center", **look.bold())
        for number, contrast in enumerate(study.shown_contrasts):
            for line, (words, ink, sure) in enumerate(cells[axis, contrast.name]):
                room = (width - 0.012) * 0.9 * look.DOUBLE * look.MM * 72
                fits = room / canvas.text_width(words, look.SMALL_SIZE)
                size = look.SMALL_SIZE * (min(1.0, fits) if len(study.shown_contrasts) > 3 else 1.0)
                written = ax.text(
                    left + number * width + 0.008, y + 0.55 + line, words, size=size, color=ink,
                    va="center", gid="finding", **(look.bold() if sure else {}),
                )  # fmt: skip
                if sure and current() == "ja":  # the Japanese font has no bold face
                    written.set_path_effects([patheffects.withStroke(linewidth=0.3, foreground=ink)])
        y += height + 0.9
    return figure


def _against(study: Study) -> str:
    """Name every dose with the reference that it is held against, doses of one reference together."""
    cases: dict[tuple[str, str], list[str]] = {}
    for contrast in study.shown_contrasts:
        label = naming.group_label(contrast.case, short=True)
        cases.setdefault((contrast.experiment, contrast.reference), []).append(label)
    return tr("; ").join(
        tr(
            "{case} vs {reference}",
            case=tr(", ").join(names),
            reference=naming.group_label(reference, short=True),
        )
        for (_, reference), names in cases.items()
    )


def _shape_words(ax: Axes, row: pd.Series) -> None:
    for y, shape, words in (
        (0.115, "one_way", N_("one way: {p}")),
        (0.02, "peak", N_("peak: {p}")),
    ):
        p = naming.format_p(row[f"p_{shape}"])
        label = ax.text(
            0.02, y, tr(words, p=p), transform=ax.transAxes, size=6.3,
            color=look.INK if row["shape"] == shape else "#767676", ha="left", va="bottom", gid="p",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.4},
        )  # fmt: skip
        label.set_in_layout(False)


def _dose_panel(
    ax: Axes,
    endpoint: str,
    doses: pd.DataFrame,
    animals: pd.DataFrame | None,
    reported: pd.DataFrame | None,
    study: Study,
) -> None:
    mg = [study.groups[c.case].dietary_mg_percent for c in study.shown_contrasts]
    by_contrast = {c.name: x for x, c in enumerate(study.shown_contrasts, start=1)}
    by_dose = {dose: x for x, dose in reversed(list(enumerate(mg, start=1)))}
    ax.axhline(0, color=look.QUIET, linewidth=0.7, linestyle=(0, (4, 2)), zorder=0)
    table = doses[doses["endpoint"].eq(endpoint)]
    seen = animals[animals["endpoint"].eq(endpoint)] if animals is not None else None
    spread = np.ptp(seen["percent"].dropna()) if seen is not None and seen["percent"].notna().any() else 1.0
    for row in table.to_dict("records"):
        x = by_contrast.get(row.get("contrast"), by_dose[row["dietary_mg_percent"]])
        if seen is not None:
            values = seen.loc[seen["group"].eq(row["group"]), "percent"].dropna().to_numpy()
            steps = canvas.jitter(values, spread=0.22, width=spread / 18)
            look.dots(ax, x - 0.14 + steps, values, row["group"], size=3.4)
        black = {"color": look.INK, "zorder": 4}
        ax.plot([x + 0.26] * 2, [row["ci_low"], row["ci_high"]], linewidth=0.9, **black)
        ax.plot([x + 0.26], [row["percent"]], marker="_", markersize=7, markeredgewidth=1.4, **black)
        if mark := naming.level_mark(row["level"]):
            ax.annotate(
                mark, (x + 0.26, row["ci_high"]), xytext=(0, 1), textcoords="offset points", ha="center",
                va="bottom", size=look.BASE_SIZE, gid="mark",
            )  # fmt: skip
    if reported is not None:
        for row in reported[reported["endpoint"].eq(endpoint)].to_dict("records"):
            ax.plot(
                [by_dose[row["dietary_mg_percent"]] + 0.42], [row["percent"]], marker="D", markersize=4.2,
                markerfacecolor="white", markeredgecolor=look.INK, markeredgewidth=0.9, linestyle="none",
                zorder=5, gid="reported",
            )  # fmt: skip
    experiments = [c.experiment for c in study.shown_contrasts]
    for x, (before, after) in enumerate(pairwise(experiments), start=1):
        if before != after:
            ax.axvline(x + 0.58, color=look.LINE, linewidth=0.6, zorder=0)
    ax.set_xlim(0.45, len(mg) + 0.62)
    dosed = all(dose is not None for dose in mg)
    labels = (
        [f"{dose:g}" for dose in mg]
        if dosed
        else [naming.narrow_label(c.case) for c in study.shown_contrasts]
    )
    ax.set_xticks(range(1, len(mg) + 1), labels)
    canvas.turn_crowded(ax, labels, 60 / len(mg))
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.26 * (high - low), high + 0.07 * (high - low))  # room for words and marks


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
            lines.append((tr(words), _GREY, False))
        elif naming.level_mark(level):
            lines.append(_finding(row, name))
        elif isinstance(level, str):
            without.append(name)
    lines += _against_others(evidence, axis, contrast, study)
    if len(without) > 5:
        several = N_("{n} others: no difference") if lines else N_("All {n}: no difference")  # fmt: skip
        lines.append((tr(several, n=len(without)), _GREY, False))
    elif axis == "transcriptome":
        lines += [(f"– {name}", _GREY, False) for name in without]
    elif without:
        lines.append((f"– {tr(', ').join(without)}", _GREY, False))
    return lines or [(tr("not tested"), _GREY, False)]


def _of_axis(evidence: pd.DataFrame, axis: str, contrast: Contrast) -> pd.DataFrame:
    here = evidence[evidence["experiment"].eq(contrast.experiment) & evidence["contrast"].eq(contrast.name)]
    return here[[axis_of(e) == axis and not is_derived(e) for e in here["endpoint"]]]


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
