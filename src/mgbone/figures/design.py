"""The design of the study as a timeline: who was fed what, for how long, and what was taken from whom."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mgbone.figures import canvas, look
from mgbone.figures.groups import experiment_title
from mgbone.study import naming
from mgbone.study.design import Experiment, Study
from mgbone.study.language import N_, either, tr

_SAMPLES = {"serum": N_("serum"), "urine": N_("urine"), "qct": N_("left femur (qCT)")}


def timeline(
    study: Study,
    *,
    animals: Mapping[tuple[str, str], int] = MappingProxyType({}),
    arrays: Mapping[tuple[str, str], int] = MappingProxyType({}),
    samples: Sequence[str] = tuple(_SAMPLES),
) -> Figure:
    """Draw the experiments as timelines in days, one lane per group, and what its samples went into.

    Acclimatisation and collection of urine are drawn where the study file states them (``methods``).
    `animals` and `arrays` are the numbers by (experiment, group) that a dataset has, without them those that
    the study states; `samples` which of serum, urine and qct there are: only they are named.
    """
    experiments = list(study.experiments.values())
    as_planned = all(n == study.animals_per_group for n in animals.values())
    setting = either(study.methods.get("setting", ""), study.methods.get("setting_ja", ""))
    lanes = max(3, *(len(e.groups) for e in experiments))
    fed = {g for e in experiments for g in e.groups if study.groups[g].dose not in (None, study.highest_dose)}
    finding = tr("Experiments: {n}.", n=len(experiments))
    if fed:
        less = sorted(fed, key=lambda g: -study.groups[g].dose)
        finding = tr(
            "Diets with {doses} against {normal}; experiments: {n}.", n=len(experiments),
            doses=tr(", ").join(dict.fromkeys(naming.dose_label(g, study) for g in less)),
            normal=naming.dose_label(_normal(study), study),
        )  # fmt: skip
    figure, axes = canvas.new_figure(
        len(experiments), 1, height=58.0 * len(experiments) * lanes / 3, title=N_("How the animals were fed"),
        finding=finding,
        note=[setting,
              N_("numbers of animals and arrays are assumptions where the report gives none (study.yml)")
              if as_planned and study.animals_per_group else ""],
    )  # fmt: skip
    figure.get_layout_engine().set(hspace=0.06)
    for ax, experiment in zip(axes[:, 0], experiments, strict=True):
        _experiment(ax, experiment, study, samples, animals, arrays)
    return figure


def _normal(study: Study) -> str:
    """Return a group on the normal diet; empty where groups have no doses."""
    return next((g for g, one in study.groups.items() if one.dose == study.highest_dose), "")


def _experiment(
    ax: Axes,
    experiment: Experiment,
    study: Study,
    samples: Sequence[str],
    animals: Mapping[tuple[str, str], int],
    arrays: Mapping[tuple[str, str], int],
) -> None:
    end, lanes = 7 * experiment.weeks, len(experiment.groups)
    before = int(study.methods.get("acclimatisation_days", 0))
    if before:
        words = tr("normal diet")
        if normal := _normal(study):
            words = tr("normal diet\n({dose})", dose=naming.dose_label(normal, study))
        box = (-before, 0.08), before - 0.15, lanes - 0.16
        ax.add_patch(Rectangle(*box, facecolor=look.PALE, linewidth=0))
        ax.text(-before / 2, lanes / 2, words, ha="center", va="center", color=look.QUIET, linespacing=1.3)
    taken = tr(", ").join(tr(_SAMPLES[sample]) for sample in _SAMPLES if sample in samples) or tr("animals")
    left, right = N_("{samples}: n = {n}"), N_("right femur (arrays): n = {n}")
    if not study.methods:
        left, right = N_("animals: n = {n}"), N_("arrays: n = {n}")
    beside = {"ha": "left", "va": "center"}
    for lane, name in enumerate(experiment.groups):
        fill, planned = look.colour(name), study.arrays_per_group if name in experiment.array_groups else 0
        n = animals.get((experiment.name, name), study.animals_per_group)
        n_arrays = arrays.get((experiment.name, name), planned)
        ax.add_patch(Rectangle((0, lane + 0.08), end, 0.84, facecolor=fill, linewidth=0, gid=f"lane-{name}"))
        diet, label = naming.dose_label(name, study), naming.group_label(name)
        parts = [label, *([] if diet in label else [diet]), _feeding(study.groups[name].feeding)]
        ax.text(0.3, lane + 0.5, tr(", ").join(parts), color=look.ink_on(fill), **beside)
        ax.text(end + 0.5, lane + 0.3, tr(left, samples=taken, n=n), **beside)
        ax.text(end + 0.5, lane + 0.72, tr(right, n=n_arrays) if n_arrays else tr("no arrays"),
                color=look.INK if n_arrays else look.QUIET, **beside)  # fmt: skip
    _sampling(ax, end, lanes, int(study.methods.get("urine_collection_days", 0)) if "urine" in samples else 0)
    ax.set(xlim=(-before - 0.2, end + 8.8), ylim=(lanes + 1.0, -0.62), yticks=[])
    ax.set_title(experiment_title(experiment, study), pad=2)
    days = [*([-before] if before else []), 0, *range(7, int(end) + 1, 7)]
    ax.set_xticks(days, [str(d).replace("-", "−") for d in days])
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_bounds(-before, end)
    ax.set_xlabel(tr("Day on the experimental diet"), loc="left")


def _feeding(feeding: str) -> str:
    """Say how a group was fed; pair-fed groups name the group whose intake they got."""
    if not feeding.startswith("pair-fed"):
        return tr("ad libitum")
    partner = naming.group_label(feeding.rpartition(" ")[2], short=True)
    return tr("fed what {who} ate", who=partner)


def _sampling(ax: Axes, end: float, lanes: int, days: int) -> None:
    """Draw the days of collecting faeces and urine, the 24-hour urine after them, and the dissection."""
    y = lanes + 0.2
    collected = ((end - 1 - days, end - 1, y, N_("faeces and urine, {n} days")),
                 (end - 1, end, y + 0.36, N_("24-h urine")))  # fmt: skip
    for start, stop, at, words in collected if days else ():
        ax.plot([start, stop], [at, at], color=look.INK, linewidth=1.8, solid_capstyle="butt")
        ax.text(start - 0.2, at, tr(words, n=days), ha="right", va="center", color=look.QUIET)
    ax.plot([end, end], [-0.12, lanes + 0.7], color=look.INK, linewidth=0.9)
    ax.text(end, -0.16, tr("dissection"), ha="center", va="bottom")
