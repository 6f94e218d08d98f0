"""Vectorised random draws: named streams, one categorical draw per row, picks from weighted pools."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Stage(IntEnum):
    """Purpose of a stream of random numbers. It is part of the seed, so the values must never change."""

    CATALOGUE = 1
    LISTENER = 2
    FRIEND = 3
    LISTENING = 4
    NAME = 5
    PERSON = 6
    THEME = 7
    SHARING = 8


def stream(seed: int, stage: Stage, block: int = 0) -> np.random.Generator:
    """Return the generator of one stage: more draws in one stage do not change the others."""
    return np.random.default_rng([seed, int(stage), block])


def draw_rows(rng: np.random.Generator, weight: NDArray[np.floating]) -> NDArray[np.int64]:
    """Draw one column for each row of ``weight`` (n, k), ≥ 0: int64 (n,) in [0, k)."""
    total = np.cumsum(weight, axis=1)
    threshold = rng.random(len(weight)) * total[:, -1]
    drawn = (total <= threshold[:, None]).sum(axis=1)
    return np.asarray(np.minimum(drawn, weight.shape[1] - 1), np.int64)


@dataclass(frozen=True, slots=True)
class Pools:
    """Items in disjoint pools; a draw from a pool is in proportion to the weights.

    Attributes
    ----------
    item : int64 (n,)
        Items sorted by pool.
    above : float64 (n,)
        Running total of the weights in that order.
    first, last : int64 (n_pools,)
        Each pool's part of ``item``, ``last`` exclusive; equal for an empty pool.
    """

    item: NDArray[np.int64]
    above: NDArray[np.float64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def draw(self, rng: np.random.Generator, pool: NDArray[np.int64], times: int) -> NDArray[np.int64]:
        """Draw ``times`` items with replacement from each of ``pool`` (n,), none empty: int64 (n, times)."""
        first, last = self.first[pool, None], self.last[pool, None]
        below = np.where(first > 0, self.above[first - 1], 0.0)
        threshold = below + rng.random((len(pool), times)) * (self.above[last - 1] - below)
        place = np.searchsorted(self.above, threshold.ravel(), side="right").reshape(threshold.shape)
        # Rounding may put a threshold on the edge of its pool.
        return np.asarray(self.item[np.clip(place, first, last - 1)])


def build_pools(pool: NDArray[np.int64], weight: NDArray[np.float64], n_pools: int) -> Pools:
    """Sort items 0..n-1 with the given ``pool`` (n,) and ``weight`` (n,) > 0 into ``n_pools`` pools."""
    item = np.argsort(pool, kind="stable")
    edge = np.searchsorted(pool[item], np.arange(n_pools + 1))
    return Pools(item, np.cumsum(weight[item]), edge[:-1], edge[1:])
