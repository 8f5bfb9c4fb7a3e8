"""Would another reasonable test have said something else? Several tests for the same comparisons."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd
import pingouin as pg
from scipy import stats

from mgbone.evidence.columns import under_one_another
from mgbone.evidence.comparison import compare
from mgbone.evidence.exact import dunnett, studentised_range_tail
from mgbone.evidence.permutation import permutation_p
from mgbone.evidence.rank_tests import (
    as_limits,
    hides_values,
    in_hidden_endpoints,
    kruskal_wallis,
    rank_z,
    two_sided,
)
from mgbone.study.design import Study
from mgbone.study.language import N_, tr
from mgbone.study.naming import GEHAN, word

Groups = Mapping[str, np.ndarray]
Pairs = Sequence[tuple[str, str]]
Group = TypeVar("Group", str, int)

DECLARED = "tukey_kramer"
OUTLIER_LIMIT = 0.05
NOT_TESTED = "not tested"

NAMES = {
    "tukey_kramer": N_("Tukey-Kramer\n(declared)"),
    "games_howell": N_("Games-\nHowell"),
    "dunnett": N_("Dunnett"),
    "dunn": N_("Dunn,\nHolm"),
    "mann_whitney": N_("Mann-\nWhitney,\nHolm"),
    "permutation": N_("permutation,\nHolm"),
    "log_scale": N_("Tukey on\nlogarithms"),
    "without_extreme": N_("without\nthe most\nextreme\nanimal"),
}

_SHORT = {
    "tukey_kramer": N_("Tukey-Kramer (declared)"),
    "games_howell": "Games-Howell",
    "dunnett": "Dunnett",
    "dunn": "Dunn",
    "mann_whitney": "Mann-Whitney",
    "permutation": N_("permutation"),
    "log_scale": N_("logarithms"),
    "without_extreme": N_("without the most extreme animal"),
}


def compare_tests(
    measurements: pd.DataFrame, study: Study, evidence: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return p of the declared test and of seven others for every comparison.

    - ``games_howell``: Welch's variances instead of a pooled one (Games and Howell 1976; pingouin).
    - ``dunnett``: every group against one control, the group that most contrasts of the experiment have as
      their reference (Dunnett 1955; `mgbone.evidence.exact.dunnett`); missing for the other contrasts.
    - ``dunn``: Dunn's test after Kruskal-Wallis, on the ranks of all groups, Holm over the contrasts.
    - ``mann_whitney`` and ``permutation``: pairwise, Holm over the contrasts of an endpoint.
    - ``log_scale``: the declared test on logarithms; missing for an endpoint where a value is not above 0.
    - ``without_extreme``: the declared test without the animal that lies farthest from its group's mean, in
      SD of the group.

    An endpoint with values below a limit of detection is tested on ranks, by Gehan's test, which stands for
    all tests on ranks and does not change under logarithms; tests that would rest on the numbers put in the
    place of limits are missing.

    Parameters
    ----------
    measurements : DataFrame
        Columns experiment, group, endpoint, value, unit, animal_id.
    evidence : DataFrame, optional
        From `mgbone.evidence.compare` on the same measurements, if it is there already.

    Returns
    -------
    DataFrame
        Columns experiment, endpoint, contrast, test, p, test_run (the name of the test that was run).
    """
    keys = ["experiment", "endpoint", "contrast"]
    seen = measurements[~in_hidden_endpoints(measurements)]
    tables = {
        DECLARED: compare(measurements, study) if evidence is None else evidence,
        "games_howell": _per_contrast(seen, study, _games_howell, holm=False),
        "dunnett": _per_contrast(seen, study, _dunnett, holm=False),
        "dunn": _per_contrast(seen, study, _dunn),
        "mann_whitney": _per_contrast(seen, study, _pairwise(lambda *two: stats.mannwhitneyu(*two).pvalue)),
        "permutation": _per_contrast(seen, study, _pairwise(permutation_p)),
        "log_scale": compare(_logarithms(seen), study),
        "without_extreme": compare(without_most_extreme(measurements), study),
    }
    on_ranks = tables[DECLARED][tables[DECLARED]["test"] == GEHAN]
    for name in ("dunn", "mann_whitney", "log_scale"):
        tables[name] = under_one_another([tables[name], on_ranks], tables[name].columns)
    stacked = []
    for name, table in tables.items():  # the test that was run is that of the evidence, or the column's own
        run = table["test"] if "test" in table else pd.Series(np.nan, table.index, dtype=object)
        told = table.assign(test_run=run.fillna(name_of(name)))[[*keys, "p", "test_run"]]
        stacked.append(tables[DECLARED][keys].merge(told, on=keys, how="left").assign(test=name))
    told = pd.concat(stacked, ignore_index=True)[[*keys, "test", "p", "test_run"]]
    return told.assign(test_run=told["test_run"].where(told["p"].notna(), NOT_TESTED))


def changed_levels(tests: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the comparisons whose level differs between tests: one row each, one column per test.

    `tests` comes from `compare_tests`.
    """
    levels = tests.assign(level=[study.level(p) if pd.notna(p) else None for p in tests["p"]])
    keys = ["experiment", "endpoint", "contrast"]
    wide = levels.pivot(index=keys, columns="test", values="level")  # noqa: PD010
    wide = wide[list(dict.fromkeys(tests["test"]))]
    differs = wide.nunique(axis=1) > 1  # noqa: PD101 (missing levels must not count)
    return wide[differs].rename_axis(columns=None)


def changed_claims(tests: pd.DataFrame, claims: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the rows of the ledger whose level depends on the choice of the test.

    Parameters
    ----------
    tests : DataFrame
        From `compare_tests`; its first test is the declared one.
    claims : DataFrame
        The ledger, from `mgbone.study.ledger.load_claims`.

    Returns
    -------
    DataFrame
        Columns claim_id, statement_en, statement_ja, level (of the report), declared (level by the declared
        test), otherwise (the other levels and the names of the tests that give them).
    """
    keys = ["experiment", "endpoint", "contrast"]
    changed = changed_levels(tests, study).reset_index()
    first, *others = list(dict.fromkeys(tests["test"])) or [DECLARED]
    rows = claims.merge(changed, on=keys, how="inner", validate="many_to_one")
    otherwise = []
    for row in rows.to_dict("records"):
        said: dict[str, list[str]] = {}
        for name in others:
            if isinstance(row[name], str) and row[name] != row[first]:
                said.setdefault(row[name], []).append(tr(name_of(name)))
        by_level = {word(level): tr(", ").join(names) for level, names in said.items()}
        otherwise.append(
            tr("; ").join(tr("{level} ({tests})", level=a, tests=b) for a, b in by_level.items())
        )
    kept = rows[["claim_id", "statement_en", "statement_ja", "level"]]
    return kept.assign(declared=rows[first] if len(rows) else None, otherwise=otherwise)


def name_of(test: str) -> str:
    """Return the English name of a test in a word or two, as for a list."""
    return _SHORT[test]


def omnibus_tests(measurements: pd.DataFrame) -> pd.DataFrame:
    """Is there any difference among the groups of an experiment? Three answers per endpoint.

    Returns
    -------
    DataFrame
        Columns experiment, endpoint, n, p_anova, p_welch (unequal variances), p_kruskal (ranks); endpoints
        with fewer than two groups of two animals are left out. With values below a limit of detection only
        the test on ranks is made (Gehan scores).
    """
    rows = []
    for experiment, endpoint, table in _tables(measurements):
        groups = {g: v.to_numpy(float) for g, v in table.groupby("group")["value"] if len(v) > 1}
        if len(groups) < 2:
            continue
        table = table[table["group"].isin(list(groups))]
        varies = all(np.ptp(v) > 0 for v in groups.values())
        known = not hides_values(table)
        welch = pg.welch_anova(table, dv="value", between="group")["p_unc"].iloc[0] if varies else np.nan
        by_mean = (_anova(table, groups), float(welch)) if known else (np.nan, np.nan)
        by_rank = kruskal_wallis(groups) if known else kruskal_wallis(*as_limits(table))
        rows.append((experiment, endpoint, len(table), *by_mean, by_rank))
    return pd.DataFrame(rows, columns=["experiment", "endpoint", "n", "p_anova", "p_welch", "p_kruskal"])


def _anova(table: pd.DataFrame, groups: dict[str, np.ndarray]) -> float:
    if not any(np.ptp(v) > 0 for v in groups.values()):
        return np.nan
    return float(pg.anova(table, dv="value", between="group")["p_unc"].iloc[0])


def flag_outliers(measurements: pd.DataFrame, limit: float = OUTLIER_LIMIT) -> pd.DataFrame:
    """Flag values that lie farther from their group than chance allows; nothing is taken out.

    The rule: the residual from the group's mean, studentised by the variance without that animal, has a
    two-sided t test p below `limit` after multiplication by the number of animals (Bonferroni).

    Returns
    -------
    DataFrame
        Columns animal_id, experiment, group, endpoint, value, studentised, p; one row per flagged value.
    """
    tables = [_studentise(table) for _, _, table in _tables(measurements)]
    scored = pd.concat(tables, ignore_index=True)
    columns = ["animal_id", "experiment", "group", "endpoint", "value", "studentised", "p"]
    return scored.loc[scored["p"] < limit, columns].reset_index(drop=True)


def _studentise(table: pd.DataFrame) -> pd.DataFrame:
    by_group = table.groupby("group")["value"]
    residual, size = table["value"] - by_group.transform("mean"), by_group.transform("size")
    free = 1 - 1 / size  # what a residual's variance is of the error's
    df = len(table) - table["group"].nunique() - 1
    if df < 1:
        return table.assign(studentised=np.nan, p=np.nan)
    without = ((residual**2).sum() - residual**2 / free.where(free > 0)) / df
    studentised = residual / np.sqrt((without * free).where(without > 1e-300))
    p = np.minimum(1, len(table) * 2 * stats.t.sf(studentised.abs(), df))
    return table.assign(studentised=studentised, p=p)


def without_most_extreme(measurements: pd.DataFrame) -> pd.DataFrame:
    """Leave out, per experiment and endpoint, the value farthest from its group's mean in SD of the group.

    Where several lie equally far (in groups of two, always), the first goes; where no group varies, none.
    """
    measurements = measurements.reset_index(drop=True)
    by_group = measurements.groupby(["experiment", "endpoint", "group"])["value"]
    distance = ((measurements["value"] - by_group.transform("mean")) / by_group.transform("std")).abs()
    ranked = measurements.assign(distance=distance.round(9))  # so that rounding does not choose among ties
    ranked = ranked.dropna(subset="distance").sort_values("distance", ascending=False, kind="stable")
    return measurements.drop(index=ranked.drop_duplicates(["experiment", "endpoint"]).index)


def _logarithms(measurements: pd.DataFrame) -> pd.DataFrame:
    keys = [measurements["experiment"], measurements["endpoint"]]
    # All or nothing: to leave out only the animals without a logarithm would compare other animals.
    smallest = measurements["value"].groupby(keys).transform("min")
    return measurements.assign(value=np.log(measurements["value"].where(smallest > 0)))


def _per_contrast(
    measurements: pd.DataFrame, study: Study, p_of: Callable[[Groups, Pairs], list[float]], holm: bool = True
) -> pd.DataFrame:
    """Return p of each contrast whose groups have two animals or more, Holm over those of an endpoint."""
    rows = []
    for experiment, endpoint, table in _tables(measurements):
        groups = {name: v.to_numpy(float) for name, v in table.groupby("group", sort=False)["value"]}
        groups = {name: values for name, values in groups.items() if len(values) > 1}
        tested = [c for c in study.experiments[experiment].contrasts if {c.case, c.reference} <= set(groups)]
        if tested:
            p = p_of(groups, [(c.case, c.reference) for c in tested])
            p = pg.multicomp(p, method="holm")[1] if holm else p
            rows += [[experiment, endpoint, c.name, one] for c, one in zip(tested, p, strict=True)]
    return pd.DataFrame(rows, columns=["experiment", "endpoint", "contrast", "p"])


def _games_howell(groups: Groups, pairs: Pairs) -> list[float]:
    varying = {name: values for name, values in groups.items() if np.ptp(values) > 0}
    return [_welch_range(varying, *pair) if set(pair) <= set(varying) else np.nan for pair in pairs]


def _welch_range(groups: Groups, case: str, reference: str) -> float:
    """Return p of Welch's t on the studentised range of all groups (Games and Howell 1976).

    pingouin has it for all pairs only, of which 200 groups have 19,900.
    """
    a, b = groups[case], groups[reference]
    of_a, of_b = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    df = (of_a + of_b) ** 2 / (of_a**2 / (len(a) - 1) + of_b**2 / (len(b) - 1))
    q = abs(a.mean() - b.mean()) / np.sqrt((of_a + of_b) / 2)
    return min(studentised_range_tail(q, len(groups), df), 1.0)


def control_of(pairs: Sequence[tuple[Group, Group]]) -> Group:
    """Return what most pairs of case and reference have as their reference; of several the first."""
    references = [reference for _, reference in pairs]
    return max(references, key=references.count)


def _dunnett(groups: Groups, pairs: Pairs) -> list[float]:
    control = control_of(pairs)
    p = dunnett(groups, control, [case for case, _ in pairs])
    return [p[case] if reference == control else np.nan for case, reference in pairs]


def _dunn(groups: Groups, pairs: Pairs) -> list[float]:
    z = rank_z(groups)
    return [two_sided(z[pair]) for pair in pairs]


def _pairwise(p_of: Callable[[np.ndarray, np.ndarray], float]) -> Callable[[Groups, Pairs], list[float]]:
    return lambda groups, pairs: [float(p_of(groups[a], groups[b])) for a, b in pairs]


def _tables(measurements: pd.DataFrame):
    for (experiment, endpoint), table in measurements.groupby(["experiment", "endpoint"], sort=False):
        yield experiment, endpoint, table.dropna(subset="value")
