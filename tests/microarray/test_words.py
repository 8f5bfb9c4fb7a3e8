"""Sentences and tables of notebook 03: names for codes, and which themes hold under both tests."""

import numpy as np
import pandas as pd
import pytest

from mgbone.microarray import words as array_words


@pytest.fixture
def both():
    rows = [
        (
            "mg001_vs_pairfed",
            "inflammatory_response_genes",
            "inflammatory response",
            "up",
            1e-9,
            "up",
            1e-6,
            0.007,
        ),
        (
            "mg001_vs_pairfed",
            "mineral_metabolism_genes",
            "metal ion transport",
            "down",
            1e-5,
            "down",
            0.01,
            0.16,
        ),
        ("mg004_vs_control", "bone_metabolism_genes", "ossification", "up", 0.01, "down", 0.001, 0.01),
        ("mg002_vs_control", "bone_metabolism_genes", "ossification", "up", 0.2, "up", 0.001, 0.01),
        ("mg002_vs_control", "mineral_metabolism_genes", "gone", "down", 0.04, None, None, None),
    ]
    columns = [
        "contrast", "theme", "name", "over_representation_direction", "over_representation_q",
        "camera_direction", "camera_p", "camera_q",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).assign(over_representation_hits=7)


def test_a_theme_holds_under_both_only_with_the_same_sign(both, study):
    firm, first_only = array_words.tell_both_tests(both, study).data.split("\n")
    assert firm.endswith(": Inflammatory response genes ▲ raised (0.01 % Mg vs Pair-fed, camera q = 0.007).")
    assert "Mineral metabolism genes ▼ lowered (0.01 % Mg vs Pair-fed, camera q = 0.160)" in first_only
    assert "0.04 % Mg vs Control" in first_only  # significant under both, but in opposite directions
    assert "camera q = not tested" in first_only
    assert "0.02 % Mg vs Control, camera q = 0.01" not in firm + first_only  # not over-represented at all


def test_p_of_genes_by_hand_is_written_as_everywhere():
    steps = pd.DataFrame(
        [("variance", "v", "s2", 0.0028351), ("p_ordinary", "p1", "df", 1.63e-7), ("p", "p2", "P", 0.0496)],
        columns=["step", "name", "formula", "Ccl26"],
    )
    assert array_words.hand_table(steps)["Ccl26"].tolist() == ["0.002835", "1.6e-7", "0.0496"]


def test_none_is_said(both, study):
    told = array_words.tell_both_tests(both.iloc[:0], study).data
    assert told.count("none.") == 2


def test_codes_become_words(both):
    table = array_words.both_tests(both)
    assert table["comparison"][0] == "0.01 % Mg vs Pair-fed"
    assert table["theme"][0] == "Inflammatory response genes"
    assert table["camera: its genes are"].tolist()[-1] == "not tested"
    best = both.rename(columns={"over_representation_direction": "direction"})
    best = best.assign(term=best["name"], hits=3, p=0.01, q=0.5)
    on_chip = best.assign(q_both=[0.001, 0.002, 0.003, 0.004, 0.005]).iloc[::-1]
    table = array_words.best_terms(best, on_chip)
    assert table["among the genes"].tolist()[:2] == ["▲ raised", "▼ lowered"]
    assert table["q against the whole chip"].tolist() == ["0.001", "0.002", "0.003", "0.004", "0.005"]
    # Where no list holds a gene of the theme, the first list in the alphabet is not where they are.
    assert set(array_words.best_terms(best.assign(hits=0), on_chip)["among the genes"]) == {"no gene"}


def test_severity_is_said_in_numbers():
    table = pd.DataFrame(
        {"contrast": "mg004_vs_control", "profile": "mg001_vs_pairfed", "part": [0.5, 1.0], "ways": 70,
         "called_mixed": [60 / 70, 2 / 70]}
    )  # fmt: skip
    told = array_words.tell_severity(table).data
    assert "0.04 % Mg vs Control**: with 50, 100 % of the change of 0.01 % Mg vs Pair-fed" in told
    assert "mixed in 86, 3 % of 70 ways" in told and "against a change of 100 % of that size or more" in told
    blind = array_words.tell_severity(table.assign(called_mixed=0.9)).data
    assert "speaks against no change of that size" in blind
    assert "No comparison is mixed beside one" in array_words.tell_severity(table.iloc[:0]).data


def test_terms_are_counted_under_both_backgrounds(study):
    rows = {"contrast": "mg001_vs_pairfed", "direction": ["up", "up", "down"], "term": ["A", "B", "A"]}
    expressed = pd.DataFrame({**rows, "background": 900, "list_size": [9, 9, 4], "q": [0.01, 0.2, 0.3]})
    on_chip = expressed.assign(background=1500, list_size=[10, 10, 4], q=[0.001, 0.049, 0.05])
    counts = array_words.backgrounds(expressed, on_chip, study)
    assert counts.iloc[:, 1:].to_numpy().tolist() == [
        ["▲ raised", "900", 9, 1, "1,500", 10, 2], ["▼ lowered", "900", 4, 0, "1,500", 4, 0],
    ]  # fmt: skip


def test_a_theme_that_is_not_over_represented_is_not_said_to_be(both):
    """The third theme of 0.02 % Mg has q = 0.2: its direction is where it comes nearest, and no more."""
    assert "over-represented among" not in array_words.both_tests(both).columns
    empty = both.assign(over_representation_hits=0)
    assert set(array_words.both_tests(empty)["most among"]) == {"no gene"}


def test_best_genes_show_their_interval(study):
    row = {
        "contrast": "mg002_vs_control", "gene": "Nnmt", "log2_fold_change": 3.241, "ci_low": 3.03,
        "ci_high": 3.456, "average_expression": 8.23, "t": 33.61, "p": 1.7e-12, "q": 1.9e-8,
    }  # fmt: skip
    shown = array_words.top_genes_table(pd.DataFrame([row]), study).iloc[0]
    assert shown["95 % interval"] == "+3.03 to +3.46"
    assert (shown["log2 fold change"], shown["q"]) == ("+3.24", "1.9e-8")


def test_clusterings_are_told_by_the_rule():
    verdict = {
        "comparison": "mg001_vs_pairfed", "level": "separated", "rand": 1.0, "cut_support": 0.995,
        "silhouette": 0.586, "p": 0.0286, "splits": 35,
    }  # fmt: skip
    shown = array_words.clusterings(pd.DataFrame([verdict])).iloc[0]
    assert (shown["the groups are"], shown["splits tried"], shown["p"]) == ("separate clusters", 35, "0.029")


def test_genes_are_counted_per_contrast_and_direction():
    called = pd.DataFrame({"contrast": ["a", "a", "a", "b"], "direction": ["up", "none", "up", "none"]})
    counts = array_words.gene_counts(called)
    assert counts.loc["a"].to_dict() == {"higher": 2, "lower": 0, "no difference": 1}
    assert counts.loc["b"].to_dict() == {"higher": 0, "lower": 0, "no difference": 1}


def test_arrays_are_said_to_be_normalised_here_or_elsewhere():
    genes = pd.DataFrame(0.0, index=list("abc"), columns=["x", "y"])
    assert array_words.how_normalised(True, genes, 1234).data == (
        "Normalised here by RMA: 1,234 probe sets, summarised to 3 genes in 2 arrays."
    )
    assert array_words.how_normalised(False, genes, 3).data.startswith(
        "These values came normalised: 3 genes in 2"
    )


def test_flags_are_named_with_their_limits():
    flags = pd.DataFrame(
        {
            "array_id": ["a", "b"], "rle_median": 0.0, "rle_iqr": 0.2, "nuse_median": 1.0,
            "correlation": 0.99, "brightness": 0.0, "flags": ["", "nuse, brightness"],
            "flagged": [False, True],
        }
    )  # fmt: skip
    flags.attrs["limits"] = {
        "max_rle_median": 0.1, "max_rle_spread": 1.5, "max_nuse_median": 1.05, "min_correlation": 0.9,
        "max_brightness": 1.0,
    }  # fmt: skip
    told = array_words.name_flags(flags).data
    assert "within ±0.1, spread of RLE up to 1.5 times" in told and "brightness within 1 of" in told
    assert told.endswith("1 of 2 arrays exceed a limit: **b** (NUSE median, brightness).")
    none = flags.iloc[:1].assign(nuse_median=np.nan, brightness=np.nan)
    told = array_words.name_flags(none).data
    assert "NUSE up to" not in told and "brightness within" not in told
    assert told.endswith(
        "None of the 1 arrays exceeds one. Not known without scans: NUSE median, brightness."
    )


def test_an_overlap_is_told_beside_what_chance_gives():
    row = {
        "contrast_a": "mg004_vs_control", "contrast_b": "mg002_vs_control", "genes": 22900, "changed_a": 182,
        "changed_b": 183, "both_same": 87, "both_opposite": 1, "expected": 1.454, "correlation": 0.646,
        "correlation_by_chance": 0.5,
    }  # fmt: skip
    told = array_words.overlap(pd.DataFrame([row])).data
    assert "changed 182 genes" in told and "**87** changed the same way in both, 1 in opposite" in told
    assert (
        "where 1.5 would change the same way if" in told
        and "r = 0.65; the shared reference alone would give 0.50" in told
    )
