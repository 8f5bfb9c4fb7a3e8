"""One environment: pyproject.toml declares, requirements*.lock fix, environment.yml uses."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from helpers import ROOT
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
EVERYDAY, SITE = ((ROOT / f"requirements{part}.lock").read_text(encoding="utf-8") for part in ("", "-site"))
LOCK = EVERYDAY + SITE  # the second holds only what the site needs beside the first
DECLARED = [
    *((Requirement(line), EVERYDAY) for line in PROJECT["build-system"]["requires"]),
    *((Requirement(line), EVERYDAY) for line in PROJECT["project"]["dependencies"] + EXTRAS["dev"]),
    *((Requirement(line), LOCK) for line in EXTRAS["site"]),
]


def locked(lock=LOCK):
    """Return the requirements of a lock by package name (several where Python versions differ)."""
    found = {}
    for line in re.findall(r"^[A-Za-z0-9][^\s\\][^\\\n]*", lock, re.M):
        requirement = Requirement(line.strip())
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


def version(requirement):
    (pin,) = requirement.specifier
    assert pin.operator == "==", requirement
    return pin.version


@pytest.mark.parametrize(("declared", "lock"), DECLARED, ids=lambda one: getattr(one, "name", ""))
def test_every_declared_package_is_locked_at_a_version_that_satisfies_it(declared, lock):
    pins = locked(lock)[canonicalize_name(declared.name)]
    assert all(declared.specifier.contains(version(pin), prereleases=True) for pin in pins)


def test_every_locked_package_has_hashes():
    blocks = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.M)[1:]
    assert len(blocks) >= len(DECLARED)
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_what_makes_every_start_a_second_slower_is_left_out():
    assert "rfc3987-syntax" not in locked()


def test_one_version_serves_all_pythons():
    """Otherwise conda's Python and a user's own would give different numbers from one lock."""
    many = {name: pins for name, pins in locked().items() if len({version(pin) for pin in pins}) > 1}
    assert many == {}


def test_the_lock_names_neither_host_nor_folder():
    outside_hashes = re.sub(r"sha256:[0-9a-f]{64}", "", LOCK)
    assert (
        re.findall(
            r"https?:|file:|--(?:extra-)?index-url|--find-links|@ |\.local\b|^\S*/", outside_hashes, re.M
        )
        == []
    )
    comments = set(re.findall(r"# +(?:via +)?(.*)", outside_hashes))
    assert [text for text in comments if "/" in text or "\\" in text] == []


def test_conda_gets_python_from_conda_and_all_else_from_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, by_pip = environment["dependencies"]
    assert by_pip == {"pip": ["-r requirements.lock"]}
    assert pip.startswith("pip")
    minor = re.fullmatch(r"python=(3\.\d+)", python)[1]
    assert PROJECT["project"]["requires-python"] == f">={minor}"
    post_build = (ROOT / "postBuild").read_text(encoding="utf-8")
    editable = "pip install --no-deps --no-build-isolation --editable ."
    assert editable in post_build
    for readme in ("README.md", "README.ja.md"):
        assert editable in (ROOT / readme).read_text(encoding="utf-8")


def test_what_is_installed_is_what_is_locked():
    """Only where the tests run in the project's own environment."""
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("not running in .venv")
    from importlib.metadata import version as installed

    markers = {**default_environment(), "extra": "dev"}
    for name, pins in locked().items():
        for pin in pins:
            if pin.marker is None or pin.marker.evaluate(markers):
                assert installed(name) == version(pin)


SITE_ALONE = ROOT / "src/mgbone/execute/site"


def imported(paths):
    """Return the top-level names that some Python files import."""
    names = set()
    for path in sorted(paths):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"mgbone"}


def distributions(names):
    """Return, by top-level name, the packages that may bring it."""
    homes = packages_distributions()
    return {name: {canonicalize_name(home) for home in homes.get(name, [name])} for name in names}


@pytest.mark.parametrize(
    ("folder", "extras"), [("src", []), ("src/mgbone/execute/site", ["site"]), ("tests", ["site", "dev"])]
)
def test_every_import_is_declared(folder, extras):
    lines = PROJECT["project"]["dependencies"] + [line for extra in extras for line in EXTRAS[extra]]
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    own = {"helpers", "tools", "bench_make"}
    paths = (ROOT / folder).rglob("*.py")
    found = distributions(imported(p for p in paths if extras or SITE_ALONE not in p.parents) - own)
    assert {name for name, homes in found.items() if not declared & homes} == set()


# What serves without being imported by name.
UNIMPORTED = {
    "defusedxml": "openpyxl reads with it where it is there, so that no entity in a workbook is followed",
    "furo": "theme of the site",
    "hatchling": "builds the editable installation",
    "ipykernel": "runs the notebooks",
    "jupyterlab": "make lab",
    "jupyterlab-language-pack-ja-jp": "make lab LANGUAGE=ja",
    "matplotlib-fontja": "brings the Japanese font",
    "myst-nb": "reads notebooks for the site",
    "pre-commit": "lints before a commit (.pre-commit-config.yaml)",
    "pytest-xdist": "pytest -n",
    "ruff": "make lint",
    "uv": "make lock",
    "vulture": "make lint",
}


@pytest.mark.slow
def test_every_declared_package_serves():
    paths = [path for folder in ("src", "tests") for path in (ROOT / folder).rglob("*.py")]
    found = distributions(imported(paths))
    serving = set().union(*found.values()) | set(UNIMPORTED)
    assert {canonicalize_name(declared.name) for declared, _ in DECLARED} - serving == set()
