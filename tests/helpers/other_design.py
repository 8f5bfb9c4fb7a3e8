"""Measured datasets of other designs: mice on two levels of calcium, and groups without doses."""

import numpy as np
import pandas as pd
import yaml

from helpers import ROOT
from helpers.small_dataset import tables
from mgbone.dataset.descriptor import write_datapackage
from mgbone.study.design import STRUCTURES

CALCIUM = yaml.safe_load((ROOT / "tests" / "helpers" / "calcium.yml").read_text(encoding="utf-8"))

NO_DOSES = {
    "title": "Running mice",
    "title_ja": "走るマウス",
    "experiments": {
        "spring": {
            "label": "Running, 3 weeks",
            "weeks": 3,
            "groups": ["rest", "run"],
            "contrasts": ["run_vs_rest"],
        }
    },
    "groups": {"rest": {"label": "Rest", "label_ja": "安静"}, "run": {"label": "Run", "label_ja": "走行"}},
}


def write_other_design(folder, study, n=4, parts=("serum", "urine", "qct_slices", "arrays")):
    """Write animals, tables and normalised arrays of the first experiment of a study; no serum magnesium.

    The last group has less calcium in serum, denser bone and 400 genes that are higher.
    """
    rng = np.random.default_rng(5)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.yml").write_text(yaml.safe_dump(study, allow_unicode=True), encoding="utf-8")
    name, experiment = next(iter(study["experiments"].items()))
    frames = tables(n)
    animals = frames["animals"].head(n * len(experiment["groups"])).copy()
    frames = {
        key: one[one["animal_id"].isin(animals["animal_id"])].reset_index(drop=True)
        for key, one in frames.items()
    }
    names = [f"m{place}" for place in range(1, len(animals) + 1)]
    renamed = dict(zip(animals["animal_id"], names, strict=True))
    groups = dict(zip(names, np.repeat(experiment["groups"], n), strict=True))
    for one in frames.values():
        one["animal_id"] = one["animal_id"].map(renamed)
    animals = frames["animals"]
    animals["experiment"], animals["group"] = name, animals["animal_id"].map(groups)
    last = animals.loc[animals["group"] == experiment["groups"][-1], "animal_id"].tolist()
    factor = {animal: rng.normal(1.1 if animal in last else 1, 0.02) for animal in names}
    for structure in STRUCTURES:
        frames["qct_slices"][f"{structure}_content"] *= frames["qct_slices"]["animal_id"].map(factor)
    frames["serum"]["serum_mg"] = np.nan
    frames["serum"]["serum_ca"] = frames["serum"]["animal_id"].map(factor) ** -2 * 10
    frames["arrays"] = pd.DataFrame({"array_id": names, "animal_id": names, "file": names})
    for key, one in frames.items():
        if key in ("animals", *parts):
            one.to_csv(folder / f"{key}.csv", index=False)
    if "arrays" in parts:
        chip = pd.read_csv(ROOT / "data" / "genesets" / "chip_genes.csv.gz")
        genes = chip[next(c for c in chip if "symbol" in c or c == "gene")].drop_duplicates().head(9000)
        values = pd.DataFrame(rng.normal(8, 0.3, (len(genes), len(names))), columns=names)
        values.loc[:400, last] += 1.0
        values.insert(0, "gene_symbol", genes.to_numpy())
        values.round(3).to_csv(folder / "expression.csv", index=False)
    write_datapackage(folder, "measured", study["title"], study["title_ja"])
    return folder
