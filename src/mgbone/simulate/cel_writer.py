"""Write CEL files as scanner software does: the Command Console generic ("Calvin") binary container.

The container is big-endian. A file header (magic 59, version 1, number of data groups, position of the
first) is followed by a tree of generic data headers (type, GUID, creation time, locale, typed parameters,
parents), then by data groups with data sets. A CEL file has one group with five sets: Intensity and StdDev
(float32), Pixel (int16), and Outlier and Mask (pairs of int16, x and y). Its header describes the image
analysis; the parent header describes the scan (DAT) that the analysis read.

What differs from a scanner's file on purpose: the program that wrote it is named, no clock is read (scan
date and GUIDs are given or derived from the content's name), and a file of simulated intensities says so in
its header.

References
----------
Affymetrix Developer Network, *Command Console generic data file format* and *CEL data file format*. Checked
against R's affxparser (tests/r/read_cel.R) and against real files.
"""

import hashlib
import struct
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import numpy as np

from mgbone.study.errors import CelError
from mgbone.study.language import N_, tr
from mgbone.study.paths import write_aside

MAGIC, VERSION = 59, 1
FLOAT32, INT16 = 6, 2
NUMBER_BYTES = 16
ARRAY_TYPE_BYTES = 200
CELL_PIXELS, GRID_MARGIN = 5, 60
SIMULATED_NOTE = "simulated, no measurement"
ALGORITHM = {"Percentile": "75", "CellMargin": "2", "OutlierHigh": "1.500", "OutlierLow": "1.004"}
Parameter = tuple[str, str, bytes]


def write_cel(
    path: str | Path,
    intensities: np.ndarray,
    stdv: np.ndarray,
    pixels: np.ndarray,
    outliers: Iterable[int] = (),
    masks: Iterable[int] = (),
    *,
    chip_type: str,
    n_rows: int,
    n_cols: int,
    scan_date: datetime,
    array_id: str,
    algorithm: Mapping[str, str] = ALGORITHM,
    note: str | None = None,
) -> Path:
    """Write one CEL file; the same arguments give the same bytes.

    Parameters
    ----------
    path : str or Path
        File to write, whole or not at all.
    intensities, stdv : array, shape (n_rows * n_cols,)
        Mean and standard deviation of the pixels of each cell, scanner units, in cell order ``y * n_cols +
        x``; stored as float32.
    pixels : array of int, shape (n_rows * n_cols,)
        Number of pixels of each cell; stored as int16.
    outliers, masks : iterable of int
        Cell indices (from 0) of outliers and of masked cells; written in ascending order.
    chip_type : str
        Name of the chip, stored in both headers.
    n_rows, n_cols : int
        Size of the chip in cells, at most 32,767 each (coordinates are int16).
    scan_date : datetime
        Time of the scan, stored in the parent header to the second.
    array_id : str
        Name of the array; the GUIDs of file and scan are derived from it.
    algorithm : mapping of str to str
        Parameters of the image analysis that the header states.
    note : str, optional
        Stored as the parameter ``mgbone-note`` of the file's own header, for example `SIMULATED_NOTE`.

    Returns
    -------
    Path
        The path written.

    Raises
    ------
    CelError
        If lengths do not fit the size of the chip, values are negative or not finite, or indices lie outside.
    """
    path = Path(path)
    if not (0 < n_rows < 2**15 and 0 < n_cols < 2**15):
        said = N_("{path}: a chip of {n_rows} x {n_cols} cells does not fit 16-bit coordinates.")
        raise CelError(tr(said, path=path, n_rows=n_rows, n_cols=n_cols))
    total = n_rows * n_cols
    sets = [
        ("Intensity", [("Intensity", FLOAT32)], _column(path, "intensities", intensities, total, ">f4")),
        ("StdDev", [("StdDev", FLOAT32)], _column(path, "stdv", stdv, total, ">f4")),
        ("Pixel", [("Pixel", INT16)], _column(path, "pixels", pixels, total, ">i2")),
        ("Outlier", [("X", INT16), ("Y", INT16)], _places(path, "outliers", outliers, total, n_cols)),
        ("Mask", [("X", INT16), ("Y", INT16)], _places(path, "masks", masks, total, n_cols)),
    ]
    header = _data_header(
        "affymetrix-calvin-intensity",
        _guid(array_id, "cel"),
        _cel_parameters(chip_type, n_rows, n_cols, algorithm, note),
        [_scan_header(chip_type, n_rows, n_cols, scan_date, array_id)],
    )
    with write_aside(path) as aside, aside.open("wb") as stream:
        for block in _file_blocks(header, sets):
            stream.write(block)
    return path


def _column(path: Path, what: str, values: np.ndarray, total: int, dtype: str) -> np.ndarray:
    values = np.asarray(values)
    if values.shape != (total,):
        said = N_("{path}: {what} have shape {shape}, but the chip has {total} cells.")
        raise CelError(tr(said, path=path, what=what, shape=values.shape, total=total))
    if not (np.isfinite(values).all() and values.min() >= 0):
        raise CelError(tr("{path}: {what} must be finite and not negative.", path=path, what=what))
    if np.dtype(dtype).kind == "i" and values.max() >= 2**15:
        said = N_("{path}: {what} must be below {limit} to fit 16 bits.")
        raise CelError(tr(said, path=path, what=what, limit=2**15))
    return values.astype(dtype)


def _places(path: Path, what: str, cells: Iterable[int], total: int, n_cols: int) -> np.ndarray:
    cells = np.unique(np.asarray(list(cells), dtype=np.int64))
    if cells.size and (cells[0] < 0 or cells[-1] >= total):
        said = N_("{path}: {what} must be cell indices from 0 to {last}.")
        raise CelError(tr(said, path=path, what=what, last=total - 1))
    return np.column_stack([cells % n_cols, cells // n_cols]).astype(">i2")


def _cel_parameters(
    chip_type: str, n_rows: int, n_cols: int, algorithm: Mapping[str, str], note: str | None
) -> list[Parameter]:
    parameters = [_ascii(f"affymetrix-algorithm-param-{name}", value) for name, value in algorithm.items()]
    parameters += [
        _float(f"affymetrix-algorithm-param-Grid{corner}", place)
        for corner, place in _grid(n_rows, n_cols).items()
    ]
    parameters += [
        _text("affymetrix-algorithm-name", "Percentile"),
        _text("affymetrix-array-type", chip_type, ARRAY_TYPE_BYTES),
        _number("affymetrix-cel-cols", "integer-32", n_cols),
        _number("affymetrix-cel-rows", "integer-32", n_rows),
        _number("affymetrix-file-version", "unsigned-integer-8", 1),
        _text("program-name", "mgbone.simulate"),
    ]
    return parameters + ([_text("mgbone-note", note)] if note else [])


def _grid(n_rows: int, n_cols: int) -> dict[str, float]:
    """Return the corners of the image's grid in pixels; affyio, and so oligo, needs all eight numbers."""
    left, top = GRID_MARGIN, GRID_MARGIN
    right, bottom = left + CELL_PIXELS * n_cols, top + CELL_PIXELS * n_rows
    corners = {"UL": (left, top), "UR": (right, top), "LR": (right, bottom), "LL": (left, bottom)}
    return {f"{corner}{'XY'[axis]}": xy[axis] for corner, xy in corners.items() for axis in (0, 1)}


def _scan_header(chip_type: str, n_rows: int, n_cols: int, scan_date: datetime, array_id: str) -> bytes:
    width, height = (CELL_PIXELS * count + 2 * GRID_MARGIN for count in (n_cols, n_rows))
    separator = " \x14 "
    # The old image header in one line, with fields of fixed width, is kept by Command Console for older
    # readers.
    line = (
        f"[0..65535]  {array_id}:CLS={width:<4d} RWS={height:<4d} XIN=1  YIN=1  VE=30        2.0 "
        f"{scan_date:%m/%d/%y %H:%M:%S}   {separator}{separator}{chip_type}.1sq{separator * 8} \x14 6"
    )
    parameters = [
        _text("affymetrix-dat-header", line),
        _text("affymetrix-array-type", chip_type),
        _number("affymetrix-pixel-rows", "integer-32", height),
        _number("affymetrix-pixel-cols", "integer-32", width),
        _text("affymetrix-scan-date", f"{scan_date:%Y-%m-%dT%H:%M:%S}Z"),
        _number("affymetrix-image-orientation", "unsigned-integer-8", 6),
    ]
    guid = _guid(array_id, "dat")
    return _data_header("affymetrix-calvin-scan-acquisition", guid, parameters, [], scan_date)


def _data_header(
    kind: str, guid: str, parameters: list[Parameter], parents: list[bytes], created: datetime | None = None
) -> bytes:
    moment = f"{created:%Y-%m-%dT%H:%M:%S}Z" if created else ""
    parts = [_string(kind), _string(guid), _wide(moment), _wide("en-US")]
    parts.append(struct.pack(">i", len(parameters)))
    for name, mime, value in parameters:
        parts += [_wide(name), struct.pack(">i", len(value)), value, _wide(mime)]
    parts.append(struct.pack(">i", len(parents)))
    return b"".join(parts + parents)


def _guid(array_id: str, role: str) -> str:
    """Return a GUID in the container's form (five groups of ten digits); the names alone decide it."""
    digest = hashlib.sha256(f"{role}:{array_id}".encode()).digest()
    return "-".join(f"{number:010d}" for number in struct.unpack(">5I", digest[:20]))


def _text(name: str, value: str, reserved: int = 0) -> Parameter:
    return name, "text/plain", value.encode("utf-16-be").ljust(reserved, b"\0")


def _ascii(name: str, value: str) -> Parameter:
    return name, "text/ascii", value.encode("ascii")


def _number(name: str, kind: str, value: int) -> Parameter:
    return name, f"text/x-calvin-{kind}", struct.pack(">i", value).ljust(NUMBER_BYTES, b"\0")


def _float(name: str, value: float) -> Parameter:
    return name, "text/x-calvin-float", struct.pack(">f", value).ljust(NUMBER_BYTES, b"\0")


def _string(value: str) -> bytes:
    data = value.encode("ascii")
    return struct.pack(">i", len(data)) + data


def _wide(value: str) -> bytes:
    return struct.pack(">i", len(value)) + value.encode("utf-16-be")


def _file_blocks(header: bytes, sets: list) -> list[bytes]:
    """Return the file's parts in order; positions stored in it follow from their lengths."""
    group_at = 10 + len(header)
    group_name = _wide("Default Group")
    at = group_at + 12 + len(group_name)
    blocks = [
        struct.pack(">BBiI", MAGIC, VERSION, 1, group_at) + header,
        struct.pack(">IIi", 0, at, len(sets)) + group_name,
    ]
    for name, columns, values in sets:
        described = [_wide(name), struct.pack(">iI", 0, len(columns))]
        for column, kind in columns:
            described += [_wide(column), struct.pack(">bi", kind, values.itemsize)]
        described.append(struct.pack(">I", len(values)))
        head = b"".join(described)
        data_at = at + 8 + len(head)
        at = data_at + values.nbytes
        blocks += [struct.pack(">II", data_at, at) + head, values.tobytes()]
    return blocks
