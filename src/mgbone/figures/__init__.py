"""Frames in, figures out: every picture of the notebooks; nothing is computed here."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "array_quality": ["array_boxes", "array_distributions", "array_map", "pseudo_images"],
        "calling": ["genes_by_hand", "overlap_scatter", "threshold_grid"],
        "density": ["content_over_volume", "density_map", "profiles", "region_dots"],
        "design": ["timeline"],
        "disagreements": ["stated_and_measured"],
        "dose_shapes": ["shape_plane"],
        "doses": ["dose_response", "per_dose"],
        "feeding": ["pair_feeding"],
        "femur": ["femur_drawing"],
        "forest": ["effect_forest"],
        "genes": ["ma_plot", "p_value_histograms", "volcano"],
        "genesets": ["camera_bars", "ora_dots", "running_sums"],
        "groups": ["group_dots"],
        "negative_control": ["counts_by_chance"],
        "other_tests": ["choice_of_test"],
        "tree": ["cohesion", "dendrogram_heatmap"],
        "urine": ["dilution"],
        "verdicts": ["verdict_map"],
        "within_animals": ["correlation_network"],
    },
)
