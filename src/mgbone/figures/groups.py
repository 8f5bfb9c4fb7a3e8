"""Every animal a dot: the groups of each experiment side by side, one column of panels per endpoint."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.markers import TICKDOWN
from matplotlib.transforms import ScaledTranslation

from mgbone.figures import canvas, look
from mgbone.study import naming
from mgbone.study.design import Contrast, Experiment, Study
from mgbone.study.dictionary import endpoint_label, endpoint_unit
from mgbone.study.language import either, tr

_BRACKET_STEP = 12.5  # points from one bracket to the next


def group_dots(
    measurements: pd.DataFrame,
    evidence: pd.DataFrame,
    endpoints: Sequence[str],
    study: Study,
    title: str = "",
) -> Figure:
    """Draw endpoints as dots: a column per endpoint, a row per experiment, the experiments never pooled.

    Parameters
    ----------
    measurements : DataFrame
        animal_id, experiment, group, endpoint, value, unit; a boolean column `censored`, if there is one,
        makes hollow dots of values beyond a detection limit.
    evidence : DataFrame
        experiment, endpoint, contrast, p, level, test: the brackets. A contrast that is not in it gets none.
    endpoints : sequence of str
        In the order of the columns.
    """
    absent = [e for e in endpoints if not _has_values(measurements, e)]
    lacking = naming.not_measured([endpoint_label(e) for e in absent]) if absent else ""
    endpoints = [e for e in endpoints if e not in absent]
    if not endpoints:
        return canvas.empty_figure(lacking, title)
    lacking = lacking if study.follows_report else ""
    present = set(measurements.loc[measurements["endpoint"].isin(endpoints), "experiment"])
    shown = [experiment for experiment in study.experiments.values() if experiment.name in present]
    most = max(3, *(len(e.groups) for e in shown))
    slot = (look.panels_width(len(endpoints)) / len(endpoints) - 15) * look.MM * 72 / most
    figure, axes = canvas.new_figure(
        len(shown), len(endpoints), width=look.panels_width(len(endpoints)),
        height=58.0 * len(shown), sharey="col", title=title,
        subtitle=n_and_tests(measurements, evidence, endpoints),
        note=tr(". ").join(filter(None, [
            tr("Dots: animals; bar: mean ± SD"), tr("* p < 0.05, † 0.05 ≤ p < 0.10"), lacking])))  # fmt: skip
    for row, experiment in enumerate(shown):
        for column, endpoint in enumerate(endpoints):
            ax = axes[row, column]
            draw_groups(ax, measurements, evidence, endpoint, experiment, slot=slot)
            ax.tick_params(labelleft=True)
            ax.set_ylabel(endpoint_unit(endpoint, typeset=True))
            panel_title(ax, endpoint_label(endpoint), experiment)
        row_title(axes[row, 0], experiment, study)
    return figure


def draw_groups(
    ax: Axes,
    measurements: pd.DataFrame,
    evidence: pd.DataFrame,
    endpoint: str,
    experiment: Experiment,
    *,
    slot: float = 60.0,
    size: float = 4.4,
    bare: bool = False,
) -> None:
    """Draw one endpoint of one experiment: dots, mean and SD, n below, brackets above the frame.

    With `bare` the brackets carry the number of p alone, for panels so narrow that "p = " would not fit.
    """
    here = measurements["experiment"].eq(experiment.name) & measurements["endpoint"].eq(endpoint)
    table = measurements[here]
    span = np.ptp(table["value"].dropna()) if table["value"].notna().any() else 1.0
    labels, counts = [], []
    for x, group in enumerate(experiment.groups):
        rows = table[table["group"].eq(group) & table["value"].notna()]
        name = naming.group_label(group, short=True)
        if canvas.text_width(name, look.SMALL_SIZE) > slot:
            name = naming.narrow_label(group)
        labels.append(canvas.wrap(name, slot, look.SMALL_SIZE))
        counts.append(len(rows))
        if rows.empty:
            continue
        values = rows["value"].to_numpy(float)
        _mean_and_sd(ax, x, values)
        steps = canvas.jitter(values, spread=0.3, width=span / 16)
        censored = rows["censored"].eq(True) if "censored" in rows else pd.Series(False, index=rows.index)
        for hollow in sorted(censored.unique()):
            chosen = censored.to_numpy() == hollow
            look.dots(ax, x + steps[chosen], values[chosen], group, size=size, hollow=bool(hollow))
    if not any(counts):
        ax.text(
            0.5, 0.5, tr("not measured"), transform=ax.transAxes, ha="center", va="center",
            size=look.SMALL_SIZE, color=look.QUIET, gid="absent",
        )  # fmt: skip
        ax.set_yticks([])
    ax.set_xlim(-0.6, len(experiment.groups) - 0.4)
    lines = max(map(len, labels))
    blank = [[" "] * (lines - len(label)) for label in labels]
    written = ["\n".join([*a, f"n = {n}", *b]) for a, n, b in zip(labels, counts, blank, strict=True)]
    ax.set_xticks(range(len(experiment.groups)), written)
    ax.tick_params(axis="x", length=0, pad=3)
    if len(labels) > 3:
        canvas.turn_crowded(ax, [line for label in labels for line in label], slot)
    ax.margins(y=0.06)
    brackets(ax, evidence, endpoint, experiment, bare=bare)


def brackets(
    ax: Axes,
    evidence: pd.DataFrame,
    endpoint: str,
    experiment: Experiment,
    *,
    bare: bool = False,
) -> None:
    """Draw a bracket with exact p and mark per contrast above the frame; what has no finding stays grey."""
    written = naming.format_p_value if bare else naming.format_p
    drawn = 0
    for contrast in sorted(experiment.contrasts, key=lambda c: _reach(c, experiment)):
        found = evidence[
            evidence["experiment"].eq(experiment.name)
            & evidence["endpoint"].eq(endpoint)
            & evidence["contrast"].eq(contrast.name)
        ]
        if found.empty or not np.isfinite(found["p"].iloc[0]):
            continue
        p, level = found["p"].iloc[0], found["level"].iloc[0]
        mark = naming.level_mark(level)
        ink = look.INK if mark else "#8c8c8c"
        low, high = sorted(experiment.groups.index(g) for g in (contrast.case, contrast.reference))
        lift = 3 + _BRACKET_STEP * drawn
        here = ax.get_xaxis_transform() + ScaledTranslation(0, lift / 72, ax.figure.dpi_scale_trans)
        left, right = low + 0.06, high - 0.06
        width = 0.7 if mark else 0.5
        ax.plot(
            [left, right], [1, 1], transform=here, color=ink, linewidth=width, clip_on=False, marker=TICKDOWN,
            markersize=2.2, markeredgewidth=width, gid="bracket",
        )  # fmt: skip
        ax.text(
            (left + right) / 2, 1, f"{written(p)}{' ' + mark if mark else ''}",
            transform=here + ScaledTranslation(0, 1 / 72, ax.figure.dpi_scale_trans),
            ha="center", va="bottom", size=look.SMALL_SIZE, color=ink, gid="p",
        )  # fmt: skip
        drawn += 1


def title_pad(experiment: Experiment) -> float:
    """Points that brackets take above a frame."""
    return 5 + _BRACKET_STEP * len(experiment.contrasts)


def panel_title(ax: Axes, name: str, experiment: Experiment) -> None:
    """Write the name of a panel above its brackets; the empty line above it is for `row_title`."""
    ax.annotate(
        f" \n{name}", (0, 1), xycoords="axes fraction", xytext=(0, title_pad(experiment)),
        textcoords="offset points",
        size=look.BASE_SIZE + 0.5, ha="left", va="bottom", annotation_clip=False, gid="panel-title",
    )  # fmt: skip


def row_title(ax: Axes, experiment: Experiment, study: Study) -> None:
    """Write the name of an experiment above its row of panels."""
    written = ax.annotate(
        experiment_title(experiment, study), (0, 1), xycoords="axes fraction",
        xytext=(-26, title_pad(experiment) + 14), textcoords="offset points", ha="left", va="bottom",
        size=look.BASE_SIZE + 0.5, color=look.QUIET, annotation_clip=False, gid="row-title",
    )  # fmt: skip
    written.set_in_layout(False)  # it runs over several panels, which must not widen the first


def experiment_title(experiment: Experiment, study: Study) -> str:
    """Return "Experiment 1: ..." with the label of the study file."""
    number = list(study.experiments).index(experiment.name) + 1
    label = either(experiment.label, experiment.label_ja)
    return tr("Experiment {n}: {label}", n=number, label=label)


def n_and_tests(measurements: pd.DataFrame, evidence: pd.DataFrame, endpoints: Sequence[str]) -> str:
    """Say n a group and the tests behind the brackets, as the tables have them."""
    chosen = measurements[measurements["endpoint"].isin(list(endpoints)) & measurements["value"].notna()]
    counts = chosen.groupby(["experiment", "endpoint", "group"])["animal_id"].nunique()
    n = ("–".join(dict.fromkeys(str(v) for v in (counts.min(), counts.max())))) if len(counts) else "0"
    tests = evidence.loc[evidence["endpoint"].isin(list(endpoints)), "test"].dropna().unique()
    names = tr("; ").join(naming.name_of_test(t) for t in tests)
    return tr(
        "n = {n} animals a group; {tests}, each experiment by itself",
        n=n, tests=names or tr("not tested"))  # fmt: skip


def _has_values(measurements: pd.DataFrame, endpoint: str) -> bool:
    return bool(measurements.loc[measurements["endpoint"].eq(endpoint), "value"].notna().any())


def _reach(contrast: Contrast, experiment: Experiment) -> tuple[int, int]:
    low, high = sorted(experiment.groups.index(g) for g in (contrast.case, contrast.reference))
    return high - low, low


def _mean_and_sd(ax: Axes, x: float, values: np.ndarray) -> None:
    mean = values.mean()
    if len(values) > 1:
        sd = values.std(ddof=1)
        # Behind the dots, so that it hides no animal.
        bar = {"color": look.INK, "linewidth": 0.8, "zorder": 2, "solid_capstyle": "butt"}
        ax.plot([x, x], [mean - sd, mean + sd], **bar, gid="sd")
        for edge in (mean - sd, mean + sd):
            ax.plot([x - 0.07, x + 0.07], [edge, edge], **bar)
    ax.plot([x - 0.27, x + 0.27], [mean, mean], color=look.INK, linewidth=1.3, zorder=4, gid="mean")
