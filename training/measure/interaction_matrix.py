"""From events to the matrix that models are fitted on, and the cut between training and test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.listening.event import EVENT_KINDS, EventKind, weight_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.listening.interactions import Interactions

_LIKE, _DISLIKE = EVENT_KINDS.index(EventKind.LIKE), EVENT_KINDS.index(EventKind.DISLIKE)


def build_matrix(
    interactions: Interactions,
    items: Vocabulary,
    *,
    rows: NDArray[np.bool_] | None = None,
    duration_s: NDArray[np.float32] | None = None,
) -> csr_matrix:
    """Add up what every user's events say of every track, as `build_listening` does for one user.

    A like or dislike is a verdict: only the last one of a pair counts, and once. While it is a dislike,
    nothing else speaks for the track. Events that cancel out leave no entry.

    Parameters
    ----------
    items : Vocabulary
        The columns; events with other tracks are left out.
    rows : bool (n_events,), optional
        Which events count.
    duration_s : float32 (n_items,), optional
        Seconds of the tracks of ``items``, for the share of a play that was heard; NaN where unknown.

    Returns
    -------
    csr_matrix float64 (n_users, n_items)
        Rows as in ``interactions.users``; in whole plays, negative where a user dislikes. The sum of a few
        counts may be too great for float32.
    """
    column = items.index_of(interactions.items.item_id.tolist())[interactions.item_index]
    kept = column != UNKNOWN_ITEM
    if rows is not None:
        kept &= rows
    user, item, kind = interactions.user_index[kept], column[kept], interactions.kind[kept]
    duration = None if duration_s is None else duration_s[item]
    weight = weight_of(kind, interactions.ms_played[kept], duration)
    counts = _counts(user.astype(np.int64) * len(items) + item, kind, interactions.at[kept])
    total = weight * np.where(counts < 0, interactions.count[kept], counts)
    shape = (len(interactions.users), len(items))
    matrix = csr_matrix((total, (user, item)), shape=shape, dtype=np.float64)
    matrix.eliminate_zeros()
    return matrix


def _counts(
    pair: NDArray[np.int64], kind: NDArray[np.int8], at: NDArray[np.datetime64]
) -> NDArray[np.float64]:
    """Return how often each event counts: verdicts once or not at all, others -1, as they stand."""
    counts = np.full(len(pair), -1.0)
    verdict = np.flatnonzero((kind == _LIKE) | (kind == _DISLIKE))
    order = verdict[np.lexsort((at[verdict].astype(np.int64), pair[verdict]))]  # without a time: the earliest
    last = np.ones(len(order), bool)
    last[:-1] = pair[order[1:]] != pair[order[:-1]]
    counts[order] = last
    disliked = pair[order[last & (kind[order] == _DISLIKE)]]
    counts[np.isin(pair, disliked) & (counts < 0)] = 0
    return counts
