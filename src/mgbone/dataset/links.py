"""What is no file in a dataset's folder: links that lead out of it, pipes and devices, which never end."""

from __future__ import annotations

import os
from pathlib import Path

from mgbone.dataset.faults import Fault
from mgbone.study.language import tr


def links_out(folder: Path) -> list[Fault]:
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
