"""How well probes agree, against numpy's correlation of every pair and a hand calculation."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from mgbone.microarray import agreement
from mgbone.microarray.agreement import ON_CHIP_COLUMNS, genes_on_chip, probe_agreement
from mgbone.microarray.normalisation import RmaSteps, rma_steps


@pytest.fixture(scope="module")
def steps():
    rng = np.random.default_rng(3)
    signal = np.repeat(rng.normal(9, 1, (40, 8)), 5, axis=0) + rng.normal(0, 0.3, (200, 8))
    labels = np.array([f"s{i // 5:02}" for i in range(200)], dtype=object)
    labels[199] = "alone"
    order = rng.permutation(200)  # the probes of a set don't lie side by side
    return rma_steps(2 ** signal[order], labels[order], threads=1)


def test_it_is_the_mean_correlation_of_all_pairs_and_the_root_mean_square_residual(steps):
    found = probe_agreement(steps)
    for name in ("s00", "s17", "s39"):
        mine = np.flatnonzero(steps.probesets == name)
        values = steps.normalised.to_numpy()[mine].astype(float)
        pairs = [np.corrcoef(a, b)[0, 1] for a, b in combinations(values, 2)]
        residuals = steps.residuals.to_numpy()[mine].astype(float)
        assert found.loc[name, "probes"] == len(mine) == (4 if name == "s39" else 5)
        assert found.loc[name, "probe_correlation"] == pytest.approx(np.mean(pairs), abs=1e-4)
        assert found.loc[name, "probe_residual"] == pytest.approx(np.sqrt((residuals**2).mean()), abs=1e-4)
    assert found["probe_correlation"].median() > 0.8


@pytest.mark.parametrize("at_once", [1, 7, 40, 41])
def test_it_does_not_depend_on_how_many_sets_are_looked_at_at_once(steps, monkeypatch, at_once):
    whole = probe_agreement(steps)
    monkeypatch.setattr(agreement, "_SETS_AT_ONCE", at_once)
    pd.testing.assert_frame_equal(probe_agreement(steps), whole, check_exact=True)


def test_a_probe_alone_agrees_with_none(steps):
    assert np.isnan(probe_agreement(steps).loc["alone", "probe_correlation"])


@pytest.mark.filterwarnings("error")
def test_a_probe_that_does_not_vary_agrees_with_none(steps):
    normalised = steps.normalised.copy()
    normalised.iloc[np.flatnonzero(steps.probesets == "s00")[0]] = 0.1
    found = probe_agreement(replace(steps, normalised=normalised))["probe_correlation"]
    assert found[found.isna()].index.tolist() == ["alone", "s00"]


def test_expression_normalised_elsewhere_has_no_probes(steps):
    table = genes_on_chip(RmaSteps.without_probes(steps.expression), None)
    assert table.empty
    assert list(table.columns) == ON_CHIP_COLUMNS
