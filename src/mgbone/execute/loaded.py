"""Loads the packages that notebooks use, once for all kernels: they are forked from the process that did."""

import gc
from importlib import import_module

for name in (
    "ipykernel.kernelapp", "matplotlib.figure", "numba", "openpyxl", "pandas", "pingouin", "scipy.stats",
    "seaborn",
):  # fmt: skip
    import_module(name)
gc.freeze()  # what stays is neither looked through at each collection nor copied for it
