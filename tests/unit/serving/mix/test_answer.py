"""A listener's day: when it begins, what it counts, and that it stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from segue.domain.listening.event import Event, EventKind
from segue.domain.listening.exclusion import Exclusion, ExclusionKind, ListenerRecord, Target
from segue.serving.api.tier import Tier
from segue.serving.live.recommender import LiveRecommender
from segue.serving.mix.answer import ROOM_FOR_TODAY, MixModel, build_mixer, mix_for
from segue.serving.mix.contract import DailyMixRequest
from segue.serving.settings.environment import ArtifactSettings
from segue.state.listening import RECENT
from tests.small_recommender import GENRES, LISTENER, events_of

if TYPE_CHECKING:
    from segue.serving.mix.contract import DailyMixResponse
    from tests.small_recommender import Trained

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def mixer(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> MixModel:
    settings = ArtifactSettings(str(trained.folder), tmp_path_factory.mktemp("cache"), 60.0)
    return build_mixer(LiveRecommender(settings).get().value)


def mix(
    mixer: MixModel, events: list[Event], now: datetime = NOON, user: str = LISTENER, **wishes: Any
) -> DailyMixResponse:
    live: Any = SimpleNamespace(value=mixer, version="v")
    latest_first = sorted(events, key=lambda event: event.at, reverse=True)
    return mix_for(
        DailyMixRequest(user_id=user, **wishes), Tier.PRO, live, ListenerRecord(latest_first[:RECENT]), now
    )


def play(track: str, at: datetime, number: int = 0, kind: EventKind = EventKind.PLAY) -> Event:
    return Event(LISTENER, track, kind, at, f"{kind}{number}/{track}")


def listed(found: DailyMixResponse) -> list[list[str]]:
    return [[track.track_id for track in each.tracks] for each in found.mixes]


def test_mixes_are_blended_titled_and_say_why(mixer: MixModel) -> None:
    found = mix(mixer, events_of(), limit=10, familiar=0.4)
    heard = {event.track_id for event in events_of()}
    assert len({each.title for each in found.mixes}) == len(found.mixes)
    for each in found.mixes:
        assert {track.track_id for track in each.representative} <= heard
        for track in each.tracks:
            assert track.familiar is (track.track_id in heard)
            assert (
                track.because == "you play it" if track.familiar else track.because.startswith("it is like")
            )
    known = [track.familiar for track in found.mixes[0].tracks]
    assert (len(known), sum(known)) == (10, 4)


def test_what_is_played_today_counts_tomorrow(mixer: MixModel) -> None:
    today = [play(f"t{number:03}", NOON - timedelta(hours=1), number) for number in range(90, 110)]
    before, after = mix(mixer, events_of()), mix(mixer, events_of() + today)
    assert (after.mixes, after.changes_at) == (before.mixes, before.changes_at)
    tomorrow = mix(mixer, events_of() + today, NOON + timedelta(days=1))
    assert listed(tomorrow) != listed(mix(mixer, events_of(), NOON + timedelta(days=1)))


def test_every_day_draws_otherwise_and_keeps_the_tastes(mixer: MixModel) -> None:
    days = [mix(mixer, events_of(), NOON + timedelta(days=day)) for day in range(3)]
    assert len({str(listed(each)) for each in days}) == 3
    assert len({str([one.title for one in each.mixes]) for each in days}) == 1


@pytest.mark.parametrize(
    ("offset", "day", "changes"),
    [
        (0, "2026-11-21", "2026-11-22T00:00:00+00:00"),
        (14 * 60, "2026-11-22", "2026-11-22T10:00:00+00:00"),
        (-14 * 60, "2026-11-20", "2026-11-21T14:00:00+00:00"),
        (345, "2026-11-21", "2026-11-21T18:15:00+00:00"),
    ],
)
def test_a_day_is_that_of_the_listeners_clock(offset: int, day: str, changes: str, mixer: MixModel) -> None:
    found = mix(mixer, events_of(), utc_offset_minutes=offset)
    assert (found.day.isoformat(), found.changes_at.isoformat()) == (day, changes)
    last = mix(mixer, events_of(), found.changes_at - timedelta(seconds=1), utc_offset_minutes=offset)
    assert listed(last) == listed(found)
    first = mix(mixer, events_of(), found.changes_at, utc_offset_minutes=offset)
    assert first.day == found.day + timedelta(days=1)


def test_long_histories_stay_while_today_pushes_old_events_out_of_sight(mixer: MixModel) -> None:
    began = NOON.replace(hour=0)
    old = [
        play(f"t{number % 60:03}", began - timedelta(hours=number + 1), number) for number in range(RECENT)
    ]
    today = [play("t100", began + timedelta(minutes=number), number) for number in range(ROOM_FOR_TODAY)]
    assert mix(mixer, old + today).mixes == mix(mixer, old).mixes


def test_a_dislike_counts_at_once_and_changes_nothing_else(mixer: MixModel) -> None:
    before = mix(mixer, events_of())
    unloved = before.mixes[0].tracks[1].track_id
    after = mix(mixer, [*events_of(), play(unloved, NOON, kind=EventKind.DISLIKE)])
    assert listed(after) == [[track for track in each if track != unloved] for each in listed(before)]


def test_who_began_today_has_mixes_of_today(mixer: MixModel) -> None:
    first = [replace(event, at=NOON - timedelta(minutes=number)) for number, event in enumerate(events_of())]
    found = mix(mixer, first)
    assert found.answered_by == "hybrid"
    assert found.mixes[0].representative


@pytest.mark.parametrize("events", [[], [play("t003", NOON - timedelta(days=2), kind=EventKind.DISLIKE)]])
def test_who_has_liked_nothing_gets_what_is_popular(events: list[Event], mixer: MixModel) -> None:
    """Even if friends are known, as of this listener."""
    found = mix(mixer, events, limit=100)
    (only,) = found.mixes
    assert (found.answered_by, only.title, only.representative) == ("popularity", "Popular now", [])
    assert len(only.tracks) > 50
    assert not {event.track_id for event in events} & {track.track_id for track in only.tracks}


def test_a_day_without_mixes_says_why(mixer: MixModel) -> None:
    blocked = [Exclusion(LISTENER, ExclusionKind.BLOCK, Target.GENRE, genre, NOON, genre) for genre in GENRES]
    live: Any = SimpleNamespace(value=mixer, version="v")
    record = ListenerRecord(events_of(), blocked)
    found = mix_for(DailyMixRequest(user_id=LISTENER), Tier.PRO, live, record, NOON)
    assert found.mixes == []
    assert found.because is not None
    assert "blocked" in found.because
    assert mix(mixer, events_of()).because is None


def test_fewer_mixes_are_the_first_of_more(mixer: MixModel) -> None:
    assert listed(mix(mixer, events_of(), mixes=1)) == listed(mix(mixer, events_of()))[:1]


def test_without_content_tracks_are_compared_by_factors_and_without_those_by_genre(mixer: MixModel) -> None:
    model = mixer.recommender.with_models(content=None)
    assert model.factors is not None
    assert build_mixer(model).vectors is model.factors.factors
    bare = model.with_models(factors=None)
    assert build_mixer(bare).vectors is bare.groups
    assert mix(build_mixer(bare), events_of()).mixes
