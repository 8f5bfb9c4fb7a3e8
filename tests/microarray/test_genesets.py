"""Gene sets: what is shipped, what fits the chip, the three tests, and the evidence for the themes."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from itertools import combinations
from pathlib import Path

import gseapy
import numpy as np
import pandas as pd
import pytest
import requests
from helpers import R
from scipy import stats

from mgbone.dataset.arrays import symbols
from mgbone.evidence.columns import EVIDENCE_COLUMNS
from mgbone.execute import cli
from mgbone.microarray import changed_genes, enrichment, genesets
from mgbone.microarray import differential as ex
from mgbone.microarray import findings as array_evidence
from mgbone.study.dictionary import endpoints
from mgbone.study.errors import MgboneError
from mgbone.study.paths import project_root

SHIPPED = project_root() / "data" / "genesets"


@pytest.fixture(scope="module")
def shipped() -> genesets.GeneSets:
    return genesets.load_gene_sets()


@pytest.fixture(scope="module")
def chip() -> list[str]:
    return pd.read_csv(SHIPPED / "chip_genes.csv.gz", keep_default_na=False)["symbol"].tolist()


# ---- What is shipped


def test_shipped_files_are_those_of_the_provenance():
    provenance = json.loads((SHIPPED / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["gene_ontology"]["date"] == "2022-07-01"
    for name, digest in provenance["sha256"].items():
        content = (SHIPPED / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
        assert content[4:8] == bytes(4), "the gzip header must hold no time"
        assert not content[3] & 8, "the gzip header must hold no name"
    assert provenance["gene_sets"] == len(genesets.load_gene_sets())


def test_shipped_sets_have_their_size_and_order(shipped):
    sizes = [len(genes) for genes in shipped.genes.values()]
    assert min(sizes) == 10
    assert max(sizes) <= 1000
    assert len(sizes) > 6000
    assert list(shipped.genes) == sorted(shipped.genes)
    assert {"Il6", "Tnf", "Il1b"} <= set(shipped.genes["GO:0006954"])


def test_every_term_of_the_themes_exists_under_its_name(shipped):
    themes = genesets.load_themes()
    assert [*themes["theme"].unique()] == [e for e in endpoints("microarray") if e.endswith("_genes")]
    assert not themes.duplicated(["theme", "go_id"]).any()
    for row in themes.itertuples():
        assert shipped.name(row.go_id) == row.term
        assert row.go_id in shipped.genes
        assert row.reason.strip()


def test_chip_genes_hold_all_genes_of_the_sets_once(shipped, chip):
    assert len(chip) == len(set(chip)) == 22900
    assert {g for genes in shipped.genes.values() for g in genes} <= set(chip)


@pytest.mark.parametrize(
    ("human", "rat"),
    [("IL6", "Il6"), ("HLA-A", "Hla-a"), ("MT-ND1", "Mt-nd1"), ("LOC100133920", "LOC100133920"),
     ("C1orf112", "C1orf112"), ("CXorf38", "CXorf38"), ("C1QA", "C1qa"), ("OR4F5", "Or4f5"), ("", "")],
)  # fmt: skip
def test_rat_style(human, rat):
    assert genesets.rat_style(human) == rat


def test_export_script_and_package_write_symbols_alike():
    table = pd.read_csv(SHIPPED / "chip_genes.csv.gz", keep_default_na=False)
    assert (table["human_symbol"].map(genesets.rat_style) == table["symbol"]).all()


# ---- A user's own file


def write(folder: Path, text: str, name: str = "mine.gmt") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("name", ["mine.gmt", "mine.gmt.gz", "packed_but_named.gmt"])
def test_reads_a_users_gmt_by_content(tmp_path, name):
    path = write(tmp_path, "HALLMARK\thttp://x.org/y\tIL6\tTNF,1.0\tIL6\t\nGO:1\tsome name\tTNF\n", name)
    if name == "packed_but_named.gmt":
        path.write_bytes(gzip.compress(path.read_bytes()))
    sets = genesets.load_gene_sets(path)
    assert sets.genes == {"HALLMARK": ("IL6", "TNF"), "GO:1": ("TNF",)}
    assert sets.name("HALLMARK") == "HALLMARK"
    assert sets.name("GO:1") == "some name"
    assert genesets.load_gene_sets(path, symbols="rat").genes["HALLMARK"] == ("Il6", "Tnf")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a,b,c\n", "split by tabs"),
        ("a\tb\tc\na\tb\td\n", "second time"),
        ("\n\n", "no gene set"),
        ("\x1f\x8b", "can't be read"),
    ],
)
def test_refuses_what_is_no_gmt(tmp_path, content, words):
    path = tmp_path / "mine.gmt"
    path.write_bytes(content.encode("latin1"))
    with pytest.raises(MgboneError, match=words):
        genesets.load_gene_sets(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_before_the_text_is_no_part_of_the_first_term(tmp_path, encoding):
    path = tmp_path / "mine.gmt"
    path.write_bytes("GO:1\t骨吸収\tIl6\tTnf\n".encode(encoding))
    sets = genesets.load_gene_sets(path)
    assert sets.genes == {"GO:1": ("Il6", "Tnf")} and sets.name("GO:1") == "骨吸収"


def test_text_of_windows_is_read_and_said_to_be(tmp_path):
    path = tmp_path / "mine.gmt"
    path.write_bytes("GO:1\t骨吸収\tIl6\n".encode("cp932"))
    with pytest.warns(genesets.GeneSetWarning, match=r"mine\.gmt is not UTF-8 text; read as CP932"):
        assert genesets.load_gene_sets(path).name("GO:1") == "骨吸収"


def test_dates_among_the_genes_are_named(tmp_path):
    path = write(tmp_path, "A\ta\t1-Mar\tIl6\nB\tb\tTnf\t1-Mar\t2-Sep\n")
    with pytest.warns(
        genesets.GeneSetWarning, match=r"mine\.gmt: 2 gene symbols are dates \(1-Mar, 2-Sep\): Excel"
    ):
        genesets.load_gene_sets(path)


def test_missing_file_and_unknown_style(tmp_path):
    with pytest.raises(MgboneError, match="can't be read"):
        genesets.load_gene_sets(tmp_path / "none.gmt")
    with pytest.raises(MgboneError, match="'rat'"):
        genesets.load_gene_sets(symbols="mouse")


def upper(sets: genesets.GeneSets) -> genesets.GeneSets:
    return genesets.GeneSets(
        {t: tuple(g.upper() for g in m) for t, m in sets.genes.items()}, sets.names, "upper.gmt"
    )


def test_symbol_case_is_named(shipped, chip):
    with pytest.raises(MgboneError, match=r"Symbol case differs.*human symbols.*symbols='rat'"):
        genesets.check_symbols(upper(shipped), chip)
    with pytest.raises(
        MgboneError, match=r"Symbol case differs: .*the chip human symbols.*style of the sets"
    ):
        genesets.check_symbols(shipped, [g.upper() for g in chip])


@pytest.mark.parametrize(
    ("names", "style"),
    [
        ([f"ENSRNOG{i:011d}" for i in range(900)], "Ensembl (rat)"),
        ([f"ENSMUSG{i:011d}" for i in range(900)], "Ensembl (mouse)"),
        ([str(i) for i in range(900)], "Entrez numbers"),
        ([f"TC01000{i:05d}.rn.1" for i in range(900)], "probeset names"),
    ],
)
def test_other_kinds_of_names_are_named(shipped, names, style):
    assert symbols.symbol_style(names) == style
    with pytest.raises(MgboneError, match="Organism or kind of name differs"):
        genesets.check_symbols(shipped, names)


def test_names_of_one_style_that_differ_are_shown_by_example(shipped):
    zebrafish = [f"Zz{i:03d}q" for i in range(900)]
    said = (
        r"Both are written alike \(rat or mouse symbols \(Il6\)\).*only the sets have A1cf, .* more; "
        r"only the chip has Zz000q, Zz001q, Zz002q and 897 more"
    )
    with pytest.raises(MgboneError, match=said):
        genesets.check_symbols(shipped, zebrafish)


def test_a_half_fitting_chip_warns_and_a_fitting_one_does_not(shipped, chip):
    genesets.check_symbols(shipped, chip)
    strange = [g if i % 4 == 0 else f"Odd{i}x" for i, g in enumerate(chip)]
    with pytest.warns(genesets.GeneSetWarning, match=r"%\) are among"):
        genesets.check_symbols(shipped, strange)


# ---- Over-representation


@pytest.fixture(scope="module")
def enriched(shipped, chip):
    rng = np.random.default_rng(5)
    inflamed = sorted(shipped.genes["GO:0006954"])
    up = [*rng.choice(inflamed, 60, replace=False), *rng.choice(chip, 240, replace=False), "NotOnChip"]
    down = list(rng.choice(chip, 200, replace=False))
    return enrichment.over_representation({"mg001_vs_pairfed": {"up": up, "down": down}}, shipped, chip), up


def test_p_is_the_hypergeometric_tail(enriched, shipped, chip):
    table, up = enriched
    genes = set(up) & set(chip)
    rows = table[table["direction"] == "up"]
    assert set(rows["term"]) == set(shipped.genes)
    for row in rows.iloc[[0, 1, 50, 800, -1]].itertuples():
        members = set(shipped.genes[row.term])
        expected = stats.hypergeom.sf(len(genes & members) - 1, len(chip), len(members), len(genes))
        assert row.p == pytest.approx(expected, rel=1e-9)
        assert row.hits == len(genes & members)
        assert row.expected == pytest.approx(len(members) * len(genes) / len(chip))
    assert rows["list_size"].unique().tolist() == [len(genes)]


def test_q_counts_every_set_also_those_without_a_hit(enriched, shipped):
    rows = enriched[0].query("direction == 'up'")
    assert (rows["hits"] == 0).sum() > 1000
    assert (rows.loc[rows["hits"] == 0, "p"] == 1).all()
    np.testing.assert_allclose(rows["q"], stats.false_discovery_control(rows["p"]), rtol=1e-12)
    m = len(shipped)
    assert rows["q"].iloc[0] <= rows["p"].iloc[0] * m * (1 + 1e-12)


def test_finds_what_was_put_in_and_nothing_else(enriched):
    table, _ = enriched
    assert table.query("direction == 'up'")["term"].iloc[0] == "GO:0006954"
    assert (table.query("direction == 'down'")["q"] > 0.05).all()


def test_odds_ratio_and_interval(enriched):
    row = enriched[0].query("direction == 'up'").iloc[0]
    a, m, k, n = row["hits"], row["set_size"], row["list_size"], 22900
    cells = np.array([a, m - a, k - a, n - m - k + a]) + 0.5
    log2 = np.log2(cells[0] * cells[3] / cells[1] / cells[2])
    half = 1.959964 * np.sqrt((1 / cells).sum()) / np.log(2)
    assert row["log2_odds_ratio"] == pytest.approx(log2)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((log2 - half, log2 + half), rel=1e-6)


def test_each_contrast_has_its_own_background():
    """Of 10 genes of a set 4 in a list of 5. R: phyper(3, 10, 10, 5, lower.tail = FALSE); 30 for the chip."""
    names = [f"Gene{i}" for i in range(40)]
    sets = genesets.GeneSets({"T": tuple(names[:10])})
    lists = {"bone": {"up": [*names[:4], names[10], names[30]]}, "chip": {"up": [*names[:4], names[10]]}}
    rows = enrichment.over_representation(lists, sets, {"bone": names[:20], "chip": names})
    assert rows[["contrast", "background", "list_size", "hits"]].to_numpy().tolist() == [
        ["bone", 20, 5, 4], ["chip", 40, 5, 4],
    ]  # fmt: skip
    assert rows["p"].tolist() == pytest.approx([2352 / 15504, 6552 / 658008])
    assert rows["expected"].tolist() == pytest.approx([2.5, 1.25])


def test_expressed_genes_are_those_above_the_limit_by_contrast():
    table = pd.DataFrame(
        {"gene": ["A", "B", "C", "A"], "contrast": ["x", "x", "x", "y"],
         "average_expression": [5.1, 5.0, 9.0, 6.0]}
    )  # fmt: skip
    assert changed_genes.expressed_genes(table, 5.0) == {"x": ["A", "C"], "y": ["A"]}
    with pytest.raises(MgboneError, match=r"expressed in y: .* is 6\.00, the limit 8\. .*`expressed` under"):
        changed_genes.expressed_genes(table, 8.0)


def test_the_background_is_the_chip(shipped, chip):
    members = shipped.genes["GO:0045453"]
    half = [g for i, g in enumerate(chip) if i % 2 == 0 or g in members]
    lists = {"c": {"up": list(members)[:20]}}
    whole = enrichment.over_representation(lists, shipped, chip).set_index("term")
    less = enrichment.over_representation(lists, shipped, half).set_index("term")
    assert less.loc["GO:0045453", "p"] > whole.loc["GO:0045453", "p"]
    assert less["set_size"].max() <= whole["set_size"].max()


def test_empty_lists_are_tested_and_say_nothing(shipped, chip):
    table = enrichment.over_representation({"c": {"up": [], "down": ["Il6"]}}, shipped, chip)
    up = table[table["direction"] == "up"]
    assert (up[["p", "q"]] == 1).all(axis=None)
    assert up["log2_odds_ratio"].isna().all()
    with pytest.raises(MgboneError, match="no list"):
        enrichment.over_representation({}, shipped, chip)


def test_symbols_that_differ_in_case_only_are_two_genes():
    """The list holds Gene0 to Gene9, the set GENE0 to GENE9, and both are on the chip: no gene in common."""
    lower, capitals = [f"Gene{i}" for i in range(200)], tuple(f"GENE{i}" for i in range(10))
    sets = genesets.GeneSets({"capitals": capitals})
    tested = enrichment.over_representation({"c": {"up": lower[:10]}}, sets, [*lower, *capitals])
    row = tested.iloc[0]
    assert (row["hits"], row["p"], row["genes"]) == (0, 1, "")


def test_redundant_terms_fold_under_the_best():
    columns = {"contrast": "c", "direction": "up", "q": 0.001}
    rows = pd.DataFrame(
        [("A", 1e-9, "a;b;c;d;e"), ("B", 1e-8, "a;b;c;d;z"), ("C", 1e-7, "x;y;z"), ("D", 1e-6, "a;b")],
        columns=["term", "p", "genes"],
    ).assign(**columns)
    folded = enrichment.fold_terms(rows).set_index("term")
    assert folded["folded_under"].dropna().to_dict() == {"B": "A", "D": "A"}
    assert folded["folded"].to_dict() == {"A": 2, "B": 0, "C": 0, "D": 0}
    assert enrichment.fold_terms(rows.assign(q=0.5)).empty


# ---- Ranked tests


@pytest.fixture(scope="module")
def limma_data():
    values = pd.read_csv(R / "limma_input.csv", index_col="gene")
    groups = pd.Series([name.split(".")[0] for name in values.columns], index=values.columns)
    names = values.index.to_numpy()
    sets = genesets.GeneSets(
        {
            "Set1": tuple(names[0:30]),
            "Set2": tuple(names[20:50]),
            "Set3": tuple(names[59:75]),
            "Set4": tuple(names[0:150:7]),
        }
    )
    return values, groups, sets, pd.read_csv(R / "camera_truth.csv").set_index("term")


def test_camera_equals_limma(limma_data):
    values, groups, sets, truth = limma_data
    table = ex.differential_expression(values, groups, ["mg002_vs_control"])
    found = enrichment.camera(table, sets).set_index("term").loc[truth.index]
    np.testing.assert_allclose(found[["p", "q"]], truth[["p", "q"]], rtol=1e-9)
    assert found["direction"].tolist() == truth["direction"].tolist()
    assert found["n_genes"].tolist() == truth["n_genes"].tolist()
    # limma's camera() itself, which approximates the z scores (Hill 1970)
    np.testing.assert_allclose(found["p"], truth["p_camera"], rtol=1e-6)


def test_correlated_genes_weigh_less(limma_data):
    values, groups, sets, _ = limma_data
    table = ex.differential_expression(values, groups, ["mg002_vs_control"])
    free = enrichment.camera(table, sets, 0.0).set_index("term")["p"]
    bound = enrichment.camera(table, sets, 0.1).set_index("term")["p"]
    assert (bound > free).all()


def test_prerank_is_seeded_and_gives_the_running_sum(limma_data):
    values, groups, sets, _ = limma_data
    table = ex.differential_expression(values, groups, ["mg002_vs_control"])
    results, running = enrichment.prerank(table, sets, "mg002_vs_control", permutations=200, seed=7)
    again, _ = enrichment.prerank(table, sets, "mg002_vs_control", permutations=200, seed=7)
    pd.testing.assert_frame_equal(results, again)
    first = results.set_index("term").loc["Set1"]
    assert first["nes"] > 1.5
    # No random set of those that count, of one sign, reaches as far: (0 + 1) / (n + 1).
    assert 0 < first["n_permutations"] < 200
    assert first["p"] == 1 / (first["n_permutations"] + 1)
    assert "q" not in results
    line = running[running["term"] == "Set1"]
    assert len(line) == len(values)
    assert line["hit"].sum() == 30
    assert line["running_sum"].max() == pytest.approx(first["es"], abs=1e-6)
    assert line["t"].is_monotonic_decreasing


def test_score_and_running_sum_by_hand():
    """Ten genes of |t| 1 in a ranking of 14: places 1 to 9 and 12 (from 0)."""
    names = [f"Gene{i:02d}" for i in range(14)]
    table = pd.DataFrame({"gene": names, "contrast": "c", "t": [1.0] * 7 + [-1.0] * 7})
    members = (*names[1:10], names[12])
    results, running = enrichment.prerank(table, genesets.GeneSets({"s": members}), "c", permutations=2000)
    # Down a quarter, up nine tenths, down two quarters, up a tenth, down a quarter: 0.65 at the tenth place.
    expected = np.cumsum([-0.25, *[0.1] * 9, -0.25, -0.25, 0.1, -0.25])
    assert running["running_sum"].to_numpy() == pytest.approx(expected)
    row = results.iloc[0]
    assert row["es"] == pytest.approx(0.65)
    assert row["leading_edge"].split(";") == names[1:10]
    # All 1,001 sets of ten, listed: the share as far out among those whose farthest point lies above 0.
    scores = []
    for chosen in combinations(range(14), 10):
        steps = np.full(14, -0.25)
        steps[list(chosen)] = 0.1
        line = np.cumsum(steps)
        scores.append(line.max() if line.max() > -line.min() + 1e-12 else line.min())
    above = np.array([s for s in scores if s > 0])
    assert row["p"] == pytest.approx((above >= 0.65 - 1e-9).mean(), abs=0.04)
    assert row["nes"] == pytest.approx(0.65 / above.mean(), rel=0.03)
    assert row["n_permutations"] == pytest.approx(2000 * len(above) / len(scores), abs=120)


def test_tied_values_do_not_depend_on_chance(limma_data):
    *_, sets, _ = limma_data
    names = [f"Gene{i:03d}" for i in range(1, 151)]
    table = pd.DataFrame({"gene": names, "contrast": "c", "t": np.repeat([2.0, 0.0, -2.0], 50)})
    results, _ = enrichment.prerank(table, sets, "c", permutations=50)
    turned, _ = enrichment.prerank(table.iloc[::-1], sets, "c", permutations=50)
    np.testing.assert_allclose(results["es"], turned["es"], atol=1e-9)


def test_ranked_tests_say_that_no_set_is_known(limma_data):
    values, groups, sets, _ = limma_data
    table = ex.differential_expression(values, groups, ["mg002_vs_control"])
    for test in (
        enrichment.camera,
        lambda *given: enrichment.prerank(*given, "mg002_vs_control", permutations=10),
    ):
        with pytest.warns(genesets.GeneSetWarning, match="No set in upper.gmt has 10 to"):
            found = test(table, upper(sets))
        assert all(one.empty for one in ([found] if isinstance(found, pd.DataFrame) else found))


def test_sets_are_spelt_as_the_chip_is_or_left_out(shipped, chip):
    """Human symbols on the chip: all sets keep their genes, as many as in the rat's spelling."""
    capitals = [g.upper() for g in chip]
    fitted = genesets.fit_gene_sets(shipped, capitals)
    known = {g.upper() for g in chip if sum(h.upper() == g.upper() for h in [g]) == 1}
    for term in ("GO:0045453", "GO:0006954"):
        expected = {g.upper() for g in shipped.genes[term]} & known
        assert set(fitted.genes[term]) & set(capitals) == expected
    (note,) = fitted.notes
    assert "without regard to case" in note and "no orthologue" in note
    assert genesets.fit_gene_sets(shipped, chip).notes == ()
    assert genesets.fit_gene_sets(shipped, chip).genes == shipped.genes
    # Two genes of the chip that differ in case only: which of them is meant is not known.
    assert (
        "IL6"
        not in genesets.fit_gene_sets(
            genesets.GeneSets({"t": ("IL6", *(f"G{i}" for i in range(12)))}),
            ["Il6", "il6", *(f"g{i}" for i in range(12))],
        ).genes["t"][1:]
    )
    strangers = genesets.fit_gene_sets(shipped, [f"Zz{i}q" for i in range(3000)])
    assert len(strangers) == 0 and "No gene set is tested; all else goes on." in strangers.notes[0]


def test_nothing_to_rank_is_said(limma_data):
    values, groups, sets, _ = limma_data
    table = ex.differential_expression(values, groups, ["mg002_vs_control"])
    with pytest.raises(MgboneError, match=r"no contrast 'mg009'.* has mg002_vs_control\."):
        enrichment.prerank(table, sets, "mg009")
    with pytest.raises(MgboneError, match="table of tested genes is empty"):
        enrichment.prerank(table.iloc[:0], sets, "mg002_vs_control")
    with pytest.raises(MgboneError, match="table of tested genes is empty"):
        enrichment.camera(table.iloc[:0], sets)


# ---- Evidence


def test_evidence_speaks_through_the_best_term(enriched, study):
    rows = array_evidence.theme_evidence(enriched[0], genesets.load_themes(), study, "exp1")
    assert rows.columns.tolist()[: len(EVIDENCE_COLUMNS)] == EVIDENCE_COLUMNS
    assert rows["endpoint"].tolist() == [*genesets.load_themes()["theme"].unique()]
    inflamed = rows.set_index("endpoint").loc["inflammatory_response_genes"]
    assert (inflamed["level"], inflamed["direction"], inflamed["term"]) == ("significant", "up", "GO:0006954")
    assert inflamed["ci_low"] > 1
    term = enriched[0].query("term == 'GO:0006954' and direction == 'up'").iloc[0]
    assert inflamed["p"] == term["q_both"]
    assert inflamed["n_case"] == inflamed["n_reference"] == 4
    nothing = rows.set_index("endpoint").loc["bone_metabolism_genes"]
    assert (nothing["level"], nothing["direction"]) == ("none", "none")


@pytest.mark.parametrize(
    ("q", "level", "direction"),
    [
        (0.049, "significant", "down"),
        (0.05, "trend", "down"),
        (0.099, "trend", "down"),
        (0.1, "none", "none"),
    ],
)
def test_evidence_levels_are_the_studys(enriched, q, level, direction, study):
    table = enriched[0].copy()
    table["q_both"] = 1.0
    table.loc[(table["term"] == "GO:0055074") & (table["direction"] == "down"), "q_both"] = q
    rows = array_evidence.theme_evidence(table, genesets.load_themes(), study, "exp1").set_index("endpoint")
    row = rows.loc["mineral_metabolism_genes"]
    assert (row["level"], row["direction"]) == (level, direction)


def test_a_theme_pays_for_both_lists():
    """The best of either list is the best of all: q counts the terms of both, by hand for the smallest p."""
    rng = np.random.default_rng(2)
    sets = genesets.GeneSets(
        {f"Set{i}": tuple(f"Gene{j}" for j in range(10 * i, 10 * i + 10)) for i in range(4)}
    )
    chip = [f"Gene{i}" for i in range(400)]
    lists = {"c": {"up": list(rng.choice(chip[:80], 20, replace=False)), "down": chip[100:120]}}
    tested = enrichment.over_representation(lists, sets, chip)
    assert tested["q_both"].tolist() == pytest.approx(stats.false_discovery_control(tested["p"]).tolist())
    smallest = tested.loc[tested["p"].idxmin()]
    others = np.sort(tested["p"])
    assert smallest["q_both"] == pytest.approx(min(8 * p / rank for rank, p in enumerate(others, start=1)))
    assert smallest["q_both"] > smallest["q"]
    by_list = tested.groupby("direction")["p"].transform(stats.false_discovery_control)
    assert tested["q"].tolist() == pytest.approx(by_list.tolist())


def test_evidence_counts_arrays_and_needs_go(enriched, study):
    groups = pd.Series(["mg001"] * 3 + ["pairfed"] * 4)
    rows = array_evidence.theme_evidence(enriched[0], genesets.load_themes(), study, "exp1", groups)
    assert (rows["n_case"].iloc[0], rows["n_reference"].iloc[0]) == (3, 4)
    other_sets = enriched[0].query("term == 'GO:0000018'")
    untested = array_evidence.theme_evidence(other_sets, genesets.load_themes(), study, "exp1", groups)
    assert list(untested["endpoint"]) == list(genesets.load_themes()["theme"].unique())
    assert untested["level"].isna().all()
    assert set(untested["test"]) == {"not tested"}
    assert set(untested["n_reference"]) == {4}
    # Nothing changed: with three arrays a group that says nothing, with four it is an answer.
    nothing = enriched[0].assign(list_size=0, hits=0, p=1.0, q=1.0, q_both=1.0)
    few = array_evidence.theme_evidence(nothing, genesets.load_themes(), study, "exp1", groups.iloc[:6])
    assert few["level"].isna().all() and set(few["test"]) == {"not tested"}
    enough = array_evidence.theme_evidence(nothing, genesets.load_themes(), study, "exp1", groups)
    assert set(enough["level"]) == {"none"}
    with pytest.raises(MgboneError, match="no experiment"):
        array_evidence.theme_evidence(enriched[0], genesets.load_themes(), study, "exp9")


# ---- Fetching


def test_offline_says_what_to_do(monkeypatch, tmp_path):
    def offline(*_, **__):
        raise requests.exceptions.ConnectionError("no route")

    monkeypatch.setattr(gseapy, "get_library", offline)
    with pytest.raises(MgboneError, match=r"need no network.*make genesets.*symbols='rat'"):
        genesets.fetch_gene_sets(folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_command_fetches_or_says_why_not(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(
        genesets, "fetch_gene_sets", lambda library: asked.append(library) or SHIPPED / "go_bp.gmt.gz"
    )
    assert cli.main(["genesets", "--library", "Lib"]) == 0
    assert asked == ["Lib"]
    assert re.match(r"data/genesets/go_bp\.gmt\.gz: \d{4} gene sets\. ", capsys.readouterr().out)

    def offline(library):
        raise MgboneError("Gene sets can't be fetched: no route.")

    monkeypatch.setattr(genesets, "fetch_gene_sets", offline)
    assert cli.main(["genesets"]) == 1
    assert capsys.readouterr() == ("", "mgbone: Gene sets can't be fetched: no route.\n")


def test_fetched_sets_are_written_in_rat_style_and_read_back(monkeypatch, tmp_path):
    library = {"Bone Resorption (GO:0045453)": ["CTSK", "ACP5"], "Other Set": ["IL6,1.0"]}
    monkeypatch.setattr(gseapy, "get_library", lambda *_, **__: library)
    first = genesets.fetch_gene_sets("Lib", folder=tmp_path).read_bytes()
    path = genesets.fetch_gene_sets("Lib", folder=tmp_path)
    assert path.read_bytes() == first
    assert first[4:8] == bytes(4), "the gzip header must hold no time"
    sets = genesets.load_gene_sets(path)
    assert sets.genes == {"GO:0045453": ("Acp5", "Ctsk"), "Other Set": ("Il6",)}
    assert sets.name("GO:0045453") == "Bone Resorption"


def test_unknown_library_is_named(monkeypatch, tmp_path):
    def unknown(*_, **__):
        raise ValueError("Sorry")

    monkeypatch.setattr(gseapy, "get_library", unknown)
    with pytest.raises(MgboneError, match="no library 'Lib'"):
        genesets.fetch_gene_sets("Lib", folder=tmp_path)
