"""What the entries of a study file owe to one another, beyond the form of each (schema/study.json)."""

import math
import unicodedata
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any

from mgbone.study.dictionary import endpoints
from mgbone.study.documents import Document, Keys, is_it, nearest_name
from mgbone.study.language import N_, tr
from mgbone.study.multiverse import FEWEST_CLUSTERED, KNOWN, STATED


def check_design(document: Document, content: Mapping[str, Any]) -> None:
    """Add to the document's slips what contradicts itself in a study.

    Parameters
    ----------
    document : Document
        Sound in form; tells the lines.
    content : mapping
        Its content, completed by what it need not say.
    """
    groups, experiments = content["groups"], content["experiments"]
    for name, entry in experiments.items():
        _check_experiment(document, ("experiments", name), entry, groups)
    _check_contrasts_apart(document, experiments)
    for kind, entries in (("groups", groups), ("experiments", experiments)):
        _check_names(document, kind, entries)
    _check_thresholds(document, content["thresholds"])
    _check_regions(document, content["regions"], bool(content.get("regions_may_overlap")))
    _check_order(document, content.get("dose_order", []), experiments)
    _check_doses(document, content)
    _check_decisions(document, content.get("multiverse", []), bool(content.get("regions_may_overlap")))
    ids = [entry["id"] for entry in content["assumptions"]]
    for place, name in enumerate(ids):
        if name in ids[:place]:
            problem = tr("{name!r} stands a second time", name=name)
            document.slip(("assumptions", place, "id"), problem, tr("Rename one."))


def _check_experiment(document: Document, keys: Keys, entry: Mapping[str, Any], groups: Mapping) -> None:
    own = entry["groups"]
    for place, name in enumerate(own):
        if name not in groups:
            _unknown(document, (*keys, "groups", place), name, list(groups), _UNDEFINED)
    for place, name in enumerate(entry.get("array_groups", [])):
        if name not in own:
            _unknown(document, (*keys, "array_groups", place), name, own, _NOT_OF_EXPERIMENT)
    for kind in ("contrasts", "array_contrasts", "report"):
        known = own if kind != "array_contrasts" else entry.get("array_groups", own)
        stated: list[str] = []
        for place, contrast in enumerate(entry.get(kind, [])):
            case, _, reference = contrast.partition("_vs_")
            here = (*keys, kind, place)
            if case not in known or reference not in known or case == reference:
                said = N_("the contrast {contrast!r} is none of two groups of {groups}")
                near = nearest_name(contrast, [f"{a}_vs_{b}" for a in known for b in known if a != b])
                problem = tr(said, contrast=contrast, groups=tr(", ").join(known))
                document.slip(here, problem, is_it(near) or tr("Write case_vs_reference."))
            elif f"{reference}_vs_{case}" in stated:
                problem = tr("{contrast} stands the other way round, too", contrast=contrast)
                document.slip(here, problem, tr("Delete one of the two."))
            elif kind == "report" and contrast not in entry["contrasts"]:
                problem = tr("{contrast} is not among the contrasts of the experiment", contrast=contrast)
                document.slip(here, problem, tr("Add it there."))
            stated.append(contrast)


_UNDEFINED = N_("names the group {name!r}; groups defines {known}")
_NOT_OF_EXPERIMENT = N_("names the group {name!r}; the experiment has {known}")


def _unknown(document: Document, keys: Keys, name: str, known: list[str], said: str) -> None:
    problem = tr(said, name=name, known=tr(", ").join(known))
    document.slip(keys, problem, is_it(nearest_name(name, known)) or tr("Define it, or correct the name."))


def _check_contrasts_apart(document: Document, experiments: Mapping[str, Any]) -> None:
    """No figure could tell two contrasts of one name apart."""
    first: dict[str, str] = {}
    for name, entry in experiments.items():
        for place, contrast in enumerate(entry["contrasts"]):
            if first.setdefault(contrast, name) != name:
                said = N_("the contrast {contrast!r} is in two experiments, {first} and {second}")
                problem = tr(said, contrast=contrast, first=first[contrast], second=name)
                advice = tr("Give the groups of one of them other names.")
                document.slip(("experiments", name, "contrasts", place), problem, advice)


def _check_names(document: Document, kind: str, entries: Mapping[str, Any]) -> None:
    """A word in a laboratory's table must not mean two groups, or two experiments."""
    first = {_folded(name): name for name in entries}
    for name, entry in entries.items():
        said = [(key, entry[key]) for key in ("label", "label_ja", "short", "short_ja") if key in entry]
        said += [("synonyms", word) for word in entry.get("synonyms", [])]
        for key, word in said:
            other = first.setdefault(_folded(word), name)
            if other != name:
                problem = tr("{word!r} means {other} already", word=word, other=other)
                document.slip((kind, name, key), problem, tr("Give each one names of its own."))


def _folded(text: object) -> str:
    return "".join(unicodedata.normalize("NFKC", str(text)).casefold().split())


def _check_thresholds(document: Document, limits: Mapping[str, float]) -> None:
    if limits["trend"] < limits["significant"]:
        problem = tr("found {trend}, below significant ({significant})", **limits)
        advice = tr("A trend is a p from `significant` up to below it.")
        document.slip(("thresholds", "trend"), problem, advice)


def _check_regions(
    document: Document,
    regions: Mapping[str, list[float]],
    may_overlap: bool,
    where: Keys = ("regions",),
) -> None:
    for name, (low, high) in regions.items():
        if low >= high:
            problem = tr("found [{low}, {high}], which ends before it begins", low=low, high=high)
            advice = tr("Count from the knee: the smaller fraction first.")
            document.slip((*where, name), problem, advice)
    apart = sorted((tuple(regions[name]), name) for name in regions if name != "full")
    for ((_, end), before), ((begin, _), name) in pairwise(apart):
        if begin < end and not may_overlap:
            said = N_("{name} begins at {begin}, within {before} (to {end})")
            problem = tr(said, name=name, begin=begin, before=before, end=end)
            advice = tr("Part them, or write regions_may_overlap: true.")
            document.slip((*where, name), problem, advice)


def _check_order(document: Document, order: list[Mapping[str, str]], experiments: Mapping[str, Any]) -> None:
    for place, step in enumerate(order):
        known = experiments.get(step["experiment"], {}).get("contrasts", [])
        if step["contrast"] not in known:
            problem = tr("{experiment} has no contrast {contrast!r}", **step)
            said = N_("It has {names}.") if known else N_("Experiments are {names}.")
            document.slip(("dose_order", place), problem, tr(said, names=tr(", ").join(known or experiments)))


def _check_doses(document: Document, content: Mapping[str, Any]) -> None:
    """Doses are all of one kind: percent of magnesium, or of what `dose_of` names."""
    named = {
        key for entry in content["groups"].values() for key in ("dose", "dietary_mg_percent") if key in entry
    }
    if named == {"dose", "dietary_mg_percent"}:
        problem = tr("gives doses both as dose and as dietary_mg_percent")
        document.slip(("groups",), problem, tr("Keep one of the two."))
    elif "dose" in named and "dose_of" not in content:
        advice = tr('Add, as an entry of its own, dose_of: {name: Ca, unit: "%"}.')
        document.slip(("groups",), tr("gives doses, but not of what"), advice)


def _check_decisions(document: Document, entries: Iterable[Mapping[str, Any]], may_overlap: bool) -> None:
    """What no code can do among the options of the multiverse, what does nothing, what stands there twice."""
    seen: list[str] = []
    for place, entry in enumerate(entries):
        here = ("multiverse", place)
        if entry["id"] not in KNOWN:
            problem = tr("{name!r} is no decision that can be varied", name=entry["id"])
            advice = is_it(nearest_name(entry["id"], KNOWN)) or tr("It has {names}.", names=_listed(KNOWN))
            document.slip((*here, "id"), problem, advice)
            continue
        if entry["id"] in seen:
            problem = tr("{name!r} stands a second time", name=entry["id"])
            document.slip((*here, "id"), problem, tr("Put its options together."))
        seen.append(entry["id"])
        for at, pattern in enumerate(entry["endpoints"]):
            if not any(fnmatchcase(endpoint, pattern) for endpoint in endpoints()):
                problem = tr("{name!r} is the name of no endpoint", name=pattern)
                near = is_it(nearest_name(pattern, endpoints()))
                document.slip((*here, "endpoints", at), problem, near or tr("Correct it, or delete it."))
        _check_options(document, here, entry)
        for at, option in enumerate(entry["options"]):
            _check_stated(document, (*here, "options", at), entry["id"], option, may_overlap)


def _check_options(document: Document, here: Keys, entry: Mapping[str, Any]) -> None:
    """Names of options: those that code knows, each once, the declared one first."""
    known = KNOWN[entry["id"]]
    names = [option["id"] for option in entry["options"]]
    for at, name in enumerate(names):
        where = (*here, "options", at, "id")
        if known and name not in known:
            said = N_("{name!r} is no option of {decision}")
            advice = is_it(nearest_name(name, known)) or tr("It has {names}.", names=_listed(known))
            document.slip(where, tr(said, name=name, decision=entry["id"]), advice)
        elif known and at == 0 and name != known[0]:
            said = N_("{name!r} stands first, where the declared option belongs")
            document.slip(where, tr(said, name=name), tr("Put {declared} first.", declared=known[0]))
        if name in names[:at]:
            document.slip(where, tr("{name!r} stands a second time", name=name), tr("Rename one."))


def _check_stated(
    document: Document, where: Keys, decision: str, option: Mapping[str, Any], may_overlap: bool
) -> None:
    """What an option states: what its decision takes and nothing else, and the declared one nothing."""
    takes, first = STATED.get(decision), where[-1] == 0
    stated = [key for key in ("regions", "limit", "sizes") if key in option]
    for key in stated:
        if first and key == takes:
            problem = tr("stands in the first option, which is the declared one")
            document.slip((*where, key), problem, tr("Delete it, or put the declared option before it."))
        elif key != takes:
            document.slip(
                (*where, key), tr("does nothing for {decision}", decision=decision), tr("Delete it.")
            )
    if takes and not first and not stated:
        problem = tr("{name!r} says by no number how it differs from the declared option", name=option["id"])
        document.slip(where, problem, tr("Add {key}.", key=takes))
    if "regions" in stated:
        _check_regions(document, option["regions"], may_overlap, (*where, "regions"))
    low, high = option.get("sizes", (0, 1))
    if low >= high:
        problem = tr("found [{low}, {high}], which ends before it begins", low=low, high=high)
        document.slip((*where, "sizes"), problem, tr("Put the smaller number first."))
    if "limit" in stated and (allowed := _wrong_limit(decision, option["limit"])):
        problem = tr("found {found}, allowed is {allowed}", found=option["limit"], allowed=allowed)
        document.slip((*where, "limit"), problem, tr("Correct it."))


def _wrong_limit(decision: str, limit: float) -> str:
    """Say what is allowed, where a limit is not."""
    if decision == "gene_q" and not 0 < limit <= 1:
        return tr("a number above 0, up to 1")
    if decision == "clustered_genes" and not (limit >= FEWEST_CLUSTERED and float(limit).is_integer()):
        return tr("a whole number, {fewest} or more", fewest=FEWEST_CLUSTERED)
    return "" if math.isfinite(limit) else tr("a number, 0 or above")


def _listed(names: Iterable[str]) -> str:
    return tr(", ").join(names)
