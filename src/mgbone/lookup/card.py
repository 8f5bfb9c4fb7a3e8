"""What a look-up gives back: figure and tables in a notebook, text on a terminal, JSON for programs."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mgbone.figures import canvas, look, save
from mgbone.study.dictionary import endpoint_label
from mgbone.study.language import tr
from mgbone.study.reading import as_text_table, with_names

_ROWS = 25
"""So many rows of a table are shown; `tables` and the JSON hold all."""


@dataclass(frozen=True)
class Card:
    """A gene, an endpoint, a statement or a term, with everything that the run holds of it.

    Attributes
    ----------
    kind, name, title : str
    facts : mapping of str to str
        Single facts, by what they are called in the language in use.
    tables : mapping of str to DataFrame
        By heading; values are those of the derived tables. The first one is `table`.
    keys : tuple of str
        What the tables are called in the JSON, whatever the language.
    stamp : str or None
        What every picture carries if the data are simulated.
    """

    kind: str
    name: str
    title: str
    facts: Mapping[str, str]
    tables: Mapping[str, pd.DataFrame]
    keys: tuple[str, ...]
    stamp: str | None
    draw: Callable[[], Figure] | None = field(default=None, repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """The first table, as the derived tables hold it."""
        return next(iter(self.tables.values()))

    @cached_property
    def figure(self) -> Figure | None:
        """The figure, stamped if the data are simulated; None where there is nothing to draw."""
        if self.draw is None:
            return None
        figure = canvas.stamp(self.draw(), self.stamp)
        canvas.lay_out(figure)
        return figure

    def png(self) -> bytes:
        """Return the figure as PNG; empty without one."""
        if self.figure is None:
            return b""
        look.use()
        stream = io.BytesIO()
        self.figure.savefig(stream, format="png", dpi=look.DPI, metadata={"Software": None})
        return stream.getvalue()

    def to_dict(self) -> dict[str, Any]:
        """Return all as plain values; missing ones are None, infinite ones texts as in the derived tables."""
        finite = [table.replace({np.inf: "inf", -np.inf: "-inf"}) for table in self.tables.values()]
        tables = {
            key: json.loads(table.to_json(orient="records", double_precision=15, force_ascii=False))
            for key, table in zip(self.keys, finite, strict=True)
        }
        return {
            "kind": self.kind, "name": self.name, "title": self.title, "data": self.stamp or "",
            "facts": dict(self.facts), **tables,
        }  # fmt: skip

    def to_json(self) -> str:
        """Return all as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1)

    def __str__(self) -> str:
        """Return all as text for a terminal."""
        lines = [f"{self.title}{f' [{self.stamp}]' if self.stamp else ''}"]
        lines += [f"  {name}: {value}" for name, value in self.facts.items() if value]
        for heading, table in self.tables.items():
            shown = _shown(table)
            lines += ["", heading, _aligned(shown)]
            lines += [_left_out(table)] if len(table) > _ROWS else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [f"<h3>{escape(self.title)}</h3>"]
        if self.stamp:
            parts.append(f'<p style="color:#8a1c1c;font-weight:bold">{escape(self.stamp)}</p>')
        known = [(name, value) for name, value in self.facts.items() if value]
        rows = "".join(
            f'<tr><th style="text-align:left;vertical-align:top">{escape(name)}</th>'
            f'<td style="text-align:left">{escape(value)}</td></tr>'
            for name, value in known
        )
        parts += [f"<table>{rows}</table>"] if rows else []
        if self.figure is not None:
            data = base64.b64encode(self.png()).decode("ascii")
            said = "; ".join([*save.said(self.figure).values(), *([self.stamp] if self.stamp else [])])
            width = round(96 * self.figure.get_figwidth())
            parts.append(
                f'<img src="data:image/png;base64,{data}" alt="{escape(said)}" '
                f'style="width:{width}px;max-width:100%">'
            )
        for heading, table in self.tables.items():
            parts += [f"<h4>{escape(heading)}</h4>", as_text_table(_shown(table)).to_html()]
            parts += [f"<p>{escape(_left_out(table))}</p>"] if len(table) > _ROWS else []
        return "\n".join(parts)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": str(self)}


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """Return the first rows in words, every cell a text."""
    table = table.head(_ROWS)
    if "theme" in table:
        table = table.assign(theme=table["theme"].map(endpoint_label, na_action="ignore"))
    return with_names(table).fillna("").astype(str)


def _left_out(table: pd.DataFrame) -> str:
    return tr("{n} of {all} rows; `.tables` and --json hold all.", n=_ROWS, all=len(table))


def _aligned(table: pd.DataFrame) -> str:
    """Set a table in columns; a Japanese letter is as wide as two others."""
    rows = [[str(c) for c in table.columns], *table.to_numpy().tolist()]
    rows = [[" ".join(str(cell).split()) for cell in row] for row in rows]
    widths = [max(_wide(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  " + "  ".join(c + " " * (w - _wide(c)) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _wide(text: str) -> int:
    return sum(2 if letter > "⺀" else 1 for letter in text)
