"""Microarrays: from the scanner's CEL files to gene sets.

The functions that most callers need are here; what else there is stands in the modules: ``cel``,
``platform`` and ``matrix`` (files), ``rma`` (normalisation), ``quality``, ``clustering``, ``expression``
(tests) and ``genesets``.
"""

from importlib import import_module

from mgbone.microarray.cel import read_cel, read_cels
from mgbone.microarray.matrix import read_normalised_matrix
from mgbone.microarray.platform import find_platform, read_platform

# Imported at once, unlike the functions below: the module has the same name, and would hide the function
# otherwise.
from mgbone.microarray.rma import rma, rma_steps

# Loaded on first use, since limma's and the gene sets' machinery takes seconds to import.
_LAZY = {"differential_expression": "expression"}

__all__ = [
    "differential_expression",
    "find_platform",
    "read_cel",
    "read_cels",
    "read_normalised_matrix",
    "read_platform",
    "rma",
    "rma_steps",
]


def __getattr__(name: str):
    """Fetch a function from a module that is loaded only when it is needed."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    globals()[name] = value
    return value
