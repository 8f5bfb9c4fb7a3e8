"""Print the visible sheets of a workbook as JSON, one a line: run by itself, in limited memory.

``python _sheets.py FILE BYTES CELLS``; it knows nothing of the package, whose import would take longer.
"""

import datetime
import json
import resource
import sys

from python_calamine import CalamineSheet, CalamineWorkbook, SheetVisibleEnum


def main(path: str, most_memory: str, most_cells: str) -> None:
    """Print name, whether hidden, its last cell if that is too far away, rows and merged cells of each."""
    resource.setrlimit(resource.RLIMIT_AS, (int(most_memory),) * 2)
    with CalamineWorkbook.from_path(path) as book:
        for about in book.sheets_metadata:
            hidden = about.visible != SheetVisibleEnum.Visible
            sheet = None if hidden else book.get_sheet_by_name(about.name)
            said = {"name": about.name, "hidden": hidden, "far": None, "rows": [], "merged": []}
            print(json.dumps(said | (_held(sheet, int(most_cells)) if sheet else {}), default=_plain))


def _held(sheet: CalamineSheet, most_cells: int) -> dict[str, object]:
    end = sheet.end or (-1, -1)
    if (end[0] + 1) * (end[1] + 1) > most_cells:
        return {"far": end}
    return {"rows": sheet.to_python(skip_empty_area=False), "merged": sheet.merged_cell_ranges or []}


def _plain(cell: object) -> dict[str, object]:
    if isinstance(cell, datetime.timedelta):
        return {"seconds": cell.total_seconds()}
    return {"time" if isinstance(cell, datetime.time) else "date": cell.isoformat()}


if __name__ == "__main__":
    main(*sys.argv[1:])
