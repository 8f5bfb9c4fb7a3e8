"""Differences in percent of the reference, whose mean is no better known than that of the case."""

import numpy as np
import pandas as pd


def percent_intervals(evidence: pd.DataFrame) -> pd.DataFrame:
    """Turn differences and their intervals into percent of the reference's mean (Fieller 1954).

    The limits are those ratios R of case to reference that the declared test does not refuse, at its own
    critical value and pooled variance: the difference of case and R x reference is held against an error to
    which both means contribute. To divide the interval of the difference by the reference's mean would take
    that mean as known.

    Parameters
    ----------
    evidence : DataFrame
        Columns estimate, ci_high, mean_case, mean_reference, n_case, n_reference, from
        `mgbone.evidence.compare`.

    Returns
    -------
    DataFrame
        By the index of `evidence`: percent, percent_low, percent_high. The limits are missing without an
        interval of the difference, and where the reference's mean is not clear of 0: then no ratio is
        excluded.
    """
    columns = ["estimate", "ci_high", "mean_case", "mean_reference", "n_case", "n_reference"]
    estimate, high, case, reference, n, m = (evidence[c].astype(float) for c in columns)
    size = reference.abs().replace(0, np.nan)
    sign = np.sign(reference)
    error = (high - estimate) ** 2 / (1 / n + 1 / m)  # squared critical value times the variance of a value
    low, high = (100 * sign * (r - 1) for r in ratio_limits(sign * case, size, error / n, error / m))
    percents = {"percent": 100 * estimate / size, "percent_low": low.where(sign > 0, high)}
    return pd.DataFrame(percents | {"percent_high": high.where(sign > 0, low)})


def ratio_limits(
    numerator: np.ndarray,
    denominator: np.ndarray,
    error_above: np.ndarray,
    error_below: np.ndarray,
    shared: np.ndarray | float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of a ratio of two uncertain quantities (Fieller 1954), element by element.

    Parameters
    ----------
    numerator, denominator : float array or Series
    error_above, error_below, shared : float array or Series
        Their variances and their covariance, each times the squared critical value.

    Returns
    -------
    low, high : float array or Series
        Missing where the denominator is not clear of 0.
    """
    a = np.asarray(denominator**2 - error_below, dtype=float)
    b = np.asarray(numerator * denominator - shared, dtype=float)
    c = np.asarray(numerator**2 - error_above, dtype=float)
    a = np.where(a > 0, a, np.nan)
    root = np.sqrt(np.maximum(b**2 - a * c, 0))
    return (b - root) / a, (b + root) / a
