"""Every defensible analysis of the animals at once: over which of them a statement holds.

Decisions and options stand in the study (`mgbone.study.multiverse`), crossed in full (Steegen et al. 2016).
Whether all of them together say more than chance is asked by permuting the animals' labels within each
experiment and doing every analysis again (Simonsohn, Simmons and Nelson 2020). That p is one of the whole set
of analyses, which are of the same animals: it adds no evidence to the declared test, and is no proof of the
statement.

The order of doses has no multiverse: its steps are ratios of ratios, each diet to its own reference, over
both experiments (`mgbone.integration.contrasts`). The other tests and scales compare groups within one
experiment and are no other ways to do that; only the rule for outliers would be left.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from mgbone import biochem, qct
from mgbone.certainty.batch import Batch, logarithms, run_test
from mgbone.certainty.joint import JOINT_COLUMNS, Tally
from mgbone.certainty.specifications import SPECIFICATION_COLUMNS, judged, sum_up
from mgbone.dataset.opening import Dataset
from mgbone.evidence.columns import under_one_another
from mgbone.evidence.comparison import animals_by_endpoints
from mgbone.evidence.rank_tests import is_hidden
from mgbone.study.design import Experiment
from mgbone.study.ledger import CLAIM_COLUMNS
from mgbone.study.multiverse import Decision, specifications

PERMUTATIONS = 2_000
THREADS = 2
SHARED = ("urine", "regions", "density")


@dataclass(frozen=True, eq=False)
class Multiverse:
    """What every specification says of every statement; made by `animal_multiverse` and `array_multiverse`.

    Attributes
    ----------
    specifications : DataFrame
        One row per statement and specification: ``SPECIFICATION_COLUMNS`` and a column per decision, with the
        id of its option, missing where the decision does not touch the statement. `specification` is 0 in
        the row of the declared one, which is missing where it could not be made.
    statements : DataFrame
        One row per statement, ``STATEMENT_COLUMNS`` of `mgbone.certainty.specifications`.
    decisions : DataFrame
        One row per statement and decision: which share of the variance each decision explains
        (`mgbone.certainty.specifications.shares_of_variance`).
    """

    specifications: pd.DataFrame = field(repr=False)
    statements: pd.DataFrame = field(repr=False)
    decisions: pd.DataFrame = field(repr=False)


class Form(NamedTuple):
    """One way to make values from what was measured: options of the decisions in ``SHARED``."""

    options: Mapping[str, str]
    measurements: pd.DataFrame


def animal_multiverse(
    dataset: Dataset, claims: pd.DataFrame, n_permutations: int = PERMUTATIONS, seed: int = 0
) -> Multiverse:
    """Judge every statement about animals by every specification, and all of them jointly.

    Parameters
    ----------
    claims : DataFrame
        The ledger, or verdicts on it; statements that no decision touches are left out.
    n_permutations : int
        Labellings drawn for joint inference, the observed one included; 1 leaves it out.

    Returns
    -------
    Multiverse
        Estimates are differences in percent of the reference's mean; on logarithms, of its geometric mean.
    """
    study, claims = dataset.study, claims[CLAIM_COLUMNS]
    touched = claims["endpoint"].map(lambda e: bool(specifications(study.multiverse, e)))
    about = claims[touched.astype(bool) & claims["domain"].isin(["biochem", "qct"])]
    forms = make_forms(dataset)
    rows, joint = [], []
    for experiment in study.experiments.values():
        of = about[about["experiment"] == experiment.name]
        if len(of):
            found, tallies = _experiment(dataset, experiment, of, forms, (n_permutations, seed))
            rows += found
            joint += [{"claim_id": claim, **tally.joint()} for claim, tally in tallies.items()]
    table = judged(under_one_another(rows, SPECIFICATION_COLUMNS), about, study)
    statements, decisions = sum_up(table, study, pd.DataFrame(joint, columns=JOINT_COLUMNS))
    return Multiverse(table, statements, decisions)


def make_forms(dataset: Dataset) -> list[Form]:
    """Make the values of the animals in every way that the study declares, each as tidy measurements.

    A form holds only the endpoints that it makes anew; the first holds all. Regional densities that came
    without slices can be made in one way only.
    """
    study = dataset.study
    known = {one.id: one for one in study.multiverse}
    urine = [option.id for option in known["urine"].options] if "urine" in known else ["per_creatinine"]
    declared = biochem.derive_endpoints(dataset)
    forms = []
    for name in urine:
        values = declared if name == "per_creatinine" else _per_day(dataset, declared)
        forms.append(Form({"urine": name}, values))
    if dataset.qct_slices is None and dataset.qct_regions is None:
        return forms
    several = dataset.qct_slices is not None
    axes = [_options(known.get(name), several) for name in ("regions", "density")]
    for region, density in product(*axes):
        limits = {**study.regions, **((region and region.regions) or {})}
        make = qct.mean_slice_density if density and density.id == "mean_of_slices" else qct.regional_density
        options = {key: one.id for key, one in (("regions", region), ("density", density)) if one}
        forms.append(Form(options, make(dataset, replace(study, regions=limits))))
    return forms


def _options(decision: Decision | None, several: bool) -> Sequence[object]:
    if decision is None:
        return [None]
    return decision.options if several else decision.options[:1]


def _per_day(dataset: Dataset, declared: pd.DataFrame) -> pd.DataFrame:
    """Return the urinary markers as excretion in 24 hours."""
    if dataset.urine is None:
        return declared.head(0)
    forms = biochem.before_and_after_creatinine(dataset)
    return forms.assign(value=forms["per_day"], unit="")


def _experiment(
    dataset: Dataset,
    experiment: Experiment,
    about: pd.DataFrame,
    forms: Iterable[Form],
    draws: tuple[int, int],
) -> tuple[list[pd.DataFrame], dict[str, Tally]]:
    """Make every analysis of one experiment: rows of specifications, and the tally of each statement."""
    study = dataset.study
    animals = dataset.animals[dataset.animals["experiment"] == experiment.name]
    values = []
    for form in forms:
        endpoints = [e for e in dict.fromkeys(about["endpoint"]) if _makes(form, e, study.multiverse)]
        values.append((form, *_wide(form.measurements, animals["animal_id"], endpoints)))
    tasks = list(_labelled(values, animals["group"].to_numpy(object), experiment.groups, draws))
    options = {one.id: [option.id for option in one.options] for one in study.multiverse}
    ways = list(product(tasks, options.get("transformation", ["none"]), options.get("outliers", ["kept"])))
    tests = options.get("test", ["tukey_kramer"])
    with ThreadPoolExecutor(THREADS) as pool:
        done = list(pool.map(lambda way: _analyse(*way, tests, experiment, about), ways))
    tallies = {claim: Tally(study.thresholds["significant"]) for claim in about["claim_id"]}
    for _, found in done:
        for claim, p, way in found:
            tallies[claim].add(p, way)
    return [rows for rows, _ in done], {claim: one for claim, one in tallies.items() if one.p}


def _makes(form: Form, endpoint: str, decisions: Iterable[Decision]) -> bool:
    """Say whether a form makes an endpoint anew: decisions that do not touch it must be as declared."""
    touching = {one.id: one for one in decisions if one.is_about(endpoint) and one.id in SHARED}
    others = {one.id: one.options[0].id for one in decisions if one.id in form.options}
    return all(key in touching or name == others.get(key, name) for key, name in form.options.items())


class Task(NamedTuple):
    """One form of the values of endpoints that were measured in the same animals, and the labels of these."""

    form: Form
    table: pd.DataFrame
    hidden: np.ndarray
    member: np.ndarray


def _wide(
    measurements: pd.DataFrame, animals: pd.Series, endpoints: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values of animals x endpoints, and which lie below a limit; without endpoints that no animal has."""
    table = measurements[measurements["endpoint"].isin(endpoints)]
    wide = animals_by_endpoints(table).reindex(index=animals)
    wide = wide[[e for e in endpoints if e in wide and wide[e].notna().any()]]
    marks = table.assign(value=is_hidden(table).astype(float))
    return wide, animals_by_endpoints(marks).reindex_like(wide) > 0


def _labelled(
    values: Sequence[tuple[Form, pd.DataFrame, pd.DataFrame]],
    groups: np.ndarray,
    order: Sequence[str],
    draws: tuple[int, int],
) -> Iterator[Task]:
    """Permute labels among the animals that an endpoint was measured in, alike for all of its forms."""
    measured: dict[str, np.ndarray] = {}
    for _, wide, _ in values:
        for endpoint, column in wide.notna().items():
            measured[endpoint] = measured.get(endpoint, False) | column.to_numpy()
    members = {among.tobytes(): draw_labels(groups, order, *draws, among) for among in measured.values()}
    for form, wide, hidden in values:
        alike: dict[bytes, list[str]] = {}
        for endpoint in wide:
            alike.setdefault(measured[endpoint].tobytes(), []).append(endpoint)
        for among, of in alike.items():
            yield Task(form, wide[of], hidden[of].to_numpy(), members[among])


def draw_labels(
    groups: np.ndarray, order: Sequence[str], n: int, seed: int, among: np.ndarray | bool = True
) -> np.ndarray:
    """Permute the groups of animals.

    Parameters
    ----------
    groups : object array, shape (animals,)
    order : sequence of str
        The groups of the experiment.
    among : bool array, shape (animals,), optional
        The animals that were measured; the others keep their groups, so that every labelling has the groups
        and sizes that were observed.

    Returns
    -------
    float array, shape (n, groups, animals)
        1 where an animal is in a group; the first labelling is the observed one.
    """
    labels = np.tile(groups, (n, 1))
    chosen = np.flatnonzero(np.broadcast_to(among, groups.shape))
    labels[1:, chosen] = np.random.default_rng(seed).permuted(labels[1:, chosen], axis=1)
    return np.stack([labels == group for group in order], axis=1).astype(float)


def _analyse(
    task: Task,
    transformation: str,
    outliers: str,
    tests: Sequence[str],
    experiment: Experiment,
    about: pd.DataFrame,
) -> tuple[pd.DataFrame, list[tuple[str, np.ndarray, np.ndarray]]]:
    """Test one form of the values on one scale after one rule for outliers, by every test."""
    form, hidden, member = task.form, task.hidden, task.member
    values, logs = task.table.to_numpy(float), transformation == "logarithm"
    # Gehan's test does not change under logarithms, and limits have to stay what they are.
    scaled = np.where(hidden.any(axis=0), values, logarithms(values)) if logs else values
    known = np.isfinite(scaled)
    place = {group: i for i, group in enumerate(experiment.groups)}
    contrasts = [(place[c.case], place[c.reference]) for c in experiment.contrasts]
    usable = known.any(axis=0)
    columns = task.table.columns[usable].tolist()
    if not columns:
        return pd.DataFrame(), []
    at = {c.name: i for i, c in enumerate(experiment.contrasts)}
    asked = [
        (row.claim_id, at[row.contrast], columns.index(row.endpoint))
        for row in about[about["endpoint"].isin(columns)].itertuples()
    ]
    wanted = np.zeros((len(contrasts), len(columns)), dtype=bool)
    for _, *here in asked:
        wanted[*here] = True
    counted = known[:, usable].astype(float)
    whole = Batch(scaled[:, usable], member, counted, contrasts, hidden[:, usable], wanted)
    batch = whole.without(outliers)
    numbers = _numbers(batch, logs)
    decided = {**form.options, "outliers": outliers, "transformation": transformation}
    rows, found = [], []
    for test in tests:
        p, way = run_test(batch, test)
        for claim, *here in asked:
            found.append((claim, p[:, *here], way[:, *here]))
            told = {name: number[*here] for name, number in numbers.items()}
            rows.append({"claim_id": claim, **decided, "test": test, **told,
                         "p": p[0, *here], "way": int(way[0, *here]), "logs": logs})  # fmt: skip
    return pd.DataFrame(rows), found


def _numbers(batch: Batch, logs: bool) -> dict[str, np.ndarray]:
    """Estimates of the observed labelling, contrasts x endpoints; missing where limits hide values."""
    centre = np.nanmean(batch.values, axis=0)
    mean, n, squares = batch.mean[0] + centre, batch.n[0], batch.squares[0]
    case, reference = (np.array(side) for side in zip(*batch.contrasts, strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = mean[case] - mean[reference]
        percent = np.expm1(difference) if logs else difference / np.abs(mean[reference])
        sd = np.sqrt(squares / (n - 1))
    clear = ~batch.hidden.any(axis=0)
    return {
        "estimate": np.where(clear, 100 * percent, np.nan), "n_case": n[case],
        "mean_case": np.where(clear, mean[case], np.nan), "sd_case": np.where(clear, sd[case], np.nan),
    }  # fmt: skip
