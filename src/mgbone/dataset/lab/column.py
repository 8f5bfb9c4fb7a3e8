"""From the cells of a column to values in the dictionary's unit; each conversion and each fault is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mgbone.dataset.faults import Fault, Note, fault_in_rows, fault_per_row, listing, rows_words
from mgbone.dataset.lab.cell import REPORTED, Reading, read_name, read_number, read_numbers
from mgbone.dataset.lab.grid import Grid
from mgbone.dataset.lab.headings import fold
from mgbone.dataset.lab.parts import Column, Sheet
from mgbone.dataset.lab.units import Unit, conversion, differ, unit_of
from mgbone.dataset.table import BELOW_LIMIT
from mgbone.study.dictionary import typeset_unit
from mgbone.study.language import tr


def names_of(grid: Grid, cells: pd.Series, label: str, sheet: Sheet, say: bool = True) -> pd.Series:
    """Read a column of names; `say` what was changed in them, unless they are to be matched yet."""
    found = {cell: read_name(cell) for cell in cells.dropna().unique()}
    bad = cells.index[cells.isin([cell for cell, (_, problem) in found.items() if problem])]

    def describe(row: int) -> tuple[str, str]:
        return found[cells[row]][1], tr("Set the format of the cell to text, and write the name.")

    sheet.faults += fault_per_row(grid.where, label, bad, describe)
    changed = [
        tr("{cell!r} to {name!r}", cell=cell, name=name)
        for cell, (name, _) in found.items()
        if isinstance(cell, str) and name and name != cell.strip()
    ]
    if changed and say:
        note = tr("names written in half width: {names}.", names=listing(changed, most=5))
        sheet.notes.append(Note(grid.where, note, column=label))
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
    values, readings = read_numbers(cells, sheet.decimal_commas)
    infinite = np.isinf(values)
    problem, advice = tr("found {found}, expected a number"), tr("Write a number that a computer can hold.")
    rows = values.index[infinite]
    sheet.faults += fault_in_rows(grid.where, column.label, rows, problem, advice, found=values)
    values = values.mask(infinite)
    limit = _limit_of(grid, column, spec, table, sheet)
    values, below = _resolve(grid, values, none_below, readings, column, spec, table, limit, sheet)
    values = _converted(grid, values, readings, column, spec, sheet, units)
    if spec["type"] == "integer":
        broken = values.index[values.notna() & (values % 1 != 0)]
        problem, advice = tr("found {value:.10g}, expected a whole number"), tr("Write a whole number.")
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
        problem = tr(
            "states the limit of detection {limit!r}, but {name} has none",
            limit=column.limit, name=spec["name"],
        )  # fmt: skip
        advice = tr("Clear the cell of the limit.")
        sheet.faults.append(Fault(grid.where, problem, advice, column=column.label))
        return None
    if reading.kind not in ("number", "below") or reading.number <= 0:
        problem = tr("the limit of detection reads {limit!r}, expected a number above 0", limit=column.limit)
        advice = tr("Write the limit alone, as 0.5.")
        sheet.faults.append(Fault(grid.where, problem, advice, column=column.label))
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
            bad[row] = (reading.problem_in(spec.get("unit", "")), reading.advice)
        elif reading.kind in ("below", "undetected") and not may_be_below:
            shown = reading.how or f"<{reading.number:g}"
            problem = tr(
                "found {shown}, but {name} has no limit of detection here", shown=shown, name=spec["name"]
            )
            advice = tr("A value beyond a limit can't be read in this column; leave the cell blank.")
            bad[row] = (problem, advice)
        elif reading.kind == "undetected" and limit is None:
            problem = tr(
                "found {shown!r}, and no limit of detection is stated for the column", shown=reading.how
            )
            advice = tr(
                "Write < and the limit, as <0.5, or state the limit once: a row 検出限界 / limit of "
                "detection under the headings. If nothing was measured, leave the cell blank."
            )
            bad[row] = (problem, advice)
        elif reading.kind == "undetected":
            values[row], below[row] = limit.number, True
            readings[row] = Reading("below", limit.number, limit.unit)
            note = tr(
                "{shown!r} read as below the stated limit, <{limit:g}", shown=reading.how, limit=limit.number
            )
            notes.setdefault(note, []).append(row)
        elif reading.kind == "below":
            below[row] = True
            note = tr("<{limit:g} kept as below a limit of detection", limit=reading.number)
            notes.setdefault(note, []).append(row)
            if reading.how:
                notes.setdefault(reading.how, []).append(row)
        elif reading.how:
            notes.setdefault(reading.how, []).append(row)
    sheet.faults += fault_per_row(grid.where, column.label, sorted(bad), lambda row: bad[row])
    sheet.notes += [
        Note(grid.where, tr("{how} ({rows}).", how=how, rows=rows_words(rows)), column=column.label)
        for how, rows in notes.items()
    ]
    values[list(bad)] = np.nan
    for row in bad:
        readings.pop(row)
    return values, below


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
                problem = tr(
                    "the cell says {unit}, but the column {stated}",
                    unit=reading.unit.text, stated=stated[row].text,
                )  # fmt: skip
                advice = tr("Write the number alone, in the unit of the column.")
                sheet.faults.append(Fault(grid.where, problem, advice, row=int(row), column=column.label))
                values[row] = np.nan
            stated[row] = reading.unit
    filled = values.notna()
    nothing = filled & stated.isna()
    if nothing.any():
        shown = typeset_unit(target)
        if column.heading.own and units is None:
            if fold(column.heading.text) != fold(spec["name"]):
                note = tr(
                    "no unit stated, taken as {unit}, which the dictionary gives to this heading.", unit=shown
                )
                sheet.notes.append(Note(grid.where, note, column=column.label))
        else:
            problem = tr(
                "no unit is stated for {name}, which is kept in {unit}", name=spec["name"], unit=shown
            )
            advice = tr(
                'Write the unit into the heading, as "{title} ({unit})", or into a column of units.',
                title=spec.get("title_ja", spec["title"]), unit=shown,
            )  # fmt: skip
            row = int(values.index[nothing][0]) if units is not None else None
            sheet.faults.append(Fault(grid.where, problem, advice, row=row, column=column.label))
            return values.mask(nothing)
    for unit in dict.fromkeys(one for one in stated[filled] if one is not None):
        rows = values.index[filled & stated.map(lambda one, unit=unit: one == unit)]
        by = conversion(unit, target, spec["name"])
        if by is None:
            problem = tr(
                "the unit {unit} can't be converted to {target}, in which {name} is kept",
                unit=unit.text, target=typeset_unit(target), name=spec["name"],
            )  # fmt: skip
            advice = _how_to_convert(unit, target)
            sheet.faults.append(Fault(grid.where, problem, advice, column=column.label))
            values = values.mask(values.index.isin(rows))
        elif by.factor != 1:
            values.loc[rows] = (values.loc[rows] * by.factor).map(lambda value: float(f"{value:.12g}"))
            note = tr(
                "{count} value{plural} of {name} converted from {unit} to {target} ({why}).",
                count=len(rows), plural="s" if len(rows) > 1 else "", name=spec["name"], unit=unit.text,
                target=typeset_unit(target), why=by.why,
            )  # fmt: skip
            sheet.notes.append(Note(grid.where, note, column=column.label))
    return values


def _how_to_convert(unit: Unit, target: str) -> str:
    """Say what a unit lacks that can't be converted by itself."""
    aim = unit_of(target)
    if aim and any(unit.dimensions[place] == 1 for place in (1, 2)) and aim.dimensions[0] == 1:
        return tr("Convert the values first, by the molar mass that the maker of the assay gives.")
    if aim and unit.dimensions == (*aim.dimensions[:-1], 0):
        shown = typeset_unit(target)
        return tr("Write {unit} if it is the amount of one day; otherwise divide by the days.", unit=shown)
    return tr("Convert the values first, or correct the unit.")
