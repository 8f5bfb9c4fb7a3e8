"""One way with the dose, or most at the mildest dose: two ordered alternatives held against one another."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from mgbone.evidence.columns import EVIDENCE_COLUMNS
from mgbone.evidence.comparison import points_of
from mgbone.evidence.permutation import share_as_large
from mgbone.evidence.ties import settled
from mgbone.integration import contrasts
from mgbone.study.design import Study

SHAPE_COLUMNS = [
    "endpoint", "n", "n_reference",
    "z_one_way", "p_one_way", "z_peak", "p_peak", "p_either", "p", "shape", "direction",
]  # fmt: skip

TEST = "Jonckheere-Terpstra and Mack-Wolfe (peak at the mildest dose), labels permuted within experiments"
Values = Mapping[tuple[int, int], tuple[np.ndarray, np.ndarray]]


def mann_whitney(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Count the pairs in which the value of `high` is the larger; ties count half.

    Parameters
    ----------
    low : float array, shape (..., n)
    high : float array, shape (..., m)

    Returns
    -------
    float array, shape (...)
    """
    a, b = low[..., :, None], high[..., None, :]
    return (b > a).sum(axis=(-2, -1)) + 0.5 * (b == a).sum(axis=(-2, -1))


def dose_shapes(
    measurements: pd.DataFrame, study: Study, n_permutations: int = 5000, seed: int = 0
) -> pd.DataFrame:
    """Test, per endpoint, whether it goes one way with the dose or peaks (or dips) at the mildest one.

    The levels are the reference and the deficient diets from the mildest to the hardest. Two statistics are
    computed from the same animals: Jonckheere's J (1954) for one way and Mack and Wolfe's A (1981) for a peak
    at the mildest dose, a place set before the data are looked at. The experiments are never pooled: a diet
    is held against the reference of its own experiment, and two diets are compared as percent of their own
    references. Group labels are permuted within each experiment, and the reference means with them. Each
    statistic is standardised by its mean and SD over the permutations, so that the two can be compared; p is
    two-sided, and `p_either` holds the error over both shapes (largest |z| of a permutation).

    To reject "no effect anywhere" does not support a shape: a plateau, or an effect at the hardest diet
    alone, raises Jonckheere's J as well. So a shape is named only if `p_either` is significant and every
    contrast that it implies is (`mgbone.integration.contrasts.log_ratios`; intersection-union test, Berger
    1982): each step from the reference to the hardest diet for one way; for a peak the mildest diet against
    its reference and against every harder diet, with no harder diet on the other side of its own reference,
    not even as a trend.

    Parameters
    ----------
    measurements : DataFrame
        Columns experiment, group, endpoint, value; positive quantities, since they are divided.
    n_permutations : int
        The observed labels are one of them.

    Returns
    -------
    DataFrame
        Columns endpoint, n, n_reference, z_one_way, p_one_way, z_peak, p_peak, p_either, p (the largest that
        the nearest shape needs), shape (``one_way``, ``peak`` or ``neither``), direction (of `shape`: ``up``
        for a rise or a peak, ``down`` for a fall or a trough, ``none``). An endpoint that lacks a dose or its
        reference is left out.
    """
    rows = []
    for endpoint, table in measurements.groupby("endpoint", sort=False):
        values = contrasts.values_by_level(table, study) if len(study.dose_order) > 1 else {}
        if values:
            cases = {(c.experiment, c.case) for c in study.dose_order}
            p_either, tested = _standardised(*_compared(_permuted(values, n_permutations, seed), study))
            rows.append(
                {
                    "endpoint": endpoint,
                    "n": sum(len(v) for key, v in values.items() if key in cases),
                    "n_reference": sum(len(v) for key, v in values.items() if key not in cases),
                }
                | tested
                | _named(values, p_either, study)
            )
    return pd.DataFrame(rows, columns=SHAPE_COLUMNS)


def shape_evidence(shapes: pd.DataFrame) -> pd.DataFrame:
    """Put `dose_shapes` into the columns of the evidence: contrast ``dose_shape``, level the shape.

    `estimate` is the z of the shape with the larger one, `p` the largest that naming a shape takes.
    """
    one_way = shapes["z_one_way"].abs() >= shapes["z_peak"].abs()
    rows = pd.DataFrame(
        {
            "experiment": "both", "domain": "integration",
            "endpoint": shapes["endpoint"], "contrast": "dose_shape",
            "n_case": shapes["n"], "n_reference": shapes["n_reference"],
            "estimate": shapes["z_one_way"].where(one_way, shapes["z_peak"]), "unit": "z",
            "p": shapes["p"], "test": TEST, "direction": shapes["direction"], "level": shapes["shape"],
        }
    )  # fmt: skip
    rows["points"] = rows["estimate"].map(points_of)
    return rows.reindex(columns=EVIDENCE_COLUMNS)


def _standardised(compared: Values, n_levels: int) -> tuple[float, dict[str, float]]:
    """Standardise both statistics over the permutations; the first is the observed labelling."""
    z = np.stack([_z(_one_way(compared, n_levels)), _z(_peak(compared, n_levels, peak=1))])
    size = np.abs(z)
    p_either = _p(size.max(axis=0))
    one_by_one = {"z_one_way": z[0, 0], "p_one_way": _p(size[0]), "z_peak": z[1, 0], "p_peak": _p(size[1])}
    return p_either, one_by_one | {"p_either": p_either}


def _named(values: Mapping[contrasts.Key, np.ndarray], p_either: float, study: Study) -> dict[str, object]:
    """Name the shape of which every contrast holds; `p` is the largest that the nearest shape takes."""
    limit = study.thresholds["significant"]
    last = len(study.dose_order) + 1
    along = [(level, level + 1) for level in range(last - 1)]
    turn = [(level, 1) for level in range(last) if level != 1]
    beyond = [(0, level) for level in range(2, last)]  # of a peak: no harder diet on the other side
    estimate, _, _, p = contrasts.log_ratios(values, along + turn + beyond, study)
    estimate, p = np.nan_to_num(estimate), np.where(np.isnan(p), 1.0, p)
    parts = np.cumsum([len(along), len(turn)])
    (e_along, e_turn, e_beyond), (p_along, p_turn, p_beyond) = np.split(estimate, parts), np.split(p, parts)
    needed = {}
    for sign, direction in ((1, "up"), (-1, "down")):
        needed["one_way", direction] = float(contrasts.all_hold(e_along, p_along, sign))
        crosses = ((np.sign(e_beyond) == -sign) & (p_beyond < study.thresholds["trend"])).any()
        needed["peak", direction] = 1.0 if crosses else float(contrasts.all_hold(e_turn, p_turn, sign))
    nearest = min(needed, key=needed.__getitem__)
    p_shape = max(p_either, needed[nearest])
    shape, direction = nearest if p_shape < limit else ("neither", "none")
    return {"p": p_shape, "shape": shape, "direction": direction}


def _pairs(n_levels: int) -> list[tuple[int, int]]:
    return list(combinations(range(n_levels), 2))


def _one_way(compared: Values, n_levels: int) -> np.ndarray:
    return sum(mann_whitney(*compared[pair]) for pair in _pairs(n_levels))


def _peak(compared: Values, n_levels: int, peak: int) -> np.ndarray:
    rising = [pair for pair in _pairs(n_levels) if pair[1] <= peak]
    falling = [pair for pair in _pairs(n_levels) if pair[0] >= peak]
    return sum(mann_whitney(*compared[pair]) for pair in rising) + sum(
        mann_whitney(*compared[pair][::-1]) for pair in falling
    )


def _permuted(
    values: Mapping[tuple[str, str], np.ndarray], n_permutations: int, seed: int
) -> dict[tuple[str, str], np.ndarray]:
    """Return the values of each group under each labelling (n_permutations, n), the observed one first."""
    rng = np.random.default_rng(seed)
    permuted = {}
    for experiment in dict.fromkeys(key[0] for key in values):
        groups = {group: v for (name, group), v in values.items() if name == experiment}
        together = np.tile(np.concatenate(list(groups.values())), (n_permutations, 1))
        together[1:] = rng.permuted(together[1:], axis=1)
        edges = np.cumsum([len(v) for v in groups.values()])[:-1]
        parts = np.split(together, edges, axis=1)
        permuted |= {(experiment, group): part for group, part in zip(groups, parts, strict=True)}
    return permuted


def _compared(permuted: Mapping[tuple[str, str], np.ndarray], study: Study) -> tuple[Values, int]:
    """Pair the levels: reference (0) and diet in one experiment, diets as parts of their own reference."""
    compared, percents = {}, []
    for level, contrast in enumerate(study.dose_order, start=1):
        reference = permuted[contrast.experiment, contrast.reference]
        case = permuted[contrast.experiment, contrast.case]
        compared[0, level] = (reference, case)
        percents.append(settled(case / reference.mean(axis=1, keepdims=True)))
    for low, high in combinations(range(len(percents)), 2):
        compared[low + 1, high + 1] = (percents[low], percents[high])
    return compared, len(percents) + 1


def _z(statistic: np.ndarray) -> np.ndarray:
    spread = statistic.std()
    return (statistic - statistic.mean()) / spread if spread > 0 else np.zeros(len(statistic))


def _p(sizes: np.ndarray) -> float:
    """Share of the permutations, the observed one included, with a size no smaller than the observed one."""
    return float(share_as_large(sizes, sizes[:1])[0])
