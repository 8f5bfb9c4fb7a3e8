"""Tables of notebook 03: names for codes, and which themes hold under both tests."""

import pandas as pd
import pytest

from mgbone.microarray import words as array_words
from mgbone.study.design import load_study


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


def test_a_theme_holds_under_both_only_with_the_same_sign(both):
    firm, first_only = array_words.tell_both_tests(both, load_study()).data.split("\n")
    assert firm.endswith(": Inflammatory response genes ▲ raised (0.01 % Mg vs Pair-fed, camera q = 0.007).")
    assert "Mineral metabolism genes ▼ lowered (0.01 % Mg vs Pair-fed, camera q = 0.160)" in first_only
    assert "0.04 % Mg vs Control" in first_only  # significant under both, but in opposite directions
    assert "camera q = not tested" in first_only
    assert "0.02 % Mg vs Control, camera q = 0.01" not in firm + first_only  # not over-represented at all


def test_none_is_said(both):
    told = array_words.tell_both_tests(both.iloc[:0], load_study()).data
    assert told.count("none.") == 2


def test_codes_become_words(both):
    table = array_words.both_tests(both)
    assert table["comparison"][0] == "0.01 % Mg vs Pair-fed"
    assert table["theme"][0] == "Inflammatory response genes"
    assert table["camera: its genes are"].tolist()[-1] == "not tested"
    best = both.rename(columns={"over_representation_direction": "direction"})
    best = best.assign(term=best["name"], hits=3, p=0.01, q=0.5)
    on_chip = best.assign(q=[0.001, 0.002, 0.003, 0.004, 0.005]).iloc[::-1]
    table = array_words.best_terms(best, on_chip)
    assert table["among the genes"].tolist()[:2] == ["▲ raised", "▼ lowered"]
    assert table["q against the whole chip"].tolist() == ["0.001", "0.002", "0.003", "0.004", "0.005"]
    # Where no list holds a gene of the theme, the first list in the alphabet is not where they are.
    assert set(array_words.best_terms(best.assign(hits=0), on_chip)["among the genes"]) == {"no gene"}


def test_terms_are_counted_under_both_backgrounds():
    rows = {"contrast": "mg001_vs_pairfed", "direction": ["up", "up", "down"], "term": ["A", "B", "A"]}
    expressed = pd.DataFrame({**rows, "background": 900, "list_size": [9, 9, 4], "q": [0.01, 0.2, 0.3]})
    on_chip = expressed.assign(background=1500, list_size=[10, 10, 4], q=[0.001, 0.049, 0.05])
    counts = array_words.backgrounds(expressed, on_chip, load_study())
    assert counts.iloc[:, 1:].to_numpy().tolist() == [
        ["▲ raised", "900", 9, 1, "1,500", 10, 2], ["▼ lowered", "900", 4, 0, "1,500", 4, 0],
    ]  # fmt: skip


def test_a_theme_that_is_not_over_represented_is_not_said_to_be(both):
    """The third theme of 0.02 % Mg has q = 0.2: its direction is where it comes nearest, and no more."""
    assert "over-represented among" not in array_words.both_tests(both).columns
    empty = both.assign(over_representation_hits=0)
    assert set(array_words.both_tests(empty)["most among"]) == {"no gene"}


def test_best_genes_show_their_interval():
    row = {
        "contrast": "mg002_vs_control", "gene": "Nnmt", "log2_fold_change": 3.241, "ci_low": 3.03,
        "ci_high": 3.456, "average_expression": 8.23, "t": 33.61, "p": 1.7e-12, "q": 1.9e-8,
    }  # fmt: skip
    shown = array_words.top_genes_table(pd.DataFrame([row]), load_study()).iloc[0]
    assert shown["95% interval"] == "+3.03 to +3.46"
    assert (shown["log2 fold change"], shown["q"]) == ("+3.24", "1.9e-8")


def test_clusterings_are_told_by_the_rule():
    verdict = {
        "comparison": "mg001_vs_pairfed", "level": "separated", "rand": 1.0, "cut_support": 0.995,
        "silhouette": 0.586, "p": 0.0286, "splits": 35,
    }  # fmt: skip
    shown = array_words.clusterings(pd.DataFrame([verdict])).iloc[0]
    assert (shown["the groups are"], shown["splits tried"], shown["p"]) == ("separated", 35, "0.029")
