"""The study file says what the report says, and a broken one is refused with a sentence."""

import pytest
import yaml

from mgbone.microarray.genesets import load_gene_sets
from mgbone.study.design import load_study
from mgbone.study.errors import StudyError
from mgbone.study.paths import project_root


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.pop("groups"), "'groups' is missing"),
        (lambda r: r["experiments"]["exp1"]["groups"].append("mg003"), "group 'mg003'"),
        (lambda r: r["experiments"]["exp2"]["contrasts"].append("mg004_control"), "case_vs_reference"),
        (lambda r: r["experiments"]["exp2"]["contrasts"].append("control_vs_control"), "case_vs_reference"),
        (lambda r: r["regions"].update(mid=[0.3]), "wrong form"),
        (lambda r: r.update(gene_sets="mine.gmt"), "'mine.gmt', which is neither beside"),
        (
            lambda r: r["dose_order"].append({"experiment": "exp1", "contrast": "mg002_vs_control"}),
            "no contrast",
        ),
    ],
)
def test_broken_study_files(tmp_path, raw, change, message):
    change(raw)
    with pytest.raises(StudyError, match=message):
        load_study(write(tmp_path, raw))


def test_missing_file_and_bad_yaml(tmp_path):
    with pytest.raises(StudyError, match="can't be read"):
        load_study(tmp_path / "absent.yml")
    (tmp_path / "study.yml").write_text("a: [1, 2")
    with pytest.raises(StudyError, match="can't be read"):
        load_study(tmp_path / "study.yml")


def test_gene_sets_of_ones_own_lie_beside_the_study_file(tmp_path, raw):
    assert load_study().gene_sets == "data/genesets/go_bp.gmt.gz"
    (tmp_path / "mine.gmt").write_text("bone\tours\tIL6\tALPL\n")
    study = load_study(write(tmp_path, raw | {"gene_sets": "mine.gmt", "gene_set_symbols": "rat"}))
    sets = load_gene_sets(study.gene_sets, study.gene_set_symbols)
    assert dict(sets.genes) == {"bone": ("Il6", "Alpl")}
