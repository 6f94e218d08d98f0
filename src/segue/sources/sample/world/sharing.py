"""Adds shared tracks at the ends of sessions: tracks that friends pass on, and tracks of a theme.

They have their own random numbers and are never bought, so they change no other listen or purchase.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.sources.sample.parameter import SPAN_S
from segue.sources.sample.world.listener import taste_at
from segue.sources.sample.world.listening import GAP_S, LAST_S, Listens, affinity_of, draw_lengths
from segue.sources.sample.world.session import DAY_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.sources.sample.world.listening import World
    from segue.sources.sample.world.purchase import Reactions

_NOBODY = -1


@dataclass(frozen=True, slots=True)
class SharedListens:
    """The sessions and likes of a block of listeners, from `heard`; `joined` adds up blocks.

    Attributes
    ----------
    listener, context, session, end_s, next_s : int64 (n_sessions,)
        One row per session, sorted by listener and time; ``next_s`` is the start of the listener's next
        session, or the end of the two years. Times are in seconds after START.
    pair : int64 (n_pairs,)
        Listener · 2³² + track of all tracks reached, ascending.
    liker, liked, liked_s : int64 (n_likes,)
        Listener, track and time of each like or save, sorted by ``liker``.
    """

    listener: NDArray[np.int64]
    context: NDArray[np.int64]
    session: NDArray[np.int64]
    end_s: NDArray[np.int64]
    next_s: NDArray[np.int64]
    pair: NDArray[np.int64]
    liker: NDArray[np.int64]
    liked: NDArray[np.int64]
    liked_s: NDArray[np.int64]

    @classmethod
    def joined(cls, parts: list[SharedListens]) -> SharedListens:
        """Return the joined ``parts``, at least one, which are in the listeners' order."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))


@dataclass(frozen=True, slots=True)
class _Extra:
    """Tracks to add: the session (row of `SharedListens`), the track, and the friend or `_NOBODY`."""

    place: NDArray[np.int64]
    track: NDArray[np.int64]
    friend: NDArray[np.int64]


def heard(listens: Listens, likes: Reactions) -> SharedListens:
    """Return what later decides where the shared tracks of a block of listeners go."""
    session, listener = listens.session, listens.listener
    first = np.flatnonzero(np.diff(session, prepend=-1))
    last = np.append(first[1:], len(session)) - 1 if len(session) else first
    next_s = np.append(listens.start_s[first][1:], SPAN_S)[: len(first)]
    ends = np.diff(listener[last], append=-1) != 0
    return SharedListens(
        listener[last],
        listens.context[last],
        session[last],
        listens.ended_s[last],
        np.where(ends, SPAN_S, next_s),
        np.unique(_pair(listener, listens.track)),
        likes.listener,
        likes.track,
        likes.at_s,
    )


def share(
    rng: np.random.Generator, world: World, before: SharedListens, block: NDArray[np.int64]
) -> tuple[Listens, NDArray[np.int64]]:
    """Add shared tracks for the listeners ``block`` (rows, ascending, without gaps).

    Returns
    -------
    listens : Listens
        The added listens, sorted by listener and time.
    passed_on : int64 (n, 3)
        Friend, listener and track of the added listens that come from a friend.
    """
    tips, themes = _tips(rng, world, before, block), _theme_plays(rng, world, before, block)
    place, track, friend = (
        np.concatenate([getattr(tips, name), getattr(themes, name)]) for name in _Extra.__slots__
    )
    new = ~np.isin(_pair(before.listener[place], track), before.pair, kind="sort")
    new &= world.catalogue.released_s[track] <= before.end_s[place]
    place, track, friend = place[new], track[new], friend[new]
    # In a session the tracks of friends come first, and no track occurs twice.
    order = np.lexsort((friend == _NOBODY, place))
    order = order[np.sort(np.unique(_pair(place, track)[order], return_index=True)[1])]
    place, track, friend = place[order], track[order], friend[order]
    listens = _played(rng, world, before, place, track)
    fits = listens.ended_s + GAP_S <= before.next_s[place]
    fits &= listens.ended_s + LAST_S < SPAN_S
    passed_on = fits & (friend != _NOBODY)
    return listens.where(fits), np.column_stack([friend, listens.listener, track])[passed_on]


def _pair(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(one << 32 | other)


def _tips(rng: np.random.Generator, world: World, before: SharedListens, block: NDArray[np.int64]) -> _Extra:
    """Pass liked tracks on to friends, who hear them in their next session if that is soon."""
    friends, strength = world.listeners.friends, world.listeners.friend_strength
    giver, taker = np.concatenate([friends, friends[:, ::-1]]).T
    chance = world.params.pass_on * np.tile(strength, 2)
    ours = (taker >= block[0]) & (taker <= block[-1])
    giver, taker, chance = giver[ours], taker[ours], chance[ours]
    first = np.searchsorted(before.liker, giver)
    count = np.searchsorted(before.liker, giver, side="right") - first
    edge = np.repeat(np.arange(len(giver)), count)
    like = first[edge] + np.arange(len(edge)) - (np.cumsum(count) - count)[edge]
    passed_on = rng.random(len(edge)) < chance[edge]
    edge, like = edge[passed_on], like[passed_on]
    at = _moment(before.listener, before.end_s)
    place = np.searchsorted(at, _moment(taker[edge], before.liked_s[like]), side="right")
    next_session = np.minimum(place, len(at) - 1)
    soon = (place < len(at)) & (before.listener[next_session] == taker[edge])
    soon &= before.end_s[next_session] - before.liked_s[like] < world.params.tip_days * DAY_S
    place, edge, track = next_session[soon], edge[soon], before.liked[like[soon]]
    # If several friends pass on a track, the first one counts.
    order = np.argsort(place, kind="stable")
    _, once = np.unique(_pair(taker[edge], track)[order], return_index=True)
    kept = order[once]
    return _Extra(place[kept], track[kept], giver[edge[kept]])


def _theme_plays(
    rng: np.random.Generator, world: World, before: SharedListens, block: NDArray[np.int64]
) -> _Extra:
    """Let followers end some sessions with tracks of a theme, most often in the theme's context."""
    params, themes = world.params, world.themes
    follower, theme = themes.listeners[np.isin(themes.listeners[:, 0], block)].T
    first = np.searchsorted(before.listener, follower)
    count = np.searchsorted(before.listener, follower, side="right") - first
    row = np.repeat(np.arange(len(follower)), count)
    place = first[row] + np.arange(len(row)) - (np.cumsum(count) - count)[row]
    suits = themes.context[theme[row]] == before.context[place]
    played = rng.random(len(row)) < np.where(suits, params.theme_session, params.theme_elsewhere)
    length = 1 + rng.poisson(params.theme_run, int(played.sum()))
    pool = np.repeat(theme[row[played]], length)
    drawn = themes.by_theme.draw(rng, pool, 1)[:, 0]
    return _Extra(np.repeat(place[played], length), themes.tracks[drawn, 1], np.full(len(pool), _NOBODY))


def _moment(listener: NDArray[np.int64], at_s: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(listener * (2 * SPAN_S) + at_s)


def _played(
    rng: np.random.Generator,
    world: World,
    before: SharedListens,
    place: NDArray[np.int64],
    track: NDArray[np.int64],
) -> Listens:
    """Play the tracks (n,) one after another at the ends of their sessions, ``place`` (n,) ascending."""
    listener, context = before.listener[place], before.context[place]
    people = world.listeners
    taste = taste_at(people.taste_start[listener], people.taste_end[listener], before.end_s[place] / SPAN_S)
    own = affinity_of(world, taste, np.arange(len(track)), listener, context, track[:, None])[:, 0]
    affinity = own + world.params.shared_liking
    skipped, played_ms = draw_lengths(rng, world, track, affinity)
    slot = played_ms // 1000 + GAP_S
    since = np.cumsum(slot) - slot
    start = before.end_s[place] + GAP_S + since - since[np.searchsorted(place, place)]
    return Listens(listener, track, context, before.session[place], start, played_ms, skipped, affinity)
