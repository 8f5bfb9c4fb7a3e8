"""What is possible but hardly true: values that a person should look at before anything is concluded.

A fault stops the run, because the data contradict themselves or the dictionary. What is said here stops
nothing: the number may be right. The ranges and their sources are those of ``study/schema/plausible.json``;
no range follows from what a diet is expected to do.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral

import numpy as np
import pandas as pd

from mgbone.dataset.faults import Fault, listing
from mgbone.dataset.lab.headings import REGIONAL
from mgbone.dataset.lab.units import CLINICAL, conversion, unit_of
from mgbone.dataset.table import Table
from mgbone.study.design import STRUCTURES, Study
from mgbone.study.dictionary import plausible, table_fields, typeset_unit
from mgbone.study.language import either, tr

PER_ANIMAL = ("animals", "serum", "urine", "balance")

MOST_TIMES = 8.0
"""From the middle of its own group; a slip of the decimal point is ten times, and no assay scatters so."""

FEWEST_ALIKE = 4
"""Values of a column that have to be equal before that is strange."""

FEWEST_OF_A_GROUP = 3
FEWEST_COLUMNS = 3
"""Numbers that two animals have to share before their rows count as one row copied."""

SHORTEST_SCAN = 0.125
"""Of the femur: slices that all lie in less of it were placed in cm (0.1) or are of one end only."""

NAMED = 5


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, its unit as data have it, its values by row, and whose they are."""

    file: str
    name: str
    unit: str
    numbers: pd.Series
    animals: pd.Series
    groups: pd.Series

    @property
    def shown(self) -> str:
        """The unit as people read it."""
        return typeset_unit(self.unit)

    def listed(self, rows: pd.Index) -> str:
        """Name animals with their values, the first ones and a count of the rest."""
        who = (f"{self.animals[row]} {self.numbers[row]:.6g}" for row in rows[:NAMED])
        return listing(who, most=NAMED, of=len(rows))

    def doubt(self, problem: str, advice: str, rows: Sequence = ()) -> Fault:
        """Return what is strange; the row is named where it is one."""
        row = int(rows[0]) if len(rows) == 1 and isinstance(rows[0], Integral) else None
        return Fault(self.file, problem, advice, row, self.name)


def find_implausible(
    tables: Mapping[str, Table],
    names: Mapping[str, str],
    study: Study,
    regions: pd.DataFrame | None = None,
) -> list[Fault]:
    """Look for values that are possible but hardly true, in tables without a fault; return them as faults.

    The tables' frames are indexed by spreadsheet row, and values below a limit are passed over; `names` are
    what messages call their files. `regions` holds densities: animal_id, structure, region, density (mg/cm3).
    """
    animals = tables["animals"].frame.drop_duplicates("animal_id")
    group_of = animals.set_index("animal_id")[["experiment", "group"]].agg(tuple, axis=1)
    found: list[Fault] = []
    for name in PER_ANIMAL:
        if name in tables:
            columns = list(_columns(name, tables[name], names[name], group_of))
            for column in columns:
                found += _of_column(column, study)
            found += _order(columns)
            found += _copied(columns, names[name])
    if "qct_slices" in tables:
        found += _of_slices(tables["qct_slices"].frame, names["qct_slices"], animals)
    if regions is not None:
        found += _of_regions(regions, names[REGIONAL])
    return found


def _columns(name: str, table: Table, file: str, group_of: pd.Series) -> Iterator[Column]:
    frame = table.frame
    for field, spec in table_fields(name).items():
        if spec["type"] == "number" and field in frame and frame[field].notna().any():
            values = frame[field].mask(table.below_limit.get(field, pd.Series(False, index=frame.index)))
            held = values.dropna()
            animals = frame["animal_id"].loc[held.index]
            if len(held):
                yield Column(file, field, spec.get("unit", ""), held, animals, animals.map(group_of))


def _of_column(column: Column, study: Study) -> list[Fault]:
    """Hold a column against its ranges, then against itself; what is said once is not said again."""
    rows, beyond = _beyond(column)
    if 2 * len(rows) > len(column.numbers):
        return beyond
    return beyond + _unusual(column, study) + _alike(column, study) + _far(column, column.numbers.drop(rows))


# --- ranges ------------------------------------------------------------------------------------------


def _beyond(column: Column) -> tuple[pd.Index, list[Fault]]:
    """Find the rows of values that no rat or mouse has, and say so."""
    low, high = plausible()["ranges"].get(column.name, {}).get("possible", (-np.inf, np.inf))
    values = column.numbers
    rows = values.index[(values < low) | (values > high)]
    if not len(rows):
        return rows, []
    said = {"count": len(rows), "n": len(values), "low": f"{low:g}", "high": f"{high:g}"}
    problem = tr(
        "{count} of {n} values lie outside {low} to {high} {unit}, which rats and mice hardly leave ({who})",
        who=column.listed(rows), unit=column.shown, **said,
    )  # fmt: skip
    return rows, [column.doubt(problem, _look(column, values[rows]), rows)]


def _unusual(column: Column, study: Study) -> list[Fault]:
    """Find young rats of the report's design, those on the normal diet, whose middle is not that of rats."""
    usual = plausible()["ranges"].get(column.name, {}).get("usual")
    if usual is None or not study.follows_report:
        return []
    normal = max(group.dose for group in study.groups.values())
    held = column.numbers[[study.groups[group].dose == normal for _, group in column.groups]]
    if len(held) < FEWEST_OF_A_GROUP or usual[0] <= (middle := held.median()) <= usual[1]:
        return []
    problem = tr(
        "the median of the animals on the normal diet is {middle:.4g} {unit} (n = {n}); usual in rats is "
        "{low:g} to {high:g}",
        middle=middle, unit=column.shown, n=len(held), low=usual[0], high=usual[1],
    )  # fmt: skip
    return [column.doubt(problem, _look(column, held))]


def _look(column: Column, values: pd.Series) -> str:
    """Say what to look at: the unit by which the values would be usual, zeros, or the decimal point."""
    if values.eq(0).all():
        return tr("Is 0 written where nothing was measured? Then leave the cell blank.")
    entry, middle = plausible()["ranges"][column.name], values.median()
    low, high = entry.get("usual", entry["possible"])
    for text, field in CLINICAL:
        by = conversion(unit_of(text), column.unit, field) if field == column.name else None
        if by is not None and by.factor != 1 and low <= middle * by.factor <= high:
            shown = {"unit": typeset_unit(text), "low": f"{low:g}", "high": f"{high:g}", "is": column.shown}
            return tr(
                "Taken as {unit} they would be within {low} to {high} {is}: is the unit right?", **shown
            )
    for power in (10, 100, 1000, 10**6):
        by = {"power": power, "low": low, "high": high}
        for fits, said in (
            (middle / power, tr("Divided by {power:,} they would be within {low:g} to {high:g}.", **by)),
            (middle * power, tr("Multiplied by {power:,} they would be within {low:g} to {high:g}.", **by)),
        ):
            if low <= fits <= high:
                return tr("{said} Look at the unit and at the decimal point.", said=said)
    return tr("Look at the unit and at the decimal point.")


# --- the rest of the column --------------------------------------------------------------------------


def _far(column: Column, values: pd.Series) -> list[Fault]:
    """Find those of a column's values that are many times the middle of their own group, or a small part."""
    by_group = values.groupby(column.groups.loc[values.index])
    middle = by_group.transform("median")
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.maximum(values / middle, middle / values)
    enough = by_group.transform("size") >= FEWEST_OF_A_GROUP
    far = values.index[enough & (middle > 0) & (values > 0) & (times >= MOST_TIMES)]
    if not len(far):
        return []
    row = far[0]
    said = {"who": column.listed(far), "middle": f"{middle[row]:.4g}", "unit": column.shown}
    problem = tr(
        "far from the rest of its group: {who}; the first one's group has a median of {middle} {unit}", **said
    )
    return [column.doubt(problem, tr("Look at the decimal point, and at the name of the animal."), far)]


def _alike(column: Column, study: Study) -> list[Fault]:
    """Find columns in which all animals of each group have one and the same value."""
    values = column.numbers
    by_group = values.groupby(column.groups)
    held = by_group.size()
    if len(values) < FEWEST_ALIKE or held.max() < FEWEST_OF_A_GROUP or by_group.nunique().max() > 1:
        return []
    if values.min() == values.max():
        problem = tr("all {n} values are {value:.6g}", n=len(values), value=values.iloc[0])
        return [column.doubt(problem, tr("Was the column filled down? A measured column scatters."))]
    labels = {name: either(group.label, group.label_ja) for name, group in study.groups.items()}
    each = [f"{labels[group]} {value:.6g}" for (_, group), value in by_group.first().items()]
    problem = tr("all animals of a group have the same value ({values})", values=listing(each, most=NAMED))
    advice = tr(
        "Is it the mean of a cage or of the group? Then there are as many measurements as cages, not animals."
    )
    return [column.doubt(problem, advice)]


def _order(columns: list[Column]) -> list[Fault]:
    """Find two columns of which the one that is lower in rats is higher in most animals."""
    by_name, found = {column.name: column for column in columns}, []
    for pair in plausible()["order"]:
        if pair["higher"] in by_name and pair["lower"] in by_name:
            higher, lower = by_name[pair["higher"]], by_name[pair["lower"]]
            both = higher.numbers.index.intersection(lower.numbers.index)
            count = int((lower.numbers[both] > higher.numbers[both]).sum())
            if len(both) >= FEWEST_ALIKE and 2 * count > len(both):
                problem = tr(
                    "{lower} is above {higher} in {count} of {n} animals (medians {low:.4g} and {high:.4g} "
                    "{unit}); in growing rats it is below",
                    lower=lower.name, higher=higher.name, count=count, n=len(both),
                    low=lower.numbers[both].median(), high=higher.numbers[both].median(), unit=higher.shown,
                )  # fmt: skip
                names = f"{higher.name}, {lower.name}"
                found.append(Fault(higher.file, problem, tr("Are the two columns exchanged?"), column=names))
    return found


def _copied(columns: list[Column], file: str) -> list[Fault]:
    """Find animals that share every number of their rows."""
    table = pd.DataFrame({one.name: one.numbers for one in columns if one.numbers.min() < one.numbers.max()})
    table = table[table.notna().sum(axis=1) >= FEWEST_COLUMNS]
    if table.empty:
        return []
    animals = pd.concat([column.animals for column in columns])
    rows = table.groupby(list(table.columns), dropna=False, sort=False).ngroup()
    return _same(rows, animals[~animals.index.duplicated()], file, tr("the same numbers in their rows"))


def _same(keys: pd.Series, animals: pd.Series, file: str, what: str) -> list[Fault]:
    """Report the animals that share a key; both series have the same index."""
    advice = tr("Was something copied, or measured twice? Correct the one that is wrong, or delete it.")
    shared = keys[keys.duplicated(keep=False)]
    return [
        Fault(file, tr("{who} have {what}", who=listing(animals[same.index], most=NAMED), what=what), advice,
              column="animal_id")
        for _, same in shared.groupby(shared, sort=False)
    ]  # fmt: skip


# --- bones -------------------------------------------------------------------------------------------


def _of_slices(slices: pd.DataFrame, file: str, animals: pd.DataFrame) -> list[Fault]:
    """Hold whole animals against their ranges: density over all slices, places in the femur, copies."""
    found = []
    for structure in STRUCTURES:
        columns = (f"{structure}_content", f"{structure}_area", "thickness")
        if set(columns) <= set(slices):
            content, area, thickness = (slices[column] for column in columns)
            both = pd.DataFrame(
                {"animal_id": slices["animal_id"], "content": content, "volume": area * thickness}
            )
            total = both.dropna().groupby("animal_id").sum()
            density = 1000 * total["content"] / total["volume"].where(total["volume"] > 0)
            found += _densities(density.dropna(), structure, file, ", ".join(columns))
    if {"animal_id", "femur_length"} <= set(animals):
        last = slices.groupby("animal_id")["position"].max()
        share = (last / animals.set_index("animal_id")["femur_length"]).dropna()
        if len(share) and (share < SHORTEST_SCAN).all():
            said = {"percent": 100 * share.max()}
            problem = tr("the slices of every animal lie in the first {percent:.0f} % of its femur", **said)
            advice = tr("Are the positions in cm? They are kept in mm from the distal end.")
            found.append(Fault(file, problem, advice, column="position"))
    return found + _copied_slices(slices, file)


def _copied_slices(slices: pd.DataFrame, file: str) -> list[Fault]:
    measured = [name for name in slices if name.endswith(("_area", "_content"))]
    measured = [name for name in measured if slices[name].min() < slices[name].max()]
    if not measured:
        return []
    by_animal = slices.groupby("animal_id")[measured]
    keys = by_animal.apply(lambda rows: rows.to_numpy().tobytes())
    keys = keys[by_animal.count().sum(axis=1) >= FEWEST_COLUMNS]
    return _same(keys, pd.Series(keys.index, index=keys.index), file, tr("the same numbers in all slices"))


def _of_regions(regions: pd.DataFrame, file: str) -> list[Fault]:
    found = []
    for (structure, region), rows in regions.groupby(["structure", "region"], sort=False):
        density = rows.set_index("animal_id")["density"]
        found += _densities(density, structure, file, f"bmd_{structure}_{region}")
    return found


def _densities(density: pd.Series, structure: str, file: str, label: str) -> list[Fault]:
    who = pd.Series(density.index, index=density.index)
    column = Column(file, f"density_{structure}", "mg/cm3", density, who, who)
    return [Fault(file, fault.problem, fault.advice, column=label) for fault in _beyond(column)[1]]
