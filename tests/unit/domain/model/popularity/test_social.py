"""Whose likes count, and how much."""

from __future__ import annotations

import numpy as np
import pytest

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.friends import Friends, build_friends
from segue.domain.listening.history import History
from segue.domain.model.popularity.social import ACQUAINTANCE, MAX_FRIENDS, Social, social_source
from segue.errors import InvalidInputError

USERS = build_vocabulary(["ann", "bob", "cid", "dan", "eve"])
FRIENDS = build_friends(USERS, [("ann", "bob"), ("ann", "cid"), ("bob", "cid"), ("ann", "eve")])
# bob likes 4 and 1, cid 9 and 1, dan 5; ann and eve nothing.
LIKES = Social(
    FRIENDS,
    np.array([0, 0, 2, 4, 5, 5], np.int64),
    np.array([4, 1, 9, 1, 5], np.int32),
    np.array([1, 0.5, 1, 1, 1], np.float32),
    10,
)
NOTHING = History(np.empty(0, np.int32), np.empty(0, np.float32))


def liking(*items: int) -> History:
    return History(np.array(items, np.int32), np.ones(len(items), np.float32))


def scores(source, *items: int) -> list[float]:
    return source.scores(np.array(items, np.int32)).tolist()


def test_friends_are_those_stored_and_those_named() -> None:
    assert social_source(LIKES, NOTHING, "ann").friend_ids == ("bob", "cid")
    assert social_source(LIKES, NOTHING, "ann", ["dan", "bob"]).friend_ids == ("bob", "cid", "dan")
    stranger = social_source(LIKES, NOTHING, "a stranger", ["dan", "nobody", "nobody", "zed"])
    assert (stranger.friend_ids, stranger.n_unknown) == (("dan",), 2)
    assert social_source(LIKES, NOTHING, "bob", ["bob"]).friend_ids == ("cid",)


@pytest.mark.parametrize(("user", "named"), [("", ()), ("dan", ()), ("nobody", ("nobody",)), ("", ("eve",))])
def test_without_friends_who_like_anything_there_is_no_source(user: str, named: tuple[str, ...]) -> None:
    assert social_source(LIKES, NOTHING, user, named) is None


def test_without_a_history_all_friends_are_alike() -> None:
    source = social_source(LIKES, NOTHING, "ann")
    assert source.similarity.tolist() == [0.5, 0.5]
    assert scores(source, 1, 4, 9, 5) == [0.75, 0.5, 0.5, 0]
    assert source.best(9).tolist() == [1, 4, 9]


def test_a_friend_of_the_same_taste_is_heard_more() -> None:
    source = social_source(LIKES, liking(4, 7), "ann")
    alike = 1 / (np.sqrt(2) * np.sqrt(1.25))
    weight = np.array([ACQUAINTANCE + alike, ACQUAINTANCE])
    assert source.similarity == pytest.approx(weight / weight.sum())
    assert source.best(1).tolist() == [4]
    (told,) = source.reasons(np.array([1], np.int32))
    assert [told.names[friend] for friend in told.about[np.argsort(-told.value)]] == ["bob", "cid"]


def test_what_is_disliked_makes_no_friend_count_below_the_others() -> None:
    given = History(np.array([9], np.int32), np.array([-1], np.float32))
    assert social_source(LIKES, given, "ann").similarity.tolist() == [0.5, 0.5]


def test_of_many_friends_the_most_alike_are_asked() -> None:
    n = MAX_FRIENDS + 50
    users = build_vocabulary(f"u{row:03}" for row in range(n))
    social = Social(
        build_friends(users, []),
        np.arange(n + 1, dtype=np.int64),
        np.arange(n, dtype=np.int32),
        np.ones(n, np.float32),
        n,
    )
    source = social_source(social, liking(n - 1), "", users.item_id.tolist())
    assert len(source.friend_ids) == MAX_FRIENDS
    assert source.best(1).tolist() == [n - 1]


@pytest.mark.parametrize(
    "change",
    [
        {"start": np.array([0, 0, 2, 4, 5], np.int64)},
        {"start": np.array([0, 3, 2, 4, 5, 5], np.int64)},
        {"start": np.array([0, 0, 2, 4, 5, 6], np.int64)},
        {"item_index": np.array([4, 1, 10, 1, 5], np.int32)},
        {"item_index": np.array([4, 1, -1, 1, 5], np.int32)},
        {"weight": np.array([1, 0.5, 0, 1, 1], np.float32)},
        {"weight": np.ones(4, np.float32)},
        {"friends": Friends(USERS, FRIENDS.start[:-1], FRIENDS.friend_index)},
        {"friends": Friends(USERS, FRIENDS.start, FRIENDS.friend_index + 2)},
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict) -> None:
    parts = {name: getattr(LIKES, name) for name in Social.__slots__}
    with pytest.raises(InvalidInputError):
        Social(**(parts | change))
