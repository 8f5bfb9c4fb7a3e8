"""The chance that the declared test gives each level in a new cohort, in closed form."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import special

from mgbone.evidence.exact import pooled_sd
from mgbone.evidence.power import dunnett_limit, studentised_range
from mgbone.study.design import Study

MOST = 500
"""A chance that so many animals a group don't give counts as one that none give."""
NODES = 48  # of the SD; more change the thirteenth digit
LIMITED = ("significant", "trend")
LEVEL_CHANCES = ["up_significant", "up_trend", "none", "down_trend", "down_significant", "up"]


def chances_of_levels(
    shift: np.ndarray,
    n_groups: int,
    df: int,
    study: Study,
    *,
    uncertain: float = 0.0,
    known_sd: bool = True,
    critical: Mapping[str, float] | None = None,
) -> dict[str, np.ndarray]:
    """Return the chance of each level of a test on t, with its sign, where t is noncentral.

    Parameters
    ----------
    shift : float array, any shape
        The true difference over its true standard error; where the SD is not known, over the one observed.
    n_groups, df : int
        Groups compared, and degrees of freedom of the variance within them.
    uncertain : float
        Variance of what is believed of the true difference, in squared standard errors: 0 where it is known,
        1 where a flat prior leaves it as uncertain as the first study did.
    known_sd : bool
        Otherwise the true SD is as uncertain as `df` degrees of freedom leave it.
    critical : mapping, optional
        Of ``significant`` and ``trend`` the abs(t) beyond which the test gives them (`dunnett_limits`);
        without it those of Tukey-Kramer.

    Returns
    -------
    dict of float array, shape of `shift`
        ``LEVEL_CHANCES``: those of the five levels make 1; `up` is the chance of a positive difference,
        whatever its level. Missing where there are no two groups.
    """
    shift = np.asarray(shift, dtype=float)
    if critical is None:
        limits = {level: study.thresholds[level] for level in LIMITED}
        critical = {name: studentised_range(p, n_groups, df) / np.sqrt(2) for name, p in limits.items()}
    beyond = {}
    for level, limit in {**critical, "any": 0.0}.items():
        for sign in (1, -1):
            beyond[level, sign] = _tail(limit, sign * shift, df, uncertain, known_sd)
    up, down = ({level: beyond[level, sign] for level in ("significant", "trend")} for sign in (1, -1))
    chances = [
        up["significant"], up["trend"] - up["significant"], 1 - up["trend"] - down["trend"],
        down["trend"] - down["significant"], down["significant"], beyond["any", 1],
    ]  # fmt: skip
    return dict(zip(LEVEL_CHANCES, chances, strict=True))


def dunnett_limits(control: int, others: Sequence[int], df: int, study: Study) -> dict[str, float]:
    """Return the abs(t) beyond which Dunnett's test gives each level, for `chances_of_levels`."""
    return {level: dunnett_limit(study.thresholds[level], control, tuple(others), df) for level in LIMITED}


def _tail(critical: float, shift: np.ndarray, df: int, uncertain: float, known_sd: bool) -> np.ndarray:
    """Probability that t exceeds `critical`: a normal difference over an SD that is estimated, integrated."""
    if not np.isfinite(critical) or df < 1:
        return np.full(shift.shape, np.nan)
    spread = np.sqrt(1 + uncertain)
    s, of_s = pooled_sd(df, NODES)
    if known_sd:
        return special.ndtr((shift[..., None] - critical * s) / spread) @ of_s
    seen = special.ndtr((shift[..., None, None] * s[:, None] - critical * s) / spread)
    return seen @ of_s @ of_s


def smallest_n(chance: Callable[[int], float], wanted: float) -> float:
    """Return the smallest n, from 2, of which `chance` is at least `wanted`; infinity where none is.

    Up to ``MOST`` the chance is looked for in doubling steps, then between two of them, where it has to rise.
    """
    low, high = 1, 2
    while chance(high) < wanted:
        if high >= MOST:
            return np.inf
        low, high = high, min(2 * high, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if chance(middle) >= wanted else (middle, high)
    return float(high)
