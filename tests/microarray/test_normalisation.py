"""RMA: step by step as preprocessCore and oligo do it, on made-up and on real arrays."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from helpers import SHARED, R

from mgbone.dataset.arrays.cel import read_cel
from mgbone.microarray._compiled import _median, correct_sorted, sort_order
from mgbone.microarray.background import RmaError, fit_background
from mgbone.microarray.normalisation import rma, rma_steps
from mgbone.microarray.normalisation import rma as rma_function

SAMPLES = SHARED / "cel_samples"
real = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the real CEL files (../shared/cel_samples) are not here"
)
EXACT = 1e-12  # log2; what remains is the order of summation


@pytest.fixture(scope="module")
def truth():
    stored = json.loads((R / "rma_truth.json").read_text())
    keys = [key for key in stored if key not in ("made_with", "labels", "sets", "residual_set", "plm_sets")]
    return stored | {key: np.array(stored[key], dtype=float) for key in keys}


def worst(found, expected):
    return np.abs(np.asarray(found, dtype=float) - np.asarray(expected)).max()


# --- against R ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arrays", "options"),
    [
        ("rma", 5, {}),
        ("rma_four", 4, {}),
        ("rma_one", 1, {}),
        ("rma_no_background", 5, {"background": False}),
        ("rma_no_normalisation", 5, {"normalise": False}),
        ("rma_summary_only", 5, {"background": False, "normalise": False}),
    ],
)
def test_expression_as_oligo(truth, name, arrays, options):
    """Odd and even numbers of arrays and of probes, ties, sets of one probe, labels in any order."""
    found = rma(truth["intensities"][:, :arrays], truth["labels"], **options)
    assert list(found.index) == truth["sets"] and found.index.name == "probeset_id"
    assert worst(found, truth[name]) < EXACT


def test_background_and_quantiles_as_preprocesscore(truth):
    only = rma_steps(truth["intensities"], truth["labels"], normalise=False)
    assert worst(only.normalised, np.log2(truth["background"])) < 1e-6  # kept as 32-bit numbers
    plain = rma_steps(truth["intensities"], truth["labels"], background=False)
    assert worst(plain.normalised, np.log2(truth["quantiles"])) < 1e-6
    assert plain.background.isna().all(axis=None)


def test_residuals_and_affinities_as_preprocesscore(truth):
    steps = rma_steps(truth["intensities"], truth["labels"])
    of_set = np.array(truth["labels"]) == truth["residual_set"]
    assert worst(steps.residuals[of_set], truth["residuals"]) < 1e-6
    assert worst(steps.affinities[of_set], truth["affinities"]) < EXACT


def corrected(intensities):
    model = fit_background(intensities)
    order = np.argsort(intensities)
    signal = np.empty_like(intensities)
    correct_sorted(intensities[order], model.alpha, model.mu, model.sigma, signal)
    result = np.empty_like(signal)
    result[order] = signal
    return result


def test_intensities_far_below_the_background(truth):
    """As preprocessCore while that gives numbers; beyond, where it gives NaN, the same formula's limit."""
    assert np.abs(corrected(truth["deep"]) / truth["deep_corrected"] - 1).max() < 1e-8
    assert np.isnan(truth["far_corrected"]).all()
    limit = corrected(truth["far"])
    assert np.isfinite(limit).all() and (limit > 0).all()


def test_the_two_formulas_of_the_background_meet():
    z = np.array([-35.0 - 1e-9, -35.0 + 1e-9])
    signal = np.empty(2)
    correct_sorted(z, 1e-12, 0.0, 1.0, signal)
    assert signal[0] == pytest.approx(signal[1], rel=1e-7)
    # The mean of a normal variable above t, less t, for t = 35: 1/t - 2/t^3 + 10/t^5 - ...
    assert signal[0] == pytest.approx(0.0285249, rel=1e-5)


@real
@pytest.mark.parametrize("kind", ["v3", "calvin"])
def test_real_test3_arrays_as_oligo(kind):
    probes = pd.read_csv(SAMPLES / "truth" / "Test3_pm_map.csv.gz")
    expected = pd.read_csv(SAMPLES / "truth" / "Test3_basicRMA_PM.csv", index_col=0)
    scans = [read_cel(SAMPLES / "test3" / f"Test3-{i}.{kind}.CEL").intensities for i in (1, 2)]
    found = rma(np.stack(scans, axis=1)[probes["index0"]], probes["probeset"])
    assert set(found.index) == set(expected.index)
    assert worst(found.loc[expected.index], expected) < EXACT


@real
def test_real_exon_arrays_as_oligo():
    probes = pd.read_csv(SAMPLES / "truth" / "HuExMini_pgf_flat.csv")
    probes = probes[probes["type"].str.startswith("pm")]
    expected = pd.read_csv(SAMPLES / "truth" / "HuExMini_basicRMA_PM.csv", index_col=0)
    scans = {name: read_cel(SAMPLES / "huex_mini" / f"huex_{name}.CEL").intensities for name in expected}
    found = rma(pd.DataFrame(scans).iloc[probes["probe_id"] - 1], probes["probeset"])
    assert list(found.columns) == list(expected.columns) and list(found.index) == list(expected.index)
    assert worst(found, expected) < EXACT


def test_r_gives_the_stored_values(tmp_path, truth):
    if not shutil.which("Rscript"):
        pytest.skip("R is not installed")
    out = tmp_path / "truth.json"
    script = R / "make_rma_truth.R"
    done = subprocess.run(["Rscript", script, out], capture_output=True, text=True, check=False)
    if "there is no package" in done.stderr:
        pytest.skip("R's oligo is not installed")
    assert done.returncode == 0, done.stderr
    again = json.loads(out.read_text())
    for name in ("intensities", "rma", "plm_errors"):
        np.testing.assert_allclose(np.array(again[name], dtype=float), truth[name], rtol=1e-10)


# --- properties -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(5)
    signal = 2 ** (rng.normal(7, 2, 300).repeat(10)[:, None] + rng.normal(0, 1, (3000, 6)))
    return (rng.normal(60, 10, (3000, 6)).clip(5) + signal).round(1).astype(np.float32)


LABELS = np.repeat([f"TC{i:04d}" for i in range(300)], 10)


def test_inputs_are_not_changed(arrays):
    before = arrays.copy()
    rma(arrays, LABELS)
    rma_steps(arrays, LABELS)
    np.testing.assert_array_equal(arrays, before)


def test_layout_and_number_of_threads_do_not_matter(arrays):
    expected = rma(arrays, LABELS, threads=1)
    for given in (
        np.asfortranarray(arrays),
        pd.DataFrame(arrays),
        arrays.astype(float),
        arrays[:, ::-1][:, ::-1],
    ):
        pd.testing.assert_frame_equal(rma(given, LABELS, threads=3), expected)


def test_order_of_probes_and_kind_of_labels_do_not_matter(arrays):
    expected = rma(arrays, LABELS)
    order = np.random.default_rng(0).permutation(len(arrays))
    for labels in (
        LABELS[order],
        list(LABELS[order]),
        pd.Series(LABELS)[order],
        pd.Categorical(LABELS[order]),
    ):
        assert worst(rma(arrays[order], labels), expected.to_numpy()) < EXACT
    numbered = rma(arrays, np.arange(300).repeat(10))
    assert list(numbered.index[:3]) == [0, 1, 2]
    np.testing.assert_array_equal(numbered, expected)


def test_unused_categories_are_left_out(arrays):
    labels = pd.Categorical(LABELS, categories=["absent", *np.unique(LABELS)])
    assert len(rma(arrays, labels)) == 300


def test_the_order_of_the_arrays_does_not_matter(arrays):
    expected = rma(pd.DataFrame(arrays, columns=list("abcdef")), LABELS)
    turned = rma(pd.DataFrame(arrays, columns=list("abcdef"))[list("fbadec")], LABELS)
    assert worst(turned[list("abcdef")], expected.to_numpy()) < EXACT


def test_brightness_of_a_scan_is_taken_out(arrays):
    scaled = arrays.astype(float)
    scaled[:, 2] *= 3
    # The background is not scale-free in its grid only by rounding; ranks and quantiles of array 3 stay.
    plain = rma(scaled[:, [0, 1, 2]], LABELS, background=False).rank()
    same = rma(arrays[:, [0, 1, 2]], LABELS, background=False).rank()
    assert (plain[2] - same[2]).abs().max() <= 6


def test_normalised_arrays_have_one_distribution():
    rng = np.random.default_rng(8)
    distinct = rng.permuted(np.arange(1.0, 2001.0)[:, None] * [1.0, 2.0, 3.5], axis=0) + 50
    steps = rma_steps(distinct, np.arange(2000) // 5)
    ordered = np.sort(steps.normalised.to_numpy(), axis=0)
    np.testing.assert_array_equal(ordered[:, 0], ordered[:, 1])
    np.testing.assert_array_equal(ordered[:, 0], ordered[:, 2])


def test_steps_fit_together(arrays):
    cells = pd.Index(np.arange(3000) + 70, name="cell")
    frame = pd.DataFrame(arrays, index=cells, columns=list("abcdef"))
    steps = rma_steps(frame, LABELS)
    pd.testing.assert_frame_equal(steps.expression, rma(frame, LABELS))
    for table in (steps.raw, steps.normalised, steps.residuals):
        assert table.index.equals(cells) and list(table.columns) == list("abcdef")
    np.testing.assert_allclose(steps.raw, np.log2(arrays), rtol=1e-6)
    fitted = steps.expression.loc[LABELS].to_numpy() + steps.affinities.to_numpy()[:, None]
    np.testing.assert_allclose(steps.normalised, fitted + steps.residuals.to_numpy(), atol=1e-5)
    assert list(steps.background.index) == list("abcdef") and (steps.background > 0).all(axis=None)


def test_steps_fit_together_without_normalisation(arrays):
    steps = rma_steps(arrays, LABELS, normalise=False)
    expected = np.log2([corrected(array) for array in np.asarray(arrays, dtype=float).T])
    np.testing.assert_allclose(steps.normalised.to_numpy().T, expected, rtol=1e-6)


def test_a_set_of_one_probe_is_that_probe(arrays):
    labels = np.array([f"p{i}" for i in range(3000)])
    steps = rma_steps(arrays, labels)
    np.testing.assert_allclose(steps.expression.loc[labels], steps.normalised.to_numpy(), rtol=1e-6)
    assert (steps.residuals == 0).all(axis=None)


@pytest.mark.parametrize("n", [1, 2, 3, 31, 32, 33, 34, 100, 501])
def test_medians(n):
    rng = np.random.default_rng(n)
    for values in (
        rng.normal(size=n),
        rng.integers(0, 4, n).astype(float),
        np.zeros(n),
        np.arange(n)[::-1] * 1.0,
    ):
        assert _median(np.append(values, -99.0), n) == np.median(values)


def test_sorting_of_32_bit_numbers():
    rng = np.random.default_rng(2)
    values = np.concatenate(
        [rng.normal(0, 1e6, 5000), rng.integers(-5, 5, 5000), [0.0, -0.0, 3e38, -3e38, 1e-42]]
    )
    values = values.astype(np.float32)
    order = sort_order(values.view(np.uint32))
    expected = np.sort(values)
    np.testing.assert_array_equal(values[order], expected)
    assert sorted(order) == list(range(values.size))


def test_64_bit_intensities_are_not_rounded():
    rng = np.random.default_rng(3)
    fine = 100 + rng.permutation(400) * 1e-7  # all the same as 32-bit numbers
    table = np.stack([fine, rng.gamma(2, 300, 400)], axis=1)
    steps = rma_steps(table, np.arange(400) // 4, background=False)
    np.testing.assert_array_equal(np.argsort(steps.normalised[0]), np.argsort(fine))


# --- what can't be normalised ---------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_intensities_that_are_not_finite(arrays, value):
    frame = pd.DataFrame(arrays, columns=list("abcdef"))
    frame.loc[17, "d"] = value
    with pytest.raises(RmaError, match="Array d holds intensities that are not finite"):
        rma(frame, LABELS)


def test_intensities_without_logarithm(arrays):
    frame = pd.DataFrame(arrays, columns=list("abcdef"))
    frame.loc[17, "d"] = 0
    with pytest.raises(RmaError, match="Array d holds intensities that are not positive"):
        rma(frame, LABELS, background=False)
    assert np.isfinite(rma(frame, LABELS)).all(axis=None)  # the background's correction makes them positive


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda x, y: (x, y[:-1]), "3000 probes but 2999 probe-set labels"),
        (lambda x, y: (x, [None, *y[1:]]), "1 probes have no probe-set label"),
        (lambda x, y: (x[:, 0], y), "of shape"),
        (lambda x, y: (x[:0], y[:0]), "of shape"),
        (lambda x, y: (x[:, :0], y), "of shape"),
        (lambda x, y: (x.astype(str).astype(object) + "?", y), "must be numbers"),
        (lambda x, y: (np.full_like(x, 100), y), "Array 0: no background can be estimated: .* no spread"),
        (lambda x, y: (x[:1], y[:1]), "no background can be estimated"),
    ],
)
def test_inputs_that_do_not_fit(arrays, change, match):
    with pytest.raises(RmaError, match=match):
        rma(*change(arrays, LABELS))


def test_whole_numbers_are_taken(arrays):
    counts = arrays.round().astype(int)
    pd.testing.assert_frame_equal(rma(counts, LABELS), rma(counts.astype(float), LABELS))


# --- compiled code --------------------------------------------------------------------------------------


def test_the_function_is_not_hidden_by_its_module():
    assert callable(rma_function)
    code = "import mgbone.microarray.normalisation, mgbone.microarray as m; assert callable(m.rma)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_several_threads_may_call_at_once(arrays):
    """As in a Jupyter server; some of numba's own threading layers would abort here."""
    expected = rma(arrays, LABELS)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: rma(arrays, LABELS), range(8)):
            pd.testing.assert_frame_equal(found, expected)


NO_FOLDER = """
from numba.core import caching
def refuse(self):
    raise OSError("not writable")
caching._CacheLocator.ensure_cache_path = refuse
"""
RUN = """
import numpy as np
from mgbone.microarray.normalisation import rma
values = np.random.default_rng(0).gamma(2, 100, (200, 3)) + 20
print(repr(float(rma(values, np.arange(200) // 4).to_numpy().sum())))
"""


@pytest.mark.slow
def test_without_a_folder_for_compiled_code():
    """Where no folder can be written to, numba refuses to cache; the result is the same, only later."""
    done = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        for code in (RUN, NO_FOLDER + RUN)
    ]
    assert [run.returncode for run in done] == [0, 0], done[1].stderr
    assert done[0].stdout == done[1].stdout
