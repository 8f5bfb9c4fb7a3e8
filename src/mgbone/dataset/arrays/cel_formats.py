"""The three formats of CEL files: text (version 3), XDA (version 4) and Command Console (Calvin)."""

import io
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mgbone.dataset.arrays.cel_parts import (
    CelFile,
    _arranged,
    _checked_intensities,
    _chip_type,
    _Cursor,
    _fault,
    _fields,
    _header,
    _integer,
    _places,
    _positions,
    _size,
    _utf16,
)
from mgbone.study.language import N_, tr

# --- version 3, text ------------------------------------------------------------------------------------


def _text_shape(path: Path, data: bytes) -> tuple[int, int]:
    fields = _fields(_text_of(_sections(data), "HEADER"))
    return _integer(path, fields, "Rows"), _integer(path, fields, "Cols")


def _read_text(path: Path, data: bytes, intensities_only: bool) -> CelFile:
    sections = _sections(data)
    version = _integer(path, _fields(_text_of(sections, "CEL")), "Version")
    if version != 3:
        problem = tr("is a text CEL file of version {version}; only version 3 is known", version=version)
        raise _fault(path, problem, tr("Export it again."))
    fields = _fields(_text_of(sections, "HEADER"))
    rows, cols = _integer(path, fields, "Rows"), _integer(path, fields, "Cols")
    cells, body = _table_of(path, sections, "INTENSITY")
    _size(path, rows, cols, cells)
    x, y, mean, stdv, pixels = _numbers(path, body, cells, 5, "INTENSITY")
    place, repeated = _places(path, x, y, rows, cols)
    dat_header = fields.get("DatHeader", "")
    return CelFile(
        path=path,
        intensities=_checked_intensities(path, _arranged(mean, place, rows * cols, np.float32)),
        stdv=None if intensities_only else _arranged(stdv, place, rows * cols, np.float32),
        pixels=None if intensities_only else _arranged(pixels, place, rows * cols, np.int16),
        outliers=_text_positions(path, sections, "OUTLIERS", rows, cols),
        masks=_text_positions(path, sections, "MASKS", rows, cols),
        header=_header(fields, fields.get("Algorithm", ""), fields.get("AlgorithmParameters", ""), dat_header)
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
        raise _fault(path, tr("has no section [{name}] (truncated?)", name=name))
    head, mark, rest = sections[name].partition(b"CellHeader=")
    cells = _integer(path, _fields(head.decode("latin-1")), "NumberCells")
    if not mark:
        raise _fault(path, tr("its section [{name}] has no CellHeader (truncated?)", name=name))
    return cells, rest.partition(b"\n")[2]


def _numbers(path: Path, body: bytes, cells: int, columns: int, name: str) -> np.ndarray:
    """Parse rows of numbers, columns x cells; the stated count is held against the text first."""
    if cells < 0 or cells * 2 * columns > len(body) + 1:
        problem = tr(
            "its section [{name}] should list {cells} cells but is too short for that (truncated?)",
            name=name, cells=cells,
        )  # fmt: skip
        raise _fault(path, problem)
    table = np.empty((0, columns))
    try:
        if cells:
            table = np.loadtxt(io.BytesIO(body), dtype=np.float64, comments=None, ndmin=2)
    except ValueError as error:
        said = {"name": name, "error": error}
        problem = tr("its section [{name}] holds something that is not a row of numbers ({error})", **said)
        raise _fault(path, problem) from error
    if len(table) < cells or table.shape[1] != columns:
        problem = tr(
            "its section [{name}] should list {cells} cells but lists {rows} rows (truncated?)",
            name=name, cells=cells, rows=table.shape[0],
        )  # fmt: skip
        raise _fault(path, problem)
    return table.T


def _text_positions(path: Path, sections: Mapping[str, bytes], name: str, rows: int, cols: int) -> np.ndarray:
    if name not in sections:
        return np.empty(0, dtype=np.int64)
    cells, body = _table_of(path, sections, name)
    places = _numbers(path, body, cells, 2, name)
    if not np.isfinite(places).all() or np.abs(places).max(initial=0) > 1e9:
        raise _fault(path, tr("its section [{name}] lists cells that do not exist; it is damaged", name=name))
    return _positions(path, *places, rows, cols, name.lower())


# --- version 4, XDA -------------------------------------------------------------------------------------

_XDA_CELL = np.dtype([("mean", "<f4"), ("stdv", "<f4"), ("pixels", "<i2")])
_XDA_PLACE = np.dtype([("x", "<i2"), ("y", "<i2")])


def _xda_shape(path: Path, data: bytes) -> tuple[int, int]:
    cursor = _Cursor(path, data, "<", at=8)
    cols, rows = cursor.number("i", N_("the columns")), cursor.number("i", N_("the rows"))
    return rows, cols


def _read_xda(path: Path, data: bytes, intensities_only: bool) -> CelFile:
    rows, cols = _xda_shape(path, data)
    cursor = _Cursor(path, data, "<", at=16)
    cells = cursor.number("i", N_("the cells"))
    _size(path, rows, cols, cells)
    fields = _fields(cursor.text8(N_("the header")))
    algorithm = cursor.text8(N_("the algorithm's name"))
    parameters = cursor.text8(N_("the algorithm's parameters")).strip()
    margin = cursor.number("i", N_("the cell margin"))
    n_outliers, n_masks = cursor.number("I", N_("the outliers")), cursor.number("I", N_("the masks"))
    cursor.number("i", N_("the sub-grids"))
    table = cursor.array(_XDA_CELL, cells, N_("the table of cells"))
    masks = cursor.array(_XDA_PLACE, n_masks, N_("the table of masked cells"))
    outliers = cursor.array(_XDA_PLACE, n_outliers, N_("the table of outliers"))
    dat_header = fields.get("DatHeader", "")
    return CelFile(
        path=path,
        intensities=_checked_intensities(path, table["mean"].astype(np.float32)),
        stdv=None if intensities_only else table["stdv"].astype(np.float32),
        pixels=None if intensities_only else table["pixels"].astype(np.int16),
        outliers=_positions(path, outliers["x"], outliers["y"], rows, cols, N_("outliers")),
        masks=_positions(path, masks["x"], masks["y"], rows, cols, N_("masks")),
        header=_header(fields, algorithm, parameters, dat_header) | {"cell_margin": margin},
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


class _Dataset(NamedTuple):
    """One table of a Command Console file: its record layout, number of rows and first byte."""

    dtype: np.dtype
    rows: int
    start: int


def _calvin_shape(path: Path, data: bytes) -> tuple[int, int]:
    return _rows_and_columns(path, _calvin_begin(_Cursor(path, data, ">", at=2))[2])


def _rows_and_columns(path: Path, fields: Mapping[str, str]) -> tuple[int, int]:
    return _integer(path, fields, "affymetrix-cel-rows"), _integer(path, fields, "affymetrix-cel-cols")


def _calvin_begin(cursor: _Cursor) -> tuple[int, int, dict[str, str], dict[str, str]]:
    """Read to the end of the header: number of data groups, place of the first, fields, those of parents."""
    groups = cursor.number("i", N_("the number of data groups"))
    first_group = cursor.number("I", N_("the first data group"))
    kind, fields, parents = _calvin_header(cursor)
    if kind != "affymetrix-calvin-intensity":
        problem = tr("is a Command Console file of kind {kind!r}, no CEL file", kind=kind)
        if kind == "affymetrix-calvin-multi-intensity":
            problem = tr("holds several colour channels")
        raise _fault(cursor.path, problem, tr("Name a CEL file of a one-colour expression chip."))
    return groups, first_group, fields, parents


def _read_calvin(path: Path, data: bytes, intensities_only: bool) -> CelFile:
    cursor = _Cursor(path, data, ">", at=2)
    groups, first_group, fields, parents = _calvin_begin(cursor)
    if groups < 1:
        raise _fault(path, tr("holds no data group (truncated?)"))
    rows, cols = _rows_and_columns(path, fields)
    tables = _calvin_tables(cursor, first_group)
    if "Intensity" not in tables:
        raise _fault(path, tr("has no table of intensities (truncated?)"))
    _size(path, rows, cols, tables["Intensity"].rows)
    dat_header = parents.get("affymetrix-dat-header") or parents.get("affymetrix-partial-dat-header") or ""
    text = ";".join(
        f"{key[len(_PARAMETER) :]}:{value}" for key, value in fields.items() if key.startswith(_PARAMETER)
    )
    chip_type = fields.get("affymetrix-array-type") or parents.get("affymetrix-array-type")
    if not chip_type:
        problem = tr("names no chip type (affymetrix-array-type)")
        raise _fault(path, problem, tr("Export it again with its full header."))

    def column(name: str, dtype) -> np.ndarray | None:
        if intensities_only or name not in tables:
            return None
        if tables[name].rows != rows * cols:
            said = {"name": name, "rows": tables[name].rows, "cells": rows * cols}
            problem = tr("its table {name} has {rows} rows for {cells} cells", **said)
            raise _fault(path, problem)
        return _calvin_columns(cursor, tables[name], 1, name)[0].astype(dtype)

    def places(name: str, what: str) -> np.ndarray:
        if name not in tables or not tables[name].rows:
            return np.empty(0, dtype=np.int64)
        return _positions(path, *_calvin_columns(cursor, tables[name], 2, name), rows, cols, what)

    intensities = _calvin_columns(cursor, tables["Intensity"], 1, "Intensity")[0].astype(np.float32)
    return CelFile(
        path=path,
        intensities=_checked_intensities(path, intensities),
        stdv=column("StdDev", np.float32),
        pixels=column("Pixel", np.int16),
        outliers=places("Outlier", "outliers"),
        masks=places("Mask", "masks"),
        header=_header(
            parents | fields,
            fields.get("affymetrix-algorithm-name", ""),
            text,
            dat_header,
            parents.get("affymetrix-scan-date"),
        ),
        version=1,
        format="calvin",
        chip_type=chip_type,
        n_rows=rows,
        n_cols=cols,
    )


def _calvin_header(cursor: _Cursor, depth: int = 0) -> tuple[str, dict[str, str], dict[str, str]]:
    """Read one data header and, recursively, those of the files that it was made from.

    Returns the data type, its own parameters as text, and those of all parents; the nearer parent wins.
    """
    if depth > _MAX_PARENTS:
        problem = tr("its headers are nested more than {most} deep; it is damaged", most=_MAX_PARENTS)
        raise _fault(cursor.path, problem)
    kind = cursor.text8(N_("the data type"))
    cursor.text8(N_("the file identifier"))
    cursor.text16(N_("the creation date"))
    cursor.text16(N_("the locale"))
    fields = _calvin_parameters(cursor)
    parents: dict[str, str] = {}
    for _ in range(cursor.number("i", N_("the number of parent headers"))):
        _, own, inherited = _calvin_header(cursor, depth + 1)
        parents = inherited | own | parents
    return kind, fields, parents


def _calvin_parameters(cursor: _Cursor) -> dict[str, str]:
    fields = {}
    for _ in range(cursor.number("i", N_("the number of parameters"))):
        name = cursor.text16(N_("a parameter's name"))
        value = cursor.take(cursor.number("i", N_("the length of a parameter")), N_("a parameter's value"))
        fields[name] = _calvin_value(value, cursor.text16(N_("a parameter's type")))
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
    cursor.move(first_group, N_("its data group"))
    cursor.number("I", N_("the next data group"))
    at = cursor.number("I", N_("the first table"))
    count = cursor.number("i", N_("the number of tables"))
    cursor.text16(N_("the name of the data group"))
    tables: dict[str, _Dataset] = {}
    for _ in range(count):
        cursor.move(at, N_("a table"))
        start, following = cursor.number("I", N_("a table's data")), cursor.number("I", N_("the next table"))
        name = cursor.text16(N_("a table's name"))
        _calvin_parameters(cursor)
        tables[name] = _calvin_layout(cursor, start, name)
        if len(tables) < count and following <= at:
            raise _fault(cursor.path, tr("its tables point backwards; it is damaged"))
        at = following
    return tables


def _calvin_layout(cursor: _Cursor, start: int, name: str) -> _Dataset:
    kinds = []
    for _ in range(cursor.number("I", N_("the number of columns"))):
        cursor.text16(N_("a column's name"))
        code, size = cursor.number("b", N_("a column's type")), cursor.number("i", N_("a column's width"))
        dtype = _CALVIN_TYPES.get(code)
        if dtype is None or dtype.itemsize != size:
            problem = tr(
                "its table {name} has a column of type {code} and width {size}, which is unknown",
                name=name, code=code, size=size,
            )  # fmt: skip
            raise _fault(cursor.path, problem)
        kinds.append(dtype)
    rows = cursor.number("I", N_("the number of rows"))
    return _Dataset(np.dtype([(f"c{i}", kind) for i, kind in enumerate(kinds)]), rows, start)


def _calvin_columns(cursor: _Cursor, table: _Dataset, columns: int, name: str) -> list[np.ndarray]:
    if len(table.dtype) != columns:
        said = {"name": name, "found": len(table.dtype), "columns": columns}
        problem = tr("its table {name} has {found} columns, not {columns}; it is damaged", **said)
        raise _fault(cursor.path, problem)
    what = tr("the table {name}", name=name)
    cursor.move(table.start, what)
    values = cursor.array(table.dtype, table.rows, what)
    return [values[key] for key in table.dtype.names]


FORMATS = {
    "text": (_text_shape, _read_text),
    "xda": (_xda_shape, _read_xda),
    "calvin": (_calvin_shape, _read_calvin),
}
"""What tells rows and columns by the header alone, and what reads the file: both take path and bytes."""
