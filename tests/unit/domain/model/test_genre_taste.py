"""The ten broad genres, the filter by genre, and a listener's genres."""

from __future__ import annotations

import numpy as np
import pytest

from segue.domain.catalogue.broad_genre import (
    ENOUGH_OF_ITS_OWN,
    BroadGenre,
    broad_genres,
    broad_shares,
    genre_mask,
)
from segue.domain.listening.history import History
from segue.domain.model.genre_taste import LEAST_PROMINENCE, build_genre_index, genre_source
from segue.domain.vector.column import build_labels
from segue.errors import EmptyHistoryError, InvalidInputError
from segue.sources.sample.world.genre import NAMES

TRACKS = build_labels([["death-metal"], ["Rock", "jazz"], [], ["jazz"], ["indie-pop"], ["polka"]])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("swedish death metal", "rock"),
        ("Hip Hop/Rap", "hip-hop"),
        ("trip-hop", "electronic alternative"),
        ("drum-and-bass", "electronic"),
        ("R&B/Soul", "r&b"),
        ("r-n-b", "r&b"),
        ("Rhythm & Blues", "r&b"),
        ("UK Garage", "electronic"),
        ("black gospel", "r&b"),
        ("punk rock", "rock"),
        ("Alternative & Punk", "rock alternative"),
        ("indie-pop", "pop indie"),
        ("deep house", "electronic"),
        ("Bossa Nova", "jazz"),
        ("honky-tonk", "country"),
        ("ALT-ROCK", "rock alternative"),
        ("rocket science", ""),
        ("", ""),
        ("TV Shows", ""),
    ],
)
def test_finer_names_belong_to_broad_ones(name: str, expected: str) -> None:
    assert " ".join(broad_genres(name)) == expected


def test_every_broad_genre_is_its_own() -> None:
    assert len(BroadGenre) == 10
    assert [genre for genre in BroadGenre if broad_genres(genre) != (genre,)] == []


def test_of_the_samples_genres_reggae_alone_is_none() -> None:
    assert [name for name in NAMES if not broad_genres(name)] == ["Reggae"]


def test_shares_of_a_track_sum_to_one_or_nothing() -> None:
    shares = broad_shares(TRACKS)
    order = list(BroadGenre)
    assert shares.sum(axis=1).tolist() == [1, 1, 0, 1, 1, 0]
    assert shares[1, [order.index("rock"), order.index("jazz")]].tolist() == [0.5, 0.5]
    assert shares[4, [order.index("pop"), order.index("indie")]].tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [("rock", [0, 1]), ("Rock", [0, 1]), ("death-metal", [0]), ("JAZZ", [1, 3]), ("pop", [4]), ("polka", [5]),
     ("classical", [])],
)  # fmt: skip
def test_a_genre_is_asked_for_by_its_broad_or_own_name(wanted: str, rows: list[int]) -> None:
    assert np.flatnonzero(genre_mask(TRACKS, wanted)).tolist() == rows


def test_a_name_of_the_catalogues_own_is_no_other_genre_once_it_has_enough_tracks() -> None:
    others = [["blues"], ["rock", "blues"]]
    many = build_labels([["Jazz"]] * ENOUGH_OF_ITS_OWN + others)
    assert np.flatnonzero(~genre_mask(many, "jazz")).tolist() == [ENOUGH_OF_ITS_OWN, ENOUGH_OF_ITS_OWN + 1]
    assert genre_mask(build_labels([["Jazz"]] * (ENOUGH_OF_ITS_OWN - 1) + others), "jazz").all()


def test_a_broad_genre_lets_no_track_in_of_which_it_has_little() -> None:
    tracks = build_labels([["alt-rock", "rock", "blues"], ["rock", "blues"], ["pop", "rock", "jazz"]])
    # Of the first jazz has a third, and none of its names is jazz; the last is called so.
    assert genre_mask(tracks, "jazz").tolist() == [False, True, True]


@pytest.mark.parametrize("wanted", ["hip-hop", "hiphop", "Hip Hop", "HIP_HOP", " hip-hop "])
def test_hip_hop_is_known_in_every_spelling(wanted: str) -> None:
    assert genre_mask(build_labels([["rap"], ["Hip-Hop"], ["Hip Hop"], ["rock"]]), wanted).tolist() == [
        True, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("wanted", ["r&b", "R & B", "rnb", "R'n'B", "r-n-b", "R and B"])
def test_rhythm_and_blues_is_known_in_every_spelling(wanted: str) -> None:
    assert genre_mask(build_labels([["r-n-b"], ["soul"], ["R&B"], ["rock"]]), wanted).tolist() == [
        True, True, True, False,
    ]  # fmt: skip


def test_a_genre_of_signs_alone_can_be_asked_for() -> None:
    assert genre_mask(build_labels([["!!!"], ["?"]]), "!!!").tolist() == [True, False]


def test_an_unknown_genre_is_told_what_there_is() -> None:
    with pytest.raises(InvalidInputError, match=r"'zouk'.*hip-hop"):
        genre_mask(TRACKS, "zouk")


def history(*items: int, confidence: tuple[float, ...]) -> History:
    return History(np.array(items, np.int32), np.array(confidence, np.float32))


def test_a_score_is_the_mean_share_of_the_tracks_genres() -> None:
    # Of 4 plays, 3 are of death metal, half a one each of rock and jazz.
    source = genre_source(build_genre_index(TRACKS), history(0, 1, confidence=(3, 1)))
    expected = [3 / 4, (1 / 8 + 1 / 8) / 2, 0, 1 / 8, 0, 0]
    assert source.scores(np.arange(6, dtype=np.int32)) == pytest.approx(expected)
    assert source.best(9).tolist() == [0, 1, 3]


def test_of_tracks_that_match_alike_the_more_played_come_first() -> None:
    jazz = build_labels([["jazz"]] * 4)
    source = genre_source(
        build_genre_index(jazz, np.array([0, 9, 0, 99], np.float32)), history(0, confidence=(1,))
    )
    assert source.best(4).tolist() == [3, 1, 0, 2]
    assert source.scores(np.array([0, 3], np.int32)).tolist() == [LEAST_PROMINENCE, 1]
    assert genre_source(build_genre_index(jazz, np.zeros(4, np.float32)), history(0, confidence=(1,))).best(
        1
    ).tolist() == [0]


def test_a_disliked_genre_counts_below_nothing() -> None:
    source = genre_source(build_genre_index(TRACKS), history(0, 3, confidence=(1, -1)))
    scores = source.scores(np.array([0, 3], np.int32))
    assert scores.tolist() == [0.5, -0.5]
    assert source.best(9).tolist() == [0]
    assert source.reasons(np.array([3], np.int32))[0].value.tolist() == [-0.5]


@pytest.mark.parametrize(
    "given", [history(confidence=()), history(2, confidence=(1,)), history(3, confidence=(-1,))]
)
def test_without_a_liked_genre_there_is_nothing_to_say(given: History) -> None:
    with pytest.raises(EmptyHistoryError):
        genre_source(build_genre_index(TRACKS), given)
