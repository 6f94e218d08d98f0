"""Which step answers, what it draws on, and that reasons add up: two camps of listeners, by design."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.friends import build_friends
from segue.domain.listening.history import History
from segue.domain.listening.mood import Mood
from segue.domain.listening.situation import Activity, Situation
from segue.domain.model.candidate_source import ReasonKind
from segue.domain.model.member import Step
from segue.domain.model.popularity.popularity import build_popularity
from segue.domain.model.popularity.social import Social
from segue.domain.model.registry import SOURCES, TIER_SOURCES
from segue.domain.recommend.pipeline import Query
from segue.domain.recommend.ranker import Ranker
from segue.domain.recommend.recommender import (
    Recommender,
    RecommendFor,
    answer,
    build_recommender,
    choose,
    explain,
    prepare,
)
from segue.domain.recommend.similar_track import lacks_models, similar
from segue.domain.recommend.taste_group import taste_groups
from segue.domain.vector.column import build_labels
from segue.errors import EmptyHistoryError
from tests.small_catalogue import small_catalogue
from training.algorithm.collaborative.ials import IalsRecommender
from training.algorithm.collaborative.linear import Rp3Beta
from training.algorithm.collaborative.nmf import NmfRecommender
from training.algorithm.content.fit import fit_content
from training.algorithm.content.rules import fit_rules
from training.hybrid.ranker.served import alone as weights_alone
from training.hybrid.ranker.served import popular_ranker

N = 40
"""Tracks; even ones are rock and played by one camp, odd ones jazz and played by the other."""


def world():
    rng = np.random.default_rng(3)
    user, item = np.indices((60, N))
    plays = csr_matrix(((user % 2 == item % 2) & (rng.random((60, N)) < 0.5)).astype(np.float32))
    catalogue = small_catalogue(
        [[f"artist {row // 2}"] for row in range(N)],
        genres=[["jazz"] if row % 2 else ["rock"] for row in range(N)],
        audio={"energy": np.linspace(0, 1, N), "valence": np.linspace(1, 0, N)},
    )
    users = build_vocabulary(["ann", "bob"])
    likes = Social(
        build_friends(users, [("ann", "bob")]),
        np.array([0, 0, 2], np.int64),
        np.array([1, 3], np.int32),
        np.ones(2, np.float32),
        N,
    )
    return build_recommender(
        catalogue,
        popularity=build_popularity(np.asarray(plays.sum(axis=0), np.float32).ravel()),
        factors=IalsRecommender(n_factors=4).fit(plays, lambda _: None).model,
        parts=NmfRecommender(n_factors=2).fit(plays, lambda _: None).model,
        similarity=Rp3Beta().fit(plays, lambda _: None).model,
        content=fit_content(catalogue)[0],
        rules=fit_rules(catalogue),
        social=likes,
        ranker=Ranker(SOURCES, tuple(TIER_SOURCES), _weights()),
    )


def _weights() -> np.ndarray:
    return np.array([[name in TIER_SOURCES[tier] for name in SOURCES] for tier in TIER_SOURCES], np.float32)


@pytest.fixture(scope="module")
def model():
    return world()


ROCK = History(np.array([0, 2, 4], np.int32), np.ones(3, np.float32))
NOBODY = History(np.empty(0, np.int32), np.empty(0, np.float32))


def query(n: int = 5, **given) -> Query:
    return Query(n, np.ones(N, bool), **given)


def unheard(n: int = 5) -> Query:
    allowed = np.ones(N, bool)
    allowed[ROCK.item_index] = False
    return Query(n, allowed)


def without(model: Recommender, lost: tuple[str, ...]) -> Recommender:
    left = model.with_models(**dict.fromkeys(set(lost) - {"ranker"}))
    return replace(left, ranker=None) if "ranker" in lost else left


def test_a_listener_of_rock_gets_rock(model) -> None:
    found = answer(model, RecommendFor(ROCK), unheard())
    assert found.step is Step.HYBRID
    assert [item.item_index % 2 for item in found.items] == [0] * 5
    assert not {item.item_index for item in found.items} & set(ROCK.item_index.tolist())


@pytest.mark.parametrize("tier", TIER_SOURCES)
def test_reasons_add_up_whatever_the_tier(model, tier: str) -> None:
    for item in answer(model, RecommendFor(ROCK, "ann", tier=tier, mood=Mood.HAPPY), unheard()).items:
        assert sum(reason.contribution for reason in item.reasons) == pytest.approx(item.score, abs=1e-4)


@pytest.mark.parametrize("tier", TIER_SOURCES)
def test_a_tier_draws_on_its_own_sources_alone(model, tier: str) -> None:
    assert set(prepare(model, RecommendFor(ROCK, "ann", tier=tier))) == TIER_SOURCES[tier]


@pytest.mark.parametrize(
    ("lost", "history", "step"),
    [
        ((), ROCK, Step.HYBRID),
        (("ranker",), ROCK, Step.COLLABORATIVE),
        (("ranker", "factors"), ROCK, Step.COLLABORATIVE),
        (("ranker", "factors", "parts", "similarity"), ROCK, Step.CONTENT),
        (("ranker", "factors", "parts", "similarity", "content"), ROCK, Step.GENRE),
        ((), NOBODY, Step.POPULARITY),
        (("ranker",), NOBODY, Step.POPULARITY),
        (("popularity", "ranker", "factors", "parts", "similarity", "content"), NOBODY, Step.POPULARITY),
    ],
)
def test_the_next_step_answers_when_something_is_missing(model, lost, history: History, step: Step) -> None:
    left = without(model, lost)
    found = answer(left, RecommendFor(history), query())
    assert found.step is step
    assert len(found.items) == 5
    assert found.because


def test_a_ranker_that_trusts_popularity_alone_is_obeyed(model) -> None:
    found = answer(replace(model, ranker=popular_ranker("too few listeners")), RecommendFor(ROCK), unheard(1))
    assert found.step is Step.POPULARITY
    plays = np.where(unheard().allowed, model.popularity.all_time, -1)
    assert found.items[0].item_index == plays.argmax()


def test_a_stranger_with_friends_hears_what_they_like(model) -> None:
    found = answer(model, RecommendFor(NOBODY, "ann"), query(2))
    assert found.step is Step.HYBRID
    assert {item.item_index for item in found.items} == {1, 3}
    assert any(reason.kind is ReasonKind.FRIEND for reason in found.items[0].reasons)


def test_named_friends_count_besides_the_stored(model) -> None:
    assert "social" in prepare(model, RecommendFor(NOBODY, "stranger", friends=("bob",)))
    assert "social" not in prepare(model, RecommendFor(NOBODY, "stranger", friends=("nobody",)))


def test_a_friend_whom_nobody_knows_changes_nothing(model) -> None:
    def weight(*friends: str) -> float:
        listener = RecommendFor(ROCK, "ann", friends=friends)
        return choose(model, prepare(model, listener), listener)[1].get("social", 0.0)

    assert weight("ghost", "ghost") == weight() < weight("ghost", "bob")


def test_a_mood_moves_the_answer(model) -> None:
    def energy(mood: Mood | None) -> float:
        rows = [item.item_index for item in answer(model, RecommendFor(ROCK, mood=mood), unheard()).items]
        return float(model.catalogue.audio[rows, 1].mean())

    assert energy(Mood.CHILL) < energy(None) < energy(Mood.ENERGETIC)


def test_a_mood_weighs_as_much_as_everything_else(model) -> None:
    listener = RecommendFor(ROCK, mood=Mood.CHILL)
    _, weights, _ = choose(model, prepare(model, listener), listener)
    mood = weights.pop("mood")
    assert mood == pytest.approx(sum(weights.values()))


def test_a_situation_weighs_as_much_as_it_changes(model) -> None:
    listener = RecommendFor(ROCK, situation=Situation(activity=Activity.WORKOUT))
    _, weights, _ = choose(model, prepare(model, listener), listener)
    situation = weights.pop("mood")
    assert 0 < situation < sum(weights.values())


def test_explain_says_what_the_answer_says(model) -> None:
    (first, *_) = answer(model, RecommendFor(ROCK), unheard()).items
    again = explain(model, RecommendFor(ROCK), first.item_index, unheard())
    assert again.score == pytest.approx(first.score, rel=1e-5)
    assert again.reasons == first.reasons


def test_a_heard_track_can_be_explained(model) -> None:
    assert explain(model, RecommendFor(ROCK), 0, unheard()).reasons


@pytest.mark.parametrize("how", [Step.HYBRID, Step.COLLABORATIVE, Step.CONTENT])
def test_similar_tracks_are_of_the_same_camp(model, how: Step) -> None:
    by, found = similar(model, ROCK, how, unheard(4))
    assert by is how
    assert [item.item_index % 2 for item in found] == [0] * 4
    for item in found:
        assert sum(reason.contribution for reason in item.reasons) == pytest.approx(item.score, abs=1e-4)


def test_similar_without_such_a_model_is_an_error(model) -> None:
    with pytest.raises(EmptyHistoryError):
        similar(model.with_models(content=None), ROCK, Step.CONTENT, unheard())
    assert lacks_models(model.with_models(content=None), Step.CONTENT)
    assert not lacks_models(model, Step.CONTENT)


@pytest.mark.parametrize(
    ("lost", "by"),
    [(("content",), Step.COLLABORATIVE), (("factors", "parts", "similarity"), Step.CONTENT)],
)
def test_similar_tracks_are_said_to_be_by_what_is_left(model, lost: tuple[str, ...], by: Step) -> None:
    assert similar(without(model, lost), ROCK, Step.HYBRID, unheard())[0] is by


KNOWN = (
    "what has a weight for the tier pro and knows this listener: factors, parts, similarity, content, genre"
)
ALONE = {"factors": Step.COLLABORATIVE, "similarity": Step.COLLABORATIVE, "content": Step.CONTENT}


@pytest.mark.parametrize(("name", "step"), ALONE.items())
def test_one_source_alone_is_named_and_no_hybrid(model, name: str, step: Step) -> None:
    alone = replace(model, ranker=replace(model.ranker, weight=np.tile(weights_alone(name), (3, 1))))
    found = answer(alone, RecommendFor(ROCK), unheard(3))
    assert found.step is step
    assert found.because.endswith(f"knows this listener: {name}")


def test_the_genre_and_the_sound_are_told_where_content_has_a_weight(model) -> None:
    """A history of many tracks says a little each: they must not hide what the track itself is like."""
    found = answer(model, RecommendFor(ROCK), unheard(3))
    for item in found.items:
        kinds = [reason.kind for reason in item.reasons]
        assert {ReasonKind.PLAYED, ReasonKind.GENRE} <= set(kinds)
        assert kinds.count(ReasonKind.REST) <= 1
        assert sum(reason.contribution for reason in item.reasons) == pytest.approx(item.score, abs=1e-4)


DISLIKES = History(np.array([0], np.int32), np.array([-1], np.float32))


@pytest.mark.parametrize(
    ("lost", "history", "because"),
    [
        ((), ROCK, KNOWN + ", trending, popularity"),
        (("social",), ROCK, KNOWN + ", trending, popularity; models are missing: social"),
        (("ranker",), ROCK, "no ranker can be served (none is live)"),
        ((), NOBODY, "nothing is known of this listener yet"),
        ((), DISLIKES, "only dislikes are known of this listener yet"),
    ],
)
def test_the_reason_names_what_is_missing(model, lost, history: History, because: str) -> None:
    missing = dict.fromkeys(set(lost) - {"ranker"}, "gone")
    left = replace(without(model, lost), missing=missing)
    assert choose(left, prepare(left, RecommendFor(history)), RecommendFor(history))[2] == because


@pytest.mark.parametrize(
    ("missing", "because"),
    [
        ({}, "no model knows the tracks of this listener"),
        ({"item-factors": "gone", "content": "gone"}, "models are missing: content, item-factors"),
    ],
)
def test_models_know_nothing_only_if_they_are_there(model, missing: dict[str, str], because: str) -> None:
    assert choose(replace(model, missing=missing), {}, RecommendFor(ROCK))[2] == because


def test_taste_groups_are_half_genre_and_half_popularity(model) -> None:
    genres = build_labels([["rock"], ["rock", "jazz"], []])
    groups = taste_groups(genres, build_popularity(np.array([6, 2, 1], np.float32)))
    assert groups[:2].sum(axis=1) == pytest.approx([1, 1])
    assert groups[2].sum() == 0.5
    assert groups[:, -3:].tolist() == [[0.5, 0, 0], [0, 0, 0.5], [0, 0, 0.5]]
