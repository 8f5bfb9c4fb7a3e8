"""Every animal a dot, and below the dots each difference with its interval, on an axis aligned with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgbone.figures import canvas, findings, look, marks
from mgbone.study import naming
from mgbone.study.design import Experiment, Study
from mgbone.study.dictionary import endpoint_label, endpoint_unit, field_label
from mgbone.study.language import N_, either, tr

DOTS = N_("dots: animals, beside them mean ± SD")


def group_dots(
    measurements: pd.DataFrame,
    evidence: pd.DataFrame,
    endpoints: Sequence[str],
    study: Study,
    title: str = "",
) -> Figure:
    """Draw endpoints as estimation plots: a column per endpoint, per experiment dots and differences.

    After Ho and others (DABEST, 2019), but with the intervals and p of the declared tests.

    Parameters
    ----------
    measurements : DataFrame
        animal_id, experiment, group, endpoint, value, unit; a boolean column `censored`, if there is one,
        makes hollow dots of values beyond a detection limit.
    evidence : DataFrame
        experiment, endpoint, contrast, estimate, ci_low, ci_high, p, level, test, direction. A contrast that
        is not in it has no difference drawn.
    endpoints : sequence of str
        In the order of the columns.
    """
    values = measurements.dropna(subset=["value"])
    absent = [e for e in endpoints if e not in set(values["endpoint"])]
    lacking = naming.not_measured([endpoint_label(e) for e in absent]) if absent else ""
    lacking = lacking if study.follows_report else ""
    endpoints = [e for e in endpoints if e not in absent]
    if not endpoints:
        return canvas.empty_figure(lacking, title)
    present = set(values.loc[values["endpoint"].isin(endpoints), "experiment"])
    shown = [experiment for experiment in study.experiments.values() if experiment.name in present]
    width = look.panels_width(len(endpoints))
    slot = (width / len(endpoints) - 20) * look.MM * 72
    figure, axes = canvas.new_figure(
        2 * len(shown), len(endpoints), width=width, height=88.0 * len(shown), title=title,
        finding=findings.changes(evidence, endpoints, study),
        note=[_n_and_tests(values, evidence, endpoints), DOTS,
              N_("below: difference of means, 95 % interval, p over it"), canvas.MARKS, lacking],
        gridspec_kw={"height_ratios": [3, 2] * len(shown)},
    )  # fmt: skip
    for row, experiment in enumerate(shown):
        for column, endpoint in enumerate(endpoints):
            upper, lower = axes[2 * row, column], axes[2 * row + 1, column]
            here = values[values["experiment"].eq(experiment.name) & values["endpoint"].eq(endpoint)]
            _dots(upper, here, experiment.groups, slot)
            _differences(lower, evidence, endpoint, experiment, slot)
            upper.set_title(f" \n{endpoint_label(endpoint)}", linespacing=2)  # blank line: row_title
            upper.set_ylabel(endpoint_unit(endpoint, typeset=True))
        axes[2 * row + 1, 0].set_ylabel(tr("difference"))
        row_title(axes[2 * row, 0], experiment, study)
    _share(axes[::2])
    _share(axes[1::2])
    figure.align_ylabels()
    return figure


def _share(rows: np.ndarray) -> None:
    """Give the panels of one column the same limits, whatever the experiment."""
    for column in rows.T:
        drawn = [ax for ax in column if ax.has_data()]
        limits = [ax.get_ylim() for ax in drawn]
        for ax in drawn:
            ax.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))


def _dots(ax: Axes, table: pd.DataFrame, groups: Sequence[str], slot: float) -> None:
    """Draw the animals of one endpoint and experiment, n below each group."""
    place = {group: x for x, group in enumerate(groups)}
    table = table[table["group"].isin(list(groups))]
    table = table.assign(at=table["group"].map(place))
    counts = table["group"].value_counts()
    if table.empty:
        ax.text(0.5, 0.5, tr("not measured"), transform=ax.transAxes, ha="center", va="center",
                size=look.SMALL_SIZE, color=look.QUIET, gid="absent")  # fmt: skip
        ax.set_yticks([])
    marks.animals(ax, table, spread=0.55)
    marks.means(ax, table, beside=0.4)
    names = [narrow(group, slot / len(groups)) for group in groups]
    names = [f"{name}\nn = {counts.get(g, 0)}" for g, name in zip(groups, names, strict=True)]
    _slots(ax, names, slot)
    ax.margins(y=0.08)


def narrow(group: str, room: float) -> str:
    """Return the short name of a group, or its narrowest where `room` points do not hold it."""
    name = naming.group_label(group, short=True)
    return name if canvas.text_width(name, look.SMALL_SIZE) <= room else naming.narrow_label(group)


def _slots(ax: Axes, names: Sequence[str], slot: float) -> None:
    ax.set_xticks(range(len(names)), names)
    ax.set_xlim(-0.55, len(names) - 0.35)
    ax.tick_params(axis="x", length=0, pad=3)
    canvas.turn_crowded(ax, [line for name in names for line in name.split("\n")], slot / len(names))


def _differences(
    ax: Axes, evidence: pd.DataFrame, endpoint: str, experiment: Experiment, slot: float
) -> None:
    """Draw the difference of each contrast with its interval, p above the frame."""
    names = [c.name for c in experiment.contrasts]
    found = evidence[evidence["experiment"].eq(experiment.name) & evidence["endpoint"].eq(endpoint)]
    found = found[found["contrast"].isin(names) & found["estimate"].notna()]
    rows = found.rename(columns={"estimate": "value", "ci_low": "low", "ci_high": "high"})
    rows = rows.assign(at=rows["contrast"].map(names.index), group=rows["contrast"].str.split("_vs_").str[0])
    marks.zero(ax)
    marks.estimates(ax, rows, upright=True)
    for row in rows.dropna(subset=["p"]).itertuples():
        written = marks.p_words(row.p, row.level)
        text = ax.annotate(
            written, (row.at, 1), xycoords=ax.get_xaxis_transform(), xytext=(0, 2),
            textcoords="offset points", ha="center", va="bottom", size=look.SMALL_SIZE, gid="p",
        )  # fmt: skip
        if naming.level_mark(row.level):
            look.embolden(text)
    room = slot / max(1, len(names))
    sides = [(naming.narrow_label(c.case), naming.narrow_label(c.reference)) for c in experiment.contrasts]
    _slots(ax, [tr("{case}\nvs {reference}", case=a, reference=b) for a, b in sides], room * len(names))
    ax.margins(y=0.12)
    ax.locator_params(axis="y", nbins=4)


def row_title(ax: Axes, experiment: Experiment, study: Study) -> None:
    """Write the name of an experiment above its row of panels."""
    written = ax.annotate(
        experiment_title(experiment, study), (0, 1), xycoords="axes fraction", xytext=(-34, 24),
        textcoords="offset points", size=look.BASE_SIZE, annotation_clip=False, gid="row-title",
    )  # fmt: skip
    look.embolden(written)
    written.set_in_layout(False)  # it runs over several panels, which must not widen the first


def experiment_title(experiment: Experiment, study: Study) -> str:
    """Return "Experiment 1: ..." with the label of the study file."""
    number = list(study.experiments).index(experiment.name) + 1
    label = either(experiment.label, experiment.label_ja)
    return tr("Experiment {n}: {label}", n=number, label=label)


def _n_and_tests(values: pd.DataFrame, evidence: pd.DataFrame, endpoints: Sequence[str]) -> str:
    """Say n a group and the tests behind p, as the tables have them."""
    chosen = values[values["endpoint"].isin(list(endpoints))]
    counts = chosen.groupby(["experiment", "endpoint", "group"])["animal_id"].nunique()
    n = "–".join(dict.fromkeys(str(v) for v in (counts.min(), counts.max())))
    tests = evidence.loc[evidence["endpoint"].isin(list(endpoints)), "test"].dropna().unique()
    names = tr("; ").join(naming.name_of_test(t) for t in tests)
    return tr(
        "n = {n} animals a group; {tests}, each experiment by itself",
        n=n, tests=names or tr("not tested"))  # fmt: skip


_FIELDS = {"urine_ctx": ("ctx", "CTX-I"), "urine_dpd": ("dpd", "DPD")}
_FORMS = {"corrected": N_("per creatinine"), "per_day": N_("per day")}


def dilution(table: pd.DataFrame, spread: pd.DataFrame, title: str = "") -> Figure:
    """Draw, per marker, the urine as collected, and each animal's distance from its group before and after.

    Parameters
    ----------
    table : DataFrame
        group, endpoint, creatinine, uncorrected, and deviation_uncorrected, deviation_corrected,
        deviation_per_day (in percent of the mean of the animal's own group; missing where no volume was
        measured); values below a limit of detection, if there is a column `censored`, are hollow.
    spread : DataFrame
        endpoint, cv_uncorrected, cv_corrected, cv_per_day: written at the axes.
    """
    measured = [endpoint for endpoint in _FIELDS if table["endpoint"].eq(endpoint).any()]
    if not measured:
        return canvas.empty_figure(N_("No marker was measured together with creatinine"), title)
    forms = [form for form in _FORMS if table[f"deviation_{form}"].notna().any()]
    figure, axes = canvas.new_figure(
        len(measured), 1 + len(forms), height=72.0 * len(measured), title=title,
        finding=_creatinine_found(spread, measured, forms),
        legend=look.group_handles(look.in_order(table["group"])),
        note=[N_("left: marker against creatinine in the same urine (thin urine has little of both)"),
              N_("others: each animal's distance from the mean of its group (%), before and after"),
              N_("grey: nearer after"),
              N_("CV: coefficient of variation within groups")],
    )  # fmt: skip
    for line, endpoint in zip(axes, measured, strict=True):
        here = table[table["endpoint"].eq(endpoint)]
        field, name = _FIELDS[endpoint]
        urine = here.assign(at=here["creatinine"], value=here["uncorrected"])
        marks.animals(line[0], urine, spread=0, size=20)
        line[0].set(xlabel=field_label("urine", "creatinine", unit=True), xlim=(0, None), ylim=(0, None),
                    ylabel=field_label("urine", field, unit=True), title=name)  # fmt: skip
        cv = spread[spread["endpoint"].eq(endpoint)]
        for ax, form in zip(line[1:], forms, strict=True):
            _before_and_after(ax, here, form)
            words = [tr("as collected"), tr(_FORMS[form])]
            if len(cv):
                numbers = cv[["cv_uncorrected", f"cv_{form}"]].iloc[0]
                words = [f"{word} (CV {number:.0f} %)" for word, number in zip(words, numbers, strict=True)]
            ax.set(xlabel=words[0], ylabel=words[1], title=name)
    return figure


def _before_and_after(ax: Axes, table: pd.DataFrame, form: str) -> None:
    """Draw each animal's distance from its group as collected (across) and in another form (upwards)."""
    before, after = table["deviation_uncorrected"], table[f"deviation_{form}"]
    reach = 1.1 * max(before.abs().max(), after.abs().max(), 1.0)
    ends = [-reach, 0, reach]
    ax.fill_between(ends, [-reach, 0, -reach], [reach, 0, reach], color=look.PALE, linewidth=0, zorder=0)
    marks.animals(ax, table.assign(at=before, value=after), spread=0, size=20)
    for axis in "xy":
        marks.zero(ax, axis)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach))
    ax.locator_params(nbins=5)


def _creatinine_found(spread: pd.DataFrame, measured: list[str], forms: list[str]) -> str:
    rows = spread[spread["endpoint"].isin(measured)]
    said = [
        tr("{marker}: spread within groups {before:.0f} % as collected, {after}", before=row.cv_uncorrected,
           marker=_FIELDS[row.endpoint][1],
           after=tr(", ").join(tr("{cv:.0f} % {form}", cv=getattr(row, f"cv_{form}"), form=tr(_FORMS[form]))
                               for form in forms))
        for row in rows.itertuples()
    ]  # fmt: skip
    return findings.sentence(said)
