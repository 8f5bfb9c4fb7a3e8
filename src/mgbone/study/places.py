"""Which dataset a run is of, where it lies, and its language: said once for all who run or report."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mgbone.study.paths import project_root, resolve


def relative(path: Path, outside: str = "") -> str:
    """Return `path` as seen from the project's folder if it lies there; otherwise as it is, or `outside`."""
    root, full = project_root().absolute(), path.absolute()
    return full.relative_to(root).as_posix() if full.is_relative_to(root) else outside or path.as_posix()


def of_language(folder: Path, language: str) -> Path:
    """Return where the outputs of a language lie: English ones in `folder`, others in a subfolder of it."""
    return folder if language == "en" else folder / language


@dataclass(frozen=True)
class Settings:
    """What a run is told; relative folders count from the project's, and hold one subfolder a dataset.

    What words stand in (figures, notebooks, report) lies apart for each language (`of_language`); derived
    tables are the same in all.

    The fields but `build_folder` are the parameters of a notebook, by the same names.
    """

    dataset: str | Path = "data/simulated"
    figures_folder: str | Path = "figures"
    derived_folder: str | Path = "data/derived"
    build_folder: str | Path = "build"
    language: str = "en"

    @property
    def name(self) -> str:
        """The dataset's name, and that of its subfolders."""
        return self.data.name

    @cached_property
    def data(self) -> Path:
        """The dataset's folder."""
        return resolve(self.dataset)

    @cached_property
    def figures(self) -> Path:
        """Where the dataset's figures lie."""
        return of_language(resolve(self.figures_folder) / self.name, self.language)

    @cached_property
    def derived(self) -> Path:
        """Where its derived tables lie."""
        return resolve(self.derived_folder) / self.name

    @cached_property
    def lists(self) -> Path:
        """Where each notebook leaves the lists of what it read and wrote."""
        return of_language(self.derived, self.language)

    @cached_property
    def build(self) -> Path:
        """Where its executed notebooks and its report lie."""
        return of_language(resolve(self.build_folder) / self.name, self.language)


def listed_files(listing: Path) -> list[Path]:
    """Return the files on a list that a notebook left, of what it read or wrote; none if it left none."""
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
    return [resolve(line) for line in lines]
