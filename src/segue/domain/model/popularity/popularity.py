"""What everybody plays: the answer for listeners of whom nothing is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.domain.model.candidate_source import NAMELESS, ReasonKind, ScoreParts
from segue.domain.model.member import Member, SourceSpec, Step
from segue.domain.vector.top_n import top_n
from segue.errors import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.domain.recommend.recommender import Recommender, RecommendFor


N_FIRST = 4096
"""More tracks than any list asks popularity for."""


@dataclass(frozen=True, slots=True)
class Popularity:
    """How popular each item is, for ever and lately, and which items each genre has.

    Attributes
    ----------
    all_time : float32 (n_items,)
        Sum of the weights of an item's events.
    trending : float32 (n_items,)
        The same with older events counting less; equal to ``all_time`` where events carry no time.
    genre_start : int64 (n_genres + 1,)
        Genre g has the items ``genre_item[genre_start[g] : genre_start[g + 1]]``.
    genre_item : int32 (n_memberships,)
        Items, ascending within each genre; an item may have several genres or none.
    """

    all_time: NDArray[np.float32]
    trending: NDArray[np.float32]
    genre_start: NDArray[np.int64]
    genre_item: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Membership:
    """Which item has which genre, one pair per row; each int32 (n_memberships,), without repeats."""

    item_index: NDArray[np.int32]
    genre_index: NDArray[np.int32]


def build_popularity(
    all_time: NDArray[np.float32],
    trending: NDArray[np.float32] | None = None,
    genres: Membership | None = None,
) -> Popularity:
    """Join what `count_events` and `decay_events` found with the genres of the items, where known."""
    none = np.empty(0, np.int32)
    genres = Membership(none, none) if genres is None else genres
    order = np.lexsort((genres.item_index, genres.genre_index))
    start = np.concatenate([[0], np.cumsum(np.bincount(genres.genre_index))]).astype(np.int64)
    return Popularity(all_time, all_time if trending is None else trending, start, genres.item_index[order])


def count_events(
    item_index: NDArray[np.int32], n_items: int, weight: NDArray[np.float64] | None = None
) -> NDArray[np.float32]:
    """Add up the events of each item, float32 (n_items,), each 1 or its ``weight`` float64 (n_events,)."""
    return np.bincount(item_index, weight, minlength=n_items).astype(np.float32)


def decay_events(
    item_index: NDArray[np.int32], age_s: NDArray[np.float64], n_items: int, half_life_s: float
) -> NDArray[np.float32]:
    """Add up events that lose half their weight every ``half_life_s`` seconds, float32 (n_items,).

    Raises
    ------
    InvalidInputError
        The half-life is not positive, or an event lies in the future: fix the clock that wrote it.
    """
    if half_life_s <= 0:
        raise InvalidInputError(f"half_life_s is {half_life_s}: give a positive number of seconds.")
    if (age_s < 0).any():
        raise InvalidInputError(f"an event lies {-age_s.min():.0f} s in the future: fix its time.")
    return count_events(item_index, n_items, np.exp2(-age_s / half_life_s))


def popularity_scores(
    popularity: Popularity, *, trending: bool = False, genre_index: int | None = None
) -> NDArray[np.float32]:
    """Score every item, float32 (n_items,), -inf for those outside the genre if one is given.

    Raises
    ------
    InvalidInputError
        There is no such genre: ask for one that the catalogue has.
    """
    scores = popularity.trending if trending else popularity.all_time
    if genre_index is None:
        return scores.copy()
    n_genres = len(popularity.genre_start) - 1
    if not 0 <= genre_index < n_genres:
        raise InvalidInputError(f"genre {genre_index} is not among the {n_genres} of the catalogue.")
    start, end = popularity.genre_start[genre_index : genre_index + 2]
    members = popularity.genre_item[start:end]
    inside = np.full(len(scores), -np.inf, np.float32)
    inside[members] = scores[members]
    return inside


def most_played(plays: NDArray[np.float32]) -> NDArray[np.int32]:
    """Return the first tracks by plays, int32 (≤ `N_FIRST`,), the same for everybody: once for a version."""
    return top_n(plays, N_FIRST)


@dataclass(frozen=True, slots=True)
class PopularitySource:
    """What everybody plays, as a source of candidates.

    Attributes
    ----------
    plays : float32 (n_items,)
        `Popularity.all_time` or `Popularity.trending`.
    kind : ReasonKind
        POPULAR or TRENDING.
    first : int32 (any,), optional
        From `most_played`: without it, every call looks for the best anew.
    """

    plays: NDArray[np.float32]
    kind: ReasonKind = ReasonKind.POPULAR
    first: NDArray[np.int32] | None = None

    def best(self, n: int) -> NDArray[np.int32]:
        """Return up to ``n`` tracks that were played at all, most played first, int32."""
        best = top_n(self.plays, n) if self.first is None or n > len(self.first) else self.first[:n]
        return best[self.plays.take(best) > 0]

    def scores(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score the tracks in ``rows``, float32 (m,): ln(1 + plays), as plays differ by magnitudes."""
        return np.log1p(np.maximum(self.plays.take(rows), 0))

    def reasons(self, rows: NDArray[np.int32]) -> list[ScoreParts]:
        """Name popularity as the one reason."""
        at = np.arange(len(rows))
        return [ScoreParts(self.kind, at, self.scores(rows), np.zeros_like(at), NAMELESS)]


def _build(n_items: int, *arrays: NDArray[Any]) -> Popularity:
    model = Popularity(*arrays)
    start, item = model.genre_start, model.genre_item
    if not (
        model.all_time.shape == model.trending.shape == (n_items,)
        and start[:1].tolist() == [0]
        and start[-1] == len(item)
        and (np.diff(start) >= 0).all()
        and (not len(item) or 0 <= item.min() <= item.max() < n_items)
    ):
        raise InvalidInputError(f"the arrays do not describe {n_items} items and their genres")
    return model


def _source(name: str, place: int, ladder: dict[Step, float], kind: ReasonKind) -> SourceSpec:
    def prepare(model: Popularity, recommender: Recommender, _: RecommendFor) -> PopularitySource:
        is_trending = kind is ReasonKind.TRENDING
        plays, first = (model.trending, 0) if is_trending else (model.all_time, 1)
        return PopularitySource(plays, kind, recommender.first[first])

    return SourceSpec(name, place, prepare, ladder, personal=False, alike=False, similar=False)


MEMBER = Member(
    name="popularity",
    arrays={
        "all_time": (np.floating, 1),
        "trending": (np.floating, 1),
        "genre_start": (np.integer, 1),
        "genre_item": (np.integer, 1),
    },
    take_apart=lambda model: (
        (model.all_time, model.trending, model.genre_start, model.genre_item),
        {},
    ),
    build=_build,
    sources=(
        _source("trending", 70, {Step.POPULARITY: 1.0}, ReasonKind.TRENDING),
        _source("popularity", 80, {Step.GENRE: 0.1, Step.POPULARITY: 0.1}, ReasonKind.POPULAR),
    ),
)
