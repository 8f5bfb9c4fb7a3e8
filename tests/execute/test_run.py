"""What a notebook holds on to: banner, stamp, whole tables, linked figures."""

import re

import numpy as np
import pandas as pd
import pytest
from helpers.small_dataset import write_small_dataset
from matplotlib.figure import Figure

import mgbone
from mgbone.execute import cli, run
from mgbone.execute.run import open_run
from mgbone.study.errors import DatasetError, MgboneError


@pytest.fixture(scope="module", params=["simulated", "measured"])
def folder(request, tmp_path_factory):
    return write_small_dataset(tmp_path_factory.mktemp("data") / f"a_{request.param}", request.param)


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr(run, "display", found.append)
    return found


@pytest.fixture
def a_run(folder, tmp_path, shown):
    return open_run("01_biochem", folder, tmp_path / "figures", tmp_path / "derived")


def drawn(title="A title"):
    figure = Figure(figsize=(3, 2))
    ax = figure.subplots()
    ax.plot([1, 2], [3, 4])
    ax.set_title(title)
    return figure


EVIDENCE = pd.DataFrame({"endpoint": ["serum_mg", "serum_ca", "serum_mg"], "p": [0.01, 0.2, 0.3]})


def test_it_says_at_once_what_kind_of_data_it_is(a_run, shown):
    (banner,) = shown
    simulated = a_run.dataset.is_simulated
    assert ("SIMULATED DATA" in banner.data) == simulated
    assert ("Measured data" in banner.data) != simulated
    assert a_run.dataset.title in banner.data
    assert a_run.dataset.name in banner.data


def test_a_title_is_text_not_html(a_run):
    object.__setattr__(a_run.dataset, "title", "<b>Mg < 0.02 %</b> & more")
    assert "&lt;b&gt;Mg &lt; 0.02 %&lt;/b&gt; &amp; more" in run._banner(a_run)


@pytest.mark.parametrize("language", ["de", "EN", "", "ja-JP"])
def test_unknown_languages_are_refused_before_anything_is_read(language, tmp_path, shown):
    with pytest.raises(MgboneError, match="choose en or ja"):
        open_run("01_biochem", tmp_path / "nothing", tmp_path / "figures", tmp_path / "derived", language)
    assert shown == []


def test_a_faulty_dataset_writes_nothing(tmp_path, shown):
    broken = write_small_dataset(tmp_path / "broken")
    (broken / "serum.csv").write_text("animal_id,serum_mg\n")
    with pytest.raises(DatasetError):
        open_run("01_biochem", broken, tmp_path / "figures", tmp_path / "derived")
    assert shown == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["broken"]


def test_outputs_go_to_folders_named_after_the_dataset(a_run, tmp_path, folder):
    assert a_run.figures_folder == tmp_path / "figures" / folder.name
    assert a_run.derived_folder == tmp_path / "derived" / folder.name


def test_relative_folders_count_from_the_project(folder, shown, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    found = open_run("01_biochem", folder)
    assert found.figures_folder == mgbone.study.paths.project_root() / "figures" / folder.name
    assert found.derived_folder == mgbone.study.paths.project_root() / "data" / "derived" / folder.name
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("language", "label"), [("en", "simulated data"), ("ja", "シミュレーションデータ")])
def test_the_stamp_follows_data_and_language(folder, tmp_path, shown, language, label):
    opened = open_run("01_biochem", folder, tmp_path, tmp_path, language)
    assert opened.stamp == (label if opened.dataset.is_simulated else None)


def test_show_saves_png_and_svg_with_the_stamp_and_displays_the_png(a_run, shown):
    assert a_run.show(drawn(), "01_growth") is None
    png, svg = (a_run.figures_folder / f"01_growth.{kind}" for kind in ("png", "svg"))
    assert shown[-1].data == png.read_bytes()
    assert a_run.outputs == [png, svg]
    a_run.show(drawn(), "01_minerals")
    assert len(a_run.outputs) == 4


def test_show_stamps_simulated_data_only(a_run, monkeypatch):
    stamps = []

    def save(figure, folder, name, stamp=None):
        stamps.append(stamp)
        folder.mkdir(parents=True)
        (folder / "x.png").write_bytes(b"")
        return (folder / "x.png", folder / "x.svg")

    monkeypatch.setattr(run, "save_figure", save)
    a_run.show(drawn(), "x")
    assert stamps == (["simulated data"] if a_run.dataset.is_simulated else [None])


def test_tables_come_back_as_they_were_written(a_run):
    table = pd.DataFrame(
        {
            "claim_id": ["4-1-1-01", "7"], "section": ["4-1", "5"], "level": ["none", "NA"],
            "p": [1 / 3, np.nan], "figure": ["a,b.png", 'say "x"'], "title_ja": ["血清", "骨"],
        }
    )  # fmt: skip
    a_run.write(table, "verdicts")
    read = a_run.read("verdicts")
    pd.testing.assert_frame_equal(read, table, check_dtype=False, rtol=1e-9)
    assert read["section"].tolist() == ["4-1", "5"]
    assert b"\r" not in (a_run.derived_folder / "verdicts.csv").read_bytes()
    assert a_run.outputs == [a_run.derived_folder / "verdicts.csv"]


@pytest.mark.parametrize(("language", "inside"), [("en", ""), ("ja", "ja")])
def test_a_workbook_of_words_lies_with_its_language_and_a_table_does_not(
    folder, tmp_path, shown, monkeypatch, language, inside
):
    a_run = open_run("01_biochem", folder, tmp_path / "figures", tmp_path / "derived", language)
    monkeypatch.setattr(run, "display", lambda *tables: None)
    a_run.write(EVIDENCE, "summary")
    table = pd.DataFrame([["8"]], columns=pd.MultiIndex.from_tuples([("Control", "n")]))
    a_run.show_tables({"one": table}, "summary", ["A note."])
    derived = a_run.derived_folder
    assert a_run.outputs == [derived / "summary.csv", derived / inside / "summary.xlsx"]
    assert a_run.outputs[1].is_file()


def test_a_failed_write_leaves_the_old_table(a_run, monkeypatch):
    a_run.write(EVIDENCE, "evidence")
    before = (a_run.derived_folder / "evidence.csv").read_bytes()

    def fail_halfway(self, file, **options):
        file.write("endpoint,p\nserum_mg,")
        raise OSError("no space left")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail_halfway)
    with pytest.raises(OSError, match="no space"):
        a_run.write(EVIDENCE, "evidence")
    assert (a_run.derived_folder / "evidence.csv").read_bytes() == before
    assert [p.name for p in a_run.derived_folder.iterdir()] == ["evidence.csv"]
    assert len(a_run.outputs) == 1


def test_reading_what_is_not_there_says_what_to_run(a_run):
    with pytest.raises(MgboneError, match=r"evidence_qct\.csv is not there yet.*make all"):
        a_run.read("evidence_qct")


def test_the_control_is_read_where_make_wrote_one_for_this_design(a_run):
    assert a_run.read_control() is None
    written = a_run.derived_folder.parent / "null" / "control_evidence.csv"
    written.parent.mkdir(parents=True)
    written.write_text("p,level\n0.1234567890123456789,none\n,\n")
    table = a_run.read_control()
    assert a_run.inputs == [written]
    assert table["p"].iloc[0] == 0.1234567890123456789
    assert table["level"].iloc[0] == "none" and table.iloc[1].isna().all()


def test_a_study_of_its_own_has_no_control(a_run, tmp_path):
    written = a_run.derived_folder.parent / "null" / "control_evidence.csv"
    written.parent.mkdir(parents=True)
    written.write_text("p,level\n0.5,none\n")
    object.__setattr__(a_run.dataset, "path", tmp_path)
    assert len(a_run.read_control()) == 1
    (tmp_path / "study.yml").write_text("title: of its own\n")
    assert a_run.read_control() is None


def test_rows_are_linked_to_the_figure_that_shows_them(a_run):
    a_run.show(drawn(), "01_minerals")
    a_run.show(drawn(), "01_calcium")
    linked = a_run.link_figures(
        EVIDENCE, {"01_minerals": ["serum_mg"], "01_calcium": ["serum_ca", "serum_p"]}
    )
    name = a_run.dataset.name
    assert linked["figure"].tolist() == [
        f"{name}/{x}.png" for x in ("01_minerals", "01_calcium", "01_minerals")
    ]
    assert "figure" not in EVIDENCE


def test_figures_that_were_not_drawn_can_not_be_linked(a_run):
    with pytest.raises(MgboneError, match="names the figure 01_minerals, which it did not draw"):
        a_run.link_figures(EVIDENCE, {"01_minerals": ["serum_mg", "serum_ca"]})


def test_every_endpoint_needs_a_figure(a_run):
    a_run.show(drawn(), "01_minerals")
    with pytest.raises(MgboneError, match="shows serum_ca in no figure"):
        a_run.link_figures(EVIDENCE, {"01_minerals": ["serum_mg"]})


def test_finish_lists_the_outputs_and_counts_them(a_run):
    a_run.show(drawn(), "01_minerals")
    a_run.write(EVIDENCE, "evidence_biochem")
    said = a_run.finish()
    assert said.data == "Written: figures (PNG and SVG): 1, tables: 1."
    listed = (a_run.derived_folder / "01_biochem.outputs.txt").read_text().splitlines()
    assert listed == [str(path) for path in a_run.outputs]
    assert len(listed) == 3


def test_long_statements_are_shown_to_their_end(a_run):
    with pd.option_context("display.max_colwidth", 50):
        open_run(a_run.notebook, a_run.dataset.path, a_run.figures_folder, a_run.derived_folder)
        statement = "x" * 300
        assert statement in pd.DataFrame({"statement": [statement]}).to_html()


def test_the_command_line_speaks_the_language(capsys):
    said = {}
    for arguments in ("--help", "report --help", "chek", "check", "report --figures"):
        with pytest.raises(SystemExit):
            cli.main(["--language", "ja", *arguments.split()])
        told = capsys.readouterr()
        said[arguments] = told.out + told.err
    english = re.compile("usage|options|argument|show this|COMMAND|FOLDER|error|choose|required")
    assert english.findall("".join(said.values())) == []
    assert said["--help"].startswith("使い方：mgbone [-h]")
    assert "'chek'は選べません（選択肢：" in said["chek"]
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert capsys.readouterr().out.startswith("usage: mgbone [-h]")
