"""Over how many analyses statements hold, as a reader wants it: names, percent and sentences."""

import pandas as pd
from IPython.display import Markdown

from mgbone.certainty.multiverse import PERMUTATIONS, Multiverse
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_label
from mgbone.study.language import N_, tr
from mgbone.study.multiverse import decision_label, option_label
from mgbone.study.naming import contrast_label, format_p_value, word
from mgbone.study.reading import or_none


def decision_table(study: Study) -> pd.DataFrame:
    """Return every option with the sentence that defends it; the declared one of each decision is first."""
    rows = [
        (decision_label(decision), option_label(option), option.reason_in_use)
        for decision in study.multiverse
        for option in decision.options
    ]
    return or_none(pd.DataFrame(rows, columns=[tr("decision"), tr("option"), tr("why it can be defended")]))


def tell_analyses(analyses: Multiverse, verdicts: pd.DataFrame) -> Markdown:
    """Say how many statements keep their verdict in every analysis, effects and absences apart."""
    kinds = {
        "effect": N_("{n} of {all} statements of an effect"),
        "absence": N_("{n} of {all} of an absence"),
    }
    known = analyses.statements.merge(verdicts[["claim_id", "asserts"]], on="claim_id")
    said = []
    for kind, words in kinds.items():
        of = known[known["asserts"].eq(kind) & known["share_of_specifications"].notna()]
        if len(of):
            said.append(tr(words, n=int((of["share_of_specifications"] == 1).sum()), all=len(of)))
    if not said:
        return Markdown(tr("There is no statement that another analysis could be asked about."))
    told = N_("{n:,} analyses of {statements} statements. {kept} keep their verdict in every one of them.")
    told = tr(told, n=len(analyses.specifications), statements=len(known), kept=tr(" and ").join(said))
    permutations = known["n_permutations"].max()
    if permutations > 1:
        told += " " + tr(
            "Joint p values rest on {n:,} permutations of the animals (preset: {preset:,}).",
            n=int(permutations), preset=PERMUTATIONS,
        )  # fmt: skip
    return Markdown(told)


def analyses_table(
    analyses: Multiverse, verdicts: pd.DataFrame, study: Study, least: float = 1.0, without: str = ""
) -> pd.DataFrame:
    """Return the statements whose verdict depends on the analysis, the most divided first.

    Parameters
    ----------
    verdicts : DataFrame
        From `mgbone.claims.judge`.
    least : float
        Only statements with a smaller share of analyses that give the declared verdict.
    without : str
        What stands in place of rows where there are none.
    """
    known = verdicts[["claim_id", "endpoint", "contrast", "level"]]
    rows = analyses.statements.merge(known, on="claim_id")
    rows = rows[rows["share_of_specifications"] < least]
    rows = rows.sort_values("share_of_specifications", kind="stable").reset_index(drop=True)
    labels = {one.id: decision_label(one) for one in study.multiverse}
    told = pd.DataFrame(
        {
            tr("endpoint"): rows["endpoint"].map(endpoint_label),
            tr("comparison"): rows["contrast"].map(contrast_label),
            tr("report"): rows["level"].map(word),
            tr("verdict"): rows["verdict"].map(word),
            tr("analyses"): rows["specifications"],
            tr("with that verdict"): [
                tr("{percent:.0f} %", percent=100 * s) for s in rows["share_of_specifications"]
            ],
            tr("p declared"): rows["p_declared"].map(format_p_value),
            tr("smallest p"): rows["p_min"].map(format_p_value),
            tr("largest p"): rows["p_max"].map(format_p_value),
            tr("moved most by"): rows["most_decisive"].map(lambda one: labels.get(one, "")),
            tr("all together, p"): rows["joint_p"].map(format_p_value),
        }
    )
    return or_none(told.set_axis(pd.Index(rows["claim_id"], name=tr("claim"))), without)


def most_divided(analyses: Multiverse) -> str | None:
    """Name the statement whose declared verdict the smallest share of analyses gives; None without one."""
    shares = analyses.statements.set_index("claim_id")["share_of_specifications"].dropna()
    return shares.idxmin() if len(shares) else None
