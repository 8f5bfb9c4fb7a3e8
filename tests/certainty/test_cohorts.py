"""Cohorts drawn by means and squares: as animals would give them, judged as the declared functions do."""

import helpers.figure_data as made
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mgbone.certainty.cohorts import TRUTHS, draw, observed_truth
from mgbone.claims.judging import judge
from mgbone.evidence.comparison import compare
from mgbone.integration import doses
from mgbone.integration.many import Moments, judge_many
from mgbone.study.ledger import VERDICTS, load_claims

MISSING = [("e1-mg001-2", "serum_mg"), ("e1-mg001-2", "serum_ca"), ("e2-control-8", "urine_ctx")]


@pytest.fixture(scope="module")
def claims():
    claims = load_claims()
    return claims[claims["domain"] != "microarray"]


def correlated(study, seed, missing=()):
    """Endpoints of an animal share a factor; some effects, some near the limits."""
    table = made.measurements(study, seed=seed, missing=missing)
    rng = np.random.default_rng(seed)
    shared = dict(zip(table["animal_id"].unique(), rng.standard_normal(48), strict=True))
    sd = table["endpoint"].map({e: s for e, (_, s) in made.endpoints().items()})
    noise = table["animal_id"].map(shared) + rng.standard_normal(len(table))
    scatter = 0.7 if seed % 2 else 2.0  # so that each verdict comes out
    return table.assign(value=table["value"] + scatter * sd * noise)


def moments_of(table):
    """Means and squares of one cohort of animals, the slow way."""
    found = {}
    for experiment, of in table.dropna(subset="value").groupby("experiment", sort=False):
        by = of.groupby(["group", "endpoint"], sort=False)["value"].agg(["size", "mean", "var"])
        groups, endpoints = tuple(pd.unique(of["group"])), tuple(pd.unique(of["endpoint"]))
        shaped = by.reindex(pd.MultiIndex.from_product([groups, endpoints])).to_numpy()
        n, mean, variance = shaped.reshape(len(groups), 1, len(endpoints), 3).transpose(3, 0, 1, 2)
        found[experiment] = Moments(groups, endpoints, n.astype(int), mean, variance * (n - 1))
    return found


def same_verdicts(table, claims, study):
    evidence = doses.combine(compare(table, study), doses.dose_order_evidence(table, study))
    slow = judge(claims, evidence).set_index("claim_id")["verdict"]
    fast = {c: VERDICTS[v[0]] for c, v in judge_many(claims, moments_of(table), study).items()}
    assert fast == slow.to_dict()
    return slow.value_counts()


@pytest.mark.parametrize(("seed", "missing"), [(1, ()), (2, MISSING)])
def test_the_fast_path_judges_as_the_declared_functions_do(study, claims, seed, missing):
    assert len(same_verdicts(correlated(study, seed, missing), claims, study)) > 1


@pytest.mark.slow
def test_the_fast_path_judges_two_hundred_cohorts_as_the_declared_functions_do(study, claims):
    counts = pd.concat([same_verdicts(correlated(study, seed), claims, study) for seed in range(200)])
    counts = counts.groupby(level=0).sum()
    assert counts.sum() == 200 * 80 and len(counts) == 3 and counts.min() > 20  # each came out often


def test_means_and_squares_are_distributed_as_those_of_animals(study):
    """Drawn both ways with the same blanks: t of two groups, and squares of one, over 4,000 cohorts."""
    truth = observed_truth(correlated(study, 3, MISSING))["exp1"]
    rng = np.random.default_rng(0)
    moments = draw(truth, "plugin", 4000, rng)
    for endpoint in ("serum_mg", "serum_ca", "serum_p"):
        at = truth.endpoints.index(endpoint)
        sd = np.sqrt((truth.root[at] ** 2).sum())
        g = truth.groups.index("mg001")
        n = moments.n[g, 0, at]
        assert n == (8 if endpoint == "serum_p" else 7)
        z = (moments.mean[g, :, at] - truth.mean[g, at]) / sd * np.sqrt(n)
        assert stats.kstest(z, "norm").pvalue > 1e-3, endpoint
        assert stats.kstest(moments.squares[g, :, at] / sd**2, stats.chi2(n - 1).cdf).pvalue > 1e-3, endpoint


@pytest.mark.parametrize("n", [2, 5, 40])
def test_endpoints_of_an_animal_stay_together(study, n):
    """The correlation of two means is that of two values, whatever the size of the groups."""
    truth = observed_truth(correlated(study, 4))["exp2"].with_animals(n)
    drawn = draw(truth, "plugin", 4000, np.random.default_rng(1))
    covariance = truth.root @ truth.root.T
    sd = np.sqrt(covariance.diagonal())
    expected = covariance / np.outer(sd, sd)
    for values in (drawn.mean[0], drawn.mean[1]):
        assert np.corrcoef(values.T) == pytest.approx(expected, abs=0.08)
    # Squares of two normals correlate as the square of their correlation.
    assert np.corrcoef(drawn.squares[0].T) == pytest.approx(expected**2, abs=0.12)


def test_the_observed_variances_are_those_of_the_declared_test(study):
    measured = correlated(study, 5, MISSING)
    truth = observed_truth(measured)["exp1"]
    of = measured[(measured["experiment"] == "exp1") & measured["value"].notna()]
    residual = of["value"] - of.groupby(["endpoint", "group"])["value"].transform("mean")
    by = (residual**2).groupby(of["endpoint"]).sum() / (of.groupby("endpoint").size() - 3)
    found = pd.Series((truth.root**2).sum(axis=1), truth.endpoints)
    assert found.to_dict() == pytest.approx(by.to_dict())


def test_uncertain_parameters_scatter_as_the_data_leave_them(study):
    """Of one endpoint among many: variances are the observed over chi-squared, means over student's t."""
    truth = observed_truth(correlated(study, 6))["exp1"]
    drawn = draw(truth, "predictive", 6000, np.random.default_rng(2))
    at = truth.endpoints.index("serum_alp")
    variance = (truth.root[at] ** 2).sum()
    # A new mean about the old one: two means' worth of variance, the SD unknown.
    t = (drawn.mean[0, :, at] - truth.mean[0, at]) / np.sqrt(variance * 2 / 8)
    assert stats.kstest(t, stats.t(21).cdf).pvalue > 1e-3
    # New squares over old variance: F with 7 and 21 degrees of freedom.
    assert stats.kstest(drawn.squares[0, :, at] / 7 / variance, stats.f(7, 21).cdf).pvalue > 1e-3


def test_without_effect_all_groups_have_one_mean(study):
    truth = observed_truth(correlated(study, 7))["exp1"]
    drawn = draw(truth, "without_effect", 4000, np.random.default_rng(3))
    at = truth.endpoints.index("serum_mg")
    means = drawn.mean[:, :, at].mean(axis=1)
    assert np.ptp(means) < 0.05 * np.ptp(truth.mean[:, at])
    assert means.mean() == pytest.approx(truth.mean[:, at].mean(), rel=0.01)


def test_endpoints_below_a_limit_and_those_of_one_group_are_left_out(study):
    table = correlated(study, 8)
    hidden = table.assign(censored=table["endpoint"].eq("serum_pth") & table["animal_id"].eq("e1-mg001-1"))
    alone = hidden[hidden["endpoint"].ne("urine_dpd") | hidden["group"].eq("mg004")]
    truths = observed_truth(alone)
    assert "serum_pth" not in truths["exp1"].endpoints and "serum_pth" in truths["exp2"].endpoints
    assert "urine_dpd" not in truths["exp2"].endpoints


@pytest.mark.parametrize("kind", TRUTHS)
def test_two_animals_and_one_animal_can_be_drawn(study, kind):
    table = correlated(study, 9)
    few = table[table["animal_id"].str[-1].astype(int) <= np.where(table["group"] == "control", 1, 2)]
    truth = observed_truth(few)["exp2"]
    drawn = draw(truth, kind, 50, np.random.default_rng(4))
    assert np.isfinite(drawn.mean).all() and (drawn.squares[truth.groups.index("control")] == 0).all()
