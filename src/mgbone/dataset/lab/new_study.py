"""A study.yml for a design of one's own, written from a few answers and commented."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr

_QUESTIONS = {
    "title": N_("What is the study called?"),
    "weeks": N_("For how many weeks were the animals fed?"),
    "nutrient": N_(
        "What do the diets differ in, as 'Ca calcium %' (sign, word, unit)? Enter, if in no dose:"
    ),
    "groups": N_("Which groups, the reference first, with doses if any, as 'normal 0.5, low 0.1'?"),
    "contrasts": N_("Which comparisons, as 'low_vs_normal'? Enter, if each with the first group:"),
}


@dataclass
class Design:
    """The answers: what `study_text` writes."""

    title: str
    weeks: float
    nutrient: tuple[str, ...] = ()
    groups: dict[str, float | None] = field(default_factory=dict)
    contrasts: list[str] = field(default_factory=list)


def ask_design(ask: Callable[[str], str] = input) -> Design:
    """Ask for a design, question by question.

    Raises
    ------
    MgboneError
        If an answer can't be understood, or nobody is there to answer.
    """
    try:
        said = {name: ask(f"{tr(question)} ").strip() for name, question in _QUESTIONS.items()}
    except EOFError as error:
        raise MgboneError(
            tr("DESIGN=mine asks a few questions: run it in a terminal, or write study.yml by hand.")
        ) from error
    try:
        weeks = float(said["weeks"])
    except ValueError as error:
        raise MgboneError(
            tr("{answer!r} is no number of weeks; write it as 3.", answer=said["weeks"])
        ) from error
    nutrient = tuple(said["nutrient"].split())
    if len(nutrient) not in (0, 3):
        raise MgboneError(
            tr("{answer!r}: write sign, word and unit, as Ca calcium %.", answer=said["nutrient"])
        )
    groups = dict(_group(part, bool(nutrient)) for part in re.split(r"[,、]", said["groups"]) if part.strip())
    if len(groups) < 2:
        raise MgboneError(tr("A study compares two groups at least; write them as normal 0.5, low 0.1."))
    first = next(iter(groups))
    contrasts = re.split(r"[,、\s]+", said["contrasts"]) if said["contrasts"] else []
    contrasts = contrasts or [f"{group}_vs_{first}" for group in groups if group != first]
    return Design(said["title"] or "A study of one's own", weeks, nutrient, groups, contrasts)


def _group(text: str, dosed: bool) -> tuple[str, float | None]:
    name, _, dose = text.strip().rpartition(" ") if dosed else (text.strip(), "", "")
    if not dosed:
        return name, None
    try:
        return name.strip(), float(dose)
    except ValueError as error:
        raise MgboneError(
            tr("{answer!r}: write a group with its dose, as low 0.1.", answer=text.strip())
        ) from error


def study_text(design: Design) -> str:
    """Return the text of study.yml: the design, and what may be added, as remarks."""
    groups = []
    for name, dose in design.groups.items():
        stated = "" if dose is None else f", dose: {dose:g}"
        groups.append(f"  {_quoted(name)}: {{label: {_quoted(name)}, label_ja: {_quoted(name)}{stated}}}")
    of = ""
    if design.nutrient:
        sign, word, unit = map(_quoted, design.nutrient)
        of = "# 飼料で変えたもの / what the diets differ in\n"
        of += f"dose_of: {{name: {sign}, word: {word}, unit: {unit}}}\n\n"
    return f"""# 研究計画（変更したら make check）/ the design of this study; after a change: make check
# 書けるものと例 / what it may say, and an example: data/README.md, data/study.yml
title: {_quoted(design.title)}
title_ja: {_quoted(design.title)}

experiments:
  exp1:
    label: {_quoted(design.title)}
    weeks: {design.weeks:g}
    groups: [{", ".join(map(_quoted, design.groups))}]  # 表示の順 / in the order in which they are shown
    contrasts: [{", ".join(map(_quoted, design.contrasts))}]  # 例_vs_対照 / case_vs_reference
    # アレイのある群が一部なら / if only some groups have arrays:
    # array_groups: [{", ".join(map(_quoted, design.groups))}]

{of}# 群の呼び名 / what the groups are called. synonyms: [...] は表での別名 / are other names in your tables.
groups:
{chr(10).join(groups)}

# 省略した項目は data/study.yml の値 / what is left out is taken from data/study.yml:
# thresholds: {{significant: 0.05, trend: 0.10}}
# gene_sets: mine.gmt
"""


def _quoted(text: str) -> str:
    """Write a name as YAML can't misread it."""
    plain = re.fullmatch(r"(?!(?i:yes|no|on|off|true|false|null)$)[A-Za-z][A-Za-z0-9_]*", text)
    return text if plain else json.dumps(text, ensure_ascii=False)
