"""Choose the next tracks of a station: relevant, with smooth transitions, and without repeats.

The pool is the best `StationRules.pool` tracks by score that the station has not played. Tracks whose artists
are among the last `StationRules.artist_gap` tracks are left out. Of the others, the next track is the one
with the greatest

    variety · noise(seed, track) - rank / pool - cost of the transition from the last track.

If less than `LEAST_CHOICE` of the pool is left, the pool grows, up to the whole catalogue. If nothing is
left, the track whose artists rested longest comes next. The rank counts and not the score, because scores of
different models have different units.

The next track depends on the scores, the tracks played and the seed, and not on the size of a request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.radio.transition import Smoothness, build_sound, transition_cost
from segue.domain.vector.seeded_draw import uniform
from segue.domain.vector.top_n import top_n

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.radio.transition import TransitionSound

NEVER = -(2**31)
LEAST_CHOICE = 0.1
"""Minimum share of the pool that may be played; among too few tracks, none may follow smoothly."""


@dataclass(frozen=True, slots=True)
class StationRules:
    """Weights of a station's choice; the difference between the first and the last rank of the pool is 1.

    Attributes
    ----------
    pool : int
        Number of the best unplayed tracks that are compared.
    artist_gap : int
        Number of tracks between two of the same artist, if the catalogue allows it.
    variety : float
        Weight of the random part, so that two seeds make two stations.
    smoothness : Smoothness
        Weights of changes of tempo, key and energy.
    """

    pool: int = 200
    artist_gap: int = 10
    variety: float = 0.2
    smoothness: Smoothness = field(default_factory=Smoothness)


@dataclass(frozen=True, slots=True)
class Station:
    """The catalogue and scores of a station.

    Attributes
    ----------
    catalogue : Catalogue
        Only the rows of the pool are read.
    scores : float32 (n_items,)
        How well each track fits the station, in any unit; never NaN, -inf for tracks that are never played.
    recording : int32 (n_items,)
        From `segue.domain.catalogue.recording`; no recording is played twice, whatever its ids.
    seed : int
        Another seed makes another station from the same scores.
    rules : StationRules
    """

    catalogue: Catalogue
    scores: NDArray[np.float32]
    recording: NDArray[np.int32]
    seed: int = 0
    rules: StationRules = field(default_factory=StationRules)


@dataclass(frozen=True, slots=True)
class StationHistory:
    """The tracks that a station has played.

    Attributes
    ----------
    rows : int32 (n,)
        Rows of all tracks, ascending.
    recent : tuple of int
        Rows of the latest tracks in playing order; as many as the artist gap needs.
    """

    rows: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    recent: tuple[int, ...] = ()

    def again(self, never: Sequence[int] = ()) -> StationHistory:
        """Return the history of a station that starts again: the last track and those in ``never``."""
        return StationHistory(np.unique(np.array([*self.recent[-1:], *never], np.int32)), self.recent)

    def then(self, rows: Sequence[int], rules: StationRules) -> StationHistory:
        """Return the history after some more tracks, given in playing order."""
        recent = (*self.recent, *rows)[-max(rules.artist_gap, 1) :]
        return StationHistory(np.union1d(self.rows, np.array(rows, np.int32)), recent)


@dataclass(frozen=True, slots=True)
class Programme:
    """The next tracks: ``rows`` in playing order, and whether no track is left after them."""

    rows: tuple[int, ...]
    exhausted: bool


def next_tracks(station: Station, played: StationHistory, n: int) -> Programme:
    """Choose the next ``n`` tracks of a station, fewer if all have been played.

    A seed track belongs to ``played``, so that the first track follows it smoothly.
    """
    queue = _Queue(station, played, spare=n)
    artists = station.catalogue.artists
    latest = np.full(len(artists.names) + 1, NEVER)  # the last element is for tracks without artists
    for step, row in enumerate(played.recent, -len(played.recent)):
        latest[artists.index_of(row)] = step
    last = build_sound(station.catalogue.audio[list(played.recent[-1:])])
    chosen: list[int] = []
    while len(chosen) < n and (place := _choose(queue, latest, len(chosen), last)) is not None:
        latest[artists.index_of(queue.rows[place])] = len(chosen)
        last = queue.sound[place : place + 1]
        chosen.append(queue.take(place))
    return Programme(tuple(chosen), exhausted=not queue.first(1).size)


def follow(played: StationHistory, old: Vocabulary, new: Vocabulary) -> StationHistory:
    """Find the tracks played in another version of the catalogue, by track id; missing ones are dropped."""
    rows = new.index_of(old.item_id[played.rows].tolist())
    recent = new.index_of(old.item_id[list(played.recent)].tolist()) if played.recent else rows[:0]
    return StationHistory(np.sort(rows[rows >= 0]), tuple(recent[recent >= 0].tolist()))


def _choose(queue: _Queue, latest: NDArray[np.int64], step: int, last: TransitionSound) -> int | None:
    """Return the next track's position in the queue, or None if no track is left."""
    rules = queue.station.rules
    width = rules.pool
    while True:
        places = queue.first(width)
        if not len(places):
            return None
        rested = step - queue.latest(latest)[places]
        free = rested > rules.artist_gap
        if free.sum() >= LEAST_CHOICE * rules.pool or len(places) < width:
            break
        width *= 2
    if not free.any():
        free = rested == rested.max()
    merit = rules.variety * queue.noise[places] - np.arange(len(places)) / rules.pool
    if len(last.energy):
        merit -= transition_cost(last, queue.sound[places], rules.smoothness)
    merit[~free] = -np.inf
    return int(places[np.argmax(merit)])


class _Queue:
    """The best unplayed tracks, best first, with their sound and artists; it grows on demand."""

    def __init__(self, station: Station, played: StationHistory, spare: int) -> None:
        self.station, self._spare = station, spare
        self._heard = np.zeros(len(station.recording), bool)  # by recording
        self._heard[station.recording[played.rows]] = True
        self._is_whole = False
        self.rows = np.empty(0, np.int32)
        self._open = np.empty(0, bool)

    def first(self, width: int) -> NDArray[np.intp]:
        """Return the positions of the ``width`` best tracks not taken, fewer if no more are left."""
        places = np.flatnonzero(self._open)
        if len(places) < width and not self._is_whole:
            self._read(width + self._spare)
            places = np.flatnonzero(self._open)
        return places[:width]

    def take(self, place: int) -> int:
        """Remove a track and its copies, and return its row."""
        row = int(self.rows[place])
        self._heard[self.station.recording[row]] = True
        self._open &= ~self._heard[self.station.recording[self.rows]]
        return row

    def latest(self, by_artist: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the greatest value of each track's artists, int64 (n,)."""
        return np.maximum.reduceat(by_artist[self._artist], self._start)

    def _read(self, n: int) -> None:
        station = self.station
        left = np.where(self._heard[station.recording], np.float32(-np.inf), station.scores)
        self.rows = top_n(left, n)
        self._is_whole = len(self.rows) < n
        self._open = np.ones(len(self.rows), bool)
        self.noise = uniform(station.seed, self.rows)
        self.sound = build_sound(station.catalogue.audio[self.rows])
        artists = station.catalogue.artists
        # A track without artists gets -1, because reduceat does not support empty groups.
        of_each = [artists.index_of(row).tolist() or [-1] for row in self.rows.tolist()]
        self._artist = np.array([artist for each in of_each for artist in each], np.int64)
        lengths = np.array([len(each) for each in of_each], np.int64)
        self._start = np.cumsum(lengths) - lengths
