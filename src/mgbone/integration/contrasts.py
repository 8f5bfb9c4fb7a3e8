"""Contrasts of doses: log ratios to the reference of their own experiment, whose variance counts too."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import stats

from mgbone.study.design import Study

Key = tuple[str, str]
Pair = tuple[int, int]


def values_by_level(measurements: pd.DataFrame, study: Study) -> dict[Key, np.ndarray]:
    """Return the values of every diet in the order of doses and of its reference, by (experiment, group).

    Parameters
    ----------
    measurements : DataFrame
        Columns experiment, group, value, of one endpoint.

    Returns
    -------
    dict of (experiment, group) to float array
        Empty where one of the groups has fewer than two values: then the doses can't be compared.
    """
    wanted = dict.fromkeys((c.experiment, c.reference) for c in study.dose_order)
    wanted |= dict.fromkeys((c.experiment, c.case) for c in study.dose_order)
    by_group = dict(iter(measurements.dropna(subset="value").groupby(["experiment", "group"])["value"]))
    values = {key: by_group[key].to_numpy(float) for key in wanted if key in by_group}
    whole = len(values) == len(wanted) and all(len(v) > 1 for v in values.values())
    return values if whole else {}


def steps(study: Study) -> list[Pair]:
    """Return the pairs of neighbouring diets, from the mildest to the hardest; level 0 is the reference."""
    return list(pairwise(range(1, len(study.dose_order) + 1)))


def weights(groups: Sequence[Key], pairs: Sequence[Pair], study: Study) -> np.ndarray:
    """Return what each group counts in each contrast, shape (n_pairs, n_groups).

    The pair (0, j) holds diet j against its reference, (i, j) diet j against diet i, each as a ratio to its
    own reference; two diets of one experiment have the same one, which then drops out.
    """
    of_level = np.zeros((len(study.dose_order) + 1, len(groups)))
    for level, contrast in enumerate(study.dose_order, start=1):
        of_level[level, groups.index((contrast.experiment, contrast.case))] += 1
        of_level[level, groups.index((contrast.experiment, contrast.reference))] -= 1
    return np.array([of_level[high] - of_level[low] for low, high in pairs])


def log_ratios(
    values: Mapping[Key, np.ndarray], pairs: Sequence[Pair], study: Study
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Compare levels of the dose as log ratios of means, each mean with its own variance.

    The variance of the logarithm of a mean is its squared coefficient of variation (delta method); those of
    all means in a contrast add up, the references' as well, and the degrees of freedom are Satterthwaite's
    (1946).

    Parameters
    ----------
    values : mapping of (experiment, group) to float array, shape (..., n)
    pairs : sequence of (int, int)
        Levels to compare, as in `weights`.

    Returns
    -------
    tuple of float arrays, shape (..., n_pairs)
        Estimate, standard error, degrees of freedom, two-sided p; missing where a mean is not above 0 or
        nothing varies.
    """
    mean = np.stack([v.mean(axis=-1) for v in values.values()], axis=-1)
    variance = np.stack([v.var(axis=-1, ddof=1) for v in values.values()], axis=-1)
    size = np.array([v.shape[-1] for v in values.values()])
    return log_ratios_of(list(values), mean, variance, size, pairs, study)


def log_ratios_of(
    groups: Sequence[Key],
    mean: np.ndarray,
    variance: np.ndarray,
    size: np.ndarray,
    pairs: Sequence[Pair],
    study: Study,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return what `log_ratios` does, from means and variances (..., n_groups) of `size` values each."""
    weight = weights(groups, pairs, study)
    above = mean > 0
    mean = np.where(above, mean, 1.0)
    part = variance / size / mean**2
    total = part @ (weight**2).T
    # A variance below this is what rounding leaves of constants.
    known = (total > 1e-24) & ~(~above @ (weight != 0).T)
    total = np.where(known, total, np.nan)
    df = total**2 / (part**2 / (size - 1) @ (weight**4).T)
    estimate, error = np.where(known, np.log(mean) @ weight.T, np.nan), np.sqrt(total)
    return estimate, error, df, 2 * stats.t.sf(np.abs(estimate) / error, df)


def all_hold(estimate: np.ndarray, p: np.ndarray, sign: np.ndarray | int) -> np.ndarray:
    """Return the p of "every contrast points this way": the largest of theirs (Berger 1982), 1 if one does
    not.

    No correction is due, since all have to hold. Parameters have the shape (..., n_pairs).
    """
    return np.where((np.sign(estimate) == sign).all(axis=-1), p.max(axis=-1), 1.0)


def chance_of_order(sizes: Mapping[Key, int], study: Study, limit: float) -> float:
    """Return the probability that every step goes one stated way with p < `limit` where no diet does
    anything.

    Each step alone has half of `limit`; together they are taken as normal with the correlation that their
    common groups give them, for groups of equal coefficient of variation.
    """
    weight = weights(list(sizes), steps(study), study)
    covariance = weight / np.array(list(sizes.values())) @ weight.T
    scale = np.sqrt(np.diag(covariance))
    beyond = np.full(len(scale), stats.norm.ppf(limit / 2))
    joint = stats.multivariate_normal(cov=covariance / np.outer(scale, scale), seed=0)
    return float(np.round(joint.cdf(beyond), 6))
