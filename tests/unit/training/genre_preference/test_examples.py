"""Cuts in time: nothing after a cut may reach a feature, nothing before it a label."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.genre_preference.features import favourite_genre
from segue.errors import NotEnoughDataError
from tests.purchases import purchases, random_store
from training.genre_preference.examples import build_examples, split_by_time

STORE = random_store(40, learnable=True)


@given(st.integers(1, 99))
def test_histories_end_before_the_cut_and_labels_begin_there(day: int) -> None:
    cut = np.datetime64("2025-01-01", "s") + np.timedelta64(day, "D")
    end = STORE.at.max() + np.timedelta64(1, "s")
    examples = build_examples(STORE, cut, end)
    assert (examples.history.at < cut).all()
    later = STORE.where(STORE.at >= cut).of_customers(examples.history.customers)
    assert np.array_equal(examples.label, favourite_genre(later))


def test_the_tests_labels_begin_where_the_last_of_the_trainings_end() -> None:
    split = split_by_time(STORE)
    assert len(split.train) == 4
    assert split.train[2].until == split.train[3].until == split.test.cut < split.test.until
    assert all(train.cut < train.until <= split.test.cut for train in split.train)
    assert all(earlier.cut < later.cut for earlier, later in itertools.pairwise(split.train))
    assert len(split.test) == 40
    assert any(split.latest is train for train in split.train)
    assert len(split.label) == sum(len(train) for train in split.train)


def test_purchases_after_the_cut_do_not_move_a_history() -> None:
    test = split_by_time(STORE).test
    changed = STORE.genre_index.copy()
    changed[STORE.at >= test.cut] = 0
    altered = build_examples(
        type(STORE)(
            STORE.customers, STORE.genres, STORE.customer_id, STORE.at, changed, STORE.spend, STORE.quantity
        ),
        test.cut,
        test.until,
    )
    assert np.array_equal(altered.history.genre_index, test.history.genre_index)
    assert not np.array_equal(altered.label, test.label)


@pytest.mark.parametrize(
    ("store", "match"),
    [
        (purchases([], customers=[1, 2]), "none of the store's 2 customers has a purchase"),
        (purchases([(1, "2025-01-01", 3, 1, 1), (2, "2025-02-01", 3, 1, 1)]), "every purchase is of 'Rock'"),
        (purchases([(1, "2025-01-01", -1, 1, 1)]), "no genre at all"),
        (
            purchases([(c, f"2025-01-{c:02}", c % 2, 1, 1) for c in range(1, 20)]),
            "0 customers spent anything before and after the training cut",
        ),
    ],
)
def test_too_little_data_is_a_clear_error(store: object, match: str) -> None:
    with pytest.raises(NotEnoughDataError, match=match):
        split_by_time(store)
