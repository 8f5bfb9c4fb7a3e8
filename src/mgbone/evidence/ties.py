"""Ties that arithmetic hides: 165.1 - 83.2 is 81.9 on paper but not in memory, and ranks see that."""

import numpy as np
import pandas as pd

DIGITS = 12
"""Significant digits that a few operations on doubles leave right; data have far fewer."""


def settled(values: np.ndarray) -> np.ndarray:
    """Round what was computed to ``DIGITS`` significant digits, so that what is equal on paper is equal.

    Parameters
    ----------
    values : float array or Series, any shape
        Quotients, sums, means. Missing and infinite values stay as they are.
    """
    size = np.abs(np.asarray(values, dtype=float))
    known = np.isfinite(size) & (size > 0)
    places = DIGITS - 1 - np.floor(np.log10(size, out=np.zeros_like(size), where=known))
    places = np.clip(places, -300, 300)
    # A power of ten up to 22 is exact, so that the result is the double next to the decimal number.
    up, down = 10.0 ** np.maximum(places, 0), 10.0 ** np.maximum(-places, 0)
    with np.errstate(invalid="ignore"):
        return np.round(values * up / down) / up * down


def difference(first: pd.Series, second: pd.Series) -> pd.Series:
    """Return first minus second to the decimals that the two are written with.

    Significant digits would not do: what is left of two large numbers has fewer right ones than they had.
    """
    both = pd.concat([first, second]).dropna().to_numpy(float)
    places = next((d for d in range(DIGITS) if (np.round(both, d) == both).all()), DIGITS)
    return (first - second).round(places)
