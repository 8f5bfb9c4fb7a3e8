"""Which rows of a sheet are animals: merged cells, remarks, examples, means and formulas."""

from __future__ import annotations

import re

import pandas as pd

from mgbone.faults import Fault, fault_per_row
from mgbone.lab.headings import Heading, fold, is_row
from mgbone.lab.parts import EXAMPLE, Column, Sheet, column_label, is_name
from mgbone.lab.sheets import Grid
from mgbone.lab.values import is_blank, plain

_REMARK = re.compile(r"[※*＊#注†‡]|備考|note|remark", re.IGNORECASE)


def fill_merged(grid: Grid, body: pd.DataFrame, first: int, columns: list[Column], sheet: Sheet) -> None:
    """Let a name in merged cells hold for every row that they cover; a number in merged cells is a fault."""
    by_place = {column.place: column for column in columns}
    for low, high, left, right in grid.merged:
        column = by_place.get(left - 1)
        if column is None or high < first or low == high:
            continue
        rows = f"rows {low} to {high}"
        if right > left or not is_name(column.heading) or column.heading.field == "@value":
            problem = f"the cells of {rows} are merged, so that it is not known whose value it is"
            advice = "Unmerge them, and write a value into each row."
            sheet.faults.append(Fault(grid.where, problem, advice, row=low, column=column.label))
        else:
            value = body.loc[max(low, first), left - 1]
            body.loc[max(low, first) : high, left - 1] = value
            sheet.notes.append(
                f"{grid.where}, column {column.label}: {value!r} in merged cells holds for {rows}."
            )


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
        sheet.notes.append(f"{grid.where}, row {row}: the example row was passed over; delete it.")
    for row in body.index[remark]:
        sheet.notes.append(f"{grid.where}, row {row}: passed over as a remark: {str(names[row])[:40]!r}.")
    said = names
    for column in columns:  # "平均" may stand under the groups
        if is_name(column.heading) and column is not who:
            said = said.where(said.notna(), body[column.place])
    words = [
        cell for cell in said.dropna().unique() if isinstance(cell, str) and is_row("summary", plain(cell))
    ]
    summary = said.isin(words)

    def describe(row: int) -> tuple[str, str]:
        problem = f"found {said[row]!r}, which seems to be a row of means or counts"
        return problem, "Delete it; every row is an animal."

    sheet.faults += fault_per_row(grid.where, who.label, body.index[summary], describe)
    return body[~(example | remark | summary)]


def note_nameless(grid: Grid, body: pd.DataFrame, headings: list[Heading], sheet: Sheet) -> None:
    """Say which columns without a heading hold something, and are left out."""
    for place, heading in enumerate(headings):
        if not heading.text and body[place].notna().any():
            row = int(body.index[body[place].notna()][0])
            letter = column_label(place, "")
            sheet.notes.append(
                f"{grid.where}: column {letter} has no heading and was left out (from row {row})."
            )


def check_formulas(grid: Grid, body: pd.DataFrame, columns: list[Column], sheet: Sheet) -> None:
    """Report formulas whose value the workbook doesn't hold; note where values of formulas were read."""
    for column in columns:
        rows = [
            row for row, place in sorted(grid.formulas) if place == column.place + 1 and row in body.index
        ]
        empty = [row for row in rows if is_blank(body.loc[row, column.place])]

        def describe(row: int) -> tuple[str, str]:
            advice = (
                "Open the workbook in Excel and save it, so that it is calculated; or paste the value itself."
            )
            return "holds a formula without a calculated value, and formulas are not run", advice

        sheet.faults += fault_per_row(grid.where, column.label, empty, describe)
        if len(rows) > len(empty):
            many = f"{len(rows) - len(empty)} formula{'s' if len(rows) - len(empty) > 1 else ''}"
            note = f"{many} not run; the values as the spreadsheet saved them were read."
            sheet.notes.append(f"{grid.where}, column {column.label}: {note}")
