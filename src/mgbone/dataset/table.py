"""A checked table, and the rules of the dictionary that it is held against, wherever it was read from.

The rules are those of the Table Schema in the dictionary (type, required, minimum, pattern, unique and
primaryKey) and ``positive``, which it adds. They are applied here and not by pandera, whose import takes
longer than opening a dataset; it can read the same schemas, and a test holds the two together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mgbone.dataset.faults import Fault, fault_in_rows, fault_per_row, row_words
from mgbone.study.dictionary import measured_fields, table_schema, typeset_unit
from mgbone.study.language import either, tr

# Assays with a limit of detection: here a cell may read "<0.5". Creatinine may not, as it divides the others.
BELOW_LIMIT = {"serum": set(measured_fields("serum")), "urine": {"ctx", "dpd"}}


@dataclass
class Table:
    """A table as read."""

    # The known columns in the order of the dictionary, typed (a bad cell is missing); its index holds
    # spreadsheet rows, the header being row 1. None where the file can't be read as a table.
    frame: pd.DataFrame | None = None
    faults: list[Fault] = field(default_factory=list)
    # What was left out without being a fault: columns that the dictionary does not know.
    notes: list[str] = field(default_factory=list)
    # Per column with such cells: which rows are below a limit of detection; the frame holds the limit.
    below_limit: dict[str, pd.Series] = field(default_factory=dict)


def check_values(
    values: pd.Series,
    spec: dict[str, Any],
    file: str,
    faults: list[Fault],
    unreadable: pd.Series | None = None,
) -> None:
    """Hold typed values of one column against the dictionary: required, minimum, pattern; add to `faults`.

    Parameters
    ----------
    values : Series
        Numbers, or names; indexed by spreadsheet row.
    spec : mapping
        The field's entry in the dictionary.
    unreadable : Series of bool, optional
        Values that are missing because they could not be read, which has been reported.
    """
    if spec.get("constraints", {}).get("required"):
        missing = values.isna() if unreadable is None else values.isna() & ~unreadable
        faults += fault_in_rows(
            file, spec["name"], values.index[missing], tr("is blank"), tr("Fill in the {title} of this row."),
            title=_title(spec),
        )  # fmt: skip
    if spec["type"] == "string":
        _check_pattern(values, spec, file, faults)
        _check_formula(values, spec, file, faults)
    else:
        _check_range(values, spec, file, faults)


def _title(spec: dict[str, Any]) -> str:
    title = spec["title"] if spec["type"] == "string" else spec["title"].lower()
    return either(title, spec.get("title_ja", ""))


def _check_range(values: pd.Series, spec: dict[str, Any], file: str, faults: list[Fault]) -> None:
    minimum = spec.get("constraints", {}).get("minimum")
    if minimum is None:
        return
    positive = spec.get("positive", False)
    unit = typeset_unit(spec.get("unit", ""))
    low = values.index[(values <= minimum) if positive else (values < minimum)]
    least = f"{minimum} {unit}" if unit else f"{minimum}"
    if positive:
        problem = tr("found {value:.10g}, allowed is more than {least}")
    elif unit:
        problem = tr("found {value:.10g}, allowed is {minimum} or more {unit}")
    else:
        problem = tr("found {value:.10g}, allowed is {minimum} or more")
    may_be_blank = not spec["constraints"].get("required", False)
    advice = tr("Correct the value, or leave the cell blank.") if may_be_blank else tr("Correct the value.")
    of_row = {"value": values, "least": least, "minimum": minimum, "unit": unit}
    faults += fault_in_rows(file, spec["name"], low, problem, advice, of=values.count(), **of_row)


def _check_formula(values: pd.Series, spec: dict[str, Any], file: str, faults: list[Fault]) -> None:
    """Refuse identifiers that would be formulas in the tables that are written of them."""
    if spec["name"] not in ("animal_id", "array_id"):
        return
    rows = values.index[values.astype("str").str.match(r"[=+\-@]").fillna(False)]
    problem = tr("found {value!r}, which a spreadsheet would take for a formula")
    advice = tr("Let the name begin with a letter or a digit, in all tables.")
    faults += fault_in_rows(file, spec["name"], rows, problem, advice, value=values)


def _check_pattern(values: pd.Series, spec: dict[str, Any], file: str, faults: list[Fault]) -> None:
    pattern = spec.get("constraints", {}).get("pattern")
    if pattern is None:
        return
    wrong = [value for value in values.dropna().unique() if not re.fullmatch(pattern, value)]
    rows = values.index[values.isin(wrong)] if wrong else []
    problem = tr("found {value!r}, allowed is a name without blanks around it")
    advice = tr("Delete the blanks before and after it.")
    faults += fault_in_rows(file, spec["name"], rows, problem, advice, value=values)


def check_repeated(frame: pd.DataFrame, file: str, name: str, faults: list[Fault]) -> None:
    """Report rows with the primary key of an earlier row, and values that must be unique but are not."""
    schema = table_schema(name)
    unique = [[spec["name"]] for spec in schema["fields"] if spec.get("constraints", {}).get("unique")]
    for key in [schema["primaryKey"], *(one for one in unique if one != schema["primaryKey"])]:
        if not set(key) <= set(frame.columns):
            continue
        keys = frame[key].dropna()
        repeated = keys.index[keys.duplicated()]
        if not len(repeated):
            continue
        first = {
            value: row
            for row, value in reversed(list(zip(keys.index, keys.itertuples(index=False), strict=True)))
        }

        def describe(row: int, keys=keys, first=first) -> tuple[str, str]:
            value = next(keys.loc[[row]].itertuples(index=False))
            shown = " ".join(f"{part:g}" if isinstance(part, float) else str(part) for part in value)
            problem = tr("{name} stands already in {row}", name=shown, row=row_words(first[value]))
            return problem, tr("Delete one of the two rows, or correct the name.")

        faults += fault_per_row(file, ", ".join(key), repeated, describe)
