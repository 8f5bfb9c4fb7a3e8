"""Several sheets to one table: rows below one another, or values side by side, which then have to agree."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mgbone.dataset.faults import Fault, fault_per_row, quoted, row_words
from mgbone.dataset.lab.cell import is_blank
from mgbone.dataset.lab.headings import fields_of
from mgbone.dataset.lab.parts import Piece
from mgbone.study.language import tr

_WITHIN = {"qct_slices": ("slice", "position"), "arrays": ("array_id",)}

_REPEATED = ("experiment", "group")
"""What sheets with one row per measurement repeat for the same animal."""


@dataclass
class Joined:
    """One table out of several pieces."""

    frame: pd.DataFrame  # Indexed by running numbers.
    below: dict[str, pd.Series] = field(default_factory=dict)  # Which cells are below a limit of detection.
    # Sheet and spreadsheet row of each running number: where it was first met.
    places: dict[int, tuple[str, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def join(name: str, pieces: list[Piece]) -> Joined:
    """Join the pieces of a table."""
    keys = ["animal_id"]
    for column in _WITHIN.get(name, ()):
        if all(column in piece.frame for piece in pieces):
            keys = [column] if name == "arrays" else [*keys, column]
            break
    every = pd.concat([piece.frame[keys] for piece in pieces], ignore_index=True).dropna()
    joined = _side_by_side(pieces, keys) if every.duplicated().any() else _below_one_another(pieces)
    for column in joined.frame:
        kind = fields_of(name).get(column, {"type": "string"})["type"]
        joined.frame[column] = joined.frame[column].astype("str" if kind == "string" else float)
    return joined


def _below_one_another(pieces: list[Piece]) -> Joined:
    """Stack pieces that are about different animals (slices, arrays)."""
    frame = pd.concat([piece.frame for piece in pieces], ignore_index=True)
    frame.index = frame.index + 1
    rows = [(piece.where, int(row)) for piece in pieces for row in piece.frame.index]
    low: dict[str, np.ndarray] = {}
    start = 0
    for piece in pieces:
        for column, below in piece.below.items():
            low.setdefault(column, np.zeros(len(frame), bool))[start : start + len(below)] = below
        start += len(piece.frame)
    below = {column: pd.Series(marks, index=frame.index) for column, marks in low.items()}
    return Joined(frame, below, dict(enumerate(rows, start=1)))


def _side_by_side(pieces: list[Piece], keys: list[str]) -> Joined:
    """Put values of the same animal into one row; two different values for one cell are a fault."""
    numbers: dict[tuple, int] = {}
    cells: dict[str, dict[int, object]] = {column: {} for piece in pieces for column in piece.frame}
    low: dict[str, set[int]] = {}
    origin: dict[tuple[int, str], tuple[str, int]] = {}
    joined = Joined(pd.DataFrame())
    for piece in pieces:
        clashes: dict[str, dict[int, tuple[str, str]]] = {}
        here: set[tuple[int, str]] = set()
        for row, values in zip(piece.frame.index, piece.frame.to_dict("records"), strict=True):
            key = tuple(values[one] for one in keys)
            whole = not any(map(is_blank, key))
            number = numbers.setdefault(key if whole else (piece.where, row), len(numbers) + 1)
            joined.places.setdefault(number, (piece.where, int(row)))
            for column, value in values.items():
                if is_blank(value):
                    continue
                is_low = column in piece.below and bool(piece.below[column][row])
                before = cells[column].get(number)
                same = before == value and is_low == (number in low.get(column, ()))
                twice = (number, column) in here and column not in (*keys, *_REPEATED)
                if before is not None and (twice or not same):
                    there, at = origin[number, column]
                    problem = tr(
                        "found {found} for {animal}, which has {before} in {row} of {where}",
                        found=_shown(value, is_low), animal=" ".join(map(_name, key)),
                        before=_shown(before, number in low.get(column, ())), row=row_words(at), where=there,
                    )  # fmt: skip
                    advice = tr("Write one value for each animal; keep repeats in another sheet or column.")
                    clashes.setdefault(column, {})[row] = (problem, advice)
                    continue
                here.add((number, column))
                cells[column][number] = value
                origin.setdefault((number, column), (piece.where, int(row)))
                if is_low:
                    low.setdefault(column, set()).add(number)
        for column, found in clashes.items():
            label = piece.labels.get(column, column)
            joined.faults += fault_per_row(piece.where, label, list(found), found.__getitem__)
    joined.frame = pd.DataFrame(cells, index=range(1, len(numbers) + 1))
    index = joined.frame.index
    joined.below = {column: pd.Series(index.isin(marked), index=index) for column, marked in low.items()}
    return joined


def _shown(value: object, is_low: bool) -> str:
    return f"{'<' if is_low else ''}{value:.10g}" if isinstance(value, float) else quoted(value)


def _name(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
