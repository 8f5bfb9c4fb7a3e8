"""Groups and experiments as laboratories write them, matched with the study; never by guessing."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from mgbone.dataset.faults import Fault, Note, fault_in_rows, fault_per_row, found_in
from mgbone.dataset.lab.cell import REPORTED, is_blank, read_number
from mgbone.dataset.lab.grid import Grid
from mgbone.dataset.lab.headings import fields_of, fold, read_heading
from mgbone.dataset.lab.parts import Piece, column_label
from mgbone.study.design import Experiment, Group, Study
from mgbone.study.language import tr

T = TypeVar("T")

_DOSE = re.compile(
    r"(?:mg)?(\d*\.?\d+)%?(?:mg|マグネシウム)?(?:含有|欠乏|制限|deficient|deficiency)?(?:食|diet)?"
)


@lru_cache(maxsize=10_000)
def fold_group(text: str) -> str:
    """Return what is compared of a group's name: as by `fold`, but with decimals and no 群 at its end."""
    kept = re.sub(r"(?<=\d)[.．](?=\d)", "\0", text)
    return re.sub(r"(群|groups?)$", "", fold(kept)).replace("\0", ".")


def experiments_named(text: str, study: Study) -> list[str]:
    """Return the experiments that a cell may mean."""
    words = {name: _words(name, one) for name, one in study.experiments.items()}
    return _in_parts(text, lambda part: [name for name in words if fold_group(part) in words[name]])


def groups_named(text: str, study: Study, experiment: str | None) -> list[tuple[str, str]]:
    """Return the experiments and groups that a cell may mean.

    A name, label or synonym wins; a diet alone (``0.05％Mg食``, ``0.05``) means the group that is fed it, if
    its experiment has one such group. Where the animal's experiment is not known (None), all are searched.
    """
    among = [name for name in study.experiments if experiment in (None, name)]
    pairs = [(name, group) for name in among for group in study.experiments[name].groups]
    exact = [(name, group) for name, group in pairs if text.strip() == group]
    return exact or _in_parts(text, lambda part: _named(part, pairs, study))


def _named(text: str, pairs: list[tuple[str, str]], study: Study) -> list[tuple[str, str]]:
    folded = fold_group(text)
    named = [(name, group) for name, group in pairs if folded in _words(group, study.groups[group])]
    dose = _DOSE.fullmatch(folded)
    if named or not dose:
        return named
    percent = float(dose[1])
    return [(name, group) for name, group in pairs if study.groups[group].dietary_mg_percent == percent]


def _in_parts(text: str, find: Callable[[str], list[T]]) -> list[T]:
    """Return what a text means, or else what all parts of ``control / 正常食群`` mean alike."""
    found = find(text)
    if found or "/" not in text:
        return found
    parts = [find(part) for part in text.split("/")]
    return [one for one in parts[0] if all(one in part for part in parts)]


def _words(name: str, one: Experiment | Group) -> set[str]:
    return {fold_group(word) for word in (name, one.label, one.label_ja, *one.synonyms)}


def _experiment_of(pairs: Iterable[tuple[str, str]]) -> str | None:
    """Return the one experiment that all pairs agree on, or None."""
    names = {experiment for experiment, _ in pairs}
    return names.pop() if len(names) == 1 else None


def known_groups(study: Study, experiment: str | None) -> str:
    """List the groups of an experiment, or of all, as people read them, for messages."""
    among = [study.experiments[experiment]] if experiment else study.experiments.values()
    return _listed({group: study.groups[group] for one in among for group in one.groups})


def _listed(known: Mapping[str, Experiment | Group]) -> str:
    shown = (tr("{name} ({label})", name=name, label=one.label_ja) for name, one in known.items())
    return tr(", ").join(shown)


def match_groups(animals: list[Piece], study: Study) -> tuple[list[Fault], list[Note]]:
    """Put the study's names of experiments and groups in place of the laboratory's; note what was read.

    The pieces are changed in place: a name that means nothing, or several things, becomes `REPORTED`.
    """
    faults: list[Fault] = []
    notes: list[Note] = []
    stated = [piece for piece in animals if "experiment" in piece.frame]
    experiments = _listed(study.experiments)
    for piece in stated:
        texts = _texts(piece, "experiment")
        named = {row: [(one, one) for one in experiments_named(text, study)] for row, text in texts}
        _match(piece, "experiment", named, lambda row: experiments, faults, notes)
    columns = ["animal_id", "experiment"]
    known = [piece.frame.dropna(subset=columns)[columns] for piece in stated]
    every = pd.concat(known) if known else pd.DataFrame(columns=columns)
    every = every.drop_duplicates("animal_id").set_index("animal_id")["experiment"].to_dict()
    only = next(iter(study.experiments)) if len(study.experiments) == 1 else None
    for piece in animals:
        if "group" not in piece.frame:
            continue
        own = piece.frame["animal_id"].map(every).where(lambda known: known.isin(list(study.experiments)))
        within = {row: (name if isinstance(name, str) else only) for row, name in own.items()}
        found = {row: groups_named(text, study, within[row]) for row, text in _texts(piece, "group")}
        found = _match(
            piece, "group", found, lambda row, within=within: known_groups(study, within[row]), faults, notes
        )
        if stated:
            continue
        # No column says the experiment: it is that of the group, if the study has the group in one only.
        of_group = {row: only or _experiment_of(pairs) for row, pairs in found.items()}
        taken = pd.Series(of_group, dtype=object).reindex(piece.frame.index)
        piece.frame["experiment"] = taken.where(taken.notna(), np.nan).astype("str")
        several = [row for row, experiment in of_group.items() if not experiment]
        faults += fault_in_rows(
            piece.where, piece.labels["group"], several,
            tr("found {group!r}, a group of several experiments ({names})"),
            tr("Add a column 実験 / experiment that says which."),
            group=piece.frame["group"], names=tr(", ").join(study.experiments),
        )  # fmt: skip
        unknown = piece.frame["group"].eq(REPORTED)
        piece.frame.loc[[*several, *piece.frame.index[unknown]], "experiment"] = REPORTED
        if len(several) < len(found):
            said = tr("no column names the experiment; it was taken from the groups.")
            notes.append(Note(piece.where, said))
    return faults, notes


def _texts(piece: Piece, name: str) -> list[tuple[int, str]]:
    return [(row, text) for row, text in piece.frame[name].dropna().items() if text != REPORTED]


def _match(
    piece: Piece,
    name: str,
    found: Mapping[int, list[tuple[str, str]]],
    allowed: Callable[[int], str],
    faults: list[Fault],
    notes: list[Note],
) -> dict[int, list[tuple[str, str]]]:
    """Replace the texts of a column by what they mean; report those that mean nothing or several things.

    Returns those of `found` that are one name.
    """
    values, label = piece.frame[name].copy(), piece.labels[name]
    meant = {row: list(dict.fromkeys(one for _, one in pairs)) for row, pairs in found.items()}
    bad = values[[row for row, names in meant.items() if len(names) != 1]]
    counts = Counter(bad)

    def describe(row: int) -> tuple[str, str]:
        found = found_in(bad[row], counts[bad[row]])
        if meant[row]:
            names = tr(" or ").join(meant[row])
            problem = tr("{found}, which may mean {names}", found=found, names=names)
            return problem, tr("Write the one that is meant.")
        advice = tr(
            "Write one of them; other names of groups, or another design, go into a study.yml in the folder."
        )
        return tr("{found}, allowed: {names}", found=found, names=allowed(row)), advice

    # One fault per text: a group that is misspelt in eight rows is one mistake.
    faults += fault_per_row(piece.where, label, bad.drop_duplicates().index, describe)
    taken: Counter[tuple[str, str]] = Counter()
    for row, names in meant.items():
        if len(names) == 1 and values[row] != names[0]:
            taken[values[row], names[0]] += 1
        values[row] = names[0] if len(names) == 1 else REPORTED
    piece.frame[name] = values
    for (text, meaning), rows in taken.items():
        said = {"text": text, "meaning": meaning, "rows": rows, "plural": "s" if rows > 1 else ""}
        note = tr("{text!r} read as {meaning} ({rows} row{plural}).", **said)
        notes.append(Note(piece.where, note, column=label))
    return {row: pairs for row, pairs in found.items() if len(meant[row]) == 1}


# --- tables with one column per group and animals without names below, as GraphPad Prism keeps them ----


def groups_above(grid: Grid, study: Study) -> list[tuple[str, str]]:
    """Return the (experiment, group) of each column, if all headings are groups of one experiment alone."""
    head = list(grid.top[0]) if grid.top else []
    while head and is_blank(head[-1]):
        head.pop()
    for name in study.experiments:
        found = [groups_named(str(cell), study, name) for cell in head if not is_blank(cell)]
        meant = [pairs[0] for pairs in found if len(pairs) == 1]
        if len(meant) == len(head) >= 2 and len(set(meant)) == len(meant):
            return meant
    return []


def one_row_each(grid: Grid, groups: list[tuple[str, str]]) -> tuple[Grid, list[Fault]]:
    """Return the table with a row per animal, named by its group and place, and what could not be read.

    What was measured is the name of the sheet or file: ``serum_mg``, ``血清Mg (mg/dL)``.
    """
    name = grid.sheet or Path(grid.file).stem
    heading = read_heading(name)
    if not heading.table or "unit" not in fields_of(heading.table).get(heading.field, {}):
        problem = tr("its columns are groups, but its name doesn't tell what was measured")
        return grid, [Fault(grid.where, problem, tr("Name the sheet or file for it, as serum_mg."))]
    body = grid.body(2, set())
    rows: list[list[object]] = [["animal_id", "experiment", "group", name]]
    faults = []
    for place, (experiment, group) in enumerate(groups):
        for count, (number, cell) in enumerate(body[place].items(), start=1):
            reading = read_number(cell)
            if reading.kind == "bad":
                label = column_label(place, str(grid.top[0][place]))
                faults.append(Fault(grid.where, reading.problem_in(), reading.advice, int(number), label))
            elif not is_blank(cell):
                rows.append([f"{group}-{count}", experiment, group, cell])
    said = tr(
        "has a column per group; animals named by their group and row, as {name}, also across files of this "
        "form.",
        name=f"{groups[0][1]}-1",
    )
    notes = [*grid.notes, Note(grid.where, said)]
    return Grid(grid.file, grid.sheet, top=rows[:40], rows=rows, notes=notes), faults
