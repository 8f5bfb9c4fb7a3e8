"""How far each statement can be trusted: over new cohorts, other analyses, and how hard it was tested."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "observed": ["observed_differences"],
        "severity": ["severity"],
        "table": ["CERTAINTY_COLUMNS", "certainty_table"],
    },
)
