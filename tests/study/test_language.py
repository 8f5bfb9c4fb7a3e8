"""Two languages: every English message has its Japanese, with the same fields, and nothing falls behind."""

import re

import pytest
from tools import messages as tool

from mgbone.study.errors import MgboneError
from mgbone.study.language import current, either, speaking, tr, use_language

FIELDS = re.compile(r"\{\w*(?::[^}]*)?\}")


def test_the_catalogue_is_up_to_date_and_whole():
    fresh = tool.updated()
    assert tool.written(fresh) == tool.CATALOGUE.read_text(encoding="utf-8"), "run `make messages`"
    assert [m.id for m in fresh if m.id and (m.fuzzy or not m.string)] == []


def test_translations_have_the_fields_of_the_english():
    for message in tool.updated():
        if message.id:
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
