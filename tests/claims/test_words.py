"""What is said of verdicts."""

import numpy as np
import pandas as pd

from mgbone.claims.words import count_verdicts, verdict_table

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
        "none",
        "separated",
        "▼ down (significant)",
    ]
    assert table["data"].tolist() == [
        "▼ down (significant)",
        "▲ up (trend)",
        "▼ down (significant)",
        "mixed",
        "not tested",
    ]
    assert table["p"].tolist() == ["p = 0.0004", "p = 0.062", "p = 0.0496", "p = 0.600", ""]
    assert table["verdict"].tolist() == VERDICTS["verdict"].tolist()
    assert table["statement"].iloc[0] == "Mg fell."


def test_verdicts_are_counted():
    assert count_verdicts(VERDICTS).data == (
        "Of 5 statements: **2** contradicted, **1** reproduced, **1** direction only, **1** not tested."
    )
