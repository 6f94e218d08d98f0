"""Distinct tastes: two blobs are two, one is one, and every track belongs somewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.taste.distinct import CLEAR_LEAD, MAX_DIVIDED, Tastes, distinct_tastes
from segue.domain.taste.event_columns import Lack
from segue.domain.taste.layout import BY_CLUSTERS, BY_DIRECTIONS, build_layout
from tests.small_clustering import small_clustering
from tests.small_taste import JAZZ, ROCK, played, plays, reference


@pytest.fixture
def blobs(rng: np.random.Generator) -> np.ndarray:
    middle = np.repeat(np.eye(2, 8), 20, axis=0)
    return (middle + rng.normal(0, 0.05, (40, 8))).astype(np.float32)


def tastes(vectors: np.ndarray, tracks: list[str]) -> Tastes:
    found = distinct_tastes(replace(reference(), vectors=vectors), played(plays(tracks)))
    assert isinstance(found, Tastes)
    return found


def test_two_blobs_are_two_tastes_the_heavier_first(blobs: np.ndarray) -> None:
    found = tastes(blobs, ROCK[:8] + JAZZ[:16])
    assert [each.n_tracks for each in found.tastes] == [16, 8]
    assert [each.weight for each in found.tastes] == pytest.approx([2 / 3, 1 / 3])
    assert "jazz" in found.tastes[0].title.lower()
    assert "rock" in found.tastes[1].title.lower()
    assert all(row >= 20 for row in found.tastes[0].representative)
    assert len(found.tastes[0].representative) == 3


def test_one_blob_is_one_taste(blobs: np.ndarray) -> None:
    found = tastes(blobs, ROCK)
    assert [each.weight for each in found.tastes] == pytest.approx([1])


def test_tracks_that_are_not_divided_join_the_nearest(rng: np.random.Generator) -> None:
    assert MAX_DIVIDED < 100
    middle = np.repeat(np.eye(2, 8), 20, axis=0)
    vectors = (middle + rng.normal(0, 0.05, (40, 8))).astype(np.float32)
    found = tastes(vectors, (ROCK + JAZZ) * 2)
    assert sum(each.n_tracks for each in found.tastes) == 40
    assert float(found.weight.sum()) == pytest.approx(1)
    np.testing.assert_array_equal(found.taste[:20], np.repeat(found.taste[0], 20))


def test_four_tracks_are_too_few() -> None:
    assert isinstance(distinct_tastes(reference(), played(plays(ROCK[:4]))), Lack)


def test_the_map_is_the_live_clusterings_where_there_is_one() -> None:
    clustering = small_clustering()
    ids = clustering.vocabulary.item_id.tolist()
    vocabulary = build_vocabulary([*ids[:50], "zzz"])
    layout = build_layout(vocabulary, np.ones((51, 3), np.float32), clustering)
    assert layout.made_by == BY_CLUSTERS
    np.testing.assert_array_equal(layout.position[:50], clustering.position[:50])
    np.testing.assert_array_equal(layout.cluster[:50], clustering.label[:50])
    assert np.isnan(layout.position[50]).all()
    assert layout.cluster[50] == -1


def test_a_clustering_of_other_tracks_is_no_map() -> None:
    vocabulary = build_vocabulary(f"other {number}" for number in range(9))
    assert build_layout(vocabulary, np.ones((9, 3), np.float32), small_clustering()).made_by == BY_DIRECTIONS


def test_without_a_clustering_it_is_the_directions_of_the_vectors(blobs: np.ndarray) -> None:
    vocabulary = build_vocabulary(ROCK + JAZZ)
    layout = build_layout(vocabulary, blobs, None)
    assert layout.made_by == BY_DIRECTIONS
    assert layout.position.min() >= 0
    assert layout.position.max() <= 1
    left, right = layout.position[:20, 0], layout.position[20:, 0]
    assert left.max() < right.min() or right.max() < left.min()


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (4, 1), (4, 0)])
def test_even_the_least_catalogue_has_a_map(shape: tuple[int, int]) -> None:
    vocabulary = build_vocabulary(f"t{row}" for row in range(shape[0]))
    layout = build_layout(vocabulary, np.zeros(shape, np.float32), None)
    assert layout.position.shape == (shape[0], 2)
    assert np.isfinite(layout.position).all()


@pytest.mark.parametrize("seed", range(20))
def test_one_more_like_moves_shares_and_no_names(blobs: np.ndarray, seed: int) -> None:
    draw = np.random.default_rng(seed)
    tracks = draw.permutation(ROCK + JAZZ)[:24].tolist()
    heard = tracks + draw.choice(tracks, 20).tolist()
    before = {each.title: each.weight for each in tastes(blobs, heard).tastes}
    for liked in (tracks[0], tracks[-1], next(track for track in ROCK + JAZZ if track not in tracks)):
        after = {each.title: each.weight for each in tastes(blobs, [*heard, liked]).tastes}
        assert after.keys() == before.keys()
        assert max(abs(after[title] - before[title]) for title in before) < 0.05


@pytest.mark.parametrize("seed", range(8))
def test_names_may_change_only_when_twice_as_many_tracks_are_known(seed: int) -> None:
    """Of tastes that overlap, as those of real listeners do, whatever is liked and in whatever order."""
    draw = np.random.default_rng(seed)
    middle = draw.normal(size=(5, 8))
    vectors = (middle[draw.integers(5, size=40)] + draw.normal(0, 0.6, (40, 8))).astype(np.float32)
    tracks = draw.permutation(ROCK + JAZZ).tolist()
    for between in ((10, 14, 19), (20, 30, 39)):
        titles = [{each.title for each in tastes(vectors, tracks[:known]).tastes} for known in between]
        assert titles[0] == titles[1] == titles[2]


def weights(heard: list[str]) -> dict[str, float]:
    """Weigh the tastes of two clear genres, the first taste first."""
    vectors = np.repeat(np.eye(2, 8, dtype=np.float32), 20, axis=0)
    vectors += np.random.default_rng(3).normal(0, 0.05, vectors.shape).astype(np.float32)
    found = tastes(vectors, heard)
    return {"rock" if each.representative[0] < 20 else "jazz": each.weight for each in found.tastes}


@given(st.lists(st.sampled_from(ROCK[:8] + JAZZ[:8]), max_size=40), st.sampled_from(ROCK[:8] + JAZZ[:8]))
def test_the_first_taste_changes_only_when_another_one_clearly_leads_it(more: list[str], liked: str) -> None:
    heard = ROCK[:8] + JAZZ[:8] + more
    before, after = weights(heard), weights([*heard, liked])
    first, then = next(iter(before)), next(iter(after))
    for shares in (before, after):
        assert max(shares.values()) - next(iter(shares.values())) < CLEAR_LEAD
    assert then == first or after[then] - after[first] >= CLEAR_LEAD


def test_two_tastes_of_about_equal_weight_do_not_change_places() -> None:
    heard = ROCK[:8] + JAZZ[:8]
    for liked in ("jazz", "rock", "jazz", "jazz", "rock", "rock") * 2:
        heard.append(JAZZ[0] if liked == "jazz" else ROCK[0])
        assert next(iter(weights(heard))) == "rock"
