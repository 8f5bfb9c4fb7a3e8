"""Figures: what they must show, in both languages, with the same bytes each time."""

import warnings

import helpers.figure_data as made
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from helpers.languages import speak
from helpers.readability import faults
from matplotlib.colors import to_rgb, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from mgbone.biochem.pair_feeding import adjust_for_intake
from mgbone.claims.judging import judge
from mgbone.evidence.comparison import compare
from mgbone.figures import canvas, density, design, femur, findings, forest, groups, look, marks, urine
from mgbone.figures import dose_shapes as shape_figures
from mgbone.figures import doses as dose_figures
from mgbone.figures import feeding as feeding_figures
from mgbone.figures import negative_control as control_figures
from mgbone.figures import other_tests as choice_figures
from mgbone.figures import verdicts as verdict_figures
from mgbone.figures import within_animals as within_figures
from mgbone.figures.save import save_figure
from mgbone.integration import doses as dose_tables
from mgbone.integration.negative_control import chance_of, count_control, distribution, permute_labels
from mgbone.integration.shapes import dose_shapes
from mgbone.integration.within_animals import correlate_within, partial_within, wide_table
from mgbone.study import naming
from mgbone.study.design import load_study
from mgbone.study.errors import MgboneError
from mgbone.study.language import tr
from mgbone.study.ledger import load_claims

STUDY = load_study()
MEASUREMENTS = made.measurements(STUDY)
EVIDENCE = compare(MEASUREMENTS, STUDY)
DENSITY = MEASUREMENTS[MEASUREMENTS["endpoint"].str.startswith("bmd_")]
CELLS = made.cells(EVIDENCE)
ARRAYS = made.array_evidence().reindex(columns=EVIDENCE.columns)
for column in ("estimate", "mean_reference"):
    ARRAYS[column] = ARRAYS[column].astype(float)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # all-missing columns of the rows of arrays
    EVERYTHING = pd.concat([EVIDENCE, ARRAYS], ignore_index=True)
VERDICTS = judge(load_claims(), EVERYTHING)
BOTH = ("cortical", "trabecular")


def by_structure(frame):
    return pd.concat([frame(s).assign(structure=s) for s in BOTH], ignore_index=True)


PROFILE_SUMMARY = by_structure(lambda s: made.profile_summary(made.profile(STUDY, s)))
PROFILE_TESTS = by_structure(lambda s: made.profile_tests(STUDY))
PERCENTS = dose_tables.percent_of_reference(MEASUREMENTS, STUDY)
REPORTED = pd.DataFrame({"endpoint": "serum_mg", "dietary_mg_percent": [0.02, 0.01], "percent": [71.4, 39.0]})
CHOSEN = EVIDENCE[EVIDENCE["endpoint"].isin(["serum_mg", "serum_p"])]
CHOICES = pd.concat(
    [
        CHOSEN.assign(test=test, p=CHOSEN["p"] * k, test_run=CHOSEN["test"])
        for test, k in (("declared", 1.0), ("other", 0.7))
    ]
)

FOOD = MEASUREMENTS.query("endpoint == 'food_intake'").set_index("animal_id")["value"]
ADJUSTED = adjust_for_intake(
    MEASUREMENTS[MEASUREMENTS["endpoint"].isin(["serum_mg", "urine_ctx"])], FOOD, STUDY
)
SHAPES = dose_shapes(MEASUREMENTS, STUDY, 200)
WIDE = wide_table(MEASUREMENTS)
PAIRS = partial_within(WIDE, correlate_within(WIDE))
CLAIMS = load_claims()
PERMUTED = permute_labels(MEASUREMENTS, CLAIMS, STUDY, 50)
SHUFFLED = distribution(CLAIMS, PERMUTED)
COUNTS = count_control(CLAIMS, VERDICTS, VERDICTS, chance_of(CLAIMS, MEASUREMENTS, STUDY), PERMUTED)
URINE = made.urine(MEASUREMENTS)
SPREAD = pd.DataFrame({"endpoint": ["urine_ctx", "urine_dpd"], "cv_uncorrected": 31.2, "cv_corrected": 24.9})

DRAWINGS = {
    "groups": lambda: groups.group_dots(
        MEASUREMENTS, EVIDENCE, ["serum_mg", "serum_ca", "serum_p"], STUDY, "Minerals"
    ),
    "forest": lambda: forest.effect_forest(
        EVIDENCE, ["serum_mg", "serum_ca", "bmd_trabecular_full"], STUDY, "Effects"
    ),
    "map": lambda: density.density_map(CELLS, STUDY, "Map"),
    "region_dots": lambda: density.region_dots(DENSITY, EVIDENCE, STUDY, "exp2", structures=BOTH),
    "profiles": lambda: density.profiles(PROFILE_SUMMARY, STUDY, "Profiles", tests=PROFILE_TESTS),
    "femur": lambda: femur.femur_drawing(CELLS, STUDY, "Femur"),
    "slices": lambda: density.content_over_volume(
        DENSITY, DENSITY.assign(value=DENSITY["value"] * 1.02), "Slices"
    ),
    "verdicts": lambda: verdict_figures.verdict_map(VERDICTS, STUDY, "Verdicts"),
    "dose": lambda: dose_figures.dose_response(
        dose_tables.dose_response(EVIDENCE, STUDY),
        ["serum_mg", "serum_ca", "serum_alp"],
        STUDY,
        "Doses",
        animals=PERCENTS,
        reported=REPORTED,
        shapes=SHAPES,
    ),
    "shapes": lambda: shape_figures.shape_plane(SHAPES, STUDY, "Shapes"),
    "network": lambda: within_figures.correlation_network(PAIRS, STUDY, "Pairs"),
    "one_scale": lambda: forest.effect_forest(
        EVIDENCE, dose_tables.on_one_scale(EVIDENCE, STUDY), STUDY, "Scale", headings=True
    ),
    "control": lambda: control_figures.counts_by_chance(COUNTS, SHUFFLED, "Chance"),
    "per_dose": lambda: dose_figures.per_dose(EVERYTHING, STUDY, "Each dose"),
    "design": lambda: design.timeline(STUDY),
    "pair_feeding": lambda: feeding_figures.pair_feeding(
        ADJUSTED, ("control", "pairfed", "mg001"), "exp1", "Fed in pairs"
    ),
    "dilution": lambda: urine.dilution(URINE, SPREAD, "Urine"),
    "choices": lambda: choice_figures.choice_of_test(CHOICES, STUDY, "Tests"),
}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def texts(figure, gid):
    """All texts of a figure with this gid."""
    found = [t for t in figure.texts if t.get_gid() == gid]
    for ax in figure.axes:
        found += [t for t in ax.texts if t.get_gid() == gid]
    return [t.get_text() for t in found]


def dots(figure):
    """Return the collections that hold animals."""
    return [c for ax in figure.axes for c in ax.collections if c.get_gid() == "animals"]


def n_dots(figure):
    return sum(len(c.get_offsets()) for c in dots(figure))


def n_hollow(figure):
    return sum((to_rgba_array(c.get_facecolor())[:, :3].min(axis=1) == 1).sum() for c in dots(figure))


def estimates(figure):
    """Return all estimates drawn, as (x, y)."""
    marks = [c for ax in figure.axes for c in ax.collections if c.get_gid() == "estimate"]
    return np.concatenate([np.asarray(c.get_offsets()) for c in marks])


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", DRAWINGS)
def test_every_figure_is_saved_with_all_letters_its_stamp_and_the_same_bytes(name, language, tmp_path):
    figure = speak(language, DRAWINGS[name])
    assert isinstance(figure, Figure)
    written = save_figure(figure, tmp_path, name, stamp=speak(language, tr, "SIMULATED DATA"))
    assert [p.name for p in written] == [f"{name}.png", f"{name}.svg"]
    assert all(p.stat().st_size > 5000 for p in written)
    assert texts(figure, "stamp") == [speak(language, tr, "SIMULATED DATA")]
    assert not plt.get_fignums()
    if language == "ja":
        stamp = speak(language, tr, "SIMULATED DATA")
        again = save_figure(speak(language, DRAWINGS[name]), tmp_path / "again", name, stamp=stamp)
        assert [p.read_bytes() for p in written] == [p.read_bytes() for p in again]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", DRAWINGS)
def test_every_text_can_be_read(name, language):
    figure = speak(language, DRAWINGS[name])
    canvas.stamp(figure, "SIMULATED DATA")
    assert faults(figure) == []


@pytest.mark.parametrize(
    ("words", "options", "fault"),
    [
        ("small", {"size": 7.5}, "points"), ("pale", {"color": "#8c8c8c"}, "contrast"), ("off", {"x": 1.2}, "cut off"),
        ("struck", {"y": 0.5, "x": 0.2}, "over a line"), ("twice", {"y": 0.8, "x": 0.8}, "meets"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_found(words, options, fault):
    figure, axes = canvas.new_figure(title="Title", finding="Finding")
    axes[0, 0].axhline(0.5, color="black")
    where = {"x": 0.5, "y": 0.2, "s": words, "va": "center", **options}
    axes[0, 0].text(**where)
    if fault == "meets":
        axes[0, 0].text(**where | {"s": "TWICE"})
    assert [fault in one for one in faults(figure)] == [True]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", DRAWINGS)
def test_every_figure_says_what_was_found(name, language):
    words = canvas.words_of(speak(language, DRAWINGS[name]))
    assert words["finding"].endswith("。" if language == "ja" else ".") or name == "verdicts"
    assert words["note"]


def test_findings_are_those_of_the_evidence():
    rows = {"experiment": ["exp2", "exp2", "exp1"], "endpoint": "serum_mg", "direction": "down",
            "contrast": [c.name for c in STUDY.dose_order], "level": ["trend", "significant", "significant"]}  # fmt: skip
    evidence = pd.DataFrame(rows)
    said = findings.changes(evidence, ["serum_mg"], STUDY)
    assert said == "Serum magnesium fell at 0.02 % and 0.01 %, by trend at 0.04 %."
    assert findings.changes(evidence.assign(level="none"), ["serum_mg"], STUDY) == "No difference was found."


def test_measured_data_get_no_stamp(tmp_path):
    figure = DRAWINGS["groups"]()
    save_figure(figure, tmp_path, "x")
    assert texts(figure, "stamp") == []


def test_a_letter_without_a_font_is_refused_and_nothing_written(tmp_path):
    figure, axes = canvas.new_figure(title="\N{OLD PERSIAN SIGN A}")
    axes[0, 0].set_xlabel("x")
    with pytest.raises(MgboneError, match="no font holds"):
        save_figure(figure, tmp_path, "x")
    assert list(tmp_path.iterdir()) == []


def test_group_dots_show_every_animal_that_was_measured():
    endpoints = ["serum_mg", "serum_alp"]
    missing = {("e1-control-3", "serum_mg"), ("e2-mg002-8", "serum_alp")}
    measured = made.measurements(STUDY, missing=missing)
    figure = groups.group_dots(measured, compare(measured, STUDY), endpoints, STUDY)
    assert n_dots(figure) == 48 * 2 - 2
    labels = [t.get_text() for t in figure.axes[0].get_xticklabels()]
    assert labels == ["Control\nn = 7", "Pair-fed\nn = 8", "0.01 % Mg\nn = 8"]
    assert "n = 7–8 animals" in canvas.words_of(figure)["note"]


def test_group_dots_write_the_p_and_mark_of_the_evidence():
    figure = groups.group_dots(MEASUREMENTS, EVIDENCE, ["serum_mg"], STUDY)
    expected = [
        f"{naming.format_p_value(row.p)} {naming.level_mark(row.level)}".rstrip()
        for row in EVIDENCE[EVIDENCE["endpoint"] == "serum_mg"].itertuples()
    ]
    assert sorted(texts(figure, "p")) == sorted(expected)
    assert any(t.endswith("*") for t in expected)
    assert any(t.endswith("†") for t in expected)


def test_group_dots_mark_censored_values_hollow():
    table = MEASUREMENTS.assign(censored=MEASUREMENTS["animal_id"].eq("e1-mg001-1"))
    figure = groups.group_dots(table, EVIDENCE, ["serum_pth"], STUDY)
    assert n_hollow(figure) == 1
    assert n_dots(figure) == 48


def test_group_dots_draw_each_difference_below_the_animals():
    figure = groups.group_dots(MEASUREMENTS, EVIDENCE, ["serum_mg"], STUDY)
    drawn = estimates(figure)[:, 1]
    expected = EVIDENCE.loc[EVIDENCE["endpoint"] == "serum_mg", "estimate"]
    assert sorted(drawn) == pytest.approx(sorted(expected))


def test_many_animals_are_drawn_as_a_density():
    table = pd.DataFrame({"at": 0, "group": "control", "value": np.linspace(0, 1, marks.MANY + 1)})
    _, axes = canvas.new_figure()
    marks.animals(axes[0, 0], table)
    assert not dots(axes[0, 0].figure) and len(axes[0, 0].collections) == 1


def test_group_dots_draw_what_is_there_when_groups_are_missing():
    few = MEASUREMENTS[MEASUREMENTS["group"].isin(["control", "mg004"])]
    figure = groups.group_dots(few, compare(few, STUDY), ["serum_mg"], STUDY)
    assert n_dots(figure) == 8 * 3
    assert "0.02 % Mg\nn = 0" in [t.get_text() for ax in figure.axes for t in ax.get_xticklabels()]


def test_region_dots_show_every_animal_in_every_cell():
    figure = density.region_dots(DENSITY, EVIDENCE, STUDY, "exp1")
    assert n_dots(figure) == 24 * 16
    assert len(estimates(figure)) == 16 * len(STUDY.experiments["exp1"].contrasts)


def test_slice_means_show_every_animal_in_every_cell():
    assert n_dots(DRAWINGS["slices"]()) == 48 * 16


def test_the_map_has_the_numbers_of_the_cells():
    figure = density.density_map(CELLS, STUDY)
    assert len(texts(figure, "cell")) == 48
    at_002 = CELLS[CELLS["contrast"].eq("mg002_vs_control")]
    row = at_002[at_002["endpoint"].eq("bmd_trabecular_full")].iloc[0]
    assert f"+{row.percent:.1f}*\n{naming.format_p_value(row.p)}" in texts(figure, "cell")
    holm = [p for ax in figure.axes for p in ax.patches if p.get_gid() == "holm"]
    chosen = CELLS[CELLS["contrast"].isin(["mg004_vs_control", "mg002_vs_control", "mg001_vs_pairfed"])]
    assert len(holm) == (chosen["p_holm"] < 0.05).sum() > 0


def test_the_map_leaves_untested_cells_empty():
    figure = density.density_map(CELLS[CELLS["structure"] != "cancellous"], STUDY)
    assert len(texts(figure, "cell")) == 36


def test_the_femur_writes_findings_only():
    figure = femur.femur_drawing(CELLS, STUDY)
    written = "\n".join(texts(figure, "finding"))
    assert written.count("%") == 4  # mid cortical, distal, mid and proximal trabecular
    assert len(texts(figure, "full")) == 12


def test_the_femur_tells_less_from_more_without_colour():
    """Red and blue of one strength are the same grey: what is lower is hatched, its trabeculae are broken."""
    lower, higher = (
        femur.femur_drawing(CELLS.assign(percent=sign * 3.0), STUDY).axes[: len(STUDY.dose_order)]
        for sign in (-1, 1)
    )
    for below, above in zip(lower, higher, strict=True):
        hatched = [patch for patch in below.patches if patch.get_hatch()]
        assert len(hatched) == 3 * 3 + 4  # whole bone, cortex and cancellous space by thirds; full length
        assert not [patch for patch in above.patches if patch.get_hatch()]
        assert {line.get_linestyle() for line in above.lines if line.get_gid() == "strut"} == {"-"}
        assert {line.get_linestyle() for line in below.lines if line.get_gid() == "strut"} == {"--"}


def test_region_dots_write_p_where_there_is_a_finding():
    figure = DRAWINGS["region_dots"]()
    chosen = EVIDENCE[
        EVIDENCE["experiment"].eq("exp2") & EVIDENCE["endpoint"].str.contains("cortical|trabecular")
    ]
    found = chosen[chosen["level"].isin(["significant", "trend"])]
    expected = [f"{naming.format_p_value(r.p)} {naming.level_mark(r.level)}" for r in found.itertuples()]
    assert sorted(texts(figure, "p")) == sorted(expected) != []


def test_dilution_shows_every_urine_once_collected_and_twice_on_its_way():
    figure = DRAWINGS["dilution"]()
    assert n_dots(figure) == 3 * len(URINE)
    scatter, paths = figure.axes[:2]
    (drawn,) = [c.get_offsets() for c in scatter.collections]
    expected = URINE.loc[URINE["endpoint"] == "urine_ctx", ["creatinine", "uncorrected"]].to_numpy()
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, expected))
    assert [t.get_text() for t in paths.get_xticklabels()] == ["before\nCV 31 %", "after\nCV 25 %"]


def test_dilution_draws_hollow_what_is_below_a_limit():
    censored = URINE.assign(censored=URINE.index == 0)
    figure = urine.dilution(censored, SPREAD)
    assert n_hollow(figure) == 3


@pytest.mark.parametrize("language", ["en", "ja"])
def test_numbers_beside_the_femur_keep_clear_of_the_names_of_its_parts(language):
    level = CELLS["structure"].map(lambda name: "none" if name == "whole" else "significant")
    figure = speak(language, femur.femur_drawing, CELLS.assign(level=level), STUDY)
    assert faults(figure) == []


def test_urine_shows_only_markers_that_were_measured():
    one = urine.dilution(URINE[URINE["endpoint"].eq("urine_dpd")], SPREAD)
    assert [ax.get_title(loc="left") for ax in one.axes] == ["DPD", ""]
    none = urine.dilution(URINE.iloc[:0], SPREAD.iloc[:0], "Urine")
    assert not none.axes
    assert "No marker was measured" in canvas.words_of(none)["finding"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_design_names_only_samples_that_are_there(language):
    def words(figure):
        return " ".join(text.get_text() for ax in figure.axes for text in ax.texts)

    whole, part, none = (
        words(speak(language, design.timeline, STUDY, **chosen))
        for chosen in ({}, {"samples": ["serum"]}, {"samples": []})
    )
    for word in ("尿", "qCT") if language == "ja" else ("urine", "qCT"):
        assert word in whole and word not in part + none
    assert ("血清" if language == "ja" else "serum") in part
    assert ("動物" if language == "ja" else "animals") in none


def test_pair_feeding_draws_each_difference_of_the_table():
    figure = DRAWINGS["pair_feeding"]()
    drawn = estimates(figure)[:, 0]
    shown = ADJUSTED[~ADJUSTED["contrast"].eq("pairfed_vs_control") | ADJUSTED["model"].eq("unadjusted")]
    assert sorted(drawn) == pytest.approx(sorted(shown["percent"]))


def test_profiles_bar_is_where_p_is_small():
    figure = DRAWINGS["profiles"]()
    bars = [c for ax in figure.axes for c in ax.collections if c.get_gid() == "bar-significant"]
    assert len(bars) == len(BOTH)
    ends = [path.vertices[:, 0] for path in bars[0].get_paths()]
    assert 12 < min(map(min, ends)) < 16
    assert 34 < max(map(max, ends)) < 38


def test_the_forest_has_one_effect_per_endpoint_and_dose():
    figure = DRAWINGS["forest"]()
    drawn = sorted(estimates(figure)[:, 0])
    doses = EVIDENCE[EVIDENCE["contrast"].isin([c.name for c in STUDY.dose_order])]
    chosen = doses[doses["endpoint"].isin(["serum_mg", "serum_ca", "bmd_trabecular_full"])]
    assert drawn == pytest.approx(sorted(chosen["hedges_g"]))
    assert len(drawn) == 9


def test_the_forest_says_why_an_effect_has_no_interval():
    without = EVIDENCE.assign(g_low=EVIDENCE["g_low"].mask(EVIDENCE["endpoint"] == "serum_mg"))
    for table, said in ((without, True), (EVIDENCE, False)):
        note = texts(forest.effect_forest(table, ["serum_mg", "serum_ca"], STUDY), "note")[0]
        assert ("no line: values below a limit of detection" in note) == said


def test_the_verdict_map_holds_every_claim_once():
    figure = DRAWINGS["verdicts"]()
    drawn = [str(p.get_gid()) for ax in figure.axes for p in ax.patches]
    claims = [g.removeprefix("claim-") for g in drawn if g.startswith("claim-")]
    assert sorted(claims) == sorted(VERDICTS["claim_id"])
    assert len(claims) == 87
    symbols = pd.Series(texts(figure, "verdict")).value_counts().to_dict()
    counts = VERDICTS["verdict"].value_counts()
    assert symbols == {naming.VERDICTS[v][1]: n for v, n in counts.items()}


def test_the_verdict_map_takes_evidence_that_is_missing():
    verdicts = judge(load_claims(), EVIDENCE[EVIDENCE["endpoint"] == "serum_mg"])
    figure = verdict_figures.verdict_map(verdicts, STUDY)
    assert texts(figure, "verdict").count("?") == (verdicts["verdict"] == "not_tested").sum()


def test_dose_response_shows_animals_and_reported_values():
    figure = DRAWINGS["dose"]()
    assert n_dots(figure) == 24 * 3
    reported = [line for ax in figure.axes for line in ax.lines if line.get_gid() == "reported"]
    assert sorted(y for line in reported for y in line.get_ydata()) == [39.0, 71.4]


def test_dose_response_names_both_shapes_and_sets_the_better_one_in_bold():
    figure = DRAWINGS["dose"]()
    row = SHAPES.set_index("endpoint").loc["serum_mg"]
    (panel,) = [ax for ax in figure.axes if ax.get_title(loc="left") == "Serum magnesium"]
    one_way, peak = [t for t in panel.texts if t.get_gid() == "p"]
    assert row["shape"] == "one_way"
    assert one_way.get_text() == f"one way: {naming.format_p(row['p_one_way'])}"
    assert peak.get_text() == f"peak: {naming.format_p(row['p_peak'])}"
    assert (one_way.get_weight(), peak.get_weight()) == ("bold", "normal")


def test_shapes_are_named_and_filled_where_one_is_supported():
    figure = DRAWINGS["shapes"]()
    (ax,) = figure.axes
    filled, hollow = (
        sum(len(c.get_offsets()) for c in ax.collections if c.get_gid() == gid)
        for gid in ("shape-found", "shape")
    )
    supported = SHAPES["shape"] != "neither"
    assert (filled, hollow) == (supported.sum(), (~supported).sum())
    named = {t.get_text() for t in ax.texts if t.get_gid() == "name"}
    expected = SHAPES.loc[supported | (SHAPES["p_either"] < 0.1), "endpoint"]
    assert named == {naming.row_label(e) for e in expected} != set()


def test_network_draws_a_line_per_pair_that_stands_out_and_a_number_per_pair():
    figure = DRAWINGS["network"]()
    lines = {p.get_gid(): p for p in figure.axes[0].patches if str(p.get_gid()).startswith("pair-")}
    assert set(lines) == {f"pair-{r.a}-{r.b}" for r in PAIRS.itertuples() if r.p < 0.05} != set()
    for row in PAIRS[PAIRS["p"] < 0.05].itertuples():
        assert (lines[f"pair-{row.a}-{row.b}"].get_linestyle() in ("-", "solid")) == (row.r > 0)
    numbers = [t for t in figure.axes[1].texts if t.get_gid() == "cell"]
    strong = [(PAIRS[column].abs() >= within_figures.FEEBLE).sum() for column in ("r", "r_partial")]
    assert len(numbers) == sum(strong) > 20
    (cells,) = figure.axes[1].collections
    assert cells.get_array().count() == len(PAIRS) + PAIRS["r_partial"].notna().sum()


def test_forest_names_the_axes_of_the_argument():
    headings = texts(DRAWINGS["one_scale"](), "heading")
    assert headings == ["Intake, growth", "Mg status", "Minerals", "Formation", "Resorption, PTH", "Density"]


def test_control_marks_this_dataset_and_the_one_without_effect():
    figure = DRAWINGS["control"]()
    marks = {line.get_gid(): line.get_xdata()[0] for line in figure.axes[0].lines if line.get_gid()}
    row = COUNTS.set_index("kind").loc["effect"]
    assert marks == {"nominal": row["nominal"], "this": row["this"], "null": row["null"]}
    assert sum(bar.get_height() for bar in figure.axes[0].patches) == pytest.approx(100)


@pytest.mark.parametrize(("language", "words"), [("en", "Not measured: "), ("ja", "測定なし：")])
def test_figures_of_animals_say_what_was_not_measured(language, words):
    nothing = (
        speak(language, lambda: groups.group_dots(MEASUREMENTS.iloc[:0], EVIDENCE, ["serum_mg"], STUDY)),
        speak(language, lambda: density.region_dots(DENSITY.iloc[:0], EVIDENCE, STUDY, "exp1")),
    )
    for figure in nothing:
        assert canvas.words_of(figure)["finding"].startswith(words)


def test_figures_without_anything_to_draw_say_so():
    nothing = (
        shape_figures.shape_plane(SHAPES.iloc[:0], STUDY),
        within_figures.correlation_network(PAIRS.iloc[:0], STUDY),
        forest.effect_forest(EVIDENCE, [], STUDY),
        dose_figures.dose_response(dose_tables.dose_response(EVIDENCE, STUDY).iloc[:0], ["serum_mg"], STUDY),
        dose_figures.per_dose(EVIDENCE.iloc[:0], STUDY),
        control_figures.counts_by_chance(COUNTS, SHUFFLED.iloc[:0]),
    )  # fmt: skip
    for figure in nothing:
        assert canvas.words_of(figure)["finding"]


def test_per_dose_says_every_finding():
    figure = DRAWINGS["per_dose"]()
    written = texts(figure, "finding")
    shown = dose_tables.findings_per_dose(EVERYTHING, STUDY)
    freely_fed = EVIDENCE[EVIDENCE["contrast"].eq("mg001_vs_control")]
    intake = freely_fed["endpoint"].eq("food_intake") & freely_fed["level"].ne("none")
    marked = [w for w in written if w.endswith(("*", "†"))]
    from_milder = [w for w in marked if "(vs 0.04 %)" in w]
    assert (
        len(marked) - len(from_milder) == shown["level"].isin(["significant", "trend"]).sum() + intake.sum()
    )
    assert "▼ Mg −61 % *" in marked
    assert [w for w in marked if "vs Control" in w] == ["▼ Intake −12 % (vs Control) *"]
    # Filled and bold is significant, hollow and light a trend: readable in grey.
    for text in figure.axes[0].texts:
        if text.get_gid() == "finding" and text.get_text() in marked:
            assert (
                (text.get_text()[0] in "▲▼") == text.get_text().endswith("*") == (text.get_weight() == "bold")
            )


def test_the_choice_of_test_frames_what_changes():
    figure = DRAWINGS["choices"]()
    framed = [p for p in figure.axes[0].patches if p.get_gid() == "differs"]
    wide = CHOICES.pivot_table(index=["experiment", "endpoint", "contrast"], columns="test", values="p")
    differs = wide["declared"].map(STUDY.level) != wide["other"].map(STUDY.level)
    assert len(framed) == differs.sum() > 0


def test_a_row_that_the_declared_test_was_not_made_on_names_its_own():
    on_ranks = CHOICES["endpoint"].eq("serum_p")
    named = CHOICES.assign(test_run=CHOICES["test_run"].mask(on_ranks, naming.GEHAN))
    figure = choice_figures.choice_of_test(named, STUDY, "Tests")
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert sum("Gehan's test" in label for label in labels) == len(CHOICES[on_ranks]) / 2


def test_colours_stay_apart_in_grey():
    lightness = sorted(look.lightness(look.colour(g)) for g in look.GROUPS)
    assert np.diff(lightness).min() > 12
    assert len({look.marker(g) for g in look.GROUPS}) == len(look.GROUPS)
    verdicts = sorted(look.lightness(fill) for fill, _ in naming.VERDICTS.values())
    assert np.diff(verdicts).min() > 5
    assert len({symbol for _, symbol in naming.VERDICTS.values()}) == 4


# Machado, Oliveira and Fernandes (2009), complete protanopia, deuteranopia and tritanopia, on linear RGB.
BLINDNESS = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
               [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


@pytest.mark.parametrize("kind", BLINDNESS)
def test_colours_stay_apart_for_the_colour_blind(kind):
    linear = {g: np.array(to_rgb(look.colour(g))) ** 2.2 for g in look.GROUPS}
    seen = {g: np.clip(np.array(BLINDNESS[kind]) @ rgb, 0, 1) for g, rgb in linear.items()}
    names = list(seen)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            difference = np.abs(seen[a] ** (1 / 2.2) - seen[b] ** (1 / 2.2)).max()
            assert difference > 0.12, (a, b)


@pytest.mark.parametrize(
    ("p", "written"),
    [
        (0.032, "p = 0.032"), (0.0004, "p = 0.0004"), (1.2e-7, "p = 1.2e-7"), (1.0, "p = 1.000"),
        (0.04996, "p = 0.04996"), (0.0496, "p = 0.0496"), (0.0999, "p = 0.0999"), (0.05, "p = 0.050"),
        (np.nan, "not tested"), (0.6, "p = 0.600"),
    ],
)  # fmt: skip
def test_p_is_written_exactly(p, written):
    assert naming.format_p(p) == written


def test_dots_of_like_value_stand_apart_the_same_way_each_time():
    table = pd.DataFrame({"at": 0, "group": "control", "value": [1.0, 1.01, 1.02, 2.0]})
    _, axes = canvas.new_figure(1, 2)
    for ax in axes[0]:
        marks.animals(ax, table, spread=0.5)
    one, two = (np.asarray(c.get_offsets()) for c in dots(axes[0, 0].figure))
    assert (one == two).all()
    assert np.diff(np.sort(one[:3, 0])).min() > 0.05
    assert np.abs(one[:, 0]).max() <= 0.25


def test_a_group_wants_to_be_known():
    with pytest.raises(MgboneError, match="no colour"):
        look.group_style("mg999")


def test_lines_break_between_japanese_letters_but_not_before_a_mark():
    lines = canvas.wrap("血清マグネシウム濃度は，飼料の濃度とともに低下する。" * 3, 200, 9)
    assert len(lines) > 2
    assert all(canvas.text_width(line, 9) < 215 for line in lines)
    assert not any(line.startswith(("，", "。", "ー")) for line in lines)
    assert canvas.wrap("one two three", 10, 9) == ["one", "two", "three"]


@pytest.mark.parametrize(
    "words", ["Whole bone density (mg/cm³) O", "群平均を除いた相関，同じ個体での105組", "p < 0.05, †"]
)
def test_width_of_text_is_that_of_its_outline(words):
    font = FontProperties(family=look._RC["font.family"], size=7.5)
    outline = TextPath((0, 0), words, prop=font).get_extents().x1
    assert canvas.text_width(words, 7.5) == pytest.approx(outline, abs=0.05)


def test_groups_of_the_study_have_colours():
    assert set(STUDY.groups) == set(look.GROUPS)
    for name, group in STUDY.groups.items():
        assert naming.group_label(name) == group.label
        assert speak("ja", naming.group_label, name) == group.label_ja


def test_narrow_panels_name_the_dose_alone():
    narrow = [naming.narrow_label(g) for g in look.GROUPS]
    assert narrow == ["Control", "Pair-fed", "0.04 %", "0.02 %", "0.01 %"]
    assert speak("ja", naming.narrow_label, "mg001") == "0.01％"
    figure = density.region_dots(DENSITY, EVIDENCE, STUDY, "exp2", structures=("whole",))
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["Full", "Distal", "Mid", "Proximal"]


def test_seaborn_cannot_take_the_font_away(tmp_path):
    import seaborn

    seaborn.set_theme(font="DejaVu Serif")
    written = save_figure(speak("ja", DRAWINGS["groups"]), tmp_path / "after", "x")
    plt.rcdefaults()
    assert [p.read_bytes() for p in written] == [
        p.read_bytes() for p in save_figure(speak("ja", DRAWINGS["groups"]), tmp_path / "before", "x")
    ]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_dose_response_names_every_dose_with_its_own_reference(language):
    figure = speak(language, DRAWINGS["dose"])
    said = " ".join(
        t.get_text().replace("\n", " ")
        for t in figure.findobj(match=lambda artist: hasattr(artist, "get_text"))
    )
    for contrast in STUDY.dose_order:
        assert speak(language, naming.group_label, contrast.case, short=True) in said, contrast
        assert speak(language, naming.group_label, contrast.reference, short=True) in said, contrast


def test_per_dose_tells_a_difference_from_a_milder_dose_where_there_is_none_from_the_reference():
    chosen = EVERYTHING["endpoint"].eq("serum_osteocalcin") & EVERYTHING["experiment"].eq("exp2")
    levels = {"mg002_vs_mg004": ("significant", "down"), "mg002_vs_control": ("none", "none")}

    def said(levels):
        evidence = EVERYTHING.copy()
        for contrast, (level, direction) in levels.items():
            evidence.loc[chosen & evidence["contrast"].eq(contrast), ["level", "direction"]] = (
                level,
                direction,
            )
        figure = dose_figures.per_dose(evidence, STUDY)
        return [
            t.get_text() for t in figure.axes[0].texts if t.get_gid() == "finding" and "OC" in t.get_text()
        ]

    between = [words for words in said(levels) if "(vs 0.04 %)" in words]
    assert len(between) == 1 and between[0].startswith("▼ OC") and between[0].endswith("*")
    levels["mg002_vs_control"] = ("significant", "down")
    assert not [words for words in said(levels) if "(vs 0.04 %)" in words]
