"""Read what the scanner wrote: Affymetrix CEL files of all three formats.

A CEL file holds, for every cell (feature) of a chip, the mean intensity, its standard deviation and the
number of image pixels behind it, and lists the cells that the image analysis called outliers or that
somebody masked. Three formats are in use, told apart by their first bytes and never by the file's name,
gzip-compressed or not:

========================  ==========  ===========================================================
format                    first bytes  what it is
========================  ==========  ===========================================================
``text`` (version 3)      ``[CEL]``   sections of plain text, Microarray Suite 5
``xda`` (version 4)       ``64, 4``   little-endian binary, GeneChip Operating Software
``calvin`` (version 1)    ``59, 1``   big-endian "Command Console generic" binary, today's scanners
========================  ==========  ===========================================================

Cells are in *cell order*: cell ``y * n_cols + x``, counted from 0, row by row from the top left.

No length that a file states is believed before it has been held against the file's own size, so a damaged
file gives a `CelError` and neither garbage nor an allocation of what happened to stand in a length field.

References
----------
Affymetrix Developer Network, *CEL data file format* (versions 3 and 4) and *Command Console generic data file
format*. The values read are those of R's affxparser (tests/test_cel.py).
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import struct
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from mgbone.errors import CelError
from mgbone.microarray._files import GZIP, UnreadableFile, read_bytes

SATURATION = 65_000.0
"""Intensity from which a cell counts as saturated: the scanners digitise in 16 bits."""


class CelWarning(UserWarning):
    """Something about a set of CEL files that a person should look at; the files could be read."""


class MixedVersionWarning(CelWarning):
    """Files of different CEL formats stand in one set, so they come from different scanner software."""


class DuplicateScanWarning(CelWarning):
    """Two files hold the same intensities in every cell: one scan under two names."""


class RepeatedCellWarning(CelWarning):
    """A text file lists cells more than once; the last entry of each was taken."""


class ZeroIntensityWarning(CelWarning):
    """Cells with intensity zero, which no scanned surface has."""


class SaturatedIntensityWarning(CelWarning):
    """A noticeable share of cells is at the scanner's ceiling, so differences there are lost."""


@dataclass(frozen=True, eq=False)
class CelFile:
    """What one CEL file holds. All arrays are in cell order (``y * n_cols + x``).

    Attributes
    ----------
    path : Path
        The file that was read.
    intensities : numpy.ndarray of float32, shape (n_rows * n_cols,)
        Mean pixel intensity of each cell, scanner units; finite and not negative.
    stdv : numpy.ndarray of float32, or None
        Standard deviation of the pixels of each cell; None if the file has none (or it was not asked for).
    pixels : numpy.ndarray of int16, or None
        Number of pixels of each cell; None likewise.
    outliers, masks : numpy.ndarray of int64
        Cell indices (from 0, ascending) that the image analysis called outliers, or that were masked by hand.
    header : dict
        ``algorithm``, ``parameters`` (the algorithm's parameters as ``name:value;...``), ``dat_header``,
        ``scan_date`` (ISO 8601 or None), ``cell_margin`` (pixels), ``repeated_cells`` (rows of a text file
        that name a cell once more; the last counts) and ``fields`` with every entry of the file's own
        header.
    version : int
        3 (text), 4 (binary) or 1 (Command Console, whose generic container is at version 1).
    format : str
        ``"text"``, ``"xda"`` or ``"calvin"``.
    chip_type : str
        Name of the chip as the scanner recorded it, for example ``Clariom_S_Rat``.
    n_rows, n_cols : int
        Size of the chip in cells.
    """

    path: Path
    intensities: np.ndarray = field(repr=False)
    stdv: np.ndarray | None = field(repr=False)
    pixels: np.ndarray | None = field(repr=False)
    outliers: np.ndarray = field(repr=False)
    masks: np.ndarray = field(repr=False)
    header: dict = field(repr=False)
    version: int
    format: str
    chip_type: str
    n_rows: int
    n_cols: int


def read_cel(path: str | PathLike, *, intensities_only: bool = False) -> CelFile:
    """Read one CEL file, whatever its format, gzip-compressed or not.

    Parameters
    ----------
    path : path-like
        The file. Its name and suffix do not matter; its first bytes decide.
    intensities_only : bool
        Leave out standard deviations and pixel counts (``stdv`` and ``pixels`` are None then).

    Returns
    -------
    CelFile

    Raises
    ------
    CelError
        If the file is missing, not a CEL file, truncated, or contradicts itself. The message names the file.
    """
    path = Path(path)
    data = _load(path)
    try:
        if data[:5] == b"[CEL]":
            return _read_text(path, data, intensities_only)
        if data[:8] == struct.pack("<2i", 64, 4):
            return _read_xda(path, data, intensities_only)
        return _read_calvin(path, data, intensities_only)
    except RecursionError as error:
        raise _fault(path, "its headers are nested without end") from error


def read_cels(
    paths: Sequence[str | PathLike],
    *,
    names: Sequence[str] | None = None,
    cells: np.ndarray | None = None,
    saturated_at: float = SATURATION,
    max_saturated: float = 0.001,
) -> pd.DataFrame:
    """Read a set of CEL files into one table, after checking that they belong together.

    Parameters
    ----------
    paths : sequence of path-like
        The files, one per array.
    names : sequence of str, optional
        Column names; by default the file names without ``.CEL`` and ``.gz``.
    cells : integer array, optional
        Keep only these cells (for example ``Platform.cells``), in this order; by default all of them. For
        many arrays this keeps the memory at what is needed.
    saturated_at : float
        Intensity at or above which a cell counts as saturated.
    max_saturated : float
        Share of saturated cells of an array above which `SaturatedIntensityWarning` is given.

    Returns
    -------
    pandas.DataFrame of float32, cells x arrays
        The index holds cell numbers; ``attrs`` holds ``chip_type``, ``n_rows`` and ``n_cols``.

    Raises
    ------
    CelError
        If a file can't be read, if chips of different type or size stand together, or if names repeat.

    Warns
    -----
    MixedVersionWarning, DuplicateScanWarning, RepeatedCellWarning, ZeroIntensityWarning,
    SaturatedIntensityWarning
        Each once, naming the files.
    """
    paths = [Path(path) for path in paths]
    if not paths:
        raise CelError("No CEL files were given. Name at least one.")
    names = _column_names(paths, names)
    first = read_cel(paths[0], intensities_only=True)
    index = np.arange(first.intensities.size) if cells is None else _checked_cells(cells, first)
    table = np.empty((len(paths), index.size), dtype=np.float32)

    def load(position: int) -> _Scan:
        cel = first if position == 0 else read_cel(paths[position], intensities_only=True)
        _check_same_chip(first, cel)
        table[position] = cel.intensities if cells is None else cel.intensities[index]
        return _scan_facts(cel, saturated_at)

    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        scans = list(pool.map(load, range(len(paths))))
    _warn_about(paths, scans, saturated_at, max_saturated)
    frame = pd.DataFrame(table.T, index=pd.Index(index, name="cell"), columns=names, copy=False)
    frame.attrs.update(chip_type=first.chip_type, n_rows=first.n_rows, n_cols=first.n_cols)
    return frame


# --- a set of files -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Scan:
    format: str
    digest: bytes
    repeated: int
    zeros: int
    saturated: float


def _scan_facts(cel: CelFile, saturated_at: float) -> _Scan:
    values = cel.intensities
    return _Scan(
        format=cel.format,
        digest=hashlib.blake2b(values, digest_size=16).digest(),
        repeated=cel.header["repeated_cells"],
        zeros=int(np.count_nonzero(values == 0)),
        saturated=float(np.count_nonzero(values >= saturated_at)) / values.size,
    )


def _column_names(paths: list[Path], names: Sequence[str] | None) -> list[str]:
    if names is None:
        names = [re.sub(r"(?i)(\.cel)?(\.gz)?$", "", path.name) for path in paths]
    names = [str(name) for name in names]
    if len(names) != len(paths):
        raise CelError(f"{len(paths)} CEL files but {len(names)} names were given. Give one name per file.")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise CelError(
            f"The array names {', '.join(repeated)} occur more than once. Give each file its own name."
        )
    return names


def _checked_cells(cells: np.ndarray, first: CelFile) -> np.ndarray:
    cells = np.asarray(cells)
    total = first.intensities.size
    if cells.size and (cells.min() < 0 or cells.max() >= total):
        raise CelError(
            f"{first.path}: has {total} cells ({first.chip_type}), but cell {int(cells.max())} is asked for. "
            "The library files belong to another chip; use those of this chip type."
        )
    return cells


def _check_same_chip(first: CelFile, other: CelFile) -> None:
    if other.chip_type != first.chip_type:
        raise CelError(
            f"{other.path}: is a {other.chip_type} chip, but {first.path.name} is {first.chip_type}. "
            "Different chips can't be normalised together; analyse them apart."
        )
    if (other.n_rows, other.n_cols) != (first.n_rows, first.n_cols):
        raise CelError(
            f"{other.path}: has {other.n_rows} x {other.n_cols} cells, but {first.path.name} has "
            f"{first.n_rows} x {first.n_cols}. The files are of different layouts; analyse them apart."
        )


def _warn_about(paths: list[Path], scans: list[_Scan], saturated_at: float, max_saturated: float) -> None:
    both = list(zip(paths, scans, strict=True))
    formats = sorted({scan.format for scan in scans})
    if len(formats) > 1:
        listing = "; ".join(
            f"{name}: {_listing(path.name for path, scan in both if scan.format == name)}" for name in formats
        )
        warnings.warn(
            f"CEL files of different formats are read together ({listing}).",
            MixedVersionWarning,
            stacklevel=3,
        )
    seen: dict[bytes, Path] = {}
    pairs = []
    for path, scan in both:
        if scan.digest in seen:
            pairs.append(f"{path.name} = {seen[scan.digest].name}")
        seen.setdefault(scan.digest, path)
    if pairs:
        text = f"The same scan stands under two names: {_listing(pairs)}. Leave one of each pair out."
        warnings.warn(text, DuplicateScanWarning, stacklevel=3)
    doubled = [f"{path.name} ({scan.repeated})" for path, scan in both if scan.repeated]
    if doubled:
        text = (
            f"Cells are listed more than once in {_listing(doubled)}; the last entry counts. Was it edited?"
        )
        warnings.warn(text, RepeatedCellWarning, stacklevel=3)
    dark = [f"{path.name} ({scan.zeros})" for path, scan in both if scan.zeros]
    if dark:
        text = f"Cells with intensity 0 in {_listing(dark)}. Look at the image; the scan may be damaged."
        warnings.warn(text, ZeroIntensityWarning, stacklevel=3)
    bright = [f"{path.name} ({scan.saturated:.1%})" for path, scan in both if scan.saturated > max_saturated]
    if bright:
        text = (
            f"More than {max_saturated:.1%} of the cells reach {saturated_at:g}, the scanner's ceiling, in "
            f"{_listing(bright)}. Scan these chips again with a lower gain if they still exist."
        )
        warnings.warn(text, SaturatedIntensityWarning, stacklevel=3)


def _listing(names, limit: int = 6) -> str:
    names = list(names)
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


# --- bytes ----------------------------------------------------------------------------------------------


def _fault(path: Path, what: str, remedy: str = "Copy the file again from its source") -> CelError:
    return CelError(f"{path}: {what}. {remedy}.")


def _load(path: Path) -> bytes:
    """Return the file's bytes, decompressed if need be, once they begin like those of a CEL file."""
    try:
        with path.open("rb") as stream:
            head = stream.read(8)
        if head[:2] != GZIP:  # a long file that is none of ours need not be read first
            _check_magic(path, head)
        data = read_bytes(path)
    except OSError as error:
        what = error.strerror or str(error)
        raise CelError(f"{path}: can't be opened ({what}). Check its name and folder.") from error
    except UnreadableFile as error:
        raise _fault(path, str(error)) from error
    _check_magic(path, data[:8])
    return data


def _check_magic(path: Path, head: bytes) -> None:
    if head[:5] == b"[CEL]" or head[:2] == bytes((59, 1)):
        return
    if len(head) == 8 and struct.unpack("<i", head[:4])[0] == 64:
        version = struct.unpack("<i", head[4:])[0]
        if version == 4:
            return
        raise _fault(
            path,
            f"is a binary CEL file of version {version}; versions 3, 4 and Command Console are known",
            "Export it again as Command Console or version 4",
        )
    if not head:
        raise _fault(path, "is empty")
    raise _fault(
        path, f"is not a CEL file (it begins with {head!r})", "Name a CEL file, or one compressed by gzip"
    )


class _Cursor:
    """A place in the bytes of a file that can't be moved past their end."""

    def __init__(self, path: Path, data: bytes, order: str, at: int = 0):
        self.path, self.data, self.order, self.at = path, data, order, at

    def move(self, at: int, what: str) -> None:
        if not 0 <= at <= len(self.data):
            raise _fault(
                self.path, f"places {what} at byte {at}, but the file has {len(self.data)} bytes (truncated?)"
            )
        self.at = at

    def need(self, count: int, what: str) -> None:
        left = len(self.data) - self.at
        if not 0 <= count <= left:
            raise _fault(
                self.path,
                f"{what} at byte {self.at} should take {count} bytes, but {left} are left (truncated?)",
            )

    def take(self, count: int, what: str) -> bytes:
        self.need(count, what)
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, code: str, what: str) -> int | float:
        code = self.order + code
        return struct.unpack(code, self.take(struct.calcsize(code), what))[0]

    def array(self, dtype: np.dtype, count: int, what: str) -> np.ndarray:
        self.need(dtype.itemsize * count, what)
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += dtype.itemsize * count
        return values

    def text8(self, what: str) -> str:
        return self.take(self.number("i", f"the length of {what}"), what).decode("latin-1")

    def text16(self, what: str) -> str:
        return _utf16(self.take(2 * self.number("i", f"the length of {what}"), what))


def _utf16(raw: bytes) -> str:
    return raw[: len(raw) // 2 * 2].decode("utf-16-be", errors="replace").rstrip("\0").strip()


def _size(path: Path, rows: int, cols: int, cells: int) -> None:
    if rows <= 0 or cols <= 0 or rows * cols != cells:
        raise _fault(
            path, f"says it has {rows} rows and {cols} columns but {cells} cells; it contradicts itself"
        )


def _checked_intensities(path: Path, values: np.ndarray) -> np.ndarray:
    # min and max rather than a mask per cell: NaN and infinity show in either, without a temporary array.
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise _fault(path, "holds intensities that are not finite numbers; it is damaged")
    if low < 0:
        raise _fault(path, f"holds a negative intensity ({low:g}), which no scanner writes; it is damaged")
    return values


def _positions(path: Path, x: np.ndarray, y: np.ndarray, rows: int, cols: int, what: str) -> np.ndarray:
    x, y = x.astype(np.int64), y.astype(np.int64)
    if x.size and (x.min() < 0 or y.min() < 0 or x.max() >= cols or y.max() >= rows):
        raise _fault(path, f"lists {what} outside the chip's {rows} x {cols} cells; it is damaged")
    return np.sort(y * cols + x)


def _integer(path: Path, fields: Mapping[str, str], key: str, default: int | None = None) -> int:
    text = fields.get(key)
    if text is None and default is not None:
        return default
    try:
        return int(text)
    except (TypeError, ValueError) as error:
        raise _fault(path, f"gives no usable {key} (found {text!r}); its header is incomplete") from error


def _header(
    algorithm: str, parameters: str, dat_header: str, scan_date: str | None, fields: dict, margin: int
) -> dict:
    return {
        "algorithm": algorithm,
        "parameters": parameters,
        "dat_header": dat_header,
        "scan_date": scan_date,
        "cell_margin": margin,
        "repeated_cells": 0,
        "fields": fields,
    }


def _chip_type(path: Path, dat_header: str) -> str:
    found = re.search(r"(\S+)\.1sq\b", dat_header)
    if not found:
        raise _fault(
            path,
            "names no chip type (no '<chip>.1sq' in its DatHeader)",
            "Export the file again with its full header",
        )
    return found.group(1)


def _scan_date(dat_header: str) -> str | None:
    """Return the scan date of a DatHeader as ISO 8601; scanner software wrote month/day/year with two
    digits.
    """
    iso = re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", dat_header)
    if iso:
        return iso.group(0)
    found = re.search(r"(\d\d/\d\d/\d\d)\s+(\d\d:\d\d:\d\d)", dat_header)
    try:
        return datetime.strptime(" ".join(found.groups()), "%m/%d/%y %H:%M:%S").isoformat() if found else None
    except ValueError:
        return None


def _fields(text: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip(" \r\n") for key, value in pairs}


# --- version 3, text ------------------------------------------------------------------------------------


def _read_text(path: Path, data: bytes, intensities_only: bool) -> CelFile:
    sections = _sections(data)
    version = _integer(path, _fields(_text_of(sections, "CEL")), "Version")
    if version != 3:
        raise _fault(
            path, f"is a text CEL file of version {version}; only version 3 is known", "Export it again"
        )
    fields = _fields(_text_of(sections, "HEADER"))
    rows, cols = _integer(path, fields, "Rows"), _integer(path, fields, "Cols")
    cells, body = _table_of(path, sections, "INTENSITY")
    _size(path, rows, cols, cells)
    x, y, mean, stdv, pixels = _numbers(path, body, cells, 5, "INTENSITY")
    place, repeated = _places(path, x, y, rows, cols)
    parameters = fields.get("AlgorithmParameters", "")
    dat_header = fields.get("DatHeader", "")
    return CelFile(
        path=path,
        intensities=_checked_intensities(path, _arranged(mean, place, rows * cols, np.float32)),
        stdv=None if intensities_only else _arranged(stdv, place, rows * cols, np.float32),
        pixels=None if intensities_only else _arranged(pixels, place, rows * cols, np.int16),
        outliers=_text_positions(path, sections, "OUTLIERS", rows, cols),
        masks=_text_positions(path, sections, "MASKS", rows, cols),
        header=_header(
            fields.get("Algorithm", ""),
            parameters,
            dat_header,
            _scan_date(dat_header),
            fields,
            _margin(parameters),
        )
        | {"repeated_cells": repeated},
        version=3,
        format="text",
        chip_type=_chip_type(path, dat_header),
        n_rows=rows,
        n_cols=cols,
    )


def _sections(data: bytes) -> dict[str, bytes]:
    marks = list(re.finditer(rb"(?m)^\[([A-Z]+)\][ \t]*\r?$", data))
    ends = [*(mark.start() for mark in marks), len(data)][1:]
    return {mark.group(1).decode(): data[mark.end() : end] for mark, end in zip(marks, ends, strict=True)}


def _text_of(sections: Mapping[str, bytes], name: str) -> str:
    return sections.get(name, b"").decode("latin-1")


def _table_of(path: Path, sections: Mapping[str, bytes], name: str) -> tuple[int, bytes]:
    """Split a section into its stated number of cells and the rows below its heading."""
    if name not in sections:
        raise _fault(path, f"has no section [{name}] (truncated?)")
    head, mark, rest = sections[name].partition(b"CellHeader=")
    cells = _integer(path, _fields(head.decode("latin-1")), "NumberCells")
    if not mark:
        raise _fault(path, f"its section [{name}] has no CellHeader (truncated?)")
    return cells, rest.partition(b"\n")[2]


def _numbers(path: Path, body: bytes, cells: int, columns: int, name: str) -> np.ndarray:
    """Parse rows of numbers, columns x cells; the stated count is held against the text before anything is
    made.
    """
    if cells < 0 or cells * 2 * columns > len(body) + 1:
        raise _fault(
            path, f"its section [{name}] should list {cells} cells but is too short for that (truncated?)"
        )
    try:
        table = (
            np.loadtxt(io.BytesIO(body), dtype=np.float64, comments=None, ndmin=2)
            if cells
            else np.empty((0, columns))
        )
    except ValueError as error:
        raise _fault(
            path, f"its section [{name}] holds something that is not a row of numbers ({error})"
        ) from error
    if len(table) < cells or table.shape[1] != columns:
        raise _fault(
            path,
            f"its section [{name}] should list {cells} cells but lists {table.shape[0]} rows (truncated?)",
        )
    return table.T


def _places(path: Path, x: np.ndarray, y: np.ndarray, rows: int, cols: int) -> tuple[np.ndarray | None, int]:
    """Where each row of the text belongs in cell order, and how many rows repeat a cell.

    The places are None if the file is in cell order already. Of repeated rows the last counts, as in
    affxparser.
    """
    inside = (x >= 0) & (x < cols) & (y >= 0) & (y < rows)
    if not inside.all():
        raise _fault(path, f"lists cells outside its {rows} x {cols} cells; it is damaged")
    place = y.astype(np.int64) * cols + x.astype(np.int64)
    if place.size == rows * cols and np.array_equal(place, np.arange(place.size)):
        return None, 0
    if np.bincount(place, minlength=rows * cols).min() == 0:
        raise _fault(path, "lists only some of its cells (truncated?)")
    return place, place.size - rows * cols


def _arranged(values: np.ndarray, place: np.ndarray | None, cells: int, dtype) -> np.ndarray:
    # A number too large for the type becomes infinite (intensities are checked) or the type's end.
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        values = np.clip(np.nan_to_num(values), limits.min, limits.max)
    with np.errstate(over="ignore", invalid="ignore"):
        values = values.astype(dtype)
    if place is None:
        return values
    arranged = np.empty(cells, dtype)
    arranged[place] = values
    return arranged


def _text_positions(path: Path, sections: Mapping[str, bytes], name: str, rows: int, cols: int) -> np.ndarray:
    if name not in sections:
        return np.empty(0, dtype=np.int64)
    cells, body = _table_of(path, sections, name)
    x, y = _numbers(path, body, cells, 2, name)
    if (
        not (np.isfinite(x).all() and np.isfinite(y).all())
        or max(np.abs(x).max(initial=0), np.abs(y).max(initial=0)) > 1e9
    ):
        raise _fault(path, f"its section [{name}] lists cells that do not exist; it is damaged")
    return _positions(path, x, y, rows, cols, name.lower())


def _margin(parameters: str) -> int:
    found = re.search(r"(?:^|;)CellMargin:(\d{1,9})(?:;|$)", parameters)
    return int(found.group(1)) if found else 0


# --- version 4, XDA -------------------------------------------------------------------------------------

_XDA_CELL = np.dtype([("mean", "<f4"), ("stdv", "<f4"), ("pixels", "<i2")])
_XDA_PLACE = np.dtype([("x", "<i2"), ("y", "<i2")])


def _read_xda(path: Path, data: bytes, intensities_only: bool) -> CelFile:
    cursor = _Cursor(path, data, "<", at=8)
    cols, rows, cells = (cursor.number("i", what) for what in ("the columns", "the rows", "the cells"))
    _size(path, rows, cols, cells)
    fields = _fields(cursor.text8("the header"))
    algorithm = cursor.text8("the algorithm's name")
    parameters = cursor.text8("the algorithm's parameters").strip()
    margin = cursor.number("i", "the cell margin")
    n_outliers, n_masks = cursor.number("I", "the outliers"), cursor.number("I", "the masks")
    cursor.number("i", "the sub-grids")
    table = cursor.array(_XDA_CELL, cells, "the table of cells")
    masks = cursor.array(_XDA_PLACE, n_masks, "the table of masked cells")
    outliers = cursor.array(_XDA_PLACE, n_outliers, "the table of outliers")
    dat_header = fields.get("DatHeader", "")
    return CelFile(
        path=path,
        intensities=_checked_intensities(path, table["mean"].astype(np.float32)),
        stdv=None if intensities_only else table["stdv"].astype(np.float32),
        pixels=None if intensities_only else table["pixels"].astype(np.int16),
        outliers=_positions(path, outliers["x"], outliers["y"], rows, cols, "outliers"),
        masks=_positions(path, masks["x"], masks["y"], rows, cols, "masks"),
        header=_header(algorithm, parameters, dat_header, _scan_date(dat_header), fields, margin),
        version=4,
        format="xda",
        chip_type=_chip_type(path, dat_header),
        n_rows=rows,
        n_cols=cols,
    )


# --- Command Console ------------------------------------------------------------------------------------

_CALVIN_TYPES = {
    code: np.dtype(name) for code, name in enumerate((">i1", ">u1", ">i2", ">u2", ">i4", ">u4", ">f4"))
}
_CALVIN_NUMBERS = {
    "text/x-calvin-integer-8": ">b",
    "text/x-calvin-unsigned-integer-8": ">B",
    "text/x-calvin-integer-16": ">h",
    "text/x-calvin-unsigned-integer-16": ">H",
    "text/x-calvin-integer-32": ">i",
    "text/x-calvin-unsigned-integer-32": ">I",
    "text/x-calvin-float": ">f",
}
_PARAMETER = "affymetrix-algorithm-param-"
_MAX_PARENTS = 32


@dataclass(frozen=True)
class _Dataset:
    """One table of a Command Console file: its record layout, number of rows and first byte."""

    dtype: np.dtype
    rows: int
    start: int


def _read_calvin(path: Path, data: bytes, intensities_only: bool) -> CelFile:
    cursor = _Cursor(path, data, ">", at=2)
    groups = cursor.number("i", "the number of data groups")
    first_group = cursor.number("I", "the first data group")
    kind, fields, parents = _calvin_header(cursor)
    if kind != "affymetrix-calvin-intensity":
        many = kind == "affymetrix-calvin-multi-intensity"
        what = (
            "holds several colour channels"
            if many
            else f"is a Command Console file of kind {kind!r}, no CEL file"
        )
        raise _fault(path, what, "Name a CEL file of a one-colour expression chip")
    if groups < 1:
        raise _fault(path, "holds no data group (truncated?)")
    rows, cols = _integer(path, fields, "affymetrix-cel-rows"), _integer(path, fields, "affymetrix-cel-cols")
    tables = _calvin_tables(cursor, first_group)
    if "Intensity" not in tables:
        raise _fault(path, "has no table of intensities (truncated?)")
    _size(path, rows, cols, tables["Intensity"].rows)
    dat_header = parents.get("affymetrix-dat-header") or parents.get("affymetrix-partial-dat-header") or ""
    parameters = {
        key[len(_PARAMETER) :]: value for key, value in fields.items() if key.startswith(_PARAMETER)
    }
    chip_type = fields.get("affymetrix-array-type") or parents.get("affymetrix-array-type")
    if not chip_type:
        raise _fault(
            path, "names no chip type (affymetrix-array-type)", "Export it again with its full header"
        )

    def column(name: str, dtype) -> np.ndarray | None:
        if intensities_only or name not in tables:
            return None
        if tables[name].rows != rows * cols:
            raise _fault(path, f"its table {name} has {tables[name].rows} rows for {rows * cols} cells")
        return _calvin_columns(cursor, tables[name], 1, name)[0].astype(dtype)

    def places(name: str, what: str) -> np.ndarray:
        if name not in tables or not tables[name].rows:
            return np.empty(0, dtype=np.int64)
        return _positions(path, *_calvin_columns(cursor, tables[name], 2, name), rows, cols, what)

    intensities = _calvin_columns(cursor, tables["Intensity"], 1, "Intensity")[0].astype(np.float32)
    text = ";".join(f"{key}:{value}" for key, value in parameters.items())
    return CelFile(
        path=path,
        intensities=_checked_intensities(path, intensities),
        stdv=column("StdDev", np.float32),
        pixels=column("Pixel", np.int16),
        outliers=places("Outlier", "outliers"),
        masks=places("Mask", "masks"),
        header=_header(
            fields.get("affymetrix-algorithm-name", ""),
            text,
            dat_header,
            parents.get("affymetrix-scan-date") or _scan_date(dat_header),
            parents | fields,
            _margin(text),
        ),
        version=1,
        format="calvin",
        chip_type=chip_type,
        n_rows=rows,
        n_cols=cols,
    )


def _calvin_header(cursor: _Cursor, depth: int = 0) -> tuple[str, dict[str, str], dict[str, str]]:
    """Read one data header and, recursively, those of the files that it was made from.

    Returns
    -------
    kind : str
        The data type identifier.
    fields : dict
        Its own parameters as text.
    parents : dict
        The parameters of all parents; the nearer parent wins.
    """
    if depth > _MAX_PARENTS:
        raise _fault(cursor.path, f"its headers are nested more than {_MAX_PARENTS} deep; it is damaged")
    kind = cursor.text8("the data type")
    cursor.text8("the file identifier")
    cursor.text16("the creation date")
    cursor.text16("the locale")
    fields = _calvin_parameters(cursor)
    parents: dict[str, str] = {}
    for _ in range(cursor.number("i", "the number of parent headers")):
        _, own, inherited = _calvin_header(cursor, depth + 1)
        parents = inherited | own | parents
    return kind, fields, parents


def _calvin_parameters(cursor: _Cursor) -> dict[str, str]:
    fields = {}
    for _ in range(cursor.number("i", "the number of parameters")):
        name = cursor.text16("a parameter's name")
        value = cursor.take(cursor.number("i", "the length of a parameter"), "a parameter's value")
        fields[name] = _calvin_value(value, cursor.text16("a parameter's type"))
    return fields


def _calvin_value(value: bytes, mime: str) -> str:
    code = _CALVIN_NUMBERS.get(mime)
    if code is None:
        return value.decode("latin-1").rstrip("\0") if mime == "text/ascii" else _utf16(value)
    if len(value) < struct.calcsize(code):
        return ""
    # Numbers are padded to 16 bytes; floats are written with six places, as the other formats do.
    number = struct.unpack_from(code, value)[0]
    return f"{number:f}" if isinstance(number, float) else str(number)


def _calvin_tables(cursor: _Cursor, first_group: int) -> dict[str, _Dataset]:
    cursor.move(first_group, "its data group")
    cursor.number("I", "the next data group")
    at = cursor.number("I", "the first table")
    count = cursor.number("i", "the number of tables")
    cursor.text16("the name of the data group")
    tables: dict[str, _Dataset] = {}
    for _ in range(count):
        cursor.move(at, "a table")
        start, following = cursor.number("I", "a table's data"), cursor.number("I", "the next table")
        name = cursor.text16("a table's name")
        _calvin_parameters(cursor)
        tables[name] = _calvin_layout(cursor, start, name)
        if len(tables) < count and following <= at:
            raise _fault(cursor.path, "its tables point backwards; it is damaged")
        at = following
    return tables


def _calvin_layout(cursor: _Cursor, start: int, name: str) -> _Dataset:
    kinds = []
    for _ in range(cursor.number("I", "the number of columns")):
        cursor.text16("a column's name")
        code, size = cursor.number("b", "a column's type"), cursor.number("i", "a column's width")
        dtype = _CALVIN_TYPES.get(code)
        if dtype is None or dtype.itemsize != size:
            raise _fault(
                cursor.path,
                f"its table {name} has a column of type {code} and width {size}, which is unknown",
            )
        kinds.append(dtype)
    rows = cursor.number("I", "the number of rows")
    return _Dataset(np.dtype([(f"c{i}", kind) for i, kind in enumerate(kinds)]), rows, start)


def _calvin_columns(cursor: _Cursor, table: _Dataset, columns: int, name: str) -> list[np.ndarray]:
    if len(table.dtype) != columns:
        raise _fault(
            cursor.path, f"its table {name} has {len(table.dtype)} columns, not {columns}; it is damaged"
        )
    cursor.move(table.start, f"the table {name}")
    values = cursor.array(table.dtype, table.rows, f"the table {name}")
    return [values[key] for key in table.dtype.names]
