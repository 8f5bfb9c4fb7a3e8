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
    return figures.profiles(
        qct.profile_summary(profile),
        dataset.study,
        "Profiles",
        tests=qct.profile_tests(profile, dataset.study),
        animals=profile,
    )


CONTRAST = "mg002_vs_control"
GENES = [f"Gene{i:04d}" for i in range(2000)]
SETS = genesets.GeneSets({"T1": tuple(GENES[:90])}, {"T1": "a term"})
THEMES = pd.DataFrame(
    {"theme": ["bone_metabolism_genes"], "go_id": ["T1"], "term": ["a term"], "reason": [""]}
)


def tested_genes():
    """Genes of which some changed, tested; values to six decimals as those of arrays."""
    rng = np.random.default_rng(0)
    groups = pd.Series({f"{g}-{i}": g for g in ("control", "mg004", "mg002") for i in range(4)})
    values = pd.DataFrame(rng.normal(7, 0.3, (2000, 12)), GENES, groups.index)
    values.loc[GENES[:60], groups == "mg002"] += 1.5
    return differential.differential_expression(values.round(6), groups, [CONTRAST])


def running_sums():
    """Running sums over genes ranked by t."""
    results, sums = enrichment.prerank(tested_genes(), SETS, CONTRAST, 50)
    return figures.running_sums(results.assign(least_p=1 / 51), sums, THEMES, "Sums")


def volcano():
    """A cloud of genes, the best of them with leaders that begin at the edge of their names."""
    tested = tested_genes()
    called = tested.assign(direction=differential_calls(tested))
    return figures.volcano(genesets.name_genes(called, {"bone_metabolism_genes": SETS.genes["T1"]}), "Genes")


def differential_calls(tested):
    """Up, down or none, by q and fold change."""
    changed = (tested["q"] < 0.05) & (tested["log2_fold_change"].abs() >= 0.5)
    return np.where(changed, np.where(tested["log2_fold_change"] > 0, "up", "down"), "none")


if __name__ == "__main__":
    for draw in (profiles, running_sums, volcano):
        for path in save_figure(draw(), Path(sys.argv[1]), draw.__name__, stamp="SIMULATED DATA"):
            print(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
    ranked = tested_genes().sort_values("t", kind="stable")["gene"].str.cat()
    print("ranks", hashlib.sha256(ranked.encode()).hexdigest())
