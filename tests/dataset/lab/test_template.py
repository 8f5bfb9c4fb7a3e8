"""What make new-dataset writes can be filled in and read back; and nothing is ever written over."""

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml
from helpers.small_dataset import tables, write_cel
from openpyxl import load_workbook

import mgbone
from mgbone.dataset.lab.folder import HOWTO_SHEET
from mgbone.dataset.lab.headings import read_heading
from mgbone.dataset.lab.mapping import FORWARD, read_mapping
from mgbone.dataset.lab.parts import EXAMPLE
from mgbone.dataset.lab.template import LIMIT, heading, new_dataset
from mgbone.dataset.table import BELOW_LIMIT
from mgbone.execute.cli import main
from mgbone.microarray import readiness
from mgbone.study.dictionary import TABLES, table_fields, table_schema
from mgbone.study.errors import MgboneError

ROOT = mgbone.study.paths.project_root()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A project with a new dataset, to be copied."""
    root = tmp_path_factory.mktemp("project")
    (root / "data" / "genesets").mkdir(parents=True)
    shutil.copy(ROOT / "data" / "study.yml", root / "data" / "study.yml")
    for path in (ROOT / "data" / "genesets").iterdir():
        shutil.copy(path, root / "data" / "genesets" / path.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MGBONE_ROOT", str(root))
        new_dataset("lab2026")
    return root


@pytest.fixture
def project(written, tmp_path, monkeypatch):
    root = Path(shutil.copytree(written, tmp_path / "project"))
    monkeypatch.setenv("MGBONE_ROOT", str(root))
    return root


@pytest.fixture
def folder(project):
    return project / "data" / "lab2026"


def sheet_of(book, name):
    (title,) = [title for title in book.sheetnames if title.split()[0] == name]
    return book[title]


def fill(folder, limits=None, keep_example=False):
    """Fill the workbook in as a person would: below the headings, in the order of the columns."""
    path = folder / f"{folder.name}.xlsx"
    book = load_workbook(path)
    for name, frame in tables().items():
        sheet = sheet_of(book, name)
        first = 3 if name in BELOW_LIMIT else 2
        if not keep_example:
            sheet.delete_rows(first)
        else:
            first += 1
        for row, values in enumerate(frame[list(table_fields(name))].to_numpy().tolist(), start=first):
            for column, value in enumerate(values, start=1):
                sheet.cell(row, column).value = value
    for (name, column), limit in (limits or {}).items():
        sheet_of(book, name).cell(2, list(table_fields(name)).index(column) + 1).value = limit
    howto = book[HOWTO_SHEET]
    howto["B1"], howto["B2"] = "2026年の測定", "Measurements 2026"
    book.save(path)
    for seed, name in enumerate(tables()["arrays"]["file"]):
        write_cel(folder / name, seed=seed)


# --- the folder --------------------------------------------------------------------------------------


def test_what_is_there(folder):
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    assert names == [
        "HOWTO.md",
        "cel",
        "cel/README.txt",
        "lab2026.xlsx",
        "platform",
        "platform/README.txt",
        "qct_mapping.yml",
    ]
    text = (folder / "HOWTO.md").read_text(encoding="utf-8")
    assert "make check DATASET=data/lab2026" in text and "{" not in text.replace("{name}", "")
    assert "直すところ" in text and "Your files are only read" in text


def test_every_column_has_an_example_and_the_headings_that_people_write():
    chosen = {"animal_id", "experiment", "group"}  # examples of the study, and of the sheet
    columns = [field for table in TABLES for field in table_fields(table)]
    new = ROOT / "src" / "mgbone" / "dataset" / "lab" / "new" / "workbook.yml"
    example = yaml.safe_load(new.read_text(encoding="utf-8"))["example"]
    assert set(columns) - chosen - set(example) == set(), "give it an example in dataset/lab/new/workbook.yml"
    words = yaml.safe_load((new.parents[1] / "words.yml").read_text(encoding="utf-8"))["columns"]
    measured = {name for table in ("serum", "urine", "balance") for name in table_fields(table)}
    assert measured - set(words) == set(), "say what people write above it in dataset/lab/words.yml"


def test_nothing_is_written_over(project, capsys):
    before = {path: path.read_bytes() for path in (project / "data").rglob("*") if path.is_file()}
    for name in (
        "lab2026",
        "simulated",
        "derived",
        "study.yml",
        "../lab",
        "lab 1",
        "",
        "実験",
        "-x",
        "a" * 80,
    ):
        with pytest.raises(MgboneError):
            new_dataset(name)
    assert main(["new-dataset", "lab2026"]) == 1
    assert "data/lab2026 is there already" in capsys.readouterr().err
    assert main(["new-dataset"]) == 1
    assert "make new-dataset NAME=lab2026" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in (project / "data").rglob("*") if path.is_file()} == before


def test_nothing_is_left_where_writing_failed(project, monkeypatch):
    monkeypatch.setattr("mgbone.dataset.lab.template.write_workbook", lambda path, study: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        new_dataset("other")
    assert sorted(path.name for path in (project / "data").iterdir()) == ["genesets", "lab2026", "study.yml"]


def test_the_command_says_what_to_do_next(project, capsys):
    assert main(["new-dataset", "other"]) == 0
    assert capsys.readouterr().out == (
        "data/other/: fill in other.xlsx (HOWTO.md says how), then: make check DATASET=data/other\n"
    )


def test_git_leaves_folders_of_laboratories_alone():
    def ignored(path):
        asked = ["git", "check-ignore", "--quiet", "--no-index", path]
        return subprocess.run(asked, cwd=ROOT, check=False).returncode == 0

    if subprocess.run(["git", "rev-parse"], cwd=ROOT, capture_output=True, check=False).returncode:
        pytest.skip("not a git checkout")
    assert all(map(ignored, ["data/lab2026/lab2026.xlsx", "data/derived/x.csv", "data/simulated/cel/a.CEL"]))
    kept = ["data/simulated/serum.csv", "data/null/serum.csv", "data/report/claims.csv", "data/study.yml"]
    assert not any(map(ignored, [*kept, "data/genesets/go_bp.gmt.gz", "data/README.md"]))


# --- the workbook ------------------------------------------------------------------------------------


def test_headings_are_understood_exactly():
    for name in TABLES:
        for field, spec in table_fields(name).items():
            found = read_heading(heading(spec), name)
            assert (found.field, found.own, found.strange) == (field, True, "")
            assert (found.unit is None) == (not spec.get("unit"))


def test_the_sheets_hold_headings_an_example_and_lists(folder):
    book = load_workbook(folder / "lab2026.xlsx")
    visible = [name for name in book.sheetnames if book[name].sheet_state == "visible"]
    assert visible == [HOWTO_SHEET, *(f"{name} {table_schema(name)['title_ja']}" for name in TABLES)]
    for name in TABLES:
        sheet = sheet_of(book, name)
        assert [cell.value for cell in sheet[1]] == [heading(spec) for spec in table_fields(name).values()]
        row = 3 if name in BELOW_LIMIT else 2
        assert sheet.cell(row, list(table_fields(name)).index("animal_id") + 1).value == EXAMPLE
        assert (sheet["A2"].value == LIMIT) == (name in BELOW_LIMIT)
        ruled = {
            str(rule.sqref).partition(":")[0].rstrip("0123456789")
            for rule in sheet.data_validations.dataValidation
        }
        typed = [
            spec["type"] != "string" or spec["name"] in ("experiment", "group")
            for spec in table_fields(name).values()
        ]
        assert len(ruled) == sum(typed)
    rules = {
        rule.formula1
        for rule in sheet_of(book, "animals").data_validations.dataValidation
        if rule.type == "list"
    }
    assert rules == {"lists!$A$1:$A$2", "lists!$B$1:$B$5"}


def test_nothing_in_the_sheets_is_cut(folder):
    book = load_workbook(folder / "lab2026.xlsx")
    full = lambda text: sum(1 + (char > "\u2e80") for char in text)  # noqa: E731
    for sheet in [sheet_of(book, name) for name in TABLES]:
        for column in sheet.columns:
            width = sheet.column_dimensions[column[0].column_letter].width
            assert sheet.row_dimensions[1].height >= 15 * (1 + full(column[0].value) // (0.8 * width)), column
            assert all(full(str(cell.value or "")) <= width for cell in column[1:]), column
    howto = book[HOWTO_SHEET]
    for row in howto.iter_rows(min_row=4, max_row=10):
        lines = sum(-(-full(line) // 90) for line in row[1].value.split("\n"))
        assert howto.row_dimensions[row[0].row].height >= 15 * lines


def test_lists_ask_but_do_not_refuse_the_groups_of_another_design(folder):
    sheet = sheet_of(load_workbook(folder / "lab2026.xlsx"), "animals")
    rules = {str(rule.sqref)[0]: rule for rule in sheet.data_validations.dataValidation}
    assert {rules[letter].errorStyle for letter in "BC"} == {"warning"} and "study.yml" in rules["C"].error
    assert "空欄" in rules["D"].error and rules["D"].errorStyle != "warning"
    assert all(
        len(rule.error) <= 225 and len(rule.prompt) <= 255 for rule in rules.values()
    )  # limits of Excel


def test_an_empty_template_says_that_there_are_no_animals(folder):
    (fault,) = mgbone.check_dataset(folder)
    assert fault.startswith("lab2026: no table says which animals there are. Fill in the sheet of animals")


def test_the_template_filled_in_gives_the_same_data(folder):
    fill(folder)
    dataset = mgbone.open_dataset(folder)
    for name, frame in tables().items():
        pd.testing.assert_frame_equal(
            dataset.tables[name], frame[list(table_fields(name))], check_dtype=False
        )
    assert (dataset.title, dataset.title_ja, dataset.kind) == (
        "Measurements 2026",
        "2026年の測定",
        "measured",
    )
    assert [path.name for path in dataset.cel_paths] == [
        Path(name).name for name in tables()["arrays"]["file"]
    ]
    assert dataset.platform_folder is None  # it holds no library file yet
    assert dataset.notes == ()


def test_the_example_row_is_passed_over_and_said(folder):
    fill(folder, keep_example=True)
    dataset = mgbone.open_dataset(folder)
    assert len(dataset.animals) == len(tables()["animals"])
    said = [note for note in dataset.notes if "the example row was passed over; delete it" in note]
    assert len(said) == len(tables())


def test_choices_of_the_lists_are_understood(folder):
    fill(folder)
    path = folder / "lab2026.xlsx"
    book = load_workbook(path)
    choices = book["lists"]
    experiments = {cell.value.split(" ")[0]: cell.value for cell in choices["A"] if cell.value}
    groups = {cell.value.split(" ")[0]: cell.value for cell in choices["B"] if cell.value}
    sheet = sheet_of(book, "animals")
    for row in range(2, 2 + len(tables()["animals"])):
        sheet.cell(row, 2).value = experiments[sheet.cell(row, 2).value]
        sheet.cell(row, 3).value = groups[sheet.cell(row, 3).value]
    book.save(path)
    found = mgbone.open_dataset(folder).animals
    pd.testing.assert_frame_equal(
        found[["experiment", "group"]], tables()["animals"][["experiment", "group"]]
    )


def test_the_row_of_limits_is_read(folder):
    fill(folder, {("serum", "serum_pth"): 20, ("urine", "ctx"): "<3"})
    path = folder / "lab2026.xlsx"
    book = load_workbook(path)
    sheet_of(book, "serum")["E3"] = "N.D."
    sheet_of(book, "urine")["C4"] = "検出せず"
    book.save(path)
    limits = mgbone.open_dataset(folder).below_limit
    assert limits[["field", "limit"]].to_numpy().tolist() == [["serum_pth", 20.0], ["ctx", 3.0]]


def test_check_prints_every_fault_and_then_what_was_converted(folder, capsys, monkeypatch):
    fill(folder)
    monkeypatch.setattr(readiness, "check_readiness", lambda dataset: ([], []))  # it has no library files
    path = folder / "lab2026.xlsx"
    book = load_workbook(path)
    sheet_of(book, "serum")["B3"] = "高"
    book.save(path)
    assert main(["check", "data/lab2026"]) == 1
    assert "sheet serum 血清, row 3, column B" in capsys.readouterr().err
    sheet_of(book, "serum")["B3"] = "１．９"
    book.save(path)
    assert main(["check", "data/lab2026"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("data/lab2026: Measurements 2026 (measured): no faults found.\n")
    assert "What was converted, read in another way or left out:\n" in out
    assert "full-width characters read as half-width (row 3)." in out
    assert "simulated" not in out


# --- the mapping file --------------------------------------------------------------------------------


def test_the_template_of_the_mapping_file_does_nothing(folder):
    assert read_mapping(folder) == (None, [])


def test_the_template_of_the_mapping_file_without_its_marks_is_valid(folder):
    path = folder / "qct_mapping.yml"
    lines = [line.removeprefix("# ") for line in path.read_text(encoding="utf-8").splitlines()]
    entries = [line for line in lines if line.isascii() and (line[:1].islower() or line.startswith("  "))]
    kept = [line for line in entries if not line.startswith("lines that")]
    path.write_text("\n".join(kept), encoding="utf-8")
    assert yaml.safe_load("\n".join(kept))["direction"] == FORWARD
    mapping, faults = read_mapping(folder)
    assert faults == []
    assert set(table_fields("qct_slices")) - {one.field for one in mapping.read_as.values()} == {"thickness"}
