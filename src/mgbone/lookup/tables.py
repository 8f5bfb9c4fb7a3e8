"""The derived tables of a finished run, as they lie in the files."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from mgbone.dataset.described import DescribedRun
from mgbone.microarray.genesets import GeneSets, load_gene_sets, load_themes
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr
from mgbone.study.paths import project_root
from mgbone.study.places import relative

PARTS = ("biochem", "qct", "microarray")


@dataclass(frozen=True)
class Tables(DescribedRun):
    """What `make all` made of a dataset; a table is read once.

    `find_tables` makes one of the name of a dataset.
    """

    @property
    def make(self) -> str:
        """What has to be run for the tables to be there."""
        return f"make all DATASET={relative(self.data, outside=str(self.dataset))}"

    def has(self, name: str) -> bool:
        """Say whether a table is there."""
        return (self.derived / f"{name}.csv").is_file()

    @property
    def made(self) -> int:
        """When the newest of all tables was written, in nanoseconds.

        Raises
        ------
        MgboneError
            If `make all` has not run.
        """
        self.path("evidence")
        return max(path.stat().st_mtime_ns for path in self.derived.glob("*.csv"))

    def path(self, name: str) -> Path:
        """Return the file of a table.

        Raises
        ------
        MgboneError
            If it is not there; says what to run.
        """
        path = self.derived / f"{name}.csv"
        if not self.has(name):
            said = N_("The dataset {name} has no table {file} yet. Run this first: {make}")
            raise MgboneError(tr(said, name=self.name, file=path.name, make=self.make))
        return path

    def read(self, name: str) -> pd.DataFrame:
        """Read a table.

        Raises
        ------
        MgboneError
            If it is not there.
        """
        if name not in self.kept:
            self.kept[name] = pd.read_csv(
                self.path(name), keep_default_na=False, na_values=[""],
                dtype={"claim_id": str, "section": str, "gene": str, "a": str, "b": str},
            )  # fmt: skip
        return self.kept[name]

    def read_parts(self, prefix: str) -> pd.DataFrame:
        """Read those tables of the parts that are there, one below the other, such as ``tests_biochem``."""
        names = (f"{prefix}_{part}" for part in PARTS)
        found = [self.read(name) for name in names if self.has(name)]
        found = [table for table in found if len(table)] or found[:1]
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame()

    def certain(self, claim: str, verdict: str) -> dict[str, Any]:
        """Return the row of certainty.csv of a statement with this verdict; empty if there is none.

        `make certainty` need not have run, or have run on what is now an older verdict.
        """
        if not self.has("certainty"):
            return {}
        table = self.read("certainty")
        found = table[table["claim_id"].eq(claim) & table["verdict"].eq(verdict)]
        return next(iter(found.to_dict("records")), {})

    @cached_property
    def kept(self) -> dict[str, pd.DataFrame]:
        """What was read or made already, by name."""
        return {}

    @cached_property
    def gene_sets(self) -> GeneSets:
        """The gene sets of the study."""
        return load_gene_sets(self.study.gene_sets, self.study.gene_set_symbols)

    @cached_property
    def themes(self) -> pd.DataFrame:
        """Which terms stand for which theme: columns theme, go_id, term, reason."""
        return load_themes()

    @cached_property
    def chip_genes(self) -> pd.DataFrame:
        """What the genes of the chip are called: columns gene_name, human_symbol; index symbol."""
        path = project_root() / "data" / "genesets" / "chip_genes.csv.gz"
        table = pd.read_csv(path, dtype=str, keep_default_na=False).drop_duplicates("symbol")
        return table.set_index("symbol")[["gene_name", "human_symbol"]]


_kept: dict[tuple[str, str, int], Tables] = {}


def find_tables(dataset: str | Path = DescribedRun.dataset, **folders: str | Path) -> Tables:
    """Return the tables of a dataset, those of the last call if nothing was made since.

    Raises
    ------
    MgboneError
        If `make all` has not run on it.
    """
    tables = Tables(dataset, **folders)
    key = (str(tables.data), str(tables.derived), tables.made)
    if key not in _kept:
        _kept.clear()
        _kept[key] = tables
    return _kept[key]
