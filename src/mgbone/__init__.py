"""Mild magnesium deficiency and rat bone: the analysis that a report describes, runnable and checkable.

Rooms and public names are loaded on first use, so that ``import mgbone`` costs nothing.
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=(
        [
            "biochem",
            "certainty",
            "claims",
            "course",
            "dataset",
            "evidence",
            "execute",
            "figures",
            "integration",
            "lookup",
            "microarray",
            "qct",
            "study",
        ]
    ),
    submod_attrs={
        "course.checks": ["check"],
        "course.faulty": ["faulty"],
        "dataset.opening": ["Dataset", "check_dataset", "open_dataset"],
        "execute.run": ["open_run"],
        "lookup.cards": ["claim", "endpoint", "gene", "term"],
        "lookup.page": ["explore"],
        "study.checklists": ["count_statuses", "load_checklist"],
        "study.design": ["load_study"],
        "study.disagreements": ["disagreements_for"],
        "study.errors": ["DatasetError", "MgboneError"],
        "study.language": ["tr", "use_language"],
        "study.reading": ["as_text_table", "in_unit", "notes", "with_names"],
    },
)
