"""Tables with one column per group and animals without names below, as GraphPad Prism keeps them."""

from __future__ import annotations

from pathlib import Path

from mgbone.dataset.faults import Fault, Note
from mgbone.dataset.lab.cell import is_blank, read_number
from mgbone.dataset.lab.grid import Grid
from mgbone.dataset.lab.groups import groups_named
from mgbone.dataset.lab.headings import fields_of, read_heading
from mgbone.dataset.lab.parts import column_label
from mgbone.study.design import Study
from mgbone.study.language import tr


def groups_above(grid: Grid, study: Study) -> list[tuple[str, str]]:
    """Return the (experiment, group) of each column, if all headings are groups of one experiment alone."""
    head = list(grid.top[0]) if grid.top else []
    while head and is_blank(head[-1]):
        head.pop()
    for name in study.experiments:
        found = [groups_named(str(cell), study, name) for cell in head if not is_blank(cell)]
        meant = [pairs[0] for pairs in found if len(pairs) == 1]
        if len(meant) == len(head) >= 2 and len(set(meant)) == len(meant):
            return meant
    return []


def one_row_each(grid: Grid, groups: list[tuple[str, str]]) -> tuple[Grid, list[Fault]]:
    """Return the table with a row per animal, named by its group and place, and what could not be read.

    What was measured is the name of the sheet or file: ``serum_mg``, ``血清Mg (mg/dL)``.
    """
    name = grid.sheet or Path(grid.file).stem
    heading = read_heading(name)
    if not heading.table or "unit" not in fields_of(heading.table).get(heading.field, {}):
        problem = tr("its columns are groups, but its name doesn't tell what was measured")
        return grid, [Fault(grid.where, problem, tr("Name the sheet or file for it, as serum_mg."))]
    body = grid.body(2, set())
    rows: list[list[object]] = [["animal_id", "experiment", "group", name]]
    faults = []
    for place, (experiment, group) in enumerate(groups):
        for count, (number, cell) in enumerate(body[place].items(), start=1):
            if read_number(cell).kind == "bad":
                label = column_label(place, str(grid.top[0][place]))
                reading = read_number(cell)
                faults.append(Fault(grid.where, reading.problem_in(), reading.advice, int(number), label))
            elif not is_blank(cell):
                rows.append([f"{group}-{count}", experiment, group, cell])
    said = tr(
        "has a column per group; animals named by their group and row, as {name}, also across files of this "
        "form.",
        name=f"{groups[0][1]}-1",
    )
    notes = [*grid.notes, Note(grid.where, said)]
    return Grid(grid.file, grid.sheet, top=rows[:40], rows=rows, notes=notes), faults
