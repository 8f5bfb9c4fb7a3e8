"""The words of the explorer page, by the keys that its script and template know them by."""

from collections.abc import Mapping

from mgbone.study.language import N_

WORDS: Mapping[str, str] = {
    "explorer": N_("Explorer"),
    "genes": N_("Gene expression"),
    "two": N_("Two comparisons"),
    "endpoints": N_("Endpoints"),
    "ledger": N_("Statements"),
    "comparison": N_("Comparison"),
    "against": N_("against"),
    "search": N_("Search: gene, name or other name"),
    "limit": N_("Changed if q is below"),
    "own": N_("Your own genes, one a line"),
    "mark": N_("Mark them"),
    "clear": N_("Clear"),
    "csv": N_("Table as CSV"),
    "svg": N_("Picture as SVG"),
    "png": N_("Picture as PNG"),
    "volcano": N_("Volcano: fold change and p"),
    "ma": N_("MA: average expression and fold change"),
    "lfc": N_("log2 fold change"),
    "minus_log_p": "−log10 p",
    "average": N_("Average log2 expression"),
    "gene": N_("gene"),
    "name": N_("name"),
    "theme": N_("theme"),
    "low": N_("from"),
    "high": N_("to"),
    "chip": N_(
        "Probe set {probeset} ({place}), {probes} probes: mean correlation between two {correlation}, "
        "residual {residual} (log2)"
    ),
    "no_place": N_("no place in the annotation"),
    "animals": N_("Every animal"),
    "log2": N_("log2 expression"),
    "difference": N_("Difference, 95 % interval"),
    "mean_sd": N_("bar: mean ± SD"),
    "n_of": N_("{n} of {all}"),
    "selected": N_("{n} selected"),
    "filter": N_("filter"),
    "how": N_(
        "Draw a box over dots to select genes, click on one to choose it. Filters: part of a name, or <0.05, "
        ">1, -1..1. The address of the page holds what you see: send it on."
    ),
    "changed": N_("changed (q below the limit)"),
    "unchanged": N_("all genes"),
    "unknown": N_("not on the chip: {names}"),
    "endpoint": N_("endpoint"),
    "estimate": N_("estimate"),
    "unit": N_("unit"),
    "test": N_("test"),
    "dose": N_("dose"),
    "domain": N_("domain"),
    "kind": N_("kind"),
    "verdict": N_("verdict"),
    "statement": N_("statement"),
    "text": N_("text"),
    "again": N_("found again (%)"),
    "severity": N_("severity"),
    "share": N_("same in other analyses (%)"),
    "all": N_("all"),
    "nothing": N_("none"),
    "no_arrays": N_("This dataset has no arrays."),
    "trust": N_("This page lives by its script. In JupyterLab, press “Trust HTML” above it."),
    "caged": N_(
        "In this frame nothing can be downloaded. Save the picture by a right click, copy the table, or open "
        "explorer.html in a browser."
    ),
    "close": N_("Close"),
    "kept": N_("In the picture: what the page shows now, stamped if the data are simulated."),
}
