"""A report to hand on: one page of HTML per dataset, and a research object that says where it came from.

`page` writes the page from the tables and figures of a finished run; it computes nothing. `crate` packs the
same run as an RO-Crate. `provenance` knows what both tell of the run: checksums, versions, commit, seed.
"""

from pathlib import Path

from mgbone.execute.report.crate import write_crate
from mgbone.execute.report.page import write_page
from mgbone.execute.report.provenance import Layout

__all__ = ["Layout", "write_crate", "write_page", "write_report"]


def write_report(layout: Layout) -> tuple[Path, Path]:
    """Write ``report.html`` and the folder ``crate`` of a finished run into its build folder.

    Returns
    -------
    tuple of Path
        The page and the crate.

    Raises
    ------
    MgboneError
        If nothing has run on the dataset.
    DatasetError
        If its descriptor can't be read.
    """
    page = write_page(layout, layout.build / "report.html")
    return page, write_crate(layout, page, layout.build / "crate")
