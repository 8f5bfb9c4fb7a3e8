"""The design of the study as a timeline: who was fed what, for how long, and what was taken from whom."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mgbone.figures import style
from mgbone.figures.groups import experiment_title
from mgbone.study import Experiment, Study

# Methods of the report, section 3-(1): rats of 3 weeks, 1 week on the normal diet, then the experimental
# diets; faeces and urine for 3 days from the 4th day before dissection, urine of the last 24 hours.
_ACCLIMATISATION = 7
_COLLECTION = (4, 1)
_LANE = 1.0


def timeline(
    study: Study,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    animals: dict[tuple[str, str], int] | None = None,
    arrays: dict[tuple[str, str], int] | None = None,
) -> Figure:
    """Draw both experiments as timelines in days, one lane per group, and what its samples went into.

    Parameters
    ----------
    study : Study
        Groups, diets, weeks and numbers of animals and arrays.
    animals, arrays : dict, optional
        Numbers by (experiment, group) where a dataset has other ones than the study states.

    Returns
    -------
    Figure
    """
    experiments = list(study.experiments.values())
    figure, axes = style.new_figure(
        len(experiments), 1, width=style.DOUBLE, height=44.0 * len(experiments),
        title=style.say(title, language),
        subtitle=style.text(
            ("Male Wistar rats, 3 weeks old on arrival; AIN-93G diets that differ in magnesium oxide only",
             "3週齢雄性Wistar系ラット，AIN-93G飼料（酸化マグネシウム量のみ異なる）"), language),
        note=style.text(
            ("Numbers of animals and arrays are assumptions where the report gives none (study.yml)",
             "匹数とアレイ数は報告書に記載がなく，study.ymlの仮定による"), language)
        if animals is None else "", language=language,
    )  # fmt: skip
    figure.get_layout_engine().set(hspace=0.06)
    for ax, experiment in zip(axes[:, 0], experiments, strict=True):
        _experiment(ax, experiment, study, language, animals or {}, arrays or {})
    return figure


def _experiment(
    ax: Axes,
    experiment: Experiment,
    study: Study,
    language: str,
    animals: dict[tuple[str, str], int],
    arrays: dict[tuple[str, str], int],
) -> None:
    end = 7 * experiment.weeks
    lanes = len(experiment.groups)
    middle = lanes * _LANE / 2
    box = Rectangle((-_ACCLIMATISATION, 0.08), _ACCLIMATISATION - 0.15, lanes * _LANE - 0.16)
    box.set(facecolor=style.PALE, linewidth=0)
    ax.add_patch(box)
    words = ("normal diet\n(0.05 % Mg)", "予備飼育\n正常食（0.05％Mg）")
    ax.text(
        -_ACCLIMATISATION / 2, middle, style.text(words, language), ha="center", va="center",
        size=style.SMALL_SIZE, color=style.QUIET, linespacing=1.3,
    )  # fmt: skip
    for lane, name in enumerate(experiment.groups):
        _lane(ax, lane, name, experiment, study, language, end, animals, arrays)
    _sampling(ax, end, lanes, language)
    ax.set_xlim(-_ACCLIMATISATION - 0.2, end + 8.6)
    ax.set_ylim(lanes * _LANE + 1.0, -0.62)
    ax.set_title(experiment_title(experiment, study, language), pad=2)
    ax.set_yticks([])
    days = [-_ACCLIMATISATION, 0, *range(7, int(end) + 1, 7)]
    ax.set_xticks(days, [str(d).replace("-", "−") for d in days])
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_bounds(-_ACCLIMATISATION, end)
    ax.set_xlabel(style.text(("Day on the experimental diet", "実験食投与日数（日）"), language), loc="left")


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
) -> None:
    group = study.groups[name]
    fill = style.colour(name)
    bar = Rectangle((0, lane * _LANE + 0.08), end, _LANE - 0.16)
    bar.set(facecolor=fill, linewidth=0, gid=f"lane-{name}")
    ax.add_patch(bar)
    diet = style.text(("{mg:g} % Mg", "{mg:g}％Mg"), language, mg=group.dietary_mg_percent)
    label = style.say((group.label, group.label_ja), language)
    parts = [label, *([] if diet in label else [diet]), _feeding(group.feeding, language)]
    n = animals.get((experiment.name, name), study.animals_per_group)
    ax.text(
        0.3, (lane + 0.5) * _LANE, (", " if language == "en" else "，").join(parts), ha="left", va="center",
        size=style.SMALL_SIZE, color=style.ink_on(fill),
    )  # fmt: skip
    planned = study.arrays_per_group if name in experiment.array_groups else 0
    n_arrays = arrays.get((experiment.name, name), planned)
    samples = ("serum, urine, left femur (qCT): n = {n}", "血清・尿・左大腿骨（qCT） n = {n}")
    right = ("right femur (arrays): n = {n}", "右大腿骨（アレイ） n = {n}")
    right = right if n_arrays else ("no arrays", "アレイなし")
    beside = {"ha": "left", "va": "center", "size": 6.5}
    ax.text(end + 0.5, (lane + 0.3) * _LANE, style.text(samples, language, n=n), **beside)
    ink = style.INK if n_arrays else style.QUIET
    ax.text(end + 0.5, (lane + 0.72) * _LANE, style.text(right, language, n=n_arrays), color=ink, **beside)


def _feeding(feeding: str, language: str) -> str:
    """Say how a group was fed; pair-fed groups name the group whose intake they got."""
    if not feeding.startswith("pair-fed"):
        return style.text(("ad libitum", "自由摂取"), language)
    partner = style.group_label(feeding.rpartition(" ")[2], language, short=True)
    return style.text(("fed what {who} ate", "{who}と等量給餌"), language, who=partner)


def _sampling(ax: Axes, end: float, lanes: int, language: str) -> None:
    start, stop = (end - day for day in _COLLECTION)
    y = lanes * _LANE + 0.2
    ax.plot([start, stop], [y, y], color=style.INK, linewidth=1.4, solid_capstyle="butt")
    ax.plot([end - 1, end], [y + 0.36, y + 0.36], color=style.INK, linewidth=1.4, solid_capstyle="butt")
    words = (("faeces and urine, 3 days", "糞・尿（3日間）"), ("24-h urine", "24時間尿"))
    for x, dy, pair in ((start, 0.0, words[0]), (end - 1, 0.36, words[1])):
        quiet = {"size": 6.5, "color": style.QUIET}
        ax.text(x - 0.2, y + dy, style.text(pair, language), ha="right", va="center", **quiet)
    ax.plot([end, end], [-0.12, lanes * _LANE + 0.7], color=style.INK, linewidth=0.9)
    ax.text(end, -0.16, style.text(("dissection", "解剖"), language), ha="center", va="bottom", size=6.5)
