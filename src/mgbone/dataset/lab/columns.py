"""From the first rows of a sheet to columns: which field, which unit, which limit of detection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from mgbone.dataset.faults import column_words, listing, nearest
from mgbone.dataset.lab.cell import is_blank, plain
from mgbone.dataset.lab.grid import Grid
from mgbone.dataset.lab.headings import REGIONAL, Heading, fields_of, fold, is_row, read_heading, table_named
from mgbone.dataset.lab.parts import Column, Sheet, column_label, no_bracket, unit_under
from mgbone.dataset.lab.units import Unit, differ, unit_of
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
        return Heading(text, mapped.table, mapped.field, mapped.own, _unit_of_bracket(text) or stated.unit)
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
    """Part what stands over several headings into its name and the unit that it states for all of them."""
    match = re.fullmatch(r"(.*?)\s*[(\[]([^()\[\]]+)[)\]]\s*", plain(text))
    unit = unit_of(match[2]) if match else None
    return (match[1], unit) if unit else (text, None)


def _unit_of_bracket(text: str) -> Unit | None:
    match = re.search(r"[(\[]([^()\[\]]+)[)\]]\s*$", plain(text))
    return unit_of(match[1]) if match else None


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
            problem = tr(
                "the heading means {name}, as that of column {column}",
                name=heading.field.lstrip("@"), column=column_words(known[heading.field]),
            )  # fmt: skip
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
        advice = tr(
            'If so, write "{title_ja}{unit}" or "{title}{unit}"; if not, rename the column.',
            title_ja=spec["title_ja"], title=spec["title"], unit=unit,
        )  # fmt: skip
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
