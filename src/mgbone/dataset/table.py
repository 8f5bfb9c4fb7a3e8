"""A checked table, and the rules of the dictionary that it is held against, wherever it was read from.

The rules are those of the Table Schema in the dictionary (type, required, minimum, pattern, unique and
primaryKey) and ``positive``, which it adds. They are applied here and not by pandera, whose import takes
longer than opening a dataset; it can read the same schemas, and a test holds the two together.
"""

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
    values: pd.Series, spec: dict[str, Any], file: str, unreadable: pd.Series | None = None
) -> list[Fault]:
    """Hold typed values of one column against the dictionary: required, minimum, pattern.

    The values, numbers or names, are indexed by spreadsheet row; `spec` is the field's entry in the
    dictionary. Those that are `unreadable` are missing because they could not be read, which has been
    reported.
    """
    name, rules, faults = spec["name"], spec.get("constraints", {}), []
    if rules.get("required"):
        missing = values.isna() if unreadable is None else values.isna() & ~unreadable
        title = spec["title"] if spec["type"] == "string" else spec["title"].lower()
        advice, title = tr("Fill in the {title} of this row."), either(title, spec.get("title_ja", ""))
        faults += fault_in_rows(file, name, values.index[missing], tr("is blank"), advice, title=title)
    if spec["type"] != "string":
        return faults + _below_minimum(values, spec, file)
    if "pattern" in rules:
        wrong = [value for value in values.dropna().unique() if not re.fullmatch(rules["pattern"], value)]
        problem = tr("found {value!r}, allowed is a name without blanks around it")
        advice = tr("Delete the blanks before and after it.")
        faults += fault_in_rows(file, name, values.index[values.isin(wrong)], problem, advice, value=values)
    if name in ("animal_id", "array_id"):  # which would be formulas in the tables that are written of them
        rows = values.index[values.astype("str").str.match(r"[=+\-@]").fillna(False)]
        problem = tr("found {value!r}, which a spreadsheet would take for a formula")
        advice = tr("Let the name begin with a letter or a digit, in all tables.")
        faults += fault_in_rows(file, name, rows, problem, advice, value=values)
    return faults


def _below_minimum(values: pd.Series, spec: dict[str, Any], file: str) -> list[Fault]:
    rules, unit = spec.get("constraints", {}), typeset_unit(spec.get("unit", ""))
    minimum = rules.get("minimum")
    if minimum is None:
        return []
    low = values < minimum
    problem = tr("found {value:.10g}, allowed is {minimum} or more")
    if spec.get("positive"):
        low = values <= minimum
        problem = tr("found {value:.10g}, allowed is more than {least}")
    elif unit:
        problem = tr("found {value:.10g}, allowed is {minimum} or more {unit}")
    required = rules.get("required", False)
    advice = tr("Correct the value.") if required else tr("Correct the value, or leave the cell blank.")
    of_row = {"value": values, "least": f"{minimum} {unit}".strip(), "minimum": minimum, "unit": unit}
    return fault_in_rows(file, spec["name"], values.index[low], problem, advice, of=values.count(), **of_row)


def check_repeated(frame: pd.DataFrame, file: str, name: str) -> list[Fault]:
    """Report rows with the primary key of an earlier row, and values that must be unique but are not."""
    schema, faults = table_schema(name), []
    unique = [[spec["name"]] for spec in schema["fields"] if spec.get("constraints", {}).get("unique")]
    for key in [schema["primaryKey"], *(one for one in unique if one != schema["primaryKey"])]:
        if not set(key) <= set(frame.columns):
            continue
        keys = frame[key].dropna()
        values = pd.Series(list(keys.itertuples(index=False, name=None)), index=keys.index, dtype=object)
        first = dict(zip(values[::-1], keys.index[::-1], strict=True))

        def describe(row: int, values=values, first=first) -> tuple[str, str]:
            parts = (f"{one:g}" if isinstance(one, float) else str(one) for one in values[row])
            said = {"name": " ".join(parts), "row": row_words(first[values[row]])}
            problem = tr("{name} stands already in {row}", **said)
            return problem, tr("Delete one of the two rows, or correct the name.")

        faults += fault_per_row(file, ", ".join(key), keys.index[keys.duplicated()], describe)
    return faults
