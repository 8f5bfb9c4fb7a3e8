"""The page to hand on: every number traced to its row, nothing fetched, readable on a phone and on paper."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import astuple
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from helpers import ROOT
from helpers.lab_folders import book, lab_folder
from helpers.languages import speak
from helpers.small_run import small_run, texts

from mgbone.dataset.lab.folder import HOWTO_SHEET, TITLE, TITLE_JA
from mgbone.execute.cli import main
from mgbone.execute.report import provenance
from mgbone.execute.report.numbers import number, shown
from mgbone.execute.report.page import render, write_page
from mgbone.execute.report.pictures import pictures
from mgbone.execute.report.provenance import Layout
from mgbone.execute.report.words import THRESHOLDS
from mgbone.execute.stamps import DIGEST, NOTES, record_check
from mgbone.figures import canvas
from mgbone.figures.save import save_figure
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr
from mgbone.study.ledger import VERDICTS, load_claims

VOID = {"meta", "img", "br", "link", "input", "hr"}
RESULTS = ("summary", "map", "doses", "ledger", "comparisons")


class Page(HTMLParser):
    """The page as a list of elements, each with its tag, attributes, text and the elements around it."""

    def __init__(self, html):
        super().__init__()
        self.html, self.open, self.elements = html, [], []
        self.feed(html)
        assert self.open == [], "an element is not closed"

    def handle_starttag(self, tag, attrs):
        element = SimpleNamespace(tag=tag, attrs=dict(attrs), text="", own="", around=list(self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        for element in self.open:
            element.text += data
        if self.open:
            self.open[-1].own += data

    def find(self, tag=None, **attrs):
        wanted = {name.rstrip("_"): value for name, value in attrs.items()}
        return [e for e in self.elements if tag in (None, e.tag) and wanted.items() <= e.attrs.items()]

    def within(self, section):
        return [e for e in self.elements if any(o.attrs.get("id") == section for o in e.around)]


@pytest.fixture(scope="module", params=["simulated-en", "measured-ja"])
def layout(request, tmp_path_factory):
    kind, language = request.param.split("-")
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield small_run(tmp_path_factory.mktemp("run"), kind, language, monkeypatch)


@pytest.fixture(scope="module")
def html(layout):
    return render(layout)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@pytest.fixture(scope="module")
def evidence(layout):
    table = texts(layout.derived / "evidence.csv")
    return table.set_index(table["experiment"] + "|" + table["endpoint"] + "|" + table["contrast"])


@pytest.mark.slow
def test_what_deserves_a_second_look_stands_in_the_methods(layout, html):
    assert 'id="doubts"' not in html and 'id="notes"' not in html
    said = {"doubts": ["serum.csv, column serum_mg: <b> 24 of 24 values"], "notes": ["urine.csv: left out."]}
    record_check(layout.data, layout.build, 0, **said)
    page = Page(render(layout))
    for name, (line,) in said.items():
        (heading,) = page.find("h3", id=name)
        assert "methods" in [one.attrs.get("id") for one in heading.around]
        assert line in [one.text for one in page.within("methods") if one.tag == "li"]
    (link,) = page.find("a", href="#doubts")
    assert link.text == speak(layout.language, lambda: tr("Worth a second look")) + " (1)"
    for name in (NOTES, DIGEST):
        (layout.build / name).unlink()


# --- numbers -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_number_is_the_one_in_its_row_of_evidence(page, evidence):
    numbers = page.find("data")
    assert len(numbers) > 13 * len(evidence)
    for element in numbers:
        raw = evidence.loc[element.attrs["data-row"], element.attrs["data-column"]]
        assert element.attrs["value"] == raw
        text = element.text.replace("\u2212", "-")
        mantissa, _, exponent = text.partition("e")
        unit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
        assert abs(float(text) - float(raw)) <= 0.500001 * unit, (element.attrs, text)


def test_no_digit_in_the_results_stands_outside_a_number_a_name_or_a_count(page):
    """What is left after numbers, names (class label) and counts (tested below) may hold no figure."""
    known = ("label", "counts", "id", "ids", "name")
    for section in RESULTS:
        for e in page.within(section):
            chain = [*e.around, e]
            named = any(set(o.attrs.get("class", "").split()) & set(known) for o in chain)
            if e.tag == "data" or named or "data-verdict" in e.attrs or e.tag == "a":
                continue
            assert not re.search(r"\d", e.own), (section, e.tag, e.attrs, e.own)


def test_every_row_of_evidence_is_on_the_page(page, evidence):
    columns = {
        (e.attrs["data-row"], e.attrs["data-column"]) for e in page.within("comparisons") if e.tag == "data"
    }
    wanted = [
        "n_case", "n_reference", "mean_case", "sd_case", "mean_reference", "sd_reference", "estimate",
        "ci_low", "ci_high", "hedges_g", "g_low", "g_high", "p",
    ]  # fmt: skip
    assert columns == {
        (row, column) for row in evidence.index for column in wanted if evidence.loc[row, column]
    }


def test_every_statement_shows_its_numbers(page, layout, evidence):
    for row in texts(layout.derived / "verdicts.csv").to_dict("records"):
        (fold,) = page.find("details", id=f"c-{row['claim_id']}")
        inside = [e for e in page.elements if fold in e.around]
        key = f"{row['experiment']}|{row['endpoint']}|{row['contrast']}"
        columns = {e.attrs["data-column"] for e in inside if e.tag == "data"}
        assert {e.attrs["data-row"] for e in inside if e.tag == "data"} <= {key}
        if key in evidence.index:
            assert {"estimate", "ci_low", "ci_high", "hedges_g", "p", "n_case", "n_reference"} <= columns
        else:
            assert row["verdict"] == "not_tested"
            assert columns == set()


def test_a_statement_says_how_likely_it_is_found_again(page, layout):
    """By the certainty.csv of the run; what it holds of another verdict is of an older one."""

    def said(claim):
        (fold,) = page.find("details", id=f"c-{claim}")
        return fold.text

    trend = {
        row["claim_id"]: row["verdict"] for row in texts(layout.derived / "verdicts.csv").to_dict("records")
    }
    numbers = ("35 % (61 % if", "12 animals") if layout.language == "en" else ("35％（真値が", "各群12匹")
    others = ("0.995", "60 %" if layout.language == "en" else "60％", "p = 0.014")
    assert all(number in said("4-1-1-02") for number in others)
    assert not any(number in said("4-1-1-03") for number in others)
    assert all(number in said("4-1-1-02") for number in numbers)
    assert numbers[0] not in said("4-1-1-03")
    assert trend["4-1-2-04"] != "not_tested"
    assert numbers[0] in said("4-1-2-04") and numbers[1] not in said("4-1-2-04")


def test_counts_are_those_of_the_verdicts(page, layout):
    verdicts = texts(layout.derived / "verdicts.csv")
    cells = [e for e in page.find("td") if "data-verdict" in e.attrs]
    kinds = verdicts[["asserts", "section", "domain"]].drop_duplicates()
    assert len(cells) == (len(kinds) + 2) * 5
    for cell in cells:
        rows = verdicts
        for column in ("asserts", "section", "domain", "verdict"):
            if cell.attrs[f"data-{column}"]:
                rows = rows[rows[column] == cell.attrs[f"data-{column}"]]
        assert cell.text == str(len(rows)), cell.attrs


def test_statements_of_an_effect_are_counted_apart_and_the_missed_ones_listed(page, layout):
    verdicts = texts(layout.derived / "verdicts.csv")
    (listed,) = page.find("ul", id="split")
    lines = [e.text for e in page.find("li") if listed in e.around]
    for line, asserts in zip(lines, ("effect", "absence"), strict=True):
        counts = verdicts.loc[verdicts["asserts"] == asserts, "verdict"].value_counts()
        told = [counts.sum(), counts.get("reproduced", 0), *counts.drop("reproduced", errors="ignore")]
        assert sorted(re.findall(r"\d+", line)) == sorted(str(n) for n in told)
    assert str(len(verdicts)) not in re.findall(r"\d+", listed.text)  # no sum of what can't be added up
    missed = [
        e for e in page.elements if e.tag == "a" and any(o.attrs.get("class") == "missed" for o in e.around)
    ]
    assert [e.text for e in missed] == verdicts.loc[verdicts["verdict"] != "reproduced", "claim_id"].tolist()


def test_counts_of_a_dose_are_those_of_its_rows(page, evidence):
    counted = [e for e in page.within("doses") if "data-quiet" in e.attrs]
    assert len(counted) == 3
    for element in counted:
        experiment, contrast = element.attrs["data-contrast"].split("|")
        rows = evidence[(evidence["experiment"] == experiment) & (evidence["contrast"] == contrast)]
        quiet = str((rows["level"] == "none").sum())
        assert (element.attrs["data-quiet"], element.attrs["data-total"]) == (quiet, str(len(rows)))
        assert sorted(re.findall(r"\d+", element.text)) == sorted([quiet, str(len(rows))])


@pytest.mark.parametrize(
    ("column", "values", "text"),
    [
        ("estimate", {"estimate": "-1.29875", "ci_low": "-1.495168108", "ci_high": "-1.102331892"}, "−1.30"),
        ("ci_high", {"estimate": "0.0525", "ci_low": "-0.578", "ci_high": "0.6831569984"}, "+0.683"),
        ("estimate", {"estimate": "0.0525", "ci_low": "-0.578", "ci_high": "0.6831569984"}, "+0.052"),
        ("estimate", {"estimate": "20.66", "ci_low": "-2.04", "ci_high": "43.36"}, "+20.7"),
        ("estimate", {"estimate": "1234.5", "ci_low": "", "ci_high": ""}, "+1234"),
        ("ci_low", {"estimate": "100.2", "ci_low": "-0.4", "ci_high": "200"}, "0"),
        ("mean_case", {"mean_case": "0.82", "mean_reference": "2.11875"}, "0.82"),
        ("hedges_g", {"hedges_g": "-9.74918193"}, "−9.75"),
        ("p", {"p": "4.0889514e-13"}, "4.1e−13"),
        ("p", {"p": "0.04962"}, "0.0496"),
        ("n_case", {"n_case": "8"}, "8"),
    ],
)
def test_numbers_are_rounded_together(column, values, text):
    assert shown({"mean_case": "10", **values}, column) == text


def test_what_is_no_difference_has_no_sign():
    assert shown({"mean_case": "", "estimate": "2.0996"}, "estimate") == "2.10"
    assert shown({"mean_case": "", "estimate": "-0.8225"}, "estimate") == "−0.823"
    assert shown({"mean_case": "", "hedges_g": "0.8", "estimate": "0.1668"}, "estimate") == "+0.167"


def test_a_missing_number_leaves_nothing():
    row = {"experiment": "exp1", "endpoint": "x", "contrast": "a_vs_b", "p": ""}
    assert number(row, "p") == ""
    assert number(row, "estimate") == ""


# --- words -------------------------------------------------------------------------------------------


def test_statements_stand_in_the_language_of_the_page(page, layout):
    claims = load_claims()
    own, other = ("en", "ja") if layout.language == "en" else ("ja", "en")
    assert page.find("html")[0].attrs["lang"] == layout.language
    for claim in claims.to_dict("records"):
        (fold,) = page.find("details", id=f"c-{claim['claim_id']}")
        assert claim[f"statement_{own}"] in fold.text
        assert claim[f"statement_{other}"] not in page.html


def test_the_page_about_simulated_data_says_so_and_the_other_one_never(page, layout):
    stamps = page.find("span", class_="stamp")
    headings = page.find("h2")
    if layout.is_simulated:
        assert all(any(h in s.around for s in stamps) for h in headings)
        assert "Simulated data" in page.find("title")[0].text
        assert page.find("p", class_="strip")
        assert "@bottom-left" in page.html
    else:
        readable = re.sub(r"base64,[A-Za-z0-9+/=]+", "", page.html).lower()
        assert "simulat" not in readable
        assert "シミュレーション" not in readable
        assert stamps == []
        assert "測定データ" in page.html


def test_a_verdict_is_a_word_and_a_mark_never_a_colour_alone(page):
    badges = [e for e in page.find("span") if "badge" in e.attrs.get("class", "").split()]
    folds = page.find("details", class_="statement")
    assert len(folds) == 87
    for badge in badges:
        if badge.attrs.get("aria-hidden") is None:
            assert re.fullmatch(r"[✓≈✗?] \S.*", badge.text), badge.text
    for fold in folds:
        assert any(fold in badge.around for badge in badges)
    cells = [e for e in page.within("map") if e.tag == "a" and e.attrs["href"].startswith("#c-")]
    assert len(cells) == 87
    assert all(e.text.split()[-1] in "✓≈✗?" and e.attrs["aria-label"] for e in cells)


def test_every_assumption_and_threshold_of_the_study_is_told(page, layout, study):
    for assumption in study.assumptions:
        (entry,) = page.find("div", id=f"a-{assumption['id']}")
        language = next(e for e in page.elements if entry in e.around and e.tag == "dt").attrs["lang"]
        assert language == layout.language, assumption["id"]
        ending = "_ja" if language == "ja" else ""
        for part in ("decision", "reason"):
            assert " ".join(assumption[part + ending].replace("`", "").split()) in " ".join(
                entry.text.split()
            )
    values = [f"{value:g}" for value in study.thresholds.values()]
    table = next(e for e in page.find("table") if list(THRESHOLDS.values())[3] in e.text
                 or speak("ja", tr, list(THRESHOLDS.values())[3]) in e.text)  # fmt: skip
    cells = [e.text for e in page.find("td") if table in e.around]
    assert cells == values


def test_a_title_is_text_not_markup(page):
    assert "<both>" not in page.html
    assert any("Serum & urine <both>" in e.attrs["alt"] for e in page.find("img"))


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "How each of the many endpoints of this long study follows the magnesium of the diet " * 2),
        (
            "ja",
            "飼料中のMg濃度に対する血清，尿，骨密度および遺伝子発現の各指標の変化を用量ごとに並べた図" * 3,
        ),
    ],
)
def test_a_headline_broken_into_lines_is_whole_again_in_the_file(language, title, tmp_path):
    figure, _ = speak(language, canvas.new_figure, 1, 1, title=title.strip())
    assert "\n" in figure.texts[0].get_text()
    drawing = save_figure(figure, tmp_path, "wide")[1].read_text(encoding="utf-8")
    assert f"<dc:title>{title.strip()}</dc:title>" in drawing


# --- provenance --------------------------------------------------------------------------------------


def test_it_says_what_it_was_made_from(page, layout):
    files = {file.name: file for file in layout.data_files}
    assert f"data/{layout.name}/serum.csv" in files
    for file in files.values():
        assert file.sha256 in page.html
        assert file.name in page.html
    for package in provenance.packages():
        assert package.version, package.name
        (row,) = [e for e in page.find("th", scope="row") if e.text == package.name]
        assert package.version in row.around[-1].text
    seed = str(layout.descriptor.seed)
    assert any(e.text == seed for e in page.find("code")) == layout.is_simulated
    assert f"make report {layout.settings}" in page.html
    assert provenance.python_version() in page.html


def test_it_names_no_folder_of_this_machine(html, layout):
    assert str(layout.data.parent) not in html
    assert str(ROOT) not in html


def test_the_commit_is_that_of_the_folder_and_none_without_git(tmp_path, monkeypatch):
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not there")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "study.yml").write_text("")
    monkeypatch.setenv("MGBONE_ROOT", str(tmp_path))
    assert provenance.commit() is None
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (
        ["init", "-q"],
        ["add", "."],
        [*who, "commit", "-qm", "first", "--date=2026-01-31T12:00:00Z"],
    ):
        subprocess.run([git, *arguments], cwd=tmp_path, check=True, capture_output=True)
    head = subprocess.run(
        [git, "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert provenance.commit().id == head.stdout.strip()
    assert not provenance.commit().changed
    (tmp_path / "data" / "study.yml").write_text("changed: 1\n")
    assert provenance.commit().changed
    assert provenance.day_of_publication([]) == provenance.commit().date[:10]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert provenance.day_of_publication([]) == "1970-01-02"


# --- the file itself ---------------------------------------------------------------------------------


def test_the_same_run_gives_the_same_bytes(html, layout):
    assert render(layout) == html


def test_it_fetches_nothing(page):
    for element in page.elements:
        assert element.tag not in ("link", "iframe", "object", "embed", "video", "audio", "base")
        for name in ("src", "href", "srcset", "poster", "action", "data"):
            value = element.attrs.get(name)
            assert value is None or value.startswith(("data:image/", "#")), (element.tag, value)
    assert (
        re.findall(
            r"@import|url\(|fetch\(|XMLHttp|WebSocket|https?://", re.sub(r"base64,[^\"]+", "", page.html)
        )
        == []
    )


def test_links_lead_somewhere_and_names_are_given_once(page):
    ids = [e.attrs["id"] for e in page.elements if "id" in e.attrs]
    assert len(ids) == len(set(ids))
    targets = [unquote(e.attrs["href"][1:]) for e in page.find("a")]
    assert len(targets) > 87
    assert sorted(set(targets) - set(ids)) == []


def test_every_figure_stands_there_once_and_statements_lead_to_it(page, layout):
    images = page.find("img")
    assert len(images) == 3
    for name in ("01_minerals", "02_density_map", "04_per_dose"):
        (figure,) = page.find("figure", id=f"fig-{name}")
        (image,) = [e for e in images if figure in e.around]
        kind, data = re.fullmatch(r"data:image/(svg\+xml|png);base64,(.+)", image.attrs["src"]).groups()
        ending = "svg" if "svg" in kind else "png"
        assert base64.b64decode(data) == (layout.figures / f"{name}.{ending}").read_bytes()
        assert len(image.attrs["alt"]) > 5
    verdicts = texts(layout.derived / "verdicts.csv")
    for row in verdicts[verdicts["figure"] != ""].to_dict("records"):
        (fold,) = page.find("details", id=f"c-{row['claim_id']}")
        assert f"#fig-{Path(row['figure']).stem}" in [
            e.attrs["href"] for e in page.find("a") if fold in e.around
        ]


def test_headings_tables_and_boxes_are_told_apart_without_seeing(page):
    levels = [int(e.tag[1]) for e in page.elements if re.fullmatch(r"h\d", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    for table in page.find("table"):
        assert any(table in e.around and e.text.strip() for e in page.find("caption"))
        assert all(e.attrs.get("scope") for e in page.find("th") if table in e.around)
    for box in page.find("div", class_="scroll"):
        assert (box.attrs["role"], box.attrs["tabindex"]) == ("region", "0")
        assert box.attrs["aria-label"]


def contrast(first, second):
    """Contrast of two colours after WCAG 2.1."""

    def light(colour):
        colour = colour.lstrip("#")
        parts = [
            int(c * (2 if len(colour) == 3 else 1), 16) / 255
            for c in re.findall("." if len(colour) == 3 else "..", colour)
        ]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((light(first), light(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_letters_stand_out_from_their_ground():
    css = (ROOT / "src/mgbone/execute/report/page.css").read_text(encoding="utf-8")
    named = dict(re.findall(r"--(\w+): (#[0-9a-f]+)", css))
    for ink in ("ink", "quiet", "warn", "good", "link"):
        assert contrast(named[ink], "#fff") >= 4.5, ink
    assert contrast(named["warn"], "#fff4f2") >= 4.5
    assert contrast(named["quiet"], "#fff6d6") >= 4.5
    grounds = {v: re.search(rf"^\.{v} \{{ background: (#\w+)", css, re.M)[1] for v in VERDICTS}
    for verdict, ground in grounds.items():
        assert contrast("#fff" if verdict == "contradicted" else named["ink"], ground) >= 4.5, verdict
    assert contrast(re.search(r"^\.implied \{ color: (#\w+)", css, re.M)[1], grounds["reproduced"]) >= 4.5


def test_the_shipped_figures_fit_into_six_megabytes():
    names = [path.stem for path in (ROOT / "figures" / "simulated").glob("04_*.png")]
    names += ["01_design", "01_growth", "01_minerals", "01_formation", "01_resorption", "02_density_map",
              "03_cohesion", "03_enrichment"]  # fmt: skip
    here = Layout()
    found = pictures(here, names)
    assert len(found) == len(names) >= 12
    assert sum(len(picture.uri) for picture in found.values()) < 5.3e6


# --- runs that lack something ------------------------------------------------------------------------


@pytest.fixture
def bare(layout, tmp_path):
    """A copy of the run, to take things away from."""
    folder = shutil.copytree(layout.derived.parents[1], tmp_path / "run")
    places = (folder / part for part in ("figures", "derived", "build"))
    return Layout(folder / "data" / layout.name, *places, layout.language)


def test_without_verdicts_the_comparisons_remain(bare):
    (bare.derived / "verdicts.csv").unlink()
    table = texts(bare.derived / "evidence.csv")
    table[table["endpoint"] == "serum_ca"].head(2).to_csv(bare.derived / "evidence.csv", index=False)
    page = Page(render(bare))
    assert page.find("section", id="ledger") == []
    assert page.find("section", id="map") == []
    assert (
        speak(
            bare.language,
            tr,
            "No statement of the report was judged in this run; the comparisons stand below.",
        )
        in page.html
    )
    assert len([e for e in page.elements if e.attrs.get("id", "").startswith("e-")]) == 2


def test_without_a_single_comparison_it_says_so(bare):
    for name in ("evidence", "verdicts"):
        texts(bare.derived / f"{name}.csv").head(0).to_csv(bare.derived / f"{name}.csv", index=False)
    page = Page(render(bare))
    assert speak(bare.language, tr, "No comparison was made in this run.") in page.html
    assert page.find("data") == []


def test_a_figure_that_is_gone_is_named_not_linked(bare):
    for file in bare.figures.glob("01_minerals.*"):
        file.unlink()
    page = Page(render(bare))
    assert len(page.find("img")) == 2
    assert "#fig-01_minerals" not in page.html
    assert speak(bare.language, tr, "{name}, which is not there", name="01_minerals") in page.html


def test_an_endpoint_and_a_contrast_of_other_names_are_shown_as_they_are(bare):
    table = texts(bare.derived / "evidence.csv")
    table.loc[0, ["endpoint", "contrast", "domain"]] = ["grip_strength", "mg999_vs_control", "muscle"]
    table.to_csv(bare.derived / "evidence.csv", index=False)
    html = render(bare)
    assert "grip strength" in html
    assert "mg999" in html


@pytest.mark.slow
def test_a_page_tells_of_the_files_that_were_checked_only(bare, capsys):
    """Whatever was changed, added or taken away between check and page, the time that it bears included."""
    known, unknown = (
        "The dataset was checked before the notebooks ran; as this page was written, every file of it still "
        "had the same content.",
        "No check is recorded with this run, so whether the notebooks read these very files is not known; "
        "make report records it.",
    )

    def page():
        return render(Layout(*astuple(bare)))

    assert speak(bare.language, tr, unknown) in page()
    record_check(bare.data, bare.build, 0)
    assert speak(bare.language, tr, known) in page()
    assert speak(bare.language, tr, unknown) not in page()
    table = bare.data / "animals.csv"
    kept, times = table.read_bytes(), table.stat()
    table.write_bytes(kept.replace(b"1", b"2", 1))
    os.utime(table, ns=(times.st_atime_ns, times.st_mtime_ns))
    folders = [f"--{part}={getattr(bare, f'{part}_folder')}" for part in ("figures", "derived", "build")]
    assert main(["report", f"--dataset={bare.dataset}", f"--language={bare.language}", *folders]) == 1
    said = N_("{name}: {files} changed after the notebooks ran. Run them again: make report {settings}")
    told = speak(bare.language, tr, said, name=bare.name, files="animals.csv", settings=bare.settings)
    assert told in capsys.readouterr().err
    assert not (bare.build / "report.html").exists()
    table.write_bytes(kept)
    (bare.data / "more.csv").write_text("x")
    with pytest.raises(MgboneError, match=r"more\.csv"):
        page()
    (bare.data / "more.csv").unlink()
    table.unlink()
    with pytest.raises(MgboneError, match=r"animals\.csv"):
        page()


def test_without_a_run_there_is_one_sentence(bare, capsys):
    (bare.derived / "evidence.csv").unlink()
    with pytest.raises(
        MgboneError, match=f"no evidence.csv. Run the notebooks first: make all DATASET=.*{bare.name}"
    ):
        write_page(bare, bare.build / "report.html")
    assert not (bare.build / "report.html").exists()
    folders = [f"--{part}={getattr(bare, f'{part}_folder')}" for part in ("figures", "derived", "build")]
    assert main(["report", f"--dataset={bare.dataset}", *folders]) == 1
    assert capsys.readouterr().err.startswith("mgbone: ")


def test_a_folder_without_a_descriptor_gets_its_report_too(bare, capsys):
    shutil.rmtree(bare.dataset)
    lab_folder(bare.dataset)
    title = ("Bones 2026", "骨 2026")

    def add_titles(workbook):
        sheet = workbook.create_sheet(HOWTO_SHEET, 0)
        sheet.append([TITLE_JA, title[1]])
        sheet.append([TITLE, title[0]])

    book(add_titles)(bare.dataset)
    folders = [f"--{part}={getattr(bare, f'{part}_folder')}" for part in ("figures", "derived", "build")]
    assert main(["report", f"--dataset={bare.dataset}", f"--language={bare.language}", *folders]) == 0
    page = (bare.build / "report.html").read_text(encoding="utf-8")
    assert title[bare.language == "ja"] in page
    assert "lab.xlsx" in page
    crate = json.loads((bare.build / "crate" / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    graph = {entity["@id"]: entity for entity in crate["@graph"]}
    said = "測定データ" if bare.language == "ja" else "Measured data"
    assert said in graph[f"data/{bare.name}/"]["description"]
    used = {one["@id"] for one in graph["#run-01_biochem"]["object"]}
    assert f"data/{bare.name}/lab.xlsx" in used


def test_the_command_writes_page_and_crate(bare, capsys):
    folders = [f"--{part}={getattr(bare, f'{part}_folder')}" for part in ("figures", "derived", "build")]
    assert main(["report", f"--dataset={bare.dataset}", f"--language={bare.language}", *folders]) == 0
    assert (bare.build / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert (bare.build / "crate" / "ro-crate-metadata.json").is_file()
    said = capsys.readouterr().out
    assert "report.html" in said
    assert "RO-Crate" in said


# --- in a browser ------------------------------------------------------------------------------------

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: apt install chromium)")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
    "--no-pdf-header-footer", "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=8000",
    "--enable-logging=stderr",
)  # fmt: skip
EARLY = "<script>window.faults = []; addEventListener('error', (e) => faults.push(e.message), true);</script>"
PROBE = """<script>
addEventListener("load", () => {
  if (location.search) document.querySelectorAll("details").forEach((d) => { d.open = true; });
  const images = [...document.images];
  const box = document.scrollingElement;
  const outside = [...document.querySelectorAll("main *")].filter((e) =>
    !e.closest(".scroll") && !e.closest("pre") && e.getBoundingClientRect().right > innerWidth + 1);
  const target = location.hash && document.getElementById(location.hash.slice(1));
  parent.postMessage({
    width: innerWidth, overflow: box.scrollWidth - innerWidth, outside: outside.map((e) => e.outerHTML),
    broken: images.filter((i) => !i.complete || !i.naturalWidth).length, images: images.length, faults,
    fetched: performance.getEntriesByType("resource").map((r) => r.name).filter((n) => !/^data:/.test(n)),
    target: target ? target.open : null, letters: document.body.innerText.length,
  }, "*");
});
</script>"""
PARENT = """<!DOCTYPE html><pre id="answers"></pre><script>
const answers = [];
addEventListener("message", (m) => {
  answers.push(m.data); document.getElementById("answers").textContent = JSON.stringify(answers);
});
</script>%s"""


def chromium(folder, *arguments):
    """Run Chromium once without a screen and without a network; return the finished process."""
    profile = folder / "profile"
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *map(str, arguments)]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    return answer


@pytest.fixture(scope="module")
def answers(html, tmp_path_factory):
    """What the page says of itself in frames as wide as a phone and a screen, folded and unfolded."""
    folder = tmp_path_factory.mktemp("browser")
    script = re.search(r"<script>(.*)</script>", PROBE, re.S)[1].encode()
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    copy = html.replace("<head>", f"<head>{EARLY}", 1).replace("</body>", f"{PROBE}</body>", 1)
    copy = copy.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)  # the policy would stop the probe
    (folder / "page.html").write_text(copy, encoding="utf-8")
    addresses = [(width, f"page.html{fold}") for width in (320, 390, 1280) for fold in ("", "?open")]
    addresses.append((500, "page.html#c-4-1-1-02"))
    frames = "".join(
        f'<iframe src="{a}" style="width:{w}px;height:700px;border:0"></iframe>' for w, a in addresses
    )
    (folder / "parent.html").write_text(PARENT % frames, encoding="utf-8")
    answer = chromium(folder, "--window-size=1400,900", "--dump-dom", (folder / "parent.html").as_uri())
    told = re.search(r'<pre id="answers">(.*?)</pre>', answer.stdout, re.S)[1]
    found = json.loads(unescape(told))
    assert len(found) == len(addresses)
    return found, answer.stderr


@pytest.mark.slow
@browser
def test_a_phone_never_scrolls_the_page_sideways(answers):
    found, _ = answers
    assert {a["width"] for a in found} == {320, 390, 500, 1280}
    assert [
        (a["width"], a["overflow"], a["outside"]) for a in found if a["overflow"] > 0 or a["outside"]
    ] == []


@pytest.mark.slow
@browser
def test_a_browser_shows_all_figures_asks_for_nothing_and_has_no_fault(answers):
    found, log = answers
    for answer in found:
        assert answer["images"] == 3
        assert answer["broken"] == 0
        assert answer["fetched"] == []
        assert answer["faults"] == []
    assert "CONSOLE" not in log


@pytest.mark.slow
@browser
def test_a_link_to_a_statement_unfolds_it(answers):
    found, _ = answers
    assert [a["target"] for a in found if a["width"] == 500] == [True]
    folded, unfolded = sorted(a["letters"] for a in found if a["width"] == 390)
    assert unfolded > folded + 2000


@pytest.mark.slow
@browser
def test_on_paper_every_fold_is_open(html, layout, tmp_path):
    """With the page's script in one of the languages, by style alone in the other."""
    script = layout.language == "en"
    copy = html if script else re.sub(r"<script>.*?</script>", "", html, flags=re.S)
    assert ("<script" in copy) == script
    (tmp_path / "page.html").write_text(copy, encoding="utf-8")
    chromium(tmp_path, f"--print-to-pdf={tmp_path / 'page.pdf'}", (tmp_path / "page.html").as_uri())
    pdf = tmp_path / "page.pdf"
    assert pdf.read_bytes().startswith(b"%PDF")
    assert pdf.stat().st_size > 50_000
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext here to read the paper with (Debian: apt install poppler-utils)")
    read = ["pdftotext", "-layout", str(pdf), "-"]
    paper = subprocess.run(read, capture_output=True, text=True, timeout=60, check=True).stdout
    pages = paper.split("\f")[:-1]
    assert 8 <= len(pages) <= 40
    assert all(len(text.split()) > 3 for text in pages)
    table = texts(layout.derived / "evidence.csv")
    row = table[(table["endpoint"] == "serum_mg") & (table["contrast"] == "mg001_vs_pairfed")].iloc[0]
    assert paper.count(shown(row, "hedges_g")) >= 2  # in its statement and among all comparisons
    last = layout.data_files[-1].sha256
    assert last[:12] in paper.replace("\n", "").replace(" ", "") or last[:8] in paper
    if layout.language == "en":
        assert "Of the 23 statements of an effect" in " ".join(paper.split())
        assert all("Simulated data" in text for text in pages)


@pytest.mark.slow
@browser
def test_the_figures_are_whole_on_paper(html, tmp_path):
    """No picture is taller than a page of A4 within its margins: it would be cut."""
    paper = re.search(r"@media print \{.*", html, re.S)[0]
    heights = [
        int(height) for height in re.findall(r"figure img(?:\.tall)? \{[^}]*max-height: (\d+)mm", paper)
    ]
    assert len(heights) == 2
    assert max(heights) < 297 - 15 - 17 - 25
    assert re.search(r"figure,[^{]*\{ break-inside: avoid \}", paper)


def test_ci_brings_a_browser_where_it_may():
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "chromium" in text
    assert os.access(ROOT / ".ci" / "run", os.R_OK)
