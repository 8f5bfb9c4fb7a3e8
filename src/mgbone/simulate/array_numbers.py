"""What the simulated arrays are made of: numbers beside this module, and a stream of chance per part."""

import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd


def read_numbers(name: str) -> pd.DataFrame:
    """Return a table of numbers that lies beside this module, each with its source."""
    return pd.read_csv(Path(__file__).with_name(name), keep_default_na=False)


@cache
def calibration() -> dict[str, float]:
    """Return the single numbers by name."""
    table = read_numbers("array_calibration.csv")
    return dict(zip(table["name"], table["value"].astype(float), strict=True))


def stream(seed: int, name: str) -> np.random.Generator:
    """Return a generator for one named part, so that drawing more in one part changes no other."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
