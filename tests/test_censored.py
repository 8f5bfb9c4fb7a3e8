"""Values below a limit of detection, from the cell of a table to the evidence."""

import numpy as np
import pandas as pd
import pytest
from small_dataset import describe, write_small_dataset

from mgbone.absence import weigh_absence
from mgbone.biochem import derive_endpoints
from mgbone.dataset import open_dataset
from mgbone.evidence import GEHAN, TUKEY, compare
from mgbone.ranks import SUBSTITUTE, kruskal_dunn


@pytest.fixture
def dataset(tmp_path):
    """The first animal's PTH and CTX-I lie below their limits."""
    folder = tmp_path / "lab"
    write_small_dataset(folder, kind="measured")
    for table, column, cell in (("serum", "serum_pth", "<5"), ("urine", "ctx", "＜ 12.5")):
        frame = pd.read_csv(folder / f"{table}.csv", dtype=str)
        frame.loc[0, column] = cell
        frame.to_csv(folder / f"{table}.csv", index=False)
    describe(folder, kind="measured")
    return open_dataset(folder)


def test_limits_are_listed_and_stand_in_the_table(dataset):
    assert dataset.below_limit[["table", "field", "limit"]].to_numpy().tolist() == [
        ["serum", "serum_pth", 5.0],
        ["urine", "ctx", 12.5],
    ]
    assert dataset.serum["serum_pth"].iloc[0] == 5
    assert dataset.serum["serum_pth"].dtype == float


def test_endpoints_are_marked_and_the_ratio_with_them(dataset):
    table = derive_endpoints(dataset)
    hidden = table[table["censored"]].set_index("endpoint")["value"]
    creatinine = dataset.urine["creatinine"].iloc[0]
    assert hidden.to_dict() == pytest.approx(
        {"serum_pth": 5 * SUBSTITUTE, "urine_ctx": 12.5 / creatinine * SUBSTITUTE}
    )


def test_only_endpoints_with_censored_values_are_tested_on_ranks(dataset):
    evidence = compare(derive_endpoints(dataset), dataset.study)
    first = evidence[evidence["experiment"] == "exp1"].set_index("endpoint")
    assert set(first.loc["serum_pth", "test"]) == {GEHAN}
    assert first.loc["serum_pth", "ci_low"].isna().all()
    assert set(first.loc["serum_mg", "test"]) == {TUKEY}
    assert set(evidence.loc[evidence["experiment"] == "exp2", "test"]) == {TUKEY}


def test_p_is_that_of_dunn_on_gehan_scores_with_holm(dataset):
    rng = np.random.default_rng(1)
    groups = np.repeat(["control", "mg004", "mg002"], 8)
    limit = 3.0
    true = rng.normal(4, 1.5, 24) - 1.5 * (groups == "mg002")
    hidden = true < limit
    table = pd.DataFrame(
        {
            "animal_id": [f"a{i}" for i in range(24)], "experiment": "exp2", "group": groups,
            "endpoint": "serum_pth", "value": np.where(hidden, limit * SUBSTITUTE, true), "unit": "pg/mL",
            "censored": hidden,
        }
    )  # fmt: skip
    found = compare(table, dataset.study).set_index("contrast")
    parts = {g: np.where(hidden, limit, true)[groups == g] for g in ("control", "mg004", "mg002")}
    raw = kruskal_dunn(parts, {g: hidden[groups == g] for g in parts})[1]
    expected = sorted(raw.values())
    assert sorted(found["p"])[0] == pytest.approx(3 * expected[0])
    assert weigh_absence(table, found.reset_index()).empty
