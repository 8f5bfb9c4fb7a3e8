"""Simulate microarrays with known truth: from genes to animals to cells of a chip to CEL files.

What a scanner reads in a cell is built up as it arises:

    reading = saturation( optical + nonspecific + 2^(expression + affinity + noise) ) * gradient + noise

with, for gene g of animal i,

    expression = level_g + experiment shift + sum of (animal's score x gene's loading) over the factors
                 + biological noise + effect of the diet

Five *animal factors* (red and lymphoid marrow, proliferation, muscle left on the bone, dissection delay) move
thousands of genes together. Their scores are drawn for each animal and cross the groups, so that at mild
deficiency arrays cluster by them and not by diet. *Effects* are drawn from subsets of the genes of some GO
processes and from all other genes; no process is moved as a whole, and most of the genes that move belong
to none of the named ones.

Every number stands in ``array_*.csv`` beside this module, with its source or the word "assumed". With the
same seed, `simulate_arrays` with and without effect gives the same animals, probes and noise, so that
nothing but the effect of the diets differs.
"""

from __future__ import annotations

import gzip
import re
import zlib
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from mgbone.simulate import platform_writer
from mgbone.simulate.cel_writer import SIMULATED_NOTE, write_cel
from mgbone.simulate.platform_writer import Chip
from mgbone.study.errors import MgboneError
from mgbone.study.paths import project_root

CONTRASTS = {
    "mg001_vs_pairfed": ("exp1", "mg001"),
    "mg004_vs_control": ("exp2", "mg004"),
    "mg002_vs_control": ("exp2", "mg002"),
}
"""Contrasts that have effects, with the experiment and group that carry them; reference groups carry none."""

EFFECT_SETS = {
    "exp1": ("mg001_vs_pairfed",),
    "exp2_shared": ("mg004_vs_control", "mg002_vs_control"),
    "exp2_mg004": ("mg004_vs_control",),
    "exp2_mg002": ("mg002_vs_control",),
}

EFFECT_SHAPE = 0.8  # gamma shape of effect sizes beyond the minimum: below 1, so a long tail
SHARED_JITTER = 0.2  # log SD between the two diets of an effect that they share

SILENT_FAMILIES = re.compile(
    r"^(Or\d+[a-z]+\d+|Tas\dr\d|Taar\d|Vn\dr\d|Krtap\d|Defb\d|Tspy|Dazl?\d|Cdy\d|Rbmy|Xist$|Tsix$)"
)
"""Genes of smell, taste, hair, germ cells and the second X chromosome: not expressed in the bone of males."""

SPIKE_LEVELS = {  # log2 signal, in the order in which the maker's mixtures rise
    "bioB": 7.0, "bioC": 8.5, "bioD": 10.3, "cre": 12.0, "lys": 6.8, "phe": 7.8, "thr": 8.8, "dap": 9.8,
}  # fmt: skip

SPIKE_NAMES = "|".join(SPIKE_LEVELS)
FIRST_SCAN = datetime(2021, 4, 5, 10, 0)
PIXELS_ACROSS = np.array([4, 4, 3, 4, 4, 3, 4, 3])  # pixels of a cell along x or y, as a grid cuts them


class Genes(NamedTuple):
    """The genes of the chip and what each does without any diet; all arrays in the order of `table`."""

    table: pd.DataFrame
    programmes: dict[str, np.ndarray]
    expressed: np.ndarray
    level: np.ndarray
    deviation: np.ndarray
    experiment_shift: np.ndarray
    loadings: np.ndarray


class Probes(NamedTuple):
    """What each probe does on every array; arrays of shape (n_probes,) in the order of the chip's probes."""

    affinity: np.ndarray
    nonspecific: np.ndarray


def simulate_arrays(
    folder: str | Path,
    arrays: pd.DataFrame,
    effect: bool,
    seed: int,
    *,
    genes: pd.DataFrame | None = None,
    n_rows: int = 548,
    n_cols: int = 548,
) -> tuple[list[Path], pd.DataFrame]:
    """Simulate a set of arrays and write CEL files and library files; the same arguments give the same bytes.

    Parameters
    ----------
    folder : str or Path
        Folder of the dataset; library files go to ``platform/``, CEL files where `arrays` says.
    arrays : DataFrame
        One row an array: ``array_id``, ``animal_id``, ``group``, ``experiment`` and ``file`` (path below
        `folder`).
    effect : bool
        Whether the diets have their effect; without, the dataset is the null one.
    seed : int
        Seed of everything that is drawn.
    genes : DataFrame, optional
        Columns ``symbol``, ``gene_name`` and ``tier``; by default data/genesets/chip_genes.csv.gz.
    n_rows, n_cols : int
        Size of the chip in cells.

    Returns
    -------
    paths : list of Path
        All files written: platform first, then CEL files in the order of `arrays`.
    truth : DataFrame
        ``gene``, ``contrast``, ``true_log2_fold_change`` for every gene and each contrast of `CONTRASTS`.

    Raises
    ------
    MgboneError
        If `arrays` lacks a column or names an array twice.
    PlatformError
        If the genes do not fit the chip.
    """
    _check(arrays)
    folder = Path(folder)
    table = load_genes() if genes is None else genes.reset_index(drop=True)
    chip = platform_writer.lay_out(table, _stream(seed, "layout"), n_rows, n_cols)
    paths = platform_writer.write_platform(folder / "platform", chip)
    model = draw_genes(table, seed)
    effects = draw_effects(model, seed) if effect else no_effects(table)
    expression = animal_expression(model, effects, arrays, seed)
    probes = draw_probes(chip, seed)
    signal_of_controls = control_signal(chip, seed)
    for position, array in enumerate(arrays.itertuples(index=False)):
        log2_signal = np.concatenate([signal_of_controls, expression[:, position]])
        cells = read_out(chip, probes, log2_signal, _stream(seed, f"array {array.array_id}"))
        paths.append(
            write_cel(
                folder / array.file,
                *cells,
                chip_type=platform_writer.CHIP_TYPE,
                n_rows=n_rows,
                n_cols=n_cols,
                scan_date=_scan_date(array.experiment, position),
                array_id=f"{array.array_id} {seed} {'effect' if effect else 'null'}",
                note=SIMULATED_NOTE,
            )
        )
    return paths, _long(effects)


# --- what is drawn once for all arrays ----------------------------------------------------------------------


def load_genes() -> pd.DataFrame:
    """Return the genes of the simulated chip, as data/genesets/chip_genes.csv.gz lists them."""
    path = project_root() / "data" / "genesets" / "chip_genes.csv.gz"
    return pd.read_csv(path, keep_default_na=False)


def draw_genes(table: pd.DataFrame, seed: int) -> Genes:
    """Draw what each gene does without any diet: level, variation, loadings on the animal factors.

    Parameters
    ----------
    table : DataFrame
        Genes with ``symbol`` and ``tier``.
    seed : int
        Seed of the dataset.

    Returns
    -------
    Genes
        Levels and deviations in log2 units; loadings of shape (n_genes, n_factors), log2 a score of 1.
    """
    known = _calibration()
    rng = _stream(seed, "genes")
    programmes = _programmes(table["symbol"])
    n_genes = len(table)
    chance = (
        table["tier"]
        .map(
            {
                "go_biological_process": known["expressed_go"],
                "protein_coding": known["expressed_protein"],
                "non_coding_rna": known["expressed_noncoding"],
            }
        )
        .to_numpy(dtype=float, copy=True)
    )
    chance[np.logical_or.reduce(list(programmes.values()))] = known["expressed_programme"]
    chance[table["symbol"].str.match(SILENT_FAMILIES).to_numpy(dtype=bool)] = 0.0
    expressed = rng.random(n_genes) < chance
    level = np.where(
        expressed,
        known["level_floor"] + rng.gamma(known["level_shape"], known["level_scale"], n_genes),
        rng.normal(known["silent_mean"], known["silent_sd"], n_genes),
    )
    for row, marker in _marker_rows(table["symbol"]):
        expressed[row] = marker["level"] != "silent"
        level[row] = float(marker["level"]) if expressed[row] else known["silent_mean"]
    df = known["biological_df"]
    deviation = known["biological_sd"] * np.sqrt(df / rng.chisquare(df, n_genes))
    shift = rng.normal(0.0, known["experiment_sd"], n_genes)
    return Genes(table, programmes, expressed, level, deviation, shift, _loadings(programmes, expressed, rng))


def draw_effects(genes: Genes, seed: int) -> pd.DataFrame:
    """Draw which genes each diet moves, and how far.

    Parameters
    ----------
    genes : Genes
        As `draw_genes` returns them; only expressed genes are drawn.
    seed : int
        Seed of the dataset.

    Returns
    -------
    DataFrame, genes x contrasts
        True log2 fold changes; index: symbols.
    """
    rng = _stream(seed, "effects")
    effects = no_effects(genes.table)
    pools = _pools(genes)
    markers = dict(_marker_rows(genes.table["symbol"]))
    free = {contrast: np.ones(len(genes.table), dtype=bool) for contrast in CONTRASTS}
    for contrast in CONTRASTS:
        free[contrast][list(markers)] = False
    for drawn in _read("array_effects.csv").itertuples(index=False):
        contrasts = EFFECT_SETS[drawn.set]
        pool = pools[drawn.programme]
        candidates = np.flatnonzero(pool & np.logical_and.reduce([free[c] for c in contrasts]))
        count = min(round(drawn.share * pool.sum()), candidates.size)
        chosen = np.sort(rng.choice(candidates, count, replace=False))
        size = drawn.minimum + rng.gamma(EFFECT_SHAPE, drawn.mean_excess / EFFECT_SHAPE, count)
        sign = 1.0 if drawn.direction == "up" else -1.0
        for contrast in contrasts:
            jitter = np.exp(SHARED_JITTER * rng.standard_normal(count)) if len(contrasts) > 1 else 1.0
            effects.iloc[chosen, effects.columns.get_loc(contrast)] = sign * size * jitter
            free[contrast][chosen] = False
    for row, marker in markers.items():
        effects.iloc[row] = [float(marker[contrast]) for contrast in CONTRASTS]
    return effects


def no_effects(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of effects of diets that do nothing."""
    return pd.DataFrame(0.0, index=pd.Index(table["symbol"], name="gene"), columns=list(CONTRASTS))


def draw_probes(chip: Chip, seed: int) -> Probes:
    """Draw affinity (log2) and non-specific binding (log2 intensity) of each probe; both rise with its GC."""
    known = _calibration()
    rng = _stream(seed, "probes")
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
    known = _calibration()
    rng = _stream(seed, "controls")
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


# --- animals ------------------------------------------------------------------------------------------------


def animal_expression(genes: Genes, effects: pd.DataFrame, arrays: pd.DataFrame, seed: int) -> np.ndarray:
    """Return the log2 expression of every gene in every animal that has an array.

    Parameters
    ----------
    genes : Genes
        As `draw_genes` returns them.
    effects : DataFrame, genes x contrasts
        As `draw_effects` or `no_effects` returns them.
    arrays : DataFrame
        ``animal_id``, ``group`` and ``experiment``, one row an array.
    seed : int
        Seed of the dataset.

    Returns
    -------
    float array, shape (n_genes, n_arrays)
    """
    scores = animal_scores(arrays, seed)
    columns = []
    for position, array in enumerate(arrays.itertuples(index=False)):
        own = _stream(seed, f"animal {array.animal_id}").standard_normal(len(genes.table))
        values = genes.level + genes.deviation * own + genes.loadings @ scores[position]
        values += genes.experiment_shift * (0.5 if array.experiment == "exp2" else -0.5)
        for contrast, carrier in CONTRASTS.items():
            if (array.experiment, array.group) == carrier:
                values += effects[contrast].to_numpy()
        columns.append(values)
    return np.column_stack(columns)


def animal_scores(arrays: pd.DataFrame, seed: int) -> np.ndarray:
    """Draw each animal's score on each factor: standard normal, free or stratified within its group.

    The largest factors are stratified: half of the animals of each group lie below the median and half
    above, as in groups matched at the start (the report matched them by body weight). So these factors
    cross the groups for every seed, and groups differ by them less than by chance. The other factors fall
    as they may.

    Returns
    -------
    float array, shape (n_arrays, n_factors)
    """
    stratified = (_read("array_factors.csv")["scores"] == "stratified").to_numpy()
    scores = np.empty((len(arrays), stratified.size))
    for (experiment, group), own in arrays.groupby(["experiment", "group"]).indices.items():
        rng = _stream(seed, f"factors {experiment} {group}")
        share = rng.random((len(own), stratified.size))
        halves = rng.permuted(np.tile(np.arange(len(own))[:, None] % 2, (1, stratified.size)), axis=0)
        scores[own] = ndtri(np.where(stratified, (halves + share) / 2, share))
    return scores


# --- one array ----------------------------------------------------------------------------------------------


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
    known = _calibration()
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
    pixels = _pixels(chip)
    spread = known["pixel_cv"] * np.exp(0.35 * rng.standard_normal(total)) * reading
    spread[outliers] *= 4.0
    intensities = np.clip(np.rint(reading * 10.0) / 10.0, 1.0, 65_535.0)
    stdv = np.clip(np.rint(spread * 10.0) / 10.0, 0.1, 30_000.0)
    return intensities, stdv, pixels, outliers


def _blank_cells(chip: Chip, haze: float, rng: np.random.Generator) -> np.ndarray:
    """Binding in cells that no library file names: haze inside, a bright and dark grid at the border."""
    spread = 0.3 * rng.standard_normal(chip.n_rows * chip.n_cols)
    blank = _calibration()["nonspecific_median"] / 2.0 * np.exp2(haze + spread)
    y, x = np.divmod(np.arange(blank.size), chip.n_cols)
    rim = platform_writer.BORDER
    border = (x < rim) | (y < rim) | (x >= chip.n_cols - rim) | (y >= chip.n_rows - rim)
    blank[border & ((x + y) % 2 == 0)] *= 300.0
    return blank


def _gradient(chip: Chip, rng: np.random.Generator) -> np.ndarray:
    """Brightness of each cell relative to the chip's mean: a tilted plane, as uneven washing leaves it."""
    tilt_y, tilt_x = _calibration()["spatial_amplitude"] * rng.uniform(-1.0, 1.0, 2)
    y = np.linspace(-1.0, 1.0, chip.n_rows)[:, None]
    x = np.linspace(-1.0, 1.0, chip.n_cols)[None, :]
    return (1.0 + tilt_y * y + tilt_x * x).ravel()


def _spoil(chip: Chip, reading: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Brighten cells under dust, and on some arrays a whole patch; return their indices, ascending."""
    known = _calibration()
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
def _pixel_pattern(n_rows: int, n_cols: int) -> np.ndarray:
    return np.outer(np.resize(PIXELS_ACROSS, n_rows), np.resize(PIXELS_ACROSS, n_cols)).ravel()


def _pixels(chip: Chip) -> np.ndarray:
    return _pixel_pattern(chip.n_rows, chip.n_cols)


# --- calibration --------------------------------------------------------------------------------------------


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(Path(__file__).with_name(name), keep_default_na=False)


@cache
def _calibration() -> dict[str, float]:
    table = _read("array_calibration.csv")
    return dict(zip(table["name"], table["value"].astype(float), strict=True))


def _marker_rows(symbols: pd.Series) -> list[tuple[int, dict]]:
    places = {symbol: row for row, symbol in enumerate(symbols)}
    markers = _read("array_markers.csv").to_dict("records")
    return [(places[marker["gene"]], marker) for marker in markers if marker["gene"] in places]


def _programmes(symbols: pd.Series) -> dict[str, np.ndarray]:
    """Return for each programme which genes its GO terms name, as a mask over `symbols`."""
    wanted = _read("array_programmes.csv")
    members: dict[str, set[str]] = {programme: set() for programme in wanted["programme"]}
    by_term = dict(zip(wanted["go_id"], wanted["programme"], strict=True))
    path = project_root() / "data" / "genesets" / "go_bp.gmt.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            term, _, *genes = line.rstrip("\n").split("\t")
            if term in by_term:
                members[by_term[term]].update(genes)
    return {programme: symbols.isin(genes).to_numpy() for programme, genes in members.items()}


def _pools(genes: Genes) -> dict[str, np.ndarray]:
    """Sort the expressed genes into the pools that effects are drawn from: the first that they belong to."""
    left = genes.expressed.copy()
    pools = {}
    for programme in ("bone", "mineral", "inflammatory"):
        pools[programme] = left & genes.programmes[programme]
        left = left & ~pools[programme]
    return {**pools, "other": left}


def _loadings(
    programmes: dict[str, np.ndarray], expressed: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    columns = []
    for factor in _read("array_factors.csv").itertuples(index=False):
        own = rng.normal(factor.programme_mean, factor.programme_sd, expressed.size)
        own *= programmes[factor.factor]
        diffuse = rng.random(expressed.size) < factor.diffuse_share
        columns.append((own + diffuse * rng.normal(0.0, factor.diffuse_sd, expressed.size)) * expressed)
    return np.column_stack(columns)


# --- small things -------------------------------------------------------------------------------------------


def _stream(seed: int, name: str) -> np.random.Generator:
    """Return a generator for one named part, so that drawing more in one part changes no other."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _check(arrays: pd.DataFrame) -> None:
    missing = {"array_id", "animal_id", "group", "experiment", "file"} - set(arrays.columns)
    if missing:
        raise MgboneError(f"The table of arrays lacks {', '.join(sorted(missing))}; add these columns.")
    for column in ("array_id", "file"):
        repeated = arrays.loc[arrays[column].duplicated(), column].unique()
        if len(repeated):
            names = ", ".join(map(str, repeated))
            raise MgboneError(f"{column} {names} is there twice; each array needs its own.")


def _scan_date(experiment: str, position: int) -> datetime:
    """Scan times follow from the array's place: eight a day, the second experiment three months later."""
    day, hour = divmod(position, 8)
    return FIRST_SCAN + timedelta(days=day + (90 if experiment == "exp2" else 0), minutes=25 * hour)


def _long(effects: pd.DataFrame) -> pd.DataFrame:
    long = effects.melt(ignore_index=False, var_name="contrast", value_name="true_log2_fold_change")
    return long.reset_index()
