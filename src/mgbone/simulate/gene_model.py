"""Simulated genes and animals: what each gene does, what the diets change, what each animal expresses."""

import gzip
import re
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from mgbone.simulate.array_numbers import calibration, read_numbers, stream
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

EFFECT_SHAPE = 2.0  # gamma shape of effect sizes beyond the minimum: few changes above 4 times, as in bone
SHARED_JITTER = 0.2  # log SD between the two diets of an effect that they share

SILENT_FAMILIES = re.compile(
    r"^(Or\d+[a-z]+\d+|Tas\dr\d|Taar\d|Vn\dr\d|Krtap\d|Defb\d|Tspy|Dazl?\d|Cdy\d|Rbmy|Xist$|Tsix$)"
)
"""Genes of smell, taste, hair, germ cells and the second X chromosome: not expressed in the bone of males."""


class Genes(NamedTuple):
    """The genes of the chip and what each does without any diet; all arrays in the order of `table`."""

    table: pd.DataFrame
    programmes: dict[str, np.ndarray]
    expressed: np.ndarray
    level: np.ndarray
    deviation: np.ndarray
    experiment_shift: np.ndarray
    loadings: np.ndarray


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
    known = calibration()
    rng = stream(seed, "genes")
    programmes = _programmes(table["symbol"])
    n_genes = len(table)
    tiers = {"go_biological_process": "go", "protein_coding": "protein", "non_coding_rna": "noncoding"}
    chance_of = {tier: known[f"expressed_{name}"] for tier, name in tiers.items()}
    chance = table["tier"].map(chance_of).to_numpy(dtype=float, copy=True)
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
    rng = stream(seed, "effects")
    effects = no_effects(genes.table)
    pools = _pools(genes)
    markers = dict(_marker_rows(genes.table["symbol"]))
    free = {contrast: ~np.isin(np.arange(len(genes.table)), list(markers)) for contrast in CONTRASTS}
    for drawn in read_numbers("array_effects.csv").itertuples(index=False):
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


def animal_expression(
    genes: Genes, effects: pd.DataFrame, arrays: pd.DataFrame, seed: int, *, uncentred: bool = False
) -> np.ndarray:
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
        Seed of the animals.
    uncentred : bool
        Whether groups may differ by the factors of their animals as by chance (`animal_scores`).

    Returns
    -------
    float array, shape (n_genes, n_arrays)
    """
    scores = animal_scores(arrays, seed, uncentred=uncentred)
    columns = []
    for position, array in enumerate(arrays.itertuples(index=False)):
        own = stream(seed, f"animal {array.animal_id}").standard_normal(len(genes.table))
        values = genes.level + genes.deviation * own + genes.loadings @ scores[position]
        values += genes.experiment_shift * (0.5 if array.experiment == "exp2" else -0.5)
        for contrast, carrier in CONTRASTS.items():
            if (array.experiment, array.group) == carrier:
                values += effects[contrast].to_numpy()
        columns.append(values)
    return np.column_stack(columns)


def animal_scores(arrays: pd.DataFrame, seed: int, *, uncentred: bool = False) -> np.ndarray:
    """Draw each animal's score on each factor: standard normal, free or stratified within its group.

    The largest factors are stratified: half of the animals of each group lie below the median and half
    above, as in groups matched at the start (the report matched them by body weight). So these factors
    cross the groups for every seed, and groups differ by them less than by chance. The other factors fall
    as they may; `uncentred`, all do.

    Returns
    -------
    float array, shape (n_arrays, n_factors)
    """
    stratified = (read_numbers("array_factors.csv")["scores"] == "stratified").to_numpy()
    scores = np.empty((len(arrays), stratified.size))
    for (experiment, group), own in arrays.groupby(["experiment", "group"]).indices.items():
        rng = stream(seed, f"factors {experiment} {group}")
        share = rng.random((len(own), stratified.size))
        halves = rng.permuted(np.tile(np.arange(len(own))[:, None] % 2, (1, stratified.size)), axis=0)
        scores[own] = ndtri(np.where(stratified & (not uncentred), (halves + share) / 2, share))
    return scores


def _marker_rows(symbols: pd.Series) -> list[tuple[int, dict]]:
    places = {symbol: row for row, symbol in enumerate(symbols)}
    markers = read_numbers("array_markers.csv").to_dict("records")
    return [(places[marker["gene"]], marker) for marker in markers if marker["gene"] in places]


def _programmes(symbols: pd.Series) -> dict[str, np.ndarray]:
    """Return for each programme which genes its GO terms name, as a mask over `symbols`."""
    wanted = read_numbers("array_programmes.csv")
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
    for factor in read_numbers("array_factors.csv").itertuples(index=False):
        own = rng.normal(factor.programme_mean, factor.programme_sd, expressed.size)
        own *= programmes[factor.factor]
        diffuse = rng.random(expressed.size) < factor.diffuse_share
        columns.append((own + diffuse * rng.normal(0.0, factor.diffuse_sd, expressed.size)) * expressed)
    return np.column_stack(columns)
