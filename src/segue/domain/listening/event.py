"""What a listener did with a track, and how much it says about their taste."""

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
    """What was done."""

    PLAY = "play"
    LIKE = "like"
    DISLIKE = "dislike"
    SKIP = "skip"
    SAVE = "save"
    PURCHASE = "purchase"


EVENT_KINDS: tuple[EventKind, ...] = tuple(EventKind)
"""A kind's position is its int8 code in columns and files; a new kind goes to the end."""

OPINIONS = frozenset({EventKind.LIKE, EventKind.DISLIKE})
"""Of these only the last one on a track counts, and it holds until there is another, however old it is."""

WEIGHTS: Mapping[EventKind, float] = {
    EventKind.PLAY: 1.0,
    EventKind.LIKE: 3.0,
    EventKind.DISLIKE: -5.0,
    EventKind.SKIP: -0.25,
    EventKind.SAVE: 3.0,
    EventKind.PURCHASE: 5.0,
}
"""What one event counts, in whole plays: skips are often about the moment, a dislike is about the track."""

WHOLE_PLAY_S = 30.0
"""Seconds that count as a whole play where the track's duration is unknown, as streams are counted."""

MOST_MS = 86_400_000
"""The longest play, in milliseconds: a day."""

MOST_PLAYS = 1e6
"""The greatest count of one event: nobody hears a track more often, and sums of counts stay finite."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that one listener did with one track.

    Attributes
    ----------
    user_id, track_id : str
        As the caller names them; neither needs to be known to any model.
    kind : EventKind
    at : datetime
        When it happened, UTC.
    event_id : str
        Unique for the user: what comes twice under one id happened once.
    ms_played : int or None
        Milliseconds heard, from 0 to `MOST_MS`; None where unknown.
    context : str
        What the caller calls the situation ("morning", "workout"); empty where unknown.
    count : float
        How many such events it stands for, more than 0 and `MOST_PLAYS` at most: imported histories may
        count plays.

    Raises
    ------
    InvalidInputError
        ``at`` has no zone, or another than UTC, or ``ms_played`` or ``count`` is out of range:
        convert it.
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
            raise InvalidInputError(f"count is {self.count}: send more than 0, and {MOST_PLAYS:.0f} at most.")


def stored_events(
    user_id: str, rows: Iterable[tuple[str, datetime, str, EventKind, int | None, str, float]]
) -> list[Event]:
    """Return events that were checked when they were recorded, in half of the time that `Event` takes.

    A row is id, time, track, kind, milliseconds, context and count.
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
"""Of a frozen class the constructor goes through `object.__setattr__`, which looks each name up."""


@dataclass(frozen=True, slots=True)
class Listening:
    """What one listener's events come to, one row per track, the latest heard first.

    Attributes
    ----------
    track_ids : tuple of str
        By the track's last event, latest first: ``track_ids[:n]`` are the last n tracks.
    weights : tuple of float
        As `build_listening` adds them up, in whole plays; 0 where the events cancel out.
    disliked : frozenset of str
        Tracks that the listener does not want to hear.
    """

    track_ids: tuple[str, ...]
    weights: tuple[float, ...]
    disliked: frozenset[str]


def event_weight(event: Event, duration_s: float | None = None) -> float:
    """Return what an event counts, in whole plays: a play by the share of the track that was heard.

    Parameters
    ----------
    duration_s : float, optional
        Of the track; where it is unknown, `WHOLE_PLAY_S` count as a whole play.
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
        Milliseconds heard, negative where unknown.
    duration_s : float32 (n,), optional
        Of each event's track, NaN where unknown.
    """
    import numpy as np  # a function that only stores events has no numpy

    weight = np.array([WEIGHTS[each] for each in EVENT_KINDS])[kind]
    known = (kind == EVENT_KINDS.index(EventKind.PLAY)) & (ms_played >= 0)
    whole_s = np.full(len(kind), WHOLE_PLAY_S) if duration_s is None else duration_s.astype(np.float64)
    whole_s = np.where(whole_s > 0, whole_s, WHOLE_PLAY_S)
    share = np.minimum(ms_played / 1000 / whole_s, 1.0)
    return np.where(known, weight * share, weight)


def build_listening(events: Iterable[Event], durations_s: Mapping[str, float] | None = None) -> Listening:
    """Add up one listener's events by track.

    A like or dislike is an opinion: only the last one on a track counts, and once. While it is a
    dislike, nothing else speaks for the track, however often it was played. The order of ``events``
    does not matter.

    Parameters
    ----------
    events : iterable of Event
        Of one listener, each once.
    durations_s : mapping, optional
        Seconds by track id, for the share of a play that was heard.
    """
    durations = durations_s or {}
    opinions: dict[str, EventKind] = {}
    weights: dict[str, float] = {}
    for event in sorted(events, key=attrgetter("at", "event_id")):
        track, kind = event.track_id, event.kind
        before = weights.pop(track, 0.0)  # so that the track moves to the end
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
