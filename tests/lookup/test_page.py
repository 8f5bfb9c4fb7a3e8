"""The explorer in a real Chromium: search, hover, selection, filters, exports; no fault, no request."""
# ruff: noqa: E501  (scripts for the browser)

import re
import time

import pytest
from helpers.chromium import CHROMIUM, Browser, enter
from helpers.explored_run import FORMULA, HOSTILE, N_GENES, explored_run

from mgbone.lookup.page import render, write_explorer
from mgbone.lookup.tables import Tables

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt install chromium)"),
]
READY = "document.body?.dataset.ready"
STATUS = "document.querySelector('#gene-table [role=status]').textContent"
ROWS = "[...document.querySelectorAll('#%s tbody tr')]"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield explored_run(tmp_path_factory.mktemp("explored"), monkeypatch)


@pytest.fixture(scope="module")
def page(run):
    return write_explorer(run)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture
def shown(browser, page):
    """The page, freshly opened; at the end it must have complained of nothing and asked for nothing."""
    browser.events.clear()
    browser.resize(1280, 900)
    browser.open("about:blank")
    browser.open(page.as_uri())
    browser.wait(READY)
    yield browser
    assert browser.complaints() == []


def rows(browser, table="gene-table"):
    return browser.run(
        f"[...document.querySelectorAll('#{table} tbody tr')].map((r) => r.cells[0].textContent)"
    )


def box_of(browser, place):
    return browser.run(
        f"(() => {{ const b = document.getElementById({place!r}).getBoundingClientRect();"
        " return [b.x, b.y, b.width, b.height]; })()"
    )


def downloaded(browser, name):
    file = browser.downloads / name
    end = time.monotonic() + 20
    while not (file.is_file() and file.stat().st_size) and time.monotonic() < end:
        time.sleep(0.05)
    return file


def test_all_genes_are_in_one_file_of_at_most_12_mb(shown, page):
    assert page.stat().st_size < 12e6
    assert f"{N_GENES} of {N_GENES}" in shown.run(
        "document.querySelector('#gene-table [role=status]').textContent"
    )


def test_search_finds_by_other_names_and_shows_every_animal(shown):
    enter(shown, "#search", "osteocalcin")
    assert rows(shown) == ["Bglap"]
    shown.wait("document.querySelector('#gene-animals').children.length")
    assert shown.run("document.querySelector('#chosen-title').textContent").startswith("Bglap")
    chip = shown.run("document.querySelector('#chosen-chip').textContent")
    assert "(chr8:100-250 (+)), 10 probes" in chip
    assert "0.432" in chip
    assert "gene=Bglap" in shown.run("location.hash")


def test_a_box_selects_in_both_clouds_and_in_the_table(shown):
    x, y, width, height = box_of(shown, "volcano")
    shown.drag((x + 0.55 * width, y + 60), (x + 0.95 * width, y + 0.6 * height))
    shown.wait("/\\d+ selected/.test(document.querySelector('#hits').textContent)")
    n = int(re.match(r"\d+", shown.run("document.querySelector('#hits').textContent"))[0])
    assert 0 < n < N_GENES
    assert shown.run(STATUS).startswith(f"{n} of")


def test_hover_names_a_gene(shown):
    """The dot of the smallest p stands alone."""
    where = shown.run("""(() => {
      const best = document.querySelector('#gene-table tbody tr').cells[0].textContent;
      const figure = Bokeh.documents.flatMap((d) => d.roots())[0];
      const view = Bokeh.index.find_one(figure) ?? Bokeh.index[figure.id];
      const source = figure.renderers[0].data_source.data, i = source.gene.indexOf(best);
      const canvas = document.querySelector('#volcano').firstElementChild.shadowRoot.querySelector('.bk-Canvas') ?? document.querySelector('#volcano');
      const at = canvas.getBoundingClientRect();
      return [at.x + view.frame.x_scale.compute(source.lfc[i]), at.y + view.frame.y_scale.compute(source.mlp[i]), best];
    })()""")
    shown.mouse("mouseMoved", where[0] - 30, where[1])
    shown.mouse("mouseMoved", where[0], where[1])
    text = """(() => { const all = []; const walk = (n) => { if (n.shadowRoot) walk(n.shadowRoot);
      for (const c of n.children ?? []) walk(c); if (n.matches?.('.bk-Tooltip')) all.push(n.shadowRoot?.textContent ?? n.textContent); };
      walk(document.body); return all.join(' '); })()"""
    shown.wait(f"({text}).includes({where[2]!r})", 5)


def test_filters_on_columns(shown):
    enter(shown, "#gene-table [data-filter=q]", "<0.01")
    enter(shown, "#gene-table [data-filter=log2_fold_change]", ">1")
    cells = shown.run(
        "[...document.querySelectorAll('#gene-table tbody tr')].map((r) => [+r.cells[3].title, +r.cells[8].title])"
    )
    assert cells
    assert all(change > 1 and q < 0.01 for change, q in cells)
    assert "genes-filter" in shown.run("location.hash")


def test_the_limit_of_q_colours_what_is_below_it(shown):
    """As many dots have another colour than grey as genes have a q below it; at 0 all are grey."""
    coloured = """(() => { const { data } = Bokeh.documents[0].roots()[0].renderers[0].data_source;
      return [data.q.filter((q) => q < LIMIT).length, data.colour.filter((c) => c !== '#c9c9c9').length]; })()"""
    for limit in ("0.05", "0.5", "0"):
        enter(shown, "#limit", limit, "change")
        below, counted = shown.run(coloured.replace("LIMIT", limit))
        assert below == counted
        assert (below == 0) == (limit == "0")
    assert "q=0&" in f"{shown.run('location.hash')}&"


def test_with_shift_a_box_adds_to_what_is_selected(shown):
    x, y, width, height = box_of(shown, "volcano")
    counts = []
    for left, modifiers in ((0.55, 0), (0.15, 8), (0.15, 0)):
        shown.drag((x + left * width, y + 60), (x + (left + 0.3) * width, y + 0.6 * height), modifiers)
        shown.wait("/\\d+ selected/.test(document.querySelector('#hits').textContent)")
        counts.append(int(re.match(r"\d+", shown.run("document.querySelector('#hits').textContent"))[0]))
    right, both, left = counts
    assert both == right + left > right > 0


def test_ones_own_list_is_marked_and_what_is_unknown_is_told(shown):
    shown.run("document.querySelector('.own').open = true")
    enter(shown, "#own", "bglap, Alpl Nonesuch")
    shown.run("document.querySelector('#mark').click()")
    assert sorted(rows(shown)) == ["Alpl", "Bglap"]
    assert "Nonesuch" in shown.run("document.querySelector('#unknown').textContent")


def test_the_address_brings_a_colleague_to_the_same_view(shown, page):
    enter(shown, "#contrast", "mg002_vs_control", "change")
    enter(shown, "#search", "Sost")
    enter(shown, "#gene-table [data-filter=gene]", "so")
    address, seen = shown.run("location.href"), rows(shown)
    shown.open("about:blank")
    shown.open(address)
    shown.wait(READY)
    assert rows(shown) == seen
    assert shown.run("document.querySelector('#contrast').value") == "mg002_vs_control"


def test_an_address_without_a_state_is_that_of_the_first_view(shown, page):
    """The page is open already: what the new address does not tell of must not stay as it was."""
    seen = rows(shown)
    enter(shown, "#contrast", "mg002_vs_control", "change")
    enter(shown, "#limit", "0.3", "change")
    enter(shown, "#search", "Sost")
    enter(shown, "#own", "Alpl")
    shown.run("document.querySelector('#mark').click()")
    enter(shown, "#gene-table [data-filter=q]", "<0.9")
    shown.run("document.querySelector('#tab-ledger').click()")
    assert "q=0.3" in shown.run("location.hash") and rows(shown) != seen
    shown.run("location.hash = ''")
    shown.wait("!document.querySelector('#genes').hidden")
    assert rows(shown) == seen
    fields = {"#contrast": "mg001_vs_pairfed", "#limit": "0.05", "#search": "", "#own": ""}
    assert {name: shown.run(f"document.querySelector('{name}').value") for name in fields} == fields
    assert shown.run("document.querySelector('#chosen').hidden")


@pytest.mark.parametrize("column", [2, 3])
def test_what_is_missing_stands_last_whichever_way_a_column_is_sorted(shown, column):
    """Names of genes and themes are texts; most genes have no theme, made-up ones no name."""
    for _ in range(2):
        shown.run(f"document.querySelectorAll('#gene-table thead button')[{column - 1}].click()")
        assert all(shown.run(f"{ROWS % 'gene-table'}.map((row) => row.cells[{column - 1}].textContent)"))


def test_of_two_endpoints_chosen_at_once_the_later_is_shown(shown):
    """The second, a correlation, has neither animals nor differences between groups."""
    shown.run("document.querySelector('#tab-endpoints').click()")
    shown.wait("document.querySelector('#endpoint-animals').children.length")
    choose = "(name) => { const field = document.querySelector('#endpoint'); field.value = name; field.dispatchEvent(new Event('change')); }"
    drawn = "['endpoint-animals', 'endpoint-changes'].map((id) => document.getElementById(id).children.length > 0)"
    together = "serum_mg~serum_ca"
    for first, second in (("serum_ca", together), (together, "serum_ca")):
        shown.run(f"['{first}', '{second}'].forEach({choose})")
        time.sleep(1)
        assert shown.run(drawn) == [second != together] * 2


def test_pictures_and_tables_go_out_with_the_stamp(shown):
    enter(shown, "#search", "Bglap")
    for kind in ("csv", "svg", "png"):
        shown.run(f"document.querySelector('#genes [data-view=genes][data-export={kind}]').click()")
    base = shown.run("document.title") and "drawn-genes-simulated"
    table = downloaded(shown, f"{base}.csv").read_text(encoding="utf-8-sig")
    assert table.startswith("# simulated data\n")
    assert "Bglap," in table
    drawing = downloaded(shown, f"{base}-volcano.svg").read_text(encoding="utf-8")
    assert "simulated data" in drawing
    assert len(re.findall(r"M\s*[\d.]", drawing)) > N_GENES
    assert len(drawing) < 4e6
    picture = downloaded(shown, f"{base}-ma.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    red = shown.run("""(async () => {
      const canvas = await views_of('ma'); const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      let n = 0; for (let i = 0; i < data.length; i += 4) if (data[i] === 138 && data[i + 1] === 28 && data[i + 2] === 28) n += 1; return n; })()"""
      .replace("await views_of('ma')", f"""await (async () => {{
        const image = new Image(); image.src = 'data:image/png;base64,{__import__("base64").b64encode(picture).decode()}';
        await image.decode(); const c = document.createElement('canvas'); c.width = image.width; c.height = image.height;
        c.getContext('2d').drawImage(image, 0, 0); return c; }})()"""))  # fmt: skip
    assert red > 100, "the frame of the stamp is not in the picture"


def test_two_comparisons_endpoints_and_the_ledger(shown):
    shown.run("document.querySelector('#tab-two').click()")
    shown.wait("document.querySelector('#both').children.length")
    shown.run("document.querySelector('#tab-endpoints').click()")
    enter(shown, "#endpoint", "serum_mg", "change")
    shown.wait("document.querySelector('#endpoint-changes').children.length")
    shown.run("document.querySelector('#tab-ledger').click()")
    enter(shown, "#ledger-table [data-filter=text]", "Serum Mg")
    assert "4-1-1-02" in rows(shown, "ledger-table")
    again = "[...document.querySelectorAll('#ledger-table tbody tr')].map((r) => r.cells[7].textContent)"
    assert "35" in shown.run(again)
    assert "60" in shown.run(again.replace("cells[7]", "cells[9]"))
    enter(shown, "#ledger-table [data-filter=text]", "")
    enter(shown, "#ledger-table [data-filter=verdict]", "not tested", "change")
    verdicts = "[...document.querySelectorAll('#ledger-table tbody tr')].map((r) => r.cells[1].textContent)"
    assert set(shown.run(verdicts)) == {"not tested"}


def test_hostile_names_are_text_and_no_formula(shown):
    enter(shown, "#gene-table [data-filter=gene]", "onerror")
    assert rows(shown) == [HOSTILE]
    shown.run("document.querySelector('#gene-table tbody tr').click()")
    shown.wait("document.querySelector('#gene-animals').children.length")
    assert shown.run("document.querySelectorAll('img[src=x]').length") == 0
    enter(shown, "#gene-table [data-filter=gene]", "=HYPERLINK")
    csv = shown.run(
        f"(() => {{ const f = {FORMULA!r}; return document.querySelector('#gene-table tbody tr').cells[0].textContent === `'${{f}}`; }})()"
    )
    assert csv


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_page_scrolls_sideways(browser, run, width, language):
    browser.events.clear()
    browser.resize(width, 800)
    page = write_explorer(
        Tables(run.dataset, run.figures_folder, run.derived_folder, run.build_folder, language)
    )
    browser.open("about:blank")
    browser.open(f"{page.as_uri()}#gene=Bglap")
    browser.wait(READY)
    assert browser.run("document.documentElement.lang") == language
    assert (
        browser.run("document.querySelector('.strip').textContent")
        == {"en": "simulated data", "ja": "シミュレーションデータ"}[language]
    )
    for tab in ("genes", "two", "endpoints", "ledger"):
        browser.run(f"document.querySelector('#tab-{tab}').click()")
        assert browser.run("document.scrollingElement.scrollWidth - innerWidth") <= 0, tab
    assert browser.complaints() == []


def test_a_dark_screen_gets_the_same_page(shown):
    """Pictures are taken away to be printed: the page stays light, and so do its fields."""
    shown.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    inks = shown.run("""['body', '#search', '#genes button', '#gene-table td'].map((which) => {
      const { color } = getComputedStyle(document.querySelector(which)); return color; })""")
    fields = shown.run("getComputedStyle(document.querySelector('#search')).backgroundColor")
    shown.send("Emulation.setEmulatedMedia", features=[])
    assert set(inks) == {"rgb(26, 26, 26)"}
    assert fields == "rgb(255, 255, 255)"


def test_a_page_of_measured_data_has_no_stamp(tmp_path, monkeypatch):
    html = render(explored_run(tmp_path, monkeypatch, "measured", n_genes=200))
    assert 'role="note"' not in html


def test_the_policy_allows_these_scripts_alone(page):
    html = page.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1].replace("&#39;", "'")
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert len(re.findall("sha256-", policy)) == html.count("<script>") == 3
