"""Sources that disagree: what they state, and what the shipped data show of it."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from helpers.languages import speak

from mgbone import biochem
from mgbone.dataset.opening import open_dataset
from mgbone.evidence.comparison import MEASUREMENT_COLUMNS as COLUMNS
from mgbone.evidence.comparison import compare
from mgbone.figures import canvas
from mgbone.figures.verdicts import stated_and_measured
from mgbone.integration import disagreements
from mgbone.integration.words import count_sources
from mgbone.study import disagreements as disagreements_
from mgbone.study.dictionary import endpoint_label, endpoints
from mgbone.study.errors import StudyError
from mgbone.study.naming import contrast_label


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def stated():
    return disagreements_.load_disagreements()


@pytest.fixture(scope="module")
def measured():
    return biochem.derive_endpoints(open_dataset("data/simulated"))


@pytest.fixture(scope="module")
def shown(stated, measured, study):
    tests = pd.DataFrame(
        {"experiment": "exp2", "endpoint": "serum_mg", "contrast": "mg004_vs_control", "test": ["a", "b"],
         "p": [0.04, 0.15]}
    )  # fmt: skip
    table = disagreements.hold_against_sources(stated, compare(measured, study), tests)
    return table.set_index(["topic", "source"])


def test_another_design_has_no_disagreements(study):
    assert len(disagreements_.disagreements_for(study)) == 12
    other = replace(study, experiments={"exp1": study.experiments["exp1"]})
    nothing = disagreements.hold_against_sources(
        disagreements_.disagreements_for(other), compare(pd.DataFrame(columns=COLUMNS), other)
    )
    assert nothing.empty and "holds" in nothing


def test_every_source_speaks_of_a_comparison_of_the_study(stated, study):
    known = {(c.experiment, c.name) for c in study.contrasts}
    assert set(stated["endpoint"]) <= set(endpoints())
    assert set(zip(stated["experiment"], stated["contrast"], strict=True)) <= known
    assert stated.groupby("topic")["source"].nunique().min() >= 2
    assert stated["citation"].str.contains(r"20K02360|16K16275|Creedon, Flynn and Cashman \(1999\)").all()


def test_the_numbers_are_those_of_the_sources(stated):
    number = stated.set_index(["topic", "source"])["percent"]
    assert number["mg_004", "Earlier grant"] == -8
    assert number["mg_002", "Earlier grant"] == -30
    assert number["oc_002", "Creedon 1999"] == -28
    assert number["dpd_002", "Creedon 1999"] == -33
    assert number[number.index.get_level_values("source") == "Final report"].isna().all()


def test_eight_percent_is_a_trend_in_the_shipped_data_as_in_the_final_report(shown):
    earlier, final = shown.loc[("mg_004", "Earlier grant")], shown.loc[("mg_004", "Final report")]
    assert (final["holds"], earlier["holds"]) == ("yes", "size")
    assert earlier["data_percent"] == pytest.approx(-8, abs=0.5)
    assert earlier["data_low"] < -8 < earlier["data_high"]
    assert 0.05 <= earlier["data_p"] < 0.10
    assert (earlier["p_least"], earlier["p_most"]) == (0.04, 0.15)


def test_the_shipped_data_follow_the_report_and_not_creedon(shown):
    assert shown.loc[("oc_002", "Creedon 1999"), "holds"] == "size"
    dpd = shown.loc[("dpd_002", "Creedon 1999")]
    assert dpd["holds"] == "no"
    assert dpd["data_low"] > -33
    assert shown.loc[("mg_002", "Creedon 1999"), "holds"] == "no"
    assert (shown[shown.index.get_level_values("source").str.startswith("Final")]["holds"] == "yes").all()


def test_formation_goes_up_by_alp_and_down_by_osteocalcin(shown, measured, study):
    alp = shown.loc[("formation_002", "Final report, by ALP")]
    osteocalcin = shown.loc[("formation_002", "Final report, by osteocalcin")]
    assert alp["data_percent"] > 0 > osteocalcin["data_percent"]
    ratio = disagreements.formation_evidence(measured, study).set_index("contrast")
    row = ratio.loc["mg002_vs_control"]
    assert row["level"] == "significant" and row["direction"] == "up"
    # By hand: the difference of the mean log ratios.
    wide = measured[measured["experiment"] == "exp2"].pivot_table(
        index=["group", "animal_id"], columns="endpoint", values="value"
    )
    logs = np.log(wide["serum_alp"] / wide["serum_osteocalcin"]).groupby("group").mean()
    assert row["estimate"] == pytest.approx(logs["mg002"] - logs["control"], abs=1e-12)


def test_a_ratio_does_not_mind_which_is_divided_by_which(measured, study):
    names = {"serum_alp": "serum_osteocalcin", "serum_osteocalcin": "serum_alp"}
    turned = measured.assign(endpoint=measured["endpoint"].replace(names))
    one, other = (disagreements.formation_evidence(m, study) for m in (measured, turned))
    assert other["p"].to_numpy() == pytest.approx(one["p"].to_numpy(), rel=1e-9)
    assert other["estimate"].to_numpy() == pytest.approx(-one["estimate"].to_numpy(), abs=1e-12)


def test_without_one_of_the_markers_there_is_no_ratio(measured, study):
    assert disagreements.formation_evidence(measured[measured["endpoint"] != "serum_alp"], study).empty
    assert disagreements.formation_evidence(measured.iloc[:0], study).empty


@pytest.mark.parametrize(
    ("said", "observed", "holds"),
    [
        (("up", "trend", np.nan), ("up", "trend"), "yes"),
        (("up", "trend", 12), ("up", "significant"), "size"),
        (("up", "trend", 40), ("up", "significant"), "no"),
        (("up", None, 12), ("none", "none"), "yes"),
        (("up", None, 40), ("up", "significant"), "no"),
        (("none", "none", np.nan), ("none", "none"), "yes"),
        (("up", "trend", 12), (None, None), "not_tested"),
    ],
)
def test_when_data_bear_a_source_out(said, observed, holds):
    row = dict(zip(("direction", "level", "percent"), said, strict=True))
    row |= dict(zip(("data_direction", "data_level"), observed, strict=True)) | {
        "data_low": 5,
        "data_high": 20,
    }
    assert disagreements._holds(row) == holds


def test_faults_of_the_table_are_named(tmp_path, stated):
    path = tmp_path / "disagreements.csv"
    for column, value, message in (
        ("citation", None, "row 4: citation is blank"),
        ("direction", "none", "none does not go with significant"),
        ("level", None, "row 4: a source states a level, a percentage or both"),
    ):  # fmt: skip
        spoilt = stated.astype({column: object}).copy()
        spoilt.loc[2, column] = value
        spoilt.to_csv(path, index=False)
        with pytest.raises(StudyError, match=message):
            disagreements_.load_disagreements(path)
    stated.drop(columns="source").to_csv(path, index=False)
    with pytest.raises(StudyError, match="lacks the column source"):
        disagreements_.load_disagreements(path)
    with pytest.raises(StudyError, match="can't be read"):
        disagreements_.load_disagreements(tmp_path / "none.csv")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_figure_has_a_row_per_source(shown, language):
    figure = speak(language, stated_and_measured, shown.reset_index(), "x")
    (ax,) = figure.axes
    gids = [artist.get_gid() for artist in (*ax.texts, *ax.lines)]
    assert gids.count("said") == gids.count("holds") == gids.count("interval") == len(shown)
    assert gids.count("stated") == shown["percent"].notna().sum()
    nothing = speak(language, stated_and_measured, shown.reset_index().iloc[:0])
    assert canvas.words_of(nothing)["finding"]


def test_sentences_give_the_range_over_tests_and_the_ratio(shown, measured, study):
    words = count_sources(shown.reset_index(), disagreements.formation_evidence(measured, study)).data
    assert "0.040 to 0.150 over all tests" in words
    assert "ALP divided by osteocalcin of the same animals, 0.02 % Mg vs Control: +" in words
    assert "No disagreement" in count_sources(shown.reset_index().iloc[:0], pd.DataFrame()).data


def test_joined_names_have_labels():
    assert endpoint_label(disagreements.RATIO) == "Serum ALP / Serum osteocalcin"
    assert speak("ja", endpoint_label, "serum_mg~serum_ca", short=True) == "Mg ~ Ca"
    assert speak("ja", contrast_label, "within_groups") == "群内の相関"
