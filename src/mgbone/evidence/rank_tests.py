"""Tests on ranks, for values that may lie below a limit of detection."""

from collections.abc import Mapping
from itertools import permutations

import numpy as np
import pandas as pd
from scipy import stats

from mgbone.evidence.ties import settled

SUBSTITUTE = 2**-0.5  # what is put in the place of a censored value, as a part of its limit


def is_hidden(table: pd.DataFrame) -> pd.Series:
    """Mark the values of a table of measurements that lie below a limit (a true ``censored``)."""
    marks = table["censored"] if "censored" in table else pd.Series(False, table.index)
    return marks.fillna(False).astype(bool)


def hides_values(table: pd.DataFrame) -> bool:
    """Say whether a table of measurements holds values below a limit."""
    return bool(is_hidden(table).any())


def in_hidden_endpoints(measurements: pd.DataFrame) -> pd.Series:
    """Mark all values of each endpoint that has one below a limit in the experiment."""
    keys = [measurements["experiment"], measurements["endpoint"]]
    return is_hidden(measurements).groupby(keys).transform("any")


def as_limits(table: pd.DataFrame) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return values by group, limits in the place of what stands for them, and which of them are limits.

    Parameters
    ----------
    table : DataFrame
        Columns group, value, censored; no value missing. Groups of one animal are left out.
    """
    parts = {g: rows for g, rows in table.groupby("group", sort=False) if len(rows) > 1}
    hidden = {g: is_hidden(rows).to_numpy() for g, rows in parts.items()}
    values = {g: rows["value"].to_numpy(float) for g, rows in parts.items()}
    return {g: np.where(hidden[g], settled(v / SUBSTITUTE), v) for g, v in values.items()}, hidden


def gehan_scores(values: np.ndarray, censored: np.ndarray | None = None) -> np.ndarray:
    """Return for each value how many others are surely smaller minus how many are surely larger.

    A censored value stands for anything below its limit, so it is surely smaller than all that is measured at
    or above the limit and can't be told apart from the rest (Gehan 1965, turned to the left). Without
    censoring these are the ranks, doubled and centred.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Measured values; the limit where a value is censored.
    censored : ndarray of bool, shape (n,), optional
    """
    hidden = np.zeros(len(values), dtype=bool) if censored is None else np.asarray(censored, dtype=bool)
    above = np.where(hidden[None, :], values[:, None] >= values[None, :], values[:, None] > values[None, :])
    above &= ~hidden[:, None]
    return above.sum(axis=1).astype(float) - above.sum(axis=0)


def kruskal_wallis(
    values: Mapping[str, np.ndarray], censored: Mapping[str, np.ndarray] | None = None
) -> float:
    """Return p of the Kruskal-Wallis test (1952) over groups, with correction for ties.

    With censored values the ranks are replaced by `gehan_scores`. It is missing where nothing varies.

    Parameters
    ----------
    values : mapping of str to ndarray
        Values by group, at least two groups.
    censored : mapping of str to ndarray of bool, optional
        Which of them are limits, not values.
    """
    parts, variance = _scored(values, censored)
    if variance == 0:
        return np.nan
    h = sum(s.sum() ** 2 / len(s) for s in parts.values()) / variance
    return float(stats.chi2.sf(h, len(parts) - 1))


def rank_z(
    values: Mapping[str, np.ndarray], censored: Mapping[str, np.ndarray] | None = None
) -> dict[tuple[str, str], float]:
    """Compare each two groups on ranks: Dunn's test (1964), or Gehan's (1965) where values are censored.

    Dunn takes the ranks among all groups. Behind a limit there is no such order: where limits differ, a third
    group would set apart two that can't be told apart. Gehan's scores are therefore taken among the two
    groups alone, with the variance that they have under permutation.

    Returns
    -------
    dict
        Standard normal deviate by (group, other group), above 0 where the first has the larger values;
        missing where nothing varies. Not adjusted for the number of pairs.
    """
    whole = None if censored is not None else _scored(values)
    found = {}
    for pair in permutations(values, 2):
        parts, variance = whole or _scored({g: values[g] for g in pair}, {g: censored[g] for g in pair})
        a, b = (parts[g] for g in pair)
        error = np.sqrt(variance * (1 / len(a) + 1 / len(b)))
        found[pair] = float((a.mean() - b.mean()) / error) if error > 0 else np.nan
    return found


def two_sided(z: float) -> float:
    """Return the two-sided p of a standard normal deviate."""
    return float(2 * stats.norm.sf(abs(z)))


def _scored(
    values: Mapping[str, np.ndarray], censored: Mapping[str, np.ndarray] | None = None
) -> tuple[dict[str, np.ndarray], float]:
    """Return the scores by group, and their variance over all."""
    limits = None if censored is None else np.concatenate([censored[g] for g in values])
    scores = gehan_scores(np.concatenate(list(values.values())).astype(float), limits)
    edges = np.cumsum([len(v) for v in values.values()])[:-1]
    return dict(zip(values, np.split(scores, edges), strict=True)), (scores**2).sum() / (len(scores) - 1)
