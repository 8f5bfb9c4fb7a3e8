"""Quantitative CT of the femur: from slices to regional density and to profiles along the bone.

Terms after Bouxsein et al. (2010): density is volumetric (vBMD), mineral content over volume.
"""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import pandas as pd
import pingouin as pg
from scipy import stats

from mgbone.dataset.opening import Dataset
from mgbone.evidence.columns import under_one_another
from mgbone.evidence.comparison import animals_by_endpoints
from mgbone.evidence.permutation import family_wise_p, t_statistics
from mgbone.evidence.ties import settled
from mgbone.study.design import REGIONS, STRUCTURES, Contrast, Study
from mgbone.study.dictionary import region_label, structure_label
from mgbone.study.language import N_, tr

MG_PER_MM3_TO_MG_PER_CM3 = 1000.0
UNIT = "mg/cm3"

SLICE_COLUMNS = [
    "animal_id", "slice", "position", "thickness",
    *(f"{structure}_{what}" for structure in STRUCTURES for what in ("area", "content")),
    "experiment", "group", "femur_length", "percent", "region",
]  # fmt: skip


def regional_density(dataset: Dataset, study: Study) -> pd.DataFrame:
    """Return the density of 4 structures x 4 regions as tidy measurements.

    The density of a region is its mineral content over its volume, both summed over the slices whose centre
    lies in it; large slices weigh more than small ones, as they should.

    Returns
    -------
    DataFrame
        Columns animal_id, experiment, group, endpoint (``bmd_<structure>_<region>``), value, unit (mg/cm3).
        A region of which less than the study's ``region_covered`` was measured has a missing value: the
        rest would stand for the whole (`scan_faults` names it). Where the dataset has regional values in
        place of slices, they are taken as they are.
    """
    if dataset.qct_slices is None and dataset.qct_regions is not None:
        return _as_given(dataset)
    return _per_region(dataset, study, _content_over_volume)


def mean_slice_density(dataset: Dataset, study: Study) -> pd.DataFrame:
    """Return the plain mean of the slices' densities, to show how it differs from `regional_density`."""
    return _per_region(dataset, study, _mean_of_slices)


def slice_mean_differences(regional: pd.DataFrame, slice_means: pd.DataFrame) -> pd.DataFrame:
    """Say by how much the plain mean of slices differs from content over volume: the median over animals.

    Parameters
    ----------
    regional, slice_means : DataFrame
        From `regional_density` and `mean_slice_density`.

    Returns
    -------
    DataFrame
        One row per structure, a column per region: percent of content over volume.
    """
    both = regional.merge(slice_means, on=["animal_id", "endpoint"], suffixes=("", "_mean"))
    percent = 100 * (both["value_mean"] / both["value"] - 1)
    medians = percent.groupby(both["endpoint"]).median()
    rows = {s: [medians.get(f"bmd_{s}_{region}", np.nan) for region in REGIONS] for s in STRUCTURES}
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(REGIONS)).rename_axis("structure")


def located_slices(dataset: Dataset, study: Study) -> pd.DataFrame:
    """Return the slices with experiment, group, percent of femoral length and region (not ``full``)."""
    columns = ["animal_id", "experiment", "group", "femur_length"]
    if dataset.qct_slices is None:
        return pd.DataFrame(columns=SLICE_COLUMNS)
    slices = dataset.qct_slices.merge(dataset.animals[columns], on="animal_id", validate="many_to_one")
    fraction = slices["position"] / slices["femur_length"]
    region = pd.Series(pd.NA, index=slices.index, dtype="string")
    for name in REGIONS[1:]:
        low, high = study.regions[name]
        last = high >= study.regions["full"][1]
        inside = (fraction >= low) & ((fraction <= high) if last else (fraction < high))
        region = region.mask(inside, name)
    return slices.assign(percent=100 * fraction, region=region)


def coverage(dataset: Dataset, study: Study) -> pd.DataFrame:
    """Say how much of each region was measured, structure by structure.

    A slice with area and content of the structure stands for half a step (the median distance between slices
    of the animal) to either side of its centre.

    Returns
    -------
    DataFrame
        Columns animal_id, structure, region, covered (share of the region's length, 0 to 1).
    """
    columns = ["animal_id", "structure", "region", "covered"]
    if dataset.qct_slices is None:
        return pd.DataFrame(columns=columns)
    lengths = dataset.animals.set_index("animal_id")["femur_length"]
    slices = dataset.qct_slices.sort_values("position", kind="stable").reset_index(drop=True)
    measured = {s: slices[[f"{s}_area", f"{s}_content"]].notna().all(axis=1).to_numpy() for s in STRUCTURES}
    rows, places, position = [], slices.groupby("animal_id").indices, slices["position"].to_numpy(float)
    for animal in dataset.qct_slices["animal_id"].unique():
        place = places[animal]
        steps = np.diff(position[place])
        step = np.median(steps) if len(steps) else slices["thickness"].iloc[place[0]]
        for structure in STRUCTURES:
            at = position[place[measured[structure][place]]]
            for region in REGIONS:
                low, high = (lengths[animal] * end for end in study.regions[region])
                end = np.clip(at + step / 2, low, high)
                begin = np.maximum(np.clip(at - step / 2, low, high), np.append(low, end[:-1]))
                rows.append((animal, structure, region, np.maximum(end - begin, 0).sum() / (high - low)))
    return pd.DataFrame(rows, columns=columns)


def slice_table(dataset: Dataset) -> pd.DataFrame:
    """Say per animal how the scan went: slices, span, pitch, and gaps, doubled or misplaced slices by number.

    Returns
    -------
    DataFrame
        Columns animal_id, n_slices, first, last (mm), pitch (mm), gaps, doubled, misplaced (how many),
        covered (scanned length over femoral length).
    """
    columns = ["animal_id", "n_slices", "first", "last", "pitch", "gaps", "doubled", "misplaced", "covered"]
    rows = []
    if dataset.qct_slices is None:
        return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[1:], float))
    for animal, length, table, steps, pitch in _scans(dataset):
        position = table["position"].to_numpy()
        gaps, doubled = int((steps > 1.5 * pitch).sum()), int((steps < 0.5 * pitch).sum())
        misplaced = int((np.diff(position) < 0).sum()) + int((position > length).sum())
        covered = table["thickness"].sum() / length
        ends = position.min(), position.max()
        rows.append((animal, len(table), *ends, pitch, gaps, doubled, misplaced, covered))
    return pd.DataFrame(rows, columns=columns)


def scan_faults(dataset: Dataset) -> pd.DataFrame:
    """Name every gap, doubled or misplaced slice, incomplete scan and uncovered region, and say where it is.

    Slices are misplaced where they go back or lie beyond the femur. A scan is incomplete if it begins or ends
    more than one and a half steps from an end of the femur. A region is uncovered if too little of it was
    measured for a density (`coverage`, ``region_covered`` of the study).

    Returns
    -------
    DataFrame
        Columns animal_id, fault (gap, doubled, misplaced, incomplete, uncovered) and where (in words, mm from
        the knee).
    """
    rows: list[tuple[str, str, str]] = []
    if dataset.qct_slices is None:
        return pd.DataFrame(rows, columns=["animal_id", "fault", "where"])
    for animal, length, table, steps, pitch in _scans(dataset):
        position, number = table["position"].to_numpy(), table["slice"].to_numpy()
        along, found = np.sort(position), []
        for kind, words, odd in (
            (N_("gap"), N_("none from {a:g} to {b:g} mm"), steps > 1.5 * pitch),
            (N_("doubled"), N_("at {a:g} and {b:g} mm"), steps < 0.5 * pitch),
        ):
            found += [(kind, tr(words, a=along[i], b=along[i + 1])) for i in np.flatnonzero(odd)]
        found += [
            (N_("misplaced"), tr("slice {a} lies before slice {b}", a=number[i + 1], b=number[i]))
            for i in np.flatnonzero(np.diff(position) < 0)
        ]
        half = table["thickness"].median() / 2
        if along[0] - half > 1.5 * pitch:
            found.append((N_("incomplete"), tr("begins {a:g} mm from the knee", a=along[0] - half)))
        short = length - along[-1]
        if short - half > 1.5 * pitch:
            found.append((N_("incomplete"), tr("ends {a:g} mm before the hip", a=short - half)))
        elif short < 0:
            found.append((N_("misplaced"), tr("ends {a:g} mm beyond the femur", a=-short)))
        rows += [(animal, *one) for one in found]
    rows += _uncovered(dataset)
    return pd.DataFrame(rows, columns=["animal_id", "fault", "where"])


def _scans(dataset: Dataset) -> Iterator[tuple[str, float, pd.DataFrame, np.ndarray, float]]:
    """Give animal, femoral length, slices by number, steps along the bone, and their median."""
    length = dataset.animals.set_index("animal_id")["femur_length"]
    for animal, table in dataset.qct_slices.groupby("animal_id", sort=False):
        steps = np.diff(np.sort(table["position"].to_numpy()))
        pitch = float(np.median(steps)) if len(steps) else np.nan
        yield animal, length[animal], table.sort_values("slice", kind="stable"), steps, pitch


def _uncovered(dataset: Dataset) -> list[tuple[str, str, str]]:
    short = coverage(dataset, dataset.study)
    short = short[short["covered"] < dataset.study.thresholds["region_covered"]]
    words = N_("{structure}, {region}: {percent} % measured, no density")
    return [
        (row.animal_id, N_("uncovered"), tr(words, structure=structure_label(row.structure),
         region=region_label(row.region), percent=f"{100 * row.covered:.0f}"))
        for row in short.itertuples()
    ]  # fmt: skip


def profiles(
    dataset: Dataset, study: Study, structures: tuple[str, ...] = STRUCTURES, n_points: int = 51
) -> pd.DataFrame:
    """Return each animal's density along the femur on a common grid of percent of length.

    Parameters
    ----------
    structures : tuple of str
        Of whole, cortical, cancellous, trabecular.
    n_points : int
        Points of the grid from 2 to 98 % of length; density is interpolated linearly between slice centres.

    Returns
    -------
    DataFrame
        Columns structure, animal_id, experiment, group, percent, density (mg/cm3); missing where a femur was
        not scanned that far, and in gaps: between slices with a density that lie more than one and a half
        steps apart (a step is the median distance between slices of the animal).
    """
    grid = np.linspace(2, 98, n_points)
    slices = located_slices(dataset, study)
    keys = ["animal_id", "experiment", "group"]
    tables = []
    for structure in structures:
        volume = slices[f"{structure}_area"] * slices["thickness"]
        density = MG_PER_MM3_TO_MG_PER_CM3 * slices[f"{structure}_content"] / volume.where(volume > 0)
        scanned = slices.assign(density=density).sort_values("percent", kind="stable")
        for who, table in scanned.groupby(keys, sort=False):
            along = _along(grid, table["percent"].to_numpy(float), table["density"].to_numpy(float))
            values = dict(zip(keys, who, strict=True)) | {"percent": grid, "density": along}
            tables.append(pd.DataFrame({"structure": structure} | values))
    return under_one_another(tables, ["structure", *keys, "percent", "density"])


def _along(grid: np.ndarray, at: np.ndarray, density: np.ndarray) -> np.ndarray:
    """Interpolate between slices in order, but not over a gap nor beyond the ends; shape of the grid."""
    known = np.isfinite(density)
    if not known.any():
        return np.full(len(grid), np.nan)
    limit = 1.5 * np.median(np.diff(at)) if len(at) > 1 else 0.0
    at, density = at[known], density[known]
    along = np.interp(grid, at, density, left=np.nan, right=np.nan)
    after = np.clip(np.searchsorted(at, grid), 1, max(len(at) - 1, 1))
    in_gap = np.diff(at, append=at[-1])[after - 1] > limit
    return np.where(in_gap & ~np.isin(grid, at), np.nan, along)


def profile_summary(profile: pd.DataFrame) -> pd.DataFrame:
    """Mean and 95 % interval (t) of each group at each point.

    Returns
    -------
    DataFrame
        Columns structure, experiment, group, percent, n, mean, sd, ci_low, ci_high.
    """
    keys = ["structure", "experiment", "group", "percent"]
    summary = profile.groupby(keys, sort=False)["density"].agg(n="count", mean="mean", sd="std").reset_index()
    n = summary["n"].where(summary["n"] > 1).astype(float)  # one animal has no interval
    half_width = stats.t.ppf(0.975, n - 1) * summary["sd"].astype(float) / np.sqrt(n)
    return summary.assign(ci_low=summary["mean"] - half_width, ci_high=summary["mean"] + half_width)


def profile_tests(profile: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Apply `profile_test` to each structure and each contrast that the report states.

    The error is held over the length of one structure in one contrast, not over structures and contrasts. A
    contrast with a group of fewer than two animals is not tested and has no rows.
    """
    tables = [
        profile_test(along, contrast).assign(structure=structure)
        for structure, along in profile.groupby("structure", sort=False)
        for experiment in study.experiments.values()
        for contrast in experiment.report_contrasts
        if _enough(along, contrast)
    ]
    numbers = ["difference", "ci_low", "ci_high", "t", "p", "n_permutations"]
    columns = ["experiment", "contrast", "percent", *numbers, "left_out", "structure"]
    return under_one_another(tables, columns)


def _enough(profile: pd.DataFrame, contrast: Contrast) -> bool:
    here = profile[profile["experiment"].eq(contrast.experiment) & profile["density"].notna()]
    sizes = here.groupby("group")["animal_id"].nunique()
    return min(sizes.get(contrast.case, 0), sizes.get(contrast.reference, 0)) > 1


def profile_test(profile: pd.DataFrame, contrast: Contrast) -> pd.DataFrame:
    """Compare two groups at every point of the femur, holding the family-wise error over its whole length.

    The animals' group labels are permuted and each point's t is held against the largest |t| over all points
    of each permutation (`mgbone.evidence.permutation.family_wise_p`), exact for groups of this size.

    Parameters
    ----------
    profile : DataFrame
        From `profiles`, one structure. Animals without any value are left out and named, and then points
        that an animal of the two groups lacks.

    Returns
    -------
    DataFrame
        Columns experiment, contrast, percent, difference, ci_low, ci_high (95 %, of each point by itself), t,
        p (family-wise), n_permutations, left_out (the animals without a value, joined by ", ").
    """
    chosen = profile["experiment"].eq(contrast.experiment) & profile["group"].isin(
        [contrast.case, contrast.reference]
    )
    table = profile[chosen]
    wide = table.pivot(index="animal_id", columns="percent", values="density")  # noqa: PD010
    left_out = ", ".join(wide.index[wide.isna().all(axis="columns")])
    wide = wide.dropna(how="all").dropna(axis="columns")
    group = table.drop_duplicates("animal_id").set_index("animal_id")["group"].reindex(wide.index)
    is_case, values = group.eq(contrast.case).to_numpy(), wide.to_numpy()
    p, n_permutations = family_wise_p(values, is_case)
    difference = values[is_case].mean(axis=0) - values[~is_case].mean(axis=0)
    t = t_statistics(values, is_case)
    half_width = stats.t.ppf(0.975, len(values) - 2) * np.abs(difference / np.where(t == 0, np.nan, t))
    return pd.DataFrame(
        {
            "experiment": contrast.experiment,
            "contrast": contrast.name,
            "percent": wide.columns.to_numpy(),
            "difference": difference,
            "ci_low": difference - half_width,
            "ci_high": difference + half_width,
            "t": t,
            "p": p,
            "n_permutations": n_permutations,
            "left_out": left_out,
        }
    )


def strongest_points(tests: pd.DataFrame) -> pd.DataFrame:
    """Return, per structure and contrast, the point of the femur with the smallest family-wise p.

    Where animals without a value were left out, a column left_out names them.
    """
    known = tests.dropna(subset="p")
    best = known.loc[known.groupby(["structure", "contrast"], sort=False)["p"].idxmin()]
    named = ["left_out"] if best["left_out"].ne("").any() else []
    return best[["structure", "contrast", "percent", "difference", "t", "p", *named]].reset_index(drop=True)


def survivors(cells: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Count findings per contrast without and with correction for the number of cells.

    Parameters
    ----------
    cells : DataFrame
        From `percent_differences`.

    Returns
    -------
    DataFrame
        Columns contrast, cells, significant and trend (unadjusted), significant_maxt, significant_holm,
        significant_bh, and expected: how many significant cells chance alone would give.
    """
    limit = study.thresholds["significant"]
    rows = []
    for contrast, table in cells.groupby("contrast", sort=False):
        tested = table.dropna(subset="p")
        found = [int((tested["level"] == level).sum()) for level in ("significant", "trend")]
        found += [int((tested[p] < limit).sum()) for p in ("p_maxt", "p_holm", "q")]
        rows.append((contrast, len(tested), *found, limit * len(tested)))
    columns = ["contrast", "cells", "significant", "trend"]
    columns += ["significant_maxt", "significant_holm", "significant_bh", "expected"]
    return pd.DataFrame(rows, columns=columns)


def percent_differences(evidence: pd.DataFrame, measurements: pd.DataFrame) -> pd.DataFrame:
    """Return the 16 cells per contrast: structure, region, percent difference, p, level and corrections.

    The corrections hold an error over the 16 cells of one contrast. max-T (`family_wise_p`, the two groups'
    t) knows that cells overlap, since it permutes animals with all their cells; animals without any value and
    then cells that an animal lacks take no part. Holm (family-wise) and Benjamini-Hochberg (false discovery)
    see only the p values of the declared test.

    Parameters
    ----------
    evidence : DataFrame
        From `mgbone.evidence.compare`.
    measurements : DataFrame
        What it was made from.

    Returns
    -------
    DataFrame
        Columns experiment, contrast, structure, region, endpoint, percent, p, p_maxt, p_holm, q, level.
    """
    cells = evidence[evidence["domain"] == "qct"].copy()
    cells[["structure", "region"]] = cells["endpoint"].str.extract(r"^bmd_([a-z]+)_([a-z]+)$")
    cells["percent"] = 100 * cells["estimate"] / cells["mean_reference"].replace(0, np.nan)
    by_contrast = cells.groupby(["experiment", "contrast"], sort=False)["p"]
    cells["p_holm"] = by_contrast.transform(_adjusted, method="holm")
    cells["q"] = by_contrast.transform(_adjusted, method="fdr_bh")
    together = [
        _cells_together(measurements[measurements["endpoint"].isin(table["endpoint"])], *key)
        for key, table in cells.groupby(["experiment", "contrast"], sort=False)
    ]
    known = pd.concat(together) if together else pd.Series(dtype=float)
    cells["p_maxt"] = known.reindex(pd.MultiIndex.from_frame(cells[["contrast", "endpoint"]])).to_numpy()
    order = ["experiment", "contrast", "structure", "region", "endpoint", "percent"]
    return cells[[*order, "p", "p_maxt", "p_holm", "q", "level"]].reset_index(drop=True)


def _cells_together(measurements: pd.DataFrame, experiment: str, contrast: str) -> pd.Series:
    """Return p of max-T over the cells of a contrast, by contrast and endpoint."""
    case, reference = contrast.split("_vs_")
    here = measurements["experiment"].eq(experiment) & measurements["group"].isin([case, reference])
    wide = animals_by_endpoints(measurements[here], ["animal_id", "group"]).dropna(axis="columns")
    is_case = wide.index.get_level_values("group") == case
    several = 1 < is_case.sum() < len(wide) - 1
    p = family_wise_p(wide.to_numpy(float), is_case)[0] if several else np.nan
    cells = pd.MultiIndex.from_product([[contrast], wide.columns])
    return pd.Series(p, index=cells, dtype=float)


def _adjusted(p: pd.Series, method: str) -> np.ndarray:
    """Adjust those p values that there are."""
    known = p.notna().to_numpy()
    adjusted = np.full(len(p), np.nan)
    if known.any():
        adjusted[known] = pg.multicomp(p.to_numpy(float)[known], method=method)[1]
    return adjusted


def _as_given(dataset: Dataset) -> pd.DataFrame:
    given = dataset.qct_regions
    endpoint = "bmd_" + given["structure"] + "_" + given["region"]
    wide = given.assign(endpoint=endpoint).pivot(index="animal_id", columns="endpoint", values="density")  # noqa: PD010
    animals = dataset.animals[["animal_id", "experiment", "group"]]
    wide = wide.reindex(animals["animal_id"])
    tables = [
        animals.assign(endpoint=name, value=wide[name].to_numpy(float), unit=UNIT)
        for name in (f"bmd_{structure}_{region}" for structure, region in product(STRUCTURES, REGIONS))
        if name in wide
    ]
    return pd.concat(tables, ignore_index=True)


def _per_region(
    dataset: Dataset, study: Study, density: Callable[[pd.DataFrame, str], pd.Series]
) -> pd.DataFrame:
    slices = located_slices(dataset, study)
    animals = dataset.animals[["animal_id", "experiment", "group"]]
    tables = []
    for structure, region in product(STRUCTURES, REGIONS):
        chosen = slices if region == "full" else slices[slices["region"] == region]
        value = density(chosen, structure).reindex(animals["animal_id"]).to_numpy()
        tables.append(animals.assign(endpoint=f"bmd_{structure}_{region}", value=value, unit=UNIT))
    measured = pd.concat(tables, ignore_index=True)
    known = coverage(dataset, study)
    short = known[known["covered"] < study.thresholds["region_covered"]]
    lacking = set(zip(short["animal_id"], "bmd_" + short["structure"] + "_" + short["region"], strict=True))
    uncovered = [pair in lacking for pair in zip(measured["animal_id"], measured["endpoint"], strict=True)]
    return measured.assign(value=measured["value"].mask(uncovered))


def _content_over_volume(slices: pd.DataFrame, structure: str) -> pd.Series:
    volume = (slices[f"{structure}_area"] * slices["thickness"]).groupby(slices["animal_id"]).sum()
    content = slices[f"{structure}_content"].groupby(slices["animal_id"]).sum()
    return settled(MG_PER_MM3_TO_MG_PER_CM3 * content / volume.where(volume > 0))


def _mean_of_slices(slices: pd.DataFrame, structure: str) -> pd.Series:
    volume = slices[f"{structure}_area"] * slices["thickness"]
    density = MG_PER_MM3_TO_MG_PER_CM3 * slices[f"{structure}_content"] / volume.where(volume > 0)
    return settled(density.groupby(slices["animal_id"]).mean())
