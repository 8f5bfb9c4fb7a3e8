"""How far statements can be trusted: their chance to be found again, and how severely they were tested."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mgbone.figures import canvas, findings, look, marks
from mgbone.study.language import N_, tr
from mgbone.study.naming import row_label

EFFECT, ABSENCE = "#b4530f", "#2c6e9c"
_INK = {"effect": EFFECT, "trend": EFFECT, "absence": ABSENCE}
_KINDS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "effect": (N_("effect"), {"marker": "D", "markersize": 6, "mfc": EFFECT, "mec": EFFECT}),
    "trend": (N_("trend"), {"marker": "D", "markersize": 6, "mfc": "white", "mec": EFFECT}),
    "absence": (N_("no difference"), {"marker": "o", "markersize": 5.5, "mfc": "white", "mec": ABSENCE}),
}
_SEVERITIES = (0.5, 0.8, 0.9, 0.99, 0.999, 0.9999)
_BELOW = -0.32  # where statements stand whose severity is not defined
_TOP = 4.4
_MOST_NAMED = 7


def certainty_plane(table: pd.DataFrame, title: str = "") -> Figure:
    """Draw each statement at its chance of the same verdict (across) and the severity of its test (upwards).

    `table` is from `mgbone.certainty.certainty_table`.
    """
    known = table.dropna(subset="p_shrunken")
    if known.empty:
        return canvas.empty_figure(N_("No statement has a chance of being found again."), title)
    rows = known.assign(
        x=known["p_shrunken"], y=_height(known["severity"]),
        name=[_name(row) for row in known.to_dict("records")],
        kind=known["asserts"].mask(known["level"].eq("trend"), "trend"),
    )  # fmt: skip
    holds = rows["verdict"].eq("reproduced")
    held, other = rows[holds], rows[~holds]
    told = {kind: of for kind in _KINDS if len(of := held[held["kind"] == kind])}
    legend = [look.mark(tr(_KINDS[k][0]), **_KINDS[k][1]) for k in told]
    if len(other):
        legend.append(look.mark(tr("not as stated"), "x", 7, markeredgecolor=look.INK, markeredgewidth=1.2))
    legend.append(look.mark(tr("chance without any effect"), "v", 7, color=look.QUIET))
    line = {"color": look.QUIET, "linewidth": 1.0}
    legend.append(look.line(label=tr("to the chance if the truth is what was observed"), **line))
    left_out = len(table) - len(known)
    figure, axes = canvas.new_figure(
        1, 1, height=128, title=title, finding=_found_again(known), legend=legend, ylabel=N_("severity"),
        note=[N_("across: chance that a new cohort as large gives the same verdict, with effects shrunken as "
                 "those of other studies (van Zwet and Goodman 2022)"),
              N_("upwards: severity (Mayo and Spanos 2006), on a scale of what it lacks to 1"),
              tr("{n} statements without a chance are not drawn", n=left_out) if left_out else ""],
        xlabel=N_("chance of the same verdict in a new cohort (%)"),
    )  # fmt: skip
    ax = axes[0, 0]
    _scales(ax, undefined=rows["severity"].isna().any())
    ax.hlines(held["y"], held["x"], held["p_plugin"], colors=held["kind"].map(_INK), linewidth=0.9,
              alpha=0.45, zorder=2, gid="span")  # fmt: skip
    for kind, of in told.items():
        ax.plot(of["x"], of["y"], linestyle="none", markeredgewidth=1.1, zorder=3, gid=f"statement-{kind}",
                **_KINDS[kind][1])  # fmt: skip
    for asserts, chance in held.groupby("asserts")["p_without_effect"].mean().items():
        ax.plot([chance], [_TOP - 0.05], "v", color=_INK[str(asserts)], markersize=7, gid="without-effect")
    ax.scatter(other["x"], other["y"], marker="x", s=34, c=other["kind"].map(_INK), linewidths=1.2, zorder=3,
               gid="otherwise")  # fmt: skip
    canvas.lay_out(figure)
    named = _to_name(held)
    marks.name_points(ax, named, rows[~rows["claim_id"].isin(named["claim_id"])])
    return figure


def _height(severity: pd.Series) -> pd.Series:
    """Put severity on a scale of what it lacks to 1, with an end; what is not defined stands below."""
    lacks = (1 - severity.astype(float)).clip(lower=1 - _SEVERITIES[-1])
    return (-np.log10(lacks)).round(6).where(severity.notna(), _BELOW)


def _scales(ax: Axes, *, undefined: bool) -> None:
    ax.set(xlim=(-0.02, 1.02), ylim=(_BELOW - 0.25 if undefined else -0.05, _TOP))
    shares = np.arange(0, 101, 20)
    ax.set_xticks(shares / 100, [f"{share}" for share in shares])
    ticks = {tr("not defined"): _BELOW} if undefined else {}
    ticks |= {f"{s:g}" if s < _SEVERITIES[-1] else f"≥ {s:g}": -np.log10(1 - s) for s in _SEVERITIES}
    ax.set_yticks([*ticks.values()], [*ticks])
    for share in (0.5, 0.8):
        ax.axvline(share, color=look.LINE, linewidth=0.8, linestyle=look.DASHES, zorder=0)


def _name(row: Mapping[str, object]) -> str:
    if row["contrast"] == "dose_order":
        return tr("Serum Mg, order of doses")
    return tr(", ").join([row_label(str(row["endpoint"])), findings.dose(str(row["contrast"]))])


def _to_name(rows: pd.DataFrame) -> pd.DataFrame:
    """Choose whose names are written: the surest effects, all trends by one name, the least sure absences."""
    effects, trends, absences = (rows[rows["kind"] == kind].sort_values(["y", "claim_id"]) for kind in _KINDS)
    effects = effects.sort_values(["x", "claim_id"], ascending=[False, True])
    if len(trends) > 1:
        trends = trends.assign(name=tr("{n} trends", n=len(trends)))
    chosen = [effects.head(_MOST_NAMED), trends.tail(1), absences.head(2)]
    return pd.concat(chosen).drop_duplicates("claim_id")


def _found_again(table: pd.DataFrame) -> str:
    """Say how many statements of each kind are likely to be found again, and how many without effect."""
    words = {
        "effect": (N_("of {n} statements of an effect that hold here {again} have a better than even chance "
                      "to be found again ({none:.1f} expected without any effect)"),
                   N_("no statement of an effect holds here")),
        "absence": (N_("of {n} of no difference {again} ({none:.1f})"), N_("none of no difference does")),
    }  # fmt: skip
    said = []
    for asserts, (some, nothing) in words.items():
        of = table[table["asserts"].eq(asserts) & table["verdict"].eq("reproduced")]
        again, none = int(of["p_shrunken"].gt(0.5).sum()), of["p_without_effect"].sum()
        said.append(tr(some if len(of) else nothing, n=len(of), again=again, none=none))
    return findings.sentence(said)


_TRUTHS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "without_effect": (N_("without any effect"), {"color": look.CHANGED, "linestyle": look.DASHES}),
    "plugin": (N_("if the truth is what was observed"), {"color": EFFECT}),
    "predictive": (N_("with the parameters uncertain"), {"color": "#5a0f4d", "linestyle": (0, (1, 1))}),
}
_PANELS = {"effect": N_("statements of an effect"), "absence": N_("statements of no difference")}


def how_many_hold(spread: pd.DataFrame, n_cohorts: int, title: str = "") -> Figure:
    """Draw how many statements hold at once in a new cohort, effects and absences apart.

    `spread` is from `mgbone.certainty.how_many_hold`, of `n_cohorts` drawn under each truth.
    """
    kinds = [kind for kind in _PANELS if spread.loc[spread["asserts"] == kind, "statements"].gt(0).any()]
    if not kinds:
        return canvas.empty_figure(N_("No statement about animals was judged in new cohorts."), title)
    legend = [look.line(label=tr(words), linewidth=1.8, **style) for words, style in _TRUTHS.values()]
    figure, axes = canvas.new_figure(
        1, len(kinds), height=70, title=title, finding=_held(spread, kinds), legend=legend,
        xlabel=N_("statements that hold at once"), ylabel=N_("% of cohorts"),
        note=[tr("{n:,} simulated cohorts under each truth, as large as this one", n=n_cohorts),
              N_("endpoints of an animal stay together, so that statements hold or fail together")],
    )  # fmt: skip
    for ax, kind in zip(axes[0], kinds, strict=True):
        of = spread[spread["asserts"] == kind]
        for truth, (_, style) in _TRUTHS.items():
            rows = of[of["truth"] == truth]
            ax.plot(rows["held"], 100 * rows["share"], linewidth=1.8, gid=f"held-{truth}", **style)
        n = int(of["statements"].iloc[0])
        seen = of.loc[of["share"] > 0.001, "held"]
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set(xlim=(max(0, seen.min() - 1) - 0.3, n + 0.6), ylim=(0, None))
        ax.set_title(tr("{n} {what}", n=n, what=tr(_PANELS[kind])))
    return figure


def _held(spread: pd.DataFrame, kinds: list[str]) -> str:
    mean = (spread["held"] * spread["share"]).groupby([spread["asserts"], spread["truth"]]).sum()
    size = spread.groupby("asserts")["statements"].first()
    return findings.sentence(
        tr("of {n} {what} {plugin:.1f} hold on average if the truth is what was observed, {none:.1f} without "
           "any effect", n=int(size[kind]), what=tr(_PANELS[kind]), plugin=mean[kind, "plugin"],
           none=mean[kind, "without_effect"])
        for kind in kinds
    )  # fmt: skip


def animals_by_chance(by_n: pd.DataFrame, table: pd.DataFrame, title: str = "") -> Figure:
    """Draw the chance of each statement by the animals a group, effects and absences apart.

    `by_n` is from `mgbone.certainty.chances_by_n`; `table`, from `mgbone.certainty.certainty_table`, has
    asserts and level of each statement.
    """
    rows = by_n.merge(table[["claim_id", "asserts", "level"]], on="claim_id")
    kinds = [kind for kind in _PANELS if rows["asserts"].eq(kind).any()]
    if not kinds:
        return canvas.empty_figure(N_("No statement about animals was judged in new cohorts."), title)
    figure, axes = canvas.new_figure(
        1, len(kinds), height=70, title=title, finding=_enough(rows, kinds), xlabel=N_("animals a group"),
        ylabel=N_("chance (%)"),
        note=[N_("left: to find the effect with its sign and level, were it as large as observed; dotted: "
                 "trends"),
              N_("right: to exclude a difference beyond the bound of equivalence, were there none")],
    )  # fmt: skip
    for ax, kind in zip(axes[0], kinds, strict=True):
        of = rows[rows["asserts"] == kind]
        for _, line in of.groupby("claim_id", sort=False):
            trend = line["level"].iloc[0] == "trend"
            ax.plot(line["n"], 100 * line["chance"], color=_INK[kind], linewidth=1.0, alpha=0.55,
                    linestyle=(0, (1, 1.5)) if trend else "-", gid="chance-by-n")  # fmt: skip
        ax.axhline(80, color=look.QUIET, linewidth=0.9, linestyle=look.DASHES, zorder=1)
        sizes = sorted(set(of["n"]))
        ticks = [n for n in (4, 8, 16, 32, 64) if n in sizes]
        ax.set_xscale("log")
        ax.set_xticks(ticks, [str(n) for n in ticks])
        ax.minorticks_off()
        ax.set(xlim=(min(sizes), max(sizes)), ylim=(0, 102))
        ax.set_title(tr("{n} {what}", n=of["claim_id"].nunique(), what=tr(_PANELS[kind])))
    return figure


def _enough(rows: pd.DataFrame, kinds: list[str]) -> str:
    said = []
    for kind in kinds:
        of = rows[rows["asserts"] == kind]
        now, then = (int(of.loc[of["n"].eq(n), "chance"].ge(0.8).sum()) for n in (8, 16))
        said.append(
            tr("of {n} {what} {now} have a chance of 80 % with {few} animals a group, {then} with {many}",
               n=of["claim_id"].nunique(), what=tr(_PANELS[kind]), now=now, then=then, few=8, many=16)
        )  # fmt: skip
    return findings.sentence(said)
