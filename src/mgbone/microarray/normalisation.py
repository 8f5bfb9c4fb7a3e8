"""Robust multi-array average (RMA): from the intensities of probes to one log2 value per probe set and array.

Three steps, each as R's ``oligo::basicRMA`` (preprocessCore) does them:

1. **Background.** The intensities of an array are modelled as an exponential signal plus a normal background;
   each is replaced by the expected signal given what was observed. The three parameters come from modes of
   kernel densities.
2. **Quantile normalisation.** Every array gets the same distribution: the mean over arrays of the sorted
   intensities. Tied intensities get the value at their average rank.
3. **Summary.** Tukey's median polish of log2 intensities, probes x arrays, for each probe set; the array
   effects plus the overall effect are the expression values.

Why RMA stands in here
----------------------
The report names no normalisation. The maker's console (Transcriptome Analysis Console) offers SST-RMA for
Clariom S arrays by default: RMA after a correction of each probe for its GC content and a *signal space
transformation*, which stretches the intensities so that fold changes come out larger, closer to those of
other platforms. It exists in the maker's own tools only. RMA is published, has independent implementations
that agree (this one with oligo's), and ranks genes much alike; but its fold changes are *compressed*:
expect them smaller than the console's, most of all for weakly expressed genes. A threshold on fold change
is therefore not transferable between the two, which is why this compendium declares one on the false
discovery rate instead.

How it is computed
------------------
Sorting an array's intensities once serves the background's densities, the reference distribution and the
ranks, since the background correction keeps their order. Normalised values are not stored: an array keeps
one 32-bit rank code per probe, and a table as long as the distribution turns codes into log2 values. So
memory is that of the intensities, twice as 32-bit numbers, however many arrays there are. The inner loops
are compiled by numba, release Python's lock, and run in an ordinary thread pool; the result does not depend
on the number of threads.

References
----------
Irizarry RA et al. (2003) Exploration, normalization, and summaries of high density oligonucleotide array
probe level data. Biostatistics 4:249-264. Bolstad BM et al. (2003) A comparison of normalization methods
for high density oligonucleotide array data based on variance and bias. Bioinformatics 19:185-193. Tukey JW
(1977) Exploratory data analysis.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mgbone.microarray._compiled import correct_sorted, polish_sets, rank_codes, sort_order
from mgbone.microarray.background import Background, RmaError, fit_background
from mgbone.study.language import N_, tr


@dataclass(frozen=True, eq=False)
class RmaSteps:
    """What `rma` computes on its way, for figures and quality measures.

    Attributes
    ----------
    expression : pandas.DataFrame, probe sets x arrays
        The result of `rma`, log2.
    background : pandas.DataFrame, arrays x (alpha, mu, sigma)
        Parameters of the background model; NaN if it was not asked for.
    raw, normalised : pandas.DataFrame of float32, probes x arrays
        log2 of the intensities as given, and after background correction and normalisation, in the order
        given.
    residuals : pandas.DataFrame of float32, probes x arrays
        What median polish leaves over, log2, in the order given.
    affinities : pandas.Series, probes
        Probe effect of median polish, log2.
    probesets : pandas.Categorical, probes
        Probe set of each probe.
    """

    expression: pd.DataFrame = field(repr=False)
    background: pd.DataFrame = field(repr=False)
    raw: pd.DataFrame = field(repr=False)
    normalised: pd.DataFrame = field(repr=False)
    residuals: pd.DataFrame = field(repr=False)
    affinities: pd.Series = field(repr=False)
    probesets: pd.Categorical = field(repr=False)

    @property
    def has_probes(self) -> bool:
        """Whether these steps began with probes; False for expression that was normalised elsewhere."""
        return len(self.raw) > 0

    @classmethod
    def without_probes(cls, expression: pd.DataFrame) -> RmaSteps:
        """Stand in for the steps of expression that was normalised elsewhere: nothing is known of its probes.

        Parameters
        ----------
        expression : DataFrame, genes x arrays
            log2.
        """
        none = pd.DataFrame(columns=expression.columns, dtype=np.float32)
        background = pd.DataFrame(np.nan, index=expression.columns, columns=["alpha", "mu", "sigma"])
        no_probes = pd.Series(dtype=float, name="affinity")
        return cls(expression, background, none, none, none, no_probes, pd.Categorical([]))


def rma(
    intensities: np.ndarray | pd.DataFrame,
    probesets: Iterable,
    *,
    background: bool = True,
    normalise: bool = True,
    threads: int | None = None,
) -> pd.DataFrame:
    """Summarise probe intensities into log2 expression by robust multi-array average.

    Parameters
    ----------
    intensities : array or DataFrame of float32 or float64, probes x arrays
        Perfect-match intensities, scanner units; finite. Not changed. An array whose columns are contiguous
        (as `read_cels` returns it) is the fastest.
    probesets : sequence, one label per probe
        The probe set (transcript cluster) that each probe belongs to.
    background : bool
        Correct for background first.
    normalise : bool
        Normalise quantiles.
    threads : int, optional
        Threads to compute with; by default as many as there are processors. The result does not depend on it.

    Returns
    -------
    pandas.DataFrame, probe sets x arrays
        log2 expression; probe sets in sorted order (as oligo gives them), columns as given.

    Raises
    ------
    RmaError
        If shapes do not fit, labels are missing, or intensities are not finite (or not positive where no
        background is corrected).

    Notes
    -----
    Agrees with ``oligo::basicRMA`` to about 1e-13 log2 (tests/test_rma.py). It differs in one case on
    purpose: where intensities lie more than about 37 standard deviations below the background (``mu + alpha
    * sigma**2``), oligo divides zero by zero and the array becomes NaN; here the limit of the same formula
    is used.

    The report names no method of normalisation; the maker's console uses SST-RMA for these arrays. How the
    two differ and why RMA stands in is written at the top of this module.
    """
    layout = _Layout(intensities, probesets)
    with ThreadPoolExecutor(max_workers=threads or _processors()) as pool:
        expression = _summarise(layout, pool, _prepared(layout, pool, background, normalise))
    return layout.expression_frame(expression)


def rma_steps(
    intensities: np.ndarray | pd.DataFrame,
    probesets: Iterable,
    *,
    background: bool = True,
    normalise: bool = True,
    threads: int | None = None,
) -> RmaSteps:
    """Do what `rma` does and keep the values before and after each step.

    Takes three more matrices of 32-bit numbers; parameters and errors are those of `rma`.
    """
    layout = _Layout(intensities, probesets)
    shape = (layout.n_arrays, layout.n_probes)
    raw, normalised, residuals = (np.empty(shape, np.float32) for _ in range(3))
    affinities = np.empty(layout.n_probes)
    with ThreadPoolExecutor(max_workers=threads or _processors()) as pool:
        prepared = _prepared(layout, pool, background, normalise)
        expression = _summarise(layout, pool, prepared, residuals, affinities)
    for array in range(layout.n_arrays):  # one by one, so that no matrix is there twice
        normalised[array] = prepared.log2_values(array)[layout.place]
        residuals[array] = residuals[array][layout.place]
        with np.errstate(divide="ignore", invalid="ignore"):
            # In 64 bits: logarithms of 32 bits differ between processors.
            raw[array] = np.log2(layout.intensities[:, array], dtype=np.float64)
    return RmaSteps(
        expression=layout.expression_frame(expression),
        background=pd.DataFrame(prepared.parameters, layout.arrays),
        raw=layout.probe_frame(raw),
        normalised=layout.probe_frame(normalised),
        residuals=layout.probe_frame(residuals),
        affinities=pd.Series(affinities[layout.place], index=layout.probes, name="affinity"),
        probesets=layout.labels,
    )


class _Layout:
    """Intensities and labels, checked, with the probes of a set given places side by side."""

    def __init__(self, intensities: np.ndarray | pd.DataFrame, probesets: Iterable):
        self.intensities = _numeric(np.asarray(intensities))
        self.n_probes, self.n_arrays = self.intensities.shape
        self.probes, self.arrays = map(pd.RangeIndex, self.intensities.shape)
        if isinstance(intensities, pd.DataFrame):
            self.probes, self.arrays = intensities.axes
        self.labels = _labels(probesets, self.n_probes)
        order, self.starts = side_by_side(self.labels)
        self.place = np.empty(self.n_probes, dtype=np.int32)
        self.place[order] = np.arange(self.n_probes, dtype=np.int32)

    def expression_frame(self, values: np.ndarray) -> pd.DataFrame:
        index = pd.Index(self.labels.categories, name="probeset_id")
        return pd.DataFrame(values, index=index, columns=self.arrays, copy=False)

    def probe_frame(self, values: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(values.T, index=self.probes, columns=self.arrays, copy=False)


def side_by_side(labels: pd.Categorical) -> tuple[np.ndarray, np.ndarray]:
    """Return the order that puts the probes of a set side by side, and where each set then begins or ends."""
    counts = np.bincount(labels.codes, minlength=len(labels.categories))
    return np.argsort(labels.codes, kind="stable"), np.concatenate([[0], np.cumsum(counts)])


def _numeric(values: np.ndarray) -> np.ndarray:
    if values.ndim != 2 or not values.size:
        said = N_("Intensities must be a table of probes x arrays, not of shape {shape}. Select some first.")
        raise RmaError(tr(said, shape=values.shape))
    if values.dtype == np.float32 or values.dtype == np.float64:
        return values
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError) as error:
        said = N_("Intensities must be numbers ({error}). Leave out columns that are not arrays.")
        raise RmaError(tr(said, error=error)) from error


def _labels(probesets: Iterable, n_probes: int) -> pd.Categorical:
    if not (hasattr(probesets, "__array__") or isinstance(probesets, list)):
        probesets = list(probesets)
    labels = pd.Categorical(probesets).remove_unused_categories()
    if len(labels) != n_probes:
        said = N_("{n_probes} probes but {n_labels} probe-set labels were given. Give one label per probe.")
        raise RmaError(tr(said, n_probes=n_probes, n_labels=len(labels)))
    if (labels.codes < 0).any():
        said = N_("{n} probes have no probe-set label. Leave these probes out.")
        raise RmaError(tr(said, n=int((labels.codes < 0).sum())))
    return labels


def _processors() -> int:
    if hasattr(os, "process_cpu_count"):  # Python 3.13; before it, the processors that this process may use
        return os.process_cpu_count() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass
class _Prepared:
    """log2 values of all probes, at their places: as codes into a table where normalised, else as they
    are.
    """

    codes: np.ndarray
    table: np.ndarray
    values: np.ndarray
    parameters: list[Background]

    def log2_values(self, array: int) -> np.ndarray:
        return self.table[self.codes[array]] if self.codes.size else self.values[array]


def _prepared(layout: _Layout, pool: Executor, background: bool, normalise: bool) -> _Prepared:
    shape, none = (layout.n_arrays, layout.n_probes), (0, 0)
    codes = np.empty(shape if normalise else none, dtype=np.int32)
    values = np.empty(none if normalise else shape, dtype=np.float64)

    def prepare(array: int) -> tuple[np.ndarray, Background]:
        ordered, order = _sorted(layout, array)
        signal, parameters = _signal(layout, array, ordered, background)
        if normalise:
            rank_codes(ordered, order, layout.place, codes[array])
        else:
            values[array, layout.place[order]] = np.log2(signal)
        return signal, parameters

    total, parameters = np.zeros(layout.n_probes), []
    for signal, fitted in _in_order(pool, prepare, layout.n_arrays):
        total += signal  # in the order of the arrays, so that the sum is the same for every number of threads
        parameters.append(fitted)
    table = _code_table(total / layout.n_arrays) if normalise else np.empty(0)
    return _Prepared(codes, table, values, parameters)


def _sorted(layout: _Layout, array: int) -> tuple[np.ndarray, np.ndarray]:
    """Return an array's intensities sorted, as 64-bit numbers, and the order that sorts them."""
    column = np.ascontiguousarray(layout.intensities[:, array])
    if not np.isfinite(column).all():
        said = N_(
            "Array {array} holds intensities that are not finite numbers. Read its CEL file again, or leave "
            "the array out."
        )
        raise RmaError(tr(said, array=layout.arrays[array]))
    single = column.astype(np.float32, copy=False)
    if column.dtype == np.float32 or np.array_equal(single, column):
        order = sort_order(single.view(np.uint32))
    else:
        order = np.argsort(column, kind="stable").astype(np.int32)
    return column[order].astype(np.float64), order


def _signal(
    layout: _Layout, array: int, ordered: np.ndarray, background: bool
) -> tuple[np.ndarray, Background]:
    if not background:
        if ordered[0] <= 0:
            said = N_(
                "Array {array} holds intensities that are not positive. They have no logarithm; correct for "
                "background, or leave the array out."
            )
            raise RmaError(tr(said, array=layout.arrays[array]))
        return ordered, Background(np.nan, np.nan, np.nan)
    try:
        parameters = fit_background(ordered)
    except RmaError as error:
        said = N_("Array {array}: {error}. Leave the array out.")
        raise RmaError(tr(said, array=layout.arrays[array], error=error)) from error
    signal = np.empty_like(ordered)
    correct_sorted(ordered, parameters.alpha, parameters.mu, parameters.sigma, signal)
    return signal, parameters


def _code_table(target: np.ndarray) -> np.ndarray:
    """Return the log2 value for each rank code: code 2k is rank k, an odd code the mean of its two
    neighbours.
    """
    table = np.empty(2 * target.size - 1)
    table[::2] = target
    table[1::2] = 0.5 * (target[:-1] + target[1:])
    return np.log2(table, out=table)


def _in_order(pool: Executor, task: Callable, count: int) -> Iterator:
    """Run ``task(0)``, ``task(1)``, ... in the pool and yield the results in this order.

    Only a few are under way or waiting at any time, so that memory does not grow with their number.
    """
    waiting: deque = deque()
    for position in range(count):
        waiting.append(pool.submit(task, position))
        if len(waiting) > 2 * _processors():
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _summarise(
    layout: _Layout,
    pool: Executor,
    prepared: _Prepared,
    residuals: np.ndarray | None = None,
    affinities: np.ndarray | None = None,
) -> np.ndarray:
    """Median-polish all probe sets; fill residuals and probe effects, at their places, if they are wanted."""
    n_sets = layout.starts.size - 1
    out = np.empty((n_sets, layout.n_arrays))
    residuals = np.empty((0, 0), np.float32) if residuals is None else residuals
    affinities = np.empty(0) if affinities is None else affinities
    shares = np.linspace(0, layout.n_probes, 8 * _processors() + 1)
    bounds = np.unique(np.searchsorted(layout.starts, shares))

    def polish(part: int) -> None:
        polish_sets(
            prepared.codes, prepared.table, prepared.values, layout.starts, bounds[part], bounds[part + 1],
            out, residuals, affinities,
        )  # fmt: skip

    deque(_in_order(pool, polish, bounds.size - 1), maxlen=0)
    return out
