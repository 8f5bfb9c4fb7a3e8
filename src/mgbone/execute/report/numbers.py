"""Numbers of a page, each of which names the row and column of evidence.csv that it stands in."""

import math
from collections.abc import Mapping

from markupsafe import Markup

from mgbone.study.naming import format_p_value

SIGNED = ("estimate", "ci_low", "ci_high", "hedges_g", "g_low", "g_high")

_TOGETHER: Mapping[str, tuple[str, ...]] = {
    "estimate": ("estimate", "ci_low", "ci_high"),
    "mean_case": ("mean_case", "mean_reference"),
}

_SHARED = {
    "ci_low": "estimate",
    "ci_high": "estimate",
    "mean_reference": "mean_case",
    "sd_case": "mean_case",
    "sd_reference": "mean_case",
}

MINUS = "\u2212"


def row_key(row: Mapping[str, str]) -> str:
    """Name a row of evidence, as ``exp2|serum_mg|mg004_vs_control``."""
    return "|".join(row[column] for column in ("experiment", "endpoint", "contrast"))


def number(row: Mapping[str, str], column: str) -> Markup:
    """Return one number of a row of evidence as a ``<data>`` element; nothing where the table has none.

    The element shows the number rounded for reading. Its ``value`` is the text of the table, and ``data-row``
    and ``data-column`` say where in the table it stands.

    Parameters
    ----------
    row : mapping of str
        A row of evidence.csv, every cell as the text in the file.
    """
    raw = row.get(column, "")
    if not raw:
        return Markup()
    return Markup('<data value="{}" data-row="{}" data-column="{}">{}</data>').format(
        raw, row_key(row), column, shown(row, column)
    )


def shown(row: Mapping[str, str], column: str) -> str:
    """Round a number of a row for reading.

    A difference and its interval share their decimals, and so do means and standard deviations: three digits
    of the largest of them. p is exact, g has two decimals, n none.
    """
    value = float(row[column])
    if column in ("n_case", "n_reference"):
        return f"{value:.0f}"
    if column == "p":
        return format_p_value(value).replace("e-", f"e{MINUS}")
    digits = 2 if column in ("hedges_g", "g_low", "g_high") else _decimals(row, column)
    # What is no difference of two groups, such as an odds ratio or a correlation, has no plus.
    sign = "+" if column in SIGNED and (row.get("mean_case") or row.get("hedges_g")) else ""
    text = f"{value:{sign}.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


def _decimals(row: Mapping[str, str], column: str) -> int:
    lead = _SHARED.get(column, column)
    values = [abs(float(row[c])) for c in _TOGETHER.get(lead, (lead,)) if row.get(c)]
    largest = max([v for v in values if math.isfinite(v)], default=0.0)
    return 2 if largest == 0 else min(6, max(0, 2 - math.floor(math.log10(largest))))
