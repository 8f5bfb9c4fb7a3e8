"""Files are read whole, whatever their compression, and never beyond a limit."""

import gzip
import io
import tracemalloc

import pytest
from helpers.library_files import PGF

from mgbone.dataset.arrays import expression_table, files, library_files, symbol_table
from mgbone.microarray import genesets
from mgbone.study.errors import MgboneError, PlatformError

TEXT = bytes(range(256)) * 40


def test_plain_and_compressed_files_read_alike(tmp_path):
    path = tmp_path / "any.bin"
    for content in (TEXT, gzip.compress(TEXT), gzip.compress(TEXT[:999]) + gzip.compress(TEXT[999:])):
        path.write_bytes(content)
        assert files.read_bytes(path) == TEXT
    path.write_bytes(gzip.compress(TEXT) + b"\0" * 700)  # padded to whole blocks
    assert files.read_bytes(path) == TEXT


@pytest.mark.parametrize("chunk", [1, 7, 64, "first member", 1 << 20])
def test_members_may_end_where_a_chunk_does(monkeypatch, chunk):
    members = [gzip.compress(TEXT[:500]), gzip.compress(TEXT[500:])]
    monkeypatch.setattr(files, "_CHUNK", len(members[0]) if chunk == "first member" else chunk)
    assert files.gunzip(io.BytesIO(b"".join(members)), 1 << 20) == TEXT


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(TEXT)[:-9], "ends early"),
        (gzip.compress(TEXT)[:10] + b"\xff" * 90, "is damaged"),
        (gzip.compress(TEXT) + b"more", "is damaged"),
        (gzip.compress(bytes(3 << 20)), "unfolds to more than 2 MiB"),
        (bytes(3 << 20), "is larger than 2 MiB"),
    ],
    ids=["short", "damaged", "trailing", "bomb", "large"],
)
def test_what_is_not_read(tmp_path, content, words):
    path = tmp_path / "any.bin"
    path.write_bytes(content)
    with pytest.raises(files.UnreadableFile, match=words):
        files.read_bytes(path, most=2 << 20)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("read", "error", "most"),
    [
        (expression_table.read_expression_table, expression_table.MatrixError, "MAX_BYTES"),
        (library_files.read_pgf, PlatformError, "MAX_LIBRARY"),
        (library_files.read_clf, PlatformError, "MAX_LIBRARY"),
        (library_files.read_mps, PlatformError, "MAX_LIBRARY"),
        (library_files.read_transcript_annotation, PlatformError, "MAX_LIBRARY"),
        (genesets.load_gene_sets, MgboneError, "MAX_NAMES"),
        (symbol_table.read_symbols, expression_table.MatrixError, "MAX_NAMES"),
    ],
    ids=["matrix", "pgf", "clf", "mps", "annotation", "genesets", "symbols"],
)
def test_a_small_file_that_unfolds_without_end_takes_little_memory(tmp_path, monkeypatch, read, error, most):
    """The limit lies above what may be taken: what is too long is counted, not kept."""
    for module in (files, library_files, genesets, symbol_table):
        if hasattr(module, most):
            monkeypatch.setattr(module, most, 50 << 20)
    path = tmp_path / "bomb.txt"
    path.write_bytes(gzip.compress(bytes(100 << 20), 1))
    tracemalloc.start()
    try:
        with pytest.raises(error, match=r"bomb\.txt.*unfolds to more than 50 MiB.*\."):
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()


def test_a_library_file_of_lines_without_end(tmp_path, monkeypatch):
    """Few bytes may be many lines, each of which takes memory."""
    monkeypatch.setattr(library_files, "_MOST_LINES", 10_000)
    path = tmp_path / "t.pgf"
    path.write_text(PGF + "\n" * 10_000)
    with pytest.raises(PlatformError, match=r"t\.pgf: has 10,021 lines, more than there are for any chip\."):
        library_files.read_pgf(path)
    path.write_text(PGF)
    assert len(library_files.read_pgf(path).probesets) == 4


def test_what_a_mac_leaves_in_a_folder_is_passed_over(tmp_path):
    for name in ("b.pgf", "sub/a.pgf", "__MACOSX/b.pgf", "sub/._a.pgf", ".hidden/c.pgf", ".DS_Store"):
        path = tmp_path / ".lab" / name  # the folder itself may be a hidden one
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    found = [path.relative_to(tmp_path / ".lab").as_posix() for path in files.files_below(tmp_path / ".lab")]
    assert found == ["b.pgf", "sub/a.pgf"]
