"""One row a statement: all that was found of how far it can be trusted."""

import pandas as pd

from mgbone.study.errors import MgboneError
from mgbone.study.language import tr

CERTAINTY_COLUMNS = [
    "claim_id", "experiment", "domain", "endpoint", "contrast", "asserts", "level", "verdict",
    "p_without_effect", "p_plugin", "p_predictive", "p_shrunken", "likelihood_ratio",
    "n80", "n90", "share_of_specifications", "joint_p",
    "severity", "smallest_bound", "criteria_met",
]  # fmt: skip


def certainty_table(verdicts: pd.DataFrame, *parts: pd.DataFrame) -> pd.DataFrame:
    """Put side by side what is known of each statement's certainty.

    Parameters
    ----------
    verdicts : DataFrame
        From `mgbone.claims.judge`, one row a statement.
    *parts : DataFrame
        Each with the column claim_id, one row a statement, and some of ``CERTAINTY_COLUMNS``: of
        `mgbone.certainty.replication`, `animals_needed`, `severity`, and of the multiverse
        (share_of_specifications, joint_p). Of two parts that fill one column the
        first to say something of a statement counts; other columns are left behind.

    Returns
    -------
    DataFrame
        ``CERTAINTY_COLUMNS``, in the order of `verdicts`; missing where a part says nothing. criteria_met is
        that of the verdict, such as ``2/3``.

    Raises
    ------
    MgboneError
        If a part has two rows for one statement.
    """
    first = [c for c in CERTAINTY_COLUMNS if c in verdicts and c not in ("p_without_effect", "severity")]
    table = verdicts[first].assign(criteria_met=verdicts["criteria"]).set_index("claim_id")
    for part in parts:
        twice = part.loc[part["claim_id"].duplicated(), "claim_id"]
        if len(twice):
            raise MgboneError(tr("{claim} stands twice in a table of certainty.", claim=twice.iloc[0]))
        told = part.set_index("claim_id").reindex(table.index)
        for column in [c for c in CERTAINTY_COLUMNS if c in told]:
            table[column] = table[column].fillna(told[column]) if column in table else told[column]
    return table.reset_index().reindex(columns=CERTAINTY_COLUMNS)


def severity(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return how severely what was found was tested (Mayo and Spanos 2006).

    Severity is the probability of a result that speaks less for the claim, were the claim only just false
    (`mgbone.evidence.equivalence.how_sure`). Of an order of doses, which needs every step, it is that of the
    least certain one, and without an order it is not defined. The claim is what was found, which need not be
    what the statement says.

    Parameters
    ----------
    verdicts : DataFrame
        From `mgbone.claims.judge`.

    Returns
    -------
    DataFrame
        Columns claim_id, severity, smallest_bound (percent of the reference's mean: the smallest difference
        that the data exclude).
    """
    found = verdicts["severity"].astype(float)
    order = verdicts["observed_level"].eq("monotonic")
    return pd.DataFrame(
        {
            "claim_id": verdicts["claim_id"],
            "severity": found.where(~order, 1 - verdicts["p"].astype(float) / 2),
            "smallest_bound": verdicts["smallest_bound_percent"].astype(float),
        }
    )
