"""The descriptor of a dataset folder, datapackage.json: reading it, holding it against the files, writing it.

It is a Frictionless Data Package (version 1 of the specification) with a few properties more: ``kind``
(simulated or measured), ``title_ja``, ``seed`` and, on fields, titles in Japanese and units.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from mgbone.dataset.arrays.expression import NAME as EXPRESSION
from mgbone.dataset.arrays.expression import expression_files
from mgbone.dataset.faults import Fault, cause, listing, not_readable
from mgbone.dataset.table import BELOW_LIMIT
from mgbone.study.dictionary import TABLES, table_fields, table_schema
from mgbone.study.errors import MgboneError
from mgbone.study.language import tr
from mgbone.study.paths import write_aside

DESCRIPTOR = "datapackage.json"
KINDS = ("simulated", "measured")

CC0 = {
    "name": "CC0-1.0",
    "title": "CC0 1.0 Universal",
    "path": "https://creativecommons.org/publicdomain/zero/1.0/",
}

FILE_FOLDERS = ("cel", "platform")
LONGEST_NAME = 255  # bytes that common file systems allow one part of a path
LONGEST_PATH = 1000
_MEDIATYPES = {"csv": "text/csv"}


@dataclass
class Descriptor:
    """What datapackage.json says, and which files it names."""

    kind: str = "measured"
    title: str = ""
    title_ja: str = ""
    seed: int | None = None
    tables: dict[str, str] = field(default_factory=dict)
    limits: dict[str, dict[str, float]] = field(default_factory=dict)  # of detection, by table and field
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


def write_datapackage(
    folder: str | Path,
    kind: str,
    title: str,
    title_ja: str = "",
    *,
    description: str = "",
    seed: int | None = None,
    version: str = "1.0.0",
    licenses: Sequence[Mapping[str, str]] = (),
    groups: Mapping[str, tuple[str, ...]] | None = None,
    detection_limits: Mapping[str, float] | None = None,
) -> Path:
    """Write datapackage.json for the tables and files that a folder holds, with their sizes and checksums.

    The same folder gives the same bytes: resources are in a fixed order and no date is written.

    Parameters
    ----------
    folder : path-like
        Holds the tables as CSV, CEL files in ``cel/`` (or ``expression.*``), library files in ``platform/``.
    kind : str
        ``simulated``, which needs the `seed` of its random numbers, or ``measured``.
    licenses : sequence of mapping
        name, title and path each; simulated datasets are CC0 1.0 unless something else is given.
    groups : mapping of str to tuple of str, optional
        Groups per experiment, written as the allowed values of ``animals``.
    detection_limits : mapping of str to float, optional
        Limit of detection by field, as ``{"serum_pth": 5}``, in the unit of the field: there ``N.D.`` is then
        read as ``<5``. Without it the limits of the descriptor that the folder holds already are kept.

    Raises
    ------
    MgboneError
        If the kind is unknown, a simulated dataset has no seed, the folder holds no table, or a limit
        of detection can't be one.
    """
    folder = Path(folder)
    if kind not in KINDS:
        kinds = tr(" or ").join(KINDS)
        raise MgboneError(tr("The kind {kind!r} is not known; choose {kinds}.", kind=kind, kinds=kinds))
    if kind == "simulated" and seed is None:
        raise MgboneError(tr("A simulated dataset must name the seed that it was made with."))
    tables = [name for name in TABLES if (folder / f"{name}.csv").is_file()]
    if not tables:
        names = tr(", ").join(TABLES)
        raise MgboneError(
            tr("{folder} holds none of the tables {names} (as .csv).", folder=folder, names=names)
        )
    limits = _stated_limits(folder) if detection_limits is None else dict(detection_limits)
    for name, limit in limits.items():
        if not any(name in columns for columns in BELOW_LIMIT.values()) or not _is_limit(limit):
            said = tr(
                "{name}: {limit!r} can't be a limit of detection; give a number above 0, in the unit of the "
                "column, for one of {columns}",
                name=name, limit=limit, columns=_with_limits(),
            )  # fmt: skip
            raise MgboneError(said)
    descriptor: dict[str, Any] = {
        "profile": "data-package",
        "name": folder.name.lower(),
        "title": title,
        "title_ja": title_ja or title,
        "description": description,
        "kind": kind,
        "seed": seed,
        "version": version,
        "licenses": [dict(entry) for entry in licenses or ([CC0] if kind == "simulated" else [])],
        "resources": [_table_resource(folder, name, groups, limits) for name in tables]
        + _file_resources(folder),
    }
    descriptor = {key: value for key, value in descriptor.items() if value not in (None, "", [])}
    path = folder / DESCRIPTOR
    with write_aside(path) as aside:
        text = json.dumps(descriptor, ensure_ascii=False, indent=2) + "\n"
        aside.write_text(text, encoding="utf-8", newline="\n")
    return path


def _table_resource(
    folder: Path, name: str, groups: Mapping[str, tuple[str, ...]] | None, limits: Mapping[str, float]
) -> dict[str, Any]:
    schema = table_schema(name, groups)
    for one in schema["fields"]:
        if one["name"] in BELOW_LIMIT.get(name, ()) and one["name"] in limits:
            one["detection_limit"] = float(limits[one["name"]])
    about = {key: schema.pop(key) for key in ("title", "title_ja", "description", "description_ja")}
    head = {"profile": "tabular-data-resource", "name": name, "path": f"{name}.csv", **about}
    form = {"format": "csv", "mediatype": "text/csv", "encoding": "utf-8"}
    return head | form | _facts(folder / f"{name}.csv") | {"schema": schema}


def _file_resources(folder: Path) -> list[dict[str, Any]]:
    paths = sorted(
        path
        for part in FILE_FOLDERS
        for path in (folder / part).glob("*")
        if path.is_file() and not path.name.startswith(".")
    )
    paths = expression_files(folder) + paths
    with ThreadPoolExecutor() as pool:
        facts = list(pool.map(_facts, paths))
    return [_file_resource(path.relative_to(folder), one) for path, one in zip(paths, facts, strict=True)]


def _file_resource(path: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    kind = path.suffix.lstrip(".").lower()
    form = {"format": kind, "mediatype": _MEDIATYPES.get(kind, "application/octet-stream")}
    name = EXPRESSION if path.parent == Path() else path.as_posix().lower()
    return {"name": name, "path": path.as_posix(), **form, **facts}


def _facts(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "hash": f"sha256:{file_sha256(path)}"}


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, read piecewise."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- reading it --------------------------------------------------------------------------------------


def read_descriptor(folder: Path) -> tuple[Descriptor | None, list[Fault]]:
    """Read and check the descriptor of a folder, without looking at the files that it names.

    There is none where it can't be read at all.
    """
    raw, faults = _load(folder / DESCRIPTOR)
    if raw is None:
        return None, faults
    descriptor = Descriptor(title=str(raw.get("title") or folder.name))
    descriptor.title_ja = str(raw.get("title_ja") or descriptor.title)
    if raw.get("kind") in KINDS:
        descriptor.kind = raw["kind"]
    else:
        advice = tr('Write "kind": "simulated" or "kind": "measured".')
        faults.append(_fault(tr("kind is {kind!r}", kind=raw.get("kind")), advice))
    seed = raw.get("seed")
    if isinstance(seed, int) and not isinstance(seed, bool):
        descriptor.seed = seed
    elif descriptor.kind == "simulated":
        advice = tr(
            "Simulated data must name the whole number they were made with. Take datapackage.json from git "
            "again, or run `python -m mgbone.simulate --rewrite`, which renews it."
        )
        faults.append(_fault(tr("seed is {seed!r}", seed=seed), advice))
    return descriptor, faults + _read_resources(raw.get("resources"), descriptor)


def _fault(problem: str, advice: str) -> Fault:
    return Fault(DESCRIPTOR, problem, advice)


def simulated_without_hash(problem: str) -> Fault:
    """Return the fault of a simulated file whose checksum datapackage.json does not hold."""
    advice = tr(
        "Simulated files carry a checksum. Take datapackage.json from git again, or run "
        "`python -m mgbone.simulate --rewrite`, which renews it."
    )
    return _fault(problem, advice)


def _load(path: Path) -> tuple[dict[str, Any] | None, list[Fault]]:
    try:
        raw = json.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        advice = tr(
            "A folder of your own needs none, but a workbook (.xlsx) or CSV files (data/README.md); "
            "is this the right folder?"
        )
        return None, [_fault(tr("the file is missing"), advice)]
    except OSError as error:
        problem = tr("can't be opened ({error})", error=cause(error))
        return None, [_fault(problem, tr("Check the permissions of the file."))]
    except UnicodeDecodeError as error:
        problem = tr("is not UTF-8 text (byte {byte})", byte=error.start + 1)
        return None, [_fault(problem, tr("Save it in the encoding UTF-8."))]
    except json.JSONDecodeError as error:
        said = {"error": error.msg, "line": error.lineno, "character": error.colno}
        problem = tr("is not valid JSON: {error} in line {line}, character {character}", **said)
        advice = tr("Mend that place; a comma, bracket or quotation mark is the usual cause.")
        return None, [_fault(problem, advice)]
    except ValueError as error:
        return None, [_fault(tr("is not valid JSON ({error})", error=error), tr("Write it anew."))]
    except RecursionError:
        return None, [_fault(tr("is not valid JSON: it is nested without end"), tr("Write it anew."))]
    if not isinstance(raw, dict):
        advice = tr("It begins with { and ends with }, see data/README.md.")
        return None, [_fault(tr("holds no JSON object"), advice)]
    return raw, []


def _read_resources(resources: Any, descriptor: Descriptor) -> list[Fault]:
    if not isinstance(resources, list) or not resources:
        advice = tr("List every table and file of the dataset under resources.")
        return [_fault(tr("lists no resources"), advice)]
    faults: list[Fault] = []
    for number, resource in enumerate(resources, start=1):
        if not isinstance(resource, dict) or not isinstance(resource.get("path"), str):
            problem = tr("resource {number} has no path", number=number)
            faults.append(_fault(problem, tr("Give the path of one file in this folder.")))
            continue
        path, name = resource["path"], resource.get("name")
        if not is_inside(path):
            said = {"number": number, "path": path[:80]}
            problem = tr("resource {number} has the path {path!r}, which is none within the folder", **said)
            advice = tr("Give a path within the dataset folder, with / between its parts.")
            faults.append(_fault(problem, advice))
            continue
        if path in descriptor.files:
            problem = tr("{path} is listed twice", path=path)
            faults.append(_fault(problem, tr("Delete one of the two resources.")))
            continue
        descriptor.files[path] = resource
        if name in TABLES:
            descriptor.tables[name] = path
            faults += _contradictions(name, resource.get("schema"))
            descriptor.limits[name], found = _detection_limits(name, resource.get("schema"))
            faults += found
        if descriptor.kind == "simulated" and "hash" not in resource:
            faults.append(simulated_without_hash(tr("{path} has no hash", path=path)))
    return faults


def is_inside(path: str) -> bool:
    """Say whether a path, as written in a dataset, can be one of a file within the folder of the dataset."""
    pure = PurePosixPath(path)
    try:
        longest = max((len(part.encode()) for part in pure.parts), default=0)
    except UnicodeEncodeError:
        return False
    if not 0 < longest <= LONGEST_NAME or len(path) > LONGEST_PATH:
        return False
    return not pure.is_absolute() and ".." not in pure.parts and not set(path) & set("\\:\0")


def _entries(raw: Any, key: str) -> list[dict[str, Any]]:
    held = raw.get(key) if isinstance(raw, dict) else None
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []


def _contradictions(name: str, schema: Any) -> list[Fault]:
    """Hold an embedded schema against the dictionary: another unit would be a silent factor in results."""
    faults = []
    for given in _entries(schema, "fields"):
        known = table_fields(name).get(str(given.get("name")))
        for key in ("unit", "type") if known else ():
            if key in given and given[key] != known.get(key):
                said = {"column": f"{name}.{known['name']}", "found": given[key], "known": known.get(key)}
                problem = tr("gives {column} the type {found!r}, but it is {known!r}", **said)
                advice = tr("Take the schema from data/README.md.")
                if key == "unit":
                    problem = tr("gives {column} the unit {found!r}, but it is {known!r}", **said)
                    advice = tr("Convert the values first.")
                faults.append(_fault(problem, advice))
    return faults


def _is_limit(limit: Any) -> bool:
    return isinstance(limit, int | float) and not isinstance(limit, bool) and 0 < limit < float("inf")


def _with_limits() -> str:
    return tr(", ").join(name for columns in BELOW_LIMIT.values() for name in sorted(columns))


def _detection_limits(name: str, schema: Any) -> tuple[dict[str, float], list[Fault]]:
    """Return the limits of detection that the fields of a table state, and those that can't be one."""
    limits, faults = {}, []
    for given in _entries(schema, "fields"):
        if "detection_limit" not in given:
            continue
        column, limit = str(given.get("name")), given["detection_limit"]
        if column in BELOW_LIMIT.get(name, ()) and _is_limit(limit):
            limits[column] = float(limit)
        else:
            problem = tr(
                "gives {column} the detection_limit {limit!r}", column=f"{name}.{column}", limit=limit
            )
            advice = tr(
                "Give a number above 0, in the unit of the column, for one of {columns}; or delete it.",
                columns=_with_limits(),
            )
            faults.append(_fault(problem, advice))
    return limits, faults


def _stated_limits(folder: Path) -> dict[str, float]:
    """Return the limits of detection in a descriptor that is about to be written anew."""
    return {
        column: limit
        for one in _entries(_load(folder / DESCRIPTOR)[0], "resources")
        for column, limit in _detection_limits(str(one.get("name")), one.get("schema"))[0].items()
    }


# --- the files that it names -------------------------------------------------------------------------


def check_files(folder: Path, descriptor: Descriptor, data: Mapping[str, bytes]) -> list[Fault]:
    """Check that every listed file is there and is the one that was described.

    Of files that have been read already, `data` holds the contents by path.
    """
    there = {path: (folder / path).is_file() for path in descriptor.files}
    missing, present = ([path for path, is_there in there.items() if is_there == of] for of in (False, True))
    with ThreadPoolExecutor() as pool:
        checked = pool.map(lambda path: _check_file(folder, path, descriptor, data.get(path)), present)
        return missing_files(missing, descriptor.kind) + [fault for faults in checked for fault in faults]


def missing_files(paths: Sequence[str], kind: str) -> list[Fault]:
    """Return a fault per missing file, or one for a folder of which more than three are missing."""
    one, many = tr("Copy it there, or correct its name."), tr("Copy them there, or correct the names.")
    if kind == "simulated":
        one, many = tr("Run `make data`, which writes it."), tr("Run `make data`, which writes them.")
    by_folder: dict[str, list[str]] = {}
    for path in paths:
        by_folder.setdefault(PurePosixPath(path).parent.as_posix(), []).append(path)
    faults = []
    for folder, inside in by_folder.items():
        if len(inside) > 3 and folder != ".":
            names = listing((PurePosixPath(path).name for path in inside), most=3)
            problem = tr("{count} files are missing ({names})", count=len(inside), names=names)
            faults.append(Fault(f"{folder}/", problem, many))
        else:
            faults += [Fault(path, tr("the file is missing"), one) for path in inside]
    return faults


def _check_file(folder: Path, path: str, descriptor: Descriptor, data: bytes | None) -> list[Fault]:
    resource = descriptor.files[path]
    stated, size = resource.get("hash"), resource.get("bytes")
    try:
        found_size = len(data) if data is not None else (folder / path).stat().st_size
        if stated is None:
            expected = tr("{size} bytes", size=size)
            return [] if size in (None, found_size) else [_changed(path, expected, found_size, descriptor)]
        expected = str(stated).removeprefix("sha256:").lower()
        if len(expected) != 64 or set(expected) - set("0123456789abcdef"):
            problem = tr("the hash of {path} is {hash!r}, not a SHA-256", path=path, hash=str(stated))
            advice = tr('Write "sha256:" and 64 hexadecimal digits, or leave the hash out of measured data.')
            return [_fault(problem, advice)]
        found = file_sha256(folder / path) if data is None else hashlib.sha256(data).hexdigest()
    except OSError as error:
        return [not_readable(path, error)]
    if found == expected:
        return []
    if data is not None and hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest() == expected:
        advice = tr(
            "Save it with LF; git does that after `git config core.autocrlf false` and a fresh checkout."
        )
        return [Fault(path, tr("its line endings were changed to CRLF, so the checksum differs"), advice)]
    found = tr("{hash} ({found} bytes, described: {size})", hash=found, found=found_size, size=size)
    return [_changed(path, f"sha256 {expected}", found, descriptor)]


def _changed(path: str, expected: str, found: object, descriptor: Descriptor) -> Fault:
    if descriptor.kind == "simulated":
        advice = tr(
            "Run `make data` to write it anew as described; if a change of the generator is intended, run"
            " `python -m mgbone.simulate --rewrite`, which renews files and checksums."
        )
    else:
        advice = tr(
            "Copy the file again; if the change is intended, delete its hash and bytes in datapackage.json."
        )
    problem = tr("the checksum is wrong: expected {expected}, found {found}", expected=expected, found=found)
    return Fault(path, problem, advice)
