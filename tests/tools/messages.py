"""Bring the Japanese catalogues up to date with code, templates and notebooks: ``make messages``.

New messages come in without a translation, changed ones marked as fuzzy, and those that are gone go. A test
holds that neither is left (tests/study/test_language.py). In `CATALOGUE` a message is found by its English,
in `PROSE` by its cell: one whose English was changed keeps its Japanese, marked to be looked at.
"""

import ast
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from mgbone.study.language import CATALOGUES, cell_context

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE, PROSE = (ROOT / "src/mgbone/study/locale" / name for name in CATALOGUES)
MAKEFILE, INSTALL = ROOT / "Makefile", ROOT / "src/mgbone/study/locale/install.sh"
CALLS = {"tr", "N_"}
TITLES = {"title"}  # what notebooks hand to figures, which translate it
HEADER = r"""# Japanese of mgbone: what it says in English, message by message or cell by cell.
# `make messages` brings it up to date; write msgstr, and take away the word fuzzy where it fits again.
msgid ""
msgstr ""
"Language: ja\n"
"Content-Type: text/plain; charset=utf-8\n"

"""


def messages() -> Iterator[tuple[str, str]]:
    """Yield every message with its context."""
    for path in sorted((ROOT / "src").rglob("*.py")):
        yield from _of_code(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "src").rglob("*.j2")):
        # Templates call tr with plain texts; what Jinja adds around them doesn't matter.
        for found in re.finditer(
            r'\btr\(\s*("(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*)', path.read_text(encoding="utf-8")
        ):
            yield ast.literal_eval(f"({found[1]})"), ""
    for _, cell in _cells("code"):
        yield from _of_code("".join(cell["source"]), notebook=True)
    # The Makefile has what its targets do behind ##, headings behind ##@, and hands the rest to say.sh.
    for told in re.findall(
        r"(?m)\$\(SAY\) '([^']+)'|^[a-z-]+:.*?## (.+)$|^##@ (.+)$", MAKEFILE.read_text("utf-8")
    ):
        yield "".join(told), ""
    for told in re.findall(r"\bfail '([^']+)'", INSTALL.read_text("utf-8")):
        yield told, ""


def _of_code(source: str, notebook: bool = False) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        if notebook and isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in TITLES:
            yield _text(node.value), ""
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in CALLS and node.args and (text := _text(node.args[0])):
            context = _text(node.args[1]) if len(node.args) > 1 else ""
            yield text, context or ""
        if notebook:
            told = [word.value for word in node.keywords if word.arg in TITLES]
            told += node.args[:1] if name == "end" else []
            yield from ((text, "") for value in told if (text := _text(value)))


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _cells(kind: str) -> Iterator[tuple[str, dict]]:
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == kind:
                yield path.stem, cell


def cells() -> Iterator[tuple[str, str]]:
    """Yield the text of every markdown cell with its context, in the order of reading."""
    for stem, cell in _cells("markdown"):
        yield "".join(cell["source"]), cell_context(stem, cell["id"])


def _known(path: Path) -> Catalog:
    with path.open("rb") as stream:
        return read_po(stream, locale="ja")


def updated_prose() -> Catalog:
    """Return the catalogue of the notebooks' prose of now."""
    known = {message.context: message for message in _known(PROSE) if message.id}
    wanted = Catalog(locale="ja")
    for text, context in cells():
        before = known.get(context)
        outdated = before is not None and bool(before.string) and (before.fuzzy or before.id != text)
        wanted.add(text, before.string if before else "", context=context, flags=["fuzzy"] * outdated)
    return wanted


def updated() -> Catalog:
    """Return the catalogue of code of now."""
    known = _known(CATALOGUE)
    wanted = Catalog(locale="ja")
    for text, context in messages():
        wanted.add(text, context=context or None)
    known.update(wanted)
    known.obsolete.clear()
    return known


def written(catalogue: Catalog, *, in_order: bool = False) -> str:
    """Return a catalogue as the file holds it: sorted unless `in_order`, and without a time or a name."""
    for message in catalogue:
        message.locations, message.auto_comments = [], []
        message.flags -= {"python-format", "python-brace-format"}
    body = io.BytesIO()
    write_po(body, catalogue, width=110, omit_header=True, sort_output=not in_order, ignore_obsolete=True)
    return HEADER + body.getvalue().decode()


def catalogues() -> dict[Path, tuple[Catalog, str]]:
    """Return both catalogues of now, and what their files must hold."""
    code, prose = updated(), updated_prose()
    return {CATALOGUE: (code, written(code)), PROSE: (prose, written(prose, in_order=True))}


def lacking(catalogue: Catalog) -> list[str]:
    """Name the messages without Japanese or with one that is out of date: by cell, or by their English."""
    return [m.context or m.id for m in catalogue if m.id and (m.fuzzy or not m.string)]


def main() -> None:
    """Write them, and list what has no Japanese yet."""
    for path, (catalogue, text) in catalogues().items():
        path.write_text(text, encoding="utf-8")
        left = lacking(catalogue)
        print(f"{path.name}: {len(catalogue)} messages, {len(left)} to translate or to look at again.")
        for name in left:
            print(f"  {name!r}")


if __name__ == "__main__":
    main()
