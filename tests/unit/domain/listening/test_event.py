"""Events: what each counts, and what a listener's events come to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.listening.event import (
    EVENT_KINDS,
    MOST_MS,
    WEIGHTS,
    WHOLE_PLAY_S,
    Event,
    EventKind,
    build_listening,
    event_weight,
    stored_events,
    weight_of,
)
from segue.errors import InvalidInputError

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PLAY, LIKE, DISLIKE, SKIP = EventKind.PLAY, EventKind.LIKE, EventKind.DISLIKE, EventKind.SKIP


def event(number: int, kind: EventKind, track: str = "t", ms_played: int | None = None) -> Event:
    return Event("u", track, kind, NOON + timedelta(seconds=number), f"e{number:03}", ms_played)


def test_codes_never_move() -> None:
    assert EVENT_KINDS == ("play", "like", "dislike", "skip", "save", "purchase")


def test_weights_are_in_the_order_of_what_they_say() -> None:
    ascending = [DISLIKE, SKIP, PLAY, LIKE, EventKind.PURCHASE]
    assert all(WEIGHTS[less] < WEIGHTS[more] for less, more in pairwise(ascending))
    assert WEIGHTS[SKIP] < 0 < WEIGHTS[PLAY]
    assert WEIGHTS.keys() == set(EVENT_KINDS)


@pytest.mark.parametrize(
    ("kind", "ms_played", "duration_s", "weight"),
    [
        (PLAY, None, 200.0, 1.0),
        (PLAY, 50_000, 200.0, 0.25),
        (PLAY, 900_000, 200.0, 1.0),
        (PLAY, 0, 200.0, 0.0),
        (PLAY, 15_000, None, 0.5),
        (PLAY, 15_000, 0.0, 0.5),
        (PLAY, 15_000, float("nan"), 0.5),
        (SKIP, 15_000, 200.0, -0.25),
        (LIKE, 0, 200.0, 3.0),
    ],
)
def test_a_play_counts_by_the_share_that_was_heard(kind, ms_played, duration_s, weight) -> None:
    one = event(0, kind, ms_played=ms_played)
    assert event_weight(one, duration_s) == pytest.approx(weight)
    columns = np.array([EVENT_KINDS.index(kind)], np.int8), np.array([-1 if ms_played is None else ms_played])
    found = weight_of(*columns, np.array([duration_s], np.float32))
    assert found == pytest.approx([weight])


@given(st.lists(st.tuples(st.sampled_from(EVENT_KINDS), st.none() | st.integers(0, MOST_MS))))
def test_columns_weigh_as_events_do(rows: list[tuple[EventKind, int | None]]) -> None:
    kind = np.array([EVENT_KINDS.index(kind) for kind, _ in rows], np.int8)
    ms_played = np.array([-1 if ms is None else ms for _, ms in rows], np.int32)
    each = [event_weight(event(0, kind, ms_played=ms)) for kind, ms in rows]
    assert weight_of(kind, ms_played).tolist() == pytest.approx(each)


@pytest.mark.parametrize("at", [NOON.replace(tzinfo=None), NOON.astimezone(timezone(timedelta(hours=2)))])
def test_an_event_is_in_utc(at: datetime) -> None:
    with pytest.raises(InvalidInputError, match="is not in UTC"):
        Event("u", "t", PLAY, at, "e")


@pytest.mark.parametrize("ms_played", [-1, MOST_MS + 1])
def test_a_play_lasts_up_to_a_day(ms_played: int) -> None:
    with pytest.raises(InvalidInputError, match=f"ms_played is {ms_played}"):
        event(0, PLAY, ms_played=ms_played)


def test_nothing_comes_of_no_events() -> None:
    listening = build_listening([])
    assert (listening.track_ids, listening.weights, listening.disliked) == ((), (), frozenset())


def test_weights_add_up_by_track_and_the_latest_heard_comes_first() -> None:
    listening = build_listening(
        [event(0, PLAY, "a"), event(1, PLAY, "b"), event(2, EventKind.SAVE, "b"), event(3, SKIP, "a")]
    )
    assert dict(zip(listening.track_ids, listening.weights, strict=True)) == {"a": 0.75, "b": 4.0}
    assert listening.track_ids == ("a", "b")


def test_a_duration_is_looked_up_by_track() -> None:
    events = [event(0, PLAY, "a", ms_played=30_000), event(1, PLAY, "b", ms_played=30_000)]
    assert build_listening(events, {"a": 120.0}).weights == (30 / WHOLE_PLAY_S, 0.25)


@pytest.mark.parametrize(
    ("kinds", "weight", "disliked"),
    [
        ([LIKE], 3.0, False),
        ([LIKE, LIKE, LIKE], 3.0, False),
        ([PLAY, PLAY, LIKE], 5.0, False),
        ([DISLIKE], -5.0, True),
        ([DISLIKE, DISLIKE], -5.0, True),
        ([PLAY] * 50 + [DISLIKE], -5.0, True),
        ([DISLIKE, PLAY, PLAY], -5.0, True),
        ([LIKE, DISLIKE], -5.0, True),
        ([PLAY, DISLIKE, LIKE], 4.0, False),
    ],
)
def test_the_last_opinion_counts_and_once(kinds: list[EventKind], weight: float, disliked: bool) -> None:
    listening = build_listening([event(number, kind) for number, kind in enumerate(kinds)])
    assert listening.weights == (weight,)
    assert (listening.disliked == {"t"}) is disliked


@given(st.permutations([event(n, kind, f"t{n % 3}") for n, kind in enumerate(EVENT_KINDS * 2)]))
def test_the_order_of_arrival_changes_nothing(events: list[Event]) -> None:
    assert build_listening(events) == build_listening(sorted(events, key=lambda one: one.at))


def test_stored_events_are_events() -> None:
    made = Event("u", "t", EventKind.PLAY, datetime(2026, 1, 1, tzinfo=UTC), "e", 1000, "morning", 2.0)
    rows = [("e", made.at, "t", EventKind.PLAY, 1000, "morning", 2.0)]
    assert stored_events("u", rows) == [made]
