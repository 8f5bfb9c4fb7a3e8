"""Chances of a verdict in a new cohort: closed form against R, cohorts and published numbers."""

import dataclasses
import json

import helpers.figure_data as made
import numpy as np
import pandas as pd
import pytest
from helpers import R
from scipy import special, stats

from mgbone.certainty import cohorts, runs, tails
from mgbone.certainty.observed import observed_differences
from mgbone.certainty.replication import (
    REPLICATION_COLUMNS,
    TRUTHS,
    closed_chances,
    counted_chances,
    levels_by_truth,
    replication,
    shrunken_by_simulation,
)
from mgbone.certainty.shrinkage import PROPORTIONS, SDS, believed, draw_believed
from mgbone.claims.judging import judge
from mgbone.evidence.chances import LEVEL_CHANCES, chances_of_levels
from mgbone.evidence.comparison import compare
from mgbone.evidence.exact import dunnett_tail
from mgbone.evidence.power import dunnett_limit
from mgbone.integration import doses
from mgbone.study.ledger import load_claims

TRUTH = json.loads((R / "certainty_truth.json").read_text())


@pytest.fixture(scope="module")
def claims():
    return load_claims()


@pytest.fixture(scope="module")
def drawn(study, claims):
    """Verdicts on made-up animals, and 4,000 cohorts drawn from them under each truth."""
    measured = made.measurements(study)
    evidence = doses.combine(compare(measured, study), doses.dose_order_evidence(measured, study))
    verdicts = judge(claims, evidence)
    about = claims[claims["domain"] != "microarray"]
    job = runs.Job(cohorts.observed_truth(measured, about["endpoint"]), about, study)
    n, counts = runs.run_cohorts(job, 4000)
    return verdicts, observed_differences(verdicts, measured, study), job, n, counts


def as_array(told):
    return np.array([[one[level] for level in LEVEL_CHANCES[:5]] for one in told])


@pytest.mark.parametrize("kind", ["plugin", "predictive", "shrunken"])
def test_chances_of_levels_are_those_of_r(study, kind):
    t = np.array(TRUTH["t"], dtype=float)
    found = levels_by_truth(t, 3, 21, study)[kind]
    assert np.stack([found[level] for level in LEVEL_CHANCES[:5]], axis=1) == pytest.approx(
        as_array(TRUTH[kind]), abs=1e-7
    )


def test_levels_make_one_and_the_mirror_image_has_the_mirrored_chances(study):
    there, back = (chances_of_levels(shift, 3, 9, study) for shift in (1.7, -1.7))
    assert sum(there[level] for level in LEVEL_CHANCES[:5]) == pytest.approx(1)
    assert there["up_trend"] == pytest.approx(back["down_trend"]) and there["up"] > 0.9
    assert np.isnan(chances_of_levels(1.0, 1, 7, study)["none"])


@pytest.mark.parametrize(
    ("p", "again", "sign"),
    [(0.05, (0.28, 0.30), 0.93), (0.005, (0.49, 0.52), 0.99), (0.001, (0.6, 0.7), 1.0)],
)
def test_shrunken_chances_are_those_of_van_zwet_and_goodman(p, again, sign):
    """Abstract of van Zwet and Goodman (2022): p = 0.05 is significant again in less than 30 %, p = 0.005 in
    50 %; the signs are right with 93 and 99 %."""
    weight, mean, variance = believed(stats.norm.isf(p / 2), np.inf)
    found = (weight * stats.norm.sf((1.96 - mean) / np.sqrt(1 + variance))).sum()
    assert again[0] < found < again[1]
    assert (weight * stats.norm.cdf(mean / np.sqrt(variance))).sum() == pytest.approx(sign, abs=0.006)


def test_closed_form_and_simulation_agree(drawn):
    """Each share of 4,000 cohorts lies within four of its standard errors, and so do all together."""
    verdicts, observed, job, n, counts = drawn
    closed = closed_chances(verdicts, observed, job.study)
    both = closed.merge(counted_chances(job, n, counts), on=["claim_id", "truth"], suffixes=("", "_drawn"))
    assert len(both) == 3 * 77  # without two stated means and the order of doses
    for verdict in ("reproduced", "direction_only", "contradicted"):
        chance, share = both[verdict], both[f"{verdict}_drawn"]
        z = (share - chance) / np.sqrt(np.maximum(chance * (1 - chance), 1e-9) / n)
        z = z[(chance > 2e-3) & (chance < 1 - 2e-3)]
        assert z.abs().max() < 4.5 and z.std() < 1.35, verdict


def test_a_statement_has_a_chance_for_each_truth_or_none(drawn, claims):
    verdicts, observed, job, n, counts = drawn
    table = replication(verdicts, observed, job, n, counts).set_index("claim_id")
    assert list(table.reset_index().columns) == REPLICATION_COLUMNS and list(table.index) == list(
        claims["claim_id"]
    )
    arrays = claims.set_index("claim_id")["domain"].eq("microarray")
    assert table[arrays].isna().all(axis=None)
    assert table.loc[~arrays, [f"p_{truth}" for truth in TRUTHS]].notna().all(axis=None)
    assert table["how"].value_counts().to_dict() == {"closed form": 77, "simulation": 3}
    # Found again less often the less is taken for granted; without effect hardly ever.
    effects = table[claims.set_index("claim_id")["level"].eq("significant") & ~arrays]
    reproduced = verdicts.set_index("claim_id").loc[effects.index, "verdict"].eq("reproduced")
    effects = effects[reproduced]
    assert len(effects) > 8
    assert (effects["p_without_effect"] < 0.011).all()
    assert (effects["p_shrunken"] < effects["p_predictive"] + 0.01).all()
    assert (effects["likelihood_ratio"] > 20).all()


def test_the_likelihood_ratio_of_an_absence_is_against_its_bound(drawn, study):
    verdicts, observed, job, n, counts = drawn
    table = replication(verdicts, observed, job, n, counts)
    at = verdicts.index[verdicts["claim_id"] == "4-2-1-05"][0]  # cortical density, bound 5.3 %
    shift = 0.053 * observed.loc[at, "mean_reference"] / observed.loc[at, "error"]
    none = {d: float(chances_of_levels(d, 3, 21, study)["none"]) for d in (0.0, shift)}
    assert verdicts.loc[at, "verdict"] == "reproduced"
    assert table.loc[at, "likelihood_ratio"] == pytest.approx(none[0.0] / none[shift])


def test_data_that_contradict_an_effect_do_not_speak_for_it(drawn):
    """What fell is stated to have risen. With the effect that was stated a wrong sign is rare; in half of all
    cohorts without effect it comes. Of an order of doses, and with a stated mean, as well."""
    verdicts, observed, job, n, counts = drawn
    effects = verdicts["asserts"].eq("effect") & verdicts["domain"].ne("microarray")
    turned = verdicts.assign(
        direction=verdicts["direction"].mask(
            effects, verdicts["direction"].map({"up": "down", "down": "up"})
        ),
        verdict=verdicts["verdict"].mask(effects, "contradicted"),
    )
    ratio = (
        replication(turned, observed, job, n, counts).loc[effects].set_index("claim_id")["likelihood_ratio"]
    )
    seen = observed.set_index("claim_id").loc[ratio.index, "t"]
    assert np.isnan(ratio["4-4-02"]) and (ratio.dropna() < 1).all() and len(ratio.dropna()) > 15
    of_two = verdicts.set_index("claim_id").loc[ratio.index, "value"].isna() & seen.notna()
    assert ratio[of_two].to_numpy() == pytest.approx(2 * stats.norm.sf(seen[of_two].abs()), rel=1e-6)


def test_no_two_things_are_drawn_from_one_stream(drawn, monkeypatch):
    """Chunks under each truth, and each shrunken statement, have a stream of their own."""
    _, observed, job, _, _ = drawn
    used = []
    plain = np.random.default_rng

    def noted(seed):
        used.append((seed.entropy, seed.spawn_key))
        return plain(seed)

    monkeypatch.setattr(np.random, "default_rng", noted)
    for number in (0, 1):
        runs.count_chunk(job, number)
    seen = observed.set_index("claim_id")
    some = job.statements[job.statements["value"].notna() | job.statements["contrast"].eq("dose_order")]
    for _, row in some.iterrows():
        shrunken_by_simulation(job, row, seen.loc[row["claim_id"]])
    assert len(used) == 2 * 3 + 3 and len(set(used)) == len(used)


DUNNETT = json.loads((R / "dunnett_truth.json").read_text())


@pytest.mark.parametrize("case", DUNNETT, ids=lambda case: f"{case['control']}-{case['others']}-{case['p']}")
def test_limits_of_dunnett_are_those_of_multcomp(case):
    found = dunnett_limit(case["p"], case["control"], tuple(case["others"]), case["df"])
    assert found == pytest.approx(case["critical"], abs=2e-3)  # multcomp integrates by random points
    tail = dunnett_tail(found, case["others"], case["control"], case["df"])
    assert tail == pytest.approx(case["p"], abs=1e-9)  # whose p is R's to nine digits (test_other_tests.py)


@pytest.mark.slow
def test_chances_under_dunnett_are_those_of_cohorts(study):
    """Groups of 8, 7 and 6; cohorts are drawn and judged by p of Dunnett's test."""
    measured = made.measurements(study)
    number = measured["animal_id"].str[-1].astype(int)
    measured = measured[number <= measured["group"].map({"mg004": 7, "mg002": 6}).fillna(8)]
    verdicts = judge(load_claims(), compare(measured, study))
    verdicts = verdicts[verdicts["experiment"].eq("exp2")].reset_index(drop=True)
    observed = observed_differences(verdicts, measured, study)
    closed = closed_chances(verdicts, observed, study, "dunnett")
    about = verdicts.set_index("claim_id").loc[closed["claim_id"].unique()]
    assert about["contrast"].str.endswith("_vs_control").all() and len(about) > 20
    drawn = cohorts.draw(cohorts.observed_truth(measured)["exp2"], "plugin", 4000, np.random.default_rng(5))
    n, df = drawn.n[:, 0, 0], int(drawn.n[:, 0, 0].sum()) - 3
    assert sorted(n) == [6, 7, 8]
    plugin = closed[closed["truth"].eq("plugin")].set_index("claim_id")["reproduced"]
    control = drawn.groups.index("control")
    others = [int(size) for i, size in enumerate(n) if i != control]
    z = []
    for row in about.reset_index().to_dict("records"):
        at, case = drawn.endpoints.index(row["endpoint"]), drawn.groups.index(row["contrast"].split("_")[0])
        error = np.sqrt(drawn.squares[..., at].sum(axis=0) / df * (1 / n[case] + 1 / n[control]))
        t = (drawn.mean[case, :, at] - drawn.mean[control, :, at]) / error
        sizes = [np.full(len(t), size) for size in (n[control], *others)]
        p = tails.dunnett_p(np.abs(t), tuple(sizes), np.full(len(t), df))
        right = {"significant": p < 0.05, "trend": (p >= 0.05) & (p < 0.1), "none": p >= 0.1}[row["level"]]
        right &= (row["level"] == "none") | (np.sign(t) == (1 if row["direction"] == "up" else -1))
        chance = plugin[row["claim_id"]]
        z.append((right.mean() - chance) / np.sqrt(max(chance * (1 - chance), 1e-4) / len(t)))
    assert np.abs(z).max() < 4 and np.std(z) < 1.4
    # One control asks for less than all pairs.
    tukey = closed_chances(verdicts, observed, study).query("truth == 'plugin'").set_index("claim_id")
    found = about["level"].eq("significant")
    assert (plugin[found.index[found]] > tukey.loc[found.index[found], "reproduced"]).all()


@pytest.mark.parametrize("df", [3, 4, 5, 6])
def test_with_few_degrees_of_freedom_the_chances_are_those_of_direct_integration(study, df):
    """Noncentral t of scipy where the SD is known."""
    critical = stats.studentized_range.isf(0.05, 3, df) / np.sqrt(2)
    for t in (0.0, 1.3, 4.0, 12.0):
        known = chances_of_levels(t, 3, df, study)
        assert known["up_significant"] == pytest.approx(stats.nct.sf(critical, df, t), abs=1e-9)

        # The same by the trapezoidal rule over both SDs, 801 points each.
        sd = np.linspace(0, 6, 801)
        weight = 2 * sd * df * stats.chi2.pdf(df * sd**2, df) * (sd[1] - sd[0])
        beyond = special.ndtr((t * sd[:, None] - critical * sd) / np.sqrt(2)) @ weight @ weight
        uncertain = chances_of_levels(t, 3, df, study, uncertain=1.0, known_sd=False)
        assert uncertain["up_significant"] == pytest.approx(beyond, abs=1e-9)


def test_what_is_beyond_doubt_does_not_shrink(study):
    """An effect of 30 standard errors is found again, whatever is believed of others; one of 3 less often."""
    found = levels_by_truth(np.array([3.0, 30.0]), 3, 21, study)
    small, large = (found[kind]["up_significant"] for kind in ("shrunken", "plugin"))
    assert small[1] > 0.9999 and large[1] > 0.9999
    assert small[0] < large[0] - 0.2


@pytest.mark.parametrize(("t", "df"), [(2.5, 21), (-4.0, 6)])
def test_effects_that_are_believed_have_the_moments_of_the_posterior(t, df):
    """Prior times the density of noncentral t, added up over a grid; the SD that goes with it is left out."""
    true = np.linspace(-30, 30, 6001)
    prior = (PROPORTIONS * stats.norm.pdf(true[:, None], scale=SDS)).sum(axis=1)
    density = prior * stats.nct.pdf(t, df, true)
    density /= density.sum()
    mean = (density * true).sum()
    sd = np.sqrt((density * (true - mean) ** 2).sum())
    drawn, _ = draw_believed(t, df, 20_000, np.random.default_rng(2))
    assert drawn.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(20_000))
    assert drawn.std() == pytest.approx(sd, rel=0.04)


def test_an_order_of_doses_shrinks_too(drawn):
    verdicts, observed, job, n, counts = drawn
    order = replication(verdicts, observed, job, n, counts).set_index("claim_id").loc["4-4-02"]
    assert 0.8 < order["p_shrunken"] < order["p_plugin"] and order["p_without_effect"] < 0.002
    assert order["how"] == "simulation"


def test_statements_that_no_closed_form_covers_are_left_out(study, claims):
    nothing = pd.DataFrame(columns=["claim_id"])
    measured = made.measurements(study)
    verdicts = judge(claims, compare(measured, study))
    stated = verdicts[verdicts["value"].notna()]
    found = closed_chances(stated, observed_differences(stated, measured, study), study)
    assert found.empty and list(found["claim_id"]) == list(nothing["claim_id"])


def test_the_seed_of_a_job_changes_what_is_drawn(drawn):
    _, _, job, _, counts = drawn
    other = runs.count_chunk(dataclasses.replace(job, seed=1), 0)
    same = runs.count_chunk(job, 0)
    assert (other["verdicts_plugin"] != same["verdicts_plugin"]).any()
    assert (counts["verdicts_plugin"] >= same["verdicts_plugin"]).all()


@pytest.mark.parametrize("z", [1.0, 1.96, 2.8, 3.9])
def test_with_many_animals_the_chances_are_those_of_replicationsuccess(study, z):
    """In that R package (Held 2020; Pawel and Held 2020) powerSignificance(zo, designPrior = "conditional")
    is the normal area beyond 1.96 - zo, and with "predictive" that beyond (1.96 - zo) / sqrt(2)."""
    conditional = chances_of_levels(z, 2, 100_000, study)["up_significant"]
    predictive = chances_of_levels(z, 2, 100_000, study, uncertain=1.0, known_sd=False)["up_significant"]
    limit = stats.norm.isf(0.025)
    assert conditional == pytest.approx(stats.norm.sf(limit - z), abs=1e-4)
    assert predictive == pytest.approx(stats.norm.sf((limit - z) / np.sqrt(2)), abs=1e-4)
