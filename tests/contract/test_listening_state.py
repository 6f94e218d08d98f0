"""The suite of `ListeningState`, run against SQLite and against the table that the template describes."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from segue.domain.listening.event import EVENT_KINDS, OPINIONS, Event, EventKind, build_listening
from segue.domain.listening.exclusion import Exclusion, ExclusionKind, ListenerRecord, Target, span_of
from segue.domain.listening.feedback import AnswerEvent, AnswerEventKind
from segue.errors import ConfigError, StateUnavailableError
from segue.serving.feedback.answer import build_events
from segue.serving.feedback.contract import FeedbackBatch
from segue.state.listening import Recorded
from segue.state.location import open_state
from tests.contract.state_table import create_table

if TYPE_CHECKING:
    from pathlib import Path

    from segue.state.listening import ListeningState

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AWKWARD = "prüf#stand/'\";-- \U0001f3b5"
PLACES = ["sqlite", "moto", *(["localstack"] if "SEGUE_TEST_LOCALSTACK" in os.environ else [])]


@pytest.fixture(params=PLACES)
def location(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty place, as SEGUE_STATE would name it, with AWS_* set to reach it."""
    if request.param == "sqlite":
        return str(tmp_path / "new" / "state.sqlite")
    moto = request.param == "moto"
    url = request.getfixturevalue("s3_server") if moto else os.environ["SEGUE_TEST_LOCALSTACK"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    return f"dynamodb://{create_table(f'state-{uuid.uuid4().hex}')}"


@pytest.fixture
def state(location: str) -> ListeningState:
    return open_state(location)


def event(number: int, user: str = "u1", **changes: object) -> Event:
    """The ``number``-th event, a second after the one before."""
    kind = EVENT_KINDS[number % len(EVENT_KINDS)]
    made = Event(
        user, f"t{number}", kind, NOON + timedelta(seconds=number), f"e{number}", number * 1000, "gym"
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_nothing_is_known_of_a_stranger(state: ListeningState) -> None:
    assert state.read_listener("nobody").events == []
    assert state.record([]) == Recorded(0, 0)


def test_every_field_comes_back(state: ListeningState) -> None:
    full = Event(AWKWARD, AWKWARD, EventKind.SAVE, NOON.replace(microsecond=1), AWKWARD, 0, AWKWARD, 2.5)
    bare = Event(AWKWARD, "t", EventKind.PLAY, NOON, "e")
    assert state.record([bare, full]) == Recorded(2, 0)
    assert state.read_listener(AWKWARD).events == [full, bare]


def test_the_newest_come_first_whatever_the_order_of_arrival(state: ListeningState) -> None:
    events = [event(number) for number in range(30)]
    state.record(sorted(events, key=lambda one: one.track_id[::-1]))
    assert state.read_listener("u1").events == events[::-1]
    opinions = [one for one in events[:-3] if one.kind in OPINIONS]
    assert state.read_listener("u1", 3).events == events[:-4:-1] + opinions[::-1]
    assert state.read_listener("u1", 30).events == events[::-1]


def test_a_dislike_holds_however_much_was_heard_since(state: ListeningState) -> None:
    disliked = event(0, kind=EventKind.DISLIKE)
    heard = [event(number, kind=EventKind.PLAY) for number in range(1, 8)]
    liked = event(8, kind=EventKind.LIKE)
    state.record([disliked, *heard, liked, event(0, "u2", kind=EventKind.DISLIKE)])
    found = state.read_listener("u1", 3).events
    assert found == [liked, heard[6], heard[5], disliked]
    assert build_listening(found).disliked == {"t0"}


def test_of_many_opinions_the_last_of_each_track_is_read(state: ListeningState) -> None:
    first = event(0, kind=EventKind.DISLIKE)
    kinds = (EventKind.LIKE, EventKind.DISLIKE)
    changed = [
        event(number, track_id=f"t{number % 3 + 1}", kind=kinds[number % 2]) for number in range(1, 61)
    ]
    played = [event(number, kind=EventKind.PLAY) for number in range(61, 64)]
    state.record([*played, *changed[::-1], first])  # in any order
    assert state.read_listener("u1", 3).events == [*played[::-1], *changed[:-4:-1], first]
    assert state.read_listener("u1", 3, opinions=2).events == [*played[::-1], *changed[:-3:-1]]
    assert state.read_listener("u1", 5).events == [*played[::-1], *changed[:-4:-1], first]


def exclusion(second: int, kind: ExclusionKind, target: Target, value: str) -> Exclusion:
    return Exclusion("u1", kind, target, value, NOON + timedelta(seconds=second), f"x{second}")


def test_the_last_statement_about_a_target_holds_however_much_was_heard(state: ListeningState) -> None:
    heard = [event(number, kind=EventKind.PLAY) for number in range(8)]
    span = span_of(NOON, NOON + timedelta(hours=1))
    kept = [
        exclusion(5, ExclusionKind.BLOCK, Target.GENRE, AWKWARD * 10),
        exclusion(4, ExclusionKind.IGNORE, Target.TIME, span),
        exclusion(1, ExclusionKind.IGNORE, Target.ARTIST, "Björk"),
    ]
    blocked = exclusion(2, ExclusionKind.BLOCK, Target.ARTIST, "Björk")
    undone = exclusion(3, ExclusionKind.UNBLOCK, Target.ARTIST, "bjork")
    assert state.record([*kept, undone, *heard]) == Recorded(12, 0)
    assert state.record([blocked, undone]) == Recorded(1, 1)  # what was undone later stays undone
    found = state.read_listener("u1", 3)
    assert found.exclusions == kept
    assert found.events == heard[:-4:-1]
    assert state.read_listener("u1", 0) == ListenerRecord([], kept)
    assert state.read_listener("u2").exclusions == []
    again = exclusion(6, ExclusionKind.BLOCK, Target.ARTIST, "BJÖRK")
    assert state.record([again]) == Recorded(1, 0)
    assert state.read_listener("u1").exclusions == [again, *kept]


def test_what_became_of_an_answer_is_kept_apart_from_what_was_heard(state: ListeningState) -> None:
    seen = AnswerEvent("u1", "t1", AnswerEventKind.IMPRESSION, "r1", 1, NOON, "e1")
    clicked = AnswerEvent("u1", "t1", AnswerEventKind.CLICK, "r1", 1, NOON, "e2")
    assert state.record([seen, clicked, event(1), seen]) == Recorded(3, 1)
    assert state.record([replace(seen, position=2)]) == Recorded(0, 1)
    assert state.read_listener("u1").events == [event(1)]


def test_an_opinion_that_was_refused_as_a_repeat_is_none(state: ListeningState) -> None:
    first = event(0, kind=EventKind.PLAY, event_id="a")
    later = [event(number, kind=EventKind.PLAY) for number in (1, 2)]
    assert state.record([first]) == Recorded(1, 0)
    assert state.record([replace(first, kind=EventKind.DISLIKE), *later]) == Recorded(2, 1)
    assert state.read_listener("u1", 2).events == later[::-1]


def test_events_of_one_instant_have_one_order(state: ListeningState) -> None:
    state.record([event(0, event_id=name) for name in "bca"])
    assert [found.event_id for found in state.read_listener("u1").events] == ["c", "b", "a"]


def test_an_id_counts_once_and_its_first_event_stays(state: ListeningState) -> None:
    first, other = event(1), event(1, track_id="other", at=NOON + timedelta(days=1))
    assert state.record([first]) == Recorded(1, 0)
    assert state.record([first, other, event(2)]) == Recorded(1, 2)
    assert state.read_listener("u1").events == [event(2), first]


def test_repeats_within_a_batch_count_once(state: ListeningState) -> None:
    assert state.record([event(1), event(1, track_id="other"), event(2)]) == Recorded(2, 1)
    assert state.read_listener("u1").events == [event(2), event(1)]


def test_users_are_apart_though_their_ids_look_alike(state: ListeningState) -> None:
    names = ["u", "U", "u ", "u#", "user#u", "uu"]
    assert state.record([event(1, name) for name in names]) == Recorded(len(names), 0)
    assert [state.read_listener(name).events for name in names] == [[event(1, name)] for name in names]


def test_a_batch_of_any_size_can_be_repeated_after_half_of_it(state: ListeningState) -> None:
    events = [event(number, f"u{number % 3}") for number in range(250)]
    assert state.record(events[:120]) == Recorded(120, 0)
    assert state.record(events) == Recorded(130, 120)
    assert state.record(events) == Recorded(0, 250)
    assert [len(state.read_listener(f"u{user}").events) for user in range(3)] == [84, 83, 83]


def test_more_than_a_page_is_read_whole(state: ListeningState) -> None:
    # DynamoDB ends a page at 1 MB.
    long = [event(number, track_id=f"{number:0300}", context="c" * 30_000) for number in range(40)]
    assert state.record(long) == Recorded(40, 0)
    assert state.read_listener("u1").events == long[::-1]


def test_writers_at_once_count_each_event_once(state: ListeningState) -> None:
    events = [event(number) for number in range(40)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(state.record, [events] * 4))
    assert sum(each.new for each in done) == 40
    assert state.read_listener("u1").events == events[::-1]


def test_processes_may_make_the_file_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from segue.state.sqlite import SqliteState; from pathlib import Path;"
        "sys.stdin.read(1); print(SqliteState(Path(sys.argv[1])).record([]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "new" / "state.sqlite")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen(command, **pipes) for _ in range(4)]  # type: ignore[call-overload]
    for writer in writers:
        writer.stdin.write("x")
        writer.stdin.flush()
    assert [writer.communicate(timeout=60)[0] for writer in writers] == [f"{Recorded(0, 0)}\n"] * 4
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"state.sqlite"}


def test_what_was_recorded_outlives_the_process(state: ListeningState, location: str) -> None:
    state.record([event(1)])
    assert open_state(location).read_listener("u1").events == [event(1)]


def test_a_table_that_is_not_there_is_said(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    absent = open_state("dynamodb://absent")
    with pytest.raises(StateUnavailableError, match=r"table absent: .*ResourceNotFound"):
        absent.read_listener("u1")
    with pytest.raises(StateUnavailableError, match="table absent"):
        absent.record([event(1), event(2)])


def test_a_dynamodb_that_is_down_is_given_up_on_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    before = datetime.now(UTC)
    with pytest.raises(StateUnavailableError, match="table t: "):
        open_state("dynamodb://t").record([event(number) for number in range(100)])
    assert datetime.now(UTC) - before < timedelta(seconds=8)


def test_the_table_forgets_after_its_time(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    name = create_table(f"state-{uuid.uuid4().hex}")
    open_state(f"dynamodb://{name}").record([event(0), event(1)])
    items = boto3.client("dynamodb").scan(TableName=name)["Items"]
    assert len(items) == 3  # a like has a copy
    for item in items:
        left = datetime.fromtimestamp(int(item["expires_at"]["N"]), UTC) - datetime.now(UTC)
        assert timedelta(days=729) < left < timedelta(days=731)


def test_a_copy_that_was_not_made_is_made_by_the_repeat(
    s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    name = create_table(f"state-{uuid.uuid4().hex}")
    state, events = open_state(f"dynamodb://{name}"), [event(1), event(3)]
    state.record(events)
    key = {"pk": {"S": "opinion#u1"}, "sk": {"S": "track#t1"}}
    assert boto3.client("dynamodb").delete_item(TableName=name, Key=key, ReturnValues="ALL_OLD")["Attributes"]
    assert state.record(events) == Recorded(0, 2)
    assert state.read_listener("u1", 1).events == events[::-1]


def test_opinions_of_an_earlier_release_are_read(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    name, client = create_table(f"state-{uuid.uuid4().hex}"), boto3.client("dynamodb")
    state = open_state(f"dynamodb://{name}")
    liked, disliked, heard = event(1), event(2, track_id="t1"), event(3, kind=EventKind.PLAY)
    state.record([liked, disliked, heard])
    for one in (liked, disliked):  # each opinion had a copy of its own, under the event's id
        key = {"pk": {"S": "user#u1"}, "sk": {"S": f"event#{one.event_id}"}}
        item = client.get_item(TableName=name, Key=key)["Item"]
        client.put_item(TableName=name, Item=item | {"pk": {"S": "opinion#u1"}})
    client.delete_item(TableName=name, Key={"pk": {"S": "opinion#u1"}, "sk": {"S": "track#t1"}})
    assert state.read_listener("u1", 1).events == [heard, disliked]


@pytest.mark.parametrize("content", [b"not a database" * 100, b"", None])
def test_a_file_that_is_no_database_is_said(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    if content is None:
        path = tmp_path / "file" / "state.sqlite"
        (tmp_path / "file").write_bytes(b"")
    else:
        path.write_bytes(content)
    with pytest.raises(StateUnavailableError, match=r"state\.sqlite: .*SEGUE_STATE"):
        open_state(str(path)).read_listener("u1")


@pytest.mark.parametrize("location", ["", "s3://b/p", "dynamodb://", "dynamodb://a/b", "postgresql://h/d"])
def test_a_location_that_is_neither_names_the_setting(location: str) -> None:
    with pytest.raises(ConfigError, match=r"SEGUE_STATE: .*neither"):
        open_state(location)


def test_a_file_that_must_be_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.sqlite is not there: .*segue history load"):
        open_state(str(tmp_path / "new" / "none.sqlite"), must_exist=True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_state(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"SEGUE_STATE: .*folder"):
        open_state(str(tmp_path))


def test_a_table_needs_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ConfigError, match="AWS_REGION: not set"):
        open_state("dynamodb://t")


@pytest.mark.parametrize("at", [{}, {"at": "2026-11-21T11:00:00Z"}, {"at": "2026-11-22T11:00:00Z"}])
def test_of_one_instant_the_last_of_a_batch_holds_whatever_its_id(
    at: dict[str, str], state: ListeningState
) -> None:
    listeners = [f"u{number}" for number in range(6)]
    said = [
        {"user_id": user, **about, "event": event, **at}
        for user in listeners
        for about, event in [
            ({"artist": "Björk"}, "unblock"),
            ({"artist": "bjork"}, "block"),
            ({"genre": "jazz"}, "ignore"),
            ({"genre": "Jazz"}, "unignore"),
            ({"track_id": "t1"}, "dislike"),
            ({"track_id": "t1"}, "like"),
            ({"track_id": "t2"}, "like"),
            ({"track_id": "t2"}, "dislike"),
        ]
    ]
    batch = FeedbackBatch.model_validate({"events": said})
    events = build_events(batch, NOON, None)
    assert state.record(events) == Recorded(len(said), 0)
    for user in listeners:
        found = state.read_listener(user)
        assert [(each.kind, each.value) for each in found.exclusions] == [(ExclusionKind.BLOCK, "bjork")]
        assert build_listening(found.events).disliked == {"t2"}
    again = build_events(batch, NOON + timedelta(hours=1), None)
    assert state.record(again).repeated == (len(said) if at else 0)
