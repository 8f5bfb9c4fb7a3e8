"""How far findings depend on the choice of the test: p values of all tests side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mgbone.figures import canvas, look
from mgbone.study import naming
from mgbone.study.design import Study
from mgbone.study.language import N_, tr
from mgbone.study.naming import row_label

# Three steps of one hue: the darker, the smaller p.
_SHADES = {"significant": "#3f6f8f", "trend": "#a9c7d8", "none": "#f3f3f3"}


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
        experiment, endpoint, contrast, test, p: one row per cell, in the order wanted.
    declared : str, optional
        The test that the others are held against; the first in `table` unless given.
    names : dict, optional
        What a test is called above its column: a string, or a pair (English, Japanese).
    """
    if table.empty:
        why = N_("No comparison was tested here")
        return canvas.empty_figure(why, title)
    tests = list(dict.fromkeys(table["test"]))
    declared = declared or tests[0]
    compared = table[["experiment", "endpoint", "contrast"]].drop_duplicates()
    keys = list(compared.itertuples(index=False, name=None))
    p = {(row.experiment, row.endpoint, row.contrast, row.test): row.p for row in table.itertuples()}
    figure, axes = canvas.new_figure(
        1,
        1,
        width=look.DOUBLE,
        height=4.9 * (len(keys) + 2),
        title=title,
        subtitle=N_(
            "p of each test; dark: p < 0.05, pale: p < 0.10; frame: another level than the declared test's"
        ),
    )
    ax = axes[0, 0]
    for y, key in enumerate(keys):
        base = p.get((*key, declared), np.nan)
        for x, test in enumerate(tests):
            value = p.get((*key, test), np.nan)
            known = np.isfinite(value)
            fill = _SHADES[study.level(value)] if known else "white"
            cell = Rectangle((x + 0.02, y + 0.05), 0.96, 0.9)
            cell.set(facecolor=fill, linewidth=0, gid="cell")
            differs = known and np.isfinite(base) and study.level(value) != study.level(base)
            if differs:
                cell.set(edgecolor=look.UP, linewidth=1.3, gid="differs")
            ax.add_patch(cell)
            words = naming.format_p_value(value) if known else "–"
            ax.text(
                x + 0.5, y + 0.52, words, ha="center", va="center", size=look.SMALL_SIZE, gid="p",
                color=look.ink_on(fill),
                **(look.BOLD if differs else {}),  # on a dark cell the frame alone would be lost in grey
            )  # fmt: skip
    labels = [f"{row_label(e)}: {naming.contrast_label(c)}" for _, e, c in keys]
    labels = [a + b for a, b in zip(labels, _declared_otherwise(table, declared, keys), strict=True)]
    ax.set_yticks(np.arange(len(keys)) + 0.5, labels)
    called = [tr((names or {}).get(t, naming.name_of_test(t))) for t in tests]
    heads = ["\n".join(canvas.wrap(name, 390 / len(tests), look.SMALL_SIZE)) for name in called]
    ax.set_xticks(np.arange(len(tests)) + 0.5, heads)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.set_xlim(0, len(tests))
    ax.set_ylim(len(keys), 0)
    ax.spines[:].set_visible(False)
    return figure


def _declared_otherwise(table: pd.DataFrame, declared: str, keys: list[tuple]) -> list[str]:
    """Name the test that was run in the declared one's place, for values below a limit."""
    run = table[table["test"] == declared].set_index(["experiment", "endpoint", "contrast"])["test_run"]
    return [f" ({naming.name_of_test(run[key])})" if run[key] == naming.GEHAN else "" for key in keys]
