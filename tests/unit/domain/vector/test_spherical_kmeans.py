"""Groups of directions, planted and found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.vector.spherical_kmeans import MIN_MEMBERS, centres, silhouette, split, unit_rows


def planted(
    sizes: list[int], *, d: int = 24, noise: float = 0.15, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around orthogonal directions, and which of them each is around."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    basis = np.linalg.qr(rng.normal(size=(d, d)))[0]
    vectors = basis[truth] + noise * rng.normal(size=(len(truth), d))
    order = rng.permutation(len(truth))
    return unit_rows(vectors[order].astype(np.float32)), truth[order]


@pytest.mark.parametrize(
    "sizes", [[12], [30], [200], [25, 20], [40, 10, 8], [20, 15, 12, 9], [12, 11, 10, 9, 8, 7]]
)
def test_planted_groups_are_found_the_heaviest_first(sizes: list[int]) -> None:
    unit, truth = planted(sizes)
    assert split(unit, np.ones(len(unit)), 6).tolist() == truth.tolist()


def test_the_weight_decides_which_is_first() -> None:
    unit, truth = planted([20, 10])
    found = split(unit, np.where(truth == 1, 5.0, 1.0), 6)
    assert found.tolist() == (1 - truth).tolist()


def test_no_more_groups_than_asked_for() -> None:
    unit, _ = planted([10] * 6)
    assert split(unit, np.ones(60), 3).max() == 2
    assert split(unit, np.ones(60), 1).max() == 0


def test_a_few_strays_join_a_neighbour() -> None:
    unit, truth = planted([20, 15, 3])
    found = split(unit, np.ones(len(unit)), 6)
    assert found[truth < 2].tolist() == truth[truth < 2].tolist()


@pytest.mark.parametrize("n", [1, 2, MIN_MEMBERS, 2 * MIN_MEMBERS - 1])
def test_a_small_history_is_one_group(n: int) -> None:
    unit, _ = planted([1] * n)
    assert split(unit, np.ones(n), 6).tolist() == [0] * n


def test_noise_is_one_group() -> None:
    unit = unit_rows(np.random.default_rng(0).normal(size=(100, 64)).astype(np.float32))
    assert split(unit, np.ones(100), 6).max() == 0


def test_vectors_of_zeros_are_no_fault() -> None:
    unit, _ = planted([10, 10])
    unit[3] = 0
    assert split(unit, np.ones(20), 6).max() == 1
    assert split(np.zeros((20, 4), np.float32), np.ones(20), 6).max() == 0


@given(st.integers(2, 40), st.integers(1, 5), st.integers(0, 1000))
def test_groups_are_numbered_by_weight_without_gaps_and_have_enough_members(
    n: int, d: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    unit, weight = unit_rows(rng.normal(size=(n, d)).astype(np.float32)), rng.random(n) + 0.1
    group = split(unit, weight, 6)
    sums = np.bincount(group, weight)
    assert (np.diff(sums) <= 1e-9).all()
    assert len(sums) == 1 or np.bincount(group).min() >= MIN_MEMBERS
    assert split(unit, weight, 6).tolist() == group.tolist()


def test_silhouette_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import silhouette_score

    unit, truth = planted([9, 6, 4], noise=0.5)
    expected = silhouette_score(unit, truth, metric="cosine")
    assert silhouette(unit @ unit.T, truth) == pytest.approx(expected, abs=1e-5)


def test_the_middle_of_a_group_is_its_weighted_mean_direction() -> None:
    unit = np.array([[1, 0], [0, 1], [0, -1]], np.float32)
    found = centres(unit, np.array([3.0, 4.0, 9.0]), np.array([0, 0, 1]))
    np.testing.assert_allclose(found, [[0.6, 0.8], [0, -1]], rtol=1e-6)
