"""A table of mineral balance of simulated animals, from a stream of random numbers of its own."""

import numpy as np
import pandas as pd

from mgbone.simulate.calibration import load_calibration
from mgbone.study.design import Study

_STREAM = 20
"""Beside the seed: no number of the other tables moves, whatever is drawn here."""


def simulate_balance(animals: pd.DataFrame, study: Study, *, effect: bool, seed: int) -> pd.DataFrame:
    """Draw intake, faeces and urine of Mg, Ca and P (mg/day) from the food that each animal ate.

    Intake is food times the diet's content. Absorption and the part of the absorbed that urine holds are
    drawn about means of calibration.yml (``balance``), on the logit scale; Mg's depend on the diet if there
    are effects. All of these means are assumptions (study.yml), judged against no statement.

    Parameters
    ----------
    animals : DataFrame
        animal_id, group, food_intake (g/day).
    effect : bool
        Without effects every animal is fed and absorbs as the reference group.

    Returns
    -------
    DataFrame
        animal_id and ``<mineral>_intake``, ``_faeces``, ``_urine``.
    """
    assumed = load_calibration()["balance"]
    rng = np.random.default_rng([seed, _STREAM])
    table = {"animal_id": animals["animal_id"]}
    doses = animals["group"].map(lambda name: study.groups[name].dietary_mg_percent)
    doses = doses.to_numpy(float) if effect else np.full(len(animals), float(doses.max()))
    for mineral, entry in assumed["minerals"].items():
        percent = doses if mineral == "mg" else np.full(len(animals), entry["dietary_percent"])
        intake = 10 * animals["food_intake"].to_numpy() * percent  # g/day times percent, in mg/day
        absorbed = intake * _share(_mean(entry["absorbed"], doses), assumed["spread"], rng)
        urine = absorbed * _share(_mean(entry["in_urine"], doses), assumed["spread"], rng)
        table[f"{mineral}_intake"] = intake.round(2)
        table[f"{mineral}_faeces"] = (intake - absorbed).round(3)
        table[f"{mineral}_urine"] = urine.round(3)
    return pd.DataFrame(table)


def _mean(stated: float | dict[float, float], doses: np.ndarray) -> np.ndarray:
    """Return the mean of each animal: one for all, or by the percent of Mg in its diet."""
    return np.array([stated[dose] if isinstance(stated, dict) else stated for dose in doses])


def _share(mean: np.ndarray, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Draw shares between 0 and 1 about their medians."""
    return 1 / (1 + np.exp(-(np.log(mean / (1 - mean)) + spread * rng.standard_normal(len(mean)))))
