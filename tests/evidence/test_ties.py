"""Values that are equal on paper are ties, whatever doubles make of them."""

import numpy as np
import pandas as pd
import pytest

from mgbone.biochem.endpoints import derive_endpoints
from mgbone.dataset.opening import open_dataset
from mgbone.evidence.other_tests import compare_tests, omnibus_tests
from mgbone.evidence.rank_tests import SUBSTITUTE, as_limits
from mgbone.evidence.ties import difference, settled
from mgbone.integration.doses import percent_change
from mgbone.study.design import load_study


def test_a_difference_has_the_decimals_of_what_it_came_from():
    final, initial = pd.Series([165.1, 1000.1, 5.25, np.nan]), pd.Series([83.2, 1000.0, 5.2, 1.0])
    assert 165.1 - 83.2 != 81.9
    assert 1000.1 - 1000.0 != 0.1
    assert difference(final, initial).tolist()[:3] == [81.9, 0.1, 0.05]
    assert np.isnan(difference(final, initial)[3])


@pytest.mark.parametrize(
    ("computed", "written"),
    [(0.3 / 0.1, 3.0), (0.1 + 0.2, 0.3), (5 * SUBSTITUTE / SUBSTITUTE, 5.0), (1 - 2**-53, 1.0),
     (-(0.1 + 0.2) * 1e-9, -3e-10), (123456.789 * 1e15, 1.23456789e20), (0.0, 0.0)],
)  # fmt: skip
def test_what_was_computed_is_what_stands_on_paper(computed, written):
    assert settled(np.array([computed]))[0] == written


def test_what_is_no_number_and_what_differs_stays():
    values = settled(np.array([np.nan, np.inf, -np.inf, 1.00000000001, 1.0]))
    assert np.isnan(values[0]) and values[1:].tolist() == [np.inf, -np.inf, 1.00000000001, 1.0]


def test_a_limit_is_read_back_as_it_was_written():
    limits = np.array([5.0, 12.5, 0.3, 7.0, 49.0])
    table = pd.DataFrame({"group": "a", "value": limits * SUBSTITUTE, "censored": True})
    assert as_limits(table)[0]["a"].tolist() == limits.tolist()


def test_weight_gain_has_the_ranks_that_its_digits_give():
    """Numbers of an outside recomputation in R, from digits as text; floats give 0.6104 and 0.2586."""
    dataset = open_dataset("data/simulated")
    gain = derive_endpoints(dataset).query("endpoint == 'body_weight_gain'")
    tests = compare_tests(gain, dataset.study)
    dunn = tests[tests["test"].eq("dunn") & tests["experiment"].eq("exp2")]["p"].round(4).tolist()
    assert {0.5937, 0.3228} <= set(dunn)
    omnibus = omnibus_tests(gain).set_index("experiment")["p_kruskal"]
    assert omnibus["exp2"] == pytest.approx(0.2638, abs=5e-5)


def test_percents_of_the_reference_are_ties_where_values_are():
    study = load_study()
    contrast = study.dose_order[0]
    groups = {contrast.reference: [0.1, 0.2, 0.3], contrast.case: [0.6, 0.2 * 3, 0.4]}
    table = pd.DataFrame(
        [
            {"animal_id": f"{g}-{i}", "experiment": contrast.experiment, "group": g, "value": v}
            for g, values in groups.items()
            for i, v in enumerate(values)
        ]
    ).assign(endpoint="serum_mg")
    percents = percent_change(table, study)["percent"].tolist()
    assert percents == [200.0, 200.0, 100.0]
