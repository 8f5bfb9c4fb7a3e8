"""Sentences and tables of notebook 04, written from what the run computed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import HTML, Markdown

from mgbone.claims.folded import verdict_details
from mgbone.integration.disagreements import RATIO
from mgbone.integration.negative_control import KINDS
from mgbone.study.design import Contrast, Study
from mgbone.study.dictionary import endpoint_label, is_derived
from mgbone.study.language import N_, tr
from mgbone.study.naming import (
    axis_of,
    contrast_label,
    format_p,
    format_p_value,
    level_mark,
    narrow_label,
    nutrient_word,
)
from mgbone.study.reading import or_none

_SHAPE = {
    ("one_way", "up"): N_("rises as {nutrient} gets scarcer"),
    ("one_way", "down"): N_("falls as {nutrient} gets scarcer"),
    ("peak", "up"): N_("is highest at {mildest}"),
    ("peak", "down"): N_("is lowest at {mildest}"),
}


def count_shapes(shapes: pd.DataFrame, study: Study) -> Markdown:
    """Say which endpoints follow the dose or turn at the mildest one, and which can't be given a shape.

    `shapes` comes from `mgbone.integration.shapes.dose_shapes`.
    """
    if shapes.empty:
        return Markdown(
            tr("*No endpoint was measured at every dose and its reference: no shape can be tested.*")
        )
    limit = study.thresholds["significant"]
    mildest = narrow_label(study.dose_order[0].case)
    found = shapes[shapes["p_either"] < limit].sort_values(["p", "p_either", "endpoint"], kind="stable")
    named = found["shape"].ne("neither")
    counted = N_(
        "Endpoints with p < {limit:g} over both tests: **{found}** of {all} (about {chance:.1f} by chance). "
        "Those of which every contrast that a shape implies holds: **{named}**; no shape can be named of the "
        "others."
    )
    counts = {"found": len(found), "all": len(shapes), "named": sum(named), "chance": limit * len(shapes)}
    lines = [tr(counted, limit=limit, **counts)]
    said = N_(
        "- {endpoint} {shape}: z {one_way:+.1f} one way, {peak:+.1f} for a peak, {either} over both; {all} "
        "for all contrasts of the nearest shape."
    )
    for row in found.to_dict("records"):
        words = tr(_SHAPE.get((row["shape"], row["direction"]), N_("has no shape")),
                   mildest=mildest, nutrient=nutrient_word())  # fmt: skip
        p = {"either": format_p(row["p_either"]), "all": format_p(row["p"])}
        z = {"one_way": row["z_one_way"], "peak": row["z_peak"]}
        lines.append(tr(said, endpoint=endpoint_label(row["endpoint"]), shape=words, **z, **p))
    return Markdown("\n".join(lines))


def tell_size(size: pd.DataFrame, study: Study) -> Markdown:
    """Say how often the test of the dose order finds something where there is nothing.

    `size` comes from `mgbone.integration.doses.size_of_dose_order`.
    """
    if size.empty:
        return Markdown(tr("*Not every dose and its reference were measured: no order can be tested.*"))
    each, (whole,) = size["size"].iloc[:-1], size["size"].iloc[-1:]
    said = N_(
        "Drawn without any effect, in groups as large and as scattered as these, a step has p < {limit:g} "
        "in {least:.1f} to {most:.1f} % of draws (nominal {nominal:g} %), and the whole order, which needs "
        "every step, in {whole:.2f} % (all steps down, or all up; further down stands the chance of the "
        "stated direction alone, by theory, for groups that scatter alike). Were one step missing and the "
        "others beyond doubt, the order would be called half as often as that step has p < {limit:g}, since "
        "its sign has to fit as well."
    )
    limit = study.thresholds["significant"]
    least, most = 100 * each.min(), 100 * each.max()
    return Markdown(tr(said, limit=limit, nominal=100 * limit, least=least, most=most, whole=100 * whole))


def pair_table(pairs: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the pairs that stand out without correction, as a reader wants them, the surest first."""
    chosen = pairs[pairs["p"] < study.thresholds["significant"]].sort_values("p", kind="stable")
    rows = chosen.to_dict("records")
    table = pd.DataFrame(
        {
            tr("endpoints"): [
                tr("{a} and {b}", a=endpoint_label(row["a"]), b=endpoint_label(row["b"])) for row in rows
            ],
            tr("animals"): chosen["n"],
            tr("df"): chosen["df"],
            "r": chosen["r"].map("{:+.2f}".format),
            tr("95 % interval"): [tr("{ci_low:+.2f} to {ci_high:+.2f}", **row) for row in rows],
            "p": chosen["p"].map(format_p_value),
            "q": chosen["q"].map(format_p_value),
            tr("held"): chosen["held"],
            tr("partial r"): chosen["r_partial"].map(lambda r: f"{r:+.2f}" if pd.notna(r) else "–"),
            tr("partial q"): chosen["q_partial"].map(format_p_value),
        }
    )
    return or_none(table.reset_index(drop=True))


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
        return Markdown(tr("*No two endpoints were measured in enough of the same animals.*"))
    limit = study.thresholds["significant"]
    counts = {
        "pairs": len(pairs), "limit": limit, "chance": limit * len(pairs),
        "seen": int((pairs["p"] < limit).sum()), "stand": int((pairs["q"] < limit).sum()),
        "tried": int(pairs["q_partial"].notna().sum()), "left": int((pairs["q_partial"] < limit).sum()),
    }  # fmt: skip
    said = N_(
        "Pairs with p < {limit:g}: {seen} of {pairs} (about {chance:.0f} by chance); after correction for "
        "all pairs: **{stand}**. With the other endpoints held, as above the diagonal of the figure, after "
        "correction: **{left}** of {tried}."
    )
    lines = [tr(said, **counts)]
    within = N_(
        "- {what} (n = {n} in {groups} groups, {df} degrees of freedom): **|r| = {smallest:.2f}** is found 4 "
        "times in 5 at p < {limit:g}; {smallest_strict:.2f} if no line of the network should be chance."
    )
    between = N_(
        "- {what}, {size} a group: a difference of **{smallest:.2f} SD** is found 4 times in 5 by the "
        "declared test over {groups} groups at p < {limit:g}."
    )
    for row in detectable.to_dict("records"):
        what = tr(row["what"].partition(", ")[2]).capitalize()
        said = within if row["effect"] == "r" else between
        lines.append(tr(said, **row | {"what": what, "limit": limit, "size": row["n"] // 2}))
    return Markdown("\n".join(lines))


def control_table(counts: pd.DataFrame) -> pd.DataFrame:
    """Return how often each kind of statement is reproduced: here, and where there is nothing to find.

    `counts` comes from `mgbone.integration.negative_control.count_control`.
    """

    def share(column: str) -> pd.Series:
        rate = 100 * counts[column] / counts["statements"]
        return rate.map(lambda p: tr("{percent:.3g} %", percent=p) if pd.notna(p) else "–").astype(str)

    return pd.DataFrame(
        {
            tr("statements of"): [tr(KINDS[kind]) for kind in counts["kind"]],
            tr("how many"): counts["statements"],
            tr("reproduced here"): counts["this"],
            tr("without effect: shuffled labels"): share("permuted_mean"),
            tr("by theory"): counts["bound"].map(tr).astype(str) + " " + share("nominal"),
            tr("in the dataset without effect"): share("null"),
        }
    )


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
        return Markdown(tr("*No disagreement of sources is recorded for this study.*"))
    lines = []
    spans = confronted.dropna(subset=["p_least", "data_p"]).drop_duplicates(["endpoint", "contrast"])
    disputed = N_(
        "- {name}, {contrast}: {data_percent:+.0f} %, {p} by the declared test; {least} to {most} over all "
        "tests of notebook 01."
    )
    for row in spans.to_dict("records"):
        least, most = (format_p_value(row[f"p_{end}"]) for end in ("least", "most"))
        named = {"name": endpoint_label(row["endpoint"]), "contrast": contrast_label(row["contrast"])}
        lines.append(
            tr(disputed, **row | named | {"p": format_p(row["data_p"]), "least": least, "most": most})
        )
    divided = N_(
        "- ALP divided by osteocalcin of the same animals, {contrast}: {middle:+.0f} % (95 % interval "
        "{low:+.0f} to {high:+.0f} %), {p}."
    )
    for row in ratio[ratio["endpoint"].eq(RATIO) & ratio["level"].notna()].itertuples():
        low, middle, high = (100 * np.expm1(x) for x in (row.ci_low, row.estimate, row.ci_high))
        contrast = contrast_label(row.contrast)
        lines.append(tr(divided, contrast=contrast, low=low, middle=middle, high=high, p=format_p(row.p)))
    return Markdown("\n".join(lines) or tr("*Nothing of this was measured.*"))


def fold_out(verdicts: pd.DataFrame) -> HTML:
    """Return the ledger line by line, each folding out (`mgbone.claims.folded.verdict_details`)."""
    return HTML(verdict_details(verdicts))


_ARGUMENT = ("intake", "status", "minerals", "formation", "resorption", "density", "transcriptome")
_ARROWS = {("up", True): "▲", ("down", True): "▼", ("up", False): "△", ("down", False): "▽"}
_CLUSTERS = {"separated": N_("Arrays cluster by group"), "mixed": N_("Arrays do not cluster by group")}


def told_per_dose(evidence: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Say what each dose did, in the report's order of argument, for `mgbone.figures.per_dose`.

    Findings have an arrow, their size and a mark; what did not differ is named below them. Intake is also
    held against the study's other references, since a diet that is eaten less is the reason to feed in
    pairs, and what does not differ from the reference against the milder diets of its experiment.

    Parameters
    ----------
    evidence : DataFrame
        All parts of the study: experiment, endpoint, contrast, estimate, mean_reference, p, level, direction.

    Returns
    -------
    DataFrame
        A line a row: axis (of the argument), contrast, words, direction (up, down, or none where it is no
        finding), sure (whether it is significant).
    """
    present = set(evidence["endpoint"].map(axis_of))
    rows = [
        (axis, contrast.name, *line)
        for axis in _ARGUMENT if study.follows_report or axis in present
        for contrast in study.shown_contrasts
        for line in _lines(evidence, axis, contrast, study)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["axis", "contrast", "words", "direction", "sure"])


def _lines(
    evidence: pd.DataFrame, axis: str, contrast: Contrast, study: Study
) -> list[tuple[str, str, bool]]:
    """Words, direction and whether it is significant, for each line on one dose and axis."""
    lines, without = [], []
    for row in _of_axis(evidence, axis, contrast).to_dict("records"):
        name, level = endpoint_label(row["endpoint"], short=axis != "transcriptome"), row["level"]
        if level in _CLUSTERS:
            lines.append((tr(_CLUSTERS[level]), "none", level == "separated"))
        elif level_mark(level):
            lines.append(_finding(row, name))
        elif isinstance(level, str):
            without.append(name)
    others = _against_others(evidence, axis, contrast, study)
    lines += others
    against = tr(" (vs {name})", name=narrow_label(contrast.reference))
    without = [f"{n}{against}" if any(f" {n} " in words for words, *_ in others) else n for n in without]
    if len(without) > 5:
        several = N_("{n} others: no difference") if lines else N_("All {n}: no difference")
        lines.append((tr(several, n=len(without)), "none", False))
    elif axis == "transcriptome":
        lines += [(f"– {name}", "none", False) for name in without]
    elif without:
        lines.append((f"– {tr(', ').join(without)}", "none", False))
    return lines or [(tr("not tested"), "none", False)]


def _of_axis(evidence: pd.DataFrame, axis: str, contrast: Contrast) -> pd.DataFrame:
    here = evidence[evidence["experiment"].eq(contrast.experiment) & evidence["contrast"].eq(contrast.name)]
    chosen = [axis_of(e) == axis and not is_derived(e) for e in here["endpoint"]]
    return here[np.array(chosen, dtype=bool)]


def _finding(row: Mapping[str, Any], name: str, against: str = "") -> tuple[str, str, bool]:
    """Write a finding: arrow, name, change in percent of the reference's mean (gene sets have none), mark."""
    sure, change = row["level"] == "significant", ""
    if np.isfinite(percent := 100 * row["estimate"] / (row["mean_reference"] or np.nan)):
        change = f" {percent:+.0f} %".replace("-", "−")
    words = f"{_ARROWS[row['direction'], sure]} {name}{change}{against} {level_mark(row['level'])}"
    return words, row["direction"], sure


def _against_others(
    evidence: pd.DataFrame, axis: str, contrast: Contrast, study: Study
) -> list[tuple[str, str, bool]]:
    """Findings for the same diet against the other groups of its experiment.

    Of a reference only those on intake; of a milder diet those on what does not differ from the reference,
    which would otherwise pass for untouched.
    """
    here = _of_axis(evidence, axis, contrast)
    found = {row.endpoint for row in here.itertuples() if level_mark(row.level)}
    doses = {contrast.case for contrast in study.shown_contrasts}
    others = [c for c in study.experiments[contrast.experiment].contrasts if c.case == contrast.case]
    return [
        _finding(row, endpoint_label(row["endpoint"], short=True), against)
        for other in others if other.name != contrast.name
        for against in [tr(" (vs {name})", name=narrow_label(other.reference))]
        for row in _of_axis(evidence, axis, other).to_dict("records")
        if row["level"] in ("significant", "trend")
        and (row["endpoint"] not in found if other.reference in doses else row["endpoint"] == "food_intake")
    ]  # fmt: skip
