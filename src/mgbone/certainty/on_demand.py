"""The specification curve of one statement of a finished run, on demand."""

from pathlib import Path

from matplotlib.figure import Figure

from mgbone.certainty.array_run import read_arrays
from mgbone.certainty.multiverse import animal_multiverse
from mgbone.certainty.specifications import about_statement, specification_curve
from mgbone.dataset.opening import open_dataset
from mgbone.figures import canvas
from mgbone.figures.specifications import specification_curve as draw
from mgbone.lookup.finding import the_one
from mgbone.lookup.tables import Tables, find_tables
from mgbone.study import naming

PERMUTATIONS = 500


def curve(name: str, dataset: str | Path = Tables.dataset, **folders: str | Path) -> Figure:
    """Draw one statement over every analysis of it that can be defended, in some seconds.

    Parameters
    ----------
    name : str
        Its id, such as ``4-1-2-20``.
    dataset : path-like
        A dataset that `make all` has run on. Analyses of arrays take minutes: they are drawn where
        ``make certainty ARRAY_COHORTS=1000`` has made them.

    Raises
    ------
    MgboneError
        If there is no such statement (the nearest ids are told), or nothing has run on the dataset.
    """
    tables = find_tables(dataset, **folders)
    naming.use_study(tables.study)
    verdicts = tables.read("verdicts")
    row = verdicts[verdicts["claim_id"].eq(the_one(name, tables, "claim"))]
    if row["domain"].eq("microarray").all():
        analyses = read_arrays(tables.derived)
    else:
        analyses = animal_multiverse(open_dataset(tables.data), row, PERMUTATIONS)
    claim = row["claim_id"].iloc[0]
    about = about_statement(analyses.statements, verdicts, claim)
    figure = draw(specification_curve(analyses.specifications, claim), about, tables.study)
    figure = canvas.stamp(figure, tables.stamp)
    canvas.lay_out(figure)
    return figure
