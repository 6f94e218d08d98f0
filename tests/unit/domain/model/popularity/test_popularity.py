"""What everybody plays, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from segue.domain.model.popularity.popularity import (
    N_FIRST,
    Membership,
    PopularitySource,
    build_popularity,
    count_events,
    decay_events,
    most_played,
    popularity_scores,
)
from segue.errors import InvalidInputError

EVENTS = np.array([0, 2, 2, 0, 2, 1], np.int32)
AGE_S = np.array([0, 10, 20, 10, 40, 30], np.float64)


def test_all_time_counts_events_or_their_weights() -> None:
    assert count_events(EVENTS, 4).tolist() == [2, 1, 3, 0]
    assert count_events(EVENTS, 4, np.arange(6.0)).tolist() == [3, 5, 7, 0]


def test_trending_halves_with_every_half_life() -> None:
    trending = decay_events(EVENTS, AGE_S, 4, half_life_s=10)
    assert trending.tolist() == [1.5, 0.125, 0.5 + 0.25 + 0.0625, 0]


def test_genres_have_their_members_only_and_items_may_have_several() -> None:
    genres = Membership(np.array([2, 0, 2, 3], np.int32), np.array([0, 0, 2, 2], np.int32))
    popularity = build_popularity(count_events(EVENTS, 4), decay_events(EVENTS, AGE_S, 4, 10), genres)
    assert popularity_scores(popularity, genre_index=0).tolist() == [2, -np.inf, 3, -np.inf]
    assert popularity_scores(popularity, genre_index=1).tolist() == [-np.inf] * 4
    assert popularity_scores(popularity, genre_index=2, trending=True).tolist()[2:] == [0.8125, 0]
    with pytest.raises(InvalidInputError, match="genre 3 is not among the 3"):
        popularity_scores(popularity, genre_index=3)


def test_without_times_or_genres_there_is_all_time_alone() -> None:
    popularity = build_popularity(count_events(EVENTS, 4))
    scores = popularity_scores(popularity, trending=True)
    assert scores.tolist() == [2, 1, 3, 0]
    scores[:] = 0
    assert popularity.all_time.tolist() == [2, 1, 3, 0], "the model's own array is not handed out"
    with pytest.raises(InvalidInputError):
        popularity_scores(popularity, genre_index=0)


@pytest.mark.parametrize(("age_s", "half_life_s"), [(AGE_S, 0), (-AGE_S, 10)])
def test_impossible_times_are_refused(age_s: np.ndarray, half_life_s: float) -> None:
    with pytest.raises(InvalidInputError):
        decay_events(EVENTS, age_s, 4, half_life_s)


def test_the_first_that_are_known_beforehand_change_no_answer(rng: np.random.Generator) -> None:
    plays = np.maximum(rng.integers(-2000, 3000, 9000), 0).astype(np.float32)
    fresh, prepared = PopularitySource(plays), PopularitySource(plays, first=most_played(plays))
    for n in (0, 1, 200, N_FIRST, N_FIRST + 1, 9000):
        assert prepared.best(n).tolist() == fresh.best(n).tolist()
