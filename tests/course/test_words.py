"""Terms linked where a notebook uses them first, and the glossary that leads back."""

import re
from urllib.parse import unquote

import nbformat
import pytest
from helpers import ROOT

from mgbone.course.glossary import Uses, glossary_notebook, link_terms, load_terms
from mgbone.execute.pages import page_of
from mgbone.study.language import in_language, use_language

STEMS = ["01_biochem", "02_qct", "03_microarray", "04_integration", "05_certainty"]


def linked(source, language="en", stem="01_biochem", uses=None):
    use_language(language)
    cells = [
        nbformat.v4.new_markdown_cell(text) for text in ([source] if isinstance(source, str) else source)
    ]
    link_terms(nbformat.v4.new_notebook(cells=cells), stem, uses)
    return "\n".join(cell.source for cell in cells)


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("en", "Serum and osteocalcin.", "Serum and [osteocalcin](glossary.ipynb#osteocalcin)."),
        ("en", "The verdicts of a verdict", "The [verdicts](glossary.ipynb#verdict) of a verdict"),
        ("en", "Degrees of\nfreedom", "[Degrees of\nfreedom](glossary.ipynb#degrees-of-freedom)"),
        ("en", "The pair-fed group", "The [pair-fed](glossary.ipynb#pair-fed-group) group"),
        ("en", "`p` and [p](x) and pH, \n# p\n", "`p` and [p](x) and pH, \n# p\n"),
        ("en", "<summary>p</summary><b title='p'>", "<summary>p</summary><b title='p'>"),
        ("en", "**Severity** is", "[**Severity**](glossary.ipynb#severity) is"),
        ("en", "**All of severity** is", "**All of severity** is"),
        ("en", "Serum P, cv and p", "Serum P, cv and [p](glossary.ipynb#p-value)"),
        ("en", "Two to the\npower of it. Power", "Two to the\npower of it. [Power](glossary.ipynb#power)"),
        ("en", "The unscaled standard error (NUSE)", "The unscaled standard error (NUSE)"),
        ("ja", "等分散を仮定しない。仮定", "等分散を仮定しない。[仮定](glossary.ipynb#仮定)"),
        ("ja", "バックグラウンドを差し引く", "バックグラウンドを差し引く"),
        ("ja", "骨密度の判定", "[骨密度](glossary.ipynb#骨密度)の[判定](glossary.ipynb#判定)"),
        ("ja", "有意差と不有意、有意", "有意差と不有意、[有意](glossary.ipynb#有意)"),
        ("ja", "標準偏差（SD）とSD", "[標準偏差](glossary.ipynb#標準偏差)（SD）とSD"),
    ],
)
def test_the_first_use_is_linked_where_a_link_can_stand(language, source, expected):
    assert linked(source, language) == expected


def test_the_heading_above_is_where_the_glossary_leads_back_to():
    uses = Uses()
    linked(["# 01 · Title\n\nA verdict.", "## 2 Look (twice)", "Here is CTX-I."], uses=uses)
    cells = {cell.id: cell.source for cell in glossary_notebook(uses).cells}
    assert "Used in: [01 · Title](01_biochem.ipynb#01-·-Title)" in cells["verdict"]
    assert "[01 · 2 Look (twice)](01_biochem.ipynb#2-Look-%28twice%29)" in cells["ctx-i"]
    assert "Used in" not in cells["outlier"]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ja"])
def test_links_of_all_notebooks_lead_to_headings_and_back(language):
    use_language(language)
    uses, pages = Uses(), {}
    for stem in STEMS:
        node = in_language(nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4), stem)
        pages[stem] = page_of(node, stem)
        link_terms(node, stem, uses)
    pages["glossary"] = page_of(glossary_notebook(uses), "glossary")
    assert len(uses.places) >= 70
    ids = {stem: set(re.findall(r'id="([^"]+)"', page)) for stem, page in pages.items()}
    for stem, page in pages.items():
        found = re.findall(r'href="(\w+)\.html#([^"]+)"', page)
        assert len(found) > 20, stem
        broken = [
            (to, at) for to, at in found if to in ids and unquote(at) not in {unquote(i) for i in ids[to]}
        ]
        assert broken == [], stem


def test_terms_stand_in_the_order_of_the_language():
    use_language("ja")
    readings = [term.reading for term in sorted(load_terms(), key=lambda term: term.reading)]
    cells = glossary_notebook(Uses()).cells[1:]
    assert [re.search(r"· ([ぁ-んァ-ヶー]+)", cell.source)[1] for cell in cells] == readings
    use_language("en")
    names = [re.match("## (.+)", cell.source)[1].lower() for cell in glossary_notebook(Uses()).cells[1:]]
    assert names == sorted(names)
