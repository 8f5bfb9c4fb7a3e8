"""The mapping file, qct_mapping.yml: how the columns of a scanner's export become those of the dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from mgbone.dataset.faults import Fault, listing, nearest
from mgbone.dataset.lab.cell import is_blank
from mgbone.dataset.lab.grid import Grid
from mgbone.dataset.lab.headings import REGIONAL, Heading, fields_of, fold, place_named, table_named
from mgbone.dataset.lab.parts import Sheet
from mgbone.dataset.lab.sheet import read_sheet
from mgbone.dataset.lab.units import Unit, conversion, unit_of
from mgbone.study.design import REGIONS, STRUCTURES

MAPPING = "qct_mapping.yml"
FORWARD, BACKWARD = "distal to proximal", "proximal to distal"
FORMS = ("slices", "regions")

_KEYS = (
    *("rows", "files", "sheet", "columns", "units", "direction", "thickness", "pitch", "first_position"),
    *("phantom", "structures", "regions"),
)

_REGIONAL = {
    "animal_id": None,
    "structure": None,
    "region": None,
    "density": "mg/cm3",
    "content": "mg",
    "volume": "mm3",
}


@dataclass
class ScannerMapping:
    """A mapping file, understood.

    Attributes
    ----------
    form : str
        What a row of the export is: ``slices`` or ``regions``.
    files, sheet : str
        Which file (a pattern) and sheet it is about; empty for those that are named as qCT.
    read_as : dict of str to Heading
        What the export's headings mean, by folded text.
    units : dict of str to Unit
    backward : bool
        Whether the scan ran from the hip to the knee.
    thickness, pitch, first_position : float or None
        In mm, where the export has no column of it.
    structures, regions : dict of str to str
        What the export's names of structures and regions mean, by folded text.
    """

    form: str = "slices"
    files: str = ""
    sheet: str = ""
    read_as: dict[str, Heading] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    backward: bool = False
    thickness: float | None = None
    pitch: float | None = None
    first_position: float | None = None
    structures: dict[str, str] = field(default_factory=dict)
    regions: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
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
        lacking = [heading.text for text, heading in self.read_as.items() if text not in there]
        if lacking:
            problem = f"lacks the columns that {MAPPING} names: {listing(map(repr, lacking))}"
            advice = "Correct the names in the mapping file: they have to be as in the heading of the export."
            return Sheet(faults=[Fault(grid.where, problem, advice)])
        sheet = read_sheet(grid, table, self.read_as, self.units)
        if sheet.regional is not None:
            for kind, names in (("structure", self.structures), ("region", self.regions)):
                texts = sheet.regional.frame[kind]
                sheet.regional.frame[kind] = texts.map(
                    lambda text, names=names: names.get(fold(str(text)), text)
                )
        return sheet

    def unused(self) -> list[Fault]:
        """Return the fault of a mapping file that is about no file of the folder."""
        if self.used:
            return []
        what = self.files or self.sheet or "a file or sheet named qCT"
        return [Fault(MAPPING, f"is about {what}, which is not in the folder", "Correct files or sheet.")]

    def complete(self, frame: pd.DataFrame, animals: pd.DataFrame | None) -> tuple[pd.DataFrame, list[str]]:
        """Fill in thickness and position as stated, and turn a scan that ran from the hip to the knee.

        Returns
        -------
        DataFrame
            Slices as the dictionary has them: counted from the distal end.
        list of str
            What was done.
        """
        frame, notes = frame.copy(), []
        if self.thickness is not None and frame["thickness"].isna().all():
            frame["thickness"] = self.thickness
            notes.append(f"slices taken as {self.thickness:g} mm thick, as {MAPPING} says.")
        if self.pitch is not None and frame["position"].isna().all():
            first = self.pitch / 2 if self.first_position is None else self.first_position
            frame["position"] = first + (frame["slice"] - 1) * self.pitch
            notes.append(f"positions taken as {first:g} mm + {self.pitch:g} mm per slice, as {MAPPING} says.")
        if self.backward:
            length = pd.Series(np.nan, index=frame.index)
            if animals is not None:
                known = animals.drop_duplicates("animal_id").set_index("animal_id")["femur_length"]
                length = frame["animal_id"].map(known)
            # An animal without a length is reported with the other relations; its slices stay where they are.
            turned = (length - frame["position"]).map(lambda value: float(f"{value:.12g}"))
            frame["position"] = turned.where(length.notna(), frame["position"])
            frame["slice"] = frame.groupby("animal_id")["slice"].transform("max") + 1 - frame["slice"]
            notes.append(
                f"the scan ran {BACKWARD}: positions were counted from the "
                "other end (femur_length - position)."
            )
        return frame, notes


def read_mapping(folder: Path) -> tuple[ScannerMapping | None, list[Fault]]:
    """Read the mapping file of a folder; one in which every line is a remark, as in the template, is none."""
    path = folder / MAPPING
    if not path.is_file():
        return None, []
    try:
        raw = yaml.safe_load(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        return None, [
            _fault(f"can't be read ({type(error).__name__})", "Save it as text in the encoding UTF-8.")
        ]
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        return None, [
            _fault(f"can't be understood{line}", "Compare the template: every entry is 'name: value'.")
        ]
    if raw is None:
        return None, []
    if not isinstance(raw, dict):
        return None, [_fault("holds no entries", "Compare the template: every entry is 'name: value'.")]
    mapped, faults = _understood(raw)
    return (None if faults else mapped), faults


def _fault(problem: str, advice: str) -> Fault:
    return Fault(MAPPING, problem, advice)


def _understood(raw: Mapping[str, Any]) -> tuple[ScannerMapping, list[Fault]]:
    mapped, faults = ScannerMapping(), []
    for key in raw:
        if key not in _KEYS:
            near = nearest(str(key), _KEYS)
            faults.append(
                _fault(
                    f"has the entry {str(key)!r}",
                    f"Write {near}." if near else f"Known are {listing(_KEYS, 12)}.",
                )
            )
    mapped.form = raw.get("rows", "slices")
    if mapped.form not in FORMS:
        return mapped, [*faults, _fault(f"rows is {mapped.form!r}", "Write slices or regions.")]
    mapped.files, mapped.sheet = str(raw.get("files") or ""), str(raw.get("sheet") or "")
    faults += _columns(raw.get("columns"), mapped) + _units(raw.get("units") or {}, mapped)
    if mapped.form == "slices":
        faults += _scan(raw, mapped)
    for kind, known in (("structures", STRUCTURES), ("regions", REGIONS)):
        names = raw.get(kind) or {}
        if not isinstance(names, dict):
            faults.append(
                _fault(f"{kind} has the wrong form", f"Write theirs: ours, with {', '.join(known)}.")
            )
            continue
        for theirs, ours in names.items():
            if not place_named(kind, str(ours)):
                faults.append(
                    _fault(
                        f"{kind} gives {theirs!r} the meaning {ours!r}", f"Write one of {', '.join(known)}."
                    )
                )
            getattr(mapped, kind)[fold(str(theirs))] = place_named(kind, str(ours))
    if raw.get("phantom"):
        mapped.notes.append(f"{MAPPING}: calibrated with {raw['phantom']}.")
    return mapped, faults


def _columns(columns: Any, mapped: ScannerMapping) -> list[Fault]:
    if not isinstance(columns, dict) or not columns:
        return [_fault("has no columns", "List them under columns, as 'animal_id: Sample ID'.")]
    slices = mapped.form == "slices"
    known = list(fields_of("qct_slices")) if slices else list(_REGIONAL)
    faults = []
    for ours, theirs in columns.items():
        if ours not in known:
            near = nearest(str(ours), known)
            advice = f"Is it {near}?" if near else f"Known are {listing(known, 20)}."
            faults.append(_fault(f"columns names {str(ours)!r}, which is not in the dictionary", advice))
        elif theirs is None or not fold(str(theirs)):
            faults.append(
                _fault(f"columns.{ours} is blank", "Write the heading of the export, or delete the line.")
            )
        elif fold(str(theirs)) in mapped.read_as:
            faults.append(_fault(f"columns names {str(theirs)!r} twice", "Each heading means one thing."))
        else:
            table = "" if ours == "animal_id" or not slices else "qct_slices"
            field_name = ours if slices or ours == "animal_id" else f"@{ours}"
            mapped.read_as[fold(str(theirs))] = Heading(str(theirs), table, field_name)
    if "animal_id" not in columns:
        faults.append(_fault("columns names no animal_id", "Say which column holds the name of the animal."))
    return faults


def _units(units: Any, mapped: ScannerMapping) -> list[Fault]:
    if not isinstance(units, dict):
        return [_fault("units has the wrong form", "Write them as 'position: mm'.")]
    slices = mapped.form == "slices"
    targets = {n: s.get("unit") for n, s in fields_of("qct_slices").items()} if slices else _REGIONAL
    faults = []
    for name, text in units.items():
        unit, target = unit_of(str(text)), targets.get(name)
        if target is None:
            faults.append(
                _fault(
                    f"units names {str(name)!r}, which has no unit here", "Delete the line, or correct it."
                )
            )
        elif unit is None or conversion(unit, target, name) is None:
            faults.append(
                _fault(f"units.{name} is {str(text)!r}", f"Write a unit that can be converted to {target}.")
            )
        else:
            mapped.units[name if slices else f"@{name}"] = unit
    return faults


def _scan(raw: Mapping[str, Any], mapped: ScannerMapping) -> list[Fault]:
    faults = []
    direction = " ".join(str(raw.get("direction") or "").casefold().replace("-", " ").split())
    if direction not in (FORWARD, BACKWARD):
        found = f"direction is {raw['direction']!r}" if raw.get("direction") else "direction is not stated"
        faults.append(_fault(found, f"Write '{FORWARD}' (from the knee) or '{BACKWARD}' (from the hip)."))
    mapped.backward = direction == BACKWARD
    for name in ("thickness", "pitch", "first_position"):
        value = raw.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1000:
            faults.append(_fault(f"{name} is {value!r}", "Write a number in mm, above 0."))
        else:
            setattr(mapped, name, float(value))
    return faults
