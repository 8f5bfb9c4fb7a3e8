"""CEL files of version 3: sections of text."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mgbone.dataset.arrays.cel_binary import _margin
from mgbone.dataset.arrays.cel_parts import (
    CelFile,
    _arranged,
    _checked_intensities,
    _chip_type,
    _fault,
    _fields,
    _header,
    _integer,
    _places,
    _positions,
    _scan_date,
    _size,
)
from mgbone.study.language import tr

# --- version 3, text ------------------------------------------------------------------------------------


def _text_shape(path: Path, data: bytes) -> tuple[int, int]:
    return _rows_and_columns(path, _fields(_text_of(_sections(data), "HEADER")))


def _rows_and_columns(path: Path, fields: Mapping[str, str]) -> tuple[int, int]:
    return _integer(path, fields, "Rows"), _integer(path, fields, "Cols")


def _read_text(path: Path, data: bytes, intensities_only: bool) -> CelFile:
    sections = _sections(data)
    version = _integer(path, _fields(_text_of(sections, "CEL")), "Version")
    if version != 3:
        problem = tr("is a text CEL file of version {version}; only version 3 is known", version=version)
        raise _fault(path, problem, tr("Export it again."))
    fields = _fields(_text_of(sections, "HEADER"))
    rows, cols = _rows_and_columns(path, fields)
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
        raise _fault(path, tr("has no section [{name}] (truncated?)", name=name))
    head, mark, rest = sections[name].partition(b"CellHeader=")
    cells = _integer(path, _fields(head.decode("latin-1")), "NumberCells")
    if not mark:
        raise _fault(path, tr("its section [{name}] has no CellHeader (truncated?)", name=name))
    return cells, rest.partition(b"\n")[2]


def _numbers(path: Path, body: bytes, cells: int, columns: int, name: str) -> np.ndarray:
    """Parse rows of numbers, columns x cells; the stated count is held against the text before anything is
    made.
    """
    if cells < 0 or cells * 2 * columns > len(body) + 1:
        problem = tr(
            "its section [{name}] should list {cells} cells but is too short for that (truncated?)",
            name=name, cells=cells,
        )  # fmt: skip
        raise _fault(path, problem)
    try:
        table = (
            np.loadtxt(io.BytesIO(body), dtype=np.float64, comments=None, ndmin=2)
            if cells
            else np.empty((0, columns))
        )
    except ValueError as error:
        problem = tr(
            "its section [{name}] holds something that is not a row of numbers ({error})",
            name=name, error=error,
        )  # fmt: skip
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
    x, y = _numbers(path, body, cells, 2, name)
    if (
        not (np.isfinite(x).all() and np.isfinite(y).all())
        or max(np.abs(x).max(initial=0), np.abs(y).max(initial=0)) > 1e9
    ):
        problem = tr("its section [{name}] lists cells that do not exist; it is damaged", name=name)
        raise _fault(path, problem)
    return _positions(path, x, y, rows, cols, name.lower())
