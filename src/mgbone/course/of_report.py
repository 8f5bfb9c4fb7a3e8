"""Answers to the exercises of notebook 04."""

from __future__ import annotations

import pandas as pd

from mgbone.course.answers import Key
from mgbone.study.language import tr
from mgbone.study.naming import format_p_value

_OF_ABSENCE = ["no_effect", "array_mixed"]  # among the kinds of `mgbone.integration.negative_control`


def effects_reproduced(verdicts: pd.DataFrame) -> Key:
    """Key of 04-1: reproduced statements of an effect."""
    reproduced, effect = verdicts["verdict"] == "reproduced", verdicts["asserts"] == "effect"
    right, total = int((reproduced & effect).sum()), int(reproduced.sum())
    said = tr(
        "{right} of {total}. The other {rest} say that nothing was seen, which nearly any data say.",
        right=right,
        total=total,
        rest=total - right,
    )
    return Key(
        right,
        said,
        (
            (
                total,
                tr(
                    "That is the total, which says nothing: most of these are statements of no "
                    "difference, and nearly any data reproduce those."
                ),
            ),
            (total - right, tr("Those are the statements of an absence.")),
            (int(effect.sum()), tr("Those are all statements of an effect, whatever became of them.")),
        ),
        tr("Rows with `asserts` effect and `verdict` reproduced."),
    )


def share_by_chance(counts: pd.DataFrame) -> Key:
    """Key of 04-2: the share of the ledger that data without effect reproduce."""
    right = float(counts["nominal"].sum() / counts["statements"].sum())
    of_effects = counts.loc[~counts["kind"].isin(_OF_ABSENCE), ["nominal", "statements"]].sum()
    of_effect = float(of_effects["nominal"] / of_effects["statements"])
    said = tr(
        "{right:.0f} % of the ledger, without any effect. Of its statements of an effect "
        "it would be {effect:.1f} % at most.",
        right=100 * right,
        effect=100 * of_effect,
    )
    return Key(
        right,
        said,
        (
            (
                0.05,
                tr(
                    "5 % holds at most for one statement of an effect. A statement of no difference "
                    "is reproduced nearly always."
                ),
            ),
            (0, tr("Chance reproduces much: look at the column `nominal`.")),
            (of_effect, tr("That is the share of the statements of an effect alone.")),
            (
                float(counts["this"].sum() / counts["statements"].sum()),
                tr("That is what this dataset reproduced."),
            ),
            (100 * right, tr("The answer is a share, not percent.")),
            (float(counts["nominal"].sum()), tr("That is how many; which share of all statements is it?")),
        ),
        tr("Sum of `nominal` over sum of `statements`."),
    )


def confirmed_about_rats(verdicts: pd.DataFrame) -> Key:
    """Key of 04-3: what the shipped data, all simulated, confirm."""
    reproduced = verdicts["verdict"] == "reproduced"
    drawn = tr(
        "The animals were drawn by a program. What is reproduced shows what the analysis does, and nothing "
        "about magnesium."
    )
    return Key(
        0,
        tr("None: these animals were drawn by a program. The analysis was put to the test, not magnesium."),
        (
            (int(reproduced.sum()), drawn),
            (int((reproduced & (verdicts["asserts"] == "effect")).sum()), drawn),
        ),
        tr("Was this dataset measured, or drawn by a program?"),
    )


def percent_of_own_control(biochemistry: pd.DataFrame) -> Key:
    """Key of 04-4: osteocalcin at 0.04 % in percent of the control of its own experiment."""
    serum = biochemistry[biochemistry["endpoint"] == "serum_osteocalcin"]
    means = serum.groupby(["experiment", "group"])["value"].mean()
    case, own, other = means["exp2", "mg004"], means["exp2", "control"], means["exp1", "control"]
    pooled = serum.loc[serum["group"] == "control", "value"].mean()
    right = 100 * (case / own - 1)
    said = tr(
        "{right:+.1f} % of its own control; against both controls pooled it would be {pooled:+.1f} %.",
        right=right,
        pooled=100 * (case / pooled - 1),
    )
    return Key(
        float(right),
        said,
        (
            (
                100 * (case / pooled - 1),
                tr(
                    "That pools both controls. They were other animals on other days: what differs "
                    "between the experiments then passes for the diet."
                ),
            ),
            (100 * (case / other - 1), tr("That is the control of the other experiment.")),
            (case - own, tr("That is the difference in ng/mL.")),
            (-right, tr("The size is right, the sign is not: case minus reference.")),
            (100 * case / own, tr("That is what is left, in percent; less 100 it is the change.")),
        ),
        tr("`mg004` over the control of `exp2`, less one, times 100."),
    )


def correlated_within(wide: pd.DataFrame, pairs: pd.DataFrame) -> Key:
    """Key of 04-5: correlation of serum Mg and osteocalcin with group means removed."""
    names = ["serum_mg", "serum_osteocalcin"]
    row = pairs[(pairs["a"] == names[0]) & (pairs["b"] == names[1])].iloc[0]
    two = wide[["stratum", *names]].dropna()
    means = two.groupby("stratum")[names].mean()
    of_values, of_means = (float(table[names[0]].corr(table[names[1]])) for table in (two, means))
    said = tr(
        "r = {r:.2f} within groups, against {raw:.2f} of the values: in these, differences between groups "
        "have a part.",
        r=row["r"],
        raw=of_values,
    )
    return Key(
        float(row["r"]),
        said,
        (
            (
                of_values,
                tr(
                    "That is the correlation of the values. Where diets move both endpoints, that alone "
                    "makes them go together."
                ),
            ),
            (of_means, tr("That is the correlation of the group means: of diets, not of animals.")),
            (row["r"] ** 2, tr("That is r squared.")),
            (row["r_partial"], tr("That is the partial correlation, with all other endpoints held as well.")),
        ),
        tr("Take the group's mean off each value of both endpoints, then correlate what is left."),
    )


def p_of_an_order(steps: pd.DataFrame) -> Key:
    """Key of 04-6: the p of a falling order, which needs all of its steps, each of them down."""
    p, up = steps["p"], steps.loc[steps["estimate"] >= 0, "step"]
    right = float(p.max())
    said = tr(
        "p = {right}, that of the step “{step}”: the order is as sure as its weakest step.",
        right=format_p_value(right),
        step=steps.loc[p.idxmax(), "step"],
    )
    if len(up):
        said += tr(" But not every step goes down (“{step}”): there is no such order here.", step=up.iloc[0])
    return Key(
        right,
        said,
        (
            (float(p.min()), tr("That is the surest step. An order is only as sure as its weakest one.")),
            (
                float(p.min() * len(p)),
                tr(
                    "That corrects the smallest p for the number of steps: it asks whether any step "
                    "holds, and an order needs all."
                ),
            ),
            (float(p.prod()), tr("Multiplied p values are no p value.")),
            (float(p.mean()), tr("A mean of p values is no p value.")),
            (float(p.max() * len(p)), tr("No correction is due where all steps have to hold.")),
        ),
        tr("Which of the steps decides, if all have to hold?"),
    )


def pairs_still_open(pairs: pd.DataFrame) -> Key:
    """Key of 04-7: pairs that don't stand after correction, with an interval that reaches 0.5."""
    not_shown = pairs["q"] >= 0.05
    wide_open = (pairs["ci_high"] >= 0.5) | (pairs["ci_low"] <= -0.5)
    right, all_ = int((not_shown & wide_open).sum()), int(not_shown.sum())
    said = tr(
        "{right} of {all} pairs with q of 0.05 or more are open: so few animals can't exclude a correlation "
        "of 0.5.",
        right=right,
        all=all_,
    )
    return Key(
        right,
        said,
        (
            (0, tr("That takes what is not shown for independence. Not shown is not the same as not there.")),
            (all_, tr("Those are all pairs with q of 0.05 or more. Whose interval reaches 0.5 or −0.5?")),
            (int((not_shown & (pairs["ci_high"] >= 0.5)).sum()), tr("Correlations may be negative as well.")),
            (int(wide_open.sum()), tr("That counts pairs with q below 0.05, too.")),
        ),
        tr("q of 0.05 or more, and an interval that reaches 0.5 or −0.5."),
    )


KEYS = {
    "04-1": effects_reproduced,
    "04-2": share_by_chance,
    "04-3": confirmed_about_rats,
    "04-4": percent_of_own_control,
    "04-5": correlated_within,
    "04-6": p_of_an_order,
    "04-7": pairs_still_open,
}
