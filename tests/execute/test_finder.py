"""The search of the report page in a real Chromium: statements and numbers, on a screen and on a phone."""

import pytest
from helpers.chromium import CHROMIUM, Browser, enter
from helpers.small_run import small_run

from mgbone.execute.report.page import write_page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt install chromium)"),
]
STATEMENTS, ROWS = "#ledger details.statement", "#comparisons tbody tr"


@pytest.fixture(scope="module", params=["en", "ja"])
def shown(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as monkeypatch:
        layout = small_run(folder, "simulated", request.param, monkeypatch)
    page = layout.build / "report.html"
    write_page(layout, page)
    browser = Browser(tmp_path_factory.mktemp("browser"), 390, 800)
    browser.open(page.as_uri())
    yield browser
    assert browser.complaints() == []
    browser.close()


def visible(browser, selector):
    elements = f"[...document.querySelectorAll('{selector}')]"
    return browser.run(f"{elements}.filter((e) => e.checkVisibility()).map((e) => e.textContent)")


def told(browser, section):
    return browser.run(f"document.querySelector('[data-finder={section}] [role=status]').textContent")


@pytest.mark.parametrize("section", ["ledger", "comparisons"])
def test_each_choice_shows_what_it_says_and_all_choices_together_everything(shown, section):
    selector = {"ledger": STATEMENTS, "comparisons": ROWS}[section]
    field = f"[data-finder={section}] select"
    everything = shown.run(f"document.querySelectorAll('{selector}').length")
    choices = shown.run(f"[...document.querySelectorAll('{field} option')].map((o) => o.value)")[1:]
    found = []
    for choice in choices:
        enter(shown, field, choice, "change")
        fits = visible(shown, selector)
        assert told(shown, section) == f"{len(fits)} / {everything}"
        assert all(choice in text for text in fits)
        found += fits
    assert len(found) == everything > 4
    enter(shown, field, "", "change")
    assert told(shown, section) == ""


@pytest.mark.parametrize(
    ("section", "word"),
    [("ledger", "4-1-1-02"), ("ledger", "ctx"), ("comparisons", "CTX"), ("comparisons", "qqq")],
)
def test_a_text_leaves_what_holds_it_whatever_its_case(shown, section, word):
    selector = {"ledger": STATEMENTS, "comparisons": ROWS}[section]
    texts = shown.run(f"[...document.querySelectorAll('{selector}')].map((e) => e.textContent)")
    enter(shown, f"[data-finder={section}] input", word)
    fitting = [text for text in texts if word.lower() in text.lower()]
    assert visible(shown, selector) == fitting
    assert len(fitting) < len(texts)
    assert shown.run("document.scrollingElement.scrollWidth - innerWidth") <= 0
    enter(shown, f"[data-finder={section}] input", "")
