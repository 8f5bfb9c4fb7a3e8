"""How far each statement can be trusted: over new cohorts, other analyses, and how hard it was tested."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "animals": ["animals_needed", "chances_by_n", "plan"],
        "array_run": ["read_arrays", "run_arrays"],
        "calibration": ["calibrate"],
        "multiverse": ["animal_multiverse"],
        "multiverse_words": ["analyses_table", "decision_table", "most_divided", "tell_analyses"],
        "observed": ["observed_differences"],
        "on_demand": ["curve"],
        "replication": ["closed_chances", "replication", "counted_chances"],
        "runs": ["FOLDER", "how_many_hold", "prepare", "run_cohorts"],
        "specifications": ["about_statement", "specification_curve"],
        "table": ["CERTAINTY_COLUMNS", "certainty_table", "severity"],
        "words": [
            "agreement_table", "calibration_table", "chance_table", "tell_ways", "plan_table", "tell_plan",
            "tell_run",
        ],
    },
)  # fmt: skip
