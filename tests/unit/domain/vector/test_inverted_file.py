"""Rows by cell: what a query looks at, and what it finds there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.vector.inverted_file import Cells, best_rows, build_cells
from segue.domain.vector.nearest import recall_of
from segue.errors import InvalidInputError

N, D, N_CELLS = 400, 12, 20


def random_cells(seed: int, share: float) -> tuple[np.ndarray, Cells]:
    rng = np.random.default_rng(seed)
    centre = rng.normal(size=(N_CELLS, D)).astype(np.float32)
    cell = rng.integers(0, N_CELLS - 1, N).astype(np.int32)  # the last one is empty
    matrix = (centre[cell] + 0.2 * rng.normal(size=(N, D))).astype(np.float32)
    matrix[3] = 0
    return matrix, build_cells(matrix, centre, cell, share)


@given(st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_with_all_cells_none_of_the_best_is_missed(seed: int, n: int) -> None:
    matrix, cells = random_cells(seed, 1.0)
    query = np.random.default_rng(seed).normal(size=D).astype(np.float32)
    exclude = np.array([1, 5, 300], np.int32)
    found, products = best_rows(matrix, cells, query, n, exclude)
    expected, true = best_rows(matrix, None, query, n, exclude)
    assert found.tolist() == expected.tolist()
    assert products == pytest.approx(true, rel=1e-5, abs=1e-6)


def test_rows_without_size_are_coded_as_zeros() -> None:
    matrix = np.ones((4, D), np.float32)
    matrix[1], matrix[2] = 0, np.finfo(np.float32).smallest_subnormal
    cells = build_cells(matrix, matrix[:1], np.zeros(4, np.int32), 1.0)
    assert cells.code.any(axis=1).tolist() == [True, False, False, True]
    assert (cells.scale > 0).all()


@pytest.mark.parametrize("width", [D, 8])
def test_more_cells_find_more_and_what_is_found_is_scored_in_full(width: int) -> None:
    matrix = random_cells(5, 1.0)[0] * np.linspace(1, 0.1, D, dtype=np.float32)
    matrix = np.random.default_rng(1).normal(size=matrix.shape).astype(np.float32) + matrix
    leading = np.ascontiguousarray(matrix[:, :width])
    centre = leading[::10]
    cell = ((leading[:, None] - centre) ** 2).sum(axis=2).argmin(axis=1).astype(np.int32)
    queries = np.random.default_rng(2).normal(size=(40, D)).astype(np.float32)
    cells = build_cells(leading, centre, cell, 1.0)
    rows, products = best_rows(matrix, replace(cells, share=0.2), queries[0], 10)
    assert products == pytest.approx(matrix[rows] @ queries[0], rel=1e-6)
    assert (np.diff(products) <= 0).all()
    shares = (0.01, 0.3, 0.6, 1.0)
    wanted = [best_rows(matrix, None, query, 10)[0] for query in queries]
    recalls = [
        recall_of([best_rows(matrix, replace(cells, share=share), query, 10)[0] for query in queries], wanted)
        for share in shares
    ]
    assert recalls == sorted(recalls)
    assert recalls[0] < 0.95 < recalls[3]


def test_the_cells_that_promise_most_are_looked_at_first() -> None:
    matrix, cells = random_cells(0, 0.1)
    row = int(cells.row[cells.start[7]])
    found = cells.candidates(matrix[row], 5)
    mates = cells.row[cells.start[7] : cells.start[8]]
    assert np.isin(found, mates).mean() > 0.5


def test_there_are_enough_however_small_the_share() -> None:
    matrix, cells = random_cells(1, 0.001)
    for n in (0, 1, 50, N, 2 * N):
        assert min(n, N) <= len(cells.candidates(matrix[0], n)) <= N


def test_a_code_is_within_half_a_step_of_the_number() -> None:
    matrix, cells = random_cells(2, 1.0)
    decoded = cells.code.astype(np.float32) * cells.scale[:, None]
    assert np.abs(decoded - matrix[cells.row]).max() <= 0.5001 * cells.scale.max()


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": 0.0},
        {"share": 1.5},
        {"row": np.zeros(N, np.int32)},
        {"start": np.arange(N_CELLS + 1, dtype=np.int64)},
        {"scale": np.ones(3, np.float32)},
        {"centre": np.ones((N_CELLS, D + 1), np.float32)},
    ],
)
def test_parts_that_do_not_fit_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match="do not fit"):
        replace(random_cells(0, 0.5)[1], **wrong)
