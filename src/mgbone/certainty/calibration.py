"""Can the chances be believed? Studies drawn, predicted, and repeated."""

import numpy as np
import pandas as pd
from scipy import stats
from scipy.interpolate import CubicSpline

from mgbone.certainty.replication import levels_by_truth
from mgbone.certainty.shrinkage import PROPORTIONS, SDS
from mgbone.evidence.power import studentised_range
from mgbone.study.design import Study
from mgbone.study.language import N_

PREDICTED = ("plugin", "predictive", "shrunken")
EFFECTS = {"as_elsewhere": N_("effects as those of other studies"), "any": N_("effects of any size")}
CALIBRATION_COLUMNS = ["effects", "level", "studies", "frequency", "low", "high", *PREDICTED]
_WIDEST = 8.0  # of effects of any size, in standard errors
_GRID = np.linspace(-30, 30, 241)


def calibrate(
    study: Study, n_groups: int = 3, df: int = 21, n_studies: int = 40_000, seed: int = 0
) -> pd.DataFrame:
    """Draw studies with known effects, predict each verdict's chance to come again, and repeat the study.

    Effects over their standard errors are drawn as they were found elsewhere (the mixture behind `shrunken`),
    or evenly (what `predictive` takes for granted). A prediction is calibrated where its mean lies within
    the interval of the frequency.

    Parameters
    ----------
    n_groups, df : int
        Groups of each study, and degrees of freedom within them.
    n_studies : int
        Of each kind of effects.

    Returns
    -------
    DataFrame
        Columns of ``CALIBRATION_COLUMNS``: of the studies that found each level, how many there were; how
        often the repeated study gave the same level and sign, with Wilson's 95 % interval; and the mean of
        each prediction.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for effects in EFFECTS:
        if effects == "any":
            true = rng.uniform(-_WIDEST, _WIDEST, n_studies)
        else:
            true = SDS[rng.choice(len(SDS), n_studies, p=PROPORTIONS)] * rng.standard_normal(n_studies)
        n = n_studies
        t, again = ((true + rng.standard_normal(n)) / np.sqrt(rng.chisquare(df, n) / df) for _ in range(2))
        found, repeated = (_levels(x, n_groups, df, study) for x in (t, again))
        predicted = _predicted(t, found, n_groups, df, study)
        for level in ("significant", "trend", "none"):
            of = np.array([name.endswith(level) for name in found])
            same = int((found[of] == repeated[of]).sum())
            interval = stats.binomtest(same, int(of.sum())).proportion_ci(method="wilson")
            means = [predicted[kind][of].mean() for kind in PREDICTED]
            rows.append((effects, level, int(of.sum()), same / of.sum(), *interval, *means))
    return pd.DataFrame(rows, columns=CALIBRATION_COLUMNS)


def _levels(t: np.ndarray, k: int, df: int, study: Study) -> np.ndarray:
    significant, trend = (
        studentised_range(study.thresholds[level], k, df) / np.sqrt(2) for level in ("significant", "trend")
    )
    level = np.select([np.abs(t) > significant, np.abs(t) > trend], ["significant", "trend"], "none")
    way = np.where(t > 0, "up_", "down_")
    return np.where(level == "none", "none", np.char.add(way, level))


def _predicted(t: np.ndarray, found: np.ndarray, k: int, df: int, study: Study) -> dict[str, np.ndarray]:
    """Chance that the level found comes again, read off a grid of t."""
    by_truth = levels_by_truth(_GRID, k, df, study)
    predicted = {}
    for kind in PREDICTED:
        chance = np.empty(len(t))
        for level in np.unique(found):
            of = found == level
            curve = CubicSpline(_GRID, by_truth[kind][str(level)])
            chance[of] = curve(np.clip(t[of], _GRID[0], _GRID[-1]))
        predicted[kind] = chance
    return predicted
