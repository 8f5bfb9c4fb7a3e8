"""Serum, urine, growth and intake: from the tables as measured to endpoints."""

from __future__ import annotations

import pandas as pd

from mgbone.dataset import Dataset

SERUM = ["serum_mg", "serum_ca", "serum_p", "serum_pth", "serum_osteocalcin", "serum_alp"]
GROWTH = ["food_intake", "body_weight_gain"]
MINERALS = ["serum_mg", "serum_ca", "serum_p"]
FORMATION = ["serum_osteocalcin", "serum_alp"]
RESORPTION = ["urine_ctx", "urine_dpd", "serum_pth"]


def derive_endpoints(dataset: Dataset) -> pd.DataFrame:
    """Return the biochemistry endpoints of a dataset as tidy measurements.

    Weight gain is final minus initial weight; urinary CTX-I and DPD are divided by the creatinine of the same
    24-hour urine, which removes the dilution of the sample.

    Returns
    -------
    DataFrame
        Columns animal_id, experiment, group, endpoint, value, unit; one row per animal and endpoint of the
        tables that the dataset holds.
    """
    wide = dataset.animals.set_index("animal_id")
    columns = {}
    if {"food_intake"} <= set(wide.columns):
        columns["food_intake"] = wide["food_intake"]
    columns["body_weight_gain"] = wide["body_weight_final"] - wide["body_weight_initial"]
    if dataset.serum is not None:
        columns |= dict(dataset.serum.set_index("animal_id")[SERUM].items())
    if dataset.urine is not None:
        urine = dataset.urine.set_index("animal_id")
        columns["urine_ctx"] = urine["ctx"] / urine["creatinine"]
        columns["urine_dpd"] = urine["dpd"] / urine["creatinine"]
    return tidy(dataset, pd.DataFrame(columns).reindex(wide.index))


def tidy(dataset: Dataset, wide: pd.DataFrame) -> pd.DataFrame:
    """Turn a table animals x endpoints into measurements, in the order of the animals table."""
    from mgbone.dictionary import endpoint_unit

    long = wide.rename_axis("animal_id").reset_index()
    long = long.melt(id_vars="animal_id", var_name="endpoint", value_name="value")
    who = dataset.animals[["animal_id", "experiment", "group"]]
    long = who.merge(long, on="animal_id", how="right", validate="one_to_many")
    long["unit"] = long["endpoint"].map({e: endpoint_unit(e) for e in wide.columns})
    return long[["animal_id", "experiment", "group", "endpoint", "value", "unit"]]
