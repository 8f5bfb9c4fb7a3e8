"""The columns of measurements and of evidence, for who needs to know them without testing anything."""

from __future__ import annotations

MEASUREMENT_COLUMNS = ["animal_id", "experiment", "group", "endpoint", "value", "unit"]

EQUIVALENCE_COLUMNS = ["bound_percent", "p_equivalence", "smallest_bound_percent", "severity", "absence"]

EVIDENCE_COLUMNS = [
    "experiment", "domain", "endpoint", "contrast", "n_case", "n_reference",
    "estimate", "ci_low", "ci_high", "unit", "hedges_g", "g_low", "g_high",
    "p", "test", "direction", "level",
    "mean_case", "sd_case", "mean_reference", "sd_reference", "points", *EQUIVALENCE_COLUMNS,
]  # fmt: skip
