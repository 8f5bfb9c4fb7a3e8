"""A laboratory's folder without a descriptor: workbooks and text files, read into the dictionary's tables."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from mgbone.dataset.arrays.expression import expression_files
from mgbone.dataset.faults import (
    Fault,
    Note,
    fault_in_rows,
    listing,
    not_readable,
    row_words,
)
from mgbone.dataset.lab.cell import REPORTED, is_blank
from mgbone.dataset.lab.combine import join
from mgbone.dataset.lab.grid import SAVE_AS, TEXT_ENDINGS, Grid, Unreadable, read_text
from mgbone.dataset.lab.groups import groups_above, match_groups, one_row_each
from mgbone.dataset.lab.headings import REGIONAL, fields_of, table_named
from mgbone.dataset.lab.mapping import MAPPING, ScannerMapping, read_mapping, rows_to_leave_out
from mgbone.dataset.lab.parts import READING, Piece, Sheet
from mgbone.dataset.lab.regional import SOFT, below_zero, regional_table
from mgbone.dataset.lab.sheet import NO_ROWS, no_animals, read_sheet
from mgbone.dataset.lab.workbook import OTHER_WORKBOOKS, read_other_workbook, read_workbook
from mgbone.dataset.table import Table, check_repeated
from mgbone.study.design import Study
from mgbone.study.dictionary import TABLES, table_schema
from mgbone.study.language import either, tr

HOWTO_SHEET = "書き方 how to"
TITLE, TITLE_JA = "題名（英語） / Title (English)", "題名（日本語） / Title (Japanese)"
_READ_HERE = ("study.yml", MAPPING, READING, "README.md", "HOWTO.md", "claims.csv")
_SETS = (".gmt", ".gmt.gz")


@dataclass
class LabFolder:
    """What a laboratory's folder holds."""

    # As `mgbone.dataset.csv_table.read_table` gives them; the index of their frames leads to sheets and rows
    # by `place`.
    tables: dict[str, Table] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # What messages call each table.
    regions: pd.DataFrame | None = None  # Regional densities: animal_id, structure, region, density (mg/cm3).
    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    title: str = ""
    title_ja: str = ""
    labels: dict[tuple[str, str], str] = field(default_factory=dict)
    places: dict[str, dict[int, tuple[str, int]]] = field(default_factory=dict)
    # Sheets whose headings name no animals, which counts only if no other one does.
    unread: list[Grid] = field(default_factory=list)
    needs_groups: bool = True
    partition: bool = True

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name, with cells that have been reported as missing."""
        return {name: table.frame.replace(REPORTED, np.nan) for name, table in self.tables.items()}

    def place(self, fault: Fault) -> Fault:
        """Return a fault with the sheet, row and column that people see in place of the dictionary's."""
        where, row, problem = fault.file, fault.row, fault.problem
        if where in self.places:  # a table that was put together from several sheets
            places = self.places[where]
            where, row = (where, None) if row is None else places.get(row, (where, row))
            told = row_words(r"(\d+)")  # as the fault has it in the language in use
            problem = re.sub(rf"(?<![A-Za-z]){told}", lambda found: _at(places, int(found[1])), problem)
        names = fault.column.split(", ") if fault.column else []
        known = ([self.labels.get((place, name)) for name in names] for place in (where, fault.file))
        labels = next((found for found in known if any(found)), names)
        column = ", ".join(label or name for label, name in zip(labels, names, strict=True)) or None
        return replace(fault, file=where, row=row, column=column, problem=problem)


def _at(places: Mapping[int, tuple[str, int]], row: int) -> str:
    where, number = places.get(row, ("", row))
    if not where:
        return row_words(number)
    return tr("{row} of {where}", row=row_words(number), where=where)


def is_lab_folder(folder: Path) -> bool:
    """Say whether a folder holds something that a laboratory's tables may be in."""
    return any(
        _ending(path) in (".xlsx", *OTHER_WORKBOOKS, ".csv", ".tsv", *SAVE_AS)
        or (_ending(path) == ".txt" and table_named(path.stem))
        for path in _files(folder)
    )


def _files(folder: Path) -> list[Path]:
    expression = {path.name for path in expression_files(folder)}
    return [
        path
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith((".", "~$")) and path.name not in expression
    ]


def _ending(path: Path) -> str:
    return path.suffix.lower()


def read_folder(folder: Path, study: Study | None) -> LabFolder:
    """Read all tables of a folder, with every fault and everything that was converted.

    Without a study, whose file is faulty then, groups and experiments are left as they are.
    """
    lab = LabFolder(title=folder.name, needs_groups=study is not None)
    mapping, unmapped = read_mapping(folder)
    leave_out, found = rows_to_leave_out(folder)
    lab.faults += found
    grids = [replace(grid, leave_out=leave_out) for grid in grids_of(folder, lab)]
    sheets = [sheet for grid in grids if (sheet := _read(grid, mapping, bool(unmapped), study, lab))]
    for sheet in sheets:
        lab.faults += sheet.faults
        lab.notes += sheet.notes
    if mapping is not None:
        unmapped = mapping.unused()
        lab.partition = mapping.partition
        lab.notes += mapping.notes
    lab.faults += unmapped
    pieces = [piece for sheet in sheets for piece in sheet.pieces]
    if study is not None:
        faults, notes = match_groups([piece for piece in pieces if piece.table == "animals"], study)
        lab.faults += faults
        lab.notes += notes
    for name in TABLES:
        mine = [piece for piece in pieces if piece.table == name]
        if any(len(piece.frame.columns) > 1 or name == "animals" for piece in mine):
            _add_table(name, mine, lab)
    if "animals" not in lab.tables and not lab.faults:
        advice = tr(
            "Fill in the sheet of animals, or add a table with columns 動物ID, 実験 and 群 (animal_id, "
            "experiment, group)."
        )
        missing = Fault(folder.name, tr("no table says which animals there are"), advice)
        lab.faults += [no_animals(grid) for grid in lab.unread] or [missing]
    if "qct_slices" in lab.tables and not unmapped:  # otherwise nothing is known of their columns
        _complete_slices(lab, mapping)
    _find_scans(folder, lab)
    regional = [piece for piece in pieces if piece.table == REGIONAL and len(piece.frame.columns) > 1]
    animals = lab.tables.get("animals")
    lab.regions, faults, notes = regional_table(regional, animals, "qct_slices" in lab.tables)
    if regional:
        lab.names[REGIONAL] = tr("; ").join(dict.fromkeys(piece.where for piece in regional))
    lab.faults += faults
    lab.notes += notes
    places = list(dict.fromkeys((note.file, note.row) for note in lab.notes))
    lab.notes.sort(key=lambda note: places.index((note.file, note.row)))
    return lab


# --- files -------------------------------------------------------------------------------------------


def grids_of(folder: Path, lab: LabFolder) -> Iterable[Grid]:
    """Go through the sheets and text files of a folder; tell `lab` which files are not read."""
    others = []
    for path in _files(folder):
        ending = _ending(path)
        if ending in SAVE_AS:
            lab.faults.append(Fault(path.name, *map(tr, SAVE_AS[ending])))
        elif path.name in _READ_HERE or path.name.endswith(_SETS):
            continue
        elif ending in (".xlsx", *OTHER_WORKBOOKS, *TEXT_ENDINGS):
            try:
                yield from _open(path, lab)
            except OSError as error:
                lab.faults.append(not_readable(path.name, error))
        else:
            others.append(path.name)
    if others:
        lab.notes.append(Note("", tr("files that were not read: {names}.", names=listing(others))))
    if any(folder.glob("~$*")):
        lab.notes.append(Note("", tr("a workbook is open in Excel: what is not saved yet was not read.")))


def _open(path: Path, lab: LabFolder) -> Iterable[Grid]:
    ending = _ending(path)
    if ending == ".txt" and not table_named(path.stem):
        return  # a text for people
    try:
        if ending in TEXT_ENDINGS:
            grids, faults, notes = [read_text(path.read_bytes(), path.name)], [], []
        else:
            read = read_other_workbook if ending in OTHER_WORKBOOKS else read_workbook
            grids, faults, notes = read(path, path.name)
    except Unreadable as error:
        lab.faults += [] if ending == ".txt" else [Fault(path.name, *error.args)]
        return
    lab.faults += faults
    lab.notes += notes
    for grid in grids:
        if grid.sheet == HOWTO_SHEET:
            _read_titles(grid, lab)
        else:
            yield grid


def read_titles(folder: Path) -> tuple[str, str]:
    """Return the titles (English, Japanese) that a folder's workbook states, or the folder's name."""
    lab = LabFolder(title=folder.name)
    for path in _files(folder):
        if _ending(path) == ".xlsx":
            list(_open(path, lab))
    return lab.title, lab.title_ja or lab.title


def _read_titles(grid: Grid, lab: LabFolder) -> None:
    for row in grid.top:
        cells = [str(cell).strip() for cell in row if not is_blank(cell)]
        if len(cells) > 1 and cells[0] == TITLE:
            lab.title = cells[1]
        elif len(cells) > 1 and cells[0] == TITLE_JA:
            lab.title_ja = cells[1]


def _read(
    grid: Grid, mapping: ScannerMapping | None, unmapped: bool, study: Study | None, lab: LabFolder
) -> Sheet | None:
    """Read a sheet that is of use; `unmapped` says that the mapping file of the qCT is faulty."""
    table = table_named(grid.sheet or Path(grid.file).stem)
    if unmapped and table in ("qct_slices", REGIONAL):
        return None
    if mapping is not None and mapping.reads(grid):
        return mapping.read(grid)
    if table and not any(not is_blank(cell) for row in grid.top for cell in row):
        return None  # a sheet of the template that was not needed
    if study is not None and (groups := groups_above(grid, study)):
        grid, faults = one_row_each(grid, groups)
        if faults:
            return Sheet(grid.where, faults=faults)
    sheet = read_sheet(grid, table)
    if sheet is None:
        said = tr("holds no column of animals with measurements, and was not read.")
        lab.notes.append(Note(grid.where, said))
        lab.unread.append(grid)
    elif grid.sheet and not sheet.pieces and [fault.problem for fault in sheet.faults] == [tr(NO_ROWS)]:
        return None  # headings only, as the template brings for every table
    return sheet


# --- pieces to tables --------------------------------------------------------------------------------


def _add_table(name: str, pieces: list[Piece], lab: LabFolder) -> None:
    """Make one table of all pieces; what two of them say of one animal has to agree."""
    if name != "animals":
        named = [piece for piece in pieces if len(piece.frame.columns) > 1]
        pieces = named or pieces
    fields = list(fields_of(name))
    if len(pieces) == 1 and not pieces[0].long:
        piece = pieces[0]
        frame, below, names = piece.frame.copy(), piece.below, piece.where
        for column, label in piece.labels.items():
            lab.labels[piece.where, column] = label
    else:
        sheets = tr("; ").join(dict.fromkeys(piece.where for piece in pieces))
        title = either(name, table_schema(name)["title_ja"])
        names = tr("the table of {name} ({sheets})", name=title, sheets=sheets)
        frame, below, lab.places[names], found = join(name, pieces)
        lab.faults += found
        for piece in pieces:
            for column, label in piece.labels.items():
                lab.labels.setdefault((piece.where, column), label)
                lab.labels.setdefault((names, column), label)
    table = Table(below_limit=below)
    absent = [column for column in fields if column not in frame]
    for column in absent:
        empty = "str" if fields_of(name)[column]["type"] == "string" else float
        frame[column] = pd.Series(np.nan, index=frame.index, dtype=empty)
    found = _blank(name, frame, absent, names, lab.needs_groups)
    found += check_repeated(frame.replace(REPORTED, np.nan)[fields], names, name)
    lab.faults += [lab.place(fault) for fault in found]
    measured = [one for one in absent if one not in ("experiment", "slice", "position", "thickness")]
    if measured:
        said = tr("no column of {names}; taken as not measured.", names=tr(", ").join(measured))
        lab.notes.append(Note(names, said))
    table.frame = frame[fields]
    lab.tables[name], lab.names[name] = table, names


def _blank(name: str, frame: pd.DataFrame, absent: list[str], names: str, groups: bool) -> list[Fault]:
    """Report blank cells that no row may have, once for a column that is not there at all."""
    needed = {"animals": ["experiment", "group"] if groups else [], "arrays": ["array_id", "file"]}
    faults = []
    for column in needed.get(name, []):
        spec = fields_of(name)[column]
        if column in absent:
            advice = tr('Add a column "{title}" or "{column}".', title=spec["title_ja"], column=column)
            faults.append(Fault(names, tr("the column {column} is missing", column=column), advice))
        else:
            advice = tr("Fill in the {title} of this row; in a CSV file merged cells have to be filled, too.")
            blank = frame.index[frame[column].isna()]
            faults += fault_in_rows(names, column, blank, tr("is blank"), advice, title=spec["title_ja"])
    return faults


# --- slices and scans --------------------------------------------------------------------------------


def _complete_slices(lab: LabFolder, mapping: ScannerMapping | None) -> None:
    """Turn and number slices, fill in what the mapping file says of all, and report what is missing."""
    table, names = lab.tables["qct_slices"], lab.names["qct_slices"]
    frame = table.frame
    if mapping is not None and mapping.form == "slices":
        animals = lab.tables["animals"].frame if "animals" in lab.tables else None
        frame, notes = mapping.complete(frame, animals)
        lab.notes += [Note(names, note) for note in notes]
    if frame["slice"].isna().all() and frame["position"].notna().any():
        order = frame.groupby("animal_id")["position"].rank(method="first")
        frame = frame.assign(slice=order)
        lab.notes.append(Note(names, tr("slices numbered from the distal end by their position.")))
    found: list[Fault] = []
    for column, spec in fields_of("qct_slices").items():
        if column == "animal_id" or not spec["constraints"].get("required"):
            continue
        blank = frame.index[frame[column].isna()]
        if len(blank) == len(frame) and len(frame):
            advice = tr(
                'Add a column "{title}", or state it in {file}.', title=spec["title_ja"], file=MAPPING
            )
            found.append(Fault(names, tr("no slice has a {column}", column=column), advice))
        else:
            advice = tr("Fill in the {title} of this slice.")
            title = either(spec["title"].lower(), spec["title_ja"])
            found += fault_in_rows(names, column, blank, tr("is blank"), advice, title=title)
    lab.faults += [lab.place(fault) for fault in found]
    for structure in SOFT:
        where = tr("{table}, {structure}", table=names, structure=structure)
        lab.notes += below_zero(where, frame[f"{structure}_content"], frame["animal_id"])
    table.frame = frame


def _find_scans(folder: Path, lab: LabFolder) -> None:
    """Find the CEL files that a laboratory names without their folder."""
    if "arrays" not in lab.tables:
        return
    table = lab.tables["arrays"]
    here = {fold_file(path.name): f"cel/{path.name}" for path in (folder / "cel").glob("*") if path.is_file()}
    moved = []

    def find(name: object) -> object:
        if not isinstance(name, str) or (folder / name.replace("\\", "/")).is_file():
            return name.replace("\\", "/") if isinstance(name, str) else name
        last = fold_file(name.replace("\\", "/").rpartition("/")[2])
        for candidate in (last, f"{last}.cel", f"{last}.cel.gz"):
            if candidate in here:
                moved.append(name)
                return here[candidate]
        return name

    files = table.frame["file"].map(find)
    if moved:
        said = tr("CEL files found in cel/ for {names}.", names=listing(moved, most=4))
        lab.notes.append(Note(lab.names["arrays"], said))
    table.frame = table.frame.assign(file=files.astype("str"))


def fold_file(name: str) -> str:
    """Return what is compared of a file's name: tables are read in half width, a Mac's disk is decomposed."""
    return unicodedata.normalize("NFKC", name).casefold()
