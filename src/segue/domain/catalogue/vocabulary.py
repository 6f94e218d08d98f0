"""Maps the external ids of items to their rows in the arrays of a model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.external_id import other_spelling
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

UNKNOWN_ITEM = -1
"""``item_index`` of an id that is not in the vocabulary."""


@dataclass(frozen=True)  # without slots, for cached_property
class Vocabulary:
    """The items of a model; the position of an id is its ``item_index``.

    Attributes
    ----------
    item_id : str (n_items,), a numpy unicode array
        Ascending without duplicates: ids are found by bisection, and opening a memory-mapped array
        builds nothing.

    Raises
    ------
    InvalidInputError
        The ids do not ascend, or repeat: use `build_vocabulary`.
    """

    item_id: NDArray[np.str_]

    def __post_init__(self) -> None:
        ids = self.item_id
        if ids.dtype.kind != "U" or ids.ndim != 1:
            raise InvalidInputError(f"a vocabulary is a 1-d string array, not {ids.dtype.name} {ids.shape}.")
        if (fault := np.flatnonzero(ids[1:] <= ids[:-1])).size:
            raise InvalidInputError(f"item {ids[fault[0] + 1]!r} repeats or is out of order: sort the ids.")

    def __len__(self) -> int:
        return len(self.item_id)

    def index_of(self, item_ids: Sequence[str]) -> NDArray[np.int32]:
        """Return the ``item_index`` of each id, int32 (n,), or ``UNKNOWN_ITEM``."""
        index = self._exact_index_of(item_ids)
        # Artifacts and events of earlier releases hold Spotify URIs instead of Spotify ids.
        missed = np.flatnonzero(index == UNKNOWN_ITEM).tolist()
        others = {place: other for place in missed if (other := other_spelling(item_ids[place]))}
        if others:
            index[list(others)] = self._exact_index_of(list(others.values()))
        return index

    def _exact_index_of(self, item_ids: Sequence[str]) -> NDArray[np.int32]:
        if not item_ids or not len(self):
            return np.full(len(item_ids), UNKNOWN_ITEM, np.int32)
        width = self.item_id.dtype.itemsize // 4
        # numpy would widen the whole vocabulary for a wider array: one long id would take gigabytes.
        # It also drops NULs at the end of a string: "a\0" would become the item "a".
        known = [item if len(item) <= width and item[-1:] != "\0" else "" for item in item_ids]
        asked = np.array(known, self.item_id.dtype)
        row = np.minimum(self.item_id.searchsorted(asked), len(self) - 1)
        found = (self.item_id.take(row) == asked) & (asked != "")
        return np.where(found, row, UNKNOWN_ITEM).astype(np.int32)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the ids in their order, in hex; the same checksum means the same rows.

        Each member of a hybrid compares it when it is loaded, so it is computed once.
        """
        text = "".join(f"{len(item)}:{item}" for item in self.item_id.tolist())
        return hashlib.sha256(text.encode()).hexdigest()


def build_vocabulary(item_ids: Iterable[str]) -> Vocabulary:
    """Sort ids and drop repeats.

    Raises
    ------
    InvalidInputError
        An id is empty or ends in a NUL character, which numpy strings cannot hold: rename the item.
    """
    ids = sorted(set(item_ids))
    if (unfit := next((item for item in ids if not item or item[-1] == "\0"), None)) is not None:
        raise InvalidInputError(
            f"{unfit!r} cannot be an item id: it is empty or ends in a NUL character. Rename the item."
        )
    return Vocabulary(np.array(ids, np.str_))
