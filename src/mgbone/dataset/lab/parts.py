"""What the reading of one sheet is made of: its columns, and the pieces of tables that it adds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mgbone.dataset.faults import Fault, Note
from mgbone.dataset.lab.cell import plain
from mgbone.dataset.lab.headings import REGIONAL, Heading, fields_of
from mgbone.dataset.lab.units import Unit
from mgbone.study.dictionary import endpoint

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
    """All that was found in one sheet; `decimal_commas` says whether it is known to have them."""

    pieces: list[Piece] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    regional: Piece | None = None
    decimal_commas: bool = False


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


def column_label(place: int, heading: str) -> str:
    """Return what messages call a column: ``D "Serum Mg (mg/dL)"``."""
    letters, number = "", place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    text = re.sub(r"\s+", " ", heading.replace(", ", " ")).strip()
    return f'{letters} "{text[:40]}{"…" if len(text) > 40 else ""}"' if text else letters


def field_spec(table: str, name: str) -> dict[str, Any]:
    """Return the dictionary's entry of a field, or one made of the endpoint for regional density."""
    if table == REGIONAL:
        made = {"type": "number", "constraints": {}}
        return {**made, "name": name, "title": endpoint(name)["title"], "unit": endpoint(name)["unit"]}
    return fields_of(table)[name]


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
