"""What an answer is held against: the right one, and wrong ones that have a name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Number

import numpy as np
import pandas as pd

from mgbone.study.language import tr

AGREES = 1e-3
"""Numbers agree within this share of the right one: who rounds to four digits is right."""


@dataclass(frozen=True)
class Key:
    """The answers to one exercise, made from the data of the run.

    Attributes
    ----------
    right : number, bool, str, or collection of str
        A collection is compared without regard to order.
    shows : str
        What the right answer shows, in a sentence.
    wrong : mapping of str to number, bool, str, collection of str, or tuple of such
        Wrong answers, by the sentence that names what led to them; a tuple holds several of one sentence.
    advice : str
        What to look at where an answer is wrong in a way that nobody foresaw.
    """

    right: object
    shows: str
    wrong: Mapping[str, object]
    advice: str

    @property
    def mistakes(self) -> list[tuple[object, str]]:
        """Pairs of a wrong answer and its sentence."""
        several = {
            said: found if isinstance(found, tuple) else (found,) for said, found in self.wrong.items()
        }
        return [(answer, said) for said, answers in several.items() for answer in answers]


def plain(answer: object) -> object:
    """Return an answer as Python's own number or text, or a set of texts; others as they are."""
    if isinstance(answer, pd.Series | pd.Index | np.ndarray) and answer.size == 1:
        answer = np.asarray(answer).ravel()[0]
    if isinstance(answer, np.generic):
        answer = answer.item()
    if isinstance(answer, str):
        return answer.strip()
    if isinstance(answer, Iterable) and not isinstance(answer, pd.DataFrame | dict):
        found = [plain(one) for one in answer]
        return frozenset(found) if all(isinstance(one, str) for one in found) else answer
    return answer


def same(answer: object, right: object) -> bool:
    """Say whether an answer is the right one: numbers within ``AGREES``, counts and names exactly."""
    answer, right = plain(answer), plain(right)
    if isinstance(right, frozenset) and isinstance(answer, str):
        answer = frozenset([answer])
    if kind_of(answer) != kind_of(right):
        return False
    if isinstance(right, float):
        return bool(np.isclose(answer, right, rtol=AGREES, atol=1e-12, equal_nan=True))
    return answer == right


def misfit(answer: object, right: object) -> str | None:
    """Say what kind of thing is asked, where the answer is of another kind."""
    answer, right = plain(answer), plain(right)
    asked = kind_of(right)
    if kind_of(answer) == asked or (asked == "names" and isinstance(answer, str)):
        return None
    kinds = {
        "number": tr("a single number"),
        "names": tr("the names, as a list"),
        "text": tr("a text"),
        "truth": tr("True or False"),
    }
    return tr("It asks for {kind}, and got {found}.", kind=kinds[asked], found=type(answer).__name__)


def kind_of(value: object) -> str:
    """Name the kind of an answer that went through `plain`: truth, number, text, names or other."""
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, Number) and not isinstance(value, complex):
        return "number"
    return {str: "text", frozenset: "names"}.get(type(value), "other")
