"""Pair-feeding and its check: what is left of a difference when animals that ate the same are compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import statsmodels.api as sm

from mgbone.study import Experiment, Study

UNADJUSTED, ADJUSTED = "unadjusted", "adjusted"


def pair_feeding(experiment: Experiment, study: Study) -> tuple[str, str, str] | None:
    """Return the freely fed control, the pair-fed group and the one it was paired with, if there are any."""
    for name in experiment.groups:
        words = study.groups[name].feeding.split(" to ")
        if words[0] == "pair-fed" and words[-1] in experiment.groups:
            control = next(g for g in experiment.groups if g not in (name, words[-1]))
            return control, name, words[-1]
    return None


def adjust_for_intake(measurements: pd.DataFrame, intake: pd.Series, study: Study) -> pd.DataFrame:
    """Compare groups with and without food intake as a covariate, in experiments with pair-feeding.

    Both models, analysis of variance and of covariance, are fitted over the groups of an experiment by
    ordinary least squares (statsmodels). Intervals and p are those of single comparisons: this is a check of
    the declared test, not another one.

    Parameters
    ----------
    measurements : DataFrame
        Columns animal_id, experiment, group, endpoint, value. ``food_intake`` itself is left out.
    intake : Series
        Food intake (g/day) by animal_id.

    Returns
    -------
    DataFrame
        Columns experiment, endpoint, contrast, model (``unadjusted`` or ``adjusted``), estimate, ci_low,
        ci_high, percent, percent_low, percent_high (of the control's mean), p; and of the adjusted model
        slope (per g/day), p_slope, and p_parallel (do the groups share one slope?).
    """
    known = measurements[measurements["endpoint"] != "food_intake"].dropna(subset="value")
    known = known.assign(intake=known["animal_id"].map(intake)).dropna(subset="intake")
    rows = []
    for experiment in study.experiments.values():
        fed = pair_feeding(experiment, study)
        of_experiment = known[known["experiment"] == experiment.name]
        for endpoint, table in of_experiment.groupby("endpoint", sort=False):
            sizes = table["group"].value_counts()
            if fed and all(sizes.get(g, 0) > 1 for g in experiment.groups):
                rows += _compare(table, experiment, fed[0], endpoint, 1 - study.thresholds["confidence"])
    return pd.DataFrame(rows)


def _compare(
    table: pd.DataFrame, experiment: Experiment, control: str, endpoint: str, alpha: float
) -> list[dict[str, object]]:
    y = table["value"].to_numpy(float)
    dummies = np.column_stack([table["group"].eq(g).to_numpy(float) for g in experiment.groups])
    eaten = (table["intake"] - table["intake"].mean()).to_numpy(float)
    adjusted = sm.OLS(y, np.column_stack([dummies, eaten])).fit()
    apart = sm.OLS(y, np.column_stack([dummies, dummies * eaten[:, None]])).fit()
    slope = {
        "slope": adjusted.params[-1],
        "p_slope": adjusted.pvalues[-1],
        "p_parallel": apart.compare_f_test(adjusted)[1],
    }
    base = abs(table.loc[table["group"] == control, "value"].mean())
    rows = []
    for model, fit in ((UNADJUSTED, sm.OLS(y, dummies).fit()), (ADJUSTED, adjusted)):
        for contrast in experiment.contrasts:
            weights = np.zeros(len(fit.params))
            weights[experiment.groups.index(contrast.case)] = 1
            weights[experiment.groups.index(contrast.reference)] = -1
            test = fit.t_test(weights)
            low, high = test.conf_int(alpha=alpha)[0]
            estimate = test.effect.item()
            row = {
                "experiment": experiment.name,
                "endpoint": endpoint,
                "contrast": contrast.name,
                "model": model,
            }
            row |= {"estimate": estimate, "ci_low": low, "ci_high": high, "percent": 100 * estimate / base}
            row |= {
                "percent_low": 100 * low / base,
                "percent_high": 100 * high / base,
                "p": test.pvalue.item(),
            }
            rows.append(row | (slope if model == ADJUSTED else {}))
    return rows
