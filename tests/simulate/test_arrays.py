"""The simulated arrays: files that hold together, a known truth, and a pipeline that finds it again."""

import ast
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import SHARED

import mgbone
from mgbone.simulate import arrays as simulation
from mgbone.simulate import gene_model, platform_writer
from mgbone.simulate.array_numbers import read_numbers, stream
from mgbone.simulate.cel_writer import SIMULATED_NOTE
from mgbone.study.errors import MgboneError, PlatformError

SEED = 11
ARRAY_GROUPS = {"exp1": ["pairfed", "mg001"], "exp2": ["control", "mg004", "mg002"]}
SOURCES = SHARED / "literature" / "sources.tsv"
PACKAGE = Path(mgbone.__file__).parent


def array_table(per_group=4):
    rows = [
        (f"e{experiment[-1]}-{group}-{number}", group, experiment)
        for experiment, groups in ARRAY_GROUPS.items()
        for group in groups
        for number in range(1, per_group + 1)
    ]
    table = pd.DataFrame(rows, columns=["array_id", "group", "experiment"])
    return table.assign(animal_id=table["array_id"], file="cel/" + table["array_id"] + ".CEL")


@pytest.fixture(scope="module")
def few_genes():
    genes = gene_model.load_genes()
    markers = read_numbers("array_markers.csv")["gene"]
    return pd.concat([genes[genes["symbol"].isin(markers)], genes[::60]]).drop_duplicates("symbol")


@pytest.fixture(scope="module")
def written(tmp_path_factory, few_genes):
    """Four runs on a small chip: with effect, the same again, without effect, another seed."""
    runs = {"effect": (True, SEED), "again": (True, SEED), "null": (False, SEED), "other": (True, SEED + 1)}
    made = {}
    for name, (effect, seed) in runs.items():
        folder = tmp_path_factory.mktemp(name)
        table = array_table(2)
        paths, truth = simulation.simulate_arrays(
            folder, table, effect, seed, genes=few_genes, n_rows=90, n_cols=84
        )
        made[name] = (folder, [path.relative_to(folder).as_posix() for path in paths], truth, paths)
    return made


@pytest.fixture(scope="module")
def model():
    return gene_model.draw_genes(gene_model.load_genes(), SEED)


def read(written, run, file):
    from mgbone.dataset.arrays.cel import read_cel

    return read_cel(written[run][0] / file)


# --- files ----------------------------------------------------------------------------------------------


def test_platform_and_cel_files_are_written_and_named(written):
    folder, names, _, paths = written["effect"]
    assert names[:4] == [
        f"platform/Clariom_S_Rat_sim.{suffix}" for suffix in ("pgf", "clf", "mps", "transcript.csv")
    ]
    assert names[4:] == array_table(2)["file"].tolist()
    assert sorted(p for p in folder.rglob("*") if p.is_file()) == sorted(paths)


def test_two_runs_leave_the_same_bytes_and_another_seed_does_not(written):
    for first, again, other in zip(*(written[run][3] for run in ("effect", "again", "other")), strict=True):
        assert first.read_bytes() == again.read_bytes(), first.name
        if first.suffix == ".CEL":
            assert first.read_bytes() != other.read_bytes(), first.name


def test_cells_hold_what_a_scanner_gives(written):
    cel = read(written, "effect", "cel/e1-mg001-1.CEL")
    assert (cel.chip_type, cel.n_rows, cel.n_cols) == ("Clariom_S_Rat_sim", 90, 84)
    assert cel.header["fields"]["mgbone-note"] == SIMULATED_NOTE
    assert cel.intensities.min() > 5
    assert 30 < np.median(cel.intensities) < 500
    assert cel.intensities.max() < 65_000
    np.testing.assert_allclose(cel.intensities * 10, np.rint(cel.intensities * 10), atol=0.02)
    assert (cel.stdv > 0).all()
    assert set(np.unique(cel.pixels)) <= {9, 12, 16}
    assert 1 <= cel.outliers.size < 250
    assert cel.masks.size == 0


def test_scan_dates_are_fixed_and_the_experiments_apart(written):
    dates = [read(written, "effect", file).header["scan_date"][:10] for file in array_table(2)["file"]]
    assert dates == [read(written, "null", file).header["scan_date"][:10] for file in array_table(2)["file"]]
    assert max(dates[:4]) < min(dates[4:])


def test_null_differs_from_effect_in_the_deficient_groups_only(written):
    for array in array_table(2).itertuples():
        pair = [read(written, run, array.file).intensities for run in ("effect", "null")]
        assert np.array_equal(*pair) == (array.group in ("control", "pairfed")), array.array_id


def test_truth_names_every_gene_and_is_zero_in_the_null(written, few_genes):
    truth = written["effect"][2]
    assert list(truth.columns) == ["gene", "contrast", "true_log2_fold_change"]
    for _, part in truth.groupby("contrast"):
        assert part["gene"].tolist() == few_genes["symbol"].tolist()
    assert (written["null"][2]["true_log2_fold_change"] == 0).all()
    one = truth[(truth["gene"] == "Fgf23") & (truth["contrast"] == "mg001_vs_pairfed")]
    assert one["true_log2_fold_change"].item() == 1.3


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        (array_table(2).drop(columns="file"), MgboneError, "lacks file"),
        (pd.concat([array_table(2)] * 2), MgboneError, "twice"),
    ],
)
def test_a_faulty_table_of_arrays_is_refused(tmp_path, few_genes, table, error, message):
    with pytest.raises(error, match=message):
        simulation.simulate_arrays(tmp_path, table, True, SEED, genes=few_genes, n_rows=90, n_cols=84)
    assert not list(tmp_path.iterdir())


# --- library files --------------------------------------------------------------------------------------


def test_library_files_say_that_they_are_simulated(written):
    for path in written["effect"][3][:4]:
        head = path.read_text(encoding="utf-8")[:1500]
        assert "#%chip_type=Clariom_S_Rat_sim\n" in head
        assert "Simulated" in head
        assert not re.search(r"#%chip_type=Clariom_S_Rat\n", head), "a real CEL file must not fit"


def test_pgf_clf_and_mps_fit_one_another(written, few_genes):
    pgf, clf, mps, _ = (path.read_text(encoding="utf-8").splitlines() for path in written["effect"][3][:4])
    body = [line for line in pgf if not line.startswith("#")]
    probes = [line.split("\t")[2:] for line in body if line.startswith("\t\t")]
    ids = np.array([int(probe[0]) for probe in probes])
    assert len(set(ids)) == len(ids)
    for _, kind, gc, length, middle, sequence in probes[::50]:
        assert (kind, length, middle, len(sequence)) == ("pm:st", "25", "13", 25)
        assert int(gc) == sequence.count("G") + sequence.count("C")
    rows = np.array([line.split("\t") for line in clf if not line.startswith("#")], dtype=int)
    assert len(rows) == 90 * 84
    np.testing.assert_array_equal(rows[:, 0], rows[:, 2] * 84 + rows[:, 1] + 1)
    assert set(ids) <= set(rows[:, 0])
    sets = {line.split("\t")[0]: line.split("\t")[1:] for line in body if not line.startswith("\t")}
    lines = [line.split("\t") for line in mps if not line.startswith("#")]
    assert lines[0] == ["probeset_id", "transcript_cluster_id", "probeset_list", "probe_count"]
    assert len(lines) - 1 == len(few_genes)
    assert all(sets[probeset] == ["main", name] for name, _, probeset, _ in lines[1:])
    kinds = {kind for kind, _ in sets.values()}
    assert {"main", "control->bgp->antigenomic", "control->affx->bac_spike", "normgene->exon"} <= kinds


def test_transcript_annotation_names_each_gene_once(written, few_genes):
    path = written["effect"][3][3]
    table = pd.read_csv(path, comment="#", dtype=str)
    genes = table[table["category"] == "main"]["gene_assignment"]
    fields = genes.str.split(" // ", expand=True)
    assert fields[1].tolist() == few_genes["symbol"].tolist()
    assert (table[table["category"] != "main"]["gene_assignment"] == "---").all()
    assert genes.str.contains(" /// ").any()


def test_a_chip_that_is_too_small_is_refused(few_genes):
    with pytest.raises(PlatformError, match="do not fit"):
        platform_writer.lay_out(few_genes, np.random.default_rng(1), 20, 20)


# --- the model ------------------------------------------------------------------------------------------


def test_a_third_of_the_genes_is_silent_and_the_rats_are_male(model):
    assert 0.60 < model.expressed.mean() < 0.75
    level = pd.Series(model.level, index=model.table["symbol"])
    assert level["Xist"] < 3 < 7 < level["Ddx3y"]
    assert level[level.index.str.match(r"Or\d+[a-z]+\d")].median() < 3


def test_effects_are_no_process_as_a_whole_and_mostly_outside(model):
    effects = gene_model.draw_effects(model, SEED)
    moved = effects != 0
    assert 3000 < moved["mg001_vs_pairfed"].sum() < 5000
    assert moved[["mg004_vs_control", "mg002_vs_control"]].sum().between(250, 500).all()
    for programme in ("bone", "mineral", "inflammatory"):
        members = model.programmes[programme]
        assert moved.to_numpy()[members].mean(axis=0).max() < 0.5
    named = np.logical_or.reduce([model.programmes[name] for name in ("bone", "mineral", "inflammatory")])
    assert (moved.to_numpy()[~named].sum(axis=0) / moved.sum() > 0.5).all()
    shared = moved["mg004_vs_control"] & moved["mg002_vs_control"]
    assert 0.3 < shared.sum() / moved["mg004_vs_control"].sum() < 0.9


def test_effects_are_moderate(model):
    """Diets do not change a gene of bone sixteenfold: hardly any change is above fourfold (log2 of 2)."""
    size = gene_model.draw_effects(model, SEED).abs()
    assert (size[size > 0] < 2).sum().sum() > 0.98 * (size > 0).sum().sum()
    assert size.to_numpy().max() < 5


def test_animal_factors_outweigh_the_mild_effects_and_cross_the_groups(model):
    table = array_table()
    scores = gene_model.animal_scores(table, SEED)
    stratified = (read_numbers("array_factors.csv")["scores"] == "stratified").to_numpy()
    halves = pd.DataFrame(scores[:, stratified] > 0).groupby([table["experiment"], table["group"]]).sum()
    assert (halves == 2).all(axis=None)
    own = gene_model.animal_expression(model, gene_model.no_effects(model.table), table, SEED)
    effects = gene_model.draw_effects(model, SEED)["mg004_vs_control"].to_numpy()
    mild = table["experiment"] == "exp2"
    assert own[:, mild].var(axis=1).sum() > 5 * (effects**2 / 4).sum()


@pytest.mark.slow
def test_uncentred_groups_share_factors_by_chance_only():
    """Means of 4 standard normal scores have variance 1/4; 2 of 4 lie above the median in 6 of 16 cases."""
    table = array_table()
    stratified = (read_numbers("array_factors.csv")["scores"] == "stratified").to_numpy()
    for uncentred, variance, two_above in [(True, 1 / 4, 6 / 16), (False, 0.091, 1.0)]:
        scores = [gene_model.animal_scores(table, s, uncentred=uncentred)[:, stratified] for s in range(600)]
        by_group = np.array(scores).reshape(600, 5, 4, 2)
        means, above = by_group.mean(axis=2).ravel(), (by_group > 0).sum(axis=2).ravel()
        assert means.var() == pytest.approx(variance, rel=0.08)  # of 6,000 means: 4 standard errors
        assert (above == 2).mean() == pytest.approx(two_above, abs=0.03)
        assert np.array(scores).var() == pytest.approx(1, rel=0.05)


def test_cohorts_share_chip_genes_and_truth_but_no_animal(tmp_path, few_genes):
    made = {}
    for seed in (SEED, SEED + 1):
        made[seed] = simulation.simulate_arrays(
            tmp_path / str(seed), array_table(2), True, seed,
            uncentred=True, population=SEED, genes=few_genes, n_rows=90, n_cols=84,
        )  # fmt: skip
    (first, truth), (second, again) = made.values()
    pd.testing.assert_frame_equal(truth, again)
    assert [a.read_bytes() == b.read_bytes() for a, b in zip(first, second, strict=True)] == [
        *[True] * 4, *[False] * 10,
    ]  # fmt: skip


def test_every_calibration_value_has_a_source():
    known = {"assumed", "report"}
    if SOURCES.is_file():
        known |= {line.split("\t")[0] for line in SOURCES.read_text(encoding="utf-8").splitlines()}
    for path in sorted((PACKAGE / "simulate").glob("array_*.csv")):
        sources = pd.read_csv(path, keep_default_na=False)["source"]
        assert sources.ne("").all(), path.name
        if SOURCES.is_file():
            assert {key for source in sources for key in source.split(";")} <= known, path.name


def test_markers_and_programmes_exist(model):
    symbols = set(model.table["symbol"])
    assert set(read_numbers("array_markers.csv")["gene"]) <= symbols
    assert all(mask.sum() >= 40 for mask in model.programmes.values())


def test_no_analysis_imports_the_simulation():
    free = {"cli.py", "__main__.py"}  # the command line offers both
    for path in PACKAGE.rglob("*.py"):
        if path.name in free or "simulate" in path.relative_to(PACKAGE).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
                assert not any("simulate" in name.split(".") for name in names), path


# --- the pipeline finds the truth again (full size) -----------------------------------------------------


@pytest.fixture(scope="module", params=[True, False], ids=["simulated", "null"])
def analysed(request, tmp_path_factory, study):
    """The arrays at real scale, from the CEL files through RMA, limma, clustering and gene sets."""
    from mgbone.dataset.arrays.cel import read_cels
    from mgbone.microarray import (
        changed_genes,
        clustering,
        differential,
        enrichment,
        findings,
        genesets,
    )
    from mgbone.microarray.normalisation import rma

    folder = tmp_path_factory.mktemp("full")
    table = array_table()
    paths, truth = simulation.simulate_arrays(folder, table, request.param, SEED)
    chip = platform_writer.lay_out(gene_model.load_genes(), stream(SEED, "layout"))
    symbol = chip.probesets["symbol"].to_numpy()[chip.owner]
    main = chip.probesets["type"].eq(platform_writer.MAIN).to_numpy()[chip.owner]
    summary = rma(read_cels(paths[4:], cells=chip.cells[main]), symbol[main])
    found = {}
    for experiment in ARRAY_GROUPS:
        arrays = table[table["experiment"] == experiment].set_index("array_id")
        contrasts = [contrast.name for contrast in study.experiments[experiment].array_contrasts]
        values = summary[arrays.index]
        genes = differential.differential_expression(values, arrays["group"], contrasts)
        terms = enrichment.over_representation(
            changed_genes.gene_lists(changed_genes.call_genes(genes)),
            genesets.load_gene_sets(),
            changed_genes.expressed_genes(genes, study.thresholds["expressed"]),
        )
        clusters = clustering.cluster_contrasts(values, arrays["group"], contrasts, bootstraps=2)
        themes = findings.theme_evidence(terms, genesets.load_themes(), study, experiment)
        found[experiment] = (genes, clusters, themes.set_index(["contrast", "endpoint"]), values, arrays)
    return request.param, found, truth, [path.stat().st_size for path in paths]


@pytest.mark.slow
def test_the_pipeline_finds_the_truth_and_nothing_in_the_null(analysed):
    effect, found, truth, _ = analysed
    genes = pd.concat([part[0] for part in found.values()])
    genes = genes.merge(truth, on=["gene", "contrast"])
    called = genes[genes["q"] < 0.05]
    counts = called["contrast"].value_counts()
    clusters = {name: tree.verdict["level"] for part in found.values() for name, tree in part[1].items()}
    if not effect:
        assert len(called) <= 5
        assert set(clusters.values()) == {"mixed"}
        return
    assert 1500 < counts["mg001_vs_pairfed"] < 3500
    assert counts[["mg004_vs_control", "mg002_vs_control"]].between(60, 250).all()
    assert (called["true_log2_fold_change"] == 0).mean() < 0.08
    same = np.sign(called["log2_fold_change"]) == np.sign(called["true_log2_fold_change"])
    assert same[called["true_log2_fold_change"] != 0].mean() > 0.99
    assert clusters.pop("mg001_vs_pairfed") == "separated"
    assert set(clusters.values()) == {"mixed"}


@pytest.mark.slow
def test_genes_vary_as_those_of_real_arrays_do(analysed):
    """Within groups, scans of one sample being 0.10 apart at every level (Test3-1 and -2, RMA by oligo)."""
    _, found, *_ = analysed
    for genes, _, _, values, arrays in found.values():
        within = np.sqrt(values.T.groupby(arrays["group"]).var().mean())
        silent = values.mean(axis=1) < 5
        assert 0.07 < within[silent].median() < 0.12
        assert 0.18 < within[~silent].median() < 0.30
        assert within.quantile(0.01) > 0.04 and 0.4 < within[~silent].quantile(0.95) < 0.8
        assert genes["t"].abs().max() < 40


@pytest.mark.slow
def test_the_themes_of_the_report_hold_with_a_margin(analysed):
    effect, found, *_ = analysed
    themes = pd.concat([part[2] for part in found.values()])
    if not effect:
        assert (themes["direction"] == "none").all()
        return
    for contrast, theme, direction in [
        ("mg001_vs_pairfed", "inflammatory_response_genes", "up"),
        ("mg001_vs_pairfed", "mineral_metabolism_genes", "down"),
        ("mg004_vs_control", "bone_metabolism_genes", "up"),
        ("mg002_vs_control", "bone_metabolism_genes", "up"),
    ]:
        row = themes.loc[(contrast, theme)]
        assert row["direction"] == direction
        assert row["p"] < 1e-4
    for contrast in ("mg004_vs_control", "mg002_vs_control"):
        assert themes.loc[(contrast, "inflammatory_response_genes"), "direction"] == "none"


@pytest.mark.slow
def test_full_size_has_the_size_of_real_files(analysed):
    *_, sizes = analysed
    assert len(sizes) == 24
    assert all(2.9e6 < size < 3.1e6 for size in sizes[4:])
