"""What amounts to a like, and which likes are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.event import Event, EventKind
from segue.domain.listening.friends import build_friends
from segue.sources.dataset.account import Tally
from segue.sources.dataset.interactions import clean_events
from training.algorithm.popularity.social import HALF_LIFE_S, MAX_LIKES, MIN_PLAYS, build_social

TRACKS = build_vocabulary(f"t{row:03}" for row in range(200))
PAIRS = [("ann", "bob"), ("ann", "zoe")]
FRIENDS = build_friends(build_vocabulary(["ann", "bob", "zoe"]), PAIRS)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def event(user: str, track: int, kind: EventKind, day: float = 0.0) -> Event:
    name = f"{user} {track} {kind} {day}"
    return Event(user, f"t{track:03}", kind, BEGIN + timedelta(days=day), name)


def build(*events: Event):
    return build_social(FRIENDS, clean_events(events, Tally("test")), TRACKS)


def likes_of(social, user: str) -> list[int]:
    row = int(social.friends.users.index_of([user])[0])
    return social.item_index[social.start[row] : social.start[row + 1]].tolist()


@pytest.mark.parametrize("kind", [EventKind.LIKE, EventKind.SAVE, EventKind.PURCHASE])
def test_likes_saves_and_purchases_are_likes(kind: EventKind) -> None:
    assert likes_of(build(event("bob", 3, kind)), "bob") == [3]


def test_a_play_is_none_but_some_are() -> None:
    once = [event("bob", 3, EventKind.PLAY, day) for day in range(MIN_PLAYS - 1)]
    assert likes_of(build(*once), "bob") == []
    assert likes_of(build(*once, event("bob", 3, EventKind.PLAY, 9)), "bob") == [3]
    assert likes_of(build(event("bob", 3, EventKind.SKIP)), "bob") == []


def test_the_later_verdict_counts() -> None:
    liked, disliked = EventKind.LIKE, EventKind.DISLIKE
    assert likes_of(build(event("bob", 3, liked, 1), event("bob", 3, disliked, 2)), "bob") == []
    assert likes_of(build(event("bob", 3, disliked, 1), event("bob", 3, liked, 2)), "bob") == [3]
    assert likes_of(build(event("bob", 3, disliked, 2), event("zoe", 3, liked, 1)), "zoe") == [3]


def test_the_newest_come_first_and_count_most() -> None:
    half_life = HALF_LIFE_S / 86_400
    social = build(event("bob", 3, EventKind.LIKE), event("bob", 1, EventKind.LIKE, half_life),
                   event("zoe", 3, EventKind.LIKE, 3 * half_life))  # fmt: skip
    assert likes_of(social, "bob") == [1, 3]
    assert social.weight.tolist() == [0.25, 0.125, 1]


def test_only_so_many_are_kept() -> None:
    social = build(*(event("bob", row, EventKind.LIKE, row) for row in range(MAX_LIKES + 30)))
    assert likes_of(social, "bob") == list(range(MAX_LIKES + 29, 29, -1))


def test_users_without_friends_or_events_are_users_and_unknown_tracks_are_left_out() -> None:
    social = build(event("stranger", 5, EventKind.LIKE), event("zoe", 999, EventKind.LIKE),
                   event("bob", 199, EventKind.LIKE))  # fmt: skip
    users = social.friends.users
    assert users.item_id.tolist() == ["ann", "bob", "stranger", "zoe"]
    assert [likes_of(social, user) for user in users.item_id] == [[], [199], [5], []]
    friends = [users.item_id[social.friends.of(row)].tolist() for row in range(len(users))]
    assert friends == [["bob", "zoe"], ["ann"], [], ["ann"]]


def test_events_without_a_time_are_the_oldest() -> None:
    given = clean_events(
        [event("bob", 1, EventKind.LIKE, 1), event("bob", 2, EventKind.LIKE, 2)], Tally("test")
    )
    given.at[0] = np.datetime64("NaT")
    assert likes_of(build_social(FRIENDS, given, TRACKS), "bob") == [1, 2]
    given.at[:] = np.datetime64("NaT")
    assert build_social(FRIENDS, given, TRACKS).weight.tolist() == [1, 1]


def test_nobody_and_nothing_is_a_value_too() -> None:
    social = build()
    assert len(social.item_index) == 0
    assert len(social.friends.users) == 3
