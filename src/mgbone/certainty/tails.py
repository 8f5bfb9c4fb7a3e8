"""Tail probabilities for millions of statistics at once: exact at nodes, interpolated between them.

Over ``x = log(1 + t^2 / df)`` the logarithm of such a tail ends as a straight line and bends where x is about
1 / df; over ``log(1 + df x)`` it bends evenly, so that a spline through a hundred exact values is as good
as exact.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy import special
from scipy.interpolate import RectBivariateSpline, make_interp_spline

from mgbone.evidence.exact import dunnett_tail, studentised_range_tail

_LARGEST = 8.0  # of log(1 + t^2 / df); beyond, the logarithm of a tail is a straight line over it
_SMALLEST = 1e-300
_CURVE, _SURFACE = 70, (6, 48)  # nodes; of the surface along 1 / df within an octave, and along t


def tukey_p(t: np.ndarray, n_groups: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Return p of Tukey-Kramer for t of two means; groups compared and pooled df have the shape of t."""
    return _by_shape(t, (n_groups, df), _tukey_curve)


def dunnett_p(t: np.ndarray, sizes: tuple[np.ndarray, ...], df: np.ndarray) -> np.ndarray:
    """Return p of Dunnett's test; `sizes` are those of the control and then of every other group."""
    return _by_shape(t, (*sizes, df), _dunnett_curve)


def games_howell_p(t: np.ndarray, n_groups: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Return p of the studentised range where every t has its own degrees of freedom, 1 or more."""
    p = np.full(t.shape, np.nan)
    known = np.isfinite(t) & (df >= 1) & (n_groups > 1)
    octave = np.floor(np.log2(np.where(known, df, 1.0))).astype(int)
    for groups in np.unique(n_groups[known]):
        two = known & (n_groups == groups)
        if groups == 2:
            p[two] = 2 * special.stdtr(df[two], -t[two])
            continue
        for power in np.unique(octave[two]):
            here = two & (octave == power)
            of, x = df[here], np.log1p(t[here] ** 2 / df[here])
            inside = np.log1p(of * np.minimum(x, _LARGEST))
            log_p = _range_surface(int(groups), int(power)).ev(1 / of, inside)
            p[here] = np.exp(log_p - of / 2 * np.maximum(x - _LARGEST, 0))
    return np.minimum(p, 1)


def normal_p(z: np.ndarray) -> np.ndarray:
    """Return the two-sided p of standard normal deviates."""
    return 2 * special.ndtr(-np.abs(z))


def deviate(p: np.ndarray) -> np.ndarray:
    """Return the size of the normal deviate with that two-sided p."""
    return -special.ndtri(np.maximum(p, _SMALLEST) / 2)


def mann_whitney_p(excess: np.ndarray, n: np.ndarray, m: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """Return the two-sided p of Mann and Whitney's U, as scipy's ``mannwhitneyu`` does by itself.

    Parameters
    ----------
    excess : float array
        Pairs in which the first group has the larger value less those in which it has the smaller one.
    n, m : float arrays
        Sizes of the groups.
    ties : float array
        Sum of t^3 - t over the values that t animals share. Without ties p is exact where a group has eight
        animals or fewer, otherwise normal, with the correction for continuity.
    """
    size = n + m
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(n * m / 12 * np.maximum(size + 1 - ties / (size * (size - 1)), 0))
        p = 2 * special.ndtr(-(np.abs(excess) / 2 - 0.5) / spread)
    exact = (ties == 0) & (np.minimum(n, m) <= 8) & (n > 0) & (m > 0)
    shapes = np.where(exact, n * 4096 + m, -1)
    for shape in np.unique(shapes[exact]):
        here, sizes = shapes == shape, divmod(int(shape), 4096)
        at = ((np.abs(excess[here]) + sizes[0] * sizes[1]) / 2).round().astype(int)
        p[here] = 2 * _mann_whitney_tail(*sizes)[at]
    return np.minimum(p, 1)


def holm(p: np.ndarray) -> np.ndarray:
    """Adjust the p along the second axis for their number (Holm 1979); a missing one is not counted."""
    order = np.argsort(p, axis=1, kind="stable")  # missing ones last
    rank = np.arange(p.shape[1]).reshape(1, -1, *[1] * (p.ndim - 2))
    raised = np.take_along_axis(p, order, axis=1) * (np.isfinite(p).sum(axis=1, keepdims=True) - rank)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.minimum(np.maximum.accumulate(raised, axis=1), 1), axis=1)
    return adjusted


def _by_shape(
    t: np.ndarray, shape: tuple[np.ndarray, ...], curve: Callable[..., Callable[[np.ndarray], np.ndarray]]
) -> np.ndarray:
    """Evaluate one curve for each combination of whole numbers, the last of them the degrees of freedom."""
    p = np.full(t.shape, np.nan)
    known = np.isfinite(t) & (shape[-1] >= 1)
    key = np.zeros(t.shape, dtype=np.int64)
    for part in shape:
        key = key * 4096 + np.where(known, part, 0).astype(np.int64)
    for code in np.unique(key[known]):
        here = known & (key == code)
        numbers = [int(code) >> 12 * i & 4095 for i in reversed(range(len(shape)))]
        p[here] = curve(*numbers)(t[here])
    return p


@cache
def _tukey_curve(n_groups: int, df: int) -> Callable[[np.ndarray], np.ndarray]:
    if n_groups == 2:  # Student's t, whose p has a corner at 0
        return lambda t: 2 * special.stdtr(df, -t)
    return _curve(lambda t: _range_tail(t, n_groups, df), df)


@cache
def _dunnett_curve(control: int, *others_and_df: int) -> Callable[[np.ndarray], np.ndarray]:
    *others, df = others_and_df
    counted = [size for size in others if size > 1]
    if len(counted) == 1:
        return lambda t: 2 * special.stdtr(df, -t)
    return _curve(lambda t: dunnett_tail(t, counted, control, df), df, noise=1e-11)


def _curve(tail: Callable[[float], float], df: int, noise: float = 0.0) -> Callable[[np.ndarray], np.ndarray]:
    bend = np.linspace(0, np.log1p(_LARGEST * df), _CURVE)
    exact = np.array([tail(_t_at(one, df)) for one in bend])
    last = int(np.argmin(np.append(exact > noise, False)))
    spline = make_interp_spline(bend[:last], np.log(exact[:last]), k=5)
    # Beyond what can be told from 0 the straight line over x goes on.
    x = np.expm1(bend[last - 2 : last]) / df
    slope = np.diff(np.log(exact[last - 2 : last]))[0] / np.diff(x)[0]
    end, value = x[1], np.log(exact[last - 1])

    def p(t: np.ndarray) -> np.ndarray:
        x = np.log1p(t**2 / df)
        inside = np.exp(spline(np.log1p(df * np.minimum(x, end))))
        return np.minimum(np.where(x <= end, inside, np.exp(value + slope * np.maximum(x - end, 0))), 1)

    return p


def _t_at(bend: float, df: float) -> float:
    return float(np.sqrt(df * np.expm1(np.expm1(bend) / df)))


def _range_tail(t: float, n_groups: int, df: float) -> float:
    q = t * np.sqrt(2)
    # Below 2 degrees of freedom, no whole number, the density of the SD bends too sharply for fewer nodes.
    return studentised_range_tail(q, n_groups, df, nodes=96 if q <= 20 and df >= 2 else 200)


@cache
def _range_surface(n_groups: int, octave: int) -> RectBivariateSpline:
    """Logarithm of the tail over 1 / df, from 2^octave to twice as many, and over the bend of t."""
    most = 2.0 ** (octave + 1)
    inverse = np.linspace(1 / most, 2 / most, _SURFACE[0])
    bend = np.linspace(0, np.log1p(_LARGEST * most), _SURFACE[1])
    exact = [[_range_tail(_t_at(one, 1 / u), n_groups, 1 / u) for one in bend] for u in inverse]
    return RectBivariateSpline(inverse, bend, np.log(np.maximum(exact, _SMALLEST)), kx=5, ky=5, s=0)


@cache
def _mann_whitney_tail(n: int, m: int) -> np.ndarray:
    """Probability that U is so large or larger, for every U from 0 to n m (Mann and Whitney 1947)."""
    ways = np.zeros((n + 1, n * m + 1))
    ways[0, 0] = 1
    for rank in range(1, n + m + 1):  # choose n of the ranks; U is their sum less the least that it can be
        for chosen in range(min(n, rank), 0, -1):
            step = rank - chosen
            if step <= n * m:
                ways[chosen, step:] += ways[chosen - 1, : n * m + 1 - step]
    return ways[n, ::-1].cumsum()[::-1] / ways[n].sum()
