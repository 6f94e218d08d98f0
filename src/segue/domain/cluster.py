"""Distinct groups among a few hundred vectors: spherical k-means, with k chosen by silhouette."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.draw import uniform, weighted_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_MEMBERS = 5
"""Smaller groups are dissolved into their neighbours."""
MIN_OVER_CHANCE = 1.5
"""A division counts if its silhouette is so many times that of vectors with the same columns, each shuffled.

On factors of real plays the median ratio is 3.7; on noise around one direction it is about 1."""
ABOUT = 0.9
"""A silhouette of this share of the best counts as about the best."""

_RESTARTS = 3
_MAX_STEPS = 30


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale rows to length 1, float32 (n, d); a row of zeros stays one."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1), np.float32)


def split(unit: NDArray[np.float32], weight: NDArray[np.float64], max_groups: int) -> NDArray[np.intp]:
    """Divide vectors into groups by direction; the same vectors are always divided alike.

    Spherical k-means (Dhillon & Modha, "Concept decompositions for large sparse text data using
    clustering", 2001) from k-means++ starts, for each k. The greatest k wins whose mean silhouette
    (Rousseeuw, 1987) is about the best: among tastes it is nearly the same for several k, and more groups
    are purer. A reference without groups (the idea of the gap statistic: Tibshirani, Walther & Hastie,
    2001) tells whether there are any. About 7 ms for 50 vectors of 64 dimensions, 30 ms for 300 of 128.

    Parameters
    ----------
    unit : float32 (n, d)
        Rows of length 1.
    weight : float64 (n,)
        > 0; what a vector counts for in the middle of its group.
    max_groups : int

    Returns
    -------
    intp (n,)
        The group of each, 0 … without gaps, the heaviest group first; each has `MIN_MEMBERS` or is alone.
    """
    divisions = _divisions(unit, weight, max_groups)
    found = _silhouettes(unit, divisions)
    shuffled = _shuffled(unit)
    by_chance = _silhouettes(shuffled, _divisions(shuffled, weight, max_groups)).max()
    if found.max() <= MIN_OVER_CHANCE * by_chance:
        return divisions[0]
    return max((divisions[k] for k in np.flatnonzero(found >= ABOUT * found.max())), key=np.max)


def centres(
    unit: NDArray[np.float32], weight: NDArray[np.float64], group: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return the weighted mean direction of each group, float32 (n_groups, d)."""
    member = group == np.arange(group.max() + 1)[:, None]
    return unit_rows((member * weight).astype(np.float32) @ unit)


def silhouette(alike: NDArray[np.float32], group: NDArray[np.intp]) -> float:
    """Return the mean silhouette by cosine distance, -1 … 1; 0 for one group.

    (b - a) / max(a, b), where a is the mean distance to the own group's others and b that to the nearest
    other group's members; 0 for a vector alone in its group.
    """
    member = group[:, None] == np.arange(group.max() + 1)
    size = member.sum(axis=0)
    if len(size) == 1:
        return 0.0
    total = (1 - alike) @ member
    own = np.arange(len(group)), group
    a = total[own] / np.maximum(size[group] - 1, 1)
    others = total / size
    others[own] = np.inf
    b = others.min(axis=1)
    value = np.where(size[group] > 1, (b - a) / np.maximum(np.maximum(a, b), 1e-12), 0)
    return float(value.mean())


def _divisions(
    unit: NDArray[np.float32], weight: NDArray[np.float64], max_groups: int
) -> list[NDArray[np.intp]]:
    """Divide into 1, 2, … groups."""
    ks = range(2, min(max_groups, len(unit) // MIN_MEMBERS) + 1)
    several = [_without_small(unit, weight, _spherical_means(unit, weight, k)) for k in ks]
    return [np.zeros(len(unit), np.intp), *several]


def _silhouettes(unit: NDArray[np.float32], divisions: list[NDArray[np.intp]]) -> NDArray[np.float64]:
    alike = unit @ unit.T
    return np.array([silhouette(alike, group) for group in divisions])


def _shuffled(unit: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shuffle each column by itself: what the vectors have in common stays, and every group is gone."""
    order = uniform(0, np.arange(unit.size, dtype=np.int32)).reshape(unit.shape).argsort(axis=0)
    return unit_rows(np.take_along_axis(unit, order, axis=0))


def _spherical_means(unit: NDArray[np.float32], weight: NDArray[np.float64], k: int) -> NDArray[np.intp]:
    """Return the groups of the best of some starts, by the sum of weighted cosines to the centres."""
    best, best_sum = np.zeros(len(unit), np.intp), -np.inf
    for start in range(_RESTARTS):
        centre = unit[_spread_out(unit, weight, k, start)]
        group = np.full(len(unit), -1)
        for _ in range(_MAX_STEPS):
            cosine = unit @ centre.T
            moved = cosine.argmax(axis=1)
            if (moved == group).all():
                break
            group = moved
            centre = centres(unit, weight, group)
        total = float(weight @ (unit @ centre.T).max(axis=1))
        if total > best_sum:
            best, best_sum = group, total
    return best


def _spread_out(unit: NDArray[np.float32], weight: NDArray[np.float64], k: int, seed: int) -> list[int]:
    """Draw starting points, each with a chance that grows with its distance from those before it."""
    rows = np.arange(len(unit), dtype=np.int32)
    chosen: list[int] = []
    distance = np.ones(len(unit))
    for draw in range(k):
        chosen.append(int(weighted_order(seed * k + draw, rows, weight * distance)[0]))
        distance = np.minimum(distance, np.maximum(1 - unit @ unit[chosen[-1]], 1e-6))
    return chosen


def _without_small(
    unit: NDArray[np.float32], weight: NDArray[np.float64], group: NDArray[np.intp]
) -> NDArray[np.intp]:
    large = np.flatnonzero(np.bincount(group) >= MIN_MEMBERS)
    if not len(large):
        return np.zeros(len(unit), np.intp)
    nearest = large[(unit @ centres(unit, weight, group)[large].T).argmax(axis=1)]
    return _numbered(np.where(np.isin(group, large), group, nearest), weight)


def _numbered(group: NDArray[np.intp], weight: NDArray[np.float64]) -> NDArray[np.intp]:
    """Name groups by numbers without gaps, the heaviest 0."""
    found, position = np.unique(group, return_inverse=True)
    order = np.argsort(-np.bincount(position, weight, len(found)), kind="stable")
    return np.argsort(order)[position]
