"""Bone density by structure and region: the map, the animals behind it, profiles along the femur."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgbone.figures import canvas, findings, look, marks
from mgbone.figures.groups import DOTS, experiment_title
from mgbone.study import naming
from mgbone.study.design import REGIONS, STRUCTURES, Contrast, Study
from mgbone.study.dictionary import endpoint_unit, region_label, structure_label
from mgbone.study.language import N_, current, tr

NO_CELLS = N_("No group was compared with its reference here")
DIFFERENCE = N_("difference of vBMD in % of the reference")


def density_map(cells: pd.DataFrame, study: Study, title: str = "") -> Figure:
    """Draw 4 structures x 4 regions per dose: percent difference as colour and number, p below it.

    `cells` has experiment, contrast, structure, region, percent, p, level and p_maxt: a cell whose p_maxt is
    below the significance threshold gets a heavy frame.
    """
    contrasts = list(study.shown_contrasts)
    if not contrasts or cells.empty:
        return canvas.empty_figure(NO_CELLS, title)
    limit = study.thresholds["significant"]
    survives = (findings.of_doses(cells, study)["p_maxt"] < limit).any()
    figure, panels = canvas.panels(
        len(contrasts), 3, 76.0, sharey=True, title=title, finding=cells_found(cells, study),
        titles=[naming.contrast_label(contrast.name) for contrast in contrasts],
        note=[DIFFERENCE, N_("below it p of the declared test, unadjusted"), canvas.MARKS,
              N_("heavy frame: p < 0.05 also after max-T over 16 cells") if survives else
              N_("no cell has p < 0.05 after max-T over 16 cells") if cells["p_maxt"].notna().any() else ""],
    )  # fmt: skip
    norm = marks.around_zero(cells["percent"], 2.0)
    every = pd.MultiIndex.from_product([STRUCTURES, REGIONS])
    for ax, contrast in zip(panels, contrasts, strict=True):
        table = cells_of(cells, contrast).reindex(every)
        columns = (table["percent"], table["p_maxt"] < limit)
        percent, framed = (column.to_numpy().reshape(4, 4) for column in columns)
        mesh = marks.heat(
            ax, percent, np.reshape([*map(_cell_words, table.itertuples())], (4, 4)), norm=norm,
            cmap=look.DIVERGING, framed=framed, xticklabels=[*map(region_name, REGIONS)],
            yticklabels=[*map(structure_name, STRUCTURES)],
        )  # fmt: skip
    marks.colour_bar(panels, mesh, tr("Difference (% of reference)"))
    return figure


def _cell_words(row: tuple) -> str:
    if not np.isfinite(row.percent):
        return ""
    return f"{look.signed(row.percent)}{naming.level_mark(row.level)}\n{naming.format_p_value(row.p)}"


def cells_found(cells: pd.DataFrame, study: Study) -> str:
    """Say in how many parts of the bone the density differs, and where the most."""
    rows = findings.of_doses(cells, study)
    clear, trends = rows[rows["level"].eq("significant")], int(rows["level"].eq("trend").sum())
    if clear.empty:
        said = tr("no part differs (p < 0.05), {n} by trend", n=trends) if trends else tr(findings.NOTHING)
        return findings.sentence([said])
    said = tr("{n} of {all} parts differ (p < 0.05)", n=len(clear), all=len(rows.dropna(subset="percent")))
    largest = clear.sort_values("percent", key=abs, ascending=False, kind="stable").head(3)
    named = [
        tr("{what} {percent} % at {dose}", what=_cell_name(row.structure, row.region).lower(),
           percent=look.signed(row.percent, ".0f"), dose=findings.dose(row.contrast))
        for row in largest.itertuples()
    ]  # fmt: skip
    return findings.sentence([said + (tr(", {n} more by trend", n=trends) if trends else ""), *named])


def region_dots(
    measurements: pd.DataFrame,
    evidence: pd.DataFrame,
    study: Study,
    experiment: str,
    *,
    structures: Sequence[str] = STRUCTURES,
) -> Figure:
    """Draw the animals behind the map for one experiment: rows structures; dots left, differences right.

    `measurements` and `evidence` are as for `groups.group_dots`, with endpoints ``bmd_<structure>_<region>``.
    """
    chosen = study.experiments[experiment]
    title = tr("Every femur behind the map: {experiment}", experiment=experiment_title(chosen, study))
    here = measurements[measurements["experiment"].eq(experiment)]
    if not here["value"].notna().any():
        return canvas.empty_figure(naming.not_measured(["qCT"]), title)
    found = evidence[evidence["experiment"].eq(experiment) & evidence["endpoint"].str.startswith("bmd_")]
    lines = [look.line(color=look.line_colour(c.case), label=naming.contrast_label(c.name),
                       linestyle=look.group_style(c.reference).line) for c in chosen.contrasts]  # fmt: skip
    figure, axes = canvas.new_figure(
        len(structures), 2, height=52.0 * len(structures), title=title, sharex="col",
        finding=_cells_of_experiment(found, study),
        note=[findings.tests(found), DOTS, N_("right: difference, 95 % interval; p where p < 0.10"),
              canvas.MARKS],
        legend=[*look.group_handles(chosen.groups), *lines],
        gridspec_kw={"width_ratios": [11, 9]},
    )  # fmt: skip
    at = _lanes(here["group"], chosen.groups)
    for (left, right), structure in zip(axes, structures, strict=True):
        names = [f"bmd_{structure}_{region}" for region in REGIONS]
        step = 0.8 / len(chosen.groups)
        place = here["endpoint"].map({name: i for i, name in enumerate(names)})
        table = here.assign(at=place + at - 0.1 * step).dropna(subset=["at", "value"])
        marks.animals(left, table, spread=0.6 * step, size=18)
        marks.means(left, table, beside=0.45 * step)
        left.set_title(tr("{structure}, {unit}", structure=structure_label(structure),
                          unit=endpoint_unit(names[0], typeset=True)))  # fmt: skip
        _cell_differences(right, found, names, chosen.contrasts)
        for ax in (left, right):
            _region_axis(ax)
            ax.tick_params(labelbottom=True)
            ax.set_xlim(-0.5, len(REGIONS) - 0.5)
            ax.margins(y=0.1)
        low, high = right.get_ylim()
        right.set_ylim(low, high + 0.12 * (high - low))  # room for p
    return figure


def _lanes(names: pd.Series, order: Sequence[str]) -> pd.Series:
    """Return how far each stands from the middle of a place that all in `order` share, side by side."""
    return (names.map({name: i for i, name in enumerate(order)}) - (len(order) - 1) / 2) * (0.8 / len(order))


def _region_axis(ax: Axes) -> None:
    ax.set_xticks(range(len(REGIONS)), [*map(region_name, REGIONS)])
    ax.tick_params(axis="x", length=0)


def _cells_of_experiment(found: pd.DataFrame, study: Study) -> str:
    parts = found["endpoint"].str.split("_", expand=True)
    percent = 100 * found["estimate"] / found["mean_reference"].where(found["mean_reference"] != 0)
    return cells_found(found.assign(structure=parts.get(1), region=parts.get(2), percent=percent), study)


def _cell_differences(
    ax: Axes, found: pd.DataFrame, names: Sequence[str], contrasts: Sequence[Contrast]
) -> None:
    marks.zero(ax)
    order = [contrast.name for contrast in contrasts]
    shown = found[found["contrast"].isin(order) & found["endpoint"].isin(names)]
    shown = shown.assign(place=shown["endpoint"].map(names.index))
    shown["at"] = shown["place"] + _lanes(shown["contrast"], order)
    for contrast in contrasts:
        first = len(ax.collections)
        marks.estimates(ax, shown[shown["contrast"].eq(contrast.name)], upright=True, size=28)
        for drawn in ax.collections[first : first + 1]:  # none where the contrast was not tested
            drawn.set_linestyle(look.group_style(contrast.reference).line)
    marked = shown[shown["level"].isin(list(naming.LEVEL_MARKS))]
    for place, rows in marked.groupby("place", sort=False):
        # One above the other: side by side they would meet.
        words = "\n".join(marks.p_words(r.p, r.level) for r in rows.itertuples())
        marks.above(ax, words, (place, shown.loc[shown["place"].eq(place), "ci_high"].max()), gid="p")


def profiles(
    summary: pd.DataFrame, study: Study, title: str = "", *, tests: pd.DataFrame, animals: pd.DataFrame
) -> Figure:
    """Draw density along the femur: the means of the groups, then each dose's mean difference with its band.

    `summary` has structure, experiment, group, percent (of length from the knee), n and mean; `tests`
    structure, experiment, contrast, percent, difference, ci_low, ci_high and p (family-wise: a bar at the
    foot where it is below the significance threshold, a pale one where it is a trend); `animals` animal_id,
    structure, group, percent and density, a hairline each behind the means.
    """
    if not summary["mean"].notna().any():
        return canvas.empty_figure(N_("No slices: a profile along the bone needs them"), title)
    each = animals["animal_id"].unique()
    each = each[:: max(1, -(-len(each) // marks.MANY))]  # of very many only some, evenly
    # More digits than these differ between processors.
    drawn = dict.fromkeys(("density", "mean", "difference", "ci_low", "ci_high"), 6)
    animals = animals[animals["animal_id"].isin(each)]
    animals, summary, tests = (table.round(drawn) for table in (animals, summary, tests))
    structures = [s for s in STRUCTURES if s in set(summary["structure"])]
    contrasts = list(study.shown_contrasts)
    # At the very ends of the bone some animals have no slice; n is that of the group, not of such a point.
    counts = summary.groupby(["structure", "experiment", "group"])["n"].max()
    figure, axes = canvas.new_figure(
        len(structures), 1 + len(contrasts), height=48.0 * len(structures), sharex=True, title=title,
        finding=_profile_finding(tests, study), xlabel=N_("% of length from the knee"),
        note=[tr("left: group means of each experiment, n = {n} animals a group", n=findings.span(counts)),
              tr("hairlines: {n} animals", n=len(each)) if len(each) else "",
              N_("right: mean difference, band: 95 % interval of each point by itself"),
              N_("bar: p < 0.05 (pale: < 0.10) family-wise over the length, max-statistic permutation"),
              N_("dotted: thirds of the length")],
        titles=[tr("Group means"), *(naming.panel_name(c.name, 1 + len(contrasts)) for c in contrasts)],
        legend=look.line_handles(look.in_order(summary["group"])),
    )  # fmt: skip
    for line, structure in zip(axes, structures, strict=True):
        of_structure = animals[animals["structure"].eq(structure)]
        marks.lines(line[0], of_structure, "percent", "density", "animal_id", 0.3, linewidths=0.4,
                    gid="hairlines")  # fmt: skip
        here = summary[summary["structure"].eq(structure)].dropna(subset=["mean"])
        for group, rows in here.groupby("group", sort=False):
            marks.by_seaborn(sns.lineplot, line[0], rows, x="percent", y="mean", units="experiment",
                             estimator=None, sort=False, linewidth=1.1, color=look.line_colour(group),
                             linestyle=look.group_style(group).line)  # fmt: skip
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
            ax.set_xlim(0, 100)
    return figure


def _profile_finding(tests: pd.DataFrame, study: Study) -> str:
    if tests.empty:
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
        ax.text(0.5, 0.5, tr("not tested"), transform=ax.transAxes, ha="center")
        return
    ink, at = look.line_colour(contrast.case), rows["percent"].to_numpy(float)
    ax.fill_between(at, rows["ci_low"], rows["ci_high"], color=look.tint(ink, 0.7), linewidth=0)
    ax.plot(at, rows["difference"], color=ink, linewidth=1.4)
    half = float(np.median(np.diff(at))) / 2 if len(at) > 1 else 1.0
    levels = rows["p"].map(study.level)
    for level in naming.LEVEL_MARKS:
        spans = [(x - half, 2 * half) for x in at[levels.eq(level)]]
        if spans:
            ax.broken_barh(spans, (0.0, 0.035), transform=ax.get_xaxis_transform(), linewidth=0,
                           facecolor=look.face(ink, level), gid=f"bar-{level}")  # fmt: skip
    ax.text(0.98, 0.97, tr("lowest p = {p}", p=naming.format_p_value(rows["p"].min())), ha="right", va="top",
            transform=ax.transAxes, gid="p")  # fmt: skip


def _same_reach(axes: Sequence[Axes]) -> None:
    """Give panels of differences the same limits, as far below zero as above, with room for bars and p."""
    reach = max((abs(edge) for ax in axes for edge in ax.dataLim.intervaly if np.isfinite(edge)), default=1.0)
    for ax in axes:
        ax.set_ylim(-1.2 * reach, 1.5 * reach)


def content_over_volume(regional: pd.DataFrame, slice_means: pd.DataFrame, title: str = "") -> Figure:
    """Draw how far the plain mean of slice densities lies from content over volume, each animal a dot.

    `regional` and `slice_means` are measurements of the same animals and endpoints by the two derivations.
    """
    keys = ["animal_id", "experiment", "group", "endpoint"]
    both = regional.merge(slice_means, on=keys, suffixes=("", "_mean"))
    both["value"] = 100 * (both["value_mean"] / both["value"].where(both["value"] != 0) - 1)
    if both["value"].isna().all():
        return canvas.empty_figure(N_("No slices: there is nothing to average"), title)
    both[["structure", "region"]] = both["endpoint"].str.split("_", expand=True)[[1, 2]]
    both["at"] = both["region"].map({r: i for i, r in enumerate(REGIONS)}).astype(float)
    median = both.groupby(["structure", "region"], sort=False)["value"].median()
    figure, axes = canvas.new_figure(
        1, len(STRUCTURES), height=84.0, sharey=True, title=title, titles=map(structure_label, STRUCTURES),
        ylabel=N_("mean of slices, difference (%)"), legend=look.group_handles(look.in_order(both["group"])),
        finding=tr("A mean of slices is off by {low} to {high} %; the most in {where}.",
                   low=look.signed(median.min()), high=look.signed(median.max()),
                   where=_cell_name(*median.abs().idxmax()).lower()),
        note=[tr("mean of slice densities minus summed content over summed volume, n = {n} animals",
                 n=both["animal_id"].nunique()), N_("dots: animals; line: median")],
    )  # fmt: skip
    for ax, structure in zip(axes[0], STRUCTURES, strict=True):
        marks.zero(ax)
        marks.animals(ax, both[both["structure"].eq(structure)], spread=0.7, size=16)
        for x, region in enumerate(REGIONS):
            if (structure, region) in median.index:
                ax.hlines(median[structure, region], x - 0.42, x + 0.42, colors=look.INK, linewidth=1.8,
                          zorder=4)  # fmt: skip
        _region_axis(ax)
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
