"""Probabilities by numerical integration over the pooled SD, the same on every machine: no random numbers."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cache

import numpy as np
from scipy import optimize, special, stats

_NODES = 200


def noncentral_limits(t: float, df: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the noncentralities of t of which t would be the upper and the lower limit.

    They are those whose tail beyond t holds half of what `confidence` leaves (Steiger and Fouladi 1997).
    """
    s, weight = pooled_sd(df)

    def below(shift: float) -> float:
        return float(weight @ special.ndtr(t * s - shift))

    tail = (1 - confidence) / 2
    step = 5 * (1 + abs(t))
    low, high = (
        optimize.brentq(lambda shift, p=p: below(shift) - p, t - step, t + step, xtol=1e-12)
        for p in (1 - tail, tail)
    )
    return low, high


def studentised_range_tail(q: float, n_groups: int, df: int, nodes: int = _NODES) -> float:
    """Return the probability that the studentised range of some means exceeds q (Tukey 1953).

    What lies outside is integrated itself, not subtracted from 1, so that a small probability keeps its
    digits. Scipy's ``studentized_range.sf`` agrees within 1e-12, and takes five times as long.

    Parameters
    ----------
    n_groups, df : int
        Means compared, and degrees of freedom of the variance within groups.
    nodes : int
        Of each of the two integrals; 96 give twelve digits up to a q of 20.
    """
    s, of_s = pooled_sd(df, nodes)
    z, of_z = _nodes(-9.0, 9.0, nodes)
    below = special.ndtr(z)
    beyond = special.ndtr(z - q * s[:, None])
    # The k - 1 other means lie below the largest, at z, not all within reach: (a^m - b^m) / (a - b).
    ways = sum(below**i * (below - beyond) ** (n_groups - 2 - i) for i in range(n_groups - 1))
    return float(of_s @ (beyond * ways) @ (of_z * n_groups * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)))


def dunnett(
    groups: Mapping[str, np.ndarray], control: str, cases: Collection[str] | None = None
) -> dict[str, float]:
    """Compare each group with one control, holding the error over these comparisons (Dunnett 1955).

    Parameters
    ----------
    groups : mapping of str to float array
        Values by group, two or more each.
    cases : collection of str, optional
        The groups whose p is wanted, all by default; the error is held over all in any case.

    Returns
    -------
    dict
        Two-sided p by group of `cases` but the control; missing where no group varies.
    """
    df = sum(map(len, groups.values())) - len(groups)
    within = sum(((v - v.mean()) ** 2).sum() for v in groups.values()) / df
    n, mean = len(groups[control]), groups[control].mean()
    others = {name: values for name, values in groups.items() if name != control}
    if not any(np.ptp(v) > 0 for v in groups.values()):  # the mean of equal numbers is not always that number
        return dict.fromkeys(others, np.nan)
    wanted = others if cases is None else {name: others[name] for name in others if name in cases}
    error = {name: np.sqrt(1 / len(values) + 1 / n) for name, values in others.items()}
    sizes = [len(values) for values in others.values()]
    return {
        name: dunnett_tail(abs(values.mean() - mean) / np.sqrt(within) / error[name], sizes, n, df)
        for name, values in wanted.items()
    }


def dunnett_tail(t: float, sizes: Sequence[int], n: int, df: int) -> float:
    """Return the probability that some abs(t) of groups of these sizes against a control of n exceeds t."""
    s, of_s = pooled_sd(df)
    z, of_z = _nodes(-9.0, 9.0)
    inside = np.ones((len(s), len(z)))
    for size, groups in Counter(sizes).items():
        reach = t * np.sqrt(1 + size / n) * s[:, None]
        centre = z * np.sqrt(size / n)
        inside *= (special.ndtr(centre + reach) - special.ndtr(centre - reach)) ** groups
    return max(1 - float(of_s @ inside @ (of_z * stats.norm.pdf(z))), 0.0)


@cache
def pooled_sd(df: int, nodes: int = _NODES) -> tuple[np.ndarray, np.ndarray]:
    """Return values of s / sigma and the probability that each stands for."""
    low, high = np.sqrt([stats.chi2.ppf(1e-30, df), stats.chi2.isf(1e-18, df)]) / np.sqrt(df)
    s, width = _nodes(float(low), float(high), nodes)
    return s, width * 2 * s * df * stats.chi2.pdf(df * s**2, df)


@cache
def _nodes(low: float, high: float, nodes: int = _NODES) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss and Legendre between two limits."""
    x, w = _legendre(nodes)
    return (low + high) / 2 + (high - low) / 2 * x, (high - low) / 2 * w


_legendre = cache(np.polynomial.legendre.leggauss)
