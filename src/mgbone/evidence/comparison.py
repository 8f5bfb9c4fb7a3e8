"""From measurements to evidence: estimate, interval, effect size and test per endpoint and contrast."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pingouin as pg

from mgbone.evidence.columns import EVIDENCE_COLUMNS, MEASUREMENT_COLUMNS
from mgbone.evidence.equivalence import how_sure, pooled_variance
from mgbone.evidence.exact import noncentral_limits, studentised_range_tail
from mgbone.evidence.power import studentised_range
from mgbone.evidence.rank_tests import as_limits, hides_values, rank_z, two_sided
from mgbone.study.design import Contrast, Study
from mgbone.study.dictionary import domain_of
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr
from mgbone.study.naming import GEHAN

TUKEY = "one-way ANOVA, Tukey-Kramer"
STUDENT = "Student's t test"


def compare(measurements: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Compare the groups of each experiment, endpoint by endpoint, by the contrasts of the study.

    With three or more groups the pooled variance comes from the one-way analysis of variance and p and
    interval from the studentised range (Tukey 1953, Kramer 1956), with two groups from Student's t test.
    Hedges g and its interval use the two groups alone (`hedges_g`), while the test pools all groups.

    An endpoint with values below a limit of detection (a true ``censored``) is tested on ranks instead
    (`mgbone.evidence.rank_tests`), which also give its direction, and no interval is given: it would rest on
    what stands for the limit.

    Parameters
    ----------
    measurements : DataFrame
        Columns animal_id, experiment, group, endpoint, value, unit; a missing value is an animal not
        measured.
    study : Study
        Gives groups, contrasts and the limits of ``significant`` and ``trend``.

    Returns
    -------
    DataFrame
        One row per experiment, endpoint and contrast with the columns of ``EVIDENCE_COLUMNS``. `estimate` is
        the mean of the case minus that of the reference, in `unit`; `points` says where the difference points
        (up, down, none) whatever its level, `direction` only where there is a finding. Where a group has
        fewer than two values, p, interval and level are missing: nothing was tested.

    Raises
    ------
    MgboneError
        If a column is missing, a group does not belong to its experiment, or an animal stands there twice.
    """
    _check(measurements, study)
    rows = []
    for experiment in study.experiments.values():
        of_experiment = measurements[measurements["experiment"] == experiment.name]
        for endpoint, table in of_experiment.groupby("endpoint", sort=False):
            known = {g: v.to_numpy(float) for g, v in table.dropna(subset="value").groupby("group")["value"]}
            groups = {g: known[g] for g in experiment.groups if g in known}
            unit = table["unit"].iloc[0]
            tukey = _tukey(groups, experiment.contrasts, study.thresholds["confidence"])
            ranked = _ranked(table, experiment.contrasts)
            spread = pooled_variance(groups.values())
            bound = study.equivalence_bound(endpoint)
            for contrast in experiment.contrasts:
                if contrast.case in groups and contrast.reference in groups:
                    row = _row(contrast, groups, tukey, study)
                    row |= _on_ranks(ranked.get(contrast.name), study)
                    if contrast.name not in ranked:
                        row |= how_sure(row, spread, bound, study.thresholds["confidence"])
                    rows.append({**row, "domain": domain_of(endpoint), "endpoint": endpoint, "unit": unit})
    return pd.DataFrame(rows, columns=EVIDENCE_COLUMNS)


def hedges_g(case: np.ndarray, reference: np.ndarray, confidence: float = 0.95) -> tuple[float, float, float]:
    """Hedges g of case minus reference, with the exact interval of the difference in SD (noncentral t).

    g is Cohen's d with the pooled SD times 1 - 3 / (4 N - 9), which takes out its bias (Hedges 1981). The
    interval is that of the true difference in SD (`noncentral_limits`), for normal values of equal variance;
    it does not lie evenly about g. Both use the two groups alone, while the declared test pools the variance
    of all groups of the experiment and counts all pairs: an interval that leaves out 0 is no p below 0.05.

    Returns
    -------
    tuple of float
        g, lower and upper limit, in SD; all missing where either group has fewer than two values or neither
        varies.
    """
    if min(len(case), len(reference)) < 2 or not (varies(case) or varies(reference)):
        return np.nan, np.nan, np.nan
    df = len(case) + len(reference) - 2
    pooled = np.sqrt(sum(((v - v.mean()) ** 2).sum() for v in (case, reference)) / df)
    d, scale = (case.mean() - reference.mean()) / pooled, np.sqrt(1 / len(case) + 1 / len(reference))
    low, high = noncentral_limits(d / scale, df, confidence)
    return float(d * (1 - 3 / (4 * df - 1))), float(low * scale), float(high * scale)


def varies(values: np.ndarray) -> bool:
    """Say whether values differ by more than rounding leaves."""
    return bool(np.ptp(values) > 1e-12 * np.abs(values).max()) if len(values) else False


def _check(measurements: pd.DataFrame, study: Study) -> None:
    missing = [c for c in MEASUREMENT_COLUMNS if c not in measurements.columns]
    if missing:
        said = N_("measurements lacks the column {columns}; it needs {all_columns}.")
        raise MgboneError(
            tr(said, columns=tr(", ").join(missing), all_columns=tr(", ").join(MEASUREMENT_COLUMNS))
        )
    _check_once(measurements)
    for experiment, group in measurements[["experiment", "group"]].drop_duplicates().itertuples(index=False):
        known = study.experiments[experiment].groups if experiment in study.experiments else ()
        if group not in known:
            experiments = tr("none: experiments are {names}", names=tr(", ").join(study.experiments))
            said = N_("measurements has the group {group!r} in {experiment!r}; allowed there: {allowed}.")
            raise MgboneError(
                tr(said, group=group, experiment=experiment, allowed=tr(", ").join(known) or experiments)
            )


def animals_by_endpoints(measurements: pd.DataFrame, index: str | list[str] = "animal_id") -> pd.DataFrame:
    """Put the endpoints of each animal side by side.

    Parameters
    ----------
    measurements : DataFrame
        Columns animal_id, endpoint, value, and those of `index`.

    Returns
    -------
    DataFrame
        Index as asked for, in the order of the rows; a column per endpoint.

    Raises
    ------
    MgboneError
        If an animal has two values of an endpoint: their mean would be a third animal.
    """
    _check_once(measurements)
    return measurements.pivot_table(index=index, columns="endpoint", values="value", sort=False)


def _check_once(measurements: pd.DataFrame) -> None:
    twice = measurements[measurements.duplicated(["animal_id", "endpoint"])]
    if len(twice):
        animal, endpoint = twice[["animal_id", "endpoint"]].iloc[0]
        said = N_("measurements has the animal {animal!r} twice for {endpoint!r}; keep one value.")
        raise MgboneError(tr(said, animal=animal, endpoint=endpoint))


def _tukey(
    groups: dict[str, np.ndarray], contrasts: Iterable[Contrast], confidence: float
) -> dict[frozenset[str], tuple[float, float, str]]:
    """Return p, half-width of the interval and test of each contrast between groups of two values or more.

    Of all pairs, which p allows for, only those asked for: 200 groups have 19,900.
    """
    groups = {g: v for g, v in groups.items() if len(v) > 1}
    if len(groups) < 2 or not any(varies(v) for v in groups.values()):
        return {}
    within, df = pooled_variance(groups.values())
    critical = studentised_range(1 - confidence, len(groups), df)
    found = {}
    for case, reference in ((c.case, c.reference) for c in contrasts):
        if not {case, reference} <= set(groups):
            continue
        of_a, of_b = groups[case], groups[reference]
        error = np.sqrt(within / 2 * (1 / len(of_a) + 1 / len(of_b)))
        p = studentised_range_tail(abs(of_a.mean() - of_b.mean()) / error, len(groups), df)
        found[frozenset((case, reference))] = p, critical * error, STUDENT if len(groups) == 2 else TUKEY
    return found


def _row(
    contrast: Contrast,
    groups: dict[str, np.ndarray],
    tukey: dict[frozenset[str], tuple[float, float, str]],
    study: Study,
) -> dict[str, object]:
    case, reference = groups[contrast.case], groups[contrast.reference]
    estimate = case.mean() - reference.mean()
    pair = frozenset((contrast.case, contrast.reference))
    p, half_width, test = tukey.get(pair, (np.nan, np.nan, "not tested"))
    g, g_low, g_high = hedges_g(case, reference, study.thresholds["confidence"])
    level = study.level(p) if np.isfinite(p) else None
    return {
        "experiment": contrast.experiment, "contrast": contrast.name,
        "n_case": len(case), "n_reference": len(reference),
        "estimate": estimate, "ci_low": estimate - half_width, "ci_high": estimate + half_width,
        "hedges_g": g, "g_low": g_low, "g_high": g_high,
        "p": p, "test": "not tested" if level is None else test,
        "direction": direction_of(estimate, level), "level": level, "points": points_of(estimate),
        "mean_case": case.mean(), "sd_case": _sd(case),
        "mean_reference": reference.mean(), "sd_reference": _sd(reference),
    }  # fmt: skip


def _ranked(table: pd.DataFrame, contrasts: tuple[Contrast, ...]) -> dict[str, tuple[float, float]]:
    """Gehan's z and its Holm-adjusted p per contrast; empty without a censored value."""
    measured = table.dropna(subset="value")
    if not hides_values(measured):
        return {}
    values, hidden = as_limits(measured)
    tested = [c for c in contrasts if {c.case, c.reference} <= set(values)]
    if not tested:
        return {}
    found = rank_z(values, hidden)
    z = [found[c.case, c.reference] for c in tested]
    p = pg.multicomp([two_sided(one) for one in z], method="holm")[1]
    return {c.name: (one, float(adjusted)) for c, one, adjusted in zip(tested, z, p, strict=True)}


def _on_ranks(found: tuple[float, float] | None, study: Study) -> dict[str, object]:
    """What changes in a row of evidence when values below a limit ask for ranks.

    No interval is claimed, and the direction is that of the ranks: a mean would rest on what stands for the
    limit.
    """
    if found is None:
        return {}
    z, p = found
    # Where no value is surely larger than another, as when all lie below limits, there is nothing to test.
    level = study.level(p) if np.isfinite(p) else None
    changed = {"p": p, "test": "not tested" if level is None else GEHAN, "level": level}
    changed |= {"direction": direction_of(z, level), "points": points_of(z)}
    return changed | dict.fromkeys(["ci_low", "ci_high", "g_low", "g_high"], np.nan)


def direction_of(estimate: float, level: str | None) -> str | None:
    """Direction of a finding: up or down where there is one, ``none`` where the level is none."""
    if level is None:
        return None
    return "none" if level == "none" else points_of(estimate)


def points_of(estimate: float) -> str | None:
    """Where a difference points, whatever its level: up, down or none; None where it is missing."""
    if not np.isfinite(estimate):
        return None
    return "none" if estimate == 0 else "up" if estimate > 0 else "down"


def _sd(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan
