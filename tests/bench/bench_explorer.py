"""Time the explorer page in Chromium, as somebody waits for it: ``python tests/bench/bench_explorer.py``.

A run with as many genes as the chip has is drawn into a temporary place. Each time is that from the event to
the second frame after it, when what was asked for has been painted; the median of five counts.
``bench_make.py`` writes the table into BENCHMARKS.md.
"""
# ruff: noqa: E501  (scripts for the browser)

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from helpers.chromium import CHROMIUM, Browser
from helpers.explored_run import N_GENES, explored_run

from mgbone.lookup.page import write_explorer

TIMES = 5
FRAMES = "(then) => requestAnimationFrame(() => requestAnimationFrame(then))"
FIRST = f"""new MutationObserver((_, watcher) => {{
  if (!document.body?.dataset.ready) return;
  watcher.disconnect();
  ({FRAMES})(() => {{ window.firstView = performance.now(); }});
}}).observe(document, {{ subtree: true, attributes: true, childList: true }});"""
RELEASED = f"""addEventListener('pointerup', () => {{
  const began = performance.now(); ({FRAMES})(() => {{ window.took = performance.now() - began; }});
}}, true)"""
ENTERED = "const field = document.querySelector({0!r}); field.value = {1!r}; field.dispatchEvent(new Event({2!r}, {{ bubbles: true }}));"
CLICKED = "document.querySelector({0!r}).click();"


def entered(selector: str, values: list[str], kind: str = "input") -> list[str]:
    """Return scripts that put one value after the other into a field."""
    return [ENTERED.format(selector, value, kind) for value in values]


def clicked(*selectors: str) -> list[str]:
    """Return scripts that click one thing after the other, as often as is timed."""
    return [CLICKED.format(selectors[place % len(selectors)]) for place in range(TIMES)]


def interactions(genes: list[str]) -> dict[str, list[str]]:
    """Return what is done on the page, in its order: scripts, each of which changes what is seen."""
    contrasts = ["mg004_vs_control", "mg002_vs_control", "mg001_vs_pairfed"] * 2
    limits = ["0.2", "0.01", "0.1", "0.5", "0.05"]
    lists = ["\n".join(genes[start : start + 100]) for start in range(0, 500, 100)]
    pasted = [f"document.querySelector('#own').value = {text!r}; {CLICKED.format('#mark')}" for text in lists]
    row, heading = "#gene-table tbody tr:nth-child({})", "#gene-table thead th:nth-child({}) button"
    return {
        "type into the search": entered("#search", ["b", "bg", "bgl", "bgla", ""]),
        "choose a gene": clicked(*(row.format(place) for place in (2, 4, 6, 8, 10))),
        "change the comparison": entered("#contrast", contrasts[:TIMES], "change"),
        "sort the table by numbers": clicked(heading.format(4)),
        "sort the table by names": clicked(heading.format(2)),
        "filter a column": entered("#gene-table [data-filter=q]", ["<0.05", "<0.1", "<0.2", ">0.9", ""]),
        "paste a list of 100 genes": pasted,
        "change the limit of q": entered("#limit", limits, "change"),
        "switch tabs": clicked("#tab-two", "#tab-endpoints", "#tab-ledger", "#tab-genes"),
    }


def timed(browser: Browser, script: str) -> float:
    """Return the milliseconds that a script and what it brings about take."""
    time.sleep(0.2)
    return browser.run(
        f"new Promise((done) => {{ const began = performance.now(); {script} "
        f"({FRAMES})(() => done(performance.now() - began)); }})"
    )


def first_view(browser: Browser, page: Path) -> float:
    """Return the milliseconds from the call of a page to its first view."""
    browser.open("about:blank")
    browser.open(page.as_uri())
    return browser.wait("window.firstView")


def box(browser: Browser, share: float) -> float:
    """Return the milliseconds from the end of a box over dots of the volcano."""
    x, y, width, height = browser.run(
        "(() => { const b = document.querySelector('#volcano').getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()"
    )
    browser.run("window.took = null")
    browser.drag((x + 0.3 * width, y + 60), (x + (0.5 + share) * width, y + 0.7 * height))
    return browser.wait("window.took")


def measure(page: Path, scratch: Path) -> list[tuple[str, float, str]]:
    """Return what was measured, its milliseconds and its limit."""
    browser = Browser(scratch)
    try:
        browser.send("Page.addScriptToEvaluateOnNewDocument", source=FIRST)
        taken = {"first view": [first_view(browser, page) for _ in range(TIMES)]}
        browser.wait("document.body.dataset.prepared !== undefined")
        browser.run(RELEASED)
        genes = browser.run("[...Bokeh.documents[0].roots()[0].renderers[0].data_source.data.gene]")
        for what, scripts in interactions(genes).items():
            taken[what] = [timed(browser, script) for script in scripts]
        browser.run(CLICKED.format("#tab-genes"))
        browser.run("scrollTo(0, 0)")
        taken["select by a box"] = [box(browser, 0.08 * place) for place in range(TIMES)]
    finally:
        browser.close()
    limits = {"first view": "2,000 ms"}
    return [(what, statistics.median(one), limits.get(what, "100 ms")) for what, one in taken.items()]


def main() -> None:
    """Measure and print."""
    if CHROMIUM is None:
        print("Left out: there is no Chromium on this machine.")
        return
    with (
        tempfile.TemporaryDirectory(prefix="mgbone-bench-") as scratch,
        pytest.MonkeyPatch.context() as patch,
    ):
        page = Path(sys.argv[1]) if sys.argv[1:] else write_explorer(explored_run(Path(scratch), patch))
        rows = measure(page, Path(scratch))
    print(f"{N_GENES:,} genes; from the event to the second frame after it, median of {TIMES}.\n")
    print("| what | time | limit |\n|---|---|---|")
    for what, milliseconds, limit in rows:
        print(f"| {what} | {milliseconds:,.0f} ms | {limit} |")


if __name__ == "__main__":
    main()
