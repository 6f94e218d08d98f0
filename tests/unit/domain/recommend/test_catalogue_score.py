"""Every track is scored as the recommender scores its candidates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segue.domain.listening.history import History
from segue.domain.model.member import Step
from segue.domain.model.popularity.popularity import build_popularity
from segue.domain.model.registry import SOURCES, TIER_SOURCES
from segue.domain.recommend import catalogue_score
from segue.domain.recommend.catalogue_score import score_catalogue
from segue.domain.recommend.pipeline import Query
from segue.domain.recommend.ranker import Ranker
from segue.domain.recommend.recommender import Recommender, RecommendFor, answer, build_recommender
from segue.domain.vector.top_n import top_n
from tests.small_catalogue import small_catalogue
from training.algorithm.content.fit import fit_content

N = 60
NOBODY = History(np.empty(0, np.int32), np.empty(0, np.float32))
FAN = RecommendFor(History(np.array([0, 3, 6], np.int32), np.ones(3, np.float32)))


@pytest.fixture(scope="module")
def model() -> Recommender:
    """Three genres, each with listeners of its own; the last tracks are played most."""
    catalogue = small_catalogue(
        [[f"artist {row // 2}"] for row in range(N)],
        genres=[[("rock", "jazz", "folk")[row % 3]] for row in range(N)],
    )
    plays = np.arange(N, dtype=np.float32)
    weight = np.ones((len(TIER_SOURCES), len(SOURCES)), np.float32)
    return build_recommender(
        catalogue,
        content=fit_content(catalogue)[0],
        popularity=build_popularity(plays),
        ranker=Ranker(SOURCES, tuple(TIER_SOURCES), weight),
    )


def test_the_best_are_those_that_are_recommended(model: Recommender) -> None:
    allowed = np.ones(N, bool)
    allowed[FAN.history.item_index] = False
    found = score_catalogue(model, FAN)
    listed = answer(model, FAN, Query(N, allowed, n_reasons=0))
    assert (found.step, found.because) == (listed.step, listed.because)
    scores = found.scores[[item.item_index for item in listed.items]]
    assert scores == pytest.approx([item.score for item in listed.items], rel=1e-5)


def test_blocks_change_nothing(model: Recommender, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = score_catalogue(model, FAN).scores
    monkeypatch.setattr(catalogue_score, "_BLOCK", 7)
    assert score_catalogue(model, FAN).scores.tolist() == whole.tolist()


def test_only_alike_leaves_out_what_everybody_plays(model: Recommender) -> None:
    usual, alike = score_catalogue(model, FAN), score_catalogue(model, FAN, only_alike=True)
    assert (top_n(alike.scores, 10) % 3 == 0).all()
    assert usual.scores[N - 2] > alike.scores[N - 2]


def test_where_the_ranker_hears_only_popularity_a_station_is_still_of_its_seed(model: Recommender) -> None:
    weight = np.array([[name == "popularity" for name in SOURCES]] * len(TIER_SOURCES), np.float32)
    deaf = replace(model, ranker=Ranker(SOURCES, tuple(TIER_SOURCES), weight))
    found = score_catalogue(deaf, FAN, only_alike=True)
    assert (top_n(found.scores, 10) % 3 == 0).all()
    assert found.step is Step.HYBRID


def test_strangers_are_answered_by_what_is_popular(model: Recommender) -> None:
    for only_alike in (False, True):
        found = score_catalogue(model, RecommendFor(NOBODY), only_alike=only_alike)
        assert (found.step, int(found.scores.argmax())) == (Step.POPULARITY, N - 1)


def test_without_any_model_every_track_scores_0(model: Recommender) -> None:
    nothing = build_recommender(model.catalogue)
    assert not score_catalogue(nothing, RecommendFor(NOBODY)).scores.any()
