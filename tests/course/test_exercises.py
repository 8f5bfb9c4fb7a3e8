"""Exercises: every solution is right, every blank and usual error is told what it is, in both languages."""

import ast
import re

import nbformat
import numpy as np
import pandas as pd
import pytest
from helpers import ROOT
from helpers.lessons import namespace
from scipy import stats

import mgbone as mg
from mgbone.course.answers import kind_of, plain, same
from mgbone.course.checks import KEYS, AnswerError, check
from mgbone.course.exercises import blanked, exercises, student_notebook
from mgbone.simulate.faulty import TABLES, write_faulty
from mgbone.study.errors import MgboneError
from mgbone.study.language import LANGUAGES, in_language, speaking, use_language

STEMS = ["01_biochem", "02_qct", "03_microarray", "04_integration", "05_certainty"]
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def notebook(stem, language="en"):
    """Read a notebook in a language, as a student gets it."""
    node = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4)
    with speaking(language):
        return in_language(node, stem)


ALL = [(stem, one.number) for stem in STEMS for one in exercises(notebook(stem))]


@pytest.fixture(scope="module")
def tables():
    """What the exercises of a notebook find when they are run, made once for each notebook."""
    made = {}

    def of(stem, shipped="simulated"):
        if (stem, shipped) not in made:
            made[stem, shipped] = {"np": np, "pd": pd, "stats": stats, "mg": mg, **namespace(stem, shipped)}
        return made[stem, shipped]

    return of


def run(source, names):
    """Run a cell; return the names that it leaves, and what its last line hands to `mg.check`."""
    handed = []
    names = dict(names)
    names["mg"] = type("mg", (), {"__getattr__": lambda _, name: getattr(mg, name)})()
    names["mg"].check = lambda *given: handed.append(given)
    exec(source, names)
    (given,) = handed
    return given


@pytest.mark.parametrize("shipped", ["simulated", pytest.param("null", marks=pytest.mark.slow)])
@pytest.mark.parametrize("language", ["en", pytest.param("ja", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("stem", "number"), ALL)
def test_solution_is_right_and_blank_and_usual_errors_are_named(stem, number, language, shipped, tables):
    use_language(language)
    (one,) = [one for one in exercises(notebook(stem, language)) if one.number == number]
    given_number, answer, *handed = run(one.solution, tables(stem, shipped))
    assert given_number == number
    said = [check(number, answer, *handed).data]
    with pytest.raises(AnswerError, match=r"\.\.\.") as blank:
        exec(blanked(_stored(stem, number)), dict(tables(stem, shipped)))
    said.append(str(blank.value))
    key = KEYS[number](*handed)
    wrong = [pair for pair in key.mistakes if not same(pair[0], key.right)]
    wrong = [pair for i, pair in enumerate(wrong) if not any(same(pair[0], one) for one, _ in wrong[:i])]
    assert wrong, "on these data no usual error differs from the right answer"
    for mistake, sentence in wrong:
        with pytest.raises(AnswerError, match=re.escape(sentence)):
            check(number, mistake, *handed)
        said.append(sentence)
    with pytest.raises(AnswerError, match=re.escape(key.advice)):
        check(
            number,
            {"number": -12345.678, "text": "nobody", "names": ["nobody"]}[kind_of(plain(key.right))],
            *handed,
        )
    said.append(key.advice)
    assert all(bool(JAPANESE.search(text)) == (language == "ja") for text in said), said


def test_of_statements_of_an_effect_all_kinds_are_counted(tables):
    counts = tables("04_integration")["counts"]
    told = check("04-2", counts["nominal"].sum() / counts["statements"].sum(), counts).data
    assert f"of an effect it would be {100 * (0.2 + 0.0001 + 0.23) / (17 + 1 + 5):.1f} % at most" in told


def test_an_order_needs_steps_that_all_go_down():
    steps = pd.DataFrame({"step": ["a", "b"], "estimate": [-0.3, -0.5], "p": [0.04, 0.001]})
    assert "not every step" not in check("04-6", 0.04, steps).data
    risen = steps.assign(estimate=[-0.3, 0.5])
    assert "not every step goes down (“b”)" in check("04-6", 0.04, risen).data


def test_a_list_without_other_genes_has_no_risk_ratio(tables):
    row = tables("03_microarray")["enriched"].head(1)
    for hits, listed in ((0, 0), (3, 3)):
        told = check("03-4", np.nan, row.assign(hits=hits, list_size=listed)).data
        assert "nothing to compare with" in told


def _stored(stem, number):
    (source,) = [cell.source for cell in notebook(stem).cells if cell.id == f"ex-{number}-solution"]
    return source


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stem", STEMS)
def test_every_exercise_is_whole_and_numbered(stem, language):
    found = exercises(notebook(stem, language))
    assert [one.number for one in found] == [f"{stem[:2]}-{i}" for i in range(1, len(found) + 1)]
    assert [one.number for one in found] == [number for number in KEYS if number[:2] == stem[:2]]
    assert len(found) >= (4 if stem == "05_certainty" else 6)
    assert {one.stars for one in found} == {1, 2, 3}
    for one in found:
        assert one.title and one.question and one.hint and one.answer and one.usual_error, one.number
        assert "<details" not in one.question, one.number
        assert "# ?" not in one.solution
        assert _stored(stem, one.number).count("# ?") == 1
        assert blanked(_stored(stem, one.number)).count("= ...") == 1


@pytest.mark.parametrize("stem", STEMS)
def test_a_lesson_changes_no_name_that_the_analysis_reads(stem):
    """Nor an exercise one that another lesson cell reads: a student's copy has blanks there."""
    by_lesson, by_exercise = set(), set()
    for cell in notebook(stem).cells:
        if cell.cell_type != "code":
            continue
        tags = cell.metadata.get("tags", [])
        assigned, read = names_of(cell.source)
        if "lesson" not in tags:
            assert by_lesson & read == set(), cell.id
            by_lesson -= assigned
        elif "solution" in tags:
            by_exercise |= assigned
            by_lesson |= assigned
        else:
            assert by_exercise & read == set(), cell.id
            by_lesson |= assigned


def names_of(source):
    """Return the names that a cell assigns, and those that it reads from cells before it."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    assigned = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
    return assigned, {node.id for node in nodes} - assigned


@pytest.mark.parametrize("language", LANGUAGES)
def test_students_copy_has_blanks_and_folded_answers(language):
    use_language(language)
    stored = notebook("01_biochem", language)
    before = nbformat.writes(stored)
    given = student_notebook(stored)
    nbformat.validate(given)
    assert nbformat.writes(stored) == before
    assert [cell.id for cell in given.cells] == [cell.id for cell in stored.cells]
    for one in exercises(stored):
        blank, answer = (
            next(cell for cell in given.cells if cell.id == f"ex-{one.number}-{kind}")
            for kind in ("solution", "answer")
        )
        assert "= ...\n" in blank.source
        assert blank.metadata.tags == ["lesson", "fill-in", "raises-exception"]
        assert answer.source.startswith(
            f"<details><summary>{'Answer' if language == 'en' else '答え'}</summary>"
        )
        assert one.solution in answer.source


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stem", STEMS)
def test_lesson_has_goals_quiz_and_summary(stem, language):
    cells = {cell.id: cell for cell in notebook(stem, language).cells}
    goals = re.findall(r"^\d\. ", cells["goals"].source, re.M)
    assert 3 <= len(goals) <= 5
    assert re.search(r"\d+ minutes|\d+分", cells["goals"].source)
    assert len(re.findall(r"^- ", cells["summary"].source, re.M)) == 3
    assert not re.search(r"\d", re.sub(r"^## .*", "", cells["summary"].source))
    assert "next" in cells
    quiz = [cell for cell in cells.values() if "quiz" in cell.metadata.get("tags", []) and cell.id != "quiz"]
    assert [cell.id for cell in quiz] == [f"quiz-{i}" for i in range(1, 6)]
    for cell in quiz:
        options = re.findall(r"<details><summary>(.+?)</summary>([✓✗]) (.+?)</details>", cell.source)
        assert len(options) == 3, cell.id
        assert [mark for _, mark, _ in options].count("✓") == 1, cell.id
        assert cell.source.count("<") == 4 * 3, "plain HTML alone: scripts don't run in notebooks not trusted"


@pytest.mark.parametrize("stem", STEMS)
def test_right_options_stand_at_the_same_places_in_both_languages(stem):
    marks = [
        [
            re.findall(r"</summary>([✓✗]) ", cell.source)
            for cell in notebook(stem, language).cells
            if cell.id[:4] == "quiz"
        ]
        for language in LANGUAGES
    ]
    assert marks[0] == marks[1]
    assert len({tuple(one) for one in marks[0] if one}) > 1, "the right one is not always at the same place"


NOTHING_TO_AGREE_WITH = {"hand-three", "hand-lucky", "hand-ratios"}


@pytest.mark.parametrize("stem", STEMS)
def test_what_is_worked_by_hand_is_short_and_agrees_with_the_library(stem):
    by_hand = [
        cell
        for cell in notebook(stem).cells
        if cell.cell_type == "code"
        and cell.id.startswith("hand-")
        and "lesson" in cell.metadata.get("tags", [])
    ]
    assert len(by_hand) >= 2
    for cell in by_hand:
        assert len(cell.source.splitlines()) <= 15, cell.id
        assert cell.id in NOTHING_TO_AGREE_WITH or "assert " in cell.source, cell.id
        assert not re.search(r"\b(biochem|microarray|integration|figures|evidence)\.", cell.source), cell.id


@pytest.mark.parametrize("stem", STEMS)
def test_what_draws_is_folded(stem):
    for cell in notebook(stem).cells:
        if cell.cell_type == "code" and "run.show(" in cell.source:
            assert cell.metadata.get("jupyter") == {"source_hidden": True}, cell.id
            assert "hide-input" in cell.metadata.tags, cell.id


def test_wrong_kinds_of_answers_are_told_what_is_asked():
    study = mg.load_study()
    with pytest.raises(AnswerError, match="asks for a single number, and got str"):
        check("01-5", "14 %", study)
    with pytest.raises(AnswerError, match="asks for a single number, and got DataFrame"):
        check("01-5", pd.DataFrame({"p": [0.1, 0.2]}), study)
    with pytest.raises(AnswerError, match="asks for the names, as a list, and got float"):
        check("01-6", 1.5, mg.faulty("units"))
    with pytest.raises(MgboneError, match="no exercise '09-9'"):
        check("09-9", 1)
    with pytest.raises(MgboneError, match="The check of 01-5 needs study after the answer"):
        check("01-5", 0.1)
    with pytest.raises(
        MgboneError, match=r"no faulty table 'nix'; there are batch, gap, scratch, swapped, units\."
    ):
        mg.faulty("nix")


def test_rounded_answers_are_right():
    assert same(0.1426, 0.142625)
    assert not same(0.15, 0.142625)
    assert same(np.int64(3), 3)
    assert not same(True, 1)
    assert same(pd.Series(["b", "a"]), ["a", "b"])
    assert same(pd.Series([2.5]), 2.5)
    assert same(np.nan, np.nan) and not same(1.0, np.nan)


def test_a_fall_that_no_number_of_animals_shows_is_told_in_words(study):
    """As where nothing was done to the animals, and osteocalcin rose."""
    row = {"claim_id": "4-1-1-05", "difference": 1.0, "variance": 4.0, "n_groups": 3, "n_case": 8}
    key = KEYS["05-4"](pd.DataFrame([row]), study)
    assert np.isinf(key.right) and "inf" not in key.shows and "No number up to 500" in key.shows


def test_no_chance_is_promised_but_that_of_the_data():
    """The p of the statement, and 1 - p, are those of the verdict that is handed over."""
    chances = {"p_shrunken": 0.11, "p_plugin": 0.21, "p_predictive": 0.31}
    table = pd.DataFrame([{"claim_id": "4-1-1-05", **chances}])
    key = KEYS["05-1"](table, pd.DataFrame([{"claim_id": "4-1-1-05", "p": 0.62}]))
    assert "11 of 100 cohorts, and not 38" in key.shows
    assert [answer for answer, _ in key.mistakes] == pytest.approx([0.38, 0.62, 0.21, 0.31, 11.0])


def test_faulty_tables_are_those_of_the_program_and_say_what_they_are(tmp_path):
    write_faulty(tmp_path)
    committed = ROOT / "data" / "faulty"
    assert {path.stem for path in committed.glob("*.csv")} == set(TABLES)
    for name in TABLES:
        text = (tmp_path / f"{name}.csv").read_text(encoding="utf-8")
        assert text == (committed / f"{name}.csv").read_text(encoding="utf-8")
        assert "Made up" in text.splitlines()[0]
    assert sum(path.stat().st_size for path in committed.iterdir()) < 300_000
