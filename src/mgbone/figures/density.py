"""Bone density by structure and region: maps, animals, profiles along the femur, and a drawing of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mgbone.figures import canvas, look, titles
from mgbone.figures.groups import draw_groups, experiment_title, title_pad
from mgbone.study import naming
from mgbone.study.design import REGIONS, STRUCTURES, Contrast, Study
from mgbone.study.dictionary import endpoint_unit, region_label, structure_label
from mgbone.study.language import N_, current, tr

# Blue over white to red, the ends equally dark: in grey the numbers in the cells tell the sign.
DIVERGING = LinearSegmentedColormap.from_list(
    "mgbone", ["#2f6db3", "#a9c9e6", "#f7f7f7", "#f0b59e", "#b83a2f"]
)
NO_CELLS = N_("No group was compared with its reference here")
_LANE = 0.12  # height of the lane of one contrast below the curves of a profile, in parts of the panel


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
    note = tr("* p < 0.05, † 0.05 ≤ p < 0.10")
    if "p_maxt" in cells:
        shown = cells[cells["contrast"].isin([c.name for c in contrasts])]
        survives = (shown["p_maxt"] < study.thresholds["significant"]).any()
        frame = (
            N_("heavy frame: p < 0.05 also after max-T over 16 cells")
            if survives else
            N_("no cell has p < 0.05 after max-T over 16 cells")
        )  # fmt: skip
        note += tr("; ") + tr(frame)
    figure, panels, _ = canvas.panels(
        len(contrasts), 3, 56.0, above=4, sharey=True, title=title, note=note,
        subtitle=N_("Difference of vBMD in % of the reference; below: p of the declared test, unadjusted"),
    )  # fmt: skip
    norm = reach_of(cells)
    for ax, contrast in zip(panels, contrasts, strict=True):
        _map_panel(ax, cells_of(cells, contrast), norm, study)
        ax.set_title(naming.contrast_label(contrast.name))
    colour_bar(figure, norm, panels, shrink=0.8, aspect=22, pad=0.015)
    return figure


def region_dots(
    measurements: pd.DataFrame,
    evidence: pd.DataFrame,
    study: Study,
    experiment: str,
    *,
    structures: Sequence[str] = STRUCTURES,
) -> Figure:
    """Draw the animals behind each cell of the map for one experiment: rows structures, columns regions.

    Parameters
    ----------
    measurements, evidence : DataFrame
        As for `groups.group_dots`, with endpoints ``bmd_<structure>_<region>``.
    """
    chosen = study.experiments[experiment]
    title = titles.cells(chosen, study)
    here = measurements[measurements["experiment"].eq(experiment)]
    if not here["value"].notna().any():
        why = naming.not_measured([f"qCT, {experiment_title(chosen, study)}"])
        return canvas.empty_figure(why, title)
    test = evidence.loc[evidence["endpoint"].str.startswith("bmd_"), "test"].dropna().unique()
    tests = ", ".join(naming.name_of_test(t) for t in test)
    figure, axes = canvas.new_figure(
        len(structures), len(REGIONS), width=look.DOUBLE,
        height=(38.0 + 4.4 * len(chosen.contrasts)) * len(structures),
        title=title, subtitle=f"{experiment_title(chosen, study)}; {tests}",
        note=tr("; ").join([
            tr("Dots: animals; bar: mean ± SD"),
            tr("over the brackets: p"),
            tr("* p < 0.05, † 0.05 ≤ p < 0.10"),
        ]))  # fmt: skip
    for row, structure in enumerate(structures):
        for column, region in enumerate(REGIONS):
            ax = axes[row, column]
            draw_groups(
                ax, measurements, evidence, f"bmd_{structure}_{region}", chosen,
                slot=32.0 * 3 / max(3, len(chosen.groups)), size=3.6, bare=True)  # fmt: skip
            ax.set_title(_cell_name(structure, region), pad=title_pad(chosen))
        axes[row, 0].set_ylabel(f"vBMD ({endpoint_unit(f'bmd_{structure}_full', typeset=True)})")
    return figure


def profiles(
    summary: pd.DataFrame,
    study: Study,
    title: str = "",
    *,
    tests: pd.DataFrame | None = None,
    animals: pd.DataFrame | None = None,
) -> Figure:
    """Draw density along the femur: group means with 95 % bands, rows structures, columns experiments.

    Parameters
    ----------
    summary : DataFrame
        structure, experiment, group, percent (of length from the knee), n, mean, ci_low, ci_high.
    tests : DataFrame, optional
        structure, experiment, contrast, percent, p (family-wise): a bar below the curves where p is below the
        significance threshold, a pale one where it is a trend, and the lowest p of each contrast in words;
        for the contrasts of the report.
    animals : DataFrame, optional
        structure, animal_id, experiment, group, percent, density: each animal as a faint line.
    """
    if not len(summary) or not summary["mean"].notna().any():
        why = N_("No slices: a profile along the bone needs them")
        return canvas.empty_figure(why, title)
    structures = [s for s in STRUCTURES if s in set(summary["structure"])]
    experiments = [e for e in study.experiments.values() if e.name in set(summary["experiment"])]
    # At the very ends of the bone some animals have no slice; n is that of the group, not of such a point.
    counts = summary.groupby(["structure", "experiment", "group"])["n"].max()
    n = "–".join(dict.fromkeys(f"{v:.0f}" for v in (counts.min(), counts.max()))) if len(counts) else "0"
    figure, axes = canvas.new_figure(
        len(structures), len(experiments), width=look.DOUBLE, height=46.0 * len(structures) + 12,
        sharex=True, sharey="row", title=title,
        subtitle=_profile_subtitle(n, tested=tests is not None))  # fmt: skip
    compared = {e.name: [c for c in e.contrasts if c in e.report_contrasts] for e in experiments}
    lanes = max(map(len, compared.values())) if tests is not None else 0
    for row, structure in enumerate(structures):
        for ax, experiment in zip(axes[row], experiments, strict=True):
            if animals is not None:
                _animal_lines(ax, _slice(animals, structure, experiment.name))
            _mean_lines(ax, _slice(summary, structure, experiment.name), experiment.groups)
            _region_marks(ax, study, named=row == 0)
            ax.tick_params(labelleft=True)
        low, high = axes[row, 0].get_ylim()  # shared by the row, so the room for the bars is made once
        axes[row, 0].set_ylim(low - (_LANE * lanes + 0.02) * (high - low), high)
        if tests is not None:
            for ax, experiment in zip(axes[row], experiments, strict=True):
                rows = _slice(tests, structure, experiment.name)
                _significance(ax, rows, compared[experiment.name], study)
        unit = endpoint_unit(f"bmd_{structure}_full", typeset=True)
        axes[row, 0].set_ylabel(f"{structure_label(structure)} vBMD\n({unit})")
    for column, experiment in enumerate(experiments):
        axes[0, column].set_title(experiment_title(experiment, study), pad=14)
        words = N_("Position (% of femoral length from the knee)")
        axes[-1, column].set_xlabel(tr(words))
        axes[-1, column].legend(
            handles=look.line_handles(experiment.groups), loc="upper center",
            bbox_to_anchor=(0.5, -0.22), ncols=3, handlelength=2.6, borderaxespad=0,
        )  # fmt: skip
    return figure


def content_over_volume(regional: pd.DataFrame, slice_means: pd.DataFrame, title: str = "") -> Figure:
    """Draw how far the plain mean of slice densities lies from content over volume, each animal a dot.

    Parameters
    ----------
    regional, slice_means : DataFrame
        Measurements of the same animals and endpoints by the two derivations.
    """
    keys = ["animal_id", "experiment", "group", "endpoint"]
    both = regional.merge(slice_means, on=keys, suffixes=("", "_mean"))
    both["percent"] = 100 * (both["value_mean"] / both["value"].where(both["value"] != 0) - 1)
    if both["percent"].isna().all():
        why = N_("No slices: there is nothing to average")
        return canvas.empty_figure(why, title)
    figure, axes = canvas.new_figure(
        1, len(STRUCTURES), width=look.DOUBLE, height=62.0, sharey=True, title=title,
        subtitle=tr(
            "Mean of slice densities minus summed content over summed volume, n = {n} animals",
            n=both["animal_id"].nunique()),
        note=N_("Dots: animals; line: median"))  # fmt: skip
    groups = [g for g in naming.groups_in_use() if g in set(both["group"])]
    spread = np.ptp(both["percent"].dropna()) if both["percent"].notna().any() else 1.0
    for ax, structure in zip(axes[0], STRUCTURES, strict=True):
        ax.axhline(0, color=look.LINE, linewidth=0.7, zorder=0)
        for x, region in enumerate(REGIONS):
            cell = both[both["endpoint"].eq(f"bmd_{structure}_{region}")].dropna(subset="percent")
            for lane, group in enumerate(groups):
                values = cell.loc[cell["group"].eq(group), "percent"].to_numpy()
                centre = x + 0.15 * (lane - (len(groups) - 1) / 2)
                steps = canvas.jitter(values, spread=0.05, width=spread / 60)
                look.dots(ax, centre + steps, values, group, size=2.6)
            if len(cell):
                middle = cell["percent"].median()
                ax.plot([x - 0.42, x + 0.42], [middle, middle], color=look.INK, linewidth=1.0, zorder=4)
        ax.set_xlim(-0.55, len(REGIONS) - 0.45)
        ax.set_xticks(range(len(REGIONS)), [region_name(r) for r in REGIONS])
        ax.tick_params(axis="x", length=0, labelsize=6.2)
        ax.set_title(structure_name(structure))
    axes[0, 0].set_ylabel(tr("Difference (%)"))
    handles = look.group_handles(groups)
    axes[0, -1].legend(handles=handles, loc="upper left", bbox_to_anchor=(1, 1), borderaxespad=0.3)
    return figure


def _profile_subtitle(n: str, *, tested: bool) -> str:
    words = N_("Group means with 95 % intervals, n = {n} a group")
    bars = N_("; bars: p < 0.05 (pale: < 0.10) family-wise over the length, max-statistic permutation")
    return tr(words, n=n) + (tr(bars) if tested else "")


def cells_of(cells: pd.DataFrame, contrast: Contrast) -> pd.DataFrame:
    """Return the cells of one contrast by structure and region."""
    chosen = cells[cells["experiment"].eq(contrast.experiment) & cells["contrast"].eq(contrast.name)]
    return chosen.set_index(["structure", "region"])


def _slice(table: pd.DataFrame, structure: str, experiment: str) -> pd.DataFrame:
    return table[table["structure"].eq(structure) & table["experiment"].eq(experiment)]


def reach_of(cells: pd.DataFrame) -> Normalize:
    """Return the scale of the colours, as far to either side as the largest difference."""
    reach = np.nanmax(cells["percent"].abs()) if cells["percent"].notna().any() else 1.0
    bound = max(2.0, float(np.ceil(reach)))
    return Normalize(-bound, bound)


def colour_bar(figure: Figure, norm: Normalize, panels: Sequence[Axes], **options: float) -> None:
    """Draw the scale of the colours beside the panels."""
    bar = figure.colorbar(ScalarMappable(norm, DIVERGING), ax=list(panels), **options)
    bar.set_label(tr("Difference (% of reference)"))
    bar.ax.yaxis.labelpad = 6
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=2)
    bar.ax.yaxis.set_major_formatter(lambda x, _: look.signed(x, "g"))


def _map_panel(ax: Axes, cells: pd.DataFrame, norm: Normalize, study: Study) -> None:
    for y, structure in enumerate(STRUCTURES):
        for x, region in enumerate(REGIONS):
            cell = cells.loc[(structure, region)] if (structure, region) in cells.index else None
            if cell is None or not np.isfinite(cell["percent"]):
                ax.add_patch(Rectangle((x, y), 1, 1, facecolor="white", edgecolor=look.LINE, hatch="///"))
                continue
            face = DIVERGING(norm(cell["percent"]))
            ax.add_patch(Rectangle((x, y), 1, 1, facecolor=face, edgecolor="white", linewidth=1.2))
            mark = naming.level_mark(cell["level"])
            ink = look.ink_on(face)
            ax.text(
                x + 0.5, y + 0.40, f"{look.signed(cell['percent'])}{mark}", ha="center", va="center",
                size=look.BASE_SIZE + (0.8 if mark else 0), color=ink, gid="percent",
                **(look.BOLD if mark else {}),
            )  # fmt: skip
            ax.text(
                x + 0.5, y + 0.76, naming.format_p_value(cell["p"]), ha="center", va="center", size=6.5,
                color=ink, gid="p",
            )  # fmt: skip
    for structure, region in cells.index:
        if "p_maxt" in cells and cells.loc[(structure, region), "p_maxt"] < study.thresholds["significant"]:
            x, y = REGIONS.index(region), STRUCTURES.index(structure)
            frame = Rectangle((x + 0.03, y + 0.03), 0.94, 0.94, fill=False, edgecolor=look.INK, zorder=4)
            frame.set(linewidth=1.3, gid="survives")
            ax.add_patch(frame)
    ax.set_xlim(0, len(REGIONS))
    ax.set_ylim(len(STRUCTURES), 0)
    ax.set_xticks(np.arange(len(REGIONS)) + 0.5, [region_name(r) for r in REGIONS])
    ax.set_yticks(np.arange(len(STRUCTURES)) + 0.5, [structure_name(s) for s in STRUCTURES])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def structure_name(structure: str) -> str:
    """Return the shortest name of a structure, as for a cell or an axis."""
    return structure_label(structure, short=current() == "en")


def region_name(region: str) -> str:
    """Return the shortest name of a region, as for a cell or an axis."""
    return region_label(region, short=current() == "en").capitalize()


def _cell_name(structure: str, region: str) -> str:
    return tr(
        "{structure}, {region}",
        structure=structure_name(structure), region=region_name(region).lower())  # fmt: skip


def _animal_lines(ax: Axes, table: pd.DataFrame) -> None:
    for (_, group), rows in table.groupby(["animal_id", "group"], sort=False):
        ax.plot(
            rows["percent"], rows["density"], color=look.colour(group), linewidth=0.35, alpha=0.35, zorder=1,
            gid="animal",
        )  # fmt: skip


def _mean_lines(ax: Axes, table: pd.DataFrame, groups: Sequence[str]) -> None:
    for group in groups:
        rows = table[table["group"].eq(group)].sort_values("percent", kind="stable")
        ink = look.line_colour(group)
        ax.fill_between(
            rows["percent"], rows["ci_low"], rows["ci_high"], color=look.colour(group), alpha=0.22,
            linewidth=0, zorder=2,
        )  # fmt: skip
        ax.plot(
            rows["percent"], rows["mean"], color=ink, linestyle=look.line_style(group), zorder=3, gid="mean"
        )
    ax.set_xlim(0, 100)


def _significance(ax: Axes, tests: pd.DataFrame, contrasts: Sequence[Contrast], study: Study) -> None:
    for lane, contrast in enumerate(reversed(contrasts)):
        rows = tests[tests["contrast"].eq(contrast.name)].sort_values("percent", kind="stable")
        if rows.empty:
            continue
        y = 0.015 + 0.105 * lane
        at = rows["percent"].to_numpy(float)
        half = float(np.median(np.diff(at))) / 2 if len(at) > 1 else 1.0
        levels = np.array([study.level(p) for p in rows["p"]])
        for level, shade in (("significant", 1.0), ("trend", 0.4)):
            for start, stop in _runs(levels == level):
                bar = Rectangle((at[start] - half, y), at[stop - 1] - at[start] + 2 * half, 0.035)
                bar.set(facecolor=look.line_colour(contrast.case), alpha=shade, linewidth=0, zorder=3)
                bar.set(transform=ax.get_xaxis_transform(), gid=f"bar-{level}")
                ax.add_patch(bar)
        ax.plot([0, 1], [y, y], transform=ax.transAxes, color=look.LINE, linewidth=0.5, zorder=1)
        words = N_("{name}: lowest p = {p}")
        name = naming.contrast_label(contrast.name)
        lowest = naming.format_p_value(rows["p"].min())
        ax.text(
            0.995, y + 0.04, tr(words, name=name, p=lowest), transform=ax.transAxes,
            ha="right", va="bottom", size=6.5, color=look.QUIET, gid="p",
        )  # fmt: skip


def _runs(hit: np.ndarray) -> list[tuple[int, int]]:
    padded = np.concatenate([[False], hit, [False]]).astype(int)
    change = np.diff(padded)
    return list(zip(np.flatnonzero(change == 1), np.flatnonzero(change == -1), strict=True))


def _region_marks(ax: Axes, study: Study, *, named: bool) -> None:
    for region in REGIONS[1:]:
        low, high = (100 * limit for limit in study.regions[region])
        if low > 0:
            ax.axvline(low, color=look.LINE, linewidth=0.5, linestyle=(0, (2, 2)), zorder=0)
        if named:
            ax.text(
                (low + high) / 2, 1.02, region_name(region), transform=ax.get_xaxis_transform(),
                ha="center", va="bottom", size=look.SMALL_SIZE, color=look.QUIET,
            )  # fmt: skip
