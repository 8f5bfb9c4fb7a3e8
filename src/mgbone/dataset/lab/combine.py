"""Several sheets to one table: rows below one another, or values side by side, which then have to agree."""

import pandas as pd

from mgbone.dataset.faults import Fault, fault_per_row, quoted, row_words
from mgbone.dataset.lab.cell import is_blank
from mgbone.dataset.lab.headings import fields_of
from mgbone.dataset.lab.parts import Piece
from mgbone.study.language import tr

_WITHIN = {"qct_slices": ("slice", "position"), "arrays": ("array_id",)}

_REPEATED = ("experiment", "group")
"""What sheets with one row per measurement repeat for the same animal."""


Joined = tuple[pd.DataFrame, dict[str, pd.Series], dict[int, tuple[str, int]], list[Fault]]


def join(name: str, pieces: list[Piece]) -> Joined:
    """Join the pieces of a table, with running numbers as index.

    Returns the table; by column which cells are below a limit of detection; sheet and spreadsheet row where
    each running number was first met; and faults.
    """
    keys = ["animal_id"]
    for column in _WITHIN.get(name, ()):
        if all(column in piece.frame for piece in pieces):
            keys = [column] if name == "arrays" else [*keys, column]
            break
    every = pd.concat([piece.frame[keys] for piece in pieces], ignore_index=True).dropna()
    joined = _side_by_side(pieces, keys) if every.duplicated().any() else _below_one_another(pieces)
    kinds = {column: fields_of(name).get(column, {"type": "string"})["type"] for column in joined[0]}
    texts = {column: "str" if kind == "string" else float for column, kind in kinds.items()}
    return joined[0].astype(texts), *joined[1:]


def _below_one_another(pieces: list[Piece]) -> Joined:
    """Stack pieces that are about different animals (slices, arrays)."""
    frame = pd.concat([piece.frame for piece in pieces], ignore_index=True)
    frame.index = frame.index + 1
    rows = [(piece.where, int(row)) for piece in pieces for row in piece.frame.index]
    below = {column: pd.Series(False, index=frame.index) for piece in pieces for column in piece.below}
    start = 0
    for piece in pieces:
        for column, marks in piece.below.items():
            below[column].iloc[start : start + len(marks)] = marks.to_numpy()
        start += len(piece.frame)
    return frame, below, dict(enumerate(rows, start=1)), []


def _side_by_side(pieces: list[Piece], keys: list[str]) -> Joined:
    """Put values of the same animal into one row; two different values for one cell are a fault."""
    numbers: dict[tuple, int] = {}
    places: dict[int, tuple[str, int]] = {}
    # By column and number: the value, whether it is below a limit, and sheet and row where it was first met.
    cells: dict[str, dict[int, tuple]] = {column: {} for piece in pieces for column in piece.frame}
    faults: list[Fault] = []
    for piece in pieces:
        clashes: dict[str, dict[int, tuple[str, str]]] = {}
        here: set[tuple[int, str]] = set()
        for row, values in zip(piece.frame.index, piece.frame.to_dict("records"), strict=True):
            key = tuple(values[one] for one in keys)
            whole = not any(map(is_blank, key))
            number = numbers.setdefault(key if whole else (piece.where, row), len(numbers) + 1)
            places.setdefault(number, (piece.where, int(row)))
            for column, value in values.items():
                if is_blank(value):
                    continue
                is_low = column in piece.below and bool(piece.below[column][row])
                before, was_low, there, at = cells[column].setdefault(
                    number, (value, is_low, piece.where, int(row))
                )
                twice = (number, column) in here and column not in (*keys, *_REPEATED)
                if not twice and (before, was_low) == (value, is_low):
                    here.add((number, column))
                else:
                    problem = tr(
                        "found {found} for {animal}, which has {before} in {row} of {where}",
                        found=_shown(value, is_low), animal=" ".join(map(_name, key)),
                        before=_shown(before, was_low), row=row_words(at), where=there,
                    )  # fmt: skip
                    advice = tr("Write one value for each animal; keep repeats in another sheet or column.")
                    clashes.setdefault(column, {})[row] = (problem, advice)
        for column, found in clashes.items():
            label = piece.labels.get(column, column)
            faults += fault_per_row(piece.where, label, list(found), found.__getitem__)
    held = {column: {number: one[0] for number, one in of.items()} for column, of in cells.items()}
    frame = pd.DataFrame(held, index=range(1, len(numbers) + 1))
    low = {column: [number for number, one in of.items() if one[1]] for column, of in cells.items()}
    below = {column: pd.Series(frame.index.isin(of), index=frame.index) for column, of in low.items() if of}
    return frame, below, places, faults


def _shown(value: object, is_low: bool) -> str:
    return f"{'<' if is_low else ''}{value:.10g}" if isinstance(value, float) else quoted(value)


def _name(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
