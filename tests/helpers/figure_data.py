"""Made-up frames in the schemas of the analyses, for looking at figures without running an analysis."""

import numpy as np
import pandas as pd

from mgbone.study.design import REGIONS, STRUCTURES
from mgbone.study.multiverse import specifications

BASELINES = {
    "food_intake": (13.0, 0.9), "body_weight_gain": (74.0, 7.0),
    "serum_mg": (2.1, 0.17), "serum_ca": (10.1, 0.3), "serum_p": (9.2, 0.55), "serum_pth": (210.0, 70.0),
    "serum_osteocalcin": (62.0, 8.0), "serum_alp": (640.0, 80.0),
    "urine_ctx": (28.0, 5.0), "urine_dpd": (118.0, 22.0),
}  # fmt: skip
UNITS = {
    "food_intake": "g/day", "body_weight_gain": "g",
    "serum_mg": "mg/dL", "serum_ca": "mg/dL", "serum_p": "mg/dL",
    "serum_pth": "pg/mL", "serum_osteocalcin": "ng/mL", "serum_alp": "U/L",
    "urine_ctx": "ug/mmol Cr", "urine_dpd": "nmol/mmol Cr",
}  # fmt: skip
# Shift of a group's mean in SDs.
SHIFTS = {
    ("mg001", "serum_mg"): -7.5, ("mg001", "serum_ca"): 2.6, ("mg001", "serum_p"): -2.4,
    ("mg001", "serum_osteocalcin"): -2.2, ("mg001", "serum_alp"): -2.0, ("mg001", "food_intake"): -1.8,
    ("pairfed", "food_intake"): -1.8, ("mg004", "serum_mg"): -1.2, ("mg002", "serum_mg"): -3.5,
    ("mg004", "serum_p"): 1.2, ("mg004", "serum_osteocalcin"): 0.8, ("mg002", "serum_osteocalcin"): -0.9,
    ("mg002", "serum_alp"): 1.2, ("mg004", "urine_ctx"): 1.9,
    ("mg001", "bmd_trabecular_proximal"): 1.2, ("mg002", "bmd_trabecular_full"): 2.0,
    ("mg002", "bmd_trabecular_distal"): 1.9, ("mg002", "bmd_trabecular_mid"): 1.2,
    ("mg002", "bmd_cortical_mid"): 1.2,
}  # fmt: skip
DENSITY = {"whole": 520.0, "cortical": 980.0, "cancellous": 260.0, "trabecular": 410.0}
REGION_FACTOR = {"full": 1.0, "distal": 0.86, "mid": 1.12, "proximal": 0.95}


def endpoints():
    density = {
        f"bmd_{s}_{r}": (DENSITY[s] * REGION_FACTOR[r], DENSITY[s] * 0.035)
        for s in STRUCTURES
        for r in REGIONS
    }
    return {**BASELINES, **density}


def measurements(study, *, seed=7, missing=()):
    """All endpoints of all animals; `missing` holds (animal_id, endpoint) that were not measured."""
    rng = np.random.default_rng(seed)
    rows = []
    for experiment in study.experiments.values():
        for group in experiment.groups:
            for endpoint, (mean, sd) in endpoints().items():
                noise = rng.standard_normal(study.animals_per_group)
                noise = (noise - noise.mean()) / noise.std(ddof=1)
                values = mean + sd * (SHIFTS.get((group, endpoint), 0.0) + noise)
                for number, value in enumerate(values, start=1):
                    animal = f"e{experiment.name[-1]}-{group}-{number}"
                    value = np.nan if (animal, endpoint) in missing else value
                    unit = UNITS.get(endpoint, "mg/cm3")
                    rows.append((animal, experiment.name, group, endpoint, value, unit))
    return pd.DataFrame(rows, columns=["animal_id", "experiment", "group", "endpoint", "value", "unit"])


def urine(table, *, seed=5):
    """The urinary markers as `mgbone.biochem.endpoints.before_and_after_creatinine` gives them."""
    rows = table[table["endpoint"].isin(["urine_ctx", "urine_dpd"])].rename(columns={"value": "corrected"})
    rows = rows.drop(columns="unit").reset_index(drop=True)
    creatinine = np.random.default_rng(seed).uniform(2, 6, rows["animal_id"].nunique())
    rows["creatinine"] = rows["animal_id"].map(dict(zip(rows["animal_id"].unique(), creatinine, strict=True)))
    rows["uncorrected"] = rows["corrected"] * rows["creatinine"]
    rows["per_day"] = rows["uncorrected"] * 0.012
    for kind in ("uncorrected", "corrected", "per_day"):
        mean = rows.groupby(["experiment", "group", "endpoint"])[kind].transform("mean")
        rows[f"deviation_{kind}"] = 100 * (rows[kind] / mean - 1)
    return rows


def cells(evidence):
    """The 16 cells per contrast, as `mgbone.qct.percent_differences` gives them (corrections roughly)."""
    table = evidence[evidence["domain"] == "qct"].copy()
    table[["structure", "region"]] = table["endpoint"].str.extract(r"^bmd_([a-z]+)_([a-z]+)$")
    table["percent"] = 100 * table["estimate"] / table["mean_reference"]
    table["p_maxt"] = (table["p"] * 16).clip(upper=1)
    table["q"] = (table["p"] * 5).clip(upper=1)
    columns = ["structure", "region", "endpoint", "percent", "p", "p_maxt", "q", "level"]
    return table[["experiment", "contrast", *columns]].reset_index(drop=True)


def profile(study, structure, *, seed=3):
    """Each animal's density along the femur."""
    rng = np.random.default_rng(seed)
    grid = np.linspace(2, 98, 51)
    shape = DENSITY[structure] * (0.9 + 0.25 * np.sin(np.pi * grid / 100) - 0.15 * np.exp(-grid / 8))
    tables = []
    for experiment in study.experiments.values():
        for group in experiment.groups:
            for number in range(1, study.animals_per_group + 1):
                bump = np.exp(-(((grid - 25) / 14) ** 2)) * (0.09 if group == "mg002" else 0.0)
                wiggle = np.convolve(rng.standard_normal(59), np.ones(9) / 9, mode="valid") * 0.02
                density = shape * (1 + bump + wiggle + 0.02 * rng.standard_normal())
                animal = f"e{experiment.name[-1]}-{group}-{number}"
                tables.append(
                    pd.DataFrame({"animal_id": animal, "experiment": experiment.name, "group": group,
                                  "percent": grid, "density": density})
                )  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def profile_summary(table):
    keys = ["experiment", "group", "percent"]
    summary = table.groupby(keys, sort=False)["density"].agg(n="count", mean="mean", sd="std").reset_index()
    half = 2.365 * summary["sd"] / np.sqrt(summary["n"])
    return summary.assign(ci_low=summary["mean"] - half, ci_high=summary["mean"] + half)


def profile_tests(study):
    grid = np.linspace(2, 98, 51)
    tables = []
    for contrast in study.contrasts:
        hit = (contrast.case == "mg002") & (grid > 14) & (grid < 36)
        tables.append(
            pd.DataFrame({"experiment": contrast.experiment, "contrast": contrast.name, "percent": grid,
                          "difference": np.where(hit, 20.0, 1.0), "t": 1.0,
                          "ci_low": np.where(hit, 5.0, -14.0), "ci_high": np.where(hit, 35.0, 16.0),
                          "p": np.where(hit, 0.01, 0.6),
                          "n_permutations": 5000})
        )  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def array_evidence():
    """Evidence rows of the arrays and of the dose order as the analyses give them."""
    rows = [
        ("exp1", "microarray", "array_clustering", "mg001_vs_pairfed", "none", "separated", 0.03),
        ("exp1", "microarray", "inflammatory_response_genes", "mg001_vs_pairfed", "up", "significant", 1e-12),
        ("exp1", "microarray", "mineral_metabolism_genes", "mg001_vs_pairfed", "down", "significant", 3e-4),
        ("exp2", "microarray", "array_clustering", "mg004_vs_control", "none", "mixed", 0.6),
        ("exp2", "microarray", "array_clustering", "mg002_vs_control", "none", "mixed", 0.4),
        ("exp2", "microarray", "bone_metabolism_genes", "mg004_vs_control", "up", "significant", 1e-3),
        ("exp2", "microarray", "bone_metabolism_genes", "mg002_vs_control", "none", "none", 0.3),
        ("both", "integration", "serum_mg", "dose_order", "down", "monotonic", 1e-9),
    ]
    columns = ["experiment", "domain", "endpoint", "contrast", "direction", "level", "p"]
    return pd.DataFrame(rows, columns=columns)


def analyses(study, endpoint="bmd_trabecular_proximal"):
    """Every specification of a statement (`mgbone.certainty.specification_curve`), and about it."""
    rng = np.random.default_rng(7)
    curve = pd.DataFrame(specifications(study.multiverse, endpoint))
    curve["estimate"] = 7 + 2 * curve["outliers"].eq("most_extreme_out") + rng.normal(0, 0.4, len(curve))
    curve["p"] = 10 ** -(curve["estimate"] / 6 + rng.uniform(0, 0.6, len(curve)))
    level = curve["p"].map(study.level)
    verdicts = {"significant": "direction_only", "trend": "reproduced", "none": "contradicted"}
    curve["verdict"] = level.map(verdicts)
    curve["declared"] = curve.index == 0
    curve = curve.sort_values("estimate").reset_index(drop=True).assign(rank=np.arange(1, len(curve) + 1))
    verdict = curve.loc[curve["declared"], "verdict"].iloc[0]
    row = {
        "claim_id": "4-2-1-16", "domain": "qct", "endpoint": endpoint, "verdict": verdict,
        "specifications": len(curve), "share_of_specifications": 0.4, "most_decisive": "outliers",
        "decisive_share": 0.32, "joint_p": 0.02, "n_permutations": 2000,
        "statement_en": "Trabecular density in the proximal femur tended to be higher with 0.01 % Mg.",
        "statement_ja": "大腿骨近位部の骨梁密度は0.01％Mg欠乏食群で高い傾向がある。",
    }  # fmt: skip
    return curve, pd.DataFrame([row])
