"""Ways to spoil the small dataset: each returns a function that is given the folder."""

import json
import re

import pandas as pd

import mgbone
from helpers.japanese import latin_share
from helpers.languages import speak
from helpers.small_dataset import assert_named, describe
from mgbone.study.errors import DatasetError


def change(folder, file, edit):
    """Rewrite a text file line by line."""
    path = folder / file
    path.write_text("\n".join(edit(path.read_text(encoding="utf-8").splitlines())) + "\n", encoding="utf-8")


def blanked(line, column):
    cells = line.split(",")
    cells[column] = ""
    return ",".join(cells)


def cell(file, row, column, value):
    """Put a value into a spreadsheet row of a table."""

    def spoil(folder):
        def edit(lines):
            place = lines[0].split(",").index(column)
            cells = lines[row - 1].split(",")
            cells[place] = value(cells[place]) if callable(value) else value
            return [*lines[: row - 1], ",".join(cells), *lines[row:]]

        change(folder, file, edit)

    return spoil


def lines(file, edit):
    return lambda folder: change(folder, file, edit)


def header(file, old, new):
    return lines(file, lambda rows: [rows[0].replace(old, new), *rows[1:]])


def without_column(file, column):
    def spoil(folder):
        frame = pd.read_csv(folder / file, dtype=str)
        frame.drop(columns=column).to_csv(folder / file, index=False)

    return spoil


def recoded(file, encoding, text=None):
    def spoil(folder):
        path = folder / file
        content = path.read_text(encoding="utf-8")
        path.write_bytes((text(content) if text else content).encode(encoding))

    return spoil


def contents(file, data):
    return lambda folder: (folder / file).write_bytes(data)


def descriptor(edit):
    """Change datapackage.json after all; the marker keeps `assert_refused` from writing it anew."""

    def spoil(folder):
        raw = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
        replaced = edit(raw)
        raw = raw if replaced is None else replaced
        (folder / "datapackage.json").write_text(json.dumps(raw, ensure_ascii=False), encoding="utf-8")

    spoil.keeps_descriptor = True
    return spoil


def after(spoil):
    """Spoil without writing the descriptor anew, so that checksums no longer fit."""

    def later(folder):
        spoil(folder)

    later.keeps_descriptor = True
    return later


def resource(raw, name):
    return next(entry for entry in raw["resources"] if entry["name"] == name)


def cut(file, share):
    def spoil(folder):
        data = (folder / file).read_bytes()
        (folder / file).write_bytes(data[: int(len(data) * share)])

    return spoil


def faults_of(folder):
    """Check a dataset; hold what opening it says in Japanese against the English faults, and return these.

    Both are about the same file and give the same numbers; no field is left open.
    """
    faults = mgbone.check_dataset(folder)
    japanese = speak("ja", refusal, folder)
    assert len(japanese) == len(faults), japanese
    for fault, line in zip(faults, japanese, strict=True):
        if fault.startswith(("study.yml", "claims.csv", "qct_mapping.yml, line")):
            continue  # in the words of mgbone.study
        file = re.split(r"[,:] ", fault)[0]
        place, said = line.split("：", 1)
        assert place.startswith(file), line
        assert said.endswith("。") and "{" not in said.replace("{ で始まり", ""), line
        own_words = re.sub(r"「[^」]*」|（[^（）]*）|[\w.-]*[_./][\w./-]*", " ", said, flags=re.ASCII)
        assert latin_share(own_words) < 0.5, line
        assert numbers(fault) <= numbers(line), (fault, line)
    return faults


def refusal(folder):
    """Return the faults for which a dataset does not open."""
    try:
        mgbone.open_dataset(folder)
    except DatasetError as error:
        return error.faults
    return []


def numbers(text):
    return set(re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*[A-Za-z])", text, re.ASCII))


def assert_refused(folder, spoil, expected):
    """Spoil a dataset; hold the faults that are found against the pieces of their lines, in order."""
    spoil(folder)
    if not hasattr(spoil, "keeps_descriptor"):
        describe(folder)
    faults = faults_of(folder)
    assert_named(faults, expected, folder)
