"""The analyses that could have been made: decisions and their defensible options, as declared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

from mgbone.study.language import either

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
"""Decisions that code can make in several ways, and the options that it has words for, the declared first.

Where none are named, an option states what it is by what ``STATED`` says, and its id is free; the first one
states nothing and is as declared.
"""

STATED: Mapping[str, str] = {
    "regions": "regions",
    "gene_q": "limit",
    "fold_change": "limit",
    "set_sizes": "sizes",
    "clustered_genes": "limit",
}
FEWEST_CLUSTERED = 3


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
