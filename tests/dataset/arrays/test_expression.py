"""Normalised expression in the place of CEL files: found, checked, read, and drawn as far as it goes."""

import numpy as np
import pandas as pd
import pytest
from helpers.languages import speak
from helpers.small_dataset import describe, write_small_dataset

import mgbone
from mgbone.figures import arrays as pictures
from mgbone.figures import canvas
from mgbone.microarray import arrays, quality
from mgbone.microarray.normalisation import rma_steps

GENES = ["Trpm6", "Bglap", "Il6", "Alpl", "Spp1", "Tnf"]


def table(columns, genes=GENES, seed=3):
    values = np.random.default_rng(seed).normal(8, 1, (len(genes), len(columns))).round(4)
    return pd.DataFrame(values, index=pd.Index(genes, name="gene_symbol"), columns=columns)


@pytest.fixture
def folder(tmp_path):
    """Return a measured dataset whose arrays come as expression.txt, columns named after the CEL files."""
    folder = write_small_dataset(tmp_path / "lab", "measured")
    listed = pd.read_csv(folder / "arrays.csv")
    for file in listed["file"]:
        (folder / file).unlink()
    stems = [file.removeprefix("cel/").removesuffix(".CEL") for file in listed["file"]]
    table(stems).to_csv(folder / "expression.txt", sep="\t")
    describe(folder, "measured")
    return folder


def rewrite(folder, change, name="expression.txt"):
    found = pd.read_csv(folder / "expression.txt", sep="\t", index_col=0)
    (folder / "expression.txt").unlink()
    change(found).to_csv(folder / name, sep="\t")
    describe(folder, "measured")


def test_values_reach_the_analysis_as_they_are(folder):
    dataset = mgbone.open_dataset(folder)
    assert dataset.expression_path == folder / "expression.txt" and dataset.cel_paths == ()
    scans = arrays.load_arrays(dataset)
    steps, genes = arrays.normalise(scans)
    assert not steps.has_probes and list(genes.columns) == list(dataset.arrays["array_id"])
    written = pd.read_csv(folder / "expression.txt", sep="\t", index_col=0)
    np.testing.assert_array_equal(genes.to_numpy(), written.to_numpy())
    assert list(genes.index) == GENES and genes.index.name == "gene"


@pytest.mark.parametrize("naming", ["file", "array_id", "name"])
def test_columns_may_be_named_in_three_ways(folder, naming):
    listed = pd.read_csv(folder / "arrays.csv")
    names = listed["file"].str.removeprefix("cel/") if naming == "name" else listed[naming]
    rewrite(folder, lambda found: found.set_axis(list(names), axis=1)[list(names)[::-1]])
    _, genes = arrays.normalise(arrays.load_arrays(mgbone.open_dataset(folder)))
    written = pd.read_csv(folder / "expression.txt", sep="\t", index_col=0)
    np.testing.assert_array_equal(genes.to_numpy(), written[list(names)].to_numpy())


def test_the_column_named_in_file_comes_before_the_array_of_that_name(folder):
    listed = pd.read_csv(folder / "arrays.csv")
    listed["file"] = [f"GSM{i}" for i in range(len(listed))]
    listed.to_csv(folder / "arrays.csv", index=False)
    rewrite(folder, lambda found: found.set_axis(list(listed["file"]), axis=1))
    assert mgbone.check_dataset(folder) == []
    _, genes = arrays.normalise(arrays.load_arrays(mgbone.open_dataset(folder)))
    assert list(genes.columns) == list(listed["array_id"])


def test_probe_sets_take_their_symbols_from_the_annotation(folder):
    rewrite(folder, lambda found: found.set_axis([f"TC0100000{i}.rn.2" for i in range(6)]))
    faults = mgbone.check_dataset(folder)
    assert len(faults) == 1 and "expression.txt: names genes by probeset names" in faults[0]
    assert "transcript.csv" in faults[0]
    lines = ["#%netaffx-annotation-netaffx-build=36", '"transcript_cluster_id","gene_assignment"']
    lines += [
        f'"TC0100000{i}.rn.2","NM_{i} // {gene} // words // 1q1 // {i}"' for i, gene in enumerate(GENES)
    ]
    (folder / "platform" / "Clariom_S_Rat.transcript.csv").write_text("\n".join(lines) + "\n")
    (folder / "platform" / "._Clariom_S_Rat.transcript.csv").write_bytes(b"\0\5\x16\7Mac OS X")
    describe(folder, "measured")
    _, genes = arrays.normalise(arrays.load_arrays(mgbone.open_dataset(folder)))
    assert list(genes.index) == sorted(GENES) or list(genes.index) == GENES


@pytest.mark.parametrize(
    ("change", "pieces"),
    [
        (
            lambda t: t.drop(columns=t.columns[0]),
            ["arrays.csv, row 2, column file", "has no column", "columns are"],
        ),
        (lambda t: t.replace(t.iloc[0, 0], np.nan), ["expression.txt: 1 values are missing", "Trpm6"]),
        (lambda t: pd.concat([t, t.iloc[:1]]), ["expression.txt", "Trpm6 more than once"]),
        (lambda t: t.set_axis([f"ENSRNOG0000000{i}" for i in range(6)]), ["Ensembl (rat)", "gene_symbol"]),
        (lambda t: t.astype(str) + "x", ["expression.txt", "fewer than two columns of numbers"]),
    ],
    ids=["column missing", "hole", "gene twice", "ensembl", "words"],
)
def test_a_bad_table_is_refused(folder, change, pieces):
    rewrite(folder, change)
    faults = mgbone.check_dataset(folder)
    assert len(faults) == 1, faults
    assert all(piece in faults[0] for piece in pieces), faults[0]
    assert faults[0].endswith(".") and str(folder) not in faults[0]


def relist(folder, **columns):
    listed = pd.read_csv(folder / "arrays.csv").assign(**columns)
    listed.to_csv(folder / "arrays.csv", index=False)
    describe(folder, "measured")
    return listed


def test_other_numbers_have_no_say_in_the_scale(folder):
    written = pd.read_csv(folder / "expression.txt", sep="\t", index_col=0)
    rewrite(folder, lambda t: t.assign(EntrezID=range(24365, 24371), stranger=400.0))
    dataset = mgbone.open_dataset(folder)
    assert any("stranger not in arrays.csv" in note for note in dataset.notes)
    assert any("EntrezID left out, no arrays by their names" in note for note in dataset.notes)
    assert not any("log2" in note for note in dataset.notes)
    _, genes = arrays.normalise(arrays.load_arrays(dataset))
    np.testing.assert_array_equal(genes.to_numpy(), written.to_numpy())


def test_an_array_may_bear_any_name_if_it_is_listed(folder):
    n = len(pd.read_csv(folder / "arrays.csv"))
    names = ["STD", "Mean", "score", "EntrezID", "chr", "Start", "End", "Length"][:n]
    names += [f"STD {i}" for i in range(n - len(names))]
    relist(folder, file=names)
    rewrite(folder, lambda t: t.set_axis(names, axis=1))
    assert mgbone.check_dataset(folder) == []
    _, genes = arrays.normalise(arrays.load_arrays(mgbone.open_dataset(folder)))
    assert genes.shape == (len(GENES), n)


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("cel/Mg0.01-{}_(Clariom_S_Rat).CEL", "Mg0.01-{}_(Clariom_S_Rat).sst-rma-gene-full.chp Signal"),
        ("cel/Mg0.01-{}.CEL", "Mg0.01-{} Signal"),
        ("cel/GSM10{}_ctl.CEL.gz", "GSM10{}"),
        ("cel/Mg0.01-{}.CEL", "Mg0.01.{}.CEL"),
    ],
    ids=["chip", "dose", "geo", "r"],
)
def test_files_and_columns_are_compared_in_one_way(folder, file, column):
    n = len(pd.read_csv(folder / "arrays.csv"))
    relist(folder, file=[file.format(i) for i in range(n)])
    rewrite(folder, lambda t: t.set_axis([column.format(i) for i in range(n)], axis=1))
    assert mgbone.check_dataset(folder) == []
    assert arrays.load_arrays(mgbone.open_dataset(folder)).expression.shape == (len(GENES), n)


def test_two_columns_that_may_be_an_array_are_both_named(folder):
    names = list(pd.read_csv(folder / "expression.txt", sep="\t", index_col=0).columns)
    both = [f"{names[0]}.rma.chp Signal", f"{names[0]}.plier.chp Signal"]
    rewrite(folder, lambda t: t.add_suffix(" Signal").assign(**dict.fromkeys(both, 5.0)).iloc[:, 1:])
    (fault,) = mgbone.check_dataset(folder)
    assert fault.startswith("arrays.csv, row 2, column file: ")
    assert all(repr(one) in fault for one in both) and "may both be the array" in fault


def test_an_excel_workbook_is_refused_with_the_cause(folder):
    (folder / "expression.txt").unlink()
    (folder / "expression.xlsx").write_bytes(b"PK\x03\x04 and so on")
    describe(folder, "measured")
    (fault,) = mgbone.check_dataset(folder)
    assert fault.startswith("expression.xlsx: is an Excel workbook") and "tab delimited" in fault


def test_dates_and_encodings_are_noted(folder):
    n = len(pd.read_csv(folder / "arrays.csv"))
    rewrite(folder, lambda t: t.set_axis(["1-Mar", *GENES[1:]]).assign(note="骨"))
    path = folder / "expression.txt"
    path.write_bytes(path.read_text().encode("cp932"))
    describe(folder, "measured")
    dataset = mgbone.open_dataset(folder)
    assert any("CP932" in note for note in dataset.notes)
    assert any("1-Mar" in note and "Excel" in note for note in dataset.notes)
    assert arrays.load_arrays(dataset).expression.shape == (len(GENES), n)  # without another warning


def test_one_column_for_two_arrays_is_refused(folder):
    listed = pd.read_csv(folder / "arrays.csv")
    listed.loc[1, "file"] = listed["file"][0].replace("cel/", "again/")
    listed.to_csv(folder / "arrays.csv", index=False)
    describe(folder, "measured")
    (fault,) = mgbone.check_dataset(folder)
    assert fault.startswith("arrays.csv, row 3, column file: the column") and "row 2 already" in fault


def test_two_tables_and_an_unlisted_one_are_refused(folder):
    (folder / "expression.csv").write_bytes(b"gene_symbol,a,b\nIl6,1,2\n")
    (fault,) = mgbone.check_dataset(folder)
    assert fault.startswith("expression.txt, expression.csv: are two tables")
    (folder / "expression.csv").unlink()
    text = (folder / "datapackage.json").read_text()
    (folder / "datapackage.json").write_text(text.replace("expression.txt", "README.md"))
    (folder / "README.md").write_text("about")
    assert any("does not list expression.txt" in fault for fault in mgbone.check_dataset(folder))


def test_what_was_done_or_left_out_is_noted(folder):
    rewrite(folder, lambda t: np.exp2(t).assign(stranger=100.0))
    notes = mgbone.open_dataset(folder).notes
    assert any("their log2 is used" in note for note in notes)
    assert any("stranger not in arrays.csv, left out" in note for note in notes)
    assert arrays.load_arrays(mgbone.open_dataset(folder)).notes == notes


def test_quality_says_what_can_be_said_without_probes(folder):
    scans = arrays.load_arrays(mgbone.open_dataset(folder))
    steps, _ = arrays.normalise(scans)
    flags = quality.flag_arrays(steps)
    assert flags["nuse_median"].isna().all() and flags["brightness"].isna().all()
    assert flags["rle_median"].notna().all() and flags["correlation"].notna().all()
    rle = steps.expression.sub(steps.expression.median(axis=1), axis=0)
    np.testing.assert_allclose(flags["rle_median"], rle.median())
    boxes = quality.box_table(RLE=rle, NUSE=quality.unscaled_standard_errors(steps))
    assert set(boxes["measure"]) == {"RLE"}
    densities = quality.distributions(steps)
    assert set(densities["stage"]) == {"as it came"}
    for language in ("en", "ja"):
        drawn = speak(language, pictures.array_distributions, densities, scans.groups, title="t")
        assert drawn.axes[0].get_title(loc="left")
        images = speak(
            language, pictures.pseudo_images, arrays.chip_images(steps, scans), scans.groups, title="t"
        )
        assert canvas.words_of(images)["finding"]


def test_scans_are_normalised_as_before():
    rng = np.random.default_rng(5)
    values = pd.DataFrame(rng.gamma(2, 100, (40, 3)).astype("f4") + 20, columns=list("abc"))
    steps = rma_steps(values, np.arange(40) // 4)
    assert steps.has_probes and set(quality.distributions(steps)["stage"]) == {"raw", "normalised"}
