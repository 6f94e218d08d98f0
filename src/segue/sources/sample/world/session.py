"""Draws the times and contexts of sessions, and how each track follows the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.sources.sample.draw import draw_rows
from segue.sources.sample.parameter import SPAN_S, START

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.sources.sample.parameter import Params
    from segue.sources.sample.world.listener import Listeners

DAY_S = 86_400
_MIN_SESSIONS = 2

# For each context: its hour (mean, standard deviation), and its weight on workdays and on weekends.
_HOUR = np.array([[7.4, 0.8], [8.6, 0.7], [13.5, 2.2], [17.8, 1.3], [20.3, 1.3], [22.2, 0.9], [23.1, 0.7]])
_WORKDAY = np.array([1.0, 1.2, 1.3, 1.0, 1.0, 0.25, 0.8])
_WEEKEND = np.array([1.1, 0.2, 0.2, 0.9, 1.1, 1.9, 1.1])

FRESH, SAME_GENRE, SAME_ARTIST = 0, 1, 2


@dataclass(frozen=True, slots=True)
class DrawnSessions:
    """The sessions of a block of listeners, sorted by listener and start.

    Attributes
    ----------
    listener : int64 (n,)
        Row of `Listeners`.
    context : int64 (n,)
        Row of `CONTEXTS`.
    start_s : int64 (n,)
        Seconds after START.
    tracks : int64 (n,)
        Number of tracks reached, ≥ 1.
    """

    listener: NDArray[np.int64]
    context: NDArray[np.int64]
    start_s: NDArray[np.int64]
    tracks: NDArray[np.int64]


def draw_sessions(
    rng: np.random.Generator, params: Params, listeners: Listeners, block: NDArray[np.int64]
) -> DrawnSessions:
    """Draw the sessions of the listeners ``block`` (rows, ascending), at least two for each listener."""
    joined = listeners.joined[block]
    count = _MIN_SESSIONS + rng.poisson(listeners.activity[block] * (1 - joined))
    listener = np.repeat(block, count)
    day = _days(rng, np.repeat(joined, count))
    weekday = (day + int(START.astype("datetime64[D]").astype(np.int64)) + 3) % 7  # day 0 was a Thursday
    pull = np.where((weekday >= 5)[:, None], _WEEKEND, _WORKDAY)
    context = draw_rows(rng, listeners.context[listener] * pull)
    hour = _HOUR[context, 0] + _HOUR[context, 1] * rng.standard_normal(len(context))
    start = day * DAY_S + (np.clip(hour, 0.0, 23.9) * 3600).astype(np.int64)
    order = np.lexsort((start, listener))
    tracks = 1 + rng.poisson(rng.gamma(2.0, params.session_tracks / 2.0, len(start)))
    return DrawnSessions(listener, context[order], start[order], tracks)


def draw_links(rng: np.random.Generator, params: Params, sessions: DrawnSessions) -> NDArray[np.int64]:
    """Draw how every track follows the one before: FRESH, SAME_GENRE or SAME_ARTIST.

    Returns int64 (sum of ``sessions.tracks``,); the first of each session is FRESH.
    """
    first = np.cumsum(sessions.tracks) - sessions.tracks
    chance = rng.random(int(sessions.tracks.sum()))
    link = np.select(
        [chance < params.fresh, chance < params.fresh + params.same_artist], [FRESH, SAME_ARTIST], SAME_GENRE
    )
    link[first] = FRESH
    return np.asarray(link, np.int64)


def _days(rng: np.random.Generator, joined: NDArray[np.float64]) -> NDArray[np.int64]:
    """Draw days after the joining; Fridays to Sundays and Decembers have more sessions."""
    n_days = SPAN_S // DAY_S
    date = START.astype("datetime64[D]") + np.arange(n_days)
    weekday = (date.astype(np.int64) + 3) % 7
    december = date.astype("datetime64[M]").astype(np.int64) % 12 == 11
    weight = np.array([0.9, 0.9, 0.95, 1.0, 1.15, 1.15, 1.0])[weekday] * np.where(december, 1.15, 1.0)
    until = np.concatenate([[0.0], np.cumsum(weight)])
    from_ = np.interp(joined * n_days, np.arange(n_days + 1), until)
    threshold = from_ + rng.random(len(joined)) * (until[-1] - from_)
    day = np.searchsorted(until, threshold, side="right") - 1
    return np.asarray(np.minimum(day, n_days - 1), np.int64)
