"""Where a gene is measured on the chip, and how well the probes that measure it agree.

Two numbers, since each alone misleads. The *correlation between probes* says whether they see the same rats
differ: that of a gene that hardly differs between arrays is low however good its probes are. The *residual*
of the probe-level model says how far a probe strays from what probe and array together predict, in log2, and
can be read for every gene (Bolstad BM et al. 2005, as in `mgbone.microarray.quality`).
"""

import numpy as np
import pandas as pd

from mgbone.microarray.arrays import ArraySet
from mgbone.microarray.genes import probeset_choice
from mgbone.microarray.normalisation import RmaSteps, side_by_side

ON_CHIP_COLUMNS = ["gene", "probeset_id", "place", "probes", "probe_correlation", "probe_residual"]


def genes_on_chip(steps: RmaSteps, scans: ArraySet) -> pd.DataFrame:
    """Tell of each gene its probe set, its place in the genome and the agreement of its probes.

    Returns
    -------
    DataFrame
        Columns gene, probeset_id (the one that stands for the gene), place (chromosome, start, stop and
        strand by the annotation of the chip; missing where it has none), and those of `probe_agreement`.
        Genes as in the expression; no rows where expression was normalised elsewhere.
    """
    if not steps.has_probes:
        return pd.DataFrame(columns=ON_CHIP_COLUMNS)
    annotation = scans.platform.annotation
    chosen = probeset_choice(steps.expression, annotation["gene_symbol"])
    chosen = chosen.loc[chosen["kept"], ["gene"]]
    table = chosen.join(annotation["place"]).join(probe_agreement(steps))
    return table.rename_axis("probeset_id").reset_index()[ON_CHIP_COLUMNS]


def probe_agreement(steps: RmaSteps) -> pd.DataFrame:
    """Measure how well the probes of each probe set agree.

    Returns
    -------
    DataFrame
        Index as `steps.expression`; columns probes (their number), probe_correlation (mean of Pearson's
        correlation over all pairs of its probes, of normalised log2 intensities over the arrays; missing
        with fewer than two probes, or where one does not vary) and probe_residual (root mean square of the
        residuals of median polish, log2). Rounded to four decimals.
    """
    order, starts = side_by_side(steps.probesets)
    counts, starts = np.diff(starts), starts[:-1]
    normalised, residuals = steps.normalised.to_numpy(), steps.residuals.to_numpy()
    correlation, residual = np.empty(len(counts)), np.empty(len(counts))
    for first in range(0, len(counts), _SETS_AT_ONCE):
        some = slice(first, first + _SETS_AT_ONCE)
        rows = order[starts[first] : starts[first] + counts[some].sum()]
        of_rows = (table[rows].astype(float) for table in (normalised, residuals))
        correlation[some], residual[some] = _agreement(*of_rows, starts[some] - starts[first], counts[some])
    return pd.DataFrame(
        {"probes": counts, "probe_correlation": correlation.round(4), "probe_residual": residual.round(4)},
        index=steps.expression.index,
    )


_SETS_AT_ONCE = 2000  # so that memory does not hold all probes a second time, in 64 bits


def _agreement(
    values: np.ndarray, residuals: np.ndarray, starts: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean correlation of two probes of a set, and root mean square of the residuals, for each set."""
    values -= values.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        # The squared length of a sum of n unit vectors is n and twice the sum of their cosines.
        values /= np.linalg.norm(values, axis=1, keepdims=True)
        together = np.square(np.add.reduceat(values, starts)).sum(axis=1)
        correlation = (together - counts) / np.where(counts > 1, counts * (counts - 1), np.nan)
    squares = np.square(residuals).mean(axis=1)
    return correlation, np.sqrt(np.add.reduceat(squares, starts) / counts)
