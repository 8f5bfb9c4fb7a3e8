"""Time single functions on the shipped dataset, some of which have a limit: tests/bench/bench_functions.py.

Every function is called once to load what it needs and then three times; the fastest counts.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

import mgbone
from mgbone import biochem, certainty, evidence, figures
from mgbone.certainty.array_cohorts import array_cohorts, fit_expression
from mgbone.claims.judging import judge
from mgbone.dataset.opening import Dataset
from mgbone.evidence.comparison import compare
from mgbone.figures.save import save_figure
from mgbone.integration import doses, negative_control
from mgbone.microarray import arrays, changed_genes, enrichment, genesets
from mgbone.study.ledger import load_claims


def fastest(call: Callable[[], object], times: int = 3) -> float:
    """Return the seconds of the fastest of some calls, after one that is not counted."""
    call()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def measure() -> list[tuple[str, float, str]]:
    """Return what was measured, its seconds and its limit."""
    dataset = mgbone.open_dataset("data/simulated")
    scans = arrays.load_arrays(dataset)
    _, genes = arrays.normalise(scans)
    tested = arrays.compare_arrays(genes, scans.table, dataset.study)
    thresholds = dataset.study.thresholds
    lists = changed_genes.gene_lists(tested, thresholds["gene_q"], thresholds["gene_log2_fold_change"])
    sets = genesets.load_gene_sets()
    calls: dict[str, tuple[Callable[[], object], str]] = {
        "open and check data/simulated, 20 CEL files": (lambda: mgbone.open_dataset("data/simulated"), ""),
        "read 20 CEL files and the library files": (lambda: arrays.load_arrays(dataset), ""),
        "RMA with all steps kept": (lambda: arrays.normalise(scans), ""),
        "limma, three contrasts": (lambda: arrays.compare_arrays(genes, scans.table, dataset.study), ""),
        f"over-representation, {len(sets):,} GO terms, six lists": (
            lambda: enrichment.over_representation(lists, sets, genes.index),
            "5 s",
        ),
        f"camera, {len(sets):,} GO terms, three contrasts": (lambda: enrichment.camera(tested, sets), ""),
        **of_certainty(dataset),
        **of_analyses(dataset, genes, scans.table),
    }
    return [(what, fastest(call), limit) for what, (call, limit) in calls.items()]


def of_certainty(dataset: Dataset) -> dict[str, tuple[Callable[[], object], str]]:
    """Return what notebook 05 computes of the statements about animals, and its limits."""
    study, measured = dataset.study, negative_control.measure(dataset)
    found = doses.combine(compare(measured, study), doses.dose_order_evidence(measured, study))
    verdicts = judge(load_claims(), found)
    job = certainty.prepare(measured, verdicts, study)
    observed = certainty.observed_differences(verdicts, measured, study)

    def closed_forms() -> None:
        certainty.closed_chances(verdicts, observed, study)
        certainty.animals_needed(verdicts, observed, job.truths, study)

    n = len(job.statements)
    return {
        f"10,000 cohorts under each of three truths, {n} statements": (
            lambda: certainty.run_cohorts(job, 10_000), "5 s"
        ),
        f"chances and animals needed in closed form, {n} statements": (closed_forms, "2 s"),
    }  # fmt: skip


def of_analyses(
    dataset: Dataset, genes: pd.DataFrame, table: pd.DataFrame
) -> dict[str, tuple[Callable[[], object], str]]:
    """Return the multiverse of the animals and cohorts of arrays, and their limits."""
    claims = load_claims()
    model = fit_expression(genes, table, dataset.study)
    n = len(certainty.animal_multiverse(dataset, claims, 1).statements)
    return {
        f"{n} statements by every analysis, 2,000 permutations": (
            lambda: certainty.animal_multiverse(dataset, claims, 2_000), "20 s"
        ),
        "100 cohorts of 20 arrays, expression to themes": (
            lambda: array_cohorts(model, "observed", dataset.study, 100), "18 s"
        ),
    }  # fmt: skip


def dot_plots() -> list[tuple[str, float, str]]:
    """Draw one endpoint in both experiments and save it as PNG and SVG, here and by seaborn alone."""
    dataset = mgbone.open_dataset("data/simulated")
    measured = biochem.derive_endpoints(dataset).query("endpoint == 'serum_mg'")
    compared = evidence.compare(measured, dataset.study)
    with tempfile.TemporaryDirectory() as folder:
        ours = fastest(lambda: _drawn(measured, compared, dataset.study, folder))
        plain = fastest(lambda: _plain(measured, Path(folder)))
    return [
        ("dot plot with means, SD and differences, PNG and SVG", ours, ""),
        (f"the same dots and means by plain seaborn (ratio {ours / plain:.1f})", plain, ""),
    ]


def _drawn(measured: pd.DataFrame, compared: pd.DataFrame, study: object, folder: str) -> None:
    save_figure(figures.group_dots(measured, compared, ["serum_mg"], study), folder, "dots")


def _plain(measured: pd.DataFrame, folder: Path) -> None:
    experiments = measured.groupby("experiment", sort=False)
    figure, axes = plt.subplots(len(experiments), 1, layout="constrained", dpi=200)
    for ax, (_, table) in zip(axes, experiments, strict=True):
        sns.swarmplot(table, x="group", y="value", hue="group", ax=ax)
        sns.pointplot(table, x="group", y="value", errorbar="sd", linestyle="none", color="black", ax=ax)
    for ending in ("png", "svg"):
        figure.savefig(folder / f"plain.{ending}")
    plt.close(figure)


def main() -> None:
    """Measure and print a table."""
    print("| function | time | limit |\n|---|---|---|")
    for what, seconds, limit in measure() + dot_plots():
        print(f"| {what} | {seconds:.2f} s | {limit} |")


if __name__ == "__main__":
    main()
