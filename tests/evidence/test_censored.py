"""Values below a limit of detection, from the cell of a table to the evidence."""

import json

import numpy as np
import pandas as pd
import pytest
from helpers.small_dataset import describe, write_small_dataset
from scipy import stats

from mgbone.biochem.endpoints import derive_endpoints
from mgbone.dataset.descriptor import write_datapackage
from mgbone.dataset.opening import check_dataset, open_dataset
from mgbone.evidence.bayes import weigh_absence
from mgbone.evidence.comparison import STUDENT, TUKEY, compare
from mgbone.evidence.other_tests import compare_tests, omnibus_tests
from mgbone.evidence.rank_tests import SUBSTITUTE, kruskal_wallis
from mgbone.study.design import load_study
from mgbone.study.errors import MgboneError
from mgbone.study.naming import GEHAN


@pytest.fixture(scope="module")
def study():
    return load_study()


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


def censored(values_by_group, limits):
    """Return measurements of exp2; a value that is missing lies below the limit of its group."""
    tables = []
    for group, values in values_by_group.items():
        values = np.array(values, float)
        hidden = np.isnan(values)
        value = np.where(hidden, limits.get(group, np.nan) * SUBSTITUTE, values)
        names = [f"{group}-{i}" for i in range(len(values))]
        tables.append(pd.DataFrame({"animal_id": names, "group": group, "value": value, "censored": hidden}))
    fixed = {"experiment": "exp2", "endpoint": "serum_pth", "unit": "pg/mL"}
    return pd.concat(tables, ignore_index=True).assign(**fixed)


BELOW = [np.nan] * 8
OUTLIER = {"control": [*BELOW[:7], 100.0], "mg004": np.arange(2.0, 10)}
"""Control <1 seven times and 100; the case 2 to 9, so that it is the larger one but has the smaller mean."""


def test_direction_is_that_of_the_ranks_by_hand(study):
    row = compare(censored(OUTLIER, {"control": 1.0}), study).iloc[0]
    # Each limit lies below the other 9, 100 above 15 others; 2 is above 7 limits and below 7 values and 100.
    scores = np.array([*[-9] * 7, 15, *range(-1, 14, 2)])
    z = (scores[8:].mean() - scores[:8].mean()) / np.sqrt((scores**2).sum() / 15 * (1 / 8 + 1 / 8))
    assert row["p"] == pytest.approx(2 * stats.norm.sf(z), rel=1e-10)
    assert row["estimate"] < 0
    assert (row["direction"], row["level"], row["points"]) == ("up", "significant", "up")


def test_limits_that_differ_tell_no_groups_apart(study):
    """Behind <1 and <3 there may be the same values; a third group that lies between settles nothing."""
    table = censored({"control": BELOW, "mg004": BELOW, "mg002": [2.0] * 8}, {"control": 1.0, "mg004": 3.0})
    found = compare(table, study).set_index("contrast")
    for contrast in ("mg004_vs_control", "mg002_vs_mg004"):
        assert found.loc[contrast, "test"] == "not tested"
        assert found.loc[contrast, ["p", "level", "direction"]].isna().all()
    surely = found.loc["mg002_vs_control"]
    # All of one group above all of the other: z is the square root of N - 1, the p of one pair.
    assert surely["p"] == pytest.approx(2 * stats.norm.sf(np.sqrt(15)))
    assert surely["direction"] == "up"


def test_p_is_gehans_between_two_groups_with_holm(dataset):
    rng = np.random.default_rng(1)
    groups = np.repeat(["control", "mg004", "mg002"], 8)
    true = rng.normal(4, 1.5, 24) - 1.5 * (groups == "mg002")
    parts = {g: np.where(true < 3, np.nan, true)[groups == g] for g in ("control", "mg004", "mg002")}
    table = censored(parts, dict.fromkeys(parts, 3.0))
    found = compare(table, dataset.study).set_index("contrast")
    # With one limit below all that was measured Gehan's test is Kruskal-Wallis's of two groups: chi2 = z^2.
    filled = {g: np.nan_to_num(v, nan=0) for g, v in parts.items()}
    pairs = (("mg004", "control"), ("mg002", "control"), ("mg002", "mg004"))
    raw = [kruskal_wallis({g: filled[g] for g in pair}) for pair in pairs]
    assert min(found["p"]) == pytest.approx(3 * min(raw))
    assert weigh_absence(table, found.reset_index()).empty


def test_other_tests_are_on_ranks_or_missing(study):
    """Ranks don't change under logarithms; a test that needs a number in a limit's place is not made."""
    table = censored(OUTLIER, {"control": 1.0})
    tests = compare_tests(table, study).set_index("test")
    p = compare(table, study)["p"].item()
    for name in ("tukey_kramer", "dunn", "mann_whitney", "log_scale"):
        assert tests.loc[name, "p"] == p
        assert tests.loc[name, "test_run"] == GEHAN
    for name in ("games_howell", "dunnett", "permutation"):
        assert np.isnan(tests.loc[name, "p"])
        assert tests.loc[name, "test_run"] == "not tested"
    row = omnibus_tests(table).iloc[0]
    assert row[["p_anova", "p_welch"]].isna().all()
    # Of two groups chi2 is z squared.
    assert row["p_kruskal"] == pytest.approx(p)
    first = pd.concat([table, table.assign(endpoint="serum_mg", censored=False)], ignore_index=True)
    run = compare_tests(first, study).set_index(["endpoint", "test"])["test_run"]
    assert run["serum_mg", "tukey_kramer"] == STUDENT
    assert run["serum_mg", "dunn"] == "Dunn"


# --- "not detected", without a limit in the cell -----------------------------------------------------------


def undetected(folder, cells, limits=None, column="serum_pth", table="serum"):
    """Write a lab folder whose first animals read `cells` in a column, with limits of detection if given."""
    write_small_dataset(folder, kind="measured")
    frame = pd.read_csv(folder / f"{table}.csv", dtype=str)
    frame.loc[range(len(cells)), column] = cells
    frame.to_csv(folder / f"{table}.csv", index=False)
    write_datapackage(folder, "measured", "Lab", detection_limits=limits)
    return folder


def test_not_detected_counts_as_below_the_stated_limit(tmp_path):
    cells = ["N.D.", "ND", "n.d.", "検出せず", " Ｎ．Ｄ． ", "検出限界以下", "<3"]
    dataset = open_dataset(undetected(tmp_path / "lab", cells, {"serum_pth": 5}))
    names = dataset.animals["animal_id"]
    assert dataset.below_limit["limit"].tolist() == [5.0] * 6 + [3.0]
    assert dataset.below_limit["animal_id"].tolist() == names[:7].tolist()
    assert dataset.serum["serum_pth"].iloc[:7].tolist() == [5.0] * 6 + [3.0]
    table = derive_endpoints(dataset).query("endpoint == 'serum_pth'").set_index("animal_id")
    assert table["censored"].tolist() == [True] * 7 + [False] * (len(names) - 7)
    assert table["value"].iloc[0] == pytest.approx(5 * SUBSTITUTE)
    tests = compare(table.reset_index(), dataset.study).groupby("experiment")["test"].agg(set)
    assert tests.to_dict() == {"exp1": {"not tested"}, "exp2": {GEHAN}}


def test_not_detected_in_urine_is_below_the_limit_over_creatinine(tmp_path):
    dataset = open_dataset(undetected(tmp_path / "lab", ["N.D."], {"ctx": 12.5}, "ctx", "urine"))
    table = derive_endpoints(dataset).set_index(["endpoint", "animal_id"])
    first = dataset.animals["animal_id"].iloc[0]
    expected = 12.5 / dataset.urine["creatinine"].iloc[0] * SUBSTITUTE
    assert table.loc[("urine_ctx", first), "value"] == pytest.approx(expected)
    assert table["censored"].sum() == 1


def test_without_a_stated_limit_it_is_one_fault_that_says_how_to_state_it(tmp_path):
    faults = check_dataset(undetected(tmp_path / "lab", ["検出せず"], {"serum_alp": 4}))
    assert len(faults) == 1
    assert faults[0].startswith("serum.csv, row 2, column serum_pth: found '検出せず', expected a number")
    assert '"detection_limit": 0.5 beside "name": "serum_pth" in datapackage.json' in faults[0]


def test_not_detected_is_a_fault_where_there_is_no_such_thing(tmp_path):
    faults = check_dataset(undetected(tmp_path / "lab", ["N.D."], None, "creatinine", "urine"))
    assert len(faults) == 1
    assert "detection_limit" not in faults[0]


def test_limits_stay_when_the_descriptor_is_written_anew(tmp_path):
    folder = undetected(tmp_path / "lab", ["N.D."], {"serum_pth": 5})
    before = (folder / "datapackage.json").read_bytes()
    write_datapackage(folder, "measured", "Lab")
    assert (folder / "datapackage.json").read_bytes() == before
    write_datapackage(folder, "measured", "Lab", detection_limits={})
    assert len(check_dataset(folder)) == 1


@pytest.mark.parametrize(("column", "limit"), [("serum_pth", 0), ("serum_pth", "5"), ("creatinine", 1)])
def test_what_can_be_no_limit_is_refused(tmp_path, column, limit):
    folder = undetected(tmp_path / "lab", [])
    with pytest.raises(MgboneError, match=f"{column}: .* can't be a limit of detection"):
        write_datapackage(folder, "measured", "Lab", detection_limits={column: limit})
    descriptor = folder / "datapackage.json"
    raw = json.loads(descriptor.read_text())
    fields = [f for r in raw["resources"] for f in r.get("schema", {}).get("fields", [])]
    next(f for f in fields if f["name"] == column)["detection_limit"] = limit
    descriptor.write_text(json.dumps(raw))
    faults = check_dataset(folder)
    assert len(faults) == 1
    assert f"{column} the detection_limit {limit!r}" in faults[0]
