"""The kernels of notebooks: always the interpreter that runs this, in surroundings that change no result.

Where the system forks processes safely (Linux), kernels are forked from one server of the standard library,
which has loaded the packages that notebooks use (`mgbone.execute.loaded`): they are loaded once a run.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import pkgutil
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path
from threading import Thread

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets.config import Config

FORKS = sys.platform == "linux"


def surroundings() -> dict[str, str]:
    """Return environment variables by which the results of a process depend on nothing but its inputs.

    Hash order, time zone, dates in files and matplotlib's settings are fixed; this package comes before any
    other of its name. Linear algebra gets one thread: how a sum is split changes its last bits, and notebooks
    run side by side anyway.
    """
    from importlib.util import find_spec

    here = str(Path(__file__).resolve().parents[2])
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    matplotlib = Path(find_spec("matplotlib").origin).parent
    return {
        **dict.fromkeys(threads, "1"),
        "LC_ALL": "C.UTF-8",
        "MATPLOTLIBRC": str(matplotlib / "mpl-data" / "matplotlibrc"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # ipykernel's own, set before it is loaded
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")])),
        "SOURCE_DATE_EPOCH": "0",
        "TZ": "UTC",
    }


def connection(scratch: Path) -> Config:
    """Put the sockets in a folder of our own: a port can be snatched by a notebook that starts just then."""
    transport = "tcp" if sys.platform == "win32" else "ipc"
    return Config(KernelManager={"transport": transport, "connection_file": str(scratch / "kernel.json")})


class Kernel(AsyncKernelManager):
    """Starts this interpreter, whatever kernels a user has registered, and stops it without an interrupt.

    The interrupt is there for a busy kernel. One that arrives just after the last cell, while the kernel
    tidies up, makes it print an error that is none.
    """

    @property
    def kernel_spec(self) -> KernelSpec:
        """What to start: this interpreter."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        own = {
            "IPYTHONDIR": str(Path(self.connection_file).parent / "ipython")
        }  # no start-up files of a user
        return KernelSpec(argv=command, display_name="Python 3", language="python", env=surroundings() | own)

    async def _async_pre_start_kernel(self, **options: object) -> tuple[list[str], dict]:
        if FORKS and self.provisioner is None:
            self.provisioner = _Forked(parent=self, kernel_spec=self.kernel_spec)
        return await super()._async_pre_start_kernel(**options)

    async def _async_interrupt_kernel(self) -> None:
        if not self.shutting_down:
            await super()._async_interrupt_kernel()


def call(function: str, *arguments: object) -> object:
    """Call a function, named as in ``package.module:function``, in a process in the surroundings of a kernel.

    Raises
    ------
    concurrent.futures.BrokenExecutor
        If the process dies; what the function raises is raised here.
    """
    start_server()
    with _environment(), ProcessPoolExecutor(1, mp_context=_context()) as pool:
        return pool.submit(_call, dict(os.environ), function, *arguments).result()


def _call(variables: dict[str, str], function: str, *arguments: object) -> object:
    os.environ.update(variables)
    return pkgutil.resolve_name(function)(*arguments)


def start_server() -> None:
    """Start the process that others are forked from, if it does not run yet; its surroundings stay."""
    if FORKS:
        _context().set_forkserver_preload(["mgbone.execute.loaded"])
        with _environment():
            forkserver.ensure_running()
        atexit.register(forkserver._forkserver._stop)  # which waits for it: its seconds count with ours


def kill_all() -> None:
    """Kill every kernel that this process started, and wait for them."""
    for process in multiprocessing.active_children():
        process.kill()
        process.join()


def _context() -> multiprocessing.context.BaseContext:
    return multiprocessing.get_context("forkserver" if FORKS else "spawn")


@contextmanager
def _environment() -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(surroundings())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class _Forked(LocalProvisioner):
    """Has a kernel forked from the server, and is to jupyter_client as one that was started by a command."""

    async def launch_kernel(self, cmd: list[str], **options: object) -> KernelConnectionInfo:
        start_server()
        self.process = _Process(cmd[3:], str(options["cwd"]), options["env"])
        self.pid = self.pgid = self.process.pid
        return self.connection_info


class _Process:
    """What jupyter_client asks of a process, after ``subprocess.Popen``."""

    stdin = stdout = stderr = None

    def __init__(self, arguments: list[str], folder: str, variables: dict[str, str]) -> None:
        self._process = _context().Process(target=_serve, args=(arguments, folder, variables))
        self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int | None:
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def terminate(self) -> None:
        self._process.terminate()


def _serve(arguments: list[str], folder: str, variables: dict[str, str]) -> None:
    """Be a kernel, until told to stop or until the process that asked for it is gone."""
    from ipykernel.kernelapp import IPKernelApp

    os.setsid()  # signals meant for a kernel reach what it started, and nothing else
    Thread(target=_follow, args=(multiprocessing.parent_process(),), daemon=True).start()
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    IPKernelApp.launch_instance(arguments, parent_handle=1)  # which is not to be watched


def _follow(process: multiprocessing.process.ParentProcess) -> None:
    process.join()
    os._exit(1)
