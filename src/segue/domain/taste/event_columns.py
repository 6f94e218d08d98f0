"""One listener's events as columns, and how much they count for each track."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.listening.event import EVENT_KINDS, WEIGHTS, EventKind, weight_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.event import Event

NAMED = WEIGHTS[EventKind.LIKE]
"""Weight of a track that the request names, in whole plays; the same as a like."""

_NEVER = 0.0
"""Seconds since 1970 that `segue.sources.dataset.history` writes for an event whose time is unknown."""
_CODE = {kind: code for code, kind in enumerate(EVENT_KINDS)}
_PLAY, _SKIP = _CODE[EventKind.PLAY], _CODE[EventKind.SKIP]
_LIKE, _DISLIKE = _CODE[EventKind.LIKE], _CODE[EventKind.DISLIKE]


@dataclass(frozen=True, slots=True)
class Support:
    """The events that a figure rests on.

    Attributes
    ----------
    events : int
        Number of events that count for a track; each named track is one.
    tracks : int
    hours : float
        Hours heard in these events, as far as known.
    """

    events: int
    tracks: int
    hours: float


@dataclass(frozen=True, slots=True)
class Lack:
    """Why a part of the profile is missing."""

    reason: str
    support: Support


@dataclass(frozen=True, slots=True)
class EventColumns:
    """One listener's events, oldest first, and their tracks.

    Attributes
    ----------
    track_ids : tuple of str (n_tracks,)
    row : int32 (n_tracks,)
        Catalogue row; `UNKNOWN_ITEM` where the catalogue does not have the track.
    weight : float64 (n_tracks,)
        Weight in the taste, in whole plays; 0 where the track is disliked, or skips outweigh plays.
    track : int32 (n_events,)
        Position of each event's track in the columns above.
    kind : int8 (n_events,)
        Positions in `segue.domain.listening.event.EVENT_KINDS`.
    at : float64 (n_events,)
        Seconds since 1970 in UTC. It is NaN for named tracks, which come last, and for imported events
        without a time, which come first.
    count : float64 (n_events,)
        How many such events each row counts for.
    seconds : float64 (n_events,)
        Seconds heard; 0 where unknown.
    taste : float64 (n_events,)
        Part of its track's weight that each event adds, ≥ 0.
    """

    track_ids: tuple[str, ...]
    row: NDArray[np.int32]
    weight: NDArray[np.float64]
    track: NDArray[np.int32]
    kind: NDArray[np.int8]
    at: NDArray[np.float64]
    count: NDArray[np.float64]
    seconds: NDArray[np.float64]
    taste: NDArray[np.float64]

    @property
    def liked(self) -> NDArray[np.bool_]:
        """Return which tracks have a weight and are in the catalogue, bool (n_tracks,)."""
        return np.asarray((self.weight > 0) & (self.row != UNKNOWN_ITEM))

    @property
    def unknown(self) -> tuple[str, ...]:
        """Return the tracks that the catalogue does not have."""
        return tuple(self.track_ids[place] for place in np.flatnonzero(self.row == UNKNOWN_ITEM).tolist())

    def support(self, tracks: NDArray[np.bool_]) -> Support:
        """Count the events that add weight to the selected tracks, bool (n_tracks,)."""
        return self.support_of_events(tracks[self.track] & (self.taste > 0))

    def support_of_events(self, events: NDArray[np.bool_]) -> Support:
        """Count the selected events, bool (n_events,)."""
        return Support(
            round(float(self.count[events].sum())),
            int(np.count_nonzero(np.bincount(self.track[events]))),
            float(self.seconds[events].sum()) / 3600,
        )


def build_event_columns(
    catalogue: Catalogue, events: Sequence[Event], named: Sequence[str] = ()
) -> EventColumns:
    """Put events into columns, and add up the weight of each track.

    As in `segue.domain.listening.event.build_listening`, only the last like or dislike of a track counts. If
    it is a dislike, the track's weight is 0. Skips reduce what the other events of the track add, all in the
    same proportion; a weight is never below 0.

    Parameters
    ----------
    catalogue : Catalogue
    events : sequence of Event
        One listener's events in any order.
    named : sequence of str
        More tracks; each counts as a like, later than all events.
    """
    done = sorted(events, key=attrgetter("at", "event_id"))
    n_named = len(named)
    columns = map(attrgetter("track_id", "kind", "at", "count", "ms_played"), done)
    tracks, kinds, times, counts, heard_ms = zip(*columns, strict=True) if done else ((),) * 5
    number: dict[str, int] = {}
    track = np.array([number.setdefault(each, len(number)) for each in (*tracks, *named)], np.int32)
    ids = tuple(number)
    kind = np.array([*(_CODE[each] for each in kinds), *[_LIKE] * n_named], np.int8)
    at = np.array([*map(datetime.timestamp, times), *[np.nan] * n_named])
    at[at == _NEVER] = np.nan
    count = np.array([*counts, *[1.0] * n_named])
    ms = np.array([*(-1 if each is None else each for each in heard_ms), *[-1] * n_named], np.int32)
    row = _rows(catalogue, ids)
    duration = np.where(row[track] == UNKNOWN_ITEM, np.float32(np.nan), catalogue.duration_s[row[track]])
    taste, weight = _taste(track, kind, weight_of(kind, ms, duration) * count, len(ids))
    return EventColumns(ids, row, weight, track, kind, at, count, _heard_s(kind, ms, duration) * count, taste)


def _rows(catalogue: Catalogue, ids: tuple[str, ...]) -> NDArray[np.int32]:
    order = sorted(range(len(ids)), key=ids.__getitem__)  # a search in sorted order is faster
    row = np.empty(len(ids), np.int32)
    row[order] = catalogue.vocabulary.index_of([ids[place] for place in order])
    return row


def _heard_s(
    kind: NDArray[np.int8], ms: NDArray[np.int32], duration_s: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return the seconds heard, float64 (n_events,); a play without them counts as the whole track."""
    whole = np.where(kind == _PLAY, np.nan_to_num(duration_s.astype(np.float64)), 0)
    heard = np.where(ms >= 0, ms / 1000, whole)
    return np.where((kind == _PLAY) | (kind == _SKIP), heard, 0)


def _taste(
    track: NDArray[np.int32], kind: NDArray[np.int8], weight: NDArray[np.float64], n_tracks: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what each event adds to its track, float64 (n_events,), and the sums, float64 (n_tracks,)."""
    opinion = np.flatnonzero((kind == _LIKE) | (kind == _DISLIKE))
    last = np.full(n_tracks, -1)
    last[track[opinion]] = opinion  # the last opinion of a track overwrites earlier ones
    final = last[last >= 0]
    weight = weight.copy()
    weight[opinion] = 0
    weight[final] = np.where(kind[final] == _LIKE, NAMED, 0)
    total = np.maximum(np.bincount(track, weight, n_tracks), 0)
    total[track[final[kind[final] == _DISLIKE]]] = 0
    positive = np.maximum(weight, 0)
    gross = np.bincount(track, positive, n_tracks)
    return positive * (total / np.where(gross > 0, gross, 1))[track], total
