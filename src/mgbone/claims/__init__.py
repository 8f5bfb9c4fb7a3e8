"""From evidence to verdicts: every statement held against the data."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "folded": ["link_sections"],
        "judging": ["judge", "in_ledger", "tally"],
        "words": ["count_changes", "count_verdicts", "verdict_table"],
    },
)
