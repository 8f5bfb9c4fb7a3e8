"""The summary table that journals of nutrition print: means, letters, and the exact p that letters hide."""

from collections.abc import Collection, Sequence
from itertools import combinations
from string import ascii_lowercase

import numpy as np
import pandas as pd

from mgbone.evidence.other_tests import omnibus_tests
from mgbone.evidence.rank_tests import hides_values
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_label
from mgbone.study.language import N_, either, tr
from mgbone.study.naming import contrast_label, format_p_value, group_label

LEVELS = ("significant", "trend")


def compact_letters(names: Sequence[str], different: Collection[frozenset[str]]) -> dict[str, str]:
    """Give letters to groups so that two share one if, and only if, they are not different.

    Insert and absorb (Piepho 2004): one column holds all groups; for each pair that differs every column with
    both is doubled, each without one of the two, and a column that another contains goes.

    Parameters
    ----------
    names : sequence of str
        Groups; the first gets ``a``.
    different : collection of frozenset of str
        Pairs of groups that differ.

    Returns
    -------
    dict of str to str
        Letters by group, in their order; at most 26 kinds.
    """
    columns = [frozenset(names)]
    for pair in combinations(names, 2):
        if frozenset(pair) not in different:
            continue
        split = [column - {one} for column in columns if set(pair) <= column for one in pair]
        columns = [column for column in columns if not set(pair) <= column]
        columns += [c for c in dict.fromkeys(split) if not any(c <= kept for kept in columns)]
        columns = [c for c in columns if not any(c < other for other in columns)]
    columns.sort(key=lambda column: sorted(map(list(names).index, column)))
    return {
        name: "".join(letter for letter, c in zip(ascii_lowercase, columns, strict=False) if name in c)
        for name in names
    }


def summary_table(measurements: pd.DataFrame, evidence: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Summarise every group: n, mean, SD, SEM, p over all groups, letters at both levels, and p of every
    pair.

    Letters follow from the p of the declared test beside them, `a` for the largest mean; they say less than p
    does, and are missing where a pair of groups was not tested.

    Parameters
    ----------
    measurements : DataFrame
        Columns experiment, group, endpoint, value, unit.
    evidence : DataFrame
        From `mgbone.evidence.compare` on the same measurements.

    Returns
    -------
    DataFrame
        One row per experiment, endpoint and group: experiment, endpoint, unit, group, n, mean, sd, sem (in
        the unit), p_anova, letters_significant, letters_trend (limits of the study), and ``p_vs_<group>``,
        the p of that pair, for every group of the study. With values below a limit of detection mean, sd, sem
        and p_anova are missing: they would rest on what stands for the limit.
    """
    omnibus = omnibus_tests(measurements).set_index(["experiment", "endpoint"])["p_anova"]
    rows = []
    for (experiment, endpoint), table in measurements.groupby(["experiment", "endpoint"], sort=False):
        here = evidence[evidence["experiment"].eq(experiment) & evidence["endpoint"].eq(endpoint)]
        p = {frozenset(row.contrast.split("_vs_")): row.p for row in here.itertuples()}
        measured = table.dropna(subset="value")
        by_group = {g: v.to_numpy(float) for g, v in measured.groupby("group")["value"]}
        groups = [g for g in study.experiments[experiment].groups if g in by_group]
        letters = _letters(by_group, p, study)
        known = not hides_values(measured)
        for group in groups:
            values = by_group[group]
            n, sd = len(values), values.std(ddof=1) if len(values) > 1 else np.nan
            told = (values.mean(), sd, sd / np.sqrt(n), omnibus.get((experiment, endpoint), np.nan))
            row = {"experiment": experiment, "endpoint": endpoint, "group": group}
            row |= dict(zip(["mean", "sd", "sem", "p_anova"], told if known else [np.nan] * 4, strict=True))
            row |= {f"letters_{level}": letters[level].get(group) for level in LEVELS}
            row |= {f"p_vs_{other}": p.get(frozenset((group, other)), np.nan) for other in study.groups}
            rows.append({**row, "unit": table["unit"].iloc[0], "n": n})
    columns = ["experiment", "endpoint", "unit", "group", "n", "mean", "sd", "sem", "p_anova"]
    columns += [*(f"letters_{level}" for level in LEVELS), *(f"p_vs_{group}" for group in study.groups)]
    return pd.DataFrame(rows, columns=columns)


def journal_tables(summary: pd.DataFrame, study: Study) -> dict[str, pd.DataFrame]:
    """Lay out `summary_table` as a journal prints it: an endpoint a row, mean ± SD and letters group by
    group.

    Returns
    -------
    dict of str to DataFrame
        By experiment; text, in the language in use, with headings of two rows. The exact p of all groups and
        of every pair stand at the right of the letters.
    """
    limits = {level: tr("p < {limit:g}", limit=study.thresholds[level]) for level in LEVELS}
    tables = {}
    for name, rows in summary.groupby("experiment", sort=False):
        columns: dict[tuple[str, str], pd.Series] = {}
        for group in dict.fromkeys(rows["group"]):
            of_group = rows[rows["group"].eq(group)].set_index("endpoint")
            label = group_label(group)
            columns[label, "n"] = of_group["n"].astype(str)
            spread = zip(of_group["mean"], of_group["sd"], strict=True)
            columns[label, tr("mean ± SD")] = pd.Series([mean_and_sd(*s) for s in spread], of_group.index)
            columns |= {(label, limits[level]): of_group[f"letters_{level}"] for level in LEVELS}
        first = rows.drop_duplicates("endpoint").set_index("endpoint")
        columns["p", tr("ANOVA")] = first["p_anova"].map(format_p_value)
        for contrast in study.experiments[name].contrasts:
            case = rows[rows["group"].eq(contrast.case)].set_index("endpoint")
            p = case[f"p_vs_{contrast.reference}"].map(format_p_value)
            columns["p", contrast_label(contrast.name)] = p
        table = pd.DataFrame(columns).reindex(first.index).fillna("")
        label = either(study.experiments[name].label, study.experiments[name].label_ja)
        table.index = pd.Index([endpoint_label(e, unit=True) for e in first.index], name=label)
        tables[name] = table
    return tables


def journal_notes(study: Study) -> list[str]:
    """Return what has to stand under `journal_tables`: what ± is, and what letters say."""
    significant, trend = (study.thresholds[level] for level in LEVELS)
    said = N_(
        "Mean ± standard deviation (SD, not SEM). Two groups that share no letter differ at p < "
        "{significant:g} (first column of letters) or p < {trend:g} (second), by the declared test "
        "(Tukey-Kramer after analysis of variance), whose exact p stand at the right."
    )
    shared = N_("A shared letter says that no difference was shown, not that there is none.")
    return [tr(said, significant=significant, trend=trend), tr(shared)]


def mean_and_sd(mean: float, sd: float) -> str:
    """Write ``2.05 ± 0.14``: the SD with two digits, the mean to the same place."""
    if not np.isfinite(mean):
        return ""
    if not (np.isfinite(sd) and sd > 0):
        return f"{mean:.4g}"
    places = max(0, 1 - int(np.floor(np.log10(float(f"{sd:.1e}")))))
    return f"{mean:.{places}f} ± {sd:.{places}f}"


def _letters(
    by_group: dict[str, np.ndarray], p: dict[frozenset[str], float], study: Study
) -> dict[str, dict[str, str]]:
    """Letters by level and group; none where the p of a pair of groups is missing."""
    tested = sorted((g for g, v in by_group.items() if len(v) > 1), key=lambda g: -by_group[g].mean())
    pairs = [frozenset(pair) for pair in combinations(tested, 2)]
    if not pairs or not all(np.isfinite(p.get(pair, np.nan)) for pair in pairs):
        return {level: {} for level in LEVELS}
    return {
        level: compact_letters(tested, [pair for pair in pairs if p[pair] < study.thresholds[level]])
        for level in LEVELS
    }
