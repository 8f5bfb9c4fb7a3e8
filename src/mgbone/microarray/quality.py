"""Are the arrays sound? Measures of quality, as tables for `mgbone.figures.genes` to draw.

All start from what `mgbone.microarray.normalisation.rma_steps` keeps. None asks which group an array belongs
to, except that a reader will want to know it when an array is flagged.

distributions
    Brightness and background of each scan, before and after normalisation.
RLE, relative log expression
    log2 expression less the probe set's median over arrays. Most genes are alike, so the values of an array
    should lie around 0, spread as those of the others.
NUSE, normalised unscaled standard error
    How well the probes of a set agree on an array, relative to the others: about 1, larger for a bad one.
pseudo-image
    Residuals of the probe-level model where they lie on the chip: bubbles, scratches, edges.
components and correlation
    The arrays on their principal components, and Pearson's correlation of log2 expression between them.

References
----------
Bolstad BM et al. (2005) Quality assessment of Affymetrix GeneChip data. In: Gentleman R et al. (eds)
Bioinformatics and computational biology solutions using R and Bioconductor, Springer, pp 33-47.
Brettschneider J et al. (2008) Quality assessment for short oligonucleotide microarray data. Technometrics
50:241-264. Jones L et al. (2006) Assessment of the relationship between pre-chip and post-chip quality
measures for Affymetrix GeneChip expression data. BMC Bioinformatics 7:211.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mgbone.microarray._compiled import weight_sums
from mgbone.microarray.normalisation import RmaSteps, side_by_side
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr

HUBER = 1.345
SMOOTHING = 0.12
LIMITS = {
    "max_rle_median": 0.10, "max_rle_spread": 1.5, "max_nuse_median": 1.05, "min_correlation": 0.90,
    "max_brightness": 1.0,
}  # fmt: skip
BOX_LIMITS = {
    "RLE": (-LIMITS["max_rle_median"], LIMITS["max_rle_median"]),
    "NUSE": (-np.inf, LIMITS["max_nuse_median"]),
}
"""Range of the median of each measure that `flag_arrays` lets pass by default, for figures."""

_QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.50, "q75": 0.75, "q95": 0.95}


@dataclass(frozen=True, eq=False)
class Components:
    """Principal components of the arrays.

    Attributes
    ----------
    scores : pandas.DataFrame, arrays x components (PC1, PC2, ...)
        Coordinates of the arrays, log2 units.
    explained : pandas.Series
        Share of the variance that each component explains; all components together give 1.
    """

    scores: pd.DataFrame = field(repr=False)
    explained: pd.Series


def distributions(steps: RmaSteps, stages: tuple[str, ...] = ("raw", "normalised")) -> pd.DataFrame:
    """Estimate the density of log2 intensities of each array before and after normalisation.

    The kernel is Gaussian, with an SD of ``SMOOTHING`` (log2).

    Parameters
    ----------
    steps : RmaSteps
        Without probes, the one stage is ``as it came``.
    stages : tuple of str
        Which of ``raw`` and ``normalised``.

    Returns
    -------
    pandas.DataFrame
        Columns stage, array_id, value (log2; 256 over the range of all arrays), density (integrates to 1).
    """
    tables, chosen = [], {"as it came": steps.expression}
    if steps.has_probes:
        chosen = {stage: getattr(steps, stage) for stage in stages}
    for stage, values in chosen.items():
        finite = values.to_numpy()[np.isfinite(values.to_numpy())]
        edges = np.linspace(float(finite.min()) - 4 * SMOOTHING, float(finite.max()) + 4 * SMOOTHING, 257)
        centres = (edges[:-1] + edges[1:]) / 2
        kernel = np.exp(-0.5 * np.square((centres - centres[:, None]) / SMOOTHING))
        for array in values:
            counts = np.histogram(values[array], edges)[0].astype(float)
            density = kernel @ counts
            density /= density.sum() * (edges[1] - edges[0])
            tables.append(
                pd.DataFrame({"stage": stage, "array_id": array, "value": centres, "density": density})
            )
    return pd.concat(tables, ignore_index=True)


def relative_log_expression(expression: pd.DataFrame) -> pd.DataFrame:
    """Return log2 expression less each probe set's median over the arrays (RLE), probe sets x arrays."""
    return expression.sub(expression.median(axis=1), axis=0)


def unscaled_standard_errors(steps: RmaSteps) -> pd.DataFrame:
    """Return normalised unscaled standard errors (NUSE), probe sets x arrays.

    Returns
    -------
    pandas.DataFrame
        About 1 for an array like the others, larger where its probes disagree; NaN for probe sets of which
        more than half of the residuals are exactly zero (a single probe; very few arrays). No rows where the
        steps are without probes.

    Notes
    -----
    affyPLM's NUSE takes the standard error of each array effect from a robust regression (Huber's M
    estimate, iterated). Median polish has no standard error, so an equivalent is used here: Huber's weights
    (tuning 1.345 robust standard deviations of the probe set's residuals) are computed once from the
    residuals of median polish; the unscaled standard error is one over the root of their sum over the
    probes, divided by its median over arrays. Against preprocessCore's ``rcModelPLM``
    (tests/test_quality.py) the medians of the arrays agree within 0.02 and the single values correlate with
    0.95.
    """
    if not steps.has_probes:
        return steps.expression.iloc[:0]
    order, starts = side_by_side(steps.probesets)
    sums = np.empty((len(starts) - 1, steps.residuals.shape[1]))
    residuals = np.ascontiguousarray(steps.residuals.to_numpy()[order], dtype=np.float32)
    weight_sums(residuals, starts, HUBER, sums)
    errors = 1.0 / np.sqrt(sums)
    scaled = errors / np.median(errors, axis=1, keepdims=True)
    return pd.DataFrame(scaled, index=steps.expression.index, columns=steps.expression.columns)


def box_table(**measures: pd.DataFrame) -> pd.DataFrame:
    """Summarise values per array into the quantiles that a box plot shows.

    Parameters
    ----------
    **measures : pandas.DataFrame
        Values (any rows x arrays) by the name of the measure, such as ``RLE=...``; missing values are left
        out, and so is a measure without rows.

    Returns
    -------
    pandas.DataFrame
        Columns measure, array_id, q05, q25, median, q75, q95.
    """
    tables = []
    for name, values in measures.items():
        if values.empty:
            continue
        quantiles = np.nanquantile(values.to_numpy(), list(_QUANTILES.values()), axis=0)
        table = pd.DataFrame(quantiles.T, columns=list(_QUANTILES))
        table.insert(0, "array_id", list(values.columns))
        table.insert(0, "measure", name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def pseudo_image(values: pd.Series, n_rows: int, n_cols: int) -> np.ndarray:
    """Lay probe values out as they lie on the chip.

    Parameters
    ----------
    values : Series
        One value per probe, indexed by cell (as a column of ``RmaSteps.residuals`` when the intensities
        came from `read_cels`).
    n_rows, n_cols : int
        Size of the chip in cells.

    Returns
    -------
    numpy.ndarray of float64, shape (n_rows, n_cols)
        NaN where there is no probe; the mean where a probe occurs more than once.

    Raises
    ------
    MgboneError
        If the index does not hold cells of this chip.
    """
    cells = values.index.to_numpy()
    if not np.issubdtype(cells.dtype, np.integer) or (
        cells.size and not 0 <= cells.min() <= cells.max() < n_rows * n_cols
    ):
        said = N_(
            "The values are not indexed by cells of a chip of {n_rows} x {n_cols}. Keep the index that "
            "read_cels gives."
        )
        raise MgboneError(tr(said, n_rows=n_rows, n_cols=n_cols))
    counts = np.bincount(cells, minlength=n_rows * n_cols).astype(float)
    sums = np.bincount(cells, weights=values.to_numpy(dtype=float), minlength=n_rows * n_cols)
    with np.errstate(invalid="ignore"):
        return (sums / counts).reshape(n_rows, n_cols)


def principal_components(expression: pd.DataFrame, n_genes: int | None = None) -> Components:
    """Place the arrays on their principal components (singular values of the centred expression).

    Parameters
    ----------
    expression : DataFrame, genes x arrays
        log2 expression without missing values.
    n_genes : int, optional
        Use only that many genes, those of the largest variance; by default all.

    Returns
    -------
    Components
        As many components as arrays less one. Their signs are chosen so that the array farthest from 0 is
        positive.

    Raises
    ------
    MgboneError
        If there are fewer than two arrays, values are missing, or all arrays are the same.
    """
    values = _complete(expression, N_("Principal components"))
    if n_genes is not None:
        values = values[np.argsort(-values.var(axis=1), kind="stable")[:n_genes]]
    centred = (values - values.mean(axis=1, keepdims=True)).T
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    count = len(sizes[: expression.shape[1] - 1])
    scores = left[:, :count] * sizes[:count]
    scores *= np.where(scores[np.abs(scores).argmax(axis=0), np.arange(count)] < 0, -1.0, 1.0)
    variance = np.square(sizes)
    if variance.sum() == 0:
        raise MgboneError(
            tr("All arrays hold the same values, so there are no components. Check for duplicated scans.")
        )
    names = [f"PC{i}" for i in range(1, count + 1)]
    return Components(
        scores=pd.DataFrame(scores, index=pd.Index(expression.columns, name="array_id"), columns=names),
        explained=pd.Series(variance[:count] / variance.sum(), index=names, name="explained"),
    )


def array_correlation(expression: pd.DataFrame) -> pd.DataFrame:
    """Return Pearson's correlation of log2 expression between arrays, arrays x arrays.

    Raises
    ------
    MgboneError
        If there are fewer than two arrays or values are missing.
    """
    names = pd.Index(expression.columns, name="array_id")
    values = np.corrcoef(_complete(expression, N_("Correlations")), rowvar=False)
    return pd.DataFrame(values, index=names, columns=names)


def flag_arrays(steps: RmaSteps, **limits: float) -> pd.DataFrame:
    """Hold each array against limits of quality and name those that it exceeds.

    A flag asks a person to look (at the pseudo-image, at the laboratory book); it does not drop the array.

    Parameters
    ----------
    **limits : float
        Others than those of ``LIMITS``: max_rle_median, the largest distance of the median RLE from 0 (log2;
        a shift of 7 % over half of all genes is one that normalisation should not leave); max_rle_spread, the
        largest interquartile range of RLE, as a multiple of the median of the arrays; max_nuse_median, the
        largest median NUSE (as Jones et al. 2006 use for affyPLM's, with which the equivalent here agrees
        within 0.02); min_correlation, the smallest median correlation with the other arrays; max_brightness,
        the largest distance of the median raw intensity from the median of the arrays (log2; 1 is a scan
        twice or half as bright as usual).

    Returns
    -------
    pandas.DataFrame
        One row per array: array_id, rle_median, rle_iqr, nuse_median, correlation (median with the others),
        brightness (log2, relative to the median of the arrays; like nuse_median missing for steps without
        probes), flags (names of the exceeded limits,
        comma-separated, empty if none), flagged (bool). ``attrs["limits"]`` holds the limits.
    """
    if unknown := limits.keys() - LIMITS.keys():
        raise TypeError(f"no limits of quality: {', '.join(sorted(unknown))}")
    limits = LIMITS | limits
    measured = box_table(
        RLE=relative_log_expression(steps.expression), NUSE=unscaled_standard_errors(steps), raw=steps.raw
    )
    boxes = {name: rows.set_index("array_id") for name, rows in measured.groupby("measure")}
    unknown = pd.DataFrame(np.nan, index=boxes["RLE"].index, columns=["median"])
    rle, nuse, raw = (boxes.get(name, unknown) for name in ("RLE", "NUSE", "raw"))
    correlation = array_correlation(steps.expression).to_numpy()
    others = ~np.eye(len(correlation), dtype=bool)
    table = pd.DataFrame(
        {
            "rle_median": rle["median"],
            "rle_iqr": rle["q75"] - rle["q25"],
            "nuse_median": nuse["median"],
            "correlation": [np.median(row[other]) for row, other in zip(correlation, others, strict=True)],
            "brightness": raw["median"] - raw["median"].median(),
        }
    )
    exceeded = {
        "rle_median": table["rle_median"].abs() > limits["max_rle_median"],
        "rle_spread": table["rle_iqr"] > limits["max_rle_spread"] * table["rle_iqr"].median(),
        "nuse": table["nuse_median"] > limits["max_nuse_median"],
        "correlation": table["correlation"] < limits["min_correlation"],
        "brightness": table["brightness"].abs() > limits["max_brightness"],
    }
    table["flags"] = [
        ", ".join(name for name, hit in exceeded.items() if hit[array]) for array in table.index
    ]
    table["flagged"] = table["flags"] != ""
    table.attrs["limits"] = limits
    return table.reset_index()


def _complete(expression: pd.DataFrame, what: str) -> np.ndarray:
    values = expression.to_numpy(dtype=float)
    if values.ndim != 2 or values.shape[1] < 2 or not values.shape[0]:
        raise MgboneError(tr("{what} need at least two arrays and one gene. Select more.", what=tr(what)))
    if not np.isfinite(values).all():
        said = N_("{what} need complete values, but some are missing or not finite. Leave those genes out.")
        raise MgboneError(tr(said, what=tr(what)))
    return values


def spoil(images: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Make up a bad chip from the last of some images, to learn from; None where there are none.

    It gets a bubble, dimmer by 2, and a scratch, brighter by 2 (log2).

    Parameters
    ----------
    images : mapping of array to numpy.ndarray, shape (n_rows, n_cols)
        From `mgbone.microarray.arrays.chip_images`; they stay as they are.
    """
    if not images:
        return None
    image = [*images.values()][-1]
    y, x = (place / size for place, size in zip(np.indices(image.shape), image.shape, strict=True))
    bubble = np.hypot(x - 0.3, y - 0.65) < 0.15
    scratch = (np.abs(y - 0.15 - 0.4 * x) < 0.012) & (x > 0.2)
    return image - 2.0 * bubble + 2.0 * scratch
