"""The tests of `mgbone.evidence` for many labellings of the same animals at once.

Arrays have the axes labelling, group or contrast, animal, endpoint, in this order, as far as they have them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import stats

from mgbone.certainty import tails
from mgbone.evidence.other_tests import OUTLIER_LIMIT, control_of
from mgbone.evidence.rank_tests import SUBSTITUTE
from mgbone.evidence.ties import settled

Found = tuple[np.ndarray, np.ndarray]
"""p and where the difference points (-1, 0, 1), each of shape (labellings, contrasts, endpoints)."""


@dataclass(frozen=True, eq=False)
class Batch:
    """The values of an experiment under many labellings.

    Attributes
    ----------
    values : float array, shape (animals, endpoints)
        Missing where not measured; what stands for it where a value lies below a limit.
    member : float array, shape (labellings, groups, animals)
        1 where an animal belongs to a group.
    kept : float array, shape (animals, endpoints) or (labellings, animals, endpoints)
        1 where a value counts.
    contrasts : sequence of (int, int)
        Case and reference, as places among the groups.
    hidden : bool array, shape (animals, endpoints)
        Values below a limit. An endpoint with one is tested by Gehan's test in the place of Tukey-Kramer and
        of tests on ranks, and by no other test (`mgbone.evidence.compare_tests`).
    asked : bool array, shape (contrasts, endpoints), optional
        What a p is wanted of, where it does not depend on the other contrasts.
    ordered : pair of float array, shape (endpoints, animals, animals), optional
        From `order_of`, where it is known already.
    """

    values: np.ndarray
    member: np.ndarray
    kept: np.ndarray
    contrasts: Sequence[tuple[int, int]]
    hidden: np.ndarray
    asked: np.ndarray | bool = True
    ordered: tuple[np.ndarray, np.ndarray] | None = None

    @cached_property
    def filled(self) -> np.ndarray:
        """Values about the mean of their endpoint, 0 where missing."""
        centre = np.nanmean(self.values, axis=0)
        return np.where(np.isfinite(self.values), self.values - centre, 0.0)

    @cached_property
    def n(self) -> np.ndarray:
        """Values that count, by group."""
        return self.member @ self.kept

    @cached_property
    def mean(self) -> np.ndarray:
        """Mean of each group, less that of all animals of the endpoint."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.member @ (self.kept * self.filled) / self.n

    @cached_property
    def residual(self) -> np.ndarray:
        """Value less its group's mean; 0 where it does not count."""
        own = self.member.swapaxes(1, 2) @ np.nan_to_num(self.mean)
        return self.kept * (self.filled - own)

    @cached_property
    def squares(self) -> np.ndarray:
        """Sum of squared residuals of each group; 0 where what is left is rounding."""
        found = self.member @ self.residual**2
        size = np.nanmax(np.abs(self.values), axis=0, initial=0) * 1e-12
        return np.where(found > self.n * size**2, found, 0.0)

    @cached_property
    def pairs(self) -> np.ndarray:
        """Pairs of an animal of one group and one of another, those larger in the first less those smaller.

        Shape (labellings, endpoints, groups, groups).
        """
        sign, _ = self._ordered
        inside = self._inside
        shape = inside.shape
        # One product for all labellings: many small ones would take longer.
        over = (inside.reshape(shape[0], -1, shape[3]) @ sign).reshape(shape)
        return (over @ inside.swapaxes(2, 3)).swapaxes(0, 1).astype(float)

    @cached_property
    def _inside(self) -> np.ndarray:
        """1 where an animal of a group counts; shape (endpoints, labellings, groups, animals)."""
        kept = np.broadcast_to(self.kept, (len(self.member), *self.values.shape))
        # Small whole numbers, which single precision holds.
        return self.member.astype(np.float32)[None] * kept.transpose(2, 0, 1).astype(np.float32)[:, :, None]

    @cached_property
    def _ordered(self) -> tuple[np.ndarray, np.ndarray]:
        limits = settled(self.values / SUBSTITUTE)
        return self.ordered or order_of(np.where(self.hidden, limits, self.values), self.hidden)

    def ties(self, groups: Sequence[int]) -> np.ndarray:
        """Sum of t^3 - t over values that t animals of some groups share; shape (labellings, endpoints)."""
        same = self._ordered[1]
        found = np.zeros((len(self.member), self.values.shape[1]))
        for e in np.flatnonzero(same.sum(axis=(1, 2)) > np.isfinite(self.values).sum(axis=0)):
            inside = self._inside[e][:, list(groups)].sum(axis=1)
            found[:, e] = (inside * ((inside @ same[e]) ** 2 - 1)).sum(axis=1)
        return found

    def without(self, rule: str) -> Batch:
        """Leave out values by a rule: ``kept`` none, ``flagged_out`` or ``most_extreme_out``."""
        if rule == "kept":
            return self
        gone = _flagged(self) if rule == "flagged_out" else _most_extreme(self)
        return replace(self, kept=self.kept * ~gone, ordered=self._ordered)


def order_of(values: np.ndarray, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which of two values is surely larger (1, -1 or 0), and which are the same.

    Both have the shape (endpoints, animals, animals); the limit stands where it hides a value. A value below
    a limit is smaller than all that is measured at or above it, as in
    `mgbone.evidence.rank_tests.gehan_scores`.
    """
    x, below = values.T, hidden.T
    with np.errstate(invalid="ignore"):
        above = np.where(below[:, None], x[:, :, None] >= x[:, None], x[:, :, None] > x[:, None])
        above &= ~below[:, :, None] & np.isfinite(x)[:, :, None] & np.isfinite(x)[:, None]
        same = (x[:, :, None] == x[:, None]).astype(np.float32)
    return above.astype(np.float32) - above.swapaxes(1, 2), same


def logarithms(values: np.ndarray) -> np.ndarray:
    """Take logarithms of the endpoints of which every value is above 0; the others are missing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.nanmin(values, axis=0) > 0, np.log(values), np.nan)


def _flagged(batch: Batch) -> np.ndarray:
    """Mark what `mgbone.evidence.flag_outliers` flags."""
    n = batch.n.sum(axis=1)
    df = n - (batch.n > 0).sum(axis=1) - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        free = batch.member.swapaxes(1, 2) @ np.where(batch.n > 0, 1 - 1 / batch.n, 0.0)
        without = batch.squares.sum(axis=1)[:, None] - batch.residual**2 / np.where(free > 0, free, np.nan)
        error = np.sqrt(np.maximum(without, 0) / df[:, None] * free)
        studentised = np.abs(batch.residual) / np.where(error > 0, error, np.nan)
        limit = np.full(n.shape, np.nan)
        for size, free_ones in {(a, b) for a, b in zip(n.flat, df.flat, strict=True) if b > 0}:
            limit[(n == size) & (df == free_ones)] = stats.t.isf(OUTLIER_LIMIT / (2 * size), free_ones)
        return (studentised > limit[:, None]) & (batch.kept > 0)


def _most_extreme(batch: Batch) -> np.ndarray:
    """Mark what `mgbone.evidence.other_tests.without_most_extreme` leaves out."""
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(batch.squares / (batch.n - 1))
        own = batch.member.swapaxes(1, 2) @ np.nan_to_num(sd)
        distance = np.round(np.abs(batch.residual) / np.where(own > 0, own, np.nan), 9)
    distance = np.where(batch.kept > 0, distance, np.nan)
    known = np.isfinite(distance)
    first = np.argmax(np.where(known, distance, -1), axis=1)
    return (np.arange(distance.shape[1])[None, :, None] == first[:, None]) & known.any(axis=1)[:, None]


def tukey_kramer(batch: Batch) -> Found:
    """Tukey-Kramer (`mgbone.evidence.compare`)."""
    t, way, df = _with_pooled_variance(batch)
    return tails.tukey_p(t, _as((batch.n > 1).sum(axis=1), t), _as(df, t)), way


def _with_pooled_variance(batch: Batch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Size of t and way of `_differences`, by the variance within groups of two or more, and its df."""
    counted = batch.n > 1
    df = np.where(counted, batch.n, 0).sum(axis=1) - counted.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        within = np.where(counted, batch.squares, 0).sum(axis=1) / df
        within = np.where(within > 0, within, np.nan)
        t, way = _differences(batch, lambda a, b: np.sqrt(within * (1 / batch.n[:, a] + 1 / batch.n[:, b])))
    return t, way, df


def games_howell(batch: Batch) -> Found:
    """Games-Howell: unequal variances, Welch's degrees of freedom, studentised range (pingouin)."""
    varying = (batch.n > 1) & (batch.squares > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        of_mean = np.where(varying, batch.squares / (batch.n - 1) / batch.n, np.nan)
        t, way = _differences(batch, lambda a, b: np.sqrt(of_mean[:, a] + of_mean[:, b]))
        each = of_mean**2 / (batch.n - 1)
        df = np.stack(
            [(of_mean[:, a] + of_mean[:, b]) ** 2 / (each[:, a] + each[:, b]) for a, b in batch.contrasts], 1
        )
    return tails.games_howell_p(t, _as(varying.sum(axis=1), t), df), way


def dunnett(batch: Batch) -> Found:
    """Dunnett against the group that most contrasts have as their reference; no p for the others."""
    control = control_of(batch.contrasts)
    t, way, df = _with_pooled_variance(batch)
    n = np.where(batch.n > 1, batch.n, 0)
    others = np.sort(np.delete(n, control, axis=1), axis=1)
    sizes = (n[:, control], *others.swapaxes(0, 1))
    t[:, [b != control for _, b in batch.contrasts]] = np.nan
    return tails.dunnett_p(t, tuple(_as(size, t) for size in sizes), _as(df, t)), way


def dunn(batch: Batch) -> Found:
    """Dunn's test, Holm over the contrasts (`mgbone.evidence.rank_tests.rank_z`)."""
    counted = (batch.n > 1).astype(float)
    n = (batch.n * counted).sum(axis=1)
    groups = range(batch.n.shape[1])
    # A group of one animal takes no part in the ranks; it is rare enough for ties to be counted with it.
    variance = ((n**3 - n) / 3 - batch.ties(groups) / 3) / (n - 1)
    shown = counted.swapaxes(1, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = np.einsum("pegh,peh->pge", batch.pairs, shown) / np.where(batch.n > 1, batch.n, np.nan)
        variance = np.where(variance > 1e-9, variance, np.nan)
        z = [
            (scores[:, a] - scores[:, b]) / np.sqrt(variance * (1 / batch.n[:, a] + 1 / batch.n[:, b]))
            for a, b in batch.contrasts
        ]
    z = np.stack(z, axis=1)
    return tails.holm(tails.normal_p(z)), _way(z)


def mann_whitney(batch: Batch) -> Found:
    """Mann-Whitney between the two groups, Holm over the contrasts."""
    found, excess = [], np.stack([batch.pairs[:, :, a, b] for a, b in batch.contrasts], axis=1)
    for i, (a, b) in enumerate(batch.contrasts):
        n, m = batch.n[:, a], batch.n[:, b]
        p = tails.mann_whitney_p(excess[:, i], n, m, batch.ties((a, b)))
        found.append(np.where((n > 1) & (m > 1), p, np.nan))
    return tails.holm(np.stack(found, axis=1)), _way(excess)


def gehan(batch: Batch) -> Found:
    """Gehan's test between the two groups, Holm over the contrasts, where values lie below a limit."""
    sign, _ = batch._ordered
    deviates = []
    for a, b in batch.contrasts:
        both = batch._inside[:, :, a] + batch._inside[:, :, b]
        scores = both * (both @ sign.swapaxes(1, 2))  # endpoints, labellings, animals
        n, m = batch.n[:, a], batch.n[:, b]
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = (scores**2).sum(axis=2).T / (n + m - 1)
            error = np.sqrt(np.where(variance > 0, variance, np.nan) * (1 / n + 1 / m))
            first, second = ((scores * batch._inside[:, :, g]).sum(axis=2).T for g in (a, b))
            z = (first / n - second / m) / error
        deviates.append(np.where((n > 1) & (m > 1), z, np.nan))
    z = np.stack(deviates, axis=1)
    return tails.holm(tails.normal_p(z)), _way(z)


TESTS: Mapping[str, Callable[[Batch], Found]] = {
    "tukey_kramer": tukey_kramer,
    "games_howell": games_howell,
    "dunnett": dunnett,
    "dunn": dunn,
    "mann_whitney": mann_whitney,
}
_ON_RANKS = ("tukey_kramer", "dunn", "mann_whitney")


def run_test(batch: Batch, test: str) -> Found:
    """Run a test of ``TESTS`` on every contrast and endpoint."""
    p, way = TESTS[test](batch)
    if (censored := batch.hidden.any(axis=0)).any():
        some = Batch(
            batch.values[:, censored], batch.member, batch.kept[..., censored], batch.contrasts,
            batch.hidden[:, censored], ordered=tuple(part[censored] for part in batch._ordered),
        )  # fmt: skip
        p[..., censored], way[..., censored] = gehan(some) if test in _ON_RANKS else (np.nan, 0)
    return p, way


def _differences(batch: Batch, error: Callable[[int, int], np.ndarray]) -> Found:
    """Size of t, and where the difference points, for every contrast."""
    difference = np.stack([batch.mean[:, a] - batch.mean[:, b] for a, b in batch.contrasts], axis=1)
    t = np.abs(difference) / np.stack([error(a, b) for a, b in batch.contrasts], axis=1)
    tested = np.stack([(batch.n[:, a] > 1) & (batch.n[:, b] > 1) for a, b in batch.contrasts], axis=1)
    return np.where(tested & batch.asked, t, np.nan), _way(difference)


def _as(numbers: np.ndarray, t: np.ndarray) -> np.ndarray:
    return np.broadcast_to(numbers[:, None], t.shape)


def _way(numbers: np.ndarray) -> np.ndarray:
    return np.sign(np.nan_to_num(numbers)).astype(np.int8)
