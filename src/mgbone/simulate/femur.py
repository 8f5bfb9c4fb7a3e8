"""Slices of a femur whose regional densities are those that were drawn for the animal.

A smooth outline (``femur`` in ``calibration.yml``) gives areas and densities along the bone. Twelve smooth
adjustments, four quantities (cortical share of the area, cortical density, trabecular share of the cancellous
area, trabecular density) times three thirds of the bone, are solved for so that the density of all four
structures in all three regions comes out as wanted. The density of the full length follows from the slices.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize
from scipy.interpolate import PchipInterpolator
from scipy.special import expit, logit

from mgbone.simulate.calibration import load_calibration
from mgbone.study.design import STRUCTURES, Study

THIRDS = ("distal", "mid", "proximal")

FRACTIONS = ("cortical_fraction", "trabecular_fraction")
PROFILES = ("total_area", FRACTIONS[0], "cortical_density", "trabecular_density", FRACTIONS[1])
MG_PER_CM3_TO_MG_PER_MM3 = 1e-3


def regional_densities(slices: pd.DataFrame, femur_length: float, study: Study) -> dict[str, float]:
    """Return density (mg/cm3) of 4 structures x 4 regions from the slices of one animal, keys ``bmd_...``."""
    fraction = slices["position"].to_numpy() / femur_length
    result = {}
    for region in (*THIRDS, "full"):
        inside = _inside(fraction, region, study)
        for structure in STRUCTURES:
            content = slices[f"{structure}_content"].to_numpy()[inside].sum()
            volume = (slices[f"{structure}_area"] * slices["thickness"]).to_numpy()[inside].sum()
            result[f"bmd_{structure}_{region}"] = content / volume / MG_PER_CM3_TO_MG_PER_MM3
    return result


def simulate_slices(
    wanted: Mapping[str, float], femur_length: float, width: float, study: Study, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the slices of one femur.

    Parameters
    ----------
    wanted : mapping
        Density in mg/cm3 for each ``bmd_<structure>_<third>``.
    femur_length : float
        In mm; there are as many slices as fit.
    width : float
        Diameter relative to the outline.
    study : Study
        Gives the limits of the regions.
    rng : numpy.random.Generator
        For the noise of the slices.

    Returns
    -------
    DataFrame
        Columns slice, position and thickness (mm), and ``<structure>_area`` (mm2) and ``<structure>_content``
        (mg in the slice), rounded; whole is the sum of cortical and cancellous exactly, trabecular at most
        cancellous.

    Raises
    ------
    ValueError
        If no adjustment of the outline gives the wanted densities.
    """
    calibration = load_calibration()["femur"]
    thickness = float(calibration["slice_mm"])
    count = int(femur_length / thickness + 1e-9)
    position = (np.arange(1, count + 1) - 0.5) * thickness
    fraction = position / femur_length
    profiles = _noisy_profiles(calibration, fraction, rng)
    profiles["total_area"] *= width**2
    inside = np.array([_inside(fraction, region, study) for region in THIRDS], dtype=float)
    target = np.array(
        [[wanted[f"bmd_{structure}_{region}"] for region in THIRDS] for structure in STRUCTURES]
    )
    basis = _basis(fraction)
    marrow = float(calibration["marrow_density"])

    def misfit(adjustments: np.ndarray) -> np.ndarray:
        areas, contents = _structures(_adjusted(profiles, adjustments, basis), marrow)
        return ((contents @ inside.T) / (areas @ inside.T) / target - 1).ravel()

    solution = optimize.root(misfit, np.zeros(4 * len(THIRDS)), tol=1e-12)
    if np.abs(misfit(solution.x)).max() > 1e-8:
        raise ValueError("The outline of the femur can't be adjusted to these densities.")
    areas, densities_times_area = _structures(_adjusted(profiles, solution.x, basis), marrow)
    contents = densities_times_area * thickness * MG_PER_CM3_TO_MG_PER_MM3
    return _rounded(position, thickness, areas, contents, calibration["decimals"])


def _inside(fraction: np.ndarray, region: str, study: Study) -> np.ndarray:
    low, high = study.regions[region]
    last = high >= study.regions["full"][1]
    return (fraction >= low) & ((fraction <= high) if last else (fraction < high))


def _noisy_profiles(
    calibration: Mapping[str, Any], fraction: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """The outline at the slices, with growth plates and noise that neighbouring slices share."""
    noise = calibration["noise"]
    profiles = {}
    for name in PROFILES:
        smooth = PchipInterpolator(calibration["fraction"], calibration[name])(fraction)
        deviation = noise[name] * _autocorrelated(len(fraction), noise["neighbours"], rng)
        profiles[name] = _shifted(name, smooth, deviation)
    for plate in calibration["growth_plates"]:
        centre = plate["centre"] + plate["wander"] * rng.standard_normal()
        dip = plate["depth"] * np.exp(-(((fraction - centre) / plate["width"]) ** 2) / 2)
        profiles["trabecular_fraction"] = expit(logit(profiles["trabecular_fraction"]) - dip)
    return profiles


def _shifted(name: str, profile: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Shift a profile: a fraction on the logit scale, areas and densities on the log scale."""
    return expit(logit(profile) + shift) if name in FRACTIONS else profile * np.exp(shift)


def _autocorrelated(count: int, neighbours: float, rng: np.random.Generator) -> np.ndarray:
    """A stationary first-order autoregression of unit variance."""
    steps = rng.standard_normal(count)
    series = np.empty(count)
    series[0] = steps[0]
    for i in range(1, count):
        series[i] = neighbours * series[i - 1] + np.sqrt(1 - neighbours**2) * steps[i]
    return series


def _basis(fraction: np.ndarray) -> np.ndarray:
    """Three smooth curves that add up to 1: distal, mid and proximal, each 1 at the centre of its third."""
    centres = np.array([1, 3, 5]) / 6
    to_mid = (1 - np.cos(np.pi * np.clip((fraction - centres[0]) * 3, 0, 1))) / 2
    to_proximal = (1 - np.cos(np.pi * np.clip((fraction - centres[1]) * 3, 0, 1))) / 2
    return np.array([1 - to_mid, to_mid - to_proximal, to_proximal])


def _adjusted(
    profiles: Mapping[str, np.ndarray], adjustments: np.ndarray, basis: np.ndarray
) -> dict[str, np.ndarray]:
    """Shift all profiles but the area along the bone."""
    along = zip(PROFILES[1:], adjustments.reshape(4, len(THIRDS)), strict=True)
    return {**profiles, **{name: _shifted(name, profiles[name], shifts @ basis) for name, shifts in along}}


def _structures(profiles: Mapping[str, np.ndarray], marrow: float) -> tuple[np.ndarray, np.ndarray]:
    """Areas and areas times density of whole, cortical, cancellous and trabecular, each 4 x slices."""
    cortical = profiles["total_area"] * profiles["cortical_fraction"]
    cancellous = profiles["total_area"] - cortical
    trabecular = cancellous * profiles["trabecular_fraction"]
    in_cortical = cortical * profiles["cortical_density"]
    in_trabecular = trabecular * profiles["trabecular_density"]
    in_cancellous = in_trabecular + (cancellous - trabecular) * marrow
    areas = np.array([profiles["total_area"], cortical, cancellous, trabecular])
    return areas, np.array([in_cortical + in_cancellous, in_cortical, in_cancellous, in_trabecular])


def _rounded(
    position: np.ndarray,
    thickness: float,
    areas: np.ndarray,
    contents: np.ndarray,
    decimals: Mapping[str, int],
) -> pd.DataFrame:
    """Round the parts and add them up in whole units of the last digit, so that the sums hold as written."""
    table = pd.DataFrame(
        {"slice": np.arange(1, len(position) + 1), "position": position, "thickness": thickness}
    )
    for i, structure in enumerate(STRUCTURES):
        for quantity, values in (("area", areas), ("content", contents)):
            unit = 10 ** decimals[quantity]
            parts = np.rint(values * unit)
            whole = parts[STRUCTURES.index("cortical")] + parts[STRUCTURES.index("cancellous")]
            table[f"{structure}_{quantity}"] = (whole if structure == "whole" else parts[i]) / unit
    return table
