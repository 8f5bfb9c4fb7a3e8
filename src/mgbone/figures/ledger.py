"""The report held against the data: the verdict map, dose-response, and what each dose did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from mgbone.dictionary import endpoint_label, says_again
from mgbone.figures import style
from mgbone.figures.forest import AXES, AXIS_NAMES, axis_of, row_label
from mgbone.study import Contrast, Study

# Colour and symbol say the same; in grey the colours differ by lightness (93, 86, 42, white with hatching).
VERDICTS: Mapping[str, tuple[str, str]] = {
    "reproduced": ("#dceee6", "✓"),
    "direction_only": ("#f4d58a", "≈"),
    "contradicted": ("#b23a2c", "✗"),
    "not_tested": ("#ffffff", "?"),
}
_ARGUMENT = ("intake", "status", "minerals", "formation", "resorption", "density", "transcriptome")
_GAP = 0.45
_ARROWS: Mapping[tuple[str, bool], str] = {
    ("up", True): "▲", ("down", True): "▼", ("up", False): "△", ("down", False): "▽",
}  # fmt: skip


def verdict_map(
    verdicts: pd.DataFrame,
    study: Study,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    subtitle: str | Sequence[str] | None = None,
) -> Figure:
    """Draw every statement of the ledger as a cell: what was reported, what was observed, and the verdict.

    Rows are endpoints, columns doses. In a cell the left sign is the report's, the middle one that of the
    data, and the right one the verdict, which also colours the cell. Signs that follow only from "no other
    effect was seen" are grey.

    Parameters
    ----------
    verdicts : DataFrame
        claim_id, experiment, domain, endpoint, contrast, direction, level, implied, observed_direction,
        observed_level, verdict.

    Returns
    -------
    Figure
    """
    if verdicts.empty:
        why = ("There is no ledger of statements for this study", "この研究には記述の台帳がない")
        return style.empty_figure(why, title, language)
    blocks = [
        [e for e in _ordered(verdicts) if axis_of(e) != "density"],
        [e for e in _ordered(verdicts) if axis_of(e) == "density"],
    ]
    columns = _columns(verdicts, study)
    places = [_rows(block, split=_split_of(block)) for block in blocks]
    overall = verdicts[verdicts["contrast"].eq("dose_order")]
    if len(overall):
        places[0] = {**places[0], "dose_order": max(places[0].values(), default=-1) + 1 + _GAP}
    depth = max([y for place in places for y in place.values()], default=0) + 1
    used = [_used(columns, verdicts, block) for block in blocks]
    figure, _ = style.new_figure(
        0, 0, width=style.DOUBLE, height=5.4 * (depth + 1.6) + 20, title=style.say(title, language),
        subtitle=_tally(verdicts, language) if subtitle is None else style.say(subtitle, language),
        note=_map_note(columns, language), language=language,
    )  # fmt: skip
    grid = figure.add_gridspec(
        2, 2, width_ratios=[max(1, len(u)) + 0.001 for u in used], height_ratios=[depth + 1.6, 3.2]
    )
    for number, (place, block_columns) in enumerate(zip(places, used, strict=True)):
        ax = figure.add_subplot(grid[0, number])
        _block(ax, verdicts, place, block_columns, depth, language)
    _key(figure.add_subplot(grid[1, :]), language)
    return figure


def dose_response(
    doses: pd.DataFrame,
    endpoints: Sequence[str],
    study: Study,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    animals: pd.DataFrame | None = None,
    reported: pd.DataFrame | None = None,
    shapes: pd.DataFrame | None = None,
    columns: int = 4,
) -> Figure:
    """Draw dietary Mg against endpoints as percent of the reference group of the same experiment.

    Parameters
    ----------
    doses : DataFrame
        endpoint, group, dietary_mg_percent, percent, ci_low, ci_high, level (`integration.dose_response`).
    endpoints : sequence of str
        Panels, in reading order; those without a row in `doses` are left out.
    animals : DataFrame, optional
        endpoint, group, dietary_mg_percent, percent: each animal (`integration.percent_of_reference`).
    reported : DataFrame, optional
        endpoint, dietary_mg_percent, percent: values that the report states, as open diamonds.
    shapes : DataFrame, optional
        endpoint, p_one_way, p_peak, shape (`mgbone.shapes.dose_shapes`): both p stand in the panel, that of
        the shape better supported in black.

    Returns
    -------
    Figure
    """
    endpoints = [e for e in endpoints if doses["endpoint"].eq(e).any()]
    if not endpoints:
        why = (
            "No endpoint was measured at any of the doses.",
            "いずれの用量でも測定された項目がありません。",
        )
        return style.empty_figure(why, title, language)
    columns = min(columns, len(endpoints))
    rows = -(-len(endpoints) // columns)
    note = style.text(
        ("Dots: animals; black: mean, 95 % interval of the difference; dashed: reference group",
         "点：各個体，黒：平均と差の95％信頼区間，破線：対照群"), language)  # fmt: skip
    if reported is not None and len(reported):
        note += style.text(("; open diamond: value in the report", "，白抜き菱形：報告書の値"), language)
    if shapes is not None and len(shapes):
        words = ("; p of two tests: one way with the dose, peak at {dose} (black: supported)",
                 "；2つの検定のp：用量順と{dose}での最大（黒：支持される方）")  # fmt: skip
        note += style.text(words, language, dose=style.narrow_label(study.dose_order[0].case, language))
    experiments = len({c.experiment for c in study.dose_order})
    apart = (
        ("Two experiments, each against its own reference, not joined by a line: {pairs}",
         "2実験はそれぞれの対照群に対する％で示し，線で結ばない：{pairs}")
        if experiments == 2 else
        ("Each dose against the reference of its own experiment: {pairs}",
         "各用量をその実験の対照群に対する％で示す：{pairs}")
    )  # fmt: skip
    figure, axes = style.new_figure(
        rows, columns, width=style.DOUBLE, height=46.0 * rows, sharex=True, title=style.say(title, language),
        subtitle=style.text(apart, language, pairs=_against(study, language)),
        note=f"{note}{'; ' if language == 'en' else '，'}{style.text('marks', language)}", language=language,
    )  # fmt: skip
    for ax, endpoint in zip(axes.flat, endpoints, strict=False):
        _dose_panel(ax, endpoint, doses, animals, reported, study)
        ax.set_title(row_label(endpoint, language))
        if shapes is not None and (shapes["endpoint"] == endpoint).any():
            _shape_words(ax, shapes[shapes["endpoint"] == endpoint].iloc[0], language)
    for ax in axes.flat[len(endpoints) :]:
        ax.set_visible(False)
    for number, ax in enumerate(axes.flat[: len(endpoints)]):
        if number % columns == 0:
            ax.set_ylabel(style.text(("% of reference", "対照群に対する％"), language))
        if number + columns >= len(endpoints):
            ax.tick_params(labelbottom=True)
            ax.set_xlabel(style.text(("Mg in diet (%)", "飼料Mg（％）"), language))
    return figure


def per_dose(
    evidence: pd.DataFrame,
    study: Study,
    language: str = "en",
    title: str | Sequence[str] = "",
) -> Figure:
    """Draw what each dose did in the report's order of argument: one column per dose, one row per axis.

    Findings stand with arrow, size and mark, significant ones filled and bold, trends hollow; what did not
    differ is named in grey below them. Intake is also held against the study's other references, since a diet
    that is eaten less is the reason to feed in pairs, and what does not differ from the reference against the
    milder diets of its experiment.

    Parameters
    ----------
    evidence : DataFrame
        All parts of the study: experiment, endpoint, contrast, estimate, mean_reference, p, level, direction.

    Returns
    -------
    Figure
    """
    if not study.dose_order or evidence.empty:
        why = ("Nothing was measured at any dose.", "どの用量でも測定値がありません。")
        return style.empty_figure(why, title, language)
    cells = {
        (axis, c.name): _cell_lines(evidence, axis, c, study, language)
        for axis in _ARGUMENT
        for c in study.dose_order
    }
    heights = [max(1, *(len(cells[axis, c.name]) for c in study.dose_order)) for axis in _ARGUMENT]
    total = sum(heights) + 0.9 * len(_ARGUMENT)
    figure, axes = style.new_figure(
        1, 1, width=style.DOUBLE, height=4.3 * total + 12, title=style.say(title, language),
        subtitle=style.text(
            ("Change of the mean in percent of the reference group; bold: p < 0.05, hollow arrow: trend, "
             "grey: no difference found",
             "数値は対照群の平均に対する変化（％），太字：p < 0.05，白抜き矢印：傾向，灰色：差なし"),
            language),
        note=style.text("marks", language), language=language,
    )  # fmt: skip
    ax = axes[0, 0]
    ax.set_xlim(0, 1)
    ax.set_ylim(total + 0.2, -2.0)
    ax.axis("off")
    left = 0.15
    width = (1 - left) / len(study.dose_order)
    for number, contrast in enumerate(study.dose_order):
        x = left + number * width
        fill = style.colour(contrast.case)
        shape = "round,pad=0,rounding_size=0.008"
        box = FancyBboxPatch((x + 0.006, -1.75), width - 0.018, 1.35, boxstyle=shape)
        box.set(facecolor=fill, linewidth=0, mutation_aspect=total)
        ax.add_patch(box)
        name = style.contrast_label(contrast.name, language)
        room = (width - 0.03) * 0.92 * style.DOUBLE * style.MM * 72
        size = min(style.BASE_SIZE + 0.5, style.BASE_SIZE * room / style.text_width(name, style.BASE_SIZE))
        ax.text(
            x + width / 2 - 0.003, -1.08, name, ha="center", va="center", size=size,
            color=style.ink_on(fill),
        )  # fmt: skip
    y = 0.0
    for axis, height in zip(_ARGUMENT, heights, strict=True):
        ax.plot([0, 0.99], [y - 0.15, y - 0.15], color=style.LINE, linewidth=0.6)
        name = style.text(AXIS_NAMES[axis], language)
        ax.text(0, y + 0.55, name, size=style.BASE_SIZE, va="center", **_bold(language))
        for number, contrast in enumerate(study.dose_order):
            for line, (words, ink, sure) in enumerate(cells[axis, contrast.name]):
                fits = (
                    (width - 0.012)
                    * 0.9
                    * style.DOUBLE
                    * style.MM
                    * 72
                    / style.text_width(words, style.SMALL_SIZE)
                )
                size = style.SMALL_SIZE * (min(1.0, fits) if len(study.dose_order) > 3 else 1.0)
                written = ax.text(
                    left + number * width + 0.008, y + 0.55 + line, words, size=size, color=ink,
                    va="center", gid="finding", **(_bold(language) if sure else {}),
                )  # fmt: skip
                if sure and language == "ja":  # the Japanese font has no bold face
                    written.set_path_effects([patheffects.withStroke(linewidth=0.3, foreground=ink)])
        y += height + 0.9
    return figure


def _against(study: Study, language: str) -> str:
    """Name every dose with the reference that it is held against, doses of one reference together."""
    cases: dict[tuple[str, str], list[str]] = {}
    for contrast in study.dose_order:
        label = style.group_label(contrast.case, language, short=True)
        cases.setdefault((contrast.experiment, contrast.reference), []).append(label)
    pair, comma, stop = (
        ("{case} vs {reference}", ", ", "; ") if language == "en" else ("{case} 対 {reference}", "・", "，")
    )
    return stop.join(
        pair.format(case=comma.join(names), reference=style.group_label(reference, language, short=True))
        for (_, reference), names in cases.items()
    )


def _shape_words(ax: Axes, row: pd.Series, language: str) -> None:
    for y, shape, words in (
        (0.115, "one_way", ("one way: {p}", "用量順：{p}")),
        (0.02, "peak", ("peak: {p}", "最大：{p}")),
    ):
        p = style.format_p(row[f"p_{shape}"])
        label = ax.text(
            0.02, y, style.text(words, language, p=p), transform=ax.transAxes, size=6.3,
            color=style.INK if row["shape"] == shape else "#767676", ha="left", va="bottom", gid="p",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.4},
        )  # fmt: skip
        label.set_in_layout(False)


def _used(
    columns: Sequence[tuple[str, ...]], verdicts: pd.DataFrame, block: Sequence[str]
) -> list[tuple[str, ...]]:
    return [c for c in columns if _of_column(verdicts, c)["endpoint"].isin(list(block)).any()]


def _tally(verdicts: pd.DataFrame, language: str) -> str:
    counts = verdicts["verdict"].value_counts()
    parts = [f"{style.text(v, language)} {VERDICTS[v][1]} {counts[v]}" for v in VERDICTS if v in counts]
    words = ("{n} statements of the report: {rest}", "報告書の記述 {n}件：{rest}")
    return style.text(words, language, n=len(verdicts), rest=_comma(language).join(parts))


def _map_note(columns: Sequence[tuple[str, ...]], language: str) -> str:
    words = (
        "In a cell, left: the report (grey: implied by it), middle: these data, right: the verdict",
        "各欄の左：報告書（灰色は言外の「差なし」），中：本データ，右：判定",
    )
    others = {name.partition("_vs_")[2] for column in columns for name in column[1:]}
    names = _comma(language).join(style.group_label(g, language) for g in sorted(others))
    extra = ("; a: against {names}", "，a：{names}との比較")
    return style.text(words, language) + (style.text(extra, language, names=names) if others else "")


def _comma(language: str) -> str:
    return ", " if language == "en" else "，"


def _map_label(endpoint: str, language: str) -> str:
    special = {
        "dose_order": ("Serum Mg, order of doses", "血清Mgの用量順"),
        "array_clustering": ("Clustering of arrays", "アレイのクラスター"),
    }
    return style.text(special[endpoint], language) if endpoint in special else row_label(endpoint, language)


def _bold(language: str) -> dict[str, object]:
    return dict(style.BOLD) if language == "en" else {}


def _ordered(verdicts: pd.DataFrame) -> list[str]:
    present = verdicts.loc[verdicts["contrast"].ne("dose_order"), "endpoint"].drop_duplicates()
    biochemistry = [e for members in AXES.values() for e in members]
    rank = {e: i for i, e in enumerate(biochemistry)}
    return sorted(present, key=lambda e: rank.get(e, len(rank)))


def _split_of(block: Sequence[str]) -> Mapping[str, str]:
    """What a gap separates: the axes of the argument, and among densities the structures."""
    return {e: e.split("_")[1] if axis_of(e) == "density" else axis_of(e) for e in block}


def _rows(block: Sequence[str], split: Mapping[str, str]) -> dict[str, float]:
    places, y, before = {}, 0.0, None
    for endpoint in block:
        if before is not None and split[endpoint] != before:
            y += _GAP
        places[endpoint] = y
        y, before = y + 1, split[endpoint]
    return places


def _columns(verdicts: pd.DataFrame, study: Study) -> list[tuple[str, ...]]:
    """Contrasts by column: each dose against its own reference, its other contrasts where there is room."""
    columns = [[c.name] for c in study.dose_order]
    for contrast in study.contrasts:
        claimed = set(verdicts.loc[verdicts["contrast"].eq(contrast.name), "endpoint"])
        if not claimed or [contrast.name] in columns or any(contrast.name in c for c in columns):
            continue
        home = next((c for c in columns if c[0].startswith(f"{contrast.case}_vs_")), None)
        taken = set(verdicts.loc[verdicts["contrast"].isin(home or []), "endpoint"])
        if home is not None and not claimed & taken:
            home.append(contrast.name)
        else:
            columns.append([contrast.name])
    return [tuple(c) for c in columns]


def _of_column(verdicts: pd.DataFrame, column: Sequence[str]) -> pd.DataFrame:
    return verdicts[verdicts["contrast"].isin(list(column))]


def _block(
    ax: Axes,
    verdicts: pd.DataFrame,
    places: Mapping[str, float],
    columns: Sequence[tuple[str, ...]],
    depth: float,
    language: str,
) -> None:
    for x, column in enumerate(columns):
        for row in _of_column(verdicts, column).to_dict("records"):
            if row["endpoint"] in places:
                other = row["contrast"] != column[0]
                _cell(ax, x, places[row["endpoint"]], 1, row, other=other)
    for row in verdicts[verdicts["contrast"].eq("dose_order")].to_dict("records"):
        if "dose_order" in places:
            _cell(ax, 0, places["dose_order"], len(columns), row, other=False)
    ax.set_xlim(0, max(1, len(columns)))
    ax.set_ylim(depth, -1.6)
    ax.set_yticks([y + 0.5 for y in places.values()], [_map_label(e, language) for e in places])
    ax.set_xticks([])
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    for x, column in enumerate(columns):
        case, _, reference = column[0].partition("_vs_")
        words = style.text(("{case}\nvs {reference}", "{case}\n対 {reference}"), language,
                           case=style.narrow_label(case, language),
                           reference=style.narrow_label(reference, language))  # fmt: skip
        ax.text(x + 0.5, -0.18, words, ha="center", va="bottom", size=style.SMALL_SIZE, linespacing=1.25)


def _cell(ax: Axes, x: float, y: float, width: float, row: Mapping[str, object], *, other: bool) -> None:
    verdict = str(row["verdict"])
    fill, symbol = VERDICTS[verdict]
    pad_x, pad_y = 0.025, 0.05
    patch = Rectangle((x + pad_x, y + pad_y), width - 2 * pad_x, 1 - 2 * pad_y, facecolor=fill)
    patch.set(linewidth=0, gid=f"claim-{row['claim_id']}")
    if verdict == "not_tested":
        patch.set(edgecolor=style.LINE, linewidth=0.6, hatch="////")
    ax.add_patch(patch)
    ink = style.ink_on(fill)
    middle = x + width / 2
    implied = str(row.get("implied", "no")).lower() in ("yes", "true")
    quiet = "#8f8f8f" if ink != "white" else "#e9c9c4"
    _glyph(ax, middle - 0.26, y + 0.5, row["direction"], row["level"], quiet if implied else ink, fill)
    _glyph(ax, middle + 0.02, y + 0.5, row.get("observed_direction"), row.get("observed_level"), ink, fill)
    ax.text(middle + 0.30, y + 0.52, symbol, ha="center", va="center", size=style.SMALL_SIZE + 0.5, color=ink,
            gid="verdict")  # fmt: skip
    if other:
        ax.text(x + width - 0.045, y + 0.3, "a", ha="right", va="center", size=6, color=ink)


def _glyph(ax: Axes, x: float, y: float, direction: object, level: object, ink: str, fill: str) -> None:
    """Draw a finding as a sign: arrow, filled (significant) or hollow (trend), dash (none), array signs."""
    sign = {"linestyle": "none", "color": ink, "markeredgewidth": 0.9, "markersize": 5, "gid": "glyph"}
    if not isinstance(level, str):
        ax.text(x, y, "?", ha="center", va="center", size=style.SMALL_SIZE, color=ink)
    elif level in ("significant", "trend"):
        shape = "^" if direction == "up" else "v"
        face = ink if level == "significant" else fill
        ax.plot([x], [y], marker=shape, markerfacecolor=face, **sign)
    elif level == "none":
        ax.plot([x], [y], marker="_", **{**sign, "markersize": 6})
    elif level == "separated":
        for dx, face in ((-0.055, ink), (0.055, fill)):
            ax.plot([x + dx], [y], marker="o", markerfacecolor=face, **{**sign, "markersize": 4})
    elif level == "mixed":
        ax.plot([x], [y], marker="o", fillstyle="left", markerfacecoloralt=fill, **sign)
    elif level == "monotonic":
        steps = np.array([-0.08, -0.03, -0.03, 0.03, 0.03, 0.08])
        heights = np.array([0.22, 0.22, 0.0, 0.0, -0.22, -0.22]) * (-1 if direction == "down" else 1)
        ax.plot(x + steps, y + heights, color=ink, linewidth=1.1, gid="glyph")
    else:
        ax.plot([x], [y], marker="x", **sign)


def _key(ax: Axes, language: str) -> None:
    """Explain the signs and the colours below the map."""
    ax.axis("off")
    step = 2.3  # columns of the key, in widths of a cell
    ax.set_xlim(0, 4 * step)
    ax.set_ylim(3, 0)
    signs = (
        ("up", "significant", ("higher, p < 0.05", "上昇，p < 0.05")),
        ("up", "trend", ("higher, p < 0.10", "上昇傾向，p < 0.10")),
        ("down", "significant", ("lower, p < 0.05", "低下，p < 0.05")),
        ("down", "trend", ("lower, p < 0.10", "低下傾向，p < 0.10")),
        ("none", "none", ("no difference", "差なし")),
        ("none", "separated", ("arrays by group", "アレイが群ごとに分離")),
        ("none", "mixed", ("arrays mixed", "アレイが混在")),
        ("down", "monotonic", ("step by step with the diet", "用量に従い段階的")),
    )
    for number, (direction, level, words) in enumerate(signs):
        x, y = step * (number % 4), 0.45 + number // 4
        _glyph(ax, x + 0.17, y, direction, level, style.INK, "white")
        ax.text(x + 0.4, y, style.text(words, language), va="center", size=style.SMALL_SIZE)
    for number, (verdict, (fill, symbol)) in enumerate(VERDICTS.items()):
        x = step * number
        patch = Rectangle((x + 0.03, 2.05), 0.28, 0.8, facecolor=fill, linewidth=0.4, edgecolor=style.LINE)
        if verdict == "not_tested":
            patch.set_hatch("////")
        ax.add_patch(patch)
        ink = style.ink_on(fill)
        ax.text(x + 0.17, 2.47, symbol, ha="center", va="center", size=style.SMALL_SIZE, color=ink)
        ax.text(x + 0.4, 2.47, style.text(verdict, language), va="center", size=style.SMALL_SIZE)


def _dose_panel(
    ax: Axes,
    endpoint: str,
    doses: pd.DataFrame,
    animals: pd.DataFrame | None,
    reported: pd.DataFrame | None,
    study: Study,
) -> None:
    mg = [study.groups[c.case].dietary_mg_percent for c in study.dose_order]
    by_contrast = {c.name: x for x, c in enumerate(study.dose_order, start=1)}
    by_dose = {dose: x for x, dose in reversed(list(enumerate(mg, start=1)))}
    ax.axhline(100, color=style.QUIET, linewidth=0.7, linestyle=(0, (4, 2)), zorder=0)
    table = doses[doses["endpoint"].eq(endpoint)]
    seen = animals[animals["endpoint"].eq(endpoint)] if animals is not None else None
    spread = np.ptp(seen["percent"].dropna()) if seen is not None and seen["percent"].notna().any() else 1.0
    for row in table.to_dict("records"):
        x = by_contrast.get(row.get("contrast"), by_dose[row["dietary_mg_percent"]])
        if seen is not None:
            values = seen.loc[seen["group"].eq(row["group"]), "percent"].dropna().to_numpy()
            steps = style.jitter(values, spread=0.22, width=spread / 18)
            style.dots(ax, x - 0.14 + steps, values, row["group"], size=3.4)
        black = {"color": style.INK, "zorder": 4}
        ax.plot([x + 0.26] * 2, [row["ci_low"], row["ci_high"]], linewidth=0.9, **black)
        ax.plot([x + 0.26], [row["percent"]], marker="_", markersize=7, markeredgewidth=1.4, **black)
        if mark := style.level_mark(row["level"]):
            ax.annotate(
                mark, (x + 0.26, row["ci_high"]), xytext=(0, 1), textcoords="offset points", ha="center",
                va="bottom", size=style.BASE_SIZE, gid="mark",
            )  # fmt: skip
    if reported is not None:
        for row in reported[reported["endpoint"].eq(endpoint)].to_dict("records"):
            ax.plot(
                [by_dose[row["dietary_mg_percent"]] + 0.42], [row["percent"]], marker="D", markersize=4.2,
                markerfacecolor="white", markeredgecolor=style.INK, markeredgewidth=0.9, linestyle="none",
                zorder=5, gid="reported",
            )  # fmt: skip
    experiments = [c.experiment for c in study.dose_order]
    for x, (before, after) in enumerate(pairwise(experiments), start=1):
        if before != after:
            ax.axvline(x + 0.58, color=style.LINE, linewidth=0.6, zorder=0)
    ax.set_xlim(0.45, len(mg) + 0.62)
    labels = [f"{dose:g}" for dose in mg]
    ax.set_xticks(range(1, len(mg) + 1), labels)
    style.turn_crowded(ax, labels, 60 / len(mg))
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.26 * (high - low), high + 0.07 * (high - low))  # room for words and marks


def _cell_lines(
    evidence: pd.DataFrame, axis: str, contrast: Contrast, study: Study, language: str
) -> list[tuple[str, str, bool]]:
    """Words, ink and whether it is significant, for each line of a cell."""
    here = _of_axis(evidence, axis, contrast)
    lines, without = [], []
    for row in here.to_dict("records"):
        name = endpoint_label(row["endpoint"], language, short=axis != "transcriptome")
        level = row["level"]
        if level == "separated":
            words = ("Arrays cluster by group", "アレイは群ごとに分離")
            lines.append((style.text(words, language), style.INK, True))
        elif level == "mixed":
            words = ("Arrays do not cluster by group", "アレイは群ごとに分かれない")
            lines.append((style.text(words, language), _GREY, False))
        elif style.level_mark(level):
            lines.append(_finding(row, name))
        elif isinstance(level, str):
            without.append(name)
    lines += _against_others(evidence, axis, contrast, study, language)
    if len(without) > 5:
        several = ("{n} others: no difference", "他{n}項目：差なし") if lines else (
            "All {n}: no difference", "{n}項目すべて差なし")  # fmt: skip
        lines.append((style.text(several, language, n=len(without)), _GREY, False))
    elif axis == "transcriptome":
        lines += [(f"– {name}", _GREY, False) for name in without]
    elif without:
        lines.append((f"– {_comma(language).join(without)}", _GREY, False))
    return lines or [(style.text("not_tested", language), _GREY, False)]


def _of_axis(evidence: pd.DataFrame, axis: str, contrast: Contrast) -> pd.DataFrame:
    here = evidence[evidence["experiment"].eq(contrast.experiment) & evidence["contrast"].eq(contrast.name)]
    return here[[axis_of(e) == axis and not says_again(e) for e in here["endpoint"]]]


def _finding(row: Mapping[str, object], name: str, against: str = "") -> tuple[str, str, bool]:
    sure = row["level"] == "significant"
    arrow = _ARROWS[str(row["direction"]), sure]
    ink = style.UP if row["direction"] == "up" else style.DOWN
    return f"{arrow} {name}{_change(row)}{against} {style.level_mark(row['level'])}", ink, sure


def _against_others(
    evidence: pd.DataFrame, axis: str, contrast: Contrast, study: Study, language: str
) -> list[tuple[str, str, bool]]:
    """Findings for the same diet against the other groups of its experiment.

    Of a reference only those on intake; of a milder diet those on what does not differ from the reference,
    which would otherwise pass for untouched.
    """
    here = _of_axis(evidence, axis, contrast)
    found = set(here.loc[[bool(style.level_mark(level)) for level in here["level"]], "endpoint"])
    lines = []
    for other in study.experiments[contrast.experiment].contrasts:
        if other.case != contrast.case or other.name == contrast.name:
            continue
        against = style.text((" (vs {name})", "（対 {name}）"), language,
                             name=style.narrow_label(other.reference, language))  # fmt: skip
        milder = _is_dose(other.reference, study)
        lines += [
            _finding(row, endpoint_label(row["endpoint"], language, short=True), against)
            for row in _of_axis(evidence, axis, other).to_dict("records")
            if row["level"] in ("significant", "trend")
            and (row["endpoint"] not in found if milder else row["endpoint"] == "food_intake")
        ]
    return lines


def _is_dose(group: str, study: Study) -> bool:
    return group in {contrast.case for contrast in study.dose_order}


def _change(row: Mapping[str, object]) -> str:
    """Change in percent of the reference mean, empty where there is none (gene sets)."""
    mean, estimate = row.get("mean_reference"), row.get("estimate")
    if mean is None or estimate is None or not np.isfinite(mean) or not np.isfinite(estimate) or mean == 0:
        return ""
    return f" {100 * estimate / mean:+.0f} %".replace("-", "−")


_GREY = "#767676"
