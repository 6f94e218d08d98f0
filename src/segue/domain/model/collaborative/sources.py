"""What similar listeners play: factors and item-item weights as sources of candidates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.model.collaborative.item_factors import FoldIn, top_items
from segue.domain.model.collaborative.item_similarity import said_of, shares_of, spoken_of
from segue.domain.model.collaborative.nonnegative_factors import nonnegative_explain, nonnegative_fold_in
from segue.domain.vector.inverted_file import best_rows
from segue.domain.vector.top_n import look_up, top_n
from segue.errors import EmptyHistoryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from segue.domain.listening.history import History
    from segue.domain.model.collaborative.item_factors import ItemFactors
    from segue.domain.model.collaborative.item_similarity import ItemSimilarity, Neighbours
    from segue.domain.model.collaborative.nonnegative_factors import NonnegativeFactors


@dataclass(frozen=True)
class FactorSource:
    """Factors for one listener, who is folded in; from `factor_source` or `part_source`.

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


def factor_source(model: ItemFactors, history: History) -> FactorSource:
    """Fold a listener into matrix factorisation; EmptyHistoryError if nothing in the history is liked."""
    folded = FoldIn(model, history)
    user = folded.user()

    def find(n: int) -> NDArray[np.int32]:
        return top_items(model, user, n)[0]

    return FactorSource(model.factors, user, history, folded.shares, find)


def part_source(model: NonnegativeFactors, history: History) -> FactorSource:
    """Fold a listener into non-negative factors; EmptyHistoryError if nothing in the history is liked."""
    user = nonnegative_fold_in(model, history)

    def find(n: int) -> NDArray[np.int32]:
        return best_rows(model.factors, model.cells, user, n)[0]

    def explain(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        return vectors @ nonnegative_explain(model, history, user).T

    return FactorSource(model.factors, user, history, explain, find)


@dataclass(frozen=True)
class SimilaritySource:
    """A linear item-item model for one listener; see `segue.domain.model.collaborative.item_similarity`.

    Raises
    ------
    EmptyHistoryError
        Nothing in the history is liked.
    """

    model: ItemSimilarity
    history: History

    def __post_init__(self) -> None:
        if not (self.history.confidence > 0).any():
            raise EmptyHistoryError

    def best(self, n: int) -> NDArray[np.int32]:
        """Return up to ``n`` tracks with a score above 0, best first, int32."""
        rows, score = self._spoken_of
        best = top_n(score, n)
        return rows[best[score[best] > 0]]

    def scores(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score the tracks in ``rows``, float32 (m,)."""
        return look_up(*self._spoken_of, rows)

    def shares(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Split scores over the history, float64 (m, h): the weights themselves."""
        return shares_of(self._near, self.history, rows)

    @cached_property
    def _spoken_of(self) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        return spoken_of(self._near, self.history)

    @cached_property
    def _near(self) -> Neighbours:
        return said_of(self.model, self.history.item_index)
