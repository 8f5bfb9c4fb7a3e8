"""The CEL files of a dataset: missing, damaged, twice or of another chip, each is named."""

import pytest
from helpers.small_dataset import write_cel
from helpers.spoiling import after, assert_refused, cell, contents, cut, descriptor, resource


def same_scan(folder):
    (folder / "cel/e1-mg001-1.CEL").write_bytes((folder / "cel/e1-pairfed-1.CEL").read_bytes())


# What is done to the small dataset, and for each fault that must be named, in order, the pieces of its line.
# The first piece is where the line begins.
BAD = {
    "CEL missing": (
        after(lambda folder: (folder / "cel/e2-mg004-1.CEL").unlink()),
        [["cel/e2-mg004-1.CEL: the file is missing. Run `make data`, which writes it."]],
    ),
    "all CEL files missing, said once": (
        after(lambda folder: [path.unlink() for path in (folder / "cel").iterdir()]),
        [["cel/: 4 files are missing (e1-mg001-1.CEL, e1-pairfed-1.CEL, ", "which writes them."]],
    ),
    "CEL not listed": (
        descriptor(lambda raw: raw["resources"].remove(resource(raw, "cel/e2-mg004-1.cel"))),
        [["datapackage.json: does not list cel/e2-mg004-1.CEL, which arrays.csv names", "from git"]],
    ),
    "CEL truncated": (
        cut("cel/e2-mg004-1.CEL", 0.7),
        [["cel/e2-mg004-1.CEL: ", "truncated", "Copy the file again from its source."]],
    ),
    "CEL is something else": (
        contents("cel/e2-mg004-1.CEL", b"%PDF-1.7 and more"),
        [["cel/e2-mg004-1.CEL: is not a CEL file", "%PDF"]],
    ),
    "CEL path outside": (
        cell("arrays.csv", 2, "file", "../cel/a.CEL"),
        [["arrays.csv, row 2, column file: found '../cel/a.CEL', which is none within the folder"]],
    ),
    "CEL path no CEL": (
        cell("arrays.csv", 2, "file", "cel/a.txt"),
        [["arrays.csv, row 2, column file: found 'cel/a.txt', allowed is the path of a .CEL file"]],
    ),
    "one scan twice": (
        same_scan,
        [["arrays.csv, row 3, column file: e1-mg001-1.CEL holds the same scan as cel/e1-pairfed-1.CEL"]],
    ),
    "another chip": (
        lambda folder: write_cel(folder / "cel/e1-mg001-1.CEL", chip="RaGene-2_0-st-v1", seed=9),
        [
            [
                "arrays.csv, row 3, column file: cel/e1-mg001-1.CEL: chip RaGene-2_0-st-v1",
                "the other arrays are Clariom_S_Rat",
            ]
        ],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_scans_are_refused_and_it_says_where_and_what_to_do(folder, case):
    assert_refused(folder, *BAD[case])
