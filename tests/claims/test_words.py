"""What is said of verdicts."""

import numpy as np
import pandas as pd

from mgbone.claims.words import count_verdicts, verdict_table
from mgbone.study.naming import word

VERDICTS = pd.DataFrame(
    [
        ("a", "Mg fell.", "down", "significant", "down", "significant", 0.0004, "reproduced", "2/2", np.nan),
        ("b", "Ca rose.", "up", "significant", "up", "trend", 0.0621, "direction_only", "1/2", np.nan),
        ("c", "PTH was the same.", "none", "none", "down", "significant", 0.0496, "contradicted", "0/2",
         "not shown"),
        ("d", "Arrays fell apart.", "none", "separated", "none", "mixed", 0.6, "contradicted", "0/1", np.nan),
        ("e", "Never measured.", "down", "significant", None, None, np.nan, "not_tested", np.nan, np.nan),
        ("f", "P was the same.", "none", "none", "none", "none", 0.9, "reproduced", "2/2",
         "absence supported"),
    ],
    columns=[
        "claim_id", "statement_en", "direction", "level", "observed_direction", "observed_level",
        "p", "verdict", "criteria", "absence",
    ],
)  # fmt: skip
VERDICTS["asserts"] = ["effect", "effect", "absence", "effect", "effect", "absence"]


def test_the_ledger_reads_as_report_against_data():
    table = verdict_table(VERDICTS)
    assert table.index.tolist() == list("abcdef")
    assert table["report"].tolist() == [
        "▼ down (significant)",
        "▲ up (significant)",
        "no difference",
        "separate clusters",
        "▼ down (significant)",
        "no difference",
    ]
    assert table["data"].tolist() == [
        "▼ down (significant)",
        "▲ up (trend)",
        "▼ down (significant)",
        "mixed clusters",
        "not tested",
        "no difference",
    ]
    assert table["p"].tolist() == ["p = 0.0004", "p = 0.062", "p = 0.0496", "p = 0.600", "", "p = 0.900"]
    assert table["verdict"].tolist() == [word(v) for v in VERDICTS["verdict"]]
    assert table["statement"].iloc[0] == "Mg fell."
    assert table["criteria met"].tolist() == ["2/2", "1/2", "0/2", "0/1", "", "2/2"]
    assert table["absence"].tolist() == ["", "", "not shown", "", "", "absence supported"]
    assert "by chance" not in table
    chances = verdict_table(VERDICTS.assign(p_without_effect=[0.00993, 0.49, 0.04, 0.97, np.nan, 0.96]))
    assert chances["by chance"].tolist() == ["0.993 %", "49 %", "4 %", "97 %", "", "96 %"]


def test_effects_and_absences_are_never_one_sum():
    effects, absences = count_verdicts(VERDICTS).data.splitlines()
    assert effects == (
        "- Statements of an effect: **1 of 4** reproduced; 1 direction only; 1 contradicted; 1 not tested."
    )
    assert absences.startswith(
        "- Statements of an absence: **1 of 2** not shown otherwise; supported, in that"
    )
    assert absences.endswith("declares: **1**; 1 contradicted.")
    assert "6" not in effects + absences
