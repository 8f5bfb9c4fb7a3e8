"""The analyses that could have been made: decisions and their defensible options, as declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

from mgbone.study.documents import Document, Keys, is_it, nearest_name
from mgbone.study.language import N_, either, tr

KNOWN: Mapping[str, tuple[str, ...]] = {
    "test": ("tukey_kramer", "games_howell", "dunnett", "dunn", "mann_whitney"),
    "outliers": ("kept", "flagged_out", "most_extreme_out"),
    "transformation": ("none", "logarithm"),
    "urine": ("per_creatinine", "per_day"),
    "regions": (),
    "density": ("content_over_volume", "mean_of_slices"),
    "array_background": ("convolution", "none"),
    "array_normalisation": ("quantile", "median"),
    "gene_model": ("moderated", "trend", "two_groups"),
    "gene_q": (),
    "fold_change": (),
    "set_sizes": (),
    "set_background": ("expressed", "chip", "annotated"),
    "clustered_genes": (),
    "linkage": ("average", "complete", "ward"),
}
"""Decisions that code can make in more than one way, and the options that it has words for.

Where none are named, an option states what it is by `regions`, `limit` or `sizes`, and its id is free.
"""


@dataclass(frozen=True)
class Option:
    """One way of deciding, with the sentence that defends it; what it leaves open is as declared."""

    id: str
    label: str
    reason: str
    label_ja: str = ""
    reason_ja: str = ""
    regions: Mapping[str, tuple[float, float]] | None = None
    limit: float | None = None
    sizes: tuple[int, int] | None = None

    @property
    def reason_in_use(self) -> str:
        """The sentence that defends it, in the language in use."""
        return either(self.reason, self.reason_ja)


@dataclass(frozen=True)
class Decision:
    """A decision that could have been made in several ways; the first option is the declared one."""

    id: str
    label: str
    endpoints: tuple[str, ...]
    options: tuple[Option, ...]
    label_ja: str = ""

    def is_about(self, endpoint: str) -> bool:
        """Say whether the decision touches an endpoint."""
        return any(fnmatchcase(endpoint, pattern) for pattern in self.endpoints)

    def option(self, name: str) -> Option:
        """Return the option of that id."""
        return next(one for one in self.options if one.id == name)


def read_decisions(entries: Iterable[Mapping[str, Any]]) -> tuple[Decision, ...]:
    """Return the decisions that a study file lists under ``multiverse``."""
    return tuple(
        Decision(
            **{key: value for key, value in entry.items() if key not in ("endpoints", "options")},
            endpoints=tuple(entry["endpoints"]),
            options=tuple(Option(**option) for option in entry["options"]),
        )
        for entry in entries
    )


def specifications(decisions: Iterable[Decision], endpoint: str) -> list[dict[str, str]]:
    """Cross all options of the decisions that touch an endpoint.

    Returns
    -------
    list of dict of str to str
        Option by decision; the first is the declared specification. Empty where no decision touches it.
    """
    touching = [one for one in decisions if one.is_about(endpoint)]
    crossed = product(*([option.id for option in one.options] for one in touching))
    return [dict(zip([one.id for one in touching], ids, strict=True)) for ids in crossed] if touching else []


def decision_label(decision: Decision) -> str:
    """Return the name of a decision in the language in use."""
    return either(decision.label, decision.label_ja)


def option_label(option: Option) -> str:
    """Return the name of an option in the language in use."""
    return either(option.label, option.label_ja)


def check_decisions(document: Document, entries: Iterable[Mapping[str, Any]]) -> None:
    """Add to the document's slips what no code can do among the options, and what stands there twice."""
    seen: list[str] = []
    for place, entry in enumerate(entries):
        here = ("multiverse", place)
        if entry["id"] not in KNOWN:
            problem = tr("{name!r} is no decision that can be varied", name=entry["id"])
            advice = is_it(nearest_name(entry["id"], KNOWN)) or tr("It has {names}.", names=_listed(KNOWN))
            document.slip((*here, "id"), problem, advice)
            continue
        known = KNOWN[entry["id"]]
        names = [option["id"] for option in entry["options"]]
        for at, name in enumerate(names):
            where = (*here, "options", at, "id")
            if known and name not in known:
                said = N_("{name!r} is no option of {decision}")
                advice = is_it(nearest_name(name, known)) or tr("It has {names}.", names=_listed(known))
                document.slip(where, tr(said, name=name, decision=entry["id"]), advice)
            if name in names[:at]:
                document.slip(where, tr("{name!r} stands a second time", name=name), tr("Rename one."))
        if entry["id"] in seen:
            problem = tr("{name!r} stands a second time", name=entry["id"])
            document.slip((*here, "id"), problem, tr("Put its options together."))
        seen.append(entry["id"])
        for at, option in enumerate(entry["options"]):
            _check_numbers(document, (*here, "options", at), option, free=not known and at > 0)


def _check_numbers(document: Document, where: Keys, option: Mapping[str, Any], free: bool) -> None:
    numbers = [key for key in ("regions", "limit", "sizes") if key in option]
    if free and not numbers:
        problem = tr("{name!r} says by no number how it differs from the declared option", name=option["id"])
        document.slip(where, problem, tr("Add regions, limit or sizes."))
    spans = {**option.get("regions", {}), "sizes": option.get("sizes", [0, 1])}
    for name, (low, high) in spans.items():
        if low >= high:
            problem = tr("found [{low}, {high}], which ends before it begins", low=low, high=high)
            document.slip(where, f"{name}: {problem}", tr("Put the smaller number first."))


def _listed(names: Iterable[str]) -> str:
    return tr(", ").join(names)
