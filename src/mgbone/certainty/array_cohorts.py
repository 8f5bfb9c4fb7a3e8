"""New cohorts of arrays, drawn at the level of gene expression, and what the declared analysis says of each.

A gene varies with a few factors that all genes share (marrow, muscle on the bone), and by itself. Factors are
the residuals' principal components that stand out from those of genes without anything in common; the
variance of a gene's own is drawn anew for each cohort, from what limma's prior leaves open. That drawing
expression and drawing scans give the same log2 fold changes, t and q of themes is tested on the simulator.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pylimma
from scipy import stats

from mgbone.certainty.array_tests import (
    Fitted,
    Terms,
    index_terms,
    moderated_t,
    over_representation,
    speak_for_themes,
)
from mgbone.claims.judging import judge
from mgbone.evidence.comparison import direction_of
from mgbone.microarray import arrays, genesets
from mgbone.microarray.clustering import can_be_separated, separation
from mgbone.study.design import Study
from mgbone.study.errors import MgboneError
from mgbone.study.language import tr
from mgbone.study.ledger import CLAIM_COLUMNS

TRUTHS = ("none", "observed")
COHORTS = 1_000
COHORT_COLUMNS = ["cohort", "experiment", "contrast", "endpoint", "direction", "level", "p"]
FLIPS = 20


@dataclass(frozen=True, eq=False)
class ExpressionModel:
    """What expression is drawn from.

    Attributes
    ----------
    groups : dict of str to Series
        Group of each array to draw, by experiment.
    means : dict of str to DataFrame
        Mean log2 expression, genes x groups, by experiment.
    loadings : float array, shape (genes, factors)
        log2 expression for a factor of 1 standard deviation.
    variance : float array, shape (genes,)
        Of a gene's own, as limma moderates it.
    df : float
        Degrees of freedom that stand behind `variance`; infinite where all genes have the same.
    """

    groups: Mapping[str, pd.Series]
    means: Mapping[str, pd.DataFrame]
    loadings: np.ndarray
    variance: np.ndarray
    df: float


def fit_expression(genes: pd.DataFrame, table: pd.DataFrame, study: Study) -> ExpressionModel:
    """Take from observed arrays what new cohorts are drawn from.

    Parameters
    ----------
    genes : DataFrame, genes x arrays
        log2 expression.
    table : DataFrame
        One row per array: array_id, experiment, group.
    study : Study
        Experiments without a contrast that can be tested are left out; without any such experiment the model
        has no groups, and no cohort can be drawn from it.
    """
    groups, means, residuals, rank = {}, {}, [], 0
    for name, experiment in study.experiments.items():
        if not arrays.testable(table, experiment):
            continue
        of = arrays.groups_of(table, name)
        values = genes[of.index]
        mean = values.T.groupby(of).mean().T
        groups[name], means[name] = of, mean
        residuals.append(values.to_numpy(float) - mean[of.to_numpy()].to_numpy(float))
        rank += len(of) - of.nunique()
    if not groups:
        return ExpressionModel({}, {}, np.empty((len(genes), 0)), np.zeros(len(genes)), np.inf)
    left = np.concatenate(residuals, axis=1)
    loadings, own = _factors(left, rank)
    free = rank - loadings.shape[1]
    squeezed = pylimma.squeeze_var((own**2).sum(axis=1) / free, free)
    df = float(np.ravel(squeezed["df_prior"])[0]) + free
    return ExpressionModel(groups, means, loadings, np.asarray(squeezed["var_post"]), df)


def _factors(residuals: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Part residuals into factors that stand out and what each gene does by itself.

    A factor stands out if its variance exceeds that of the first one after the signs of all values were
    thrown (parallel analysis, Horn 1965). What noise adds to it is taken off (Tipping and Bishop 1999).
    """
    rng = np.random.default_rng(0)
    chance = [_spectrum(residuals * rng.choice([-1.0, 1.0], residuals.shape))[0][0] for _ in range(FLIPS)]
    size, axes = _spectrum(residuals)
    k = min(int((size > max(chance)).sum()), rank - 2)
    noise = size[k:rank].mean()
    along = residuals @ axes[:, :k]
    loadings = along * np.sqrt(np.maximum(1 - noise / size[:k], 0) / rank)
    return loadings, residuals - along @ axes[:, :k].T


def _spectrum(residuals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared lengths of the principal components over the arrays, largest first, and directions."""
    size, axes = np.linalg.eigh(residuals.T @ residuals)
    return size[::-1], axes[:, ::-1]


def draw_expression(model: ExpressionModel, truth: str, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw the arrays of one cohort.

    Parameters
    ----------
    truth : {"none", "observed"}
        Whether diets do nothing (every group has the mean of all), or what was observed.

    Returns
    -------
    dict of str to float array, shape (genes, arrays)
        By experiment, arrays in the order of the model's groups.
    """
    variance = model.variance
    if np.isfinite(model.df):
        variance = variance * model.df / rng.chisquare(model.df, len(variance))
    own, drawn = np.sqrt(variance)[:, None], {}
    for name, groups in model.groups.items():
        mean = model.means[name]
        if truth == "none":
            mean = mean * 0 + mean.mean(axis=1).to_numpy()[:, None]
        factors = model.loadings @ rng.standard_normal((model.loadings.shape[1], len(groups)))
        noise = own * rng.standard_normal((len(own), len(groups)))
        drawn[name] = mean[groups.to_numpy()].to_numpy(float) + factors + noise
    return drawn


def array_cohorts(
    model: ExpressionModel, truth: str, study: Study, n_cohorts: int = COHORTS, seed: int = 0
) -> pd.DataFrame:
    """Draw cohorts of arrays and analyse each as notebook 03 does.

    Parameters
    ----------
    truth : {"none", "observed"}
    seed : int
        Every cohort has one of its own, spawned from it: the result does not depend on the number of threads.

    Returns
    -------
    DataFrame
        ``COHORT_COLUMNS``, one row per cohort, contrast and endpoint (``array_clustering`` and each theme):
        direction and level as in the evidence, p (of a theme the q of its best term; missing for clustering).
        No rows where the model has no groups.

    Raises
    ------
    MgboneError
        If no cohort is asked for.
    """
    if n_cohorts < 1:
        raise MgboneError(tr("{n} cohorts can't be drawn; ask for 1 or more.", n=n_cohorts))
    if not model.groups:
        return pd.DataFrame(columns=COHORT_COLUMNS)
    genes = next(iter(model.means.values())).index
    known = genesets.load_gene_sets(study.gene_sets, study.gene_set_symbols)
    terms = index_terms(genesets.fit_gene_sets(known, genes), genes, genesets.load_themes())
    seeds = np.random.SeedSequence(seed).spawn(n_cohorts)

    def one(number: int) -> list[dict[str, Any]]:
        drawn = draw_expression(model, truth, np.random.default_rng(seeds[number]))
        rows = [row for name in drawn for row in _analysed(name, drawn[name], model, terms, study)]
        return [{"cohort": number, **row} for row in rows]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [row for rows in pool.map(one, range(n_cohorts)) for row in rows]
    return pd.DataFrame(found, columns=COHORT_COLUMNS)


def _analysed(
    experiment: str, values: np.ndarray, model: ExpressionModel, terms: Terms, study: Study
) -> list[dict[str, Any]]:
    """Analyse the arrays of one experiment."""
    groups = model.groups[experiment]
    order = list(dict.fromkeys(groups))
    codes = np.array([order.index(group) for group in groups])
    sizes = np.bincount(codes)
    contrasts = [
        c
        for c in study.experiments[experiment].array_contrasts
        if {c.case, c.reference} <= set(order)
        and min(sizes[order.index(c.case)], sizes[order.index(c.reference)]) > 1
    ]
    pairs = [(order.index(c.case), order.index(c.reference)) for c in contrasts]
    fitted, average, rows = moderated_t(values, codes, pairs), values.mean(axis=1), []
    for i, (contrast, pair) in enumerate(zip(contrasts, pairs, strict=True)):
        told = {"experiment": experiment, "contrast": contrast.name}
        chosen = np.isin(codes, pair)
        level, _, _ = separation(
            values[:, chosen], (codes[chosen] == pair[0]).astype(int),
            cluster_p=study.thresholds["cluster_p"], with_p=False,
        )  # fmt: skip
        untested = level == "not_tested"
        rows.append({**told, "endpoint": "array_clustering", "direction": None if untested else "none",
                     "level": None if untested else level})  # fmt: skip
        of_themes = _of_themes(fitted.of(i), average, terms, sizes[list(pair)], study)
        rows += [{**told, **row} for row in of_themes]
    return rows


def _of_themes(
    fitted: Fitted, average: np.ndarray, terms: Terms, sizes: np.ndarray, study: Study
) -> list[dict[str, Any]]:
    """Say of each theme whether the changed genes of one contrast are enriched with it."""
    limits = study.thresholds["gene_q"], study.thresholds["gene_log2_fold_change"]
    lists = np.stack(fitted.changed(*limits), axis=1)
    enriched = over_representation(terms, lists, average > study.thresholds["expressed"])
    answered = can_be_separated(sizes.tolist(), study.thresholds["cluster_p"]) or enriched.list_size.any()
    rows = []
    for theme, found in speak_for_themes(terms, enriched).items():
        known = answered and np.isfinite(found.q)
        level = study.level(found.q) if known else None
        direction = direction_of(found.way, level)
        p = found.q if known else np.nan
        rows.append({"endpoint": theme, "direction": direction, "level": level, "p": p})
    return rows


def array_chances(cohorts: Mapping[str, pd.DataFrame], verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return how often each statement about arrays got in new cohorts the verdict that it has.

    Parameters
    ----------
    cohorts : mapping of str to DataFrame
        From `array_cohorts`, by truth.
    verdicts : DataFrame
        From `mgbone.claims.judge`.

    Returns
    -------
    DataFrame
        Columns claim_id, p_without_effect (truth ``none``) and p_plugin (``observed``), each with _low and
        _high, the 95 % interval (Clopper and Pearson) for the number of cohorts, and cohorts. Missing of a
        statement that was not tested, in these arrays or in any cohort.
    """
    about = verdicts.loc[verdicts["domain"] == "microarray", [*CLAIM_COLUMNS, "verdict"]]
    had = about.set_index("claim_id")["verdict"]
    table = about[["claim_id"]].reset_index(drop=True)
    for truth, name in (("none", "p_without_effect"), ("observed", "p_plugin")):
        if truth not in cohorts:
            continue
        said = _judged_again(cohorts[truth], about.drop(columns="verdict"))
        same = said["verdict"].eq(said["claim_id"].map(had))
        tested = said.loc[said["verdict"].ne("not_tested"), "claim_id"].unique()
        n = cohorts[truth]["cohort"].nunique()
        k = same.groupby(said["claim_id"]).sum().reindex(had.index).astype(float)
        k = k.where(had.index.isin(tested) & had.ne("not_tested")).to_numpy()
        low, high = stats.beta.ppf(0.025, k, n - k + 1), stats.beta.ppf(0.975, k + 1, n - k)
        table = table.assign(
            **{
                name: k / n if n else np.nan,
                f"{name}_low": np.where(k == 0, 0.0, low),
                f"{name}_high": np.where(k == n, 1.0, high),
            },
            cohorts=n,
        )
    return table


def _judged_again(cohorts: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """Judge statements in every cohort at once: the cohort is made part of the experiment's name."""
    evidence = cohorts.assign(experiment=cohorts["experiment"] + "#" + cohorts["cohort"].astype(str))
    stated = claims.merge(cohorts[["cohort"]].drop_duplicates(), how="cross")
    stated["experiment"] = stated["experiment"] + "#" + stated["cohort"].astype(str)
    return judge(stated, evidence[["experiment", "contrast", "endpoint", "direction", "level"]])
