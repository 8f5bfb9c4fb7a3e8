"""Read whole files, gzip-compressed or not, never more than a stated number of bytes."""

import io
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mgbone.study.language import N_, tr

MAX_BYTES = 1 << 30
"""Largest file, after decompression, that is read: four times the text of the densest chip ever sold."""
MAX_LIBRARY = 1 << 29
"""Largest library file of a chip: the longest PGF files sold have some 400 MB."""
MAX_NAMES = 1 << 26
"""Largest table of names, as gene sets are: MSigDB in a whole has some 30 MB."""

GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20
_LITTER = ("__macosx",)


class UnreadableFile(ValueError):
    """A file is too large or its compression is damaged; the text says which, as the end of a sentence.

    Each reader words it in its own error, with the file's name and what to do.
    """


class FileTooLong(UnreadableFile):
    """A file is longer, or unfolds to more, than it may."""


def read_bytes(path: Path, most: int | None = None) -> bytes:
    """Return the bytes of a file, decompressed if it is a gzip file by its content.

    Raises
    ------
    OSError
        If the file can't be opened.
    UnreadableFile
        If its compression is damaged; `FileTooLong` if it has more than `most` bytes, by default `MAX_BYTES`.
    """
    most = MAX_BYTES if most is None else most
    with path.open("rb") as stream:
        if _is_gzip(stream):
            return gunzip(stream, most)
        if os.fstat(stream.fileno()).st_size > most:
            raise FileTooLong(tr("is larger than {most:,.0f} MiB", most=most / (1 << 20)))
        return stream.read()


def first_bytes(path: Path, count: int) -> bytes:
    """Return the first bytes of a file; no more of it is unfolded, and errors are those of `read_bytes`."""
    with path.open("rb") as stream:
        if not _is_gzip(stream):
            return stream.read(count)
        head = b""
        for piece in _unfolded(stream):
            head += piece
            if len(head) >= count:
                break
        return head[:count]


def gunzip(stream: BinaryIO, most: int) -> bytes:
    """Return what a gzip file unfolds to, all of its members; errors are those of `read_bytes`.

    It is unfolded twice: counted first and kept then, so that a refusal takes no memory, whatever the limit.
    """
    length = 0
    for piece in _unfolded(stream):
        length += len(piece)
        if length > most:
            raise FileTooLong(tr("unfolds to more than {most:,.0f} MiB", most=most / (1 << 20)))
    stream.seek(0)
    kept = io.BytesIO()  # which hands out what it holds without a second copy
    kept.writelines(_unfolded(stream))
    return kept.getvalue()


def _is_gzip(stream: BinaryIO) -> bool:
    begin = stream.read(2)
    stream.seek(0)
    return begin == GZIP


def _unfolded(stream: BinaryIO) -> Iterator[bytes]:
    """Unfold a gzip file piece by piece; of the module gzip a piece has no upper limit."""
    unpack = zlib.decompressobj(wbits=31)
    try:
        while chunk := (unpack.unconsumed_tail or unpack.unused_data or stream.read(_CHUNK)):
            if unpack.eof:
                if not chunk.strip(b"\0"):  # tapes and some tools pad files with zeros
                    break
                unpack = zlib.decompressobj(wbits=31)
            yield unpack.decompress(chunk, _CHUNK)
    except zlib.error as error:
        raise UnreadableFile(tr("its gzip compression is damaged ({error})", error=error)) from error
    if not unpack.eof:
        raise UnreadableFile(tr("its gzip compression ends early: the file is truncated"))


def decode(data: bytes) -> tuple[str, str | None]:
    """Return the text of a file and, unless it is Unicode, in which encoding it was read (in English).

    Excel and the consoles write UTF-8 with and without a mark at its beginning, UTF-16 with one, and the code
    page of the Windows they run on.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace"), None
    for encoding, name in (("utf-8-sig", None), ("cp932", N_("CP932 (Shift_JIS of Windows)"))):
        try:
            return data.decode(encoding), name
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", errors="replace"), N_("Windows-1252 (western European)")


def files_below(folder: Path) -> Iterator[Path]:
    """Return the files in a folder and below it, sorted, without what operating systems leave there.

    Archives packed on a Mac hold a shadow of each file: ``__MACOSX/._Chip.pgf`` beside ``Chip.pgf``.
    """
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if not any(is_litter(part) for part in parts) and path.is_file():
            yield path


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name belongs to the operating system, not to a laboratory."""
    return name.startswith(".") or name.lower() in _LITTER
