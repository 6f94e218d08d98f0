"""A station: never the same twice, artists apart, smooth, and the same again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.domain.catalogue.recording import recordings
from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.radio.station import Station, StationHistory, StationRules, follow, next_tracks
from segue.domain.radio.transition import build_sound, energy_change, key_distance, tempo_change
from tests.small_catalogue import small_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.domain.catalogue.tracks import Catalogue

PLAIN = StationRules(variety=0)


def random_catalogue(n: int, n_artists: int, seed: int = 0) -> Catalogue:
    rng = np.random.default_rng(seed)
    audio = {
        "tempo": rng.normal(120, 25, n),
        "key": rng.integers(-1, 12, n),
        "mode": rng.integers(0, 2, n),
        "energy": rng.random(n),
    }
    # Most have one artist, some a guest too, some none that is known.
    artists = [rng.choice(n_artists, rng.choice(3, p=[0.05, 0.75, 0.2]), replace=False) for _ in range(n)]
    return small_catalogue([[f"a{artist}" for artist in each] for each in artists], audio=audio)


def station(
    catalogue: Catalogue, rules: StationRules = PLAIN, seed: int = 0, *, scores: object = None
) -> Station:
    n = len(catalogue)
    falling = -np.arange(n, dtype=np.float32) if scores is None else np.asarray(scores, np.float32)
    return Station(catalogue, falling, np.arange(n, dtype=np.int32), seed, rules)


def play(
    given: Station, batches: Iterable[int], played: StationHistory | None = None
) -> tuple[list[int], bool]:
    played, rows, exhausted = played or StationHistory(), [], False
    for n in batches:
        programme = next_tracks(given, played, n)
        played = played.then(programme.rows, given.rules)
        rows += programme.rows
        exhausted = programme.exhausted
    return rows, exhausted


# --- never twice, to the end -------------------------------------------------------------------------


def test_two_thousand_steps_play_everything_once() -> None:
    catalogue = random_catalogue(2000, 150)
    scores = np.random.default_rng(1).normal(size=2000)
    rows, exhausted = play(station(catalogue, StationRules(), 5, scores=scores), [20] * 99)
    assert (len(set(rows)), exhausted) == (1980, False)
    rows, exhausted = play(station(catalogue, StationRules(), 5, scores=scores), [20] * 101)
    assert (sorted(rows), exhausted) == (list(range(2000)), True)


@settings(max_examples=30)
@given(
    n=st.integers(1, 60),
    n_artists=st.integers(2, 20),
    batches=st.lists(st.integers(0, 25), max_size=8),
    rules=st.builds(
        StationRules, pool=st.integers(1, 30), artist_gap=st.integers(0, 12), variety=st.floats(0, 1)
    ),
    seed=st.integers(0, 2**64 - 1),
)
def test_nothing_comes_twice_and_artists_stay_apart_wherever_they_can(
    n: int, n_artists: int, batches: list[int], rules: StationRules, seed: int
) -> None:
    catalogue = random_catalogue(n, n_artists, seed)
    rows, exhausted = play(station(catalogue, rules, seed), batches)
    assert len(set(rows)) == len(rows) == min(n, sum(batches))
    assert exhausted == (bool(batches) and len(rows) == n)
    artists = [set(catalogue.artists.of(row)) for row in range(n)]
    for place, row in enumerate(rows):
        gap = rested(artists, rows[:place], row)
        possible = max(
            rested(artists, rows[:place], other) for other in range(n) if other not in rows[:place]
        )
        assert gap > rules.artist_gap or gap == possible, (place, gap, possible)


def rested(artists: list[set[str]], before: list[int], row: int) -> float:
    """How many tracks ago one of the artists came; infinite if never."""
    for ago, other in enumerate(reversed(before), 1):
        if artists[row] & artists[other]:
            return ago
    return np.inf


def test_what_a_station_never_plays_is_not_played_at_the_end_either() -> None:
    rows, exhausted = play(station(random_catalogue(4, 2), scores=[1, -np.inf, 3, 2]), [9])
    assert (sorted(rows), exhausted) == ([0, 2, 3], True)


def test_nothing_to_play_is_exhausted() -> None:
    assert play(station(random_catalogue(2, 2), scores=[-np.inf] * 2), [3]) == ([], True)


def test_a_recording_with_two_ids_comes_once() -> None:
    catalogue = small_catalogue([["a"], ["b"], ["a"], ["c"]], names=["x", "y", "X", "z"])
    given = replace(station(catalogue), recording=recordings(catalogue))
    assert play(given, [2, 2]) == ([0, 1, 3], True)
    assert play(given, [4], StationHistory().then([2], PLAIN)) == ([1, 3], True)


def test_the_pool_widens_for_an_artist_who_has_rested() -> None:
    """The best forty tracks are by one artist; the next is far down, and comes all the same."""
    catalogue = small_catalogue([["one"]] * 40 + [["other"], ["third"]])
    rules = replace(PLAIN, pool=5, artist_gap=1)
    assert play(station(catalogue, rules), [4])[0] == [0, 40, 1, 41]


def test_the_pool_widens_until_there_is_a_choice() -> None:
    """Of the best pool one track alone is by another artist, and rough; the smooth one lies beyond."""
    catalogue = small_catalogue(
        [["one"]] * 20 + [["other"]] + [["one"]] * 20 + [["third"], ["fourth"]],
        audio={"tempo": [120.0] * 20 + [145.0] + [120.0] * 22},
    )
    rules = replace(PLAIN, pool=30, artist_gap=1)
    assert play(station(catalogue, rules), [1], StationHistory().then([0], rules))[0] == [41]


# --- smooth ------------------------------------------------------------------------------------------


def test_of_equally_relevant_tracks_the_smoothest_follows() -> None:
    catalogue = small_catalogue(
        [["a"], ["b"], ["c"], ["d"]],
        audio={
            "tempo": [120, 90, 150, 61],
            "key": [0, 6, 1, 7],
            "mode": [1, 1, 1, 1],
            "energy": [0.5, 0.9, 0.1, 0.55],
        },
    )
    assert play(station(catalogue, scores=[0] * 4), [1], StationHistory().then([0], PLAIN))[0] == [3]


def test_relevance_can_outweigh_smoothness() -> None:
    catalogue = small_catalogue([["a"], ["b"], ["c"]], audio={"energy": [0.5, 0.9, 0.5]})
    start = StationHistory().then([0], PLAIN)
    # The rough one costs 0.4 more, and is one rank better: half a pool of two, a quarter of four.
    assert play(station(catalogue, replace(PLAIN, pool=2)), [1], start)[0] == [1]
    assert play(station(catalogue, replace(PLAIN, pool=4)), [1], start)[0] == [2]


def test_it_is_smoother_than_its_scores() -> None:
    catalogue = random_catalogue(1000, 300)
    rows, _ = play(station(catalogue, StationRules()), [20] * 5)
    found, plain = (build_sound(catalogue.audio[some]) for some in (rows, list(range(100))))
    for change, share in ((key_distance, 0.5), (tempo_change, 0.6), (energy_change, 0.7)):
        a, b = (np.nanmean(change(each[:-1], each[1:])) for each in (found, plain))
        assert a < share * b


# --- the same again ----------------------------------------------------------------------------------


@settings(max_examples=20)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.integers(0, 2**64 - 1))
def test_what_is_next_does_not_depend_on_how_many_are_asked_at_a_time(batches: list[int], seed: int) -> None:
    given = station(random_catalogue(40, 6), StationRules(pool=8, artist_gap=3), seed)
    assert play(given, batches)[0] == play(given, [sum(batches)])[0]


def test_another_seed_is_another_station_of_about_the_same_tracks() -> None:
    catalogue = random_catalogue(2000, 500)
    one, other = (play(station(catalogue, StationRules(), seed), [50])[0] for seed in (1, 2))
    assert one != other
    assert max(*one, *other) < 300


def test_scores_and_what_was_played_are_left_as_they_are() -> None:
    given, start = station(random_catalogue(30, 9)), StationHistory().then([3, 1], PLAIN)
    before = given.scores.copy()
    next_tracks(given, start, 5)
    assert (given.scores == before).all()
    assert (start.rows.tolist(), start.recent) == ([1, 3], (3, 1))


def test_the_latest_are_remembered_in_their_order() -> None:
    rules = replace(PLAIN, artist_gap=2)
    after = StationHistory().then([5, 1], rules).then([9], rules)
    assert (after.rows.tolist(), after.rows.dtype, after.recent) == ([1, 5, 9], np.int32, (1, 9))
    assert StationHistory().then([4, 7], replace(PLAIN, artist_gap=0)).recent == (7,)


def test_a_station_goes_on_in_another_version_of_the_catalogue() -> None:
    old, new = build_vocabulary("abcd"), build_vocabulary("xbad")
    moved = follow(StationHistory().then([3, 2, 0], PLAIN), old, new)
    assert (moved.rows.tolist(), moved.rows.dtype, moved.recent) == ([0, 2], np.int32, (2, 0))
    assert len(follow(StationHistory(), old, new).rows) == 0


@pytest.mark.parametrize("n", [0, 1])
def test_asking_for_few(n: int) -> None:
    assert len(play(station(random_catalogue(5, 5)), [n])[0]) == n
