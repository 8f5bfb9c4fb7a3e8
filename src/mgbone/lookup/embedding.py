"""The explorer beside a notebook."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from IPython.display import HTML

from mgbone.lookup.page import write_explorer
from mgbone.lookup.tables import Tables
from mgbone.study.language import current, tr


def explore(dataset: str | Path = Tables.dataset, height: int = 900, **folders: str | Path) -> HTML:
    """Show the explorer of a dataset in a frame; it is written if it is not there or older than the tables.

    Parameters
    ----------
    dataset : path-like
        A dataset that `make all` has run on.
    height : int
        Of the frame, in pixels.

    Returns
    -------
    HTML
        A link to the file, which an untrusted notebook keeps, and a frame that holds it. JupyterLab finds
        both where its folder holds the notebook and the file, as with `make lab`.

    Raises
    ------
    MgboneError
        If nothing has run on the dataset.
    """
    tables = Tables(dataset, **{"language": current(), **folders})
    made, page = tables.made, tables.build / "explorer.html"
    if not page.is_file() or page.stat().st_mtime_ns < made:
        write_explorer(tables)
    said, address = tr("Open the explorer beside the notebook"), quote(Path(os.path.relpath(page)).as_posix())
    return HTML(
        f'<p><a href="{address}">{said}</a></p>'
        f'<iframe src="{address}" width="100%" height="{height}" style="border: 0"></iframe>'
    )
