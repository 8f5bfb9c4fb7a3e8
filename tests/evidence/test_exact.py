"""The studentised range against Student's t, which two means make of it, and scipy's adaptive integration."""

import math

import pytest
from scipy import stats

from mgbone.evidence.exact import studentised_range_tail
from mgbone.evidence.power import studentised_range


@pytest.mark.parametrize("df", [4, 14, 28, 60])
@pytest.mark.parametrize("t", [0.5, 2.0, 4.0, 8.0])
def test_the_range_of_two_means_is_students_t_down_to_the_smallest_p(t, df):
    tail = studentised_range_tail(math.sqrt(2) * t, 2, df)
    assert tail == pytest.approx(2 * stats.t.sf(t, df), rel=1e-9)


@pytest.mark.parametrize(("n_groups", "df"), [(3, 21), (3, 9), (4, 28), (5, 6)])
def test_the_range_of_more_means_is_scipys(n_groups, df):
    for q in (0.5, 2.0, 3.5, 6.0):
        tail = studentised_range_tail(q, n_groups, df)
        assert tail == pytest.approx(stats.studentized_range.sf(q, n_groups, df), abs=1e-12)


def test_the_critical_value_is_that_of_the_published_table():
    """Harter (1960): upper 5 % points for 3 means with 20 degrees of freedom, and for 4 with 60."""
    assert studentised_range(0.05, 3, 20) == pytest.approx(3.578, abs=5e-4)
    assert studentised_range(0.05, 4, 60) == pytest.approx(3.737, abs=5e-4)


@pytest.mark.parametrize(("n_groups", "df"), [(1, 7), (3, 0), (0, 0)])
def test_without_groups_or_degrees_of_freedom_there_is_no_critical_value(n_groups, df):
    assert math.isnan(studentised_range(0.05, n_groups, df))
