"""Titles that name groups and doses, written from the study in both languages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mgbone.study import naming
from mgbone.study.design import Contrast, Experiment, Study

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


_DOSE = re.compile(r"^([\d.]+ ?[%％])(.*)$")


Title = tuple[str, str]


def design(study: Study) -> Title:
    """Return how many experiments and groups there are and for how long, as the title of the timeline."""
    experiments = list(study.experiments.values())
    groups = _span({len(e.groups) for e in experiments})
    weeks = _span({e.weeks for e in experiments})
    one = len(experiments) == 1
    english = (
        f"{_word(len(experiments))} experiment{'' if one else 's'}, {'–'.join(map(_word, groups))} groups"
        f"{'' if one else ' each'}, {'–'.join(map(_word, weeks))} week{'' if weeks == [1] else 's'} of diet"
    )
    japanese = (
        f"{len(experiments)}つの実験、各{'〜'.join(map(str, groups))}群、"
        f"{'〜'.join(f'{w:g}' for w in weeks)}週間の食餌"
    )
    return english[0].upper() + english[1:], japanese


def cells(experiment: Experiment, study: Study) -> Title:
    """Return which groups of an experiment are drawn cell by cell, those with less magnesium first."""
    less, rest = _by_magnesium(experiment.groups, study)
    groups = [*less, *reversed(rest)]
    english = [_lower(naming.group_label(g, "en", short=True)) for g in groups]
    japanese = [
        naming.narrow_label(g, "ja") if _pair_fed(g, study) else naming.group_label(g, "ja", short=True)
        for g in groups
    ]
    return f"Every femur behind the map: {_and(english)}", f"部位・構造別の全個体：{'・'.join(japanese)}"


def tree(experiment: Experiment, study: Study, groups: Sequence[str] | None = None) -> Title:
    """Return which groups' arrays of an experiment stand in one tree, those with least magnesium first.

    Parameters
    ----------
    groups : sequence of str, optional
        Those that have arrays; all that the study names unless given.
    """
    named = [g for g in experiment.array_groups if groups is None or g in set(groups)]
    less, rest = _by_magnesium(named, study)
    if not (less and rest):
        return _capital(_listed(named, "en")), _listed(named, "ja", short=False)
    comma = "," if len(less) > 1 else ""
    return (
        _capital(f"{_listed(less, 'en')}{comma} and {_and([_fed(g, study) for g in rest])}"),
        f"{_listed(less, 'ja', short=False)}と{'・'.join(naming.group_label(g, 'ja') for g in rest)}",
    )


def compared(pair: Sequence[Contrast]) -> Title:
    """Return the title of two contrasts held against one another."""
    cases = [contrast.case for contrast in pair]
    doses = [_DOSE.match(naming.group_label(g, "ja", short=True)) for g in cases]
    names = [
        d[1] if d else naming.group_label(g, "ja", short=True) for g, d in zip(cases, doses, strict=True)
    ]
    return f"{_listed(cases, 'en')} compared", f"{'と'.join(names)}の比較"


def _listed(groups: Sequence[str], language: str, *, short: bool = True) -> str:
    """Join the names of groups; doses that differ in the number alone share the rest of their name."""
    names = [naming.group_label(g, language, short=short) for g in groups]
    doses = [_DOSE.match(name) for name in names]
    rest = ""
    if all(doses) and len({d[2] for d in doses}) == 1:
        names, rest = [d[1] for d in doses], doses[0][2]
    return ("・".join(names) if language == "ja" else _and(names)) + rest


def _by_magnesium(groups: Sequence[str], study: Study) -> tuple[list[str], list[str]]:
    """Divide groups into those with less magnesium than the normal diet, and the others."""
    most = max(group.dietary_mg_percent for group in study.groups.values())
    less = [g for g in groups if study.groups[g].dietary_mg_percent < most]
    return less, [g for g in groups if g not in less]


def _pair_fed(group: str, study: Study) -> bool:
    return study.groups[group].feeding.startswith("pair-fed")


def _fed(group: str, study: Study) -> str:
    name = _lower(naming.group_label(group, "en", short=True))
    return f"{name} rats" if _pair_fed(group, study) else name


def _lower(name: str) -> str:
    """Begin a word of ordinary letters small; AIN-93G and 0.02 % stay."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _word(number: float) -> str:
    return _NUMBERS[int(number)] if number in range(len(_NUMBERS)) else f"{number:g}"


def _span(numbers: set) -> list:
    return sorted({min(numbers), max(numbers)}) if numbers else [0]
