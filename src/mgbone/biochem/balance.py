"""What the body keeps of the minerals eaten: apparent absorption and retention, from a table of balance."""

import pandas as pd
from IPython.display import Markdown

from mgbone.biochem.endpoints import tidy
from mgbone.dataset.opening import Dataset
from mgbone.dataset.parts import has_part
from mgbone.evidence.columns import MEASUREMENT_COLUMNS
from mgbone.evidence.ties import settled
from mgbone.study.dictionary import endpoints
from mgbone.study.language import tr

ABSORPTION = [name for name in endpoints("balance") if name.startswith("absorption_")]
RETENTION = [name for name in endpoints("balance") if name.startswith("retention_")]


def mineral_balance(dataset: Dataset) -> pd.DataFrame:
    """Return apparent absorption (%) and retention (mg/day) of Mg, Ca and P as tidy measurements.

    Apparent absorption is (intake - faecal) / intake, retention is intake - faecal - urinary, of means a day
    over the days of collection. Both may be negative: an animal can lose more than it eats.

    Returns
    -------
    DataFrame
        animal_id, experiment, group, endpoint, value, unit; no rows where the dataset has no such table.
    """
    if not has_part(dataset, "balance"):
        return pd.DataFrame(columns=MEASUREMENT_COLUMNS)
    table = dataset.balance.set_index("animal_id")
    columns = {}
    for name in (*ABSORPTION, *RETENTION):
        kind, _, mineral = name.partition("_")
        intake = table[f"{mineral}_intake"]
        absorbed = intake - table[f"{mineral}_faeces"]
        if kind == "absorption":
            columns[name] = settled(100 * absorbed / intake.where(intake > 0))
        else:
            columns[name] = settled(absorbed - table[f"{mineral}_urine"])
    wide = pd.DataFrame(columns).reindex(dataset.animals["animal_id"])
    return tidy(dataset, wide.dropna(axis="columns", how="all"))


def tell_balance(measurements: pd.DataFrame) -> Markdown:
    """Head the section on the balance of minerals; empty where there is none."""
    if measurements.empty:
        return Markdown("")
    return Markdown(
        tr(
            "### What is kept of the minerals eaten\n\n"
            "Faeces and urine of the days of collection, held against what was eaten: *apparent absorption* "
            "is (intake − faecal) / intake, *retention* is intake − faecal − urinary. Apparent, since what "
            "the gut itself gives off ends in the faeces, too. The report describes the collection and "
            "states no result of it, so that nothing is judged by it."
        )
    )
