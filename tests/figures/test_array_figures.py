"""Figures of arrays, changed genes and gene sets: what the tables hold is drawn, and no words overlap."""

from __future__ import annotations

from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from helpers.languages import speak
from helpers.readability import faults
from matplotlib.text import Annotation, Text

from mgbone.figures import arrays as array_figures
from mgbone.figures import canvas, look
from mgbone.figures import genes as gene_figures
from mgbone.figures import genesets as fg
from mgbone.figures.save import save_figure
from mgbone.microarray import changed_genes, differential, enrichment, genesets, quality
from mgbone.microarray import clustering as cl
from mgbone.study import naming
from mgbone.study.design import load_study

GROUPS = ("control", "mg004", "mg002")
CONTRASTS = ["mg004_vs_control", "mg002_vs_control"]
TERMS = {
    "inflammatory_response_genes": ["T1"],
    "mineral_metabolism_genes": ["T2"],
    "bone_metabolism_genes": ["T3", "T4"],
}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def study_like() -> dict:
    """A small chip: 900 genes, three groups of four arrays, four terms, one of them raised at 0.02 %."""
    rng = np.random.default_rng(11)
    names = [f"Gene{i:03d}" for i in range(900)]
    arrays = [f"e2-{g}-{i}" for g in GROUPS for i in range(1, 5)]
    groups = pd.Series([a.split("-")[1] for a in arrays], index=arrays)
    values = pd.DataFrame(rng.normal(7, 2, (900, 1)) + rng.normal(0, 0.2, (900, 12)), names, arrays)
    values.iloc[:40, 8:] += 0.9
    values.iloc[100:130, 4:8] -= 0.8
    slices = {"T1": names[100:160], "T2": names[300:360], "T3": names[:50], "T4": names[20:80]}
    sets = genesets.GeneSets(
        {t: tuple(g) for t, g in slices.items()}, {t: f"name of term {t}" for t in slices}
    )
    rows = [(theme, t, f"name of term {t}", "made up") for theme, terms in TERMS.items() for t in terms]
    themes = pd.DataFrame(rows, columns=["theme", "go_id", "term", "reason"])
    table = differential.differential_expression(values, groups, CONTRASTS)
    enriched = enrichment.over_representation(changed_genes.gene_lists(table), sets, names)
    return {
        "values": values, "groups": groups, "sets": sets, "themes": themes, "table": table,
        "folded": enrichment.fold_terms(enriched), "camera": enrichment.camera(table, sets),
        "prerank": enrichment.prerank(table, sets, "mg002_vs_control", permutations=50),
        "trees": cl.cluster_contrasts(values, groups, CONTRASTS, n_genes=300, bootstraps=20),
        "tree": cl.cluster_arrays(values, groups, n_genes=300, bootstraps=20),
    }  # fmt: skip


def named(d: dict) -> pd.DataFrame:
    return genesets.name_genes(
        changed_genes.call_genes(d["table"]), genesets.theme_genes(d["sets"], d["themes"])
    )


def by_hand(d: dict):
    steps = differential.genes_by_hand(d["values"], d["groups"], ["Gene005", "Gene012"], "mg002_vs_control")
    return gene_figures.genes_by_hand(d["values"], d["groups"], steps, "mg002_vs_control", "Two genes")


def overlap(d: dict):
    both = changed_genes.overlap(d["table"], *CONTRASTS)
    return gene_figures.overlap_scatter(
        both,
        changed_genes.overlap_summary(both, *CONTRASTS, d["groups"]),
    )


def distributions(d: dict):
    x = np.linspace(2, 14, 30)
    frames = [
        pd.DataFrame({"stage": s, "array_id": a, "value": x, "density": np.exp(-((x - 7) ** 2))})
        for s in ("raw", "normalised") for a in d["values"].columns
    ]  # fmt: skip
    return array_figures.array_distributions(pd.concat(frames), d["groups"], "Distributions")


def boxes(d: dict, high: float = 0.0):
    rows = [
        ("RLE", a, -0.3, -0.1, high if i == 3 else 0.0, 0.1, 0.3) for i, a in enumerate(d["values"].columns)
    ]
    frame = pd.DataFrame(rows, columns=["measure", "array_id", "q05", "q25", "median", "q75", "q95"])
    return array_figures.array_boxes(frame, d["groups"], {"RLE": (-0.1, 0.1)}, "Boxes")


def array_map(d: dict):
    arrays = d["values"].columns
    scores = pd.DataFrame(np.random.default_rng(1).normal(0, 5, (12, 2)), arrays, ["PC1", "PC2"])
    return array_figures.array_map(scores, (0.4, 0.2), d["values"].corr(), d["groups"], "Map")


def pseudo(d: dict):
    image = np.random.default_rng(1).normal(0, 0.2, (20, 20))
    image[0, :] = np.nan
    images = dict.fromkeys(d["values"].columns[:5], image)
    return array_figures.pseudo_images(images, d["groups"], "Chips", spoilt=quality.spoil(images))


def test_where_no_gene_changed_volcano_and_thresholds_say_so(study_like):
    table = named(study_like).assign(direction="none", theme=None, named=False)
    counts = changed_genes.significance_counts(study_like["table"]).assign(total=0, up=0, down=0)
    for figure in (gene_figures.volcano(table), gene_figures.threshold_grid(counts)):
        assert canvas.words_of(figure)["finding"] == "No difference was found."


def many_boxes(n: int):
    names = [f"e2-{group}-{i}" for group in GROUPS for i in range(n // 3)]
    q = np.array([-0.3, -0.1, 0.0, 0.1, 0.3])
    frame = pd.DataFrame([("RLE", name, *q * (1 + 0.01 * (i % 9))) for i, name in enumerate(names)])
    frame.columns = ["measure", "array_id", "q05", "q25", "median", "q75", "q95"]
    groups = pd.Series([name.split("-")[1] for name in names], index=names)
    return array_figures.array_boxes(frame, groups, {"RLE": (-0.1, 0.1)}, "Boxes")


def many_branches(n: int):
    rng = np.random.default_rng(3)
    names = [f"e2-{group}-{i}" for group in GROUPS for i in range(n // 3)]
    groups = pd.Series([name.split("-")[1] for name in names], index=names)
    values = pd.DataFrame(rng.normal(7, 2, (60, 1)) + rng.normal(0, 0.2, (60, len(names))), columns=names)
    tree = cl.cluster_arrays(values, groups, n_genes=50, bootstraps=2)
    return array_figures.dendrogram_heatmap(tree, "exp2", load_study())


@pytest.mark.parametrize("draw", [many_boxes, many_branches])
@pytest.mark.parametrize("n", [99, pytest.param(501, marks=pytest.mark.slow)])
def test_a_figure_of_hundreds_of_arrays_can_be_read_and_has_few_parts(draw, n):
    figure = draw(n)
    assert faults(figure) == []
    assert sum(len(ax.get_children()) for ax in figure.axes) < 150


FIGURES = {
    "tree": lambda d: array_figures.dendrogram_heatmap(d["tree"], "exp2", load_study()),
    "cohesion": lambda d: array_figures.cohesion(d["trees"], "Cohesion"),
    "p_values": lambda d: gene_figures.p_value_histograms(changed_genes.p_value_histogram(d["table"]), "p"),
    "volcano": lambda d: gene_figures.volcano(named(d), "Volcano"),
    "ma": lambda d: gene_figures.ma_plot(named(d), "MA"),
    "grid": lambda d: gene_figures.threshold_grid(changed_genes.significance_counts(d["table"]), "Grid"),
    "overlap": overlap,
    "by_hand": by_hand,
    "distributions": distributions,
    "boxes": boxes,
    "map": array_map,
    "pseudo": pseudo,
    "ora": lambda d: fg.ora_dots(d["folded"], d["themes"], "Terms", tested=[4]),
    "camera": lambda d: fg.camera_bars(d["camera"], d["themes"], "camera"),
    "running": lambda d: fg.running_sums(
        d["prerank"][0].assign(least_p=1 / 101), d["prerank"][1], d["themes"], "Sums"
    ),
}


@pytest.fixture(scope="module")
def drawn(study_like):
    """Return a function that draws a figure, once for each language, for tests that only look at it."""
    draw = cache(lambda name, language: speak(language, FIGURES[name], study_like))
    return lambda name, language="en": draw(name, language)


def words(figure) -> list[str]:
    return [t.get_text() for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", FIGURES)
def test_is_drawn_so_that_every_text_can_be_read(name, language, drawn, tmp_path):
    figure = drawn(name, language)
    said = canvas.words_of(figure)
    assert any(letter > "぀" for letter in said["note"]) == (language == "ja")
    assert said["finding"].endswith("。" if language == "ja" else ".")
    assert faults(figure) == []
    files = save_figure(figure, tmp_path, name, stamp="SIMULATED DATA")
    assert all(f.stat().st_size > 3000 for f in files)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tree", "volcano", "ora", "running"])
def test_same_table_same_bytes(name, study_like, tmp_path):
    files = [save_figure(FIGURES[name](study_like), tmp_path / str(i), name) for i in range(2)]
    for one, two in zip(*files, strict=True):
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("name", ["volcano", "ma"])
def test_at_most_eight_genes_a_panel_are_named_and_a_line_ends_at_the_gene_s_own_dot(name, drawn):
    figure = drawn(name)
    for ax in figure.axes:
        names = [t for t in ax.texts if t.get_gid() == "name"]
        assert 3 < len(names) <= 8
        (rings,) = [c for c in ax.collections if len(c.get_facecolor()) == 0]
        ringed = ax.transData.transform(rings.get_offsets()) * 72 / figure.dpi
        for leader in (line for line in ax.lines if line.get_gid() == "leader"):
            begin, _ = ax.transData.transform(leader.get_xydata()) * 72 / figure.dpi
            own, next_one = np.sort(np.hypot(*(ringed - begin).T))[:2]
            assert own == pytest.approx(0, abs=0.2)
            assert next_one > own


def test_volcanoes_share_their_axes(drawn):
    one, *others = drawn("volcano").axes
    assert all((ax.get_xlim(), ax.get_ylim()) == (one.get_xlim(), one.get_ylim()) for ax in others)


def test_names_are_those_of_changed_genes(study_like, drawn):
    table = named(study_like)
    changed = set(table.loc[table["direction"] != "none", "gene"])
    texts = drawn("volcano").findobj(Annotation)
    assert {t.get_text() for t in texts if t.get_gid() == "name"} <= changed


def test_volcano_draws_every_gene_once(drawn):
    figure = drawn("volcano")
    for ax in figure.axes:
        clouds = [c for c in ax.collections if len(c.get_facecolor())]
        assert sum(len(c.get_offsets()) for c in clouds) == 900


def test_tree_shows_every_array_its_support_and_the_verdict(study_like, drawn):
    tree = study_like["tree"]
    figure = drawn("tree")
    shown = words(figure)
    assert [shown.count(str(i)) >= 3 for i in range(1, 5)] == [True] * 4
    supports = [f"{100 * s:.0f}" for s in tree.nodes["support"].dropna()]
    assert all(s in shown for s in supports)
    assert any(str(tree.verdict["level"]) in w for w in shown)


def test_cohesion_says_p_and_level(study_like, drawn):
    shown = " ".join(words(drawn("cohesion")))
    for tree in study_like["trees"].values():
        assert naming.format_p(tree.verdict["p"]) in shown
        assert str(tree.verdict["level"]) in shown


def test_grid_shows_every_count_and_frames_the_declared_limit(study_like):
    counts = changed_genes.significance_counts(study_like["table"])
    figure = gene_figures.threshold_grid(counts)
    shown = words(figure)
    for row in counts.itertuples():
        assert f"{row.up:,} ↑\n{row.down:,} ↓" in shown
    assert [len(ax.patches) for ax in figure.axes] == [1, 1]


def test_an_array_beyond_the_limits_is_marked(study_like):
    assert "!" not in words(boxes(study_like))
    assert "!" in words(boxes(study_like, high=0.25))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_enriched_term_is_said_in_words(study_like, language):
    """Without any effect there is no term to draw, and bare axes would look like a fault."""
    figure = speak(language, fg.ora_dots, study_like["folded"].head(0), study_like["themes"], "Terms")
    said = " ".join(words(figure)).replace("\n", " ")
    assert ("no term with q < 0.05" if language == "en" else "タームなし") in said
    assert "1 genes" not in said


def test_ora_says_hits_size_and_q(study_like):
    figure = fg.ora_dots(study_like["folded"], study_like["themes"])
    shown = " ".join(words(figure))
    best = study_like["folded"].query("contrast == 'mg002_vs_control' and direction == 'up'").iloc[0]
    assert f"{best['hits']}/{best['set_size']}" in shown


def test_camera_fills_bars_only_below_the_limit(study_like):
    tested = study_like["camera"].assign(q=[0.01, *[0.5] * (len(study_like["camera"]) - 1)])
    figure = fg.camera_bars(tested, study_like["themes"])
    filled = [p for ax in figure.axes for p in ax.patches if p.get_facecolor()[:3] != (1.0, 1.0, 1.0)]
    assert len(filled) == 1


def test_running_sum_says_nes_p_and_n(study_like, drawn):
    results, _ = study_like["prerank"]
    row = results.set_index("term").loc["T3"]
    shown = " ".join(words(drawn("running")))
    assert f"NES = {row['nes']:.2f}".replace("-", "−") in shown
    assert f"n = {row['n_genes']}" in shown


def test_colours_of_themes_stay_apart_in_grey():
    lightness = sorted(look.lightness(colour) for colour, *_ in gene_figures.THEMES.values())
    assert min(np.diff(lightness)) > 12
    assert len({marker for _, marker, _ in gene_figures.THEMES.values()}) == 3
    assert [*gene_figures.THEMES] == [*genesets.load_themes()["theme"].unique()]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_single_distribution_can_be_read(language):
    groups = pd.Series(["control", "pairfed", "mg004", "mg002", "mg001"], index=list("abcde"))
    line = pd.DataFrame({"value": [1.0, 2.0], "density": [0.1, 0.2]})
    densities = pd.concat([line.assign(stage="as it came", array_id=array) for array in groups.index])
    figure = speak(language, array_figures.array_distributions, densities, groups, "Distributions")
    assert faults(figure) == []


def test_chips_of_two_experiments_with_one_name_are_both_drawn():
    images = {f"{experiment}-control-1": np.eye(4) * size for size, experiment in enumerate(("e1", "e2"), 1)}
    figure = array_figures.pseudo_images(images, pd.Series("control", index=list(images)), "Chips")
    drawn = [ax for ax in figure.axes if ax.images]
    assert [ax.images[0].get_array().max() for ax in drawn] == [1, 2]
    assert len({ax.get_title() for ax in drawn}) == 1
