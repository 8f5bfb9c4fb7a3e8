"""How genes are called: limits of q and fold change, one gene worked by hand, two contrasts compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
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
        counts, height=70, sharey=True, title=title, finding=findings.counted(said, counts["contrast"].unique()),
        note=[N_("genes raised (↑) and lowered (↓) at each pair of limits"), N_("framed: the limits of this study")],
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
        1, 1, width=look.ONE_AND_HALF, height=120, title=N_("Do two diets change the same genes?"), legend=handles,
        finding=tr("{s} genes changed alike in both, {e:.1f} expected by chance; r = {r:.2f}.",
                   s=int(row["both_same"]), e=row["expected"], r=row["correlation"]),
        note=tr("{n:,} genes; expected: if the two were independent; Pearson r, and r = {c:.2f} without any effect, "
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
    number = steps.set_index("step")["value"]
    names = list(dict.fromkeys(groups))
    table = pd.DataFrame({"value": expression.loc[gene], "group": groups}).dropna()
    case, _, reference = contrast.partition("_vs_")
    means = table.groupby("group")["value"].mean()
    figure, axes = canvas.new_figure(
        1, 2, height=88, title=title, gridspec_kw={"width_ratios": [1, 2.5]},
        finding=tr("{g}, {c}: {d} log2, {p}.", g=gene, c=naming.contrast_label(contrast),
                   d=look.signed(means[case] - means[reference], ".2f"), p=naming.format_p(float(number["p"]))),
        note=N_("left: every array a dot, beside it mean ± SD; right: each number of the moderated t test"),
    )  # fmt: skip
    left, right = axes[0]
    table = table.assign(at=table["group"].map(names.index))
    marks.animals(left, table, spread=0.45, size=38)
    marks.means(left, table, beside=0.36)
    shown = [naming.group_label(g, short=True) for g in names]
    left.set_xticks(
        range(len(names)), [f"{n}\nn = {(groups == g).sum()}" for g, n in zip(names, shown, strict=True)]
    )
    canvas.turn_crowded(left, shown, 150 / len(names))
    left.set(xlim=(-0.6, len(names) - 0.3), ylabel=tr("log2 expression of {g}", g=gene))
    right.set_axis_off()
    right.set(xlim=(0, 1), ylim=(len(steps) - 0.4, -0.6))
    for i, row in enumerate(steps.itertuples()):
        if i % 2 == 0:
            right.axhspan(i - 0.5, i + 0.5, color=look.PALE, linewidth=0, zorder=0)
        value = f"{row.value:.4g}".replace("-", "−")
        for x, words, side in (
            (0.01, tr(row.name), "left"),
            (0.46, row.formula, "left"),
            (0.99, value, "right"),
        ):
            right.text(x, i, words, va="center", ha=side, size=look.SMALL_SIZE)
    return figure
