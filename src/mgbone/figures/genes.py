"""What changed: histograms of p, volcanoes and MA plots, a panel a contrast; draws, computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mgbone.figures import canvas, findings, look, marks
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

    Parameters
    ----------
    bins : DataFrame
        From `mgbone.microarray.changed_genes.p_value_histogram`.
    """
    shares = bins.drop_duplicates("contrast")["null_share"]
    said = [
        tr("nearly all genes unchanged")
        if share >= 0.995
        else tr("about {percent:.0f}% of genes changed", percent=100 * (1 - share))
        for share in shares
    ]
    figure, panels = canvas.contrast_panels(
        bins, height=62, sharey=True, title=title, finding=findings.counted(said, bins["contrast"].unique()),
        note=N_("moderated t test per gene; dashed: genes a bin if only the unchanged ones were there "
                "(Storey, λ = 0.5)"),
    )  # fmt: skip
    for ax, _, rows in panels:
        ax.bar(rows["left"], rows["count"], rows["right"] - rows["left"], align="edge",
               color="#8f9ba8", edgecolor="white", linewidth=0.5)  # fmt: skip
        ax.axhline(rows["expected"].iloc[0], color=look.INK, linestyle=look.DASHES, linewidth=1.1)
        ax.set(xlim=(0, 1), xlabel="p")
    panels[0][0].set_ylabel(tr("Genes"))
    return figure


def volcano(named: pd.DataFrame, title: str = "", *, q: float = 0.05) -> Figure:
    """Draw fold change against p for each contrast on shared axes, the foremost genes named.

    Parameters
    ----------
    named : DataFrame
        From `mgbone.microarray.genesets.name_genes`: gene, contrast, log2_fold_change, p, q, direction,
        theme, named.
    q : float
        Limit that was used for the call; said in the note.
    """
    table = named.assign(x=named["log2_fold_change"], y=-np.log10(named["p"].clip(lower=1e-300)))
    said = [_counted(rows) for _, rows in table.groupby("contrast", sort=False)]
    finding = findings.counted(said, table["contrast"].unique())
    figure, panels = _clouds(table, q, finding, height=110, title=title)
    for ax, _, rows in panels:
        changed = rows[rows["direction"] != "none"]
        if len(changed):
            ax.axhline(changed["y"].min(), color=look.LINE, linewidth=0.9, linestyle=look.DASHES, zorder=0)
        ax.axvline(0, color=look.LINE, linewidth=0.8, zorder=0)
        ax.set_xlabel(tr(_FOLD_CHANGE))
    reach = 1.12 * table["x"].abs().max()
    panels[0][0].set(xlim=(-reach, reach), ylim=(0, 1.08 * table["y"].max()), ylabel="−log10 p")
    return _with_names(figure, panels)


def ma_plot(named: pd.DataFrame, title: str = "", *, q: float = 0.05) -> Figure:
    """Draw average expression against fold change for each contrast on shared axes, the foremost genes named.

    Parameters
    ----------
    named : DataFrame
        As for `volcano`, with average_expression.
    """
    table = named.assign(x=named["average_expression"], y=named["log2_fold_change"])
    changed = table[table["direction"] != "none"]
    finding = findings.sentence([tr(findings.NOTHING)])
    if len(changed):
        finding = tr(
            "Half of the changed genes lie between {a:.1f} and {b:.1f} of average expression, half of all "
            "genes between {c:.1f} and {d:.1f}.",
            **dict(zip("abcd", [*changed["x"].quantile([0.25, 0.75]), *table["x"].quantile([0.25, 0.75])],
                       strict=True)),
        )  # fmt: skip
    figure, panels = _clouds(table, q, finding, height=94, title=title)
    for ax, _, _ in panels:
        ax.axhline(0, color=look.LINE, linewidth=0.8, zorder=0)
        ax.set_xlabel(tr("Average log2 expression"))
    reach = 1.15 * table["y"].abs().max()
    panels[0][0].set(ylim=(-reach, reach), ylabel=tr(_FOLD_CHANGE))
    return _with_names(figure, panels)


def _counted(rows: pd.DataFrame) -> str:
    counts = rows["direction"].value_counts()
    return tr("{up:,} genes up, {down:,} down", up=int(counts.get("up", 0)), down=int(counts.get("down", 0)))


def _clouds(
    table: pd.DataFrame, q: float, finding: str, **options: Any
) -> tuple[Figure, list[tuple[Axes, str, pd.DataFrame]]]:
    """Draw the genes of each contrast in a panel of its own: all, the changed ones, those of the themes."""
    note = [tr("moderated t test (limma), called changed at BH q < {q:g}", q=q),
            N_("grey: all genes, darker: changed; coloured: changed genes of a theme"),
            N_("named: those with the smallest p and the largest change")]  # fmt: skip
    shown = table.loc[table["direction"] != "none", "theme"].dropna()
    figure, panels = canvas.contrast_panels(
        table,
        room=1,
        finding=finding,
        note=note,
        sharex=True,
        sharey=True,
        legend=theme_handles(shown),
        **options,
    )
    for ax, _, rows in panels:
        changed = rows["direction"] != "none"
        common = {"linewidth": 0, "rasterized": True}
        ax.scatter(*rows.loc[~changed, ["x", "y"]].to_numpy().T, s=3, color=look.CLOUD, **common)
        plain = rows[changed & rows["theme"].isna()]
        ax.scatter(*plain[["x", "y"]].to_numpy().T, s=6, color=look.CHANGED, **common)
        of_theme = rows[rows["theme"].notna()]
        if of_theme.empty:
            continue
        sns.scatterplot(
            of_theme, x="x", y="y", hue="theme", style="theme", ax=ax, s=18, linewidth=0.3, legend=False,
            palette={t: colour for t, (colour, *_) in THEMES.items()}, hue_order=list(THEMES),
            markers={t: marker for t, (_, marker, _) in THEMES.items()}, style_order=list(THEMES),
            rasterized=True,
        )  # fmt: skip
    for ax, *_ in panels:
        ax.set(xlabel="", ylabel="")
    return figure, panels


def _with_names(figure: Figure, panels: list[tuple[Axes, str, pd.DataFrame]]) -> Figure:
    """Name the foremost genes of each panel, ringed so that a name is taken for no other dot's."""
    canvas.lay_out(figure)
    for ax, _, rows in panels:
        chosen = _foremost(rows)
        ax.scatter(
            chosen["x"], chosen["y"], s=34, facecolor="none", edgecolor=look.INK, linewidth=0.9, zorder=5
        )
        others = rows[(rows["direction"] != "none") & ~rows["gene"].isin(chosen["gene"])]
        marks.name_points(ax, chosen.rename(columns={"gene": "name"}), others)
    return figure


def _foremost(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the genes that a panel names: of the themes those of smallest p, then the largest changes."""
    of_theme = rows[rows["named"]].sort_values(["p", "gene"], kind="stable").head(_NAMED - 3)
    changed = rows[rows["direction"].ne("none") & ~rows["gene"].isin(of_theme["gene"])]
    largest = changed.assign(size=changed["log2_fold_change"].abs()).sort_values(
        ["size", "gene"], ascending=[False, True], kind="stable"
    )
    return pd.concat([of_theme, largest.head(_NAMED - len(of_theme))])
