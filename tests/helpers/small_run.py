"""A small run to report on: two little notebooks' worth of tables and figures, made in a second."""

from pathlib import Path

import numpy as np
import pandas as pd

from helpers.small_dataset import write_small_dataset
from mgbone.claims import judging
from mgbone.evidence.comparison import compare
from mgbone.execute import run as run_module
from mgbone.execute.report.provenance import Layout
from mgbone.figures import canvas
from mgbone.study import ledger
from mgbone.study.dictionary import endpoint_unit

ENDPOINTS = ("serum_mg", "serum_ca", "urine_ctx", "bmd_whole_full", "bmd_trabecular_distal")


def small_figure(title, finding="n = 2 animals a group"):
    figure, axes = canvas.new_figure(1, 1, title=title, finding=finding)
    axes[0, 0].plot([0, 1], [0, 1])
    return figure


def measurements(animals):
    """Draw five endpoints; serum Mg falls at 0.01 %, as the report says, and Ca with it, as it doesn't."""
    rng = np.random.default_rng(4)
    rows = []
    for endpoint in ENDPOINTS:
        for animal in animals.to_dict("records"):
            fall = 0.5 if endpoint in ("serum_mg", "serum_ca") and animal["group"] == "mg001" else 1.0
            value = fall * rng.normal(10, 0.3)
            who = {key: animal[key] for key in ("animal_id", "experiment", "group")}
            rows.append({**who, "endpoint": endpoint, "value": value, "unit": endpoint_unit(endpoint)})
    return pd.DataFrame(rows)


def certainty(verdicts):
    """What notebook 05 says of the statements: all alike, but for a trend, and one row of an older run."""
    tested = verdicts["verdict"].ne("not_tested")
    n80 = np.where(verdicts["level"].eq("trend"), np.inf, 12.0)
    table = verdicts[["claim_id", "verdict"]].assign(
        p_shrunken=np.where(tested, 0.3481, np.nan), p_plugin=np.where(tested, 0.6113, np.nan), n80=n80,
        severity=np.where(tested, 0.9951, np.nan), share_of_specifications=np.where(tested, 0.6, np.nan),
        joint_p=np.where(tested, 0.014, np.nan),
    )  # fmt: skip
    table.loc[table["claim_id"] == "4-1-1-03", "verdict"] = "not_tested"
    return table


def small_run(folder, kind="simulated", language="en", monkeypatch=None):
    """Write dataset, evidence, verdicts and three figures below `folder`; return where they lie."""
    monkeypatch.setattr(run_module, "display", lambda shown: None)
    data = write_small_dataset(folder / "data" / ("taken" if kind == "measured" else "drawn"), kind)
    places = [data, folder / "figures", folder / "derived"]

    first = run_module.open_run("01_biochem", *places, language)
    evidence = compare(measurements(first.dataset.animals), first.study)
    first.show(small_figure("Serum & urine <both>"), "01_minerals")
    first.show(small_figure("Density"), "02_density_map")
    shown = {"01_minerals": ENDPOINTS[:3], "02_density_map": ENDPOINTS[3:]}
    first.write(first.link_figures(evidence, shown), "evidence_biochem")
    first.finish()

    last = run_module.open_run("04_integration", *places, language)
    evidence = last.read("evidence_biochem")
    last.show(small_figure("What each dose did", ""), "04_per_dose")
    last.write(evidence, "evidence")
    verdicts = judging.judge(ledger.load_claims(), evidence)
    last.write(verdicts, "verdicts")
    last.write(certainty(verdicts), "certainty")
    last.finish()
    layout = Layout(*places, folder / "build", language)
    layout.build.mkdir(parents=True)
    return layout


def texts(path):
    """Read a table as texts, every cell as in the file."""
    return pd.read_csv(Path(path), dtype=str, keep_default_na=False)
