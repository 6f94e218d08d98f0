"""No protocol leaks, and what is wrong with a division is counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from segue.errors import InvalidInputError, NotEnoughDataError
from training.evaluate.reader import InteractionTable
from training.evaluate.split import Protocol, Split, divide, hold_out


def table(rows: list[tuple], shape: tuple[int, int] | None = None) -> InteractionTable:
    users, items, *rest = (np.array(column) for column in zip(*rows, strict=True))
    at = rest[0].astype(np.float64) if rest else None
    return InteractionTable(users, items, np.ones(len(users), np.float32), at, shape)


def cells(part: csr_matrix) -> set[tuple[int, int]]:
    return set(zip(*(index.tolist() for index in part.nonzero()), strict=True))


logs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 50)), min_size=1, max_size=80)


@given(logs, st.sampled_from([Protocol.TEMPORAL, Protocol.LEAVE_LAST, Protocol.RANDOM_8_1_1]))
def test_no_pair_is_in_two_parts(rows: list[tuple], protocol: Protocol) -> None:
    try:
        split = divide(table(rows), None, protocol, seed=1)
    except NotEnoughDataError:
        return
    parts = [cells(split.train), cells(split.test)]
    if split.validation is not None:
        parts.append(cells(split.validation))
    assert sum(map(len, parts)) == len(set.union(*parts))
    assert split.train.dtype == np.float32
    assert split.account.users_tested == len(split.users) > 0


def test_random_gives_each_user_a_tenth_and_the_seed_decides() -> None:
    rows = [(user, item) for user, n in enumerate((40, 10, 3, 2)) for item in range(n)]
    split = divide(table(rows), None, Protocol.RANDOM_8_1_1, seed=1)
    assert np.diff(split.test.indptr).tolist() == [4, 1, 1, 0]
    assert np.diff(split.validation.indptr).tolist() == [4, 1, 1, 0]
    assert np.diff(split.train.indptr).tolist() == [32, 8, 1, 2]
    again, other = (divide(table(rows), None, Protocol.RANDOM_8_1_1, seed=seed) for seed in (1, 2))
    assert cells(again.test) == cells(split.test) != cells(other.test)


def test_random_adds_the_weights_of_a_repeated_pair() -> None:
    rows = [(0, 0), (0, 1), (0, 0), (0, 2)]
    split = divide(table(rows), None, Protocol.RANDOM_8_1_1, seed=1)
    whole = (split.train + split.test + split.validation).toarray()
    assert whole.tolist() == [[2, 1, 1]]
    assert split.account.train_repeats == 1


def test_temporal_tests_on_the_latest_tenth_of_all() -> None:
    rows = [(item % 3, item, at) for item, at in enumerate(np.random.default_rng(0).permutation(100))]
    split = divide(table(rows), None, Protocol.TEMPORAL, seed=1)
    latest = {(user, item) for user, item, at in rows if at >= 90}
    assert cells(split.test) == latest
    assert cells(split.train) == {(user, item) for user, item, _ in rows} - latest


def test_leave_last_is_the_latest_discovery_and_nothing_after_it_is_seen() -> None:
    rows = [(0, 5, 1), (0, 6, 2), (0, 5, 3), (0, 7, 4), (0, 6, 5), (1, 5, 1), (1, 6, 2)]
    split = divide(table(rows), None, Protocol.LEAVE_LAST, seed=1)
    assert split.test.toarray().tolist() == [[0, 0, 1], [0, 0, 0]]
    assert split.train.toarray().tolist() == [[2, 1, 0], [1, 1, 0]]


def given_split() -> Split:
    train = table([("a", "x"), ("a", "x"), ("a", "y"), ("b", "y")])
    test = table([("a", "x"), ("a", "z"), ("a", "z"), ("c", "y")])
    return divide(train, test, Protocol.GIVEN, seed=1)


def test_leaks_repeats_and_strangers_are_counted_and_said() -> None:
    split = given_split()
    account = split.account
    assert (account.train_pairs, account.train_repeats, account.test_pairs, account.test_repeats) == (
        3,
        1,
        3,
        1,
    )
    assert (account.known_pairs, account.users_only_in_test, account.items_only_in_test) == (1, 1, 1)
    assert cells(split.test) == {(0, 2), (2, 1)}
    assert "leak: 1 test pairs are in training too, and were dropped from the test" in account.lines()


def test_rows_and_columns_stay_what_they_are() -> None:
    split = divide(table([(0, 3)], (5, 9)), table([(4, 0)], (5, 4)), Protocol.GIVEN, seed=1)
    assert split.train.shape == split.test.shape == (5, 9)
    assert (cells(split.train), cells(split.test)) == ({(0, 3)}, {(4, 0)})


def test_numbers_and_text_are_one_vocabulary() -> None:
    split = divide(table([(7, 1), (8, 2)]), table([("7", "2")]), Protocol.GIVEN, seed=1)
    assert split.account.users_only_in_test == split.account.items_only_in_test == 0
    assert cells(split.test) == {(0, 1)}


def test_what_cannot_be_divided_is_refused() -> None:
    one = table([(0, 1)])
    with pytest.raises(InvalidInputError, match="protocol given needs a test file"):
        divide(one, None, Protocol.GIVEN, seed=1)
    with pytest.raises(InvalidInputError, match="leave-last divides one file"):
        divide(one, one, Protocol.LEAVE_LAST, seed=1)
    with pytest.raises(InvalidInputError, match="needs a column `timestamp`"):
        divide(one, None, Protocol.TEMPORAL, seed=1)
    with pytest.raises(NotEnoughDataError, match="0 users to test on"):
        divide(one, one, Protocol.GIVEN, seed=1)


def test_a_hold_out_parts_the_training_and_spares_short_histories() -> None:
    train = csr_matrix(np.triu(np.full((30, 30), 2, np.float32)))
    fit, held = hold_out(train, 0.1, seed=1)
    assert (fit + held != train).nnz == 0
    assert fit.multiply(held).nnz == 0
    sizes = np.arange(30, 0, -1)
    assert np.diff(held.indptr).tolist() == np.where(sizes >= 3, np.maximum(1, sizes // 10), 0).tolist()


def test_ids_are_found_as_numbers_or_text() -> None:
    split = divide(table([(7, 10), (8, 9)]), table([(7, 9)]), Protocol.GIVEN, seed=1)
    assert (split.user_id.tolist(), split.item_id.tolist()) == ([7, 8], [9, 10])
    assert split.find_items(np.array(["10", "9", "x"])).tolist() == [1, 0, -1]
    assert split.find_users(np.array([8, 3])).tolist() == [1, -1]
    matrix = divide(table([(0, 3)], (5, 9)), table([(4, 0)], (5, 4)), Protocol.GIVEN, seed=1)
    assert matrix.find_items(np.array(["8", "9"])).tolist() == [8, -1]
