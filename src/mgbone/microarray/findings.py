"""Evidence of the arrays for the ledger: clustering of groups and themes among enriched terms."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mgbone.evidence.comparison import EVIDENCE_COLUMNS
from mgbone.microarray.clustering import Clustering
from mgbone.microarray.differential import split_contrast
from mgbone.study.design import Study
from mgbone.study.errors import MgboneError

_BEST = ["q_both", "p", "log2_odds_ratio"]


def clustering_evidence(clusterings: Mapping[str, Clustering], experiment: str, study: Study) -> pd.DataFrame:
    """Turn clusterings of two groups each into rows of evidence with the endpoint ``array_clustering``.

    Level is separated or mixed, direction none; estimate is the mean silhouette, p that of the permutation
    test. No interval is given: drawing genes anew would not show what other animals would do.

    Parameters
    ----------
    clusterings : mapping
        From `cluster_contrasts`, by contrast.
    experiment : str
    study : Study

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
        rows.append(
            {
                "experiment": experiment,
                "domain": "microarray",
                "endpoint": "array_clustering",
                "contrast": name,
                "n_case": int(sizes[contrast.case]),
                "n_reference": int(sizes[contrast.reference]),
                "estimate": verdict["silhouette"],
                "unit": "mean silhouette",
                "p": verdict["p"],
                "test": f"permutation of arrays ({verdict['splits']} {kind} splits)",
                "direction": "none",
                "level": verdict["level"],
            }
        )
    return pd.DataFrame(rows).reindex(columns=EVIDENCE_COLUMNS)


# --- What it says to the report ----------------------------------------------------------------------


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
    study : Study
    experiment : str
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

    A theme of which no term was tested (gene sets of another kind) has a row without a level.
    """
    if experiment not in study.experiments:
        raise MgboneError(f"{experiment!r} is no experiment; there are {', '.join(study.experiments)}.")
    sizes = None if groups is None else pd.Series(dict(groups)).value_counts()
    rows = []
    for contrast in study.experiments[experiment].array_contrasts:
        tested = enriched[enriched["contrast"] == contrast.name]
        if tested.empty:
            continue
        for theme, terms in themes.groupby("theme", sort=False):
            of_theme = tested[tested["term"].isin(terms["go_id"])]
            if of_theme.empty:
                rows.append(_untested_row(theme, contrast.name, experiment, study, sizes))
                continue
            best = of_theme.sort_values(_BEST, ascending=[True, True, False], kind="stable").iloc[0]
            rows.append(_evidence_row(best, theme, contrast.name, experiment, study, sizes))
    return pd.DataFrame(rows).reindex(columns=[*EVIDENCE_COLUMNS, "term", "term_name", "list_size", "hits"])


def _untested_row(
    theme: str, contrast: str, experiment: str, study: Study, sizes: pd.Series | None
) -> dict[str, object]:
    row = {"experiment": experiment, "domain": "microarray", "endpoint": theme, "contrast": contrast}
    return row | _array_counts(contrast, study, sizes) | {"test": "not tested"}


def _array_counts(contrast: str, study: Study, sizes: pd.Series | None) -> dict[str, int]:
    count = [
        study.arrays_per_group if sizes is None else int(sizes.get(g, 0)) for g in split_contrast(contrast)
    ]
    return dict(zip(("n_case", "n_reference"), count, strict=True))


def _evidence_row(
    best: pd.Series, theme: str, contrast: str, experiment: str, study: Study, sizes: pd.Series | None
) -> dict[str, object]:
    level = study.level(best["q_both"])
    return {
        "experiment": experiment,
        "domain": "microarray",
        "endpoint": theme,
        "contrast": contrast,
        **_array_counts(contrast, study, sizes),
        "estimate": best["log2_odds_ratio"],
        "ci_low": best["ci_low"],
        "ci_high": best["ci_high"],
        "unit": "log2 odds ratio",
        "p": best["q_both"],
        "test": f"over-representation, BH over all terms of both lists ({best['term']})",
        "direction": "none" if level == "none" else best["direction"],
        "level": level,
        "term": best["term"],
        "term_name": best["name"],
        "list_size": best["list_size"],
        "hits": best["hits"],
    }
