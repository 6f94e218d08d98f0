"""A taste that stays is told from one that moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.taste.event_columns import Lack
from segue.domain.taste.insight.habit import describe_drift
from segue.domain.taste.part.drift import MAX_WINDOWS, Drift, change, divergence_bits, taste_drift
from tests.small_taste import JAZZ, ROCK, catalogue, played, plays, reference

REFERENCE = reference()
shares = st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(lambda parts: sum(parts) > 0.01)


def drift(tracks: list[str], **more: timedelta) -> Drift:
    found = taste_drift(REFERENCE, played(plays(tracks, **more)))
    assert isinstance(found, Drift)
    return found


def test_a_taste_that_stays_has_no_drift() -> None:
    mixed = [track for pair in zip(ROCK, JAZZ, strict=True) for track in pair]
    found = drift(mixed * 8)
    assert len(found.windows) == MAX_WINDOWS
    assert max(each.divergence_bits for each in found.steps) < 0.01
    assert found.whole.divergence_bits == pytest.approx(0, abs=1e-6)
    assert not any(each.is_sure for each in (*found.steps, found.whole))
    np.testing.assert_allclose(found.share.sum(axis=1), 1)


def test_a_taste_that_moves_is_told_with_the_step_where_it_did() -> None:
    found = drift(ROCK * 8 + JAZZ * 8)
    assert found.whole.divergence_bits == pytest.approx(1)
    assert found.whole.is_sure
    assert [each.is_sure for each in found.steps] == [False, False, False, True, False, False, False]
    assert set(found.genres) == {"rock", "jazz"}
    energy = found.audio[:, 1]
    assert energy[0] == pytest.approx(0.75)
    assert energy[-1] == pytest.approx(0.25)


def test_windows_follow_each_other_with_as_many_events() -> None:
    found = drift(ROCK * 10)
    assert {window.n_events for window in found.windows} == {40}
    assert all(window.n_effective == pytest.approx(20) for window in found.windows)
    times = [at for window in found.windows for at in (window.began_at, window.ended_at)]
    assert times == sorted(times)


def test_a_day_is_no_drift_and_few_events_are_none() -> None:
    day = taste_drift(REFERENCE, played(plays(ROCK * 8, timedelta(minutes=5))))
    assert isinstance(day, Lack)
    assert day.reason == "needs 80 events with a time over 14 days, there are 160 over 0.5"
    assert isinstance(taste_drift(REFERENCE, played(plays(ROCK))), Lack)
    never = plays(ROCK * 3, timedelta(0), datetime(1970, 1, 1, tzinfo=UTC))
    found = taste_drift(REFERENCE, played(plays(ROCK) + never))
    assert isinstance(found, Lack)
    assert found.support.events == 20
    assert isinstance(taste_drift(REFERENCE, played([], ROCK)), Lack)


def test_many_small_genres_are_told_by_the_broad_ones() -> None:
    fine = [f"{adjective} rock" for adjective in "ABCDEFGHIJKLMNOPQRST"]
    fine += [f"{adjective} jazz" for adjective in "ABCDEFGHIJKLMNOPQRST"]
    tracks = catalogue([[name] for name in fine])
    found = taste_drift(reference(tracks), played(plays(ROCK * 8 + JAZZ * 8), tracks=tracks))
    assert isinstance(found, Drift)
    assert found.is_broad
    assert set(found.genres) == {"rock", "jazz"}
    np.testing.assert_allclose(found.share.sum(axis=1), 1)
    (text,) = (each.text for each in describe_drift(replace(found, whole=replace(found.whole, is_sure=True))))
    assert "rock of all kinds fell from" in text or "jazz of all kinds grew from" in text
    unheard = catalogue([[f"x{row}"] for row in range(40)])  # of no broad genre
    own = taste_drift(reference(unheard), played(plays(ROCK * 8 + JAZZ * 8), tracks=unheard))
    assert isinstance(own, Drift)
    assert not own.is_broad
    assert len(own.genres) == 6
    assert not drift(ROCK * 8).is_broad


def test_of_what_was_before_some_moment_nothing_counts() -> None:
    events = plays(ROCK * 10)
    since = events[100].at
    found = taste_drift(REFERENCE, played(events), since=since)
    assert isinstance(found, Drift)
    assert sum(window.n_events for window in found.windows) == 100
    assert found.windows[0].began_at == since.timestamp()


@given(shares, shares)
def test_divergence_is_symmetric_and_between_none_and_all(left: list[float], right: list[float]) -> None:
    p, q = np.array(left) / sum(left), np.array(right) / sum(right)
    found = divergence_bits(p, q)
    assert found == pytest.approx(divergence_bits(q, p), abs=1e-12)
    assert 0 <= found <= 1 + 1e-9
    assert divergence_bits(p, p) == pytest.approx(0, abs=1e-12)


def test_samples_of_one_taste_differ_by_what_chance_explains(rng: np.random.Generator) -> None:
    taste, n, rounds = np.array([0.4, 0.3, 0.2, 0.1]), 60, 400
    found = [
        change(rng.multinomial(n, taste) / n, rng.multinomial(n, taste) / n, n, n) for _ in range(rounds)
    ]
    mean = np.mean([each.divergence_bits for each in found])
    assert mean == pytest.approx(found[0].by_chance_bits, rel=0.15)
    assert sum(each.is_sure for each in found) <= 0.03 * rounds


def test_events_of_tracks_without_genres_are_named_as_what_is_missing() -> None:
    bare = reference(catalogue([[]] * 20 + [["jazz"]] * 20))
    found = taste_drift(bare, played(plays(ROCK * 8 + JAZZ), tracks=catalogue([[]] * 20 + [["jazz"]] * 20)))
    assert isinstance(found, Lack)
    assert "there are 20 over" in found.reason
    assert found.reason.endswith(", and 160 more of tracks without a genre in the catalogue")
