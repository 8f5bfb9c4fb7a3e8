"""One notebook, run headlessly: what it is given, what it leaves, and what is said when it fails."""

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from helpers.tiny_project import tiny_notebook, tiny_project, write_notebook
from jupyter_client.manager import AsyncKernelManager

from mgbone.execute import cli, kernels
from mgbone.execute import notebook as notebook_module
from mgbone.execute.notebook import NotebookError, run_notebooks, scratch_folder
from mgbone.study.errors import MgboneError
from mgbone.study.paths import write_aside
from mgbone.study.places import Settings

pytestmark = pytest.mark.slow  # most start a kernel

OUTPUTS = (
    "from pathlib import Path\n"
    "out = Path(derived_folder) / Path(dataset).name / (language if language != 'en' else '')\n"
    "out.mkdir(parents=True, exist_ok=True)\n"
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tiny_project(tmp_path)
    monkeypatch.setenv("MGBONE_ROOT", str(folder))
    return folder


def run(folder, *sources, progress=None, **options):
    """Run a notebook of these cells on the project's dataset; return the executed notebook."""
    notebook = folder / "notebooks" / "tried.ipynb"
    write_notebook(notebook, *sources)
    settings = Settings("data/lab", **{"derived_folder": folder / "derived", **options})
    (executed,) = run_notebooks([notebook], settings, progress)
    return nbformat.read(executed, as_version=4)


@pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX")
def test_folders_of_killed_runs_are_removed_and_those_in_use_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(notebook_module, "_LONGEST_SOCKET_FOLDER", 1000)
    code = (
        "import sys, time, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from mgbone.execute import notebook; notebook._LONGEST_SOCKET_FOLDER = 1000\n"
        "with notebook.scratch_folder() as folder: print(folder, flush=True); time.sleep(60)"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    killed, living = (Path(one.stdout.readline().strip()) for one in runs)
    runs[0].kill()
    runs[0].wait()
    (killed / "kernel.json").touch()
    (others := tmp_path / "mgbone-12345678").mkdir()
    with scratch_folder():
        assert killed.is_dir()  # it might still be about to take its lock
    for folder in (killed, living, others):
        os.utime(folder, (0, 0))
    with scratch_folder() as mine:
        assert sorted(tmp_path.iterdir()) == sorted([living, others, mine])
    for run_there in runs:
        run_there.kill()
        run_there.communicate()
    assert sorted(tmp_path.iterdir()) == sorted([living, others])


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_files_are_readable_for_whom_the_umask_says(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        with write_aside(tmp_path / "new" / "t.csv") as aside:
            aside.write_text("x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new" / "t.csv").stat().st_mode) == mode
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["t.csv"]


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 KB, where the system lets us have one."""
    (tmp_path / "disk").mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(tmp_path / "disk")]
    inside = ["unshare", "-rm", "sh", "-c", f'{" ".join(command)} && exec "$@"', "sh"]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no disk of our own can be mounted")
    return inside, tmp_path / "disk"


@pytest.mark.parametrize(
    ("language", "said"), [("en", "No space left on device. Check"), ("ja", "空きを確かめて")]
)
def test_a_full_disk_is_named(project, small_disk, language, said):
    inside, disk = small_disk
    notebook = project / "notebooks" / "tried.ipynb"
    write_notebook(notebook, f"{OUTPUTS}(out / 'tried.outputs.txt').write_text('');", "'x' * 80_000")
    command = [
        *inside,
        sys.executable,
        "-m",
        "mgbone.execute.cli",
        "run",
        str(notebook),
        "--dataset",
        "data/lab",
    ]
    answer = subprocess.run(
        [*command, "--build", str(disk), "--derived", str(project / "derived"), "--language", language],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert line.startswith("mgbone: disk/lab") and said in line


def printed(executed):
    return "".join(
        out.text for cell in executed.cells for out in cell.get("outputs", []) if out.get("name") == "stdout"
    )


def test_kernel_is_this_interpreter_in_fixed_surroundings(project, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("IPYTHONDIR", str(project / "mine"))
    startup = project / "mine" / "profile_default" / "startup" / "00.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("print('a start-up file ran')")
    executed = run(
        project,
        "import os, sys\nprint(sys.executable)\nprint(os.environ['PYTHONHASHSEED'], os.environ['TZ'])",
        f"{OUTPUTS}(out / 'tried.outputs.txt').write_text('');",
    )
    assert printed(executed) == f"{sys.executable}\n0 UTC\n"


def alive(pids):
    """Return those of these processes that run; one that has ended but was not asked about yet does not."""
    states = {pid: Path(f"/proc/{pid}/stat") for pid in pids}
    return [pid for pid, stat in states.items() if stat.exists() and stat.read_text().split()[2] != "Z"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGKILL, -9)]
)
def test_a_run_that_is_stopped_leaves_no_process_behind(project, number, status):
    paths = [project / "notebooks" / f"{name}.ipynb" for name in ("one", "two")]
    for path in paths:
        write_notebook(path, f"import os, time\nopen(f'{project}/pid.{{os.getpid()}}', 'w')\ntime.sleep(60)")
    command = [sys.executable, "-m", "mgbone.execute.cli", "run", *map(str, paths), "--at-once", "2"]
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # The shell that runs these tests may have them ignore an interrupt.
    running = subprocess.Popen(
        [*command, "--dataset", "data/lab"], cwd=project, **piped,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    limit = time.monotonic() + 60
    while len(found := list(project.glob("pid.*"))) < 2 and time.monotonic() < limit:
        time.sleep(0.05)
    kernels = [int(path.suffix[1:]) for path in found]
    assert len(alive(kernels)) == 2
    running.send_signal(number)
    _, said = running.communicate(timeout=60)
    assert running.returncode == status
    assert said.splitlines() == (["mgbone: stopped."] if number == signal.SIGINT else [])
    while alive(kernels) and time.monotonic() < limit:
        time.sleep(0.05)
    assert alive(kernels) == []


@pytest.mark.parametrize("last", ["(out / 'tried.outputs.txt').write_text('')", "1 / 0"])
def test_a_kernel_that_is_done_is_not_interrupted(project, monkeypatch, last):
    interrupted = []

    async def interrupt(manager):
        interrupted.append(manager)

    monkeypatch.setattr(AsyncKernelManager, "_async_interrupt_kernel", interrupt)
    with suppress(NotebookError):
        run(project, f"{OUTPUTS}{last}")
    assert interrupted == []


def test_parameters_arrive_and_progress_is_told(project):
    told = []
    executed = run(
        project,
        "print(dataset, language)",
        f"{OUTPUTS}(out / 'tried.outputs.txt').write_text('');",
        language="ja",
        progress=told.append,
    )
    assert printed(executed) == "data/lab ja\n"
    assert [line.split("s  ")[1] for line in told] == ["開始", "A title", "完了：図0点、表0点"]


def test_of_several_failures_each_is_told_and_nothing_more_is_begun(project):
    begun = f"open(f'{project}/begun', 'a').write(dataset[0])\n"
    sources = {"one": "1 / 0", "two": "import time; time.sleep(2); {}['x']", "three": "", "four": ""}
    for name, source in sources.items():
        write_notebook(project / "notebooks" / f"{name}.ipynb", begun + source)
    one, two, three, four = (project / "notebooks" / f"{name}.ipynb" for name in sources)
    settings = Settings("data/lab", derived_folder=project / "derived")
    with pytest.raises(NotebookError) as caught:
        run_notebooks([one, two, three], settings, last=[four], at_once=2)
    told = str(caught.value)
    assert "one.ipynb failed in cell 3 of 3" in told and "ZeroDivisionError" in told
    assert "two.ipynb failed in cell 3 of 3" in told and "KeyError: 'x'" in told
    assert (project / "begun").read_text() == "dd"


def test_a_control_that_cannot_be_analysed_is_named_and_nothing_after_it_is_begun(project):
    path = project / "notebooks" / "last.ipynb"
    write_notebook(path, f"open('{project}/begun', 'w')")
    with pytest.raises(MgboneError, match=r"^data/null: [\s\S]*the folder is missing"):
        run_notebooks([], Settings("data/lab"), last=[path], control=project / "evidence.csv")
    assert not (project / "begun").exists()


def test_a_function_is_called_in_the_surroundings_of_a_kernel(monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    assert kernels.call("os:getenv", "PYTHONHASHSEED") == "0"
    assert os.environ["PYTHONHASHSEED"] == "7"
    with pytest.raises(BrokenExecutor):
        kernels.call("os:abort")


def test_unknown_parameter_is_an_error(project):
    notebook = project / "notebooks" / "tried.ipynb"
    write_notebook(notebook, "1", parameters=("dataset", "figure_folder"))
    with pytest.raises(MgboneError, match="no parameter derived_folder, figures_folder, language"):
        run_notebooks([notebook], Settings("data/lab"))


def test_missing_parameters_cell_is_an_error(project):
    notebook = project / "notebooks" / "tried.ipynb"
    write_notebook(notebook, "1")
    notebook.write_text(notebook.read_text().replace('"parameters"', '"none"'))
    with pytest.raises(MgboneError, match=r"tried\.ipynb has no parameter dataset, .* assigns none"):
        run_notebooks([notebook], Settings("data/lab"))


def test_a_notebook_without_data_ends_well_where_they_end(project):
    ends = "from mgbone.study.errors import NothingToShow\nprint('so far')\nraise NothingToShow('It ends.')"
    executed = run(project, f"{OUTPUTS}(out / 'tried.outputs.txt').write_text('');", ends, "1 / 0")
    assert printed(executed) == "so far\n"
    assert executed.cells[-1].source == ends
    assert "exception" not in json.dumps([cell.get("outputs") for cell in executed.cells])
    assert not (project / "build" / "lab" / "tried.failed.ipynb").exists()


def test_the_page_shows_the_parameters_of_the_run_alone(project):
    run(project, f"{OUTPUTS}(out / 'tried.outputs.txt').write_text('');", language="ja")
    page = (project / "build" / "lab" / "ja" / "tried.html").read_text(encoding="utf-8")
    assert "ja" in page and "&quot;?&quot;" not in page


@pytest.mark.parametrize(
    ("last", "message"),
    [
        ("1", "wrote no list of its outputs"),
        (
            f"{OUTPUTS}(out / 'tried.outputs.txt').write_text(str(out / 'no.png'));",
            "missing or empty: derived/lab/no.png",
        ),
        (
            f"{OUTPUTS}(out / 'a.csv').touch()\n(out / 'tried.outputs.txt').write_text(str(out / 'a.csv'));",
            "missing or empty: derived/lab/a.csv",
        ),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "its kernel died"),
    ],
)
def test_a_notebook_that_does_not_deliver_has_failed(project, last, message):
    with pytest.raises(NotebookError, match=message):
        run(project, last)
    assert not (project / "build" / "lab" / "tried.ipynb").exists()


def test_a_list_from_an_earlier_run_does_not_count(project):
    run(project, f"{OUTPUTS}(out / 'tried.outputs.txt').write_text('');")
    with pytest.raises(NotebookError, match="wrote no list"):
        run(project, "1")
    assert not (project / "build" / "lab" / "tried.ipynb").exists()


def test_the_account_of_a_failure_is_short_and_shows_the_line(project):
    long_cell = "\n".join([*(f"a{i} = {i}" for i in range(30)), "a0 + a1", "{}['serum_mg']", "b = 1"])
    with pytest.raises(NotebookError) as caught:
        run(project, "1", long_cell)
    text = str(caught.value)
    assert text.startswith("tried.ipynb failed in cell 4 of 4 (A title):")
    assert "> 32 | {}['serum_mg']" in text
    assert "KeyError: 'serum_mg'" in text
    assert "\x1b" not in text
    assert len(text.splitlines()) < 20
    assert "tried.failed.ipynb" in text


def test_the_account_of_a_failure_is_told_in_the_language(project):
    stops = "from mgbone.study.language import use_language\nuse_language(language)\n"
    stops += "from mgbone.microarray.differential import split_contrast\nsplit_contrast('mg001')"
    with pytest.raises(NotebookError) as caught:
        run(project, stops, language="ja")
    first, *_, said, left = str(caught.value).splitlines()
    assert first == "tried.ipynbが3個のセルのうち3番目（A title）で失敗しました："
    assert said.startswith("「mg001」は比較の名前ではありません。")
    assert left.startswith("実行した分と詳しい記録：")


def test_an_error_meant_for_the_user_comes_without_its_class(project):
    with pytest.raises(NotebookError) as caught:
        run(
            project,
            "from mgbone.study.errors import DatasetError",
            "raise DatasetError(['a.csv, row 2: x', 'b.csv: y'])",
        )
    lines = str(caught.value).splitlines()
    assert "2 faults found:" in lines
    assert "  - b.csv: y" in lines


def test_syntax_errors_have_an_account_too(project):
    with pytest.raises(NotebookError, match=r"failed in cell 3 of 3[\s\S]*SyntaxError"):
        run(project, "x = = 1")


def test_command_line_reports_without_traceback(project, capsys):
    assert cli.main(["run", "notebooks/none.ipynb"]) == 1
    shown = capsys.readouterr()
    assert shown.err == "mgbone: There is no notebook notebooks/none.ipynb.\n"
    (project / "notebooks" / "torn.ipynb").write_text('{"cells": [')
    assert cli.main(["run", "notebooks/torn.ipynb"]) == 1
    assert "torn.ipynb is not a notebook that can be read" in capsys.readouterr().err


def test_command_line_runs_a_notebook(project, capsys):
    tiny_notebook(project / "notebooks" / "05_more.ipynb", "study.errors")
    source = (project / "notebooks" / "05_more.ipynb").read_text()
    (project / "notebooks" / "05_more.ipynb").write_text(
        source.replace("from mgbone.execute.run import Run", "Run = None")
    )
    assert cli.main(["run", "notebooks/05_more.ipynb", "--dataset", "data/lab"]) == 1
    assert "'NoneType' object is not callable" in capsys.readouterr().err


def test_a_dataset_that_is_not_there_gets_a_sentence(tmp_path, capsys):
    assert cli.main(["check", str(tmp_path / "none")]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("mgbone: ")
    assert "Traceback" not in shown


@pytest.mark.parametrize("figures", ["figures", "else where/pictures"])
def test_links_to_figures_lead_there_from_the_page(project, figures):
    link = '<a href="../../figures/lab/x.png">x</a>'
    written = "out = out / 'tried.outputs.txt'\nout.write_text('');"
    show = f"from IPython.display import HTML, display; display(HTML({link!r}))"
    executed = run(project, show, OUTPUTS + written, figures_folder=figures)
    folder = project / "build" / "lab"
    target = os.path.relpath(project / figures, folder).replace(" ", "%20")
    shown = [o["data"]["text/html"] for c in executed.cells for o in c.get("outputs", []) if "data" in o]
    assert shown == [f'<a href="{target}/lab/x.png">x</a>']
    assert shown[0] in (folder / "tried.html").read_text(encoding="utf-8")
