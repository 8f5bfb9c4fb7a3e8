"""One number per array and theme: single-sample gene-set scores set arrays beside other endpoints."""

import warnings
from collections.abc import Collection, Mapping

import gseapy
import pandas as pd

from mgbone.evidence.columns import MEASUREMENT_COLUMNS
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr

FEWEST = 10


def score_arrays(expression: pd.DataFrame, sets: Mapping[str, Collection[str]]) -> pd.DataFrame:
    """Score sets of genes in each array by single-sample GSEA (Barbie et al. 2009, by gseapy's `ssgsea`).

    Genes are ranked within an array; the score adds up, over all ranks, how far the genes of the set run
    ahead of the others, high ranks weighing more (exponent 0.25). Divided by the number of genes it is a mean
    and lies between -1 and 1. No array enters the score of another one, and no group enters any.

    Parameters
    ----------
    expression : DataFrame, genes x arrays
        log2 expression.
    sets : mapping
        Genes of each set. Genes not on the chip don't count; a set with fewer than ``FEWEST`` left is not
        scored.

    Returns
    -------
    DataFrame, arrays x sets
        In the order of the arrays and sets given.

    Raises
    ------
    MgboneError
        If no set has enough genes on the chip.
    """
    on_chip = {name: sorted(set(genes) & set(expression.index)) for name, genes in sets.items()}
    kept = {name: genes for name, genes in on_chip.items() if len(genes) >= FEWEST}
    if not kept:
        said = N_(
            "No gene set has {fewest} genes on the chip, so that no array can be scored; are the gene sets "
            "and the chip of one organism?"
        )
        raise MgboneError(tr(said, fewest=FEWEST))
    # gseapy may turn symbols into capitals, which would join genes that differ in case only: it gets numbers.
    number = {gene: f"G{i:07d}" for i, gene in enumerate(expression.index)}
    named = {name: [number[gene] for gene in genes] for name, genes in kept.items()}
    ranked = expression.rename(index=number)
    parts = [
        _scored(ranked.iloc[:, first : first + _ARRAYS_AT_ONCE], named)
        for first in range(0, ranked.shape[1], _ARRAYS_AT_ONCE)
    ]
    return pd.concat(parts)[list(kept)] / len(expression)


_ARRAYS_AT_ONCE = 50  # gseapy keeps every running sum of those that it is handed


def _scored(ranked: pd.DataFrame, sets: Mapping[str, list[str]]) -> pd.DataFrame:
    """Score some arrays, arrays x sets: the sum over all ranks."""
    with warnings.catch_warnings():  # gseapy still calls pandas in ways that pandas 3 speaks against
        warnings.simplefilter("ignore", DeprecationWarning)
        done = gseapy.ssgsea(
            data=ranked, gene_sets=dict(sets), sample_norm_method="rank", min_size=FEWEST,
            max_size=len(ranked), weight=0.25, threads=1, outdir=None, no_plot=True, verbose=False,
        )  # fmt: skip
    scores = done.res2d.pivot_table(index="Name", columns="Term", values="ES", aggfunc="first")
    return scores.astype(float).loc[list(ranked.columns)]


def score_measurements(
    expression: pd.DataFrame, table: pd.DataFrame, sets: Mapping[str, Collection[str]]
) -> pd.DataFrame:
    """Put the scores of the themes (`score_arrays`) into the form of all measurements.

    Parameters
    ----------
    expression : DataFrame, genes x arrays
    table : DataFrame
        One row per array: array_id, animal_id, experiment, group.
    sets : mapping
        Genes of each theme, named ``<theme>_genes``, as from `genesets.theme_genes`.

    Returns
    -------
    DataFrame
        animal_id, experiment, group, endpoint (``score_<theme>``), value, unit; the mean where an animal has
        more than one array. No rows where no theme has enough genes on the chip.
    """
    if not any(len(set(genes) & set(expression.index)) >= FEWEST for genes in sets.values()):
        return pd.DataFrame(columns=MEASUREMENT_COLUMNS)
    scores = score_arrays(expression, sets)
    scores.columns = [score_of(theme) for theme in scores.columns]
    wide = table[["array_id", "animal_id", "experiment", "group"]].merge(
        scores, left_on="array_id", right_index=True, validate="one_to_one"
    )
    keys = ["animal_id", "experiment", "group"]
    wide = wide.groupby(keys, sort=False, as_index=False)[list(scores.columns)].mean()
    long = wide.melt(id_vars=keys, var_name="endpoint", value_name="value")
    return long.assign(unit="")[MEASUREMENT_COLUMNS]


def score_of(theme: str) -> str:
    """Name the score of a theme: ``score_bone_metabolism`` for ``bone_metabolism_genes``."""
    return f"score_{theme.removesuffix('_genes')}"
