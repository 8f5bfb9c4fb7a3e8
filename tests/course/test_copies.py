"""Copies to work in: in the reader's language, with outputs, and never written over once changed."""

import re
import subprocess

import nbformat
import pytest
from helpers import ROOT
from nbconvert.preprocessors import ExecutePreprocessor

from mgbone.course.copies import make_copy, start_page, write_copies
from mgbone.execute.pages import write_pages
from mgbone.study.errors import MgboneError
from mgbone.study.language import in_language, speaking
from mgbone.study.places import Settings

STEMS = [
    "00_start", "01_biochem", "02_qct", "03_microarray", "04_integration", "05_certainty", "glossary",
]  # fmt: skip


def as_executed(stem, language="en"):
    """Return a stored notebook with an output below each cell of code, as a run leaves it."""
    with speaking(language):
        node = in_language(nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4), stem)
    for number, cell in enumerate(node.cells):
        cell.metadata["papermill"] = {"duration": 1.5}
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text=f"{language} {number}")]
            cell.execution_count = number
    node.cells.insert(
        4, nbformat.v4.new_code_cell('language = "?"', metadata={"tags": ["injected-parameters"]})
    )
    return node


@pytest.fixture(params=["en", "ja"])
def settings(request, tmp_path):
    """A run that seems to have been, in a language."""
    told = Settings(
        figures_folder=tmp_path / "figures", derived_folder=tmp_path / "derived",
        build_folder=tmp_path / "build", language=request.param,
    )  # fmt: skip
    told.build.mkdir(parents=True)
    told.lists.mkdir(parents=True)
    for stem in STEMS[1:-1]:
        nbformat.write(as_executed(stem, request.param), told.build / f"{stem}.ipynb")
    (told.derived / "evidence_qct.csv").write_text("p\n0.5\n")
    (told.lists / "04_integration.inputs.txt").write_text(f"{told.derived / 'evidence_qct.csv'}\n")
    return told


def copies(settings, folder):
    with speaking(settings.language):
        return list(write_copies(settings, folder))


def change(path, index, text):
    node = nbformat.read(path, as_version=4)
    node.cells[index].source = text
    nbformat.write(node, path)


@pytest.mark.slow
def test_copies_are_in_the_language_and_bring_outputs_and_tables_along(settings, tmp_path):
    said = copies(settings, tmp_path / "course")
    folder = tmp_path / "course" / settings.language
    assert sorted(path.stem for path in folder.iterdir()) == STEMS and len(said) == len(STEMS)
    node = nbformat.read(folder / "01_biochem.ipynb", as_version=4)
    nbformat.validate(node)
    assert bool(re.search("[ぁ-ん]", node.cells[0].source)) == (settings.language == "ja")
    (parameters,) = [c for c in node.cells if "parameters" in c.metadata.get("tags", [])]
    assert f'figures_folder = "{tmp_path}/course/figures"' in parameters.source
    assert f'language = "{settings.language}"' in parameters.source
    assert "injected-parameters" not in str(node) and "papermill" not in str(node)
    (loads,) = [c for c in node.cells if c.id == "open"]
    assert loads.outputs[0].text.startswith(settings.language)
    assert (tmp_path / "course/tables/simulated/evidence_qct.csv").read_text() == "p\n0.5\n"


@pytest.mark.slow
def test_a_change_stays_and_the_newer_notebook_is_put_beside_it(settings, tmp_path):
    course = tmp_path / "course"
    copies(settings, course)
    assert copies(settings, course) == []
    mine = course / settings.language / "02_qct.ipynb"
    change(mine, -1, "my_own = 1")
    before = mine.read_bytes()
    assert copies(settings, course) == [] and mine.read_bytes() == before
    change(settings.build / "02_qct.ipynb", 0, "# Newer")
    change(settings.build / "03_microarray.ipynb", 0, "# Newer")
    said = [sentence for sentence in copies(settings, course) if "glossary" not in sentence]
    assert mine.read_bytes() == before
    assert ["02_qct-2.ipynb" in said[0], "03_microarray.ipynb" in said[1], len(said)] == [True, True, 2]
    assert nbformat.read(mine.with_stem("02_qct-2"), as_version=4).cells[0].source == "# Newer"
    # Nor is the second one lost once it has been worked in.
    change(mine.with_stem("02_qct-2"), -1, "my_own = 2")
    change(settings.build / "02_qct.ipynb", 0, "# Newest")
    copies(settings, course)
    assert nbformat.read(mine.with_stem("02_qct-2"), as_version=4).cells[-1].source == "my_own = 2"
    assert nbformat.read(mine.with_stem("02_qct-3"), as_version=4).cells[0].source == "# Newest"
    assert mine.read_bytes() == before


@pytest.mark.slow
def test_what_was_only_run_counts_as_unchanged(settings, tmp_path):
    copies(settings, tmp_path)
    mine = tmp_path / settings.language / "02_qct.ipynb"
    node = nbformat.read(mine, as_version=4)
    for cell in node.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], 7
    node.cells.append(nbformat.v4.new_code_cell(""))
    nbformat.write(node, mine)
    change(settings.build / "02_qct.ipynb", 0, "# Newer")
    copies(settings, tmp_path)
    assert nbformat.read(mine, as_version=4).cells[0].source == "# Newer"
    assert not mine.with_stem("02_qct-2").exists()


def test_a_file_of_that_name_that_is_no_copy_stays(settings, tmp_path):
    mine = tmp_path / settings.language / "01_biochem.ipynb"
    mine.parent.mkdir()
    mine.write_text("notes")
    copies(settings, tmp_path)
    assert mine.read_text() == "notes" and mine.with_stem("01_biochem-2").is_file()


@pytest.mark.slow
def test_a_table_that_a_copy_wrote_stays_while_it_is_newer(settings, tmp_path):
    copies(settings, tmp_path / "course")
    table = tmp_path / "course" / "tables" / "simulated" / "evidence_qct.csv"
    table.write_text("p\n0.1\n")
    copies(settings, tmp_path / "course")
    assert table.read_text() == "p\n0.1\n"
    (settings.derived / "evidence_qct.csv").write_text("p\n0.9\n")
    copies(settings, tmp_path / "course")
    assert table.read_text() == "p\n0.9\n"


def test_without_a_run_it_is_said_what_to_do(settings, tmp_path):
    (settings.build / "03_microarray.ipynb").unlink()
    with pytest.raises(MgboneError, match="make certainty"):
        copies(settings, tmp_path / "course")


def test_links_out_of_the_folder_lead_to_the_same_files(tmp_path):
    node = as_executed("01_biochem")
    node.cells[0].source = "[a](../data/README.md#x) [b](02_qct.ipynb)"
    link = '<a href="../../figures/simulated/a.png">'
    node.cells[5].outputs = [nbformat.v4.new_output("display_data", {"text/html": link})]
    copy = make_copy(node, {}, tmp_path / "build" / "simulated", tmp_path / "course" / "en" / "lab")
    assert copy.cells[0].source == "[a](../../../build/data/README.md#x) [b](02_qct.ipynb)"
    shown = [o.data["text/html"] for c in copy.cells for o in c.get("outputs", []) if "data" in o]
    assert shown == ['<a href="../../../figures/simulated/a.png">']


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_link_of_the_start_page_leads_somewhere(language):
    told = Settings(language=language)
    with speaking(language):
        page = start_page(told)
    links = re.findall(r"\]\(([^)#]+)", "\n".join(cell.source for cell in page.cells))
    made = {"glossary.ipynb", *(f"../{told.build.relative_to(ROOT).as_posix()}/{name}.html" for name in
            (*STEMS[1:-1], "report"))}  # fmt: skip
    assert made <= set(links)
    assert [link for link in links if link not in made and not (ROOT / "notebooks" / link).exists()] == []


@pytest.mark.slow
def test_every_link_of_the_start_page_beside_the_run_leads_somewhere(settings):
    write_pages(settings)
    page = (settings.build / "00_start.html").read_text(encoding="utf-8")
    links = {link.partition("#")[0] for link in re.findall(r'href="([^#"][^"]*)"', page)}
    made = {f"{stem}.html" for stem in (*STEMS[1:], "report")}
    assert made <= links
    assert [link for link in links - made if not (settings.build / link).exists()] == []


@pytest.mark.parametrize(("language", "readme"), [("en", "README.md"), ("ja", "README.ja.md")])
def test_a_notebook_has_one_name_wherever_it_is_linked(language, readme):
    names = {}
    with speaking(language):
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            node = in_language(nbformat.read(path, as_version=4), path.stem)
            text = "\n".join(cell.source for cell in node.cells)
            for name, stem in re.findall(r"\[(\d\d [^\]]+)\]\((\w+)\.ipynb\)", text):
                names.setdefault(stem, set()).add(name)
    assert list(map(len, names.values())) == [1] * 5
    told = (ROOT / readme).read_text(encoding="utf-8")
    assert [name for (name,) in names.values() if name not in told] == []


def test_the_start_page_is_of_the_dataset_and_language(tmp_path):
    with speaking("ja"):
        page = start_page(Settings(tmp_path / "lab", language="ja"))
    code = "\n".join(cell.source for cell in page.cells if cell.cell_type == "code")
    assert f'"{tmp_path}/lab"' in code and '"ja"' in code and "simulated" not in code


def known_to_git():
    asked = (["git", "status", "--porcelain"], ["git", "diff", "HEAD"])
    return [subprocess.run(a, cwd=ROOT, capture_output=True, check=True).stdout for a in asked]


@pytest.mark.slow
def test_run_all_in_a_copy_changes_nothing_that_git_knows(tmp_path):
    """With a real kernel; figures and tables go to the course's own folders."""
    course = tmp_path / "course"
    places = {"figures_folder": str(course / "figures"), "derived_folder": str(course / "tables")}
    values = {"dataset": "data/simulated", **places, "language": "ja"}
    stored = nbformat.read(ROOT / "notebooks" / "02_qct.ipynb", as_version=4)
    copy = make_copy(stored, values, ROOT / "notebooks", course / "ja")
    (course / "ja").mkdir(parents=True)
    before = known_to_git()
    ExecutePreprocessor().preprocess(copy, {"metadata": {"path": str(course / "ja")}})
    assert known_to_git() == before
    written = {path.relative_to(course).as_posix() for path in course.rglob("*") if path.is_file()}
    assert any(re.fullmatch(r"figures/simulated/ja/02_density_map\.png", name) for name in written)
    assert "tables/simulated/evidence_qct.csv" in written


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_start_page_and_the_notebooks_agree_on_minutes(language):
    with speaking(language):
        page = start_page(Settings(language=language))
        rows = dict(
            re.findall(r"\((\d\d_\w+)\.ipynb\) \|[^|]+(\| \d+ \| \d+ \|)$", str(page.cells[2].source), re.M)
        )
        assert list(rows) == STEMS[1:-1]
        for stem, row in rows.items():
            node = in_language(nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4), stem)
            (goals,) = [cell.source for cell in node.cells if cell.id == "goals"]
            minutes = re.findall(r"(\d+) ?(?:minutes|分)|, (\d+) with", goals)
            assert [a or b for a, b in minutes] == re.findall(r"\d+", row), stem
