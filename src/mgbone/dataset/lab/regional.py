"""Regional densities that a scanner's software gives directly, in place of slices."""

import numpy as np
import pandas as pd

from mgbone.dataset.agreement import MOST_DENSE
from mgbone.dataset.faults import Fault, Note, fault_in_rows, fault_per_row, listing, row_words
from mgbone.dataset.lab.headings import place_named
from mgbone.dataset.lab.parts import Piece
from mgbone.dataset.table import Table
from mgbone.study.design import REGIONS, STRUCTURES
from mgbone.study.language import tr

SOFT = ("cancellous", "trabecular")
"""Structures that hold marrow."""

COLUMNS = ["animal_id", "structure", "region", "density"]


def regional_table(
    pieces: list[Piece], animals: Table | None, slices: bool
) -> tuple[pd.DataFrame | None, list[Fault], list[Note]]:
    """Put regional densities together: columns animal_id, structure, region, density (mg/cm3), or None.

    The pieces hold animal_id, structure, region and density, or content (mg) and volume (mm3); or a column
    per endpoint (bmd_trabecular_distal). If the folder holds `slices`, too, it is not known which of the two
    to take.
    """
    if not pieces:
        return None, [], []
    faults = []
    if slices:
        problem = tr("holds regional density, but there are slices, too")
        advice = tr("Keep one of the two: densities of regions follow from slices.")
        faults.append(Fault(pieces[0].where, problem, advice))
    tables = []
    for piece in pieces:
        table, found = _from_places(piece) if "structure" in piece.frame else _from_endpoints(piece)
        tables.append(table)
        faults += found
        if animals is not None:
            faults += _unknown(piece, animals)
    every = pd.concat(tables, ignore_index=True)
    doubled = every[every.duplicated(COLUMNS[:3], keep=False)]
    for (animal, structure, region), rows in doubled.groupby(COLUMNS[:3], sort=False):
        at = rows.iloc[-1]
        problem = tr(
            "{structure} {region} of {animal} stands already in {row} of {where}",
            structure=structure, region=region, animal=animal,
            row=row_words(rows["row"].iloc[0]), where=rows["where"].iloc[0],
        )  # fmt: skip
        faults.append(Fault(at["where"], problem, tr("Delete one of the two."), row=int(at["row"])))
    notes = below_zero(pieces[0].where, every["density"], every["animal_id"])
    return every[COLUMNS].dropna(subset="density").reset_index(drop=True), faults, notes


def _from_places(piece: Piece) -> tuple[pd.DataFrame, list[Fault]]:
    frame, labels, faults = piece.frame.copy(), piece.labels, []
    for kind, known in (("structure", STRUCTURES), ("region", REGIONS)):
        meant = {text: place_named(f"{kind}s", text) for text in frame[kind].dropna().unique()}
        strange = frame.index[~frame[kind].isin([text for text, name in meant.items() if name])]

        def describe(row: int, kind=kind, known=known) -> tuple[str, str]:
            found = frame.loc[row, kind]
            names = tr(", ").join(known)
            problem = tr("is blank, allowed: {names}", names=names)
            if isinstance(found, str):
                problem = tr("{found}, allowed: {names}", found=tr("found {text!r}", text=found), names=names)
            if kind == "structure":
                return problem, tr("Write one of them, or its Japanese name, as structure.")
            return problem, tr("Write one of them, or its Japanese name, as region.")

        faults += fault_per_row(piece.where, labels[kind], strange, describe)
        frame[kind] = frame[kind].map(meant)
    if "density" not in frame:
        if not {"content", "volume"} <= set(frame):
            problem = tr("has neither density nor content and volume")
            advice = tr(
                "Add a column 骨密度 / density (mg/cm³), or columns of content (mg) and volume (mm³)."
            )
            faults.append(Fault(piece.where, problem, advice))
            frame["density"] = np.nan
        else:
            frame["density"] = 1000 * frame["content"] / frame["volume"].where(frame["volume"] > 0)
    column = labels.get("density") or labels.get("content")
    soft = frame["structure"].isin(SOFT)
    faults += _impossible(frame, "density", soft, piece.where, column)
    return frame.assign(where=piece.where, row=frame.index)[[*COLUMNS, "where", "row"]], faults


def _from_endpoints(piece: Piece) -> tuple[pd.DataFrame, list[Fault]]:
    faults, tables = [], []
    for name in piece.frame.columns.drop("animal_id"):
        _, structure, region = name.split("_")
        faults += _impossible(piece.frame, name, structure in SOFT, piece.where, piece.labels[name])
        one = pd.DataFrame({"animal_id": piece.frame["animal_id"], "structure": structure, "region": region})
        tables.append(one.assign(density=piece.frame[name], where=piece.where, row=piece.frame.index))
    return pd.concat(tables), faults


def _impossible(
    frame: pd.DataFrame, name: str, soft: pd.Series | bool, where: str, column: str | None
) -> list[Fault]:
    """Report what is denser than crystal, and below zero where no marrow is (`soft`: where it is)."""
    density = frame[name]
    problem = tr("found {density:.10g} mg/cm³, denser than hydroxyapatite ({most:g} mg/cm³)")
    advice = tr("Check the unit: density is kept in mg/cm³, content in mg, volume in mm³.")
    of_row = {"density": density, "most": MOST_DENSE, "of": density.count()}
    dense = fault_in_rows(where, column, frame.index[density > MOST_DENSE], problem, advice, **of_row)
    problem = tr("found {density:.10g}, allowed is 0 or more mg/cm³ but for cancellous and trabecular bone")
    advice = tr("Correct the value.")
    below = frame.index[(density < 0) & ~pd.Series(soft, index=frame.index)]
    return dense + fault_in_rows(where, column, below, problem, advice, of=density.count(), density=density)


def below_zero(where: str, values: pd.Series, animals: pd.Series) -> list[Note]:
    """Note values of space with marrow that lie below zero, which a calibrated scanner may give."""
    low = values < 0
    if not low.any():
        return []
    said = tr(
        "{count} value{plural} below zero ({animals}) kept, as marrow may lie there on a calibrated scale.",
        count=low.sum(), plural="s" if low.sum() > 1 else "", animals=listing(dict.fromkeys(animals[low])),
    )  # fmt: skip
    return [Note(where, said)]


def _unknown(piece: Piece, animals: Table) -> list[Fault]:
    names = piece.frame["animal_id"]
    strange = piece.frame.index[names.notna() & ~names.isin(animals.frame["animal_id"]) & ~names.duplicated()]
    problem = tr("found {name!r}, which is not in the table of animals")
    advice = tr("Correct the name, or add the animal there.")
    return fault_in_rows(piece.where, piece.labels["animal_id"], strange, problem, advice, name=names)
