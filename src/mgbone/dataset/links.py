"""Links that lead out of a dataset's folder: a folder of others must not read what lies beside it."""

from __future__ import annotations

import os
from pathlib import Path

from mgbone.dataset.faults import Fault
from mgbone.study.language import tr


def links_out(folder: Path) -> list[Fault]:
    """Return the faults of links, in the folder and below it, that lead out of it or to nothing."""
    root = folder.resolve()
    faults = []
    for where, folders, files in os.walk(folder):
        for name in sorted([*folders, *files]):
            path = Path(where) / name
            if path.is_symlink() and not _leads_within(path, root):
                problem = tr("is a link that leads out of the folder")
                advice = tr("Copy what it leads to into the folder, in place of the link.")
                faults.append(Fault(path.relative_to(folder).as_posix(), problem, advice))
    return sorted(faults, key=str)


def _leads_within(path: Path, root: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # broken, or in a circle
        return False
