"""The parts that a dataset may have or lack."""

from collections.abc import Mapping
from dataclasses import dataclass

from mgbone.dataset.opening import Dataset
from mgbone.study.language import N_

_GROWTH = ("food_intake", "body_weight_initial", "body_weight_final")
# Where or what, not how much.
_KEYS = ["animal_id", "structure", "region", "slice", "position", "thickness", "array_id", "file"]

FEWEST_ARRAYS = 3  # two in one group and one in another are the least that has a residual variance


@dataclass(frozen=True)
class Part:
    """One part of a dataset: what it is called and what brings it."""

    name: str
    add: str


PARTS: Mapping[str, Part] = {
    "growth": Part(
        N_("intake or body weights"),
        N_("fill the columns food_intake and body_weight_... of the table animals"),
    ),
    "serum": Part(N_("serum"), N_("add the table serum")),
    "urine": Part(N_("urine"), N_("add the table urine")),
    "balance": Part(N_("balance of minerals"), N_("add the table balance")),
    "qct": Part(
        N_("qCT (neither qct_slices nor qct_regions)"), N_("add the table qct_slices, or qct_regions")
    ),
    "arrays": Part(
        N_("arrays that could be compared (three at least)"),
        N_(
            "add the table arrays with the CEL files in cel/ and the chip's library files in platform/, or "
            "with a table of normalised expression"
        ),
    ),
}


def has_part(dataset: Dataset, part: str) -> bool:
    """Say whether a dataset holds a part of ``PARTS``: a measured value, not only a file of blank cells."""
    if part == "growth":
        columns = [c for c in _GROWTH if c in dataset.animals]
        return bool(dataset.animals[columns].notna().to_numpy().any())
    if part == "arrays":
        normalised = dataset.expression_path is not None
        scans = bool(dataset.cel_paths) and dataset.platform_folder is not None
        return dataset.arrays is not None and len(dataset.arrays) >= FEWEST_ARRAYS and (normalised or scans)
    names = ("qct_slices", "qct_regions") if part == "qct" else (part,)
    tables = [getattr(dataset, name) for name in names]
    return any(t.drop(columns=_KEYS, errors="ignore").notna().any(axis=None) for t in tables if t is not None)
