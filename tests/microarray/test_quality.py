"""Quality of arrays: what each measure is, and that it sees what it should."""

import json

import numpy as np
import pandas as pd
import pytest
from helpers import R

from mgbone.microarray import quality
from mgbone.microarray.normalisation import rma_steps
from mgbone.study.errors import MgboneError

SETS, PROBES, ARRAYS = 400, 10, 6
LABELS = np.repeat([f"TC{i:04d}" for i in range(SETS)], PROBES)
N_ROWS, N_COLS = 70, 60


def made_up(seed=4, spoil=None):
    """Intensities indexed by cell; `spoil` may change the log2 signal (probes x arrays) of some arrays."""
    rng = np.random.default_rng(seed)
    cells = rng.permutation(N_ROWS * N_COLS)[: SETS * PROBES]
    signal = rng.normal(7, 1.5, SETS).repeat(PROBES)[:, None] + rng.normal(0, 1, (SETS * PROBES, 1))
    signal = signal + rng.normal(0, 0.15, (SETS * PROBES, ARRAYS))
    if spoil:
        spoil(signal, cells, rng)
    values = rng.normal(60, 8, signal.shape).clip(5) + 2**signal
    index = pd.Index(cells, name="cell")
    return pd.DataFrame(values.astype(np.float32), index=index, columns=[f"a{i}" for i in range(ARRAYS)])


@pytest.fixture(scope="module")
def steps():
    return rma_steps(made_up(), LABELS)


def test_sound_arrays_are_not_flagged(steps):
    table = quality.flag_arrays(steps)
    assert list(table["array_id"]) == list(steps.expression.columns)
    assert not table["flagged"].any() and (table["flags"] == "").all()
    assert table.attrs["limits"]["max_nuse_median"] == 1.05


def noisy(signal, cells, rng):
    signal[:, 2] += rng.normal(0, 1.0, len(signal))


def bright(signal, cells, rng):
    signal[:, 3] += 1.6


def another_tissue(signal, cells, rng):
    signal[:, 1] += rng.normal(0, 1.6, SETS).repeat(PROBES)


@pytest.mark.parametrize(
    ("spoil", "array", "flags"),
    [
        (noisy, "a2", {"nuse", "rle_spread"}),
        (bright, "a3", {"brightness"}),
        (another_tissue, "a1", {"rle_spread", "correlation"}),
    ],
)
def test_a_spoiled_array_is_flagged_and_no_other(spoil, array, flags):
    table = quality.flag_arrays(rma_steps(made_up(spoil=spoil), LABELS)).set_index("array_id")
    assert list(table.index[table["flagged"]]) == [array]
    assert set(table.loc[array, "flags"].split(", ")) >= flags


def test_correlation_is_with_the_other_arrays(steps):
    correlations = steps.expression.corr()
    expected = [correlations[a].drop(a).median() for a in correlations]
    np.testing.assert_allclose(quality.flag_arrays(steps)["correlation"], expected, rtol=1e-12)


def test_limits_can_be_moved(steps):
    assert quality.flag_arrays(steps, max_rle_median=0.0)["flags"].str.contains("rle_median").all()
    assert quality.flag_arrays(steps, min_correlation=1.0)["flags"].str.contains("correlation").all()
    assert quality.flag_arrays(steps, max_rle_spread=0.5)["flags"].str.contains("rle_spread").all()
    assert quality.flag_arrays(steps, max_nuse_median=0.5)["flags"].str.contains("nuse").all()
    assert (
        quality.flag_arrays(steps, max_brightness=0.0)["flags"].str.contains("brightness").sum() >= ARRAYS - 1
    )


def test_rle_is_the_distance_from_the_median_array():
    expression = pd.DataFrame({"a": [1.0, 5.0], "b": [2.0, 5.0], "c": [4.0, 8.0]}, index=["g", "h"])
    assert quality.relative_log_expression(expression).to_numpy().tolist() == [[-1, 0, 2], [0, 0, 3]]


def test_nuse_by_hand():
    """Three arrays, one set: residuals of array c are far out and weighted down."""
    steps = rma_steps(made_up(), LABELS)
    residuals = pd.DataFrame([[0.1, -0.1, 2.0], [-0.1, 0.1, -0.1], [0.1, 0.1, 0.1]], columns=list("abc"))
    replaced = type(steps)(
        expression=pd.DataFrame(0.0, index=["s"], columns=list("abc")),
        background=steps.background, raw=residuals, normalised=residuals,
        residuals=residuals, affinities=residuals["a"],
        probesets=pd.Categorical(["s"] * 3),
    )  # fmt: skip
    reach = 1.345 * 0.1 / 0.67448975
    sums = np.array([3, 3, 2 + reach / 2.0])
    expected = (1 / np.sqrt(sums)) / (1 / np.sqrt(3))
    np.testing.assert_allclose(quality.unscaled_standard_errors(replaced).loc["s"], expected, rtol=1e-6)


def test_nuse_ranks_arrays_as_the_probe_level_model():
    """Against the standard errors of preprocessCore's rcModelPLM (iterated Huber regression); array 5 is
    noisy."""
    truth = json.loads((R / "rma_truth.json").read_text())
    steps = rma_steps(np.array(truth["noisy"]), truth["labels"])
    found = quality.unscaled_standard_errors(steps).loc[truth["plm_sets"]].to_numpy()
    errors = np.array(truth["plm_errors"])
    expected = errors / np.median(errors, axis=1, keepdims=True)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.95
    assert np.abs(np.median(found, axis=0) - np.median(expected, axis=0)).max() < 0.02
    assert np.median(found, axis=0).argmax() == 4


def test_nuse_of_single_probes_is_missing():
    steps = rma_steps(made_up(), [f"p{i}" for i in range(SETS * PROBES)])
    assert quality.unscaled_standard_errors(steps).isna().all(axis=None)


def test_distributions_are_densities(steps):
    table = quality.distributions(steps)
    assert list(table.columns) == ["stage", "array_id", "value", "density"]
    assert list(table["stage"].unique()) == ["raw", "normalised"]
    for (stage, array), line in table.groupby(["stage", "array_id"]):
        step = line["value"].diff().iloc[-1]
        assert (line["density"] * step).sum() == pytest.approx(1)
        mean = (line["value"] * line["density"] * step).sum()
        assert mean == pytest.approx(getattr(steps, stage)[array].mean(), abs=0.01)
    spread = table.groupby(["stage", "value"])["density"].std().groupby("stage").max()
    assert spread["normalised"] < spread["raw"]


def test_distributions_leave_zeros_out():
    values = made_up()
    values.iloc[:5, 0] = 0
    table = quality.distributions(rma_steps(values, LABELS), ("raw",))
    assert np.isfinite(table["density"]).all()


def test_boxes_are_quantiles():
    values = pd.DataFrame({"a": np.arange(101.0), "b": [np.nan, *np.arange(100.0)]})
    table = quality.box_table(RLE=values)
    assert list(table.columns) == ["measure", "array_id", "q05", "q25", "median", "q75", "q95"]
    assert table.iloc[0].tolist() == ["RLE", "a", 5, 25, 50, 75, 95]
    assert table.iloc[1]["median"] == 49.5


def test_a_bubble_shows_in_the_pseudo_image():
    def bubble(signal, cells, rng):
        y, x = np.divmod(cells, N_COLS)
        signal[(y - 20) ** 2 + (x - 30) ** 2 < 64, 4] -= 2

    steps = rma_steps(made_up(spoil=bubble), LABELS)
    image = quality.pseudo_image(steps.residuals["a4"], N_ROWS, N_COLS)
    assert image.shape == (N_ROWS, N_COLS)
    assert np.isnan(image).sum() == N_ROWS * N_COLS - SETS * PROBES
    assert np.nanmedian(image[16:25, 26:35]) < -1 and abs(np.nanmedian(image[40:, :])) < 0.05
    sound = quality.pseudo_image(steps.residuals["a0"], N_ROWS, N_COLS)
    assert abs(np.nanmedian(sound[16:25, 26:35])) < 0.2


def test_a_pseudo_image_is_in_cell_order():
    values = pd.Series([1.0, 2.0, 4.0], index=[0, 4, 4])
    image = quality.pseudo_image(values, 2, 3)
    assert image[0, 0] == 1 and image[1, 1] == 3 and np.isnan(image).sum() == 4


@pytest.mark.parametrize("index", [[0, 6], [-1, 2], ["a", "b"], [0.0, 1.0]])
def test_a_pseudo_image_needs_cells(index):
    with pytest.raises(MgboneError, match="not indexed by cells of a chip of 2 x 3"):
        quality.pseudo_image(pd.Series([1.0, 2.0], index=index), 2, 3)


def test_components_give_back_the_distances(steps):
    found = quality.principal_components(steps.expression)
    assert found.scores.shape == (ARRAYS, ARRAYS - 1) and list(found.scores.columns[:2]) == ["PC1", "PC2"]
    assert found.explained.sum() == pytest.approx(1) and found.explained.is_monotonic_decreasing
    values = steps.expression.to_numpy()
    for i, j in ((0, 1), (2, 5)):
        distance = np.linalg.norm(values[:, i] - values[:, j])
        assert np.linalg.norm(found.scores.iloc[i] - found.scores.iloc[j]) == pytest.approx(distance)
    turned = quality.principal_components(-steps.expression)
    np.testing.assert_allclose(found.scores.abs(), turned.scores.abs())
    assert (found.scores.max() >= -found.scores.min()).all()


def test_components_of_the_most_variable_genes(steps):
    variable = steps.expression.var(axis=1).sort_values(ascending=False).index[:50]
    expected = quality.principal_components(steps.expression.loc[variable])
    found = quality.principal_components(steps.expression, n_genes=50)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-9)


def test_correlation_is_pearsons(steps):
    found = quality.array_correlation(steps.expression)
    np.testing.assert_allclose(found, steps.expression.corr(), rtol=1e-12)


@pytest.mark.parametrize("measure", [quality.principal_components, quality.array_correlation])
def test_measures_refuse_what_they_cannot_use(measure, steps):
    with pytest.raises(MgboneError, match="at least two arrays"):
        measure(steps.expression[["a0"]])
    missing = steps.expression.copy()
    missing.iloc[0, 0] = np.nan
    with pytest.raises(MgboneError, match="complete values"):
        measure(missing)


def test_equal_arrays_have_no_components():
    with pytest.raises(MgboneError, match="same values"):
        quality.principal_components(pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, 2.0]}))


def test_a_chip_is_spoilt_by_a_dim_bubble_and_a_bright_scratch_and_the_others_stay():
    image = np.zeros((100, 100))
    made = quality.spoil({"a": image})
    assert image.max() == image.min() == 0
    assert made[65, 30] == -2 and made[31, 40] == 2 and made[5, 5] == 0
    assert np.mean(made == -2) == pytest.approx(np.pi * 0.15**2, abs=0.01)
    assert quality.spoil({}) is None
