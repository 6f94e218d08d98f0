"""Percentiles, and what situations are learnt from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from segue.domain.listening.event import Event, EventKind
from segue.domain.listening.mood import FEATURES
from segue.domain.listening.situation import CIRCUMSTANCES, prior_shift
from segue.sources.dataset.account import Tally
from segue.sources.dataset.interactions import clean_events
from tests.small_catalogue import small_catalogue
from training.algorithm.content.rules import PRIOR_EVENTS, fit_rules, percentiles

ENERGY = FEATURES.index("energy")
CATALOGUE = small_catalogue([["A"]] * 4, audio={"energy": [0.1, 0.2, 0.8, np.nan]})
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def plays(*given: tuple[str, int, int], label: str = "", kind: EventKind = EventKind.PLAY):
    """User, track, hour of the Monday."""
    events = [
        Event(
            user,
            f"t{track:03}",
            kind,
            MONDAY + timedelta(hours=hour, seconds=number),
            f"e{number}",
            context=label,
        )
        for number, (user, track, hour) in enumerate(given)
    ]
    return clean_events(events, Tally("test"))


def test_a_percentile_is_the_share_below_and_half_of_those_alike() -> None:
    features = np.array([[1, 7], [1, np.nan], [3, 7], [2, 7]], np.float32)
    assert percentiles(features).tolist() == [[0.25, 0.5], [0.25, 0.5], [0.875, 0.5], [0.625, 0.5]]
    assert (percentiles(np.full((3, 2), np.nan, np.float32)) == 0.5).all()


def test_without_events_the_prior_stands() -> None:
    rules = fit_rules(CATALOGUE)
    assert rules.percentile[:, ENERGY] == pytest.approx([1 / 6, 0.5, 5 / 6, 0.5])
    assert (rules.shift == np.stack([prior_shift(name) for name in CIRCUMSTANCES])).all()
    assert not rules.n_events.any()


def shift_of(rules, name: str) -> tuple[float, int]:
    row = CIRCUMSTANCES.index(name)
    return float(rules.shift[row, ENERGY]), int(rules.n_events[row])


def test_a_shift_is_against_the_same_listeners_mean_shrunk_to_the_prior() -> None:
    # Mornings are loud for one who is quiet otherwise: 5/6 against a mean of (5/6 + 3 · 1/6) / 4 = 1/3.
    rules = fit_rules(CATALOGUE, plays(("u", 2, 7), ("u", 0, 14), ("u", 0, 14), ("u", 0, 14)))
    learnt, n = shift_of(rules, "morning")
    prior = float(prior_shift("morning")[ENERGY])
    assert n == 1
    assert learnt == pytest.approx((0.5 + PRIOR_EVENTS * prior) / (1 + PRIOR_EVENTS))


def test_who_always_plays_the_same_teaches_nothing() -> None:
    many = [("calm", 0, 7)] * 50 + [("loud", 2, 20)] * 50
    rules = fit_rules(CATALOGUE, plays(*many))
    for name in ("morning", "evening"):
        learnt, n = shift_of(rules, name)
        prior = float(prior_shift(name)[ENERGY])
        assert n == 50
        assert learnt == pytest.approx(prior * PRIOR_EVENTS / (50 + PRIOR_EVENTS))


def test_labels_count_beside_times_and_once_where_both_say_the_same() -> None:
    given = (("u", 2, 7), ("u", 0, 14))
    assert shift_of(fit_rules(CATALOGUE, plays(*given, label="Workout ")), "workout")[1] == 2
    assert shift_of(fit_rules(CATALOGUE, plays(*given, label="morning")), "morning")[1] == 2
    unheard_of = fit_rules(CATALOGUE, plays(*given, label="moonwalk"))
    assert (shift_of(unheard_of, "morning")[1], shift_of(unheard_of, "workday")[1]) == (1, 2)


def test_the_listeners_clocks_may_differ_from_utc() -> None:
    rules = fit_rules(CATALOGUE, plays(("u", 2, 23), ("u", 0, 12)), utc_offset_s=8 * 3600)
    assert [shift_of(rules, name)[1] for name in ("morning", "evening", "night")] == [1, 1, 0]


def test_skips_and_unknown_tracks_teach_nothing() -> None:
    assert not fit_rules(CATALOGUE, plays(("u", 2, 7), kind=EventKind.SKIP)).n_events.any()
    assert not fit_rules(CATALOGUE, plays(("u", 77, 7))).n_events.any()
