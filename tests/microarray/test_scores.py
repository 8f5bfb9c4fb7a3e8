"""Gene-set scores of single arrays, against the definition written out step by step."""

import numpy as np
import pandas as pd
import pytest

from mgbone.evidence.columns import MEASUREMENT_COLUMNS
from mgbone.evidence.comparison import compare
from mgbone.microarray import scores
from mgbone.microarray.genesets import load_themes
from mgbone.microarray.scores import score_arrays, score_measurements, score_of
from mgbone.study.dictionary import domain_of, endpoint_label
from mgbone.study.errors import MgboneError

GENES = [f"Gene{i:02d}" for i in range(40)]
SETS = {"bone_metabolism_genes": GENES[3:17], "mineral_metabolism_genes": GENES[20:34]}


@pytest.fixture
def expression():
    rng = np.random.default_rng(3)
    return pd.DataFrame(rng.normal(8, 2, (40, 5)), index=GENES, columns=[f"a{i}" for i in range(1, 6)])


def by_hand(values, members):
    """Sum of the running difference of Barbie et al. 2009 down the ranking, as a mean over the genes."""
    order = values.sort_values(ascending=False).index
    rank = values.rank()
    weights = {gene: rank[gene] ** 0.25 for gene in members}
    inside = outside = total = 0.0
    for gene in order:
        if gene in weights:
            inside += weights[gene] / sum(weights.values())
        else:
            outside += 1 / (len(order) - len(members))
        total += inside - outside
    return total / len(order)


def test_scores_are_those_of_the_definition(expression):
    found = score_arrays(expression, SETS)
    assert list(found.index) == list(expression.columns)
    assert list(found.columns) == list(SETS)
    for name, members in SETS.items():
        for array in expression:
            assert found.loc[array, name] == pytest.approx(by_hand(expression[array], members), abs=1e-9)


def test_an_array_is_scored_without_regard_to_the_others_and_to_scale(expression, monkeypatch):
    together = score_arrays(expression, SETS)
    alone = score_arrays(expression[["a4", "a2"]], SETS)
    pd.testing.assert_frame_equal(alone, together.loc[["a4", "a2"]])
    pd.testing.assert_frame_equal(score_arrays(2 * expression + 1, SETS), together)
    monkeypatch.setattr(scores, "_ARRAYS_AT_ONCE", 1)
    pd.testing.assert_frame_equal(score_arrays(expression, SETS), together)


def test_a_set_on_top_scores_highest_and_at_the_bottom_lowest(expression):
    raised = expression.copy()
    raised.loc[SETS["bone_metabolism_genes"], "a1"] += 100
    raised.loc[SETS["bone_metabolism_genes"], "a2"] -= 100
    scores = score_arrays(raised, SETS)["bone_metabolism_genes"]
    assert scores["a1"] == scores.max() > 0.4
    assert scores["a2"] == scores.min() < -0.4


def test_small_sets_are_left_out_and_none_at_all_is_refused(expression):
    few = {"bone_metabolism_genes": GENES[:9], "mineral_metabolism_genes": GENES[:10]}
    assert list(score_arrays(expression, few)) == ["mineral_metabolism_genes"]
    with pytest.raises(MgboneError, match="No gene set has 10 genes on the chip"):
        score_arrays(expression, {"bone_metabolism_genes": ["IL6"] * 30})


def test_scores_become_measurements_one_per_animal(expression, study):
    table = pd.DataFrame(
        {
            "array_id": ["a1", "a2", "a3", "a4", "a5"],
            "animal_id": ["x", "x", "y", "z", "w"],
            "experiment": "exp1",
            "group": ["mg001", "mg001", "mg001", "pairfed", "pairfed"],
        }
    )
    measured = score_measurements(expression, table, SETS)
    scores = score_arrays(expression, SETS)
    assert list(measured.columns) == MEASUREMENT_COLUMNS
    assert len(measured) == 4 * 2
    assert set(measured["endpoint"]) == {"score_bone_metabolism", "score_mineral_metabolism"}
    value = measured.set_index(["animal_id", "endpoint"])["value"]
    assert value["x", "score_bone_metabolism"] == pytest.approx(
        scores.loc[["a1", "a2"], "bone_metabolism_genes"].mean()
    )
    evidence = compare(measured, study)
    assert set(evidence["domain"]) == {"microarray"}
    assert evidence[["n_case", "n_reference"]].drop_duplicates().to_numpy().tolist() == [[2, 2]]


def test_each_theme_has_a_score_in_the_dictionary():
    for theme in load_themes()["theme"].unique():
        assert endpoint_label(score_of(theme)).endswith("gene score")
        assert domain_of(score_of(theme)) == "microarray"


def test_symbols_that_differ_in_case_only_are_two_genes():
    """Capitals lie at the top of the array, the same names in lower case at the bottom."""
    names = [
        *(f"GENE{i}" for i in range(20)),
        *(f"Other{i}" for i in range(200)),
        *(f"Gene{i}" for i in range(20)),
    ]
    values = pd.DataFrame({"one": np.arange(240.0, 0, -1), "two": np.arange(240.0, 0, -1)}, index=names)
    score = score_arrays(values, {"capitals": names[:20]}).loc["one", "capitals"]
    renamed = values.set_axis([f"Top{i}" for i in range(20)] + names[20:])
    assert score == pytest.approx(
        score_arrays(renamed, {"capitals": renamed.index[:20]}).loc["one", "capitals"]
    )
