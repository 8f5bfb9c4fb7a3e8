"""CEL files as the simulation writes them: read by this package, by affxparser, and beside real ones."""

import shutil
import subprocess
from datetime import datetime

import numpy as np
import pytest
from helpers import SHARED, R

from mgbone.dataset.arrays.cel import read_cel
from mgbone.simulate.cel_writer import SIMULATED_NOTE, write_cel
from mgbone.study.errors import CelError

REAL = SHARED / "cel_samples" / "test3"
SCRIPT = R / "read_cel.R"
N_ROWS, N_COLS = 7, 5
WHEN = datetime(2021, 4, 5, 10, 30, 15)


def values(seed=3, n=N_ROWS * N_COLS):
    rng = np.random.default_rng(seed)
    intensities = np.round(rng.gamma(1.0, 500.0, n) + 30, 1)
    return intensities, np.round(0.1 * intensities, 1), rng.integers(9, 17, n)


def write(path, *, cells=None, outliers=(4, 20, 9), masks=(34,), **changed):
    settings = {
        "chip_type": "Tiny_sim",
        "n_rows": N_ROWS,
        "n_cols": N_COLS,
        "scan_date": WHEN,
        "array_id": "e1-mg001-1",
        **changed,
    }
    return write_cel(path, *(cells or values()), outliers, masks, **settings)


def needs_r():
    if not shutil.which("Rscript"):
        pytest.skip("R is not installed")
    command = ["Rscript", "-e", "quit(status = !requireNamespace('affxparser', quietly = TRUE))"]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("R's affxparser is not installed")


def read_by_r(path, folder):
    folder.mkdir()
    subprocess.run(["Rscript", str(SCRIPT), str(path), str(folder)], check=True, capture_output=True)
    names = ("intensities", "stdv", "pixels", "outliers", "masks")
    found = {name: np.fromfile(folder / name, dtype="<f8") for name in names}
    header = dict(line.split("=", 1) for line in (folder / "header").read_text().splitlines())
    return found, header


def assert_same(cel, found):
    for name, expected in found.items():
        np.testing.assert_array_equal(np.asarray(getattr(cel, name), dtype=float), expected, err_msg=name)


def test_what_is_written_is_read_back(tmp_path):
    cel = read_cel(write(tmp_path / "a.CEL", note=SIMULATED_NOTE))
    intensities, stdv, pixels = values()
    np.testing.assert_array_equal(cel.intensities, intensities.astype(np.float32))
    np.testing.assert_array_equal(cel.stdv, stdv.astype(np.float32))
    np.testing.assert_array_equal(cel.pixels, pixels)
    assert cel.outliers.tolist() == [4, 9, 20]
    assert cel.masks.tolist() == [34]
    assert (cel.format, cel.version, cel.chip_type, cel.n_rows, cel.n_cols) == ("calvin", 1, "Tiny_sim", 7, 5)
    assert cel.header["scan_date"].startswith("2021-04-05T10:30:15")
    assert cel.header["fields"]["mgbone-note"] == SIMULATED_NOTE
    assert "e1-mg001-1" in cel.header["dat_header"]


def test_without_outliers_and_masks_the_lists_are_empty(tmp_path):
    cel = read_cel(write(tmp_path / "a.CEL", outliers=(), masks=()))
    assert cel.outliers.size == cel.masks.size == 0


def test_same_arguments_give_same_bytes_and_another_array_others(tmp_path):
    first, again, other = (write(tmp_path / name) for name in ("a.CEL", "b.CEL", "c.CEL"))
    write(other, array_id="e1-mg001-2")
    assert first.read_bytes() == again.read_bytes()
    assert first.read_bytes() != other.read_bytes()


def test_container_begins_as_the_format_says(tmp_path):
    data = write(tmp_path / "a.CEL").read_bytes()
    assert data[:6] == bytes([59, 1, 0, 0, 0, 1])
    assert b"affymetrix-calvin-intensity" in data[:60]
    assert "text/x-calvin-integer-32".encode("utf-16-be") in data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cells": tuple(v[:-1] for v in values())}, "35 cells"),
        ({"cells": (values()[0] * np.nan, *values()[1:])}, "finite"),
        ({"cells": (-values()[0], *values()[1:])}, "not negative"),
        ({"cells": (*values()[:2], values()[2] + 40_000)}, "16 bits"),
        ({"outliers": [35]}, "outliers must be cell indices from 0 to 34"),
        ({"masks": [-1]}, "masks"),
        ({"n_rows": 40_000}, "16-bit coordinates"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_no_file(tmp_path, change, message):
    with pytest.raises(CelError, match=message):
        write(tmp_path / "a.CEL", **change)
    assert not list(tmp_path.iterdir())


def test_r_reads_the_same(tmp_path):
    needs_r()
    path = write(tmp_path / "a.CEL", note=SIMULATED_NOTE)
    found, header = read_by_r(path, tmp_path / "r")
    assert_same(read_cel(path), found)
    assert (header["chiptype"], header["rows"], header["cols"]) == ("Tiny_sim", "7", "5")
    assert (header["noutliers"], header["nmasked"]) == ("3", "1")
    if "affyio_chiptype" in header:
        assert header["affyio_chiptype"] == "Tiny_sim"
        assert header["affyio_scandate"].startswith("2021-04-05T10:30:15")


@pytest.mark.parametrize("name", ["Test3-1", "Test3-2"])
def test_a_real_file_written_anew_reads_alike(tmp_path, name):
    if not REAL.is_dir():
        pytest.skip("real CEL files (shared/cel_samples) are not here")
    real = read_cel(REAL / f"{name}.calvin.CEL")
    path = write_cel(
        tmp_path / "copy.CEL", real.intensities, real.stdv, real.pixels, real.outliers, real.masks,
        chip_type=real.chip_type, n_rows=real.n_rows, n_cols=real.n_cols,
        scan_date=datetime.fromisoformat(real.header["scan_date"]), array_id="copy",
    )  # fmt: skip
    copy = read_cel(path)
    parts = ("intensities", "stdv", "pixels", "outliers", "masks")
    assert_same(copy, {part: getattr(real, part) for part in parts})
    for key in ("algorithm", "scan_date"):
        assert copy.header[key][:19] == real.header[key][:19]
    theirs, ours = real.header["fields"], copy.header["fields"]
    assert set(theirs) <= set(ours), "a parameter that real files have is missing"


@pytest.mark.slow
def test_r_reads_a_real_file_written_anew_as_it_reads_the_real_one(tmp_path):
    needs_r()
    if not REAL.is_dir():
        pytest.skip("real CEL files (shared/cel_samples) are not here")
    source = REAL / "Test3-2.calvin.CEL"
    real = read_cel(source)
    path = write_cel(
        tmp_path / "copy.CEL", real.intensities, real.stdv, real.pixels, real.outliers, real.masks,
        chip_type=real.chip_type, n_rows=real.n_rows, n_cols=real.n_cols, scan_date=WHEN, array_id="copy",
    )  # fmt: skip
    expected, expected_header = read_by_r(source, tmp_path / "real")
    found, header = read_by_r(path, tmp_path / "copy")
    for part, numbers in expected.items():
        np.testing.assert_array_equal(found[part], numbers, err_msg=part)
    for key in ("version", "rows", "cols", "chiptype", "algorithm", "noutliers", "nmasked"):
        assert header[key] == expected_header[key]
