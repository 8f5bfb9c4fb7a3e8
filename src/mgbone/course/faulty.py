"""Made-up tables with a fault in each, to learn to find it on."""

import pandas as pd
from IPython.display import Markdown, display

from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr
from mgbone.study.paths import resolve

FOLDER = "data/faulty"


def faulty(name: str) -> pd.DataFrame:
    """Return a made-up table that holds a fault, and say that it is made up.

    Parameters
    ----------
    name : str
        That of a file in ``data/faulty``, such as ``units``.

    Raises
    ------
    MgboneError
        If there is no such table.
    """
    path = resolve(FOLDER) / f"{name}.csv"
    if not path.is_file():
        known = tr(", ").join(sorted(one.stem for one in path.parent.glob("*.csv")))
        raise MgboneError(tr("There is no faulty table {name!r}; there are {known}.", name=name, known=known))
    said = N_(
        "**Made up.** Nobody measured this table: it was drawn by a program, with a fault, to be found."
    )
    display(Markdown(tr(said)))
    return pd.read_csv(path, comment="#")
