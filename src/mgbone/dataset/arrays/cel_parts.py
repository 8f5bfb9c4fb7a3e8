"""What CEL files of every version have in common: the parts of a file and its checked values."""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from mgbone.dataset.faults import file_error
from mgbone.study.errors import CelError
from mgbone.study.language import tr


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


def _fault(path: Path, problem: str, advice: str = "") -> CelError:
    return file_error(CelError, path, problem, advice or tr("Copy the file again from its source."))


class _Cursor:
    """A place in the bytes of a file that can't be moved past their end; `what` is said in English."""

    def __init__(self, path: Path, data: bytes, order: str, at: int = 0):
        self.path, self.data, self.order, self.at = path, data, order, at

    def move(self, at: int, what: str) -> None:
        if not 0 <= at <= len(self.data):
            said = {"what": tr(what), "at": at, "size": len(self.data)}
            problem = tr("places {what} at byte {at}, but the file has {size} bytes (truncated?)", **said)
            raise _fault(self.path, problem)
        self.at = at

    def need(self, count: int, what: str) -> None:
        left = len(self.data) - self.at
        if not 0 <= count <= left:
            problem = tr(
                "{what} at byte {at} should take {count} bytes, but {left} are left (truncated?)",
                what=tr(what), at=self.at, count=count, left=left,
            )  # fmt: skip
            raise _fault(self.path, problem)

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
        return self.take(self.number("i", _length_of(what)), what).decode("latin-1")

    def text16(self, what: str) -> str:
        return _utf16(self.take(2 * self.number("i", _length_of(what)), what))


def _length_of(what: str) -> str:
    return tr("the length of {what}", what=tr(what))


def _utf16(raw: bytes) -> str:
    return raw[: len(raw) // 2 * 2].decode("utf-16-be", errors="replace").rstrip("\0").strip()


def _size(path: Path, rows: int, cols: int, cells: int) -> None:
    if rows <= 0 or cols <= 0 or rows * cols != cells:
        problem = tr(
            "says it has {rows} rows and {columns} columns but {cells} cells; it contradicts itself",
            rows=rows, columns=cols, cells=cells,
        )  # fmt: skip
        raise _fault(path, problem)


def _checked_intensities(path: Path, values: np.ndarray) -> np.ndarray:
    # min and max rather than a mask per cell: NaN and infinity show in either, without a temporary array.
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise _fault(path, tr("holds intensities that are not finite numbers; it is damaged"))
    if low < 0:
        problem = tr(
            "holds a negative intensity ({value:g}), which no scanner writes; it is damaged", value=low
        )
        raise _fault(path, problem)
    return values


def _positions(path: Path, x: np.ndarray, y: np.ndarray, rows: int, cols: int, what: str) -> np.ndarray:
    x, y = x.astype(np.int64), y.astype(np.int64)
    if x.size and (x.min() < 0 or y.min() < 0 or x.max() >= cols or y.max() >= rows):
        said = {"what": tr(what), "rows": rows, "columns": cols}
        problem = tr("lists {what} outside the chip's {rows} x {columns} cells; it is damaged", **said)
        raise _fault(path, problem)
    return np.sort(y * cols + x)


def _integer(path: Path, fields: Mapping[str, str], key: str, default: int | None = None) -> int:
    text = fields.get(key)
    if text is None and default is not None:
        return default
    try:
        return int(text)
    except (TypeError, ValueError) as error:
        problem = tr("gives no usable {key} (found {text!r}); its header is incomplete", key=key, text=text)
        raise _fault(path, problem) from error


def _header(
    fields: dict, algorithm: str, parameters: str, dat_header: str, scan_date: str | None = None
) -> dict:
    margin = re.search(r"(?:^|;)CellMargin:(\d{1,9})(?:;|$)", parameters)
    return {
        "algorithm": algorithm,
        "parameters": parameters,
        "dat_header": dat_header,
        "scan_date": scan_date or _scan_date(dat_header),
        "cell_margin": int(margin[1]) if margin else 0,
        "repeated_cells": 0,
        "fields": fields,
    }


def _chip_type(path: Path, dat_header: str) -> str:
    found = re.search(r"(\S+)\.1sq\b", dat_header)
    if not found:
        problem = tr("names no chip type (no '<chip>.1sq' in its DatHeader)")
        raise _fault(path, problem, tr("Export the file again with its full header."))
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


def _places(path: Path, x: np.ndarray, y: np.ndarray, rows: int, cols: int) -> tuple[np.ndarray | None, int]:
    """Where each row of the text belongs in cell order (None if in that order), and how many repeat a cell.

    Of repeated rows the last counts, as in affxparser.
    """
    inside = (x >= 0) & (x < cols) & (y >= 0) & (y < rows)
    if not inside.all():
        problem = tr(
            "lists cells outside its {rows} x {columns} cells; it is damaged", rows=rows, columns=cols
        )
        raise _fault(path, problem)
    place = y.astype(np.int64) * cols + x.astype(np.int64)
    if place.size == rows * cols and np.array_equal(place, np.arange(place.size)):
        return None, 0
    if np.bincount(place, minlength=rows * cols).min() == 0:
        raise _fault(path, tr("lists only some of its cells (truncated?)"))
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
