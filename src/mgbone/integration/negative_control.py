"""A judge can be too kind: what it would call reproduced where there is nothing to find."""

import numpy as np
import pandas as pd

from mgbone import biochem, qct
from mgbone.claims.judging import judge
from mgbone.dataset.opening import Dataset, open_dataset
from mgbone.evidence.chances import chances_of_levels
from mgbone.evidence.comparison import animals_by_endpoints, compare
from mgbone.evidence.rank_tests import in_hidden_endpoints
from mgbone.integration import contrasts, doses
from mgbone.integration.many import REPRODUCED, Moments, judge_many
from mgbone.microarray.clustering import can_be_separated, n_splits
from mgbone.study.design import Study
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_
from mgbone.study.paths import resolve, write_table

NULL = "data/null"
KINDS = {
    "effect": N_("an effect in serum, urine, intake or density"),
    "no_effect": N_("no difference there"),
    "order": N_("the order of doses"),
    "array_effect": N_("separate clusters, or changed genes of a theme"),
    "array_mixed": N_("clusters that mix the groups"),
}
CONTROL_COLUMNS = [
    "kind", "statements", "this", "null", "nominal", "bound",
    "permuted_mean", "permuted_low", "permuted_high",
]  # fmt: skip
_BOUNDS = {"effect": N_("at most"), "no_effect": N_("about"), "order": N_("about"),
           "array_effect": N_("at most"), "array_mixed": N_("at least")}  # fmt: skip


def main(target: str) -> None:
    """Write the evidence of the dataset without effect for notebook 04.

    Raises
    ------
    MgboneError
        If that dataset has faults or can't be analysed; it is named.
    """
    try:
        write_table(evidence_of(open_dataset(NULL)), resolve(target))
    except MgboneError as error:
        raise MgboneError(f"{NULL}: {error}") from None


def evidence_of(dataset: Dataset) -> pd.DataFrame:
    """Return the evidence that the notebooks would find in a dataset, without what only their figures need.

    The functions are those of notebooks 01 to 04; the support of branches, which takes long and decides
    nothing, is left out of the clustering.
    """
    study = dataset.study
    clinical = measure(dataset)
    parts = [compare(clinical, study), doses.dose_order_evidence(clinical, study)]
    if dataset.arrays is not None:
        parts.append(_array_evidence(dataset))
    return doses.combine(*parts)


def measure(dataset: Dataset) -> pd.DataFrame:
    """Return the measurements of serum, urine, intake and density of a dataset."""
    tables = [biochem.derive_endpoints(dataset)]
    if dataset.qct_slices is not None or dataset.qct_regions is not None:
        tables.append(qct.regional_density(dataset, dataset.study))
    return doses.stack(tables)


def kind_of(statements: pd.DataFrame) -> pd.Series:
    """Name the kind of each statement, one of ``KINDS``."""
    array = statements["domain"] == "microarray"
    cases = {
        "array_mixed": array & (statements["level"] == "mixed"), "array_effect": array,
        "order": statements["contrast"] == "dose_order", "no_effect": statements["level"] == "none",
    }  # fmt: skip
    kinds = np.select(list(cases.values()), list(cases), "effect")
    return pd.Series(kinds, index=statements.index, name="kind")


def chance_of(statements: pd.DataFrame, measurements: pd.DataFrame, study: Study) -> pd.Series:
    """Return the probability that a statement is reproduced where the diets do nothing, by theory.

    For normal values of equal variance the difference of two groups over its standard error is Student's t.
    Tukey-Kramer calls it significant, or a trend, beyond a quantile of the studentised range, so that the
    probability of each level, with the stated sign, is an area under t. A stated mean must agree besides,
    which makes the probability of such a row smaller: it is an upper limit there. The order of doses
    needs every step (`mgbone.integration.contrasts.chance_of_order`). Arrays: separate clusters
    need the true split to be the most cohesive one (one in all splits of n against n) and the tree to be cut
    into just these, so that their chance is at most, and that of mixed ones at least, what is said. They
    can't come out where the split is not rare enough for the rule (fewer than four arrays a group). A theme
    may come out with the false discovery rate at most.

    Returns
    -------
    Series
        By the index of `statements`; missing where the endpoint was not measured.
    """
    sizes = measurements.dropna(subset="value").groupby(["experiment", "endpoint", "group"]).size()
    kinds = kind_of(statements)
    separated = _chance_of_separation(study)
    chances = []
    for row, kind in zip(statements.to_dict("records"), kinds, strict=True):
        if kind == "array_effect":
            chances.append(separated if row["level"] == "separated" else study.thresholds["gene_set_q"])
        elif kind == "array_mixed":
            chances.append(1 - separated)
        elif kind == "order":
            chances.append(_chance_of_order(row["endpoint"], sizes, study))
        else:
            found = (row["experiment"], row["endpoint"]) in sizes.index.droplevel("group")
            of = sizes[row["experiment"], row["endpoint"]] if found else sizes.iloc[:0]
            chances.append(_chance(row["level"], of[of > 1].to_numpy(), study))
    return pd.Series(chances, index=statements.index, name="chance", dtype=float)


def chance_of_verdict(verdicts: pd.DataFrame, measurements: pd.DataFrame, study: Study) -> pd.Series:
    """Return the probability of each verdict, whatever it is, where the diets do nothing (see `chance_of`).

    Parameters
    ----------
    verdicts : DataFrame
        From `mgbone.claims.judge`.

    Returns
    -------
    Series
        By the index of `verdicts`; missing where nothing was tested, or theory gives no answer. Without
        effect a difference points either way equally often: half of all stated effects are contradicted.
    """
    reproduced = chance_of(verdicts, measurements, study)
    verdict, animals = verdicts["verdict"], kind_of(verdicts) == "effect"
    cases = [
        (verdict == "reproduced", reproduced),
        ((verdict == "direction_only") & animals, 0.5 - reproduced),
        ((verdict == "contradicted") & animals, reproduced * 0 + 0.5),
        (verdict == "contradicted", 1 - reproduced),
    ]
    chance = np.select(*zip(*cases, strict=True), default=np.nan)
    return pd.Series(chance, verdicts.index, name="p_without_effect")


def permute_labels(
    measurements: pd.DataFrame,
    statements: pd.DataFrame,
    study: Study,
    n_permutations: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Judge the statements about animals again with group labels permuted within each experiment.

    An animal keeps all of its values, so that endpoints stay correlated as they are: the counts of reproduced
    statements then vary as they would by chance in these very animals, which no binomial formula gives. The
    rule is that of `mgbone.claims.judge` on the tests of `mgbone.evidence.compare`, computed for all
    permutations at once. Statements about arrays, and about endpoints with values below a limit of detection,
    are left out.

    Returns
    -------
    DataFrame of bool
        One row per labelling, the first the observed one; one column per statement (claim_id): reproduced.
    """
    rng = np.random.default_rng(seed)
    moments = {}
    for experiment, table in usable(measurements).groupby("experiment", sort=False):
        wide = animals_by_endpoints(table)
        group = table.drop_duplicates("animal_id").set_index("animal_id")["group"].reindex(wide.index)
        labels = np.tile(group.to_numpy(object), (n_permutations, 1))
        labels[1:] = rng.permuted(labels[1:], axis=1)
        moments[experiment] = _moments(wide, labels)
    judged = judge_many(statements[statements["domain"].ne("microarray")], moments, study)
    return pd.DataFrame({claim: verdict == REPRODUCED for claim, verdict in judged.items()})


def tested(statements: pd.DataFrame, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Keep the statements that the data at hand can answer; only they can be reproduced."""
    answered = verdicts.loc[verdicts["verdict"] != "not_tested", "claim_id"]
    return statements[statements["claim_id"].isin(answered)]


def count_control(
    statements: pd.DataFrame,
    verdicts: pd.DataFrame,
    control: pd.DataFrame | None,
    chances: pd.Series,
    permuted: pd.DataFrame,
) -> pd.DataFrame:
    """Count, per kind of statement, how many are reproduced here, without effect, and by chance.

    Parameters
    ----------
    statements, verdicts : DataFrame
        The statements that were tested (`tested`), and the verdicts on the data at hand.
    control : DataFrame or None
        Verdicts on the dataset without effect.
    chances : Series
        From `chance_of`.
    permuted : DataFrame
        From `permute_labels`.

    Returns
    -------
    DataFrame
        Columns of ``CONTROL_COLUMNS``: `this` and `null` are reproduced statements, `nominal` the number
        expected by theory (`bound` says of which side it is a limit), permuted_... mean and 95 % range of the
        permutations, missing where none were made.
    """
    kinds = kind_of(statements)
    rows = []
    for kind in KINDS:
        of_kind = statements[kinds == kind]
        if of_kind.empty:
            continue
        names = set(of_kind["claim_id"])
        counts = permuted[[c for c in permuted if c in names]].iloc[1:].sum(axis=1)
        made = len(counts) > 0 and names <= set(permuted.columns)
        low, high = np.quantile(counts, [0.025, 0.975], method="inverted_cdf") if made else (np.nan, np.nan)
        null = np.nan if control is None else _reproduced(control, names)
        seen = len(of_kind), _reproduced(verdicts, names), null
        nominal = chances[of_kind.index].sum(min_count=1)
        rows.append((kind, *seen, nominal, _BOUNDS[kind], counts.mean() if made else np.nan, low, high))
    return pd.DataFrame(rows, columns=CONTROL_COLUMNS).astype({"null": float})


def distribution(statements: pd.DataFrame, permuted: pd.DataFrame) -> pd.DataFrame:
    """Return how often the permutations gave each number of reproduced statements.

    Returns
    -------
    DataFrame
        Columns kind, reproduced, share; kinds that `permute_labels` covers as a whole.
    """
    rows = []
    kinds = kind_of(statements)
    for kind in KINDS:
        names = set(statements.loc[kinds == kind, "claim_id"])
        if names and names <= set(permuted.columns) and len(permuted) > 1:
            counts = permuted[list(names)].iloc[1:].sum(axis=1).value_counts(normalize=True).sort_index()
            rows += [(kind, int(n), float(share)) for n, share in counts.items()]
    return pd.DataFrame(rows, columns=["kind", "reproduced", "share"])


def judge_control(statements: pd.DataFrame, evidence: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return the verdicts on the dataset without effect, by the same rule; None where there is none."""
    return None if evidence is None else judge(statements, evidence)


def _reproduced(verdicts: pd.DataFrame, names: set[str]) -> int:
    return int((verdicts["claim_id"].isin(names) & verdicts["verdict"].eq("reproduced")).sum())


def _array_evidence(dataset: Dataset) -> pd.DataFrame:
    # Loaded here, since notebooks without arrays should not wait for limma and gene sets.
    from mgbone.microarray import arrays, changed_genes, enrichment, genesets
    from mgbone.microarray.genes import summarise_to_genes
    from mgbone.microarray.normalisation import rma

    study = dataset.study
    scans = arrays.load_arrays(dataset)
    if (genes := scans.expression) is None:
        values = rma(scans.probes, scans.platform.probesets)
        genes = summarise_to_genes(values, scans.platform.annotation["gene_symbol"])
    tested = arrays.compare_arrays(genes, scans.table, study)
    known = genesets.load_gene_sets(study.gene_sets, study.gene_set_symbols)
    gene_sets = genesets.fit_gene_sets(known, genes.index)
    limits = (study.thresholds["gene_q"], study.thresholds["gene_log2_fold_change"])
    lists = changed_genes.gene_lists(tested, *limits)
    expressed = changed_genes.expressed_genes(tested, study.thresholds["expressed"])
    enriched = enrichment.over_representation(lists, gene_sets, expressed)
    clusterings = arrays.cluster_all_contrasts(genes, scans.table, study, bootstraps=1)
    return arrays.array_evidence(clusterings, enriched, genesets.load_themes(), scans.table, study)


def _chance(level: str, sizes: np.ndarray, study: Study) -> float:
    """Chance of a level without effect; of a finding with the stated sign."""
    k = len(sizes)
    chances = chances_of_levels(0.0, k, int(sizes.sum() - k), study)
    return float(chances["none" if level == "none" else f"up_{level}"])


def _chance_of_separation(study: Study) -> float:
    """Upper limit of the chance of separate clusters; missing where the study does not count its arrays."""
    if not study.arrays_per_group:
        return np.nan
    sizes = [study.arrays_per_group] * 2
    return 1 / n_splits(sizes) if can_be_separated(sizes, study.thresholds["cluster_p"]) else 0.0


def usable(measurements: pd.DataFrame) -> pd.DataFrame:
    """Keep the values of endpoints of which none lies below a limit of detection in that experiment."""
    table = measurements.dropna(subset="value")
    return table[~in_hidden_endpoints(table)]


def _moments(wide: pd.DataFrame, labels: np.ndarray) -> Moments:
    """Return the moments of each group under each labelling (n_labellings, n_animals)."""
    values = wide.to_numpy(float)
    known = np.isfinite(values)
    centre = np.nanmean(values, axis=0)
    centred = np.where(known, values - centre, 0.0)
    parts = []
    for group in (groups := tuple(pd.unique(labels[0]))):
        member = (labels == group).astype(float)
        n, total = member @ known, member @ centred
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / n
            parts.append((n, mean + centre, member @ centred**2 - n * mean**2))
    return Moments(groups, tuple(wide), *map(np.stack, zip(*parts, strict=True)))


def _chance_of_order(endpoint: object, sizes: pd.Series, study: Study) -> float:
    groups = [(c.experiment, g) for c in study.dose_order for g in (c.reference, c.case)]
    of = {(e, g): int(sizes.get((e, endpoint, g), 0)) for e, g in groups}
    limit = study.thresholds["significant"]
    return contrasts.chance_of_order(of, study, limit) if min(of.values(), default=0) > 1 else np.nan
