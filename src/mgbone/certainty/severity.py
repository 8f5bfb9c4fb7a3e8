"""How severely each finding and each absence was tested."""

from __future__ import annotations

import pandas as pd


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
