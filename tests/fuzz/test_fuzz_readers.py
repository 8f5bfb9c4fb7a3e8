"""Damage files at random: readers may refuse them with their own error, nothing else, in little memory."""

import gzip
import tracemalloc
import warnings

import pytest
from helpers.cel_bytes import WRITERS, Scan
from helpers.expression_tables import GEO, PLAIN, TAC, read_values
from helpers.library_files import CLF, LISTED, MPS, PGF, TRANSCRIPTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mgbone.dataset.arrays.cel import read_cel
from mgbone.dataset.arrays.cel_parts import CelFile
from mgbone.dataset.arrays.expression_table import MatrixError
from mgbone.dataset.arrays.library import read_platform
from mgbone.dataset.arrays.library_files import read_clf, read_mps, read_pgf, read_transcript_annotation
from mgbone.microarray.genesets import load_gene_sets
from mgbone.study.errors import CelError, MgboneError, PlatformError

pytestmark = pytest.mark.slow

MOST_BYTES = 20_000_000
SCAN = Scan(rows=3, cols=4, outliers=[(1, 0)], masks=[(0, 2)])
CELS = {kind: write(SCAN) for kind, write in WRITERS.items()}
LIBRARY = {
    "pgf": (read_pgf, PGF),
    "clf": (read_clf, CLF),
    "listed clf": (read_clf, LISTED),
    "mps": (read_mps, MPS),
    "transcripts": (read_transcript_annotation, TRANSCRIPTS),
}
CHIP = {"t.pgf": PGF, "t.clf": CLF, "t.mps": MPS, "t.transcript.csv": TRANSCRIPTS}
GMT = "GO:1\tbone resorption\tCtsk\tAcp5\nHALLMARK\thttp://x.org/y\tIL6,1.0\tTnf\t\nGO:3\t\tTrpm6\n"
fuzz = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
fewer = settings(fuzz, max_examples=50)

# Bytes that mean something to one of the formats, beside arbitrary ones.
PIECES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\x80\0\0\0"]
    ),
    st.sampled_from(
        [b"\n", b"\t", b"[CEL]\n", b"=", b'"', b"1e999", b"nan", b"-1", b"9" * 30, b"\0", b"//", b"#%"]
    ),
)


@st.composite
def damaged(draw, data):
    """Overwrite, insert and cut at a few places."""
    data = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        piece = draw(PIECES)
        action = draw(st.sampled_from(["overwrite", "overwrite", "insert", "cut", "end"]))
        if action == "overwrite":
            data[at : at + len(piece)] = piece
        elif action == "insert":
            data[at:at] = piece
        elif action == "cut":
            del data[at : at + draw(st.integers(1, 40))]
        else:
            del data[at:]
    return bytes(data)


def attempt(read, path, data, error, named=None):
    """Read; return what was read, or None if it was refused in the package's own words, naming the file."""
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return read(path)
    except error as refusal:
        assert (named or str(path)) in str(refusal) and str(refusal).endswith(".")
        return None
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < MOST_BYTES


@pytest.mark.parametrize("kind", sorted(CELS))
@fuzz
@given(st.data())
def test_damaged_cel_files(tmp_path, kind, data):
    found = attempt(read_cel, tmp_path / "fuzz.CEL", data.draw(damaged(CELS[kind])), CelError)
    if found is not None:
        assert_consistent(found)


@fuzz
@given(st.data())
def test_damaged_compression(tmp_path, data):
    found = attempt(
        read_cel, tmp_path / "fuzz.CEL", data.draw(damaged(gzip.compress(CELS["xda"], mtime=0))), CelError
    )
    if found is not None:
        assert_consistent(found)


@fuzz
@given(st.sampled_from([b"[CEL]", b"@\0\0\0\4\0\0\0", b";\1", b"\x1f\x8b\x08"]), st.binary(max_size=300))
def test_arbitrary_bytes_behind_a_magic_number(tmp_path, magic, rest):
    assert attempt(read_cel, tmp_path / "fuzz.CEL", magic + rest, CelError) is None


def assert_consistent(cel: CelFile):
    """A damaged file that is read after all (damage in a comment, say) still holds what it says."""
    cells = cel.n_rows * cel.n_cols
    assert cel.intensities.shape == (cells,)
    assert cel.intensities.min() >= 0 and cel.intensities.max() < float("inf")
    for values in (cel.stdv, cel.pixels):
        assert values is None or values.shape == (cells,)
    for places in (cel.outliers, cel.masks):
        assert not places.size or 0 <= places.min() <= places.max() < cells
    assert cel.chip_type


@pytest.mark.parametrize("kind", sorted(LIBRARY))
@fuzz
@given(st.data())
def test_damaged_library_files(tmp_path, kind, data):
    read, text = LIBRARY[kind]
    suffix = kind.split()[-1]
    attempt(read, tmp_path / f"fuzz.{suffix}", data.draw(damaged(text.encode())), PlatformError)


@pytest.mark.parametrize("text", [GEO, PLAIN, TAC], ids=["geo", "plain", "tac"])
@fuzz
@given(st.data())
def test_damaged_matrices(tmp_path, text, data):
    def read(path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a damaged value may look like an intensity, which is warned of
            return read_values(path)

    attempt(read, tmp_path / "fuzz.txt", data.draw(damaged(text.encode())), MatrixError)


@pytest.mark.parametrize("name", [*CHIP, "t.listed.clf"])
@fewer
@given(st.data())
def test_damaged_chips(tmp_path, name, data):
    """One of four library files that belong together is damaged; another names what no longer fits."""
    chip = CHIP | ({"t.clf": LISTED} if "listed" in name else {})
    name = name.replace(".listed", "")
    for file, text in chip.items():
        (tmp_path / file).write_text(text)

    def read(path):
        return read_platform(tmp_path)

    found = attempt(read, tmp_path / name, data.draw(damaged(chip[name].encode())), PlatformError, named="t.")
    if found is not None:
        assert len(found.cells) == len(found.probesets) > 0
        assert 0 <= found.cells.min() <= found.cells.max() < found.n_rows * found.n_cols
        assert list(found.annotation.index) == list(found.probesets.categories)
        assert set(found.probesets) == set(found.probesets.categories)


@pytest.mark.parametrize("pack", [bytes, lambda data: gzip.compress(data, mtime=0)], ids=["plain", "gzip"])
@fewer
@given(st.data())
def test_damaged_gene_sets(tmp_path, pack, data):
    def read(path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of text that is no longer UTF-8
            return load_gene_sets(path)

    found = attempt(
        read, tmp_path / "fuzz.gmt", data.draw(damaged(pack(GMT.encode()))), MgboneError, "fuzz.gmt"
    )
    if found is not None:
        assert len(found) and all(term.strip() and found.name(term) for term in found.genes)
