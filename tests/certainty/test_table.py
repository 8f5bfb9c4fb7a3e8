"""Severity and the table of all that was found, one row a statement."""

import helpers.figure_data as made
import numpy as np
import pandas as pd
import pytest

from mgbone.certainty import CERTAINTY_COLUMNS, certainty_table, severity
from mgbone.claims.judging import judge
from mgbone.evidence.comparison import compare
from mgbone.integration import doses
from mgbone.study.errors import MgboneError
from mgbone.study.ledger import load_claims


@pytest.fixture(scope="module")
def verdicts(study):
    measured = made.measurements(study)
    evidence = doses.combine(compare(measured, study), doses.dose_order_evidence(measured, study))
    return judge(load_claims(), evidence)


@pytest.fixture(scope="module")
def severe(verdicts):
    return severity(verdicts).set_index("claim_id")


def test_severity_of_a_finding_by_hand(severe):
    """A shift of 2.4 SD in groups of 8 with SD 1: t = 4.8 on 21 degrees of freedom, whose area is 0.99995."""
    assert severe.loc["4-1-1-04", "severity"] == pytest.approx(0.999952, abs=2e-6)


def test_severity_of_an_order_is_that_of_its_least_certain_step(verdicts, severe):
    p = verdicts.set_index("claim_id").loc["4-4-02", "p"]
    assert severe.loc["4-4-02", "severity"] == pytest.approx(1 - p / 2)


def test_where_no_order_is_found_nothing_was_tested_severely(verdicts):
    other = verdicts.assign(observed_level=verdicts["observed_level"].replace("monotonic", "not_monotonic"))
    found = severity(other)
    assert np.isnan(found.set_index("claim_id").loc["4-4-02", "severity"])


def test_what_is_absent_has_a_smallest_bound(verdicts, severe):
    absent = verdicts.set_index("claim_id")["observed_level"].eq("none")
    assert severe.loc[absent, "smallest_bound"].notna().all()
    assert severe.loc[absent, "severity"].between(0, 1).all()


def test_a_row_a_statement_whatever_the_parts_say(verdicts, severe):
    parts = [
        severe.reset_index(),
        pd.DataFrame({"claim_id": ["4-3-1-01", "4-1-1-01"], "p_plugin": [0.4, 0.5], "other": [1, 2]}),
        pd.DataFrame({"claim_id": ["4-3-2-01"], "p_plugin": [0.6], "joint_p": [0.01]}),
    ]
    table = certainty_table(verdicts, *parts)
    assert list(table.columns) == CERTAINTY_COLUMNS and len(table) == 87
    assert list(table["claim_id"]) == list(verdicts["claim_id"])
    found = table.set_index("claim_id")
    # Parts about other statements fill up the same column.
    assert found["p_plugin"].dropna().to_dict() == {"4-1-1-01": 0.5, "4-3-1-01": 0.4, "4-3-2-01": 0.6}
    assert found["joint_p"].dropna().to_dict() == {"4-3-2-01": 0.01}
    assert found.loc["4-1-1-01", "criteria_met"] == verdicts["criteria"][0]
    assert np.isnan(found.loc["4-3-1-01", "severity"])


def test_a_statement_that_stands_twice_in_a_part_is_refused(verdicts):
    part = pd.DataFrame({"claim_id": ["4-1-1-01"] * 2, "n80": [1, 2]})
    with pytest.raises(MgboneError, match="4-1-1-01 stands twice"):
        certainty_table(verdicts, part)


def test_without_statements_the_table_is_empty(verdicts):
    none = verdicts.head(0)
    table = certainty_table(none, severity(none))
    assert table.empty and list(table.columns) == CERTAINTY_COLUMNS
