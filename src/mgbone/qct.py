"""Quantitative CT of the femur: from slices to regional density and to profiles along the bone.

Terms after Bouxsein et al. (2010): density is volumetric bone mineral density (vBMD), mineral content over volume.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pingouin as pg

from mgbone.dataset import Dataset
from mgbone.study import REGIONS, STRUCTURES, Contrast, Study

MG_PER_MM3_TO_MG_PER_CM3 = 1000.0
UNIT = "mg/cm3"


def regional_density(dataset: Dataset, study: Study) -> pd.DataFrame:
    """Return the density of 4 structures x 4 regions as tidy measurements.

    The density of a region is its mineral content over its volume, both summed over the slices whose centre lies in
    it; large slices weigh more than small ones, as they should.

    Returns
    -------
    DataFrame
        Columns animal_id, experiment, group, endpoint (``bmd_<structure>_<region>``), value, unit (mg/cm3).
        An animal without slices in a region has a missing value there.
    """
    return _per_region(dataset, study, _content_over_volume)


def mean_slice_density(dataset: Dataset, study: Study) -> pd.DataFrame:
    """Return the plain mean of the slices' densities, to show how it differs from `regional_density`."""
    return _per_region(dataset, study, _mean_of_slices)


def located_slices(dataset: Dataset, study: Study) -> pd.DataFrame:
    """Return the slices with experiment, group, percent of femoral length and region (not ``full``)."""
    columns = ["animal_id", "experiment", "group", "femur_length"]
    slices = dataset.qct_slices.merge(dataset.animals[columns], on="animal_id", validate="many_to_one")
    fraction = slices["position"] / slices["femur_length"]
    region = pd.Series(pd.NA, index=slices.index, dtype="string")
    for name in REGIONS[1:]:
        low, high = study.regions[name]
        last = high >= study.regions["full"][1]
        inside = (fraction >= low) & ((fraction <= high) if last else (fraction < high))
        region = region.mask(inside, name)
    return slices.assign(percent=100 * fraction, region=region)


def slice_table(dataset: Dataset) -> pd.DataFrame:
    """Say per animal how the scan went: slices, span, pitch, and gaps, doubled or misplaced slices by number.

    Returns
    -------
    DataFrame
        Columns animal_id, n_slices, first, last (mm), pitch (mm), gaps, doubled, misplaced (how many), covered
        (scanned length over femoral length).
    """
    rows = []
    length = dataset.animals.set_index("animal_id")["femur_length"]
    for animal, table in dataset.qct_slices.groupby("animal_id", sort=False):
        table = table.sort_values("slice")
        position = table["position"].to_numpy()
        steps = np.diff(np.sort(position))
        pitch = float(np.median(steps)) if len(steps) else np.nan
        rows.append(
            {
                "animal_id": animal,
                "n_slices": len(table),
                "first": position.min(),
                "last": position.max(),
                "pitch": pitch,
                "gaps": int((steps > 1.5 * pitch).sum()),
                "doubled": int((steps < 0.5 * pitch).sum()),
                "misplaced": int((np.diff(position) < 0).sum()) + int((position > length[animal]).sum()),
                "covered": table["thickness"].sum() / length[animal],
            }
        )
    return pd.DataFrame(rows)


def profiles(dataset: Dataset, study: Study, structure: str, n_points: int = 51) -> pd.DataFrame:
    """Return each animal's density along the femur on a common grid of percent of length.

    Parameters
    ----------
    structure : str
        One of whole, cortical, cancellous, trabecular.
    n_points : int
        Points of the grid from 2 to 98 % of length; density is interpolated linearly between slice centres.

    Returns
    -------
    DataFrame
        Columns animal_id, experiment, group, percent, density (mg/cm3).
    """
    grid = np.linspace(2, 98, n_points)
    slices = located_slices(dataset, study)
    volume = slices[f"{structure}_area"] * slices["thickness"]
    slices["density"] = MG_PER_MM3_TO_MG_PER_CM3 * slices[f"{structure}_content"] / volume.where(volume > 0)
    tables = []
    for (animal, experiment, group), table in slices.groupby(["animal_id", "experiment", "group"], sort=False):
        table = table.dropna(subset="density").sort_values("percent")
        density = np.interp(grid, table["percent"], table["density"], left=np.nan, right=np.nan)
        tables.append(
            pd.DataFrame(
                {"animal_id": animal, "experiment": experiment, "group": group, "percent": grid, "density": density}
            )
        )
    return pd.concat(tables, ignore_index=True)


def profile_summary(profile: pd.DataFrame) -> pd.DataFrame:
    """Mean and 95 % interval (t) of each group at each point: experiment, group, percent, n, mean, ci_low, ci_high."""
    from scipy import stats

    keys = ["experiment", "group", "percent"]
    summary = profile.groupby(keys, sort=False)["density"].agg(n="count", mean="mean", sd="std").reset_index()
    half_width = stats.t.ppf(0.975, summary["n"] - 1) * summary["sd"] / np.sqrt(summary["n"])
    return summary.assign(ci_low=summary["mean"] - half_width, ci_high=summary["mean"] + half_width)


def profile_test(profile: pd.DataFrame, contrast: Contrast, n_permutations: int = 5000, seed: int = 0) -> pd.DataFrame:
    """Compare two groups at every point of the femur, holding the family-wise error over its whole length.

    The animals' group labels are permuted and each point's t is held against the largest |t| over all points of
    each permutation (max-statistic, Westfall and Young 1993). All splits are taken where there are no more than
    `n_permutations`, otherwise a seeded sample of them with the observed one among them.

    Returns
    -------
    DataFrame
        Columns experiment, contrast, percent, difference, t, p (family-wise), n_permutations.
    """
    table = profile[(profile["experiment"] == contrast.experiment)]
    wide = table.pivot(index="animal_id", columns="percent", values="density").dropna(axis="columns")
    group = table.drop_duplicates("animal_id").set_index("animal_id")["group"].reindex(wide.index)
    wide = wide[group.isin([contrast.case, contrast.reference])]
    is_case = group.reindex(wide.index).eq(contrast.case).to_numpy()
    splits = label_permutations(is_case, n_permutations, seed)
    observed = t_statistics(wide.to_numpy(), is_case[None, :])[0]
    largest = np.abs(t_statistics(wide.to_numpy(), splits)).max(axis=1)
    values = wide.to_numpy()
    return pd.DataFrame(
        {
            "experiment": contrast.experiment,
            "contrast": contrast.name,
            "percent": wide.columns.to_numpy(),
            "difference": values[is_case].mean(axis=0) - values[~is_case].mean(axis=0),
            "t": observed,
            "p": (largest[None, :] >= np.abs(observed)[:, None] - 1e-12).mean(axis=1),
            "n_permutations": len(splits),
        }
    )


def label_permutations(is_case: np.ndarray, n_permutations: int, seed: int) -> np.ndarray:
    """Return rows of boolean labels, the observed one first: every split, or a seeded sample of them."""
    n, k = len(is_case), int(is_case.sum())
    if comb(n, k) <= n_permutations:
        chosen = np.array(list(combinations(range(n), k)))
        labels = np.zeros((len(chosen), n), dtype=bool)
        labels[np.arange(len(chosen))[:, None], chosen] = True
        return labels
    rng = np.random.default_rng(seed)
    labels = np.array([rng.permutation(is_case) for _ in range(n_permutations - 1)])
    return np.vstack([is_case[None, :], labels])


def t_statistics(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Student's t of case minus reference for each labelling (rows) and each column of animals x points values."""
    labels = labels.astype(float)
    n_case, n_reference = labels[0].sum(), (1 - labels[0]).sum()
    centred = values - values.mean(axis=0)
    total = (centred**2).sum(axis=0)
    mean_case = labels @ centred / n_case
    mean_reference = -mean_case * n_case / n_reference
    within = total - n_case * mean_case**2 - n_reference * mean_reference**2
    variance = np.maximum(within, 1e-300) / (n_case + n_reference - 2)
    return (mean_case - mean_reference) / np.sqrt(variance * (1 / n_case + 1 / n_reference))


def percent_differences(evidence: pd.DataFrame) -> pd.DataFrame:
    """Return the 16 cells per contrast: structure, region, percent difference, p, level and both corrections.

    Holm (family-wise) and Benjamini-Hochberg (false discovery) are taken over the 16 cells of one contrast, on
    the p values of the declared test.

    Returns
    -------
    DataFrame
        Columns experiment, contrast, structure, region, endpoint, percent, p, p_holm, q, level.
    """
    cells = evidence[evidence["domain"] == "qct"].copy()
    cells[["structure", "region"]] = cells["endpoint"].str.extract(r"^bmd_([a-z]+)_([a-z]+)$")
    cells["percent"] = 100 * cells["estimate"] / cells["mean_reference"]
    by_contrast = cells.groupby(["experiment", "contrast"], sort=False)["p"]
    cells["p_holm"] = by_contrast.transform(lambda p: pg.multicomp(p.to_numpy(), method="holm")[1])
    cells["q"] = by_contrast.transform(lambda p: pg.multicomp(p.to_numpy(), method="fdr_bh")[1])
    order = ["experiment", "contrast", "structure", "region", "endpoint", "percent", "p", "p_holm", "q", "level"]
    return cells[order].reset_index(drop=True)


def _per_region(dataset: Dataset, study: Study, density: Callable[[pd.DataFrame, str], pd.Series]) -> pd.DataFrame:
    slices = located_slices(dataset, study)
    animals = dataset.animals[["animal_id", "experiment", "group"]]
    tables = []
    for structure in STRUCTURES:
        for region in REGIONS:
            chosen = slices if region == "full" else slices[slices["region"] == region]
            value = density(chosen, structure).reindex(animals["animal_id"]).to_numpy()
            tables.append(animals.assign(endpoint=f"bmd_{structure}_{region}", value=value, unit=UNIT))
    return pd.concat(tables, ignore_index=True)


def _content_over_volume(slices: pd.DataFrame, structure: str) -> pd.Series:
    volume = (slices[f"{structure}_area"] * slices["thickness"]).groupby(slices["animal_id"]).sum()
    content = slices[f"{structure}_content"].groupby(slices["animal_id"]).sum()
    return MG_PER_MM3_TO_MG_PER_CM3 * content / volume.where(volume > 0)


def _mean_of_slices(slices: pd.DataFrame, structure: str) -> pd.Series:
    volume = slices[f"{structure}_area"] * slices["thickness"]
    density = MG_PER_MM3_TO_MG_PER_CM3 * slices[f"{structure}_content"] / volume.where(volume > 0)
    return density.groupby(slices["animal_id"]).mean()
