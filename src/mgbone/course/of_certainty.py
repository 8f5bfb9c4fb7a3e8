"""Answers to the exercises of notebook 05."""

import numpy as np
import pandas as pd
from scipy import stats

from mgbone.course.answers import Key
from mgbone.evidence.chances import MOST, chances_of_levels, smallest_n
from mgbone.evidence.power import POWER
from mgbone.study.design import Study
from mgbone.study.language import N_, tr

OSTEOCALCIN, TRABECULAR = "4-1-1-05", "4-2-2-30"
SEVERE = 0.9


def chance_to_come_again(table: pd.DataFrame, verdicts: pd.DataFrame) -> Key:
    """Key of 05-1: the chance that the fall of osteocalcin is found again."""
    row = table.set_index("claim_id").loc[OSTEOCALCIN]
    p = float(verdicts.set_index("claim_id").loc[OSTEOCALCIN, "p"])
    right = float(row["p_shrunken"])
    said = N_("{right:.0f} of 100 cohorts, and not {promised:.0f}: p knows nothing of the next cohort.")
    said = tr(said, right=100 * right, promised=100 * (1 - p))
    wrong = {
        tr(
            "That is 1 − p. p says how rarely cohorts without effect give such a difference, and nothing of "
            "how often a cohort with the effect gives it."
        ): 1 - p,
        tr("That is p itself."): p,
        tr("That takes the difference to be as large as it looked; chance has helped it."): row["p_plugin"],
        tr(
            "That counts how uncertain the difference is, but not that most are smaller than they look."
        ): float(row["p_predictive"]),
        tr("A chance was asked, not percent."): 100 * right,
    }
    return Key(right, said, wrong, tr("The row of 4-1-1-05, the column of shrunken effects."))


def p_of_all_analyses(statements: pd.DataFrame, specifications: pd.DataFrame) -> Key:
    """Key of 05-2: the p of all analyses together, held against that of as many experiments."""
    right = float(statements.set_index("claim_id").loc[TRABECULAR, "joint_p"])
    of = specifications[specifications["claim_id"] == TRABECULAR]
    p, declared = of["p"].dropna(), float(of.loc[of["specification"] == 0, "p"].squeeze())
    z = stats.norm.isf(p / 2)
    as_if_separate = float(2 * stats.norm.sf(z.sum() / np.sqrt(len(z))))
    said = N_(
        "p = {right:.2g}, against {declared:.2g} of the declared test: {n} analyses of the same animals are "
        "one experiment."
    )
    said = tr(said, right=right, declared=declared, n=len(p))
    wrong = {
        tr("That adds them up as if each analysis had animals of its own."): as_if_separate,
        tr("Multiplied p values are no p value."): float(p.prod()),
        tr("No p becomes smaller because the same is asked again."): declared / len(p),
        tr("That is the luckiest of the analyses."): float(p.min()),
        tr("That is the analysis in the middle."): float(p.median()),
        tr("That is the p of the declared test alone; it is not far from it."): declared,
    }
    return Key(right, said, wrong, tr("The row of 4-2-2-30, the column `joint_p`."))


def absences_well_tested(table: pd.DataFrame) -> Key:
    """Key of 05-3: reproduced statements of no difference that were tested severely."""
    absence, reproduced = table["asserts"] == "absence", table["verdict"] == "reproduced"
    severe = table["severity"] >= SEVERE
    right, all_ = int((absence & reproduced & severe).sum()), int((absence & reproduced).sum())
    too_many = severe.sum(), (reproduced & severe).sum()
    said = tr("{right} of {all}. Of the others it was only not seen.", right=right, all=all_)
    wrong = {
        tr("Those are all that were reproduced, which nearly any data do."): all_,
        tr("Those are the others, which were hardly tested."): all_ - right,
        tr("That counts statements of an effect as well."): too_many,
    }
    advice = tr("Statements of an absence that were reproduced, with `severity` of 0.9 or more.")
    return Key(right, said, wrong, advice)


def animals_for_half(observed: pd.DataFrame, study: Study) -> Key:
    """Key of 05-4: animals a group that find the fall of osteocalcin if it is half as large."""
    row = observed.set_index("claim_id").loc[OSTEOCALCIN]
    standardised = float(row["difference"] / np.sqrt(row["variance"]))
    right, whole = (_animals(share * standardised, int(row["n_groups"]), study) for share in (0.5, 1))
    if np.isinf(right):
        said = tr("No number up to {most} does: the chance to find so small a fall stays too low.", most=MOST)
    else:
        said = N_(
            "{right:.0f} a group, against {whole:.0f} for all of it: half the effect needs about four times "
            "the animals."
        )
        said = tr(said, right=right, whole=whole)
    wrong = {
        tr("That is planned with the difference as it looked."): whole,
        tr("Twice the animals halve the squared error; the error itself has to be halved."): 2 * whole,
        tr("Nearly; with more animals the variance is known better, too."): 4 * whole,
        tr("That is all groups together; asked is one."): row["n_groups"] * right,
        tr("That is how many there were."): float(row["n_case"]),
    }
    advice = tr("Halve `difference`, then ask `certainty.animals_needed` for 4-1-1-05.")
    return Key(right, said, wrong, advice)


def _animals(standardised: float, n_groups: int, study: Study) -> float:
    """Return the smallest group that finds a fall of so many SD with a chance of ``POWER``."""

    def chance(n: int) -> float:
        shift = standardised * np.sqrt(n / 2)
        return float(chances_of_levels(shift, n_groups, n_groups * (n - 1), study)["down_significant"])

    return smallest_n(chance, POWER)


KEYS = {
    "05-1": chance_to_come_again,
    "05-2": p_of_all_analyses,
    "05-3": absences_well_tested,
    "05-4": animals_for_half,
}
