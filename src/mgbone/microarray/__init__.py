"""Microarrays: from the scanner's CEL files to gene sets.

Names are loaded on first use, so that ``import mgbone.microarray`` costs nothing for those who need one part only.
"""

from importlib import import_module

_HOMES = {
    "read_cel": "cel",
    "read_cels": "cel",
    "read_platform": "platform",
    "find_platform": "platform",
    "read_normalised_matrix": "platform",
    "rma": "rma",
    "rma_steps": "rma",
    "differential_expression": "expression",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    """Fetch a public function from the module that defines it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """List the public functions beside what is loaded already."""
    return sorted({*globals(), *__all__})
