"""A run with as many genes as the chip has, made in a second: what the look-ups and the explorer read."""

import numpy as np
import pandas as pd

from helpers import ROOT
from helpers.small_run import measurements, small_run
from mgbone.lookup.tables import Tables
from mgbone.study.paths import write_table

N_GENES = 22_900
HOSTILE = "<img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("x")'
CONTRASTS = {"exp1": ["mg001_vs_pairfed"], "exp2": ["mg004_vs_control", "mg002_vs_control"]}
GROUPS = {"exp1": ["pairfed", "mg001"], "exp2": ["control", "mg004", "mg002"]}


def explored_run(folder, monkeypatch, kind="simulated", n_genes=N_GENES):
    """Write a small run with tables of genes below `folder`; return its `Tables` in English."""
    layout = small_run(folder, kind, "en", monkeypatch)
    for name, table in gene_tables(n_genes).items():
        write_table(table, layout.derived / f"{name}.csv")
    write_table(measurements(_animals(layout)), layout.derived / "measurements_biochem.csv")
    evidence = pd.read_csv(layout.derived / "evidence.csv")
    together = {"experiment": "both", "domain": "integration", "endpoint": "serum_mg~serum_ca",
                "contrast": "within_groups", "estimate": 0.4, "p": 0.2, "unit": "r"}  # fmt: skip
    write_table(pd.concat([evidence, pd.DataFrame([together])]), layout.derived / "evidence.csv")
    tests = evidence[["experiment", "endpoint", "contrast", "p"]].assign(test="tukey_kramer", test_run="a")
    other = tests.assign(test="games_howell", p=(tests["p"] * 1.5).clip(upper=1))
    write_table(pd.concat([tests, other]), layout.derived / "tests_biochem.csv")
    verdicts = pd.read_csv(layout.derived / "verdicts.csv", dtype={"claim_id": str})
    if "p_without_effect" not in verdicts:
        write_table(verdicts.assign(p_without_effect=0.05), layout.derived / "verdicts.csv")
    folders = {name: getattr(layout, name) for name in ("figures_folder", "derived_folder", "build_folder")}
    return Tables(layout.dataset, **folders)


def _animals(layout):
    return pd.read_csv(layout.data / "animals.csv")


def gene_tables(n_genes):
    rng = np.random.default_rng(7)
    symbols = pd.read_csv(ROOT / "data" / "genesets" / "chip_genes.csv.gz", dtype=str)["symbol"]
    first = ["Bglap", "Alpl", "Sost", HOSTILE, FORMULA]
    genes = list(dict.fromkeys([*first, *symbols.dropna()]))[:n_genes]
    rows = []
    for experiment, contrasts in CONTRASTS.items():
        for contrast in contrasts:
            change = rng.normal(0, 0.5, len(genes))
            p = np.exp(-np.abs(change) * rng.uniform(2, 9, len(genes)))
            rows.append(pd.DataFrame({
                "experiment": experiment, "gene": genes, "contrast": contrast, "log2_fold_change": change,
                "average_expression": rng.uniform(4, 14, len(genes)), "t": change * 4, "p": p,
                "q": np.minimum(1, p * 3), "ci_low": change - 0.4, "ci_high": change + 0.4,
            }))  # fmt: skip
    arrays = pd.DataFrame(
        [(f"{e}-{g}-{i}.CEL", f"{e}-{g}-{i}", e, g) for e, groups in GROUPS.items() for g in groups
         for i in range(1, 5)], columns=["array_id", "animal_id", "experiment", "group"],
    )  # fmt: skip
    values = rng.uniform(4, 14, (len(genes), len(arrays))).round(6)
    expression = pd.DataFrame(values, columns=arrays["array_id"])
    expression.insert(0, "gene", genes)
    terms = pd.DataFrame({"contrast": ["mg001_vs_pairfed"], "direction": "down", "term": "GO:0030282",
                          "name": "bone mineralization", "hits": 4, "p": 0.0123456789, "q": 0.2,
                          "genes": "Alpl;Bglap"})  # fmt: skip
    chip = pd.DataFrame({"gene": genes, "probeset_id": [f"TC{i:08}.rn" for i in range(len(genes))],
                         "place": "chr8:100-250 (+)", "probes": 10, "probe_correlation": 0.4321,
                         "probe_residual": 0.1234})  # fmt: skip
    return {"genes_on_chip": chip, "differential_expression": pd.concat(rows), "expression": expression,
            "expression_arrays": arrays, "enriched_terms": terms}  # fmt: skip
