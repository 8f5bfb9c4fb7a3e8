"""Frames in, figures out: every picture of the notebooks; nothing is computed here."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "arrays": [
            "array_boxes", "array_distributions", "array_map", "cohesion", "dendrogram_heatmap",
            "pseudo_images",
        ],
        "certainty": ["animals_by_chance", "certainty_plane", "how_many_hold"],
        "comparisons": ["choice_of_test", "effect_forest", "pair_feeding"],
        "density": ["content_over_volume", "density_map", "profiles", "region_dots"],
        "design": ["timeline"],
        "doses": ["dose_response", "per_dose", "shape_plane"],
        "femur": ["femur_drawing"],
        "genes": [
            "genes_by_hand", "ma_plot", "overlap_scatter", "p_value_histograms", "threshold_grid", "volcano",
        ],
        "genesets": ["camera_bars", "ora_dots", "running_sums"],
        "groups": ["dilution", "group_dots"],
        "specifications": ["specification_curve"],
        "verdicts": ["counts_by_chance", "stated_and_measured", "verdict_map"],
        "within_animals": ["correlation_network"],
    },
)  # fmt: skip
