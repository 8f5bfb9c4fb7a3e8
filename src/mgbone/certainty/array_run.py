"""What takes minutes of the arrays: made by ``make certainty ARRAY_COHORTS=1000``, read by notebook 05."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from mgbone.certainty.array_cohorts import TRUTHS, array_chances, array_cohorts, fit_expression
from mgbone.certainty.array_multiverse import array_multiverse
from mgbone.certainty.multiverse import Multiverse
from mgbone.certainty.specifications import DECISION_COLUMNS, SPECIFICATION_COLUMNS, STATEMENT_COLUMNS
from mgbone.dataset.opening import Dataset
from mgbone.microarray import arrays
from mgbone.study.language import tr
from mgbone.study.paths import write_table

PERMUTATIONS = 40
"""Labellings of the arrays; 4 against 4 have 35 that differ."""
FILES = {
    "specifications": ("array_specifications.csv", SPECIFICATION_COLUMNS),
    "statements": ("array_certainty.csv", STATEMENT_COLUMNS),
    "decisions": ("array_decisions.csv", DECISION_COLUMNS),
}
"""By the tables of `mgbone.certainty.multiverse.Multiverse`: file, and columns where it was not written."""


def run_arrays(
    dataset: Dataset,
    verdicts: pd.DataFrame,
    folder: Path,
    n_cohorts: int,
    tell: Callable[[str], None] = print,
) -> None:
    """Judge statements about arrays by every specification and over new cohorts, and write what came of it.

    Parameters
    ----------
    verdicts : DataFrame
        From `mgbone.claims.judge`.
    folder : Path
        Derived tables of the dataset.
    n_cohorts : int
        Under each of the two truths.
    """
    multiverse = array_multiverse(dataset, verdicts, PERMUTATIONS)
    tell(tr("{n:,} analyses of the arrays are made.", n=len(multiverse.specifications)))
    scans = arrays.load_arrays(dataset)
    _, genes = arrays.normalise(scans)
    model, cohorts = fit_expression(genes, scans.table, dataset.study), {}
    for truth in TRUTHS:
        cohorts[truth] = array_cohorts(model, truth, dataset.study, n_cohorts)
        drawn = sum(table["cohort"].nunique() for table in cohorts.values())
        tell(tr("{n:,} cohorts of arrays are drawn.", n=drawn))
    chances = array_chances(cohorts, verdicts)
    multiverse = replace(
        multiverse, statements=multiverse.statements.merge(chances, on="claim_id", how="outer")
    )
    for name, (file, _) in FILES.items():
        write_table(getattr(multiverse, name), folder / file)


def read_arrays(folder: Path) -> Multiverse:
    """Return what `run_arrays` left in the derived tables; tables without rows where it was not run."""
    found = {name: pd.DataFrame(columns=columns) for name, (_, columns) in FILES.items()}
    for name, (file, _) in FILES.items():
        if (path := folder / file).is_file():
            # "none" is the name of an option, and a level.
            found[name] = pd.read_csv(path, keep_default_na=False, na_values=[""])
    return Multiverse(**found)
