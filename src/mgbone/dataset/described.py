"""What a dataset says of itself without being opened: its title, its kind, the study that it follows."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mgbone.dataset.descriptor import DESCRIPTOR, Descriptor, read_descriptor
from mgbone.dataset.lab.folder import is_lab_folder, read_titles
from mgbone.dataset.opening import LABELS
from mgbone.study.design import Study, load_study
from mgbone.study.errors import DatasetError
from mgbone.study.language import tr
from mgbone.study.paths import project_root
from mgbone.study.places import Settings


@dataclass(frozen=True)
class DescribedRun(Settings):
    """A run, with what its dataset says of itself."""

    @cached_property
    def descriptor(self) -> Descriptor:
        """What datapackage.json says; of a laboratory's own folder, which needs none, what its workbook says.

        Raises
        ------
        DatasetError
            If it can't be read.
        """
        if not self.has_descriptor and is_lab_folder(self.data):
            title, title_ja = read_titles(self.data)
            return Descriptor("measured", title, title_ja)
        descriptor, faults = read_descriptor(self.data)
        if descriptor is None:
            raise DatasetError([str(fault) for fault in faults])
        return descriptor

    @property
    def has_descriptor(self) -> bool:
        """Whether the dataset is kept with a datapackage.json."""
        return (self.data / DESCRIPTOR).exists()

    @cached_property
    def study(self) -> Study:
        """The design that the dataset follows."""
        return load_study(self.study_file)

    @property
    def study_file(self) -> Path:
        """The dataset's own study.yml, or the project's."""
        own = self.data / "study.yml"
        return own if own.is_file() else project_root() / "data" / "study.yml"

    @property
    def is_simulated(self) -> bool:
        """Whether no animal stands behind the numbers."""
        return self.descriptor.kind == "simulated"

    @property
    def stamp(self) -> str | None:
        """What every picture of this dataset must carry: its label if it is simulated, otherwise nothing."""
        return tr(LABELS[self.descriptor.kind]) if self.is_simulated else None
