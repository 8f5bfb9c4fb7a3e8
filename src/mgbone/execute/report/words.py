"""Words of the page that are looked up by a key of data."""

from collections.abc import Mapping

from mgbone.study.language import N_

HEADINGS: Mapping[str, str] = {
    "summary": N_("Summary"),
    "map": N_("The verdict map"),
    "doses": N_("What each dose did"),
    "ledger": N_("Statement by statement"),
    "figures": N_("Figures"),
    "comparisons": N_("All comparisons"),
    "methods": N_("Methods"),
    "provenance": N_("Where this comes from"),
}
LEVELS: Mapping[str, str] = {
    "significant": N_("significant, p < {significant}"),
    "trend": N_("trend, {significant} ≤ p < {trend}"),
    "none": N_("no difference shown"),
    "separated": N_("arrays fall apart by group"),
    "mixed": N_("arrays of the groups are mixed"),
    "monotonic": N_("step by step with the diet"),
    "not_monotonic": N_("not step by step with the diet"),
    "neither": N_("neither one way nor most at the mildest dose"),
}
SHAPES: Mapping[tuple[str, str], str] = {
    ("peak", "up"): N_("highest at the mildest dose"),
    ("peak", "down"): N_("lowest at the mildest dose"),
    ("one_way", "up"): N_("higher at lower doses"),
    ("one_way", "down"): N_("lower at lower doses"),
}
ODDS: Mapping[str, str] = {
    "up": N_("log2 odds ratio among the genes that are higher"),
    "down": N_("log2 odds ratio among the genes that are lower"),
}
RULES: Mapping[str, str] = {
    "reproduced": N_(
        "Direction and level are those of the statement; a mean that it states lies in the 95 % interval of "
        "the group's mean."
    ),
    "direction_only": N_(
        "The difference points as stated, but at another level, or the stated mean is outside the interval."
    ),
    "contradicted": N_("The data point the other way, or show an effect where the statement has none."),
    "not_tested": N_("The dataset has no comparison for it, or too few animals to test."),
}

THRESHOLDS: Mapping[str, str] = {
    "significant": N_("significant: p below"),
    "trend": N_("trend: p from the limit above up to below"),
    "confidence": N_("confidence of intervals"),
    "gene_q": N_("changed gene: q below"),
    "gene_log2_fold_change": N_("and absolute log2 fold change above"),
    "expressed": N_("expressed gene: mean log2 expression above"),
    "gene_set_q": N_("enriched GO term: q below"),
    "cluster_p": N_("separated arrays: permutation p below"),
}

UNITS: Mapping[str, str] = {
    "log2 odds ratio": N_("log2 odds ratio"),
    "mean silhouette": N_("mean silhouette"),
    "log ratio": N_("log ratio"),
}

SIGNS: Mapping[tuple[str, str], str] = {
    ("up", "significant"): "▲",
    ("up", "trend"): "△",
    ("down", "significant"): "▼",
    ("down", "trend"): "▽",
    ("none", "none"): "–",
    ("none", "separated"): "●○",
    ("none", "mixed"): "◐",
    ("none", "not_monotonic"): "–",
    ("none", "neither"): "–",
    ("up", "peak"): "▲",
    ("down", "peak"): "▼",
    ("up", "one_way"): "⇗",
    ("down", "one_way"): "⇘",
    ("down", "monotonic"): "⇘",
    ("up", "monotonic"): "⇗",
}
"""The sign of a finding by direction and level; ``?`` stands for what was not tested."""
