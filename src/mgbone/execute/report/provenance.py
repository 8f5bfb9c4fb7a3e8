"""What a run was made from: files with checksums, versions of software, the commit, the seed."""

import json
import os
import platform
import re
import subprocess
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from mgbone.dataset.described import DescribedRun
from mgbone.dataset.descriptor import DESCRIPTOR, file_sha256
from mgbone.study.dictionary import TABLES, endpoint, endpoints
from mgbone.study.paths import project_root
from mgbone.study.places import listed_files, relative

CODE = (
    "src", "notebooks", "data/study.yml", "data/glossary.yml", "data/faulty", "data/report", "data/genesets",
    "Makefile", "pyproject.toml", "requirements.lock",
)  # fmt: skip
"""What a commit has to hold for the run to be the commit's."""


@dataclass(frozen=True)
class SourceFile:
    """A file of the run: where it lies, its name within the project, its size in bytes and SHA-256."""

    path: Path
    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Commit:
    """The state of the project's folder: the commit, its date, and whether code differs from it."""

    id: str
    date: str
    changed: bool


@dataclass(frozen=True)
class Package:
    """A package that the project declares: the version in use and the one in the lock (empty if unknown)."""

    name: str
    version: str
    locked: str


@dataclass(frozen=True)
class Layout(DescribedRun):
    """Where the run of one dataset lies, and what stands there."""

    def outputs(self, notebook: str) -> list[Path]:
        """Return the files that a notebook said it wrote and that are there."""
        return [path for path in listed_files(self.lists / f"{notebook}.outputs.txt") if path.is_file()]

    def inputs(self, notebook: str) -> list[Path]:
        """Return the derived tables that a notebook read and that are there."""
        return [path for path in listed_files(self.lists / f"{notebook}.inputs.txt") if path.is_file()]

    @cached_property
    def notebooks(self) -> list[str]:
        """The stems of the notebooks that have run, in order."""
        return sorted(path.name.removesuffix(".outputs.txt") for path in self.lists.glob("*.outputs.txt"))

    @cached_property
    def inside(self) -> str:
        """The dataset's folder as `make` is given it, without naming a folder of this machine."""
        return relative(self.data, outside=f".../{self.name}")

    @property
    def settings(self) -> str:
        """What `make` is told to make this run again."""
        return f"DATASET={self.inside}" + (f" LANGUAGE={self.language}" if self.language != "en" else "")

    @cached_property
    def data_files(self) -> list[SourceFile]:
        """Every file of the dataset's folder that is not hidden, by name."""
        found = []
        for path in sorted(self.data.rglob("*")):
            parts = path.relative_to(self.data).parts
            if path.is_file() and not any(part.startswith((".", "~$")) for part in parts):
                found.append(source_file(path, "/".join(("data", self.name, *parts))))
        return found

    @cached_property
    def shared_files(self) -> list[SourceFile]:
        """The project's own study, ledger and gene sets."""
        root = project_root()
        paths = [root / "data" / "study.yml", *sorted((root / "data" / "report").glob("*.csv"))]
        paths += sorted(path for path in (root / "data" / "genesets").glob("*") if path.suffix != ".R")
        return [source_file(path, path.relative_to(root).as_posix()) for path in paths if path.is_file()]

    def raw_files_of(self, part: str) -> list[SourceFile]:
        """Return the files of the dataset that the notebook of `part` (biochem, qct, microarray) rests on.

        Which tables an endpoint is derived from stands in the dictionary; arrays also need all files that are
        no table. In a laboratory's own folder any file may hold any table, so that each part but the last
        rests on all of them.
        """
        domain = {source.partition(".")[0] for e in endpoints(part) for source in endpoint(e)["derived_from"]}
        tables = {f"{table}.csv" for table in domain | {"animals"}} if domain else set()
        tables |= {f"{table}.csv" for table in TABLES if part == "qct" and table.startswith("qct_")}
        every = {f"{table}.csv" for table in TABLES} | {DESCRIPTOR, "README.md", "study.yml"}
        if domain and not self.has_descriptor:
            return self.data_files
        chosen = []
        for file in self.data_files:
            inside = file.name.split("/", 2)[2]
            if inside in tables or (part == "microarray" and inside not in every):
                chosen.append(file)
        return chosen


def source_file(path: Path, name: str) -> SourceFile:
    """Measure a file."""
    return SourceFile(path, name, path.stat().st_size, file_sha256(path))


def packages() -> list[Package]:
    """Return the packages that pyproject.toml declares for use, with the versions installed and locked."""
    root = project_root()
    declared = _project()["dependencies"]
    lock = root / "requirements.lock"
    text = lock.read_text(encoding="utf-8") if lock.is_file() else ""
    locked = dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", text, re.M | re.I))
    found = []
    for line in declared:
        name = re.match(r"[A-Za-z0-9._-]+", line)[0]
        found.append(Package(name, _installed(name), locked.get(re.sub(r"[._-]+", "-", name).lower(), "")))
    return found


def python_version() -> str:
    """Return the version of the running Python."""
    return platform.python_version()


def project_version() -> str:
    """Return the version of this package as pyproject.toml states it."""
    return _project()["version"]


def citation() -> dict[str, Any]:
    """Return what CITATION.cff says; empty if there is none."""
    path = project_root() / "CITATION.cff"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}


def commit() -> Commit | None:
    """Return the commit that the project's folder is at; None if it is no checkout, or git is not there."""
    root = project_root()
    if not (root / ".git").exists():
        return None
    head = _git("show", "-s", "--format=%H %cI", "HEAD").split()
    if len(head) != 2:
        return None
    return Commit(head[0], head[1], bool(_git("status", "--porcelain", "--", *CODE)))


def dataset_licences(layout: Layout) -> list[dict[str, str]]:
    """Return the licences in the dataset's descriptor, each with a name and perhaps title and path."""
    if not layout.has_descriptor:
        return []
    raw = json.loads((layout.data / DESCRIPTOR).read_text(encoding="utf-8")).get("licenses") or []
    return [entry for entry in raw if isinstance(entry, dict) and entry.get("name")]


def day_of_publication(files: Iterable[SourceFile]) -> str:
    """Return the day that the run is dated, as 2026-01-31, so that one run of one state is always the same.

    It is the day of ``SOURCE_DATE_EPOCH`` if that is set, otherwise that of the commit, otherwise that of the
    newest input file.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdigit():
        return datetime.fromtimestamp(int(epoch), UTC).date().isoformat()
    state = commit()
    if state is not None:
        return state.date[:10]
    newest = max((file.path.stat().st_mtime for file in files), default=0.0)
    return datetime.fromtimestamp(newest, UTC).date().isoformat()


def _project() -> dict[str, Any]:
    return tomllib.loads((project_root() / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(project_root()), *arguments]
    variables = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        answer = subprocess.run(
            command, env=variables, capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout if answer.returncode == 0 else ""
