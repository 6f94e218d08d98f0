"""Feedback: what is refused, which id an event has, and what is kept when a place fails."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from segue.artifacts.listing import read_all
from segue.artifacts.place.local import LocalStore
from segue.domain.listening.event import Event, EventKind, build_listening
from segue.errors import (
    ArtifactError,
    NotCountedError,
    PreconditionFailedError,
    StateUnavailableError,
    StoreUnavailableError,
)
from segue.serving.api.http import IdempotencyKey, http_api
from segue.serving.feedback.answer import accept, build_events
from segue.serving.feedback.contract import FeedbackRequest, FeedbackResponse
from segue.sources.lake import LAKE_PREFIX, LakeAccount, read_feedback
from segue.state.listening import Recorded
from segue.state.sqlite import SqliteState
from tests.unit.serving.api.test_http import call

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from segue.domain.listening.exclusion import ListenerRecord

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LIKE = {"user_id": "u", "track_id": "t", "event": "like"}
ADAPTER: TypeAdapter[Any] = TypeAdapter(FeedbackRequest)


def events_of(body: dict[str, Any], key: str | None = None, now: datetime = NOW) -> list[Event]:
    return build_events(ADAPTER.validate_python(body), now, key)


def ids(body: dict[str, Any], key: str | None = None, now: datetime = NOW) -> list[str]:
    return [event.event_id for event in events_of(body, key, now)]


# --- requests ----------------------------------------------------------------------------------------


API = http_api("test")


@API.post("/x", status_code=202)
def take(request: FeedbackRequest, idempotency_key: IdempotencyKey = None) -> FeedbackResponse:
    return FeedbackResponse(accepted=len(build_events(request, NOW, idempotency_key)), repeated=0)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"user_id": None}, "user_id: .*got null"),
        ({"user_id": ""}, "user_id: must have 1 character or more"),
        ({"user_id": True}, "user_id: .*got true"),
        ({"user_id": "\ud800"}, "user_id: .*is half a character: send both"),
        ({"event_id": "a\udfff"}, "event_id: .*is half a character: send both"),
        ({"context": "\ud800"}, "context: .*unicode"),
        ({"user_id": "anna "}, 'user_id: must not begin or end with a blank, got "anna "'),
        ({"user_id": "NA"}, "user_id: must not be a word for a missing value"),
        ({"track_id": "a\tb"}, "track_id: must not hold a control character"),
        ({"track_id": 1.5}, "track_id: .*got 1.5"),
        ({"track_id": "x" * 201}, "track_id: must have 200 characters or fewer"),
        ({"event": "love"}, "event: must be 'play', .*'purchase', 'block', .* or 'click', got"),
        ({"event": 0}, "event: .*got 0"),
        ({"at": "2026-11-21T10:30:00"}, "at: .*send ISO 8601 with a zone"),
        ({"at": "2026-11-21"}, "at: .*send ISO 8601 with a zone"),
        ({"at": "yesterday"}, "at: .*send ISO 8601 with a zone"),
        ({"at": "1795257000"}, "at: .*send ISO 8601 with a zone"),
        ({"at": 1795257000}, "at: .*send ISO 8601 with a zone"),
        ({"at": "2026-13-01T00:00:00Z"}, "at: .*send ISO 8601 with a zone"),
        ({"at": "2026-11-22T12:00:01Z"}, r"at: 2026-11-22T12:00:01\+00:00 is before .*more than a day ahead"),
        ({"at": "9999-12-31T23:59:59-14:00"}, "at: 9999.* is before"),
        ({"at": "1969-12-31T23:59:59Z"}, "at: 1969.* is before 1980"),
        ({"at": "1970-01-01T00:00:00Z"}, "at: 1970.* is before 1980"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at: 0001.* is before"),
        ({"ms_played": -1}, "ms_played: .*got -1"),
        ({"ms_played": 1.5}, "ms_played: .*got 1.5"),
        ({"ms_played": 86_400_001}, "ms_played: must be .* or less"),
        ({"event_id": ""}, "event_id: must have 1 character or more"),
        ({"context": "x" * 65}, "context: must have 64 characters or fewer"),
        ({"ms_palyed": 1}, "ms_palyed: no such field; check"),
    ],
)
def test_bad_input_names_the_field_of_one_event_or_of_one_among_many(change: dict, named: str) -> None:
    status, answer, _ = call(API, body=json.dumps(LIKE | change))
    assert status == 422
    assert re.match(named, answer["detail"])
    status, answer, _ = call(API, body=json.dumps({"events": [LIKE, LIKE | change]}))
    assert status == 422
    assert re.match(rf"events\.1\.{named}", answer["detail"])


@pytest.mark.parametrize("field", ["artist", "genre"])
@pytest.mark.parametrize("event", ["block", "ignore", "unblock"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        (" ", "must not be blank"),
        ("\u3000 ", "must not be blank"),
        ("\u200b", "must not be blank"),
        ("Ca\u0000n", "must not hold a control character"),
        ("\n", "must not hold a control character"),
    ],
)
def test_a_name_that_says_nothing_is_refused(field: str, event: str, name: str, message: str) -> None:
    status, answer, _ = call(API, body=json.dumps({"user_id": "u", "event": event, field: name}))
    assert status == 422
    assert answer["detail"].startswith(f"{field}: {message}")


@pytest.mark.parametrize("name", ["!!!", "∆", "Zzzz Nobody", "NA", "李荣浩", " Air"])
def test_a_name_that_no_catalogue_is_asked_for_is_taken(name: str) -> None:
    assert call(API, body=json.dumps({"user_id": "u", "event": "block", "artist": name}))[0] == 202


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("{}", "user_id: required, and missing; track_id: required, and missing; event: required"),
        ("[]", "body: send a JSON object"),
        ('{"events": []}', "events: must have 1 item or more"),
        ('{"events": 1}', "events: .*got 1"),
        ('{"events": [1]}', r"events\.0: .*got 1"),
        (json.dumps({"events": [LIKE] * 501}), "events: must have 500 items or fewer"),
        (json.dumps({"events": [LIKE], "user_id": "u"}), "user_id: no such field; check"),
    ],
)
def test_a_body_of_another_form_is_told(body: str, named: str) -> None:
    status, answer, _ = call(API, body=body)
    assert status == 422
    assert re.match(named, answer["detail"])


def test_one_event_or_five_hundred_are_taken() -> None:
    assert call(API, body=json.dumps(LIKE))[:2] == (202, {"accepted": 1, "repeated": 0})
    assert call(API, body=json.dumps({"events": [LIKE] * 500}))[1]["accepted"] == 500


def test_every_field_arrives_and_a_number_is_the_id_it_is_written_as() -> None:
    body = {
        "user_id": 12, "track_id": 2**70, "event": "play", "at": "2026-11-21T11:30:00+02:00", "ms_played": 0,
        "context": "gym", "event_id": "e",
    }  # fmt: skip
    at = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    assert events_of(body) == [Event("12", str(2**70), EventKind.PLAY, at, "e", 0, "gym")]


def test_an_event_without_a_time_happened_on_arrival() -> None:
    assert events_of(LIKE)[0].at == NOW


def test_a_like_of_a_clock_that_is_ahead_does_not_outlive_a_later_dislike() -> None:
    ahead = LIKE | {"at": (NOW + timedelta(hours=23)).isoformat()}
    (liked,) = events_of(ahead)
    assert liked.at == NOW
    (disliked,) = events_of(LIKE | {"event": "dislike"}, now=NOW + timedelta(minutes=1))
    assert build_listening([disliked, liked]).disliked == {"t"}
    assert ids(ahead) == ids(ahead, now=NOW + timedelta(minutes=1))  # sent again it is the same event


# --- ids ---------------------------------------------------------------------------------------------


def test_without_id_time_and_key_each_call_counts() -> None:
    assert len({*ids(LIKE), *ids(LIKE), *ids({"events": [LIKE, LIKE]})}) == 4


def test_a_time_makes_the_id_whatever_its_zone() -> None:
    at = LIKE | {"at": "2026-11-21T10:30:00Z"}
    assert ids(at) == ids(at, now=NOW + timedelta(hours=1)) == ids(LIKE | {"at": "2026-11-21T11:30:00+01:00"})
    others = [{"at": "2026-11-21T10:30:01Z"}, {"user_id": "v"}, {"track_id": "s"}, {"event": "skip"}]
    assert len({*ids(at), *(one for other in others for one in ids(at | other))}) == 5


def test_a_key_makes_the_ids_of_a_request_that_is_sent_again() -> None:
    batch = {"events": [LIKE, LIKE, LIKE | {"event_id": "own"}]}
    first = ids(batch, "k1")
    assert first == ids(batch, "k1", now=NOW + timedelta(hours=1))
    assert len(set(first)) == 3
    assert first[2] == "own"
    assert not {*first[:2]} & {*ids(batch, "k2")}
    # A key that is used again by mistake loses nothing.
    assert not {*ids(LIKE, "k1")} & {*ids(LIKE | {"track_id": "other"}, "k1")}


def test_the_key_is_read_from_the_header(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    app = http_api("test")

    @app.post("/x")
    def route(idempotency_key: IdempotencyKey = None) -> None:
        seen.append(idempotency_key)

    call(app, body="{}", headers={"Idempotency-Key": "k1"})
    call(app, body="{}")
    assert seen == ["k1", None]


# --- the two places ----------------------------------------------------------------------------------


class Down:
    """A state that answers nothing, after keeping as much as it is told to."""

    def __init__(self, inner: SqliteState, kept: int) -> None:
        self.inner, self.kept = inner, kept

    def record(self, events: Sequence[Event]) -> Recorded:
        self.inner.record(events[: self.kept])
        raise StateUnavailableError("table t: DynamoDB answered ThrottlingException")

    def read_listener(self, user_id: str, limit: int = 1, opinions: int = 1) -> ListenerRecord:
        return self.inner.read_listener(user_id, limit, opinions)


class RefusingLake(LocalStore):
    """A lake that says of every object that it is there already."""

    def put(self, key: str, body: bytes | Path, *, if_match: str | None = None) -> str:
        raise PreconditionFailedError(key)


@pytest.fixture
def state(tmp_path: Path) -> SqliteState:
    return SqliteState(tmp_path / "state.sqlite")


@pytest.fixture
def lake(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "lake")


BATCH = events_of({"events": [LIKE | {"event_id": f"e{number}"} for number in range(5)]})


def in_lake(lake: LocalStore) -> list[Event]:
    return list(read_feedback(read_all(lake, LAKE_PREFIX), LakeAccount()))


def test_events_are_in_both_places_and_a_repeat_changes_neither(lake: LocalStore, state: SqliteState) -> None:
    assert accept(BATCH, NOW, lake, state) == Recorded(5, 0)
    objects = [found.key for found in lake.list_objects("")]
    assert len(objects) == 1
    assert re.fullmatch(r"events/dt=2026-11-21/[0-9a-f]{32}\.jsonl", objects[0])
    assert accept(BATCH, NOW, lake, state) == Recorded(0, 5)
    assert [found.key for found in lake.list_objects("")] == objects
    assert (
        sorted(map(str, in_lake(lake)))
        == sorted(map(str, state.read_listener("u").events))
        == sorted(map(str, BATCH))
    )


def test_what_listeners_exclude_lies_apart_from_what_ages(lake: LocalStore, state: SqliteState) -> None:
    block = {"user_id": "u", "event": "block", "artist": "Nina"}
    both = events_of({"events": [LIKE, block]})
    assert accept(both, NOW, lake, state) == Recorded(2, 0)
    assert accept(events_of(block), NOW, lake, state) == Recorded(1, 0)
    lines = {found.key: len(lake.get(found.key).body.splitlines()) for found in lake.list_objects("")}
    folders = sorted(key.rpartition("/")[0] for key in lines)
    assert folders == ["events/dt=2026-11-21", *["events/exclusions/dt=2026-11-21"] * 2]
    assert set(lines.values()) == {1}
    assert len(in_lake(lake)) == 3


def test_a_state_that_fails_halfway_is_said_and_sending_again_counts_each_once(
    lake: LocalStore, state: SqliteState
) -> None:
    with pytest.raises(NotCountedError):
        accept(BATCH, NOW, lake, Down(state, 2))
    assert len(in_lake(lake)) == 5
    assert accept(BATCH, NOW + timedelta(days=1), lake, state) == Recorded(3, 2)
    assert len(in_lake(lake)) == len(state.read_listener("u").events) == 5


def test_the_answer_to_that_says_what_is_kept() -> None:
    app = http_api("test")

    @app.post("/x")
    def route() -> None:
        raise NotCountedError("table t of account 1")

    status, body, headers = call(app, body="{}")
    assert (status, body["code"]) == (503, "not_counted")
    assert "are kept, but not all of them count yet: send the same request again" in body["detail"]
    assert "account" not in body["detail"]
    assert "retry-after" in headers


def test_a_lake_that_fails_keeps_the_state_as_it_was(tmp_path: Path, state: SqliteState) -> None:
    (tmp_path / "lake").write_bytes(b"a file where the folder should be")
    with pytest.raises(ArtifactError):
        accept(BATCH, NOW, LocalStore(tmp_path / "lake"), state)
    assert state.read_listener("u").events == []


def test_another_writer_of_the_same_request_that_failed_is_noticed(
    tmp_path: Path, state: SqliteState
) -> None:
    with pytest.raises(StoreUnavailableError, match="was refused and is not there"):
        accept(BATCH, NOW, RefusingLake(tmp_path), state)
    assert state.read_listener("u").events == []
