"""Genes: which changed, how many under which limits, two contrasts compared, and two genes by hand."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mgbone.figures import canvas, findings, look, marks
from mgbone.figures.groups import dots
from mgbone.study import naming
from mgbone.study.language import N_, tr

# Lightness 46, 29 and 72, so that the themes stay apart in grey; the shape says it again.
THEMES: Mapping[str, tuple[str, str, str]] = {
    "inflammatory_response_genes": ("#c8373a", "o", N_("Inflammatory response")),
    "mineral_metabolism_genes": ("#0f4c5c", "s", N_("Mineral metabolism")),
    "bone_metabolism_genes": ("#e3a72f", "^", N_("Bone metabolism")),
}
_NAMED = 8  # names a panel at most
_FOLD_CHANGE = N_("log2 fold change")


def theme_handles(shown: Any) -> list[Line2D]:
    """Legend entries for those of the themes that are shown."""
    return [
        look.mark(tr(label), marker, 6, color=colour)
        for theme, (colour, marker, label) in THEMES.items()
        if theme in set(shown)
    ]


def p_value_histograms(bins: pd.DataFrame, title: str = "") -> Figure:
    """Draw the histogram of p values of each contrast, and the level that unchanged genes alone would give.

    `bins` is from `mgbone.microarray.changed_genes.p_value_histogram`.
    """

    def say(rows: pd.DataFrame) -> str:
        share = rows["null_share"].iloc[0]
        if share >= 0.995:
            return tr("nearly all genes unchanged")
        return tr("about {percent:.0f} % of genes changed", percent=100 * (1 - share))

    figure, panels = canvas.contrast_panels(
        bins, height=62, sharey=True, title=title, finding=findings.by_contrast(bins, say), xlabel="p",
        ylabel=N_("Genes"),
        note=N_("moderated t test per gene; dashed: genes a bin if only the unchanged ones were there "
                "(Storey, λ = 0.5)"),
    )  # fmt: skip
    for ax, rows in panels:
        ax.bar(rows["left"], rows["count"], rows["right"] - rows["left"], align="edge",
               color="#8f9ba8", edgecolor="white", linewidth=0.5)  # fmt: skip
        ax.axhline(rows["expected"].iloc[0], color=look.INK, linestyle=look.DASHES, linewidth=1.1)
        ax.set_xlim(0, 1)
    return figure


def volcano(named: pd.DataFrame, title: str = "", *, q: float = 0.05) -> Figure:
    """Draw fold change against p for each contrast on shared axes, the foremost genes named.

    `named` is from `mgbone.microarray.genesets.name_genes`: gene, contrast, log2_fold_change, p, q,
    direction, theme, named. `q` is the limit that was used for the call; the note says it.
    """
    table = named.assign(x=named["log2_fold_change"], y=-np.log10(named["p"].clip(lower=1e-300)))
    changed = table[table["direction"] != "none"]
    finding = findings.by_contrast(table if len(changed) else changed, _counted)
    figure, panels = _clouds(table, q, finding, height=110, title=title, xlabel=_FOLD_CHANGE,
                             ylabel="−log10 p")  # fmt: skip
    for ax, rows in panels:
        least = rows.loc[rows["direction"] != "none", "y"].min()
        if np.isfinite(least):
            ax.axhline(least, color=look.LINE, linewidth=0.9, linestyle=look.DASHES, zorder=0)
        ax.axvline(0, color=look.LINE, linewidth=0.8, zorder=0)
    reach = 1.25 * table["x"].abs().max()
    panels[0][0].set(xlim=(-reach, reach), ylim=(0, 1.08 * table["y"].max()))
    return _with_names(figure, panels)


def ma_plot(named: pd.DataFrame, title: str = "", *, q: float = 0.05) -> Figure:
    """Draw average expression against fold change for each contrast on shared axes, the foremost genes named.

    `named` is as for `volcano`, with average_expression.
    """
    table = named.assign(x=named["average_expression"], y=named["log2_fold_change"])
    changed = table[table["direction"] != "none"]
    finding = findings.sentence([tr(findings.NOTHING)])
    if len(changed):
        (a, b), (c, d) = (of["x"].quantile([0.25, 0.75]) for of in (changed, table))
        finding = tr("Half of the changed genes lie between {a:.1f} and {b:.1f} of average expression, half "
                     "of all genes between {c:.1f} and {d:.1f}.", a=a, b=b, c=c, d=d)  # fmt: skip
    figure, panels = _clouds(table, q, finding, height=94, title=title, xlabel=N_("Average log2 expression"),
                             ylabel=_FOLD_CHANGE)  # fmt: skip
    for ax, _ in panels:
        ax.axhline(0, color=look.LINE, linewidth=0.8, zorder=0)
    panels[0][0].set_ylim(1.15 * min(0, table["y"].min()), 1.15 * max(0, table["y"].max()))
    return _with_names(figure, panels)


def _counted(rows: pd.DataFrame) -> str:
    counts = rows["direction"].value_counts()
    return tr("{up:,} genes up, {down:,} down", up=int(counts.get("up", 0)), down=int(counts.get("down", 0)))


def _clouds(
    table: pd.DataFrame, q: float, finding: str, **options: Any
) -> tuple[Figure, list[tuple[Axes, pd.DataFrame]]]:
    """Draw the genes of each contrast in a panel of its own: all, the changed ones, those of the themes."""
    note = [
        tr("moderated t test (limma), called changed at BH q < {q:g}", q=q),
        N_("grey: all genes, darker: changed; coloured: changed genes of a theme"),
        N_("named: those with the smallest p and the largest change"),
    ]
    shown = table.loc[table["direction"] != "none", "theme"].dropna()
    figure, panels = canvas.contrast_panels(
        table, room=1, finding=finding, note=note, sharex=True, sharey=True, legend=theme_handles(shown),
        **options,
    )  # fmt: skip
    for ax, rows in panels:
        changed, of_theme = rows["direction"] != "none", rows["theme"].notna()
        for cloud, size, ink in ((~changed, 3, look.CLOUD), (changed & ~of_theme, 6, look.CHANGED)):
            ax.scatter(rows["x"][cloud], rows["y"][cloud], s=size, color=ink, linewidth=0, rasterized=True)
        if of_theme.any():
            marks.by_seaborn(
                sns.scatterplot, ax, rows[of_theme], x="x", y="y", hue="theme", style="theme", s=18,
                linewidth=0.3, legend=False, palette={t: colour for t, (colour, *_) in THEMES.items()},
                hue_order=list(THEMES), markers={t: marker for t, (_, marker, _) in THEMES.items()},
                style_order=list(THEMES), rasterized=True,
            )  # fmt: skip
    return figure, panels


def _with_names(figure: Figure, panels: list[tuple[Axes, pd.DataFrame]]) -> Figure:
    """Name the foremost genes of each panel, ringed so that a name is taken for no other dot's."""
    canvas.lay_out(figure)
    for ax, rows in panels:
        chosen = _foremost(rows)
        ring = {"facecolor": "none", "edgecolor": look.INK, "linewidth": 0.9}
        ax.scatter(chosen["x"], chosen["y"], s=34, zorder=5, **ring)
        others = rows[(rows["direction"] != "none") & ~rows["gene"].isin(chosen["gene"])]
        marks.name_points(ax, chosen.rename(columns={"gene": "name"}), others)
    return figure


def _foremost(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the genes that a panel names: of the themes those of smallest p, then the largest changes."""
    of_theme = rows[rows["named"]].sort_values(["p", "gene"], kind="stable").head(_NAMED - 3)
    changed = rows[rows["direction"].ne("none") & ~rows["gene"].isin(of_theme["gene"])]
    changed = changed.assign(size=-changed["log2_fold_change"].abs())
    largest = changed.sort_values(["size", "gene"], kind="stable")
    return pd.concat([of_theme, largest.head(_NAMED - len(of_theme))])


def threshold_grid(
    counts: pd.DataFrame, title: str = "", *, declared: tuple[float, float] = (0.05, 0.0)
) -> Figure:
    """Draw how many genes are called at each pair of limits, the declared pair framed.

    `counts` is from `mgbone.microarray.changed_genes.significance_counts`; `declared` are q and absolute log2
    fold change that the study uses.
    """

    def say(rows: pd.DataFrame) -> str:
        return tr("{low:,} to {high:,} genes", low=rows["total"].min(), high=rows["total"].max())

    figure, panels = canvas.contrast_panels(
        counts, height=70, sharey=True, title=title, ylabel=N_("q below"),
        xlabel=N_("|log2 fold change| at least"),
        finding=findings.by_contrast(counts if counts["total"].any() else counts.iloc[:0], say),
        note=[N_("genes raised (↑) and lowered (↓) at each pair of limits"),
              N_("framed: the limits of this study")],
    )  # fmt: skip
    most = np.log1p(max(1, int(counts["total"].max()))) * 1.4
    for ax, rows in panels:
        own = np.isclose(rows["q"], declared[0]) & np.isclose(rows["log2_fold_change"], declared[1])
        words = [f"{row.up:,} ↑\n{row.down:,} ↓" for row in rows.itertuples()]
        table = rows.assign(own=own, words=words).pivot(index="q", columns="log2_fold_change")  # noqa: PD010
        marks.heat(ax, np.log1p(table["total"]), table["words"], xticklabels=[f"{v:g}" for v in table["own"]],
                   yticklabels=[f"{v:g}" for v in table.index], cmap="Greys", vmin=0, vmax=most,
                   framed=table["own"], frame=look.UP)  # fmt: skip
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

    `both` and `summary` are from `mgbone.microarray.changed_genes.overlap` and `overlap_summary`.
    """
    row = summary.iloc[0]
    contrasts = {side: row[f"contrast_{side}"] for side in "ab"}
    cases = {side: naming.group_label(c.partition("_vs_")[0], short=True) for side, c in contrasts.items()}
    handles = [
        look.mark(f"{tr(label, **cases)} ({both['class'].eq(name).sum():,})", marker, 5.5, color=colour)
        for name, (colour, marker, _, label) in _CLASSES.items()
    ]
    found = N_("No gene changed alike in both, {e:.1f} expected by chance; r = {r:.2f}.")
    if row["both_same"]:
        found = N_("{s} genes changed alike in both, {e:.1f} expected by chance; r = {r:.2f}.")
    labels = [tr(", ").join([naming.contrast_label(c), tr(_FOLD_CHANGE)]) for c in contrasts.values()]
    figure, axes = canvas.new_figure(
        1, 1, width=look.ONE_AND_HALF, height=120, title=N_("Do two diets change the same genes?"),
        legend=handles, xlabel=labels[0], ylabel=labels[1],
        finding=tr(found, s=int(row["both_same"]), e=row["expected"], r=row["correlation"]),
        note=tr("{n:,} genes; expected: if the two were independent; Pearson r, and r = {c:.2f} without any "
                "effect, since the contrasts share a reference",
                n=int(row["genes"]), c=row["correlation_by_chance"]),
    )  # fmt: skip
    ax = axes[0, 0]
    x, y = "log2_fold_change_a", "log2_fold_change_b"
    reach = 1.05 * float(both[[x, y]].abs().to_numpy().max())
    ax.axline((0, 0), slope=1, color=look.LINE, linewidth=0.8, zorder=0)
    for draw in (ax.axhline, ax.axvline):
        draw(0, color=look.LINE, linewidth=0.8, zorder=0)
    for name, (colour, marker, size, _) in _CLASSES.items():
        marks.by_seaborn(sns.scatterplot, ax, both[both["class"] == name], x=x, y=y, color=colour, s=size,
                         marker=marker, rasterized=True,
                         linewidth=0 if name == "neither" else 0.4)  # fmt: skip
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    return figure


def genes_by_hand(
    expression: pd.DataFrame, groups: pd.Series, steps: pd.DataFrame, contrast: str, title: str = ""
) -> Figure:
    """Draw the arrays of some genes by group, the means compared, and the steps of their tests beside them.

    `steps` is from `mgbone.microarray.differential.genes_by_hand`.
    """
    genes = list(steps.columns[3:])
    p = steps.set_index("step").loc["p", genes]
    said = [tr("{gene}: {p}", gene=gene, p=naming.format_p(float(p[gene]))) for gene in genes]
    figure, _ = canvas.new_figure(
        0, 0, height=70 + 6.4 * len(steps), title=title,
        finding=findings.sentence([f"{naming.contrast_label(contrast)}", *said]),
        note=N_("above: every array a dot, beside it mean ± SD; below: each number of the moderated t test, "
                "in bold what moderation changes"),
    )  # fmt: skip
    grid = figure.add_gridspec(2, len(genes), height_ratios=[60, 6.4 * len(steps)])
    axes = [figure.add_subplot(grid[0, place]) for place in range(len(genes))]
    for ax, gene in zip(axes, genes, strict=True):
        table = pd.DataFrame({"group": groups, "value": expression.loc[gene, groups.index]})
        dots(ax, table, list(dict.fromkeys(groups)), 420 / len(genes))
        ax.set_title(gene)
    axes[0].set_ylabel(tr("log2 expression"))
    _steps(figure.add_subplot(grid[1, :]), steps, genes)
    return figure


_MODERATED = ("variance", "posterior_variance", "t_ordinary", "t")


def _steps(ax: Axes, steps: pd.DataFrame, genes: list[str]) -> None:
    """Write the steps as a table: what, how, and the number of each gene."""
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(len(steps) - 0.4, -1.2))
    right = {gene: 0.99 - 0.13 * place for place, gene in enumerate(reversed(genes))}
    for gene in genes:
        look.embolden(ax.text(right[gene], -0.95, gene, va="center", ha="right"))
    for i, row in enumerate(steps.to_dict("records")):
        if i % 2 == 0:
            ax.axhspan(i - 0.5, i + 0.5, color=look.PALE, linewidth=0, zorder=0)
        ax.text(0.01, i, tr(row["name"]), va="center")
        ax.text(0.36, i, tr(row["formula"]), va="center")
        for gene in genes:
            written = ax.text(right[gene], i, f"{row[gene]:.4g}".replace("-", "−"), va="center", ha="right")
            look.embolden(written, when=row["step"] in _MODERATED)
