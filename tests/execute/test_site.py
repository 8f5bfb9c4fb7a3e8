"""The site's own parts: what Sphinx is handed, and how Japanese is searched. Its pages: test_pipeline.py."""

import nbformat
import pytest

from mgbone.execute.site import _to_pages, _to_read, write_site
from mgbone.study.errors import MgboneError
from mgbone.study.places import Settings


def test_japanese_is_found_by_every_sign_and_pair():
    pytest.importorskip("sphinx")
    from mgbone.execute.site.building import Japanese

    split = Japanese({}).split("骨密度はCTX-Iと0.04")
    assert {"骨", "骨密", "密度", "CTX", "I", "0", "04"} <= set(split)
    assert "骨密度" not in split and "度は" in split


def test_links_to_pages_of_a_run_lead_within_the_site(tmp_path, monkeypatch):
    monkeypatch.setenv("MGBONE_ROOT", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "study.yml").write_text("")
    settings = Settings("data/lab", build_folder="build")
    settings.build.mkdir(parents=True)
    (settings.build / "report.html").write_text("")
    text = "[a](../build/lab/01_biochem.html) [b](../build/lab/report.html) [c](../data/study.yml)"
    assert _to_pages(text, settings) == '[a](01_biochem.ipynb) <a href="report.html">b</a> `c`'
    (settings.build / "report.html").unlink()
    assert _to_pages(text, settings) == "[a](01_biochem.ipynb) `b` `c`"


def test_each_picture_gets_a_cell_its_words_and_its_width(tmp_path):
    def picture(alt):
        return nbformat.v4.new_output(
            "display_data", {"image/png": "AA=="}, metadata={"image/png": {"alt": alt, "width": 640}}
        )

    settings = Settings("data/lab", figures_folder=tmp_path / "figures")
    settings.figures.mkdir(parents=True)
    (settings.figures / "04_a.png").write_bytes(b"png")
    html = '<a href="../../figures/lab/04_a.png">f</a><a href="01_biochem.ipynb#x">n</a>'
    cells = [
        nbformat.v4.new_code_cell("dataset = 1", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("show()", id="two", outputs=[picture("One"), picture("Two")]),
        nbformat.v4.new_code_cell("t", outputs=[nbformat.v4.new_output("display_data", {"text/html": html})]),
    ]
    read = _to_read(nbformat.v4.new_notebook(cells=cells), settings, tmp_path)
    assert [len(cell.outputs) for cell in read.cells] == [1, 1, 1]
    assert [cell.metadata["mystnb"]["image"]["alt"] for cell in read.cells[:2]] == ["One", "Two"]
    assert read.cells[0].metadata["mystnb"]["image"]["width"] == "640px"
    shown = read.cells[2].outputs[0].data["text/html"]
    assert shown == '<a href="figures/04_a.png">f</a><a href="01_biochem.html#x">n</a>'
    assert (tmp_path / "extra" / "figures" / "04_a.png").is_file()


def test_without_a_run_or_without_sphinx_it_is_said_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("mgbone.execute.site.find_spec", lambda name: name)
    with pytest.raises(MgboneError, match="make certainty"):
        write_site(Settings("data/lab", build_folder=tmp_path), tmp_path / "site")
    monkeypatch.setattr("mgbone.execute.site.find_spec", lambda name: None)
    with pytest.raises(MgboneError, match=r"requirements-site\.lock"):
        write_site(Settings("data/lab", build_folder=tmp_path), tmp_path / "site")
