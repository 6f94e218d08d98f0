"""A vector that came later is placed where hdbscan's own approximate_predict puts it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas
import pytest
from hdbscan import approximate_predict
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.domain.cluster.clustering import NOISE
from segue.domain.cluster.placement import nearest_items, place
from tests.small_clustering import clustering_around, fit, small_clustering

if TYPE_CHECKING:
    from collections.abc import Callable

rng = np.random.default_rng(7)


def _blobs(n: int = 600, d: int = 5) -> np.ndarray:
    centres = rng.uniform(-4, 4, (6, d))
    points = (
        centres[np.arange(n) % 6] + rng.normal(size=(n, d)) * rng.uniform(0.1, 0.6, (6, 1))[np.arange(n) % 6]
    )
    points[::12] = rng.uniform(-8, 8, (len(points[::12]), d))
    return points.astype(np.float32)


def _duplicates() -> np.ndarray:
    points = _blobs()
    points[::5] = points[0]  # 120 tracks on one spot: the density there is infinite
    points[1::7] = points[1]
    return points


def _far() -> np.ndarray:
    points = _blobs()
    points[:3] = [[1e4] * 5, [-1e4] * 5, [0, 0, 0, 0, 3e3]]
    return points


def _nested() -> np.ndarray:
    """Clusters within clusters, where leaf and eom differ."""
    centres = np.repeat(rng.uniform(-10, 10, (3, 3)), 3, axis=0) + rng.uniform(-1, 1, (9, 3))
    return (centres[np.arange(900) % 9] + rng.normal(size=(900, 3)) * 0.15).astype(np.float32)


DATA = {"blobs": _blobs(), "duplicates": _duplicates(), "far": _far(), "nested": _nested()}
SETTINGS: dict[str, dict[str, Any]] = {
    "eom": {"min_cluster_size": 15},
    "fewer samples": {"min_cluster_size": 20, "min_samples": 4},
    "more samples": {"min_cluster_size": 8, "min_samples": 15},
    "one sample": {"min_cluster_size": 10, "min_samples": 1},
    "leaf": {"min_cluster_size": 10, "cluster_selection_method": "leaf"},
    "leaf, fewer samples": {"min_cluster_size": 12, "min_samples": 3, "cluster_selection_method": "leaf"},
    "merged": {"min_cluster_size": 10, "cluster_selection_epsilon": 0.5},
    "single": {"min_cluster_size": 60, "allow_single_cluster": True},
}


def _asked(data: np.ndarray) -> np.ndarray:
    """Points of the data, next to it, between, and far away."""
    n, d = data.shape
    near = data[rng.integers(0, n, 150)] + rng.normal(size=(150, d)).astype(np.float32) * 0.1
    between = (data[rng.integers(0, n, 80)] + data[rng.integers(0, n, 80)]) / 2
    far = rng.normal(size=(20, d)) * 100
    return np.concatenate([data[rng.integers(0, n, 80)], near, between, far]).astype(np.float32)


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("setting", SETTINGS)
def test_it_answers_as_hdbscan_does(data: str, setting: str) -> None:
    points = DATA[data]
    fitted = fit(points, **SETTINGS[setting])
    asked = _asked(points)
    expected_label, expected_strength = approximate_predict(fitted, asked.astype(np.float64))
    label, strength = place(clustering_around(fitted, points), asked)
    np.testing.assert_array_equal(label, expected_label)
    np.testing.assert_allclose(strength, expected_strength, atol=1e-6)


def test_without_a_cluster_all_is_noise() -> None:
    points = rng.uniform(size=(200, 3)).astype(np.float32)
    fitted = fit(points, min_cluster_size=150)
    label, strength = place(clustering_around(fitted, points), points[:4])
    assert (set(label.tolist()), set(strength.tolist())) == ({NOISE}, {0.0})


def test_a_member_is_placed_in_its_own_cluster() -> None:
    clustering = small_clustering()
    middle = clustering.exemplar
    label, strength = place(clustering, clustering.embeddings[middle])
    np.testing.assert_array_equal(label, clustering.label[middle])
    assert (strength > 0.3).all()


def test_no_vectors_have_no_places() -> None:
    label, strength = place(small_clustering(), np.empty((0, 4), np.float32))
    assert (label.shape, strength.shape) == ((0,), (0,))


@given(st.integers(0, 2**32 - 1), st.integers(1, 80), st.integers(1, 12), st.sampled_from([1e-4, 1.0, 1e4]))
@settings(max_examples=60, deadline=None)
def test_the_nearest_items_are_those_of_a_full_search(seed: int, n: int, d: int, far: float) -> None:
    """Squares as great as those of a far vector hide small differences from float32: none may be lost."""
    draw = np.random.default_rng(seed)
    points = (draw.normal(size=(50, d)) + far).astype(np.float32)
    points[::7] = points[0]
    points[3] *= 1000
    asked = (points[1] + draw.normal(size=d) * 0.1).astype(np.float32)
    exact = np.sqrt(np.square(points.astype(np.float64) - asked).sum(axis=1))
    rows, distance = nearest_items(points, asked, n)
    np.testing.assert_array_equal(rows, np.argsort(exact, kind="stable")[:n])
    np.testing.assert_array_equal(distance, exact[rows])


def test_one_vector_is_placed_in_a_fraction_of_a_plain_search() -> None:
    """Two passes in float32 take a fifth of a float64 difference to every item; half is no accident yet."""
    points = rng.random((100_000, 12), dtype=np.float32)
    plain = _least_s(lambda: np.argsort(np.square(points - points[5].astype(float)).sum(axis=1))[:20])
    assert _least_s(lambda: nearest_items(points, points[5], 20)) < plain / 2


def _least_s(work: Callable[[], Any]) -> float:
    spent = []
    with threadpool_limits(1):  # threads that wait for each other count as time of the process
        for _ in range(5):
            began = time.process_time()
            work()
            spent.append(time.process_time() - began)
    return min(spent)


@pytest.mark.realdata
def test_real_tracks_are_placed_as_hdbscan_places_them() -> None:
    """With its duplicates, and features that take a few values only."""
    if "SEGUE_DATA_DIR" not in os.environ:
        pytest.skip("SEGUE_DATA_DIR is not set: it names the folder of public data sets")
    path = Path(os.environ["SEGUE_DATA_DIR"]) / "spotify_tracks" / "spotify_tracks.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    table = pandas.read_parquet(path, columns=list(AUDIO_FEATURES)).sample(5000, random_state=0).to_numpy()
    low, high = table.min(axis=0), table.max(axis=0)
    points = ((table - low) / (high - low)).astype(np.float32)
    fitted = fit(points[:4000], min_cluster_size=10, min_samples=3, cluster_selection_method="leaf")
    expected_label, expected_strength = approximate_predict(fitted, points[4000:].astype(np.float64))
    label, strength = place(clustering_around(fitted, points[:4000]), points[4000:])
    assert (expected_label >= 0).mean() > 0.1
    np.testing.assert_array_equal(label, expected_label)
    np.testing.assert_allclose(strength, expected_strength, atol=1e-6)
