"""For those who teach: a sheet per lesson, made of the notebook's own goals, exercises, answers and quiz."""

import re
from collections.abc import Mapping

import nbformat

from mgbone.course.exercises import QUIZ, Exercise, exercises, text_notebook
from mgbone.study.language import N_, tr

TEACHER = "teacher"
"""The stem of the notebook that `teacher_notebook` returns."""

_SHOW = {
    "01_biochem": N_(
        "Begin with the figure of serum magnesium: what is a dot, what is a bar, what is p? Run *By hand* "
        "cell by cell and stop before the thousand experiments; let the class guess the share of false "
        "alarms. Discuss 01-2 together, since most compare with the control."
    ),
    "02_qct": N_(
        "Draw a femur and have the four structures and four regions named. Let the class guess how many of "
        "sixteen cells fall below 0.05 without any effect, then show the map and the table below it. Keep "
        "percent of what (02-6) for the end."
    ),
    "03_microarray": N_(
        "Begin with the pictures of the chips, one of which is spoilt. Work out q for twenty p on the board "
        "before the library does it for all. Ask 03-3 before enrichment is shown: against which genes is "
        "*more than expected* meant?"
    ),
    "04_integration": N_(
        "Begin with the whole ledger as a picture and ask what so many *reproduced* prove. Collect answers, "
        "then show what is confirmed where there is nothing. Close with the last question of the quiz: "
        "simulated data prove nothing."
    ),
    "05_certainty": N_(
        "Ask how likely a finding with p = 0.01 is to come again, and have the guesses written down before "
        "*By hand* is run. In the last figure let the class point at what is found again only because nearly "
        "any data give it. Close with 05-2: many analyses, the same animals."
    ),
}
_RIGHT = re.compile(r"<summary>([^<]*)</summary>✓ ?(.*?)</details>", re.S)
_MINUTES = re.compile(r"(\d+) ?(?:minutes|分)|, (\d+) with")
_GOALS = re.compile(r"^\d\. .+(?:\n(?!\n|\*\*).+)*", re.M)


def teacher_notebook(notebooks: Mapping[str, nbformat.NotebookNode]) -> nbformat.NotebookNode:
    """Return all sheets as one notebook without code, in the language in use.

    Parameters
    ----------
    notebooks : mapping of str to NotebookNode
        The lessons by their stems, with prose in the language in use and solutions in place.
    """
    about = tr(
        "A sheet per lesson: minutes, goals, what to show, answers and the errors that are usual. Students "
        "don't get this page with their copies."
    )
    cells = {"title": f"# {tr('For the teacher')}\n\n{about}"}
    for stem, notebook in notebooks.items():
        name = stem.replace("_", "-")
        cells[f"{name}-plan"] = _plan(stem, notebook)
        told = [f"### {tr('Exercises')}", *map(_exercise, exercises(notebook))]
        cells[f"{name}-exercises"] = "\n\n".join(told)
        quiz = [_right(c.source) for c in notebook.cells if QUIZ in c.metadata.get("tags", [])]
        cells[f"{name}-quiz"] = "\n".join([f"### {tr('Quiz')}\n", *quiz])
    return text_notebook(cells)


def _plan(stem: str, notebook: nbformat.NotebookNode) -> str:
    title = re.match("# +(.+)", notebook.cells[0].source)[1]
    goals = next((cell.source for cell in notebook.cells if cell.id == "goals"), "")
    told = [f"## [{title}]({stem}.ipynb)"]
    if minutes := [first or second for first, second in _MINUTES.findall(goals)]:
        read, work = minutes
        told.append(tr("**Minutes:** {read} to read, {work} with exercises.", read=read, work=work))
    told.append("\n".join(_GOALS.findall(goals)))
    if stem in _SHOW:
        told.append(tr("**Show.** {advice}", advice=tr(_SHOW[stem])))
    return "\n\n".join(told)


def _exercise(one: Exercise) -> str:
    return f"**{one.number} {'★' * one.stars} {one.title}**\n\n{one.answer}\n\n{one.usual_error}"


def _right(question: str) -> str:
    number, asked = re.match(r"\*\*(\d+)\.?\*\*\.?\s*(.+?)\s*\n\n", question, re.S).groups()
    answer, why = _RIGHT.search(question).groups()
    return f"{number}. {' '.join(asked.split())} **{answer}** {' '.join(why.split())}"
