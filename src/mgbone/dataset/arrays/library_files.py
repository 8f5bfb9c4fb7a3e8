"""The chip's library files, one by one: PGF, CLF, MPS and transcript annotation."""

import csv
import io
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.errors import EmptyDataError, ParserError

from mgbone.dataset.arrays.files import MAX_LIBRARY, UnreadableFile, read_bytes
from mgbone.dataset.faults import cause, file_error
from mgbone.study.errors import PlatformError
from mgbone.study.language import tr

_TAB, _NEWLINE, _HASH = 9, 10, 35
_MOST_LINES = 1 << 24  # a PGF of the densest chip, 6.9 million probes, has some 15 million
_PLACE = ["seqname", "start", "stop", "strand"]


@dataclass(frozen=True, eq=False)
class Pgf:
    """Contents of a PGF file."""

    header: dict[str, list[str]] = field(repr=False)  # ``#%key=value`` lines; a key may occur more than once.
    # One row per probe set in the order of the file: ``probeset_id`` (text), ``type`` (empty where not given)
    # and what else the file has, as text.
    probesets: pd.DataFrame = field(repr=False)
    # One row per probe: ``probeset`` (row number in `probesets`), ``atom_id``, ``probe_id`` (int), ``type``
    # and what else the file has, as text.
    probes: pd.DataFrame = field(repr=False)


@dataclass(frozen=True, eq=False)
class Clf:
    """Contents of a CLF file, of a chip of `n_rows` times `n_cols` cells."""

    path: Path
    header: dict[str, list[str]] = field(repr=False)
    n_rows: int
    n_cols: int
    first_id: int | None  # Identifier of the probe in cell 0 if the file is sequential.
    listed: pd.Series | None = field(repr=False)  # Otherwise the cell of each probe, by ``probe_id``.

    def cells(self, probe_ids: np.ndarray) -> np.ndarray:
        """Return the cell index (``y * n_cols + x``) of each probe; PlatformError if one has no place."""
        ids = np.asarray(probe_ids, dtype=np.int64)
        if self.listed is None:
            cells = ids - self.first_id
            lost = (cells < 0) | (cells >= self.n_rows * self.n_cols)
        else:
            found = self.listed.index.get_indexer(ids)
            lost = found < 0
            cells = self.listed.to_numpy()[found]
        if lost.any():
            said = {"count": int(lost.sum()), "name": ids[lost][0]}
            problem = tr("has no place for {count} probes of the PGF (as {name})", **said)
            raise _fault(self.path, problem, tr("Take PGF and CLF from the same set of library files."))
        return cells


def read_pgf(path: str | PathLike) -> Pgf:
    """Read a PGF file: probe sets, atoms and probes.

    Raises
    ------
    PlatformError
        If the file can't be read, its header is incomplete, or its levels are not nested as they should be.
    """
    path = Path(path)
    data = _load(path)
    header = _header(data)
    starts, ends, tabs, level = _lines(data)
    tables, rows = [], []
    for depth in range(3):
        here = np.flatnonzero(level == depth)
        columns = _columns(path, header, depth)
        wide = here[tabs[here] > depth + len(columns) - 1]
        if wide.size:
            problem = tr("line {line} has more columns than its header", line=wide[0] + 1)
            raise _fault(path, problem, tr("Unpack the file again."))
        tables.append(_table(path, data, starts[here], ends[here], depth, columns))
        rows.append(here)
    if not rows[0].size or not rows[2].size:
        raise _fault(path, tr("lists no probes (truncated?)"))
    atom, probeset = (np.searchsorted(above, rows[2]) - 1 for above in (rows[1], rows[0]))
    _check_nesting(path, rows, atom, probeset)
    probesets, atoms, probes = tables
    probes.insert(0, "probeset", probeset)
    probes.insert(1, "atom_id", atoms["atom_id"].to_numpy()[atom])
    if "type" not in probesets:
        probesets["type"] = ""
    return Pgf(header, probesets, probes)


def read_clf(path: str | PathLike) -> Clf:
    """Read a CLF file: where each probe lies.

    Of a sequential file only the header counts; rows that disagree with it (real files hold some) are
    ignored.

    Raises
    ------
    PlatformError
        If the file can't be read, or places a probe outside the chip.
    """
    path = Path(path)
    data = _load(path)
    header = _header(data)
    n_rows, n_cols = _whole_number(path, header, "rows"), _whole_number(path, header, "cols")
    if n_rows < 1 or n_cols < 1:
        raise _fault(path, tr("gives a chip of {rows} x {columns} cells", rows=n_rows, columns=n_cols))
    first_id = _whole_number(path, header, "sequential", default=0)
    if first_id:
        return Clf(path, header, n_rows, n_cols, first_id, None)
    columns = _columns(path, header, 0)
    rows = re.sub(rb"(?m)^#.*\n?", b"", data)
    table = _delimited(path, rows, columns, {"probe_id": np.int64, "x": np.int64, "y": np.int64})
    if (
        table.empty
        or table.lt(0).any(axis=None)
        or (table["x"] >= n_cols).any()
        or (table["y"] >= n_rows).any()
    ):
        problem = tr(
            "lists no probes, or probes outside {rows} x {columns} cells", rows=n_rows, columns=n_cols
        )
        raise _fault(path, problem, tr("Unpack it again."))
    if table["probe_id"].duplicated().any():
        raise _fault(path, tr("lists a probe twice"))
    listed = pd.Series((table["y"] * n_cols + table["x"]).to_numpy(), index=pd.Index(table["probe_id"]))
    return Clf(path, header, n_rows, n_cols, None, listed)


def read_mps(path: str | PathLike) -> pd.DataFrame:
    """Read an MPS file: which probe sets make up a transcript cluster.

    Returns ``probeset_id`` (the transcript cluster) and ``member`` (a probe set of the PGF), both text, one
    row per member.

    Raises
    ------
    PlatformError
        If the file can't be read or lacks the columns ``probeset_id`` and ``probeset_list``.
    """
    path = Path(path)
    names, rows = _heading(path, _load(path), "\t")
    table = _named(path, names, rows, "\t", ["probeset_id", "probeset_list"])
    members = (
        table.assign(member=table["probeset_list"].str.split()).explode("member").dropna(subset=["member"])
    )
    if members.empty:
        raise _fault(path, tr("lists no probe sets (truncated?)"))
    return members[["probeset_id", "member"]].reset_index(drop=True)


def read_transcript_annotation(path: str | PathLike) -> pd.DataFrame:
    """Read a NetAffx transcript annotation: the gene that each transcript cluster measures.

    Returns
    -------
    pandas.DataFrame
        Index ``probeset_id`` (the transcript cluster), columns ``gene_symbol`` and ``gene_name``: those of
        the first assignment that has a symbol; missing where none has; and ``place``: sequence, start, stop
        and strand, such as ``chr8:100-250 (+)``; missing where the annotation does not say.

    Raises
    ------
    PlatformError
        If the file can't be read or lacks ``transcript_cluster_id`` (or ``probeset_id``) and
        ``gene_assignment``.
    """
    path = Path(path)
    names, rows = _heading(path, _load(path), ",")
    key = "transcript_cluster_id" if "transcript_cluster_id" in names else "probeset_id"
    placed = _PLACE if set(_PLACE) <= set(names) else []
    table = _named(path, names, rows, ",", [key, "gene_assignment", *placed])
    genes = pd.DataFrame(
        [_first_gene(text) for text in table["gene_assignment"]],
        columns=["gene_symbol", "gene_name"],
        index=pd.Index(table[key], name="probeset_id"),
        dtype="str",
    )
    genes["place"] = _places(table[placed]).set_axis(genes.index)
    return genes[~genes.index.duplicated()]


def _fault(path: Path, problem: str, advice: str = "") -> PlatformError:
    return file_error(PlatformError, path, problem, advice or tr("Unpack the library files again."))


def _load(path: Path) -> bytes:
    try:
        data = read_bytes(path, MAX_LIBRARY)
    except (OSError, UnreadableFile) as error:
        problem = tr("can't be read ({error})", error=cause(error))
        raise _fault(path, problem, tr("Check the file, or unpack it again.")) from error
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if (lines := data.count(b"\n")) > _MOST_LINES:
        problem = tr("has {lines:,} lines, more than there are for any chip", lines=lines)
        raise _fault(path, problem, tr("Check the file, or unpack it again."))
    return data


def _header(data: bytes) -> dict[str, list[str]]:
    header: dict[str, list[str]] = {}
    end = data.find(b"\n", data.rfind(b"#%"))  # millions of lines without header follow
    for match in re.finditer(rb"(?m)^#%([^=\n]+)=(.*)$", data[: end if end >= 0 else None]):
        header.setdefault(match[1].decode("latin-1"), []).append(match[2].decode("utf-8", errors="replace"))
    return header


def _columns(path: Path, header: Mapping[str, list[str]], depth: int) -> list[str]:
    text = header.get(f"header{depth}")
    columns = text[0].split("\t")[depth:] if text else []
    needed = {"clf": ["probe_id", "x", "y"]}.get(path.name.lower().removesuffix(".gz").rpartition(".")[2])
    needed = needed or [["probeset_id"], ["atom_id"], ["probe_id", "type"]][depth]
    if not set(needed) <= set(columns):
        problem = tr(
            "its {header} does not name {columns}", header=f"header{depth}", columns=tr(", ").join(needed)
        )
        raise _fault(path, problem)
    return columns


def _lines(data: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return start, end, number of tabs and level (leading tabs; -1 for comments and empty lines) of each
    line.
    """
    letters = np.frombuffer(data + b"\n\n\n", dtype=np.uint8)
    ends = np.flatnonzero(letters == _NEWLINE)[:-2]
    starts = np.concatenate([[0], ends[:-1] + 1])
    is_tab = letters == _TAB
    first, second, third = (is_tab[np.minimum(starts + k, ends)] for k in range(3))
    level = first * (1 + second * (1 + third.astype(np.int8)))
    level = np.where((letters[starts] == _HASH) | (starts == ends), -1, level)
    tabs = np.flatnonzero(is_tab)
    return starts, ends, np.searchsorted(tabs, ends) - np.searchsorted(tabs, starts), level


def _check_nesting(path: Path, rows: list[np.ndarray], atom: np.ndarray, probeset: np.ndarray) -> None:
    orphan = (atom < 0) | (probeset < 0)
    if not orphan.any():
        orphan = rows[1][atom] < rows[0][probeset]
    if orphan.any():
        line = rows[2][np.flatnonzero(orphan)[0]] + 1
        raise _fault(path, tr("the probe in line {line} belongs to no probe set", line=line))


def _table(
    path: Path, data: bytes, starts: np.ndarray, ends: np.ndarray, depth: int, columns: list[str]
) -> pd.DataFrame:
    """Parse the lines of one level of a PGF."""
    block = b"\n".join([data[a:b] for a, b in zip((starts + depth).tolist(), ends.tolist(), strict=True)])
    table = _delimited(path, block, columns, {"probe_id": np.int64})
    if len(table) != starts.size:
        raise _fault(path, tr("holds empty or broken lines among its probes"), tr("Unpack it again."))
    return table


def _delimited(path: Path, data: bytes, columns: list[str], kinds: Mapping[str, type]) -> pd.DataFrame:
    """Parse tab-separated lines without heading; columns not in `kinds` are text, empty where missing."""
    if len(set(columns)) != len(columns):
        raise _fault(path, tr("names a column twice in its header"))
    dtypes = {name: kinds.get(name, str) for name in columns}
    if not data.strip():
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in dtypes.items()})
    table = _parse(path, data, sep="\t", header=None, names=columns, dtype=dtypes, quoting=csv.QUOTE_NONE)
    texts = [name for name in columns if name not in kinds]
    return table.assign(**{name: table[name].fillna("") for name in texts if table[name].hasnans})


def _heading(path: Path, data: bytes, separator: str) -> tuple[list[str], bytes]:
    """Take a table apart: the names of its columns, in the first line after the comments, and its rows.

    Some releases number the columns ("gene_assignment1"); the number is left out.
    """
    body = re.sub(rb"\A(?:#[^\n]*\n|\n)*", b"", data)
    heading, _, rows = body.partition(b"\n")
    try:
        names = next(csv.reader([heading.decode("utf-8", errors="replace")], delimiter=separator), [])
    except csv.Error as error:
        problem = tr("its heading can't be understood ({error})", error=error)
        raise _fault(path, problem, tr("Unpack it again.")) from error
    return [name.rstrip("0123456789") for name in names], rows


def _named(path: Path, names: list[str], rows: bytes, separator: str, needed: list[str]) -> pd.DataFrame:
    """Parse rows whose columns have these names; keep the needed ones as text, of a name the first."""
    lacking = [want for want in needed if want not in names]
    if lacking:
        advice = tr("Unpack the file again, or take that of the array's maker.")
        raise _fault(path, tr("has no column {names}", names=tr(", ").join(lacking)), advice)
    if not rows.strip():
        return pd.DataFrame(columns=needed, dtype="str")
    # Columns go by position: a damaged heading may repeat a name.
    positions = [names.index(want) for want in needed]
    quoting = csv.QUOTE_MINIMAL if separator == "," else csv.QUOTE_NONE
    options = {"header": None, "names": range(len(names)), "usecols": positions, "dtype": str}
    table = _parse(path, rows, sep=separator, quoting=quoting, **options)
    return table[positions].set_axis(needed, axis=1).fillna("")


def _parse(path: Path, data: bytes, **options) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return pd.read_csv(
                io.BytesIO(data), keep_default_na=False, index_col=False, encoding_errors="replace", **options
            )
    except (ParserError, EmptyDataError, ValueError, OverflowError, Warning) as error:
        raise _fault(path, tr("can't be understood ({error})", error=error)) from error


def _whole_number(path: Path, header: Mapping[str, list[str]], key: str, default: int | None = None) -> int:
    text = header.get(key, [None])[0]
    if text is None and default is not None:
        return default
    try:
        return int(text)
    except (TypeError, ValueError) as error:
        raise _fault(path, tr("gives no usable {key} (found {text!r})", key=key, text=text)) from error


def _places(table: pd.DataFrame) -> pd.Series:
    """Write places as genome browsers do; missing where the annotation holds ``---`` or nothing."""
    rows = table.reindex(columns=_PLACE, fill_value="").to_numpy()
    places = [None if {"", "---"} & set(row[:3]) else "{}:{}-{} ({})".format(*row) for row in rows]
    return pd.Series(places, index=table.index, dtype="str")


def _first_gene(assignment: str) -> tuple[str | None, str | None]:
    """Symbol and name of the first of ``accession // symbol // name // place // number /// ...`` that has a
    symbol.
    """
    for part in assignment.split(" /// "):
        fields = part.split(" // ")
        if len(fields) > 2 and fields[1].strip() not in ("", "---"):
            name = fields[2].strip()
            return fields[1].strip(), None if name in ("", "---") else name
    return None, None
