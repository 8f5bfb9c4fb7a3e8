"""What make is told of a finished check: when it was, and of which content."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from mgbone.study.paths import write_aside

NOTES = "dataset.notes.json"
"""What a check had to say without a fault: lists of doubts and of notes, for the report."""
DIGEST = "dataset.digest"
"""Which files the check found good: their SHA-256 and names."""


def record_check(
    dataset: Path, folder: Path, started: int, doubts: Sequence[str] = (), notes: Sequence[str] = ()
) -> None:
    """Note in `folder` that a dataset was found good by a check that `started` then (ns since the epoch).

    ``dataset.digest`` changes only if the content of a file of the dataset did: notebooks depend on it, so
    that a file that was only touched runs none of them. ``dataset.checked`` carries the time: make asks for
    another check if anything in the dataset is newer.
    """
    digest = dataset_digest(dataset)
    record = folder / DIGEST
    if not record.is_file() or record.read_text(encoding="utf-8") != digest:
        with write_aside(record) as aside:
            aside.write_text(digest, encoding="utf-8")
    with write_aside(folder / NOTES) as aside:
        said = {"doubts": list(doubts), "notes": list(notes)}
        aside.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    with write_aside(folder / "dataset.checked") as aside:
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


def recorded_files(folder: Path) -> dict[str, str] | None:
    """Return the SHA-256 of each file that the last check recorded in `folder` saw; None without a check."""
    record = folder / DIGEST
    if not record.is_file():
        return None
    lines = record.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def recorded_notes(folder: Path) -> tuple[list[str], list[str]]:
    """Return what the last check recorded in `folder` had to say: doubts and notes; none without a check."""
    record = folder / NOTES
    said = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    return said.get("doubts", []), said.get("notes", [])
