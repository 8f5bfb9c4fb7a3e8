"""What has to hold for the notebooks as they are stored: short cells, one import, no path, no output."""

import ast
import inspect
import re
import statistics

import nbformat
import pytest
from helpers import ROOT

import mgbone
from mgbone.execute.notebook import PARAMETERS
from mgbone.study.places import Settings

NOTEBOOKS = sorted((ROOT / "notebooks").glob("0[1-9]_*.ipynb"))


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def test_there_are_five_notebooks():
    stems = ["01_biochem", "02_qct", "03_microarray", "04_integration", "05_certainty"]
    assert [path.stem for path in NOTEBOOKS] == stems


def test_notebook_is_stored_without_outputs_and_with_stable_ids(notebook):
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5)
    assert [
        cell.id for cell in code_cells(notebook) if cell.outputs or cell.execution_count is not None
    ] == []
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert [name for name in ids if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,63}", name)] == []
    assert notebook.metadata.kernelspec.name == "python3"


def test_notebook_metadata_say_nothing_of_a_run(notebook):
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags", "jupyter", "slideshow", "editable"}, cell.id


def test_cells_are_short(notebook):
    lengths = [len(cell.source.splitlines()) for cell in code_cells(notebook) if "exercise" not in tags(cell)]
    assert max(lengths) <= 25
    assert statistics.quantiles(lengths, n=10)[-1] <= 15
    assert statistics.median(lengths) <= 6


def nodes(cell):
    return list(ast.walk(ast.parse(cell.source)))


def test_every_name_that_a_notebook_takes_from_a_room_is_there(notebook):
    """The faces of rooms load lazily, so that a name which is gone would be missed in the last cell only."""
    source = "\n".join(cell.source for cell in code_cells(notebook) if "exercise" not in tags(cell))
    found = re.findall(
        r"\b(mg|biochem|qct|microarray|integration|certainty)((?:\.[a-z]\w*)+)", source, re.IGNORECASE
    )
    assert found
    for room, names in set(found):
        one = mgbone if room == "mg" else getattr(mgbone, room)
        for name in names.split(".")[1:]:
            if inspect.ismodule(one):
                one = getattr(one, name)


def test_no_function_outside_an_exercise(notebook):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    for cell in code_cells(notebook):
        if not {"exercise", "solution"} & set(tags(cell)):
            assert not any(isinstance(node, kinds) for node in nodes(cell)), cell.source


def test_a_notebook_imports_the_package_and_its_own_part(notebook, path):
    (cell,) = [cell for cell in code_cells(notebook) if "import " in cell.source]
    part = path.stem.partition("_")[2]
    plain = "import numpy as np\nimport pandas as pd\nfrom scipy import stats\n\n"  # for what is done by hand
    assert cell.source == f"{plain}import mgbone as mg\nfrom mgbone import {part}"


def test_cells_leave_display_to_the_run(notebook):
    names = {node.id for cell in code_cells(notebook) for node in nodes(cell) if isinstance(node, ast.Name)}
    assert not {"display", "HTML", "Markdown", "plt"} & names


def test_no_path_stands_in_the_code(notebook):
    """A notebook says what it wants; where that lies is said by its parameters alone."""
    texts = [
        node.value
        for cell in code_cells(notebook)
        if "parameters" not in tags(cell)
        for node in nodes(cell)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert [text for text in texts if "/" in text] == []


def test_parameters_are_declared_once_and_all_used(notebook):
    (cell,) = [cell for cell in notebook.cells if "parameters" in tags(cell)]
    assigned = [node.targets[0].id for node in ast.parse(cell.source).body if isinstance(node, ast.Assign)]
    assert sorted(assigned) == sorted(PARAMETERS)
    rest = "\n".join(other.source for other in code_cells(notebook) if other is not cell)
    read = {node.id for node in ast.walk(ast.parse(rest)) if isinstance(node, ast.Name)}
    assert set(assigned) <= read


def test_parameter_defaults_are_those_of_make(notebook):
    (cell,) = [cell for cell in notebook.cells if "parameters" in tags(cell)]
    values = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(cell.source).body}
    assert values == {name: getattr(Settings, name) for name in PARAMETERS}


def test_five_beats(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    beats = ["load and check", "look", "derive", "compare", "hold against the report"]
    headings = [line.lower() for line in re.findall(r"^## +(.*)$", text, re.M)]
    places = [next((i for i, line in enumerate(headings) if beat in line), None) for beat in beats]
    assert None not in places, headings
    assert places == sorted(places)


def test_prose_around_figures(notebook):
    """Before and after a cell that shows a figure stands prose, not the next cell of code."""
    kinds = [cell.cell_type for cell in notebook.cells]
    shows = [
        i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and "run.show(" in cell.source
    ]
    assert shows
    assert [notebook.cells[i].id for i in shows if "markdown" not in kinds[max(0, i - 2) : i]] == []
    assert [notebook.cells[i].id for i in shows if "markdown" not in kinds[i + 1 : i + 3]] == []


def test_notebook_reads_no_file_by_path(notebook):
    rest = "\n".join(cell.source for cell in code_cells(notebook) if "parameters" not in tags(cell))
    assert re.findall(r"read_csv|read_excel|\bopen\(|Path\(|\.csv\b|savefig|\bsimulate", rest) == []
