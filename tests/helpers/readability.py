"""What a reader trips over in a figure, measured: small, pale, cut, overlapping or struck-through text."""

from itertools import combinations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from mgbone.figures import canvas

LEAST_SIZE = 8.0  # points, in a figure that is shown in its own size (`Run.show`)
LEAST_CONTRAST = 4.5  # WCAG 2.1, level AA
DPI = 100


def faults(figure):
    """List what is hard to read in a figure, one string a fault."""
    canvas.lay_out(figure)
    figure.set_dpi(DPI)
    bare, _ = _rendered(figure, _only_box)
    whole, drawn = _rendered(figure, _WRITE)
    found = [f"{_named(t)}: {t.get_fontsize():g} points" for t, _ in drawn if t.get_fontsize() < LEAST_SIZE]
    height, width = bare.shape[:2]
    for text, box in drawn:
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1:
            found.append(f"{_named(text)}: cut off")
            continue
        rows = slice(int(height - box.y1), int(np.ceil(height - box.y0)) + 1)
        columns = slice(max(0, int(box.x0)), int(np.ceil(box.x1)) + 1)
        found += _on_its_ground(text, bare[rows, columns], whole[rows, columns])
    upright = [(t, box.padded(-1.5)) for t, box in drawn if t.get_rotation() % 90 == 0]
    found += [f"{_named(a)} meets {_named(b)}" for (a, one), (b, two) in combinations(upright, 2)
              if one.overlaps(two)]  # fmt: skip
    return found


def _on_its_ground(text, ground, written):
    """Hold the ink of a text against what lies under it: contrast, and lines that strike it through."""
    ink = np.abs(written - ground).max(axis=2) > 60
    if _halo(text) or not ink.any():
        return []
    under = ground[ink]
    pale = contrast(255 * np.array(to_rgb(text.get_color())), under) < LEAST_CONTRAST
    struck = np.abs(under - np.median(under, axis=0)).max(axis=1) > 60
    found = [f"{_named(text)}: contrast below {LEAST_CONTRAST}"] if pale.mean() > 0.1 else []
    return found + ([f"{_named(text)}: over a line"] if struck.mean() > 0.06 else [])


def contrast(one, two):
    """Contrast of colours of 0 to 255 (WCAG 2.1)."""
    low, high = np.sort([np.broadcast_to(_luminance(one), _luminance(two).shape), _luminance(two)], axis=0)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour):
    part = np.asarray(colour, dtype=float) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def _halo(text):
    """Whether a white line round its letters holds a text off what lies under it."""
    return any(e._gc.get("foreground") == "white" for e in text.get_path_effects())


def _named(text):
    return repr(text.get_text())


_WRITE = Text.draw


def _only_box(text, renderer):
    if text.get_visible() and (patch := text.get_bbox_patch()):
        text.update_bbox_position_size(renderer)
        patch.draw(renderer)


def _rendered(figure, how):
    """Render a figure, its texts drawn in a way of one's own; return pixels, and texts with boxes."""
    drawn = []

    def draw(text, renderer):
        if text.get_visible() and text.get_text().strip():
            box = Text.get_window_extent(text, renderer)
            if text.get_text().startswith(" \n"):  # a blank line holds room for the name of the row
                box = Bbox([[box.x0, box.y0], [box.x1, (box.y0 + box.y1) / 2]])
            drawn.append((text, box))
        how(text, renderer)

    Text.draw = draw
    try:
        page = FigureCanvasAgg(figure)
        page.draw()
    finally:
        Text.draw = _WRITE
    return np.asarray(page.buffer_rgba())[..., :3].astype(float), drawn
