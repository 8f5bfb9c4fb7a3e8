"""The explorer beside a notebook."""

from __future__ import annotations

from pathlib import Path

from IPython.display import HTML, IFrame

from mgbone.lookup.page import write_explorer
from mgbone.lookup.tables import Tables
from mgbone.study.language import current, tr


def explore(dataset: str | Path = Tables.dataset, height: int = 900, **folders: str | Path) -> IFrame | HTML:
    """Show the explorer of a dataset in a frame; it is written if it is not there or older than the tables.

    Parameters
    ----------
    dataset : path-like
        A dataset that `make all` has run on.
    height : int
        Of the frame, in pixels.

    Returns
    -------
    IFrame
        Of the file, where it lies below the working folder, as JupyterLab wants it; otherwise HTML with a
        link to it.

    Raises
    ------
    MgboneError
        If nothing has run on the dataset.
    """
    tables = Tables(dataset, **{"language": current(), **folders})
    newest = max(tables.path(name).stat().st_mtime_ns for name in ("evidence", "verdicts"))
    page = tables.build / "explorer.html"
    if not page.is_file() or page.stat().st_mtime_ns < newest:
        write_explorer(tables)
    return _frame(page, height)


def _frame(page: Path, height: int) -> IFrame | HTML:
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if page.is_relative_to(folder)), None)
    if root is None:
        said = tr("Open the explorer in a browser")
        return HTML(f'<a href="{page.as_uri()}" target="_blank">{said}</a>')
    steps = len(here.relative_to(root).parts)
    return IFrame("../" * steps + page.relative_to(root).as_posix(), width="100%", height=height)
