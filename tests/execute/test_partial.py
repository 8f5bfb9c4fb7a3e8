"""Whatever a sound dataset lacks: notebooks that its data allow run, the others say what is missing."""

import ast
import json
import re

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import ROOT
from helpers.languages import speak
from helpers.small_dataset import in_memory, tables, write_small_dataset
from helpers.tiny_project import STEMS
from matplotlib.text import Text

from mgbone import biochem, qct
from mgbone.biochem import pair_feeding
from mgbone.biochem import words as biochem_words
from mgbone.claims import words as claims_words
from mgbone.course.exercises import LESSON
from mgbone.dataset import parts
from mgbone.dataset.descriptor import write_datapackage
from mgbone.dataset.opening import ledger_of, open_dataset
from mgbone.evidence import bayes, other_tests
from mgbone.evidence import words as evidence_words
from mgbone.evidence.comparison import compare
from mgbone.execute import run
from mgbone.execute.notebook import SHIPPED_DATA, THIS_STUDY, _tags_left_out, run_notebooks
from mgbone.figures import canvas, design, groups, look
from mgbone.study import naming
from mgbone.study.design import STRUCTURES, load_study
from mgbone.study.errors import NothingToShow, StudyError
from mgbone.study.ledger import ledger_faults, load_claims
from mgbone.study.places import Settings

TWO_GROUPS = {
    "title": "Low magnesium in mice",
    "experiments": {
        "winter": {"label": "Low Mg, 3 weeks", "weeks": 3, "groups": ["normal", "low"],
                   "contrasts": ["low_vs_normal"]},
    },
    "groups": {
        "normal": {"label": "Normal diet", "label_ja": "通常食", "dietary_mg_percent": 0.05},
        "low": {"label": "Low Mg", "label_ja": "低Mg食", "dietary_mg_percent": 0.015},
    },
}  # fmt: skip


def own_study(folder, raw=TWO_GROUPS):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.yml").write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    return load_study(folder / "study.yml")


# ---- What is there, and what is said of the rest


@pytest.mark.parametrize("part", ["serum", "urine", "qct", "arrays", "growth"])
def test_a_part_is_held_if_it_has_values(part, tmp_path):
    whole = in_memory(cel_paths=(tmp_path,), platform_folder=tmp_path)
    assert parts.has_part(whole, part)
    frames = tables()
    blank = {name: frames[name].copy() for name in ("animals", "serum", "urine", "qct_slices")}
    for name, table in blank.items():
        kept = ["animal_id", "experiment", "group", "slice", "position", "thickness"]
        table[[c for c in table if c not in kept]] = np.nan
        blank[name] = table
    assert not parts.has_part(in_memory(**blank, cel_paths=()), part)
    if part != "growth":
        name = {"qct": "qct_slices"}.get(part, part)
        assert not parts.has_part(in_memory(**{name: None}, cel_paths=(tmp_path,)), part)


def test_two_arrays_are_too_few(tmp_path):
    few = tables()["arrays"].head(2)
    assert not parts.has_part(
        in_memory(arrays=few, cel_paths=(tmp_path,), platform_folder=tmp_path), "arrays"
    )


@pytest.mark.parametrize("ends", [True, False])
def test_the_box_says_in_both_languages_what_is_missing_and_what_to_do(ends):
    box, japanese = (
        speak(language, run.absent_box, in_memory(), ["urine", "qct"], ends=ends) for language in ("en", "ja")
    )
    for words in ("has no urine and no qCT", "add the table urine", "make check"):
        assert words in box
    for words in ("尿", "がありません", "make check"):
        assert words in japanese
    assert ("ends here" in box) == ends == ("ここで終わります" in japanese)


def test_jupyter_shows_the_end_without_a_traceback():
    assert NothingToShow("It ends. / 終わり。")._render_traceback_() == ["It ends. / 終わり。"]


@pytest.mark.slow
def test_a_notebook_without_its_data_ends_well(tmp_path):
    folder = tmp_path / "data" / "lab"
    folder.mkdir(parents=True)
    frames = tables(4)
    for name in ("animals", "serum"):
        frames[name].to_csv(folder / f"{name}.csv", index=False)
    write_datapackage(folder, "measured", "Our data", "私たちのデータ")
    places = {name: tmp_path / name for name in ("figures_folder", "derived_folder", "build_folder")}
    stale = places["figures_folder"] / "lab" / "02_map.png"
    listing = places["derived_folder"] / "lab" / "02_qct.outputs.txt"
    for path in (stale, listing):
        path.parent.mkdir(parents=True)
    stale.write_bytes(b"of a run that had slices")
    listing.write_text(f"{stale}\n")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    (executed,) = run_notebooks([ROOT / "notebooks" / "02_qct.ipynb"], Settings(folder, **places))
    notebook = nbformat.read(executed, as_version=4)
    assert notebook.cells[-1].id == "open"
    assert [out.output_type for out in notebook.cells[-1].outputs].count("error") == 0
    assert "has no qCT" in json.dumps(notebook.cells[-1].outputs)
    page = executed.with_suffix(".html").read_text(encoding="utf-8")
    assert not re.search("simulated|シミュレーション", page, re.I)
    evidence = pd.read_csv(places["derived_folder"] / "lab" / "evidence_qct.csv")
    assert evidence.empty
    assert {"endpoint", "level", "figure"} <= set(evidence.columns)
    assert not stale.exists()
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


# ---- Parts of what a notebook needs


def measured(values, endpoint="serum_ca"):
    """Tidy measurements of exp2 from lists of values by group."""
    rows = [
        (f"{g}-{i}", "exp2", g, endpoint, v, "mg/dL") for g, vs in values.items() for i, v in enumerate(vs)
    ]
    return pd.DataFrame(rows, columns=["animal_id", "experiment", "group", "endpoint", "value", "unit"])


LACKING = {
    "a group of one": {"control": [9.0, 9.5, 9.2], "mg004": [8.0], "mg002": [9.9, 9.8, 9.1]},
    "a group of two": {"control": [9.0, 9.5, 9.2], "mg004": [8.0, 8.1], "mg002": [9.9, 9.8, 9.1]},
    "dead animals": {"control": [9.0, np.nan, 9.2], "mg004": [np.nan] * 3, "mg002": [9.9, 9.8, 9.1]},
    "a group missing": {"control": [9.0, 9.5, 9.2], "mg002": [9.9, 9.8, 9.1]},
    "constant in a group": {"control": [9.0] * 3, "mg004": [8.0, 8.5, 8.1], "mg002": [9.0] * 3},
    "constant": {"control": [9.0] * 3, "mg004": [9.0] * 3, "mg002": [9.0] * 3},
    "zero reference": {"control": [0.0] * 3, "mg004": [8.0, 8.5, 8.1], "mg002": [1.0, 2.0, 1.5]},
    "one group alone": {"mg002": [9.9, 9.8, 9.1]},
    "ones": {"control": [9.0], "mg004": [8.0], "mg002": [9.9]},
    "nothing": {"control": [np.nan] * 2, "mg004": [np.nan] * 2, "mg002": [np.nan] * 2},
}


@pytest.mark.parametrize("values", LACKING.values(), ids=list(LACKING))
def test_what_is_there_is_drawn_and_told_without_a_warning(values, study):
    """Warnings are errors here: a division by zero or a mean of nothing would fail."""
    measurements = measured(values)
    found = compare(measurements, study)
    weighed = bayes.weigh_absence(measurements, found)
    tests = other_tests.compare_tests(measurements, study, found)
    for table in (
        biochem.check_assumptions(measurements), other_tests.omnibus_tests(measurements),
        other_tests.flag_outliers(measurements), other_tests.changed_levels(tests, study), weighed,
    ):  # fmt: skip
        assert isinstance(table, pd.DataFrame)
    assert isinstance(evidence_words.absence_table(weighed), pd.DataFrame)
    assert evidence_words.count_absence(weighed).data
    said = evidence_words.findings(found, study, ["serum_ca"], ["mg002_vs_control", "mg004_vs_control"]).data
    assert "nan" not in said and "inf" not in said
    if len(found):
        assert said.count("\n") == 1  # a line for each comparison, tested or not
    else:
        assert "Nothing of this was measured" in said
    figure = groups.group_dots(measurements, found, ["serum_ca", "serum_mg"], study)
    words = " ".join(canvas.words_of(figure).values())
    assert "Not measured: " in words
    assert ("Serum calcium" in words.split("Not measured: ")[1]) == (len(measurements.dropna()) == 0)


def test_a_group_of_one_is_said_to_be_untested_and_drawn(study):
    measurements = measured(LACKING["a group of one"])
    found = compare(measurements, study)
    said = evidence_words.findings(found, study, ["serum_ca"], ["mg004_vs_control"]).data
    assert said.endswith("not tested (n = 1 and 3; a group of one can't be tested).")
    figure = groups.group_dots(measurements, found, ["serum_ca"], study)
    (dots,) = (c for c in figure.axes[0].collections if c.get_gid() == "animals")
    assert (np.round(dots.get_offsets()[:, 0]) == 1).sum() == 1


def test_a_mean_of_zero_gives_no_percent(study):
    table = measured(LACKING["zero reference"])
    found = compare(table, study)
    said = evidence_words.findings(found, study, ["serum_ca"], ["mg004_vs_control"]).data
    assert "difference +8.2, 95 %" in said
    cells = qct.percent_differences(found.assign(domain="qct", endpoint="bmd_whole_full"), table)
    assert cells.loc[cells["contrast"] == "mg004_vs_control", "percent"].isna().all()


def test_all_below_the_limit_is_not_tested(study):
    measurements = measured(LACKING["a group of two"]).assign(censored=True)
    found = compare(measurements, study)
    assert found["level"].isna().all()
    assert set(found["test"]) == {"not tested"}


def test_pair_feeding_asks_for_its_three_groups(study):
    frames = tables(4)
    dataset = in_memory(**frames)
    long = biochem.derive_endpoints(dataset)
    food = frames["animals"].set_index("animal_id")["food_intake"]
    fed = pair_feeding.pair_fed_experiments(study)
    assert fed == {"exp1": ("control", "pairfed", "mg001")}
    found = compare(long, study)
    told = biochem_words.pair_feeding_table(pair_feeding.adjust_for_intake(long, food, study), fed, found)
    assert len(told) == 9
    declared = found.set_index(["contrast", "endpoint"]).loc[("mg001_vs_pairfed", "serum_mg"), "p"]
    assert told.loc["Serum magnesium", "p, declared"] == naming.format_p(declared)
    assert told.loc["Serum magnesium", "p, this pair alone"] != naming.format_p(declared)
    without = pair_feeding.adjust_for_intake(long[long["group"] != "pairfed"], food, study)
    assert without.empty
    assert "can be divided" not in biochem_words.pair_feeding_table(without, fed, found).data.replace(
        "nothing can be", ""
    )
    assert "no pair-fed group" in biochem_words.pair_feeding_table(without, {}, found).data
    constant = pair_feeding.adjust_for_intake(long.assign(value=1.0), food, study)
    assert constant["percent"].isna().all()
    assert "–" in biochem_words.pair_feeding_table(constant, fed, found).to_string()


def test_animals_that_are_gone_are_counted_as_missing(study):
    frames = tables(3)
    gone = frames["animals"]["group"] == "pairfed"
    counts = biochem.count_values(in_memory(study, animals=frames["animals"][~gone]))
    row = counts.set_index(["experiment", "group"]).loc[("exp1", "pairfed")]
    assert row["animals"] == 0


def test_regional_values_stand_in_for_slices(study):
    animals = tables(3)["animals"]
    rows = [
        (a, s, r, 500.0 + i)
        for i, a in enumerate(animals["animal_id"])
        for s in STRUCTURES
        for r in ("full", "mid")
    ]
    given = pd.DataFrame(rows, columns=["animal_id", "structure", "region", "density"])
    dataset = in_memory(animals=animals, qct_slices=None, qct_regions=given)
    density = qct.regional_density(dataset, study)
    assert set(density["endpoint"]) == {f"bmd_{s}_{r}" for s in STRUCTURES for r in ("full", "mid")}
    assert density["value"].iloc[2] == 502.0
    profile = qct.profiles(dataset, study)
    assert profile.empty and qct.slice_table(dataset).empty
    assert qct.profile_tests(profile, study).empty and qct.profile_summary(profile).empty


# ---- A study of one's own


def test_a_study_of_ones_own_says_only_what_differs(tmp_path, study):
    own = own_study(tmp_path)
    assert own.thresholds == study.thresholds
    assert [c.name for c in own.dose_order] == ["low_vs_normal"]
    assert own.groups["low"].feeding == "ad libitum"
    assert own.design != study.design
    assert study.design == load_study(ROOT / "data" / "study.yml").design


def test_a_contrast_of_two_experiments_is_refused(tmp_path):
    raw = json.loads(json.dumps(TWO_GROUPS))
    raw["experiments"]["summer"] = dict(TWO_GROUPS["experiments"]["winter"])
    with pytest.raises(StudyError, match="low_vs_normal' is in two experiments"):
        own_study(tmp_path, raw)


def test_which_ledger_is_used(tmp_path, study):
    dataset = in_memory(own_study(tmp_path))
    object.__setattr__(dataset, "path", tmp_path)
    assert ledger_of(dataset).empty
    object.__setattr__(dataset, "study", study)
    assert len(ledger_of(dataset)) == 87
    own = load_claims().head(1).assign(experiment="winter", contrast="low_vs_normal")
    own.to_csv(tmp_path / "claims.csv", index=False)
    assert list(ledger_of(dataset)["experiment"]) == ["winter"]
    assert ledger_faults(tmp_path, own_study(tmp_path)) == []
    assert "row 2 speaks of low_vs_normal in winter" in ledger_faults(tmp_path, study)[0]
    (tmp_path / "claims.csv").write_text("claim_id\n1\n")
    assert "lacks the column" in ledger_faults(tmp_path, study)[0]


def test_without_a_ledger_there_are_no_verdicts():
    none = load_claims().head(0)
    assert "no ledger" in claims_words.count_verdicts(none).data
    assert "Without a ledger" in claims_words.count_changes(none, none).data


def test_groups_get_looks_by_their_magnesium(tmp_path, study):
    shipped = {g: look.group_style(g) for g in study.groups}
    assert shipped == dict(look.GROUPS)
    doses = {
        f"d{n}": {"label": f"{n / 1000:g} % Mg", "dietary_mg_percent": n / 1000} for n in (40, 30, 20, 10, 5)
    }
    raw = {**TWO_GROUPS, "groups": {**TWO_GROUPS["groups"], **doses}}
    naming.use_study(own_study(tmp_path, raw))
    less = ["d40", "d30", "d20", "low", "d10", "d5"]
    lightness = [look.lightness(look.colour(g)) for g in less]
    assert lightness == sorted(lightness, reverse=True)
    assert len({(look.colour(g), look.group_style(g).marker) for g in [*less, "normal"]}) == 7
    assert speak("ja", naming.contrast_label, "low_vs_normal") == "低Mg食 対 通常食"
    naming.use_study(study)
    assert "low" not in naming.groups_in_use()


def test_what_is_said_of_the_design_follows_the_study(tmp_path, study):
    said = canvas.words_of(design.timeline(study))["finding"]
    assert said == "Diets with 0.04 % Mg, 0.02 % Mg, 0.01 % Mg against 0.05 % Mg; experiments: 2."
    own = own_study(tmp_path)
    naming.use_study(own)
    said = canvas.words_of(design.timeline(own))["finding"]
    assert said == "Diets with 0.015 % Mg against 0.05 % Mg; experiments: 1."


# ---- The notebooks themselves


def cells_that_stay(stem, *left_out):
    notebook = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4)
    return [cell for cell in notebook.cells if not {LESSON, *left_out} & set(cell.metadata.get("tags", []))]


def test_lessons_are_of_the_two_shipped_datasets_alone(tmp_path):
    other = write_small_dataset(tmp_path / "small", "simulated")
    assert LESSON in _tags_left_out(other)
    assert [_tags_left_out(ROOT / "data" / name) for name in ("simulated", "null")] == [set(), set()]


@pytest.mark.parametrize("stem", STEMS)
def test_notebooks_name_no_group_and_no_experiment(stem):
    code = "\n".join(cell.source for cell in cells_that_stay(stem) if cell.cell_type == "code")
    assert re.findall(r"\b(?:exp[12]|mg00[124]|pairfed)\b", code) == []
    text = "\n".join(
        cell.source for cell in cells_that_stay(stem, THIS_STUDY) if cell.cell_type == "markdown"
    )
    assert [line for line in text.splitlines() if re.match(r"#+ .*0\.0[124] %", line)] == []


@pytest.mark.parametrize("stem", STEMS)
def test_text_that_stays_for_measured_data_does_not_call_them_simulated(stem):
    cells = [
        cell
        for cell in cells_that_stay(stem, SHIPPED_DATA)
        if "parameters" not in cell.metadata.get("tags", [])
    ]
    assert [cell.id for cell in cells if re.search("simulated|シミュレーション", cell.source, re.I)] == []


def test_tables_that_notebooks_show_do_not_call_measured_data_simulated():
    for name in (
        "study.yml",
        "report/arrive.csv",
        "report/bouxsein.csv",
        "report/claims.csv",
        "genesets/themes.csv",
    ):
        assert not re.search("simulated", (ROOT / "data" / name).read_text(encoding="utf-8"), re.I), name


def lab_folder(folder, n=4):
    """Write a measured dataset of two groups in a study of its own, with arrays normalised elsewhere."""
    own_study(folder)
    rng = np.random.default_rng(5)
    frames = tables(n)
    kept = frames["animals"].query("experiment == 'exp2' and group != 'mg004'")["animal_id"]
    frames = {
        name: table[table["animal_id"].isin(kept)].reset_index(drop=True) for name, table in frames.items()
    }
    animals = frames["animals"]
    animals["experiment"], animals["group"] = (
        "winter",
        animals["group"].replace({"control": "normal", "mg002": "low"}),
    )
    slices = frames["qct_slices"]
    factor = slices["animal_id"].map(
        dict(zip(animals["animal_id"], rng.normal(1, 0.03, len(animals)), strict=True))
    )
    for structure in STRUCTURES:
        slices[f"{structure}_content"] *= factor
    names = [a.replace("-", "x") for a in animals["animal_id"]]
    frames["arrays"] = pd.DataFrame({"array_id": names, "animal_id": animals["animal_id"], "file": names})
    for name, table in frames.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    chip = pd.read_csv(ROOT / "data" / "genesets" / "chip_genes.csv.gz")
    genes = chip[next(c for c in chip if "symbol" in c or c == "gene")].drop_duplicates().head(9000)
    values = pd.DataFrame(rng.normal(8, 0.3, (len(genes), len(names))), columns=names)
    values.loc[:400, [name for name, g in zip(names, animals["group"], strict=True) if g == "low"]] += 1.0
    values.insert(0, "gene_symbol", genes.to_numpy())
    values.round(3).to_csv(folder / "expression.csv", index=False)
    write_datapackage(folder, "measured", "Mice in winter", "冬のマウス")


@pytest.fixture
def played(tmp_path, monkeypatch):
    """Return a function that runs a notebook's cells right here, and what was shown and drawn."""
    shown, drawn = [], {}

    def save(figure, folder, name, stamp=None):
        folder.mkdir(parents=True, exist_ok=True)
        drawn[name] = (stamp, " ".join(text.get_text() for text in figure.findobj(Text)))
        plt.close(figure)
        paths = folder / f"{name}.png", folder / f"{name}.svg"
        for path in paths:
            path.write_bytes(b"drawn")
        return paths

    monkeypatch.setattr(run, "save_figure", save)
    monkeypatch.setattr(run, "display", lambda *what: shown.extend(what))

    def play(stem, dataset):
        names = {"dataset": str(dataset), "figures_folder": str(tmp_path / "figures"), "language": "en"}
        names |= {"derived_folder": str(tmp_path / "derived")}
        for cell in cells_that_stay(stem, THIS_STUDY, SHIPPED_DATA, "parameters"):
            if cell.cell_type == "code":
                body = ast.parse(cell.source).body
                last = body.pop() if isinstance(body[-1], ast.Expr) else None
                exec(compile(ast.Module(body, []), cell.id, "exec"), names)
                if last is not None:
                    shown.append(eval(compile(ast.Expression(last.value), cell.id, "eval"), names))
        return shown, drawn

    return play


@pytest.mark.slow
def test_two_groups_of_other_names_go_through_all_notebooks(played, tmp_path):
    folder = tmp_path / "mice"
    lab_folder(folder)
    assert open_dataset(folder).study.title == "Low magnesium in mice"
    for stem in sorted(STEMS):
        shown, drawn = played(stem, folder)
    told = "\n".join(str(getattr(thing, "data", thing)) for thing in shown if thing is not None)
    assert "no ledger of statements for this study" in told
    assert "no pair-fed group" in told
    assert "Groups and comparisons are those of its own study.yml" in told
    assert {
        "01_growth",
        "02_density_map",
        "02_cells_winter",
        "03_volcano",
        "03_tree_winter",
        "04_forest",
    } <= set(drawn)
    assert "Low Mg vs Normal diet" in drawn["02_density_map"][1]
    written = [path.read_text(encoding="utf-8") for path in (tmp_path / "derived" / "mice").glob("*.csv")]
    everything = "\n".join([told, *written, *(words for _, words in drawn.values())])
    assert not re.search("simulated|シミュレーション", everything, re.I)
    assert {stamp for stamp, _ in drawn.values()} == {None}
    evidence = pd.read_csv(tmp_path / "derived" / "mice" / "evidence.csv")
    assert {"biochem", "qct", "microarray"} <= set(evidence["domain"])
    assert pd.read_csv(tmp_path / "derived" / "mice" / "verdicts.csv").empty
