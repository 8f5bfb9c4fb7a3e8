"""CEL files of all formats: real ones as affxparser reads them, and written ones, sound and damaged."""

import gzip
import hashlib
import json
import os
import shutil
import struct
import subprocess
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
from helpers import SHARED, R
from helpers.cel_bytes import WRITERS, Scan, calvin, text, xda

from mgbone.dataset.arrays import cel, files
from mgbone.dataset.arrays.cel import (
    DuplicateScanWarning,
    MixedVersionWarning,
    RepeatedCellWarning,
    SaturatedIntensityWarning,
    ZeroIntensityWarning,
    read_cel,
    read_cels,
)
from mgbone.study.errors import CelError

SAMPLES = SHARED / "cel_samples"
TRUTH = SAMPLES / "truth" / "cel_truth.json"
FORMATS = sorted(WRITERS)
real = pytest.mark.skipif(
    not TRUTH.is_file(), reason="the real CEL files (../shared/cel_samples) are not here"
)


def truth():
    return json.loads(TRUTH.read_text()) if TRUTH.is_file() else {}


def write(folder, data, name="array.CEL"):
    path = folder / name
    path.write_bytes(data)
    return path


def single(values):
    """As 32-bit numbers: the truth is printed with 15 digits, so nothing is lost."""
    return np.asarray(values, dtype=float).astype(np.float32)


# --- real files -----------------------------------------------------------------------------------------


@real
@pytest.mark.parametrize("name", sorted(truth()))
def test_real_files_read_as_affxparser_reads_them(name):
    expected = truth()[name]
    header = expected["header"]
    cel = read_cel(SAMPLES / name)
    assert (cel.chip_type, cel.n_rows, cel.n_cols) == (header["chiptype"], header["rows"], header["cols"])
    assert (cel.version, cel.header["algorithm"]) == (header["version"], header["algorithm"])
    assert cel.header["parameters"] == expected["parameters"]
    assert cel.header["cell_margin"] == header["cellmargin"]
    assert cel.intensities.dtype == np.float32 and cel.intensities.size == expected["n"]
    np.testing.assert_array_equal(cel.intensities[:10], single(expected["first10"]))
    np.testing.assert_array_equal(cel.intensities[-10:], single(expected["last10"]))
    np.testing.assert_array_equal(
        cel.intensities[expected["sample_index0"]], single(expected["sample_intensity"])
    )
    np.testing.assert_array_equal(cel.stdv[:10], single(expected["first10_stdv"]))
    np.testing.assert_array_equal(cel.pixels[:10], expected["first10_pixels"])
    assert cel.intensities.sum(dtype=float) == pytest.approx(expected["sum_intensity"], rel=1e-14)
    assert cel.stdv.sum(dtype=float) == pytest.approx(expected["sum_stdv"], rel=1e-14)
    assert cel.pixels.sum() == expected["sum_pixels"]
    assert (cel.intensities.min(), cel.intensities.max()) == tuple(single([expected["min"], expected["max"]]))
    assert (len(cel.outliers), len(cel.masks)) == (header["noutliers"], header["nmasked"])
    np.testing.assert_array_equal(cel.outliers[:10] + 1, expected.get("outliers_head1based", []))


@real
def test_the_truth_covers_all_formats():
    assert {read_cel(SAMPLES / name).format for name in truth()} == set(FORMATS)


@real
@pytest.mark.parametrize("array", [1, 2])
def test_one_scan_in_two_formats_reads_alike(array):
    old, new = (read_cel(SAMPLES / "test3" / f"Test3-{array}.{kind}.CEL") for kind in ("v3", "calvin"))
    for name in ("intensities", "stdv", "pixels", "outliers", "masks"):
        np.testing.assert_array_equal(getattr(old, name), getattr(new, name), err_msg=name)
    assert old.header["scan_date"] == new.header["scan_date"] != None  # noqa: E711
    # The Command Console's header holds the grid corners beside the same parameters.
    assert new.header["parameters"].startswith(old.header["parameters"])


@real
def test_the_sample_that_affxparser_refuses_is_refused():
    # A length field holds letters; Biopython reads this file and gives numbers that stand nowhere in it.
    with pytest.raises(CelError, match=r"affy_v4_example\.CEL: the algorithm's name .* 1948283753 bytes"):
        read_cel(SAMPLES / "tiny" / "affy_v4_example.CEL")


@real
def test_real_files_are_the_ones_the_truth_was_measured_on():
    for name, expected in truth().items():
        assert hashlib.md5((SAMPLES / name).read_bytes()).hexdigest() == expected["md5"]


# --- written files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_written_is_read(tmp_path, kind, compressed):
    scan = Scan()
    data = WRITERS[kind](scan)
    cel = read_cel(write(tmp_path, gzip.compress(data) if compressed else data, "no_suffix"))
    assert (cel.format, cel.chip_type, cel.n_rows, cel.n_cols) == (kind, "Tiny_1", 4, 5)
    assert cel.version == {"text": 3, "xda": 4, "calvin": 1}[kind]
    np.testing.assert_array_equal(cel.intensities, single(scan.mean))
    np.testing.assert_array_equal(cel.stdv, single(scan.stdv))
    np.testing.assert_array_equal(cel.pixels, scan.pixels)
    np.testing.assert_array_equal(cel.outliers, scan.cells(scan.outliers))
    np.testing.assert_array_equal(cel.masks, scan.cells(scan.masks))
    assert cel.header["scan_date"].startswith("2019-03-21T14:05:59")
    assert cel.header["algorithm"] == "Percentile"
    assert cel.header["parameters"].startswith("Percentile:75;CellMargin:4;")
    assert cel.header["cell_margin"] == 4
    assert cel.header["dat_header"].startswith("[5..65534]  scan_1:CLS=4733")


@pytest.mark.parametrize("kind", FORMATS)
def test_written_files_read_alike_in_affxparser(tmp_path, kind):
    if not shutil.which("Rscript"):
        pytest.skip("R is not installed")
    # A square chip: for versions 3 and 4 affxparser numbers outliers by rows where it should by columns.
    path = write(tmp_path, WRITERS[kind](Scan(rows=5, cols=5, outliers=[(1, 0), (4, 3)])))
    script = R / "read_cel.R"
    done = subprocess.run(["Rscript", script, path, tmp_path], capture_output=True, text=True, check=False)
    if "there is no package" in done.stderr:
        pytest.skip("R's affxparser is not installed")
    # What the script does after that, with affyio, needs header lines that these small files have not.
    assert (tmp_path / "masks").is_file(), done.stderr
    cel = read_cel(path)
    for name in ("intensities", "stdv", "pixels", "outliers", "masks"):
        expected = np.fromfile(tmp_path / name, dtype="<f8")
        np.testing.assert_array_equal(np.asarray(getattr(cel, name), dtype=float), expected, err_msg=name)


@pytest.mark.parametrize("kind", FORMATS)
def test_intensities_only_leaves_the_rest_out(tmp_path, kind):
    cel = read_cel(write(tmp_path, WRITERS[kind](Scan())), intensities_only=True)
    np.testing.assert_array_equal(cel.intensities, single(Scan().mean))
    assert cel.stdv is None and cel.pixels is None
    assert cel.outliers.size == 2


@pytest.mark.parametrize("kind", FORMATS)
def test_a_chip_without_outliers_and_masks(tmp_path, kind):
    cel = read_cel(write(tmp_path, WRITERS[kind](Scan(outliers=[], masks=[]))))
    assert cel.outliers.size == cel.masks.size == 0
    assert cel.outliers.dtype.kind == "i"


def test_text_with_windows_line_ends_and_cells_in_any_order(tmp_path):
    scan = Scan()
    shuffled = np.random.default_rng(0).permutation(20)
    cel = read_cel(write(tmp_path, text(scan, order=shuffled, eol="\r\n")))
    np.testing.assert_array_equal(cel.intensities, single(scan.mean))
    np.testing.assert_array_equal(cel.stdv, single(scan.stdv))
    np.testing.assert_array_equal(cel.pixels, scan.pixels)


def test_of_repeated_cells_the_last_counts(tmp_path):
    scan = Scan()
    data = text(scan).replace(b"NPIXELS\n", b"NPIXELS\n  1\t  0\t1.5\t1.0\t  9\n", 1)
    cel = read_cel(write(tmp_path, data))
    np.testing.assert_array_equal(cel.intensities, single(scan.mean))
    assert cel.header["repeated_cells"] == 1
    with pytest.warns(RepeatedCellWarning, match=r"array\.CEL \(1\)"):
        read_cels([tmp_path / "array.CEL"])


def test_command_console_with_gaps_and_missing_tables(tmp_path):
    scan = Scan()
    cel = read_cel(write(tmp_path, calvin(scan, pad=3, leave_out=("StdDev", "Pixel", "Outlier", "Mask"))))
    np.testing.assert_array_equal(cel.intensities, single(scan.mean))
    assert cel.stdv is None and cel.pixels is None and cel.outliers.size == cel.masks.size == 0


def test_command_console_without_parents_has_no_scan_date(tmp_path):
    cel = read_cel(write(tmp_path, calvin(Scan(), extra_parent=False)))
    assert cel.header["scan_date"] is None and cel.header["dat_header"] == ""


def test_command_console_with_whole_number_intensities(tmp_path):
    scan = Scan(mean=np.arange(20) * 3000)
    cel = read_cel(write(tmp_path, calvin(scan, widths={"Intensity": [">u2"]})))
    np.testing.assert_array_equal(cel.intensities, single(scan.mean))


def test_all_header_entries_are_kept(tmp_path):
    fields = read_cel(write(tmp_path, calvin(Scan()))).header["fields"]
    assert fields["user"] == "a"
    assert fields["affymetrix-algorithm-param-GridULX"] == "12.500000"
    assert read_cel(write(tmp_path, text(Scan()))).header["fields"]["GridCornerUL"] == "1 2"


def test_scan_dates(tmp_path):
    def date(text_date):
        return read_cel(write(tmp_path, xda(Scan(date=text_date)))).header["scan_date"]

    assert date("08/16/01 17:28:31") == "2001-08-16T17:28:31"
    assert date("2015-02-03T04:05:06Z") == "2015-02-03T04:05:06"
    assert date("13/45/01 17:28:31") is None
    assert date("") is None


def test_a_cel_file_is_frozen(tmp_path):
    cel = read_cel(write(tmp_path, xda(Scan())))
    with pytest.raises(AttributeError):
        cel.chip_type = "other"


# --- damaged files --------------------------------------------------------------------------------------


def refused(tmp_path, data, match, name="array.CEL"):
    path = write(tmp_path, data, name)
    with pytest.raises(CelError, match=match) as caught:
        read_cel(path)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith(".")
    return str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
def test_every_truncation_is_an_error_or_loses_nothing(tmp_path, kind):
    scan = Scan(rows=2, cols=3, outliers=[(1, 0)], masks=[(0, 1)])
    data = WRITERS[kind](scan)
    whole = 0
    for length in range(len(data)):
        path = write(tmp_path, data[:length])
        try:
            cel = read_cel(path)
        except CelError as error:
            assert str(path) in str(error)
            continue
        whole += 1
        np.testing.assert_array_equal(cel.intensities, single(scan.mean))
    # Only what follows the last table that is read may be missing: sub-grids (xda), [OUTLIERS] ... (text).
    assert whole <= {"calvin": 0, "xda": 56, "text": 160}[kind]


@pytest.mark.parametrize("kind", FORMATS)
def test_truncated_files_say_so(tmp_path, kind):
    data = WRITERS[kind](Scan())
    refused(tmp_path, data[: int(len(data) * 0.55)], "truncated")


@pytest.mark.parametrize("huge", [0x7FFFFFFF, 0xFFFFFFFF, 0x10000000])
@pytest.mark.parametrize("kind", ["xda", pytest.param("calvin", marks=pytest.mark.slow)])
def test_no_length_field_is_believed(tmp_path, kind, huge):
    data = bytearray(WRITERS[kind](Scan(rows=2, cols=3, outliers=[(1, 0)], masks=[(0, 1)])))
    order = "<" if kind == "xda" else ">"
    tracemalloc.start()
    try:
        for at in range(2, len(data) - 4):
            damaged = data.copy()
            damaged[at : at + 4] = struct.pack(f"{order}I", huge)
            path = write(tmp_path, damaged)
            try:
                read_cel(path)
            except CelError:
                continue
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_text_that_states_more_cells_than_it_has(tmp_path):
    data = text(Scan())
    refused(tmp_path, data.replace(b"NumberCells=20", b"NumberCells=99999999999"), "contradicts itself")
    big = data.replace(b"NumberCells=20", b"NumberCells=9999999999").replace(b"Cols=5", b"Cols=9999999999")
    refused(tmp_path, big.replace(b"Rows=4", b"Rows=1"), "too short")
    refused(tmp_path, data.replace(b"NumberCells=2\n", b"NumberCells=200\n"), r"\[OUTLIERS\] should list 200")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda d: d.replace(b"Version=3", b"Version=2"), "version 2"),
        (lambda d: d.replace(b"Version=3", b"Version=x"), "Version"),
        (lambda d: d.replace(b"Cols=5", b"Cols=-5"), "contradicts itself"),
        (lambda d: d.replace(b"Rows=4\n", b""), "no usable Rows"),
        (lambda d: d.replace(b"[INTENSITY]", b"[INTENSE]"), r"no section \[INTENSITY\]"),
        (lambda d: d.replace(b"CellHeader=X\tY\tMEAN", b"Columns=X\tY\tMEAN"), "CellHeader"),
        (lambda d: d.replace(b"  1\t  0\t", b"  9\t  0\t"), "outside its 4 x 5"),
        (lambda d: d.replace(b"  1\t  0\t", b"  2\t  0\t"), "only some of its cells"),
        (lambda d: d.replace(b"  1\t  0\t", b"  1\tzero\t"), "not a row of numbers"),
        (lambda d: d.replace(b"Tiny_1.1sq", b"Tiny_1"), "names no chip type"),
        (lambda d: d.replace(b"CellHeader=X\tY\n1\t0", b"CellHeader=X\tY\n1\tnan"), "do not exist"),
        (lambda d: d.replace(b"CellHeader=X\tY\n1\t0", b"CellHeader=X\tY\n5\t0"), "outside the chip"),
    ],
)
def test_damaged_text(tmp_path, change, match):
    sound = text(Scan())
    damaged = change(sound)
    assert damaged != sound
    refused(tmp_path, damaged, match)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("value", "match"), [(-3.0, "negative"), (np.nan, "not finite"), (np.inf, "not finite")]
)
def test_impossible_intensities(tmp_path, kind, value, match):
    mean = Scan().mean.copy()
    mean[7] = value
    refused(tmp_path, WRITERS[kind](Scan(mean=mean, stdv=Scan().stdv)), match)


def test_numbers_too_large_for_their_type(tmp_path):
    refused(tmp_path, text(Scan(mean=np.full(20, 1e300))), "not finite")
    assert read_cel(write(tmp_path, text(Scan(pixels=np.full(20, 10**12))))).pixels.max() == 32767


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "is empty"),
        (b"ID\tsignal\n1\t2\n", "not a CEL file"),
        (b"\x89PNG\r\n\x1a\n", "not a CEL file"),
        (xda(Scan(), version=5), "binary CEL file of version 5"),
        (struct.pack("<i", 64), "not a CEL file"),
        (calvin(Scan(), kind="affymetrix-calvin-multi-intensity"), "several colour channels"),
        (calvin(Scan(), kind="affymetrix-expression-data"), "'affymetrix-expression-data', no CEL"),
        (calvin(Scan(), leave_out=("Intensity",)), "no table of intensities"),
        (calvin(Scan(pixels=np.ones(7))), "table Pixel has 7 rows"),
        (calvin(Scan(mean=np.ones(7))), "4 rows and 5 columns but 7 cells"),
        (calvin(Scan(chip="")), "names no chip type"),
        (calvin(Scan(outliers=[(1, 9)])), "outside the chip"),
        (calvin(Scan(), widths={"Outlier": [">i2"]}), "columns"),
        (xda(Scan(masks=[(-1, 0)])), "outside the chip"),
        (xda(Scan(chip="")), "names no chip type"),
        (gzip.compress(b"no CEL file", mtime=0), "not a CEL file"),
        (gzip.compress(xda(Scan()), mtime=0)[:-20], "compression ends early"),
        (gzip.compress(xda(Scan()), mtime=0)[:60] + b"\0" * 100, "compression is damaged"),
    ],
)
def test_what_is_no_sound_cel_file(tmp_path, data, match):
    refused(tmp_path, data, match)


def test_command_console_headers_without_end(tmp_path):
    from helpers.cel_bytes import data_header

    header = data_header("array", {})
    for _ in range(60):
        header = data_header("affymetrix-calvin-intensity", {}, [header])
    refused(tmp_path, bytes((59, 1)) + struct.pack(">iI", 1, 10) + header, "nested")


def test_tables_that_point_backwards(tmp_path):
    data = calvin(Scan(), leave_out=("StdDev", "Pixel", "Outlier", "Mask"))
    group = data.index("Default Group".encode("utf-16-be"))
    many = data[: group - 8] + struct.pack(">i", 2**31 - 1) + data[group - 4 :]
    table = group + 26
    looped = many[: table + 4] + struct.pack(">I", table) + many[table + 8 :]
    refused(tmp_path, looped, "backwards")


def test_what_unfolds_to_no_cel_file_is_not_unfolded(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "gunzip", lambda stream, most: pytest.fail("was unfolded"))
    refused(tmp_path, gzip.compress(bytes(1_000_000)), "is not a CEL file")


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("pack", [lambda data: gzip.compress(data, 1), bytes], ids=["gzip", "plain"])
def test_no_more_is_read_than_the_header_promises(tmp_path, kind, pack):
    """A true header of 20 cells with 100 MB behind it: the first 1 MiB is read, the rest not kept."""
    data = pack(WRITERS[kind](Scan()) + b"\n" * 100_000_000)
    tracemalloc.start()
    try:
        refused(tmp_path, data, "than 2 MiB, although its header speaks of 4 rows and 5 columns only")
        assert tracemalloc.get_traced_memory()[1] - len(data) < 10 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", FORMATS)
def test_a_header_of_more_cells_than_any_chip_has(tmp_path, kind):
    data = WRITERS[kind](Scan())
    for old, new in ((b"Rows=4", b"Rows=99999"), (b"Cols=5", b"Cols=99999")):
        data = data.replace(old, new)
    if kind == "xda":
        data = data[:8] + struct.pack("<2i", 99_999, 99_999) + data[16:]
    if kind == "calvin":
        for name in ("rows", "cols"):
            at = (
                data.index(f"affymetrix-cel-{name}".encode("utf-16-be"))
                + 2 * len(f"affymetrix-cel-{name}")
                + 4
            )
            data = data[:at] + struct.pack(">i", 99_999) + data[at + 4 :]
    refused(tmp_path, data + bytes(1 << 20), "99999 rows and 99999 columns, more than any chip")


def test_a_scan_longer_than_the_first_look_is_read(tmp_path, monkeypatch):
    """In each format, packed and not, in members that end within the first look."""
    monkeypatch.setattr(cel, "HEAD", 4096)
    scan = Scan(rows=40, cols=30)
    for kind, writer in WRITERS.items():
        data = writer(scan)
        assert len(data) > 2 * 4096
        packed = gzip.compress(data[:100], 1) + gzip.compress(data[100:], 1)
        for form in (data, packed):
            read = read_cel(write(tmp_path, form), intensities_only=True)
            np.testing.assert_array_equal(read.intensities, single(scan.mean), err_msg=kind)


def test_several_gzip_members_are_one_file(tmp_path):
    data = xda(Scan())
    path = write(tmp_path, gzip.compress(data[:100]) + gzip.compress(data[100:]) + b"\0" * 8)
    np.testing.assert_array_equal(read_cel(path).intensities, single(Scan().mean))


def test_files_that_cannot_be_opened(tmp_path):
    with pytest.raises(CelError, match=r"gone\.CEL: can't be opened \(No such file"):
        read_cel(tmp_path / "gone.CEL")
    with pytest.raises(CelError, match="can't be opened"):
        read_cel(tmp_path)
    if os.geteuid():
        path = write(tmp_path, xda(Scan()))
        path.chmod(0)
        with pytest.raises(CelError, match="Permission denied"):
            read_cel(path)


# --- sets of files --------------------------------------------------------------------------------------


def different(seed, **changed):
    rng = np.random.default_rng(seed)
    return Scan(mean=np.round(rng.gamma(1.0, 900, 20) + 25, 1), **changed)


@pytest.fixture
def three(tmp_path):
    return [write(tmp_path, xda(different(i)), f"a{i}.CEL") for i in range(3)]


def test_a_set_becomes_one_table(three):
    table = read_cels(three)
    assert list(table.columns) == ["a0", "a1", "a2"] and table.shape == (20, 3)
    assert (table.dtypes == np.float32).all()
    assert table.attrs == {"chip_type": "Tiny_1", "n_rows": 4, "n_cols": 5}
    for i, path in enumerate(three):
        np.testing.assert_array_equal(table[f"a{i}"], read_cel(path).intensities)


def test_a_set_can_be_restricted_to_some_cells(three):
    cells = np.array([7, 3, 3])
    table = read_cels(three, names=["x", "y", "z"], cells=cells)
    assert list(table.columns) == ["x", "y", "z"] and list(table.index) == [7, 3, 3]
    pd.testing.assert_frame_equal(table, read_cels(three, names=["x", "y", "z"]).loc[cells])


def test_columns_lose_their_suffixes_and_stay_contiguous(tmp_path):
    paths = [write(tmp_path, gzip.compress(xda(different(i))), f"s.{i}.cel.gz") for i in range(2)]
    table = read_cels(paths)
    assert list(table.columns) == ["s.0", "s.1"]
    assert table.to_numpy().flags.f_contiguous


def test_sets_that_do_not_belong_together(tmp_path, three):
    other = write(tmp_path, xda(different(9, chip="Other")), "other.CEL")
    with pytest.raises(CelError, match=r"other\.CEL: is a Other chip, but a0\.CEL is Tiny_1"):
        read_cels([*three, other])
    small = write(tmp_path, xda(Scan(rows=2)), "small.CEL")
    wrong = Scan(rows=2, outliers=[], masks=[])
    small.write_bytes(xda(wrong))
    with pytest.raises(CelError, match="2 x 5 cells, but a0"):
        read_cels([*three, small])
    with pytest.raises(CelError, match="a0 occur more than once"):
        read_cels([three[0], three[0]])
    with pytest.raises(CelError, match="3 CEL files but 1 names"):
        read_cels(three, names=["a"])
    with pytest.raises(CelError, match="No CEL files"):
        read_cels([])
    with pytest.raises(CelError, match=r"20 cells .* cell 20 is asked for"):
        read_cels(three, cells=np.array([0, 20]))


def test_one_bad_file_fails_the_set(tmp_path, three):
    bad = write(tmp_path, xda(different(4))[:300], "bad.CEL")
    with pytest.raises(CelError, match=r"bad\.CEL"):
        read_cels([*three, bad])


def test_mixed_formats_are_named(tmp_path, three):
    new = write(tmp_path, calvin(different(5)), "new.CEL")
    with pytest.warns(MixedVersionWarning, match=r"calvin: new\.CEL; xda: a0\.CEL"):
        read_cels([*three, new])


def test_duplicated_scans_are_named(tmp_path, three):
    twin = write(tmp_path, three[1].read_bytes(), "twin.CEL")
    with pytest.warns(DuplicateScanWarning, match=r"twin\.CEL = a1\.CEL"):
        read_cels([*three, twin])


def test_dark_and_bright_scans_are_named(tmp_path, three):
    dark = different(6)
    dark.mean[[2, 4]] = 0
    with pytest.warns(ZeroIntensityWarning, match=r"dark\.CEL \(2\)"):
        read_cels([*three, write(tmp_path, xda(dark), "dark.CEL")])
    bright = different(7)
    bright.mean[2] = 65_400
    path = write(tmp_path, xda(bright), "bright.CEL")
    with pytest.warns(SaturatedIntensityWarning, match=r"bright\.CEL \(5\.0%\)"):
        read_cels([*three, path])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_cels([*three, path], max_saturated=0.06)
        read_cels([*three, path], saturated_at=65_500)


def test_long_lists_are_cut(tmp_path):
    paths = []
    for i in range(9):
        scan = different(i)
        scan.mean[0] = 0
        paths.append(write(tmp_path, xda(scan), f"z{i}.CEL"))
    with pytest.warns(ZeroIntensityWarning, match="and 3 more"):
        read_cels(paths)
