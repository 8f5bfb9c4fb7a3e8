"""What all tests share: what is made once a session, and a clean start for each test."""

import shutil

import pytest
from helpers.small_dataset import write_small_dataset
from hypothesis import settings

from mgbone.study.design import load_study
from mgbone.study.language import use_language
from mgbone.study.naming import use_study

# A machine that is busy for a moment is no fault of the code under test.
settings.register_profile("mgbone", deadline=None)
settings.load_profile("mgbone")


_LONGEST = (
    "test_pipeline.py",
    "test_kills.py",
    "test_other_designs.py",
    "test_cohorts.py",
    "test_any_subset.py",
)


def pytest_collection_modifyitems(items):
    """Begin with the files that take longest, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.path.name not in _LONGEST)


@pytest.fixture(scope="session")
def study():
    """The study of the compendium, read once; nothing may change it."""
    return load_study()


@pytest.fixture(autouse=True)
def _as_at_the_start(study):
    """Take back the language and the groups that a test took up."""
    yield
    use_language("en")
    use_study(study)


@pytest.fixture(scope="session")
def _written_once(tmp_path_factory):
    return write_small_dataset(tmp_path_factory.mktemp("once") / "small")


@pytest.fixture
def folder(_written_once, tmp_path):
    """The small dataset in a folder of the test's own, to spoil."""
    return shutil.copytree(_written_once, tmp_path / "small")
