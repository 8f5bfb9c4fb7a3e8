"""What a figure found, in a sentence: from tables of evidence, for the line below its title."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from mgbone.figures.canvas import by_dose, capital
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_label
from mgbone.study.language import N_, tr
from mgbone.study.naming import LEVEL_MARKS, contrast_label, name_of_test, narrow_label

NOTHING = N_("no difference was found")

_VERBS = {
    "up": (N_("{what} rose at {where}"), N_("{what} tended to rise at {where}")),
    "down": (N_("{what} fell at {where}"), N_("{what} tended to fall at {where}")),
}


def listed(names: Iterable[str]) -> str:
    """Join names as a sentence does: a, b and c."""
    names = [*dict.fromkeys(names)]
    return tr(" and ").join(filter(None, [tr(", ").join(names[:-1]), *names[-1:]]))


def sentence(parts: Iterable[str]) -> str:
    """Join parts to a sentence, with a capital and a full stop; empty if there are none."""
    said = tr("; ").join(filter(None, parts))
    return f"{capital(said)}{tr('.')}" if said else ""


def span(counts: Iterable[float]) -> str:
    """Write the least and the largest of some counts: 7–8, or one of them where they are the same."""
    return "–".join(dict.fromkeys(f"{n:.0f}" for n in (min(counts), max(counts))))


def tests(evidence: pd.DataFrame) -> str:
    """Name the tests behind p, as the table has them."""
    return tr("; ").join(map(name_of_test, evidence["test"].dropna().unique()))


def name(endpoint: str) -> str:
    """Return the name of an endpoint as it stands inside a sentence: serum ALP, but PTH."""
    label = endpoint_label(endpoint)
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def of_doses(evidence: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the rows on each dose against the reference of its own experiment."""
    place = {(c.experiment, c.name): i for i, c in enumerate(study.shown_contrasts)}
    at = [place.get(key) for key in zip(evidence["experiment"], evidence["contrast"], strict=True)]
    placed = evidence.assign(at=at).dropna(subset="at").sort_values("at", kind="stable")
    return placed.drop(columns="at")


def changes(evidence: pd.DataFrame, endpoints: Sequence[str], study: Study) -> str:
    """Say which endpoints rose or fell at which dose, by trend too, and which did not: one sentence.

    `evidence` has experiment, endpoint, contrast, level, direction.
    """
    doses = of_doses(evidence, study)
    said, without = [], []
    for endpoint in endpoints:
        what = name(endpoint)
        here = doses[doses["endpoint"].eq(endpoint) & doses["level"].notna()]
        others = evidence[evidence["endpoint"].eq(endpoint) & evidence["level"].eq("significant")]
        parts = _moved(here, what, dose) or _moved(others, what, contrast_label)
        said += parts
        without += [what] if len(here) and not parts else []
    if without:
        said.append(tr("no difference in {names}", names=listed(without)) if said else tr(NOTHING))
    return sentence(said)


def _moved(rows: pd.DataFrame, what: str, where: Callable[[str], str]) -> list[str]:
    parts = []
    for direction, (verb, tended) in _VERBS.items():
        here = rows[rows["direction"].eq(direction)]
        clear, trend = (
            listed(map(where, here.loc[here["level"].eq(level), "contrast"])) for level in LEVEL_MARKS
        )
        if clear:
            also = tr(", by trend at {where}", where=trend) if trend else ""
            parts.append(tr(verb, what=what, where=clear) + also)
        elif trend:
            parts.append(tr(tended, what=what, where=trend))
    return parts


def dose(contrast: str) -> str:
    """Return the dose of the case of a contrast, as it stands inside a sentence."""
    return narrow_label(contrast.partition("_vs_")[0])


def by_contrast(parts: Any, say: Callable[[Any], str]) -> str:
    """Say something of each contrast: "0.04 % Mg vs Control: ...; ..."; without any, that nothing was found.

    `parts` is a table with the column contrast, or what there is of each contrast by its name.
    """
    of = parts if isinstance(parts, Mapping) else dict(iter(parts.groupby("contrast", sort=False)))
    said = [tr("{contrast}: {said}", contrast=contrast_label(c), said=say(of[c])) for c in by_dose(of)]
    return sentence(said or [tr(NOTHING)])
