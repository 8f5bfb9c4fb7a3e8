"""The plane of two ordered alternatives: one way with the dose, or most at the mildest dose."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgbone.figures import canvas, findings, look, marks
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.language import N_, tr
from mgbone.study.naming import AXIS_NAMES, axis_of, row_label

MARKERS: Mapping[str, str] = {
    "intake": "P", "status": "*", "minerals": "o", "formation": "s", "resorption": "^", "density": "D",
}  # fmt: skip
_SIZES = {"*": 2.2, "P": 1.3, "^": 1.2, "D": 0.75}


def shape_plane(shapes: pd.DataFrame, study: Study, title: str = "") -> Figure:
    """Draw each endpoint at its two z: across for one way, upwards for a peak at the mildest dose.

    Beyond the diagonals the endpoint is nearer to that shape. With a name are those significant over both
    tests; filled are those of which a shape is named, since every contrast that it implies holds.

    Parameters
    ----------
    shapes : DataFrame
        From `mgbone.integration.shapes.dose_shapes`.
    """
    if shapes.empty:
        return canvas.empty_figure(N_("No endpoint was measured at every dose."), title)
    limit = study.thresholds["significant"]
    across = 1.45 * max(2.5, float(shapes["z_one_way"].abs().max()))
    upwards = 1.3 * max(2.5, float(shapes["z_peak"].abs().max()))
    mildest = naming.narrow_label(study.shown_contrasts[0].case)
    table = shapes.assign(
        x=shapes["z_one_way"], y=shapes["z_peak"], name=shapes["endpoint"].map(row_label),
        axis=shapes["endpoint"].map(axis_of), found=shapes["shape"] != "neither",
    )  # fmt: skip
    present = [axis for axis in AXIS_NAMES if axis in set(table["axis"])]
    hollow = {"markerfacecolor": "white", "markeredgecolor": look.INK, "markeredgewidth": 1.0}
    named = table[table["p_either"] < limit].sort_values(["p_either", "endpoint"], kind="stable")
    figure, axes = canvas.new_figure(
        1, 1, width=look.ONE_AND_HALF, height=14 + 150 * upwards / across, title=title,
        finding=_finding(table, mildest, study.dose_of.name),
        note=[tr("z of two tests on the same animals: one way with the dose (Jonckheere), peak at {dose} "
                 "(Mack-Wolfe)", dose=mildest),
              tr("with a name: p < {limit:g} over both tests (labels permuted within each experiment)",
                 limit=limit),
              N_("filled: every contrast that the shape implies holds")],
        legend=[look.mark(tr(AXIS_NAMES[axis]), MARKERS.get(axis, "X"), 6.5, **hollow) for axis in present],
    )  # fmt: skip
    ax = axes[0, 0]
    ax.set(xlim=(-across, across), ylim=(-upwards, upwards), aspect="equal")
    _regions(ax, across, upwards, mildest, study.dose_of.name)
    for (axis, found), rows in table.groupby(["axis", "found"], sort=False):
        marker = MARKERS.get(axis, "X")
        ax.scatter(rows["x"], rows["y"], marker=marker, s=42 * _SIZES.get(marker, 1.0),
                   zorder=4 if found else 3,
                   facecolor=look.INK if found else "white", edgecolor=look.INK if found else look.QUIET,
                   linewidth=1.0, gid="shape-found" if found else "shape")  # fmt: skip
    ax.set_xlabel(tr("z, one way with the dose"))
    ax.set_ylabel(tr("z, peak at {dose}", dose=mildest))
    canvas.lay_out(figure)
    marks.name_points(ax, named, table[~table["endpoint"].isin(named["endpoint"])])
    return figure


def _finding(table: pd.DataFrame, mildest: str, nutrient: str) -> str:
    """Say which endpoints go one way, up or down, and which are highest or lowest at the mildest dose."""
    words = {
        ("one_way", True): N_("rising as {nutrient} gets scarcer: {names}"),
        ("one_way", False): N_("falling as {nutrient} gets scarcer: {names}"),
        ("peak", True): N_("highest at {dose}: {names}"),
        ("peak", False): N_("lowest at {dose}: {names}"),
    }
    higher = table["x"].where(table["shape"].eq("one_way"), table["y"]) > 0
    said = [
        tr(text, names=findings.listed(map(findings.name, rows)), dose=mildest, nutrient=nutrient)
        for (shape, up), text in words.items()
        if len(rows := table.loc[table["shape"].eq(shape) & higher.eq(up), "endpoint"])
    ]
    return findings.sentence(said or [tr("no endpoint follows the dose in either shape")])


def _regions(ax: Axes, across: float, upwards: float, mildest: str, nutrient: str) -> None:
    corner = max(across, upwards)
    for sign in (-1, 1):
        outside = [sign * corner, 0, sign * corner]
        ax.fill_between([-corner, 0, corner], outside, sign * corner, color="#f4f4f4", linewidth=0, zorder=0)
        ax.plot([-corner, corner], [-sign * corner, sign * corner], color=look.LINE, linewidth=0.8, zorder=1)
    words = (
        (0, 0.95, N_("highest at {dose}"), 0),
        (0, -0.95, N_("lowest at {dose}"), 0),
        (0.965, 0, N_("rises as {nutrient} gets scarcer"), 90),
        (-0.965, 0, N_("falls as {nutrient} gets scarcer"), 90),
    )
    for x, y, pair, turned in words:
        ax.text(
            x * across, y * upwards, tr(pair, dose=mildest, nutrient=nutrient), color=look.QUIET,
            size=look.SMALL_SIZE, rotation=turned, ha="center", va="center",
        )  # fmt: skip
