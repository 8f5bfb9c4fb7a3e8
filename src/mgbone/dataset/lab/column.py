"""From the cells of a column to values in the dictionary's unit; each conversion and each fault is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mgbone.dataset.faults import Fault, fault_in_rows, fault_per_row, listing
from mgbone.dataset.lab.cell import REPORTED, Reading, read_name, read_number, read_numbers
from mgbone.dataset.lab.grid import Grid
from mgbone.dataset.lab.headings import fold
from mgbone.dataset.lab.parts import Column, Sheet
from mgbone.dataset.lab.units import Unit, conversion, differ, unit_of
from mgbone.dataset.table import BELOW_LIMIT
from mgbone.study.dictionary import typeset_unit


def names_of(grid: Grid, cells: pd.Series, label: str, sheet: Sheet, say: bool = True) -> pd.Series:
    """Read a column of names; `say` what was changed in them, unless they are to be matched yet."""
    found = {cell: read_name(cell) for cell in cells.dropna().unique()}
    bad = cells.index[cells.isin([cell for cell, (_, problem) in found.items() if problem])]

    def describe(row: int) -> tuple[str, str]:
        return found[cells[row]][1], "Set the format of the cell to text, and write the name."

    sheet.faults += fault_per_row(grid.where, label, bad, describe)
    changed = [
        f"{cell!r} to {name!r}"
        for cell, (name, _) in found.items()
        if isinstance(cell, str) and name and name != cell.strip()
    ]
    if changed and say:
        note = f"names written in half width: {listing(changed, most=5)}."
        sheet.notes.append(f"{grid.where}, column {label}: {note}")
    values = cells.map({cell: name for cell, (name, _) in found.items()})
    values[bad] = REPORTED
    return values.where(values.notna(), np.nan).astype("str")


def numbers_of(
    grid: Grid,
    cells: pd.Series,
    column: Column,
    spec: Mapping[str, Any],
    table: str,
    sheet: Sheet,
    units: pd.Series | None = None,
) -> tuple[pd.Series, pd.Series]:
    """Read a column of numbers into the dictionary's unit.

    Parameters
    ----------
    units : Series of Unit, optional
        The unit of each row, in a table with one row per measurement.

    Returns
    -------
    Series of float
    Series of bool
        Which of them are below a limit of detection.
    """
    none_below = pd.Series(False, index=cells.index)
    values, readings = read_numbers(cells)
    infinite = np.isinf(values)
    problem, advice = "found {value}, expected a number", "Write a number that a computer can hold."
    rows = values.index[infinite]
    sheet.faults += fault_in_rows(grid.where, column.label, rows, problem, advice, value=values)
    values = values.mask(infinite)
    limit = _limit_of(grid, column, spec, table, sheet)
    values, below = _resolve(grid, values, none_below, readings, column, spec, table, limit, sheet)
    values = _converted(grid, values, readings, column, spec, sheet, units)
    if spec["type"] == "integer":
        broken = values.index[values.notna() & (values % 1 != 0)]
        problem, advice = "found {value:.10g}, expected a whole number", "Write a whole number."
        sheet.faults += fault_in_rows(grid.where, column.label, broken, problem, advice, value=values)
        values = values.mask(values.index.isin(broken))
    return values, below


def _limit_of(
    grid: Grid, column: Column, spec: Mapping[str, Any], table: str, sheet: Sheet
) -> Reading | None:
    """Return the limit of detection that is stated for a column, in the column's own unit."""
    if not column.limit:
        return None
    reading = read_number(column.limit)
    if spec["name"] not in BELOW_LIMIT.get(table, ()):
        problem = f"states the limit of detection {column.limit!r}, but {spec['name']} has none"
        sheet.faults.append(Fault(grid.where, problem, "Clear the cell of the limit.", column=column.label))
        return None
    if reading.kind not in ("number", "below") or reading.number <= 0:
        problem = f"the limit of detection reads {column.limit!r}, expected a number above 0"
        sheet.faults.append(Fault(grid.where, problem, "Write the limit alone, as 0.5.", column=column.label))
        return None
    return reading


def _resolve(
    grid: Grid,
    values: pd.Series,
    below: pd.Series,
    readings: dict[int, Reading],
    column: Column,
    spec: Mapping[str, Any],
    table: str,
    limit: Reading | None,
    sheet: Sheet,
) -> tuple[pd.Series, pd.Series]:
    """Turn what is no plain number into a value, a censored value, a missing one or a fault."""
    may_be_below = spec["name"] in BELOW_LIMIT.get(table, ())
    bad: dict[int, tuple[str, str]] = {}
    notes: dict[str, list[int]] = {}
    for row, reading in list(readings.items()):
        if reading.kind == "bad":
            unit = (
                f" in {typeset_unit(spec['unit'])}"
                if "unit" in spec and reading.problem.endswith("number")
                else ""
            )
            bad[row] = (reading.problem + unit, reading.advice)
        elif reading.kind in ("below", "undetected") and not may_be_below:
            shown = reading.how or f"<{reading.number:g}"
            advice = "A value beyond a limit can't be read in this column; leave the cell blank."
            bad[row] = (f"found {shown}, but {spec['name']} has no limit of detection here", advice)
        elif reading.kind == "undetected" and limit is None:
            advice = (
                "Write < and the limit, as <0.5, or state the limit once: a "
                "row 検出限界 / limit of detection under "
                "the headings. If nothing was measured, leave the cell blank."
            )
            bad[row] = (f"found {reading.how!r}, and no limit of detection is stated for the column", advice)
        elif reading.kind == "undetected":
            values[row], below[row] = limit.number, True
            readings[row] = Reading("below", limit.number, limit.unit)
            notes.setdefault(f"{reading.how!r} read as below the stated limit, <{limit.number:g}", []).append(
                row
            )
        elif reading.kind == "below":
            below[row] = True
            notes.setdefault(f"<{reading.number:g} kept as below a limit of detection", []).append(row)
            if reading.how:
                notes.setdefault(reading.how, []).append(row)
        elif reading.how:
            notes.setdefault(reading.how, []).append(row)
    sheet.faults += fault_per_row(grid.where, column.label, sorted(bad), lambda row: bad[row])
    sheet.notes += [
        f"{grid.where}, column {column.label}: {how} ({_rows(rows)})." for how, rows in notes.items()
    ]
    values[list(bad)] = np.nan
    for row in bad:
        readings.pop(row)
    return values, below


def _rows(rows: list[int]) -> str:
    return f"row{'s' if len(rows) > 1 else ''} {listing(map(str, rows), most=10)}"


def _converted(
    grid: Grid,
    values: pd.Series,
    readings: Mapping[int, Reading],
    column: Column,
    spec: Mapping[str, Any],
    sheet: Sheet,
    units: pd.Series | None,
) -> pd.Series:
    """Bring values into the dictionary's unit; report those whose unit isn't stated or can't be converted."""
    target = spec.get("unit")
    if not target:
        return values
    stated = (
        pd.Series([column.unit] * len(values), index=values.index, dtype=object)
        if units is None
        else units.copy()
    )
    for row, reading in readings.items():
        if reading.unit is not None:
            if stated[row] is not None and differ(stated[row], reading.unit):
                problem = f"the cell says {reading.unit.text}, but the column {stated[row].text}"
                advice = "Write the number alone, in the unit of the column."
                sheet.faults.append(Fault(grid.where, problem, advice, row=int(row), column=column.label))
                values[row] = np.nan
            stated[row] = reading.unit
    filled = values.notna()
    nothing = filled & stated.isna()
    if nothing.any():
        shown = typeset_unit(target)
        if column.heading.own and units is None:
            if fold(column.heading.text) != fold(spec["name"]):
                note = f"no unit stated, taken as {shown}, which the dictionary gives to this heading."
                sheet.notes.append(f"{grid.where}, column {column.label}: {note}")
        else:
            problem = f"no unit is stated for {spec['name']}, which is kept in {shown}"
            name = spec.get("title_ja", spec["title"])
            advice = f'Write the unit into the heading, as "{name} ({shown})", or into a column of units.'
            row = int(values.index[nothing][0]) if units is not None else None
            sheet.faults.append(Fault(grid.where, problem, advice, row=row, column=column.label))
            return values.mask(nothing)
    for unit in dict.fromkeys(one for one in stated[filled] if one is not None):
        rows = values.index[filled & stated.map(lambda one, unit=unit: one == unit)]
        by = conversion(unit, target, spec["name"])
        if by is None:
            problem = (
                f"the unit {unit.text} can't be converted to {typeset_unit(target)}, "
                f"in which {spec['name']} is kept"
            )
            advice = _how_to_convert(unit, target)
            sheet.faults.append(Fault(grid.where, problem, advice, column=column.label))
            values = values.mask(values.index.isin(rows))
        elif by.factor != 1:
            values.loc[rows] = (values.loc[rows] * by.factor).map(lambda value: float(f"{value:.12g}"))
            many = f"{len(rows)} value{'s' if len(rows) > 1 else ''}"
            note = (
                f"{many} of {spec['name']} converted from {unit.text} to {typeset_unit(target)} ({by.why})."
            )
            sheet.notes.append(f"{grid.where}, column {column.label}: {note}")
    return values


def _how_to_convert(unit: Unit, target: str) -> str:
    """Say what a unit lacks that can't be converted by itself."""
    aim = unit_of(target)
    if aim and any(unit.dimensions[place] == 1 for place in (1, 2)) and aim.dimensions[0] == 1:
        return "Convert the values first, by the molar mass that the maker of the assay gives."
    if aim and unit.dimensions == (*aim.dimensions[:-1], 0):
        return f"Write {typeset_unit(target)} if it is the amount of one day; otherwise divide by the days."
    return "Convert the values first, or correct the unit."
