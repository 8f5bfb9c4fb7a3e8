"""Moderated t tests against R's limma, and what is shown around them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import R
from scipy import stats

from mgbone.microarray import changed_genes, differential, genes
from mgbone.study.errors import MgboneError

CONTRASTS = ["mg004_vs_control", "mg002_vs_control", "mg002_vs_mg004"]
NUMBERS = ["log2_fold_change", "average_expression", "t", "p", "q"]


@pytest.fixture
def values() -> pd.DataFrame:
    return pd.read_csv(R / "limma_input.csv", index_col="gene")


@pytest.fixture
def groups(values) -> pd.Series:
    return pd.Series([name.split(".")[0] for name in values.columns], index=values.columns)


@pytest.fixture
def table(values, groups) -> pd.DataFrame:
    return differential.differential_expression(values, groups, CONTRASTS)


def limma(path: Path) -> pd.DataFrame:
    return pd.read_csv(path)


def test_equals_stored_limma_values(table):
    truth = limma(R / "limma_truth.csv")
    assert table.columns.tolist() == differential.DE_COLUMNS
    pd.testing.assert_frame_equal(table[["gene", "contrast"]], truth[["gene", "contrast"]])
    np.testing.assert_allclose(table[NUMBERS], truth[NUMBERS], rtol=1e-10, atol=1e-12)
    assert (truth["q"] < 0.05).sum() > 20


def test_intervals_equal_those_of_limma(values, groups):
    truth = limma(R / "limma_truth.csv")
    found = differential.fold_change_intervals(values, groups, CONTRASTS)
    pd.testing.assert_frame_equal(found[["gene", "contrast"]], truth[["gene", "contrast"]])
    np.testing.assert_allclose(found[["ci_low", "ci_high"]], truth[["ci_low", "ci_high"]], rtol=1e-10)
    narrow = differential.fold_change_intervals(values, groups, CONTRASTS, confidence=0.5)
    assert ((narrow["ci_low"] > found["ci_low"]) & (narrow["ci_high"] < found["ci_high"])).all()


def has_limma() -> bool:
    if shutil.which("Rscript") is None:
        return False
    return (
        subprocess.run(["Rscript", "-e", "library(limma)"], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "sizes"), [(1, (4, 4, 4)), (2, (2, 3, 5))])
def test_equals_limma_run_now(tmp_path, seed, sizes):
    if not has_limma():
        pytest.skip("R with limma is not installed (Debian: r-bioc-limma)")
    rng = np.random.default_rng(seed)
    labels = np.repeat(["control", "mg004", "mg002"], sizes)
    names = [
        f"{g}.{i}" for g, n in zip(["control", "mg004", "mg002"], sizes, strict=True) for i in range(1, n + 1)
    ]
    deviations = np.sqrt(0.05 * 4 / rng.chisquare(4, (300, 1)))
    values = pd.DataFrame(rng.normal(8, deviations, (300, len(names))), [f"G{i}" for i in range(300)], names)
    values.iloc[:20, labels == "mg004"] += 1
    values.to_csv(tmp_path / "in.csv", index_label="gene", float_format="%.17g")
    command = ["Rscript", str(R / "make_limma_truth.R"), str(tmp_path / "in.csv"), str(tmp_path / "out.csv")]
    subprocess.run(command, check=True, capture_output=True)
    found = differential.differential_expression(values, list(labels), CONTRASTS)
    np.testing.assert_allclose(found[NUMBERS], limma(tmp_path / "out.csv")[NUMBERS], rtol=1e-10, atol=1e-12)


def test_one_model_borrows_the_variance_of_the_third_group(values, groups):
    pair = groups[groups != "mg002"]
    alone = differential.differential_expression(values[pair.index], pair, ["mg004_vs_control"])
    together = differential.differential_expression(values, groups, ["mg004_vs_control"])
    np.testing.assert_allclose(alone["log2_fold_change"], together["log2_fold_change"], atol=1e-12)
    assert np.abs(alone["t"] - together["t"]).max() > 0.1


def test_difference_is_case_minus_reference(values, groups):
    there = differential.differential_expression(values, groups, ["mg002_vs_control"])
    back = differential.differential_expression(values, groups, ["control_vs_mg002"])
    np.testing.assert_allclose(there["t"], -back["t"], atol=1e-12)
    raw = values.loc["Gene001", groups == "mg002"].mean() - values.loc["Gene001", groups == "control"].mean()
    assert there.loc[0, "log2_fold_change"] == pytest.approx(raw, abs=1e-12)


def test_groups_are_matched_by_array_name(values, groups):
    shuffled = groups.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(
        differential.differential_expression(values, shuffled, CONTRASTS),
        differential.differential_expression(values, groups, CONTRASTS),
    )


def test_genes_by_hand_end_at_the_p_of_limma_in_r(values, groups):
    worked = differential.genes_by_hand(values, groups, ["Gene007", "Gene031"], "mg002_vs_control")
    truth = pd.read_csv(R / "limma_truth.csv").query("contrast == 'mg002_vs_control'").set_index("gene")
    case, reference = (values.loc[:, (groups == g).to_numpy()] for g in ("mg002", "control"))
    for gene in ("Gene007", "Gene031"):
        steps = worked.set_index("step")[gene]
        row = truth.loc[gene]
        assert steps["t"] == pytest.approx(row["t"], rel=1e-9)
        assert steps["p"] == pytest.approx(row["p"], rel=1e-9)
        assert steps["difference"] == pytest.approx(row["log2_fold_change"], rel=1e-9)
        low, high = sorted([steps["variance"], steps["prior_variance"]])
        assert low < steps["posterior_variance"] < high
        # The ordinary t has the gene's own variance, pooled over all groups.
        spread = 1 / case.shape[1] + 1 / reference.shape[1]
        expected = (case.loc[gene].mean() - reference.loc[gene].mean()) / np.sqrt(steps["variance"] * spread)
        assert steps["t_ordinary"] == pytest.approx(expected, rel=1e-12)
        assert (abs(steps["t"]) > abs(expected)) == (steps["variance"] > steps["prior_variance"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x, g: (x, g, ["mg001_vs_control"]), "'mg001', which has no array"),
        (lambda x, g: (x, g, ["mg002"]), "case_vs_reference"),
        (lambda x, g: (x, g, ["control_vs_control"]), "two different groups"),
        (lambda x, g: (x, g, []), "list of contrasts"),
        (lambda x, g: (x, g, "mg002_vs_control"), "list of contrasts"),
        (lambda x, g: (x, g.drop(g.index[0]), CONTRASTS), "has no group"),
        (lambda x, g: (x, list(g)[:-1], CONTRASTS), "10 groups were given for 11 arrays"),
        (lambda x, g: (x.iloc[:, [0, 1, 2, 4]], g.iloc[[0, 1, 2, 4]], ["mg004_vs_control"]), "single array"),
        (lambda x, g: (x.mask(x > 9), g, CONTRASTS), "missing or infinite"),
        (lambda x, g: (x.rename({"Gene001": "Gene002"}), g, CONTRASTS), "summarise_to_genes"),
        (lambda x, g: (x.iloc[:2], g, CONTRASTS), "Only 2 genes"),
        (lambda x, g: (x.iloc[:0], g, CONTRASTS), "empty"),
        (lambda x, g: (x.astype(str) + "x", g, CONTRASTS), "no number"),
        (lambda x, g: (x.rename(columns={"control.1": "control.2"}), g, CONTRASTS), "more than once"),
    ],
)
def test_says_what_is_wrong(values, groups, change, words):
    with pytest.raises(MgboneError, match=words):
        differential.differential_expression(*change(values, groups))


def test_raw_intensities_are_noticed(values, groups):
    with pytest.warns(differential.ExpressionWarning, match="raw intensities"):
        differential.differential_expression(2**values, groups, CONTRASTS)


def test_best_measured_probeset_stands_for_its_gene():
    frame = pd.DataFrame(
        {"a": [5.0, 7.0, 7.0, 3.0, 9.0], "b": [5.0, 7.0, 7.0, 3.0, 9.0]}, index=["p1", "p2", "p3", "p4", "p5"]
    )
    symbols = {"p1": "Il6", "p2": "Il6", "p3": "Il6", "p4": "Tnf", "p5": None}
    choice = genes.probeset_choice(frame, symbols)
    assert choice.index[choice["kept"]].tolist() == ["p2", "p4"]
    assert genes.summarise_to_genes(frame, pd.Series(symbols)).index.tolist() == ["Il6", "Tnf"]
    with pytest.raises(MgboneError, match="same chip"):
        genes.summarise_to_genes(frame, {"q1": "Il6"})


def test_counts_follow_the_limits(table):
    counts = changed_genes.significance_counts(table, q=(0.01, 0.05), log2_fold_change=(0.0, 0.5))
    assert len(counts) == 3 * 4
    one = counts.query("contrast == 'mg002_vs_control' and q == 0.05 and log2_fold_change == 0.5").iloc[0]
    genes = table[(table["contrast"] == "mg002_vs_control") & (table["q"] < 0.05)]
    assert one["up"] == (genes["log2_fold_change"] >= 0.5).sum() > 0
    assert one["total"] == one["up"] + one["down"]
    assert (counts.groupby(["contrast", "log2_fold_change"])["total"].diff().dropna() >= 0).all()


def test_lists_are_up_and_down_apart(table):
    lists = changed_genes.gene_lists(table)["mg002_vs_control"]
    changes = table[table["contrast"] == "mg002_vs_control"].set_index("gene")["log2_fold_change"]
    assert (changes[lists["up"]] > 0).all()
    assert (changes[lists["down"]] < 0).all()
    assert len(lists["up"]) > 5


def test_overlap_classes_and_chance(table, groups):
    both = changed_genes.overlap(table, "mg004_vs_control", "mg002_vs_control")
    assert len(both) == 150
    a = set(changed_genes.gene_lists(table)["mg004_vs_control"]["down"])
    b = set(changed_genes.gene_lists(table)["mg002_vs_control"]["up"])
    assert set(both.loc[both["class"] == "both_opposite", "gene"]) >= a & b
    equal = pd.Series(["control"] * 4 + ["mg004"] * 4 + ["mg002"] * 4)
    summary = changed_genes.overlap_summary(both, "mg004_vs_control", "mg002_vs_control", equal).iloc[0]
    assert summary["correlation_by_chance"] == pytest.approx(0.5)
    assert summary["correlation"] == pytest.approx(
        stats.pearsonr(both["log2_fold_change_a"], both["log2_fold_change_b"]).statistic
    )
    with pytest.raises(MgboneError, match="not in the table"):
        changed_genes.overlap(table, "mg004_vs_control", "mg001_vs_pairfed")


def test_overlap_is_held_against_lists_that_have_nothing_in_common():
    directions = pd.DataFrame(
        [("up", "up")] * 3
        + [("up", "none")] * 7
        + [("none", "down")] * 5
        + [("down", "down")]
        + [("down", "up")],
        columns=["direction_a", "direction_b"],
    )
    same = directions["direction_a"].eq(directions["direction_b"])
    both = directions.assign(
        log2_fold_change_a=np.arange(17.0), log2_fold_change_b=np.arange(17.0) ** 2,
        **{"class": np.where(same, "both_same", "only_a")},
    )  # fmt: skip
    groups = pd.Series(["control"] * 4 + ["mg004"] * 4 + ["mg002"] * 4)
    summary = changed_genes.overlap_summary(both, "mg004_vs_control", "mg002_vs_control", groups).iloc[0]
    assert (summary["changed_a"], summary["changed_b"], summary["both_same"]) == (12, 10, 4)
    assert summary["expected"] == pytest.approx((10 * 4 + 2 * 6) / 17)  # by hand: up and up, down and down


def test_histogram_of_nothing_is_flat():
    rng = np.random.default_rng(4)
    values = pd.DataFrame(rng.normal(7, 0.3, (4000, 8)), columns=[f"a{i}" for i in range(8)])
    table = differential.differential_expression(
        values, ["mg001"] * 4 + ["pairfed"] * 4, ["mg001_vs_pairfed"]
    )
    bins = changed_genes.p_value_histogram(table, bins=10)
    assert bins["count"].sum() == 4000
    assert bins["null_share"].iloc[0] > 0.9
    assert stats.chisquare(bins["count"]).pvalue > 0.001
    assert changed_genes.significance_counts(table, [0.05], [0.0])["total"].iloc[0] <= 2
