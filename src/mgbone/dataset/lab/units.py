"""Units as laboratories write them, and the factors between them; nothing is converted that can't be.

A unit is taken apart into its dimensions (mass, amount, equivalents, activity, length, time), so that
``mg/dL``, ``㎎／ｄｌ`` and ``ug/mL`` meet without a list of pairs. Amounts become masses by the molar mass
of the substance that a field measures, and only there.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mgbone.study.dictionary import TABLES, table_fields, typeset_unit, write_between
from mgbone.study.language import N_, tr
from mgbone.study.paths import project_root

MOLAR_MASS = {
    "serum_mg": (24.305, N_("Mg 24.305, abridged standard atomic weights, IUPAC 2021")),
    "serum_ca": (40.078, N_("Ca 40.078, abridged standard atomic weights, IUPAC 2021")),
    "serum_p": (30.974, N_("P 30.974, abridged standard atomic weights, IUPAC 2021")),
    "creatinine": (
        113.120,
        N_("creatinine C4H7N3O 113.120, abridged standard atomic weights, IUPAC 2021"),
    ),
}
"""Grams per mole of what a field measures, with its source."""

VALENCE = {"serum_mg": 2, "serum_ca": 2}
"""Equivalents per mole. Phosphate has none: its charge changes with pH."""

BEGIN, END = (
    "<!-- units, written by mgbone.dataset.lab.units.write_units_table(); don't edit by hand -->",
    "<!-- end of units -->",
)

CLINICAL = (
    ("mmol/L", "serum_mg"), ("mEq/L", "serum_mg"), ("mg/L", "serum_mg"), ("mg%", "serum_mg"),
    ("mg/100 mL", "serum_mg"), ("ug/dL", "serum_mg"), ("ug%", "serum_mg"),
    ("mmol/L", "serum_ca"), ("mEq/L", "serum_ca"),
    ("mmol/L", "serum_p"), ("mEq/L", "serum_p"),
    ("IU/L", "serum_alp"), ("IU/L, 37 ℃", "serum_alp"), ("mU/mL", "serum_alp"), ("ukat/L", "serum_alp"),
    ("nkat/mL", "serum_alp"),
    ("ng/L", "serum_pth"), ("pmol/L", "serum_pth"), ("ug/L", "serum_osteocalcin"),
    ("nmol/L", "serum_osteocalcin"),
    ("mg/dL", "creatinine"), ("umol/L", "creatinine"), ("ng/mL", "ctx"), ("nM", "dpd"),
    ("pmol/mL", "dpd"), ("L/24h", "urine_volume"),
)  # fmt: skip
"""What laboratories write most: a unit, and the field that it is converted for."""

_WHY = {
    "kat": "1 U = 1 umol/min, 1 kat = 1 mol/s (IUBMB 1978)",
    "C": "the temperature of the assay is left out; nothing is corrected for it",
    "%": "mass in 100 mL of solution",
    "/100": "mass in 100 mL of solution",
    "Eq": "two equivalents per mole",
}

_REFUSED = {
    "serum_p": "refused: the charge of phosphate changes with pH",
    "serum_pth": "refused: the molar mass is that of the assay's standard; convert with the maker's factor",
}

_PREFIX = {"": 1.0, "k": 1e3, "d": 1e-1, "c": 1e-2, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}

# What a prefix may stand before, with its dimensions (mass, amount, equivalents, activity, length, time)
# in g, mol,
# Eq, U, m and days.
_BASES = {
    "g": ("kmunpf", (1, 0, 0, 0, 0, 0), 1.0),
    "mol": ("munpf", (0, 1, 0, 0, 0, 0), 1.0),
    "eq": ("mu", (0, 0, 1, 0, 0, 0), 1.0),
    "U": ("kmun", (0, 0, 0, 1, 0, 0), 1.0),
    "kat": ("mun", (0, 0, 0, 1, 0, 0), 6e7),  # mol/s, where U is umol/min (IUBMB 1978)
    "l": ("dmun", (0, 0, 0, 0, 3, 0), 1e-3),
    "m": ("cmun", (0, 0, 0, 0, 1, 0), 1.0),
}

_DAY = {"day", "d", "日", "24h", "24hr", "24hrs", "24時間", "1日"}
_MOLAR = re.compile(r"([mun]|p)M")


@dataclass(frozen=True)
class Unit:
    """A unit: its text as people read it, its dimensions, and how much of the base units it is."""

    text: str
    dimensions: tuple[int, ...]
    size: float


@cache
def unit_of(text: str) -> Unit | None:
    """Return the unit that a text means, or None where it means none that is known here.

    Full-width letters, ``µ`` in its two spellings, ``dl`` for ``dL``, ``㎎``, ``cc``, ``IU``, ``mM``,
    ``/日``, ``mg%``, ``mg/100 mL``, ``ukat/L`` and ``IU/L, 37 ℃`` are understood. Upper and lower case matter
    for prefixes: ``Mg`` is magnesium, not a unit.
    """
    plain = unicodedata.normalize("NFKC", text).replace("μ", "u").replace("^", "")
    plain = re.sub(r"[,、]?\s*\d+\s*°?C\s*$", "", plain)  # at which an enzyme was measured
    plain = re.sub(r"[\s·*]", "", plain)
    if plain.isupper() and "/" in plain:  # as analysers print it: MG/DL
        plain = plain.lower().replace("iu/", "IU/").replace("u/", "U/") if "U/" in plain else plain.lower()
    numerator, slash, denominator = plain.partition("/")
    if re.fullmatch(r"[mun]?g%", plain):  # of solutions: mg% are mg in 100 mL
        numerator, slash, denominator = plain[:-1], "/", "dL"
    denominator = re.sub(r"^100m[lL]$", "dL", denominator)
    molar = _MOLAR.fullmatch(numerator)
    if molar and not slash:
        numerator, slash, denominator = f"{molar[1]}mol", "/", "L"
    top = _atom(numerator)
    if top is None or "/" in denominator or bool(slash) != bool(denominator):
        return None
    shown = typeset_unit(text.strip())
    if not slash:
        return Unit(shown, *top)
    bottom = ((0, 0, 0, 0, 0, 1), 1.0) if denominator in _DAY else _atom(denominator)
    if bottom is None:
        return None
    dimensions = tuple(a - b for a, b in zip(top[0], bottom[0], strict=True))
    return Unit(shown, dimensions, top[1] / bottom[1])


def _atom(text: str) -> tuple[tuple[int, ...], float] | None:
    """Return dimensions and size of a unit without a division, as ``mg`` or ``mm2``."""
    text = {"cc": "mL", "mcg": "ug", "gram": "g", "grams": "g"}.get(text, text)
    text = re.sub(r"IU$", "U", text)
    text = re.sub(r"L$", "l", text)
    text = re.sub(r"(?i)eq$", "eq", text)
    match = re.fullmatch(r"([kdcmunpf]?)(mol|eq|kat|g|U|l|m)([23]?)", text)
    if not match:
        return None
    prefix, base, power = match.groups()
    allowed, dimensions, size = _BASES[base]
    if (prefix and prefix not in allowed) or (power and base != "m"):
        return None
    times = int(power or 1)
    return tuple(times * each for each in dimensions), (_PREFIX[prefix] * size) ** times


@dataclass(frozen=True)
class Conversion:
    """By what a value is multiplied to come into the dictionary's unit, and why; `why` is empty for none."""

    factor: float
    why: str = ""


def conversion(stated: Unit, target: str, field: str) -> Conversion | None:
    """Return how a field's values in the `stated` unit become values in `target`; None where they can't."""
    aim = unit_of(target)
    if aim is None:
        return None
    if stated.dimensions == aim.dimensions:
        factor = stated.size / aim.size
        if abs(factor - 1) < 1e-9:
            return Conversion(1.0)
        return Conversion(_tidy(factor), tr("x {factor:.6g}", factor=_tidy(factor)))
    for source, goal, invert in ((stated, aim, False), (aim, stated, True)):
        factor = _grams(source, goal, field)
        if factor is not None:
            by = _tidy(1 / factor if invert else factor)
            return Conversion(by, tr("x {factor:.6g}; {why}", factor=by, why=tr(MOLAR_MASS[field][1])))
    return None


def units_table() -> str:
    """Return the units of clinical chemistry with factors and sources, as Markdown for data/README.md."""
    lines = ["| written | field | kept as | factor | source |", "| --- | --- | --- | --- | --- |"]
    for text, field in CLINICAL:
        target = next(
            spec["unit"] for table in TABLES for name, spec in table_fields(table).items() if name == field
        )
        by = conversion(unit_of(text), target, field)
        if by is None:
            why, factor = _REFUSED.get(field, _REFUSED["serum_pth"]), ""
        else:
            factor = f"{by.factor:.6g}"
            of_unit = [why for mark, why in _WHY.items() if mark in text]
            source = by.why.partition("; ")[2]
            why = "; ".join([*of_unit, *([source] if source else [])]) or "the same kind of unit"
        lines.append(f"| {text} | `{field}` | {typeset_unit(target)} | {factor} | {why} |")
    return "\n".join(lines) + "\n"


def write_units_table(path: Path | None = None) -> Path:
    """Write `units_table` into data/README.md, between its two marks; the prose around them stays."""
    path = project_root() / "data" / "README.md" if path is None else path
    return write_between(path, BEGIN, END, units_table())


def _grams(amount: Unit, mass: Unit, field: str) -> float | None:
    """Return how many of the mass unit one of the amount unit (mol or Eq per volume) is."""
    if field not in MOLAR_MASS:
        return None
    grams_per = MOLAR_MASS[field][0]
    for place, per in ((1, grams_per), (2, grams_per / VALENCE[field] if field in VALENCE else None)):
        as_mass = list(amount.dimensions)
        if per is not None and as_mass[place] == 1:
            as_mass[place], as_mass[0] = 0, 1
            if tuple(as_mass) == mass.dimensions:
                return amount.size * per / mass.size
    return None


def _tidy(factor: float) -> float:
    """Take the noise of binary fractions out of a factor: 0.5 g are 500 mg, not 500.00000000000006."""
    return float(f"{factor:.12g}")


def differ(one: Unit, other: Unit) -> bool:
    """Say whether two units, however they are written, are not the same."""
    return one.dimensions != other.dimensions or abs(one.size / other.size - 1) > 1e-9
