"""Exercises, which stand solved in the notebooks, and the copy of a notebook in which a student solves them.

An exercise is three cells: the task (tag ``exercise``: number, stars, title, question, folded hint), the
solution (tag ``solution``), which runs with the notebook and ends in its own check, and the answer in words
(tag ``answer``: the answer, then the usual error). What is to be found is marked in the solution by ``# ?``
at the end of a line.
"""

import ast
import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass

import nbformat

from mgbone.study.language import tr

LESSON = "lesson"
"""Tag of cells that teach on the compendium's own two datasets; left out of runs on others."""
TASK, SOLUTION, QUIZ = "exercise", "solution", "quiz"

BLANK = "# ?"
_HEADING = re.compile(r"^#+ (?P<number>\d\d-\d+) (?P<stars>★{1,3}) (?P<title>.+)$", re.M)
_FOLD = re.compile(r"<details>\s*<summary>.*?</summary>(?P<inside>.*?)</details>", re.S)


@dataclass(frozen=True)
class Exercise:
    """One exercise of a notebook, in the language of that notebook; all texts are Markdown.

    Attributes
    ----------
    number : str
        Notebook and place, such as ``01-3``.
    stars : int
        How hard it is, from 1 to 3.
    title, question, hint : str
    solution : str
        Python.
    answer, usual_error : str
    """

    number: str
    stars: int
    title: str
    question: str
    hint: str
    solution: str
    answer: str
    usual_error: str


def exercises(notebook: nbformat.NotebookNode) -> list[Exercise]:
    """Read the exercises of a notebook as it is stored or executed, in their order."""
    return [_exercise(task, solution, answer) for _, task, solution, answer in _found(notebook)]


def student_notebook(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a student's copy: solutions become cells to fill in, answers fold out below them.

    A cell whose check fails doesn't keep the cells after it from running (tag ``raises-exception``).

    Parameters
    ----------
    notebook : NotebookNode
        As stored, in the language that the student reads; it stays as it is.
    """
    given = copy.deepcopy(notebook)
    for i, _, solution, answer in _found(given):
        solved = solution.source
        solution.source = blanked(solved)
        kept = [tag for tag in _tags(solution) if tag != SOLUTION]
        solution.metadata["tags"] = [*kept, "fill-in", "raises-exception"]
        solution.update(outputs=[], execution_count=None)
        code = f"```python\n{without_marks(solved)}\n```"
        given.cells[i + 2].source = folded(tr("Answer"), f"{code}\n\n{answer.source}")
    return given


def blanked(solution: str) -> str:
    """Put ``...`` in place of what stands right of ``=`` in each statement that ends in ``# ?``."""
    lines = solution.splitlines()
    for statement in reversed(ast.parse(solution).body):
        if lines[statement.end_lineno - 1].endswith(BLANK) and isinstance(statement, ast.Assign):
            names = ast.unparse(statement.targets[0])
            lines[statement.lineno - 1 : statement.end_lineno] = [f"{names} = ..."]
    return "\n".join(lines)


def without_marks(solution: str) -> str:
    """Return a solution as one would write it, without the marks of what was to be found."""
    return re.sub(rf" *{re.escape(BLANK)}$", "", solution, flags=re.M)


def folded(summary: str, inside: str) -> str:
    """Return Markdown that folds out, without a script: it works offline and in notebooks not trusted."""
    return f"<details><summary>{summary}</summary>\n\n{inside}\n\n</details>"


def text_notebook(cells: Mapping[str, str]) -> nbformat.NotebookNode:
    """Return a notebook without code of Markdown by the ids of its cells, which are cut to 64 signs."""
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    told = [nbformat.v4.new_markdown_cell(source, id=name[:64]) for name, source in cells.items()]
    return nbformat.v4.new_notebook(cells=told, metadata=kernel)


def _found(notebook: nbformat.NotebookNode) -> list[tuple]:
    """Return place and cells of each exercise."""
    cells = notebook.cells
    return [(i, *cells[i : i + 3]) for i, cell in enumerate(cells) if TASK in _tags(cell)]


def _tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def _exercise(
    task: nbformat.NotebookNode, solution: nbformat.NotebookNode, answer: nbformat.NotebookNode
) -> Exercise:
    heading, hint = _HEADING.search(task.source), _FOLD.search(task.source)
    right, _, usual_error = answer.source.partition("\n\n")
    return Exercise(
        number=heading["number"],
        stars=len(heading["stars"]),
        title=heading["title"].strip(),
        question=task.source[heading.end() : hint.start()].strip(),
        hint=hint["inside"].strip(),
        solution=without_marks(solution.source),
        answer=right.strip(),
        usual_error=usual_error.strip(),
    )
