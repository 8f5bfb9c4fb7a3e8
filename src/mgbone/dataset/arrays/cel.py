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

import hashlib
import os
import re
import struct
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from mgbone.dataset.arrays.cel_formats import FORMATS
from mgbone.dataset.arrays.cel_parts import CelFile, _fault
from mgbone.dataset.arrays.files import MAX_BYTES, FileTooLong, UnreadableFile, first_bytes, read_bytes
from mgbone.dataset.faults import cause, file_error, listing
from mgbone.study.errors import CelError
from mgbone.study.language import tr

SATURATION = 65_000.0
"""Intensity from which a cell counts as saturated: the scanners digitise in 16 bits."""

HEAD = 1 << 20
"""Bytes in which a file has to say how many cells it has: the longest headers take a twentieth of that."""
_MOST_CELLS = 1 << 23  # the densest chips sold have 6.9 million
# Bytes of a cell with its outlier and its mask: twice the longest lines, and 18 with some room.
_TEXT_CELL, _BINARY_CELL = 96, 24


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


def read_cel(path: str | PathLike, *, intensities_only: bool = False) -> CelFile:
    """Read one CEL file, whatever its format, gzip-compressed or not.

    Parameters
    ----------
    path : path-like
        The file. Its name and suffix do not matter; its first bytes decide.
    intensities_only : bool
        Leave out standard deviations and pixel counts (``stdv`` and ``pixels`` are None then).

    Raises
    ------
    CelError
        If the file is missing, not a CEL file, truncated, or contradicts itself. The message names the file.
    """
    path = Path(path)
    data = _load(path)
    try:
        return FORMATS[_format(path, data[:8])][1](path, data, intensities_only)
    except RecursionError as error:
        raise _fault(path, tr("its headers are nested without end")) from error


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
        raise CelError(tr("No CEL files were given. Name at least one."))
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


class _Scan(NamedTuple):
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
        named = {"files": len(paths), "names": len(names)}
        said = tr("{files} CEL files but {names} names were given. Give one name per file.", **named)
        raise CelError(said)
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        said = tr(
            "The array names {names} occur more than once. Give each file its own name.",
            names=tr(", ").join(repeated),
        )
        raise CelError(said)
    return names


def _checked_cells(cells: np.ndarray, first: CelFile) -> np.ndarray:
    cells = np.asarray(cells)
    total = first.intensities.size
    if cells.size and (cells.min() < 0 or cells.max() >= total):
        said = {"cells": total, "chip": first.chip_type, "cell": int(cells.max())}
        problem = tr("has {cells} cells ({chip}), but cell {cell} is asked for", **said)
        advice = tr("The library files belong to another chip; use those of this chip type.")
        raise file_error(CelError, first.path, problem, advice)
    return cells


def _check_same_chip(first: CelFile, other: CelFile) -> None:
    if other.chip_type != first.chip_type:
        said = {"chip": other.chip_type, "other": first.path.name, "other_chip": first.chip_type}
        problem = tr("is a {chip} chip, but {other} is {other_chip}", **said)
        advice = tr("Different chips can't be normalised together; analyse them apart.")
        raise file_error(CelError, other.path, problem, advice)
    if (other.n_rows, other.n_cols) != (first.n_rows, first.n_cols):
        problem = tr(
            "has {rows} x {columns} cells, but {other} has {other_rows} x {other_columns}",
            rows=other.n_rows, columns=other.n_cols, other=first.path.name,
            other_rows=first.n_rows, other_columns=first.n_cols,
        )  # fmt: skip
        advice = tr("The files are of different layouts; analyse them apart.")
        raise file_error(CelError, other.path, problem, advice)


def _warn_about(paths: list[Path], scans: list[_Scan], saturated_at: float, max_saturated: float) -> None:
    both = list(zip(paths, scans, strict=True))
    formats = sorted({scan.format for scan in scans})
    if len(formats) > 1:
        names = {name: _few(path.name for path, scan in both if scan.format == name) for name in formats}
        listed = tr("; ").join(
            tr("{format}: {files}", format=name, files=files) for name, files in names.items()
        )
        text = tr("CEL files of different formats are read together ({files}).", files=listed)
        warnings.warn(text, MixedVersionWarning, stacklevel=3)
    seen: dict[bytes, Path] = {}
    pairs = []
    for path, scan in both:
        if scan.digest in seen:
            pairs.append(f"{path.name} = {seen[scan.digest].name}")
        seen.setdefault(scan.digest, path)
    if pairs:
        text = tr(
            "The same scan stands under two names: {pairs}. Leave one of each pair out.", pairs=_few(pairs)
        )
        warnings.warn(text, DuplicateScanWarning, stacklevel=3)
    doubled = [f"{path.name} ({scan.repeated})" for path, scan in both if scan.repeated]
    if doubled:
        said = {"files": _few(doubled)}
        text = tr("Cells are listed more than once in {files}; the last entry counts. Was it edited?", **said)
        warnings.warn(text, RepeatedCellWarning, stacklevel=3)
    dark = [f"{path.name} ({scan.zeros})" for path, scan in both if scan.zeros]
    if dark:
        text = tr(
            "Cells with intensity 0 in {files}. Look at the image; the scan may be damaged.", files=_few(dark)
        )
        warnings.warn(text, ZeroIntensityWarning, stacklevel=3)
    bright = [f"{path.name} ({scan.saturated:.1%})" for path, scan in both if scan.saturated > max_saturated]
    if bright:
        text = tr(
            "More than {share:.1%} of the cells reach {ceiling:g}, the scanner's ceiling, in {files}. Scan "
            "these chips again with a lower gain if they still exist.",
            share=max_saturated, ceiling=saturated_at, files=_few(bright),
        )  # fmt: skip
        warnings.warn(text, SaturatedIntensityWarning, stacklevel=3)


def _few(names: Iterable[str]) -> str:
    return listing(names, most=6)


def _load(path: Path) -> bytes:
    """Return the file's bytes, decompressed if need be, but no more of them than its header promises."""
    try:
        head = first_bytes(path, HEAD)
        form = _format(path, head[:8])
        # A short one is read whole, whatever it says: its reader tells best what is wrong with it.
        rows, cols = (0, 0) if len(head) < HEAD else FORMATS[form][0](path, head)
        if rows * cols > _MOST_CELLS:
            problem = tr(
                "says it has {rows} rows and {columns} columns, more than any chip", rows=rows, columns=cols
            )
            raise _fault(path, problem)
        each = _TEXT_CELL if form == "text" else _BINARY_CELL
        return read_bytes(path, min(MAX_BYTES, 2 * HEAD + each * max(rows * cols, 0)))
    except OSError as error:
        problem = tr("can't be opened ({error})", error=cause(error))
        raise file_error(CelError, path, problem, tr("Check its name and folder.")) from error
    except FileTooLong as error:
        problem = tr(
            "{problem}, although its header speaks of {rows} rows and {columns} columns only",
            problem=error, rows=rows, columns=cols,
        )  # fmt: skip
        raise _fault(path, problem) from error
    except UnreadableFile as error:
        raise _fault(path, str(error)) from error


def _format(path: Path, head: bytes) -> str:
    if head[:5] == b"[CEL]":
        return "text"
    if head[:2] == bytes((59, 1)):
        return "calvin"
    if len(head) == 8 and struct.unpack("<i", head[:4])[0] == 64:
        version = struct.unpack("<i", head[4:])[0]
        if version == 4:
            return "xda"
        problem = tr(
            "is a binary CEL file of version {version}; versions 3, 4 and Command Console are known",
            version=version,
        )
        raise _fault(path, problem, tr("Export it again as Command Console or version 4."))
    if not head:
        raise _fault(path, tr("is empty"))
    problem = tr("is not a CEL file (it begins with {head!r})", head=head)
    raise _fault(path, problem, tr("Name a CEL file, or one compressed by gzip."))
