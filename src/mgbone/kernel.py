"""The kernel that notebooks run on: this very interpreter, in surroundings that are the same everywhere."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from mgbone.errors import NothingToShow

ENGINE = "mgbone"
"""Name of the engine for ``papermill.execute_notebook``, which also takes `scratch`, `say`, `trace` and
`leave_out`, the tags of cells that are not to be run."""

_LONGEST_SOCKET_FOLDER = 60
_TRACE = """
import json, sys
from mgbone.records import loaded_modules
print(json.dumps({"interpreter": sys.executable, "modules": loaded_modules()}))
"""


def kernel_environment(scratch: Path) -> dict[str, str]:
    """Return the environment variables of a kernel whose results depend on nothing but the inputs.

    Hash order, time zone, dates in files, a user's start-up and matplotlib settings are fixed; this package
    comes before any other of its name. Linear algebra gets one thread: how a sum is split changes its last
    bits, and notebooks run side by side anyway.
    """
    import matplotlib

    here = str(Path(__file__).resolve().parents[1])
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    return {
        **os.environ,
        **dict.fromkeys(threads, "1"),
        "IPYTHONDIR": str(scratch / "ipython"),
        "LC_ALL": "C.UTF-8",
        "MATPLOTLIBRC": str(Path(matplotlib.get_data_path()) / "matplotlibrc"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")])),
        "SOURCE_DATE_EPOCH": "0",
        "TZ": "UTC",
    }


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a folder for sockets, kernel settings and the running notebook.

    Its path is kept short: a socket's may have about 100 letters, which some temporary folders use up.
    """
    roomy = len(tempfile.gettempdir()) <= _LONGEST_SOCKET_FOLDER or not os.access("/tmp", os.W_OK)
    parent = None if roomy else "/tmp"
    with tempfile.TemporaryDirectory(prefix="mgbone-", dir=parent, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def heading_of(cell: nbformat.NotebookNode) -> str | None:
    """Return the first heading of level 1 or 2 of a markdown cell."""
    found = re.search(r"^##? +(.+)$", cell.source, re.M) if cell.cell_type == "markdown" else None
    return found[1].strip() if found else None


def error_of(cell: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """Return the error among the outputs of a cell."""
    return next((output for output in cell.get("outputs", []) if output.output_type == "error"), None)


class _ThisInterpreter(KernelSpecManager):
    """Knows one kernel only, whatever a user has registered on this machine."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")


class _Manager(AsyncKernelManager):
    """Stops the kernel without interrupting it once its cells are done.

    The interrupt is there for a busy kernel. One that arrives just after the last cell, while the kernel
    tidies up, makes it print an error that is none.
    """

    cells_done = False

    async def _async_interrupt_kernel(self) -> None:
        if not self.cells_done:
            await super()._async_interrupt_kernel()


class _Client(PapermillNotebookClient):
    """Runs the cells, then asks the kernel which interpreter it is and which modules it has loaded."""

    trace: dict[str, Any]

    def papermill_execute_cells(self) -> None:
        super().papermill_execute_cells()
        self._end_early()
        if not any(error_of(cell) for cell in self.nb.cells):
            self.trace.update(self._ask_kernel())
        self.km.cells_done = True

    def _end_early(self) -> None:
        """Where a notebook ended because its data are absent, drop the cells that it did not come to."""
        for index, cell in enumerate(self.nb.cells):
            if (error := error_of(cell)) and error.ename == NothingToShow.__name__:
                cell.outputs.remove(error)
                cell.metadata.papermill.update(exception=False, status=self.nb_man.COMPLETED)
                self.nb.metadata.papermill["exception"] = None
                del self.nb.cells[index + 1 :]

    def _ask_kernel(self) -> dict[str, Any]:
        cell = nbformat.v4.new_code_cell(_TRACE)
        self.nb.cells.append(cell)
        try:
            answer = self.execute_cell(cell, len(self.nb.cells) - 1)
        finally:
            self.nb.cells.pop()
        return json.loads("".join(out.text for out in answer.outputs if out.get("name") == "stdout"))


class _Engine(NBClientEngine):
    """Papermill's own engine with our kernel; says each section's heading as it is reached."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, scratch, say, trace, leave_out=(), **_) -> None:
        nb_man.nb.cells = [
            cell for cell in nb_man.nb.cells if not set(leave_out) & set(cell.metadata.get("tags", []))
        ]
        report = nb_man.cell_start

        def cell_start(cell, cell_index=None, **kwargs):
            if heading := heading_of(cell):
                say(heading)
            report(cell, cell_index, **kwargs)

        nb_man.cell_start = cell_start
        manager = _Manager(
            kernel_name=kernel_name,
            kernel_spec_manager=_ThisInterpreter(),
            # Sockets in a folder of our own: a port can be snatched by a notebook that starts just then.
            transport="tcp" if sys.platform == "win32" else "ipc",
            connection_file=str(scratch / "kernel.json"),
        )
        client = _Client(nb_man, km=manager, timeout=None, startup_timeout=120)
        client.trace = trace
        client.execute(env=kernel_environment(scratch), cleanup_kc=True)


papermill_engines.register(ENGINE, _Engine)
