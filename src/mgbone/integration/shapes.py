"""One way with the dose, or most at the mildest dose: two ordered alternatives held against one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from mgbone.evidence.comparison import EVIDENCE_COLUMNS, points_of
from mgbone.evidence.permutation import share_as_large
from mgbone.evidence.ties import settled
from mgbone.study.design import Study

SHAPE_COLUMNS = [
    "endpoint", "n", "n_reference",
    "z_one_way", "p_one_way", "z_peak", "p_peak", "p_either", "shape", "direction",
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


def one_way_statistic(levels: Sequence[np.ndarray]) -> np.ndarray:
    """Jonckheere's J: pairs in which the later level has the larger value, over all pairs of levels.

    Parameters
    ----------
    levels : sequence of float arrays, shape (..., n_i)
        Values at each level of the dose, in its order.
    """
    return _one_way(_as_pairs(levels), len(levels))


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
    two-sided. `p_either` holds the error over both shapes (largest |z| of a permutation), and the shape with
    the larger |z| is the one better supported where `p_either` is significant.

    Parameters
    ----------
    measurements : DataFrame
        Columns experiment, group, endpoint, value; positive quantities, since they are divided.
    n_permutations : int
        The observed labels are one of them.

    Returns
    -------
    DataFrame
        Columns endpoint, n, n_reference, z_one_way, p_one_way, z_peak, p_peak, p_either, shape (``one_way``,
        ``peak`` or ``neither``), direction (of `shape`: ``up`` for a rise or a peak, ``down`` for a fall or a
        trough, ``none``). An endpoint that lacks a dose or its reference is left out.
    """
    references = list(dict.fromkeys((c.experiment, c.reference) for c in study.dose_order))
    cases = [(c.experiment, c.case) for c in study.dose_order]
    rows = []
    for endpoint, table in measurements.dropna(subset="value").groupby("endpoint", sort=False):
        by_group = table.groupby(["experiment", "group"])["value"]
        values = {key: part.to_numpy(float) for key, part in by_group if key in {*references, *cases}}
        if len(cases) > 1 and all(len(values.get(key, ())) > 1 for key in {*references, *cases}):
            permuted = _permuted({key: values[key] for key in [*references, *cases]}, n_permutations, seed)
            rows.append(
                {
                    "endpoint": endpoint,
                    "n": sum(len(values[key]) for key in cases),
                    "n_reference": sum(len(values[key]) for key in references),
                }
                | _better_supported(*_compared(permuted, study), study.thresholds["significant"])
            )
    return pd.DataFrame(rows, columns=SHAPE_COLUMNS)


def shape_evidence(shapes: pd.DataFrame) -> pd.DataFrame:
    """Put `dose_shapes` into the columns of the evidence: contrast ``dose_shape``, level the shape.

    `estimate` is the z of the shape with the larger one, `p` that over both shapes.
    """
    one_way = shapes["z_one_way"].abs() >= shapes["z_peak"].abs()
    rows = pd.DataFrame(
        {
            "experiment": "both",
            "domain": "integration",
            "endpoint": shapes["endpoint"],
            "contrast": "dose_shape",
            "n_case": shapes["n"],
            "n_reference": shapes["n_reference"],
            "estimate": shapes["z_one_way"].where(one_way, shapes["z_peak"]),
            "unit": "z",
            "p": shapes["p_either"],
            "test": TEST,
            "direction": shapes["direction"],
            "level": shapes["shape"],
        }
    )
    rows["points"] = rows["estimate"].map(points_of)
    return rows.reindex(columns=EVIDENCE_COLUMNS)


def _better_supported(compared: Values, n_levels: int, limit: float) -> dict[str, object]:
    """Standardise both statistics over the permutations (the first is the observed labelling) and compare."""
    z = np.stack([_z(_one_way(compared, n_levels)), _z(_peak(compared, n_levels, peak=1))])
    size = np.abs(z)
    best = int(np.argmax(size[:, 0]))
    p_either = _p(size.max(axis=0))
    found = p_either < limit
    return {
        "z_one_way": z[0, 0],
        "p_one_way": _p(size[0]),
        "z_peak": z[1, 0],
        "p_peak": _p(size[1]),
        "p_either": p_either,
        "shape": ("one_way", "peak")[best] if found else "neither",
        "direction": ("up" if z[best, 0] > 0 else "down") if found else "none",
    }


def _pairs(n_levels: int) -> list[tuple[int, int]]:
    return list(combinations(range(n_levels), 2))


def _as_pairs(levels: Sequence[np.ndarray]) -> Values:
    return {(i, j): (levels[i], levels[j]) for i, j in _pairs(len(levels))}


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
