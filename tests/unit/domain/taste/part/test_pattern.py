"""Hours, weekdays, sessions, skips, repeats and discoveries, each known by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from segue.domain.listening.event import Event, EventKind
from segue.domain.taste.event_columns import Lack
from segue.domain.taste.part.pattern import Pattern, listening_pattern
from tests.small_taste import BEGIN, JAZZ, ROCK, event, played, plays


def pattern(events: list[Event], hours: float = 0) -> Pattern:
    found = listening_pattern(played(events), timedelta(hours=hours))
    assert isinstance(found, Pattern)
    return found


def test_the_heat_map_is_by_the_listeners_clock() -> None:
    late = datetime(2026, 1, 11, 23, 30, tzinfo=UTC)  # a Sunday
    events = plays(ROCK, timedelta(seconds=1), late)
    assert pattern(events).heat[6, 23] == 20
    ahead = pattern(events, 1).heat
    assert ahead[0, 0] == 20
    assert ahead.sum() == 20
    assert pattern(events, -24).heat[5, 23] == 20
    assert pattern(events, 5.5).heat[0, 5] == 20


def test_a_silence_of_more_than_half_an_hour_ends_a_session() -> None:
    first = plays(ROCK[:10], timedelta(minutes=30))
    then = plays(ROCK[10:], timedelta(minutes=3), first[-1].at + timedelta(minutes=31, seconds=200))
    found = pattern(first + then).sessions
    assert (found.count, found.median_tracks) == (2, 10)
    # 9 gaps and a track of 200 s each
    assert found.median_minutes == pytest.approx((9 * 30 + 9 * 3) / 2 + 200 / 60)
    assert found.per_week == 2
    assert found.weekend_share == 0
    assert found.by_part_of_day.tolist() == [0, 1, 0, 0] or found.by_part_of_day.sum() == pytest.approx(1)


@pytest.mark.parametrize("began", [False, True])
def test_tracks_longer_than_the_silence_are_one_session_back_to_back(began: bool) -> None:
    """Whether their times are those of their beginnings or, as Spotify tells, of their ends."""
    ms, at = [35 * 60_000] * 24 + [60_000], [35 * place for place in range(25)]
    if not began:
        at[-1] = at[-2] + 1
    long = [
        event(f"long {place}", BEGIN + timedelta(minutes=minute), number=place, ms_played=heard)
        for place, (minute, heard) in enumerate(zip(at, ms, strict=True))
    ]
    assert pattern(long).sessions.count == 1
    apart = [replace(each, at=BEGIN + (each.at - BEGIN) * 2) for each in long[:24]]
    assert pattern(apart).sessions.count == 24


@pytest.mark.parametrize(
    ("hour", "part"), [(4, 3), (5, 0), (11, 0), (12, 1), (18, 2), (21, 2), (22, 3), (0, 3)]
)
def test_parts_of_the_day_are_those_of_situations(hour: int, part: int) -> None:
    found = pattern(plays(ROCK, timedelta(seconds=5), datetime(2026, 1, 6, hour, tzinfo=UTC)))
    assert np.argmax(found.sessions.by_part_of_day) == part


def test_skips_repeats_and_discoveries() -> None:
    skips = [
        event(track, BEGIN - timedelta(hours=place), EventKind.SKIP) for place, track in enumerate(JAZZ[:5])
    ]
    found = pattern(plays(ROCK[:10] + ROCK[:5]) + skips)
    assert (found.n_plays, found.n_skips) == (15, 5)
    assert found.skip_share == 0.25
    assert found.repeat_share == pytest.approx(5 / 15)
    # The later eight plays: three first ones of tracks and five repeats.
    assert found.discovery_rate == 3 / 8


def test_whatever_was_before_a_play_makes_it_no_discovery() -> None:
    before = [EventKind.LIKE, EventKind.SAVE, EventKind.PURCHASE, EventKind.DISLIKE, EventKind.SKIP]
    known = [
        event(track, BEGIN - timedelta(days=1), kind) for track, kind in zip(JAZZ[:5], before, strict=True)
    ]
    totals = [event(track, BEGIN - timedelta(days=2), count=9.0) for track in JAZZ[5:7]]
    assert pattern(plays(ROCK[:10] + JAZZ[:10]) + known + totals).discovery_rate == 3 / 10
    later = [event(track, BEGIN + timedelta(days=90), EventKind.LIKE) for track in JAZZ[:5]]
    assert pattern(plays(ROCK[:10] + JAZZ[:10]) + later).discovery_rate == 1
    assert pattern(plays(ROCK[:10] * 2) + skips_around(20)).discovery_rate == 0


def skips_around(n: int) -> list[Event]:
    """Before all plays: they are no plays of which the later half counts."""
    return [
        event(JAZZ[place % 20], BEGIN - timedelta(hours=1 + place), EventKind.SKIP, place)
        for place in range(n)
    ]


def test_of_a_history_that_goes_on_before_nobody_knows_what_was_new() -> None:
    found = listening_pattern(played(plays(ROCK + JAZZ)), timedelta(), is_whole=False)
    assert isinstance(found, Pattern)
    assert found.repeat_share is found.discovery_rate is None
    assert found.n_plays == 40


def test_always_the_same_is_all_repeats_and_always_another_all_discoveries() -> None:
    same = pattern(plays(["t000"] * 30))
    assert (same.repeat_share, same.discovery_rate) == (pytest.approx(29 / 30), 0.0)
    other = pattern(plays(ROCK + JAZZ))
    assert (other.repeat_share, other.discovery_rate) == (0.0, 1.0)


def test_totals_have_no_moment_and_tracks_of_elsewhere_do() -> None:
    totals = [event(track, number=place, count=50.0) for place, track in enumerate(ROCK)]
    assert isinstance(listening_pattern(played(totals), timedelta()), Lack)
    never = plays(ROCK, timedelta(0), datetime(1970, 1, 1, tzinfo=UTC))
    assert isinstance(listening_pattern(played(never), timedelta()), Lack)
    elsewhere = pattern(plays([f"unknown {number}" for number in range(25)]))
    assert elsewhere.support.events == 25


def test_nineteen_events_are_too_few() -> None:
    found = listening_pattern(played(plays(ROCK[:19])), timedelta())
    assert isinstance(found, Lack)
    assert found.reason == "needs 20 plays and skips with their own time, there are 19"
