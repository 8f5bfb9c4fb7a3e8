"""Which field of the dictionary a heading means, and which unit and limit of detection it states."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from mgbone.dataset.lab.cell import lexicon, plain
from mgbone.dataset.lab.units import Unit, unit_of
from mgbone.study.dictionary import TABLES, endpoint, endpoints, region_label, structure_label, table_fields
from mgbone.study.language import LANGUAGES, speaking

REGIONAL = "qct_regions"
"""Name of the table of regional densities, which the dictionary has as endpoints and not as a table."""

LONG_ROLES = ("endpoint", "value", "unit")
"""Columns of a table with one row per measurement."""

_LIMIT = re.compile(
    r"(?:検出限界|検出下限|定量限界|定量下限|測定下限|LOD|LOQ|limit of "
    r"detection|detection limit)値?\s*[:=は]?\s*(<?\s*\d.*)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Heading:
    """What a heading says."""

    text: str  # As found.
    # Where its column belongs; empty where nothing is known of it. The table of roles and of `animal_id`,
    # which is in every table, is empty.
    table: str = ""
    field: str = ""
    # Whether it is the dictionary's own name or title, which implies the dictionary's unit.
    own: bool = False
    unit: Unit | None = None  # As stated.
    strange: str = ""  # What stands in its brackets without being understood.
    limit: str = ""  # The limit of detection that it states, as text.
    clash: tuple[str, ...] = ()  # Fields, if it names several.

    @property
    def known(self) -> bool:
        """Whether it names a field or a role."""
        return bool(self.field)


@cache
def fields_of(table: str) -> dict[str, dict[str, Any]]:
    """Return the fields of a table by name, which is asked for often here; nobody changes them."""
    return table_fields(table)


def fold(text: str) -> str:
    """Return what is compared of a name: half width, lower case, without blanks and punctuation."""
    return re.sub(r"[\s_\-‐−–.,:;・、。]+", "", unicodedata.normalize("NFKC", text).casefold())


@lru_cache(maxsize=10_000)
def read_heading(text: str, table: str = "") -> Heading:
    """Read a heading, in one or several languages: ``血清Mg濃度 / Serum magnesium (mg/dL)``.

    Short headings as ``Mg`` are understood only in a sheet that is named for their table.
    """
    found = _names(plain(text), table)
    if found:  # a bracket may belong to a name
        return _heading(text, found)
    name, inside = _bracket(plain(text))
    found = _names(name, table)
    if not found:
        name, inside = _trailing_unit(plain(text)) or (name, inside)
        found = _names(name, table)
    unit, strange, limit = _stated(inside)
    return _heading(text, found, unit, strange, limit)


def _heading(
    text: str, found: set[tuple[str, str, bool]], unit: Unit | None = None, strange: str = "", limit: str = ""
) -> Heading:
    fields = sorted({field for _, field, _ in found})
    if len(fields) != 1:
        return Heading(text, clash=tuple(fields))
    tables = {table for table, _, _ in found}
    own = all(own for _, _, own in found)
    return Heading(text, tables.pop() if len(tables) == 1 else "", fields[0], own, unit, strange, limit)


def _bracket(text: str) -> tuple[str, str]:
    """Part a heading into its name and what stands in brackets at its end."""
    match = re.fullmatch(
        r"(.*?)\s*[(\[【〔{]([^()\[\]]*(?:\([^()]*\))?[^()\[\]]*)[)\]】〕}]\s*", text, re.DOTALL
    )
    return (match[1], match[2]) if match else (text, "")


def _trailing_unit(text: str) -> tuple[str, str] | None:
    """Part a heading as ``Mg, mg/dL`` or ``serum_mg_mmol/L``, whose unit stands without brackets."""
    match = re.fullmatch(r"(.+?)[\s,_:;]+(\S+(?: ?/ ?\S+(?: m[lL])?)?)", text, re.DOTALL)
    return (match[1], match[2]) if match and unit_of(match[2]) else None


def _stated(inside: str) -> tuple[Unit | None, str, str]:
    """Read what stands in brackets: a unit, a limit of detection, or something else."""
    unit, strange, limit = None, [], ""
    for part in filter(None, (piece.strip() for piece in re.split(r"[;,、\n]", inside))):
        match = _LIMIT.match(part)
        if match:
            limit = match[1]
        elif unit is None and unit_of(part):
            unit = unit_of(part)
        else:
            strange.append(part)
    return unit, ", ".join(strange), limit


def _names(text: str, table: str) -> set[tuple[str, str, bool]]:
    """Return (table, field, own) of what a text names; each part of ``血清 / serum`` must name something."""
    vocabulary = _vocabulary(table)
    if fold(text) in vocabulary:
        return vocabulary[fold(text)]
    parts = [fold(part) for part in re.split(r"[/\n|]", text)]
    if len(parts) < 2 or not all(part in vocabulary for part in parts if part):
        return set()
    found = [vocabulary[part] for part in parts if part]
    common = set.intersection(*({(t, f) for t, f, _ in one} for one in found)) if found else set()
    if common:  # a name of several fields is settled by another of one
        own = any({(t, f, True) for t, f in common} & one for one in found)
        return {(t, f, own) for t, f in common}
    return set().union(*found)


@cache
def _vocabulary(table: str) -> dict[str, set[tuple[str, str, bool]]]:
    """Return what each folded name means; in a sheet named for a table, its own short names come on top."""
    names: dict[str, set[tuple[str, str, bool]]] = {}
    raw = lexicon()
    roles = raw["roles"] if table in ("", REGIONAL) else {r: raw["roles"][r] for r in LONG_ROLES}
    for role, words in roles.items():
        for word in [role, *words]:
            names.setdefault(fold(word), set()).add(("", f"@{role}", True))
    for name in endpoints("qct"):
        entry = endpoint(name)
        for word in (name, entry["title"], entry["title_ja"]):
            names.setdefault(fold(word), set()).add((REGIONAL, name, True))
    for of_table in TABLES:
        for field, spec in fields_of(of_table).items():
            where = "" if field == "animal_id" else of_table
            words = raw["columns"].get(field, {})
            for word in words.get("names", ()):
                names.setdefault(fold(word), set()).add((where, field, False))
            for word in words.get("short", ()) if table in (of_table, REGIONAL) and (where or table) else ():
                names.setdefault(fold(word), set()).add((where, field, False))
            for word in (field, spec["title"], spec["title_ja"]):
                names[fold(word)] = {
                    one for one in names.get(fold(word), set()) if one[:2] != (where, field)
                } | {(where, field, True)}
    return names


@lru_cache(maxsize=10_000)
def table_named(name: str) -> str:
    """Return the table that a sheet or file is named for, as ``血清`` or ``exp1_serum``; else empty."""
    named = {fold(word): table for table, listed in lexicon()["tables"].items() for word in [table, *listed]}
    if fold(name) in named:
        return named[fold(name)]
    parts = re.split(r"[\s_\-/()]+|(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])", plain(name))
    found = {named[fold(part)] for part in parts if fold(part) in named}
    return found.pop() if len(found) == 1 else ""


def is_row(kind: str, cell: object) -> bool:
    """Say whether a cell marks its row as one of units, limits or a summary (`kind`: unit, limit, summary).

    ``検出限界 / limit of detection`` does, too: each of its parts has to.
    """
    words = _row_words(kind)
    return all(fold(part) in words for part in str(cell).split("/"))


@cache
def _row_words(kind: str) -> frozenset[str]:
    return frozenset(fold(word) for word in lexicon()["rows"][kind])


def _in_both(label: Callable[[str], str], name: str) -> list[str]:
    said = []
    for language in LANGUAGES:
        with speaking(language):
            said.append(label(name))
    return said


def place_named(kind: str, text: str) -> str:
    """Return the structure or region (`kind`: structures, regions) that a cell names; empty if none."""
    label = {"structures": structure_label, "regions": region_label}[kind]
    for name, listed in lexicon()[kind].items():
        known = {fold(word) for word in (name, *_in_both(label, name), *listed)}
        if all(fold(part) in known for part in text.split("/")):
            return name
    return ""
