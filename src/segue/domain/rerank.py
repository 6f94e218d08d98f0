"""Reorder ranked tracks: not all alike, not all by one artist, in the proportions of the listener's taste."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_ARTIST_SHARE = 0.2
"""Share of a list that one artist may have, but one track at least."""

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
    cap = max(1, math.ceil(MAX_ARTIST_SHARE * n))
    spread = float(np.ptp(pool.score)) if m else 0.0
    relevance = (pool.score - pool.score[-1:]) / spread if spread else np.zeros(m, np.float32)
    alike, total = np.zeros(m, np.float32), np.zeros(len(pool.wanted), np.float32)
    free, capped = np.ones(m, bool), np.zeros(m, bool)
    chosen: list[int] = []
    for _ in range(min(n, m)):
        gain = (1 - diversity) * relevance
        if diversity:
            gain = gain - diversity * alike
        if calibration:
            gain = gain - calibration * _divergence(pool, total, len(chosen))
        open_ = free & ~capped
        pick = int(np.argmax(np.where(open_ if open_.any() else free, gain, -np.inf)))
        chosen.append(pick)
        free[pick] = False
        total += pool.groups[pick]
        artist = pool.artist_index[pick]
        if artist >= 0 and int((pool.artist_index[chosen] == artist).sum()) >= cap:
            capped |= pool.artist_index == artist
        if diversity:
            np.maximum(alike, pool.vectors @ pool.vectors[pick], out=alike)
    return np.array(chosen, np.intp)


def _divergence(pool: Pool, total: NDArray[np.float32], n_chosen: int) -> NDArray[np.float32]:
    """KL divergence from wanted to the list with each track added, float32 (m,)."""
    share = (total + pool.groups) / (n_chosen + 1)
    mixed = (1 - _SMOOTHING) * share + _SMOOTHING * pool.wanted
    some = pool.wanted > 0
    ratio = np.log(pool.wanted[some] / mixed[:, some])
    divergence: NDArray[np.float32] = (ratio @ pool.wanted[some]).astype(np.float32)
    return divergence
