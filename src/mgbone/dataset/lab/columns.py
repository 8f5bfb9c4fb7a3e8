"""From the first rows of a sheet to columns (which field, unit and limit), and from their cells to values.

Each conversion and each fault is said.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from mgbone.dataset.faults import column_words, fault_per_row, listing, nearest, rows_words
from mgbone.dataset.lab.cell import REPORTED, Reading, is_blank, plain, read_name, read_number, read_numbers
from mgbone.dataset.lab.grid import Grid
from mgbone.dataset.lab.headings import REGIONAL, Heading, fields_of, fold, is_row, read_heading, table_named
from mgbone.dataset.lab.parts import Column, Sheet, column_label, no_bracket, unit_under
from mgbone.dataset.lab.units import Unit, conversion, differ, unit_of
from mgbone.dataset.table import BELOW_LIMIT
from mgbone.study.dictionary import typeset_unit
from mgbone.study.language import tr

_NUMBER = re.compile(r"[-+\d.,eE<\s]+")

MOST_HEADINGS = 1000
"""So many columns are looked at; a wider table is no list of animals."""


def find_headings(grid: Grid, table: str, read_as: Mapping[str, Heading]) -> tuple[int, list[Heading]]:
    """Return the row (counted from 1) with the most headings that are understood, and its headings.

    Headings may stand in two rows, as 血清 over Mg, Ca and P beside 動物ID over nothing: then the lower row.
    """
    best: tuple[int, int, list[Heading]] = (-1, 1, [])
    above: list[object] = []
    for number, row in enumerate(grid.top, start=1):
        row = [*row, *[None] * (grid.width - len(row))][:MOST_HEADINGS]
        headings = [
            _heading(cell, over, spread, table, read_as)
            for cell, over, spread in zip(
                row, above or row, _spread(grid, above, number - 1, len(row)), strict=True
            )
        ]
        count = sum(heading.known for heading in headings)
        if count > best[0] or not any(one.text for one in best[2]):
            best = (count, number, headings)
        above = row
    return best[1], best[2]


def _heading(
    cell: object, over: object, spread: object, table: str, read_as: Mapping[str, Heading]
) -> Heading:
    """Read a heading with the cell `over` it, and the one that is `spread` over it and its neighbours."""
    text = "" if is_blank(cell) else str(cell)
    if read_as:
        mapped = read_as.get(fold(text))
        if mapped is None:
            return Heading(text)  # of a mapped sheet only what the mapping names is read
        stated = read_heading(text, table)
        return Heading(text, mapped.table, mapped.field, mapped.own, _parted(text)[1] or stated.unit)
    heading = read_heading(text, table) if text else Heading("")
    if not text and not is_blank(over):
        alone = read_heading(str(over), table)
        return alone if alone.known else heading
    if text and not heading.known and not is_blank(spread) and not _NUMBER.fullmatch(text):
        name, unit = _parted(str(spread))
        for both in (read_heading(f"{name}{text}", table), read_heading(text, table_named(name))):
            if both.known:
                return replace(both, text=f"{spread} {text}", unit=both.unit or unit)
    return heading


def _parted(text: str) -> tuple[str, Unit | None]:
    """Part a heading, maybe of several columns, into its name and the unit that it states in brackets."""
    match = re.fullmatch(r"(.*?)\s*[(\[]([^()\[\]]+)[)\]]\s*", plain(text), re.DOTALL)
    unit = unit_of(match[2]) if match else None
    return (match[1], unit) if unit else (text, None)


def _spread(grid: Grid, row: list[object], number: int, width: int) -> list[object]:
    """Return a row with a text standing over each column that it is for: merged, or blank to its right."""
    spread: list[object] = [None] * width
    for low, high, left, right in grid.merged:
        if low <= number <= high and left < right <= len(row):
            spread[left - 1 : right] = [row[left - 1]] * (right - left + 1)
    if any(spread):
        return spread
    last = None
    for place, cell in enumerate(row):
        last = last if is_blank(cell) else cell
        spread[place] = last
    return spread


def check_headings(sheet: Sheet, table: str, start: int, headings: list[Heading], mapped: bool) -> None:
    """Report headings that stand twice or name several fields; note those of which nothing is known.

    In a `mapped` sheet nothing but what the mapping names is looked for, however like it the others are.
    """
    labels = [column_label(place, heading.text) for place, heading in enumerate(headings)]
    known: dict[str, str] = {}
    for label, heading in zip(labels, headings, strict=True):
        if heading.clash:
            problem = tr("the heading may mean {names}", names=tr(" or ").join(heading.clash))
            sheet.fault(problem, tr("Write the one that is meant."), start, label)
        elif heading.known and heading.field in known:
            named = {"name": heading.field.lstrip("@"), "column": column_words(known[heading.field])}
            problem = tr("the heading means {name}, as that of column {column}", **named)
            sheet.fault(problem, tr("Delete or rename one of the two."), start, label)
        elif heading.known:
            known[heading.field] = label
    sought = fields_of(table) if table and table != REGIONAL and not mapped else {}
    absent = [name for name in sought if name not in known]
    left_out = []
    for label, heading in zip(labels, headings, strict=True):
        if not heading.text or heading.known or heading.clash:
            continue
        meant = meant_field(heading.text, table, absent)
        if not meant:
            left_out.append(column_words(label))
            continue
        spec = sought[meant]
        unit = f" ({typeset_unit(spec['unit'])})" if spec.get("unit") else ""
        said = {"title_ja": spec["title_ja"], "title": spec["title"], "unit": unit}
        advice = tr('If so, write "{title_ja}{unit}" or "{title}{unit}"; if not, rename the column.', **said)
        sheet.fault(tr("the heading is not known; is it {name}?", name=meant), advice, start, label)
        absent.remove(meant)
    if left_out:
        names = listing(left_out, most=20)
        sheet.note(tr("columns not in the dictionary were left out: {names}.", names=names))


def meant_field(text: str, table: str, absent: list[str]) -> str | None:
    """Return the field of a table that an unknown heading seems to mean, out of those in `absent`."""
    name = re.sub(r"\s*[(\[].*$", "", plain(text))
    titles = {}
    for field_name in absent:
        spec = fields_of(table)[field_name]
        titles |= {fold(one): field_name for one in (field_name, spec["title"], spec["title_ja"])}
    near = nearest(fold(name), [one for one in titles if abs(len(one) - len(fold(name))) <= 3])
    return titles[near] if near and len(fold(name)) > 3 else None


def rows_below(grid: Grid, start: int, headings: list[Heading]) -> tuple[int, list[object], list[object]]:
    """Find a row of units and one of limits of detection below the headings.

    Returns the first row of the table itself, and units and limits, a cell per column; empty without such a
    row.
    """
    place = next(place for place, heading in enumerate(headings) if heading.field == "animal_id")
    units: list[object] = []
    limits: list[object] = []
    number = start
    for row in grid.top[start : start + 4]:
        row = [*row, *[None] * (grid.width - len(row))]
        first = [cell for cell in row[: place + 1] if not is_blank(cell)]
        others = [cell for cell in row[place + 1 :] if not is_blank(cell)]
        only_units = others and all(isinstance(one, str) and unit_of(no_bracket(one)) for one in others)
        if any(is_row("unit", cell) for cell in first) or (not first and only_units):
            units = row
        elif any(is_row("limit", cell) for cell in first):
            limits = row
        else:
            break
        number += 1
    return number + 1, units, limits


def columns_of(
    sheet: Sheet,
    start: int,
    headings: list[Heading],
    unit_row: list[object],
    limit_row: list[object],
    mapped: Mapping[str, Unit],
) -> list[Column]:
    """Return the columns to read, each with the unit and limit that are stated for it."""
    columns: dict[str, Column | None] = {}
    for place, heading in enumerate(headings):
        if not heading.known or heading.field in columns:
            continue
        columns[heading.field] = None
        label, wanted = column_label(place, heading.text), typeset_unit(unit_under(heading))
        unit = heading.unit or mapped.get(heading.field)
        below = unit_row[place] if unit_row else None
        if heading.strange and not unit and wanted:
            problem = tr("the unit {unit!r} is not understood", unit=heading.strange)
            advice = tr("Write a unit such as {unit}, in brackets behind the name.", unit=wanted)
            sheet.fault(problem, advice, start, label)
            continue
        if not is_blank(below) and wanted:
            stated = unit_of(no_bracket(str(below)))
            if stated is None or (unit and stated.text != unit.text and differ(stated, unit)):
                said = {"found": str(below), "unit": unit.text if unit else ""}
                problem = tr("found the unit {found!r}", **said)
                if unit:
                    problem = tr("found the unit {found!r}, but the heading says {unit}", **said)
                sheet.fault(problem, tr("Write one unit such as {unit}.", unit=wanted), start + 1, label)
                continue
            unit = stated
        limit = heading.limit or (
            "" if not limit_row or is_blank(limit_row[place]) else str(limit_row[place])
        )
        limit = "" if heading.field == "animal_id" else limit
        columns[heading.field] = Column(place, heading, unit, limit)
    return [column for column in columns.values() if column]


# --- cells -------------------------------------------------------------------------------------------


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
                named = {"unit": reading.unit.text, "stated": stated[row].text}
                problem = tr("the cell says {unit}, but the column {stated}", **named)
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
    said = {"title": column.spec.get("title_ja", title), "unit": unit}
    advice = tr('Write the unit into the heading, as "{title} ({unit})", or into a column of units.', **said)
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
