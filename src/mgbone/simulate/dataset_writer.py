"""Write a whole simulated dataset folder, and keep the two that are shipped as they were committed."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mgbone.dataset.descriptor import DESCRIPTOR, FILE_FOLDERS, file_sha256, write_datapackage
from mgbone.dataset.faults import listing
from mgbone.simulate.calibration import load_calibration, variables
from mgbone.simulate.readme import readme_text
from mgbone.simulate.tables import simulate_tables
from mgbone.study.design import STRUCTURES, Study, load_study
from mgbone.study.dictionary import TABLES, measured_fields
from mgbone.study.errors import MgboneError
from mgbone.study.language import N_, tr
from mgbone.study.paths import project_root, write_aside

README = "README.md"
FIXED_DECIMALS = {"position": 2, "thickness": 2, "body_weight_final": 1, "ctx": 1, "dpd": 1, "creatinine": 2}


@dataclass(frozen=True)
class Shipped:
    """A dataset that comes with the compendium: what it is called and what it is made with."""

    effect: bool
    seed: int
    title: str
    title_ja: str


# The first seed is the grant's number, 20K02360, without its letter; the second is the next.
SHIPPED = {
    "simulated": Shipped(
        effect=True,
        seed=2002360,
        title="Simulated data calibrated to the report",
        title_ja="報告書に合わせたシミュレーションデータ",
    ),
    "null": Shipped(
        effect=False,
        seed=2002361,
        title="Simulated data without any effect",
        title_ja="群間に差のないシミュレーションデータ",
    ),
}

# What one cohort is called that was drawn around the calibrated means; its genes are those of `simulated`.
COHORT = Shipped(
    effect=True,
    seed=SHIPPED["simulated"].seed,
    title="A simulated cohort drawn around the calibrated means",
    title_ja="調整した平均のまわりから抽出した模擬コホート",
)

_ADVICE = N_(
    " If the change of the generator is intended, run `python -m mgbone.simulate --rewrite` and commit what"
    " it wrote; otherwise check that the libraries are those of requirements.lock."
)


def write_dataset(
    folder: str | Path,
    *,
    effect: bool,
    seed: int,
    arrays: bool = True,
    study: Study | None = None,
    uncentred: bool = False,
) -> Path:
    """Write a simulated dataset: tables, arrays, README.md and datapackage.json.

    The same arguments give the same bytes. The descriptor comes last, so a folder that has one is whole.

    Parameters
    ----------
    folder : path-like
        Should be new or empty: whatever lies in its ``cel`` and ``platform`` is listed.
    effect : bool
        Whether the groups differ as the report says; without, all are drawn from the baseline.
    seed : int
        Of all random numbers.
    arrays : bool
        Whether to write CEL and platform files, which take most of the time.
    study : Study, optional
        The design; by default the compendium's.
    uncentred : bool
        Whether groups are plain draws around their calibrated means: a cohort as another laboratory would
        have it, of the genes and the chip of the shipped dataset.

    Returns
    -------
    Path
        The folder.
    """
    folder = Path(folder)
    study = load_study() if study is None else study
    tables = simulate_tables(study, effect=effect, seed=seed, uncentred=uncentred)
    for name in TABLES:
        _write_table(getattr(tables, name), folder / f"{name}.csv")
    if arrays:
        _write_arrays(folder, tables.arrays, tables.animals, effect, seed, uncentred)
    with write_aside(folder / README) as aside:
        text = readme_text(study, effect=effect, seed=seed, attempts=tables.attempts, uncentred=uncentred)
        aside.write_text(text, encoding="utf-8", newline="\n")
    about = COHORT if effect and uncentred else SHIPPED["simulated" if effect else "null"]
    _describe(folder, about, seed, study)
    return folder


def ensure_dataset(folder: Path, shipped: Shipped) -> str:
    """Make a shipped dataset whole, and say in a sentence what was done.

    Nothing is done where every file has its committed checksum. Otherwise what is missing or changed is
    generated beside the folder and moved in only if it comes out as committed.

    Raises
    ------
    MgboneError
        If the generated files are not those that were committed, or if the descriptor can't be read.
    """
    if not (folder / DESCRIPTOR).is_file():
        return rewrite_dataset(folder, shipped)
    committed = _checksums(folder)
    wrong = [path for path, checksum in committed.items() if not _has_checksum(folder / path, checksum)]
    if not wrong and (folder / README).is_file():
        said = N_("{folder}: all {n} files are there and as committed.")
        return tr(said, folder=folder.name, n=len(committed))
    tables_are_right = not any(path in _table_files() for path in wrong) and (folder / README).is_file()
    with _beside(folder) as new:
        if tables_are_right:
            arrays, animals = (pd.read_csv(folder / f"{name}.csv") for name in ("arrays", "animals"))
            _write_arrays(new, arrays, animals, shipped.effect, shipped.seed)
        else:
            write_dataset(new, effect=shipped.effect, seed=shipped.seed)
        _require_same(folder, {path: committed[path] for path in wrong}, new)
        _install(new, folder, [*wrong, README])
    said = N_("{folder}: {written} of {n} files written anew, all as committed.")
    return tr(said, folder=folder.name, written=len(wrong), n=len(committed))


def rewrite_dataset(folder: Path, shipped: Shipped) -> str:
    """Generate a shipped dataset and put it in place with new checksums, whatever was there."""
    with _beside(folder) as new:
        write_dataset(new, effect=shipped.effect, seed=shipped.seed)
        files = list(_checksums(new))
        _install(new, folder, [*files, README, DESCRIPTOR])
    _remove_unlisted(folder, files)
    return tr("{folder}: {n} files written, with new checksums.", folder=folder.name, n=len(files))


def check_dataset_is_reproduced(folder: Path, shipped: Shipped) -> str:
    """Generate a shipped dataset elsewhere and hold it against the committed checksums; change nothing.

    Raises
    ------
    MgboneError
        If a file differs, is missing or is new.
    """
    if not (folder / DESCRIPTOR).is_file():
        said = N_("{folder} has no {file} to compare with. Run `python -m mgbone.simulate`.")
        raise MgboneError(tr(said, folder=folder.name, file=DESCRIPTOR))
    committed = _checksums(folder)
    with _beside(folder) as new:
        write_dataset(new, effect=shipped.effect, seed=shipped.seed)
        _require_same(
            folder, committed | {path: "" for path in _checksums(new) if path not in committed}, new
        )
        for name in (README, DESCRIPTOR):
            if not _has_checksum(folder / name, f"sha256:{file_sha256(new / name)}"):
                said = N_("{folder}/{name} is not the one that the generator writes.{advice}")
                raise MgboneError(tr(said, folder=folder.name, name=name, advice=tr(_ADVICE)))
    return tr("{folder}: all {n} files are generated as committed.", folder=folder.name, n=len(committed))


def _write_table(table: pd.DataFrame, path: Path) -> None:
    decimals = _decimals()
    text = table.copy()
    for column in table.columns:
        if pd.api.types.is_float_dtype(table[column]):
            text[column] = table[column].map(f"{{:.{decimals[column]}f}}".format)
    with write_aside(path) as aside:
        text.to_csv(aside, index=False, lineterminator="\n", encoding="utf-8")


def _decimals() -> dict[str, int]:
    """Decimals of every column of the tables."""
    slices = load_calibration()["femur"]["decimals"]
    per_slice = {f"{s}_{quantity}": n for s in STRUCTURES for quantity, n in slices.items()}
    balance = dict.fromkeys(measured_fields("balance"), 2)
    stated = {v.name: v.decimals for v in variables() if v.decimals is not None}
    return stated | per_slice | balance | FIXED_DECIMALS


def _write_arrays(
    folder: Path,
    arrays: pd.DataFrame,
    animals: pd.DataFrame,
    effect: bool,
    seed: int,
    uncentred: bool = False,
) -> None:
    # Imported here: the tables alone must not need the gene sets and compiled parts that the arrays need.
    from mgbone.simulate.arrays import simulate_arrays

    groups = animals[["animal_id", "experiment", "group"]]
    table = arrays.merge(groups, on="animal_id", validate="many_to_one")
    population = COHORT.seed if uncentred else None
    simulate_arrays(folder, table, effect, seed, uncentred=uncentred, population=population)


def _describe(folder: Path, about: Shipped, seed: int, study: Study) -> None:
    write_datapackage(
        folder,
        "simulated",
        about.title,
        about.title_ja,
        description="Generated by mgbone.simulate; no measurement. See README.md.",
        seed=seed,
        groups={name: experiment.groups for name, experiment in study.experiments.items()},
    )


def _table_files() -> set[str]:
    return {f"{name}.csv" for name in TABLES}


def _checksums(folder: Path) -> dict[str, str]:
    """The checksum of every file that the descriptor lists, by path within the folder."""
    try:
        raw = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
        return {resource["path"]: resource["hash"] for resource in raw["resources"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        said = N_(
            "{folder}/{file} can't be read ({error!r}). Restore it from git, or write the dataset anew: "
            "`python -m mgbone.simulate --rewrite`."
        )
        raise MgboneError(tr(said, folder=folder.name, file=DESCRIPTOR, error=error)) from error


def _has_checksum(path: Path, checksum: str) -> bool:
    return path.is_file() and checksum == f"sha256:{file_sha256(path)}"


def _require_same(folder: Path, committed: dict[str, str], new: Path) -> None:
    """Require that each file was generated with its committed checksum."""
    differing = [path for path, checksum in committed.items() if not _has_checksum(new / path, checksum)]
    if differing:
        said = N_("{folder}: not generated as committed: {named}.{advice}")
        raise MgboneError(tr(said, folder=folder.name, named=listing(differing, most=5), advice=tr(_ADVICE)))


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Yield a new folder of the same name on the same disk, and remove it at the end."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".new-{folder.name}-"
    for left in folder.parent.glob(f"{prefix}*"):  # by a run that was killed
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=prefix) as parent:
        new = Path(parent) / folder.name
        new.mkdir()
        yield new


def _install(new: Path, folder: Path, files: list[str]) -> None:
    """Move files into place one by one; each is the old one or the new one at any moment."""
    for file in files:
        if (new / file).is_file():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (new / file).replace(folder / file)


def _remove_unlisted(folder: Path, files: list[str]) -> None:
    """Remove CEL and platform files that an earlier version of the generator left."""
    for part in FILE_FOLDERS:
        for path in (folder / part).glob("*"):
            if path.relative_to(folder).as_posix() not in files and not path.name.startswith("."):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def shipped_folder(name: str) -> Path:
    """Return where a shipped dataset lies."""
    return project_root() / "data" / name
