"""One suite that every source of candidates by content, rule and friends passes."""

from __future__ import annotations

import numpy as np
import pytest

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.friends import build_friends
from segue.domain.listening.history import History, build_history
from segue.domain.listening.mood import FEATURES, Mood
from segue.domain.listening.situation import CIRCUMSTANCES, Activity, Situation, TimeOfDay, prior_shift
from segue.domain.model.candidate_source import ReasonKind
from segue.domain.model.collaborative.item_similarity import ItemSimilarity
from segue.domain.model.content.content import Content, ContentSource, read_marks
from segue.domain.model.content.rules import MoodRules, mood_source
from segue.domain.model.genre_taste import build_genre_index, genre_source
from segue.domain.model.popularity.social import Social, social_source
from tests.small_catalogue import small_catalogue

N = 60
RNG = np.random.default_rng(11)
GENRES = [["rock", "indie"], ["jazz"], [], ["techno", "rock"]]
CATALOGUE = small_catalogue(
    [[f"artist {row // 4}"] for row in range(N)], genres=[GENRES[row % 4] for row in range(N)]
)
LIKED = ["t000", "t001", "t007", "t020"]
WEIGHTS = [3.0, 1.0, 2.0, -1.0]


def history_of(ids: list[str], weights: list[float]) -> History:
    return build_history(CATALOGUE.vocabulary, ids, weights)


def content() -> Content:
    raw = np.random.default_rng(1).normal(size=(N, 12)).astype(np.float32)
    raw[:, 0] += 1
    vectors = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -1)
    near = np.sort(np.argsort(-cosine, axis=1)[:, :10], axis=1)
    graph = ItemSimilarity(
        np.arange(0, 10 * N + 1, 10, dtype=np.int64),
        near.ravel().astype(np.int32),
        np.take_along_axis(cosine, near, 1).ravel(),
    )
    return Content(vectors, ("energy", "key", "key"), 7, graph)


def rules() -> MoodRules:
    percentile = np.random.default_rng(2).random((N, len(FEATURES)), dtype=np.float32)
    shift = np.stack([prior_shift(name) for name in CIRCUMSTANCES])
    return MoodRules(percentile, CIRCUMSTANCES, shift, np.zeros(len(CIRCUMSTANCES), np.int64))


def social() -> Social:
    users = build_vocabulary(["ann", "bob", "cid", "dan"])
    friends = build_friends(users, [("ann", "bob"), ("ann", "cid")])
    likes = np.array([7, 0, 30, 41, 1, 30, 50], np.int32)
    weight = np.array([1, 0.5, 0.25, 0.7, 0.6, 0.5, 1], np.float32)
    return Social(friends, np.array([0, 0, 3, 6, 7], np.int64), likes, weight, N)


PLAYS = np.random.default_rng(3).integers(0, 50, N).astype(np.float32)
SITUATION = Situation(time_of_day=TimeOfDay.NIGHT, activity=Activity.WORKOUT)
SOURCES = {
    "content": lambda given: ContentSource(content(), given, read_marks(CATALOGUE)),
    "genre": lambda given: genre_source(build_genre_index(CATALOGUE.genres), given),
    "genre, prominent": lambda given: genre_source(build_genre_index(CATALOGUE.genres, PLAYS), given),
    "mood": lambda _: mood_source(rules(), Mood.CHILL),
    "situation": lambda _: mood_source(rules(), situation=SITUATION),
    "mood in a situation": lambda _: mood_source(rules(), Mood.PARTY, SITUATION),
    "social": lambda given: social_source(social(), given, "ann", ["dan", "nobody"]),
}
EVERY = np.arange(N, dtype=np.int32)


@pytest.fixture(params=SOURCES)
def build(request: pytest.FixtureRequest):
    return SOURCES[request.param]


@pytest.fixture
def source(build):
    return build(history_of(LIKED, WEIGHTS))


def test_reasons_sum_to_the_score(source) -> None:
    for rows in (EVERY, EVERY[::-3], EVERY[:0]):
        parts = np.zeros(len(rows))
        for each in source.reasons(rows):
            np.add.at(parts, each.at, each.value)
        assert parts == pytest.approx(source.scores(rows), abs=1e-5)


def test_the_best_are_in_the_order_of_their_scores(source) -> None:
    best = source.best(20)
    assert best.dtype == np.int32
    assert 0 < len(best) <= 20
    assert len(set(best.tolist())) == len(best)
    scores = source.scores(best)
    assert (np.diff(scores) <= 1e-6).all()


def test_fewer_are_the_beginning_of_more(source) -> None:
    assert source.scores(source.best(3)) == pytest.approx(source.scores(source.best(30)[:3]), abs=1e-6)
    assert len(source.best(0)) == 0


def test_scores_are_the_tracks_own_whoever_else_is_asked_about(source) -> None:
    scores = source.scores(EVERY)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    assert source.scores(EVERY[::-7]) == pytest.approx(scores[::-7], abs=1e-6)
    assert source.scores(EVERY[:0]).shape == (0,)


def test_the_order_of_a_history_and_unknown_tracks_change_nothing(build) -> None:
    one = build(history_of(LIKED, WEIGHTS)).scores(EVERY)
    other = build(history_of([*LIKED[::-1], "nothing"], [*WEIGHTS[::-1], 9.0])).scores(EVERY)
    assert (one == other).all()


def test_nothing_is_written_to_what_was_given(build) -> None:
    given = history_of(LIKED, WEIGHTS)
    before = given.confidence.copy()
    made = build(given)
    made.best(10)
    made.reasons(EVERY)
    assert (given.confidence == before).all()


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("content", {ReasonKind.AUDIO, ReasonKind.ARTIST, ReasonKind.GENRE, ReasonKind.REST}),
        ("genre", {ReasonKind.GENRE}),
        ("mood", {ReasonKind.MOOD}),
        ("situation", {ReasonKind.CONTEXT}),
        ("mood in a situation", {ReasonKind.MOOD, ReasonKind.CONTEXT}),
        ("social", {ReasonKind.FRIEND}),
    ],
)
def test_reasons_are_of_their_kind(name: str, kinds: set[ReasonKind]) -> None:
    source = SOURCES[name](history_of(LIKED, WEIGHTS))
    assert {each.kind for each in source.reasons(EVERY) if each.value.any()} == kinds
