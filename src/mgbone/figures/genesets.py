"""Gene sets: over-represented terms, the competitive test, running sums; draws tables, computes nothing."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgbone.figures import canvas, findings, look, marks
from mgbone.figures.genes import THEMES, theme_handles
from mgbone.study import naming
from mgbone.study.language import N_, tr

_PLAIN = "#6f7a86"
_ROW = 6.4  # mm a row
_DIRECTIONS = {"up": N_("raised genes"), "down": N_("lowered genes")}
_NO_THEMES = N_("The gene sets hold no term of the themes")


def ora_dots(
    folded: pd.DataFrame, themes: pd.DataFrame, title: str = "", *, n: int = 10, tested: Collection[int] = ()
) -> Figure:
    """Draw the best over-represented terms of each list of genes: odds ratio with interval, size by hits.

    Terms folded under a better one are not drawn, but for those of a theme, which are what the report
    speaks of. `folded` is from `mgbone.microarray.enrichment.fold_terms`, `themes` has theme and go_id; a
    panel has `n` terms at most, and the note says how many were `tested` in each comparison.
    """
    if folded.empty:
        return canvas.empty_figure(N_("no term with q < 0.05"), title)
    theme_of = dict(zip(themes["go_id"], themes["theme"], strict=True))
    panels = [
        _panel_terms(rows, theme_of, n)
        for contrast in canvas.by_dose(folded["contrast"])
        for _, rows in folded[folded["contrast"].eq(contrast)].groupby("direction", sort=False)
    ]
    heights = [max(2, len(rows)) + 0.6 for rows in panels]
    drawn = pd.concat(panels)
    most = int(drawn["hits"].max())
    sizes = [
        look.mark(tr("{n} genes", n=hits), "o", _area(hits, most) ** 0.5, markerfacecolor="white",
                  markeredgecolor=_PLAIN) for hits in sorted({max(1, most // 8), most})
    ]  # fmt: skip
    number = f"{'–'.join(f'{n:,}' for n in sorted({min(tested), max(tested)}))} " if len(tested) else ""

    def say(rows: pd.DataFrame) -> str:
        counts = rows["direction"].value_counts(sort=False)
        return tr(", ").join(tr("{n} terms among {genes}", n=count, genes=tr(_DIRECTIONS[direction]))
                             for direction, count in counts.items())  # fmt: skip

    figure, axes = canvas.new_figure(
        len(panels), 1, height=_ROW * sum(heights) + 11 * len(heights), title=title, sharex=True,
        finding=findings.by_contrast(folded, say), xlabel=N_("log2 odds ratio"),
        note=[tr("over-representation against the genes expressed; q: BH over all {n}terms tested, list by "
                 "list", n=number),
              N_("lines: 95 % interval; at the right genes found and in the term, and q"),
              N_("(+k): k similar terms folded in (70 % of hits shared)")],
        legend=[*theme_handles(drawn["term"].map(theme_of)),
                look.mark(tr("other term"), "o", 6, color=_PLAIN), *sizes],
        gridspec_kw={"height_ratios": heights},
    )  # fmt: skip
    for ax, rows in zip(axes[:, 0], panels, strict=True):
        _ora_panel(ax, rows, theme_of, most)
        of, genes = rows.iloc[0], tr(_DIRECTIONS[rows["direction"].iloc[0]])
        ax.set_title(f"{naming.contrast_label(of['contrast'])}{tr(': ')}{genes} (n = {of['list_size']:,.0f})")
    return figure


def _panel_terms(rows: pd.DataFrame, theme_of: Mapping[str, str], n: int) -> pd.DataFrame:
    shown = rows[rows["folded_under"].isna() | rows["term"].isin(list(theme_of))]
    best = shown.sort_values(["p", "term"], kind="stable").head(n)
    return best.sort_values(["log2_odds_ratio", "term"], kind="stable").reset_index(drop=True)


def _ora_panel(ax: Axes, rows: pd.DataFrame, theme_of: Mapping[str, str], most: int) -> None:
    rows = rows.assign(theme=rows["term"].map(theme_of), area=_area(rows["hits"], most))
    for theme, part in rows.groupby("theme", sort=False, dropna=False):
        ink, marker, _ = THEMES.get(theme, (_PLAIN, "o", ""))
        ax.hlines(part.index, part["ci_low"], part["ci_high"], colors=ink, linewidth=1.2, zorder=2)
        ax.scatter(part["log2_odds_ratio"], part.index, s=part["area"], color=ink, marker=marker,
                   edgecolor="white", zorder=3, linewidth=0.6)  # fmt: skip
    marks.zero(ax, "x")
    marks.rows(ax, rows.index, [_term(row) for row in rows.itertuples()])
    for row, tick in zip(rows.itertuples(), ax.get_yticklabels(), strict=True):
        q = f"= {naming.format_p_value(row.q)}" if row.q > 0 else "< 1e-300"
        marks.beside(ax, f"{row.hits}/{row.set_size}, q {q}", row.Index)
        look.embolden(tick, when=row.theme in THEMES)
    ax.set_ylim(-0.7, max(2, len(rows)) - 0.3)


def _term(row: tuple) -> str:
    name = row.name if len(row.name) <= 58 else row.name[:56].rstrip() + "…"
    return f"{name} (+{row.folded})" if row.folded else name


def _area(hits: Any, most: int) -> Any:
    """Area in square points, that goes with the number of hits."""
    return 16 + 110 * hits / max(1, most)


def camera_bars(tested: pd.DataFrame, themes: pd.DataFrame, title: str = "") -> Figure:
    """Draw the competitive test of the themes' terms: bars of −log10 p, raised to the right, lowered left.

    `tested` is from `mgbone.microarray.enrichment.camera`, over all terms or those of the themes; the rows
    are those of `themes` (theme, go_id), in this order.
    """
    rows = themes[themes["go_id"].isin(tested["term"])]
    if rows.empty:
        return canvas.empty_figure(_NO_THEMES, title)
    # A row for the heading of each theme, and a gap before it.
    places = dict(zip(rows["go_id"], canvas.places(rows["theme"], 1.4, 1.0), strict=True))
    firsts = rows.drop_duplicates("theme").itertuples()
    headings = {tr(THEMES[row.theme][2]): places[row.go_id] - 1 for row in firsts}
    theme_of = dict(zip(rows["go_id"], rows["theme"], strict=True))
    shown = tested[tested["term"].isin(list(theme_of))]
    shown = shown.assign(theme=shown["term"].map(theme_of))
    shown["length"] = -np.log10(shown["p"].clip(lower=1e-300)) * np.where(shown["direction"] == "up", 1, -1)
    figure, panels = canvas.contrast_panels(
        shown, room=1, height=_ROW * (max(places.values()) + 1) * 0.95 + 20, sharey=True, sharex=True,
        title=title, finding=_camera_finding(shown), xlabel=N_("−log10 p\n← lowered     raised →"),
        note=[N_("camera: do a term's genes lie higher or lower among all t values? p allows for correlated "
                 "genes"),
              N_("filled: q < 0.05 over all terms tested")],
    )  # fmt: skip
    for ax, bars in panels:
        inks = [THEMES[theme][0] for theme in bars["theme"]]
        fills = np.where(bars["q"] < 0.05, inks, "white")
        ax.barh(bars["term"].map(places), bars["length"], 0.66, color=fills, edgecolor=inks, linewidth=1.1)
        ax.axvline(0, color=look.INK, linewidth=0.9)
        marks.rows(ax, [*headings.values(), *rows["go_id"].map(places)], [*headings, *rows["term"]])
    first, reach = panels[0][0], 1.08 * max(2.0, shown["length"].abs().max())
    first.set_xlim(-reach, reach)
    first.xaxis.set_major_formatter(lambda v, _: f"{abs(v):g}")
    for tick in first.get_yticklabels()[: len(headings)]:
        look.embolden(tick)
    first.set_ylim(max(places.values()) + 0.6, -0.7)
    return figure


def _camera_finding(shown: pd.DataFrame) -> str:
    def say(rows: pd.DataFrame) -> str:
        themes = findings.listed(tr(THEMES[theme][2]) for theme in rows["theme"].unique())
        n_terms = shown["term"].nunique()
        return tr("{n} of {all} terms pass ({themes})", n=len(rows), all=n_terms, themes=themes)

    clear = shown[shown["q"] < 0.05]
    return tr("No term of the themes passes.") if clear.empty else findings.by_contrast(clear, say)


def running_sums(
    results: pd.DataFrame, running: pd.DataFrame, themes: pd.DataFrame, title: str = ""
) -> Figure:
    """Draw the running sum of GSEA: a row of panels per contrast, a panel per term, its genes as a bar code.

    `results` and `running` are from `mgbone.microarray.arrays.prerank_best_terms`; `themes` has theme, go_id.
    """
    if results.empty:
        return canvas.empty_figure(_NO_THEMES, title)
    theme_of = dict(zip(themes["go_id"], themes["theme"], strict=True))
    contrasts = canvas.by_dose(results["contrast"])
    columns = int(results.groupby("contrast").size().max())
    best = results.loc[results["nes"].abs().idxmax()]
    found = N_("Furthest from an even spread: {term}, {contrast} (NES = {nes}).")
    if len(results) * results["p"].min() >= 0.05:
        found = N_("None of the {n} terms is sure (p < 0.05 after Bonferroni); furthest from an even spread: "
                   "{term}, {contrast} (NES = {nes}).")  # fmt: skip
    figure, axes = canvas.new_figure(
        len(contrasts), columns, width=look.panels_width(max(2, columns)), height=52 * len(contrasts) + 8,
        sharex=True, sharey=True, title=title, xlabel=N_("rank: raised → lowered"),
        finding=tr(found, n=len(results), term=best["name"], contrast=naming.contrast_label(best["contrast"]),
                   nes=look.signed(best["nes"], ".2f")),
        note=[N_("GSEA preranked by moderated t, best term of each theme; below the curve, its genes"),
              tr("p: (b + 1) / (k + 1) of the k = {k} random sets with a sum of the same sign, which ignores "
                 "that genes are correlated: read it beside that of camera",
                 k=findings.span(results["n_permutations"]))],
    )  # fmt: skip
    for row, contrast in zip(axes, contrasts, strict=True):
        of_contrast = results[results["contrast"] == contrast]
        for ax in row[len(of_contrast) :]:
            ax.set_axis_off()
        for ax, result in zip(row, of_contrast.to_dict("records"), strict=False):
            line = running[running["contrast"].eq(contrast) & running["term"].eq(result["term"])]
            _running_panel(ax, line, result, THEMES.get(theme_of.get(result["term"]), (_PLAIN,))[0])
        row[0].set_ylabel(f"{naming.contrast_label(contrast)}\n{tr('running sum')}")
    low, high = running["running_sum"].agg(["min", "max"])
    room = 0.3 * (high - low)
    axes[0, 0].set_ylim(low - room, high + 0.6 * room)
    return figure


def _running_panel(ax: Axes, rows: pd.DataFrame, result: Mapping[str, Any], colour: str) -> None:
    # Between two hits the sum falls in a straight line, and which of its points are left out in drawing would
    # hang on last bits, which differ between processors: the corners are drawn.
    x, y = rows["rank"].to_numpy(), rows["running_sum"].round(8).to_numpy()
    hit = rows["hit"].to_numpy()
    corner = hit | np.append(hit[1:], True)
    corner[0] = True
    peak = int(np.argmax(np.abs(y)))
    ax.plot(x[corner], y[corner], color=colour, linewidth=1.7)
    ax.axhline(0, color=look.LINE, linewidth=0.8, zorder=0)
    ax.axvline(x[peak], color=colour, linewidth=0.8, linestyle=look.DASHES, zorder=0)
    ax.vlines(x[hit], 0, 0.11, color=colour, linewidth=0.45, alpha=0.8, rasterized=True,
              transform=ax.get_xaxis_transform())  # fmt: skip
    p = f"p {'≤' if result['p'] <= result['least_p'] else '='} {naming.format_p_value(result['p'])}"
    words = f"NES = {result['nes']:.2f}\n{p}\nn = {int(result['n_genes'])}".replace("-", "−")
    place = {"x": 0.98, "y": 0.97, "ha": "right", "va": "top"}
    if y[peak] <= 0:
        place = {"x": 0.02, "y": 0.14, "ha": "left", "va": "bottom"}
    ax.text(s=words, transform=ax.transAxes, gid="p", **place)
    ax.set_title("\n".join(canvas.wrap(result["name"], 170, look.BASE_SIZE)))
    ax.set_xlim(0, len(x))
    ax.locator_params(axis="x", nbins=4)
    ax.xaxis.set_major_formatter("{x:,.0f}")
