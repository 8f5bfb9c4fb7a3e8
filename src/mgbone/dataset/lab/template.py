"""A new dataset folder for a laboratory: a workbook to fill in, places for files, and how to go on."""

import re
import shutil
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from mgbone.dataset.descriptor import FILE_FOLDERS
from mgbone.dataset.faults import cause
from mgbone.dataset.lab.folder import HOWTO_SHEET, TITLE, TITLE_JA
from mgbone.dataset.lab.grid import LISTS
from mgbone.dataset.lab.mapping import MAPPING
from mgbone.dataset.lab.new_study import Design, study_text
from mgbone.dataset.lab.parts import EXAMPLE
from mgbone.dataset.table import BELOW_LIMIT
from mgbone.study.design import Study, load_study
from mgbone.study.dictionary import TABLES, table_fields, table_schema, typeset_unit
from mgbone.study.errors import MgboneError
from mgbone.study.language import tr
from mgbone.study.paths import project_root

LIMIT = "検出限界 / limit of detection"
RESERVED = ("simulated", "null", "derived", "genesets", "report")
_ROWS = 5000  # as far down the drop-down lists and checks of the workbook reach
_LINE = 15  # points, the height of a line of text


def new_dataset(name: str, design: Design | None = None) -> Path:
    """Write the folder ``data/<name>`` for a laboratory's own measurements, and return it.

    A `design` of one's own is written as study.yml; without it the compendium's counts.

    Raises
    ------
    MgboneError
        If the name can't be that of a folder here, or there is one already: nothing is overwritten.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}", name):
        said = tr(
            "{name!r} can't be the name of a dataset: use letters a to z, digits, _ and -, as in lab2026.",
            name=name,
        )
        raise MgboneError(said)
    folder = project_root() / "data" / name
    if name in RESERVED or folder.exists():
        said = tr(
            "data/{name} is there already, and nothing is written over it; choose another name.", name=name
        )
        raise MgboneError(said)
    try:
        aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    except OSError as error:
        raise MgboneError(
            tr("data/{name} can't be written ({error}).", name=name, error=cause(error))
        ) from error
    try:
        if design is not None:
            (aside / "study.yml").write_text(study_text(design), encoding="utf-8")
        study = load_study(None if design is None else aside / "study.yml")
        write_workbook(aside / f"{name}.xlsx", study)
        (aside / "HOWTO.md").write_text(_howto(name), encoding="utf-8")
        (aside / MAPPING).write_text(_text(MAPPING), encoding="utf-8")
        for part in FILE_FOLDERS:
            (aside / part).mkdir()
            (aside / part / "README.txt").write_text(_text(f"{part}.txt"), encoding="utf-8")
        aside.chmod(0o755)
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return folder


def heading(spec: dict[str, Any]) -> str:
    """Return the heading of a field in both languages with its unit, as the reader understands it."""
    unit = f" ({typeset_unit(spec['unit'])})" if spec.get("unit") else ""
    return f"{spec['title_ja']} / {spec['title']}{unit}"


def write_workbook(path: Path, study: Study) -> None:
    """Write the workbook: how to fill it in, and a sheet per table with an example row."""
    from openpyxl import Workbook

    book = Workbook()
    _write_howto(book.active, study)
    lists = book.create_sheet(LISTS)
    lists.sheet_state = "hidden"
    choices = {
        "experiment": [f"{name} / {one.label_ja}" for name, one in study.experiments.items()],
        "group": [f"{name} / {one.label_ja} / {one.label}" for name, one in study.groups.items()],
    }
    for column, texts in enumerate(choices.values(), start=1):
        for row, text in enumerate(texts, start=1):
            lists.cell(row, column, text)
    for name in TABLES:
        _write_table(book, name, choices)
    book.active = 0
    book.save(path)


def _write_table(book, name: str, choices: dict[str, list[str]]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    schema = table_schema(name)
    sheet = book.create_sheet(f"{name} {schema['title_ja']}")
    limits = BELOW_LIMIT.get(name, set())
    example_row = 3 if limits else 2
    for column, spec in enumerate(schema["fields"], start=1):
        head = sheet.cell(1, column, heading(spec))
        head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor="DDE6F0")
        head.alignment = Alignment(wrap_text=True, vertical="top")
        letter = get_column_letter(column)
        # That of the animals holds the example row, whole.
        widths = {"animal_id": 30, "experiment": 40, "group": 40}
        sheet.column_dimensions[letter].width = widths.get(spec["name"], 18)
        if spec["type"] == "string":
            sheet.column_dimensions[letter].number_format = "@"  # so that Excel makes no date of 1-2
        examples = _workbook()["example"] | {name: texts[0] for name, texts in choices.items()}
        cell = sheet.cell(example_row, column, (examples | {"animal_id": EXAMPLE}).get(spec["name"]))
        cell.font, cell.fill = Font(italic=True, color="9C2A00"), PatternFill("solid", fgColor="FBE3D6")
        _validate(sheet, spec, letter, example_row, choices, spec["name"] in limits)
    if limits:
        sheet.cell(2, 1, LIMIT).font = Font(italic=True, color="606060")
    sheet.freeze_panes = sheet.cell(example_row, 2)
    sheet.row_dimensions[1].height = 5 * _LINE  # the unit stands last and must not be cut
    _fit_page(sheet)


def _fit_page(sheet) -> None:
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.page_setup.orientation = "landscape"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToHeight = 0


def _validate(
    sheet, spec, letter: str, first: int, choices: dict[str, list[str]], may_be_below: bool
) -> None:
    """Let the spreadsheet refuse what can't be right, or ask where "<0.5" may stand."""
    from openpyxl.worksheet.datavalidation import DataValidation

    if spec["name"] in choices:
        column = "AB"[list(choices).index(spec["name"])]
        source = f"{LISTS}!${column}$1:${column}${len(choices[spec['name']])}"
        rule = DataValidation("list", formula1=source, allow_blank=True)
        # A study.yml of one's own has groups that this list can't know: ask, but don't refuse.
        rule.errorStyle = "warning"
        rule.error = (
            "一覧から選んでください（study.ymlで別の群を定めたときは続けてください）。/ Choose from the "
            "list (or go on, if a study.yml names other groups)."
        )
    elif spec["type"] == "string":
        return
    else:
        minimum = spec.get("constraints", {}).get("minimum")
        rule = DataValidation(
            "whole" if spec["type"] == "integer" else "decimal",
            operator="greaterThan" if spec.get("positive") else "greaterThanOrEqual",
            formula1=str(minimum or 0),
        )
        rule.error = (
            "0以上の数値を入力してください。測定していなければ空欄に。/ Enter a number, 0 or more, or "
            "leave the cell blank."
        )
        if may_be_below:
            rule.error = (
                "数値、または <0.5 のように検出限界を入力してください。/ A "
                "number, or < and the limit, as <0.5."
            )
        if minimum is None or may_be_below:  # marrow may lie below zero
            rule.errorStyle = "warning"
    rule.errorTitle = spec["title"][:30]
    rule.prompt, rule.promptTitle = spec["description_ja"][:120], spec["title_ja"][:30]
    rule.showErrorMessage = rule.showInputMessage = True
    sheet.add_data_validation(rule)
    rule.add(f"{letter}{first}:{letter}{_ROWS}")


def _write_howto(sheet, study: Study) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    sheet.title = HOWTO_SHEET
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 44, 90
    rows = [(TITLE_JA, ""), (TITLE, ""), ("", ""), *_workbook()["rules"], ("", "")]
    rows.append(("実験 / Experiments", "群 / Groups"))
    for name, one in study.experiments.items():
        groups = ", ".join(f"{group} ({study.groups[group].label_ja})" for group in one.groups)
        rows.append((f"{name} / {one.label_ja}", groups))
    for number, (left, right) in enumerate(rows, start=1):
        for column, text in enumerate((left, right), start=1):
            cell = sheet.cell(number, column, text or None)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.cell(number, 1).font = Font(bold=True)
        # Not every spreadsheet finds the height of wrapped text by itself. A full-width letter counts as two.
        lines = sum(1 + sum(1 + (char > "\u2e80") for char in line) // 90 for line in right.split("\n"))
        sheet.row_dimensions[number].height = lines * _LINE
    _fit_page(sheet)
    for number in (1, 2):
        sheet.cell(number, 2).fill = PatternFill("solid", fgColor="FFF7CC")


def _howto(name: str) -> str:
    tables = [
        f"| {table_schema(table)['title_ja']} / {table_schema(table)['title']} "
        f"| {', '.join(f'`{field}`' for field in table_fields(table))} |"
        for table in TABLES
    ]
    text = _text("HOWTO.md").replace("{name}", name).replace("{sheet}", HOWTO_SHEET)
    return text.replace("{tables}", "\n".join(tables))


def _text(name: str) -> str:
    return files("mgbone.dataset.lab").joinpath("new", name).read_text(encoding="utf-8")


@cache
def _workbook() -> dict[str, Any]:
    return yaml.safe_load(_text("workbook.yml"))
