"""A mapping file proposed for exports of a scanner that are not understood, for a person to look over."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from mgbone.dataset.faults import listing
from mgbone.dataset.lab.cell import is_blank, lexicon, read_name
from mgbone.dataset.lab.folder import LabFolder, grids_of
from mgbone.dataset.lab.grid import TOP, Grid
from mgbone.dataset.lab.headings import fields_of, fold, read_heading
from mgbone.study.errors import MgboneError
from mgbone.study.language import tr

_MEASURED = {name for name in fields_of("qct_slices") if name.endswith(("_area", "_content"))} | {"density"}


def propose_mapping(folder: Path) -> str:
    """Return the text of a qct_mapping.yml for the table of a folder in which most columns are a scanner's.

    Raises
    ------
    MgboneError
        If no table of the folder has columns that are known of a scanner.
    """
    # Which heading may be which field, from the row that has most of them.
    rows = [(map(_meant, grid.top), grid) for grid in grids_of(folder, LabFolder())]
    found = [(max(meant, key=len, default={}), grid) for meant, grid in rows]
    found = [(columns, grid) for columns, grid in found if _MEASURED & columns.keys()]
    if not found:
        said = tr(
            "{folder}: no table looks like a scanner's export. Write qct_mapping.yml by hand; `make "
            "new-dataset NAME=...` brings a template.",
            folder=folder.name,
        )
        raise MgboneError(said)
    columns, grid = max(found, key=lambda one: len(one[0]))
    return _text(grid, columns)


def _meant(row: list[object]) -> dict[str, str]:
    words = {name: {fold(word) for word in listed} for name, listed in lexicon()["scanners"].items()}
    columns: dict[str, str] = {}
    for text in (str(cell) for cell in row if not is_blank(cell)):
        known = read_heading(text, "qct_slices").field
        name = next((name for name, folded in words.items() if fold(text) in folded), known)
        if name and name != "factors" and not name.startswith("@"):
            columns.setdefault(name, text)
    return columns


def _text(grid: Grid, columns: Mapping[str, str]) -> str:
    slices = bool(_MEASURED & columns.keys() - {"density"})
    fields = (
        fields_of("qct_slices") if slices else dict.fromkeys(("animal_id", "structure", "region", "density"))
    )
    kept = {name: columns.get(name, "?") for name in fields if name in columns or name == "animal_id"}
    units = {
        name: fields[name]["unit"] if slices else "mg/cm3"
        for name in kept
        if (fields[name] or {}).get("unit") or name == "density"
    }
    proposed = tr(
        "Proposed for {sheet}; look over every line and save it as qct_mapping.yml.", sheet=grid.where
    )
    lines = [
        f"# {proposed}",
        _dump({"rows": "slices" if slices else "regions", "files": grid.file}),
        *([_dump({"sheet": grid.sheet})] if grid.sheet else []),
        _dump({"columns": kept}),
        f"# {tr('as the manual of the scanner has them; content per length is mg/mm')}",
        _dump({"units": units}),
    ]
    if slices:
        told = tr("distal to proximal, or proximal to distal: which it is, the export does not tell")
        lines += [f"# {told}", _dump({"direction": "distal to proximal"})]
        if "thickness" not in kept:
            lines.append(f"thickness: 0.5  # {tr('mm; the export has no column of it')}")
    for name, values in _factors(grid).items():
        choose = tr(
            "{name} has {values}: read one of them, or take means over it", name=name, values=listing(values)
        )
        lines.append(f"# {choose}")
        lines += [f"# only: {{{name}: {values[0]}}}", f"# average: [{name}]"]
    return "\n".join(lines) + "\n"


def _dump(entry: Mapping[str, object]) -> str:
    return yaml.safe_dump(dict(entry), allow_unicode=True, sort_keys=False).rstrip()


def _factors(grid: Grid) -> dict[str, list[str]]:
    """Return columns of sides, sites and sexes, with what stands in them first."""
    known = {fold(word) for word in lexicon()["scanners"]["factors"]}
    for number, row in enumerate(grid.top[:TOP], start=1):
        places = {
            place: str(cell)
            for place, cell in enumerate(row)
            if not is_blank(cell) and fold(str(cell)) in known
        }
        if places:
            body = grid.body(number + 1, set(places))
            found = {
                name: [read_name(cell)[0] or "" for cell in body[place].dropna().unique()]
                for place, name in places.items()
            }
            return {name: values for name, values in found.items() if len(values) > 1}
    return {}
