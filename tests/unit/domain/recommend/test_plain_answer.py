"""An answer beside the same one computed plainly: every source scores every track, and all are sorted."""

from __future__ import annotations

import numpy as np
import pytest

from segue.domain.listening.history import History
from segue.domain.model.collaborative.item_factors import Objective, fold_in, rotate
from segue.domain.model.collaborative.item_similarity import ItemSimilarity
from segue.domain.model.collaborative.nonnegative_factors import (
    build_nonnegative_factors,
    nonnegative_fold_in,
)
from segue.domain.model.content.content import CANDIDATES_PER_ITEM, N_VOICES, Content
from segue.domain.model.popularity.popularity import build_popularity
from segue.domain.model.registry import SOURCES, TIER_SOURCES
from segue.domain.recommend.pipeline import POOL, Query
from segue.domain.recommend.ranker import N_CANDIDATES, Ranker
from segue.domain.recommend.recommender import Recommender, RecommendFor, answer, build_recommender, pool_of
from segue.domain.recommend.rerank import rerank
from tests.small_catalogue import small_catalogue

N, N_SHOWN, D = 1500, 20, 9
NAMES = ("factors", "parts", "similarity", "content", "genre", "trending", "popularity")


def graph(rng: np.random.Generator, per_row: int) -> ItemSimilarity:
    index = np.sort([rng.choice(N, per_row, replace=False) for _ in range(N)], axis=1).astype(np.int32)
    weight = rng.normal(0.3, 0.3, index.shape).astype(np.float32)
    return ItemSimilarity(np.arange(N + 1, dtype=np.int64) * per_row, index.ravel(), weight.ravel())


def random_model(rng: np.random.Generator) -> Recommender:
    names = [f"genre {number}" for number in range(7)]
    genres = [rng.choice(names, rng.integers(0, 4), replace=False).tolist() for _ in range(N)]
    catalogue = small_catalogue([[f"artist {row // 3}"] for row in range(N)], genres=genres)
    unit = rng.normal(size=(N, 6)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    plays = rng.integers(0, 40, N).astype(np.float32)
    weight = np.array([[rng.random() if name in TIER_SOURCES["free"] else 0.0 for name in SOURCES]])
    weight = np.vstack([weight, rng.random((2, len(SOURCES)))]).astype(np.float32)
    return build_recommender(
        catalogue,
        popularity=build_popularity(plays, rng.permutation(plays)),
        factors=rotate(rng.normal(size=(N, D)).astype(np.float32), Objective(1.0, alpha=5.0)),
        parts=build_nonnegative_factors(rng.gamma(0.3, 1.0, (N, 5)).astype(np.float32), 0.1),
        similarity=graph(rng, 15),
        content=Content(unit, (), 6, graph(rng, 10)),
        ranker=Ranker(SOURCES, tuple(TIER_SOURCES), weight, diversity=0.2, calibration=0.1),
    )


def random_history(rng: np.random.Generator) -> History:
    items = np.sort(rng.choice(N, rng.integers(2, 120), replace=False)).astype(np.int32)
    confidence = rng.uniform(0.5, 4, len(items)).astype(np.float32)
    confidence[1::5] *= -1
    return History(items, confidence)


def dense(similarity: ItemSimilarity, history: History) -> np.ndarray:
    total = np.zeros(N)
    for item, confidence in zip(history.item_index.tolist(), history.confidence.tolist(), strict=True):
        row = slice(similarity.start[item], similarity.start[item + 1])
        total[similarity.item_index[row]] += confidence * similarity.weight[row].astype(np.float64)
    return total


def descending(score: np.ndarray, n: int) -> np.ndarray:
    return np.argsort(-score.astype(np.float32), kind="stable")[:n]


def plain_scores(model: Recommender, history: History) -> dict[str, np.ndarray]:
    """What every source says of every track, by its definition."""
    genres, plays = model.catalogue.genres, model.popularity.all_time
    share = np.zeros(len(genres.names))
    for item, confidence in zip(history.item_index.tolist(), history.confidence.tolist(), strict=True):
        share[genres.index_of(item)] += confidence / max(len(genres.index_of(item)), 1)
    share /= np.abs(share).sum()
    prominence = 0.5 + 0.5 * np.log1p(plays) / np.log1p(plays).max()
    mean = [share[genres.index_of(row)].mean() if len(genres.index_of(row)) else 0.0 for row in range(N)]
    vectors = model.content.vectors.astype(np.float64)
    profile = history.confidence @ vectors[history.item_index]
    return {
        "factors": model.factors.factors @ fold_in(model.factors, history),
        "parts": model.models["parts"].factors @ nonnegative_fold_in(model.models["parts"], history),
        "similarity": dense(model.models["similarity"], history),
        "content": vectors @ profile / np.linalg.norm(profile),
        "genre": np.array(mean) * prominence,
        "trending": np.log1p(model.popularity.trending),
        "popularity": np.log1p(plays),
    }


def plain_best(model: Recommender, history: History, name: str, score: np.ndarray, n: int) -> np.ndarray:
    if name == "content":
        unit = model.content.vectors[history.item_index] * history.confidence[:, None]
        profile = unit.sum(axis=0)
        voice = (unit @ profile / np.square(profile).sum()).astype(np.float32)
        loudest = [row for row in np.sort(descending(voice, N_VOICES)).tolist() if voice[row] > 0]
        near = dense(model.content.neighbours, History(history.item_index[loudest], voice[loudest]))
        spoken = np.flatnonzero(near)
        rows = np.sort(spoken[descending(near[spoken], CANDIDATES_PER_ITEM * n)])
        return rows[descending(score[rows], n)]
    best = descending(score, n)
    return best if name in ("factors", "parts") else best[score[best] > 0]


@pytest.mark.parametrize("tier", ["pro", "free"])
@pytest.mark.parametrize("seed", range(6))
def test_an_answer_is_the_plain_one_and_its_reasons_add_up(seed: int, tier: str) -> None:
    rng = np.random.default_rng(seed)
    model, history = random_model(rng), random_history(rng)
    allowed = rng.random(N) < 0.9
    allowed[history.item_index] = False
    query = Query(N_SHOWN, allowed, model.ranker.diversity, model.ranker.calibration, n_reasons=3)
    found = answer(model, RecommendFor(history, tier=tier), query).items

    weights = model.ranker.weights_of(tier)
    names = [name for name in NAMES if name in weights]
    scores = plain_scores(model, history)
    n_asked = N_CANDIDATES + int((~allowed).sum())
    brought: set[int] = set()
    for name in names:
        best = plain_best(model, history, name, scores[name], n_asked)
        brought |= set(best[allowed[best]][:N_CANDIDATES].tolist())
    rows = np.array(sorted(brought), np.int32)
    said = np.stack([scores[name][rows] for name in names], axis=1)
    total = said / np.abs(said).max(axis=0) @ np.array([weights[name] for name in names])
    ranked = descending(total, POOL)
    pool = pool_of(model, history, rows[ranked], total[ranked].astype(np.float32))
    expected = ranked[rerank(pool, N_SHOWN, query.diversity, query.calibration)]

    assert [item.item_index for item in found] == rows[expected].tolist()
    assert [item.score for item in found] == pytest.approx(total[expected].tolist(), rel=1e-4)
    for item in found:
        parts = [reason.contribution for reason in item.reasons]
        assert sum(parts) == pytest.approx(item.score, rel=1e-3, abs=1e-4)
        assert len(parts) <= query.n_reasons + 1
