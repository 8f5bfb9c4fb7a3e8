"""How genes are called: limits of q and fold change, two genes worked by hand, two contrasts compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mgbone.figures import canvas, look, titles
from mgbone.study import naming
from mgbone.study.language import N_, tr


def threshold_grid(
    counts: pd.DataFrame, title: str = "", *, declared: tuple[float, float] = (0.05, 0.0)
) -> Figure:
    """Draw how many genes are called at each pair of limits, the declared pair framed.

    Parameters
    ----------
    counts : DataFrame
        From `mgbone.microarray.changed_genes.significance_counts`.
    declared : tuple of float
        q and absolute log2 fold change that the study uses.
    """
    figure, panels = canvas.contrast_panels(
        counts, height=52, sharey=True, title=title,
        subtitle=N_("Genes raised (↑) and lowered (↓); framed: the limits of this study"))  # fmt: skip
    most = max(1, int(counts["total"].max()))
    for ax, _, rows in panels:
        table = rows.set_index(["q", "log2_fold_change"])["total"].unstack()  # noqa: PD010
        ax.imshow(np.log1p(table.to_numpy()), cmap="Greys", vmin=0, vmax=np.log1p(most) * 1.5, aspect="auto")
        for row in rows.itertuples():
            i, j = table.index.get_loc(row.q), table.columns.get_loc(row.log2_fold_change)
            shade = np.log1p(row.total) / (np.log1p(most) * 1.5)
            ax.text(j, i, f"{row.up:,} ↑\n{row.down:,} ↓", ha="center", va="center", linespacing=1.15,
                    fontsize=look.LABEL_SIZE - 0.6, color="white" if shade > 0.55 else look.INK)  # fmt: skip
            if np.isclose(row.q, declared[0]) and np.isclose(row.log2_fold_change, declared[1]):
                frame = Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor=look.UP, linewidth=1.6)
                ax.add_patch(frame).set(clip_on=False, zorder=4)
        ax.set_xticks(range(len(table.columns)), [f"{v:g}" for v in table.columns])
        ax.set_yticks(range(len(table.index)), [f"{v:g}" for v in table.index])
        ax.tick_params(length=0)
        ax.set_xlabel(tr("|log2 fold change| at least"))
        ax.spines[:].set_visible(False)
    panels[0][0].set_ylabel(tr("q below"))
    return figure


_CLASSES: Mapping[str, tuple[str, str, float, tuple[str, str]]] = {
    "neither": (look.CLOUD, "o", 1.5, N_("neither")),
    "only_a": ("#d9a441", "^", 3.0, N_("{a} only")),
    "only_b": ("#c4601d", "D", 2.6, N_("{b} only")),
    "both_same": ("#2b2b2b", "o", 3.4, N_("both, same direction")),
    "both_opposite": ("#2166ac", "X", 4.2, N_("both, opposite")),
}


def overlap_scatter(both: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    """Draw the fold changes of two contrasts against each other, genes changed in either marked.

    Parameters
    ----------
    both, summary : DataFrame
        From `mgbone.microarray.changed_genes.overlap` and `overlap_summary`.
    """
    row = summary.iloc[0]
    names = {side: naming.contrast_label(row[f"contrast_{side}"]) for side in "ab"}
    groups = {side: row[f"contrast_{side}"].partition("_vs_")[0] for side in "ab"}
    cases = {side: naming.group_label(group, short=True) for side, group in groups.items()}
    subtitle = tr(
        "{n:,} genes; Pearson r = {r:.2f}. Contrasts that share a reference would give r = {c:.2f} with "
         "no effect at all; {s} genes changed alike, {e:.1f} expected if independent",
        n=int(row["genes"]), r=row["correlation"], c=row["correlation_by_chance"],
        s=int(row["both_same"]), e=row["expected"])  # fmt: skip
    figure, axes = canvas.new_figure(
        1, 1, width=look.ONE_AND_HALF, height=88, title=titles.compared(list(groups.values())),
        subtitle=subtitle)  # fmt: skip
    ax = axes[0, 0]
    reach = float(both[["log2_fold_change_a", "log2_fold_change_b"]].abs().to_numpy().max()) * 1.05
    ax.plot([-reach, reach], [-reach, reach], color=look.LINE, linewidth=0.6, zorder=0)
    ax.axhline(0, color=look.LINE, linewidth=0.6, zorder=0)
    ax.axvline(0, color=look.LINE, linewidth=0.6, zorder=0)
    for name, (colour, marker, size, label) in _CLASSES.items():
        rows = both[both["class"] == name]
        words = f"{tr(label, **cases)} ({len(rows):,})"
        ax.plot(
            rows["log2_fold_change_a"], rows["log2_fold_change_b"], linestyle="none", marker=marker,
            color=colour, markersize=size, markeredgecolor="white",
            markeredgewidth=0.0 if name == "neither" else 0.3, rasterized=True, label=words,
        )  # fmt: skip
    ax.set_xlim(-reach, reach)
    ax.set_ylim(-reach, reach)
    ax.set_aspect("equal")
    unit = tr("log2 fold change")
    ax.set_xlabel(f"{names['a']}, {unit}")
    ax.set_ylabel(f"{names['b']}, {unit}")
    handles = [
        look.mark(
            line.get_label(), line.get_marker(), max(3.2, line.get_markersize()), color=line.get_color()
        )
        for line in ax.get_lines()
        if not str(line.get_label()).startswith("_")
    ]
    ax.legend(handles=handles, loc="center left", bbox_to_anchor=(1.02, 0.5))
    return figure


def genes_by_hand(
    expression: pd.DataFrame, groups: pd.Series, steps: pd.DataFrame, contrast: str, title: str = ""
) -> Figure:
    """Draw the arrays of some genes by group, the means compared, and the steps of their tests beside them.

    Parameters
    ----------
    steps : DataFrame
        From `mgbone.microarray.differential.genes_by_hand`.
    """
    genes = list(steps.columns[3:])
    figure, _ = canvas.new_figure(
        0, 0, width=look.DOUBLE, height=122, title=title, subtitle=tr(
            "{c}: every array a dot, bars the group means; below, each number of the moderated t test",
            c=naming.contrast_label(contrast)))  # fmt: skip
    grid = figure.add_gridspec(2, len(genes), height_ratios=[1, 1.15])
    for column, gene in enumerate(genes):
        ax = figure.add_subplot(grid[0, column])
        _one_gene(ax, expression.loc[gene], groups)
        p = float(steps.set_index("step").loc["p", gene])
        ax.set_title(f"{gene}: {naming.format_p(p)}")
        if not column:
            ax.set_ylabel(tr("log2 expression"))
    _steps(figure.add_subplot(grid[1, :]), steps, genes)
    return figure


def _one_gene(ax: Axes, values: pd.Series, groups: pd.Series) -> None:
    names = list(dict.fromkeys(groups))
    for i, group in enumerate(names):
        y = values[groups.index[groups == group]].to_numpy(float)
        look.dots(ax, i + canvas.jitter(y), y, group, size=5.5)
        ax.plot([i - 0.3, i + 0.3], [y.mean()] * 2, color=look.INK, linewidth=1.3)
    shown = [naming.group_label(g, short=True) for g in names]
    labels = [f"{name}\nn = {(groups == g).sum()}" for g, name in zip(names, shown, strict=True)]
    ax.set_xticks(range(len(names)), labels)
    canvas.turn_crowded(ax, shown, 150 / len(names))
    ax.set_xlim(-0.6, len(names) - 0.4)


def _steps(ax: Axes, steps: pd.DataFrame, genes: list[str]) -> None:
    """Write the steps as a table: what, how, and the number of each gene; in bold what moderation changes."""
    ax.set_axis_off()
    ax.set_ylim(len(steps) - 0.4, -1.2)
    ax.set_xlim(0, 1)
    right = [0.99 - 0.15 * place for place in reversed(range(len(genes)))]
    for x, gene in zip(right, genes, strict=True):
        ax.text(x, -0.95, gene, va="center", ha="right", fontsize=look.LABEL_SIZE, **look.BOLD)
    for i, row in enumerate(steps.to_dict("records")):
        if i % 2 == 0:
            ax.add_patch(Rectangle((0, i - 0.5), 1, 1, color=look.PALE, linewidth=0, zorder=0))
        ax.text(0.01, i, tr(row["name"]), va="center", fontsize=look.LABEL_SIZE)
        ax.text(0.36, i, row["formula"], va="center", fontsize=look.LABEL_SIZE, color=look.QUIET)
        weight = look.BOLD if row["step"] in ("variance", "posterior_variance", "t_ordinary", "t") else {}
        for x, gene in zip(right, genes, strict=True):
            shown = f"{row[gene]:.4g}".replace("-", "−")
            ax.text(x, i, shown, va="center", ha="right", fontsize=look.LABEL_SIZE, **weight)
