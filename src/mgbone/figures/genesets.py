"""Gene sets: over-represented terms, the competitive test, running sums; draws tables, computes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgbone.figures import canvas, look
from mgbone.figures.genes import THEMES, theme_label
from mgbone.study import naming
from mgbone.study.language import N_, tr

_PLAIN = "#6f7a86"
_LABEL = 6.6
_ROW = 5.2  # mm a row
_DIRECTIONS = {"up": N_("raised genes"), "down": N_("lowered genes")}
_NO_TERM = N_("no term with q < 0.05")
_NO_THEMES = N_("The gene sets hold no term of the themes")


def ora_dots(
    folded: pd.DataFrame,
    themes: pd.DataFrame,
    title: str = "",
    *,
    n: int = 10,
    tested: int | None = None,
) -> Figure:
    """Draw the best over-represented terms of each list of genes: odds ratio with interval, size by hits.

    Terms folded under a better one are not drawn, but for those of a theme, which are what the report
    speaks of.

    Parameters
    ----------
    folded : DataFrame
        From `mgbone.microarray.enrichment.fold_terms`.
    themes : DataFrame
        theme, go_id.
    n : int
        Terms a panel at most.
    tested : int, optional
        Number of terms tested, to be said.
    """
    theme_of = dict(zip(themes["go_id"], themes["theme"], strict=True))
    lists = list(dict.fromkeys(zip(folded["contrast"], folded["direction"], strict=True)))
    if not lists:
        return canvas.empty_figure(_NO_TERM, title)
    panels = [_panel_terms(folded, contrast, direction, theme_of, n) for contrast, direction in lists]
    heights = [max(2, len(rows)) + 1.2 for rows in panels]
    figure, axes = canvas.new_figure(
        len(panels), 1, width=look.DOUBLE, height=_ROW * sum(heights) + 10 * len(heights),
        title=title,
        subtitle=_ora_words(tested),
        note=N_("Bars: 95 % interval. (+k): k similar terms folded in (70 % of hits shared)"),
        gridspec_kw={"height_ratios": heights}, sharex=True)  # fmt: skip
    drawn = pd.concat(panels)
    most = int(drawn["hits"].max())
    for ax, rows, (contrast, direction) in zip(axes[:, 0], panels, lists, strict=True):
        _ora_panel(ax, rows, theme_of, most)
        size = f"(n = {int(rows['list_size'].iloc[0]):,})"
        ax.set_title(f"{naming.contrast_label(contrast)}: {tr(_DIRECTIONS[direction])} {size}")
    axes[-1, 0].set_xlabel(tr("log2 odds ratio"))
    low, high = min(0.0, float(drawn["ci_low"].min())), float(drawn["ci_high"].max())
    axes[-1, 0].set_xlim(low - 0.03 * (high - low), high + 0.45 * (high - low))  # room for the numbers
    _ora_legend(axes[0, 0], panels, theme_of, most)
    return figure


def _ora_words(tested: int | None) -> str:
    number = "" if tested is None else f"{tested:,} "
    return tr(
        "Over-representation against the genes on the chip; q: BH over all {n}terms tested, list by list",
        n=number)  # fmt: skip


def _panel_terms(
    folded: pd.DataFrame, contrast: str, direction: str, theme_of: Mapping[str, str], n: int
) -> pd.DataFrame:
    rows = folded[(folded["contrast"] == contrast) & (folded["direction"] == direction)]
    shown = rows[rows["folded_under"].isna() | rows["term"].isin(list(theme_of))]
    best = shown.sort_values(["p", "term"], kind="stable").head(n)
    return best.sort_values(["log2_odds_ratio", "term"], ascending=[True, True], kind="stable")


def _ora_panel(ax: Axes, rows: pd.DataFrame, theme_of: Mapping[str, str], most: int) -> None:
    y = np.arange(len(rows))
    for place, row in zip(y, rows.itertuples(), strict=True):
        theme = theme_of.get(row.term)
        colour, marker = (THEMES[theme][0], THEMES[theme][1]) if theme else (_PLAIN, "o")
        ax.plot([row.ci_low, row.ci_high], [place, place], color=colour, linewidth=0.9, zorder=2)
        ax.plot(row.log2_odds_ratio, place, marker, color=colour, markersize=_size(row.hits, most),
                markeredgecolor="white", markeredgewidth=0.5, zorder=3)  # fmt: skip
        ax.annotate(
            f"{row.hits}/{row.set_size}, q {_q(row.q)}", (row.ci_high, place),
            xytext=(4, 0), textcoords="offset points", va="center", ha="left", fontsize=_LABEL - 0.6,
            color=look.QUIET,
        )  # fmt: skip
    ax.set_yticks(y, [_term(row) for row in rows.itertuples()], fontsize=_LABEL)
    for tick, row in zip(ax.get_yticklabels(), rows.itertuples(), strict=True):
        if row.term in theme_of:
            tick.set(**look.BOLD)
    ax.set_ylim(-0.7, max(2, len(rows)) - 0.3)
    _bare_side(ax)
    ax.axvline(0, color=look.LINE, linewidth=0.7, zorder=0)
    ax.grid(axis="y", color=look.PALE, linewidth=0.6)


def _q(q: float) -> str:
    return f"= {naming.format_p_value(q)}" if q > 0 else "< 1e-300"


def _term(row) -> str:
    name = row.name if len(row.name) <= 58 else row.name[:56].rstrip() + "…"
    return f"{name} (+{row.folded})" if row.folded else name


def _size(hits: float, most: int) -> float:
    """Diameter in points; the area goes with the number of hits."""
    return 3.0 + 6.0 * float(np.sqrt(hits / max(1, most)))


def _ora_legend(ax: Axes, panels: Sequence[pd.DataFrame], theme_of: Mapping[str, str], most: int) -> None:
    shown = {theme_of[t] for rows in panels for t in rows["term"] if t in theme_of}
    handles = [
        look.mark(theme_label(theme), marker, 5.5, color=colour)
        for theme, (colour, marker, _) in THEMES.items()
        if theme in shown
    ]
    handles.append(look.mark(tr("other term"), "o", 5.5, color=_PLAIN))
    for hits in sorted({max(1, most // 8), max(1, most // 2), most}):
        label = tr("{n} genes", n=hits)
        handles.append(
            look.mark(label, "o", _size(hits, most), markerfacecolor="white", markeredgecolor=_PLAIN)
        )
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0, labelspacing=0.9
    )


def camera_bars(tested: pd.DataFrame, themes: pd.DataFrame, title: str = "") -> Figure:
    """Draw the competitive test of the themes' terms: bars of −log10 p, raised to the right, lowered left.

    Parameters
    ----------
    tested : DataFrame
        From `mgbone.microarray.enrichment.camera`, over all terms or those of the themes.
    themes : DataFrame
        theme, go_id: rows, in this order.
    """
    rows = themes[themes["go_id"].isin(tested["term"])]
    if rows.empty:
        return canvas.empty_figure(_NO_THEMES, title)
    # A row for the heading of each theme, and a gap before it.
    places = dict(zip(rows["go_id"], canvas.places(rows["theme"], 1.4, 1.0), strict=True))
    figure, panels = canvas.contrast_panels(
        tested, room=1, height=_ROW * (max(places.values()) + 1) * 0.86 + 16, sharey=True,
        title=title,
        subtitle=N_(
            "camera: do a term's genes lie higher or lower among all t values? p allows for correlated "
                  "genes. Filled: q < 0.05 over all terms tested. Scales differ between panels"))  # fmt: skip
    for ax, _, of_contrast in panels:
        of_contrast = of_contrast.set_index("term")
        for term, theme in zip(rows["go_id"], rows["theme"], strict=True):
            if term in of_contrast.index:
                _camera_bar(ax, of_contrast.loc[term], places[term], THEMES[theme][0])
        ax.axvline(0, color=look.INK, linewidth=0.7)
        reach = max(2.0, *(abs(v) for v in ax.dataLim.intervalx)) * 1.08
        ax.set_xlim(-reach, reach)
        ax.xaxis.set_major_formatter(lambda v, _: f"{abs(v):g}")
        ax.locator_params(axis="x", nbins=6)
        ax.set_xlabel(tr("−log10 p\n← lowered     raised →"))
        _bare_side(ax)
    _term_rows(panels[0][0], rows, places)
    return figure


def _bare_side(ax: Axes) -> None:
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def _term_rows(ax: Axes, rows: pd.DataFrame, places: Mapping[str, float]) -> None:
    """Label the rows with their terms, each theme under a heading of its own."""
    headings = {
        theme: places[of_theme["go_id"].iloc[0]] - 1 for theme, of_theme in rows.groupby("theme", sort=False)
    }
    at = [*headings.values(), *(places[t] for t in rows["go_id"])]
    labels = [*(theme_label(t) for t in headings), *rows["term"]]
    ax.set_yticks(at, labels, fontsize=_LABEL)
    for tick, theme in zip(ax.get_yticklabels(), headings, strict=False):
        tick.set(color=THEMES[theme][0] if look.luminance(THEMES[theme][0]) < 60 else look.INK)
        tick.set(**look.bold())
    ax.set_ylim(max(at) + 0.6, -0.7)


def _camera_bar(ax: Axes, row: pd.Series, place: float, colour: str) -> None:
    length = -np.log10(max(float(row["p"]), 1e-300)) * (1 if row["direction"] == "up" else -1)
    clear = row["q"] < 0.05
    ax.barh(
        place, length, height=0.66, facecolor=colour if clear else "white", edgecolor=colour, linewidth=0.9
    )


def running_sums(
    results: pd.DataFrame, running: pd.DataFrame, themes: pd.DataFrame, title: str = ""
) -> Figure:
    """Draw the running sum of GSEA: a row of panels per contrast, a panel per term, its genes as a bar code.

    Parameters
    ----------
    results, running : DataFrame
        From `mgbone.microarray.arrays.prerank_best_terms`.
    themes : DataFrame
        theme, go_id.
    """
    if results.empty:
        return canvas.empty_figure(_NO_THEMES, title)
    theme_of = dict(zip(themes["go_id"], themes["theme"], strict=True))
    contrasts = list(dict.fromkeys(results["contrast"]))
    columns = int(results.groupby("contrast").size().max())
    figure, axes = canvas.new_figure(
        len(contrasts), columns, width=look.panels_width(max(2, columns)), height=38 * len(contrasts) + 8,
        sharex=True, sharey=True, title=title,
        subtitle=N_("GSEA preranked by moderated t, best term of each theme; below the curve, its "
                  "genes. Genes "
                  "are permuted, which ignores that they are correlated: read p "
                  "beside that of camera"))  # fmt: skip
    for row, contrast in zip(axes, contrasts, strict=True):
        of_contrast = results[results["contrast"] == contrast].reset_index(drop=True)
        for ax in row[len(of_contrast) :]:
            ax.set_axis_off()
        for ax, (_, result) in zip(row, of_contrast.iterrows(), strict=False):
            line = running[running["contrast"].eq(contrast) & running["term"].eq(result["term"])]
            theme = theme_of.get(result["term"])
            _running_panel(ax, line, result, THEMES[theme][0] if theme else _PLAIN)
        words = tr("running sum")
        row[0].set_ylabel(f"{naming.contrast_label(contrast)}\n{words}")
    for ax in axes[-1]:
        ax.set_xlabel(tr("rank: raised → lowered"))
    low, high = running["running_sum"].min(), running["running_sum"].max()
    room = 0.3 * (high - low)
    axes[0, 0].set_ylim(low - room, high + 0.4 * room)
    return figure


def _running_panel(ax: Axes, rows: pd.DataFrame, result: pd.Series, colour: str) -> None:
    # Between two hits the sum falls in a straight line, and which of its points are left out in drawing would
    # hang on last bits, which differ between processors: the corners are drawn.
    x, y = rows["rank"].to_numpy(), rows["running_sum"].round(8).to_numpy()
    hit = rows["hit"].to_numpy()
    corner = hit | np.append(hit[1:], True)
    corner[0] = True
    peak = int(np.argmax(np.abs(y)))
    ax.plot(x[corner], y[corner], color=colour, linewidth=1.3)
    ax.axhline(0, color=look.LINE, linewidth=0.6, zorder=0)
    ax.axvline(x[peak], color=colour, linewidth=0.6, linestyle=(0, (3, 2)), zorder=0)
    ax.vlines(
        x[hit], 0, 0.11, color=colour, linewidth=0.35, alpha=0.8, rasterized=True,
        transform=ax.get_xaxis_transform(),
    )  # fmt: skip
    above = y[peak] > 0
    least = result["p"] <= result["least_p"]
    p = f"p {'≤' if least else '='} {naming.format_p_value(float(result['p']))}"
    ax.text(
        0.97 if above else 0.03, 0.95 if above else 0.17,
        f"NES = {result['nes']:.2f}\n{p}\nn = {int(result['n_genes'])}".replace("-", "−"),
        transform=ax.transAxes, ha="right" if above else "left", va="top" if above else "bottom",
        fontsize=look.SMALL_SIZE,
    )  # fmt: skip
    ax.set_title(result["name"], fontsize=look.BASE_SIZE)
    ax.set_xlim(0, len(x))
    ax.locator_params(axis="x", nbins=4)
    ax.xaxis.set_major_formatter("{x:,.0f}")
