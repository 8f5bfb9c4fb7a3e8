"""Answers to the exercises of notebook 04."""

import pandas as pd

from mgbone.course.answers import Key
from mgbone.study.language import N_, tr
from mgbone.study.naming import format_p_value

_OF_ABSENCE = ["no_effect", "array_mixed"]  # among the kinds of `mgbone.integration.negative_control`


def effects_reproduced(verdicts: pd.DataFrame) -> Key:
    """Key of 04-1: reproduced statements of an effect."""
    reproduced, effect = verdicts["verdict"] == "reproduced", verdicts["asserts"] == "effect"
    right, total = int((reproduced & effect).sum()), int(reproduced.sum())
    said = N_("{right} of {total}. The other {rest} say that nothing was seen, which nearly any data say.")
    said = tr(said, right=right, total=total, rest=total - right)
    wrong = {
        tr(
            "That is the total, which says nothing: most of these are statements of no difference, and "
            "nearly any data reproduce those."
        ): total,
        tr("Those are the statements of an absence."): total - right,
        tr("Those are all statements of an effect, whatever became of them."): int(effect.sum()),
    }
    return Key(right, said, wrong, tr("Rows with `asserts` effect and `verdict` reproduced."))


def share_by_chance(counts: pd.DataFrame) -> Key:
    """Key of 04-2: the share of the ledger that data without effect reproduce."""
    right = float(counts["nominal"].sum() / counts["statements"].sum())
    of_effects = counts.loc[~counts["kind"].isin(_OF_ABSENCE), ["nominal", "statements"]].sum()
    of_effect = float(of_effects["nominal"] / of_effects["statements"])
    said = N_(
        "{right:.0f} % of the ledger, without any effect. Of its statements of an effect it would be "
        "{effect:.1f} % at most."
    )
    said = tr(said, right=100 * right, effect=100 * of_effect)
    wrong = {
        tr(
            "5 % holds at most for one statement of an effect. A statement of no difference is reproduced "
            "nearly always."
        ): 0.05,
        tr("Chance reproduces much: look at the column `nominal`."): 0,
        tr("That is the share of the statements of an effect alone."): of_effect,
        tr("That is what this dataset reproduced."): float(counts["this"].sum() / counts["statements"].sum()),
        tr("The answer is a share, not percent."): 100 * right,
        tr("That is how many; which share of all statements is it?"): float(counts["nominal"].sum()),
    }
    return Key(right, said, wrong, tr("Sum of `nominal` over sum of `statements`."))


def confirmed_about_rats(verdicts: pd.DataFrame) -> Key:
    """Key of 04-3: what the shipped data, all simulated, confirm."""
    reproduced = verdicts["verdict"] == "reproduced"
    drawn = tr(
        "The animals were drawn by a program. What is reproduced shows what the analysis does, and nothing "
        "about magnesium."
    )
    wrong = {drawn: (int(reproduced.sum()), int((reproduced & (verdicts["asserts"] == "effect")).sum()))}
    said = tr("None: these animals were drawn by a program. The analysis was put to the test, not magnesium.")
    return Key(0, said, wrong, tr("Was this dataset measured, or drawn by a program?"))


def percent_of_own_control(biochemistry: pd.DataFrame) -> Key:
    """Key of 04-4: osteocalcin at 0.04 % in percent of the control of its own experiment."""
    serum = biochemistry[biochemistry["endpoint"] == "serum_osteocalcin"]
    means = serum.groupby(["experiment", "group"])["value"].mean()
    case, own, other = means["exp2", "mg004"], means["exp2", "control"], means["exp1", "control"]
    pooled = serum.loc[serum["group"] == "control", "value"].mean()
    right = 100 * (case / own - 1)
    said = N_("{right:+.1f} % of its own control; against both controls pooled it would be {pooled:+.1f} %.")
    said = tr(said, right=right, pooled=100 * (case / pooled - 1))
    wrong = {
        tr(
            "That pools both controls. They were other animals on other days: what differs between the "
            "experiments then passes for the diet."
        ): 100 * (case / pooled - 1),
        tr("That is the control of the other experiment."): 100 * (case / other - 1),
        tr("That is the difference in ng/mL."): case - own,
        tr("The size is right, the sign is not: case minus reference."): -right,
        tr("That is what is left, in percent; less 100 it is the change."): 100 * case / own,
    }
    return Key(float(right), said, wrong, tr("`mg004` over the control of `exp2`, less one, times 100."))


def correlated_within(wide: pd.DataFrame, pairs: pd.DataFrame) -> Key:
    """Key of 04-5: correlation of serum Mg and osteocalcin with group means removed."""
    names = ["serum_mg", "serum_osteocalcin"]
    row = pairs[(pairs["a"] == names[0]) & (pairs["b"] == names[1])].iloc[0]
    two = wide[["stratum", *names]].dropna()
    means = two.groupby("stratum")[names].mean()
    of_values, of_means = (float(table[names[0]].corr(table[names[1]])) for table in (two, means))
    said = N_(
        "r = {r:.2f} within groups, against {raw:.2f} of the values: in these, differences between groups "
        "have a part."
    )
    said = tr(said, r=row["r"], raw=of_values)
    wrong = {
        tr(
            "That is the correlation of the values. Where diets move both endpoints, that alone makes them "
            "go together."
        ): of_values,
        tr("That is the correlation of the group means: of diets, not of animals."): of_means,
        tr("That is r squared."): row["r"] ** 2,
        tr("That is the partial correlation, with all other endpoints held as well."): row["r_partial"],
    }
    advice = tr("Take the group's mean off each value of both endpoints, then correlate what is left.")
    return Key(float(row["r"]), said, wrong, advice)


def p_of_an_order(steps: pd.DataFrame) -> Key:
    """Key of 04-6: the p of a falling order, which needs all of its steps, each of them down."""
    p, up = steps["p"], steps.loc[steps["estimate"] >= 0, "step"]
    right = float(p.max())
    said = N_("p = {right}, that of the step “{step}”: the order is as sure as its weakest step.")
    said = tr(said, right=format_p_value(right), step=steps.loc[p.idxmax(), "step"])
    if len(up):
        said += tr(" But not every step goes down (“{step}”): there is no such order here.", step=up.iloc[0])
    wrong = {
        tr("That is the surest step. An order is only as sure as its weakest one."): float(p.min()),
        tr(
            "That corrects the smallest p for the number of steps: it asks whether any step holds, and an "
            "order needs all."
        ): float(p.min() * len(p)),
        tr("Multiplied p values are no p value."): float(p.prod()),
        tr("A mean of p values is no p value."): float(p.mean()),
        tr("No correction is due where all steps have to hold."): float(p.max() * len(p)),
    }
    return Key(right, said, wrong, tr("Which of the steps decides, if all have to hold?"))


def pairs_still_open(pairs: pd.DataFrame) -> Key:
    """Key of 04-7: pairs that don't stand after correction, with an interval that reaches 0.5."""
    not_shown = pairs["q"] >= 0.05
    wide_open = (pairs["ci_high"] >= 0.5) | (pairs["ci_low"] <= -0.5)
    right, all_ = int((not_shown & wide_open).sum()), int(not_shown.sum())
    said = N_(
        "{right} of {all} pairs with q of 0.05 or more are open: so few animals can't exclude a correlation "
        "of 0.5."
    )
    said = tr(said, right=right, all=all_)
    wrong = {
        tr("That takes what is not shown for independence. Not shown is not the same as not there."): 0,
        tr("Those are all pairs with q of 0.05 or more. Whose interval reaches 0.5 or −0.5?"): all_,
        tr("Correlations may be negative as well."): int((not_shown & (pairs["ci_high"] >= 0.5)).sum()),
        tr("That counts pairs with q below 0.05, too."): int(wide_open.sum()),
    }
    return Key(right, said, wrong, tr("q of 0.05 or more, and an interval that reaches 0.5 or −0.5."))


KEYS = {
    "04-1": effects_reproduced,
    "04-2": share_by_chance,
    "04-3": confirmed_about_rats,
    "04-4": percent_of_own_control,
    "04-5": correlated_within,
    "04-6": p_of_an_order,
    "04-7": pairs_still_open,
}
