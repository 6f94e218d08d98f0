"""Sentences: each with its number, and none that the events do not bear out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

import numpy as np
import pytest

from segue.domain.listening.event import Event, EventKind
from segue.domain.listening.mood import FEATURES
from segue.domain.taste.distinct import Taste, Tastes
from segue.domain.taste.event_columns import Lack, Support
from segue.domain.taste.insight.habit import describe_neighbours
from segue.domain.taste.insight.music import SOUNDS, describe_tastes
from segue.domain.taste.insight.sentence import percent
from segue.domain.taste.neighbour import Friend, Neighbours
from segue.domain.taste.profile import PARTS, Profile, ProfileFor, build_profile
from tests.small_taste import JAZZ, ROCK, event, played, plays, reference

REFERENCE = reference()


def profile(events: list[Event], named: list[str] | None = None) -> Profile:
    return build_profile(REFERENCE, played(events, named or []), ProfileFor("12", (), timedelta()))


def told(found: Profile) -> dict[str, list[str]]:
    by_kind: dict[str, list[str]] = {}
    for each in found.insights:
        by_kind.setdefault(each.kind, []).append(each.text)
    return by_kind


def test_nothing_known_is_said_and_nothing_else() -> None:
    found = profile([])
    assert told(found) == {
        "history": ["Nothing is known of this taste yet: play or like something, or name tracks or artists."]
    }
    assert all(isinstance(getattr(found, part), Lack) for part in PARTS)


def test_a_small_history_says_so_and_claims_no_more_than_it_can() -> None:
    found = profile(plays(ROCK[:4]))
    assert told(found) == {
        "history": ["This is a first sketch: it rests on 4 tracks, and more listening may change it."]
    }
    assert not isinstance(found.genres, Lack)  # the numbers are there all the same


def test_a_clear_taste_is_told_with_its_numbers() -> None:
    found = told(profile(plays(ROCK * 10)))
    assert found["genres"] == [
        "100 % of what you play is rock.",
        "You stay with one genre: your listening is as varied as 1.0 genres that are played equally often.",
    ]
    assert found["audio"] == ["On average, your music is more energetic than 75 % of the catalogue's tracks."]
    assert found["eras"] == ["100 % of what you play is from the 1980s."]
    assert "mainstream" not in found  # 20 tracks do not make that sure
    assert found["drift"][0].startswith("Your taste shows no clear change since")
    assert "history" not in found


def test_a_taste_that_is_the_catalogues_stands_out_in_nothing() -> None:
    mixed = [track for pair in zip(ROCK, JAZZ, strict=True) for track in pair]
    found = told(profile(plays(mixed * 5)))
    assert "audio" not in found
    assert "moods" not in found
    assert "eras" not in found
    assert not any("of what you play is" in text and "rock" in text for text in found["genres"][1:])


def test_a_moved_taste_says_from_what_to_what() -> None:
    (text,) = told(profile(plays(ROCK * 8 + JAZZ * 8)))["drift"]
    assert re.fullmatch(
        r"Your taste has moved since 5 Jan 2026: (rock fell from 100 % of what you play to 0 %|jazz grew .*)"
        r"\.",
        text,
    )


def test_nights_and_weekends_are_told_when_sessions_bear_them_out() -> None:
    saturday = datetime(2026, 1, 10, 23, tzinfo=UTC)
    weekly = [
        event(track, saturday + timedelta(weeks=week, minutes=3 * place), number=week)
        for week in range(20)
        for place, track in enumerate(ROCK[:5])
    ]
    texts = told(profile(weekly))["patterns"]
    assert any(
        text.startswith("100 % of your sessions begin at night (22:00 to 5:00), 3.4") for text in texts
    )
    assert any(text.startswith("You listen more on weekends: 100 % of your sessions") for text in texts)
    few = told(profile(weekly[:25])).get("patterns", [])
    assert not any("sessions" in text for text in few)


def sessions_at(*days: int, each: int = 1, hour: int = 9) -> list[Event]:
    """Sessions an hour apart on some days from Monday, 5 January 2026, on."""
    monday = datetime(2026, 1, 5, hour, tzinfo=UTC)
    return [
        event(
            ROCK[place % 20], monday + timedelta(days=day, hours=place // 2, minutes=place % 2), number=place
        )
        for day in days
        for place in range(2 * each)
    ]


@pytest.mark.parametrize(
    "events",
    [
        sessions_at(5, each=14),  # one Saturday
        sessions_at(0, 1, 2, 3, each=6),  # no weekend was yet
        sessions_at(0, each=14),
        sessions_at(*range(8), each=2),  # one weekend
        sessions_at(5, each=14) + sessions_at(*range(7, 35, 7)),  # one long Saturday among Mondays
    ],
)
def test_a_day_or_two_bear_out_no_habit(events: list[Event]) -> None:
    texts = told(profile(events)).get("patterns", [])
    assert [text for text in texts if "weekends" in text or "sessions begin" in text] == []


def test_who_rests_on_weekends_is_told_so_after_some_of_them() -> None:
    weekdays = [day for day in range(40) if day % 7 < 5]
    assert any(
        text == "You listen less on weekends: 0 % of your sessions begin then, and 25 % of the days are "
        "Saturdays and Sundays."
        for text in told(profile(sessions_at(*weekdays, each=2)))["patterns"]
    )


def test_of_a_history_that_goes_on_before_nothing_new_or_repeated_is_told() -> None:
    events = plays(ROCK * 10)
    whole = told(profile(events))["patterns"]
    assert any("new to you" in text for text in whole)
    assert any("played before" in text for text in whole)
    cut = build_profile(REFERENCE, played(events), ProfileFor("12", (), timedelta(), events[0].at))
    assert not any("new to you" in text or "before" in text for text in told(cut).get("patterns", []))


def test_what_the_strongest_taste_is_called_is_no_claim_about_all_of_it() -> None:
    taste = Taste("Upbeat rock: A and more", 0.58, 30, (0,), None)
    tastes = Tastes(Support(9, 9, 1), (taste, taste), np.array([0]), np.ones(1), np.zeros(1, np.intp))
    (found,) = describe_tastes(tastes)
    assert found.text == (
        "You have 2 distinct tastes. The main one, around “Upbeat rock: A and more”, is 58 % of what you "
        "play."
    )


@pytest.mark.parametrize(
    ("share", "text"), [(0.6949, "69 %"), (0.69496, "70 %"), (0.005, "0 %"), (1, "100 %")]
)
def test_percents_are_rounded_by_way_of_what_the_api_tells(share: float, text: str) -> None:
    assert percent(share) == text
    assert percent(round(share, 4)) == text


def test_skips_are_told_only_with_enough_events() -> None:
    skips = [event(track, kind=EventKind.SKIP) for track in JAZZ]
    assert not any("skip" in text for text in told(profile(plays(ROCK[:10]) + skips)).get("patterns", []))
    many = plays(list(islice(cycle(ROCK), 400))) + [
        event(track, kind=EventKind.SKIP, number=number) for number in range(5) for track in JAZZ
    ]
    assert "20 % of the tracks that started were skipped." in told(profile(many))["patterns"]


def test_every_sentence_has_its_number_and_what_it_rests_on() -> None:
    found = profile(plays((ROCK + JAZZ[:5]) * 8))
    assert len(found.insights) > 5
    for each in found.insights:
        assert np.isfinite(each.value)
        assert each.unit
        assert each.support.tracks > 0
        if each.unit == "share":
            assert f"{100 * each.value:.0f} %" in each.text


def test_every_feature_has_words_for_much_and_little() -> None:
    assert set(SOUNDS) == set(FEATURES)


@pytest.mark.parametrize(("second", "n_told"), [(0.5, 1), (0.79, 0)])
def test_the_nearest_friend_is_told_only_if_clearly_the_nearest(second: float, n_told: int) -> None:
    nearest = (Friend("7", 0.8), Friend("9", second))
    found = list(describe_neighbours(Neighbours(Support(9, 9, 1), nearest, 2, 0)))
    assert len(found) == n_told
    if found:
        assert found[0].text == (
            "Of 2 friends, listener 7 has the taste most like yours: 80 %, where 100 % is the same taste."
        )
