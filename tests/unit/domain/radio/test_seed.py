"""What stations play from each seed, and what they never play."""

from __future__ import annotations

import numpy as np
import pytest

from segue.domain.listening.history import History
from segue.domain.model.popularity.popularity import build_popularity
from segue.domain.radio import seed as seeds
from segue.domain.radio.seed import Seed, SeedKind, tune
from segue.domain.recommend.recommender import Recommender, RecommendFor, build_recommender
from segue.domain.vector.top_n import top_n
from segue.errors import ArtistNotFoundError, InvalidInputError, TrackNotFoundError
from tests.small_catalogue import small_catalogue
from training.algorithm.content.fit import fit_content
from training.algorithm.content.rules import fit_rules

N = 60
NOBODY = RecommendFor(History(np.empty(0, np.int32), np.empty(0, np.float32)))
EACH = np.arange(N, dtype=np.int32)


@pytest.fixture(scope="module")
def model() -> Recommender:
    """Three genres by turns, the artist Sigur Rós among them; later tracks are louder, and played more."""
    catalogue = small_catalogue(
        [["Sigur Rós"] if row < 6 else [f"artist {row}", "a guest"] for row in range(N)],
        genres=[[("rock", "jazz", "folk")[row % 3]] for row in range(N)],
        audio={"energy": np.linspace(0, 1, N), "acousticness": np.linspace(1, 0, N)},
    )
    return build_recommender(
        catalogue,
        content=fit_content(catalogue)[0],
        rules=fit_rules(catalogue),
        popularity=build_popularity(np.arange(N, dtype=np.float32)),
    )


def of(kind: SeedKind, value: str) -> Seed:
    return Seed(kind, value)


def listener(**confidence: float) -> RecommendFor:
    rows = [int(name.removeprefix("t")) for name in confidence]
    return RecommendFor(
        History(np.array(rows, np.int32), np.array(list(confidence.values()), np.float32)), "ann"
    )


def test_a_track_station_starts_from_the_track_and_plays_what_is_like_it(model: Recommender) -> None:
    found = tune(model, EACH, of(SeedKind.TRACK, "t009"), NOBODY)
    assert found.first == (9,)
    assert (top_n(found.scores, 8) % 3 == 0).all()


@pytest.mark.parametrize("name", ["Sigur Rós", "sigur RÓS ", "a guest"])
def test_an_artist_is_found_in_any_case_and_as_a_guest(name: str, model: Recommender) -> None:
    found = tune(model, EACH, of(SeedKind.ARTIST, name), NOBODY)
    best = set(top_n(found.scores, 4).tolist())
    assert found.first == ()
    assert best <= (set(range(6, N)) if name == "a guest" else set(range(6)))


@pytest.mark.parametrize(
    ("name", "own"), [("bjork", 1), ("BJÖRK", 1), ("Bjo\u0308rk", 1), ("sao paulo", 3), ("são paulo", 2)]
)
def test_accents_do_not_count_where_nothing_nearer_is_found(name: str, own: int) -> None:
    artists = ["nobody", "Björk", "São Paulo", "Sao Paulo"]
    catalogue = small_catalogue([[artist] for artist in artists], audio={"energy": [0, 0.3, 0.6, 1]})
    few = build_recommender(catalogue, content=fit_content(catalogue)[0])
    found = tune(few, EACH[:4], of(SeedKind.ARTIST, name), NOBODY)
    assert int(found.scores.argmax()) == own


def test_of_an_artist_with_many_tracks_the_most_played_count(
    model: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeds, "MAX_ARTIST_TRACKS", 1)
    alone = tune(model, EACH, of(SeedKind.ARTIST, "Sigur Rós"), NOBODY).scores
    assert alone.tolist() == tune(model, EACH, of(SeedKind.TRACK, "t005"), NOBODY).scores.tolist()


def test_a_genre_station_plays_the_genre_and_nothing_else(model: Recommender) -> None:
    found = tune(model, EACH, of(SeedKind.GENRE, "jazz"), NOBODY)
    inside = np.flatnonzero(found.scores > -np.inf)
    assert inside.tolist() == list(range(1, N, 3))
    assert int(found.scores.argmax()) == inside[-1]  # the one that is played most


def test_a_mood_moves_what_is_played(model: Recommender) -> None:
    calm = tune(model, EACH, of(SeedKind.MOOD, "chill"), NOBODY).scores
    loud = tune(model, EACH, of(SeedKind.MOOD, "energetic"), NOBODY).scores
    assert top_n(calm, 10).mean() < top_n(loud, 10).mean()


def test_what_a_listener_has_heard_comes_after_all_that_is_new(model: Recommender) -> None:
    found = tune(model, EACH, of(SeedKind.USER, "ann"), listener(t003=2.0, t006=1.0, t009=1.0))
    order = top_n(found.scores, N)
    assert sorted(order[-3:].tolist()) == [3, 6, 9]
    assert (order[:5] % 3 == 0).all()


@pytest.mark.parametrize(
    "seed", [Seed(SeedKind.TRACK, "t003"), Seed(SeedKind.USER, "ann"), Seed(SeedKind.GENRE, "rock")]
)
def test_no_station_plays_what_is_disliked_under_any_id(seed: Seed, model: Recommender) -> None:
    same = EACH.copy()
    same[30] = 12  # the same recording once more
    found = tune(model, same, seed, listener(t012=float(-np.log1p(5)), t015=-0.2, t018=1.0))
    never = set(np.flatnonzero(found.scores == -np.inf).tolist())
    assert {12, 30} <= never
    assert 15 not in never  # one skip is no dislike


@pytest.mark.parametrize(
    ("seed", "error", "message"),
    [
        (Seed(SeedKind.TRACK, "t999"), TrackNotFoundError, "'t999'"),
        (Seed(SeedKind.ARTIST, "nobody"), ArtistNotFoundError, "'nobody'.*check the spelling"),
        (Seed(SeedKind.GENRE, "polka"), InvalidInputError, "genre 'polka' is neither"),
        (Seed(SeedKind.MOOD, "grumpy"), InvalidInputError, "mood 'grumpy' is unknown: use one of energetic"),
    ],
)
def test_what_nobody_knows_is_named(
    seed: Seed, error: type[Exception], message: str, model: Recommender
) -> None:
    with pytest.raises(error, match=message):
        tune(model, EACH, seed, NOBODY)


def test_without_rules_there_are_no_moods(model: Recommender) -> None:
    with pytest.raises(InvalidInputError, match="no mood rules are live"):
        tune(model.with_models(rules=None), EACH, of(SeedKind.MOOD, "chill"), NOBODY)


def test_an_artist_is_asked_of_a_model_without_popularity(model: Recommender) -> None:
    bare = model.with_models(popularity=None)
    found = tune(bare, EACH, of(SeedKind.ARTIST, "Sigur Rós"), NOBODY)
    assert set(top_n(found.scores, 4).tolist()) <= set(range(6))
