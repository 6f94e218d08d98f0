"""Parts to train, choose and test on, and an account of what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from segue.errors import InvalidInputError, NotEnoughDataError
from training.evaluate.weighting import weigh_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.evaluate.reader import InteractionTable
    from training.evaluate.weighting import Weighting

TEST_SHARE = 0.1
MIN_HISTORY = 3
"""Users with fewer interactions are in the training part alone: they leave nothing to learn from."""


class Protocol(StrEnum):
    """How interactions are divided.

    ``temporal`` tests on the latest tenth of all, ``leave-last`` on each user's latest, ``random-8-1-1`` on a
    random tenth of each user's, and another tenth chooses hyper-parameters; ``given`` takes two files.
    """

    GIVEN = "given"
    TEMPORAL = "temporal"
    LEAVE_LAST = "leave-last"
    RANDOM_8_1_1 = "random-8-1-1"


TIMED = (Protocol.TEMPORAL, Protocol.LEAVE_LAST)
"""Protocols that need the time of every interaction."""


@dataclass(frozen=True, slots=True)
class SplitAccount:
    """What was found in the files and in the division.

    A pair is a user and an item; a row that repeats a pair adds its weight to it. ``known_pairs`` are test
    pairs whose user had the item before: a ranking without what was had cannot find them, so they are
    dropped. Users of the test alone stay, and are answered as strangers are.
    """

    train_pairs: int
    train_repeats: int
    test_pairs: int
    test_repeats: int
    known_pairs: int
    users_only_in_test: int
    items_only_in_test: int
    users_tested: int

    def lines(self) -> list[str]:
        """Say it in sentences, one a finding."""
        return [
            f"training: {self.train_pairs} pairs; {self.train_repeats} rows repeat one",
            f"test: {self.test_pairs} pairs; {self.test_repeats} rows repeat one",
            f"leak: {self.known_pairs} test pairs are in training too"
            + (", and were dropped from the test" if self.known_pairs else ""),
            f"strangers: {self.users_only_in_test} users and {self.items_only_in_test} items "
            "are in the test only",
            f"{self.users_tested} users are tested",
        ]


@dataclass(frozen=True, slots=True)
class Split:
    """Three parts over one vocabulary.

    Attributes
    ----------
    train, test : csr_matrix float32 (n_users, n_items)
        Weights above 0; no pair is in both.
    validation : csr_matrix or None
        What hyper-parameters are chosen on, where the protocol sets it apart; in neither other part. Without
        it they are chosen on a part of ``train``, see `hold_out`.
    account : SplitAccount
    user_id, item_id : int64 or str (n_users,) and (n_items,)
        Ids of the rows and columns, as the files have them.
    """

    train: csr_matrix
    test: csr_matrix
    validation: csr_matrix | None
    account: SplitAccount
    user_id: NDArray[Any]
    item_id: NDArray[Any]

    @property
    def users(self) -> NDArray[np.int64]:
        """Rows with something to find, int64."""
        return np.flatnonzero(np.diff(self.test.indptr))

    def find_users(self, ids: NDArray[Any]) -> NDArray[np.int64]:
        """Return the row of each id, -1 where there is none; numbers and their text are the same id."""
        return _find(self.user_id, ids)

    def find_items(self, ids: NDArray[Any]) -> NDArray[np.int64]:
        """Return the column of each id, -1 where there is none; numbers and their text are the same id."""
        return _find(self.item_id, ids)

    def weigh(self, weighting: Weighting) -> Split:
        """Return the split with the training part's weights changed."""
        return replace(self, train=weigh_pairs(self.train, weighting))


def divide(train: InteractionTable, test: InteractionTable | None, protocol: Protocol, seed: int) -> Split:
    """Divide as the protocol says; ``train`` is everything there is unless it is ``given``.

    Raises
    ------
    InvalidInputError
        A test file is missing or too much, or the protocol needs times that the file does not have.
    NotEnoughDataError
        Nothing is left to train or test on.
    """
    if (protocol is Protocol.GIVEN) != (test is not None):
        need = "needs a test file" if test is None else "divides one file: give no test file"
        raise InvalidInputError(f"protocol {protocol} {need}, or choose another protocol.")
    if test is not None:
        return _build(train, test, None)
    if protocol is not Protocol.RANDOM_8_1_1:
        return _build(*_divide_by_time(train, protocol), None)
    pairs = _merge(train)
    split = _build(*_divide_at_random(pairs, seed))
    return replace(split, account=replace(split.account, train_repeats=len(train) - len(pairs)))


def hold_out(train: csr_matrix, share: float, seed: int) -> tuple[csr_matrix, csr_matrix]:
    """Divide a training part again, at random and per user, to choose hyper-parameters on.

    Returns
    -------
    (csr_matrix, csr_matrix)
        What to fit on, and ``share`` of each user's items, one at least of users with ``MIN_HISTORY``.
    """
    user = np.repeat(np.arange(train.shape[0]), np.diff(train.indptr))
    place, count = _places(user, np.random.default_rng(seed).random(len(user)))
    held = place < _part(count, share)
    parts = [
        csr_matrix((train.data[rows], (user[rows], train.indices[rows])), shape=train.shape)
        for rows in (~held, held)
    ]
    return parts[0], parts[1]


def _divide_at_random(
    pairs: InteractionTable, seed: int
) -> tuple[InteractionTable, InteractionTable, InteractionTable]:
    _, user = np.unique(pairs.user, return_inverse=True)
    place, count = _places(user, np.random.default_rng(seed).random(len(user)))
    held = _part(count, TEST_SHARE)
    test, validation = place < held, (place >= held) & (place < 2 * held)
    return _take(pairs, ~test & ~validation), _take(pairs, test), _take(pairs, validation)


def _divide_by_time(table: InteractionTable, protocol: Protocol) -> tuple[InteractionTable, InteractionTable]:
    if table.at is None:
        raise InvalidInputError(f"protocol {protocol} needs a column `timestamp`: this file has none.")
    if protocol is Protocol.TEMPORAL:
        test = table.at > np.quantile(table.at, 1 - TEST_SHARE, method="lower")
        return _take(table, ~test), _take(table, test)
    # Of a log with repeats the latest row is often no discovery: the test is the latest item that was new,
    # and what follows it, repeats all, is in no part.
    _, user = np.unique(table.user, return_inverse=True)
    place, _ = _places(user, table.at)
    is_new = place == _first_place_of_pair(table, place)
    latest = np.zeros(user.max() + 1, np.int64)
    np.maximum.at(latest, user[is_new], place[is_new])
    new_items = np.bincount(user[is_new], minlength=len(latest))
    tested = new_items[user] >= MIN_HISTORY
    test = tested & (place == latest[user])
    return _take(table, ~tested | (place < latest[user])), _take(table, test)


def _first_place_of_pair(table: InteractionTable, place: NDArray[np.int64]) -> NDArray[np.int64]:
    pair = _pair(table)
    first = np.full(pair.max() + 1, len(table), np.int64)
    np.minimum.at(first, pair, place)
    return first[pair]


def _merge(table: InteractionTable) -> InteractionTable:
    """One row a pair, its weights added."""
    pair = _pair(table)
    _, first = np.unique(pair, return_index=True)
    weight = np.bincount(pair, table.weight).astype(np.float32)
    return replace(_take(table, first), weight=weight)


def _pair(table: InteractionTable) -> NDArray[np.int64]:
    """Return the number of each row's pair, from 0, int64 (n,)."""
    _, user = np.unique(table.user, return_inverse=True)
    items, item = np.unique(table.item, return_inverse=True)
    pair: NDArray[np.int64] = np.unique(user * len(items) + item, return_inverse=True)[1]
    return pair


def _places(user: NDArray[Any], key: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each row's place among its user's rows by rising key (ties by row), and how many rows the user has."""
    count = np.bincount(user, minlength=1)
    order = np.lexsort((key, user))
    start = np.concatenate([[0], np.cumsum(count)[:-1]])
    place = np.empty(len(user), np.int64)
    place[order] = np.arange(len(user)) - start[user[order]]
    return place, count[user]


def _part(count: NDArray[np.int64], share: float) -> NDArray[np.int64]:
    part = np.maximum(1, np.floor(count * share + 1e-9)).astype(np.int64)
    return np.where(count >= MIN_HISTORY, part, 0)


def _take(table: InteractionTable, rows: NDArray[Any]) -> InteractionTable:
    at = None if table.at is None else table.at[rows]
    return replace(table, user=table.user[rows], item=table.item[rows], weight=table.weight[rows], at=at)


def _build(train: InteractionTable, test: InteractionTable, validation: InteractionTable | None) -> Split:
    tables = [train, test] if validation is None else [train, test, validation]
    users, user_id = _index([table.user for table in tables], [t.shape[0] if t.shape else 0 for t in tables])
    items, item_id = _index([table.item for table in tables], [t.shape[1] if t.shape else 0 for t in tables])
    parts = [
        csr_matrix((table.weight, (user, item)), shape=(len(user_id), len(item_id)), dtype=np.float32)
        for table, user, item in zip(tables, users, items, strict=True)
    ]
    known = parts[1].multiply(parts[0] > 0).tocsr()
    truth = (parts[1] - known).tocsr()
    truth.eliminate_zeros()
    tested = int((np.diff(truth.indptr) > 0).sum())
    if not len(train) or not tested:
        leaked = f" (all {known.nnz} test pairs are in training too)" if known.nnz else ""
        raise NotEnoughDataError(
            f"{len(train)} rows to train on and {tested} users to test on{leaked}: give more interactions, "
            "or choose another protocol."
        )
    account = SplitAccount(
        train_pairs=parts[0].nnz,
        train_repeats=len(train) - parts[0].nnz,
        test_pairs=parts[1].nnz,
        test_repeats=len(test) - parts[1].nnz,
        known_pairs=known.nnz,
        users_only_in_test=len(np.setdiff1d(users[1], users[0])),
        items_only_in_test=len(np.setdiff1d(items[1], items[0])),
        users_tested=tested,
    )
    return Split(parts[0], truth, None if validation is None else parts[2], account, user_id, item_id)


def _index(ids: list[NDArray[Any]], sizes: list[int]) -> tuple[list[NDArray[np.int64]], NDArray[Any]]:
    """Give equal ids of all tables one index; ids that are indices already stay what they are."""
    whole = all(each.dtype.kind == "i" for each in ids)
    if whole and all(sizes):
        return ids, np.arange(max(sizes))
    known, index = np.unique(
        np.concatenate(ids if whole else [each.astype(np.str_) for each in ids]), return_inverse=True
    )
    return np.split(index, np.cumsum([len(each) for each in ids])[:-1]), known


def _find(known: NDArray[Any], ids: NDArray[Any]) -> NDArray[np.int64]:
    row: NDArray[np.int64] = pd.Index(known.astype(np.str_)).get_indexer(ids.astype(np.str_))
    return row
