"""Evidence of the arrays for the ledger: clustering of groups and themes among enriched terms."""

from collections.abc import Mapping

import pandas as pd

from mgbone.evidence.columns import EVIDENCE_COLUMNS
from mgbone.microarray.clustering import Clustering, can_be_separated
from mgbone.study.design import Study
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr

_BEST = ["q_both", "p", "log2_odds_ratio"]
UNTESTED = {"test": "not tested"}


def clustering_evidence(clusterings: Mapping[str, Clustering], experiment: str, study: Study) -> pd.DataFrame:
    """Turn clusterings of two groups each into rows of evidence with the endpoint ``array_clustering``.

    Level is separated or mixed, direction none; estimate is the mean silhouette, p that of the permutation
    test. Where the arrays are too few for the rule there is neither level nor p. No interval is given:
    drawing genes anew would not show what other animals would do.

    Parameters
    ----------
    clusterings : mapping
        From `cluster_contrasts`, by contrast.

    Raises
    ------
    StudyError
        If the experiment has no such contrast.
    """
    rows = []
    for name, clustering in clusterings.items():
        contrast = study.contrast(experiment, name)
        sizes = clustering.groups.value_counts()
        verdict = clustering.verdict
        kind = "all" if verdict["exact"] else "random"
        test = f"permutation of arrays ({verdict['splits']} {kind} splits)"
        answer = {"p": verdict["p"], "test": test, "direction": "none", "level": verdict["level"]}
        about = {
            "experiment": experiment, "domain": "microarray", "endpoint": "array_clustering",
            "contrast": name, "n_case": int(sizes[contrast.case]),
            "n_reference": int(sizes[contrast.reference]),
            "estimate": verdict["silhouette"], "unit": "mean silhouette",
        }  # fmt: skip
        rows.append(about | (UNTESTED if verdict["level"] == "not_tested" else answer))
    return pd.DataFrame(rows).reindex(columns=EVIDENCE_COLUMNS)


def theme_evidence(
    enriched: pd.DataFrame,
    themes: pd.DataFrame,
    study: Study,
    experiment: str,
    groups: pd.Series | Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Turn the tests of all terms into one row of evidence per theme and contrast.

    Each theme is spoken for by its term with the smallest q in either list. That q counts all terms tested in
    both lists (`q_both`), not those of the theme or of one list alone, so that picking the best is paid for.
    `estimate` is the log2 odds
    ratio of that term in the list (above 0: more genes than by chance), with its Woolf interval; `p` is its
    q; `direction` the list that it was found in, none where its level is none.

    Parameters
    ----------
    enriched : DataFrame
        From `over_representation`, over all terms.
    themes : DataFrame
        From `load_themes`.
    groups : Series or mapping, optional
        Group of each array, to count arrays; without it the counts are the study's.

    Returns
    -------
    DataFrame
        The columns of the evidence and term, term_name, list_size, hits; one row per array contrast of the
        experiment in `enriched` and theme.

    Raises
    ------
    MgboneError
        If the experiment is unknown.

    A theme has a row without a level where no term of it was tested (gene sets of another kind), and where
    no gene is in either list though the arrays are too few to tell groups apart (`can_be_separated`): then
    it is arrays that are wanting, not changes.
    """
    if experiment not in study.experiments:
        said = N_("{experiment!r} is no experiment; there are {known}.")
        raise MgboneError(tr(said, experiment=experiment, known=tr(", ").join(study.experiments)))
    sizes = None if groups is None else pd.Series(dict(groups)).value_counts()
    rows = []
    for contrast in study.experiments[experiment].array_contrasts:
        tested = enriched[enriched["contrast"] == contrast.name]
        n = [
            study.arrays_per_group if sizes is None else int(sizes.get(g, 0))
            for g in (contrast.case, contrast.reference)
        ]
        if min(n) < 2 or (tested.empty and len(enriched)):
            continue
        enough = can_be_separated(n, study.thresholds["cluster_p"])
        answered = enough or tested["list_size"].any()
        for theme, terms in themes.groupby("theme", sort=False):
            about = {
                "experiment": experiment, "domain": "microarray", "endpoint": theme,
                "contrast": contrast.name, "n_case": n[0], "n_reference": n[1],
            }  # fmt: skip
            of_theme = tested[tested["term"].isin(terms["go_id"])]
            rows.append(about | (_found(of_theme, study) if len(of_theme) and answered else UNTESTED))
    return pd.DataFrame(rows).reindex(columns=[*EVIDENCE_COLUMNS, "term", "term_name", "list_size", "hits"])


def _found(of_theme: pd.DataFrame, study: Study) -> dict[str, object]:
    best = of_theme.sort_values(_BEST, ascending=[True, True, False], kind="stable").iloc[0]
    level = study.level(best["q_both"])
    return {
        **best[["ci_low", "ci_high", "term", "list_size", "hits"]], "term_name": best["name"],
        "estimate": best["log2_odds_ratio"], "unit": "log2 odds ratio", "p": best["q_both"],
        "test": f"over-representation, BH over all terms of both lists ({best['term']})",
        "direction": "none" if level == "none" else best["direction"], "level": level,
    }  # fmt: skip
