"""Many cohorts: the same on every scheduler, kept when a run is stopped, whole when a worker dies."""

import dataclasses
import io
import os
import signal
import time

import helpers.figure_data as made
import numpy as np
import pytest
from helpers.explored_run import explored_run

from mgbone.certainty import cohorts, runs
from mgbone.execute.cli import main
from mgbone.study.errors import MgboneError
from mgbone.study.ledger import load_claims


@pytest.fixture(scope="module")
def job(study):
    measured = made.measurements(study)
    claims = load_claims()
    about = claims[claims["endpoint"].isin(["serum_mg", "serum_ca"])]
    return runs.Job(cohorts.observed_truth(measured, about["endpoint"]), about, study)


@pytest.fixture(scope="module")
def counted(job):
    """Four chunks, one after the other."""
    return [runs.count_chunk(job, number) for number in range(4)]


def same(found, chunks):
    return all((found[name] == sum(chunk[name] for chunk in chunks)).all() for name in chunks[0])


def test_every_cohort_is_counted_once_in_each_count(job, counted):
    for truth in cohorts.TRUTHS:
        verdicts, held = counted[0][f"verdicts_{truth}"], counted[0][f"held_{truth}"]
        assert (verdicts.sum(axis=1) == runs.CHUNK).all() and len(verdicts) == len(job.statements)
        assert held.sum() == runs.CHUNK
        reproduced = (held * np.add.outer(*map(np.arange, held.shape))).sum()
        assert reproduced == verdicts[:, 0].sum()


def test_threads_give_what_chunks_one_by_one_give(job, counted):
    n, found = runs.run_cohorts(job, 3001)
    assert n == 4000 and same(found, counted)


@pytest.mark.slow
def test_processes_give_what_threads_give(job, counted):
    n, found = runs.run_cohorts(job, 4000, scheduler="processes")
    assert n == 4000 and same(found, counted)


def test_a_run_that_was_stopped_goes_on(job, counted, tmp_path, monkeypatch):
    def stop(done, of):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"stopped after 2 of 4 chunks.*goes on from there"):
        runs.run_cohorts(job, 4000, tmp_path, progress=stop)
    (folder,) = tmp_path.iterdir()
    kept = sorted(folder.iterdir())
    assert 2 <= len(kept) < 4
    kept[0].write_bytes(kept[0].read_bytes()[:100])  # as if the machine had stopped while it was written
    drawn = []
    monkeypatch.setattr(runs, "count_chunk", lambda job, number: drawn.append(number) or counted[number])
    with pytest.warns(runs.KeptWarning, match="1 chunks in .* can't be read"):
        n, found = runs.run_cohorts(job, 4000, tmp_path)
    assert n == 4000 and same(found, counted)
    assert int(kept[0].stem) in drawn and int(kept[1].stem) not in drawn
    drawn.clear()
    # A run of fewer finds those there, and counts all.
    assert runs.run_cohorts(job, 1000, tmp_path)[0] == 4000 and drawn == []


def unreadable(kind, data):
    """Spoil a file of numpy's: cut, with other bytes inside, with another way of packing, without a table."""
    if kind == "cut":
        return data[: len(data) // 2]
    if kind == "bytes":  # past the name of the first table, within what is packed
        return data[:80] + bytes(255 - byte for byte in data[80:140]) + data[140:]
    if kind == "packing":
        local, central = data.find(b"PK\x03\x04"), data.find(b"PK\x01\x02")
        other = bytearray(data)
        other[local + 8 : local + 10] = other[central + 10 : central + 12] = (99).to_bytes(2, "little")
        return bytes(other)
    file = io.BytesIO()
    np.savez_compressed(file, held_plugin=np.zeros(3))
    return b"" if kind == "empty" else file.getvalue()


@pytest.mark.parametrize("kind", ["cut", "bytes", "packing", "empty", "other"])
def test_spoilt_chunks_are_drawn_again_with_one_warning(job, counted, tmp_path, monkeypatch, kind):
    monkeypatch.setattr(runs, "count_chunk", lambda job, number: counted[number])
    runs.run_cohorts(job, 3000, tmp_path)
    (folder,) = tmp_path.iterdir()
    for path in sorted(folder.iterdir())[:2]:
        path.write_bytes(unreadable(kind, path.read_bytes()))
    with pytest.warns(runs.KeptWarning, match="2 chunks") as told:
        n, found = runs.run_cohorts(job, 3000, tmp_path)
    assert n == 3000 and same(found, counted[:3]) and len(told) == 1


def test_a_run_that_is_stopped_begins_no_further_chunk(job, counted, monkeypatch):
    begun = []

    def slow(job, number):
        begun.append(number)
        time.sleep(0.02)
        return counted[0]

    def stop(done, of):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "count_chunk", slow)
    with pytest.raises(KeyboardInterrupt):
        runs.run_cohorts(job, 200_000, progress=stop)
    assert len(begun) < 3 * (os.cpu_count() + 1)
    before = len(begun)
    time.sleep(0.1)
    assert len(begun) == before


def test_other_correlations_make_another_job(job):
    """Means and variances are the same, two endpoints of an animal go together in another way."""
    truth = job.truths["exp1"]
    size = np.sqrt((truth.root**2).sum(axis=1))
    apart = dataclasses.replace(truth, root=np.diag(size))
    other = dataclasses.replace(job, truths={**job.truths, "exp1": apart})
    assert other.digest != job.digest
    turned = dataclasses.replace(truth, root=-truth.root)  # the same covariance
    assert dataclasses.replace(job, truths={**job.truths, "exp1": turned}).digest == job.digest


def test_chunks_of_other_data_are_not_counted(job, study, tmp_path):
    runs.run_cohorts(job, 1000, tmp_path)
    other = made.measurements(study, seed=8)
    other.loc[other["endpoint"] == "serum_mg", "value"] += 0.1
    again = runs.Job(cohorts.observed_truth(other, job.statements["endpoint"]), job.statements, study)
    assert again.digest != job.digest
    n, _ = runs.run_cohorts(again, 2000, tmp_path)
    assert n == 2000 and len(list(tmp_path.iterdir())) == 2


def test_what_can_not_be_run_is_said(job):
    with pytest.raises(MgboneError, match="0 cohorts can't be drawn"):
        runs.run_cohorts(job, 0)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_scheduler_that_is_not_there_is_named(job):
    with pytest.raises(MgboneError, match=r"no Dask scheduler at tcp://127\.0\.0\.1:1"):
        runs.run_cohorts(job, 1000, scheduler="tcp://127.0.0.1:1")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_worker_that_is_killed_half_way_changes_nothing(job, tmp_path):
    """Two workers of a Dask cluster on this machine, one of them killed after the third chunk of twelve."""
    from distributed import LocalCluster

    killed = []

    def kill(done, of):
        if done == 3 and not killed:
            killed.append(cluster.workers[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options, local_directory=tmp_path) as cluster:
        n, found = runs.run_cohorts(job, 12_000, scheduler=cluster.scheduler_address, progress=kill)
    assert len(killed) == 1
    assert n == 12_000 and same(found, [runs.count_chunk(job, number) for number in range(12)])


def test_the_command_draws_cohorts_and_keeps_them(tmp_path, monkeypatch, capsys):
    """What `make certainty COHORTS=...` calls: the notebook finds the chunks by the same fingerprint."""
    tables = explored_run(tmp_path, monkeypatch, n_genes=10)
    folders = ["--figures", tables.figures_folder, "--derived", tables.derived_folder]
    command = ["cohorts", "--cohorts", "1500", "--dataset", tables.dataset, *folders]
    assert main(list(map(str, command))) == 0
    said = capsys.readouterr().out
    assert "2 of 2 chunks" in said and "2,000 cohorts are there for notebook 05." in said
    job = runs.prepare(tables.read_parts("measurements"), tables.read("verdicts"), tables.study)
    kept = sorted(path.name for path in (tables.derived / runs.FOLDER / job.digest).iterdir())
    assert kept == ["000000.npz", "000001.npz"]
    assert main([*map(str, command[:2]), "0", *map(str, command[3:])]) == 1
    assert "0 cohorts can't be drawn" in capsys.readouterr().err

    def stopped(*_):
        raise KeyboardInterrupt("stopped after 1 of 2 chunks")

    monkeypatch.setattr(runs, "run_cohorts", stopped)
    assert main(list(map(str, command))) == 130
    assert capsys.readouterr().err == "mgbone: stopped after 1 of 2 chunks\n"
