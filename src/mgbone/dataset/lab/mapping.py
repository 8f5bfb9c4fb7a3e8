"""What a laboratory tells about the reading of its files, beside them.

qct_mapping.yml says how the columns of a scanner's export become those of the dictionary; reading.yml which
rows are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pandas as pd

from mgbone.dataset.faults import Fault, Note, listing, nearest, not_readable, quoted, slip_fault
from mgbone.dataset.lab.cell import is_blank, plain, read_name
from mgbone.dataset.lab.columns import find_headings
from mgbone.dataset.lab.grid import Grid
from mgbone.dataset.lab.headings import REGIONAL, Heading, fields_of, fold, is_row, place_named, table_named
from mgbone.dataset.lab.parts import READING, REGIONAL_UNITS, Sheet
from mgbone.dataset.lab.sheet import read_sheet
from mgbone.dataset.lab.units import Unit, conversion, unit_of
from mgbone.study.design import REGIONS, STRUCTURES
from mgbone.study.documents import Document, read_document
from mgbone.study.language import tr

MAPPING = "qct_mapping.yml"
_PLACES = ("animal_id", "structure", "region", "slice", "position")
FORWARD, BACKWARD = "distal to proximal", "proximal to distal"


@dataclass
class ScannerMapping:
    """A mapping file, understood."""

    form: str = "slices"  # What a row of the export is: ``slices`` or ``regions``.
    files: str = ""  # Which file (a pattern) and sheet it is about; empty for those that are named as qCT.
    sheet: str = ""
    # What the export's headings mean, by folded text.
    read_as: dict[str, Heading] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    backward: bool = False  # Whether the scan ran from the hip to the knee.
    thickness: float | None = None  # In mm, where the export has no column of it.
    pitch: float | None = None
    first_position: float | None = None
    # What the export's names of structures and regions mean, by folded text.
    structures: dict[str, str] = field(default_factory=dict)
    regions: dict[str, str] = field(default_factory=dict)
    # Of a column of the export the one value whose rows are read (side, site, sex).
    only: dict[str, str] = field(default_factory=dict)
    # Columns of the export, over which rows of the same animal and place are averaged.
    average: list[str] = field(default_factory=list)
    # Contents that the export gives per length of bone, and the factor of their unit to mg/mm.
    per_length: dict[str, float] = field(default_factory=dict)
    partition: bool = True  # Whether cortical and cancellous bone are the parts of the whole.
    notes: list[Note] = field(default_factory=list)
    used: bool = False

    def reads(self, grid: Grid) -> bool:
        """Say whether the mapping file is about this sheet."""
        if not self.files and not self.sheet:
            return table_named(grid.sheet or Path(grid.file).stem) in ("qct_slices", REGIONAL)
        return fnmatch(grid.file, self.files or "*") and (not self.sheet or grid.sheet == self.sheet)

    def read(self, grid: Grid) -> Sheet:
        """Read a sheet by the export's headings; report those that the mapping names and the sheet lacks."""
        self.used = True
        table = "qct_slices" if self.form == "slices" else REGIONAL
        there = {fold(str(cell)) for row in grid.top for cell in row if not is_blank(cell)}
        named = [*(heading.text for heading in self.read_as.values()), *self.only, *self.average]
        lacking = [text for text in named if fold(text) not in there]
        if lacking:
            names = listing(map(quoted, lacking))
            problem = tr("lacks the columns that {file} names: {names}", file=MAPPING, names=names)
            advice = tr(
                "Correct the names in the mapping file: they have to be as in the heading of the export."
            )
            return Sheet(grid.where, faults=[*grid.faults, Fault(grid.where, problem, advice)])
        sheet = read_sheet(grid, table, self.read_as, self.units)
        self._choose(grid, sheet)
        for piece in sheet.pieces:
            for kind, names in (("structure", self.structures), ("region", self.regions)):
                if kind in piece.frame:
                    meant = {text: names.get(fold(str(text)), text) for text in piece.frame[kind].unique()}
                    piece.frame[kind] = piece.frame[kind].map(meant)
        return sheet

    def _choose(self, grid: Grid, sheet: Sheet) -> None:
        """Keep the rows of one side, site or sex only, and take means over what the mapping averages."""
        start, headings = find_headings(grid, "", self.read_as)
        body = grid.body(start + 1, set(range(len(headings))))
        places = {fold(heading.text): place for place, heading in enumerate(headings)}
        for name, value in self.only.items():
            texts = body[places[fold(name)]].map(lambda cell: read_name(cell)[0])
            chosen = body.index[texts == value]
            for piece in sheet.pieces:
                left = int((~piece.frame.index.isin(chosen)).sum())
                piece.frame = piece.frame[piece.frame.index.isin(chosen)]
                note = tr(
                    "{rows} rows left out, whose {name} is not {value}.", rows=left, name=name, value=value
                )
                sheet.note(note)
            if not len(chosen):
                named = {"name": name, "value": value, "found": listing(map(str, texts.dropna().unique()))}
                problem = tr("has no row whose {name} is {value}; found {found}", **named)
                sheet.fault(problem, tr("Correct `only` in {file}.", file=MAPPING))
        if not self.average:
            return
        for piece in sheet.pieces:
            keys = [name for name in _PLACES if name in piece.frame]
            rows = piece.frame.assign(row=piece.frame.index)
            how = {"row": "first"} | dict.fromkeys(piece.frame.columns.drop(keys), "mean")
            mean = rows.groupby(keys, sort=False, dropna=False, as_index=False).agg(how)
            said = {"rows": len(rows), "names": tr(" and ").join(self.average), "means": len(mean)}
            note = tr("{rows} rows averaged over {names} to {means}.", **said)
            sheet.note(note)
            piece.frame = mean.set_index("row")[list(piece.frame.columns)]

    def unused(self) -> list[Fault]:
        """Return the fault of a mapping file that is about no file of the folder."""
        if self.used:
            return []
        what = self.files or self.sheet or tr("a file or sheet named qCT")
        problem = tr("is about {what}, which is not in the folder", what=what)
        return [Fault(MAPPING, problem, tr("Correct files or sheet."))]

    def complete(self, frame: pd.DataFrame, animals: pd.DataFrame | None) -> tuple[pd.DataFrame, list[str]]:
        """Fill in thickness and position as stated, and turn a scan that ran from the hip to the knee.

        Returns slices as the dictionary has them, counted from the distal end, and what was done.
        """
        frame, notes, told = frame.copy(), [], {"file": MAPPING}
        if self.thickness is not None and frame["thickness"].isna().all():
            frame["thickness"] = self.thickness
            told["thickness"] = self.thickness
            notes.append(tr("slices taken as {thickness:g} mm thick, as {file} says.", **told))
        if self.pitch is not None and frame["position"].isna().all():
            first = self.pitch / 2 if self.first_position is None else self.first_position
            frame["position"] = first + (frame["slice"] - 1) * self.pitch
            told |= {"first": first, "pitch": self.pitch}
            notes.append(
                tr("positions taken as {first:g} mm + {pitch:g} mm per slice, as {file} says.", **told)
            )
        for name, factor in self.per_length.items():
            frame[name] = frame[name] * factor * frame["thickness"]
        if self.per_length:
            names = listing(self.per_length)
            notes.append(tr("content per length times the thickness of the slice ({names}).", names=names))
        if self.backward:
            length = pd.Series(np.nan, index=frame.index)
            if animals is not None:
                known = animals.drop_duplicates("animal_id").set_index("animal_id")["femur_length"]
                length = frame["animal_id"].map(known)
            # An animal without a length is reported with the other relations; its slices stay where they are.
            turned = (length - frame["position"]).map(lambda value: float(f"{value:.12g}"))
            frame["position"] = turned.where(length.notna(), frame["position"])
            frame["slice"] = frame.groupby("animal_id")["slice"].transform("max") + 1 - frame["slice"]
            turned = tr(
                "the scan ran proximal to distal: positions were counted from the other end "
                "(femur_length - position)."
            )
            notes.append(turned)
        return frame, notes


def read_mapping(folder: Path) -> tuple[ScannerMapping | None, list[Fault]]:
    """Read the mapping file of a folder; one in which every line is a remark, as in the template, is none."""
    document, faults = _document(folder, MAPPING, "qct_mapping")
    if document is None or document.content == {}:
        return None, faults
    mapped = None if document.slips else _understood(document)
    slips = sorted(document.slips, key=lambda slip: slip.line)
    return None if slips else mapped, [slip_fault(MAPPING, slip) for slip in slips]


def rows_to_leave_out(folder: Path) -> tuple[frozenset[str], list[Fault]]:
    """Return which rows of means, SD and counts are left out (folded words), as reading.yml says.

    Only words that name such a row are allowed there: an animal can't be left out.
    """
    document, faults = _document(folder, READING, "reading")
    if document is None:
        return frozenset(), faults
    words = [] if document.slips else (document.content or {}).get("leave_out") or []
    for place, word in enumerate(words):
        if not is_row("summary", plain(word)):
            problem = tr("{word!r} is no word for a row of means, SD or counts", word=word)
            advice = tr("Write the word of such a row, as 平均 or SD; animals are never left out.")
            document.slip(("leave_out", place), problem, advice)
    return frozenset(fold(plain(word)) for word in words), [slip_fault(READING, s) for s in document.slips]


def _document(folder: Path, name: str, schema: str) -> tuple[Document | None, list[Fault]]:
    try:
        return (read_document(folder / name, schema) if (folder / name).is_file() else None), []
    except OSError as error:
        return None, [not_readable(name, error)]


def _understood(document: Document) -> ScannerMapping:
    """Make the mapping of a file that is sound in form; what the dictionary doesn't know becomes a slip."""
    raw = {key: value for key, value in document.content.items() if value is not None}
    mapped = ScannerMapping(
        **{key: raw[key] for key in ("files", "sheet", "thickness", "pitch", "first_position") if key in raw},
        form=raw.get("rows", "slices"),
        only={str(name): str(value) for name, value in raw.get("only", {}).items()},
        average=[str(name) for name in raw.get("average", [])],
        partition=raw.get("compartments") != "independent",
    )
    _columns(document, raw["columns"], mapped)
    _units(document, raw.get("units", {}), mapped)
    if mapped.form == "slices":
        direction = " ".join(raw.get("direction", "").casefold().replace("-", " ").split())
        mapped.backward = direction == BACKWARD
        if not direction:
            said = {"forward": FORWARD, "backward": BACKWARD}
            advice = tr("Write '{forward}' (from the knee) or '{backward}' (from the hip).", **said)
            document.slip(("direction",), tr("is not stated"), advice)
    for kind, known in (("structures", STRUCTURES), ("regions", REGIONS)):
        for theirs, ours in raw.get(kind, {}).items():
            if not place_named(kind, ours):
                advice = tr("Write one of {names}.", names=tr(", ").join(known))
                document.slip((kind, theirs), tr("found {text!r}", text=ours), advice)
            getattr(mapped, kind)[fold(theirs)] = place_named(kind, ours)
    if "phantom" in raw:
        mapped.notes.append(Note(MAPPING, tr("calibrated with {phantom}.", phantom=raw["phantom"])))
    return mapped


def _columns(document: Document, columns: Mapping[str, object], mapped: ScannerMapping) -> None:
    slices = mapped.form == "slices"
    known = list(fields_of("qct_slices")) if slices else list(REGIONAL_UNITS)
    for ours, theirs in columns.items():
        keys = ("columns", ours)
        if ours not in known:
            near = nearest(ours, known)
            advice = tr("Known are {names}.", names=listing(known, 20))
            if near:
                advice = tr("Is it {name}?", name=near)
            document.slip(keys, tr("{name!r} is not in the dictionary", name=ours), advice)
        elif not fold(str(theirs)):
            document.slip(keys, tr("is blank"), tr("Write the heading of the export, or delete the line."))
        elif fold(str(theirs)) in mapped.read_as:
            problem = tr("names {heading!r} a second time", heading=str(theirs))
            document.slip(keys, problem, tr("Each heading means one thing."))
        else:
            table = "" if ours == "animal_id" or not slices else "qct_slices"
            field_name = ours if slices or ours == "animal_id" else f"@{ours}"
            mapped.read_as[fold(str(theirs))] = Heading(str(theirs), table, field_name)


def _units(document: Document, units: Mapping[str, object], mapped: ScannerMapping) -> None:
    slices = mapped.form == "slices"
    targets = {n: s.get("unit") for n, s in fields_of("qct_slices").items()} if slices else REGIONAL_UNITS
    for name, text in units.items():
        unit, target = unit_of(str(text)), targets.get(name)
        per_length = conversion(unit, "mg/mm", name) if unit and name.endswith("_content") else None
        if target is None:
            problem = tr("{name!r} has no unit here", name=name)
            document.slip(("units", name), problem, tr("Delete the line, or correct it."))
        elif per_length:
            mapped.per_length[name] = per_length.factor
            mapped.units[name] = unit_of("mg")
        elif unit is None or conversion(unit, target, name) is None:
            advice = tr("Write a unit that can be converted to {unit}.", unit=target)
            document.slip(("units", name), tr("is {text!r}", text=str(text)), advice)
        else:
            mapped.units[name if slices else f"@{name}"] = unit
