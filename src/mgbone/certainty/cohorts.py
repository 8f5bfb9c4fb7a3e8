"""New cohorts: means and sums of squares drawn, not animals, so that the cost does not grow with n."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mgbone.evidence.comparison import animals_by_endpoints
from mgbone.integration.many import Moments
from mgbone.integration.negative_control import usable

TRUTHS = ("without_effect", "plugin", "predictive")
"""What is taken for true of a new cohort; see `draw`."""


@dataclass(frozen=True)
class Truth:
    """What was observed in one experiment, as the truth that new cohorts are drawn from.

    Attributes
    ----------
    groups, endpoints : tuple of str
    mean : float array, shape (n_groups, n_endpoints)
    root : float array, shape (n_endpoints, rank)
        Its product with its transpose is the covariance within groups.
    df : int
        Degrees of freedom of that covariance.
    blocks : tuple of tuple of (int, bool array of shape (n_endpoints,))
        Of each group the animals with the same endpoints measured: how many, and which endpoints.
    """

    groups: tuple[str, ...]
    endpoints: tuple[str, ...]
    mean: np.ndarray
    root: np.ndarray
    df: int
    blocks: tuple[tuple[tuple[int, np.ndarray], ...], ...]

    def with_animals(self, n: int) -> Truth:
        """Return the same truth with `n` animals a group, all endpoints measured in each."""
        whole = np.ones(len(self.endpoints), dtype=bool)
        return replace(self, blocks=tuple(((n, whole),) for _ in self.groups))

    def only(self, endpoints: Sequence[str]) -> Truth:
        """Return the same truth of some endpoints alone."""
        at = [self.endpoints.index(e) for e in endpoints if e in self.endpoints]
        root = self.root[at]
        if len(at) == 1:  # one number does
            root = np.sqrt((root**2).sum(axis=1, keepdims=True))
        blocks = tuple(tuple((n, known[at]) for n, known in of) for of in self.blocks)
        named = tuple(self.endpoints[i] for i in at)
        return replace(self, endpoints=named, mean=self.mean[:, at], root=root, blocks=blocks)


def observed_truth(measurements: pd.DataFrame, endpoints: Sequence[str] | None = None) -> dict[str, Truth]:
    """Take what was observed for the truth, experiment by experiment.

    Endpoints with a value below a limit of detection are left out: they are tested on ranks, which means and
    variances don't give. So are endpoints that no two groups have two values of.

    Parameters
    ----------
    measurements : DataFrame
        Columns animal_id, experiment, group, endpoint, value.
    endpoints : sequence of str, optional
        Those to keep; without it all.
    """
    table = usable(measurements)
    if endpoints is not None:
        table = table[table["endpoint"].isin(list(endpoints))]
    return {name: _truth(of) for name, of in table.groupby("experiment", sort=False)}


def _truth(table: pd.DataFrame) -> Truth:
    wide = animals_by_endpoints(table)
    group = table.drop_duplicates("animal_id").set_index("animal_id")["group"].reindex(wide.index)
    values, labels = wide.to_numpy(float), group.to_numpy(object)
    groups = tuple(pd.unique(labels))
    counted = [np.isfinite(values[labels == g]).sum(axis=0) for g in groups]
    kept = (np.stack(counted) > 1).sum(axis=0) > 1
    values = values[:, kept]
    known = np.isfinite(values)
    means = np.stack([_mean(values[labels == g]) for g in groups])
    place = np.array([groups.index(g) for g in labels])
    residual = np.where(known, values - means[place], 0.0)
    df = known.sum(axis=0) - (np.stack(counted)[:, kept] > 0).sum(axis=0)
    return Truth(
        groups, tuple(wide.columns[kept]), means, _root(residual, df), int(df.max(initial=0)),
        tuple(_blocks(known[labels == g]) for g in groups),
    )  # fmt: skip


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean of each column; of one without a value 0, which is never drawn."""
    known = np.isfinite(values)
    return np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def _root(residual: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Root of the covariance within groups, with each endpoint's own degrees of freedom on its diagonal.

    Values that are missing count as residuals of 0, which makes the correlations of such endpoints a little
    smaller; variances stay as they were observed.
    """
    sd = np.sqrt((residual**2).sum(axis=0) / df)
    length = np.sqrt((residual**2).sum(axis=0))
    of_unit = residual / np.where(length > 0, length, 1.0)
    _, size, axes = np.linalg.svd(of_unit, full_matrices=False)
    rank = int((size > 1e-9 * size.max(initial=0)).sum())
    # The sign of a singular vector is arbitrary, and differs between processors.
    axes = axes[:rank] * np.sign(axes[:rank].sum(axis=1, keepdims=True) + 1e-300)
    return sd[:, None] * (size[:rank, None] * axes).T


def _blocks(known: np.ndarray) -> tuple[tuple[int, np.ndarray], ...]:
    """Count the animals of each pattern of blanks."""
    patterns, counts = np.unique(known, axis=0, return_counts=True)
    return tuple((int(n), pattern) for n, pattern in zip(counts, patterns, strict=True))


def draw(truth: Truth, kind: str, n_cohorts: int, rng: np.random.Generator) -> Moments:
    """Draw what the declared test needs of new cohorts, as large as the one observed.

    Parameters
    ----------
    kind : str
        Of ``TRUTHS``: ``without_effect`` (all groups have the mean of all animals, the covariance is the one
        observed), ``plugin`` (means and covariance are those observed) or ``predictive`` (they are drawn
        themselves, cohort by cohort, from what the data leave possible: means with a flat prior, the
        covariance inverse Wishart with the one prior that gives each variance its own sum of squares over
        chi-squared with the degrees of freedom of the data, as for one endpoint alone).

    Returns
    -------
    Moments
        Values are normal, endpoints of an animal correlated as they were.
    """
    mean = truth.mean
    if kind == "without_effect":
        n = np.stack([_sizes(blocks) for blocks in truth.blocks])
        mean = np.broadcast_to((n * mean).sum(axis=0) / n.sum(axis=0), mean.shape)
    root = np.broadcast_to(truth.root, (n_cohorts, *truth.root.shape))
    means = np.broadcast_to(mean[:, None], (len(mean), n_cohorts, mean.shape[1]))
    if kind == "predictive":
        root = _uncertain_root(truth, n_cohorts, rng)
        means = means + np.stack([_moments_of(blocks, root, rng)[0] for blocks in truth.blocks])
    drawn = [_moments_of(blocks, root, rng) for blocks in truth.blocks]
    sizes = np.stack([_sizes(blocks)[None] for blocks in truth.blocks])
    return Moments(
        truth.groups, truth.endpoints, sizes,
        means + np.stack([m for m, _ in drawn]), np.stack([ss for _, ss in drawn]),
    )  # fmt: skip


def _sizes(blocks: Sequence[tuple[int, np.ndarray]]) -> np.ndarray:
    return sum(n * known.astype(int) for n, known in blocks)


def _moments_of(
    blocks: Sequence[tuple[int, np.ndarray]], root: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw mean and sum of squares of one group about a true mean of 0, both (n_cohorts, n_endpoints).

    Animals with the same endpoints measured are drawn together: their mean is normal, their squares are the
    diagonal of a Wishart matrix (Bartlett 1933). Blocks are put together by Chan, Golub and LeVeque (1983).
    """
    count = np.zeros(root.shape[1])
    mean = np.zeros(root.shape[:2])
    squares = np.zeros(root.shape[:2])
    for n, known in blocks:
        new = (root @ rng.standard_normal((len(root), root.shape[2], 1)))[..., 0] / np.sqrt(n)
        added = known * n
        together = count + added
        share = np.divide(added, together, out=np.zeros_like(together), where=together > 0)
        between = share * count * (new - mean) ** 2
        wishart = 0.0
        if n > 1:
            wishart = ((root @ _bartlett(len(root), root.shape[2], n - 1, rng)) ** 2).sum(axis=-1)
        squares += known * wishart + between
        mean += share * (new - mean)
        count = together
    return mean, squares


def _bartlett(n: int, rank: int, df: int, rng: np.random.Generator) -> np.ndarray:
    """Factors of standard Wishart matrices (Bartlett 1933), shape (n, rank, min(rank, df)); any df."""
    columns = min(rank, df)
    factor = np.tril(rng.standard_normal((n, rank, columns)))
    at = np.arange(columns)
    factor[:, at, at] = np.sqrt(rng.chisquare(df - at, (n, columns)))
    return factor


def _uncertain_root(truth: Truth, n_cohorts: int, rng: np.random.Generator) -> np.ndarray:
    """Roots of covariances drawn from what the data leave possible, shape (n_cohorts, n_endpoints, rank)."""
    rank = truth.root.shape[1]
    factor = _bartlett(n_cohorts, rank, truth.df + rank - 1, rng)
    return np.sqrt(truth.df) * truth.root @ np.linalg.inv(factor).transpose(0, 2, 1)


def draw_all(
    truths: Mapping[str, Truth], kind: str, n_cohorts: int, rng: np.random.Generator
) -> dict[str, Moments]:
    """Draw new cohorts of every experiment, one after the other; see `draw`."""
    return {name: draw(truth, kind, n_cohorts, rng) for name, truth in truths.items()}
