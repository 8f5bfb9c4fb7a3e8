"""What would end notebook 03 is named by make check, before anything is drawn."""

import pandas as pd
import pytest
from helpers.other_design import CALCIUM, write_other_design
from helpers.small_dataset import write_cel

from mgbone.dataset.opening import check_dataset, open_dataset
from mgbone.execute.cli import main
from mgbone.microarray.arrays import load_arrays
from mgbone.microarray.readiness import check_readiness


@pytest.fixture
def folder(tmp_path):
    folder = write_other_design(tmp_path / "mice", CALCIUM, parts=("arrays",))
    (folder / "datapackage.json").unlink()
    return folder


def test_arrays_that_fit_their_sets_are_ready(folder):
    assert check_readiness(open_dataset(folder))[0] == []


def test_symbols_of_another_style_are_compared_without_regard_to_case_and_said(folder, capsys):
    table = pd.read_csv(folder / "expression.csv")
    table["gene_symbol"] = table["gene_symbol"].str.upper()
    table.to_csv(folder / "expression.csv", index=False)
    assert main(["check", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "the chip (human symbols (IL6)) without regard to case" in said


def test_genes_that_no_set_knows_are_said_and_no_fault(folder):
    table = pd.read_csv(folder / "expression.csv")
    table["gene_symbol"] = [f"Zz{place}q" for place in range(len(table))]
    table.to_csv(folder / "expression.csv", index=False)
    faults, notes = check_readiness(open_dataset(folder))
    assert faults == [] and "No gene set is tested; all else goes on." in notes[-1]


ENSEMBL = "ENSRNOG{:011d}"


@pytest.mark.slow
@pytest.mark.parametrize("version", ["", ".3"])
def test_ensembl_names_are_read_through_a_table_of_two_columns(folder, version):
    table = pd.read_csv(folder / "expression.csv")
    symbols = table.pop("gene_symbol")
    names = [ENSEMBL.format(place) for place in range(len(table))]
    table.insert(0, "gene_id", [f"{name}{version}" for name in names])
    table.to_csv(folder / "expression.csv", index=False)
    (fault,) = check_dataset(folder)
    assert "names genes by Ensembl (rat), not by symbols" in fault and "symbols.csv" in fault
    (folder / "platform").mkdir()
    lines = [f"{name}\t{symbol} /// Other1" for name, symbol in zip(names, symbols, strict=True)]
    (folder / "platform" / "symbols.tsv").write_text("\n".join(["gene\tsymbol", *lines]))
    dataset = open_dataset(folder)
    assert check_readiness(dataset) == ([], [])
    assert set(load_arrays(dataset).expression.index) == set(symbols)
    twice = "\n".join([*lines, f"{names[0]}\tOther"])
    (folder / "platform" / "symbols.tsv").write_text(twice)
    (fault,) = check_dataset(folder)
    assert (
        f"platform/symbols.tsv, line {len(lines) + 1}: {names[0]} is Other, but {symbols[0]} above" in fault
    )


def test_sets_without_genes_are_passed_over_and_said(folder, capsys):
    genes = "\t".join(pd.read_csv(folder / "expression.csv")["gene_symbol"].head(50))
    (folder / "sets.gmt").write_text(f"GO:1\tsome\t{genes}\nGO:2\tnone\nGO:3\tnone\t\t\n")
    study = (folder / "study.yml").read_text(encoding="utf-8")
    (folder / "study.yml").write_text(study + "gene_sets: sets.gmt\n", encoding="utf-8")
    assert main(["check", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "sets.gmt: 2 sets without genes passed over (GO:2, GO:3)" in out
    assert "files that were not read" not in out


def test_scans_without_library_files_name_the_chip(folder):
    arrays = pd.read_csv(folder / "arrays.csv")
    (folder / "expression.csv").unlink()
    (folder / "cel").mkdir()
    for seed, name in enumerate(arrays["file"]):
        write_cel(folder / "cel" / f"{name}.CEL", seed=seed)
    (fault,) = check_readiness(open_dataset(folder))[0]
    assert fault.startswith(
        "platform/ is missing: the library files (PGF, CLF, MPS) of Clariom_S_Rat go there"
    )
    assert "put a table of normalised expression (expression.txt) beside the CEL files" in fault


def test_a_normalised_table_beside_scans_is_taken_in_their_place(folder):
    arrays = pd.read_csv(folder / "arrays.csv")
    (folder / "cel").mkdir()
    for seed, name in enumerate(arrays["file"]):
        write_cel(folder / "cel" / f"{name}.CEL", seed=seed)
    dataset = open_dataset(folder)
    assert check_readiness(dataset)[0] == []
    assert "expression.csv is there, so the CEL files are not used." in dataset.notes


def test_a_table_of_another_scale_is_a_fault_before_anything_is_drawn(folder):
    table = pd.read_csv(folder / "expression.csv")
    values = table.columns.drop("gene_symbol")
    table[values] -= table[values].to_numpy().mean()
    table.to_csv(folder / "expression.csv", index=False)
    (fault,) = check_readiness(open_dataset(folder))[0]
    assert fault.startswith("expression.csv: no gene counts as expressed") and "the limit 5" in fault
