"""Swapped samples: flagged where two groups can be told apart, and nowhere else."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from helpers import ROOT

from mgbone.dataset.opening import open_dataset
from mgbone.microarray import arrays
from mgbone.microarray.swaps import AGREE, CONTRADICT, FEW, FITS, UNTOLD, check_labels, scores
from mgbone.microarray.words import swapped


def invented(sizes, shift, seed=1, n_genes=3000, changed=300):
    """Genes of two groups of exp1, the first `changed` of them shifted in the second group."""
    rng = np.random.default_rng(seed)
    groups = ["pairfed"] * sizes[0] + ["mg001"] * sizes[1]
    names = [f"{g}-{i}" for i, g in enumerate(groups)]
    genes = pd.DataFrame(rng.normal(8, 0.3, (n_genes, len(names))), columns=names)
    genes.iloc[:changed, sizes[0] :] += shift
    return genes, pd.DataFrame({"array_id": names, "experiment": "exp1", "group": groups})


def with_swap(table, *names):
    """Exchange the labels of two arrays."""
    groups = table.set_index("array_id")["group"]
    a, b = names
    changed = {a: groups[b], b: groups[a]}
    return table.assign(group=[changed.get(array, groups[array]) for array in table["array_id"]])


def test_a_score_is_one_at_the_own_centroid_and_minus_one_at_the_other():
    genes, table = invented((4, 4), shift=3.0)
    is_b = table["group"].eq("mg001").to_numpy()
    right = scores(genes.to_numpy(), is_b)
    assert right == pytest.approx(np.ones(8), abs=0.1)
    wrong = is_b.copy()
    wrong[[0, 7]] = ~wrong[[0, 7]]
    assert scores(genes.to_numpy(), wrong)[[0, 7]].max() < 0


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(3, 3), (4, 4), (3, 6), (9, 9)])
def test_two_swapped_arrays_are_flagged_and_no_other(study, sizes):
    genes, table = invented(sizes, shift=1.0)
    assert list(check_labels(genes, table, study)["says"]) == [AGREE]
    a, b = table["array_id"].iloc[1], table["array_id"].iloc[-1]
    found = check_labels(genes, with_swap(table, a, b), study).iloc[0]
    assert (found["says"], set(found["flagged"].split(", "))) == (CONTRADICT, {a, b})
    assert found["lowest_score"] < FITS <= found["lowest_if_changed"]


def test_one_wrong_label_is_flagged(study):
    genes, table = invented((5, 4), shift=1.0)
    wrong = table.assign(group=["mg001", *table["group"].iloc[1:]])
    assert check_labels(genes, wrong, study)["flagged"].tolist() == [table["array_id"].iloc[0]]


@pytest.mark.slow
def test_without_a_difference_nothing_is_said_of_any_array(study):
    for seed in range(12):
        genes, table = invented((4, 4), shift=0.0, seed=seed)
        found = check_labels(genes, table, study)
        assert (found["says"].tolist(), found["flagged"].tolist()) == ([UNTOLD], [""])


def test_constant_genes_and_few_arrays_are_no_error(study):
    genes, table = invented((4, 4), shift=1.0)
    assert check_labels(genes * 0, table, study)["says"].tolist() == [UNTOLD]
    genes, table = invented((2, 4), shift=1.0)
    found = check_labels(genes, table, study)
    assert found["says"].tolist() == [FEW]
    assert "too few arrays" in swapped(found).data
    assert check_labels(genes, table[table["group"] == "mg001"], study).empty


def test_the_sentence_names_the_arrays_and_changes_nothing(study):
    genes, table = invented((4, 4), shift=1.0)
    assert "No array contradicts its label (1 of 1" in swapped(check_labels(genes, table, study)).data
    said = swapped(check_labels(genes, with_swap(table, "pairfed-0", "mg001-7"), study)).data
    assert "**pairfed-0, mg001-7**: look at the label" in said
    assert "Nothing was changed" in said


@pytest.fixture(scope="module", params=["simulated", "null"])
def shipped(request):
    scans = arrays.load_arrays(open_dataset(ROOT / "data" / request.param))
    return request.param, arrays.normalise(scans)[1], scans.table


@pytest.mark.slow
def test_shipped_arrays(shipped, study):
    """Nothing is flagged unswapped, each swap in experiment 1 is, and nothing where there is no effect."""
    name, genes, table = shipped
    found = check_labels(genes, table, study)
    assert set(found["flagged"]) == {""}
    if name == "null":
        assert set(found["says"]) == {UNTOLD}
        assert best_of_all_splits(genes, table) < 0.3
        return
    assert set(found["says"]) == {AGREE}
    assert found["lowest_score"].min() > 0.5  # without any difference about 0
    first = table[table["experiment"] == "exp1"]
    sides = [first.loc[first["group"] == g, "array_id"].tolist() for g in ("pairfed", "mg001")]
    for a, b in zip(*sides, strict=True):
        checked = check_labels(genes, with_swap(first, a, b), study)
        assert set(checked["flagged"].iloc[0].split(", ")) == {a, b}


def best_of_all_splits(genes, table):
    """Largest lowest score over all splits of two pairs of groups: what labels by chance would give."""
    best = -np.inf
    for experiment, *pair in (("exp1", "pairfed", "mg001"), ("exp2", "control", "mg002")):
        chosen = table[(table["experiment"] == experiment) & table["group"].isin(pair)]
        values = genes[chosen["array_id"]].to_numpy(float)
        for members in combinations(range(1, 8), 3):
            split = np.isin(np.arange(8), [0, *members])
            best = max(best, scores(values, split).min())
    return best
