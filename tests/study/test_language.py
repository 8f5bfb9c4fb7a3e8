"""Two languages: every English message has its Japanese, with the same fields, and nothing falls behind."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from nbconvert.filters import markdown2html
from tools import messages as tool
from tools.untranslated import untranslated

from mgbone.study.errors import MgboneError
from mgbone.study.language import current, either, fill, prose, speaking, tr, use_language

FIELDS = re.compile(r"\{\w*(?::[^}]*)?\}")


def test_the_catalogues_are_up_to_date_and_whole():
    for path, (catalogue, text) in tool.catalogues().items():
        assert text == path.read_text(encoding="utf-8"), "run `make messages`"
        assert tool.lacking(catalogue) == []


def test_a_cell_whose_english_was_changed_is_marked_and_one_that_is_gone_goes(tmp_path, monkeypatch):
    known = tmp_path / "notebooks.ja.po"
    known.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8"\n\n'
        'msgctxt "01 a"\nmsgid "Look at it."\nmsgstr "見ます。"\n\n'
        'msgctxt "01 b"\nmsgid "Stays."\nmsgstr "残ります。"\n\n'
        'msgctxt "01 c"\nmsgid "Gone."\nmsgstr "消えます。"\n'
    )
    monkeypatch.setattr(tool, "PROSE", known)
    now = [("Look at it twice.", "01 a"), ("Stays.", "01 b"), ("New.", "01 d")]
    monkeypatch.setattr(tool, "cells", lambda: iter(now))
    fresh = tool.updated_prose()
    assert [(m.context, m.string, m.fuzzy) for m in fresh if m.id] == [
        ("01 a", "見ます。", True), ("01 b", "残ります。", False), ("01 d", "", False)
    ]  # fmt: skip
    assert tool.lacking(fresh) == ["01 a", "01 d"]
    written = tool.written(fresh, in_order=True)
    assert 'msgctxt "01 a"\nmsgid "Look at it twice."\nmsgstr "見ます。"' in written


def marks(text):
    """Return what a translator must not change in a cell: code, links, levels of headings, items of lists."""
    code = sorted(re.findall(r"`[^`]*`", text))
    links = sorted(re.findall(r"\]\(([^)]*)\)", text))
    return code, links, re.findall(r"^#+ ", text, re.M), re.findall(r"^(?:\d+\.|-) ", text, re.M)


def test_the_prose_of_a_cell_keeps_code_links_headings_and_lists():
    translated = {"`planned`": "`予定`", "`slope on intake`": "「", "`slopes differ`": "「", "`none`": "「"}
    for message in tool.updated_prose():
        if message.id:
            english, japanese = marks(message.id), marks(message.string)
            assert japanese[1:] == english[1:], message.context
            assert {c for c in english[0] if c not in translated} <= set(japanese[0]), message.context


def test_marks_of_prose_take_effect_and_lines_are_not_broken_within_japanese():
    """CommonMark takes ** beside Japanese punctuation for two stars; a line break would show as a blank."""
    for message in tool.updated_prose():
        if message.id:
            page = markdown2html(message.string)
            left = re.sub(r"<code>.*?</code>|<[^>]*>", "", page, flags=re.S)
            assert not re.search(r"\*|`", left), message.context
            assert not re.search(r"[^\x00-\x7f]\n[^\x00-\x7f]", message.string), message.context


def test_translations_have_the_fields_of_the_english():
    for message in tool.updated():
        if message.id and "{" in message.id:
            # A plural s is of no use in Japanese.
            english = {
                field for field in FIELDS.findall(message.id) if not field.startswith(("{plural", "{each}"))
            }
            assert set(FIELDS.findall(message.string)) == english, message.id


def test_a_message_comes_in_the_language_in_use():
    assert tr("not tested") == "not tested"
    with speaking("ja"):
        assert current() == "ja"
        assert tr("not tested") == "検定なし"
        assert prose("04_integration", "hold", "## 5 Hold against the report") == "## 5 報告書との照合"
        assert prose("04_integration", "hold", "## 5 Hold against it") == "## 5 Hold against it"
        assert tr("{case} vs {reference}", case="A", reference="B") == "A 対 B"
        assert (tr("Density"), tr("Density", "probability")) == ("骨密度", "密度")
        assert tr("GSE19830") == "GSE19830"  # a name out of data
        assert either("rat", "ラット") == "ラット"
        assert either("rat", "") == "rat"
    assert current() == "en"
    assert tr("{n} days", n=3) == "3 days"


def test_an_unknown_language_is_refused_and_changes_nothing():
    with pytest.raises(MgboneError, match="language 'de' is not known; choose en or ja"):
        use_language("de")
    assert current() == "en"


def test_a_text_within_a_message_is_quoted_as_the_language_does():
    told = {"name": "血清\u3000Mg", "number": 3}
    assert fill("{name!r}, {number!r}", **told) == "'血清\\u3000Mg', 3"
    with speaking("ja"):
        assert fill("{name!r}、{number!r}", **told) == "「血清\\u3000Mg」、3"
        assert fill("{name!r}", name="a\nb'\x1b") == "「a\\nb'\\x1b」"
        assert fill("{number:.2f}{{}}", number=1.0) == "1.00{}"


def test_threads_speak_the_language_in_use():
    with speaking("ja"), ThreadPoolExecutor(2) as pool:
        assert list(pool.map(tr, ["not tested", "reproduced"])) == ["検定なし", "再現"]


NOT_YET = (
    "simulate",
    "study",
    "claims",
    "evidence",
    "microarray",
    "qct.py",
    "biochem",
    "integration",
    "execute",
    "figures",
)
"""Rooms whose errors are still to be taken into the catalogue."""

NAMES = {"CC0 1.0 Universal"}


def test_every_message_of_an_error_is_translated():
    package = tool.ROOT / "src/mgbone"
    paths = [p for p in package.rglob("*.py") if p.relative_to(package).parts[0] not in NOT_YET]
    found = [(p.relative_to(package), *told) for p in paths for told in untranslated(p)]
    assert len(paths) > 30
    assert [one for one in found if one[-1] not in NAMES] == []


def test_an_untranslated_message_is_found_wherever_its_text_stands(tmp_path):
    code = tmp_path / "code.py"
    code.write_text(
        'AGAIN = "Copy it again."\n'
        "def problem(n):\n"
        '    return f"has {n} rows"\n'
        "def check(n):\n"
        '    advice = tr("Look there.") if n else AGAIN\n'
        '    Fault("a b.csv"[0], problem(n), advice)\n'
        '    raise MgboneError(tr("All is well: {n}", n=n))\n'
    )
    assert list(untranslated(code)) == [(1, "Copy it again."), (3, " rows"), (3, "has ")]
