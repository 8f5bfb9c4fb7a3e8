"""Answers to the exercises of notebook 01."""

import numpy as np
import pandas as pd
from scipy import stats

from mgbone.course.answers import Key
from mgbone.study.design import Study
from mgbone.study.language import N_, tr
from mgbone.study.naming import SUPPORTED

CREATININE = 11.312
"""mg/dL in 1 mmol/L (113.12 g/mol)."""


def spread_of_a_group(found: pd.DataFrame, study: Study) -> Key:
    """Key of 01-1: the SD of serum Mg in the hungriest group."""
    row, _, _ = _three(found, study, "serum_mg")
    sd, n = row["sd_case"], row["n_case"]
    wrong = {
        tr(
            "That divides by n. A sample of rats asks for n − 1, which `.std()` of pandas does and `np.std` "
            "does not."
        ): sd * np.sqrt((n - 1) / n),
        tr(
            "That is the SEM: it tells how well the mean is known, and shrinks with every rat. How rats "
            "differ is the SD."
        ): sd / np.sqrt(n),
        tr("That is the variance, in squared units; its square root is the SD."): sd**2,
    }
    said = tr("{sd:.3f} mg/dL is how far a rat typically lies from the mean of its group.", sd=sd)
    advice = tr("Take the eight values of the group, and their standard deviation.")
    return Key(float(sd), said, wrong, advice)


def magnesium_alone(found: pd.DataFrame, study: Study) -> Key:
    """Key of 01-2: what is left of a loss of weight gain when rats ate the same."""
    whole, eating, alone = (row["estimate"] for row in _three(found, study, "body_weight_gain"))
    said = N_(
        "Of {whole:.2f} g, {eating:.2f} g go with eating less and {alone:.2f} g are left for magnesium."
    )
    said = tr(said, whole=whole, eating=eating, alone=alone)
    wrong = {
        tr(
            "That is the pair-feeding fallacy: against the control, hunger and magnesium are still mixed. "
            "Which group ate as little, but had its magnesium?"
        ): whole,
        tr("That is what eating less does by itself: neither of the two groups lacked magnesium."): eating,
        tr("The size is right, the sign is not: a difference is case minus reference."): -alone,
        tr("The parts add up to the whole; the one looked for is whole minus hunger."): whole + eating,
    }
    advice = tr("Compare the group that lacks magnesium with the one that ate the same amount.")
    return Key(float(alone), said, wrong, advice)


def shown_absent(weighed: pd.DataFrame) -> Key:
    """Key of 01-3: of comparisons without a finding, those that exclude a difference that would count."""
    shown, silent = int((weighed["absence"] == SUPPORTED).sum()), len(weighed)
    said = N_(
        "{shown} of {silent} comparisons without a finding exclude what would count; the others leave it "
        "open."
    )
    said = tr(said, shown=shown, silent=silent)
    wrong = {
        tr(
            "That counts every p above the limit as “no effect”. Not significant is not the same as absent: "
            "with few animals nearly everything is not significant."
        ): silent,
        tr("Those are the ones that leave the question open."): silent - shown,
        tr("Absence can be supported: where both tests of equivalence reject (`absence`)."): 0,
    }
    return Key(shown, said, wrong, tr("Count the rows of `weighed` whose `absence` is supported."))


def overlapping(found: pd.DataFrame) -> Key:
    """Key of 01-4: significant differences between groups whose own intervals overlap."""
    halves = [
        stats.t.ppf(0.975, found[f"n_{of}"] - 1) * found[f"sd_{of}"] / np.sqrt(found[f"n_{of}"])
        for of in ("case", "reference")
    ]
    overlap = found["estimate"].abs() < sum(halves)
    significant = found["level"] == "significant"
    right, findings = int((overlap & significant).sum()), int(significant.sum())
    said = N_(
        "{right} of {findings} significant differences would be missed by anyone who goes by overlapping "
        "bars."
    )
    said = tr(said, right=right, findings=findings)
    wrong = {
        tr(
            "Two intervals may overlap although the means differ significantly: the error of a difference is "
            "smaller than the sum of both errors."
        ): 0,
        tr(
            "That counts all overlaps. The question is about those where the difference is significant all "
            "the same."
        ): int(overlap.sum()),
        tr("That counts all significant differences, also those whose intervals lie apart."): findings,
    }
    advice = tr(
        "Both have to hold: level significant, and |difference| smaller than the two half-widths together."
    )
    return Key(right, said, wrong, advice)


def three_chances(study: Study) -> Key:
    """Key of 01-5: at least one false alarm among the comparisons of an experiment, each at 5 %."""
    limit = study.thresholds["significant"]
    k = max(len(experiment.contrasts) for experiment in study.experiments.values())
    right = 1 - (1 - limit) ** k
    said = N_(
        "{k} looks give {right:.1f} % instead of {limit:.0f} %, were they independent; Tukey-Kramer holds "
        "{limit:.0f} % for all of them together."
    )
    said = tr(said, k=k, right=100 * right, limit=100 * limit)
    wrong = {
        tr("That is the chance in one comparison. There are several, and each of them can go wrong."): limit,
        tr(
            "Adding up counts twice what goes wrong twice (and would pass 100 % with enough tests): it is an "
            "upper bound. Begin with the chance that none goes wrong."
        ): k * limit,
        tr("That is the chance that none goes wrong; the question is about the opposite."): (1 - limit) ** k,
        tr("That is the chance that all of them go wrong."): limit**k,
    }
    return Key(right, said, wrong, tr("One minus the chance that every comparison keeps quiet."))


def wrong_unit(urine: pd.DataFrame) -> Key:
    """Key of 01-6: rats whose ratio lies apart from all others by a factor."""
    ratio = (urine["ctx"] / urine["creatinine"]).set_axis(urine["animal_id"]).sort_values(kind="stable")
    steps = np.log(ratio).diff()
    odd = list(ratio.index[: int(steps.argmax())])
    case = urine["group"].iloc[-1]
    factor = ratio.drop(odd).median() / ratio[odd].median()
    said = N_(
        "A factor of about {factor:.0f} lies between them and all others, near the one between the units: 1 "
        "mmol/L of creatinine is {unit:.1f} mg/dL. One low ratio within the usual range stays."
    )
    said = tr(said, factor=factor, unit=CREATININE)
    far = (ratio - ratio.mean()).abs() > 3 * ratio.std()
    thin = list(urine.loc[urine["ctx"] < urine["ctx"].median() / 2, "animal_id"])
    one_more = list(ratio.index[: len(odd) + 1])
    wrong = {
        tr(
            "“More than 3 SD from the mean” finds none, since the faulty values themselves make the SD large "
            "(masking). Hold each against the median, as a factor."
        ): list(ratio.index[far]),
        tr(
            "That is a whole group. Not all of it is low, and one of the other group is: no diet does that, "
            "a unit does."
        ): list(urine.loc[urine["group"] == case, "animal_id"]),
        tr("Low CTX-I may be thin urine. The fault is in the ratio: look at `ctx / creatinine`."): thin,
        tr("One too many: a ratio of about half the median is a low value, not another unit."): one_more,
    }
    advice = tr("Divide CTX-I by creatinine, and look for ratios that are smaller by a factor of ten or so.")
    return Key(odd, said, wrong, advice)


def fragile(choices: pd.DataFrame, study: Study) -> Key:
    """Key of 01-7: findings of the declared test that another reasonable test would not make."""
    limit = study.thresholds["significant"]
    p = choices.pivot_table(index=["experiment", "endpoint", "contrast"], columns="test", values="p")
    declared = p["tukey_kramer"] < limit
    right, findings = int((declared & (p > limit).any(axis=1)).sum()), int(declared.sum())
    said = N_(
        "{right} of {all} significant findings depend on the choice of the test; it was declared before "
        "looking."
    )
    said = tr(said, right=right, all=findings)
    by_any = (p < limit).any(axis=1)
    moved = by_any & (p > limit).any(axis=1)
    wrong = {
        tr(
            "That counts every comparison on which the tests disagree, also those that the declared test "
            "calls not significant. Picking the test that finds most is how false alarms are made."
        ): int(moved.sum()),
        tr(
            "Those are all findings of the declared test. Which of them does another test not make?"
        ): findings,
        tr(
            "That takes a finding wherever any of the tests finds one: the garden of forking paths."
        ): by_any.sum(),
    }
    advice = tr("Rows where Tukey-Kramer lies below the limit and at least one other test above it.")
    return Key(right, said, wrong, advice)


def _three(found: pd.DataFrame, study: Study, endpoint: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return an endpoint's case against control, pair-fed against control and case against pair-fed."""
    # It brings statsmodels, which 01 alone has loaded.
    from mgbone.biochem.pair_feeding import pair_fed_experiments

    experiment, (control, pairfed, case) = next(iter(pair_fed_experiments(study).items()))
    rows = found[(found["experiment"] == experiment) & (found["endpoint"] == endpoint)].set_index("contrast")
    names = (f"{case}_vs_{control}", f"{pairfed}_vs_{control}", f"{case}_vs_{pairfed}")
    return tuple(rows.loc[name] for name in names)


KEYS = {
    "01-1": spread_of_a_group,
    "01-2": magnesium_alone,
    "01-3": shown_absent,
    "01-4": overlapping,
    "01-5": three_chances,
    "01-6": wrong_unit,
    "01-7": fragile,
}
