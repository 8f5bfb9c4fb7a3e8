"""What the exercises of a notebook find when they run: the tables that its cells before them make."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

import mgbone as mg
from helpers import ROOT
from mgbone import biochem, certainty, integration, microarray, qct
from mgbone.dataset.opening import ledger_of
from mgbone.integration.negative_control import KINDS
from mgbone.microarray.genesets import GeneSets


def namespace(stem, shipped="simulated"):
    """Return the names that the exercises of a notebook read, with values made from a shipped dataset."""
    dataset = mg.open_dataset(ROOT / "data" / shipped)
    of = {
        "01_biochem": _biochem,
        "02_qct": _qct,
        "03_microarray": _arrays,
        "04_integration": _report,
        "05_certainty": _certainty,
    }[stem]
    return {"study": dataset.study, "run": SimpleNamespace(dataset=dataset), **of(dataset, dataset.study)}


def _biochem(dataset, study):
    measurements = biochem.derive_endpoints(dataset)
    found = mg.evidence.compare(measurements, study)
    return {
        "measurements": measurements,
        "found": found,
        "weighed": mg.evidence.weigh_absence(measurements, found),
        "choices": mg.evidence.compare_tests(measurements, study, found),
    }


def _qct(dataset, study):
    measurements = qct.regional_density(dataset, study)
    found = mg.evidence.compare(measurements, study)
    return {
        "measurements": measurements,
        "plain": qct.mean_slice_density(dataset, study),
        "found": found,
        "cells": qct.percent_differences(found, measurements),
        "tests": qct.profile_tests(qct.profiles(dataset, study), study),
    }


def _arrays(dataset, study):
    """Draw a small chip: half of its genes are silent; one term has risen, one is of the tissue."""
    rng = np.random.default_rng(20)
    table = dataset.arrays.merge(dataset.animals[["animal_id", "experiment", "group"]], on="animal_id")
    names = [f"g{i}" for i in range(600)]
    level = np.where(np.arange(600) < 300, 9.0, 4.0)[:, None]
    values = level + rng.normal(0, 0.2, (600, len(table)))
    hungry = (table["group"] == "mg001").to_numpy()
    values[:40, hungry] += 1.5
    values[150:190, hungry] -= 1.2
    genes = pd.DataFrame(values, index=pd.Index(names, name="gene"), columns=table["array_id"])
    terms = {
        "risen": tuple(names[:20] + names[60:80]),
        "tissue": tuple(names[20:30] + names[80:125]),
        "fallen": tuple(names[150:170] + names[60:80]),
        "any": tuple(names[200:260]),
    }
    gene_sets = GeneSets(terms)
    tested = microarray.compare_arrays(genes, table, study)
    lists = microarray.gene_lists(tested)
    enriched, on_chip = (
        microarray.over_representation(lists, gene_sets, background)
        for background in (microarray.expressed_genes(tested, 6.0), genes.index)
    )
    contrast = tested["contrast"].iloc[0]
    return {"tested": tested, "contrast": contrast, "enriched": enriched, "on_chip": on_chip}


def _report(dataset, study):
    """Judge what serum, urine and density say; the counts by chance are made up."""
    biochemistry, density = biochem.derive_endpoints(dataset), qct.regional_density(dataset, study)
    evidence = mg.evidence.compare(integration.stack([biochemistry, density]), study)
    statements = ledger_of(dataset)
    wide = integration.wide_table(biochemistry)
    return {
        "biochemistry": biochemistry,
        "integration": integration,
        "verdicts": mg.claims.judge(statements[statements["domain"].isin(["biochem", "qct"])], evidence),
        "wide": wide,
        "pairs": integration.partial_within(wide, integration.correlate_within(wide)),
        "counts": pd.DataFrame(
            {
                "kind": list(KINDS),
                "statements": [17, 62, 1, 5, 2],
                "this": [16, 62, 1, 5, 2],
                "nominal": [0.2, 59.4, 0.0001, 0.23, 1.94],
            }
        ),
    }


def _certainty(dataset, study):
    """Say of serum and density how certain they are; what a multiverse says of one statement is made up."""
    measured = integration.stack([biochem.derive_endpoints(dataset), qct.regional_density(dataset, study)])
    statements = ledger_of(dataset)
    of_two = statements["domain"].isin(["biochem", "qct"]) & (statements["contrast"] != "dose_order")
    verdicts = mg.claims.judge(statements[of_two], mg.evidence.compare(measured, study))
    observed = certainty.observed_differences(verdicts, measured, study)
    closed = certainty.closed_chances(verdicts, observed, study)
    chances = closed.pivot_table("reproduced", "claim_id", "truth").add_prefix("p_")
    together = pd.DataFrame({"claim_id": ["4-2-2-30"], "joint_p": [0.008]})
    severe = certainty.severity(verdicts)
    table = certainty.certainty_table(verdicts, chances.reset_index(), severe, together)
    p = [0.009, 0.012, 0.004, 0.02]
    several = pd.DataFrame({"claim_id": "4-2-2-30", "specification": range(4), "p": p})
    return {
        "certainty": certainty,
        "verdicts": verdicts,
        "observed": observed,
        "table": table,
        "job": SimpleNamespace(truths={}),
        "analyses": SimpleNamespace(statements=together, specifications=several),
    }
