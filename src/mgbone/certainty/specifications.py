"""What the specifications of a multiverse say: verdicts, their spread, and which decision moves them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mgbone.certainty import tails
from mgbone.claims.judging import judge
from mgbone.evidence.comparison import direction_of, points_of
from mgbone.study.design import Study

SPECIFICATION_COLUMNS = ["claim_id", "specification", "estimate", "p", "points", "level", "verdict"]
STATEMENT_COLUMNS = [
    "claim_id", "verdict", "specifications", "share_of_specifications", "p_declared", "p_min", "p_max",
    "estimate_declared", "estimate_min", "estimate_max", "most_decisive", "decisive_share",
    "median_p", "share_significant", "stouffer_z",
    "joint_p", "joint_p_median", "joint_p_share", "joint_p_stouffer", "n_permutations",
]  # fmt: skip
DECISION_COLUMNS = ["claim_id", "decision", "of_verdict", "of_z", "of_estimate"]
_FOR_JUDGE = ["n_case", "mean_case", "sd_case"]
_NOT_MADE = {"verdict": "not_tested", "level": None, "p": np.nan, "estimate": np.nan}


def judged(rows: pd.DataFrame, claims: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Judge statements by every specification, with the rule of `mgbone.claims.judge`.

    Parameters
    ----------
    rows : DataFrame
        One row per statement and specification: claim_id, a column per decision, estimate, p, way (-1, 0, 1),
        for stated means n_case, mean_case, sd_case, logs (whether these are of logarithms), and the level
        where p alone does not give it.

    Returns
    -------
    DataFrame
        As in `mgbone.certainty.multiverse.Multiverse`: `specification` counts from 0, which is the declared
        one, or from 1 where that could not be made (as per creatinine without creatinine). A stated mean is
        held against that of the declared form of the values, as a logarithm where those are; of other forms
        (excretion per day) it says nothing.
    """
    decisions = [one for one in study.multiverse if one.id in rows]
    columns = [*SPECIFICATION_COLUMNS, *(one.id for one in decisions)]
    if rows.empty:
        return pd.DataFrame(columns=columns)
    rows = _in_order(rows, claims, decisions)
    level = [study.level(p) if np.isfinite(p) else None for p in rows["p"]]
    if "level" in rows:
        level = rows["level"].where(rows["level"].notna(), pd.Series(level, rows.index, dtype=object))
    rows = rows.assign(
        level=pd.Series(level, rows.index, dtype=object),
        points=[points_of(way) for way in rows["way"]],
        direction=[direction_of(way, one) for way, one in zip(rows["way"], level, strict=True)],
        specification=rows.groupby("claim_id").cumcount() + 1 - _has_declared(rows, decisions),
    )
    keys = ["experiment", "endpoint", "contrast"]
    stated = rows[["claim_id", "specification"]].merge(claims, on="claim_id", how="left")
    place = stated["endpoint"] + "#" + stated.index.astype(str)  # each specification has evidence of its own
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(rows["logs"].eq(True), np.log(stated["value"]), stated["value"])
    same = rows["urine"].fillna("per_creatinine").eq("per_creatinine") if "urine" in rows else True
    stated = stated.assign(endpoint=place, value=np.where(same, value, np.nan))
    evidence = rows[["level", "direction", "points", *_FOR_JUDGE]].reset_index(drop=True)
    evidence = pd.concat([stated[keys], evidence], axis=1)
    said = judge(stated, evidence)["verdict"].to_numpy()
    return rows.assign(verdict=said)[columns].reset_index(drop=True)


def _in_order(rows: pd.DataFrame, claims: pd.DataFrame, decisions: Sequence[object]) -> pd.DataFrame:
    """Sort by statement and by the options in the order that the study gives them: the declared one first."""
    rows = rows.reindex(columns=list(dict.fromkeys([*rows.columns, "logs", *_FOR_JUDGE])))
    touching = rows["claim_id"].map(claims.set_index("claim_id")["endpoint"])
    places = {"claim_id": rows["claim_id"].map({c: i for i, c in enumerate(claims["claim_id"])})}
    for one in decisions:
        about = touching.map({e: one.is_about(e) for e in touching.unique()}).astype(bool)
        rows[one.id] = rows[one.id].where(about, None).astype(object)
        order = {option.id: i for i, option in enumerate(one.options)}
        places[one.id] = rows[one.id].map(order).fillna(-1)
    order = pd.DataFrame(places).sort_values(list(places), kind="stable").index
    return rows.loc[order].reset_index(drop=True)


def _has_declared(rows: pd.DataFrame, decisions: Sequence[object]) -> pd.Series:
    """Return 1 in the rows of a statement of which the declared specification could be made, otherwise 0."""
    declared = pd.Series(True, rows.index)
    for one in decisions:
        declared &= rows[one.id].isna() | rows[one.id].eq(one.options[0].id)
    return declared.astype(int).groupby(rows["claim_id"]).transform("max")


def sum_up(table: pd.DataFrame, study: Study, joint: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say of every statement over how many specifications it holds, and which decision moves it.

    Parameters
    ----------
    table : DataFrame
        From `judged`.
    joint : DataFrame
        ``JOINT_COLUMNS`` of `mgbone.certainty.joint`.

    Returns
    -------
    statements : DataFrame
        ``STATEMENT_COLUMNS``: the declared verdict; the specifications that could be tested and the share of
        them with that verdict, missing where the declared one could not be; p and estimate as declared and at
        their extremes; the decision that moves the statement most and its share (of the verdict's variance
        where verdicts differ, otherwise of z's); what joint inference says, where joint_p is that of
        Stouffer's z.
    decisions : DataFrame
        ``DECISION_COLUMNS``, from `shares_of_variance`.
    """
    names = [one.id for one in study.multiverse if one.id in table]
    rows, shares = [], []
    for claim, all_of in table.groupby("claim_id", sort=False):
        tested = all_of[all_of["level"].notna()]
        declared = all_of.iloc[0] if all_of["specification"].iloc[0] == 0 else _NOT_MADE
        found = shares_of_variance(tested, [n for n in names if len(all_of[n].dropna().unique()) > 1])
        shares.append(found.assign(claim_id=claim))
        column = next((c for c in DECISION_COLUMNS[2:] if found[c].notna().any()), None)
        most = found.loc[found[column].idxmax()] if column else None
        known = not pd.isna(declared["level"])
        share = float((tested["verdict"] == declared["verdict"]).mean()) if known else np.nan
        rows.append(
            {
                "claim_id": claim,
                "verdict": declared["verdict"],
                "specifications": len(tested),
                "share_of_specifications": share,
                "p_declared": declared["p"], "p_min": tested["p"].min(), "p_max": tested["p"].max(),
                "estimate_declared": declared["estimate"],
                "estimate_min": tested["estimate"].min(), "estimate_max": tested["estimate"].max(),
                "most_decisive": None if most is None else most["decision"],
                "decisive_share": np.nan if most is None else most[column],
            }
        )  # fmt: skip
    columns = [c for c in STATEMENT_COLUMNS if c not in joint or c == "claim_id"]
    statements = pd.DataFrame(rows, columns=columns)
    statements = statements.merge(joint, on="claim_id", how="left")
    statements = statements.assign(joint_p=statements["joint_p_stouffer"])[STATEMENT_COLUMNS]
    together = pd.concat(shares, ignore_index=True) if shares else pd.DataFrame(columns=DECISION_COLUMNS)
    return statements, together[DECISION_COLUMNS]


def shares_of_variance(rows: pd.DataFrame, decisions: Sequence[str]) -> pd.DataFrame:
    """Return which share of the variance over specifications lies between the options of each decision.

    That is the main effect in an analysis of variance: 1 if nothing else matters. What is left to 1 are
    decisions that matter together.

    Parameters
    ----------
    rows : DataFrame
        Specifications of one statement: a column per decision, p, points, estimate, verdict.

    Returns
    -------
    DataFrame
        Columns decision, of_verdict (whether the verdict is the most frequent one), of_z (normal deviate of
        p, with the sign of the difference where it has one), of_estimate; missing where nothing varies.
    """
    if rows.empty or not len(decisions):
        return pd.DataFrame(columns=DECISION_COLUMNS[1:])
    way = np.where(rows["points"].eq("down"), -1.0, 1.0)  # what points nowhere counts by its p alone
    numbers = {
        "of_verdict": rows["verdict"].eq(rows["verdict"].mode().iloc[0]).to_numpy(float),
        "of_z": way * tails.deviate(rows["p"].to_numpy(float)),
        "of_estimate": rows["estimate"].to_numpy(float),
    }
    options = [pd.factorize(rows[d])[0] for d in decisions]
    found = {what: [_between(number, option) for option in options] for what, number in numbers.items()}
    return pd.DataFrame({"decision": list(decisions), **found})


def _between(number: np.ndarray, option: np.ndarray) -> float:
    """Sum of squares between options over the total, of the specifications that have the number."""
    known = np.isfinite(number) & (option >= 0)
    number, option = number[known], option[known]
    centred = number - number.mean() if len(number) else number
    total = float((centred**2).sum())
    if not total > 1e-18 * max(1.0, float((number**2).sum())):
        return np.nan
    sizes = np.bincount(option)
    return float((np.bincount(option, centred) ** 2 / np.maximum(sizes, 1)).sum() / total)


def specification_curve(table: pd.DataFrame, claim_id: str) -> pd.DataFrame:
    """Return the specifications of one statement from the smallest to the largest estimate.

    Parameters
    ----------
    table : DataFrame
        The specifications of a `mgbone.certainty.multiverse.Multiverse`.

    Returns
    -------
    DataFrame
        Its rows that could be tested, with the columns rank (from 1) and declared (true of one row, or of
        none where that could not be made); only the decisions that touch the statement.
    """
    rows = table[table["claim_id"] == claim_id].assign(declared=lambda t: t["specification"] == 0)
    rows = rows[rows["level"].notna()].sort_values(["estimate", "p", "specification"], kind="stable")
    decisions = rows.columns.difference([*SPECIFICATION_COLUMNS, "declared"])
    rows = rows.drop(columns=[one for one in decisions if rows[one].isna().all()])
    return rows.assign(rank=np.arange(1, len(rows) + 1)).reset_index(drop=True)


def about_statement(statements: pd.DataFrame, claims: pd.DataFrame, claim_id: str) -> pd.DataFrame:
    """Return the row of one statement with its words, as `mgbone.figures.specification_curve` wants it.

    Parameters
    ----------
    statements : DataFrame
        Of a `mgbone.certainty.multiverse.Multiverse`.
    claims : DataFrame
        The ledger, or verdicts on it.
    """
    words = claims[["claim_id", "domain", "endpoint", "contrast", "statement_en", "statement_ja"]]
    return statements[statements["claim_id"] == claim_id].merge(words, on="claim_id", how="left")
