"""A study.yml from a few answers can be read, and the workbook beside it asks for its groups."""

import pytest
from openpyxl import load_workbook

import mgbone
from mgbone.dataset.lab import template
from mgbone.dataset.lab.new_study import ask_design, study_text
from mgbone.study.errors import MgboneError

ANSWERS = ["Low calcium in mice", "3", "Ca calcium %", "normal 0.5, low 0.1, no 0.0", ""]


def asked(answers):
    left = iter(answers)

    def ask(_):
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    return ask_design(ask)


@pytest.mark.parametrize(
    ("answers", "contrasts", "doses"),
    [
        (ANSWERS, ["low_vs_normal", "no_vs_normal"], ["low_vs_normal", "no_vs_normal"]),
        (["走るマウス", "2.5", "", "安静、走行", "走行_vs_安静"], ["走行_vs_安静"], []),
    ],
)
def test_answers_become_a_study(tmp_path, answers, contrasts, doses):
    path = tmp_path / "study.yml"
    path.write_text(study_text(asked(answers)), encoding="utf-8")
    study = mgbone.load_study(path)
    assert study.title == answers[0]
    assert [one.name for one in study.contrasts] == contrasts
    assert [one.name for one in study.dose_order] == doses


@pytest.mark.parametrize(
    ("place", "answer", "message"),
    [
        (1, "three", "'three' is no number of weeks"),
        (2, "calcium", "write sign, word and unit"),
        (3, "normal, low", "write a group with its dose"),
        (3, "normal 0.5", "compares two groups"),
    ],
)
def test_an_answer_that_is_none_says_how_to_write_it(place, answer, message):
    answers = [*ANSWERS[:place], answer, *ANSWERS[place + 1 :]]
    with pytest.raises(MgboneError, match=message):
        asked(answers)


def test_nobody_there_to_answer():
    with pytest.raises(MgboneError, match="run it in a terminal"):
        asked(ANSWERS[:2])


def test_the_folder_holds_the_study_and_a_workbook_of_its_groups(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(template, "project_root", lambda: tmp_path)
    folder = template.new_dataset("mine", asked(ANSWERS))
    assert mgbone.load_study(folder / "study.yml").dose_of.name == "Ca"
    book = load_workbook(folder / "mine.xlsx")
    choices = {cell.value for row in book["lists"].iter_rows() for cell in row}
    assert any("low" in str(choice) for choice in choices)
