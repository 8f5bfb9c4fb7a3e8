"""Errors meant for the person at the keyboard: one sentence what is wrong, one what to do."""

from __future__ import annotations

from collections.abc import Sequence

from mgbone.study.language import tr
from mgbone.study.mgbone_error import MgboneError

__all__ = ["CelError", "DatasetError", "MgboneError", "NothingToShow", "PlatformError", "StudyError"]


class StudyError(MgboneError):
    """The study description (study.yml) or the ledger is not usable as written.

    Attributes
    ----------
    slips : tuple
        Of a study file: each with `where`, `problem` and `advice`; none where the error has another cause.
    """

    slips: tuple = ()

    @classmethod
    def of_slips(cls, file: str, slips: Sequence) -> StudyError:
        """Make the error of all that is wrong with a file (`mgbone.study.documents.Slip`)."""
        slips = sorted(slips, key=lambda slip: slip.line)
        lines = [f"{file}, {slip}" for slip in slips]
        error = cls(lines[0] if len(lines) == 1 else _list_of(lines))
        error.slips = tuple(slips)
        return error


class CelError(MgboneError):
    """A CEL file can't be read, or is not what its header says."""


class PlatformError(MgboneError):
    """A library file (PGF, CLF, MPS, transcript annotation) can't be read or does not fit the chip."""


class DatasetError(MgboneError):
    """A dataset folder has faults; all that were found are in ``faults``.

    Parameters
    ----------
    faults : list of str
        One line each, naming file, row and column where they apply.
    """

    def __init__(self, faults: list[str]):
        self.faults = list(faults)
        super().__init__(_list_of(self.faults))


class NothingToShow(Exception):
    """Ends a notebook whose data are absent altogether: a regular end for `mgbone.execute`, no failure.

    Jupyter shows its text alone, without a traceback.
    """

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def _list_of(faults: Sequence[str]) -> str:
    """Return faults one a line, under how many they are."""
    head = tr("{n} fault{plural} found:", n=len(faults), plural="" if len(faults) == 1 else "s")
    return "\n".join([head, *(f"  - {fault}" for fault in faults)])
