"""Files that are written whole: what a cell of a table becomes."""

import numpy as np
import pandas as pd

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
