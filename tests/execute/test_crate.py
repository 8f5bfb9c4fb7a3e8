"""The run as a research object: read back, each file there with its checksum, each output with its maker."""

import hashlib
import json
import os
import shutil
from urllib.parse import unquote

import pytest
from helpers import ROOT
from helpers.small_run import small_run, texts
from rocrate.rocrate import ROCrate

from mgbone.execute.report import provenance
from mgbone.execute.report.crate import CONTEXT, PROFILE, write_crate
from mgbone.execute.report.page import write_page
from mgbone.execute.report.provenance import Layout
from mgbone.study.errors import MgboneError


@pytest.fixture(scope="module", params=["simulated", "measured"])
def layout(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        found = small_run(tmp_path_factory.mktemp("run"), request.param, "en", monkeypatch)
    write_page(found, found.build / "report.html")
    for stem in found.notebooks:
        (found.build / f"{stem}.ipynb").write_text('{"cells": []}')
    return found


@pytest.fixture(scope="module")
def folder(layout):
    return write_crate(layout, layout.build / "report.html", layout.build / "crate")


@pytest.fixture(scope="module")
def crate(folder):
    return ROCrate(folder)


@pytest.fixture(scope="module")
def graph(folder):
    raw = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert raw["@context"] == ["https://w3id.org/ro/crate/1.1/context", CONTEXT]
    return {entity["@id"]: entity for entity in raw["@graph"]}


def kinds(entity):
    return set(entity["@type"] if isinstance(entity["@type"], list) else [entity["@type"]])


def named(value):
    """Return the ids that a property points to."""
    values = value if isinstance(value, list) else [value]
    return [one["@id"] for one in values if isinstance(one, dict)]


def files(graph):
    return {name: entity for name, entity in graph.items() if "File" in kinds(entity)}


def actions(graph):
    return {name: entity for name, entity in graph.items() if "CreateAction" in kinds(entity)}


def test_it_says_what_it_is(crate, graph, layout):
    root = graph["./"]
    assert graph["ro-crate-metadata.json"]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert named(root["conformsTo"]) == [PROFILE]
    assert graph[PROFILE]["name"] == "Process Run Crate"
    assert {"name", "description", "datePublished", "license", "author", "hasPart", "mentions"} <= set(root)
    assert root["datePublished"] == provenance.day_of_publication(layout.data_files)
    authors = [graph[author]["name"] for author in named(root["author"])]
    assert authors == [author["name"] for author in provenance.citation()["authors"]]
    assert crate.mainEntity.id == f"build/{layout.name}/report.html"


def test_every_file_is_there_with_its_size_and_checksum(crate, graph, folder):
    described = files(graph)
    assert len(described) > 30
    for name, entity in described.items():
        data = (folder / unquote(name)).read_bytes()
        assert entity["sha256"] == hashlib.sha256(data).hexdigest(), name
        assert entity["contentSize"] == str(len(data)), name
        assert entity["encodingFormat"]
        assert crate.get(name) is not None
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert there == {unquote(name) for name in described} | {"ro-crate-metadata.json"}


def test_what_is_pointed_to_is_described(graph):
    for entity in graph.values():
        for key, value in entity.items():
            for target in named(value):
                assert target in graph or target.startswith("https://w3id.org/ro/crate/"), (
                    entity["@id"],
                    key,
                )


def test_everything_is_part_of_the_whole(graph):
    parts = set(named(graph["./"]["hasPart"]))
    assert set(files(graph)) <= parts
    assert set(actions(graph)) | set(reviews(graph)) == set(named(graph["./"]["mentions"]))


def reviews(graph):
    return {name: entity for name, entity in graph.items() if "ClaimReview" in kinds(entity)}


def test_every_verdict_is_a_review_of_a_claim(graph, layout):
    verdicts = texts(layout.derived / "verdicts.csv")
    assert len(reviews(graph)) == len(verdicts) == 87
    for row in verdicts.to_dict("records"):
        review = graph[f"#review-{row['claim_id']}"]
        claim, rating = graph[review["itemReviewed"]["@id"]], graph[review["reviewRating"]["@id"]]
        assert claim["@type"] == "Claim"
        assert claim["text"] == review["claimReviewed"] == row["statement_en"]
        assert rating["alternateName"] == row["verdict"].replace("_", " ")
        stars = {"contradicted": 1, "direction_only": 2, "reproduced": 3}
        assert rating.get("ratingValue") == stars.get(row["verdict"])
        assert f"data/derived/{layout.name}/verdicts.csv" in named(review["isBasedOn"])
        assert ("simulated" in review["name"]) == layout.is_simulated


def test_each_figure_and_table_is_made_by_one_notebook(graph, layout):
    made = [target for action in actions(graph).values() for target in named(action["result"])]
    assert len(made) == len(set(made))
    name = layout.name
    first, last = (graph[f"#run-{stem}"] for stem in ("01_biochem", "04_integration"))
    assert named(first["instrument"]) == ["notebooks/01_biochem.ipynb"]
    assert "SoftwareSourceCode" in kinds(graph["notebooks/01_biochem.ipynb"])
    assert {f"figures/{name}/01_minerals.svg", f"data/derived/{name}/evidence_biochem.csv",
            f"build/{name}/01_biochem.ipynb"} <= set(named(first["result"]))  # fmt: skip
    assert {f"figures/{name}/04_per_dose.png", f"data/derived/{name}/verdicts.csv"} <= set(
        named(last["result"])
    )
    figures = {n for n in files(graph) if n.startswith("figures/")}
    assert len(figures) == 6
    assert figures <= set(made)


def test_a_notebook_rests_on_what_it_read(graph, layout):
    data = f"data/{layout.name}"
    first, last = (set(named(graph[f"#run-{stem}"]["object"])) for stem in ("01_biochem", "04_integration"))
    assert {f"{data}/{table}.csv" for table in ("animals", "serum", "urine")} <= first
    assert not {f"{data}/qct_slices.csv", f"{data}/arrays.csv"} & first
    assert f"data/derived/{layout.name}/evidence_biochem.csv" in last
    assert not [name for name in last if name.startswith(f"{data}/")]
    for used in (first, last):
        assert {"data/study.yml", "data/report/claims.csv", "#parameter-language"} <= used
    assert graph["#parameter-dataset"]["value"] == data
    report = graph["#run-report"]
    assert {f"data/derived/{layout.name}/evidence.csv", f"figures/{layout.name}/01_minerals.svg"} <= set(
        named(report["object"])
    )
    assert named(report["result"]) == [f"build/{layout.name}/report.html"]


@pytest.mark.parametrize(
    ("part", "inside"),
    [
        ("biochem", {"animals.csv", "serum.csv", "urine.csv"}),
        ("qct", {"animals.csv", "qct_slices.csv"}),
        ("microarray", {"animals.csv", "arrays.csv", "platform/Chip.pgf"}),
        ("integration", set()),
    ],
)
def test_what_a_part_rests_on_is_known_from_the_dictionary(layout, part, inside):
    found = {file.name.split("/", 2)[2] for file in layout.raw_files_of(part)}
    assert {name for name in found if not name.startswith("cel/")} == inside
    assert any(name.startswith("cel/") for name in found) == (part == "microarray")


def test_simulated_data_say_so_and_how_they_were_drawn(graph, folder, layout):
    dataset = graph[f"data/{layout.name}/"]
    text = (folder / "ro-crate-metadata.json").read_text(encoding="utf-8")
    if layout.is_simulated:
        assert dataset["description"].startswith("Simulated")
        assert "simulated" in graph["./"]["name"]
        assert named(graph["#draw-data"]["result"]) == [dataset["@id"]]
        assert graph["#seed"]["value"] == str(layout.descriptor.seed)
        figures = [e["name"] for name, e in files(graph).items() if name.startswith("figures/")]
        assert all("simulated" in name for name in figures)
    else:
        told = json.loads(text)["@graph"]
        own = json.dumps([entity for entity in told if entity["@id"] != "#mgbone"])
        assert "simulat" not in own.lower()


def test_software_is_named_with_versions(graph):
    software = graph["#mgbone"]
    assert software["version"] == provenance.project_version()
    needed = {
        graph[name]["name"]: graph[name]["softwareVersion"]
        for name in named(software["softwareRequirements"])
    }
    assert needed == {package.name: package.version for package in provenance.packages()}
    assert graph["#python"]["version"] == provenance.python_version()
    state = provenance.commit()
    assert software.get("identifier") == (state.id if state else None)


def test_it_names_no_folder_of_this_machine(folder, layout):
    text = (folder / "ro-crate-metadata.json").read_text(encoding="utf-8")
    assert str(layout.data.parents[1]) not in text
    assert str(ROOT) not in text


def test_the_same_run_gives_the_same_bytes_in_place_of_the_old_ones(folder, layout):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / "left over.txt").write_text("of an earlier run")
    write_crate(layout, layout.build / "report.html", folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.slow
def test_files_with_blanks_and_japanese_names_are_found_again(tmp_path, layout, monkeypatch):
    lab = small_run(tmp_path / "研究室 1", "measured", "ja", monkeypatch)
    (lab.data / "測定 ノート.txt").write_text("気温 22 °C", encoding="utf-8")
    write_page(lab, lab.build / "report.html")
    folder = write_crate(lab, lab.build / "report.html", lab.build / "crate")
    assert (folder / "data" / lab.name / "測定 ノート.txt").read_text(encoding="utf-8") == "気温 22 °C"
    read = ROCrate(folder)
    names = [unquote(entity.id) for entity in read.data_entities]
    assert f"data/{lab.name}/測定 ノート.txt" in names


def test_without_a_run_there_is_one_sentence(tmp_path, layout):
    empty = Layout(layout.data, tmp_path / "f", tmp_path / "d", tmp_path / "b")
    with pytest.raises(MgboneError, match="Nothing has run"):
        write_crate(empty, layout.build / "report.html", tmp_path / "crate")
    assert not (tmp_path / "crate").exists()


def test_what_a_killed_report_left_is_removed(layout, folder):
    """But not what another run may be writing at the same time."""
    old, new = (folder.parent / f".crate-{name}" for name in ("old", "new"))
    for left in (old, new):
        left.mkdir()
        (left / "part").write_bytes(b"x")
    os.utime(old, (1, 1))
    write_crate(layout, layout.build / "report.html", folder.parent / "crate")
    assert not old.exists() and new.exists()
    shutil.rmtree(new)
