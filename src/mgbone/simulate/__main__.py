"""``python -m mgbone.simulate``: write the shipped datasets, or check that they come out as committed."""

import argparse
import sys
from pathlib import Path

from mgbone.simulate import dataset_writer
from mgbone.simulate.dataset_writer import SHIPPED
from mgbone.simulate.faulty import write_faulty
from mgbone.study.errors import MgboneError
from mgbone.study.language import LANGUAGES, N_, speaking, tr
from mgbone.study.paths import resolve


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 0, or 1 with one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m mgbone.simulate", description=__doc__)
    parser.add_argument("dataset", nargs="*", help=f"{' or '.join(SHIPPED)}, also as data/NAME; default: all")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of what is said; default: en")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="generate elsewhere, compare, change nothing")
    how.add_argument("--rewrite", action="store_true", help="generate and put in place with new checksums")
    how.add_argument("--faulty", action="store_true", help="write the faulty tables of the lessons anew")
    how.add_argument(
        "--uncentred", type=int, metavar="SEED", help="draw a cohort around the calibrated means into DATASET"
    )
    how.add_argument(
        "--chance", type=int, metavar="SEEDS", help="count chance findings without effects, over seeds"
    )
    options = parser.parse_args(arguments)
    with speaking(options.language):
        return _answer(options)


def _answer(options: argparse.Namespace) -> int:
    try:
        if options.chance:
            _count_chance_findings(options.chance)
        elif options.faulty:
            write_faulty(resolve("data/faulty"))
        elif options.uncentred is not None:
            print(_write_cohort(options.dataset, options.uncentred))
        else:
            for name in options.dataset or SHIPPED:
                print(_act(Path(name).name, options), flush=True)
    except MgboneError as error:
        print(f"mgbone.simulate: {error}", file=sys.stderr)
        return 1
    return 0


def _act(name: str, options: argparse.Namespace) -> str:
    if name not in SHIPPED:
        said = N_("There is no shipped dataset {name!r}; choose {known}.")
        raise MgboneError(tr(said, name=name, known=tr(" or ").join(SHIPPED)))
    folder = dataset_writer.shipped_folder(name)
    if options.check:
        return dataset_writer.check_dataset_is_reproduced(folder, SHIPPED[name])
    if options.rewrite:
        return dataset_writer.rewrite_dataset(folder, SHIPPED[name])
    return dataset_writer.ensure_dataset(folder, SHIPPED[name])


def _write_cohort(folders: list[str], seed: int) -> str:
    if len(folders) != 1 or Path(folders[0]).exists():
        raise MgboneError(tr("Name one new folder that the cohort shall be written to."))
    dataset_writer.write_dataset(folders[0], effect=True, seed=seed, uncentred=True)
    return tr("{folder}: a cohort of seed {seed}.", folder=folders[0], seed=seed)


def _count_chance_findings(n_seeds: int) -> None:
    """Print, as the CSV that README.md of the null dataset rests on, seed and number of chance findings."""
    from mgbone.simulate.tables import chance_findings
    from mgbone.study.design import load_study

    study = load_study()
    first = SHIPPED["null"].seed
    print("seed,findings")
    for seed in range(first, first + n_seeds):
        print(f"{seed},{chance_findings(study, seed)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
