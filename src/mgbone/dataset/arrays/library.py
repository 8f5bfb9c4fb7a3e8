"""Read the library files of a chip: which probes measure what, and where on the chip they lie.

Thermo Fisher describes its whole-transcript arrays (Clariom S and D, Gene ST, Exon ST) with four files, as
they come out of the two archives "library files" and "NetAffx transcript annotation":

===================  =========================================================================================
``.pgf``             probe sets, their atoms and probes, nested by leading tabs; its header names the columns
``.clf``             where each probe lies; if ``sequential=s``, probe ``p`` is cell ``p - s``; no row counts
``.mps``             meta probe sets: which probe sets are summarised together, as one transcript cluster
``.transcript.csv``  what is known of each transcript cluster; ``gene_assignment`` holds the gene symbol
===================  =========================================================================================

Older 3' arrays are described by a CDF file instead; they are refused with a word on what to do.

References
----------
Affymetrix Power Tools, *file format* pages for PGF, CLF, MPS and NetAffx transcript annotation. The word
``col_major`` in real CLF headers is known to be wrong: all files run row by row, as
`mgbone.dataset.arrays.cel` does.
"""

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from mgbone.dataset.arrays.files import files_below
from mgbone.dataset.arrays.library_files import (
    Clf,
    Pgf,
    read_clf,
    read_mps,
    read_pgf,
    read_transcript_annotation,
)
from mgbone.dataset.faults import file_error
from mgbone.study.errors import PlatformError
from mgbone.study.language import tr

_KINDS = {"pgf": ".pgf", "clf": ".clf", "mps": ".mps", "transcripts": ".transcript.csv"}
_MPS_PREFERENCE = ("core", "gene")


class PlatformWarning(UserWarning):
    """Library files that can be used but lack something."""


@dataclass(frozen=True, eq=False)
class Platform:
    """A chip as its library files describe it; made by `read_platform`.

    Attributes
    ----------
    chip_types : tuple of str
        Names of the chips that the files are for.
    n_rows, n_cols : int
        Size in cells.
    cells : numpy.ndarray of int64, shape (n_probes,)
        Cell index (``y * n_cols + x``) of each perfect-match probe of the main probe sets, grouped by
        transcript cluster. A probe that belongs to several clusters occurs as often.
    probesets : pandas.Categorical, shape (n_probes,)
        Transcript cluster of each of these probes.
    annotation : pandas.DataFrame
        Index ``probeset_id`` (each transcript cluster), columns ``gene_symbol``, ``gene_name`` (missing
        where no gene is assigned) and ``place`` (missing where the annotation does not say).
    controls : pandas.DataFrame
        Perfect-match probes of all other probe sets: ``cell``, ``probeset_id``, ``name``, ``type``.
    files : dict of str to Path
        pgf, clf and, if there, mps and transcripts.
    """

    chip_types: tuple[str, ...]
    n_rows: int
    n_cols: int
    cells: np.ndarray = field(repr=False)
    probesets: pd.Categorical = field(repr=False)
    annotation: pd.DataFrame = field(repr=False)
    controls: pd.DataFrame = field(repr=False)
    files: dict[str, Path] = field(repr=False)

    def check(self, chip) -> None:
        """Raise a PlatformError unless CEL data, made by `read_cel` or `read_cels`, are of this chip."""
        facts = chip.attrs if isinstance(chip, pd.DataFrame) else vars(chip)
        name, size = facts.get("chip_type"), (facts.get("n_rows"), facts.get("n_cols"))
        if name not in self.chip_types:
            said = tr(
                "The CEL files are of chip {chip}, but {file} is for {chips}. Put the library files of "
                "{chip} there.",
                chip=name, file=self.files["pgf"], chips=tr(" and ").join(self.chip_types),
            )  # fmt: skip
            raise PlatformError(said)
        if size != (self.n_rows, self.n_cols):
            said = tr(
                "The CEL files have {rows} x {columns} cells, but {file} describes {clf_rows} x "
                "{clf_columns}. Take the library files that belong to this chip.",
                rows=size[0], columns=size[1], file=self.files["clf"].name, clf_rows=self.n_rows,
                clf_columns=self.n_cols,
            )  # fmt: skip
            raise PlatformError(said)

    def select(self, intensities: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a whole-chip table (`read_cels`) that `rma` needs, in the order of `probesets`.

        A table of another chip is a PlatformError.
        """
        self.check(intensities)
        return intensities.loc[self.cells]


def read_platform(source: str | PathLike | Mapping[str, str | PathLike]) -> Platform:
    """Read the library files of a chip.

    Parameters
    ----------
    source : path-like or mapping
        A folder (searched with `find_platform`), or the files by kind: ``pgf``, ``clf`` and optionally
        ``mps`` and ``transcripts``.

    Raises
    ------
    PlatformError
        If a file is missing, damaged, or does not fit the others.

    Warns
    -----
    PlatformWarning
        If there is no transcript annotation, so that no gene has a symbol.

    Notes
    -----
    Expression is measured by perfect-match probes (``pm``) of probe sets of type ``main``; a probe set
    without a type counts as main, as old files give none. All others are controls, kept apart. Without MPS
    each probe set is summarised on its own, under its name where the annotation goes by names.
    """
    files = (
        {kind: Path(path) for kind, path in source.items()}
        if isinstance(source, Mapping)
        else find_platform(source)
    )
    for kind in ("pgf", "clf"):
        if kind not in files:
            raise PlatformError(
                tr("No {kind} file was given. A chip needs its PGF and its CLF.", kind=kind.upper())
            )
    pgf, clf = read_pgf(files["pgf"]), read_clf(files["clf"])
    chip_types = _common_chips(files, pgf, clf)
    probes = pgf.probes[pgf.probes["type"].str.startswith("pm")]
    cells = pd.Series(clf.cells(probes["probe_id"].to_numpy()), index=probes["probeset"].to_numpy())
    main = pgf.probesets["type"].map(_is_main).to_numpy(dtype=bool)
    if not main[cells.index].any():
        problem = tr("has no perfect-match probes of main probe sets")
        raise file_error(PlatformError, files["pgf"], problem, tr("Take the chip's own PGF."))
    genes = read_transcript_annotation(files["transcripts"]) if "transcripts" in files else None
    chosen, labels = _clusters(files, pgf.probesets, main, cells, genes)
    categories = pd.Index(labels.categories, name="probeset_id")
    return Platform(
        chip_types=chip_types,
        n_rows=clf.n_rows,
        n_cols=clf.n_cols,
        cells=chosen,
        probesets=labels,
        annotation=_annotation(files, categories, genes),
        controls=_controls(pgf.probesets, main, cells),
        files=files,
    )


def find_platform(folder: str | PathLike) -> dict[str, Path]:
    """Find a chip's library files in a folder or below it, whatever their version and the case of names.

    Returns the files ``pgf`` and ``clf``, and ``mps`` and ``transcripts`` if they are there, all maybe
    compressed by gzip.

    Raises
    ------
    PlatformError
        If PGF or CLF is missing (also for chips that are described by a CDF only), or if it is not clear
        which of several to take.
    """
    folder = Path(folder)
    if not folder.is_dir():
        advice = tr("Name the folder with the chip's library files.")
        raise file_error(PlatformError, folder, tr("is no folder"), advice)
    names = list(files_below(folder))
    found = {}
    for kind, suffix in _KINDS.items():
        paths = [path for path in names if path.name.lower().removesuffix(".gz").endswith(suffix)]
        if kind == "mps" and len(paths) > 1:
            paths = _preferred_mps(paths)
        if len(paths) > 1:
            said = {"suffix": suffix, "names": tr(", ").join(path.name for path in paths)}
            problem = tr("holds several {suffix} files ({names})", **said)
            raise file_error(PlatformError, folder, problem, tr("Leave one there, or name it."))
        if paths:
            found[kind] = paths[0]
    missing = [kind.upper() for kind in ("pgf", "clf") if kind not in found]
    if missing:
        raise file_error(PlatformError, folder, *_missing_files(names, missing))
    return found


def _common_chips(files: Mapping[str, Path], pgf: Pgf, clf: Clf) -> tuple[str, ...]:
    ours, theirs = pgf.header.get("chip_type", []), clf.header.get("chip_type", [])
    common = tuple(chip for chip in dict.fromkeys(ours) if chip in theirs)
    if not common:
        said = tr(
            "{pgf} is for {chips}, but {clf} is for {other_chips}. Take both from the same set of library "
            "files.",
            pgf=files["pgf"].name, chips=tr(" and ").join(ours) or tr("no named chip"), clf=files["clf"].name,
            other_chips=tr(" and ").join(theirs) or tr("no named chip"),
        )  # fmt: skip
        raise PlatformError(said)
    return common


def _is_main(kind: str) -> bool:
    return not kind or any(part.split("->")[0] == "main" for part in kind.split(":"))


def _clusters(
    files: Mapping[str, Path],
    probesets: pd.DataFrame,
    main: np.ndarray,
    cells: pd.Series,
    genes: pd.DataFrame | None,
) -> tuple[np.ndarray, pd.Categorical]:
    """Return cells and transcript clusters of the main probes; `cells` is indexed by row of `probesets`."""
    if "mps" not in files:
        kept = cells[main[cells.index]]
        return kept.to_numpy(), pd.Categorical(_own_labels(probesets, main, genes)[kept.index])
    members = read_mps(files["mps"])
    rows = _rows_of(files, members["member"], probesets)
    used = main[rows]
    pairs = pd.DataFrame({"cluster": pd.Categorical(members["probeset_id"]), "row": rows})[used]
    probes = cells.rename("cell").rename_axis("row").reset_index()
    joined = pairs.drop_duplicates().merge(probes, on="row")
    return joined["cell"].to_numpy(), pd.Categorical(joined["cluster"]).remove_unused_categories()


def _own_labels(probesets: pd.DataFrame, main: np.ndarray, genes: pd.DataFrame | None) -> np.ndarray:
    """Label probe sets that no MPS joins: by identifier, or by name if only names are annotated.

    Clariom files number their probe sets and name them after the transcript cluster (TC0100000001.rn.2).
    """
    ids = probesets["probeset_id"]
    if genes is not None and "probeset_name" in probesets and not ids[main].isin(genes.index).any():
        names = probesets["probeset_name"]
        if names[main].isin(genes.index).any():
            ids = names.where(names != "", ids)
    return ids.to_numpy()


def _rows_of(files: Mapping[str, Path], members: pd.Series, probesets: pd.DataFrame) -> np.ndarray:
    """Rows of the probe sets that an MPS lists: by identifier, or by name where files use that."""
    for column in ("probeset_id", "probeset_name"):
        if column in probesets and probesets[column].is_unique:
            rows = pd.Index(probesets[column]).get_indexer(members)
            if (rows >= 0).all():
                return rows
            if column == "probeset_id":
                lost = rows < 0
    said = tr(
        "{mps} lists {count} probe sets that {pgf} does not have (such as {name}). Take both from the same "
        "set of library files.",
        mps=files["mps"].name, count=int(lost.sum()), pgf=files["pgf"].name, name=members[lost].iloc[0],
    )  # fmt: skip
    raise PlatformError(said)


def _controls(probesets: pd.DataFrame, main: np.ndarray, cells: pd.Series) -> pd.DataFrame:
    kept = cells[~main[cells.index]]
    sets = probesets.iloc[kept.index]
    sets = sets.assign(cell=kept.to_numpy(), name=sets.get("probeset_name", sets["probeset_id"]))
    return sets[["cell", "probeset_id", "name", "type"]].reset_index(drop=True)


def _annotation(files: Mapping[str, Path], clusters: pd.Index, genes: pd.DataFrame | None) -> pd.DataFrame:
    if genes is None:
        text = tr(
            "There is no transcript annotation (*.transcript.csv) beside {file}, so no gene has a symbol. "
            "Put the NetAffx transcript annotation of the chip there.",
            file=files["pgf"].name,
        )
        warnings.warn(text, PlatformWarning, stacklevel=3)
        return pd.DataFrame(
            {"gene_symbol": None, "gene_name": None, "place": None}, index=clusters, dtype="str"
        )
    if not genes.index.isin(clusters).any():
        said = tr(
            "{file} knows none of the chip's transcript clusters (such as {name}). Take the annotation of "
            "this chip type.",
            file=files["transcripts"].name, name=clusters[0],
        )  # fmt: skip
        raise PlatformError(said)
    return genes.reindex(clusters)


def _preferred_mps(paths: list[Path]) -> list[Path]:
    # Exon and HTA chips come with several: "core" or "gene" is the level of well-supported transcript
    # clusters.
    for word in _MPS_PREFERENCE:
        hits = [path for path in paths if re.search(rf"[._-]{word}[._-]", path.name.lower())]
        if hits:
            return hits
    return paths


def _missing_files(names: Iterable[Path], missing: list[str]) -> tuple[str, str]:
    cdf = next((path for path in names if path.name.lower().endswith((".cdf", ".cdf.gz"))), None)
    if cdf is not None and "PGF" in missing:
        return tr(
            "holds {file}, so this is a 3' expression chip, described by a CDF; chips that are described by "
            "PGF and CLF can be read (Clariom, Gene ST, Exon ST)",
            file=cdf.name,
        ), tr(
            "Normalise these CEL files with affy or the maker's console and put the table as expression.txt "
            "beside the other tables."
        )
    problem = tr("holds no {kind} file", kind=missing[0])
    if len(missing) > 1:
        problem = tr("holds no {kind} and no {other} file", kind=missing[0], other=missing[1])
    return problem, tr(
        "Unpack the chip's library files there (from Thermo Fisher's page of the array, under 'library "
        "files' and 'annotation')."
    )
