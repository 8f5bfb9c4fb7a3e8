"""The error that all others are kinds of, by itself: languages raise it, and the others speak them."""

import traceback


class MgboneError(Exception):
    """Base of every error that this package raises on purpose.

    Command-line entry points print its text without a traceback and exit with status 1; Jupyter shows the
    line of the cell and the text.
    """

    def _render_traceback_(self) -> list[str]:
        frames = traceback.extract_tb(self.__traceback__)
        lines = [frame for frame in frames if "ipykernel" in frame.filename or frame.filename[:1] == "<"]
        arrow = [f"----> {frame.lineno} {frame.line}" for frame in lines[-1:]]
        return [*arrow, f"{type(self).__name__}: {self}"]
