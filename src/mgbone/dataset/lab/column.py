"""From the cells of a column to values in the dictionary's unit; each conversion and each fault is said."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mgbone.dataset.faults import fault_per_row, listing, rows_words
from mgbone.dataset.lab.cell import REPORTED, Reading, read_name, read_number, read_numbers
from mgbone.dataset.lab.headings import fold
from mgbone.dataset.lab.parts import Column, Sheet
from mgbone.dataset.lab.units import Unit, conversion, differ, unit_of
from mgbone.dataset.table import BELOW_LIMIT
from mgbone.study.dictionary import typeset_unit
from mgbone.study.language import tr


def names_of(sheet: Sheet, cells: pd.Series, label: str, say: bool = True) -> pd.Series:
    """Read a column of names; `say` what was changed in them, unless they are to be matched yet."""
    found = {cell: read_name(cell) for cell in cells.dropna().unique()}
    bad = cells.index[cells.isin([cell for cell, (_, problem) in found.items() if problem])]
    advice = tr("Set the format of the cell to text, and write the name.")
    sheet.faults += fault_per_row(sheet.where, label, bad, lambda row: (found[cells[row]][1], advice))
    changed = [
        tr("{cell!r} to {name!r}", cell=cell, name=name)
        for cell, (name, _) in found.items()
        if isinstance(cell, str) and name and name != cell.strip()
    ]
    if changed and say:
        names = listing(changed, most=5)
        sheet.note(tr("names written in half width: {names}.", names=names), column=label)
    values = cells.map({cell: name for cell, (name, _) in found.items()})
    values[bad] = REPORTED
    return values.where(values.notna(), np.nan).astype("str")


def numbers_of(
    sheet: Sheet, cells: pd.Series, column: Column, units: pd.Series | None = None
) -> tuple[pd.Series, pd.Series]:
    """Read a column of numbers into the dictionary's unit; say, too, which are below a limit of detection.

    In a table with one row per measurement, `units` holds the Unit of each row.
    """
    values, readings = read_numbers(cells, sheet.decimal_commas)
    infinite = np.isinf(values)
    problem, advice = tr("found {found}, expected a number"), tr("Write a number that a computer can hold.")
    sheet.faults_in(column.label, values.index[infinite], problem, advice, found=values)
    values = values.mask(infinite)
    below = _resolve(sheet, values, readings, column)
    values = _converted(sheet, values, readings, column, units)
    if column.spec["type"] == "integer":
        broken = values.index[values.notna() & (values % 1 != 0)]
        problem, advice = tr("found {value:.10g}, expected a whole number"), tr("Write a whole number.")
        sheet.faults_in(column.label, broken, problem, advice, value=values)
        values = values.mask(values.index.isin(broken))
    return values, below


def _may_be_below(column: Column) -> bool:
    return column.spec["name"] in BELOW_LIMIT.get(column.heading.table, ())


def _limit_of(sheet: Sheet, column: Column) -> Reading | None:
    """Return the limit of detection that is stated for a column, in the column's own unit."""
    if not column.limit:
        return None
    reading = read_number(column.limit)
    said = {"limit": column.limit, "name": column.spec["name"]}
    if not _may_be_below(column):
        problem = tr("states the limit of detection {limit!r}, but {name} has none", **said)
        advice = tr("Clear the cell of the limit.")
    elif reading.kind not in ("number", "below") or reading.number <= 0:
        problem = tr("the limit of detection reads {limit!r}, expected a number above 0", **said)
        advice = tr("Write the limit alone, as 0.5.")
    else:
        return reading
    sheet.fault(problem, advice, column=column.label)
    return None


def _resolve(sheet: Sheet, values: pd.Series, readings: dict[int, Reading], column: Column) -> pd.Series:
    """Turn what is no plain number into a value, a censored value, a missing one or a fault, in place.

    Returns which values are below a limit of detection.
    """
    below = pd.Series(False, index=values.index)
    spec, limit, may_be_below = column.spec, _limit_of(sheet, column), _may_be_below(column)
    bad: dict[int, tuple[str, str]] = {}
    notes: dict[str, list[int]] = {}
    for row, reading in list(readings.items()):
        how = [reading.how]
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
            said = {"shown": reading.how, "limit": limit.number}
            how = [tr("{shown!r} read as below the stated limit, <{limit:g}", **said)]
        elif reading.kind == "below":
            below[row] = True
            how = [tr("<{limit:g} kept as below a limit of detection", limit=reading.number), reading.how]
        if row in bad:
            values[row] = np.nan
            readings.pop(row)
            continue
        for one in filter(None, how):
            notes.setdefault(one, []).append(row)
    sheet.faults_by_row(column.label, bad)
    for one, rows in notes.items():
        sheet.note(tr("{how} ({rows}).", how=one, rows=rows_words(rows)), column=column.label)
    return below


def _converted(
    sheet: Sheet,
    values: pd.Series,
    readings: Mapping[int, Reading],
    column: Column,
    units: pd.Series | None,
) -> pd.Series:
    """Bring values into the dictionary's unit; report those whose unit isn't stated or can't be converted."""
    spec = column.spec
    target = spec.get("unit")
    if not target:
        return values
    said = {"name": spec["name"], "target": typeset_unit(target)}
    stated = pd.Series([column.unit] * len(values), index=values.index, dtype=object)
    stated = stated if units is None else units.copy()
    for row, reading in readings.items():
        if reading.unit is not None:
            if stated[row] is not None and differ(stated[row], reading.unit):
                problem = tr(
                    "the cell says {unit}, but the column {stated}",
                    unit=reading.unit.text, stated=stated[row].text,
                )  # fmt: skip
                advice = tr("Write the number alone, in the unit of the column.")
                sheet.fault(problem, advice, int(row), column.label)
                values[row] = np.nan
            stated[row] = reading.unit
    filled = values.notna()
    nothing = filled & stated.isna()
    if nothing.any() and not _unit_understood(sheet, column, units, int(values.index[nothing][0])):
        return values.mask(nothing)
    for unit in dict.fromkeys(one for one in stated[filled] if one is not None):
        rows = values.index[filled & stated.map(lambda one, unit=unit: one == unit)]
        by = conversion(unit, target, spec["name"])
        if by is None:
            problem = tr(
                "the unit {unit} can't be converted to {target}, in which {name} is kept",
                unit=unit.text, **said,
            )  # fmt: skip
            sheet.fault(problem, _how_to_convert(unit, target), column=column.label)
            values = values.mask(values.index.isin(rows))
        elif by.factor != 1:
            values.loc[rows] = (values.loc[rows] * by.factor).map(lambda value: float(f"{value:.12g}"))
            note = tr(
                "{count} value{plural} of {name} converted from {unit} to {target} ({why}).",
                count=len(rows), plural="s" if len(rows) > 1 else "", unit=unit.text, why=by.why, **said,
            )  # fmt: skip
            sheet.note(note, column=column.label)
    return values


def _unit_understood(sheet: Sheet, column: Column, units: pd.Series | None, row: int) -> bool:
    """Say whether values without a unit are in the dictionary's, as under its own heading; else report it."""
    name, title, unit = column.spec["name"], column.spec["title"], typeset_unit(column.spec["unit"])
    if column.heading.own and units is None:
        if fold(column.heading.text) != fold(name):
            note = tr(
                "no unit stated, taken as {unit}, which the dictionary gives to this heading.", unit=unit
            )
            sheet.note(note, column=column.label)
        return True
    problem = tr("no unit is stated for {name}, which is kept in {unit}", name=name, unit=unit)
    advice = tr(
        'Write the unit into the heading, as "{title} ({unit})", or into a column of units.',
        title=column.spec.get("title_ja", title), unit=unit,
    )  # fmt: skip
    sheet.fault(problem, advice, None if units is None else row, column.label)
    return False


def _how_to_convert(unit: Unit, target: str) -> str:
    """Say what a unit lacks that can't be converted by itself."""
    aim = unit_of(target)
    if aim and any(unit.dimensions[place] == 1 for place in (1, 2)) and aim.dimensions[0] == 1:
        return tr("Convert the values first, by the molar mass that the maker of the assay gives.")
    if aim and unit.dimensions == (*aim.dimensions[:-1], 0):
        shown = typeset_unit(target)
        return tr("Write {unit} if it is the amount of one day; otherwise divide by the days.", unit=shown)
    return tr("Convert the values first, or correct the unit.")
