"""How many animals a group the next study needs, statement by statement, and what a plan can show."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd
from scipy import special, stats

from mgbone.certainty.cohorts import Truth, draw_all
from mgbone.evidence.chances import NODES, chances_of_levels, smallest_n
from mgbone.evidence.exact import pooled_sd
from mgbone.evidence.power import POWER, power_of_tukey
from mgbone.integration.many import REPRODUCED, judge_many
from mgbone.study.design import Study
from mgbone.study.errors import MgboneError
from mgbone.study.language import tr

CHANCES = (POWER, 0.9)
_DRAWS = 10_000

PLAN_COLUMNS = [
    "experiment", "endpoint", "contrast", "n_a_group", "percent", "difference", "sd", "sd_low", "sd_high",
    "power", "power_low", "power_high", "shows_absence", "n80", "n80_low", "n80_high",
]  # fmt: skip


def animals_needed(
    verdicts: pd.DataFrame, observed: pd.DataFrame, truths: Mapping[str, Truth], study: Study
) -> pd.DataFrame:
    """Return how many animals a group give each statement a chance of 80 and of 90 %.

    Of a statement of an effect: that the declared test finds it, with its sign and level, were the truth
    what was observed (`mgbone.evidence.chances`; a mean stated besides is not asked for). Of one of an
    absence: that two one-sided tests exclude a difference beyond the study's bound, were there none. Of an
    order of doses: that each step is found, by simulation.

    Parameters
    ----------
    verdicts, observed : DataFrame
        From `mgbone.claims.judge` and `mgbone.certainty.observed_differences`.
    truths : mapping of str to Truth
        From `mgbone.certainty.observed_truth`.

    Returns
    -------
    DataFrame
        Columns claim_id, n80, n90: animals in each group of the experiment; infinite where
        `mgbone.evidence.chances.MOST` don't do, as for a trend (`mgbone.evidence.trends`) or a difference
        that points the other way; missing where the statement is not about animals or was not tested.
    """
    rows = [
        (claim, *(np.nan if chance is None else smallest_n(chance, wanted) for wanted in CHANCES))
        for claim, chance in _chances(verdicts, observed, truths, study)
    ]
    return pd.DataFrame(rows, columns=["claim_id", "n80", "n90"])


def chances_by_n(
    verdicts: pd.DataFrame,
    observed: pd.DataFrame,
    truths: Mapping[str, Truth],
    study: Study,
    sizes: Sequence[int] = (3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64),
) -> pd.DataFrame:
    """Return the chance of `animals_needed` for each number of animals a group: what a curve is drawn from.

    Returns
    -------
    DataFrame
        Columns claim_id, n, chance; a row a statement and size.
    """
    known = _chances(verdicts, observed, truths, study)
    rows = [(claim, n, chance(n)) for claim, chance in known if chance is not None for n in sizes]
    return pd.DataFrame(rows, columns=["claim_id", "n", "chance"])


def _chances(
    verdicts: pd.DataFrame, observed: pd.DataFrame, truths: Mapping[str, Truth], study: Study
) -> Iterator[tuple[str, Callable[[int], float] | None]]:
    """Give each statement with its chance as a function of the animals a group; None where there is none."""
    for row, seen in zip(verdicts.to_dict("records"), observed.to_dict("records"), strict=True):
        yield row["claim_id"], _chance_by_n(row, seen, truths, study)


def _chance_by_n(
    row: Mapping[str, object], seen: Mapping[str, float], truths: Mapping[str, Truth], study: Study
) -> Callable[[int], float] | None:
    if row["contrast"] == "dose_order":
        return _order_by_n(row, truths, study) if row["verdict"] != "not_tested" else None
    if not np.isfinite(seen["t"]):
        return None
    k, sd = int(seen["n_groups"]), np.sqrt(seen["variance"])
    if row["level"] == "none":
        bound, mean = study.equivalence_bound(str(row["endpoint"])) / 100, abs(seen["mean_reference"])
        return None if np.isnan(bound) else lambda n: power_of_equivalence(bound, sd / mean, n, k, study)
    name = f"{row['direction']}_{row['level']}"

    def chance(n: int) -> float:
        shift = seen["difference"] / sd * np.sqrt(n / 2)
        return float(chances_of_levels(shift, k, k * (n - 1), study)[name])

    return chance


def _order_by_n(
    row: Mapping[str, object], truths: Mapping[str, Truth], study: Study
) -> Callable[[int], float] | None:
    of = {name: truth.only([row["endpoint"]]) for name, truth in truths.items()}
    statement = pd.DataFrame([row])

    def chance(n: int) -> float:
        drawn = {name: truth.with_animals(n) for name, truth in of.items()}
        moments = draw_all(drawn, "plugin", _DRAWS, np.random.default_rng(0))
        return float((judge_many(statement, moments, study)[row["claim_id"]] == REPRODUCED).mean())

    return chance


def power_of_equivalence(bound: float, scatter: float, n: int, n_groups: int, study: Study) -> float:
    """Return the chance that two one-sided tests show equivalence of two groups whose true means are equal.

    The tests are those of `mgbone.evidence.equivalence`, on the ratio of means, with the variance of all
    groups. The reference's mean and the SD are integrated over; given both, the case's mean has to lie
    between two limits.

    Parameters
    ----------
    bound : float
        Largest difference that counts as none, as a share of the reference's mean.
    scatter : float
        SD within groups, as a share of the reference's mean.
    n, n_groups : int
        Animals in each group, and groups that the variance comes from.
    """
    df = n_groups * (n - 1)
    s, of_s = pooled_sd(df, NODES)
    critical = stats.t.ppf(study.thresholds["confidence"], df) * s[:, None]
    z, width = _hermite(NODES)
    reference = np.sqrt(n) / scatter + z  # means in standard errors
    upper = (1 + bound) * reference - critical * np.sqrt(1 + (1 + bound) ** 2)
    lower = (1 - bound) * reference + critical * np.sqrt(1 + (1 - bound) ** 2)
    true = np.sqrt(n) / scatter
    inside = np.maximum(special.ndtr(upper - true) - special.ndtr(lower - true), 0)
    return float(of_s @ inside @ width / np.sqrt(2 * np.pi))


_hermite = cache(np.polynomial.hermite_e.hermegauss)


def plan(
    observed: pd.DataFrame,
    about: pd.DataFrame,
    study: Study,
    n_a_group: int,
    endpoints: Sequence[str] | None = None,
    percent: float | None = None,
) -> pd.DataFrame:
    """Say what a study of so many animals a group would find, from the variances of this one.

    Parameters
    ----------
    observed : DataFrame
        From `mgbone.certainty.observed_differences`.
    about : DataFrame
        Its statements, in the same index: experiment, endpoint, contrast, asserts.
    n_a_group : int
        Two or more.
    endpoints : sequence of str, optional
        Those to plan for, with all comparisons that are stated of them; without it all comparisons of which
        an effect is stated.
    percent : float, optional
        Smallest effect of interest, in percent of the reference's mean; without it the study's bound of
        equivalence of each endpoint.

    Returns
    -------
    DataFrame
        ``PLAN_COLUMNS``, a row an endpoint and comparison: the difference looked for; the SD within groups
        with its interval (chi-squared); the power of the declared test to find it, and the power at both ends
        of that interval; shows_absence, the chance to exclude a difference so large where there is none; n80,
        the animals a group that give a power of 80 %, with the same ends.

    Raises
    ------
    MgboneError
        If n is below 2, an endpoint was not measured, or has no smallest effect of interest.
    """
    if n_a_group < 2:
        raise MgboneError(tr("A group of {n} can't be compared; plan for 2 animals or more.", n=n_a_group))
    rows = about[["experiment", "endpoint", "contrast", "asserts"]].join(observed).dropna(subset="t")
    if endpoints is None:
        rows = rows[rows["asserts"].eq("effect") & ((percent is not None) | rows["bound"].notna())]
    elif absent := [e for e in endpoints if e not in set(rows["endpoint"])]:
        said = tr("No statement that was tested is about {endpoints}.", endpoints=tr(", ").join(absent))
        raise MgboneError(said)
    else:
        rows = rows[rows["endpoint"].isin(list(endpoints))]
    rows = rows.drop_duplicates(["experiment", "endpoint", "contrast"])
    return pd.DataFrame(
        [_planned(row, study, n_a_group, percent) for row in rows.to_dict("records")], columns=PLAN_COLUMNS
    )


def _planned(row: Mapping[str, object], study: Study, n: int, percent: float | None) -> dict[str, object]:
    percent = study.equivalence_bound(str(row["endpoint"])) if percent is None else percent
    if not percent > 0:
        said = tr(
            "{endpoint} has no smallest effect of interest; give one in percent.", endpoint=row["endpoint"]
        )
        raise MgboneError(said)
    mean, df, k = abs(row["mean_reference"]), row["df"], int(row["n_groups"])
    tail = (1 - study.thresholds["confidence"]) / 2
    sd, low, high = np.sqrt(
        row["variance"] * df / np.array([df, stats.chi2.isf(tail, df), stats.chi2.ppf(tail, df)])
    )
    limit = study.thresholds["significant"]

    def power(sd: float, n: int) -> float:
        return power_of_tukey(percent / 100 * mean / sd, (n, n), k, k * (n - 1), limit)

    by_sd = {"": sd, "_low": low, "_high": high}
    return {
        "experiment": row["experiment"], "endpoint": row["endpoint"], "contrast": row["contrast"],
        "n_a_group": n, "percent": percent, "difference": percent / 100 * mean,
        "sd": sd, "sd_low": low, "sd_high": high,
        "power": power(sd, n), "power_low": power(high, n), "power_high": power(low, n),
        "shows_absence": power_of_equivalence(percent / 100, sd / mean, n, k, study),
        **{f"n80{end}": smallest_n(lambda n, sd=of: power(sd, n), CHANCES[0]) for end, of in by_sd.items()},
    }  # fmt: skip
