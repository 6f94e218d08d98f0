"""Linear item-item models, served: a score is a sum of weights of the items in the history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.vector.top_n import ascending, first_of_equals
from segue.errors import EmptyHistoryError, InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.listening.history import History

    Neighbours = tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]


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
        """How many items there are."""
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


def spoken_of(near: Neighbours, history: History) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Score the items that a history says anything of, and touch no other.

    Parameters
    ----------
    near : Neighbours
        From `neighbours_of` the history's items.
    history : History

    Returns
    -------
    int32 (m,), float32 (m,)
        These items, ascending, and their scores as of `similarity_scores`.
    """
    other, weight, speaker = near
    order = ascending(other)
    voice = (weight * history.confidence.astype(np.float64)[speaker])[order]
    other = other[order]
    first = np.flatnonzero(first_of_equals(other))
    total = np.add.reduceat(voice, first) if len(first) else voice
    return other[first], total.astype(np.float32)


def similarity_shares(
    similarity: ItemSimilarity, history: History, rows: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Split the scores of some items, int32 (m,), over the history: float64 (m, h), each row adds up."""
    return shares_of(neighbours_of(similarity, history.item_index), history, rows)


def shares_of(near: Neighbours, history: History, rows: NDArray[np.int32]) -> NDArray[np.float64]:
    """Split scores as `similarity_shares` does, given `neighbours_of` the history's items."""
    if not len(rows):
        return np.empty((0, len(history)))
    other, weight, speaker = near
    order = np.argsort(rows)
    place = order[np.minimum(np.searchsorted(rows, other, sorter=order), len(rows) - 1)]
    hit = np.flatnonzero(rows[place] == other)
    shares = np.zeros((len(rows), len(history)))
    confidence = history.confidence[speaker[hit]].astype(np.float64)
    shares[place[hit], speaker[hit]] = weight[hit] * confidence
    return shares


def similarity_reasons(similarity: ItemSimilarity, history: History, item_index: int) -> NDArray[np.float64]:
    """Split one item's score over the history, float64 (h,): see `similarity_shares`."""
    (reasons,) = similarity_shares(similarity, history, np.array([item_index], np.int32))
    return np.asarray(reasons)


def neighbours_of(similarity: ItemSimilarity, item_index: NDArray[np.int32]) -> Neighbours:
    """Return what some items say of others, one weight per row.

    Returns
    -------
    int32 (n,), float32 (n,), int64 (n,)
        The other item, the weight, and the place in ``item_index`` of the one that says so.
    """
    position, length = _rows(similarity, item_index)
    speaker = np.repeat(np.arange(len(item_index)), length)
    return similarity.item_index[position], similarity.weight[position], speaker


def _rows(
    similarity: ItemSimilarity, item_index: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of all weights in some rows, int64 (n,), and how many each row has, int64 (n_rows,)."""
    begin = similarity.start[item_index]
    length = similarity.start[item_index.astype(np.int64) + 1] - begin
    skipped = np.cumsum(length) - length
    return np.arange(length.sum()) + np.repeat(begin - skipped, length), length
