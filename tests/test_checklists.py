"""The reporting checklists are whole, and say what they count."""

import shutil

import pytest

from mgbone.checklists import CHECKLISTS, STATUSES, count_statuses, load_checklist
from mgbone.errors import StudyError
from mgbone.paths import project_root


@pytest.mark.parametrize("name", CHECKLISTS)
def test_checklists_load_and_are_numbered_once(name):
    table = load_checklist(name)
    assert table["number"].is_unique
    assert count_statuses(table).to_numpy().sum() == len(table)


def test_arrive_has_its_21_items():
    numbers = load_checklist("arrive")["number"].str.extract(r"(\d+)")[0].astype(int)
    assert sorted(set(numbers)) == list(range(1, 22))


def test_unknown_checklist_is_refused():
    with pytest.raises(StudyError, match="there are arrive, bouxsein"):
        load_checklist("prisma")


def test_wrong_status_is_named_by_row(tmp_path, monkeypatch):
    folder = tmp_path / "data" / "report"
    folder.mkdir(parents=True)
    original = project_root() / "data" / "report" / "bouxsein.csv"
    shutil.copy(original, folder)
    text = original.read_text(encoding="utf-8").replace(",stated,", ",perhaps,", 1)
    (folder / "bouxsein.csv").write_text(text, encoding="utf-8")
    monkeypatch.setattr("mgbone.checklists.project_root", lambda: tmp_path)
    with pytest.raises(StudyError, match=f"row 2 .*{STATUSES[0]}"):
        load_checklist("bouxsein")
