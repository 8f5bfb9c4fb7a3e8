"""One array under its many names: files of the scanner, columns of the console, GEO, R."""

import pytest

from mgbone.dataset.arrays.array_names import array_key, matching_columns, plain_name


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("a1_(Clariom_S_Rat).sst-rma-gene-full.chp Signal", "a1"),
        ("cel/a1_(Clariom_S_Rat).CEL", "a1"),
        ("C:\\scans\\a1_(RaGene-2_0-st).cel.gz", "a1"),
        ("a1.rma-gene-full.chp Signal (log2)", "a1"),
        ("a1.plier-gcbg-sketch Signal", "a1"),
        ("a1.gene-full.chp (log2)", "a1"),
        # A dose, a number and a running index are parts of the name.
        ("Mg0.01-1 Signal", "Mg0.01-1"),
        ("cel/Mg0.01-1.CEL", "Mg0.01-1"),
        ("Rat.1 Signal", "Rat.1"),
        ("rat_(1).CEL", "rat_(1)"),
        ("rat.full", "rat.full"),
        ("rat.rma2", "rat.rma2"),
        ("Signal", "Signal"),
        (".CEL", ".CEL"),
    ],
)
def test_only_what_software_adds_is_cut(written, plain):
    assert plain_name(written) == plain
    assert array_key(written) == plain.lower()


def one(names, columns, titles=None):
    return matching_columns([names], columns, titles)[0]


@pytest.mark.parametrize(
    ("names", "column"),
    [
        (("cel/a1_(Clariom_S_Rat).CEL", "x"), "a1_(Clariom_S_Rat).sst-rma-gene-full.chp Signal"),
        (("cel/Mg0.01-1.CEL", "x"), "Mg0.01-1 Signal"),
        (("Mg0.01-2.CEL.gz", "x"), "Mg0.01.2.CEL"),
        (("1-Mg.CEL", "x"), "X1.Mg"),
        (("GSM1_ctl1.CEL.gz", "x"), "GSM1"),
        (("cel/GSM12_ctl3.CEL.gz", "x"), "GSM12"),
        (("x", "gsm1"), "GSM1"),
        (("cel/ctl1.CEL", "x"), "GSM1"),
        (("cel/gone.CEL", "Control 3"), "GSM12"),
    ],
)
def test_an_array_finds_its_column(names, column):
    columns = [
        "GSM1", "GSM12", "Mg0.01-1 Signal", "a1_(Clariom_S_Rat).sst-rma-gene-full.chp Signal",
        "Mg0.01.2.CEL", "X1.Mg",
    ]  # fmt: skip
    titles = {"GSM1": "ctl1", "GSM12": "control 3"}
    assert one(names, columns, titles) == (column,)


def test_the_file_counts_before_the_identifier_and_the_letter_before_the_key():
    assert one(("a1.CEL", "b1"), ["b1", "A1"]) == ("A1",)
    assert one(("a1", "b1"), ["b1", "A1", "a1"]) == ("a1",)
    assert one(("a1.CEL", "b1"), ["b1", "A1", "a1"]) == ("a1",)
    assert one(("gone.CEL", "b1"), ["b1", "A1"]) == ("b1",)
    assert one(("gone.CEL", "b1"), ["b1", "A1"], {"A1": "gone"}) == ("b1",)


def test_what_is_not_clear_comes_back_whole():
    assert one(("a1.CEL", "x"), ["a1.rma.chp Signal", "b", "a1.plier.chp Signal"]) == (
        "a1.rma.chp Signal",
        "a1.plier.chp Signal",
    )
    assert one(("nothing", "x"), ["a", "b"]) == ()
    assert one(("x", "y"), ["a", "b"], {"a": "", "b": ""}) == ()


def test_five_hundred_arrays_are_matched_at_once():
    columns = [f"r{i}_(Clariom_S_Rat).sst-rma-gene-full.chp Signal" for i in range(500)]
    found = matching_columns([(f"cel/r{i}_(Clariom_S_Rat).CEL", f"id{i}") for i in range(500)], columns)
    assert found == [(column,) for column in columns]
