"""Events: what a listener did with a track, and how much each event counts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING

from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray


class EventKind(StrEnum):
    """What the listener did."""

    PLAY = "play"
    LIKE = "like"
    DISLIKE = "dislike"
    SKIP = "skip"
    SAVE = "save"
    PURCHASE = "purchase"


EVENT_KINDS: tuple[EventKind, ...] = tuple(EventKind)
"""The position of a kind is its int8 code in columns and files; add a new kind at the end."""

OPINIONS = frozenset({EventKind.LIKE, EventKind.DISLIKE})
"""Kinds of which only the last one on a track counts, however old it is."""

WEIGHTS: Mapping[EventKind, float] = {
    EventKind.PLAY: 1.0,
    EventKind.LIKE: 3.0,
    EventKind.DISLIKE: -5.0,
    EventKind.SKIP: -0.25,
    EventKind.SAVE: 3.0,
    EventKind.PURCHASE: 5.0,
}
"""Weight of one event, in whole plays. A skip is often about the moment; a dislike is about the track."""

WHOLE_PLAY_S = 30.0
"""Seconds that count as a whole play if the track's duration is unknown; services count streams so."""

MOST_MS = 86_400_000
"""Maximum length of a play in milliseconds: one day."""

MOST_PLAYS = 1e6
"""Maximum count of one event. Nobody hears a track more often, and sums of counts stay finite."""


@dataclass(frozen=True, slots=True)
class Event:
    """One action of one listener on one track.

    Attributes
    ----------
    user_id, track_id : str
        The caller's ids; no model needs to know them.
    kind : EventKind
    at : datetime
        When it happened, UTC.
    event_id : str
        Unique for the user: two events with the same id count as one.
    ms_played : int or None
        Milliseconds heard, from 0 to `MOST_MS`; None if unknown.
    context : str
        The caller's name for the situation ("morning", "workout"); empty if unknown.
    count : float
        Number of equal events that it represents, more than 0 and at most `MOST_PLAYS`: an imported
        history may hold play counts.

    Raises
    ------
    InvalidInputError
        ``at`` is not in UTC, or ``ms_played`` or ``count`` is out of range.
    """

    user_id: str
    track_id: str
    kind: EventKind
    at: datetime
    event_id: str
    ms_played: int | None = None
    context: str = ""
    count: float = 1.0

    def __post_init__(self) -> None:
        if self.at.tzinfo is not UTC and (self.at.tzinfo is None or self.at.utcoffset()):
            raise InvalidInputError(f"the event at {self.at.isoformat()} is not in UTC: convert its time.")
        if self.ms_played is not None and not 0 <= self.ms_played <= MOST_MS:
            raise InvalidInputError(f"ms_played is {self.ms_played}: send 0 to {MOST_MS} milliseconds.")
        if not 0 < self.count <= MOST_PLAYS:
            raise InvalidInputError(f"count is {self.count}: send more than 0 and at most {MOST_PLAYS:.0f}.")


def stored_events(
    user_id: str, rows: Iterable[tuple[str, datetime, str, EventKind, int | None, str, float]]
) -> list[Event]:
    """Return events that were already checked when they were recorded, in half the time of `Event`.

    A row is event id, time, track, kind, milliseconds, context and count.
    """
    new, events = object.__new__, []
    user, track, kind_of, at_of, event, ms, context_of, count_of = _SET
    for event_id, at, track_id, kind, ms_played, context, count in rows:
        each = new(Event)
        user(each, user_id)
        track(each, track_id)
        kind_of(each, kind)
        at_of(each, at)
        event(each, event_id)
        ms(each, ms_played)
        context_of(each, context)
        count_of(each, count)
        events.append(each)
    return events


_SET = tuple(getattr(Event, field.name).__set__ for field in fields(Event))
"""Setters of the fields. The constructor of a frozen class uses the slower `object.__setattr__`."""


@dataclass(frozen=True, slots=True)
class Listening:
    """One listener's events added up, one row per track, the latest heard first.

    Attributes
    ----------
    track_ids : tuple of str
        Ordered by the track's last event: ``track_ids[:n]`` are the latest n tracks.
    weights : tuple of float
        Sums of `build_listening`, in whole plays; 0 if the events cancel out.
    disliked : frozenset of str
        Tracks that the listener dislikes.
    """

    track_ids: tuple[str, ...]
    weights: tuple[float, ...]
    disliked: frozenset[str]


def event_weight(event: Event, duration_s: float | None = None) -> float:
    """Return the weight of an event, in whole plays; a play counts by the share that was heard.

    Parameters
    ----------
    duration_s : float, optional
        Duration of the track; if it is unknown, `WHOLE_PLAY_S` count as a whole play.
    """
    weight = WEIGHTS[event.kind] * event.count
    if event.kind is not EventKind.PLAY or event.ms_played is None:
        return weight
    whole_s = duration_s if duration_s is not None and duration_s > 0 else WHOLE_PLAY_S
    return weight * min(event.ms_played / 1000 / whole_s, 1.0)


def weight_of(
    kind: NDArray[np.int8], ms_played: NDArray[np.int32], duration_s: NDArray[np.float32] | None = None
) -> NDArray[np.float64]:
    """Return `event_weight` of many events, float64 (n,).

    Parameters
    ----------
    kind : int8 (n,)
        Positions in `EVENT_KINDS`.
    ms_played : int32 (n,)
        Milliseconds heard, negative if unknown.
    duration_s : float32 (n,), optional
        Duration of each event's track, NaN if unknown.
    """
    import numpy as np  # functions that only store events do without numpy

    weight = np.array([WEIGHTS[each] for each in EVENT_KINDS])[kind]
    known = (kind == EVENT_KINDS.index(EventKind.PLAY)) & (ms_played >= 0)
    whole_s = np.full(len(kind), WHOLE_PLAY_S) if duration_s is None else duration_s.astype(np.float64)
    whole_s = np.where(whole_s > 0, whole_s, WHOLE_PLAY_S)
    share = np.minimum(ms_played / 1000 / whole_s, 1.0)
    return np.where(known, weight * share, weight)


def build_listening(events: Iterable[Event], durations_s: Mapping[str, float] | None = None) -> Listening:
    """Add up one listener's events by track.

    A like or dislike is an opinion: only the last one on a track counts, and it counts once. If it is a
    dislike, no other event of the track counts.

    Parameters
    ----------
    events : iterable of Event
        All events of one listener, each once, in any order.
    durations_s : mapping, optional
        Seconds by track id, for the share of a play that was heard.
    """
    durations = durations_s or {}
    opinions: dict[str, EventKind] = {}
    weights: dict[str, float] = {}
    for event in sorted(events, key=attrgetter("at", "event_id")):
        track, kind = event.track_id, event.kind
        before = weights.pop(track, 0.0)  # moves the track to the end
        if kind in OPINIONS:
            opinions[track] = kind
            weights[track] = before
        else:
            weights[track] = before + event_weight(event, durations.get(track))
    disliked = frozenset(track for track, kind in opinions.items() if kind is EventKind.DISLIKE)
    for track, kind in opinions.items():
        weights[track] = WEIGHTS[kind] + (0.0 if track in disliked else weights[track])
    latest_first = tuple(reversed(weights))
    return Listening(latest_first, tuple(weights[track] for track in latest_first), disliked)
