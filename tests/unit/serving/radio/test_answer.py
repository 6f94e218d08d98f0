"""Stations as they are asked for and answered; what they play is tested in the domain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError

from segue.domain.listening.exclusion import Exclusion, ExclusionKind, ListenerRecord, Target
from segue.domain.radio.station import StationHistory
from segue.errors import InvalidInputError, VersionNotFoundError
from segue.serving.api.signed_cursor import read_keys
from segue.serving.api.tier import Tier
from segue.serving.live.recommender import LiveRecommender
from segue.serving.radio import answer as radio
from segue.serving.radio.answer import RadioModel, build_radio, find_station, play, with_cursor
from segue.serving.radio.contract import RadioRequest, RadioTrack
from segue.serving.settings.environment import ArtifactSettings
from tests.runtime.expectation import CURSOR_KEYS
from tests.small_catalogue import small_catalogue
from tests.small_recommender import GENRES

if TYPE_CHECKING:
    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.serving.live.family import Loaded
    from tests.small_recommender import Trained

KEYS = read_keys("X", CURSOR_KEYS)
NOW_S = 1_800_000_000


@pytest.fixture(scope="module")
def live(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Loaded[RadioModel]:
    from segue.serving.live.family import Loaded

    settings = ArtifactSettings(str(trained.folder), tmp_path_factory.mktemp("cache"), 60.0)
    found = LiveRecommender(settings).get()
    return Loaded(build_radio(found.value), found.live)


def gone(version: str) -> Vocabulary:
    raise VersionNotFoundError("catalogue", version)


def find(live: Loaded[RadioModel], **body: Any) -> Any:
    return find_station(RadioRequest(**body), live, gone, KEYS, now_s=NOW_S)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "send one of track_id"),
        ({"genre": None}, "send one of track_id"),
        ({"genre": "rock", "mood": "chill"}, "start from only one of"),
        ({"track_id": "t1", "artist": "a", "user_id": "ann"}, "start from only one of"),
        ({"genre": "rock", "cursor": "k.x"}, "a cursor contains"),
        ({"cursor": "k.x", "user_id": "bob"}, "a cursor contains"),
        ({"genre": "x" * 201}, "at most 200"),
        ({"track_id": "t1", "limit": 0}, "greater than or equal to 1"),
        ({"mood": "grumpy"}, "energetic"),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused(body: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RadioRequest(**body)


@pytest.mark.parametrize(
    ("body", "kind", "value"),
    [
        ({"track_id": 7, "user_id": "ann"}, "track", "7"),
        ({"artist": "a"}, "artist", "a"),
        ({"genre": "jazz", "user_id": "ann"}, "genre", "jazz"),
        ({"mood": "chill"}, "mood", "chill"),
        ({"user_id": "ann"}, "user", "ann"),
    ],
)
def test_a_station_starts_from_what_is_named(body: dict[str, Any], kind: str, value: str) -> None:
    seed = RadioRequest(**body).seed()
    assert (seed.kind, seed.value) == (kind, value)


@pytest.mark.parametrize(
    ("body", "listener"),
    [
        ({"user_id": 12}, "12"),
        ({"genre": "rock"}, ""),
        ({"genre": "rock", "user_id": 12}, "12"),
    ],
)
def test_a_station_knows_who_listens(body: dict[str, Any], listener: str, live: Loaded[RadioModel]) -> None:
    station = find(live, **body)
    assert station.user_id == listener
    cursor = with_cursor(
        play(station, 1, Tier.PRO, live, ListenerRecord())[1], station, KEYS, now_s=NOW_S
    ).cursor
    found = find(live, cursor=cursor)
    assert found.played.rows.tolist() == []
    assert replace(found, played=station.played) == station


def test_two_stations_of_a_seed_differ_and_one_goes_on_as_it_would_have(live: Loaded[RadioModel]) -> None:
    one, other = (find(live, genre="jazz") for _ in range(2))
    assert one.draw != other.draw
    at_once = [track.track_id for track in play(one, 20, Tier.PRO, live, ListenerRecord())[1].tracks]
    after, first = play(one, 8, Tier.PRO, live, ListenerRecord())
    rest = play(after, 12, Tier.PRO, live, ListenerRecord())[1]
    assert [track.track_id for track in (*first.tracks, *rest.tracks)] == at_once


def test_a_transition_is_told_from_the_track_before_even_across_calls(live: Loaded[RadioModel]) -> None:
    after, first = play(find(live, genre="jazz"), 2, Tier.PRO, live, ListenerRecord())
    second = play(after, 1, Tier.PRO, live, ListenerRecord())[1]
    told = [track.transition for track in (*first.tracks, *second.tracks)]
    assert told[0] is None
    a, b = first.tracks[1], second.tracks[0]
    assert told[2] is not None
    assert told[2].energy_change == pytest.approx(abs((a.energy or 0) - (b.energy or 0)), abs=2e-3)
    seeded = play(find(live, track_id="t040"), 1, Tier.PRO, live, ListenerRecord())[1]
    assert seeded.tracks[0].transition is not None


def test_what_cannot_be_known_of_a_sound_is_left_out() -> None:
    catalogue = small_catalogue(
        [["a"], ["b"]], audio={"tempo": [120, 60], "key": [0, np.nan], "mode": [1, 1]}
    )
    known, unknown = RadioTrack.following(catalogue, 0, None), RadioTrack.following(catalogue, 1, 0)
    assert (known.tempo_bpm, known.camelot_key, known.energy, known.transition) == (120.0, "8B", None, None)
    assert unknown.camelot_key is None
    assert unknown.transition is not None
    # Half the tempo is the same tempo.
    assert unknown.transition.model_dump() == {"tempo_change": 0.0, "key_steps": None, "energy_change": None}


def test_a_genre_that_is_used_up_widens_to_its_neighbours_and_then_begins_again(
    live: Loaded[RadioModel],
) -> None:
    station, nobody = find(live, genre="jazz"), ListenerRecord()
    after, first = play(station, 30, Tier.PRO, live, nobody)
    assert ({genre for track in first.tracks for genre in track.genres}, first.because) == ({"jazz"}, None)
    after, wider = play(after, 90, Tier.PRO, live, nobody)
    assert wider.because == "every track of jazz was played or is left out: similar tracks follow"
    heard = [track.track_id for answer in (first, wider) for track in answer.tracks]
    assert sorted(heard) == live.value.recommender.catalogue.vocabulary.item_id.tolist()
    after, again = play(after, 40, Tier.PRO, live, nobody)
    assert (len(again.tracks), again.exhausted) == (40, False)
    assert again.because == "all tracks were played: the station starts again"
    assert {genre for track in again.tracks[:30] for genre in track.genres} == {"jazz"}
    assert with_cursor(again, after, KEYS, now_s=NOW_S).cursor


def test_many_at_once_are_the_same_as_a_few_at_a_time_beyond_the_end(live: Loaded[RadioModel]) -> None:
    one, nobody = find(live, genre="jazz"), ListenerRecord()
    at_once = [track.track_id for track in play(one, 100, Tier.PRO, live, nobody)[1].tracks]
    after, first = play(one, 33, Tier.PRO, live, nobody)
    rest = play(after, 67, Tier.PRO, live, nobody)[1]
    assert [track.track_id for track in (*first.tracks, *rest.tracks)] == at_once


@pytest.mark.parametrize("seed", [{"genre": "jazz"}, {"mood": "chill"}, {"artist": "jazz artist 1"}, {}])
def test_a_station_of_which_everything_is_blocked_ends(
    seed: dict[str, str], live: Loaded[RadioModel]
) -> None:
    blocked = [
        Exclusion("ann", ExclusionKind.BLOCK, Target.GENRE, genre, datetime(2026, 1, 1, tzinfo=UTC), genre)
        for genre in GENRES
    ]
    record = ListenerRecord([], blocked)
    after, response = play(find(live, user_id="ann", **seed), 5, Tier.PRO, live, record)
    assert (response.tracks, response.exhausted) == ([], True)
    assert (response.because or "").startswith("no track is left: every track that fits is blocked")
    assert with_cursor(response, after, KEYS, now_s=NOW_S).cursor is None
    wider = play(
        find(live, genre="jazz", user_id="ann"), 5, Tier.PRO, live, ListenerRecord([], blocked[1:2])
    )[1]
    assert wider.because == "every track of jazz was played or is left out: similar tracks follow"
    assert "jazz" not in {genre for track in wider.tracks for genre in track.genres}


def test_a_station_ends_where_its_cursor_would_be_too_long(
    live: Loaded[RadioModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    after, response = play(find(live, genre="jazz"), 3, Tier.PRO, live, ListenerRecord())
    monkeypatch.setattr(radio, "write_cursor", lambda *_, now_s: None)
    assert with_cursor(response, after, KEYS, now_s=NOW_S).exhausted


def test_a_cursor_of_a_version_that_is_gone_says_so(live: Loaded[RadioModel]) -> None:
    station = replace(
        find(live, genre="jazz"), version="older", played=StationHistory(np.array([1], np.int32), (1,))
    )
    cursor = with_cursor(
        play(station, 1, Tier.PRO, live, ListenerRecord())[1], station, KEYS, now_s=NOW_S
    ).cursor
    with pytest.raises(InvalidInputError, match="older is gone: start a new station"):
        find(live, cursor=cursor)
