"""Friendships between users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Friends:
    """Pairs of friends; each pair is stored in both directions.

    Attributes
    ----------
    users : Vocabulary (n_users,)
    start : int64 (n_users + 1,)
        User i has the friends ``friend_index[start[i] : start[i + 1]]``, ascending without repeats.
    friend_index : int32 (n_pairs,)
        Rows of ``users``.
    """

    users: Vocabulary
    start: NDArray[np.int64]
    friend_index: NDArray[np.int32]

    def of(self, user_index: int) -> NDArray[np.int32]:
        """Return a user's friends, int32 (n,)."""
        return self.friend_index[self.start[user_index] : self.start[user_index + 1]]


def build_friends(users: Vocabulary, pairs: Iterable[tuple[str, str]]) -> Friends:
    """Look up pairs of user ids, in both directions, without repeats, unknown users and pairs of one user."""
    ids = list(pairs)
    left, right = users.index_of([a for a, _ in ids]), users.index_of([b for _, b in ids])
    kept = (left >= 0) & (right >= 0) & (left != right)
    both = np.unique(
        np.concatenate([np.stack([left, right], 1)[kept], np.stack([right, left], 1)[kept]]), axis=0
    )
    start = np.concatenate([[0], np.cumsum(np.bincount(both[:, 0], minlength=len(users)))]).astype(np.int64)
    return Friends(users, start, both[:, 1].astype(np.int32))
