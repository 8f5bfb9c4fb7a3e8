"""How large a true difference must be for the declared test to find it."""

from functools import cache

import numpy as np
from scipy import optimize, stats

from mgbone.evidence.exact import dunnett_tail, studentised_range_tail

POWER = 0.8


@cache
def studentised_range(limit: float, n_groups: int, df: int) -> float:
    """Return the critical value of the studentised range for a p of `limit`; over sqrt(2) it is one of t.

    Missing where there are no two groups, or no degree of freedom.
    """
    if n_groups < 2 or not df >= 1:
        return np.nan

    def lacking(q: float) -> float:
        return studentised_range_tail(q, n_groups, df, nodes=200 if q > 20 else 96) - limit

    high = next((q for q in (4.0, 8.0, 16.0) if lacking(q) < 0), 2.0**16)
    return float(optimize.brentq(lacking, 0.0, high, xtol=1e-12))


@cache
def dunnett_limit(limit: float, control: int, others: tuple[int, ...], df: int) -> float:
    """Return the critical value of abs(t) of Dunnett's test for a p of `limit` (Dunnett 1955).

    Missing where there is nothing to compare, or no degree of freedom.

    Parameters
    ----------
    control : int
        Animals of the control.
    others : tuple of int
        Those of every other group; all of them count, whatever is compared.
    df : int
        Of the variance within all groups.
    """
    if not others or not df >= 1:
        return np.nan

    def lacking(t: float) -> float:
        return dunnett_tail(t, others, control, df) - limit

    # It lies between the critical value of one t test and that of as many by Bonferroni.
    low, high = (float(stats.t.isf(limit / 2 / m, df)) for m in (1, len(others)))
    return low if len(others) == 1 else float(optimize.brentq(lacking, low, high, xtol=1e-10))


def power_of_tukey(difference: float, sizes: tuple[int, int], n_groups: int, df: int, limit: float) -> float:
    """Return the probability that Tukey-Kramer calls a true difference, with either sign.

    It rejects where abs(t) > q / sqrt(2), q from the studentised range (Tukey 1953, Kramer 1956), and t is
    noncentral; with two groups it is the power of Student's t test.

    Parameters
    ----------
    difference : float
        In SD within groups.
    sizes : pair of int
        Animals of the two groups.
    n_groups, df : int
        Groups compared, and degrees of freedom of the variance within them.
    limit : float
        p below which the test rejects.
    """
    critical = studentised_range(limit, n_groups, df) / np.sqrt(2)
    shift = difference / np.sqrt(1 / sizes[0] + 1 / sizes[1])
    # The mirror image of the lower tail: there scipy has no value for large shifts.
    return float(stats.nct.sf(critical, df, shift) + stats.nct.sf(critical, df, -shift))


@cache
def smallest_difference(n: int, n_groups: int, limit: float = 0.05, power: float = POWER) -> float:
    """Return the true difference, in SD, that is found with this power in groups of n each."""
    df = n_groups * (n - 1)

    def lacking(difference: float) -> float:
        return power_of_tukey(difference, (n, n), n_groups, df, limit) - power

    enough = next(2.0**i for i in range(12) if lacking(2.0**i) > 0)
    return float(optimize.brentq(lacking, 0.0, enough, xtol=1e-9))
