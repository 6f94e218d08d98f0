"""Factors for one listener, as a source of candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from segue.domain.listening.history import History


@dataclass(frozen=True)
class FactorSource:
    """Factors for one listener, who is folded in.

    Attributes
    ----------
    factors : float32 (n_items, d)
    user : float32 (d,)
    history : History
    explain : callable
        Given factors of some tracks, float64 (m, d), returns their scores over the history, float64 (m, h).
    find : callable
        Returns the rows of the ``n`` best tracks, int32.
    """

    factors: NDArray[np.float32]
    user: NDArray[np.float32]
    history: History
    explain: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    find: Callable[[int], NDArray[np.int32]]

    def best(self, n: int) -> NDArray[np.int32]:
        """Return up to ``n`` tracks, best first, int32."""
        return self.find(n)

    def scores(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score the tracks in ``rows``, float32 (m,): 1 is what a played track has, 0 any other."""
        scores: NDArray[np.float32] = self.factors.take(rows, axis=0) @ self.user
        return scores

    def shares(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Split scores over the history, float64 (m, h): eq. 7 of Hu, Koren & Volinsky (2008)."""
        return self.explain(self.factors.take(rows, axis=0).astype(np.float64))
