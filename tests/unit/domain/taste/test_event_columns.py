"""Events in columns: weighed as in the history of a recommendation, and never below 0."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.listening.event import Event, EventKind, build_listening
from segue.domain.taste.event_columns import NAMED
from tests.small_taste import BEGIN, catalogue, event, played

some_events = st.lists(
    st.builds(
        lambda track, kind, minute, ms, number, count: event(
            f"t{track:03}",
            BEGIN + timedelta(minutes=minute),
            kind,
            number,
            ms_played=ms if kind is EventKind.PLAY else None,
            count=float(count),
        ),
        st.integers(0, 5),
        st.sampled_from(EventKind),
        st.integers(0, 20),
        st.none() | st.integers(0, 300_000),
        st.integers(0, 50),
        st.integers(1, 3),
    ),
    max_size=25,
)


@given(some_events, st.randoms())
def test_weights_are_those_of_the_history_and_never_negative(events: list[Event], random) -> None:
    tracks = catalogue()
    durations = dict(zip(tracks.vocabulary.item_id.tolist(), tracks.duration_s.tolist(), strict=True))
    expected = build_listening(events, durations)
    shuffled = list(events)
    random.shuffle(shuffled)
    found = played(shuffled)
    weights = dict(zip(found.track_ids, found.weight.tolist(), strict=True))
    assert weights.keys() == set(expected.track_ids)
    for track, weight in zip(expected.track_ids, expected.weights, strict=True):
        wanted = 0.0 if track in expected.disliked else max(weight, 0.0)
        # Of a repeated opinion this counts one, whatever the event stands for.
        assert weights[track] == pytest.approx(wanted, abs=1e-9)


@given(some_events)
def test_what_events_add_sums_to_the_weights(events: list[Event]) -> None:
    found = played(events)
    assert (found.taste >= 0).all()
    sums = np.bincount(found.track, found.taste, len(found.track_ids))
    np.testing.assert_allclose(sums, found.weight, atol=1e-9)


def test_a_dislike_takes_all_away_until_a_later_like() -> None:
    later = BEGIN + timedelta(days=1)
    disliked = [event("t000"), event("t000", later, EventKind.DISLIKE)]
    assert played(disliked).weight.tolist() == [0.0]
    assert not played(disliked).liked.any()
    forgiven = [*disliked, event("t000", later + timedelta(days=1), EventKind.LIKE)]
    assert played(forgiven).weight.tolist() == [4.0]


def test_a_track_that_is_skipped_more_than_played_is_no_taste() -> None:
    skips = [event("t000", kind=EventKind.SKIP, number=number) for number in range(5)]
    assert played([event("t000"), *skips]).weight.tolist() == [0.0]
    assert played([event("t000"), *skips[:2]]).weight.tolist() == [0.5]


def test_a_named_track_is_a_like_and_overrules_a_dislike() -> None:
    found = played([event("t001", kind=EventKind.DISLIKE)], ["t000", "t001"])
    assert dict(zip(found.track_ids, found.weight.tolist(), strict=True)) == {"t000": NAMED, "t001": NAMED}
    liked_before = played([event("t000", kind=EventKind.LIKE)], ["t000"])
    assert liked_before.weight.tolist() == [NAMED]


def test_unknown_tracks_are_named_and_speak_for_nothing() -> None:
    found = played([event("gone"), event("t000")], ["nowhere"])
    assert set(found.unknown) == {"gone", "nowhere"}
    assert [found.track_ids[place] for place in np.flatnonzero(found.liked)] == ["t000"]


def test_support_counts_events_tracks_and_hours_heard() -> None:
    events = [
        event("t000", ms_played=1_800_000),
        event("t000", number=1),  # the whole 200 s
        event("t001", kind=EventKind.LIKE),
        event("t002", kind=EventKind.SKIP, ms_played=5_000),
    ]
    found = played(events)
    support = found.support(found.liked)
    assert (support.events, support.tracks) == (3, 2)
    assert support.hours == pytest.approx(2000 / 3600)


def test_nothing_at_all() -> None:
    found = played([])
    assert (len(found.track_ids), found.unknown, found.liked.tolist()) == (0, (), [])
    assert found.support(found.liked).events == 0
