"""One listener's history: which items, and how much each counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class History:
    """What one listener did, one row per item.

    Attributes
    ----------
    item_index : int32 (h,)
        Rows of the vocabulary, ascending without duplicates: the order of events changes no answer.
    confidence : float32 (h,)
        How much each item counts, the r of Hu, Koren & Volinsky (2008): plays, say. Negative for a
        dislike; finite, never 0.
    n_unknown : int
        Items that were left out because the vocabulary does not have them.

    Raises
    ------
    InvalidInputError
        A column breaks its promise: build with `build_history`.
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
        if not np.isfinite(confidence).all() or not confidence.all():
            raise InvalidInputError("a confidence is a finite number other than 0: leave such items out.")

    def __len__(self) -> int:
        return len(self.item_index)


def build_history(vocabulary: Vocabulary, item_ids: Sequence[str], weights: Sequence[float]) -> History:
    """Look items up, add the weights of repeated ones, and leave out what adds up to 0.

    Parameters
    ----------
    vocabulary : Vocabulary
        Ids that it does not have are counted in ``n_unknown``, each once, and are no error.
    item_ids, weights
        Of one length; a weight is finite, negative for a dislike.

    Raises
    ------
    InvalidInputError
        The lengths differ, or a weight is not finite: mend the weights.
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
    # Weights are added in ascending order: float sums depend on it, and the order of events must not count.
    order = np.lexsort((weight, row))
    order = order[np.count_nonzero(row == UNKNOWN_ITEM) :]
    row, weight = row[order], weight[order]
    first = np.ones(len(row), bool)
    first[1:] = row[1:] != row[:-1]
    confidence = np.bincount(np.cumsum(first) - 1, weight).astype(np.float32)
    kept = confidence != 0
    return History(row[first][kept], confidence[kept], n_unknown)


def damp(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sign(w) ln(1 + |w|), float64 (n,): the hundredth play says less than the first.

    Models are fitted to damped weights, and functions damp what they fold in.
    """
    return np.sign(weights) * np.log1p(np.abs(weights))
