"""How severely each finding and each absence was tested, and how far it reaches."""

from __future__ import annotations

import pandas as pd
from scipy import stats

SEVERE = 0.9
"""The severity from which a claim counts as well tested, for `warranted`."""


def severity(verdicts: pd.DataFrame, observed: pd.DataFrame) -> pd.DataFrame:
    """Return how severely what was found was tested (Mayo and Spanos 2006), and how far it reaches.

    Severity is the probability of a result that speaks less for the claim, were the claim only just false
    (`mgbone.evidence.equivalence.how_sure`). Of an order of doses, which needs every step, it is that of the
    least certain one, and without an order it is not defined. The claim is what was found, which need not be
    what the statement says.

    Parameters
    ----------
    verdicts : DataFrame
        From `mgbone.claims.judge`.
    observed : DataFrame
        From `mgbone.certainty.observed_differences`.

    Returns
    -------
    DataFrame
        Columns claim_id, severity, smallest_bound (percent of the reference's mean: the smallest difference
        that the data exclude), warranted (percent: of a finding, the difference that is exceeded with a
        severity of ``SEVERE``; missing of an absence, and where it is 0 or less).
    """
    found = verdicts["severity"].astype(float)
    order = verdicts["observed_level"].eq("monotonic")
    found = found.where(~order, 1 - verdicts["p"].astype(float) / 2)
    return pd.DataFrame(
        {
            "claim_id": verdicts["claim_id"],
            "severity": found,
            "smallest_bound": verdicts["smallest_bound_percent"].astype(float),
            "warranted": _warranted(verdicts, observed),
        }
    )


def _warranted(verdicts: pd.DataFrame, observed: pd.DataFrame) -> pd.Series:
    """Difference in percent that a finding exceeds with severity ``SEVERE``: its one-sided limit."""
    beyond = observed["difference"].abs() - stats.t.ppf(SEVERE, observed["df"]) * observed["error"]
    found = verdicts["observed_level"].isin(["significant", "trend"]) & (beyond > 0)
    return (100 * beyond / observed["mean_reference"].abs()).where(found)
