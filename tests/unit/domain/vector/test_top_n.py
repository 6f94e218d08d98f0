"""The best of a score vector, beside a full sort."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.vector.top_n import top_n

few_values = st.lists(st.sampled_from([-np.inf, -1.0, -0.0, 0.0, 0.5, 2.0]), max_size=80)


@given(few_values, st.integers(0, 35), st.sets(st.integers(0, 79), max_size=20))
def test_is_the_head_of_a_full_stable_sort(values: list[float], n: int, banned: set[int]) -> None:
    scores = np.array(values, np.float32)
    exclude = np.array([row for row in banned if row < len(scores)], np.int32)
    ranked = sorted(range(len(scores)), key=lambda row: (-scores[row], row))
    expected = [row for row in ranked if scores[row] > -np.inf and row not in banned][:n]
    assert top_n(scores, n, exclude).tolist() == expected


def test_scores_are_left_as_they_are() -> None:
    scores = np.arange(9, dtype=np.float32)
    assert top_n(scores, 2, np.array([8], np.int32)).tolist() == [7, 6]
    assert scores.tolist() == list(range(9))


def test_holds_where_groups_are_many() -> None:
    scores = np.random.default_rng(0).integers(0, 5000, 10_007).astype(np.float32)
    for n in (1, 3, 200, 1250, 1251, 10_006):
        assert top_n(scores, n).tolist() == np.argsort(-scores, kind="stable")[:n].tolist()
