"""One sheet to pieces of tables, with one row per animal or one per measurement."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from mgbone.dataset.faults import Fault, column_words, found_in, listing, nearest, rows_words
from mgbone.dataset.lab.cell import has_decimal_commas, is_blank, lexicon, plain
from mgbone.dataset.lab.columns import (
    check_headings,
    columns_of,
    find_headings,
    meant_field,
    names_of,
    numbers_of,
    rows_below,
)
from mgbone.dataset.lab.grid import Grid
from mgbone.dataset.lab.headings import REGIONAL, Heading, fields_of, fold, is_row, read_heading
from mgbone.dataset.lab.parts import EXAMPLE, READING, Column, Piece, Sheet, column_label, is_name, no_bracket
from mgbone.dataset.lab.units import Unit, unit_of
from mgbone.dataset.table import check_values
from mgbone.study.dictionary import TABLES
from mgbone.study.language import N_, tr

NO_ROWS = N_("has headings but no rows")

_REMARK = re.compile(r"[※*＊#注†‡]|備考|note|remark", re.IGNORECASE)
_MATCHED_LATER = ("experiment", "group", "structure", "region")
_LOOKED_AT_TOGETHER = ("experiment", "group", "file", "slice", "position", "thickness")
"""Columns whose blanks are looked at when all pieces are together."""


def read_sheet(
    grid: Grid,
    table: str = "",
    read_as: Mapping[str, Heading] | None = None,
    units: Mapping[str, Unit] | None = None,
) -> Sheet | None:
    """Read one sheet into pieces; None if nothing in it is of the dictionary and its name promises nothing.

    The sheet may be named for a `table`. What the mapping file says of headings (`read_as`, by folded text)
    wins over everything else; `units` are those that it states, by field.
    """
    start, headings = find_headings(grid, table, read_as or {})
    known = [heading for heading in headings if heading.known]
    has_names = any(heading.field == "animal_id" for heading in known)
    if not table and not (has_names and len(known) > 1):
        return None
    sheet = Sheet(grid.where, faults=list(grid.faults), notes=list(grid.notes))
    if not has_names:
        sheet.faults.append(no_animals(grid, table))
        return sheet
    check_headings(sheet, table, start, headings, bool(read_as))
    first, unit_row, limit_row = rows_below(grid, start, headings)
    columns = columns_of(sheet, start, headings, unit_row, limit_row, units or {})
    by_field = {column.heading.field: column for column in columns}
    names = {column.place for column in columns if is_name(column.heading)}
    body = grid.body(first, names)
    _fill_merged(sheet, grid, body, first, columns)
    body = _only_animals(sheet, grid, body, columns)
    _note_nameless(sheet, body, headings)
    _check_formulas(sheet, grid, body, columns)
    # Where semicolons part the columns, a program has one decimal mark for all of them.
    values = [column.place for column in columns if column.place not in names]
    sheet.decimal_commas = grid.delimiter == ";" and any(has_decimal_commas(body[one]) for one in values)
    if body.empty:
        advice = tr("Fill in a row per animal.")
        if grid.sheet:
            advice = tr("Fill in a row per animal, or delete the sheet.")
        sheet.fault(tr(NO_ROWS), advice)
    elif {"@endpoint", "@value"} <= by_field.keys():
        _read_long(sheet, table, body, by_field)
    elif {"@structure", "@region"} <= by_field.keys():
        _read_regional(sheet, body, by_field)
    else:
        _read_wide(sheet, table, body, columns)
    return sheet


def no_animals(grid: Grid, table: str = "") -> Fault:
    """Return the fault of a sheet whose headings name no animals: what was found, and which may be meant."""
    start, headings = find_headings(grid, table, {})
    texts = [heading.text for heading in headings if heading.text]
    names = {fold(word) for word in (*lexicon()["columns"]["animal_id"]["names"], "animal_id")}
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


# --- columns to pieces -------------------------------------------------------------------------------


def _add_piece(
    sheet: Sheet,
    table: str,
    names: pd.Series,
    who: Column,
    cells: Iterable[tuple[Column, pd.Series]],
    units: pd.Series | None = None,
    **about: bool,
) -> None:
    """Type the cells of some columns beside the names of animals, and hold them against the dictionary."""
    typed, specs = {"animal_id": names}, {"animal_id": who.spec}
    labels, below = {"animal_id": who.label}, {}
    for column, raw in cells:
        name = column.spec["name"]
        labels[name], specs[name] = column.label, column.spec
        if column.spec["type"] == "string":
            typed[name] = names_of(sheet, raw, column.label, say=name not in _MATCHED_LATER)
        else:
            typed[name], low = numbers_of(sheet, raw, column, units)
            below |= {name: low} if low.any() else {}
    for name, spec in specs.items():
        if name in _LOOKED_AT_TOGETHER:
            least = {key: value for key, value in spec["constraints"].items() if key == "minimum"}
            spec = {**spec, "constraints": least}
        found = check_values(typed[name], spec, sheet.where)
        sheet.faults += [replace(fault, column=labels[name]) for fault in found]
    frame = pd.DataFrame(typed, index=names.index)
    sheet.pieces.append(Piece(table, sheet.where, frame, labels, below, **about))


def _read_wide(sheet: Sheet, table: str, body: pd.DataFrame, columns: list[Column]) -> None:
    """Read a sheet with one row per animal (or slice, or array): a piece for each table it has columns of."""
    who = next(column for column in columns if column.heading.field == "animal_id")
    names = names_of(sheet, body[who.place], who.label)
    held = dict.fromkeys(column.heading.table for column in columns if column.heading.table)
    if table not in ("", REGIONAL, *held):
        held = {table: None, **held}
    for of_table in held:
        mine = [(one, body[one.place]) for one in columns if one.heading.table == of_table]
        _add_piece(sheet, of_table, names, who, mine, named=of_table == table)


def _read_long(sheet: Sheet, table: str, body: pd.DataFrame, by_field: Mapping[str, Column]) -> None:
    """Read a sheet with one row per measurement: animal, item, value, maybe unit, group, experiment."""
    who, what, value = by_field["animal_id"], by_field["@endpoint"], by_field["@value"]
    names = names_of(sheet, body[who.place], who.label)
    items = {item: read_heading(str(item), table) for item in body[what.place].dropna().unique()}
    _check_items(sheet, table, body[what.place], items, what)
    units = _units_of(sheet, body, by_field.get("@unit"))
    animals = [column for column in by_field.values() if column.heading.table == "animals"]
    if animals:
        _read_wide(sheet, "", body, [who, *animals])
        piece = sheet.pieces[-1]  # whose group and experiment are repeated with every measurement
        piece.frame, piece.long = piece.frame[~piece.frame.duplicated()], True
    for item, heading in items.items():
        if heading.table:
            rows = body.index[body[what.place] == item]
            column = Column(
                value.place,
                replace(heading, text=value.heading.text),
                heading.unit or value.unit,
                value.limit or heading.limit,
            )
            of_rows = None if units is None else units[rows].where(units[rows].notna(), column.unit)
            cells = body.loc[rows, value.place]
            _add_piece(sheet, heading.table, names[rows], who, [(column, cells)], of_rows, long=True)


def _check_items(
    sheet: Sheet, table: str, cells: pd.Series, items: Mapping[object, Heading], column: Column
) -> None:
    """Report items that are blank, mean several things or seem misspelt; note those that are left out."""
    blank = tr("is blank"), tr("Say what was measured.")
    bad: dict[int, tuple[str, str]] = {int(row): blank for row in cells.index[cells.isna()]}
    left_out = []
    for item, heading in items.items():
        if heading.table:
            continue
        rows = cells.index[cells == item]
        found = found_in(item, len(rows))
        meant = ((one, meant_field(str(item), one, list(fields_of(one)))) for one in (table, *TABLES) if one)
        near = next(((one, name) for one, name in meant if name), None)
        if heading.clash:
            names = tr(" or ").join(heading.clash)
            problem = tr("{found}, which may mean {names}", found=found, names=names)
            bad[int(rows[0])] = problem, tr("Write the one that is meant.")
        elif near:
            problem = tr("{found}, which is not known; is it {name}?", found=found, name=near[1])
            title = fields_of(near[0])[near[1]]["title_ja"]
            bad[int(rows[0])] = problem, tr('If so, write "{title}".', title=title)
        else:
            plural = "s" if len(rows) > 1 else ""
            left_out.append(tr("{item!r} ({rows} row{plural})", item=item, rows=len(rows), plural=plural))
    sheet.faults_by_row(column.label, bad)
    if left_out:
        names = listing(left_out, most=20)
        sheet.note(
            tr("items not in the dictionary were left out: {names}.", names=names), column=column.label
        )


def _units_of(sheet: Sheet, body: pd.DataFrame, column: Column | None) -> pd.Series | None:
    if column is None:
        return None
    cells = body[column.place]
    found = {cell: unit_of(no_bracket(str(cell))) for cell in cells.dropna().unique()}
    strange = body.index[cells.isin([cell for cell, unit in found.items() if unit is None])]
    problem, advice = tr("found {cell!r}, which is no unit known here"), tr("Write a unit such as mg/dL.")
    sheet.faults_in(column.label, strange, problem, advice, cell=cells)
    return cells.map(found).astype(object)


def _read_regional(sheet: Sheet, body: pd.DataFrame, by_field: Mapping[str, Column]) -> None:
    """Read regional density, one row per animal, structure and region, for `mgbone.dataset.lab.regional`."""
    who = by_field["animal_id"]
    cells = []
    for name in ("structure", "region", "density", "content", "volume"):
        if column := by_field.get(f"@{name}"):
            heading = Heading(column.heading.text, REGIONAL, name)
            cells.append((replace(column, heading=heading), body[column.place]))
    names = names_of(sheet, body[who.place], who.label)
    _add_piece(sheet, REGIONAL, names, who, cells, named=True)


# --- rows --------------------------------------------------------------------------------------------


def _fill_merged(sheet: Sheet, grid: Grid, body: pd.DataFrame, first: int, columns: list[Column]) -> None:
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
            sheet.fault(problem, tr("Unmerge them, and write a value into each row."), low, column.label)
        elif low in body.index:
            value = body.loc[low, left - 1]
            body.loc[low:high, left - 1] = value
            note = tr("{value!r} in merged cells holds for {rows}.", value=value, rows=rows)
            sheet.note(note, column=column.label)


def _only_animals(sheet: Sheet, grid: Grid, body: pd.DataFrame, columns: list[Column]) -> pd.DataFrame:
    """Drop blank rows, remarks and the example; report rows of means."""
    places = [column.place for column in columns]
    who = next(column for column in columns if column.heading.field == "animal_id")
    body = body[body[places].notna().any(axis=1)]
    names = body[who.place]
    unique = {name: plain(str(name)) for name in names.dropna().unique() if isinstance(name, str)}
    example = names.isin([name for name, text in unique.items() if fold(text) == fold(EXAMPLE)])
    alone = body[[place for place in places if place != who.place]].isna().all(axis=1)
    remark = alone & names.isin([name for name, text in unique.items() if _REMARK.match(text)])
    for row in body.index[example]:
        sheet.note(tr("the example row was passed over; delete it."), int(row))
    for row in body.index[remark]:
        sheet.note(tr("passed over as a remark: {text!r}.", text=str(names[row])[:40]), int(row))
    said = names
    for column in columns:  # "平均" may stand under the groups
        if is_name(column.heading) and column is not who:
            said = said.where(said.notna(), body[column.place])
    texts = {cell: plain(cell) for cell in said.dropna().unique() if isinstance(cell, str)}
    words = {cell: fold(text) for cell, text in texts.items() if is_row("summary", text)}
    told = said.isin([cell for cell, word in words.items() if word in grid.leave_out])
    if told.any():
        note = tr("{rows} left out, as {file} says ({words}).", rows=rows_words(list(body.index[told])),
                  file=READING, words=listing(dict.fromkeys(said[told]), most=5))  # fmt: skip
        sheet.note(note)
    summary = said.isin(list(words)) & ~told
    problem = tr("found {said!r}, which seems to be a row of means or counts")
    advice = tr(
        "Delete it; or, to leave such rows out, write leave_out: [{said}] into {reading} beside the data."
    )
    sheet.faults_in(who.label, body.index[summary], problem, advice, said=said, reading=READING)
    return body[~(example | remark | summary | told)]


def _note_nameless(sheet: Sheet, body: pd.DataFrame, headings: list[Heading]) -> None:
    """Say which columns without a heading hold something, and are left out."""
    for place, heading in enumerate(headings):
        if not heading.text and body[place].notna().any():
            said = {"row": body[place].first_valid_index(), "column": column_words(column_label(place, ""))}
            sheet.note(tr("column {column} has no heading and was left out (from row {row}).", **said))


def _check_formulas(sheet: Sheet, grid: Grid, body: pd.DataFrame, columns: list[Column]) -> None:
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
        sheet.faults_in(column.label, empty, problem, advice)
        if count := len(rows) - len(empty):
            note = tr(
                "{count} formula{plural} not run; the values as the spreadsheet saved them were read.",
                count=count, plural="s" if count > 1 else "",
            )  # fmt: skip
            sheet.note(note, column=column.label)
