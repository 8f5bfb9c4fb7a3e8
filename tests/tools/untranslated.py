"""Find texts of errors, faults, notes, slips and warnings, and printed ones, that are said without `tr`."""

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

SAID = {"tr", "N_"}
TELLS = {
    "Fault", "Note", "Slip", "NothingToShow", "Unreadable", "UnreadableFile", "Reading",
    "fault_per_row", "fault_in_rows", "file_error", "wrong_lengths", "slip", "warn", "print", "exit",
    "_fault", "_bad", "_no_number", "_tell",
}  # fmt: skip
"""What takes a text that is shown. To these come all classes of errors that are not Python's own."""

WORDS = re.compile(r"[A-Za-z]{2,} | [A-Za-z]{2,}")
"""A word with a blank at its side; a single one is a name."""


def untranslated(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of what is told without a translation."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from sorted(set(_Finder(tree).found()))


class _Finder:
    def __init__(self, tree: ast.Module):
        self.tree = tree
        self.functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        self.names: dict[str, list[ast.expr]] = {}
        for node in tree.body:
            self._assigned(node, self.names)

    def found(self) -> Iterator[tuple[int, str]]:
        for node in [self.tree, *self.functions.values()]:
            names = dict(self.names)
            for inner in ast.walk(node):
                self._assigned(inner, names)
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and _tells(call):
                    for value in [*call.args, *(word.value for word in call.keywords)]:
                        yield from self._texts(value, names, set())

    def _assigned(self, node: ast.AST, names: dict[str, list[ast.expr]]) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._pair(target, node.value, names)
        elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.NamedExpr) and node.value:
            self._pair(node.target, node.value, names)

    def _pair(self, target: ast.expr, value: ast.expr, names: dict[str, list[ast.expr]]) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, its in zip(target.elts, value.elts, strict=False):
                self._pair(one, its, names)
            return
        for one in ast.walk(target):
            if isinstance(one, ast.Name):
                names[one.id] = [*names.get(one.id, []), value]

    def _texts(self, node: ast.AST, names: dict, seen: set[str]) -> Iterator[tuple[int, str]]:
        """Go down an expression, along names to what they are, along calls to what a function returns."""
        if isinstance(node, ast.Call):
            called = _name(node)
            if called in SAID or getattr(getattr(node.func, "value", None), "id", "") == "re":
                return
            if called in self.functions and called not in seen and called not in TELLS:
                function = self.functions[called]
                seen.add(called)
                inner = dict(self.names)
                for one in ast.walk(function):
                    self._assigned(one, inner)
                for one in ast.walk(function):
                    if isinstance(one, ast.Return) and one.value:
                        yield from self._texts(one.value, inner, seen)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and WORDS.search(node.value):
            yield node.lineno, node.value
        if isinstance(node, ast.Name) and (key := f"{id(names)} {node.id}") not in seen:
            seen.add(key)
            for value in names.get(node.id, ()):
                yield from self._texts(value, names, seen)
        if isinstance(node, ast.Lambda | ast.Compare | ast.Subscript):
            parts = [node.body] if isinstance(node, ast.Lambda) else []
            parts += [node.value] if isinstance(node, ast.Subscript) else []
        else:
            parts = list(ast.iter_child_nodes(node))
        for part in parts:
            yield from self._texts(part, names, seen)


def _tells(call: ast.Call) -> bool:
    name = _name(call)
    error = name.endswith(("Error", "Warning")) and not hasattr(builtins, name)
    return name in TELLS or error


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))
