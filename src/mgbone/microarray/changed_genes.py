"""Changed genes: called by limits of q and fold change, counted, listed, and compared between contrasts."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from mgbone.microarray.differential import one_contrast, split_contrast
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr

Q_GRID = (0.001, 0.01, 0.05, 0.10)
LOG2_FOLD_CHANGE_GRID = (0.0, 0.25, 0.5, 1.0)


def call_genes(table: pd.DataFrame, q: float = 0.05, log2_fold_change: float = 0.0) -> pd.DataFrame:
    """Add a column `direction`: up or down where q and fold change pass their limits, otherwise none.

    A gene passes if its q is below `q` and its absolute log2 fold change is not below `log2_fold_change`.
    """
    passes = (table["q"] < q) & (table["log2_fold_change"].abs() >= log2_fold_change)
    sign = np.sign(table["log2_fold_change"])
    direction = np.select([passes & (sign > 0), passes & (sign < 0)], ["up", "down"], "none")
    return table.assign(direction=direction)


def gene_lists(
    table: pd.DataFrame, q: float = 0.05, log2_fold_change: float = 0.0
) -> dict[str, dict[str, list[str]]]:
    """Genes called up and down: ``lists[contrast]["up"]``, in the order of the table."""
    called = call_genes(table, q, log2_fold_change)
    return {
        contrast: {d: rows.loc[rows["direction"] == d, "gene"].tolist() for d in ("up", "down")}
        for contrast, rows in called.groupby("contrast", sort=False)
    }


def expressed_genes(table: pd.DataFrame, limit: float) -> dict[str, list[str]]:
    """Genes with a mean log2 expression above `limit`: by contrast, in the order of the table.

    The mean is `average_expression`, over all arrays of the experiment: it looks at no group and so favours
    no direction (Bourgon, Gentleman and Huber 2010).

    Raises
    ------
    MgboneError
        If no gene of a contrast is expressed: the limit is not on the scale of these values.
    """
    found = {}
    for contrast, rows in table.groupby("contrast", sort=False):
        found[contrast] = rows.loc[rows["average_expression"] > limit, "gene"].tolist()
        if not found[contrast]:
            said = N_(
                "No gene counts as expressed in {contrast}: the highest mean log2 expression is "
                "{highest:.2f}, the limit {limit:g}. Put one that fits these values as `expressed` under "
                "`thresholds` in a study.yml beside the data."
            )
            raise MgboneError(
                tr(said, contrast=contrast, highest=rows["average_expression"].max(), limit=limit)
            )
    return found


def significance_counts(
    table: pd.DataFrame,
    q: Iterable[float] = Q_GRID,
    log2_fold_change: Iterable[float] = LOG2_FOLD_CHANGE_GRID,
) -> pd.DataFrame:
    """Count the genes called at each limit of a grid, to show how much the choice of limits matters.

    Returns
    -------
    DataFrame
        Columns contrast, q, log2_fold_change, up, down, total.
    """
    rows = []
    limits = [(a, b) for a in q for b in log2_fold_change]
    for contrast, genes in table.groupby("contrast", sort=False):
        for q_limit, change in limits:
            counts = call_genes(genes, q_limit, change)["direction"].value_counts()
            up, down = int(counts.get("up", 0)), int(counts.get("down", 0))
            rows.append((contrast, q_limit, change, up, down, up + down))
    return pd.DataFrame(rows, columns=["contrast", "q", "log2_fold_change", "up", "down", "total"])


def overlap(
    table: pd.DataFrame, contrast_a: str, contrast_b: str, q: float = 0.05, log2_fold_change: float = 0.0
) -> pd.DataFrame:
    """Put two contrasts side by side, gene by gene.

    Returns
    -------
    DataFrame
        Columns gene, log2_fold_change_a, q_a, direction_a, the same for b, and `class`: both_same,
        both_opposite, only_a, only_b or neither.

    Raises
    ------
    MgboneError
        If a contrast is not in the table.
    """
    called = call_genes(table, q, log2_fold_change)
    sides = [one_contrast(called, name) for name in (contrast_a, contrast_b)]
    columns = ["gene", "log2_fold_change", "q", "direction"]
    both = sides[0][columns].merge(sides[1][columns], on="gene", suffixes=("_a", "_b"), validate="1:1")
    a, b = both["direction_a"] != "none", both["direction_b"] != "none"
    same = both["direction_a"] == both["direction_b"]
    classes = ["both_same", "both_opposite", "only_a", "only_b"]
    both["class"] = np.select([a & b & same, a & b, a, b], classes, "neither")
    return both


def overlap_summary(both: pd.DataFrame, contrast_a: str, contrast_b: str, groups: pd.Series) -> pd.DataFrame:
    """Count an `overlap` and say how alike the two contrasts are, and would be by chance.

    `expected` is the number of genes that would change the same way in both if the two lists had nothing to
    do with one another: up times up plus down times down, over all genes.

    Two contrasts against one reference share its arrays, so that their fold changes correlate even where
    nothing happened: by 1/n_reference over the root of (1/n_a + 1/n_reference)(1/n_b + 1/n_reference), 0.5
    with equal groups. A hypergeometric p of the overlap would take that for a finding; hence none is given.

    Parameters
    ----------
    both : DataFrame
        From `overlap`.
    contrast_a, contrast_b : str
        Its two contrasts.
    groups : Series
        Group of each array.

    Returns
    -------
    DataFrame
        One row: changed_a, changed_b, both_same, both_opposite, expected (of both_same, if independent),
        correlation (Pearson, over all genes), correlation_by_chance.
    """
    counts = both["class"].value_counts()
    (up_a, down_a), (up_b, down_b) = (
        [int((both[f"direction_{side}"] == way).sum()) for way in ("up", "down")] for side in "ab"
    )
    r = both["log2_fold_change_a"].corr(both["log2_fold_change_b"])
    row = {
        "contrast_a": contrast_a, "contrast_b": contrast_b, "genes": len(both),
        "changed_a": up_a + down_a, "changed_b": up_b + down_b,
        "both_same": int(counts.get("both_same", 0)),
        "both_opposite": int(counts.get("both_opposite", 0)),
        "expected": (up_a * up_b + down_a * down_b) / len(both) if len(both) else np.nan,
        "correlation": r, "correlation_by_chance": _chance_correlation(contrast_a, contrast_b, groups),
    }  # fmt: skip
    return pd.DataFrame([row])


def _chance_correlation(contrast_a: str, contrast_b: str, groups: pd.Series) -> float:
    """Correlation of the estimates of two contrasts under independent arrays of equal variance."""
    sizes = pd.Series(groups).value_counts()
    weights = []
    for contrast in (contrast_a, contrast_b):
        case, reference = split_contrast(contrast)
        weights.append(pd.Series({case: 1.0, reference: -1.0}).reindex(sizes.index, fill_value=0.0))
    covariance = float((weights[0] * weights[1] / sizes).sum())
    variances = [float((w**2 / sizes).sum()) for w in weights]
    return covariance / float(np.sqrt(variances[0] * variances[1]))


def p_value_histogram(table: pd.DataFrame, bins: int = 20) -> pd.DataFrame:
    """Count p values in equal bins from 0 to 1, per contrast.

    Where nothing happened they are spread evenly; genes that changed pile up at the left. A hump in the
    middle or at the right says that the model does not fit.

    Returns
    -------
    DataFrame
        Columns contrast, left, right, count, null_share, expected. `null_share` is the estimated share of
        unchanged genes (Storey 2002 with lambda 0.5, at most 1), `expected` the count of such genes in a bin.
    """
    edges = np.linspace(0, 1, bins + 1)
    tables = []
    for contrast, genes in table.groupby("contrast", sort=False):
        p = genes["p"].to_numpy()
        null_share = min(1.0, 2 * float(np.mean(p > 0.5)))
        frame = {"left": edges[:-1], "right": edges[1:], "count": np.histogram(p, edges)[0]}
        tables.append(
            pd.DataFrame(frame).assign(
                contrast=contrast, null_share=null_share, expected=null_share * len(p) / bins
            )
        )
    columns = ["contrast", "left", "right", "count", "null_share", "expected"]
    return pd.concat(tables, ignore_index=True)[columns]
