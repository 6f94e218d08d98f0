"""Reorder ranked tracks: not all alike, not all by one artist, in the proportions of the listener's taste."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_ARTIST_SHARE = 0.2
"""Share of a list that one artist may have, rounded up, at each place: one of the first five tracks."""

_SMOOTHING = 0.01


@dataclass(frozen=True, slots=True)
class Pool:
    """What is reordered, best first.

    Attributes
    ----------
    score : float32 (m,)
        Of the ranker, descending.
    vectors : float32 (m, d)
        Unit rows; their products say how alike two tracks are. d = 0 where nothing is known.
    artist_index : int32 (m,)
        The main artist, -1 if unknown.
    groups : float32 (m, n_groups)
        Shares of the track in each group (genres, bands of popularity); each row sums to 1 or 0.
    wanted : float32 (n_groups,)
        Shares in what the listener plays; sums to 1, or 0 where nothing is known.
    """

    score: NDArray[np.float32]
    vectors: NDArray[np.float32]
    artist_index: NDArray[np.int32]
    groups: NDArray[np.float32]
    wanted: NDArray[np.float32]


def rerank(pool: Pool, n: int, diversity: float, calibration: float = 0.0) -> NDArray[np.intp]:
    """Choose ``n`` tracks one after the other, each the best one next to those already chosen.

    Best is (1 - δ) s - δ max similarity to the chosen (maximal marginal relevance, Carbonell & Goldstein
    1998) - γ KL(wanted | shares of the list with it) (calibrated recommendations, Steck 2018, eq. 6), with
    s the score scaled to [0, 1] over the pool. No artist has more than `MAX_ARTIST_SHARE` of the list,
    unless nothing else is left.

    Parameters
    ----------
    pool : Pool
    n : int
    diversity : float
        δ in [0, 1]; 0 keeps the ranker's order, but for the artists.
    calibration : float
        γ in [0, 1].

    Returns
    -------
    intp (min(n, m),)
        Rows of the pool in their new order.
    """
    m = len(pool.score)
    spread = float(np.ptp(pool.score)) if m else 0.0
    relevance = (pool.score - pool.score[-1:]) / spread if spread else np.zeros(m, np.float32)
    worth, alike = (1 - diversity) * relevance, np.zeros(m, np.float32)
    divergence = _Divergence(pool)
    free, taken = np.zeros(m, np.float32), np.zeros(m, np.int32)  # -inf once chosen; of each one's artist
    chosen: list[int] = []
    for place in range(1, min(n, m) + 1):
        gain = worth - diversity * alike if diversity else worth
        if calibration:
            gain = gain - calibration * divergence.with_each(len(chosen))
        # By the place and not by n: a longer list begins with the shorter one.
        open_ = np.where(taken < math.ceil(MAX_ARTIST_SHARE * place), free, -np.inf)
        pick = int(np.argmax(gain + open_))
        if open_[pick] < 0:  # every artist that is left has their share
            pick = int(np.argmax(gain + free))
        chosen.append(pick)
        free[pick] = -np.inf
        divergence.add(pick)
        if pool.artist_index[pick] >= 0:
            taken[pool.artist_index == pool.artist_index[pick]] += 1
        if diversity:
            np.maximum(alike, pool.vectors @ pool.vectors[pick], out=alike)
    return np.array(chosen, np.intp)


class _Divergence:
    """KL divergence from what is wanted to the list so far with each track added."""

    def __init__(self, pool: Pool) -> None:
        some = pool.wanted > 0
        self._wanted = pool.wanted[some]
        self._groups = np.ascontiguousarray(pool.groups[:, some])
        self._least = _SMOOTHING * self._wanted
        self._entropy = float(self._wanted @ np.log(self._wanted))
        self._total = np.zeros(len(self._wanted), np.float32)

    def add(self, pick: int) -> None:
        self._total += self._groups[pick]

    def with_each(self, n_chosen: int) -> NDArray[np.float32]:
        share = (1 - _SMOOTHING) / (n_chosen + 1)
        mixed = share * self._groups + (share * self._total + self._least)
        divergence: NDArray[np.float32] = self._entropy - np.log(mixed) @ self._wanted
        return divergence
