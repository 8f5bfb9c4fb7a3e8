"""An installation that fails says in one line what to do, and the next one begins where it has to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.tiny_project import environment, tiny_project

from mgbone.execute import cli
from mgbone.study.errors import MgboneError

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="make and POSIX shell")]

# A python3 that makes environments of itself and whose pip says what the test wants; for all else it is ours.
PYTHON = """#!/bin/sh
case "$1 $2" in
"-m venv") [ -z "$FAKE_VENV" ] || { echo "$FAKE_VENV"; exit 1; }
    echo venv >> "$FAKE_LOG"
    rm -rf "$4"; mkdir -p "$4/bin"; cp "$0" "$4/bin/python" ;;
"-m pip") echo "pip $3" >> "$FAKE_LOG"
    mkdir -p "$(dirname "$0")/../lib/python3.11/site-packages/numpy"
    case "$FAKE_PIP" in
    "") exit 0 ;;
    killed) kill -9 $$ ;;
    check*) [ "$3" = check ] || exit 0 ;;
    esac
    printf '%s\\n' "${FAKE_PIP#check }" >&2; exit 1 ;;
*) exec "{python}" "$@" ;;
esac
"""
NO_NETWORK = (
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError': Temporary failure "
    "in name resolution\nERROR: Could not find a version that satisfies the requirement numpy==2.4.1 (from "
    "versions: none)\nERROR: No matching distribution found for numpy==2.4.1"
)
CUT = "ERROR: In --require-hashes mode, all requirements must have hashes. Missing: numpy==2.4.1"
DAMAGED = "ERROR: Invalid requirement: 'num' (from line 9 of requirements.lock)"
SHORT = "check pandas 2.3.3 requires numpy, which is not installed."
FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
FAILS = {
    "no network": (
        NO_NETWORK,
        "could not be fetched (ERROR: No matching",
        "パッケージを取得できませんでした",
    ),
    "a lock cut within a hash": (CUT, "damaged or not whole (ERROR: In --require", "途中で切れています"),
    "a damaged lock": (DAMAGED, "git checkout requirements.lock", "gitから取り直してください"),
    "a lock cut between packages": (SHORT, "pandas 2.3.3 requires numpy", "requirements.lockが壊れているか"),
    "a full disk": (FULL, "The disk is full", "ディスクに空きがありません"),
    "pip killed": ("killed", "begins anew", "最初からやり直します"),
    "no pip": (
        "python: No module named pip",
        "apt install python3-venv; then delete .venv",
        "環境にpipがありません",
    ),
    "anything else": (
        "one\nERROR: x",
        "all that pip says stands in .venv/install.log. Its last line: ERROR: x",
        "pipの出力はすべて.venv/install.logにあります",
    ),
}


@pytest.fixture
def project(tmp_path):
    folder = tiny_project(tmp_path / "project")
    (folder / "requirements.lock").write_text("numpy==2.4.1\n")
    (folder / "pyproject.toml").write_text("")
    (folder / "bin").mkdir()
    python = folder / "bin" / "python3"
    python.write_text(PYTHON.replace("{python}", sys.executable))
    python.chmod(0o755)
    return folder


def make(folder, *arguments, **variables):
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    log = folder / "log"
    log.unlink(missing_ok=True)
    surroundings = {**environment(), "PATH": path, "FAKE_PIP": "", "FAKE_VENV": "", "FAKE_LOG": str(log)}
    answer = subprocess.run(
        ["make", "check", *arguments], cwd=folder, env={**surroundings, **variables}, text=True,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    answer.did = log.read_text().splitlines() if log.is_file() else []
    return answer


ALL = ["venv", "pip install", "pip install", "pip check"]


@pytest.mark.parametrize("case", FAILS)
def test_a_failed_installation_says_what_to_do_and_is_begun_anew(project, case):
    pip, *expected = FAILS[case]
    for language, said in zip(("en", "ja"), expected, strict=True):
        answer = make(project, f"LANGUAGE={language}", FAKE_PIP=pip)
        assert answer.returncode == 2 and "Traceback" not in answer.stderr
        lines = [line for line in answer.stderr.splitlines() if not line.startswith("make")]
        assert len(lines) == 1 and said in lines[0], answer.stderr
        assert not (project / ".venv" / ".installed").exists()
    again = make(project)
    assert again.returncode == 0, again.stderr
    assert again.did == ALL
    assert make(project).did == []


def test_an_empty_lock_is_named_before_anything_is_done(project):
    (project / "requirements.lock").write_text("")
    answer = make(project, "LANGUAGE=ja")
    assert answer.returncode == 2 and answer.did == []
    assert "requirements.lockが空です" in answer.stderr
    assert "requirements.lock is empty" in make(project).stderr


def test_what_venv_says_is_told(project):
    answer = make(project, FAKE_VENV="Error: [Errno 30] Read-only file system: '.venv'")
    assert answer.returncode == 2 and "could not be made (Error: [Errno 30] Read-only" in answer.stderr


@pytest.mark.parametrize("left", ["pyvenv.cfg", ".installed"])
def test_a_half_made_environment_is_made_anew(project, left):
    (project / ".venv").mkdir()
    (project / ".venv" / left).touch()
    assert make(project).did == ALL


def test_an_environment_that_lost_a_package_is_made_anew(project):
    assert make(project).did == ALL
    assert make(project).did == []
    packages = project / ".venv" / "lib" / "python3.11" / "site-packages"
    (packages / "one more, put in by hand").mkdir()
    assert make(project).did == []
    (packages / "numpy").rmdir()
    assert make(project).did == ALL


def test_a_build_folder_that_cannot_be_written_is_named(project):
    (project / "build").write_text("")
    answer = make(project, "all")
    assert answer.returncode == 2 and "Nothing can be written into build/simulated." in answer.stderr


# --- the command itself ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ModuleNotFoundError("No module named 'scipy'", name="scipy"),
            "is incomplete: No module named 'scipy'. If",
        ),
        (
            PermissionError(13, "Permission denied", "build/x"),
            "mgbone: build/x: Permission denied. Check the",
        ),
        (OSError(28, "No space left on device"), "mgbone: No space left on device. Is there room"),
        (NotADirectoryError(20, "Not a directory", b"build"), "mgbone: build: Not a directory. Check"),
    ],
)
def test_a_command_says_what_it_lacks(monkeypatch, capsys, error, said):
    def fail(options):
        raise error

    monkeypatch.setattr(cli, "_check", fail)
    assert cli.main(["check", "data/simulated"]) == 1
    told = capsys.readouterr().err
    assert said in told and len(told.splitlines()) == 1
    monkeypatch.setattr(cli, "_check", lambda options: (_ for _ in ()).throw(MgboneError("as before.")))
    assert cli.main(["check", "data/simulated"]) == 1


def test_a_slip_in_our_own_imports_is_not_hidden(monkeypatch):
    def fail(options):
        raise ModuleNotFoundError("No module named 'mgbone.x'", name="mgbone.x")

    monkeypatch.setattr(cli, "_check", fail)
    with pytest.raises(ModuleNotFoundError):
        cli.main(["check", str(Path("data"))])
