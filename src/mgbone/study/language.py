"""Two languages: English stands in code and notebooks, Japanese in ``locale/``, one message after another.

The language is set once per run (`use_language`); whatever writes words asks `tr` for them, and notebooks get
their prose from `prose`. Data that are bilingual themselves (the dictionary, study.yml, the ledger) stay
data: `either` chooses between the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import TYPE_CHECKING

from mgbone.study.mgbone_error import MgboneError

if TYPE_CHECKING:
    from nbformat import NotebookNode

LANGUAGES = ("en", "ja")
CATALOGUES = ("ja.po", "notebooks.ja.po")
"""Messages of code, and prose of notebooks: one message a cell, whose context is `cell_context`."""

_in_use = {"language": "en"}  # of all threads: what a pool of them finds is told in the same language


def use_language(language: str) -> None:
    """Speak a language from now on.

    Raises
    ------
    MgboneError
        If it is neither ``en`` nor ``ja``.
    """
    if language not in LANGUAGES:
        raise MgboneError(
            tr(
                "The language {language!r} is not known; choose {known}.",
                language=language,
                known=tr(" or ").join(LANGUAGES),
            )
        )
    _in_use["language"] = language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language for a while."""
    before = current()
    use_language(language)
    try:
        yield
    finally:
        use_language(before)


def current() -> str:
    """Return the language in use."""
    return _in_use["language"]


def tr(message: str, context: str = "", /, **fields: object) -> str:
    """Return a message in the language in use, with its fields filled in (`fill`).

    Parameters
    ----------
    message : str
        In English; one that has no translation, such as a name out of data, comes back as it is.
    context : str
        Tells apart two meanings of one English text.
    """
    said = message if current() == "en" else _catalogue().get((message, context), message)
    return fill(said, **fields) if fields else said


def fill(said: str, /, **fields: object) -> str:
    """Fill in the fields of a text as ``str.format`` does; ``!r`` quotes as the language in use does."""
    return said.format(**fields) if current() == "en" else _JAPANESE.vformat(said, (), fields)


class _Japanese(Formatter):
    def convert_field(self, value: object, conversion: str | None) -> object:
        """Put a text into Japanese brackets instead of Python's quotation marks."""
        if conversion != "r" or not isinstance(value, str):
            return super().convert_field(value, conversion)
        return f"「{''.join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in value)}」"


_JAPANESE = _Japanese()


def N_(message: str) -> str:
    """Mark a message that is translated where it is used."""
    return message


def prose(notebook: str, cell_id: str, source: str) -> str:
    """Return the text of a notebook's markdown cell in the language in use.

    Parameters
    ----------
    notebook : str
        Its stem, such as ``01_biochem``.
    source : str
        In English; where it is not the text that was translated, it comes back as it is.
    """
    return tr(source, cell_context(notebook, cell_id))


def in_language(notebook: NotebookNode, stem: str) -> NotebookNode:
    """Put the prose of a notebook, in place, into the language in use; ids, tags and code stay."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = prose(stem, cell.id, cell.source)
    return notebook


def cell_context(notebook: str, cell_id: str) -> str:
    """Return what tells the message of a cell from all others, whatever its text."""
    return f"{notebook} {cell_id}"


def either(english: str, japanese: str) -> str:
    """Return one of two texts out of bilingual data."""
    return japanese if current() == "ja" and japanese else english


@cache
def _catalogue() -> Mapping[tuple[str, str], str]:
    from babel.messages.pofile import read_po  # of no use to a run in English

    known = {}
    for name in CATALOGUES:
        with files("mgbone.study").joinpath("locale", name).open("rb") as stream:
            messages = [m for m in read_po(stream) if m.id and m.string and not m.fuzzy]
        known |= {(m.id, m.context or ""): m.string for m in messages}
    return known
