"""The one door to data: open a dataset folder, checked as a whole, or learn all that is wrong with it."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path, PurePosixPath

import pandas as pd

from mgbone.dataset.agreement import check_relations
from mgbone.dataset.arrays.expression import NAME as EXPRESSION
from mgbone.dataset.arrays.expression import check_expression, expression_files
from mgbone.dataset.csv_table import read_table
from mgbone.dataset.descriptor import (
    DESCRIPTOR,
    Descriptor,
    check_files,
    is_inside,
    missing_files,
    read_descriptor,
    simulated_without_hash,
)
from mgbone.dataset.faults import Fault, fault_of, listing, not_readable, slip_fault
from mgbone.dataset.plausible import find_implausible
from mgbone.dataset.table import Table
from mgbone.study.design import Study, load_study
from mgbone.study.dictionary import OPTIONAL, TABLES, table_fields
from mgbone.study.errors import CelError, DatasetError, StudyError
from mgbone.study.language import N_, tr
from mgbone.study.ledger import LEDGER, ledger_faults, load_claims
from mgbone.study.paths import resolve

SHIPPED = ("simulated", "null")
"""Folders that are never taken for a laboratory's own, even if they have lost their descriptor."""

LABELS = {"simulated": N_("simulated data"), "measured": N_("measured data")}


@dataclass(frozen=True, eq=False)
class Dataset:
    """A dataset folder, opened and found without fault; made by `open_dataset`.

    Attributes
    ----------
    name : str
        The last part of `path`; outputs are named after it.
    kind : str
        ``simulated`` or ``measured``.
    study : Study
        From study.yml in the folder if there is one, otherwise the compendium's.
    animals, serum, urine, balance, qct_slices, arrays : DataFrame
        With the columns and units of the dictionary (data/README.md), in the order of the files; missing
        values are NaN. None (but for animals) where a measured dataset lacks the table.
    qct_regions : DataFrame or None
        Columns animal_id, structure, region, density (mg/cm3): regional density as the scanner's software
        gave it, where there are no slices.
    cel_paths : tuple of Path
        The CEL file of each row of `arrays`, in its order; empty where the arrays come normalised.
    expression_path : Path or None
        The table of already normalised expression that stands in place of CEL files.
    platform_folder : Path or None
        The folder of library files (PGF, CLF, MPS, transcript annotation).
    below_limit : DataFrame
        Columns table, field, animal_id, limit: one row per cell that read "<limit", or "N.D." in a column
        whose limit datapackage.json states. The table holds the limit there;
        `mgbone.biochem.endpoints.derive_endpoints` marks what follows from it as censored.
    notes : tuple of str
        What was left out or converted on opening without being a fault, as unknown columns, or units.
    suspect : callable
        Finds the faults that `doubts` tells of.
    """

    path: Path
    name: str
    kind: str
    title: str
    title_ja: str
    seed: int | None
    study: Study = field(repr=False)
    animals: pd.DataFrame = field(repr=False)
    serum: pd.DataFrame | None = field(repr=False, default=None)
    urine: pd.DataFrame | None = field(repr=False, default=None)
    balance: pd.DataFrame | None = field(repr=False, default=None)
    qct_slices: pd.DataFrame | None = field(repr=False, default=None)
    arrays: pd.DataFrame | None = field(repr=False, default=None)
    qct_regions: pd.DataFrame | None = field(repr=False, default=None)
    cel_paths: tuple[Path, ...] = field(repr=False, default=())
    expression_path: Path | None = None
    platform_folder: Path | None = None
    below_limit: pd.DataFrame = field(
        repr=False, default_factory=lambda: pd.DataFrame(columns=["table", "field", "animal_id", "limit"])
    )
    notes: tuple[str, ...] = ()
    suspect: Callable[[], Iterable[Fault]] = field(repr=False, default=tuple)

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """What is possible but hardly true (`plausible`), for a person to look at; sought when asked for."""
        return tuple(map(str, self.suspect()))

    @property
    def is_simulated(self) -> bool:
        """Whether no animal stands behind these numbers."""
        return self.kind == "simulated"

    @property
    def label(self) -> str:
        """What kind of data this is, as figures must say."""
        return tr(LABELS[self.kind])

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables that the dataset holds, by name."""
        held = {name: getattr(self, name) for name in TABLES}
        return {name: table for name, table in held.items() if table is not None}


def open_dataset(path: str | Path) -> Dataset:
    """Open a dataset folder and check all of it.

    It holds datapackage.json, or a laboratory's workbook or CSV files; a relative path counts from the
    project's folder.

    Raises
    ------
    DatasetError
        If anything is wrong; it lists every fault of all files with file, row and column.
    """
    dataset, faults = _read(resolve(path))
    if faults or dataset is None:
        raise DatasetError([str(fault) for fault in faults])
    return dataset


def check_dataset(path: str | Path) -> list[str]:
    """Return every fault of a dataset folder, one line each; an empty list means that it can be opened."""
    return [str(fault) for fault in _read(resolve(path))[1]]


def ledger_of(dataset: Dataset) -> pd.DataFrame:
    """Return the statements that a dataset is held against.

    ``claims.csv`` in its folder if there is one; the report's if the dataset follows the report's design; for
    a study of its own none, since the report's statements are not about it.
    """
    own = dataset.path / LEDGER
    if own.is_file():
        return load_claims(own)
    report = load_claims()
    return report if dataset.study.follows_report else report.head(0)


def _read(folder: Path) -> tuple[Dataset | None, list[Fault]]:
    if not folder.is_dir():
        problem = tr("is a file, not a folder") if folder.is_file() else tr("the folder is missing")
        return None, [Fault(str(folder), problem, tr("Give the folder that holds the dataset."))]
    if links := _links_out(folder):
        return None, links
    if not (folder / DESCRIPTOR).exists() and folder.name not in SHIPPED:
        from mgbone.dataset.lab.folder import is_lab_folder  # which the shipped datasets don't need

        if is_lab_folder(folder):
            return _read_lab(folder)
    descriptor, faults = read_descriptor(folder)
    if descriptor is None:
        return None, faults
    study, study_faults = _read_study(folder)
    faults += study_faults + _check_listed(folder, descriptor)
    data, read_faults = _read_bytes(folder, descriptor)
    tables = {
        name: read_table(data[path], path, name, descriptor.limits.get(name), folder.name in SHIPPED)
        for name, path in descriptor.tables.items()
        if path in data
    }
    faults += read_faults + [fault for table in tables.values() for fault in table.faults]
    frames = {name: table.frame for name, table in tables.items() if table.frame is not None}
    if study is not None:
        faults += check_relations(frames, descriptor.tables, study) + _check_ledger(folder, study)
    faults += check_files(folder, descriptor, data)
    expression, notes = None, []
    if "arrays" in frames:
        expression, found, notes = _check_scans(folder, frames["arrays"], descriptor)
        faults += found
    if faults or study is None:
        return None, faults
    dataset = _dataset(folder, descriptor, study, tables, expression, notes)
    return replace(dataset, suspect=partial(find_implausible, tables, descriptor.tables, study)), []


def _links_out(folder: Path) -> list[Fault]:
    """Return the faults of pipes, and of links that lead out of the folder or to nothing, at any depth."""
    root = folder.resolve()
    faults = []
    for where, folders, files in os.walk(folder):
        for name in sorted([*folders, *files]):
            path = Path(where) / name
            if path.is_symlink() and not _leads_within(path, root):
                problem = tr("is a link that leads out of the folder")
                advice = tr("Copy what it leads to into the folder, in place of the link.")
                faults.append(Fault(path.relative_to(folder).as_posix(), problem, advice))
            elif not (path.is_file() or path.is_dir()):
                problem = tr("is neither a file nor a folder, but a pipe, socket or device")
                faults.append(Fault(path.relative_to(folder).as_posix(), problem, tr("Take it away.")))
    return sorted(faults, key=str)


def _leads_within(path: Path, root: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # broken, or in a circle
        return False


def _read_lab(folder: Path) -> tuple[Dataset | None, list[Fault]]:
    """Read a folder without a descriptor, as a laboratory keeps it: a workbook, or text files, or both."""
    from mgbone.dataset.lab.folder import read_folder

    study, faults = _read_study(folder)
    lab = read_folder(folder, study)
    faults += lab.faults
    files = {path.name: {} for path in expression_files(folder)}
    descriptor = Descriptor("measured", lab.title, lab.title_ja or lab.title, tables=lab.names, files=files)
    frames = lab.frames
    if study is not None:
        faults += check_relations(frames, lab.names, study, lab.partition) + _check_ledger(folder, study)
    expression, notes = None, []
    if "arrays" in frames:
        expression, found, notes = _check_scans(folder, frames["arrays"], descriptor)
        faults += found
    if faults or study is None:
        return None, list(dict.fromkeys(lab.place(fault) for fault in faults))
    dataset = _dataset(folder, descriptor, study, lab.tables, expression, notes)
    if all(
        path.name == "README.txt" for path in (folder / "platform").glob("*")
    ):  # as the template brings it
        dataset = replace(dataset, platform_folder=None)
    notes = (*map(str, lab.notes), *dataset.notes)
    suspect = partial(
        _placed, lab.place, partial(find_implausible, lab.tables, lab.names, study, lab.regions)
    )
    return replace(dataset, qct_regions=lab.regions, notes=notes, suspect=suspect), []


def _placed(place: Callable[[Fault], Fault], suspect: Callable[[], list[Fault]]) -> list[Fault]:
    return [place(doubt) for doubt in suspect()]


def _read_study(folder: Path) -> tuple[Study | None, list[Fault]]:
    own = folder / "study.yml"
    try:
        return load_study(own if own.is_file() else None), []
    except StudyError as error:
        where = "study.yml" if own.is_file() else "data/study.yml"
        slips = [slip_fault(where, slip) for slip in error.slips]
        problem = str(error).rstrip(".。")
        return None, slips or [Fault(where, problem, tr("Compare data/study.yml."))]


def _check_ledger(folder: Path, study: Study) -> list[Fault]:
    advice = tr("Correct it, or move it away: without a ledger there are no verdicts, all else is the same.")
    return [Fault(LEDGER, problem.rstrip(".。"), advice) for problem in ledger_faults(folder, study)]


def _check_listed(folder: Path, descriptor: Descriptor) -> list[Fault]:
    """Check that the tables which the kind of dataset needs are listed, and that none lies there unlisted."""
    everything = [name for name in TABLES if name not in OPTIONAL]
    needed = everything if descriptor.kind == "simulated" else ("animals",)
    faults = []
    for name in TABLES:
        if name in descriptor.tables:
            continue
        if (folder / f"{name}.csv").is_file():
            advice = tr(
                'Add a resource with "name": "{name}" and "path": "{file}", or move the file away.',
                name=name, file=f"{name}.csv",
            )  # fmt: skip
            faults.append(_unlisted(f"{name}.csv", advice))
        elif name in needed:
            advice = tr(
                'Add {file} and list it as a resource with "name": "{name}".', file=f"{name}.csv", name=name
            )
            faults.append(Fault(DESCRIPTOR, tr("the table {name} is missing", name=name), advice))
    return faults


def _unlisted(file: str, advice: str) -> Fault:
    return Fault(DESCRIPTOR, tr("does not list {file}, which lies in the folder", file=file), advice)


def _read_bytes(folder: Path, descriptor: Descriptor) -> tuple[dict[str, bytes], list[Fault]]:
    data, faults = {}, []
    for path in descriptor.tables.values():
        try:
            data[path] = (folder / path).read_bytes()
        except (FileNotFoundError, IsADirectoryError):
            continue  # reported with the other files
        except OSError as error:
            faults.append(not_readable(path, error))
    return data, faults


def _dataset(
    folder: Path,
    descriptor: Descriptor,
    study: Study,
    tables: dict[str, Table],
    expression: Path | None,
    notes: Sequence[str],
) -> Dataset:
    frames = {name: _as_handed_out(table.frame, name) for name, table in tables.items()}
    arrays = frames.get("arrays")
    platform = folder / "platform"
    return Dataset(
        path=folder,
        name=folder.name,
        kind=descriptor.kind,
        title=descriptor.title,
        title_ja=descriptor.title_ja,
        seed=descriptor.seed,
        study=study,
        **frames,
        cel_paths=() if arrays is None or expression else tuple(folder / file for file in arrays["file"]),
        expression_path=expression,
        platform_folder=platform if platform.is_dir() else None,
        below_limit=_below_limit(tables),
        notes=(*(note for table in tables.values() for note in table.notes), *notes),
    )


def _below_limit(tables: dict[str, Table]) -> pd.DataFrame:
    rows = [
        {"table": name, "field": column, "animal_id": row["animal_id"], "limit": row[column]}
        for name, table in tables.items()
        for column, below in table.below_limit.items()
        for _, row in table.frame[below].iterrows()
    ]
    return pd.DataFrame(rows, columns=["table", "field", "animal_id", "limit"])


def _as_handed_out(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    whole = [column for column, spec in table_fields(name).items() if spec["type"] == "integer"]
    return frame.astype(dict.fromkeys(whole, "int64")).reset_index(drop=True)


# --- arrays ------------------------------------------------------------------------------------------


def _check_scans(
    folder: Path, arrays: pd.DataFrame, descriptor: Descriptor
) -> tuple[Path | None, list[Fault], list[str]]:
    """Check what the arrays were read from: CEL files or, where the folder has one, an expression table."""
    tables = expression_files(folder)
    if not tables:
        return None, _check_arrays(folder, arrays, descriptor), []
    if len(tables) > 1:
        names = listing(path.name for path in tables)
        advice = tr("Leave one of them in the folder.")
        return None, [Fault(names, tr("are two tables of expression"), advice)], []
    table = tables[0]
    faults, notes = check_expression(table, arrays, descriptor.tables["arrays"])
    if table.name not in descriptor.files:
        said = {"name": EXPRESSION, "file": table.name}
        advice = tr('Add a resource with "name": "{name}" and "path": "{file}", or move it away.', **said)
        faults.insert(0, _unlisted(table.name, advice))
    scans = arrays.get("file", pd.Series(dtype=str)).dropna()
    if any(path.startswith("cel/") for path in (*descriptor.files, *scans)):
        notes.append(tr("{file} is there, so the CEL files are not used.", file=table.name))
    return table, faults, notes


def _check_arrays(folder: Path, arrays: pd.DataFrame, descriptor: Descriptor) -> list[Fault]:
    """Check the CEL file of every array: there, whole, of one chip type, and no scan twice."""
    if "file" not in arrays:
        return []
    file = descriptor.tables["arrays"]
    faults, present, missing = [], {}, []
    for row, path in arrays["file"].dropna().items():
        if not path.lower().removesuffix(".gz").endswith(".cel"):
            problem = tr(
                "found {path!r}, allowed is the path of a .CEL file, as cel/name.CEL", path=path[:80]
            )
            advice = tr("Correct it; a column of a normalised table needs that table, expression.txt.")
            faults.append(Fault(file, problem, advice, row=row, column="file"))
        elif not is_inside(path):
            problem = tr("found {path!r}, which is none within the folder", path=path[:80])
            advice = tr("Give the path within the dataset folder, with / between its parts, as cel/name.CEL.")
            faults.append(Fault(file, problem, advice, row=row, column="file"))
        elif (folder / path).is_file():
            present[path] = row
            if descriptor.kind == "simulated" and path not in descriptor.files:
                problem = tr("does not list {path}, which {file} names", path=path, file=file)
                faults.append(simulated_without_hash(problem))
        elif path not in descriptor.files:  # otherwise reported with the other files
            missing.append(path)
    faults += missing_files(missing, descriptor.kind)
    with ThreadPoolExecutor(max_workers=2) as pool:  # each may hold a whole file
        scans = dict(zip(present, pool.map(lambda path: _scan(folder, path), present), strict=True))
    faults += [scan for scan in scans.values() if isinstance(scan, Fault)]
    whole = {path: scan for path, scan in scans.items() if not isinstance(scan, Fault)}
    return faults + _check_set(whole, present, file)


def _scan(folder: Path, path: str) -> tuple[tuple[str, int, int], bytes] | Fault:
    """Read a CEL file; return its chip (type, rows, columns) and a digest of its intensities."""
    from mgbone.dataset.arrays.cel import read_cel

    try:
        cel = read_cel(folder / path, intensities_only=True)
    except CelError as error:
        return fault_of(path, error)
    digest = hashlib.blake2b(cel.intensities, digest_size=16).digest()
    return (cel.chip_type, cel.n_rows, cel.n_cols), digest


def _check_set(scans: dict[str, tuple], rows: dict[str, int], file: str) -> list[Fault]:
    faults = []
    first_of: dict[bytes, str] = {}
    for path, (_, digest) in scans.items():
        if digest in first_of:
            said = {"name": PurePosixPath(path).name, "other": first_of[digest]}
            problem = tr("{name} holds the same scan as {other}", **said)
            advice = tr("Put the right file in its place, or delete the row.")
            faults.append(Fault(file, problem, advice, row=rows[path], column="file"))
        first_of.setdefault(digest, path)
    chips: dict[tuple, list[str]] = {}
    for path, (chip, _) in scans.items():
        chips.setdefault(chip, []).append(path)
    if len(chips) > 1:
        usual = max(chips, key=lambda chip: len(chips[chip]))
        for chip, paths in chips.items():
            if chip != usual:
                named = {"names": listing(paths), "chip": _chip(chip), "usual": _chip(usual)}
                problem = tr("{names}: chip {chip}, the other arrays are {usual}", **named)
                advice = tr(
                    "Different chips can't be normalised together; analyse them as datasets of their own."
                )
                faults.append(Fault(file, problem, advice, row=rows[paths[0]], column="file"))
    return faults


def _chip(chip: Sequence) -> str:
    return tr("{chip} ({rows} x {columns} cells)", chip=chip[0], rows=chip[1], columns=chip[2])
