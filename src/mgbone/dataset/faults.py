"""One fault of a dataset as a person needs it: where it is, what was found, what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import pandas as pd

MOST_OF_A_KIND = 20
"""So many faults of one kind in one column are written out; the others are counted in one line."""


@dataclass(frozen=True)
class Fault:
    """A fault; `str` gives the line that is shown.

    Attributes
    ----------
    file : str
        Path within the dataset folder.
    problem : str
        What was found and what is allowed.
    advice : str
        What to do, a sentence.
    row : int, optional
        As a spreadsheet counts: the header is row 1.
    column : str, optional
        Name of the column, or of several.
    """

    file: str
    problem: str
    advice: str
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        where = [self.file]
        if self.row is not None:
            where.append(f"row {self.row}")
        if self.column is not None:
            where.append(f"column{'s' if ', ' in self.column else ''} {self.column}")
        return f"{', '.join(where)}: {self.problem}. {self.advice}"


def fault_per_row(
    file: str, column: str | None, rows: Sequence[int], describe: Callable[[int], tuple[str, str]]
) -> list[Fault]:
    """Return a fault for each row, or for the first ones and a count of the rest.

    Parameters
    ----------
    rows : sequence of int
        Spreadsheet rows.
    describe : callable
        Takes a row, returns problem and advice.
    """
    faults = [Fault(file, *describe(int(row)), row=int(row), column=column) for row in rows[:MOST_OF_A_KIND]]
    left = len(rows) - len(faults)
    if left:
        many = f"{left} more rows have" if left > 1 else "1 more row has"
        problem = f"{many} a fault of this kind, from row {rows[MOST_OF_A_KIND]} on"
        faults.append(Fault(file, problem, "Mend them in the same way.", column=column))
    return faults


def fault_in_rows(
    file: str, column: str | None, rows: Sequence[int], problem: str, advice: str, **of_row: object
) -> list[Fault]:
    """Return faults as `fault_per_row` does, all in the same words but for what stands in each row.

    Parameters
    ----------
    problem, advice : str
        ``{name}`` in them is filled in with `of_row`.
    **of_row : Series or mapping by row, or object
        What differs from row to row, or is the same in all.
    """

    def describe(row: int) -> tuple[str, str]:
        found = {k: v[row] if isinstance(v, Mapping | pd.Series) else v for k, v in of_row.items()}
        return problem.format(**found), advice.format(**found)

    return fault_per_row(file, column, rows, describe)


def wrong_lengths(file: str, rows: Sequence[Sequence[str]], bad: Sequence[int], width: str) -> list[Fault]:
    """Return a fault for each row, counted from 1, that is longer or shorter than the table."""
    problem = f"has {{cells}} cells, but the {width} columns"
    advice = "Is a comma missing or too many, a decimal comma, or the end of the file cut off?"
    return fault_in_rows(file, None, bad, problem, advice, cells={n: len(rows[n - 1]) for n in bad})


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that comes closest to `name`, upper and lower case alike, or None."""
    by_folded = {str(entry).casefold(): str(entry) for entry in known}
    found = get_close_matches(str(name).casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def listing(names: Iterable[str], most: int = 8) -> str:
    """Join names by commas, the first ones and a count of the rest."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
