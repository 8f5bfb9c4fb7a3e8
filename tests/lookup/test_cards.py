"""Look-ups: what a name finds, and that what is shown is what the tables hold, to the last digit."""

import json
import os
import re
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from helpers.explored_run import HOSTILE, explored_run
from helpers.languages import speak
from helpers.small_run import texts

import mgbone as mg
from mgbone.execute.cli import main
from mgbone.lookup.card import Card
from mgbone.lookup.content import _row, genes_and_statements
from mgbone.lookup.finding import find
from mgbone.lookup.tables import find_tables
from mgbone.study import naming
from mgbone.study.errors import MgboneError
from mgbone.study.language import use_language


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield explored_run(tmp_path_factory.mktemp("explored"), monkeypatch, n_genes=3000)


@pytest.fixture(scope="module")
def folders(run):
    names = ("figures_folder", "derived_folder", "build_folder")
    return {"dataset": run.dataset, **{name: getattr(run, name) for name in names}}


def told(run):
    return ["--dataset", str(run.dataset), "--derived", str(run.derived_folder),
            "--figures", str(run.figures_folder), "--build", str(run.build_folder)]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["Bglap", "bglap", "Osteocalcin", "OC", "骨Gla蛋白", "オステオカルシン", "ＢＧＰ"]
)
def test_a_gene_and_its_protein_in_serum_are_found_by_every_name(run, name):
    found = find(name, run)
    things = set(zip(found["kind"], found["name"], strict=True))
    assert ("gene", "Bglap") in things
    assert name.lower() == "bglap" or ("endpoint", "serum_osteocalcin") in things
    assert set(found["match"]) == {"exact"}


@pytest.mark.parametrize(
    ("query", "kind", "name"),
    [("serum_mg", "endpoint", "serum_mg"), ("血清Mg濃度", "endpoint", "serum_mg"),
     ("4-1-2-20", "claim", "4-1-2-20"),
     ("GO:0030282", "term", "GO:0030282"), ("Bone mineralization", "term", "GO:0030282")],
)  # fmt: skip
def test_endpoints_statements_and_terms_are_found(run, query, kind, name):
    assert find(query, run, kind)[["kind", "name", "match"]].to_numpy().tolist() == [[kind, name, "exact"]]


def test_a_misspelt_name_gets_the_nearest_ones(folders):
    with pytest.raises(MgboneError, match=r"There is no gene 'Bglp'\. Nearest: .*Bglap"):
        mg.gene("Bglp", **folders)
    with pytest.raises(MgboneError, match="There is something else of this name: serum_mg"):
        mg.gene("serum_mg", **folders)
    with pytest.raises(MgboneError, match=r"no statement 'qqqqqqqqq', and none of a name like it"):
        mg.claim("qqqqqqqqq", **folders)


def test_without_tables_it_says_what_to_run(tmp_path):
    with pytest.raises(MgboneError, match=r"no table evidence\.csv yet.*make all DATASET=data/simulated"):
        mg.gene("Bglap", derived_folder=tmp_path)


def same(shown, path, **where):
    """Whether a table holds the rows of a file: each number, written as the file writes it, is its text."""
    rows = texts(path)
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(shown) == len(rows) > 0
    for column in shown.columns:
        for value, text in zip(shown[column], rows[column], strict=True):
            assert (
                (text == "")
                if pd.isna(value)
                else text in (str(value), f"{value:.8g}" if isinstance(value, float) else "")
            ), column


def test_a_gene_is_that_of_the_tables_to_the_last_digit(run, folders):
    card = mg.gene("OC", **folders)
    same(card.table, run.derived / "differential_expression.csv", gene="Bglap")
    expression = texts(run.derived / "expression.csv").set_index("gene").loc["Bglap"]
    animals = card.tables["Every animal (log2 expression)"]
    assert [f"{value:.8g}" for value in animals["value"]] == expression.tolist()
    same(card.tables["On the chip"], run.derived / "genes_on_chip.csv", gene="Bglap")
    assert json.loads(card.to_json())["chip"][0]["place"] == "chr8:100-250 (+)"
    assert "0.432" in str(card)
    assert "Bone metabolism" in card.facts["Themes of the report"]
    assert "GO:0030282" in set(card.tables["GO terms"]["term"])


def test_an_endpoint_is_that_of_the_tables_to_the_last_digit(run, folders):
    card = mg.endpoint("serum Mg", **folders)
    same(card.table, run.derived / "evidence.csv", endpoint="serum_mg")
    same(card.tables["Every animal"], run.derived / "measurements_biochem.csv", endpoint="serum_mg")
    assert list(card.tables["Other tests"].columns)[2:] == ["p_tukey_kramer", "p_games_howell"]


def test_a_statement_is_that_of_the_tables_to_the_last_digit(run, folders):
    card = mg.claim("4-1-1-02", **folders)
    same(card.table, run.derived / "verdicts.csv", claim_id="4-1-1-02")
    assert card.facts["English"].startswith("Serum Mg")
    assert "血清Mg" in card.facts["Japanese"]
    assert card.facts["Found again in a new cohort"].endswith("; 12 animals a group for 80 %")
    assert card.facts["Severity of the test"] == "0.995"
    assert card.facts["The same in other analyses"] == "60 %; all against permuted labels: p = 0.014"
    assert card.facts["To draw other analyses"] == 'mgbone.certainty.curve("4-1-1-02")'
    of_another_verdict = mg.claim("4-1-1-03", **folders)
    assert of_another_verdict.tables["Certainty"].empty
    names = list(card.facts)
    of_certainty = names[names.index("Found again in a new cohort") : names.index("Absence")]
    assert [of_another_verdict.facts[name] for name in of_certainty] == ["", "", "", ""]
    files = card.tables["Files"]
    assert files["sha256"].str.fullmatch(r"[0-9a-f]{64}").all()
    assert {"verdicts.csv", "01_minerals.png", "serum.csv"} <= {f.rsplit("/", 1)[-1] for f in files["file"]}


def test_the_explorer_has_the_certainty_of_a_statement_unless_of_another_verdict(run):
    rows = {row["id"]: row for row in genes_and_statements(run)["claims"]}
    said = {name: [rows[name][key] for key in ("again", "severity", "share")] for name in rows}
    assert said["4-1-1-02"] == [35, 0.995, 60]
    assert said["4-1-1-03"] == [None] * 3


def test_programs_get_the_certainty_of_a_statement_as_numbers(run, capsys):
    assert main(["claim", "4-1-2-04", "--json", *told(run)]) == 0
    (row,) = json.loads(capsys.readouterr().out)["certainty"]
    numbers = {name: row[name] for name in ("p_shrunken", "severity", "share_of_specifications", "joint_p")}
    assert numbers == {
        "p_shrunken": 0.3481, "severity": 0.9951, "share_of_specifications": 0.6, "joint_p": 0.014
    }  # fmt: skip
    assert row["n80"] == "inf"  # of a trend no number of animals is enough; that is not missing


def test_infinite_numbers_go_out_as_json_knows_them():
    table = pd.DataFrame({"low": [-np.inf, 1.5], "high": [np.inf, np.nan]})
    card = Card("gene", "A", "A", {}, {"Changes": table}, ("changes",), None)
    rows = json.loads(card.to_json(), parse_constant=pytest.fail)["changes"]
    assert rows == [{"low": "-inf", "high": "inf"}, {"low": 1.5, "high": None}]
    assert _row([*table["low"], *table["high"], "a"]) == [None, 1.5, None, None, "a"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"domain": "biochem", "value": "", "verdict": "reproduced"}, "2.86 %"),
        ({"domain": "biochem", "value": "0.8", "verdict": "reproduced"}, "at most 2.86 %"),
        ({"domain": "biochem", "value": 0.8, "verdict": "contradicted"}, "2.86 %"),
        ({"domain": "biochem", "value": 0.8, "verdict": "direction_only"}, "at least 2.86 %"),
        ({"domain": "microarray", "level": "separated", "verdict": "reproduced"}, "at most 2.86 %"),
        ({"domain": "microarray", "level": "mixed", "verdict": "reproduced"}, "at least 2.86 %"),
        ({"domain": "microarray", "level": "mixed", "verdict": "contradicted"}, "at most 2.86 %"),
    ],
)
def test_a_chance_that_theory_only_limits_is_told_as_a_limit(row, said):
    assert naming.chance_in_words({"p_without_effect": "0.0285714", **row}) == said
    assert naming.chance_in_words({"p_without_effect": "", **row}) == ""


def test_a_term_has_its_lists_and_genes(run, folders):
    card = mg.term("GO:0030282", **folders)
    assert card.table["p"].tolist() == [0.012345679]
    assert {"Bglap", "Alpl"} <= set(card.tables["Its genes"]["gene"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "look", [("gene", "Bglap"), ("endpoint", "serum_mg"), ("claim", "4-1-1-02"), ("term", "GO:0030282")]
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_card_shows_picture_tables_and_stamp_in_the_language_in_use(run, folders, look, language):
    use_language(language)
    card = getattr(mg, look[0])(look[1], **folders)
    stamp = speak(language, lambda: run.stamp)
    assert stamp in [text.get_text() for text in card.figure.texts if text.get_gid() == "stamp"]
    html = card._repr_mimebundle_()["text/html"]
    assert "data:image/png;base64," in html
    assert stamp in html
    assert "nan" not in str(card).split()
    data = json.loads(card.to_json())
    assert data["kind"] == look[0]
    assert data["data"] == stamp


def test_hostile_names_are_text(folders):
    html = mg.gene(HOSTILE, **folders)._repr_html_()
    assert HOSTILE not in html
    assert "&lt;img" in html


@pytest.mark.parametrize(("language", "word"), [("en", "Gene Bglap"), ("ja", "遺伝子 Bglap")])
def test_the_command_line_says_the_same(run, capsys, language, word):
    assert main(["gene", "OC", "--language", language, *told(run)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(word)
    assert main(["gene", "OC", "--json", "--language", language, *told(run)]) == 0
    row = json.loads(capsys.readouterr().out)["changes"][0]
    table = texts(run.derived / "differential_expression.csv")
    assert f"{row['p']:.8g}" == table.loc[table["gene"] == "Bglap", "p"].iloc[0]


@pytest.mark.parametrize("look", [("endpoint", "serum_mg"), ("claim", "4-1-1-02"), ("term", "GO:0030282")])
def test_each_look_up_has_a_command(run, capsys, look):
    assert main([*look, "--json", *told(run)]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == look[1]


def test_a_misspelt_name_on_the_command_line_is_one_line(run, capsys):
    assert main(["gene", "Bglp", *told(run)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize(("language", "word"), [("en", "Open the explorer"), ("ja", "エクスプローラー")])
def test_the_explorer_stands_beside_a_notebook_as_link_and_frame(
    run, folders, monkeypatch, language, word, tmp_path
):
    """Relative to the notebook, as JupyterLab wants it; written once, and again when the tables are newer."""
    use_language(language)
    build = tmp_path / "研究 1"
    monkeypatch.chdir(tmp_path)
    html = mg.explore(**folders | {"build_folder": build}).data
    assert word in html
    (page,) = build.rglob("explorer.html")
    addresses = re.findall(r'(?:href|src)="([^"]+)"', html)
    assert [(tmp_path / unquote(address)).resolve() for address in addresses] == [page.resolve()] * 2
    made = page.stat().st_mtime_ns
    mg.explore(**folders | {"build_folder": build})
    assert page.stat().st_mtime_ns == made
    renewed(run.derived / "expression.csv", made + 1)
    mg.explore(**folders | {"build_folder": build})
    assert page.stat().st_mtime_ns > made


def renewed(path, when):
    """Date a file as if it had been written at a time, in nanoseconds."""
    os.utime(path, ns=(when, when))


def test_tables_are_read_anew_once_any_of_them_is_newer(run, folders):
    first = find_tables(**folders)
    assert find_tables(**folders) is first
    renewed(run.derived / "certainty.csv", first.made + 1)
    assert find_tables(**folders) is not first
