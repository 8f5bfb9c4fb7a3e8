"""Names out of a dataset are text in every output, and a folder reads nothing beyond itself."""

import copy
import os
import re
import shutil
import subprocess

import pandas as pd
import pytest
import yaml
from helpers.lab_folders import csv_folder, frames
from helpers.other_design import CALCIUM, write_other_design
from helpers.small_dataset import write_small_dataset
from helpers.tables_without_figures import run_cells
from helpers.tiny_project import STEMS
from matplotlib import pyplot as plt
from openpyxl import load_workbook

import mgbone
from mgbone.execute import run
from mgbone.execute.cli import main
from mgbone.execute.policy import with_policy
from mgbone.execute.report import Layout, write_report
from mgbone.execute.workbook import write_workbook
from mgbone.figures import canvas
from mgbone.figures.save import save_figure
from mgbone.study.design import load_study
from mgbone.study.errors import MgboneError, StudyError
from mgbone.study.paths import write_table

TAG = "<img src=x onerror=document.title='ran'>"
MARKS = "![x](https://elsewhere.example/p.png) [y](javascript:void) $\\frac{1}{0}$ x_{ % **b** `c`"
FORMULAS = ["=1+1", "@SUM(A1)", "+1+cmd|' /C calc'!A0", "-cmd|x", "\t=1"]
PLAIN = ["-3.5", "+2e-3", "- ", "", "Il6", "-"]


def test_texts_in_csv_tables_are_no_formulas(tmp_path):
    table = pd.DataFrame({"gene": [*FORMULAS, *PLAIN], "estimate": -1.5, "on": True})
    write_table(table, tmp_path / "t.csv")
    found = pd.read_csv(tmp_path / "t.csv", keep_default_na=False)
    assert found["gene"].tolist() == [*(f"'{one}" for one in FORMULAS), *PLAIN]
    assert set(found["estimate"]) == {-1.5} and set(found["on"]) == {True}


def test_texts_in_workbooks_are_no_formulas(tmp_path):
    columns = pd.MultiIndex.from_tuples([("=1+1", "=A1"), ("b", "c")])
    table = pd.DataFrame([["=HYPERLINK(1)", "x"]], columns=columns, index=pd.Index(["=R"], name="=head"))
    write_workbook({"t": table}, tmp_path / "t.xlsx", ["=note"], "=stamp")
    cells = [cell for row in load_workbook(tmp_path / "t.xlsx")["t"].iter_rows() for cell in row]
    texts = {cell.value for cell in cells if cell.value}
    assert {"=1+1", "=A1", "=HYPERLINK(1)", "=R", "=head", "=note", "=stamp"} <= texts
    assert "f" not in {cell.data_type for cell in cells}


@pytest.mark.parametrize("name", ["=A1", "@x", "+1", "-1"])
def test_an_animal_is_not_named_as_a_formula(tmp_path, name):
    folder = csv_folder(tmp_path / "lab", ("animals", "serum"))
    for file in folder.glob("*.csv"):
        file.write_text(file.read_text().replace("e1-control-1", name))
    faults = mgbone.check_dataset(folder)
    assert [fault.partition(": ")[0].partition(", ")[0] for fault in faults] == ["animals.csv", "serum.csv"]
    assert all("take for a formula" in fault for fault in faults)


def test_signs_of_mathematics_are_drawn_as_they_are(tmp_path):
    figure, axes = canvas.new_figure(1, 1, title=MARKS, finding=TAG, note=[MARKS])
    axes[0, 0].set_xlabel("$x_{")
    save_figure(figure, tmp_path, "f")
    plt.close(figure)
    drawn = (tmp_path / "f.svg").read_text(encoding="utf-8")
    assert "<img" not in drawn and "&lt;img" in drawn


def test_a_page_may_run_its_own_script_and_fetch_nothing():
    page = with_policy("<html><head></head></html>", "\nalert(1)\n")
    # openssl: printf '\nalert(1)\n' | openssl dgst -sha256 -binary | base64
    assert "script-src 'sha256-J8+4/wmqNoqVGih0Xof49bzVEIwR8aHhR5HvZK1wlzY='" in page
    assert "default-src 'none'" in page and "script-src 'none'" in with_policy("<head></head>")
    with pytest.raises(MgboneError, match="no <head>"):
        with_policy("<p>")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="opens a page")
@pytest.mark.parametrize("safe", [True, False])
def test_the_browser_obeys_the_policy(tmp_path, safe):
    script = "document.body.append('own ' + document.title)"
    page = f"<html><head><title>t</title></head><body>{TAG}<script>{script}</script></body></html>"
    (tmp_path / "p.html").write_text(with_policy(page, script) if safe else page)
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", f"file://{tmp_path / 'p.html'}"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert "own t" in shown
    assert ("<title>ran" in shown) == (not safe)


def test_links_out_of_the_folder_are_refused(tmp_path):
    folder = csv_folder(tmp_path / "lab", ("animals", "serum"))
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "urine.csv").write_text("animal_id,ctx\n")
    (folder / "again.csv").symlink_to(folder / "serum.csv")
    assert mgbone.check_dataset(folder) == []  # a link within the folder is read as a file
    (folder / "urine.csv").symlink_to(tmp_path / "secret" / "urine.csv")
    (folder / "cel").symlink_to(tmp_path / "secret")
    (folder / "broken").symlink_to(folder / "gone")
    faults = mgbone.check_dataset(folder)
    assert [fault.partition(":")[0] for fault in faults] == ["broken", "cel", "urine.csv"]
    assert all("leads out of the folder" in fault for fault in faults)


@pytest.mark.parametrize("write", [csv_folder, write_small_dataset])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, write):
    folder = write(tmp_path / "lab")
    (folder / "serum.csv").unlink()
    os.mkfifo(folder / "serum.csv")
    (fault,) = mgbone.check_dataset(folder)
    assert fault.startswith("serum.csv: is neither a file nor a folder, but a pipe")


@pytest.mark.parametrize("name", ["../secret.gmt", "{outside}"])
def test_gene_sets_lie_beside_the_study_or_in_the_project(tmp_path, name):
    secret = tmp_path / "secret.gmt"
    secret.write_text("GO:1\tx\tIl6\n")
    (tmp_path / "lab").mkdir()
    study = {**CALCIUM, "gene_sets": name.format(outside=secret)}
    (tmp_path / "lab" / "study.yml").write_text(yaml.safe_dump(study, allow_unicode=True))
    with pytest.raises(StudyError, match="neither beside the study file nor in the project"):
        load_study(tmp_path / "lab" / "study.yml")


def test_a_terminal_is_not_told_what_to_do(tmp_path, capsys):
    folder = csv_folder(tmp_path / "la\x1b[31mb", ("animals",))
    main(["check", str(folder)])
    shown = capsys.readouterr().out
    assert "\x1b" not in shown and "\\x1b[31m" in shown


def hostile_dataset(folder):
    """Write mice whose groups, titles, arrays and genes are named by those who mean harm."""
    study = copy.deepcopy(CALCIUM)
    study["title"], study["title_ja"] = f"Mice {TAG} {MARKS}", f"マウス {TAG}"
    experiment = next(iter(study["experiments"].values()))
    experiment |= {"label": f"E {TAG} {MARKS}", "label_ja": f"実験 {TAG}"}
    for group, formula in zip(study["groups"].values(), FORMULAS, strict=False):
        group |= {"label": f"{formula.strip()} {TAG} {MARKS}", "label_ja": f"群 {formula.strip()} {TAG}"}
    write_other_design(folder, study)
    names = {one: f"m {one} {TAG} $x_{{" for one in pd.read_csv(folder / "animals.csv")["animal_id"]}
    for path in folder.glob("*.csv"):
        if path.stem in frames(("animals", "serum", "urine", "qct_slices")) or path.stem == "arrays":
            table = pd.read_csv(path)
            table["animal_id"] = table["animal_id"].map(names)
            table.to_csv(path, index=False)
    genes = pd.read_csv(folder / "expression.csv")
    genes["gene_symbol"] = genes["gene_symbol"].where(genes.index % 40 > 0, genes["gene_symbol"] + TAG)
    genes.to_csv(folder / "expression.csv", index=False)
    (folder / "datapackage.json").unlink()
    return folder


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of labels too long for a figure
def test_hostile_names_go_through_all_notebooks_and_the_report(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(run, "display", lambda *things: shown.extend(things))
    folder = hostile_dataset(tmp_path / "data" / "mice")
    places = tmp_path / "figures", tmp_path / "derived"
    for stem in sorted(STEMS):
        run_cells(stem, folder, *places, "en")
        plt.close("all")
    page, _ = write_report(Layout(folder, *places, tmp_path / "build", "en"))
    pages = [thing.data for thing in shown if hasattr(thing, "data") and isinstance(thing.data, str)]
    for text in [*pages, page.read_text(encoding="utf-8")]:
        assert TAG not in text
    assert not re.search(r'(?:href|src)="(?:https?:|javascript:)', page.read_text(encoding="utf-8"))
    for path in (tmp_path / "derived").rglob("*.xlsx"):
        book = load_workbook(path)
        assert "f" not in {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
