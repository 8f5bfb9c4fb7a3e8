"""How far findings depend on the choice of the test: p values of all tests side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mgbone.figures import canvas, look, marks
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.language import N_, tr
from mgbone.study.naming import row_label

# Three steps of one hue: the darker, the smaller p.
_LEVELS = ("none", "trend", "significant")
_SHADES = ListedColormap(["#f3f3f3", "#a9c7d8", "#33617f"])


def choice_of_test(
    table: pd.DataFrame,
    study: Study,
    title: str = "",
    *,
    declared: str | None = None,
    names: dict[str, str | tuple[str, str]] | None = None,
) -> Figure:
    """Draw p by comparison (rows) and test (columns); a frame marks another level than the declared test's.

    Parameters
    ----------
    table : DataFrame
        experiment, endpoint, contrast, test, test_run, p: one row per cell, in the order wanted; a row whose
        declared test gave way to one for values below a limit names it.
    declared : str, optional
        The test that the others are held against; the first in `table` unless given.
    names : dict, optional
        What a test is called above its column.
    """
    if table.empty:
        return canvas.empty_figure(N_("No comparison was tested here"), title)
    table = table.assign(
        key=list(zip(table["experiment"], table["endpoint"], table["contrast"], strict=True))
    )
    tests, keys = list(dict.fromkeys(table["test"])), list(dict.fromkeys(table["key"]))
    of_test = table.drop_duplicates(["key", "test"], keep="last").set_index(["key", "test"])["p"]
    p = of_test.unstack()  # noqa: PD010
    p = p.reindex(index=pd.Index(keys, tupleize_cols=False), columns=tests)
    level = p.map(lambda value: _LEVELS.index(study.level(value)) if np.isfinite(value) else np.nan)
    base = level[declared or tests[0]]
    differs = level.notna().mul(base.notna(), axis=0) & level.ne(base, axis=0)
    moved = int(differs.any(axis=1).sum())
    figure, axes = canvas.new_figure(
        1, 1, height=6.4 * (len(keys) + 2), title=title,
        finding=tr("{n} of {all} comparisons come to another level under at least one other test.",
                   n=moved, all=len(keys)),
        note=[N_("p of each test"), N_("dark: p < 0.05, pale: p < 0.10"),
              N_("frame and bold: another level than the declared test's")],
    )  # fmt: skip
    ax = axes[0, 0]
    called = [tr((names or {}).get(t, naming.name_of_test(t))) for t in tests]
    heads = ["\n".join(canvas.wrap(name, 480 / len(tests), look.SMALL_SIZE)) for name in called]
    run = table[table["test"].eq(declared or tests[0])].set_index("key")["test_run"]
    instead = [f" ({naming.name_of_test(t)})" if t == naming.GEHAN else "" for t in run.reindex(p.index)]
    labels = [
        f"{row_label(e)}: {naming.contrast_label(c)}{t}" for (_, e, c), t in zip(keys, instead, strict=True)
    ]
    words = p.map(lambda value: naming.format_p_value(value) or "–").to_numpy()
    marks.heat(ax, level, words, columns=heads, rows=labels, cmap=_SHADES, vmin=0, vmax=2)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    written = [text for text in ax.texts if text.get_gid() == "cell"]
    for text, apart in zip(written, differs.to_numpy().flat, strict=True):
        text.set_gid("p")
        if apart:
            x, y = text.get_position()
            look.embolden(text)
            ax.add_patch(Rectangle((x - 0.47, y - 0.44), 0.94, 0.88, fill=False, edgecolor=look.UP,
                                   linewidth=1.8, gid="differs"))  # fmt: skip
    return figure
