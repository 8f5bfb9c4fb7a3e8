"""What runs when, and what is left when something goes wrong: the real Makefile on tiny notebooks."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from helpers import ROOT
from helpers.tiny_project import STEMS, due, environment, make, tiny_notebook, tiny_project

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="make and POSIX signals")]

QCT = ("all", "NOTEBOOKS=02_qct")  # where a test is about one notebook, without those after it


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A project in a folder with a space in its name, after the first `make all`."""
    folder = tiny_project(tmp_path_factory.mktemp("a project") / "of mine")
    first = make(folder, "all")
    assert first.returncode == 0, first.stderr
    folder.joinpath("first.log").write_text(first.stdout + first.stderr)
    return folder


def copied(project, target):
    """Copy a project; what was built there counts as built after the copy was made, in the same order."""
    folder = shutil.copytree(project, target)
    made = [path for place in ("build", "figures", "data/derived") for path in (folder / place).rglob("*")]
    times = {path: path.stat().st_mtime_ns for path in made}
    now = time.time_ns()
    later = {old: now + 1000 * number for number, old in enumerate(sorted(set(times.values())))}
    for path, old in times.items():
        os.utime(path, ns=(later[old], later[old]))
    time.sleep(0.05)  # the times of files lag behind the clock by up to a tick: what is written next is newer
    return folder


@pytest.fixture(scope="module")
def with_lab(built, tmp_path_factory):
    """A copy of the built project, after `make all` on another dataset in the other language."""
    folder = copied(built, tmp_path_factory.mktemp("two") / "copy")
    assert make(folder, "all").returncode == 0
    second = make(folder, "all", "DATASET=data/lab/", "LANGUAGE=ja")
    assert second.returncode == 0, second.stderr
    folder.joinpath("second.log").write_text(second.stdout + second.stderr)
    return folder


@pytest.fixture
def project(built, tmp_path):
    """A copy of the built project: what was built counts as built there too, since all paths are relative."""
    return copied(built, tmp_path / "copy")


def planned(folder, *arguments):
    """Return the stems of the notebooks that make would run."""
    answer = make(folder, "--dry-run", *arguments, "all")
    assert answer.returncode == 0, answer.stderr
    return sorted(due(answer.stdout))


def test_everything_is_written_and_progress_shown(built):
    log = (built / "first.log").read_text()
    for stem in STEMS:
        assert (built / "figures" / "simulated" / f"{stem}_a.png").read_text() == "data/simulated en"
        assert (built / "build" / "simulated" / f"{stem}.ipynb").is_file()
        assert "A title" in (built / "build" / "simulated" / f"{stem}.html").read_text()
        assert log.count(f"[{stem}]") == 3
    assert "WARNING" not in log
    assert log.rindex("[04_integration]") > log.rindex("[03_microarray]")


def test_two_notebooks_run_side_by_side(built):
    lines = re.findall(r"\[(\w+)\].*(started|done)", (built / "first.log").read_text())
    assert [word for _, word in lines[:2]] == ["started", "started"]


def test_nothing_changed_nothing_runs(built):
    answer = make(built, "all")
    assert answer.returncode == 0
    assert "[" not in answer.stdout


@pytest.mark.parametrize(
    ("changed", "run"),
    [
        ("notebooks/01_biochem.ipynb", ["01_biochem", "04_integration"]),
        ("notebooks/02_qct.ipynb", ["02_qct", "04_integration"]),
        ("notebooks/04_integration.ipynb", ["04_integration"]),
        ("src/mgbone/biochem/__init__.py", ["01_biochem", "04_integration"]),
        ("src/mgbone/qct.py", ["02_qct", "04_integration"]),
        ("src/mgbone/microarray/__init__.py", ["03_microarray", "04_integration"]),
        ("src/mgbone/integration/__init__.py", ["04_integration"]),
        ("src/mgbone/__init__.py", list(STEMS)),
        ("src/mgbone/execute/run.py", list(STEMS)),
        ("src/mgbone/dataset/opening.py", list(STEMS)),
        ("data/study.yml", list(STEMS)),
        ("data/glossary.yml", list(STEMS)),
        ("data/faulty/units.csv", list(STEMS)),
        ("build/simulated/dataset.digest", list(STEMS)),
    ],
)
def test_a_change_runs_what_rests_on_it(built, changed, run):
    assert planned(built, "--what-if", changed) == run


def test_a_module_that_is_gone_does_not_stop_make(project):
    module = project / "src" / "mgbone" / "study" / "more.py"
    module.write_text("")
    assert planned(project) == list(STEMS)
    module.unlink()
    assert planned(project) == []


def test_the_report_comes_after_the_notebooks_and_is_always_written(built):
    commands = make(built, "--dry-run", "--what-if=notebooks/01_biochem.ipynb", "report").stdout
    assert due(commands) == ["01_biochem", "04_integration"]
    assert re.findall(r"mgbone\.execute\.cli (run|report)", commands) == ["run", "report"]
    again = make(built, "--dry-run", "report", "LANGUAGE=en").stdout
    assert re.findall(r"mgbone\.execute\.cli (\w+)", again) == ["report"]
    assert '--dataset "data/simulated" --language "en"' in again


def test_certainty_comes_after_all_and_is_not_part_of_it(built):
    assert planned(built) == []
    commands = make(built, "--dry-run", "--what-if=notebooks/01_biochem.ipynb", "certainty").stdout
    assert due(commands) == ["01_biochem", "04_integration", "05_certainty"]
    assert commands.count("cli run") == 2
    more = make(built, "--dry-run", "certainty", "COHORTS=50000", "SCHEDULER=tcp://there:8786").stdout
    assert re.findall(r"mgbone\.execute\.cli (\w+)", more) == ["cohorts", "run"]
    assert due(more) == ["05_certainty"]
    assert '--cohorts "50000" --scheduler "tcp://there:8786"' in more


@pytest.mark.parametrize(
    ("goal", "then"),
    [
        ("course", "report course"),
        ("slides", "slides"),
        ("report certainty", "report"),
        ("report slides", "report slides"),
        ("explore certainty", "explore"),
    ],
)
def test_what_shows_notebook_05_comes_after_it(built, goal, then):
    commands = make(built, "--dry-run", *goal.split()).stdout
    order = re.findall(r"mgbone\.execute\.cli (run notebooks/\w+|report|course|slides|explore)", commands)
    assert order == ["run notebooks/05_certainty", *then.split()]


@pytest.mark.parametrize("setting", ["LANGUAGE=ja", "FIGURES=elsewhere", "DERIVED=elsewhere"])
def test_another_setting_runs_all(built, setting):
    assert planned(built, setting) == list(STEMS)


def test_a_setting_that_comes_back_runs_all_again(with_lab):
    lab = ("DATASET=data/lab", "LANGUAGE=ja")
    assert with_lab.joinpath("second.log").read_text().count("開始") == 4
    assert "開始" not in make(with_lab, "all", *lab).stdout
    recorded = with_lab / "build" / "lab" / "ja" / "settings"
    kept, stamps = recorded.read_bytes(), recorded.stat()
    try:
        # What make writes down first when it is told another folder.
        assert make(with_lab, "build/lab/ja/settings", *lab, "FIGURES=elsewhere").returncode == 0
        assert planned(with_lab, *lab) == list(STEMS)
    finally:
        recorded.write_bytes(kept)
        os.utime(recorded, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))


def test_languages_do_not_meet(with_lab):
    """English outputs stay while Japanese ones are made, and the tables are written by both."""
    english = make(with_lab, "--dry-run", "all", "DATASET=data/lab").stdout
    assert '--language "en"' in english and 'build/lab/settings"' in english
    assert not (with_lab / "figures" / "lab" / "02_qct_a.png").exists()
    assert (with_lab / "data" / "derived" / "lab" / "ja" / "02_qct.outputs.txt").is_file()


def test_make_speaks_japanese_before_anything_is_installed(with_lab):
    told = make(with_lab, "help", "LANGUAGE=ja").stdout
    assert "make check" in told and "ふだん使うもの" in told
    assert "DATASET=data/simulated LANGUAGE=ja（LANGUAGEはenかja）" in told
    assert "すべて最新です：figures/lab/ja/（図）" in with_lab.joinpath("second.log").read_text()


@pytest.mark.parametrize(
    ("goal", "needed"), [("all", False), ("course", False), ("site", True), ("test", True)]
)
def test_only_the_site_and_its_tests_install_what_the_site_needs(tmp_path, goal, needed):
    command = ["make", "-n", "-C", ROOT, goal, f"VENV={tmp_path / 'venv'}"]
    answer = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert ("-r requirements-site.lock" in answer.stdout) == needed
    assert "-r requirements.lock" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "opens", "locale"),
    [
        ([], "course/en/00_start.ipynb", None),
        (["LANGUAGE=ja"], "course/ja/00_start.ipynb", "ja_JP"),
        (["DATASET=data/lab", "LANGUAGE=ja"], "course/ja/lab/00_start.ipynb", "ja_JP"),
    ],
)
def test_lab_opens_ones_copies_in_the_language_and_without_news(built, arguments, opens, locale):
    told = make(built, "--dry-run", "lab", *arguments).stdout
    assert f'default_url="/lab/tree/{opens}"' in told
    assert told.index("cli course") < told.index("-m jupyterlab")
    (folders,) = re.findall('JUPYTER_CONFIG_PATH="([^"]+)"', told)
    settings = {}
    for folder in folders.split(":"):
        path = ROOT / Path(folder).relative_to(built) / "labconfig" / "default_setting_overrides.json"
        settings |= json.loads(path.read_text())
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert settings.get("@jupyterlab/translation-extension:plugin", {}).get("locale") == locale
    assert locale is None or locale in {pack.name for pack in entry_points(group="jupyterlab.languagepack")}


@pytest.mark.parametrize(
    "lost", ["figures/simulated/02_qct_a.svg", "data/derived/simulated/02_qct.outputs.txt"]
)
def test_a_lost_output_is_made_again(built, lost):
    path = built / lost
    kept = path.read_bytes()
    stamps = path.stat()
    path.unlink()
    try:
        assert planned(built) == ["02_qct", "04_integration"]
    finally:
        path.write_bytes(kept)
        os.utime(path, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))


def test_touched_data_are_checked_but_changed_data_are_run(project):
    assert make(project, "all").returncode == 0
    table = project / "data" / "simulated" / "animals.csv"
    table.touch()
    touched = make(project, "all").stdout
    assert "no faults found" in touched
    assert "started" not in touched
    (project / "data" / "simulated" / "cel" / "a.CEL").unlink()
    regenerated = make(project, "all").stdout
    assert "generating" in regenerated
    assert "started" not in regenerated
    table.write_text("animal_id\ne1-control-1\n")
    assert make(project, *QCT).stdout.count("started") == 1
    # The others rest on the same digest, which is newer than they are.
    digest = project / "build" / "simulated" / "dataset.digest"
    others = [digest.with_name(f"{stem}.ipynb") for stem in STEMS if stem != "02_qct"]
    assert all(path.stat().st_mtime_ns < digest.stat().st_mtime_ns for path in others)
    assert planned(project) == [stem for stem in STEMS if stem != "02_qct"]


def test_a_table_put_in_place_under_an_older_time_is_seen(project):
    """As by `cp -p` from elsewhere: its time of change is older than that of the last check."""
    table = project / "data" / "simulated" / "animals.csv"
    assert make(project, "all").returncode == 0
    elsewhere = project / "animals.csv"
    elsewhere.write_text("animal_id\ne1-control-9\n")
    os.utime(elsewhere, (0, 0))
    shutil.copy2(elsewhere, table)
    assert table.stat().st_mtime == 0
    assert make(project, "all").stdout.count("started") == len(STEMS)
    assert make(project, "all").stdout.count("started") == 0


def test_what_an_earlier_run_wrote_and_this_one_did_not_is_removed(project):
    figures = project / "figures" / "simulated"
    tiny_notebook(project / "notebooks" / "02_qct.ipynb", "qct", "run.draw('02_qct_b', 'x')")
    assert make(project, *QCT).returncode == 0
    assert (figures / "02_qct_b.svg").is_file()
    tiny_notebook(project / "notebooks" / "02_qct.ipynb", "qct")
    assert make(project, *QCT).returncode == 0
    assert sorted(path.name for path in figures.glob("02_*")) == ["02_qct_a.png", "02_qct_a.svg"]


def test_datasets_do_not_meet(with_lab, tmp_path):
    project = copied(with_lab, tmp_path / "copy")
    figures = project / "figures"
    assert (figures / "simulated" / "02_qct_a.png").read_text() == "data/simulated en"
    assert (figures / "lab" / "ja" / "02_qct_a.png").read_text() == "data/lab ja"
    assert planned(project) == []
    elsewhere = project / "elsewhere" / "lab"
    elsewhere.mkdir(parents=True)
    refused = make(project, "all", "DATASET=elsewhere/lab")
    assert refused.returncode == 2
    assert "The name lab is taken: build/lab holds what was made from data/lab." in refused.stderr
    assert "no faults found" not in refused.stdout
    assert (figures / "lab" / "ja" / "02_qct_a.png").read_text() == "data/lab ja"
    assert planned(project, "DATASET=data/lab", "LANGUAGE=ja") == []


def test_a_bad_dataset_stops_everything_before_it_starts(project):
    assert make(project, "all").returncode == 0
    (project / "data" / "simulated" / "faults.txt").write_text(
        "serum.csv, row 3: negative\nurine.csv: no column ctx\n"
    )
    before = {path: path.stat().st_mtime_ns for path in (project / "figures").rglob("*.*")}
    stopped = make(project, "all")
    assert stopped.returncode == 2
    assert "2 faults found" in stopped.stderr
    assert "serum.csv, row 3: negative" in stopped.stderr
    assert "no column ctx" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert "started" not in stopped.stdout
    assert before == {path: path.stat().st_mtime_ns for path in (project / "figures").rglob("*.*")}
    assert "Error 1" in make(project, "check").stderr
    (project / "data" / "simulated" / "faults.txt").unlink()
    assert "started" not in make(project, "all").stdout


def test_a_failed_notebook_counts_as_not_built(project):
    assert make(project, "all").returncode == 0
    tiny_notebook(project / "notebooks" / "02_qct.ipynb", "qct", "x = 1\nx / 0")
    failed = make(project, "-j1", "all")
    assert failed.returncode == 2
    assert "02_qct.ipynb failed in cell 4 of 6 (A title):" in failed.stderr
    assert ">  2 | x / 0" in failed.stderr
    assert "ZeroDivisionError: division by zero" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert len(failed.stderr.splitlines()) < 12
    built = project / "build" / "simulated"
    assert not (built / "02_qct.ipynb").exists()
    assert (built / "02_qct.failed.ipynb").is_file()
    assert (project / "figures" / "simulated" / "02_qct_a.png").is_file()
    assert planned(project) == ["02_qct", "04_integration"]
    tiny_notebook(project / "notebooks" / "02_qct.ipynb", "qct")
    assert make(project, *QCT).returncode == 0
    assert not (built / "02_qct.failed.ipynb").exists()


def test_a_killed_run_leaves_whole_files_and_the_next_one_carries_on(project):
    drawing = "for _ in range(400):\n    run.draw('02_qct_b', 'x' * 3_000_000)"
    tiny_notebook(project / "notebooks" / "02_qct.ipynb", "qct", drawing)
    command = ["make", "-j1", f"PY={sys.executable}", "all"]
    run = subprocess.Popen(
        command,
        cwd=project,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    figure = project / "figures" / "simulated" / "02_qct_b.svg"
    limit = time.monotonic() + 60
    while not figure.exists() and time.monotonic() < limit:
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    assert figure.stat().st_size == 3_000_000
    assert not (project / "build" / "simulated" / "02_qct.ipynb").exists()
    time.sleep(1.5)  # the kernel, a process group of its own, notices within a second that it is alone
    tiny_notebook(project / "notebooks" / "02_qct.ipynb", "qct", "run.draw('02_qct_b', 'y')")
    assert make(project, *QCT).returncode == 0
    assert figure.read_text() == "y"
    assert [path.name for path in (project / "figures").rglob(".*")] == []


def test_help_lists_every_target():
    text = make(ROOT, "help").stdout
    for target in (
        "all",
        "test",
        "bench",
        "lab",
        "data",
        "lint",
        "clean",
        "lock",
        "check",
        "genesets",
        "report",
        "help",
        "new-dataset",
    ):
        assert re.search(rf"^  make {target} +\S", text, re.M), target


def test_spaces_in_settings_are_refused(project):
    answer = make(project, "all", "DATASET=data/my lab")
    assert answer.returncode == 2
    assert "must not contain spaces" in answer.stderr


@pytest.mark.parametrize(
    "name", ["`touch${IFS}ran`", "$$(touch ran)", "0.01%Mg", "a#b", "a;b", "a:b", 'a"b', "a=b", "(1)"]
)
def test_what_make_or_the_shell_would_read_in_a_name_is_refused_in_a_line(project, name):
    answer = make(project, "check", f"DATASET=data/{name}")
    assert answer.returncode == 2 and not (project / "ran").exists()
    (line,) = answer.stderr.splitlines()
    assert "must not contain" in line


@pytest.mark.parametrize("where", ["elsewhere", "a:b"])
def test_a_folder_that_make_cannot_run_in_is_named_in_a_line(project, tmp_path, where):
    """Another one than that of its Makefile, and one with a colon, which parts paths."""
    folder = tmp_path / where
    folder.mkdir()
    said, option = "make -C FOLDER", f"--file={project / 'Makefile'}"
    if where == "a:b":
        said, option = "must not contain a colon", "check"
        shutil.copy(project / "Makefile", folder)
        shutil.copytree(project / "src", folder / "src")
    before = sorted(folder.rglob("*"))
    answer = make(folder, option)
    assert answer.returncode == 2
    (line,) = answer.stderr.splitlines()
    assert said in line
    assert sorted(folder.rglob("*")) == before
    assert make(tmp_path, "-C", str(project), "help").returncode == 0


@pytest.mark.parametrize(("python", "anew"), [(None, True), (sys.executable, False)])
def test_an_environment_without_its_python_is_made_anew(tmp_path, python, anew):
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(python or tmp_path / "gone")
    for stamp in (".locked", ".installed"):
        (venv / stamp).touch()
    command = ["make", "-n", "-C", ROOT, "check", f"VENV={venv}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ("-m venv --clear" in answer.stdout) == anew


@pytest.mark.parametrize("goal", ["check", "all", "report"])
def test_the_name_of_a_new_folder_is_no_dataset(project, goal):
    answer = make(project, goal, "NAME=lab2026")
    assert answer.returncode == 2
    assert f"make {goal} DATASET=data/lab2026" in answer.stderr


def test_a_name_with_a_space_starts_nothing_but_new_dataset(project):
    answer = make(project, "--dry-run", "new-dataset", "NAME=low Mg 2026")
    assert answer.returncode == 0 and "warning" not in answer.stderr
    assert re.findall(r"-m (mgbone\S*) (\S+)", answer.stdout) == [("mgbone.execute.cli", "new-dataset")]
    assert len(answer.stdout.splitlines()) == 1


def test_an_old_python_is_refused_in_a_sentence(project):
    (project / "requirements.lock").write_text("")
    (project / "pyproject.toml").write_text("")
    old = project / "bin" / "python3"
    old.parent.mkdir()
    old.write_text('#!/bin/sh\nif [ "$1" = --version ]; then echo Python 3.8.1; else exit 1; fi\n')
    old.chmod(0o755)
    for name in ("python3.11", "python3.12", "python3.13", "python3.14"):
        (old.parent / name).symlink_to(old)
    variables = {**environment(), "PATH": f"{old.parent}:{os.environ['PATH']}"}
    answer = subprocess.run(
        ["make", "all"], cwd=project, env=variables, capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.returncode == 2
    assert "Python 3.11 or later is needed; found: Python 3.8.1" in answer.stderr
    assert not (project / ".venv").exists()


def test_the_last_notebook_waits_for_the_negative_control_of_its_design(project):
    control = project / "data" / "null"
    control.mkdir()
    (control / "datapackage.json").write_text('{"resources": [\n {\n "path": "cel/a.CEL"}]}')
    dry = make(project, "--dry-run", "all").stdout
    told = re.findall(r"mgbone.simulate data/null|cli run.*--control \S+", dry)
    assert told[0] == "mgbone.simulate data/null"
    assert told[1].endswith(
        '--last notebooks/04_integration.ipynb --control "data/derived/null/control_evidence.csv"'
    )
    assert "--control" in make(project, "--dry-run", "all", "DATASET=data/lab").stdout
    assert make(project, "all").returncode == 0
    assert (control / "cel" / "a.CEL").is_file()
    evidence = project / "data" / "derived" / "null" / "control_evidence.csv"
    assert evidence.read_text() == "level"
    assert "[" not in make(project, "all").stdout
    (control / "serum.csv").write_text("animal_id\n")
    assert planned(project) == ["04_integration"]
    # A design of its own has no control to wait for.
    (project / "data" / "lab" / "study.yml").write_text("")
    own = make(project, "--dry-run", "all", "DATASET=data/lab").stdout
    assert "04_integration" in own and "/null" not in own.replace("/dev/null", "")


def test_the_dataset_without_effect_is_a_dataset_like_any_other(project):
    control = project / "data" / "null"
    control.mkdir()
    (control / "datapackage.json").write_text('{"resources": [\n {\n "path": "cel/a.CEL"}]}')
    told = make(project, "all", "DATASET=data/null").stdout
    assert re.findall(r"\[(\w+)\] .* started", told)[-1] == "04_integration"
    assert told.count("started") == 4 + told.count("[control]") / 2 == 5
    assert "[" not in make(project, "all", "DATASET=data/null").stdout
    assert make(project, "all").stdout.count("[control]") == 0
    assert "[" not in make(project, "all", "DATASET=data/null").stdout
