"""What goes together within animals, once what the diets did to the group means is taken out."""

from itertools import combinations

import numpy as np
import pandas as pd
import pingouin as pg
from scipy import stats

from mgbone import biochem
from mgbone.evidence.columns import EVIDENCE_COLUMNS
from mgbone.evidence.comparison import animals_by_endpoints, points_of
from mgbone.evidence.power import POWER, smallest_difference
from mgbone.evidence.rank_tests import is_hidden
from mgbone.integration.doses import SCORES
from mgbone.study.design import Study

DENSITIES = ["bmd_cortical_full", "bmd_trabecular_full"]
"""Whole bone and cancellous space contain these two: their correlations with them would be built in."""

ENDPOINTS = [*biochem.ALL, *DENSITIES, *SCORES]

PAIR_COLUMNS = [
    "a", "b", "n", "groups", "df", "r", "ci_low", "ci_high", "p", "q",
    "held", "df_partial", "r_partial", "p_partial", "q_partial",
]  # fmt: skip

CONTRAST = "within_groups"
TEST = "Pearson correlation with group means removed, BH over all pairs"


def wide_table(measurements: pd.DataFrame) -> pd.DataFrame:
    """Put the endpoints of each animal side by side, in the order of ``ENDPOINTS``; none that nobody has.

    Parameters
    ----------
    measurements : DataFrame
        Columns animal_id, experiment, group, endpoint, value; values below a limit of detection (a true
        ``censored``) are left out, since a correlation would rest on the number put in their place.

    Returns
    -------
    DataFrame
        Index animal_id; columns stratum (experiment and group) and the endpoints.
    """
    table = measurements[measurements["endpoint"].isin(ENDPOINTS)].dropna(subset="value")
    table = table[~is_hidden(table)]
    present = [e for e in ENDPOINTS if (table["endpoint"] == e).any()]
    values = animals_by_endpoints(table)
    values = values.reindex(columns=present).astype(float)
    stratum = table.drop_duplicates("animal_id").set_index("animal_id")
    stratum = (stratum["experiment"] + "/" + stratum["group"]).reindex(values.index)
    values.insert(0, "stratum", stratum)
    return values.rename_axis(columns=None)


def correlate_within(wide: pd.DataFrame) -> pd.DataFrame:
    """Correlate each two endpoints within groups.

    Each value is taken as deviation from the mean of its group, over the animals that have both; groups of
    one animal say nothing and are left out. A mean a group is spent, so that r is tested with n - groups - 1
    degrees of freedom (n - 2 would make the groups' means count as observations). This is the partial
    correlation with the group held (pingouin's ``partial_corr`` with group indicators as covariates gives the
    same), and that of Bland and Altman (1995) with groups for subjects. Interval: Fisher's z, n - groups - 2.

    The correlation with everything else held, too, is `partial_within`.

    Parameters
    ----------
    wide : DataFrame
        From `wide_table`.

    Returns
    -------
    DataFrame
        Columns a, b, n, groups, df, r, ci_low, ci_high, p; a pair with fewer than 3 degrees of freedom, or in
        which one does not vary, is left out.
    """
    rows = []
    endpoints = [c for c in wide.columns if c != "stratum"]
    for a, b in combinations(endpoints, 2):
        both = _both(wide[["stratum", a, b]])
        stratum, names = pd.factorize(both["stratum"])
        groups, values = len(names), both[[a, b]].to_numpy().T
        df = len(both) - groups - 1
        means = np.array([np.bincount(stratum, measured) for measured in values]) / np.bincount(stratum)
        left = values - means[:, stratum]
        if df < 3 or not (np.abs(left).max(axis=1) > 1e-9 * np.abs(values).max(axis=1)).all():
            continue
        r = float(np.clip(np.corrcoef(left)[0, 1], -1, 1))
        low, high = _interval(r, df)
        rows.append((a, b, len(both), groups, df, r, low, high, _p(r, df)))
    return pd.DataFrame(rows, columns=PAIR_COLUMNS[:9])


def partial_within(wide: pd.DataFrame, correlated: pd.DataFrame) -> pd.DataFrame:
    """Add to each pair its partial correlation: group and all other endpoints of the same family held.

    The endpoints fall into two families: those of every animal, and gene-set scores, which only the animals
    with an array have. Pairs within the first family hold all its other members (pingouin's ``pcorr``, with
    group indicators beside the endpoints). A pair with a score has so few animals that holding all would
    leave no degree of freedom; such a pair holds serum Mg alone, the animal's own Mg status.

    Parameters
    ----------
    wide : DataFrame
        From `wide_table`.
    correlated : DataFrame
        From `correlate_within`.

    Returns
    -------
    DataFrame
        Columns of ``PAIR_COLUMNS``: `correlated`, and held (endpoints held beside the group), df_partial,
        r_partial, p_partial, and both q (Benjamini-Hochberg over all pairs). Missing where fewer than 3
        degrees of freedom are left.
    """
    clinical = [c for c in wide.columns if c != "stratum" and c not in SCORES]
    rows, known = [], {}
    for pair in correlated[["a", "b"]].itertuples(index=False):
        everyone = not set(pair) & set(SCORES)
        held = [e for e in (clinical if everyone else ["serum_mg"]) if e in wide and e not in pair]
        names = frozenset([*pair, *held])
        if names not in known:
            known[names] = _partials(wide[["stratum", *(e for e in wide if e in names)]])
        df, partials = known[names]
        r = np.nan if partials is None else float(partials.loc[pair.a, pair.b])
        rows.append((len(held), df, r, np.nan if partials is None else _p(r, df)))
    columns = ["held", "df_partial", "r_partial", "p_partial"]
    table = correlated.join(pd.DataFrame(rows, columns=columns, index=correlated.index))
    table["q"] = _false_discovery(table["p"])
    table["q_partial"] = _false_discovery(table["p_partial"])
    return table[PAIR_COLUMNS]


def within_evidence(pairs: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Put the pairs into the columns of the evidence: endpoint ``a~b``, contrast ``within_groups``.

    `estimate` is r with its interval, `p` its q over all pairs, `n_case` the animals; there is no reference.
    """
    level = [study.level(q) for q in pairs["q"]]
    way = np.where(pairs["r"] > 0, "up", "down")
    direction = np.where(np.array(level, dtype=object) == "none", "none", way)
    rows = pd.DataFrame(
        {
            "experiment": "both", "domain": "integration",
            "endpoint": pairs["a"] + "~" + pairs["b"], "contrast": CONTRAST, "n_case": pairs["n"],
            "estimate": pairs["r"], "ci_low": pairs["ci_low"], "ci_high": pairs["ci_high"], "unit": "r",
            "p": pairs["q"], "test": TEST, "direction": direction, "level": level,
            "points": pairs["r"].map(points_of),
        }
    )  # fmt: skip
    return rows.reindex(columns=EVIDENCE_COLUMNS).astype({"n_reference": float})


def smallest_detectable(wide: pd.DataFrame, pairs: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Say what these numbers of animals can show: the smallest |r| and Hedges g found 4 times in 5.

    For correlations the degrees of freedom are those left within groups (pingouin's ``power_corr``,
    two-sided, 80 %); a difference is found by the declared test (`mgbone.evidence.power`). The stricter
    column has the limit that Bonferroni's correction over all pairs would set, for a network of which not one
    line should be chance.

    Returns
    -------
    DataFrame
        Columns what, n (all animals), groups, df, effect (``r`` or ``g``), smallest, smallest_strict (missing
        for g). The size of a group is the median one.
    """
    alpha = study.thresholds["significant"]
    rows = []
    of_score = pairs["a"].isin(SCORES) | pairs["b"].isin(SCORES)
    families = (
        ("animals", pairs[~of_score], [c for c in wide if c not in SCORES]),
        ("arrays", pairs[of_score], [c for c in wide if c in SCORES]),
    )
    for what, chosen, _ in families:
        if len(chosen):
            n, groups, df = chosen.loc[chosen["df"].idxmax(), ["n", "groups", "df"]].astype(int)
            sizes = [
                float(pg.power_corr(n=df + 2, power=POWER, alpha=limit, alternative="two-sided"))
                for limit in (alpha, alpha / len(pairs))
            ]
            rows.append((f"within groups, {what}", n, groups, df, "r", *sizes))
    for what, _, columns in families:
        measured = wide[[c for c in columns if c != "stratum"]].notna().any(axis=1)
        n = int(wide.loc[measured].groupby("stratum").size().median()) if measured.any() else 0
        strata = wide.loc[measured, "stratum"].drop_duplicates()
        # The groups that were compared with one another, the most of any experiment.
        groups = int(strata.str.partition("/")[0].value_counts().max()) if n > 1 else 0
        if groups > 1:
            found = smallest_difference(n, groups, alpha)
            rows.append((f"two groups, {what}", 2 * n, groups, groups * (n - 1), "g", found, np.nan))
    columns = ["what", "n", "groups", "df", "effect", "smallest", "smallest_strict"]
    return pd.DataFrame(rows, columns=columns)


def _both(table: pd.DataFrame) -> pd.DataFrame:
    both = table.dropna()
    return both[both.groupby("stratum")["stratum"].transform("size") > 1]


def _p(r: float, df: int) -> float:
    if abs(r) >= 1:
        return 0.0
    return float(2 * stats.t.sf(abs(r) * np.sqrt(df / (1 - r**2)), df))


def _interval(r: float, df: int) -> tuple[float, float]:
    """Return the 95 % interval by Fisher's z, with the degrees of freedom in the place of n - 2."""
    with np.errstate(divide="ignore"):
        half = stats.norm.ppf(0.975) / np.sqrt(max(df - 1, 1))
        low, high = np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)
    return float(low), float(high)


def _partials(table: pd.DataFrame) -> tuple[int, pd.DataFrame | None]:
    """Degrees of freedom, and the correlation of each two endpoints with all others and the group held.

    None where they are fewer than 3, or one endpoint follows from others and nothing is left to correlate.
    """
    table = _both(table)
    groups = pd.get_dummies(table.pop("stratum"), prefix="group", drop_first=True, dtype=float)
    together = table.join(groups)
    df = len(together) - together.shape[1]
    spread = together.std(ddof=0)
    if df < 3 or not (spread > 0).all():
        return df, None
    independent = np.linalg.matrix_rank(together / spread - together.mean() / spread)
    return df, pg.pcorr(together) if independent == together.shape[1] else None


def _false_discovery(p: pd.Series) -> pd.Series:
    q = pd.Series(np.nan, index=p.index)
    known = p.notna()
    if known.any():
        q[known] = stats.false_discovery_control(p[known], method="bh")
    return q
