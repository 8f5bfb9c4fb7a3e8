"""The command ``mgbone``: what the Makefile calls, and what a person may call by hand."""

import argparse
import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from mgbone.execute.stamps import record_check
from mgbone.study.errors import DatasetError, MgboneError
from mgbone.study.language import LANGUAGES, N_, either, speaking, tr
from mgbone.study.paths import resolve
from mgbone.study.places import Settings, relative

_OF_ARGPARSE = {
    N_("usage: "),
    N_("positional arguments"),
    N_("options"),
    N_("show this help message and exit"),
    N_("%(prog)s: error: %(message)s\n"),
    N_("argument %(argument_name)s: %(message)s"),
    N_("expected one argument"),
    N_("invalid %(type)s value: %(value)r"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
    N_("the following arguments are required: %s"),
    N_("unrecognized arguments: %s"),
}
# It asks gettext for its own words, which knows no catalogue of a package.
argparse._ = lambda text: tr(text) if text in _OF_ARGPARSE else text


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status: 0, or 1 with the reason on standard error.

    Errors that are meant for the person at the keyboard are shown as their text alone.
    """
    for stream in (sys.stdout, sys.stderr):  # what a terminal has no sign for, it shows as \\u4e00
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    # The language first: what follows, the list of commands too, is said in it.
    told, rest = _language().parse_known_args(arguments)
    with speaking(told.language):
        return _answer(_parser([_language()]).parse_args(rest, told))


def _answer(options: argparse.Namespace) -> int:
    try:
        options.command(options)
    except MgboneError as error:
        print(f"mgbone: {_visible(str(error))}", file=sys.stderr)
        return 1
    except ImportError as error:
        print(f"mgbone: {_incomplete(error)}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # as in: mgbone gene Bglap | head
        sys.stdout = None
    except OSError as error:
        print(f"mgbone: {_visible(_of_the_system(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stopped:
        print(f"mgbone: {str(stopped) or tr('stopped.')}", file=sys.stderr)
        return 130
    return 0


def _incomplete(error: ImportError) -> str:
    """Say which package the environment lacks, and how it is made anew; an error of our own is raised."""
    if str(error.name).partition(".")[0] == "mgbone":
        raise error
    return tr(
        "The environment {folder} is incomplete: {error}. If make made it, delete that folder and "
        "write make again; otherwise: python -m pip install --require-hashes -r requirements.lock",
        folder=relative(Path(sys.prefix)), error=error,
    )  # fmt: skip


def _of_the_system(error: OSError) -> str:
    """Say what can't be read or written, and what to look at."""
    what = error.filename2 or error.filename
    said = tr(getattr(error, "strerror", None) or str(error))
    if what is None:
        return tr("{error}. Is there room on the disk?", error=said)
    return tr(
        "{file}: {error}. Check the permissions of the folder and the room on the disk.",
        file=relative(Path(os.fsdecode(what))), error=said,
    )  # fmt: skip


def _visible(text: str) -> str:
    """Show control characters out of a file as such: a terminal would obey them."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", lambda found: f"\\x{ord(found[0]):02x}", text)


def _language() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument(
        "--language", choices=LANGUAGES, default=Settings.language, help=tr("default: %(default)s")
    )
    return parser


def _parser(language: list[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mgbone",
        description=tr("Check a dataset, run a notebook, look things up, fetch gene sets."),
        parents=language,
    )
    commands = parser.add_subparsers(required=True, metavar=tr("COMMAND"))

    check = commands.add_parser("check", help=tr("list every fault of a dataset folder"))
    check.add_argument("dataset", help=tr("the folder, for example data/simulated"))
    check.add_argument(
        "--record", metavar=tr("FOLDER"), help=tr("note there that the dataset was found good, for make")
    )
    check.set_defaults(command=_check)

    mapping = commands.add_parser("map", help=tr("propose a qct_mapping.yml for a scanner's export"))
    mapping.add_argument("dataset", help=tr("the folder, for example data/my-lab"))
    mapping.set_defaults(command=_map)

    new = commands.add_parser("new-dataset", help=tr("write an empty folder for measurements of your own"))
    new.add_argument("name", nargs="?", help=tr("of the folder within data/, for example lab2026"))
    new.add_argument(
        "--design", choices=["mine"], help=tr("ask for groups, doses and comparisons of your own")
    )
    new.set_defaults(command=_new_dataset)

    _add_run(commands)
    report = commands.add_parser(
        "report", help=tr("write the page and the research object of a finished run")
    )
    _add_settings(report)
    report.set_defaults(command=_report)

    _add_certainty(commands)
    _add_look_ups(commands)
    _add_course(commands)

    fetch = commands.add_parser(
        "genesets", help=tr("fetch a current library of gene sets (needs the network)")
    )
    fetch.add_argument("--library", default="GO_Biological_Process_2025", help=tr("default: %(default)s"))
    fetch.set_defaults(command=_fetch_gene_sets)
    return parser


def _add_run(commands: argparse._SubParsersAction) -> None:
    run = commands.add_parser("run", help=tr("execute notebooks on a dataset"))
    run.add_argument(
        "notebooks", nargs="*", metavar="NOTEBOOK", help=tr("for example notebooks/01_biochem.ipynb")
    )
    run.add_argument(
        "--last",
        nargs="*",
        default=[],
        metavar="NOTEBOOK",
        help=tr("those for which the others have to be done"),
    )
    run.add_argument(
        "--control",
        metavar=tr("FILE"),
        help=tr("write the evidence of the dataset without effect there as well"),
    )
    run.add_argument(
        "--pages",
        action="store_true",
        help=tr("write the start page, the glossary and the teacher's sheets as well"),
    )
    run.add_argument("--at-once", type=int, default=1, metavar="N", help=tr("how many side by side"))
    _add_settings(run)
    run.set_defaults(command=_run)


def _add_certainty(commands: argparse._SubParsersAction) -> None:
    """Add what notebook 05 reads where it was made before."""
    cohorts = commands.add_parser("cohorts", help=tr("draw and judge new cohorts, for notebook 05"))
    cohorts.add_argument("--cohorts", type=int, required=True, metavar="N", help=tr("how many"))
    cohorts.add_argument(
        "--scheduler", default="threads",
        help=tr("threads, processes, or the address of a Dask scheduler; default: %(default)s"),
    )  # fmt: skip
    _add_settings(cohorts)
    cohorts.set_defaults(command=_cohorts)

    of_arrays = commands.add_parser(
        "arrays", help=tr("ask how certain statements about arrays are, for notebook 05")
    )
    of_arrays.add_argument(
        "--cohorts", type=int, required=True, metavar="N", help=tr("cohorts of arrays under each truth")
    )
    _add_settings(of_arrays)
    of_arrays.set_defaults(command=_arrays)


def _add_course(commands: argparse._SubParsersAction) -> None:
    """Add what is made of a finished run for those who learn and teach."""
    for name, (what, command) in _OF_COURSE.items():
        one = commands.add_parser(name, help=tr(what))
        if name == "course":
            said = tr("default: %(default)s")
            one.add_argument("--course", default="course", help=said, metavar=tr("FOLDER"))
        _add_settings(one)
        one.set_defaults(command=command)


def _add_look_ups(commands: argparse._SubParsersAction) -> None:
    """Add what is looked up in the tables of a finished run."""
    for name, (what, example) in _LOOK_UPS.items():
        command = commands.add_parser(name, help=tr(what))
        command.add_argument("name", help=tr("for example {example}", example=example))
        command.add_argument("--json", action="store_true", help=tr("all that is known, for programs"))
        _add_settings(command)
        command.set_defaults(command=_look_up, kind=name)
    page = commands.add_parser("explore", help=tr("write the explorer page of a finished run"))
    _add_settings(page)
    page.set_defaults(command=_explore)


_LOOK_UPS = {
    "gene": (N_("look up a gene: fold changes, p and q, every animal"), "Bglap"),
    "endpoint": (N_("look up an endpoint: all comparisons, other tests"), "serum_alp"),
    "claim": (N_("look up a statement of the report: verdict, evidence, files"), "4-1-2-20"),
    "term": (N_("look up a GO term: over-representation, its genes"), "GO:0030282"),
}


def _add_settings(command: argparse.ArgumentParser) -> None:
    """Add what every run of a dataset is told beside the language: the dataset, the folders it writes to."""
    for field in fields(Settings):
        if field.name != "language":
            command.add_argument(
                f"--{field.name.removesuffix('_folder')}", dest=field.name, default=field.default,
                help=tr("default: %(default)s"), metavar=tr("FOLDER"),
            )  # fmt: skip


def _told(options: argparse.Namespace) -> dict[str, str]:
    return {field.name: getattr(options, field.name) for field in fields(Settings)}


def _check(options: argparse.Namespace) -> None:
    from mgbone.dataset.opening import open_dataset

    started = time.time_ns()
    folder = resolve(options.dataset)
    dataset = open_dataset(folder)
    notes: list[str] = []
    if dataset.arrays is not None:
        from mgbone.microarray.readiness import check_readiness

        faults, notes = check_readiness(dataset)
        if faults:
            raise DatasetError(faults)
    kind = tr("simulated") if dataset.is_simulated else tr("measured")
    title = either(dataset.title, dataset.title_ja)
    said = tr("{folder}: {title} ({kind}): no faults found.", folder=options.dataset, title=title, kind=kind)
    print(_visible(said))
    notes = [*dataset.notes, *notes]
    _list(tr("Worth a second look (nothing is changed, and the run goes on):"), dataset.doubts)
    if options.record:
        record_check(folder, resolve(options.record), started, dataset.doubts, notes)
    else:
        _list(tr("What was converted, read in another way or left out:"), notes)


def _list(heading: str, said: Sequence[str]) -> None:
    if said:
        print(heading)
    for one in said:
        print(_visible(f"  - {one}"))


def _map(options: argparse.Namespace) -> None:
    from mgbone.dataset.lab.proposal import propose_mapping

    print(propose_mapping(resolve(options.dataset)), end="")


def _new_dataset(options: argparse.Namespace) -> None:
    from mgbone.dataset.lab.new_study import ask_design
    from mgbone.dataset.lab.template import new_dataset

    if options.name is None:
        raise MgboneError(tr("Give the folder a name: make new-dataset NAME=lab2026"))
    where = relative(new_dataset(options.name, ask_design() if options.design else None))
    print(
        tr("{where}/: fill in {name}.xlsx (HOWTO.md says how), then: make check DATASET={where}",
           where=where, name=options.name)
    )  # fmt: skip


def _run(options: argparse.Namespace) -> None:
    from mgbone.execute.notebook import run_notebooks

    run_notebooks(
        options.notebooks, Settings(**_told(options)), _say_line,
        last=options.last, control=options.control, pages=options.pages, at_once=options.at_once,
    )  # fmt: skip


def _say_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")  # in one piece: others may be saying theirs
    sys.stdout.flush()


def _report(options: argparse.Namespace) -> None:
    from mgbone.execute.report import Layout, write_report

    page, crate = write_report(Layout(**_told(options)))
    size = sum(path.stat().st_size for path in crate.rglob("*") if path.is_file())
    at, mb = relative(page), page.stat().st_size / 1e6
    print(tr("{page}: the report, {mb:.1f} MB, one file.", page=at, mb=mb))
    print(tr("{crate}/: the whole run as an RO-Crate, {mb:.0f} MB.", crate=relative(crate), mb=size / 1e6))


def _cohorts(options: argparse.Namespace) -> None:
    from mgbone.certainty import runs
    from mgbone.lookup.tables import Tables

    tables = Tables(**_told(options))
    job = runs.prepare(tables.read_parts("measurements"), tables.read("verdicts"), tables.study)
    started = time.monotonic()

    def tell(done: int, of: int) -> None:
        seconds = time.monotonic() - started
        said = tr("{done} of {all} chunks, {seconds:.0f} s", done=done, all=of, seconds=seconds)
        print(said, end="\r" if sys.stdout.isatty() and done < of else "\n", flush=True)

    n, _ = runs.run_cohorts(job, options.cohorts, tables.derived / runs.FOLDER, options.scheduler, tell)
    print(tr("{n:,} cohorts are there for notebook 05.", n=n))


def _arrays(options: argparse.Namespace) -> None:
    from mgbone.certainty import run_arrays
    from mgbone.dataset.opening import open_dataset
    from mgbone.lookup.tables import Tables

    dataset, tables = open_dataset(options.dataset), Tables(**_told(options))
    run_arrays(dataset, tables.read("verdicts"), tables.derived, options.cohorts)


def _look_up(options: argparse.Namespace) -> None:
    from mgbone.lookup import cards

    folders = {name: value for name, value in _told(options).items() if name != "dataset"}
    card = getattr(cards, options.kind)(options.name, options.dataset, **folders)
    print(card.to_json() if options.json else card)


def _explore(options: argparse.Namespace) -> None:
    from mgbone.lookup.page import write_explorer
    from mgbone.lookup.tables import Tables

    page = write_explorer(Tables(**_told(options)))
    at, mb = relative(page), page.stat().st_size / 1e6
    print(tr("{page}: the explorer, {mb:.1f} MB, one file.", page=at, mb=mb))


def _course(options: argparse.Namespace) -> None:
    from mgbone.course.copies import write_copies

    for said in write_copies(Settings(**_told(options)), resolve(options.course)):
        print(_visible(said))


def _site(options: argparse.Namespace) -> None:
    from mgbone.execute.site import write_site

    settings = Settings(**_told(options))
    page = write_site(settings, resolve(settings.build_folder) / settings.name / "site")
    print(tr("{page}: the course as pages.", page=relative(page)))


def _slides(options: argparse.Namespace) -> None:
    from mgbone.execute.slides import write_slides

    for deck in write_slides(Settings(**_told(options))):
        print(tr("{page}: slides.", page=relative(deck)))


_OF_COURSE = {
    "course": (N_("write copies of the executed notebooks to work in"), _course),
    "slides": (N_("write a deck of slides for each executed notebook"), _slides),
    "site": (N_("write the executed notebooks, glossary and report as a site"), _site),
}


def _fetch_gene_sets(options: argparse.Namespace) -> None:
    from mgbone.microarray.genesets import fetch_gene_sets, load_gene_sets

    path = fetch_gene_sets(options.library)
    n = len(load_gene_sets(path))
    print(tr("{file}: {n} gene sets. Name it in data/study.yml to use it.", file=relative(path), n=n))


if __name__ == "__main__":
    sys.exit(main())
