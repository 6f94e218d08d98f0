"""One listener's history."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.history import History, build_history
from segue.errors import InvalidInputError

VOCABULARY = build_vocabulary("abcd")


def test_repeats_add_up_and_strangers_are_counted_once_each() -> None:
    history = build_history(VOCABULARY, ["c", "x", "a", "c", "x", "y"], [1, 9, 2, 3, 9, 9])
    assert history.item_index.tolist() == [0, 2]
    assert history.confidence.tolist() == [2, 4]
    assert history.n_unknown == 2


def test_what_adds_up_to_nothing_is_left_out() -> None:
    history = build_history(VOCABULARY, ["a", "a", "b", "c"], [1, -1, -2, 0])
    assert history.item_index.tolist() == [1]
    assert history.confidence.tolist() == [-2]


def test_no_events_are_an_empty_history() -> None:
    assert len(build_history(VOCABULARY, [], [])) == 0


@given(
    st.lists(st.tuples(st.sampled_from("abcdx"), st.floats(-1e6, 1e6, width=32)), max_size=12), st.randoms()
)
def test_the_order_of_events_changes_nothing(events: list[tuple[str, float]], random) -> None:
    shuffled = random.sample(events, len(events))
    one, other = (
        build_history(VOCABULARY, [e[0] for e in some], [e[1] for e in some]) for some in (events, shuffled)
    )
    assert one.item_index.tolist() == other.item_index.tolist()
    assert one.confidence.tolist() == other.confidence.tolist()
    assert one.n_unknown == other.n_unknown


def test_a_weight_per_item_is_needed() -> None:
    with pytest.raises(InvalidInputError, match="2 items with 1 weights"):
        build_history(VOCABULARY, ["a", "b"], [1])


@pytest.mark.parametrize(
    ("items", "confidence"),
    [
        ([1, 0], [1, 1]),
        ([1, 1], [1, 1]),
        ([-1, 0], [1, 1]),
        ([0, 1], [1, 0]),
        ([0, 1], [1, np.nan]),
        ([0, 1], [1, np.inf]),
        ([0, 1], [1]),
    ],
)
def test_an_invalid_history_is_refused(items: list[int], confidence: list[float]) -> None:
    with pytest.raises(InvalidInputError):
        History(np.array(items, np.int32), np.array(confidence, np.float32))


def test_other_types_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="int64"):
        History(np.array([0]), np.array([1], np.float32))


def test_an_infinite_weight_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="finite"):
        build_history(VOCABULARY, ["a"], [float("inf")])
