"""Designs of others go from folder to report, and nothing speaks of what they are not about."""

import re

import pytest
from helpers import ROOT
from helpers.other_design import CALCIUM, NO_DOSES, write_other_design
from helpers.tiny_project import APART, STEMS

from mgbone.execute.notebook import run_notebooks
from mgbone.execute.report import Layout, write_report
from mgbone.study.places import Settings

REPORTS_OWN = re.compile(r"[Mm]agnesium|\bMg\b|マグネシウム|\b[Rr]ats?\b|ラット")


def at(stems):
    return [ROOT / "notebooks" / f"{stem}.ipynb" for stem in stems]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("study", "language"), [(CALCIUM, "en"), (NO_DOSES, "ja")], ids=["calcium", "no doses"]
)
def test_another_design_goes_through_all_notebooks_and_the_report(tmp_path, study, language):
    folder = write_other_design(tmp_path / "data" / "mice", study)
    places = {name: tmp_path / name for name in ("figures_folder", "derived_folder", "build_folder")}
    settings = Settings(folder, **places, language=language)
    first, last, apart = STEMS[:-1], STEMS[-1:], (APART,)
    executed = run_notebooks(at(first), settings, last=at(last), at_once=2) + run_notebooks(
        at(apart), settings
    )
    told = [path.with_suffix(".html").read_text(encoding="utf-8") for path in executed]
    page, _ = write_report(Layout(folder, **places, language=language))
    told.append(page.read_text(encoding="utf-8"))
    for text in told:
        body = re.sub(
            r"(?s)<(style|script|pre|img|svg|title)\b.*?</\1>|<[^>]*>", " ", text.partition("<body")[2]
        )
        assert [body[m.start() - 60 : m.end() + 40] for m in REPORTS_OWN.finditer(body)] == []
    drawn = {path.stem for path in (tmp_path / "figures_folder").rglob("*.png")}
    assert {"01_design", "01_forest", "02_density_map", "03_volcano", "04_forest", "04_per_dose"} <= drawn
