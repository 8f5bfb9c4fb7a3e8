"""Two languages: every English message has its Japanese, with the same fields, and nothing falls behind."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from nbconvert.filters import markdown2html
from tools import messages as tool
from tools.untranslated import untranslated

from mgbone.study.errors import MgboneError
from mgbone.study.language import current, either, fill, prose, speaking, tr, use_language

FIELDS = re.compile(r"\{\w*(?:![rsa])?(?::[^}]*)?\}|%\(\w+\)\w|%[a-z]")


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
    translated = {"`planned`", "`p, slope on intake`", "`p, slopes differ`", "`none`"}
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


@pytest.mark.slow
def test_every_message_of_an_error_is_translated():
    """Also those of warnings, faults, notes and slips, and what is printed."""
    names_of_data = {"CC0 1.0 Universal", "python -m mgbone.simulate"}
    found = {
        f"{path.relative_to(tool.ROOT)}, line {line}": text
        for path in sorted((tool.ROOT / "src").rglob("*.py"))
        for line, text in untranslated(path)
        if text not in names_of_data
    }
    assert found == {}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('raise StudyError(f"{path.name} is not there.")', [" is not there."]),
        ('told = f"{n} sets passed over"\n    warnings.warn(told, GeneSetWarning)', [" sets passed over"]),
        ('document.slip(keys, "stands twice", tr("Delete one."))', ["stands twice"]),
        ('raise MgboneError(tr("{n} of them", n=n)) from None', []),
        ('raise ValueError("a wrong argument")', []),
    ],
)
def test_a_message_without_translation_is_found(tmp_path, code, found):
    module = tmp_path / "module.py"
    module.write_text(f"def function():\n    {code}\n")
    assert [text for _, text in untranslated(module)] == found


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
        assert fill("{said}", said="whatever a field is called") == "whatever a field is called"


def test_threads_speak_the_language_in_use():
    with speaking("ja"), ThreadPoolExecutor(2) as pool:
        assert list(pool.map(tr, ["not tested", "reproduced"])) == ["検定なし", "再現"]
