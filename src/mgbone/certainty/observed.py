"""What the declared test saw of a statement about two groups: difference, error, degrees of freedom."""

import numpy as np
import pandas as pd

from mgbone.evidence.equivalence import pooled_variance
from mgbone.study.design import Study
from mgbone.study.naming import GEHAN

OBSERVED_COLUMNS = [
    "claim_id", "n_case", "n_reference", "n_groups", "df",
    "mean_case", "mean_reference", "variance", "difference", "error", "t", "bound", "others",
]  # fmt: skip


def observed_differences(verdicts: pd.DataFrame, measurements: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return what Tukey-Kramer rests on, statement by statement.

    Parameters
    ----------
    verdicts : DataFrame
        From `mgbone.claims.judge`.
    measurements : DataFrame
        Columns experiment, group, endpoint, value.

    Returns
    -------
    DataFrame
        ``OBSERVED_COLUMNS``, in the index of `verdicts`: sizes of the two groups, the groups compared and the
        degrees of freedom within them, means, variance within groups, difference and its standard error, t,
        the study's bound of equivalence in its unit, and the sizes of the groups beside the reference, as
        ``8+8``. All but claim_id is missing where the statement is not about two groups, was tested on ranks,
        or was not tested.
    """
    measured = measurements.dropna(subset="value")
    values = {
        key: {g: v.to_numpy(float) for g, v in table.groupby("group")["value"]}
        for key, table in measured.groupby(["experiment", "endpoint"])
    }
    rows = [_row(row, values, study) for row in verdicts.to_dict("records")]
    return pd.DataFrame(rows, index=verdicts.index, columns=OBSERVED_COLUMNS)


def _row(row: dict[str, object], values: dict, study: Study) -> dict[str, object]:
    told = {"claim_id": row["claim_id"]}
    groups = values.get((row["experiment"], row["endpoint"]), {})
    case, _, reference = str(row["contrast"]).partition("_vs_")
    counted = {g: v for g, v in groups.items() if len(v) > 1}
    if not {case, reference} <= set(counted) or row["test"] == GEHAN:
        return told
    variance, df = pooled_variance(counted.values())
    if not variance > 0:
        return told
    n, m = len(counted[case]), len(counted[reference])
    difference = counted[case].mean() - counted[reference].mean()
    error = np.sqrt(variance * (1 / n + 1 / m))
    mean = counted[reference].mean()
    return told | {
        "n_case": n, "n_reference": m, "n_groups": len(counted), "df": df,
        "mean_case": counted[case].mean(), "mean_reference": mean, "variance": variance,
        "difference": difference, "error": error, "t": difference / error,
        "bound": study.equivalence_bound(str(row["endpoint"])) / 100 * abs(mean),
        "others": "+".join(str(len(v)) for g, v in counted.items() if g != reference),
    }  # fmt: skip
