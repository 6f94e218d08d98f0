"""Sparse item-item weights, beside the dense product."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.listening.history import History
from segue.domain.model.collaborative.item_similarity import (
    ItemSimilarity,
    neighbours_of,
    similarity_scores,
    similarity_shares,
    spoken_of,
)
from segue.errors import EmptyHistoryError, InvalidInputError


def sparse(dense: np.ndarray) -> ItemSimilarity:
    row, column = np.nonzero(dense)
    start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(dense)))])
    return ItemSimilarity(start, column.astype(np.int32), dense[row, column].astype(np.float32))


DENSE = np.array([[0, 2, 0, -1], [0, 0, 0, 0], [3, 1, 0, 4], [0, 0, 1, 0]], np.float32)
HISTORY = History(np.array([0, 1, 2], np.int32), np.array([1, 5, -2], np.float32))


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_scores_are_the_dense_product_and_reasons_sum_to_them(seed: int, n_items: int) -> None:
    rng = np.random.default_rng(seed)
    dense = rng.normal(size=(n_items, n_items)) * (rng.random((n_items, n_items)) < 0.3)
    items = np.flatnonzero(rng.random(n_items) < 0.5).astype(np.int32)
    history = History(items, rng.uniform(1, 3, len(items)).astype(np.float32))
    if not len(history):
        return
    scores = similarity_scores(sparse(dense), history)
    assert scores == pytest.approx(history.confidence @ dense[items], abs=1e-5)
    shares = similarity_shares(sparse(dense), history, np.arange(n_items, dtype=np.int32))
    assert shares == pytest.approx((history.confidence[:, None] * dense[items]).T, abs=1e-6)
    assert shares.sum(axis=1) == pytest.approx(scores, abs=1e-5)


def test_by_hand() -> None:
    assert similarity_scores(sparse(DENSE), HISTORY).tolist() == [-6, 0, 0, -9]


def test_neighbours_come_with_the_place_of_who_says_so() -> None:
    items, weights, speaker = neighbours_of(sparse(DENSE), np.array([2, 1, 2], np.int32))
    assert items.tolist() == [0, 1, 3] * 2
    assert weights.tolist() == [3, 1, 4] * 2
    assert speaker.tolist() == [0] * 3 + [2] * 3


@pytest.mark.parametrize("n_unheard", [0, 500])
def test_items_spoken_of_are_those_with_a_score_in_a_small_catalogue_and_a_large_one(n_unheard: int) -> None:
    model = sparse(np.pad(DENSE, (0, n_unheard)))
    items, scores = spoken_of(neighbours_of(model, HISTORY.item_index), HISTORY.confidence, model.n_items)
    assert (items.tolist(), scores.tolist()) == ([0, 3], [-6, -9])
    assert similarity_scores(model, HISTORY)[items].tolist() == scores.tolist()


def test_an_empty_history_is_refused() -> None:
    with pytest.raises(EmptyHistoryError):
        similarity_scores(sparse(DENSE), History(np.empty(0, np.int32), np.empty(0, np.float32)))


@pytest.mark.parametrize(
    ("start", "columns", "weights"),
    [([0, 1], [1], [1.0]), ([0, 1], [-1], [1.0]), ([0, 2], [0], [1.0]), ([1, 1], [0], [1.0]),
     ([0, 2, 1], [0], [1.0]), ([0, 1], [0, 0], [1.0])],
)  # fmt: skip
def test_what_is_no_square_matrix_is_refused(start: list, columns: list, weights: list) -> None:
    with pytest.raises(InvalidInputError):
        ItemSimilarity(np.array(start), np.array(columns, np.int32), np.array(weights, np.float32))


def test_shares_of_several_items_are_those_of_each() -> None:
    rows = np.array([3, 0, 2], np.int32)
    expected = (HISTORY.confidence[:, None] * DENSE[HISTORY.item_index]).T[rows]
    assert similarity_shares(sparse(DENSE), HISTORY, rows).tolist() == expected.tolist()
    assert similarity_shares(sparse(DENSE), HISTORY, rows[:0]).shape == (0, len(HISTORY))
