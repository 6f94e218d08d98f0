"""Build what users liked lately from their events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM, build_vocabulary
from segue.domain.listening.event import EVENT_KINDS, EventKind
from segue.domain.listening.friends import Friends
from segue.domain.model.popularity.social import Social

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.listening.interactions import Interactions

MAX_LIKES = 100
"""Likes kept of a user, the newest."""

HALF_LIFE_S = 90 * 86_400.0
"""A like counts half after a quarter of a year."""

MIN_PLAYS = 3
"""Plays of a track that amount to a like."""

_LIKES = tuple(EVENT_KINDS.index(kind) for kind in (EventKind.LIKE, EventKind.SAVE, EventKind.PURCHASE))
_PLAY, _DISLIKE = EVENT_KINDS.index(EventKind.PLAY), EVENT_KINDS.index(EventKind.DISLIKE)


def build_social(friends: Friends, interactions: Interactions, tracks: Vocabulary) -> Social:
    """Keep the newest likes of everyone who may be someone's friend.

    A track is liked by a like, a save, a purchase or `MIN_PLAYS` plays; not if it was disliked after that.
    It counts 2^(-age / `HALF_LIFE_S`), the age running from the last such event to the last of all events.
    Events without time count as the oldest that has one.

    Parameters
    ----------
    friends : Friends
    interactions : Interactions
        Of tracks and users that the others need not know; unknown tracks are left out.
    tracks : Vocabulary
        Tracks of the catalogue.
    """
    users = build_vocabulary([*friends.users.item_id.tolist(), *interactions.users.item_id.tolist()])
    item = tracks.index_of(interactions.items.item_id.tolist())[interactions.item_index]
    known = item != UNKNOWN_ITEM
    item, kind = item[known], interactions.kind[known]
    user = users.index_of(interactions.users.item_id.tolist())[interactions.user_index[known]]
    at = _seconds(interactions.at)[known]
    pair, place = np.unique(user.astype(np.int64) * len(tracks) + item, return_inverse=True)
    played = np.bincount(place, interactions.count[known] * (kind == _PLAY), minlength=len(pair))
    speaks = np.isin(kind, _LIKES) | ((kind == _PLAY) & (played[place] >= MIN_PLAYS))
    liked_at = _last(place[speaks], at[speaks], len(pair))
    disliked = kind == _DISLIKE
    kept = liked_at > _last(place[disliked], at[disliked], len(pair))
    return _newest(_with_users(friends, users), pair[kept], liked_at[kept], at, len(tracks))


def _newest(
    friends: Friends,
    pair: NDArray[np.int64],
    liked_at: NDArray[np.float64],
    at: NDArray[np.float64],
    n_items: int,
) -> Social:
    owner, item = pair // n_items, pair % n_items
    order = np.lexsort((item, -liked_at, owner))
    owner = owner[order]
    first = np.searchsorted(owner, owner)
    order = order[np.arange(len(owner)) - first < MAX_LIKES]
    age_s = at.max(initial=0) - liked_at[order]
    per_user = np.bincount(pair[order] // n_items, minlength=len(friends.users))
    start = np.concatenate([[0], np.cumsum(per_user)]).astype(np.int64)
    # Half-lives beyond this make a weight of 0 in float32, which would be no like at all.
    weight = np.exp2(-np.minimum(age_s / HALF_LIFE_S, 100)).astype(np.float32)
    return Social(friends, start, item[order].astype(np.int32), weight, n_items)


def _seconds(at: NDArray[np.datetime64]) -> NDArray[np.float64]:
    known = ~np.isnat(at)
    seconds = at.astype("datetime64[s]").astype(np.float64)
    return np.where(known, seconds, seconds[known].min(initial=np.inf) if known.any() else 0.0)


def _last(place: NDArray[np.intp], at: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    last = np.full(n, -np.inf)
    np.maximum.at(last, place, at)
    return last


def _with_users(friends: Friends, users: Vocabulary) -> Friends:
    row = users.index_of(friends.users.item_id.tolist())
    count = np.zeros(len(users), np.int64)
    count[row] = np.diff(friends.start)
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    return Friends(users, start, row[friends.friend_index].astype(np.int32))
