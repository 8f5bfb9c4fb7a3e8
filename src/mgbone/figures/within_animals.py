"""Correlations within animals: a network in the order of the argument, and every pair as a number."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from mgbone.figures import canvas, findings, look, marks
from mgbone.study.design import Study
from mgbone.study.dictionary import endpoint_label
from mgbone.study.language import N_, tr
from mgbone.study.naming import axis_of

# How sure a line is, from thick and black to thin and grey: width and colour.
_SURE = ((2.8, look.INK), (1.7, "#4d4d4d"), (0.8, "#8a8a8a"))
_DASHES = ("-", (0, (3, 2)))  # together, opposite
_NOTE = N_("right, 100 r: below the diagonal r, above it with the other endpoints held (pairs with a gene "
           "score: with serum Mg held); no number: |r| < {feeble:g}")  # fmt: skip
_SHORT_NOTE = N_("right, 100 r: below the diagonal r, above it with the other endpoints held; no number: |r| "
                 "< {feeble:g}")  # fmt: skip

FEEBLE = 0.15
"""Correlations nearer to zero than this are shaded but not written out, so that the others can be read."""


def correlation_network(pairs: pd.DataFrame, study: Study, title: str = "") -> Figure:
    """Draw correlations within groups: as a network at the left, as a table of numbers at the right.

    Endpoints stand on a circle by the axes of the argument. A line is as thick as the pair is sure (after
    correction for all pairs, as a trend, or without correction only); solid is positive, dashed negative, so
    that grey print loses nothing. In the table, r stands below the diagonal and the partial correlation
    above, with its sign; below ``FEEBLE`` without a number.

    `pairs` is from `mgbone.integration.within_animals.partial_within`.
    """
    if pairs.empty:
        return canvas.empty_figure(N_("No two endpoints were measured in enough of the same animals."), title)
    names = list(dict.fromkeys([*pairs["a"], *pairs["b"]]))
    limit, trend = study.thresholds["significant"], study.thresholds["trend"]
    sure = np.select([pairs["q"] < limit, pairs["q"] < trend, pairs["p"] < limit], [0, 1, 2], default=-1)
    drawn = pairs.assign(sure=sure, dash=np.where(pairs["r"] > 0, 0, 1))
    drawn = drawn[drawn["sure"] >= 0].sort_values("sure", ascending=False, kind="stable")
    words = (f"q < {limit:g}", f"q < {trend:g}", f"p < {limit:g}")
    handles = [look.line(color=_SURE[k][1], linewidth=_SURE[k][0], label=words[k])
               for k in sorted(drawn["sure"].unique())]  # fmt: skip
    words = (tr("together"), tr("opposite"))
    handles += [look.line(color=look.INK, linewidth=1.5, linestyle=_DASHES[k], label=words[k])
                for k in sorted(drawn["dash"].unique())]  # fmt: skip
    figure, axes = canvas.new_figure(
        1, 2, height=140, title=title, finding=_finding(pairs, drawn, limit), legend=handles,
        note=[tr("group means removed; {n} pairs of endpoints of the same animals", n=len(pairs)),
              tr(_NOTE if "serum_mg" in names else _SHORT_NOTE, feeble=FEEBLE),
              tr("frame: q < {limit:g}", limit=limit)],
        gridspec_kw={"width_ratios": [0.8, 1.2]},
    )  # fmt: skip
    _network(axes[0, 0], drawn, names)
    _numbers(axes[0, 1], pairs, names, limit)
    return figure


def _finding(pairs: pd.DataFrame, drawn: pd.DataFrame, limit: float) -> str:
    """Name the pairs that are sure, first as they are, then with the other endpoints held."""
    clear = drawn[drawn["sure"].eq(0)].sort_values("q", kind="stable")
    held = pairs[pairs["q_partial"] < limit].sort_values("q_partial", kind="stable")
    trends = int(drawn["sure"].eq(1).sum())
    named, others = _named(clear, "r"), _named(held, "r_partial")
    said = (
        tr("{n} pairs are sure after correction, first {names}", n=len(named),
           names=findings.listed(named[:3]))
        if named else tr("no pair is sure after correction for all pairs")
    )  # fmt: skip
    return findings.sentence([
        said + (tr(", {n} more by trend", n=trends) if named and trends else ""),
        tr("with the other endpoints held: {names}", names=findings.listed(others[:3])) if others else "",
    ])  # fmt: skip


def _named(pairs: pd.DataFrame, r: str) -> list[str]:
    return [
        tr("{a} with {b} (r = {r})", a=findings.name(row["a"]), b=findings.name(row["b"]),
           r=look.signed(row[r], ".2f"))
        for row in pairs.to_dict("records")
    ]  # fmt: skip


def _network(ax: Axes, drawn: pd.DataFrame, names: Sequence[str]) -> None:
    angles = _angles(names)
    spots = {name: np.array([np.cos(a), np.sin(a)]) for name, a in angles.items()}
    for row in drawn.itertuples():
        start, end = spots[row.a], spots[row.b]
        width, ink = _SURE[row.sure]
        path = Path([start, 0.25 * (start + end), end], [Path.MOVETO, Path.CURVE3, Path.CURVE3])
        ax.add_patch(PathPatch(path, facecolor="none", edgecolor=ink, linewidth=width, zorder=4 - row.sure,
                               capstyle="butt", linestyle=_DASHES[row.dash],
                               gid=f"pair-{row.a}-{row.b}"))  # fmt: skip
    dot = {"facecolor": "white", "edgecolor": look.INK, "linewidth": 1.2}
    ax.scatter(*np.array(list(spots.values())).T, s=36, zorder=5, **dot)
    for name, (x, y) in spots.items():
        degrees = np.degrees(angles[name]) % 360
        left = 90 < degrees < 270
        ax.text(
            1.15 * x, 1.15 * y, _label(name).replace(" ", "\n"), rotation=degrees - 180 if left else degrees,
            rotation_mode="anchor", ha="right" if left else "left", va="center", linespacing=0.95, gid="node",
        )  # fmt: skip
    ax.set(xlim=(-1.62, 1.62), ylim=(-1.62, 1.62), aspect="equal")
    ax.axis("off")


def _numbers(ax: Axes, pairs: pd.DataFrame, names: Sequence[str], limit: float) -> None:
    """Draw r of every pair below the diagonal, the partial correlation above."""
    place = {name: i for i, name in enumerate(names)}
    table = np.full((len(names), len(names)), np.nan)
    framed = np.zeros_like(table, dtype=bool)
    for row in pairs.itertuples():
        i, j = sorted((place[row.a], place[row.b]))
        table[j, i], table[i, j] = row.r, row.r_partial
        framed[j, i], framed[i, j] = row.q < limit, row.q_partial < limit
    words = [[f"{100 * r:.0f}".replace("-", "−") if abs(r) >= FEEBLE else "" for r in line] for line in table]
    labels = [_label(name) for name in names]
    marks.heat(ax, table, words, xticklabels=labels, yticklabels=labels, framed=framed, cmap=look.DIVERGING,
               vmin=-1, vmax=1, square=True)  # fmt: skip
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0, rotation=90)


def _angles(names: Sequence[str], gap: float = 0.7) -> dict[str, float]:
    """Places on the circle, clockwise from the top, with a gap of `gap` places between two axes."""
    places = canvas.places(map(axis_of, names), gap)
    around = places[-1] + 1 + gap
    return {n: np.pi / 2 - 2 * np.pi * (k + 0.5 * gap) / around for n, k in zip(names, places, strict=True)}


def _label(name: str) -> str:
    return endpoint_label(name, short=True)
