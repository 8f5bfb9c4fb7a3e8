"""Write figures: PNG and SVG, whole or not at all, the same bytes each time."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from mgbone.figures import canvas, look
from mgbone.study.errors import MgboneError
from mgbone.study.paths import write_aside

DPI = 200
_METADATA = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
}


def save_figure(figure: Figure, folder: str | Path, name: str, stamp: str | None = None) -> tuple[Path, Path]:
    """Write ``name.png`` (200 dpi) and ``name.svg`` into `folder` and close the figure.

    With `stamp` ("SIMULATED DATA") the figure carries it in a corner (`canvas.stamp`). The headline and the
    line below it also go into the files as title and description, for readers that don't see. No time, no
    version and no random id goes into them, so that the same figure gives the same bytes.

    Returns
    -------
    tuple of Path
        The PNG and the SVG.

    Raises
    ------
    MgboneError
        If a letter is in neither font and would show as an empty box; nothing is written then.
    """
    look.use()
    if stamp:
        canvas.stamp(figure, stamp)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    targets = (folder / f"{name}.png", folder / f"{name}.svg")
    try:
        salt = {"svg.hashsalt": f"mgbone-{name}"}
        with warnings.catch_warnings(record=True) as caught, mpl.rc_context(salt):
            warnings.simplefilter("always")
            _fix_layout(figure)
            with write_aside(targets[0]) as png, write_aside(targets[1]) as svg:
                words = said(figure)
                figure.savefig(png, format="png", dpi=DPI, metadata=_METADATA["png"] | words)
                figure.savefig(svg, format="svg", metadata=_METADATA["svg"] | words)
                _refuse_empty_boxes(name, caught)
    finally:
        plt.close(figure)
    for warning in caught:
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return targets


def said(figure: Figure) -> dict[str, str]:
    """Return the headline of a figure as ``Title`` and the line below it as ``Description``, unbroken."""
    texts = {text.get_gid(): text.get_text() for text in figure.texts}
    keys = {"title": "Title", "subtitle": "Description"}
    # A break between Japanese letters stands for nothing, one between words for a blank.
    return {
        name: re.sub(r"\n", " ", re.sub(r"(?<=[^\x00-\xff])\n|\n(?=[^\x00-\xff])", "", texts[gid]))
        for gid, name in keys.items()
        if texts.get(gid)
    }


def _fix_layout(figure: Figure) -> None:
    """Lay the panels out once and keep them there, on a grid of a ten-thousandth of the figure.

    The solver of the constrained layout ends in other last digits from run to run, which would show in the
    bytes; and PNG and SVG would each get a layout of their own.
    """
    if figure.get_layout_engine() is None:
        return
    figure.set_dpi(DPI)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for ax in figure.axes:
        ax.set_position([round(edge, 4) for edge in ax.get_position(original=True).bounds])


def _refuse_empty_boxes(name: str, caught: list[warnings.WarningMessage]) -> None:
    missing = sorted({str(w.message) for w in caught if "missing from" in str(w.message)})
    if missing:
        raise MgboneError(f"The figure {name} has letters that no font holds: {'; '.join(missing)}")
