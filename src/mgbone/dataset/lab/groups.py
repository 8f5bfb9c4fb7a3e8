"""Groups and experiments as laboratories write them, matched with the study; never by guessing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from mgbone.dataset.lab.headings import fold
from mgbone.study.design import Study

T = TypeVar("T")

_DOSE = re.compile(
    r"(?:mg)?(\d*\.?\d+)%?(?:mg|マグネシウム)?(?:含有|欠乏|制限|deficient|deficiency)?(?:食|diet)?"
)


def fold_group(text: str) -> str:
    """Return what is compared of a group's name: as by `fold`, but with decimals and no 群 at its end."""
    kept = re.sub(r"(?<=\d)[.．](?=\d)", "\0", text)
    return re.sub(r"(群|groups?)$", "", fold(kept)).replace("\0", ".")


def experiments_named(text: str, study: Study) -> list[str]:
    """Return the experiments that a cell may mean."""
    words = {
        name: {fold_group(word) for word in (name, one.label, one.label_ja, *one.synonyms)}
        for name, one in study.experiments.items()
    }
    return _in_parts(text, lambda part: [name for name in words if fold_group(part) in words[name]])


def groups_named(text: str, study: Study, experiment: str | None) -> list[tuple[str, str]]:
    """Return the experiments and groups that a cell may mean.

    A name, label or synonym wins; a diet alone (``0.05％Mg食``, ``0.05``) means the group that is fed it, if
    its experiment has one such group.

    Parameters
    ----------
    experiment : str or None
        Of the animal; None where it is not known, and all experiments are searched.
    """
    among = [name for name in study.experiments if experiment in (None, name)]
    pairs = [(name, group) for name in among for group in study.experiments[name].groups]
    exact = [(name, group) for name, group in pairs if text.strip() == group]
    return exact or _in_parts(text, lambda part: _named(part, pairs, study))


def _named(text: str, pairs: list[tuple[str, str]], study: Study) -> list[tuple[str, str]]:
    folded = fold_group(text)
    named = [(name, group) for name, group in pairs if folded in _words(study, group)]
    dose = _DOSE.fullmatch(folded)
    if named or not dose:
        return named
    percent = float(dose[1])
    return [(name, group) for name, group in pairs if study.groups[group].dietary_mg_percent == percent]


def _in_parts(text: str, find: Callable[[str], list[T]]) -> list[T]:
    """Return what a text means, or else what all parts of ``control / 正常食群`` mean alike."""
    found = find(text)
    if found or "/" not in text:
        return found
    parts = [find(part) for part in text.split("/")]
    return [one for one in parts[0] if all(one in part for part in parts)]


def _words(study: Study, group: str) -> set[str]:
    one = study.groups[group]
    return {fold_group(word) for word in (group, one.label, one.label_ja, *one.synonyms)}


def experiment_of_group(pairs: Iterable[tuple[str, str]]) -> str | None:
    """Return the one experiment that all pairs agree on, or None."""
    names = {experiment for experiment, _ in pairs}
    return names.pop() if len(names) == 1 else None


def known_groups(study: Study, experiment: str | None) -> str:
    """List the groups of an experiment as people read them, for messages."""
    among: Mapping[str, object] = study.experiments if experiment is None else {experiment: None}
    groups = dict.fromkeys(group for name in among for group in study.experiments[name].groups)
    return ", ".join(f"{group} ({study.groups[group].label_ja})" for group in groups)
