"""Find the friends whose taste is most similar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.taste.event_columns import Lack
from segue.domain.taste.part.drift import divergence_bits
from segue.domain.taste.reference import genre_shares, memberships
from segue.domain.vector.spherical_kmeans import unit_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.domain.model.popularity.social import Social
    from segue.domain.taste.event_columns import EventColumns, Support
    from segue.domain.taste.reference import Reference

MIN_TRACKS = 5
MIN_LIKES = 10
"""Minimum number of a friend's likes; with fewer, the similarity could reveal a single like."""
N_NEAREST = 10
MAX_FRIENDS = 200
"""Maximum number of friends compared; those that the request names come first."""


@dataclass(frozen=True, slots=True)
class Friend:
    """A friend and the similarity of the tastes, 0 … 1; nothing else of a friend is revealed."""

    user_id: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The friends nearest in taste.

    Attributes
    ----------
    support : Support
    nearest : tuple of Friend
        The most similar first, at most `N_NEAREST`.
    n_compared : int
    n_left_out : int
        Friends who are unknown or have fewer than `MIN_LIKES` likes.
    """

    support: Support
    nearest: tuple[Friend, ...]
    n_compared: int
    n_left_out: int


def nearest_friends(
    reference: Reference, played: EventColumns, user_id: str, named: Sequence[str] = ()
) -> Neighbours | Lack:
    """Compare a listener with their friends.

    The similarity is 1 minus the Jensen-Shannon divergence of the genre shares. Where no genre is known, it
    is the cosine of the mean track vectors. Tracks in common do not count by themselves: otherwise, requests
    that name one track at a time could find out what a friend likes.

    Parameters
    ----------
    reference : Reference
    played : EventColumns
    user_id : str
        The stored friends of this user are compared; may be unknown.
    named : sequence of str
        More users to compare; they come first.
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
        return Lack(f"needs a friend with {MIN_LIKES} likes, {_there_are(len(users), n_unknown)}", support)
    compared = np.array(enough[:MAX_FRIENDS], np.intp)
    alike = _similarities(reference, social, compared, played.row[liked], played.weight[liked])
    ids = social.friends.users.item_id[compared].tolist()
    order = sorted(range(len(ids)), key=lambda place: (-alike[place], ids[place]))
    # Two digits only: more would reveal a friend's single likes.
    nearest = tuple(Friend(ids[place], round(float(alike[place]), 2)) for place in order[:N_NEAREST])
    return Neighbours(support, nearest, len(compared), n_left_out)


def _there_are(n_with_fewer: int, n_unknown: int) -> str:
    if n_with_fewer:
        return f"there are {n_with_fewer} with fewer"
    return f"and the {n_unknown} that were named are unknown" if n_unknown else "and no friend is known"


def _friends(social: Social, user_id: str, named: Sequence[str]) -> tuple[list[int], int]:
    """Return the rows of the friends, those named first, and how many of these are unknown."""
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
    mine = genre_shares(reference.catalogue, rows, weight)
    if not mine.any():
        own, theirs = (
            _middle(reference, rows, weight),
            np.split(np.arange(len(friend)), np.cumsum(length)[:-1]),
        )
        return np.array([max(own @ _middle(reference, liked[part], much[part]), 0.0) for part in theirs])
    total = _genres_of_each(reference, liked, much, friend)
    shares = total / np.maximum(total.sum(axis=1, keepdims=True), 1e-12)
    own = mine / mine.sum()
    return np.array([1 - divergence_bits(own, share) if share.any() else 0.0 for share in shares])


def _middle(
    reference: Reference, rows: NDArray[np.int32], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the direction of the mean of some tracks' vectors, float64 (d,)."""
    total = weight @ unit_rows(reference.vectors[rows]).astype(np.float64)
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-12))


def _genres_of_each(
    reference: Reference, rows: NDArray[np.int32], weight: NDArray[np.float64], friend: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Add up weights by friend and genre, float64 (n_friends, n_genres)."""
    genres = reference.catalogue.genres
    place, part, by = memberships(reference.catalogue, rows)
    n_friends, n = int(friend[-1]) + 1, len(genres.names)
    cell = friend[by] * n + genres.label_index[place]
    total = np.asarray(np.bincount(cell, (weight * part)[by], n_friends * n), np.float64)
    return total.reshape(n_friends, n)
