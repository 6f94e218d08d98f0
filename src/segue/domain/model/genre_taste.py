"""Tracks of the genres that a listener plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.model.candidate_source import ReasonKind, ScoreParts
from segue.domain.model.member import SourceSpec, Step
from segue.domain.vector.top_n import distinct, top_n
from segue.errors import EmptyHistoryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.listening.history import History
    from segue.domain.vector.column import Labels

LEAST_PROMINENCE = 0.5
"""Weight of a match for a track that nobody plays; the most played track has weight 1."""

_SAMPLED_PER_ITEM = 2
_ROUNDING = 1e-5


@dataclass(frozen=True, slots=True)
class GenreIndex:
    """The tracks of every genre; from `build_genre_index`.

    Attributes
    ----------
    genres : Labels (n_items,)
        The genres of every track.
    weight : float32 (n_items,)
        What each genre of a track counts: its prominence, shared out among them.
    start : int64 (n_genres + 1,)
        Genre g has the tracks ``item_index[start[g] : start[g + 1]]``, the most prominent ones first.
    item_index : int32 (n_memberships,)
    faintness : float32 (n_memberships,)
        Minus the prominence of each, which therefore ascends within a genre.
    """

    genres: Labels
    weight: NDArray[np.float32]
    start: NDArray[np.int64]
    item_index: NDArray[np.int32]
    faintness: NDArray[np.float32]


def build_genre_index(genres: Labels, plays: NDArray[np.float32] | None = None) -> GenreIndex:
    """Sort tracks by genre and prominence; 15 ms for 100 000 tracks, so once for a version.

    Parameters
    ----------
    genres : Labels (n_items,)
    plays : float32 (n_items,), optional
        As `segue.domain.model.popularity.popularity.Popularity.all_time`. A genre has thousands of tracks
        that match alike: by ln(1 + plays) the prominence of a track goes from `LEAST_PROMINENCE` to 1, so
        that those come first that more people play. Without it every track has 1.
    """
    prominence = np.ones(len(genres), np.float32)
    if plays is not None:
        heard = np.log1p(np.maximum(plays, 0))
        share = heard / (heard.max(initial=0) or 1)
        prominence = (LEAST_PROMINENCE + (1 - LEAST_PROMINENCE) * share).astype(np.float32)
    item_index, start = genres.members()
    label = np.repeat(np.arange(len(start) - 1), np.diff(start))
    order = np.lexsort((-prominence[item_index], label))
    item_index = item_index[order]
    weight = (prominence / np.maximum(np.diff(genres.start), 1)).astype(np.float32)
    return GenreIndex(genres, weight, start, item_index, -prominence[item_index])


@dataclass(frozen=True, slots=True)
class GenreSource:
    """Tracks by how much of the listener's genres they have; from `genre_source`.

    Attributes
    ----------
    index : GenreIndex
    share : float64 (n_genres,)
        Share of each genre in the listener's taste. Sizes sum to 1; below 0 the listener dislikes the genre.
    """

    index: GenreIndex
    share: NDArray[np.float64]

    def best(self, n: int) -> NDArray[np.int32]:
        """Return up to ``n`` tracks with a score above 0, best first, int32.

        A score is at most the prominence times the greatest share of the track's genres. So the favourite
        genre's first tracks give a score that ``n`` reach, and of every genre only those need a look that can
        reach it too: exact, without reading most of them.
        """
        favourite = int(self.share.argmax())
        sample = self.scores(self._first(favourite, _SAMPLED_PER_ITEM * n))
        enough = np.partition(sample, len(sample) - n)[len(sample) - n] if 0 < n <= len(sample) else 0.0
        least = max(float(enough) * (1 - _ROUNDING), 0.0)
        liked = np.flatnonzero(self.share > 0).tolist()
        rows = distinct(np.concatenate([self._reaching(label, least) for label in liked]))
        scores = self.scores(rows)
        best = top_n(scores, n)
        return rows.take(best[scores.take(best) > 0])

    def scores(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score the tracks in ``rows``, float32 (m,) in [-1, 1].

        The mean of the shares of a track's genres, times its prominence.
        """
        labels, by = self.index.genres.index_of_all(rows)
        total = np.bincount(by, self.share.take(labels), minlength=len(rows))
        return total.astype(np.float32) * self.index.weight.take(rows)

    def reasons(self, rows: NDArray[np.int32]) -> list[ScoreParts]:
        """Split scores over the genres of the tracks."""
        labels, by = self.index.genres.index_of_all(rows)
        value = self.index.weight.take(rows).take(by) * self.share.take(labels)
        return [ScoreParts(ReasonKind.GENRE, by, value, labels, self.index.genres.names)]

    def _first(self, label: int, n: int) -> NDArray[np.int32]:
        start, end = self.index.start[label : label + 2].tolist()
        return self.index.item_index[start : min(start + n, end)]

    def _reaching(self, label: int, least: float) -> NDArray[np.int32]:
        start, end = self.index.start[label : label + 2].tolist()
        faintest = np.float32(-least / self.share[label])
        return self._first(label, int(self.index.faintness[start:end].searchsorted(faintest, side="right")))


def genre_source(index: GenreIndex, history: History) -> GenreSource:
    """Prepare the genres that a history is made of: each track counts by its confidence.

    Parameters
    ----------
    index : GenreIndex
    history : History
        A track's several genres share its confidence.

    Raises
    ------
    EmptyHistoryError
        Nothing in the history is liked and has a genre.
    """
    labels, by = index.genres.index_of_all(history.item_index)
    part = history.confidence.take(by) / np.bincount(by).take(by)
    total = np.bincount(labels, part, minlength=len(index.genres.names))
    if not (total > 0).any():
        raise EmptyHistoryError
    return GenreSource(index, total / np.abs(total).sum())


SOURCE = SourceSpec(
    "genre",
    50,
    lambda _, model, listener: genre_source(model.genre_index, listener.history),
    ladder={Step.GENRE: 1.0},
    similar=False,
)
"""Needs no family: the catalogue knows the genres."""
