"""What pair-feeding tells apart, in a table."""

from collections.abc import Mapping

import pandas as pd
from IPython.display import Markdown

from mgbone.biochem.pair_feeding import ADJUSTED, UNADJUSTED
from mgbone.study.dictionary import endpoint_label
from mgbone.study.language import tr
from mgbone.study.naming import format_p


def pair_feeding_table(
    adjusted: pd.DataFrame, groups: Mapping[str, tuple[str, str, str]], evidence: pd.DataFrame
) -> pd.DataFrame | Markdown:
    """Divide the difference from the control into intake and magnesium, in percent of the control's mean.

    Parameters
    ----------
    adjusted : DataFrame
        From `mgbone.biochem.pair_feeding.adjust_for_intake`.
    groups : mapping
        From `mgbone.biochem.pair_feeding.pair_fed_experiments`: freely fed control, pair-fed group,
        and the group that it was paired with, by experiment. Where there is none, a sentence is returned.
    evidence : DataFrame
        From `mgbone.evidence.compare`: the declared p, beside those of this check.
    """
    if not groups:
        return Markdown(
            tr("*This study has no pair-fed group beside a freely fed one: nothing can be divided.*")
        )
    if adjusted.empty:
        return Markdown(tr("*Intake, or a group, was not measured: nothing can be divided.*"))
    here = {name: adjusted[adjusted["experiment"] == name] for name in groups}
    declared = evidence.set_index(["experiment", "contrast", "endpoint"])["p"]
    return pd.concat(
        [_divided(here[name], declared[name], *of) for name, of in groups.items() if len(here[name])]
    )


def _divided(
    adjusted: pd.DataFrame, declared: pd.Series, control: str, paired: str, case: str
) -> pd.DataFrame:
    rows = {
        key: part.set_index("endpoint") for key, part in adjusted.groupby(["contrast", "model"], sort=False)
    }
    whole = rows[f"{case}_vs_{control}", UNADJUSTED]
    checked = rows[f"{case}_vs_{paired}", ADJUSTED].reindex(whole.index)
    columns = {
        tr("against control"): whole["percent"],
        tr("of it eating less"): rows[f"{paired}_vs_{control}", UNADJUSTED]["percent"],
        tr("of it magnesium"): rows[f"{case}_vs_{paired}", UNADJUSTED]["percent"],
    }
    table = pd.DataFrame({name: column.map(_signed) for name, column in columns.items()}, index=whole.index)
    table[tr("p, declared")] = declared[f"{case}_vs_{paired}"].reindex(whole.index).map(format_p)
    table[tr("p, this pair alone")] = rows[f"{case}_vs_{paired}", UNADJUSTED]["p"].map(format_p)
    table[tr("magnesium, adjusted for intake")] = checked["percent"].map(_signed)
    table[tr("p, adjusted")] = checked["p"].map(format_p)
    table[tr("p, slope on intake")] = checked["p_slope"].map(format_p)
    table[tr("p, slopes differ")] = checked["p_parallel"].map(format_p)
    return table.set_axis([endpoint_label(e) for e in whole.index])


def _signed(percent: float) -> str:
    return tr("{percent:+.1f} %", percent=percent) if pd.notna(percent) else "–"
