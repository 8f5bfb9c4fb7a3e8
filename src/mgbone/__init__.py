"""Mild magnesium deficiency and rat bone: the analysis that a report describes, runnable and checkable.

Public names and modules are loaded on first use, so that ``import mgbone`` costs nothing.
"""

from importlib import import_module
from importlib.util import find_spec

_HOMES = {
    "Dataset": "dataset",
    "DatasetError": "errors",
    "MgboneError": "errors",
    "check_dataset": "dataset",
    "load_study": "study",
    "open_dataset": "dataset",
    "open_run": "run",
}
__version__ = "0.1.0"
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    """Fetch a public name from the module that defines it, or a module of the package."""
    if name in _HOMES:
        return getattr(import_module(f"mgbone.{_HOMES[name]}"), name)
    if not name.startswith("_") and find_spec(f"mgbone.{name}"):
        return import_module(f"mgbone.{name}")
    raise AttributeError(f"module 'mgbone' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names beside what is loaded already."""
    return sorted({*globals(), *__all__})
