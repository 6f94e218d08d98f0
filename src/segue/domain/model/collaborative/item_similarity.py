"""Linear item-item models, served: a score is a sum of weights of the items in the history."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.domain.model.member import Member, SourceSpec, Step
from segue.domain.vector.top_n import ascending, first_of_equals, look_up, spans, top_n
from segue.errors import EmptyHistoryError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from segue.domain.listening.history import History
    from segue.domain.model.member import ArrayForm

    Neighbours = tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]

_FEWER = 16
"""Fewer weights than a sixteenth of the items are sorted in less time than a pass over all items takes."""


@dataclass(frozen=True, slots=True)
class ItemSimilarity:
    """Weights W of a linear model, score_j = Σ_history r_i W_ij, as a sparse matrix by rows.

    Attributes
    ----------
    start : int64 (n_items + 1,)
        Row i, what item i says of others, is ``item_index[start[i] : start[i + 1]]`` with as much of
        ``weight``.
    item_index : int32 (n_weights,)
        Columns, ascending within each row.
    weight : float32 (n_weights,)
        Finite; negative ones speak against an item.

    Raises
    ------
    InvalidInputError
        The arrays do not describe a square matrix.
    """

    start: NDArray[np.int64]
    item_index: NDArray[np.int32]
    weight: NDArray[np.float32]

    def __post_init__(self) -> None:
        n_weights = len(self.weight)
        if self.start[0] != 0 or self.start[-1] != n_weights or (np.diff(self.start) < 0).any():
            raise InvalidInputError(f"the rows of {n_weights} weights must ascend from 0 to {n_weights}.")
        if len(self.item_index) != n_weights:
            raise InvalidInputError(f"{len(self.item_index)} columns for {n_weights} weights.")
        if n_weights and not 0 <= self.item_index.min() <= self.item_index.max() < self.n_items:
            raise InvalidInputError(f"a column lies outside the {self.n_items} items.")

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.start) - 1


def similarity_scores(similarity: ItemSimilarity, history: History) -> NDArray[np.float32]:
    """Score every item, float32 (n_items,), in time of the rows that the history has.

    Raises
    ------
    EmptyHistoryError
        The history is empty: answer with what is popular.
    """
    if not len(history):
        raise EmptyHistoryError
    other, weight, speaker = neighbours_of(similarity, history.item_index)
    voice = weight * history.confidence.astype(np.float64)[speaker]
    return np.bincount(other, voice, minlength=similarity.n_items).astype(np.float32)


def spoken_of(
    near: Neighbours, confidence: NDArray[np.floating], n_items: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Score the items that a history says anything of.

    Parameters
    ----------
    near : Neighbours
        From `neighbours_of` the history's items.
    confidence : float (h,)
        The history's.
    n_items : int

    Returns
    -------
    int32 (m,), float32 (m,)
        The items whose score is not 0, ascending, and their scores as of `similarity_scores`.
    """
    other, weight, speaker = near
    voice = weight * confidence.astype(np.float64).take(speaker)
    if len(other) * _FEWER < n_items:
        order = ascending(other)
        ordered = other.take(order)
        first = first_of_equals(ordered)
        items, total = ordered[first], np.bincount(first.cumsum() - 1, voice.take(order))
    else:
        items, total = np.arange(n_items, dtype=np.int32), np.bincount(other, voice, n_items)
    some = total != 0
    return items[some], total[some].astype(np.float32)


def similarity_shares(
    similarity: ItemSimilarity, history: History, rows: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Split the scores of some items, int32 (m,), over the history: float64 (m, h), each row adds up."""
    return shares_of(neighbours_of(similarity, history.item_index), history, rows, similarity.n_items)


def shares_of(
    near: Neighbours, history: History, rows: NDArray[np.int32], n_items: int
) -> NDArray[np.float64]:
    """Split scores as `similarity_shares` does, given `neighbours_of` the history's items."""
    at, weight, by = said_of(near, rows, n_items)
    shares = np.zeros((len(rows), len(history)))
    shares[at, by] = weight * history.confidence.astype(np.float64).take(by)
    return shares


def neighbours_of(similarity: ItemSimilarity, item_index: NDArray[np.int32]) -> Neighbours:
    """Return what some items say of others, one weight per row.

    Returns
    -------
    int32 (n,), float32 (n,), int64 (n,)
        The other item, the weight, and the place in ``item_index`` of the one that says so.
    """
    start = similarity.start.take(item_index)
    position, speaker = spans(start, similarity.start.take(item_index.astype(np.int64) + 1) - start)
    return similarity.item_index.take(position), similarity.weight.take(position), speaker


def said_of(
    near: Neighbours, rows: NDArray[np.int32], n_items: int
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    """Return what ``near`` says of some items, one weight per row.

    Returns
    -------
    int64 (n,), float32 (n,), int64 (n,)
        The position in ``rows``, ascending, the weight, and the place of the one that says so.
    """
    asked = np.zeros(n_items, bool)
    asked[rows] = True
    found = asked.take(near[0]).nonzero()[0]
    found = found.take(ascending(near[0].take(found)))
    other = near[0].take(found)
    first = other.searchsorted(rows)
    place, at = spans(first, other.searchsorted(rows, side="right") - first)
    found = found.take(place)
    return at, near[1].take(found), near[2].take(found)


@dataclass(frozen=True)
class SimilaritySource:
    """A linear item-item model for one listener, as a source of candidates.

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
        return rows.take(best[score.take(best) > 0])

    def scores(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score the tracks in ``rows``, float32 (m,)."""
        return look_up(*self._spoken_of, rows)

    def shares(self, rows: NDArray[np.int32]) -> NDArray[np.float64]:
        """Split scores over the history, float64 (m, h): the weights themselves."""
        return shares_of(self._near, self.history, rows, self.model.n_items)

    @cached_property
    def _spoken_of(self) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        return spoken_of(self._near, self.history.confidence, self.model.n_items)

    @cached_property
    def _near(self) -> Neighbours:
        return neighbours_of(self.model, self.history.item_index)


ARRAYS: Mapping[str, ArrayForm] = {
    "start": (np.int64, 1),
    "item_index": (np.int32, 1),
    "weight": (np.float32, 1),
}
"""The files of an `ItemSimilarity`."""


def _build(n_items: int, *arrays: NDArray[Any]) -> ItemSimilarity:
    model = ItemSimilarity(*arrays)
    if model.n_items != n_items:
        raise InvalidInputError(f"{model.n_items} rows for {n_items} items")
    return model


MEMBER = Member(
    name="similarity",
    arrays=ARRAYS,
    take_apart=lambda model: ((model.start, model.item_index, model.weight), {}),
    build=_build,
    sources=(
        SourceSpec(
            "similarity",
            30,
            lambda similarity, _, listener: SimilaritySource(similarity, listener.history),
            ladder={Step.COLLABORATIVE: 1.0},
        ),
    ),
)
