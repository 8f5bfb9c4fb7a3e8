"""Figures inside a page: the file as a data URI, what it is called, and where it was drawn."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pandas as pd

from mgbone.claims.folded import figure_sections, link_sections
from mgbone.execute.report.provenance import Layout

_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}


@dataclass(frozen=True)
class Picture:
    """A figure of the run.

    Attributes
    ----------
    name : str
        As ``01_minerals``; its anchor is ``fig-01_minerals``.
    title, description : str
        The headline and the line below it, as the figure itself bears them; may be empty.
    notebook, heading : str
        Where it was drawn; the heading is empty if no notebook of the run names the figure.
    uri : str
        The whole file.
    width, height : float
        In points or pixels; only their ratio matters.
    """

    name: str
    title: str
    description: str
    notebook: str
    heading: str
    uri: str
    width: float
    height: float


def pictures(layout: Layout, names: Sequence[str]) -> dict[str, Picture]:
    """Return the figures of these names that are there, by name, in the order given."""
    linked = link_sections(pd.DataFrame({"figure": list(names)}), figure_sections(layout.build))
    headings = dict(zip(linked["figure"], linked["heading"].fillna(""), strict=True))
    found = {}
    for name in names:
        files = [layout.figures / f"{name}{ending}" for ending in _TYPES]
        files = [file for file in files if file.is_file()]
        if files and name not in found:
            found[name] = _picture(layout, name, files, headings[name])
    return found


def _picture(layout: Layout, name: str, files: Sequence[Path], heading: str) -> Picture:
    file = min(files, key=lambda path: path.stat().st_size)
    data = file.read_bytes()
    drawing = next((path.read_text(encoding="utf-8") for path in files if path.suffix == ".svg"), "")
    width, height = _size(drawing, data)
    notebook = next((n for n in layout.notebooks if any(p.stem == name for p in layout.outputs(n))), "")
    return Picture(
        name=name,
        title=_said(drawing, "title"),
        description=_said(drawing, "description"),
        notebook=notebook,
        heading=heading,
        uri=f"data:{_TYPES[file.suffix]};base64,{base64.b64encode(data).decode('ascii')}",
        width=width,
        height=height,
    )


def _said(drawing: str, what: str) -> str:
    """Read a Dublin Core element of an SVG, such as its title."""
    found = re.search(rf"<dc:{what}>(.*?)</dc:{what}>", drawing[:4000], re.S)
    return " ".join(unescape(found[1]).split()) if found else ""


def _size(drawing: str, data: bytes) -> tuple[float, float]:
    box = re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"', drawing[:4000])
    if box:
        return float(box[1]), float(box[2])
    return float(int.from_bytes(data[16:20], "big")), float(int.from_bytes(data[20:24], "big"))  # PNG header
