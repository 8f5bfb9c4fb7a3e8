"""The study as data: experiments, groups, contrasts, thresholds and the assumptions behind them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from mgbone.study.design_checks import check_design
from mgbone.study.documents import Document, read_document
from mgbone.study.errors import StudyError
from mgbone.study.language import either, tr
from mgbone.study.multiverse import Decision, read_decisions
from mgbone.study.paths import project_root, resolve

SHIPPED_GENE_SETS = "data/genesets/go_bp.gmt.gz"
STRUCTURES = ("whole", "cortical", "cancellous", "trabecular")
REGIONS = ("full", "distal", "mid", "proximal")


@dataclass(frozen=True)
class Group:
    """One group of animals: its diet, how it was fed, and what else a laboratory may call it."""

    name: str
    label: str
    label_ja: str
    dose: float | None = (
        None  # of the study's nutrient in the diet; None where groups differ in something else
    )
    feeding: str = "ad libitum"
    synonyms: tuple[str, ...] = ()
    short: str = ""  # where there is little room; without it the label
    short_ja: str = ""
    narrow_ja: str = ""  # where there is still less

    def __post_init__(self) -> None:
        """Let the label stand where no short one is given."""
        for short, label in (("short", self.label), ("short_ja", self.label_ja)):
            object.__setattr__(self, short, getattr(self, short) or label)

    @property
    def dietary_mg_percent(self) -> float | None:
        """The dose under the name that it has in the compendium's own study."""
        return self.dose


@dataclass(frozen=True)
class Nutrient:
    """What the diets differ in, as a sign and as a word, and the unit of its doses."""

    name: str
    unit: str
    word: str = ""
    word_ja: str = ""


MAGNESIUM = Nutrient("Mg", "%", "magnesium", "Mg")
"""Of a study that gives its doses as dietary_mg_percent, as the compendium's own does."""


@dataclass(frozen=True)
class Contrast:
    """A comparison of two groups of one experiment; a difference is always case minus reference."""

    experiment: str
    name: str
    case: str
    reference: str


@dataclass(frozen=True)
class Experiment:
    """One feeding experiment: the groups in display order and the contrasts between them."""

    name: str
    label: str
    label_ja: str
    weeks: float
    groups: tuple[str, ...]
    array_groups: tuple[str, ...]
    contrasts: tuple[Contrast, ...]
    array_contrasts: tuple[Contrast, ...]
    report_contrasts: tuple[Contrast, ...]
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """Everything that an analysis must know about the design; see ``data/study.yml``."""

    title: str
    title_ja: str
    source: str
    experiments: Mapping[str, Experiment]
    groups: Mapping[str, Group]
    animals_per_group: int
    arrays_per_group: int
    dose_order: tuple[Contrast, ...]
    thresholds: Mapping[str, float]
    regions: Mapping[str, tuple[float, float]]
    gene_sets: str
    gene_set_symbols: str
    assumptions: tuple[Mapping[str, str], ...]
    methods: Mapping[str, Any] = field(default_factory=dict)
    dose_of: Nutrient = MAGNESIUM
    equivalence: tuple[Mapping[str, Any], ...] = ()
    multiverse: tuple[Decision, ...] = ()

    def equivalence_bound(self, endpoint: str) -> float:
        """Return the largest difference that counts as none, in percent; missing where undeclared."""
        named = (e for e in self.equivalence if any(fnmatchcase(endpoint, one) for one in e["endpoints"]))
        return float(next(named, {"percent": "nan"})["percent"])

    @property
    def design(self) -> object:
        """What two studies must have alike to be spoken of by the same statements; compare by ``==``."""
        doses = {name: (self.dose_of.name, g.dose, g.feeding) for name, g in self.groups.items()}
        fed = {(e.name, g): doses[g] for e in self.experiments.values() for g in e.groups}
        return fed, {(c.experiment, c.name) for c in self.contrasts}

    @cached_property
    def follows_report(self) -> bool:
        """Whether this is the design of the report, so that its statements are about it."""
        return self.design == load_study().design

    @property
    def contrasts(self) -> tuple[Contrast, ...]:
        """All contrasts of all experiments, in the order of the study file."""
        return tuple(c for experiment in self.experiments.values() for c in experiment.contrasts)

    @property
    def shown_contrasts(self) -> tuple[Contrast, ...]:
        """The contrasts that have a panel each: the order of doses, or without one all that are stated."""
        return self.dose_order or tuple(c for e in self.experiments.values() for c in e.report_contrasts)

    def endpoints_of(self, endpoints: Iterable[str], table: pd.DataFrame) -> list[str]:
        """Return the endpoints to speak of: all in the report's study, in another one those of the table."""
        return [e for e in endpoints if self.follows_report or table["endpoint"].eq(e).any()]

    @property
    def highest_dose(self) -> float | None:
        """The dose of the normal diet; None where groups differ in something else."""
        return max((g.dose for g in self.groups.values() if g.dose is not None), default=None)

    def contrast(self, experiment: str, name: str) -> Contrast:
        """Return one contrast.

        Raises
        ------
        StudyError
            If the experiment has no contrast of that name.
        """
        for found in self.contrasts:
            if found.experiment == experiment and found.name == name:
                return found
        raise StudyError(
            tr(
                "{experiment} has no contrast {name!r}; it has {known}.",
                experiment=experiment,
                name=name,
                known=_names(self.contrasts, experiment),
            )
        )

    def level(self, p: float) -> str:
        """Name the level of a p value: ``significant``, ``trend`` or ``none`` (also where p is missing)."""
        if p < self.thresholds["significant"]:
            return "significant"
        return "trend" if p < self.thresholds["trend"] else "none"

    def assumption_table(self) -> pd.DataFrame:
        """One row per assumption: id, decision, reason; the latter two in the language in use."""
        said = [
            {"id": a["id"], **{key: either(a[key], a.get(f"{key}_ja", "")) for key in ("decision", "reason")}}
            for a in self.assumptions
        ]
        return pd.DataFrame(said, columns=["id", "decision", "reason"])

    def equivalence_table(self) -> pd.DataFrame:
        """One row per bound of equivalence: endpoints, bound_percent, reason in the language in use."""
        said = [
            (", ".join(one["endpoints"]), one["percent"], either(one["reason"], one.get("reason_ja", "")))
            for one in self.equivalence
        ]
        return pd.DataFrame(said, columns=["endpoints", "bound_percent", "reason"])


def load_study(path: str | Path | None = None) -> Study:
    """Read a study file; without `path`, the compendium's own ``data/study.yml``.

    Raises
    ------
    StudyError
        If the file is missing, or anything in it is not as `schema/study.json` and
        `mgbone.study.design_checks` want it; it lists every slip with its line.
    """
    preset = project_root() / "data" / "study.yml"
    path = preset if path is None else resolve(path)
    try:
        document = read_document(path, "study")
    except OSError as error:
        raise StudyError(
            tr("{file} can't be read as a study file: {error}.", file=path.name, error=error.strerror)
        ) from error
    content = document.content
    if not document.slips:
        content = _completed(content, path, preset)
        check_design(document, content)
        _check_gene_sets(document, content["gene_sets"], path.parent)
    if document.slips:
        raise StudyError.of_slips(path.name, document.slips)
    study = _build(content, path.parent)
    if path == preset:
        vars(study)["follows_report"] = True  # known without reading the file a second time
    return study


def _completed(raw: dict[str, Any], path: Path, preset: Path) -> dict[str, Any]:
    """Take from the compendium's study file what a study of one's own need not say again."""
    if not preset.is_file() or path.samefile(preset):
        return raw
    theirs = read_document(preset, "study").content
    defaults = {
        "title": "A study of one's own",
        "title_ja": raw.get("title", "独自の研究"),
        "source": "",
        "assumptions": [],
        "animals_per_group": 0,  # not said
        "arrays_per_group": 0,
        "regions": theirs["regions"],
        "gene_sets": theirs["gene_sets"],
        "equivalence": [_borrowed(one, raw) for one in theirs["equivalence"]],
        "multiverse": theirs.get("multiverse", []),
    }
    return {**defaults, **raw, "thresholds": {**theirs["thresholds"], **raw.get("thresholds", {})}}


_BORROWED = {
    "reason": "That of the compendium's own study; a study.yml may state another (equivalence).",
    "reason_ja": "本コンペンディウムの研究での値。study.ymlのequivalenceで変更できます。",
}


def _borrowed(bound: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Take over a bound of equivalence, but not its reason, which is about other animals and diets."""
    about_mg = any("dietary_mg_percent" in group for group in raw["groups"].values())
    endpoints = [name for name in bound["endpoints"] if about_mg or name != "serum_mg"]
    return {**bound, **_BORROWED, "endpoints": endpoints}


def _build(raw: dict[str, Any], folder: Path) -> Study:
    groups = {name: _group(name, entry) for name, entry in raw["groups"].items()}
    study = Study(
        title=raw["title"],
        title_ja=raw["title_ja"],
        source=raw["source"],
        experiments={name: _experiment(name, entry) for name, entry in raw["experiments"].items()},
        groups=groups,
        animals_per_group=raw["animals_per_group"],
        arrays_per_group=raw["arrays_per_group"],
        dose_order=(),
        thresholds={key: float(value) for key, value in raw["thresholds"].items()},
        regions={name: (float(low), float(high)) for name, (low, high) in raw["regions"].items()},
        gene_sets=_gene_sets(raw["gene_sets"], folder),
        gene_set_symbols=raw.get("gene_set_symbols", "as written"),
        assumptions=tuple(raw["assumptions"]),
        methods=raw.get("methods", {}),
        dose_of=Nutrient(**raw["dose_of"]) if "dose_of" in raw else MAGNESIUM,
        equivalence=tuple(raw["equivalence"]),
        multiverse=read_decisions(raw.get("multiverse", [])),
    )
    if "dose_order" in raw:
        order = tuple(study.contrast(step["experiment"], step["contrast"]) for step in raw["dose_order"])
    else:
        order = _falling_doses(study)
    return replace(study, dose_order=order)


def _group(name: str, entry: Mapping[str, Any]) -> Group:
    entry = dict(entry)
    dose = entry.pop("dose", entry.pop("dietary_mg_percent", None))
    return Group(name=name, dose=dose, **{"label_ja": entry["label"], **entry, "synonyms": _synonyms(entry)})


def _falling_doses(study: Study) -> tuple[Contrast, ...]:
    """Return the stated contrasts of a group with a lower dose than its reference, mildest dose first."""
    dose = {name: group.dose for name, group in study.groups.items() if group.dose is not None}
    stated = [c for e in study.experiments.values() for c in e.report_contrasts]
    dosed = [c for c in stated if c.case in dose and c.reference in dose]
    return tuple(sorted((c for c in dosed if dose[c.case] < dose[c.reference]), key=lambda c: -dose[c.case]))


def _gene_sets(name: str, folder: Path) -> str:
    """Return where the gene sets lie: beside the study file, or where the project has them."""
    return str((folder / name).resolve()) if (folder / name).is_file() else name


def _check_gene_sets(document: Document, name: str, folder: Path) -> None:
    # The compendium's own sets are taken to be there: a project may be opened without its array part.
    if name != SHIPPED_GENE_SETS and not resolve(_gene_sets(name, folder)).is_file():
        problem = tr("names {name!r}, which is neither beside the study file nor in the project", name=name)
        advice = tr("Put the GMT file there, or write {shipped}.", shipped=SHIPPED_GENE_SETS)
        document.slip(("gene_sets",), problem, advice)
        return
    found = resolve(_gene_sets(name, folder)).resolve()
    if not any(found.is_relative_to(place.resolve()) for place in (folder, project_root())):
        problem = tr("leads to a file that lies neither beside the study file nor in the project")
        advice = tr("Put the GMT file beside the study file, and write its name alone.")
        document.slip(("gene_sets",), problem, advice)


def _experiment(name: str, entry: Mapping[str, Any]) -> Experiment:
    def contrasts(key: str) -> tuple[Contrast, ...]:
        return tuple(_contrast(name, contrast) for contrast in entry.get(key, entry["contrasts"]))

    return Experiment(
        name=name,
        label=entry["label"],
        label_ja=entry.get("label_ja", entry["label"]),
        weeks=float(entry["weeks"]),
        groups=tuple(entry["groups"]),
        array_groups=tuple(entry.get("array_groups", entry["groups"])),
        contrasts=contrasts("contrasts"),
        array_contrasts=contrasts("array_contrasts"),
        report_contrasts=contrasts("report"),
        synonyms=_synonyms(entry),
    )


def _synonyms(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(word) for word in entry.get("synonyms") or ())


def _contrast(experiment: str, name: str) -> Contrast:
    case, _, reference = name.partition("_vs_")
    return Contrast(experiment=experiment, name=name, case=case, reference=reference)


def _names(contrasts: tuple[Contrast, ...], experiment: str) -> str:
    return tr(", ").join(c.name for c in contrasts if c.experiment == experiment) or tr("none")
