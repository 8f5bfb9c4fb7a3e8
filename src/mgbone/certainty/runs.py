"""Many cohorts: in chunks, on threads, processes or a cluster, resumable, the same wherever drawn."""

import hashlib
import os
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from mgbone.certainty.cohorts import TRUTHS, Truth, draw, draw_all, observed_truth
from mgbone.claims.judging import what_is_asserted
from mgbone.integration.many import NOT_TESTED, REPRODUCED, judge_many
from mgbone.study.design import Study
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr
from mgbone.study.ledger import CLAIM_COLUMNS, VERDICTS
from mgbone.study.paths import write_aside
from mgbone.study.places import relative

CHUNK = 1000
"""Cohorts that are drawn at once: memory hardly grows with their number (a million took 285 MB in all)."""
COHORTS = 10_000
FOLDER = "cohorts"  # among the derived tables of a dataset: where finished chunks are kept
FORM = 1
"""To be raised when a chunk of the same seed would come out otherwise; older chunks then count no more."""


_COUNTED = ("verdicts", "held")


class KeptWarning(UserWarning):
    """Chunks of an earlier run can't be read."""


@dataclass(frozen=True)
class Job:
    """All that a chunk needs; small, since it is sent to every worker."""

    truths: Mapping[str, Truth]
    statements: pd.DataFrame
    study: Study
    seed: int = 0

    @property
    def digest(self) -> str:
        """Fingerprint of everything that the counts depend on."""
        found = hashlib.sha256(repr((FORM, CHUNK, self.seed, dict(self.study.thresholds))).encode())
        found.update(repr([(c.experiment, c.name) for c in self.study.dose_order]).encode())
        columns = ["claim_id", "experiment", "endpoint", "contrast", "direction", "level", "value"]
        found.update(self.statements[columns].to_csv(index=False).encode())
        for name, truth in self.truths.items():
            found.update(repr((name, truth.groups, truth.endpoints, truth.df)).encode())
            # Digits behind the eighth differ between processors, of a correlation those behind the sixth.
            covariance = truth.root @ truth.root.T
            sd = np.sqrt(covariance.diagonal())
            found.update(" ".join(f"{x:.8g}" for x in (*truth.mean.flat, *covariance.diagonal())).encode())
            correlation = covariance / np.where(sd > 0, np.outer(sd, sd), 1.0)
            found.update((np.round(correlation, 6) + 0.0).astype(np.float32).tobytes())
            found.update(repr([[(n, known.tolist()) for n, known in b] for b in truth.blocks]).encode())
        return found.hexdigest()[:16]


def prepare(measurements: pd.DataFrame, statements: pd.DataFrame, study: Study, seed: int = 0) -> Job:
    """Return the job of judging new cohorts: what was observed, and the statements that it can be held to.

    Parameters
    ----------
    measurements : DataFrame
        Columns animal_id, experiment, group, endpoint, value.
    statements : DataFrame
        Of the ledger, or verdicts on them. Those about arrays, and about what was not measured or was tested
        on ranks, are left out.
    """
    truths = observed_truth(measurements, statements["endpoint"])
    about = statements.loc[statements["domain"] != "microarray", CLAIM_COLUMNS]
    some = {name: draw(truth, "plugin", 1, np.random.default_rng(0)) for name, truth in truths.items()}
    judged = judge_many(about, some, study)
    known = [claim for claim, verdict in judged.items() if verdict[0] != NOT_TESTED]
    return Job(truths, about[about["claim_id"].isin(known)].reset_index(drop=True), study, seed)


def count_chunk(job: Job, number: int) -> dict[str, np.ndarray]:
    """Draw and judge the cohorts of one chunk under every truth.

    A chunk has a seed of its own, the `number`-th that `job.seed` spawns, so that it comes out alike on every
    worker and in every order.

    Returns
    -------
    dict of int array
        By truth: ``verdicts_<truth>``, shape (n_statements, n_verdicts); ``held_<truth>``, shape
        (n_effects + 1, n_absences + 1): in how many cohorts so many statements of each kind were reproduced.
    """
    found = {}
    effects = (what_is_asserted(job.statements) == "effect").to_numpy()
    seeds = np.random.SeedSequence(job.seed, spawn_key=(number,)).spawn(len(TRUTHS))
    for kind, seed in zip(TRUTHS, seeds, strict=True):
        moments = draw_all(job.truths, kind, CHUNK, np.random.default_rng(seed))
        judged = judge_many(job.statements, moments, job.study)
        verdicts = np.array([judged[c] for c in job.statements["claim_id"]], dtype=np.int8)
        verdicts = verdicts.reshape(len(job.statements), CHUNK)
        found[f"verdicts_{kind}"] = np.stack(
            [(verdicts == v).sum(axis=1) for v in range(len(VERDICTS))], axis=1
        )
        held = verdicts == REPRODUCED
        counts = np.zeros((effects.sum() + 1, (~effects).sum() + 1), dtype=int)
        np.add.at(counts, (held[effects].sum(axis=0), held[~effects].sum(axis=0)), 1)
        found[f"held_{kind}"] = counts
    return found


def run_cohorts(
    job: Job,
    n_cohorts: int = COHORTS,
    folder: Path | None = None,
    scheduler: str = "threads",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[int, dict[str, np.ndarray]]:
    """Draw and judge cohorts in chunks, and add up what came of them.

    Parameters
    ----------
    n_cohorts : int
        Rounded up to whole chunks of ``CHUNK``.
    folder : Path, optional
        Chunks are kept there as they are finished, so that a run that was stopped goes on where it was, and
        a later one may use what is there: if it holds more cohorts of the same job, all are counted.
    scheduler : str
        ``threads``, ``processes``, or the address of a Dask scheduler (``tcp://host:8786``).
    progress : callable, optional
        Is handed the number of finished chunks and of all, as they come in.

    Returns
    -------
    int, dict of int array
        Number of cohorts, and the sums of `count_chunk`: integers, so that their order does not matter.

    Raises
    ------
    MgboneError
        If no cohort is asked for, or the scheduler can't be reached.
    KeyboardInterrupt
        After Ctrl-C, once the workers have ended: chunks that were not begun are not made.

    Warns
    -----
    KeptWarning
        Once, if files of chunks in `folder` are spoilt; these are drawn again.
    """
    if n_cohorts < 1:
        raise MgboneError(tr("{n} cohorts can't be drawn; ask for 1 or more.", n=n_cohorts))
    wanted = -(-n_cohorts // CHUNK)
    kept = _Kept(folder, job)
    totals = kept.all()
    done = {number: totals[number] for number in totals if number < wanted}
    if len(done) == wanted:
        done = totals
    lacking = [number for number in range(wanted) if number not in done]
    if lacking:
        try:
            with _workers(scheduler) as pool:
                futures = {pool.submit(count_chunk, job, number): number for number in lacking}
                for future in as_completed(futures):
                    number = futures.pop(future)
                    done[number] = future.result()
                    kept.write(number, done[number])
                    if progress is not None:
                        progress(len(done), wanted)
        except KeyboardInterrupt:
            if folder is None:
                raise
            said = tr(
                "stopped after {done} of {all} chunks, which are kept: the same command goes on from there.",
                done=len(done), all=wanted,
            )  # fmt: skip
            raise KeyboardInterrupt(said) from None
    summed = {name: sum(chunk[name] for chunk in done.values()) for name in next(iter(done.values()))}
    return CHUNK * len(done), summed


def how_many_hold(counts: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return how often so many statements were reproduced at once, effects and absences apart.

    Parameters
    ----------
    counts : mapping of str to int array
        From `run_cohorts`.

    Returns
    -------
    DataFrame
        Columns truth, asserts, statements (how many there are), held, share (of the cohorts).
    """
    rows = []
    for truth in TRUTHS:
        together = counts[f"held_{truth}"]
        for asserts, axis in (("effect", 1), ("absence", 0)):
            of = together.sum(axis=axis)
            rows += [(truth, asserts, len(of) - 1, held, n / of.sum()) for held, n in enumerate(of.tolist())]
    return pd.DataFrame(rows, columns=["truth", "asserts", "statements", "held", "share"])


@contextmanager
def _workers(scheduler: str) -> Iterator[Executor]:
    """Yield what runs chunks: threads, processes or the workers of a cluster, all used alike."""
    if scheduler in ("threads", "processes"):
        pool = ThreadPoolExecutor if scheduler == "threads" else ProcessPoolExecutor
        with pool(os.cpu_count()) as workers:
            try:
                yield workers
            except BaseException:
                workers.shutdown(wait=False, cancel_futures=True)
                raise
        return
    from distributed import Client  # takes half a second to load

    try:
        client = Client(scheduler, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        said = tr("There is no Dask scheduler at {address}: {error}", address=scheduler, error=error)
        raise MgboneError(said) from None
    with client, client.get_executor(pure=False, retries=3) as workers:
        try:
            yield workers
        except BaseException:
            workers.shutdown(wait=False)  # which takes back what was not begun
            raise


class _Kept:
    """The finished chunks of a job in a folder; none where there is no folder."""

    def __init__(self, folder: Path | None, job: Job):
        self.folder = None if folder is None else folder / job.digest

    def all(self) -> dict[int, dict[str, np.ndarray]]:
        """Return the chunks that are there, by number, without those whose files are spoilt."""
        if self.folder is None:
            return {}
        numbers = sorted(int(path.stem) for path in self.folder.glob("[0-9]*.npz"))
        read = {number: self._read(number) for number in numbers}
        found = {number: chunk for number, chunk in read.items() if chunk is not None}
        if spoilt := len(read) - len(found):
            said = N_("{n} chunks in {folder} can't be read; they are drawn again.")
            said = tr(said, n=spoilt, folder=relative(self.folder))
            warnings.warn(said, KeptWarning, stacklevel=3)
        return found

    def _read(self, number: int) -> dict[str, np.ndarray] | None:
        """Return a chunk; None if its file was spoilt: cut off, or with bytes that are no longer its own."""
        try:
            with self._path(number).open("rb") as file, np.load(file) as kept:
                chunk = dict(kept)
        except (OSError, ValueError, EOFError, KeyError, NotImplementedError, BadZipFile, zlib.error):
            return None
        return chunk if set(chunk) == {f"{what}_{kind}" for what in _COUNTED for kind in TRUTHS} else None

    def write(self, number: int, found: dict[str, np.ndarray]) -> None:
        if self.folder is None:
            return
        with write_aside(self._path(number)) as aside, aside.open("wb") as file:
            np.savez_compressed(file, **found)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.npz"
