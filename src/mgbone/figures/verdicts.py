"""Statements held against the data: the map of verdicts, other sources, and what chance would confirm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from mgbone.figures import canvas, findings, look, marks
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.language import N_, either, tr
from mgbone.study.naming import AXES, VERDICTS, axis_of, row_label

_GAP = 0.45


def verdict_map(verdicts: pd.DataFrame, study: Study, title: str = "") -> Figure:
    """Draw every statement of the ledger as a cell: what was reported, what was observed, and the verdict.

    Rows are endpoints, columns doses. In a cell the left sign is the report's, grey where it follows only
    from "no other effect was seen", the middle one that of the data, and the right one the verdict, which
    also colours the cell: the paler, the more often chance alone would give it.

    Parameters
    ----------
    verdicts : DataFrame
        claim_id, experiment, domain, endpoint, contrast, direction, level, implied, observed_direction,
        observed_level, verdict, asserts, and p_without_effect if it was computed.
    """
    if verdicts.empty:
        return canvas.empty_figure(N_("There is no ledger of statements for this study"), title)
    endpoints = _ordered(verdicts)
    blocks = [[e for e in endpoints if (axis_of(e) == "density") == dense] for dense in (False, True)]
    columns = _columns(verdicts, study)
    places = [dict(zip(block, canvas.places(map(_kind, block), _GAP), strict=True)) for block in blocks]
    if verdicts["contrast"].eq("dose_order").any():
        places[0]["dose_order"] = max(places[0].values(), default=-1) + 1 + _GAP
    depth = max([y for place in places for y in place.values()], default=0) + 1
    used = [[c for c in columns if verdicts["endpoint"].isin(block)[verdicts["contrast"].isin(c)].any()]
            for block in blocks]  # fmt: skip
    figure, _ = canvas.new_figure(
        0, 0, height=7.0 * (depth + 1.6) + 26, title=title, finding=_tally(verdicts), note=_map_note(columns)
    )
    grid = figure.add_gridspec(
        2, 2, width_ratios=[max(1, len(u)) + 0.001 for u in used], height_ratios=[depth + 1.6, 3.2]
    )
    for number, (place, of_block) in enumerate(zip(places, used, strict=True)):
        _block(figure.add_subplot(grid[0, number]), verdicts, place, of_block, depth)
    _key(figure.add_subplot(grid[1, :]))
    return figure


def _tally(verdicts: pd.DataFrame) -> str:
    """Count verdicts, those on effects and those on absences apart."""
    words = {"effect": N_("{n} statements of an effect: {rest}"), "absence": N_("{n} of an absence: {rest}")}
    said = []
    for asserts, sentence in words.items():
        counts = verdicts.loc[verdicts["asserts"] == asserts, "verdict"].value_counts()
        names = {v: naming.word(v) for v in VERDICTS}
        if asserts == "absence":
            names["reproduced"] = tr("not shown otherwise")
        parts = [f"{names[v]} {VERDICTS[v][1]} {counts[v]}" for v in VERDICTS if v in counts]
        said += [tr(sentence, n=counts.sum(), rest=tr(", ").join(parts))] if parts else []
    return tr("; ").join(said)


def _map_note(columns: Sequence[tuple[str, ...]]) -> str:
    words = tr("In a cell: the report (grey: implied), these data, the verdict (pale: chance alone gives it)")
    others = {name.partition("_vs_")[2] for column in columns for name in column[1:]}
    names = tr(", ").join(naming.group_label(g) for g in sorted(others))
    return words + (tr("; a: against {names}", names=names) if others else "")


def _map_label(endpoint: str) -> str:
    special = {"dose_order": N_("Serum Mg, order of doses"), "array_clustering": N_("Clustering of arrays")}
    return tr(special[endpoint]) if endpoint in special else row_label(endpoint)


def _ordered(verdicts: pd.DataFrame) -> list[str]:
    present = verdicts.loc[verdicts["contrast"].ne("dose_order"), "endpoint"].drop_duplicates()
    rank = {e: i for i, e in enumerate(e for members in AXES.values() for e in members)}
    return sorted(present, key=lambda e: rank.get(e, len(rank)))


def _kind(endpoint: str) -> str:
    """What a gap separates: the axes of the argument, and among densities the structures."""
    return endpoint.split("_")[1] if axis_of(endpoint) == "density" else axis_of(endpoint)


def _columns(verdicts: pd.DataFrame, study: Study) -> list[list[str]]:
    """Contrasts by column: each dose against its own reference, its other contrasts where there is room."""
    columns = [[c.name] for c in study.shown_contrasts]
    for contrast in study.contrasts:
        claimed = set(verdicts.loc[verdicts["contrast"].eq(contrast.name), "endpoint"])
        if not claimed or any(contrast.name in c for c in columns):
            continue
        home = next((c for c in columns if c[0].startswith(f"{contrast.case}_vs_")), None)
        taken = set(verdicts.loc[verdicts["contrast"].isin(home or []), "endpoint"])
        if home is not None and not claimed & taken:
            home.append(contrast.name)
        else:
            columns.append([contrast.name])
    return columns


def _block(
    ax: Axes, verdicts: pd.DataFrame, places: Mapping[str, float], columns: Sequence[list[str]], depth: float
) -> None:
    for x, column in enumerate(columns):
        for row in verdicts[verdicts["contrast"].isin(column)].to_dict("records"):
            if row["endpoint"] in places:
                _cell(ax, x, places[row["endpoint"]], 1, row, other=row["contrast"] != column[0])
    for row in verdicts[verdicts["contrast"].eq("dose_order")].to_dict("records"):
        if "dose_order" in places:
            _cell(ax, 0, places["dose_order"], len(columns), row, other=False)
    ax.set(xlim=(0, max(1, len(columns))), ylim=(depth, -1.6), xticks=[])
    ax.set_yticks([y + 0.5 for y in places.values()], [*map(_map_label, places)])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for x, column in enumerate(columns):
        case, reference = map(naming.narrow_label, column[0].split("_vs_"))
        words = tr("{case}\nvs {reference}", case=case, reference=reference)
        ax.text(x + 0.5, -0.18, words, ha="center", va="bottom", linespacing=1.25)


def _cell(ax: Axes, x: float, y: float, width: float, row: Mapping[str, Any], *, other: bool) -> None:
    colour, symbol = VERDICTS[row["verdict"]]
    fill = _paled(colour, row.get("p_without_effect"))
    frame = {"edgecolor": look.LINE, "linewidth": 0.6, "hatch": "////"}
    if row["verdict"] != "not_tested":
        frame = {"linewidth": 0}
    ax.add_patch(Rectangle((x + 0.025, y + 0.05), width - 0.05, 0.9, facecolor=fill,
                           gid=f"claim-{row['claim_id']}", **frame))  # fmt: skip
    ink, middle = look.ink_on(fill), x + width / 2
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
    return to_hex(look.tint(colour, 0 if pd.isna(chance) else 0.85 * chance))


def _glyph(ax: Axes, x: float, y: float, direction: object, level: object, ink: str, fill: str) -> None:
    """Draw a finding as a sign: arrow, filled (significant) or hollow (trend), dash (none), array signs."""
    arrow = "^" if direction == "up" else "v"
    signs: Mapping[object, Sequence[tuple[float, dict[str, Any]]]] = {
        "significant": [(0, {"marker": arrow})],
        "trend": [(0, {"marker": arrow, "markerfacecolor": fill})],
        "none": [(0, {"marker": "_", "markersize": 8})],
        "separated": [(-0.055, {"marker": "o", "markersize": 5.2}),
                      (0.055, {"marker": "o", "markersize": 5.2, "markerfacecolor": fill})],
        "mixed": [(0, {"marker": "o", "fillstyle": "left", "markerfacecoloralt": fill})],
    }  # fmt: skip
    if not isinstance(level, str):
        ax.text(x, y, "?", ha="center", va="center", color=ink)
    elif level == "monotonic":
        steps = np.array([-0.08, -0.03, -0.03, 0.03, 0.03, 0.08])
        heights = np.array([0.22, 0.22, 0.0, 0.0, -0.22, -0.22]) * (-1 if direction == "down" else 1)
        ax.plot(x + steps, y + heights, color=ink, linewidth=1.4, gid="glyph")
    else:
        for aside, sign in signs.get(level, [(0, {"marker": "x"})]):
            ax.plot([x + aside], [y], color=ink, gid="glyph",
                    **{"linestyle": "none", "markersize": 6.5, "markeredgewidth": 1.2, **sign})  # fmt: skip


def _key(ax: Axes) -> None:
    """Explain the signs and the colours below the map."""
    ax.axis("off")
    step = 2.3  # columns of the key, in widths of a cell
    ax.set(xlim=(0, 4 * step), ylim=(3, 0))
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
        ax.text(x + 0.4, y, tr(words), va="center")
    for number, (verdict, (fill, symbol)) in enumerate(VERDICTS.items()):
        x, hatch = step * number, "////" if verdict == "not_tested" else None
        ax.add_patch(Rectangle((x + 0.03, 2.05), 0.28, 0.8, facecolor=fill, linewidth=0.4,
                               edgecolor=look.LINE, hatch=hatch))  # fmt: skip
        ax.text(x + 0.17, 2.47, symbol, ha="center", va="center", color=look.ink_on(fill))
        ax.text(x + 0.4, 2.47, naming.word(verdict), va="center")


_PANELS = {"effect": N_("statements of an effect"), "no_effect": N_("statements of no difference")}
# What the marks over the bars stand for: the column of the counts, its filling and its name.
_MARKS = (("this", look.INK, N_("these data")), ("null", "white", N_("data without effect")))
_MARK = {"marker": "v", "markersize": 8, "markeredgecolor": look.INK, "markeredgewidth": 1.1}


def counts_by_chance(counts: pd.DataFrame, spread: pd.DataFrame, title: str = "") -> Figure:
    """Draw how many statements are reproduced with shuffled labels, without effect, and in these data.

    `counts` and `spread` are from `mgbone.integration.negative_control.count_control` and `distribution`.
    """
    kinds = [kind for kind in _PANELS if (spread["kind"] == kind).any()]
    if not kinds:
        why = N_("No statement about animals could be tested, so no labels were permuted.")
        return canvas.empty_figure(why, title)
    rows = counts.set_index("kind").loc[kinds]
    handles = [look.mark(tr(words), **_MARK, markerfacecolor=face)
               for column, face, words in _MARKS if rows[column].notna().any()]  # fmt: skip
    handles.append(Line2D([], [], color=look.QUIET, linestyle=look.DASHES, label=tr("expected by theory")))
    figure, axes = canvas.new_figure(
        1, len(kinds), height=70, title=title, finding=_counted(rows), legend=handles,
        xlabel=N_("statements called reproduced"), ylabel=N_("% of permutations"),
        note=[N_("how many statements the same judge calls reproduced"),
              N_("bars: group labels of these animals permuted within each experiment")],
    )  # fmt: skip
    for ax, kind in zip(axes[0], kinds, strict=True):
        _chance(ax, rows.loc[kind], spread[spread["kind"] == kind])
        ax.set_title(tr("{n} {what}", n=int(rows.loc[kind, "statements"]), what=tr(_PANELS[kind])))
    return figure


def _counted(rows: pd.DataFrame) -> str:
    """Say how many statements are reproduced here, and how many where there is nothing."""
    said = []
    for kind, row in rows.iterrows():
        words = tr("of {n} {what} {this} are reproduced, {nominal:.1f} expected by chance",
                   n=int(row["statements"]), what=tr(_PANELS[kind]), this=int(row["this"]),
                   nominal=row["nominal"])  # fmt: skip
        if np.isfinite(row["null"]):
            words += tr(", {null} in data without effect", null=int(row["null"]))
        said.append(words)
    return findings.sentence(said)


def _chance(ax: Axes, row: pd.Series, spread: pd.DataFrame) -> None:
    height = 100 * spread["share"]
    ax.bar(spread["reproduced"], height, width=0.8, color="#bdbdbd", linewidth=0)
    top = float(height.max())
    ax.axvline(row["nominal"], color=look.QUIET, linewidth=1.2, linestyle=look.DASHES, gid="nominal")
    for level, (column, face, _) in enumerate(_MARKS):
        if np.isfinite(row[column]):
            ax.plot(row[column], top * (1.12 + 0.13 * level), markerfacecolor=face, gid=column,
                    linestyle="none", **_MARK)  # fmt: skip
    least = np.nanmin([spread["reproduced"].min(), row["null"], row["this"]])
    low = 0 if row["statements"] < 30 else int(least) - 3
    ax.set(xlim=(low - 0.9, row["statements"] + 0.9), ylim=(0, top * 1.35))
    ax.set_yticks([tick for tick in ax.get_yticks() if tick <= min(100, 1.05 * top)])
    step = 5 if row["statements"] - low > 10 else 2
    ax.set_xticks(np.arange(-(-low // step) * step, row["statements"] + 1, step))


_HOLDS: Mapping[str, str] = {"yes": "✓", "size": "≈", "no": "✗", "not_tested": "?"}
_DIAMOND: Mapping[str, Any] = {"marker": "D", "markersize": 6, "color": look.INK}


def stated_and_measured(confronted: pd.DataFrame, title: str = "") -> Figure:
    """Draw one row per source: its number on the interval of these data, its words at the right.

    `confronted` is from `mgbone.integration.disagreements.hold_against_sources`.
    """
    if confronted.empty:
        return canvas.empty_figure(N_("No disagreement of sources is recorded for this study."), title)
    # A row for the heading of each topic, and a gap before it.
    places = canvas.places(confronted["topic"], 1.35, 1.0)
    depth = max(places) + 1
    figure, _ = canvas.new_figure(
        0, 0, height=6.6 * (depth + 0.8) + 16, title=title, finding=_levels_found(confronted),
        note=[N_("change against the reference, in percent; the sources' animals, diets and references "
                 "differ"),
              N_("✓ these data have the stated level; ≈ the stated size only; ✗ neither; ? not tested")],
        legend=[look.mark(tr("stated", "by a source"), **_DIAMOND),
                Patch(facecolor=look.CLOUD, label=tr("these data, 95 %"))],
    )  # fmt: skip
    ax = figure.add_subplot()
    ax.set_position([0.3, 0.125, 0.3, 0.735])  # by hand: the words beside it take more room than it does
    numbers = confronted[["data_low", "data_high", "percent"]].abs().to_numpy(float)
    reach = 1.1 * float(np.nanmax(numbers, initial=20))
    ax.axvline(0, color=look.LINE, linewidth=0.7, zorder=0)
    y = np.array(places)
    ax.plot(confronted[["data_low", "data_high"]].T, [y, y], color=look.CLOUD, linewidth=6.5,
            solid_capstyle="butt", zorder=1, gid="interval")  # fmt: skip
    ax.plot([confronted["data_percent"]] * 2, [y - 0.28, y + 0.28], color=look.QUIET, linewidth=1.6, zorder=2)
    for at, row in zip(places, confronted.to_dict("records"), strict=True):
        if np.isfinite(row["percent"]):
            ax.plot([row["percent"]], [at], zorder=3, gid="stated", linestyle="none", **_DIAMOND)
        marks.beside(
            ax, _HOLDS[str(row["holds"])], at, 6, ha="center", size=look.BASE_SIZE + 0.5, gid="holds"
        )
        said = canvas.wrap(either(row["statement_en"], row["statement_ja"]), 225, look.SMALL_SIZE)
        marks.beside(ax, "\n".join(said), at, 15, linespacing=1.05, gid="said")
    topics = confronted.assign(y=places).drop_duplicates("topic")
    for at, *words in topics[["y", "topic_en", "topic_ja"]].itertuples(index=False):
        marks.beside(ax, either(*words), at - 1, -5, bold=True, size=look.BASE_SIZE, gid="topic")
    ax.set(xlim=(-reach, reach), ylim=(depth - 0.3, -0.8))
    sources = confronted[["source", "source_ja"]].itertuples(index=False)
    marks.rows(ax, places, [either(*words) for words in sources])
    ax.set_xlabel(tr("change (%)"))
    return figure


def _levels_found(confronted: pd.DataFrame) -> str:
    holds = confronted["holds"].astype(str)
    return tr("Of {all} statements of sources, these data have the level of {yes} and the size alone of "
              "{size}.",
              all=len(holds), yes=int(holds.eq("yes").sum()), size=int(holds.eq("size").sum()))  # fmt: skip
