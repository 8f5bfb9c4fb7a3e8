"""Lessons made of notebooks: what a student is given, fills in, is asked and looks up."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "checks": ["AnswerError", "check"],
        "exercises": ["LESSON", "Exercise", "exercises", "student_notebook"],
        "faulty": ["faulty"],
    },
)
