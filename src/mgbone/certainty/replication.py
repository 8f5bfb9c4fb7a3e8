"""The chance that a new cohort gives the same verdict: in closed form where there is one, else simulated."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from scipy import special

from mgbone.certainty.cohorts import Truth, draw
from mgbone.certainty.runs import Job
from mgbone.certainty.shrinkage import believed, draw_believed
from mgbone.evidence.chances import chances_of_levels, dunnett_limits
from mgbone.evidence.columns import under_one_another
from mgbone.evidence.other_tests import control_of
from mgbone.integration import contrasts
from mgbone.integration.many import judge_many
from mgbone.study.design import Study
from mgbone.study.ledger import VERDICTS

TRUTHS = ("without_effect", "plugin", "predictive", "shrunken")
REPLICATION_COLUMNS = ["claim_id", *(f"p_{truth}" for truth in TRUTHS), "likelihood_ratio", "how"]
TUKEY_KRAMER, DUNNETT = "tukey_kramer", "dunnett"
CLOSED, SIMULATED = "closed form", "simulation"
_DRAWS = 20_000


def closed_chances(
    verdicts: pd.DataFrame, observed: pd.DataFrame, study: Study, test: str = TUKEY_KRAMER
) -> pd.DataFrame:
    """Return the chance of each verdict in a new cohort, in closed form.

    A test gives a level where abs(t) lies beyond a critical value, that of Tukey-Kramer (a quantile of the
    studentised range over sqrt(2)) or of Dunnett's test against one control, and t is noncentral. What
    differs is the noncentrality: 0 without effect; the one observed (`plugin`); the one observed with a flat
    prior on the means and the SD as uncertain as it is (`predictive`); or the one that is believed after van
    Zwet and Goodman (2022; `shrunken`).

    Parameters
    ----------
    verdicts, observed : DataFrame
        From `mgbone.claims.judge` and `mgbone.certainty.observed_differences`.
    test : {"tukey_kramer", "dunnett"}
        The test that new cohorts are judged by.

    Returns
    -------
    DataFrame
        Columns claim_id, truth, and one per verdict; a row a statement and truth. Statements without closed
        form are left out: a stated mean, an order of doses, arrays, tests on ranks; and for Dunnett's test
        what is not compared with the control, the group that most contrasts of an experiment have as their
        reference.
    """
    tested = observed["t"].notna() & verdicts["value"].isna()
    shape = ["n_groups", "df"]
    if test == DUNNETT:
        tested &= _against_control(verdicts, study)
        shape += ["n_reference", "others"]
    rows, seen = verdicts[tested], observed[tested]
    tables = []
    for (k, df, *sizes), of in seen.groupby(shape):
        about, critical = rows.loc[of.index], None
        if sizes:
            critical = dunnett_limits(int(sizes[0]), [int(n) for n in sizes[1].split("+")], int(df), study)
        found = levels_by_truth(of["t"].to_numpy(float), int(k), int(df), study, critical)
        for truth, chances in found.items():
            told = _verdicts_of_levels(about, chances)
            tables.append(told.assign(claim_id=about["claim_id"], truth=truth))
    columns = ["claim_id", "truth", *VERDICTS[:3]]
    order = {claim: i for i, claim in enumerate(verdicts["claim_id"])}
    stacked = under_one_another(tables, columns)[columns]
    return stacked.sort_values(
        ["claim_id", "truth"], key=lambda c: c.map(order) if c.name == "claim_id" else c.map(TRUTHS.index)
    ).reset_index(drop=True)


def _against_control(verdicts: pd.DataFrame, study: Study) -> pd.Series:
    control = {
        name: control_of([(c.case, c.reference) for c in experiment.contrasts])
        for name, experiment in study.experiments.items()
        if experiment.contrasts
    }
    return verdicts["contrast"].str.partition("_vs_")[2].eq(verdicts["experiment"].map(control))


def levels_by_truth(
    t: np.ndarray, k: int, df: int, study: Study, critical: Mapping[str, float] | None = None
) -> dict[str, dict[str, np.ndarray]]:
    """Return the chance of each level in a new cohort, once t was observed, for each of ``TRUTHS``."""
    levels = partial(chances_of_levels, n_groups=k, df=df, study=study, critical=critical)
    weight, mean, variance = believed(t, df)
    parts = [levels(mean[..., i], uncertain=variance[i]) for i in range(len(variance))]
    return {
        "without_effect": levels(0 * t),
        "plugin": levels(t),
        "predictive": levels(t, uncertain=1.0, known_sd=False),
        "shrunken": {
            level: sum((weight[..., i] * part[level]).sum(axis=-1) for i, part in enumerate(parts))
            for level in parts[0]
        },
    }


def _verdicts_of_levels(about: pd.DataFrame, chances: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Turn chances of levels into those of verdicts, by the rule of `mgbone.claims.judge`."""
    names = [
        "none" if level == "none" else f"{direction}_{level}"
        for direction, level in zip(about["direction"], about["level"], strict=True)
    ]
    at = np.arange(len(about))
    reproduced = np.array([chances[name][i] for i, name in zip(at, names, strict=True)])
    way = about["direction"].to_numpy(str)
    same_way = np.select([way == "up", way == "down"], [chances["up"], 1 - chances["up"]], reproduced)
    found = [reproduced, same_way - reproduced, 1 - same_way]
    return pd.DataFrame(dict(zip(VERDICTS, found, strict=False)), about.index)


def counted_chances(job: Job, n_cohorts: int, counts: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return the share of each verdict among cohorts that were drawn (`mgbone.certainty.run_cohorts`).

    Returns
    -------
    DataFrame
        As of `closed_chances`, for all statements of the job; without the truth ``shrunken``, from which no
        cohorts are drawn.
    """
    tables = [
        pd.DataFrame(counts[f"verdicts_{truth}"][:, :3] / n_cohorts, columns=list(VERDICTS[:3])).assign(
            claim_id=job.statements["claim_id"].to_numpy(), truth=truth
        )
        for truth in TRUTHS[:3]
    ]
    return pd.concat(tables, ignore_index=True)[["claim_id", "truth", *VERDICTS[:3]]]


def shrunken_by_simulation(job: Job, statement: pd.Series, observed_t: pd.Series) -> dict[str, float]:
    """Return the chance of each verdict where no closed form is, with the effect shrunken.

    The mean of the case is put where the effect that is believed lies, draw by draw, and that of the
    reference is kept. Each step of an order of doses is shrunken by itself, with its standard error taken as
    known.

    Parameters
    ----------
    statement : Series
        A row of the ledger.
    observed_t : Series
        Row of `observed_differences`; not used for an order of doses.
    """
    # A key of three numbers: those of two are the streams of chunks (`mgbone.certainty.runs.count_chunk`).
    at = job.statements["claim_id"].tolist().index(statement["claim_id"])
    key = (0, TRUTHS.index("shrunken"), at)
    rng = np.random.default_rng(np.random.SeedSequence(job.seed, spawn_key=key))
    endpoint = statement["endpoint"]
    truths = {name: of.only([endpoint]) for name, of in job.truths.items() if endpoint in of.endpoints}
    moments = {name: draw(of, "plugin", _DRAWS, rng) for name, of in truths.items()}
    if statement["contrast"] == "dose_order":
        means = _believed_order(truths, job.study, rng)
    else:
        effect, sd = draw_believed(observed_t["t"], int(observed_t["df"]), _DRAWS, rng)
        drawn, spread = moments[statement["experiment"]], sd[:, None]
        centre = truths[statement["experiment"]].mean[:, None]
        mean, squares = centre + spread * (drawn.mean - centre), spread**2 * drawn.squares
        moments[statement["experiment"]] = replace(drawn, mean=mean, squares=squares)
        case = statement["contrast"].split("_vs_")[0]
        mean = observed_t["mean_reference"] + effect * sd * observed_t["error"]
        means = {(statement["experiment"], case): mean}
    for (experiment, group), mean in means.items():
        of = truths[experiment]
        at = of.groups.index(group)
        moments[experiment].mean[at, :, 0] += mean - of.mean[at, 0]
    verdict = judge_many(statement.to_frame().T, moments, job.study)[statement["claim_id"]]
    return {name: float((verdict == v).mean()) for v, name in enumerate(VERDICTS[:3])}


def _believed_order(
    truths: Mapping[str, Truth], study: Study, rng: np.random.Generator
) -> dict[tuple[str, str], np.ndarray]:
    """Draw means of the diets, each step of the order shrunken; references stay where they were."""
    mean, part = {}, {}
    for c in study.dose_order:
        of = truths[c.experiment]
        for group in (c.reference, c.case):
            at = of.groups.index(group)
            mean[c.experiment, group] = of.mean[at, 0]
            part[c.experiment, group] = (
                (of.root[0] ** 2).sum(),
                sum(n for n, known in of.blocks[at] if known[0]),
            )
    variance, size = np.array(list(part.values())).T
    estimate, error, _, _ = contrasts.log_ratios_of(
        list(mean), np.array(list(mean.values())), variance, size, contrasts.steps(study), study
    )
    first, *harder = study.dose_order
    ratio = mean[first.experiment, first.case] / mean[first.experiment, first.reference]
    drawn = {}
    for c, t, scale in zip(harder, estimate / error, error, strict=True):
        ratio = ratio * np.exp(draw_believed(t, np.inf, _DRAWS, rng)[0] * scale)
        drawn[c.experiment, c.case] = mean[c.experiment, c.reference] * ratio
    return drawn


def replication(
    verdicts: pd.DataFrame, observed: pd.DataFrame, job: Job, n_cohorts: int, counts: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """Return the chance that a new cohort gives each statement the verdict that it got.

    Parameters
    ----------
    verdicts, observed : DataFrame
        From `mgbone.claims.judge` and `mgbone.certainty.observed_differences`.
    job, n_cohorts, counts
        The cohorts that were drawn (`mgbone.certainty.run_cohorts`), for statements without closed form.

    Returns
    -------
    DataFrame
        ``REPLICATION_COLUMNS``, in the order of `verdicts`. likelihood_ratio is how many times likelier the
        verdict is where the statement is true than where it is false: of an effect, as large as observed but
        with the stated direction against none (below 1 where the data contradict it; missing of an order of
        doses that does); of an absence, no difference against one as large as the study's bound of
        equivalence (a lower limit where no simulated cohort without effect gave the verdict).
        `how`: ``closed form`` or ``simulation``. Missing where neither speaks of a statement.
    """
    closed = closed_chances(verdicts, observed, job.study)
    drawn = counted_chances(job, n_cohorts, counts)
    drawn = drawn[~drawn["claim_id"].isin(closed["claim_id"])]
    rest = job.statements[job.statements["claim_id"].isin(drawn["claim_id"])]
    seen = observed.set_index("claim_id")
    shrunken = [
        {"claim_id": row["claim_id"], "truth": "shrunken"}
        | shrunken_by_simulation(job, row, seen.loc[row["claim_id"]])
        for _, row in rest.iterrows()
    ]
    chances = pd.concat([closed, drawn, pd.DataFrame(shrunken, columns=closed.columns)], ignore_index=True)
    told = chances.melt(["claim_id", "truth"], list(VERDICTS[:3]), "verdict", "chance")
    found = verdicts[["claim_id", "verdict"]].astype(str).merge(told, on=["claim_id", "verdict"])
    wide = found.pivot_table("chance", "claim_id", "truth").reindex(columns=list(TRUTHS)).add_prefix("p_")
    table = verdicts[["claim_id"]].merge(wide, on="claim_id", how="left")
    how = dict.fromkeys(closed["claim_id"], CLOSED) | dict.fromkeys(rest["claim_id"], SIMULATED)
    table["how"] = table["claim_id"].map(how).where(table["p_plugin"].notna())
    least = np.where(table["how"] == SIMULATED, 1 / n_cohorts, 0.0)
    table["likelihood_ratio"] = _likelihood_ratio(verdicts, observed, table, least, job.study)
    return table[REPLICATION_COLUMNS]


def _likelihood_ratio(
    verdicts: pd.DataFrame, observed: pd.DataFrame, chances: pd.DataFrame, least: np.ndarray, study: Study
) -> np.ndarray:
    without = np.maximum(chances["p_without_effect"].to_numpy(float), least)
    effect = chances["p_plugin"].to_numpy(float, copy=True)
    bounded = np.full(len(verdicts), np.nan)
    for at, (row, seen) in enumerate(
        zip(verdicts.to_dict("records"), observed.to_dict("records"), strict=True)
    ):
        if row["asserts"] == "absence" and np.isfinite(seen["t"]):
            shift = seen["bound"] / seen["error"]
            none = float(chances_of_levels(shift, int(seen["n_groups"]), int(seen["df"]), study)["none"])
            bounded[at] = none if row["verdict"] == "reproduced" else 1 - none
        elif row["asserts"] == "effect" and row["verdict"] == "contradicted":
            effect[at] = special.ndtr(-abs(seen["t"]))  # of a difference with the wrong sign
    absence = verdicts["asserts"].eq("absence").to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(absence, without / bounded, effect / without)
