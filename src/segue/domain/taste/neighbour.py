"""Which friends have a like taste."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.taste.drift import divergence_bits
from segue.domain.taste.played import Lack
from segue.domain.taste.reference import genre_shares, memberships

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.domain.social import Social
    from segue.domain.taste.played import Played, Support
    from segue.domain.taste.reference import Reference

MIN_TRACKS = 5
MIN_LIKES = 10
"""A friend's likes. Of fewer, a request that names one track after the other could tell which they are."""
N_NEAREST = 10
MAX_FRIENDS = 200
"""That are compared: those named first."""


@dataclass(frozen=True, slots=True)
class Friend:
    """A friend and how alike the tastes are, 0 … 1: nothing else of anybody is told."""

    user_id: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The friends nearest in taste.

    Attributes
    ----------
    support : Support
    nearest : tuple of Friend
        The most alike first, at most `N_NEAREST`.
    n_compared : int
    n_left_out : int
        Friends that are unknown, or with fewer than `MIN_LIKES` likes.
    """

    support: Support
    nearest: tuple[Friend, ...]
    n_compared: int
    n_left_out: int


def nearest_friends(
    reference: Reference, played: Played, user_id: str, named: Sequence[str] = ()
) -> Neighbours | Lack:
    """Compare a listener with their friends.

    The similarity is the mean of two: 1 - the Jensen-Shannon divergence of the shares of genres, and the
    cosine of the tracks, by the roots of their weights. Where no genre is known it is the latter alone.

    Parameters
    ----------
    reference : Reference
    played : Played
    user_id : str
        Whose stored friends are compared; may be unknown.
    named : sequence of str
        Compared besides, and first.
    """
    liked = played.liked
    support = played.support(liked)
    if reference.social is None:
        return Lack("no friendships and likes are live", support)
    if support.tracks < MIN_TRACKS:
        return Lack(f"needs {MIN_TRACKS} tracks, there are {support.tracks}", support)
    users, n_unknown = _friends(reference.social, user_id, named)
    social = reference.social
    enough = [user for user in users if social.start[user + 1] - social.start[user] >= MIN_LIKES]
    n_left_out = n_unknown + len(users) - len(enough)
    if not enough:
        return Lack(f"needs a friend with {MIN_LIKES} likes, there are {len(users)} with fewer", support)
    compared = np.array(enough[:MAX_FRIENDS], np.intp)
    alike = _similarities(reference, social, compared, played.row[liked], played.weight[liked])
    ids = social.friends.users.item_id[compared].tolist()
    order = sorted(range(len(ids)), key=lambda place: (-alike[place], ids[place]))
    # Two digits: nobody is to learn from the last ones what a friend likes.
    nearest = tuple(Friend(ids[place], round(float(alike[place]), 2)) for place in order[:N_NEAREST])
    return Neighbours(support, nearest, len(compared), n_left_out)


def _friends(social: Social, user_id: str, named: Sequence[str]) -> tuple[list[int], int]:
    """Rows of the friends, those named first, and how many of these are unknown."""
    users = social.friends.users
    asked = users.index_of(list(dict.fromkeys(named))).tolist()
    (own,) = users.index_of([user_id]).tolist()
    stored = social.friends.of(own).tolist() if own >= 0 else []
    known = [user for user in (*asked, *stored) if user >= 0 and user != own]
    return list(dict.fromkeys(known)), sum(user < 0 for user in asked)


def _similarities(
    reference: Reference,
    social: Social,
    users: NDArray[np.intp],
    rows: NDArray[np.int32],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    start = social.start[users]
    length = social.start[users + 1] - start
    friend = np.repeat(np.arange(len(users)), length)
    place = np.arange(len(friend)) + np.repeat(start - (np.cumsum(length) - length), length)
    liked, much = social.item_index[place], social.weight[place].astype(np.float64)
    own = np.zeros(len(reference.catalogue))
    own[rows] = np.sqrt(weight / weight.sum())
    cosine = np.bincount(friend, own[liked] * np.sqrt(much)) / np.sqrt(np.bincount(friend, much))
    mine = genre_shares(reference.catalogue, rows, weight)
    theirs = _genres_of_each(reference, liked, much, friend)
    if not mine.any() or not theirs.any():
        return cosine
    shares = theirs / np.maximum(theirs.sum(axis=1, keepdims=True), 1e-12)
    return np.array(
        [
            (near + 1 - divergence_bits(mine / mine.sum(), share)) / 2 if share.any() else near
            for near, share in zip(cosine.tolist(), shares, strict=True)
        ]
    )


def _genres_of_each(
    reference: Reference, rows: NDArray[np.int32], weight: NDArray[np.float64], friend: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Weights by friend and genre, float64 (n_friends, n_genres)."""
    genres = reference.catalogue.genres
    place, part, by = memberships(reference.catalogue, rows)
    n_friends, n = int(friend[-1]) + 1, len(genres.names)
    cell = friend[by] * n + genres.label_index[place]
    total = np.asarray(np.bincount(cell, (weight * part)[by], n_friends * n), np.float64)
    return total.reshape(n_friends, n)
