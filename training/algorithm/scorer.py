"""The domain's scores for many histories at once: what evaluation runs is what functions serve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from segue.domain.listening.history import History
from segue.domain.model.collaborative.item_factors import ItemFactors, fold_in
from segue.domain.model.collaborative.nonnegative_factors import nonnegative_fold_in
from segue.domain.model.popularity.popularity import popularity_scores
from segue.domain.recommend.blend import shares, units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from segue.domain.model.collaborative.item_similarity import ItemSimilarity
    from segue.domain.model.collaborative.nonnegative_factors import NonnegativeFactors
    from segue.domain.model.popularity.popularity import Popularity
    from segue.domain.recommend.blend import Blend
    from training.algorithm.kind import Scorer


@dataclass(frozen=True, slots=True)
class PopularityScorer:
    """Everybody gets what is popular of all time."""

    model: Popularity

    def scores(self, histories: csr_matrix) -> NDArray[np.float32]:
        """Score as `Scorer.scores` says; every row is the same."""
        return np.tile(popularity_scores(self.model), (histories.shape[0], 1))


@dataclass(frozen=True, slots=True)
class FactorScorer:
    """Every listener is folded in, in training too: stored user factors differ by some per cent."""

    model: ItemFactors | NonnegativeFactors

    def scores(self, histories: csr_matrix) -> NDArray[np.float32]:
        """Score as `Scorer.scores` says."""
        return self.users(histories) @ self.model.factors.T

    def users(self, histories: csr_matrix) -> NDArray[np.float32]:
        """Return the user vector of each history, float32 (b, d), 0 for those without a like."""
        model, users = self.model, np.zeros((histories.shape[0], self.model.factors.shape[1]), np.float32)
        # Systems of some dozen equations: threads would wait for each other longer than they compute.
        with threadpool_limits(1, "blas"):
            for row, history in enumerate(read_histories(histories)):
                if (history.confidence > 0).any():
                    if isinstance(model, ItemFactors):
                        users[row] = fold_in(model, history)
                    else:
                        users[row] = nonnegative_fold_in(model, history)
        return users


@dataclass(frozen=True, slots=True)
class SimilarityScorer:
    """Sums of item-item weights, as one sparse product."""

    model: ItemSimilarity

    def scores(self, histories: csr_matrix) -> NDArray[np.float32]:
        """Score as `Scorer.scores` says."""
        n_items = self.model.n_items
        weights = csr_matrix(
            (self.model.weight, self.model.item_index, self.model.start), shape=(n_items, n_items)
        )
        return np.asarray((_sorted_rows(histories) @ weights).toarray(), np.float32)


@dataclass(frozen=True, slots=True)
class BlendScorer:
    """The members' scores, each in its unit of the listener, in a weighted sum."""

    model: Blend
    members: tuple[Scorer, ...]

    def scores(self, histories: csr_matrix) -> NDArray[np.float32]:
        """Score as `Scorer.scores` says."""
        seen = histories.toarray() != 0
        total = np.zeros(histories.shape, np.float32)
        for member, weight in zip(self.members, self.model.weights, strict=True):
            if weight > 0:
                scores = member.scores(histories)
                reach = units(scores, seen, self.model.unit)
                total += scores * shares(np.full(len(reach), weight), reach).astype(np.float32)[:, None]
        return total


def read_histories(histories: csr_matrix) -> Iterator[History]:
    """Yield each row of float32 (b, n_items) as the domain knows a history."""
    rows = _sorted_rows(histories)
    for begin, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        yield History(rows.indices[begin:end].astype(np.int32), rows.data[begin:end])


def _sorted_rows(histories: csr_matrix) -> csr_matrix:
    # A history has no order, but a sum of floats has: every scorer adds in the order of the items.
    rows = histories.astype(np.float32, copy=True)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    return rows
