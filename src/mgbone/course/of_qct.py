"""Answers to the exercises of notebook 02."""

import pandas as pd
from scipy import stats

from mgbone.course.answers import Key
from mgbone.study.design import Study
from mgbone.study.language import N_, tr


def density_of_a_region(measurements: pd.DataFrame, plain: pd.DataFrame) -> Key:
    """Key of 02-1: content over volume of the last femur's cancellous space."""
    animal = measurements["animal_id"].iloc[-1]
    right, mean = (
        float(table.set_index(["animal_id", "endpoint"]).loc[(animal, "bmd_cancellous_full"), "value"])
        for table in (measurements, plain)
    )
    said = tr("{right:.0f} mg/cm³; the mean of its slices would be {mean:.0f}.", right=right, mean=mean)
    wrong = {
        tr(
            "That is the mean of the slices' densities: a slice of the narrow shaft weighs as much in it as "
            "one of the wide ends. Add up first, divide last."
        ): mean,
        tr("That is in mg/mm3; a cubic centimetre has a thousand cubic millimetres."): right / 1000,
        tr("That is a thousand times too much: are areas in mm2 and thickness in mm?"): right * 1e3,
    }
    return Key(right, said, wrong, tr("Sum of content over sum of area times thickness, times 1000."))


def cells_by_chance(cells: pd.DataFrame, study: Study) -> Key:
    """Key of 02-2: cells that a map without effect lights up on average."""
    limit = study.thresholds["significant"]
    k = len(cells) / cells["contrast"].nunique()
    right = k * limit
    wrong = {
        tr("That is the chance of one cell. Each of them has it."): limit,
        tr(
            "That is the chance of at least one lit cell, if cells were separate. The question is how many "
            "there are on average."
        ): 1 - (1 - limit) ** k,
        tr("That counts all maps together; the question is about one."): len(cells) * limit,
        tr("Nearly; what does it come to exactly?"): 1,
    }
    said = tr("{right:.1f} cells of {k:.0f}: one lit cell is what nothing looks like.", right=right, k=k)
    return Key(right, said, wrong, tr("Number of cells times the chance of each."))


def left_after_correction(cells: pd.DataFrame) -> Key:
    """Key of 02-3: lit cells that survive max-T."""
    lit = cells["p"] < 0.05
    right = int((lit & (cells["p_maxt"] < 0.05)).sum())
    with_trends = cells["level"].isin(["significant", "trend"]).sum()
    said = N_("{right} of {lit} lit cells are left. A cell that is not is a hint, to be tested again.")
    said = tr(said, right=right, lit=int(lit.sum()))
    wrong = {
        tr(
            "Those are the cells before the correction: sixteen questions a map were asked, and these are "
            "the best answers."
        ): int(lit.sum()),
        tr("That takes trends along; p has to be below 0.05."): int((cells["p_maxt"] < 0.10).sum()),
        tr("That counts significant cells and trends, uncorrected."): with_trends,
    }
    return Key(right, said, wrong, tr("Rows with p below 0.05 and p_maxt below 0.05."))


def hopes_along_the_bone(tests: pd.DataFrame, measurements: pd.DataFrame) -> Key:
    """Key of 02-4: points of the trabecular profile that only a test of that point alone finds."""
    along = tests[(tests["structure"] == "trabecular") & (tests["contrast"] == "mg002_vs_control")]
    groups = measurements[measurements["group"].isin(["mg002", "control"])]
    n = groups[groups["experiment"] == along["experiment"].iloc[0]]["animal_id"].nunique()
    alone = 2 * stats.t.sf(along["t"].abs(), n - 2) < 0.05
    kept = along["p"] < 0.05
    right = int((alone & ~kept).sum())
    said = N_(
        "{right} of {points} points look significant by themselves, and are not once the whole bone is "
        "looked at."
    )
    said = tr(said, right=right, points=len(along))
    wrong = {
        tr(
            "That counts every point that is significant by itself. Leave out those that are so over the "
            "whole length as well."
        ): int(alone.sum()),
        tr("Those hold over the whole length. Count the ones that do not."): int(kept.sum()),
        tr(
            "That counts every point that is not significant over the whole length, whatever it looks like "
            "by itself."
        ): int((~kept).sum()),
        tr("Those are all points."): len(along),
    }
    return Key(right, said, wrong, tr("p of each point by itself below 0.05, and `p` of `tests` not."))


def scan_with_a_gap(scanned: pd.DataFrame) -> Key:
    """Key of 02-5: the femur whose positions jump."""
    step = scanned.groupby("animal_id")["position"].diff()
    right = scanned.loc[step.idxmax(), "animal_id"]
    slices = scanned["animal_id"].value_counts()
    reach = scanned.groupby("animal_id")["position"].max()
    said = N_(
        "{name}: a step of {jump:.1f} mm where the others are {pitch:.1f} mm. `make check` and notebook 02 "
        "look for it in the same way."
    )
    said = tr(said, name=right, jump=step.max(), pitch=step.median())
    others = [name for name in slices.index if name != right]
    wrong = {
        tr("It has the fewest slices since it is the shortest femur; all of it was scanned."): reach.idxmin(),
        tr("Its positions go on in even steps."): tuple(name for name in others if name != reach.idxmin()),
    }
    return Key(right, said, wrong, tr("The answer is a name: that of the femur whose `position` jumps."))


def percent_of_reference(found: pd.DataFrame) -> Key:
    """Key of 02-6: a difference in percent of the reference group."""
    row = found[
        (found["endpoint"] == "bmd_trabecular_distal") & (found["contrast"] == "mg002_vs_control")
    ].iloc[0]
    difference, reference, case = row["estimate"], row["mean_reference"], row["mean_case"]
    right, of_both = 100 * difference / reference, 200 * difference / (case + reference)
    wrong = {
        tr("That is percent of the case. The reference is the hundred percent."): 100 * difference / case,
        tr("That is percent of the mean of both; the reference is the hundred percent."): of_both,
        tr("That is a share; times 100 it is percent."): difference / reference,
        tr("That is the difference in mg/cm³."): difference,
        tr("The size is right, the sign is not: case minus reference."): -right,
    }
    said = tr(
        "{right:+.1f} % of the reference group, which is the hundred percent of every cell.", right=right
    )
    return Key(float(right), said, wrong, tr("Difference over mean of the reference, times 100."))


KEYS = {
    "02-1": density_of_a_region,
    "02-2": cells_by_chance,
    "02-3": left_after_correction,
    "02-4": hopes_along_the_bone,
    "02-5": scan_with_a_gap,
    "02-6": percent_of_reference,
}
