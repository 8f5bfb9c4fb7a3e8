"""Answers to exercises checked: the blank and the usual errors are told what they are."""

import inspect

from IPython.display import Markdown

from mgbone.course import of_arrays, of_biochem, of_certainty, of_qct, of_report
from mgbone.course.answers import misfit, plain, same
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr

KEYS = {**of_biochem.KEYS, **of_qct.KEYS, **of_arrays.KEYS, **of_report.KEYS, **of_certainty.KEYS}
"""What makes the `Key` of each exercise from tables of the run, by the exercise's number."""


class AnswerError(MgboneError):
    """An answer to an exercise is missing or wrong; the text says what may have led to it."""


def check(number: str, answer: object, *tables: object) -> Markdown:
    """Hold an answer against that of the data; say what it shows if it is right.

    Parameters
    ----------
    number : str
        Of the exercise, such as ``01-3``.
    answer : number, bool, str, or collection of str
    *tables : DataFrame, Study or Dataset
        What the right answer is computed from, as the exercise's own cell names them.

    Raises
    ------
    AnswerError
        If the answer is blank or wrong.
    MgboneError
        If there is no such exercise, or the tables are not those that it needs.
    """
    if number not in KEYS:
        known = tr(", ").join(KEYS)
        said = N_("There is no exercise {number!r}; there are {known}.")
        raise MgboneError(tr(said, number=number, known=known))
    needed = list(inspect.signature(KEYS[number]).parameters)
    if len(tables) != len(needed):
        said = N_("The check of {number} needs {tables} after the answer.")
        said = tr(said, number=number, tables=tr(", ").join(needed))
        raise MgboneError(said)
    if answer is Ellipsis or answer is None:
        said = N_("{number} is still blank: put your answer in place of `...` and run the cell again.")
        raise AnswerError(tr(said, number=number))
    key = KEYS[number](*tables)
    if same(answer, key.right):
        return Markdown(tr("✓ **{number}** Right. {shows}", number=number, shows=key.shows))
    told = misfit(answer, key.right)
    if told is None:
        named = (sentence for wrong, sentence in key.mistakes if same(answer, wrong))
        told = next(named, tr("{answer} is not it. {advice}", answer=_short(answer), advice=key.advice))
    raise AnswerError(tr("{number} is not right yet. {told}", number=number, told=told))


def _short(answer: object) -> str:
    answer = plain(answer)
    if isinstance(answer, frozenset):
        return tr(", ").join(sorted(answer)) or tr("An empty list")
    return f"{answer:.4g}" if isinstance(answer, float) else str(answer)
