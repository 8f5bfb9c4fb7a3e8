"""README.md of a simulated dataset: that it is simulated, how, and what each value rests on."""

from importlib.resources import files
from string import Template

import pandas as pd

from mgbone.simulate.calibration import calibration_table, load_calibration
from mgbone.study.design import Study
from mgbone.study.ledger import load_claims

FOLDER = "templates"
CHANCE = "chance_findings.csv"
CASES = (("exp1", "pairfed"), ("exp1", "mg001"), ("exp2", "mg004"), ("exp2", "mg002"))


def readme_text(study: Study, *, effect: bool, seed: int, attempts: int, uncentred: bool = False) -> str:
    """Return README.md of a simulated dataset, in English and Japanese.

    Parameters
    ----------
    effect : bool
        Whether it is a dataset with the report's effects or one with none.
    seed, attempts : int
        What the tables were made with, and at which draw they were taken (`mgbone.simulate.tables`).
    uncentred : bool
        Whether groups were drawn around their calibrated means and not pulled onto them.
    """
    if effect and uncentred:
        return _template("uncentred.md").substitute(seed=seed)
    if not effect:
        return _template("null.md").substitute(seed=seed, chance=_chance(seed))
    return _template("simulated.md").substitute(
        seed=seed,
        attempts=attempts,
        shift=f"{load_calibration()['experiments_differ']['sd']:g}",
        rows=_calibration_rows(study),
        sources="\n".join(f"- {key}: {text}" for key, text in load_calibration()["sources"].items()),
    )


def chance_table() -> pd.DataFrame:
    """Return how many effect statements hold per seed without effects: columns seed, findings."""
    with files("mgbone.simulate").joinpath(CHANCE).open("r", encoding="utf-8") as stream:
        return pd.read_csv(stream)


def _template(name: str) -> Template:
    return Template(files("mgbone.simulate").joinpath(FOLDER, name).read_text(encoding="utf-8"))


def _chance(seed: int) -> str:
    table = chance_table()
    own = table.loc[table["seed"] == seed, "findings"]
    if own.empty:  # a seed of someone's own, of which the table says nothing
        return ""
    claims = load_claims()
    claims = claims[claims["domain"].isin(["biochem", "qct"])]
    counts = table["findings"].value_counts().sort_index()
    return _template("chance.md").substitute(
        n_effects=int(claims["level"].ne("none").sum()),
        own=int(own.iloc[0]),
        n_seeds=len(table),
        rows="\n".join(f"| {findings} | {seeds} |" for findings, seeds in counts.items()),
    )


def _calibration_rows(study: Study) -> str:
    rows = []
    for name, table in calibration_table(study).groupby("variable", sort=False):
        by_group = table.set_index(["experiment", "group"])
        control = by_group.loc[("exp1", "control")]
        unit = "" if control["unit"] in ("1", "mg/cm3") else f" ({control['unit']})"
        cells = [f"{name}{unit}", f"{control['mean']:g}", f"{control['sd']:g}", control["source"]]
        rows.append("| " + " | ".join([*cells, *(_cell(by_group.loc[case]) for case in CASES)]) + " |")
    return "\n".join(rows)


def _cell(row: pd.Series) -> str:
    if row["basis"] == "baseline":
        return "as control"
    return f"{row['mean']:.4g}: {row['basis']} ({row['source']})"
