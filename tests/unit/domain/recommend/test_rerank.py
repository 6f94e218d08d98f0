"""Reordering against a slow and simple version, and what each of its settings promises."""

from __future__ import annotations

import math

import numpy as np
import pytest

from segue.domain.recommend.rerank import Pool, rerank

M = 30


def pool(rng: np.random.Generator, **given) -> Pool:
    vectors = rng.normal(size=(M, 8))
    groups = rng.random((M, 3)).astype(np.float32)
    values = {
        "score": np.sort(rng.normal(size=M))[::-1].astype(np.float32),
        "vectors": (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32),
        "artist_index": np.arange(M, dtype=np.int32),
        "groups": groups / groups.sum(axis=1, keepdims=True),
        "wanted": np.array([0.6, 0.3, 0.1], np.float32),
    }
    return Pool(**(values | given))


def naive(pool: Pool, n: int, diversity: float, calibration: float) -> list[int]:
    """The formulas of the docstring, track by track."""
    low, high = pool.score.min(), pool.score.max()
    chosen: list[int] = []
    while len(chosen) < n:
        best, best_gain = -1, -math.inf
        for row in range(len(pool.score)):
            if row in chosen:
                continue
            gain = (1 - diversity) * (pool.score[row] - low) / (high - low)
            # 0 where nothing was chosen; tracks that are opposites are no better than strangers
            gain -= diversity * max([0.0, *(float(pool.vectors[row] @ pool.vectors[one]) for one in chosen)])
            share = pool.groups[[*chosen, row]].sum(axis=0) / (len(chosen) + 1)
            mixed = 0.99 * share + 0.01 * pool.wanted
            gain -= calibration * sum(
                p * math.log(p / q) for p, q in zip(pool.wanted, mixed, strict=True) if p
            )
            if gain > best_gain:
                best, best_gain = row, gain
        chosen.append(best)
    return chosen


@pytest.mark.parametrize(("diversity", "calibration"), [(0, 0), (0.3, 0), (0, 0.4), (0.5, 0.2)])
def test_rerank_is_what_its_formula_says(rng, diversity: float, calibration: float) -> None:
    given = pool(rng)
    assert rerank(given, 12, diversity, calibration).tolist() == naive(given, 12, diversity, calibration)


def test_without_settings_the_order_stays(rng) -> None:
    assert rerank(pool(rng), 10, 0).tolist() == list(range(10))


def test_diversity_makes_a_list_less_alike(rng) -> None:
    given = pool(rng)

    def alikeness(diversity: float) -> float:
        rows = given.vectors[rerank(given, 8, diversity)]
        return float((rows @ rows.T).sum())

    assert alikeness(0.8) < alikeness(0.4) < alikeness(0)


def test_calibration_brings_the_wanted_shares_nearer(rng) -> None:
    wanted = np.array([0.0, 0.2, 0.8], np.float32)
    given = pool(rng, groups=np.eye(3, dtype=np.float32)[rng.integers(3, size=M)], wanted=wanted)

    def miss(calibration: float) -> float:
        chosen = rerank(given, 10, 0, calibration)
        return float(np.abs(given.groups[chosen].mean(axis=0) - given.wanted).sum())

    assert miss(0.5) < miss(0)


def test_no_artist_has_more_than_a_fifth(rng) -> None:
    artist = np.where(np.arange(M) < 20, 7, np.arange(M)).astype(np.int32)
    chosen = rerank(pool(rng, artist_index=artist), 10, 0)
    assert (artist[chosen] == 7).sum() == 2


def test_a_longer_list_begins_with_the_shorter(rng) -> None:
    given = pool(rng, artist_index=(np.arange(M) % 7).astype(np.int32))
    longest = rerank(given, 25, 0.3, 0.2).tolist()
    for n in (1, 5, 6, 12):
        assert rerank(given, n, 0.3, 0.2).tolist() == longest[:n]


def test_an_artist_fills_the_list_when_nobody_else_is_left(rng) -> None:
    assert len(rerank(pool(rng, artist_index=np.zeros(M, np.int32)), 10, 0)) == 10


def test_unknown_artists_are_not_one_artist(rng) -> None:
    assert rerank(pool(rng, artist_index=np.full(M, -1, np.int32)), 10, 0).tolist() == list(range(10))


@pytest.mark.parametrize("m", [0, 1, 3])
def test_small_pools_are_returned_whole(rng, m: int) -> None:
    full = pool(rng)
    few = Pool(full.score[:m], full.vectors[:m], full.artist_index[:m], full.groups[:m], full.wanted)
    assert sorted(rerank(few, 5, 0.5, 0.5).tolist()) == list(range(m))
