"""Run notebooks without a screen; leave all of their outputs behind, or a short account of why not.

`run_notebooks` is what the Makefile calls, once for all notebooks that are out of date. Papermill fills in
the parameters and runs the cells, on kernels of `mgbone.execute.kernels`.

Beside the executed notebook ``build/<dataset>/<notebook>.ipynb`` it writes an HTML page to read.
"""

import logging
import os
import re
import shutil
import stat
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event
from urllib.parse import quote

import nbformat
import papermill
from jupyter_core.utils import ensure_event_loop
from papermill.execute import remove_error_markers

from mgbone.course.exercises import LESSON
from mgbone.dataset.descriptor import read_descriptor
from mgbone.execute import kernels
from mgbone.execute.pages import heading_of, page_of, write_pages
from mgbone.study.design import load_study
from mgbone.study.errors import MgboneError, NothingToShow, StudyError
from mgbone.study.language import N_, in_language, speaking, tr
from mgbone.study.paths import resolve, write_aside
from mgbone.study.places import Settings, listed_files, relative

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

PARAMETERS = ("dataset", "figures_folder", "derived_folder", "language")
"""The parameters that a run fills in; a notebook has to know all of them."""


THIS_STUDY = "this-study"
"""Tag of cells that speak of the report's own groups and doses; left out where a dataset has others."""

SHIPPED_DATA = "shipped-data"
"""Tag of cells that speak of data drawn by a program; left out where the data were measured."""


_DONE = N_("done: {figures} figures, {tables} tables")
_DIED = N_(
    "{notebook} stopped: its kernel died ({error}). If the machine ran out of memory, close "
    "other programs or run `make -j1 all`."
)


class NotebookError(MgboneError):
    """A notebook failed; the text names the notebook, the cell and the reason in a few lines."""


def run_notebooks(
    notebooks: Sequence[str | Path],
    settings: Settings,
    progress: Callable[[str], None] | None = None,
    *,
    last: Sequence[str | Path] = (),
    control: str | Path | None = None,
    pages: bool = False,
    at_once: int = 1,
) -> list[Path]:
    """Execute notebooks on one dataset, several at once, then those that rest on them.

    After a failure none is begun; those that run then are run to their end.

    Parameters
    ----------
    progress : callable, optional
        Is handed a line of text at the start of each notebook, at each section heading and at the end.
    last : sequence of path
        Notebooks for which the others have to be done.
    control : path, optional
        Where to write the evidence of the dataset without effect, which the last notebook reads.
    pages : bool
        Whether to write the pages for which nothing is run as well (`write_pages`).
    at_once : int
        How many run side by side.

    Returns
    -------
    list of Path
        The executed notebooks. One exists only if its last run on this dataset succeeded.

    Raises
    ------
    NotebookError
        If a cell fails, a kernel dies, or an output that a notebook declares is missing or empty; of several
        failures, one after the other.
    MgboneError
        If a notebook can't be read or lacks one of the parameters.
    """
    first, then = (
        [partial(_run, resolve(notebook), settings, progress) for notebook in part]
        for part in (notebooks, last)
    )
    if control is not None:
        first.append(partial(_write_control, resolve(control), progress))
    if pages:
        first.append(partial(write_pages, settings))
    kernels.start_server()  # here, where no other thread is yet
    with speaking(settings.language), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in (first, then):
            _run_at_once(step, at_once)
    return [settings.build / Path(notebook).name for notebook in (*notebooks, *last)]


def _run_at_once(step: Sequence[Callable[[], object]], at_once: int) -> None:
    failed = Event()
    with ThreadPoolExecutor(at_once) as pool:
        begun = [pool.submit(_in_thread, one, failed) for one in step]
        try:
            wait(begun)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            logging.disable()  # that kernels die now is no news
            kernels.kill_all()
            raise
    failures = [error for one in begun if (error := one.exception())]
    if len(failures) > 1 and all(isinstance(error, MgboneError) for error in failures):
        raise NotebookError("\n".join(map(str, failures)))
    if failures:
        raise failures[0]


def _in_thread(one: Callable[[], object], failed: Event) -> None:
    try:
        if not failed.is_set():
            one()
    except BaseException:
        failed.set()
        raise
    finally:
        ensure_event_loop().close()  # which jupyter_client leaves open


def _write_control(target: Path, progress: Callable[[str], None] | None) -> None:
    say = _speaker("control", progress)
    say(tr("started"))
    try:
        kernels.call("mgbone.integration.negative_control:main", str(target))
    except BrokenExecutor as error:
        raise NotebookError(tr(_DIED, notebook=target.name, error=error)) from None
    say(tr(_DONE, figures=0, tables=1))


def _run(notebook: Path, settings: Settings, progress: Callable[[str], None] | None) -> None:
    node = in_language(_read(notebook), notebook.stem)
    listing = settings.lists / f"{notebook.stem}.outputs.txt"
    before = listed_files(listing)
    say = _speaker(notebook.stem, progress)

    target = settings.build / notebook.name
    target.unlink(missing_ok=True)
    started = time.time_ns()
    say(tr("started"))
    executed = _execute(notebook, node, settings, say)
    _lead_to_figures(executed, os.path.relpath(settings.figures, settings.build))
    _remove_outlived(before, listed_files(listing), [settings.figures, settings.derived])
    outputs = _declared_outputs(listing, started, notebook.name)
    with write_aside(target.with_suffix(".html")) as aside:
        aside.write_text(page_of(executed, notebook.stem), encoding="utf-8")
    with write_aside(target) as aside:
        nbformat.write(executed, aside)
    target.with_suffix(".failed.ipynb").unlink(missing_ok=True)
    _sweep([*outputs, target, target.with_suffix(".html")])
    figures = sum(path.suffix == ".png" for path in outputs)
    tables = sum(path.suffix == ".csv" for path in outputs)
    say(tr(_DONE, figures=figures, tables=tables))


def _check_parameters(notebook: Path, names: Iterable[str]) -> None:
    """Refuse parameters that the notebook's ``parameters`` cell does not assign.

    Papermill only warns about them, and a misspelt name would then run the notebook on its defaults.
    """
    known = papermill.inspect_notebook(str(notebook))
    if unknown := sorted(set(names) - set(known)):
        said = N_("{notebook} has no parameter {unknown}. Its `parameters` cell assigns {known}.")
        names = {"unknown": tr(", ").join(unknown), "known": tr(", ").join(known) or tr("none")}
        raise MgboneError(tr(said, notebook=notebook.name, **names))


def _read(notebook: Path) -> nbformat.NotebookNode:
    try:
        return nbformat.v4.upgrade(nbformat.read(notebook, as_version=4))
    except FileNotFoundError:
        raise MgboneError(tr("There is no notebook {path}.", path=relative(notebook))) from None
    except (ValueError, nbformat.reader.NotJSONError) as error:
        said = N_("{path} is not a notebook that can be read: {error}")
        raise MgboneError(tr(said, path=relative(notebook), error=error)) from None


def _speaker(stem: str, progress: Callable[[str], None] | None) -> Callable[[str], None]:
    start = time.monotonic()

    def say(text: str) -> None:
        if progress is not None:
            progress(f"[{stem}] {time.monotonic() - start:5.1f} s  {text}")

    return say


def _execute(
    notebook: Path, node: nbformat.NotebookNode, settings: Settings, say: Callable[[str], None]
) -> nbformat.NotebookNode:
    """Run all cells but those that are not about such data; return the executed notebook."""
    values = {name: str(getattr(settings, name)) for name in PARAMETERS}
    left_out = _tags_left_out(settings.data)
    kept = [cell for cell in node.cells if not left_out & set(cell.metadata.get("tags", []))]

    def tell_heading(cell: nbformat.NotebookNode, cell_index: int) -> None:
        if heading := heading_of(cell):
            say(heading)

    with scratch_folder() as scratch:
        source, written = scratch / notebook.name, scratch / "executed.ipynb"
        nbformat.write(nbformat.from_dict({**node, "cells": kept}), source)
        _check_parameters(source, values)
        try:
            return papermill.execute_notebook(
                str(source), str(written), parameters=values, kernel_name="python3", progress_bar=False,
                resources={"metadata": {"path": str(notebook.parent)}},  # not cwd, which threads share
                request_save_on_cell_execute=False, start_timeout=120, on_cell_start=tell_heading,
                kernel_manager_class=kernels.Kernel, config=kernels.connection(scratch),
            )  # fmt: skip
        except papermill.PapermillExecutionError as error:
            executed = remove_error_markers(nbformat.read(written, as_version=4))
            if error.ename == NothingToShow.__name__:
                return _ended_early(executed, error.cell_index)
            failed = (settings.build / notebook.name).with_suffix(".failed.ipynb")
            with write_aside(failed) as aside:
                aside.write_bytes(written.read_bytes())
            number = [cell.id for cell in node.cells].index(executed.cells[error.cell_index].id) + 1
            raise NotebookError(_account(notebook, node, number, error, failed)) from None
        except RuntimeError as error:
            raise NotebookError(tr(_DIED, notebook=notebook.name, error=error)) from None


def _ended_early(executed: nbformat.NotebookNode, index: int) -> nbformat.NotebookNode:
    """Where a notebook ended because its data are absent, drop the cells that it did not come to."""
    last = executed.cells[index]
    last.outputs = [output for output in last.outputs if output.output_type != "error"]
    last.metadata.papermill.update(exception=False, status="completed")
    executed.metadata.papermill["exception"] = None
    del executed.cells[index + 1 :]
    return executed


def _account(notebook: Path, node: nbformat.NotebookNode, number: int, error: Exception, kept: Path) -> str:
    """Say in a few lines which cell failed (counted from 1), what stands in it and what went wrong."""
    traceback = _plain("\n".join(error.traceback))
    arrow = re.search(r"^-+> *(\d+)", traceback, re.M)
    lines = _excerpt(error.source.splitlines(), int(arrow[1]) if arrow else None)
    places = re.findall(r"^(?:File )?(\S*?src/mgbone/\S+?\.py)(?::| in |, line )(\d+)?", traceback, re.M)
    where = [
        "  " + tr("raised in {path}, line {line}", path=relative(Path(path)), line=line or "?")
        for path, line in places[-1:]
    ]
    user_facing = error.ename in {cls.__name__ for cls in _subclasses(MgboneError)}
    message = error.evalue if user_facing else f"{error.ename}: {error.evalue}"
    failed = tr(
        "{notebook} failed in cell {number} of {all}{section}:",
        notebook=notebook.name, number=number, all=len(node.cells), section=_section(node, number),
    )  # fmt: skip
    said = [*message.splitlines()[:40], *([] if user_facing else where)]
    left = tr("All that ran, with the whole traceback: {path}", path=relative(kept))
    return "\n".join([failed, *lines, *said, left])


def _section(node: nbformat.NotebookNode, number: int) -> str:
    headings = [heading for cell in node.cells[:number] if (heading := heading_of(cell))]
    return tr(" ({heading})", heading=headings[-1]) if headings else ""


def _excerpt(lines: list[str], marked: int | None, most: int = 12) -> list[str]:
    """Quote the source of a cell, at most `most` lines around the marked one (counted from 1)."""
    first = max(0, min((marked or 1) - most // 2, len(lines) - most))
    shown = enumerate(lines[first : first + most], start=first + 1)
    return [f"  {'>' if number == marked else ' '} {number:2d} | {line}" for number, line in shown]


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _subclasses(cls: type) -> set[type]:
    return {cls}.union(*(_subclasses(child) for child in cls.__subclasses__()))


def _tags_left_out(dataset: Path) -> set[str]:
    due = {THIS_STUDY: _follows_the_report(dataset), SHIPPED_DATA: _drawn_by_a_program(dataset)}
    due[LESSON] = dataset.resolve() in (resolve(f"data/{name}").resolve() for name in ("simulated", "null"))
    return {tag for tag, is_due in due.items() if not is_due}


def _drawn_by_a_program(dataset: Path) -> bool:
    descriptor, _ = read_descriptor(dataset)  # a folder of a laboratory's own files has none
    return descriptor is not None and descriptor.kind == "simulated"


def _follows_the_report(dataset: Path) -> bool:
    """Say whether a dataset has the design of the report, so that text about its groups and doses is due."""
    own = dataset / "study.yml"
    try:
        return not own.is_file() or load_study(own).follows_report
    except StudyError:
        return True  # opening the dataset will say what is wrong with it


def _lead_to_figures(executed: nbformat.NotebookNode, figures: str) -> None:
    """Let links to figures, which cells write for the usual folders, lead to where this run put them."""
    ahead = f'href="{quote(figures)}/'
    for output in (o for cell in executed.cells for o in cell.get("outputs", [])):
        html = output.get("data", {}).get("text/html", "")
        if 'href="../../figures/' in html:
            output["data"]["text/html"] = re.sub(r'href="\.\./\.\./figures/[^/"]+/', lambda _: ahead, html)


def _remove_outlived(before: list[Path], outputs: list[Path], places: list[Path]) -> None:
    """Remove what the run before this one wrote and this one did not: it would pass for a result of now.

    Only figures and tables that lie in `places` are touched.
    """
    for path in set(before) - set(outputs):
        if path.parent in places and path.suffix in (".png", ".svg", ".csv"):
            path.unlink(missing_ok=True)


def _declared_outputs(listing: Path, started: int, name: str) -> list[Path]:
    """Read the list that `Run.finish` wrote and see that everything on it is there."""
    if not listing.is_file() or listing.stat().st_mtime_ns < started:
        said = N_("{notebook} wrote no list of its outputs: its last cell must call `run.finish()`.")
        raise NotebookError(tr(said, notebook=name))
    outputs = listed_files(listing)
    missing = [relative(path) for path in outputs if not path.is_file() or path.stat().st_size == 0]
    if missing:
        said = N_("{notebook} names outputs that are missing or empty: {paths}.")
        raise NotebookError(tr(said, notebook=name, paths=tr(", ").join(missing)))
    return [*outputs, listing]


def _sweep(written: list[Path]) -> None:
    """Remove what a run that was killed while writing one of these files left beside it (`write_aside`)."""
    for path in written:
        for leftover in path.parent.glob(f".????????.{path.name}"):
            leftover.unlink(missing_ok=True)


_LONGEST_SOCKET_FOLDER = 60
_SCRATCH, _IN_USE = "mgbone-", "in-use"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a folder for sockets, kernel settings and the running notebook; remove those of killed runs.

    Its path is kept short: a socket's may have about 100 letters, which some temporary folders use up.
    """
    roomy = len(tempfile.gettempdir()) <= _LONGEST_SOCKET_FOLDER or not os.access("/tmp", os.W_OK)
    parent = tempfile.gettempdir() if roomy else "/tmp"
    _sweep_scratch(Path(parent))
    scratch = tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=parent, ignore_cleanup_errors=True)
    with scratch as folder, (Path(folder) / _IN_USE).open("w") as held:
        if fcntl is not None:
            fcntl.flock(held, fcntl.LOCK_EX)  # which the system takes back, however the run ends
        yield Path(folder)


def _sweep_scratch(parent: Path) -> None:
    """Remove what killed runs of this user left: folders that were there before, whose lock nobody holds."""
    if fcntl is None:
        return
    settled = time.time() - 60  # a folder that was made just now may not have taken its lock yet
    for folder in parent.glob(f"{_SCRATCH}????????"):
        with suppress(OSError):  # it is held, or somebody else's, or went at this moment
            found = folder.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and found.st_mtime < settled:
                with (folder / _IN_USE).open("r+") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
