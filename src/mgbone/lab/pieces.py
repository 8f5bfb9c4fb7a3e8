"""One sheet to pieces of tables, with one row per animal or one per measurement."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mgbone.dictionary import TABLES
from mgbone.faults import Fault, fault_per_row, listing
from mgbone.lab.cells import names_of, numbers_of
from mgbone.lab.columns import check_headings, columns_of, find_headings, meant_field, rows_below
from mgbone.lab.headings import REGIONAL, Heading, fields_of, read_heading
from mgbone.lab.parts import Column, Piece, Sheet, field_spec, is_name, no_bracket
from mgbone.lab.rows import check_formulas, fill_merged, note_nameless, only_animals
from mgbone.lab.sheets import Grid
from mgbone.lab.units import Unit, unit_of
from mgbone.tables import check_values


def read_sheet(
    grid: Grid,
    table: str = "",
    read_as: Mapping[str, Heading] | None = None,
    units: Mapping[str, Unit] | None = None,
) -> Sheet | None:
    """Read one sheet into pieces.

    Parameters
    ----------
    grid : Grid
    table : str
        The table that the sheet is named for; empty if none.
    read_as : mapping of str to Heading, optional
        What headings mean by the mapping file, by folded text; it wins over everything else.
    units : mapping of str to Unit, optional
        Units that the mapping file states, by field.

    Returns
    -------
    Sheet or None
        None where nothing in the sheet belongs to the dictionary and its name promises nothing.
    """
    start, headings = find_headings(grid, table, read_as or {})
    known = [heading for heading in headings if heading.known]
    has_names = any(heading.field == "animal_id" for heading in known)
    if not table and not (has_names and len(known) > 1):
        return None
    sheet = Sheet(notes=list(grid.notes))
    if not known or not has_names:
        found = listing([heading.text for heading in headings if heading.text], most=6) or "nothing"
        problem = f"no heading names the animals; found in row {start}: {found}"
        advice = (
            'Put a row of headings above the table, with "animal_id" or '
            '"動物ID" over the names of the animals.'
        )
        sheet.faults.append(Fault(grid.where, problem, advice))
        return sheet
    check_headings(grid, table, start, headings, sheet)
    first, unit_row, limit_row = rows_below(grid, start, headings)
    columns = columns_of(grid, start, headings, unit_row, limit_row, units or {}, sheet)
    names = {column.place for column in columns if is_name(column.heading)}
    body = grid.body(first, names)
    fill_merged(grid, body, first, columns, sheet)
    body = only_animals(grid, body, columns, sheet)
    note_nameless(grid, body, headings, sheet)
    check_formulas(grid, body, columns, sheet)
    if body.empty:
        advice = (
            "Fill in a row per animal, or delete the sheet." if grid.sheet else "Fill in a row per animal."
        )
        sheet.faults.append(Fault(grid.where, "has headings but no rows", advice))
        return sheet
    roles = {column.heading.field for column in columns}
    if {"@endpoint", "@value"} <= roles:
        _read_long(grid, table, body, columns, sheet)
    elif "@structure" in roles and "@region" in roles:
        _read_regional(grid, body, columns, sheet)
    else:
        _read_wide(grid, table, body, columns, sheet)
    return sheet


def _read_wide(grid: Grid, table: str, body: pd.DataFrame, columns: list[Column], sheet: Sheet) -> None:
    """Read a sheet with one row per animal (or slice, or array): a piece for each table it has columns of."""
    who = next(column for column in columns if column.heading.field == "animal_id")
    names = names_of(grid, body[who.place], who.label, sheet)
    held = dict.fromkeys(column.heading.table for column in columns if column.heading.table)
    if table and table not in held and table != REGIONAL:
        held = {table: None, **held}
    for of_table in held:
        mine = [column for column in columns if column.heading.table == of_table]
        typed, labels, below = {"animal_id": names}, {"animal_id": who.label}, {}
        for column in mine:
            spec = field_spec(of_table, column.heading.field)
            labels[spec["name"]] = column.label
            if spec["type"] == "string":
                say = spec["name"] not in ("experiment", "group")
                typed[spec["name"]] = names_of(grid, body[column.place], column.label, sheet, say)
            else:
                values, low = numbers_of(grid, body[column.place], column, spec, of_table, sheet)
                typed[spec["name"]] = values
                below |= {spec["name"]: low} if low.any() else {}
        frame = pd.DataFrame(typed, index=body.index)
        _check_columns(grid, of_table, frame, labels, sheet)
        sheet.pieces.append(Piece(of_table, grid.where, frame, labels, below, named=of_table == table))


def _check_columns(
    grid: Grid, table: str, frame: pd.DataFrame, labels: Mapping[str, str], sheet: Sheet
) -> None:
    """Hold typed columns against the dictionary: range, and names that every row needs."""
    for name in frame:
        spec = field_spec(table, name) if name != "animal_id" else fields_of("animals")[name]
        if name in ("experiment", "group", "file", "slice", "position", "thickness"):
            required = {key: value for key, value in spec["constraints"].items() if key == "minimum"}
            spec = {**spec, "constraints": required}  # blanks are looked at when all pieces are together
        found: list[Fault] = []
        check_values(frame[name], spec, grid.where, found)
        sheet.faults += [Fault(one.file, one.problem, one.advice, one.row, labels[name]) for one in found]


def _read_long(grid: Grid, table: str, body: pd.DataFrame, columns: list[Column], sheet: Sheet) -> None:
    """Read a sheet with one row per measurement: animal, item, value, maybe unit, group, experiment."""
    by_field = {column.heading.field: column for column in columns}
    who, what, value = by_field["animal_id"], by_field["@endpoint"], by_field["@value"]
    names = names_of(grid, body[who.place], who.label, sheet)
    items = {item: read_heading(str(item), table) for item in body[what.place].dropna().unique()}
    _check_items(grid, table, body[what.place], items, what, sheet)
    units = _units_of(grid, body, by_field.get("@unit"), sheet)
    animals = [column for column in columns if column.heading.table == "animals"]
    if animals:
        _read_wide(grid, "", body, [who, *animals], sheet)
        _only_once(sheet.pieces[-1])
    for item, heading in items.items():
        if not heading.table:
            continue
        rows = body.index[body[what.place] == item]
        spec = field_spec(heading.table, heading.field)
        column = Column(
            value.place,
            Heading(value.heading.text, heading.table, heading.field, heading.own),
            heading.unit or value.unit,
            value.limit or heading.limit,
        )
        typed = {"animal_id": names[rows]}
        labels = {"animal_id": who.label, heading.field: value.label}
        below = {}
        if spec["type"] == "string":
            typed[heading.field] = names_of(grid, body.loc[rows, value.place], value.label, sheet)
        else:
            of_rows = None if units is None else units[rows].where(units[rows].notna(), column.unit)
            values, low = numbers_of(
                grid, body.loc[rows, value.place], column, spec, heading.table, sheet, of_rows
            )
            typed[heading.field] = values
            below = {heading.field: low} if low.any() else {}
        frame = pd.DataFrame(typed, index=rows)
        _check_columns(grid, heading.table, frame, labels, sheet)
        sheet.pieces.append(Piece(heading.table, grid.where, frame, labels, below, long=True))


def _check_items(
    grid: Grid, table: str, cells: pd.Series, items: Mapping[object, Heading], column: Column, sheet: Sheet
) -> None:
    """Report items that are blank, mean several things or seem misspelt; note those that are left out."""
    bad: dict[int, tuple[str, str]] = {
        int(row): ("is blank", "Say what was measured.") for row in cells.index[cells.isna()]
    }
    left_out = []
    for item, heading in items.items():
        rows = cells.index[cells == item]
        found = f"found {item!r}" + (f" (in {len(rows)} rows)" if len(rows) > 1 else "")
        near = next(
            (one for one in [table, *TABLES] if one and meant_field(str(item), one, list(fields_of(one)))),
            "",
        )
        if heading.table:
            continue
        if heading.clash:
            bad[int(rows[0])] = (
                f"{found}, which may mean {' or '.join(heading.clash)}",
                "Write the one that is meant.",
            )
        elif near and near != REGIONAL:
            spec = fields_of(near)[meant_field(str(item), near, list(fields_of(near)))]
            bad[int(rows[0])] = (
                f"{found}, which is not known; is it {spec['name']}?",
                f'If so, write "{spec["title_ja"]}".',
            )
        else:
            left_out.append(f"{item!r} ({len(rows)} row{'s' if len(rows) > 1 else ''})")
    sheet.faults += fault_per_row(grid.where, column.label, sorted(bad), lambda row: bad[row])
    if left_out:
        note = f"items not in the dictionary were left out: {listing(left_out, most=20)}."
        sheet.notes.append(f"{grid.where}, column {column.label}: {note}")


def _units_of(grid: Grid, body: pd.DataFrame, column: Column | None, sheet: Sheet) -> pd.Series | None:
    if column is None:
        return None
    found = {cell: unit_of(no_bracket(str(cell))) for cell in body[column.place].dropna().unique()}
    strange = body.index[body[column.place].isin([cell for cell, unit in found.items() if unit is None])]

    def describe(row: int) -> tuple[str, str]:
        return (
            f"found {body.loc[row, column.place]!r}, which is no unit known here",
            "Write a unit such as mg/dL.",
        )

    sheet.faults += fault_per_row(grid.where, column.label, strange, describe)
    return body[column.place].map(found).astype(object)


def _only_once(piece: Piece) -> None:
    """Keep one row per animal whose group and experiment are repeated with every measurement."""
    piece.frame = piece.frame[~piece.frame.duplicated()]
    piece.long = True


def _read_regional(grid: Grid, body: pd.DataFrame, columns: list[Column], sheet: Sheet) -> None:
    """Read regional density, one row per animal, structure and region, for `mgbone.lab.regional`."""
    by_field = {column.heading.field: column for column in columns}
    typed, labels = {}, {}
    for name in ("animal_id", "@structure", "@region"):
        column = by_field[name]
        labels[name.lstrip("@")] = column.label
        typed[name.lstrip("@")] = names_of(grid, body[column.place], column.label, sheet, name == "animal_id")
    for name, unit in (("density", "mg/cm3"), ("content", "mg"), ("volume", "mm3")):
        column = by_field.get(f"@{name}")
        if column is not None:
            spec = {
                "name": name,
                "title": name,
                "type": "number",
                "unit": unit,
                "constraints": {"minimum": 0},
            }
            strict = Column(
                column.place, Heading(column.heading.text, REGIONAL, name), column.unit, column.limit
            )
            labels[name] = column.label
            typed[name], _ = numbers_of(grid, body[column.place], strict, spec, REGIONAL, sheet)
            found: list[Fault] = []
            check_values(typed[name], spec, grid.where, found)
            sheet.faults += [Fault(one.file, one.problem, one.advice, one.row, column.label) for one in found]
    sheet.regional = Piece(REGIONAL, grid.where, pd.DataFrame(typed, index=body.index), labels, named=True)
