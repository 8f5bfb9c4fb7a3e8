"""Microarrays: quality of the arrays, their tree, and what changed; draws tables, computes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from scipy.cluster.hierarchy import dendrogram

from mgbone.figures import style

# Lightness 46, 29 and 72, so that the themes stay apart in grey; the shape says it again.
THEMES: Mapping[str, tuple[str, str, tuple[str, str]]] = {
    "inflammatory_response_genes": ("#c8373a", "o", ("Inflammatory response", "炎症応答")),
    "mineral_metabolism_genes": ("#0f4c5c", "s", ("Mineral metabolism", "ミネラル代謝")),
    "bone_metabolism_genes": ("#e3a72f", "^", ("Bone metabolism", "骨代謝")),
}
_CLOUD, _CHANGED = "#c9c9c9", "#7d7d7d"
_DIVERGING = "RdBu_r"
_LABEL = 6.3
_ROOM = "\n "  # an empty line below the axis label, where the legend of the themes stands
_LEVELS = {
    "separated": ("separated", "群ごとに分離"),
    "mixed": ("mixed", "混在"),
}
_TREE_NOTE = (
    "Numbers in the tree: % of bootstrap trees (genes redrawn) with the same branch; dashed: the cut",
    "樹上の数値：同じ枝をもつブートストラップ樹の割合（%，遺伝子を再抽出），破線：切断位置",
)
_THEME_NOTE = (
    "Grey: all genes, darker: changed. Named: per theme and direction the changed genes with the smallest p",
    "灰色：全遺伝子，濃灰：変動遺伝子。遺伝子名：各テーマ・方向でpの小さい変動遺伝子",
)


def theme_label(theme: str, language: str = "en") -> str:
    """Return the name of a theme of genes."""
    return style.text(THEMES[theme][2], language)


def array_label(array: str) -> str:
    """Shorten the name of an array to its number within the group, where it has one."""
    return array.replace(".", "-").rsplit("-", 1)[-1]


# ---- The tree
# --------------------------------------------------------------------------------------------------------


def dendrogram_heatmap(
    clustering: Any,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    subtitle: str | Sequence[str] | None = None,
) -> Figure:
    """Draw the tree of the arrays with bootstrap support, the groups below it, and the genes behind it.

    Parameters
    ----------
    clustering : mgbone.microarray.clustering.Clustering or None
        From `mgbone.microarray.arrays.cluster_experiment`; without one the figure says so.

    Returns
    -------
    Figure
    """
    if clustering is None:
        why = (
            "Fewer than two groups with two arrays: no tree",
            "2枚以上のアレイをもつ群が2つ未満：樹形図なし",
        )
        return style.empty_figure(why, title, language)
    groups = list(dict.fromkeys(clustering.groups))
    n = len(clustering.order)
    figure, _ = style.new_figure(
        0, 0, width=style.ONE_AND_HALF if n <= 8 else style.DOUBLE, height=108,
        title=style.say(title, language),
        subtitle=_tree_words(clustering, language) if subtitle is None else style.say(subtitle, language),
        note=style.text(_TREE_NOTE, language),
        language=language,
    )  # fmt: skip
    grid = figure.add_gridspec(3, 2, height_ratios=[44, 5, 52], width_ratios=[60, 1.6])
    tree, strip, heat = (figure.add_subplot(grid[row, 0]) for row in range(3))
    _tree(tree, clustering, language)
    _strip(strip, clustering)
    image = _heat(heat, clustering, language)
    bar = figure.colorbar(image, cax=figure.add_subplot(grid[2, 1]))
    bar.outline.set_linewidth(0.5)
    bar.set_label(style.text(("log2 expression minus gene mean", "log2発現量−遺伝子平均"), language))
    tree.legend(
        handles=style.group_handles(groups, language), loc="upper right", bbox_to_anchor=(1, 1.06),
        ncols=len(groups), borderaxespad=0,
    )  # fmt: skip
    return figure


def _tree_words(clustering: Any, language: str) -> str:
    v = clustering.verdict
    return style.text(
        ("Average linkage of 1 − Pearson r, {n} most variable genes. Rule: {level} (cut = groups: {cut}, "
         "in {support} % of bootstrap trees; cohesion: mean silhouette {s}, permutation {p})",
         "1−Pearson相関の群平均法，変動の大きい{n}遺伝子。判定：{level}（切断と群の一致：{cut}，"
         "ブートストラップ樹の{support} %；凝集性：平均シルエット{s}，並べ替え検定 {p}）"),
        language, n=f"{v['n_genes']:,}", level=style.text(_LEVELS[str(v["level"])], language),
        cut=_yes(v["rand"] > 1 - 1e-9, language), support=f"{100 * v['cut_support']:.0f}",
        s=f"{v['silhouette']:.2f}".replace("-", "−"),
        p=style.format_p(float(v["p"])),
    )  # fmt: skip


def _yes(value: bool, language: str) -> str:
    return style.text(("yes", "一致") if value else ("no", "不一致"), language)


def _tree(ax: Axes, clustering: Any, language: str, *, legend_room: float = 1.16) -> None:
    drawn = dendrogram(clustering.linkage, no_plot=True)
    heights = clustering.linkage[:, 2]
    floor = heights[0] - 0.35 * (heights[-1] - heights[0])
    by_height = {round(float(h), 12): i for i, h in enumerate(heights)}
    for x, y in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        ax.plot(x, np.maximum(y, floor), color=style.INK, linewidth=0.9, solid_joinstyle="miter")
        node = by_height[round(float(y[1]), 12)]
        support = clustering.nodes.loc[node, "support"]
        if np.isfinite(support):
            ax.annotate(
                f"{100 * support:.0f}", ((x[1] + x[2]) / 2, y[1]), xytext=(1.6, 0.8),
                textcoords="offset points",
                ha="left", va="bottom", fontsize=_LABEL - 0.3, color=style.QUIET,
            )  # fmt: skip
    k = clustering.groups.nunique()
    cut = (heights[-k + 1] + heights[-k]) / 2 if len(heights) >= k else heights[-1]
    ax.axhline(cut, color=style.QUIET, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0)
    ax.set_xlim(0, 10 * len(clustering.order))
    ax.set_ylim(floor, floor + (heights[-1] - floor) * legend_room)
    ax.set_ylabel(style.text(("1 − Pearson r", "1 − Pearson r"), language))
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.locator_params(axis="y", nbins=4)


def _strip(ax: Axes, clustering: Any) -> None:
    """Groups of the arrays: a coloured box each, with its marker and number."""
    for i, array in enumerate(clustering.order):
        group = clustering.groups[array]
        ax.add_patch(Rectangle((i + 0.04, 0.05), 0.92, 0.9, color=style.colour(group), linewidth=0))
        ink = style.ink_on(style.colour(group))
        ax.plot(i + 0.36, 0.5, style.marker(group), color=ink, markersize=3.6, markeredgewidth=0)
        ax.text(i + 0.62, 0.47, array_label(array), ha="center", va="center", fontsize=_LABEL, color=ink)
    ax.set_xlim(0, len(clustering.order))
    ax.set_ylim(0, 1)
    ax.set_axis_off()


def _heat(ax: Axes, clustering: Any, language: str):
    values = clustering.heat.to_numpy()
    reach = float(np.quantile(np.abs(values), 0.98)) or 1.0
    image = ax.imshow(
        values, aspect="auto", interpolation="nearest", cmap=_DIVERGING, norm=TwoSlopeNorm(0, -reach, reach),
        extent=(0, values.shape[1], values.shape[0], 0), rasterized=True,
    )  # fmt: skip
    ax.set_xticks([])
    ax.set_yticks([])
    words = ("{n} genes", "{n}遺伝子")
    ax.set_ylabel(style.text(words, language, n=f"{len(clustering.heat):,}"))
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    return image


def cohesion(
    clusterings: Mapping[str, Any],
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    subtitle: str | Sequence[str] | None = None,
) -> Figure:
    """Draw the tree of each contrast above its permutation test.

    Parameters
    ----------
    clusterings : mapping
        From `mgbone.microarray.clustering.cluster_contrasts`, by contrast.
    """
    n = len(clusterings)
    if subtitle is None:
        subtitle = (
            "Above: average linkage of 1 − Pearson r, % bootstrap support. Below: mean silhouette of every "
            "distinct split of the arrays into two groups of the same sizes",
            "上：1−Pearson相関の群平均法とブートストラップ支持率（%）。下：アレイを同じ大きさの2群に分ける"
            "全ての分け方の平均シルエット",
        )
    figure, axes = style.new_figure(
        3, n, width={1: style.SINGLE, 2: style.ONE_AND_HALF}.get(n, style.DOUBLE), height=88,
        title=style.say(title, language), subtitle=style.say(subtitle, language), language=language,
        note=style.text(
            ("Dashed: the cut. Separated: cut equals groups and p < 0.05",
             "破線：切断位置。分離：切断が群と一致し，かつ p < 0.05"), language),
        gridspec_kw={"height_ratios": [40, 5, 34]},
    )  # fmt: skip
    for column, (contrast, clustering) in enumerate(clusterings.items()):
        tree, strip, null = axes[:, column]
        _tree(tree, clustering, language, legend_room=1.12)
        _strip(strip, clustering)
        _null(null, clustering, language)
        level = style.text(_LEVELS[str(clustering.verdict["level"])], language)
        tree.set_title(f"{style.panel_name(contrast, language, n)}: {level}")
        if column:
            tree.set_ylabel("")
            null.set_ylabel("")
    return figure


def _null(ax: Axes, clustering: Any, language: str) -> None:
    observed = float(clustering.verdict["silhouette"])
    ax.hist(clustering.null, bins=20, color=_CLOUD, edgecolor="white", linewidth=0.4)
    ax.axvline(observed, color=style.UP, linewidth=1.4)
    low, high = sorted([float(clustering.null.min()), observed])
    high = max(high, float(clustering.null.max()))
    margin = 0.07 * (high - low) + 0.004
    ax.set_xlim(low - margin, high + margin)
    right = observed > sum(ax.get_xlim()) / 2
    ax.annotate(
        f"{style.text(('these groups', '実際の群'), language)}\n{style.format_p(clustering.verdict['p'])}",
        (observed, 0.97), xycoords=("data", "axes fraction"), xytext=(-4 if right else 4, 0),
        textcoords="offset points", ha="right" if right else "left", va="top", fontsize=style.SMALL_SIZE,
        color=style.UP, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1},
    )  # fmt: skip
    ax.set_ylim(0, 1.3 * ax.get_ylim()[1])
    ax.set_xlabel(style.text(("Mean silhouette", "平均シルエット"), language))
    ax.set_ylabel(style.text(("Splits of the arrays", "分け方の数"), language))
    ax.yaxis.get_major_locator().set_params(integer=True, nbins=4)


# ---- What changed
# ----------------------------------------------------------------------------------------------------


def p_value_histograms(
    bins: pd.DataFrame,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    subtitle: str | Sequence[str] | None = None,
) -> Figure:
    """Draw the histogram of p values of each contrast, and the level that unchanged genes alone would give.

    Parameters
    ----------
    bins : DataFrame
        From `mgbone.microarray.expression.p_value_histogram`.
    """
    contrasts = list(bins["contrast"].unique())
    if subtitle is None:
        subtitle = (
            "Moderated t test per gene. Dashed: genes a bin if only the unchanged ones were there "
            "(Storey, λ = 0.5)",
            "遺伝子ごとの調整t検定。破線：変化のない遺伝子だけなら各区間に入る数（Storey，λ = 0.5）",
        )
    figure, axes = style.new_figure(
        1, len(contrasts), width=_panels_width(len(contrasts)), height=46, sharey=True,
        title=style.say(title, language), subtitle=style.say(subtitle, language), language=language,
    )  # fmt: skip
    for ax, contrast in zip(axes[0], contrasts, strict=True):
        rows = bins[bins["contrast"] == contrast]
        ax.bar(rows["left"], rows["count"], rows["right"] - rows["left"], align="edge",
               color="#8f9ba8", edgecolor="white", linewidth=0.4)  # fmt: skip
        ax.axhline(rows["expected"].iloc[0], color=style.INK, linestyle=(0, (4, 3)), linewidth=0.9)
        share = rows["null_share"].iloc[0]
        words = ("unchanged: nearly all", "変化なし：ほぼすべて")
        if share < 0.995:
            words = ("unchanged: about {s:.0%}", "変化なし：約{s:.0%}")
        share = style.text(words, language, s=share)
        ax.text(0.97, 0.95, share, transform=ax.transAxes, ha="right", va="top", fontsize=style.SMALL_SIZE)
        ax.set_title(style.contrast_label(contrast, language))
        ax.set_xlim(0, 1)
        ax.set_xlabel("p")
    axes[0, 0].set_ylabel(style.text(("Genes", "遺伝子数"), language))
    return figure


def _panels_width(n: int) -> float:
    return {1: style.SINGLE, 2: style.ONE_AND_HALF}.get(n, style.DOUBLE)


def volcano(
    named: pd.DataFrame,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    q: float = 0.05,
    subtitle: str | Sequence[str] | None = None,
) -> Figure:
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
    figure, axes = style.new_figure(
        1, len(contrasts), width=style.DOUBLE if len(contrasts) > 1 else style.ONE_AND_HALF, height=84,
        title=style.say(title, language),
        subtitle=_call_words(q, language) if subtitle is None else style.say(subtitle, language),
        note=style.text(_THEME_NOTE, language), language=language,
    )  # fmt: skip
    for ax, contrast in zip(axes[0], contrasts, strict=True):
        rows = named[named["contrast"] == contrast].assign(y=lambda t: -np.log10(t["p"].clip(lower=1e-300)))
        _cloud(ax, rows, "log2_fold_change", "y")
        changed = rows[rows["direction"] != "none"]
        if len(changed):
            ax.axhline(changed["y"].min(), color=style.LINE, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0)
        reach = rows["log2_fold_change"].abs().max() * 1.7
        ax.set_xlim(-reach, reach)
        ax.set_ylim(0, rows["y"].max() * 1.12)
        ax.axvline(0, color=style.LINE, linewidth=0.6, zorder=0)
        names = rows[rows["named"]]
        _side_labels(
            ax, names[names["direction"] == "down"], "log2_fold_change", "y", side="left", column=0.2
        )
        _side_labels(ax, names[names["direction"] == "up"], "log2_fold_change", "y", side="right", column=0.2)
        _counts_title(ax, rows, contrast, language)
        ax.set_xlabel(style.text(("log2 fold change", "log2変化量"), language) + _ROOM)
    axes[0, 0].set_ylabel("−log10 p")
    _theme_legend(figure, named, language)
    return figure


def ma_plot(
    named: pd.DataFrame,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    q: float = 0.05,
    subtitle: str | Sequence[str] | None = None,
) -> Figure:
    """Draw average expression against fold change for each contrast, with the genes of the themes named.

    Parameters
    ----------
    named : DataFrame
        As for `volcano`, with average_expression.
    """
    contrasts = list(named["contrast"].unique())
    figure, axes = style.new_figure(
        1, len(contrasts), width=style.DOUBLE if len(contrasts) > 1 else style.ONE_AND_HALF, height=76,
        title=style.say(title, language),
        subtitle=_call_words(q, language) if subtitle is None else style.say(subtitle, language),
        note=style.text(_THEME_NOTE, language), language=language, sharey=True,
    )  # fmt: skip
    reach = named["log2_fold_change"].abs().max() * 1.6
    for ax, contrast in zip(axes[0], contrasts, strict=True):
        rows = named[named["contrast"] == contrast]
        _cloud(ax, rows, "average_expression", "log2_fold_change")
        ax.axhline(0, color=style.LINE, linewidth=0.6, zorder=0)
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
        _counts_title(ax, rows, contrast, language)
        ax.set_xlabel(style.text(("Average log2 expression", "平均log2発現量"), language) + _ROOM)
    axes[0, 0].set_ylabel(style.text(("log2 fold change", "log2変化量"), language))
    _theme_legend(figure, named, language)
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
            xytext=(place, at) if upright else (at, place), fontsize=_LABEL, color=style.INK, **text,
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


def _counts_title(ax: Axes, rows: pd.DataFrame, contrast: str, language: str) -> None:
    counts = rows["direction"].value_counts()
    ax.set_title(
        style.text(
            ("{c}\n{up:,} up, {down:,} down", "{c}\n上昇{up:,}，低下{down:,}"), language,
            c=style.contrast_label(contrast, language),
            up=int(counts.get("up", 0)), down=int(counts.get("down", 0)),
        )
    )  # fmt: skip


def _call_words(q: float, language: str) -> str:
    return style.text(
        ("Moderated t test (limma); called changed at BH q < {q:g}",
         "調整t検定（limma），BH法のq < {q:g}を変動とする"),
        language, q=q,
    )  # fmt: skip


def _theme_legend(figure: Figure, named: pd.DataFrame, language: str) -> None:
    handles = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=marker,
            color=colour,
            markersize=4,
            label=style.text(label, language),
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


def threshold_grid(
    counts: pd.DataFrame,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    declared: tuple[float, float] = (0.05, 0.0),
    subtitle: str | Sequence[str] | None = None,
) -> Figure:
    """Draw how many genes are called at each pair of limits, the declared pair framed.

    Parameters
    ----------
    counts : DataFrame
        From `mgbone.microarray.expression.significance_counts`.
    declared : tuple of float
        q and absolute log2 fold change that the study uses.
    """
    contrasts = list(counts["contrast"].unique())
    if subtitle is None:
        subtitle = (
            "Genes raised (↑) and lowered (↓); framed: the limits of this study",
            "上昇（↑）・低下（↓）した遺伝子数；枠：本研究の基準",
        )  # fmt: skip
    figure, axes = style.new_figure(
        1, len(contrasts), width=_panels_width(len(contrasts)), height=52, sharey=True,
        title=style.say(title, language), subtitle=style.say(subtitle, language), language=language,
    )  # fmt: skip
    most = max(1, int(counts["total"].max()))
    for ax, contrast in zip(axes[0], contrasts, strict=True):
        rows = counts[counts["contrast"] == contrast]
        table = rows.set_index(["q", "log2_fold_change"])["total"].unstack()  # noqa: PD010
        ax.imshow(np.log1p(table.to_numpy()), cmap="Greys", vmin=0, vmax=np.log1p(most) * 1.5, aspect="auto")
        for row in rows.itertuples():
            i, j = table.index.get_loc(row.q), table.columns.get_loc(row.log2_fold_change)
            shade = np.log1p(row.total) / (np.log1p(most) * 1.5)
            ax.text(j, i, f"{row.up:,} ↑\n{row.down:,} ↓", ha="center", va="center", fontsize=_LABEL - 0.6,
                    linespacing=1.15, color="white" if shade > 0.55 else style.INK)  # fmt: skip
            if np.isclose(row.q, declared[0]) and np.isclose(row.log2_fold_change, declared[1]):
                ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor=style.UP,
                linewidth=1.6,
                                       clip_on=False, zorder=4))  # fmt: skip
        ax.set_xticks(range(len(table.columns)), [f"{v:g}" for v in table.columns])
        ax.set_yticks(range(len(table.index)), [f"{v:g}" for v in table.index])
        ax.tick_params(length=0)
        ax.set_title(style.contrast_label(contrast, language))
        ax.set_xlabel(style.text(("|log2 fold change| at least", "|log2変化量| の下限"), language))
        for spine in ax.spines.values():
            spine.set_visible(False)
    axes[0, 0].set_ylabel(style.text(("q below", "q の上限"), language))
    return figure


_CLASSES: Mapping[str, tuple[str, str, float, tuple[str, str]]] = {
    "neither": (_CLOUD, "o", 1.5, ("neither", "変動なし")),
    "only_a": ("#d9a441", "^", 3.0, ("{a} only", "{a}のみ")),
    "only_b": ("#c4601d", "D", 2.6, ("{b} only", "{b}のみ")),
    "both_same": ("#2b2b2b", "o", 3.4, ("both, same direction", "両方（同方向）")),
    "both_opposite": ("#2166ac", "X", 4.2, ("both, opposite", "両方（逆方向）")),
}


def overlap_scatter(
    both: pd.DataFrame,
    summary: pd.DataFrame,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    subtitle: str | Sequence[str] | None = None,
) -> Figure:
    """Draw the fold changes of two contrasts against each other, genes changed in either marked.

    Parameters
    ----------
    both, summary : DataFrame
        From `mgbone.microarray.expression.overlap` and `overlap_summary`.
    """
    row = summary.iloc[0]
    names = {side: style.contrast_label(row[f"contrast_{side}"], language) for side in "ab"}
    cases = {
        side: style.group_label(row[f"contrast_{side}"].partition("_vs_")[0], language, short=True)
        for side in "ab"
    }
    if subtitle is None:
        subtitle = style.text(
            ("{n:,} genes; Pearson r = {r:.2f}. Contrasts that share a reference would give r = {c:.2f} with "
             "no effect at all; {s} genes changed alike, {e:.1f} expected if independent",
             "{n:,}遺伝子，Pearson r = {r:.2f}。対照群を共有するため，効果がなくても r = {c:.2f} となる。"
             "同方向に変動した遺伝子：{s}（独立なら期待値{e:.1f}）"),
            language, n=int(row["genes"]), r=row["correlation"], c=row["correlation_by_chance"],
            s=int(row["both_same"]), e=row["expected"],
        )  # fmt: skip
    figure, axes = style.new_figure(
        1, 1, width=style.ONE_AND_HALF, height=88,
        title=style.say(title, language), subtitle=style.say(subtitle, language), language=language,
    )  # fmt: skip
    ax = axes[0, 0]
    reach = float(both[["log2_fold_change_a", "log2_fold_change_b"]].abs().to_numpy().max()) * 1.05
    ax.plot([-reach, reach], [-reach, reach], color=style.LINE, linewidth=0.6, zorder=0)
    ax.axhline(0, color=style.LINE, linewidth=0.6, zorder=0)
    ax.axvline(0, color=style.LINE, linewidth=0.6, zorder=0)
    for name, (colour, marker, size, label) in _CLASSES.items():
        rows = both[both["class"] == name]
        words = f"{style.text(label, language, **cases)} ({len(rows):,})"
        ax.plot(
            rows["log2_fold_change_a"], rows["log2_fold_change_b"], linestyle="none", marker=marker,
            color=colour, markersize=size, markeredgecolor="white",
            markeredgewidth=0.0 if name == "neither" else 0.3, rasterized=True, label=words,
        )  # fmt: skip
    ax.set_xlim(-reach, reach)
    ax.set_ylim(-reach, reach)
    ax.set_aspect("equal")
    unit = style.text(("log2 fold change", "log2変化量"), language)
    ax.set_xlabel(f"{names['a']}, {unit}")
    ax.set_ylabel(f"{names['b']}, {unit}")
    handles = [
        Line2D([], [], linestyle="none", marker=line.get_marker(), color=line.get_color(),
               markersize=max(3.2, line.get_markersize()), label=line.get_label())
        for line in ax.get_lines() if not str(line.get_label()).startswith("_")
    ]  # fmt: skip
    ax.legend(handles=handles, loc="center left", bbox_to_anchor=(1.02, 0.5))
    return figure


def gene_by_hand(
    expression: pd.DataFrame,
    groups: pd.Series,
    steps: pd.DataFrame,
    gene: str,
    contrast: str,
    language: str = "en",
    title: str | Sequence[str] = "",
) -> Figure:
    """Draw the arrays of one gene by group, the means compared, and the steps of its test beside them.

    Parameters
    ----------
    steps : DataFrame
        From `mgbone.microarray.expression.one_gene_by_hand`.
    """
    value = steps.set_index("step")["value"]
    figure, axes = style.new_figure(
        1, 2, width=style.DOUBLE, height=66, title=style.say(title, language), language=language,
        subtitle=style.text(
            ("{g}, {c}: every array a dot, bars the group means; right, each number of the moderated t test",
             "{g}，{c}：点は各アレイ，横線は群平均；右は調整t検定の各段階の数値"),
            language, g=gene, c=style.contrast_label(contrast, language)),
        gridspec_kw={"width_ratios": [1, 1.9]},
    )  # fmt: skip
    left, right = axes[0]
    names = list(dict.fromkeys(groups))
    for i, group in enumerate(names):
        y = expression.loc[gene, groups.index[groups == group]].to_numpy(float)
        style.dots(left, i + style.jitter(y), y, group, size=5.5)
        left.plot([i - 0.3, i + 0.3], [y.mean()] * 2, color=style.INK, linewidth=1.3)
    shown = [style.group_label(g, language, short=True) for g in names]
    labels = [f"{name}\nn = {(groups == g).sum()}" for g, name in zip(names, shown, strict=True)]
    left.set_xticks(range(len(names)), labels)
    style.turn_crowded(left, shown, 165 / len(names))
    left.set_xlim(-0.6, len(names) - 0.4)
    left.set_ylabel(style.text(("log2 expression of {g}", "{g}のlog2発現量"), language, g=gene))
    left.set_title(style.format_p(float(value["p"])))
    right.set_axis_off()
    right.set_ylim(len(steps) - 0.4, -0.9)
    right.set_xlim(0, 1)
    column = "name_ja" if language == "ja" else "name_en"
    for i, row in enumerate(steps.itertuples()):
        if i % 2 == 0:
            right.add_patch(Rectangle((0, i - 0.5), 1, 1, color=style.PALE, linewidth=0, zorder=0))
        right.text(0.01, i, getattr(row, column), va="center", fontsize=_LABEL)
        right.text(0.46, i, row.formula, va="center", fontsize=_LABEL, color=style.QUIET)
        value = f"{row.value:.4g}".replace("-", "−")
        right.text(0.99, i, value, va="center", ha="right", fontsize=_LABEL)
    return figure


# ---- Are the arrays sound?
# -------------------------------------------------------------------------------------------


def array_distributions(
    densities: pd.DataFrame,
    groups: pd.Series,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    subtitle: str | Sequence[str] | None = None,
) -> Figure:
    """Draw the distribution of log2 values of each array before and after normalisation.

    Parameters
    ----------
    densities : DataFrame
        Columns stage ("raw", "normalised"; others are drawn under the name given), array_id,
        value (log2), density.
    groups : Series
        Group of each array.
    """
    stages = list(densities["stage"].unique())
    if subtitle is None:
        subtitle = ("Each line an array; density of log2 values", "線は各アレイ；log2値の密度")
    figure, axes = style.new_figure(
        1, len(stages), width=_panels_width(max(2, len(stages))), height=52,
        title=style.say(title, language), subtitle=style.say(subtitle, language), language=language,
    )  # fmt: skip
    for ax, stage in zip(axes[0], stages, strict=True):
        rows = densities[densities["stage"] == stage]
        for array, line in rows.groupby("array_id", sort=False):
            ax.plot(
                line["value"],
                line["density"],
                color=style.line_colour(groups[array]),
                linewidth=0.9,
                alpha=0.9,
            )
        ax.set_title(style.text(_STAGES.get(stage, (stage, stage)), language))
        ax.set_xlabel(style.text(("log2 intensity", "log2強度"), language))
        ax.set_ylim(bottom=0)
    axes[0, 0].set_ylabel(style.text(("Density", "密度"), language))
    shown = list(dict.fromkeys(groups))
    handles = [
        Line2D([], [], color=style.line_colour(g), label=style.group_label(g, language)) for g in shown
    ]
    columns = (
        len(handles) if len(stages) > 1 else min(3, len(handles))
    )  # one panel has no room for a long line
    figure.legend(handles=handles, loc="outside lower left", ncols=columns)
    return figure


_STAGES: Mapping[str, tuple[str, str]] = {
    "raw": ("As scanned", "正規化前"),
    "normalised": ("After RMA", "RMA後"),
    "as it came": ("As it came, normalised elsewhere", "正規化済みとして受領"),
}


def array_boxes(
    boxes: pd.DataFrame,
    groups: pd.Series,
    limits: Mapping[str, tuple[float, float]] | None = None,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    subtitle: str | Sequence[str] | None = None,
) -> Figure:
    """Draw a box per array for each measure of quality, one panel above the other.

    Parameters
    ----------
    boxes : DataFrame
        Columns measure (such as RLE, NUSE), array_id, q05, q25, median, q75, q95.
    groups : Series
        Group of each array.
    limits : mapping, optional
        Range of the median of each measure inside which an array is not flagged; drawn as a band.
    """
    measures = list(boxes["measure"].unique())
    arrays = list(dict.fromkeys(boxes["array_id"]))
    if subtitle is None:
        subtitle = (
            "Box: quartiles and median, whiskers: 5 to 95 %. Grey band: limits for the median; beyond "
            "them an array is flagged",
            "箱：四分位と中央値，ひげ：5〜95％。灰色帯：中央値の許容範囲（外れたアレイは要確認）",
        )  # fmt: skip
    figure, axes = style.new_figure(
        len(measures), 1, width=style.DOUBLE, height=34 * len(measures) + 8, sharex=True,
        title=style.say(title, language), subtitle=style.say(subtitle, language), language=language,
    )  # fmt: skip
    for ax, measure in zip(axes[:, 0], measures, strict=True):
        rows = boxes[boxes["measure"] == measure].set_index("array_id")
        if limits and measure in limits:
            low, high = limits[measure]
            low = max(low, min(rows["q05"].min(), high) - 0.02 * abs(high))  # a side without limit ends below
            ax.axhspan(low, high, color=style.PALE, linewidth=0, zorder=0)
        for i, array in enumerate(arrays):
            if array in rows.index:
                _box(ax, i, rows.loc[array], groups[array], limits.get(measure) if limits else None)
        ax.set_ylabel(measure)
        ax.set_xlim(-0.7, len(arrays) - 0.3)
        ax.locator_params(axis="y", nbins=5)
    axes[-1, 0].set_xticks(range(len(arrays)), [array_label(a) for a in arrays])
    axes[-1, 0].tick_params(axis="x", length=0)
    names = [style.group_label(groups[a], language, short=True) for a in arrays]
    for name in dict.fromkeys(names):
        at = [i for i, other in enumerate(names) if other == name]
        axes[-1, 0].annotate(
            name, ((at[0] + at[-1]) / 2, 0), xycoords=("data", "axes fraction"), xytext=(0, -16),
            textcoords="offset points", ha="center", va="top", annotation_clip=False,
        )  # fmt: skip
    return figure


def _box(ax: Axes, x: float, row: pd.Series, group: str, limit: tuple[float, float] | None) -> None:
    colour = style.colour(group)
    edge = style.line_colour(group)
    ax.plot([x, x], [row["q05"], row["q95"]], color=edge, linewidth=0.9, zorder=1)
    ax.add_patch(Rectangle((x - 0.3, row["q25"]), 0.6, row["q75"] - row["q25"], facecolor=colour,
                           edgecolor=edge, linewidth=0.7, zorder=2))  # fmt: skip
    ax.plot([x - 0.3, x + 0.3], [row["median"]] * 2, color=style.ink_on(colour), linewidth=1.2, zorder=3)
    if limit and not limit[0] <= row["median"] <= limit[1]:
        ax.annotate("!", (x, row["q95"]), xytext=(0, 1), textcoords="offset points", ha="center", va="bottom",
                    color=style.UP, fontsize=style.TITLE_SIZE, **style.BOLD)  # fmt: skip


def array_map(
    scores: pd.DataFrame,
    explained: Sequence[float],
    correlation: pd.DataFrame,
    groups: pd.Series,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    subtitle: str | Sequence[str] | None = None,
) -> Figure:
    """Draw the arrays on their first two principal components, and the correlation of each two of them.

    Parameters
    ----------
    scores : DataFrame
        Index array_id; columns PC1, PC2.
    explained : sequence of float
        Share of the variance of PC1 and PC2.
    correlation : DataFrame
        Arrays by arrays.
    groups : Series
        Group of each array.
    """
    if subtitle is None:
        subtitle = ("Left: principal components; right: Pearson correlation of log2 expression",
                    "左：主成分；右：log2発現量のPearson相関")  # fmt: skip
    figure, axes = style.new_figure(
        1, 2, width=style.DOUBLE, height=74, title=style.say(title, language),
        subtitle=style.say(subtitle, language), language=language,
    )  # fmt: skip
    left, right = axes[0]
    order = [a for g in dict.fromkeys(groups) for a in groups.index[groups == g] if a in correlation.index]
    for group in dict.fromkeys(groups):
        arrays = [a for a in scores.index if groups[a] == group]
        style.dots(left, scores.loc[arrays, "PC1"], scores.loc[arrays, "PC2"], group, size=5.5)
    left.set_xlabel(f"PC1 ({100 * explained[0]:.0f} %){_ROOM}{_ROOM}")
    left.set_ylabel(f"PC2 ({100 * explained[1]:.0f} %)")
    left.margins(0.12)
    left.axhline(0, color=style.LINE, linewidth=0.6, zorder=0)
    left.axvline(0, color=style.LINE, linewidth=0.6, zorder=0)
    legend = left.legend(
        handles=style.group_handles(list(dict.fromkeys(groups)), language),
        loc="upper left", bbox_to_anchor=(-0.05, -0.17), ncols=3, borderaxespad=0,
    )  # fmt: skip
    legend.set_in_layout(False)  # else it would widen the panel's column; _ROOM makes the height
    table = correlation.loc[order, order].to_numpy(float)
    off = table[~np.eye(len(table), dtype=bool)]
    image = right.imshow(table, cmap="cividis", vmin=float(off.min()), vmax=float(off.max()), rasterized=True)
    ends = np.cumsum([sum(groups[a] == g for a in order) for g in dict.fromkeys(groups[a] for a in order)])
    for end in ends[:-1]:
        right.axhline(end - 0.5, color="white", linewidth=1.2)
        right.axvline(end - 0.5, color="white", linewidth=1.2)
    starts = [0, *ends[:-1]]
    names = [style.group_label(g, language, short=True) for g in dict.fromkeys(groups[a] for a in order)]
    middle = [(a + b - 1) / 2 for a, b in zip(starts, ends, strict=True)]
    right.set_xticks(middle, names, rotation=30, ha="right", rotation_mode="anchor")
    right.set_yticks(middle, names)
    right.tick_params(length=0)
    for spine in right.spines.values():
        spine.set_visible(False)
    bar = figure.colorbar(image, ax=right, shrink=0.8)
    bar.outline.set_linewidth(0.5)
    bar.set_label("Pearson r")
    return figure


def pseudo_images(
    images: Mapping[str, np.ndarray],
    groups: pd.Series,
    language: str = "en",
    title: str | Sequence[str] = "",
    *,
    subtitle: str | Sequence[str] | None = None,
) -> Figure:
    """Draw chips as images of the residuals of the probe-level model: a spot or a scratch would show.

    Parameters
    ----------
    images : mapping of array to ndarray, shape (n_rows, n_cols)
        Residuals in log2; cells without one are missing (drawn white). None where the arrays came
        normalised: the figure then says so.
    groups : Series
        Group of each array.
    """
    if not images:
        return style.empty_figure(
            ("No chip images: the arrays came normalised, without their cells",
             "チップ画像なし：正規化済みのデータにはセルの値がありません"),
            title, language,
        )  # fmt: skip
    columns = min(5, max(1, len(images)))
    rows = -(-len(images) // columns)
    if subtitle is None:
        subtitle = ("Residual of each cell in place: red brighter, blue dimmer than the model predicts",
                    "各セルの残差：赤は予測より明るく，青は暗い")  # fmt: skip
    width = style.DOUBLE if columns > 2 else style.ONE_AND_HALF
    figure, axes = style.new_figure(
        rows, columns, width=width, height=(width - 24) / columns * rows + 4 * rows,
        title=style.say(title, language), subtitle=style.say(subtitle, language), language=language,
    )  # fmt: skip
    known = np.concatenate([np.abs(i[np.isfinite(i)]) for i in images.values()])
    reach = float(np.quantile(known, 0.98)) or 1.0
    for ax in axes.flat[len(images) :]:
        ax.set_axis_off()
    for ax, (array, image) in zip(axes.flat, images.items(), strict=False):
        drawn = ax.imshow(
            image, cmap=_DIVERGING, vmin=-reach, vmax=reach, interpolation="nearest", rasterized=True
        )
        ax.set_title(f"{style.group_label(groups[array], language, short=True)} {array_label(array)}")
        ax.set_xticks([])
        ax.set_yticks([])
        for spine in ax.spines.values():
            spine.set_visible(True)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.7, aspect=28)
    bar.outline.set_linewidth(0.5)
    bar.set_label(style.text(("log2 residual", "log2残差"), language))
    return figure
