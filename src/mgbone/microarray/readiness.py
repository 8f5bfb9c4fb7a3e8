"""What notebook 03 will ask of a dataset, looked at before anything is drawn."""

import warnings

from mgbone.dataset.arrays.cel import read_cel
from mgbone.dataset.arrays.expression_table import read_expression_table
from mgbone.dataset.arrays.library import find_platform
from mgbone.dataset.arrays.library_files import read_transcript_annotation
from mgbone.dataset.arrays.symbol_table import gene_symbols
from mgbone.dataset.opening import Dataset
from mgbone.dataset.parts import FEWEST_ARRAYS
from mgbone.microarray.genes import read_expression
from mgbone.microarray.genesets import fit_gene_sets, load_gene_sets
from mgbone.study.errors import MgboneError, PlatformError
from mgbone.study.language import N_, tr


def check_readiness(dataset: Dataset) -> tuple[list[str], list[str]]:
    """Hold the arrays of a dataset against the chip's library files and the gene sets that its study names.

    Returns
    -------
    list of str
        Faults, one line each, that would end notebook 03; none for a dataset that has too few arrays.
    list of str
        Notes: what is passed over.
    """
    if dataset.arrays is None or len(dataset.arrays) < FEWEST_ARRAYS:
        return [], []
    faults, notes = [], []
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            symbols = _symbols(dataset)
            faults += _scale(dataset)
            sets = load_gene_sets(dataset.study.gene_sets, dataset.study.gene_set_symbols)
            if symbols:
                notes += fit_gene_sets(sets, symbols).notes
            else:
                notes.append(
                    tr("platform/ holds no transcript annotation: no gene has a symbol, no set is tested.")
                )
        except PlatformError as error:
            advice = tr(
                "Without library files, put a table of normalised expression (expression.txt) beside the CEL "
                "files, or move arrays.csv away: all else goes on without arrays."
            )
            faults.append(f"{str(error).removeprefix(f'{dataset.path}/')} {advice}")
        except MgboneError as error:
            faults.append(str(error).replace(f"{dataset.path}/", ""))
    return faults, [*dict.fromkeys(str(one.message) for one in told), *notes]


def _scale(dataset: Dataset) -> list[str]:
    """Say whether no gene of a normalised table counts as expressed, since it is of another scale."""
    if dataset.expression_path is None:
        return []
    highest = read_expression(dataset.expression_path, dataset.arrays).mean(axis=1).max()
    limit = dataset.study.thresholds["expressed"]
    if highest > limit:
        return []
    said = N_(
        "{file}: no gene counts as expressed: the highest mean log2 expression is {highest:.2f}, the limit "
        "{limit:g}. Put one that fits these values as `expressed` under `thresholds` in a study.yml beside "
        "the data."
    )
    return [tr(said, file=dataset.expression_path.name, highest=highest, limit=limit)]


def _symbols(dataset: Dataset) -> set[str]:
    """Return the gene symbols that the arrays will have: of the table, or of the chip's annotation."""
    if dataset.expression_path is not None:
        table = read_expression_table(dataset.expression_path)
        symbols = gene_symbols(table, dataset.path)
        return set(map(str, table.columns.index) if symbols is None else symbols.dropna())
    if dataset.platform_folder is None:
        chip = read_cel(dataset.cel_paths[0], intensities_only=True).chip_type
        said = N_("platform/ is missing: the library files (PGF, CLF, MPS) of {chip} go there.")
        raise PlatformError(tr(said, chip=chip))
    annotation = find_platform(dataset.platform_folder).get("transcripts")
    return (
        set() if annotation is None else set(read_transcript_annotation(annotation)["gene_symbol"].dropna())
    )
