"""Would another reasonable test have said something else? p values of several tests for the same comparisons."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pingouin as pg
from scipy import stats

from mgbone.evidence import compare
from mgbone.permutation import permutation_p
from mgbone.study import Study

DECLARED = "tukey_kramer"
NAMES = {
    "tukey_kramer": ("Tukey-Kramer\n(declared)", "Tukey-Kramer\n（所定）"),
    "games_howell": ("Games-\nHowell", "Games-\nHowell"),
    "mann_whitney": ("Mann-Whitney,\nHolm", "Mann-Whitney\n（Holm）"),
    "permutation": ("permutation,\nHolm", "並べ替え検定\n（Holm）"),
    "log_scale": ("Tukey-Kramer,\nlog scale", "Tukey-Kramer\n（対数）"),
    "without_extreme": ("without the most\nextreme animal", "最も外れた\n1匹を除く"),
}


def compare_tests(measurements: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return p of the declared test and of five others for every comparison.

    - ``games_howell``: Welch's variances instead of a pooled one (Games and Howell 1976; pingouin).
    - ``mann_whitney`` and ``permutation``: pairwise, Holm over the contrasts of an endpoint.
    - ``log_scale``: the declared test on logarithms; missing where a value is not positive.
    - ``without_extreme``: the declared test without the animal that lies farthest from its group's mean, in SD of
      the group.

    Returns
    -------
    DataFrame
        Columns experiment, endpoint, contrast, test, p.
    """
    keys = ["experiment", "endpoint", "contrast"]
    tables = {
        DECLARED: compare(measurements, study),
        "games_howell": _games_howell(measurements, study),
        "mann_whitney": _pairwise(measurements, study, _mann_whitney),
        "permutation": _pairwise(measurements, study, permutation_p),
        "log_scale": compare(_logarithms(measurements), study),
        "without_extreme": compare(without_most_extreme(measurements), study),
    }
    first = tables[DECLARED][keys]
    stacked = [first.merge(t[[*keys, "p"]], on=keys, how="left").assign(test=name) for name, t in tables.items()]
    return pd.concat(stacked, ignore_index=True)[[*keys, "test", "p"]]


def changed_levels(tests: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the comparisons whose level differs between tests: one row each, one column per test.

    Parameters
    ----------
    tests : DataFrame
        From `compare_tests`.
    """
    levels = tests.assign(level=[study.level(p) if pd.notna(p) else None for p in tests["p"]])
    wide = levels.pivot(index=["experiment", "endpoint", "contrast"], columns="test", values="level")
    wide = wide[list(dict.fromkeys(tests["test"]))]
    return wide[wide.nunique(axis=1) > 1].rename_axis(columns=None)


def without_most_extreme(measurements: pd.DataFrame) -> pd.DataFrame:
    """Leave out, per experiment and endpoint, the one value farthest from its group's mean in SD of the group."""
    by_group = measurements.groupby(["experiment", "endpoint", "group"])["value"]
    distance = ((measurements["value"] - by_group.transform("mean")) / by_group.transform("std")).abs()
    farthest = distance.groupby([measurements["experiment"], measurements["endpoint"]]).transform("max")
    return measurements[~(distance == farthest)]


def _logarithms(measurements: pd.DataFrame) -> pd.DataFrame:
    value = measurements["value"].where(measurements["value"] > 0)
    return measurements.assign(value=np.log(value))


def _games_howell(measurements: pd.DataFrame, study: Study) -> pd.DataFrame:
    rows = []
    for experiment, endpoint, table in _tables(measurements):
        sizes = table.groupby("group")["value"].nunique()
        table = table[table["group"].isin(sizes[sizes > 1].index)]
        if table["group"].nunique() < 2:
            continue
        result = pg.pairwise_gameshowell(table, dv="value", between="group")
        p = {frozenset((r.A, r.B)): r.pval for r in result.itertuples()}
        for contrast in study.experiments[experiment].contrasts:
            key = {"experiment": experiment, "endpoint": endpoint, "contrast": contrast.name}
            rows.append({**key, "p": p.get(frozenset((contrast.case, contrast.reference)), np.nan)})
    return pd.DataFrame(rows, columns=["experiment", "endpoint", "contrast", "p"])


def _pairwise(
    measurements: pd.DataFrame, study: Study, test: Callable[[np.ndarray, np.ndarray], float]
) -> pd.DataFrame:
    rows = []
    for experiment, endpoint, table in _tables(measurements):
        groups = {name: v.to_numpy() for name, v in table.groupby("group")["value"] if len(v) > 1}
        contrasts = [c for c in study.experiments[experiment].contrasts if {c.case, c.reference} <= set(groups)]
        p = [test(groups[c.case], groups[c.reference]) for c in contrasts]
        for contrast, adjusted in zip(contrasts, pg.multicomp(p, method="holm")[1] if p else [], strict=True):
            key = {"experiment": experiment, "endpoint": endpoint, "contrast": contrast.name}
            rows.append({**key, "p": adjusted})
    return pd.DataFrame(rows, columns=["experiment", "endpoint", "contrast", "p"])


def _mann_whitney(case: np.ndarray, reference: np.ndarray) -> float:
    return float(stats.mannwhitneyu(case, reference, alternative="two-sided").pvalue)


def _tables(measurements: pd.DataFrame):
    for (experiment, endpoint), table in measurements.groupby(["experiment", "endpoint"], sort=False):
        yield experiment, endpoint, table.dropna(subset="value")
