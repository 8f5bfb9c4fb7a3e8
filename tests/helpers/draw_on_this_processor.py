"""Draw what rests on sorting and on linear algebra, and print the checksum of each file (test_same_bytes)."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import mgbone
from mgbone import figures, qct
from mgbone.figures.save import save_figure
from mgbone.microarray import differential, enrichment, genesets
from mgbone.study.design import STRUCTURES
from mgbone.study.paths import project_root


def profiles():
    """Every animal's density along the femur: ties among positions decide which line lies on top."""
    dataset = mgbone.open_dataset(project_root() / "data" / "null")
    profile = qct.profiles(dataset, dataset.study, STRUCTURES, 25)
    return figures.profiles(qct.profile_summary(profile), dataset.study, "Profiles", animals=profile)


def running_sums():
    """Running sums over genes ranked by a t whose last bits come from linear algebra."""
    rng = np.random.default_rng(0)
    genes = [f"Gene{i:04d}" for i in range(2000)]
    groups = pd.Series({f"{g}-{i}": g for g in ("control", "mg004", "mg002") for i in range(4)})
    values = pd.DataFrame(rng.normal(7, 0.3, (2000, 12)), genes, groups.index)
    values.loc[genes[:60], groups == "mg002"] += 0.4
    contrast = "mg002_vs_control"
    tested = differential.differential_expression(values, groups, [contrast])
    sets = genesets.GeneSets({"T1": tuple(genes[:90])}, {"T1": "a term"})
    results, sums = enrichment.prerank(tested, sets, contrast, 50)
    themes = pd.DataFrame(
        {"theme": ["bone_metabolism_genes"], "go_id": ["T1"], "term": ["a term"], "reason": [""]}
    )
    return figures.running_sums(results.assign(least_p=1 / 51), sums, themes, "Sums")


if __name__ == "__main__":
    for draw in (profiles, running_sums):
        for path in save_figure(draw(), Path(sys.argv[1]), draw.__name__, stamp="SIMULATED DATA"):
            print(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
