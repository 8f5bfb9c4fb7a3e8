"""Clusters of arrays: the tree, the rule, the permutation test and the support."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist
from sklearn.metrics import adjusted_rand_score, silhouette_score

from mgbone.claims.judging import judge
from mgbone.evidence.columns import EVIDENCE_COLUMNS
from mgbone.microarray import clustering
from mgbone.microarray import findings as array_evidence
from mgbone.study.errors import MgboneError, StudyError
from mgbone.study.ledger import load_claims


def arrays(effect: float, labels=("pairfed",) * 4 + ("mg001",) * 4, seed: int = 1, genes: int = 2000):
    rng = np.random.default_rng(seed)
    names = [f"{g}-{i}" for i, g in enumerate(labels)]
    values = rng.normal(7, 2, (genes, 1)) + rng.normal(0, 0.2, (genes, len(labels)))
    frame = pd.DataFrame(values, [f"G{i}" for i in range(genes)], names)
    for group in sorted(set(labels) - {"pairfed", "control"}):
        changed = rng.choice(genes, 300, replace=False)
        frame.iloc[changed, [i for i, g in enumerate(labels) if g == group]] += effect
    return frame, pd.Series(labels, index=names)


def test_groups_that_differ_are_separated():
    values, groups = arrays(1.0)
    found = clustering.cluster_arrays(values, groups, bootstraps=50)
    assert found.verdict["level"] == "separated"
    assert found.verdict["rand"] == 1
    assert found.verdict["p"] == pytest.approx(1 / 35)
    assert found.verdict["cut_support"] > 0.95
    assert found.clusters.groupby(groups).nunique().eq(1).all()


def test_groups_that_do_not_differ_are_mixed():
    levels = [
        clustering.cluster_arrays(*arrays(0.0, seed=s), bootstraps=5).verdict["level"] for s in range(20)
    ]
    assert levels.count("separated") <= 1


def test_both_halves_of_the_rule_are_needed(monkeypatch):
    values, groups = arrays(1.0)
    with monkeypatch.context() as patched:
        patched.setattr(clustering, "_cohesion", lambda *_: (0.1, 2 / 35, np.zeros(35), True))
        loose = clustering.cluster_arrays(values, groups, bootstraps=2)
    assert (loose.verdict["rand"], loose.verdict["level"]) == (1, "mixed")
    # An outlier takes a cluster of its own.
    values.iloc[:, 0] += np.random.default_rng(2).normal(0, 3, len(values))
    spoilt = clustering.cluster_arrays(values, groups, bootstraps=2)
    assert spoilt.verdict["rand"] < 1
    assert spoilt.verdict["level"] == "mixed"


@pytest.mark.parametrize(
    ("sizes", "least", "level"),
    [((3, 3), 1 / 10, "not_tested"), ((2, 4), 1 / 15, "not_tested"), ((3, 4), 1 / 35, "separated"),
     ((2, 2, 2), 1 / 15, "not_tested"), ((3, 3, 3), 1 / 280, "separated")],
)  # fmt: skip
def test_too_few_arrays_are_not_tested(sizes, least, level):
    """Even groups that differ wholly have p = 1 / (all splits): 6!/(3! 3! 2!) = 10 at three against three."""
    labels = sum(((g,) * n for g, n in zip(("pairfed", "mg001", "mg002"), sizes, strict=False)), ())
    found = clustering.cluster_arrays(*arrays(1.5, labels), bootstraps=2)
    assert (found.verdict["rand"], found.verdict["level"]) == (1, level)
    assert found.verdict["p"] == pytest.approx(least)


def test_evidence_of_too_few_arrays_has_no_level(study):
    found = clustering.cluster_contrasts(
        *arrays(1.5, ("pairfed",) * 3 + ("mg001",) * 3), ["mg001_vs_pairfed"], bootstraps=2
    )
    row = array_evidence.clustering_evidence(found, "exp1", study).iloc[0]
    assert row[["level", "direction", "p"]].isna().all()
    assert (row["test"], row["n_case"], row["n_reference"]) == ("not tested", 3, 3)
    claim = load_claims().query("endpoint == 'array_clustering' and experiment == 'exp1'")
    assert judge(claim, row.to_frame().T)["verdict"].tolist() == ["not_tested"]


def test_tree_and_silhouette_are_those_of_scipy_and_sklearn():
    values, groups = arrays(0.3, seed=4)
    found = clustering.cluster_arrays(values, groups, n_genes=500, bootstraps=2)
    used = values.loc[values.var(axis=1).nlargest(500).index]
    tree = hierarchy.linkage(pdist(used.T, "correlation"), "average")
    np.testing.assert_allclose(found.linkage, tree, atol=1e-12)
    expected = silhouette_score(found.distances, groups, metric="precomputed")
    assert found.verdict["silhouette"] == pytest.approx(expected, abs=1e-12)
    assert found.verdict["rand"] == pytest.approx(adjusted_rand_score(groups, found.clusters), abs=1e-12)
    assert set(found.heat.index) == set(used.index)
    assert found.heat.columns.tolist() == list(found.order)
    np.testing.assert_allclose(found.heat.mean(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize(
    ("sizes", "n"), [([4, 4], 35), ([4, 3], 35), ([4, 4, 4], 5775), ([3, 3, 2], 280), ([2, 2], 3)]
)
def test_each_split_is_tried_once(sizes, n):
    splits = list(clustering._splits(sum(sizes), sizes))
    partitions = {frozenset(frozenset(np.flatnonzero(s == c)) for c in set(s)) for s in splits}
    assert len(splits) == len(partitions) == clustering.n_splits(sizes) == n
    assert {tuple(sorted(np.bincount(s))) for s in splits} == {tuple(sorted(sizes))}


def test_p_is_the_rank_among_all_splits():
    found = clustering.cluster_arrays(*arrays(0.15, seed=3), bootstraps=2)
    assert found.verdict["p"] == np.mean(found.null >= found.verdict["silhouette"] - 1e-12)
    assert found.verdict["exact"]
    assert np.isclose(found.null, found.verdict["silhouette"]).any()


def test_too_many_splits_are_drawn_at_random_and_seeded():
    values, groups = arrays(0.0, labels=("pairfed",) * 9 + ("mg001",) * 9, genes=400)
    found = clustering.cluster_arrays(values, groups, bootstraps=2, seed=5)
    again = clustering.cluster_arrays(values, groups, bootstraps=2, seed=5)
    assert not found.verdict["exact"]
    assert found.verdict["splits"] == 10_000
    assert found.verdict == again.verdict
    assert found.verdict["p"] >= 1 / 10_000


def test_a_large_change_is_hardly_ever_called_mixed_and_none_nearly_always():
    """All 70 ways to share out 8 arrays; without a change the cut is the groups in 1 of 35 at most."""
    values, groups = arrays(0.0, seed=6)
    found = clustering.cluster_arrays(values, groups, bootstraps=2)
    change = pd.Series(0.0, index=values.index)
    nothing, ways = clustering.share_called_mixed(found, values, change)
    assert ways == 70 and nothing >= 34 / 35
    change.iloc[:300] = 1.0
    shares = [clustering.share_called_mixed(found, values, part * change)[0] for part in (0.05, 0.2, 1.0)]
    assert shares[0] > shares[1] > shares[2] == 0
    # What the groups differ by already does not help to see the change.
    apart = values + np.outer(np.arange(len(values)) % 7 == 0, groups == "mg001") * 2.0
    assert clustering.share_called_mixed(found, apart, change * 0)[0] == nothing


def test_the_share_called_mixed_is_that_of_the_rule_itself():
    """For each way, let `cluster_arrays` judge arrays that were shared out and changed here."""
    values, groups = arrays(0.0, ("pairfed",) * 3 + ("mg001",) * 4, seed=2, genes=600)
    found = clustering.cluster_arrays(values, groups, n_genes=100, bootstraps=2)
    change = pd.Series(np.where(np.arange(600) < 60, 0.45, 0.0), index=values.index)
    share, ways = clustering.share_called_mixed(found, values, change)
    residual = values.copy()
    for group in ("pairfed", "mg001"):
        own = groups.index[groups == group]
        residual[own] = values[own].sub(values[own].mean(axis=1), axis=0)
    residual = residual.add(values.mean(axis=1), axis=0)
    mixed = 0
    for chosen in combinations(values.columns, 3):
        changed = residual.copy()
        changed[list(chosen)] = changed[list(chosen)].add(change, axis=0)
        labels = pd.Series(["a" if c in chosen else "b" for c in values.columns], index=values.columns)
        level = clustering.cluster_arrays(changed, labels, n_genes=100, bootstraps=1).verdict["level"]
        mixed += level == "mixed"
    assert (share, ways) == (mixed / 35, 35) and 0.05 < share < 0.95


@pytest.mark.slow
def test_of_very_many_ways_a_hundred_are_drawn():
    """Thirty arrays can be shared out in 155 million ways, more than any memory holds."""
    values, groups = arrays(0.0, ("pairfed",) * 15 + ("mg001",) * 15, genes=600)
    found = clustering.cluster_arrays(values, groups, n_genes=100, bootstraps=2)
    change = pd.Series(np.where(np.arange(600) < 60, 2.0, 0.0), index=values.index)
    assert clustering.share_called_mixed(found, values, change) == (0.0, 100)


def test_support_is_high_where_the_branch_is_real():
    found = clustering.cluster_arrays(*arrays(1.0), bootstraps=100)
    nodes = found.nodes.set_index("arrays")
    group = ";".join(a for a in found.groups.index if a.startswith("mg001"))
    assert nodes.loc[group, "support"] > 0.95
    within = nodes[nodes["size"] < 4]["support"]
    assert within.mean() < 0.9
    assert np.isnan(nodes["support"].iloc[-1])
    assert nodes["height"].is_monotonic_increasing


def test_each_group_is_held_against_its_own_reference(study):
    labels = ("control",) * 4 + ("mg004",) * 4 + ("mg002",) * 4
    values, groups = arrays(0.0, labels)
    values.iloc[:300, 8:] += 1.0
    found = clustering.cluster_contrasts(
        values, groups, ["mg004_vs_control", "mg002_vs_control"], bootstraps=20
    )
    table = clustering.clustering_table(found).set_index("comparison")
    assert table["level"].to_dict() == {"mg004_vs_control": "mixed", "mg002_vs_control": "separated"}
    rows = array_evidence.clustering_evidence(found, "exp2", study)
    assert rows.columns.tolist() == EVIDENCE_COLUMNS
    assert rows["level"].tolist() == ["mixed", "separated"]
    assert set(rows["direction"]) == {"none"}
    assert set(rows["endpoint"]) == {"array_clustering"}
    assert rows["estimate"].tolist() == table["silhouette"].tolist()
    assert (rows["n_case"] == 4).all()
    with pytest.raises(StudyError):
        array_evidence.clustering_evidence(found, "exp1", study)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x, g: (x, g.drop(g.index[0])), "has no group"),
        (lambda x, g: (x.iloc[:, :4], g.iloc[:4]), "two groups"),
        (lambda x, g: (x.iloc[:, :5], g.iloc[:5]), "single array"),
        (lambda x, g: (x.mask(x > 9), g), "missing or infinite"),
        (lambda x, g: (x * 0, g), "vary"),
        (lambda x, g: (pd.concat([x, x]), g), "more than once"),
    ],
)
def test_says_what_is_wrong(change, words):
    with pytest.raises(MgboneError, match=words):
        clustering.cluster_arrays(*change(*arrays(0.5)))


def test_unknown_group_of_a_contrast():
    with pytest.raises(MgboneError, match="'control', which has no array"):
        clustering.cluster_contrasts(*arrays(0.5), ["mg001_vs_control"])
