"""Answers to the exercises of notebook 03."""

import numpy as np
import pandas as pd

from mgbone.course.answers import Key
from mgbone.study.language import N_, tr


def fold_change_in_percent(tested: pd.DataFrame, contrast: str) -> Key:
    """Key of 03-1: the strongest fall of a comparison, in percent."""
    change = tested.loc[tested["contrast"] == contrast, "log2_fold_change"].min()
    right, natural = 100 * (2**change - 1), 100 * (np.exp(change) - 1)
    said = N_(
        "{change:.2f} on the log2 scale is {right:.0f} %: the gene is left at {ratio:.2f} of what it was."
    )
    said = tr(said, change=change, right=right, ratio=2**change)
    wrong = {
        tr(
            "That reads the logarithm as a share. A fold change of −2 would then be −200 %, which no gene "
            "can do; two to its power is the ratio."
        ): 100 * change,
        tr("That is what is left, in percent. How much is gone?"): 100 * 2**change,
        tr("That is the ratio. Less one and times 100 it is the change in percent."): 2**change,
        tr("That takes it for a natural logarithm; here one step is a factor of two."): natural,
        tr("The size is right; a fall has a minus sign."): -right,
    }
    advice = tr("Two to the power of the log2 fold change, less one, times 100.")
    return Key(float(right), said, wrong, advice)


def false_genes(tested: pd.DataFrame, contrast: str) -> Key:
    """Key of 03-2: genes of a list by q < 0.05 that are expected to be wrong."""
    rows = tested[tested["contrast"] == contrast]
    called = int((rows["q"] < 0.05).sum())
    right = 0.05 * called
    said = N_(
        "At most about {right:.0f} of {called}; p < 0.05 without correction would let in up to {chip:.0f} "
        "false ones."
    )
    said = tr(said, right=right, called=called, chip=0.05 * len(rows))
    wrong = {
        tr(
            "That is 5 % of the chip: what p < 0.05 without correction would let in. q speaks of the list."
        ): 0.05 * len(rows),
        tr("That is the share. How many genes of this list is it?"): 0.05,
        tr("Those are all genes of the list."): called,
        tr(
            "q does not promise that none is wrong. Not even Holm does: however genes depend on one another, "
            "it keeps the chance that any is wrong at 5 % or less."
        ): 0,
    }
    return Key(right, said, wrong, tr("5 % of the number of genes with q below 0.05."))


def terms_of_the_tissue(enriched: pd.DataFrame, on_chip: pd.DataFrame) -> Key:
    """Key of 03-3: terms that only silent genes in the background make significant."""
    keys = ["contrast", "direction", "term"]
    both = on_chip.merge(enriched, on=keys, how="left", suffixes=("_chip", ""))
    chip, expressed = both["q_chip"] < 0.05, both["q"] < 0.05
    right = int((chip & ~expressed).sum())
    said = N_(
        "Terms significant against the chip: {chip}; of these, only for genes that the femur does not even "
        "read: {right}."
    )
    said = tr(said, right=right, chip=int(chip.sum()))
    wrong = {
        tr(
            "That counts all that is significant against the chip. Leave out what is so against the "
            "expressed genes as well."
        ): int(chip.sum()),
        tr("Those hold against the expressed genes. Count the ones that do not."): (
            enriched["q"] < 0.05
        ).sum(),
        tr("Those are significant against both backgrounds."): int((chip & expressed).sum()),
    }
    return Key(right, said, wrong, tr("`q_chip` below 0.05, and `q` not (or missing)."))


@np.errstate(invalid="ignore", divide="ignore")  # of a list without genes
def times_likelier(enriched: pd.DataFrame) -> Key:
    """Key of 03-4: the risk ratio of the term with most hits; missing where no other gene is in the list."""
    row = enriched.loc[enriched["hits"].idxmax()]
    hits, rest = float(row["hits"]), float(row["list_size"] - row["hits"])
    in_term, elsewhere = (
        np.divide(hits, row["set_size"]),
        np.divide(rest, row["background"] - row["set_size"]),
    )
    right = np.divide(in_term, elsewhere) if elsewhere else np.nan
    of_all = np.divide(hits, row["expected"])
    odds = np.divide(hits * (row["background"] - row["set_size"] - rest), (row["set_size"] - hits) * rest)
    said = tr(
        "{right:.2f} times as likely; the odds ratio is {odds:.2f}.", right=right, odds=row["odds_ratio"]
    )
    if np.isnan(right):
        said = tr("No gene outside the term is in the list, so that there is nothing to compare with.")
    wrong = {
        tr(
            "That is the odds ratio. It compares hits with misses, not with all genes, and lies further from "
            "one."
        ): (odds, row["odds_ratio"]),
        tr("That compares with all genes, those of the term among them. Compare with the others."): of_all,
        tr("That is one of the two probabilities."): in_term,
        tr("Upside down: the term's own probability stands on top."): np.divide(elsewhere, in_term),
    }
    return Key(float(right), said, wrong, tr("Probability within the term over probability elsewhere."))


def diet_within_days(batch: pd.DataFrame) -> Key:
    """Key of 03-5: the difference of diets within a day of scanning."""
    means = batch.pivot_table(index="scanned", columns="diet", values="expression")
    right = float((means["mg001"] - means["control"]).mean())
    diet = batch.groupby("diet")["expression"].mean()
    crude = diet["mg001"] - diet["control"]
    day = float((means.iloc[1] - means.iloc[0]).mean())
    without_day = crude - day
    said = N_(
        "Within a day {right:+.2f}, all together {crude:+.2f}: what the second shows is the day ({day:+.2f})."
    )
    said = tr(said, right=right, crude=crude, day=day)
    wrong = {
        tr(
            "That holds all arrays of the one diet against all of the other, and most of each were scanned "
            "on one day: it is a batch that looks like a diet."
        ): crude,
        tr("That is what the day does. What is left for the diet?"): day,
        tr(
            "Taking the whole effect of the day off is too much: each diet was scanned on both days."
        ): without_day,
        tr("The size is right, the sign is not: `mg001` minus `control`."): -right,
    }
    advice = tr("Means by day and diet, the difference within each day, and the mean of both days.")
    return Key(right, said, wrong, advice)


def scratched_chip(residuals: pd.DataFrame) -> Key:
    """Key of 03-6: the chip with a line."""
    columns = residuals.groupby("chip").mean()
    right = columns.abs().max(axis=1).idxmax()
    noisy = residuals.var(axis=1).groupby("chip").mean().idxmax()
    others = [chip for chip in columns.index if chip not in (right, noisy)]
    said = tr(
        "{chip}, in column {column}: {mean:+.2f} on average, where the other chips stay within {other:.2f}.",
        chip=right,
        column=columns.loc[right].abs().idxmax(),
        mean=columns.loc[right].min(),
        other=columns.drop(right).abs().max().max(),
    )
    wrong = {
        tr("Its residuals scatter most, but all over the chip. A scratch is a shape with an edge."): noisy,
        tr("No line runs through this one."): tuple(others),
    }
    advice = tr("The answer is a name: that of the chip with a column whose mean lies far from zero.")
    return Key(right, said, wrong, advice)


def exchanged_arrays(labels: pd.DataFrame) -> Key:
    """Key of 03-7: arrays that lie with the other group."""
    levels = labels.drop(columns="group")
    centres = levels.groupby(labels["group"]).median()
    apart = pd.DataFrame({group: ((levels - centres.loc[group]) ** 2).sum(axis=1) for group in centres.index})
    right = list(labels.index[apart.idxmin(axis=1) != labels["group"]])
    own = pd.Series([apart.loc[a, g] for a, g in labels["group"].items()], index=labels.index)
    noisy = own.drop(right).idxmax()
    half = tr("An exchange has two ends: look in the other group as well.")
    wrong = {
        tr(
            "It is noisy, but lies with its own group. Far from the centre is not the same as near the other "
            "one."
        ): [noisy],
        tr("One too many: the noisy one lies with its own group."): [noisy, *right],
        half: tuple([one] for one in right),
        tr("Two arrays lie nearer to the centre of the other group."): [],
    }
    said = tr(
        "{arrays}: each lies with the group whose label the other bears.", arrays=tr(" and ").join(right)
    )
    return Key(right, said, wrong, tr("Arrays whose `nearer` is not their `group`."))


KEYS = {
    "03-1": fold_change_in_percent,
    "03-2": false_genes,
    "03-3": terms_of_the_tissue,
    "03-4": times_likelier,
    "03-5": diet_within_days,
    "03-6": scratched_chip,
    "03-7": exchanged_arrays,
}
