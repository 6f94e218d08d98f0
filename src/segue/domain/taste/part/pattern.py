"""Listening habits: hours and weekdays, sessions, skips, repeats and discoveries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.listening.event import EVENT_KINDS, EventKind
from segue.domain.taste.event_columns import Lack
from segue.domain.taste.weighted_mean import n_effective

if TYPE_CHECKING:
    from datetime import timedelta

    from numpy.typing import NDArray

    from segue.domain.taste.event_columns import EventColumns, Support

MIN_EVENTS = 20
SESSION_GAP_S = 30 * 60
"""A session ends when nothing is heard for longer than this."""

_PLAY, _SKIP = EVENT_KINDS.index(EventKind.PLAY), EVENT_KINDS.index(EventKind.SKIP)
_DAY_S, _HOUR_S = 86_400, 3600
_THURSDAY = 3  # the weekday of 1 January 1970; Monday is 0
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sessions: listening without a silence longer than `SESSION_GAP_S`.

    Attributes
    ----------
    count : int
    median_tracks : float
    median_minutes : float
        Median time from the start of the first track to the end of what was heard of the last.
    per_week : float
        Sessions a week, from the first event to the last; a history counts as at least one week.
    weekend_share : float
        Share of sessions that began on a Saturday or Sunday.
    by_part_of_day : float64 (4,)
        Share of sessions that began in each `segue.domain.listening.situation.TimeOfDay`.
    n_effective : float
        Number of days with equally many sessions that give the same error. Days are counted, because the
        sessions of one day are not independent.
    n_days, n_weekend_days : int
        All days from the first session to the last, with or without a session.
    """

    count: int
    median_tracks: float
    median_minutes: float
    per_week: float
    weekend_share: float
    by_part_of_day: NDArray[np.float64]
    n_effective: float
    n_days: int
    n_weekend_days: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A listener's habits, from plays and skips.

    Attributes
    ----------
    support : Support
        Plays and skips that have their own time.
    heat : int64 (7, 24)
        Number of events by weekday, Monday first, and hour of the listener's clock.
    sessions : Sessions
    n_plays, n_skips : int
    skip_share : float
        Share of skips among plays and skips.
    repeat_share : float or None
        Share of plays whose track was played before; None if earlier events were not read.
    discovery_rate : float or None
        Share of the later half of the plays whose track has no earlier event; None if earlier events were
        not read.
    began_at, ended_at : float
        Seconds since 1970 in UTC.
    utc_offset : timedelta
        The listener's clock minus UTC.
    """

    support: Support
    heat: NDArray[np.int64]
    sessions: Sessions
    n_plays: int
    n_skips: int
    skip_share: float
    repeat_share: float | None
    discovery_rate: float | None
    began_at: float
    ended_at: float
    utc_offset: timedelta


def listening_pattern(
    played: EventColumns, utc_offset: timedelta, *, is_whole: bool = True
) -> Pattern | Lack:
    """Describe listening habits by the listener's clock.

    An event that counts for several is left out, because only one time is known for all of them.

    Parameters
    ----------
    played : EventColumns
        Tracks that the catalogue does not have count too.
    utc_offset : timedelta
        The listener's clock minus UTC.
    is_whole : bool
        Whether the whole history was read. Otherwise, nobody can know what was heard for the first time.
    """
    listens = ((played.kind == _PLAY) | (played.kind == _SKIP)) & (played.count == 1)
    listens &= ~np.isnan(played.at)
    support = played.support_of_events(listens)
    if support.events < MIN_EVENTS:
        reason = f"needs {MIN_EVENTS} plays and skips with their own time, there are {support.events}"
        return Lack(reason, support)
    at, kind, track = played.at[listens], played.kind[listens], played.track[listens]
    local = (at + utc_offset.total_seconds()).astype(np.int64)
    slot = _weekday(local) * 24 + local % _DAY_S // _HOUR_S
    n_skips = int(np.count_nonzero(kind == _SKIP))
    plays = track[kind == _PLAY]
    return Pattern(
        support,
        np.bincount(slot, minlength=7 * 24).reshape(7, 24),
        _sessions(at, local, played.seconds[listens]),
        len(plays),
        n_skips,
        n_skips / len(at),
        _repeat_share(plays) if is_whole else None,
        _discovery_rate(played.track, np.flatnonzero(listens)[kind == _PLAY]) if is_whole else None,
        float(at[0]),
        float(at[-1]),
        utc_offset,
    )


def _weekday(local: NDArray[np.int64]) -> NDArray[np.int64]:
    return (local // _DAY_S + _THURSDAY) % 7


def _sessions(at: NDArray[np.float64], local: NDArray[np.int64], seconds: NDArray[np.float64]) -> Sessions:
    # Some sources record when a track began and others when it ended; the longer one of both tracks is
    # subtracted, so that neither kind of source counts a track as silence.
    silence = np.diff(at) - np.maximum(seconds[:-1], seconds[1:])
    begins = np.flatnonzero(np.concatenate([[True], silence > SESSION_GAP_S]))
    ends = np.append(begins[1:], len(at)) - 1
    hour, weekday = local[begins] % _DAY_S // _HOUR_S, _weekday(local[begins])
    day = local[begins] // _DAY_S
    days = np.arange(day[0], day[-1] + 1)
    part = np.searchsorted([5, 12, 18, 22], hour, side="right") - 1  # the night before 5 is -1, the last
    return Sessions(
        len(begins),
        float(np.median(ends - begins + 1)),
        float(np.median(at[ends] + seconds[ends] - at[begins])) / 60,
        len(begins) / max((at[-1] - at[0]) / (7 * _DAY_S), 1.0),
        float(np.mean(weekday >= _SATURDAY)),
        np.bincount(part % 4, minlength=4) / len(begins),
        n_effective(np.bincount(day - day[0]).astype(np.float64)),
        len(days),
        int(np.count_nonzero(_weekday(days * _DAY_S) >= _SATURDAY)),
    )


def _repeat_share(plays: NDArray[np.int32]) -> float:
    return 1 - len(np.unique(plays)) / len(plays) if len(plays) else 0.0


def _discovery_rate(track: NDArray[np.int32], plays: NDArray[np.intp]) -> float:
    """Return the share of the later half of ``plays``, positions in ``track``, whose track is new.

    The earlier half only shows what the listener knew, because nothing is known of the time before it.
    """
    first = np.zeros(len(track), bool)
    first[np.unique(track, return_index=True)[1]] = True
    later = plays[len(plays) // 2 :]
    return float(first[later].mean()) if len(later) else 0.0
