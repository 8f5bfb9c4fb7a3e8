"""What the reading of one sheet is made of: its columns, and the pieces of tables that it adds."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mgbone.dataset.faults import Fault, Note, fault_in_rows, fault_per_row
from mgbone.dataset.lab.cell import plain
from mgbone.dataset.lab.headings import REGIONAL, Heading, fields_of
from mgbone.dataset.lab.units import Unit
from mgbone.study.dictionary import endpoint

_MEASURES = {"density": "mg/cm3", "content": "mg", "volume": "mm3"}
REGIONAL_UNITS = dict.fromkeys(("animal_id", "structure", "region")) | _MEASURES
"""Columns of a table of regional densities, with their units."""

READING = "reading.yml"

EXAMPLE = "例 / EXAMPLE（消す / delete）"
"""What stands in place of the animal's name in the example row of the template; such a row is passed over."""


@dataclass
class Piece:
    """What one sheet adds to one table."""

    table: str
    where: str  # The sheet, as messages call it.
    # Typed columns of the dictionary, indexed by spreadsheet row. Names are not yet matched with the study.
    frame: pd.DataFrame
    labels: dict[str, str]  # What messages call each column: its letter and heading.
    # Which cells are below a limit of detection; the frame holds the limit.
    below: dict[str, pd.Series] = field(default_factory=dict)
    named: bool = False  # Whether the sheet is named for this table.
    long: bool = False  # Whether it came with one row per measurement.


@dataclass
class Sheet:
    """All that is found in one sheet, told while it is read."""

    where: str  # As messages call it.
    pieces: list[Piece] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    decimal_commas: bool = False  # Whether it is known to have them.

    def fault(self, problem: str, advice: str, row: int | None = None, column: str | None = None) -> None:
        """Tell of a fault."""
        self.faults.append(Fault(self.where, problem, advice, row, column))

    def note(self, said: str, row: int | None = None, column: str | None = None) -> None:
        """Tell of something that is no fault."""
        self.notes.append(Note(self.where, said, row, column))

    def faults_in(
        self, column: str, rows: Sequence[int], problem: str, advice: str, **of_row: object
    ) -> None:
        """Tell of faults in several rows of a column, as `fault_in_rows` does."""
        self.faults += fault_in_rows(self.where, column, rows, problem, advice, **of_row)

    def faults_by_row(self, column: str, found: Mapping[int, tuple[str, str]]) -> None:
        """Tell of faults in several rows, each with its own problem and advice."""
        self.faults += fault_per_row(self.where, column, sorted(found), found.__getitem__)


@dataclass(frozen=True)
class Column:
    """A column whose heading is understood: where it stands and what it holds."""

    place: int
    heading: Heading
    unit: Unit | None
    limit: str

    @property
    def label(self) -> str:
        """The column as messages call it: its letter and its heading."""
        return column_label(self.place, self.heading.text)

    @property
    def spec(self) -> dict[str, Any]:
        """The dictionary's entry of its field."""
        return field_spec(self.heading.table or "animals", self.heading.field)


def column_label(place: int, heading: str) -> str:
    """Return what messages call a column: ``D "Serum Mg (mg/dL)"``."""
    letters, number = "", place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    text = re.sub(r"\s+", " ", heading.replace(", ", " ")).strip()
    return f'{letters} "{text[:40]}{"…" if len(text) > 40 else ""}"' if text else letters


def field_spec(table: str, name: str) -> dict[str, Any]:
    """Return the dictionary's entry of a field, or one made for regional density."""
    if table != REGIONAL:
        return fields_of(table)[name]
    known = endpoint(name) if name not in REGIONAL_UNITS else {"title": name, "unit": REGIONAL_UNITS[name]}
    # Marrow may lie below zero on a calibrated scale; `regional_table` looks at what may not.
    limits = {"minimum": 0} if name == "volume" else {}
    made = {"name": name, "title": known["title"], "constraints": limits}
    return {**made, "type": "number", "unit": known["unit"]} if known["unit"] else {**made, "type": "string"}


def unit_under(heading: Heading) -> str:
    """Return the unit that the values under a heading are kept in, or one as an example; empty if none."""
    if heading.field.startswith("@"):
        return "mg/dL" if heading.field == "@value" else REGIONAL_UNITS.get(heading.field[1:]) or ""
    return field_spec(heading.table, heading.field).get("unit", "") if heading.table else ""


def is_name(heading: Heading) -> bool:
    """Say whether the cells below a heading are names, and not numbers."""
    if heading.field in ("@endpoint", "@unit", "@structure", "@region", "animal_id"):
        return True
    if heading.field.startswith("@") or heading.table == REGIONAL or not heading.table:
        return heading.field == "@value"
    return fields_of(heading.table)[heading.field]["type"] == "string"


def no_bracket(text: str) -> str:
    """Return a unit without the brackets that it may stand in."""
    return plain(text).strip("()[]")
