"""Statements held against the data: the map of verdicts, other sources, and what chance would confirm."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.path import Path

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

    `verdicts` has claim_id, experiment, domain, endpoint, contrast, direction, level, implied,
    observed_direction, observed_level, verdict, asserts, and p_without_effect if it was computed.
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
    signs = [look.line(label=tr(words), **_sign(direction, level, look.INK, "white"))
             for direction, level, words in _KEY]  # fmt: skip
    fills = [Patch(label=f"{symbol} {naming.word(verdict)}", **_box(verdict, fill))
             for verdict, (fill, symbol) in VERDICTS.items()]  # fmt: skip
    figure, axes = canvas.new_figure(
        1, 2, height=7.0 * (depth + 1.6) + 4, title=title, finding=_tally(verdicts), note=_map_note(columns),
        legend=[*signs, *fills], gridspec_kw={"width_ratios": [max(1, len(u)) + 0.001 for u in used]},
    )  # fmt: skip
    for ax, place, of_block in zip(axes[0], places, used, strict=True):
        _block(ax, verdicts, place, of_block, depth)
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


def _map_note(columns: Sequence[Sequence[str]]) -> str:
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
    # The likelier chance alone gives the verdict, the paler.
    chance = row.get("p_without_effect")
    fill = to_hex(look.tint(colour, 0 if pd.isna(chance) else 0.85 * chance))
    ax.add_patch(Rectangle((x + 0.025, y + 0.05), width - 0.05, 0.9, gid=f"claim-{row['claim_id']}",
                           **_box(row["verdict"], fill)))  # fmt: skip
    ink, middle = look.ink_on(fill), x + width / 2
    implied = str(row.get("implied", "no")).lower() in ("yes", "true")
    quiet = look.QUIET if ink != "white" else "#e9c9c4"
    signs = ((-0.26, row["direction"], row["level"], quiet if implied else ink),
             (0.02, row.get("observed_direction"), row.get("observed_level"), ink))  # fmt: skip
    for aside, direction, level, tone in signs:
        if isinstance(level, str):
            ax.plot([middle + aside], [y + 0.5], gid="glyph", **_sign(direction, level, tone, fill))
        else:
            ax.text(middle + aside, y + 0.5, "?", ha="center", va="center", color=tone, in_layout=False)
    ax.text(middle + 0.30, y + 0.52, symbol, ha="center", va="center", size=look.BASE_SIZE, color=ink,
            in_layout=False, gid="verdict")  # fmt: skip
    if other:
        ax.text(x + width - 0.045, y + 0.3, "a", ha="right", va="center", size=8, color=ink)


def _box(verdict: str, fill: str) -> dict[str, Any]:
    edge = {"edgecolor": look.LINE, "linewidth": 0.6, "hatch": "////"}
    return {"facecolor": fill, **(edge if verdict == "not_tested" else {"linewidth": 0})}


_KEY = (
    ("up", "significant", N_("higher, p < 0.05")),
    ("up", "trend", N_("higher, p < 0.10")),
    ("down", "significant", N_("lower, p < 0.05")),
    ("down", "trend", N_("lower, p < 0.10")),
    ("none", "none", N_("no difference")),
    ("none", "separated", N_("arrays by group")),
    ("none", "mixed", N_("arrays mixed")),
    ("down", "monotonic", N_("step by step with the diet")),
)
_TWO = Path.make_compound_path(Path.circle((-0.55, 0), 0.4), Path.circle((0.55, 0), 0.4))
_STEPS = np.array([(-8, 5), (-3, 5), (-3, 0), (3, 0), (3, -5), (8, -5)])


def _sign(direction: str, level: str, ink: str, fill: str) -> dict[str, Any]:
    """Return the marker of a finding: arrow, filled (significant) or hollow (trend), dash (none), others."""
    arrow, turn = ("^" if direction == "up" else "v"), (1 if direction == "down" else -1)
    marker = {
        "significant": {"marker": arrow},
        "trend": {"marker": arrow, "markerfacecolor": fill},
        "none": {"marker": "_", "markersize": 8},
        "separated": {"marker": _TWO, "markersize": 11, "markeredgewidth": 0},
        "mixed": {"marker": "o", "fillstyle": "left", "markerfacecoloralt": fill},
        "monotonic": {"marker": Path(_STEPS * [1, turn]), "markersize": 11, "markerfacecolor": "none"},
    }.get(level, {"marker": "x"})
    return {"color": ink, "linestyle": "none", "markersize": 6.5, "markeredgewidth": 1.2, **marker}


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
    handles.append(look.line(color=look.QUIET, linestyle=look.DASHES, label=tr("expected by theory")))
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
