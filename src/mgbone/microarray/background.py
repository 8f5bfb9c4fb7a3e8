"""The background model of RMA: a normal background below an exponential signal, from modes of densities."""

from dataclasses import dataclass

import numpy as np

from mgbone.microarray._compiled import bin_linearly
from mgbone.study.errors import MgboneError
from mgbone.study.language import tr

_GRID = 16_384
"""Points of the kernel density, as preprocessCore's."""


class RmaError(MgboneError):
    """Intensities or probe-set labels are not such that they can be normalised."""


@dataclass(frozen=True)
class Background:
    """Parameters of one array's background model.

    Attributes
    ----------
    alpha : float
        Rate of the exponential signal, per intensity unit.
    mu, sigma : float
        Mode and standard deviation of the normal background, intensity units.
    """

    alpha: float
    mu: float
    sigma: float


def fit_background(intensities: np.ndarray) -> Background:
    """Estimate RMA's background model for one array.

    Parameters
    ----------
    intensities : array, shape (n_probes,)
        Perfect-match intensities, in any order.

    Raises
    ------
    RmaError
        If the intensities have no spread on either side of their mode, so that no model can be fitted.
    """
    ordered = np.sort(np.asarray(intensities, dtype=np.float64))
    mode = _mode(ordered)
    # The mode of what lies below the mode estimates where the background sits; see affy's second
    # background method.
    mu = _mode(ordered[: np.searchsorted(ordered, mode, side="left")])
    below = ordered[: np.searchsorted(ordered, mu, side="left")]
    above = ordered[np.searchsorted(ordered, mu, side="right") :]
    if below.size < 2:
        raise RmaError(tr("no background can be estimated: fewer than two intensities lie below the mode"))
    sigma = float(np.sqrt(np.square(below - mu).sum() / (below.size - 1)) * np.sqrt(2.0))
    return Background(alpha=1.0 / _mode(above, shift=mu), mu=mu, sigma=sigma)


def _mode(ordered: np.ndarray, shift: float = 0.0) -> float:
    """Return the mode of a kernel density (Epanechnikov) of sorted values less `shift`.

    As R's ``density`` by way of preprocessCore: bandwidth ``nrd0``, values binned linearly on a grid that
    reaches seven bandwidths beyond them, convolved by Fourier transform and interpolated at as many points
    up to three bandwidths beyond. The kernel's grid is very slightly finer than that of the values there,
    and so it is here.
    """
    if ordered.size < 2 or ordered[0] == ordered[-1]:
        raise RmaError(tr("no background can be estimated: its intensities have no spread"))
    width = _bandwidth(ordered, shift)
    low, high = ordered[0] - shift - 7 * width, ordered[-1] - shift + 7 * width
    weights = bin_linearly(ordered, shift, low, high, _GRID)
    steps = np.arange(_GRID + 1)
    reach = width * np.sqrt(5.0)
    distance = np.minimum(steps / (2 * _GRID - 1) * 2 * (high - low) / reach, 1.0)
    half = 3.0 / (4.0 * reach) * (1.0 - distance * distance)
    kernel = np.concatenate([half, half[-2:0:-1]])
    density = np.fft.irfft(np.fft.rfft(weights, 2 * _GRID) * np.fft.rfft(kernel), 2 * _GRID)[:_GRID]
    grid = steps[:_GRID] / (_GRID - 1)
    points = grid * ((high - 4 * width) - (low + 4 * width)) + (low + 4 * width)
    return float(points[np.argmax(np.interp(points, grid * (high - low) + low, density))])


def _bandwidth(ordered: np.ndarray, shift: float) -> float:
    """Silverman's rule of thumb (R's ``bw.nrd0``) for sorted values less `shift`."""
    lower, upper = _quantile(ordered, 0.25), _quantile(ordered, 0.75)
    deviation = float(ordered.std(ddof=1))
    spread = min(deviation, (upper - lower) / 1.34) or deviation or abs(ordered[0] - shift) or 1.0
    return 0.9 * spread * ordered.size**-0.2


def _quantile(ordered: np.ndarray, share: float) -> float:
    position = (ordered.size - 1) * share
    left = int(position)
    part = position - left
    return float(ordered[left] if part <= 1e-10 else (1 - part) * ordered[left] + part * ordered[left + 1])
