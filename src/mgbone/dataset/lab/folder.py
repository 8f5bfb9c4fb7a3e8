"""A laboratory's folder without a descriptor: workbooks and text files, read into the dictionary's tables."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path

import numpy as np
import pandas as pd

from mgbone.dataset.arrays.expression import expression_files
from mgbone.dataset.faults import Fault, fault_in_rows, fault_per_row, listing
from mgbone.dataset.lab.by_group import groups_above, one_row_each
from mgbone.dataset.lab.cell import REPORTED, is_blank
from mgbone.dataset.lab.combine import join
from mgbone.dataset.lab.grid import SAVE_AS, TEXT_ENDINGS, Grid, read_text
from mgbone.dataset.lab.groups import experiment_of_group, experiments_named, groups_named, known_groups
from mgbone.dataset.lab.headings import REGIONAL, fields_of, table_named
from mgbone.dataset.lab.mapping import MAPPING, ScannerMapping, read_mapping
from mgbone.dataset.lab.other_workbook import ENDINGS as OTHER_WORKBOOKS
from mgbone.dataset.lab.other_workbook import read_other_workbook
from mgbone.dataset.lab.parts import Piece, Sheet
from mgbone.dataset.lab.reading import READING, rows_to_leave_out
from mgbone.dataset.lab.regional import SOFT, below_zero, regional_table
from mgbone.dataset.lab.sheet import no_animals, read_sheet
from mgbone.dataset.lab.workbook import read_workbook
from mgbone.dataset.table import Table, check_repeated
from mgbone.study.design import Study
from mgbone.study.dictionary import TABLES

HOWTO_SHEET = "書き方 how to"
TITLE, TITLE_JA = "題名（英語） / Title (English)", "題名（日本語） / Title (Japanese)"
_READ_HERE = ("study.yml", MAPPING, READING, "README.md", "HOWTO.md", "claims.csv")
_SETS = (".gmt", ".gmt.gz")


@dataclass
class LabFolder:
    """What a laboratory's folder holds.

    Attributes
    ----------
    tables : dict of str to Table
        As `mgbone.dataset.csv_table.read_table` gives them; the index of their frames leads to sheets and
        rows by `place`.
    names : dict of str to str
        What messages call each table.
    regions : DataFrame or None
        Regional densities: animal_id, structure, region, density (mg/cm3).
    faults, notes : list
    title, title_ja : str
    unread : list of Grid
        Sheets whose headings name no animals, which counts only if no other one does.
    """

    tables: dict[str, Table] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    regions: pd.DataFrame | None = None
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    title: str = ""
    title_ja: str = ""
    labels: dict[tuple[str, str], str] = field(default_factory=dict)
    places: dict[str, dict[int, tuple[str, int]]] = field(default_factory=dict)
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
        if where in self.places and row is not None:  # of a table that was put together from several sheets
            table, places = where, self.places[where]
            where, row = places.get(row, (where, row))
            problem = re.sub(r"\brow (\d+)\b", lambda found: _at(places, int(found[1])), problem)
            labels = {name: self.labels.get((where, name)) for name in _split(fault.column)}
            if not any(labels.values()):
                labels = {name: self.labels.get((table, name)) for name in _split(fault.column)}
        else:
            labels = {name: self.labels.get((where, name)) for name in _split(fault.column)}
        column = ", ".join(labels[name] or name for name in labels) or None
        return replace(fault, file=where, row=row, column=column, problem=problem)


def _at(places: Mapping[int, tuple[str, int]], row: int) -> str:
    where, number = places.get(row, ("", row))
    return f"row {number} of {where}" if where else f"row {number}"


def _split(column: str | None) -> list[str]:
    return column.split(", ") if column else []


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
        _match_groups([piece for piece in pieces if piece.table == "animals"], study, lab)
    for name in TABLES:
        mine = [piece for piece in pieces if piece.table == name]
        if any(len(piece.frame.columns) > 1 or name == "animals" for piece in mine):
            _add_table(name, mine, lab)
    if "animals" not in lab.tables and not lab.faults:
        advice = (
            "Fill in the sheet of animals, or add a table with columns 動物ID, "
            "実験 and 群 (animal_id, experiment, group)."
        )
        missing = Fault(folder.name, "no table says which animals there are", advice)
        lab.faults += [no_animals(grid) for grid in lab.unread] or [missing]
    if "qct_slices" in lab.tables and not unmapped:  # otherwise nothing is known of their columns
        _complete_slices(lab, mapping)
    _find_scans(folder, lab)
    regional = [sheet.regional for sheet in sheets if sheet.regional is not None]
    regional += [piece for piece in pieces if piece.table == REGIONAL and len(piece.frame.columns) > 1]
    animals = lab.tables.get("animals")
    lab.regions, faults, notes = regional_table(regional, animals, "qct_slices" in lab.tables)
    lab.faults += faults
    lab.notes += notes
    places = [re.split(r", column |: ", note)[0] for note in lab.notes]
    lab.notes = [
        note for _, note in sorted(zip(map(places.index, places), lab.notes, strict=True), key=itemgetter(0))
    ]
    return lab


# --- files -------------------------------------------------------------------------------------------


def grids_of(folder: Path, lab: LabFolder) -> Iterable[Grid]:
    """Go through the sheets and text files of a folder; tell `lab` which files are not read."""
    others = []
    for path in _files(folder):
        ending = _ending(path)
        if ending in SAVE_AS:
            lab.faults.append(Fault(path.name, *SAVE_AS[ending]))
        elif path.name in _READ_HERE or path.name.endswith(_SETS):
            continue
        elif ending in (".xlsx", *OTHER_WORKBOOKS, *TEXT_ENDINGS):
            try:
                yield from _open(path, lab)
            except OSError as error:
                problem = f"can't be read ({error.strerror})"
                lab.faults.append(Fault(path.name, problem, "Check the permissions of the file."))
        else:
            others.append(path.name)
    if others:
        lab.notes.append(f"files that were not read: {listing(others)}.")
    if any(folder.glob("~$*")):
        lab.notes.append("a workbook is open in Excel: what is not saved yet was not read.")


def _open(path: Path, lab: LabFolder) -> Iterable[Grid]:
    if _ending(path) in TEXT_ENDINGS:
        grid, faults = read_text(path.read_bytes(), path.name)
        if _ending(path) == ".txt" and (grid is None or not table_named(path.stem)):
            return  # a text for people
        if grid is None:
            lab.faults += faults
        else:
            grid.faults = faults  # which count only if the file is of use
            yield grid
        return
    read = read_other_workbook if _ending(path) in OTHER_WORKBOOKS else read_workbook
    grids, faults, notes = read(path, path.name)
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
        sheet = mapping.read(grid)
        sheet.faults[:0] = grid.faults
        return sheet
    if table and not any(not is_blank(cell) for row in grid.top for cell in row):
        return None  # a sheet of the template that was not needed
    if study is not None and (groups := groups_above(grid, study)):
        grid, faults = one_row_each(grid, groups)
        if faults:
            return Sheet(faults=faults)
    sheet = read_sheet(grid, table)
    if sheet is None:
        lab.notes.append(f"{grid.where}: holds no column of animals with measurements, and was not read.")
        lab.unread.append(grid)
    elif _is_empty_template(grid, sheet):
        return None
    else:
        sheet.faults[:0] = grid.faults
    return sheet


def _is_empty_template(grid: Grid, sheet: Sheet) -> bool:
    """Say whether a sheet of a workbook holds headings only, as the template brings for every table."""
    return (
        bool(grid.sheet)
        and not sheet.pieces
        and sheet.regional is None
        and [fault.problem for fault in sheet.faults] == ["has headings but no rows"]
    )


# --- groups ------------------------------------------------------------------------------------------


def _match_groups(animals: list[Piece], study: Study, lab: LabFolder) -> None:
    """Put the study's names of experiments and groups in place of the laboratory's."""
    stated = [piece for piece in animals if "experiment" in piece.frame]
    experiments = ", ".join(f"{name} ({one.label_ja})" for name, one in study.experiments.items())
    for piece in stated:
        _match(
            piece,
            "experiment",
            lambda row, text: [(one, one) for one in experiments_named(text, study)],
            lambda row: experiments,
            lab,
        )
    columns = ["animal_id", "experiment"]
    known = [piece.frame.dropna(subset=columns)[columns] for piece in stated]
    every = pd.concat(known) if known else pd.DataFrame(columns=columns)
    every = every.drop_duplicates("animal_id").set_index("animal_id")["experiment"].to_dict()
    for piece in animals:
        if "group" not in piece.frame:
            continue
        only = next(iter(study.experiments)) if len(study.experiments) == 1 else None
        own = piece.frame["animal_id"].map(every).where(lambda known: known.isin(list(study.experiments)))
        within = {row: (name if isinstance(name, str) else only) for row, name in own.items()}
        found = _match(
            piece,
            "group",
            lambda row, text, within=within: groups_named(text, study, within[row]),
            lambda row, within=within: known_groups(study, within[row]),
            lab,
        )
        if stated:
            continue
        # No column says the experiment: it is that of the group, if the study has the group in one only.
        of_group = {row: only or experiment_of_group(pairs) for row, pairs in found.items()}
        taken = pd.Series(of_group, dtype=object).reindex(piece.frame.index)
        piece.frame["experiment"] = taken.where(taken.notna(), np.nan).astype("str")
        several = [row for row, pairs in found.items() if pairs and not (only or experiment_of_group(pairs))]
        lab.faults += fault_in_rows(
            piece.where, piece.labels["group"], several,
            "found {group!r}, a group of several experiments ({names})",
            "Add a column 実験 / experiment that says which.",
            group=piece.frame["group"], names=", ".join(study.experiments),
        )  # fmt: skip
        unknown = piece.frame["group"].eq(REPORTED)
        piece.frame.loc[[*several, *piece.frame.index[unknown]], "experiment"] = REPORTED
        if len(several) < len(found):
            lab.notes.append(f"{piece.where}: no column names the experiment; it was taken from the groups.")


def _match(
    piece: Piece,
    name: str,
    find: Callable[[int, str], list[tuple[str, str]]],
    allowed: Callable[[int], str],
    lab: LabFolder,
) -> dict[int, list[tuple[str, str]]]:
    """Replace the texts of a column by what they mean; report those that mean nothing or several things.

    Returns
    -------
    dict of int to list of tuple of str
        What each row may mean, where that is one name.
    """
    values, label = piece.frame[name], piece.labels[name]
    found = {row: find(row, text) for row, text in values.dropna().items() if text != REPORTED}
    meant = {row: list(dict.fromkeys(group for _, group in pairs)) for row, pairs in found.items()}
    bad = [row for row, names in meant.items() if len(names) != 1]
    # One fault per text: a group that is misspelt in eight rows is one mistake.
    counts = Counter(values[bad])
    first = [row for place, row in enumerate(bad) if values[row] not in set(values[bad[:place]])]

    def describe(row: int) -> tuple[str, str]:
        found = f"found {values[row]!r}" + (f" (in {n} rows)" if (n := counts[values[row]]) > 1 else "")
        if meant[row]:
            problem = f"{found}, which may mean {' or '.join(meant[row])}"
            return problem, "Write the one that is meant."
        advice = (
            "Write one of them; other names of groups, or another design, go into a study.yml in the folder."
        )
        return f"{found}, allowed: {allowed(row)}", advice

    lab.faults += fault_per_row(piece.where, label, first, describe)
    canonical = values.copy()
    taken: Counter[tuple[str, str]] = Counter()
    for row, names in meant.items():
        canonical[row] = names[0] if len(names) == 1 else REPORTED
        if len(names) == 1 and values[row] != names[0]:
            taken[values[row], names[0]] += 1
    piece.frame[name] = canonical
    for (text, meaning), rows in taken.items():
        note = f"{text!r} read as {meaning} ({rows} row{'s' if rows > 1 else ''})."
        lab.notes.append(f"{piece.where}, column {label}: {note}")
    return {row: pairs for row, pairs in found.items() if len(meant[row]) == 1}


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
        names = f"the table of {name} ({'; '.join(dict.fromkeys(piece.where for piece in pieces))})"
        joined = join(name, pieces)
        frame, below = joined.frame, joined.below
        lab.faults += joined.faults
        lab.places[names] = joined.places
        for piece in pieces:
            for column, label in piece.labels.items():
                lab.labels.setdefault((piece.where, column), label)
                lab.labels.setdefault((names, column), label)
    table = Table(below_limit=below)
    absent = [column for column in fields if column not in frame]
    for column in absent:
        empty = "str" if fields_of(name)[column]["type"] == "string" else float
        frame[column] = pd.Series(np.nan, index=frame.index, dtype=empty)
    found: list[Fault] = []
    _check_needed(name, frame, absent, names, lab.needs_groups, found)
    check_repeated(frame.replace(REPORTED, np.nan)[fields], names, name, found)
    lab.faults += [lab.place(fault) for fault in found]
    measured = [one for one in absent if one not in ("experiment", "slice", "position", "thickness")]
    if measured:
        lab.notes.append(f"{names}: no column of {', '.join(measured)}; taken as not measured.")
    table.frame = frame[fields]
    lab.tables[name], lab.names[name] = table, names


def _check_needed(
    name: str, frame: pd.DataFrame, absent: list[str], names: str, groups: bool, faults: list[Fault]
) -> None:
    """Report blank cells that no row may have, once for a column that is not there at all."""
    needed = {"animals": ["experiment", "group"] if groups else [], "arrays": ["array_id", "file"]}.get(
        name, []
    )
    for column in needed:
        spec = fields_of(name)[column]
        if column in absent:
            advice = f'Add a column "{spec["title_ja"]}" or "{column}".'
            faults.append(Fault(names, f"the column {column} is missing", advice))
        else:
            title = spec["title_ja"]
            advice = f"Fill in the {title} of this row; in a CSV file merged cells have to be filled, too."
            blank = frame.index[frame[column].isna()]
            faults += fault_in_rows(names, column, blank, "is blank", advice)


# --- slices and scans --------------------------------------------------------------------------------


def _complete_slices(lab: LabFolder, mapping: ScannerMapping | None) -> None:
    """Turn and number slices, fill in what the mapping file says of all, and report what is missing."""
    table, names = lab.tables["qct_slices"], lab.names["qct_slices"]
    frame = table.frame
    if mapping is not None and mapping.form == "slices":
        animals = lab.tables["animals"].frame if "animals" in lab.tables else None
        frame, notes = mapping.complete(frame, animals)
        lab.notes += [f"{names}: {note}" for note in notes]
    if frame["slice"].isna().all() and frame["position"].notna().any():
        order = frame.groupby("animal_id")["position"].rank(method="first")
        frame = frame.assign(slice=order)
        lab.notes.append(f"{names}: slices numbered from the distal end by their position.")
    found: list[Fault] = []
    for column, spec in fields_of("qct_slices").items():
        if column == "animal_id" or not spec["constraints"].get("required"):
            continue
        blank = frame.index[frame[column].isna()]
        if len(blank) == len(frame) and len(frame):
            advice = f'Add a column "{spec["title_ja"]}", or state it in {MAPPING}.'
            found.append(Fault(names, f"no slice has a {column}", advice))
        else:
            advice = f"Fill in the {spec['title'].lower()} of this slice."
            found += fault_in_rows(names, column, blank, "is blank", advice)
    lab.faults += [lab.place(fault) for fault in found]
    for structure in SOFT:
        lab.notes += below_zero(f"{names}, {structure}", frame[f"{structure}_content"], frame["animal_id"])
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
        lab.notes.append(f"{lab.names['arrays']}: CEL files found in cel/ for {listing(moved, most=4)}.")
    table.frame = table.frame.assign(file=files.astype("str"))


def fold_file(name: str) -> str:
    """Return what is compared of a file's name: tables are read in half width, a Mac's disk is decomposed."""
    return unicodedata.normalize("NFKC", name).casefold()
