"""The reporting checklists are whole, and say what they count."""

import shutil

import pytest

from mgbone.evidence import NAMES
from mgbone.study.checklists import CHECKLISTS, STATUSES, count_statuses, load_checklist
from mgbone.study.errors import StudyError
from mgbone.study.paths import project_root


@pytest.mark.parametrize("name", CHECKLISTS)
def test_checklists_load_and_are_numbered_once(name):
    table = load_checklist(name)
    assert table["number"].is_unique
    assert count_statuses(table).to_numpy().sum() == len(table)


# Percie du Sert et al. 2020, tables 1 and 2: sub-items by item.
ESSENTIAL = "1a 1b 2a 2b 3a 3b 3c 4a 4b 5 6a 6b 7a 7b 8a 8b 9a 9b 9c 9d 10a 10b"
RECOMMENDED = "11 12a 12b 13 14 15 16a 16b 16c 17a 17b 18 19 20 21a 21b"


def test_arrive_has_its_items_and_sub_items_in_order():
    table = load_checklist("arrive")
    for part, items in (("essential", ESSENTIAL), ("recommended", RECOMMENDED)):
        assert table.loc[table["part"] == part, "number"].tolist() == items.split()
    assert len(table) == 38


def test_arrive_counts_the_tests_that_stand_side_by_side():
    row = load_checklist("arrive").set_index("number").loc["7b"]
    assert len(NAMES) == 8
    assert "eight tests side by side" in row["compendium"]


def test_bouxsein_asks_for_the_minimal_sets():
    asked = load_checklist("bouxsein").set_index("item")["asks"]
    assert all(word in asked["Cancellous structure"] for word in ("BV/TV", "Tb.N", "Tb.Th", "Tb.Sp"))
    assert all(word in asked["Cortical structure"] for word in ("Tt.Ar", "Ct.Ar", "Ct.Ar/Tt.Ar", "Ct.Th"))


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
    monkeypatch.setattr("mgbone.study.checklists.project_root", lambda: tmp_path)
    with pytest.raises(StudyError, match=f"row 2 .*{STATUSES[0]}"):
        load_checklist("bouxsein")
