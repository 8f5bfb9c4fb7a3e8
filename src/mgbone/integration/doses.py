"""The three parts of the study side by side, each dose against the reference of its own experiment."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import stats

from mgbone import biochem
from mgbone.dataset.opening import Dataset
from mgbone.evidence.columns import EVIDENCE_COLUMNS, under_one_another
from mgbone.evidence.comparison import direction_of, points_of
from mgbone.evidence.percent import percent_intervals
from mgbone.evidence.ties import settled
from mgbone.integration import contrasts
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoints
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr

DOSE_ORDER_ENDPOINT = "serum_mg"
SCORES = [e for e in endpoints("microarray") if e.startswith("score_")]

IN_ORDER = [*biochem.ALL, *endpoints("qct"), *SCORES]
"""All endpoints that each animal has a value of, in the report's order of argument."""


def stack(measurements: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put measurements of several notebooks under one another; tables without rows don't matter."""
    tables = list(measurements)
    return under_one_another(tables, tables[0].columns)


def on_one_scale(evidence: pd.DataFrame, study: Study) -> list[str]:
    """Return the endpoints with an effect size for any dose, in the report's order of argument."""
    stated = evidence["contrast"].isin([c.name for c in study.shown_contrasts]) & evidence["hedges_g"].notna()
    measured = set(evidence.loc[stated, "endpoint"])
    return [e for e in IN_ORDER if e in measured]


def percent_change(measurements: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Express each deficient animal's values as change from the mean of its own reference group, in percent.

    Returns
    -------
    DataFrame
        Columns experiment, group, contrast, dietary_mg_percent, endpoint, animal_id, percent; one row per
        deficient animal and endpoint, from the mildest to the hardest deficiency.
    """
    tables = []
    for contrast in study.shown_contrasts:
        of_experiment = measurements[measurements["experiment"] == contrast.experiment]
        reference = (
            of_experiment[of_experiment["group"] == contrast.reference].groupby("endpoint")["value"].mean()
        )
        case = of_experiment[of_experiment["group"] == contrast.case]
        tables.append(
            case.assign(
                contrast=contrast.name,
                dietary_mg_percent=study.groups[contrast.case].dietary_mg_percent,
                percent=settled(100 * (case["value"] / case["endpoint"].map(reference) - 1)),
            )
        )
    columns = ["experiment", "group", "contrast", "dietary_mg_percent", "endpoint", "animal_id", "percent"]
    return under_one_another(tables, columns)[columns]


def dose_response(evidence: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return, per endpoint and dose, the change of the mean from its own reference, in percent, with the
    interval of the contrast.

    The interval is Fieller's, at Tukey's critical value: the reference's mean is uncertain, too
    (`mgbone.evidence.percent`).

    Returns
    -------
    DataFrame
        Columns endpoint, domain, experiment, contrast, group, dietary_mg_percent, percent, ci_low, ci_high,
        p, level.
    """
    rows = []
    for contrast in study.shown_contrasts:
        chosen = evidence[
            evidence["experiment"].eq(contrast.experiment)
            & evidence["contrast"].eq(contrast.name)
            & evidence["domain"].isin(["biochem", "qct"])
        ]
        found = percent_intervals(chosen)
        rows.append(
            chosen[["endpoint", "domain", "experiment", "contrast", "p", "level"]].assign(
                group=contrast.case,
                dietary_mg_percent=study.groups[contrast.case].dietary_mg_percent,
                percent=found["percent"],
                ci_low=found["percent_low"],
                ci_high=found["percent_high"],
            )
        )
    columns = ["endpoint", "domain", "experiment", "contrast", "p", "level"]
    columns += ["group", "dietary_mg_percent", "percent", "ci_low", "ci_high"]
    return under_one_another(rows, columns)[columns]


def dose_steps(measurements: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Compare each diet with the next milder one in serum Mg, as a ratio of ratios to their own references.

    Returns
    -------
    DataFrame
        Columns step (such as ``0.04 to 0.02 % Mg``), estimate (log ratio), ci_low, ci_high, percent (the same
        as a change), p of `mgbone.integration.contrasts.log_ratios`; no rows where a dose or its reference,
        or serum Mg, was not measured.
    """
    serum = measurements[measurements["endpoint"] == DOSE_ORDER_ENDPOINT]
    columns = ["step", "estimate", "ci_low", "ci_high", "percent", "p"]
    pairs = contrasts.steps(study)
    if not pairs or not (values := contrasts.values_by_level(serum, study)):
        return pd.DataFrame(columns=columns)
    estimate, error, df, p = contrasts.log_ratios(values, pairs, study)
    half = stats.t.ppf((1 + study.thresholds["confidence"]) / 2, df) * error
    mg = [study.groups[contrast.case].dietary_mg_percent for contrast in study.dose_order]
    names = [tr("{a:g} to {b:g} % Mg", a=mg[low - 1], b=mg[high - 1]) for low, high in pairs]
    percent = 100 * np.expm1(estimate)
    told = [names, estimate, estimate - half, estimate + half, percent, p]
    return pd.DataFrame(dict(zip(columns, told, strict=True)))


def dose_order_evidence(measurements: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the evidence row for the dose order of serum Mg, in the columns of ``EVIDENCE_COLUMNS``.

    The level is ``monotonic`` if every step of `dose_steps` goes one way and is significant. An order needs
    all of its steps, so p is the largest of theirs (intersection-union test, Berger 1982); estimate and
    interval are those of that step. No row is returned where a dose or serum Mg was not measured.
    """
    table = dose_steps(measurements, study)
    if table.empty or table["p"].isna().any():
        return pd.DataFrame(columns=EVIDENCE_COLUMNS)
    least = table.loc[table["p"].idxmax()]
    one_way = abs(np.sign(table["estimate"]).sum()) == len(table)
    monotonic = one_way and least["p"] < study.thresholds["significant"]
    serum = measurements[measurements["endpoint"] == DOSE_ORDER_ENDPOINT]
    sizes = {key: len(v) for key, v in contrasts.values_by_level(serum, study).items()}
    cases = {(c.experiment, c.case) for c in study.dose_order}
    row = {
        "experiment": "both", "domain": "integration",
        "endpoint": DOSE_ORDER_ENDPOINT, "contrast": "dose_order",
        "n_case": sum(n for key, n in sizes.items() if key in cases),
        "n_reference": sum(n for key, n in sizes.items() if key not in cases),
        **least[["estimate", "ci_low", "ci_high", "p"]], "unit": "log ratio",
        "test": "every step a contrast of log ratios, the largest p",
        "direction": direction_of(least["estimate"], "monotonic" if monotonic else "none"),
        "level": "monotonic" if monotonic else "not_monotonic",
        "points": points_of(table["estimate"].sum()),  # from the mildest to the hardest diet
    }  # fmt: skip
    return pd.DataFrame([row], columns=EVIDENCE_COLUMNS)


def size_of_dose_order(
    measurements: pd.DataFrame, study: Study, n_draws: int = 20_000, seed: int = 0
) -> pd.DataFrame:
    """Draw serum Mg without any effect, and count how often the test of `dose_order_evidence` finds one.

    The groups drawn are as large as those measured, and vary as much in percent of their means (normal).

    Returns
    -------
    DataFrame
        Columns step, size (share of draws in which that step has a significant p, whatever its sign); the
        last row, ``all``, is the share in which the whole order is called. No rows where nothing can be
        tested.
    """
    told = dose_steps(measurements, study)
    if told.empty:
        return pd.DataFrame(columns=["step", "size"])
    serum = measurements[measurements["endpoint"] == DOSE_ORDER_ENDPOINT]
    rng = np.random.default_rng(seed)
    drawn = {
        key: 1 + v.std(ddof=1) / v.mean() * rng.standard_normal((n_draws, len(v)))
        for key, v in contrasts.values_by_level(serum, study).items()
    }
    estimate, _, _, p = contrasts.log_ratios(drawn, contrasts.steps(study), study)
    found = p < study.thresholds["significant"]
    ordered = found.all(axis=1) & (np.ptp(np.sign(estimate), axis=1) == 0)
    size = [*found.mean(axis=0), ordered.mean()]
    return pd.DataFrame({"step": [*told["step"], "all"], "size": np.round(size, 6)})


def combine(*evidence: pd.DataFrame) -> pd.DataFrame:
    """Stack evidence tables in the order given.

    Raises
    ------
    MgboneError
        If a comparison is there twice: a statement could then be judged by either row.
    """
    stacked = under_one_another(evidence, EVIDENCE_COLUMNS)
    twice = stacked[stacked.duplicated(["experiment", "endpoint", "contrast"])]
    if len(twice):
        said = N_(
            "The evidence holds {endpoint}, {contrast}, in {experiment} twice; hand in each table once."
        )
        raise MgboneError(tr(said, **twice.iloc[0]))
    return stacked


def findings_per_dose(evidence: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return every finding (any level but none) of the report's contrasts, mildest dose first.

    Returns
    -------
    DataFrame
        Columns dietary_mg_percent, contrast, domain, endpoint, direction (empty for clusters, which have
        none), level, percent (change from the reference; missing for arrays), p.
    """
    tables = []
    for contrast in study.shown_contrasts:
        chosen = evidence[
            evidence["experiment"].eq(contrast.experiment) & evidence["contrast"].eq(contrast.name)
        ]
        chosen = chosen[chosen["level"].isin(["significant", "trend", "separated"])]
        chosen = chosen[~chosen["endpoint"].str.contains("/")]  # a ratio says what its two parts say
        percent = 100 * chosen["estimate"] / chosen["mean_reference"].replace(0, np.nan)
        percent = percent.where(chosen["domain"] != "microarray")  # a score has no natural zero
        dose = study.groups[contrast.case].dietary_mg_percent
        direction = chosen["direction"].where(chosen["level"] != "separated", "")
        tables.append(chosen.assign(dietary_mg_percent=dose, percent=percent, direction=direction))
    columns = ["dietary_mg_percent", "contrast", "domain", "endpoint", "direction", "level", "percent", "p"]
    return under_one_another(tables, columns)[columns]


def reported_percents(claims: pd.DataFrame, evidence: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Put the means that the report states on the scale of `dose_response`: change from the reference's mean.

    Returns
    -------
    DataFrame
        Columns endpoint, dietary_mg_percent, percent; one row per statement with a value.
    """
    stated = claims.dropna(subset="value").merge(
        evidence[["experiment", "endpoint", "contrast", "mean_reference"]],
        on=["experiment", "endpoint", "contrast"],
    )
    case = stated["contrast"].str.split("_vs_").str[0]
    return pd.DataFrame(
        {
            "endpoint": stated["endpoint"],
            "dietary_mg_percent": [study.groups[name].dietary_mg_percent for name in case],
            "percent": 100 * (stated["value"] / stated["mean_reference"] - 1),
        }
    )


def require_all_tested(verdicts: pd.DataFrame, dataset: Dataset) -> None:
    """Stop if a statement was not tested on a simulated dataset, which holds everything that the ledger
    speaks of.

    A laboratory's dataset may lack a table; there the verdict itself says so.

    Raises
    ------
    MgboneError
        Naming the statements.
    """
    untested = verdicts.loc[verdicts["verdict"] == "not_tested", "claim_id"]
    if dataset.is_simulated and len(untested):
        said = N_(
            "{n} statements of the ledger were not tested: {claims}. No notebook wrote evidence for their "
            "endpoint and contrast."
        )
        raise MgboneError(tr(said, n=len(untested), claims=tr(", ").join(untested)))
