"""Applies a listener's exclusions to a catalogue; no other module does.

Every answer and every fit uses the events from here, and no answer contains a track of `Excluded.blocked`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

import numpy as np

from segue.domain.catalogue.broad_genre import BroadGenre, genre_mask
from segue.domain.catalogue.name_key import artist_key, genre_key
from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM
from segue.domain.listening.event import OPINIONS, EventKind
from segue.domain.listening.exclusion import ExclusionKind, Target, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.listening.event import Event
    from segue.domain.listening.exclusion import Exclusion, ListenerRecord
    from segue.domain.vector.column import Labels

_NO_ROWS = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class Excluded:
    """The events of a listener that remain, and the tracks that no answer may contain.

    Attributes
    ----------
    events : sequence of Event
        Events that count. Dislikes of ignored tracks still count: ignoring a track does not bring it back.
    blocked : int32 (n,)
        Rows of the catalogue that no answer may contain, ascending.
    blocked_by : mapping of Target to int
        How many tracks the blocked artists have, and how many the blocked genres.
    n_events : int
        Number of events that do not count.
    exclusions : sequence of Exclusion
        Exclusions in force.
    """

    events: Sequence[Event]
    blocked: NDArray[np.int32] = field(default_factory=_NO_ROWS.copy)
    blocked_by: Mapping[Target, int] = field(default_factory=dict)
    n_events: int = 0
    exclusions: Sequence[Exclusion] = ()

    def blocks(self, target: Target, name: str) -> bool:
        """Whether the listener blocked an artist or a genre of this name, in any spelling."""
        asked = key_of(ExclusionKind.BLOCK, target, name)
        return any(each.key == asked for each in self.exclusions)


class Described(Protocol):
    """Tracks with names of artists and genres: a catalogue, or the tracks of a clustering."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The track ids."""

    @property
    def artists(self) -> Labels:
        """The artists of each track."""

    @property
    def genres(self) -> Labels:
        """The genres of each track."""


def apply_exclusions(catalogue: Described, record: ListenerRecord) -> Excluded:
    """Leave out the events that do not count, and look up the tracks that no answer may contain."""
    if not record.exclusions:
        return Excluded(record.events)
    names = _names_of(catalogue)
    rows = {
        (rule, target): names.rows(target, _values(record.exclusions, rule, target))
        for rule in (ExclusionKind.BLOCK, ExclusionKind.IGNORE)
        for target in (Target.ARTIST, Target.GENRE)
    }
    by = {target: rows[ExclusionKind.BLOCK, target] for target in (Target.ARTIST, Target.GENRE)}
    blocked = np.union1d(*by.values()).astype(np.int32)
    ignored = np.concatenate([rows[ExclusionKind.IGNORE, target] for target in by])
    events = _remaining(catalogue, record, blocked, ignored)
    return Excluded(
        events,
        blocked,
        {target: len(found) for target, found in by.items() if len(found)},
        len(record.events) - len(events),
        record.exclusions,
    )


def _remaining(
    catalogue: Described,
    record: ListenerRecord,
    blocked: NDArray[np.int32],
    ignored: NDArray[np.int32],
) -> list[Event]:
    tracks = sorted({event.track_id for event in record.events})
    row = catalogue.vocabulary.index_of(tracks)
    known = row != UNKNOWN_ITEM
    named = set(_values(record.exclusions, ExclusionKind.IGNORE, Target.TRACK))
    is_blocked = dict(zip(tracks, (known & np.isin(row, blocked)).tolist(), strict=True))
    is_ignored = dict(zip(tracks, (known & np.isin(row, ignored)).tolist(), strict=True))
    spans = [each.span for each in record.exclusions if each.target is Target.TIME]
    # A dislike counts even if it is ignored: the track must not come back.
    counts = [
        event
        for event in record.events
        if not is_blocked[event.track_id]
        and (event.kind is EventKind.DISLIKE or not any(begin <= event.at < end for begin, end in spans))
    ]
    dislikes = _standing_dislikes(counts)
    return [
        event
        for event in counts
        if not (is_ignored[event.track_id] or event.track_id in named) or event.event_id in dislikes
    ]


def _standing_dislikes(events: Iterable[Event]) -> set[str]:
    last: dict[str, Event] = {}
    for event in events:
        if event.kind in OPINIONS:
            before = last.get(event.track_id, event)
            last[event.track_id] = max(before, event, key=lambda each: (each.at, each.event_id))
    return {event.event_id for event in last.values() if event.kind is EventKind.DISLIKE}


def _values(exclusions: Iterable[Exclusion], rule: ExclusionKind, target: Target) -> list[str]:
    return [each.value for each in exclusions if each.rule is rule and each.target is target]


class _Names:
    """Rows of a catalogue by artist and genre name; indexed when a listener first excludes one."""

    def __init__(self, catalogue: Described) -> None:
        self._artists, self._genres = catalogue.artists, catalogue.genres
        self._of_genre: dict[str, NDArray[np.int32]] = {}

    def rows(self, target: Target, values: Sequence[str]) -> NDArray[np.int32]:
        """Return the tracks of any of these artists, or of these genres, int32 (n,), ascending."""
        find = self._artist if target is Target.ARTIST else self._genre
        found = [find(value) for value in values]
        return np.unique(np.concatenate(found)) if found else _NO_ROWS

    def _artist(self, name: str) -> NDArray[np.int32]:
        row, start = self._by_artist
        labels = self._labels_by_key.get(artist_key(name), ())
        return np.concatenate([_NO_ROWS, *(row[start[label] : start[label + 1]] for label in labels)])

    def _genre(self, name: str) -> NDArray[np.int32]:
        """Return the same tracks as a request for this genre; none if the genre is unknown."""
        key = genre_key(name)
        if key not in self._genre_keys:
            return _NO_ROWS
        if key not in self._of_genre:
            self._of_genre[key] = np.flatnonzero(genre_mask(self._genres, name)).astype(np.int32)
        return self._of_genre[key]

    @cached_property
    def _by_artist(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        return self._artists.members()

    @cached_property
    def _labels_by_key(self) -> dict[str, list[int]]:
        """Labels of each artist; all spellings of a name are one artist. It takes 5 µs per name."""
        labels: dict[str, list[int]] = {}
        for label, name in enumerate(self._artists.names):
            labels.setdefault(artist_key(name), []).append(label)
        return labels

    @cached_property
    def _genre_keys(self) -> frozenset[str]:
        return frozenset(genre_key(name) for name in (*self._genres.names, *BroadGenre))


_NAMES: WeakKeyDictionary[Described, _Names] = WeakKeyDictionary()


def _names_of(catalogue: Described) -> _Names:
    if (names := _NAMES.get(catalogue)) is None:
        names = _NAMES[catalogue] = _Names(catalogue)
    return names
