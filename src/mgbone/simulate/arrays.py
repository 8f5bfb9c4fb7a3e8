"""Simulate microarrays with known truth: from genes to animals to cells of a chip to CEL files.

What a scanner reads in a cell is built up as it arises:

    reading = saturation( optical + nonspecific + 2^(expression + affinity + noise) ) * gradient + noise

with, for gene g of animal i,

    expression = level_g + experiment shift + sum of (animal's score x gene's loading) over the factors
                 + biological noise + effect of the diet

Five *animal factors* (red and lymphoid marrow, proliferation, muscle left on the bone, dissection delay) move
thousands of genes together. Their scores are drawn for each animal and cross the groups, so that at mild
deficiency arrays cluster by them and not by diet. *Effects* are drawn from subsets of the genes of some GO
processes and from all other genes; no process is moved as a whole, and most of the genes that move belong
to none of the named ones.

Every number stands in ``array_*.csv`` beside this module, with its source or the word "assumed". With the
same seed, `simulate_arrays` with and without effect gives the same animals, probes and noise, so that
nothing but the effect of the diets differs.
"""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from mgbone.simulate import platform_writer
from mgbone.simulate.array_numbers import stream
from mgbone.simulate.cel_writer import SIMULATED_NOTE, write_cel
from mgbone.simulate.gene_model import animal_expression, draw_effects, draw_genes, load_genes, no_effects
from mgbone.simulate.scanner import control_signal, draw_probes, read_out
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr

FIRST_SCAN = datetime(2021, 4, 5, 10, 0)


def simulate_arrays(
    folder: str | Path,
    arrays: pd.DataFrame,
    effect: bool,
    seed: int,
    *,
    uncentred: bool = False,
    population: int | None = None,
    genes: pd.DataFrame | None = None,
    n_rows: int = 548,
    n_cols: int = 548,
) -> tuple[list[Path], pd.DataFrame]:
    """Simulate a set of arrays and write CEL files and library files; the same arguments give the same bytes.

    Parameters
    ----------
    folder : str or Path
        Folder of the dataset; library files go to ``platform/``, CEL files where `arrays` says.
    arrays : DataFrame
        One row an array: ``array_id``, ``animal_id``, ``group``, ``experiment`` and ``file`` (path below
        `folder`).
    effect : bool
        Whether the diets have their effect; without, the dataset is the null one.
    seed : int
        Seed of everything that is drawn.
    uncentred : bool
        Whether groups may differ by the factors of their animals as by chance (`gene_model.animal_scores`).
    population : int, optional
        Seed of what all cohorts share: the chip, its probes, the genes and what the diets do to them; by
        default `seed`, which otherwise draws the animals and their scans alone.
    genes : DataFrame, optional
        Columns ``symbol``, ``gene_name`` and ``tier``; by default data/genesets/chip_genes.csv.gz.
    n_rows, n_cols : int
        Size of the chip in cells.

    Returns
    -------
    paths : list of Path
        All files written: platform first, then CEL files in the order of `arrays`.
    truth : DataFrame
        ``gene``, ``contrast``, ``true_log2_fold_change`` for every gene and each contrast of `CONTRASTS`.

    Raises
    ------
    MgboneError
        If `arrays` lacks a column or names an array twice.
    PlatformError
        If the genes do not fit the chip.
    """
    _check(arrays)
    folder = Path(folder)
    table = load_genes() if genes is None else genes.reset_index(drop=True)
    shared = seed if population is None else population
    chip = platform_writer.lay_out(table, stream(shared, "layout"), n_rows, n_cols)
    paths = platform_writer.write_platform(folder / "platform", chip)
    model = draw_genes(table, shared)
    effects = draw_effects(model, shared) if effect else no_effects(table)
    expression = animal_expression(model, effects, arrays, seed, uncentred=uncentred)
    probes = draw_probes(chip, shared)
    signal_of_controls = control_signal(chip, shared)
    for position, array in enumerate(arrays.itertuples(index=False)):
        log2_signal = np.concatenate([signal_of_controls, expression[:, position]])
        cells = read_out(chip, probes, log2_signal, stream(seed, f"array {array.array_id}"))
        paths.append(
            write_cel(
                folder / array.file,
                *cells,
                chip_type=platform_writer.CHIP_TYPE,
                n_rows=n_rows,
                n_cols=n_cols,
                scan_date=_scan_date(array.experiment, position),
                array_id=f"{array.array_id} {seed} {'effect' if effect else 'null'}",
                note=SIMULATED_NOTE,
            )
        )
    truth = effects.melt(ignore_index=False, var_name="contrast", value_name="true_log2_fold_change")
    return paths, truth.reset_index()


def _check(arrays: pd.DataFrame) -> None:
    missing = {"array_id", "animal_id", "group", "experiment", "file"} - set(arrays.columns)
    if missing:
        said = N_("The table of arrays lacks {columns}; add these columns.")
        raise MgboneError(tr(said, columns=tr(", ").join(sorted(missing))))
    for column in ("array_id", "file"):
        repeated = arrays.loc[arrays[column].duplicated(), column].unique()
        if len(repeated):
            names = ", ".join(map(str, repeated))
            said = N_("{column} {names} is there twice; each array needs its own.")
            raise MgboneError(tr(said, column=column, names=names))


def _scan_date(experiment: str, position: int) -> datetime:
    """Scan times follow from the array's place: eight a day, the second experiment three months later."""
    day, hour = divmod(position, 8)
    return FIRST_SCAN + timedelta(days=day + (90 if experiment == "exp2" else 0), minutes=25 * hour)
