"""A trend, p between two limits, can't be replicated: how often it would come again, and what could."""

import numpy as np
import pandas as pd
from scipy import stats

from mgbone.evidence.power import studentised_range
from mgbone.study.design import Study


def most_frequent_trend(n: float, n_groups: int, study: Study) -> float:
    """Return how often the declared test gives a trend again, at most: for the true effect that favours it.

    Tukey-Kramer over groups of `n` puts p between the two limits where |t| of two groups lies between two
    quantiles of the studentised range over sqrt(2); t is noncentral. The sign has to be that of the effect.

    Parameters
    ----------
    n : float
        Animals a group; infinity is allowed.
    n_groups : int
        Groups of the experiment.
    """
    df = min(n_groups * (n - 1), 1e6)
    limits = [study.thresholds[level] for level in ("significant", "trend")]
    high, low = (studentised_range(limit, n_groups, df) / np.sqrt(2) for limit in limits)
    effects = np.linspace(low - 1, high + 2, 601)
    between = stats.nct.cdf(high, df, effects) - stats.nct.cdf(low, df, effects)
    return float(between.max())


def stated_trends(verdicts: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the statements of a trend, and whether the data have the same sign with p below the upper limit.

    Parameters
    ----------
    verdicts : DataFrame
        From `mgbone.claims.judge`.

    Returns
    -------
    DataFrame
        The rows of statements whose level is ``trend``, with a boolean column same_sign: that wider
        criterion.
    """
    stated = verdicts[verdicts["level"].eq("trend")]
    same = stated["points"].eq(stated["direction"]) & stated["p"].lt(study.thresholds["trend"])
    return stated.assign(same_sign=same)
