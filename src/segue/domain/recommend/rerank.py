"""Reorder ranked tracks: not all alike, not all by one artist, in the proportions of the listener's taste."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_ARTIST_SHARE = 0.2
"""Share of a list that one artist may have unless the ranker says otherwise, rounded up at each place: one of
the first five tracks."""

_SMOOTHING = 0.01


@dataclass(frozen=True, slots=True)
class Pool:
    """What is reordered, best first.

    Attributes
    ----------
    score : float32 (m,)
        The ranker's scores, descending.
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


def rerank(
    pool: Pool,
    n: int,
    diversity: float,
    calibration: float = 0.0,
    artist_share: float = MAX_ARTIST_SHARE,
) -> NDArray[np.intp]:
    """Choose ``n`` tracks one after the other, each the best one next to those already chosen.

    Best is (1 - δ) s - δ max similarity to the chosen (maximal marginal relevance, Carbonell & Goldstein
    1998) - γ KL(wanted | shares of the list with it) (calibrated recommendations, Steck 2018, eq. 6), with
    s the score scaled to [0, 1] over the pool. No artist has more than ``artist_share`` of the list,
    unless nothing else is left.

    Parameters
    ----------
    pool : Pool
    n : int
    diversity : float
        δ in [0, 1]; 0 keeps the ranker's order, but for the artists.
    calibration : float
        γ in [0, 1].
    artist_share : float
        In (0, 1]; 1 holds no artist back.

    Returns
    -------
    intp (min(n, m),)
        Rows of the pool in their new order.
    """
    m = len(pool.score)
    spread = float(np.ptp(pool.score)) if m else 0.0
    relevance = (pool.score - pool.score[-1:]) / spread if spread else np.zeros(m, np.float32)
    worth, alike = (1 - diversity) * relevance, np.zeros(m, np.float32)
    vectors = pool.vectors * np.float32(math.sqrt(diversity))  # their products are δ times the similarity
    calibrated = _Calibration(pool, calibration) if calibration else None
    artist, taken = pool.artist_index, np.zeros(m, np.int32)  # taken: places of each track's artist
    chosen: list[int] = []
    for place in range(1, min(n, m) + 1):
        gain = worth - alike
        if calibrated:
            gain += calibrated.with_each()
        pick = int(gain.argmax())
        # The limit depends on the place and not on n, so a longer list begins with the shorter one.
        if taken[pick] >= (most := math.ceil(artist_share * place)):
            gain[taken >= most] = -np.inf
            best = int(gain.argmax())
            if gain[best] > -np.inf:  # otherwise all remaining artists have their share
                pick = best
        chosen.append(pick)
        worth[pick] = -np.inf
        if artist[pick] >= 0:
            taken += artist == artist[pick]
        if calibrated:
            calibrated.add(pick)
        if diversity:
            np.maximum(alike, vectors.dot(vectors[pick]), out=alike)  # `@` takes longer for so few
    return np.array(chosen, np.intp)


class _Calibration:
    """-γ KL(wanted | shares of the list with each track added), without the terms that all tracks share."""

    def __init__(self, pool: Pool, strength: float) -> None:
        some = pool.wanted > 0
        wanted = pool.wanted[some]
        self._strength = strength * wanted
        # The list's shares are (1 - ε) / n times its sum, plus ε times ``wanted``, so that none is 0. The
        # common factor (1 - ε) / n adds the same to the logarithms of every track, so it is left out.
        least = np.float32(_SMOOTHING / (1 - _SMOOTHING)) * wanted
        self._groups = pool.groups[:, some] + least
        self._by_group = np.ascontiguousarray(self._groups.T)  # long rows are added and summed faster
        self._mixed = np.empty_like(self._by_group)
        self._total = np.zeros((len(wanted), 1), np.float32)

    def add(self, pick: int) -> None:
        self._total += self._groups[pick, :, None]

    def with_each(self) -> NDArray[np.float32]:
        mixed = np.add(self._by_group, self._total, out=self._mixed)
        gained: NDArray[np.float32] = self._strength.dot(np.log(mixed, out=mixed))
        return gained
