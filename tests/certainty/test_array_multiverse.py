"""Tests of the multiverse of arrays: it begins with the declared analysis, and what takes minutes is kept."""

import numpy as np
import pandas as pd
import pytest
from helpers.small_dataset import in_memory

from mgbone.certainty.array_multiverse import array_multiverse, normalised, permuted_codes
from mgbone.certainty.array_run import read_arrays, run_arrays
from mgbone.microarray import arrays, changed_genes, enrichment, genesets
from mgbone.microarray.genesets import GeneSets
from mgbone.study.ledger import load_claims

THEMES = pd.DataFrame(
    {"theme": ["bone_metabolism_genes"] * 2, "go_id": ["T3", "T4"], "term": "", "reason": ""}
)


@pytest.fixture
def dataset(study, monkeypatch):
    """Twelve arrays of experiment 2 that came normalised; 0.02 % raises 60 of 500 genes, many of T3."""
    rng = np.random.default_rng(6)
    groups = [g for g in study.experiments["exp2"].array_groups for _ in range(4)]
    names = [f"a{i}" for i in range(12)]
    values = rng.uniform(4, 11, 500)[:, None] + 0.25 * rng.standard_normal((500, 12))
    values[:60, [g == "mg002" for g in groups]] += 1.0
    genes = pd.DataFrame(values, [f"Gene{i}" for i in range(500)], names)
    members = {f"T{i}": tuple(genes.index[rng.choice(500, 20, replace=False)]) for i in range(40)}
    members["T3"] = tuple(genes.index[40:65])
    table = pd.DataFrame({"array_id": names, "animal_id": names, "experiment": "exp2", "group": groups})
    monkeypatch.setattr(arrays, "load_arrays", lambda _: arrays.ArraySet(table, expression=genes))
    monkeypatch.setattr(genesets, "load_gene_sets", lambda *_: GeneSets(members))
    monkeypatch.setattr(genesets, "load_themes", lambda: THEMES)
    return in_memory(study)


def test_the_declared_analysis_of_arrays_comes_first(study, dataset):
    claims = load_claims()
    found = array_multiverse(dataset, claims, n_permutations=4)
    scans = arrays.load_arrays(dataset)
    tested = arrays.compare_arrays(scans.expression, scans.table, study)
    lists = changed_genes.gene_lists(tested, study.thresholds["gene_q"])
    expressed = changed_genes.expressed_genes(tested, study.thresholds["expressed"])
    enriched = enrichment.over_representation(lists, genesets.load_gene_sets(), expressed)
    clusterings = arrays.cluster_all_contrasts(scans.expression, scans.table, study, bootstraps=1)
    declared = arrays.array_evidence(clusterings, enriched, THEMES, scans.table, study)
    declared = declared.merge(claims[["claim_id", "endpoint", "contrast"]]).set_index("claim_id")
    first = found.specifications.query("specification == 0").set_index("claim_id")
    assert first.index.tolist() == ["4-3-2-01", "4-3-2-02", "4-3-2-03", "4-3-2-04"]
    for column in ("p", "estimate", "level"):
        for claim in first.index:
            expected = declared.loc[claim, column]
            wanted = expected if column == "level" else pytest.approx(expected, nan_ok=True)
            assert first.loc[claim, column] == wanted, (claim, column)
    # One normalisation: 3 models, limits of q, of fold change, sizes and backgrounds; 3 times 3 clusterings.
    assert found.statements["specifications"].tolist() == [9, 9, 243, 243]
    by_claim = found.statements.set_index("claim_id")
    assert (
        by_claim.loc["4-3-2-04", "share_of_specifications"] > 0.5
    )  # the theme of the genes that were raised
    assert by_claim.loc["4-3-2-03", "verdict"] == "contradicted"
    assert (by_claim["n_permutations"] == 4).all() and set(by_claim["joint_p"]) <= {0.25, 0.5, 0.75, 1.0}


def test_labels_of_arrays_that_are_not_compared_stay_where_they_are():
    codes = np.array([0, 0, 1, 1, 2, 2, 2])
    drawn = permuted_codes(codes, [(1, 0)], 60, np.random.default_rng(1))
    assert all((one[4:] == 2).all() and sorted(one) == sorted(codes) for one in drawn)
    assert len({tuple(one) for one in drawn}) == 6  # ways to choose 2 of 4


def test_scans_are_normalised_in_every_declared_way(study, monkeypatch):
    made = []
    monkeypatch.setattr(
        "mgbone.certainty.array_multiverse.rma",
        lambda probes, _, background, normalise: made.append((background, normalise)) or probes,
    )
    platform = type("Platform", (), {"probesets": None, "annotation": {"gene_symbol": {"p1": "A", "p2": "B"}},
                                     "select": lambda _, probes: probes})()  # fmt: skip
    probes = pd.DataFrame({"a": [1.0, 3.0], "b": [2.0, 4.0]}, index=["p1", "p2"])
    scans = arrays.ArraySet(pd.DataFrame(), intensities=probes, platform=platform)
    found = dict(normalised(scans, {one.id: one for one in study.multiverse}))
    assert made == [(True, True), (True, False), (False, True), (False, False)]
    assert list(found) == [(b, n) for b in ("convolution", "none") for n in ("quantile", "median")]
    assert found["none", "quantile"].to_numpy().tolist() == [[1, 2], [3, 4]]
    assert found["none", "median"].to_numpy().tolist() == [[1.5, 1.5], [3.5, 3.5]]  # both to a median of 2.5


def test_what_was_made_of_arrays_is_read_again(dataset, tmp_path, monkeypatch):
    assert read_arrays(tmp_path).statements.empty
    said = []
    monkeypatch.setattr("mgbone.certainty.array_run.PERMUTATIONS", 2)
    verdicts = load_claims().assign(verdict="reproduced")
    run_arrays(dataset, verdicts, tmp_path, n_cohorts=3, tell=said.append)
    found = read_arrays(tmp_path)
    assert (
        len(said) == 3
        and found.specifications["level"].isin(["none", "trend", "significant", "mixed", "separated"]).all()
    )
    chances = found.statements.set_index("claim_id")
    assert chances.loc["4-3-2-04", "p_plugin"] == 1 and chances.loc["4-3-2-04", "p_without_effect"] == 0
    assert chances["cohorts"].eq(3).all()
    assert np.isnan(chances.loc["4-3-1-01", "p_plugin"])  # of experiment 1 there are no arrays
    assert set(found.decisions["decision"]) >= {"gene_model", "linkage"}
