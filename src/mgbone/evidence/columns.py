"""The columns of measurements and of evidence, for who needs to know them without testing anything."""

from collections.abc import Iterable, Sequence

import pandas as pd

MEASUREMENT_COLUMNS = ["animal_id", "experiment", "group", "endpoint", "value", "unit"]

EQUIVALENCE_COLUMNS = ["bound_percent", "p_equivalence", "smallest_bound_percent", "severity", "absence"]

EVIDENCE_COLUMNS = [
    "experiment", "domain", "endpoint", "contrast", "n_case", "n_reference",
    "estimate", "ci_low", "ci_high", "unit", "hedges_g", "g_low", "g_high",
    "p", "test", "direction", "level",
    "mean_case", "sd_case", "mean_reference", "sd_reference", "points", *EQUIVALENCE_COLUMNS,
]  # fmt: skip


def under_one_another(tables: Iterable[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Stack tables, those without rows left out; where none has rows, one without rows, of these columns."""
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(columns))
