"""Microarrays: from the scanner's CEL files to gene sets."""

import lazy_loader

from mgbone.dataset.arrays.cel import read_cel, read_cels
from mgbone.dataset.arrays.library import find_platform, read_platform

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "agreement": ["genes_on_chip"],
        "arrays": [
            "array_evidence", "best_theme_terms", "chip_images", "cluster_all_contrasts",
            "cluster_experiment", "compare_arrays", "contrasts_in_pairs", "count_arrays", "extreme_variances",
            "groups_of", "load_arrays", "normalise", "not_testable", "overlap_of", "prerank_best_terms",
            "severity_of_mixed", "testable", "themes_under_both", "top_genes", "untested_evidence",
            "with_intervals",
        ],
        "changed_genes": [
            "call_genes", "expressed_genes", "gene_lists", "p_value_histogram", "significance_counts",
        ],
        "clustering": ["clustering_table"],
        "differential": ["differential_expression", "genes_by_hand"],
        "enrichment": ["camera", "fold_terms", "over_representation"],
        "genesets": ["fit_gene_sets", "load_gene_sets", "load_themes", "name_genes", "theme_genes"],
        "normalisation": ["rma", "rma_steps"],
        "quality": [
            "BOX_LIMITS", "array_correlation", "box_table", "distributions", "flag_arrays",
            "principal_components", "relative_log_expression", "spoil", "unscaled_standard_errors",
        ],
        "scores": ["score_measurements"],
        "swaps": ["check_labels"],
        "words": [
            "arrays_not_compared", "backgrounds", "best_terms", "both_tests", "clusterings", "flag_table",
            "gene_counts", "hand_table", "how_normalised", "name_flags", "overlaps", "swapped",
            "tell_both_tests", "tell_severity", "themes_in_sets", "top_genes_table",
        ],
    },
)  # fmt: skip
__all__ += ["find_platform", "read_cel", "read_cels", "read_platform"]
