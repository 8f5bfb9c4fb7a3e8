"""Serum, urine, growth and intake: from the tables as measured to endpoints."""

from typing import Any

import numpy as np
import pandas as pd
import pingouin as pg

from mgbone.dataset.opening import Dataset
from mgbone.dataset.parts import has_part
from mgbone.evidence.comparison import compare
from mgbone.evidence.rank_tests import SUBSTITUTE
from mgbone.evidence.ties import difference, settled
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_unit, field_unit, measured_fields
from mgbone.study.naming import AXES

SERUM = measured_fields("serum")
GROWTH = list(AXES["intake"])
MINERALS = [*AXES["status"], *AXES["minerals"]]
FORMATION = list(AXES["formation"])
RESORPTION = list(AXES["resorption"])
PER_CREATININE = {"ctx": "urine_ctx", "dpd": "urine_dpd"}  # column of the table urine: endpoint
FORMS = ("uncorrected", "per_day", "corrected")  # a urinary marker as collected, in 24 hours, per creatinine
ALL = GROWTH + MINERALS + FORMATION + RESORPTION
PLACES = ["slice", "position", "thickness"]  # where a slice lies, not what was measured there


def derive_endpoints(dataset: Dataset) -> pd.DataFrame:
    """Return the biochemistry endpoints of a dataset as tidy measurements.

    Weight gain is final minus initial weight; urinary CTX-I and DPD are divided by the creatinine of the same
    24-hour urine, which removes the dilution of the sample. Both are rounded to what the data can tell
    (`mgbone.evidence.ties`), so that tests on ranks see equal values as equal.

    A value below a limit of detection enters as the limit over the square root of two, for drawing and for
    means, and is marked; `mgbone.evidence.compare` then tests on ranks, which that choice doesn't touch.

    Returns
    -------
    DataFrame
        Columns animal_id, experiment, group, endpoint, value, unit; one row per animal and endpoint of the
        tables that the dataset holds. With values below a limit also a boolean column censored.
    """
    wide = dataset.animals.set_index("animal_id")
    columns = {}
    if {"food_intake"} <= set(wide.columns):
        columns["food_intake"] = wide["food_intake"]
    columns["body_weight_gain"] = difference(wide["body_weight_final"], wide["body_weight_initial"])
    if dataset.serum is not None:
        columns |= dict(dataset.serum.set_index("animal_id")[SERUM].items())
    if dataset.urine is not None:
        urine = dataset.urine.set_index("animal_id")
        creatinine = urine["creatinine"].where(urine["creatinine"] > 0)  # nothing can be divided by none
        columns |= {e: settled(urine[column] / creatinine) for column, e in PER_CREATININE.items()}
    values = pd.DataFrame(columns).reindex(wide.index)
    if not dataset.study.follows_report:  # what a study of another nutrient never measured is not its concern
        values = values.dropna(axis="columns", how="all")
    long = tidy(dataset, values)
    if dataset.below_limit.empty:
        return long
    marked = dataset.below_limit.assign(endpoint=lambda t: t["field"].replace(PER_CREATININE))
    hidden = pd.MultiIndex.from_frame(long[["animal_id", "endpoint"]]).isin(
        pd.MultiIndex.from_frame(marked[["animal_id", "endpoint"]])
    )
    return long.assign(value=long["value"].mask(hidden, long["value"] * SUBSTITUTE), censored=hidden)


def tidy(dataset: Dataset, wide: pd.DataFrame) -> pd.DataFrame:
    """Turn a table animals x endpoints into measurements, in the order of the animals table."""
    long = wide.rename_axis("animal_id").reset_index()
    long = long.melt(id_vars="animal_id", var_name="endpoint", value_name="value")
    who = dataset.animals[["animal_id", "experiment", "group"]]
    long = who.merge(long, on="animal_id", how="right", validate="one_to_many")
    long["unit"] = long["endpoint"].map({e: endpoint_unit(e) for e in wide.columns})
    return long[["animal_id", "experiment", "group", "endpoint", "value", "unit"]]


def count_values(dataset: Dataset) -> pd.DataFrame:
    """Count animals, and those measured in each table, per experiment and group: nobody goes missing unseen.

    An animal counts as measured if its rows of the table hold at least one value.
    """
    animals = dataset.animals
    planned = [(e.name, group) for e in dataset.study.experiments.values() for group in e.groups]
    counts = pd.DataFrame({"animals": animals.groupby(["experiment", "group"], sort=False).size()})
    for name in ("serum", "urine", "qct_slices", "arrays"):
        table = dataset.tables.get(name)
        held = [] if table is None else table.set_index("animal_id").drop(columns=PLACES, errors="ignore")
        measured = animals["animal_id"].isin([] if table is None else held.dropna(how="all").index)
        counts[name] = measured.groupby([animals["experiment"], animals["group"]], sort=False).sum()
    order = pd.MultiIndex.from_tuples(planned, names=["experiment", "group"])
    return counts.reindex(order, fill_value=0).reset_index()


def sample_sizes(dataset: Dataset) -> dict[str, Any]:
    """Return the animals and arrays of each (experiment, group), and which samples there are."""
    counts = count_values(dataset).set_index(["experiment", "group"])
    sizes = {name: {key: int(n) for key, n in counts[name].items()} for name in ("animals", "arrays")}
    return {**sizes, "samples": tuple(part for part in ("serum", "urine", "qct") if has_part(dataset, part))}


def describe_serum(dataset: Dataset) -> pd.DataFrame:
    """Return count, mean, SD, median and range of each column of serum; no rows without a table of serum."""
    shown = ["count", "mean", "std", "min", "50%", "max"]
    if dataset.serum is None:
        return pd.DataFrame(columns=shown)
    values = dataset.serum.drop(columns="animal_id").astype(float)
    if not dataset.study.follows_report:
        values = values.dropna(axis="columns", how="all")
    return values.describe().T[shown].round(2) if len(values.columns) else pd.DataFrame(columns=shown)


def missing_values(measurements: pd.DataFrame) -> pd.DataFrame:
    """List every value that is missing: animal_id, experiment, group, endpoint."""
    blank = measurements[measurements["value"].isna()]
    return blank[["animal_id", "experiment", "group", "endpoint"]].reset_index(drop=True)


def before_and_after_creatinine(dataset: Dataset) -> pd.DataFrame:
    """Return the urinary markers as collected, per day and per creatinine, of the animals that have the
    latter.

    Returns
    -------
    DataFrame
        Columns animal_id, experiment, group, endpoint, creatinine (mmol/L), uncorrected (in the unit of the
        table urine), per_day (ug/day, nmol/day; missing without the volume of the 24-hour urine), corrected
        (in the unit of the endpoint), and deviation_ of each form: from the mean of the animal's own group,
        in percent of it. With values below a limit of detection also censored, as in `derive_endpoints`.
        No rows without a table of urine.
    """
    columns = ["animal_id", "experiment", "group", "endpoint", "creatinine"]
    columns += [*FORMS, *(f"deviation_{form}" for form in FORMS)]
    if dataset.urine is None:
        return pd.DataFrame(columns=columns)
    long = derive_endpoints(dataset).dropna(subset="value").rename(columns={"value": "corrected"})
    tables = []
    for column, endpoint in PER_CREATININE.items():
        urine = dataset.urine.reindex(columns=["animal_id", column, "creatinine", "urine_volume"])
        urine = urine.rename(columns={column: "uncorrected"})
        both = long[long["endpoint"].eq(endpoint)].merge(urine, on="animal_id")
        if "censored" in both:
            both["uncorrected"] = both["uncorrected"].mask(both["censored"], both["uncorrected"] * SUBSTITUTE)
        both["per_day"] = settled(both["uncorrected"] * both["urine_volume"] / 1000)  # of mL/day
        for kind in FORMS:
            mean = both.groupby(["experiment", "group"])[kind].transform("mean")
            both[f"deviation_{kind}"] = 100 * (both[kind] / mean - 1)
        tables.append(both)
    together = pd.concat(tables, ignore_index=True)
    return together[[*columns, *(c for c in ["censored"] if c in together)]]


def effect_of_creatinine(dataset: Dataset) -> pd.DataFrame:
    """Compare the spread of the urinary markers as collected, per day, and after division by creatinine.

    Returns
    -------
    DataFrame
        Columns endpoint, cv_uncorrected, cv_per_day, cv_corrected: coefficient of variation in percent within
        groups (root mean square over the groups). No rows without a table of urine.
    """
    rows = []
    for endpoint, table in before_and_after_creatinine(dataset).groupby("endpoint", sort=False):
        forms = table.groupby(["experiment", "group"])[list(FORMS)]
        rows.append([endpoint, *100 * ((forms.std() / forms.mean()) ** 2).mean() ** 0.5])
    return pd.DataFrame(rows, columns=["endpoint", *(f"cv_{form}" for form in FORMS)])


def findings_without_creatinine(dataset: Dataset, study: Study, evidence: pd.DataFrame) -> pd.DataFrame:
    """Put beside each comparison of a urinary marker what it would have been without creatinine.

    Parameters
    ----------
    evidence : DataFrame
        From `mgbone.evidence.compare`, with the corrected markers.

    Returns
    -------
    DataFrame
        Columns experiment, endpoint, contrast, and percent (difference in percent of the reference), p and
        level of the declared test, each with ``_uncorrected``, ``_per_day`` (excretion in 24 hours) and
        ``_corrected``.
    """
    units = {endpoint: field_unit("urine", column) for column, endpoint in PER_CREATININE.items()}
    raw = before_and_after_creatinine(dataset)
    raw = raw.assign(unit=raw["endpoint"].map(units))
    day = raw["unit"].str.replace("/L", "/day")
    tables = {
        "uncorrected": compare(raw.assign(value=raw["uncorrected"]), study),
        "per_day": compare(raw.assign(value=raw["per_day"], unit=day), study),
        "corrected": evidence[evidence["endpoint"].isin(list(units))],
    }
    keys = ["experiment", "endpoint", "contrast"]
    found = tables["uncorrected"][keys]
    for form, table in tables.items():
        told = table.assign(percent=100 * table["estimate"] / table["mean_reference"]).set_index(keys)
        found = found.join(told[["percent", "p", "level"]].add_suffix(f"_{form}"), on=keys)
    return found


def check_assumptions(measurements: pd.DataFrame) -> pd.DataFrame:
    """Look at what the analysis of variance takes for granted, per experiment and endpoint (pingouin).

    Returns
    -------
    DataFrame
        Columns experiment, endpoint, p_normality (Shapiro-Wilk on the residuals from the group means),
        p_equal_variance (Levene on deviations from the median), sd_ratio (largest over smallest group SD).
        Groups of one animal say nothing of spread and are left out, as are endpoints with fewer than two
        groups or without any spread within groups.
    """
    keys = ["experiment", "endpoint"]
    rows = []
    for (experiment, endpoint), table in measurements.dropna(subset="value").groupby(keys, sort=False):
        groups = [v.to_numpy(float) for _, v in table.groupby("group")["value"] if len(v) > 1]
        if len(groups) < 2 or not any(np.ptp(v) for v in groups):
            continue
        sds = [v.std(ddof=1) if np.ptp(v) else 0.0 for v in groups]
        residuals = np.concatenate([v - v.mean() for v in groups])
        normality = float(pg.normality(residuals)["pval"].iloc[0])
        ratio = max(sds) / min(sds) if min(sds) > 0 else float("inf")
        rows.append((experiment, endpoint, normality, _levene(groups), ratio))
    return pd.DataFrame(rows, columns=[*keys, "p_normality", "p_equal_variance", "sd_ratio"])


def _levene(groups: list[np.ndarray]) -> float:
    """Levene's test; missing where the animals of each group lie equally far from its median, as two do."""
    distances = [np.abs(v - np.median(v)) for v in groups]
    if not any(np.ptp(d) > 1e-12 * max(1.0, np.abs(v).max()) for d, v in zip(distances, groups, strict=True)):
        return np.nan
    return float(pg.homoscedasticity(groups, method="levene")["pval"].iloc[0])
