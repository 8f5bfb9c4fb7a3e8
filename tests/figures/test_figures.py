"""Figures: what they must show, in both languages, with the same bytes each time."""

import warnings
from functools import cache, cached_property

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from helpers import figure_data
from helpers.languages import speak
from helpers.readability import faults
from matplotlib.colors import to_rgb, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from mgbone import certainty
from mgbone.biochem.pair_feeding import adjust_for_intake
from mgbone.claims.judging import judge
from mgbone.evidence.comparison import compare
from mgbone.figures import canvas, comparisons, density, design, femur, findings, groups, look, marks
from mgbone.figures import certainty as certainty_figures
from mgbone.figures import doses as dose_figures
from mgbone.figures import verdicts as verdict_figures
from mgbone.figures import within_animals as within_figures
from mgbone.figures.save import save_figure
from mgbone.figures.specifications import specification_curve
from mgbone.integration import doses as dose_tables
from mgbone.integration.negative_control import chance_of, count_control, distribution, permute_labels
from mgbone.integration.shapes import dose_shapes
from mgbone.integration.within_animals import correlate_within, partial_within, wide_table
from mgbone.integration.words import told_per_dose
from mgbone.study import naming
from mgbone.study.design import load_study
from mgbone.study.errors import MgboneError
from mgbone.study.language import tr
from mgbone.study.ledger import load_claims

BOTH = ("cortical", "trabecular")


def once(make):
    """Compute an attribute when it is first asked for, whatever language the asking test speaks."""
    return cached_property(lambda frames: speak("en", make, frames))


class Frames:
    """The tables that figures are drawn from; tests only read them."""

    study = once(lambda frames: load_study())
    measurements = once(lambda frames: figure_data.measurements(frames.study))
    evidence = once(lambda frames: compare(frames.measurements, frames.study))
    density = once(lambda frames: frames.measurements.query("endpoint.str.startswith('bmd_')"))
    cells = once(lambda frames: figure_data.cells(frames.evidence))
    claims = once(lambda frames: load_claims())
    verdicts = once(lambda frames: judge(frames.claims, frames.everything))
    profiles = once(lambda frames: by_structure(lambda s: figure_data.profile(frames.study, s)))
    profile_tests = once(lambda frames: by_structure(lambda s: figure_data.profile_tests(frames.study)))
    percents = once(lambda frames: dose_tables.percent_change(frames.measurements, frames.study))
    shapes = once(lambda frames: dose_shapes(frames.measurements, frames.study, 200))
    wide = once(lambda frames: wide_table(frames.measurements))
    pairs = once(lambda frames: partial_within(frames.wide, correlate_within(frames.wide)))
    permuted = once(lambda frames: permute_labels(frames.measurements, frames.claims, frames.study, 50))
    shuffled = once(lambda frames: distribution(frames.claims, frames.permuted))
    cohorts = once(lambda frames: cohorts_of(frames))
    by_n = once(lambda frames: by_n_of(frames))
    hold = once(lambda frames: certainty.how_many_hold(frames.cohorts[2]))
    urine = once(lambda frames: figure_data.urine(frames.measurements))

    @once
    def certainty(frames):
        observed = certainty.observed_differences(frames.verdicts, frames.measurements, frames.study)
        again = certainty.replication(frames.verdicts, observed, *frames.cohorts)
        return certainty.certainty_table(frames.verdicts, again, certainty.severity(frames.verdicts))

    @once
    def profile_summary(frames):
        summed = frames.profiles.groupby("structure", sort=False).apply(figure_data.profile_summary)
        return summed.reset_index(level="structure").reset_index(drop=True)

    @once
    def everything(frames):
        arrays = figure_data.array_evidence().reindex(columns=frames.evidence.columns)
        for column in ("estimate", "mean_reference"):
            arrays[column] = arrays[column].astype(float)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # all-missing columns of the rows of arrays
            return pd.concat([frames.evidence, arrays], ignore_index=True)

    @once
    def choices(frames):
        chosen = frames.evidence[frames.evidence["endpoint"].isin(["serum_mg", "serum_p"])]
        return pd.concat(
            [
                chosen.assign(test=test, p=chosen["p"] * k, test_run=chosen["test"])
                for test, k in (("declared", 1.0), ("other", 0.7))
            ]
        )

    @once
    def adjusted(frames):
        food = frames.measurements.query("endpoint == 'food_intake'").set_index("animal_id")["value"]
        chosen = frames.measurements["endpoint"].isin(["serum_mg", "urine_ctx"])
        return adjust_for_intake(frames.measurements[chosen], food, frames.study)

    @once
    def counts(frames):
        chance = chance_of(frames.claims, frames.measurements, frames.study)
        return count_control(frames.claims, frames.verdicts, frames.verdicts, chance, frames.permuted)


def cohorts_of(frames):
    job = certainty.prepare(frames.measurements, frames.claims, frames.study)
    return job, *certainty.run_cohorts(job, 1000)


def by_n_of(frames):
    observed = certainty.observed_differences(frames.verdicts, frames.measurements, frames.study)
    about = frames.verdicts, observed, frames.cohorts[0].truths, frames.study
    return certainty.chances_by_n(*about, sizes=(4, 8, 16))


def by_structure(frame):
    return pd.concat([frame(s).assign(structure=s) for s in BOTH], ignore_index=True)


MADE = Frames()
REPORTED = pd.DataFrame({"endpoint": "serum_mg", "dietary_mg_percent": [0.02, 0.01], "percent": [71.4, 39.0]})
SPREAD = pd.DataFrame(
    {"endpoint": ["urine_ctx", "urine_dpd"], "cv_uncorrected": 31.2, "cv_corrected": 24.9, "cv_per_day": 31.2}
)


def per_dose(evidence, title=""):
    return dose_figures.per_dose(told_per_dose(evidence, MADE.study), evidence, MADE.study, title)


DRAWINGS = {
    "analyses": lambda: specification_curve(*figure_data.analyses(MADE.study), MADE.study),
    "groups": lambda: groups.group_dots(
        MADE.measurements, MADE.evidence, ["serum_mg", "serum_ca", "serum_p"], MADE.study, "Minerals"
    ),
    "forest": lambda: comparisons.effect_forest(
        MADE.evidence, ["serum_mg", "serum_ca", "bmd_trabecular_full"], MADE.study, "Effects"
    ),
    "map": lambda: density.density_map(MADE.cells, MADE.study, "Map"),
    "region_dots": lambda: density.region_dots(
        MADE.density, MADE.evidence, MADE.study, "exp2", structures=BOTH
    ),
    "profiles": lambda: density.profiles(
        MADE.profile_summary, MADE.study, "Profiles", tests=MADE.profile_tests, animals=MADE.profiles
    ),
    "femur": lambda: femur.femur_drawing(MADE.cells, MADE.study, "Femur"),
    "slices": lambda: density.content_over_volume(
        MADE.density, MADE.density.assign(value=MADE.density["value"] * 1.02), "Slices"
    ),
    "verdicts": lambda: verdict_figures.verdict_map(MADE.verdicts, MADE.study, "Verdicts"),
    "dose": lambda: dose_figures.dose_response(
        dose_tables.dose_response(MADE.evidence, MADE.study),
        ["serum_mg", "serum_ca", "serum_alp"],
        MADE.study,
        "Doses",
        animals=MADE.percents,
        reported=REPORTED,
        shapes=MADE.shapes,
    ),
    "shapes": lambda: dose_figures.shape_plane(MADE.shapes, MADE.study, "Shapes"),
    "network": lambda: within_figures.correlation_network(MADE.pairs, MADE.study, "Pairs"),
    "one_scale": lambda: comparisons.effect_forest(
        MADE.evidence,
        dose_tables.on_one_scale(MADE.evidence, MADE.study),
        MADE.study,
        "Scale",
        headings=True,
    ),
    "control": lambda: verdict_figures.counts_by_chance(MADE.counts, MADE.shuffled, "Chance"),
    "per_dose": lambda: per_dose(MADE.everything, "Each dose"),
    "design": lambda: design.timeline(MADE.study),
    "pair_feeding": lambda: comparisons.pair_feeding(
        MADE.adjusted, ("control", "pairfed", "mg001"), "exp1", "Fed in pairs"
    ),
    "dilution": lambda: groups.dilution(MADE.urine, SPREAD, "Urine"),
    "certainty": lambda: certainty_figures.certainty_plane(MADE.certainty, "Certainty"),
    "animals": lambda: certainty_figures.animals_by_chance(MADE.by_n, MADE.certainty, "Animals"),
    "hold": lambda: certainty_figures.how_many_hold(MADE.hold, 1000, "How many hold"),
    "choices": lambda: comparisons.choice_of_test(MADE.choices, MADE.study, "Tests"),
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


@pytest.fixture(scope="module")
def drawn():
    """Return a function that draws a figure, once for each language, for tests that only look at it."""
    draw = cache(lambda name, language: speak(language, DRAWINGS[name]))
    return lambda name, language="en": draw(name, language)


@pytest.fixture(scope="module")
def saved(drawn, tmp_path_factory):
    """Return a function that saves such a figure, once for each language."""
    folder = tmp_path_factory.mktemp("figures")

    @cache
    def save(name, language):
        stamp = speak(language, tr, "SIMULATED DATA")
        return save_figure(drawn(name, language), folder / language, name, stamp=stamp)

    return save


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", DRAWINGS)
def test_every_figure_is_saved_with_all_letters_its_stamp_and_the_same_bytes(
    name, language, drawn, saved, tmp_path
):
    figure, written = drawn(name, language), saved(name, language)
    assert isinstance(figure, Figure)
    assert [p.name for p in written] == [f"{name}.png", f"{name}.svg"]
    assert all(p.stat().st_size > 5000 for p in written)
    assert texts(figure, "stamp") == [speak(language, tr, "SIMULATED DATA")]
    assert not plt.get_fignums()
    if language == "ja":
        stamp = speak(language, tr, "SIMULATED DATA")
        again = save_figure(speak(language, DRAWINGS[name]), tmp_path / "again", name, stamp=stamp)
        assert [p.read_bytes() for p in written] == [p.read_bytes() for p in again]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", DRAWINGS)
def test_every_text_can_be_read(name, language, drawn):
    figure = drawn(name, language)
    canvas.stamp(figure, "SIMULATED DATA")
    assert faults(figure) == []


@pytest.mark.parametrize(
    ("words", "options", "fault"),
    [
        ("small", {"size": 7.5}, "points"), ("pale", {"color": "#8c8c8c"}, "contrast"),
        ("off", {"x": 1.2}, "cut off"),
        ("struck", {"y": 0.5, "x": 0.2}, "over a line"), ("twice", {"y": 0.8, "x": 0.8}, "meets"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_found(words, options, fault):
    figure, axes = canvas.new_figure(title="Title", finding="Finding")
    axes[0, 0].axhline(0.5, color="red")
    where = {"x": 0.5, "y": 0.2, "s": words, "va": "center", **options}
    axes[0, 0].text(**where).set_in_layout(False)
    if fault == "meets":
        axes[0, 0].text(**where | {"s": "TWICE"})
    assert any(fault in one for one in faults(figure))


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", DRAWINGS)
def test_every_figure_says_what_was_found(name, language, drawn):
    words = canvas.words_of(drawn(name, language))
    assert words["finding"].endswith("。" if language == "ja" else ".") or name == "verdicts"
    assert words["note"]


def test_a_statement_that_does_not_hold_is_no_dot_of_certainty():
    """With nothing reproduced there is no dot and no span, only crosses, and the words say so."""
    none = MADE.certainty.assign(verdict="contradicted")
    figure = certainty_figures.certainty_plane(none, "Certainty")
    (ax,) = figure.axes
    assert [line for line in ax.lines if str(line.get_gid()).startswith("statement")] == []
    (crosses,) = [c for c in ax.collections if c.get_gid() == "otherwise"]
    assert len(crosses.get_offsets()) == none["p_shrunken"].notna().sum()
    words = canvas.words_of(figure)["finding"]
    assert words == "No statement of an effect holds here; none of no difference does."


def test_findings_are_those_of_the_evidence():
    rows = {"experiment": ["exp2", "exp2", "exp1"], "endpoint": "serum_mg", "direction": "down",
            "contrast": [c.name for c in MADE.study.dose_order],
            "level": ["trend", "significant", "significant"]}  # fmt: skip
    evidence = pd.DataFrame(rows)
    said = findings.changes(evidence, ["serum_mg"], MADE.study)
    assert said == "Serum magnesium fell at 0.02 % and 0.01 %, by trend at 0.04 %."
    assert (
        findings.changes(evidence.assign(level="none"), ["serum_mg"], MADE.study)
        == "No difference was found."
    )


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
    measured = figure_data.measurements(MADE.study, missing=missing)
    figure = groups.group_dots(measured, compare(measured, MADE.study), endpoints, MADE.study)
    assert n_dots(figure) == 48 * 2 - 2
    labels = [t.get_text() for t in figure.axes[0].get_xticklabels()]
    assert labels == ["Control\nn = 7", "Pair-fed\nn = 8", "0.01 % Mg\nn = 8"]
    assert "n = 7–8 animals" in canvas.words_of(figure)["note"]


def test_group_dots_write_the_p_and_mark_of_the_evidence():
    figure = groups.group_dots(MADE.measurements, MADE.evidence, ["serum_mg"], MADE.study)
    expected = [
        f"{naming.format_p_value(row.p)} {naming.level_mark(row.level)}".rstrip()
        for row in MADE.evidence[MADE.evidence["endpoint"] == "serum_mg"].itertuples()
    ]
    assert sorted(texts(figure, "p")) == sorted(expected)
    assert any(t.endswith("*") for t in expected)
    assert any(t.endswith("†") for t in expected)


def test_group_dots_mark_censored_values_hollow():
    table = MADE.measurements.assign(censored=MADE.measurements["animal_id"].eq("e1-mg001-1"))
    figure = groups.group_dots(table, MADE.evidence, ["serum_pth"], MADE.study)
    assert n_hollow(figure) == 1
    assert n_dots(figure) == 48


def test_group_dots_draw_each_difference_below_the_animals():
    figure = groups.group_dots(MADE.measurements, MADE.evidence, ["serum_mg"], MADE.study)
    drawn = estimates(figure)[:, 1]
    expected = MADE.evidence.loc[MADE.evidence["endpoint"] == "serum_mg", "estimate"]
    assert sorted(drawn) == pytest.approx(sorted(expected))


@pytest.fixture(scope="module")
def crowd():
    """Eight hundred animals a group, each of those made up a hundred times with some noise."""
    chosen = ["food_intake", "urine_ctx", *(e for e in MADE.evidence["endpoint"] if e.startswith("bmd_cort"))]
    few = MADE.measurements[MADE.measurements["endpoint"].isin(chosen)]
    many = pd.concat([few.assign(animal_id=few["animal_id"] + f"-{i}") for i in range(100)])
    noise = np.random.default_rng(2).normal(1, 0.03, len(many))
    return many.assign(value=many["value"] * noise).reset_index(drop=True)


CROWDED = {
    "groups": lambda many: groups.group_dots(many, MADE.evidence, ["food_intake"], MADE.study),
    "dilution": lambda many: groups.dilution(figure_data.urine(many), SPREAD),
    "cells": lambda many: density.region_dots(
        many, MADE.evidence, MADE.study, "exp2", structures=("cortical",)
    ),
    "slices": lambda many: density.content_over_volume(many, many.assign(value=many["value"] * 1.02)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CROWDED)
def test_a_figure_of_eight_hundred_animals_a_group_can_be_read_and_draws_no_more_parts(name, crowd):
    figure, small = CROWDED[name](crowd), CROWDED[name](crowd.iloc[: len(crowd) // 100])
    assert faults(figure) == []
    parts, few = (sum(len(ax.get_children()) for ax in one.axes) for one in (figure, small))
    assert parts < few + 40


def test_many_animals_are_drawn_as_a_density():
    table = pd.DataFrame({"at": 0, "group": "control", "value": np.linspace(0, 1, marks.MANY + 1)})
    _, axes = canvas.new_figure()
    marks.animals(axes[0, 0], table)
    assert not dots(axes[0, 0].figure) and len(axes[0, 0].collections) == 1


def test_group_dots_draw_what_is_there_when_groups_are_missing():
    few = MADE.measurements[MADE.measurements["group"].isin(["control", "mg004"])]
    figure = groups.group_dots(few, compare(few, MADE.study), ["serum_mg"], MADE.study)
    assert n_dots(figure) == 8 * 3
    assert "0.02 % Mg\nn = 0" in [t.get_text() for ax in figure.axes for t in ax.get_xticklabels()]


def test_region_dots_show_every_animal_in_every_cell():
    figure = density.region_dots(MADE.density, MADE.evidence, MADE.study, "exp1")
    assert n_dots(figure) == 24 * 16
    assert len(estimates(figure)) == 16 * len(MADE.study.experiments["exp1"].contrasts)


def test_slice_means_show_every_animal_in_every_cell(drawn):
    assert n_dots(drawn("slices")) == 48 * 16


def test_the_map_has_the_numbers_of_the_cells():
    figure = density.density_map(MADE.cells, MADE.study)
    assert len(texts(figure, "cell")) == 48
    at_002 = MADE.cells[MADE.cells["contrast"].eq("mg002_vs_control")]
    row = at_002[at_002["endpoint"].eq("bmd_trabecular_full")].iloc[0]
    assert f"+{row.percent:.1f}*\n{naming.format_p_value(row.p)}" in texts(figure, "cell")
    framed = [p for ax in figure.axes for p in ax.patches if p.get_gid() == "framed"]
    chosen = MADE.cells[
        MADE.cells["contrast"].isin(["mg004_vs_control", "mg002_vs_control", "mg001_vs_pairfed"])
    ]
    assert len(framed) == (chosen["p_maxt"] < 0.05).sum() > 0


def test_the_map_leaves_untested_cells_empty():
    figure = density.density_map(MADE.cells[MADE.cells["structure"] != "cancellous"], MADE.study)
    assert len(texts(figure, "cell")) == 36


def test_the_femur_writes_findings_only():
    figure = femur.femur_drawing(MADE.cells, MADE.study)
    written = "\n".join(texts(figure, "part"))
    assert written.count("%") == 4  # mid cortical, distal, mid and proximal trabecular
    assert len(texts(figure, "full")) == 12


def test_the_femur_tells_less_from_more_without_colour():
    """Red and blue of one strength are the same grey: what is lower is hatched, its trabeculae are broken."""
    lower, higher = (
        femur.femur_drawing(MADE.cells.assign(percent=sign * 3.0), MADE.study).axes[
            : len(MADE.study.dose_order)
        ]
        for sign in (-1, 1)
    )
    for below, above in zip(lower, higher, strict=True):
        hatched = [patch for patch in below.patches if patch.get_hatch()]
        assert len(hatched) == 3 * 3 + 4  # whole bone, cortex and cancellous space by thirds; full length
        assert not [patch for patch in above.patches if patch.get_hatch()]
        assert {line.get_linestyle() for line in above.lines if line.get_gid() == "strut"} == {"-"}
        assert {line.get_linestyle() for line in below.lines if line.get_gid() == "strut"} == {"--"}


def test_region_dots_write_p_where_there_is_a_finding(drawn):
    figure = drawn("region_dots")
    chosen = MADE.evidence[
        MADE.evidence["experiment"].eq("exp2") & MADE.evidence["endpoint"].str.contains("cortical|trabecular")
    ]
    found = chosen[chosen["level"].isin(["significant", "trend"])]
    expected = [f"{naming.format_p_value(r.p)} {naming.level_mark(r.level)}" for r in found.itertuples()]
    written = [line for words in texts(figure, "p") for line in words.split("\n")]
    assert sorted(written) == sorted(expected) != []


def test_dilution_shows_every_urine_as_collected_and_each_animal_before_and_after(drawn):
    figure = drawn("dilution")
    assert n_dots(figure) == 3 * len(MADE.urine)
    scatter, paths = figure.axes[:2]
    (urines,) = [c.get_offsets() for c in dots(figure) if c.axes is scatter]
    expected = MADE.urine.loc[MADE.urine["endpoint"] == "urine_ctx", ["creatinine", "uncorrected"]].to_numpy()
    assert sorted(map(tuple, urines)) == sorted(map(tuple, expected))
    (moved,) = (c.get_offsets() for c in dots(figure) if c.axes is paths)
    expected = MADE.urine.loc[
        MADE.urine["endpoint"] == "urine_ctx", ["deviation_uncorrected", "deviation_corrected"]
    ]
    assert sorted(map(tuple, moved)) == sorted(map(tuple, expected.to_numpy()))
    assert paths.get_xlabel() == "as collected (CV 31 %)"
    labels = [ax.get_ylabel() for ax in figure.axes[1:3]]
    assert labels == ["per creatinine (CV 25 %)", "per day (CV 31 %)"]


def test_dilution_leaves_out_what_a_day_would_need_where_no_volume_was_measured():
    figure = groups.dilution(MADE.urine.assign(deviation_per_day=np.nan), SPREAD)
    assert n_dots(figure) == 2 * len(MADE.urine)
    assert not [ax for ax in figure.axes if "per day" in ax.get_ylabel()]


def test_dilution_draws_hollow_what_is_below_a_limit():
    censored = MADE.urine.assign(censored=MADE.urine.index == 0)
    figure = groups.dilution(censored, SPREAD)
    assert n_hollow(figure) == 3


@pytest.mark.parametrize("language", ["en", "ja"])
def test_numbers_beside_the_femur_keep_clear_of_the_names_of_its_parts(language):
    level = MADE.cells["structure"].map(lambda name: "none" if name == "whole" else "significant")
    figure = speak(language, femur.femur_drawing, MADE.cells.assign(level=level), MADE.study)
    assert faults(figure) == []


def test_urine_shows_only_markers_that_were_measured():
    one = groups.dilution(MADE.urine[MADE.urine["endpoint"].eq("urine_dpd")], SPREAD)
    assert [ax.get_title(loc="left") for ax in one.axes] == ["DPD"] * 3
    none = groups.dilution(MADE.urine.iloc[:0], SPREAD.iloc[:0], "Urine")
    assert not none.axes
    assert "No marker was measured" in canvas.words_of(none)["finding"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_design_names_only_samples_that_are_there(language):
    def words(figure):
        return " ".join(text.get_text() for ax in figure.axes for text in ax.texts)

    whole, part, none = (
        words(speak(language, design.timeline, MADE.study, **chosen))
        for chosen in ({}, {"samples": ["serum"]}, {"samples": []})
    )
    for word in ("尿", "qCT") if language == "ja" else ("urine", "qCT"):
        assert word in whole and word not in part + none
    assert ("血清" if language == "ja" else "serum") in part
    assert ("個体" if language == "ja" else "animals") in none


def test_pair_feeding_draws_each_difference_of_the_table(drawn):
    figure = drawn("pair_feeding")
    differences = estimates(figure)[:, 0]
    shown = MADE.adjusted[
        ~MADE.adjusted["contrast"].eq("pairfed_vs_control") | MADE.adjusted["model"].eq("unadjusted")
    ]
    assert sorted(differences) == pytest.approx(sorted(shown["percent"]))


def test_profiles_bar_is_where_p_is_small(drawn):
    figure = drawn("profiles")
    bars = [c for ax in figure.axes for c in ax.collections if c.get_gid() == "bar-significant"]
    assert len(bars) == len(BOTH)
    ends = [path.vertices[:, 0] for path in bars[0].get_paths()]
    assert 12 < min(map(min, ends)) < 16
    assert 34 < max(map(max, ends)) < 38


def test_profiles_have_a_hairline_for_each_animal(drawn):
    lines = [c for ax in drawn("profiles").axes for c in ax.collections if c.get_gid() == "hairlines"]
    assert [len(c.get_segments()) for c in lines] == [MADE.profiles["animal_id"].nunique()] * len(BOTH)


def test_the_forest_has_one_effect_per_endpoint_and_dose(drawn):
    figure = drawn("forest")
    drawn = sorted(estimates(figure)[:, 0])
    doses = MADE.evidence[MADE.evidence["contrast"].isin([c.name for c in MADE.study.dose_order])]
    chosen = doses[doses["endpoint"].isin(["serum_mg", "serum_ca", "bmd_trabecular_full"])]
    assert drawn == pytest.approx(sorted(chosen["hedges_g"]))
    assert len(drawn) == 9


def test_the_forest_says_why_an_effect_has_no_interval():
    without = MADE.evidence.assign(g_low=MADE.evidence["g_low"].mask(MADE.evidence["endpoint"] == "serum_mg"))
    for table, said in ((without, True), (MADE.evidence, False)):
        note = texts(comparisons.effect_forest(table, ["serum_mg", "serum_ca"], MADE.study), "note")[0]
        assert ("no line: values below a limit of detection" in note) == said


def test_the_verdict_map_holds_every_claim_once(drawn):
    figure = drawn("verdicts")
    drawn = [str(p.get_gid()) for ax in figure.axes for p in ax.patches]
    claims = [g.removeprefix("claim-") for g in drawn if g.startswith("claim-")]
    assert sorted(claims) == sorted(MADE.verdicts["claim_id"])
    assert len(claims) == 87
    symbols = pd.Series(texts(figure, "verdict")).value_counts().to_dict()
    counts = MADE.verdicts["verdict"].value_counts()
    assert symbols == {naming.VERDICTS[v][1]: n for v, n in counts.items()}


@pytest.mark.slow
def test_the_verdict_map_takes_evidence_that_is_missing():
    verdicts = judge(MADE.claims, MADE.evidence[MADE.evidence["endpoint"] == "serum_mg"])
    figure = verdict_figures.verdict_map(verdicts, MADE.study)
    assert texts(figure, "verdict").count("?") == (verdicts["verdict"] == "not_tested").sum()


def test_dose_response_shows_animals_and_reported_values(drawn):
    figure = drawn("dose")
    assert n_dots(figure) == 24 * 3
    reported = [line for ax in figure.axes for line in ax.lines if line.get_gid() == "reported"]
    assert sorted(y for line in reported for y in line.get_ydata()) == [39.0, 71.4]


def test_dose_response_names_both_shapes_and_sets_the_better_one_in_bold(drawn):
    figure = drawn("dose")
    row = MADE.shapes.set_index("endpoint").loc["serum_mg"]
    (panel,) = [ax for ax in figure.axes if ax.get_title(loc="left") == "Serum magnesium"]
    one_way, peak = [t for t in panel.texts if t.get_gid() == "p"]
    assert row["shape"] == "one_way"
    assert one_way.get_text() == f"one way: {naming.format_p_value(row['p_one_way'])}"
    assert peak.get_text() == f"peak: {naming.format_p_value(row['p_peak'])}"
    assert (one_way.get_weight(), peak.get_weight()) == ("bold", "normal")


def test_shapes_are_named_and_filled_where_one_is_supported(drawn):
    figure = drawn("shapes")
    (ax,) = figure.axes
    filled, hollow = (
        sum(len(c.get_offsets()) for c in ax.collections if c.get_gid() == gid)
        for gid in ("shape-found", "shape")
    )
    supported = MADE.shapes["shape"] != "neither"
    assert (filled, hollow) == (supported.sum(), (~supported).sum())
    named = {t.get_text() for t in ax.texts if t.get_gid() == "name"}
    expected = MADE.shapes.loc[MADE.shapes["p_either"] < 0.05, "endpoint"]
    assert named == {naming.row_label(e) for e in expected} != set()


def test_network_draws_a_line_per_pair_that_stands_out_and_a_number_per_pair(drawn):
    figure = drawn("network")
    lines = {p.get_gid(): p for p in figure.axes[0].patches if str(p.get_gid()).startswith("pair-")}
    assert set(lines) == {f"pair-{r.a}-{r.b}" for r in MADE.pairs.itertuples() if r.p < 0.05} != set()
    for row in MADE.pairs[MADE.pairs["p"] < 0.05].itertuples():
        assert (lines[f"pair-{row.a}-{row.b}"].get_linestyle() in ("-", "solid")) == (row.r > 0)
    numbers = [t for t in figure.axes[1].texts if t.get_gid() == "cell"]
    strong = [(MADE.pairs[column].abs() >= within_figures.FEEBLE).sum() for column in ("r", "r_partial")]
    assert len(numbers) == sum(strong) > 20
    (cells,) = figure.axes[1].collections
    assert cells.get_array().count() == len(MADE.pairs) + MADE.pairs["r_partial"].notna().sum()


def test_forest_names_the_axes_of_the_argument(drawn):
    headings = texts(drawn("one_scale"), "heading")
    named = {"Intake, growth", "Mg status", "Minerals", "Formation", "Resorption, PTH", "Density"}
    assert set(headings) == named


def test_control_marks_this_dataset_and_the_one_without_effect(drawn):
    figure = drawn("control")
    marks = {line.get_gid(): line.get_xdata()[0] for line in figure.axes[0].lines if line.get_gid()}
    row = MADE.counts.set_index("kind").loc["effect"]
    assert marks == {"nominal": row["nominal"], "this": row["this"], "null": row["null"]}
    assert sum(bar.get_height() for bar in figure.axes[0].patches) == pytest.approx(100)


@pytest.mark.parametrize(("language", "words"), [("en", "Not measured: "), ("ja", "測定なし：")])
def test_figures_of_animals_say_what_was_not_measured(language, words):
    nothing = (
        speak(
            language,
            lambda: groups.group_dots(MADE.measurements.iloc[:0], MADE.evidence, ["serum_mg"], MADE.study),
        ),
        speak(
            language,
            lambda: density.region_dots(MADE.density.iloc[:0], MADE.evidence, MADE.study, "exp1"),
        ),
    )
    for figure in nothing:
        assert canvas.words_of(figure)["finding"].startswith(words)


def test_figures_without_anything_to_draw_say_so():
    nothing = (
        dose_figures.shape_plane(MADE.shapes.iloc[:0], MADE.study),
        within_figures.correlation_network(MADE.pairs.iloc[:0], MADE.study),
        comparisons.effect_forest(MADE.evidence, [], MADE.study),
        dose_figures.dose_response(
            dose_tables.dose_response(MADE.evidence, MADE.study).iloc[:0], ["serum_mg"], MADE.study,
            animals=MADE.percents, reported=REPORTED, shapes=MADE.shapes,
        ),
        per_dose(MADE.evidence.iloc[:0]),
        verdict_figures.counts_by_chance(MADE.counts, MADE.shuffled.iloc[:0]),
    )  # fmt: skip
    for figure in nothing:
        assert canvas.words_of(figure)["finding"]


def test_per_dose_says_every_finding(drawn):
    figure = drawn("per_dose")
    written = texts(figure, "finding")
    shown = dose_tables.findings_per_dose(MADE.everything, MADE.study)
    freely_fed = MADE.evidence[MADE.evidence["contrast"].eq("mg001_vs_control")]
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


def test_the_choice_of_test_frames_what_changes(drawn):
    figure = drawn("choices")
    framed = [p for p in figure.axes[0].patches if p.get_gid() == "framed"]
    wide = MADE.choices.pivot_table(index=["experiment", "endpoint", "contrast"], columns="test", values="p")
    differs = wide["declared"].map(MADE.study.level) != wide["other"].map(MADE.study.level)
    assert len(framed) == differs.sum() > 0


def test_a_row_that_the_declared_test_was_not_made_on_names_its_own():
    choices = MADE.choices
    on_ranks = choices["endpoint"].eq("serum_p")
    named = choices.assign(test_run=choices["test_run"].mask(on_ranks, naming.GEHAN))
    figure = comparisons.choice_of_test(named, MADE.study, "Tests")
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert sum("Gehan's test" in label for label in labels) == len(choices[on_ranks]) / 2


def test_colours_stay_apart_in_grey():
    lightness = sorted(look.lightness(look.colour(g)) for g in look.GROUPS)
    assert np.diff(lightness).min() > 12
    assert len({look.group_style(g).marker for g in look.GROUPS}) == len(look.GROUPS)
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


def test_an_entry_of_a_legend_looks_alike_whether_or_not_a_figure_was_made_before():
    plt.rcdefaults()
    first = look.line_handles(["control"])[0].get_solid_capstyle()
    canvas.new_figure()
    assert look.line_handles(["control"])[0].get_solid_capstyle() == first


def test_a_group_wants_to_be_known():
    with pytest.raises(MgboneError, match="no colour"):
        look.group_style("mg999")


def test_lines_break_between_japanese_letters_but_not_before_a_mark():
    lines = canvas.wrap("血清マグネシウム濃度は，飼料の濃度とともに低下する。" * 3, 200, 9)
    assert len(lines) > 2
    assert all(canvas.text_width(line, 9) < 215 for line in lines)
    assert not any(line.startswith(("，", "。", "ー")) for line in lines)
    assert canvas.wrap("one two three", 10, 9) == ["one", "two", "three"]


def test_japanese_breaks_between_phrases_or_else_between_scripts_and_a_sign_stays_with_its_number():
    assert canvas.wrap("血清オステオカルシン濃度", 105, 9.5) == ["血清オステオカルシン", "濃度"]
    assert canvas.wrap("体重増加量は正常食で低下", 90, 9.5) == ["体重増加量は", "正常食で低下"]
    assert canvas.wrap("a trend: p < 0.05", 70, 9) == ["a trend:", "p < 0.05"]
    assert canvas.wrap("peak at 0.04 % of it", 62, 9) == ["peak at", "0.04 % of it"]


def test_a_p_below_what_a_float_holds_is_not_written_as_0():
    assert marks.p_words(0.0, "significant") == "< 0.001 *"


def names_beside(named, others):
    """Return the boxes of names set beside points of a panel of 10 by 10, and the panel."""
    figure, axes = canvas.new_figure()
    ax = axes[0, 0]
    ax.set(xlim=(0, 10), ylim=(0, 10))
    canvas.lay_out(figure)
    marks.name_points(
        ax, pd.DataFrame(named, columns=["x", "y", "name"]), pd.DataFrame(others, columns=["x", "y"])
    )
    figure.draw_without_rendering()
    return [text.get_window_extent() for text in ax.texts], ax


def test_a_name_stands_nearest_to_its_own_point():
    named = [(9.85, 5, "Bdkrb2"), (9.15, 5, "Cfap251")]
    boxes, ax = names_beside(named, [])
    spots = ax.transData.transform([point[:2] for point in named])
    for own, box in enumerate(boxes):
        gaps = np.hypot(*(np.clip(spots, box.min, box.max) - spots).T)
        assert gaps.argmin() == own
        assert gaps.min() > 0


def test_a_name_goes_elsewhere_where_it_would_hide_a_point():
    named = [(5, 5, "Bdkrb2")]
    (box,), ax = names_beside(named, [])
    middle = (box.min + box.max) / 2
    (moved,), _ = names_beside(named, [ax.transData.inverted().transform(middle)])
    assert box.contains(*middle) and not moved.contains(*middle)


@pytest.mark.parametrize(
    "words", ["Whole bone density (mg/cm³) O", "群平均を除いた相関，同じ個体での105組", "p < 0.05, †"]
)
def test_width_of_text_is_that_of_its_outline_and_the_gap_after_the_last_letter(words):
    font = FontProperties(family=look._RC["font.family"], size=7.5)
    outline = TextPath((0, 0), words, prop=font).get_extents().x1
    assert outline <= canvas.text_width(words, 7.5) <= outline + 0.5


def test_groups_of_the_study_have_colours():
    assert set(MADE.study.groups) == set(look.GROUPS)
    for name, group in MADE.study.groups.items():
        assert naming.group_label(name) == group.label
        assert speak("ja", naming.group_label, name) == group.label_ja


def test_narrow_panels_name_the_dose_alone():
    narrow = [naming.narrow_label(g) for g in look.GROUPS]
    assert narrow == ["Control", "Pair-fed", "0.04 %", "0.02 %", "0.01 %"]
    assert speak("ja", naming.narrow_label, "mg001") == "0.01％"
    figure = density.region_dots(MADE.density, MADE.evidence, MADE.study, "exp2", structures=("whole",))
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["Full", "Distal", "Mid", "Proximal"]


@pytest.mark.slow
def test_seaborn_cannot_take_the_font_away(saved, tmp_path):
    import seaborn

    before = saved("groups", "ja")
    seaborn.set_theme(font="DejaVu Serif")
    stamp = speak("ja", tr, "SIMULATED DATA")
    after = save_figure(speak("ja", DRAWINGS["groups"]), tmp_path, "groups", stamp=stamp)
    plt.rcdefaults()
    assert [p.read_bytes() for p in after] == [p.read_bytes() for p in before]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_dose_response_names_every_dose_with_its_own_reference(language, drawn):
    figure = drawn("dose", language)
    said = " ".join(
        t.get_text().replace("\n", " ")
        for t in figure.findobj(match=lambda artist: hasattr(artist, "get_text"))
    )
    for contrast in MADE.study.dose_order:
        assert speak(language, naming.group_label, contrast.case, short=True) in said, contrast
        assert speak(language, naming.group_label, contrast.reference, short=True) in said, contrast


def test_per_dose_tells_a_difference_from_a_milder_dose_where_there_is_none_from_the_reference():
    chosen = MADE.everything["endpoint"].eq("serum_osteocalcin") & MADE.everything["experiment"].eq("exp2")
    levels = {"mg002_vs_mg004": ("significant", "down"), "mg002_vs_control": ("none", "none")}

    def said(levels):
        evidence = MADE.everything.copy()
        for contrast, (level, direction) in levels.items():
            evidence.loc[chosen & evidence["contrast"].eq(contrast), ["level", "direction"]] = (
                level,
                direction,
            )
        figure = per_dose(evidence)
        return [
            t.get_text() for t in figure.axes[0].texts if t.get_gid() == "finding" and "OC" in t.get_text()
        ]

    between = [words for words in said(levels) if "(vs 0.04 %)" in words]
    assert len(between) == 1 and between[0].startswith("▼ OC") and between[0].endswith("*")
    levels["mg002_vs_control"] = ("significant", "down")
    assert not [words for words in said(levels) if "(vs 0.04 %)" in words]
