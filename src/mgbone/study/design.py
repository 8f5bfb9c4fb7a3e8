"""The study as data: experiments, groups, contrasts, thresholds and the assumptions behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from mgbone.study.errors import StudyError
from mgbone.study.language import either
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
    dietary_mg_percent: float
    feeding: str = "ad libitum"
    synonyms: tuple[str, ...] = ()
    short: str = ""  # where there is little room; without it the label
    short_ja: str = ""
    narrow_ja: str = ""  # where there is still less

    def __post_init__(self) -> None:
        """Let the label stand where no short one is given."""
        for short, label in (("short", self.label), ("short_ja", self.label_ja)):
            object.__setattr__(self, short, getattr(self, short) or label)


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
    equivalence: tuple[Mapping[str, Any], ...] = ()

    def equivalence_bound(self, endpoint: str) -> float:
        """Return the largest difference that counts as none, in percent; missing where undeclared."""
        named = (e for e in self.equivalence if any(fnmatchcase(endpoint, one) for one in e["endpoints"]))
        return float(next(named, {"percent": "nan"})["percent"])

    @property
    def design(self) -> object:
        """What two studies must have alike to be spoken of by the same statements; compare by ``==``."""
        doses = {name: (g.dietary_mg_percent, g.feeding) for name, g in self.groups.items()}
        fed = {(e.name, g): doses[g] for e in self.experiments.values() for g in e.groups}
        return fed, {(c.experiment, c.name) for c in self.contrasts}

    @property
    def follows_report(self) -> bool:
        """Whether this is the design of the report, so that its statements are about it."""
        return self.design == load_study().design

    @property
    def contrasts(self) -> tuple[Contrast, ...]:
        """All contrasts of all experiments, in the order of the study file."""
        return tuple(c for experiment in self.experiments.values() for c in experiment.contrasts)

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
            f"{experiment} has no contrast {name!r}; it has {_names(self.contrasts, experiment)}."
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
        If the file is missing, is not YAML, lacks a key, or names a group that it does not define.
    """
    path = project_root() / "data" / "study.yml" if path is None else resolve(path)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise StudyError(
            f"{path.name} can't be read as a study file: there is a slip{line}; entries are 'name: value', "
            "and brackets come in pairs."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise StudyError(f"{path.name} can't be read as a study file: {reason}.") from error
    try:
        return _build(_completed(raw, path), path.parent)
    except KeyError as error:
        raise StudyError(f"{path.name}: the entry {error} is missing; compare data/study.yml.") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise StudyError(
            f"{path.name}: an entry has the wrong form ({error}); compare data/study.yml."
        ) from error


def _completed(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    """Take from the compendium's study file what a study of one's own need not say again."""
    preset = project_root() / "data" / "study.yml"
    if not preset.is_file() or (path.exists() and path.samefile(preset)):
        return raw
    theirs = yaml.safe_load(preset.read_text(encoding="utf-8"))
    limits = {**theirs["thresholds"], **(raw.get("thresholds") or {})}
    defaults = {
        "title": "A study of one's own",
        "title_ja": raw.get("title", "独自の研究"),
        "source": "",
        "assumptions": [],
        "animals_per_group": 0,  # not said
        "arrays_per_group": 0,
        "regions": theirs["regions"],
        "gene_sets": theirs["gene_sets"],
        "equivalence": theirs["equivalence"],
    }
    return {**defaults, **raw, "thresholds": limits}


def _build(raw: dict[str, Any], folder: Path) -> Study:
    groups = {
        name: Group(name=name, **{"label_ja": entry["label"], **entry, "synonyms": _synonyms(entry)})
        for name, entry in raw["groups"].items()
    }
    experiments = {name: _experiment(name, entry, groups) for name, entry in raw["experiments"].items()}
    study = Study(
        title=raw["title"],
        title_ja=raw["title_ja"],
        source=raw["source"],
        experiments=experiments,
        groups=groups,
        animals_per_group=int(raw["animals_per_group"]),
        arrays_per_group=int(raw["arrays_per_group"]),
        dose_order=(),
        thresholds={key: float(value) for key, value in raw["thresholds"].items()},
        regions={name: (float(low), float(high)) for name, (low, high) in raw["regions"].items()},
        gene_sets=_gene_sets(str(raw["gene_sets"]), folder),
        gene_set_symbols=str(raw.get("gene_set_symbols", "as written")),
        assumptions=tuple(raw["assumptions"]),
        methods=dict(raw.get("methods") or {}),
        equivalence=tuple(raw["equivalence"]),
    )
    twice = [name for name, n in Counter(c.name for c in study.contrasts).items() if n > 1]
    if twice:
        raise StudyError(
            f"the contrast {twice[0]!r} is in two experiments, where no figure could tell it apart; "
            "give the groups of one of them other names."
        )
    if absent := [region for region in REGIONS if region not in study.regions]:
        raise StudyError(f"regions lacks {', '.join(absent)}; it needs {', '.join(REGIONS)}.")
    if "dose_order" in raw:
        order = tuple(study.contrast(step["experiment"], step["contrast"]) for step in raw["dose_order"])
    else:
        order = _falling_doses(study)
    return Study(**{**vars(study), "dose_order": order})


def _falling_doses(study: Study) -> tuple[Contrast, ...]:
    """Return the stated contrasts of a group with less magnesium than its reference, mildest dose first."""
    mg = {name: group.dietary_mg_percent for name, group in study.groups.items()}
    stated = [c for e in study.experiments.values() for c in e.report_contrasts]
    return tuple(sorted((c for c in stated if mg[c.case] < mg[c.reference]), key=lambda c: -mg[c.case]))


def _gene_sets(name: str, folder: Path) -> str:
    """Return where the gene sets lie: beside the study file, or where the project has them."""
    if (folder / name).is_file():
        return str((folder / name).resolve())
    # The compendium's own sets are taken to be there: a project may be opened without its array part.
    if name != SHIPPED_GENE_SETS and not resolve(name).is_file():
        raise StudyError(
            f"gene_sets names {name!r}, which is neither beside the study file nor in the project; "
            "put the GMT file beside the study file, or write data/genesets/go_bp.gmt.gz."
        )
    return name


def _experiment(name: str, entry: dict[str, Any], groups: Mapping[str, Group]) -> Experiment:
    array_groups = entry.get("array_groups", entry["groups"])
    unknown = [g for g in [*entry["groups"], *array_groups] if g not in groups]
    if unknown:
        raise StudyError(f"{name} names the group {unknown[0]!r}, which `groups` does not define.")

    def contrasts(key: str) -> tuple[Contrast, ...]:
        named = entry[key] if key in entry else entry["contrasts"]
        return tuple(_contrast(name, contrast, entry["groups"]) for contrast in named)

    return Experiment(
        name=name,
        label=entry["label"],
        label_ja=entry.get("label_ja", entry["label"]),
        weeks=float(entry["weeks"]),
        groups=tuple(entry["groups"]),
        array_groups=tuple(array_groups),
        contrasts=contrasts("contrasts"),
        array_contrasts=contrasts("array_contrasts"),
        report_contrasts=contrasts("report"),
        synonyms=_synonyms(entry),
    )


def _synonyms(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(word) for word in entry.get("synonyms") or ())


def _contrast(experiment: str, name: str, groups: list[str]) -> Contrast:
    case, separator, reference = name.partition("_vs_")
    if not separator or case not in groups or reference not in groups or case == reference:
        raise StudyError(
            f"{experiment}: the contrast {name!r} must read case_vs_reference with two of "
            f"{', '.join(groups)}."
        )
    return Contrast(experiment=experiment, name=name, case=case, reference=reference)


def _names(contrasts: tuple[Contrast, ...], experiment: str) -> str:
    return ", ".join(c.name for c in contrasts if c.experiment == experiment) or "none"
