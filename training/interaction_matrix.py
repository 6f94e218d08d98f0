"""From events to the matrix that models are fitted on, and the cut between training and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from segue.domain.event import EVENT_KINDS, EventKind, weight_of
from segue.domain.vocabulary import UNKNOWN_ITEM
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.interactions import Interactions
    from segue.domain.vocabulary import Vocabulary

_LIKE, _DISLIKE = EVENT_KINDS.index(EventKind.LIKE), EVENT_KINDS.index(EventKind.DISLIKE)


@dataclass(frozen=True, slots=True)
class Division:
    """Which events are learnt from and which are tested on.

    Attributes
    ----------
    earlier, later : bool (n_events,)
        Each event is in one of them.
    untimed : int
        Events without a time, which chance divided instead.
    """

    earlier: NDArray[np.bool_]
    later: NDArray[np.bool_]
    untimed: int

    def __str__(self) -> str:
        said = f"{int(self.earlier.sum())} events before the cut, {int(self.later.sum())} after it"
        return f"{said}; {self.untimed} without a time were divided at random" if self.untimed else said


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
        Which events count: a part of a `Division`.
    duration_s : float32 (n_items,), optional
        Seconds of the tracks of ``items``, for the share of a play that was heard; NaN where unknown.

    Returns
    -------
    csr_matrix float32 (n_users, n_items)
        Rows as in ``interactions.users``; in whole plays, negative where a user dislikes.
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
    matrix = csr_matrix((total, (user, item)), shape=shape).astype(np.float32)
    matrix.eliminate_zeros()
    return matrix


def divide_by_time(interactions: Interactions, share: float, *, per_user: bool, seed: int) -> Division:
    """Put the latest ``share`` of the events aside: of each user's, or of all at one moment.

    Events without a time have no order: the same share of them is drawn at random, and counted.

    Parameters
    ----------
    share
        In (0, 1). Of a user it is rounded down, so that who has few events leaves none aside.

    Raises
    ------
    InvalidInputError
        The share is outside (0, 1).
    """
    if not 0 < share < 1:
        raise InvalidInputError(f"share is {share}: give a number between 0 and 1, as 0.2.")
    at, timed = interactions.at, ~np.isnat(interactions.at)
    later = np.zeros(len(interactions), bool)
    user = interactions.user_index
    if per_user:
        later[timed] = _last_of_each(user[timed], at[timed].astype(np.int64), share)
    elif timed.any():
        later[timed] = at[timed] > np.sort(at[timed])[int(timed.sum() * (1 - share))]
    luck = np.random.default_rng(seed).random(len(interactions))
    whose = user if per_user else np.zeros_like(user)
    later[~timed] = _last_of_each(whose[~timed], luck[~timed], share)
    return Division(~later, later, int((~timed).sum()))


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


def _last_of_each(
    group: NDArray[np.int32], key: NDArray[np.int64] | NDArray[np.float64], share: float
) -> NDArray[np.bool_]:
    """Tell which rows are the last ``share`` of their group by rising key (ties by row), rounded down."""
    count = np.bincount(group, minlength=1)
    order = np.lexsort((key, group))
    place = np.empty(len(group), np.int64)
    place[order] = np.arange(len(group)) - (np.cumsum(count) - count)[group[order]]
    taken = np.floor(count * share + 1e-9).astype(np.int64)
    last: NDArray[np.bool_] = place >= (count - taken)[group]
    return last
