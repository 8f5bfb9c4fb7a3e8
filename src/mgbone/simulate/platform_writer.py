"""Lay out a simulated chip and write its library files in the formats that Thermo Fisher ships.

Four files describe an array: the **PGF** says which probes make up which probe set, the **CLF** where on
the chip each probe lies, the **MPS** which probe sets are summarised together (as one transcript cluster),
and the **transcript annotation** (NetAffx CSV) which gene a transcript cluster measures.

The layout is invented: where the real Clariom S Rat has its probes, and which sequences they have, is in its
maker's files. So the chip type is ``Clariom_S_Rat_sim``, never that of the real chip, and a real CEL file
can't be read with these files by mistake.

Reference
---------
Affymetrix Power Tools, *file format* pages for PGF, CLF, MPS and transcript annotation.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mgbone.study.errors import PlatformError
from mgbone.study.language import N_, tr
from mgbone.study.paths import write_aside

CHIP_TYPE = "Clariom_S_Rat_sim"
CHIP_TYPES = (CHIP_TYPE, "Clariom_S_Rat_HT_sim")  # cartridge and plate format share their library files
LIBRARY_NAME = "Clariom_S_Rat_simulated"
NOTICE = "Simulated by the compendium mgbone; no product of Thermo Fisher, layout and sequences are invented"
CREATED = "Mon Jan  1 00:00:00 UTC 2024"  # fixed, so that the same chip gives the same bytes
PROBE_LENGTH = 25
FIRST_PROBESET_ID = 20_500_001
BORDER = 2
ANTIGENOMIC_GC = range(3, 23)
ANTIGENOMIC_PROBES = 40
SPIKE_PROBES, GENE_PROBES = 11, 10

HYBRIDISATION_SPIKES = (
    "Ec-bioB-5", "Ec-bioB-M", "Ec-bioB-3", "Ec-bioC-5", "Ec-bioC-3", "Ec-bioD-5", "Ec-bioD-3",
    "P1-cre-5", "P1-cre-3",
)  # fmt: skip

LABELLING_SPIKES = tuple(f"Bs-{gene}-{end}" for gene in ("lys", "phe", "thr", "dap") for end in "5M3")
NORMALISATION_SETS, NORMALISATION_PROBES = 60, 4
MAIN, BACKGROUND = "main", "control->bgp->antigenomic"
BAC_SPIKE, POLYA_SPIKE = "control->affx->bac_spike", "control->affx->polya_spike"
EXON, INTRON = "normgene->exon", "normgene->intron"


@dataclass(frozen=True, eq=False)
class Chip:
    """Where everything lies on a simulated chip; made by `lay_out`.

    Attributes
    ----------
    n_rows, n_cols : int
        Size in cells.
    probesets : DataFrame
        One row a probe set: ``probeset_id`` (number in the PGF), ``name`` (transcript cluster or control),
        ``type``, ``n_probes``, and for genes ``symbol`` and ``gene_name``.
    owner : int array, shape (n_probes,)
        Row of `probesets` that a probe belongs to, ascending.
    cells : int array, shape (n_probes,)
        Cell index (``y * n_cols + x``) of each probe.
    bases : uint8 array, shape (n_probes, 25)
        Probe sequences as letters.
    gc : int array, shape (n_probes,)
        Number of G and C in each sequence.
    """

    n_rows: int
    n_cols: int
    probesets: pd.DataFrame
    owner: np.ndarray
    cells: np.ndarray
    bases: np.ndarray
    gc: np.ndarray

    @property
    def probe_ids(self) -> np.ndarray:
        """Number of each probe in the PGF and CLF: its cell index, counted from 1."""
        return self.cells + 1


def lay_out(genes: pd.DataFrame, rng: np.random.Generator, n_rows: int = 548, n_cols: int = 548) -> Chip:
    """Place the probes of all genes and controls at random on a chip.

    Parameters
    ----------
    genes : DataFrame
        Columns ``symbol`` and ``gene_name``; one transcript cluster each, in this order.
    rng : numpy.random.Generator
        Source of places and sequences.
    n_rows, n_cols : int
        Size of the chip in cells; its two outermost rows and columns hold no probe.

    Raises
    ------
    PlatformError
        If the chip is too small for all probes.
    """
    main = pd.DataFrame(
        {
            "name": [f"TCUn{number:08d}.rn.sim" for number in range(1, len(genes) + 1)],
            "type": MAIN,
            "n_probes": GENE_PROBES,
            "symbol": genes["symbol"].to_numpy(),
            "gene_name": genes["gene_name"].fillna("---").to_numpy(),
        }
    )
    probesets = pd.concat([_controls(), main], ignore_index=True)
    probesets.insert(0, "probeset_id", np.arange(FIRST_PROBESET_ID, FIRST_PROBESET_ID + len(probesets)))
    owner = np.repeat(np.arange(len(probesets)), probesets["n_probes"])
    inner = np.arange(n_rows * n_cols).reshape(n_rows, n_cols)[BORDER:-BORDER, BORDER:-BORDER].ravel()
    if owner.size > inner.size:
        said = N_(
            "{n} probes do not fit a chip of {n_rows} x {n_cols} cells. Take fewer genes, fewer probes a "
            "gene or a larger chip."
        )
        raise PlatformError(tr(said, n=owner.size, n_rows=n_rows, n_cols=n_cols))
    cells = rng.permutation(inner)[: owner.size]
    bases, gc = _sequences(_wanted_gc(probesets, owner, rng), rng)
    return Chip(n_rows, n_cols, probesets, owner, cells, bases, gc)


def write_platform(folder: str | Path, chip: Chip) -> list[Path]:
    """Write PGF, CLF, MPS and transcript annotation of a chip.

    Parameters
    ----------
    folder : str or Path
        Folder to write into; made if need be.
    chip : Chip
        As `lay_out` returns it.

    Returns
    -------
    list of Path
        The four files: ``Clariom_S_Rat_sim.pgf``, ``.clf``, ``.mps`` and ``.transcript.csv``.
    """
    folder = Path(folder)
    writers = {"pgf": _pgf, "clf": _clf, "mps": _mps, "transcript.csv": _transcripts}
    paths = []
    for suffix, lines in writers.items():
        path = folder / f"{CHIP_TYPE}.{suffix}"
        with write_aside(path) as aside:
            aside.write_text("\n".join(lines(chip)) + "\n", encoding="utf-8", newline="\n")
        paths.append(path)
    return paths


def _controls() -> pd.DataFrame:
    rows = [(f"AFFX-BkGr-GC{gc:02d}_st", BACKGROUND, ANTIGENOMIC_PROBES) for gc in ANTIGENOMIC_GC]
    rows += [(f"AFFX-r2-{spike}_at", BAC_SPIKE, SPIKE_PROBES) for spike in HYBRIDISATION_SPIKES]
    rows += [(f"AFFX-r2-{spike}_at", POLYA_SPIKE, SPIKE_PROBES) for spike in LABELLING_SPIKES]
    for kind, label in ((EXON, "pos"), (INTRON, "neg")):
        rows += [
            (f"{label}_control_sim_{number:03d}_st", kind, NORMALISATION_PROBES)
            for number in range(1, NORMALISATION_SETS + 1)
        ]
    return pd.DataFrame(rows, columns=["name", "type", "n_probes"])


def _wanted_gc(probesets: pd.DataFrame, owner: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """GC count of each probe: about 12 of 25 for genes, all alike within an antigenomic probe set."""
    wanted = np.clip(np.rint(rng.normal(12.0, 2.3, owner.size)), 5, 20).astype(int)
    by_set = probesets["name"].str.extract(r"BkGr-GC(\d+)", expand=False).fillna("-1").astype(int).to_numpy()
    return np.where(by_set[owner] < 0, wanted, by_set[owner])


def _sequences(gc: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw 25-mers with exactly the wanted number of G and C, at random positions."""
    ranks = rng.permuted(np.tile(np.arange(PROBE_LENGTH, dtype=np.uint8), (gc.size, 1)), axis=1)
    strong = ranks < gc[:, None]
    second = rng.integers(0, 2, size=strong.shape, dtype=np.uint8)
    letters = np.frombuffer(b"ATGC", dtype=np.uint8)
    return letters[2 * strong + second], gc


def _header(kind: str) -> list[str]:
    return [
        f"#%{kind}_format_version=1.0",
        *(f"#%chip_type={chip_type}" for chip_type in CHIP_TYPES),
        f"#%lib_set_name={LIBRARY_NAME}",
        "#%lib_set_version=r1",
        f"#%create_date={CREATED}",
        f"#%comment={NOTICE}",
    ]


def _pgf(chip: Chip) -> Iterable[str]:
    columns = "probe_id\ttype\tgc_count\tprobe_length\tinterrogation_position\tprobe_sequence"
    yield from [*_header("pgf"), "#%header0=probeset_id\ttype\tprobeset_name", "#%header1=\tatom_id"]
    yield f"#%header2=\t\t{columns}"
    text = chip.bases.tobytes().decode("ascii")
    probes = (
        f"\t{atom}\n\t\t{probe}\tpm:st\t{gc}\t{PROBE_LENGTH}\t13\t{text[start : start + PROBE_LENGTH]}"
        for atom, probe, gc, start in zip(
            range(1, chip.cells.size + 1),
            chip.probe_ids.tolist(),
            chip.gc.tolist(),
            range(0, len(text), PROBE_LENGTH),
            strict=True,
        )
    )
    sets = chip.probesets
    for probeset, kind, name, count in zip(
        sets["probeset_id"], sets["type"], sets["name"], sets["n_probes"].tolist(), strict=True
    ):
        yield f"{probeset}\t{kind}\t{name}"
        yield from (next(probes) for _ in range(count))


def _clf(chip: Chip) -> Iterable[str]:
    yield from _header("clf")
    yield from [f"#%rows={chip.n_rows}", f"#%cols={chip.n_cols}", "#%sequential=1", "#%order=row_major"]
    yield "#%header0=probe_id\tx\ty"
    for y in range(chip.n_rows):
        start = y * chip.n_cols + 1
        yield "\n".join(f"{start + x}\t{x}\t{y}" for x in range(chip.n_cols))


def _mps(chip: Chip) -> Iterable[str]:
    yield from _header("mps")
    yield "probeset_id\ttranscript_cluster_id\tprobeset_list\tprobe_count"
    main = chip.probesets[chip.probesets["type"] == MAIN]
    for name, probeset, count in zip(main["name"], main["probeset_id"], main["n_probes"], strict=True):
        yield f"{name}\t{name}\t{probeset}\t{count}"


_TRANSCRIPT_COLUMNS = (
    "transcript_cluster_id", "probeset_id", "seqname", "strand", "start", "stop", "total_probes",
    "gene_assignment", "mrna_assignment", "swissprot", "unigene", "category", "locus type", "notes",
)  # fmt: skip


def _transcripts(chip: Chip) -> Iterable[str]:
    """Lines of the annotation; genome positions and public accessions are missing (``---``), not made up."""
    yield from [
        *(f"#%chip_type={chip_type}" for chip_type in CHIP_TYPES),
        f"#%lib-set-name={LIBRARY_NAME}",
        "#%lib-set-version=r1",
        f"#%create_date={CREATED}",
        "#%genome-species=Rattus norvegicus",
        "#%netaffx-annotation-csv-version=1.5",
        "#%netaffx-annotation-data-type=transcript_cluster",
        f"#%comment={NOTICE}",
    ]
    yield _quoted(_TRANSCRIPT_COLUMNS)
    sets = chip.probesets
    for name, kind, count, symbol, title in zip(
        sets["name"], sets["type"], sets["n_probes"], sets["symbol"], sets["gene_name"], strict=True
    ):
        gene = _gene_assignment(name, symbol, title) if kind == MAIN else "---"
        yield _quoted([name, name, *["---"] * 4, count, gene, *["---"] * 3, kind, "---", "simulated"])


def _gene_assignment(name: str, symbol: str, title: str) -> str:
    """Accession, symbol, name, cytoband and Entrez number of each transcript; every eighth gene has two."""
    number = int(name[4:12])
    versions = (1, 2) if number % 8 == 0 else (1,)
    accessions = (f"SIM_{number:06d}.{version}" for version in versions)
    return " /// ".join(f"{accession} // {symbol} // {title} // --- // ---" for accession in accessions)


def _quoted(values: Iterable) -> str:
    return ",".join(f'"{str(value).replace(chr(34), chr(34) * 2)}"' for value in values)
