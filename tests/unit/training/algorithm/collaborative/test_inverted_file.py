"""Cells of a large catalogue's factors: as small a share as finds enough, or none at all."""

from __future__ import annotations

import numpy as np
import pytest

from segue.domain.recommend.ranker import N_CANDIDATES
from segue.domain.vector.inverted_file import best_rows
from segue.domain.vector.nearest import recall_of
from training.algorithm.collaborative import inverted_file as cells_module
from training.algorithm.collaborative.inverted_file import MIN_NUMBERS, RECALL_TARGET, find_cells

D = 16


@pytest.fixture(autouse=True)
def many_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells_module, "MIN_NUMBERS", 20_000)


def in_scenes(rng: np.random.Generator, n: int) -> np.ndarray:
    scenes = rng.normal(size=(40, D))
    return (scenes[rng.integers(40, size=n)] + 0.1 * rng.normal(size=(n, D))).astype(np.float32)


def test_the_smallest_share_that_finds_enough_is_taken(rng: np.random.Generator) -> None:
    matrix, queries = in_scenes(rng, 8000), in_scenes(rng, 60)
    found = find_cells(matrix, queries, 3)
    assert found is not None
    assert 0.005 <= found.share <= 0.1
    assert RECALL_TARGET <= found.recall < 1.001
    best = [[best_rows(matrix, each, query, N_CANDIDATES)[0] for query in queries] for each in (found, None)]
    assert found.recall == pytest.approx(recall_of(*best))
    assert (find_cells(matrix, queries, 3).row == found.row).all()


def test_what_has_no_cells_worth_having_is_searched_whole(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix, queries = in_scenes(rng, 8000), in_scenes(rng, 20)
    monkeypatch.setattr(cells_module, "RECALL_TARGET", 1.01)
    assert find_cells(matrix, queries, 3) is None


def test_small_matrices_and_unasked_ones_are_searched_whole(rng: np.random.Generator) -> None:
    matrix = in_scenes(rng, 1000)
    assert matrix.size < MIN_NUMBERS
    assert find_cells(matrix, matrix[:9], 3) is None
    assert find_cells(in_scenes(rng, 8000), matrix[:0], 3) is None


def test_of_wide_factors_the_leading_columns_are_coded(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells_module, "MOST_COLUMNS", 8)
    falling = np.arange(1, D + 1, dtype=np.float32) ** -1
    found = find_cells(in_scenes(rng, 8000) * falling, in_scenes(rng, 60) * falling, 3)
    assert found is not None
    assert found.code.shape == (8000, 8)


def test_wide_factors_that_no_share_finds_are_all_read_by_their_leading_columns(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells_module, "MOST_COLUMNS", 8)
    monkeypatch.setattr(cells_module, "_SHARES", ())
    falling = np.arange(1, D + 1, dtype=np.float32) ** -3
    matrix = rng.normal(size=(8000, D)).astype(np.float32)
    assert find_cells(matrix * falling, matrix[:60] * falling, 3).share == 1
    assert find_cells(matrix[:, :8].copy(), matrix[:60, :8], 3) is None
