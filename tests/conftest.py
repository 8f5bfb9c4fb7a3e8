"""What all tests share: the language and the groups that one test takes up are gone before the next."""

import pytest

from mgbone.study.design import load_study
from mgbone.study.language import use_language
from mgbone.study.naming import use_study


@pytest.fixture(autouse=True)
def _as_at_the_start():
    yield
    use_language("en")
    use_study(load_study())
