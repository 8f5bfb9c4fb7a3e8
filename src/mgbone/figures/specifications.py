"""One statement over every defensible analysis: the specification curve."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgbone.figures import canvas, findings, look, marks
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.language import N_, either, tr
from mgbone.study.multiverse import Decision, decision_label, option_label
from mgbone.study.naming import VERDICTS

_ROW, _ABOVE, _GAP = 4.6, 74.0, 0.9
_LEVELS = ("significant", "trend")
_UNITS = {
    "biochem": N_("Difference (%)"),
    "qct": N_("Difference (%)"),
    "array_clustering": N_("Mean silhouette"),
    "microarray": N_("log2 odds ratio"),
}


def specification_curve(curve: pd.DataFrame, about: pd.DataFrame, study: Study, title: str = "") -> Figure:
    """Draw every specification of one statement: estimate and p above, below it which options it takes.

    Specifications stand from the smallest to the largest estimate (p, without estimates). Where the declared
    one could be made, a line through all panels is at it, and beside each option stands how many of the
    specifications that take it give the declared verdict.

    `curve` is from `mgbone.certainty.specification_curve`: rank, declared, estimate, p, verdict and a column
    per decision. `about` is from `mgbone.certainty.about_statement`, one row: claim_id, domain, endpoint,
    statement_en, statement_ja, verdict, most_decisive, decisive_share, joint_p, n_permutations, and others.
    """
    if curve.empty:
        return canvas.empty_figure(N_("No analysis of this statement could be made."), title)
    told, known = about.iloc[0], curve[curve["estimate"].notna()]
    decisions = _places(study.multiverse, curve)
    depth = max(max(rows.values()) for _, rows in decisions) + 1
    verdicts = [v for v in VERDICTS if curve["verdict"].eq(v).any()]
    unit = _UNITS[told["endpoint"] if told["endpoint"] in _UNITS else told["domain"]]
    figure, axes = canvas.new_figure(
        3, 1, height=_ABOVE + _ROW * depth, sharex=True,
        title=title or either(told["statement_en"], told["statement_ja"]),
        finding=_finding(told, curve, study), note=_note(told, curve, study),
        legend=[look.mark(naming.word(v), "o", 6, markerfacecolor=VERDICTS[v][0], markeredgecolor=look.INK,
                          markeredgewidth=0.7) for v in verdicts],
        xlabel=N_("Analyses, from the smallest to the largest estimate") if len(known)
        else N_("Analyses, from the smallest to the largest p"),
        gridspec_kw={"height_ratios": [0.58 * _ABOVE, 0.42 * _ABOVE, _ROW * depth]},
    )  # fmt: skip
    first, second, third = axes[:, 0]
    marks.zero(first, color=look.QUIET, linewidth=0.9, linestyle=look.DASHES)
    _dots(first, known, "estimate")
    first.set_ylabel(tr(unit))
    _p_panel(second, curve, study)
    _options_panel(third, curve, decisions, told["verdict"] if curve["declared"].any() else None)
    for ax in axes[:, 0]:
        for rank in curve.loc[curve["declared"], "rank"]:
            ax.axvline(rank, color=look.INK, linewidth=0.9, zorder=1)
    first.set_xlim(0, len(curve) + 1)
    return figure


def _dots(ax: Axes, curve: pd.DataFrame, what: str) -> None:
    size = float(np.clip(5.5 - len(curve) / 90, 2.6, 5.5))
    for verdict, rows in curve.groupby("verdict", sort=False):
        ax.plot(rows["rank"], rows[what], "o", markersize=size, markerfacecolor=VERDICTS[verdict][0],
                markeredgecolor=look.INK, markeredgewidth=0.5, zorder=3, gid=f"{what} {verdict}",
                rasterized=len(curve) > 500)  # fmt: skip


def _p_panel(ax: Axes, curve: pd.DataFrame, study: Study) -> None:
    floor = max(float(curve["p"].min()), 1e-40) if curve["p"].notna().any() else 0.01
    _dots(ax, curve.assign(p=curve["p"].clip(lower=floor)), "p")
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.minorticks_off()
    ax.set_ylim(min(floor / 2, 0.01), 1.6)
    ax.set_ylabel("p")
    for level in _LEVELS:
        ax.axhline(study.thresholds[level], color=look.QUIET, linewidth=0.9, linestyle=look.DASHES, zorder=1)


def _places(decisions: Iterable[Decision], curve: pd.DataFrame) -> list[tuple[Decision, dict[str, float]]]:
    """Give every option that some specification takes a row, and every decision a row above its options."""
    at, places = 0.0, []
    for decision in decisions:
        if decision.id in curve:
            taken = [one.id for one in decision.options if curve[decision.id].eq(one.id).any()]
            places.append((decision, {name: at + i for i, name in enumerate(taken)}))
            at += len(taken) + _GAP
    return places


def _options_panel(
    ax: Axes, curve: pd.DataFrame, decisions: list[tuple[Decision, dict[str, float]]], verdict: str | None
) -> None:
    labels = {y: option_label(one.option(name)) for one, rows in decisions for name, y in rows.items()}
    depth = max(labels) + 1
    aside = max(canvas.text_width(label, look.SMALL_SIZE) for label in labels.values()) + 22
    for decision, rows in decisions:
        for name, y in rows.items():
            taken = curve[curve[decision.id] == name]
            bars = _runs(taken["rank"].to_numpy())
            ax.broken_barh(bars, (y - 0.3, 0.6), color=look.INK, linewidth=0, zorder=3)
            if verdict is not None:
                share = tr("{percent:.0f} %", percent=100 * taken["verdict"].eq(verdict).mean())
                marks.beside(ax, share, y, gid="share")
        top, bottom = min(rows.values()), max(rows.values())
        name = "\n".join(canvas.wrap(decision_label(decision), 84, look.SMALL_SIZE))
        marks.beside(ax, name, (top + bottom) / 2, -aside, color=look.QUIET)
        if bottom + 1 < depth - 0.01:
            ax.axhline(bottom + (1 + _GAP) / 2, color=look.LINE, linewidth=0.7, zorder=0)
    ax.set_yticks([*labels], [*labels.values()])
    ax.set_ylim(depth - 0.3, -0.7)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False)


def _runs(ranks: np.ndarray) -> list[tuple[float, float]]:
    """Return where each run of neighbouring ranks begins, and how wide it is."""
    runs = np.split(ranks, np.flatnonzero(np.diff(ranks) > 1) + 1)
    return [(float(run[0]) - 0.4, len(run) - 0.2) for run in runs]


def _finding(told: pd.Series, curve: pd.DataFrame, study: Study) -> str:
    said = [tr("The declared analysis could not be made, but {all} others", all=len(curve))]
    p = curve["p"].dropna()
    if curve["declared"].any():
        said = [tr("The declared verdict ({verdict}) holds in {n} of {all} analyses", all=len(curve),
                   verdict=naming.word(told["verdict"]),
                   n=int(curve["verdict"].eq(told["verdict"]).sum()))]  # fmt: skip
    if len(p):
        low, high = naming.format_p_value(p.min()), naming.format_p_value(p.max())
        said.append(tr("p lies between {low} and {high}", low=low, high=high))
    named = [one for one in study.multiverse if one.id == told["most_decisive"]]
    if named and len(curve["verdict"].unique()) > 1:
        words = N_("the verdict depends most on “{decision}” ({percent:.0f} % of its variance)")
        said.append(tr(words, decision=decision_label(named[0]), percent=100 * told["decisive_share"]))
    return findings.sentence(said)


def _note(told: pd.Series, curve: pd.DataFrame, study: Study) -> list[str]:
    limits = {level: f"{study.thresholds[level]:g}" for level in _LEVELS}
    said = [N_("line: the declared analysis; percent: share of the analyses with that option that give its "
               "verdict") if curve["declared"].any() else "",
            tr("dashed: p = {significant} and {trend}", **limits)]  # fmt: skip
    if pd.notna(told["joint_p"]):
        words = N_("all analyses together against {n} permutations of labels: p = {p}; they are of the same "
                   "animals, so that this is no further evidence")  # fmt: skip
        n = f"{int(told['n_permutations']):,}"
        said.append(tr(words, n=n, p=naming.format_p_value(told["joint_p"])))
    return said
