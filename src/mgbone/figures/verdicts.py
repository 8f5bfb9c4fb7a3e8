"""The report held against the data: the verdict map, dose-response, and what each dose did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mgbone.figures import canvas, look
from mgbone.figures.look import _comma
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.naming import AXES, VERDICTS, axis_of, row_label

_GAP = 0.45


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
        return canvas.empty_figure(why, title, language)
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
    figure, _ = canvas.new_figure(
        0, 0, width=look.DOUBLE, height=5.4 * (depth + 1.6) + 20, title=naming.say(title, language),
        subtitle=_tally(verdicts, language) if subtitle is None else naming.say(subtitle, language),
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


def _used(
    columns: Sequence[tuple[str, ...]], verdicts: pd.DataFrame, block: Sequence[str]
) -> list[tuple[str, ...]]:
    return [c for c in columns if _of_column(verdicts, c)["endpoint"].isin(list(block)).any()]


def _tally(verdicts: pd.DataFrame, language: str) -> str:
    counts = verdicts["verdict"].value_counts()
    parts = [f"{naming.text(v, language)} {VERDICTS[v][1]} {counts[v]}" for v in VERDICTS if v in counts]
    words = ("{n} statements of the report: {rest}", "報告書の記述 {n}件：{rest}")
    return naming.text(words, language, n=len(verdicts), rest=_comma(language).join(parts))


def _map_note(columns: Sequence[tuple[str, ...]], language: str) -> str:
    words = (
        "In a cell, left: the report (grey: implied by it), middle: these data, right: the verdict",
        "各欄の左：報告書（灰色は言外の「差なし」），中：本データ，右：判定",
    )
    others = {name.partition("_vs_")[2] for column in columns for name in column[1:]}
    names = _comma(language).join(naming.group_label(g, language) for g in sorted(others))
    extra = ("; a: against {names}", "，a：{names}との比較")
    return naming.text(words, language) + (naming.text(extra, language, names=names) if others else "")


def _map_label(endpoint: str, language: str) -> str:
    special = {
        "dose_order": ("Serum Mg, order of doses", "血清Mgの用量順"),
        "array_clustering": ("Clustering of arrays", "アレイのクラスター"),
    }
    return naming.text(special[endpoint], language) if endpoint in special else row_label(endpoint, language)


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
        words = naming.text(("{case}\nvs {reference}", "{case}\n対 {reference}"), language,
                           case=naming.narrow_label(case, language),
                           reference=naming.narrow_label(reference, language))  # fmt: skip
        ax.text(x + 0.5, -0.18, words, ha="center", va="bottom", size=look.SMALL_SIZE, linespacing=1.25)


def _cell(ax: Axes, x: float, y: float, width: float, row: Mapping[str, object], *, other: bool) -> None:
    verdict = str(row["verdict"])
    fill, symbol = VERDICTS[verdict]
    pad_x, pad_y = 0.025, 0.05
    patch = Rectangle((x + pad_x, y + pad_y), width - 2 * pad_x, 1 - 2 * pad_y, facecolor=fill)
    patch.set(linewidth=0, gid=f"claim-{row['claim_id']}")
    if verdict == "not_tested":
        patch.set(edgecolor=look.LINE, linewidth=0.6, hatch="////")
    ax.add_patch(patch)
    ink = look.ink_on(fill)
    middle = x + width / 2
    implied = str(row.get("implied", "no")).lower() in ("yes", "true")
    quiet = "#8f8f8f" if ink != "white" else "#e9c9c4"
    _glyph(ax, middle - 0.26, y + 0.5, row["direction"], row["level"], quiet if implied else ink, fill)
    _glyph(ax, middle + 0.02, y + 0.5, row.get("observed_direction"), row.get("observed_level"), ink, fill)
    ax.text(middle + 0.30, y + 0.52, symbol, ha="center", va="center", size=look.SMALL_SIZE + 0.5, color=ink,
            gid="verdict")  # fmt: skip
    if other:
        ax.text(x + width - 0.045, y + 0.3, "a", ha="right", va="center", size=6, color=ink)


def _glyph(ax: Axes, x: float, y: float, direction: object, level: object, ink: str, fill: str) -> None:
    """Draw a finding as a sign: arrow, filled (significant) or hollow (trend), dash (none), array signs."""
    sign = {"linestyle": "none", "color": ink, "markeredgewidth": 0.9, "markersize": 5, "gid": "glyph"}
    if not isinstance(level, str):
        ax.text(x, y, "?", ha="center", va="center", size=look.SMALL_SIZE, color=ink)
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
        _glyph(ax, x + 0.17, y, direction, level, look.INK, "white")
        ax.text(x + 0.4, y, naming.text(words, language), va="center", size=look.SMALL_SIZE)
    for number, (verdict, (fill, symbol)) in enumerate(VERDICTS.items()):
        x = step * number
        patch = Rectangle((x + 0.03, 2.05), 0.28, 0.8, facecolor=fill, linewidth=0.4, edgecolor=look.LINE)
        if verdict == "not_tested":
            patch.set_hatch("////")
        ax.add_patch(patch)
        ink = look.ink_on(fill)
        ax.text(x + 0.17, 2.47, symbol, ha="center", va="center", size=look.SMALL_SIZE, color=ink)
        ax.text(x + 0.4, 2.47, naming.text(verdict, language), va="center", size=look.SMALL_SIZE)
