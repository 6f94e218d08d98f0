"""Friends by how alike their taste is, and nothing else of theirs."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.friends import build_friends
from segue.domain.model.popularity.social import Social
from segue.domain.taste.artist_tracks import MAX_ARTIST_TRACKS, Artists, tracks_by
from segue.domain.taste.event_columns import Lack
from segue.domain.taste.neighbour import Friend, Neighbours, nearest_friends
from tests.small_catalogue import small_catalogue
from tests.small_taste import JAZZ, N_TRACKS, ROCK, played, plays, reference


def social(likes: dict[str, list[int]], pairs: list[tuple[str, str]]) -> Social:
    users = build_vocabulary([*likes, "12"])
    rows = [sorted(likes.get(str(user), [])) for user in users.item_id]
    start = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    items = np.array([item for row in rows for item in row], np.int32)
    return Social(build_friends(users, pairs), start, items, np.ones(len(items), np.float32), N_TRACKS)


FRIENDS = {
    "same": list(range(10)),
    "rocker": list(range(10, 20)),
    "jazzer": list(range(20, 35)),
    "quiet": [0, 1],
}
STORED = [("12", "same"), ("12", "jazzer"), ("12", "quiet")]


def nearest(named: list[str] | None = None, tracks: list[str] = ROCK[:10]) -> Neighbours | Lack:
    with_friends = reference(social=social(FRIENDS, STORED))
    return nearest_friends(with_friends, played(plays(tracks)), "12", named or [])


def test_the_very_same_taste_is_one_and_another_genre_nothing() -> None:
    found = nearest()
    assert isinstance(found, Neighbours)
    assert [(each.user_id, each.similarity) for each in found.nearest] == [("same", 1.0), ("jazzer", 0.0)]
    assert (found.n_compared, found.n_left_out) == (2, 1)  # of two likes one could guess which


def test_named_users_are_compared_too_and_unknown_ones_counted() -> None:
    found = nearest(["rocker", "nobody", "12"])
    assert isinstance(found, Neighbours)
    assert {each.user_id: each.similarity for each in found.nearest} == {
        "same": 1,
        "rocker": 1,
        "jazzer": 0,
    }
    assert found.n_left_out == 2


def test_a_friend_is_an_id_and_a_similarity_of_two_digits() -> None:
    assert [field.name for field in fields(Friend)] == ["user_id", "similarity"]
    found = nearest(tracks=ROCK[:7] + JAZZ[:4])
    assert isinstance(found, Neighbours)
    assert all(round(each.similarity, 2) == each.similarity for each in found.nearest)
    assert 0 < found.nearest[-1].similarity < 1


def test_without_friends_models_or_tracks_it_says_so() -> None:
    lacks = [
        nearest_friends(reference(), played(plays(ROCK)), "12"),
        nearest(tracks=ROCK[:4]),
        nearest_friends(reference(social=social(FRIENDS, [])), played(plays(ROCK)), "12"),
        nearest_friends(reference(social=social(FRIENDS, [("12", "quiet")])), played(plays(ROCK)), "12"),
    ]
    assert all(isinstance(found, Lack) for found in lacks)
    assert "no friendships" in lacks[0].reason
    assert [found.reason for found in lacks[2:]] == [
        "needs a friend with 10 likes, and no friend is known",
        "needs a friend with 10 likes, there are 1 with fewer",
    ]
    nobody = nearest_friends(reference(social=social(FRIENDS, [])), played(plays(ROCK)), "12", ["x", "y"])
    assert nobody.reason == "needs a friend with 10 likes, and the 2 that were named are unknown"


def test_without_genres_the_vectors_decide(rng: np.random.Generator) -> None:
    bare = small_catalogue([[]] * N_TRACKS)
    vectors = (np.repeat(np.eye(2, 6), 20, axis=0) + rng.normal(0, 0.05, (40, 6))).astype(np.float32)
    with_friends = replace(reference(bare, social=social(FRIENDS, STORED)), vectors=vectors)
    found = nearest_friends(with_friends, played(plays(ROCK[:10]), tracks=bare), "12")
    assert isinstance(found, Neighbours)
    assert found.nearest[0] == Friend("same", 1.0)
    assert found.nearest[1].similarity < 0.2


@pytest.mark.parametrize("track", range(20))
def test_no_single_like_of_a_friend_shows(track: int) -> None:
    """Whatever rock is asked about, a friend who likes some of it looks the same."""
    asked = [ROCK[track], *[other for other in ROCK[:6] if other != ROCK[track]][:5]]
    found = nearest(["rocker"], asked)
    assert isinstance(found, Neighbours)
    assert {each.user_id: each.similarity for each in found.nearest} == {"same": 1, "rocker": 1, "jazzer": 0}


def test_artists_are_found_by_any_spelling_and_speak_by_their_popular_tracks() -> None:
    names = [["Björk"]] * 15 + [["The Beatles"]] * 2 + [["AC/DC", "Björk"]]
    labels = small_catalogue(names).artists
    artists = Artists(labels, np.arange(18, 0, -1).astype(np.float32))
    assert artists.tracks_of(artists.find("bjork") or 0).tolist() == list(range(MAX_ARTIST_TRACKS))
    assert artists.find("BEATLES") == artists.find("The Beatles")
    assert artists.find("acdc") is not None
    assert artists.find("nobody") is None


def test_artists_that_nobody_has_are_named_and_dislikes_hold() -> None:
    tracks = small_catalogue([["Björk"], ["Björk"], ["Nina"]])
    artists = Artists(tracks.artists, np.array([np.nan, 2, 1], np.float32))
    found, unknown = tracks_by(artists, ["björk", "No One"], tracks.vocabulary.item_id, ["t001"])
    assert (found, unknown) == (["t000"], ["No One"])


@pytest.mark.parametrize("name", ["", "   ", "!!!"])
def test_names_of_nothing_find_nobody(name: str) -> None:
    artists = Artists(small_catalogue([["Nina"]]).artists, np.ones(1, np.float32))
    assert artists.find(name) is None
