"""Bring the Japanese catalogue up to date with code, templates and notebooks: ``make messages``.

New messages come in without a translation, changed ones marked as fuzzy, and those that are gone go. A test
holds that neither is left (tests/study/test_language.py).
"""

import ast
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "src/mgbone/study/locale/ja.po"
CALLS = {"tr", "N_"}
TITLES = {"title"}  # what notebooks hand to figures, which translate it
HEADER = r"""# Japanese of mgbone: what code and notebooks say in English, message by message.
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
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                yield from _of_code("".join(cell["source"]), notebook=True)


def _of_code(source: str, notebook: bool = False) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
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


def updated() -> Catalog:
    """Return the catalogue of now."""
    with CATALOGUE.open("rb") as stream:
        known = read_po(stream, locale="ja")
    wanted = Catalog(locale="ja")
    for text, context in messages():
        wanted.add(text, context=context or None)
    known.update(wanted)
    known.obsolete.clear()
    for message in known:
        message.locations, message.auto_comments = [], []
        message.flags -= {"python-format", "python-brace-format"}
    return known


def written(catalogue: Catalog) -> str:
    """Return a catalogue as the file holds it: sorted, and without a time or a name."""
    body = io.BytesIO()
    write_po(body, catalogue, width=110, omit_header=True, sort_output=True, ignore_obsolete=True)
    return HEADER + body.getvalue().decode()


def main() -> None:
    """Write it, and list what has no Japanese yet."""
    known = updated()
    CATALOGUE.write_text(written(known), encoding="utf-8")
    lacking = [m.id for m in known if m.id and (m.fuzzy or not m.string)]
    print(f"{len(known)} messages, {len(lacking)} to translate or to look at again.")
    for text in lacking:
        print(f"  {text!r}")


if __name__ == "__main__":
    main()
