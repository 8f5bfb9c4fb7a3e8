"""What has to hold for the files themselves: links, licences, leftovers."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from helpers import ROOT


def committed():
    """Return the files that git knows of and that are there; all files where there is no git."""
    try:
        listing = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


TEXTS = {".py", ".md", ".yml", ".toml", ".cff", ".ipynb", ".json", ".csv", ".lock", ".R", ""}
HOME = re.compile(r"(?<![\w.~/-])/(?:home|Users|root|work|mnt|tmp/[a-z])[/\w]*|[A-Z]:\\\\Users")


def test_no_committed_text_names_a_folder_of_one_machine():
    named = {}
    for path in committed():
        if path.suffix in TEXTS and path != Path(__file__):
            found = HOME.findall(path.read_text(encoding="utf-8"))
            if found:
                named[path.relative_to(ROOT).as_posix()] = found[:3]
    assert named == {}


def test_nothing_generated_or_left_over_is_committed():
    names = [path.relative_to(ROOT).as_posix() for path in committed()]
    folders = r"(^|/)(build|\.venv|__pycache__|\.ipynb_checkpoints)/|^data/derived/"
    unwanted = rf"{folders}|\.(CEL|pgf|clf|mps|pyc|orig|bak|tmp)$"
    assert [name for name in names if re.search(unwanted, name, re.I)] == []
    assert [
        name for name in names if name.startswith("figures/") and not name.endswith((".png", ".svg"))
    ] == []
    assert [path for path in committed() if path.stat().st_size == 0 and path.name != "__init__.py"] == []


def test_no_file_has_unfinished_marks():
    marks = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX)\b")
    texts = [path for path in committed() if path.suffix in {".py", ".md", ".ipynb", ".yml"}]
    assert [path.name for path in texts if marks.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_readme_links_lead_somewhere(readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert len([link for link in links if link.endswith(".png")]) >= 4
    assert [link for link in links if not (ROOT / link).exists()] == []


def commands(text):
    """Return the lines of a README's shell blocks without their comments."""
    blocks = re.findall(r"^```sh$(.*?)^```$", text, re.M | re.S)
    return [line.split("#")[0].strip() for block in blocks for line in block.strip().splitlines()]


def test_both_readmes_say_the_same():
    """Same commands, links and sections, but for the language: the two are kept together."""
    english, japanese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ja.md"))
    japanese = japanese.replace("figures/simulated/ja/", "figures/simulated/")
    spoken = [[line.removesuffix(" LANGUAGE=ja") for line in commands(text)] for text in (english, japanese)]
    assert list(dict.fromkeys(spoken[0])) == list(dict.fromkeys(spoken[1]))
    for pattern in (r"^#+ ", r"\]\(((?!README)[^)]+)\)"):
        assert re.findall(pattern, english, re.M) == re.findall(pattern, japanese, re.M)


def test_a_run_in_japanese_leaves_nothing_that_git_sees():
    """Of its figures those are kept that README.ja.md shows, all else of it is ignored."""
    kept = {path.relative_to(ROOT).as_posix() for path in committed()}
    text = (ROOT / "README.ja.md").read_text(encoding="utf-8")
    assert {name for name in kept if re.match("figures/.*/ja/", name)} == set(
        re.findall(r"\]\((figures/[^)]+\.png)\)", text)
    )
    written = [
        *(
            f"figures/{name}/ja/{figure}"
            for name in ("simulated", "lab")
            for figure in ("a.png", "01_design.svg")
        ),
        *("data/derived/simulated/ja/01_biochem.outputs.txt", "data/derived/simulated/evidence.csv"),
        "build/simulated/ja/01_biochem.html",
    ]
    answer = subprocess.run(["git", "check-ignore", *written], cwd=ROOT, capture_output=True, text=True)
    assert answer.stdout.split() == written


def test_citation_is_valid():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert all(
        "name" in author or {"family-names", "given-names"} <= set(author) for author in citation["authors"]
    )
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.M)[1]
    assert citation["version"] == version


def test_codecheck_yml_has_what_its_specification_asks_for():
    text = (ROOT / "codecheck.yml").read_text(encoding="utf-8")
    assert "\n---\n" in text
    told = yaml.safe_load(text)
    assert told["version"] == "https://codecheck.org.uk/spec/config/1.0/"
    assert all(entry["file"] and entry["comment"] for entry in told["manifest"])
    assert told["paper"]["title"] and told["paper"]["reference"]
    assert [author["name"] for author in told["paper"]["authors"]]


def test_licences_are_named():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    for words in ("MIT License", "CC0 1.0", "CC BY 4.0", "Gene Ontology Consortium"):
        assert words in text


def test_no_analysis_imports_the_simulation():
    package = ROOT / "src" / "mgbone"
    for path in sorted(package.rglob("*.py")):
        if "simulate" not in path.relative_to(package).parts:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import | ast.ImportFrom)
                    else []
                )
                module = getattr(node, "module", None) or ""
                assert not any("simulate" in f"{module}.{name}".split(".") for name in names), path.name


def test_figures_neither_fit_nor_test():
    for path in sorted((ROOT / "src" / "mgbone" / "figures").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(?:import|from) (?:pingouin|pylimma|gseapy|scipy\.stats)", text, re.M), (
            path.name
        )


def test_ci_calls_the_tests_and_nothing_else():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith(("make", "pip", "python"))] == ["make test"]


def test_every_module_of_the_package_is_used():
    """A module that neither another one, a notebook, make nor a test names is left over."""
    package = ROOT / "src" / "mgbone"
    sources = [
        path for folder in ("src", "tests", "notebooks") for path in sorted((ROOT / folder).rglob("*.*"))
    ]
    texts = {path: path.read_text(encoding="utf-8") for path in sources if path.suffix in {".py", ".ipynb"}}
    texts[ROOT / "Makefile"] = (ROOT / "Makefile").read_text(encoding="utf-8")
    for path in sorted(package.rglob("*.py")):
        if path.stem not in ("__init__", "__main__"):
            named = re.compile(rf"\b{path.stem}\b")
            assert any(named.search(text) for other, text in texts.items() if other != path), path.stem


def test_vendored_json_is_tidy():
    for path in committed():
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
