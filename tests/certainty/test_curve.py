"""Tests of the specification curve on demand, out of what a run has left."""

import re

import pytest
from helpers.small_run import small_run

from mgbone import certainty
from mgbone.certainty import on_demand
from mgbone.study.errors import MgboneError


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        layout = small_run(tmp_path_factory.mktemp("curve"), monkeypatch=monkeypatch)
        places = {"figures_folder": layout.figures_folder, "derived_folder": layout.derived_folder}
        yield {"dataset": layout.dataset, "build_folder": layout.build_folder, **places}


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text")))


@pytest.mark.slow
def test_a_statement_is_drawn_with_every_analysis_of_it_and_the_stamp(folders, monkeypatch):
    monkeypatch.setattr(on_demand, "PERMUTATIONS", 50)
    figure = certainty.curve("4-1-1-03", **folders)
    said = words(figure)
    analyses = int(re.search(r"in \d+ of (\d+) analyses", said)[1])
    assert 20 < analyses <= 5 * 3 * 2  # tests, rules for outliers, scales
    points = [line for ax in figure.axes for line in ax.lines if str(line.get_gid()).startswith("p ")]
    assert sum(len(line.get_xdata()) for line in points) == analyses
    assert "against 50 permutations" in said
    assert "simulated data" in said


@pytest.mark.slow
def test_arrays_that_were_not_analysed_and_the_order_of_doses_say_so(folders):
    for name in ("4-3-1-01", "4-4-02"):
        assert "No analysis of this statement could be made" in words(certainty.curve(name, **folders))


def test_an_unknown_statement_gets_the_nearest_ids(folders):
    with pytest.raises(MgboneError, match="4-1-1-03"):
        certainty.curve("4-1-1-3", **folders)
