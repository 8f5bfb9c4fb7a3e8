"""Titles that name groups and doses, written from the study."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mgbone.study import naming
from mgbone.study.design import Experiment, Study
from mgbone.study.language import N_, current, tr

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_DOSE = re.compile(r"^([\d.]+ ?[%％])(.*)$")


def design(study: Study) -> str:
    """Return how many experiments and groups there are and for how long, as the title of the timeline."""
    n = len(study.experiments)
    groups = _span({len(e.groups) for e in study.experiments.values()})
    weeks = _span({e.weeks for e in study.experiments.values()})
    spoken = current() == "en"
    said = tr(
        "{experiments} experiment{plural}, {groups} groups{each}, {weeks} week{plural_weeks} of diet",
        experiments=_word(n) if spoken else n,
        plural="" if n == 1 else "s",
        groups="–".join(map(_word, groups)) if spoken else "〜".join(map(str, groups)),
        each="" if n == 1 else " each",
        weeks="–".join(map(_word, weeks)) if spoken else "〜".join(f"{w:g}" for w in weeks),
        plural_weeks="" if weeks == [1] else "s",
    )
    return _capital(said)


def of_study(title: str) -> str:
    """Name in a title of the notebooks what the diets differ in; without doses it is another title."""
    if "{nutrient}" not in title:
        return title
    if naming.has_doses():
        return tr(title, nutrient=naming.nutrient_word())
    return tr(_WITHOUT_DOSES[title])


_WITHOUT_DOSES = {
    "Eating less, or less {nutrient}?": N_("Eating less, or the diet itself?"),
    "Did serum {nutrient} fall, and did other minerals follow?": N_("Did minerals in serum change?"),
    "How each endpoint follows the {nutrient} of the diet": N_(
        "Each endpoint in percent of its reference group"
    ),
}


def cells(experiment: Experiment, study: Study) -> str:
    """Return which groups of an experiment are drawn cell by cell, those with a lower dose first."""
    less, rest = _by_dose(experiment.groups, study)
    groups = [*less, *reversed(rest)]
    if current() == "ja":
        names = [(naming.narrow_label if _pair_fed(g, study) else _short)(g) for g in groups]
    else:
        names = [_lower(_short(g)) for g in groups]
    return tr("Every femur behind the map: {groups}", groups=_and(names))


def tree(experiment: Experiment, study: Study) -> str:
    """Return which groups' arrays of an experiment stand in one tree, those with the lowest dose first."""
    named = list(experiment.array_groups)
    less, rest = _by_dose(named, study)
    if current() == "ja":
        others = "・".join(naming.group_label(g) for g in rest)
        return "と".join(filter(None, [_listed(less, short=False), others]))
    if not (less and rest):
        return _capital(_listed(named))
    comma = "," if len(less) > 1 else ""
    return _capital(f"{_listed(less)}{comma} and {_and([_fed(g, study) for g in rest])}")


def compared(cases: Sequence[str]) -> str:
    """Return the title of two contrasts held against one another, from the groups that they are about."""
    if current() == "en":
        return tr("{groups} compared", groups=_listed(cases))
    doses = [_DOSE.match(_short(g)) for g in cases]
    names = [d[1] if d else _short(g) for g, d in zip(cases, doses, strict=True)]
    return tr("{groups} compared", groups="と".join(names))


def _short(group: str) -> str:
    return naming.group_label(group, short=True)


def _listed(groups: Sequence[str], *, short: bool = True) -> str:
    """Join the names of groups; doses that differ in the number alone share the rest of their name."""
    names = [naming.group_label(g, short=short) for g in groups]
    doses = [_DOSE.match(name) for name in names]
    rest = ""
    if all(doses) and len({d[2] for d in doses}) == 1:
        names, rest = [d[1] for d in doses], doses[0][2]
    return _and(names) + rest


def _by_dose(groups: Sequence[str], study: Study) -> tuple[list[str], list[str]]:
    """Divide groups into those with a lower dose than the normal diet, and the others."""
    dose = {g: study.groups[g].dose for g in groups}
    less = [g for g in groups if dose[g] is not None and dose[g] < study.highest_dose]
    return less, [g for g in groups if g not in less]


def _pair_fed(group: str, study: Study) -> bool:
    return study.groups[group].feeding.startswith("pair-fed")


def _fed(group: str, study: Study) -> str:
    name = _lower(naming.group_label(group, short=True))
    return f"{name} rats" if _pair_fed(group, study) else name


def _lower(name: str) -> str:
    """Begin a word of ordinary letters small; AIN-93G and 0.02 % stay."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def _and(names: Sequence[str]) -> str:
    if current() == "ja":
        return "・".join(names)
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _word(number: float) -> str:
    return _NUMBERS[int(number)] if number in range(len(_NUMBERS)) else f"{number:g}"


def _span(numbers: set) -> list:
    return sorted({min(numbers), max(numbers)}) if numbers else [0]
