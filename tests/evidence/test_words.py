"""Sentences that are written from tables."""

import numpy as np
import pandas as pd
import pytest

from mgbone.claims.words import count_verdicts, verdict_table
from mgbone.evidence import words as evidence_words
from mgbone.evidence.comparison import compare
from mgbone.evidence.words import findings
from mgbone.microarray import words as array_words
from mgbone.microarray.words import gene_counts
from mgbone.study import reading
from mgbone.study.design import load_study


@pytest.fixture(scope="module")
def study():
    return load_study()


@pytest.fixture(scope="module")
def evidence(study):
    groups = {"control": [2.0, 2.1, 1.9, 2.0], "mg004": [1.9, 2.1, 2.0, 1.9], "mg002": [1.0, 1.1, 0.9, 1.0]}
    rows = [
        {
            "animal_id": f"{g}-{i}",
            "experiment": "exp2",
            "group": g,
            "endpoint": e,
            "value": v * scale,
            "unit": "mg/dL",
        }
        for e, scale in (("serum_mg", 1), ("serum_ca", -1))
        for g, values in groups.items()
        for i, v in enumerate(values)
    ]
    return compare(pd.DataFrame(rows), study)


def test_a_finding_says_means_difference_interval_effect_and_p(evidence, study):
    line = findings(evidence, study, ["serum_mg"], ["mg002_vs_control"]).data
    row = evidence.set_index(["endpoint", "contrast"]).loc[("serum_mg", "mg002_vs_control")]
    assert "1 against 2 mg/dL" in line
    assert "difference -1 (-50.0 %)" in line
    assert f"95 % interval {row['ci_low']:+.3g} to {row['ci_high']:+.3g}" in line
    assert f"Hedges g {row['hedges_g']:+.2f} ({row['g_low']:+.2f} to {row['g_high']:+.2f}), p = " in line
    assert line.endswith("**significant**.")
    assert line.startswith("- **Serum")
    assert "\n" not in line


def test_no_difference_is_said_to_be_not_shown(evidence, study):
    assert findings(evidence, study, ["serum_mg"], ["mg004_vs_control"]).data.endswith(
        "**no difference shown**."
    )


def test_a_trend_is_called_one(evidence, study):
    almost = evidence.assign(level="trend", p=0.07)
    line = findings(almost, study, ["serum_mg"], ["mg004_vs_control"]).data
    assert line.endswith("p = 0.070: **a trend**.")


def test_the_reports_contrasts_are_spoken_of_in_the_order_of_the_endpoints(evidence, study):
    lines = findings(evidence, study, ["serum_ca", "serum_mg"]).data.splitlines()
    assert len(lines) == 4  # mg002_vs_mg004 is not the report's
    assert ["calcium" in line or "Ca" in line for line in lines] == [True, True, False, False]


def test_what_was_not_tested_is_said(evidence, study):
    untested = evidence.assign(level=None, n_case=1, p=np.nan)
    assert findings(untested, study, ["serum_mg"], ["mg002_vs_control"]).data.endswith(
        "not tested (n = 1 and 4; a group of one can't be tested)."
    )


def test_nothing_measured_is_said(evidence, study):
    assert findings(evidence, study, ["urine_ctx"]).data == "- Urinary CTX-I: not measured."
    assert findings(evidence, study, ["serum_mg"], []).data == "*Nothing of this was measured.*"


VERDICTS = pd.DataFrame(
    [
        ("a", "Mg fell.", "down", "significant", "down", "significant", 0.0004, "reproduced"),
        ("b", "Ca rose.", "up", "significant", "up", "trend", 0.0621, "direction_only"),
        ("c", "PTH was the same.", "none", "none", "down", "significant", 0.0496, "contradicted"),
        ("d", "Arrays fell apart.", "none", "separated", "none", "mixed", 0.6, "contradicted"),
        ("e", "Never measured.", "down", "significant", None, None, np.nan, "not_tested"),
    ],
    columns=[
        "claim_id", "statement_en", "direction", "level", "observed_direction", "observed_level",
        "p", "verdict",
    ],
)  # fmt: skip


def test_the_ledger_reads_as_report_against_data():
    table = verdict_table(VERDICTS)
    assert table.index.tolist() == list("abcde")
    assert table["report"].tolist() == [
        "▼ down (significant)",
        "▲ up (significant)",
        "no difference",
        "separate clusters",
        "▼ down (significant)",
    ]
    assert table["data"].tolist() == [
        "▼ down (significant)",
        "▲ up (trend)",
        "▼ down (significant)",
        "mixed clusters",
        "not tested",
    ]
    assert table["p"].tolist() == ["p = 0.0004", "p = 0.062", "p = 0.0496", "p = 0.600", ""]
    assert table["verdict"].tolist() == [
        "reproduced", "direction only", "contradicted", "contradicted", "not tested"
    ]  # fmt: skip
    assert verdict_table(VERDICTS.iloc[:0]).iloc[0].tolist() == ["none", "", "", "", ""]
    assert table["statement"].iloc[0] == "Mg fell."


def test_verdicts_are_counted():
    assert count_verdicts(VERDICTS).data == (
        "Of 5 statements: **2** contradicted, **1** reproduced, **1** direction only, **1** not tested."
    )


def test_genes_are_counted_per_contrast_and_direction():
    called = pd.DataFrame({"contrast": ["a", "a", "a", "b"], "direction": ["up", "none", "up", "none"]})
    counts = gene_counts(called)
    assert counts.loc["a"].to_dict() == {"higher": 2, "lower": 0, "no difference": 1}
    assert counts.loc["b"].to_dict() == {"higher": 0, "lower": 0, "no difference": 1}


def test_arrays_are_said_to_be_normalised_here_or_elsewhere():
    genes = pd.DataFrame(0.0, index=list("abc"), columns=["x", "y"])
    assert array_words.how_normalised(True, genes, 1234).data == (
        "Normalised here by RMA: 1,234 probe sets, summarised to 3 genes in 2 arrays."
    )
    assert array_words.how_normalised(False, genes, 3).data.startswith(
        "These values came normalised: 3 genes in 2"
    )


def test_flags_are_named_with_their_limits():
    flags = pd.DataFrame(
        {
            "array_id": ["a", "b"], "rle_median": 0.0, "rle_iqr": 0.2, "nuse_median": 1.0,
            "correlation": 0.99, "brightness": 0.0, "flags": ["", "nuse, brightness"],
            "flagged": [False, True],
        }
    )  # fmt: skip
    flags.attrs["limits"] = {
        "max_rle_median": 0.1, "max_rle_spread": 1.5, "max_nuse_median": 1.05, "min_correlation": 0.9,
        "max_brightness": 1.0,
    }  # fmt: skip
    told = array_words.name_flags(flags).data
    assert "within ±0.1, spread of RLE up to 1.5 times" in told and "within 1 log2 steps of" in told
    assert told.endswith("1 of 2 arrays exceed a limit: **b** (NUSE median, brightness).")
    none = flags.iloc[:1].assign(nuse_median=np.nan, brightness=np.nan)
    told = array_words.name_flags(none).data
    assert "NUSE up to" not in told and "brightness within" not in told
    assert told.endswith(
        "None of the 1 arrays exceeds one. Not known without scans: NUSE median, brightness."
    )


def test_an_overlap_is_told_beside_what_chance_gives():
    row = {
        "contrast_a": "mg004_vs_control", "contrast_b": "mg002_vs_control", "genes": 22900, "changed_a": 182,
        "changed_b": 183, "both_same": 87, "both_opposite": 1, "expected": 1.454, "correlation": 0.646,
        "correlation_by_chance": 0.5,
    }  # fmt: skip
    told = array_words.overlap(pd.DataFrame([row])).data
    assert "changed 182 genes" in told and "**87** changed the same way in both, 1 in opposite" in told
    assert (
        "where 1.5 would change the same way if" in told
        and "r = 0.65; the shared reference alone would give 0.50" in told
    )


def test_width_of_effects_is_that_of_the_narrowest_interval():
    table = pd.DataFrame(
        {
            "g_low": [-1.0, -0.7, np.nan],
            "g_high": [1.4, 1.5, np.nan],
            "n_case": [8, 7, 2],
            "n_reference": [8, 6, 2],
        }
    )
    said = evidence_words.width_of_effects(table).data
    assert "reaches 1.10 SD to either side (7 against 6 animals)" in said
    assert "No effect size" in evidence_words.width_of_effects(table.iloc[2:]).data


def test_each_finding_says_the_rows_and_nothing_else(evidence):
    rows = evidence[evidence["contrast"] == "mg002_vs_mg004"]
    said = evidence_words.each_finding(rows).data
    assert said.count("\n") == len(rows) - 1
    assert "0.02 % Mg vs 0.04 % Mg" in said and "not measured" not in said
    assert "no finding" in evidence_words.each_finding(rows.iloc[:0]).data


def test_notes_are_a_list_or_said_to_be_none():
    assert reading.notes(["One thing.", "a_1.CEL: another <b> thing"]).data == (
        "- One thing.\n- a_1.CEL: another &lt;b> thing"
    )
    assert reading.notes(()).data == "*Nothing to note.*"


def test_a_readable_table_has_no_codes_in_rows_headings_or_index():
    table = pd.DataFrame(
        {
            "endpoint": ["serum_mg", "bmd_cortical_mid"],
            "domain": ["biochem", "qct"],
            "mg004_vs_control": [92.04, 101.2],
            "direction_only": [1, 0],
        }
    )
    shown = reading.with_names(table)
    assert shown["part"].tolist() == ["Biochemistry", "Bone density (qCT)"]
    assert list(shown.columns) == ["endpoint", "part", "0.04 % Mg vs Control", "direction only"]
    by_endpoint = reading.with_names(table.set_index("endpoint"))
    assert by_endpoint.index.tolist() == shown["endpoint"].tolist()
    totals = reading.with_names(pd.DataFrame({"n": [3, 4]}, index=pd.Index(["qct", "total"], name="domain")))
    assert totals.index.tolist() == ["Bone density (qCT)", "Total"]


def test_a_readable_table_names_groups_parts_of_bone_and_measures():
    cells = pd.DataFrame(
        {"group": ["mg001"], "structure": ["whole"], "region": ["mid"], "p_holm": [0.0312], "full": [1.0]},
        index=pd.Index(["4-1-1-01"], name="claim_id"),
    )
    shown = reading.with_names(cells)
    assert shown.iloc[0].tolist() == ["0.01 % Mg", "Whole bone", "middle region", "0.031", "1"]
    assert list(shown.columns) == ["group", "structure", "region", "p, Holm", "full length"]
    assert shown.index.name == "claim"


def test_a_table_of_sentences_is_set_from_the_left_and_escaped():
    html = reading.as_text_table(pd.DataFrame({"asks": ["values <LOD"]}, index=["1a"])).to_html()
    assert "text-align: left" in html
    assert "&lt;LOD" in html
    assert "1a" in html
    assert ">0<" not in reading.as_text_table(pd.DataFrame({"asks": ["n"]})).to_html()
