"""The three parts of the study side by side, each dose against the reference of its own experiment."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import stats

from mgbone import biochem
from mgbone.dataset.opening import Dataset
from mgbone.evidence.comparison import EVIDENCE_COLUMNS, direction_of, points_of
from mgbone.evidence.ties import settled
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoints
from mgbone.study.errors import MgboneError

DOSE_ORDER_ENDPOINT = "serum_mg"
SCORES = [e for e in endpoints("microarray") if e.startswith("score_")]

IN_ORDER = [*biochem.ALL, *endpoints("qct"), *SCORES]
"""All endpoints that each animal has a value of, in the report's order of argument."""


def stack(measurements: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put measurements of several notebooks under one another; tables without rows don't matter."""
    tables = list(measurements)
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else tables[0].copy()


def on_one_scale(evidence: pd.DataFrame, study: Study) -> list[str]:
    """Return the endpoints with an effect size for any dose, in the report's order of argument."""
    stated = evidence["contrast"].isin([c.name for c in study.dose_order]) & evidence["hedges_g"].notna()
    measured = set(evidence.loc[stated, "endpoint"])
    return [e for e in IN_ORDER if e in measured]


def percent_of_reference(measurements: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Express each deficient animal's values as percent of the mean of its own reference group.

    Returns
    -------
    DataFrame
        Columns experiment, group, contrast, dietary_mg_percent, endpoint, animal_id, percent; one row per
        deficient animal and endpoint, from the mildest to the hardest deficiency.
    """
    tables = []
    for contrast in study.dose_order:
        of_experiment = measurements[measurements["experiment"] == contrast.experiment]
        reference = (
            of_experiment[of_experiment["group"] == contrast.reference].groupby("endpoint")["value"].mean()
        )
        case = of_experiment[of_experiment["group"] == contrast.case]
        tables.append(
            case.assign(
                contrast=contrast.name,
                dietary_mg_percent=study.groups[contrast.case].dietary_mg_percent,
                percent=settled(100 * case["value"] / case["endpoint"].map(reference)),
            )
        )
    columns = ["experiment", "group", "contrast", "dietary_mg_percent", "endpoint", "animal_id", "percent"]
    return _under_one_another(tables, columns)


def dose_response(evidence: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return, per endpoint and dose, the group mean as percent of its own reference with the interval of the
    contrast.

    The interval is that of the difference (Tukey), divided by the reference mean, which is taken as fixed.

    Returns
    -------
    DataFrame
        Columns endpoint, domain, experiment, contrast, group, dietary_mg_percent, percent, ci_low, ci_high,
        p, level.
    """
    rows = []
    for contrast in study.dose_order:
        chosen = evidence[
            evidence["experiment"].eq(contrast.experiment)
            & evidence["contrast"].eq(contrast.name)
            & evidence["domain"].isin(["biochem", "qct"])
        ]
        scale = 100 / chosen["mean_reference"]
        rows.append(
            chosen[["endpoint", "domain", "experiment", "contrast", "p", "level"]].assign(
                group=contrast.case,
                dietary_mg_percent=study.groups[contrast.case].dietary_mg_percent,
                percent=100 + scale * chosen["estimate"],
                ci_low=100 + scale * chosen["ci_low"],
                ci_high=100 + scale * chosen["ci_high"],
            )
        )
    columns = ["endpoint", "domain", "experiment", "contrast", "p", "level"]
    columns += ["group", "dietary_mg_percent", "percent", "ci_low", "ci_high"]
    return _under_one_another(rows, columns)


def _under_one_another(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Stack tables of one form; a study without doses in order has none."""
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def dose_order_test(percents: pd.DataFrame) -> pd.DataFrame:
    """Test, per endpoint, whether the percent of reference moves one way from dose to dose.

    Kendall's tau between the rank of the deficiency and the animals' percent of reference: with groups as
    ties it is the Jonckheere-Terpstra test (Jonckheere 1954). `steps` says whether the group means also go
    one way at every step, which a trend test alone does not require.

    Parameters
    ----------
    percents : DataFrame
        From `percent_of_reference`.

    Returns
    -------
    DataFrame
        Columns endpoint, n, tau, p, steps (``down``, ``up`` or ``neither``).
    """
    rows = []
    doses = percents["dietary_mg_percent"].unique()
    for endpoint, table in percents.dropna(subset="percent").groupby("endpoint", sort=False):
        means = table.groupby("dietary_mg_percent")["percent"].mean().reindex(sorted(doses, reverse=True))
        change = means.diff().iloc[1:]
        deficiency = -table["dietary_mg_percent"].rank(method="dense")
        tau, p = stats.kendalltau(deficiency, table["percent"], method="asymptotic")
        one_way = "down" if (change < 0).all() else "up" if (change > 0).all() else "neither"
        rows.append({"endpoint": endpoint, "n": len(table), "tau": tau, "p": p, "steps": one_way})
    return pd.DataFrame(rows)


def dose_order_evidence(measurements: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the evidence row for the dose order of serum Mg, in the columns of ``EVIDENCE_COLUMNS``.

    The level is ``monotonic`` if the means go one way at every step and the trend test is significant; no row
    is returned where a dose or serum Mg was not measured.
    """
    serum = measurements[measurements["endpoint"] == DOSE_ORDER_ENDPOINT]
    percents = percent_of_reference(serum, study).dropna(subset="percent")
    if not study.dose_order or percents["contrast"].nunique() < len(study.dose_order):
        return pd.DataFrame(columns=EVIDENCE_COLUMNS)
    test = dose_order_test(percents).iloc[0]
    monotonic = test["steps"] != "neither" and test["p"] < study.thresholds["significant"]
    references = {(c.experiment, c.reference) for c in study.dose_order}
    where = pd.MultiIndex.from_frame(serum[["experiment", "group"]]).isin(list(references))
    row = {
        "experiment": "both",
        "domain": "integration",
        "endpoint": DOSE_ORDER_ENDPOINT,
        "contrast": "dose_order",
        "n_case": int(test["n"]),
        "n_reference": int(serum["value"][where].notna().sum()),
        "estimate": test["tau"],
        "unit": "Kendall tau",
        "p": test["p"],
        "test": "Jonckheere-Terpstra on percent of reference",
        "direction": direction_of(test["tau"], "monotonic" if monotonic else "none"),
        "level": "monotonic" if monotonic else "not_monotonic",
        "points": points_of(test["tau"]),
    }
    return pd.DataFrame([row], columns=EVIDENCE_COLUMNS).astype({"ci_low": float, "ci_high": float})


def combine(*evidence: pd.DataFrame) -> pd.DataFrame:
    """Stack evidence tables in the order given.

    Raises
    ------
    MgboneError
        If a comparison is there twice: a statement could then be judged by either row.
    """
    filled = [table for table in evidence if len(table)]
    stacked = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=EVIDENCE_COLUMNS)
    twice = stacked[stacked.duplicated(["experiment", "endpoint", "contrast"])]
    if len(twice):
        one = twice.iloc[0]
        raise MgboneError(
            f"The evidence holds {one['endpoint']}, {one['contrast']}, in {one['experiment']} twice; "
            "hand in each table once."
        )
    return stacked


def findings_per_dose(evidence: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return every finding (any level but none) of the report's contrasts, mildest dose first.

    Returns
    -------
    DataFrame
        Columns dietary_mg_percent, contrast, domain, endpoint, direction, level, percent (of reference;
        missing for arrays), p.
    """
    tables = []
    for contrast in study.dose_order:
        chosen = evidence[
            evidence["experiment"].eq(contrast.experiment) & evidence["contrast"].eq(contrast.name)
        ]
        chosen = chosen[chosen["level"].isin(["significant", "trend", "separated"])]
        chosen = chosen[~chosen["endpoint"].str.contains("/")]  # a ratio says what its two parts say
        percent = 100 + 100 * chosen["estimate"] / chosen["mean_reference"].replace(0, np.nan)
        percent = percent.where(chosen["domain"] != "microarray")  # a score has no natural zero
        dose = study.groups[contrast.case].dietary_mg_percent
        tables.append(chosen.assign(dietary_mg_percent=dose, percent=percent))
    columns = ["dietary_mg_percent", "contrast", "domain", "endpoint", "direction", "level", "percent", "p"]
    return _under_one_another(tables, columns)


def reported_percents(claims: pd.DataFrame, evidence: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Put the means that the report states on the scale of `dose_response`: percent of the reference's mean.

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
            "percent": 100 * stated["value"] / stated["mean_reference"],
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
        raise MgboneError(
            f"{len(untested)} statements of the ledger were not tested: {', '.join(untested)}. "
            "No notebook wrote evidence for their endpoint and contrast."
        )
