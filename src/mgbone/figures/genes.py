"""What changed: histograms of p, volcanoes and MA plots, a panel a contrast; draws, computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgbone.figures import canvas, look
from mgbone.study import naming
from mgbone.study.language import N_, tr

# Lightness 46, 29 and 72, so that the themes stay apart in grey; the shape says it again.
THEMES: Mapping[str, tuple[str, str, tuple[str, str]]] = {
    "inflammatory_response_genes": ("#c8373a", "o", N_("Inflammatory response")),
    "mineral_metabolism_genes": ("#0f4c5c", "s", N_("Mineral metabolism")),
    "bone_metabolism_genes": ("#e3a72f", "^", N_("Bone metabolism")),
}

ROOM = "\n "  # an empty line below the axis label, where the legend of the themes stands
_FOLD_CHANGE = N_("log2 fold change")


def theme_label(theme: str) -> str:
    """Return the name of a theme of genes."""
    return tr(THEMES[theme][2])


def p_value_histograms(bins: pd.DataFrame, title: str = "") -> Figure:
    """Draw the histogram of p values of each contrast, and the level that unchanged genes alone would give.

    Parameters
    ----------
    bins : DataFrame
        From `mgbone.microarray.changed_genes.p_value_histogram`.
    """
    figure, panels = canvas.contrast_panels(
        bins, height=46, sharey=True, title=title,
        subtitle=N_("Moderated t test per gene. Dashed: genes a bin if only the unchanged ones were there "
                  "(Storey, λ = 0.5)"))  # fmt: skip
    for ax, _, rows in panels:
        ax.bar(rows["left"], rows["count"], rows["right"] - rows["left"], align="edge",
               color="#8f9ba8", edgecolor="white", linewidth=0.4)  # fmt: skip
        ax.axhline(rows["expected"].iloc[0], color=look.INK, linestyle=(0, (4, 3)), linewidth=0.9)
        share = rows["null_share"].iloc[0]
        words = N_("unchanged: nearly all")
        if share < 0.995:
            words = N_("unchanged: about {s:.0%}")
        share = tr(words, s=share)
        ax.text(0.97, 0.95, share, transform=ax.transAxes, ha="right", va="top", fontsize=look.SMALL_SIZE)
        ax.set_xlim(0, 1)
        ax.set_xlabel("p")
    panels[0][0].set_ylabel(tr("Genes"))
    return figure


def volcano(named: pd.DataFrame, title: str = "", *, q: float = 0.05) -> Figure:
    """Draw fold change against p for each contrast, with the best genes of the report's themes named.

    Parameters
    ----------
    named : DataFrame
        From `mgbone.microarray.genesets.name_genes`: gene, contrast, log2_fold_change, p, q, direction,
        theme, named.
    q : float
        Limit that was used for the call; said in the note.
    """
    named = named.assign(y=-np.log10(named["p"].clip(lower=1e-300)))
    x, y = "log2_fold_change", "y"
    figure, panels = _clouds(named, q, x, y, height=84, title=title)
    for ax, _, rows in panels:
        changed = rows[rows["direction"] != "none"]
        if len(changed):
            ax.axhline(changed[y].min(), color=look.LINE, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0)
        reach = rows[x].abs().max() * 1.7
        ax.set_xlim(-reach, reach)
        ax.set_ylim(0, rows[y].max() * 1.12)
        ax.axvline(0, color=look.LINE, linewidth=0.6, zorder=0)
        names = rows[rows["named"]]
        for direction, side in (("down", "left"), ("up", "right")):
            _side_labels(ax, names[names["direction"] == direction], x, y, side=side, column=0.2)
        ax.set_xlabel(tr(_FOLD_CHANGE) + ROOM)
    panels[0][0].set_ylabel("−log10 p")
    return figure


def ma_plot(named: pd.DataFrame, title: str = "", *, q: float = 0.05) -> Figure:
    """Draw average expression against fold change for each contrast, with the genes of the themes named.

    Parameters
    ----------
    named : DataFrame
        As for `volcano`, with average_expression.
    """
    x, y = "average_expression", "log2_fold_change"
    figure, panels = _clouds(named, q, x, y, height=76, title=title, sharey=True)
    reach = named[y].abs().max() * 1.6
    step = 0.016 * (1 + len(panels) if len(panels) > 1 else 1.5)  # 2.6 mm, whatever the panel's width
    for ax, _, rows in panels:
        ax.axhline(0, color=look.LINE, linewidth=0.6, zorder=0)
        ax.set_ylim(-reach, reach)
        names = rows[rows["named"]]
        for direction, side in (("up", "top"), ("down", "bottom")):
            of_side = names[names["direction"] == direction]
            _side_labels(ax, of_side, x, y, side=side, column=0.19, step=step)
        ax.set_xlabel(tr("Average log2 expression") + ROOM)
    panels[0][0].set_ylabel(tr(_FOLD_CHANGE))
    return figure


def _clouds(
    named: pd.DataFrame, q: float, x: str, y: str, **options: Any
) -> tuple[Figure, list[tuple[Axes, str, pd.DataFrame]]]:
    """All genes of each contrast in a panel of its own, how many changed above it, the themes below."""
    subtitle = tr(
        "Moderated t test (limma); called changed at BH q < {q:g}",
        q=q)  # fmt: skip
    note = N_(
        "Grey: all genes, darker: changed. Named: per theme and direction the changed genes with the "
        "smallest p"
    )
    figure, panels = canvas.contrast_panels(named, room=1, subtitle=subtitle, note=note, **options)
    for ax, contrast, rows in panels:
        _cloud(ax, rows, x, y)
        counts = rows["direction"].value_counts()
        ax.set_title(
            tr(
                "{c}\n{up:,} up, {down:,} down", c=naming.contrast_label(contrast),
                up=int(counts.get("up", 0)), down=int(counts.get("down", 0)))
        )  # fmt: skip
    handles = [
        look.mark(tr(label), marker, 4, color=colour)
        for theme, (colour, marker, label) in THEMES.items()
        if (named["theme"] == theme).any()
    ]
    if handles:
        # Kept out of the layout, which would widen the first panel's column for it; ROOM makes the height.
        panels[0][0].legend(
            handles=handles, loc="upper left", bbox_to_anchor=(-0.02, -0.15), ncols=len(handles),
            borderaxespad=0,
        ).set_in_layout(False)  # fmt: skip
    return figure, panels


def _cloud(ax: Axes, rows: pd.DataFrame, x: str, y: str) -> None:
    """All genes; changed ones darker, those of a theme in its colour and shape."""
    plain = rows[rows["direction"] == "none"]
    changed = rows[(rows["direction"] != "none") & rows["theme"].isna()]
    options = {"linestyle": "none", "marker": "o", "markeredgewidth": 0, "rasterized": True}
    ax.plot(plain[x], plain[y], color=look.CLOUD, markersize=1.5, **options)
    ax.plot(changed[x], changed[y], color=look.CHANGED, markersize=2.2, **options)
    for theme, (colour, marker, _) in THEMES.items():
        of_theme = rows[rows["theme"] == theme]
        ax.plot(
            of_theme[x], of_theme[y], linestyle="none", marker=marker, color=colour, markersize=3.2,
            markeredgecolor="white", markeredgewidth=0.25, rasterized=True,
        )  # fmt: skip


def _side_labels(
    ax: Axes, names: pd.DataFrame, x: str, y: str, *, side: str, column: float, step: float = 0.043
) -> None:
    """Gene names in a line along one side of the panel, apart from each other, each with a line to its dot.

    `column` is how far from that side the names begin, `step` how far they are apart, as fractions of the
    panel.
    """
    if names.empty:
        return
    upright = side in ("top", "bottom")
    along = x if upright else y
    names = names.sort_values([along, "gene"], ascending=[False, True], kind="stable")
    low, high = ax.get_xlim() if upright else ax.get_ylim()
    step *= high - low
    places = _spread(names[along].to_numpy(float), step, low + step, high - step / 2)
    start, stop = ax.get_ylim() if upright else ax.get_xlim()
    first = side in ("left", "bottom")
    at = start + column * (stop - start) if first else stop - column * (stop - start)
    for row, place in zip(names.itertuples(), places, strict=True):
        text = {"ha": "right" if first else "left", "va": "center"}
        foot = (1.0 if first else 0.0, 0.5)
        if upright:
            text = {"rotation": 90, "ha": "center", "va": "top" if first else "bottom"}
            foot = (0.5, 1.0 if first else 0.0)
        ax.annotate(
            row.gene, (getattr(row, x), getattr(row, y)), textcoords="data",
            xytext=(place, at) if upright else (at, place), fontsize=look.LABEL_SIZE, color=look.INK, **text,
            # Cut at the text's edge, where it starts anyway, a line would begin where rounding says.
            arrowprops={"arrowstyle": "-", "color": THEMES[row.theme][0], "linewidth": 0.45,
                        "shrinkA": 1.0, "shrinkB": 1.5, "relpos": foot, "patchA": None},
        )  # fmt: skip


def _spread(wanted: np.ndarray, step: float, low: float, high: float) -> np.ndarray:
    """Heights as near those wanted (falling order) as they can be at least `step` apart, within the limits.

    Neighbours that are too close form a block, which is centred on what its members wanted.
    """
    step = min(step, (high - low) / max(1, len(wanted) - 1))
    blocks: list[list[float]] = []  # top of the block, its members' wishes shifted to the top, their number
    for value in wanted:
        blocks.append([value, value, 1])
        while len(blocks) > 1 and blocks[-2][0] - step * blocks[-2][2] < blocks[-1][0]:
            _, total, n = blocks.pop()
            before = blocks[-1]
            before[1] += total + n * before[2] * step
            before[2] += n
            before[0] = before[1] / before[2]
    tops = []
    for i, block in enumerate(blocks):
        tops.append(min(block[0], high if i == 0 else tops[-1] - step * blocks[i - 1][2]))
    floor = low
    for i in range(len(blocks) - 1, -1, -1):
        tops[i] = max(tops[i], floor + step * (blocks[i][2] - 1))
        floor = tops[i] + step
    return np.concatenate([top - step * np.arange(block[2]) for top, block in zip(tops, blocks, strict=True)])
