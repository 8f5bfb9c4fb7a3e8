"""What the simulated tables are calibrated to, and how a stated level becomes a difference of means."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import yaml
from scipy import stats

from mgbone.study.design import Study


@dataclass(frozen=True)
class Variable:
    """One measured quantity: its baseline, its shape, what it shares with others, and its effects."""

    name: str
    unit: str
    mean: float
    sd: float
    decimals: int | None
    shape: str
    loadings: Mapping[str, float]
    effects: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)

    @property
    def has_stated_mean(self) -> bool:
        """Whether a group has a mean that must come out as it is stated."""
        return any("mean" in effect for groups in self.effects.values() for effect in groups.values())

    @property
    def own(self) -> float:
        """Loading on what no other variable shares, so that the variance is 1."""
        return math.sqrt(1 - sum(value**2 for value in self.loadings.values()))


@cache
def load_calibration() -> dict[str, Any]:
    """Read ``calibration.yml``, as it is written."""
    text = files("mgbone.simulate").joinpath("calibration.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


@cache
def variables() -> tuple[Variable, ...]:
    """Return all variables in the order of the calibration file, in which they are drawn."""
    return tuple(
        Variable(
            name=name,
            unit=entry["unit"],
            mean=float(entry["baseline"]["mean"]),
            sd=float(entry["baseline"]["sd"]),
            decimals=entry.get("decimals"),
            shape=entry.get("shape", "normal"),
            loadings={key: value for key, value in entry["loadings"].items() if key != "source"},
            effects=entry.get("effects", {}),
        )
        for name, entry in load_calibration()["endpoints"].items()
    )


@cache
def difference_for_p(p: float, sd: float, n: int, n_groups: int = 3) -> float:
    """Return the difference of two group means that has a given Tukey p.

    Tukey's statistic is q = difference * sqrt(n) / SD, with the pooled SD of `n_groups` groups of `n`
    animals; its upper quantile at `p`, solved for the difference, is what is returned.
    """
    df = n_groups * (n - 1)
    return float(stats.studentized_range.isf(p, n_groups, df)) * sd / math.sqrt(n)


def tukey_p(difference: np.ndarray, within: np.ndarray, n: int, n_groups: int = 3) -> np.ndarray:
    """Return Tukey's p of differences between means of groups of `n`, given the variance within groups."""
    q = np.abs(difference) * np.sqrt(n / within)
    return stats.studentized_range.sf(q, n_groups, n_groups * (n - 1))


def group_sd(variable: Variable, experiment: str, group: str) -> float:
    """Return the SD between animals of one group."""
    return float(variable.effects.get(experiment, {}).get(group, {}).get("sd", variable.sd))


def group_means(
    variable: Variable, experiment: str, groups: tuple[str, ...], n: int, baseline: float | None = None
) -> dict[str, float]:
    """Return the calibrated mean of each group of an experiment.

    Parameters
    ----------
    variable : Variable
        Its `effects` say per group a mean, a relative change, or a p value (see ``calibration.yml``).
    experiment : str
        Name of the experiment.
    groups : tuple of str
        The groups of the experiment; `n` animals each.
    baseline : float, optional
        Mean of normally fed animals in this experiment, if it is not that of the calibration.
    """
    baseline = variable.mean if baseline is None else baseline
    effects = variable.effects.get(experiment, {})
    pooled = math.sqrt(np.mean([group_sd(variable, experiment, group) ** 2 for group in groups]))

    def mean(group: str) -> float:
        effect = effects.get(group)
        if effect is None:
            return baseline
        if "mean" in effect:
            return float(effect["mean"])
        if "change" in effect:
            return mean(effect["versus"]) * (1 + effect["change"])
        sign = 1 if effect["direction"] == "up" else -1
        return mean(effect["versus"]) + sign * difference_for_p(effect["p"], pooled, n, len(groups))

    return {group: mean(group) for group in groups}


def calibration_table(study: Study) -> pd.DataFrame:
    """Return what every group is calibrated to, and where that comes from.

    Returns
    -------
    DataFrame
        One row per variable, experiment and group; columns variable, unit, experiment, group, mean, sd, basis
        (how the mean came about), source (of a p: of the level that it stands for).
    """
    rows = []
    for variable in variables():
        for experiment in study.experiments.values():
            means = group_means(variable, experiment.name, experiment.groups, study.animals_per_group)
            for group, mean in means.items():
                sd = group_sd(variable, experiment.name, group)
                origin = _origin(variable.name, variable.effects.get(experiment.name, {}).get(group))
                rows.append((variable.name, variable.unit, experiment.name, group, mean, sd, *origin))
    columns = ["variable", "unit", "experiment", "group", "mean", "sd", "basis", "source"]
    return pd.DataFrame(rows, columns=columns)


def _origin(name: str, effect: Mapping[str, Any] | None) -> tuple[str, str]:
    """How a mean came about, and its source."""
    if effect is None:
        return "baseline", load_calibration()["endpoints"][name]["baseline"]["mean_source"]
    if "mean" in effect:
        return "as stated", effect["source"]
    if "change" in effect:
        return f"{100 * effect['change']:+g} % of {effect['versus']}", effect["source"]
    basis = f"{effect['direction']} from {effect['versus']}, p = {effect['p']:g}, {effect['level']}"
    return basis, effect["source"]
