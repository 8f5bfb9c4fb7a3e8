"""The folded-out ledger: a line per statement, links that lead somewhere, numbers that name their row."""

import json
import re
from html.parser import HTMLParser

import helpers.figure_data as made
import pandas as pd
import pytest
from helpers.languages import speak

from mgbone.claims.folded import figure_sections, link_sections, verdict_details
from mgbone.claims.judging import judge
from mgbone.evidence.comparison import compare
from mgbone.study.ledger import load_claims
from mgbone.study.paths import project_root

FIGURE = {"biochem": "01_minerals", "qct": "02_density_map", "microarray": "03_cohesion",
          "integration": "04_dose_response"}  # fmt: skip


@pytest.fixture(scope="module")
def verdicts(study):
    rows = compare(made.measurements(study), study)
    evidence = pd.concat([rows, made.array_evidence().astype({"p": float})], ignore_index=True)
    evidence["figure"] = "simulated/" + evidence["domain"].map(FIGURE) + ".png"
    return link_sections(judge(load_claims(), evidence))


class Tags(HTMLParser):
    """Collects the attributes of every element and that all of them are closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.seen = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def of(self, tag):
        return [attributes for name, attributes in self.seen if name == tag]


def test_every_statement_folds_out_once(verdicts):
    page = Tags(verdict_details(verdicts))
    assert page.open == []
    folds = page.of("details")
    assert len(folds) == 87
    assert [f["id"] for f in folds].count("verdict-4-1-1-02") == 1
    assert {f["data-row"] for f in folds} == set(
        verdicts["experiment"] + "|" + verdicts["endpoint"] + "|" + verdicts["contrast"]
    )
    assert {f["class"] for f in folds} == set(verdicts["verdict"])
    assert all("open" not in f for f in folds)


def test_a_fold_says_what_was_stated_and_found(verdicts):
    page = verdict_details(verdicts)
    one = re.search(r'<details[^>]*id="verdict-4-1-2-05".*?</details>', page, re.S)[0]
    row = verdicts.set_index("claim_id").loc["4-1-2-05"]
    said = [row["statement_en"], row["statement_ja"], "lower (significant)", "1.5 mg/dL", "Tukey-Kramer"]
    found = [f"{row['estimate']:+.3g} mg/dL", f"{row['ci_low']:+.3g} … {row['ci_high']:+.3g}"]
    assert [words for words in said + found if words not in one] == []
    assert 'href="../../figures/simulated/01_minerals.png"' in one
    assert 'href="01_biochem.ipynb#' in one


def test_a_statement_without_evidence_says_so(verdicts):
    bare = judge(
        load_claims().head(2), verdicts.iloc[:0][["experiment", "endpoint", "contrast", "direction", "level"]]
    )
    page = verdict_details(link_sections(bare.assign(p=float("nan"))))
    assert page.count("not tested") >= 2 and "nan" not in page.lower() and "<a " not in page
    assert "no ledger" in verdict_details(verdicts.iloc[:0])


def test_japanese_lines_lead_to_japanese_headings(verdicts):
    page = speak("ja", verdict_details, verdicts, pages="../", figures="x/")
    first = re.search(r"<summary>(.*?)</summary>", page, re.S)[1]
    assert re.search("[ぁ-ん一-龠]", first)
    assert 'href="../01_biochem.ipynb#' in page and 'href="x/simulated/01_minerals.png"' in page
    assert "Food intake fell" not in page and "正常食" in page
    assert 'href="../01_biochem.ipynb#ミネラル">01_biochem：ミネラル</a>' in page
    assert "g/日" in page and "g/day" not in page


def test_statements_can_hold_any_text(verdicts):
    odd = verdicts.head(1).assign(statement_en='<script>alert("x")</script> & more')
    page = verdict_details(odd)
    assert "<script>" not in page and "&lt;script&gt;" in page and "&amp; more" in page


def test_every_figure_of_every_notebook_has_a_section():
    sections = figure_sections()
    for path in sorted((project_root() / "notebooks").glob("0[1-9]_*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        shown = sum("".join(c["source"]).count("run.show(") for c in cells if c["cell_type"] == "code")
        assert (sections["notebook"] == path.stem).sum() >= shown > 0, path.stem
    assert sections["heading"].str.len().min() > 3
    assert not sections["anchor"].str.contains(" ").any()
    assert sections.set_index("figure").loc["04_verdict_map", "heading"] == "5 Hold against the report"


def test_a_name_put_together_is_found_by_its_pattern(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["# T\n", "\n", "## Cells by *structure*"]},
        {"cell_type": "code", "source": ['for e in x:\n    run.show(p, f"02_cells_{e.name}")']},
        {"cell_type": "markdown", "source": ["text\n", "### Both"]},
        {
            "cell_type": "code",
            "source": ["run.show(\n    draw(a, title=('02_x', 'y')),\n    '02_cells_all',\n)"],
        },
        {"cell_type": "code", "source": ["other('02_not_shown')"]},
    ]
    (tmp_path / "02_qct.ipynb").write_text(json.dumps({"cells": cells}))
    sections = figure_sections(tmp_path)
    assert "02_not_shown" not in set(sections["figure"])
    names = ["s/02_cells_exp1.png", "s/02_cells_all.png", "s/02_other.png", None]
    linked = link_sections(pd.DataFrame({"figure": names}), sections)
    assert linked["heading"].tolist()[:2] == ["Cells by *structure*", "Both"]
    assert linked["anchor"].tolist()[:2] == ["Cells-by-*structure*", "Both"]
    assert linked["notebook"].isna().tolist() == [False, False, True, True]


def test_each_verdict_is_led_to_the_notebook_of_its_figure(verdicts):
    assert verdicts[["notebook", "heading", "anchor"]].notna().all().all()
    assert (verdicts["notebook"].str[:2] == verdicts["figure"].str.extract(r"/(\d\d)_")[0]).all()
    assert link_sections(verdicts.drop(columns="figure"))["notebook"].isna().all()
