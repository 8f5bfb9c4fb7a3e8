"""What a laboratory tells about the reading of its sheets: reading.yml, beside them."""

from __future__ import annotations

from pathlib import Path

from mgbone.dataset.faults import Fault
from mgbone.dataset.lab.cell import plain
from mgbone.dataset.lab.headings import fold, is_row
from mgbone.study.documents import read_document
from mgbone.study.language import tr

READING = "reading.yml"


def rows_to_leave_out(folder: Path) -> tuple[frozenset[str], list[Fault]]:
    """Return which rows of means, SD and counts are left out (folded words), as reading.yml says.

    Only words that name such a row are allowed there: an animal can't be left out.
    """
    path = folder / READING
    if not path.is_file():
        return frozenset(), []
    try:
        document = read_document(path, "reading")
    except OSError as error:
        problem = tr("can't be read ({why})", why=error.strerror)
        return frozenset(), [Fault(READING, problem, tr("Check the permissions of the file."))]
    words = [] if document.slips else (document.content or {}).get("leave_out") or []
    for place, word in enumerate(words):
        if not is_row("summary", plain(word)):
            document.slip(
                ("leave_out", place),
                tr("{word!r} is no word for a row of means, SD or counts", word=word),
                tr("Write the word of such a row, as 平均 or SD; animals are never left out."),
            )
    faults = [Fault(f"{READING}, {slip.where}", slip.problem, slip.advice) for slip in document.slips]
    return frozenset(fold(plain(word)) for word in words), faults
