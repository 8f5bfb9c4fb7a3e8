"""Sentences and tables of notebook 04, written from what the run computed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from IPython.display import HTML, Markdown

from mgbone.claims.folded import verdict_details
from mgbone.integration.disagreements import RATIO
from mgbone.integration.negative_control import KINDS
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_label
from mgbone.study.naming import contrast_label, format_p, format_p_value, narrow_label, nutrient_word

_SHAPE = {
    ("one_way", "up"): "rises as {nutrient} gets scarcer",
    ("one_way", "down"): "falls as {nutrient} gets scarcer",
    ("peak", "up"): "is highest at {mildest}",
    ("peak", "down"): "is lowest at {mildest}",
}


def count_shapes(shapes: pd.DataFrame, study: Study) -> Markdown:
    """Say which endpoints follow the dose, which turn at the mildest one, and how many would by chance.

    Parameters
    ----------
    shapes : DataFrame
        From `mgbone.integration.shapes.dose_shapes`.
    """
    if shapes.empty:
        return Markdown("*No endpoint was measured at every dose and its reference: no shape can be tested.*")
    limit = study.thresholds["significant"]
    mildest = narrow_label(study.dose_order[0].case)
    found = shapes[shapes["shape"] != "neither"]
    peaks = int((found["shape"] == "peak").sum())
    lines = [
        f"**{len(found)}** of {len(shapes)} endpoints have a shape ({len(found) - peaks} one way, {peaks} "
        f"with their extreme at {mildest}); about {limit * len(shapes):.1f} would by chance."
    ]
    for row in found.sort_values(["p_either", "endpoint"]).itertuples():
        words = _SHAPE[row.shape, row.direction].format(mildest=mildest, nutrient=nutrient_word())
        lines.append(
            f"- {endpoint_label(row.endpoint)} {words}: z {row.z_one_way:+.1f} one way, "
            f"{row.z_peak:+.1f} for a peak, {format_p(row.p_either)} over both."
        )
    return Markdown("\n".join(lines))


def pair_table(pairs: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the pairs that stand out without correction, as a reader wants them, the surest first."""
    chosen = pairs[pairs["p"] < study.thresholds["significant"]].sort_values("p", kind="stable")
    table = pd.DataFrame(
        {
            "endpoints": chosen["a"].map(endpoint_label) + " and " + chosen["b"].map(endpoint_label),
            "animals": chosen["n"],
            "df": chosen["df"],
            "r": chosen["r"].map("{:+.2f}".format),
            "95 % interval": [
                f"{low:+.2f} to {high:+.2f}"
                for low, high in zip(chosen["ci_low"], chosen["ci_high"], strict=True)
            ],
            "p": chosen["p"].map(format_p_value),
            "q": chosen["q"].map(format_p_value),
            "held": chosen["held"],
            "partial r": chosen["r_partial"].map(lambda r: f"{r:+.2f}" if pd.notna(r) else "–"),
            "partial q": chosen["q_partial"].map(format_p_value),
        }
    )
    return table.reset_index(drop=True)


def count_power(detectable: pd.DataFrame, pairs: pd.DataFrame, study: Study) -> Markdown:
    """Say in numbers what so many animals can show, and how many pairs stand out.

    Parameters
    ----------
    detectable : DataFrame
        From `mgbone.integration.within_animals.smallest_detectable`.
    pairs : DataFrame
        From `mgbone.integration.within_animals.partial_within`.
    """
    if pairs.empty:
        return Markdown("*No two endpoints were measured in enough of the same animals.*")
    limit = study.thresholds["significant"]
    left, tried = int((pairs["q_partial"] < limit).sum()), int(pairs["q_partial"].notna().sum())
    stand, seen = int((pairs["q"] < limit).sum()), int((pairs["p"] < limit).sum())
    lines = [
        f"Of {len(pairs)} pairs, {seen} have p < {limit:g} (about {limit * len(pairs):.0f} would by "
        f"chance) and **{stand}** stand after correction for all pairs; of {tried} with others held, as in "
        f"the figure, **{left}** still stand{'s' if left == 1 else ''}."
    ]
    for row in detectable[detectable["effect"] == "r"].itertuples():
        lines.append(
            f"- {row.what.partition(', ')[2].capitalize()} ({row.n} in {row.groups} groups, {row.df} degrees "
            f"of freedom): **|r| = {row.smallest:.2f}** is found 4 times in 5 at p < {limit:g}; "
            f"{row.smallest_strict:.2f} if no line of the network should be chance."
        )
    for row in detectable[detectable["effect"] == "g"].itertuples():
        lines.append(
            f"- Two groups of {row.n // 2} {row.what.partition(', ')[2]}: a difference of "
            f"**{row.smallest:.2f} SD** is found 4 times in 5 by a t test of these two at p < {limit:g}; "
            "Tukey-Kramer over more groups asks for more."
        )
    return Markdown("\n".join(lines))


def tell_control(counts: pd.DataFrame, control: pd.DataFrame | None) -> Markdown:
    """Say how many statements would be called reproduced where there is nothing to find.

    Parameters
    ----------
    counts : DataFrame
        From `mgbone.integration.negative_control.count_control`.
    control : DataFrame or None
        Verdicts on the dataset without effect, if it was judged.
    """
    if counts.empty:
        return Markdown("*Without a ledger there is nothing to judge.*")
    lines = []
    if control is None:
        lines.append(
            "*The dataset without effect was not judged: this study has a design of its own, or data/null "
            "is not complete (`make data`). Permuted labels stand alone.*\n"
        )
    for row in counts.itertuples():
        null = f", **{row.null:.0f}** in data without effect" if pd.notna(row.null) else ""
        theory = f"{row.bound} {row.nominal:.2g} expected by theory" if pd.notna(row.nominal) else ""
        shuffled = (
            f"{row.permuted_mean:.2g} with permuted labels (95 % of permutations: {row.permuted_low:.0f} to "
            f"{row.permuted_high:.0f})"
            if pd.notna(row.permuted_mean)
            else ""
        )
        expected = "; ".join(filter(None, [theory, shuffled]))
        what = f"{row.statements} statement{'' if row.statements == 1 else 's'} of {KINDS[row.kind]}"
        lines.append(f"- {what}: {row.this} reproduced here{null}; {expected}.")
    return Markdown("\n".join(lines))


def count_sources(confronted: pd.DataFrame, ratio: pd.DataFrame) -> Markdown:
    """Say what the choice of test does to disputed levels, and whether the two formation markers part ways.

    Parameters
    ----------
    confronted : DataFrame
        From `mgbone.integration.disagreements.hold_against_sources`.
    ratio : DataFrame
        From `mgbone.integration.disagreements.formation_evidence`.
    """
    if confronted.empty:
        return Markdown("*No disagreement of sources is recorded for this study.*")
    lines = []
    spans = confronted.dropna(subset=["p_least", "data_p"]).drop_duplicates(["endpoint", "contrast"])
    for row in spans.itertuples():
        lines.append(
            f"- {endpoint_label(row.endpoint)}, {contrast_label(row.contrast)}: {row.data_percent:+.0f} %, "
            f"{format_p(row.data_p)} by the declared test; {format_p_value(row.p_least)} to "
            f"{format_p_value(row.p_most)} over all tests of notebook 01."
        )
    for row in ratio[ratio["endpoint"].eq(RATIO) & ratio["level"].notna()].itertuples():
        low, middle, high = (100 * np.expm1(x) for x in (row.ci_low, row.estimate, row.ci_high))
        lines.append(
            f"- ALP divided by osteocalcin of the same animals, {contrast_label(row.contrast)}: "
            f"{middle:+.0f} % (95 % interval {low:+.0f} to {high:+.0f} %), {format_p(row.p)}."
        )
    return Markdown("\n".join(lines) or "*Nothing of this was measured.*")


def fold_out(verdicts: pd.DataFrame) -> HTML:
    """Return the ledger line by line, each folding out (`mgbone.claims.folded.verdict_details`)."""
    return HTML(verdict_details(verdicts))
