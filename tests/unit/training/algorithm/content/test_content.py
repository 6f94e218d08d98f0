"""Fields, their weights, the vectors made of them, and the graph."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.domain.listening.event import Event, EventKind
from segue.domain.vector.column import build_text
from segue.errors import NotEnoughDataError
from segue.sources.dataset.account import Tally
from segue.sources.dataset.interactions import clean_events
from tests.small_catalogue import small_catalogue
from training.algorithm.content.field import AUDIO_COLUMNS, FieldWeights, read_fields, standardise
from training.algorithm.content.fit import SKETCH, SVD, find_neighbours, fit_content, measure
from training.algorithm.content.weighting import (
    MIN_LISTENERS,
    ListeningSplit,
    choose_weights,
    divide_listening,
)

if TYPE_CHECKING:
    from segue.domain.catalogue.tracks import Catalogue

N = 240
RNG = np.random.default_rng(8)


def songs(n: int = N, n_artists: int = 60) -> Catalogue:
    """Some tracks of each artist, of several genres; a genre has a sound."""
    artist, genre = np.arange(n) % n_artists, np.arange(n) // 7 % 5
    return small_catalogue(
        [[f"artist {each}"] for each in artist],
        genres=[[f"genre {each}"] for each in genre],
        audio={
            "energy": np.clip(genre / 5 + RNG.normal(0, 0.1, n), 0, 1),
            "tempo": 90 + 10 * genre + RNG.normal(0, 5, n),
            "key": RNG.integers(0, 12, n),
        },
    )


CATALOGUE = songs()


def test_features_have_mean_zero_and_the_unknown_is_the_mean() -> None:
    features = np.array([[1, 5, np.nan], [3, np.nan, np.nan], [5, 5, np.nan]], np.float32)
    rows = standardise(features)
    assert rows == pytest.approx(np.array([[-1, 0, 0], [0, 0, 0], [1, 0, 0]]))
    assert standardise(np.empty((3, 0), np.float32)).shape == (3, 0)


def test_keys_a_fifth_apart_are_nearer_than_those_a_semitone_apart() -> None:
    keys = np.arange(12, dtype=np.float32)
    fields = read_fields(small_catalogue([["A"]] * 12, audio={"key": keys}))
    c, c_sharp, g = fields.audio[[0, 1, 7]]
    assert c @ g > 0.8
    assert c @ c_sharp < 0
    assert len(AUDIO_COLUMNS) == fields.audio.shape[1] == len(AUDIO_FEATURES) + 1


def test_artists_and_genres_are_whole_names() -> None:
    fields = read_fields(
        small_catalogue([["Red House"], ["Red Sea"], ["red house"]], genres=[["deep house"], ["house"], []])
    )
    assert (fields.text["artists"] @ fields.text["artists"].T).toarray().round(6).tolist() == [
        [1, 0, 1], [0, 1, 0], [1, 0, 1],
    ]  # fmt: skip
    assert (fields.text["genres"][0] @ fields.text["genres"][1].T).nnz == 0


def test_words_that_occur_once_compare_nothing_and_empty_fields_are_no_trouble() -> None:
    fields = read_fields(small_catalogue([["A"], ["B"]], names=["only here", "and there"]))
    assert {name: field.shape[1] for name, field in fields.text.items()} == {
        "name": 0, "artists": 2, "album": 0, "genres": 0,
    }  # fmt: skip
    named = replace(CATALOGUE, album=build_text(["Blue Moon"] * N))
    assert read_fields(named).text["album"].shape[1] == 2


@pytest.mark.parametrize("change", [{"audio": 0.5}, {"name": -0.1, "audio": 0.4}])
def test_weights_are_shares(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        FieldWeights(**(asdict(FieldWeights()) | change))


def test_a_cosine_of_vectors_is_the_weighted_mean_of_the_fields() -> None:
    weights = FieldWeights(name=0, artists=0.3, album=0, genres=0.3, audio=0.4, low_level=0)
    content, record = fit_content(CATALOGUE, weights=weights, n_dimensions=200)
    fields = read_fields(CATALOGUE)
    artists, genres = (fields.text[name].toarray() for name in ("artists", "genres"))
    exact = 0.3 * artists @ artists.T + 0.3 * genres @ genres.T + 0.4 * fields.audio @ fields.audio.T
    assert content.vectors @ content.vectors.T == pytest.approx(exact, abs=1e-5)
    assert (record.neighbour_recall, record.graph_recall) == (pytest.approx(1, abs=0.02), 1)
    assert record.kept_similarity == pytest.approx(1, abs=1e-4)
    audio = content.vectors[:, -len(AUDIO_COLUMNS) :]
    assert (audio**2).sum(axis=1) == pytest.approx(0.4, abs=1e-4)


def test_fewer_columns_keep_less_and_the_record_says_so() -> None:
    narrow, wide = (fit_content(CATALOGUE, n_dimensions=d)[1] for d in (20, 40))
    assert narrow.n_dimensions == 20
    assert 0.2 < narrow.kept_similarity < wide.kept_similarity <= 1
    assert narrow.projection in {SVD, SKETCH}
    assert narrow.to_json()["weights"]["genres"] == FieldWeights().genres


def test_of_many_artists_a_sketch_keeps_more_than_the_main_directions() -> None:
    weights = FieldWeights(name=0, artists=0.9, album=0, genres=0, audio=0.1, low_level=0)
    _, record = fit_content(songs(4000, 1000), weights=weights, n_dimensions=64)
    assert record.projection == SKETCH


def test_the_same_catalogue_gives_the_same_vectors() -> None:
    one, other = (fit_content(CATALOGUE, n_dimensions=24)[0] for _ in range(2))
    assert np.array_equal(one.vectors, other.vectors)
    assert np.array_equal(one.neighbours.item_index, other.neighbours.item_index)


def test_low_level_features_have_columns_of_their_own() -> None:
    low = RNG.normal(size=(N, 40)).astype(np.float32)
    named = replace(CATALOGUE, low_level=low, low_level_names=tuple(f"f{i}" for i in range(40)))
    content, _ = fit_content(named, n_dimensions=128)
    assert content.vectors.shape[1] == content.n_text + 32 + len(AUDIO_COLUMNS)


def test_a_track_of_which_nothing_is_known_is_nobodys_neighbour() -> None:
    blank = small_catalogue([["A"], ["A"], []], names=["one", "two", "three"])
    content, _ = fit_content(blank)
    assert not content.vectors[2].any()
    assert np.diff(content.neighbours.start).tolist() == [1, 1, 0]


def test_neighbours_are_the_nearest_others() -> None:
    vectors = RNG.normal(size=(90, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    graph, kind, recall = find_neighbours(vectors, 7)
    assert (kind, recall) == ("flat", 1)
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -1)
    for row in range(90):
        part = slice(graph.start[row], graph.start[row + 1])
        assert set(graph.item_index[part].tolist()) == set(np.argsort(-cosine[row])[:7].tolist())
        assert graph.weight[part] == pytest.approx(cosine[row, graph.item_index[part]], abs=1e-5)
        assert (np.diff(graph.item_index[part]) > 0).all()


def test_random_vectors_keep_little() -> None:
    vectors = RNG.normal(size=(N, 8)).astype(np.float32)
    recall, kept = measure(read_fields(CATALOGUE), FieldWeights(), vectors, 10)
    assert recall < 0.2
    assert kept < 0.6


def test_one_track_cannot_be_compared() -> None:
    with pytest.raises(NotEnoughDataError):
        fit_content(small_catalogue([["A"]]))


# --- weights by listening ----------------------------------------------------------------------------


def fans(n: int, of: str) -> ListeningSplit:
    """Users who go on to like what has the artist, or the genre, of what they played."""
    group = np.arange(N) % 60 if of == "artists" else np.arange(N) // 7 % 5
    rng = np.random.default_rng(2)
    known, liked = np.zeros((2, n, N), np.float32)
    for user in range(n):
        own = rng.permutation(np.flatnonzero(group == rng.integers(group.max() + 1)))
        known[user, own[:2]], liked[user, own[2:8]] = 1, 1
    return ListeningSplit(csr_matrix(known), csr_matrix(liked))


def test_the_weights_follow_what_listeners_like() -> None:
    fields = read_fields(CATALOGUE)
    by_artist, measured = choose_weights(fields, fans(MIN_LISTENERS, "artists"))
    by_genre, _ = choose_weights(fields, fans(MIN_LISTENERS, "genres"))
    assert by_artist.artists > by_artist.genres
    assert by_genre.genres + by_genre.audio > by_genre.artists
    assert measured["ndcg"] >= measured["ndcg_standing"]
    assert measured["n_listeners"] == MIN_LISTENERS


def test_what_came_later_and_was_new_is_to_be_found() -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    days = {"t000": (0, 1, 2, 3, 4, 5, 6, 7), "t001": (8,), "t002": (90, 95)}
    events = [
        Event("u", track, EventKind.PLAY, begin + timedelta(days=day), f"{track} {day}")
        for track, when in days.items()
        for day in when
    ] + [Event("u", "t000", EventKind.PLAY, begin + timedelta(days=99), "again")]
    listening = divide_listening(clean_events(events, Tally("test")), CATALOGUE, 17)
    assert listening.histories.indices.tolist() == [0, 1]
    assert listening.truth.indices.tolist() == [2]


def test_few_listeners_choose_nothing() -> None:
    weights, measured = choose_weights(read_fields(CATALOGUE), fans(MIN_LISTENERS - 1, "genres"))
    assert (weights, measured) == (FieldWeights(), {"n_listeners": MIN_LISTENERS - 1})


def test_the_choice_is_in_the_record() -> None:
    _, record = fit_content(CATALOGUE, fans(MIN_LISTENERS, "artists"))
    assert record.chosen_by["n_listeners"] == MIN_LISTENERS
    assert record.weights.artists > record.weights.genres
