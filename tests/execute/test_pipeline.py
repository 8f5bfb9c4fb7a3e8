"""The main job, whole: four notebooks from raw files to verdicts, on both shipped datasets.

The runs write into a temporary folder. They take minutes, so each is made once and asked many questions (make
keeps a file of tests in one worker).
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import astuple, dataclass
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote, unquote

import nbformat
import pandas as pd
import pytest
from helpers import ROOT, site_pages
from helpers.chromium import CHROMIUM, Browser
from helpers.japanese import latin_share, shown
from helpers.tiny_project import APART, STEMS, due, environment, make
from rocrate.rocrate import ROCrate

from mgbone.execute.kernels import surroundings
from mgbone.execute.report.page import write_page
from mgbone.execute.report.provenance import Layout
from mgbone.lookup.page import write_explorer
from mgbone.lookup.tables import Tables
from mgbone.study.places import Settings, of_language

pytestmark = pytest.mark.slow


@dataclass
class Outcome:
    """Where one run of `make all` wrote, with which settings, and what it said."""

    settings: list[str]
    figures: Path
    derived: Path
    build: Path
    log: str

    def table(self, name):
        return pd.read_csv(self.derived / f"{name}.csv", keep_default_na=False, na_values=[""])

    def checksums(self):
        """Return the SHA-256 of every figure and derived table by name."""
        return checksums([*self.figures.iterdir(), *self.derived.glob("*.csv")])

    def planned(self, *arguments):
        """Return the notebooks that make would run."""
        answer = make(ROOT, "--dry-run", *self.settings, *arguments, "all")
        return sorted(due(answer.stdout))


def checksums(files):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def run(folder, name, language="en"):
    settings = [
        f"DATASET=data/{name}",
        f"LANGUAGE={language}",
        *(f"{part.upper()}={folder / part}" for part in ("figures", "derived", "build")),
    ]
    answer = make(ROOT, *settings, "all", timeout=900)
    assert answer.returncode == 0, f"{answer.stdout}\n{answer.stderr}"
    figures, derived, build = (folder / part / name for part in ("figures", "derived", "build"))
    places = [of_language(figures, language), derived, of_language(build, language)]
    return Outcome(settings, *places, log=answer.stdout + answer.stderr)


@pytest.fixture(scope="session")
def simulated(tmp_path_factory):
    return run(tmp_path_factory.mktemp("simulated"), "simulated")


@pytest.fixture(scope="session")
def null(tmp_path_factory):
    """A run in Japanese: its tables are those of every language."""
    return run(tmp_path_factory.mktemp("null"), "null", "ja")


@pytest.fixture(scope="session")
def again(simulated, null, tmp_path_factory):
    """The checksums of a second run.

    The committed figures are those of an earlier run. Where they are the ones of this run, only the tables
    are computed again; where any differs, as with other libraries, all is.
    """
    folder = tmp_path_factory.mktemp("again")
    committed = checksums((ROOT / "figures" / "simulated").glob("0[1-4]_*.*"))
    if committed != checksums(simulated.figures.iterdir()):
        return run(folder, "simulated").checksums()
    control = folder / "derived" / "null" / "control_evidence.csv"
    control.parent.mkdir(parents=True)
    shutil.copy(null.derived / control.name, control)
    command = [sys.executable, "-m", "helpers.tables_without_figures"]
    places = [f"data/{simulated.derived.name}", str(folder / "figures"), str(folder / "derived")]
    variables = {**environment(), **surroundings(), "MGBONE_ROOT": str(ROOT)}
    variables["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    subprocess.run([*command, *places], env=variables, timeout=900, check=True)
    return committed | checksums((folder / "derived" / "simulated").glob("*.csv"))


def test_at_least_14_figures_as_png_and_svg(simulated):
    png = {path.stem for path in simulated.figures.glob("*.png")}
    svg = {path.stem for path in simulated.figures.glob("*.svg")}
    assert png == svg
    assert len(png) >= 14
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in simulated.figures.glob("*.png"))
    assert all(
        path.read_text(encoding="utf-8").rstrip().endswith("</svg>")
        for path in simulated.figures.glob("*.svg")
    )


def test_committed_figures_are_those_that_are_drawn(simulated):
    committed = {path.name for path in (ROOT / "figures" / "simulated").glob("0[1-4]_*.*")}
    assert committed == {path.name for path in simulated.figures.iterdir()}


def test_tables_have_their_columns(simulated):
    key = {"experiment", "domain", "endpoint", "contrast", "direction", "level"}
    evidence = {
        "n_case",
        "n_reference",
        "estimate",
        "ci_low",
        "ci_high",
        "unit",
        "hedges_g",
        "g_low",
        "g_high",
        "p",
    }
    statement = {
        "claim_id",
        "section",
        "value",
        "unit",
        "implied",
        "statement_en",
        "statement_ja",
        "verdict",
        "figure",
    }
    assert key | evidence | {"test"} <= set(simulated.table("evidence").columns)
    assert key | statement <= set(simulated.table("verdicts").columns)
    assert set(simulated.table("evidence")["domain"]) == {"biochem", "qct", "microarray", "integration"}


def test_all_87_statements_are_judged_and_reproduced(simulated):
    verdicts = simulated.table("verdicts")
    assert len(verdicts) == 87
    assert verdicts.loc[verdicts["verdict"] != "reproduced", ["claim_id", "verdict"]].to_dict("records") == []


def test_every_verdict_points_to_a_figure_that_exists(simulated):
    figures = simulated.table("verdicts")["figure"]
    assert figures.notna().all()
    assert [name for name in sorted(set(figures)) if not (simulated.figures.parent / name).is_file()] == []


def test_every_verdict_points_to_a_heading_that_exists(simulated):
    verdicts = simulated.table("verdicts")
    pages = {stem: (simulated.build / f"{stem}.html").read_text(encoding="utf-8") for stem in STEMS}
    for notebook, anchor in set(zip(verdicts["notebook"], verdicts["anchor"], strict=True)):
        assert f'id="{escape(anchor)}"' in pages[notebook], (notebook, anchor)


def test_every_number_of_04_stands_in_a_row_of_evidence(simulated):
    key = ["experiment", "endpoint", "contrast"]
    evidence = simulated.table("evidence").set_index(key)
    assert evidence.index.is_unique
    assert evidence["figure"].notna().all()
    verdicts = simulated.table("verdicts").set_index(key)
    for column in ("estimate", "ci_low", "ci_high", "hedges_g", "p"):
        pd.testing.assert_series_equal(verdicts[column], evidence.loc[verdicts.index, column])
    pairs = simulated.table("within_animals")
    rows = evidence.loc[[("both", f"{r.a}~{r.b}", "within_groups") for r in pairs.itertuples()]]
    assert rows["estimate"].tolist() == pairs["r"].tolist()
    assert rows["p"].tolist() == pairs["q"].tolist()
    sources = simulated.table("sources").set_index(key)
    rows = evidence.loc[sources.index]
    percent = (100 * rows["estimate"] / rows["mean_reference"]).to_numpy()
    assert sources["data_percent"].to_numpy() == pytest.approx(percent, rel=1e-6)
    counts = simulated.table("negative_control").set_index("kind")
    assert counts["this"].sum() == (verdicts["verdict"] == "reproduced").sum()
    assert counts["statements"].sum() == len(verdicts)


def test_the_negative_control_is_the_verdict_on_the_dataset_without_effect(simulated, null):
    """What 04 says of the other dataset is what that dataset's own run finds."""
    beside = simulated.table("negative_control").set_index("kind")["null"]
    own = null.table("negative_control").set_index("kind")["this"]
    assert beside.astype(int).to_dict() == own.to_dict()


def test_serum_magnesium_means_are_the_reports(simulated):
    measured = simulated.table("measurements_biochem")
    means = measured.query("endpoint == 'serum_mg'").groupby(["experiment", "group"])["value"].mean()
    assert means["exp1", "mg001"] == pytest.approx(0.82, abs=1e-9)
    assert means["exp2", "mg002"] == pytest.approx(1.50, abs=1e-9)


def test_without_effect_the_reports_findings_vanish(null):
    """The judge can be seen to fail: on the null dataset there is next to nothing to find."""
    verdicts = null.table("verdicts")
    assert len(verdicts) == 87
    assert (verdicts["verdict"] != "not_tested").all()
    effects = verdicts[
        verdicts["domain"].isin(["biochem", "qct"]) & verdicts["level"].isin(["significant", "trend"])
    ]
    assert len(effects) == 17
    assert (effects["verdict"] == "reproduced").sum() <= 2
    arrays = verdicts[verdicts["domain"] == "microarray"]
    themes = arrays[arrays["endpoint"].str.endswith("_genes")]
    assert len(themes) > 0
    assert (themes["verdict"] != "reproduced").all()
    separated = arrays[(arrays["endpoint"] == "array_clustering") & (arrays["level"] == "separated")]
    assert len(separated) > 0
    assert (separated["verdict"] != "reproduced").all()


def test_two_runs_leave_the_same_bytes(simulated, again):
    first, second = simulated.checksums(), again
    assert len(first) > 28
    assert [name for name in first if first[name] != second.get(name)] == []
    assert set(first) == set(second)


def test_nothing_changed_nothing_runs(simulated):
    answer = make(ROOT, *simulated.settings, "all")
    assert answer.returncode == 0
    assert "started" not in answer.stdout


def test_a_changed_notebook_runs_with_those_after_it(simulated):
    assert simulated.planned() == []
    assert simulated.planned("--what-if", "notebooks/02_qct.ipynb") == ["02_qct", "04_integration"]
    assert simulated.planned("--what-if", "notebooks/04_integration.ipynb") == ["04_integration"]


@pytest.mark.parametrize(
    ("module", "notebooks"),
    [
        ("biochem/endpoints.py", ["01_biochem", "04_integration"]),
        ("qct.py", ["02_qct", "04_integration"]),
        ("microarray/clustering.py", ["03_microarray", "04_integration"]),
        ("integration/doses.py", ["04_integration"]),
        ("study/design.py", list(STEMS)),
        ("dataset/opening.py", list(STEMS)),
        ("dataset/arrays/cel.py", list(STEMS)),
        ("evidence/comparison.py", list(STEMS)),
        ("figures/look.py", list(STEMS)),
        ("execute/report/page.py", []),
    ],
)
def test_a_changed_module_runs_what_rests_on_it(simulated, module, notebooks):
    assert (ROOT / "src" / "mgbone" / module).is_file()
    assert simulated.planned("--what-if", f"src/mgbone/{module}") == notebooks


def test_notebooks_run_without_a_word_on_stderr(simulated):
    for stem in STEMS:
        executed = nbformat.read(simulated.build / f"{stem}.ipynb", as_version=4)
        outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
        assert [output.text for output in outputs if output.get("name") == "stderr"] == [], stem


def test_pages_ask_no_other_machine_for_anything(simulated):
    for stem in STEMS:
        page = (simulated.build / f"{stem}.html").read_text(encoding="utf-8")
        assert re.findall(r'<(?:script|img|link|iframe)[^>]+(?:src|href)="(?!data:|#)[^"]+"', page) == [], (
            stem
        )


def test_the_report_of_a_run_traces_every_number_and_packs_every_file(simulated):
    answer = make(ROOT, *simulated.settings, "report")
    assert answer.returncode == 0, answer.stderr
    html = (simulated.build / "report.html").read_text(encoding="utf-8")
    assert len(html.encode()) < 6e6
    table = pd.read_csv(simulated.derived / "evidence.csv", dtype=str, keep_default_na=False)
    rows = {
        "|".join(row[c] for c in ("experiment", "endpoint", "contrast")): row
        for row in table.to_dict("records")
    }
    numbers = re.findall(r'<data value="([^"]*)" data-row="([^"]*)" data-column="([^"]*)">', html)
    assert len(numbers) > 10 * len(rows)
    assert [n for n in numbers if rows[unescape(n[1])][n[2]] != n[0]] == []
    figures = set(re.findall(r'<figure id="fig-([^"]+)">', html))
    assert {Path(name).stem for name in simulated.table("verdicts")["figure"]} <= figures
    assert {path.stem for path in simulated.figures.glob("04_*.png")} <= figures
    crate = ROCrate(simulated.build / "crate")
    for entity in crate.data_entities:
        if "sha256" in entity:
            data = (simulated.build / "crate" / unquote(entity.id)).read_bytes()
            assert hashlib.sha256(data).hexdigest() == entity["sha256"], entity.id
    results = [action["result"] for action in crate.get_by_type("CreateAction")]
    made = {e.id for result in results for e in (result if isinstance(result, list) else [result])}
    drawn = {f"figures/simulated/{path.name}" for path in simulated.figures.iterdir()}
    assert drawn <= made


def test_every_notebook_says_that_the_data_are_simulated(simulated, null):
    for outcome, word in ((simulated, "simulated data"), (null, "シミュレーションデータ")):
        for stem in STEMS:
            page = (outcome.build / f"{stem}.html").read_text(encoding="utf-8")
            assert word.upper() in page
        for path in outcome.figures.glob("*.svg"):
            assert word in path.read_text(encoding="utf-8").lower(), path.name


def test_a_run_in_japanese_is_read_in_japanese(null):
    """Names, symbols and code aside, no cell has more than 15 % Latin letters, outputs too."""
    for stem in STEMS:
        stored = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4)
        executed = nbformat.read(null.build / f"{stem}.ipynb", as_version=4)
        cells = {cell.id: cell for cell in executed.cells}
        tags = {c.id: (c.metadata.get("tags", []), cells[c.id].metadata["tags"]) for c in stored.cells}
        assert [name for name, (before, after) in tags.items() if before != after] == []
        shares = {cell.id: latin_share(shown(cell)) for cell in executed.cells}
        assert {name: share for name, share in shares.items() if share > 0.15} == {}, stem


def test_pages_say_language_title_and_what_pictures_show(simulated, null):
    for outcome, language in ((simulated, "en"), (null, "ja")):
        for stem in STEMS:
            page = (outcome.build / f"{stem}.html").read_text(encoding="utf-8")
            assert f'<html lang="{language}">' in page
            (title,) = re.findall("<title>(.*?)</title>", page)
            assert title.startswith(stem[:2]) and bool(re.search("[ぁ-ん]", title)) == (language == "ja")
            pictures = re.findall(r'<img alt="([^"]*)"', page)
            assert len(pictures) == page.count("<img ")
            assert all(len(shows) > 10 for shows in pictures)


def test_progress_is_told_without_flooding(simulated):
    for stem in STEMS:
        assert 4 <= simulated.log.count(f"[{stem}]") <= 20
    assert len(simulated.log.splitlines()) < 80


# In a process of its own, since Sphinx finds in the second build of one all that the first has registered.
WRITE_SITE = """
import sys
from pathlib import Path
from mgbone.execute.site import write_site
from mgbone.study.places import Settings
write_site(Settings(*sys.argv[2:]), Path(sys.argv[1]))
"""


@pytest.fixture(scope="session")
def site(simulated, null, tmp_path_factory):
    """The site: pages in English of one run, in Japanese of the other."""
    pytest.importorskip("myst_nb", reason="requirements-site.lock is not installed")
    folder = tmp_path_factory.mktemp("site")
    for outcome, name, language in ((simulated, "simulated", "en"), (null, "null", "ja")):
        answer = make(ROOT, *outcome.settings, "certainty")
        assert answer.returncode == 0, f"{answer.stdout}\n{answer.stderr}"
        levels = 0 if language == "en" else 1
        build, figures = (path.parents[levels] for path in (outcome.build, outcome.figures))
        settings = Settings(f"data/{name}", figures, outcome.derived.parent, build, language)
        write_page(Layout(*astuple(settings)), settings.build / "report.html")
        write_explorer(Tables(*astuple(settings)))
        told = [folder, *map(str, astuple(settings))]
        subprocess.run([sys.executable, "-c", WRITE_SITE, *told], check=True, timeout=300)
    return folder


SITE_PAGES = ["index", *STEMS, APART, "glossary", "search"]


def test_05_draws_the_committed_figures_and_says_what_its_data_are(site, simulated, null):
    committed = checksums((ROOT / "figures" / "simulated").glob(f"{APART[:2]}_*.*"))
    assert committed == checksums(simulated.figures.glob(f"{APART[:2]}_*.*"))
    for outcome, word in ((simulated, "simulated data"), (null, "シミュレーションデータ")):
        assert word.upper() in (outcome.build / f"{APART}.html").read_text(encoding="utf-8")
        for path in outcome.figures.glob(f"{APART[:2]}_*.svg"):
            assert word in path.read_text(encoding="utf-8").lower(), path.name


def test_no_link_of_the_site_is_broken_and_every_picture_is_described_and_opens_large(site):
    assert site_pages.broken_links(site) == []
    for language in ("en", "ja"):
        for stem in (*STEMS, APART):
            found = site_pages.pictures((site / language / f"{stem}.html").read_text(encoding="utf-8"))
            assert len(found) >= 4, stem
            assert [(alt, link) for alt, link in found if len(alt) < 20 or not link.endswith(".png")] == []
        beside = (site / language / "index.html").read_text(encoding="utf-8")
        assert 'href="report.html"' in beside and 'href="explorer.html"' in beside


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("no Chromium")
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_site_is_quiet_readable_and_within_a_phone(site, browser, language):
    seen = len(browser.events)
    for name in SITE_PAGES:
        for colours in ("light", "dark"):
            told = [{"name": "prefers-color-scheme", "value": colours}]
            browser.send("Emulation.setEmulatedMedia", media="screen", features=told)
            browser.open((site / language / f"{name}.html").as_uri())
            browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true })")
            assert browser.run(site_pages.CONTRAST) == {}, (name, colours)
        assert browser.run(site_pages.NAMELESS) == [], name
        browser.resize(390, 844)
        assert browser.run("document.documentElement.scrollWidth") == 390, name
        browser.resize(1280, 900)
    assert browser.complaints(seen) == []


@pytest.mark.parametrize(("language", "word"), [("en", "osteocalcin"), ("ja", "骨密度"), ("ja", "骨")])
def test_the_site_is_searched_without_a_network(site, browser, language, word):
    seen = len(browser.events)
    browser.open(f"{(site / language / 'search.html').as_uri()}?q={quote(word)}")
    browser.wait("document.querySelectorAll('#search-results li').length >= 2")
    assert browser.complaints(seen) == []


def test_the_keyboard_reaches_the_text_first_and_everything_then(site, browser):
    browser.open((site / "en" / "01_biochem.html").as_uri())
    press = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
    names = []
    for _ in range(40):
        browser.send("Input.dispatchKeyEvent", type="keyDown", **press)
        browser.send("Input.dispatchKeyEvent", type="keyUp", **press)
        names.append(browser.run("document.activeElement.textContent.trim().slice(0, 40)"))
    assert "Skip to content" in names[:3]
    assert {"日本語", "Glossary", "Report"} <= set(names)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_01_is_printed_on_15_pages_with_every_column(site, browser, language):
    page = (site / language / "01_biochem.html").as_uri()
    browser.send("Emulation.setEmulatedMedia", media="print", features=[])
    browser.resize(703, 1000)  # A4 without its margins
    browser.open(page)
    assert browser.run(site_pages.TOO_WIDE) == []
    printed = browser.send("Page.printToPDF", preferCSSPageSize=True)["data"]
    pages = re.findall(rb"/Type\s*/Page\b", base64.b64decode(printed))
    browser.send("Emulation.setEmulatedMedia", media="screen", features=[])
    browser.resize(1280, 900)
    assert 0 < len(pages) <= 15
