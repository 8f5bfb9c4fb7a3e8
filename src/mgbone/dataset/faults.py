"""One fault of a dataset as a person needs it: where it is, what was found, what to do."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

import pandas as pd

from mgbone.study.documents import Slip
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, fill, tr

MOST_OF_A_KIND = 5
"""So many faults of one kind in one column are written out; of the others one line names the rows."""

FEWEST_OF_A_COLUMN = 4

_E = TypeVar("_E", bound=MgboneError)
_LABEL = re.compile(r'([A-Z]{1,3})(?: "(.*)")?', re.DOTALL)
_OF_THE_SYSTEM = (
    N_("No such file or directory"), N_("Permission denied"), N_("Is a directory"), N_("Input/output error"),
    N_("No space left on device"), N_("File name too long"), N_("Read-only file system"),
)  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Fault:
    """A fault; `str` gives the line that is shown."""

    file: str  # Path within the dataset folder.
    problem: str  # What was found and what is allowed.
    advice: str  # What to do, a sentence.
    row: int | None = None  # As a spreadsheet counts: the header is row 1.
    column: str | None = None  # Name of the column, or of several.

    def __str__(self) -> str:
        where = place_words(self.file, self.row, self.column)
        said = tr("{where}: {problem}. {advice}", where=where, problem=self.problem, advice=self.advice)
        return _CONTROL.sub(lambda sign: repr(sign[0])[1:-1], said)


@dataclass(frozen=True)
class Note:
    """What was converted, taken for granted or left out on reading, without being a fault."""

    file: str  # Path within the dataset folder, or sheet; empty for the folder as a whole.
    said: str  # A sentence.
    row: int | None = None  # As of a `Fault`.
    column: str | None = None

    def __str__(self) -> str:
        if not self.file:
            return self.said
        return tr("{where}: {said}", where=place_words(self.file, self.row, self.column), said=self.said)


def place_words(file: str, row: int | None = None, column: str | None = None) -> str:
    """Return a place as messages call it: ``serum.csv, row 5, column serum_mg``."""
    place = file if row is None else tr("{place}, {row}", place=file, row=row_words(row))
    if column is None:
        return place
    names = tr(", ").join(map(column_words, column.split(", ")))
    if ", " in column:
        return tr("{place}, columns {names}", place=place, names=names)
    return tr("{place}, column {name}", place=place, name=names)


def row_words(row: int | str) -> str:
    """Return a row as messages call it, so that it is found in them and replaced by that of a sheet."""
    return tr("row {row}", row=row)


def rows_words(rows: Sequence[int]) -> str:
    """Return several rows as messages call them, the first ten and a count of the rest."""
    if len(rows) == 1:
        return row_words(rows[0])
    return tr("rows {rows}", rows=listing(map(str, rows), most=10))


def column_words(label: str) -> str:
    """Return a column as messages call it: by its name, or by the letter and heading that the label gives."""
    parts = _LABEL.fullmatch(label)
    if parts and parts[2]:
        return tr('{letters} "{heading}"', letters=parts[1], heading=parts[2])
    return tr("{name}", "column", name=label)


def quoted(text: object) -> str:
    """Return what stands in a cell, in quotation marks."""
    return fill("{text!r}", text=text)


def found_in(text: object, rows: int) -> str:
    """Return what was found, and in how many rows if there are several."""
    if rows > 1:
        return tr("found {text!r} (in {rows} rows)", text=text, rows=rows)
    return tr("found {text!r}", text=text)


def file_error(kind: type[_E], path: str | Path, problem: str, advice: str) -> _E:
    """Return the error of a file that can't be used, whose problem and advice `fault_of` can take apart."""
    error = kind(tr("{where}: {problem}. {advice}", where=path, problem=problem, advice=advice))
    error.found = (problem, advice)
    return error


def fault_of(file: str, error: MgboneError) -> Fault:
    """Return the fault that an error made by `file_error` tells of."""
    return Fault(file, *error.found)


def fault_per_row(
    file: str,
    column: str | None,
    rows: Sequence[int],
    describe: Callable[[int], tuple[str, str]],
    of: int | None = None,
) -> list[Fault]:
    """Return a fault for each (spreadsheet) row, or for the first ones and a count of the rest.

    `describe` takes a row and returns problem and advice. Of a column with `of` values it may be told: what
    most of them have is a fault of the column, and its first row is enough.
    """
    whole_column = of is not None and len(rows) >= FEWEST_OF_A_COLUMN and 2 * len(rows) > of
    most = 1 if whole_column else MOST_OF_A_KIND
    faults = [Fault(file, *describe(int(row)), row=int(row), column=column) for row in rows[:most]]
    left = [int(row) for row in rows[most:]]
    if left:
        # Each with its word, so that a row of a table from several sheets can be led back to its sheet.
        told = listing(map(row_words, left[:10]), most=10, of=len(left))
        many = tr("{count} more rows have a fault of this kind: {rows}", count=len(left), rows=told)
        one = tr("1 more row has a fault of this kind: {row}", row=told)
        advice = tr("Mend them in the same way.")
        faults.append(Fault(file, many if len(left) > 1 else one, advice, column=column))
    return faults


def fault_in_rows(
    file: str,
    column: str | None,
    rows: Sequence[int],
    problem: str,
    advice: str,
    of: int | None = None,
    **of_row: object,
) -> list[Fault]:
    """Return faults as `fault_per_row` does, all in the same words but for what stands in each row.

    ``{name}`` in problem and advice, which are in the language in use, is filled in with `of_row`: Series or
    mappings by row, or objects that are the same in all.
    """

    def describe(row: int) -> tuple[str, str]:
        found = {k: v[row] if isinstance(v, Mapping | pd.Series) else v for k, v in of_row.items()}
        return fill(problem, **found), fill(advice, **found)

    return fault_per_row(file, column, rows, describe, of)


def not_readable(file: str, error: OSError) -> Fault:
    """Return the fault of a file that the operating system does not hand out."""
    problem = tr("can't be read ({error})", error=cause(error))
    return Fault(file, problem, tr("Check the permissions of the file."))


def cause(error: Exception) -> str:
    """Return what the operating system says of an error, or what the error says of itself."""
    return tr(getattr(error, "strerror", None) or str(error))


def slip_fault(file: str, slip: Slip) -> Fault:
    """Return the fault of an entry in a file of YAML, whose line stands beside the name of the file."""
    return Fault(tr("{file}, {entry}", file=file, entry=slip.where), slip.problem, slip.advice)


def wrong_lengths(
    file: str, rows: Sequence[Sequence[str]], bad: Sequence[int], width: int, problem: str
) -> list[Fault]:
    """Return a fault for each row, counted from 1, that is longer or shorter than the table.

    The `problem` may name ``{cells}`` of the row and ``{width}``, the columns of the table.
    """
    advice = tr("Is a comma missing or too many, a decimal comma, or the end of the file cut off?")
    cells = {n: len(rows[n - 1]) for n in bad}
    return fault_in_rows(file, None, bad, problem, advice, cells=cells, width=width)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that comes closest to `name`, upper and lower case alike, or None."""
    by_folded = {str(entry).casefold(): str(entry) for entry in known}
    found = get_close_matches(str(name).casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def listing(names: Iterable[str], most: int = 8, of: int | None = None) -> str:
    """Join names by commas, the first ones and a count of the rest; where `names` are not all, `of` is."""
    names = list(names)
    first, left = tr(", ").join(names[:most]), (of or len(names)) - most
    return tr("{names} and {count} more", names=first, count=left) if left > 0 else first
