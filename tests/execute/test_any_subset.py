"""Whatever part of a study a laboratory has: no notebook and no report ends in an error of Python's."""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.small_dataset import tables
from helpers.tables_without_figures import run_cells, save
from helpers.tiny_project import STEMS
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from matplotlib import pyplot as plt

from mgbone.dataset.opening import check_dataset
from mgbone.execute import run
from mgbone.execute.report import Layout, write_report
from mgbone.study.design import REGIONS, STRUCTURES, load_study

GENES = 120
MEASURED = {
    "animals": ["body_weight_initial", "body_weight_final", "food_intake", "femur_length"],
    "serum": ["serum_mg", "serum_ca", "serum_p", "serum_pth", "serum_osteocalcin", "serum_alp"],
    "urine": ["urine_volume", "ctx", "dpd", "creatinine"],
}
PARTS = ("serum", "urine", "qct", "arrays")
GROUPS = [(e.name, group) for e in load_study().experiments.values() for group in e.groups]


@st.composite
def folders(draw, parts=PARTS):
    """Return a laboratory's tables: some parts, some columns, 0 to 3 animals a group, some values missing."""
    sizes = {key: draw(st.integers(0, 3), label=f"animals of {key}") for key in GROUPS}
    if not any(sizes.values()):
        sizes[GROUPS[0]] = 1
    frames = tables(3)
    animals = frames["animals"]
    place = animals.groupby(["experiment", "group"]).cumcount()
    size = animals.apply(lambda row: sizes[row["experiment"], row["group"]], axis=1)
    kept = set(animals.loc[place < size, "animal_id"])
    frames = {
        name: one[one["animal_id"].isin(kept)].reset_index(drop=True).copy() for name, one in frames.items()
    }
    chosen = draw(st.sets(st.sampled_from(parts), min_size=1), label="parts")
    held = {"animals": frames["animals"]}
    held |= {name: frames[name] for name in ("serum", "urine") if name in chosen}
    for name, columns in MEASURED.items():
        if name in held:
            dropped = draw(st.sets(st.sampled_from(columns)), label=f"columns of {name} left out")
            held[name] = held[name].drop(columns=list(dropped))
    if "qct" in chosen:
        slices = draw(st.booleans(), label="slices") and "femur_length" in held["animals"]
        held |= {"qct_slices": frames["qct_slices"]} if slices else {"qct_regions": _regional(draw, kept)}
    for name in [name for name in held if name in MEASURED]:
        _blank(draw, held[name], [c for c in MEASURED[name] if c in held[name]])
    if "qct_slices" in held:  # slices of a femur without a length are a fault
        long = held["animals"].dropna(subset="femur_length")["animal_id"]
        held["qct_slices"] = frames["qct_slices"][frames["qct_slices"]["animal_id"].isin(long)]
        if held["qct_slices"].empty:
            held |= {"qct_regions": _regional(draw, kept)}
            del held["qct_slices"]
    if "arrays" in chosen and len(held["animals"]) > 1:  # a table of expression has two arrays or more
        held |= _arrays(draw, held["animals"]["animal_id"])
    return held


def _regional(draw, kept):
    cells = [(s, r) for s in STRUCTURES for r in REGIONS]
    some = draw(st.lists(st.sampled_from(cells), min_size=1, max_size=4, unique=True), label="regions")
    rows = [(a, s, r, 500 + 7 * len(s)) for a in sorted(kept) for s, r in some]
    return pd.DataFrame(rows, columns=["animal_id", "structure", "region", "density (mg/cm3)"])


def _blank(draw, frame, columns):
    """Take some values away, or have all of a column alike."""
    for column in columns:
        how = draw(st.sampled_from(["as it is", "as it is", "one missing", "all missing", "constant"]))
        if how == "constant":
            frame[column] = frame[column].iloc[0]
        elif how == "all missing":
            frame[column] = np.nan
        elif how == "one missing":
            frame.loc[frame.index[draw(st.integers(0, len(frame) - 1))], column] = np.nan


def _arrays(draw, animals):
    rng = np.random.default_rng(draw(st.integers(0, 9), label="values of arrays"))
    some = sorted(draw(st.sets(st.sampled_from(sorted(animals)), min_size=2), label="arrays"))
    chip = pd.read_csv(Path(__file__).parents[2] / "data" / "genesets" / "chip_genes.csv.gz")
    symbols = chip[next(c for c in chip if "symbol" in c or c == "gene")].drop_duplicates()
    kind = draw(st.sampled_from(["rat", "capitals", "unknown"]), label="symbols")
    names = {
        "rat": symbols.head(GENES),
        "capitals": symbols.head(GENES).str.upper(),
        "unknown": pd.Series([f"Zz{n}q" for n in range(GENES)]),
    }[kind]
    values = pd.DataFrame(rng.normal(8, 0.5, (GENES, len(some))).round(3), columns=some)
    values.insert(0, "gene_symbol", list(names))
    return {
        "arrays": pd.DataFrame({"array_id": some, "animal_id": some, "file": some}),
        "expression": values.drop_duplicates("gene_symbol"),
    }


def go_through(held, language="en"):
    """Run all notebooks and the report; only the package's own words may end one of them."""
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "display", lambda *shown: None)
        patch.setattr(run, "save_figure", save)
        folder, places = Path(scratch) / "lab", [Path(scratch) / name for name in ("figures", "derived")]
        folder.mkdir()
        for name, table in held.items():
            table.to_csv(folder / f"{name}.csv", index=False)
        assert check_dataset(folder) == []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of symbols that fit badly
            for stem in sorted(STEMS):
                run_cells(stem, folder, *places, language)
                plt.close("all")
        write_report(Layout(folder, *places, Path(scratch) / "build", language))


UNTRACED = [Phase.generate]  # a run takes seconds: to shrink and explain a failure would take hours
often = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=UNTRACED)


@pytest.mark.slow
@settings(often, max_examples=2)
@given(folders(parts=("serum", "urine", "qct")))
def test_some_of_what_a_laboratory_may_lack(held):
    go_through(held)


@pytest.mark.slow
@settings(often, max_examples=8, derandomize=False)
@given(folders())
def test_more_of_what_a_laboratory_may_lack(held):
    go_through(held)
