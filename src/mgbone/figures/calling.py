"""How genes are called: limits of q and fold change, one gene worked by hand, two contrasts compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mgbone.figures import canvas, findings, look, marks
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
    totals = counts.groupby("contrast", sort=False)["total"]
    said = [tr("{low:,} to {high:,} genes", low=t.min(), high=t.max()) for _, t in totals]
    figure, panels = canvas.contrast_panels(
        counts, height=70, sharey=True, title=title,
        finding=findings.counted(said, counts["contrast"].unique()),
        note=[N_("genes raised (↑) and lowered (↓) at each pair of limits"),
              N_("framed: the limits of this study")],
    )  # fmt: skip
    most = np.log1p(max(1, int(counts["total"].max()))) * 1.4
    for ax, _, rows in panels:
        table = rows.set_index(["q", "log2_fold_change"])
        grid = table["total"].unstack()  # noqa: PD010
        words = np.array([
            [f"{table.loc[(q, c), 'up']:,} ↑\n{table.loc[(q, c), 'down']:,} ↓" for c in grid.columns]
            for q in grid.index
        ])  # fmt: skip
        marks.heat(ax, np.log1p(grid), words, columns=[f"{v:g}" for v in grid.columns],
                   rows=[f"{v:g}" for v in grid.index], cmap="Greys", vmin=0, vmax=most)  # fmt: skip
        for j, i in np.argwhere(
            np.isclose(grid.index, declared[0])[:, None] & np.isclose(grid.columns, declared[1])
        ):
            ax.add_patch(
                Rectangle((i + 0.03, j + 0.03), 0.94, 0.94, fill=False, edgecolor=look.UP, linewidth=2.2)
            )
        ax.set_xlabel(tr("|log2 fold change| at least"))
    panels[0][0].set_ylabel(tr("q below"))
    return figure


_CLASSES: Mapping[str, tuple[str, str, float, str]] = {
    "neither": (look.CLOUD, "o", 3, N_("neither")),
    "only_a": ("#d9a441", "^", 16, N_("{a} only")),
    "only_b": ("#c4601d", "D", 12, N_("{b} only")),
    "both_same": ("#2b2b2b", "o", 18, N_("both, same direction")),
    "both_opposite": ("#2166ac", "X", 26, N_("both, opposite")),
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
    cases = {
        side: naming.group_label(row[f"contrast_{side}"].partition("_vs_")[0], short=True) for side in "ab"
    }
    handles = [
        look.mark(f"{tr(label, **cases)} ({both['class'].eq(name).sum():,})", marker, 5.5, color=colour)
        for name, (colour, marker, _, label) in _CLASSES.items()
    ]
    figure, axes = canvas.new_figure(
        1, 1, width=look.ONE_AND_HALF, height=120, title=N_("Do two diets change the same genes?"),
        legend=handles,
        finding=tr("{s} genes changed alike in both, {e:.1f} expected by chance; r = {r:.2f}.",
                   s=int(row["both_same"]), e=row["expected"], r=row["correlation"]),
        note=tr("{n:,} genes; expected: if the two were independent; Pearson r, and r = {c:.2f} without "
                "any effect, "
                "since the contrasts share a reference", n=int(row["genes"]), c=row["correlation_by_chance"]),
    )  # fmt: skip
    ax = axes[0, 0]
    x, y = "log2_fold_change_a", "log2_fold_change_b"
    reach = 1.05 * float(both[[x, y]].abs().to_numpy().max())
    ax.axline((0, 0), slope=1, color=look.LINE, linewidth=0.8, zorder=0)
    ax.axhline(0, color=look.LINE, linewidth=0.8, zorder=0)
    ax.axvline(0, color=look.LINE, linewidth=0.8, zorder=0)
    for name, (colour, marker, size, _) in _CLASSES.items():
        rows = both[both["class"] == name]
        sns.scatterplot(rows, x=x, y=y, ax=ax, color=colour, marker=marker, s=size, rasterized=True,
                        linewidth=0 if name == "neither" else 0.4)  # fmt: skip
    unit = tr("log2 fold change")
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel=f"{names['a']}, {unit}",
           ylabel=f"{names['b']}, {unit}")  # fmt: skip
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
    p = steps.set_index("step").loc["p", genes]
    said = [tr("{gene}: {p}", gene=gene, p=naming.format_p(float(p[gene]))) for gene in genes]
    figure, _ = canvas.new_figure(
        0, 0, height=70 + 6.4 * len(steps), title=title,
        finding=findings.sentence([f"{naming.contrast_label(contrast)}", *said]),
        note=N_("above: every array a dot, beside it mean ± SD; below: each number of the moderated t "
                "test, in bold "
                "what moderation changes"),
    )  # fmt: skip
    grid = figure.add_gridspec(2, len(genes), height_ratios=[60, 6.4 * len(steps)])
    axes = [figure.add_subplot(grid[0, place]) for place in range(len(genes))]
    names = list(dict.fromkeys(groups))
    shown = [naming.group_label(g, short=True) for g in names]
    labels = [f"{name}\nn = {(groups == g).sum()}" for g, name in zip(names, shown, strict=True)]
    for ax, gene in zip(axes, genes, strict=True):
        table = pd.DataFrame({"value": expression.loc[gene, groups.index], "group": groups})
        table = table.assign(at=table["group"].map(names.index))
        marks.animals(ax, table, spread=0.4, size=38)
        marks.means(ax, table, beside=0.36)
        ax.set_xticks(range(len(names)), labels)
        canvas.turn_crowded(ax, shown, 420 / len(genes) / (len(names) + 0.3))
        ax.set(xlim=(-0.6, len(names) - 0.3), title=gene)
    axes[0].set_ylabel(tr("log2 expression"))
    _steps(figure.add_subplot(grid[1, :]), steps, genes)
    return figure


_MODERATED = ("variance", "posterior_variance", "t_ordinary", "t")


def _steps(ax: Axes, steps: pd.DataFrame, genes: list[str]) -> None:
    """Write the steps as a table: what, how, and the number of each gene."""
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(len(steps) - 0.4, -1.2))
    right = [0.99 - 0.13 * place for place in reversed(range(len(genes)))]
    for x, gene in zip(right, genes, strict=True):
        look.embolden(ax.text(x, -0.95, gene, va="center", ha="right", size=look.SMALL_SIZE))
    for i, row in enumerate(steps.to_dict("records")):
        if i % 2 == 0:
            ax.axhspan(i - 0.5, i + 0.5, color=look.PALE, linewidth=0, zorder=0)
        ax.text(0.01, i, tr(row["name"]), va="center", size=look.SMALL_SIZE)
        ax.text(0.36, i, tr(row["formula"]), va="center", size=look.SMALL_SIZE)
        for x, gene in zip(right, genes, strict=True):
            written = ax.text(x, i, f"{row[gene]:.4g}".replace("-", "−"), va="center", ha="right",
                              size=look.SMALL_SIZE)  # fmt: skip
            if row["step"] in _MODERATED:
                look.embolden(written)
