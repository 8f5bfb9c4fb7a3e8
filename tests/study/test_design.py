"""The study file says what the report says, and a broken one is refused with a sentence."""

import re
import subprocess
import sys
from copy import deepcopy

import numpy as np
import pytest
import yaml

from mgbone.microarray.genesets import load_gene_sets
from mgbone.study.design import load_study
from mgbone.study.dictionary import domain_of, endpoints
from mgbone.study.errors import StudyError
from mgbone.study.paths import project_root


def decision(raw, name):
    return next(one for one in raw["multiverse"] if one["id"] == name)


@pytest.fixture
def raw():
    return yaml.safe_load((project_root() / "data" / "study.yml").read_text(encoding="utf-8"))


def write(tmp_path, raw):
    path = tmp_path / "study.yml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    return path


def test_design_of_the_report():
    study = load_study()
    doses = {name: group.dietary_mg_percent for name, group in study.groups.items()}
    assert doses == {"control": 0.05, "pairfed": 0.05, "mg004": 0.04, "mg002": 0.02, "mg001": 0.01}
    assert [c.name for c in study.experiments["exp1"].contrasts] == [
        "mg001_vs_pairfed", "mg001_vs_control", "pairfed_vs_control",
    ]  # fmt: skip
    assert [c.name for c in study.experiments["exp2"].contrasts] == [
        "mg004_vs_control", "mg002_vs_control", "mg002_vs_mg004",
    ]  # fmt: skip
    assert study.experiments["exp1"].array_groups == ("pairfed", "mg001")
    assert [c.case for c in study.dose_order] == ["mg004", "mg002", "mg001"]


def test_regions_cover_the_femur_without_overlap():
    regions = load_study().regions
    assert regions["distal"][0] == 0 and regions["proximal"][1] == 1 and regions["full"] == (0, 1)
    assert regions["distal"][1] == regions["mid"][0] and regions["mid"][1] == regions["proximal"][0]


def test_every_assumption_has_its_reason():
    table = load_study().assumption_table()
    assert table["id"].is_unique
    assert (table[["decision", "reason"]].map(lambda text: len(text.strip())) > 15).all(axis=None)


BROKEN = {
    "groups missing": (lambda r: r.pop("groups"), ["lacks the entry groups"]),
    "unknown group": (
        lambda r: r["experiments"]["exp1"]["groups"].append("mg003"),
        ["names the group 'mg003'"],
    ),
    "no contrast": (
        lambda r: r["experiments"]["exp2"]["contrasts"].append("mg004_control"),
        ["allowed is case_vs_reference"],
    ),
    "a group against itself": (
        lambda r: r["experiments"]["exp2"]["contrasts"].append("control_vs_control"),
        ["'control_vs_control' is none of two groups"],
    ),
    "both ways": (
        lambda r: r["experiments"]["exp2"]["contrasts"].append("control_vs_mg004"),
        ["control_vs_mg004 stands the other way round"],
    ),
    "group twice": (
        lambda r: r["experiments"]["exp2"]["groups"].append("control"),
        ["experiments.exp2.groups: found [", "each entry once"],
    ),
    "misspelt key": (
        lambda r: r["experiments"]["exp2"].update(contrast=["mg004_vs_control"]),
        ["experiments.exp2.contrast: is not known here"],
    ),
    "significant above 1": (
        lambda r: r["thresholds"].update(significant=5),
        ["found 5, allowed is a number"],
    ),
    "significant as text": (lambda r: r["thresholds"].update(significant="5 %"), ["found '5 %', allowed is"]),
    "significant negative": (lambda r: r["thresholds"].update(significant=-0.05), ["found -0.05, allowed"]),
    "significant NaN": (
        lambda r: r["thresholds"].update(significant=float("nan")),
        ["thresholds.significant: found '.nan', which is no plain number"],
    ),
    "region NaN": (
        lambda r: r["regions"].update(mid=[0.3, float("nan")]),
        ["regions.mid.1: found '.nan', which is no plain number"],
    ),
    "trend below significant": (
        lambda r: r["thresholds"].update(trend=0.01),
        ["found 0.01, below significant"],
    ),
    "unknown threshold": (
        lambda r: r["thresholds"].update(significnt=0.05),
        ["significnt: is not known here"],
    ),
    "region of one number": (
        lambda r: r["regions"].update(mid=[0.3]),
        ["regions.mid: found [0.3], allowed is two"],
    ),
    "region reversed": (
        lambda r: r["regions"].update(mid=[0.6, 0.4]),
        ["found [0.6, 0.4], which ends before"],
    ),
    "region beyond 1": (
        lambda r: r["regions"].update(proximal=[0.7, 1.5]),
        ["regions.proximal.1: found 1.5"],
    ),
    "regions overlapping": (
        lambda r: r["regions"].update(mid=[0.2, 0.6]),
        ["mid begins at 0.2, within distal"],
    ),
    "weeks negative": (
        lambda r: r["experiments"]["exp1"].update(weeks=-3),
        ["found -3, allowed is a number of weeks"],
    ),
    "label a list": (lambda r: r["groups"]["mg001"].update(label=["a"]), ["groups.mg001.label: found ['a']"]),
    "label null": (lambda r: r["groups"]["mg001"].update(label=None), ["groups.mg001.label: found nothing"]),
    "label false": (lambda r: r["groups"]["mg001"].update(label=False), ["groups.mg001.label: found false"]),
    "one label twice": (
        lambda r: r["groups"]["mg001"].update(label="Control"),
        ["'Control' means control already"],
    ),
    "synonym of another": (
        lambda r: r["groups"]["mg001"].update(synonyms=["対照群"]),
        ["groups.mg001.synonyms: '対照群' means control already"],
    ),
    "gene sets nowhere": (lambda r: r.update(gene_sets="mine.gmt"), ["'mine.gmt', which is neither beside"]),
    "order of an unknown contrast": (
        lambda r: r["dose_order"].append({"experiment": "exp1", "contrast": "mg002_vs_control"}),
        ["exp1 has no contrast 'mg002_vs_control'"],
    ),
    "analysis that no code can make": (
        lambda r: r["multiverse"][0]["options"][1].update(id="tukey_cramer"),
        ["multiverse.0.options.1.id: 'tukey_cramer' is no option of test", "tukey_kramer"],
    ),
    "decision that no code can vary": (
        lambda r: r["multiverse"][0].update(id="tests"),
        ["multiverse.0.id: 'tests' is no decision that can be varied", "test"],
    ),
    "decision twice": (
        lambda r: r["multiverse"].append(deepcopy(r["multiverse"][2])),
        ["'transformation' stands a second time", "Put its options together"],
    ),
    "option without its limit": (
        lambda r: decision(r, "gene_q")["options"][1].pop("limit"),
        ["'strict' says by no number how it differs", "Add limit"],
    ),
    "another analysis than the declared one first": (
        lambda r: r["multiverse"][0]["options"].reverse(),
        ["multiverse.0.options.0.id: 'mann_whitney' stands first", "Put tukey_kramer first"],
    ),
    "declared option with a number": (
        lambda r: decision(r, "gene_q")["options"][0].update(limit=0.05),
        ["options.0.limit: stands in the first option, which is the declared one", "Delete it, or put"],
    ),
    "number that does nothing": (
        lambda r: decision(r, "linkage")["options"][1].update(limit=3),
        ["options.1.limit: does nothing for linkage", "Delete it"],
    ),
    "limit a text": (
        lambda r: decision(r, "fold_change")["options"][1].update(limit="much"),
        ["options.1.limit: found 'much', allowed is a number, 0 or above"],
    ),
    "q above 1": (
        lambda r: decision(r, "gene_q")["options"][1].update(limit=5),
        ["options.1.limit: found 5, allowed is a number above 0, up to 1"],
    ),
    "no genes to cluster": (
        lambda r: decision(r, "clustered_genes")["options"][1].update(limit=0),
        ["options.1.limit: found 0, allowed is a whole number, 3 or more"],
    ),
    "half a gene to cluster": (
        lambda r: decision(r, "clustered_genes")["options"][1].update(limit=200.5),
        ["options.1.limit: found 200.5, allowed is a whole number, 3 or more"],
    ),
    "regions of an option that overlap": (
        lambda r: decision(r, "regions")["options"][1]["regions"].update(mid=[0.2, 0.75]),
        ["options.1.regions.mid: mid begins at 0.2, within distal (to 0.25)"],
    ),
    "decision about no endpoint": (
        lambda r: r["multiverse"][0]["endpoints"].append("serums_*"),
        ["multiverse.0.endpoints.5: 'serums_*' is the name of no endpoint"],
    ),
    "sizes reversed": (
        lambda r: next(d for d in r["multiverse"] if d["id"] == "set_sizes")["options"][1].update(
            sizes=[500, 15]
        ),
        ["sizes: found [500, 15], which ends before"],
    ),
    "option without a defence": (
        lambda r: r["multiverse"][0]["options"][1].pop("reason"),
        ["multiverse.0.options.1"],
    ),
    "dose with its unit": (
        lambda r: r["groups"]["mg001"].update(dietary_mg_percent="0.05 %"),
        ["groups.mg001.dietary_mg_percent: found '0.05 %', allowed is a number of percent"],
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_study_files(tmp_path, raw, case):
    change, pieces = BROKEN[case]
    change(raw)
    with pytest.raises(StudyError) as caught:
        load_study(write(tmp_path, raw))
    assert [len(caught.value.slips), *(piece in str(caught.value) for piece in pieces)] == [
        1,
        *(True for _ in pieces),
    ], str(caught.value)
    assert re.search(r"study.yml, line \d+", str(caught.value))


def test_a_limit_without_end_is_no_number(tmp_path, raw):
    path = write(tmp_path, raw)
    path.write_text(
        path.read_text(encoding="utf-8").replace("limit: 0.585", "limit: 1e999"), encoding="utf-8"
    )
    with pytest.raises(StudyError, match=r"options.1.limit: found inf, allowed is a number, 0 or above"):
        load_study(path)


@pytest.mark.parametrize("title", ["2026-02-30", "2026-02-28", "12:61", "2026-02-30 11:00:00"])
def test_a_title_that_yaml_takes_for_a_date_or_time_is_text(tmp_path, raw, title):
    """And the 30th of February, at which a reader of dates breaks."""
    path = write(tmp_path, raw | {"title": "TITLE"})
    path.write_text(path.read_text(encoding="utf-8").replace("TITLE", title), encoding="utf-8")
    assert f"title: {title}\n" in path.read_text(encoding="utf-8")
    assert load_study(path).title == title


def test_every_slip_is_named_at_once_with_its_line(tmp_path):
    text = """
thresholds: {significant: 5, trend: .nan}
experiments:
  winter: {label: X, weeks: 010, groups: [no, low], contrasts: [low_vs_no]}
groups:
  no: {label: 2026-02-30}
  low: {label: Low}
  low: {label: Lower}
"""
    (tmp_path / "study.yml").write_text(text)
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path / "study.yml")
    assert [(slip.line, slip.problem.split(",")[0]) for slip in caught.value.slips] == [
        (2, "found '.nan'"),
        (2, "found 5"),
        (4, "found '010'"),
        (4, "found no (also in line 6)"),
        (8, "stands a second time"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2", "line 1: a slip in the form"),
        ("a: &x [1]\nb: [*x, *x]", "line 1: has an anchor"),
        ("a: " + "[" * 50_000, "nested without end"),
        ("a: " + "9" * 5_000, "which is no plain number"),
        ("- a", "allowed is entries"),
        ("", "lacks the entry experiments"),
    ],
)
def test_yaml_that_is_none_or_too_much(tmp_path, text, message):
    (tmp_path / "study.yml").write_text(text)
    with pytest.raises(StudyError, match=message):
        load_study(tmp_path / "study.yml")


WITHOUT_LIBYAML = """
import sys
import yaml
del yaml.CSafeLoader
from mgbone.study import documents
from mgbone.study.design import load_study
from mgbone.study.errors import StudyError
assert documents._Loader.__mro__[1] is yaml.SafeLoader
print(load_study())
try:
    load_study(sys.argv[1])
except StudyError as error:
    print(error)
"""


def test_without_libyaml_the_same_is_read_and_refused(tmp_path):
    broken = tmp_path / "study.yml"
    broken.write_text("a: [1, 2")
    command = [sys.executable, "-c", WITHOUT_LIBYAML, str(broken)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    with pytest.raises(StudyError) as refused:
        load_study(broken)
    assert told == f"{load_study()}\n{refused.value}\n"


def test_missing_file_and_foreign_bytes(tmp_path):
    with pytest.raises(StudyError, match="can't be read"):
        load_study(tmp_path / "absent.yml")
    (tmp_path / "study.yml").write_bytes(b"title: \xff\xfe")
    with pytest.raises(StudyError, match="line 1: is not UTF-8 text"):
        load_study(tmp_path / "study.yml")


def test_regions_may_overlap_where_it_is_said(tmp_path, raw):
    raw["regions"]["mid"] = [0.2, 0.8]
    raw["regions_may_overlap"] = True
    assert load_study(write(tmp_path, raw)).regions["mid"] == (0.2, 0.8)


def test_a_design_without_doses_and_one_of_another_nutrient(tmp_path):
    plain = {
        "experiments": {
            "e": {"label": "E", "weeks": 3, "groups": ["rest", "run"], "contrasts": ["run_vs_rest"]}
        },
        "groups": {"rest": {"label": "Rest"}, "run": {"label": "Run"}},
    }
    study = load_study(write(tmp_path, plain))
    assert study.dose_order == () and study.groups["run"].dose is None
    plain["groups"]["rest"]["dose"], plain["groups"]["run"]["dose"] = 0.5, 0.1
    with pytest.raises(StudyError, match="gives doses, but not of what"):
        load_study(write(tmp_path, plain))
    plain["dose_of"] = {"name": "Ca", "unit": "%"}
    study = load_study(write(tmp_path, plain))
    assert [c.name for c in study.dose_order] == ["run_vs_rest"] and study.dose_of.name == "Ca"


def test_gene_sets_of_ones_own_lie_beside_the_study_file(tmp_path, raw):
    assert load_study().gene_sets == "data/genesets/go_bp.gmt.gz"
    (tmp_path / "mine.gmt").write_text("bone\tours\tIL6\tALPL\n")
    study = load_study(write(tmp_path, raw | {"gene_sets": "mine.gmt", "gene_set_symbols": "rat"}))
    sets = load_gene_sets(study.gene_sets, study.gene_set_symbols)
    assert dict(sets.genes) == {"bone": ("Il6", "Alpl")}


def test_every_endpoint_of_the_comparisons_has_a_bound(study):
    """An endpoint without one could only ever be "not shown"."""
    compared = [name for name in endpoints() if domain_of(name) in ("biochem", "qct")]
    judged = [name for name in compared if not name.startswith(("absorption", "retention"))]
    without = [name for name in judged if not np.isfinite(study.equivalence_bound(name))]
    assert without == [], "declare in data/study.yml, under equivalence, which difference counts as none"
