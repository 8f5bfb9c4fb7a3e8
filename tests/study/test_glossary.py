"""One thing has one Japanese name, and one style of writing."""

import re

import pytest
from helpers.japanese import latin_share, terms, texts

from mgbone.course.glossary import load_terms
from mgbone.study.language import speaking

TEXTS = list(texts())


def test_the_glossary_names_each_thing_once():
    for key in ("en", "ja"):
        names = [term[key] for term in terms()]
        assert len(set(names)) == len(names)
    assert not {bad for term in terms() for bad in term.get("avoid", ())} & {term["ja"] for term in terms()}


def test_every_term_is_explained_in_both_languages_and_read_aloud():
    assert len(terms()) >= 70
    for term in terms():
        bilingual = {f"{key}{language}" for key in ("means", "find", "unless") for language in ("", "_ja")}
        assert set(term) <= {"en", "ja", "reading", "avoid"} | bilingual, term["en"]
        assert re.fullmatch(r"[ぁ-んァ-ヶー]+", term["reading"]), term["en"]
        assert re.fullmatch(r"[^.]+(?:\.\d[^.]*)*\.", term["means"], re.S), term["en"]
        assert term["means_ja"].endswith(("です。", "ます。", "せん。")), term["en"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_spelling_of_a_term_is_idle(language):
    """A name is found without being told, and so is the plural in s of whatever is told."""
    with speaking(language):
        for term in load_terms():
            told = term.find_ja if language == "ja" else term.find
            assert told != (term.name,), term.en
            ending = "" if language == "ja" else "s"
            assert len({s.lower().removesuffix(ending) for s in told}) == len(told), term.en


@pytest.mark.parametrize("term", [t for t in terms() if "avoid" in t], ids=lambda term: term["en"])
def test_no_forbidden_variant_stands_anywhere(term):
    found = [(where, bad) for where, text in TEXTS for bad in term["avoid"] if bad in text]
    assert found == [], f"write {term['ja']}"


@pytest.mark.parametrize(
    ("style", "pattern"),
    [
        ("、 for a comma, 。 for a full stop", r"[，．；]"),
        ("％ after a number", r"\d ?%(?![\w(}])"),
        ("～ for a range", r"〜|\d ～ \d"),
        ("half-width digits", r"[０-９]"),
        ("p値 and q値, unless a number follows", r"(?<![\w`{*%])[pq] ?[がをはのに]"),
        ("what is seen is みられる", r"差[のはも]見られ"),
        ("a cell of the density map is 項目, a region 部位", r"有意なセル|空のセル|16個のセル|領域の骨密度"),
        ("a threshold of a scanner is しきい値, a limit 基準", r"閾値|p値が限界"),
        ("a statement of an effect is 「差あり」の記述", r"影響が?あ(り|るという)の?記述"),
        ("a statement of an absence is 「差なし」の記述", r"差(がない|なし)(という)?の?記述"),
        ("what data exclude is 否定, what is left out 除外", r"差[がを]?[^、。]{0,8}除外|除外でき"),
        ("what is changed in a text is 書き換え", r"書きかえ"),
        ("a map of densities is 図", r"差の一覧|一覧\d+枚"),
        ("what is eaten is 摂食量, 飼料摂取量 as an endpoint", r"飼料摂取量[でをの]"),
        ("arrays that don't fall apart: クラスターなし", r"「混ざる」|アレイが混在|混ざるか"),
        ("the shapes over doses are Mg濃度順 and 最大", r"一方向の変化|での頂点|頂点の場所|頂点を選ぶ"),
        ("what data are drawn from is ベースライン, a limit 基準値", r"同じ基準値から"),
    ],
)
def test_texts_are_written_in_one_style(style, pattern):
    assert [(where, text) for where, text in TEXTS if re.search(pattern, text)] == [], style


def test_the_share_of_latin_letters_leaves_names_and_symbols_aside():
    assert latin_share("血清Mg濃度はTukey-Kramer法（p < 0.05）で e1-mg001-2 を除く") == 0
    assert latin_share("Serum magnesium fell") == 1
    assert latin_share("血清 serum") == pytest.approx(5 / 7)
