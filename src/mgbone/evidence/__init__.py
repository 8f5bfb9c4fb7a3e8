"""From measurements to evidence: every comparison with its interval, effect size and p."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bayes": ["weigh_absence"],
        "comparison": ["compare"],
        "letters": ["journal_notes", "journal_tables", "summary_table"],
        "other_tests": [
            "DECLARED", "NAMES", "changed_claims", "compare_tests", "flag_outliers", "omnibus_tests",
        ],
        "words": [
            "absence_table", "count_absence", "each_finding", "findings", "name_outliers", "tell_trends",
            "width_of_effects",
        ],
    },
)  # fmt: skip
