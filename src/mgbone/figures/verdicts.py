"""The report held against the data: the verdict map, dose-response, and what each dose did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mgbone.figures import canvas, look
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.language import N_, tr
from mgbone.study.naming import AXES, VERDICTS, axis_of, row_label

_GAP = 0.45


def verdict_map(verdicts: pd.DataFrame, study: Study, title: str = "") -> Figure:
    """Draw every statement of the ledger as a cell: what was reported, what was observed, and the verdict.

    The more often chance alone would give a verdict, the paler is its cell.

    Rows are endpoints, columns doses. In a cell the left sign is the report's, the middle one that of the
    data, and the right one the verdict, which also colours the cell. Signs that follow only from "no other
    effect was seen" are grey.

    Parameters
    ----------
    verdicts : DataFrame
        claim_id, experiment, domain, endpoint, contrast, direction, level, implied, observed_direction,
        observed_level, verdict, asserts, and p_without_effect if it was computed.
    """
    if verdicts.empty:
        return canvas.empty_figure(N_("There is no ledger of statements for this study"), title)
    blocks = [
        [e for e in _ordered(verdicts) if axis_of(e) != "density"],
        [e for e in _ordered(verdicts) if axis_of(e) == "density"],
    ]
    columns = _columns(verdicts, study)
    places = [dict(zip(block, canvas.places(map(_kind, block), _GAP), strict=True)) for block in blocks]
    overall = verdicts[verdicts["contrast"].eq("dose_order")]
    if len(overall):
        places[0] = {**places[0], "dose_order": max(places[0].values(), default=-1) + 1 + _GAP}
    depth = max([y for place in places for y in place.values()], default=0) + 1
    used = [_used(columns, verdicts, block) for block in blocks]
    figure, _ = canvas.new_figure(
        0, 0, width=look.DOUBLE, height=7.0 * (depth + 1.6) + 26, title=title,
        finding=_tally(verdicts),
        note=_map_note(columns))  # fmt: skip
    grid = figure.add_gridspec(
        2, 2, width_ratios=[max(1, len(u)) + 0.001 for u in used], height_ratios=[depth + 1.6, 3.2]
    )
    for number, (place, block_columns) in enumerate(zip(places, used, strict=True)):
        ax = figure.add_subplot(grid[0, number])
        _block(ax, verdicts, place, block_columns, depth)
    _key(figure.add_subplot(grid[1, :]))
    return figure


def _used(
    columns: Sequence[tuple[str, ...]], verdicts: pd.DataFrame, block: Sequence[str]
) -> list[tuple[str, ...]]:
    return [c for c in columns if _of_column(verdicts, c)["endpoint"].isin(list(block)).any()]


def _tally(verdicts: pd.DataFrame) -> str:
    """Count verdicts, those on effects and those on absences apart."""
    words = {
        "effect": N_("{n} statements of an effect: {rest}"),
        "absence": N_("{n} of an absence: {rest}"),
    }
    said = []
    for asserts, sentence in words.items():
        counts = verdicts.loc[verdicts["asserts"] == asserts, "verdict"].value_counts()
        names = {v: naming.word(v) for v in VERDICTS}
        if asserts == "absence":
            names["reproduced"] = tr(N_("not shown otherwise"))
        parts = [f"{names[v]} {VERDICTS[v][1]} {counts[v]}" for v in VERDICTS if v in counts]
        said += [tr(sentence, n=counts.sum(), rest=tr(", ").join(parts))] if parts else []
    return tr("; ").join(said)


def _map_note(columns: Sequence[tuple[str, ...]]) -> str:
    words = N_("In a cell: the report (grey: implied), these data, the verdict (pale: chance alone gives it)")
    others = {name.partition("_vs_")[2] for column in columns for name in column[1:]}
    names = tr(", ").join(naming.group_label(g) for g in sorted(others))
    extra = N_("; a: against {names}")
    return tr(words) + (tr(extra, names=names) if others else "")


def _map_label(endpoint: str) -> str:
    special = {
        "dose_order": N_("Serum Mg, order of doses"),
        "array_clustering": N_("Clustering of arrays"),
    }
    return tr(special[endpoint]) if endpoint in special else row_label(endpoint)


def _ordered(verdicts: pd.DataFrame) -> list[str]:
    present = verdicts.loc[verdicts["contrast"].ne("dose_order"), "endpoint"].drop_duplicates()
    biochemistry = [e for members in AXES.values() for e in members]
    rank = {e: i for i, e in enumerate(biochemistry)}
    return sorted(present, key=lambda e: rank.get(e, len(rank)))


def _kind(endpoint: str) -> str:
    """What a gap separates: the axes of the argument, and among densities the structures."""
    return endpoint.split("_")[1] if axis_of(endpoint) == "density" else axis_of(endpoint)


def _columns(verdicts: pd.DataFrame, study: Study) -> list[tuple[str, ...]]:
    """Contrasts by column: each dose against its own reference, its other contrasts where there is room."""
    columns = [[c.name] for c in study.shown_contrasts]
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
    ax.set_yticks([y + 0.5 for y in places.values()], [_map_label(e) for e in places])
    ax.set_xticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for x, column in enumerate(columns):
        case, _, reference = column[0].partition("_vs_")
        words = tr("{case}\nvs {reference}", case=naming.narrow_label(case),
                           reference=naming.narrow_label(reference))  # fmt: skip
        ax.text(x + 0.5, -0.18, words, ha="center", va="bottom", size=look.SMALL_SIZE, linespacing=1.25)


def _cell(ax: Axes, x: float, y: float, width: float, row: Mapping[str, object], *, other: bool) -> None:
    verdict = str(row["verdict"])
    colour, symbol = VERDICTS[verdict]
    fill = _paled(colour, row.get("p_without_effect"))
    pad_x, pad_y = 0.025, 0.05
    patch = Rectangle((x + pad_x, y + pad_y), width - 2 * pad_x, 1 - 2 * pad_y, facecolor=fill)
    patch.set(linewidth=0, gid=f"claim-{row['claim_id']}")
    if verdict == "not_tested":
        patch.set(edgecolor=look.LINE, linewidth=0.6, hatch="////")
    ax.add_patch(patch)
    ink = look.ink_on(fill)
    middle = x + width / 2
    implied = str(row.get("implied", "no")).lower() in ("yes", "true")
    quiet = look.QUIET if ink != "white" else "#e9c9c4"
    _glyph(ax, middle - 0.26, y + 0.5, row["direction"], row["level"], quiet if implied else ink, fill)
    _glyph(ax, middle + 0.02, y + 0.5, row.get("observed_direction"), row.get("observed_level"), ink, fill)
    ax.text(middle + 0.30, y + 0.52, symbol, ha="center", va="center", size=look.BASE_SIZE, color=ink,
            gid="verdict")  # fmt: skip
    if other:
        ax.text(x + width - 0.045, y + 0.3, "a", ha="right", va="center", size=8, color=ink)


def _paled(colour: str, chance: float | None) -> str:
    """Mix a colour with white, the more the likelier chance alone gives the verdict."""
    weight = 1 - 0.85 * (0 if pd.isna(chance) else chance)
    return to_hex([1 - weight * (1 - c) for c in to_rgb(colour)])


def _glyph(ax: Axes, x: float, y: float, direction: object, level: object, ink: str, fill: str) -> None:
    """Draw a finding as a sign: arrow, filled (significant) or hollow (trend), dash (none), array signs."""
    sign = {"linestyle": "none", "color": ink, "markeredgewidth": 1.2, "markersize": 6.5, "gid": "glyph"}
    if not isinstance(level, str):
        ax.text(x, y, "?", ha="center", va="center", size=look.SMALL_SIZE, color=ink)
    elif level in ("significant", "trend"):
        shape = "^" if direction == "up" else "v"
        face = ink if level == "significant" else fill
        ax.plot([x], [y], marker=shape, markerfacecolor=face, **sign)
    elif level == "none":
        ax.plot([x], [y], marker="_", **{**sign, "markersize": 8})
    elif level == "separated":
        for dx, face in ((-0.055, ink), (0.055, fill)):
            ax.plot([x + dx], [y], marker="o", markerfacecolor=face, **{**sign, "markersize": 5.2})
    elif level == "mixed":
        ax.plot([x], [y], marker="o", fillstyle="left", markerfacecoloralt=fill, **sign)
    elif level == "monotonic":
        steps = np.array([-0.08, -0.03, -0.03, 0.03, 0.03, 0.08])
        heights = np.array([0.22, 0.22, 0.0, 0.0, -0.22, -0.22]) * (-1 if direction == "down" else 1)
        ax.plot(x + steps, y + heights, color=ink, linewidth=1.4, gid="glyph")
    else:
        ax.plot([x], [y], marker="x", **sign)


def _key(ax: Axes) -> None:
    """Explain the signs and the colours below the map."""
    ax.axis("off")
    step = 2.3  # columns of the key, in widths of a cell
    ax.set_xlim(0, 4 * step)
    ax.set_ylim(3, 0)
    signs = (
        ("up", "significant", N_("higher, p < 0.05")),
        ("up", "trend", N_("higher, p < 0.10")),
        ("down", "significant", N_("lower, p < 0.05")),
        ("down", "trend", N_("lower, p < 0.10")),
        ("none", "none", N_("no difference")),
        ("none", "separated", N_("arrays by group")),
        ("none", "mixed", N_("arrays mixed")),
        ("down", "monotonic", N_("step by step with the diet")),
    )
    for number, (direction, level, words) in enumerate(signs):
        x, y = step * (number % 4), 0.45 + number // 4
        _glyph(ax, x + 0.17, y, direction, level, look.INK, "white")
        ax.text(x + 0.4, y, tr(words), va="center", size=look.SMALL_SIZE)
    for number, (verdict, (fill, symbol)) in enumerate(VERDICTS.items()):
        x = step * number
        patch = Rectangle((x + 0.03, 2.05), 0.28, 0.8, facecolor=fill, linewidth=0.4, edgecolor=look.LINE)
        if verdict == "not_tested":
            patch.set_hatch("////")
        ax.add_patch(patch)
        ink = look.ink_on(fill)
        ax.text(x + 0.17, 2.47, symbol, ha="center", va="center", size=look.SMALL_SIZE, color=ink)
        ax.text(x + 0.4, 2.47, naming.word(verdict), va="center", size=look.SMALL_SIZE)
