"""What is known before any data are opened: the design, the ledger, names and languages."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "checklists": ["count_statuses", "load_checklist"],
        "design": ["Contrast", "Experiment", "Group", "REGIONS", "STRUCTURES", "Study", "load_study"],
        "disagreements": ["disagreements_for", "load_disagreements"],
        "errors": ["DatasetError", "MgboneError", "StudyError"],
        "ledger": ["load_claims"],
        "reading": ["in_words", "notes", "readable"],
    },
)
