"""Lists are exact, deterministic and free of what the user has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.sparse import csr_matrix

from training.measure import order
from training.measure.order import NOTHING, rank_candidates, rank_catalogue, top_k

SCORES = st.sampled_from([0.0, -1.0, 1.0, 2.5, -np.inf, np.nan])


@given(
    arrays.arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=SCORES),
    st.integers(1, 14),
)
def test_the_best_come_first_and_ties_by_column(scores: np.ndarray, k: int) -> None:
    expected = np.full((len(scores), k), NOTHING)
    for row, values in enumerate(scores):
        known = [column for column in range(len(values)) if values[column] > -np.inf]
        ranked = sorted(known, key=lambda column: (-values[column], column))[:k]
        expected[row, : len(ranked)] = ranked
    assert top_k(scores, k).tolist() == expected.tolist()


class Fixed:
    """Scores every user alike, from one array that it owns."""

    model = None

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def scores(self, histories: csr_matrix) -> np.ndarray:
        return np.broadcast_to(self.values, histories.shape)


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_what_a_user_had_is_not_ranked_whatever_the_batch(batch: int, monkeypatch) -> None:
    monkeypatch.setattr(order, "_MAX_BATCH", batch)
    histories = csr_matrix(np.array([[0, 0, 0, 3], [1, 0, 0, 0], [1, 1, 1, 1]], np.float32))
    masked = csr_matrix(np.array([[0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]], np.float32))
    scorer = Fixed(np.array([1, 2, 3, 4], np.float32))
    ranking = rank_catalogue(scorer, histories, np.array([2, 0, 1]), 2, masked)
    assert ranking.tolist() == [[NOTHING, NOTHING], [1, 0], [3, 2]]
    assert scorer.values.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_of_candidates_all_are_ranked_and_nothing_else(batch: int, monkeypatch) -> None:
    monkeypatch.setattr(order, "_MAX_BATCH", batch)
    histories = csr_matrix(np.array([[0, 0, 0, 3], [1, 0, 0, 0], [1, 1, 1, 1]], np.float32))
    candidates = csr_matrix(np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 1, 1, 1]], np.float32))
    ranking = rank_candidates(
        Fixed(np.array([1, 2, 3, 4], np.float32)), histories, np.array([2, 0, 1]), 2, candidates
    )
    assert ranking.tolist() == [[3, 2], [3, 0], [1, NOTHING]]


def test_strangers_are_answered_by_what_most_users_have_had() -> None:
    histories = csr_matrix(np.array([[1, 0, 1, 0], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]], np.float32))
    scorer = Fixed(np.array([4.0, 3.0, 2.0, 1.0], np.float32))
    ranking = rank_catalogue(scorer, histories, np.array([0, 3]), 3)
    assert ranking.tolist() == [[1, 3, NOTHING], [2, 3, 0]]
    some = csr_matrix(np.array([[0, 0, 0, 0]] * 3 + [[1, 0, 0, 1]], np.float32))
    assert rank_candidates(scorer, histories, np.array([3]), 2, some).tolist() == [[3, 0]]
