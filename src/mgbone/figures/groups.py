"""Every animal a dot, and below the dots each difference with its interval, on an axis aligned with them."""

from collections.abc import Sequence

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

    `measurements` has animal_id, experiment, group, endpoint, value, unit; a boolean column `censored`, if
    there is one, makes hollow dots of values beyond a detection limit. `evidence` has experiment, endpoint,
    contrast, estimate, ci_low, ci_high, p, level, test, direction; a contrast that is not in it has no
    difference drawn. `endpoints` are in the order of the columns.
    """
    values = measurements.dropna(subset=["value"])
    absent = [e for e in endpoints if e not in set(values["endpoint"])]
    told = absent and study.follows_report
    lacking = naming.not_measured([endpoint_label(e) for e in absent]) if told else ""
    endpoints = [e for e in endpoints if e not in absent]
    if not endpoints:
        return canvas.empty_figure(lacking, title)
    values = values[values["endpoint"].isin(endpoints)]
    shown = [one for one in study.experiments.values() if values["experiment"].eq(one.name).any()]
    width = look.panels_width(len(endpoints))
    slot = (width / len(endpoints) - 20) * look.MM * 72
    figure, axes = canvas.new_figure(
        2 * len(shown), len(endpoints), width=width, height=88.0 * len(shown), title=title,
        finding=findings.changes(evidence, endpoints, study),
        note=[_n_and_tests(values, evidence[evidence["endpoint"].isin(endpoints)]), DOTS,
              N_("below: difference of means, 95 % interval, p over it"), canvas.MARKS, lacking],
        gridspec_kw={"height_ratios": [3, 2] * len(shown)},
    )  # fmt: skip
    for row, experiment in enumerate(shown):
        for column, endpoint in enumerate(endpoints):
            upper, lower = axes[2 * row, column], axes[2 * row + 1, column]
            here = values[values["experiment"].eq(experiment.name) & values["endpoint"].eq(endpoint)]
            dots(upper, here, experiment.groups, slot)
            _differences(lower, evidence, endpoint, experiment, slot)
            upper.set_title(f" \n{endpoint_label(endpoint)}", linespacing=2)  # below the experiment
            upper.set_ylabel(endpoint_unit(endpoint, typeset=True))
        axes[2 * row + 1, 0].set_ylabel(tr("difference"))
        name = marks.above(
            axes[2 * row, 0], experiment_title(experiment, study), (0, 1), xycoords="axes fraction",
            xytext=(-34, 24), ha="left", va="baseline", size=look.BASE_SIZE, annotation_clip=False,
            gid="row-title",
        )  # fmt: skip
        look.embolden(name).set_in_layout(False)  # it runs over several panels: not to widen the first
    for column in [*axes[::2].T, *axes[1::2].T]:  # the same limits, whatever the experiment
        limits = [ax.get_ylim() for ax in column if ax.has_data()]
        for ax in column:
            if ax.has_data():
                ax.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
    figure.align_ylabels()
    return figure


def dots(ax: Axes, table: pd.DataFrame, groups: Sequence[str], slot: float) -> None:
    """Draw the values of each group (`table`: group, value), mean and n, on a panel `slot` points wide."""
    table = table[table["group"].isin(list(groups))]
    table = table.assign(at=table["group"].map({group: x for x, group in enumerate(groups)}))
    counts = table["group"].value_counts()
    if table.empty:
        ax.text(0.5, 0.5, tr("not measured"), transform=ax.transAxes, ha="center", va="center",
                color=look.QUIET, gid="absent")  # fmt: skip
        ax.set_yticks([])
    marks.animals(ax, table, spread=0.55)
    marks.means(ax, table, beside=0.4)
    _slots(ax, [f"{narrow(g, slot / len(groups))}\nn = {counts.get(g, 0)}" for g in groups], slot)
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
    found = found.assign(at=found["contrast"].map(names.index))
    marks.zero(ax)
    marks.estimates(ax, found, upright=True)
    for row in found.dropna(subset=["p"]).itertuples():
        p, frame = marks.p_words(row.p, row.level), ax.get_xaxis_transform()
        written = marks.above(ax, p, (row.at, 1), xycoords=frame, gid="p")
        look.embolden(written, when=bool(naming.level_mark(row.level)))
    sides = [(naming.narrow_label(c.case), naming.narrow_label(c.reference)) for c in experiment.contrasts]
    _slots(ax, [tr("{case}\nvs {reference}", case=a, reference=b) for a, b in sides], slot)
    ax.margins(y=0.12)
    ax.locator_params(axis="y", nbins=4)


def experiment_title(experiment: Experiment, study: Study) -> str:
    """Return "Experiment 1: ..." with the label of the study file."""
    number = list(study.experiments).index(experiment.name) + 1
    label = either(experiment.label, experiment.label_ja)
    return tr("Experiment {n}: {label}", n=number, label=label)


def _n_and_tests(values: pd.DataFrame, evidence: pd.DataFrame) -> str:
    """Say n a group and the tests behind p, as the tables have them."""
    counts = values.groupby(["experiment", "endpoint", "group"])["animal_id"].nunique()
    return tr("n = {n} animals a group; {tests}, each experiment by itself",
              n=findings.span(counts), tests=findings.tests(evidence) or tr("not tested"))  # fmt: skip


_FIELDS = {"urine_ctx": ("ctx", "CTX-I"), "urine_dpd": ("dpd", "DPD")}
_FORMS = {"corrected": N_("per creatinine"), "per_day": N_("per day")}


def dilution(table: pd.DataFrame, spread: pd.DataFrame, title: str = "") -> Figure:
    """Draw, per marker, the urine as collected, and each animal's distance from its group before and after.

    `table` has group, endpoint, creatinine, uncorrected, and deviation_uncorrected, deviation_corrected,
    deviation_per_day (in percent of the mean of the animal's own group; missing where no volume was
    measured); values below a limit of detection, if there is a column `censored`, are hollow. `spread` has
    endpoint, cv_uncorrected, cv_corrected and cv_per_day, which are written at the axes.
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
    cvs = spread.set_index("endpoint").to_dict("index")
    for line, endpoint in zip(axes, measured, strict=True):
        here, cv = table[table["endpoint"].eq(endpoint)], cvs.get(endpoint)
        field, name = _FIELDS[endpoint]
        urine = here.assign(at=here["creatinine"], value=here["uncorrected"])
        marks.animals(line[0], urine, spread=0, size=20)
        line[0].set(xlabel=field_label("urine", "creatinine", unit=True), xlim=(0, None), ylim=(0, None),
                    ylabel=field_label("urine", field, unit=True), title=name)  # fmt: skip
        for ax, form in zip(line[1:], forms, strict=True):
            _before_and_after(ax, here, form)
            words = {"uncorrected": N_("as collected"), form: _FORMS[form]}
            labels = [tr(w) + (f" (CV {cv[f'cv_{of}']:.0f} %)" if cv else "") for of, w in words.items()]
            ax.set(xlabel=labels[0], ylabel=labels[1], title=name)
    return figure


def _before_and_after(ax: Axes, table: pd.DataFrame, form: str) -> None:
    """Draw each animal's distance from its group as collected (across) and in another form (upwards)."""
    before, after = table["deviation_uncorrected"], table[f"deviation_{form}"]
    reach = 1.1 * max(before.abs().max(), after.abs().max(), 1.0)
    ax.fill_between([-reach, 0, reach], [-reach, 0, -reach], [reach, 0, reach], color=look.PALE,
                    linewidth=0, zorder=0)  # fmt: skip
    marks.animals(ax, table.assign(at=before, value=after), spread=0, size=20)
    for axis in "xy":
        marks.zero(ax, axis)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach))
    ax.locator_params(nbins=5)


def _creatinine_found(spread: pd.DataFrame, measured: list[str], forms: list[str]) -> str:
    said = []
    for row in spread[spread["endpoint"].isin(measured)].to_dict("records"):
        after = [tr("{cv:.0f} % {form}", cv=row[f"cv_{form}"], form=tr(_FORMS[form])) for form in forms]
        said.append(tr("{marker}: spread within groups {before:.0f} % as collected, {after}",
                       marker=_FIELDS[row["endpoint"]][1], before=row["cv_uncorrected"],
                       after=tr(", ").join(after)))  # fmt: skip
    return findings.sentence(said)
