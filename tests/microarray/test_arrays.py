"""Arrays tied to their animals and analysed experiment by experiment, on a small synthetic set."""

import shutil
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from helpers.small_dataset import in_memory, write_cel
from scipy import stats

from mgbone.dataset.arrays.cel import read_cel
from mgbone.dataset.arrays.library import read_platform
from mgbone.evidence.columns import EVIDENCE_COLUMNS
from mgbone.microarray.arrays import (
    ArraySet,
    array_evidence,
    best_theme_terms,
    chip_images,
    cluster_all_contrasts,
    cluster_experiment,
    compare_arrays,
    count_arrays,
    extreme_variances,
    groups_of,
    load_arrays,
    prerank_best_terms,
    severity_of_mixed,
    themes_under_both,
    top_genes,
)
from mgbone.microarray.changed_genes import gene_lists
from mgbone.microarray.differential import differential_expression
from mgbone.microarray.enrichment import camera, over_representation
from mgbone.microarray.genesets import GeneSets
from mgbone.study.errors import MgboneError

CONTRASTS = ["mg001_vs_pairfed", "mg004_vs_control", "mg002_vs_control"]
TERMS = {"GO:0000001": "bone", "GO:0000002": "mineral", "GO:0000003": "inflammation"}
THEMES = pd.DataFrame(
    {
        "theme": ["bone_metabolism_genes", "bone_metabolism_genes", "mineral_metabolism_genes"],
        "go_id": ["GO:0000001", "GO:0000003", "GO:0000002"],
    }
)


@pytest.fixture(scope="module")
def table(study):
    """Every array of the study's design, the two experiments shuffled into one another."""
    rows = [
        (f"{name}-{group}-{i}-a", f"{name}-{group}-{i}", name, group, f"cel/{name}-{group}-{i}.CEL")
        for name, experiment in study.experiments.items()
        for group in experiment.array_groups
        for i in range(1, 5)
    ]
    table = pd.DataFrame(rows, columns=["array_id", "animal_id", "experiment", "group", "file"])
    return table.sample(frac=1, random_state=3).reset_index(drop=True)


@pytest.fixture(scope="module")
def genes(table):
    """200 genes: 0 to 24 raised by 0.01 %, 25 to 49 lowered by 0.02 %, and 100 all higher in experiment 2."""
    rng = np.random.default_rng(8)
    values = rng.normal(8, 0.15, (200, len(table))) + np.linspace(-2, 4, 200)[:, None]
    values[:25] += 3 * table["group"].eq("mg001").to_numpy()
    values[25:50] -= 3 * table["group"].eq("mg002").to_numpy()
    values[100:] += 2 * table["experiment"].eq("exp2").to_numpy()
    return pd.DataFrame(values, index=[f"Gene{i}" for i in range(200)], columns=table["array_id"])


@pytest.fixture(scope="module")
def gene_sets():
    members = {"GO:0000001": range(20), "GO:0000002": range(30, 50), "GO:0000003": range(150, 170)}
    return GeneSets({t: tuple(f"Gene{i}" for i in m) for t, m in members.items()}, TERMS, "test.gmt")


@pytest.fixture(scope="module")
def tested(genes, table, study):
    return compare_arrays(genes, table, study)


@pytest.fixture(scope="module")
def enriched(tested, gene_sets):
    return over_representation(gene_lists(tested), gene_sets, [f"Gene{i}" for i in range(200)])


# --- reading ---------------------------------------------------------------------------------------------


def write_platform(folder):
    """Write library files of a chip of 4 x 4 cells: two probe sets of three probes, one control."""
    head = "#%chip_type=Clariom_S_Rat\n"
    pgf = head + "#%header0=probeset_id\ttype\n#%header1=\tatom_id\n#%header2=\t\tprobe_id\ttype\n"
    for number, (kind, probes) in enumerate(
        [("main", (2, 3, 5)), ("main", (9, 7, 11)), ("control->bgp", (1,))]
    ):
        pgf += f"{100 + number}\t{kind}\n" + "".join(f"\t{p}\n\t\t{p}\tpm:st\n" for p in probes)
    folder.mkdir()
    (folder / "Chip.pgf").write_text(pgf)
    (folder / "Chip.clf").write_text(head + "#%rows=4\n#%cols=4\n#%sequential=1\n#%header0=probe_id\tx\ty\n")
    (folder / "Chip.transcript.csv").write_text(
        "transcript_cluster_id,gene_assignment\n100,NM_1 // Trpv6 // channel\n101,NM_2 // Bglap // bone\n"
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("arrays")
    write_platform(folder / "platform")
    arrays = in_memory().arrays.iloc[::-1].reset_index(drop=True)
    for seed, file in enumerate(arrays["file"]):
        write_cel(folder / file, seed=seed)
    held = in_memory(arrays=arrays)
    return SimpleNamespace(
        **{name: getattr(held, name) for name in ("name", "animals", "arrays")},
        cel_paths=tuple(folder / file for file in arrays["file"]),
        platform_folder=folder / "platform",
        expression_path=None,
    )


def test_each_scan_keeps_its_animal(dataset):
    scans = load_arrays(dataset)
    assert (
        scans.table["array_id"].tolist()
        == dataset.arrays["array_id"].tolist()
        == list(scans.intensities.columns)
    )
    animals = dataset.animals.set_index("animal_id")
    for row, path in zip(scans.table.itertuples(), dataset.cel_paths, strict=True):
        assert (animals.loc[row.animal_id, ["experiment", "group"]] == [row.experiment, row.group]).all()
        assert (scans.intensities[row.array_id].to_numpy() == read_cel(path).intensities).all()
        assert scans.groups[row.array_id] == row.group


def test_probes_are_the_perfect_matches_of_the_chip(dataset):
    scans = load_arrays(dataset)
    assert scans.probes.index.tolist() == [1, 2, 4, 8, 6, 10]  # probe numbers count from 1
    assert list(scans.platform.probesets) == ["100"] * 3 + ["101"] * 3


def damage(path):
    """Set one cell of a scan to intensity 0."""
    head, tail = path.read_text().split("MEAN\tSTDV\tNPIXELS\n0\t0\t")
    path.write_text(f"{head}MEAN\tSTDV\tNPIXELS\n0\t0\t0.0{tail[tail.index(chr(9)) :]}")


def test_what_readers_warn_of_is_kept_as_notes_without_a_path(dataset, tmp_path):
    assert load_arrays(dataset).notes == ()
    shutil.copytree(dataset.platform_folder, tmp_path / "platform")
    (tmp_path / "platform" / "Chip.transcript.csv").unlink()
    paths = [Path(shutil.copy(path, tmp_path)) for path in dataset.cel_paths]
    damage(paths[1])
    held = {**vars(dataset), "cel_paths": tuple(paths), "platform_folder": tmp_path / "platform"}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        zero, symbols = load_arrays(SimpleNamespace(**held)).notes
    assert told == []
    assert zero.startswith(f"Cells with intensity 0 in {paths[1].name} (1). ")
    assert "no gene has a symbol" in symbols and str(tmp_path) not in zero + symbols


def test_warnings_of_others_are_passed_on(dataset, monkeypatch):
    def deprecated(*_, **__):
        warnings.warn("about to go", DeprecationWarning, stacklevel=1)
        return read_platform(dataset.platform_folder)

    monkeypatch.setattr("mgbone.microarray.arrays.read_platform", deprecated)
    with pytest.warns(DeprecationWarning, match="about to go"):
        assert load_arrays(dataset).notes == ()


@pytest.mark.parametrize("lacking", [{"arrays": None}, {"cel_paths": ()}, {"platform_folder": None}])
def test_a_dataset_without_arrays_is_said_to_have_none(dataset, lacking):
    with pytest.raises(MgboneError, match="small has no arrays to analyse"):
        load_arrays(SimpleNamespace(**{**vars(dataset), **lacking}))


def test_images_show_the_first_array_of_each_group(dataset):
    scans = load_arrays(dataset)
    twice = pd.concat([scans.table, scans.table.assign(array_id=scans.table["array_id"] + "2")])
    steps = SimpleNamespace(residuals=scans.probes.astype(float), has_probes=True)
    images = chip_images(steps, ArraySet(twice, scans.intensities, scans.platform))
    assert sorted(images) == sorted(scans.table["array_id"])
    array, image = next(iter(images.items()))
    assert image.shape == (4, 4)
    assert image[1, 0] == scans.intensities[array].iloc[4]
    assert np.isnan(image).sum() == 10
    last = scans.table["array_id"].iloc[-1]
    flags = pd.DataFrame({"array_id": scans.table["array_id"], "flagged": scans.table["array_id"].eq(last)})
    shown = chip_images(steps, ArraySet(scans.table, scans.intensities, scans.platform), flags)
    assert next(iter(shown)) == last and len(shown) == len(scans.table)


# --- experiment by experiment ----------------------------------------------------------------------------


def test_groups_are_those_of_the_experiment(table):
    assert set(groups_of(table, "exp1")) == {"mg001", "pairfed"}
    assert groups_of(table, "exp2").value_counts().to_dict() == {"control": 4, "mg004": 4, "mg002": 4}
    assert groups_of(table, "exp2")["exp2-mg002-3-a"] == "mg002"


def test_arrays_are_counted(table):
    counts = count_arrays(table).set_index(["experiment", "group"])["arrays"]
    assert counts.to_dict() == {("exp1", g): 4 for g in ("pairfed", "mg001")} | {
        ("exp2", g): 4 for g in ("control", "mg004", "mg002")
    }


def test_one_model_per_experiment(tested, genes, table):
    assert list(dict.fromkeys(tested["contrast"])) == CONTRASTS
    assert tested.groupby("experiment")["contrast"].nunique().to_dict() == {"exp1": 1, "exp2": 2}
    alone = groups_of(table, "exp2")
    expected = differential_expression(genes[alone.index], alone, CONTRASTS[1:])
    found = tested[tested["experiment"] == "exp2"].drop(columns="experiment").reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)


def test_differences_are_case_minus_reference(tested):
    change = tested.set_index(["contrast", "gene"])["log2_fold_change"]
    assert change["mg001_vs_pairfed"].iloc[:25].mean() == pytest.approx(3, abs=0.1)
    assert change["mg002_vs_control"].iloc[25:50].mean() == pytest.approx(-3, abs=0.1)
    # What sets the experiments apart is in no contrast.
    assert change.groupby("contrast").apply(lambda c: c.iloc[100:].abs().max()).max() < 0.6


def test_contrasts_without_arrays_are_left_out(genes, table, study):
    fewer = table[table["group"] != "mg004"]
    assert set(compare_arrays(genes, fewer, study)["contrast"]) == {"mg001_vs_pairfed", "mg002_vs_control"}
    assert set(cluster_all_contrasts(genes, fewer, study)) == {"mg001_vs_pairfed", "mg002_vs_control"}


def test_a_single_array_of_a_group_keeps_no_other_comparison_from_being_clustered(genes, table, study):
    fewer = table[(table["group"] != "mg002") | ~table["group"].duplicated()]
    assert list(cluster_all_contrasts(genes, fewer, study)) == ["mg001_vs_pairfed", "mg004_vs_control"]


def test_arrays_of_one_group_alone_can_not_be_compared(genes, table, study):
    tested = compare_arrays(genes, table[table["group"] == "control"], study)
    assert tested.empty
    assert {"gene", "contrast", "q"} <= set(tested.columns)


def test_clusterings_hold_the_arrays_of_their_contrast(genes, table, study):
    found = cluster_all_contrasts(genes, table, study)
    assert list(found) == CONTRASTS
    assert set(found["mg002_vs_control"].groups) == {"mg002", "control"}
    assert {name: c.verdict["level"] for name, c in found.items()} == {
        "mg001_vs_pairfed": "separated", "mg004_vs_control": "mixed", "mg002_vs_control": "separated",
    }  # fmt: skip
    assert len(cluster_experiment(genes, table, "exp2", study).groups) == 12


# --- what the arrays say ---------------------------------------------------------------------------------


def test_severity_tries_the_change_of_what_is_separated(genes, tested, table, study):
    clusterings = cluster_all_contrasts(genes, table, study, bootstraps=1)
    severity = severity_of_mixed(genes, tested, clusterings, study, parts=(0.01, 1.0))
    assert severity[["contrast", "profile", "part", "ways"]].to_numpy().tolist() == [
        ["mg004_vs_control", "mg001_vs_pairfed", 0.01, 70], ["mg004_vs_control", "mg001_vs_pairfed", 1.0, 70],
    ]  # fmt: skip
    assert severity["called_mixed"].tolist() == [pytest.approx(1, abs=0.05), 0]
    alone = {"mg004_vs_control": clusterings["mg004_vs_control"]}
    assert severity_of_mixed(genes, tested, alone, study).empty


def test_evidence_has_clustering_and_themes_of_every_contrast(genes, table, study, enriched):
    evidence = array_evidence(cluster_all_contrasts(genes, table, study), enriched, THEMES, table, study)
    assert list(evidence.columns) == EVIDENCE_COLUMNS
    assert not evidence.duplicated(["experiment", "endpoint", "contrast"]).any()
    rows = evidence.set_index(["contrast", "endpoint"])
    assert len(rows) == 3 * 3
    assert rows.loc[("mg001_vs_pairfed", "array_clustering"), "level"] == "separated"
    bone = rows.loc[("mg001_vs_pairfed", "bone_metabolism_genes")]
    assert (bone["level"], bone["direction"], bone["experiment"]) == ("significant", "up", "exp1")
    mineral = rows.loc[("mg002_vs_control", "mineral_metabolism_genes")]
    assert (mineral["level"], mineral["direction"], mineral["experiment"]) == ("significant", "down", "exp2")
    assert rows.loc[("mg004_vs_control", "bone_metabolism_genes"), "level"] == "none"
    assert (evidence[["n_case", "n_reference"]] == 4).all(axis=None)


def test_without_findings_the_evidence_is_empty(table, study, enriched):
    nothing = array_evidence({}, enriched.iloc[:0], THEMES, table, study)
    assert len(nothing) == 6 and set(nothing["test"]) == {"not tested"}  # two contrasts, three themes
    assert nothing[["level", "p"]].isna().all(axis=None)
    assert list(nothing.columns) == EVIDENCE_COLUMNS


def test_the_best_term_is_the_one_in_the_evidence(table, study, enriched):
    best = best_theme_terms(enriched, THEMES)
    assert len(best) == 6
    evidence = array_evidence({}, enriched, THEMES, table, study).set_index(["contrast", "endpoint"])
    for row in best.itertuples():
        assert row.term in evidence.loc[(row.contrast, row.theme), "test"]
        assert row.q == evidence.loc[(row.contrast, row.theme), "p"]
    chosen = best.set_index(["contrast", "theme"])
    assert chosen.loc[("mg001_vs_pairfed", "bone_metabolism_genes"), "term"] == "GO:0000001"


def test_ties_are_broken_as_in_the_evidence():
    rows = pd.DataFrame(
        {
            "contrast": "a_vs_b", "term": ["GO:0000001", "GO:0000003"], "name": ["x", "y"], "direction": "up",
            "hits": [1, 2], "n_genes": 20, "p": 1.0, "q_both": 1.0, "log2_odds_ratio": [-1.0, 0.5],
        }
    )  # fmt: skip
    assert best_theme_terms(rows, THEMES)["term"].tolist() == ["GO:0000003"]


def test_a_theme_stands_beside_the_competitive_test_of_the_same_term(tested, gene_sets, enriched):
    best = best_theme_terms(enriched, THEMES)
    competitive = camera(tested, gene_sets)
    both = themes_under_both(best, competitive)
    assert len(both) == len(best)
    asked = competitive.set_index(["contrast", "term"])
    for row, term in zip(both.itertuples(), best["term"], strict=True):
        assert row.camera_p == asked.loc[(row.contrast, term), "p"]
        assert row.camera_direction == asked.loc[(row.contrast, term), "direction"]
    pd.testing.assert_series_equal(both["over_representation_q"], best["q"], check_names=False)
    assert themes_under_both(best, competitive.iloc[:0])["camera_q"].isna().all()


def test_preranked_enrichment_follows_the_sign(tested, gene_sets, enriched):
    best = best_theme_terms(enriched, THEMES)
    results, running = prerank_best_terms(tested, gene_sets, best, permutations=100)
    assert list(zip(results["contrast"], results["term"], strict=True)) == list(
        zip(best["contrast"], best["term"], strict=True)
    )
    assert results.set_index(["contrast", "term"]).loc[("mg002_vs_control", "GO:0000002"), "es"] < -0.9
    assert (results["least_p"] == 1 / (results["n_permutations"] + 1)).all()
    assert (results["p"] >= results["least_p"]).all() and (results["n_permutations"] <= 100).all()
    assert set(running["contrast"]) == set(best["contrast"])
    nothing, sums = prerank_best_terms(tested, gene_sets, best.iloc[:0])
    assert nothing.empty and sums.empty


def test_top_genes_come_with_the_interval_of_their_own_model(tested, genes, table, study):
    top = top_genes(genes, tested, table, study, n=3)
    assert list(dict.fromkeys(top["contrast"])) == list(dict.fromkeys(tested["contrast"]))
    assert (top.groupby("contrast").size() == 3).all()
    for contrast, rows in top.groupby("contrast"):
        of_contrast = tested[tested["contrast"] == contrast]
        assert sorted(rows["p"]) == sorted(of_contrast["p"])[:3]
    middle = (top["ci_low"] + top["ci_high"]) / 2
    np.testing.assert_allclose(middle, top["log2_fold_change"], rtol=1e-12)
    inside = (top["ci_low"] < 0) & (top["ci_high"] > 0)
    assert (inside == (top["p"] > 0.05)).all()  # the same test, read the other way


def test_the_genes_worked_by_hand_vary_least_and_most(tested, genes, table):
    """Of the 25 genes that the first comparison changed: by the pooled SD of its own arrays."""
    pair, contrast, experiment = extreme_variances(genes, tested, table, set(tested["gene"]), 0.05)
    assert (contrast, experiment) == ("mg001_vs_pairfed", "exp1")
    groups = groups_of(table, "exp1")
    changed = tested.query("contrast == 'mg001_vs_pairfed' and q < 0.05")["gene"]
    within = genes.loc[changed, groups.index].T.groupby(groups).var().mean()
    assert pair == [within.idxmin(), within.idxmax()]
    # None of these two changed; and of one gene alone there is no pair.
    unchanged = extreme_variances(genes, tested, table, ["Gene150", "Gene151", "gone"], 0.05)[0]
    assert set(unchanged) == {"Gene150", "Gene151"}
    assert "Gene150" not in extreme_variances(genes, tested, table, ["Gene150"], 0.05)[0]


def test_a_gene_agrees_with_a_plain_t_test_in_sign_and_size(tested, genes, table):
    groups = groups_of(table, "exp1")
    case, reference = (genes.loc["Gene3", groups.index[groups == g]] for g in ("mg001", "pairfed"))
    row = tested.set_index(["contrast", "gene"]).loc[("mg001_vs_pairfed", "Gene3")]
    assert row["log2_fold_change"] == pytest.approx(case.mean() - reference.mean())
    assert np.sign(row["t"]) == np.sign(stats.ttest_ind(case, reference).statistic)
