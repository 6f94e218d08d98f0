"""Simulates the listening of a block of listeners: the tracks they reach, and how much they like them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from segue.sources.sample.draw import Pools, build_pools, draw_rows
from segue.sources.sample.parameter import SPAN_S, Params
from segue.sources.sample.world import genre
from segue.sources.sample.world.catalogue import TRAITS, DrawnCatalogue
from segue.sources.sample.world.listener import Listeners, taste_at
from segue.sources.sample.world.session import (
    DAY_S,
    FRESH,
    SAME_ARTIST,
    DrawnSessions,
    draw_links,
    draw_sessions,
)
from segue.sources.sample.world.theme import Themes, build_themes

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOOD = np.column_stack(
    [[0.45, 0.60, 0.40, 0.88, 0.52, 0.82, 0.25], [0.62, 0.55, 0.45, 0.60, 0.52, 0.75, 0.35]]
)
CARE = np.array([0.6, 0.5, 1.0, 1.6, 0.5, 1.4, 1.3])
"""float64 (7, 2) and (7,): the energy and valence that each of `CONTEXTS` asks for, and how strongly."""
_NOVELTY, _NOVELTY_S = 0.8, 45 * DAY_S
GAP_S, LAST_S = 3, 120
"""Seconds between tracks, and seconds before the end of the two years that are kept for later events."""


@dataclass(frozen=True, slots=True)
class World:
    """The catalogue and listeners, prepared for drawing; all blocks share it.

    Attributes
    ----------
    by_genre, by_artist : Pools
        Tracks by primary genre and by artist.
    stocked : bool (n_genres,)
        Genres that have tracks.
    neighbours : float64 (n_genres, n_genres)
        See `genre.neighbour_matrix`.
    genre_fit : float64 (7, n_genres), track_fit : float32 (7, n_tracks)
        How well genres and tracks suit each context, ≤ 0.
    themes : Themes
    """

    params: Params
    catalogue: DrawnCatalogue
    listeners: Listeners
    by_genre: Pools
    by_artist: Pools
    stocked: NDArray[np.bool_]
    neighbours: NDArray[np.float64]
    genre_fit: NDArray[np.float64]
    track_fit: NDArray[np.float32]
    themes: Themes


@dataclass(frozen=True, slots=True)
class Listens:
    """Tracks reached in sessions, one row each, in order of time.

    Attributes
    ----------
    listener, track, context, session : int64 (n,)
        Rows; ``session`` counts within the block.
    start_s, played_ms : int64 (n,)
        Seconds after START, and milliseconds played.
    skipped : bool (n,)
    affinity : float64 (n,)
        Taste + match + quality + mood, see `docs/sample-store.md`; mostly from -3 to 3.
    """

    listener: NDArray[np.int64]
    track: NDArray[np.int64]
    context: NDArray[np.int64]
    session: NDArray[np.int64]
    start_s: NDArray[np.int64]
    played_ms: NDArray[np.int64]
    skipped: NDArray[np.bool_]
    affinity: NDArray[np.float64]

    @property
    def ended_s(self) -> NDArray[np.int64]:
        """End of each listen, int64 (n,), in seconds after START."""
        return np.asarray(self.start_s + self.played_ms // 1000)

    def where(self, keep: NDArray[np.bool_]) -> Listens:
        """Return the rows that ``keep`` (bool (n,)) marks."""
        return Listens(*(getattr(self, field.name)[keep] for field in fields(self)))


def build_world(params: Params, seed: int, catalogue: DrawnCatalogue, listeners: Listeners) -> World:
    """Sort the catalogue into pools, measure the fit to each context, and draw the themes."""
    n_artists = len(catalogue.artist_genre)
    columns = [genre.AUDIO.index("energy"), genre.AUDIO.index("valence")]
    track_fit = _fit(catalogue.audio[:, columns]).astype(np.float32)
    return World(
        params=params,
        catalogue=catalogue,
        listeners=listeners,
        by_genre=build_pools(catalogue.track_genre, catalogue.weight, len(genre.NAMES)),
        by_artist=build_pools(catalogue.track_artist, catalogue.weight, n_artists),
        stocked=np.bincount(catalogue.track_genre, minlength=len(genre.NAMES)) > 0,
        neighbours=genre.neighbour_matrix(params.neighbour_width),
        genre_fit=_fit(genre.SOUND[:, columns]),
        track_fit=track_fit,
        themes=build_themes(params, seed, catalogue, len(listeners.archetype), track_fit),
    )


def listen(rng: np.random.Generator, world: World, block: NDArray[np.int64]) -> Listens:
    """Simulate the listening of the listeners ``block`` (rows, ascending) in the two years."""
    sessions = draw_sessions(rng, world.params, world.listeners, block)
    link = draw_links(rng, world.params, sessions)
    session = np.repeat(np.arange(len(sessions.tracks)), sessions.tracks)
    tau = sessions.start_s / SPAN_S
    taste = taste_at(
        world.listeners.taste_start[sessions.listener], world.listeners.taste_end[sessions.listener], tau
    )
    chosen = _choose_genres(rng, world, taste, sessions, session, link)
    track, affinity = _choose_tracks(rng, world, _Moment(taste, sessions, session), chosen, link)
    reached = track >= 0
    return _played(rng, world, sessions, session[reached], track[reached], affinity[reached])


@dataclass(frozen=True, slots=True)
class _Moment:
    taste: NDArray[np.float64]
    sessions: DrawnSessions
    session: NDArray[np.int64]


def _fit(energy_valence: NDArray[np.float64]) -> NDArray[np.float64]:
    distance = ((energy_valence[None, :, :] - MOOD[:, None, :]) ** 2).sum(axis=2)
    return np.asarray(-CARE[:, None] * distance / 0.1)


def _choose_genres(
    rng: np.random.Generator,
    world: World,
    taste: NDArray[np.float64],
    sessions: DrawnSessions,
    session: NDArray[np.int64],
    link: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Draw a genre at every fresh start and keep it until the next one: int64 (n_listens,)."""
    explore = world.params.exploration
    wish = (1 - explore) * taste + explore * taste @ world.neighbours
    wish *= np.exp(world.params.context_pull * world.genre_fit[sessions.context])
    wish = (wish + 1e-12) * world.stocked
    fresh = np.flatnonzero(link == FRESH)
    drawn = draw_rows(rng, wish[session[fresh]])
    # Rounding could draw a last genre without tracks.
    drawn = np.where(world.stocked[drawn], drawn, np.flatnonzero(world.stocked)[-1])
    return np.asarray(drawn[np.cumsum(link == FRESH) - 1])


def _choose_tracks(
    rng: np.random.Generator,
    world: World,
    moment: _Moment,
    chosen: NDArray[np.int64],
    link: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Choose each track among a few candidates by affinity; -1 if none is released yet."""
    track = np.empty(len(link), np.int64)
    affinity = np.empty(len(link))
    leads = link != SAME_ARTIST
    rows = np.flatnonzero(leads)
    pool = world.by_genre.draw(rng, chosen[rows], world.params.candidates)
    track[rows], affinity[rows] = _weigh(rng, world, moment, rows, pool)
    rows = np.flatnonzero(~leads)
    leader = np.maximum.accumulate(np.where(leads, np.arange(len(link)), 0))[rows]
    artist = world.catalogue.track_artist[np.maximum(track[leader], 0)]
    pool = world.by_artist.draw(rng, artist, world.params.candidates)
    track[rows], affinity[rows] = _weigh(rng, world, moment, rows, pool)
    track[rows] = np.where(track[leader] >= 0, track[rows], -1)
    return track, affinity


def _weigh(
    rng: np.random.Generator, world: World, moment: _Moment, rows: NDArray[np.int64], pool: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Take the best of ``pool`` (n, candidates) by affinity, novelty and a Gumbel error (a softmax draw)."""
    session = moment.session[rows]
    listener, context = moment.sessions.listener[session], moment.sessions.context[session]
    since = moment.sessions.start_s[session][:, None] - world.catalogue.released_s[pool]
    affinity = affinity_of(world, moment.taste, session, listener, context, pool)
    novelty = _NOVELTY * np.exp(-np.maximum(since, 0) / _NOVELTY_S)
    appeal = 1.5 * affinity + novelty + rng.gumbel(size=pool.shape)
    appeal[since < 0] = -np.inf
    best = appeal.argmax(axis=1)
    row = np.arange(len(pool))
    return np.where(np.isneginf(appeal[row, best]), -1, pool[row, best]), affinity[row, best]


def affinity_of(
    world: World,
    taste: NDArray[np.float64],
    session: NDArray[np.int64],
    listener: NDArray[np.int64],
    context: NDArray[np.int64],
    pool: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return α of the tracks ``pool`` (n, k), float64 (n, k); row i has the taste ``taste[session[i]]``."""
    params, catalogue = world.params, world.catalogue
    # Share of the genre in the taste, on a log scale from 0 to 1; a share of 5 % gives 0.23.
    liking = np.log(20 * taste + 1) / np.log(21)
    match = np.einsum("ij,ikj->ik", world.listeners.trait[listener], catalogue.trait[pool]) / np.sqrt(TRAITS)
    affinity = params.weight_taste * (2 * liking[session[:, None], catalogue.track_genre[pool]] - 1)
    affinity += params.weight_match * match
    affinity += params.weight_quality * catalogue.quality[pool]
    affinity += params.weight_mood * np.maximum(world.track_fit[context[:, None], pool], -3.0)
    return np.asarray(affinity)


def _played(
    rng: np.random.Generator,
    world: World,
    sessions: DrawnSessions,
    session: NDArray[np.int64],
    track: NDArray[np.int64],
    affinity: NDArray[np.float64],
) -> Listens:
    skipped, played = draw_lengths(rng, world, track, affinity)
    start = _starts(sessions, session, played)
    listens = Listens(
        sessions.listener[session],
        track,
        sessions.context[session],
        session,
        start,
        played,
        skipped,
        affinity,
    )
    return listens.where(listens.ended_s + LAST_S < SPAN_S)


def draw_lengths(
    rng: np.random.Generator, world: World, track: NDArray[np.int64], affinity: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Draw which tracks (n,) are skipped, bool (n,), and how many milliseconds each plays, int64 (n,)."""
    duration = world.catalogue.duration_ms[track]
    skipped = rng.random(len(track)) < 1 / (1 + np.exp(1.3 + 1.1 * affinity))
    until_skip = np.minimum(2000 + rng.exponential(9000, len(track)), 29_000)
    whole = np.where(rng.random(len(track)) < 0.85, 1.0, rng.uniform(0.4, 1.0, len(track)))
    return skipped, np.where(skipped, np.minimum(until_skip, duration), duration * whole).astype(np.int64)


def _starts(
    sessions: DrawnSessions, session: NDArray[np.int64], played_ms: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the start of each track, int64 (n,); tracks and sessions of a listener do not overlap."""
    slot = played_ms // 1000 + GAP_S
    until = np.cumsum(slot)
    n = len(sessions.start_s)
    length = np.bincount(session, weights=slot, minlength=n).astype(np.int64) + 600
    before = np.cumsum(length) - length
    # start_k = max over the listener's sessions j ≤ k of (wished_j + the length from j to k). Each listener's
    # times are lifted above those of the one before, so that one running maximum works for all.
    lift = sessions.listener * (4 * SPAN_S + int(length.sum()))
    begin = np.maximum.accumulate(sessions.start_s - before + lift) + before - lift
    first = np.searchsorted(session, np.arange(n))
    into = until - slot - np.concatenate([[0], until])[first][session]
    return np.asarray(begin[session] + into)
