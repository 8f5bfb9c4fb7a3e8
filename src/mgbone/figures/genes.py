"""Microarrays: quality of the arrays, their tree, and what changed; draws tables, computes nothing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mgbone.figures import canvas, look
from mgbone.figures.look import _CHANGED, _CLOUD, _LABEL
from mgbone.study import naming
from mgbone.study.language import N_, tr

# Lightness 46, 29 and 72, so that the themes stay apart in grey; the shape says it again.
THEMES: Mapping[str, tuple[str, str, tuple[str, str]]] = {
    "inflammatory_response_genes": ("#c8373a", "o", N_("Inflammatory response")),
    "mineral_metabolism_genes": ("#0f4c5c", "s", N_("Mineral metabolism")),
    "bone_metabolism_genes": ("#e3a72f", "^", N_("Bone metabolism")),
}
_ROOM = "\n "  # an empty line below the axis label, where the legend of the themes stands
_THEME_NOTE = N_(
    "Grey: all genes, darker: changed. Named: per theme and direction the changed genes with the smallest p"
)


def theme_label(theme: str) -> str:
    """Return the name of a theme of genes."""
    return tr(THEMES[theme][2])


# ---- What changed
# ----------------------------------------------------------------------------------------------------


def p_value_histograms(bins: pd.DataFrame, title: str = "") -> Figure:
    """Draw the histogram of p values of each contrast, and the level that unchanged genes alone would give.

    Parameters
    ----------
    bins : DataFrame
        From `mgbone.microarray.changed_genes.p_value_histogram`.
    """
    contrasts = list(bins["contrast"].unique())
    subtitle = N_(
        "Moderated t test per gene. Dashed: genes a bin if only the unchanged ones were there "
        "(Storey, λ = 0.5)"
    )
    figure, axes = canvas.new_figure(
        1, len(contrasts), width=_panels_width(len(contrasts)), height=46, sharey=True,
        title=tr(title), subtitle=tr(subtitle))  # fmt: skip
    for ax, contrast in zip(axes[0], contrasts, strict=True):
        rows = bins[bins["contrast"] == contrast]
        ax.bar(rows["left"], rows["count"], rows["right"] - rows["left"], align="edge",
               color="#8f9ba8", edgecolor="white", linewidth=0.4)  # fmt: skip
        ax.axhline(rows["expected"].iloc[0], color=look.INK, linestyle=(0, (4, 3)), linewidth=0.9)
        share = rows["null_share"].iloc[0]
        words = N_("unchanged: nearly all")
        if share < 0.995:
            words = N_("unchanged: about {s:.0%}")
        share = tr(words, s=share)
        ax.text(0.97, 0.95, share, transform=ax.transAxes, ha="right", va="top", fontsize=look.SMALL_SIZE)
        ax.set_title(naming.contrast_label(contrast))
        ax.set_xlim(0, 1)
        ax.set_xlabel("p")
    axes[0, 0].set_ylabel(tr("Genes"))
    return figure


def _panels_width(n: int) -> float:
    return {1: look.SINGLE, 2: look.ONE_AND_HALF}.get(n, look.DOUBLE)


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
    contrasts = list(named["contrast"].unique())
    figure, axes = canvas.new_figure(
        1, len(contrasts), width=look.DOUBLE if len(contrasts) > 1 else look.ONE_AND_HALF, height=84,
        title=tr(title),
        subtitle=_call_words(q),
        note=tr(_THEME_NOTE))  # fmt: skip
    for ax, contrast in zip(axes[0], contrasts, strict=True):
        rows = named[named["contrast"] == contrast].assign(y=lambda t: -np.log10(t["p"].clip(lower=1e-300)))
        _cloud(ax, rows, "log2_fold_change", "y")
        changed = rows[rows["direction"] != "none"]
        if len(changed):
            ax.axhline(changed["y"].min(), color=look.LINE, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0)
        reach = rows["log2_fold_change"].abs().max() * 1.7
        ax.set_xlim(-reach, reach)
        ax.set_ylim(0, rows["y"].max() * 1.12)
        ax.axvline(0, color=look.LINE, linewidth=0.6, zorder=0)
        names = rows[rows["named"]]
        _side_labels(
            ax, names[names["direction"] == "down"], "log2_fold_change", "y", side="left", column=0.2
        )
        _side_labels(ax, names[names["direction"] == "up"], "log2_fold_change", "y", side="right", column=0.2)
        _counts_title(ax, rows, contrast)
        ax.set_xlabel(tr("log2 fold change") + _ROOM)
    axes[0, 0].set_ylabel("−log10 p")
    _theme_legend(figure, named)
    return figure


def ma_plot(named: pd.DataFrame, title: str = "", *, q: float = 0.05) -> Figure:
    """Draw average expression against fold change for each contrast, with the genes of the themes named.

    Parameters
    ----------
    named : DataFrame
        As for `volcano`, with average_expression.
    """
    contrasts = list(named["contrast"].unique())
    figure, axes = canvas.new_figure(
        1, len(contrasts), width=look.DOUBLE if len(contrasts) > 1 else look.ONE_AND_HALF, height=76,
        title=tr(title),
        subtitle=_call_words(q),
        note=tr(_THEME_NOTE), sharey=True)  # fmt: skip
    reach = named["log2_fold_change"].abs().max() * 1.6
    for ax, contrast in zip(axes[0], contrasts, strict=True):
        rows = named[named["contrast"] == contrast]
        _cloud(ax, rows, "average_expression", "log2_fold_change")
        ax.axhline(0, color=look.LINE, linewidth=0.6, zorder=0)
        ax.set_ylim(-reach, reach)
        names = rows[rows["named"]]
        step = 0.016 * (
            1 + len(contrasts) if len(contrasts) > 1 else 1.5
        )  # 2.6 mm, whatever the panel's width
        for direction, side in (("up", "top"), ("down", "bottom")):
            of_side = names[names["direction"] == direction]
            _side_labels(
                ax, of_side, "average_expression", "log2_fold_change", side=side, column=0.19, step=step
            )
        _counts_title(ax, rows, contrast)
        ax.set_xlabel(tr("Average log2 expression") + _ROOM)
    axes[0, 0].set_ylabel(tr("log2 fold change"))
    _theme_legend(figure, named)
    return figure


def _cloud(ax: Axes, rows: pd.DataFrame, x: str, y: str) -> None:
    """All genes; changed ones darker, those of a theme in its colour and shape."""
    plain = rows[rows["direction"] == "none"]
    changed = rows[(rows["direction"] != "none") & rows["theme"].isna()]
    options = {"linestyle": "none", "marker": "o", "markeredgewidth": 0, "rasterized": True}
    ax.plot(plain[x], plain[y], color=_CLOUD, markersize=1.5, **options)
    ax.plot(changed[x], changed[y], color=_CHANGED, markersize=2.2, **options)
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
            xytext=(place, at) if upright else (at, place), fontsize=_LABEL, color=look.INK, **text,
            arrowprops={"arrowstyle": "-", "color": THEMES[row.theme][0], "linewidth": 0.45,
                        "shrinkA": 1.0, "shrinkB": 1.5, "relpos": foot},
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


def _counts_title(ax: Axes, rows: pd.DataFrame, contrast: str) -> None:
    counts = rows["direction"].value_counts()
    ax.set_title(
        tr(
            "{c}\n{up:,} up, {down:,} down", c=naming.contrast_label(contrast),
            up=int(counts.get("up", 0)), down=int(counts.get("down", 0)))
    )  # fmt: skip


def _call_words(q: float) -> str:
    return tr(
        "Moderated t test (limma); called changed at BH q < {q:g}",
        q=q)  # fmt: skip


def _theme_legend(figure: Figure, named: pd.DataFrame) -> None:
    handles = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=marker,
            color=colour,
            markersize=4,
            label=tr(label),
        )
        for theme, (colour, marker, label) in THEMES.items()
        if (named["theme"] == theme).any()
    ]
    if handles:
        legend = figure.axes[0].legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(-0.02, -0.15),
            ncols=len(handles),
            borderaxespad=0,
        )
        # Kept out of the layout, which would widen the first panel's column for it; _ROOM makes the height.
        legend.set_in_layout(False)
