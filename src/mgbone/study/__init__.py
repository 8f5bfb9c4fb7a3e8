"""What is known before any data are opened: the design, the ledger, names and languages."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"disagreements": ["disagreements_for"]}
)
