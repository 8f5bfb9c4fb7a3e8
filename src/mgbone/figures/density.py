"""Bone density by structure and region: the map, the animals behind it, profiles along the femur."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mgbone.figures import canvas, findings, look, marks
from mgbone.figures.groups import DOTS, experiment_title
from mgbone.study import naming
from mgbone.study.design import REGIONS, STRUCTURES, Contrast, Study
from mgbone.study.dictionary import endpoint_unit, region_label, structure_label
from mgbone.study.language import N_, current, tr

NO_CELLS = N_("No group was compared with its reference here")
_DRAWN = {"difference": 6, "ci_low": 6, "ci_high": 6}
DIFFERENCE = N_("difference of vBMD in % of the reference")


def density_map(cells: pd.DataFrame, study: Study, title: str = "") -> Figure:
    """Draw 4 structures x 4 regions per dose: percent difference as colour and number, p below it.

    Parameters
    ----------
    cells : DataFrame
        experiment, contrast, structure, region, percent, p, level and, if wanted, p_maxt: a cell whose p_maxt
        is below the significance threshold gets a heavy frame.
    """
    contrasts = list(study.shown_contrasts)
    if not contrasts or cells.empty:
        return canvas.empty_figure(NO_CELLS, title)
    limit = study.thresholds["significant"]
    cells = cells if "p_maxt" in cells else cells.assign(p_maxt=np.nan)
    survives = (findings.of_doses(cells, study)["p_maxt"] < limit).any()
    figure, panels, _ = canvas.panels(
        len(contrasts), 3, 72.0, above=4, sharey=True, title=title, finding=cells_found(cells, study),
        note=[DIFFERENCE, N_("below it p of the declared test, unadjusted"), canvas.MARKS,
              N_("heavy frame: p < 0.05 also after max-T over 16 cells") if survives else
              N_("no cell has p < 0.05 after max-T over 16 cells") if cells["p_maxt"].notna().any() else ""],
    )  # fmt: skip
    norm = marks.around_zero(cells["percent"], 2.0)
    for ax, contrast in zip(panels, contrasts, strict=True):
        table = cells_of(cells, contrast).reindex(pd.MultiIndex.from_product([STRUCTURES, REGIONS]))
        words = [_cell_words(row) for row in table.itertuples()]
        marks.heat(
            ax, table["percent"].to_numpy().reshape(4, 4), np.reshape(words, (4, 4)), norm=norm,
            cmap=look.DIVERGING, columns=[region_name(r) for r in REGIONS],
            rows=[structure_name(s) for s in STRUCTURES],
            framed=table["p_maxt"].lt(limit).to_numpy().reshape(4, 4),
        )  # fmt: skip
        ax.set_title(naming.contrast_label(contrast.name))
    marks.colour_bar(panels, panels[0].collections[0], tr("Difference (% of reference)"))
    return figure


def _cell_words(row: tuple) -> str:
    if not np.isfinite(row.percent):
        return ""
    return f"{look.signed(row.percent)}{naming.level_mark(row.level)}\n{naming.format_p_value(row.p)}"


def cells_found(cells: pd.DataFrame, study: Study) -> str:
    """Say in how many parts of the bone the density differs, and where the most."""
    rows = findings.of_doses(cells, study)
    names = [_cell_name(s, r).lower() for s, r in zip(rows["structure"], rows["region"], strict=True)]
    return findings.cells(rows, names)


def region_dots(
    measurements: pd.DataFrame,
    evidence: pd.DataFrame,
    study: Study,
    experiment: str,
    *,
    structures: Sequence[str] = STRUCTURES,
) -> Figure:
    """Draw the animals behind the map for one experiment: rows structures; dots left, differences right.

    Parameters
    ----------
    measurements, evidence : DataFrame
        As for `groups.group_dots`, with endpoints ``bmd_<structure>_<region>``.
    """
    chosen = study.experiments[experiment]
    title = tr("Every femur behind the map: {experiment}", experiment=experiment_title(chosen, study))
    here = measurements[measurements["experiment"].eq(experiment)]
    if not here["value"].notna().any():
        return canvas.empty_figure(naming.not_measured(["qCT"]), title)
    found = evidence[evidence["experiment"].eq(experiment) & evidence["endpoint"].str.startswith("bmd_")]
    tests = tr("; ").join(naming.name_of_test(t) for t in found["test"].dropna().unique())
    lines = {
        c.name: Line2D([], [], color=look.line_colour(c.case), label=naming.contrast_label(c.name),
                       linestyle=look.group_style(c.reference).line) for c in chosen.contrasts
    }  # fmt: skip
    figure, axes = canvas.new_figure(
        len(structures), 2, height=52.0 * len(structures), title=title, sharex="col",
        finding=_cells_of_experiment(found, study, chosen.name),
        note=[tests, DOTS, N_("right: difference, 95 % interval; p where p < 0.10"), canvas.MARKS],
        legend=[*look.group_handles(chosen.groups), *lines.values()],
        gridspec_kw={"width_ratios": [11, 9]},
    )  # fmt: skip
    for (left, right), structure in zip(axes, structures, strict=True):
        names = [f"bmd_{structure}_{region}" for region in REGIONS]
        step = 0.8 / len(chosen.groups)
        place = here["endpoint"].map({name: i for i, name in enumerate(names)})
        lane = here["group"].map(
            {g: (i - (len(chosen.groups) - 1) / 2) * step for i, g in enumerate(chosen.groups)}
        )
        table = here.assign(at=place + lane - 0.1 * step).dropna(subset=["at", "value"])
        marks.animals(left, table, spread=0.6 * step, size=18)
        marks.means(left, table, beside=0.45 * step)
        left.set_title(tr("{structure}, {unit}", structure=structure_label(structure),
                          unit=endpoint_unit(names[0], typeset=True)))  # fmt: skip
        _cell_differences(right, found, names, chosen.contrasts)
        for ax in (left, right):
            ax.set_xticks(range(len(REGIONS)), [region_name(r) for r in REGIONS])
            ax.tick_params(axis="x", length=0, labelbottom=True)
            ax.set_xlim(-0.5, len(REGIONS) - 0.5)
            ax.margins(y=0.1)
        low, high = right.get_ylim()
        right.set_ylim(low, high + 0.12 * (high - low))  # room for p
    return figure


def _cells_of_experiment(found: pd.DataFrame, study: Study, experiment: str) -> str:
    parts = [e.split("_")[1:] for e in found["endpoint"]]
    percent = 100 * found["estimate"] / found["mean_reference"].where(found["mean_reference"] != 0)
    table = found.assign(structure=[p[0] for p in parts], region=[p[1] for p in parts], percent=percent)
    return cells_found(table, study)


def _cell_differences(
    ax: Axes, found: pd.DataFrame, names: Sequence[str], contrasts: Sequence[Contrast]
) -> None:
    step = 0.8 / len(contrasts)
    marks.zero(ax)
    case_of = {c.name: c.case for c in contrasts}
    shown = found[found["contrast"].isin(case_of) & found["endpoint"].isin(names)]
    shown = shown.rename(columns={"estimate": "value", "ci_low": "low", "ci_high": "high"})
    lane = (shown["contrast"].map(list(case_of).index) - (len(contrasts) - 1) / 2) * step
    place = shown["endpoint"].map(names.index)
    shown = shown.assign(place=place, at=place + lane, group=shown["contrast"].map(case_of))
    for contrast in contrasts:
        first = len(ax.collections)
        marks.estimates(ax, shown[shown["contrast"].eq(contrast.name)], upright=True, size=28)
        for drawn in ax.collections[first : first + 1]:  # none where the contrast was not tested
            drawn.set_linestyle(look.group_style(contrast.reference).line)
    marked = shown[shown["level"].isin(list(naming.LEVEL_MARKS))]
    for place, rows in marked.groupby("place", sort=False):
        # One above the other: side by side they would meet.
        words = "\n".join(marks.p_words(r.p, r.level) for r in rows.itertuples())
        top = shown.loc[shown["place"].eq(place), "high"].max()
        ax.annotate(words, (place, top), xytext=(0, 2), textcoords="offset points", ha="center", va="bottom",
                    size=look.SMALL_SIZE, gid="p")  # fmt: skip


def profiles(
    summary: pd.DataFrame,
    study: Study,
    title: str = "",
    *,
    tests: pd.DataFrame | None = None,
    animals: pd.DataFrame | None = None,
) -> Figure:
    """Draw density along the femur: the means of the groups, then each dose's mean difference with its band.

    Parameters
    ----------
    summary : DataFrame
        structure, experiment, group, percent (of length from the knee), n, mean.
    tests : DataFrame, optional
        structure, experiment, contrast, percent, difference, ci_low, ci_high, p (family-wise): a bar at the
        foot where p is below the significance threshold, a pale one where it is a trend.
    animals : DataFrame, optional
        animal_id, structure, group, percent, density: a hairline each behind the means.
    """
    if not len(summary) or not summary["mean"].notna().any():
        return canvas.empty_figure(N_("No slices: a profile along the bone needs them"), title)
    # More digits than these differ between processors.
    summary, tests = summary.round({"mean": 6}), tests if tests is None else tests.round(_DRAWN)
    each = []
    if animals is not None:
        each = animals["animal_id"].unique()
        each = each[:: max(1, -(-len(each) // marks.MANY))]  # of very many only some, evenly
        animals = animals[animals["animal_id"].isin(each)].round({"density": 6})
    structures = [s for s in STRUCTURES if s in set(summary["structure"])]
    contrasts = list(study.shown_contrasts) if tests is not None else []
    # At the very ends of the bone some animals have no slice; n is that of the group, not of such a point.
    counts = summary.groupby(["structure", "experiment", "group"])["n"].max()
    n = "–".join(dict.fromkeys(f"{v:.0f}" for v in (counts.min(), counts.max())))
    groups = look.in_order(summary["group"])
    figure, axes = canvas.new_figure(
        len(structures), 1 + len(contrasts), height=48.0 * len(structures), sharex=True, title=title,
        finding=_profile_finding(tests, study),
        note=[tr("left: group means of each experiment, n = {n} animals a group", n=n),
              tr("hairlines: {n} animals", n=len(each)) if len(each) else "",
              N_("right: mean difference, band: 95 % interval of each point by itself"),
              N_("bar: p < 0.05 (pale: < 0.10) family-wise over the length, max-statistic permutation"),
              N_("dotted: thirds of the length")],
        legend=look.line_handles(groups),
    )  # fmt: skip
    for line, structure in zip(axes, structures, strict=True):
        if animals is not None:
            of_structure = animals[animals["structure"].eq(structure)]
            marks.lines(line[0], of_structure, "percent", "density", "animal_id", 0.3, linewidths=0.4,
                        gid="hairlines")  # fmt: skip
        here = summary[summary["structure"].eq(structure)].dropna(subset=["mean"])
        for group, rows in here.groupby("group", sort=False):
            sns.lineplot(rows, x="percent", y="mean", units="experiment", estimator=None, sort=False,
                         ax=line[0], linewidth=1.1,
                         color=look.line_colour(group), linestyle=look.group_style(group).line)  # fmt: skip
        unit = endpoint_unit(f"bmd_{structure}_full", typeset=True)
        line[0].set(ylabel=f"{structure_label(structure)}\n({unit})")
        for ax, contrast in zip(line[1:], contrasts, strict=True):
            rows = tests[tests["structure"].eq(structure) & tests["contrast"].eq(contrast.name)]
            _difference(ax, rows[rows["experiment"].eq(contrast.experiment)], contrast, study)
        _same_reach(line[1:])
        for ax in line:
            for region in REGIONS[2:]:
                low = 100 * study.regions[region][0]
                ax.axvline(low, color=look.LINE, linewidth=0.7, linestyle=":", zorder=0)
            ax.set(xlim=(0, 100), xlabel="")
    for ax, contrast in zip(axes[0, 1:], contrasts, strict=True):
        ax.set_title(naming.panel_name(contrast.name, 1 + len(contrasts)))
    axes[0, 0].set_title(tr("Group means"))
    for ax in axes[-1]:
        ax.set_xlabel(tr("% of length from the knee"))
    return figure


def _profile_finding(tests: pd.DataFrame | None, study: Study) -> str:
    if tests is None or tests.empty:
        return ""
    rows = findings.of_doses(tests, study)
    clear = rows[rows["p"] < study.thresholds["significant"]]
    if clear.empty:
        return tr("At no point of the femur does a dose differ from its reference (lowest p = {p}).",
                  p=naming.format_p_value(rows["p"].min()))  # fmt: skip
    return findings.sentence(
        tr("{structure}, {contrast}: {higher} between {low:.0f} and {high:.0f} % of the length (lowest p = "
           "{p})",
           structure=structure_label(structure), contrast=naming.contrast_label(contrast),
           higher=naming.word("up" if part["difference"].mean() > 0 else "down"), low=part["percent"].min(),
           high=part["percent"].max(), p=naming.format_p_value(part["p"].min()))
        for (structure, contrast), part in clear.groupby(["structure", "contrast"], sort=False)
    )  # fmt: skip


def _difference(ax: Axes, rows: pd.DataFrame, contrast: Contrast, study: Study) -> None:
    """Draw the mean difference of a dose along the bone, and where it is more than chance."""
    marks.zero(ax)
    if rows.empty:
        ax.text(0.5, 0.5, tr("not tested"), transform=ax.transAxes, ha="center", size=look.SMALL_SIZE)
        return
    ink = look.line_colour(contrast.case)
    ax.fill_between(rows["percent"], rows["ci_low"], rows["ci_high"], color=look.tint(ink, 0.7), linewidth=0)
    sns.lineplot(
        rows, x="percent", y="difference", estimator=None, sort=False, ax=ax, color=ink, linewidth=1.4
    )
    ax.set_ylabel("")
    at = rows["percent"].to_numpy(float)
    half = float(np.median(np.diff(at))) / 2 if len(at) > 1 else 1.0
    levels = rows["p"].map(study.level)
    for level in naming.LEVEL_MARKS:
        spans = [(x - half, 2 * half) for x in at[levels.eq(level)]]
        if spans:
            ax.broken_barh(spans, (0.0, 0.035), transform=ax.get_xaxis_transform(), linewidth=0,
                           facecolor=look.face(ink, level), gid=f"bar-{level}")  # fmt: skip
    ax.text(0.98, 0.97, tr("lowest p = {p}", p=naming.format_p_value(rows["p"].min())),
            transform=ax.transAxes,
            ha="right", va="top", size=look.SMALL_SIZE, gid="p")  # fmt: skip


def _same_reach(axes: Sequence[Axes]) -> None:
    """Give panels of differences the same limits, as far below zero as above, with room for bars and p."""
    reach = max((abs(edge) for ax in axes for edge in ax.dataLim.intervaly if np.isfinite(edge)), default=1.0)
    for ax in axes:
        ax.set_ylim(-1.2 * reach, 1.5 * reach)


def content_over_volume(regional: pd.DataFrame, slice_means: pd.DataFrame, title: str = "") -> Figure:
    """Draw how far the plain mean of slice densities lies from content over volume, each animal a dot.

    Parameters
    ----------
    regional, slice_means : DataFrame
        Measurements of the same animals and endpoints by the two derivations.
    """
    keys = ["animal_id", "experiment", "group", "endpoint"]
    both = regional.merge(slice_means, on=keys, suffixes=("", "_mean"))
    both["value"] = 100 * (both["value_mean"] / both["value"].where(both["value"] != 0) - 1)
    if both["value"].isna().all():
        return canvas.empty_figure(N_("No slices: there is nothing to average"), title)
    groups = look.in_order(both["group"])
    both[["structure", "region"]] = both["endpoint"].str.split("_", expand=True)[[1, 2]]
    both["at"] = both["region"].map({r: i for i, r in enumerate(REGIONS)}).astype(float)
    median = both.groupby(["structure", "region"], sort=False)["value"].median()
    worst = median.abs().idxmax()
    figure, axes = canvas.new_figure(
        1, len(STRUCTURES), height=84.0, sharey=True, title=title, legend=look.group_handles(groups),
        finding=tr("A mean of slices is off by {low} to {high} %; the most in {where}.",
                   low=look.signed(median.min()), high=look.signed(median.max()),
                   where=_cell_name(*worst).lower()),
        note=[tr("mean of slice densities minus summed content over summed volume, n = {n} animals",
                 n=both["animal_id"].nunique()), N_("dots: animals; line: median")],
    )  # fmt: skip
    for ax, structure in zip(axes[0], STRUCTURES, strict=True):
        marks.zero(ax)
        marks.animals(ax, both[both["structure"].eq(structure)], spread=0.7, size=16)
        for x, region in enumerate(REGIONS):
            if (structure, region) in median.index:
                ax.hlines(
                    median[structure, region], x - 0.42, x + 0.42, colors=look.INK, linewidth=1.8, zorder=4
                )
        ax.set_xticks(range(len(REGIONS)), [region_name(r) for r in REGIONS])
        ax.tick_params(axis="x", length=0)
        ax.set_title(structure_label(structure))
    axes[0, 0].set_ylabel(tr("mean of slices, difference (%)"))
    return figure


def cells_of(cells: pd.DataFrame, contrast: Contrast) -> pd.DataFrame:
    """Return the cells of one contrast by structure and region."""
    chosen = cells[cells["experiment"].eq(contrast.experiment) & cells["contrast"].eq(contrast.name)]
    return chosen.set_index(["structure", "region"])


def structure_name(structure: str) -> str:
    """Return the shortest name of a structure, as for a cell or an axis."""
    return structure_label(structure, short=current() == "en")


def region_name(region: str) -> str:
    """Return the shortest name of a region, as for a cell or an axis."""
    return region_label(region, short=current() == "en").capitalize()


def _cell_name(structure: str, region: str) -> str:
    return tr(
        "{structure}, {region}", structure=structure_name(structure), region=region_name(region).lower()
    )
