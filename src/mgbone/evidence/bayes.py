"""No finding is not no effect: whether data speak for absence or say nothing."""

import warnings

import numpy as np
import pandas as pd
import pingouin as pg
from scipy import stats

from mgbone.evidence.columns import EQUIVALENCE_COLUMNS
from mgbone.evidence.comparison import varies
from mgbone.evidence.percent import percent_intervals

# Jeffreys' limits of "substantial" evidence, for and against.
FOR_ABSENCE, FOR_DIFFERENCE = 1 / 3, 3.0
ABSENCE, NOTHING, DIFFERENCE = "speaks for absence", "says nothing", "speaks for a difference"


def weigh_absence(measurements: pd.DataFrame, evidence: pd.DataFrame) -> pd.DataFrame:
    """Weigh every comparison without a finding by a Bayes factor.

    The factor is that of Rouder et al. (2009) for two independent groups (pingouin): how many times likelier
    the data are under a difference, of a size drawn from a Cauchy distribution of scale 0.707 SD, than under
    none. It uses the two groups alone.

    Parameters
    ----------
    measurements : DataFrame
        Columns experiment, group, endpoint, value.
    evidence : DataFrame
        From `mgbone.evidence.compare`; rows whose level is ``none`` are weighed,
        unless values below a limit of detection left them without an interval.

    Returns
    -------
    DataFrame
        Columns experiment, endpoint, contrast, n_case, n_reference, estimate, ci_low, ci_high, unit,
        percent_low, percent_high (the interval in percent of the reference's mean, `percent_intervals`),
        hedges_g, p, bf10, speaks (``speaks for absence``, ``says nothing`` or ``speaks for a difference``),
        and ``EQUIVALENCE_COLUMNS``.
    """
    rows = evidence[(evidence["level"] == "none") & evidence["ci_low"].notna()].copy()
    values = {
        key: group["value"].dropna().to_numpy(float)
        for key, group in measurements.groupby(["experiment", "endpoint", "group"])
    }
    rows["bf10"] = [
        bayes_factor(*(values[row.experiment, row.endpoint, g] for g in row.contrast.split("_vs_")))
        for row in rows.itertuples()
    ]
    rows["speaks"] = [speaks(bf) for bf in rows["bf10"]]
    rows = rows.join(percent_intervals(rows)[["percent_low", "percent_high"]])
    kept = ["experiment", "endpoint", "contrast", "n_case", "n_reference", "estimate", "ci_low", "ci_high"]
    kept += ["unit", "percent_low", "percent_high", "hedges_g", "p", "bf10", "speaks", *EQUIVALENCE_COLUMNS]
    return rows[kept].reset_index(drop=True)


def bayes_factor(case: np.ndarray, reference: np.ndarray) -> float:
    """Bayes factor for a difference of two groups against none, Cauchy prior of scale 0.707 (pingouin).

    Missing where neither group varies.
    """
    if not (varies(case) or varies(reference)):
        return np.nan  # without spread there is no t
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # one of the groups may be constant
        t = stats.ttest_ind(case, reference).statistic
    return float(pg.bayesfactor_ttest(t, len(case), len(reference)))


def smallest_bayes_factor(n_case: int, n_reference: int) -> float:
    """Return the Bayes factor of two groups with equal means, the strongest word for absence at this size."""
    return float(pg.bayesfactor_ttest(0.0, n_case, n_reference))


def animals_to_show_absence() -> int:
    """Return the smallest n a group at which equal means would speak for absence."""
    return next(n for n in range(2, 1000) if smallest_bayes_factor(n, n) <= FOR_ABSENCE)


def speaks(bf10: float) -> str:
    """Put a Bayes factor into words: up to 1/3 for absence, from 3 for a difference, nothing in between."""
    if bf10 <= FOR_ABSENCE:
        return ABSENCE
    return DIFFERENCE if bf10 >= FOR_DIFFERENCE else NOTHING
