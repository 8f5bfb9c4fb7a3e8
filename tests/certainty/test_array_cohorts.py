"""Tests of cohorts of arrays: fast tests against declared ones, drawn expression against drawn scans."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers import R
from scipy import stats

from mgbone.certainty import array_cohorts, array_tests
from mgbone.microarray import arrays, changed_genes, enrichment, genesets
from mgbone.microarray.clustering import cluster_arrays, separation
from mgbone.microarray.genes import summarise_to_genes
from mgbone.microarray.genesets import GeneSets
from mgbone.microarray.normalisation import rma
from mgbone.study.ledger import CLAIM_COLUMNS, load_claims

PRIOR = json.loads((R / "prior_truth.json").read_text())
N_GENES, N_TERMS = 600, 80
THEMES = pd.DataFrame(
    {"theme": ["bone_metabolism_genes", "bone_metabolism_genes", "inflammatory_response_genes"],
     "go_id": ["T3", "T40", "T7"], "term": "", "reason": ""}
)  # fmt: skip


@pytest.fixture(scope="module")
def arrays_of_one_experiment(study):
    """Twelve arrays of experiment 2, of which 0.02 % raises 60 genes, and terms of which some hold these."""
    rng = np.random.default_rng(2)
    groups = [g for g in study.experiments["exp2"].array_groups for _ in range(4)]
    names = [f"a{i}" for i in range(12)]
    level = rng.uniform(3, 11, N_GENES)
    values = (
        level[:, None]
        + 0.3 * rng.standard_normal((N_GENES, 12)) * np.sqrt(6 / rng.chisquare(6, N_GENES))[:, None]
    )
    values[:60, [g == "mg002" for g in groups]] += 1.2
    genes = pd.DataFrame(values, [f"Gene{i}" for i in range(N_GENES)], names)
    members = {
        f"T{i}": tuple(genes.index[rng.choice(N_GENES, rng.integers(6, 60), replace=False)])
        for i in range(N_TERMS)
    }
    members["T3"] = tuple(genes.index[30:75])
    table = pd.DataFrame({"array_id": names, "experiment": "exp2", "group": groups})
    return genes, table, GeneSets(members)


def test_genes_terms_and_themes_are_those_of_the_declared_functions(study, arrays_of_one_experiment):
    genes, table, sets = arrays_of_one_experiment
    declared = arrays.compare_arrays(genes, table, study)
    lists = changed_genes.gene_lists(declared, study.thresholds["gene_q"])
    expressed = changed_genes.expressed_genes(declared, study.thresholds["expressed"])
    enriched = enrichment.over_representation(lists, sets, expressed)
    evidence = arrays.array_evidence({}, enriched, THEMES, table, study).set_index(["contrast", "endpoint"])
    terms = array_tests.index_terms(sets, genes.index, THEMES)
    codes = np.repeat([0, 1, 2], 4)
    fitted = array_tests.moderated_t(genes.to_numpy(), codes, [(1, 0), (2, 0)])
    for i, contrast in enumerate(["mg004_vs_control", "mg002_vs_control"]):
        rows = declared[declared["contrast"] == contrast]
        one = fitted.of(i)
        np.testing.assert_allclose(one.log2_fold_change, rows["log2_fold_change"], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(one.t, rows["t"], rtol=1e-9)
        np.testing.assert_allclose(2 * stats.t.sf(np.abs(one.t), one.df), rows["p"], rtol=1e-9)
        for q, least in ((0.001, 0), (0.05, 0.585), (0.1, 1), (0.9, 0)):
            passed = rows["q"].lt(q) & rows["log2_fold_change"].abs().ge(least)
            for mine, sign in zip(one.changed(q, least), (1, -1), strict=True):
                assert (mine == (passed & (sign * rows["t"] > 0)).to_numpy()).all()
        both = np.stack(one.changed(study.thresholds["gene_q"], 0), axis=1)
        background = genes.mean(axis=1).to_numpy() > study.thresholds["expressed"]
        found = array_tests.over_representation(terms, both, background)
        for column, direction in enumerate(("up", "down")):
            told = enriched[(enriched["contrast"] == contrast) & (enriched["direction"] == direction)]
            at = [terms.names.index(term) for term in told["term"]]
            np.testing.assert_allclose(found.p[at, column], told["p"], rtol=1e-9)
        for theme, spoken in array_tests.speak_for_themes(terms, found).items():
            row = evidence.loc[contrast, theme]
            assert (spoken.q, spoken.estimate) == pytest.approx(
                (row["p"], row["estimate"]), rel=1e-9, nan_ok=True
            )
            if row["level"] != "none":
                assert {1: "up", -1: "down"}[spoken.way] == row["direction"]


def test_the_rule_of_clusters_without_its_figures_is_the_declared_one(arrays_of_one_experiment):
    genes, table, _ = arrays_of_one_experiment
    for case in ("mg002", "mg004"):
        groups = table[table["group"].isin([case, "control"])].set_index("array_id")["group"]
        declared = cluster_arrays(genes[groups.index], groups, n_genes=200, bootstraps=1).verdict
        found = separation(genes[groups.index].to_numpy(), pd.factorize(groups)[0], n_genes=200)
        assert found == (declared["level"], pytest.approx(declared["silhouette"]), declared["p"])


@pytest.mark.parametrize("fit", PRIOR["fits"], ids=lambda fit: f"trend={fit['trend']}")
def test_the_prior_of_variances_is_that_of_limma(fit):
    table = pd.read_csv(R / "limma_input.csv", index_col="gene")
    codes, _ = pd.factorize(table.columns.str.partition(".").get_level_values(0))
    values = table.to_numpy()
    found = array_tests.moderated_t(values, codes, [(1, 0)], trend=fit["trend"])
    within = values - table.T.groupby(codes).transform("mean").T.to_numpy()
    level = values.mean(axis=1) if fit["trend"] else None
    df, variance = array_tests.fit_prior((within**2).sum(axis=1) / 8, 8, level)
    assert df == pytest.approx(fit["df"], rel=1e-7) and found.df == pytest.approx(fit["total"], rel=1e-7)
    assert np.ravel(variance)[:6] == pytest.approx(np.ravel(fit["variance"]), rel=1e-7)
    assert found.t[:6, 0] == pytest.approx(fit["t"], rel=1e-7)
    assert 2 * stats.t.sf(np.abs(found.t[:6, 0]), found.df) == pytest.approx(fit["p"], rel=1e-6)


@pytest.mark.parametrize(("genes", "of_set", "of_list"), [(500, 40, 60), (16_000, 900, 1_000), (30, 12, 25)])
def test_hypergeometric_tails_are_those_of_scipy(genes, of_set, of_list):
    hits = np.arange(max(0, of_set + of_list - genes), min(of_set, of_list) + 1).astype(float)
    mine = array_tests.at_least(hits, genes, np.full(len(hits), float(of_set)), float(of_list))
    np.testing.assert_allclose(
        mine, stats.hypergeom.sf(hits - 1, genes, of_set, of_list), rtol=1e-7, atol=1e-290
    )


def test_a_model_gives_back_the_factors_and_variances_that_it_was_fitted_to(study):
    rng = np.random.default_rng(8)
    n, loadings, own = 2_000, rng.normal(0, 0.3, (2_000, 2)), rng.uniform(0.02, 0.2, 2_000)
    table = pd.DataFrame(
        [
            (f"{e.name}-{g}-{i}", e.name, g)
            for e in study.experiments.values()
            for g in e.array_groups
            for i in range(8)
        ],
        columns=["array_id", "experiment", "group"],
    )
    values = loadings @ rng.standard_normal((2, len(table))) + np.sqrt(own)[:, None] * rng.standard_normal(
        (n, len(table))
    )
    genes = pd.DataFrame(values, [f"G{i}" for i in range(n)], table["array_id"])
    model = array_cohorts.fit_expression(genes, table, study)
    assert model.loadings.shape[1] == 2
    # The model knows the factors up to rotation, and not which of its genes' variance is which exactly.
    assert (model.loadings**2).sum() == pytest.approx((loadings**2).sum(), rel=0.25)
    assert model.variance.mean() == pytest.approx(own.mean(), rel=0.05)
    drawn = array_cohorts.draw_expression(model, "none", np.random.default_rng(1))["exp2"]
    means = drawn.reshape(n, 3, 8).mean(axis=2)
    assert np.abs(means[:, 1] - means[:, 0]).mean() < 0.25  # noise alone


def test_chances_are_shares_of_cohorts_with_the_verdict_that_the_data_gave():
    """Theme b was contradicted by the data; c was not tested in them, d in no cohort."""
    verdicts = pd.DataFrame({
        "claim_id": ["a", "b", "c", "d"], "experiment": "exp2", "domain": "microarray",
        "contrast": ["mg002_vs_control"] * 3 + ["mg004_vs_control"], "direction": ["none", "up", "up", "up"],
        "endpoint": ["array_clustering", "bone_metabolism_genes", "inflammatory_response_genes",
                     "bone_metabolism_genes"],
        "level": ["mixed", "significant", "significant", "significant"], "value": np.nan,
        "verdict": ["reproduced", "contradicted", "not_tested", "reproduced"],
    }).reindex(columns=[*CLAIM_COLUMNS, "verdict"])  # fmt: skip
    cohorts = pd.DataFrame({
        "cohort": np.repeat(range(4), 3), "experiment": "exp2", "contrast": "mg002_vs_control",
        "endpoint": ["array_clustering", "bone_metabolism_genes", "inflammatory_response_genes"] * 4,
        "direction": ["none", "up", "up", "none", "up", "up", "none", "down", "up", "none", "none", "up"],
        "level": ["mixed", "significant", "significant", "mixed", "trend", "none", "separated",
                  "significant", "none", "mixed", "significant", "none"],
    })  # fmt: skip
    silent = pd.DataFrame({"cohort": range(4), "experiment": "exp2", "contrast": "mg004_vs_control",
                           "endpoint": "bone_metabolism_genes", "direction": None,
                           "level": None})  # fmt: skip
    found = array_cohorts.array_chances({"observed": pd.concat([cohorts, silent])}, verdicts)
    found = found.set_index("claim_id")
    # Of b: up and significant, up at another level, down, nowhere.
    assert found["p_plugin"].tolist() == pytest.approx([0.75, 0.5, np.nan, np.nan], nan_ok=True)
    # Clopper and Pearson for 3 of 4
    assert found.loc["a", ["p_plugin_low", "p_plugin_high"]].tolist() == pytest.approx(
        [0.1941, 0.9937], abs=1e-4
    )
    assert found.loc[["c", "d"], ["p_plugin_low", "p_plugin_high"]].isna().all(axis=None)


def test_without_a_contrast_that_can_be_tested_chances_are_missing(study):
    """One array a group: nothing to draw from, and no chance of 0."""
    groups = list(study.experiments["exp2"].array_groups)
    table = pd.DataFrame({"array_id": groups, "experiment": "exp2", "group": groups})
    genes = pd.DataFrame(np.ones((5, 3)), [f"G{i}" for i in range(5)], groups)
    model = array_cohorts.fit_expression(genes, table, study)
    assert model.groups == {}
    drawn = {truth: array_cohorts.array_cohorts(model, truth, study, 3) for truth in array_cohorts.TRUTHS}
    assert drawn["none"].empty and list(drawn["none"].columns) == array_cohorts.COHORT_COLUMNS
    verdicts = load_claims().assign(verdict="reproduced")
    found = array_cohorts.array_chances(drawn, verdicts)
    assert len(found) == 7 and found[["p_plugin", "p_without_effect", "p_plugin_low"]].isna().all(axis=None)


# --- drawn expression and drawn scans -----------------------------------------------------------------

SCANNED = 8


@pytest.fixture(scope="module")
def drawn_both_ways(study, tmp_path_factory):
    """Cohorts of one population as scans, and a model fitted to as many others; a third of the genes."""
    from mgbone.dataset.arrays.cel import read_cels
    from mgbone.dataset.arrays.library import read_platform
    from mgbone.simulate.arrays import simulate_arrays
    from mgbone.simulate.gene_model import load_genes

    rows = [
        (f"{e.name}-{g}-{i}", g, e.name)
        for e in study.experiments.values()
        for g in e.array_groups
        for i in range(4)
    ]
    table = pd.DataFrame(rows, columns=["array_id", "group", "experiment"])
    table = table.assign(animal_id=table["array_id"], file="cel/" + table["array_id"] + ".CEL")
    chip = load_genes().query("tier == 'go_biological_process'").iloc[::3].reset_index(drop=True)
    cohorts = []
    for seed in range(2 * SCANNED):
        folder = tmp_path_factory.mktemp("cohort")
        simulate_arrays(
            folder, table, True, seed, uncentred=True, population=5, genes=chip, n_rows=300, n_cols=300
        )
        scans = read_cels([folder / file for file in table["file"]], names=list(table["array_id"]))
        platform = read_platform(folder / "platform")
        genes = summarise_to_genes(
            rma(platform.select(scans), platform.probesets), platform.annotation["gene_symbol"]
        )
        cohorts.append(genes.reindex(chip["symbol"]))
    fitted, scanned = cohorts[:SCANNED], cohorts[SCANNED:]
    together = np.mean([c.to_numpy().mean(axis=1) for c in fitted], axis=0)
    # What all arrays of a cohort share, RMA's reference, is no part of any contrast.
    pooled = [
        c.sub(c.mean(axis=1), axis=0).add(together, axis=0).add_prefix(f"{i}-") for i, c in enumerate(fitted)
    ]
    all_of = pd.concat([table.assign(array_id=f"{i}-" + table["array_id"]) for i in range(SCANNED)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # silent genes hardly vary
        model = array_cohorts.fit_expression(pd.concat(pooled, axis=1), all_of, study)
    lost = len(table) / (len(table) - 1)  # degrees of freedom that went with it
    groups = {name: arrays.groups_of(table, name) for name in model.groups}
    model = replace(
        model, groups=groups, variance=model.variance * lost, loadings=model.loadings * np.sqrt(lost)
    )
    rng = np.random.default_rng(3)
    drawn = [array_cohorts.draw_expression(model, "observed", rng) for _ in range(5 * SCANNED)]
    read = [{name: c[of.index].to_numpy(float) for name, of in groups.items()} for c in scanned]
    return model, read, drawn


@pytest.mark.slow
def test_drawn_expression_and_drawn_scans_agree(study, drawn_both_ways):
    model, scanned, drawn = drawn_both_ways
    genes = next(iter(model.means.values())).index
    terms = array_tests.index_terms(genesets.load_gene_sets(), genes, genesets.load_themes())
    for name, groups in model.groups.items():
        order = list(dict.fromkeys(groups))
        codes = np.array([order.index(g) for g in groups])
        pairs = [
            (order.index(c.case), order.index(c.reference)) for c in study.experiments[name].array_contrasts
        ]
        change, error, size_of_t, spread, themes = [], [], [], [], []
        for cohorts in (scanned, drawn):
            fits = [array_tests.moderated_t(c[name], codes, pairs) for c in cohorts]
            changes = np.stack([f.log2_fold_change for f in fits])
            change.append(changes.mean(axis=0))
            spread.append(np.sqrt(changes.var(axis=0, ddof=1).mean(axis=0)))
            error.append(np.quantile([f.log2_fold_change / f.t for f in fits], [0.1, 0.5, 0.9], axis=(0, 1)))
            size_of_t.append(np.quantile(np.abs([f.t for f in fits]), [0.5, 0.9, 0.99], axis=(0, 1)))
            said = [
                pd.DataFrame(array_cohorts._analysed(name, c[name], model, terms, study)) for c in cohorts
            ]
            themes.append(pd.concat(said).dropna(subset="p").set_index(["contrast", "endpoint"])["p"])
        large = np.abs(change[1]) > 1
        assert (change[0][large] / change[1][large]).mean() == pytest.approx(1, abs=0.05)
        np.testing.assert_allclose(error[1], error[0], rtol=0.06)
        # Eight cohorts have drawn the factors that all genes share eight times only.
        np.testing.assert_allclose(spread[1], spread[0], rtol=0.2)
        np.testing.assert_allclose(size_of_t[1], size_of_t[0], rtol=0.12)
        for key in themes[0].index.unique():
            assert stats.ks_2samp(themes[0][[key]], themes[1][[key]]).pvalue > 0.005, key
