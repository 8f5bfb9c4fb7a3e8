"""Pair-feeding and its check: what is left of a difference when animals that ate the same are compared."""

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.regression.linear_model import OLS

from mgbone.evidence.percent import ratio_limits
from mgbone.study.design import Contrast, Experiment, Study

UNADJUSTED, ADJUSTED = "unadjusted", "adjusted"

COLUMNS = [
    "experiment", "endpoint", "contrast", "model", "estimate", "ci_low", "ci_high",
    "percent", "percent_low", "percent_high", "p", "slope", "p_slope", "p_parallel",
]  # fmt: skip


def pair_feeding(experiment: Experiment, study: Study) -> tuple[str, str, str] | None:
    """Return the freely fed control, the pair-fed group and the one it was paired with, if there are any.

    The control has the same dose in its diet as the pair-fed group, and the experiment has to compare
    each two of the three.
    """
    compared = {(c.case, c.reference) for c in experiment.contrasts}
    for name in experiment.groups:
        words = study.groups[name].feeding.split(" to ")
        if words[0] != "pair-fed" or words[-1] not in experiment.groups:
            continue
        case, dose = words[-1], study.groups[name].dose
        for control in experiment.groups:
            alike = study.groups[control].dose == dose and control not in (name, case)
            if alike and {(case, control), (name, control), (case, name)} <= compared:
                return control, name, case
    return None


def pair_fed_experiments(study: Study) -> dict[str, tuple[str, str, str]]:
    """Return the groups of `pair_feeding` by experiment, of those experiments that have them."""
    found = {e.name: pair_feeding(e, study) for e in study.experiments.values()}
    return {name: groups for name, groups in found.items() if groups}


def contrasts_about_intake(study: Study) -> list[str]:
    """Return the comparisons that tell eating less from magnesium; without pair-feeding the stated ones."""
    fed = pair_fed_experiments(study)
    told = [c.name for c in study.contrasts if c.experiment in fed]
    return told or [c.name for e in study.experiments.values() for c in e.report_contrasts]


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
        ci_high, percent, percent_low, percent_high (of the control's mean, which is uncertain, too:
        `mgbone.evidence.percent`), p; and of the adjusted model
        slope (per g/day), p_slope, and p_parallel (do the groups share one slope?). What can't be told, since
        nothing varies or there are too few animals, is missing.
    """
    known = measurements[measurements["endpoint"] != "food_intake"].dropna(subset="value")
    known = known.assign(intake=known["animal_id"].map(intake)).dropna(subset="intake")
    rows = []
    for experiment in study.experiments.values():
        fed = pair_feeding(experiment, study)
        of_experiment = known[known["experiment"] == experiment.name]
        for endpoint, table in of_experiment.groupby("endpoint", sort=False):
            sizes = table["group"].value_counts()
            groups = [g for g in experiment.groups if sizes.get(g, 0) > 1]
            if fed and set(fed) <= set(groups):
                table = table[table["group"].isin(groups)]
                alpha = 1 - study.thresholds["confidence"]
                rows += _compare(table, experiment, groups, fed[0], endpoint, alpha)
    return pd.DataFrame(rows, columns=COLUMNS)


def _compare(
    table: pd.DataFrame, experiment: Experiment, groups: list[str], control: str, endpoint: str, alpha: float
) -> list[dict[str, object]]:
    y = table["value"].to_numpy(float)
    dummies = np.column_stack([table["group"].eq(g).to_numpy(float) for g in groups])
    eaten = (table["intake"] - table["intake"].mean()).to_numpy(float)
    # Animals, endpoint and intake have to leave a residual variance with and without the covariate.
    known = _varies_within(table).any().all() and len(table) > len(groups) + 1
    fits, slope = {}, {}
    if known:
        adjusted = OLS(y, np.column_stack([dummies, eaten])).fit()
        fits = {UNADJUSTED: OLS(y, dummies).fit(), ADJUSTED: adjusted}
        slope = {"slope": adjusted.params[-1], "p_slope": adjusted.pvalues[-1]}
        if len(y) > 2 * len(groups) and _varies_within(table)["intake"].all():
            apart = OLS(y, np.column_stack([dummies, dummies * eaten[:, None]])).fit()
            slope["p_parallel"] = apart.compare_f_test(adjusted)[1]
    of_control = table["group"].eq(control).to_numpy(float)
    of_control /= of_control.sum() * np.sign(of_control @ y)
    rows = []
    for model in (UNADJUSTED, ADJUSTED):
        for contrast in experiment.contrasts:
            if not {contrast.case, contrast.reference} <= set(groups):
                continue
            row = dict(zip(COLUMNS, (experiment.name, endpoint, contrast.name, model), strict=False))
            if known:
                row |= _difference(fits[model], groups, contrast, of_control, alpha)
            rows.append(row | (slope if model == ADJUSTED else {}))
    return rows


def _varies_within(table: pd.DataFrame) -> pd.DataFrame:
    by_group = table.groupby("group")[["value", "intake"]]
    return by_group.max() > by_group.min()


def _difference(
    fit, groups: list[str], contrast: Contrast, of_control: np.ndarray, alpha: float
) -> dict[str, float]:
    """Test one contrast of a fitted model; `of_control` are the values' weights in the control's mean."""
    weights = np.zeros(len(fit.params))
    weights[groups.index(contrast.case)] = 1
    weights[groups.index(contrast.reference)] = -1
    test = fit.t_test(weights)
    low, high = test.conf_int(alpha=alpha)[0]
    estimate = test.effect.item()
    base = of_control @ fit.model.endog
    in_estimate = weights @ fit.model.pinv_wexog  # what each value weighs in it
    error = fit.scale * stats.t.isf(alpha / 2, fit.df_resid) ** 2
    products = [in_estimate @ in_estimate, of_control @ of_control, in_estimate @ of_control]
    limits = ratio_limits(np.float64(estimate), base, *(error * product for product in products))
    percents = dict(zip(("percent_low", "percent_high"), (100 * float(x) for x in limits), strict=True))
    percents["percent"] = 100 * estimate / base
    return {"estimate": estimate, "ci_low": low, "ci_high": high, **percents, "p": test.pvalue.item()}
