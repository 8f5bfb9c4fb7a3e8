"""Titles that name groups and doses, written from the study in both languages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mgbone.figures import style
from mgbone.study import Contrast, Experiment, Study

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
    """Return which groups the stated contrasts of an experiment compare, for its map cell by cell."""
    cases = _unique(c.case for c in experiment.report_contrasts)
    references = _unique(c.reference for c in experiment.report_contrasts)
    if not cases:
        return experiment.label, experiment.label_ja
    others = _and([_fed(g, study) for g in references])
    return (
        f"{_listed(cases, 'en')} against {others}, cell by cell",
        f"{_listed(cases, 'ja')}と{'・'.join(style.group_label(g, 'ja') for g in references)}：部位・構造別",
    )


def tree(experiment: Experiment, study: Study, groups: Sequence[str] | None = None) -> Title:
    """Return which groups' arrays of an experiment stand in one tree, those with least magnesium first.

    Parameters
    ----------
    groups : sequence of str, optional
        Those that have arrays; all that the study names unless given.
    """
    named = [g for g in experiment.array_groups if groups is None or g in set(groups)]
    most = max(group.dietary_mg_percent for group in study.groups.values())
    less = [g for g in named if study.groups[g].dietary_mg_percent < most]
    rest = [g for g in named if g not in less]
    if not (less and rest):
        return _capital(_listed(named, "en")), _listed(named, "ja", short=False)
    comma = "," if len(less) > 1 else ""
    return (
        _capital(f"{_listed(less, 'en')}{comma} and {_and([_fed(g, study) for g in rest])}"),
        f"{_listed(less, 'ja', short=False)}と{'・'.join(style.group_label(g, 'ja') for g in rest)}",
    )


def compared(pair: Sequence[Contrast]) -> Title:
    """Return the title of two contrasts held against one another."""
    cases = [contrast.case for contrast in pair]
    doses = [_DOSE.match(style.group_label(g, "ja", short=True)) for g in cases]
    names = [d[1] if d else style.group_label(g, "ja", short=True) for g, d in zip(cases, doses, strict=True)]
    return f"{_listed(cases, 'en')} compared", f"{'と'.join(names)}の比較"


def _listed(groups: Sequence[str], language: str, *, short: bool = True) -> str:
    """Join the names of groups; doses that differ in the number alone share the rest of their name."""
    names = [style.group_label(g, language, short=short) for g in groups]
    doses = [_DOSE.match(name) for name in names]
    rest = ""
    if all(doses) and len({d[2] for d in doses}) == 1:
        names, rest = [d[1] for d in doses], doses[0][2]
    return ("・".join(names) if language == "ja" else _and(names)) + rest


def _fed(group: str, study: Study) -> str:
    name = style.group_label(group, "en", short=True)
    lower = name[0].lower() + name[1:] if name[1:2].islower() or name[1:2] == "-" else name
    return f"{lower} rats" if study.groups[group].feeding.startswith("pair-fed") else lower


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _word(number: float) -> str:
    return _NUMBERS[int(number)] if number in range(len(_NUMBERS)) else f"{number:g}"


def _span(numbers: set) -> list:
    return sorted({min(numbers), max(numbers)}) if numbers else [0]


def _unique(names) -> list[str]:
    return list(dict.fromkeys(names))
