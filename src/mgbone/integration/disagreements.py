"""Where the sources disagree, with one another or within themselves: shown beside the data, not smoothed."""

import numpy as np
import pandas as pd

from mgbone.evidence.comparison import animals_by_endpoints, compare
from mgbone.evidence.percent import percent_intervals
from mgbone.evidence.rank_tests import is_hidden
from mgbone.study.design import Study
from mgbone.study.disagreements import SOURCE_COLUMNS
from mgbone.study.ledger import KEYS

FORMATION = ("serum_alp", "serum_osteocalcin")
RATIO = "/".join(FORMATION)


def hold_against_sources(
    sources: pd.DataFrame, evidence: pd.DataFrame, tests: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Set what sources state beside what these data show for the nearest comparison.

    Parameters
    ----------
    sources : DataFrame
        From `load_disagreements`.
    evidence : DataFrame
        From `mgbone.evidence.compare`.
    tests : DataFrame, optional
        Columns experiment, endpoint, contrast, test, p: other tests of the same comparisons.

    Returns
    -------
    DataFrame
        `sources` with data_percent, data_low, data_high (estimate and 95 % interval in percent of the
        reference's mean, `mgbone.evidence.percent`), data_p, data_level, data_direction, p_least and p_most
        (over the tests), and holds: whether the data bear the source out, ``yes`` if level and direction are
        the stated ones (the percentage lies within the interval, if the source names no level), ``size`` if
        only the percentage does, ``no``, or ``not_tested``.
    """
    first = evidence.drop_duplicates(KEYS)
    told = pd.concat([first[[*KEYS, "p", "level", "direction"]], percent_intervals(first)], axis="columns")
    names = {"percent_low": "low", "percent_high": "high"}
    told = told.rename(columns={c: f"data_{names.get(c, c)}" for c in told if c not in KEYS})
    table = sources.merge(told, on=KEYS, how="left", validate="many_to_one")
    spans = pd.DataFrame(columns=[*KEYS, "p_least", "p_most"])
    if tests is not None and len(tests):
        spans = tests.groupby(KEYS, as_index=False).agg(p_least=("p", "min"), p_most=("p", "max"))
    table = table.merge(spans, on=KEYS, how="left")
    table["holds"] = [_holds(row) for row in table.to_dict("records")]
    kept = ["data_percent", "data_low", "data_high", "data_p", "data_level", "data_direction"]
    return table[[*SOURCE_COLUMNS, *kept, "p_least", "p_most", "holds"]]


def formation_evidence(measurements: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Compare the ratio of ALP to osteocalcin, the two markers of formation, of the same animals.

    If both measured the same thing the diet would leave their ratio alone. The declared test is made on the
    log ratio, so that it does not matter which of the two is divided by which; `estimate` and interval are on
    the log scale.

    Returns
    -------
    DataFrame
        Rows of evidence with the endpoint ``serum_alp/serum_osteocalcin``; none where one was not measured.
    """
    chosen = measurements[measurements["endpoint"].isin(FORMATION) & (measurements["value"] > 0)]
    wide = animals_by_endpoints(chosen[~is_hidden(chosen)], ["animal_id", "experiment", "group"])
    if not set(FORMATION) <= set(wide.columns):
        return compare(measurements.iloc[:0], study)
    ratio = np.log(wide[FORMATION[0]] / wide[FORMATION[1]]).dropna().rename("value").reset_index()
    rows = compare(ratio.assign(endpoint=RATIO, unit="log ratio"), study)
    # A mean of logarithms has no percentages of its own.
    return rows.assign(domain="integration", mean_case=np.nan, mean_reference=np.nan)


def _holds(row: dict[str, object]) -> str:
    if not isinstance(row["data_level"], str):
        return "not_tested"
    stated = row["percent"]
    inside = np.isfinite(stated) and row["data_low"] <= stated <= row["data_high"]
    if not isinstance(row["level"], str):
        return "yes" if inside else "no"
    if (row["level"], row["direction"]) == (row["data_level"], row["data_direction"]):
        return "yes"
    return "size" if inside else "no"
