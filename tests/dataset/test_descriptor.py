"""datapackage.json: what is wrong in it or with the files that it names, and writing it."""

import hashlib
import json
import shutil
import warnings

import pytest
from helpers.small_dataset import describe, tables, write_small_dataset
from helpers.spoiling import after, assert_refused, cell, contents, descriptor, resource

import mgbone
from mgbone.dataset.descriptor import write_datapackage
from mgbone.study.dictionary import OPTIONAL, TABLES
from mgbone.study.errors import MgboneError

# --- what is bad -------------------------------------------------------------------------------------

# What is done to the small dataset, and for each fault that must be named, in order, the pieces of its line.
# The first piece is where the line begins.
BAD = {
    # the folder and its descriptor
    "no descriptor": (
        after(lambda folder: [path.unlink() for path in folder.glob("*.*")]),
        [["datapackage.json: the file is missing.", "is this the right folder?"]],
    ),
    "descriptor not JSON": (
        after(contents("datapackage.json", b'{"kind": "simulated",\n "seed": 1,,}')),
        [["datapackage.json: is not valid JSON", "line 2, character 12", "comma"]],
    ),
    "descriptor not UTF-8": (
        after(contents("datapackage.json", '{"title": "血清"}'.encode("cp932"))),
        [["datapackage.json: is not UTF-8 text (byte 12)", "encoding UTF-8"]],
    ),
    "descriptor a list": (
        after(contents("datapackage.json", b"[1, 2]")),
        [["datapackage.json: holds no JSON object"]],
    ),
    "descriptor nested without end": (
        after(contents("datapackage.json", b"[" * 100_000)),
        [["datapackage.json: is not valid JSON: it is nested without end"]],
    ),
    "no kind": (
        descriptor(lambda raw: raw.pop("kind") and None),
        [["datapackage.json: kind is None", '"kind": "simulated" or "kind": "measured"']],
    ),
    "no seed": (
        descriptor(lambda raw: raw.pop("seed") and None),
        [["datapackage.json: seed is None", "from git", "mgbone.simulate --rewrite`"]],
    ),
    "no resources": (
        descriptor(lambda raw: {**raw, "kind": "measured", "resources": "all"}),
        [["datapackage.json: lists no resources"]]
        + [
            [f"datapackage.json: does not list {name}.csv, which lies in the folder"]
            for name in TABLES
            if name not in OPTIONAL
        ],
    ),
    "resource without path": (
        descriptor(lambda raw: raw["resources"].append({"name": "other"})),
        [["datapackage.json: resource 11 has no path"]],
    ),
    "resource outside": (
        descriptor(lambda raw: raw["resources"].append({"name": "other", "path": "../x.csv", "hash": "0"})),
        [["datapackage.json: resource 11 has the path '../x.csv', which is none within the folder"]],
    ),
    "resource of a name longer than file systems allow": (
        descriptor(lambda raw: raw["resources"].append({"name": "other", "path": "a" * 300, "hash": "0"})),
        [["datapackage.json: resource 11 has the path 'aaa", "which is none within the folder"]],
    ),
    "resource of a path that no file can have": (
        descriptor(
            lambda raw: raw["resources"].append({"name": "other", "path": "a/" * 600 + "a", "hash": "0"})
        ),
        [["datapackage.json: resource 11 has the path 'a/a/a", "which is none within the folder"]],
    ),
    "resource with a zero byte in its path": (
        descriptor(lambda raw: resource(raw, "serum").update(path="serum\0.csv")),
        [
            ["datapackage.json: resource 2 has the path 'serum\\x00.csv', which is none within the folder"],
            ["datapackage.json: does not list serum.csv"],
        ],
    ),
    "descriptor with an endless number": (
        after(contents("datapackage.json", b'{"seed": ' + b"9" * 5000 + b"}")),
        [["datapackage.json: is not valid JSON (", "Write it anew."]],
    ),
    "resource twice": (
        descriptor(lambda raw: raw["resources"].append(dict(resource(raw, "serum"), name="again"))),
        [["datapackage.json: serum.csv is listed twice", "Delete one"]],
    ),
    "no hash": (
        descriptor(lambda raw: resource(raw, "serum").pop("hash") and None),
        [["datapackage.json: serum.csv has no hash", "from git", "mgbone.simulate --rewrite`"]],
    ),
    "hash of another kind": (
        descriptor(lambda raw: resource(raw, "serum").update(hash="md5:d41d8cd98f00b204e9800998ecf8427e")),
        [["datapackage.json: the hash of serum.csv is 'md5:d41d", "not a SHA-256", "64 hexadecimal digits"]],
    ),
    "hash too short": (
        descriptor(lambda raw: resource(raw, "serum").update(hash="sha256:d41d")),
        [
            [
                "datapackage.json: the hash of serum.csv is 'sha256:d41d', not a SHA-256",
                "64 hexadecimal digits",
            ]
        ],
    ),
    "other unit in the schema": (
        descriptor(lambda raw: resource(raw, "serum")["schema"]["fields"][1].update(unit="mmol/L")),
        [["datapackage.json: gives serum.serum_mg the unit 'mmol/L', but it is 'mg/dL'", "Convert"]],
    ),
    "table not listed": (
        descriptor(lambda raw: raw["resources"].remove(resource(raw, "urine"))),
        [["datapackage.json: does not list urine.csv, which lies in the folder", '"path": "urine.csv"']],
    ),
    "table missing": (
        lambda folder: (folder / "urine.csv").unlink(),
        [["datapackage.json: the table urine is missing", "Add urine.csv"]],
    ),
    "file missing": (
        after(lambda folder: (folder / "urine.csv").unlink()),
        [["urine.csv: the file is missing. Run `make data`"]],
    ),
    "study file broken": (
        lambda folder: (folder / "study.yml").write_text("groups: {a: 1}\n"),
        [
            ["study.yml, line 1: lacks the entry experiments"],
            ["study.yml, line 1, groups.a: found 1, allowed is"],
        ],
    ),
    # checksums
    "wrong checksum": (
        after(cell("serum.csv", 2, "serum_mg", "1.999")),
        [
            [
                "serum.csv: the checksum is wrong: expected sha256 ",
                "found ",
                "`make data` to write it anew",
                "if a change of the generator is intended, run `python -m mgbone.simulate --rewrite`",
            ]
        ],
    ),
    "line endings": (
        after(contents("serum.csv", tables()["serum"].to_csv(index=False, lineterminator="\r\n").encode())),
        [["serum.csv: its line endings were changed to CRLF", "core.autocrlf false"]],
    ),
    "wrong checksum of a library file": (
        after(contents("platform/Chip.pgf", b"other")),
        [["platform/Chip.pgf: the checksum is wrong", "(5 bytes, described: 26)"]],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_descriptor_is_refused_and_says_where_and_what_to_do(folder, case):
    assert_refused(folder, *BAD[case])


@pytest.mark.slow
@pytest.mark.parametrize("value", [None, [], {"a": []}, "\0", "é\ud800", 10**30], ids=repr)
def test_no_value_in_the_descriptor_gives_a_traceback(folder, value):
    path = folder / "datapackage.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    places = [(key,) for key in whole]
    check_with(value, places, whole, folder)
    # For what is said of one table, two tables are enough; of measured data, since simulated ones need all.
    for name in ("urine", "qct_slices", "arrays"):
        (folder / f"{name}.csv").unlink()
    for part in ("cel", "platform"):
        shutil.rmtree(folder / part)
    describe(folder, "measured")
    assert mgbone.check_dataset(folder) == []
    whole = json.loads(path.read_text(encoding="utf-8"))
    places = [("resources", 1, key) for key in whole["resources"][1]]
    places += [("resources", 1, "schema", "fields"), ("resources", 1, "schema", "fields", 1)]
    places += [("resources", 1, "schema", "fields", 1, key) for key in ("name", "unit", "type")]
    check_with(value, places, whole, folder)


def check_with(value, places, whole, folder):
    """Put a value into one place of the descriptor after another."""
    path = folder / "datapackage.json"
    for place in places:
        raw = json.loads(json.dumps(whole))
        inside = raw
        for key in place[:-1]:
            inside = inside[key]
        inside[place[-1]] = value
        path.write_text(json.dumps(raw))
        for fault in mgbone.check_dataset(folder):
            fault.encode("utf-8")


# --- writing it --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_descriptor_is_valid_frictionless_and_tells_the_files(folder):
    # frictionless' own dependencies warn on import; that is theirs, not the descriptor's
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from frictionless import Package
    raw = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert list(Package.metadata_validate(raw)) == []
    report = Package.from_descriptor(raw, basepath=str(folder)).validate()
    assert report.valid, report.flatten(["type", "note"])
    held = [f"{name}.csv" for name in TABLES if name != "balance"]  # which is optional
    assert [entry["path"] for entry in raw["resources"]][: len(held)] == held
    for entry in raw["resources"]:
        data = (folder / entry["path"]).read_bytes()
        assert (entry["bytes"], entry["hash"]) == (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
    assert raw["kind"] == "simulated" and raw["seed"] == 1 and raw["licenses"][0]["name"] == "CC0-1.0"


def test_frictionless_too_rejects_a_spoilt_table(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from frictionless import Package
    cell("serum.csv", 7, "serum_ca", "-10.2")(folder)
    describe(folder)
    raw = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    report = Package.from_descriptor(raw, basepath=str(folder)).validate()
    assert report.flatten(["rowNumber", "fieldName", "type"]) == [[7, "serum_ca", "constraint-error"]]


def test_the_same_folder_gives_the_same_descriptor(folder, tmp_path):
    first = (folder / "datapackage.json").read_bytes()
    describe(folder)
    assert (folder / "datapackage.json").read_bytes() == first
    other = write_small_dataset(tmp_path / "elsewhere" / "small")
    assert (other / "datapackage.json").read_bytes() == first


def test_groups_of_the_study_become_allowed_values(folder, study):
    groups = {name: experiment.groups for name, experiment in study.experiments.items()}
    write_datapackage(folder, "simulated", "With groups", seed=2, groups=groups)
    raw = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    fields = {entry["name"]: entry for entry in resource(raw, "animals")["schema"]["fields"]}
    assert fields["experiment"]["constraints"]["enum"] == ["exp1", "exp2"]
    assert fields["group"]["constraints"]["enum"] == ["control", "pairfed", "mg001", "mg004", "mg002"]
    assert mgbone.check_dataset(folder) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "real", "title": "x"}, "'real' is not known; choose simulated or measured"),
        ({"kind": "simulated", "title": "x"}, "must name the seed"),
    ],
)
def test_a_descriptor_that_would_be_refused_is_not_written(folder, arguments, message):
    before = (folder / "datapackage.json").read_bytes()
    with pytest.raises(MgboneError, match=message):
        write_datapackage(folder, **arguments)
    assert (folder / "datapackage.json").read_bytes() == before


def test_a_folder_without_tables_gets_no_descriptor(tmp_path):
    with pytest.raises(MgboneError, match="holds none of the tables animals, serum"):
        write_datapackage(tmp_path, "measured", "x")
    assert list(tmp_path.iterdir()) == []
