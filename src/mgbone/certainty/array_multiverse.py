"""Every defensible analysis of the arrays: each normalisation and model once, limits on top of them."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mgbone.certainty.array_tests import (
    Fitted,
    Spoken,
    Terms,
    index_terms,
    moderated_t,
    over_representation,
    speak_for_themes,
)
from mgbone.certainty.joint import JOINT_COLUMNS, Tally
from mgbone.certainty.multiverse import Multiverse
from mgbone.certainty.specifications import SPECIFICATION_COLUMNS, judged, sum_up
from mgbone.dataset.opening import Dataset
from mgbone.microarray import arrays, genesets
from mgbone.microarray.clustering import LINKAGE, N_GENES, can_be_separated, separation
from mgbone.microarray.genes import summarise_to_genes
from mgbone.microarray.genesets import LARGEST, SMALLEST
from mgbone.microarray.normalisation import rma
from mgbone.study.design import Study
from mgbone.study.ledger import CLAIM_COLUMNS
from mgbone.study.multiverse import Decision, Option

CLUSTERING = "array_clustering"
Row = dict[str, Any]


def array_multiverse(
    dataset: Dataset, claims: pd.DataFrame, n_permutations: int = 1, seed: int = 0
) -> Multiverse:
    """Judge every statement about arrays by every specification.

    Scans are normalised once per background and normalisation, genes tested once per model on top of it, and
    all limits, backgrounds and sizes of terms are crossed on those tests. Which genes are expressed is taken
    from the declared normalisation, since the limit is on its scale.

    Parameters
    ----------
    dataset : Dataset
        With arrays; those that came normalised have one normalisation.
    claims : DataFrame
        The ledger.
    n_permutations : int
        Labellings of the arrays for joint inference, the observed one included; 1 leaves it out. Each takes
        some seconds.

    Returns
    -------
    Multiverse
        Estimates are log2 odds ratios of themes and mean silhouettes of clusterings; p of a theme is the q of
        its best term.
    """
    study = dataset.study
    about = claims.loc[claims["domain"] == "microarray", CLAIM_COLUMNS]
    known = {one.id: one for one in study.multiverse}
    scans = arrays.load_arrays(dataset)
    matrices = dict(normalised(scans, known))
    genes = next(iter(matrices.values()))
    sets = genesets.fit_gene_sets(
        genesets.load_gene_sets(study.gene_sets, study.gene_set_symbols), genes.index
    )
    terms = index_terms(sets, genes.index, genesets.load_themes())
    rows, joint = [], []
    for experiment in study.experiments.values():
        of = about[about["experiment"] == experiment.name]
        contrasts = [c for c in arrays.testable(scans.table, experiment) if of["contrast"].eq(c.name).any()]
        if not contrasts:
            continue
        groups = arrays.groups_of(scans.table, experiment.name)
        order = list(dict.fromkeys(groups))
        asked = _Asked(
            {key: table[groups.index].to_numpy(float) for key, table in matrices.items()},
            {c.name: (order.index(c.case), order.index(c.reference)) for c in contrasts},
            {key: table["claim_id"].tolist() for key, table in of.groupby(["contrast", "endpoint"])},
            terms,
            study,
        )
        codes = np.array([order.index(group) for group in groups])
        rng = np.random.default_rng(seed)
        labellings = permuted_codes(codes, asked.pairs.values(), n_permutations - 1, rng)
        observed = _all_ways(asked, codes)
        rows += observed
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            permuted = list(pool.map(lambda codes, of=asked: _numbers(_all_ways(of, codes)), labellings))
        joint += _jointly(observed, [_numbers(observed), *permuted], study)
    table = judged(pd.DataFrame(rows) if rows else pd.DataFrame(columns=SPECIFICATION_COLUMNS), about, study)
    statements, decisions = sum_up(table, study, pd.DataFrame(joint, columns=JOINT_COLUMNS))
    return Multiverse(table, statements, decisions)


class _Asked(NamedTuple):
    """What is asked of the arrays of one experiment."""

    expression: Mapping[tuple[str, str], np.ndarray]  # genes x arrays by background and normalisation
    pairs: Mapping[str, tuple[int, int]]  # case and reference of each contrast
    claims: Mapping[tuple[str, str], list[str]]  # by contrast and endpoint
    terms: Terms
    study: Study


def normalised(
    scans: arrays.ArraySet, known: Mapping[str, Decision]
) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    """Give the genes x arrays of every background and normalisation, the declared one first."""
    if scans.expression is not None:
        yield ("convolution", "quantile"), scans.expression
        return
    symbols = scans.platform.annotation["gene_symbol"]
    order = None
    for background, normalisation in product(
        _ids(known, "array_background", "convolution"), _ids(known, "array_normalisation", "quantile")
    ):
        values = rma(
            scans.probes, scans.platform.probesets,
            background=background == "convolution", normalise=normalisation == "quantile",
        )  # fmt: skip
        if normalisation == "median":
            middle = values.median()
            values = values - middle + middle.mean()
        genes = summarise_to_genes(values.round(6), symbols)  # as `mgbone.microarray.normalise`
        order = genes.index if order is None else order
        yield (background, normalisation), genes.reindex(order)


def _ids(known: Mapping[str, Decision], name: str, declared: str) -> list[str]:
    return [option.id for option in known[name].options] if name in known else [declared]


def _options(study: Study, name: str, declared: str) -> Sequence[Option]:
    found = next((one.options for one in study.multiverse if one.id == name), ())
    return found or [Option(declared, declared, "")]


def _all_ways(asked: _Asked, codes: np.ndarray) -> list[Row]:
    """Make every analysis of the arrays of an experiment: one row per statement and specification."""
    rows: list[Row] = []
    expressed = next(iter(asked.expression.values())).mean(axis=1) > asked.study.thresholds["expressed"]
    for (background, normalisation), values in asked.expression.items():
        upstream = {"array_background": background, "array_normalisation": normalisation}
        found = [*_clusterings(asked, values, codes), *_themes(asked, values, codes, expressed)]
        rows += [upstream | row for row in found]
    return rows


def _clusterings(asked: _Asked, values: np.ndarray, codes: np.ndarray) -> Iterator[Row]:
    for contrast, (case, reference) in asked.pairs.items():
        claims = asked.claims.get((contrast, CLUSTERING), ())
        chosen = np.isin(codes, [case, reference])
        of = (codes[chosen] == case).astype(int)
        numbers, linkages = (_options(asked.study, name, LINKAGE) for name in ("clustered_genes", "linkage"))
        for number, linkage in product(numbers, linkages) if claims else ():
            level, silhouette, p = separation(
                values[:, chosen], of, N_GENES if number.limit is None else int(number.limit), linkage.id,
                asked.study.thresholds["cluster_p"],
            )  # fmt: skip
            tested = level != "not_tested"
            told = {"clustered_genes": number.id, "linkage": linkage.id, "way": 0, "estimate": silhouette}
            told |= {"level": level if tested else None, "p": p if tested else np.nan}
            yield from ({"claim_id": claim, **told} for claim in claims)


def _themes(asked: _Asked, values: np.ndarray, codes: np.ndarray, expressed: np.ndarray) -> Iterator[Row]:
    wanted = [c for c in asked.pairs if any((c, theme) in asked.claims for theme in asked.terms.of_theme)]
    for model in _options(asked.study, "gene_model", "moderated") if wanted else ():
        for contrast in wanted:
            pair = asked.pairs[contrast]
            chosen = np.isin(codes, pair) if model.id == "two_groups" else np.ones(len(codes), dtype=bool)
            fitted = moderated_t(values[:, chosen], codes[chosen], [pair], trend=model.id == "trend")
            sizes = [int((codes == group).sum()) for group in pair]
            enough = can_be_separated(sizes, asked.study.thresholds["cluster_p"])
            for options, spoken in _enriched(asked, fitted, expressed, enough):
                for theme, found in spoken.items():
                    level = asked.study.level(found.q) if np.isfinite(found.q) else None
                    # A list that is not enriched points nowhere (as in `theme_evidence`).
                    way = found.way if level in ("significant", "trend") else 0
                    told = {"estimate": found.estimate, "p": found.q, "way": way, **options}
                    claims = asked.claims.get((contrast, theme), ())
                    yield from ({"claim_id": claim, "gene_model": model.id, **told} for claim in claims)


def _enriched(
    asked: _Asked, fitted: Fitted, expressed: np.ndarray, enough: bool
) -> Iterator[tuple[dict[str, str], dict[str, Spoken]]]:
    """Give what speaks for each theme under every limit, background and size of terms."""
    study, terms = asked.study, asked.terms
    limits = list(product(_options(study, "gene_q", "declared"), _options(study, "fold_change", "declared")))
    lists = []
    for at, beyond in limits:
        most, least = _limit(at, "gene_q", study), _limit(beyond, "gene_log2_fold_change", study)
        lists += fitted.of(0).changed(most, least)
    annotated = terms.annotated
    grounds = {"expressed": expressed, "chip": np.ones(len(expressed), dtype=bool), "annotated": annotated}
    for ground in _options(study, "set_background", "expressed"):
        found = over_representation(terms, np.stack(lists, axis=1), grounds[ground.id])
        for i, (at, beyond) in enumerate(limits):
            two = found.lists([2 * i, 2 * i + 1])
            for size in _options(study, "set_sizes", "declared"):
                spoken = speak_for_themes(terms, two, size.sizes or (SMALLEST, LARGEST))
                if not enough and not two.list_size.any():  # arrays are wanting, not changes
                    spoken = {theme: Spoken(np.nan, 0, np.nan) for theme in spoken}
                told = {"gene_q": at.id, "fold_change": beyond.id, "set_background": ground.id}
                yield told | {"set_sizes": size.id}, spoken


def _limit(option: Option, threshold: str, study: Study) -> float:
    """Return the limit that an option states, or the declared one."""
    return study.thresholds[threshold] if option.limit is None else option.limit


def permuted_codes(
    codes: np.ndarray, pairs: Iterable[tuple[int, int]], n: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Permute the groups of the arrays that are compared; those of other groups keep theirs."""
    compared = np.flatnonzero(np.isin(codes, [code for pair in pairs for code in pair]))
    labellings = np.tile(codes, (n, 1))
    labellings[:, compared] = rng.permuted(labellings[:, compared], axis=1)
    return list(labellings)


def _numbers(rows: Sequence[Row]) -> np.ndarray:
    """Return p and sign of every specification, shape (specifications, 2)."""
    return np.array([(row["p"], row["way"]) for row in rows], dtype=float)


def _jointly(observed: Sequence[Row], numbers: Sequence[np.ndarray], study: Study) -> list[Row]:
    """Hold all specifications of each statement against those of the permuted arrays."""
    tallies: dict[str, Tally] = {}
    for row, found in zip(observed, np.stack(numbers, axis=2), strict=True):
        tally = tallies.setdefault(row["claim_id"], Tally(study.thresholds["significant"]))
        tally.add(*found)
    return [{"claim_id": claim, **tally.joint()} for claim, tally in tallies.items() if tally.p]
