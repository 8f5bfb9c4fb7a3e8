"""The arrays of a dataset, with the animal behind each, analysed by experiment as the report did."""

import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from mgbone.dataset.arrays.cel import CelWarning, read_cels
from mgbone.dataset.arrays.library import Platform, PlatformWarning, read_platform
from mgbone.dataset.opening import Dataset
from mgbone.evidence.columns import EVIDENCE_COLUMNS, under_one_another
from mgbone.microarray.changed_genes import overlap, overlap_summary
from mgbone.microarray.clustering import Clustering, cluster_arrays, cluster_contrasts, share_called_mixed
from mgbone.microarray.differential import DE_COLUMNS, differential_expression, fold_change_intervals
from mgbone.microarray.enrichment import PRERANK_COLUMNS, RUNNING_COLUMNS, prerank
from mgbone.microarray.findings import clustering_evidence, theme_evidence
from mgbone.microarray.genes import read_expression, summarise_to_genes
from mgbone.microarray.genesets import GeneSets
from mgbone.microarray.normalisation import RmaSteps, rma_steps
from mgbone.microarray.quality import pseudo_image
from mgbone.study.design import Contrast, Experiment, Study
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr
from mgbone.study.naming import groups_in_use


@dataclass(frozen=True, eq=False)
class ArraySet:
    """The arrays of a dataset: scans and their chip, or expression normalised elsewhere; see `load_arrays`.

    Attributes
    ----------
    table : DataFrame
        One row per array: array_id, animal_id, experiment, group, file.
    intensities : DataFrame of float32, cells x arrays, or None
    platform : Platform or None
    expression : DataFrame of float, genes x arrays, or None
        log2, as it came; where it is given, the other two are None.
    notes : tuple of str
        What a person should look at though all could be read: zero or saturated cells, scans of several
        formats, chips without gene symbols; of expression normalised elsewhere, how it was read.
    """

    table: pd.DataFrame = field(repr=False)
    intensities: pd.DataFrame | None = field(repr=False, default=None)
    platform: Platform | None = field(repr=False, default=None)
    expression: pd.DataFrame | None = field(repr=False, default=None)
    notes: tuple[str, ...] = ()

    @property
    def groups(self) -> pd.Series:
        """Group of each array, by array_id."""
        return self.table.set_index("array_id")["group"]

    @property
    def probes(self) -> pd.DataFrame:
        """Intensities of the perfect-match probes, in the order of ``platform.probesets``."""
        return self.platform.select(self.intensities)


def load_arrays(dataset: Dataset) -> ArraySet:
    """Read the CEL files and library files of a dataset, or its table of normalised expression.

    Raises
    ------
    MgboneError
        If the dataset has no arrays, or a file can't be read or does not fit the chip.
    """
    if dataset.arrays is None or not (
        dataset.expression_path or (dataset.cel_paths and dataset.platform_folder)
    ):
        said = N_(
            "{dataset} has no arrays to analyse: it needs arrays.csv, the CEL files named there and the "
            "library files of the chip in platform/, or expression.txt, a table already normalised."
        )
        raise MgboneError(tr(said, dataset=dataset.name))
    animals = dataset.animals[["animal_id", "experiment", "group"]]
    table = dataset.arrays.merge(animals, on="animal_id", validate="many_to_one")
    table = table[["array_id", "animal_id", "experiment", "group", "file"]]
    if dataset.expression_path:
        about = tuple(note for note in dataset.notes if note.startswith(dataset.expression_path.name))
        return ArraySet(table, expression=read_expression(dataset.expression_path, table), notes=about)
    with _noted() as notes:
        intensities = read_cels(dataset.cel_paths, names=list(dataset.arrays["array_id"]))
        platform = read_platform(dataset.platform_folder)
    return ArraySet(table, intensities=intensities, platform=platform, notes=tuple(notes))


@contextmanager
def _noted() -> Iterator[list[str]]:
    """Collect what the readers of CEL and library files warn of; other warnings are passed on.

    A notebook would show them with the path of this package and a line of its source.
    """
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield notes
    for one in told:
        if issubclass(one.category, (CelWarning, PlatformWarning)):
            notes.append(str(one.message))
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


def normalise(scans: ArraySet) -> tuple[RmaSteps, pd.DataFrame]:
    """Normalise scans by RMA and summarise them to genes; expression normalised elsewhere stays as it is.

    Returns
    -------
    steps : RmaSteps
        Without probes (`RmaSteps.has_probes`) where there are no scans.
    genes : DataFrame of float, genes x arrays
        log2 expression, from scans to six decimals: those behind them differ between processors.
    """
    if scans.expression is not None:
        return RmaSteps.without_probes(scans.expression), scans.expression
    steps = rma_steps(scans.probes, scans.platform.probesets)
    steps = replace(steps, expression=steps.expression.round(6))
    return steps, summarise_to_genes(steps.expression, scans.platform.annotation["gene_symbol"])


def groups_of(table: pd.DataFrame, experiment: str) -> pd.Series:
    """Group of each array of one experiment, by array_id."""
    return table[table["experiment"] == experiment].set_index("array_id")["group"]


def count_arrays(table: pd.DataFrame) -> pd.DataFrame:
    """Count the arrays of each experiment and group."""
    return table.groupby(["experiment", "group"], sort=False).size().rename("arrays").reset_index()


def compare_arrays(genes: pd.DataFrame, table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Test every gene for the array contrasts of the study, one limma model per experiment.

    Returns
    -------
    DataFrame
        The columns of `differential_expression` behind `experiment`; no rows where no contrast has two arrays
        or more in both of its groups (see `testable`).
    """
    columns = ["experiment", *DE_COLUMNS]
    tested = [
        differential_expression(genes[groups.index], groups, names).assign(experiment=experiment)
        for experiment, groups, names in _to_test(table, study)
    ]
    return under_one_another(tested, columns)[columns]


def _to_test(table: pd.DataFrame, study: Study) -> Iterator[tuple[str, pd.Series, list[str]]]:
    """Give each experiment with `testable` contrasts: its name, the group of each array, their names."""
    for name, experiment in study.experiments.items():
        if contrasts := testable(table, experiment):
            yield name, groups_of(table, name), [c.name for c in contrasts]


def testable(table: pd.DataFrame, experiment: Experiment) -> list[Contrast]:
    """Return the array contrasts of an experiment with at least two arrays in both groups."""
    sizes = groups_of(table, experiment.name).value_counts()
    return [c for c in experiment.array_contrasts if min(sizes.get(c.case, 0), sizes.get(c.reference, 0)) > 1]


def not_testable(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the array contrasts with fewer than two arrays in a group.

    Returns
    -------
    DataFrame
        Columns experiment, contrast, n_case, n_reference.
    """
    rows = []
    for experiment in study.experiments.values():
        sizes = groups_of(table, experiment.name).value_counts()
        for c in experiment.array_contrasts:
            if c not in testable(table, experiment):
                counts = (int(sizes.get(c.case, 0)), int(sizes.get(c.reference, 0)))
                rows.append((experiment.name, c.name, *counts))
    return pd.DataFrame(rows, columns=["experiment", "contrast", "n_case", "n_reference"])


def untested_evidence(table: pd.DataFrame, themes: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the rows of evidence of contrasts that can't be tested, for clustering and each theme."""
    endpoints = pd.DataFrame({"endpoint": ["array_clustering", *dict.fromkeys(themes["theme"])]})
    rows = not_testable(table, study).merge(endpoints, how="cross")
    return rows.assign(domain="microarray", test="not tested").reindex(columns=EVIDENCE_COLUMNS)


def contrasts_in_pairs(tested: pd.DataFrame, study: Study) -> list[tuple[Contrast, Contrast]]:
    """Return neighbouring array contrasts of one experiment that share their reference and were tested."""
    pairs = []
    for experiment in study.experiments.values():
        known = [c for c in experiment.array_contrasts if (tested["contrast"] == c.name).any()]
        for reference in dict.fromkeys(c.reference for c in known):
            pairs += pairwise(c for c in known if c.reference == reference)
    return pairs


def overlap_of(
    tested: pd.DataFrame, pair: tuple[Contrast, Contrast], table: pd.DataFrame, study: Study
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put two contrasts side by side (`overlap`, `overlap_summary`) under the declared limits."""
    names = [contrast.name for contrast in pair]
    limits = (study.thresholds["gene_q"], study.thresholds["gene_log2_fold_change"])
    both = overlap(tested, *names, *limits)
    return both, overlap_summary(both, *names, groups_of(table, pair[0].experiment))


def cluster_experiment(
    genes: pd.DataFrame, table: pd.DataFrame, experiment: str, study: Study
) -> Clustering | None:
    """Cluster the arrays of one experiment (`cluster_arrays`), those of groups with two arrays or more.

    None where fewer than two groups have so many: a tree of one group shows nothing about groups.
    """
    groups = _repeated(groups_of(table, experiment))
    if groups.nunique() < 2:
        return None
    return cluster_arrays(genes[groups.index], groups, cluster_p=study.thresholds["cluster_p"])


def _repeated(groups: pd.Series) -> pd.Series:
    """Return the arrays of groups with two or more: a single one can't be told from an outlier."""
    return groups[groups.map(groups.value_counts()) > 1]


def cluster_all_contrasts(
    genes: pd.DataFrame, table: pd.DataFrame, study: Study, **options: object
) -> dict[str, Clustering]:
    """Cluster the two groups of each `testable` contrast of the study (`cluster_contrasts`), by contrast."""
    clusterings: dict[str, Clustering] = {}
    limit = study.thresholds["cluster_p"]
    for _, groups, names in _to_test(table, study):
        groups = _repeated(groups)
        clusterings |= cluster_contrasts(genes[groups.index], groups, names, cluster_p=limit, **options)
    return clusterings


def severity_of_mixed(
    genes: pd.DataFrame,
    tested: pd.DataFrame,
    clusterings: dict[str, Clustering],
    study: Study,
    parts: Sequence[float] = (0.25, 0.5, 0.75, 1.0),
) -> pd.DataFrame:
    """Ask of each mixed comparison how large a change it would have missed (`share_called_mixed`).

    The change tried is that of the first comparison that is separated: its log2 fold changes, or a part.

    Returns
    -------
    DataFrame
        Columns contrast, profile (the separated contrast), part, called_mixed (share of the ways), ways; no
        rows where nothing is mixed or nothing separated.
    """
    limit, levels = study.thresholds["cluster_p"], {n: c.verdict["level"] for n, c in clusterings.items()}
    profile = next((name for name, level in levels.items() if level == "separated"), None)
    rows = []
    for contrast in [name for name, level in levels.items() if level == "mixed" and profile]:
        change = tested[tested["contrast"] == profile].set_index("gene")["log2_fold_change"]
        for part in parts:
            said = share_called_mixed(clusterings[contrast], genes, part * change, limit)
            rows.append((contrast, profile, part, *said))
    return pd.DataFrame(rows, columns=["contrast", "profile", "part", "called_mixed", "ways"])


def array_evidence(
    clusterings: dict[str, Clustering],
    enriched: pd.DataFrame,
    themes: pd.DataFrame,
    table: pd.DataFrame,
    study: Study,
) -> pd.DataFrame:
    """Collect what the arrays say in the columns of the evidence: per experiment clustering, then themes.

    Contrasts that could not be tested stand at the end, without a level.
    """
    rows = []
    for experiment in study.experiments.values():
        names = {c.name for c in experiment.array_contrasts}
        of_experiment = {name: found for name, found in clusterings.items() if name in names}
        rows.append(clustering_evidence(of_experiment, experiment.name, study))
        groups = groups_of(table, experiment.name)
        rows.append(theme_evidence(enriched, themes, study, experiment.name, groups))
    rows.append(untested_evidence(table, themes, study))
    return under_one_another(rows, EVIDENCE_COLUMNS)[EVIDENCE_COLUMNS]


def best_theme_terms(enriched: pd.DataFrame, themes: pd.DataFrame) -> pd.DataFrame:
    """Return, per contrast and theme, the term with the smallest q over both lists, the one in the evidence.

    That q is the column q here.
    Contrasts come in the order of `enriched`, themes in that of `themes`.
    """
    named = enriched.merge(themes[["theme", "go_id"]], left_on="term", right_on="go_id")
    named = named.assign(q=named["q_both"])
    order = named.sort_values(["q", "p", "log2_odds_ratio"], ascending=[True, True, False], kind="stable")
    order = order.drop_duplicates(["contrast", "theme"])
    columns = ["contrast", "theme", "term", "name", "direction", "hits", "n_genes", "p", "q"]
    places = {
        "contrast": list(dict.fromkeys(enriched["contrast"])),
        "theme": list(dict.fromkeys(themes["theme"])),
    }
    order = order.sort_values(list(places), key=lambda names: names.map(places[names.name].index))
    return order[[c for c in columns if c in order]].reset_index(drop=True)


def themes_under_both(best: pd.DataFrame, competitive: pd.DataFrame) -> pd.DataFrame:
    """Set the term that speaks best for each theme beside what the competitive test says of the same term.

    Parameters
    ----------
    best : DataFrame
        From `best_theme_terms`.
    competitive : DataFrame
        From `mgbone.microarray.enrichment.camera`.

    Returns
    -------
    DataFrame
        Columns contrast, theme, name, over_representation_direction, over_representation_hits,
        over_representation_q, camera_direction, camera_p, camera_q.
    """
    columns = ["contrast", "theme", "term", "name", "direction", "hits", "q"]
    asked = competitive[["contrast", "term", "direction", "p", "q"]].add_prefix("camera_")
    both = best[columns].merge(
        asked, how="left", left_on=["contrast", "term"], right_on=["camera_contrast", "camera_term"]
    )
    names = {name: f"over_representation_{name}" for name in ("direction", "hits", "q")}
    return both.drop(columns=["term", "camera_contrast", "camera_term"]).rename(columns=names)


def prerank_best_terms(
    tested: pd.DataFrame, gene_sets: GeneSets, best: pd.DataFrame, permutations: int = 500
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run GSEA preranked for the best term of each theme in every contrast: results and running sums.

    Returns
    -------
    results, running : DataFrame
        As from `mgbone.microarray.enrichment.prerank`, contrasts one below the other; `least_p` is the
        smallest p that the permutations that count can show.
    """
    results, running = [], []
    for contrast, terms in best.groupby("contrast", sort=False)["term"]:
        of_contrast = tested[tested["contrast"] == contrast]
        found, sums = prerank(of_contrast, gene_sets.only(terms), contrast, permutations)
        results.append(found.assign(least_p=1 / (found["n_permutations"] + 1)))
        running.append(sums)
    known = under_one_another(results, [*PRERANK_COLUMNS, "least_p"])
    return known, under_one_another(running, RUNNING_COLUMNS)


def with_intervals(
    tested: pd.DataFrame, genes: pd.DataFrame, table: pd.DataFrame, study: Study
) -> pd.DataFrame:
    """Add to each fold change its interval: ci_low, ci_high (log2, one gene by itself).

    `tested` comes from `compare_arrays`.
    """
    confidence = study.thresholds["confidence"]
    intervals = [
        fold_change_intervals(genes[groups.index], groups, names, confidence)
        for _, groups, names in _to_test(table, study)
    ]
    found = under_one_another(intervals, ["gene", "contrast", "ci_low", "ci_high"])
    return tested.merge(found, how="left", on=["gene", "contrast"], validate="1:1")


def top_genes(
    genes: pd.DataFrame, tested: pd.DataFrame, table: pd.DataFrame, study: Study, n: int = 5
) -> pd.DataFrame:
    """Return the `n` genes with the smallest p of each contrast, with the interval of the fold change.

    Returns
    -------
    DataFrame
        The columns of `differential_expression` and ci_low, ci_high (log2, one gene by itself).
    """
    best = tested.sort_values(["p", "gene"], kind="stable").groupby("contrast", sort=False).head(n)
    order = {name: i for i, name in enumerate(dict.fromkeys(tested["contrast"]))}
    best = best.sort_values("contrast", key=lambda names: names.map(order), kind="stable")
    return with_intervals(best, genes, table, study)


def extreme_variances(
    genes: pd.DataFrame, tested: pd.DataFrame, table: pd.DataFrame, among: Collection[str], q: float
) -> tuple[list[str], str, str]:
    """Return the genes of the first contrast whose arrays vary least and most within the groups.

    Among the genes named that changed (q below the limit); among all named where fewer than two did, and
    among all genes where the chip has fewer than two of those named.

    Returns
    -------
    genes : list of str
    contrast, experiment : str
    """
    first = tested[tested["contrast"].eq(tested["contrast"].iloc[0])]
    named = first[first["gene"].isin(among)]
    changed = named[named["q"] < q]
    chosen = next(rows for rows in (changed, named, first) if len(rows) > 1)
    experiment = first["experiment"].iloc[0]
    groups = groups_of(table, experiment)
    values = genes.loc[chosen["gene"], groups.index].T
    squares = ((values - values.groupby(groups).transform("mean")) ** 2).sum()
    return [squares.idxmin(), squares.idxmax()], first["contrast"].iloc[0], experiment


def chip_images(steps: RmaSteps, scans: ArraySet, flags: pd.DataFrame | None = None) -> dict[str, np.ndarray]:
    """Lay out the residuals of some arrays as they lie on the chip: those flagged, then one of each group.

    The array of a group that isn't flagged is its first.

    Parameters
    ----------
    flags : DataFrame, optional
        From `mgbone.microarray.quality.flag_arrays`.

    Empty where the arrays came normalised: then nothing is known of single cells.
    """
    if not steps.has_probes:
        return {}
    flagged = [] if flags is None else list(flags.loc[flags["flagged"], "array_id"])
    others = scans.table[~scans.table["array_id"].isin(flagged)].drop_duplicates(["experiment", "group"])
    place = {group: i for i, group in enumerate(groups_in_use())}
    first = [*flagged, *others.sort_values("group", key=lambda g: g.map(place), kind="stable")["array_id"]]
    size = (scans.platform.n_rows, scans.platform.n_cols)
    return {array: pseudo_image(steps.residuals[array], *size) for array in first}
