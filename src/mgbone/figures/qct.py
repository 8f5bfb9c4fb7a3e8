"""Bone density by structure and region: maps, animals, profiles along the femur, and a drawing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from mgbone.dictionary import endpoint_unit, region_label, structure_label
from mgbone.figures import style
from mgbone.figures.groups import draw_groups, experiment_title, title_pad
from mgbone.study import REGIONS, STRUCTURES, Contrast, Experiment, Study

# Blue over white to red, the ends equally dark: in grey the numbers in the cells tell the sign.
_SCALE = ["#2f6db3", "#a9c9e6", "#f7f7f7", "#f0b59e", "#b83a2f"]
_NO_CELLS = ("No dose was compared with its reference here", "対照群と比較された用量なし")
DIVERGING = LinearSegmentedColormap.from_list("mgbone", _SCALE)


def density_map(
    cells: pd.DataFrame,
    study: Study,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    contrasts: Sequence[Contrast] | None = None,
    subtitle: str | Sequence[str] | None = None,
) -> Figure:
    """Draw 4 structures x 4 regions per contrast: percent difference as colour and number, p below it.

    Parameters
    ----------
    cells : DataFrame
        experiment, contrast, structure, region, percent, p, level and, if wanted, p_holm: a cell whose p_holm
        is below the significance threshold gets a heavy frame.
    contrasts : sequence of Contrast, optional
        Maps; without it each dose against its own reference.

    Returns
    -------
    Figure
    """
    contrasts = list(contrasts if contrasts is not None else study.dose_order)
    if not contrasts or cells.empty:
        return style.empty_figure(_NO_CELLS, title, language)
    if subtitle is None:
        subtitle = (
            "Difference of vBMD in % of the reference; below: p of the declared test, unadjusted",
            "vBMDの差（対照群比％），下段：所定の検定のp（16項目の多重性は未調整）",
        )
    note = style.text("marks", language)
    if "p_holm" in cells:
        shown = cells[cells["contrast"].isin([c.name for c in contrasts])]
        survives = (shown["p_holm"] < study.thresholds["significant"]).any()
        frame = ("heavy frame: p < 0.05 also after Holm over 16 cells", "太枠：Holm法（16項目）でもp < 0.05")
        nothing = (
            "no cell has p < 0.05 after Holm over 16 cells",
            "Holm法（16項目）でp < 0.05となる項目はない",
        )
        frame = frame if survives else nothing
        note += ("; " if language == "en" else "，") + style.text(frame, language)
    columns = min(3, len(contrasts))
    rows = -(-len(contrasts) // columns)
    figure, axes = style.new_figure(
        rows, columns, width=style.DOUBLE, height=56.0 * rows + 4, sharey=True,
        title=style.say(title, language), subtitle=style.say(subtitle, language), note=note,
        language=language,
    )  # fmt: skip
    norm = _norm(cells)
    for ax, contrast in zip(axes.flat, contrasts, strict=False):
        _map_panel(ax, _of(cells, contrast), norm, study, language)
        ax.set_title(style.contrast_label(contrast.name, language))
    for ax in axes.flat[len(contrasts) :]:
        ax.set_visible(False)
    bar = figure.colorbar(
        _mappable(norm), ax=list(axes.flat[: len(contrasts)]), shrink=0.8, aspect=22, pad=0.015
    )
    _dress_bar(bar, language)
    return figure


def region_dots(
    measurements: pd.DataFrame,
    evidence: pd.DataFrame,
    study: Study,
    experiment: str,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    structures: Sequence[str] = STRUCTURES,
    contrasts: Sequence[str] | None = None,
) -> Figure:
    """Draw the animals behind each cell of the map for one experiment: rows structures, columns regions.

    Parameters
    ----------
    measurements, evidence : DataFrame
        As for `groups.group_dots`, with endpoints ``bmd_<structure>_<region>``.
    contrasts : sequence of str, optional
        Brackets; all of the study unless given.

    Returns
    -------
    Figure
    """
    chosen = study.experiments[experiment]
    here = measurements[measurements["experiment"].eq(experiment)]
    if not here["value"].notna().any():
        why = [style.not_measured([f"qCT, {experiment_title(chosen, study, x)}"], x) for x in style.LANGUAGES]
        return style.empty_figure(why, title, language)
    compared = [c for c in chosen.contrasts if contrasts is None or c.name in contrasts]
    test = evidence.loc[evidence["endpoint"].str.startswith("bmd_"), "test"].dropna().unique()
    tests = ", ".join(style.name_of_test(t, language) for t in test)
    figure, axes = style.new_figure(
        len(structures), len(REGIONS), width=style.DOUBLE,
        height=(38.0 + 4.4 * len(compared)) * len(structures),
        title=style.say(title, language), subtitle=f"{experiment_title(chosen, study, language)}; {tests}",
        note=("; " if language == "en" else "；").join([
            style.text("mean_sd", language),
            style.text(("over the brackets: p", "括弧の上：p"), language),
            style.text("marks", language),
        ]), language=language,
    )  # fmt: skip
    for row, structure in enumerate(structures):
        for column, region in enumerate(REGIONS):
            ax = axes[row, column]
            draw_groups(
                ax, measurements, evidence, f"bmd_{structure}_{region}", chosen, compared, language,
                slot=32.0 * 3 / max(3, len(chosen.groups)), size=3.6, bare=True,
            )  # fmt: skip
            ax.set_title(_cell_name(structure, region, language), pad=title_pad(compared))
        axes[row, 0].set_ylabel(f"vBMD ({endpoint_unit(f'bmd_{structure}_full', language)})")
    return figure


def profiles(
    summary: pd.DataFrame,
    study: Study,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    tests: pd.DataFrame | None = None,
    animals: pd.DataFrame | None = None,
    contrasts: Mapping[str, Sequence[str]] | None = None,
    subtitle: str | Sequence[str] | None = None,
) -> Figure:
    """Draw density along the femur: group means with 95 % bands, rows structures, columns experiments.

    Parameters
    ----------
    summary : DataFrame
        structure, experiment, group, percent (of length from the knee), n, mean, ci_low, ci_high.
    tests : DataFrame, optional
        structure, experiment, contrast, percent, p (family-wise): a bar below the curves where p is below the
        significance threshold, a pale one where it is a trend, and the lowest p of each contrast in words.
    animals : DataFrame, optional
        structure, animal_id, experiment, group, percent, density: each animal as a faint line.
    contrasts : mapping, optional
        Contrast names per experiment whose bars are drawn; without it those of the report.

    Returns
    -------
    Figure
    """
    if not len(summary) or not summary["mean"].notna().any():
        why = ("No slices: a profile along the bone needs them", "スライスがない：プロファイルは示せない")
        return style.empty_figure(why, title, language)
    structures = [s for s in STRUCTURES if s in set(summary["structure"])]
    experiments = [e for e in study.experiments.values() if e.name in set(summary["experiment"])]
    # At the very ends of the bone some animals have no slice; n is that of the group, not of such a point.
    counts = summary.groupby(["structure", "experiment", "group"])["n"].max()
    if subtitle is None:
        subtitle = _profile_subtitle(language, tested=tests is not None)
    n = "–".join(dict.fromkeys(f"{v:.0f}" for v in (counts.min(), counts.max()))) if len(counts) else "0"
    figure, axes = style.new_figure(
        len(structures), len(experiments), width=style.DOUBLE, height=46.0 * len(structures) + 12,
        sharex=True, sharey="row", title=style.say(title, language),
        subtitle=style.say(subtitle, language).replace("{n}", n), language=language,
    )  # fmt: skip
    compared = {e.name: _stated(e, contrasts) for e in experiments}
    lanes = max(map(len, compared.values())) if tests is not None else 0
    for row, structure in enumerate(structures):
        for ax, experiment in zip(axes[row], experiments, strict=True):
            if animals is not None:
                _animal_lines(ax, _slice(animals, structure, experiment.name))
            _mean_lines(ax, _slice(summary, structure, experiment.name), experiment.groups)
            _region_marks(ax, study, language if row == 0 else None)
            ax.tick_params(labelleft=True)
        low, high = axes[row, 0].get_ylim()  # shared by the row, so the room for the bars is made once
        axes[row, 0].set_ylim(low - (_LANE * lanes + 0.02) * (high - low), high)
        if tests is not None:
            for ax, experiment in zip(axes[row], experiments, strict=True):
                rows = _slice(tests, structure, experiment.name)
                _significance(ax, rows, compared[experiment.name], study, language)
        unit = endpoint_unit(f"bmd_{structure}_full", language)
        axes[row, 0].set_ylabel(f"{structure_label(structure, language)} vBMD\n({unit})")
    for column, experiment in enumerate(experiments):
        axes[0, column].set_title(experiment_title(experiment, study, language), pad=14)
        words = ("Position (% of femoral length from the knee)", "大腿骨の位置（膝側からの％）")
        axes[-1, column].set_xlabel(style.text(words, language))
        axes[-1, column].legend(
            handles=style.line_handles(experiment.groups, language), loc="upper center",
            bbox_to_anchor=(0.5, -0.22), ncols=3, handlelength=2.6, borderaxespad=0,
        )  # fmt: skip
    return figure


def femur_drawing(
    cells: pd.DataFrame,
    study: Study,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    contrasts: Sequence[Contrast] | None = None,
) -> Figure:
    """Draw a femur per contrast, its parts coloured by percent difference, numbers where there is a finding.

    Cortex, cancellous space and trabeculae are drawn in the bone, third by third; whole bone is the strip at
    its left; the four squares below it stand for the full length. Parts below the reference are hatched,
    their trabeculae broken, since in grey the two ends of the colour scale are alike.

    Parameters
    ----------
    cells : DataFrame
        As for `density_map`.

    Returns
    -------
    Figure
    """
    contrasts = list(contrasts if contrasts is not None else study.dose_order)
    if not contrasts or cells.empty:
        return style.empty_figure(_NO_CELLS, title, language)
    columns = min(4, len(contrasts))
    rows = -(-len(contrasts) // columns)
    figure, axes = style.new_figure(
        rows, columns, width=style.DOUBLE, height=80.0 * rows, title=style.say(title, language),
        subtitle=style.text(
            ("Colour: percent difference of vBMD; numbers beside the bone where p < 0.10",
             "色：vBMDの差（％）。p < 0.10の部位は骨の横に数値を示す"), language),
        note=style.text("marks", language)
        + style.text(("; hatched or broken: below the reference", "；斜線・破線：対照群より低い"), language),
        language=language,
    )  # fmt: skip
    norm = _norm(cells)
    for ax in axes.flat[len(contrasts) :]:
        ax.set_visible(False)
    for number, (ax, contrast) in enumerate(zip(axes.flat, contrasts, strict=False)):
        _femur(ax, _of(cells, contrast), norm, study, language, names=number == 0)
        ax.set_title(style.contrast_label(contrast.name, language), loc="center")
    bar = figure.colorbar(_mappable(norm), ax=list(axes.flat), shrink=0.7, aspect=26, pad=0.01)
    _dress_bar(bar, language)
    return figure


def content_over_volume(
    regional: pd.DataFrame,
    slice_means: pd.DataFrame,
    study: Study,
    language: str = "en",
    title: str | Sequence[str] = "",
) -> Figure:
    """Draw how far the plain mean of slice densities lies from content over volume, each animal a dot.

    Parameters
    ----------
    regional, slice_means : DataFrame
        Measurements of the same animals and endpoints by the two derivations.

    Returns
    -------
    Figure
    """
    keys = ["animal_id", "experiment", "group", "endpoint"]
    both = regional.merge(slice_means, on=keys, suffixes=("", "_mean"))
    both["percent"] = 100 * (both["value_mean"] / both["value"].where(both["value"] != 0) - 1)
    if both["percent"].isna().all():
        why = ("No slices: there is nothing to average", "スライスがないため，平均できない")
        return style.empty_figure(why, title, language)
    figure, axes = style.new_figure(
        1, len(STRUCTURES), width=style.DOUBLE, height=62.0, sharey=True, title=style.say(title, language),
        subtitle=style.text(
            ("Mean of slice densities minus summed content over summed volume, n = {n} animals",
             "スライス密度の平均と，合計量÷合計体積との差，n = {n}匹"),
            language, n=both["animal_id"].nunique()),
        note=style.text(("Dots: animals; line: median", "点：各個体，横線：中央値"), language),
        language=language,
    )  # fmt: skip
    groups = [g for g in style.groups_in_use() if g in set(both["group"])]
    spread = np.ptp(both["percent"].dropna()) if both["percent"].notna().any() else 1.0
    for ax, structure in zip(axes[0], STRUCTURES, strict=True):
        ax.axhline(0, color=style.LINE, linewidth=0.7, zorder=0)
        for x, region in enumerate(REGIONS):
            cell = both[both["endpoint"].eq(f"bmd_{structure}_{region}")].dropna(subset="percent")
            for lane, group in enumerate(groups):
                values = cell.loc[cell["group"].eq(group), "percent"].to_numpy()
                centre = x + 0.15 * (lane - (len(groups) - 1) / 2)
                steps = style.jitter(values, spread=0.05, width=spread / 60)
                style.dots(ax, centre + steps, values, group, size=2.6)
            if len(cell):
                middle = cell["percent"].median()
                ax.plot([x - 0.42, x + 0.42], [middle, middle], color=style.INK, linewidth=1.0, zorder=4)
        ax.set_xlim(-0.55, len(REGIONS) - 0.45)
        ax.set_xticks(range(len(REGIONS)), [region_name(r, language) for r in REGIONS])
        ax.tick_params(axis="x", length=0, labelsize=6.2)
        ax.set_title(structure_name(structure, language))
    axes[0, 0].set_ylabel(style.text(("Difference (%)", "差（％）"), language))
    axes[0, -1].legend(
        handles=style.group_handles(groups, language),
        loc="upper left",
        bbox_to_anchor=(1, 1),
        borderaxespad=0.3,
    )
    return figure


def _profile_subtitle(language: str, *, tested: bool) -> str:
    words = style.text(
        ("Group means with 95 % intervals, n = {{n}} a group", "群平均と95％信頼区間，各群 n = {{n}}"),
        language,
    ).replace("{{n}}", "{n}")
    bars = (
        "; bars: p < 0.05 (pale: < 0.10) family-wise over the length, max-statistic permutation",
        "；下の帯：全長でファミリーワイズ p < 0.05（淡色：< 0.10），最大統計量の並べ替え検定",
    )
    return words + (style.text(bars, language) if tested else "")


def _of(cells: pd.DataFrame, contrast: Contrast) -> pd.DataFrame:
    chosen = cells[cells["experiment"].eq(contrast.experiment) & cells["contrast"].eq(contrast.name)]
    return chosen.set_index(["structure", "region"])


def _slice(table: pd.DataFrame, structure: str, experiment: str) -> pd.DataFrame:
    return table[table["structure"].eq(structure) & table["experiment"].eq(experiment)]


def _norm(cells: pd.DataFrame) -> Normalize:
    reach = np.nanmax(cells["percent"].abs()) if cells["percent"].notna().any() else 1.0
    bound = max(2.0, float(np.ceil(reach)))
    return Normalize(-bound, bound)


def _mappable(norm: Normalize) -> ScalarMappable:
    return ScalarMappable(norm, DIVERGING)


def _dress_bar(bar: Colorbar, language: str) -> None:
    bar.set_label(style.text(("Difference (% of reference)", "差（対照群に対する％）"), language))
    bar.ax.yaxis.labelpad = 6
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=2)
    bar.ax.yaxis.set_major_formatter(lambda x, _: signed(x, "g"))


def signed(number: float, form: str = ".1f") -> str:
    """Write a number with its sign, a true minus for negative ones."""
    written = format(number, f"+{form}").replace("-", "−")
    return written if any(digit in written for digit in "123456789") else written.lstrip("+−")


def _map_panel(ax: Axes, cells: pd.DataFrame, norm: Normalize, study: Study, language: str) -> None:
    for y, structure in enumerate(STRUCTURES):
        for x, region in enumerate(REGIONS):
            cell = cells.loc[(structure, region)] if (structure, region) in cells.index else None
            if cell is None or not np.isfinite(cell["percent"]):
                ax.add_patch(Rectangle((x, y), 1, 1, facecolor="white", edgecolor=style.LINE, hatch="///"))
                continue
            face = DIVERGING(norm(cell["percent"]))
            ax.add_patch(Rectangle((x, y), 1, 1, facecolor=face, edgecolor="white", linewidth=1.2))
            mark = style.level_mark(cell["level"])
            ink = style.ink_on(face)
            ax.text(
                x + 0.5, y + 0.40, f"{signed(cell['percent'])}{mark}", ha="center", va="center",
                size=style.BASE_SIZE + (0.8 if mark else 0), color=ink, gid="percent",
                **(style.BOLD if mark else {}),
            )  # fmt: skip
            ax.text(
                x + 0.5, y + 0.76, style.format_p_value(cell["p"]), ha="center", va="center", size=6.5,
                color=ink, gid="p",
            )  # fmt: skip
    for structure, region in cells.index:
        if "p_holm" in cells and cells.loc[(structure, region), "p_holm"] < study.thresholds["significant"]:
            x, y = REGIONS.index(region), STRUCTURES.index(structure)
            inset = 0.03
            side = 1 - 2 * inset
            frame = Rectangle((x + inset, y + inset), side, side, fill=False, edgecolor=style.INK, zorder=4)
            frame.set(linewidth=1.3, gid="holm")
            ax.add_patch(frame)
    ax.set_xlim(0, len(REGIONS))
    ax.set_ylim(len(STRUCTURES), 0)
    ax.set_xticks(np.arange(len(REGIONS)) + 0.5, [region_name(r, language) for r in REGIONS])
    ax.set_yticks(np.arange(len(STRUCTURES)) + 0.5, [structure_name(s, language) for s in STRUCTURES])
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def structure_name(structure: str, language: str) -> str:
    """Return the shortest name of a structure, as for a cell or an axis."""
    return structure_label(structure, language, short=language == "en")


def region_name(region: str, language: str) -> str:
    """Return the shortest name of a region, as for a cell or an axis."""
    return region_label(region, language, short=language == "en").capitalize()


def _cell_name(structure: str, region: str, language: str) -> str:
    return style.text(
        ("{structure}, {region}", "{structure}・{region}"), language,
        structure=structure_name(structure, language), region=region_name(region, language).lower(),
    )  # fmt: skip


def _animal_lines(ax: Axes, table: pd.DataFrame) -> None:
    for (_, group), rows in table.groupby(["animal_id", "group"], sort=False):
        ax.plot(
            rows["percent"], rows["density"], color=style.colour(group), linewidth=0.35, alpha=0.35, zorder=1,
            gid="animal",
        )  # fmt: skip


def _mean_lines(ax: Axes, table: pd.DataFrame, groups: Sequence[str]) -> None:
    for group in groups:
        rows = table[table["group"].eq(group)].sort_values("percent")
        ink = style.line_colour(group)
        ax.fill_between(
            rows["percent"], rows["ci_low"], rows["ci_high"], color=style.colour(group), alpha=0.22,
            linewidth=0, zorder=2,
        )  # fmt: skip
        ax.plot(
            rows["percent"], rows["mean"], color=ink, linestyle=style.line_style(group), zorder=3, gid="mean"
        )
    ax.set_xlim(0, 100)


_LANE = 0.12  # height of the lane of one contrast below the curves, in parts of the panel


def _stated(experiment: Experiment, chosen: Mapping[str, Sequence[str]] | None) -> list[Contrast]:
    report = [c.name for c in experiment.report_contrasts]
    names = report if chosen is None else chosen.get(experiment.name, ())
    return [c for c in experiment.contrasts if c.name in names]


def _significance(
    ax: Axes, tests: pd.DataFrame, contrasts: Sequence[Contrast], study: Study, language: str
) -> None:
    for lane, contrast in enumerate(reversed(contrasts)):
        rows = tests[tests["contrast"].eq(contrast.name)].sort_values("percent")
        if rows.empty:
            continue
        y = 0.015 + 0.105 * lane
        at = rows["percent"].to_numpy(float)
        half = float(np.median(np.diff(at))) / 2 if len(at) > 1 else 1.0
        levels = np.array([study.level(p) for p in rows["p"]])
        for level, shade in (("significant", 1.0), ("trend", 0.4)):
            for start, stop in _runs(levels == level):
                bar = Rectangle((at[start] - half, y), at[stop - 1] - at[start] + 2 * half, 0.035)
                bar.set(facecolor=style.line_colour(contrast.case), alpha=shade, linewidth=0, zorder=3)
                bar.set(transform=ax.get_xaxis_transform(), gid=f"bar-{level}")
                ax.add_patch(bar)
        ax.plot([0, 1], [y, y], transform=ax.transAxes, color=style.LINE, linewidth=0.5, zorder=1)
        words = ("{name}: lowest p = {p}", "{name}：最小の p = {p}")
        name = style.contrast_label(contrast.name, language)
        lowest = style.format_p_value(rows["p"].min())
        ax.text(
            0.995, y + 0.04, style.text(words, language, name=name, p=lowest), transform=ax.transAxes,
            ha="right", va="bottom", size=6.5, color=style.QUIET, gid="p",
        )  # fmt: skip


def _runs(hit: np.ndarray) -> list[tuple[int, int]]:
    padded = np.concatenate([[False], hit, [False]]).astype(int)
    change = np.diff(padded)
    return list(zip(np.flatnonzero(change == 1), np.flatnonzero(change == -1), strict=True))


def _region_marks(ax: Axes, study: Study, language: str | None) -> None:
    for region in REGIONS[1:]:
        low, high = (100 * limit for limit in study.regions[region])
        if low > 0:
            ax.axvline(low, color=style.LINE, linewidth=0.5, linestyle=(0, (2, 2)), zorder=0)
        if language:
            ax.text(
                (low + high) / 2, 1.02, region_name(region, language), transform=ax.get_xaxis_transform(),
                ha="center", va="bottom", size=style.SMALL_SIZE, color=style.QUIET,
            )  # fmt: skip


# Outline of a femur, knee at the bottom, y in percent of length, x on the same scale but drawn half again as
# wide, so that the parts inside can be seen.
_OUTLINE = np.array([
    (0, 4.5), (-4, 1.2), (-10, 0.6), (-14.5, 4), (-15, 10), (-12.5, 16), (-10, 24), (-9, 34), (-9, 50),
    (-9.4, 60),
    (-11.5, 66), (-12.6, 70), (-11, 75), (-11.5, 81), (-13.5, 88), (-13, 95), (-9.5, 99.3), (-5.5, 96.5),
    (-3, 91.5), (1, 89), (5, 88.8), (8, 91.5), (9.6, 95.8), (13.5, 98.8), (18.5, 97.8), (21, 93), (19.6, 88),
    (15.5, 85.4), (12, 82), (9.8, 77),
    (9.2, 71), (9, 62), (9, 50), (9, 34), (10, 24), (12.5, 16), (15, 10), (14.5, 4), (10, 0.6), (4, 1.2),
])  # fmt: skip


def _smooth(points: np.ndarray, steps: int = 8) -> np.ndarray:
    """Closed Catmull-Rom curve through `points` (n, 2), as a polygon of n * `steps` corners."""
    p0, p1, p2, p3 = (np.roll(points, shift, axis=0)[:, None, :] for shift in (1, 0, -1, -2))
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    curve = p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    return curve.reshape(-1, 2)


def _inset(outline: np.ndarray) -> np.ndarray:
    """Inner border of the cortex: thick at mid-shaft, thin at the ends."""
    tangent = np.roll(outline, -1, axis=0) - np.roll(outline, 1, axis=0)
    normal = np.column_stack([tangent[:, 1], -tangent[:, 0]]) / np.hypot(*tangent.T)[:, None]
    thickness = 1.9 + 1.9 * np.exp(-(((outline[:, 1] - 52) / 26) ** 2))
    return outline + normal * thickness[:, None]


def _femur(
    ax: Axes, cells: pd.DataFrame, norm: Normalize, study: Study, language: str, *, names: bool
) -> None:
    outer = _smooth(_OUTLINE)
    inner = _inset(outer)
    for region in REGIONS[1:]:
        low, high = (100 * limit for limit in study.regions[region])
        _third(ax, outer, low, high, _fill(cells, norm, "cortical", region), 1)
        _third(ax, inner, low, high, _fill(cells, norm, "cancellous", region), 2)
        broken = _is_lower(cells, "trabecular", region)
        _struts(ax, inner, low, high, _shade(cells, norm, "trabecular", region), broken=broken)
        strip = {"xy": (-25, low + 0.6), "width": 4, "height": high - low - 1.2}
        ax.add_patch(Rectangle(**strip, zorder=2, linewidth=0, **_fill(cells, norm, "whole", region)))
        ax.add_patch(Rectangle(**strip, zorder=2, linewidth=0.5, fill=False, edgecolor=style.QUIET))
        _findings(
            ax, cells, region, (low + high) / 2, language, above_names=names and low < _NAMES_TOP < high
        )
        if low > 0:
            ax.plot([-26, 22], [low, low], color=style.INK, linewidth=0.5, linestyle=(0, (3, 2)), zorder=5)
        if names:
            ax.text(
                -27, (low + high) / 2, region_name(region, language), rotation=90, ha="right", va="center",
                size=style.SMALL_SIZE, color=style.QUIET,
            )  # fmt: skip
    for line in (outer, inner):
        ax.add_patch(Polygon(line, fill=False, edgecolor=style.INK, linewidth=0.7, zorder=4))
    if names:
        _legend_of_parts(ax, language)
    _full_length(ax, cells, norm, language)
    ax.set_xlim(-33, 62)
    ax.set_ylim(-36, 107)
    ax.set_aspect("equal")
    ax.axis("off")


def _shade(cells: pd.DataFrame, norm: Normalize, structure: str, region: str) -> object:
    percent = cells["percent"].get((structure, region), np.nan)
    return DIVERGING(norm(percent)) if np.isfinite(percent) else "white"


def _is_lower(cells: pd.DataFrame, structure: str, region: str) -> bool:
    """Tell whether this part is below the reference by what would be written as -0.1 % or less."""
    return bool(cells["percent"].get((structure, region), np.nan) <= -0.05)


def _fill(cells: pd.DataFrame, norm: Normalize, structure: str, region: str) -> dict[str, object]:
    hatch = "//////" if _is_lower(cells, structure, region) else None
    fill = {"facecolor": _shade(cells, norm, structure, region), "edgecolor": style.QUIET}
    return fill | {"hatch": hatch, "hatch_linewidth": 0.35}


def _third(ax: Axes, shape: np.ndarray, low: float, high: float, fill: Mapping, order: float) -> None:
    mask = Polygon(shape, transform=ax.transData)
    part = Rectangle((-30, low), 60, high - low, linewidth=0, zorder=order, **fill)
    ax.add_patch(part)
    part.set_clip_path(mask.get_path(), mask.get_transform())


def _struts(ax: Axes, shape: np.ndarray, low: float, high: float, colour: object, *, broken: bool) -> None:
    """Draw trabeculae: crossing arches, dense at the ends of the bone and few along the shaft."""
    mask = Polygon(shape, transform=ax.transData)
    across = np.linspace(-30, 30, 60)
    heights = [y for y in _STRUT_HEIGHTS if low <= y < high]
    for number, y in enumerate(heights):
        slope = 0.55 if number % 2 else -0.55
        line = y + slope * across
        inside = (line >= low + 0.8) & (line <= high - 0.8)
        for width, ink in ((3.1, style.QUIET), (2.5, colour)):
            strut = {"color": ink, "linewidth": width, "zorder": 3, "solid_capstyle": "butt", "gid": "strut"}
            if broken:
                strut |= {"linestyle": "--", "dashes": (1.5 * 2.5 / width, 0.5 * 2.5 / width)}
            drawn = ax.plot(across[inside], line[inside], **strut)[0]
            drawn.set_clip_path(mask.get_path(), mask.get_transform())


_STRUT_HEIGHTS = (3, 7, 11, 15, 19, 23, 28, 30, 39, 41, 49, 51, 59, 61, 70, 72, 77, 81, 85, 89, 93, 97)


_NAMES_TOP = 47.5  # above the names of the parts, in percent of the length


def _findings(
    ax: Axes, cells: pd.DataFrame, region: str, y: float, language: str, *, above_names: bool = False
) -> None:
    lines = []
    for structure in STRUCTURES:
        if (structure, region) in cells.index:
            cell = cells.loc[(structure, region)]
            if mark := style.level_mark(cell["level"]):
                lines.append(f"{structure_name(structure, language)} {signed(cell['percent'])} %{mark}")
    if lines:
        above = above_names and len(lines) > 1  # several lines round the middle would reach the names
        ax.text(
            24, _NAMES_TOP if above else y, "\n".join(lines), ha="left", va="bottom" if above else "center",
            size=style.SMALL_SIZE, linespacing=1.35,
            gid="finding",
        )  # fmt: skip


def _legend_of_parts(ax: Axes, language: str) -> None:
    parts = (
        (("cortex", "皮質骨"), (7.6, 44), 44),
        (("cancellous space", "海綿骨"), (3.2, 36.5), 38),
        (("trabeculae", "骨梁"), (0.0, 30), 32),
    )
    for words, target, y in parts:
        ax.annotate(
            style.text(words, language), target, xytext=(24, y), ha="left", va="center",
            size=style.SMALL_SIZE, color=style.QUIET, zorder=6,
            arrowprops={"arrowstyle": "-", "color": style.INK, "linewidth": 0.5, "shrinkA": 1, "shrinkB": 0},
        )  # fmt: skip
    ax.text(
        -25, 101.5, structure_label("whole", language), ha="left", va="bottom", size=style.SMALL_SIZE,
        color=style.QUIET,
    )  # fmt: skip


def _full_length(ax: Axes, cells: pd.DataFrame, norm: Normalize, language: str) -> None:
    small = {"ha": "left", "va": "center", "size": style.SMALL_SIZE}
    ax.text(-25, -6, region_label("full", language).capitalize(), color=style.QUIET, **small)
    for number, structure in enumerate(STRUCTURES):
        y = -13 - 6.6 * number
        square = {"xy": (-25, y - 2.3), "width": 4.6, "height": 4.6}
        ax.add_patch(Rectangle(**square, linewidth=0, **_fill(cells, norm, structure, "full")))
        ax.add_patch(Rectangle(**square, linewidth=0.5, fill=False, edgecolor=style.QUIET))
        if (structure, "full") not in cells.index:
            continue
        cell = cells.loc[(structure, "full")]
        mark = style.level_mark(cell["level"])
        ax.text(
            -18.5, y, f"{structure_name(structure, language)} {signed(cell['percent'])} %{mark}",
            color=style.INK if mark else style.QUIET, gid="full", **small,
        )  # fmt: skip
