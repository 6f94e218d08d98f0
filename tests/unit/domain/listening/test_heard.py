"""Events become a history: weights, seeds, and what must not be recommended again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from segue.domain.listening.event import Event, EventKind
from segue.domain.listening.exclusion import ListenerRecord
from segue.domain.listening.heard import MOMENT_SHARE, SEED_WEIGHT, read_heard
from tests.small_catalogue import small_catalogue

CATALOGUE = small_catalogue([["a"]] * 5)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def event(track: str, kind: EventKind, minute: int = 0, **given) -> Event:
    return Event("u", track, kind, NOON + timedelta(minutes=minute), f"{track}{minute}", **given)


def test_weights_are_added_and_damped() -> None:
    heard = read_heard(CATALOGUE, ListenerRecord([event("t001", EventKind.PLAY, n) for n in range(3)]))
    assert heard.history.item_index.tolist() == [1]
    assert heard.history.confidence == pytest.approx([np.log(4)])


def test_a_counted_event_weighs_its_count() -> None:
    once = read_heard(CATALOGUE, ListenerRecord([event("t001", EventKind.PLAY, count=3.0)]))
    assert once.history.confidence == pytest.approx([np.log(4)])


def test_dislikes_count_below_zero_and_are_heard() -> None:
    heard = read_heard(
        CATALOGUE, ListenerRecord([event("t000", EventKind.DISLIKE), event("t002", EventKind.LIKE)])
    )
    assert np.sign(heard.history.confidence).tolist() == [-1, 1]
    assert heard.rows.tolist() == [0, 2]


def test_events_that_cancel_out_weigh_nothing_but_are_heard() -> None:
    events = [event("t003", EventKind.SKIP, n) for n in range(4)] + [event("t003", EventKind.PLAY, 9)]
    heard = read_heard(CATALOGUE, ListenerRecord(events))
    assert len(heard.history) == 0
    assert heard.rows.tolist() == [3]


def test_unknown_tracks_are_left_out() -> None:
    heard = read_heard(CATALOGUE, ListenerRecord([event("gone", EventKind.LIKE)]), ["t001", "missing"])
    assert heard.rows.tolist() == [1]
    assert heard.unknown_seeds == ("missing",)


def test_seeds_count_as_much_as_the_history() -> None:
    events = [event(f"t00{row}", EventKind.LIKE, n) for row in range(3) for n in range(1)]
    total = read_heard(CATALOGUE, ListenerRecord(events)).history.confidence.sum()
    seeded = read_heard(CATALOGUE, ListenerRecord(events), ["t004"]).history
    assert seeded.confidence[-1] == pytest.approx(max(total, SEED_WEIGHT))


def test_the_latest_like_shows_in_a_long_history() -> None:
    many = small_catalogue([["a"]] * 400)
    events = [Event("u", f"t{row:03}", EventKind.LIKE, NOON, f"e{row}") for row in range(399)]
    latest = Event("u", "t399", EventKind.LIKE, NOON + timedelta(minutes=1), "now")
    confidence = read_heard(many, ListenerRecord([*events, latest])).history.confidence
    assert confidence[399] == pytest.approx(MOMENT_SHARE * 400 * np.log(4), rel=1e-5)
    assert confidence[0] == pytest.approx(np.log(4))


def test_nobody_is_empty() -> None:
    heard = read_heard(CATALOGUE, ListenerRecord([]))
    assert len(heard.history) == len(heard.rows) == 0
