"""One sheet to pieces of tables, with one row per animal or one per measurement."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from mgbone.dataset.faults import (
    Fault,
    Note,
    column_words,
    fault_in_rows,
    fault_per_row,
    found_in,
    listing,
    nearest,
    rows_words,
)
from mgbone.dataset.lab.cell import has_decimal_commas, is_blank, lexicon, plain
from mgbone.dataset.lab.column import names_of, numbers_of
from mgbone.dataset.lab.columns import check_headings, columns_of, find_headings, meant_field, rows_below
from mgbone.dataset.lab.grid import Grid
from mgbone.dataset.lab.headings import REGIONAL, Heading, fields_of, fold, is_row, read_heading
from mgbone.dataset.lab.parts import (
    EXAMPLE,
    Column,
    Piece,
    Sheet,
    column_label,
    field_spec,
    is_name,
    no_bracket,
)
from mgbone.dataset.lab.reading import READING
from mgbone.dataset.lab.units import Unit, unit_of
from mgbone.dataset.table import check_values
from mgbone.study.dictionary import TABLES
from mgbone.study.language import N_, tr

NO_ROWS = N_("has headings but no rows")


def read_sheet(
    grid: Grid,
    table: str = "",
    read_as: Mapping[str, Heading] | None = None,
    units: Mapping[str, Unit] | None = None,
) -> Sheet | None:
    """Read one sheet into pieces.

    Parameters
    ----------
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
        sheet.faults.append(no_animals(grid, table))
        return sheet
    check_headings(grid, table, start, headings, sheet, bool(read_as))
    first, unit_row, limit_row = rows_below(grid, start, headings)
    columns = columns_of(grid, start, headings, unit_row, limit_row, units or {}, sheet)
    names = {column.place for column in columns if is_name(column.heading)}
    body = grid.body(first, names)
    fill_merged(grid, body, first, columns, sheet)
    body = only_animals(grid, body, columns, sheet)
    note_nameless(grid, body, headings, sheet)
    check_formulas(grid, body, columns, sheet)
    # Where semicolons part the columns, a program has one decimal mark for all of them.
    values = [column.place for column in columns if column.place not in names]
    sheet.decimal_commas = grid.delimiter == ";" and any(has_decimal_commas(body[one]) for one in values)
    if body.empty:
        advice = tr("Fill in a row per animal.")
        if grid.sheet:
            advice = tr("Fill in a row per animal, or delete the sheet.")
        sheet.faults.append(Fault(grid.where, tr(NO_ROWS), advice))
        return sheet
    roles = {column.heading.field for column in columns}
    if {"@endpoint", "@value"} <= roles:
        _read_long(grid, table, body, columns, sheet)
    elif "@structure" in roles and "@region" in roles:
        _read_regional(grid, body, columns, sheet)
    else:
        _read_wide(grid, table, body, columns, sheet)
    return sheet


def no_animals(grid: Grid, table: str = "") -> Fault:
    """Return the fault of a sheet whose headings name no animals: what was found, and which may be meant."""
    start, headings = find_headings(grid, table, {})
    texts = [heading.text for heading in headings if heading.text]
    names = {fold(word): word for word in (*lexicon()["columns"]["animal_id"]["names"], "animal_id")}
    near = next((text for text in texts if nearest(fold(no_bracket(text)), names)), None)
    advice = tr(
        'Put a row of headings above the table, with "animal_id" or "動物ID" over the names of the animals.'
    )
    if near:
        advice = tr(
            'If {near!r} holds the names of the animals, write "animal_id" or "動物ID" in its place.',
            near=near,
        )
    found = listing(texts, most=6) or tr("nothing")
    problem = tr("no heading names the animals; found in row {row}: {found}", row=start, found=found)
    return Fault(grid.where, problem, advice)


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
        int(row): (tr("is blank"), tr("Say what was measured.")) for row in cells.index[cells.isna()]
    }
    left_out = []
    for item, heading in items.items():
        rows = cells.index[cells == item]
        found = found_in(item, len(rows))
        near = next(
            (one for one in [table, *TABLES] if one and meant_field(str(item), one, list(fields_of(one)))),
            "",
        )
        if heading.table:
            continue
        if heading.clash:
            names = tr(" or ").join(heading.clash)
            bad[int(rows[0])] = (
                tr("{found}, which may mean {names}", found=found, names=names),
                tr("Write the one that is meant."),
            )
        elif near and near != REGIONAL:
            spec = fields_of(near)[meant_field(str(item), near, list(fields_of(near)))]
            bad[int(rows[0])] = (
                tr("{found}, which is not known; is it {name}?", found=found, name=spec["name"]),
                tr('If so, write "{title}".', title=spec["title_ja"]),
            )
        else:
            plural = "s" if len(rows) > 1 else ""
            left_out.append(tr("{item!r} ({rows} row{plural})", item=item, rows=len(rows), plural=plural))
    sheet.faults += fault_per_row(grid.where, column.label, sorted(bad), lambda row: bad[row])
    if left_out:
        names = listing(left_out, most=20)
        note = tr("items not in the dictionary were left out: {names}.", names=names)
        sheet.notes.append(Note(grid.where, note, column=column.label))


def _units_of(grid: Grid, body: pd.DataFrame, column: Column | None, sheet: Sheet) -> pd.Series | None:
    if column is None:
        return None
    found = {cell: unit_of(no_bracket(str(cell))) for cell in body[column.place].dropna().unique()}
    strange = body.index[body[column.place].isin([cell for cell, unit in found.items() if unit is None])]
    problem = tr("found {cell!r}, which is no unit known here")
    advice = tr("Write a unit such as mg/dL.")
    sheet.faults += fault_in_rows(grid.where, column.label, strange, problem, advice, cell=body[column.place])
    return body[column.place].map(found).astype(object)


def _only_once(piece: Piece) -> None:
    """Keep one row per animal whose group and experiment are repeated with every measurement."""
    piece.frame = piece.frame[~piece.frame.duplicated()]
    piece.long = True


def _read_regional(grid: Grid, body: pd.DataFrame, columns: list[Column], sheet: Sheet) -> None:
    """Read regional density, one row per animal, structure and region, for `mgbone.dataset.lab.regional`."""
    by_field = {column.heading.field: column for column in columns}
    typed, labels = {}, {}
    for name in ("animal_id", "@structure", "@region"):
        column = by_field[name]
        labels[name.lstrip("@")] = column.label
        typed[name.lstrip("@")] = names_of(grid, body[column.place], column.label, sheet, name == "animal_id")
    for name, unit in (("density", "mg/cm3"), ("content", "mg"), ("volume", "mm3")):
        column = by_field.get(f"@{name}")
        if column is not None:
            # Marrow may lie below zero on a calibrated scale; `regional_table` looks at what may not.
            limits = {"minimum": 0} if name == "volume" else {}
            spec = {"name": name, "title": name, "type": "number", "unit": unit, "constraints": limits}
            strict = Column(
                column.place, Heading(column.heading.text, REGIONAL, name), column.unit, column.limit
            )
            labels[name] = column.label
            typed[name], _ = numbers_of(grid, body[column.place], strict, spec, REGIONAL, sheet)
            found: list[Fault] = []
            check_values(typed[name], spec, grid.where, found)
            sheet.faults += [Fault(one.file, one.problem, one.advice, one.row, column.label) for one in found]
    sheet.regional = Piece(REGIONAL, grid.where, pd.DataFrame(typed, index=body.index), labels, named=True)


_REMARK = re.compile(r"[※*＊#注†‡]|備考|note|remark", re.IGNORECASE)


def fill_merged(grid: Grid, body: pd.DataFrame, first: int, columns: list[Column], sheet: Sheet) -> None:
    """Let a name in merged cells hold for every row that they cover; a number in merged cells is a fault."""
    by_place = {column.place: column for column in columns}
    for low, high, left, right in grid.merged:
        column = by_place.get(left - 1)
        if column is None or high < first or low == high:
            continue
        rows = tr("rows {low} to {high}", low=low, high=high)
        if low < first or right > left or not is_name(column.heading) or column.heading.field == "@value":
            problem = tr(
                "the cells of {rows} are merged, so that it is not known whose value it is", rows=rows
            )
            advice = tr("Unmerge them, and write a value into each row.")
            sheet.faults.append(Fault(grid.where, problem, advice, row=low, column=column.label))
        elif low in body.index:
            value = body.loc[low, left - 1]
            body.loc[low:high, left - 1] = value
            note = tr("{value!r} in merged cells holds for {rows}.", value=value, rows=rows)
            sheet.notes.append(Note(grid.where, note, column=column.label))


def only_animals(grid: Grid, body: pd.DataFrame, columns: list[Column], sheet: Sheet) -> pd.DataFrame:
    """Drop blank rows, remarks and the example; report rows of means."""
    places = [column.place for column in columns]
    who = next(column for column in columns if column.heading.field == "animal_id")
    body = body[body[places].notna().any(axis=1)]
    names = body[who.place]
    unique = {name: plain(str(name)) for name in names.dropna().unique() if isinstance(name, str)}
    folded = {name: fold(text) for name, text in unique.items()}
    example = names.isin([name for name, text in folded.items() if text == fold(EXAMPLE)])
    alone = body[[place for place in places if place != who.place]].isna().all(axis=1)
    remark = alone & names.isin([name for name, text in unique.items() if _REMARK.match(text)])
    for row in body.index[example]:
        note = tr("the example row was passed over; delete it.")
        sheet.notes.append(Note(grid.where, note, row=int(row)))
    for row in body.index[remark]:
        note = tr("passed over as a remark: {text!r}.", text=str(names[row])[:40])
        sheet.notes.append(Note(grid.where, note, row=int(row)))
    said = names
    for column in columns:  # "平均" may stand under the groups
        if is_name(column.heading) and column is not who:
            said = said.where(said.notna(), body[column.place])
    words = [
        cell for cell in said.dropna().unique() if isinstance(cell, str) and is_row("summary", plain(cell))
    ]
    told = said.isin([word for word in words if fold(plain(word)) in grid.leave_out])
    if told.any():
        note = tr("{rows} left out, as {file} says ({words}).", rows=rows_words(list(body.index[told])),
                  file=READING, words=listing(dict.fromkeys(said[told]), most=5))  # fmt: skip
        sheet.notes.append(Note(grid.where, note))
    summary = said.isin(words) & ~told
    problem = tr("found {said!r}, which seems to be a row of means or counts")
    advice = tr(
        "Delete it; or, to leave such rows out, write leave_out: [{said}] into {reading} beside the data."
    )
    sheet.faults += fault_in_rows(
        grid.where, who.label, body.index[summary], problem, advice, said=said, reading=READING
    )
    return body[~(example | remark | summary | told)]


def note_nameless(grid: Grid, body: pd.DataFrame, headings: list[Heading], sheet: Sheet) -> None:
    """Say which columns without a heading hold something, and are left out."""
    for place, heading in enumerate(headings):
        if not heading.text and body[place].notna().any():
            row = int(body.index[body[place].notna()][0])
            column = column_words(column_label(place, ""))
            note = tr(
                "column {column} has no heading and was left out (from row {row}).", column=column, row=row
            )
            sheet.notes.append(Note(grid.where, note))


def check_formulas(grid: Grid, body: pd.DataFrame, columns: list[Column], sheet: Sheet) -> None:
    """Report formulas whose value the workbook doesn't hold; note where values of formulas were read."""
    for column in columns:
        rows = [
            row for row, place in sorted(grid.formulas) if place == column.place + 1 and row in body.index
        ]
        empty = [row for row in rows if is_blank(body.loc[row, column.place])]
        problem = tr("holds a formula without a calculated value, and formulas are not run")
        advice = tr(
            "Open the workbook in Excel and save it, so that it is calculated; or paste the value itself."
        )
        sheet.faults += fault_in_rows(grid.where, column.label, empty, problem, advice)
        if len(rows) > len(empty):
            count = len(rows) - len(empty)
            note = tr(
                "{count} formula{plural} not run; the values as the spreadsheet saved them were read.",
                count=count, plural="s" if count > 1 else "",
            )  # fmt: skip
            sheet.notes.append(Note(grid.where, note, column=column.label))
