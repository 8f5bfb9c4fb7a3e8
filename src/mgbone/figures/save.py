"""Write figures: PNG and SVG, whole or not at all, the same bytes each time."""

import warnings
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from mgbone.figures import canvas, look
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr
from mgbone.study.paths import write_aside


def save_figure(figure: Figure, folder: str | Path, name: str, stamp: str | None = None) -> tuple[Path, Path]:
    """Write ``name.png`` and ``name.svg`` into `folder`.

    With `stamp` ("SIMULATED DATA") the figure carries it in a corner (`canvas.stamp`). The headline and the
    finding below it also go into the files as title and description, for readers that don't see. No time, no
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
    canvas.stamp(figure, stamp)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    targets = (folder / f"{name}.png", folder / f"{name}.svg")
    words = said(figure)
    salt = {"svg.hashsalt": f"mgbone-{name}"}
    with warnings.catch_warnings(record=True) as caught, mpl.rc_context(salt):
        warnings.simplefilter("always")
        canvas.lay_out(figure)
        with write_aside(targets[0]) as png, write_aside(targets[1]) as svg:
            # Level 3 takes half the time of the usual 6, for files of the same size.
            packed = {"compress_level": 3}
            figure.savefig(
                png, format="png", dpi=look.DPI, metadata={"Software": None} | words, pil_kwargs=packed
            )
            figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None} | words)
            _refuse_empty_boxes(name, caught)
    for warning in caught:
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return targets


def said(figure: Figure) -> dict[str, str]:
    """Return the headline of a figure as ``Title`` and the finding below it as ``Description``, unbroken."""
    words = canvas.words_of(figure)
    named = {"Title": words["title"], "Description": words["finding"]}
    return {name: text for name, text in named.items() if text}


def _refuse_empty_boxes(name: str, caught: list[warnings.WarningMessage]) -> None:
    missing = sorted({str(w.message) for w in caught if "missing from" in str(w.message)})
    if missing:
        said = N_("The figure {name} has letters that no font holds: {letters}")
        raise MgboneError(tr(said, name=name, letters="; ".join(missing)))
