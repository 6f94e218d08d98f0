"""The next tracks of a station: relevant, smooth, and none twice before all were played.

A station walks down the ranking of the catalogue by score. At each step it looks at the best
`StationRules.pool` tracks that it has not played and takes the greatest

    variety · noise(seed, track) - rank / pool - cost of the transition from the last track,

among those whose artists were not among the last `StationRules.artist_gap` tracks. Where less than
`LEAST_CHOICE` of the pool are such tracks it widens, up to the whole catalogue; where that has none, the
track comes next whose artists rested longest.
The rank, not the score, counts: scores of different models have different units.

What is next depends on scores, on what was played and on the seed; not on how many are asked at a time.
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
"""Of a pool that must be free to be played: among one or two none may follow smoothly."""


@dataclass(frozen=True, slots=True)
class StationRules:
    """How a station chooses; going from the first to the last rank of the pool weighs 1.

    Attributes
    ----------
    pool : int
        How many of the best unplayed tracks are looked at.
    artist_gap : int
        How many tracks of others come between two of an artist, wherever the catalogue allows.
    variety : float
        What chance weighs, so that two seeds make two stations.
    smoothness : Smoothness
        What a change of tempo, key and energy weighs.
    """

    pool: int = 200
    artist_gap: int = 10
    variety: float = 0.2
    smoothness: Smoothness = field(default_factory=Smoothness)


@dataclass(frozen=True, slots=True)
class Station:
    """What a station plays from.

    Attributes
    ----------
    catalogue : Catalogue
        Only the rows of the pool are read.
    scores : float32 (n_items,)
        How well each track fits the station, without NaN, in any unit; -inf for tracks it never plays.
    recording : int32 (n_items,)
        From `segue.domain.catalogue.recording`: none is played twice, whatever ids it has.
    seed : int
        Another one makes another station of the same scores.
    rules : StationRules
    """

    catalogue: Catalogue
    scores: NDArray[np.float32]
    recording: NDArray[np.int32]
    seed: int = 0
    rules: StationRules = field(default_factory=StationRules)


@dataclass(frozen=True, slots=True)
class StationHistory:
    """What a station has played.

    Attributes
    ----------
    rows : int32 (n,)
        Every track, ascending.
    recent : tuple of int
        Rows of the latest, the last one last: as many as keep artists apart.
    """

    rows: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    recent: tuple[int, ...] = ()

    def again(self, never: Sequence[int] = ()) -> StationHistory:
        """Return what counts as played when a station begins again: the last, and what never comes."""
        return StationHistory(np.unique(np.array([*self.recent[-1:], *never], np.int32)), self.recent)

    def then(self, rows: Sequence[int], rules: StationRules) -> StationHistory:
        """Return what has been played after some more tracks, in their order."""
        recent = (*self.recent, *rows)[-max(rules.artist_gap, 1) :]
        return StationHistory(np.union1d(self.rows, np.array(rows, np.int32)), recent)


@dataclass(frozen=True, slots=True)
class Programme:
    """What comes next: ``rows`` in playing order, and whether nothing is left after them."""

    rows: tuple[int, ...]
    exhausted: bool


def next_tracks(station: Station, played: StationHistory, n: int) -> Programme:
    """Choose the next ``n`` tracks of a station, fewer when everything has been played.

    A track that the station starts from belongs to ``played``: the first one then follows it smoothly.
    """
    queue = _Queue(station, played, spare=n)
    artists = station.catalogue.artists
    latest = np.full(len(artists.names) + 1, NEVER)  # the last one is nobody's: for tracks without artists
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
    """Find what was played, by track id, in another version of the catalogue; what it lost is dropped."""
    rows = new.index_of(old.item_id[played.rows].tolist())
    recent = new.index_of(old.item_id[list(played.recent)].tolist()) if played.recent else rows[:0]
    return StationHistory(np.sort(rows[rows >= 0]), tuple(recent[recent >= 0].tolist()))


def _choose(queue: _Queue, latest: NDArray[np.int64], step: int, last: TransitionSound) -> int | None:
    """Position in the queue of the next track, None if there is none."""
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
    """The best unplayed tracks, best first, with what choosing among them needs; grows when asked to."""

    def __init__(self, station: Station, played: StationHistory, spare: int) -> None:
        self.station, self._spare = station, spare
        self._heard = np.zeros(len(station.recording), bool)  # by recording
        self._heard[station.recording[played.rows]] = True
        self._is_whole = False
        self.rows = np.empty(0, np.int32)
        self._open = np.empty(0, bool)

    def first(self, width: int) -> NDArray[np.intp]:
        """Return the positions of the ``width`` best that are not taken, fewer if no more are left."""
        places = np.flatnonzero(self._open)
        if len(places) < width and not self._is_whole:
            self._read(width + self._spare)
            places = np.flatnonzero(self._open)
        return places[:width]

    def take(self, place: int) -> int:
        """Drop a track with its copies, and return its row."""
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
        # A track without artists gets nobody, -1: reduceat knows no empty groups.
        of_each = [artists.index_of(row).tolist() or [-1] for row in self.rows.tolist()]
        self._artist = np.array([artist for each in of_each for artist in each], np.int64)
        lengths = np.array([len(each) for each in of_each], np.int64)
        self._start = np.cumsum(lengths) - lengths
