"""Files that are written whole: what a cell of a table becomes."""

import numpy as np
import pandas as pd

from mgbone.study import paths
from mgbone.study.paths import write_table


def test_numbers_of_every_type_are_written_to_eight_digits_and_missing_ones_left_blank(tmp_path):
    table = pd.DataFrame({
        "double": [1 / 3, np.nan, np.inf],
        "single": np.array([0.5, np.nan, 1e9], dtype=np.float32),
        "nullable": pd.array([1 / 3, pd.NA, 2], dtype="Float64"),
        "whole": pd.array([1, pd.NA, 3], dtype="Int64"),
    })  # fmt: skip
    write_table(table, tmp_path / "x.csv")
    rows = (tmp_path / "x.csv").read_text().splitlines()[1:]
    assert rows == ["0.33333333,0.5,0.33333333,1", ",,,", "inf,1e+09,2,3"]


def test_a_table_is_the_same_however_many_rows_are_written_at_once(tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {"gene": [f"g{i}" for i in range(17)], "value": rng.normal(8, 2, 17), "n": range(17)}
    )
    table.loc[3, "value"] = np.nan
    for name, rows in (("whole", 100), ("parts", 5), ("one by one", 1)):
        monkeypatch.setattr(paths, "_ROWS_AT_ONCE", rows)
        write_table(table, tmp_path / f"{name}.csv")
        write_table(table.iloc[:0], tmp_path / f"{name}, no rows.csv")
    assert len({path.read_bytes() for path in tmp_path.glob("*.csv")}) == 2
    assert (tmp_path / "parts, no rows.csv").read_text() == "gene,value,n\n"
    again = pd.read_csv(tmp_path / "parts.csv")
    pd.testing.assert_frame_equal(again, table, rtol=1e-7)
