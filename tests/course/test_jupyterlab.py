"""A student's copy in a real JupyterLab: blanks are told, answers checked, and the quiz needs no trust."""

import nbformat
import pytest
from helpers import ROOT
from helpers.chromium import CHROMIUM, Browser
from helpers.jupyterlab import jupyterlab, write_notebook

from mgbone.course.exercises import exercises, student_notebook
from mgbone.study.language import in_language, use_language

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt install chromium)"),
]
KEPT = ("ex-02-5", "ex-02-5-solution", "ex-02-5-answer", "quiz-1")
SAID = "[...document.querySelectorAll('.jp-OutputArea-output')].map(e => e.innerText).join('\\n')"
IDLE = "jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
OPEN = "[...document.querySelectorAll('.jp-Notebook details[open]')].map(e => e.innerText)"
FILL = """(() => {
  const cell = jupyterapp.shell.currentWidget.content.widgets[2];
  cell.model.sharedModel.setSource(cell.model.sharedModel.getSource().replace('...', `%s`));
  return jupyterapp.commands.execute('notebook:run-all-cells').then(() => 1);
})()"""


@pytest.fixture(params=["en", "ja"])
def language(request):
    return request.param


@pytest.fixture
def browser(tmp_path, language):
    use_language(language)
    stored = in_language(nbformat.read(ROOT / "notebooks" / "02_qct.ipynb", as_version=4), "02_qct")
    folder = tmp_path / "lab"
    path = write_notebook(
        folder / "notebooks" / "copy.ipynb", f"import mgbone as mg\nmg.use_language({language!r})"
    )
    copy = nbformat.read(path, as_version=4)
    copy.cells += [cell for cell in student_notebook(stored).cells if cell.id in KEPT]
    copy.cells.append(nbformat.v4.new_code_cell("print('all of it ran')", metadata=_folded(stored)))
    nbformat.write(copy, path)
    opened = Browser(tmp_path, 1200, 1000)
    with jupyterlab(folder) as address:
        opened.open(f"{address}/lab/tree/notebooks/copy.ipynb")
        opened.wait("window.jupyterapp?.shell?.currentWidget?.context?.isReady", 90)
        opened.wait(IDLE, 90)
        opened.solution = next(one.solution for one in exercises(stored) if one.number == "02-5")
        yield opened
    opened.close()


def _folded(stored):
    """Return what folds a cell that draws."""
    return next(cell.metadata for cell in stored.cells if cell.id == "map")


def test_blank_wrong_and_right_answers_and_the_quiz(browser, language):
    told = {"en": ("still blank", "shortest femur", "Right"), "ja": ("まだ空欄", "骨が最も短い", "正解です")}[
        language
    ]
    browser.run("jupyterapp.commands.execute('notebook:run-all-cells').then(() => 1)")
    browser.wait(f"{SAID}.includes('all of it ran')", 90)
    assert told[0] in browser.run(SAID)
    browser.run(FILL % "scanned['animal_id'].value_counts().idxmin()")
    browser.wait(f"{SAID}.includes('{told[1]}')", 60)
    browser.run(
        "jupyterapp.shell.currentWidget.content.widgets[2].model.sharedModel.setSource('with_gap = ...')"
    )
    answer = browser.solution.replace("`", "\\`")
    browser.run(FILL % ("0\n" + answer))
    browser.wait(f"{SAID}.includes('{told[2]}')", 60)
    assert browser.run("document.querySelectorAll('.jp-InputPlaceholder').length") == 1

    assert browser.run(OPEN) == []
    browser.run(
        "[...document.querySelectorAll('.jp-Notebook details')].at(-3).querySelector('summary').click()"
    )
    (opened,) = browser.wait(f"{OPEN}.length && {OPEN}")
    assert "✓" in opened
