"""Tracks of the genres that a listener plays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.candidates import top_n
from segue.domain.source import Reason, ReasonKind
from segue.errors import EmptyHistoryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.history import History
    from segue.domain.text import Labels

LEAST_PROMINENCE = 0.5
"""What a match counts for a track that nobody plays, beside 1 for the most played one."""


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
        Genre g has the tracks ``item_index[start[g] : start[g + 1]]``.
    item_index : int32 (n_memberships,)
    """

    genres: Labels
    weight: NDArray[np.float32]
    start: NDArray[np.int64]
    item_index: NDArray[np.int32]


def build_genre_index(genres: Labels, plays: NDArray[np.float32] | None = None) -> GenreIndex:
    """Sort tracks by genre; 5 ms for 100 000 tracks, so once for a version.

    Parameters
    ----------
    genres : Labels (n_items,)
    plays : float32 (n_items,), optional
        As `segue.domain.popularity.Popularity.all_time`. A genre has thousands of tracks that match alike: by
        ln(1 + plays) the prominence of a track goes from `LEAST_PROMINENCE` to 1, so that those come first
        that more people play. Without it every track has 1.
    """
    prominence = np.ones(len(genres))
    if plays is not None:
        heard = np.log1p(np.maximum(plays, 0))
        prominence = LEAST_PROMINENCE + (1 - LEAST_PROMINENCE) * heard / (heard.max(initial=0) or 1)
    item_index, start = genres.members()
    weight = (prominence / np.maximum(np.diff(genres.start), 1)).astype(np.float32)
    return GenreIndex(genres, weight, start, item_index)


@dataclass(frozen=True)
class GenreSource:
    """Tracks by how much of the listener's genres they have; from `genre_source`.

    Attributes
    ----------
    index : GenreIndex
    share : float64 (n_genres,)
        Of each genre in the listener's taste; sizes sum to 1, below 0 what they dislike.
    """

    index: GenreIndex
    share: NDArray[np.float64]

    def best(self, n: int) -> NDArray[np.int32]:
        """Return up to ``n`` tracks with a score above 0, best first, int32."""
        best = top_n(self._all, n)
        return best[self._all[best] > 0]

    def scores(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score the tracks in ``rows``, float32 (m,) in [-1, 1].

        The mean of the shares of a track's genres, times its prominence.
        """
        return self._all[rows]

    def reasons(self, row: int) -> list[Reason]:
        """Split a score over the genres of the track, greatest part first."""
        genres, weight = self.index.genres, float(self.index.weight[row])
        labels = genres.index_of(row)
        parts = zip(labels.tolist(), self.share[labels].tolist(), strict=True)
        told = [Reason(ReasonKind.GENRE, weight * part, genres.names[label]) for label, part in parts if part]
        return sorted(told, key=lambda reason: -reason.contribution)

    @cached_property
    def _all(self) -> NDArray[np.float32]:
        index, spoken = self.index, np.flatnonzero(self.share)
        rows = [index.item_index[index.start[label] : index.start[label + 1]] for label in spoken.tolist()]
        voice = np.repeat(self.share[spoken], [len(part) for part in rows])
        total = np.bincount(np.concatenate(rows), voice, minlength=len(index.weight))
        return total.astype(np.float32) * index.weight


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
    labels = index.genres
    start = labels.start[history.item_index]
    length = labels.start[history.item_index.astype(np.int64) + 1] - start
    place = np.arange(length.sum()) + np.repeat(start - (np.cumsum(length) - length), length)
    part = np.repeat(history.confidence / np.maximum(length, 1), length)
    total = np.bincount(labels.label_index[place], part, minlength=len(labels.names))
    if not (total > 0).any():
        raise EmptyHistoryError
    return GenreSource(index, total / np.abs(total).sum())
