"""Tables among one another: animals, groups and slices that do not agree are named."""

import re

import pytest
from helpers.small_dataset import describe
from helpers.spoiling import assert_refused, cell, header, lines

import mgbone
from mgbone.study.design import STRUCTURES


def areas_exchanged_and(spoil):
    """Exchange the headings of two areas, and spoil something else as well."""

    def both(folder):
        for old, new in (("whole_area", "X"), ("cortical_area", "whole_area"), ("X", "cortical_area")):
            header("qct_slices.csv", old, new)(folder)
        spoil(folder)

    return both


# What is done to the small dataset, and for each fault that must be named, in order, the pieces of its line.
# The first piece is where the line begins.
BAD = {
    # between tables
    "unknown group": (
        cell("animals.csv", 5, "group", "mg002"),
        [
            [
                "animals.csv, row 5, column group: found 'mg002', exp1 has the groups control, pairfed, mg",
                "study.yml",
            ]
        ],
    ),
    "group in Japanese": (
        cell("animals.csv", 2, "group", "正常食群"),
        [["animals.csv, row 2, column group: found '正常食群'", "Write control, if that is meant"]],
    ),
    "unknown experiment": (
        cell("animals.csv", 2, "experiment", "Exp 1"),
        [
            [
                "animals.csv, row 2, column experiment: found 'Exp 1', the study has the experiments exp1,",
                "Write exp1",
            ]
        ],
    ),
    "animal only in serum": (
        cell("serum.csv", 6, "animal_id", "e1-mg01-1"),
        [
            [
                "serum.csv, row 6, column animal_id: found 'e1-mg01-1', which is not in animals.csv",
                "Is it e1-mg001-1?",
            ]
        ],
    ),
    "animal only in slices, said once": (
        lines("qct_slices.csv", lambda rows: [row.replace("e1-mg001-1", "someone") for row in rows]),
        [
            [
                "qct_slices.csv, row 22, column animal_id: found 'someone' (in 5 rows)",
                "or add the animal there",
            ]
        ],
    ),
    "array of an unknown animal": (
        cell("arrays.csv", 2, "animal_id", "rat 7"),
        [["arrays.csv, row 2, column animal_id: found 'rat 7', which is not in animals.csv"]],
    ),
    # slices
    "beyond the femur": (
        cell("qct_slices.csv", 6, "position", "40"),
        [
            [
                "qct_slices.csv, row 6, column position: found 40 mm, but the femur of e1-control-1 is 2",
                "in mm from the distal",
            ]
        ],
    ),
    "two slices at one place": (
        lines(
            "qct_slices.csv",
            lambda rows: [*rows[:3], re.sub(r",3,[^,]*", f",3,{rows[2].split(',')[2]}", rows[3]), *rows[4:]],
        ),
        [["qct_slices.csv, row 4, column position: found ", "where e1-control-1 has a slice already"]],
    ),
    "slices without femoral length": (
        cell("animals.csv", 3, "femur_length", ""),
        [
            [
                "qct_slices.csv, row 7, column animal_id: e1-control-2 has slices, but no femur_length",
                "Fill in",
            ]
        ],
    ),
    "whole is not the sum": (
        cell("qct_slices.csv", 9, "whole_area", "10.4"),
        [
            [
                "qct_slices.csv, row 9, column whole_area: found 10.4 mm², but cortical + cancellous is 10",
                "the sum",
            ]
        ],
    ),
    "areas exchanged, and one content that is not the sum": (
        areas_exchanged_and(cell("qct_slices.csv", 9, "whole_content", "4")),
        [
            ["qct_slices.csv, row 2, column whole_area: found 6 mm², but cortical + cancellous is 14"],
            ["qct_slices.csv, column whole_area: "],
            ["qct_slices.csv, row 9, column whole_content: found 4 mg, but cortical + cancellous is 3"],
        ],
    ),
    "trabecular above cancellous": (
        cell("qct_slices.csv", 9, "trabecular_content", "0.7"),
        [
            [
                "qct_slices.csv, row 9, column trabecular_content: found 0.7 mg, more than",
                "(0.6 mg)",
                "exchanged",
            ]
        ],
    ),
    "half a measurement": (
        cell("qct_slices.csv", 9, "trabecular_area", ""),
        [
            [
                "qct_slices.csv, row 9, columns trabecular_area, trabecular_content: ",
                "trabecular_area is blank",
                "both",
            ]
        ],
    ),
    "denser than mineral": (
        lines(
            "qct_slices.csv",
            lambda rows: [*rows[:2], re.sub(r",0\.5,", ",0.01,", rows[2], count=1), *rows[3:]],
        ),
        [
            [f"qct_slices.csv, row 3, column {name}_content: found ", "hydroxyapatite", "Check the units"]
            for name in STRUCTURES
        ],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_tables_that_disagree_are_refused_and_it_says_where_and_what_to_do(folder, case):
    assert_refused(folder, *BAD[case])


def test_rounded_sums_are_no_fault(folder):
    for row, column, value in (
        (2, "whole_area", "10.01"),
        (3, "trabecular_content", "0.61"),
        (4, "whole_content", "3.002"),
    ):
        cell("qct_slices.csv", row, column, value)(folder)
    for column in (f"{structure}_{measure}" for structure in STRUCTURES for measure in ("area", "content")):
        cell("qct_slices.csv", 5, column, "")(folder)
        cell("qct_slices.csv", 6, column, "0")(folder)
    describe(folder)
    assert mgbone.check_dataset(folder) == []
