"""Animals, serum, urine and qCT slices of a simulated study.

Values of one animal are drawn together, so that they correlate within groups as ``loadings`` in
``calibration.yml`` say. With effects, the residuals of each group are then centred and, per experiment,
scaled to the calibrated SD, so that the means lie exactly where the calibration puts them. Without effects
(the null dataset) and `uncentred` nothing is centred or scaled: groups are plain draws, from the baseline or
around their calibrated means.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mgbone.simulate.balance import simulate_balance
from mgbone.simulate.calibration import Variable, group_means, group_sd, load_calibration, tukey_p, variables
from mgbone.simulate.femur import THIRDS, regional_densities, simulate_slices
from mgbone.study.design import STRUCTURES, Experiment, Study
from mgbone.study.dictionary import measured_fields
from mgbone.study.ledger import load_claims

MG_CREATININE_PER_MMOL = 113.12
N_ALLOCATIONS = 2000
MAX_ATTEMPTS = 200
LEAST_TRABECULAR_RATIO = 1.05

# A drawn dataset is taken if no p lies so near a limit that another rounding or another library could move it
# across.
MARGINS = {"significant": (0.0, 0.035), "trend": (0.055, 0.092), "none": (0.15, 1.0)}


@dataclass(frozen=True)
class Tables:
    """The tables of a dataset, rounded as they are written, and how many draws it took."""

    animals: pd.DataFrame
    serum: pd.DataFrame
    urine: pd.DataFrame
    qct_slices: pd.DataFrame
    arrays: pd.DataFrame
    attempts: int
    balance: pd.DataFrame | None = None


def simulate_tables(study: Study, *, effect: bool, seed: int, uncentred: bool = False) -> Tables:
    """Draw the tables of a study.

    What is calibrated holds in every draw, but the density of the full length only follows from that of the
    thirds. With effects, the draw is therefore repeated, with the next stream of the same seed, until every
    statement of the report on biochemistry and qCT holds with a margin (`MARGINS`). Without effects, and
    `uncentred`, the first draw is taken, whatever it shows.

    Parameters
    ----------
    study : Study
        Gives experiments, groups, numbers of animals and regions.
    effect : bool
        Whether the groups differ as the report says.
    seed : int
        Same seed, same tables.
    uncentred : bool
        Whether groups are plain draws around their calibrated means, as another laboratory would find them.

    Raises
    ------
    RuntimeError
        If no draw in `MAX_ATTEMPTS` shows what the report states: the calibration contradicts the ledger.
    """
    for attempt in range(1, MAX_ATTEMPTS + 1):
        tables = _draw(study, effect, uncentred, np.random.default_rng([seed, attempt]), attempt)
        if not effect or uncentred or statements_hold(tables, study):
            balance = simulate_balance(tables.animals, study, effect=effect, seed=seed)
            return replace(tables, balance=balance)
    raise RuntimeError(
        f"No draw in {MAX_ATTEMPTS} shows what the report states; compare calibration.yml with the ledger."
    )


def derived_endpoints(tables: Tables, study: Study) -> pd.DataFrame:
    """Return all biochemistry and qCT endpoints as they follow from the rounded tables: animals x endpoints.

    Returns
    -------
    DataFrame
        Index animal_id; columns experiment, group and one per endpoint.
    """
    animals = tables.animals.set_index("animal_id")
    urine = tables.urine.set_index("animal_id")
    wide = animals[["experiment", "group", "food_intake"]].copy()
    wide["body_weight_gain"] = animals["body_weight_final"] - animals["body_weight_initial"]
    wide = wide.join(tables.serum.set_index("animal_id"))
    wide["urine_ctx"] = urine["ctx"] / urine["creatinine"]
    wide["urine_dpd"] = urine["dpd"] / urine["creatinine"]
    densities = {
        animal: regional_densities(slices, animals["femur_length"][animal], study)
        for animal, slices in tables.qct_slices.groupby("animal_id", sort=False)
    }
    return wide.join(pd.DataFrame.from_dict(densities, orient="index"))


def tukey_table(endpoints: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return difference and Tukey p of every contrast and endpoint.

    Returns
    -------
    DataFrame
        Columns experiment, endpoint, contrast, difference, p.
    """
    n = study.animals_per_group
    parts = []
    for experiment in study.experiments.values():
        values = endpoints[endpoints["experiment"] == experiment.name].drop(columns="experiment")
        grouped = values.groupby("group")
        means, within = grouped.mean(), grouped.var().mean()
        for contrast in experiment.contrasts:
            difference = means.loc[contrast.case] - means.loc[contrast.reference]
            part = pd.DataFrame({"endpoint": difference.index, "difference": difference.to_numpy()})
            part["p"] = tukey_p(difference.to_numpy(), within.to_numpy(), n, len(experiment.groups))
            parts.append(part.assign(experiment=experiment.name, contrast=contrast.name))
    return pd.concat(parts, ignore_index=True)[["experiment", "endpoint", "contrast", "difference", "p"]]


def hold_against_ledger(tests: pd.DataFrame, limits: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """Return the ledger's rows on biochemistry and qCT with difference, p and whether the statement `holds`.

    Parameters
    ----------
    tests : DataFrame
        From `tukey_table`.
    limits : dict
        Per level, the p values from (inclusive) and to (exclusive, but 1 belongs to ``none``).
    """
    claims = load_claims()
    claims = claims[claims["domain"].isin(["biochem", "qct"])]
    held = claims.merge(tests, on=["experiment", "endpoint", "contrast"], how="left", validate="one_to_one")
    low = held["level"].map({level: limit[0] for level, limit in limits.items()})
    high = held["level"].map({level: limit[1] for level, limit in limits.items()})
    sign = held["direction"].map({"up": 1, "down": -1, "none": 0})
    points = (sign == 0) | (np.sign(held["difference"]) == sign)
    return held.assign(holds=points & (held["p"] >= low) & ((held["p"] < high) | (high >= 1)))


def statements_hold(tables: Tables, study: Study) -> bool:
    """Say whether every statement of the ledger on biochemistry and qCT holds with the margins."""
    return bool(
        hold_against_ledger(tukey_table(derived_endpoints(tables, study), study), MARGINS)["holds"].all()
    )


def round_keeping_mean(values: np.ndarray, decimals: int) -> np.ndarray:
    """Round values so that their sum is that of the unrounded ones, rounded once.

    All are rounded down; those with the largest remainders are then rounded up until the sum is reached.
    """
    unit = 10**decimals
    scaled = np.asarray(values, dtype=float) * unit
    rounded = np.floor(scaled)
    # The sum is taken at a few digits more, so that 6.56 stays 656 hundredths whatever the order of addition.
    missing = int(np.rint(round(float(scaled.sum()), 6)) - rounded.sum())
    rounded[np.argsort(rounded - scaled, kind="stable")[:missing]] += 1
    return rounded / unit


def _draw(study: Study, effect: bool, uncentred: bool, rng: np.random.Generator, attempt: int) -> Tables:
    parts = [
        _draw_experiment(study, experiment, effect, uncentred, rng)
        for experiment in study.experiments.values()
    ]
    values = pd.concat(parts, ignore_index=True)
    slices = _slices(values, study, rng)
    return Tables(
        animals=_animals(values),
        serum=values[["animal_id", *measured_fields("serum")]].copy(),
        urine=_urine(values),
        qct_slices=slices,
        arrays=_arrays(values, study),
        attempts=attempt,
    )


def _draw_experiment(
    study: Study, experiment: Experiment, effect: bool, uncentred: bool, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw all variables of one experiment, one row per animal and a column per variable."""
    n = study.animals_per_group
    animals = _allocate(_standard_normal(n * len(experiment.groups), rng), experiment.groups, n, rng)
    _pair(animals, rng)
    for variable in variables():
        residuals = _shaped(animals[variable.name].to_numpy(), variable).reshape(len(experiment.groups), n)
        # Mean of normally fed animals in one experiment, which was not done together with the other.
        deviation = load_calibration()["experiments_differ"]["sd"] * variable.sd * rng.standard_normal()
        baseline = variable.mean + (0.0 if variable.has_stated_mean else deviation)
        means, sds = _planned(variable, experiment, n, baseline, effect)
        pulled = effect and not uncentred
        values = means[:, None] + (_pulled(residuals, sds) if pulled else sds[:, None] * residuals)
        if variable.decimals is not None:
            values = [round_keeping_mean(row, variable.decimals) for row in values]
        animals[variable.name] = np.concatenate(list(values))
    names = [
        f"e{experiment.name.removeprefix('exp')}-{g}-{i}" for g, i in animals[["group", "number"]].to_numpy()
    ]
    animals.insert(0, "animal_id", names)
    animals.insert(1, "experiment", experiment.name)
    return animals


def _standard_normal(count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Correlated standard normal deviates, one row per animal and one column per variable."""
    factors = list(load_calibration()["factors"]["meaning"])
    scores = dict(zip(factors, rng.standard_normal((len(factors), count)), strict=True))
    columns = {}
    for variable in variables():
        shared = sum(loading * scores[factor] for factor, loading in variable.loadings.items())
        columns[variable.name] = shared + variable.own * rng.standard_normal(count)
    return pd.DataFrame(columns)


def _allocate(
    deviates: pd.DataFrame, groups: tuple[str, ...], n: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Share out the animals so that the groups have equal mean initial weight, as the report describes.

    The animals are sorted by weight into blocks of one per group and each block is dealt out at random; of
    `N_ALLOCATIONS` such deals the one with the closest means is taken. Animals of one block get the same
    number.
    """
    weight = deviates["body_weight_initial"].to_numpy()
    blocks = np.argsort(-weight, kind="stable").reshape(n, len(groups))
    deals = [rng.permuted(blocks, axis=1) for _ in range(N_ALLOCATIONS)]
    best = min(deals, key=lambda deal: np.ptp(weight[deal].mean(axis=0)))
    best = rng.permutation(best, axis=0)
    allocated = deviates.iloc[best.T.ravel()].reset_index(drop=True)
    allocated.insert(0, "group", np.repeat(groups, n))
    allocated.insert(1, "number", np.tile(np.arange(1, n + 1), len(groups)))
    return allocated


def _pair(animals: pd.DataFrame, rng: np.random.Generator) -> None:
    """Let each pair-fed animal deviate in intake as its partner of the same number does."""
    rule = load_calibration()["pair_feeding"]
    fed, partner = (animals["group"] == rule[key] for key in ("group", "partner"))
    if fed.any() and partner.any():
        r = rule["correlation"]
        given = animals.loc[partner, rule["endpoint"]].to_numpy()
        own = rng.standard_normal(len(given))
        animals.loc[fed, rule["endpoint"]] = r * given + np.sqrt(1 - r**2) * own


def _shaped(deviates: np.ndarray, variable: Variable) -> np.ndarray:
    """Turn normal deviates into the shape of the variable, still with mean 0 and variance 1."""
    if variable.shape == "normal":
        return deviates
    log_variance = np.log(1 + (variable.sd / variable.mean) ** 2)
    ratio = np.exp(np.sqrt(log_variance) * deviates - log_variance / 2)
    return (ratio - 1) * variable.mean / variable.sd


def _planned(
    variable: Variable, experiment: Experiment, n: int, baseline: float, effect: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and SD of each group in the population that its animals are drawn from."""
    if not effect:
        return np.full(len(experiment.groups), baseline), np.full(len(experiment.groups), variable.sd)
    means = group_means(variable, experiment.name, experiment.groups, n, baseline)
    sds = [group_sd(variable, experiment.name, group) for group in experiment.groups]
    return np.array([means[group] for group in experiment.groups]), np.array(sds)


def _pulled(residuals: np.ndarray, sds: np.ndarray) -> np.ndarray:
    """Centre each group and scale all groups alike, so that means and pooled SD are the calibrated ones.

    The SD of a single group keeps its chance deviation, as in any sample.
    """
    centred = (residuals - residuals.mean(axis=1, keepdims=True)) * sds[:, None]
    return np.sqrt((sds**2).mean() / centred.var(axis=1, ddof=1).mean()) * centred


def _animals(values: pd.DataFrame) -> pd.DataFrame:
    table = values[["animal_id", "experiment", "group", "body_weight_initial"]].copy()
    table["body_weight_final"] = (values["body_weight_initial"] + values["body_weight_gain"]).round(1)
    table["food_intake"] = values["food_intake"]
    table["femur_length"] = values["femur_length"]
    return table


def _urine(values: pd.DataFrame) -> pd.DataFrame:
    """Concentrations of the 24-hour urine: markers are drawn per creatinine and diluted in the volume."""
    creatinine = values["creatinine_excretion"] / MG_CREATININE_PER_MMOL / values["urine_volume"] * 1000
    creatinine = creatinine.round(2)
    return pd.DataFrame(
        {
            "animal_id": values["animal_id"],
            "urine_volume": values["urine_volume"],
            "ctx": (values["urine_ctx"] * creatinine).round(1),
            "dpd": (values["urine_dpd"] * creatinine).round(1),
            "creatinine": creatinine,
        }
    )


def _wanted_densities(row: dict[str, float]) -> dict[str, float]:
    """Densities of the thirds of one femur, kept possible: bone is denser than the space it is in.

    About one femur in 7,000 would break that by chance; its trabecular density is raised.
    """
    names = [f"bmd_{structure}_{third}" for structure in STRUCTURES for third in THIRDS]
    wanted = {name: row[name] for name in names}
    for third in THIRDS:
        least = LEAST_TRABECULAR_RATIO * wanted[f"bmd_cancellous_{third}"]
        wanted[f"bmd_trabecular_{third}"] = max(wanted[f"bmd_trabecular_{third}"], least)
    return wanted


def _slices(values: pd.DataFrame, study: Study, rng: np.random.Generator) -> pd.DataFrame:
    tables = []
    for row in values.to_dict("records"):
        wanted = _wanted_densities(row)
        table = simulate_slices(wanted, row["femur_length"], row["femur_width"], study, rng)
        table.insert(0, "animal_id", row["animal_id"])
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _arrays(values: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The first animals of each array group, one array each, named after the animal."""
    parts = []
    for experiment in study.experiments.values():
        for group in experiment.array_groups:
            chosen = values[(values["experiment"] == experiment.name) & (values["group"] == group)]
            parts.append(chosen.loc[chosen["number"] <= study.arrays_per_group, "animal_id"])
    animals = pd.concat(parts, ignore_index=True)
    return pd.DataFrame({"array_id": animals, "animal_id": animals, "file": "cel/" + animals + ".CEL"})


def chance_findings(study: Study, seed: int) -> int:
    """Count the effect statements (significant or trend) that a draw without effects shows by chance."""
    tests = tukey_table(derived_endpoints(simulate_tables(study, effect=False, seed=seed), study), study)
    thresholds = study.thresholds
    limits = {
        "significant": (0.0, thresholds["significant"]),
        "trend": (thresholds["significant"], thresholds["trend"]),
        "none": (thresholds["trend"], 1.0),
    }
    held = hold_against_ledger(tests, limits)
    return int(held.loc[held["level"] != "none", "holds"].sum())
