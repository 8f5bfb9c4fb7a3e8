"""One cell to one value, as laboratories write numbers, names, "nothing measured" and "below the limit".

Nothing is guessed. What can be read in one way only is read, and said; all else is a fault with advice.
"""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import Any

import numpy as np
import pandas as pd
import yaml

from mgbone.dataset.faults import quoted
from mgbone.dataset.lab.units import Unit, unit_of
from mgbone.study.dictionary import typeset_unit
from mgbone.study.language import N_, tr

_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_LEADING = re.compile(r"<?\s*[-+]?(\d[\d.,]*)")
_BEFORE_UNIT = re.compile(r"[^A-Za-zµμ]*(?:(?<=[\d.])[eE][-+]?\d+)?")
_DIGITS = "0123456789０１２３４５６７８９"
_MINUS = str.maketrans({"−": "-", "‐": "-", "–": "-", "﹣": "-", "\u200b": "", "\ufeff": ""})

_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}( .*)?|\d{1,2}/\d{1,2}|(\d{1,4}年)?\d{1,2}月(\d{1,2}日)?|"
    r"(?i:\d{1,2}-[a-z]{3}(-\d{2,4})?|[a-z]{3}-\d{1,2})"
)


_WIDTH = N_("full-width characters read as half-width")

REPORTED = "\0reported"
"""Stands for a name that was reported as a fault, and must not count as blank, too. No cell can hold it."""


@dataclass(frozen=True)
class Reading:
    """What a cell holds."""

    # ``number``; ``below`` (less than `number`); ``undetected`` (below a limit that it doesn't state);
    # ``missing``; or ``bad``, with `found` or `problem`, and `advice`.
    kind: str
    number: float = math.nan
    unit: Unit | None = None  # Where the cell states one itself.
    how: str = ""  # What had to be done to read it, for the list of conversions; empty for a plain number.
    problem: str = ""
    advice: str = ""
    found: str = ""  # What stands in place of a number, where nothing more is wrong with it.

    @property
    def is_plain(self) -> bool:
        """Whether it is written as an archive keeps it; the sign < may be of full width."""
        return self.unit is None and self.how in ("", tr(_WIDTH))

    def problem_in(self, unit: str = "") -> str:
        """Return the problem; of a field with a unit it says in which one a number is expected."""
        if not self.found:
            return self.problem
        if not unit:
            return tr("found {found}, expected a number", found=self.found)
        return tr("found {found}, expected a number in {unit}", found=self.found, unit=typeset_unit(unit))


@cache
def lexicon() -> dict[str, Any]:
    """Return what laboratories write, from words.yml."""
    return yaml.safe_load(files("mgbone.dataset.lab").joinpath("words.yml").read_text(encoding="utf-8"))


class ShownNumber(float):
    """A number that its sheet shows otherwise, as 1 under the format ``000``: `text` is what people see."""

    def __new__(cls, value: float, text: str) -> ShownNumber:
        """Keep the text beside the number."""
        made = super().__new__(cls, value)
        made.text = text
        return made


def plain(text: str) -> str:
    """Return a text in half width, without blanks around it and with one kind of minus."""
    return unicodedata.normalize("NFKC", text).translate(_MINUS).strip()


def odd_digits(text: str) -> str:
    """Return the signs of a text that count as digits, or become digits in half width, and are neither kind.

    Such are ³, ① and the digits of other scripts: 10³ is not 103.
    """
    return "".join(
        sign
        for sign in text
        if sign not in _DIGITS and any(one.isdigit() for one in unicodedata.normalize("NFKC", sign))
    )


def _odd_in_number(text: str) -> str:
    """Return the odd digits of a text before its unit: those of 10³ and 2e³, but not of 5 mg/cm³ or 5 ㎠."""
    folded = [unicodedata.normalize("NFKC", sign).translate(_MINUS) for sign in text]
    end = _BEFORE_UNIT.match("".join(folded)).end()
    starts = [0, *accumulate(map(len, folded))]
    return odd_digits("".join(sign for sign, start in zip(text, starts, strict=False) if start < end))


def is_blank(cell: object) -> bool:
    """Say whether a cell holds nothing, or blanks only."""
    return cell is None or cell != cell or (isinstance(cell, str) and not plain(cell))


def read_number(cell: object, commas: bool = False) -> Reading:
    """Read a cell of a column of numbers: text, a number, or what a workbook holds else (a date, None).

    Other cells of the column may show that its decimal mark is the point, so that the `commas` in ``1,234``
    part thousands.
    """
    if is_blank(cell):
        return Reading("missing")
    if isinstance(cell, bool):
        return _bad(_truth_value(cell), tr("Write a number."))
    if isinstance(cell, int | float):
        number = float(cell) if abs(cell) < 1e308 else math.inf
        if math.isfinite(number):
            return Reading("number", number)
        return _bad(tr("found {number}", number=number), tr("Write a number."))
    if isinstance(cell, datetime.date | datetime.time | datetime.timedelta):
        advice = tr(
            "Set the format of the cell to number and type the value again; Excel turns 1-2 into a date."
        )
        return _bad("", advice, tr("a date or time ({cell})", cell=cell))
    return _read_text(str(cell), commas)


def _truth_value(cell: bool) -> str:
    return tr("found {value}, a truth value", value=str(cell).upper())


def _error_value(shown: str) -> str:
    return tr("found {value}, an error of the spreadsheet", value=shown)


def read_numbers(cells: pd.Series, decimal_commas: bool = False) -> tuple[pd.Series, dict[int, Reading]]:
    """Read a column of numbers, each different cell once.

    Returns the numbers (a limit where a cell is below it; missing where there is none) and, by row, what is
    more than a plain number. The rest of the file may show that a comma is its decimal mark
    (`has_decimal_commas`).
    """
    if pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype):
        return cells.astype(float), {}
    commas = any(map(is_decimal_point, cells))
    decimal = not commas and has_decimal_commas(cells, decimal_commas)
    cache: dict[object, Reading] = {}
    values, readings = np.full(len(cells), np.nan), {}
    for place, (row, cell) in enumerate(cells.items()):
        key = (type(cell), cell)
        reading = cache.get(key)
        if reading is None:
            reading = cache[key] = _with_point(cell) if decimal else read_number(cell, commas)
        values[place] = reading.number
        if reading.kind != "number" or reading.how or reading.unit:
            readings[row] = reading
    return pd.Series(values, index=cells.index), readings


def has_decimal_commas(cells: Iterable[object], sure: bool = False) -> bool:
    """Say whether a column is written with decimal commas throughout: 1,9 and 12,05, beside whole numbers.

    One cell with a point, or with a fraction that the spreadsheet took for a number, and it is not; nor where
    all may part thousands (1,234) unless other columns make it `sure`, or where more than half of the numbers
    have no comma.
    """
    numbers = with_comma = 0
    for cell in cells:
        if is_blank(cell) or isinstance(cell, bool):
            continue
        if isinstance(cell, int | float):
            if isinstance(cell, float) and not cell.is_integer():
                return False
            numbers += 1
        elif isinstance(cell, str) and (match := _LEADING.match(plain(cell))):
            whole, comma, rest = match[1].partition(",")
            if "." in match[1] or "," in rest or (comma and not (whole and rest)):
                return False
            numbers += 1
            with_comma += bool(comma)
            sure |= bool(comma) and (len(rest) != 3 or whole == "0" or len(whole) > 3)
    return sure and 2 * with_comma > numbers


def _with_point(cell: object) -> Reading:
    """Read a cell of a column with decimal commas."""
    if not isinstance(cell, str) or "," not in plain(cell) or _odd_in_number(cell):
        return read_number(cell)
    reading = read_number(re.sub(r"(?<=\d),(?=\d)", ".", plain(cell)))
    how = tr("the comma read as decimal point, as in the whole column")
    return replace(reading, how=tr("; ").join(filter(None, [how, reading.how])))


def is_not_detected(cell: str) -> bool:
    """Say whether a cell reads "not detected" without a limit of its own, as ``N.D.``, ``nd`` or 検出せず.

    Read only in a column whose limit is stated: elsewhere "ND" may as well mean "not done".
    """
    folded = re.sub(r"[\s.]", "", unicodedata.normalize("NFKC", cell)).casefold()
    return folded in lexicon()["cells"]["undetected"]


def _read_text(text: str, commas: bool) -> Reading:
    shown = text.strip()
    half = plain(text)
    if odd := _odd_in_number(text):
        advice = tr("Write it in plain digits, 0 to 9.")
        return _bad(
            tr("found {shown!r}, in which {odd} is no plain digit", shown=shown[:60], odd=odd), advice
        )
    if half.casefold() in lexicon()["cells"]["missing"]:
        return Reading("missing", how=tr("{shown!r} taken as missing", shown=shown))
    if half.upper() in lexicon()["cells"]["error"]:
        return _bad(_error_value(shown), tr("Mend the formula, or write the number itself."))
    if is_not_detected(half):
        return Reading("undetected", how=shown)
    width = tr(_WIDTH) if half != shown else ""
    less = re.fullmatch(r"<\s*(.+)|(.+?)\s*未満", half)
    if less:
        limit = _read_plain(less[1] or less[2], shown, commas)
        if limit.kind != "number" or limit.number <= 0:
            advice = tr("Write < and the limit of detection, as <0.5.")
            return _bad(tr("found {shown!r}", shown=shown), advice)
        read = tr("{shown!r} read as <{limit:g}", shown=shown, limit=limit.number)
        return Reading("below", limit.number, limit.unit, width if less[1] else read)
    if re.match(r"[>≤≥≦≧~〜]", half) or re.search(r"(以上|以下|超|約)", half):
        advice = tr(
            "Only 'less than' (<0.5) can be read: leave the cell blank and keep the remark in another column."
        )
        return _bad(tr("found {shown!r}, no exact value", shown=shown), advice)
    return _read_plain(half, shown, commas, width)


def _read_plain(half: str, shown: str, commas: bool, width: str = "") -> Reading:
    """Read a number, maybe with commas between thousands and a unit behind it."""
    how = [width] if width else []
    grouped = _GROUPED.match(half)
    if grouped and half[grouped.end() :][:1] not in (",", "."):
        found = grouped.group()
        if not (commas or found.count(",") > 1 or "." in found):
            advice = tr(
                "Write it without commas: {thousands} if the comma parts thousands, {decimals} if decimals.",
                thousands=found.replace(",", ""), decimals=found.replace(",", "."),
            )  # fmt: skip
            return _bad(tr("found {shown!r}, which may be read in two ways", shown=shown), advice)
        half = found.replace(",", "") + half[grouped.end() :]
        how = [*how, tr("commas between thousands taken out")]
    if _DATE.fullmatch(half):
        advice = tr(
            "Write the number itself; set the format of the cell to number first if Excel makes a date of it."
        )
        return _bad(tr("found {shown!r}, which looks like a date", shown=shown), advice)
    match = _NUMBER.match(half)
    if not match:
        advice = tr("Write a number, or leave the cell blank if it was not measured.")
        return _bad("", advice, quoted(shown[:60]))
    number, rest = float(match.group()), half[match.end() :].strip()
    if not math.isfinite(number):
        return _bad("", tr("Write a number that a computer can hold."), quoted(shown))
    if not rest:
        return Reading("number", number, how=tr("; ").join(how))
    unit = unit_of(rest)
    if unit is None:
        return _bad(tr("found {shown!r}, expected a number alone", shown=shown[:60]), _remark(half, rest))
    return Reading(
        "number", number, unit, tr("; ").join([*how, tr("the unit {unit} in the cell", unit=rest)])
    )


def _remark(half: str, rest: str) -> str:
    if re.fullmatch(r"[-+]?\d+,\d+", half):
        return tr("Write the decimal with a point: {number}.", number=half.replace(",", "."))
    if rest.startswith(","):
        return tr("Write the number without commas.")
    if re.fullmatch(r"\d[\d ]*(\.\d+)?", rest):
        return tr("Take the blanks out of the number.")
    return tr("Write the number alone, and move the remark into a column of its own.")


def _bad(problem: str, advice: str, found: str = "") -> Reading:
    return Reading("bad", problem=problem, advice=advice, found=found)


def is_decimal_point(cell: object) -> bool:
    """Say whether a text shows that the point is its decimal mark (12.5 or 1,234.5, or 1,234,567)."""
    if not isinstance(cell, str):
        return False
    half = plain(cell).lstrip("<").strip()
    return bool(re.match(r"[-+]?\d+\.\d|[-+]?\d{1,3}(,\d{3})+\.\d|[-+]?\d{1,3}(,\d{3}){2,}", half))


def read_name(cell: object) -> tuple[str | None, str]:
    """Read a cell that holds a name: of an animal, a group, a file.

    Returns the name in half width, without blanks around it (None for a blank cell or one that holds no
    name), and what is wrong with it, as a problem (empty if nothing).
    """
    if is_blank(cell):
        return None, ""
    if isinstance(cell, bool):
        return None, _truth_value(cell)
    if isinstance(cell, ShownNumber):
        return cell.text, ""
    if isinstance(cell, int | float):
        return (str(int(cell)) if float(cell).is_integer() else f"{cell:.15g}"), ""
    if isinstance(cell, datetime.date | datetime.time | datetime.timedelta):
        return None, tr("found a date or time ({cell}), which Excel makes of 1-2", cell=cell)
    # ① and ³ stay what they are: R1³ is not R13.
    pieces = re.split(f"([{re.escape(odd)}])", str(cell)) if (odd := odd_digits(str(cell))) else [str(cell)]
    half = "".join(
        piece if piece and piece in odd else unicodedata.normalize("NFKC", piece) for piece in pieces
    )
    half = re.sub(r"\s+", " ", half.translate(_MINUS).strip())
    if half.upper() in lexicon()["cells"]["error"]:
        return None, _error_value(half)
    return half, ""
