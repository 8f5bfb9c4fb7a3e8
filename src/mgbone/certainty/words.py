"""Chances, animals and plans as a reader wants them: names, percent, and what they mean in a sentence."""

import numpy as np
import pandas as pd
from IPython.display import Markdown

from mgbone.certainty.calibration import EFFECTS, PREDICTED
from mgbone.certainty.replication import SIMULATED
from mgbone.certainty.runs import COHORTS, Job
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_label
from mgbone.study.language import N_, tr
from mgbone.study.ledger import VERDICTS
from mgbone.study.naming import contrast_label, experiment_label, row_label, three_digits, word
from mgbone.study.reading import or_none

TRUTH_WORDS = {
    "without_effect": N_("without effect"),
    "plugin": N_("truth as observed"),
    "predictive": N_("parameters uncertain"),
    "shrunken": N_("shrunken"),
}


def tell_run(job: Job, n_cohorts: int) -> Markdown:
    """Say which run is shown: how many cohorts of how many statements, and how to draw more."""
    said = tr(
        "This page shows **{n:,} cohorts** under each truth (seed {seed}), held to {statements} statements. "
        "The preset is {preset:,}; `make certainty COHORTS=100000` draws more, and with "
        "`SCHEDULER=tcp://host:8786` the workers of a Dask cluster do.",
        n=n_cohorts, seed=job.seed, statements=len(job.statements), preset=COHORTS,
    )  # fmt: skip
    return Markdown(said)


def agreement_table(closed: pd.DataFrame, drawn: pd.DataFrame, n_cohorts: int) -> pd.DataFrame:
    """Hold closed form against simulation: how far the two lie apart, in standard errors of the simulation.

    Parameters
    ----------
    closed, drawn : DataFrame
        From `mgbone.certainty.closed_chances` and `counted_chances`.

    Returns
    -------
    DataFrame
        A row a truth: statements, largest difference in percentage points, largest in standard errors, and
        the root mean square of those, which is about 1 where the two agree.
    """
    both = closed.merge(drawn, on=["claim_id", "truth"], suffixes=("", "_drawn"))
    chance = both[VERDICTS[0]]
    apart = both[f"{VERDICTS[0]}_drawn"] - chance
    z = apart / np.sqrt((chance * (1 - chance)).clip(lower=1e-12) / n_cohorts)
    rows = []
    for truth, of in apart.groupby(both["truth"], sort=False):
        errors = z[of.index]
        rows.append(
            {
                tr("truth"): tr(TRUTH_WORDS[str(truth)]),
                tr("statements"): len(of),
                tr("furthest apart (percentage points)"): f"{100 * of.abs().max():.2f}",
                tr("furthest apart (standard errors)"): f"{errors.abs().max():.1f}",
                tr("root mean square (1 expected)"): f"{np.sqrt((errors**2).mean()):.2f}",
            }
        )
    return or_none(pd.DataFrame(rows))


def chance_table(table: pd.DataFrame, asserts: str = "effect") -> pd.DataFrame:
    """Return the statements of one kind with their chances, animals and severity, as a reader wants them.

    Parameters
    ----------
    table : DataFrame
        From `mgbone.certainty.certainty_table`.
    asserts : str
        ``effect`` or ``absence``.
    """
    rows = table[table["asserts"] == asserts]
    told = {
        tr("endpoint"): rows["endpoint"].map(endpoint_label),
        tr("comparison"): rows["contrast"].map(contrast_label),
        tr("report"): rows["level"].map(word),
        tr("verdict"): rows["verdict"].map(word),
    }
    told |= {tr(name): rows[f"p_{truth}"].map(_percent) for truth, name in TRUTH_WORDS.items()}
    told |= {
        tr("likelihood ratio"): rows["likelihood_ratio"].map(_ratio),
        tr("animals a group for 80 %"): rows["n80"].map(_animals),
        tr("for 90 %"): rows["n90"].map(_animals),
        tr("severity"): rows["severity"].map(lambda x: f"{x:.3f}" if pd.notna(x) else ""),
    }
    return or_none(pd.DataFrame(told).set_axis(pd.Index(rows["claim_id"], name=tr("claim"))))


def _percent(chance: float) -> str:
    if np.isnan(chance):
        return ""
    return tr("{percent:.1f} %", percent=100 * chance) if chance >= 5e-4 else tr("< 0.1 %")


def _ratio(ratio: float) -> str:
    if np.isnan(ratio):
        return ""
    return tr("> 1,000") if ratio > 1000 else three_digits(ratio)


def _animals(n: float) -> str:
    return "" if np.isnan(n) else tr("never") if np.isinf(n) else f"{n:.0f}"


def calibration_table(calibrated: pd.DataFrame) -> pd.DataFrame:
    """Return the frequency of a repeated finding beside what was predicted of it, in percent."""
    ends = (100 * calibrated[["frequency", "low", "high"]]).itertuples(index=False)
    said = N_("{at:.1f} ({low:.1f} to {high:.1f})")
    frequency = [tr(said, at=at, low=low, high=high) for at, low, high in ends]
    told = {
        tr("drawn"): [tr(EFFECTS[e]) for e in calibrated["effects"]],
        tr("found"): calibrated["level"].map(word),
        tr("studies"): calibrated["studies"],
        tr("found again (%)"): frequency,
    }
    told |= {tr(TRUTH_WORDS[kind]): (100 * calibrated[kind]).map("{:.1f}".format) for kind in PREDICTED}
    return or_none(pd.DataFrame(told))


def plan_table(planned: pd.DataFrame) -> pd.DataFrame:
    """Return a plan for the next study as a reader wants it, a row an endpoint and comparison."""

    def span(row: pd.Series, name: str, scale: float = 1.0, digits: int = 0) -> str:
        at, low, high = (scale * row[f"{name}{end}"] for end in ("", "_low", "_high"))
        if np.isinf(at):
            return tr("never")
        top = tr("never") if np.isinf(high) else f"{high:.{digits}f}"
        return tr("{at} ({low} to {high})", at=f"{at:.{digits}f}", low=f"{low:.{digits}f}", high=top)

    rows = [row for _, row in planned.iterrows()]
    return or_none(
        pd.DataFrame(
            {
                tr("experiment"): planned["experiment"].map(experiment_label),
                tr("endpoint"): planned["endpoint"].map(row_label),
                tr("comparison"): planned["contrast"].map(contrast_label),
                tr("difference looked for (%)"): planned["percent"].map("{:g}".format),
                tr("power (%)"): [span(row, "power", 100) for row in rows],
                tr("shows absence (%)"): (100 * planned["shows_absence"]).map("{:.0f}".format),
                tr("animals a group for 80 %"): [span(row, "n80") for row in rows],
            }
        )
    )


def tell_plan(planned: pd.DataFrame, study: Study) -> Markdown:
    """Say how many findings a plan leads to expect, and how many animals it takes."""
    if planned.empty:
        return Markdown(tr("*Nothing was planned.*"))
    names = planned["experiment"].unique()
    groups = sum(len(study.experiments[name].groups) for name in names)
    n = int(planned["n_a_group"].iloc[0])
    said = tr(
        "With **{n} animals a group** ({total} in {groups} groups) {found:.1f} of {all} differences of the "
        "size looked for are expected to be found, if all are there ({low:.1f} to {high:.1f}, since the SDs "
        "are uncertain), and {absent:.1f} to be excluded, if none is.",
        n=n, total=n * groups, groups=groups, all=len(planned), found=planned["power"].sum(),
        low=planned["power_low"].sum(), high=planned["power_high"].sum(),
        absent=planned["shows_absence"].sum(),
    )  # fmt: skip
    return Markdown(said)


def tell_ways(table: pd.DataFrame) -> Markdown:
    """Say how many statements have a closed form, and which ones rest on simulation."""
    drawn = table.loc[table["how"] == SIMULATED, "claim_id"]
    said = tr(
        "{closed} statements have a closed form. {n} rest on simulated cohorts: {claims}. {without} have "
        "neither.",
        closed=int(table["how"].notna().sum()) - len(drawn), n=len(drawn),
        claims=tr(", ").join(drawn) or tr("none"), without=int(table["how"].isna().sum()),
    )  # fmt: skip
    return Markdown(said)
