"""The parts put together: one scale, doses in order, links within animals, and the judge itself judged."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "disagreements": ["RATIO", "hold_against_sources", "formation_evidence"],
        "doses": [
            "SCORES", "combine", "dose_order_evidence", "dose_response", "dose_steps", "findings_per_dose",
            "on_one_scale", "percent_change", "reported_percents", "require_all_tested", "size_of_dose_order",
            "stack",
        ],
        "negative_control": [
            "chance_of", "chance_of_verdict", "count_control", "distribution", "judge_control",
            "permute_labels", "tested",
        ],
        "shapes": ["dose_shapes", "shape_evidence"],
        "within_animals": [
            "correlate_within", "partial_within", "smallest_detectable", "wide_table", "within_evidence",
        ],
        "words": [
            "count_power", "count_shapes", "count_sources", "fold_out", "pair_table", "control_table",
            "tell_size", "told_per_dose",
        ],
    },
)  # fmt: skip
