"""A listener's history: items and their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.vector.top_n import first_of_equals
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class History:
    """The items of one listener and their weights, one row per item.

    Attributes
    ----------
    item_index : int32 (h,)
        Rows of the vocabulary, ascending without duplicates: the order of events does not matter.
    confidence : float32 (h,)
        Weight of each item, such as plays: the r of Hu, Koren & Volinsky (2008). Negative for a
        dislike; finite, never 0.
    n_unknown : int
        Number of items that were left out because they are not in the vocabulary.

    Raises
    ------
    InvalidInputError
        A column does not fit this description: use `build_history`.
    """

    item_index: NDArray[np.int32]
    confidence: NDArray[np.float32]
    n_unknown: int = 0

    def __post_init__(self) -> None:
        index, confidence = self.item_index, self.confidence
        if index.dtype != np.int32 or confidence.dtype != np.float32 or index.shape != confidence.shape:
            raise InvalidInputError(
                f"a history is int32 and float32 of one length, not {index.dtype} {index.shape} "
                f"and {confidence.dtype} {confidence.shape}."
            )
        if (index[:1] < 0).any() or (index[1:] <= index[:-1]).any():
            raise InvalidInputError("the items of a history ascend from 0 and do not repeat.")
        if not (np.isfinite(confidence) & (confidence != 0)).all():
            raise InvalidInputError("a confidence is a finite number other than 0: leave such items out.")

    def __len__(self) -> int:
        return len(self.item_index)


def build_history(vocabulary: Vocabulary, item_ids: Sequence[str], weights: Sequence[float]) -> History:
    """Look items up, add the weights of repeated items, and leave out items whose weights sum to 0.

    Parameters
    ----------
    vocabulary : Vocabulary
        Unknown ids are no error: each is counted once in ``n_unknown``.
    item_ids, weights
        Sequences of the same length; a weight is finite, and negative for a dislike.

    Raises
    ------
    InvalidInputError
        The lengths differ, or a weight is not finite.
    """
    weight = np.asarray(weights, np.float64)
    if weight.shape != (len(item_ids),):
        raise InvalidInputError(
            f"{len(item_ids)} items with {weight.size} weights: send one weight per item."
        )
    row = vocabulary.index_of(item_ids)
    unknown = np.flatnonzero(row == UNKNOWN_ITEM).tolist()
    return add_up(row, weight, n_unknown=len({item_ids[place] for place in unknown}))


def add_up(row: NDArray[np.int32], weight: NDArray[np.float64], n_unknown: int) -> History:
    """Add the weights of each item, int32 and float64 (n,), without `UNKNOWN_ITEM`: see `build_history`."""
    # Float sums depend on the order of their terms: ascending weights give the same sum for any event order.
    order = np.lexsort((weight, row))
    order = order[np.count_nonzero(row == UNKNOWN_ITEM) :]
    row, weight = row.take(order), weight.take(order)
    first = first_of_equals(row)
    confidence = np.bincount(first.cumsum() - 1, weight).astype(np.float32)
    kept = confidence != 0
    return History(row[first][kept], confidence[kept], n_unknown)


def damp(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sign(w) ln(1 + |w|), float64 (n,): the hundredth play says less than the first.

    Models are fitted to damped weights, and functions damp what they fold in.
    """
    return np.sign(weights) * np.log1p(np.abs(weights))
