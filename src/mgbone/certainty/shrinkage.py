"""What other studies say of an effect: most are smaller than they looked."""

import numpy as np
from scipy import stats

from mgbone.evidence.chances import NODES
from mgbone.evidence.exact import pooled_sd

PROPORTIONS = np.array([0.32, 0.31, 0.30, 0.07])
SDS = np.array([0.61, 1.42, 2.16, 5.64])
"""True effects over their standard errors in 23,551 trials, as a mixture of normals about 0 (van Zwet, Schwab
and Senn 2021, Statistics in Medicine 40:6107-6117, table 1)."""


def believed(t: np.ndarray, df: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what is to be believed of a true effect, over its true standard error, once t was observed.

    The mixture of ``PROPORTIONS`` and ``SDS`` is the prior, as van Zwet and Goodman (2022) use it for the
    chance that a study is replicated. They take the standard error as known; here it is as uncertain as `df`
    degrees of freedom leave it: what is observed is t = z sigma / s, with z normal about the true effect.

    Parameters
    ----------
    t : float array, any shape
    df : int
        Infinity, where the standard error is known, is allowed.

    Returns
    -------
    weight : float array, shape of `t` and (n_sd, 4)
        Of each normal of the posterior; they add up to 1.
    mean : float array, shape of `t` and (n_sd, 4)
    variance : float array, shape (4,)
    """
    s, of_s = pooled_sd(df, NODES) if np.isfinite(df) else (np.ones(1), np.ones(1))
    z = np.asarray(t, dtype=float)[..., None, None] * s[:, None]
    with np.errstate(divide="ignore"):
        log_weight = np.log(PROPORTIONS) + np.log(of_s * s)[:, None]
    log_weight = log_weight + stats.norm.logpdf(z, scale=np.sqrt(SDS**2 + 1))
    weight = np.exp(log_weight - log_weight.max(axis=(-2, -1), keepdims=True))
    share = SDS**2 / (SDS**2 + 1)
    return weight / weight.sum(axis=(-2, -1), keepdims=True), z * share, share


def draw_believed(t: float, df: float, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw true effects over their true standard error, and the true SD over the one observed, both (n,)."""
    weight, mean, variance = believed(t, df)
    which = rng.choice(weight.size, n, p=weight.ravel())
    at_sd, part = np.unravel_index(which, weight.shape)
    effect = mean[at_sd, part] + np.sqrt(variance[part]) * rng.standard_normal(n)
    s = pooled_sd(df, NODES)[0] if np.isfinite(df) else np.ones(1)
    return effect, 1 / s[at_sd]
