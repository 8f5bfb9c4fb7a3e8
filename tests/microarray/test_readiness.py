"""What would end notebook 03 is named by make check, before anything is drawn."""

import pandas as pd
import pytest
from helpers.other_design import CALCIUM, write_other_design
from helpers.small_dataset import write_cel

from mgbone.dataset.opening import open_dataset
from mgbone.execute.cli import main
from mgbone.microarray.readiness import check_readiness


@pytest.fixture
def folder(tmp_path):
    folder = write_other_design(tmp_path / "mice", CALCIUM, parts=("arrays",))
    (folder / "datapackage.json").unlink()
    return folder


def test_arrays_that_fit_their_sets_are_ready(folder):
    assert check_readiness(open_dataset(folder))[0] == []


def test_symbols_of_another_style_are_a_fault(folder, capsys):
    table = pd.read_csv(folder / "expression.csv")
    table["gene_symbol"] = table["gene_symbol"].str.upper()
    table.to_csv(folder / "expression.csv", index=False)
    (fault,) = check_readiness(open_dataset(folder))[0]
    assert "Symbol case differs" in fault and "human symbols (IL6)" in fault
    assert main(["check", str(folder)]) == 1
    assert "Symbol case differs" in capsys.readouterr().err


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
    assert "move arrays.csv away" in fault
