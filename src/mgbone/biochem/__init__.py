"""Biochemistry of serum and urine: endpoints, creatinine, and what pair-feeding tells apart."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "balance": ["ABSORPTION", "RETENTION", "mineral_balance", "tell_balance"],
        "endpoints": [
            "ALL", "FORMATION", "GROWTH", "MINERALS", "RESORPTION", "before_and_after_creatinine",
            "check_assumptions", "count_values", "derive_endpoints", "describe_serum", "effect_of_creatinine",
            "findings_without_creatinine", "missing_values", "sample_sizes",
        ],
        "pair_feeding": ["adjust_for_intake", "contrasts_about_intake", "pair_fed_experiments"],
        "words": ["pair_feeding_table"],
    },
)  # fmt: skip
