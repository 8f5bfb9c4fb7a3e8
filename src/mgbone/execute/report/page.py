"""The page: tables and figures of a finished run, put into one file of HTML that needs nothing else."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mgbone.claims.folded import TEMPLATES
from mgbone.dataset.faults import listing
from mgbone.execute.policy import with_policy
from mgbone.execute.report import provenance
from mgbone.execute.report.numbers import number, row_key
from mgbone.execute.report.pictures import Picture, pictures
from mgbone.execute.report.provenance import Layout
from mgbone.execute.report.words import HEADINGS, LEVELS, ODDS, RULES, SHAPES, SIGNS, THRESHOLDS, UNITS
from mgbone.execute.stamps import recorded_files, recorded_notes
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_label, endpoint_unit, is_derived, typeset_unit
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, current, either, speaking, tr
from mgbone.study.ledger import VERDICTS
from mgbone.study.naming import AXES, axis_of, row_label
from mgbone.study.paths import write_aside

Row = dict[str, str]
ON_THE_MAP = ("significant", "trend", "none", "separated", "mixed")
FINDINGS = ("significant", "trend", "separated", "monotonic")
MAP_FIGURE, DOSE_FIGURE = "04_verdict_map", "04_per_dose"


def write_page(layout: Layout, target: Path) -> Path:
    """Write the page of a finished run to `target`, whole or not at all; the same run gives the same bytes.

    Raises
    ------
    MgboneError
        If the run has left no evidence.csv, or the language is not known.
    """
    html = render(layout)
    with write_aside(target) as aside:
        aside.write_text(html, encoding="utf-8")
    return target


def render(layout: Layout) -> str:
    """Return the page of a finished run as HTML.

    Raises
    ------
    MgboneError
        If the run has left no evidence.csv, the dataset is no longer what was checked before the run, or the
        language is not known.
    """
    evidence = read_rows(layout.derived / "evidence.csv")
    if evidence is None:
        said = N_("{name}: there is no evidence.csv. Run the notebooks first: make all {settings}")
        raise MgboneError(tr(said, name=layout.derived.name, settings=layout.settings))
    verdicts = read_rows(layout.derived / "verdicts.csv") or []
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader([folder, TEMPLATES]), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.globals |= {
        "tr": tr,
        "rules": RULES,
        "headings": HEADINGS,
        "number": number,
        "row_key": row_key,
        "unit": _unit,
        "typeset": typeset_unit,
        "style_sheet": Markup((folder / "page.css").read_text(encoding="utf-8")),
        "script": Markup((folder / "page.js").read_text(encoding="utf-8")),
    }
    with speaking(layout.language):
        page = environment.get_template("page.html.j2").render(_view(layout, evidence, verdicts))
    return with_policy(page, f"\n{environment.globals['script']}\n")


def read_rows(path: Path) -> list[Row] | None:
    """Read a derived table as texts, every cell as it stands in the file; None if the file is not there."""
    if not path.is_file():
        return None
    return pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")


def _unit(row: Row) -> str:
    """Return the unit of a row's estimate; of an odds ratio also which list of genes it is about."""
    if row.get("mean_case"):
        try:
            return endpoint_unit(row["endpoint"], typeset=True)
        except MgboneError:
            return typeset_unit(row["unit"])
    if row["unit"] == "log2 odds ratio" and row["direction"] in ("up", "down"):
        return tr(ODDS[row["direction"]])
    return tr(UNITS[row["unit"]]) if row["unit"] in UNITS else typeset_unit(row["unit"])


def _view(layout: Layout, evidence: list[Row], verdicts: list[Row]) -> dict[str, Any]:
    """Return everything that the template needs, in the order of reading."""
    naming.use_study(layout.study)
    words = Words(layout.study)
    by_key = {row_key(row): row for row in evidence}
    shown = pictures(layout, _figure_names(layout, evidence, verdicts))
    certain = {row["claim_id"]: row for row in read_rows(layout.derived / "certainty.csv") or []}
    statements = [
        _statement(row, by_key, words, shown)
        | {"certain": naming.certainty_in_words(certain.get(row["claim_id"], {}), row["verdict"])}
        for row in verdicts
    ]
    doubts, notes = recorded_notes(layout.build)
    return {
        "lang": layout.language,
        "dataset": {
            "name": layout.name,
            "title": either(layout.descriptor.title, layout.descriptor.title_ja),
            "drawn": layout.is_simulated,
            "seed": layout.descriptor.seed,
        },
        "study_title": either(layout.study.title, layout.study.title_ja),
        "study_source": layout.study.source,
        "statements": statements,
        "sections": _sections(statements),
        "tally": (counted := _tally(verdicts)),
        "split": [line for line in counted if not line["section"]],
        "verdict_names": {v: (naming.VERDICTS[v][1], naming.word(v)) for v in VERDICTS},
        "map": _verdict_map(statements, words),
        "signs": [
            (sign, words.finding(*key))
            for key, sign in SIGNS.items()
            if key[1] in ON_THE_MAP or key == ("down", "monotonic")
        ],
        "doses": _doses(layout.study, evidence, words),
        "map_figure": MAP_FIGURE if MAP_FIGURE in shown else "",
        "dose_picture": shown.get(DOSE_FIGURE),
        "pictures": [picture for name, picture in shown.items() if name != DOSE_FIGURE],
        "alt": partial(_alt, statements=statements, words=words),
        "shows": {
            name: [s["id"] for s in statements if s["figure"] == name and s["has_figure"]] for name in shown
        },
        "comparisons": _comparisons(evidence, words),
        "groups": _groups(layout.study, words),
        "dose_heading": naming.dose_heading(layout.study),
        "tests": _tests(evidence),
        "thresholds": [
            (tr(THRESHOLDS.get(name, name)), f"{limit:g}") for name, limit in layout.study.thresholds.items()
        ],
        "doubts": doubts,
        "notes": notes,
        "assumptions": [_assumption(entry) for entry in layout.study.assumptions],
        **_sources(layout),
    }


def _sources(layout: Layout) -> dict[str, Any]:
    """Return what the page says of where it comes from."""
    state = provenance.commit()
    again = [f"git checkout {state.id}"] if state else []
    return {
        "commit": state,
        "version": provenance.project_version(),
        "python": provenance.python_version(),
        "packages": provenance.packages(),
        "inputs": [*layout.data_files, *layout.shared_files],
        "checked": _is_what_was_checked(layout),
        "again": [*again, f"make all {layout.settings}", f"make report {layout.settings}"],
    }


def _is_what_was_checked(layout: Layout) -> bool:
    """Whether a check before the run saw the files that lie there now; False if none was recorded.

    Raises
    ------
    MgboneError
        If it saw others: the page would name files as sources of numbers that are not theirs.
    """
    before = recorded_files(layout.build)
    if before is None:
        return False
    now = {file.name.split("/", 2)[2]: file.sha256 for file in layout.data_files}
    if changed := sorted(name for name in before | now if before.get(name) != now.get(name)):
        said = N_("{name}: {files} changed after the notebooks ran. Run them again: make report {settings}")
        files = listing(changed, most=3)
        raise MgboneError(tr(said, name=layout.name, files=files, settings=layout.settings))
    return True


class Words:
    """Names of endpoints, experiments and findings in the language of the page."""

    def __init__(self, study: Study):
        self.study = study

    def endpoint(self, name: str) -> str:
        """Return the title of an endpoint; one that the dictionary doesn't know stays as it is."""
        try:
            return endpoint_label(name)
        except MgboneError:
            return name.replace("_", " ")

    def row(self, endpoint: str) -> str:
        """Return the name of an endpoint for a narrow column."""
        try:
            label = row_label(endpoint)
        except MgboneError:
            label = self.endpoint(endpoint)
        return label if axis_of(endpoint) != "density" else tr("{label} BMD", label=label)

    def contrast(self, name: str, short: bool = False) -> str:
        """Return a contrast in words; one of groups that the study doesn't know stays as it is."""
        try:
            return naming.contrast_label(name, short=short)
        except MgboneError:
            return name.replace("_vs_", " vs ")

    def experiment(self, name: str) -> str:
        """Return the label of an experiment; of what spans several, that it does."""
        experiment = self.study.experiments.get(name)
        if experiment is None:
            return tr("Both experiments") if name == "both" else name
        return either(experiment.label, experiment.label_ja)

    def finding(self, direction: str, level: str, short: bool = False) -> str:
        """Return direction and level in words."""
        if not level:
            return tr("not tested")
        limits = {name: f"{self.study.thresholds[name]:.2f}" for name in ("significant", "trend")}
        if (level, direction) in SHAPES:
            return tr(SHAPES[level, direction])
        if level not in LEVELS:
            return level.replace("_", " ")
        if short and level == "none":
            return tr("none shown")
        if direction not in ("up", "down") or level == "monotonic":
            return tr(LEVELS[level], **limits)
        strength = naming.word(level) if short else tr(LEVELS[level], **limits)
        return tr("{direction} ({level})", direction=naming.word(direction), level=strength)

    def sign(self, direction: str, level: str) -> str:
        """Return the sign of a finding."""
        return SIGNS.get((direction, level), "?")


def _figure_names(layout: Layout, evidence: Iterable[Row], verdicts: Iterable[Row]) -> list[str]:
    """Name the figures of the page: those of the last notebook, the design, and all that a row points to."""
    last = [path.stem for path in layout.outputs("04_integration") if path.suffix in (".png", ".svg")]
    pointed = [Path(row["figure"]).stem for row in (*verdicts, *evidence) if row.get("figure")]
    first = [DOSE_FIGURE, MAP_FIGURE]
    return [*first, *sorted({"01_design", *last, *pointed} - set(first))]


def _statement(
    row: Row, evidence: Mapping[str, Row], words: Words, shown: Mapping[str, Picture]
) -> dict[str, Any]:
    found = evidence.get(row_key(row))
    figure = Path(row.get("figure", "")).stem
    observed = (row.get("observed_direction", ""), row.get("observed_level", ""))
    return {
        "id": row["claim_id"],
        "section": row["section"],
        "domain": row["domain"],
        "endpoint": row["endpoint"],
        "contrast": row["contrast"],
        "text": either(row["statement_en"], row["statement_ja"]),
        "implied": row["implied"] == "yes",
        "value": row["value"],
        "unit": row["unit"],
        "expected": words.finding(row["direction"], row["level"]),
        "expected_sign": words.sign(row["direction"], row["level"]),
        "observed": words.finding(*observed),
        "observed_sign": words.sign(*observed),
        "comparison": words.contrast(row["contrast"]),
        "verdict": row["verdict"],
        "mark": naming.VERDICTS[row["verdict"]][1],
        "word": naming.word(row["verdict"]),
        "weak": float(row.get("p_without_effect") or 0) >= 0.5,
        "chance": naming.chance_in_words(row),
        "absence": naming.absence_in_words(row.get("absence", "")),
        "criteria": row.get("criteria", ""),
        "row": found,
        "test": naming.name_of_test(found["test"]) if found else "",
        "figure": figure,
        "has_figure": figure in shown,
    }


def _sections(statements: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Group the statements by section of the report and domain, in their order."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for statement in statements:
        found.setdefault((statement["section"], statement["domain"]), []).append(statement)
    return [
        {"section": section, "domain": naming.word(domain), "key": f"{section}-{domain}", "statements": rows}
        for (section, domain), rows in found.items()
    ]


def _tally(verdicts: Sequence[Row]) -> list[dict[str, Any]]:
    """Count verdicts per section and domain, effects and absences apart, with the sum of each last."""
    lines = []
    for asserts in ("effect", "absence"):
        of_kind = [row for row in verdicts if row["asserts"] == asserts]
        keys = dict.fromkeys((row["section"], row["domain"]) for row in of_kind)
        for section, domain in [*keys, *([("", "")] if keys else [])]:
            rows = [r for r in of_kind if (r["section"], r["domain"]) == (section, domain) or not section]
            counts = {v: sum(row["verdict"] == v for row in rows) for v in VERDICTS}
            label = naming.word(domain) if domain else ""
            lines.append({"asserts": asserts, "section": section, "domain": domain, "label": label,
                          "kind": naming.word(asserts), **counts, "total": len(rows)})  # fmt: skip
    return lines


def _verdict_map(statements: Sequence[dict[str, Any]], words: Words) -> dict[str, Any]:
    """Lay the statements out with endpoints as rows and comparisons as columns."""
    order = [c.name for c in (*words.study.dose_order, *words.study.contrasts)]
    claimed = list(dict.fromkeys(s["contrast"] for s in statements))
    columns = [c for c in dict.fromkeys([*order, *claimed]) if c in claimed]
    rank = {e: i for i, e in enumerate(e for members in AXES.values() for e in members)}
    rows = sorted(dict.fromkeys(s["endpoint"] for s in statements), key=lambda e: rank.get(e, len(rank)))
    cells = {(s["endpoint"], s["contrast"]): s for s in statements}
    return {
        "columns": [words.contrast(c, short=True) for c in columns],
        "rows": [
            {
                "label": words.row(endpoint),
                "axis": axis_of(endpoint),
                "cells": [cells.get((endpoint, c)) for c in columns],
            }
            for endpoint in rows
        ],
    }


def _doses(study: Study, evidence: Sequence[Row], words: Words) -> list[dict[str, Any]]:
    """Per deficient diet, against its own reference: the findings, and how many endpoints had none."""
    doses = []
    for contrast in study.shown_contrasts:
        rows = [
            r
            for r in evidence
            if (r["experiment"], r["contrast"]) == (contrast.experiment, contrast.name)
            and not is_derived(r["endpoint"])
        ]
        findings = [
            {
                "label": words.row(row["endpoint"]),
                "sign": words.sign(row["direction"], row["level"]),
                "words": words.finding(row["direction"], row["level"], short=True),
                "row": row,
            }
            for row in rows
            if row["level"] in FINDINGS
        ]
        tested = [row for row in rows if row["level"]]
        doses.append(
            {
                "label": words.contrast(contrast.name),
                "experiment": words.experiment(contrast.experiment),
                "key": f"{contrast.experiment}|{contrast.name}",
                "findings": findings,
                "quiet": len(tested) - len(findings),
                "total": len(tested),
            }
        )
    return doses


def _comparisons(evidence: Sequence[Row], words: Words) -> list[dict[str, Any]]:
    """Group all rows of evidence by domain."""
    domains = list(dict.fromkeys(row["domain"] for row in evidence))
    return [
        {
            "key": domain,
            "label": naming.word(domain),
            "rows": [
                {
                    "endpoint": words.row(row["endpoint"]),
                    "contrast": words.contrast(row["contrast"], short=True),
                    "sign": words.sign(row["direction"], row["level"]),
                    "finding": words.finding(row["direction"], row["level"], short=True),
                    "test": naming.name_of_test(row["test"]),
                    "row": row,
                }
                for row in evidence
                if row["domain"] == domain
            ],
        }
        for domain in domains
    ]


def _groups(study: Study, words: Words) -> list[dict[str, Any]]:
    return [
        {
            "experiment": words.experiment(experiment.name),
            "weeks": f"{experiment.weeks:g}",
            "group": naming.group_label(name),
            "diet": "" if study.groups[name].dose is None else f"{study.groups[name].dose:g}",
            "feeding": study.groups[name].feeding,
            "first": name == experiment.groups[0],
            "span": len(experiment.groups),
        }
        for experiment in study.experiments.values()
        for name in experiment.groups
    ]


def _tests(evidence: Sequence[Row]) -> list[tuple[str, int]]:
    """Count comparisons per test, leaving out what a test says in brackets: which term, how many splits."""
    names = [re.sub(r" \((?:GO:\d+|\d+ .*)\)$", "", row["test"]) for row in evidence if row["test"]]
    return [(naming.name_of_test(name), names.count(name)) for name in dict.fromkeys(names)]


def _assumption(entry: Mapping[str, str]) -> dict[str, str]:
    """Return an assumption in the language asked for, in English where it has no other."""
    translated = current() == "ja" and "decision_ja" in entry and "reason_ja" in entry
    ending = "_ja" if translated else ""
    return {
        "id": entry["id"],
        "lang": "ja" if translated else "en",
        "decision": entry[f"decision{ending}"].replace("`", ""),
        "reason": entry[f"reason{ending}"].replace("`", ""),
    }


def _alt(picture: Picture, statements: Sequence[dict[str, Any]], words: Words) -> str:
    """Say what a figure shows: its own headline, or the endpoints of the statements that point to it."""
    if picture.title:
        return " · ".join(filter(None, (picture.title, picture.description)))
    shown = dict.fromkeys(words.endpoint(s["endpoint"]) for s in statements if s["figure"] == picture.name)
    named = tr("; ").join(shown)
    return tr("Figure {name}: {shows}", name=picture.name, shows=named) if named else picture.name
