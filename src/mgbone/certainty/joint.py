"""All specifications of a statement together, against permuted labels (Simonsohn et al. 2020)."""

from dataclasses import dataclass, field

import numpy as np

from mgbone.certainty import tails
from mgbone.evidence.permutation import TIE

JOINT_COLUMNS = [
    "claim_id", "median_p", "share_significant", "stouffer_z",
    "joint_p_median", "joint_p_share", "joint_p_stouffer", "n_permutations",
]  # fmt: skip


@dataclass
class Tally:
    """The p values of one statement, specification by specification, under every labelling.

    Attributes
    ----------
    limit : float
        p below which a specification counts as significant.
    p : list of float32 array, shape (labellings,)
        One per specification that could be tested.
    """

    limit: float
    p: list[np.ndarray] = field(default_factory=list)
    _sum: np.ndarray | float = 0.0
    _higher: np.ndarray | float = 0.0
    _lower: np.ndarray | float = 0.0

    def add(self, p: np.ndarray, way: np.ndarray) -> None:
        """Add a specification: its p and sign under every labelling; one that was not tested is passed over.

        What points nowhere, as a clustering, has the sign 0 and counts by its p alone.
        """
        if not np.isfinite(p[0]):
            return
        known, way = np.isfinite(p), np.where(way == 0, 1, way)
        self.p.append(np.where(known, p, 1.0).astype(np.float32))
        self._sum = self._sum + np.where(known, tails.deviate(p) * way, 0.0)
        self._higher = self._higher + (known & (p < self.limit) & (way > 0))
        self._lower = self._lower + (known & (p < self.limit) & (way < 0))

    def joint(self) -> dict[str, float]:
        """Return three statistics over all specifications, and the share of labellings that are as far out.

        The median of p; the share of specifications that are significant in the direction in which more are;
        Stouffer's sum of signed normal deviates over the root of their number. The observed labelling counts
        among the permuted ones (Phipson and Smyth 2010). Specifications depend on one another, which is why
        only permutation can say what these numbers are by chance.
        """
        median = np.median(np.stack(self.p), axis=0)
        share = np.maximum(self._higher, self._lower) / len(self.p)
        stouffer = self._sum / np.sqrt(len(self.p))
        told = {"median_p": median[0], "share_significant": share[0], "stouffer_z": stouffer[0]}
        far = {"median": 1 - median, "share": share, "stouffer": np.abs(stouffer)}
        several = len(median) > 1
        chance = {
            f"joint_p_{name}": np.mean(one >= one[0] - TIE * max(1, abs(one[0]))) if several else np.nan
            for name, one in far.items()
        }
        return {name: float(one) for name, one in (told | chance).items()} | {"n_permutations": len(median)}
