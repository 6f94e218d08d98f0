"""Artists by name, and how what is said of them becomes events with tracks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.domain.catalogue.name_key import artist_key
from segue.sources.dataset.account import Tally
from segue.sources.dataset.lastfm2k.artist_join import (
    LIKE,
    MAX_TRACKS,
    SAVE,
    divide_plays,
    place_tags,
    tracks_by_artist,
)
from tests.small_catalogue import small_catalogue


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Beyoncé", "BEYONCE"),
        ("The Beatles", "Beatles, The"),
        ("AC/DC", "ac dc"),
        ("Simon & Garfunkel", "Simon and Garfunkel"),
        ("Junior Caldera feat Sophie Ellis Bextor", "Junior Caldera"),
        ("Rihanna (ft. Jay-Z)", "RIHANNA"),
        ("Sigur Rós", "sigur ros"),
        ("Straße", "STRASSE"),
        ("Ólafur Arnalds", "O\u0301lafur Arnalds"),
    ],
)
def test_spellings_of_one_artist_are_one(one: str, other: str) -> None:
    assert artist_key(one) == artist_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("!!!", "???"),
        ("Featuring", "Feat"),
        ("Defeater", "De"),
        ("椎名林檎", "東京事変"),
        ("Ash", "Ashe"),
    ],
)
def test_different_artists_stay_different(one: str, other: str) -> None:
    assert artist_key(one) != artist_key(other)
    assert artist_key(one)


def test_tracks_of_artists_are_weighed_and_releases_of_a_title_are_one() -> None:
    catalogue = small_catalogue([["A", "B"], ["a"], ["A"]], names=["Hit", "hit", "Other"])
    catalogue.popularity[:] = [9, 19, np.nan]
    tally = Tally("t")
    tracks = tracks_by_artist(catalogue, tally)
    assert tracks.to_dict("list") == {"key": ["a", "a", "b"], "track": [1, 2, 0], "weight": [20, 1, 5]}
    assert [found.count for found in tally.findings] == [1]


def tracks_of(sizes: dict[str, int]) -> pd.DataFrame:
    rows = [
        (key, number * 10 + place, 1.0 + place)
        for number, (key, n) in enumerate(sizes.items())
        for place in range(n)
    ]
    return pd.DataFrame(rows, columns=["key", "track", "weight"])


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 1000), min_size=1),
    st.integers(1, 15),
    st.integers(0, 99),
)
@settings(max_examples=50, deadline=None)
def test_plays_are_divided_without_losing_one(plays: dict[str, int], size: int, seed: int) -> None:
    tracks = tracks_of(dict.fromkeys("abc", size))
    asked = pd.DataFrame([("u", key, n) for key, n in plays.items()], columns=["user_id", "key", "plays"])
    divided = divide_plays(asked, tracks, np.random.default_rng(seed))
    assert divided.groupby("key")["count"].sum().to_dict() == plays
    assert (divided["count"] >= 1).all()
    assert not divided.duplicated(["user_id", "key", "track"]).any()
    n_tracks = divided.groupby("key").size().to_dict()
    assert n_tracks == {key: min(n, size, MAX_TRACKS) for key, n in plays.items()}


def test_popular_tracks_get_more_and_the_seed_decides_the_rest() -> None:
    users = [f"u{number:03}" for number in range(400)]
    plays = pd.DataFrame({"user_id": users, "key": "a", "plays": 1})
    tracks = pd.DataFrame({"key": "a", "track": [0, 1], "weight": [3.0, 1.0]})
    one = divide_plays(plays, tracks, np.random.default_rng(1))
    assert 0.68 < (one["track"] == 0).mean() < 0.82  # three in four
    again = divide_plays(plays.iloc[::-1], tracks, np.random.default_rng(1))
    assert again["track"].tolist() == one["track"].tolist()
    other = divide_plays(plays, tracks, np.random.default_rng(2))
    assert other["track"].tolist() != one["track"].tolist()
    many = divide_plays(plays.assign(plays=102), tracks, np.random.default_rng(1))
    assert set(many.groupby("track")["count"].first().to_dict().items()) == {(0, 76), (1, 26)}


def test_tags_become_likes_of_what_was_played_and_saves_of_the_rest() -> None:
    tracks = tracks_of({"a": 2, "b": 2})
    played = pd.DataFrame({"user_id": "u", "key": "a", "track": [0, 1], "count": [5, 9]})
    at = np.array(["2009-02-01", "2009-01-01", "2009-03-01", "2009-01-01", "NaT"], "datetime64[s]")
    tags = pd.DataFrame({"user_id": ["u", "u", "u", "u", "v"], "key": ["a", "a", "a", "b", "a"], "at": at})
    tally = Tally("t")
    placed = place_tags(tags, played, tracks, tally).sort_values(["user_id", "key", "at"])
    assert placed[["user_id", "track", "kind"]].to_numpy().tolist() == [
        ["u", 1, LIKE],
        ["u", 0, LIKE],
        ["u", 11, SAVE],
        ["v", 1, SAVE],
    ]
    assert placed["count"].tolist() == [1] * 4
    assert [(found.reason, found.count) for found in tally.findings] == [
        ("day of tags beyond the artist's tracks", 1)
    ]
