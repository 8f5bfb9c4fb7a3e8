"""What the tables of a dataset owe to one another, to the study, and to geometry and physics."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mgbone.dataset.faults import Fault, fault_in_rows, fault_per_row, nearest
from mgbone.study.design import STRUCTURES, Study
from mgbone.study.dictionary import structure_label
from mgbone.study.language import tr

MOST_DENSE = 3160.0
"""mg/cm3: the density of hydroxyapatite crystal; no bone has more mineral than that in a volume."""


ROUNDING = 0.015
"""A sum of two numbers and a third, each rounded to two decimals, differ by no more than this."""

RELATIVE_ROUNDING = 1e-3


def check_relations(
    tables: Mapping[str, pd.DataFrame], names: Mapping[str, str], study: Study, partition: bool = True
) -> list[Fault]:
    """Check all tables together.

    The `tables`, typed and indexed by spreadsheet row as `mgbone.dataset.csv_table.read_table` gives them,
    may lack columns that have been reported already; `names` are what messages call their files. A
    `partition` has cortical and cancellous bone as the parts of the whole, trabecular as a part of
    cancellous.
    """
    faults = []
    animals = tables.get("animals")
    if animals is not None:
        faults += _check_groups(animals, names["animals"], study)
        if "animal_id" in animals:
            for name, table in tables.items():
                if name != "animals" and "animal_id" in table:
                    faults += _check_animals_known(table, names[name], animals["animal_id"], names["animals"])
    if "qct_slices" in tables:
        faults += _check_slices(tables["qct_slices"], names["qct_slices"], animals, partition)
    return faults


# --- groups and animals ------------------------------------------------------------------------------


def _check_groups(animals: pd.DataFrame, file: str, study: Study) -> list[Fault]:
    if "experiment" not in animals:
        return []
    known, names = list(study.experiments), tr(", ").join(study.experiments)
    experiment = animals["experiment"]
    strange = animals.index[experiment.notna() & ~experiment.isin(known)]

    def describe_experiment(row: int) -> tuple[str, str]:
        found = experiment.loc[row]
        problem = tr("found {found!r}, the study has the experiments {names}", found=found, names=names)
        return problem, _did_you_mean(found, {name: name for name in known})

    faults = fault_per_row(file, "experiment", strange, describe_experiment)
    if "group" not in animals:
        return faults
    group = animals["group"]
    allowed = [(name, member) for name, one in study.experiments.items() for member in one.groups]
    fits = pd.MultiIndex.from_arrays([experiment, group]).isin(pd.MultiIndex.from_tuples(allowed))
    unknown = animals.index[experiment.isin(known) & group.notna() & ~fits]

    def describe_group(row: int) -> tuple[str, str]:
        members = {name: study.groups[name] for name in study.experiments[experiment.loc[row]].groups}
        labels = {text: name for name, one in members.items() for text in (name, one.label, one.label_ja)}
        said = {"found": group.loc[row], "experiment": experiment.loc[row], "names": tr(", ").join(members)}
        problem = tr("found {found!r}, {experiment} has the groups {names}", **said)
        return problem, _did_you_mean(group.loc[row], labels)

    return faults + fault_per_row(file, "group", unknown, describe_group)


def _did_you_mean(found: str, labels: Mapping[str, str]) -> str:
    near = nearest(found, labels)
    if near:
        return tr(
            "Write {name}, if that is meant; another design needs a study.yml in the dataset folder.",
            name=labels[near],
        )
    return tr("Write one of them; another design needs a study.yml in the dataset folder.")


def _check_animals_known(table: pd.DataFrame, file: str, known: pd.Series, animals_file: str) -> list[Fault]:
    animal = table["animal_id"]
    strange = table.index[animal.notna() & ~animal.isin(known)]
    # One fault per animal: a hundred slices of an unknown animal are one mistake.
    first = strange[~animal.loc[strange].duplicated().to_numpy()]
    counts = animal.loc[strange].value_counts()

    def describe(row: int) -> tuple[str, str]:
        name = animal.loc[row]
        near = nearest(name, known.dropna())
        advice = tr("Correct the name, or add the animal there.")
        if near:
            advice = tr("Is it {name}? Correct the name, or add the animal there.", name=near)
        said = {"name": name, "rows": counts[name], "file": animals_file}
        if counts[name] > 1:
            return tr("found {name!r} (in {rows} rows), which is not in {file}", **said), advice
        return tr("found {name!r}, which is not in {file}", **said), advice

    return fault_per_row(file, "animal_id", first, describe)


# --- slices ------------------------------------------------------------------------------------------


def _check_slices(
    slices: pd.DataFrame, file: str, animals: pd.DataFrame | None, partition: bool
) -> list[Fault]:
    faults = _check_places(slices, file, animals) if {"animal_id", "position"} <= set(slices.columns) else []
    said = False
    for measure, unit in (("area", "mm²"), ("content", "mg")):
        columns = [f"{structure}_{measure}" for structure in STRUCTURES]
        if partition and set(columns) <= set(slices.columns):
            found, is_partition = _check_sum(slices, file, measure, unit)
            if is_partition or not said:  # where neither is one, the compartments are independent: said once
                faults += found
                faults += _check_part(slices, file, measure, unit)
            said = not is_partition
    for structure in STRUCTURES:
        needed = {"thickness", f"{structure}_area", f"{structure}_content"}
        if needed <= set(slices.columns):
            faults += _check_density(slices, file, structure)
    return faults


def _check_places(slices: pd.DataFrame, file: str, animals: pd.DataFrame | None) -> list[Fault]:
    position, animal = slices["position"], slices["animal_id"]
    doubled = slices[["animal_id", "position"]].dropna()
    rows = doubled.index[doubled.duplicated()]
    # Rows with the same slice number too are reported as repeated rows.
    if "slice" in slices:
        rows = rows[~slices.duplicated(["animal_id", "slice"]).loc[rows].to_numpy()]
    of_row = {"position": position, "animal": animal}
    problem = tr("found {position:.10g}, where {animal} has a slice already")
    advice = tr("Delete the doubled slice, or correct its position.")
    faults = fault_in_rows(file, "position", rows, problem, advice, **of_row)
    if animals is None or not {"animal_id", "femur_length"} <= set(animals.columns):
        return faults
    lengths = (
        animals.dropna(subset="animal_id").drop_duplicates("animal_id").set_index("animal_id")["femur_length"]
    )
    length = animal.map(lengths)
    beyond = slices.index[position > length]
    problem = tr("found {position:.10g} mm, but the femur of {animal} is {length:.10g} mm long")
    advice = tr("Positions count in mm from the distal end; correct the position or the femur_length.")
    faults += fault_in_rows(
        file, "position", beyond, problem, advice, of=position.count(), length=length, **of_row
    )
    nowhere = slices.index[animal.isin(lengths.index) & length.isna() & ~animal.duplicated()]
    problem = tr("{animal} has slices, but no femur_length in the table of animals")
    advice = tr("Fill in its femur_length; without it no slice belongs to a region.")
    return faults + fault_in_rows(file, "animal_id", nowhere, problem, advice, **of_row)


def _check_sum(slices: pd.DataFrame, file: str, measure: str, unit: str) -> tuple[list[Fault], bool]:
    """Hold whole bone against the sum of its parts; say, too, whether most slices are a partition."""
    whole, cortical, cancellous = (
        slices[f"{name}_{measure}"] for name in ("whole", "cortical", "cancellous")
    )
    total = cortical + cancellous
    wrong = slices.index[(whole - total).abs() > np.maximum(ROUNDING, RELATIVE_ROUNDING * whole)]
    problem = tr("found {whole:.10g} {unit}, but cortical + cancellous is {total:.10g} {unit}")
    advice = tr(
        "Whole bone is the sum of the two; correct the one that is wrong, or, if the scanner finds each by a "
        "threshold of its own, write compartments: independent into qct_mapping.yml."
    )
    of_row = {"whole": whole, "total": total, "unit": unit, "of": whole.count()}
    faults = fault_in_rows(file, f"whole_{measure}", wrong, problem, advice, **of_row)
    return faults, 2 * len(wrong) <= whole.count()


def _check_part(slices: pd.DataFrame, file: str, measure: str, unit: str) -> list[Fault]:
    part, space = slices[f"trabecular_{measure}"], slices[f"cancellous_{measure}"]
    wrong = slices.index[part > space + np.maximum(ROUNDING, RELATIVE_ROUNDING * space)]
    problem = tr("found {part:.10g} {unit}, more than {cancellous} ({space:.10g} {unit})")
    advice = tr("Trabecular bone is the part of cancellous that is bone; are the two columns exchanged?")
    of_row = {"part": part, "space": space, "unit": unit, "cancellous": f"cancellous_{measure}"}
    of_row["of"] = part.count()
    return fault_in_rows(file, f"trabecular_{measure}", wrong, problem, advice, **of_row)


def _check_density(slices: pd.DataFrame, file: str, structure: str) -> list[Fault]:
    area, content = slices[f"{structure}_area"], slices[f"{structure}_content"]
    halves = slices.index[area.isna() != content.isna()]

    def describe_half(row: int) -> tuple[str, str]:
        blank, given = ("area", "content") if np.isnan(area.loc[row]) else ("content", "area")
        said = {"blank": f"{structure}_{blank}", "given": f"{structure}_{given}"}
        problem = tr("{blank} is blank, but {given} is not", **said)
        return problem, tr("Fill in both, or leave both blank: density needs the two.")

    faults = fault_per_row(file, f"{structure}_area, {structure}_content", halves, describe_half)
    volume = area * slices["thickness"]
    # Half a unit of the second decimal is allowed, so that a sliver rounded to zero area is no fault.
    dense = slices.index[content - 0.005 > MOST_DENSE / 1000 * (volume + 0.005 * slices["thickness"])]
    problem = tr("found {content:.10g} mg in {volume:.10g} mm³, denser than hydroxyapatite ({most:g} mg/cm³)")
    advice = tr("Check the units of {structure}: area in mm², thickness in mm, content in mg.")
    of_row = {"content": content, "volume": volume, "most": MOST_DENSE, "of": content.count()}
    of_row["structure"] = structure_label(structure).lower()
    return faults + fault_in_rows(file, f"{structure}_content", dense, problem, advice, **of_row)
