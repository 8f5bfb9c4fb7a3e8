"""What a teacher gets: sheets with every answer, and slides that need nothing but a browser."""

import re

import nbformat
import pytest
from helpers import ROOT

from mgbone.course.exercises import exercises
from mgbone.course.sheets import teacher_notebook
from mgbone.execute.slides import deck
from mgbone.study.language import in_language, use_language

STEMS = ["01_biochem", "02_qct", "03_microarray", "04_integration", "05_certainty"]


def lessons(language):
    use_language(language)
    stored = {stem: nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4) for stem in STEMS}
    return {stem: in_language(node, stem) for stem, node in stored.items()}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_sheet_holds_minutes_goals_every_answer_and_the_right_one_of_each_question(language):
    notebooks = lessons(language)
    cells = {cell.id: cell.source for cell in teacher_notebook(notebooks).cells}
    for stem, notebook in notebooks.items():
        name = stem.replace("_", "-")
        plan = cells[f"{name}-plan"]
        assert len(re.findall(r"^\d\. ", plan, re.M)) >= 3
        read, work = map(int, re.findall(r"(\d\d)(?= to read| with exercises|分[、。])", plan))
        assert 10 <= read < work <= 90
        told = cells[f"{name}-exercises"]
        assert [
            one.number
            for one in exercises(notebook)
            if not one.usual_error or one.answer not in told or one.usual_error not in told
        ] == []
        quiz = cells[f"{name}-quiz"].splitlines()[2:]
        assert [line[:3] for line in quiz] == [f"{number}. " for number in range(1, 6)]
        assert not re.search("[✗<>]", "".join(quiz)) and all(line.count("**") == 2 for line in quiz)


def test_slides_are_goals_pictures_summary_and_quiz_of_a_notebook_without_its_code():
    notebook = lessons("ja")["01_biochem"]
    shows = [cell for cell in notebook.cells if "run.show(" in cell.source]
    for cell in shows:
        metadata = {"image/png": {"alt": 'x "y"'}}
        cell.outputs = [nbformat.v4.new_output("display_data", {"image/png": "AAAA\n"}, metadata=metadata)]
    page = deck(notebook)
    assert page.count("<section") == 1 + 1 + len(shows) + 1 + 5
    assert page.count('<img alt="x &quot;y&quot;" src="data:image/png;base64,AAAA">') == len(shows)
    assert '<html lang="ja">' in page and "run.show" not in page and ".ipynb" not in page
    assert not re.search(r'(?:src|href)="(?!data:|#)', page) and "script-src 'sha256-" in page
