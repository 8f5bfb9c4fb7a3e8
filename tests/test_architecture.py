"""The house: what no linter holds of the rules in CONTRIBUTING.md."""

import ast
import json
import re

import pytest
from helpers import ROOT
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

import mgbone

SOURCES = sorted((ROOT / "src").rglob("*.py"))
SORTS = {"sort_values", "argsort", "argpartition", "lexsort", "nsmallest"}


def test_imports_go_down_only():
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == EXIT_STATUS_SUCCESS


def test_names_that_others_call_stay():
    """What is used from outside, under the names of the first version."""
    for name in ("open_dataset", "check_dataset", "load_study", "open_run", "DatasetError", "MgboneError"):
        assert callable(getattr(mgbone, name)), name
    for name in ("gene", "endpoint", "claim", "term", "explore"):
        # Twice: where a room bears the same name, it takes the function's place once it is loaded.
        assert callable(getattr(mgbone, name)) and callable(getattr(mgbone, name)), name
    assert callable(mgbone.evidence.compare)
    assert callable(mgbone.claims.judge)
    for name in ("read_cel", "rma", "differential_expression"):
        assert callable(getattr(mgbone.microarray, name)), name


def test_no_module_is_longer_than_500_lines():
    lengths = {path.relative_to(ROOT): path.read_text(encoding="utf-8").count("\n") for path in SOURCES}
    assert {path: n for path, n in lengths.items() if n > 500} == {}


def test_no_body_of_a_function_is_longer_than_60_lines():
    long = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                if body and (n := body[-1].end_lineno - body[0].lineno + 1) > 60:
                    long[f"{path.relative_to(ROOT)}: {node.name}"] = n
    assert long == {}


def unstable(source):
    """Return the calls that sort in an order which differs between processors where values tie."""
    found = []
    for node in ast.walk(ast.parse(source)):
        name = getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""
        if name in SORTS:
            kind = next((w.value.value for w in node.keywords if w.arg == "kind"), None)
            keys = [*node.args, *(w.value for w in node.keywords if w.arg in ("by", "columns"))]
            several = name == "sort_values" and any(
                (isinstance(k, (ast.List, ast.Tuple)) and len(k.elts) > 1)
                or (isinstance(k, ast.Call) and getattr(k.func, "id", "") == "list")
                for k in keys
            )  # fmt: skip
            if kind != "stable" and not several:
                found.append(f"line {node.lineno}: {ast.unparse(node)[:80]}")
    return found


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("table.sort_values('p')", 1),
        ("np.argsort(x)", 1),
        ("np.argpartition(x, 3)", 1),
        ("table.sort_values(['p', 'endpoint'])", 0),
        ("table.sort_values('p', kind='stable')", 0),
        ("np.argsort(x, kind='stable')", 0),
    ],
)
def test_the_rule_on_sorting_finds_what_it_should(source, faults):
    assert len(unstable(source)) == faults


def test_sorts_are_stable_or_have_a_tie_breaker():
    texts = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in SOURCES}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        texts[path.relative_to(ROOT)] = "\n".join(code)
    assert {path: found for path, text in texts.items() if (found := unstable(text))} == {}


def test_words_go_through_the_catalogue():
    """Japanese stands in the catalogue, in data, and where workbooks of laboratories are read."""
    allowed = re.compile(
        r"simulate/|dataset/lab/|dataset/csv_table|dataset/arrays/symbols|study/d(ictionary|esign)"
    )
    found = {}
    for path in SOURCES:
        inside = path.relative_to(ROOT / "src" / "mgbone").as_posix()
        words = re.findall(r"[ぁ-んァ-ヶ一-龠]{2,}", path.read_text(encoding="utf-8"))
        if words and not allowed.match(inside):
            found[inside] = words[:3]
    assert set(found) <= {"figures/canvas.py"}
