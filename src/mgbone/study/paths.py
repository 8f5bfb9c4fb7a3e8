"""Where the compendium lies, and how its files are written: whole or not at all."""

from __future__ import annotations

import math
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mgbone.study.errors import MgboneError
from mgbone.study.language import tr

if TYPE_CHECKING:
    import pandas as pd

# What begins so is a formula to a spreadsheet, unless it is a number with its sign.
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.,eE+\s-]*$)")


def project_root() -> Path:
    """Return the folder that holds ``data/study.yml``.

    The environment variable ``MGBONE_ROOT`` wins; otherwise the checkout that this package is
    installed from (editable) is taken, so that notebooks run alike from every working folder.

    Raises
    ------
    MgboneError
        If neither holds ``data/study.yml``.
    """
    root = Path(os.environ.get("MGBONE_ROOT") or Path(__file__).resolve().parents[3])
    if not (root / "data" / "study.yml").is_file():
        raise MgboneError(
            tr(
                "{root} holds no data/study.yml. Set MGBONE_ROOT to the compendium's folder, or install "
                "the package from a checkout with `make all`.",
                root=root,
            )
        )
    return root


def resolve(path: str | Path) -> Path:
    """Return `path` as absolute; a relative one counts from the project root."""
    path = Path(path)
    return path if path.is_absolute() else project_root() / path


@contextmanager
def write_aside(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` and move it into place when the block succeeds.

    An interrupted or failed write leaves the old file, or none, never half of a new one. Who may read it is
    what the user's umask says.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{secrets.token_hex(4)}.{path.name}")
    try:
        aside.touch(exist_ok=False)
        yield aside
        aside.replace(path)
    except OSError as error:  # of a full disk the system names no file; of ours, one that nobody knows
        if error.errno is not None and error.filename in (None, str(aside), aside):
            error.filename = str(path)
        raise
    finally:
        aside.unlink(missing_ok=True)


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV, whole or not at all; digits behind the eighth differ between processors.

    Texts that a spreadsheet would take for a formula get an apostrophe in front, as spreadsheets themselves
    keep such texts: names out of a dataset must not run there.
    """
    texts = table.select_dtypes(exclude=["number", "bool"]).columns
    numbers = table.select_dtypes(include="floating").columns
    with write_aside(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        for first in range(0, max(1, len(table)), _ROWS_AT_ONCE):
            part = table.iloc[first : first + _ROWS_AT_ONCE]
            part = part.assign(**{name: part[name].map(_no_formula) for name in texts})
            # Written here, since the float_format of to_csv looks at each number several times.
            floats = {name: part[name].to_numpy(dtype=float, na_value=math.nan).tolist() for name in numbers}
            part = part.assign(**{name: [_digits(x) for x in values] for name, values in floats.items()})
            part.to_csv(file, index=False, header=not first, lineterminator="\n")


_ROWS_AT_ONCE = 2000  # numbers as text take ten times their memory


def as_written(number: float) -> float:
    """Return a number as `write_table` leaves it, so that it is shown alike before and after."""
    return float(_digits(number) or "nan")


def _digits(number: float) -> str:
    return "" if number != number else f"{number:.8g}"


def _no_formula(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell
