"""Hybridise and scan a simulated array: what each probe does, and what is read in each cell of the chip."""

import re
from functools import cache
from typing import NamedTuple

import numpy as np

from mgbone.simulate import platform_writer
from mgbone.simulate.array_numbers import calibration, stream
from mgbone.simulate.platform_writer import Chip

SPIKE_LEVELS = {  # log2 signal, in the order in which the maker's mixtures rise
    "bioB": 7.0, "bioC": 8.5, "bioD": 10.3, "cre": 12.0, "lys": 6.8, "phe": 7.8, "thr": 8.8, "dap": 9.8,
}  # fmt: skip

SPIKE_NAMES = "|".join(SPIKE_LEVELS)

PIXELS_ACROSS = np.array([4, 4, 3, 4, 4, 3, 4, 3])  # pixels of a cell along x or y, as a grid cuts them


class Probes(NamedTuple):
    """What each probe does on every array; arrays of shape (n_probes,) in the order of the chip's probes."""

    affinity: np.ndarray
    nonspecific: np.ndarray


def draw_probes(chip: Chip, seed: int) -> Probes:
    """Draw affinity (log2) and non-specific binding (log2 intensity) of each probe; both rise with its GC."""
    known = calibration()
    rng = stream(seed, "probes")
    excess_gc = chip.gc - 12.0
    affinity = rng.normal(0.0, known["probe_affinity_sd"], chip.gc.size)
    affinity += known["probe_affinity_gc"] * excess_gc
    affinity -= known["dead_loss"] * (rng.random(chip.gc.size) < known["dead_probes"])
    nonspecific = (
        np.log2(known["nonspecific_median"])
        + known["nonspecific_gc"] * excess_gc
        + rng.normal(0.0, known["nonspecific_sd"], chip.gc.size)
    )
    return Probes(affinity, nonspecific)


def control_signal(chip: Chip, seed: int) -> np.ndarray:
    """Return the log2 signal of the control probe sets, which lead the chip's table; the same on every array.

    The hybridisation spikes rise from bioB to cre and the labelling spikes from lys to dap, as they are
    added; exons of housekeeping genes are expressed, introns and antigenomic sequences are not.
    """
    known = calibration()
    rng = stream(seed, "controls")
    controls = chip.probesets[chip.probesets["type"] != platform_writer.MAIN]
    signal = np.full(len(controls), -20.0)
    for row, (name, kind) in enumerate(zip(controls["name"], controls["type"], strict=True)):
        if kind in (platform_writer.BAC_SPIKE, platform_writer.POLYA_SPIKE):
            signal[row] = SPIKE_LEVELS[re.search(SPIKE_NAMES, name)[0]] + rng.normal(0.0, 0.2)
        elif kind == platform_writer.EXON:
            signal[row] = rng.normal(9.5, 1.0)
        elif kind == platform_writer.INTRON:
            signal[row] = rng.normal(known["silent_mean"] + 1.0, known["silent_sd"])
    return signal


def read_out(chip: Chip, probes: Probes, log2_signal: np.ndarray, rng: np.random.Generator) -> tuple:
    """Hybridise and scan one array.

    Parameters
    ----------
    chip : Chip
        Layout.
    probes : Probes
        Affinities and non-specific binding.
    log2_signal : array, shape (n_probesets,)
        log2 signal of each probe set, in the order of the chip's table.
    rng : numpy.random.Generator
        Source of this array's noise.

    Returns
    -------
    intensities, stdv, pixels, outliers : arrays
        The first three for every cell, in scanner units with one decimal place; outliers as cell indices.
    """
    # In 64 bits throughout: processors differ in the last bit of exp, and rounding to 0.1 must hide that for
    # every cell, so that the checksums of the CEL files hold on all of them.
    known = calibration()
    total = chip.n_rows * chip.n_cols
    brightness = rng.normal(0.0, known["array_scale_sd"])
    haze = rng.normal(0.0, known["background_scale_sd"])
    noise = rng.standard_normal((2, chip.cells.size))
    specific = log2_signal[chip.owner] + probes.affinity + known["probe_noise_sd"] * noise[0] + brightness
    unspecific = probes.nonspecific + known["nonspecific_noise_sd"] * noise[1] + haze
    bound = _blank_cells(chip, haze, rng)
    bound[chip.cells] = np.exp2(specific) + np.exp2(unspecific)
    reading = bound * _gradient(chip, rng) + known["optical"]
    reading = reading / (1.0 + reading / known["saturation"])
    reading += known["additive_sd"] * rng.standard_normal(total)
    outliers = _spoil(chip, reading, rng)
    pixels = _pixels(chip.n_rows, chip.n_cols)
    spread = known["pixel_cv"] * np.exp(0.35 * rng.standard_normal(total)) * reading
    spread[outliers] *= 4.0
    intensities = np.clip(np.rint(reading * 10.0) / 10.0, 1.0, 65_535.0)
    stdv = np.clip(np.rint(spread * 10.0) / 10.0, 0.1, 30_000.0)
    return intensities, stdv, pixels, outliers


def _blank_cells(chip: Chip, haze: float, rng: np.random.Generator) -> np.ndarray:
    """Binding in cells that no library file names: haze inside, a bright and dark grid at the border."""
    spread = 0.3 * rng.standard_normal(chip.n_rows * chip.n_cols)
    blank = calibration()["nonspecific_median"] / 2.0 * np.exp2(haze + spread)
    y, x = np.divmod(np.arange(blank.size), chip.n_cols)
    rim = platform_writer.BORDER
    border = (x < rim) | (y < rim) | (x >= chip.n_cols - rim) | (y >= chip.n_rows - rim)
    blank[border & ((x + y) % 2 == 0)] *= 300.0
    return blank


def _gradient(chip: Chip, rng: np.random.Generator) -> np.ndarray:
    """Brightness of each cell relative to the chip's mean: a tilted plane, as uneven washing leaves it."""
    tilt_y, tilt_x = calibration()["spatial_amplitude"] * rng.uniform(-1.0, 1.0, 2)
    y = np.linspace(-1.0, 1.0, chip.n_rows)[:, None]
    x = np.linspace(-1.0, 1.0, chip.n_cols)[None, :]
    return (1.0 + tilt_y * y + tilt_x * x).ravel()


def _spoil(chip: Chip, reading: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Brighten cells under dust, and on some arrays a whole patch; return their indices, ascending."""
    known = calibration()
    outliers = rng.choice(reading.size, round(known["outlier_share"] * reading.size), replace=False)
    chance, centre_y, centre_x = rng.random(3)
    if chance < known["blemish_chance"]:
        y, x = np.divmod(np.arange(reading.size), chip.n_cols)
        distance = np.hypot(y - centre_y * chip.n_rows, x - centre_x * chip.n_cols)
        outliers = np.union1d(outliers, np.flatnonzero(distance < known["blemish_radius"]))
    outliers = np.sort(outliers)
    reading[outliers] += rng.uniform(200.0, 4000.0, outliers.size)
    return outliers


@cache
def _pixels(n_rows: int, n_cols: int) -> np.ndarray:
    return np.outer(np.resize(PIXELS_ACROSS, n_rows), np.resize(PIXELS_ACROSS, n_cols)).ravel()
