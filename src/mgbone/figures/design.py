"""The design of the study as a timeline: who was fed what, for how long, and what was taken from whom."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mgbone.figures import canvas, look
from mgbone.figures.groups import experiment_title
from mgbone.study import naming
from mgbone.study.design import Experiment, Study

_LANE = 1.0


_SAMPLES = {
    "serum": ("serum", "血清"),
    "urine": ("urine", "尿"),
    "qct": ("left femur (qCT)", "左大腿骨（qCT）"),
}


def timeline(
    study: Study,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    animals: dict[tuple[str, str], int] | None = None,
    arrays: dict[tuple[str, str], int] | None = None,
    samples: Sequence[str] = tuple(_SAMPLES),
) -> Figure:
    """Draw the experiments as timelines in days, one lane per group, and what its samples went into.

    Acclimatisation and collection of urine are drawn where the study file states them (``methods``).

    Parameters
    ----------
    study : Study
        Groups, diets, weeks and numbers of animals and arrays.
    animals, arrays : dict, optional
        Numbers by (experiment, group) that a dataset has; without them those that the study states.
    samples : sequence of str, optional
        Which of serum, urine and qct there are; only they are named.

    Returns
    -------
    Figure
    """
    experiments = list(study.experiments.values())
    as_planned = all(n == study.animals_per_group for n in (animals or {}).values())
    setting = naming.text((study.methods.get("setting", ""), study.methods.get("setting_ja", "")), language)
    lanes = max(3, *(len(e.groups) for e in experiments))
    figure, axes = canvas.new_figure(
        len(experiments), 1, width=look.DOUBLE, height=44.0 * len(experiments) * lanes / 3,
        title=naming.say(title, language), subtitle=setting,
        note=naming.text(
            ("Numbers of animals and arrays are assumptions where the report gives none (study.yml)",
             "匹数とアレイ数は報告書に記載がなく，study.ymlの仮定による"), language)
        if as_planned and study.animals_per_group else "", language=language,
    )  # fmt: skip
    figure.get_layout_engine().set(hspace=0.06)
    for ax, experiment in zip(axes[:, 0], experiments, strict=True):
        _experiment(ax, experiment, study, language, animals or {}, arrays or {}, samples)
    return figure


def _experiment(
    ax: Axes,
    experiment: Experiment,
    study: Study,
    language: str,
    animals: dict[tuple[str, str], int],
    arrays: dict[tuple[str, str], int],
    samples: Sequence[str],
) -> None:
    end = 7 * experiment.weeks
    lanes = len(experiment.groups)
    before = int(study.methods.get("acclimatisation_days", 0))
    if before:
        _acclimatisation(ax, before, lanes, study, language)
    for lane, name in enumerate(experiment.groups):
        _lane(ax, lane, name, experiment, study, language, end, animals, arrays, samples)
    days = int(study.methods.get("urine_collection_days", 0)) if "urine" in samples else 0
    _sampling(ax, end, lanes, days, language)
    ax.set_xlim(-before - 0.2, end + 8.6)
    ax.set_ylim(lanes * _LANE + 1.0, -0.62)
    ax.set_title(experiment_title(experiment, study, language), pad=2)
    ax.set_yticks([])
    days = [*([-before] if before else []), 0, *range(7, int(end) + 1, 7)]
    ax.set_xticks(days, [str(d).replace("-", "−") for d in days])
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_bounds(-before, end)
    ax.set_xlabel(naming.text(("Day on the experimental diet", "実験食投与日数（日）"), language), loc="left")


def _acclimatisation(ax: Axes, days: int, lanes: int, study: Study, language: str) -> None:
    box = Rectangle((-days, 0.08), days - 0.15, lanes * _LANE - 0.16)
    box.set(facecolor=look.PALE, linewidth=0)
    ax.add_patch(box)
    normal = max(group.dietary_mg_percent for group in study.groups.values())
    words = ("normal diet\n({mg:g} % Mg)", "予備飼育\n正常食（{mg:g}％Mg）")
    ax.text(
        -days / 2, lanes * _LANE / 2, naming.text(words, language, mg=normal), ha="center", va="center",
        size=look.SMALL_SIZE, color=look.QUIET, linespacing=1.3,
    )  # fmt: skip


def _lane(
    ax: Axes,
    lane: int,
    name: str,
    experiment: Experiment,
    study: Study,
    language: str,
    end: float,
    animals: dict[tuple[str, str], int],
    arrays: dict[tuple[str, str], int],
    samples: Sequence[str],
) -> None:
    group = study.groups[name]
    fill = look.colour(name)
    bar = Rectangle((0, lane * _LANE + 0.08), end, _LANE - 0.16)
    bar.set(facecolor=fill, linewidth=0, gid=f"lane-{name}")
    ax.add_patch(bar)
    diet = naming.text(("{mg:g} % Mg", "{mg:g}％Mg"), language, mg=group.dietary_mg_percent)
    label = naming.say((group.label, group.label_ja), language)
    parts = [label, *([] if diet in label else [diet]), _feeding(group.feeding, language)]
    n = animals.get((experiment.name, name), study.animals_per_group)
    ax.text(
        0.3, (lane + 0.5) * _LANE, (", " if language == "en" else "，").join(parts), ha="left", va="center",
        size=look.SMALL_SIZE, color=look.ink_on(fill),
    )  # fmt: skip
    planned = study.arrays_per_group if name in experiment.array_groups else 0
    n_arrays = arrays.get((experiment.name, name), planned)
    taken = [_SAMPLES[sample] for sample in _SAMPLES if sample in samples] or [("animals", "動物")]
    left = (
        ", ".join(words[0] for words in taken) + ": n = {n}",
        "・".join(words[1] for words in taken) + " n = {n}",
    )
    right = ("right femur (arrays): n = {n}", "右大腿骨（アレイ） n = {n}")
    if not study.methods:
        left, right = ("animals: n = {n}", "動物 n = {n}"), ("arrays: n = {n}", "アレイ n = {n}")
    right = right if n_arrays else ("no arrays", "アレイなし")
    beside = {"ha": "left", "va": "center", "size": 6.5}
    ax.text(end + 0.5, (lane + 0.3) * _LANE, naming.text(left, language, n=n), **beside)
    ink = look.INK if n_arrays else look.QUIET
    ax.text(end + 0.5, (lane + 0.72) * _LANE, naming.text(right, language, n=n_arrays), color=ink, **beside)


def _feeding(feeding: str, language: str) -> str:
    """Say how a group was fed; pair-fed groups name the group whose intake they got."""
    if not feeding.startswith("pair-fed"):
        return naming.text(("ad libitum", "自由摂取"), language)
    partner = naming.group_label(feeding.rpartition(" ")[2], language, short=True)
    return naming.text(("fed what {who} ate", "{who}と等量給餌"), language, who=partner)


def _sampling(ax: Axes, end: float, lanes: int, days: int, language: str) -> None:
    """Draw the days of collecting faeces and urine, the 24-hour urine after them, and the dissection."""
    y = lanes * _LANE + 0.2
    words = (("faeces and urine, {n} days", "糞・尿（{n}日間）"), ("24-h urine", "24時間尿"))
    collected = ((end - 1 - days, end - 1, 0.0, words[0]), (end - 1, end, 0.36, words[1]))
    for start, stop, dy, pair in collected if days else ():
        ax.plot([start, stop], [y + dy, y + dy], color=look.INK, linewidth=1.4, solid_capstyle="butt")
        quiet = {"size": 6.5, "color": look.QUIET}
        ax.text(start - 0.2, y + dy, naming.text(pair, language, n=days), ha="right", va="center", **quiet)
    ax.plot([end, end], [-0.12, lanes * _LANE + 0.7], color=look.INK, linewidth=0.9)
    ax.text(end, -0.16, naming.text(("dissection", "解剖"), language), ha="center", va="bottom", size=6.5)
