"""What make is told of a finished check or notebook: made from what, with which settings, writing what."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from mgbone.study.paths import project_root, write_aside


def relative(path: Path) -> str:
    """Return `path` as seen from the project's folder if it lies there; otherwise as it is."""
    try:
        return path.absolute().relative_to(project_root().absolute()).as_posix()
    except ValueError:
        return path.as_posix()


PARTS = ("biochem", "qct", "microarray", "integration")
"""The parts of the package that belong to one notebook each."""


def modules_of_notebook(modules: Iterable[str], code: str) -> list[str]:
    """Drop the parts that a notebook has loaded but does not itself name.

    Opening a dataset tries its CEL files and so loads array code in every notebook. If that code changes, the
    dataset is checked again; the figures of the other notebooks can't change by it.
    """
    named = {part for part in PARTS if re.search(rf"\b{part}\b", code)}
    package = Path(__file__).resolve().parents[1]
    kept = []
    for module in modules:
        inside = Path(module).resolve().relative_to(package).with_suffix("")
        if inside.parts[0] not in set(PARTS) - named:
            kept.append(module)
    return kept


def loaded_modules() -> list[str]:
    """Return the files of this package's modules that the running interpreter has loaded."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == "mgbone"]
    return sorted(module.__file__ for module in modules if getattr(module, "__file__", None))


def module_rules(target: Path, modules: Iterable[str]) -> list[str]:
    """Say in make's language that `target` was made by `modules`.

    Each module also stands as a target without a rule, so that one that is deleted later makes `target` stale
    and does not stop make.
    """
    used = [relative(Path(module)) for module in modules]
    return [*(f"{relative(target)}: {module}" for module in used), *(f"{module}:" for module in used)]


def record_notebook(
    target: Path, dataset: Path, settings: list[str], outputs: list[Path], modules: list[str]
) -> None:
    """Write ``<notebook>.mk`` beside the executed notebook `target`."""
    lines = [
        f"# dataset: {relative(dataset)}",
        f"settings.{target.stem} := {'|'.join(settings)}",
        f"outputs.{target.stem} := {' '.join(relative(path) for path in outputs)}",
        *module_rules(target, modules),
    ]
    _write(target.with_suffix(".mk"), lines)


def record_check(dataset: Path, folder: Path, started: int) -> None:
    """Note in `folder` that a dataset was found good by a check that `started` then (ns since the epoch).

    ``dataset.digest`` changes only if the content of a file of the dataset did: notebooks depend on it, so
    that a file that was only touched runs none of them. ``dataset.checked`` carries the time: make asks for
    another check if anything in the dataset is newer. ``dataset.mk`` names the modules that did the checking.
    """
    digest = dataset_digest(dataset)
    record = folder / "dataset.digest"
    if not record.is_file() or record.read_text(encoding="utf-8") != digest:
        with write_aside(record) as aside:
            aside.write_text(digest, encoding="utf-8")
    checked = folder / "dataset.checked"
    _write(folder / "dataset.mk", module_rules(checked, loaded_modules()))
    with write_aside(checked) as aside:
        os.utime(aside, ns=(started, started))


def dataset_digest(dataset: Path) -> str:
    """Return one SHA-256 per file of a dataset folder, as ``sha256sum`` would; hidden files don't count."""
    files = sorted(path for path in dataset.rglob("*") if path.is_file())
    lines = []
    for path in files:
        inside = path.relative_to(dataset)
        if not any(part.startswith((".", "~$")) for part in inside.parts):
            with path.open("rb") as handle:
                lines.append(f"{hashlib.file_digest(handle, 'sha256').hexdigest()}  {inside.as_posix()}\n")
    return "".join(lines)


def _write(path: Path, lines: list[str]) -> None:
    with write_aside(path) as aside:
        aside.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
